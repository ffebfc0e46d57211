//! [DLPack](https://dmlc.github.io/dlpack/latest/): memory handed to, and taken from, libraries of any language, by a C
//! struct that owns it. Versions 0 ([`ManagedTensor`]) and 1 ([`ManagedTensorVersioned`]).
//!
//! The structs are laid out as the specification says. A [`Managed`] owns one of either version and frees it by the deleter
//! that its producer put there; [`Handle::into_raw`] gives the pointer to a C interface, and [`Managed::from_raw`] takes
//! one from there. Backends make arrays of them, and them of arrays: `xp_cpu::interop::dlpack`, `xp_cuda::dlpack`.

use std::any::Any;
use std::ffi::c_void;
use std::ptr::NonNull;

use crate::dtype::Kind;
use crate::{DType, Dyn, Error, MAX_NDIM, Result, contiguous_strides, size_of_shape};

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
    /// The kind of device: 1 for the CPU, 2 for CUDA.
    pub kind: i32,
    /// Its number.
    pub id: i32,
}
impl Device {
    /// The CPU.
    pub const CPU: Device = Device { kind: 1, id: 0 };

    /// A CUDA device by its number.
    #[must_use]
    pub const fn cuda(id: i32) -> Device {
        Device { kind: 2, id }
    }
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

/// A device, and the address of the first element there.
pub type Start = (Device, *mut c_void);

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
    pub unsafe fn new(start: Start, dtype: DType, shape: &[usize], strides: &[isize], flags: u64, owner: Box<dyn Any + Send>) -> Managed {
        let (tensor, context) = describe(start, dtype, shape, strides, owner);
        let managed = ManagedTensorVersioned { version: VERSION, context, deleter: Some(delete_versioned), flags, tensor };
        Managed::Versioned(Handle(NonNull::from(Box::leak(Box::new(managed)))))
    }

    /// A tensor of a version before 1, which cannot say that it must not be written.
    ///
    /// # Safety
    /// As for [`Managed::new`] without flags.
    pub unsafe fn new_plain(start: Start, dtype: DType, shape: &[usize], strides: &[isize], owner: Box<dyn Any + Send>) -> Managed {
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
            contiguous_strides::<Dyn>(&shape[..].into()).into()
        } else {
            // SAFETY: a tensor has a stride per axis where the pointer is not null.
            (0..ndim).map(|k| unsafe { *t.strides.add(k) } as isize).collect()
        };
        Ok((shape, strides))
    }
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

fn describe((device, start): Start, dtype: DType, shape: &[usize], strides: &[isize], owner: Box<dyn Any + Send>) -> (Tensor, *mut c_void) {
    let (shape, strides) = (shape.iter().map(|&n| n as i64).collect(), strides.iter().map(|&s| s as i64).collect());
    let context = Box::leak(Box::new(Context { shape, strides, _owner: owner }));
    let tensor = Tensor {
        data: start,
        device,
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
