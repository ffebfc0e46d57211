//! [`nalgebra`](https://docs.rs/nalgebra) views and matrices.

use nalgebra::{DMatrix, DMatrixView, DVector, Dyn};
use xp_core::{Array, Element, Error, Ix1, Ix2, Result};

use crate::Cpu;

/// A matrix as `nalgebra` sees it, without a copy.
///
/// # Errors
/// [`Error::Value`] when an axis runs backwards or repeats one element: `nalgebra` has no such strides.
///
/// ```
/// use xp::prelude::*;
/// let x = array![[1.0, 2.0], [3.0, 4.0]];
/// let view = xp::cpu::interop::nalgebra::view(&x)?;
/// assert_eq!((view[(0, 1)], view.sum()), (2.0, 10.0));
/// # Ok::<(), xp::Error>(())
/// ```
pub fn view<T: Element>(x: &Array<Cpu, T, Ix2>) -> Result<DMatrixView<'_, T, Dyn, Dyn>> {
    let [rows, cols] = x.shape();
    if x.dims().iter().zip(x.strides()).any(|(&n, &s)| n > 1 && s <= 0) {
        return Err(Error::value("nalgebra view", format!("strides {:?} given: they must be positive; make a copy first", x.strides())));
    }
    // The stride of an axis of length 1 does not matter, but must not be 0.
    let down = if rows > 1 { x.strides()[0] as usize } else { 1 };
    let across = if cols > 1 { x.strides()[1] as usize } else { (rows * down).max(1) };
    // SAFETY: address, shape and strides are those of the array, whose elements are written, and which is borrowed as long
    // as the view lives: nobody writes to memory that an array holds.
    unsafe {
        let len = if rows * cols == 0 { 0 } else { (rows - 1) * down + (cols - 1) * across + 1 };
        let elements = if len == 0 { &[] } else { core::slice::from_raw_parts(super::start(x), len) };
        Ok(DMatrixView::from_slice_with_strides_generic_unchecked(elements, 0, Dyn(rows), Dyn(cols), Dyn(down), Dyn(across)))
    }
}

/// A `nalgebra` matrix as an array, in the same memory.
///
/// # Errors
/// When memory runs out.
///
/// ```
/// use xp::prelude::*;
/// let theirs = nalgebra::DMatrix::from_row_slice(2, 2, &[1.0, 2.0, 3.0, 4.0]);
/// let address = theirs.as_ptr();
/// let x = xp::cpu::interop::nalgebra::adopt(theirs)?;
/// assert_eq!(x.to_vec(), [1.0, 2.0, 3.0, 4.0]);
/// assert_eq!(xp::cpu::interop::nalgebra::view(&x)?.as_ptr(), address);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn adopt<T: Element + nalgebra::Scalar>(theirs: DMatrix<T>) -> Result<Array<Cpu, T, Ix2>> {
    let (m, n) = theirs.shape();
    if m * n == 0 {
        return Array::from_vec(&Cpu, vec![], [m, n]);
    }
    let mut elements: Vec<T> = theirs.data.into();
    let memory = (elements.as_mut_ptr(), elements.len());
    // SAFETY: the elements are the vector's, column by column, which stay where they are when it is moved.
    unsafe { super::adopt(elements, memory, &[m, n], &[1, m as isize], 0) }
}

/// A `nalgebra` vector as an array, in the same memory.
///
/// # Errors
/// When memory runs out.
///
/// ```
/// use xp::prelude::*;
/// let x = xp::cpu::interop::nalgebra::adopt_vector(nalgebra::DVector::from_vec(vec![1, 2]))?;
/// assert_eq!(x.to_vec(), [1, 2]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn adopt_vector<T: Element + nalgebra::Scalar>(theirs: DVector<T>) -> Result<Array<Cpu, T, Ix1>> {
    let mut elements: Vec<T> = theirs.data.into();
    if elements.is_empty() {
        return Array::from_vec(&Cpu, vec![], [0]);
    }
    let memory = (elements.as_mut_ptr(), elements.len());
    let n = elements.len();
    // SAFETY: the elements are the vector's, which stay where they are when it is moved.
    unsafe { super::adopt(elements, memory, &[n], &[1], 0) }
}
