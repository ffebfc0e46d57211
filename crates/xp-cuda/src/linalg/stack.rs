//! Stacks of column-major matrices in new memory.

use xp_core::expr::Iota;
use xp_core::{Array, Backend, Element, Ix1, Lazy, Result};

use super::Matrices;
use crate::{
    backend::{Cuda, CudaBuffer},
    device::Device,
    error,
    libraries::Matrix,
};

/// Column-major matrices that a library writes: a row-major array of their transposes, which nobody else has a handle to.
pub(super) struct Columns<T: Element> {
    /// `(..., columns, rows)`.
    pub(super) transposes: Matrices<T>,
    rows: usize,
    columns: usize,
}

impl<T: Element> Columns<T> {
    /// Matrices of arbitrary content.
    pub(super) fn new(device: &Cuda, stack: &[usize], rows: usize, columns: usize) -> Result<Self> {
        let transposes = new(device, stack, &[columns, rows])?;
        Ok(Columns { transposes, rows, columns })
    }

    /// The matrices whose transposes these are. The array must be new: contiguous, and the only one over its memory.
    pub(super) fn of(transposes: Matrices<T>) -> Self {
        debug_assert!(transposes.is_contiguous() && transposes.offset() == 0);
        let n = transposes.ndim();
        Columns { rows: transposes.dims()[n - 1], columns: transposes.dims()[n - 2], transposes }
    }

    /// The matrices in the order of their stack.
    pub(super) fn each(&self) -> impl Iterator<Item = Matrix> {
        let (first, step) = (self.transposes.buffer().at(0), (self.rows * self.columns * size_of::<T>()) as u64);
        let ld = self.rows.max(1) as i64;
        (0..count(stack_of(&self.transposes)) as u64).map(move |i| Matrix { pointer: first + i * step, ld })
    }

    /// The addresses of the matrices, for a call that takes them all.
    pub(super) fn list(&self) -> Result<List> {
        let step = self.rows * self.columns * size_of::<T>();
        List::new(self.transposes.device(), self.transposes.buffer().at(0), step, count(stack_of(&self.transposes)), self.rows)
    }

    /// The matrices as an array.
    pub(super) fn finish(self) -> Result<Matrices<T>> {
        self.transposes.matrix_transpose()
    }
}

/// A vector for every matrix of a stack.
pub(super) struct VectorStack<T: Element> {
    pub(super) array: Matrices<T>,
    len: usize,
}

impl<T: Element> VectorStack<T> {
    pub(super) fn new(device: &Cuda, stack: &[usize], len: usize) -> Result<Self> {
        Ok(VectorStack { array: new(device, stack, &[len])?, len })
    }

    /// As [`Columns::list`].
    pub(super) fn list(&self) -> Result<List> {
        let (x, n) = (&self.array, self.array.ndim());
        List::new(x.device(), x.buffer().at(0), self.len * size_of::<T>(), count(&x.dims()[..n - 1]), 1)
    }

    /// The address of the first vector.
    pub(super) fn first(&self) -> u64 {
        self.array.buffer().at(0)
    }

    /// The device addresses in the order of the stack.
    pub(super) fn each(&self) -> impl Iterator<Item = u64> {
        let (first, step) = (self.array.buffer().at(0), (self.len * size_of::<T>()) as u64);
        let n = self.array.ndim();
        (0..count(&self.array.dims()[..n - 1]) as u64).map(move |i| first + i * step)
    }
}

/// Addresses on the device, of matrices or vectors of a stack.
pub(super) struct List {
    addresses: Array<Cuda, i64, Ix1>,
    ld: i64,
}

impl List {
    /// They are computed on the device: nothing is copied there.
    fn new(device: &Cuda, first: u64, step: usize, count: usize, rows: usize) -> Result<Self> {
        let addresses = Lazy::new(Iota::<Cuda, Ix1>::new(device, [count], first as i64, [step as isize])?).try_eval()?;
        Ok(List { addresses, ld: rows.max(1) as i64 })
    }

    /// What a call for a batch takes.
    pub(super) fn matrices(&self) -> Matrix {
        Matrix { pointer: self.addresses.buffer().at(0), ld: self.ld }
    }
}

/// Rows and columns up to which all matrices of a stack are left to one call, which works on them side by side. Larger ones keep the
/// device busy by themselves, and the library knows faster ways for them.
const MOST_BATCHED: usize = 256;

/// Whether a stack of matrices of so many rows and columns is left to one call.
pub(super) fn is_batch(stack: &[usize], shape: [usize; 2]) -> bool {
    count(stack) > 1 && shape[0].max(shape[1]) <= MOST_BATCHED
}

/// What LAPACK reports of every matrix: 0, or a positive number for a numerical failure.
pub(super) struct Reports(VectorStack<i32>);

impl Reports {
    /// Reports of success: cuSOLVER of CUDA 12.0.0 leaves those of `potrf` as they are.
    pub(super) fn new(device: &Cuda, count: usize) -> Result<Self> {
        let memory = device.run("linear algebra", |device| device.alloc_zeroed(count * size_of::<i32>(), "linear algebra"))?;
        // SAFETY: a new buffer of this many integers, all of them written.
        let array = unsafe { Array::from_buffer(device, CudaBuffer::new(memory, count), &[count, 1]) }?;
        Ok(Reports(VectorStack { array, len: 1 }))
    }

    pub(super) fn each(&self) -> impl Iterator<Item = u64> {
        self.0.each()
    }

    /// The address of the first one; the others follow.
    pub(super) fn first(&self) -> u64 {
        self.0.first()
    }

    /// The reports, in one column.
    pub(super) fn array(&self) -> &Matrices<i32> {
        &self.0.array
    }

    /// Waits, and returns the first matrix that failed, with its report.
    pub(super) fn finish(self) -> Result<Option<(usize, i32)>> {
        let values = values(&self.0.array)?;
        Ok(values.into_iter().enumerate().find(|&(_, report)| report != 0))
    }
}

/// The shape of a stack of matrices.
pub(super) fn stack_of<T: Element>(x: &Matrices<T>) -> &[usize] {
    &x.dims()[..x.ndim() - 2]
}

/// The number of matrices of a stack.
pub(super) fn count(stack: &[usize]) -> usize {
    stack.iter().product()
}

/// The elements in row-major order, or the error of what computes them.
pub(super) fn values<T: Element>(x: &Matrices<T>) -> Result<Vec<T>> {
    let packed = x.contiguous()?;
    x.device().download(packed.buffer(), packed.offset(), packed.size())
}

/// Runs library calls under the name of an operation.
pub(super) fn run<T>(device: &Cuda, operation: &str, f: impl FnOnce(&Device) -> error::Result<T>) -> Result<T> {
    device.run(operation, f)
}

/// A new array of arbitrary content. It must be written before it is read.
fn new<T: Element>(device: &Cuda, stack: &[usize], last: &[usize]) -> Result<Matrices<T>> {
    let shape: Vec<usize> = stack.iter().chain(last).copied().collect();
    device.array(&shape, "linear algebra")
}
