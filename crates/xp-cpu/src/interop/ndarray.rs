//! [`ndarray`](https://docs.rs/ndarray) views and arrays.

use ndarray::{ArrayBase, ArrayView, ArrayViewMut, Axis, Data, Dimension, IxDyn, ShapeBuilder};
use xp_core::{Array, Dim, Dyn, Element, Error, Result};

use crate::Cpu;

/// An array as `ndarray` sees it, without a copy, whatever its strides. `into_dimensionality` gives it a static rank.
///
/// ```
/// use xp::prelude::*;
/// let x = array![[1, 2], [3, 4]].t();
/// let view = xp::cpu::interop::ndarray::view(&x);
/// assert_eq!(view, ndarray::arr2(&[[1, 3], [2, 4]]).into_dyn());
/// ```
pub fn view<T: Element, D: Dim>(x: &Array<Cpu, T, D>) -> ArrayView<'_, T, IxDyn> {
    let Walk { at, steps, backward } = Walk::of(x, super::start(x));
    // SAFETY: address, shape and strides are those of the array, whose elements are written, and which is borrowed as long
    // as the view lives: nobody writes to memory that an array holds.
    let mut view = unsafe { ArrayView::from_shape_ptr(IxDyn(x.dims()).strides(IxDyn(&steps)), at) };
    backward.into_iter().for_each(|axis| view.invert_axis(axis));
    view
}

/// An array as `ndarray` sees it, to be written. The array is copied first when it shares its memory with another one.
///
/// # Errors
/// When memory runs out.
///
/// ```
/// use xp::prelude::*;
/// let mut x = array![[1, 2], [3, 4]];
/// let before = x.clone();
/// xp::cpu::interop::ndarray::view_mut(&mut x)?[[0, 1]] = 20;
/// assert_eq!((x.to_vec(), before.to_vec()), (vec![1, 20, 3, 4], vec![1, 2, 3, 4]));
/// # Ok::<(), xp::Error>(())
/// ```
pub fn view_mut<T: Element, D: Dim>(x: &mut Array<Cpu, T, D>) -> Result<ArrayViewMut<'_, T, IxDyn>> {
    let start = x.as_mut_ptr()?;
    let Walk { at, steps, backward } = Walk::of(x, start);
    // SAFETY: address, shape and strides are those of the array, which is alone on its memory, where no two of its elements
    // share a place, and borrowed as long as the view lives.
    let mut view = unsafe { ArrayViewMut::from_shape_ptr(IxDyn(x.dims()).strides(IxDyn(&steps)), at.cast_mut()) };
    backward.into_iter().for_each(|axis| view.invert_axis(axis));
    Ok(view)
}

/// How `ndarray` walks an array: it takes steps from 0 on, so a backward axis starts at its end and is inverted after that.
struct Walk<T> {
    at: *const T,
    steps: Vec<usize>,
    backward: Vec<Axis>,
}

impl<T: Element> Walk<T> {
    fn of<D: Dim>(x: &Array<Cpu, T, D>, start: *const T) -> Self {
        let mut walk = Walk { at: start, steps: vec![], backward: vec![] };
        for (axis, (&n, &s)) in x.dims().iter().zip(x.strides()).enumerate() {
            if s < 0 && n > 1 {
                walk.at = walk.at.wrapping_offset(s * (n as isize - 1));
                walk.backward.push(Axis(axis));
            }
            walk.steps.push(if n > 1 { s.unsigned_abs() } else { 0 });
        }
        if x.is_empty() {
            walk.at = core::ptr::NonNull::dangling().as_ptr();
        }
        walk
    }
}

/// The elements of an `ndarray` array or view, copied.
///
/// # Errors
/// [`Error::Rank`] when the array has another rank than `D`; when memory runs out.
///
/// ```
/// use xp::prelude::*;
/// let theirs = ndarray::arr2(&[[1, 2], [3, 4]]);
/// let x: Array<Cpu, i32, Ix2> = xp::cpu::interop::ndarray::copy_of(&theirs.t())?;
/// assert_eq!(x.to_vec(), [1, 3, 2, 4]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn copy_of<T: Element, S: Data<Elem = T>, N: Dimension, D: Dim>(theirs: &ArrayBase<S, N>) -> Result<Array<Cpu, T, D>> {
    Array::<Cpu, T, Dyn>::from_vec(&Cpu, theirs.iter().copied().collect(), theirs.shape())?.into_rank()
}

/// An `ndarray` array as an array, in the same memory, whatever its strides.
///
/// # Errors
/// [`Error::Rank`] when the array has another rank than `D`.
///
/// ```
/// use xp::prelude::*;
/// let theirs = ndarray::arr2(&[[1.0, 2.0], [3.0, 4.0]]);
/// let address = theirs.as_ptr();
/// let x: Array<Cpu, f64, Ix2> = xp::cpu::interop::ndarray::adopt(theirs)?;
/// assert_eq!(x.to_vec(), [1.0, 2.0, 3.0, 4.0]);
/// assert_eq!(xp::cpu::interop::ndarray::view(&x).as_ptr(), address);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn adopt<T: Element, N: Dimension + 'static, D: Dim>(theirs: ndarray::Array<T, N>) -> Result<Array<Cpu, T, D>> {
    let (shape, strides) = (theirs.shape().to_vec(), theirs.strides().to_vec());
    if theirs.is_empty() {
        return Array::<Cpu, T, Dyn>::from_vec(&Cpu, vec![], shape)?.into_rank();
    }
    let (mut elements, offset) = theirs.into_raw_vec_and_offset();
    let offset = offset.ok_or_else(|| Error::value("ndarray", "an array with elements but without a first one given"))?;
    let memory = (elements.as_mut_ptr(), elements.len());
    // SAFETY: the elements are the vector's, which stay where they are when it is moved, and shape, strides and offset are
    // those of the array that was made of it.
    unsafe { super::adopt(elements, memory, &shape, &strides, offset) }
}
