//! The search: all queries against blocks of samples.
//!
//! Where distances follow from products, the best of each block are found by those, and a few more than wanted are looked at again: their
//! distances are taken from differences, so that near samples have accurate distances, and rounding does not choose between the last
//! ones.

use core::ops::Range;

use xp_core::extra::{Metric, cdist, top_k};
use xp_core::functions::{Ascending, arange, concat, zeros};
use xp_core::linalg::{matmul_top_k, vector_norm};
use xp_core::{Array, Float, Ix1, Ix2, KeepDims, Linalg, Num, Tiles, s};

use super::NeighborMetric;
use crate::Result;
use crate::blocks::blocks;

/// Samples of a block that all queries are multiplied with.
const MULTIPLIED: usize = 1 << 14;
/// Samples of a block whose distances from some queries are stored.
const COMPARED: usize = 2048;
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
    let (n, [m, p], device) = (x.dims()[0], queries.shape(), x.device());
    let products = matches!(metric, NeighborMetric::Euclidean | NeighborMetric::SqEuclidean | NeighborMetric::Cosine | NeighborMetric::InnerProduct);
    let (mut distances, mut indices) = (Tiles::new(device, [m, k])?, Tiles::new(device, [m, k])?);
    if !products {
        for rows in blocks(m, 4 * B::block_rows(COMPARED)) {
            let some = queries.slice(s![rows.clone()])?;
            let of = |others, k| Ok(top_k(&exact(&x.slice(s![others])?, metric, &some)?, k, 1, Ascending)?);
            let (value, place) = best_of_blocks(n, COMPARED, k, of)?;
            distances.push([rows.len(), k], &value)?;
            indices.push([rows.len(), k], &place)?;
        }
        return Ok((distances.finish()?, indices.finish()?));
    }
    let wanted = (k + MORE).min(n);
    let sorted = by_products(x, metric, queries, wanted)?.sort(1, Ascending)?;
    // Queries of a block: the samples that are looked at again stay in a cache.
    for rows in blocks(m, 4 * B::block_rows(wanted * p)) {
        let (some, sorted) = (queries.slice(s![rows.clone()])?, sorted.slice(s![rows.clone()])?);
        let (best, at) = top_k(&accurate(x, metric, &some, &sorted)?, k, 1, Ascending)?;
        distances.push([rows.len(), k], &best)?;
        indices.push([rows.len(), k], &sorted.take_along_axis(&at, 1)?)?;
    }
    Ok((distances.finish()?, indices.finish()?))
}

/// The best `k` of `n` samples for each query, by a function that gives those of a block of `step`, as many as it is asked for.
fn best_of_blocks<B: Linalg<T>, T: Float>(
    n: usize,
    step: usize,
    k: usize,
    of: impl Fn(Range<usize>, usize) -> Result<Found<B, T>>,
) -> Result<Found<B, T>> {
    let mut best: Option<Found<B, T>> = None;
    for others in blocks(n, step.max(k)) {
        let (values, at) = of(others.clone(), k.min(others.len()))?;
        let places = (at.into_lazy() + others.start as i64).try_eval()?;
        best = Some(match best {
            None => (values, places),
            Some((first, before)) => {
                // The best of a block stand in order, and so do the blocks: of equals the first ones have the lowest indices.
                let (values, at) = top_k(&concat(&[first, values], 1)?, k, 1, Ascending)?;
                (values, concat(&[before, places], 1)?.take_along_axis(&at, 1)?)
            }
        });
    }
    Ok(best.expect("at least one sample"))
}

/// The samples that are nearest to each query to rounding, by products.
fn by_products<B: Linalg<T>, T: Float>(
    x: &Array<B, T, Ix2>,
    metric: NeighborMetric,
    queries: &Array<B, T, Ix2>,
    k: usize,
) -> Result<Array<B, i64, Ix2>> {
    let n = x.dims()[0];
    let (_, places) = match metric {
        NeighborMetric::InnerProduct => matmul_top_k(&queries.lazy().negative(), &x.t(), None, k, Ascending)?,
        NeighborMetric::Cosine => {
            let turned = queries.lazy().negative();
            best_of_blocks(n, MULTIPLIED, k, |others, k| Ok(matmul_top_k(&turned, &unit(&x.slice(s![others])?)?.t(), None, k, Ascending)?))?
        }
        _ => {
            // Both are moved by a sample, so that little cancels and small integers stay exact.
            let origin = x.index_axis(0, 0)?.contiguous()?;
            let moved = (queries.lazy() - &origin) * T::from_f64(-2.0);
            best_of_blocks(n, MULTIPLIED, k, |others, k| {
                let block = (x.slice(s![others])?.lazy() - &origin).try_eval()?;
                let lengths = block.lazy().square().sum(1).try_eval()?;
                Ok(matmul_top_k(&moved, &block.t(), &lengths, k, Ascending)?)
            })?
        }
    };
    Ok(places)
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
    let step = (B::BLOCK / n.max(1)).max(1);
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

/// The distances of samples at these places of each query, from the samples.
fn accurate<B: Linalg<T>, T: Float>(
    x: &Array<B, T, Ix2>,
    metric: NeighborMetric,
    queries: &Array<B, T, Ix2>,
    places: &Array<B, i64, Ix2>,
) -> Result<Array<B, T, Ix2>> {
    let (rows, queries) = (x.take(places, 0)?, queries.expand_dims(1)?);
    let found = match metric {
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
