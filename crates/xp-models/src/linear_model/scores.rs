//! Classifiers by linear scores: one for each class, or one for two classes.

use xp_core::functions::stack;
use xp_core::{Array, Backend, Dyn, Float, Ix1, Ix2, KeepDims, Linalg};

use crate::labels::{Label, check_classes};
use crate::model::fits;
use crate::{Error, Result, check};

/// What a linear classifier must be like: labels in order, and one row of `coef` for each, or one for two.
pub(crate) fn check_classifier<B: Backend, T: Float, L: Label>(
    classes: &Array<B, L, Ix1>,
    coef: &Array<B, T, Ix2>,
    intercept: &Array<B, T, Ix1>,
) -> Result<()> {
    let k = classes.size();
    check_classes(classes, 2)?;
    let functions = if k == 2 { 1 } else { k };
    let p = coef.dims()[1];
    if p == 0 {
        return Err(Error::shape("coef", coef.dims(), "at least 1 column"));
    }
    fits("coef", coef.dims(), &[functions, p])?;
    fits("intercept", intercept.dims(), &[functions])
}

/// The scores of samples, of shape `(n_samples, n_functions)`.
pub(crate) fn scores<B: Linalg<T>, T: Float>(
    coef: &Array<B, T, Ix2>,
    intercept: &Array<B, T, Ix1>,
    x: &Array<B, T, Ix2>,
) -> Result<Array<B, T, Ix2>> {
    check::features("x", x, coef.dims()[1])?;
    let out = x.matmul(&coef.t().contiguous()?)? + intercept;
    check::finite_by("x", x, &out)?;
    Ok(out)
}

/// Scores as scikit-learn shapes them: `(n_samples,)` where there is one function, `(n_samples, n_classes)` otherwise.
pub(crate) fn decision<B: Backend, T: Float>(scores: &Array<B, T, Ix2>) -> Result<Array<B, T, Dyn>> {
    Ok(if scores.dims()[1] == 1 { scores.squeeze(1)?.into_dyn() } else { scores.clone().into_dyn() })
}

/// The class of the largest score, the first of equal ones; of a single score, the second class where it is above 0.
pub(crate) fn choose<B: Backend, T: Float, L: Label>(classes: &Array<B, L, Ix1>, scores: &Array<B, T, Ix2>) -> Result<Array<B, L, Ix1>> {
    let index = if scores.dims()[1] == 1 { scores.squeeze(1)?.lazy().greater(T::ZERO).astype::<i64>().try_eval()? } else { scores.argmax(1) };
    Ok(classes.take(&index, 0)?)
}

/// The probabilities of the classes by the logistic function of one score, or by the softmax of several.
pub(crate) fn probabilities<B: Backend, T: Float>(scores: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
    if scores.dims()[1] == 1 {
        let score = scores.squeeze(1)?;
        return Ok(stack(&[&(-score.lazy()).expit().try_eval()?, &score.lazy().expit().try_eval()?], 1)?);
    }
    let largest = scores.lazy().max(KeepDims(1)).try_eval()?;
    let powers = (scores.lazy() - &largest).exp().try_eval()?;
    let sums = powers.lazy().sum(KeepDims(1)).try_eval()?;
    Ok((powers.into_lazy() / &sums).try_eval()?)
}

/// The logarithms of [`probabilities`], from the scores: they keep their accuracy, and are finite for any finite scores.
pub(crate) fn log_probabilities<B: Backend, T: Float>(scores: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
    if scores.dims()[1] == 1 {
        let score = scores.squeeze(1)?;
        return Ok(stack(&[&(-score.lazy()).log_expit().try_eval()?, &score.lazy().log_expit().try_eval()?], 1)?);
    }
    let largest = scores.lazy().max(KeepDims(1)).try_eval()?;
    let logs = (scores.lazy() - &largest).exp().sum(KeepDims(1)).try_eval()?.into_lazy().log().try_eval()?;
    Ok((scores.lazy() - &largest - &logs).try_eval()?)
}

/// The methods and traits of a classifier with `classes`, `coef` and `intercept`, which `$Params::fit_any` fits with or without
/// weights, and what `fit` fails with.
macro_rules! linear_classifier {
    ($Model:ident, $Params:ident, $errors:literal) => {
        impl<B: xp_core::Backend, T: Float, L: Label> $crate::model::Check for $Model<B, T, L> {
            fn check(&self) -> $crate::Result<()> {
                $crate::linear_model::scores::check_classifier(&self.classes, &self.coef, &self.intercept)
            }
        }

        impl<B: xp_core::Linalg<T>, T: Float> $Params<B, T> {
            /// Fits the model to samples `x`, of shape `(n_samples, n_features)`, and their labels `y`, of shape `(n_samples,)`.
            ///
            /// # Errors
            #[doc = $errors]
            pub fn fit<L: Label>(&self, x: &Array<B, T, Ix2>, y: &Array<B, L, Ix1>) -> $crate::Result<$Model<B, T, L>> {
                self.fit_any(x, y, None)
            }

            /// [`fit`](Self::fit) with a weight for every sample.
            ///
            /// # Errors
            /// As for [`fit`](Self::fit), and [`Error::Samples`](crate::Error::Samples), [`Error::Value`](crate::Error::Value) for
            /// weights that are negative or all zero.
            pub fn fit_weighted<L: Label>(
                &self,
                x: &Array<B, T, Ix2>,
                y: &Array<B, L, Ix1>,
                sample_weight: &Array<B, T, Ix1>,
            ) -> $crate::Result<$Model<B, T, L>> {
                self.fit_any(x, y, Some(sample_weight))
            }
        }

        impl<B: xp_core::Linalg<T>, T: Float, L: Label> $Model<B, T, L> {
            /// The scores that the classes are chosen by: for two classes those of the second one, of shape `(n_samples,)`, positive
            /// where it is chosen; otherwise one for each class, of shape `(n_samples, n_classes)`.
            ///
            /// # Errors
            /// [`Error::Features`](crate::Error::Features), [`Error::NonFinite`](crate::Error::NonFinite).
            pub fn decision_function(&self, x: &Array<B, T, Ix2>) -> $crate::Result<Array<B, T, xp_core::Dyn>> {
                $crate::linear_model::scores::decision(&$crate::linear_model::scores::scores(&self.coef, &self.intercept, x)?)
            }

            /// The class of every sample.
            ///
            /// # Errors
            /// [`Error::Features`](crate::Error::Features), [`Error::NonFinite`](crate::Error::NonFinite).
            pub fn predict(&self, x: &Array<B, T, Ix2>) -> $crate::Result<Array<B, L, Ix1>> {
                $crate::linear_model::scores::choose(&self.classes, &$crate::linear_model::scores::scores(&self.coef, &self.intercept, x)?)
            }
        }

        impl<B: xp_core::Linalg<T>, T: Float> $crate::traits::Estimator for $Params<B, T> {}

        impl<B: xp_core::Linalg<T>, T: Float, L: Label> $crate::traits::Fit<Array<B, T, Ix2>, Array<B, L, Ix1>> for $Params<B, T> {
            type Model = $Model<B, T, L>;

            fn fit(&self, x: &Array<B, T, Ix2>, y: &Array<B, L, Ix1>) -> $crate::Result<$Model<B, T, L>> {
                $Params::fit(self, x, y)
            }
        }

        impl<B: xp_core::Linalg<T>, T: Float, L: Label> $crate::traits::FitWeighted<Array<B, T, Ix2>, Array<B, L, Ix1>> for $Params<B, T> {
            fn fit_weighted(&self, x: &Array<B, T, Ix2>, y: &Array<B, L, Ix1>, w: &Array<B, T, Ix1>) -> $crate::Result<$Model<B, T, L>> {
                $Params::fit_weighted(self, x, y, w)
            }
        }

        $crate::traits::classifier!($Model, xp_core::Linalg<T>);
        $crate::traits::scored_classifier!($Model, xp_core::Linalg<T>);
    };
}

/// The methods and traits of a classifier of [`linear_classifier!`] whose scores are logarithms of odds.
macro_rules! linear_probabilities {
    ($Model:ident) => {
        impl<B: xp_core::Linalg<T>, T: Float, L: Label> $Model<B, T, L> {
            /// The probability of every class, of shape `(n_samples, n_classes)`.
            ///
            /// # Errors
            /// [`Error::Features`](crate::Error::Features), [`Error::NonFinite`](crate::Error::NonFinite).
            pub fn predict_proba(&self, x: &Array<B, T, Ix2>) -> $crate::Result<Array<B, T, Ix2>> {
                $crate::linear_model::scores::probabilities(&$crate::linear_model::scores::scores(&self.coef, &self.intercept, x)?)
            }

            /// The logarithm of [`predict_proba`](Self::predict_proba), from the scores: it is finite for any finite scores.
            ///
            /// # Errors
            /// [`Error::Features`](crate::Error::Features), [`Error::NonFinite`](crate::Error::NonFinite).
            pub fn predict_log_proba(&self, x: &Array<B, T, Ix2>) -> $crate::Result<Array<B, T, Ix2>> {
                $crate::linear_model::scores::log_probabilities(&$crate::linear_model::scores::scores(&self.coef, &self.intercept, x)?)
            }
        }

        $crate::traits::probabilistic_classifier!($Model, xp_core::Linalg<T>);
    };
}

pub(super) use {linear_classifier, linear_probabilities};
