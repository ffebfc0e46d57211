//! [DLPack](https://dmlc.github.io/dlpack/latest/) for arrays on the CPU: memory handed to, and taken from, libraries of any
//! language. The structs are those of [`xp_core::dlpack`].

use std::ptr::null_mut;

use xp_core::{Array, Backend, DType, Dim, Dyn, Element, Error, Result};

pub use xp_core::dlpack::*;

use super::foreign::{Access, Foreign};
use crate::Cpu;

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
    unsafe { Managed::new((Device::CPU, super::start(&x).cast_mut().cast()), T::DTYPE, &shape, &strides, flags, Box::new(x)) }
}

/// [`export`] for consumers of a version before 1. They cannot be told not to write: memory that somebody shares is copied.
///
/// # Errors
/// When memory runs out.
pub fn export_plain<T: Element, D: Dim>(x: Array<Cpu, T, D>) -> Result<Managed> {
    let x = if is_writable(&x) { x } else { x.copy()? };
    let (shape, strides) = (x.dims().to_vec(), x.strides().to_vec());
    // SAFETY: as in `export`; the array is alone on its memory.
    Ok(unsafe { Managed::new_plain((Device::CPU, super::start(&x).cast_mut().cast()), T::DTYPE, &shape, &strides, Box::new(x)) })
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
    let memory = memory(tensor)?;
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

/// The elements, of a size that the dtype says, with the tensor as their owner. Null becomes null.
///
/// # Errors
/// As for [`Managed::layout`].
#[doc(hidden)]
pub fn memory(tensor: Managed) -> Result<Foreign> {
    let (shape, elements) = tensor.layout()?;
    let (t, flags) = (tensor.tensor(), tensor.flags());
    let size = isize::from(t.dtype.bits) / 8 * t.dtype.lanes as isize;
    let bytes = |(s, &n): (&isize, &usize)| if n > 1 { s.checked_mul(size) } else { Some(0) };
    let strides = elements.iter().zip(&shape).map(bytes).collect::<Option<_>>().ok_or_else(|| Error::TooLarge { shape: shape.clone() })?;
    let start = if t.data.is_null() { null_mut() } else { t.data.cast::<u8>().wrapping_add(t.byte_offset as usize) };
    let access = match (flags & READ_ONLY != 0, flags & IS_COPIED != 0) {
        (true, _) => Access::ReadOnly,
        (false, true) => Access::Alone,
        (false, false) => Access::Shared,
    };
    Ok(Foreign { start, shape, strides, access, owner: Box::new(tensor) })
}
