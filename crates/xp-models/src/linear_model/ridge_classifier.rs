//! Classifiers by ridge regression.

use core::marker::PhantomData;

use xp_core::functions::arange;
use xp_core::{Array, Backend, Float, Ix1, Ix2, Linalg};

use super::centred::Centred;
use super::ridge_cv::LeaveOneOut;
use super::scores::linear_classifier;
use super::{Ridge, RidgeSolver};
use crate::labels::{Label, Labels};
use crate::model::model;
use crate::{ClassWeight, Error, Result, check};

model! {
    /// A classifier by [`Ridge`]: for two classes the targets are -1 and 1, for more there is such a target for each class.
    ///
    /// It is scikit-learn's estimator of the same name. Of two classes the second is predicted where the score is above 0, of more
    /// the one with the largest score.
    ///
    /// ```
    /// use xp::models::linear_model::RidgeClassifier;
    /// use xp::prelude::*;
    ///
    /// let x = array![[0.0], [1.0], [4.0], [5.0]];
    /// let model = RidgeClassifier::params().alpha(2.0).fit(&x, &array![3, 3, 7, 7])?;
    /// // The slope of least squares is 8 / 17; the sum of squares about the mean is 17, to which the penalty adds 2.
    /// assert!((model.coef()[[0, 0]] - 8.0 / 19.0).abs() < 1e-14);
    /// assert_eq!(model.predict(&array![[2.4], [2.6]])?.to_vec(), [3, 7]);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct RidgeClassifier<B: Backend, T: Float, L: Label = i64> {
        /// The distinct labels in ascending order.
        pub classes: Array<B, L, Ix1>,
        /// The coefficients: one row for each class, or a single row for two classes.
        pub coef: Array<B, T, Ix2>,
        /// The intercepts of the rows of [`coef`](Self::coef).
        pub intercept: Array<B, T, Ix1>,
    }
}

/// Parameters of [`RidgeClassifier`].
#[derive(Clone, Debug)]
pub struct RidgeClassifierParams<B, T> {
    alpha: f64,
    fit_intercept: bool,
    class_weight: Option<ClassWeight>,
    solver: RidgeSolver,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Linalg<T>, T: Float> RidgeClassifier<B, T> {
    /// The default parameters: `alpha` 1, with an intercept, all classes alike, `RidgeSolver::Auto`.
    #[must_use]
    pub fn params() -> RidgeClassifierParams<B, T> {
        RidgeClassifierParams { alpha: 1.0, fit_intercept: true, class_weight: None, solver: RidgeSolver::Auto, kind: PhantomData }
    }
}

impl<B: Linalg<T>, T: Float> RidgeClassifierParams<B, T> {
    /// The penalty.
    #[must_use]
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
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

    /// How the equations are solved.
    #[must_use]
    pub fn solver(mut self, solver: RidgeSolver) -> Self {
        self.solver = solver;
        self
    }

    fn fit_any<L: Label>(&self, x: &Array<B, T, Ix2>, y: &Array<B, L, Ix1>, weights: Option<&Array<B, T, Ix1>>) -> Result<RidgeClassifier<B, T, L>> {
        let (labels, weights) = classified(x, y, weights, self.class_weight.as_ref(), false)?;
        let params = Ridge::params().alpha(self.alpha).fit_intercept(self.fit_intercept).solver(self.solver);
        let ridge = params.fit_any(x, &signs(&labels)?, weights.as_ref())?;
        Ok(RidgeClassifier { classes: labels.classes, coef: ridge.coef().clone(), intercept: ridge.intercept().clone() })
    }
}

linear_classifier!(
    RidgeClassifier,
    RidgeClassifierParams,
    "[`Error::Samples`] when the numbers of samples differ, [`Error::Shape`] for no samples or features, [`Error::NonFinite`], [`Error::OneClass`], [`Error::Value`] for a negative `alpha` or weights of labels that do not occur."
);

model! {
    /// [`RidgeClassifier`] with the penalty, among several, that predicts best what is left out.
    ///
    /// It is scikit-learn's estimator of the same name without `cv` and `scoring`: the penalty is that of the smallest mean square
    /// of the differences between the targets, -1 and 1, and their predictions by the other samples, as in
    /// [`RidgeCV`](super::RidgeCV).
    ///
    /// ```
    /// use xp::models::linear_model::RidgeClassifierCV;
    /// use xp::prelude::*;
    ///
    /// let x = array![[0.0], [1.0], [4.0], [5.0]];
    /// let model = RidgeClassifierCV::params().alphas(&[1e-3, 1e3]).fit(&x, &array![3, 3, 7, 7])?;
    /// assert_eq!(model.alpha(), 1e-3);
    /// assert_eq!(model.predict(&array![[2.4], [2.6]])?.to_vec(), [3, 7]);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct RidgeClassifierCV<B: Backend, T: Float, L: Label = i64> {
        /// The distinct labels in ascending order.
        pub classes: Array<B, L, Ix1>,
        /// The coefficients: one row for each class, or a single row for two classes.
        pub coef: Array<B, T, Ix2>,
        /// The intercepts of the rows of [`coef`](Self::coef).
        pub intercept: Array<B, T, Ix1>,
        /// The penalty that was chosen.
        pub alpha: f64,
        /// Its score: the mean square of the residuals that leave a sample out, below zero.
        pub best_score: f64,
    }
}

/// Parameters of [`RidgeClassifierCV`].
#[derive(Clone, Debug)]
pub struct RidgeClassifierCVParams<B, T> {
    search: LeaveOneOut,
    class_weight: Option<ClassWeight>,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Linalg<T>, T: Float> RidgeClassifierCV<B, T> {
    /// The default parameters: `alphas` 0.1, 1 and 10, with an intercept, all classes alike.
    #[must_use]
    pub fn params() -> RidgeClassifierCVParams<B, T> {
        RidgeClassifierCVParams { search: LeaveOneOut::new(), class_weight: None, kind: PhantomData }
    }
}

impl<B: Linalg<T>, T: Float> RidgeClassifierCVParams<B, T> {
    /// The penalties to choose from, which are positive. The first of equally good ones is chosen.
    #[must_use]
    pub fn alphas(mut self, alphas: &[f64]) -> Self {
        self.search.alphas = alphas.to_vec();
        self
    }

    /// Whether there is an intercept, which is not penalised.
    #[must_use]
    pub fn fit_intercept(mut self, yes: bool) -> Self {
        self.search.fit_intercept = yes;
        self
    }

    /// How much the classes count.
    #[must_use]
    pub fn class_weight(mut self, weight: ClassWeight) -> Self {
        self.class_weight = Some(weight);
        self
    }

    fn fit_any<L: Label>(
        &self,
        x: &Array<B, T, Ix2>,
        y: &Array<B, L, Ix1>,
        weights: Option<&Array<B, T, Ix1>>,
    ) -> Result<RidgeClassifierCV<B, T, L>> {
        self.search.validate()?;
        let (labels, weights) = classified(x, y, weights, self.class_weight.as_ref(), false)?;
        let targets = signs(&labels)?;
        let data = Centred::new(x, &targets, weights.as_ref(), self.search.fit_intercept)?;
        let found = self.search.run(x, &data, false, false)?;
        let (coef, intercept) = data.finish(&found.coef, &targets)?;
        Ok(RidgeClassifierCV { classes: labels.classes, coef, intercept, alpha: found.alpha[0], best_score: found.score[0] })
    }
}

linear_classifier!(RidgeClassifierCV, RidgeClassifierCVParams, "As for [`RidgeClassifierParams::fit`], with `alphas` that are none or not positive.");

/// The classes of checked labels, of which there are at least two, and the weights of samples and classes.
pub(super) fn classified<B: Linalg<T>, T: Float, L: Label>(
    x: &Array<B, T, Ix2>,
    y: &Array<B, L, Ix1>,
    weights: Option<&Array<B, T, Ix1>>,
    class_weight: Option<&ClassWeight>,
    by_weight: bool,
) -> Result<(Labels<B, L>, Option<Array<B, T, Ix1>>)> {
    check::samples("y", y.dims(), "x", x.dims())?;
    check::at_least(x, 1)?;
    if let Some(weights) = weights {
        check::weights(weights, x.dims())?;
    }
    let labels = Labels::of(y)?;
    if labels.len() == 1 {
        return Err(Error::OneClass { label: labels.classes.get([0])?.number() });
    }
    let weights = match class_weight {
        None => weights.cloned(),
        Some(class_weight) => {
            let weights = class_weight.apply(&labels, weights, by_weight)?;
            check::weights(&weights, x.dims())?;
            Some(weights)
        }
    };
    Ok((labels, weights))
}

/// 1 for the class of a sample and -1 for the others: one column for each class, or one for the second of two.
fn signs<B: Linalg<T>, T: Float, L: Label>(labels: &Labels<B, L>) -> Result<Array<B, T, Ix2>> {
    let k = labels.len() as i64;
    let columns = arange(labels.index.device(), if k == 2 { 1 } else { 0 }, k, 1)?;
    let index = labels.index.expand_dims(1)?;
    Ok((index.lazy().equal(&columns).astype::<T>() * T::from_f64(2.0) - T::ONE).try_eval()?)
}
