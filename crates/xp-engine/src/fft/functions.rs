//! The transforms, on the module's views.

use std::mem::MaybeUninit;

use num_complex::Complex;

use super::axes::{c2c_axis_in_place, c2c_into, c2r_axis, copy, cut, last_axis, mirror, r2c_into, r2r_axis};
use super::scratch::SharedArray;
use super::{Direction, FftFloat, LARGE, Trig, View, large, row_major};
use crate::compiled::compiled_here;
use crate::pages;
use crate::sizes::product;

/// Whether there is memory for the tables and the work memory of transforms of these lengths. Where it is missing during a
/// transform, the process ends.
///
/// # Errors
/// The number of bytes, about.
pub fn check_memory<T: FftFloat>(lens: &[usize]) -> Result<(), usize> {
    let bytes = lens.iter().filter(|&&n| n >= LARGE).map(|&n| large::bytes::<T>(n)).fold(0, usize::saturating_add);
    if pages::available(bytes) { Ok(()) } else { Err(bytes) }
}

compiled_here! {
    struct Transforms<T: FftFloat>, reached by FftFloat::transforms;

    /// Complex transform of `x` along `axes`, of lengths `lens`, into `out`, which has the shape of `x` but
    /// for these axes.
    ///
    /// # Panics
    /// When an axis is out of range or repeated, a length is zero, `axes` and `lens` differ in length or
    /// `out` does not have the elements of the result.
    pub fn c2c(
        x: View<'_, Complex<T>>,
        axes: &[usize],
        lens: &[usize],
        direction: Direction,
        scale: T,
        out: &mut [MaybeUninit<Complex<T>>],
    ) {
        let shape = out_shape(x.shape, axes, lens);
        if !has_elements(&shape, out.len()) {
            return;
        }
        // SAFETY: `out` has the elements of `shape` and is not `x`.
        unsafe { c2c_into(x, axes, lens, direction, scale, out.as_mut_ptr().cast(), &row_major(&shape)) }
    }

    /// Complex transform of a row-major array along `axes`, in place.
    ///
    /// # Panics
    /// When an axis is out of range or repeated or has no elements, or `data` does not have the elements
    /// of `shape`.
    pub fn c2c_in_place(data: &mut [Complex<T>], shape: &[usize], axes: &[usize], direction: Direction, scale: T) {
        let lens: Vec<usize> = axes.iter().map(|&a| shape[a]).collect();
        if !has_elements(&out_shape(shape, axes, &lens), data.len()) {
            return;
        }
        let strides = row_major(shape);
        if axes.is_empty() && scale != T::ONE {
            data.iter_mut().for_each(|z| *z = *z * scale);
        }
        let mut scale = scale;
        for &axis in axes.iter().rev() {
            // SAFETY: `data` has the elements of `shape`.
            unsafe { c2c_axis_in_place(data.as_mut_ptr(), shape, &strides, axis, shape[axis], direction, scale) };
            scale = T::ONE;
        }
    }

    /// Transform of the real `x` along `axes`: a real transform along the last of them, of which the
    /// first `n / 2 + 1` bins are computed, and complex ones along the others. `Backward` gives the
    /// complex conjugate of a `Forward` transform (`ihfft`).
    ///
    /// # Panics
    /// As [`c2c`]; also when `axes` is empty.
    pub fn r2c(x: View<'_, T>, axes: &[usize], lens: &[usize], direction: Direction, scale: T, out: &mut [MaybeUninit<Complex<T>>]) {
        let mut shape = out_shape(x.shape, axes, lens);
        let (&last, &n) = last_axis(axes, lens);
        shape[last] = n / 2 + 1;
        if !has_elements(&shape, out.len()) {
            return;
        }
        // SAFETY: `out` has the elements of `shape`.
        unsafe { r2c_into(x, axes, lens, direction, scale, out.as_mut_ptr().cast(), &row_major(&shape), false) }
    }

    /// As [`c2c`] for a real `x`: all bins of its spectrum, half of them by symmetry.
    ///
    /// # Panics
    /// As [`r2c`].
    pub fn r2c_full(x: View<'_, T>, axes: &[usize], lens: &[usize], direction: Direction, scale: T, out: &mut [MaybeUninit<Complex<T>>]) {
        let shape = out_shape(x.shape, axes, lens);
        last_axis(axes, lens);
        if !has_elements(&shape, out.len()) {
            return;
        }
        let strides = row_major(&shape);
        let data: *mut Complex<T> = out.as_mut_ptr().cast();
        let full = axes.len() == 1;
        // SAFETY: `out` has the elements of `shape`; its first half of bins along the last axis is
        // computed first, the rest is copied from there.
        unsafe {
            r2c_into(x, axes, lens, direction, scale, data, &strides, full);
            if !full {
                mirror(data, &shape, &strides, axes);
            }
        }
    }

    /// Real result of the complex `x` along `axes`: complex transforms along all but the last of them,
    /// then a real one of length `n` of which `x` holds the first `n / 2 + 1` bins. `Forward` transforms
    /// the complex conjugate (`hfft`).
    ///
    /// # Panics
    /// As [`r2c`].
    pub fn c2r(x: View<'_, Complex<T>>, axes: &[usize], lens: &[usize], direction: Direction, scale: T, out: &mut [MaybeUninit<T>]) {
        let shape = out_shape(x.shape, axes, lens);
        let (&last, &n) = last_axis(axes, lens);
        if !has_elements(&shape, out.len()) {
            return;
        }
        let strides = row_major(&shape);
        let mut extents = x.shape.to_vec();
        extents[last] = extents[last].min(n / 2 + 1);
        let out = out.as_mut_ptr().cast();
        let outer = &axes[..axes.len() - 1];
        if outer.is_empty() {
            // SAFETY: `out` has the elements of `shape`.
            return unsafe { c2r_axis(x.ptr, &extents, x.strides, out, &strides, last, n, direction, scale) };
        }
        let lens = &lens[..outer.len()];
        let middle_shape = out_shape(&extents, outer, lens);
        let mut middle = SharedArray::<Complex<T>>::new(middle_shape.iter().product());
        let middle_strides = row_major(&middle_shape);
        // SAFETY: the cut view is part of `x`; `middle` has the elements of `middle_shape`.
        unsafe {
            let cut = View::from_raw_parts(x.ptr, &extents, x.strides);
            c2c_into(cut, outer, lens, direction, T::ONE, middle.as_mut_ptr(), &middle_strides);
            let from = middle.as_ptr();
            c2r_axis(from, &middle_shape, &middle_strides, out, &strides, last, n, direction, scale);
        }
    }

    /// As [`c2r`], for a row-major `x` of shape `shape` that serves as work memory: no copy of it is made.
    /// Its content is lost. The lengths are those of `shape`, but for the last axis, which is `n`.
    ///
    /// # Panics
    /// As [`r2c`].
    pub fn c2r_consuming(
        x: &mut [Complex<T>],
        shape: &[usize],
        axes: &[usize],
        n: usize,
        direction: Direction,
        scale: T,
        out: &mut [MaybeUninit<T>],
    ) {
        let (&last, outer) = axes.split_last().expect("a real transform needs an axis");
        c2c_in_place(x, shape, outer, direction, T::ONE);
        c2r(View::new(x, shape, &row_major(shape), 0), &[last], &[n], direction, scale, out);
    }

    /// Cosine or sine transform of `x` along `axes`, of lengths `lens`, into `out`.
    ///
    /// # Panics
    /// As [`c2c`]; also when a length is below [`Trig::min_len`].
    pub fn r2r(x: View<'_, T>, axes: &[usize], lens: &[usize], trig: Trig, scale: T, out: &mut [MaybeUninit<T>]) {
        let shape = out_shape(x.shape, axes, lens);
        if !has_elements(&shape, out.len()) {
            return;
        }
        let strides = row_major(&shape);
        let mut extents = cut(x.shape, axes, lens);
        let out: *mut T = out.as_mut_ptr().cast();
        if axes.is_empty() {
            // SAFETY: `out` has the elements of `shape`.
            return unsafe { copy(x.ptr, &extents, x.strides, out, &strides, |v| v * scale) };
        }
        let mut scale = scale;
        for (i, (&axis, &n)) in axes.iter().zip(lens).rev().enumerate() {
            // SAFETY: `out` has the elements of `shape`; after the first axis it is transformed in place.
            unsafe {
                let (src, src_strides) = if i == 0 { (x.ptr, x.strides) } else { (out.cast_const(), &*strides) };
                r2r_axis(src, &extents, src_strides, out, &strides, axis, n, trig, scale, i > 0);
            }
            extents[axis] = n;
            scale = T::ONE;
        }
    }

    /// Cosine or sine transform of a row-major array along `axes`, in place.
    ///
    /// # Panics
    /// As [`r2r`].
    pub fn r2r_in_place(data: &mut [T], shape: &[usize], axes: &[usize], trig: Trig, scale: T) {
        let lens: Vec<usize> = axes.iter().map(|&a| shape[a]).collect();
        if !has_elements(&out_shape(shape, axes, &lens), data.len()) {
            return;
        }
        let strides = row_major(shape);
        if axes.is_empty() && scale != T::ONE {
            data.iter_mut().for_each(|v| *v = *v * scale);
        }
        let (mut scale, out) = (scale, data.as_mut_ptr());
        for &axis in axes.iter().rev() {
            // SAFETY: `data` has the elements of `shape`.
            unsafe { r2r_axis(out, shape, &strides, out, &strides, axis, shape[axis], trig, scale, true) };
            scale = T::ONE;
        }
    }
}

/// The shape of a result, after checking the axes.
fn out_shape(shape: &[usize], axes: &[usize], lens: &[usize]) -> Vec<usize> {
    assert_eq!(axes.len(), lens.len(), "axes and lengths differ in number");
    let mut out = shape.to_vec();
    for (i, (&axis, &n)) in axes.iter().zip(lens).enumerate() {
        assert!(axis < shape.len(), "axis {axis} is out of range for rank {}", shape.len());
        assert!(!axes[..i].contains(&axis), "axis {axis} is repeated");
        assert!(n > 0, "a transform needs at least one point");
        out[axis] = n;
    }
    out
}

/// Whether an array of this shape has elements, after checking that there are `len`. Nothing is planned for one without: its
/// axes may have any length.
fn has_elements(shape: &[usize], len: usize) -> bool {
    assert_eq!(product(shape), Some(len), "wrong number of elements for shape {shape:?}");
    len > 0
}
