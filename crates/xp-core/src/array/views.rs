//! Views: other shapes over the same memory. All but `reshape` are O(1).

use super::Array;
use crate::axes::{Axes, NewAxes};
use crate::axis_vec::AxisVec;
use crate::backend::Backend;
use crate::dim::{Dim, IntoShape, Ix1};
use crate::dtype::Element;
use crate::error::{Error, Result};
use crate::indexing::{Position, SliceItem, SliceRange, SliceSpec, Stepped, axes_of, counted};
use crate::shape::{broadcast_shapes, broadcast_strides, contiguous_strides, normalize_axes, normalize_axis, normalize_index, size_of_shape};

impl<B: Backend, T: Element, D: Dim> Array<B, T, D> {
    pub(super) fn view<E: Dim>(&self, shape: &[usize], strides: &[isize], offset: usize) -> Result<Array<B, T, E>> {
        Ok(Array::from_parts(self.device().clone(), self.buffer().clone(), E::shape_from(shape)?, E::strides_from(strides)?, offset))
    }

    /// Shape and strides, to be changed.
    fn layout(&self) -> (AxisVec<usize>, AxisVec<isize>) {
        (self.dims().into(), self.strides().into())
    }

    /// A view of some elements, chosen per axis by [`s!`](crate::s): an index (drops the axis), a range with an optional
    /// step, [`NewAxis`](crate::NewAxis), [`Ellipsis`](crate::Ellipsis). Bounds beyond the axis are clamped, as in NumPy.
    ///
    /// # Errors
    /// [`Error::Index`] when an index is out of bounds, [`Error::Value`] for too many items and for step 0.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = array![[1, 2, 3], [4, 5, 6]];
    /// assert_eq!(x.slice(s![.., ..;-1])?.to_vec(), [3, 2, 1, 6, 5, 4]);
    /// assert_eq!(x.slice(s![-1, 1..])?.to_vec(), [5, 6]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn slice<S: SliceSpec>(&self, spec: S) -> Result<Array<B, T, S::Out<D>>> {
        let items = spec.items();
        let items = items.as_ref();
        let used = items.iter().filter(|i| matches!(i, SliceItem::At(_) | SliceItem::Range { .. })).count();
        let ndim = self.ndim();
        if used > ndim {
            let items = counted(used, "index or range", "indices and ranges");
            return Err(Error::value("slice", format!("{items} given for {}", axes_of(self.dims()))));
        }
        let (mut shape, mut strides) = (AxisVec::default(), AxisVec::default());
        let mut offset = self.offset() as isize;
        let (mut axis, mut ellipsis) = (0, false);
        let whole = SliceItem::Range { start: None, stop: None, step: 1 };
        let mut take = |item: &SliceItem, axis: &mut usize, offset: &mut isize| -> Result<()> {
            let (n, s) = (self.dims()[*axis], self.strides()[*axis]);
            match *item {
                SliceItem::At(i) => *offset += normalize_index(i, *axis, n)? as isize * s,
                SliceItem::Range { start, stop, step } => {
                    let (first, len) = resolve_range(start, stop, step, n)?;
                    *offset += first as isize * s;
                    shape.push(len);
                    strides.push(stride_of(s, step, len));
                }
                SliceItem::NewAxis | SliceItem::Ellipsis => unreachable!("handled below"),
            }
            *axis += 1;
            Ok(())
        };
        let mut new_axes = vec![];
        let mut produced = 0;
        for item in items {
            match item {
                SliceItem::NewAxis => new_axes.push(produced),
                SliceItem::Ellipsis if ellipsis => return Err(Error::value("slice", "more than one ellipsis given")),
                SliceItem::Ellipsis => {
                    ellipsis = true;
                    for _ in 0..ndim - used {
                        take(&whole, &mut axis, &mut offset)?;
                        produced += 1;
                    }
                }
                item => {
                    take(item, &mut axis, &mut offset)?;
                    produced += usize::from(matches!(item, SliceItem::Range { .. }));
                }
            }
        }
        while axis < ndim {
            take(&whole, &mut axis, &mut offset)?;
        }
        for (k, at) in new_axes.into_iter().enumerate() {
            shape.insert(at + k, 1);
            strides.insert(at + k, 0);
        }
        let offset = if shape.contains(&0) { 0 } else { offset as usize };
        self.view(&shape, &strides, offset)
    }

    /// A view of a range along one axis, which may be a number at run time; [`slice`](Array::slice) takes a range for each axis.
    ///
    /// # Errors
    /// [`Error::Axis`], [`Error::Value`] for step 0.
    ///
    /// ```
    /// use xp::Stepped;
    /// use xp::prelude::*;
    /// let x = array![[1, 2, 3], [4, 5, 6]];
    /// assert_eq!(x.slice_axis(1, 1..)?.to_vec(), [2, 3, 5, 6]);
    /// assert_eq!(x.slice_axis(-1, ..-2)?.to_vec(), [1, 4]);
    /// assert_eq!(x.slice_axis(1, Stepped(.., -2))?.to_vec(), [3, 1, 6, 4]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn slice_axis(&self, axis: impl Position, range: impl SliceRange) -> Result<Self> {
        let k = normalize_axis(axis.position(), self.ndim())?;
        let (start, stop, step) = range.bounds();
        let (first, len) = resolve_range(start, stop, step, self.dims()[k])?;
        let (mut shape, mut strides) = self.layout();
        let offset = if len == 0 { 0 } else { (self.offset() as isize + first as isize * strides[k]) as usize };
        shape[k] = len;
        strides[k] = stride_of(strides[k], step, len);
        self.view(&shape, &strides, offset)
    }

    /// A view at one position of one axis, which is dropped.
    ///
    /// # Errors
    /// [`Error::Axis`], [`Error::Index`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = array![[1, 2], [3, 4]];
    /// let [n, _] = x.shape();
    /// assert_eq!(x.index_axis(0, n - 1)?.to_vec(), [3, 4]);
    /// assert_eq!(x.index_axis(-1, 0)?.to_vec(), [1, 3]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn index_axis(&self, axis: impl Position, index: impl Position) -> Result<Array<B, T, D::Smaller>> {
        let k = normalize_axis(axis.position(), self.ndim())?;
        let i = normalize_index(index.position(), k, self.dims()[k])?;
        let (mut shape, mut strides) = self.layout();
        let offset = self.offset() as isize + i as isize * strides[k];
        shape.remove(k);
        strides.remove(k);
        self.view(&shape, &strides, offset as usize)
    }

    /// The array with its axes in reverse order.
    #[must_use]
    pub fn t(&self) -> Self {
        let (mut shape, mut strides) = (self.shape(), self.strides.clone());
        shape.as_mut().reverse();
        strides.as_mut().reverse();
        Array::from_parts(self.device().clone(), self.buffer().clone(), shape, strides, self.offset())
    }

    /// The array with its last two axes swapped: the standard's `matrix_transpose` and `mT`.
    ///
    /// # Errors
    /// [`Error::Rank`] for an array of rank below 2.
    pub fn matrix_transpose(&self) -> Result<Self> {
        let n = self.ndim();
        if n < 2 {
            return Err(Error::Rank { expected: 2, given: n });
        }
        let (mut shape, mut strides) = (self.shape(), self.strides.clone());
        shape.as_mut().swap(n - 1, n - 2);
        strides.as_mut().swap(n - 1, n - 2);
        Ok(Array::from_parts(self.device().clone(), self.buffer().clone(), shape, strides, self.offset()))
    }

    /// The array with its axes in another order: axis `k` of the result is axis `axes[k]`.
    ///
    /// # Errors
    /// [`Error::Axis`], [`Error::RepeatedAxis`], [`Error::Value`] when `axes` does not name every axis.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = zeros::<_, f64, _>(&Cpu, [2, 3, 4])?;
    /// assert_eq!(x.permute_dims(&[2, 0, 1])?.shape(), [4, 2, 3]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn permute_dims<P: Position>(&self, axes: &[P]) -> Result<Self> {
        let order = normalize_axes(axes, self.ndim())?;
        if order.len() != self.ndim() {
            return Err(Error::value("permute_dims: axes", format!("{order:?} given for an array of rank {}", self.ndim())));
        }
        let shape: Vec<_> = order.iter().map(|&k| self.dims()[k]).collect();
        let strides: Vec<_> = order.iter().map(|&k| self.strides()[k]).collect();
        self.view(&shape, &strides, self.offset())
    }

    /// The array with axes moved to other positions; the others keep their order.
    ///
    /// # Errors
    /// [`Error::Axis`], [`Error::RepeatedAxis`], [`Error::Value`] when the lists differ in length.
    pub fn moveaxis<P: Position, Q: Position>(&self, source: &[P], destination: &[Q]) -> Result<Self> {
        let (from, to) = (normalize_axes(source, self.ndim())?, normalize_axes(destination, self.ndim())?);
        if from.len() != to.len() {
            return Err(Error::value("moveaxis", format!("{} sources and {} destinations given", from.len(), to.len())));
        }
        let mut order: Vec<usize> = (0..self.ndim()).filter(|k| !from.contains(k)).collect();
        let mut moves: Vec<_> = to.into_iter().zip(from).collect();
        moves.sort_unstable();
        for (at, axis) in moves {
            order.insert(at, axis);
        }
        self.permute_dims(&order)
    }

    /// The array with its elements in reverse order along [`Axes`]: one, several, or all (`..`).
    ///
    /// # Errors
    /// [`Error::Axis`], [`Error::RepeatedAxis`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = array![[1, 2], [3, 4]];
    /// assert_eq!(x.flip(0)?.to_vec(), [3, 4, 1, 2]);
    /// assert_eq!(x.flip(..)?.to_vec(), [4, 3, 2, 1]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn flip<A: Axes>(&self, axes: A) -> Result<Self> {
        let mut out = self.clone();
        for k in axes.axes(self.ndim())? {
            out = out.slice_axis(k, Stepped(.., -1))?;
        }
        Ok(out)
    }

    /// The array with new axes of length 1, which are at these positions of the result: one, or several ([`NewAxes`]).
    ///
    /// # Errors
    /// [`Error::Axis`], [`Error::RepeatedAxis`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = array![1, 2];
    /// assert_eq!(x.expand_dims(-1)?.shape(), [2, 1]);
    /// assert_eq!(x.expand_dims([0, -1])?.shape(), [1, 2, 1]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn expand_dims<A: NewAxes>(&self, axes: A) -> Result<Array<B, T, A::Out<D>>> {
        let mut new = axes.new_axes(self.ndim())?;
        new.sort_unstable();
        let (mut shape, mut strides) = self.layout();
        for k in new {
            shape.insert(k, 1);
            strides.insert(k, 0);
        }
        self.view(&shape, &strides, self.offset())
    }

    /// The array without some [`Axes`] of length 1: one, several, or all (`..`). [`KeepDims`](crate::KeepDims) keeps them.
    ///
    /// # Errors
    /// [`Error::Axis`], [`Error::RepeatedAxis`], [`Error::Shape`] when an axis has another length.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = array![[[1], [2]]];
    /// assert_eq!(x.squeeze(0)?.shape(), [2, 1]);
    /// assert_eq!(x.squeeze([-1, 0])?.shape(), [2]);
    /// assert!(x.squeeze(..).is_err());
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn squeeze<A: Axes>(&self, axes: A) -> Result<Array<B, T, A::Out<D>>> {
        let over = axes.axes(self.ndim())?;
        if let Some(k) = over.iter().find(|&&k| self.dims()[k] != 1) {
            return Err(Error::shape("squeeze", self.dims(), format!("length 1 along axis {k}")));
        }
        let keep = |k: &usize| A::KEEP || !over.contains(k);
        let shape: AxisVec<_> = (0..self.ndim()).filter(keep).map(|k| self.dims()[k]).collect();
        let strides: AxisVec<_> = (0..self.ndim()).filter(keep).map(|k| self.strides()[k]).collect();
        self.view(&shape, &strides, self.offset())
    }

    /// The array repeated along axes of length 1 and new leading axes, without a copy.
    ///
    /// # Errors
    /// [`Error::Broadcast`], [`Error::Shape`] when `shape` is not what the two broadcast to.
    pub fn broadcast_to<S: IntoShape>(&self, shape: S) -> Result<Array<B, T, S::Dim>> {
        let shape = shape.into_shape();
        size_of_shape(shape.as_ref())?;
        if broadcast_shapes(self.dims(), shape.as_ref())? != shape.as_ref() {
            return Err(Error::shape("broadcast_to", self.dims(), format!("a shape that broadcasts to {:?}", shape.as_ref())));
        }
        let strides = broadcast_strides(self.dims(), self.strides(), shape.as_ref())?;
        self.view(shape.as_ref(), &strides, self.offset())
    }

    /// The elements in row-major order under another shape: a view when the strides allow it, otherwise a copy.
    ///
    /// # Errors
    /// [`Error::Length`] when the number of elements differs.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = arange(&Cpu, 0, 6, 1)?;
    /// assert_eq!(x.reshape([3, 2])?.t().reshape([6])?.to_vec(), [0, 2, 4, 1, 3, 5]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn reshape<S: IntoShape>(&self, shape: S) -> Result<Array<B, T, S::Dim>> {
        let shape = super::checked_shape::<S::Dim>(shape.into_shape())?;
        let expected = size_of_shape(shape.as_ref())?;
        if expected != self.size() {
            return Err(Error::Length { given: self.size(), shape: shape.as_ref().to_vec(), expected });
        }
        if let Some(strides) = reshaped_strides(self.dims(), self.strides(), shape.as_ref()) {
            return self.view(shape.as_ref(), &strides, self.offset());
        }
        let copy = self.copy()?;
        copy.view(shape.as_ref(), contiguous_strides::<S::Dim>(&shape).as_ref(), 0)
    }

    /// The elements in row-major order as a vector; a view when the strides allow it.
    ///
    /// # Errors
    /// When memory runs out or the device fails.
    pub fn ravel(&self) -> Result<Array<B, T, Ix1>> {
        self.reshape([self.size()])
    }

    /// The diagonal of the last two axes, `offset` above the main one, as a view.
    ///
    /// # Errors
    /// [`Error::Rank`] for an array of rank below 2.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![[1, 2], [3, 4]].diagonal(0)?.to_vec(), [1, 4]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn diagonal(&self, offset: isize) -> Result<Array<B, T, D::Smaller>> {
        let n = self.ndim();
        if n < 2 {
            return Err(Error::Rank { expected: 2, given: n });
        }
        let (rows, cols) = (self.dims()[n - 2] as isize, self.dims()[n - 1] as isize);
        let (row, col) = (offset.saturating_neg().max(0), offset.max(0));
        let len = (rows - row).min(cols - col).max(0);
        let (mut shape, mut strides) = self.layout();
        let start = self.offset() as isize + if len > 0 { row * strides[n - 2] + col * strides[n - 1] } else { 0 };
        let step = strides[n - 2] + strides[n - 1];
        shape.truncate(n - 2);
        strides.truncate(n - 2);
        shape.push(len as usize);
        strides.push(step);
        self.view(&shape, &strides, start as usize)
    }
}

/// The stride of a slice of `len` positions, which does not matter when there are no two of them: then the step may be
/// too large to multiply with.
fn stride_of(stride: isize, step: isize, len: usize) -> isize {
    if len > 1 { stride * step } else { stride }
}

/// The first position and the number of positions of a Python slice.
fn resolve_range(start: Option<isize>, stop: Option<isize>, step: isize, len: usize) -> Result<(usize, usize)> {
    if step == 0 {
        return Err(Error::value("slice", "step 0 given"));
    }
    let n = len as isize;
    let (low, high) = if step > 0 { (0, n) } else { (-1, n - 1) };
    let clamp = |i: isize| (if i < 0 { i.saturating_add(n) } else { i }).clamp(low, high);
    let first = start.map_or(if step > 0 { low } else { high }, clamp);
    let end = stop.map_or(if step > 0 { high } else { low }, clamp);
    let span = if step > 0 { end - first } else { first - end };
    if span <= 0 {
        return Ok((0, 0));
    }
    Ok((first as usize, (span as usize - 1) / step.unsigned_abs() + 1))
}

/// Strides under which the same memory, in the same order, has another shape; `None` when there are none.
pub(super) fn reshaped_strides(dims: &[usize], strides: &[isize], shape: &[usize]) -> Option<AxisVec<isize>> {
    let size: usize = dims.iter().product();
    if size == 0 {
        return Some(AxisVec::zeros(shape.len()));
    }
    // Groups of old axes that are one walk in memory, from the last one; each new axis must lie inside one of them.
    let mut groups: AxisVec<(usize, isize)> = AxisVec::default();
    for (&n, &s) in dims.iter().zip(strides).rev().filter(|(n, _)| **n != 1) {
        match groups.last_mut() {
            Some((len, step)) if s == *step * *len as isize => *len *= n,
            _ => groups.push((n, s)),
        }
    }
    let mut out = AxisVec::zeros(shape.len());
    let mut group = groups.into_iter();
    let (mut left, mut step) = group.next().unwrap_or((1, 1));
    for (slot, &n) in out.iter_mut().zip(shape).rev() {
        if n != 1 && left == 1 {
            (left, step) = group.next()?;
        }
        if n != 1 && left % n != 0 {
            return None;
        }
        *slot = step;
        left /= n;
        step *= n as isize;
    }
    Some(out)
}
