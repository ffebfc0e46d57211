//! Regression with Gaussian processes.

use core::marker::PhantomData;
use core::ops::ControlFlow;

use xp_core::functions::zeros;
use xp_core::linalg::{Lower, eigh, solve_triangular};
use xp_core::math::Baseline;
use xp_core::ops::{RandomBits, TernaryOp};
use xp_core::random::Generator;
use xp_core::{Array, Backend, Dim, Float, Ix1, Ix2, Linalg, Tiles, s};

use super::evaluate::{Evidence, Factored, Pairs, diagonal};
use super::kernels::{Hyperparameter, Kernel};
use super::text::Stored;
use crate::blocks::blocks;
use crate::linear_model::regressor_traits;
use crate::metrics::{R2Score, r2_score};
use crate::model::{Check, fits, model};
use crate::optimize::{BoundedMinimum, Lbfgs, minimize_few};
use crate::preprocessing::nonzero;
use crate::progress::{Callback, Outcome, Progress};
use crate::traits::{Estimator, Fit};
use crate::{Error, Result, check};

/// Elements of the kernel of a block of samples that are predicted.
const BLOCK: usize = 1 << 22;

model! {
    /// Regression with a Gaussian process: targets, and how sure they are.
    ///
    /// With the [`Kernel`] `K` of the samples, to whose diagonal `alpha` is added, and its Cholesky factor `L`, the mean at `x` is
    /// `k(x, samples) K⁻¹ y`, and the covariance `k(x, x) - VᵀV` with `V = L⁻¹ k(samples, x)`. The hyperparameters of the kernel that are
    /// not fixed maximise the logarithm of the evidence `-½ yᵀK⁻¹y - ½ log |K| - ½ n log 2π`, by L-BFGS-B over their logarithms with the
    /// exact gradient, between their bounds. It is scikit-learn's estimator of the same name, after Rasmussen and Williams, Gaussian
    /// Processes for Machine Learning (2006), algorithm 2.1.
    ///
    /// The targets have shape `(n_samples,)` or `(n_samples, n_targets)`; `D` is their rank. Kernel matrices and factors stay on the
    /// device; the few hyperparameters are on the host. A fit takes some `n³` operations for each set of hyperparameters that it tries,
    /// and memory for some five matrices of `n²` elements.
    ///
    /// ```
    /// use xp::models::gaussian_process::{GaussianProcessRegressor, Kernel};
    /// use xp::prelude::*;
    ///
    /// let x = array![[0.0_f64], [1.0], [2.0], [3.0], [4.0], [5.0]];
    /// let y = x.sin().squeeze(1)?;
    /// let model = GaussianProcessRegressor::params().kernel(1.0 * Kernel::rbf(1.0)).fit(&x, &y)?;
    /// let (mean, std) = model.predict_std(&array![[2.5], [20.0]])?;
    /// // It knows the sine between the samples, and nothing far away from them.
    /// assert!((mean[[0]] - 2.5_f64.sin()).abs() < 0.02 && std[[0]] < 0.02);
    /// assert!(mean[[1]].abs() < 1e-3 && std[[1]] > 0.5);
    /// assert!(model.log_marginal_likelihood() > model.log_marginal_likelihood_at(&[0.0, 0.0])?);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct GaussianProcessRegressor<B: Backend, T: Float, D: Dim> {
        /// The samples the model was fitted to.
        pub x_train: Array<B, T, Ix2>,
        /// Their targets, less their mean and over their standard deviation if they are normalised.
        pub y_train: Array<B, T, D>,
        /// The lower Cholesky factor of the kernel of the samples with `alpha` on its diagonal.
        pub l: Array<B, T, Ix2>,
        /// The solution of that kernel for the targets.
        pub alpha: Array<B, T, D>,
        noise: Array<B, T, Ix1>,
        y_mean: Array<B, T, Ix1>,
        y_std: Array<B, T, Ix1>,
        kernel: Stored,
        log_marginal_likelihood_value: f64,
        /// The number of iterations of the best search for hyperparameters.
        pub n_iter: usize,
        /// How that search ended.
        pub outcome: Outcome,
    }
}

impl<B: Backend, T: Float, D: Dim> Check for GaussianProcessRegressor<B, T, D> {
    fn check(&self) -> Result<()> {
        let ([n, p], shape) = (self.x_train.shape(), self.y_train.dims());
        if !(1..=2).contains(&shape.len()) || shape[0] != n || self.y_train.is_empty() || p == 0 {
            return Err(Error::shape("y_train", shape, format!("rank 1 or 2 with {n} rows, not empty")));
        }
        fits("alpha", self.alpha.dims(), shape)?;
        fits("l", self.l.dims(), &[n, n])?;
        fits("y_mean", self.y_mean.dims(), &[self.y_train.size() / n])?;
        fits("y_std", self.y_std.dims(), self.y_mean.dims())?;
        check_noise(&self.noise, n)?;
        self.kernel.0.check(p)
    }
}

fn check_noise<B: Backend, T: Float>(noise: &Array<B, T, Ix1>, n: usize) -> Result<()> {
    if ![1, n].contains(&noise.size()) {
        return Err(Error::shape("alpha", noise.dims(), format!("one number, or one for each of {n} samples")));
    }
    check::finite("alpha", noise)?;
    match noise.min(..).item()?.to_f64() {
        low if low >= 0.0 => Ok(()),
        low => Err(Error::value("alpha", low, "numbers that are not negative")),
    }
}

/// Parameters of [`GaussianProcessRegressor`].
#[derive(Clone, Debug)]
pub struct GaussianProcessRegressorParams<B: Backend, T: Float, D: Dim> {
    kernel: Kernel,
    alpha: f64,
    alphas: Option<Array<B, T, Ix1>>,
    optimize: bool,
    n_restarts_optimizer: usize,
    normalize_y: bool,
    seed: u64,
    callback: Callback,
    kind: PhantomData<fn() -> D>,
}

impl<B: Linalg<T>, T: Float, D: Dim> GaussianProcessRegressor<B, T, D> {
    /// The default parameters: the squared exponential kernel with hyperparameters fixed at 1, `alpha` 1e-10, no restarts.
    #[must_use]
    pub fn params() -> GaussianProcessRegressorParams<B, T, D> {
        let one = || Hyperparameter::from(1.0).fixed();
        GaussianProcessRegressorParams {
            kernel: Kernel::constant(one()) * Kernel::rbf(one()),
            alpha: 1e-10,
            alphas: None,
            optimize: true,
            n_restarts_optimizer: 0,
            normalize_y: false,
            seed: 0,
            callback: Callback::default(),
            kind: PhantomData,
        }
    }
}

impl<B: Linalg<T>, T: Float, D: Dim> GaussianProcessRegressorParams<B, T, D> {
    /// The kernel, with the hyperparameters that the search begins at.
    #[must_use]
    pub fn kernel(mut self, kernel: Kernel) -> Self {
        self.kernel = kernel;
        self
    }

    /// What is added to the variance of every sample: the noise of the targets, or what keeps the kernel positive definite, which
    /// takes some `1e-6` in float32.
    #[must_use]
    pub fn alpha(mut self, alpha: f64) -> Self {
        (self.alpha, self.alphas) = (alpha, None);
        self
    }

    /// What is added to the variance of each sample.
    #[must_use]
    pub fn alphas(mut self, alphas: &Array<B, T, Ix1>) -> Self {
        self.alphas = Some(alphas.clone());
        self
    }

    /// Whether hyperparameters are searched for, otherwise they stay as they are.
    #[must_use]
    pub fn optimize(mut self, yes: bool) -> Self {
        self.optimize = yes;
        self
    }

    /// How many more searches begin at random hyperparameters, uniform in the logarithm between their bounds, which must be finite.
    #[must_use]
    pub fn n_restarts_optimizer(mut self, restarts: usize) -> Self {
        self.n_restarts_optimizer = restarts;
        self
    }

    /// Whether the targets are brought to mean 0 and variance 1, which the prediction undoes.
    #[must_use]
    pub fn normalize_y(mut self, yes: bool) -> Self {
        self.normalize_y = yes;
        self
    }

    /// Where the random numbers of restarts start.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// A function that is told of every iteration of a search, with minus the logarithm of the evidence, and may stop it; no restart
    /// begins then.
    #[must_use]
    pub fn callback(mut self, callback: impl Fn(&Progress) -> ControlFlow<()> + Send + Sync + 'static) -> Self {
        self.callback = Callback::new(callback);
        self
    }

    /// Fits the model to samples `x`, of shape `(n_samples, n_features)`, and their targets.
    ///
    /// # Errors
    /// [`Error::Samples`] when the numbers of samples differ, [`Error::Shape`] for no samples, features or targets, or targets of rank
    /// above 2, [`Error::NonFinite`], [`Error::Value`] for a kernel with hyperparameters out of range or with length scales for another
    /// number of features, for `alpha` negative or not one per sample, for restarts without finite bounds; [`Error::Degenerate`] when
    /// the kernel of the samples is not positive definite.
    pub fn fit(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>) -> Result<GaussianProcessRegressor<B, T, D>> {
        check::at_least(x, 1)?;
        let [n, p] = x.shape();
        self.kernel.check(p)?;
        let noise = match &self.alphas {
            Some(alphas) => alphas.clone(),
            None => crate::tall_svd::device(x.device(), &[self.alpha])?,
        };
        check_noise(&noise, n)?;
        check::samples("y", y.dims(), "x", x.dims())?;
        if y.ndim() > 2 || y.is_empty() {
            return Err(Error::shape("y", y.dims(), "rank 1, or rank 2 with at least 1 column"));
        }
        check::finite("x", x)?;
        check::finite("y", y)?;
        let plain: Array<B, T, Ix2> = y.reshape([n, y.size() / n])?;
        let (y_mean, y_std) = if self.normalize_y { moments(&plain)? } else { (zeros(x.device(), [plain.dims()[1]])?, one(&plain)?) };
        let targets = ((plain.lazy() - &y_mean) / &y_std).try_eval()?;
        let evidence = Evidence { pairs: Pairs::of(x), targets: &targets, noise: &noise };
        let (kernel, n_iter, outcome) = if self.optimize && !self.kernel.theta().is_empty() {
            let best = self.search(&evidence)?;
            (self.kernel.with_theta(&best.x)?, best.nit, best.outcome)
        } else {
            (self.kernel.clone(), 0, Outcome::Converged)
        };
        let Some(found) = evidence.factored(&kernel)? else {
            let why = format!("the kernel of the samples, {kernel}, is not positive definite to rounding: a larger alpha than {} helps", self.alpha);
            return Err(Error::Degenerate(why));
        };
        let log_marginal_likelihood_value = evidence.value(&found)?;
        let Factored { factor, solution } = found;
        let of_targets = |x: &Array<B, T, Ix2>| -> Result<Array<B, T, D>> { Ok(x.contiguous()?.reshape(y.dims().to_vec())?.into_rank()?) };
        let (y_train, alpha) = (of_targets(&targets)?, of_targets(&solution)?);
        Ok(GaussianProcessRegressor {
            x_train: x.clone(),
            y_train,
            l: factor,
            alpha,
            noise,
            y_mean,
            y_std,
            kernel: Stored(kernel),
            log_marginal_likelihood_value,
            n_iter,
            outcome,
        })
    }

    /// The best of all searches.
    fn search(&self, evidence: &Evidence<'_, B, T>) -> Result<BoundedMinimum> {
        let bounds = self.kernel.bounds();
        if self.n_restarts_optimizer > 0
            && let Some((low, high)) = bounds.iter().find(|(low, high)| !(low.is_finite() && high.is_finite()))
        {
            let given = format!("bounds {} and {} of a hyperparameter", low.exp(), high.exp());
            return Err(Error::value("n_restarts_optimizer", given, "finite bounds, between which to begin"));
        }
        let options = Lbfgs::new().watched_by(self.callback.clone());
        let mut minus = |theta: &[f64]| {
            let (value, gradient) = evidence.at(&self.kernel.with_theta(theta)?)?;
            Ok((-value, gradient.into_iter().map(|g| -g).collect()))
        };
        let mut search = |from: &[f64]| minimize_few(&mut minus, from, &bounds, &options, T::EPSILON.to_f64());
        let mut best = search(&self.kernel.theta())?;
        for restart in 0..self.n_restarts_optimizer {
            if best.outcome == Outcome::Stopped {
                break;
            }
            let part = |i: usize| {
                let bits: u64 = RandomBits.apply::<Baseline>((restart * bounds.len() + i) as i64, self.seed, u64::MAX);
                (bits >> 11) as f64 / (1u64 << 53) as f64
            };
            let from: Vec<f64> = bounds.iter().enumerate().map(|(i, (low, high))| low + (high - low) * part(i)).collect();
            let found = search(&from)?;
            let stopped = found.outcome == Outcome::Stopped;
            if found.f < best.f || !best.f.is_finite() {
                best = found;
            }
            if stopped {
                best.outcome = Outcome::Stopped;
            }
        }
        Ok(best)
    }
}

/// Mean and standard deviation of each target, 1 for a constant one.
fn moments<B: Backend, T: Float>(targets: &Array<B, T, Ix2>) -> Result<(Array<B, T, Ix1>, Array<B, T, Ix1>)> {
    let mean = targets.lazy().mean(0).try_eval()?;
    let std = (targets.lazy() - &mean).square().mean(0).try_eval()?.into_lazy().sqrt().try_eval()?;
    Ok((mean, nonzero(&std)?))
}

fn one<B: Backend, T: Float>(targets: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix1>> {
    Ok(xp_core::functions::full(targets.device(), [targets.dims()[1]], T::ONE)?)
}

impl<B: Linalg<T>, T: Float, D: Dim> GaussianProcessRegressor<B, T, D> {
    /// The kernel with the hyperparameters that were found.
    #[must_use]
    pub fn kernel(&self) -> &Kernel {
        &self.kernel.0
    }

    /// Whether the search for hyperparameters reached its tolerance; `true` when there was none.
    #[must_use]
    pub fn converged(&self) -> bool {
        self.outcome == Outcome::Converged
    }

    /// The logarithm of the evidence of the samples, summed over the targets: scikit-learn's `log_marginal_likelihood_value_`.
    #[must_use]
    pub fn log_marginal_likelihood(&self) -> f64 {
        self.log_marginal_likelihood_value
    }

    /// The logarithm of the evidence with other hyperparameters, given by their logarithms as [`Kernel::theta`] has them; minus
    /// infinity where the kernel of the samples is not positive definite.
    ///
    /// # Errors
    /// [`Error::Value`] for a wrong number of them.
    pub fn log_marginal_likelihood_at(&self, theta: &[f64]) -> Result<f64> {
        let kernel = self.kernel.0.with_theta(theta)?;
        self.with_evidence(|evidence| match evidence.factored(&kernel)? {
            Some(found) => evidence.value(&found),
            None => Ok(f64::NEG_INFINITY),
        })
    }

    /// [`log_marginal_likelihood_at`](Self::log_marginal_likelihood_at) and its derivatives by the logarithms.
    ///
    /// # Errors
    /// [`Error::Value`] for a wrong number of them.
    pub fn log_marginal_likelihood_gradient(&self, theta: &[f64]) -> Result<(f64, Vec<f64>)> {
        let kernel = self.kernel.0.with_theta(theta)?;
        self.with_evidence(|evidence| evidence.at(&kernel))
    }

    fn with_evidence<R>(&self, f: impl FnOnce(&Evidence<'_, B, T>) -> Result<R>) -> Result<R> {
        f(&Evidence { pairs: Pairs::of(&self.x_train), targets: &self.as_columns(&self.y_train)?, noise: &self.noise })
    }

    /// Targets as columns.
    fn as_columns(&self, y: &Array<B, T, D>) -> Result<Array<B, T, Ix2>> {
        Ok(y.reshape([self.x_train.dims()[0], self.y_std.size()])?)
    }

    /// Columns as targets of the rank that was given.
    fn as_given(&self, columns: Array<B, T, Ix2>) -> Result<Array<B, T, D>> {
        let mut shape = vec![columns.dims()[0]];
        shape.extend((self.y_train.ndim() == 2).then_some(self.y_std.size()));
        Ok(columns.contiguous()?.reshape(shape)?.into_rank()?)
    }

    fn check_query(&self, x: &Array<B, T, Ix2>) -> Result<()> {
        check::features("x", x, self.x_train.dims()[1])?;
        check::finite("x", x)
    }

    /// The mean of the targets, of the rank the model was fitted with.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    pub fn predict(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, D>> {
        self.check_query(x)?;
        let (mean, _) = self.by_blocks(x, false)?;
        self.as_given(mean)
    }

    /// The mean of the targets and their standard deviation, of the same shape.
    ///
    /// # Errors
    /// As for [`predict`](Self::predict).
    pub fn predict_std(&self, x: &Array<B, T, Ix2>) -> Result<(Array<B, T, D>, Array<B, T, D>)> {
        self.check_query(x)?;
        let (mean, std) = self.by_blocks(x, true)?;
        let std = (std.expand_dims(1)?.lazy() * &self.y_std).try_eval()?;
        Ok((self.as_given(mean)?, self.as_given(std)?))
    }

    /// Means in columns, and standard deviations before they are scaled (zeros when they are not asked for), block by block of samples.
    fn by_blocks(&self, x: &Array<B, T, Ix2>, with_std: bool) -> Result<(Array<B, T, Ix2>, Array<B, T, Ix1>)> {
        let (n, samples) = (x.dims()[0], self.x_train.dims()[0]);
        let targets = self.y_std.size();
        let mut mean = Tiles::new(x.device(), [n, targets])?;
        let mut std = zeros(x.device(), [n])?;
        for rows in blocks(n, (BLOCK / samples).max(64)) {
            let block = x.slice(s![rows.clone(), ..])?.contiguous()?;
            let k = Pairs::between(&block, &self.x_train).kernel(&self.kernel.0)?;
            mean.push([rows.len(), targets], &self.means(&k)?)?;
            if with_std {
                let v = solve_triangular(&self.l, &k.t(), Lower)?;
                let explained = v.into_lazy().square().sum(0).try_eval()?;
                let left = diagonal(&self.kernel.0, &block)?.into_lazy() - &explained;
                std.set(s![rows], left.maximum(T::ZERO).sqrt())?;
            }
        }
        Ok((mean.finish()?, std))
    }

    /// The means of the targets, from the kernel of what is predicted with the samples.
    fn means(&self, k: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        let plain = k.matmul(&self.as_columns(&self.alpha)?)?;
        Ok((plain.into_lazy() * &self.y_std + &self.y_mean).try_eval()?)
    }

    /// The mean of the targets, and the covariance of all pairs of samples, of shape `(n_samples, n_samples)`, and for targets of rank 2
    /// `(n_samples, n_samples, n_targets)`.
    ///
    /// # Errors
    /// As for [`predict`](Self::predict).
    pub fn predict_cov(&self, x: &Array<B, T, Ix2>) -> Result<(Array<B, T, D>, Array<B, T, D::Larger>)> {
        let (mean, cov) = self.joint(x)?;
        let n = x.dims()[0];
        let flat = cov.reshape([n * n, 1])?;
        let scaled = (flat.lazy() * self.y_std.lazy().square()).try_eval()?;
        let mut shape = vec![n, n];
        shape.extend((self.y_train.ndim() == 2).then_some(self.y_std.size()));
        Ok((self.as_given(mean)?, scaled.reshape(shape)?.into_rank()?))
    }

    /// Means in columns, and the covariance before it is scaled.
    fn joint(&self, x: &Array<B, T, Ix2>) -> Result<(Array<B, T, Ix2>, Array<B, T, Ix2>)> {
        self.check_query(x)?;
        let k = Pairs::between(x, &self.x_train).kernel(&self.kernel.0)?;
        let v = solve_triangular(&self.l, &k.t(), Lower)?;
        let explained = B::gram(&v.lazy())?;
        let cov = (Pairs::of(x).kernel(&self.kernel.0)?.into_lazy() - &explained).try_eval()?;
        Ok((self.means(&k)?, cov))
    }

    /// Draws functions of the process, at the samples: of shape `(n_samples, n_draws)`, and for targets of rank 2
    /// `(n_samples, n_targets, n_draws)`.
    ///
    /// # Errors
    /// As for [`predict`](Self::predict).
    pub fn sample_y(&self, x: &Array<B, T, Ix2>, n_draws: usize, seed: u64) -> Result<Array<B, T, D::Larger>> {
        let (mean, cov) = self.joint(x)?;
        let ([n, targets], many) = (mean.shape(), self.y_train.ndim() == 2);
        let mut shape = vec![n];
        shape.extend(many.then_some(targets));
        shape.push(n_draws);
        if n == 0 {
            return Ok(zeros(x.device(), shape)?.into_rank()?);
        }
        let (values, vectors) = eigh(&cov)?;
        let root = (vectors.lazy() * values.lazy().maximum(T::ZERO).sqrt()).try_eval()?;
        let normal: Array<B, T, Ix2> = Generator::new(seed).normal(x.device(), [n, targets * n_draws])?;
        let drawn = root.matmul(&normal)?.reshape([n, targets, n_draws])?;
        let (mean, scale) = (mean.expand_dims(2)?, self.y_std.expand_dims(1)?);
        Ok((drawn.into_lazy() * &scale + &mean).try_eval()?.reshape(shape)?.into_rank()?)
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

impl<B: Linalg<T>, T: Float, D: Dim> Estimator for GaussianProcessRegressorParams<B, T, D> {}

impl<B: Linalg<T>, T: Float, D: Dim> Fit<Array<B, T, Ix2>, Array<B, T, D>> for GaussianProcessRegressorParams<B, T, D> {
    type Model = GaussianProcessRegressor<B, T, D>;

    fn fit(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>) -> Result<GaussianProcessRegressor<B, T, D>> {
        GaussianProcessRegressorParams::fit(self, x, y)
    }
}

regressor_traits!(GaussianProcessRegressor<B, T, D>, Array<B, T, D>, D: Dim);
