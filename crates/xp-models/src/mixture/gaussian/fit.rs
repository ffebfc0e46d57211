//! Fitting mixtures.

use xp_core::random::Generator;
use xp_core::{Array, Backend, Dim, Dyn, Float, Ix1, Ix2, Linalg};

use super::GaussianMixture;
use crate::mixture::em::Samples;
use crate::mixture::parameters::{CovarianceType, Parameters};
use crate::mixture::start::{InitParams, Start};
use crate::optimize::tolerance;
use crate::progress::{Outcome, Stop, stop_setters};
use crate::tall_svd::device;
use crate::traits::{Estimator, Fit};
use crate::{Error, Result, check};

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

impl<B: Linalg<T>, T: Float> Estimator for GaussianMixtureParams<B, T> {}

impl<B: Linalg<T>, T: Float, Y> Fit<Array<B, T, Ix2>, Y> for GaussianMixtureParams<B, T> {
    type Model = GaussianMixture<B, T>;

    fn fit(&self, x: &Array<B, T, Ix2>, _: &Y) -> Result<GaussianMixture<B, T>> {
        GaussianMixtureParams::fit(self, x)
    }
}
