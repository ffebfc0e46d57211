//! Fitting by batches that are drawn.

use core::ops::ControlFlow;

use xp_core::functions::zeros;
use xp_core::random::{Generator, Replacement};
use xp_core::{Array, Backend, Float, Ix1, Ix2, Linalg};

use super::{MiniBatchKMeans, ratio};
use crate::cluster::Init;
use crate::cluster::kmeans::{clusters_of, score, starts_of, tolerance};
use crate::cluster::start::{draw, start_setters};
use crate::model::Wide;
use crate::progress::{Outcome, Stop, stop_setters};
use crate::{Error, Result, check};

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
    start_setters!("How many starts are tried, of which the one with the least inertia on some samples is kept.");

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
