//! The standard's functions that are methods of arrays, as free functions, and those that exist only as such:
//! `clip`, `diff`, `repeat`, `roll`, cumulative functions with an initial element.

use core::borrow::Borrow;

use crate::array::{Array, Shifts, concat, repeat_each};
use crate::axes::{Axes, NewAxes};
use crate::backend::Backend;
use crate::dim::{Dim, DimBase, IntoShape, Ix1};
use crate::dtype::{Element, Num, Promote, Real};
use crate::error::{Error, Result};
use crate::expr::{Expr, IntoOperand, Iota, Lazy};
use crate::indexing::Position;
use crate::ops::{Maximum, Minimum};
use crate::shape::{broadcast_shapes, normalize_axis};
use crate::sorting::{Order, ScanAxis, Side, searchsorted};
use crate::wide::converted;

/// Every element limited to `[min, max]`, which are scalars or arrays; NaN where one of the three is NaN. Where
/// `min > max` the result is `max`. For one limit only, see [`Array::maximum`] and [`Array::minimum`].
///
/// # Panics
/// When the shapes do not broadcast.
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(clip(&array![-3, 0, 9], -1, &array![5, -1, 4]).to_vec(), [-1, -1, 4]);
/// ```
#[must_use]
#[track_caller]
pub fn clip<B: Backend, T, D: Dim, L, H>(
    x: &Array<B, T, D>,
    min: L,
    max: H,
) -> Array<B, T, <<D as DimBase>::Max<<L::Expr as Expr>::Dim> as DimBase>::Max<<H::Expr as Expr>::Dim>>
where
    T: Real,
    L: IntoOperand<B, T, D, Elem = T>,
    H: IntoOperand<B, T, <D as DimBase>::Max<<L::Expr as Expr>::Dim>, Elem = T>,
{
    x.lazy().apply2(Maximum, min).apply2(Minimum, max).eval()
}

/// The `n`-th differences of neighbours along an axis, after joining `prepend` before and `append` behind; each
/// difference makes the axis one element shorter, down to none.
///
/// # Errors
/// [`Error::Axis`], and as for [`concat()`].
///
/// ```
/// use xp::prelude::*;
/// let x = array![1, 4, 9, 16];
/// assert_eq!(diff(&x, -1, 1, None, None)?.to_vec(), [3, 5, 7]);
/// assert_eq!(diff(&x, 0, 2, Some(&array![0]), None)?.to_vec(), [2, 2, 2]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn diff<B: Backend, T: Num, D: Dim>(
    x: &Array<B, T, D>,
    axis: impl Position,
    n: usize,
    prepend: Option<&Array<B, T, D>>,
    append: Option<&Array<B, T, D>>,
) -> Result<Array<B, T, D>> {
    let k = normalize_axis(axis.position(), x.ndim())?;
    let parts: Vec<_> = prepend.into_iter().chain([x]).chain(append).collect();
    let mut out = if parts.len() == 1 { x.clone() } else { concat(&parts, axis)? };
    let mut left = n;
    while left > 0 && out.dims()[k] > 0 {
        out = (out.slice_axis(axis, 1..)?.lazy() - &out.slice_axis(axis, ..-1)?).try_eval()?.into_rank()?;
        left -= 1;
    }
    Ok(out)
}

/// How often [`repeat`] repeats elements: a number, or a vector with a number per element.
pub trait Repeats<B: Backend> {
    /// Repeats the elements along axis `k`.
    #[doc(hidden)]
    fn repeat<T: Element, D: Dim>(self, x: &Array<B, T, D>, k: usize) -> Result<Array<B, T, D>>;
}
impl<B: Backend> Repeats<B> for usize {
    fn repeat<T: Element, D: Dim>(self, x: &Array<B, T, D>, k: usize) -> Result<Array<B, T, D>> {
        repeat_each(x, self, k)
    }
}
impl<B: Backend> Repeats<B> for &Array<B, i64, Ix1> {
    fn repeat<T: Element, D: Dim>(self, x: &Array<B, T, D>, k: usize) -> Result<Array<B, T, D>> {
        let n = x.dims()[k];
        crate::expr::check_devices(Some(x.device()), Some(self.device()))?;
        if self.size() != n && self.size() != 1 {
            return Err(Error::shape("repeat: repeats", self.dims(), format!("{n} numbers, one for each element along axis {k}, or one for all")));
        }
        if n == 0 {
            return Ok(x.clone());
        }
        let least = self.min(..).item()?;
        if least < 0 {
            return Err(Error::value("repeat: repeats", format!("{least} given: an element cannot be repeated less than 0 times")));
        }
        let ends = self.broadcast_to([n])?.cumulative_sum(0)?;
        let total = ends.get([-1])?;
        let out = usize::try_from(total).map_err(|_| Error::TooLarge { shape: vec![usize::MAX] })?;
        crate::shape::size_of_shape(&[out])?;
        let position = Lazy::new(Iota::<B, Ix1>::new(x.device(), [out], 0, [1])?).try_eval()?;
        x.take(&searchsorted(&ends, &position, Side::Right)?, k)
    }
}

/// Every element along an axis repeated: all equally often, or each as often as a vector says. To repeat the elements of
/// the flattened array (the standard's `axis=None`) give `x.ravel()?`.
///
/// # Errors
/// [`Error::Axis`], [`Error::TooLarge`], [`Error::Shape`] and [`Error::Value`] for wrong lengths and negative numbers.
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(repeat(&array![1, 2], 2, 0)?.to_vec(), [1, 1, 2, 2]);
/// assert_eq!(repeat(&array![[1, 2, 3]], &array![0_i64, 2, 1], 1)?.to_vec(), [2, 2, 3]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn repeat<B: Backend, T: Element, D: Dim, R: Repeats<B>>(x: &Array<B, T, D>, repeats: R, axis: impl Position) -> Result<Array<B, T, D>> {
    let k = normalize_axis(axis.position(), x.ndim())?;
    repeats.repeat(x, k)
}

/// The elements moved by some positions along [`Axes`]: [`Array::roll`].
///
/// # Errors
/// As for [`Array::roll`].
pub fn roll<B: Backend, T: Element, D: Dim, A: Axes>(x: &Array<B, T, D>, shifts: impl Shifts, axes: A) -> Result<Array<B, T, D>> {
    x.roll(shifts, axes)
}

/// [`searchsorted`] in an unsorted vector `x1` that `x1[sorter]` sorts.
///
/// # Errors
/// As for [`searchsorted`], [`Error::Shape`] when the sorter has another length, [`Error::Index`].
///
/// ```
/// use xp::prelude::*;
/// let x = array![5, 1, 3];
/// assert_eq!(searchsorted_by(&x, &array![2, 4], Side::Left, &x.argsort(0, Ascending)?)?.to_vec(), [1, 2]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn searchsorted_by<B: Backend, T: Real, D: Dim>(
    x1: &Array<B, T, Ix1>,
    x2: &Array<B, T, D>,
    side: Side,
    sorter: &Array<B, i64, Ix1>,
) -> Result<Array<B, i64, D>> {
    if x1.dims() != sorter.dims() {
        return Err(Error::shape("searchsorted: sorter", sorter.dims(), format!("{:?}", x1.dims())));
    }
    searchsorted(&x1.take(sorter, 0)?, x2, side)
}

/// The shape that several shapes broadcast to: [`broadcast_shapes`](crate::broadcast_shapes) for more than two.
///
/// # Errors
/// [`Error::Broadcast`].
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(broadcast_all_shapes(&[&[3, 1], &[4], &[]])?, [3, 4]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn broadcast_all_shapes(shapes: &[&[usize]]) -> Result<Vec<usize>> {
    shapes.iter().try_fold(vec![], |acc, s| broadcast_shapes(&acc, s))
}

/// The joined elements of arrays of any shapes, flattened: the standard's `concat` with `axis=None`.
///
/// # Errors
/// As for [`concat()`].
///
/// ```
/// use xp::prelude::*;
/// let (a, b) = (array![[1, 2], [3, 4]].into_dyn(), array![5].into_dyn());
/// assert_eq!(concat_flat(&[&a, &b])?.to_vec(), [1, 2, 3, 4, 5]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn concat_flat<B: Backend, T: Element, D: Dim, A: Borrow<Array<B, T, D>>>(arrays: &[A]) -> Result<Array<B, T, Ix1>> {
    let flat: Vec<_> = arrays.iter().map(|x| x.borrow().ravel()).collect::<Result<_>>()?;
    concat(&flat, 0)
}

/// A copy with another dtype: [`Array::astype`].
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(astype::<_, _, i32, _>(&array![1.9, -1.9]).to_vec(), [1, -1]);
/// ```
#[must_use]
#[track_caller]
pub fn astype<B: Backend, T: Element, U: Element, D: Dim>(x: &Array<B, T, D>) -> Array<B, U, D> {
    x.astype()
}

/// The matrix product, after promotion: [`Array::matmul`].
///
/// # Errors
/// As for [`Array::matmul`].
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(matmul(&array![[1_i8, 2]], &array![[3_i16], [4]])?.to_vec(), [11_i16]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn matmul<B: Backend, T, U, D: Dim, E: Dim>(x1: &Array<B, T, D>, x2: &Array<B, U, E>) -> Result<Array<B, <T as Promote<U>>::Output, D::MatMul<E>>>
where
    T: Element + Promote<U>,
    U: Element,
    <T as Promote<U>>::Output: Num,
{
    converted::<B, T, _, D>(x1)?.matmul(&converted::<B, U, _, E>(x2)?)
}

macro_rules! forwards {
    ($($(#[$doc:meta])* $name:ident $bound:ident ($($arg:ident: $ty:ty),*) -> $out:ty;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        #[doc = concat!("As for [`Array::", stringify!($name), "`].")]
        pub fn $name<B: Backend, T: $bound, D: Dim>(x: &Array<B, T, D> $(, $arg: $ty)*) -> Result<$out> {
            x.$name($($arg),*)
        }
    )*};
}
forwards! {
    /// The positions that sort the elements along an axis: [`Array::argsort`].
    argsort Real (axis: impl Position, order: Order) -> Array<B, i64, D>;
    /// Products of the elements up to each one along an axis: [`Array::cumulative_prod`].
    cumulative_prod Num (axis: impl ScanAxis) -> Array<B, T::Accum, D>;
    /// Sums of the elements up to each one along an axis: [`Array::cumulative_sum`].
    cumulative_sum Num (axis: impl ScanAxis) -> Array<B, T::Accum, D>;
    /// An array of the same shape, dtype and device, whose elements the standard does not specify: [`Array::empty_like`].
    empty_like Element () -> Array<B, T, D>;
    /// The last two axes swapped: [`Array::matrix_transpose`].
    matrix_transpose Element () -> Array<B, T, D>;
    /// The positions of the elements that are neither zero nor `false`: [`Array::nonzero`].
    nonzero Element () -> Vec<Array<B, i64, Ix1>>;
    /// An array of ones of the same shape, dtype and device: [`Array::ones_like`].
    ones_like Num () -> Array<B, T, D>;
    /// The elements in order along an axis: [`Array::sort`].
    sort Real (axis: impl Position, order: Order) -> Array<B, T, D>;
    /// The elements at `indices` along an axis, with indices of their own for every lane: [`Array::take_along_axis`].
    take_along_axis Element (indices: &Array<B, i64, D>, axis: impl Position) -> Array<B, T, D>;
    /// The array laid out repeatedly along its axes: [`Array::tile`].
    tile Element (repetitions: &[usize]) -> Array<B, T, crate::dim::Dyn>;
    /// The lower triangle of the last two axes: [`Array::tril`].
    tril Element (k: isize) -> Array<B, T, D>;
    /// The upper triangle of the last two axes: [`Array::triu`].
    triu Element (k: isize) -> Array<B, T, D>;
    /// An array of zeros of the same shape, dtype and device: [`Array::zeros_like`].
    zeros_like Element () -> Array<B, T, D>;
}

/// An array of the same shape and device, filled with `value`: [`Array::full_like`].
///
/// # Errors
/// As for [`Array::full_like`].
pub fn full_like<B: Backend, T: Element, D: Dim, U: Element>(x: &Array<B, T, D>, value: U) -> Result<Array<B, U, D>> {
    x.full_like(value)
}

/// The elements at `indices` along an axis: [`Array::take`].
///
/// # Errors
/// As for [`Array::take`].
pub fn take<B: Backend, T: Element, D: Dim, I: Dim>(
    x: &Array<B, T, D>,
    indices: &Array<B, i64, I>,
    axis: impl Position,
) -> Result<Array<B, T, I::InPlaceOfAxis<D>>> {
    x.take(indices, axis)
}

/// New axes of length 1: [`Array::expand_dims`].
///
/// # Errors
/// As for [`Array::expand_dims`].
pub fn expand_dims<B: Backend, T: Element, D: Dim, A: NewAxes>(x: &Array<B, T, D>, axes: A) -> Result<Array<B, T, A::Out<D>>> {
    x.expand_dims(axes)
}

/// The elements in reverse order along [`Axes`]: [`Array::flip`].
///
/// # Errors
/// As for [`Array::flip`].
pub fn flip<B: Backend, T: Element, D: Dim, A: Axes>(x: &Array<B, T, D>, axes: A) -> Result<Array<B, T, D>> {
    x.flip(axes)
}

/// Axes moved to other positions: [`Array::moveaxis`].
///
/// # Errors
/// As for [`Array::moveaxis`].
pub fn moveaxis<B: Backend, T: Element, D: Dim, P: Position, Q: Position>(
    x: &Array<B, T, D>,
    source: &[P],
    destination: &[Q],
) -> Result<Array<B, T, D>> {
    x.moveaxis(source, destination)
}

/// The axes in another order: [`Array::permute_dims`].
///
/// # Errors
/// As for [`Array::permute_dims`].
pub fn permute_dims<B: Backend, T: Element, D: Dim, P: Position>(x: &Array<B, T, D>, axes: &[P]) -> Result<Array<B, T, D>> {
    x.permute_dims(axes)
}

/// The array without some [`Axes`] of length 1: [`Array::squeeze`].
///
/// # Errors
/// As for [`Array::squeeze`].
pub fn squeeze<B: Backend, T: Element, D: Dim, A: Axes>(x: &Array<B, T, D>, axes: A) -> Result<Array<B, T, A::Out<D>>> {
    x.squeeze(axes)
}

/// The array repeated along axes of length 1 and new leading axes: [`Array::broadcast_to`].
///
/// # Errors
/// As for [`Array::broadcast_to`].
pub fn broadcast_to<B: Backend, T: Element, D: Dim, S: IntoShape>(x: &Array<B, T, D>, shape: S) -> Result<Array<B, T, S::Dim>> {
    x.broadcast_to(shape)
}

/// The elements in row-major order under another shape: [`Array::reshape`].
///
/// # Errors
/// As for [`Array::reshape`].
pub fn reshape<B: Backend, T: Element, D: Dim, S: IntoShape>(x: &Array<B, T, D>, shape: S) -> Result<Array<B, T, S::Dim>> {
    x.reshape(shape)
}
