//! k-means by small batches.

mod fit;

use xp_core::random::{Generator, Replacement};
use xp_core::{Array, Backend, Float, Ix1, Ix2, Linalg, Num, Real};

pub use fit::MiniBatchKMeansParams;

use super::kmeans::{check_centers, check_labels, clusterer, predict, score, transform};
use super::lloyd::Weighted;
use super::nearest::Nearest;
use crate::model::{Check, Wide, fits, model};
use crate::progress::Outcome;
use crate::traits::{FitWeighted, PartialFit, Predict, Score, transformer};
use crate::{Error, Result, check};

model! {
    /// Clusters by the nearest of some centres, which are found from small batches of the samples.
    ///
    /// Each step draws a batch, and moves each centre to the mean of all samples it has been nearest to (D. Sculley, Web-scale k-means
    /// clustering, 2010). It is scikit-learn's estimator of the same name: faster than [`KMeans`](super::KMeans), and a little
    /// worse. [`partial_fit`](Self::partial_fit) takes batches as they come.
    ///
    /// ```
    /// use xp::models::cluster::MiniBatchKMeans;
    /// use xp::prelude::*;
    ///
    /// let x = array![[1.0_f64, 2.0], [1.0, 4.0], [1.0, 0.0], [10.0, 2.0], [10.0, 4.0], [10.0, 0.0]];
    /// let mut model = MiniBatchKMeans::params().n_clusters(2).start(&x)?;
    /// for _ in 0..20 {
    ///     model.partial_fit(&x)?;
    /// }
    /// let near = model.predict(&array![[0.0, 0.0], [12.0, 3.0]])?;
    /// let centers = model.cluster_centers().take(&near, 0)?;
    /// assert!((&centers - &array![[1.0_f64, 2.0], [10.0, 2.0]]).abs().max(..).item()? < 0.5);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct MiniBatchKMeans<B: Backend, T: Float> {
        /// The centres: one row for each cluster.
        pub cluster_centers: Array<B, T, Ix2>,
        /// The cluster of each sample of the fit, or of the last batch.
        pub labels: Array<B, i64, Ix1>,
        /// The weighted sum of the squares of the distances of those samples from the nearest centre.
        pub inertia: f64,
        /// How often the fit has gone through the samples, rounded up.
        pub n_iter: usize,
        /// The number of batches.
        pub n_steps: usize,
        /// How the fit ended.
        pub outcome: Outcome,
        counts: Wide<B, Ix1>,
        since_reassigned: usize,
        batch_size: usize,
        reassignment_ratio: f64,
        seed: i64,
    }
}

impl<B: Backend, T: Float> Check for MiniBatchKMeans<B, T> {
    fn check(&self) -> Result<()> {
        check_centers(&self.cluster_centers)?;
        let clusters = self.cluster_centers.dims()[0];
        fits("counts", self.counts.0.dims(), &[clusters])?;
        ratio(self.reassignment_ratio)?;
        check_labels(&self.labels, clusters)
    }
}

/// Fails for a fraction below zero.
fn ratio(fraction: f64) -> Result<()> {
    if fraction >= 0.0 && fraction.is_finite() { Ok(()) } else { Err(Error::value("reassignment_ratio", fraction, "a number that is not negative")) }
}

impl<B: Linalg<T>, T: Float> MiniBatchKMeans<B, T> {
    /// Whether the fit ended before it had gone through the samples `max_iter` times.
    #[must_use]
    pub fn converged(&self) -> bool {
        self.outcome == Outcome::Converged
    }

    /// The number of samples that each centre has been nearest to, or their weight.
    #[must_use]
    pub fn counts(&self) -> &Array<B, B::MaxFloat, Ix1> {
        &self.counts.0
    }

    /// Moves the centres by a batch.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::Shape`] for no samples, [`Error::NonFinite`]; the model is then as before.
    pub fn partial_fit(&mut self, x: &Array<B, T, Ix2>) -> Result<()> {
        self.learn(x, None)
    }

    /// [`partial_fit`](Self::partial_fit) with a weight for every sample.
    ///
    /// # Errors
    /// As for [`partial_fit`](Self::partial_fit), and for weights that are negative, all zero, or not one per sample.
    pub fn partial_fit_weighted(&mut self, x: &Array<B, T, Ix2>, sample_weight: &Array<B, T, Ix1>) -> Result<()> {
        check::weights(sample_weight, x.dims())?;
        self.learn(x, Some(sample_weight))
    }

    fn learn(&mut self, x: &Array<B, T, Ix2>, weights: Option<&Array<B, T, Ix1>>) -> Result<()> {
        check::at_least(x, 1)?;
        check::features("x", x, self.cluster_centers.dims()[1])?;
        check::finite("x", x)?;
        let mut new = self.clone();
        // Draws of its own for every step, also after the model was saved and loaded.
        let mut random = Generator::new(self.seed.cast_unsigned().wrapping_add(self.n_steps as u64).wrapping_add(1));
        new.step(x, weights, &mut random)?;
        new.n_steps = self.n_steps.saturating_add(1);
        new.describe(x, weights)?;
        *self = new;
        Ok(())
    }

    /// The labels and the inertia of some samples.
    fn describe(&mut self, x: &Array<B, T, Ix2>, weights: Option<&Array<B, T, Ix1>>) -> Result<()> {
        let (origin, moved) = self.moved()?;
        self.labels = Nearest::moved(moved.clone(), &origin)?.of(x)?;
        self.inertia = Weighted { x, mean: &origin, weights }.inertia(&moved, &self.labels)?;
        Ok(())
    }

    /// The mean of the centres, and their distances from it.
    fn moved(&self) -> Result<(Array<B, T, Ix1>, Array<B, T, Ix2>)> {
        let origin = self.cluster_centers.lazy().mean(0).try_eval()?;
        let moved = (self.cluster_centers.lazy() - &origin).try_eval()?;
        Ok((origin, moved))
    }

    /// Moves the centres to the means of what they have been nearest to; the inertia before that.
    fn step(&mut self, x: &Array<B, T, Ix2>, weights: Option<&Array<B, T, Ix1>>, random: &mut Generator) -> Result<f64> {
        let k = self.cluster_centers.dims()[0];
        self.since_reassigned = self.since_reassigned.saturating_add(self.batch_size);
        let none = self.counts.0.lazy().equal(B::MaxFloat::ZERO).any(..).try_eval()?.item()?;
        let reassigns = none || self.since_reassigned >= k.saturating_mul(10);
        if reassigns {
            self.since_reassigned = 0;
        }
        let (origin, moved) = self.moved()?;
        let data = Weighted { x, mean: &origin, weights };
        let found = data.step(&moved)?;
        let inertia = data.inertia(&moved, &found.labels)?;
        let counts = (self.counts.0.lazy() + &found.weights).try_eval()?;
        let some = found.weights.lazy().greater(B::MaxFloat::ZERO).try_eval()?;
        let divisor = some.lazy().where_(&counts, B::MaxFloat::ONE).try_eval()?.expand_dims(1)?;
        let sums = moved.lazy().astype::<B::MaxFloat>() * self.counts.0.expand_dims(1)? + &found.sums;
        let means = (sums / &divisor).astype::<T>() + &origin;
        self.cluster_centers = some.expand_dims(1)?.lazy().where_(means, &self.cluster_centers).try_eval()?;
        self.counts = Wide(counts);
        if reassigns && self.reassignment_ratio > 0.0 {
            self.reassign(x, random)?;
        }
        Ok(inertia)
    }

    /// Lets centres with few samples start anew from samples of the batch, at most half as many as those.
    fn reassign(&mut self, x: &Array<B, T, Ix2>, random: &mut Generator) -> Result<()> {
        let n = x.dims()[0];
        let mut counts: Vec<f64> = self.counts.0.to_host()?.into_iter().map(Real::to_f64).collect();
        let largest = counts.iter().copied().fold(0.0, f64::max);
        let mut order: Vec<usize> = (0..counts.len()).collect();
        order.sort_by(|&i, &j| counts[i].total_cmp(&counts[j]));
        let mut few: Vec<usize> = order.into_iter().filter(|&i| counts[i] < self.reassignment_ratio * largest).collect();
        few.truncate(n / 2);
        if few.is_empty() {
            return Ok(());
        }
        few.sort_unstable();
        let kept = (0..counts.len()).filter(|i| !few.contains(i)).map(|i| counts[i]).fold(f64::INFINITY, f64::min);
        let device = x.device();
        let rows = x.take(&random.choice(device, n, few.len(), Replacement::Without)?, 0)?;
        let at = Array::from_vec(device, few.iter().map(|&i| i as i64).collect(), [few.len()])?;
        self.cluster_centers.put(&at, &rows, 0)?;
        // Not so small that they would start anew at once.
        if kept.is_finite() {
            few.iter().for_each(|&i| counts[i] = kept);
            let counts = counts.into_iter().map(B::MaxFloat::from_f64).collect();
            self.counts = Wide(Array::from_vec(device, counts, self.counts.0.shape())?);
        }
        Ok(())
    }

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

clusterer!(MiniBatchKMeansParams, MiniBatchKMeans);

impl<B: Linalg<T>, T: Float, Y> PartialFit<Array<B, T, Ix2>, Y> for MiniBatchKMeans<B, T> {
    fn partial_fit(&mut self, x: &Array<B, T, Ix2>, _: &Y) -> Result<()> {
        MiniBatchKMeans::partial_fit(self, x)
    }
}
