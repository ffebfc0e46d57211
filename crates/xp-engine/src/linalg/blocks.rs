//! Products with matrices that are never stored, whose rows are written where they are needed.

use super::Scalar;
use super::matmul::matmul;
use crate::threads::{Shared, map, parallel};
use faer::{Accum, Mat, MatMut, MatRef, Par};
use std::ops::Range;

/// Rows of a block, so that it stays in the second-level cache.
fn block_rows(cols: usize) -> usize {
    ((64 << 10) / cols.max(1)).clamp(32, 1024)
}

pub(super) fn cross_blocks<T: Scalar>(
    out: MatMut<'_, T>,
    nrows: usize,
    fill_x: impl Fn(Range<usize>, &mut [T]) + Sync,
    fill_y: impl Fn(Range<usize>, &mut [T]) + Sync,
    par: Par,
) {
    let (p, q) = (out.nrows(), out.ncols());
    // Groups of blocks, each with a sum of its own; their number depends on the shape alone.
    let step = block_rows(p + q);
    let blocks = nrows.div_ceil(step);
    let groups = (nrows / (8 * (p + q).max(1))).clamp(1, 64).min(blocks.max(1));
    let one = |g: usize| {
        let mut sum = Mat::<T>::zeros(p, q);
        let (mut left, mut right) = (vec![T::ZERO; step * p], vec![T::ZERO; step * q]);
        for block in g * blocks / groups..(g + 1) * blocks / groups {
            let rows = block * step..((block + 1) * step).min(nrows);
            let len = rows.len();
            fill_x(rows.clone(), &mut left[..len * p]);
            fill_y(rows, &mut right[..len * q]);
            let (left, right) = (MatRef::from_row_major_slice(&left[..len * p], len, p), MatRef::from_row_major_slice(&right[..len * q], len, q));
            faer::linalg::matmul::matmul(sum.as_mut(), Accum::Add, left.adjoint(), right, T::ONE, Par::Seq);
        }
        sum
    };
    let sums: Vec<Mat<T>> = match par {
        Par::Seq => (0..groups).map(one).collect(),
        Par::Rayon(_) => map(groups, one),
    };
    let mut out = out;
    out.fill(T::ZERO);
    for sum in &sums {
        out += sum;
    }
}

pub(super) fn project_blocks<T: Scalar>(out: MatMut<'_, T>, fill: impl Fn(Range<usize>, &mut [T]) + Sync, b: MatRef<'_, T>, par: Par) {
    let ([n, q], p) = ([out.nrows(), out.ncols()], b.nrows());
    assert_eq!(b.ncols(), q, "columns of a product");
    let (row, column) = (out.row_stride(), out.col_stride());
    let to = Shared::new(out.as_ptr_mut());
    let step = block_rows(p);
    let some = |blocks: Range<usize>| {
        let mut block_of_x = vec![T::ZERO; step * p];
        for block in blocks {
            let range = block * step..((block + 1) * step).min(n);
            let len = range.len();
            // SAFETY: the blocks write disjoint rows of the output, which is borrowed mutably.
            let c = unsafe { MatMut::from_raw_parts_mut(to.get().offset(range.start as isize * row), len, q, row, column) };
            fill(range, &mut block_of_x[..len * p]);
            matmul(c, Accum::Replace, T::ONE, MatRef::from_row_major_slice(&block_of_x[..len * p], len, p), b, Par::Seq);
        }
    };
    match par {
        Par::Seq => some(0..n.div_ceil(step)),
        Par::Rayon(_) => parallel(n.div_ceil(step), some),
    }
}
