//! The centres that clusterings start from.

use xp_core::functions::{Side, concat, searchsorted, zeros};
use xp_core::random::{Generator, Replacement};
use xp_core::{Array, Backend, Float, Ix1, Ix2, KeepDims, Linalg, s};

use crate::blocks::blocks;
use crate::{Error, Result, check};

/// The centres that [`KMeans`](super::KMeans) and [`MiniBatchKMeans`](super::MiniBatchKMeans) start from.
#[derive(Clone, Debug)]
pub enum Init<B: Backend, T: Float> {
    /// Samples, each drawn with a probability proportional to its squared distance from those before it, as the best one of a few
    /// trials: greedy k-means++ (Arthur and Vassilvitskii, 2007).
    PlusPlus,
    /// Samples, drawn without repetition.
    Random,
    /// These, of shape `(n_clusters, n_features)`.
    Centers(Array<B, T, Ix2>),
}

impl<B: Linalg<T>, T: Float> Init<B, T> {
    /// How many starts are compared when nothing is said.
    pub(super) fn starts(&self, n_init: Option<usize>, of_random: usize) -> usize {
        match self {
            Init::Centers(_) => 1,
            Init::PlusPlus => n_init.unwrap_or(1),
            Init::Random => n_init.unwrap_or(of_random),
        }
    }

    /// Fails unless centres that are given have this shape.
    pub(super) fn fits(&self, shape: [usize; 2]) -> Result<()> {
        match self {
            Init::Centers(centers) if centers.shape() != shape => {
                Err(Error::shape("init", centers.dims(), format!("{shape:?}: a row for each cluster and a column for each feature")))
            }
            Init::Centers(centers) => check::finite("init", centers),
            _ => Ok(()),
        }
    }

    /// `k` centres for samples with this mean.
    pub(super) fn centers(
        &self,
        x: &Array<B, T, Ix2>,
        mean: &Array<B, T, Ix1>,
        weights: Option<&Array<B, T, Ix1>>,
        k: usize,
        random: &mut Generator,
    ) -> Result<Array<B, T, Ix2>> {
        let chosen = match (self, weights) {
            (Init::Centers(centers), _) => return Ok(centers.clone()),
            (Init::PlusPlus, _) => plus_plus(x, mean, weights, k, trials(k), random)?,
            (Init::Random, None) => random.choice(x.device(), x.dims()[0], k, Replacement::Without)?,
            (Init::Random, Some(weights)) => random.choice_weighted(weights, k, Replacement::Without)?,
        };
        Ok(x.take(&chosen, 0)?)
    }
}

/// How many samples k-means++ tries for each of `k` centres.
pub(crate) fn trials(k: usize) -> usize {
    2 + (k as f64).ln() as usize
}

/// The positions of `k` samples: the first one drawn by the weights, each other one with a probability proportional to its weight and
/// its squared distance from those before it. Of several trials it is that one which leaves the least sum of squared distances.
pub(crate) fn plus_plus<B: Linalg<T>, T: Float>(
    x: &Array<B, T, Ix2>,
    mean: &Array<B, T, Ix1>,
    weights: Option<&Array<B, T, Ix1>>,
    k: usize,
    trials: usize,
    random: &mut Generator,
) -> Result<Array<B, i64, Ix1>> {
    let mut chosen = vec![match weights {
        None => random.integers(x.device(), 0, x.dims()[0] as i64, [1])?,
        Some(weights) => random.choice_weighted(weights, 1, Replacement::With)?,
    }];
    let mut nearest: Option<Array<B, T, Ix1>> = None;
    while chosen.len() < k {
        let before = &chosen[chosen.len() - 1];
        let squares = (x.lazy() - x.take(before, 0)?).square().sum(1).try_eval()?;
        let squares = match nearest {
            Some(before) => before.into_lazy().minimum(&squares).try_eval()?,
            None => squares,
        };
        let sums = match weights {
            None => squares.lazy().astype::<B::MaxFloat>().try_eval()?,
            Some(weights) => (squares.lazy() * weights).astype::<B::MaxFloat>().try_eval()?,
        };
        let at = draw(&sums.cumulative_sum(0)?, trials, random)?;
        chosen.push(if trials == 1 { at } else { at.take(&left_by(&at, x, mean, weights, &squares)?.argmin(KeepDims(0)), 0)? });
        nearest = Some(squares);
    }
    Ok(concat(&chosen, 0)?)
}

/// Positions, each drawn with a probability proportional to the number there, of which these are the cumulative sums.
pub(super) fn draw<B: Backend>(sums: &Array<B, B::MaxFloat, Ix1>, size: usize, random: &mut Generator) -> Result<Array<B, i64, Ix1>> {
    let total = sums.slice_axis(0, -1..)?;
    let target = (random.lazy_uniform::<B, B::MaxFloat, _>(sums.device(), [size])? * &total).try_eval()?;
    // After equal sums: what has the number zero is not drawn.
    let last = sums.size() as i64 - 1;
    Ok(searchsorted(sums, &target, Side::Right)?.into_lazy().minimum(last).try_eval()?)
}

/// The weighted sums of the squares of distances that each of some samples would leave.
fn left_by<B: Linalg<T>, T: Float>(
    candidates: &Array<B, i64, Ix1>,
    x: &Array<B, T, Ix2>,
    mean: &Array<B, T, Ix1>,
    weights: Option<&Array<B, T, Ix1>>,
    nearest: &Array<B, T, Ix1>,
) -> Result<Array<B, B::MaxFloat, Ix1>> {
    let ([n, p], trials) = (x.shape(), candidates.size());
    let moved = (x.take(candidates, 0)?.lazy() - mean).try_eval()?;
    let lengths = moved.lazy().square().sum(KeepDims(1)).try_eval()?;
    let slopes = (moved.into_lazy() * T::from_f64(-2.0)).try_eval()?;
    let origin = mean.expand_dims(1)?;
    let mut left: Array<B, B::MaxFloat, Ix1> = zeros(x.device(), [trials])?;
    for rows in blocks(n, B::block_rows(p + trials)) {
        let columns = (x.slice(s![rows.clone()])?.t().lazy() - &origin).try_eval()?;
        let squares = columns.lazy().square().sum(KeepDims(0)).try_eval()?;
        let near = nearest.slice(s![rows.clone()])?;
        let squares = (slopes.matmul(&columns)?.into_lazy() + &lengths + &squares).maximum(T::ZERO).minimum(&near);
        let sums = match weights {
            None => squares.astype::<B::MaxFloat>().sum(1).try_eval()?,
            Some(weights) => (squares * weights.slice(s![rows])?).astype::<B::MaxFloat>().sum(1).try_eval()?,
        };
        left = (left.into_lazy() + &sums).try_eval()?;
    }
    Ok(left)
}

/// The setters of where k-means starts: `n_clusters`, `init`, `n_init`, whose documentation is given, and `seed`.
macro_rules! start_setters {
    ($n_init:literal) => {
        /// The number of clusters.
        #[must_use]
        pub fn n_clusters(mut self, n: usize) -> Self {
            self.n_clusters = n;
            self
        }

        /// The centres to start from.
        #[must_use]
        pub fn init(mut self, init: Init<B, T>) -> Self {
            self.init = init;
            self
        }

        #[doc = $n_init]
        #[must_use]
        pub fn n_init(mut self, n: usize) -> Self {
            self.n_init = Some(n);
            self
        }

        /// Where the random numbers begin.
        #[must_use]
        pub fn seed(mut self, seed: u64) -> Self {
            self.seed = seed;
            self
        }
    };
}
pub(super) use start_setters;
