//! Linear models with a penalty on the magnitudes of the coefficients, by coordinate descent.

use core::marker::PhantomData;

use xp_core::{Array, Backend, Dim, Float, Ix1, Ix2, Linalg};

use super::centred::{Centred, scaled};
use super::newton::{Stop, stop_setters};
use super::{check_linear, linear_regressor};
use crate::model::{Check, fits, model};
use crate::progress::{Callback, Outcome, Watch};
use crate::tall_svd::{device, host};
use crate::{Error, Result};

model! {
    /// Least squares with a penalty on the magnitudes of the coefficients and one on their squares.
    ///
    /// It is scikit-learn's estimator of the same name with cyclic selection. What is minimised is
    ///
    /// ```text
    /// |y - x coef - intercept|² / (2 n) + alpha l1_ratio |coef|₁ + alpha (1 - l1_ratio) |coef|² / 2
    /// ```
    ///
    /// where sample weights are multiplied so that their sum is the number of samples `n`. The samples are read once, for their
    /// Gram matrix, which the descent works on; it comes to the host, and has the square of the number of features. The fit ends when
    /// the duality gap, which bounds how far the objective is above its minimum, is at most `tol` times the sum of squares of the
    /// centred targets. The Gram matrix is in the dtype of the samples, and so is the accuracy of the gap.
    ///
    /// ```
    /// use xp::models::linear_model::ElasticNet;
    /// use xp::prelude::*;
    ///
    /// // For a single feature the minimum is (x·y / n - alpha l1_ratio) / (x·x / n + alpha (1 - l1_ratio)), about the means.
    /// let (x, y) = (array![[-1.0], [1.0], [-1.0], [1.0]], array![0.0, 6.0, 0.0, 6.0]);
    /// let model = ElasticNet::params().alpha(2.0).l1_ratio(0.75).fit(&x, &y)?;
    /// assert!(model.converged());
    /// assert!((model.coef()[[0]] - (3.0 - 1.5) / (1.0 + 0.5)).abs() < 1e-14);
    /// assert!((model.intercept().item()? - 3.0).abs() < 1e-14);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct ElasticNet<B: Backend, T: Float, D: Dim> {
        /// The coefficients, of shape `(n_features,)` or `(n_targets, n_features)`.
        pub coef: Array<B, T, D>,
        /// The intercept: a scalar array, or one for each target.
        pub intercept: Array<B, T, D::Smaller>,
        /// The duality gap at the end: the objective is above its minimum by no more.
        pub dual_gap: Array<B, T, D::Smaller>,
        /// The number of sweeps over the features; the largest, for several targets.
        pub n_iter: usize,
        /// How the fit ended; the first that is not converged, for several targets.
        pub outcome: Outcome,
    }
}

model! {
    /// Least squares with a penalty on the magnitudes of the coefficients, many of which it makes zero.
    ///
    /// It is scikit-learn's estimator of the same name with cyclic selection: [`ElasticNet`] with `l1_ratio` 1.
    ///
    /// ```
    /// use xp::models::linear_model::Lasso;
    /// use xp::prelude::*;
    ///
    /// // Orthogonal features: each coefficient of least squares moves by alpha towards 0, and stays there.
    /// let x = array![[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]];
    /// let y = array![-4.5, 3.5, -3.5, 4.5]; // 4 x0 + x1 / 2
    /// let model = Lasso::params().alpha(1.0).fit(&x, &y)?;
    /// assert!((model.coef()[[0]] - 3.0).abs() < 1e-14 && model.coef()[[1]] == 0.0);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct Lasso<B: Backend, T: Float, D: Dim> {
        /// The coefficients, of shape `(n_features,)` or `(n_targets, n_features)`.
        pub coef: Array<B, T, D>,
        /// The intercept: a scalar array, or one for each target.
        pub intercept: Array<B, T, D::Smaller>,
        /// The duality gap at the end: the objective is above its minimum by no more.
        pub dual_gap: Array<B, T, D::Smaller>,
        /// The number of sweeps over the features; the largest, for several targets.
        pub n_iter: usize,
        /// How the fit ended; the first that is not converged, for several targets.
        pub outcome: Outcome,
    }
}

/// What both are fitted with.
#[derive(Clone, Debug)]
struct Options {
    alpha: f64,
    l1_ratio: f64,
    fit_intercept: bool,
    positive: bool,
    stop: Stop,
}

impl Options {
    fn new(l1_ratio: f64) -> Self {
        let stop = Stop { tol: 1e-4, max_iter: 1000, callback: Callback::default() };
        Options { alpha: 1.0, l1_ratio, fit_intercept: true, positive: false, stop }
    }

    fn validate(&self) -> Result<()> {
        if !(self.alpha >= 0.0 && self.alpha.is_finite()) {
            return Err(Error::value("alpha", self.alpha, "a number that is not negative"));
        }
        if !(0.0..=1.0).contains(&self.l1_ratio) {
            return Err(Error::value("l1_ratio", self.l1_ratio, "a number from 0 to 1"));
        }
        self.stop.validate()
    }
}

/// Parameters of [`ElasticNet`].
#[derive(Clone, Debug)]
pub struct ElasticNetParams<B, T, D> {
    options: Options,
    kind: PhantomData<fn() -> (B, T, D)>,
}

/// Parameters of [`Lasso`].
#[derive(Clone, Debug)]
pub struct LassoParams<B, T, D> {
    options: Options,
    kind: PhantomData<fn() -> (B, T, D)>,
}

impl<B: Linalg<T>, T: Float, D: Dim> ElasticNet<B, T, D> {
    /// The default parameters: `alpha` 1, `l1_ratio` 0.5, with an intercept, coefficients of any sign, `tol` 1e-4, `max_iter` 1000.
    #[must_use]
    pub fn params() -> ElasticNetParams<B, T, D> {
        ElasticNetParams { options: Options::new(0.5), kind: PhantomData }
    }
}

impl<B: Linalg<T>, T: Float, D: Dim> ElasticNetParams<B, T, D> {
    /// The part of the penalty that is on magnitudes: from 0 to 1.
    #[must_use]
    pub fn l1_ratio(mut self, ratio: f64) -> Self {
        self.options.l1_ratio = ratio;
        self
    }
}

impl<B: Linalg<T>, T: Float, D: Dim> Lasso<B, T, D> {
    /// The default parameters: `alpha` 1, with an intercept, coefficients of any sign, `tol` 1e-4, `max_iter` 1000.
    #[must_use]
    pub fn params() -> LassoParams<B, T, D> {
        LassoParams { options: Options::new(1.0), kind: PhantomData }
    }
}

macro_rules! penalised {
    ($Model:ident, $Params:ident) => {
        impl<B: Backend, T: Float, D: Dim> Check for $Model<B, T, D> {
            fn check(&self) -> Result<()> {
                check_linear(&self.coef, &self.intercept)?;
                fits("dual_gap", self.dual_gap.dims(), self.intercept.dims())
            }
        }

        impl<B: Backend, T: Float, D: Dim> $Model<B, T, D> {
            /// Whether the tolerance was reached.
            #[must_use]
            pub fn converged(&self) -> bool {
                self.outcome == Outcome::Converged
            }
        }

        impl<B: Linalg<T>, T: Float, D: Dim> $Params<B, T, D> {
            /// The penalty.
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

            /// Whether no coefficient may be negative.
            #[must_use]
            pub fn positive(mut self, yes: bool) -> Self {
                self.options.positive = yes;
                self
            }

            stop_setters!(
                options.stop,
                "It has converged when the duality gap is no larger than this part of the sum of squares of the centred targets.",
                "sweep"
            );

            fn fit_any(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>, weights: Option<&Array<B, T, Ix1>>) -> Result<$Model<B, T, D>> {
                self.options.validate()?;
                let data = Centred::new(x, y, weights, self.options.fit_intercept)?;
                let found = fit(&self.options, x, &data)?;
                let (coef, intercept) = data.finish(&device(x.device(), &found.coef)?.reshape([found.gaps.len(), x.dims()[1]])?, y)?;
                let dual_gap = device(x.device(), &found.gaps)?.reshape(intercept.dims().to_vec())?.into_rank()?;
                Ok($Model { coef, intercept, dual_gap, n_iter: found.n_iter, outcome: found.outcome })
            }
        }

        linear_regressor!($Model, $Params, "[`Error::Samples`] when the numbers of samples differ, [`Error::Shape`] for no samples, features or targets, or targets of rank above 2, [`Error::NonFinite`], [`Error::Value`] for parameters out of their range.");
    };
}
penalised!(ElasticNet, ElasticNetParams);
penalised!(Lasso, LassoParams);

/// What the descents of all targets have found.
struct Found {
    coef: Vec<f64>,
    gaps: Vec<f64>,
    n_iter: usize,
    outcome: Outcome,
}

fn fit<B: Linalg<T>, T: Float>(options: &Options, x: &Array<B, T, Ix2>, data: &Centred<B, T>) -> Result<Found> {
    let [n, _] = x.shape();
    let roots = data.roots()?;
    let (e, f) = (scaled(x, &data.x_mean, &roots), scaled(&data.targets, &data.y_mean, &roots));
    let total = match &data.root {
        None => n as f64,
        Some(root) => root.lazy().square().sum(..).try_eval()?.item()?.to_f64(),
    };
    let rescaled = |values: Vec<f64>| -> Vec<f64> { values.into_iter().map(|v| v * (n as f64 / total)).collect() };
    let gram = rescaled(host(&B::gram(&e)?.ravel()?)?);
    let squares = rescaled(host(&f.clone().square().sum(0).try_eval()?)?);
    let cross = rescaled(host(&B::cross(&f, &e)?.ravel()?)?);
    Ok(descend_all(options, n, &gram, &cross, &squares))
}

/// The descents of all targets, one after the other.
fn descend_all(options: &Options, n: usize, gram: &[f64], cross: &[f64], squares: &[f64]) -> Found {
    let p = cross.len() / squares.len();
    let mut found = Found { coef: vec![], gaps: vec![], n_iter: 0, outcome: Outcome::Converged };
    let watch = options.stop.callback.start();
    for (products, &square) in cross.chunks(p).zip(squares) {
        let magnitude = options.alpha * options.l1_ratio * n as f64;
        let problem = Problem { gram, products, square, magnitude, ridge: options.alpha * n as f64 - magnitude, positive: options.positive };
        let mut coef = vec![0.0; p];
        let (gap, n_iter, outcome) = problem.descend(&mut coef, &options.stop, &watch, n as f64);
        found.coef.extend(coef);
        found.gaps.push(gap / n as f64);
        found.n_iter = found.n_iter.max(n_iter);
        if found.outcome == Outcome::Converged {
            found.outcome = outcome;
        }
    }
    found
}

/// `|y - X w|² / 2 + magnitude |w|₁ + ridge |w|² / 2`, given `Xᵀ X`, `Xᵀ y` and `|y|²`.
struct Problem<'a> {
    gram: &'a [f64],
    products: &'a [f64],
    square: f64,
    magnitude: f64,
    ridge: f64,
    positive: bool,
}

impl Problem<'_> {
    /// Minimises it by sweeps over the coordinates; the duality gap, the number of sweeps, and how it ended.
    fn descend(&self, w: &mut [f64], stop: &Stop, watch: &Watch, n: f64) -> (f64, usize, Outcome) {
        let p = w.len();
        // Xᵀ X w.
        let mut h = vec![0.0; p];
        let mut gap = f64::INFINITY;
        for sweep in 1..=stop.max_iter {
            let (mut largest, mut change) = (0.0f64, 0.0f64);
            for j in 0..p {
                let row = &self.gram[j * p..][..p];
                if row[j] == 0.0 {
                    continue;
                }
                let old = w[j];
                let free = self.products[j] - h[j] + old * row[j];
                let shrunk = if self.positive { (free - self.magnitude).max(0.0) } else { (free.abs() - self.magnitude).max(0.0).copysign(free) };
                let new = shrunk / (row[j] + self.ridge);
                // Without negative zeros.
                w[j] = new + 0.0;
                if new != old {
                    h.iter_mut().zip(row).for_each(|(h, g)| *h += (new - old) * g);
                }
                largest = largest.max(new.abs());
                change = change.max((new - old).abs());
            }
            let (objective, bound) = self.gap(w, &h);
            let stopped = watch.stops(sweep, objective / n);
            if largest == 0.0 || change <= stop.tol * largest || sweep == stop.max_iter || stopped {
                gap = bound;
                if gap <= stop.tol * self.square {
                    return (gap, sweep, Outcome::Converged);
                }
            }
            if stopped {
                return (gap, sweep, Outcome::Stopped);
            }
        }
        (gap, stop.max_iter, Outcome::Limit)
    }

    /// The objective, and how far it can be above its minimum.
    fn gap(&self, w: &[f64], h: &[f64]) -> (f64, f64) {
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let (wq, ww) = (product(w, self.products), product(w, w));
        let residual = (self.square - 2.0 * wq + product(w, h)).max(0.0) + self.ridge * ww;
        let objective = 0.5 * residual + self.magnitude * w.iter().map(|w| w.abs()).sum::<f64>();
        // The dual point is the residual, made feasible.
        let slopes = self.products.iter().zip(h).zip(w).map(|((q, h), w)| q - h - self.ridge * w);
        let steepest = slopes.map(|a| if self.positive { a } else { a.abs() }).fold(0.0, f64::max);
        let scale = if steepest > self.magnitude { self.magnitude / steepest } else { 1.0 };
        (objective, objective + 0.5 * scale * scale * residual - scale * (self.square - wq))
    }
}
