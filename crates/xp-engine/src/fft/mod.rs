//! Fourier, cosine and sine transforms on strided views.
//!
//! Every function transforms a [`View`] along some of its axes into a row-major output, or a
//! row-major array in place. Each axis of the transform has a length, to which the input is cut or
//! padded with zeros. The factor `scale` multiplies the result.
//!
//! How it works: plans come from a bounded cache shared by the process; lanes are transformed by
//! kernels of this crate or by rustfft, side by side or in tiles where they are not contiguous; long
//! lanes are split in two passes that fit in cache and use all threads; real data takes half the work
//! of complex data throughout.

mod float;
mod kernels;
mod lanes;
mod large;
mod plan;
mod planner;
mod scratch;
mod simd;
mod stockham;
#[cfg(test)]
mod tests;
mod trig;
mod view;

use std::mem::MaybeUninit;

use num_complex::Complex;

pub use float::FftFloat;
pub use view::{View, row_major};
pub use xp_terms::{Direction, Trig, TrigFamily, TrigType};

use kernels::{C2c, C2r, R2c};
use lanes::{Lanes, Run};
use large::{Input, Large, Output};
use scratch::SharedArray;
use trig::TrigKernel;

use crate::pages;
use crate::sizes::product;
use crate::threads::Shared;

/// Lanes of at least this length are split into two passes.
const LARGE: usize = 1 << 16;

/// Whether there is memory for the tables and the work memory of transforms of these lengths. Where it is missing during a
/// transform, the process ends.
///
/// # Errors
/// The number of bytes, about.
pub fn check_memory<T: FftFloat>(lens: &[usize]) -> Result<(), usize> {
    let bytes = lens.iter().filter(|&&n| n >= LARGE).map(|&n| large::bytes::<T>(n)).fold(0, usize::saturating_add);
    if pages::available(bytes) { Ok(()) } else { Err(bytes) }
}

/// Complex transform of `x` along `axes`, of lengths `lens`, into `out`, which has the shape of `x` but
/// for these axes.
///
/// # Panics
/// When an axis is out of range or repeated, a length is zero, `axes` and `lens` differ in length or
/// `out` does not have the elements of the result.
pub fn c2c<T: FftFloat>(
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
pub fn c2c_in_place<T: FftFloat>(data: &mut [Complex<T>], shape: &[usize], axes: &[usize], direction: Direction, scale: T) {
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
pub fn r2c<T: FftFloat>(x: View<'_, T>, axes: &[usize], lens: &[usize], direction: Direction, scale: T, out: &mut [MaybeUninit<Complex<T>>]) {
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
pub fn r2c_full<T: FftFloat>(x: View<'_, T>, axes: &[usize], lens: &[usize], direction: Direction, scale: T, out: &mut [MaybeUninit<Complex<T>>]) {
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
pub fn c2r<T: FftFloat>(x: View<'_, Complex<T>>, axes: &[usize], lens: &[usize], direction: Direction, scale: T, out: &mut [MaybeUninit<T>]) {
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
pub fn c2r_consuming<T: FftFloat>(
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
pub fn r2r<T: FftFloat>(x: View<'_, T>, axes: &[usize], lens: &[usize], trig: Trig, scale: T, out: &mut [MaybeUninit<T>]) {
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
pub fn r2r_in_place<T: FftFloat>(data: &mut [T], shape: &[usize], axes: &[usize], trig: Trig, scale: T) {
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

fn last_axis<'a>(axes: &'a [usize], lens: &'a [usize]) -> (&'a usize, &'a usize) {
    axes.last().zip(lens.last()).expect("a real transform needs an axis")
}

/// Whether an array of this shape has elements, after checking that there are `len`. Nothing is planned for one without: its
/// axes may have any length.
fn has_elements(shape: &[usize], len: usize) -> bool {
    assert_eq!(product(shape), Some(len), "wrong number of elements for shape {shape:?}");
    len > 0
}

/// The extents of the input that take part.
fn cut(shape: &[usize], axes: &[usize], lens: &[usize]) -> Vec<usize> {
    let mut extents = shape.to_vec();
    axes.iter().zip(lens).for_each(|(&axis, &n)| extents[axis] = extents[axis].min(n));
    extents
}

/// # Safety
/// `out` may be written at all elements of the result's shape with these strides, and is not `x`.
unsafe fn c2c_into<T: FftFloat>(
    x: View<'_, Complex<T>>,
    axes: &[usize],
    lens: &[usize],
    direction: Direction,
    scale: T,
    out: *mut Complex<T>,
    strides: &[isize],
) {
    let mut extents = cut(x.shape, axes, lens);
    let Some((&last, &n)) = axes.last().zip(lens.last()) else {
        // SAFETY: the caller's promise.
        return unsafe { copy(x.ptr, &extents, x.strides, out, strides, |z| z * scale) };
    };
    let kernel = || C2c::new(n, direction, scale);
    // SAFETY: the caller's promise.
    unsafe {
        let lanes = Lanes::new(&extents, x.strides, strides, last);
        if n >= LARGE {
            large_c2c(x.ptr, out, &lanes, n, direction, scale);
        } else {
            lanes::run(&kernel(), x.ptr, out, &lanes, false);
        }
        extents[last] = n;
        for (&axis, &n) in axes.iter().zip(lens).rev().skip(1) {
            c2c_axis_in_place(out, &extents, strides, axis, n, direction, T::ONE);
            extents[axis] = n;
        }
    }
}

/// # Safety
/// `data` may be read at all elements of `extents`, and written there and up to `n` along `axis`.
unsafe fn c2c_axis_in_place<T: FftFloat>(
    data: *mut Complex<T>,
    extents: &[usize],
    strides: &[isize],
    axis: usize,
    n: usize,
    direction: Direction,
    scale: T,
) {
    let lanes = Lanes::new(extents, strides, strides, axis);
    // SAFETY: the caller's promise.
    unsafe {
        if n >= LARGE {
            large_c2c(data, data, &lanes, n, direction, scale);
        } else {
            lanes::run(&C2c::new(n, direction, scale), data, data, &lanes, true);
        }
    }
}

/// # Safety
/// `out` may be written at all elements of the result's shape with these strides; `full` as in [`R2c`].
#[allow(clippy::too_many_arguments)]
unsafe fn r2c_into<T: FftFloat>(
    x: View<'_, T>,
    axes: &[usize],
    lens: &[usize],
    direction: Direction,
    scale: T,
    out: *mut Complex<T>,
    strides: &[isize],
    full: bool,
) {
    let mut extents = cut(x.shape, axes, lens);
    let (&last, &n) = last_axis(axes, lens);
    // SAFETY: the caller's promise.
    unsafe {
        let lanes = Lanes::new(&extents, x.strides, strides, last);
        if n >= LARGE {
            large_r2c(x.ptr, out, &lanes, n, direction, scale, full);
        } else {
            let kernel = R2c::new(n, direction, scale, full);
            lanes::run(&kernel, x.ptr, out, &lanes, false);
        }
        extents[last] = if full { n } else { n / 2 + 1 };
        for (&axis, &n) in axes.iter().zip(lens).rev().skip(1) {
            c2c_axis_in_place(out, &extents, strides, axis, n, direction, T::ONE);
            extents[axis] = n;
        }
    }
}

/// # Safety
/// `src` may be read at all elements of `extents`, `out` written at those of the result.
#[allow(clippy::too_many_arguments)]
unsafe fn c2r_axis<T: FftFloat>(
    src: *const Complex<T>,
    extents: &[usize],
    src_strides: &[isize],
    out: *mut T,
    strides: &[isize],
    axis: usize,
    n: usize,
    direction: Direction,
    scale: T,
) {
    let lanes = Lanes::new(extents, src_strides, strides, axis);
    // SAFETY: the caller's promise.
    unsafe {
        if n >= LARGE {
            large_c2r(src, out, &lanes, n, direction, scale);
        } else {
            lanes::run(&C2r::new(n, direction, scale), src, out, &lanes, false);
        }
    }
}

/// # Safety
/// As for [`lanes::run`], with the lanes of `extents` along `axis`.
#[allow(clippy::too_many_arguments)]
unsafe fn r2r_axis<T: FftFloat>(
    src: *const T,
    extents: &[usize],
    src_strides: &[isize],
    out: *mut T,
    strides: &[isize],
    axis: usize,
    n: usize,
    trig: Trig,
    scale: T,
    in_place: bool,
) {
    assert!(n >= trig.min_len(), "a type-I cosine transform needs two points");
    let lanes = Lanes::new(extents, src_strides, strides, axis);
    let kernel = TrigKernel::new(n, trig, scale, n >= LARGE);
    // SAFETY: the caller's promise.
    unsafe {
        if n >= LARGE {
            kernel.run_large(src, out, &lanes);
        } else {
            lanes::run(&kernel, src, out, &lanes, in_place);
        }
    }
}

/// Calls `f` with the input and output offset of every lane.
fn each_lane(lanes: &Lanes, mut f: impl FnMut(isize, isize)) {
    lanes.runs(0, lanes.count(), |run: Run| {
        for i in 0..run.count as isize {
            f(run.src + i * run.src_step, run.dst + i * run.dst_step);
        }
    });
}

/// # Safety
/// As for [`lanes::run`]; `src` may be `dst` when their strides are the same.
unsafe fn large_c2c<T: FftFloat>(src: *const Complex<T>, dst: *mut Complex<T>, lanes: &Lanes, n: usize, direction: Direction, scale: T) {
    let plan = plan::get::<Large<T>>(n, direction);
    let (src_step, dst_step) = lanes.steps();
    let present = lanes.src_len();
    let zero = Complex::new(T::ZERO, T::ZERO);
    each_lane(lanes, |src_at, dst_at| {
        // SAFETY: the first elements of a lane.
        let (src, dst) = unsafe { (Shared::new(src.offset(src_at)), Shared::new(dst.offset(dst_at))) };
        let load = |start: usize, piece: &mut [Complex<T>]| {
            for (j, z) in (start..).zip(piece) {
                // SAFETY: an element present in the input lane; all are read before any is written.
                *z = unsafe { if j < present { *src.get().offset(j as isize * src_step) } else { zero } };
            }
        };
        let store = |start: usize, piece: &[Complex<T>]| {
            for (k, z) in (start..).zip(piece) {
                // SAFETY: an element of the output lane; one thread writes it.
                unsafe { *dst.get().offset(k as isize * dst_step) = z * scale };
            }
        };
        let row = src_step == 1 && present >= n;
        let input = if row { Input::Row(Shared::new(src.get())) } else { Input::Load(&load) };
        let output = if dst_step == 1 { Output::Row(Shared::new(dst.get()), scale) } else { Output::Store(&store) };
        // SAFETY: contiguous lanes, the output ours to write.
        unsafe { plan.run(input, output) };
    });
}

/// # Safety
/// As for [`lanes::run`].
unsafe fn large_r2c<T: FftFloat>(src: *const T, dst: *mut Complex<T>, lanes: &Lanes, n: usize, direction: Direction, scale: T, full: bool) {
    let (src_step, dst_step) = lanes.steps();
    let present = lanes.src_len();
    each_lane(lanes, |src_at, dst_at| {
        // SAFETY: the first elements of a lane.
        let (src, dst) = unsafe { (Shared::new(src.offset(src_at)), Shared::new(dst.offset(dst_at))) };
        // SAFETY: an element present in the input lane.
        let get = |j: usize| unsafe { if j < present { *src.get().offset(j as isize * src_step) } else { T::ZERO } };
        // SAFETY: elements of the output lane that one thread writes.
        large::real_forward(n, scale, get, |k, z| unsafe {
            let z = if direction == Direction::Backward { z.conj() } else { z };
            *dst.get().offset(k as isize * dst_step) = z;
            if full && k > 0 {
                *dst.get().offset((n - k) as isize * dst_step) = z.conj();
            }
        });
    });
}

/// # Safety
/// As for [`lanes::run`].
unsafe fn large_c2r<T: FftFloat>(src: *const Complex<T>, dst: *mut T, lanes: &Lanes, n: usize, direction: Direction, scale: T) {
    let (src_step, dst_step) = lanes.steps();
    let present = lanes.src_len();
    let zero = Complex::new(T::ZERO, T::ZERO);
    each_lane(lanes, |src_at, dst_at| {
        // SAFETY: the first elements of a lane.
        let (src, dst) = unsafe { (Shared::new(src.offset(src_at)), Shared::new(dst.offset(dst_at))) };
        let bin = |k: usize| {
            // SAFETY: an element present in the input lane.
            let z = unsafe { if k < present { *src.get().offset(k as isize * src_step) } else { zero } };
            if direction == Direction::Forward { z.conj() } else { z }
        };
        // SAFETY: an element of the output lane that one thread writes.
        large::real_backward(n, scale, bin, |j, x| unsafe {
            *dst.get().offset(j as isize * dst_step) = x;
        });
    });
}

/// Copies all elements of `extents` through `f`.
///
/// # Safety
/// They are readable at `src`, writable at `dst`, and the two do not overlap.
unsafe fn copy<T: Copy>(src: *const T, extents: &[usize], src_strides: &[isize], dst: *mut T, dst_strides: &[isize], f: impl Fn(T) -> T) {
    // SAFETY: the caller's promise.
    let one = |s: isize, d: isize| unsafe { *dst.offset(d) = f(*src.offset(s)) };
    if extents.is_empty() {
        return one(0, 0);
    }
    let axis = extents.len() - 1;
    each_lane(&Lanes::new(extents, src_strides, dst_strides, axis), |s, d| {
        for i in 0..extents[axis] as isize {
            one(s + i * src_strides[axis], d + i * dst_strides[axis]);
        }
    });
}

/// Fills the second half of the bins along the last of `axes` by Hermitian symmetry.
///
/// # Safety
/// `data` may be written at all elements of `shape`; the first half is initialised.
unsafe fn mirror<T: FftFloat>(data: *mut Complex<T>, shape: &[usize], strides: &[isize], axes: &[usize]) {
    let (&last, others) = axes.split_last().expect("a real transform needs an axis");
    let n = shape[last];
    let mut extents = shape.to_vec();
    extents[last] = n - (n / 2 + 1);
    let rank = shape.len();
    let total: usize = extents.iter().product();
    if total == 0 {
        return;
    }
    let row = extents[rank - 1];
    let mut index = vec![0usize; rank];
    // Rows along the innermost axis: the source advances by -1, +1 or, for axes of the transform
    // other than the last, by -1 modulo the length.
    for _ in 0..total / row {
        let (mut from, mut to) = (0isize, 0isize);
        for d in 0..rank - 1 {
            let (k, source) = if d == last {
                (index[d] + n / 2 + 1, n - (index[d] + n / 2 + 1))
            } else if others.contains(&d) {
                (index[d], (shape[d] - index[d]) % shape[d])
            } else {
                (index[d], index[d])
            };
            to += k as isize * strides[d];
            from += source as isize * strides[d];
        }
        let inner = rank - 1;
        for i in 0..row {
            let (k, source) = if inner == last {
                (i + n / 2 + 1, n - (i + n / 2 + 1))
            } else if others.contains(&inner) {
                (i, (row - i) % row)
            } else {
                (i, i)
            };
            let (from, to) = (from + source as isize * strides[inner], to + k as isize * strides[inner]);
            // SAFETY: elements of `shape`; the source lies in the first half.
            unsafe { *data.offset(to) = (*data.offset(from)).conj() };
        }
        for d in (0..rank - 1).rev() {
            index[d] += 1;
            if index[d] < extents[d] {
                break;
            }
            index[d] = 0;
        }
    }
}
