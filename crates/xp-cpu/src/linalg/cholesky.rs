//! Cholesky factorisation of Hermitian positive definite matrices.

use super::qr::par_for_factor;
use super::triangular::{Op, Triangle, solve_triangular};
use super::workspace::{copy_into, is_row_major, matrix, matrix_req, with_workspace, zero_strict_upper};
use super::{Error, Result, Scalar};
use faer::dyn_stack::StackReq;
use faer::linalg::cholesky::llt::factor::{LltError, LltRegularization, cholesky_in_place, cholesky_in_place_scratch};
use faer::{MatMut, MatRef, Par, Spec};

/// `a = l l^H` (lower) or `a = u^H u` (upper); the other triangle of `out` becomes zero.
///
/// Only the lower triangle of `a` is read.
///
/// # Errors
/// [`Error::NotPositiveDefinite`] names the first leading minor that is not positive, NaN included.
///
/// # Panics
/// If `a` and `out` are not square of the same size.
pub fn cholesky<T: Scalar>(a: MatRef<'_, T>, triangle: Triangle, out: MatMut<'_, T>, par: Par) -> Result<()> {
    let n = a.nrows();
    assert!(a.ncols() == n && out.shape() == (n, n), "cholesky: square matrices");
    // u = l^H: the transposed view receives conj(l), the factor of conj(a).
    match triangle {
        Triangle::Lower => lower(a, false, out, par),
        Triangle::Upper => lower(a, T::IS_COMPLEX, out.transpose_mut(), par),
    }
}

fn lower<T: Scalar>(a: MatRef<'_, T>, conjugate: bool, mut out: MatMut<'_, T>, par: Par) -> Result<()> {
    let n = a.nrows();
    let in_place = !is_row_major(out.as_ref());
    let par = par_for_factor(par, n, n);
    let req = StackReq::all_of(&[matrix_req::<T>(n, if in_place { 0 } else { n }), cholesky_in_place_scratch::<T>(n, par, Spec::default())]);
    with_workspace(req, |stack| {
        let (mut own, stack) = matrix::<T>(n, if in_place { 0 } else { n }, stack);
        let mut work = if in_place { out.as_mut() } else { own.as_mut() };
        copy_into(work.as_mut(), a, par);
        if conjugate {
            super::workspace::conjugate_in_place(work.as_mut());
        }
        let none = LltRegularization { dynamic_regularization_delta: T::R::ZERO, dynamic_regularization_epsilon: T::R::ZERO };
        let done = cholesky_in_place(work.as_mut(), none, par, stack, Spec::default());
        if let Err(LltError::NonPositivePivot { index }) = done {
            return Err(Error::NotPositiveDefinite { index });
        }
        // A NaN below the diagonal reaches the diagonal of its row.
        if let Some(index) = (0..n).find(|&i| !work[(i, i)].finite()) {
            return Err(Error::NotPositiveDefinite { index });
        }
        zero_strict_upper(work);
        if !in_place {
            copy_into(out.as_mut(), own.as_ref(), par);
        }
        Ok(())
    })?
}

/// Solves `a x = rhs` in place, given the Cholesky factor of `a` of that triangle.
///
/// # Panics
/// If the dimensions do not fit.
pub fn cho_solve<T: Scalar>(factor: MatRef<'_, T>, triangle: Triangle, mut rhs: MatMut<'_, T>, par: Par) -> Result<()> {
    let (first, second) = match triangle {
        Triangle::Lower => (Op::None, Op::Adjoint),
        Triangle::Upper => (Op::Adjoint, Op::None),
    };
    solve_triangular(factor, triangle, false, first, rhs.as_mut(), par)?;
    solve_triangular(factor, triangle, false, second, rhs, par)
}
