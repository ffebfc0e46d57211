//! Products with matrices that are never stored, whose rows are written where they are needed.

use super::matmul::matmul;
use super::workspace::{zero_matrix, zeros};
use super::{Result, Rows, Scalar};
use crate::threads::{Shared, map, parallel};
use faer::{Accum, Mat, MatMut, MatRef, Par};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Rows of a block, so that it stays in the second-level cache.
fn block_rows(cols: usize) -> usize {
    ((64 << 10) / cols.max(1)).clamp(32, 1024)
}

pub(super) fn cross_blocks<T: Scalar>(out: MatMut<'_, T>, nrows: usize, fill_x: Rows<'_, T>, fill_y: Rows<'_, T>, par: Par) -> Result<()> {
    let (p, q) = (out.nrows(), out.ncols());
    let mut out = out;
    out.fill(T::ZERO);
    if nrows == 0 || p == 0 || q == 0 {
        return Ok(());
    }
    // Groups of blocks, each with a sum of its own; their number depends on the shape alone.
    let columns = p.saturating_add(q);
    let step = block_rows(columns).min(nrows);
    let blocks = nrows.div_ceil(step);
    let groups = (nrows / columns.saturating_mul(8)).clamp(1, 64).min(blocks);
    let one = |g: usize| {
        let mut sum = zero_matrix::<T>(p, q)?;
        let (mut left, mut right) = (zeros::<T>(step.saturating_mul(p))?, zeros::<T>(step.saturating_mul(q))?);
        for block in g * blocks / groups..(g + 1) * blocks / groups {
            let rows = block * step..((block + 1) * step).min(nrows);
            let len = rows.len();
            fill_x(rows.clone(), &mut left[..len * p]);
            fill_y(rows, &mut right[..len * q]);
            let (left, right) = (MatRef::from_row_major_slice(&left[..len * p], len, p), MatRef::from_row_major_slice(&right[..len * q], len, q));
            faer::linalg::matmul::matmul(sum.as_mut(), Accum::Add, left.adjoint(), right, T::ONE, Par::Seq);
        }
        Ok(sum)
    };
    let sums: Vec<Result<Mat<T>>> = match par {
        Par::Seq => (0..groups).map(one).collect(),
        Par::Rayon(_) => map(groups, one),
    };
    for sum in sums {
        out += sum?;
    }
    Ok(())
}

pub(super) fn project_blocks<T: Scalar>(out: MatMut<'_, T>, fill: Rows<'_, T>, b: MatRef<'_, T>, par: Par) -> Result<()> {
    let ([n, q], p) = ([out.nrows(), out.ncols()], b.nrows());
    assert_eq!(b.ncols(), q, "columns of a product");
    if n == 0 || p == 0 || q == 0 {
        { out }.fill(T::ZERO);
        return Ok(());
    }
    let (row, column) = (out.row_stride(), out.col_stride());
    let to = Shared::new(out.as_ptr_mut());
    let step = block_rows(p).min(n);
    let failure = Mutex::new(None);
    let some = |blocks: Range<usize>| {
        let mut block_of_x = match zeros::<T>(step.saturating_mul(p)) {
            Ok(block) => block,
            Err(error) => {
                *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                return;
            }
        };
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
    failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}
