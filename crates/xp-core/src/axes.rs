//! Which axes a reduction runs over, as users write it: `x.sum(0)`, `x.sum([0, -1])`, `x.sum(..)`, `x.sum(KeepDims(1))`.

use core::ops::RangeFull;

use crate::axis_vec::AxisVec;
use crate::dim::{Dim, DimBase, Dyn, Ix0};
use crate::error::Result;
use crate::indexing::Position;
use crate::shape::{normalize_axes, normalize_axis};

/// The axes of a reduction: one, `[0, 1]`, a slice, all (`..`), and any of these in [`KeepDims`]. Negative axes count
/// from the end. An axis is an `isize`, an `i32` or a `usize`.
///
/// ```
/// use xp::prelude::*;
/// let x = array![[1_i64, 2], [3, 4]];
/// assert_eq!(x.sum(0).to_vec(), [4, 6]);
/// assert_eq!(x.sum(..).item()?, 10);
/// assert_eq!(x.sum([0, -1]).item()?, 10);
/// assert_eq!(x.sum(KeepDims(1)).shape(), [2, 1]);
/// assert_eq!(sum(&x, x.ndim() - 1).to_vec(), [3, 7]);
/// # Ok::<(), xp::Error>(())
/// ```
///
/// The rank of the result follows from the axes, in generic code too:
///
/// ```
/// use xp::prelude::*;
/// fn row_sums<B: Backend, T: Float, D: Dim>(x: &Array<B, T, D>) -> Array<B, T, D::Smaller> {
///     x.sum(-1)
/// }
/// assert_eq!(row_sums(&array![[1.0, 2.0], [3.0, 4.0]]).shape(), [2]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name axes",
    note = "axes are an integer (isize, i32, usize), up to six of them in `[..]`, a slice of them, `..` for all, and any of these in `KeepDims`"
)]
pub trait Axes {
    /// The rank of the result, given that of the array.
    type Out<D: Dim>: Dim;
    /// Whether the reduced axes stay, with length 1.
    const KEEP: bool = false;
    /// Whether these are all axes, whatever the array: the standard's `axis=None`.
    const ALL: bool = false;
    /// The axes of an array of rank `ndim`.
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis), [`Error::RepeatedAxis`](crate::Error::RepeatedAxis).
    fn axes(&self, ndim: usize) -> Result<AxisVec<usize>>;
}

/// Axes that stay in the result with length 1: the standard's `keepdims=True`.
///
/// ```
/// use xp::prelude::*;
/// let x = array![[1.0, 3.0], [2.0, 6.0]];
/// assert_eq!((&x - x.mean(KeepDims(1))).to_vec(), [-1.0, 1.0, -2.0, 2.0]);
/// assert_eq!(x.max(KeepDims(..)).shape(), [1, 1]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct KeepDims<A>(pub A);

/// Where new axes go: one position of the result, `[0, -1]`, or a slice.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name new axes",
    note = "give an isize, i32 or usize, up to six of them in `[..]`, or a slice"
)]
pub trait NewAxes {
    /// The rank of the result, given that of the array.
    type Out<D: Dim>: Dim;
    /// The positions in the result, for an array of rank `ndim`.
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis), [`Error::RepeatedAxis`](crate::Error::RepeatedAxis).
    fn new_axes(&self, ndim: usize) -> Result<AxisVec<usize>>;
}

impl<A: Axes> Axes for KeepDims<A> {
    type Out<D: Dim> = D;
    const KEEP: bool = true;
    const ALL: bool = A::ALL;
    fn axes(&self, ndim: usize) -> Result<AxisVec<usize>> {
        self.0.axes(ndim)
    }
}
impl<P: Position> Axes for P {
    type Out<D: Dim> = D::Smaller;
    fn axes(&self, ndim: usize) -> Result<AxisVec<usize>> {
        Ok([normalize_axis(self.position(), ndim)?].into())
    }
}
impl<P: Position> NewAxes for P {
    type Out<D: Dim> = D::Larger;
    fn new_axes(&self, ndim: usize) -> Result<AxisVec<usize>> {
        self.axes(ndim + 1)
    }
}
impl Axes for RangeFull {
    type Out<D: Dim> = Ix0;
    const ALL: bool = true;
    fn axes(&self, ndim: usize) -> Result<AxisVec<usize>> {
        Ok((0..ndim).collect())
    }
}
macro_rules! lists {
    ($($L:ty)*) => {$(
        impl<P: Position> Axes for $L {
            type Out<D: Dim> = Dyn;
            fn axes(&self, ndim: usize) -> Result<AxisVec<usize>> {
                normalize_axes(self, ndim)
            }
        }
        impl<P: Position> NewAxes for $L {
            type Out<D: Dim> = Dyn;
            fn new_axes(&self, ndim: usize) -> Result<AxisVec<usize>> {
                normalize_axes(self, ndim + self.len())
            }
        }
    )*};
}
lists! { &[P] Vec<P> &Vec<P> }
macro_rules! arrays {
    ($($n:literal $out:ty, $wider:ty;)*) => {$(
        arrays!(@one $n $out, $wider, [P; $n]);
        arrays!(@one $n $out, $wider, &[P; $n]);
    )*};
    (@one $n:literal $out:ty, $wider:ty, $L:ty) => {
        impl<P: Position> Axes for $L {
            type Out<D: Dim> = $out;
            fn axes(&self, ndim: usize) -> Result<AxisVec<usize>> {
                normalize_axes(&self[..], ndim)
            }
        }
        impl<P: Position> NewAxes for $L {
            type Out<D: Dim> = $wider;
            fn new_axes(&self, ndim: usize) -> Result<AxisVec<usize>> {
                normalize_axes(&self[..], ndim + $n)
            }
        }
    };
}
type Less<D> = <D as DimBase>::Smaller;
type More<D> = <D as DimBase>::Larger;
arrays! {
    0 D, D;
    1 Less<D>, More<D>;
    2 Less<Less<D>>, More<More<D>>;
    3 Less<Less<Less<D>>>, More<More<More<D>>>;
    4 Less<Less<Less<Less<D>>>>, More<More<More<More<D>>>>;
    5 Less<Less<Less<Less<Less<D>>>>>, More<More<More<More<More<D>>>>>;
    6 Less<Less<Less<Less<Less<Less<D>>>>>>, More<More<More<More<More<More<D>>>>>>;
}
