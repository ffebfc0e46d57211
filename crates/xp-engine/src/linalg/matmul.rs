//! Products of floating-point matrices.

use super::simd::Tile;
use super::workspace::{for_columns, for_parts, par_for};
use super::{Scalar, Threads};
use crate::threads::Shared;
use faer::{Accum, MatMut, MatRef, Par};

/// `c = alpha a b`, or `c += alpha a b` with [`Accum::Add`]. Views may have any strides.
///
/// # Panics
/// If the dimensions do not fit.
pub fn matmul<T: Scalar>(c: MatMut<'_, T>, accum: Accum, alpha: T, a: MatRef<'_, T>, b: MatRef<'_, T>, par: Par) {
    let (m, n, k) = (c.nrows(), c.ncols(), a.ncols());
    assert_eq!((a.nrows(), b.nrows(), b.ncols()), (m, k, n), "matmul: {m}x{n} = {a:?} x {b:?}", a = a.shape(), b = b.shape());
    // Rows, columns and inner indices that run backwards are turned round, so that the kernels see contiguous ones.
    if c.row_stride() < 0 {
        return matmul(c.reverse_rows_mut(), accum, alpha, a.reverse_rows(), b, par);
    }
    if c.col_stride() < 0 {
        return matmul(c.reverse_cols_mut(), accum, alpha, a, b.reverse_cols(), par);
    }
    if a.col_stride() < 0 && b.row_stride() < 0 {
        return matmul(c, accum, alpha, a.reverse_cols(), b.reverse_rows(), par);
    }
    let par = par_for(par, m.saturating_mul(n).saturating_mul(k));
    let mut c = c;
    if n == 1 && super::matvec::matvec(c.as_mut(), accum, alpha, a, b, par) {
        return;
    }
    if m == 1 && super::matvec::matvec(c.as_mut().transpose_mut(), accum, alpha, b.transpose(), a.transpose(), par) {
        return;
    }
    if k > 0 && T::kernels().is_some() {
        if is_thin(c.as_ref(), b, k) {
            return thin(c, accum, alpha, a, b, par);
        }
        if is_thin(c.as_ref().transpose(), a.transpose(), k) {
            return thin(c.transpose_mut(), accum, alpha, b.transpose(), a.transpose(), par);
        }
    }
    if let (Some(kernels), true) = (T::kernels(), super::gemm::is_large(m, n, k)) {
        let done = if c.row_stride() == 1 {
            super::gemm::gemm(c.as_mut(), accum, alpha, a, b, kernels, par)
        } else if c.col_stride() == 1 {
            super::gemm::gemm(c.as_mut().transpose_mut(), accum, alpha, b.transpose(), a.transpose(), kernels, par)
        } else {
            return faer::linalg::matmul::matmul(c, accum, a, b, alpha, par);
        };
        // Without memory for the packed operands, nothing was written yet.
        if done.is_err() {
            faer::linalg::matmul::matmul(c, accum, a, b, alpha, par);
        }
        return;
    }
    faer::linalg::matmul::matmul(c, accum, a, b, alpha, par);
}

/// What the nearest cache holds of an operand, in bytes.
const NEAR: usize = 32 << 10;
/// Inner dimensions up to this one let a panel of `b` stay in the nearest cache without packing.
const SHALLOW: usize = 128;

/// Whether the rows of `b` and `c` are contiguous and one of the operands is small: no packing pays.
fn is_thin<T: Scalar>(c: MatRef<'_, T>, b: MatRef<'_, T>, k: usize) -> bool {
    let (m, n, near) = (c.nrows(), c.ncols(), NEAR / size_of::<T>());
    c.col_stride() == 1 && b.col_stride() == 1 && n >= 4 && (k * n <= near || (k * m <= near && k <= SHALLOW && n >= 4 * m))
}

/// Columns of a wide product that one task computes.
const COLUMNS: usize = 960;

/// `c` by the tile kernel, straight from the operands.
fn thin<T: Scalar>(c: MatMut<'_, T>, accum: Accum, alpha: T, a: MatRef<'_, T>, b: MatRef<'_, T>, par: Par) {
    let Some(kernels) = T::kernels() else { return };
    let run = |c: MatMut<'_, T>, a: MatRef<'_, T>, b: MatRef<'_, T>| {
        let tile = Tile {
            m: c.ncols(),
            n: c.nrows(),
            k: a.ncols(),
            alpha,
            a: b.as_ptr(),
            a_k: b.row_stride(),
            b: a.as_ptr(),
            b_k: a.col_stride(),
            b_j: a.row_stride(),
            c_j: c.row_stride(),
            c: c.as_ptr_mut(),
            add: matches!(accum, Accum::Add),
        };
        // SAFETY: the views cover the operands; `c` and `b` have unit column stride, and `c` is borrowed mutably.
        unsafe { (kernels.product)(&tile) };
    };
    if c.ncols() > NEAR / size_of::<T>() / a.ncols() {
        // `a` is the small one: the columns are shared out.
        return for_columns(c, COLUMNS, par, |j, c| {
            let width = c.ncols();
            run(c, a, b.subcols(j, width));
        });
    }
    // Blocks of rows whose share of `a` and `c` stays in the nearest caches.
    let rows = ((64 << 10) / (size_of::<T>() * (a.ncols() + c.ncols()))).clamp(8, 1024) / 8 * 8;
    for_columns(c.transpose_mut(), rows, par, |i, c| {
        let height = c.ncols();
        run(c.transpose_mut(), a.subrows(i, height), b);
    });
}

/// Multiplications up to which a product is too short for a call of its own.
const SHORT: usize = 1 << 14;

/// The products of small matrices `a` (`m x k`) and `b` (`k x n`), given as the first address and the strides, one
/// after the other in `c`. Each pair of offsets names the matrices of one product. `false`, and nothing is done, where
/// the matrices are not small, or there is no kernel for their layout.
///
/// # Safety
/// The addresses must be those of elements of the operands, which are written, and `c` must have room for all products and
/// not be used by anybody else.
pub unsafe fn short_products<T: Scalar>(
    c: *mut T,
    (a, a_strides): (*const T, [isize; 2]),
    (b, b_strides): (*const T, [isize; 2]),
    [m, k, n]: [usize; 3],
    offsets: &[[usize; 2]],
    threads: Threads,
) -> bool {
    let Some(kernels) = T::kernels() else { return false };
    if b_strides[1] != 1 || n < 2 || m.saturating_mul(k).saturating_mul(n) > SHORT {
        return false;
    }
    let (a, b, c) = (Shared::new(a.cast_mut()), Shared::new(b.cast_mut()), Shared::new(c));
    // Parts of a fixed amount of work and memory.
    let count = ((1 << 18) / (m * k * n + 16 * (m * n + m * k + k * n))).max(1);
    let parts = offsets.len().div_ceil(count);
    let par = if parts == 1 { Par::Seq } else { par_for(threads.par(), (m * k * n).saturating_mul(offsets.len())) };
    for_parts(parts, par, &|part| {
        let first = part * count;
        let offsets = &offsets[first..offsets.len().min(first + count)];
        let c = c.get().wrapping_add(first * m * n);
        let [b_j, b_k] = a_strides;
        let tile = Tile { m: n, n: m, k, alpha: T::ONE, a: b.get(), a_k: b_strides[0], b: a.get(), b_k, b_j, c, c_j: n as isize, add: false };
        // SAFETY: the caller vouches for the operands; every call writes products of its own.
        unsafe { (kernels.products)(&tile, offsets) };
    });
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use faer::Mat;
    use num_complex::Complex;

    fn adds_a_multiple<T: Scalar>(number: impl Fn(usize) -> T) {
        for (m, k, n) in [(1, 1, 1), (8, 8, 8), (1, 40, 30), (40, 30, 1), (37, 16, 25), (129, 70, 131)] {
            let matrix = |m, n, seed| Mat::from_fn(m, n, |i, j| number(i * 31 + j * 17 + seed));
            let (a, b, old, alpha) = (matrix(m, k, 1), matrix(k, n, 2), matrix(m, n, 3), number(5));
            let mut c = old.clone();
            matmul(c.as_mut(), Accum::Add, alpha, a.as_ref(), b.as_ref(), Par::Seq);
            for i in 0..m {
                for j in 0..n {
                    let sum = (0..k).fold(T::ZERO, |sum, l| sum + a[(i, l)] * b[(l, j)]);
                    assert_eq!(c[(i, j)], old[(i, j)] + alpha * sum, "{m}x{k} by {k}x{n} at ({i}, {j})");
                }
            }
        }
    }

    #[test]
    fn products_are_added_to_what_is_there() {
        // Small integers, so that nothing is rounded.
        adds_a_multiple(|i| (i % 7) as f64 - 3.0);
        adds_a_multiple(|i| Complex::new((i % 7) as f64 - 3.0, (i % 5) as f64 - 2.0));
    }
}
