//! What is nearest: [`NearestNeighbors`], and the votes and means of neighbours, after scikit-learn's `neighbors` with
//! `algorithm="brute"`.
//!
//! Distances are computed block by block and the nearest samples of each block kept: never all distances at once. Of equally near samples
//! those with the lowest indices come first.

mod classifier;
mod metric;
mod nearest;
mod regressor;
mod search;
mod weights;

pub use classifier::{KNeighborsClassifier, KNeighborsClassifierParams};
pub use metric::NeighborMetric;
pub use nearest::{NearestNeighbors, NearestNeighborsParams, RadiusNeighbors};
pub use regressor::{KNeighborsRegressor, KNeighborsRegressorParams};
pub use weights::Weights;
