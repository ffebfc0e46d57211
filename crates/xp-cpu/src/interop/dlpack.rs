//! [DLPack](https://dmlc.github.io/dlpack/latest/): memory handed to, and taken from, libraries of any language, by a C
//! struct that owns it. Versions 0 ([`ManagedTensor`]) and 1 ([`ManagedTensorVersioned`]).
//!
//! The structs are laid out as the specification says. A [`Managed`] owns one of either version and frees it by the deleter
//! that its producer put there; [`Handle::into_raw`] gives the pointer to a C interface, and [`Managed::from_raw`] takes
//! one from there.

use std::any::Any;
use std::ffi::c_void;
use std::ptr::{NonNull, null_mut};

use xp_core::dtype::Kind;
use xp_core::{Array, Backend, DType, Dim, Dyn, Element, Error, MAX_NDIM, Result, size_of_shape};

use super::foreign::{Access, Foreign};
use crate::Cpu;

/// The version of the structs here.
pub const VERSION: Version = Version { major: 1, minor: 1 };
/// In [`ManagedTensorVersioned::flags`]: the memory must not be written.
pub const READ_ONLY: u64 = 1;
/// In [`ManagedTensorVersioned::flags`]: the producer made a copy for the consumer.
pub const IS_COPIED: u64 = 2;

/// Where memory is.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// The kind of device, 1 for the CPU.
    pub kind: i32,
    /// Its number.
    pub id: i32,
}
impl Device {
    /// The CPU.
    pub const CPU: Device = Device { kind: 1, id: 0 };
}

/// What an element is.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataType {
    /// 0 signed integer, 1 unsigned integer, 2 IEEE float, 4 bfloat, 5 complex number, 6 boolean.
    pub code: u8,
    /// Bits of the element.
    pub bits: u8,
    /// Elements of a vector type; 1 for anything else.
    pub lanes: u16,
}
impl From<DType> for DataType {
    fn from(d: DType) -> DataType {
        let code = match d.kind() {
            Kind::SignedInteger => 0,
            Kind::UnsignedInteger => 1,
            Kind::RealFloating => 2 + 2 * u8::from(d == DType::BF16),
            Kind::ComplexFloating => 5,
            Kind::Bool => 6,
        };
        DataType { code, bits: 8 * d.size() as u8, lanes: 1 }
    }
}
impl DataType {
    /// The dtype it is, when xp has it.
    #[must_use]
    pub fn dtype(self) -> Option<DType> {
        use DType::{BF16, Bool, C64, C128, F16, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
        [Bool, I8, I16, I32, I64, U8, U16, U32, U64, F16, BF16, F32, F64, C64, C128].into_iter().find(|&d| DataType::from(d) == self)
    }
}

/// Elements in memory.
#[repr(C)]
#[derive(Debug)]
pub struct Tensor {
    /// The allocation.
    pub data: *mut c_void,
    /// Where it is.
    pub device: Device,
    /// The number of axes.
    pub ndim: i32,
    /// What an element is.
    pub dtype: DataType,
    /// The lengths of the axes.
    pub shape: *mut i64,
    /// Distances between neighbours along each axis, in elements; null for row-major order.
    pub strides: *mut i64,
    /// The first element, in bytes from `data`.
    pub byte_offset: u64,
}

/// The major and minor number of a version.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// Another one is another layout.
    pub major: u32,
    /// Another one adds to the layout.
    pub minor: u32,
}

/// A tensor that owns its memory, as before version 1.
#[repr(C)]
#[derive(Debug)]
pub struct ManagedTensor {
    /// The elements.
    pub tensor: Tensor,
    /// The producer's own.
    pub context: *mut c_void,
    /// Frees the tensor and this struct.
    pub deleter: Option<unsafe extern "C" fn(*mut ManagedTensor)>,
}

/// A tensor that owns its memory, as since version 1.
#[repr(C)]
#[derive(Debug)]
pub struct ManagedTensorVersioned {
    /// The version of the producer.
    pub version: Version,
    /// The producer's own.
    pub context: *mut c_void,
    /// Frees the tensor and this struct.
    pub deleter: Option<unsafe extern "C" fn(*mut ManagedTensorVersioned)>,
    /// [`READ_ONLY`], [`IS_COPIED`].
    pub flags: u64,
    /// The elements.
    pub tensor: Tensor,
}

const _: () = assert!(size_of::<Tensor>() == 48 && size_of::<ManagedTensor>() == 64 && size_of::<ManagedTensorVersioned>() == 80);

/// A managed tensor of either version, freed by its deleter.
#[derive(Debug)]
pub enum Managed {
    /// Of a version before 1.
    Plain(Handle<ManagedTensor>),
    /// Of version 1.
    Versioned(Handle<ManagedTensorVersioned>),
}

/// A pointer that calls the deleter of what it points to.
#[derive(Debug)]
pub struct Handle<M: Delete>(NonNull<M>);
// SAFETY: the tensor is only read, and deleters may be called on any thread.
unsafe impl<M: Delete> Send for Handle<M> {}
// SAFETY: as above.
unsafe impl<M: Delete> Sync for Handle<M> {}
impl<M: Delete> Drop for Handle<M> {
    fn drop(&mut self) {
        // SAFETY: the handle owns the tensor, and is gone after this.
        unsafe { M::delete(self.0) };
    }
}
impl<M: Delete> Handle<M> {
    /// The pointer, which somebody else has to free.
    #[must_use]
    pub fn into_raw(self) -> *mut M {
        std::mem::ManuallyDrop::new(self).0.as_ptr()
    }
}

/// The structs that have a deleter.
pub trait Delete: sealed::Sealed {
    /// Calls the deleter.
    ///
    /// # Safety
    /// The tensor must be alive, and is gone after this.
    unsafe fn delete(tensor: NonNull<Self>);
}
mod sealed {
    pub trait Sealed {}
}
macro_rules! deleters {
    ($($M:ty)*) => {$(
        impl sealed::Sealed for $M {}
        impl Delete for $M {
            unsafe fn delete(tensor: NonNull<Self>) {
                // SAFETY: alive, by the caller.
                if let Some(deleter) = unsafe { tensor.as_ref() }.deleter {
                    // SAFETY: called once, with the struct it belongs to.
                    unsafe { deleter(tensor.as_ptr()) };
                }
            }
        }
    )*};
}
deleters! { ManagedTensor ManagedTensorVersioned }

impl Managed {
    /// Takes over a tensor of version 1.
    ///
    /// # Errors
    /// [`Error::Value`] for a null pointer, and for another version, of which only the deleter is used.
    ///
    /// # Safety
    /// The pointer must be null, or that of a tensor which this call may own.
    pub unsafe fn from_raw(tensor: *mut ManagedTensorVersioned) -> Result<Managed> {
        let handle = Handle(NonNull::new(tensor).ok_or_else(null)?);
        // SAFETY: not null, so a tensor. Every version begins with its number.
        let Version { major, minor } = unsafe { handle.0.as_ref() }.version;
        if major != VERSION.major {
            return Err(Error::value("DLPack", format!("a tensor of version {major}.{minor} given: version {} expected", VERSION.major)));
        }
        Ok(Managed::Versioned(handle))
    }

    /// Takes over a tensor of a version before 1.
    ///
    /// # Errors
    /// [`Error::Value`] for a null pointer.
    ///
    /// # Safety
    /// As for [`Managed::from_raw`].
    pub unsafe fn from_raw_plain(tensor: *mut ManagedTensor) -> Result<Managed> {
        Ok(Managed::Plain(Handle(NonNull::new(tensor).ok_or_else(null)?)))
    }

    /// A tensor of version 1 over memory that `owner` keeps alive.
    ///
    /// # Safety
    /// `start` and the strides, in elements, must describe elements of that dtype that live as long as `owner`; they must
    /// be writable unless `flags` has [`READ_ONLY`].
    pub unsafe fn new(start: *mut c_void, dtype: DType, shape: &[usize], strides: &[isize], flags: u64, owner: Box<dyn Any + Send>) -> Managed {
        let (tensor, context) = describe(start, dtype, shape, strides, owner);
        let managed = ManagedTensorVersioned { version: VERSION, context, deleter: Some(delete_versioned), flags, tensor };
        Managed::Versioned(Handle(NonNull::from(Box::leak(Box::new(managed)))))
    }

    /// A tensor of a version before 1, which cannot say that it must not be written.
    ///
    /// # Safety
    /// As for [`Managed::new`] without flags.
    pub unsafe fn new_plain(start: *mut c_void, dtype: DType, shape: &[usize], strides: &[isize], owner: Box<dyn Any + Send>) -> Managed {
        let (tensor, context) = describe(start, dtype, shape, strides, owner);
        Managed::Plain(Handle(NonNull::from(Box::leak(Box::new(ManagedTensor { tensor, context, deleter: Some(delete_plain) })))))
    }

    /// The elements.
    #[must_use]
    pub fn tensor(&self) -> &Tensor {
        // SAFETY: the handle owns the tensor.
        unsafe {
            match self {
                Managed::Plain(m) => &m.0.as_ref().tensor,
                Managed::Versioned(m) => &m.0.as_ref().tensor,
            }
        }
    }

    /// The flags; none before version 1.
    #[must_use]
    pub fn flags(&self) -> u64 {
        match self {
            Managed::Plain(_) => 0,
            // SAFETY: the handle owns the tensor.
            Managed::Versioned(m) => unsafe { m.0.as_ref() }.flags,
        }
    }

    /// The lengths of the axes, and the strides in elements.
    ///
    /// # Errors
    /// [`Error::Value`] for a negative length or number of axes, or a missing shape; [`Error::Rank`] for too many axes;
    /// [`Error::TooLarge`].
    pub fn layout(&self) -> Result<(Vec<usize>, Vec<isize>)> {
        let t = self.tensor();
        let ndim = usize::try_from(t.ndim).map_err(|_| Error::value("DLPack", format!("a tensor of {} axes given", t.ndim)))?;
        if ndim > MAX_NDIM {
            return Err(Error::Rank { expected: MAX_NDIM, given: ndim });
        }
        if ndim > 0 && t.shape.is_null() {
            return Err(Error::value("DLPack", format!("a tensor of {ndim} axes without a shape given")));
        }
        // SAFETY: a tensor has a length per axis.
        let lengths: Vec<i64> = (0..ndim).map(|k| unsafe { *t.shape.add(k) }).collect();
        let length = |&n: &i64| usize::try_from(n).map_err(|_| Error::value("DLPack", format!("a negative length given, shape {lengths:?}")));
        let shape: Vec<usize> = lengths.iter().map(length).collect::<Result<_>>()?;
        size_of_shape(&shape)?;
        let strides = if t.strides.is_null() {
            xp_core::contiguous_strides::<Dyn>(&shape[..].into()).into()
        } else {
            // SAFETY: a tensor has a stride per axis where the pointer is not null.
            (0..ndim).map(|k| unsafe { *t.strides.add(k) } as isize).collect()
        };
        Ok((shape, strides))
    }

    /// The elements, of a size that the dtype says, with the tensor as their owner. Null becomes null.
    ///
    /// # Errors
    /// As for [`Managed::layout`].
    #[doc(hidden)]
    pub fn memory(self) -> Result<Foreign> {
        let (shape, elements) = self.layout()?;
        let (t, flags) = (self.tensor(), self.flags());
        let size = isize::from(t.dtype.bits) / 8 * t.dtype.lanes as isize;
        let bytes = |(s, &n): (&isize, &usize)| if n > 1 { s.checked_mul(size) } else { Some(0) };
        let strides = elements.iter().zip(&shape).map(bytes).collect::<Option<_>>().ok_or_else(|| Error::TooLarge { shape: shape.clone() })?;
        let start = if t.data.is_null() { null_mut() } else { t.data.cast::<u8>().wrapping_add(t.byte_offset as usize) };
        let access = match (flags & READ_ONLY != 0, flags & IS_COPIED != 0) {
            (true, _) => Access::ReadOnly,
            (false, true) => Access::Alone,
            (false, false) => Access::Shared,
        };
        Ok(Foreign { start, shape, strides, access, owner: Box::new(self) })
    }
}

/// Hands an array out as a tensor of version 1, over the same memory, whatever its strides. It is [`READ_ONLY`] when another
/// array shares the memory, since arrays are values, or another library, of which it was imported.
///
/// ```
/// use xp::prelude::*;
/// use xp::cpu::interop::dlpack;
/// let x = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
/// let tensor = dlpack::export(x.t());
/// assert_eq!(tensor.layout()?, (vec![3, 2], vec![1, 3]));
/// assert_eq!(tensor.flags(), dlpack::READ_ONLY);
/// // SAFETY: the tensor is one of ours.
/// let back: Array<Cpu, f64, Ix2> = unsafe { dlpack::import(tensor)? };
/// assert_eq!(back.to_vec(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
/// # Ok::<(), xp::Error>(())
/// ```
#[must_use]
pub fn export<T: Element, D: Dim>(x: Array<Cpu, T, D>) -> Managed {
    let flags = if is_writable(&x) { 0 } else { READ_ONLY };
    let (shape, strides) = (x.dims().to_vec(), x.strides().to_vec());
    // SAFETY: the elements are those of the array, which the tensor keeps.
    unsafe { Managed::new(super::start(&x).cast_mut().cast(), T::DTYPE, &shape, &strides, flags, Box::new(x)) }
}

/// [`export`] for consumers of a version before 1. They cannot be told not to write: memory that somebody shares is copied.
///
/// # Errors
/// When memory runs out.
pub fn export_plain<T: Element, D: Dim>(x: Array<Cpu, T, D>) -> Result<Managed> {
    let x = if is_writable(&x) { x } else { x.copy()? };
    let (shape, strides) = (x.dims().to_vec(), x.strides().to_vec());
    // SAFETY: as in `export`; the array is alone on its memory.
    Ok(unsafe { Managed::new_plain(super::start(&x).cast_mut().cast(), T::DTYPE, &shape, &strides, Box::new(x)) })
}

fn is_writable<T: Element, D: Dim>(x: &Array<Cpu, T, D>) -> bool {
    let overlaps = x.dims().iter().zip(x.strides()).any(|(&n, &s)| n > 1 && s == 0);
    !overlaps && Cpu::is_unique(x.buffer())
}

/// A tensor as an array, in the same memory, which goes back to its producer with the last array over it. The array is a value
/// as any other: it sees what the producer writes, but whoever writes to the array copies it first, and the producer's memory
/// stays as it is. A tensor that [`IS_COPIED`] is the array's own, and is written in place.
///
/// Booleans are copied: the producer could write bytes that are none.
///
/// # Errors
/// [`Error::Value`] when the tensor is not on the CPU, of another dtype than `T`, not aligned, without memory, or has bytes
/// that are no booleans; [`Error::Rank`]; what [`Managed::layout`] refuses.
///
/// # Safety
/// Shape, strides and offset must describe readable elements; nobody else may write to them while an operation runs, nor have
/// them at all when the tensor [`IS_COPIED`] and may be written.
pub unsafe fn import<T: Element, D: Dim>(tensor: Managed) -> Result<Array<Cpu, T, D>> {
    let t = tensor.tensor();
    if t.device.kind != Device::CPU.kind {
        return Err(Error::value("DLPack", format!("a tensor on device {:?} given: the CPU, {:?}, expected", t.device, Device::CPU)));
    }
    if t.dtype.dtype() != Some(T::DTYPE) {
        let DataType { code, bits, lanes } = t.dtype;
        let why = format!("a tensor of dtype (code {code}, {bits} bits, {lanes} lanes) given: {} expected", T::DTYPE);
        return Err(Error::value("DLPack", why));
    }
    let memory = tensor.memory()?;
    if memory.shape.contains(&0) {
        return Array::<Cpu, T, Dyn>::from_vec(&Cpu, vec![], memory.shape)?.into_rank();
    }
    if memory.start.is_null() || !memory.start.cast::<T>().is_aligned() {
        let what = if memory.start.is_null() { "without memory" } else { "that is not aligned" };
        return Err(Error::value("DLPack", format!("a tensor {what} given, shape {:?} of {}", memory.shape, T::DTYPE)));
    }
    if T::DTYPE == DType::Bool {
        D::shape_from(&memory.shape)?;
        let boolean = |byte: u8| match byte {
            0 | 1 => Ok((byte == 1).cast()),
            _ => Err(Error::value("DLPack", format!("a boolean tensor with a byte {byte} given"))),
        };
        // SAFETY: the elements are readable, by the caller; a byte is a byte.
        return unsafe { memory.copied(boolean)? }.into_rank();
    }
    // SAFETY: as the caller says; every pattern of bits is a value of a numeric dtype, and the strides are whole elements.
    unsafe { memory.shared() }
}

fn null() -> Error {
    Error::value("DLPack", "a null pointer given")
}

/// What a tensor made here points into.
struct Context {
    shape: Vec<i64>,
    strides: Vec<i64>,
    _owner: Box<dyn Any + Send>,
}

fn describe(start: *mut c_void, dtype: DType, shape: &[usize], strides: &[isize], owner: Box<dyn Any + Send>) -> (Tensor, *mut c_void) {
    let (shape, strides) = (shape.iter().map(|&n| n as i64).collect(), strides.iter().map(|&s| s as i64).collect());
    let context = Box::leak(Box::new(Context { shape, strides, _owner: owner }));
    let tensor = Tensor {
        data: start,
        device: Device::CPU,
        ndim: context.shape.len() as i32,
        dtype: dtype.into(),
        shape: context.shape.as_mut_ptr(),
        strides: context.strides.as_mut_ptr(),
        byte_offset: 0,
    };
    (tensor, std::ptr::from_mut(context).cast())
}

unsafe extern "C" fn delete_plain(tensor: *mut ManagedTensor) {
    // SAFETY: consumers call the deleter once, with the pointer they were given; both boxes were leaked here.
    unsafe { drop(Box::from_raw(Box::from_raw(tensor).context.cast::<Context>())) };
}

unsafe extern "C" fn delete_versioned(tensor: *mut ManagedTensorVersioned) {
    // SAFETY: as above.
    unsafe { drop(Box::from_raw(Box::from_raw(tensor).context.cast::<Context>())) };
}
