//! Linear models.
//!
//! | | |
//! |---|---|
//! | least squares | [`LinearRegression`], [`Ridge`], [`RidgeCV`], [`Lasso`], [`ElasticNet`] |
//! | other losses | [`PoissonRegressor`], [`GammaRegressor`], [`TweedieRegressor`] |
//! | classifiers | [`LogisticRegression`], [`LogisticRegressionCV`], [`RidgeClassifier`], [`RidgeClassifierCV`] |

mod centred;
mod coordinate_descent;
mod family;
mod glm;
mod linear;
mod logistic;
mod logistic_cv;
mod loss;
mod newton;
mod ridge;
mod ridge_classifier;
mod ridge_cv;
pub(crate) mod scores;
mod statistics;

use xp_core::{Array, Backend, Dim, Float, Ix1, Ix2, Linalg, Real};

use crate::model::fits;
use crate::{Error, Result, check};

pub use coordinate_descent::{ElasticNet, ElasticNetParams, Lasso, LassoParams};
pub use glm::{GammaRegressor, GammaRegressorParams, Link, PoissonRegressor, PoissonRegressorParams, TweedieRegressor, TweedieRegressorParams};
pub use linear::{LinearRegression, LinearRegressionParams};
pub use logistic::{LogisticRegression, LogisticRegressionParams};
pub use logistic_cv::{LogisticRegressionCV, LogisticRegressionCVParams, LogisticRegressionPaths};
pub use loss::LinearSolver;
pub use ridge::{Ridge, RidgeParams, RidgeSolver};
pub(crate) use ridge::{penalties, penalty_setters, solve_definite};
pub use ridge_classifier::{RidgeClassifier, RidgeClassifierCV, RidgeClassifierCVParams, RidgeClassifierParams};
pub use ridge_cv::{GcvMode, RidgeCV, RidgeCVParams};
pub use statistics::GramStatistics;

/// What a linear model of targets must be like: coefficients of shape `(n_features,)` or `(n_targets, n_features)`.
fn check_linear<B: Backend, T: Float, D: Dim>(coef: &Array<B, T, D>, intercept: &Array<B, T, D::Smaller>) -> Result<()> {
    let shape = coef.dims();
    if coef.is_empty() || !(1..=2).contains(&shape.len()) {
        return Err(Error::shape("coef", shape, "rank 1 or 2, not empty"));
    }
    fits("intercept", intercept.dims(), &shape[..shape.len() - 1])
}

/// The sum of the weights of `n` samples, which are 1 where none are given.
fn total_weight<B: Backend, T: Float>(weights: Option<&Array<B, T, Ix1>>, n: usize) -> Result<f64> {
    match weights {
        None => Ok(n as f64),
        Some(weights) => Ok(weights.lazy().astype::<B::MaxFloat>().sum(..).try_eval()?.item()?.to_f64()),
    }
}

/// `x coefᵀ + intercept`, of the rank of `coef`.
fn predict_linear<B: Linalg<T>, T: Float, D: Dim>(
    coef: &Array<B, T, D>,
    intercept: &Array<B, T, D::Smaller>,
    x: &Array<B, T, Ix2>,
) -> Result<Array<B, T, D>> {
    let p = coef.dims()[coef.ndim() - 1];
    check::features("x", x, p)?;
    let matrix: Array<B, T, Ix2> = coef.reshape([coef.size() / p, p])?;
    let out = x.matmul(&matrix.t().contiguous()?)? + &intercept.ravel()?;
    check::finite_by("x", x, &out)?;
    let mut shape = vec![x.dims()[0]];
    shape.extend(&coef.dims()[..coef.ndim() - 1]);
    Ok(out.reshape(shape)?.into_rank()?)
}

/// The methods of a model with `coef` and `intercept` of targets of rank `D`, which `$Params::fit_any` fits with or without weights,
/// the traits of it and its parameters, and what `fit` fails with.
macro_rules! linear_regressor {
    ($Model:ident, $Params:ident, $errors:literal) => {
        impl<B: xp_core::Linalg<T>, T: Float, D: Dim> $Params<B, T, D> {
            /// Fits the model to samples `x`, of shape `(n_samples, n_features)`, and their targets.
            ///
            /// # Errors
            #[doc = $errors]
            pub fn fit(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>) -> $crate::Result<$Model<B, T, D>> {
                self.fit_any(x, y, None)
            }

            /// [`fit`](Self::fit) with a weight for every sample.
            ///
            /// # Errors
            /// As for [`fit`](Self::fit), and [`Error::Samples`](crate::Error::Samples), [`Error::Value`](crate::Error::Value) for
            /// weights that are negative or all zero.
            pub fn fit_weighted(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>, sample_weight: &Array<B, T, Ix1>) -> $crate::Result<$Model<B, T, D>> {
                $crate::check::weights(sample_weight, x.dims())?;
                self.fit_any(x, y, Some(sample_weight))
            }
        }

        impl<B: xp_core::Linalg<T>, T: Float, D: Dim> $Model<B, T, D> {
            /// The targets that the model predicts, of the rank it was fitted with.
            ///
            /// # Errors
            /// [`Error::Features`](crate::Error::Features), [`Error::NonFinite`](crate::Error::NonFinite).
            pub fn predict(&self, x: &Array<B, T, Ix2>) -> $crate::Result<Array<B, T, D>> {
                $crate::linear_model::predict_linear(&self.coef, &self.intercept, x)
            }

            /// The coefficient of determination of the prediction, averaged over the targets.
            ///
            /// # Errors
            /// As for [`predict`](Self::predict), and [`Error::Shape`](crate::Error::Shape).
            pub fn score(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>) -> $crate::Result<f64> {
                $crate::metrics::r2_score(y, &self.predict(x)?)
            }

            /// [`score`](Self::score) with a weight for every sample.
            ///
            /// # Errors
            /// As for [`score`](Self::score), and for weights that are negative, all zero, or not one per sample.
            pub fn score_weighted(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>, sample_weight: &Array<B, T, Ix1>) -> $crate::Result<f64> {
                $crate::metrics::R2Score::new().score_weighted(y, &self.predict(x)?, sample_weight)
            }
        }

        impl<B: xp_core::Linalg<T>, T: Float, D: Dim> $crate::traits::Estimator for $Params<B, T, D> {}

        impl<B: xp_core::Linalg<T>, T: Float, D: Dim> $crate::traits::Fit<Array<B, T, Ix2>, Array<B, T, D>> for $Params<B, T, D> {
            type Model = $Model<B, T, D>;

            fn fit(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>) -> $crate::Result<$Model<B, T, D>> {
                $Params::fit(self, x, y)
            }
        }

        impl<B: xp_core::Linalg<T>, T: Float, D: Dim> $crate::traits::FitWeighted<Array<B, T, Ix2>, Array<B, T, D>> for $Params<B, T, D> {
            fn fit_weighted(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>, w: &Array<B, T, Ix1>) -> $crate::Result<$Model<B, T, D>> {
                $Params::fit_weighted(self, x, y, w)
            }
        }

        $crate::linear_model::regressor_traits!($Model<B, T, D>, Array<B, T, D>, D: Dim);
    };
}

/// The traits of a model that predicts targets: they go to the methods of the same names.
macro_rules! regressor_traits {
    ($Model:ident<$($P:ident),*>, $Targets:ty $(, $D:ident: $Dim:ident)?) => {
        impl<B: xp_core::Linalg<T>, T: Float $(, $D: $Dim)?> $crate::traits::Predict<Array<B, T, Ix2>> for $Model<$($P),*> {
            type Output = $Targets;

            fn predict(&self, x: &Array<B, T, Ix2>) -> $crate::Result<$Targets> {
                $Model::predict(self, x)
            }
        }

        impl<B: xp_core::Linalg<T>, T: Float $(, $D: $Dim)?> $crate::traits::Score<Array<B, T, Ix2>, $Targets> for $Model<$($P),*> {
            fn score(&self, x: &Array<B, T, Ix2>, y: &$Targets) -> $crate::Result<f64> {
                $Model::score(self, x, y)
            }
        }

        impl<B: xp_core::Linalg<T>, T: Float $(, $D: $Dim)?> $crate::traits::ScoreWeighted<Array<B, T, Ix2>, $Targets> for $Model<$($P),*> {
            fn score_weighted(&self, x: &Array<B, T, Ix2>, y: &$Targets, w: &Array<B, T, Ix1>) -> $crate::Result<f64> {
                $Model::score_weighted(self, x, y, w)
            }
        }
    };
}

use linear_regressor;
pub(crate) use regressor_traits;
