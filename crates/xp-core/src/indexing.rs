//! Reading and writing parts of arrays: slices, elements, masks, index arrays.

use core::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

use crate::array::Array;
use crate::backend::{Backend, Lanes};
use crate::dim::{Dim, Ix1};
use crate::dtype::{Element, Num};
use crate::error::{Error, Result};
use crate::expr::{Expr, IntoOperand, Lazy, eval_onto, eval_or_stored};
use crate::reduction::{Max, Min};
use crate::shape::{broadcast_shapes, normalize_axis, normalize_index};

/// A position or an axis as users write it, counted from the end when negative: an `isize`, a `usize`, or an `i32`, which
/// is what a literal is. Sealed.
#[diagnostic::on_unimplemented(message = "`{Self}` is not an index or axis", note = "indices and axes are isize, usize or i32")]
pub trait Position: Copy + sealed::Sealed {
    /// The position as a signed number; one too large for that stays out of bounds.
    fn position(self) -> isize;
}
macro_rules! positions {
    ($($P:ty, |$p:ident| $value:expr;)*) => {$(
        impl sealed::Sealed for $P {}
        impl Position for $P {
            #[inline]
            fn position(self) -> isize {
                let $p = self;
                $value
            }
        }
    )*};
}
positions! {
    isize, |p| p;
    i32, |p| p as isize;
    usize, |p| isize::try_from(p).unwrap_or(isize::MAX);
}
mod sealed {
    pub trait Sealed {}
}

/// Chooses elements per axis: `s![1.., -1, ..;-1, NewAxis, Ellipsis]`.
///
/// An integer is an index and drops its axis; a range keeps it, with a step after `;`. Indices, bounds and steps are `isize`,
/// `usize` or `i32`, and count from the end when negative.
///
/// ```
/// use xp::prelude::*;
/// let x = array![[1, 2, 3], [4, 5, 6]];
/// assert_eq!(x.slice(s![0])?.to_vec(), [1, 2, 3]);
/// assert_eq!(x.slice(s![Ellipsis, 0..2])?.shape(), [2, 2]);
/// assert_eq!(x.slice(s![.., NewAxis, ..;2])?.shape(), [2, 1, 2]);
/// let [n, p] = x.shape();
/// assert_eq!(x.slice(s![n - 1, 1..p])?.to_vec(), [5, 6]);
/// # Ok::<(), xp::Error>(())
/// ```
#[macro_export]
macro_rules! s {
    (@items [$($done:expr),*] $range:expr ; $step:expr , $($rest:tt)*) => { $crate::s!(@items [$($done,)* $crate::indexing::Stepped($crate::s!(@item $range), $step)] $($rest)*) };
    (@items [$($done:expr),*] $range:expr ; $step:expr) => { ($($done,)* $crate::indexing::Stepped($crate::s!(@item $range), $step),) };
    (@items [$($done:expr),*] $item:expr , $($rest:tt)*) => { $crate::s!(@items [$($done,)* $crate::s!(@item $item)] $($rest)*) };
    (@items [$($done:expr),*] $item:expr) => { ($($done,)* $crate::s!(@item $item),) };
    (@items [$($done:expr),*]) => { ($($done,)*) };
    // `1..-1` ends before the last element: it is not empty here.
    (@item $item:expr) => {{
        #[allow(clippy::reversed_empty_ranges)]
        let item = $item;
        item
    }};
    ($($items:tt)*) => { $crate::s!(@items [] $($items)*) };
}

/// One axis of a slice at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SliceItem {
    /// One position; the axis is dropped.
    At(isize),
    /// A range; the axis is kept.
    Range {
        /// First position, counted from the end when negative.
        start: Option<isize>,
        /// Position after the last, counted from the end when negative.
        stop: Option<isize>,
        /// Distance between positions.
        step: isize,
    },
    /// A new axis of length 1.
    NewAxis,
    /// As many whole axes as are not named.
    Ellipsis,
}

/// A new axis of length 1 in [`s!`](crate::s).
#[derive(Clone, Copy, Debug)]
pub struct NewAxis;
/// All axes that are not named in [`s!`](crate::s).
#[derive(Clone, Copy, Debug)]
pub struct Ellipsis;
/// A range with a step in [`s!`](crate::s).
#[derive(Clone, Copy, Debug)]
pub struct Stepped<R, P>(pub R, pub P);

/// One item of [`s!`](crate::s): what it does to the rank, and its value.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in `s![...]`",
    note = "items are indices (isize, usize or i32), ranges of them, `range;step`, NewAxis and Ellipsis"
)]
pub trait SliceArg {
    /// The rank of the result, given that of the array.
    type Out<D: Dim>: Dim;
    /// The item as a value.
    fn item(&self) -> SliceItem;
}
impl<P: Position> SliceArg for P {
    type Out<D: Dim> = D::Smaller;
    fn item(&self) -> SliceItem {
        SliceItem::At(self.position())
    }
}
impl SliceArg for NewAxis {
    type Out<D: Dim> = D::Larger;
    fn item(&self) -> SliceItem {
        SliceItem::NewAxis
    }
}
impl SliceArg for Ellipsis {
    type Out<D: Dim> = D;
    fn item(&self) -> SliceItem {
        SliceItem::Ellipsis
    }
}
impl<R: SliceArg, P: Position> SliceArg for Stepped<R, P> {
    type Out<D: Dim> = R::Out<D>;
    fn item(&self) -> SliceItem {
        match self.0.item() {
            SliceItem::Range { start, stop, .. } => SliceItem::Range { start, stop, step: self.1.position() },
            other => other,
        }
    }
}
/// A range along one axis, for [`Array::slice_axis`]: one of [`Position`]s, with a step as [`Stepped`], or a pair of bounds that
/// may be missing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a range along an axis",
    note = "ranges are `2..5`, `..-1`, `Stepped(.., -1)`, or a pair of `Option<isize>`"
)]
pub trait SliceRange {
    /// The first position, the one after the last, and the distance between positions.
    fn bounds(&self) -> (Option<isize>, Option<isize>, isize);
}
impl SliceRange for (Option<isize>, Option<isize>) {
    fn bounds(&self) -> (Option<isize>, Option<isize>, isize) {
        (self.0, self.1, 1)
    }
}
impl<R: SliceRange, P: Position> SliceRange for Stepped<R, P> {
    fn bounds(&self) -> (Option<isize>, Option<isize>, isize) {
        let (start, stop, _) = self.0.bounds();
        (start, stop, self.1.position())
    }
}
macro_rules! ranges {
    ($([$($g:tt)*] $R:ty, |$r:ident| $start:expr, $stop:expr;)*) => {$(
        impl $($g)* SliceRange for $R {
            fn bounds(&self) -> (Option<isize>, Option<isize>, isize) {
                let $r = self;
                ($start, $stop, 1)
            }
        }
        impl $($g)* SliceArg for $R {
            type Out<D: Dim> = D;
            fn item(&self) -> SliceItem {
                let (start, stop, step) = self.bounds();
                SliceItem::Range { start, stop, step }
            }
        }
    )*};
}
ranges! {
    [] RangeFull, |_r| None, None;
    [<P: Position>] Range<P>, |r| Some(r.start.position()), Some(r.end.position());
    [<P: Position>] RangeFrom<P>, |r| Some(r.start.position()), None;
    [<P: Position>] RangeTo<P>, |r| None, Some(r.end.position());
    [<P: Position>] RangeInclusive<P>, |r| Some(r.start().position()), after(*r.end());
    [<P: Position>] RangeToInclusive<P>, |r| None, after(r.end);
}

/// The exclusive end of a range with the inclusive end `last`; -1 is the end of the axis, and so is what lies behind every axis.
fn after(last: impl Position) -> Option<isize> {
    last.position().checked_add(1).filter(|&end| end != 0)
}

/// What [`s!`](crate::s) makes: a tuple of items.
pub trait SliceSpec {
    /// The rank of the result, given that of the array.
    type Out<D: Dim>: Dim;
    /// The items as a list.
    type Items: AsRef<[SliceItem]>;
    /// The items as values.
    fn items(self) -> Self::Items;
}
macro_rules! tuples {
    ($($n:literal ($($A:ident)*) $out:ty;)*) => {$(
        impl<$($A: SliceArg),*> SliceSpec for ($($A,)*) {
            type Out<Dd: Dim> = $out;
            type Items = [SliceItem; $n];
            #[allow(non_snake_case)]
            fn items(self) -> [SliceItem; $n] {
                let ($($A,)*) = self;
                [$($A.item()),*]
            }
        }
    )*};
}
tuples! {
    1 (A) A::Out<Dd>;
    2 (A B) B::Out<A::Out<Dd>>;
    3 (A B C) C::Out<B::Out<A::Out<Dd>>>;
    4 (A B C D) D::Out<C::Out<B::Out<A::Out<Dd>>>>;
    5 (A B C D E) E::Out<D::Out<C::Out<B::Out<A::Out<Dd>>>>>;
    6 (A B C D E F) F::Out<E::Out<D::Out<C::Out<B::Out<A::Out<Dd>>>>>>;
    7 (A B C D E F G) G::Out<F::Out<E::Out<D::Out<C::Out<B::Out<A::Out<Dd>>>>>>>;
}
impl SliceSpec for Vec<SliceItem> {
    type Out<D: Dim> = crate::dim::Dyn;
    type Items = Vec<SliceItem>;
    fn items(self) -> Vec<SliceItem> {
        self
    }
}
impl SliceSpec for crate::AxisVec<SliceItem> {
    type Out<D: Dim> = crate::dim::Dyn;
    type Items = Self;
    fn items(self) -> Self {
        self
    }
}

impl<B: Backend, T: Element, D: Dim> Array<B, T, D> {
    /// The element at a full index, on the host.
    ///
    /// # Errors
    /// [`Error::Value`] for a wrong number of indices, [`Error::Index`] when one is out of bounds.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = array![[1, 2], [3, 4]];
    /// assert_eq!(x.get([1, -1])?, 4);
    /// assert_eq!(x.get([x.ndim() - 1, 0])?, 3);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn get<P: Position, const N: usize>(&self, index: [P; N]) -> Result<T> {
        if N != self.ndim() {
            return Err(Error::value("get", format!("{} given for {}", counted(N, "index", "indices"), axes_of(self.dims()))));
        }
        let mut at = self.offset() as isize;
        for (k, &i) in index.iter().enumerate() {
            at += normalize_index(i.position(), k, self.dims()[k])? as isize * self.strides()[k];
        }
        self.device().read(self.buffer(), at as usize)
    }

    /// Writes a scalar or an array, which is broadcast, to a slice.
    ///
    /// An array is a value. While another one shares its memory (a clone, a slice, a transpose), the first write copies the
    /// *whole* array, and the other one keeps what it had; so it is for everything that writes to an array. In a loop such a
    /// view, if it lives on, costs a copy of everything per round: let it end before the write, as the last example does, or
    /// take a [`copy`](Array::copy) of the slice.
    ///
    /// # Errors
    /// As for [`Array::slice`], and [`Error::Shape`] when the value does not broadcast to the slice.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let mut x = array![[1, 2], [3, 4]];
    /// let before = x.clone();
    /// x.set(s![.., 0], 9)?;
    /// assert_eq!(x.to_vec(), [9, 2, 9, 4]);
    /// assert_eq!(before.to_vec(), [1, 2, 3, 4]);
    ///
    /// let mut x = array![[1.0, 2.0], [0.0, 0.0], [0.0, 0.0]];
    /// let place = x.as_slice().map(<[f64]>::as_ptr);
    /// for i in 0..2 {
    ///     // The slice has ended when its product is there: the write is in place.
    ///     let next = x.slice(s![i])? * 2.0;
    ///     x.set(s![i + 1], &next)?;
    /// }
    /// assert_eq!((x.to_vec(), x.as_slice().map(<[f64]>::as_ptr)), (vec![1.0, 2.0, 2.0, 4.0, 4.0, 8.0], place));
    /// // This one lives on, and all of `x` is copied.
    /// let row = x.slice(s![0])?;
    /// x.set(s![0], 0.0)?;
    /// assert_eq!(row.to_vec(), [1.0, 2.0]);
    /// assert_ne!(x.as_slice().map(<[f64]>::as_ptr), place);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn set<S: SliceSpec, R>(&mut self, spec: S, value: R) -> Result<()>
    where
        R: IntoOperand<B, T, S::Out<D>, Elem = T>,
    {
        let value = value.into_operand();
        self.make_unique()?;
        let target = self.slice(spec)?;
        assign(&target, &value)
    }

    /// Writes an array, which is broadcast, to every element, in memory that other arrays may share: they see the write.
    /// For bindings to languages whose arrays are references.
    ///
    /// # Errors
    /// [`Error::Shape`] when the value does not broadcast to the array.
    ///
    /// # Safety
    /// No two elements of the array may share a place, the value must not share memory with it, and nobody may read or
    /// write the memory meanwhile.
    #[doc(hidden)]
    pub unsafe fn write_shared<E: Dim>(&self, value: &Array<B, T, E>) -> Result<()> {
        // SAFETY: passed on.
        unsafe { eval_onto(&value, self) }
    }

    /// Writes a scalar or an array, which is broadcast, where the mask holds. A view that is alive costs a copy of the whole
    /// array: [`Array::set`] says how to avoid it.
    ///
    /// # Errors
    /// [`Error::Broadcast`], [`Error::Shape`] when the mask or the value does not broadcast to the array.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let mut x = array![1.0, f64::NAN];
    /// let bad = x.isnan();
    /// x.set_where(&bad, 0.0)?;
    /// assert_eq!(x.to_vec(), [1.0, 0.0]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn set_where<E: Dim, R>(&mut self, mask: &Array<B, bool, E>, value: R) -> Result<()>
    where
        R: IntoOperand<B, T, D, Elem = T>,
    {
        let value = value.into_operand();
        self.make_unique()?;
        let chosen = mask.lazy().where_(Lazy::new(value), &*self);
        // SAFETY: `self` is alone on its memory, and is read where it is written.
        unsafe { eval_onto(&chosen.into_expr(), self) }
    }

    /// The elements where the mask holds, in row-major order. The mask has the shape of the array.
    ///
    /// # Errors
    /// [`Error::Shape`] when the shapes differ.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = array![-1, 2, -3, 4];
    /// assert_eq!(x.select(&x.greater(0))?.to_vec(), [2, 4]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn select(&self, mask: &Array<B, bool, D>) -> Result<Array<B, T, Ix1>> {
        if mask.dims() != self.dims() {
            return Err(Error::shape("select: mask", mask.dims(), format!("{:?}", self.dims())));
        }
        crate::expr::check_devices(Some(self.device()), Some(mask.device()))?;
        let found = self.device().compress(self.packed()?.buffer(), mask.packed()?.buffer());
        let (buffer, len) = found.map_err(|e| e.of_operand(T::DTYPE, self.dims()))?;
        Array::from_result(self.device(), buffer, &[len])
    }

    /// The elements at `indices` along an axis; negative indices count from the end. The axes of the indices, of which there
    /// may be any number, take the place of that axis: the shape is that of the array before the axis, of the indices, and of
    /// the array after the axis.
    ///
    /// # Errors
    /// [`Error::Axis`], [`Error::Index`] for the first index out of bounds, [`Error::Rank`] for more axes than an array can have.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = array![[1, 2], [3, 4], [5, 6]];
    /// assert_eq!(x.take(&array![2, 0], 0)?.to_vec(), [5, 6, 1, 2]);
    /// let pairs = x.take(&array![[0, 1], [1, -1]], 0)?;
    /// assert_eq!((pairs.shape(), pairs.to_vec()), ([2, 2, 2], vec![1, 2, 3, 4, 3, 4, 5, 6]));
    /// // One index drops the axis.
    /// assert_eq!(x.take(&array![1_i64].sum(..), -1)?.to_vec(), [2, 4, 6]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn take<I: Dim>(&self, indices: &Array<B, i64, I>, axis: impl Position) -> Result<Array<B, T, I::InPlaceOfAxis<D>>> {
        let axis = normalize_axis(axis.position(), self.ndim())?;
        crate::expr::check_devices(Some(self.device()), Some(indices.device()))?;
        let lanes = Lanes::along(self.dims(), axis);
        let buffer = self.device().take(self.packed()?.buffer(), lanes, indices.packed()?.buffer(), None);
        let buffer = buffer.map_err(|e| e.of_operand(T::DTYPE, self.dims()))?;
        Array::from_result(self.device(), buffer, &[&self.dims()[..axis], indices.dims(), &self.dims()[axis + 1..]].concat())
    }

    /// The elements at `indices` along an axis, with one list of indices per lane: `indices` has the shape of the array
    /// but along the axis.
    ///
    /// # Errors
    /// [`Error::Axis`], [`Error::Shape`] when another axis differs, [`Error::Index`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = array![[3, 1], [2, 4]];
    /// assert_eq!(x.take_along_axis(&x.argsort(-1, Ascending)?, -1)?.to_vec(), [1, 3, 2, 4]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn take_along_axis(&self, indices: &Array<B, i64, D>, axis: impl Position) -> Result<Self> {
        let axis = normalize_axis(axis.position(), self.ndim())?;
        crate::expr::check_devices(Some(self.device()), Some(indices.device()))?;
        let mut shape = self.dims().to_vec();
        shape[axis] = indices.dims().get(axis).copied().unwrap_or(0);
        let (x, indices) = if shape == indices.dims() {
            (self.packed()?, indices.packed()?)
        } else {
            // The other axes broadcast.
            let mut ours = self.dims().to_vec();
            let mut theirs = indices.dims().to_vec();
            if ours.len() != theirs.len() {
                return Err(Error::shape("take_along_axis: indices", indices.dims(), format!("rank {}", ours.len())));
            }
            let (n, m) = (core::mem::replace(&mut ours[axis], 1), core::mem::replace(&mut theirs[axis], 1));
            let mut common = crate::shape::broadcast_shapes(&ours, &theirs)?;
            common[axis] = n;
            let x = self.broadcast_to(common.clone())?.into_rank::<D>()?.packed()?;
            common[axis] = m;
            shape = common.clone();
            (x, indices.broadcast_to(common)?.into_rank::<D>()?.packed()?)
        };
        let lanes = Lanes::along(x.dims(), axis);
        let buffer = self.device().take(x.buffer(), lanes, indices.buffer(), Some(shape[axis])).map_err(|e| e.of_operand(T::DTYPE, self.dims()))?;
        Array::from_result(self.device(), buffer, &shape)
    }
}

impl<B: Backend, T: Element, D: Dim> Array<B, T, D> {
    /// Writes values to the positions that [`Array::take`] reads: a scalar, or an array that broadcasts to the shape of the
    /// array with the number of indices along the axis. Of a repeated index the last value stays.
    ///
    /// The write is in place unless another array shares the memory: a view that is alive costs a copy of the whole array, as
    /// [`Array::set`] explains.
    ///
    /// # Errors
    /// [`Error::Axis`], [`Error::Shape`], [`Error::Index`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// let mut x = array![[1, 2], [3, 4], [5, 6]];
    /// x.put(&array![2, 0], &array![[50, 60], [10, 20]], 0)?;
    /// assert_eq!(x.to_vec(), [10, 20, 3, 4, 50, 60]);
    /// x.put(&array![-1], 0, 1)?;
    /// assert_eq!(x.to_vec(), [10, 0, 3, 0, 50, 0]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn put<R>(&mut self, indices: &Array<B, i64, Ix1>, values: R, axis: impl Position) -> Result<()>
    where
        R: IntoOperand<B, T, D, Elem = T>,
    {
        self.scatter(indices, values.into_operand(), axis.position(), T::put)
    }

    /// Adds values at the positions that [`Array::take`] reads, as [`Array::put`] writes them, in place unless another array
    /// shares the memory; those of a repeated index all count, in order.
    ///
    /// # Errors
    /// As for [`Array::put`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// let mut counts = array![0, 0, 0];
    /// counts.put_add(&array![1, 1, 2], &array![1, 1, 1], 0)?;
    /// assert_eq!(counts.to_vec(), [0, 2, 1]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn put_add<R>(&mut self, indices: &Array<B, i64, Ix1>, values: R, axis: impl Position) -> Result<()>
    where
        T: Num,
        R: IntoOperand<B, T, D, Elem = T>,
    {
        self.scatter(indices, values.into_operand(), axis.position(), |device, x, lanes, at, values| device.put(x, lanes, at, values, true))
    }

    fn scatter<E, F>(&mut self, indices: &Array<B, i64, Ix1>, values: E, axis: isize, put: F) -> Result<()>
    where
        E: Expr<Backend = B, Elem = T>,
        F: FnOnce(&B, &mut B::Buffer<T>, Lanes, &B::Buffer<i64>, &B::Buffer<T>) -> Result<()>,
    {
        let axis = normalize_axis(axis, self.ndim())?;
        let mut expected = self.dims().to_vec();
        expected[axis] = indices.size();
        let given = values.shape()?;
        if broadcast_shapes(given.as_ref(), &expected).ok().as_ref() != Some(&expected) {
            return Err(Error::shape("put: values", given.as_ref(), format!("a shape that broadcasts to {expected:?}")));
        }
        crate::expr::check_devices(Some(self.device()), Some(indices.device()))?;
        let values = eval_or_stored(values, self.device())?.broadcast_to(expected)?.packed()?;
        let (indices, lanes) = (indices.packed()?, Lanes::along(self.dims(), axis));
        self.make_packed()?;
        let (device, buffer) = self.parts_mut();
        // The backend copies memory that others share, the values or indices among them.
        put(device, buffer, lanes, indices.buffer(), values.buffer()).map_err(|e| e.of_operand(T::DTYPE, self.dims()))
    }
}

/// `n` of something, for messages.
pub(crate) fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// A shape and its number of axes, for messages.
pub(crate) fn axes_of(dims: &[usize]) -> String {
    format!("shape {dims:?}, which has {}", counted(dims.len(), "axis", "axes"))
}

fn assign<E: Expr, D: Dim>(target: &Array<E::Backend, E::Elem, D>, value: &E) -> Result<()> {
    // SAFETY: the caller has made the memory of `target` unique; `value` was built before that and holds none of it.
    unsafe { eval_onto(value, target) }
}

/// Checks an index array against an axis, on the device.
pub(crate) fn check_indices<B: Backend>(indices: &Array<B, i64, Ix1>, axis: usize, len: usize) -> Result<()> {
    if indices.is_empty() {
        return Ok(());
    }
    let (low, high) = indices.lazy().reduce((Min, Max), ..).try_eval()?;
    match (low.item()?, high.item()?) {
        (low, _) if low < 0 => Err(Error::Index { index: low as isize, axis, len, operation: None }),
        (_, high) if high >= len as i64 => Err(Error::Index { index: high as isize, axis, len, operation: None }),
        _ => Ok(()),
    }
}
