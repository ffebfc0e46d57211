//! The largest singular values of samples that are not centred.

use core::marker::PhantomData;

use xp_core::functions::zeros;
use xp_core::{Array, Backend, Float, Ix1, Ix2, Linalg, s};

use super::affine::restored;
use super::{SvdSolver, randomized};
use crate::model::{Check, fits, model};
use crate::tall_svd::{device, fix_signs, tall_svd, unscaled};
use crate::traits::{inverse_transformer, transformer};
use crate::{Error, Result, check};

model! {
    /// Projects data onto the right singular vectors of the largest singular values, without centring them: latent semantic analysis,
    /// when the data are counts of terms.
    ///
    /// It is scikit-learn's estimator of the same name, signs included.
    ///
    /// ```
    /// use xp::models::decomposition::TruncatedSVD;
    /// use xp::prelude::*;
    ///
    /// let x = array![[3.0_f64, 0.0], [0.0, 1.0], [4.0, 0.0]];
    /// let model = TruncatedSVD::params().n_components(1).fit(&x)?;
    /// assert!((model.singular_values().get([0])? - 5.0).abs() < 1e-14);
    /// let z = model.transform(&x)?.to_vec();
    /// assert!((z[0] - 3.0).abs() < 1e-14 && z[1].abs() < 1e-14 && (z[2] - 4.0).abs() < 1e-14);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct TruncatedSVD<B: Backend, T: Float> {
        /// The right singular vectors, as rows.
        pub components: Array<B, T, Ix2>,
        /// The variance of the transformed samples along each component.
        pub explained_variance: Array<B, T, Ix1>,
        /// The part of the whole variance along each component.
        pub explained_variance_ratio: Array<B, T, Ix1>,
        /// The singular values, in descending order.
        pub singular_values: Array<B, T, Ix1>,
    }
}

impl<B: Backend, T: Float> Check for TruncatedSVD<B, T> {
    fn check(&self) -> Result<()> {
        let [k, p] = self.components.shape();
        if !(1..=p).contains(&k) {
            return Err(Error::shape("components", self.components.dims(), format!("1 to {p} rows")));
        }
        fits("explained_variance", self.explained_variance.dims(), &[k])?;
        fits("explained_variance_ratio", self.explained_variance_ratio.dims(), &[k])?;
        fits("singular_values", self.singular_values.dims(), &[k])
    }
}

/// Parameters of [`TruncatedSVD`].
#[derive(Clone, Debug)]
pub struct TruncatedSVDParams<B, T> {
    n_components: usize,
    svd_solver: SvdSolver,
    kind: PhantomData<fn() -> (B, T)>,
}

/// scikit-learn's defaults.
const RANDOMIZED: SvdSolver = SvdSolver::Randomized { n_oversamples: 10, iterated_power: Some(5), seed: 0 };

impl<B: Linalg<T>, T: Float> TruncatedSVD<B, T> {
    /// The default parameters: 2 components, by random projections with 10 more vectors and 5 iterations, seed 0.
    #[must_use]
    pub fn params() -> TruncatedSVDParams<B, T> {
        TruncatedSVDParams { n_components: 2, svd_solver: RANDOMIZED, kind: PhantomData }
    }
}

impl<B: Linalg<T>, T: Float> TruncatedSVDParams<B, T> {
    /// How many components are kept.
    #[must_use]
    pub fn n_components(mut self, n: usize) -> Self {
        self.n_components = n;
        self
    }

    /// How the decomposition is computed; `SvdSolver::Auto` is the default, random projections.
    #[must_use]
    pub fn svd_solver(mut self, solver: SvdSolver) -> Self {
        self.svd_solver = if solver == SvdSolver::Auto { RANDOMIZED } else { solver };
        self
    }

    /// Fits the model to samples of shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for no samples or features, [`Error::NonFinite`], [`Error::Value`] for no components, [`Error::Components`] for
    /// more than samples or features.
    pub fn fit(&self, x: &Array<B, T, Ix2>) -> Result<TruncatedSVD<B, T>> {
        check::at_least(x, 1)?;
        let ([n, p], k) = (x.shape(), self.n_components);
        if k == 0 {
            return Err(Error::value("n_components", 0, "at least 1"));
        }
        if k > n.min(p) {
            return Err(Error::Components { given: k, most: n.min(p), why: format!("{n} samples and {p} features: min(n_samples, n_features)") });
        }
        check::finite("x", x)?;
        let (singular_values, vt) = match self.svd_solver {
            SvdSolver::Randomized { n_oversamples, iterated_power, seed } => {
                let settings = randomized::Settings { k, n_oversamples, iterated_power, seed };
                let found = randomized::decompose(x, &zeros(x.device(), [p])?, settings)?;
                (found.singular_values, found.vt)
            }
            solver => {
                let certified = |spectrum: &crate::tall_svd::Spectrum<'_>| {
                    solver == SvdSolver::CovarianceEigh || spectrum.squares.get(k - 1).is_some_and(|&s| spectrum.is_accurate(s))
                };
                let found = tall_svd(&x.lazy(), unscaled, certified)?;
                (found.s, found.vt)
            }
        };
        let components = fix_signs(&vt.slice(s![..k])?)?;
        let explained_variance = x.matmul(&components.t())?.var(0, 0.0);
        let total = x.var(0, 0.0).sum(..).item()?;
        let explained_variance_ratio = (explained_variance.lazy() / total).try_eval()?;
        let singular_values = device(x.device(), &singular_values[..k])?;
        Ok(TruncatedSVD { components, explained_variance, explained_variance_ratio, singular_values })
    }
}

impl<B: Linalg<T>, T: Float> TruncatedSVD<B, T> {
    /// The samples in the coordinates of the components, of shape `(n_samples, n_components)`.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    pub fn transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.components.dims()[1])?;
        let out = x.matmul(&self.components.t().contiguous()?)?;
        check::finite_by("x", x, &out)?;
        Ok(out)
    }

    /// The points whose transform is `z`, of shape `(n_samples, n_components)`.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NonFinite`].
    pub fn inverse_transform(&self, z: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        restored(z, &self.components, None)
    }
}

transformer!(TruncatedSVDParams, TruncatedSVD, Linalg<T>);
inverse_transformer!(TruncatedSVD, Linalg<T>);
