//! Singular value decomposition.

use super::bidiagonal::{Reflections, bidiagonalise, bidiagonalise_req, singular_values};
use super::divide;
use super::householder::{apply, block_size, factor_in_place};
use super::jacobi;
use super::qr::{par_for_factor, r_in_place};
use super::tridiagonal::block_factors;
use super::workspace::{
    conjugate_in_place, copy_into, copy_scaled, in_pool, matrix, matrix_req, numbers, polar, scale_exponent, with_workspace, zero_strict_upper,
};
use super::{Error, RealScalar, Result, Scalar};
use faer::diag::DiagMut;
use faer::dyn_stack::{MemStack, StackReq};
use faer::linalg::qr::no_pivoting::factor::recommended_block_size;
use faer::linalg::svd::bidiag::{bidiag_in_place, bidiag_in_place_scratch};
use faer::linalg::svd::{ComputeSvdVectors, SvdParams, svd as faer_svd, svd_scratch};
use faer::prelude::IntoConst;
use faer::{Auto, MatMut, MatRef, Par, Spec};

/// [`super::svd`].
pub(super) fn svd<T: Scalar>(a: MatRef<'_, T>, s: &mut [T::R], u: Option<MatMut<'_, T>>, vh: Option<MatMut<'_, T>>, par: Par) -> Result<()> {
    let (m, n) = a.shape();
    let k = m.min(n);
    assert_eq!(s.len(), k, "number of singular values");
    if let Some(u) = &u {
        assert!(u.nrows() == m && (u.ncols() == m || u.ncols() == k), "shape of u");
    }
    if let Some(vh) = &vh {
        assert!(vh.ncols() == n && (vh.nrows() == n || vh.nrows() == k), "shape of vh");
    }
    let exponent = scale_exponent(a, par)?;
    if k == 0 {
        for mut q in [u, vh].into_iter().flatten() {
            q.fill(T::ZERO);
            q.diagonal_mut().fill(T::ONE);
        }
        return Ok(());
    }
    let par = par_for_factor(par, m, n);
    // faer wants tall matrices; for a wide one, a^T = conj(v) s u^T.
    if m < n {
        decompose(a.transpose(), exponent, s, vh.map(MatMut::transpose_mut), u.map(MatMut::transpose_mut), par)?;
    } else {
        decompose(a, exponent, s, u, vh, par)?;
    }
    s.iter_mut().for_each(|x| *x = x.ldexp(exponent));
    Ok(())
}

/// [`super::svdvals`].
pub(super) fn svdvals<T: Scalar>(a: MatRef<'_, T>, s: &mut [T::R], par: Par) -> Result<()> {
    svd(a, s, None, None, par)
}

/// Decomposes `a * 2^-exponent` for `m >= n`.
fn decompose<T: Scalar>(
    a: MatRef<'_, T>,
    exponent: i32,
    s: &mut [T::R],
    u: Option<MatMut<'_, T>>,
    vh: Option<MatMut<'_, T>>,
    par: Par,
) -> Result<()> {
    let (m, n) = a.shape();
    if jacobi::is_small::<T>(m, n) && u.as_ref().is_none_or(|u| u.ncols() == n) {
        return jacobi::svd(a, exponent, s, u, vh);
    }
    let vectors = u.is_some() || vh.is_some();
    if !vectors {
        return values(a, exponent, s, par);
    }
    if is_tall(m, n) {
        return decompose_tall(a, exponent, s, u, vh, par);
    }
    if n >= DIVIDE_FROM {
        return by_blocks(a, exponent, s, u, vh, par);
    }
    let (wu, wv) = (u.as_ref().map_or(0, |u| u.ncols()), if vh.is_some() { n } else { 0 });
    let params = params::<T>();
    let compute = |width: usize, full: usize| match width {
        0 => ComputeSvdVectors::No,
        w if w == full => ComputeSvdVectors::Full,
        _ => ComputeSvdVectors::Thin,
    };
    let scaled_columns = if exponent == 0 { 0 } else { n };
    let u_in_place = u.as_ref().is_some_and(|u| u.row_stride() == 1);
    let v_in_place = vh.as_ref().is_some_and(|v| v.col_stride() == 1);
    let own_u = if u_in_place { 0 } else { wu };
    let own_v = if v_in_place { 0 } else { wv };
    let req = StackReq::all_of(&[
        matrix_req::<T>(m, scaled_columns),
        matrix_req::<T>(n, 1),
        matrix_req::<T>(m, own_u),
        matrix_req::<T>(n, own_v),
        svd_scratch::<T>(m, n, compute(wu, m), compute(wv, n), par, params),
    ]);
    with_workspace(req, |stack| {
        let (mut scaled, stack) = matrix::<T>(m, scaled_columns, stack);
        let (mut sigma, stack) = matrix::<T>(n, 1, stack);
        let (mut own_u, stack) = matrix::<T>(m, own_u, stack);
        let (mut own_v, stack) = matrix::<T>(n, own_v, stack);
        let a = if exponent == 0 {
            a
        } else {
            copy_scaled(scaled.as_mut(), a, -exponent, par);
            scaled.as_ref()
        };
        let (mut u, mut vh) = (u, vh);
        let mut target_u = u.as_mut().map(|u| if u_in_place { u.as_mut() } else { own_u.as_mut() });
        if let (Some(u), true) = (&mut target_u, wu > n) {
            // faer expects zeros in the upper part of the columns that complete the basis.
            u.fill(T::ZERO);
        }
        let target_v = vh.as_mut().map(|v| if v_in_place { v.as_mut().transpose_mut() } else { own_v.as_mut() });
        let mut target_v = target_v;
        let (run_u, run_v) = (target_u.as_mut().map(MatMut::as_mut), target_v.as_mut().map(MatMut::as_mut));
        run(a, sigma.as_mut(), run_u, run_v, par, stack, params)?;
        sort_descending(sigma.as_mut(), target_u, target_v)?;
        write_back(u.filter(|_| !u_in_place), own_u.as_ref(), vh, (!v_in_place).then(|| own_v.as_ref()), par);
        for (i, x) in s.iter_mut().enumerate() {
            *x = sigma[(i, 0)].re();
        }
        Ok(())
    })?
}

/// Copies the left vectors to `u`, and the right ones to the rows of `vh`, where they are not there yet; `vh` is conjugated.
fn write_back<T: Scalar>(u: Option<MatMut<'_, T>>, own_u: MatRef<'_, T>, vh: Option<MatMut<'_, T>>, own_v: Option<MatRef<'_, T>>, par: Par) {
    if let Some(u) = u {
        copy_into(u, own_u, par);
    }
    if let Some(mut vh) = vh {
        if let Some(v) = own_v {
            copy_into(vh.as_mut().transpose_mut(), v, par);
        }
        conjugate_in_place(vh);
    }
}

/// From this size on, vectors come from the divide and conquer of this crate. That of faer 0.24, which it uses from order 128
/// on, gives wrong vectors for some matrices with many equal values.
const DIVIDE_FROM: usize = 64;

/// By reduction to bidiagonal form and divide and conquer.
fn by_blocks<T: Scalar>(
    a: MatRef<'_, T>,
    exponent: i32,
    s: &mut [T::R],
    mut u: Option<MatMut<'_, T>>,
    mut vh: Option<MatMut<'_, T>>,
    par: Par,
) -> Result<()> {
    let (m, n) = a.shape();
    let width = u.as_ref().map_or(n, |u| u.ncols());
    let req = StackReq::all_of(&[
        matrix_req::<T>(m, n),
        matrix_req::<T>(n, n).array(2),
        matrix_req::<T::R>(n, n).array(2),
        matrix_req::<T>(m, width),
        reduce_req::<T>(m, n, par),
    ]);
    with_workspace(req, |stack| {
        let (mut work, stack) = matrix::<T>(m, n, stack);
        let (right, stack) = matrix::<T>(n, n, stack);
        let (mut own_v, stack) = matrix::<T>(n, n, stack);
        let (q, stack) = matrix::<T::R>(n, n, stack);
        let (p, stack) = matrix::<T::R>(n, n, stack);
        let (mut own_u, stack) = matrix::<T>(m, width, stack);
        copy_scaled(work.as_mut(), a, -exponent, par);
        let mut off = vec![T::R::ZERO; n - 1];
        let reduced = reduce(work, s, &mut off, right, par, stack);
        let u_in_place = u.as_ref().is_some_and(|u| u.row_stride() == 1);
        let v_in_place = vh.as_ref().is_some_and(|v| v.col_stride() == 1);
        let mut target_u = u.as_mut().filter(|_| u_in_place).map_or(own_u.as_mut(), MatMut::as_mut);
        let mut target_v = vh.as_mut().filter(|_| v_in_place).map_or(own_v.as_mut(), |vh| vh.as_mut().transpose_mut());
        target_u.fill(T::ZERO);
        target_u.as_mut().diagonal_mut().fill(T::ONE);
        let inner = target_u.as_mut().submatrix_mut(0, 0, n, n);
        divide::bidiagonal(s, &off, [q, p], [&reduced.phases_left, &reduced.phases_right], [inner, target_v.as_mut()], par)?;
        apply(reduced.left, reduced.factors_left, target_u, par)?;
        apply(reduced.right, reduced.factors_right, target_v.subrows_mut(1, n - 1), par)?;
        write_back(u.filter(|_| !u_in_place), own_u.as_ref(), vh, (!v_in_place).then(|| own_v.as_ref()), par);
        if s.iter().all(|x| x.finite()) { Ok(()) } else { Err(Error::NoConvergence) }
    })?
}

/// A bidiagonal form: what multiplies the rows of its vectors, and the reflections after that.
struct Reduced<'a, T> {
    left: MatRef<'a, T>,
    factors_left: MatRef<'a, T>,
    phases_left: Vec<T>,
    right: MatRef<'a, T>,
    factors_right: MatRef<'a, T>,
    phases_right: Vec<T>,
}

fn reduce_req<T: Scalar>(m: usize, n: usize, par: Par) -> StackReq {
    let block = recommended_block_size::<T>(m, n);
    let reduction = bidiagonalise_req::<T>(m, n, par).or(bidiag_in_place_scratch::<T>(m, n, par, params::<T>().bidiag.into()));
    StackReq::all_of(&[matrix_req::<T>(block, n).array(2), matrix_req::<T>(n, 1).array(2), reduction])
}

/// The real bidiagonal form of `a`, with diagonal `d` and superdiagonal `e`; `right` is `n x n`.
fn reduce<'a, T: Scalar>(
    mut a: MatMut<'a, T>,
    d: &mut [T::R],
    e: &mut [T::R],
    mut right: MatMut<'a, T>,
    par: Par,
    stack: &'a mut MemStack,
) -> Reduced<'a, T> {
    let (m, n) = a.shape();
    let block = recommended_block_size::<T>(m, n);
    let (mut factors_left, stack) = matrix::<T>(block, n, stack);
    let (mut factors_right, stack) = matrix::<T>(block, n - 1, stack);
    let (mut phases_left, mut phases_right) = (vec![T::ONE; n], vec![T::ONE; n]);
    if let Some(kernels) = T::kernels() {
        let (tau_left, stack) = numbers::<T>(n, stack);
        let (tau_right, stack) = numbers::<T>(n - 1, stack);
        let reflections = Reflections { right: right.as_mut(), tau_left: &mut *tau_left, tau_right: &mut *tau_right };
        bidiagonalise(a.as_mut(), d, e, Some(reflections), kernels, par, stack);
        block_factors(a.as_ref(), tau_left, factors_left.as_mut(), kernels, par);
        block_factors(right.as_ref().submatrix(1, 0, n - 1, n - 1), tau_right, factors_right.as_mut(), kernels, par);
    } else {
        in_pool(par, || bidiag_in_place(a.as_mut(), factors_left.as_mut(), factors_right.as_mut(), par, stack, params::<T>().bidiag.into()));
        for i in 0..n {
            (d[i], phases_left[i]) = polar(a[(i, i)] * phases_right[i]);
            if i + 1 < n {
                let phase;
                (e[i], phase) = polar(phases_left[i].conjugate() * a[(i, i + 1)]);
                phases_right[i + 1] = phase.conjugate();
            }
        }
        // faer keeps the conjugates of the reflections from the right in rows.
        for i in 0..n {
            (i + 1..n).for_each(|j| right[(j, i)] = a[(i, j)].conjugate());
        }
        conjugate_in_place(factors_right.as_mut());
    }
    Reduced {
        left: a.into_const(),
        factors_left: factors_left.into_const(),
        phases_left,
        right: right.into_const().submatrix(1, 0, n - 1, n - 1),
        factors_right: factors_right.into_const(),
        phases_right,
    }
}

/// By the QR factorisation `a = q r` and the decomposition of `r`.
fn decompose_tall<T: Scalar>(
    a: MatRef<'_, T>,
    exponent: i32,
    s: &mut [T::R],
    u: Option<MatMut<'_, T>>,
    vh: Option<MatMut<'_, T>>,
    par: Par,
) -> Result<()> {
    let (m, n) = a.shape();
    let width = u.as_ref().map_or(0, |u| u.ncols());
    let block = block_size(m, n);
    let req = StackReq::all_of(&[matrix_req::<T>(m, n), matrix_req::<T>(block, n), matrix_req::<T>(n, n).array(2), matrix_req::<T>(m, width)]);
    with_workspace(req, |stack| {
        let (mut q, stack) = matrix::<T>(m, n, stack);
        let (mut coefficients, stack) = matrix::<T>(block, n, stack);
        let (mut r, stack) = matrix::<T>(n, n, stack);
        let (mut left, stack) = matrix::<T>(n, n, stack);
        let (mut own_u, _) = matrix::<T>(m, width, stack);
        copy_scaled(q.as_mut(), a, -exponent, par);
        factor_in_place(q.as_mut(), coefficients.as_mut(), par)?;
        r.copy_from_triangular_upper(q.as_ref().subrows(0, n));
        zero_strict_upper(r.as_mut().transpose_mut());
        decompose(r.as_ref(), 0, s, u.is_some().then(|| left.as_mut()), vh, par)?;
        let Some(mut u) = u else { return Ok(()) };
        let in_place = u.row_stride() == 1;
        let mut target = if in_place { u.as_mut() } else { own_u.as_mut() };
        target.fill(T::ZERO);
        target.as_mut().diagonal_mut().fill(T::ONE);
        target.as_mut().submatrix_mut(0, 0, n, n).copy_from(left.as_ref());
        apply(q.as_ref(), coefficients.as_ref(), target, par)?;
        if !in_place {
            copy_into(u, own_u.as_ref(), par);
        }
        Ok(())
    })?
}

/// Whether the triangular factor is worth its own factorisation.
fn is_tall(m: usize, n: usize) -> bool {
    2 * m > 3 * n
}

fn run<T: Scalar>(
    a: MatRef<'_, T>,
    mut sigma: MatMut<'_, T>,
    u: Option<MatMut<'_, T>>,
    v: Option<MatMut<'_, T>>,
    par: Par,
    stack: &mut MemStack,
    params: Spec<SvdParams, T>,
) -> Result<()> {
    let diagonal: DiagMut<'_, T> = sigma.as_mut().col_mut(0).as_diagonal_mut();
    in_pool(par, || faer_svd(a, diagonal, u, v, par, stack, params)).map_err(|_| Error::NoConvergence)
}

/// Makes singular values that rounding left negative or out of order non-negative and descending, with their vectors.
fn sort_descending<'a, T: Scalar>(mut sigma: MatMut<'_, T>, mut u: Option<MatMut<'a, T>>, mut v: Option<MatMut<'a, T>>) -> Result<()> {
    let k = sigma.nrows();
    for j in 0..k {
        let x = sigma[(j, 0)];
        if !x.finite() {
            return Err(Error::NoConvergence);
        }
        if x.re() < T::R::ZERO {
            sigma[(j, 0)] = -x;
            if let Some(u) = &mut u {
                u.as_mut().col_mut(j).iter_mut().for_each(|e| *e = -*e);
            } else if let Some(v) = &mut v {
                v.as_mut().col_mut(j).iter_mut().for_each(|e| *e = -*e);
            }
        }
    }
    // Insertion: what is out of order is so by rounding alone.
    for j in 1..k {
        let mut i = j;
        while i > 0 && sigma[(i - 1, 0)].re() < sigma[(i, 0)].re() {
            let x = sigma[(i, 0)];
            sigma[(i, 0)] = sigma[(i - 1, 0)];
            sigma[(i - 1, 0)] = x;
            for q in [&mut u, &mut v].into_iter().flatten() {
                for r in 0..q.nrows() {
                    let x = q[(r, i)];
                    q[(r, i)] = q[(r, i - 1)];
                    q[(r, i - 1)] = x;
                }
            }
            i -= 1;
        }
    }
    Ok(())
}

fn params<T: Scalar>() -> Spec<SvdParams, T> {
    let mut params = <SvdParams as Auto<T>>::auto();
    params.bidiag.par_threshold = 512 * 512;
    Spec::new(params)
}

/// Singular values only; a tall matrix is reduced to its triangular factor first.
fn values<T: Scalar>(a: MatRef<'_, T>, exponent: i32, s: &mut [T::R], par: Par) -> Result<()> {
    let (m, n) = a.shape();
    let tall = is_tall(m, n);
    let rows = if tall { n } else { m };
    let req = StackReq::all_of(&[matrix_req::<T>(m, n), matrix_req::<T>(n, n), reduce_req::<T>(rows, n, par)]);
    with_workspace(req, |stack| {
        let (mut work, stack) = matrix::<T>(m, n, stack);
        copy_scaled(work.as_mut(), a, -exponent, par);
        if tall {
            r_in_place(work.as_mut(), par)?;
        }
        let square = work.subrows_mut(0, rows);
        let mut off = vec![T::R::ZERO; n - 1];
        if let Some(kernels) = T::kernels() {
            bidiagonalise(square, s, &mut off, None, kernels, par, stack);
        } else {
            let (right, stack) = matrix::<T>(n, n, stack);
            reduce(square, s, &mut off, right, par, stack);
        }
        singular_values(s, &mut off)
    })?
}
