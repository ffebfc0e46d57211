//! QR factorisation in place by blocks of Householder reflections.
//!
//! faer's own factorisation takes a column for dependent, and leaves it out, once what is left of it is below
//! `16 m eps` of its norm, which loses the small singular values of tall matrices; this one has no threshold.

use super::workspace::{for_columns, par_for, with_workspace};
use super::{Result, Scalar};
use faer::dyn_stack::{MemStack, StackReq};
use faer::linalg::householder::{
    apply_block_householder_on_the_left_in_place_scratch, apply_block_householder_on_the_left_in_place_with_conj,
    apply_block_householder_sequence_on_the_left_in_place_scratch, apply_block_householder_sequence_on_the_left_in_place_with_conj,
    apply_block_householder_transpose_on_the_left_in_place_scratch, apply_block_householder_transpose_on_the_left_in_place_with_conj,
    make_householder_in_place,
};
use faer::linalg::matmul::dot::inner_prod;
use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{BlockStructure, matmul as triangular_matmul};
use faer::{Accum, Conj, MatMut, MatRef, Par};
use std::sync::{Mutex, PoisonError};

/// Columns that are reduced one by one.
const NARROW: usize = 8;
/// Columns to which reflections are applied at a time.
const STRIPE: usize = 128;

/// Reflections that are applied together, for a matrix of `m x n`.
pub(super) fn block_size(m: usize, n: usize) -> usize {
    let block = match m * n {
        0..0x4000 => NARROW,
        0x4000..0x4_0000 => 32,
        0x4_0000..0x100_0000 => 64,
        _ => 128,
    };
    block.min(m).min(n).max(1)
}

/// Factors a column-major matrix: `r` above the diagonal and on it, the reflections below it. `coefficients`, of
/// `block_size(m, n) x min(m, n)`, gets the upper triangles that [`faer::linalg::householder`] needs to apply them.
///
/// Panels are factored by halves, after Elmroth & Gustavson, "Applying recursion to serial and parallel QR factorization"
/// (2000).
pub(super) fn factor_in_place<T: Scalar>(mut a: MatMut<'_, T>, mut coefficients: MatMut<'_, T>, par: Par) -> Result<()> {
    let (m, n) = a.shape();
    let (k, block) = (m.min(n), block_size(m, n));
    for start in (0..k).step_by(block) {
        let width = block.min(k - start);
        let (mut panel, right) = a.as_mut().submatrix_mut(start, start, m - start, n - start).split_at_col_mut(width);
        let mut t = coefficients.as_mut().submatrix_mut(0, start, width, width);
        factor_panel(panel.as_mut(), t.as_mut(), par)?;
        reflect(panel.as_ref(), t.as_ref(), right, par)?;
    }
    Ok(())
}

/// `target = q target` with the unitary `q` (`m x m`) of [`factor_in_place`].
///
/// # Errors
/// [`super::Error::OutOfMemory`] for the workspaces of the threads.
pub(super) fn apply<T: Scalar>(factored: MatRef<'_, T>, coefficients: MatRef<'_, T>, target: MatMut<'_, T>, par: Par) -> Result<()> {
    let v = factored.subcols(0, coefficients.ncols());
    let req = apply_block_householder_sequence_on_the_left_in_place_scratch::<T>(v.nrows(), coefficients.nrows(), STRIPE);
    by_stripes(v, target, req, par, |columns, stack| {
        apply_block_householder_sequence_on_the_left_in_place_with_conj(v, coefficients, Conj::No, columns, Par::Seq, stack);
    })
}

/// The first columns of the unitary `q` of [`factor_in_place`].
///
/// # Errors
/// As [`apply`].
pub(super) fn form<T: Scalar>(factored: MatRef<'_, T>, coefficients: MatRef<'_, T>, mut q: MatMut<'_, T>, par: Par) -> Result<()> {
    let (m, n, k, block) = (factored.nrows(), q.ncols(), coefficients.ncols(), coefficients.nrows());
    for_columns(q.as_mut(), NARROW, par_for(par, m * n), |j, mut columns| {
        columns.fill(T::ZERO);
        columns.subrows_mut(j.min(m), m - j.min(m)).diagonal_mut().fill(T::ONE);
    });
    // Backwards, so that the reflections of a block meet columns of zeros in all rows but their own before it.
    for start in (0..k).step_by(block).rev() {
        let width = block.min(k - start);
        let v = factored.submatrix(start, start, m - start, width);
        let t = coefficients.submatrix(0, start, width, width);
        let target = q.as_mut().submatrix_mut(start, start, m - start, n - start);
        let req = apply_block_householder_on_the_left_in_place_scratch::<T>(v.nrows(), width, STRIPE);
        by_stripes(v, target, req, par, |columns, stack| {
            apply_block_householder_on_the_left_in_place_with_conj(v, t, Conj::No, columns, Par::Seq, stack);
        })?;
    }
    Ok(())
}

/// Calls `f` for stripes of the columns of `target`, which are independent: a thread takes whole ones.
fn by_stripes<T: Scalar>(
    v: MatRef<'_, T>,
    target: MatMut<'_, T>,
    req: StackReq,
    par: Par,
    f: impl Fn(MatMut<'_, T>, &mut MemStack) + Sync,
) -> Result<()> {
    let width = target.ncols();
    let par = par_for(par, (v.nrows() * v.ncols()).saturating_mul(width));
    let stripe = match par {
        Par::Seq => STRIPE,
        Par::Rayon(threads) => width.div_ceil(threads.get()).next_multiple_of(NARROW).min(STRIPE),
    };
    let failure = Mutex::new(None);
    for_columns(target, stripe, par, |_, columns| {
        if let Err(error) = with_workspace(req, |stack| f(columns, stack)) {
            *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    });
    failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

fn factor_panel<T: Scalar>(mut a: MatMut<'_, T>, mut t: MatMut<'_, T>, par: Par) -> Result<()> {
    let n = a.ncols();
    if n <= NARROW {
        factor_narrow(a.as_mut(), t.as_mut());
        let (top, below) = a.as_ref().split_at_row(n);
        use BlockStructure::{Rectangular, UnitTriangularLower, UnitTriangularUpper};
        triangular_matmul(
            t.as_mut(),
            UnitTriangularUpper,
            Accum::Replace,
            top.adjoint(),
            UnitTriangularUpper,
            top,
            UnitTriangularLower,
            T::ONE,
            Par::Seq,
        );
        triangular_matmul(t, UnitTriangularUpper, Accum::Add, below.adjoint(), Rectangular, below, Rectangular, T::ONE, Par::Seq);
        return Ok(());
    }
    let half = (n / 2).next_multiple_of(NARROW);
    let (mut left, mut right) = a.as_mut().split_at_col_mut(half);
    let (mut t_left, mut t_between, _, mut t_right) = t.split_at_mut(half, half);
    factor_panel(left.as_mut(), t_left.as_mut(), par)?;
    reflect(left.as_ref(), t_left.as_ref(), right.as_mut(), par)?;
    factor_panel(right.as_mut().split_at_row_mut(half).1, t_right.as_mut(), par)?;
    // The products of the reflections on the left with those on the right.
    let (left, right) = (left.as_ref().split_at_row(half).1, right.as_ref().split_at_row(half).1);
    let ((left_top, left_below), (right_top, right_below)) = (left.split_at_row(n - half), right.split_at_row(n - half));
    triangular_matmul(
        t_between.as_mut(),
        BlockStructure::Rectangular,
        Accum::Replace,
        left_top.adjoint(),
        BlockStructure::Rectangular,
        right_top,
        BlockStructure::UnitTriangularLower,
        T::ONE,
        Par::Seq,
    );
    matmul(t_between, Accum::Add, left_below.adjoint(), right_below, T::ONE, Par::Seq);
    Ok(())
}

/// Reflects column by column; the diagonal of `t` gets the scales of the reflections.
fn factor_narrow<T: Scalar>(mut a: MatMut<'_, T>, mut t: MatMut<'_, T>) {
    for j in 0..a.ncols() {
        let (_, mut corner_and_right) = a.as_mut().split_at_row_mut(j);
        let (mut column, mut right) = corner_and_right.as_mut().split_at_col_mut(j + 1);
        let (mut head, mut tail) = column.as_mut().col_mut(j).split_at_row_mut(1);
        let tau = make_householder_in_place(&mut head[0], tail.as_mut()).tau;
        t[(j, j)] = T::from_re(tau);
        let (v, by) = (tail.as_ref(), T::R::ONE / tau);
        if by == T::R::ZERO {
            continue;
        }
        for c in 0..right.ncols() {
            let (mut first, rest) = right.as_mut().col_mut(c).split_at_row_mut(1);
            let dot = first[0] + inner_prod(v.transpose(), Conj::Yes, rest.as_ref(), Conj::No);
            let step = -dot.scale(by);
            first[0] += step;
            rest.iter_mut().zip(v.iter()).for_each(|(x, &v)| *x += step * v);
        }
    }
}

/// `target = q^H target` with the product `q` of the reflections `v`.
fn reflect<T: Scalar>(v: MatRef<'_, T>, t: MatRef<'_, T>, target: MatMut<'_, T>, par: Par) -> Result<()> {
    let req = apply_block_householder_transpose_on_the_left_in_place_scratch::<T>(v.nrows(), v.ncols(), STRIPE);
    by_stripes(v, target, req, par, |columns, stack| {
        apply_block_householder_transpose_on_the_left_in_place_with_conj(v, t, Conj::Yes, columns, Par::Seq, stack);
    })
}
