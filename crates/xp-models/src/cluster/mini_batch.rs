//! k-means by small batches.

use core::ops::ControlFlow;

use xp_core::functions::zeros;
use xp_core::random::{Generator, Replacement};
use xp_core::{Array, Backend, Float, Ix1, Ix2, Linalg, Num, Real};

use super::Init;
use super::kmeans::{check_centers, check_labels, clusterer, clusters_of, predict, score, starts_of, tolerance, transform};
use super::lloyd::Weighted;
use super::nearest::Nearest;
use super::start::draw;
use crate::model::{Check, Wide, fits, model};
use crate::progress::{Outcome, Stop, stop_setters};
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
    /// let x = array![[1.0, 2.0], [1.0, 4.0], [1.0, 0.0], [10.0, 2.0], [10.0, 4.0], [10.0, 0.0]];
    /// let mut model = MiniBatchKMeans::params().n_clusters(2).start(&x)?;
    /// for _ in 0..20 {
    ///     model.partial_fit(&x)?;
    /// }
    /// let near = model.predict(&array![[0.0, 0.0], [12.0, 3.0]])?;
    /// let centers = model.cluster_centers().take(&near, 0)?;
    /// assert!((&centers - &array![[1.0, 2.0], [10.0, 2.0]]).abs().max(..).item()? < 0.5);
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

/// Parameters of [`MiniBatchKMeans`].
#[derive(Clone, Debug)]
pub struct MiniBatchKMeansParams<B: Backend, T: Float> {
    n_clusters: usize,
    init: Init<B, T>,
    n_init: Option<usize>,
    init_size: Option<usize>,
    batch_size: usize,
    max_no_improvement: Option<usize>,
    reassignment_ratio: f64,
    seed: u64,
    stop: Stop,
}

impl<B: Linalg<T>, T: Float> MiniBatchKMeans<B, T> {
    /// The default parameters: 8 clusters, [`Init::PlusPlus`], one start, or 3 of [`Init::Random`], batches of 1024 samples, `max_iter`
    /// 100, `tol` 0, `max_no_improvement` 10, `reassignment_ratio` 0.01, seed 0.
    #[must_use]
    pub fn params() -> MiniBatchKMeansParams<B, T> {
        MiniBatchKMeansParams {
            n_clusters: 8,
            init: Init::PlusPlus,
            n_init: None,
            init_size: None,
            batch_size: 1024,
            max_no_improvement: Some(10),
            reassignment_ratio: 0.01,
            seed: 0,
            stop: Stop::new(0.0, 100),
        }
    }
}

impl<B: Linalg<T>, T: Float> MiniBatchKMeansParams<B, T> {
    /// The number of clusters.
    #[must_use]
    pub fn n_clusters(mut self, n: usize) -> Self {
        self.n_clusters = n;
        self
    }

    /// The centres to start from.
    #[must_use]
    pub fn init(mut self, init: Init<B, T>) -> Self {
        self.init = init;
        self
    }

    /// How many starts are tried, of which the one with the least inertia on some samples is kept.
    #[must_use]
    pub fn n_init(mut self, n: usize) -> Self {
        self.n_init = Some(n);
        self
    }

    /// How many samples the centres of a start are drawn from: three times as many as a batch has, when nothing is said.
    #[must_use]
    pub fn init_size(mut self, n: usize) -> Self {
        self.init_size = Some(n);
        self
    }

    /// The number of samples of a batch.
    #[must_use]
    pub fn batch_size(mut self, n: usize) -> Self {
        self.batch_size = n;
        self
    }

    /// It has converged when the moving average of the inertia has not improved in so many batches; `None` does not look at it.
    #[must_use]
    pub fn max_no_improvement(mut self, batches: Option<usize>) -> Self {
        self.max_no_improvement = batches;
        self
    }

    /// Centres with fewer samples than this fraction of those of the largest one start anew from a sample, now and then.
    #[must_use]
    pub fn reassignment_ratio(mut self, fraction: f64) -> Self {
        self.reassignment_ratio = fraction;
        self
    }

    /// Where the random numbers begin.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    stop_setters!(
        stop,
        "If positive, it has converged when the squares of the ways of the centres in a step are at most this multiple of the mean variance of the features, in sum.",
        "pass through the samples",
        "the moving average of the inertia of a sample, and the steps are batches"
    );

    /// A model with centres drawn from some samples, which has learnt from none: for [`MiniBatchKMeans::partial_fit`].
    ///
    /// # Errors
    /// As for [`fit`](Self::fit).
    pub fn start(&self, x: &Array<B, T, Ix2>) -> Result<MiniBatchKMeans<B, T>> {
        self.validate(x)?;
        self.begin(x, None, &mut Generator::new(self.seed))
    }

    /// Fits the model to samples `x`, of shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for no features, and for centres of another shape, [`Error::Value`] for fewer samples than clusters and for
    /// parameters out of range, [`Error::NonFinite`].
    pub fn fit(&self, x: &Array<B, T, Ix2>) -> Result<MiniBatchKMeans<B, T>> {
        self.fit_any(x, None)
    }

    /// [`fit`](Self::fit) with a weight for every sample: how often it is drawn.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit), and for weights that are negative, all zero, or not one per sample.
    pub fn fit_weighted(&self, x: &Array<B, T, Ix2>, sample_weight: &Array<B, T, Ix1>) -> Result<MiniBatchKMeans<B, T>> {
        self.fit_any(x, Some(sample_weight))
    }

    fn validate(&self, x: &Array<B, T, Ix2>) -> Result<()> {
        self.stop.validate()?;
        clusters_of(self.n_clusters, x)?;
        starts_of(self.n_init)?;
        ratio(self.reassignment_ratio)?;
        if self.batch_size == 0 {
            return Err(Error::value("batch_size", 0, "at least 1"));
        }
        if self.init_size == Some(0) {
            return Err(Error::value("init_size", 0, "at least 1"));
        }
        self.init.fits([self.n_clusters, x.dims()[1]])?;
        check::finite("x", x)
    }

    /// How many samples a start looks at.
    fn size_of_start(&self, n: usize) -> usize {
        let size = self.init_size.unwrap_or(3 * self.batch_size.min(n));
        if size < self.n_clusters { 3 * self.n_clusters } else { size }.min(n)
    }

    /// The best of the starts, by the inertia on samples that are drawn for all of them.
    fn begin(&self, x: &Array<B, T, Ix2>, weights: Option<&Array<B, T, Ix1>>, random: &mut Generator) -> Result<MiniBatchKMeans<B, T>> {
        let [n, p] = x.shape();
        let (device, size) = (x.device(), self.size_of_start(n));
        let some = |random: &mut Generator| -> Result<(Array<B, T, Ix2>, Option<Array<B, T, Ix1>>)> {
            let rows = random.choice(device, n, size, Replacement::With)?;
            Ok((x.take(&rows, 0)?, weights.map(|w| w.take(&rows, 0)).transpose()?))
        };
        let starts = self.init.starts(self.n_init, 3);
        let judges = if starts > 1 { Some(some(random)?) } else { None };
        let mut best: Option<(f64, Array<B, T, Ix2>)> = None;
        for _ in 0..starts {
            let drawn = if size < n { some(random)? } else { (x.clone(), weights.cloned()) };
            let mean = drawn.0.lazy().mean(0).try_eval()?;
            let centers = self.init.centers(&drawn.0, &mean, drawn.1.as_ref(), self.n_clusters, random)?;
            let inertia = match &judges {
                Some((x, weights)) => -score(&centers, x, weights.as_ref())?,
                None => 0.0,
            };
            if best.as_ref().is_none_or(|(least, _)| inertia < *least) {
                best = Some((inertia, centers));
            }
        }
        Ok(MiniBatchKMeans {
            cluster_centers: best.map_or_else(|| zeros(device, [self.n_clusters, p]), |(_, centers)| Ok(centers))?,
            labels: zeros(device, [0])?,
            inertia: 0.0,
            n_iter: 0,
            n_steps: 0,
            outcome: Outcome::Limit,
            counts: Wide(zeros(device, [self.n_clusters])?),
            since_reassigned: 0,
            batch_size: self.batch_size.min(n),
            reassignment_ratio: self.reassignment_ratio,
            seed: self.seed.cast_signed(),
        })
    }

    fn fit_any(&self, x: &Array<B, T, Ix2>, weights: Option<&Array<B, T, Ix1>>) -> Result<MiniBatchKMeans<B, T>> {
        self.validate(x)?;
        if let Some(weights) = weights {
            check::weights(weights, x.dims())?;
        }
        let (n, size) = (x.dims()[0], self.batch_size.min(x.dims()[0]));
        let (tol, watch) = (tolerance(x, self.stop.tol)?, self.stop.callback.start());
        let mut random = Generator::new(self.seed);
        let mut model = self.begin(x, weights, &mut random)?;
        let sums = weights.map(|w| w.astype::<B::MaxFloat>().cumulative_sum(0)).transpose()?;
        let mut average = Average::new((2.0 * size as f64 / (n as f64 + 1.0)).min(1.0), self.max_no_improvement);
        for step in 1..=(self.stop.max_iter * n / size).max(1) {
            let rows = match &sums {
                None => random.choice(x.device(), n, size, Replacement::With)?,
                Some(sums) => draw(sums, size, &mut random)?,
            };
            let before = model.cluster_centers.clone();
            let inertia = model.step(&x.take(&rows, 0)?, None, &mut random)? / size as f64;
            model.n_steps = step;
            if step > 1 {
                average.add(inertia);
            }
            if self.stop.callback.is_set() && watch.stops(step, average.value.unwrap_or(inertia)) {
                model.outcome = Outcome::Stopped;
                break;
            }
            // The first inertia is that of the start.
            if step == 1 {
                continue;
            }
            let still = tol > 0.0 && (model.cluster_centers.lazy() - &before).square().sum(..).try_eval()?.item()?.to_f64() <= tol;
            if still || average.look().is_break() {
                model.outcome = Outcome::Converged;
                break;
            }
        }
        model.n_iter = (model.n_steps * size).div_ceil(n);
        model.describe(x, weights)?;
        Ok(model)
    }
}

/// Fails for a fraction below zero.
fn ratio(fraction: f64) -> Result<()> {
    if fraction >= 0.0 && fraction.is_finite() { Ok(()) } else { Err(Error::value("reassignment_ratio", fraction, "a number that is not negative")) }
}

/// The exponentially weighted average of the inertia, and for how long it has not improved.
struct Average {
    weight: f64,
    value: Option<f64>,
    least: f64,
    idle: usize,
    most: Option<usize>,
}

impl Average {
    fn new(weight: f64, most: Option<usize>) -> Self {
        Average { weight, value: None, least: f64::INFINITY, idle: 0, most }
    }

    fn add(&mut self, inertia: f64) {
        self.value = Some(self.value.map_or(inertia, |value| value * (1.0 - self.weight) + inertia * self.weight));
    }

    fn look(&mut self) -> ControlFlow<()> {
        let value = self.value.unwrap_or(f64::INFINITY);
        if value < self.least {
            (self.least, self.idle) = (value, 0);
        } else {
            self.idle += 1;
        }
        if self.most.is_some_and(|most| self.idle >= most) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
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
        self.labels = Nearest::moved(moved.clone(), &origin)?.labels(x)?;
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
