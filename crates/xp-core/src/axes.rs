//! Which axes a free reduction runs over, as users write it: `sum(&x, 0)`, `sum(&x, [0, -1])`, `sum(&x, ..)`.

use core::ops::RangeFull;

use crate::dim::{Dim, DimBase, Dyn, Ix0};
use crate::error::Result;
use crate::shape::{normalize_axes, normalize_axis};

/// The axes of a reduction: one, `[0, 1]`, a slice, all (`..`), and any of these in [`KeepDims`]. Negative axes count
/// from the end.
///
/// ```
/// use xp::prelude::*;
/// let x = array![[1_i64, 2], [3, 4]];
/// assert_eq!(sum(&x, 0).to_vec(), [4, 6]);
/// assert_eq!(sum(&x, ..).item()?, 10);
/// assert_eq!(sum(&x, [0, -1]).item()?, 10);
/// assert_eq!(sum(&x, KeepDims(1)).shape(), [2, 1]);
/// # Ok::<(), xp::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name axes",
    note = "axes are an isize, `[isize; N]` up to 3, `&[isize]`, `..` for all, and any of these in `KeepDims`"
)]
pub trait Axes {
    /// The rank of the result, given that of the array.
    type Out<D: Dim>: Dim;
    /// Whether the reduced axes stay, with length 1.
    const KEEP: bool = false;
    /// The axes of an array of rank `ndim`.
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis), [`Error::RepeatedAxis`](crate::Error::RepeatedAxis).
    fn axes(&self, ndim: usize) -> Result<Vec<usize>>;
}

/// Axes that stay in the result with length 1: the standard's `keepdims=True`.
#[derive(Clone, Copy, Debug)]
pub struct KeepDims<A>(pub A);

impl<A: Axes> Axes for KeepDims<A> {
    type Out<D: Dim> = D;
    const KEEP: bool = true;
    fn axes(&self, ndim: usize) -> Result<Vec<usize>> {
        self.0.axes(ndim)
    }
}
impl Axes for isize {
    type Out<D: Dim> = D::Smaller;
    fn axes(&self, ndim: usize) -> Result<Vec<usize>> {
        Ok(vec![normalize_axis(*self, ndim)?])
    }
}
impl Axes for RangeFull {
    type Out<D: Dim> = Ix0;
    fn axes(&self, ndim: usize) -> Result<Vec<usize>> {
        Ok((0..ndim).collect())
    }
}
impl Axes for &[isize] {
    type Out<D: Dim> = Dyn;
    fn axes(&self, ndim: usize) -> Result<Vec<usize>> {
        normalize_axes(self, ndim)
    }
}
macro_rules! arrays {
    ($($n:literal $out:ty;)*) => {$(
        impl Axes for [isize; $n] {
            type Out<D: Dim> = $out;
            fn axes(&self, ndim: usize) -> Result<Vec<usize>> {
                normalize_axes(self, ndim)
            }
        }
    )*};
}
arrays! {
    1 D::Smaller;
    2 <D::Smaller as DimBase>::Smaller;
    3 <<D::Smaller as DimBase>::Smaller as DimBase>::Smaller;
}
