//! The means of the nearest samples.

use core::marker::PhantomData;

use xp_core::functions::zeros;
use xp_core::{Array, Backend, Dim, Float, Ix1, Ix2, KeepDims, Linalg, s};

use super::classifier::{neighbor_setters, weighed};
use super::{NearestNeighbors, NearestNeighborsParams, NeighborMetric, Weights};
use crate::linear_model::regressor_traits;
use crate::metrics::{R2Score, r2_score};
use crate::model::{Check, model};
use crate::traits::{Estimator, Fit};
use crate::{Error, Result, check};

model! {
    /// Targets by the means of those of the nearest samples.
    ///
    /// It is scikit-learn's estimator of the same name with `algorithm="brute"`. The targets have shape `(n_samples,)` or `(n_samples,
    /// n_targets)`; `D` is their rank. The samples and targets of the fit are shared, not copied.
    ///
    /// ```
    /// use xp::models::neighbors::{KNeighborsRegressor, Weights};
    /// use xp::prelude::*;
    ///
    /// let (x, y) = (array![[0.0], [1.0], [2.0], [3.0]], array![0.0, 0.0, 1.0, 1.0]);
    /// let params = KNeighborsRegressor::params().n_neighbors(2);
    /// assert_eq!(params.fit(&x, &y)?.predict(&array![[1.5], [0.5]])?.to_vec(), [0.5, 0.0]);
    /// // Weights of one over the distance: 1 / 0.25 for 0, and 1 / 0.75 for 1.
    /// let model = params.weights(Weights::Distance).fit(&x, &y)?;
    /// assert_eq!(model.predict(&array![[1.25], [2.0]])?.to_vec(), [0.25, 1.0]);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct KNeighborsRegressor<B: Backend, T: Float, D: Dim> {
        /// The samples of the fit, and how neighbours are found among them.
        pub neighbors: NearestNeighbors<B, T>,
        /// How much each neighbour counts.
        pub weights: Weights,
        targets: Array<B, T, D>,
    }
}

impl<B: Backend, T: Float, D: Dim> Check for KNeighborsRegressor<B, T, D> {
    fn check(&self) -> Result<()> {
        self.neighbors.check()?;
        check_targets(&self.targets, self.neighbors.fit_x().dims())
    }
}

/// Fails unless there is a row of targets for each sample.
fn check_targets<B: Backend, T: Float, D: Dim>(targets: &Array<B, T, D>, samples: &[usize]) -> Result<()> {
    check::samples("y", targets.dims(), "x", samples)?;
    if (1..=2).contains(&targets.ndim()) && !targets.is_empty() {
        return Ok(());
    }
    Err(Error::shape("y", targets.dims(), "rank 1 or 2, and at least one target"))
}

/// Parameters of [`KNeighborsRegressor`].
#[derive(Clone, Debug)]
pub struct KNeighborsRegressorParams<B, T, D> {
    neighbors: NearestNeighborsParams<B, T>,
    weights: Weights,
    kind: PhantomData<fn() -> D>,
}

impl<B: Linalg<T>, T: Float, D: Dim> KNeighborsRegressor<B, T, D> {
    /// The default parameters: 5 neighbours, [`NeighborMetric::Euclidean`], [`Weights::Uniform`].
    #[must_use]
    pub fn params() -> KNeighborsRegressorParams<B, T, D> {
        KNeighborsRegressorParams { neighbors: NearestNeighbors::params(), weights: Weights::Uniform, kind: PhantomData }
    }
}

impl<B: Linalg<T>, T: Float, D: Dim> KNeighborsRegressorParams<B, T, D> {
    neighbor_setters!();

    /// Keeps samples `x`, of shape `(n_samples, n_features)`, and their targets `y`.
    ///
    /// # Errors
    /// [`Error::Samples`] when the numbers of samples differ, [`Error::Shape`] for no samples, features or targets, [`Error::NonFinite`],
    /// [`Error::Value`] for parameters out of range.
    pub fn fit(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>) -> Result<KNeighborsRegressor<B, T, D>> {
        let neighbors = self.neighbors.fit(x)?;
        check_targets(y, x.dims())?;
        check::finite("y", y)?;
        Ok(KNeighborsRegressor { neighbors, weights: self.weights, targets: y.clone() })
    }
}

impl<B: Linalg<T>, T: Float, D: Dim> KNeighborsRegressor<B, T, D> {
    /// The targets of samples: the means of those of the nearest samples of the fit.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`], [`Error::Value`] for more neighbours than samples.
    pub fn predict(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, D>> {
        self.predict_by(x, |distances| self.weights.of(distances))
    }

    /// [`predict`](Self::predict) with weights that are a function of the distances, of the same shape.
    ///
    /// # Errors
    /// As for [`predict`](Self::predict), [`Error::Shape`] for weights of another shape.
    pub fn predict_by(&self, x: &Array<B, T, Ix2>, weights: impl FnOnce(&Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>>) -> Result<Array<B, T, D>> {
        let (distances, indices) = self.neighbors.kneighbors(x, None)?;
        let weights = weighed(&distances, weights)?;
        let shares = (weights.lazy() / weights.lazy().sum(KeepDims(1))).try_eval()?;
        let (m, mut shape) = (x.dims()[0], self.targets.dims().to_vec());
        let t: usize = shape[1..].iter().product();
        let targets = self.targets.reshape([shape[0], t])?;
        let mut out = zeros(x.device(), [m, t])?;
        for target in 0..t {
            let near = targets.index_axis(1, target)?.take(&indices, 0)?;
            out.set(s![.., target], (near.lazy() * &shares).sum(1).try_eval()?)?;
        }
        shape[0] = m;
        Ok(out.reshape(shape)?.into_rank()?)
    }

    /// The coefficient of determination of the prediction, averaged over the targets.
    ///
    /// # Errors
    /// As for [`predict`](Self::predict), and [`Error::Shape`].
    pub fn score(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>) -> Result<f64> {
        r2_score(y, &self.predict(x)?)
    }

    /// [`score`](Self::score) with a weight for every sample.
    ///
    /// # Errors
    /// As for [`score`](Self::score), and for weights that are negative, all zero, or not one per sample.
    pub fn score_weighted(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>, sample_weight: &Array<B, T, Ix1>) -> Result<f64> {
        R2Score::new().score_weighted(y, &self.predict(x)?, sample_weight)
    }
}

impl<B: Linalg<T>, T: Float, D: Dim> Estimator for KNeighborsRegressorParams<B, T, D> {}

impl<B: Linalg<T>, T: Float, D: Dim> Fit<Array<B, T, Ix2>, Array<B, T, D>> for KNeighborsRegressorParams<B, T, D> {
    type Model = KNeighborsRegressor<B, T, D>;

    fn fit(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>) -> Result<KNeighborsRegressor<B, T, D>> {
        KNeighborsRegressorParams::fit(self, x, y)
    }
}

regressor_traits!(KNeighborsRegressor<B, T, D>, Array<B, T, D>, D: Dim);
