//! Eigenvalues and eigenvectors of general square matrices.

use super::functions::Eigen;
use super::lu::Lu;
use super::qr::par_for_factor;
use super::workspace::{copy_scaled, exponent_of, matrix, matrix_req, max_magnitude, with_workspace, zero_matrix};
use super::{Error, RealScalar, Result, Scalar};
use faer::dyn_stack::{MemStack, StackReq};
use faer::linalg::evd::{ComputeEigenvectors, EvdError, EvdParams, evd_cplx, evd_real, evd_scratch};
use faer::{Accum, Auto, Mat, MatMut, MatRef, Par, Spec};
use num_complex::Complex;

/// [`super::eig`].
pub(super) fn eig<T: General>(a: MatRef<'_, T>, w: &mut [T::C], v: MatMut<'_, T::C>, par: Par) -> Result<()> {
    assert_eq!(v.shape(), (w.len(), w.len()), "shape of the eigenvectors");
    decompose(a, w, Some(v), par)
}

/// [`super::eigvals`].
pub(super) fn eigvals<T: General>(a: MatRef<'_, T>, w: &mut [T::C], par: Par) -> Result<()> {
    decompose(a, w, None, par)
}

fn decompose<T: General>(a: MatRef<'_, T>, w: &mut [T::C], v: Option<MatMut<'_, T::C>>, par: Par) -> Result<()> {
    let n = a.nrows();
    assert!(a.ncols() == n && w.len() == n, "eig: a square matrix and as many eigenvalues");
    let exponent = exponent_of(max_magnitude(a, par)?);
    if n == 0 {
        return Ok(());
    }
    if n == 1 {
        w[0] = T::C::from_parts(a[(0, 0)].re(), a[(0, 0)].im());
        if let Some(mut v) = v {
            v[(0, 0)] = T::C::ONE;
        }
        return Ok(());
    }
    let par = par_for_factor(par, n, n);
    let vectors = if v.is_some() { ComputeEigenvectors::Yes } else { ComputeEigenvectors::No };
    let width = if v.is_some() { n } else { 0 };
    let params = Spec::new(<EvdParams as Auto<T>>::auto());
    let req = StackReq::all_of(&[
        matrix_req::<T>(n, n),
        matrix_req::<T>(n, 2),
        matrix_req::<T>(n, width),
        evd_scratch::<T>(n, ComputeEigenvectors::No, vectors, par, params),
    ]);
    with_workspace(req, |stack| {
        let (mut work, stack) = matrix::<T>(n, n, stack);
        let (lambda, stack) = matrix::<T>(n, 2, stack);
        let (mut packed, stack) = matrix::<T>(n, width, stack);
        copy_scaled(work.as_mut(), a, -exponent, par);
        let target = v.is_some().then_some(packed.as_mut());
        T::evd(work.as_ref(), lambda, target, w, par, stack, params).map_err(|_| Error::NoConvergence)?;
        if w.iter().any(|x| !x.finite()) {
            return Err(Error::NoConvergence);
        }
        if let Some(mut v) = v {
            let mut image = zero_matrix::<T>(n, n)?;
            super::matmul::matmul(image.as_mut(), Accum::Replace, T::ONE, work.as_ref(), packed.as_ref(), par);
            let mut av = zero_matrix::<T::C>(n, n)?;
            T::unpack(image.as_ref(), w, av.as_mut());
            T::unpack(packed.as_ref(), w, v.as_mut());
            repair(work.as_ref(), w, v.as_mut(), av.as_ref())?;
            (0..n).try_for_each(|j| normalise(v.as_mut(), j))?;
        }
        for x in w.iter_mut() {
            *x = T::C::from_parts(x.re().ldexp(exponent), x.im().ldexp(exponent));
        }
        Ok(())
    })?
}

/// Improves the columns of `v` that are no eigenvectors by inverse iteration; `av` is `a v`, and the norm of `a` near 1.
///
/// faer substitutes back through the 2 x 2 blocks of a real Schur form with determinants that it holds for zero below
/// `eps |a|`, a bound for elements: vectors of eigenvalues nearer to each other than the root of `eps` come out with a residual
/// of that size.
fn repair<T: Scalar>(a: MatRef<'_, T>, w: &[T::C], mut v: MatMut<'_, T::C>, av: MatRef<'_, T::C>) -> Result<()> {
    let n = a.nrows();
    let size = norm((0..n).flat_map(|j| (0..n).map(move |i| (i, j))).map(|at| T::C::from_parts(a[at].re(), a[at].im())));
    let limit = T::R::from_f64(4.0 * n as f64) * T::R::EPS * size;
    for j in 0..n {
        let residual = norm((0..n).map(|i| av[(i, j)] - w[j] * v[(i, j)]));
        if residual <= limit * norm((0..n).map(|i| v[(i, j)])) {
            continue;
        }
        // A pivot may be zero where the eigenvalue is exact; a shift within its error moves it.
        for shift in [T::R::ZERO, T::R::EPS * size] {
            let shifted = Mat::<T::C>::from_fn(n, n, |i, k| {
                let x = T::C::from_parts(a[(i, k)].re(), a[(i, k)].im());
                if i == k { x - w[j] - T::C::from_re(shift) } else { x }
            });
            let lu = Lu::new(shifted.as_ref(), Par::Seq)?;
            let mut x = v.as_ref().subcols(j, 1).to_owned();
            let solved = (0..2).all(|_| lu.solve(x.as_mut(), Par::Seq).is_ok() && normalise(x.as_mut(), 0).is_ok());
            if solved {
                v.as_mut().subcols_mut(j, 1).copy_from(&x);
                break;
            }
        }
    }
    Ok(())
}

fn norm<C: Scalar>(values: impl Iterator<Item = C>) -> C::R {
    values.map(|z| z.re() * z.re() + z.im() * z.im()).fold(C::R::ZERO, |sum, x| sum + x).root()
}

/// Scales column `j` to 2-norm 1, by its largest part first.
fn normalise<C: Scalar>(mut v: MatMut<'_, C>, j: usize) -> Result<()> {
    let n = v.nrows();
    let max = (0..n).map(|i| v[(i, j)].max_part()).fold(C::R::ZERO, |a, b| if b > a { b } else { a });
    if !max.finite() || max == C::R::ZERO {
        return Err(Error::NoConvergence);
    }
    let mut sum = C::R::ZERO;
    for i in 0..n {
        let x = v[(i, j)];
        let x = C::from_parts(x.re() / max, x.im() / max);
        sum += x.re() * x.re() + x.im() * x.im();
        v[(i, j)] = x;
    }
    let by = C::R::ONE / sum.root();
    for i in 0..n {
        v[(i, j)] = v[(i, j)].scale(by);
    }
    Ok(())
}

/// An element with eigenvalues of general matrices: every [`Scalar`].
pub trait General: Scalar + sealed::Parts<Self::C> {
    #[doc(hidden)]
    fn eigen() -> &'static Eigen<Self>;
}

mod sealed {
    use super::*;

    /// The parts of the general eigenproblem in which real and complex matrices differ.
    pub trait Parts<C>: Sized {
        /// Writes the eigenvalues, and the eigenvectors in a form that only [`Parts::unpack`] reads.
        fn evd(
            a: MatRef<'_, Self>,
            lambda: MatMut<'_, Self>,
            v: Option<MatMut<'_, Self>>,
            w: &mut [C],
            par: Par,
            stack: &mut MemStack,
            params: Spec<EvdParams, Self>,
        ) -> std::result::Result<(), EvdError>
        where
            Self: faer::traits::ComplexField;
        fn unpack(packed: MatRef<'_, Self>, w: &[C], v: MatMut<'_, C>);
    }
}

macro_rules! general {
    ($t:ty) => {
        impl sealed::Parts<Complex<$t>> for $t {
            fn evd(
                a: MatRef<'_, Self>,
                lambda: MatMut<'_, Self>,
                v: Option<MatMut<'_, Self>>,
                w: &mut [Complex<$t>],
                par: Par,
                stack: &mut MemStack,
                params: Spec<EvdParams, Self>,
            ) -> std::result::Result<(), EvdError> {
                let (re, im) = lambda.split_at_col_mut(1);
                let (mut re, mut im) = (re.col_mut(0), im.col_mut(0));
                let (dre, dim) = (re.as_mut().as_diagonal_mut(), im.as_mut().as_diagonal_mut());
                evd_real(a, dre, dim, None, v, par, stack, params)?;
                for (i, x) in w.iter_mut().enumerate() {
                    *x = Complex::new(re[i], im[i]);
                }
                Ok(())
            }
            fn unpack(packed: MatRef<'_, Self>, w: &[Complex<$t>], mut v: MatMut<'_, Complex<$t>>) {
                // A pair has the real part of its vectors in one column and the imaginary part in the next.
                let n = packed.nrows();
                let mut j = 0;
                while j < n {
                    let pair = w[j].im != 0.0 && j + 1 < n;
                    for i in 0..n {
                        let (re, im) = (packed[(i, j)], if pair { packed[(i, j + 1)] } else { 0.0 });
                        v[(i, j)] = Complex::new(re, im);
                        if pair {
                            v[(i, j + 1)] = Complex::new(re, -im);
                        }
                    }
                    j += if pair { 2 } else { 1 };
                }
            }
        }
        impl General for $t {
            fn eigen() -> &'static Eigen<Self> {
                static TABLE: Eigen<$t> = Eigen::HERE;
                &TABLE
            }
        }
        impl General for Complex<$t> {
            fn eigen() -> &'static Eigen<Self> {
                static TABLE: Eigen<Complex<$t>> = Eigen::HERE;
                &TABLE
            }
        }
        impl sealed::Parts<Complex<$t>> for Complex<$t> {
            fn evd(
                a: MatRef<'_, Self>,
                lambda: MatMut<'_, Self>,
                v: Option<MatMut<'_, Self>>,
                w: &mut [Complex<$t>],
                par: Par,
                stack: &mut MemStack,
                params: Spec<EvdParams, Self>,
            ) -> std::result::Result<(), EvdError> {
                let mut lambda = lambda.col_mut(0);
                evd_cplx(a, lambda.as_mut().as_diagonal_mut(), None, v, par, stack, params)?;
                for (i, x) in w.iter_mut().enumerate() {
                    *x = lambda[i];
                }
                Ok(())
            }
            fn unpack(packed: MatRef<'_, Self>, _: &[Complex<$t>], mut v: MatMut<'_, Complex<$t>>) {
                v.copy_from(packed);
            }
        }
    };
}
general!(f64);
general!(f32);
