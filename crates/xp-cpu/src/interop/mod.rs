//! Arrays of other crates: views of an [`Array`] without a copy, and arrays made of theirs.
//!
//! A view borrows the array and has its strides. An owned container gives its memory away: the array that is made of it
//! keeps it alive, and no element is copied.

#[cfg(feature = "interop-dlpack")]
pub mod dlpack;
#[cfg(feature = "interop-faer")]
pub mod faer;
#[cfg(feature = "interop-dlpack")]
#[doc(hidden)]
pub mod foreign;
#[cfg(feature = "interop-nalgebra")]
pub mod nalgebra;
#[cfg(feature = "interop-ndarray")]
pub mod ndarray;

use xp_core::{Array, Backend, Dim, Element};

use crate::Cpu;

/// The address of the first element of an array.
fn start<T: Element, D: Dim>(x: &Array<Cpu, T, D>) -> *const T {
    Cpu::address(x.buffer()).wrapping_add(x.offset())
}

/// An array over the elements of a container, which it keeps. `owner` must hold `values`' memory by indirection, so that
/// moving it moves no element.
///
/// # Safety
/// `at` must point to `len` written elements of `owner`, which stay where they are when `owner` is moved; the positions that
/// shape, strides and offset describe must be among them.
#[cfg(any(feature = "interop-faer", feature = "interop-nalgebra", feature = "interop-ndarray"))]
unsafe fn adopt<T: Element, O: Send + Sync + 'static, D: Dim>(
    owner: O,
    (at, len): (*mut T, usize),
    shape: &[usize],
    strides: &[isize],
    offset: usize,
) -> xp_core::Result<Array<Cpu, T, D>> {
    let (shape, strides) = (D::shape_from(shape)?, D::strides_from(strides)?);
    // SAFETY: passed on. Nobody but the owner of the box can reach the memory.
    unsafe {
        let buffer = crate::CpuBuffer::from_foreign(at, len, crate::buffer::Access::Alone, Box::new(owner));
        Ok(Array::from_strided_buffer(&Cpu, buffer, shape, strides, offset))
    }
}
