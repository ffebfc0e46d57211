//! Least squares and pseudo-inverses by the singular value decomposition.

use super::matmul::matmul;
use super::svd::svd;
use super::workspace::{matrix, matrix_req, with_workspace};
use super::{RealScalar, Result, Scalar};
use faer::{Accum, MatMut, MatRef, Par};

/// What [`lstsq`] says besides the solution.
#[derive(Debug, Clone, PartialEq)]
pub struct LstsqInfo<R> {
    /// Number of singular values above `rtol` times the largest.
    pub rank: usize,
    /// Squared 2-norm of every column of `b - a x`; empty unless the rank is full and `m > n`.
    pub residuals: Vec<R>,
    /// Singular values of `a` in descending order.
    pub singular_values: Vec<R>,
}

/// Writes the `x` of least 2-norm that minimises the 2-norm of `b - a x`, column by column.
///
/// Singular values not above `rtol` times the largest count as zero.
///
/// # Errors
/// [`super::Error::NonFinite`] if `a` or `b` holds NaN or an infinity, [`super::Error::NoConvergence`].
///
/// # Panics
/// If the dimensions do not fit.
pub fn lstsq<T: Scalar>(a: MatRef<'_, T>, b: MatRef<'_, T>, rtol: T::R, mut x: MatMut<'_, T>, par: Par) -> Result<LstsqInfo<T::R>> {
    let (m, n, c) = (a.nrows(), a.ncols(), b.ncols());
    assert!(b.nrows() == m && x.shape() == (n, c), "lstsq: {:?}, {:?}, {:?}", a.shape(), b.shape(), x.shape());
    super::workspace::max_magnitude(b, par)?;
    let k = m.min(n);
    let mut s = vec![T::R::ZERO; k];
    let req = matrix_req::<T>(m, k).and(matrix_req::<T>(n, k)).and(matrix_req::<T>(k, c)).and(matrix_req::<T>(m, c));
    with_workspace(req, |stack| {
        let (mut u, stack) = matrix::<T>(m, k, stack);
        let (mut v, stack) = matrix::<T>(n, k, stack);
        let (mut t, stack) = matrix::<T>(k, c, stack);
        let (mut r, _) = matrix::<T>(m, c, stack);
        svd(a, &mut s, Some(u.as_mut()), Some(v.as_mut().transpose_mut()), par)?;
        let rank = rank(&s, rtol);
        // x = v diag(1/s) u^H b over the first `rank` singular values; v holds conj(v) here.
        let mut t = t.as_mut().subrows_mut(0, rank);
        if rank == 0 {
            x.fill(T::ZERO);
        } else {
            faer::linalg::matmul::matmul(t.as_mut(), Accum::Replace, u.as_ref().subcols(0, rank).adjoint(), b, T::ONE, par);
            for j in 0..c {
                for i in 0..rank {
                    t[(i, j)] = divide(t[(i, j)], s[i]);
                }
            }
            faer::linalg::matmul::matmul(x.as_mut(), Accum::Replace, v.as_ref().subcols(0, rank).conjugate(), t.as_ref(), T::ONE, par);
        }
        let residuals = if rank == n && m > n {
            r.copy_from(b);
            matmul(r.as_mut(), Accum::Add, -T::ONE, a, x.as_ref(), par);
            (0..c).map(|j| (0..m).map(|i| square(r[(i, j)])).fold(T::R::ZERO, |p, q| p + q)).collect()
        } else {
            Vec::new()
        };
        Ok(LstsqInfo { rank, residuals, singular_values: s })
    })?
}

/// Writes the pseudo-inverse of `a`, `n x m`. Singular values not above `rtol` times the largest count as zero.
///
/// # Errors
/// [`super::Error::NonFinite`] if `a` holds NaN or an infinity, [`super::Error::NoConvergence`].
///
/// # Panics
/// If the dimensions do not fit.
pub fn pinv<T: Scalar>(a: MatRef<'_, T>, rtol: T::R, mut out: MatMut<'_, T>, par: Par) -> Result<()> {
    let (m, n) = a.shape();
    assert_eq!(out.shape(), (n, m), "shape of the pseudo-inverse");
    let k = m.min(n);
    let req = matrix_req::<T>(m, k).and(matrix_req::<T>(n, k)).and(matrix_req::<T::R>(k, 1));
    with_workspace(req, |stack| {
        let (mut u, stack) = matrix::<T>(m, k, stack);
        let (mut v, stack) = matrix::<T>(n, k, stack);
        let (s, _) = matrix::<T::R>(k, 1, stack);
        let s = s.col_mut(0).try_as_col_major_mut().expect("unit stride").as_slice_mut();
        svd(a, s, Some(u.as_mut()), Some(v.as_mut().transpose_mut()), par)?;
        let rank = rank(s, rtol);
        if rank == 0 {
            out.fill(T::ZERO);
            return Ok(());
        }
        for (j, &s) in s[..rank].iter().enumerate() {
            for i in 0..n {
                v[(i, j)] = divide(v[(i, j)], s);
            }
        }
        faer::linalg::matmul::matmul(
            out.as_mut(),
            Accum::Replace,
            v.as_ref().subcols(0, rank).conjugate(),
            u.as_ref().subcols(0, rank).adjoint(),
            T::ONE,
            par,
        );
        Ok(())
    })?
}

fn rank<R: RealScalar>(s: &[R], rtol: R) -> usize {
    let Some(&largest) = s.first() else { return 0 };
    s.iter().take_while(|&&x| x > rtol * largest && x > R::ZERO).count()
}

fn divide<T: Scalar>(x: T, by: T::R) -> T {
    T::from_parts(x.re() / by, x.im() / by)
}

fn square<T: Scalar>(x: T) -> T::R {
    x.re() * x.re() + x.im() * x.im()
}
