//! Sets as vectors of distinct elements.

use crate::array::{Array, concat};
use crate::backend::Backend;
use crate::dim::{Dim, Ix1};
use crate::dtype::{Element, Real};
use crate::error::Result;
use crate::sorting::{isin, unique_values};

/// The number of distinct elements; every NaN is distinct.
///
/// # Errors
/// When memory runs out or the device fails.
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(xp::extra::nunique(&array![[3, 1], [3, 2]])?, 3);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn nunique<B: Backend, T: Element, D: Dim>(x: &Array<B, T, D>) -> Result<usize> {
    Ok(unique_values(x)?.size())
}

/// The distinct elements of two arrays, in ascending order (complex numbers in no particular order).
///
/// # Errors
/// [`Error::Device`](crate::Error::Device); when memory runs out or the device fails.
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(xp::extra::union1d(&array![3, 1], &array![[2, 3]])?.to_vec(), [1, 2, 3]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn union1d<B: Backend, T: Element, D: Dim, E: Dim>(a: &Array<B, T, D>, b: &Array<B, T, E>) -> Result<Array<B, T, Ix1>> {
    unique_values(&concat(&[&a.ravel()?, &b.ravel()?], 0)?)
}

/// The distinct elements of `a` that are in `b` too, in ascending order.
///
/// # Errors
/// As for [`union1d`].
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(xp::extra::intersect1d(&array![3, 1, 3, 2], &array![3, 2, 9])?.to_vec(), [2, 3]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn intersect1d<B: Backend, T: Real, D: Dim, E: Dim>(a: &Array<B, T, D>, b: &Array<B, T, E>) -> Result<Array<B, T, Ix1>> {
    let values = unique_values(a)?;
    values.select(&isin(&values, b)?)
}

/// The distinct elements of `a` that are not in `b`, in ascending order; NaN is never in `b`.
///
/// # Errors
/// As for [`union1d`].
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(xp::extra::setdiff1d(&array![3, 1, 3, 2], &array![3])?.to_vec(), [1, 2]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn setdiff1d<B: Backend, T: Real, D: Dim, E: Dim>(a: &Array<B, T, D>, b: &Array<B, T, E>) -> Result<Array<B, T, Ix1>> {
    let values = unique_values(a)?;
    values.select(&isin(&values, b)?.logical_not())
}

/// The distinct elements that are in exactly one of two arrays, in ascending order.
///
/// # Errors
/// As for [`union1d`].
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(xp::extra::setxor1d(&array![3, 1, 3], &array![3, 2])?.to_vec(), [1, 2]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn setxor1d<B: Backend, T: Real, D: Dim, E: Dim>(a: &Array<B, T, D>, b: &Array<B, T, E>) -> Result<Array<B, T, Ix1>> {
    union1d(&setdiff1d(a, b)?, &setdiff1d(b, a)?)
}
