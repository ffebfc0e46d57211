//! The search: blocks of queries against blocks of samples.
//!
//! Where distances follow from products, those are one product of two blocks, with what the samples add to them in a column of their own.
//! The best of each block and a few more are looked at again: their distances are taken from differences, so that near samples have
//! accurate distances, and rounding does not choose between the last ones.

use xp_core::extra::{Metric, cdist, top_k};
use xp_core::functions::{Ascending, arange, concat, ones, zeros};
use xp_core::linalg::vector_norm;
use xp_core::{Array, Float, Ix1, Ix2, KeepDims, Linalg, Num, Tiles, s};

use super::NeighborMetric;
use crate::Result;
use crate::blocks::blocks;

/// Samples of a block.
const SAMPLES: usize = 2048;
/// How many more than wanted are looked at again.
const MORE: usize = 8;

/// Distances and indices: a row for each query.
pub(super) type Found<B, T> = (Array<B, T, Ix2>, Array<B, i64, Ix2>);

/// The `k` nearest of the samples `x`, of which there are as many, to each query, in ascending order of the distances, then of the
/// indices.
pub(super) fn nearest<B: Linalg<T>, T: Float>(
    x: &Array<B, T, Ix2>,
    metric: NeighborMetric,
    queries: &Array<B, T, Ix2>,
    k: usize,
) -> Result<Found<B, T>> {
    let (n, [m, _], device) = (x.dims()[0], queries.shape(), x.device());
    let (mut distances, mut indices) = (Tiles::new(device, [m, k])?, Tiles::new(device, [m, k])?);
    let pairs = Pairs { metric, origin: x.index_axis(0, 0)?.contiguous()? };
    let wanted = if pairs.approximate() { (k + MORE).min(n) } else { k };
    // Queries of a block: their scores stay in a cache, and so do the samples that are looked at again.
    let step = (4 * B::block_rows(SAMPLES)).min(4 * B::block_rows(wanted * x.dims()[1]));
    for rows in blocks(m, step) {
        let some = queries.slice(s![rows.clone()])?;
        let prepared = pairs.left(&some)?;
        let (mut values, mut places) = (vec![], vec![]);
        for others in blocks(n, SAMPLES.max(wanted)) {
            let scores = pairs.scores(&prepared, &x.slice(s![others.clone()])?)?;
            let (value, at) = top_k(&scores, wanted.min(others.len()), 1, Ascending)?;
            values.push(value);
            places.push((at.into_lazy() + others.start as i64).try_eval()?);
        }
        let (mut value, mut place) = (concat(&values, 1)?, concat(&places, 1)?);
        if values.len() > 1 {
            // The best of a block stand in order, and so do the blocks: of equals the first ones have the lowest indices.
            let (best, at) = top_k(&value, wanted, 1, Ascending)?;
            (value, place) = (best, place.take_along_axis(&at, 1)?);
        }
        if pairs.approximate() {
            let sorted = place.sort(1, Ascending)?;
            let (best, at) = top_k(&pairs.accurate(x, &some, &sorted)?, k, 1, Ascending)?;
            (value, place) = (best, sorted.take_along_axis(&at, 1)?);
        }
        distances.push([rows.len(), k], &value)?;
        indices.push([rows.len(), k], &place)?;
    }
    Ok((distances.finish()?, indices.finish()?))
}

/// The samples within a radius of each query: their distances and indices, one query after the other, and how many each has.
pub(super) fn within<B: Linalg<T>, T: Float>(
    x: &Array<B, T, Ix2>,
    metric: NeighborMetric,
    queries: &Array<B, T, Ix2>,
    radius: T,
    without: bool,
) -> Result<(Array<B, T, Ix1>, Array<B, i64, Ix1>, Vec<i64>)> {
    let (n, [m, _], device) = (x.dims()[0], queries.shape(), x.device());
    let (mut distances, mut indices, mut counts) = (vec![], vec![], vec![]);
    let step = (B::ROW_BLOCK / n.max(1)).max(1);
    let numbers = arange(device, 0, n as i64, 1)?.expand_dims(0)?;
    for rows in blocks(m, step) {
        let found = exact(x, metric, &queries.slice(s![rows.clone()])?)?;
        let near = found.lazy().less_equal(radius);
        let near = if without {
            let own = arange(device, rows.start as i64, rows.end as i64, 1)?.expand_dims(1)?;
            near.logical_and(own.lazy().not_equal(&numbers)).try_eval()?
        } else {
            near.try_eval()?
        };
        counts.extend(near.count_nonzero(1).to_host()?);
        distances.push(found.select(&near)?);
        indices.push(numbers.broadcast_to(near.shape())?.select(&near)?);
    }
    if distances.is_empty() {
        return Ok((zeros(device, [0])?, zeros(device, [0])?, counts));
    }
    Ok((concat(&distances, 0)?, concat(&indices, 0)?, counts))
}

/// All distances of some queries, from differences; inner products and cosines from products.
fn exact<B: Linalg<T>, T: Float>(x: &Array<B, T, Ix2>, metric: NeighborMetric, queries: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
    let metric = match metric {
        NeighborMetric::Euclidean => Metric::Euclidean,
        NeighborMetric::SqEuclidean => Metric::SqEuclidean,
        NeighborMetric::Manhattan => Metric::CityBlock,
        NeighborMetric::Chebyshev => Metric::Chebyshev,
        NeighborMetric::Minkowski(p) => Metric::Minkowski(p),
        NeighborMetric::InnerProduct => return Ok(queries.matmul(&x.t())?.into_lazy().negative().try_eval()?),
        NeighborMetric::Cosine => {
            let products = unit(queries)?.matmul(&unit(x)?.t())?;
            return Ok((products.into_lazy().negative() + T::ONE).maximum(T::ZERO).minimum(T::from_f64(2.0)).try_eval()?);
        }
    };
    Ok(cdist(queries, x, metric)?)
}

/// Rows of length 1; a row of zeros stays.
fn unit<B: Linalg<T>, T: Float>(x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
    let lengths = vector_norm(x, KeepDims(1), 2.0)?;
    let divisor = lengths.lazy().equal(T::ZERO).where_(T::ONE, &lengths).try_eval()?;
    Ok((x.lazy() / &divisor).try_eval()?)
}

/// How distances of blocks are compared.
struct Pairs<B: Linalg<T>, T: Float> {
    metric: NeighborMetric,
    /// What both are moved by where only differences count: a sample, so that small integers stay exact.
    origin: Array<B, T, Ix1>,
}

impl<B: Linalg<T>, T: Float> Pairs<B, T> {
    /// Whether scores are products, from which distances differ by rounding.
    fn approximate(&self) -> bool {
        matches!(self.metric, NeighborMetric::Euclidean | NeighborMetric::SqEuclidean | NeighborMetric::Cosine | NeighborMetric::InnerProduct)
    }

    /// A block of queries, as [`scores`](Self::scores) wants it.
    fn left(&self, queries: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        match self.metric {
            NeighborMetric::Euclidean | NeighborMetric::SqEuclidean => {
                let [m, p] = queries.shape();
                let mut out = ones(queries.device(), [m, p + 1])?;
                out.set(s![.., ..p], (queries.lazy() - &self.origin) * T::from_f64(-2.0))?;
                Ok(out)
            }
            NeighborMetric::Cosine | NeighborMetric::InnerProduct => Ok(queries.lazy().negative().try_eval()?),
            _ => Ok(queries.clone()),
        }
    }

    /// Numbers in the order of the distances of each query.
    fn scores(&self, left: &Array<B, T, Ix2>, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        match self.metric {
            NeighborMetric::Euclidean | NeighborMetric::SqEuclidean => {
                let [n, p] = x.shape();
                let mut right: Array<B, T, Ix2> = zeros(x.device(), [n, p + 1])?;
                right.set(s![.., ..p], x.lazy() - &self.origin)?;
                right.set(s![.., p..], (x.lazy() - &self.origin).square().sum(KeepDims(1)).try_eval()?)?;
                Ok(left.matmul(&right.t())?)
            }
            NeighborMetric::Cosine => Ok(left.matmul(&unit(x)?.t())?),
            NeighborMetric::InnerProduct => Ok(left.matmul(&x.t())?),
            metric => exact(x, metric, left),
        }
    }

    /// The distances of samples at these places of each query, from the samples.
    fn accurate(&self, x: &Array<B, T, Ix2>, queries: &Array<B, T, Ix2>, places: &Array<B, i64, Ix2>) -> Result<Array<B, T, Ix2>> {
        let (rows, queries) = (x.take(places, 0)?, queries.expand_dims(1)?);
        let found = match self.metric {
            NeighborMetric::InnerProduct => (rows.lazy() * &queries).astype::<B::MaxFloat>().sum(2).try_eval()?.into_lazy().negative().try_eval()?,
            NeighborMetric::Cosine => {
                let (rows, queries) = (rows.astype::<B::MaxFloat>(), queries.astype::<B::MaxFloat>());
                let products = (rows.lazy() * &queries).sum(2).try_eval()?;
                let lengths = (vector_norm(&rows, 2, 2.0)?.into_lazy() * vector_norm(&queries, 2, 2.0)?).try_eval()?;
                let (zero, one) = (B::MaxFloat::ZERO, B::MaxFloat::ONE);
                let divisor = lengths.lazy().equal(zero).where_(one, &lengths).try_eval()?;
                ((products.into_lazy() / &divisor).negative() + one).maximum(zero).try_eval()?
            }
            metric => {
                let squares = (rows.lazy() - &queries).square().astype::<B::MaxFloat>().sum(2).try_eval()?;
                if metric == NeighborMetric::Euclidean { squares.into_lazy().sqrt().try_eval()? } else { squares }
            }
        };
        Ok(found.astype::<T>())
    }
}
