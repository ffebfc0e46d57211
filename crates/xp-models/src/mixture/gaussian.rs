//! Mixtures of normal densities.

use xp_core::functions::{arange, zeros};
use xp_core::random::{Generator, Replacement};
use xp_core::{Array, Backend, Dim, Dyn, Float, Ix1, Ix2, Ix3, Linalg, Real, s};

use super::em::{Densities, Samples, shares};
use super::parameters::{CovarianceType, Parameters, root};
use super::start::{InitParams, Start};
use crate::model::{Check, fits, model};
use crate::optimize::tolerance;
use crate::progress::{Outcome, Stop, stop_setters};
use crate::tall_svd::device;
use crate::traits::{Estimator, Fit, Predict, PredictProba, Score};
use crate::{Error, Result, check};

model! {
    /// A density that is a weighted sum of normal densities, the components, fitted by expectation and maximisation (Dempster, Laird and
    /// Rubin, 1977).
    ///
    /// It is scikit-learn's estimator of the same name. Each iteration asks how far each sample belongs to each component, and takes the
    /// means and covariances of those shares: in one pass over the samples, block by block, without a copy of them. The lower bound,
    /// the mean logarithm of the density, never falls but for rounding and `reg_covar`. Features are taken less their means, and
    /// the sums are in the widest float of the backend; covariances of the full kind are summed about the means of the iteration
    /// before. (Of the tied kind, a start from single samples has the scatter of all samples about their mean, where
    /// scikit-learn takes it about zero.)
    ///
    /// ```
    /// use xp::models::mixture::GaussianMixture;
    /// use xp::prelude::*;
    ///
    /// let x = array![[1.0_f64, 2.0], [1.0, 4.0], [1.0, 0.0], [10.0, 2.0], [10.0, 4.0], [10.0, 0.0]];
    /// let model = GaussianMixture::params().n_components(2).fit(&x)?;
    /// assert!(model.converged());
    /// let which = model.predict(&array![[0.0, 0.0], [12.0, 3.0]])?;
    /// let means = model.means().take(&which, 0)?;
    /// assert!((&means - &array![[1.0, 2.0], [10.0, 2.0]]).abs().max(..).item()? < 1e-9);
    /// assert!((model.weights() - 0.5).abs().max(..).item()? < 1e-9);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct GaussianMixture<B: Backend, T: Float> {
        /// The weight of each component.
        pub weights: Array<B, T, Ix1>,
        /// The mean of each component, by row.
        pub means: Array<B, T, Ix2>,
        /// The covariances, of the shape that [`CovarianceType`] says.
        pub covariances: Array<B, T, Dyn>,
        /// Their inverses.
        pub precisions: Array<B, T, Dyn>,
        /// The upper triangular factors `P` of the inverses `P Pᵀ`; of variances, one over their roots.
        pub precisions_cholesky: Array<B, T, Dyn>,
        /// What the covariances have in common.
        pub covariance_type: CovarianceType,
        /// The mean logarithm of the density of the samples of the fit, before the last step of the best start.
        pub lower_bound: f64,
        /// The same for each iteration of the best start.
        pub lower_bounds: Vec<f64>,
        /// The number of iterations of the best start.
        pub n_iter: usize,
        /// How the best start ended.
        pub outcome: Outcome,
    }
}

impl<B: Backend, T: Float> Check for GaussianMixture<B, T> {
    fn check(&self) -> Result<()> {
        let [k, p] = self.means.shape();
        if k == 0 || p == 0 {
            return Err(Error::shape("means", self.means.dims(), "at least 1 row and 1 column"));
        }
        let shape = self.covariance_type.shape(k, p);
        fits("weights", self.weights.dims(), &[k])?;
        fits("covariances", self.covariances.dims(), &shape)?;
        fits("precisions", self.precisions.dims(), &shape)?;
        fits("precisions_cholesky", self.precisions_cholesky.dims(), &shape)
    }
}

impl<B: Backend, T: Float> GaussianMixture<B, T> {
    /// Whether the tolerance was reached.
    #[must_use]
    pub fn converged(&self) -> bool {
        self.outcome == Outcome::Converged
    }
}

/// Parameters of [`GaussianMixture`].
#[derive(Clone, Debug)]
pub struct GaussianMixtureParams<B: Backend, T: Float> {
    n_components: usize,
    covariance_type: CovarianceType,
    reg_covar: f64,
    n_init: usize,
    init_params: InitParams,
    weights_init: Option<Vec<f64>>,
    means_init: Option<Array<B, T, Ix2>>,
    precisions_init: Option<Array<B, T, Dyn>>,
    seed: u64,
    stop: Stop,
}

impl<B: Linalg<T>, T: Float> GaussianMixture<B, T> {
    /// The default parameters: 1 component, [`CovarianceType::Full`], `tol` 1e-3, `reg_covar` 1e-6, `max_iter` 100, one start from
    /// [`InitParams::KMeans`], seed 0.
    #[must_use]
    pub fn params() -> GaussianMixtureParams<B, T> {
        GaussianMixtureParams {
            n_components: 1,
            covariance_type: CovarianceType::Full,
            reg_covar: 1e-6,
            n_init: 1,
            init_params: InitParams::KMeans,
            weights_init: None,
            means_init: None,
            precisions_init: None,
            seed: 0,
            stop: Stop::new(1e-3, 100),
        }
    }
}

/// The best of the starts so far.
struct Best<B: Linalg<T>, T: Float> {
    parameters: Parameters<B, T>,
    lower_bound: f64,
    lower_bounds: Vec<f64>,
    outcome: Outcome,
}

impl<B: Linalg<T>, T: Float> GaussianMixtureParams<B, T> {
    /// The number of components.
    #[must_use]
    pub fn n_components(mut self, n: usize) -> Self {
        self.n_components = n;
        self
    }

    /// What the covariances have in common.
    #[must_use]
    pub fn covariance_type(mut self, kind: CovarianceType) -> Self {
        self.covariance_type = kind;
        self
    }

    /// What is added to the diagonals of covariances, so that they stay positive.
    #[must_use]
    pub fn reg_covar(mut self, variance: f64) -> Self {
        self.reg_covar = variance;
        self
    }

    /// How many starts are tried, of which the one with the largest lower bound is kept.
    #[must_use]
    pub fn n_init(mut self, n: usize) -> Self {
        self.n_init = n;
        self
    }

    /// How the samples are shared out at the start.
    #[must_use]
    pub fn init_params(mut self, how: InitParams) -> Self {
        self.init_params = how;
        self
    }

    /// The weights to start from.
    #[must_use]
    pub fn weights_init(mut self, weights: &[f64]) -> Self {
        self.weights_init = Some(weights.to_vec());
        self
    }

    /// The means to start from, of shape `(n_components, n_features)`.
    #[must_use]
    pub fn means_init(mut self, means: &Array<B, T, Ix2>) -> Self {
        self.means_init = Some(means.clone());
        self
    }

    /// The inverses of covariances to start from, of the shape that [`CovarianceType`] says.
    #[must_use]
    pub fn precisions_init<D: Dim>(mut self, precisions: &Array<B, T, D>) -> Self {
        self.precisions_init = Some(precisions.clone().into_dyn());
        self
    }

    /// Where the random numbers begin.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    stop_setters!(stop, "It has converged when the lower bound changes by less.", "iteration", "the lower bound, which is maximised");

    /// Fits the model to samples `x`, of shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for fewer than 2 samples, no features, and initial values of another shape, [`Error::Value`] for fewer samples
    /// than components and for parameters out of range, [`Error::NonFinite`], [`Error::Degenerate`] when a component collapses.
    pub fn fit(&self, x: &Array<B, T, Ix2>) -> Result<GaussianMixture<B, T>> {
        self.fit_any(x, None)
    }

    /// Goes on from a model, which was fitted to these or other samples: scikit-learn's `warm_start`. There is no other start.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit), and [`Error::Value`] for a model with other components, features, or kinds of covariances.
    pub fn fit_from(&self, x: &Array<B, T, Ix2>, model: &GaussianMixture<B, T>) -> Result<GaussianMixture<B, T>> {
        let shape = [self.n_components, x.dims()[1]];
        if model.covariance_type != self.covariance_type || model.means.shape() != shape {
            let given = format!("one with {} covariances and means of shape {:?}", model.covariance_type, model.means.dims());
            return Err(Error::value("model", given, format!("{} covariances and means of shape {shape:?}", self.covariance_type)));
        }
        self.fit_any(x, Some(model))
    }

    /// The model, and the component of each sample: that one which it belongs to most.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit).
    pub fn fit_predict(&self, x: &Array<B, T, Ix2>) -> Result<(GaussianMixture<B, T>, Array<B, i64, Ix1>)> {
        let model = self.fit(x)?;
        let labels = model.predict(x)?;
        Ok((model, labels))
    }

    fn validate(&self, x: &Array<B, T, Ix2>) -> Result<()> {
        let (k, [n, p]) = (self.n_components, x.shape());
        tolerance("tol", self.stop.tol)?;
        tolerance("reg_covar", self.reg_covar)?;
        if self.n_init == 0 {
            return Err(Error::value("n_init", 0, "at least 1"));
        }
        check::at_least(x, 2)?;
        if k == 0 || k > n {
            return Err(Error::value("n_components", k, format!("1 to {n}, the number of samples")));
        }
        if let Some(weights) = &self.weights_init {
            let sum: f64 = weights.iter().sum();
            let off = if T::EPSILON.to_f64() > 1e-10 { 1e-6 } else { 1e-8 };
            if weights.len() != k || (sum - 1.0).abs() > off || weights.iter().any(|w| !(0.0..=1.0).contains(w)) {
                return Err(Error::value("weights_init", format!("{weights:?}"), format!("{k} numbers of 0 to 1 whose sum is 1")));
            }
        }
        if let Some(means) = &self.means_init {
            if means.shape() != [k, p] {
                return Err(Error::shape("means_init", means.dims(), format!("{:?}", [k, p])));
            }
            check::finite("means_init", means)?;
        }
        if let Some(precisions) = &self.precisions_init {
            let shape = self.covariance_type.shape(k, p);
            if precisions.dims() != shape {
                return Err(Error::shape("precisions_init", precisions.dims(), format!("{shape:?} for {} covariances", self.covariance_type)));
            }
        }
        Ok(())
    }

    fn fit_any(&self, x: &Array<B, T, Ix2>, from: Option<&GaussianMixture<B, T>>) -> Result<GaussianMixture<B, T>> {
        self.validate(x)?;
        let mean = x.lazy().mean(0).try_eval()?;
        check::finite_by("x", x, &mean)?;
        let watch = self.stop.callback.start();
        let samples = Samples::new(self.covariance_type, x, mean, self.n_components, self.reg_covar)?;
        let (mut random, mut best, mut done) = (Generator::new(self.seed), None::<Best<B, T>>, 0);
        let starts = if from.is_some() { 1 } else { self.n_init };
        for _ in 0..starts {
            let (mut parameters, mut lower_bound) = match from {
                Some(model) => (model.parameters(&samples.origin)?, model.lower_bound),
                None => (self.start(x, &samples, &mut random)?, f64::NEG_INFINITY),
            };
            let (mut lower_bounds, mut outcome) = (vec![], Outcome::Limit);
            while lower_bounds.len() < self.stop.max_iter && outcome == Outcome::Limit {
                let found = samples.expect(&parameters)?;
                parameters = samples.maximise(&parameters, &found)?;
                let change = found.lower_bound - lower_bound;
                lower_bound = found.lower_bound;
                lower_bounds.push(lower_bound);
                done += 1;
                let stopped = watch.stops(done, lower_bound);
                if change.abs() < self.stop.tol {
                    outcome = Outcome::Converged;
                } else if stopped {
                    outcome = Outcome::Stopped;
                }
            }
            let stopped = outcome == Outcome::Stopped;
            if best.as_ref().is_none_or(|best| lower_bound > best.lower_bound) {
                best = Some(Best { parameters, lower_bound, lower_bounds, outcome });
            }
            if stopped {
                // What was found before may be better, but the search was not finished.
                best = best.map(|best| Best { outcome, ..best });
                break;
            }
        }
        best.expect("at least one start").model(&samples.origin)
    }

    fn start(&self, x: &Array<B, T, Ix2>, samples: &Samples<'_, B, T>, random: &mut Generator) -> Result<Parameters<B, T>> {
        let kind = self.covariance_type;
        let weights = self.weights_init.as_ref().map(|w| device(x.device(), w)).transpose()?;
        let means = self.means_init.as_ref().map(|means| (means.lazy() - &samples.origin).try_eval()).transpose()?;
        if let (Some(weights), Some(means), Some(precisions)) = (&weights, &means, &self.precisions_init) {
            return Parameters::with_precisions(kind, weights.clone(), means.clone(), precisions);
        }
        let start = Start::new(self.init_params, x, &samples.origin, self.n_components, random)?;
        let (found, centers, covariances) = samples.share(&start)?;
        let (weights, means) = (weights.unwrap_or(found), means.unwrap_or(centers));
        match &self.precisions_init {
            Some(precisions) => Parameters::with_precisions(kind, weights, means, precisions),
            None => Parameters::new(kind, weights, means, covariances),
        }
    }
}

impl<B: Linalg<T>, T: Float> Best<B, T> {
    fn model(self, origin: &Array<B, T, Ix1>) -> Result<GaussianMixture<B, T>> {
        let precisions = self.parameters.precisions()?;
        let Parameters { kind, weights, means, covariances, precisions_cholesky } = self.parameters;
        let (lower_bound, lower_bounds) = (self.lower_bound, self.lower_bounds);
        Ok(GaussianMixture {
            weights,
            means: (means.into_lazy() + origin).try_eval()?,
            covariances,
            precisions,
            precisions_cholesky,
            covariance_type: kind,
            lower_bound,
            n_iter: lower_bounds.len(),
            lower_bounds,
            outcome: self.outcome,
        })
    }
}

impl<B: Linalg<T>, T: Float> GaussianMixture<B, T> {
    fn parameters(&self, origin: &Array<B, T, Ix1>) -> Result<Parameters<B, T>> {
        Ok(Parameters {
            kind: self.covariance_type,
            weights: self.weights.clone(),
            means: (self.means.lazy() - origin).try_eval()?,
            covariances: self.covariances.clone(),
            precisions_cholesky: self.precisions_cholesky.clone(),
        })
    }

    /// Calls a function with the range of each block of samples and the logarithms of their weighted densities.
    fn for_each(&self, x: &Array<B, T, Ix2>, each: impl FnMut((isize, isize), Array<B, T, Ix2>) -> Result<()>) -> Result<()> {
        check::features("x", x, self.means.dims()[1])?;
        check::finite("x", x)?;
        let origin = self.means.lazy().mean(0).try_eval()?;
        Densities::new(&self.parameters(&origin)?, &origin)?.for_each(x, each)
    }

    /// The component of each sample: that one which it belongs to most.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    pub fn predict(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, i64, Ix1>> {
        let mut out = zeros(x.device(), [x.dims()[0]])?;
        self.for_each(x, |(start, stop), logs| Ok(out.set(s![start..stop], logs.argmax(0))?))?;
        Ok(out)
    }

    /// How far each sample belongs to each component, of shape `(n_samples, n_components)`.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    pub fn predict_proba(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        let mut out = zeros(x.device(), [x.dims()[0], self.means.dims()[0]])?;
        self.for_each(x, |(start, stop), logs| Ok(out.set(s![start..stop], shares(logs)?.0.t())?))?;
        Ok(out)
    }

    /// The logarithm of the density at each sample.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    pub fn score_samples(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix1>> {
        let mut out = zeros(x.device(), [x.dims()[0]])?;
        self.for_each(x, |(start, stop), logs| Ok(out.set(s![start..stop], shares(logs)?.1.squeeze(0)?)?))?;
        Ok(out)
    }

    /// The mean logarithm of the density at the samples.
    ///
    /// # Errors
    /// As for [`score_samples`](Self::score_samples), and [`Error::Shape`] for no samples.
    pub fn score(&self, x: &Array<B, T, Ix2>) -> Result<f64> {
        check::at_least(x, 1)?;
        Ok(self.score_samples(x)?.lazy().astype::<B::MaxFloat>().mean(..).try_eval()?.item()?.to_f64())
    }

    /// How many numbers the model has that are free.
    fn n_parameters(&self) -> f64 {
        let [k, p] = self.means.shape();
        self.covariance_type.n_parameters(k, p) + (k * p + k - 1) as f64
    }

    /// Schwarz's criterion: the logarithm of the number of samples for each number of the model, less twice the logarithm of the density of
    /// all samples. The lower, the better.
    ///
    /// # Errors
    /// As for [`score`](Self::score).
    pub fn bic(&self, x: &Array<B, T, Ix2>) -> Result<f64> {
        let n = x.dims()[0] as f64;
        Ok(-2.0 * n * self.score(x)? + self.n_parameters() * n.ln())
    }

    /// Akaike's criterion: 2 for each number of the model, less twice the logarithm of the density of all samples. The lower, the better.
    ///
    /// # Errors
    /// As for [`score`](Self::score).
    pub fn aic(&self, x: &Array<B, T, Ix2>) -> Result<f64> {
        Ok(-2.0 * x.dims()[0] as f64 * self.score(x)? + 2.0 * self.n_parameters())
    }

    /// Draws samples from the density, and their components, in ascending order of those. The number for each component is counted on
    /// the host.
    ///
    /// # Errors
    /// [`Error::Value`] for no samples; when the parameters of a file are no mixture.
    pub fn sample(&self, n_samples: usize, seed: u64) -> Result<(Array<B, T, Ix2>, Array<B, i64, Ix1>)> {
        if n_samples == 0 {
            return Err(Error::value("n_samples", 0, "at least 1"));
        }
        let ([k, p], at) = (self.means.shape(), self.weights.device());
        let mut random = Generator::new(seed);
        let drawn = random.choice_weighted(&self.weights, n_samples, Replacement::With)?;
        let numbers = arange(at, 0, k as i64, 1)?.expand_dims(1)?;
        let counts = numbers.lazy().equal(&drawn.expand_dims(0)?).count_nonzero(1).try_eval()?.to_host()?;
        let mut out: Array<B, T, Ix2> = random.normal(at, [n_samples, p])?;
        let mut labels = zeros(at, [n_samples])?;
        let root = root(self.covariance_type, &self.covariances)?;
        let mut start = 0;
        for (component, count) in counts.into_iter().enumerate() {
            let (stop, mean) = (start + count as isize, self.means.index_axis(0, component)?);
            let draws = out.slice(s![start..stop])?.contiguous()?;
            let one = |from: &Array<B, T, Dyn>| from.index_axis(0, component);
            let moved = match self.covariance_type {
                CovarianceType::Full => draws.matmul(&root.reshape([k, p, p])?.into_rank::<Ix3>()?.index_axis(0, component)?.t())?,
                CovarianceType::Tied => draws.matmul(&root.reshape([p, p])?.t())?,
                CovarianceType::Diag => draws * one(&root)?.reshape([p])?,
                CovarianceType::Spherical => draws * one(&root)?.reshape([1])?,
            };
            out.set(s![start..stop], moved.lazy() + &mean)?;
            labels.set(s![start..stop], component as i64)?;
            start = stop;
        }
        Ok((out, labels))
    }
}

impl<B: Linalg<T>, T: Float> Estimator for GaussianMixtureParams<B, T> {}

impl<B: Linalg<T>, T: Float, Y> Fit<Array<B, T, Ix2>, Y> for GaussianMixtureParams<B, T> {
    type Model = GaussianMixture<B, T>;

    fn fit(&self, x: &Array<B, T, Ix2>, _: &Y) -> Result<GaussianMixture<B, T>> {
        GaussianMixtureParams::fit(self, x)
    }
}

impl<B: Linalg<T>, T: Float> Predict<Array<B, T, Ix2>> for GaussianMixture<B, T> {
    type Output = Array<B, i64, Ix1>;

    fn predict(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, i64, Ix1>> {
        GaussianMixture::predict(self, x)
    }
}

impl<B: Linalg<T>, T: Float> PredictProba<Array<B, T, Ix2>> for GaussianMixture<B, T> {
    type Output = Array<B, T, Ix2>;

    fn predict_proba(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        GaussianMixture::predict_proba(self, x)
    }

    fn predict_log_proba(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        Ok(GaussianMixture::predict_proba(self, x)?.into_lazy().log().try_eval()?)
    }
}

impl<B: Linalg<T>, T: Float, Y> Score<Array<B, T, Ix2>, Y> for GaussianMixture<B, T> {
    fn score(&self, x: &Array<B, T, Ix2>, _: &Y) -> Result<f64> {
        GaussianMixture::score(self, x)
    }
}
