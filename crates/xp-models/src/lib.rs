//! Estimators, metrics and tools after scikit-learn and `scipy.cluster`, generic over the backend of xp.
//!
//! An estimator starts from its parameters, and fitting returns the model:
//! `LinearDiscriminantAnalysis::params().n_components(2).fit(&x, &y)?`. Names, defaults and results are those of
//! scikit-learn; the attributes of a fitted model are methods with scikit-learn's names, without the trailing underscore.
//! A model lives where its training data lived, `to_backend` moves it, and `save` and `load` keep it in a
//! [file](model). Models of one kind share [traits], which [pipelines](pipeline), cross validation and
//! searches ([model_selection]) are written with.
//!
//! Rows are samples and columns are features. NaN and infinity are errors that name the row and the column; scalers take NaN for what is
//! missing.

mod blocks;
pub mod calibration;
mod check;
mod class_weight;
pub mod cluster;
pub mod compose;
pub mod covariance;
pub mod datasets;
pub mod decomposition;
pub mod discriminant_analysis;
mod error;
pub mod feature_extraction;
pub mod gaussian_process;
pub mod impute;
pub mod isotonic;
pub mod kernel_approximation;
pub mod kernel_ridge;
mod labels;
pub mod linear_model;
pub mod metrics;
pub mod mixture;
pub mod model;
pub mod model_selection;
pub mod naive_bayes;
pub mod neighbors;
pub mod optimize;
pub mod pipeline;
pub mod preprocessing;
pub mod progress;
pub mod spatial;
mod tall_svd;
pub mod traits;
pub mod utils;

pub use class_weight::ClassWeight;
pub use error::{Error, Result};
pub use labels::Label;
