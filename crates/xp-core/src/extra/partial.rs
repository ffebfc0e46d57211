//! The first elements of the sorted order.

use crate::array::Array;
use crate::backend::{Backend, Lanes};
use crate::dim::Dim;
use crate::dtype::Real;
use crate::error::{Error, Result};
use crate::indexing::Position;
use crate::shape::normalize_axis;
use crate::sorting::{Ascending, Descending, Order};

/// The first `k` elements of the sorted order along an axis, and their positions: the largest ones in `Descending` order (NaN
/// first), the smallest in `Ascending` order (NaN last). Of equal elements the first ones are taken.
///
/// # Errors
/// [`Error::Axis`], [`Error::Value`] when there are fewer than `k` elements.
///
/// ```
/// use xp::prelude::*;
/// use xp::extra::top_k;
/// let (values, at) = top_k(&array![[3, 9, 7, 9]], 3, 1, Descending)?;
/// assert_eq!((values.to_vec(), at.to_vec()), (vec![9, 9, 7], vec![1, 3, 2]));
/// # Ok::<(), xp::Error>(())
/// ```
pub fn top_k<B: Backend, T: Real, D: Dim>(
    x: &Array<B, T, D>,
    k: usize,
    axis: impl Position,
    order: Order,
) -> Result<(Array<B, T, D>, Array<B, i64, D>)> {
    let axis = axis.position();
    let lane = normalize_axis(axis, x.ndim())?;
    let n = x.dims()[lane];
    if k > n {
        return Err(Error::value("top_k: k", format!("{k} elements wanted of {n} along axis {lane}")));
    }
    let mut shape = x.dims().to_vec();
    shape[lane] = k;
    let buffer = x.device().top_k(x.packed()?.buffer(), Lanes::along(x.dims(), lane), k, order == Descending);
    let buffer = buffer.map_err(|e| e.of_operand(T::DTYPE, x.dims()))?;
    let at = Array::from_result(x.device(), buffer, &shape)?;
    Ok((x.take_along_axis(&at, axis)?, at))
}

/// A reordering along an axis with element `kth` where sorting puts it, nothing greater before and nothing smaller behind.
///
/// # Errors
/// [`Error::Axis`], [`Error::Index`] when there is no element `kth`.
///
/// ```
/// use xp::prelude::*;
/// let x = xp::extra::partition(&array![5, 1, 4, 2], 1, 0)?.to_vec();
/// assert!(x[0] <= x[1] && x[1] == 2 && x[2].min(x[3]) >= x[1]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn partition<B: Backend, T: Real, D: Dim>(x: &Array<B, T, D>, kth: isize, axis: impl Position) -> Result<Array<B, T, D>> {
    let axis = axis.position();
    check_kth(x, kth, axis)?;
    x.sort(axis, Ascending)
}

/// The positions that make a [`partition`].
///
/// # Errors
/// As for [`partition`].
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(xp::extra::argpartition(&array![5, 1, 4, 2], 1, 0)?.get([1])?, 3);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn argpartition<B: Backend, T: Real, D: Dim>(x: &Array<B, T, D>, kth: isize, axis: impl Position) -> Result<Array<B, i64, D>> {
    let axis = axis.position();
    check_kth(x, kth, axis)?;
    x.argsort(axis, Ascending)
}

fn check_kth<B: Backend, T: Real, D: Dim>(x: &Array<B, T, D>, kth: isize, axis: isize) -> Result<()> {
    let lane = normalize_axis(axis, x.ndim())?;
    crate::shape::normalize_index(kth, lane, x.dims()[lane]).map(drop)
}
