//! Singular values and right singular vectors of a lazy matrix with many rows, which is never stored.
//!
//! The models need `S` and `Vh` of a tall matrix, never `U`. There are three routes, and an error bound chooses:
//!
//! 1. The eigenvalues of the Gram matrix `E^T E`, one pass at the speed of a matrix product. The squares `s_i^2` come out
//!    with an error of about `eps * s_max^2`, so `s_i` has the relative error `eps * (s_max / s_i)^2 / 2`. The caller
//!    says which squares it keeps; the route is taken when the spectrum it finds certifies them (see [`Spectrum`]).
//! 2. Otherwise the triangular factor `R` of `E`, from orthogonal transformations of blocks of rows, and the singular value
//!    decomposition of `R`: backward stable, as that of `E` is. Column scaling commutes with it.
//! 3. A matrix with fewer rows than columns is small: it is evaluated and decomposed.

use xp_core::functions::{concat, zeros};
use xp_core::linalg::{Thin, eigh, qr_r, svd};
use xp_core::{Array, Expr, Float, Ix1, Ix2, KeepDims, Lazy, Linalg};

use crate::Result;

/// How far squares of singular values may lie below the largest one on the Gram route: a relative error of `LIMIT * eps`.
const LIMIT: f64 = 256.0;

/// `S`, in descending order, and `Vh`.
pub(crate) struct TallSvd<B: Linalg<T>, T: Float> {
    pub s: Vec<f64>,
    pub vt: Array<B, T, Ix2>,
    /// The factors the columns were multiplied by.
    pub factors: Array<B, T, Ix1>,
}

/// The squares of the singular values as the Gram matrix has them, in descending order, and what their errors allow.
pub(crate) struct Spectrum<'a> {
    /// The squares, not below zero.
    pub squares: &'a [f64],
    eps: f64,
}

impl Spectrum<'_> {
    /// Whether `square`, such as the smallest that is kept, has a small relative error.
    pub fn is_accurate(&self, square: f64) -> bool {
        let largest = self.squares.first().copied().unwrap_or(0.0);
        largest <= LIMIT * square
    }

    /// Whether the whole spectrum, shifted by `shift`, has a small relative error.
    pub fn is_accurate_above(&self, shift: f64) -> bool {
        match self.squares {
            [largest, .., smallest] => largest + shift <= LIMIT * (smallest + shift),
            _ => true,
        }
    }

    /// Whether it is certain that the squares above `threshold` are those that are found to be.
    pub fn separates(&self, threshold: f64) -> bool {
        let largest = self.squares.first().copied().unwrap_or(0.0);
        let error = LIMIT * self.eps * largest;
        self.squares.iter().all(|s| (s - threshold).abs() > error)
    }
}

/// Decomposes `E diag(factors(c))`, where `c` are the sums of squares of the columns of `E`.
///
/// `certified` says whether what the caller takes from the result is accurate enough on the Gram route.
pub(crate) fn tall_svd<B, T, E>(
    e: &Lazy<E>,
    factors: impl Fn(&Array<B, T, Ix1>) -> Result<Array<B, T, Ix1>>,
    certified: impl Fn(&Spectrum<'_>) -> bool,
) -> Result<TallSvd<B, T>>
where
    B: Linalg<T>,
    T: Float,
    E: Expr<Backend = B, Elem = T, Dim = Ix2> + Clone,
{
    let [n, p] = e.expr().shape()?;
    if n < p {
        let matrix = e.clone().try_eval()?;
        let factors = factors(&matrix.lazy().square().sum(0).try_eval()?)?;
        let (_, s, vt) = svd(&(matrix * &factors), Thin)?;
        return Ok(TallSvd { s: host(&s)?, vt, factors });
    }
    let gram = B::gram(e)?;
    let factors = factors(&gram.diagonal(0)?)?;
    let scaled = (gram.lazy() * &factors * &factors.expand_dims(1)?).try_eval()?;
    if let Some((s, vt)) = gram_svd(&scaled, &certified)? {
        return Ok(TallSvd { s, vt, factors });
    }
    let r = B::tall_r(e)? * &factors;
    let (_, s, vt) = svd(&r, Thin)?;
    Ok(TallSvd { s: host(&s)?, vt, factors })
}

/// `S` and `Vh` from a Gram matrix, if they are certified.
pub(crate) fn gram_svd<B: Linalg<T>, T: Float>(
    gram: &Array<B, T, Ix2>,
    certified: impl Fn(&Spectrum<'_>) -> bool,
) -> Result<Option<(Vec<f64>, Array<B, T, Ix2>)>> {
    let largest = gram.lazy().abs().max(..).try_eval()?.item()?.to_f64();
    let eps = T::EPSILON.to_f64();
    // Squares overflow and underflow before the data do.
    if !(largest.is_finite() && largest * eps > T::MIN_POSITIVE.to_f64()) {
        return Ok(None);
    }
    let (w, v) = eigh(gram)?;
    let squares: Vec<f64> = host(&w)?.into_iter().rev().map(|x| x.max(0.0)).collect();
    if !certified(&Spectrum { squares: &squares, eps }) {
        return Ok(None);
    }
    let vt = v.t().flip(0)?.contiguous()?;
    Ok(Some((squares.into_iter().map(f64::sqrt).collect(), vt)))
}

/// The triangular factor, square, of the QR decomposition of two lazy matrices side by side, `[E F]`.
pub(crate) fn triangular_beside<B, T, E, F>(e: &Lazy<E>, f: &Lazy<F>) -> Result<Array<B, T, Ix2>>
where
    B: Linalg<T>,
    T: Float,
    E: Expr<Backend = B, Elem = T, Dim = Ix2>,
    F: Expr<Backend = B, Elem = T, Dim = Ix2>,
{
    let ([_, p], [_, q]) = (e.expr().shape()?, f.expr().shape()?);
    let step = B::block_rows(p + q).max(4 * (p + q));
    let mut r: Option<Array<B, T, Ix2>> = None;
    for (left, right) in e.row_blocks(step)?.zip(f.row_blocks(step)?) {
        let block = concat(&[&left.try_eval()?, &right.try_eval()?], 1)?;
        r = Some(qr_r(&match &r {
            Some(r) => concat(&[r, &block], 0)?,
            None => block,
        })?);
    }
    let r = r.expect("at least one row");
    let missing = p + q - r.dims()[0];
    if missing == 0 { Ok(r) } else { Ok(concat(&[&r, &zeros(r.device(), [missing, p + q])?], 0)?) }
}

/// A small vector on the host.
pub(crate) fn host<B: xp_core::Backend, T: Float>(x: &Array<B, T, Ix1>) -> Result<Vec<f64>> {
    Ok(x.to_host()?.into_iter().map(|x| x.to_f64()).collect())
}

/// A small vector on a device.
pub(crate) fn device<B: xp_core::Backend, T: Float>(device: &B, values: &[f64]) -> Result<Array<B, T, Ix1>> {
    Ok(Array::from_vec(device, values.iter().map(|&x| T::from_f64(x)).collect(), [values.len()])?)
}

/// Column factors that change nothing.
pub(crate) fn unscaled<B: Linalg<T>, T: Float>(squares: &Array<B, T, Ix1>) -> Result<Array<B, T, Ix1>> {
    Ok(squares.ones_like()?)
}

/// The rows of `Vh` with the signs that make the entry of largest magnitude positive, as scikit-learn's `svd_flip` does.
pub(crate) fn fix_signs<B: Linalg<T>, T: Float>(vt: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
    if vt.is_empty() {
        return Ok(vt.clone());
    }
    let at = vt.lazy().abs().argmax(KeepDims(1)).try_eval()?;
    Ok(vt * vt.take_along_axis(&at, 1)?.sign())
}
