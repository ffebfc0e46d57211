//! The nearest of some centres.

use xp_core::functions::Ascending;
use xp_core::linalg::matmul_top_k;
use xp_core::{Array, Float, Ix1, Ix2, Linalg};

use crate::Result;

/// What finds the nearest of some centres: the one with the least `|c|^2 - 2 x c`. Both are moved by an origin among them, so that
/// distances stay the same and little cancels in their squares; small integers stay exact.
pub(super) struct Nearest<B: Linalg<T>, T: Float> {
    origin: Array<B, T, Ix1>,
    slopes: Array<B, T, Ix2>,
    lengths: Array<B, T, Ix1>,
}

impl<B: Linalg<T>, T: Float> Nearest<B, T> {
    /// Of these centres.
    pub fn new(centers: &Array<B, T, Ix2>, origin: &Array<B, T, Ix1>) -> Result<Self> {
        Self::moved((centers.lazy() - origin).try_eval()?, origin)
    }

    /// Of centres that are given by their distances from the origin.
    pub fn moved(centers: Array<B, T, Ix2>, origin: &Array<B, T, Ix1>) -> Result<Self> {
        let lengths = centers.lazy().square().sum(1).try_eval()?;
        let slopes = (centers.into_lazy() * T::from_f64(-2.0)).try_eval()?.t();
        Ok(Nearest { origin: origin.clone(), slopes, lengths })
    }

    /// The position of the centre that is nearest to each of some samples, the first one of equally near ones.
    pub fn of(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, i64, Ix1>> {
        let (_, at) = matmul_top_k(&(x.lazy() - &self.origin), &self.slopes, &self.lengths, 1, Ascending)?;
        Ok(at.squeeze(1)?)
    }

    /// [`of`](Self::of) samples that are given by their distances from the origin.
    pub fn of_moved(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, i64, Ix1>> {
        let (_, at) = matmul_top_k(&x.lazy(), &self.slopes, &self.lengths, 1, Ascending)?;
        Ok(at.squeeze(1)?)
    }
}
