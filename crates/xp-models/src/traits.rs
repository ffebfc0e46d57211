//! What estimators and models have in common, as traits: for code that is generic over them, such as pipelines, cross
//! validation and searches.
//!
//! Parameters ([`Estimator`]) are fitted ([`Fit`]) and give a model, which does what its kind of model does: [`Predict`],
//! [`Transform`], and so on. A trait has a method of the same name as the method of the model. Parameters of the traits are
//! whole arguments: `X` is what holds the samples, an array of shape `(n_samples, n_features)` for all models of this crate,
//! and `Y` what is known of each sample:
//!
//! | `Y` | |
//! |---|---|
//! | `()` | nothing |
//! | `Array<B, L, Ix1>`, `L: Label` | its class: an integer of any dtype, or `bool` |
//! | `Array<B, T, Ix1>`, `T: Float` | its target |
//! | `Array<B, T, Ix2>`, `T: Float` | several targets |
//!
//! An estimator that learns without `y`, such as a scaler, can be fitted with any `Y`, and ignores it. Whether an estimator
//! takes sample weights is known at compile time: those that do are [`FitWeighted`].
//!
//! ```
//! use xp::models::discriminant_analysis::LinearDiscriminantAnalysis;
//! use xp::models::linear_model::Ridge;
//! use xp::models::traits::{Fit, Score};
//! use xp::prelude::*;
//!
//! /// How well a model describes what it was fitted to.
//! fn training_score<X, Y, E>(estimator: &E, x: &X, y: &Y) -> xp::models::Result<f64>
//! where
//!     E: Fit<X, Y>,
//!     E::Model: Score<X, Y>,
//! {
//!     estimator.fit(x, y)?.score(x, y)
//! }
//!
//! let x = array![[0.0], [1.0], [2.0], [3.0]];
//! assert_eq!(training_score(&LinearDiscriminantAnalysis::params(), &x, &array![false, false, true, true])?, 1.0);
//! assert!(training_score(&Ridge::params().alpha(0.0), &x, &array![1.0, 3.0, 5.0, 7.0])? > 0.999999);
//! # Ok::<(), xp::models::Error>(())
//! ```

use xp_core::functions::concat;
use xp_core::{Array, Backend, Dim, Element, Ix1};

use crate::pipeline::{FeatureUnionParams, PipelineParams};
use crate::{Error, Result};

/// The parameters of a model that is not fitted yet: what `params()` of the model gives.
pub trait Estimator: Clone {
    /// A pipeline of this estimator, whose model transforms, and another, which is fitted to what comes out:
    /// [`PipelineParams`].
    fn then<E: Estimator>(self, last: E) -> PipelineParams<Self, E> {
        PipelineParams { first: self, last }
    }

    /// This estimator and another side by side, whose models transform the same samples: [`FeatureUnionParams`].
    fn beside<E: Estimator>(self, right: E) -> FeatureUnionParams<Self, E> {
        FeatureUnionParams::new(self, right)
    }
}

/// An estimator that can be fitted to samples of type `X` and what is known of them, of type `Y`.
pub trait Fit<X, Y = ()>: Estimator {
    /// The fitted model.
    type Model;

    /// Fits a model.
    ///
    /// # Errors
    /// When a parameter does not fit the data, when arguments do not fit each other, when the data leave nothing to fit.
    fn fit(&self, x: &X, y: &Y) -> Result<Self::Model>;

    /// Fits a model and transforms the same samples, which some models do in fewer passes.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit).
    fn fit_transform(&self, x: &X, y: &Y) -> Result<(Self::Model, <Self::Model as Transform<X>>::Output)>
    where
        Self::Model: Transform<X>,
    {
        let model = self.fit(x, y)?;
        let out = model.transform(x)?;
        Ok((model, out))
    }
}

/// An estimator that can be fitted with a weight for every sample.
pub trait FitWeighted<X: Samples, Y = ()>: Fit<X, Y> {
    /// [`Fit::fit`] with a weight for every sample.
    ///
    /// # Errors
    /// As for [`Fit::fit`], and [`Error::Samples`], [`Error::Value`], [`Error::NonFinite`] for weights that are not one per
    /// sample, negative, all zero, or not finite.
    fn fit_weighted(&self, x: &X, y: &Y, sample_weight: &X::Weights) -> Result<Self::Model>;
}

/// A model that can learn from further samples.
pub trait PartialFit<X, Y = ()> {
    /// Updates the model, as if it had been fitted to all samples.
    ///
    /// # Errors
    /// As for [`Fit::fit`]; the model is then as before.
    fn partial_fit(&mut self, x: &X, y: &Y) -> Result<()>;
}

/// A model, or what one is made of, that can take in what another one has learnt from other samples: as if it had learnt from all of
/// them, whatever the order. So the parts of data that are too large for one memory, or one machine, can be read side by side.
///
/// ```
/// use xp::models::preprocessing::StandardScaler;
/// use xp::models::traits::Merge;
/// use xp::prelude::*;
///
/// let mut scaler = StandardScaler::params().fit(&array![[0.0], [2.0]])?;
/// scaler.merge(&StandardScaler::params().fit(&array![[7.0]])?)?;
/// assert_eq!(scaler.mean().unwrap().to_vec(), [3.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub trait Merge {
    /// Takes in what `other` has learnt.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Value`] when the features, classes or parameters differ; the model is then as before.
    fn merge(&mut self, other: &Self) -> Result<()>;
}

/// A model that predicts labels or targets.
pub trait Predict<X> {
    /// The prediction: one row for each sample.
    type Output;

    /// The label or target of each sample.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    fn predict(&self, x: &X) -> Result<Self::Output>;
}

/// A classifier that knows the probability of each class.
pub trait PredictProba<X> {
    /// Probabilities: one row for each sample, one column for each class.
    type Output;

    /// The probability of each class.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    fn predict_proba(&self, x: &X) -> Result<Self::Output>;

    /// The logarithms of the probabilities.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    fn predict_log_proba(&self, x: &X) -> Result<Self::Output>;
}

/// A classifier that decides by a score of each class, or, of two classes, of the second one.
pub trait DecisionFunction<X> {
    /// Scores: one row for each sample. Arrays have shape `(n_samples,)` for two classes, and `(n_samples, n_classes)` for more.
    type Output;

    /// The scores that the classes are chosen by.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    fn decision_function(&self, x: &X) -> Result<Self::Output>;
}

/// A model that knows the classes of its labels.
pub trait Classifier {
    /// The array of labels.
    type Labels;

    /// The distinct labels in ascending order.
    fn classes(&self) -> &Self::Labels;
}

/// A model that makes other features of the features.
pub trait Transform<X> {
    /// The samples with other features.
    type Output;

    /// The samples with other features.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    fn transform(&self, x: &X) -> Result<Self::Output>;
}

/// A model whose transformation can be undone, as far as it keeps what the samples are.
pub trait InverseTransform<Z> {
    /// The samples with the original features.
    type Output;

    /// The samples whose transformation is `z`.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::Shape`], [`Error::NonFinite`].
    fn inverse_transform(&self, z: &Z) -> Result<Self::Output>;
}

/// A model that says how well it describes samples: classifiers by the accuracy, models of targets by the coefficient of
/// determination. Larger is better.
pub trait Score<X, Y = ()> {
    /// The score.
    ///
    /// # Errors
    /// As for [`Predict::predict`], and [`Error::Samples`], [`Error::Shape`].
    fn score(&self, x: &X, y: &Y) -> Result<f64>;
}

/// A model whose score can have a weight for every sample.
pub trait ScoreWeighted<X: Samples, Y = ()>: Score<X, Y> {
    /// [`Score::score`] with a weight for every sample.
    ///
    /// # Errors
    /// As for [`Score::score`], and for weights that are not one per sample, negative, all zero, or not finite.
    fn score_weighted(&self, x: &X, y: &Y, sample_weight: &X::Weights) -> Result<f64>;
}

/// What holds one row for each sample and can be split into parts: an array of any dtype and of any rank but 0, or `()`.
pub trait Samples: Sized {
    /// An array with one weight for each sample.
    type Weights: Samples;

    /// The shape, unless there is none.
    fn shape(&self) -> Option<&[usize]>;

    /// These rows, in this order.
    ///
    /// # Errors
    /// When a row does not exist; when the device fails.
    fn rows(&self, rows: &[i64]) -> Result<Self>;

    /// The rows of all parts, one part after the other.
    ///
    /// # Errors
    /// When there is no part; when the parts differ in their other axes; when the device fails.
    fn join(parts: &[Self]) -> Result<Self>;

    /// The numbers that `task` finds of these samples for `0..tasks`, or `None` where it fails: [`Backend::share_tasks`] of their backend.
    ///
    /// # Errors
    /// When the device fails.
    fn share_tasks(&self, tasks: usize, task: &mut dyn FnMut(usize) -> Option<f64>) -> Result<Vec<Option<f64>>> {
        Ok((0..tasks).map(task).collect())
    }
}

impl Samples for () {
    type Weights = ();

    fn shape(&self) -> Option<&[usize]> {
        None
    }

    fn rows(&self, _: &[i64]) -> Result<()> {
        Ok(())
    }

    fn join(_: &[()]) -> Result<()> {
        Ok(())
    }
}

impl<B: Backend, T: Element, D: Dim> Samples for Array<B, T, D> {
    type Weights = Array<B, T, Ix1>;

    fn share_tasks(&self, tasks: usize, task: &mut dyn FnMut(usize) -> Option<f64>) -> Result<Vec<Option<f64>>> {
        Ok(self.device().share_tasks(self.buffer(), tasks, task)?)
    }

    fn shape(&self) -> Option<&[usize]> {
        Some(self.dims())
    }

    fn rows(&self, rows: &[i64]) -> Result<Self> {
        Ok(self.take(&Array::from_vec(self.device(), rows.to_vec(), [rows.len()])?, 0)?)
    }

    fn join(parts: &[Self]) -> Result<Self> {
        Ok(concat(&parts.iter().collect::<Vec<_>>(), 0)?)
    }
}

/// The number of samples of `x`, of which `y` must have as many.
pub(crate) fn n_samples<X: Samples, Y: Samples>(x: &X, y: &Y) -> Result<usize> {
    let Some(&[n, ..]) = x.shape() else {
        return Err(Error::shape("x", x.shape().unwrap_or_default(), "one row for each sample"));
    };
    if let (Some(given), Some(expected)) = (y.shape(), x.shape()) {
        crate::check::samples("y", given, "x", expected)?;
    }
    Ok(n)
}

/// Declares that the model of some parameters transforms and learns without `y`: the traits go to the methods of the same
/// names.
macro_rules! transformer {
    ($Params:ident, $Model:ident, $Bound:path) => {
        impl<B: $Bound, T: Float> $crate::traits::Estimator for $Params<B, T> {}

        impl<B: $Bound, T: Float, Y> $crate::traits::Fit<Array<B, T, Ix2>, Y> for $Params<B, T> {
            type Model = $Model<B, T>;

            fn fit(&self, x: &Array<B, T, Ix2>, _: &Y) -> $crate::Result<$Model<B, T>> {
                $Params::fit(self, x)
            }
        }

        impl<B: $Bound, T: Float> $crate::traits::Transform<Array<B, T, Ix2>> for $Model<B, T> {
            type Output = Array<B, T, Ix2>;

            fn transform(&self, x: &Self::Output) -> $crate::Result<Self::Output> {
                $Model::transform(self, x)
            }
        }
    };
}

/// Declares that a transformation of [`transformer!`] can be undone.
macro_rules! inverse_transformer {
    ($Model:ident, $Bound:path) => {
        impl<B: $Bound, T: Float> $crate::traits::InverseTransform<Array<B, T, Ix2>> for $Model<B, T> {
            type Output = Array<B, T, Ix2>;

            fn inverse_transform(&self, z: &Self::Output) -> $crate::Result<Self::Output> {
                $Model::inverse_transform(self, z)
            }
        }
    };
}

/// Declares that a model of [`transformer!`] learns from further samples, and from other models.
macro_rules! partial_fitter {
    ($Model:ident, $Bound:path) => {
        impl<B: $Bound, T: Float, Y> $crate::traits::PartialFit<Array<B, T, Ix2>, Y> for $Model<B, T> {
            fn partial_fit(&mut self, x: &Array<B, T, Ix2>, _: &Y) -> $crate::Result<()> {
                $Model::partial_fit(self, x)
            }
        }

        impl<B: $Bound, T: Float> $crate::traits::Merge for $Model<B, T> {
            fn merge(&mut self, other: &Self) -> $crate::Result<()> {
                $Model::merge(self, other)
            }
        }
    };
}

/// Declares that a model with labels of dtype `L` is a classifier: it is scored by its accuracy, and the traits go to the methods of the
/// same names.
macro_rules! classifier {
    ($Model:ident, $Bound:path) => {
        impl<B: $Bound, T: Float, L: Label> $Model<B, T, L> {
            /// The fraction of the samples whose class is predicted right.
            ///
            /// # Errors
            /// As for [`predict`](Self::predict), and [`Error::Samples`](crate::Error::Samples).
            pub fn score(&self, x: &Array<B, T, Ix2>, y: &Array<B, L, Ix1>) -> $crate::Result<f64> {
                $crate::check::samples("y", y.dims(), "x", x.dims())?;
                $crate::metrics::accuracy_score(y, &self.predict(x)?)
            }

            /// [`score`](Self::score) with a weight for every sample.
            ///
            /// # Errors
            /// As for [`score`](Self::score), and for weights that are negative, all zero, or not one per sample.
            pub fn score_weighted(&self, x: &Array<B, T, Ix2>, y: &Array<B, L, Ix1>, sample_weight: &Array<B, T, Ix1>) -> $crate::Result<f64> {
                $crate::check::samples("y", y.dims(), "x", x.dims())?;
                $crate::metrics::accuracy_score_weighted(y, &self.predict(x)?, sample_weight)
            }
        }

        impl<B: $Bound, T: Float, L: Label> $crate::traits::Classifier for $Model<B, T, L> {
            type Labels = Array<B, L, Ix1>;

            fn classes(&self) -> &Array<B, L, Ix1> {
                $Model::classes(self)
            }
        }

        impl<B: $Bound, T: Float, L: Label> $crate::traits::Predict<Array<B, T, Ix2>> for $Model<B, T, L> {
            type Output = Array<B, L, Ix1>;

            fn predict(&self, x: &Array<B, T, Ix2>) -> $crate::Result<Array<B, L, Ix1>> {
                $Model::predict(self, x)
            }
        }

        impl<B: $Bound, T: Float, L: Label> $crate::traits::Score<Array<B, T, Ix2>, Array<B, L, Ix1>> for $Model<B, T, L> {
            fn score(&self, x: &Array<B, T, Ix2>, y: &Array<B, L, Ix1>) -> $crate::Result<f64> {
                $Model::score(self, x, y)
            }
        }

        impl<B: $Bound, T: Float, L: Label> $crate::traits::ScoreWeighted<Array<B, T, Ix2>, Array<B, L, Ix1>> for $Model<B, T, L> {
            fn score_weighted(&self, x: &Array<B, T, Ix2>, y: &Array<B, L, Ix1>, sample_weight: &Array<B, T, Ix1>) -> $crate::Result<f64> {
                $Model::score_weighted(self, x, y, sample_weight)
            }
        }
    };
}

/// Declares that a classifier of [`classifier!`] knows the probability of each class.
macro_rules! probabilistic_classifier {
    ($Model:ident, $Bound:path) => {
        impl<B: $Bound, T: Float, L: Label> $crate::traits::PredictProba<Array<B, T, Ix2>> for $Model<B, T, L> {
            type Output = Array<B, T, Ix2>;

            fn predict_proba(&self, x: &Array<B, T, Ix2>) -> $crate::Result<Array<B, T, Ix2>> {
                $Model::predict_proba(self, x)
            }

            fn predict_log_proba(&self, x: &Array<B, T, Ix2>) -> $crate::Result<Array<B, T, Ix2>> {
                $Model::predict_log_proba(self, x)
            }
        }
    };
}

/// Declares that a classifier of [`classifier!`] decides by scores.
macro_rules! scored_classifier {
    ($Model:ident, $Bound:path) => {
        impl<B: $Bound, T: Float, L: Label> $crate::traits::DecisionFunction<Array<B, T, Ix2>> for $Model<B, T, L> {
            type Output = Array<B, T, xp_core::Dyn>;

            fn decision_function(&self, x: &Array<B, T, Ix2>) -> $crate::Result<Array<B, T, xp_core::Dyn>> {
                $Model::decision_function(self, x)
            }
        }
    };
}

pub(crate) use {classifier, inverse_transformer, partial_fitter, probabilistic_classifier, scored_classifier, transformer};
