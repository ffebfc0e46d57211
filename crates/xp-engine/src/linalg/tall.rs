//! The triangular factor of matrices with many more rows than columns, which are never stored as a whole.

use super::qr::r_in_place;
use super::workspace::{copy_into, zero_matrix, zeros};
use super::{Result, Rows, Scalar};
use crate::threads::map;
use faer::{Mat, MatMut, MatRef, Par};

/// [`super::tsqr_r`]: blocks of rows are reduced by Householder reflections and their factors combined in a tree (TSQR, after
/// Demmel, Grigori, Hoemmen & Langou, "Communication-optimal parallel and sequential QR", 2012). The partition depends on the
/// dimensions alone.
pub(super) fn tsqr_r<T: Scalar>(r: MatMut<'_, T>, nrows: usize, fill: Rows<'_, T>, par: Par) -> Result<()> {
    let n = r.ncols();
    assert_eq!(r.nrows(), n, "the triangular factor is square");
    let mut r = r;
    if n == 0 || nrows == 0 {
        r.fill(T::ZERO);
        return Ok(());
    }
    let block = (2 * n).max(256).min(nrows);
    let blocks = nrows.div_ceil(block);
    // Every group keeps one factor; together they take at most an eighth of the memory of the matrix.
    let groups = (nrows / (8 * n)).clamp(1, 64).min(blocks);
    let per_group = blocks.div_ceil(groups);
    let groups = blocks.div_ceil(per_group);
    let wide = groups == 1 || n >= 1024;
    let one_group = |group: usize| {
        let inner = if wide { par } else { Par::Seq };
        let rows = |b: usize| b * block..((b + 1) * block).min(nrows);
        // Rows 0..n hold the factor so far, the rows below the next block.
        let mut stacked = zero_matrix::<T>(n + block, n)?;
        let mut buffer = zeros::<T>(block * n)?;
        let mut have = 0;
        for b in group * per_group..((group + 1) * per_group).min(blocks) {
            let rows = rows(b);
            let m = rows.len();
            let buffer = &mut buffer[..m * n];
            fill(rows, buffer);
            let mut work = stacked.as_mut().subrows_mut(0, have + m);
            copy_into(work.as_mut().subrows_mut(have, m), MatRef::from_row_major_slice(buffer, m, n), inner);
            r_in_place(work, inner)?;
            have = n.min(have + m);
        }
        Ok(factor(stacked.as_ref(), have))
    };
    let mut level: Vec<Mat<T>> = if wide || matches!(par, Par::Seq) {
        (0..groups).map(one_group).collect::<Result<_>>()?
    } else {
        map(groups, one_group).into_iter().collect::<Result<_>>()?
    };
    while level.len() > 1 {
        let combine = |pair: &[Mat<T>]| {
            let [a, b] = pair else { return Ok(pair[0].clone()) };
            let (ma, mb) = (a.nrows(), b.nrows());
            let mut stacked = zero_matrix::<T>(ma + mb, n)?;
            stacked.as_mut().subrows_mut(0, ma).copy_from(a);
            stacked.as_mut().subrows_mut(ma, mb).copy_from(b);
            r_in_place(stacked.as_mut(), Par::Seq)?;
            Ok(factor(stacked.as_ref(), n.min(ma + mb)))
        };
        level = match par {
            Par::Seq => level.chunks(2).map(combine).collect::<Result<_>>()?,
            Par::Rayon(_) => {
                map(level.len().div_ceil(2), |i| combine(&level[2 * i..level.len().min(2 * i + 2)])).into_iter().collect::<Result<_>>()?
            }
        };
    }
    let top = &level[0];
    r.fill(T::ZERO);
    r.subrows_mut(0, top.nrows()).copy_from(top);
    Ok(())
}

/// The first `rows` rows, upper triangular.
fn factor<T: Scalar>(a: MatRef<'_, T>, rows: usize) -> Mat<T> {
    Mat::from_fn(rows, a.ncols(), |i, j| if i <= j { a[(i, j)] } else { T::ZERO })
}
