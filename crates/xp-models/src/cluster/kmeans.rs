//! k-means.

use xp_core::functions::unique_values;
use xp_core::random::Generator;
use xp_core::{Array, Backend, Float, Ix1, Ix2, Linalg};

use super::Init;
use super::lloyd::{Found, Weighted, same_clustering};
use super::nearest::Nearest;
use super::start::start_setters;
use crate::metrics::pairwise::euclidean_distances;
use crate::model::{Check, fits, model};
use crate::progress::{Outcome, Stop, stop_setters};
use crate::traits::{FitWeighted, Predict, Score, transformer};
use crate::{Error, Result, check};

model! {
    /// Clusters by the nearest of some centres, which are the means of their samples.
    ///
    /// What is minimised is the sum, by the weights of the samples, of the squares of the distances from the nearest centre. It is
    /// scikit-learn's estimator of the same name with Lloyd's algorithm (1982): each iteration finds the nearest centre of every
    /// sample and takes the means, in one pass over the samples, block by block, without a copy of them. A cluster that loses its
    /// samples goes on from the sample that is farthest from its centre. Centres are computed as distances from the mean of the
    /// samples, and the sums in the widest float of the backend.
    ///
    /// ```
    /// use xp::models::cluster::KMeans;
    /// use xp::prelude::*;
    ///
    /// let x = array![[1.0, 2.0], [1.0, 4.0], [1.0, 0.0], [10.0, 2.0], [10.0, 4.0], [10.0, 0.0]];
    /// let model = KMeans::params().n_clusters(2).fit(&x)?;
    /// assert!(model.converged() && model.inertia() == 16.0);
    /// let near = model.predict(&array![[0.0, 0.0], [12.0, 3.0]])?;
    /// assert_eq!(model.cluster_centers().take(&near, 0)?.to_vec(), [1.0, 2.0, 10.0, 2.0]);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct KMeans<B: Backend, T: Float> {
        /// The centres: one row for each cluster.
        pub cluster_centers: Array<B, T, Ix2>,
        /// The cluster of each sample of the fit.
        pub labels: Array<B, i64, Ix1>,
        /// The weighted sum of the squares of the distances of the samples from the nearest centre.
        pub inertia: f64,
        /// The number of iterations of the best start.
        pub n_iter: usize,
        /// How the best start ended.
        pub outcome: Outcome,
    }
}

impl<B: Backend, T: Float> Check for KMeans<B, T> {
    fn check(&self) -> Result<()> {
        check_centers(&self.cluster_centers)?;
        let clusters = self.cluster_centers.dims()[0];
        fits("labels", self.labels.dims(), &[self.labels.size()])?;
        check_labels(&self.labels, clusters)
    }
}

/// Fails for no centres.
pub(super) fn check_centers<B: Backend, T: Float>(centers: &Array<B, T, Ix2>) -> Result<()> {
    if centers.is_empty() { Err(Error::shape("cluster_centers", centers.dims(), "at least 1 row and 1 column")) } else { Ok(()) }
}

/// Fails for a label that is no cluster.
pub(super) fn check_labels<B: Backend>(labels: &Array<B, i64, Ix1>, clusters: usize) -> Result<()> {
    let k = clusters as i64;
    if labels.lazy().greater_equal(0).logical_and(labels.lazy().less(k)).all(..).try_eval()?.item()? {
        return Ok(());
    }
    Err(Error::value("labels", "a number of no cluster", format!("numbers below {k}")))
}

impl<B: Backend, T: Float> KMeans<B, T> {
    /// Whether the centres came to rest.
    #[must_use]
    pub fn converged(&self) -> bool {
        self.outcome == Outcome::Converged
    }

    /// The number of clusters that have samples: fewer than there are centres when there are fewer distinct samples.
    ///
    /// # Errors
    /// When the device fails.
    pub fn n_distinct(&self) -> Result<usize> {
        Ok(unique_values(&self.labels)?.size())
    }
}

/// Parameters of [`KMeans`].
#[derive(Clone, Debug)]
pub struct KMeansParams<B: Backend, T: Float> {
    n_clusters: usize,
    init: Init<B, T>,
    n_init: Option<usize>,
    seed: u64,
    stop: Stop,
}

impl<B: Linalg<T>, T: Float> KMeans<B, T> {
    /// The default parameters: 8 clusters, [`Init::PlusPlus`], one start, or 10 of [`Init::Random`], `tol` 1e-4, `max_iter` 300, seed 0.
    #[must_use]
    pub fn params() -> KMeansParams<B, T> {
        KMeansParams { n_clusters: 8, init: Init::PlusPlus, n_init: None, seed: 0, stop: Stop::new(1e-4, 300) }
    }
}

impl<B: Linalg<T>, T: Float> KMeansParams<B, T> {
    start_setters!("How many starts are tried, of which the one with the least inertia is kept. Of centres that are given there is one.");

    stop_setters!(
        stop,
        "It has converged when the squares of the ways of the centres are at most this multiple of the mean variance of the features, in sum.",
        "iteration",
        "the inertia"
    );

    /// Fits the model to samples `x`, of shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for no features, and for centres of another shape, [`Error::Value`] for fewer samples than clusters and for
    /// parameters out of range, [`Error::NonFinite`].
    pub fn fit(&self, x: &Array<B, T, Ix2>) -> Result<KMeans<B, T>> {
        self.fit_any(x, None)
    }

    /// [`fit`](Self::fit) with a weight for every sample.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit), and for weights that are negative, all zero, or not one per sample.
    pub fn fit_weighted(&self, x: &Array<B, T, Ix2>, sample_weight: &Array<B, T, Ix1>) -> Result<KMeans<B, T>> {
        self.fit_any(x, Some(sample_weight))
    }

    /// The model, and the cluster of each sample.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit).
    pub fn fit_predict(&self, x: &Array<B, T, Ix2>) -> Result<(KMeans<B, T>, Array<B, i64, Ix1>)> {
        let model = self.fit(x)?;
        let labels = model.labels.clone();
        Ok((model, labels))
    }

    fn fit_any(&self, x: &Array<B, T, Ix2>, weights: Option<&Array<B, T, Ix1>>) -> Result<KMeans<B, T>> {
        self.stop.validate()?;
        clusters_of(self.n_clusters, x)?;
        starts_of(self.n_init)?;
        self.init.fits([self.n_clusters, x.dims()[1]])?;
        if let Some(weights) = weights {
            check::weights(weights, x.dims())?;
        }
        let mean = x.lazy().mean(0).try_eval()?;
        check::finite_by("x", x, &mean)?;
        let (tol, watch) = (tolerance(x, self.stop.tol)?, self.stop.callback.start());
        let data = Weighted { x, mean: &mean, weights };
        let (mut random, mut best, mut done) = (Generator::new(self.seed), None::<Found<B, T>>, 0);
        for _ in 0..self.init.starts(self.n_init, 10) {
            let centers = self.init.centers(x, &mean, weights, self.n_clusters, &mut random)?;
            let found = data.lloyd((centers.into_lazy() - &mean).try_eval()?, tol, &self.stop, &watch, done)?;
            done += found.n_iter;
            let stopped = found.outcome == Outcome::Stopped;
            let better = match &best {
                Some(best) => found.inertia < best.inertia && !same_clustering(&found.labels, &best.labels, self.n_clusters)?,
                None => true,
            };
            if better {
                best = Some(found);
            }
            if stopped {
                // What was found before may be better, but the search was not finished.
                best = best.map(|best| Found { outcome: Outcome::Stopped, ..best });
                break;
            }
        }
        let Found { centers, labels, inertia, n_iter, outcome } = best.expect("at least one start");
        Ok(KMeans { cluster_centers: (centers.into_lazy() + &mean).try_eval()?, labels, inertia, n_iter, outcome })
    }
}

/// Fails for no clusters, and for more than samples.
pub(super) fn clusters_of<B: Backend, T: Float>(n_clusters: usize, x: &Array<B, T, Ix2>) -> Result<()> {
    check::at_least(x, 1)?;
    match n_clusters {
        0 => Err(Error::value("n_clusters", 0, "at least 1")),
        k if k > x.dims()[0] => Err(Error::value("n_clusters", k, format!("at most {}, the number of samples", x.dims()[0]))),
        _ => Ok(()),
    }
}

/// Fails for no starts.
pub(super) fn starts_of(n_init: Option<usize>) -> Result<()> {
    if n_init == Some(0) { Err(Error::value("n_init", 0, "at least 1")) } else { Ok(()) }
}

/// `tol` times the mean variance of the features.
pub(super) fn tolerance<B: Backend, T: Float>(x: &Array<B, T, Ix2>, tol: f64) -> Result<f64> {
    if tol == 0.0 {
        return Ok(0.0);
    }
    Ok(tol * x.var(0, 0.0).mean(..).item()?.to_f64())
}

impl<B: Linalg<T>, T: Float> KMeans<B, T> {
    /// The cluster of each sample: that of the nearest centre, the first one of equally near ones.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    pub fn predict(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, i64, Ix1>> {
        predict(&self.cluster_centers, x)
    }

    /// The distances of each sample from the centres, of shape `(n_samples, n_clusters)`.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    pub fn transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        transform(&self.cluster_centers, x)
    }

    /// The sum of the squares of the distances of the samples from the nearest centre, negative: larger is better.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    pub fn score(&self, x: &Array<B, T, Ix2>) -> Result<f64> {
        score(&self.cluster_centers, x, None)
    }

    /// [`score`](Self::score) with a weight for every sample.
    ///
    /// # Errors
    /// As for [`score`](Self::score), and for weights that are negative, all zero, or not one per sample.
    pub fn score_weighted(&self, x: &Array<B, T, Ix2>, sample_weight: &Array<B, T, Ix1>) -> Result<f64> {
        check::weights(sample_weight, x.dims())?;
        score(&self.cluster_centers, x, Some(sample_weight))
    }
}

/// The nearest centres.
pub(super) fn predict<B: Linalg<T>, T: Float>(centers: &Array<B, T, Ix2>, x: &Array<B, T, Ix2>) -> Result<Array<B, i64, Ix1>> {
    check::features("x", x, centers.dims()[1])?;
    check::finite("x", x)?;
    Nearest::new(centers, &centers.lazy().mean(0).try_eval()?)?.of(x)
}

/// The distances from the centres.
pub(super) fn transform<B: Linalg<T>, T: Float>(centers: &Array<B, T, Ix2>, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
    check::features("x", x, centers.dims()[1])?;
    euclidean_distances(x, centers)
}

/// The negative inertia.
pub(super) fn score<B: Linalg<T>, T: Float>(centers: &Array<B, T, Ix2>, x: &Array<B, T, Ix2>, weights: Option<&Array<B, T, Ix1>>) -> Result<f64> {
    let labels = predict(centers, x)?;
    let origin = centers.lazy().mean(0).try_eval()?;
    let moved = (centers.lazy() - &origin).try_eval()?;
    Ok(-Weighted { x, mean: &origin, weights }.inertia(&moved, &labels)?)
}

/// The traits of a model of clusters.
macro_rules! clusterer {
    ($Params:ident, $Model:ident) => {
        transformer!($Params, $Model, Linalg<T>);

        impl<B: Linalg<T>, T: Float, Y> FitWeighted<Array<B, T, Ix2>, Y> for $Params<B, T> {
            fn fit_weighted(&self, x: &Array<B, T, Ix2>, _: &Y, sample_weight: &Array<B, T, Ix1>) -> Result<$Model<B, T>> {
                $Params::fit_weighted(self, x, sample_weight)
            }
        }

        impl<B: Linalg<T>, T: Float> Predict<Array<B, T, Ix2>> for $Model<B, T> {
            type Output = Array<B, i64, Ix1>;

            fn predict(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, i64, Ix1>> {
                $Model::predict(self, x)
            }
        }

        impl<B: Linalg<T>, T: Float, Y> Score<Array<B, T, Ix2>, Y> for $Model<B, T> {
            fn score(&self, x: &Array<B, T, Ix2>, _: &Y) -> Result<f64> {
                $Model::score(self, x)
            }
        }

        impl<B: Linalg<T>, T: Float, Y> crate::traits::ScoreWeighted<Array<B, T, Ix2>, Y> for $Model<B, T> {
            fn score_weighted(&self, x: &Array<B, T, Ix2>, _: &Y, sample_weight: &Array<B, T, Ix1>) -> Result<f64> {
                $Model::score_weighted(self, x, sample_weight)
            }
        }
    };
}
pub(super) use clusterer;

clusterer!(KMeansParams, KMeans);
