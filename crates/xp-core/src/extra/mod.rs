//! What consumers need beside the standard, under the names of array-api-extra, NumPy and SciPy: statistics that skip
//! NaN, quantiles, sets, distances, `einsum`, and others. All are composed of the operations of [`Backend`](crate::Backend).

mod close;
mod create;
mod distance;
mod einsum;
mod partial;
mod quantile;
mod sets;
mod special;
mod statistics;
mod values;

pub use close::difference;
pub use create::{
    PadMode, add_to_diagonal, at_least_nd, bincount, bincount_weighted, create_diagonal, diag_indices, one_hot, pad, ravel_multi_index, tril_indices,
    triu_indices, unravel_index,
};
pub use distance::{Metric, cdist, kron};
pub use einsum::einsum;
pub use partial::{argpartition, partition, top_k};
pub use quantile::{QuantileMethod, median, nanmedian, quantile, weighted_quantile};
pub use sets::{intersect1d, nunique, setdiff1d, setxor1d, union1d};
pub use special::{betainc, betaincc, betaincinv, log_softmax, logsumexp, softmax};
pub use statistics::{Cov, average, cov, nanmax, nanmean, nanmin, nanstd, nansum, nanvar};
pub use values::{Tolerance, allclose, allclose_with, angle, atol, deg2rad, isclose, isclose_with, nan_to_num, rad2deg, rtol, sinc};
