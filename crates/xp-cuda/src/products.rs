//! Matrix products: cuBLAS for floating-point dtypes, own kernels for integers.

use num_complex::Complex;
use xp_core::Element;
use xp_core::backend::Stack;
use xp_core::dtype::Kind;

use crate::{
    backend::Cuda,
    device::Device,
    error::Result,
    kernels::{self, indexed::Operand},
    libraries::{Matrix, Trans, blas::Gemm},
    memory::DeviceBuffer,
};

/// `out[i] = a[i] @ b[i]`, row-major, for `m x k` and `k x n` matrices at the given offsets.
///
/// # Errors
/// Those of cuBLAS, the compiler and the driver.
///
/// # Safety
/// Strides and offsets must describe elements of the operands, and `out` must be the address of memory with room for all products.
pub(crate) unsafe fn matmul<T: Element>(
    device: &Device,
    a: &Stack<'_, Cuda, T>,
    b: &Stack<'_, Cuda, T>,
    dims: [usize; 3],
    batches: &[[usize; 2]],
    out: u64,
) -> Result<()> {
    let [m, k, n] = dims;
    if m * n * batches.len() == 0 {
        return Ok(());
    }
    // What cuBLAS does with sums of no products is not documented.
    let dtype = T::DTYPE;
    if !matches!(dtype.kind(), Kind::RealFloating | Kind::ComplexFloating) || k == 0 {
        let operand = |x: &Stack<'_, Cuda, T>| Operand { pointer: x.buffer.memory().pointer(), strides: x.strides };
        // SAFETY: passed on.
        return unsafe { kernels::indexed::matmul(device, dtype, operand(a), operand(b), dims, batches, out) };
    }
    let mut first = 0;
    for len in runs(batches) {
        let run = &batches[first..first + len];
        // SAFETY: passed on; the offsets of a run are a start and a step.
        unsafe {
            let left = Factor::new(a, [m, k], run, 0)?;
            let right = Factor::new(b, [k, n], run, 1)?;
            let c = Matrix { pointer: out + (first * m * n * dtype.size()) as u64, ld: n as i64 };
            // Row-major C = A B is column-major C^T = B^T A^T.
            let gemm = Gemm {
                dtype,
                transa: right.transpose(),
                transb: left.transpose(),
                m: n as i64,
                n: m as i64,
                k: k as i64,
                alpha: Complex::new(1.0, 0.0),
                a: right.matrix,
                stride_a: right.step,
                b: left.matrix,
                stride_b: left.step,
                beta: Complex::new(0.0, 0.0),
                c,
                stride_c: (m * n) as i64,
                batch: len as i64,
            };
            device.blas()?.gemm(device, &gemm)?;
        }
        first += len;
    }
    Ok(())
}

/// The lengths of runs of offsets with constant steps.
fn runs(batches: &[[usize; 2]]) -> Vec<usize> {
    let mut lengths = vec![];
    let mut rest = batches;
    while !rest.is_empty() {
        let step = |i: usize| [0, 1].map(|side| rest[i][side].wrapping_sub(rest[i - 1][side]));
        let mut len = rest.len().min(2);
        while len < rest.len() && step(len) == step(1) {
            len += 1;
        }
        lengths.push(len);
        rest = &rest[len..];
    }
    lengths
}

/// A run of matrices as cuBLAS takes them.
pub(crate) struct Factor {
    pub(crate) matrix: Matrix,
    /// Whether the rows, not the columns, are contiguous.
    pub(crate) row_major: bool,
    /// Elements between two matrices.
    step: i64,
    /// The contiguous copy, where one was needed.
    _copy: Option<DeviceBuffer>,
}

impl Factor {
    /// # Safety
    /// As for [`matmul`].
    pub(crate) unsafe fn new<T: Element>(x: &Stack<'_, Cuda, T>, [rows, columns]: [usize; 2], batches: &[[usize; 2]], side: usize) -> Result<Self> {
        let start = batches[0][side];
        let step = if batches.len() > 1 { batches[1][side].wrapping_sub(start) as isize } else { 0 };
        // A stride that is never taken is whatever suits.
        let [row, column] = x.strides;
        let row_stride = if rows == 1 { columns.max(1) as isize } else { row };
        let column_stride = if columns == 1 { rows.max(1) as isize } else { column };
        let fits = |unit: isize, unit_len: usize, ld: isize, len: usize| (unit == 1 || unit_len <= 1) && ld >= len.max(1) as isize;
        let place = |ld: isize| Matrix { pointer: x.buffer.at(start), ld: ld as i64 };
        if fits(column, columns, row_stride, columns) && step >= 0 {
            return Ok(Factor { matrix: place(row_stride), row_major: true, step: step as i64, _copy: None });
        }
        if fits(row, rows, column_stride, rows) && step >= 0 {
            return Ok(Factor { matrix: place(column_stride), row_major: false, step: step as i64, _copy: None });
        }
        // Repeated matrices are copied once.
        let count = if step == 0 { 1 } else { batches.len() };
        Self::copied(x, [count, rows, columns], start, [step, row, column])
    }

    /// A row-major copy of a matrix.
    ///
    /// # Safety
    /// As for [`matmul`].
    pub(crate) unsafe fn row_major_copy<T: Element>(x: &Stack<'_, Cuda, T>, [rows, columns]: [usize; 2], start: usize) -> Result<Self> {
        Self::copied(x, [1, rows, columns], start, [0, x.strides[0], x.strides[1]])
    }

    /// Row-major copies of as many matrices, from `start` on.
    fn copied<T: Element>(x: &Stack<'_, Cuda, T>, extents: [usize; 3], start: usize, strides: [isize; 3]) -> Result<Self> {
        let ([count, rows, columns], size) = (extents, size_of::<T>());
        let mut copy = x.buffer.memory().device().alloc(count * rows * columns * size, "matmul")?;
        let to = [(rows * columns) as isize, columns as isize, 1];
        kernels::copy_strided(size, &extents, (x.buffer.memory(), start as isize, &strides), (&mut copy, 0, &to))?;
        let matrix = Matrix { pointer: copy.pointer(), ld: columns.max(1) as i64 };
        Ok(Factor { matrix, row_major: true, step: if strides[0] == 0 { 0 } else { (rows * columns) as i64 }, _copy: Some(copy) })
    }

    /// What makes the column-major matrix that is stored the transpose of the factor.
    pub(crate) fn transpose(&self) -> Trans {
        if self.row_major { Trans::No } else { Trans::Transpose }
    }
}

#[cfg(test)]
mod tests {
    use super::runs;

    #[test]
    fn runs_have_constant_steps() {
        assert_eq!(runs(&[]), []);
        assert_eq!(runs(&[[5, 7]]), [1]);
        assert_eq!(runs(&[[0, 0], [6, 0], [12, 0], [0, 4], [6, 4], [12, 4]]), [3, 3]);
        assert_eq!(runs(&[[0, 0], [9, 2], [0, 4]]), [2, 1]);
    }
}
