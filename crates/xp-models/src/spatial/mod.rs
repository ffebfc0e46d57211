//! Distances of pairs of vectors, after `scipy.spatial.distance`, on the device of the vectors.
//!
//! [`cdist`] has the distances of the rows of two matrices, [`pdist`] those of all pairs of rows of one: a vector with
//! `d(0, 1), d(0, 2), ..., d(1, 2), ...`, which [`squareform`] turns into a matrix and [`condensed`] back.

mod metric;

use xp_core::functions::{arange, zeros};
use xp_core::{Array, Backend, Element, Float, Ix1, Ix2, Linalg, Tiles, s};

pub use metric::Metric;

use crate::blocks::blocks;
use crate::{Error, Result};

/// Elements of a block of rows of a matrix of distances: few enough to stay in a cache.
const BLOCK: usize = 1 << 18;

/// The distances of all rows of `a` to all rows of `b`, of shape `(rows of a, rows of b)`.
///
/// # Errors
/// [`Error::Shape`] when the rows differ in length or an array of the metric does not fit, [`Error::Value`] for parameters of the
/// metric that are not allowed, [`Error::Array`] for a covariance that is singular.
///
/// ```
/// use xp::models::spatial::{Metric, cdist};
/// use xp::prelude::*;
///
/// let (a, b) = (array![[1.0, 0.0, 1.0]], array![[1.0, 3.0, 1.0], [0.0, 0.0, 1.0]]);
/// assert_eq!(cdist(&a, &b, &Metric::Canberra)?.to_vec(), [1.0, 1.0]);
/// assert_eq!(cdist(&a, &b, &Metric::Jaccard)?.to_vec(), [1.0 / 3.0, 0.5]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn cdist<B: Linalg<T>, T: Float>(a: &Array<B, T, Ix2>, b: &Array<B, T, Ix2>, metric: &Metric<B, T>) -> Result<Array<B, T, Ix2>> {
    if a.dims()[1] != b.dims()[1] {
        return Err(Error::shape("b", b.dims(), format!("rows of {} elements, as those of a of shape {:?}", a.dims()[1], a.dims())));
    }
    let prepared = metric.prepare(&[a, b])?;
    let [a, b] = [&prepared.rows[0], &prepared.rows[1]];
    let [m, n] = [a.dims()[0], b.dims()[0]];
    let step = (BLOCK / n.max(1)).max(1);
    if m <= step {
        return prepared.kind.distances(a, b);
    }
    let mut out = Tiles::new(a.device(), [m, n])?;
    for rows in blocks(m, step) {
        out.push([rows.len(), n], &prepared.kind.distances(&a.slice(s![rows])?, b)?)?;
    }
    Ok(out.finish()?)
}

/// The distances of all pairs of rows: `n (n - 1) / 2` of them, those of the first row first.
///
/// They are computed on the device, block by block of rows; no matrix of all of them exists.
///
/// # Errors
/// As for [`cdist`].
///
/// ```
/// use xp::models::spatial::{Metric, pdist};
/// use xp::prelude::*;
///
/// let x = array![[0.0, 0.0], [3.0, 4.0], [3.0, 0.0]];
/// assert_eq!(pdist(&x, &Metric::Euclidean)?.to_vec(), [5.0, 3.0, 4.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn pdist<B: Linalg<T>, T: Float>(x: &Array<B, T, Ix2>, metric: &Metric<B, T>) -> Result<Array<B, T, Ix1>> {
    let prepared = metric.prepare(&[x])?;
    let (x, n, device) = (&prepared.rows[0], x.dims()[0], x.device());
    let mut out = zeros(device, [n * n.saturating_sub(1) / 2])?;
    let (mut start, mut done) = (0, 0);
    while start + 1 < n {
        let end = (start + (BLOCK / (n - start)).max(1)).min(n - 1);
        let rows = x.slice(s![start..end])?;
        let others = x.slice(s![start + 1..])?;
        let block = prepared.kind.distances(&rows, &others)?;
        // Row `i` of the block is of `start + i`, column `j` of `start + 1 + j`: a pair counts from the diagonal on.
        let (i, j) = (arange(device, 0, (end - start) as i64, 1)?, arange(device, 0, (n - start - 1) as i64, 1)?);
        let later = i.expand_dims(1)?.lazy().less_equal(&j.expand_dims(0)?).try_eval()?;
        let pairs = block.select(&later)?;
        out.set(s![done..done + pairs.size()], &pairs)?;
        (start, done) = (end, done + pairs.size());
    }
    Ok(out)
}

/// The symmetric matrix whose elements beside a diagonal of zeros are those of a vector of pairs: SciPy's `squareform` of a vector.
///
/// # Errors
/// [`Error::Shape`] for a vector that has not one element for each pair.
///
/// ```
/// use xp::models::spatial::{condensed, squareform};
/// use xp::prelude::*;
///
/// let matrix = squareform(&array![1, 2, 3])?;
/// assert_eq!(matrix, array![[0, 1, 2], [1, 0, 3], [2, 3, 0]]);
/// assert_eq!(condensed(&matrix)?.to_vec(), [1, 2, 3]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn squareform<B: Backend, T: Element>(y: &Array<B, T, Ix1>) -> Result<Array<B, T, Ix2>> {
    let (n, device) = (num_obs_y(y)?, y.device());
    if n < 2 {
        return Ok(zeros(device, [n, n])?);
    }
    let mut out = Tiles::new(device, [n, n])?;
    let columns = arange(device, 0, n as i64, 1)?.expand_dims(0)?;
    let zero = zeros::<B, T, _>(device, [1, 1])?;
    for block in blocks(n, (BLOCK / n).max(1)) {
        let rows = arange(device, block.start as i64, block.end as i64, 1)?.expand_dims(1)?;
        let diagonal = rows.lazy().equal(&columns).try_eval()?;
        let (low, high) = (rows.lazy().minimum(&columns).try_eval()?, rows.lazy().maximum(&columns).try_eval()?);
        // Twice the place of the first pair of `low` is even.
        let first = low.lazy() * (-low.lazy() + (2 * n as i64 - 1));
        let places = (first.floor_divide(2) + &high - low.lazy() - 1).try_eval()?;
        let places = diagonal.lazy().where_(0, &places).try_eval()?;
        let values = y.take(&places, 0)?;
        out.push([block.len(), n], diagonal.lazy().where_(&zero, &values))?;
    }
    Ok(out.finish()?)
}

/// The elements above the diagonal of a symmetric matrix with zeros there, row by row: SciPy's `squareform` of a matrix.
///
/// # Errors
/// [`Error::Shape`] for a matrix that is not square, [`Error::Value`] for one that is not symmetric or has other elements on its
/// diagonal.
pub fn condensed<B: Backend, T: Element>(matrix: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix1>> {
    let [n, columns] = matrix.shape();
    if n != columns {
        return Err(Error::shape("matrix", matrix.dims(), "a square matrix"));
    }
    let numbers = arange(matrix.device(), 0, n as i64, 1)?;
    let (i, j) = (numbers.expand_dims(1)?, numbers.expand_dims(0)?);
    if n == 0 {
        return Ok(matrix.reshape([0])?);
    }
    if !matrix.lazy().equal(&matrix.t()).all(..).try_eval()?.item()? {
        return Err(Error::value("matrix", "a matrix that is not symmetric", "distances that are the same both ways"));
    }
    let zeros = matrix.zeros_like()?;
    if !i.lazy().not_equal(&j).logical_or(matrix.lazy().equal(&zeros)).all(..).try_eval()?.item()? {
        return Err(Error::value("matrix", "a diagonal that is not zero", "distances of 0 from each to itself"));
    }
    Ok(matrix.select(&i.lazy().less(&j).try_eval()?)?)
}

/// How many observations a vector of the distances of all pairs is of: one for an empty vector.
///
/// # Errors
/// [`Error::Shape`] when its length is not `n (n - 1) / 2` for any `n`.
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(xp::models::spatial::num_obs_y(&array![1.0, 2.0, 3.0])?, 3);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn num_obs_y<B: Backend, T: Element>(y: &Array<B, T, Ix1>) -> Result<usize> {
    let pairs = y.size();
    let n = ((2 * pairs) as f64).sqrt().ceil() as usize;
    let n = (n.saturating_sub(1)..=n + 1).find(|&n| n >= 1 && n * (n - 1) / 2 == pairs);
    n.ok_or_else(|| Error::shape("y", y.dims(), "the distances of all pairs: a length of n (n - 1) / 2"))
}
