//! Creation functions.

use core::borrow::Borrow;
use core::ops::{Range, RangeInclusive};

use super::{Array, checked_shape};
use crate::backend::Backend;
use crate::dim::{Dim, DimBase, IntoShape, Ix0, Ix1, Ix2, Rank};
use crate::dtype::{Element, Floating, Kind, Num, Real};
use crate::error::{Error, Result};
use crate::expr::{Iota, Lazy, Scalar, eval_onto};
use crate::ops::{Add, Equal, LessEqual, Multiply};
use crate::s;
use crate::shape::{contiguous_strides, size_of_shape};

/// An array whose elements are all `value`.
///
/// # Errors
/// [`Error::TooLarge`], [`Error::OutOfMemory`], [`Error::UnsupportedDType`].
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(full(&Cpu, [2, 2], 7)?.to_vec(), [7, 7, 7, 7]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn full<B: Backend, T: Element, S: IntoShape>(device: &B, shape: S, value: T) -> Result<Array<B, T, S::Dim>> {
    let shape = checked_shape::<S::Dim>(shape.into_shape())?;
    // SAFETY: every element is written below.
    let buffer = unsafe { device.alloc(size_of_shape(shape.as_ref())?)? };
    let strides = contiguous_strides::<S::Dim>(&shape);
    let out = Array::from_parts(device.clone(), buffer, shape, strides, 0);
    // SAFETY: the memory is new.
    unsafe { eval_onto(&Scalar::<B, T, Ix0>::new(value), &out)? };
    Ok(out)
}

/// An array of zeros (`false` for booleans).
///
/// # Errors
/// As for [`full`].
pub fn zeros<B: Backend, T: Element, S: IntoShape>(device: &B, shape: S) -> Result<Array<B, T, S::Dim>> {
    full(device, shape, T::default())
}

/// An array of ones.
///
/// # Errors
/// As for [`full`].
pub fn ones<B: Backend, T: Num, S: IntoShape>(device: &B, shape: S) -> Result<Array<B, T, S::Dim>> {
    full(device, shape, T::ONE)
}

/// An array whose elements are not specified by the standard; here they are zero, so that no program depends on chance.
///
/// # Errors
/// As for [`full`].
pub fn empty<B: Backend, T: Element, S: IntoShape>(device: &B, shape: S) -> Result<Array<B, T, S::Dim>> {
    zeros(device, shape)
}

/// The numbers `start, start + step, ...` before `stop`.
///
/// # Errors
/// [`Error::Value`] when `step` is zero or a bound is not finite; otherwise as for [`full`].
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(arange(&Cpu, 2, 9, 3)?.to_vec(), [2, 5, 8]);
/// assert_eq!(arange(&Cpu, 1.0, 0.0, -0.5)?.to_vec(), [1.0, 0.5]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn arange<B: Backend, T: Real>(device: &B, start: T, stop: T, step: T) -> Result<Array<B, T, Ix1>> {
    let (a, b, h) = (start.to_f64(), stop.to_f64(), step.to_f64());
    if h == 0.0 || !(a.is_finite() && b.is_finite() && h.is_finite()) {
        return Err(Error::value("arange", format!("start {start}, stop {stop} and step {step} given: they must be finite, and the step not zero")));
    }
    let n = if crate::dtype::isdtype(T::DTYPE, &[Kind::SignedInteger, Kind::UnsignedInteger]) {
        // Exact, where doubles are not.
        let whole = |x: T| if T::LOWEST < T::ZERO { i128::from(x.cast::<i64>()) } else { i128::from(x.cast::<u64>()) };
        let (span, step) = (whole(stop) - whole(start), whole(step));
        (span / step + i128::from(span % step != 0 && (span > 0) == (step > 0))).max(0)
    } else {
        ((b - a) / h).ceil().max(0.0) as i128
    };
    if n >= isize::MAX as i128 {
        return Err(Error::TooLarge { shape: vec![usize::MAX] });
    }
    let position = Lazy::new(Iota::<B, Ix1>::new(device, [n as usize], 0, [1])?);
    if T::DTYPE.kind() == Kind::RealFloating {
        // Halves have few whole numbers, and a multiple of the step may be beyond their range where the element is not.
        let scaled = position.astype::<T::Wide>().apply2(Multiply, step.cast::<T::Wide>());
        return scaled.apply2(Add, start.cast::<T::Wide>()).astype::<T>().try_eval();
    }
    position.astype::<T>().apply2(Multiply, step).apply2(Add, start).try_eval()
}

/// `num` evenly spaced numbers of a range, which ends with its last number (`a..=b`, the standard's default) or before it
/// (`a..b`, the standard's `endpoint=False`).
///
/// # Errors
/// As for [`full`].
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(linspace(&Cpu, 0.0..=1.0, 5)?.to_vec(), [0.0, 0.25, 0.5, 0.75, 1.0]);
/// assert_eq!(linspace(&Cpu, 0.0..1.0, 4)?.to_vec(), [0.0, 0.25, 0.5, 0.75]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn linspace<B: Backend, T: Floating>(device: &B, range: impl Interval<T>, num: usize) -> Result<Array<B, T, Ix1>> {
    let (start, stop, endpoint) = range.bounds();
    let parts = if endpoint { num.saturating_sub(1) } else { num };
    // Halves are made from wider numbers: they have few whole numbers, and the difference may be beyond their range.
    let position = Lazy::new(Iota::<B, Ix1>::new(device, [num], 0, [1])?).astype::<T::Wide>();
    let (from, to) = (start.cast::<T::Wide>(), stop.cast::<T::Wide>());
    let step = if parts == 0 { T::Wide::ZERO } else { (to - from) / T::Wide::from_usize(parts) };
    let mut out = (position * step + from).astype::<T>().try_eval()?;
    if endpoint && num > 1 {
        // The last one exactly, whatever the rounding of the step.
        out.set(s![-1], stop)?;
    }
    Ok(out)
}

/// A range of numbers with its end (`a..=b`) or without it (`a..b`).
pub trait Interval<T> {
    /// The first number, the last one, and whether the last one belongs to it.
    fn bounds(self) -> (T, T, bool);
}
impl<T> Interval<T> for Range<T> {
    fn bounds(self) -> (T, T, bool) {
        (self.start, self.end, false)
    }
}
impl<T> Interval<T> for RangeInclusive<T> {
    fn bounds(self) -> (T, T, bool) {
        let (start, end) = self.into_inner();
        (start, end, true)
    }
}

/// A matrix with ones on its `k`-th diagonal (above the main one when positive) and zeros elsewhere.
///
/// # Errors
/// As for [`full`].
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(eye::<_, i32>(&Cpu, 2, 3, 1)?.to_vec(), [0, 1, 0, 0, 0, 1]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn eye<B: Backend, T: Num>(device: &B, n_rows: usize, n_cols: usize, k: isize) -> Result<Array<B, T, Ix2>> {
    let column_minus_row = Iota::<B, Ix2>::new(device, [n_rows, n_cols], 0, [-1, 1])?;
    Lazy::new(column_minus_row).apply2(Equal, k as i64).astype::<T>().try_eval()
}

impl<B: Backend, T: Element, D: Dim> Array<B, T, D> {
    /// An array of the same shape and device, filled with `value`.
    ///
    /// # Errors
    /// As for [`full`].
    pub fn full_like<U: Element>(&self, value: U) -> Result<Array<B, U, D>> {
        full(self.device(), self.dims(), value)?.into_rank()
    }

    /// An array of zeros of the same shape, dtype and device.
    ///
    /// # Errors
    /// As for [`full`].
    pub fn zeros_like(&self) -> Result<Self> {
        self.full_like(T::default())
    }

    /// An array of ones of the same shape, dtype and device.
    ///
    /// # Errors
    /// As for [`full`].
    pub fn ones_like(&self) -> Result<Self>
    where
        T: Num,
    {
        self.full_like(T::ONE)
    }

    /// The lower triangle of the last two axes: zeros above the `k`-th diagonal.
    ///
    /// # Errors
    /// [`Error::Rank`] for an array of rank below 2; otherwise as for [`full`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![[1, 2], [3, 4]].tril(0)?.to_vec(), [1, 0, 3, 4]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn tril(&self, k: isize) -> Result<Self> {
        self.triangle(k, 1)
    }

    /// The upper triangle of the last two axes: zeros below the `k`-th diagonal.
    ///
    /// # Errors
    /// As for [`Array::tril`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![[1, 2], [3, 4]].triu(1)?.to_vec(), [0, 2, 0, 0]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn triu(&self, k: isize) -> Result<Self> {
        self.triangle(k, -1)
    }

    fn triangle(&self, k: isize, side: isize) -> Result<Self> {
        let ndim = self.ndim();
        if ndim < 2 {
            return Err(Error::Rank { expected: 2, given: ndim });
        }
        let mut steps = D::zero_strides(ndim);
        steps.as_mut()[ndim - 1] = side;
        steps.as_mut()[ndim - 2] = -side;
        let inside = Lazy::new(Iota::<B, D>::new(self.device(), self.shape(), 0, steps)?).apply2(LessEqual, side.saturating_mul(k) as i64);
        inside.where_(self, T::default()).try_eval()?.into_rank()
    }
}

/// Which axis of a grid belongs to which vector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Indexing {
    /// Columns to the first vector, rows to the second: the standard's default.
    #[default]
    Xy,
    /// Axis `k` to vector `k`, as of a matrix.
    Ij,
}

/// Coordinate arrays of a grid: one per vector, each of the grid's shape.
///
/// # Errors
/// As for [`full`].
///
/// ```
/// use xp::prelude::*;
/// let (x, y) = (array![1, 2, 3], array![10, 20]);
/// let grid = meshgrid(&[&x, &y], Indexing::Ij)?;
/// assert_eq!(grid[1].to_vec(), [10, 20, 10, 20, 10, 20]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn meshgrid<B: Backend, T: Element>(vectors: &[impl Borrow<Array<B, T, Ix1>>], indexing: Indexing) -> Result<Vec<Array<B, T, crate::dim::Dyn>>> {
    let vectors: Vec<_> = vectors.iter().map(Borrow::borrow).collect();
    let (n, xy) = (vectors.len(), indexing == Indexing::Xy);
    let place = |k: usize| if xy && n >= 2 && k < 2 { 1 - k } else { k };
    let mut shape = vec![0; n];
    for (k, v) in vectors.iter().enumerate() {
        shape[place(k)] = v.dims()[0];
    }
    vectors
        .iter()
        .enumerate()
        .map(|(k, v)| {
            let mut own = vec![1; n];
            own[place(k)] = v.dims()[0];
            v.reshape(own)?.broadcast_to(shape.clone())?.copy()
        })
        .collect()
}

/// Values in nested Rust arrays: what [`array!`](crate::array) takes. `T` is the dtype, so that the type of a literal
/// follows from how the array is used.
pub trait NestedValues<T: Element> {
    /// The depth of nesting.
    type Dim: Dim;
    /// Appends the values in row-major order.
    fn flatten_into(self, out: &mut Vec<T>);
    /// The lengths of the levels, from the outside in.
    fn dims(&self, out: &mut Vec<usize>);
}
impl<T: Element, const N: usize, V: NestedValues<T>> NestedValues<T> for [V; N] {
    type Dim = <V::Dim as DimBase>::Larger;
    fn flatten_into(self, out: &mut Vec<T>) {
        for v in self {
            v.flatten_into(out);
        }
    }
    fn dims(&self, out: &mut Vec<usize>) {
        out.push(N);
        if let Some(v) = self.first() {
            v.dims(out);
        } else {
            out.extend(vec![0; <V::Dim as DimBase>::NDIM.unwrap_or(0)]);
        }
    }
}
impl<T: Element> NestedValues<T> for T {
    type Dim = Rank<0>;
    fn flatten_into(self, out: &mut Vec<T>) {
        out.push(self);
    }
    fn dims(&self, _: &mut Vec<usize>) {}
}

/// An array from nested Rust arrays: what [`array!`](crate::array) calls.
///
/// # Errors
/// When there is no default device, or as for [`full`].
pub fn from_nested<B: Backend, T: Element, V: NestedValues<T>>(device: &B, values: V) -> Result<Array<B, T, V::Dim>> {
    let mut dims = vec![];
    values.dims(&mut dims);
    let mut flat = vec![];
    values.flatten_into(&mut flat);
    Array::from_vec(device, flat, dims)?.into_rank()
}
