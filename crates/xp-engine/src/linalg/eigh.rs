//! Eigenvalues and eigenvectors of Hermitian matrices.

use super::householder::apply;
use super::qr::par_for_factor;
use super::workspace::{copy_into, in_pool, matrix, matrix_req, numbers, polar, scale_exponent, with_workspace};
use super::{RealScalar, Result, Scalar};
use super::{divide, ql, tiny, tridiagonal};
use faer::dyn_stack::{MemStack, StackReq};
use faer::linalg::evd::tridiag::{TridiagParams, tridiag_in_place, tridiag_in_place_scratch};
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
    if tiny::is_tiny::<T>(n) {
        return ql::eigh(a, w, v);
    }
    let par = par_for_factor(par, n, n);
    let v_in_place = v.as_ref().is_some_and(|v| v.row_stride() == 1);
    let own = if v.is_some() && !v_in_place { n } else { 0 };
    let inner = if v.is_some() && !by_iteration::<T>(n) { n } else { 0 };
    let block = recommended_block_size::<T>(n, n);
    let req = StackReq::all_of(&[
        matrix_req::<T>(n, n),
        matrix_req::<T>(block, n - 1),
        matrix_req::<T>(n, own),
        matrix_req::<T::R>(n, inner),
        reduce_req::<T>(n, par),
    ]);
    with_workspace(req, |stack| {
        let (mut work, stack) = matrix::<T>(n, n, stack);
        let (mut factors, stack) = matrix::<T>(block, n - 1, stack);
        let (mut own, stack) = matrix::<T>(n, own, stack);
        let (inner, stack) = matrix::<T::R>(n, inner, stack);
        copy_into(work.as_mut(), a, par);
        hermitian_from_lower(work.as_mut());
        let exponent = scale_exponent(work.as_ref(), par)?;
        if exponent != 0 {
            scale_in_place(work.as_mut(), -exponent);
        }
        let mut off = vec![T::R::ZERO; n - 1];
        let phases = reduce(work.as_mut(), w, &mut off, factors.as_mut(), v.is_some(), par, stack);
        if let Some(mut v) = v {
            let target = if v_in_place { v.as_mut() } else { own.as_mut() };
            vectors(w, off, &phases, (work.as_ref().submatrix(1, 0, n - 1, n - 1), factors.as_ref()), inner, target, par)?;
            if !v_in_place {
                copy_into(v, own.as_ref(), par);
            }
        } else {
            tridiagonal::eigenvalues(w, &mut off)?;
        }
        w.iter_mut().for_each(|x| *x = x.ldexp(exponent));
        Ok(())
    })?
}

/// From this size on, real matrices go by the reduction of this crate.
const OWN_FROM: usize = 3;

/// Whether the iteration rotates the product of the reflections, and not the vectors of the tridiagonal matrix.
fn by_iteration<T: Scalar>(n: usize) -> bool {
    T::kernels().is_some() && (OWN_FROM..divide::UNCUT).contains(&n)
}

fn reduce_req<T: Scalar>(n: usize, par: Par) -> StackReq {
    let own = StackReq::all_of(&[matrix_req::<T>(n, 1).array(2), matrix_req::<T>(n, tridiagonal::BLOCK), matrix_req::<T>(n, threads(par))]);
    own.or(tridiag_in_place_scratch::<T>(n, par, params::<T>()))
}

fn threads(par: Par) -> usize {
    match par {
        Par::Seq => 1,
        Par::Rayon(threads) => threads.get(),
    }
}

/// Reduces the lower triangle of `a` to a real tridiagonal matrix with diagonal `d` and off-diagonal `e`. What multiplies the
/// rows of its vectors, which are those of `a` after the reflections that `a` keeps below the diagonal. If `vectors`, these get
/// their block triangular `factors`.
fn reduce<T: Scalar>(
    mut a: MatMut<'_, T>,
    d: &mut [T::R],
    e: &mut [T::R],
    factors: MatMut<'_, T>,
    vectors: bool,
    par: Par,
    stack: &mut MemStack,
) -> Vec<T> {
    let n = a.nrows();
    let mut phases = vec![T::ONE; n];
    match T::kernels() {
        Some(kernels) if n >= OWN_FROM => {
            let (off, stack) = numbers::<T>(n - 1, stack);
            let (tau, stack) = numbers::<T>(n - 1, stack);
            let (w, stack) = matrix::<T>(n, tridiagonal::BLOCK, stack);
            let (y, _) = matrix::<T>(n, threads(par), stack);
            tridiagonal::tridiagonalise(a.as_mut(), off, tau, w, y, kernels, par);
            e.iter_mut().zip(off).for_each(|(e, off)| *e = off.re());
            if vectors {
                tridiagonal::block_factors(a.as_ref().submatrix(1, 0, n - 1, n - 1), tau, factors, kernels, par);
            }
        }
        _ => {
            in_pool(par, || tridiag_in_place(a.as_mut(), factors, par, stack, params()));
            for i in 1..n {
                (e[i - 1], phases[i]) = polar(a[(i, i - 1)] * phases[i - 1]);
            }
        }
    }
    d.iter_mut().enumerate().for_each(|(i, x)| *x = a[(i, i)].re());
    phases
}

/// Eigenvalues and eigenvectors from what [`reduce`] gives; `d` becomes the eigenvalues. `inner` is a workspace.
fn vectors<T: Scalar>(
    d: &mut [T::R],
    mut e: Vec<T::R>,
    phases: &[T],
    (reflections, factors): (MatRef<'_, T>, MatRef<'_, T>),
    inner: MatMut<'_, T::R>,
    mut v: MatMut<'_, T>,
    par: Par,
) -> Result<()> {
    let n = d.len();
    if by_iteration::<T>(n) {
        e.push(T::R::ZERO);
        v.fill(T::ZERO);
        v.as_mut().diagonal_mut().fill(T::ONE);
        apply(reflections, factors, v.as_mut().subrows_mut(1, n - 1), par)?;
        return tridiagonal::eigenvectors(d, &mut e, v);
    }
    divide::tridiagonal(d, &e, inner, phases, v.as_mut(), par)?;
    apply(reflections, factors, v.subrows_mut(1, n - 1), par)
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

fn params<T: Scalar>() -> Spec<TridiagParams, T> {
    Spec::new(<TridiagParams as Auto<T>>::auto())
}
