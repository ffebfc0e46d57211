//! Products of matrices and vectors, at the speed of the memory that the matrix comes from.
//!
//! The matrix is cut into tiles, whose sizes depend on its shape alone; threads share them. Where it is cut across the sum, the
//! sums of the parts are added in order. So the number of threads changes no bit.

use super::Scalar;
use super::simd::Kernels;
use super::workspace::{for_parts, zeros};
use crate::threads::Shared;
use faer::{Accum, MatMut, MatRef, Par};
use std::borrow::Cow;

/// Elements of a tile, about: enough for a thread to be worth its start.
const TILE: usize = 1 << 15;
/// Sums of at most this many parts.
const PARTS: usize = 16;

/// `c = alpha a x`, or `c += alpha a x`, for a column `x`. `false`, and nothing is done, where there is no memory for a copy of a
/// vector.
pub(super) fn matvec<T: Scalar>(c: MatMut<'_, T>, accum: Accum, alpha: T, a: MatRef<'_, T>, x: MatRef<'_, T>, par: Par) -> bool {
    let (m, k) = a.shape();
    if m == 0 || k == 0 {
        return false;
    }
    let by_rows = m == 1 || (k > 1 && a.col_stride().unsigned_abs() < a.row_stride().unsigned_abs());
    let kernels = T::kernels().filter(|_| if by_rows { a.col_stride() == 1 } else { a.row_stride() == 1 });
    // Rows and columns of a tile. Sums over contiguous rows are cut only where there are too few rows to share out.
    let [height, width] = if by_rows {
        let width = if m < PARTS && k > 2 * TILE { TILE.max(k.div_ceil(PARTS)).next_multiple_of(64) } else { k };
        [(TILE / width).clamp(4, m.max(4)) / 4 * 4, width]
    } else {
        let height = m.min(1024);
        let cut = m <= 2 * height && m.saturating_mul(k) > 4 * TILE;
        [height, if cut { (4 * TILE / height).max(k.div_ceil(PARTS)).next_multiple_of(4) } else { k }]
    };
    let (down, across) = (m.div_ceil(height), k.div_ceil(width));
    let Some(x) = contiguous(x) else { return false };
    let Ok(mut sums) = zeros::<T>(m * across) else { return false };
    let out = Shared::new(sums.as_mut_ptr());
    for_parts(down * across, par, &|part| {
        let (i, j) = (part % down * height, part / down * width);
        let tile = a.submatrix(i, j, height.min(m - i), width.min(k - j));
        // SAFETY: each tile has sums of its own, `m` for every cut; `x` has `k` elements.
        unsafe { add_tile(kernels, by_rows, tile, &x[j..], out.get().add(j / width * m + i)) };
    });
    let mut c = c;
    for i in 0..m {
        let mut sum = sums[i];
        for part in 1..across {
            sum += sums[part * m + i];
        }
        let old = if matches!(accum, Accum::Add) { c[(i, 0)] } else { T::ZERO };
        c[(i, 0)] = if matches!(accum, Accum::Add) { old + alpha * sum } else { alpha * sum };
    }
    true
}

/// Adds the product of a tile and the first elements of `x` to `sums`.
///
/// # Safety
/// `x` has as many elements as the tile has columns; `sums` is valid for as many as it has rows, which nobody else uses. Where there
/// are kernels, the rows of the tile are contiguous, or its columns are, as `by_rows` says.
unsafe fn add_tile<T: Scalar>(kernels: Option<&Kernels<T>>, by_rows: bool, tile: MatRef<'_, T>, x: &[T], sums: *mut T) {
    let (m, k) = tile.shape();
    // SAFETY: contiguous rows are the columns of the transposed tile; the tile is borrowed; the caller vouches for `x` and `sums`.
    unsafe {
        match kernels {
            Some(kernels) if by_rows => (kernels.gemv_transposed)(k, m, tile.as_ptr(), tile.row_stride(), x.as_ptr(), sums),
            Some(kernels) => (kernels.gemv)(m, k, tile.as_ptr(), tile.col_stride(), x.as_ptr(), sums),
            None => {
                let (sums, x) = (MatMut::from_raw_parts_mut(sums, m, 1, 1, m as isize), MatRef::from_raw_parts(x.as_ptr(), k, 1, 1, k as isize));
                faer::linalg::matmul::matmul(sums, Accum::Add, tile, x, T::ONE, Par::Seq);
            }
        }
    }
}

/// The elements of a column side by side, copied where they are not.
fn contiguous<'a, T: Scalar>(x: MatRef<'a, T>) -> Option<Cow<'a, [T]>> {
    let n = x.nrows();
    if x.row_stride() == 1 || n == 1 {
        // SAFETY: the view covers `n` elements, which lie side by side.
        return Some(Cow::Borrowed(unsafe { std::slice::from_raw_parts(x.as_ptr(), n) }));
    }
    let mut copy = zeros::<T>(n).ok()?;
    copy.iter_mut().enumerate().for_each(|(i, v)| *v = x[(i, 0)]);
    Some(Cow::Owned(copy))
}
