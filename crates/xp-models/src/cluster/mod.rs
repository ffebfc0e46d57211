//! Clusters: [`KMeans`] and [`MiniBatchKMeans`] after scikit-learn, and vector quantisation after `scipy.cluster.vq`;
//! [hierarchical clustering](hierarchy).
//!
//! Samples of the estimators have shape `(n_samples, n_features)`. Observations of the functions have shape `(n, features)`, or `(n,)`
//! for one feature; `D` is their rank, and that of code books.

mod codebook;
pub mod hierarchy;
mod kmeans;
mod lloyd;
mod mini_batch;
mod nearest;
mod start;
mod statistics;
mod vq;

pub use codebook::{Kmeans, KmeansParams, kmeans};
pub use kmeans::{KMeans, KMeansParams};
pub use mini_batch::{MiniBatchKMeans, MiniBatchKMeansParams};
pub use start::Init;
pub use statistics::KMeansStatistics;
pub use vq::{Kmeans2, Kmeans2Params, Missing, Start, kmeans2, vq, whiten};

pub(crate) use start::{plus_plus, trials};
