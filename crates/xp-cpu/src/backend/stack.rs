//! Stacks of matrices: arrays as views of matrices, and room for results.

use std::borrow::Cow;

use xp_core::linalg::LinalgError;
use xp_core::{Array, AxisVec, Dyn, Element, Error, Result, size_of_shape};
use xp_engine::linalg::{self, Matrix, MatrixMut, Threads};

use crate::Cpu;
use crate::buffer::CpuBuffer;

pub(crate) type Matrices<T> = Array<Cpu, T, Dyn>;

/// A stack of matrices: its shape without the last two axes, and the matrices as views.
pub(crate) struct Views<'a, T: Element> {
    array: Cow<'a, Matrices<T>>,
    count: usize,
    pub(crate) rows: usize,
    pub(crate) cols: usize,
}
impl<'a, T: Element> Views<'a, T> {
    /// One matrix is seen as it lies in memory, a stack is made contiguous first.
    pub(crate) fn new(x: &'a Matrices<T>) -> Result<Self> {
        if x.ndim() < 2 {
            return Err(Error::Rank { expected: 2, given: x.ndim() });
        }
        let array = if x.ndim() == 2 { Cow::Borrowed(x) } else { Cow::Owned(x.contiguous()?) };
        let (rows, cols) = (x.dims()[x.ndim() - 2], x.dims()[x.ndim() - 1]);
        let count = array.dims()[..array.ndim() - 2].iter().product();
        Ok(Views { array, count, rows, cols })
    }

    pub(crate) fn stack(&self) -> &[usize] {
        &self.array.dims()[..self.array.ndim() - 2]
    }

    /// # Panics
    /// If there is no such matrix.
    pub(crate) fn get(&self, i: usize) -> Matrix<'_, T> {
        assert!(i < self.count);
        let n = self.array.ndim();
        let start = self.array.buffer().ptr().wrapping_add(self.array.offset() + i * self.rows * self.cols);
        // SAFETY: shape and strides describe elements of the array, which are written and borrowed.
        unsafe { Matrix::from_raw_parts(start, [self.rows, self.cols], [self.array.strides()[n - 2], self.array.strides()[n - 1]]) }
    }

    /// Runs `solve` on every matrix, side by side when they are small.
    pub(crate) fn for_each(&self, work: usize, solve: impl Fn(usize, Matrix<'_, T>, Threads) -> linalg::Result<()> + Sync) -> Result<()>
    where
        T: Sync,
    {
        linalg::for_each(self.count, work, Threads::All, |i, threads| solve(i, self.get(i), threads)).map_err(|(i, e)| error(i, e))
    }
}

/// A new stack of row-major matrices, or of vectors if `cols` is `None`.
pub(crate) struct Results<T: Element> {
    buffer: CpuBuffer<T>,
    count: usize,
    rows: usize,
    cols: Option<usize>,
}
impl<T: Element> Results<T> {
    /// Zeros, for as many matrices as `stack` says.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when the size overflows, beside a stack or a matrix without elements too; out of memory.
    pub(crate) fn new(stack: &[usize], rows: usize, cols: Option<usize>) -> Result<Self> {
        let buffer = CpuBuffer::new(size_of_shape(&shape_of(stack, rows, cols))?)?;
        // Views give out `&mut T`, so the memory is initialised first.
        // SAFETY: the memory is new, and zero bits are a value of every dtype.
        unsafe { std::ptr::write_bytes(buffer.ptr(), 0, buffer.len()) };
        Ok(Results { buffer, count: stack.iter().product(), rows, cols })
    }

    /// # Panics
    /// If there is no such matrix.
    ///
    /// # Safety
    /// No two views of one matrix may live at the same time.
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn matrix(&self, i: usize) -> MatrixMut<'_, T> {
        assert!(i < self.count);
        let cols = self.cols.unwrap_or(1);
        // SAFETY: the buffer has room for the matrix, and the caller for one view of it.
        unsafe { MatrixMut::from_raw_parts(self.buffer.ptr().add(i * self.rows * cols), [self.rows, cols], [cols as isize, 1]) }
    }

    /// # Safety
    /// As for [`Results::matrix`].
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn vector(&self, i: usize) -> &mut [T] {
        assert!(i < self.count && self.cols.is_none());
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.buffer.ptr().add(i * self.rows), self.rows) }
    }

    pub(crate) fn finish(self, stack: &[usize]) -> Result<Matrices<T>> {
        // SAFETY: the buffer was made for this shape, and initialised.
        unsafe { Array::from_buffer(&Cpu, self.buffer, &shape_of(stack, self.rows, self.cols)) }
    }
}

fn shape_of(stack: &[usize], rows: usize, cols: Option<usize>) -> AxisVec<usize> {
    stack.iter().copied().chain([rows]).chain(cols).collect()
}

/// The product of these factors, or the largest number: work is compared, and memory for it need not exist.
pub(crate) fn work<const N: usize>(factors: [usize; N]) -> usize {
    factors.into_iter().fold(1, usize::saturating_mul)
}

pub(crate) fn error(matrix: usize, e: linalg::Error) -> Error {
    match e {
        linalg::Error::NotPositiveDefinite { index } => LinalgError::NotPositiveDefinite { matrix: Some(matrix), order: index + 1 }.into(),
        linalg::Error::Singular { index } => LinalgError::Singular { matrix: Some(matrix), pivot: index }.into(),
        linalg::Error::NoConvergence => LinalgError::NoConvergence { matrix: Some(matrix) }.into(),
        linalg::Error::NonFinite => LinalgError::NonFinite { matrix: Some(matrix) }.into(),
        linalg::Error::OutOfMemory { bytes } => Error::out_of_memory(Cpu, bytes),
    }
}
