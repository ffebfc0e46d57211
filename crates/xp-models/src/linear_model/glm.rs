//! Generalised linear models.

use core::marker::PhantomData;

use xp_core::functions::{full, ones, zeros};
use xp_core::{Array, Backend, Float, Ix0, Ix1, Ix2, Linalg, Real, s};

use super::family::{Family, Gamma, Poisson, Tweedie};
use super::loss::{LinearSolver, Loss, Objective};
use super::newton::{Stop, stop_setters};
use super::{regressor_traits, total_weight};
use crate::model::{Check, model, named, text_fields};
use crate::progress::{Callback, Outcome};
use crate::traits::{Estimator, Fit, FitWeighted};
use crate::{Error, Result, check};

/// How the mean of a target follows from what is linear in the features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// [`Link::Identity`] for powers up to 0, otherwise [`Link::Log`].
    Auto,
    /// It is the mean.
    Identity,
    /// It is the logarithm of the mean.
    Log,
}

named!(Link, "link": Auto = "auto", Identity = "identity", Log = "log");
text_fields!(Link);

/// What all of them are fitted with.
#[derive(Clone, Debug)]
struct Options {
    alpha: f64,
    fit_intercept: bool,
    solver: LinearSolver,
    stop: Stop,
}

impl Options {
    fn new() -> Self {
        let stop = Stop { tol: 1e-4, max_iter: 100, callback: Callback::default() };
        Options { alpha: 1.0, fit_intercept: true, solver: LinearSolver::Lbfgs, stop }
    }
}

/// What all of them learn.
struct Fitted<B: Linalg<T>, T: Float> {
    coef: Array<B, T, Ix1>,
    intercept: Array<B, T, Ix0>,
    n_iter: usize,
    outcome: Outcome,
}

fn fit<B: Linalg<T>, T: Float, F: Family<B, T>>(
    family: &F,
    options: &Options,
    x: &Array<B, T, Ix2>,
    y: &Array<B, T, Ix1>,
    weights: Option<&Array<B, T, Ix1>>,
) -> Result<Fitted<B, T>> {
    if !(options.alpha >= 0.0 && options.alpha.is_finite()) {
        return Err(Error::value("alpha", options.alpha, "a number that is not negative"));
    }
    options.stop.validate()?;
    fit_each_other(x, y, weights)?;
    check::finite("x", x)?;
    accepted(family, y)?;
    let (mean, total, weights) = weighed(y, weights)?;
    let intercept = family.link(mean);
    if options.fit_intercept && !intercept.is_finite() {
        return Err(Error::Degenerate(format!("y has the mean {mean}, whose logarithm is no intercept")));
    }
    let (p, fit_intercept) = (x.dims()[1], options.fit_intercept);
    let mut start = zeros(x.device(), [p + usize::from(fit_intercept)])?;
    if fit_intercept {
        start.set(s![p..], T::from_f64(intercept))?;
    }
    let objective = Objective { x, loss: family.loss(y, &weights), penalty: options.alpha, total, fit_intercept };
    let found = objective.minimize(&start, options.solver, &options.stop)?;
    let intercept = if fit_intercept { found.x.slice(s![p])?.contiguous()? } else { zeros(x.device(), [])? };
    Ok(Fitted { coef: found.x.slice(s![..p])?.contiguous()?, intercept, n_iter: found.nit, outcome: found.outcome })
}

/// Fails unless there are samples, and a target and a weight for each.
fn fit_each_other<B: Linalg<T>, T: Float>(x: &Array<B, T, Ix2>, y: &Array<B, T, Ix1>, weights: Option<&Array<B, T, Ix1>>) -> Result<()> {
    check::samples("y", y.dims(), "x", x.dims())?;
    check::at_least(x, 1)?;
    weights.map_or(Ok(()), |weights| check::weights(weights, x.dims()))
}

/// Fails for targets that the family does not have.
fn accepted<B: Linalg<T>, T: Float>(family: &impl Family<B, T>, y: &Array<B, T, Ix1>) -> Result<()> {
    check::finite("y", y)?;
    let least = y.lazy().min(..).try_eval()?.item()?.to_f64();
    family.refuses(least).map_or(Ok(()), |expected| Err(Error::value("y", format!("{least}"), expected)))
}

/// The weighted mean of the targets, the sum of the weights, and a weight for each sample, or one of shape `(1,)`.
fn weighed<B: Linalg<T>, T: Float>(y: &Array<B, T, Ix1>, weights: Option<&Array<B, T, Ix1>>) -> Result<(f64, f64, Array<B, T, Ix1>)> {
    let total = total_weight(weights, y.size())?;
    let weights = weights.map_or_else(|| ones(y.device(), [1]), |w| Ok(w.clone()))?;
    let sum = (y.lazy() * &weights).astype::<B::MaxFloat>().sum(..).try_eval()?.item()?.to_f64();
    Ok((sum / total, total, weights))
}

/// What is linear in the features.
fn raw<B: Linalg<T>, T: Float>(coef: &Array<B, T, Ix1>, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix1>> {
    check::features("x", x, coef.size())?;
    let raw = x.matmul(coef)?;
    check::finite_by("x", x, &raw)?;
    Ok(raw)
}

/// The part of the deviance that the model explains.
fn score<B: Linalg<T>, T: Float, F: Family<B, T>>(
    family: &F,
    coef: &Array<B, T, Ix1>,
    intercept: &Array<B, T, Ix0>,
    x: &Array<B, T, Ix2>,
    y: &Array<B, T, Ix1>,
    weights: Option<&Array<B, T, Ix1>>,
) -> Result<f64> {
    fit_each_other(x, y, weights)?;
    accepted(family, y)?;
    let raw = raw(coef, x)?;
    let (mean, _, weights) = weighed(y, weights)?;
    let loss = family.loss(y, &weights);
    let constant = family.constant(y, &weights)?;
    let with = loss.value_and_gradient(&raw, &intercept.reshape([1])?)?.0.item()?.to_f64();
    let constant_model = full(x.device(), [1], T::from_f64(family.link(mean)))?;
    let without = loss.value_and_gradient(&raw.zeros_like()?, &constant_model)?.0.item()?.to_f64();
    Ok(1.0 - (with + constant) / (without + constant))
}

fn check_glm<B: Backend, T: Float>(coef: &Array<B, T, Ix1>) -> Result<()> {
    if coef.is_empty() { Err(Error::shape("coef", coef.dims(), "at least 1 element")) } else { Ok(()) }
}

/// The parameters and methods of a model, whose family follows from the parameters, and from the model.
macro_rules! generalised {
    ($Model:ident, $Params:ident, $params:ident => $family:expr, $model:ident => $of_model:expr, {$($more:ident: $From:expr),*}) => {
        impl<B: Backend, T: Float> Check for $Model<B, T> {
            fn check(&self) -> Result<()> {
                check_glm(&self.coef)
            }
        }

        impl<B: Linalg<T>, T: Float> $Params<B, T> {
            /// The penalty on half the squared 2-norm of the coefficients, beside the mean over the samples.
            #[must_use]
            pub fn alpha(mut self, alpha: f64) -> Self {
                self.options.alpha = alpha;
                self
            }

            /// Whether there is an intercept, which is not penalised.
            #[must_use]
            pub fn fit_intercept(mut self, yes: bool) -> Self {
                self.options.fit_intercept = yes;
                self
            }

            /// How the minimum is found.
            #[must_use]
            pub fn solver(mut self, solver: LinearSolver) -> Self {
                self.options.solver = solver;
                self
            }

            stop_setters!(options.stop, "It has converged when no element of the gradient is larger.", "iteration");

            /// Fits the model to samples `x`, of shape `(n_samples, n_features)`, and their targets, of shape `(n_samples,)`.
            ///
            /// # Errors
            /// [`Error::Samples`] when the numbers of samples differ, [`Error::Shape`] for no samples or features,
            /// [`Error::NonFinite`], [`Error::Value`] for targets that the family does not have, a negative `alpha` or `tol`, or no
            /// iterations, [`Error::Degenerate`] when the mean of the targets has no logarithm.
            pub fn fit(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, Ix1>) -> Result<$Model<B, T>> {
                self.fit_any(x, y, None)
            }

            /// [`fit`](Self::fit) with a weight for every sample.
            ///
            /// # Errors
            /// As for [`fit`](Self::fit), and [`Error::Samples`], [`Error::Value`] for weights that are negative or all zero.
            pub fn fit_weighted(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, Ix1>, sample_weight: &Array<B, T, Ix1>) -> Result<$Model<B, T>> {
                self.fit_any(x, y, Some(sample_weight))
            }

            fn fit_any(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, Ix1>, weights: Option<&Array<B, T, Ix1>>) -> Result<$Model<B, T>> {
                let $params = self;
                let Fitted { coef, intercept, n_iter, outcome } = fit(&$family, &self.options, x, y, weights)?;
                Ok($Model { coef, intercept, n_iter, outcome $(, $more: $From)* })
            }
        }

        impl<B: Linalg<T>, T: Float> $Model<B, T> {
            /// Whether the tolerance was reached.
            #[must_use]
            pub fn converged(&self) -> bool {
                self.outcome == Outcome::Converged
            }

            /// The means of the targets that the model predicts.
            ///
            /// # Errors
            /// [`Error::Features`], [`Error::NonFinite`].
            pub fn predict(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix1>> {
                let $model = self;
                Family::<B, T>::mean(&$of_model, &raw(&self.coef, x)?, &self.intercept.reshape([1])?)
            }

            /// The part of the deviance that the model explains, of that of the model which predicts the mean of the targets.
            ///
            /// # Errors
            /// As for [`predict`](Self::predict), and [`Error::Samples`], [`Error::Value`] for targets that the family does not have.
            pub fn score(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, Ix1>) -> Result<f64> {
                let $model = self;
                score(&$of_model, &self.coef, &self.intercept, x, y, None)
            }

            /// [`score`](Self::score) with a weight for every sample.
            ///
            /// # Errors
            /// As for [`score`](Self::score), and for weights that are negative, all zero, or not one per sample.
            pub fn score_weighted(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, Ix1>, sample_weight: &Array<B, T, Ix1>) -> Result<f64> {
                let $model = self;
                score(&$of_model, &self.coef, &self.intercept, x, y, Some(sample_weight))
            }
        }

        impl<B: Linalg<T>, T: Float> Estimator for $Params<B, T> {}

        impl<B: Linalg<T>, T: Float> Fit<Array<B, T, Ix2>, Array<B, T, Ix1>> for $Params<B, T> {
            type Model = $Model<B, T>;

            fn fit(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, Ix1>) -> Result<$Model<B, T>> {
                $Params::fit(self, x, y)
            }
        }

        impl<B: Linalg<T>, T: Float> FitWeighted<Array<B, T, Ix2>, Array<B, T, Ix1>> for $Params<B, T> {
            fn fit_weighted(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, Ix1>, w: &Array<B, T, Ix1>) -> Result<$Model<B, T>> {
                $Params::fit_weighted(self, x, y, w)
            }
        }

        regressor_traits!($Model<B, T>, Array<B, T, Ix1>);
    };
}

model! {
    /// Counts whose logarithmic means are linear in the features.
    ///
    /// It is scikit-learn's estimator of the same name. What is minimised is the mean, by the weights of the samples, of
    /// `exp(r) - y r`, where `r = x coef + intercept`, and `alpha / 2` times the squared 2-norm of the coefficients.
    ///
    /// ```
    /// use xp::models::linear_model::PoissonRegressor;
    /// use xp::prelude::*;
    ///
    /// // Means of 2 at 0 and of 6 at 1: without a penalty the model has them.
    /// let (x, y) = (array![[0.0], [0.0], [1.0], [1.0]], array![1.0, 3.0, 4.0, 8.0]);
    /// let model = PoissonRegressor::params().alpha(0.0).tol(1e-9).fit(&x, &y)?;
    /// assert!(model.converged());
    /// assert!((model.coef()[[0]] - 3f64.ln()).abs() < 1e-5);
    /// assert!((model.predict(&array![[2.0]])?[[0]] - 18.0).abs() < 1e-4);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct PoissonRegressor<B: Backend, T: Float> {
        /// The coefficients.
        pub coef: Array<B, T, Ix1>,
        /// The intercept.
        pub intercept: Array<B, T, Ix0>,
        /// The number of iterations.
        pub n_iter: usize,
        /// How the fit ended.
        pub outcome: Outcome,
    }
}

/// Parameters of [`PoissonRegressor`].
#[derive(Clone, Debug)]
pub struct PoissonRegressorParams<B, T> {
    options: Options,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Linalg<T>, T: Float> PoissonRegressor<B, T> {
    /// The default parameters: `alpha` 1, with an intercept, [`LinearSolver::Lbfgs`], `tol` 1e-4, `max_iter` 100.
    #[must_use]
    pub fn params() -> PoissonRegressorParams<B, T> {
        PoissonRegressorParams { options: Options::new(), kind: PhantomData }
    }
}

generalised!(PoissonRegressor, PoissonRegressorParams, _params => Poisson, _model => Poisson, {});

model! {
    /// Positive targets of a constant relative spread, whose logarithmic means are linear in the features.
    ///
    /// It is scikit-learn's estimator of the same name. What is minimised is the mean, by the weights of the samples, of
    /// `r + y exp(-r)`, where `r = x coef + intercept`, and `alpha / 2` times the squared 2-norm of the coefficients.
    ///
    /// ```
    /// use xp::models::linear_model::GammaRegressor;
    /// use xp::prelude::*;
    ///
    /// // Means of 2 at 0 and of 6 at 1: without a penalty the model has them.
    /// let (x, y) = (array![[0.0], [0.0], [1.0], [1.0]], array![1.0, 3.0, 4.0, 8.0]);
    /// let model = GammaRegressor::params().alpha(0.0).tol(1e-9).fit(&x, &y)?;
    /// assert!((model.predict(&array![[2.0]])?[[0]] - 18.0).abs() < 1e-4);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct GammaRegressor<B: Backend, T: Float> {
        /// The coefficients.
        pub coef: Array<B, T, Ix1>,
        /// The intercept.
        pub intercept: Array<B, T, Ix0>,
        /// The number of iterations.
        pub n_iter: usize,
        /// How the fit ended.
        pub outcome: Outcome,
    }
}

/// Parameters of [`GammaRegressor`].
#[derive(Clone, Debug)]
pub struct GammaRegressorParams<B, T> {
    options: Options,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Linalg<T>, T: Float> GammaRegressor<B, T> {
    /// The default parameters: `alpha` 1, with an intercept, [`LinearSolver::Lbfgs`], `tol` 1e-4, `max_iter` 100.
    #[must_use]
    pub fn params() -> GammaRegressorParams<B, T> {
        GammaRegressorParams { options: Options::new(), kind: PhantomData }
    }
}

generalised!(GammaRegressor, GammaRegressorParams, _params => Gamma, _model => Gamma, {});

model! {
    /// Targets whose variance is a power of their mean.
    ///
    /// It is scikit-learn's estimator of the same name. The power 0 is the normal distribution, 1 Poisson's, between 1 and 2 a
    /// Poisson number of gamma distributed terms, 2 the gamma distribution, 3 the inverse normal one. What is minimised is the mean,
    /// by the weights of the samples, of half the deviance, and `alpha / 2` times the squared 2-norm of the coefficients.
    ///
    /// ```
    /// use xp::models::linear_model::TweedieRegressor;
    /// use xp::prelude::*;
    ///
    /// // Means of 2 at 0 and of 6 at 1: without a penalty the model has them.
    /// let (x, y) = (array![[0.0], [0.0], [1.0], [1.0]], array![0.0, 4.0, 4.0, 8.0]);
    /// let params = TweedieRegressor::params().power(1.5).alpha(0.0).tol(1e-9);
    /// assert!((params.fit(&x, &y)?.predict(&array![[2.0]])?[[0]] - 18.0).abs() < 1e-4);
    /// let model = params.power(0.0).fit(&x, &y)?; // with the link "identity"
    /// assert!((model.predict(&array![[2.0]])?[[0]] - 10.0).abs() < 1e-6);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct TweedieRegressor<B: Backend, T: Float> {
        /// The coefficients.
        pub coef: Array<B, T, Ix1>,
        /// The intercept.
        pub intercept: Array<B, T, Ix0>,
        /// The number of iterations.
        pub n_iter: usize,
        /// How the fit ended.
        pub outcome: Outcome,
        /// The power of the mean that the variance is.
        pub power: f64,
        /// How the mean follows from what is linear in the features.
        pub link: Link,
    }
}

/// Parameters of [`TweedieRegressor`].
#[derive(Clone, Debug)]
pub struct TweedieRegressorParams<B, T> {
    options: Options,
    power: f64,
    link: Link,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Linalg<T>, T: Float> TweedieRegressor<B, T> {
    /// The default parameters: `power` 0, [`Link::Auto`], `alpha` 1, with an intercept, [`LinearSolver::Lbfgs`], `tol` 1e-4,
    /// `max_iter` 100.
    #[must_use]
    pub fn params() -> TweedieRegressorParams<B, T> {
        TweedieRegressorParams { options: Options::new(), power: 0.0, link: Link::Auto, kind: PhantomData }
    }
}

impl<B: Linalg<T>, T: Float> TweedieRegressorParams<B, T> {
    /// The power of the mean that the variance is: not between 0 and 1, where there is no such distribution.
    #[must_use]
    pub fn power(mut self, power: f64) -> Self {
        self.power = power;
        self
    }

    /// How the mean follows from what is linear in the features.
    #[must_use]
    pub fn link(mut self, link: Link) -> Self {
        self.link = link;
        self
    }
}

generalised!(
    TweedieRegressor, TweedieRegressorParams, params => Tweedie::new(params.power, params.link)?, model => Tweedie::new(model.power, model.link)?,
    {power: params.power, link: params.link}
);
