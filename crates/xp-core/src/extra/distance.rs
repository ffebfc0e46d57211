//! Distances between all pairs of vectors, and the Kronecker product.

use crate::array::Array;
use crate::backend::Backend;
use crate::dim::{Dim, DimBase, Dyn};
use crate::dtype::{Float, Num};
use crate::error::{Error, Result};
use crate::linalg::vector_norm;
use crate::wide::{converted, widened};

/// A distance of two vectors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Metric {
    /// The 2-norm of the difference.
    Euclidean,
    /// The square of it.
    SqEuclidean,
    /// The 1-norm of the difference.
    CityBlock,
    /// The largest difference.
    Chebyshev,
    /// The norm of this positive order of the difference.
    Minkowski(f64),
    /// 1 less the cosine of the angle between the vectors.
    Cosine,
}

/// The distances of all rows of `a` to all rows of `b`: `(..., M, K)` and `(..., N, K)` to `(..., M, N)`.
///
/// Differences are formed element by element and summed in the same pass, so that equal vectors have distance 0 and near
/// ones an accurate one; no array of differences is stored. (The euclidean distance of numbers whose squares overflow is
/// infinite.)
///
/// # Errors
/// [`Error::Rank`], [`Error::Shape`] when the vectors differ in length, [`Error::Broadcast`], [`Error::Value`] for a
/// Minkowski distance of an order that is not positive.
///
/// ```
/// use xp::prelude::*;
/// use xp::extra::{Metric, cdist};
/// let (a, b) = (array![[0.0, 0.0], [3.0, 0.0]], array![[3.0, 4.0]]);
/// assert_eq!(cdist(&a, &b, Metric::Euclidean)?.to_vec(), [5.0, 4.0]);
/// assert_eq!(cdist(&a, &b, Metric::CityBlock)?.to_vec(), [7.0, 4.0]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn cdist<B: Backend, T: Float, D: Dim, E: Dim>(
    a: &Array<B, T, D>,
    b: &Array<B, T, E>,
    metric: Metric,
) -> Result<Array<B, T, <D as DimBase>::Max<E>>> {
    for ndim in [a.ndim(), b.ndim()] {
        if ndim < 2 {
            return Err(Error::Rank { expected: 2, given: ndim });
        }
    }
    let k = a.dims()[a.ndim() - 1];
    if b.dims()[b.ndim() - 1] != k {
        return Err(Error::shape("cdist", b.dims(), format!("vectors of {k} elements, as in {:?}", a.dims())));
    }
    if let Metric::Minkowski(p) = metric
        && (p.is_nan() || p <= 0.0)
    {
        return Err(Error::value("cdist: metric", format!("the Minkowski distance of order {p} given: the order must be positive")));
    }
    if metric == Metric::Cosine {
        return cosine(&a.clone().into_dyn(), &b.clone().into_dyn())?.into_rank();
    }
    let (rows, columns) = (a.clone().into_dyn().expand_dims(-2)?, b.clone().into_dyn().expand_dims(-3)?);
    let difference = || widened(&rows) - widened(&columns);
    let out = match metric {
        Metric::SqEuclidean => difference().square().sum(-1).try_eval()?,
        Metric::Euclidean => difference().square().sum(-1).try_eval()?.into_lazy().sqrt().try_eval()?,
        Metric::CityBlock => difference().abs().sum(-1).try_eval()?,
        Metric::Chebyshev | Metric::Minkowski(f64::INFINITY) if k == 0 => difference().abs().sum(-1).try_eval()?,
        Metric::Chebyshev | Metric::Minkowski(f64::INFINITY) => difference().abs().max(-1).try_eval()?,
        Metric::Minkowski(p) => {
            let sums = difference().abs().apply2(crate::ops::Pow, T::Wide::from_f64(p)).sum(-1).try_eval()?;
            sums.into_lazy().apply2(crate::ops::Pow, T::Wide::from_f64(1.0 / p)).try_eval()?
        }
        Metric::Cosine => unreachable!("handled above"),
    };
    converted::<B, T::Wide, T, _>(&out)?.into_rank()
}

fn cosine<B: Backend, T: Float>(a: &Array<B, T, Dyn>, b: &Array<B, T, Dyn>) -> Result<Array<B, T, Dyn>> {
    let (a, b) = (converted::<B, T, T::Wide, Dyn>(a)?, converted::<B, T, T::Wide, Dyn>(b)?);
    let (na, nb) = (vector_norm(&a, -1, 2.0)?.expand_dims(-1)?, vector_norm(&b, -1, 2.0)?.expand_dims(-2)?);
    let products = a.matmul(&b.matrix_transpose()?)?;
    let ratio = (products.lazy() / &na / &nb).maximum(-T::Wide::ONE).minimum(T::Wide::ONE);
    converted(&(-ratio + T::Wide::ONE).try_eval()?)
}

/// The Kronecker product: every element of `a` times all of `b`, along every axis. The array of lower rank gets leading axes
/// of length 1.
///
/// # Errors
/// [`Error::TooLarge`].
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(xp::extra::kron(&array![1, 10], &array![1, 2, 3])?.to_vec(), [1, 2, 3, 10, 20, 30]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn kron<B: Backend, T: Num, D: Dim, E: Dim>(a: &Array<B, T, D>, b: &Array<B, T, E>) -> Result<Array<B, T, <D as DimBase>::Max<E>>> {
    let ndim = a.ndim().max(b.ndim());
    let (a, b) = (super::at_least_nd(a, ndim)?, super::at_least_nd(b, ndim)?);
    let (mut outer, mut inner, mut shape) = (vec![], vec![], vec![]);
    for (&m, &n) in a.dims().iter().zip(b.dims()) {
        outer.extend([m, 1]);
        inner.extend([1, n]);
        shape.push(m.checked_mul(n).ok_or_else(|| Error::TooLarge { shape: vec![m, n] })?);
    }
    (a.reshape(outer)?.lazy() * &b.reshape(inner)?).try_eval()?.reshape(shape)?.into_rank()
}
