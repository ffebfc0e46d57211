//! Joining, splitting and repeating arrays.

use core::borrow::Borrow;

use super::Array;
use crate::axes::Axes;
use crate::axis_vec::AxisVec;
use crate::backend::Backend;
use crate::dim::{Dim, Dyn};
use crate::dtype::Element;
use crate::error::{Error, Result};
use crate::expr::eval_onto;
use crate::indexing::Position;
use crate::shape::{broadcast_shapes, contiguous_strides, normalize_axis, size_of_shape};

/// Joins arrays along an existing axis.
///
/// # Errors
/// [`Error::Value`] for no arrays, [`Error::Axis`], [`Error::Shape`] when another axis differs, [`Error::Device`].
///
/// ```
/// use xp::prelude::*;
/// let (a, b) = (array![[1, 2]], array![[3, 4], [5, 6]]);
/// assert_eq!(concat(&[&a, &b], 0)?.to_vec(), [1, 2, 3, 4, 5, 6]);
/// let parts = vec![a, b];
/// assert_eq!(concat(&parts, 0)?.shape(), [3, 2]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn concat<B: Backend, T: Element, D: Dim, A>(arrays: &[A], axis: impl Position) -> Result<Array<B, T, D>>
where
    A: Borrow<Array<B, T, D>>,
{
    let arrays: Vec<&Array<B, T, D>> = arrays.iter().map(Borrow::borrow).collect();
    joined(&arrays, axis.position())
}

fn joined<B: Backend, T: Element, D: Dim>(arrays: &[&Array<B, T, D>], axis: isize) -> Result<Array<B, T, D>> {
    let Some(first) = arrays.first() else {
        return Err(Error::value("concat", "no arrays given"));
    };
    let axis = normalize_axis(axis, first.ndim())?;
    let mut shape = first.shape();
    shape.as_mut()[axis] = 0;
    for x in arrays {
        let fits = x.ndim() == first.ndim() && x.dims().iter().zip(first.dims()).enumerate().all(|(k, (a, b))| k == axis || a == b);
        if !fits {
            return Err(Error::shape("concat", x.dims(), format!("{:?} but for axis {axis}", first.dims())));
        }
        crate::expr::check_devices(Some(first.device()), Some(x.device()))?;
        shape.as_mut()[axis] += x.dims()[axis];
    }
    // SAFETY: the parts below cover the memory.
    let buffer = unsafe { first.device().alloc(size_of_shape(shape.as_ref())?)? };
    let strides = contiguous_strides::<D>(&shape);
    let out = Array::from_parts(first.device().clone(), buffer, shape, strides, 0);
    let mut at = 0;
    for x in arrays {
        let end = at + x.dims()[axis];
        let part = out.slice_axis(axis, at..end)?;
        // SAFETY: the memory is new, and the parts do not overlap.
        unsafe { eval_onto(x, &part)? };
        at = end;
    }
    Ok(out)
}

/// Joins arrays of one shape along a new axis.
///
/// # Errors
/// [`Error::Value`] for no arrays, [`Error::Axis`], [`Error::Shape`] when two shapes differ, [`Error::Device`].
///
/// ```
/// use xp::prelude::*;
/// let (a, b) = (array![1, 2], array![3, 4]);
/// assert_eq!(stack(&[&a, &b], 1)?.to_vec(), [1, 3, 2, 4]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn stack<B: Backend, T: Element, D: Dim, A>(arrays: &[A], axis: impl Position) -> Result<Array<B, T, D::Larger>>
where
    A: Borrow<Array<B, T, D>>,
{
    let arrays: Vec<&Array<B, T, D>> = arrays.iter().map(Borrow::borrow).collect();
    let Some(first) = arrays.first() else {
        return Err(Error::value("stack", "no arrays given"));
    };
    if let Some(other) = arrays.iter().find(|x| x.dims() != first.dims()) {
        return Err(Error::shape("stack", other.dims(), format!("{:?}, the shape of the first array,", first.dims())));
    }
    let widened: Vec<_> = arrays.iter().map(|x| x.expand_dims(axis)).collect::<Result<_>>()?;
    concat(&widened, axis)
}

/// The arrays along an axis, as views.
///
/// # Errors
/// [`Error::Axis`].
pub fn unstack<B: Backend, T: Element, D: Dim>(x: &Array<B, T, D>, axis: impl Position) -> Result<Vec<Array<B, T, D::Smaller>>> {
    let k = normalize_axis(axis.position(), x.ndim())?;
    (0..x.dims()[k]).map(|i| x.index_axis(k, i)).collect()
}

/// Views of the arrays under the shape that all of them broadcast to.
///
/// # Errors
/// [`Error::Broadcast`].
pub fn broadcast_arrays<B: Backend, T: Element, D: Dim, A>(arrays: &[A]) -> Result<Vec<Array<B, T, Dyn>>>
where
    A: Borrow<Array<B, T, D>>,
{
    let arrays: Vec<&Array<B, T, D>> = arrays.iter().map(Borrow::borrow).collect();
    let mut shape = vec![];
    for x in &arrays {
        shape = broadcast_shapes(&shape, x.dims())?;
    }
    arrays.iter().map(|x| x.broadcast_to(shape.clone())).collect()
}

/// Every element along an axis repeated `n` times.
///
/// # Errors
/// [`Error::Axis`], [`Error::TooLarge`].
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(repeat_each(&array![1, 2], 2, 0)?.to_vec(), [1, 1, 2, 2]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn repeat_each<B: Backend, T: Element, D: Dim>(x: &Array<B, T, D>, n: usize, axis: impl Position) -> Result<Array<B, T, D>> {
    let k = normalize_axis(axis.position(), x.ndim())?;
    let mut wide = x.dims().to_vec();
    wide.insert(k + 1, n);
    let mut flat = x.dims().to_vec();
    flat[k] = flat[k].checked_mul(n).ok_or_else(|| Error::TooLarge { shape: wide.clone() })?;
    x.clone().into_dyn().expand_dims(k + 1)?.broadcast_to(wide)?.reshape(flat)?.into_rank()
}

/// How far [`Array::roll`] moves elements: one number, or a list with one for each axis.
pub trait Shifts {
    /// The numbers.
    fn shifts(&self) -> AxisVec<isize>;
}
impl<P: Position> Shifts for P {
    fn shifts(&self) -> AxisVec<isize> {
        [self.position()].into()
    }
}
impl<P: Position, const N: usize> Shifts for [P; N] {
    fn shifts(&self) -> AxisVec<isize> {
        (&self[..]).shifts()
    }
}
impl<P: Position> Shifts for &[P] {
    fn shifts(&self) -> AxisVec<isize> {
        self.iter().map(|shift| shift.position()).collect()
    }
}

impl<B: Backend, T: Element, D: Dim> Array<B, T, D> {
    /// The elements moved by some positions along [`Axes`]; those that leave one end come in at the other. One shift serves
    /// all axes, or there is one for each. Along `..`, the standard's `axis=None`, the array is rolled as if it were flat.
    ///
    /// # Errors
    /// [`Error::Axis`], [`Error::RepeatedAxis`], [`Error::Value`] when the numbers of shifts and axes do not fit.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = array![[1, 2], [3, 4]];
    /// assert_eq!(x.roll(1, 0)?.to_vec(), [3, 4, 1, 2]);
    /// assert_eq!(x.roll([1, -1], [0, 1])?.to_vec(), [4, 3, 2, 1]);
    /// assert_eq!(x.roll(1, ..)?.to_vec(), [4, 1, 2, 3]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn roll<A: Axes>(&self, shifts: impl Shifts, axes: A) -> Result<Self> {
        let shifts = shifts.shifts();
        if A::ALL {
            let [shift] = shifts[..] else {
                return Err(Error::value("roll: shifts", format!("{} given without axes: exactly one is needed", shifts.len())));
            };
            return self.ravel()?.rolled(shift, 0)?.reshape(self.dims())?.into_rank();
        }
        let axes = axes.axes(self.ndim())?;
        if shifts.len() != axes.len() && shifts.len() != 1 {
            return Err(Error::value("roll: shifts", format!("{} given for {} axes", shifts.len(), axes.len())));
        }
        axes.iter().enumerate().try_fold(self.clone(), |x, (i, &axis)| x.rolled(shifts[i % shifts.len()], axis))
    }

    fn rolled(&self, shift: isize, axis: usize) -> Result<Self> {
        let n = self.dims()[axis] as isize;
        if n == 0 {
            return Ok(self.clone());
        }
        let cut = n - shift.rem_euclid(n);
        let (head, tail) = (self.slice_axis(axis, ..cut)?, self.slice_axis(axis, cut..)?);
        concat(&[tail, head], axis)
    }

    /// The array laid out `repetitions[k]` times along axis `k`; missing leading repetitions or axes count as 1.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Rank`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![1, 2].tile(&[2, 2])?.to_vec(), [1, 2, 1, 2, 1, 2, 1, 2]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn tile(&self, repetitions: &[usize]) -> Result<Array<B, T, Dyn>> {
        let ndim = self.ndim().max(repetitions.len());
        let padded = |v: &[usize], k: usize| if k + v.len() < ndim { 1 } else { v[k + v.len() - ndim] };
        let (mut split, mut wide, mut flat) = (vec![], vec![], vec![]);
        for k in 0..ndim {
            let (r, n) = (padded(repetitions, k), padded(self.dims(), k));
            split.extend([1, n]);
            wide.extend([r, n]);
            flat.push(r.checked_mul(n).ok_or_else(|| Error::TooLarge { shape: repetitions.to_vec() })?);
        }
        self.reshape(split)?.broadcast_to(wide)?.reshape(flat)
    }
}
