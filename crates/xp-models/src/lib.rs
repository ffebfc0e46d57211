//! Estimators, metrics and tools after scikit-learn and `scipy.cluster.vq`, generic over the backend of xp.
//!
//! An estimator starts from its parameters, and fitting returns the model:
//! `LinearDiscriminantAnalysis::params().n_components(2).fit(&x, &y)?`. Names, defaults and results are those of
//! scikit-learn; the attributes of a fitted model are methods with scikit-learn's names, without the trailing underscore.
//! A model lives where its training data lived, and `to_backend` moves it. With the feature `serde` a model is saved to a
//! JSON file and loaded on any device.
//!
//! Rows are samples and columns are features. NaN and infinity are errors that name the row and the column.

mod check;
pub mod cluster;
pub mod datasets;
pub mod decomposition;
pub mod discriminant_analysis;
mod error;
mod labels;
pub mod linear_model;
pub mod metrics;
pub mod model_selection;
#[cfg(feature = "serde")]
mod persist;
pub mod preprocessing;
mod random;
mod tall_svd;

pub use error::{Error, Result};
