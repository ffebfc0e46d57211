//! The nearest of some centres, block of samples by block of samples.

use xp_core::functions::zeros;
use xp_core::{Array, Float, Ix1, Ix2, KeepDims, Linalg, s};

use crate::Result;
use crate::blocks::blocks;

/// What finds the nearest of some centres: the one with the least `|c|^2 - 2 x c`. Both are moved by an origin among them, so that
/// distances stay the same and little cancels in their squares; small integers stay exact.
pub(super) struct Nearest<B: Linalg<T>, T: Float> {
    origin: Array<B, T, Ix2>,
    slopes: Array<B, T, Ix2>,
    lengths: Array<B, T, Ix2>,
}

impl<B: Linalg<T>, T: Float> Nearest<B, T> {
    /// Of these centres.
    pub fn new(centers: &Array<B, T, Ix2>, origin: &Array<B, T, Ix1>) -> Result<Self> {
        Self::moved((centers.lazy() - origin).try_eval()?, origin)
    }

    /// Of centres that are given by their distances from the origin.
    pub fn moved(centers: Array<B, T, Ix2>, origin: &Array<B, T, Ix1>) -> Result<Self> {
        let lengths = centers.lazy().square().sum(KeepDims(1)).try_eval()?;
        let slopes = (centers.into_lazy() * T::from_f64(-2.0)).try_eval()?;
        Ok(Nearest { origin: origin.expand_dims(1)?, slopes, lengths })
    }

    /// Samples of a block, whose scores stay in a cache.
    pub fn block_rows(&self) -> usize {
        2 * B::block_rows(self.slopes.dims()[0])
    }

    /// The position of the centre that is nearest to each of some samples, the first one of equally near ones.
    pub fn of(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, i64, Ix1>> {
        // One row for each centre: neighbouring samples are compared side by side.
        let columns = (x.t().lazy() - &self.origin).try_eval()?;
        let scores = self.slopes.matmul(&columns)?;
        Ok((scores.lazy() + &self.lengths).argmin(0).try_eval()?)
    }

    /// [`of`](Self::of) all samples, block by block.
    pub fn labels(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, i64, Ix1>> {
        let mut out = zeros(x.device(), [x.dims()[0]])?;
        for rows in blocks(x.dims()[0], self.block_rows()) {
            out.set(s![rows.clone()], self.of(&x.slice(s![rows])?)?)?;
        }
        Ok(out)
    }
}
