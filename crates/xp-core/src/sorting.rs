//! Sorting, searching, sets and cumulative functions.

use crate::array::{Array, concat, full};
use crate::backend::{Backend, Distinct, Lanes, Scan};
use crate::dim::{Dim, Ix1};
use crate::dtype::{Element, Num, Real};
use crate::error::{Error, Result};
use crate::expr::{Iota, Lazy};
use crate::indexing::Position;
use crate::s;
use crate::shape::normalize_axis;
use crate::wide::{converted, widened};

impl<B: Backend, T: Real, D: Dim> Array<B, T, D> {
    /// The elements in order along an axis. NaNs come last in ascending order, first in descending order. Stable.
    ///
    /// # Errors
    /// [`Error::Axis`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![[3, 1, 2]].sort(-1, Ascending)?.to_vec(), [1, 2, 3]);
    /// assert_eq!(array![3, 1, 2].sort(0, Descending)?.to_vec(), [3, 2, 1]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn sort(&self, axis: impl Position, order: Order) -> Result<Self> {
        let lanes = self.lanes(axis.position())?;
        let buffer = self.device().sort(self.packed()?.buffer(), lanes, order == Descending).map_err(|e| e.of_operand(T::DTYPE, self.dims()))?;
        Array::from_result(self.device(), buffer, self.dims())
    }

    /// The positions that sort the elements along an axis. Equal elements keep their order.
    ///
    /// # Errors
    /// [`Error::Axis`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![2.0, f64::NAN, 1.0].argsort(0, Ascending)?.to_vec(), [2, 0, 1]);
    /// assert_eq!(array![1, 2, 1].argsort(0, Descending)?.to_vec(), [1, 0, 2]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn argsort(&self, axis: impl Position, order: Order) -> Result<Array<B, i64, D>> {
        let lanes = self.lanes(axis.position())?;
        let buffer = self.device().argsort(self.packed()?.buffer(), lanes, order == Descending).map_err(|e| e.of_operand(T::DTYPE, self.dims()))?;
        Array::from_result(self.device(), buffer, self.dims())
    }

    fn lanes(&self, axis: isize) -> Result<Lanes> {
        Ok(Lanes::along(self.dims(), normalize_axis(axis, self.ndim())?))
    }
}

/// In which order elements are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The smallest first, NaN last.
    #[default]
    Ascending,
    /// The largest first, NaN before all.
    Descending,
}
pub use Order::{Ascending, Descending};

/// Which side of equal elements [`searchsorted`] inserts at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Before them.
    Left,
    /// After them.
    Right,
}

/// The positions at which `x2` goes into the sorted vector `x1` without breaking its order.
///
/// # Errors
/// [`Error::Device`] for two devices.
///
/// ```
/// use xp::prelude::*;
/// let at = searchsorted(&array![1, 3, 3, 5], &array![3, 9], Side::Left)?;
/// assert_eq!(at.to_vec(), [1, 4]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn searchsorted<B: Backend, T: Real, D: Dim>(x1: &Array<B, T, Ix1>, x2: &Array<B, T, D>, side: Side) -> Result<Array<B, i64, D>> {
    crate::expr::check_devices(Some(x1.device()), Some(x2.device()))?;
    let buffer = x1.device().searchsorted(x1.packed()?.buffer(), x2.packed()?.buffer(), side == Side::Right);
    let buffer = buffer.map_err(|e| e.of_operand(T::DTYPE, x2.dims()))?;
    Array::from_result(x1.device(), buffer, x2.dims())
}

/// The axis of a cumulative function: an integer, or one in [`WithInitial`].
#[diagnostic::on_unimplemented(message = "`{Self}` is no axis", note = "give an isize, i32 or usize, or one of them in `WithInitial`")]
pub trait ScanAxis {
    /// Whether the result begins with the value of no elements.
    const INITIAL: bool;
    /// The axis, counted from the end when negative.
    fn axis(&self) -> isize;
}
impl<P: Position> ScanAxis for P {
    const INITIAL: bool = false;
    fn axis(&self) -> isize {
        self.position()
    }
}

/// An axis along which a cumulative function begins with the value of no elements: the standard's `include_initial=True`.
#[derive(Clone, Copy, Debug)]
pub struct WithInitial<P>(pub P);
impl<P: Position> ScanAxis for WithInitial<P> {
    const INITIAL: bool = true;
    fn axis(&self) -> isize {
        self.0.position()
    }
}

impl<B: Backend, T: Num, D: Dim> Array<B, T, D> {
    /// Sums of the elements up to each one along an axis, in the dtype of [`Array::sum`]; with [`WithInitial`] one element
    /// longer, beginning with 0.
    ///
    /// # Errors
    /// [`Error::Axis`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = array![1_i64, 2, 3];
    /// assert_eq!(x.cumulative_sum(0)?.to_vec(), [1, 3, 6]);
    /// assert_eq!(x.cumulative_sum(WithInitial(0))?.to_vec(), [0, 1, 3, 6]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn cumulative_sum<A: ScanAxis>(&self, axis: A) -> Result<Array<B, T::Accum, D>> {
        self.cumulate(axis.axis(), Scan::Sum, A::INITIAL.then_some(T::Accum::ZERO))
    }

    /// Products of the elements up to each one along an axis, in the dtype of [`Array::prod`]; with [`WithInitial`] one
    /// element longer, beginning with 1.
    ///
    /// # Errors
    /// [`Error::Axis`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![[1_i64, 2], [3, 4]].cumulative_prod(0)?.to_vec(), [1, 2, 3, 8]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn cumulative_prod<A: ScanAxis>(&self, axis: A) -> Result<Array<B, T::Accum, D>> {
        self.cumulate(axis.axis(), Scan::Prod, A::INITIAL.then_some(T::Accum::ONE))
    }

    fn cumulate(&self, axis: isize, op: Scan, initial: Option<T::Accum>) -> Result<Array<B, T::Accum, D>> {
        let lanes = Lanes::along(self.dims(), normalize_axis(axis, self.ndim())?);
        let wide = widened(self).try_eval()?;
        let buffer = self.device().scan(op, wide.packed()?.buffer(), lanes).map_err(|e| e.of_operand(T::DTYPE, self.dims()))?;
        let out = converted(&Array::<B, T::Wide, D>::from_result(self.device(), buffer, self.dims())?)?;
        let Some(value) = initial else {
            return Ok(out);
        };
        let mut shape = self.dims().to_vec();
        shape[normalize_axis(axis, self.ndim())?] = 1;
        let first = full(self.device(), shape, value)?.into_rank::<D>()?;
        concat(&[first, out], axis)
    }
}

impl<B: Backend, T: Element, D: Dim> Array<B, T, D> {
    /// The positions of the elements that are neither zero nor `false`: one vector per axis, in row-major order.
    ///
    /// # Errors
    /// [`Error::Rank`] for a scalar array.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let at = array![[0, 7], [8, 0]].nonzero()?;
    /// assert_eq!((at[0].to_vec(), at[1].to_vec()), (vec![0, 1], vec![1, 0]));
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn nonzero(&self) -> Result<Vec<Array<B, i64, Ix1>>> {
        if self.ndim() == 0 {
            return Err(Error::Rank { expected: 1, given: 0 });
        }
        let n = self.size();
        let mask = self.lazy().astype::<bool>().try_eval()?.reshape([n])?;
        let flat = Lazy::new(Iota::<B, Ix1>::new(self.device(), [n], 0, [1])?).try_eval()?.select(&mask)?;
        if self.ndim() == 1 {
            return Ok(vec![flat]);
        }
        let mut inner = n as i64;
        self.dims()
            .iter()
            .map(|&len| {
                inner /= (len as i64).max(1);
                flat.lazy().floor_divide(inner.max(1)).remainder((len as i64).max(1)).try_eval()
            })
            .collect()
    }
}

/// The distinct elements of an array and where they are, as [`unique_all`] returns them.
#[derive(Clone, Debug)]
pub struct Unique<B: Backend, T: Element, D: Dim> {
    /// The distinct elements, real numbers in ascending order; every NaN is distinct.
    pub values: Array<B, T, Ix1>,
    /// The position, in the flattened array, of the first occurrence of each.
    pub indices: Array<B, i64, Ix1>,
    /// For every element of the array, the position of its value in `values`.
    pub inverse_indices: Array<B, i64, D>,
    /// How often each occurs.
    pub counts: Array<B, i64, Ix1>,
}

/// The distinct elements, their first positions, the way back, and the counts.
///
/// # Errors
/// When memory runs out or the device fails.
///
/// ```
/// use xp::prelude::*;
/// let u = unique_all(&array![3, 1, 3])?;
/// assert_eq!((u.values.to_vec(), u.indices.to_vec()), (vec![1, 3], vec![1, 0]));
/// assert_eq!((u.inverse_indices.to_vec(), u.counts.to_vec()), (vec![1, 0, 1], vec![1, 2]));
/// # Ok::<(), xp::Error>(())
/// ```
pub fn unique_all<B: Backend, T: Element, D: Dim>(x: &Array<B, T, D>) -> Result<Unique<B, T, D>> {
    let n = x.size();
    let flat = x.ravel()?;
    if let Some(Distinct { len, values, counts, places: Some([first, inverse]) }) = T::unique(&flat, true)? {
        let vector = |buffer| Array::from_result(x.device(), buffer, &[len]);
        let inverse_indices = Array::from_result(x.device(), inverse, x.dims())?;
        return Ok(Unique {
            values: Array::from_result(x.device(), values, &[len])?,
            indices: vector(first)?,
            inverse_indices,
            counts: vector(counts)?,
        });
    }
    let order = T::argsort(&flat)?;
    let sorted = flat.take(&order, 0)?;
    let starts = run_starts(&sorted)?;
    let values = sorted.select(&starts)?;
    let indices = order.select(&starts)?;
    let first = Lazy::new(Iota::<B, Ix1>::new(x.device(), [n], 0, [1])?).try_eval()?.select(&starts)?;
    let mut ends = first.slice(s![1..])?;
    ends = concat(&[ends, full(x.device(), [usize::from(n > 0)], n as i64)?], 0)?;
    let counts = (ends.into_lazy() - &first).try_eval()?;
    // The run of each sorted element, written back to where the element came from.
    let runs = (starts.lazy().astype::<i64>().try_eval()?.cumulative_sum(0)?.into_lazy() - 1).try_eval()?;
    let mut inverse = runs.zeros_like()?;
    inverse.put(&order, &runs, 0)?;
    Ok(Unique { values, indices, inverse_indices: inverse.reshape(x.dims())?.into_rank()?, counts })
}

/// The distinct elements in ascending order.
///
/// # Errors
/// When memory runs out or the device fails.
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(unique_values(&array![3, 1, 3])?.to_vec(), [1, 3]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn unique_values<B: Backend, T: Element, D: Dim>(x: &Array<B, T, D>) -> Result<Array<B, T, Ix1>> {
    let flat = x.ravel()?;
    if let Some(found) = T::unique(&flat, false)? {
        return Array::from_result(x.device(), found.values, &[found.len]);
    }
    let sorted = T::sort(&flat)?;
    sorted.select(&run_starts(&sorted)?)
}

/// The distinct elements in ascending order and how often each occurs.
///
/// # Errors
/// When memory runs out or the device fails.
pub fn unique_counts<B: Backend, T: Element, D: Dim>(x: &Array<B, T, D>) -> Result<(Array<B, T, Ix1>, Array<B, i64, Ix1>)> {
    let flat = x.ravel()?;
    if let Some(found) = T::unique(&flat, false)? {
        let counts = Array::from_result(x.device(), found.counts, &[found.len])?;
        return Ok((Array::from_result(x.device(), found.values, &[found.len])?, counts));
    }
    let u = unique_all(x)?;
    Ok((u.values, u.counts))
}

/// The distinct elements in ascending order and, for every element, the position of its value among them.
///
/// # Errors
/// When memory runs out or the device fails.
pub fn unique_inverse<B: Backend, T: Element, D: Dim>(x: &Array<B, T, D>) -> Result<(Array<B, T, Ix1>, Array<B, i64, D>)> {
    let u = unique_all(x)?;
    Ok((u.values, u.inverse_indices))
}

/// Where a sorted vector starts a run of equal elements.
fn run_starts<B: Backend, T: Element>(sorted: &Array<B, T, Ix1>) -> Result<Array<B, bool, Ix1>> {
    let mut starts = sorted.full_like(true)?;
    if sorted.size() > 1 {
        let differ = sorted.slice(s![1..])?.lazy().not_equal(&sorted.slice(s![..-1])?).try_eval()?;
        starts.set(s![1..], differ)?;
    }
    Ok(starts)
}

/// Whether each element of `x` is among `values`.
///
/// # Errors
/// [`Error::Device`] for two devices.
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(isin(&array![1, 2, 3], &array![3, 1])?.to_vec(), [true, false, true]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn isin<B: Backend, T: Real, D: Dim, E: Dim>(x: &Array<B, T, D>, values: &Array<B, T, E>) -> Result<Array<B, bool, D>> {
    let sorted = values.ravel()?.sort(0, Ascending)?;
    let (left, right) = (searchsorted(&sorted, x, Side::Left)?, searchsorted(&sorted, x, Side::Right)?);
    // NaN equals nothing, itself included.
    left.lazy().less(&right).logical_and(x.lazy().equal(x)).try_eval()?.into_rank()
}
