//! How much each neighbour counts.

use xp_core::{Array, Backend, Float, Ix2, KeepDims};

use crate::Result;
use crate::model::{named, text_fields};

/// How much each neighbour counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// All alike.
    Uniform,
    /// As one over its distance. Where there are neighbours at distance 0, only those count.
    Distance,
}

named!(Weights, "weights": Uniform = "uniform", Distance = "distance");
text_fields!(Weights);

impl Weights {
    /// The weights of neighbours at these distances.
    pub(super) fn of<B: Backend, T: Float>(self, distances: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        match self {
            Weights::Uniform => Ok(distances.ones_like()?),
            Weights::Distance => {
                let some = distances.lazy().equal(T::ZERO).any(KeepDims(1)).try_eval()?;
                let inverse = (distances.ones_like()?.into_lazy() / distances).try_eval()?;
                Ok(some.lazy().where_(distances.lazy().equal(T::ZERO).astype::<T>(), &inverse).try_eval()?)
            }
        }
    }
}
