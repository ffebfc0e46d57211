//! Lloyd's algorithm.

use core::ops::Range;

use xp_core::extra::top_k;
use xp_core::functions::{Descending, ones, unique_values, zeros};
use xp_core::{Array, Backend, Float, Ix1, Ix2, Linalg, Num, Real, RowTiles, s};

use super::nearest::Nearest;
use crate::Result;
use crate::blocks::{blocks_of, fold_and_map_rows, fold_blocks};
use crate::progress::{Outcome, Stop, Watch};

/// Samples, their mean, and their weights: centres are given by their distances from the mean.
pub(super) struct Weighted<'a, B: Linalg<T>, T: Float> {
    pub x: &'a Array<B, T, Ix2>,
    pub mean: &'a Array<B, T, Ix1>,
    pub weights: Option<&'a Array<B, T, Ix1>>,
}

/// Where a start has led.
pub(super) struct Found<B: Linalg<T>, T: Float> {
    pub centers: Array<B, T, Ix2>,
    pub labels: Array<B, i64, Ix1>,
    pub inertia: f64,
    pub n_iter: usize,
    pub outcome: Outcome,
}

/// What a step learns: the nearest centre of each sample, and of the samples of each centre the sum and the sum of the weights.
pub(super) struct Sums<B: Backend> {
    pub labels: Array<B, i64, Ix1>,
    pub sums: Array<B, B::MaxFloat, Ix2>,
    pub weights: Array<B, B::MaxFloat, Ix1>,
}

/// The sums and the weights of [`Sums`].
type Totals<B> = (Array<B, <B as Backend>::MaxFloat, Ix2>, Array<B, <B as Backend>::MaxFloat, Ix1>);

/// [`Sums`] of blocks, whose labels are not joined yet.
type Parts<B> = (Vec<Array<B, i64, Ix1>>, Array<B, <B as Backend>::MaxFloat, Ix2>, Array<B, <B as Backend>::MaxFloat, Ix1>);

impl<B: Linalg<T>, T: Float> Weighted<'_, B, T> {
    /// Goes on from some centres until the labels stay, or the squares of the ways of the centres are at most `tol` in sum.
    /// `done` steps were reported before.
    pub fn lloyd(&self, centers: Array<B, T, Ix2>, tol: f64, stop: &Stop, watch: &Watch, done: usize) -> Result<Found<B, T>> {
        let (mut centers, mut labels, mut n_iter) = (centers, None::<Array<B, i64, Ix1>>, 0);
        let mut outcome = Outcome::Limit;
        let mut settled = false;
        while n_iter < stop.max_iter {
            let step = self.step(&centers)?;
            let new = step.centers(self, &centers)?;
            n_iter += 1;
            settled = match &labels {
                Some(before) => before.lazy().equal(&step.labels).all(..).try_eval()?.item()?,
                None => false,
            };
            let shift = (new.lazy() - &centers).square().sum(..).try_eval()?.item()?.to_f64();
            centers = new;
            let stopped = stop.callback.is_set() && watch.stops(done + n_iter, self.inertia(&centers, &step.labels)?);
            labels = Some(step.labels);
            if settled || shift <= tol {
                outcome = Outcome::Converged;
                break;
            }
            if stopped {
                outcome = Outcome::Stopped;
                break;
            }
        }
        let labels = match labels {
            Some(labels) if settled => labels,
            _ => Nearest::moved(centers.clone(), self.mean)?.of(self.x)?,
        };
        let inertia = self.inertia(&centers, &labels)?;
        Ok(Found { centers, labels, inertia, n_iter, outcome })
    }

    /// One pass over the samples, block by block: the nearest centres, and their sums.
    pub fn step(&self, centers: &Array<B, T, Ix2>) -> Result<Sums<B>> {
        let ([k, p], device) = (centers.shape(), self.x.device());
        let nearest = Nearest::moved(centers.clone(), self.mean)?;
        // Sums of a few blocks are of the dtype of the samples: so many that adding them up costs little.
        let block = B::part_rows(p);
        let group = (4 * k).div_ceil(block) * block;
        let start = || Ok((vec![], zeros(device, [k, p])?, zeros(device, [k])?));
        let each = |(labels, sums, weights): &mut Parts<B>, all: Range<usize>| {
            let (mut some, mut few): (Array<B, T, Ix2>, Array<B, T, Ix1>) = (zeros(device, [k, p])?, zeros(device, [k])?);
            for own in blocks_of(all, block) {
                let rows = (self.x.slice(s![own.clone()])?.into_lazy() - self.mean).try_eval()?;
                let at = nearest.of_moved(&rows)?;
                match self.weights {
                    None => {
                        some.put_add(&at, &rows, 0)?;
                        few.put_add(&at, T::ONE, 0)?;
                    }
                    Some(weights) => {
                        let weights = weights.slice(s![own])?;
                        some.put_add(&at, rows.into_lazy() * weights.expand_dims(1)?, 0)?;
                        few.put_add(&at, &weights, 0)?;
                    }
                }
                labels.push(at);
            }
            *sums = (sums.lazy() + some.lazy().astype::<B::MaxFloat>()).try_eval()?;
            *weights = (weights.lazy() + few.lazy().astype::<B::MaxFloat>()).try_eval()?;
            Ok(())
        };
        let join = |(labels, sums, weights): &mut Parts<B>, (more, some, few): Parts<B>| {
            labels.extend(more);
            *sums = (sums.lazy() + &some).try_eval()?;
            *weights = (weights.lazy() + &few).try_eval()?;
            Ok(())
        };
        let part = |rows: Range<usize>, tiles: &mut RowTiles<'_, B, i64>| {
            let (labels, sums, weights) = fold_blocks(device, rows, group, start, each, join)?.map_or_else(start, Ok)?;
            labels.iter().try_for_each(|at| tiles.push([at.size(), 1], at.expand_dims(1)?))?;
            Ok((sums, weights))
        };
        let both = |(sums, weights): Totals<B>, (some, few)| Ok(((sums.lazy() + &some).try_eval()?, (weights.lazy() + &few).try_eval()?));
        let (labels, (sums, weights)) = fold_and_map_rows(self.x, part, both)?;
        Ok(Sums { labels, sums, weights })
    }

    /// The weighted sum of the squares of the distances of the samples from the centres of their labels, from differences.
    pub fn inertia(&self, centers: &Array<B, T, Ix2>, labels: &Array<B, i64, Ix1>) -> Result<f64> {
        let squares = (self.x.lazy() - self.mean - centers.lazy_rows(labels)?).square();
        let sum = match self.weights {
            None => squares.astype::<B::MaxFloat>().sum(..).try_eval()?,
            Some(weights) => (squares * weights.expand_dims(1)?).astype::<B::MaxFloat>().sum(..).try_eval()?,
        };
        Ok(sum.item()?.to_f64())
    }
}

impl<B: Backend> Sums<B> {
    /// The means of the samples of each centre. One without samples goes to that sample which is farthest from its centre.
    fn centers<T: Float>(&self, data: &Weighted<'_, B, T>, before: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>>
    where
        B: Linalg<T>,
    {
        let empty = positions_of_zeros(&self.weights)?;
        if empty.is_empty() {
            return Ok((self.sums.lazy() / self.weights.expand_dims(1)?).astype::<T>().try_eval()?);
        }
        let (mut sums, mut weights) = (self.sums.clone(), self.weights.clone());
        let squares = (data.x.lazy() - data.mean - before.lazy_rows(&self.labels)?).square().sum(1).try_eval()?;
        let (squares, far) = top_k(&squares, empty.len().min(squares.size()), 0, Descending)?;
        // More centres than distinct samples: there is nowhere to go.
        if squares.get([0])? > T::ZERO {
            let device = data.x.device();
            let from = self.labels.take(&far, 0)?;
            let to = Array::from_vec(device, empty[..far.size()].to_vec(), [far.size()])?;
            let weight = match data.weights {
                None => ones(device, [far.size()])?,
                Some(weights) => weights.take(&far, 0)?,
            };
            let weight = weight.astype::<B::MaxFloat>();
            let rows = ((data.x.take(&far, 0)?.into_lazy() - data.mean).astype::<B::MaxFloat>() * weight.expand_dims(1)?).try_eval()?;
            sums.put_add(&from, rows.lazy().negative(), 0)?;
            sums.put(&to, &rows, 0)?;
            weights.put_add(&from, weight.lazy().negative(), 0)?;
            weights.put(&to, &weight, 0)?;
        }
        // What still has no samples joins the largest one.
        let zero = B::MaxFloat::ZERO;
        let largest = weights.argmax(0).item()?;
        let alone = weights.lazy().greater(zero).logical_not().try_eval()?.expand_dims(1)?;
        let divisor = weights.lazy().greater(zero).where_(&weights, B::MaxFloat::ONE).try_eval()?.expand_dims(1)?;
        let means = (sums.lazy() / &divisor).astype::<T>().try_eval()?;
        let joined = means.index_axis(0, largest as isize)?;
        Ok(alone.lazy().where_(&joined, &means).try_eval()?)
    }
}

fn positions_of_zeros<B: Backend>(weights: &Array<B, B::MaxFloat, Ix1>) -> Result<Vec<i64>> {
    let weights = weights.to_host()?;
    Ok((0..weights.len() as i64).filter(|&i| weights[i as usize].to_f64() == 0.0).collect())
}

/// Whether two vectors of labels are the same but for what the clusters are called.
pub(super) fn same_clustering<B: Backend>(a: &Array<B, i64, Ix1>, b: &Array<B, i64, Ix1>, k: usize) -> Result<bool> {
    let pairs = (a.lazy() * k as i64 + b).try_eval()?;
    Ok(unique_values(&pairs)?.size() == unique_values(a)?.size())
}
