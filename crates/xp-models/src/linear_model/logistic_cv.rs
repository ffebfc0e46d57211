//! Logistic regression whose penalty is chosen by cross validation.

use core::marker::PhantomData;

use xp_core::functions::{arange, stack};
use xp_core::{Array, Backend, Float, Ix1, Ix2, Ix4, Linalg};

use super::logistic::unpacked;
use super::ridge_classifier::classified;
use super::scores::{choose, linear_classifier, linear_probabilities, scores};
use super::{LogisticRegression, LogisticRegressionParams};
use crate::labels::Label;
use crate::metrics::{accuracy_score, accuracy_score_weighted};
use crate::model::model;
use crate::model_selection::StratifiedKFold;
use crate::progress::Outcome;
use crate::tall_svd::device;
use crate::traits::Samples;
use crate::{Error, Result, check};

model! {
    /// [`LogisticRegression`] with the penalty, among several, that predicts best in cross validation.
    ///
    /// It is scikit-learn's estimator of the same name, scored by the accuracy. In every fold each `C` is fitted from the
    /// coefficients of the one before; that with the largest sum of scores, the first of equals, is fitted to all samples, from the
    /// mean of its coefficients. `ClassWeight::Balanced` counts the classes of all samples.
    /// Weights of samples count in fits and in scores.
    ///
    /// ```
    /// use xp::models::linear_model::LogisticRegressionCV;
    /// use xp::prelude::*;
    ///
    /// let x = array![[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]];
    /// let y = array![0, 0, 0, 1, 1, 1];
    /// let params = LogisticRegressionCV::params().cs(&[1e-6, 1e3]).cv(xp::models::model_selection::StratifiedKFold::new(3));
    /// let model = params.fit(&x, &y)?;
    /// assert_eq!(model.scores().shape(), [3, 2]);
    /// assert_eq!(model.predict(&x)?.to_vec(), y.to_vec());
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct LogisticRegressionCV<B: Backend, T: Float, L: Label = i64> {
        /// The distinct labels in ascending order.
        pub classes: Array<B, L, Ix1>,
        /// The coefficients: one row for each class, or a single row for two classes.
        pub coef: Array<B, T, Ix2>,
        /// The intercepts of the rows of [`coef`](Self::coef).
        pub intercept: Array<B, T, Ix1>,
        /// The inverse of the penalty that was chosen.
        pub c: f64,
        /// The accuracy in each fold, a row, with each `C`, a column.
        pub scores: Array<B, T, Ix2>,
        /// The number of iterations of the last fit, to all samples.
        pub n_iter: usize,
        /// How that fit ended.
        pub outcome: Outcome,
    }
}

impl<B: Backend, T: Float, L: Label> LogisticRegressionCV<B, T, L> {
    /// Whether the last fit, to all samples, reached its tolerance.
    #[must_use]
    pub fn converged(&self) -> bool {
        self.outcome == Outcome::Converged
    }
}

/// What [`LogisticRegressionCVParams::fit_paths`] has tried: a fit for each fold and each `C`.
#[derive(Clone, Debug)]
pub struct LogisticRegressionPaths<B: Backend, T: Float> {
    /// The coefficients, after which the intercept stands if there is one: of shape `(n_folds, n_cs, n_rows, n_features + 1)`.
    pub coefs: Array<B, T, Ix4>,
    /// The numbers of iterations, of shape `(n_folds, n_cs)`.
    pub n_iter: Array<B, i64, Ix2>,
}

/// Parameters of [`LogisticRegressionCV`].
#[derive(Clone, Debug)]
pub struct LogisticRegressionCVParams<B, T> {
    cs: Vec<f64>,
    cv: StratifiedKFold,
    estimator: LogisticRegressionParams<B, T>,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Linalg<T>, T: Float> LogisticRegressionCV<B, T> {
    /// The default parameters: ten `C` from 1e-4 to 1e4, five stratified folds, and otherwise those of [`LogisticRegression`].
    #[must_use]
    pub fn params() -> LogisticRegressionCVParams<B, T> {
        let cs = (0..10).map(|i| 10f64.powf(-4.0 + 8.0 * f64::from(i) / 9.0)).collect();
        LogisticRegressionCVParams { cs, cv: StratifiedKFold::new(5), estimator: LogisticRegression::params(), kind: PhantomData }
    }
}

impl<B: Linalg<T>, T: Float> LogisticRegressionCVParams<B, T> {
    /// The inverses of the penalty to choose from.
    #[must_use]
    pub fn cs(mut self, cs: &[f64]) -> Self {
        self.cs = cs.to_vec();
        self
    }

    /// The folds.
    #[must_use]
    pub fn cv(mut self, cv: StratifiedKFold) -> Self {
        self.cv = cv;
        self
    }

    /// The other parameters; its `C` is not used.
    #[must_use]
    pub fn estimator(mut self, estimator: LogisticRegressionParams<B, T>) -> Self {
        self.estimator = estimator;
        self
    }

    fn fit_any<L: Label>(
        &self,
        x: &Array<B, T, Ix2>,
        y: &Array<B, L, Ix1>,
        sample_weight: Option<&Array<B, T, Ix1>>,
    ) -> Result<LogisticRegressionCV<B, T, L>> {
        Ok(self.fit_paths(x, y, sample_weight)?.0)
    }

    /// Fits the model as [`fit`](Self::fit) or [`fit_weighted`](Self::fit_weighted) does, and also returns the models of the folds.
    ///
    /// # Errors
    /// As for these.
    ///
    /// ```
    /// use xp::models::linear_model::{LogisticRegression, LogisticRegressionCV};
    /// use xp::models::model_selection::StratifiedKFold;
    /// use xp::prelude::*;
    ///
    /// let x = array![[0.0], [1.0], [2.0], [3.0]];
    /// let y = array![0, 0, 1, 1];
    /// let params = LogisticRegressionCV::params().cs(&[0.1, 1.0]).cv(StratifiedKFold::new(2));
    /// let (model, paths) = params.fit_paths(&x, &y, None)?;
    /// assert_eq!(paths.coefs.shape(), [2, 2, 1, 2]);
    /// // The second fold learns from the first sample of each class.
    /// let part = LogisticRegression::params().c(1.0).fit(&array![[0.0], [2.0]], &array![0, 1])?;
    /// assert!((paths.coefs[[1, 1, 0, 0]] - part.coef()[[0, 0]]).abs() < 1e-2);
    /// assert!((paths.coefs[[1, 1, 0, 1]] - part.intercept()[[0]]).abs() < 1e-2);
    /// assert_eq!((paths.n_iter.shape(), model.predict(&x)?.to_vec()), ([2, 2], y.to_vec()));
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    pub fn fit_paths<L: Label>(
        &self,
        x: &Array<B, T, Ix2>,
        y: &Array<B, L, Ix1>,
        sample_weight: Option<&Array<B, T, Ix1>>,
    ) -> Result<(LogisticRegressionCV<B, T, L>, LogisticRegressionPaths<B, T>)> {
        self.estimator.validate()?;
        if let Some(bad) = self.cs.iter().find(|c| c.is_nan() || **c <= 0.0) {
            return Err(Error::value("Cs", bad, "positive numbers"));
        }
        if self.cs.is_empty() {
            return Err(Error::value("Cs", "none", "at least one"));
        }
        let (labels, weights) = classified(x, y, sample_weight, self.estimator.class_weight.as_ref(), true)?;
        check::finite("x", x)?;
        let (k, p, device_of) = (labels.len(), x.dims()[1], x.device());
        let folds = self.cv.split(y)?;
        let positions = arange(device_of, 0, k as i64, 1)?;
        let (mut accuracies, mut tried, mut iterations) = (vec![], vec![], vec![]);
        let mut means: Vec<Option<Array<B, T, Ix1>>> = vec![None; self.cs.len()];
        let share = T::from_f64(1.0 / folds.len() as f64);
        for fold in &folds {
            let part = |w: &Option<Array<B, T, Ix1>>, rows: &[i64]| w.as_ref().map(|w| w.rows(rows)).transpose();
            let (training, index, training_weights) = (x.rows(&fold.train)?, labels.index.rows(&fold.train)?, part(&weights, &fold.train)?);
            let (test, truth) = (x.rows(&fold.test)?, labels.index.rows(&fold.test)?);
            let test_weights = part(&sample_weight.cloned(), &fold.test)?;
            let mut last: Option<Array<B, T, Ix1>> = None;
            for (&c, mean) in self.cs.iter().zip(&mut means) {
                let found = self.estimator.solve(&training, &index, k, training_weights.as_ref(), c, last.as_ref())?;
                let (coef, intercept) = unpacked(&found.x, p, self.estimator.fit_intercept)?;
                let predicted = choose(&positions, &scores(&coef, &intercept, &test)?)?;
                accuracies.push(match &test_weights {
                    None => accuracy_score(&truth, &predicted)?,
                    Some(w) => accuracy_score_weighted(&truth, &predicted, w)?,
                });
                let added = &found.x * share;
                *mean = Some(match mean.take() {
                    None => added,
                    Some(mean) => mean + &added,
                });
                iterations.push(found.nit as i64);
                tried.push(found.x.clone());
                last = Some(found.x);
            }
        }
        let sum = |j: usize| accuracies.iter().skip(j).step_by(self.cs.len()).sum::<f64>();
        let best = (1..self.cs.len()).fold(0, |best, j| if sum(j) > sum(best) { j } else { best });
        let found = self.estimator.solve(x, &labels.index, k, weights.as_ref(), self.cs[best], means[best].as_ref())?;
        let (coef, intercept) = unpacked(&found.x, p, self.estimator.fit_intercept)?;
        let scores = device::<B, T>(device_of, &accuracies)?.reshape([folds.len(), self.cs.len()])?;
        let width = p + usize::from(self.estimator.fit_intercept);
        let paths = LogisticRegressionPaths {
            coefs: stack(&tried, 0)?.reshape([folds.len(), self.cs.len(), found.x.size() / width, width])?,
            n_iter: Array::from_vec(device_of, iterations, [folds.len(), self.cs.len()])?,
        };
        let (n_iter, outcome) = (found.nit, found.outcome);
        Ok((LogisticRegressionCV { classes: labels.classes, coef, intercept, c: self.cs[best], scores, n_iter, outcome }, paths))
    }
}

linear_classifier!(
    LogisticRegressionCV,
    LogisticRegressionCVParams,
    "As for [`LogisticRegressionParams::fit`] and [`StratifiedKFold::split`]; [`Error::Value`] for no `Cs`, or one that is not positive."
);
linear_probabilities!(LogisticRegressionCV);
