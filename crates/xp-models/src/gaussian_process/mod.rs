//! Gaussian processes: distributions of functions, of which what is near in the sense of a kernel is alike.
//!
//! | | |
//! |---|---|
//! | [`GaussianProcessRegressor`] | targets, with how sure they are |
//! | [`Kernel`] | what near means: a tree of kernels, with [hyperparameters](Hyperparameter) that are fitted |
//!
//! C. Rasmussen and C. Williams, Gaussian Processes for Machine Learning, MIT Press 2006.

mod evaluate;
mod kernels;
mod regressor;
mod text;

pub use kernels::{Hyperparameter, Kernel};
pub use regressor::{GaussianProcessRegressor, GaussianProcessRegressorParams};
