//! An array whose dtype is known at run time: one variant per dtype of the standard, and `float16`.
//!
//! A function of the module is a `match` over the variants ([`dispatch!`]), so that what the compiler makes is one loop
//! per operation and dtype, and no more.

use num_complex::Complex;
use xp_any::{AnyBuffer, AnyDevice, Variant};
use xp_core::{Array, AxisVec, Backend, DType, Dyn, Element, Error};
use xp_cpu::{Cpu, CpuBuffer};

/// A typed array of the module.
pub type Arr<T> = Array<AnyDevice, T, Dyn>;
/// The device of the host's memory.
pub const HOST: AnyDevice = AnyDevice::Cpu(Cpu);
// `float16`: stored as such, and computed with in `float32` (`promotion::widened`).
pub use half::f16;
/// `complex64`.
pub type C64 = Complex<f32>;
/// `complex128`.
pub type C128 = Complex<f64>;

macro_rules! variants {
    ($($V:ident $t:ty),*) => {
        /// An array of any dtype of the module.
        #[derive(Clone)]
        pub enum Any { $($V(Arr<$t>)),* }

        $(impl Typed for $t {
            fn wrap(x: Arr<$t>) -> Any { Any::$V(x) }
            fn peek(x: &Any) -> Option<&Arr<$t>> { if let Any::$V(x) = x { Some(x) } else { None } }
        })*
    };
}
variants!(Bool bool, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64, F16 f16, F32 f32, F64 f64, C64 C64, C128 C128);

/// A dtype of [`Any`].
pub trait Typed: Element {
    /// The array without its static dtype.
    fn wrap(x: Arr<Self>) -> Any;
    /// The array with its static dtype, when it is this one.
    fn peek(x: &Any) -> Option<&Arr<Self>>;
}
impl<T: Typed> From<Arr<T>> for Any {
    fn from(x: Arr<T>) -> Any {
        T::wrap(x)
    }
}

impl<T: Typed> From<Array<Cpu, T, Dyn>> for Any {
    fn from(x: Array<Cpu, T, Dyn>) -> Any {
        T::wrap(AnyDevice::array(x))
    }
}

/// Memory with a few values.
#[inline]
pub fn listed<T: Typed>(device: &AnyDevice, values: &[T]) -> XpResult<AnyBuffer<T>> {
    match Cpu::of(device) {
        Some(_) => CpuBuffer::from_slice(values).map(Cpu::wrap),
        None => device.upload(values.to_vec()),
    }
}

/// An array of rank 0.
#[inline]
pub fn rank0<T: Typed>(device: &AnyDevice, value: T) -> XpResult<Arr<T>> {
    let buffer = listed(device, &[value])?;
    // SAFETY: one element, which was written.
    Ok(unsafe { Array::from_strided_buffer(device, buffer, AxisVec::default(), AxisVec::default(), 0) })
}

/// Whether an array lives in the host's memory.
#[inline]
pub fn is_on_host<T: Typed>(x: &Arr<T>) -> bool {
    Cpu::peek(x.buffer()).is_some()
}

/// Whether the memory belongs to somebody who does not allow writing to it.
fn is_readonly<T: Typed>(buffer: &AnyBuffer<T>) -> bool {
    #[cfg(feature = "cuda")]
    if let Some(buffer) = xp_cuda::Cuda::peek(buffer) {
        return buffer.is_readonly();
    }
    Cpu::peek(buffer).is_some_and(CpuBuffer::is_readonly)
}

/// The result of an operation on arrays, before it becomes a Python exception.
pub type XpResult<T = Any> = Result<T, Error>;

/// Runs `$e` for the dtype of an array: `dispatch!(x, real, |v| f(v), else error)`. In `$e`, `T` is the dtype. Without
/// `else`, every dtype is meant; `float16` is of no kind but `any`.
macro_rules! dispatch {
    ($x:expr, |$v:ident| $e:expr) => {
        $crate::any::arms!([$x] [$v] [$e] []; Bool bool, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64, F16 $crate::any::f16, F32 f32, F64 f64, C64 $crate::any::C64, C128 $crate::any::C128)
    };
    ($x:expr, num, |$v:ident| $e:expr, else $o:expr) => {
        $crate::any::arms!([$x] [$v] [$e] [_ => $o]; I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64, F32 f32, F64 f64, C64 $crate::any::C64, C128 $crate::any::C128)
    };
    ($x:expr, real, |$v:ident| $e:expr, else $o:expr) => {
        $crate::any::arms!([$x] [$v] [$e] [_ => $o]; I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64, F32 f32, F64 f64)
    };
    ($x:expr, integer, |$v:ident| $e:expr, else $o:expr) => {
        $crate::any::arms!([$x] [$v] [$e] [_ => $o]; I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64)
    };
    ($x:expr, bits, |$v:ident| $e:expr, else $o:expr) => {
        $crate::any::arms!([$x] [$v] [$e] [_ => $o]; Bool bool, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64)
    };
    ($x:expr, floating, |$v:ident| $e:expr, else $o:expr) => {
        $crate::any::arms!([$x] [$v] [$e] [_ => $o]; F32 f32, F64 f64, C64 $crate::any::C64, C128 $crate::any::C128)
    };
    ($x:expr, float, |$v:ident| $e:expr, else $o:expr) => {
        $crate::any::arms!([$x] [$v] [$e] [_ => $o]; F32 f32, F64 f64)
    };
    ($x:expr, boolean, |$v:ident| $e:expr, else $o:expr) => {
        $crate::any::arms!([$x] [$v] [$e] [_ => $o]; Bool bool)
    };
    ($x:expr, any, |$v:ident| $e:expr, else $o:expr) => {
        $crate::any::dispatch!($x, |$v| $e)
    };
    // The bounds in the rows of xp's tables.
    ($x:expr, Num, |$v:ident| $e:expr, else $o:expr) => {
        $crate::any::dispatch!($x, num, |$v| $e, else $o)
    };
    ($x:expr, Real, |$v:ident| $e:expr, else $o:expr) => {
        $crate::any::dispatch!($x, real, |$v| $e, else $o)
    };
    ($x:expr, Integer, |$v:ident| $e:expr, else $o:expr) => {
        $crate::any::dispatch!($x, integer, |$v| $e, else $o)
    };
    ($x:expr, Bits, |$v:ident| $e:expr, else $o:expr) => {
        $crate::any::dispatch!($x, bits, |$v| $e, else $o)
    };
    ($x:expr, Floating, |$v:ident| $e:expr, else $o:expr) => {
        $crate::any::dispatch!($x, floating, |$v| $e, else $o)
    };
    ($x:expr, Float, |$v:ident| $e:expr, else $o:expr) => {
        $crate::any::dispatch!($x, float, |$v| $e, else $o)
    };
    ($x:expr, bool, |$v:ident| $e:expr, else $o:expr) => {
        $crate::any::dispatch!($x, boolean, |$v| $e, else $o)
    };
    ($x:expr, Element, |$v:ident| $e:expr, else $o:expr) => {
        $crate::any::dispatch!($x, any, |$v| $e, else $o)
    };
}
macro_rules! arms {
    ([$x:expr] [$v:ident] [$e:expr] [$($tail:tt)*]; $($V:ident $t:ty),*) => {
        match $x {
            $($crate::any::Any::$V($v) => {
                #[allow(dead_code)]
                type T = $t;
                $e
            })*
            $($tail)*
        }
    };
}
/// Runs `$e` with `T` the dtype that a value names.
macro_rules! with_dtype {
    ($d:expr, |$T:ident| $e:expr) => {
        $crate::any::with_dtype!(@ [$d] [$T] [$e]; Bool bool, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64, F16 $crate::any::f16, F32 f32, F64 f64, C64 $crate::any::C64, C128 $crate::any::C128)
    };
    (@ [$d:expr] [$T:ident] [$e:expr]; $($V:ident $t:ty),*) => {
        match $d {
            $(xp_core::DType::$V => {
                type $T = $t;
                $e
            })*
            xp_core::DType::BF16 => unreachable!("not a dtype of the module"),
        }
    };
}
/// [`dispatch!`] for work that grows with the array: other threads of Python run meanwhile when it is large.
macro_rules! compute {
    ($x:expr, $($rest:tt)*) => {
        $crate::threads::detached(&[$x], || $crate::any::dispatch!($x, $($rest)*))
    };
}
pub(crate) use {arms, compute, dispatch, with_dtype};

impl Any {
    /// The dtype.
    pub fn dtype(&self) -> DType {
        dispatch!(self, |v| v.dtype())
    }
    /// The lengths of the axes.
    pub fn dims(&self) -> &[usize] {
        dispatch!(self, |v| v.dims())
    }
    /// The distances between neighbours, in elements.
    pub fn strides(&self) -> &[isize] {
        dispatch!(self, |v| v.strides())
    }
    /// The number of axes.
    pub fn ndim(&self) -> usize {
        self.dims().len()
    }
    /// The number of elements.
    pub fn size(&self) -> usize {
        self.dims().iter().product()
    }
    /// A copy with memory of its own. The interpreter's lock is kept: assignments copy between waiting for readers and
    /// writing.
    pub fn copy(&self) -> XpResult {
        dispatch!(self, |v| v.copy().map(Any::from))
    }
    /// The array with another dtype; the array itself when it has that dtype. Complex numbers become real ones by their
    /// real part: callers refuse that where it would lose something in silence.
    pub fn cast(&self, to: DType) -> XpResult {
        if self.dtype() == to {
            return Ok(self.clone());
        }
        with_dtype!(to, |U| self.cast_to::<U>().map(Any::from))
    }
    /// [`Any::cast`] to a static dtype.
    pub fn cast_to<U: Typed>(&self) -> XpResult<Arr<U>> {
        if let Some(same) = U::peek(self) {
            return Ok(same.clone());
        }
        compute!(self, |v| v.lazy().apply(xp_core::ops::AsType::<U>::new()).try_eval())
    }
    /// The same elements under another shape.
    pub fn reshape(&self, shape: &[usize]) -> XpResult {
        dispatch!(self, |v| v.reshape(shape).map(Any::from))
    }
    /// The array repeated to a shape, without a copy.
    pub fn broadcast_to(&self, shape: &[usize]) -> XpResult {
        dispatch!(self, |v| v.broadcast_to(shape).map(Any::from))
    }
    /// The array with its axes in another order.
    pub fn permute(&self, axes: &[isize]) -> XpResult {
        dispatch!(self, |v| v.permute_dims(axes).map(Any::from))
    }
    /// Whether the memory may be written in place: every element has a place of its own, and nobody forbids it.
    pub fn is_writable(&self) -> bool {
        let overlaps = self.dims().iter().zip(self.strides()).any(|(&n, &s)| n > 1 && s == 0);
        !overlaps && !dispatch!(self, |v| is_readonly(v.buffer()))
    }
    /// Whether others may be given the memory to write to: not that of booleans, where they could write bytes that are none.
    pub fn is_lent_for_writing(&self) -> bool {
        self.is_writable() && self.dtype() != DType::Bool
    }
    /// Whether this is the only handle to the memory, which is nobody else's.
    pub fn is_unique(&self) -> bool {
        dispatch!(self, |v| AnyDevice::is_unique(v.buffer()))
    }
    /// Whether another array lives in the same memory.
    pub fn shares_memory(&self, other: &Any) -> bool {
        let start = |x: &Any| dispatch!(x, |v| AnyDevice::address(v.buffer()).cast::<u8>());
        let end = |x: &Any| dispatch!(x, |v| AnyDevice::address(v.buffer()).wrapping_add(AnyDevice::len(v.buffer())).cast::<u8>());
        start(self) < end(other) && start(other) < end(self) && self.device() == other.device()
    }
    /// The array, or a copy when it lives in the memory of `x`: for functions whose result is never a view.
    pub fn apart_from(self, x: &Any) -> XpResult {
        if self.shares_memory(x) { self.copy() } else { Ok(self) }
    }
    /// The device it lives on.
    pub fn device(&self) -> &AnyDevice {
        dispatch!(self, |v| v.device())
    }
    /// Whether it lives in the host's memory.
    #[inline]
    pub fn is_on_host(&self) -> bool {
        dispatch!(self, |v| is_on_host(v))
    }
    /// The address of the first element; `None` when the host does not reach it.
    pub fn host_address(&self) -> Option<*mut u8> {
        dispatch!(self, |v| Cpu::peek(v.buffer()).map(|b| Cpu::address(b).wrapping_add(v.offset()).cast_mut().cast()))
    }
    /// The array on a device: a copy when it lives on another one.
    pub fn to_device(&self, device: &AnyDevice) -> XpResult {
        if self.device() == device {
            return Ok(self.clone());
        }
        compute!(self, |v| v.to_backend(device).map(Any::from))
    }
    /// The array in the host's memory, where the host was asked to read it.
    pub fn on_host(&self) -> XpResult {
        self.to_device(&HOST)
    }
}
