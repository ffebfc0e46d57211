//! Densities that are sums of simpler ones, after scikit-learn's `mixture`.

mod em;
mod gaussian;
mod parameters;
mod start;

pub use gaussian::{GaussianMixture, GaussianMixtureParams};
pub use parameters::CovarianceType;
pub use start::InitParams;
