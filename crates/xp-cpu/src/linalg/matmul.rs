//! Products of floating-point matrices.

use super::Scalar;
use super::simd::Tile;
use super::workspace::{col_chunks, par_for};
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

/// `c = alpha a b`, or `c += alpha a b` with [`Accum::Add`]. Views may have any strides.
///
/// # Panics
/// If the dimensions do not fit.
pub fn matmul<T: Scalar>(c: MatMut<'_, T>, accum: Accum, alpha: T, a: MatRef<'_, T>, b: MatRef<'_, T>, par: Par) {
    let (m, n, k) = (c.nrows(), c.ncols(), a.ncols());
    assert_eq!((a.nrows(), b.nrows(), b.ncols()), (m, k, n), "matmul: {m}x{n} = {a:?} x {b:?}", a = a.shape(), b = b.shape());
    let par = par_for(par, m.saturating_mul(n).saturating_mul(k));
    if k > 0 && T::kernels().is_some() {
        if is_thin(c.as_ref(), b, k) {
            return thin(c, accum, alpha, a, b, par);
        }
        if is_thin(c.as_ref().transpose(), a.transpose(), k) {
            return thin(c.transpose_mut(), accum, alpha, b.transpose(), a.transpose(), par);
        }
    }
    if let (Some(kernels), true) = (T::kernels(), super::gemm::is_large(m, n, k)) {
        let mut c = c;
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
        let columns = COLUMNS.min(c.ncols());
        let run = |c: MatMut<'_, T>, b: MatRef<'_, T>| run(c, a, b);
        match par {
            Par::Rayon(_) => c.par_col_chunks_mut(columns).zip(b.par_col_chunks(columns)).for_each(|(c, b)| run(c, b)),
            Par::Seq => col_chunks(c, columns).enumerate().for_each(|(i, c)| {
                let width = c.ncols();
                run(c, b.subcols(i * columns, width));
            }),
        }
        return;
    }
    let run = |c: MatMut<'_, T>, a: MatRef<'_, T>| run(c, a, b);
    // Blocks of rows whose share of `a` and `c` stays in the nearest caches.
    let rows = ((64 << 10) / (size_of::<T>() * (a.ncols() + c.ncols()))).clamp(8, 1024) / 8 * 8;
    let blocks = c.nrows().div_ceil(rows);
    match par {
        Par::Rayon(_) if blocks > 1 => {
            c.par_row_chunks_mut(rows).zip(a.par_row_chunks(rows)).with_min_len(4).for_each(|(c, a)| run(c, a));
        }
        _ => {
            let mut c = c;
            for i in (0..c.nrows()).step_by(rows) {
                let size = rows.min(c.nrows() - i);
                run(c.as_mut().subrows_mut(i, size), a.subrows(i, size));
            }
        }
    }
}
