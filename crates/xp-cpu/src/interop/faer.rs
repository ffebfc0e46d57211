//! [`faer`](https://docs.rs/faer) views and matrices.

use faer::{Mat, MatMut, MatRef};
use xp_core::{Array, Element, Ix2, Result};

use crate::Cpu;

/// A matrix as `faer` sees it, without a copy, whatever its strides.
///
/// ```
/// use xp::prelude::*;
/// let x = array![[1.0, 2.0], [3.0, 4.0]];
/// let view = xp::cpu::interop::faer::view(&x);
/// assert_eq!((view.nrows(), view[(0, 1)], view.transpose()[(0, 1)]), (2, 2.0, 3.0));
/// ```
pub fn view<T: Element>(x: &Array<Cpu, T, Ix2>) -> MatRef<'_, T> {
    let ([rows, cols], strides) = (x.shape(), x.strides());
    // SAFETY: address, shape and strides are those of the array, whose elements are written, and which is borrowed as long
    // as the view lives: nobody writes to memory that an array holds.
    unsafe { MatRef::from_raw_parts(super::start(x), rows, cols, strides[0], strides[1]) }
}

/// A matrix as `faer` sees it, to be written. The array is copied first when it shares its memory with another one.
///
/// # Errors
/// When memory runs out.
///
/// ```
/// use xp::prelude::*;
/// let mut x = array![[1.0, 2.0], [3.0, 4.0]];
/// let before = x.clone();
/// xp::cpu::interop::faer::view_mut(&mut x)?[(0, 1)] = 20.0;
/// assert_eq!((x.to_vec(), before.to_vec()), (vec![1.0, 20.0, 3.0, 4.0], vec![1.0, 2.0, 3.0, 4.0]));
/// # Ok::<(), xp::Error>(())
/// ```
pub fn view_mut<T: Element>(x: &mut Array<Cpu, T, Ix2>) -> Result<MatMut<'_, T>> {
    let start = x.as_mut_ptr()?;
    let ([rows, cols], strides) = (x.shape(), x.strides());
    // SAFETY: address, shape and strides are those of the array, which is alone on its memory, where no two of its elements
    // share a place, and borrowed as long as the view lives.
    Ok(unsafe { MatMut::from_raw_parts_mut(start, rows, cols, strides[0], strides[1]) })
}

/// The elements of a `faer` matrix or view, copied.
///
/// # Errors
/// When memory runs out.
///
/// ```
/// use xp::prelude::*;
/// let theirs = faer::mat![[1.0, 2.0], [3.0, 4.0]];
/// assert_eq!(xp::cpu::interop::faer::copy_of(theirs.transpose())?.to_vec(), [1.0, 3.0, 2.0, 4.0]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn copy_of<T: Element>(theirs: MatRef<'_, T>) -> Result<Array<Cpu, T, Ix2>> {
    let (m, n) = theirs.shape();
    let values = (0..m * n).map(|i| theirs[(i / n, i % n)]).collect();
    Array::from_vec(&Cpu, values, [m, n])
}

/// A `faer` matrix as an array, in the same memory.
///
/// # Errors
/// When memory runs out.
///
/// ```
/// use xp::prelude::*;
/// let theirs = faer::mat![[1.0, 2.0], [3.0, 4.0]];
/// let address = theirs.as_ptr();
/// let x = xp::cpu::interop::faer::adopt(theirs)?;
/// assert_eq!(x.to_vec(), [1.0, 2.0, 3.0, 4.0]);
/// assert_eq!(xp::cpu::interop::faer::view(&x).as_ptr(), address);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn adopt<T: Element>(theirs: Mat<T>) -> Result<Array<Cpu, T, Ix2>> {
    let ((m, n), step) = (theirs.shape(), theirs.col_stride());
    if m * n == 0 {
        return Array::from_vec(&Cpu, vec![], [m, n]);
    }
    let len = (n - 1) * step as usize + m;
    let mut theirs = theirs;
    let at = theirs.as_ptr_mut();
    // The rows between the last one and the next column are reserved, and no element of the array.
    // SAFETY: the elements are the matrix's, column by column, and stay where they are when it is moved. The gaps between
    // columns are not read: no position of the array is there.
    unsafe { super::adopt(theirs, (at, len), &[m, n], &[1, step], 0) }
}
