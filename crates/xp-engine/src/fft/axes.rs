//! Transforms along the axes of strided memory, one after the other.

use num_complex::Complex;

use super::kernels::{C2c, C2r, R2c};
use super::lanes::{self, Lanes, Run};
use super::large::{self, Input, Large, Output};
use super::trig::TrigKernel;
use super::{Direction, FftFloat, LARGE, Trig, View, plan};
use crate::threads::Shared;

pub(super) fn last_axis<'a>(axes: &'a [usize], lens: &'a [usize]) -> (&'a usize, &'a usize) {
    axes.last().zip(lens.last()).expect("a real transform needs an axis")
}

/// The extents of the input that take part.
pub(super) fn cut(shape: &[usize], axes: &[usize], lens: &[usize]) -> Vec<usize> {
    let mut extents = shape.to_vec();
    axes.iter().zip(lens).for_each(|(&axis, &n)| extents[axis] = extents[axis].min(n));
    extents
}

/// # Safety
/// `out` may be written at all elements of the result's shape with these strides, and is not `x`.
pub(super) unsafe fn c2c_into<T: FftFloat>(
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
pub(super) unsafe fn c2c_axis_in_place<T: FftFloat>(
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
pub(super) unsafe fn r2c_into<T: FftFloat>(
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
pub(super) unsafe fn c2r_axis<T: FftFloat>(
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
pub(super) unsafe fn r2r_axis<T: FftFloat>(
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
pub(super) unsafe fn copy<T: Copy>(src: *const T, extents: &[usize], src_strides: &[isize], dst: *mut T, dst_strides: &[isize], f: impl Fn(T) -> T) {
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
pub(super) unsafe fn mirror<T: FftFloat>(data: *mut Complex<T>, shape: &[usize], strides: &[isize], axes: &[usize]) {
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
