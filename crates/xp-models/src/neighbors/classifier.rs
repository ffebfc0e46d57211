//! The votes of the nearest samples.

use xp_core::functions::zeros;
use xp_core::{Array, Backend, Float, Ix1, Ix2, KeepDims, Linalg, s};

use super::{NearestNeighbors, NearestNeighborsParams, NeighborMetric, Weights};
use crate::labels::{Label, Labels, check_classes};
use crate::model::{Check, fits, model};
use crate::traits::{Estimator, Fit, classifier, probabilistic_classifier};
use crate::{Error, Result, check};

model! {
    /// A classifier by the votes of the nearest samples.
    ///
    /// It is scikit-learn's estimator of the same name with `algorithm="brute"`: the class with the most votes wins, of several the first
    /// one. The samples of the fit are shared, not copied.
    ///
    /// ```
    /// use xp::models::neighbors::KNeighborsClassifier;
    /// use xp::prelude::*;
    ///
    /// let (x, y) = (array![[0.0], [1.0], [2.0], [3.0]], array![0, 0, 1, 1]);
    /// let model = KNeighborsClassifier::params().n_neighbors(3).fit(&x, &y)?;
    /// assert_eq!(model.predict(&array![[1.1], [1.9]])?.to_vec(), [0, 1]);
    /// assert_eq!(model.predict_proba(&array![[0.9]])?.to_vec(), [2.0 / 3.0, 1.0 / 3.0]);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct KNeighborsClassifier<B: Backend, T: Float, L: Label = i64> {
        /// The distinct labels in ascending order.
        pub classes: Array<B, L, Ix1>,
        /// The samples of the fit, and how neighbours are found among them.
        pub neighbors: NearestNeighbors<B, T>,
        /// How much each neighbour counts.
        pub weights: Weights,
        index: Array<B, i64, Ix1>,
    }
}

impl<B: Backend, T: Float, L: Label> Check for KNeighborsClassifier<B, T, L> {
    fn check(&self) -> Result<()> {
        self.neighbors.check()?;
        check_classes(&self.classes, 1)?;
        fits("index", self.index.dims(), &[self.neighbors.fit_x().dims()[0]])?;
        let classes = self.classes.size() as i64;
        if self.index.lazy().greater_equal(0).logical_and(self.index.lazy().less(classes)).all(..).try_eval()?.item()? {
            return Ok(());
        }
        Err(Error::value("index", "a number of no class", format!("numbers below {classes}")))
    }
}

/// Parameters of [`KNeighborsClassifier`].
#[derive(Clone, Debug)]
pub struct KNeighborsClassifierParams<B, T> {
    neighbors: NearestNeighborsParams<B, T>,
    weights: Weights,
}

impl<B: Linalg<T>, T: Float> KNeighborsClassifier<B, T> {
    /// The default parameters: 5 neighbours, [`NeighborMetric::Euclidean`], [`Weights::Uniform`].
    #[must_use]
    pub fn params() -> KNeighborsClassifierParams<B, T> {
        KNeighborsClassifierParams { neighbors: NearestNeighbors::params(), weights: Weights::Uniform }
    }
}

/// The setters of parameters with `neighbors` and `weights`.
macro_rules! neighbor_setters {
    () => {
        /// How many neighbours are asked.
        #[must_use]
        pub fn n_neighbors(mut self, n: usize) -> Self {
            self.neighbors = self.neighbors.n_neighbors(n);
            self
        }

        /// The distance.
        #[must_use]
        pub fn metric(mut self, metric: NeighborMetric) -> Self {
            self.neighbors = self.neighbors.metric(metric);
            self
        }

        /// How much each neighbour counts.
        #[must_use]
        pub fn weights(mut self, weights: Weights) -> Self {
            self.weights = weights;
            self
        }
    };
}
pub(super) use neighbor_setters;

impl<B: Linalg<T>, T: Float> KNeighborsClassifierParams<B, T> {
    neighbor_setters!();

    /// Keeps samples `x`, of shape `(n_samples, n_features)`, and their labels `y`, of shape `(n_samples,)`.
    ///
    /// # Errors
    /// [`Error::Samples`] when the numbers of samples differ, [`Error::Shape`] for no samples or features, [`Error::NonFinite`],
    /// [`Error::Value`] for parameters out of range.
    pub fn fit<L: Label>(&self, x: &Array<B, T, Ix2>, y: &Array<B, L, Ix1>) -> Result<KNeighborsClassifier<B, T, L>> {
        check::samples("y", y.dims(), "x", x.dims())?;
        let neighbors = self.neighbors.fit(x)?;
        let Labels { classes, index, .. } = Labels::of(y)?;
        Ok(KNeighborsClassifier { classes, neighbors, weights: self.weights, index })
    }
}

impl<B: Linalg<T>, T: Float, L: Label> KNeighborsClassifier<B, T, L> {
    /// The label of each sample: the class with the most votes, of several the first one.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`], [`Error::Value`] for more neighbours than samples.
    pub fn predict(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, L, Ix1>> {
        self.predict_by(x, |distances| self.weights.of(distances))
    }

    /// [`predict`](Self::predict) with weights that are a function of the distances, of the same shape.
    ///
    /// # Errors
    /// As for [`predict`](Self::predict), [`Error::Shape`] for weights of another shape.
    pub fn predict_by(&self, x: &Array<B, T, Ix2>, weights: impl FnOnce(&Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>>) -> Result<Array<B, L, Ix1>> {
        let best = self.votes(x, weights)?.argmax(1);
        Ok(self.classes.take(&best, 0)?)
    }

    /// The share of each class in the votes, of shape `(n_samples, n_classes)`.
    ///
    /// # Errors
    /// As for [`predict`](Self::predict).
    pub fn predict_proba(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        self.predict_proba_by(x, |distances| self.weights.of(distances))
    }

    /// [`predict_proba`](Self::predict_proba) with weights that are a function of the distances, of the same shape.
    ///
    /// # Errors
    /// As for [`predict_by`](Self::predict_by).
    pub fn predict_proba_by(
        &self,
        x: &Array<B, T, Ix2>,
        weights: impl FnOnce(&Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>>,
    ) -> Result<Array<B, T, Ix2>> {
        let votes = self.votes(x, weights)?;
        let all = votes.lazy().sum(KeepDims(1)).try_eval()?;
        let all = all.lazy().equal(T::ZERO).where_(T::ONE, &all).try_eval()?;
        Ok((votes.into_lazy() / &all).try_eval()?)
    }

    /// The logarithms of [`predict_proba`](Self::predict_proba).
    ///
    /// # Errors
    /// As for [`predict`](Self::predict).
    pub fn predict_log_proba(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        Ok(self.predict_proba(x)?.into_lazy().log().try_eval()?)
    }

    /// The sum of the weights of the neighbours of each class.
    fn votes(&self, x: &Array<B, T, Ix2>, weights: impl FnOnce(&Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>>) -> Result<Array<B, T, Ix2>> {
        let (distances, indices) = self.neighbors.kneighbors(x, None)?;
        let weights = weighed(&distances, weights)?;
        let labels = self.index.take(&indices, 0)?;
        let mut votes = zeros(x.device(), [x.dims()[0], self.classes.size()])?;
        for class in 0..self.classes.size() {
            let own = labels.lazy().equal(class as i64).astype::<T>() * &weights;
            votes.set(s![.., class], own.sum(1).try_eval()?)?;
        }
        Ok(votes)
    }
}

/// The weights that a function gives, if they have the shape of the distances.
pub(super) fn weighed<B: Backend, T: Float>(
    distances: &Array<B, T, Ix2>,
    weights: impl FnOnce(&Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>>,
) -> Result<Array<B, T, Ix2>> {
    let weights = weights(distances)?;
    if weights.shape() == distances.shape() {
        return Ok(weights);
    }
    Err(Error::shape("weights", weights.dims(), format!("{:?}, the shape of the distances", distances.dims())))
}

impl<B: Linalg<T>, T: Float> Estimator for KNeighborsClassifierParams<B, T> {}

impl<B: Linalg<T>, T: Float, L: Label> Fit<Array<B, T, Ix2>, Array<B, L, Ix1>> for KNeighborsClassifierParams<B, T> {
    type Model = KNeighborsClassifier<B, T, L>;

    fn fit(&self, x: &Array<B, T, Ix2>, y: &Array<B, L, Ix1>) -> Result<Self::Model> {
        KNeighborsClassifierParams::fit(self, x, y)
    }
}

classifier!(KNeighborsClassifier, Linalg<T>);
probabilistic_classifier!(KNeighborsClassifier, Linalg<T>);
