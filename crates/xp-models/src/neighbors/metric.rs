//! Distances that neighbours are found by.

use core::fmt;
use core::str::FromStr;

use crate::model::text_fields;
use crate::{Error, Result};

/// A distance of two samples.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum NeighborMetric {
    /// The 2-norm of the difference: scikit-learn's default, `"minkowski"` with `p` 2.
    Euclidean,
    /// The square of it.
    SqEuclidean,
    /// 1 less the cosine of the angle between the samples.
    Cosine,
    /// The inner product, negative: what has the largest one is nearest.
    InnerProduct,
    /// The 1-norm of the difference.
    Manhattan,
    /// The largest difference.
    Chebyshev,
    /// The norm of this order, at least 1, of the difference.
    Minkowski(f64),
}

impl NeighborMetric {
    /// Fails for an order of a norm below 1; names the norms that have a name.
    pub(super) fn checked(self) -> Result<Self> {
        match self {
            NeighborMetric::Minkowski(p) if p.is_nan() || p < 1.0 => {
                Err(Error::value("metric", format!("a norm of order {p}"), "an order of at least 1"))
            }
            NeighborMetric::Minkowski(1.0) => Ok(NeighborMetric::Manhattan),
            NeighborMetric::Minkowski(2.0) => Ok(NeighborMetric::Euclidean),
            NeighborMetric::Minkowski(f64::INFINITY) => Ok(NeighborMetric::Chebyshev),
            metric => Ok(metric),
        }
    }
}

const NAMES: [(NeighborMetric, &str); 6] = [
    (NeighborMetric::Euclidean, "euclidean"),
    (NeighborMetric::SqEuclidean, "sqeuclidean"),
    (NeighborMetric::Cosine, "cosine"),
    (NeighborMetric::InnerProduct, "inner product"),
    (NeighborMetric::Manhattan, "manhattan"),
    (NeighborMetric::Chebyshev, "chebyshev"),
];

impl fmt::Display for NeighborMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let NeighborMetric::Minkowski(p) = self {
            return write!(f, "minkowski {p}");
        }
        f.write_str(NAMES.iter().find(|(metric, _)| metric == self).map_or("", |(_, name)| name))
    }
}

impl FromStr for NeighborMetric {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let order = name.strip_prefix("minkowski ").and_then(|p| p.parse().ok()).map(NeighborMetric::Minkowski);
        let named = NAMES.iter().find(|(_, text)| *text == name).map(|&(metric, _)| metric);
        order.or(named).ok_or_else(|| Error::value("metric", name, "the name of a distance"))?.checked()
    }
}

text_fields!(NeighborMetric);
