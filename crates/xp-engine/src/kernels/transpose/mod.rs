//! Copies between strided layouts, transposed copies above all.
//!
//! A copy is reduced to its essential axes (unit axes dropped, mergeable axes merged, ordered by the strides of the
//! destination). If source and destination then run fastest along the same axis, runs are copied; otherwise the
//! two fastest axes form a matrix that is transposed in square register tiles, grouped into blocks that keep the
//! pages they touch within reach of the TLB. Large aligned destinations are written by streaming stores.

mod tile;

use std::mem::MaybeUninit;
use std::ops::Range;

use super::par;
use crate::sizes::product;
use crate::threads::Shared;

/// Writes the transpose of a `rows` x `cols` row-major matrix, that is a `cols` x `rows` row-major matrix.
///
/// # Panics
/// If a slice does not have `rows * cols` elements.
pub fn transpose<T: Copy + Send + Sync>(src: &[T], rows: usize, cols: usize, dst: &mut [MaybeUninit<T>]) {
    assert_eq!(Some(src.len()), product(&[rows, cols]), "source of a {rows}x{cols} transpose");
    // SAFETY: shape and strides describe exactly the elements of `src`.
    unsafe { copy_from_strided(src.as_ptr(), &[cols, rows], &[1, cols as isize], dst) }
}

/// Copies a strided source into a row-major destination.
///
/// `src` points to the element of index zero; strides count elements and may be zero or negative.
///
/// # Safety
/// Every element that shape and strides reach from `src` is readable, and none of them is in `dst`.
///
/// # Panics
/// If `shape` and `strides` differ in length, or `dst` does not have the shape's number of elements.
pub unsafe fn copy_from_strided<T: Copy + Send + Sync>(src: *const T, shape: &[usize], strides: &[isize], dst: &mut [MaybeUninit<T>]) {
    assert_eq!(Some(dst.len()), product(shape), "destination of a copy of shape {shape:?}");
    let mut dst_strides = vec![0isize; shape.len()];
    let mut step = 1isize;
    for (stride, &n) in dst_strides.iter_mut().zip(shape).rev() {
        *stride = step;
        step *= n as isize;
    }
    // SAFETY: the source is valid by the caller's promise, the destination by its length and row-major strides.
    unsafe { copy_strided(src, strides, dst.as_mut_ptr().cast::<T>(), &dst_strides, shape) }
}

/// Copies between two strided layouts of one shape.
///
/// # Safety
/// Every element that shape and strides reach is readable from `src` and writable from `dst`; no two indices reach
/// the same element of `dst`; source and destination do not overlap.
///
/// # Panics
/// If the lengths of `shape` and the strides differ.
pub unsafe fn copy_strided<T: Copy + Send + Sync>(src: *const T, src_strides: &[isize], dst: *mut T, dst_strides: &[isize], shape: &[usize]) {
    const { assert!(matches!(size_of::<T>(), 1 | 2 | 4 | 8 | 16), "elements have 1, 2, 4, 8 or 16 bytes") };
    assert!(shape.len() == src_strides.len() && shape.len() == dst_strides.len(), "one stride per axis");
    // SAFETY: the caller's promise, for the bytes of each element.
    unsafe { copy_sized(size_of::<T>(), src.cast(), src_strides, dst.cast(), dst_strides, shape) }
}

/// [`copy_strided`] for elements of a size. Compiled once, not for each dtype.
///
/// # Safety
/// As for [`copy_strided`], for elements of `size` bytes.
unsafe fn copy_sized(size: usize, src: *const u8, src_strides: &[isize], dst: *mut u8, dst_strides: &[isize], shape: &[usize]) {
    // SAFETY: the caller's promise; arrays of bytes need no alignment.
    unsafe {
        match size {
            1 => copy_units::<[u8; 1]>(src.cast(), src_strides, dst.cast(), dst_strides, shape),
            2 => copy_units::<[u8; 2]>(src.cast(), src_strides, dst.cast(), dst_strides, shape),
            4 => copy_units::<[u8; 4]>(src.cast(), src_strides, dst.cast(), dst_strides, shape),
            8 => copy_units::<[u8; 8]>(src.cast(), src_strides, dst.cast(), dst_strides, shape),
            _ => copy_units::<[u8; 16]>(src.cast(), src_strides, dst.cast(), dst_strides, shape),
        }
    }
}

/// [`copy_strided`] for arrays of bytes.
///
/// # Safety
/// As for [`copy_strided`].
unsafe fn copy_units<T: Copy + Send + Sync>(src: *const T, src_strides: &[isize], dst: *mut T, dst_strides: &[isize], shape: &[usize]) {
    if shape.contains(&0) {
        return;
    }
    let mut axes = essential_axes(shape, src_strides, dst_strides);
    let Some(fast) = axes.pop() else {
        // SAFETY: a single element, valid by the caller's promise.
        unsafe { dst.write(src.read()) };
        return;
    };
    // The axis along which the source runs fastest, if it is another one and tiling pays.
    let partner = (0..axes.len())
        .filter(|&k| axes[k].src != 0 && fast.src != 0)
        .min_by_key(|&k| axes[k].src.unsigned_abs())
        .filter(|&k| axes[k].src.unsigned_abs() < fast.src.unsigned_abs() && axes[k].n > 1);
    let copy = Copier { src: Shared::new(src), dst: Shared::new(dst) };
    // SAFETY: the axes describe the same elements as shape and strides.
    unsafe {
        match partner {
            Some(k) => {
                let slow = axes.remove(k);
                copy.blocks(&axes, fast, slow);
            }
            None => copy.runs(&axes, fast),
        }
    }
}

/// One axis of a copy: its length and its strides in elements.
#[derive(Clone, Copy, Debug)]
struct Axis {
    n: usize,
    src: isize,
    dst: isize,
}

/// Axes longer than one, slowest in the destination first, merged where both layouts allow it.
fn essential_axes(shape: &[usize], src: &[isize], dst: &[isize]) -> Vec<Axis> {
    let mut axes: Vec<Axis> = (0..shape.len()).filter(|&k| shape[k] != 1).map(|k| Axis { n: shape[k], src: src[k], dst: dst[k] }).collect();
    axes.sort_by_key(|a| std::cmp::Reverse((a.dst.unsigned_abs(), a.src.unsigned_abs())));
    let mut merged: Vec<Axis> = Vec::with_capacity(axes.len());
    for axis in axes {
        match merged.last_mut() {
            Some(outer) if outer.src == axis.src * axis.n as isize && outer.dst == axis.dst * axis.n as isize => {
                *outer = Axis { n: outer.n * axis.n, ..axis };
            }
            _ => merged.push(axis),
        }
    }
    merged
}

struct Copier<T> {
    src: Shared<*const T>,
    dst: Shared<*mut T>,
}

impl<T: Copy + Send + Sync> Copier<T> {
    /// Copies run by run along `fast`.
    ///
    /// # Safety
    /// The axes reach valid elements only, as [`copy_strided`] demands.
    unsafe fn runs(&self, outer: &[Axis], fast: Axis) {
        // Long runs are cut, short ones grouped.
        let grain = par::grain::<T>();
        let pieces = if fast.n > 2 * grain { fast.n.div_ceil(grain) } else { 1 };
        let piece = fast.n.div_ceil(pieces);
        let rows: usize = outer.iter().map(|a| a.n).product();
        par::for_ranges(rows * pieces, grain / piece, |tasks| {
            let mut at = Odometer::new(outer, tasks.start / pieces);
            let mut part = tasks.start % pieces;
            for _ in tasks {
                let start = (part * piece).min(fast.n);
                let len = piece.min(fast.n - start);
                // SAFETY: offsets of valid indices.
                unsafe {
                    copy_run(
                        self.src.get().offset(at.src + start as isize * fast.src),
                        fast.src,
                        self.dst.get().offset(at.dst + start as isize * fast.dst),
                        fast.dst,
                        len,
                    );
                }
                part += 1;
                if part == pieces {
                    part = 0;
                    at.advance();
                }
            }
        });
    }

    /// Copies matrix blocks: `fast` is the fastest axis of the destination, `slow` that of the source.
    ///
    /// # Safety
    /// As for [`runs`](Self::runs).
    unsafe fn blocks(&self, outer: &[Axis], fast: Axis, slow: Axis) {
        let matrix = tile::Layout { src_row: fast.src, src_col: slow.src, dst_row: slow.dst, dst_col: fast.dst };
        let bytes = size_of::<T>() * fast.n * slow.n * outer.iter().map(|a| a.n).product::<usize>();
        let kernel = tile::Kernel::choose(self.dst.get(), &matrix, bytes);
        // The first block row may be shortened so that the following ones start on a cache line.
        let lead = kernel.lead(self.dst.get(), outer.is_empty());
        let (bi, bj) = kernel.block::<T>();
        let rows = Blocks { n: fast.n, lead, size: bi };
        let cols = Blocks { n: slow.n, lead: 0, size: bj };
        let count = rows.count() * cols.count();
        let matrices: usize = outer.iter().map(|a| a.n).product();
        let grain = par::grain::<T>() / (bi.min(fast.n) * bj.min(slow.n)).max(1);
        par::for_ranges(matrices * count, grain, |tasks| {
            let mut at = Odometer::new(outer, tasks.start / count);
            let mut block = tasks.start % count;
            for _ in tasks {
                let i = rows.range(block % rows.count());
                let j = cols.range(block / rows.count());
                // SAFETY: offsets of valid indices; blocks are disjoint.
                unsafe {
                    let src = self.src.get().offset(at.src + i.start as isize * fast.src + j.start as isize * slow.src);
                    let dst = self.dst.get().offset(at.dst + i.start as isize * fast.dst + j.start as isize * slow.dst);
                    kernel.run(src, dst, &matrix, i.len(), j.len());
                }
                block += 1;
                if block == count {
                    block = 0;
                    at.advance();
                }
            }
            kernel.fence();
        });
    }
}

/// The blocks of one axis: `lead` indices, if any, then blocks of `size`.
struct Blocks {
    n: usize,
    lead: usize,
    size: usize,
}

impl Blocks {
    fn lead(&self) -> usize {
        self.lead.min(self.n)
    }

    fn count(&self) -> usize {
        (self.lead() > 0) as usize + (self.n - self.lead()).div_ceil(self.size)
    }

    fn range(&self, k: usize) -> Range<usize> {
        let lead = self.lead();
        if lead > 0 && k == 0 {
            return 0..lead;
        }
        let start = lead + (k - (lead > 0) as usize) * self.size;
        start..(start + self.size).min(self.n)
    }
}

/// Walks the indices of the outer axes in row-major order, keeping both offsets.
struct Odometer<'a> {
    axes: &'a [Axis],
    index: Vec<usize>,
    src: isize,
    dst: isize,
}

impl<'a> Odometer<'a> {
    fn new(axes: &'a [Axis], mut linear: usize) -> Self {
        let mut index = vec![0; axes.len()];
        let (mut src, mut dst) = (0, 0);
        for (i, axis) in index.iter_mut().zip(axes).rev() {
            *i = linear % axis.n;
            linear /= axis.n;
            src += *i as isize * axis.src;
            dst += *i as isize * axis.dst;
        }
        Self { axes, index, src, dst }
    }

    fn advance(&mut self) {
        for (i, axis) in self.index.iter_mut().zip(self.axes).rev() {
            *i += 1;
            self.src += axis.src;
            self.dst += axis.dst;
            if *i < axis.n {
                return;
            }
            *i = 0;
            self.src -= axis.src * axis.n as isize;
            self.dst -= axis.dst * axis.n as isize;
        }
    }
}

/// Copies one run.
///
/// # Safety
/// Both runs are valid and do not overlap.
#[inline]
unsafe fn copy_run<T: Copy>(src: *const T, src_stride: isize, dst: *mut T, dst_stride: isize, n: usize) {
    // SAFETY: the caller guarantees the runs.
    unsafe {
        match (src_stride, dst_stride) {
            (1, 1) => std::ptr::copy_nonoverlapping(src, dst, n),
            (0, 1) => {
                let value = MaybeUninit::new(*src);
                std::slice::from_raw_parts_mut(dst.cast::<MaybeUninit<T>>(), n).fill(value);
            }
            (s, 1) => (0..n).for_each(|k| *dst.add(k) = *src.offset(k as isize * s)),
            (1, d) => (0..n).for_each(|k| *dst.offset(k as isize * d) = *src.add(k)),
            (s, d) => (0..n).for_each(|k| *dst.offset(k as isize * d) = *src.offset(k as isize * s)),
        }
    }
}
