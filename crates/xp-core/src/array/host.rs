//! Elements in memory that the host reads and writes: slices, iterators, indexing, closures.

use core::ops::{Index, IndexMut};

use super::Array;
use crate::axis_vec::AxisVec;
use crate::backend::HostMemory;
use crate::dim::{Dim, Dyn, Ix1, Rank};
use crate::dtype::Element;
use crate::error::{Error, OrMisuse, Result};
use crate::shape::{broadcast_shapes, contiguous_strides, size_of_shape};

impl<B: HostMemory, T: Element, D: Dim> Array<B, T, D> {
    /// The elements, when they lie in row-major order without gaps; `None` otherwise ([`Array::contiguous`] makes it so).
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = array![[1, 2], [3, 4]];
    /// assert_eq!(x.as_slice(), Some(&[1, 2, 3, 4][..]));
    /// assert_eq!(x.t().as_slice(), None);
    /// ```
    #[must_use]
    pub fn as_slice(&self) -> Option<&[T]> {
        if self.is_empty() {
            return Some(&[]);
        }
        // SAFETY: the host reads this memory, whose elements are written, and nobody writes to memory that an array holds
        // while it is borrowed.
        self.is_contiguous().then(|| unsafe { core::slice::from_raw_parts(self.address(), self.size()) })
    }

    /// The elements, to be written, in row-major order. The array is copied first when it shares its memory with another
    /// one or does not lie in row-major order without gaps.
    ///
    /// # Errors
    /// When memory runs out.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let mut x = array![[1, 2], [3, 4]];
    /// let before = x.clone();
    /// x.as_mut_slice()?[3] = 40;
    /// assert_eq!(x.to_vec(), [1, 2, 3, 40]);
    /// assert_eq!(before.to_vec(), [1, 2, 3, 4]); // arrays are values
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn as_mut_slice(&mut self) -> Result<&mut [T]> {
        if self.is_empty() {
            return Ok(&mut []);
        }
        if !self.is_contiguous() {
            *self = self.copy()?;
        }
        let start = self.as_mut_ptr()?;
        // SAFETY: the array is alone on memory that the host writes, with as many written elements, and is borrowed.
        Ok(unsafe { core::slice::from_raw_parts_mut(start, self.size()) })
    }

    /// The address of the first element, for code that writes through strides. The array is copied first when it shares its
    /// memory with another one.
    ///
    /// The address is valid until the array is used in another way.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn as_mut_ptr(&mut self) -> Result<*mut T> {
        self.make_unique()?;
        Ok(self.address().cast_mut())
    }

    /// The elements in row-major order, whatever the strides, without a copy.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = array![[1, 2], [3, 4]];
    /// assert_eq!(x.t().iter().collect::<Vec<_>>(), [1, 3, 2, 4]);
    /// assert_eq!(x.iter().filter(|v| v % 2 == 0).count(), 2);
    /// ```
    pub fn iter(&self) -> Iter<'_, T> {
        let mut iter =
            Iter { row: Row { at: self.address(), left: 0, step: 1 }, outer: AxisVec::default(), elem: core::marker::PhantomData, left: self.size() };
        if self.is_contiguous() {
            iter.row.left = self.size();
        } else if !self.is_empty() {
            let last = self.ndim() - 1;
            iter.row = Row { at: self.address(), left: self.dims()[last], step: self.strides()[last] };
            for k in 0..last {
                iter.outer.push(Walk { len: self.dims()[k], left: self.dims()[k], step: self.strides()[k] });
            }
            iter.outer.push(Walk { len: self.dims()[last], left: 0, step: self.strides()[last] });
        }
        iter
    }

    /// What a closure makes of every element.
    ///
    /// It runs on one thread, element by element, in row-major order. Where an operation of the standard or a
    /// [lazy](Array::lazy) expression says the same, that is many times faster and runs on every backend.
    ///
    /// # Panics
    /// When memory runs out.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = array![[1, 2], [3, 4]];
    /// assert_eq!(x.map(|v| f64::from(v) / 2.0).to_vec(), [0.5, 1.0, 1.5, 2.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn map<U: Element>(&self, f: impl FnMut(T) -> U) -> Array<B, U, D> {
        collected(self.device(), self.iter().map(f), self.shape())
    }

    /// What a closure makes of every pair of elements, after both arrays are broadcast to one shape; on one thread, as
    /// [`Array::map`].
    ///
    /// # Panics
    /// When the shapes do not broadcast, or memory runs out.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let (x, y) = (array![[1, 2], [3, 4]], array![10, 20]);
    /// assert_eq!(x.zip(&y, |a, b| b - a).to_vec(), [9, 18, 7, 16]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn zip<U: Element, V: Element, E: Dim>(&self, other: &Array<B, U, E>, mut f: impl FnMut(T, U) -> V) -> Array<B, V, D::Max<E>> {
        let shape = broadcast_shapes(self.dims(), other.dims()).or_misuse();
        let (a, b) = (self.broadcast_to(&shape).or_misuse(), other.broadcast_to(&shape).or_misuse());
        let shape = <D::Max<E> as Dim>::shape_from(&shape).or_misuse();
        collected(self.device(), a.iter().zip(b.iter()).map(|(a, b)| f(a, b)), shape)
    }
}

/// The elements of an array in row-major order: [`Array::iter`].
#[derive(Clone, Debug)]
pub struct Iter<'a, T> {
    /// What is left of the innermost row.
    row: Row<T>,
    /// Where the walk stands along every axis, the last one included; empty when all elements are one row.
    outer: AxisVec<Walk>,
    elem: core::marker::PhantomData<&'a T>,
    left: usize,
}
#[derive(Clone, Copy, Debug)]
struct Row<T> {
    at: *const T,
    left: usize,
    step: isize,
}
#[derive(Clone, Copy, Debug)]
struct Walk {
    len: usize,
    /// Positions that are left, this one included; of the last axis, 0.
    left: usize,
    step: isize,
}
// SAFETY: the iterator reads elements of a borrowed array, as a shared slice would.
unsafe impl<T: Sync> Send for Iter<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Iter<'_, T> {}

impl<T: Copy> Iter<'_, T> {
    /// Goes to the start of the next row. There must be one.
    fn next_row(&mut self) {
        let (last, axes) = self.outer.split_last_mut().expect("more than one row");
        // Back to the start of the row that has ended.
        let mut at = self.row.at.wrapping_offset(-(last.len as isize) * last.step);
        for axis in axes.iter_mut().rev() {
            axis.left -= 1;
            if axis.left > 0 {
                at = at.wrapping_offset(axis.step);
                break;
            }
            at = at.wrapping_offset(-(axis.len as isize - 1) * axis.step);
            axis.left = axis.len;
        }
        self.row = Row { at, left: last.len, step: last.step };
    }
}

impl<T: Copy> Iterator for Iter<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        if self.row.left == 0 {
            if self.left == 0 {
                return None;
            }
            self.next_row();
        }
        // SAFETY: a position of the array, which is borrowed and whose elements are written.
        let value = unsafe { *self.row.at };
        self.row.at = self.row.at.wrapping_offset(self.row.step);
        self.row.left -= 1;
        self.left -= 1;
        Some(value)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }

    #[inline]
    fn fold<A, F: FnMut(A, T) -> A>(mut self, mut acc: A, mut f: F) -> A {
        while self.left > 0 {
            if self.row.left == 0 {
                self.next_row();
            }
            let Row { at, left, step } = self.row;
            for k in 0..left as isize {
                // SAFETY: a position of the array, which is borrowed and whose elements are written.
                acc = f(acc, unsafe { *at.wrapping_offset(k * step) });
            }
            self.row.at = at.wrapping_offset(left as isize * step);
            self.row.left = 0;
            self.left -= left;
        }
        acc
    }
}
impl<T: Copy> ExactSizeIterator for Iter<'_, T> {}
impl<T: Copy> core::iter::FusedIterator for Iter<'_, T> {}

impl<'a, B: HostMemory, T: Element, D: Dim> IntoIterator for &'a Array<B, T, D> {
    type Item = T;
    type IntoIter = Iter<'a, T>;
    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

/// The position of an element in memory, relative to the first one of the array.
#[track_caller]
fn position(index: &[usize], dims: &[usize], strides: &[isize]) -> isize {
    assert!(index.len() == dims.len(), "{} indices given for an array of rank {}", index.len(), dims.len());
    let mut at = 0;
    for (axis, ((&i, &len), &step)) in index.iter().zip(dims).zip(strides).enumerate() {
        assert!(i < len, "index {i} is out of bounds for axis {axis} of length {len}: index {index:?} of shape {dims:?}");
        at += i as isize * step;
    }
    at
}

macro_rules! indexing {
    ($($rank:ty: [$($bound:tt)*];)*) => {$(
        /// The element at a full index, counted from the start; [`Array::get`] counts from the end too, and returns errors.
        ///
        /// # Panics
        /// When the index is out of bounds.
        impl<B: HostMemory, T: Element, const N: usize> Index<[usize; N]> for Array<B, T, $rank> $($bound)* {
            type Output = T;
            #[inline]
            #[track_caller]
            fn index(&self, index: [usize; N]) -> &T {
                let at = self.address().wrapping_offset(position(&index[..], self.dims(), self.strides()));
                // SAFETY: a position of the array, whose elements are written; nobody writes while it is borrowed.
                unsafe { &*at }
            }
        }
        /// The array is copied first when it shares its memory with another one.
        ///
        /// # Panics
        /// When the index is out of bounds, or memory runs out.
        impl<B: HostMemory, T: Element, const N: usize> IndexMut<[usize; N]> for Array<B, T, $rank> $($bound)* {
            #[inline]
            #[track_caller]
            fn index_mut(&mut self, index: [usize; N]) -> &mut T {
                let start = self.as_mut_ptr().or_misuse();
                let at = start.wrapping_offset(position(&index[..], self.dims(), self.strides()));
                // SAFETY: a position of the array, which is alone on its memory and borrowed.
                unsafe { &mut *at }
            }
        }
    )*};
}
indexing! {
    Rank<N>: [where Rank<N>: Dim];
    Dyn: [];
}

/// Whether both have the same shape and equal elements. [`equal`](crate::functions::equal) compares element by element.
impl<B: HostMemory, T: Element, D: Dim, E: Dim> PartialEq<Array<B, T, E>> for Array<B, T, D> {
    fn eq(&self, other: &Array<B, T, E>) -> bool {
        self.dims() == other.dims() && self.iter().eq(other.iter())
    }
}

impl<B: HostMemory, T: Element> FromIterator<T> for Array<B, T, Ix1> {
    /// A vector of the values.
    ///
    /// # Panics
    /// When memory runs out.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let squares: Array<Cpu, i32, Ix1> = (0..4).map(|k| k * k).collect();
    /// assert_eq!(squares, array![0, 1, 4, 9]);
    /// ```
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Vec::from_iter(values).into()
    }
}

impl<B: HostMemory, T: Element> From<Vec<T>> for Array<B, T, Ix1> {
    /// A vector of the values, whose memory is adopted where it is large.
    ///
    /// # Panics
    /// When memory runs out.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x: Array<Cpu, f32, _> = vec![1.0, 2.0].into();
    /// assert_eq!(x.shape(), [2]);
    /// ```
    fn from(values: Vec<T>) -> Self {
        let n = values.len();
        Array::from_vec(&B::default(), values, [n]).or_misuse()
    }
}

/// A new array of values in row-major order, as many as the shape has.
#[track_caller]
fn collected<B: HostMemory, T: Element, D: Dim>(device: &B, values: impl Iterator<Item = T>, shape: D::Shape) -> Array<B, T, D> {
    fill(device, values, shape).or_misuse()
}

fn fill<B: HostMemory, T: Element, D: Dim>(device: &B, values: impl Iterator<Item = T>, shape: D::Shape) -> Result<Array<B, T, D>> {
    let size = size_of_shape(shape.as_ref())?;
    // SAFETY: every element is written below, or the array is not made.
    let buffer = unsafe { device.alloc::<T>(size)? };
    let start = B::address(&buffer).cast_mut();
    let mut written = 0;
    for value in values.take(size) {
        // SAFETY: the memory is new, has room for `size` elements, and the host writes it.
        unsafe { start.add(written).write(value) };
        written += 1;
    }
    if written != size {
        return Err(Error::Length { given: written, shape: shape.as_ref().to_vec(), expected: size });
    }
    let strides = contiguous_strides::<D>(&shape);
    Ok(Array::from_parts(device.clone(), buffer, shape, strides, 0))
}
