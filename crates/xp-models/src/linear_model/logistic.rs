//! Logistic regression.

use core::marker::PhantomData;
use core::ops::Range;

use xp_core::functions::{ones, zeros};
use xp_core::{Array, Backend, Float, Ix1, Ix2, Linalg, s};

use super::loss::{LinearSolver, Loss, Multinomial, Objective, Total, own};
use super::newton::{Stop, stop_setters};
use super::ridge_classifier::classified;
use super::scores::{linear_classifier, linear_probabilities};
use super::total_weight;
use crate::labels::{Label, Labels};
use crate::model::model;
use crate::optimize::OptimizeResult;
use crate::progress::{Callback, Outcome};
use crate::{ClassWeight, Error, Result, check};

model! {
    /// A classifier by the logarithms of the odds, which are linear in the features.
    ///
    /// It is scikit-learn's estimator of the same name with the solvers `"lbfgs"` and `"newton-cholesky"` and a squared penalty.
    /// What is minimised is the mean, by the weights of the samples, of the negative logarithm of the probability of their classes,
    /// and `|coef|² / (2 C W)`, where `W` is the sum of the weights; the intercept is not penalised. For two classes the
    /// probability is the logistic function of one score, for more the softmax of a score of each class.
    ///
    /// An evaluation costs two products of the samples with a vector for each class. The samples are not copied.
    ///
    /// ```
    /// use xp::models::linear_model::LogisticRegression;
    /// use xp::prelude::*;
    ///
    /// // One sample of four at 0 and three of four at 1 are of the second class: without a penalty, those are the odds.
    /// let x = array![[0.0], [0.0], [0.0], [0.0], [1.0], [1.0], [1.0], [1.0]];
    /// let y = array![0, 0, 0, 1, 0, 1, 1, 1];
    /// let model = LogisticRegression::params().c(f64::INFINITY).tol(1e-9).fit(&x, &y)?;
    /// assert!(model.converged());
    /// let p = model.predict_proba(&array![[0.0], [1.0], [0.5]])?;
    /// let close = |a: f64, b: f64| (a - b).abs() < 1e-5;
    /// assert!(close(p[[0, 1]], 0.25) && close(p[[1, 1]], 0.75) && close(p[[2, 0]], 0.5));
    /// assert!(close(model.coef()[[0, 0]], 2.0 * 3f64.ln()));
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct LogisticRegression<B: Backend, T: Float, L: Label = i64> {
        /// The distinct labels in ascending order.
        pub classes: Array<B, L, Ix1>,
        /// The coefficients: one row for each class, or a single row for two classes.
        pub coef: Array<B, T, Ix2>,
        /// The intercepts of the rows of [`coef`](Self::coef).
        pub intercept: Array<B, T, Ix1>,
        /// The number of iterations.
        pub n_iter: usize,
        /// How the fit ended.
        pub outcome: Outcome,
    }
}

impl<B: Backend, T: Float, L: Label> LogisticRegression<B, T, L> {
    /// Whether the tolerance was reached.
    #[must_use]
    pub fn converged(&self) -> bool {
        self.outcome == Outcome::Converged
    }
}

/// Parameters of [`LogisticRegression`].
#[derive(Clone, Debug)]
pub struct LogisticRegressionParams<B, T> {
    pub(super) c: f64,
    pub(super) fit_intercept: bool,
    pub(super) class_weight: Option<ClassWeight>,
    pub(super) solver: LinearSolver,
    pub(super) stop: Stop,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Linalg<T>, T: Float> LogisticRegression<B, T> {
    /// The default parameters: `C` 1, with an intercept, all classes alike, [`LinearSolver::Lbfgs`], `tol` 1e-4, `max_iter` 100.
    #[must_use]
    pub fn params() -> LogisticRegressionParams<B, T> {
        let stop = Stop { tol: 1e-4, max_iter: 100, callback: Callback::default() };
        LogisticRegressionParams { c: 1.0, fit_intercept: true, class_weight: None, solver: LinearSolver::Lbfgs, stop, kind: PhantomData }
    }
}

impl<B: Linalg<T>, T: Float> LogisticRegressionParams<B, T> {
    /// `C`, the inverse of the penalty: positive, infinite for none.
    #[must_use]
    pub fn c(mut self, c: f64) -> Self {
        self.c = c;
        self
    }

    /// Whether there is an intercept, which is not penalised.
    #[must_use]
    pub fn fit_intercept(mut self, yes: bool) -> Self {
        self.fit_intercept = yes;
        self
    }

    /// How much the classes count.
    #[must_use]
    pub fn class_weight(mut self, weight: ClassWeight) -> Self {
        self.class_weight = Some(weight);
        self
    }

    /// How the minimum is found.
    #[must_use]
    pub fn solver(mut self, solver: LinearSolver) -> Self {
        self.solver = solver;
        self
    }

    stop_setters!(stop, "It has converged when no element of the gradient is larger.", "iteration");

    fn fit_any<L: Label>(
        &self,
        x: &Array<B, T, Ix2>,
        y: &Array<B, L, Ix1>,
        weights: Option<&Array<B, T, Ix1>>,
    ) -> Result<LogisticRegression<B, T, L>> {
        self.validate()?;
        let (labels, weights) = classified(x, y, weights, self.class_weight.as_ref(), true)?;
        let found = self.solve(x, &labels.index, labels.len(), weights.as_ref(), self.c, None);
        // What is no number goes into every gradient: it is looked for where that is none either.
        match &found {
            Ok(found) => check::finite_by("x", x, &found.jac)?,
            Err(_) => check::finite("x", x)?,
        }
        self.model(labels, x.dims()[1], &found?)
    }

    pub(super) fn validate(&self) -> Result<()> {
        if self.c.is_nan() || self.c <= 0.0 {
            return Err(Error::value("C", self.c, "a positive number"));
        }
        self.stop.validate()
    }

    /// The coefficients and intercepts, one row per function, for samples of `classes` classes.
    pub(super) fn solve(
        &self,
        x: &Array<B, T, Ix2>,
        index: &Array<B, i64, Ix1>,
        classes: usize,
        weights: Option<&Array<B, T, Ix1>>,
        c: f64,
        start: Option<&Array<B, T, Ix1>>,
    ) -> Result<OptimizeResult<B, T>> {
        let [n, p] = x.shape();
        let total = total_weight(weights, n)?;
        let weights = weights.map_or_else(|| ones(x.device(), [1]), |w| Ok(w.clone()))?;
        let (penalty, fit_intercept) = (1.0 / (c * total), self.fit_intercept);
        let functions = if classes == 2 { 1 } else { classes };
        let start = start.map_or_else(|| zeros(x.device(), [functions * (p + usize::from(fit_intercept))]), |start| Ok(start.clone()))?;
        if classes > 2 {
            return Multinomial { x, index, classes, weights, penalty, total, fit_intercept }.minimize(&start, self.solver, &self.stop);
        }
        let flips = (index.lazy().astype::<T>() * T::from_f64(-2.0) + T::ONE).try_eval()?;
        let loss = Logistic { flips, weights };
        Objective { x, loss, penalty, total, fit_intercept }.minimize(&start, self.solver, &self.stop)
    }

    /// The model of variables that were found.
    fn model<L: Label>(&self, labels: Labels<B, L>, p: usize, found: &OptimizeResult<B, T>) -> Result<LogisticRegression<B, T, L>> {
        let (coef, intercept) = unpacked(&found.x, p, self.fit_intercept)?;
        Ok(LogisticRegression { classes: labels.classes, coef, intercept, n_iter: found.nit, outcome: found.outcome })
    }
}

/// Coefficients, one row per function, and intercepts of the variables of a fit with `p` features.
pub(super) fn unpacked<B: Linalg<T>, T: Float>(v: &Array<B, T, Ix1>, p: usize, fit_intercept: bool) -> Result<(Array<B, T, Ix2>, Array<B, T, Ix1>)> {
    let width = p + usize::from(fit_intercept);
    let rows = v.size() / width;
    let v: Array<B, T, Ix2> = v.reshape([rows, width])?;
    let intercept = if fit_intercept { v.slice(s![.., p])?.contiguous()? } else { zeros(v.device(), [rows])? };
    Ok((v.slice(s![.., ..p])?.contiguous()?, intercept))
}

linear_classifier!(
    LogisticRegression,
    LogisticRegressionParams,
    "[`Error::Samples`] when the numbers of samples differ, [`Error::Shape`] for no samples or features, [`Error::NonFinite`], [`Error::OneClass`], [`Error::Value`] for a `C` that is not positive, a negative `tol`, no iterations, or weights of labels that do not occur."
);
linear_probabilities!(LogisticRegression);

/// The negative logarithm of the probability of the class of each sample, of two.
struct Logistic<B: Linalg<T>, T: Float> {
    /// 1 for samples of the first class, and -1 for those of the second.
    flips: Array<B, T, Ix1>,
    /// A weight for each sample, or one of shape `(1,)`.
    weights: Array<B, T, Ix1>,
}

impl<B: Linalg<T>, T: Float> Loss<B, T> for Logistic<B, T> {
    fn rows(&self, rows: Range<usize>) -> Result<Self> {
        Ok(Logistic { flips: self.flips.slice(s![rows.clone()])?, weights: own(&self.weights, rows)? })
    }

    fn value_and_gradient(&self, raw: &Array<B, T, Ix1>, shift: &Array<B, T, Ix1>) -> Result<(Total<B>, Array<B, T, Ix1>)> {
        // z is the score of the other class.
        let z = || (raw.lazy() + shift) * &self.flips;
        let losses = z().softplus() * &self.weights;
        let sum = losses.astype::<B::MaxFloat>().sum(..).try_eval()?;
        Ok((sum, (z().expit() * &self.flips * &self.weights).try_eval()?))
    }

    fn curvature(&self, raw: &Array<B, T, Ix1>, shift: &Array<B, T, Ix1>) -> Result<Array<B, T, Ix1>> {
        let z = || raw.lazy() + shift;
        Ok((z().expit() * (-z()).expit() * &self.weights).try_eval()?)
    }
}
