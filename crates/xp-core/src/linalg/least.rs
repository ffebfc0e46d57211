//! The first elements, in sorted order, of the rows of a product that is never stored.

use super::Linalg;
use crate::array::{Array, Tiles, concat};
use crate::axes::KeepDims;
use crate::backend::Backend;
use crate::dim::{Ix1, Ix2};
use crate::dtype::Float;
use crate::error::{Error, Result};
use crate::expr::{Expr, Lazy, check_devices};
use crate::extra::top_k;
use crate::reduction::{ArgMax, ArgMin, Max, Min};
use crate::s;
use crate::sorting::{Descending, Order};

/// The first `k` elements in sorted order of every row of `e x + bias`, and the columns they stand in: what
/// [`top_k`](crate::extra::top_k) gives for the product, which is never stored, nor is the lazy matrix `e`.
///
/// With `|y|^2` as `bias` and `-2 y^T` as `x`, these are the nearest of the rows of `y` to every row of `e`.
///
/// # Errors
/// [`Error::Shape`] when the inner lengths differ, or `bias` has not a number for each column; [`Error::Value`] when there are fewer
/// than `k` columns; [`Error::Device`]; as for [`Lazy::try_eval`].
///
/// ```
/// use xp::linalg::matmul_top_k;
/// use xp::prelude::*;
///
/// let (x, y) = (array![[1.0, 4.0], [4.0, 0.0]], array![[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [4.0, 3.0]]);
/// let lengths = y.lazy().square().sum(1).eval();
/// let (values, at) = matmul_top_k(&(x.lazy() * -2.0), &y.t(), &lengths, 2, Ascending)?;
/// assert_eq!(at.to_vec(), [2, 1, 2, 3]);
/// // The squares of the distances, less those of the lengths of the rows of `x`.
/// assert_eq!(values.to_vec(), [-12.0, -8.0, -8.0, -7.0]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn matmul_top_k<'a, B: Linalg<T>, T: Float, E>(
    e: &Lazy<E>,
    x: &Array<B, T, Ix2>,
    bias: impl Into<Option<&'a Array<B, T, Ix1>>>,
    k: usize,
    order: Order,
) -> Result<(Array<B, T, Ix2>, Array<B, i64, Ix2>)>
where
    E: Expr<Backend = B, Elem = T, Dim = Ix2>,
{
    let (bias, [_, p], [inner, n]) = (bias.into(), e.expr().shape()?, x.shape());
    if inner != p {
        return Err(Error::shape("matmul_top_k: x", x.dims(), format!("{p} rows")));
    }
    if let Some(bias) = bias
        && bias.shape() != [n]
    {
        return Err(Error::shape("matmul_top_k: bias", bias.dims(), format!("[{n}], a number for each column")));
    }
    if k > n {
        return Err(Error::value("matmul_top_k: k", format!("{k} elements wanted of {n} in a row")));
    }
    check_devices(e.expr().device()?, Some(x.device()))?;
    check_devices(bias.map(Array::device), Some(x.device()))?;
    B::matmul_top_k(e, x, bias, k, order)
}

/// Columns of a block of the product.
const COLUMNS: usize = 2048;

/// Elements and their columns.
type Ranked<B, T> = (Array<B, T, Ix2>, Array<B, i64, Ix2>);

/// The portable form: the product block by block, of each the first ones, and of those the first ones.
pub(super) fn portable<B: Linalg<T>, T: Float, E>(
    e: &Lazy<E>,
    x: &Array<B, T, Ix2>,
    bias: Option<&Array<B, T, Ix1>>,
    k: usize,
    order: Order,
) -> Result<Ranked<B, T>>
where
    E: Expr<Backend = B, Elem = T, Dim = Ix2>,
{
    let ([m, _], [p, n], device) = (e.expr().shape()?, x.shape(), x.device());
    let (mut values, mut indices) = (Tiles::new(device, [m, k])?, Tiles::new(device, [m, k])?);
    let width = COLUMNS.max(k);
    for rows in e.row_blocks(B::block_rows(p.max(width.min(n))))? {
        let block = rows.try_eval()?;
        let mut best: Option<Ranked<B, T>> = None;
        for start in (0..n).step_by(width) {
            let columns = start..(start + width).min(n);
            let product = block.matmul(&x.slice(s![.., columns.clone()])?)?;
            let (value, at) = match bias {
                Some(bias) => first(product.into_lazy() + bias.slice(s![columns.clone()])?, k.min(columns.len()), order)?,
                None => first(product.into_lazy(), k.min(columns.len()), order)?,
            };
            best = Some(match best {
                None => (value, at),
                Some((before, places)) => {
                    // The first ones of a block stand in order, and so do the blocks: of equals the first ones have the lowest columns.
                    let at = (at.into_lazy() + start as i64).try_eval()?;
                    let (value, kept) = top_k(&concat(&[before, value], 1)?, k, 1, order)?;
                    (value, concat(&[places, at], 1)?.take_along_axis(&kept, 1)?)
                }
            });
        }
        if let Some((value, at)) = best {
            values.push(value.shape(), &value)?;
            indices.push(at.shape(), &at)?;
        }
    }
    Ok((values.finish()?, indices.finish()?))
}

/// The first elements of every row in sorted order; one without a sort, in two passes.
fn first<B: Backend, T: Float, E>(x: Lazy<E>, k: usize, order: Order) -> Result<Ranked<B, T>>
where
    E: Expr<Backend = B, Elem = T, Dim = Ix2> + Clone,
{
    if k != 1 {
        return top_k(&x.try_eval()?, k, 1, order);
    }
    if order == Descending {
        return x.reduce((Max, ArgMax), KeepDims(1)).try_eval();
    }
    // NaN comes last: a row has the first infinity where nothing is below it, and its first NaN where nothing is left.
    let (infinity, nan) = (T::INFINITY, T::NAN);
    let (value, least) = x.clone().less(infinity).where_(x.clone(), infinity).reduce((Min, ArgMin), KeepDims(1)).try_eval()?;
    let (some, infinite) = x.equal(infinity).astype::<i8>().reduce((Max, ArgMax), KeepDims(1)).try_eval()?;
    let at = value.lazy().less(infinity).where_(&least, &infinite).try_eval()?;
    let value = value.lazy().less(infinity).logical_or(some.lazy().equal(1)).where_(&value, nan).try_eval()?;
    Ok((value, at))
}
