//! The array type.

#[cfg(feature = "approx")]
mod approx;
mod create;
mod fmt;
mod host;
mod manipulate;
#[cfg(feature = "serde")]
mod serde;
mod shapes;
mod tiles;
mod views;

pub use create::{Indexing, Interval, NestedValues, arange, empty, eye, from_nested, full, linspace, meshgrid, ones, zeros};
pub use host::Iter;
pub use manipulate::{Shifts, broadcast_arrays, concat, repeat_each, stack, unstack};
pub use tiles::{RowTiles, Tiles};

use std::any::Any;

use crate::backend::Backend;
use crate::dim::{Dim, Dyn, IntoShape};
use crate::dtype::{DType, Element};
use crate::error::{Error, Result};
use crate::expr::eval_row_major;
use crate::shape::{contiguous_strides, is_contiguous, size_of_shape};

/// An n-dimensional array of elements `T` on backend `B`, of rank `D`.
///
/// A clone, a slice, a transpose share the memory; writing to shared memory copies it first. So arrays are values: no
/// write to one array is ever seen in another, and there are no lifetimes.
#[derive(Clone)]
pub struct Array<B: Backend, T: Element, D: Dim> {
    device: B,
    buffer: B::Buffer<T>,
    shape: D::Shape,
    strides: D::Strides,
    offset: usize,
}

impl<B: Backend, T: Element, D: Dim> Array<B, T, D> {
    /// The values of a function of the index, computed on the host in row-major order and moved to a device.
    ///
    /// # Errors
    /// As for [`Array::from_vec`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// let hilbert = Array::from_fn(&Cpu, [3, 3], |[i, j]| 1.0 / (i + j + 1) as f64)?;
    /// assert_eq!(hilbert.get([2, 1])?, 0.25);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn from_fn<S: IntoShape<Dim = D>>(device: &B, shape: S, mut f: impl FnMut(D::Shape) -> T) -> Result<Self> {
        let shape = checked_shape::<D>(shape.into_shape())?;
        let size = size_of_shape(shape.as_ref())?;
        let mut values = Vec::new();
        values.try_reserve_exact(size).map_err(|_| Error::out_of_memory("the host", size.saturating_mul(size_of::<T>())))?;
        let mut index = D::zero_shape(shape.as_ref().len());
        while values.len() < size {
            values.push(f(index.clone()));
            for (i, &len) in index.as_mut().iter_mut().zip(shape.as_ref()).rev() {
                *i += 1;
                if *i < len {
                    break;
                }
                *i = 0;
            }
        }
        Self::from_vec(device, values, shape)
    }

    /// Moves values, in row-major order, that are copied from a slice: [`Array::from_vec`].
    ///
    /// # Errors
    /// As for [`Array::from_vec`].
    pub fn from_slice<S: IntoShape<Dim = D>>(device: &B, values: &[T], shape: S) -> Result<Self> {
        Self::from_vec(device, values.to_vec(), shape)
    }

    /// Moves values, in row-major order, to a device.
    ///
    /// # Errors
    /// [`Error::Length`] when their number is not that of the shape; [`Error::OutOfMemory`], [`Error::UnsupportedDType`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = Array::from_vec(&Cpu, vec![1, 2, 3, 4, 5, 6], [2, 3])?;
    /// assert_eq!(x.shape(), [2, 3]);
    /// assert!(Array::from_vec(&Cpu, vec![1, 2], [3]).is_err());
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn from_vec<S: IntoShape<Dim = D>>(device: &B, values: Vec<T>, shape: S) -> Result<Self> {
        let shape = checked_shape::<D>(shape.into_shape())?;
        let expected = size_of_shape(shape.as_ref())?;
        if values.len() != expected {
            return Err(Error::Length { given: values.len(), shape: shape.as_ref().to_vec(), expected });
        }
        let buffer = device.upload(values)?;
        let strides = contiguous_strides::<D>(&shape);
        Ok(Array { device: device.clone(), buffer, shape, strides, offset: 0 })
    }

    /// The lengths of the axes: `[usize; N]`, or an [`AxisVec`](crate::AxisVec) for dynamic rank.
    #[must_use]
    pub fn shape(&self) -> D::Shape {
        self.shape.clone()
    }

    /// The lengths of the axes, borrowed.
    #[must_use]
    pub fn dims(&self) -> &[usize] {
        self.shape.as_ref()
    }

    /// The number of axes.
    #[must_use]
    pub fn ndim(&self) -> usize {
        self.dims().len()
    }

    /// The number of elements.
    #[must_use]
    pub fn size(&self) -> usize {
        self.dims().iter().product()
    }

    /// Whether there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dims().contains(&0)
    }

    /// The data type.
    #[must_use]
    pub fn dtype(&self) -> DType {
        T::DTYPE
    }

    /// The device it lives on.
    #[must_use]
    pub fn device(&self) -> &B {
        &self.device
    }

    /// Distances between neighbours along each axis, in elements.
    #[must_use]
    pub fn strides(&self) -> &[isize] {
        self.strides.as_ref()
    }

    /// Whether the elements lie in row-major order without gaps.
    #[must_use]
    pub fn is_contiguous(&self) -> bool {
        is_contiguous(self.dims(), self.strides())
    }

    /// The elements in row-major order, on the host. The only way, with [`Array::item`] and [`Array::get`], to read
    /// memory.
    ///
    /// # Errors
    /// When the device fails.
    pub fn to_host(&self) -> Result<Vec<T>> {
        let x = self.contiguous()?;
        self.device.download(&x.buffer, x.offset, x.size())
    }

    /// [`Array::to_host`] for code that cannot fail.
    ///
    /// # Panics
    /// When the device fails.
    #[must_use]
    #[track_caller]
    pub fn to_vec(&self) -> Vec<T> {
        use crate::error::OrMisuse;
        self.to_host().or_misuse()
    }

    /// The only element of an array of size 1.
    ///
    /// # Errors
    /// [`Error::Shape`] when there is not exactly one element.
    pub fn item(&self) -> Result<T> {
        if self.size() != 1 {
            return Err(Error::shape("item", self.dims(), "exactly one element"));
        }
        self.device.read(&self.buffer, self.offset)
    }

    /// Moves a copy to another backend or device. There is no other way across: no operation transfers in silence.
    ///
    /// # Errors
    /// When either device fails, or the other has no such dtype.
    pub fn to_backend<C: Backend>(&self, device: &C) -> Result<Array<C, T, D>> {
        // Devices of one backend may have a shorter way than by the host.
        let buffer: C::Buffer<T> = match (device as &dyn Any).downcast_ref::<B>() {
            Some(same) => {
                let packed = self.contiguous()?;
                let moved = packed.device.transfer(&packed.buffer, packed.offset, packed.size(), same)?;
                *(Box::new(moved) as Box<dyn Any>).downcast().expect("buffers of one backend have one type")
            }
            None => device.upload(self.to_host()?)?,
        };
        Ok(Array { device: device.clone(), buffer, shape: self.shape.clone(), strides: contiguous_strides::<D>(&self.shape), offset: 0 })
    }

    /// The same array with its rank known at run time.
    #[must_use]
    pub fn into_dyn(self) -> Array<B, T, Dyn> {
        let (shape, strides) = (self.dims().into(), self.strides().into());
        Array { device: self.device, buffer: self.buffer, shape, strides, offset: self.offset }
    }

    /// The same array with another type of rank.
    ///
    /// # Errors
    /// [`Error::Rank`] when the number of axes differs.
    pub fn into_rank<E: Dim>(self) -> Result<Array<B, T, E>> {
        let (shape, strides) = (E::shape_from(self.dims())?, E::strides_from(self.strides())?);
        Ok(Array { device: self.device, buffer: self.buffer, shape, strides, offset: self.offset })
    }

    /// A copy with memory of its own, in row-major order.
    ///
    /// # Errors
    /// When memory runs out or the device fails.
    pub fn copy(&self) -> Result<Self> {
        eval_row_major(self)
    }

    /// The array itself when it is in row-major order without gaps, otherwise a copy that is.
    ///
    /// # Errors
    /// As for [`Array::copy`].
    pub fn contiguous(&self) -> Result<Self> {
        if self.is_contiguous() { Ok(self.clone()) } else { self.copy() }
    }

    /// An array over existing memory.
    pub(crate) fn from_parts(device: B, buffer: B::Buffer<T>, shape: D::Shape, strides: D::Strides, offset: usize) -> Self {
        Array { device, buffer, shape, strides, offset }
    }

    /// An array over a whole new buffer in row-major order: how backends and extensions return results.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Rank`] when `shape` is not one of rank `D`.
    ///
    /// # Safety
    /// The buffer must hold as many elements as the shape has, all written, and no other handle to it may be written to.
    #[doc(hidden)]
    pub unsafe fn from_buffer(device: &B, buffer: B::Buffer<T>, shape: &[usize]) -> Result<Self> {
        Self::from_result(device, buffer, shape)
    }

    /// An array over a buffer with any strides: memory that was laid out by somebody else.
    ///
    /// # Safety
    /// Every position of the shape, from `offset` on with these strides, must be a written element of the buffer; the
    /// rank must be that of `D` and at most [`MAX_NDIM`](crate::MAX_NDIM).
    #[doc(hidden)]
    pub unsafe fn from_strided_buffer(device: &B, buffer: B::Buffer<T>, shape: D::Shape, strides: D::Strides, offset: usize) -> Self {
        Self::from_parts(device.clone(), buffer, shape, strides, offset)
    }

    /// [`Array::from_buffer`] for the results of a backend's methods, which hold what the backend promises.
    pub(crate) fn from_result(device: &B, buffer: B::Buffer<T>, shape: &[usize]) -> Result<Self> {
        let shape = D::shape_from(shape)?;
        size_of_shape(shape.as_ref())?;
        let strides = contiguous_strides::<D>(&shape);
        Ok(Array { device: device.clone(), buffer, shape, strides, offset: 0 })
    }

    /// The memory: for backends and extensions.
    #[doc(hidden)]
    pub fn buffer(&self) -> &B::Buffer<T> {
        &self.buffer
    }

    /// The memory, given away.
    pub(crate) fn into_buffer(self) -> B::Buffer<T> {
        self.buffer
    }

    /// The position of the first element in the memory: for backends and extensions.
    #[doc(hidden)]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The same array on a backend that shares this one's memory, `wrap` being its handle to that memory: for backends
    /// over another backend.
    ///
    /// # Panics
    /// When the handle has fewer elements.
    #[doc(hidden)]
    #[must_use]
    pub fn rewrap<C: Backend>(&self, device: &C, wrap: impl FnOnce(&B::Buffer<T>) -> C::Buffer<T>) -> Array<C, T, D> {
        let buffer = wrap(&self.buffer);
        assert!(C::len(&buffer) >= B::len(&self.buffer), "the same memory under another handle");
        Array { device: device.clone(), buffer, shape: self.shape.clone(), strides: self.strides.clone(), offset: self.offset }
    }

    /// A contiguous array that fills its buffer: what the lane operations of a backend take.
    pub(crate) fn packed(&self) -> Result<Self> {
        let whole = self.offset == 0 && self.size() == B::len(&self.buffer);
        if whole && self.is_contiguous() { Ok(self.clone()) } else { self.copy() }
    }

    /// Copies the array unless it fills its memory in row-major order from its start.
    pub(crate) fn make_packed(&mut self) -> Result<()> {
        *self = self.packed()?;
        Ok(())
    }

    /// The device, and the memory for a backend to write to.
    pub(crate) fn parts_mut(&mut self) -> (&B, &mut B::Buffer<T>) {
        (&self.device, &mut self.buffer)
    }

    /// The address of the first element, as kernels take it.
    pub(crate) fn address(&self) -> *const T {
        B::address(&self.buffer).wrapping_add(self.offset)
    }

    /// The buffer, when this array alone uses it and fills it from its start, with these strides, which leave no gaps.
    pub(crate) fn owned_buffer(&self, strides: &[isize]) -> Option<&B::Buffer<T>> {
        let lies_so = || self.dims().iter().zip(self.strides()).zip(strides).all(|((&n, own), wanted)| n == 1 || own == wanted);
        (self.offset == 0 && lies_so() && B::is_unique(&self.buffer)).then_some(&self.buffer)
    }

    /// Gives the array memory of its own, in row-major order, for whoever writes all of it: the elements may change.
    pub(crate) fn make_writable(&mut self) -> Result<()> {
        if !self.is_contiguous() || !B::is_unique(&self.buffer) {
            *self = self.copy()?;
        }
        Ok(())
    }

    /// Copies the array when another one shares its memory, or when two of its elements do.
    pub(crate) fn make_unique(&mut self) -> Result<()> {
        let overlaps = self.dims().iter().zip(self.strides()).any(|(&n, &s)| n > 1 && s == 0);
        if overlaps || !B::is_unique(&self.buffer) {
            *self = self.copy()?;
        }
        Ok(())
    }
}

/// A shape whose rank is within bounds.
fn checked_shape<D: Dim>(shape: D::Shape) -> Result<D::Shape> {
    D::shape_from(shape.as_ref())
}
