//! What the routines take: views of matrices, and the threads they may use.

use std::fmt;
use std::marker::PhantomData;

use faer::{MatMut, MatRef, Par};

use super::workspace::for_tiles;
use crate::pool;

/// The threads that a routine may use. Small problems use one whatever it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Threads {
    /// That of the caller.
    One,
    /// All of the current rayon pool.
    All,
}

impl Threads {
    pub(super) fn par(self) -> Par {
        match self {
            Threads::One => Par::Seq,
            Threads::All => match pool::count() {
                0 | 1 => Par::Seq,
                threads => Par::rayon(threads),
            },
        }
    }

    pub(super) fn of(par: Par) -> Self {
        match par {
            Par::Seq => Threads::One,
            Par::Rayon(_) => Threads::All,
        }
    }
}

/// A matrix that is read: element `(i, j)` lies `i * strides[0] + j * strides[1]` elements from the first.
pub struct Matrix<'a, T> {
    first: *const T,
    shape: [usize; 2],
    strides: [isize; 2],
    elements: PhantomData<&'a T>,
}

/// A matrix that is written: as [`Matrix`], and no two elements lie at the same place.
pub struct MatrixMut<'a, T> {
    first: *mut T,
    shape: [usize; 2],
    strides: [isize; 2],
    elements: PhantomData<&'a mut T>,
}

impl<T> Clone for Matrix<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Matrix<'_, T> {}

// SAFETY: a view is what a shared reference to its elements is.
unsafe impl<T: Sync> Send for Matrix<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Matrix<'_, T> {}
// SAFETY: a view is what a mutable reference to its elements is.
unsafe impl<T: Send> Send for MatrixMut<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for MatrixMut<'_, T> {}

impl<'a, T> Matrix<'a, T> {
    /// The matrix whose rows follow each other in `data`.
    ///
    /// ```
    /// use xp_engine::linalg::{Matrix, Threads, det};
    ///
    /// let a = [3.0, 1.0, 4.0, 2.0];
    /// assert!((det(Matrix::from_rows(&a, [2, 2]), Threads::One)? - 2.0_f64).abs() < 1e-15);
    /// # Ok::<(), xp_engine::linalg::Error>(())
    /// ```
    ///
    /// # Panics
    /// If `data` does not have the elements of the shape.
    #[must_use]
    pub fn from_rows(data: &'a [T], shape: [usize; 2]) -> Self {
        check(data.len(), shape);
        // SAFETY: the slice has the elements of the shape.
        unsafe { Self::from_raw_parts(data.as_ptr(), shape, [shape[1] as isize, 1]) }
    }

    /// A matrix by its first element.
    ///
    /// # Safety
    /// For `'a`, every element that shape and strides reach is written, readable, and not written by anybody.
    #[must_use]
    pub unsafe fn from_raw_parts(first: *const T, shape: [usize; 2], strides: [isize; 2]) -> Self {
        Matrix { first, shape, strides, elements: PhantomData }
    }

    /// Number of rows and of columns.
    #[must_use]
    pub fn shape(self) -> [usize; 2] {
        self.shape
    }

    pub(super) fn view(self) -> MatRef<'a, T> {
        let ([m, n], [row, column]) = (self.shape, self.strides);
        // SAFETY: the promise of the constructor.
        unsafe { MatRef::from_raw_parts(self.first, m, n, row, column) }
    }
}

impl<'a, T> MatrixMut<'a, T> {
    /// The matrix whose rows follow each other in `data`.
    ///
    /// # Panics
    /// If `data` does not have the elements of the shape.
    #[must_use]
    pub fn from_rows(data: &'a mut [T], shape: [usize; 2]) -> Self {
        check(data.len(), shape);
        // SAFETY: the slice has the elements of the shape.
        unsafe { Self::from_raw_parts(data.as_mut_ptr(), shape, [shape[1] as isize, 1]) }
    }

    /// A matrix by its first element.
    ///
    /// # Safety
    /// For `'a`, every element that shape and strides reach is writable, is written where a routine reads it, and is used by
    /// nobody else; no two elements lie at the same place.
    #[must_use]
    pub unsafe fn from_raw_parts(first: *mut T, shape: [usize; 2], strides: [isize; 2]) -> Self {
        MatrixMut { first, shape, strides, elements: PhantomData }
    }

    /// Number of rows and of columns.
    #[must_use]
    pub fn shape(&self) -> [usize; 2] {
        self.shape
    }

    /// Writes the elements of another matrix.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn copy_from(&mut self, other: Matrix<'_, T>)
    where
        T: Copy + Send + Sync,
    {
        assert_eq!(self.shape, other.shape, "shapes of a copy");
        let (to, from) = (self.reborrow().view(), other.view());
        for_tiles(to, [64, 64], Par::Seq, |i, j, mut tile| {
            for c in 0..tile.ncols() {
                for r in 0..tile.nrows() {
                    tile[(r, c)] = from[(i + r, j + c)];
                }
            }
        });
    }

    /// The same matrix, for a shorter time.
    #[must_use]
    pub fn reborrow(&mut self) -> MatrixMut<'_, T> {
        MatrixMut { elements: PhantomData, ..*self }
    }

    pub(super) fn view(self) -> MatMut<'a, T> {
        let ([m, n], [row, column]) = (self.shape, self.strides);
        // SAFETY: the promise of the constructor.
        unsafe { MatMut::from_raw_parts_mut(self.first, m, n, row, column) }
    }
}

impl<T> fmt::Debug for Matrix<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Matrix").field("shape", &self.shape).field("strides", &self.strides).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for MatrixMut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MatrixMut").field("shape", &self.shape).field("strides", &self.strides).finish_non_exhaustive()
    }
}

fn check(len: usize, shape @ [m, n]: [usize; 2]) {
    assert_eq!(m.checked_mul(n), Some(len), "{len} elements for a matrix of shape {shape:?}");
}
