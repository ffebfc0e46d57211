//! Eigenvalues and eigenvectors of Hermitian matrices.

use super::householder::apply;
use super::qr::par_for_factor;
use super::simd::Kernels;
use super::workspace::{copy_into, matrix, matrix_req, scale_exponent, with_workspace};
use super::{Error, RealScalar, Result, Scalar};
use super::{divide, tridiagonal};
use faer::diag::DiagMut;
use faer::dyn_stack::{MemStack, StackReq};
use faer::linalg::evd::{ComputeEigenvectors, SelfAdjointEvdParams, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::qr::no_pivoting::factor::recommended_block_size;
use faer::{Auto, MatMut, MatRef, Par, Spec};

/// [`super::eigh`].
pub(super) fn eigh<T: Scalar>(a: MatRef<'_, T>, w: &mut [T::R], v: MatMut<'_, T>, par: Par) -> Result<()> {
    assert_eq!(v.shape(), (w.len(), w.len()), "shape of the eigenvectors");
    decompose(a, w, Some(v), par)
}

/// [`super::eigvalsh`].
pub(super) fn eigvalsh<T: Scalar>(a: MatRef<'_, T>, w: &mut [T::R], par: Par) -> Result<()> {
    decompose(a, w, None, par)
}

fn decompose<T: Scalar>(a: MatRef<'_, T>, w: &mut [T::R], v: Option<MatMut<'_, T>>, par: Par) -> Result<()> {
    let n = a.nrows();
    assert!(a.ncols() == n && w.len() == n, "eigh: a square matrix and as many eigenvalues");
    if n == 0 {
        return Ok(());
    }
    let par = par_for_factor(par, n, n);
    let params = params::<T>();
    let v_in_place = v.as_ref().is_some_and(|v| v.row_stride() == 1);
    let own = if v.is_some() && !v_in_place { n } else { 0 };
    let compute = if v.is_some() { ComputeEigenvectors::Yes } else { ComputeEigenvectors::No };
    let req = StackReq::all_of(&[
        matrix_req::<T>(n, n),
        matrix_req::<T>(n, 1),
        matrix_req::<T>(n, own),
        self_adjoint_evd_scratch::<T>(n, compute, par, params).or(by_blocks_req::<T>(n, v.is_some(), par)),
    ]);
    with_workspace(req, |stack| {
        let (mut work, stack) = matrix::<T>(n, n, stack);
        let (mut lambda, stack) = matrix::<T>(n, 1, stack);
        let (mut own, stack) = matrix::<T>(n, own, stack);
        copy_into(work.as_mut(), a, par);
        hermitian_from_lower(work.as_mut());
        let exponent = scale_exponent(work.as_ref(), par)?;
        if exponent != 0 {
            scale_in_place(work.as_mut(), -exponent);
        }
        let mut v = v;
        let target = v.as_mut().map(|v| if v_in_place { v.as_mut() } else { own.as_mut() });
        let diagonal = lambda.as_mut().col_mut(0).as_diagonal_mut();
        match (T::kernels(), T::R::kernels()) {
            (Some(kernels), Some(real)) if n >= OWN_FROM => by_blocks(work.as_mut(), diagonal, target, kernels, real, par, stack)?,
            _ => self_adjoint_evd(work.as_ref(), diagonal, target, par, stack, params).map_err(|_| Error::NoConvergence)?,
        }
        if let (Some(v), false) = (v, v_in_place) {
            copy_into(v, own.as_ref(), par);
        }
        for (i, x) in w.iter_mut().enumerate() {
            *x = lambda[(i, 0)].re().ldexp(exponent);
        }
        Ok(())
    })?
}

/// From this size on, real matrices go by the reduction of this crate.
const OWN_FROM: usize = 3;
/// From this size on, divide and conquer is faster than the iteration.
const DIVIDE_FROM: usize = 96;

fn by_blocks_req<T: Scalar>(n: usize, vectors: bool, par: Par) -> StackReq {
    let stage = StackReq::all_of(&[matrix_req::<T>(n, tridiagonal::BLOCK), matrix_req::<T>(n, threads(par))]);
    let vectors = if vectors {
        let block = recommended_block_size::<T>(n, n);
        matrix_req::<T>(block, n).and(matrix_req::<T::R>(n, if n < DIVIDE_FROM { 0 } else { n }))
    } else {
        StackReq::EMPTY
    };
    StackReq::all_of(&[matrix_req::<T>(n, 1).array(3), matrix_req::<T::R>(n, 1).array(2), stage, vectors])
}

fn threads(par: Par) -> usize {
    match par {
        Par::Seq => 1,
        Par::Rayon(threads) => threads.get(),
    }
}

/// The decomposition of a real matrix: blocked reduction to tridiagonal form, then an iteration for values alone and for
/// the vectors of small matrices, or divide and conquer for vectors. `a` is destroyed.
fn by_blocks<T: Scalar>(
    mut a: MatMut<'_, T>,
    mut lambda: DiagMut<'_, T>,
    v: Option<MatMut<'_, T>>,
    kernels: &'static Kernels<T>,
    real: &'static Kernels<T::R>,
    par: Par,
    stack: &mut MemStack,
) -> Result<()> {
    let n = a.nrows();
    let (diagonal, stack) = matrix::<T>(n, 1, stack);
    let (off, stack) = matrix::<T>(n - 1, 1, stack);
    let (tau, stack) = matrix::<T>(n - 1, 1, stack);
    let slice = |m| MatMut::col_mut(m, 0).try_as_col_major_mut().expect("unit stride").as_slice_mut();
    let (diagonal, off, tau) = (slice(diagonal), slice(off), slice(tau));
    {
        let (w, stack) = matrix::<T>(n, tridiagonal::BLOCK, stack);
        let (y, _) = matrix::<T>(n, threads(par), stack);
        tridiagonal::tridiagonalise(a.as_mut(), off, tau, w, y, kernels, par);
    }
    for (i, x) in diagonal.iter_mut().enumerate() {
        *x = a[(i, i)];
    }
    let Some(mut v) = v else {
        let mut d: Vec<T::R> = diagonal.iter().map(|x| x.re()).collect();
        let mut e: Vec<T::R> = off.iter().map(|x| x.re()).collect();
        tridiagonal::eigenvalues(&mut d, &mut e)?;
        for (i, x) in d.into_iter().enumerate() {
            lambda[i] = T::from_re(x);
        }
        return Ok(());
    };
    let block = recommended_block_size::<T>(n, n);
    let (mut factors, stack) = matrix::<T>(block, n - 1, stack);
    let reflections = a.as_ref().submatrix(1, 0, n - 1, n - 1);
    tridiagonal::block_factors(reflections, tau, factors.as_mut(), kernels, par);
    let mut d: Vec<T::R> = diagonal.iter().map(|x| x.re()).collect();
    let mut e: Vec<T::R> = off.iter().map(|x| x.re()).collect();
    if n < DIVIDE_FROM {
        e.push(T::R::ZERO);
        v.fill(T::ZERO);
        v.as_mut().diagonal_mut().fill(T::ONE);
        apply(reflections, factors.as_ref(), v.as_mut().subrows_mut(1, n - 1), par)?;
        tridiagonal::eigenvectors(&mut d, &mut e, v, kernels)?;
    } else {
        let (q, _) = matrix::<T::R>(n, n, stack);
        divide::tridiagonal(&mut d, &e, q, v.as_mut(), real, par)?;
        apply(reflections, factors.as_ref(), v.subrows_mut(1, n - 1), par)?;
    }
    d.into_iter().enumerate().for_each(|(i, x)| lambda[i] = T::from_re(x));
    Ok(())
}

/// Zeroes the strict upper triangle, which is not part of the input, and the imaginary parts of the diagonal.
fn hermitian_from_lower<T: Scalar>(mut a: MatMut<'_, T>) {
    super::workspace::zero_strict_upper(a.as_mut());
    for i in 0..a.nrows() {
        a[(i, i)] = T::from_re(a[(i, i)].re());
    }
}

fn scale_in_place<T: Scalar>(mut a: MatMut<'_, T>, exponent: i32) {
    for j in 0..a.ncols() {
        for i in 0..a.nrows() {
            let x = a[(i, j)];
            a[(i, j)] = T::from_parts(x.re().ldexp(exponent), x.im().ldexp(exponent));
        }
    }
}

fn params<T: Scalar>() -> Spec<SelfAdjointEvdParams, T> {
    Spec::new(<SelfAdjointEvdParams as Auto<T>>::auto())
}
