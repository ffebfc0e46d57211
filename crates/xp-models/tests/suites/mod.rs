//! Test bodies, generic over the backend. A file beside this folder runs them on one backend.

pub mod bad_input;
pub mod cluster;
pub mod golden;
pub mod lda;
pub mod metrics;
pub mod moves;
pub mod pca;
pub mod ridge;
pub mod scaler;
pub mod split;
