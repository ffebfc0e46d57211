//! The parameters of a mixture of normal densities, and what follows from them.

use xp_core::extra::add_to_diagonal;
use xp_core::functions::{concat, eye};
use xp_core::linalg::{LinalgError, Lower, cholesky, solve_triangular};
use xp_core::{Array, Backend, Dyn, Float, Ix1, Ix2, Ix3, KeepDims, Linalg};

use crate::model::{named, text_fields};
use crate::{Error, Result};

/// What the covariance matrices of the components have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CovarianceType {
    /// Nothing: any matrix for each component, of shape `(n_components, n_features, n_features)` in all.
    Full,
    /// They are one matrix, of shape `(n_features, n_features)`.
    Tied,
    /// They are diagonal: variances of shape `(n_components, n_features)`.
    Diag,
    /// They are multiples of the identity: variances of shape `(n_components,)`.
    Spherical,
}

named!(CovarianceType, "covariance_type": Full = "full", Tied = "tied", Diag = "diag", Spherical = "spherical");
text_fields!(CovarianceType);

impl CovarianceType {
    /// The shape of the covariances of `k` components of `p` features.
    pub(super) fn shape(self, k: usize, p: usize) -> Vec<usize> {
        match self {
            CovarianceType::Full => vec![k, p, p],
            CovarianceType::Tied => vec![p, p],
            CovarianceType::Diag => vec![k, p],
            CovarianceType::Spherical => vec![k],
        }
    }

    /// How many numbers the covariances hold that are free.
    pub(super) fn n_parameters(self, k: usize, p: usize) -> f64 {
        let (k, p) = (k as f64, p as f64);
        match self {
            CovarianceType::Full => k * p * (p + 1.0) / 2.0,
            CovarianceType::Tied => p * (p + 1.0) / 2.0,
            CovarianceType::Diag => k * p,
            CovarianceType::Spherical => k,
        }
    }

    fn has_matrices(self) -> bool {
        matches!(self, CovarianceType::Full | CovarianceType::Tied)
    }
}

/// Weights, means less an origin that goes with them, and covariances. `precisions_cholesky` are factors of the inverses of the
/// covariances `L Lᵀ`: the upper triangular `P = L⁻ᵀ` of `P Pᵀ`; of variances, one over their roots.
#[derive(Clone, Debug)]
pub(super) struct Parameters<B: Backend, T: Float> {
    pub kind: CovarianceType,
    pub weights: Array<B, T, Ix1>,
    pub means: Array<B, T, Ix2>,
    pub covariances: Array<B, T, Dyn>,
    pub precisions_cholesky: Array<B, T, Dyn>,
}

impl<B: Linalg<T>, T: Float> Parameters<B, T> {
    /// From covariances.
    pub fn new(kind: CovarianceType, weights: Array<B, T, Ix1>, means: Array<B, T, Ix2>, covariances: Array<B, T, Dyn>) -> Result<Self> {
        let root = root(kind, &covariances)?;
        let precisions_cholesky = if kind.has_matrices() { inverse(&root)? } else { (root.ones_like()?.into_lazy() / &root).try_eval()? };
        Ok(Parameters { kind, weights, means, covariances, precisions_cholesky })
    }

    /// With the inverses of the covariances instead.
    pub fn with_precisions(kind: CovarianceType, weights: Array<B, T, Ix1>, means: Array<B, T, Ix2>, precisions: &Array<B, T, Dyn>) -> Result<Self> {
        let wrong = || Error::value("precisions_init", format!("{kind} precisions that are not so"), "symmetric and positive definite ones");
        if !kind.has_matrices() {
            if !precisions.lazy().greater(T::ZERO).all(..).try_eval()?.item()? {
                return Err(wrong());
            }
            let precisions_cholesky = precisions.lazy().sqrt().try_eval()?;
            let covariances = (precisions.ones_like()?.into_lazy() / precisions).try_eval()?;
            return Ok(Parameters { kind, weights, means, covariances, precisions_cholesky });
        }
        let across = precisions.matrix_transpose()?;
        let apart = (precisions.lazy() - &across).abs().max(..).try_eval()?.item()?.to_f64();
        if apart > 1e-5 * precisions.lazy().abs().max(..).try_eval()?.item()?.to_f64() {
            return Err(wrong());
        }
        // Backwards the lower factor is an upper one.
        let lower = factor(&precisions.flip([-2, -1])?)?.ok_or_else(wrong)?;
        let precisions_cholesky = lower.flip([-2, -1])?.contiguous()?;
        let across = inverse(&precisions_cholesky.matrix_transpose()?.contiguous()?)?;
        let covariances = across.matrix_transpose()?.matmul(&across)?;
        Ok(Parameters { kind, weights, means, covariances, precisions_cholesky })
    }

    /// The inverses of the covariances.
    pub fn precisions(&self) -> Result<Array<B, T, Dyn>> {
        let factor = &self.precisions_cholesky;
        if self.kind.has_matrices() {
            return Ok(factor.matmul(&factor.matrix_transpose()?)?);
        }
        Ok(factor.lazy().square().try_eval()?)
    }

    /// The logarithms of the weights, and of the densities at the means, in a column.
    pub fn constants(&self) -> Result<Array<B, T, Ix2>> {
        let ([k, p], factor) = (self.means.shape(), &self.precisions_cholesky);
        let logs: Array<B, T, Ix2> = match self.kind {
            CovarianceType::Full => factor.diagonal(0)?.reshape([k, p])?.lazy().log().sum(KeepDims(1)).try_eval()?,
            CovarianceType::Tied => factor.diagonal(0)?.reshape([1, p])?.lazy().log().sum(KeepDims(1)).try_eval()?,
            CovarianceType::Diag => factor.reshape([k, p])?.lazy().log().sum(KeepDims(1)).try_eval()?,
            CovarianceType::Spherical => (factor.reshape([k, 1])?.lazy().log() * T::from_usize(p)).try_eval()?,
        };
        let turns = T::from_f64(-0.5 * p as f64 * (2.0 * core::f64::consts::PI).ln());
        Ok((self.weights.expand_dims(1)?.lazy().log() + &logs + turns).try_eval()?)
    }

    /// Matrices that are multiplied with `(x, 1)` give `Pᵀ (x - mean)` of each component, one below the other: of shape
    /// `(n_components * n_features, n_features + 1)`.
    pub fn whitening(&self) -> Result<Array<B, T, Ix2>> {
        let [k, p] = self.means.shape();
        let factor: Array<B, T, Ix3> = self.precisions_cholesky.reshape([k, p, p])?;
        whitening(&factor.matrix_transpose()?, &self.means)
    }
}

/// `[F, -F mean]` of each component, one below the other.
pub(super) fn whitening<B: Backend, T: Float>(factors: &Array<B, T, Ix3>, means: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
    let [k, p] = means.shape();
    let ways = means.lazy().negative().try_eval()?.expand_dims(2)?;
    let shift = factors.matmul(&ways)?;
    Ok(concat(&[factors, &shift], 2)?.reshape([k * p, p + 1])?)
}

/// The lower factors `L` of covariances `L Lᵀ`; of variances, their roots.
pub(super) fn root<B: Linalg<T>, T: Float>(kind: CovarianceType, covariances: &Array<B, T, Dyn>) -> Result<Array<B, T, Dyn>> {
    if kind.has_matrices() {
        return factor(covariances)?.ok_or_else(ill_defined);
    }
    if !covariances.lazy().greater(T::ZERO).all(..).try_eval()?.item()? {
        return Err(ill_defined());
    }
    Ok(covariances.lazy().sqrt().try_eval()?)
}

/// The lower Cholesky factors, if there are any.
fn factor<B: Linalg<T>, T: Float>(matrices: &Array<B, T, Dyn>) -> Result<Option<Array<B, T, Dyn>>> {
    match cholesky(matrices, Lower) {
        Ok(factor) => Ok(Some(factor)),
        Err(xp_core::Error::Linalg(LinalgError::NotPositiveDefinite { .. } | LinalgError::NonFinite { .. })) => Ok(None),
        Err(e) => Err(e.into()),
    }
}

/// `L⁻ᵀ` of lower triangular matrices `L`.
fn inverse<B: Linalg<T>, T: Float>(lower: &Array<B, T, Dyn>) -> Result<Array<B, T, Dyn>> {
    let p = lower.dims()[lower.ndim() - 1];
    let eye = eye::<B, T>(lower.device(), p, p, 0)?.broadcast_to(lower.dims())?;
    Ok(solve_triangular(lower, &eye, Lower)?.matrix_transpose()?.contiguous()?)
}

fn ill_defined() -> Error {
    let advice = "a component has collapsed, or the samples are fewer than features: use fewer components or a larger reg_covar";
    Error::Degenerate(format!("a covariance matrix is not positive definite: {advice}"))
}

/// Covariances with `reg` more on their diagonals.
pub(super) fn regularised<B: Backend, T: Float>(kind: CovarianceType, covariances: Array<B, T, Dyn>, reg: f64) -> Result<Array<B, T, Dyn>> {
    let mut covariances = covariances;
    if kind.has_matrices() {
        add_to_diagonal(&mut covariances, T::from_f64(reg))?;
        return Ok(covariances);
    }
    Ok((covariances.into_lazy() + T::from_f64(reg)).try_eval()?)
}
