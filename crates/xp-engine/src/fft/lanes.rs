//! Runs a one-dimensional transform over all lanes of an N-d array.
//!
//! Contiguous lanes are transformed where they lie. Other lanes are handled by tiles: some lanes,
//! neighbours in memory, are copied side by side into scratch memory that fits in cache,
//! transformed there and copied out, so that each cache line is read and written once.

use std::sync::Arc;

use bytemuck::{Pod, Zeroable};
use num_complex::Complex;
use xp_terms::prefetch;

use super::float::FftFloat;
use super::scratch::{Scratch, carve, carved};
use super::stockham::{self, ColumnLine};
use crate::threads::{Shared, for_each_part};

/// Fewer elements than this are transformed by the calling thread.
const PARALLEL_MIN: usize = 1 << 14;
/// A tile of strided lanes takes about this much, unless that makes it narrower than `TILE_ROW`.
const TILE_BYTES: usize = 128 << 10;
/// Bytes of neighbouring lanes that a tile copies at a time, at least.
const TILE_ROW: usize = 256;
/// Contiguous lanes are passed on in groups of about this size.
const GROUP_BYTES: usize = 64 << 10;

/// A transform of one lane, or of several that follow each other in memory.
pub(super) trait LaneKernel: Sync {
    /// The real dtype.
    type Real: FftFloat;
    /// Elements of an input lane.
    type In: Pod + Send + Sync;
    /// Elements of an output lane.
    type Out: Pod + Send + Sync;

    /// Elements that an input lane has, after padding or truncation.
    fn in_len(&self) -> usize;
    /// Elements that an output lane has.
    fn out_len(&self) -> usize;
    /// Work memory it needs, in complex numbers.
    fn scratch_len(&self) -> usize;
    /// Transforms the lanes of `x` into those of `out`.
    fn run(&self, x: &[Self::In], out: &mut [Self::Out], scratch: &mut [Complex<Self::Real>]);
    /// Transforms lanes in place, for kernels that can: true when done.
    fn run_in_place(&self, lanes: &mut [Self::Out], scratch: &mut [Complex<Self::Real>]) -> bool {
        let _ = (lanes, scratch);
        false
    }
    /// A transform of lanes side by side, with a factor, for kernels from complex numbers to complex numbers.
    fn columns(&self) -> Option<(Arc<dyn ColumnLine<Self::Real>>, Self::Real)> {
        None
    }
    /// Whether `run_in_place` works.
    const IN_PLACE: bool = false;
}

/// A batch dimension: its length and the distance between neighbours in input and output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch {
    pub(super) len: usize,
    pub(super) src: isize,
    pub(super) dst: isize,
}

/// Where the lanes lie.
#[derive(Clone, Debug)]
pub(super) struct Lanes {
    /// The batch dimensions, outermost first; what can be merged is.
    batch: Vec<Batch>,
    count: usize,
    /// Distance between neighbours within a lane.
    src_step: isize,
    dst_step: isize,
    /// Elements present in an input lane; the kernel's `in_len` beyond it are zeros.
    src_len: usize,
}

impl Lanes {
    /// Lanes along `axis` of an array with these extents and strides.
    pub(super) fn new(extents: &[usize], src: &[isize], dst: &[isize], axis: usize) -> Self {
        let mut batch: Vec<Batch> = Vec::new();
        for d in (0..extents.len()).filter(|&d| d != axis && extents[d] != 1) {
            let dim = Batch { len: extents[d], src: src[d], dst: dst[d] };
            let span = dim.len as isize;
            match batch.last_mut() {
                Some(b) if b.src == span * dim.src && b.dst == span * dim.dst => {
                    *b = Batch { len: b.len * dim.len, ..dim };
                }
                _ => batch.push(dim),
            }
        }
        let count = batch.iter().map(|b| b.len).product();
        Self { batch, count, src_step: src[axis], dst_step: dst[axis], src_len: extents[axis] }
    }

    /// How many lanes there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Distances between neighbours within an input and an output lane.
    pub(super) fn steps(&self) -> (isize, isize) {
        (self.src_step, self.dst_step)
    }

    /// Whether three lanes at a time are interleaved without gaps.
    fn threes(&self) -> bool {
        let interleaved = |b: &Batch| b.len == 3 && b.src == 1 && b.dst == 1;
        self.batch.last().is_some_and(interleaved) && self.src_step == 3 && self.dst_step == 3
    }

    /// Whether some neighbouring lanes of `n` elements are neighbours in memory, on both sides.
    fn side_by_side(&self, n: usize) -> bool {
        const FEW: usize = 8;
        let neighbours = |b: &Batch| b.src == 1 && b.dst == 1 && b.len >= FEW;
        self.batch.last().is_some_and(neighbours) && self.src_len >= n
    }

    /// Elements present in an input lane.
    pub(super) fn src_len(&self) -> usize {
        self.src_len
    }

    /// Calls `f` for the runs of evenly spaced lanes that make up `from..to`.
    #[inline]
    pub(super) fn runs(&self, from: usize, to: usize, mut f: impl FnMut(Run)) {
        let Some((inner, outer)) = self.batch.split_last() else {
            return f(Run { src: 0, dst: 0, src_step: 0, dst_step: 0, count: to - from });
        };
        let mut lane = from;
        while lane < to {
            let (mut rest, first) = (lane / inner.len, lane % inner.len);
            let count = (inner.len - first).min(to - lane);
            let (mut src, mut dst) = (first as isize * inner.src, first as isize * inner.dst);
            for b in outer.iter().rev() {
                let i = (rest % b.len) as isize;
                rest /= b.len;
                src += i * b.src;
                dst += i * b.dst;
            }
            f(Run { src, dst, src_step: inner.src, dst_step: inner.dst, count });
            lane += count;
        }
    }
}

/// Some lanes at even distances: offsets of the first, distances, count.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub(super) src: isize,
    pub(super) dst: isize,
    pub(super) src_step: isize,
    pub(super) dst_step: isize,
    pub(super) count: usize,
}

/// Transforms all lanes of `src` into those of `dst`, in parallel when it pays.
///
/// # Safety
/// All elements of the input lanes are readable and those of the output lanes writable; output lanes
/// do not overlap. Either no output element is an input element, or `in_place`: `src == dst`, both
/// have the same strides and element type.
pub(super) unsafe fn run<K: LaneKernel>(kernel: &K, src: *const K::In, dst: *mut K::Out, lanes: &Lanes, in_place: bool) {
    let count = lanes.count();
    if count == 0 {
        return;
    }
    let columns = if lanes.side_by_side(kernel.in_len()) { kernel.columns() } else { None };
    let job = Job { kernel, columns, src, dst, lanes, in_place };
    let work = count * kernel.in_len().max(kernel.out_len());
    let threads = if work < PARALLEL_MIN { 1 } else { crate::pool::count() };
    if threads == 1 || count == 1 {
        // SAFETY: the caller's promise.
        return unsafe { job.range(0, count) };
    }
    let width = job.tile_width(count);
    let tasks = (threads * 8).min(count.div_ceil(width)).min(work.div_ceil(PARALLEL_MIN / 2));
    let per_task = count.div_ceil(tasks).next_multiple_of(width);
    let job = Shared::new(std::ptr::from_ref(&job));
    for_each_part(count.div_ceil(per_task), &|task| {
        let (from, to) = (task * per_task, ((task + 1) * per_task).min(count));
        // SAFETY: the caller's promise; tasks have different lanes, and those do not overlap.
        unsafe { (*job.get()).range(from, to) }
    });
}

struct Job<'a, K: LaneKernel> {
    kernel: &'a K,
    columns: Option<(Arc<dyn ColumnLine<K::Real>>, K::Real)>,
    src: *const K::In,
    dst: *mut K::Out,
    lanes: &'a Lanes,
    in_place: bool,
}

impl<K: LaneKernel> Job<'_, K> {
    fn src_contiguous(&self) -> bool {
        self.lanes.src_step == 1 && self.lanes.src_len >= self.kernel.in_len()
    }

    fn dst_contiguous(&self) -> bool {
        self.lanes.dst_step == 1
    }

    /// Lanes per tile.
    fn tile_width(&self, count: usize) -> usize {
        let (n, m) = (self.kernel.in_len(), self.kernel.out_len());
        let row = size_of::<K::In>().min(size_of::<K::Out>());
        let lane = (n * size_of::<K::In>()).max(m * size_of::<K::Out>());
        if self.lanes.threes() {
            return 3;
        }
        let (bytes, least) = if self.src_contiguous() && self.dst_contiguous() { (GROUP_BYTES, 1) } else { (TILE_BYTES, TILE_ROW / row) };
        let width = (bytes / lane).max(least).min(count);
        if width > least { width - width % least } else { width }
    }

    /// # Safety
    /// As for [`run`], for lanes `from..to`.
    unsafe fn range(&self, from: usize, to: usize) {
        if let Some((columns, scale)) = &self.columns {
            let mut block = Scratch::local(carved::<Complex<K::Real>>(columns.work_len()));
            let mut bytes = block.bytes();
            let work = carve::<Complex<K::Real>>(&mut bytes, columns.work_len());
            let (src, dst) = (self.src.cast::<Complex<K::Real>>(), self.dst.cast::<Complex<K::Real>>());
            let (src_step, dst_step) = (self.lanes.src_step, self.lanes.dst_step);
            // SAFETY: the caller's promise; kernels with columns are of complex numbers.
            return self.lanes.runs(from, to, |run| unsafe {
                columns.run((src.offset(run.src), src_step), (dst.offset(run.dst), dst_step), run.count, *scale, work);
            });
        }
        let width = self.tile_width(self.lanes.count()).min(to - from);
        let (n, m) = (self.kernel.in_len(), self.kernel.out_len());
        let tiled_src = !self.src_contiguous() || (self.in_place && !self.dst_contiguous());
        let tiled_dst = !self.dst_contiguous();
        let direct_in_place = K::IN_PLACE && self.in_place && !tiled_dst;
        let shared_tile = K::IN_PLACE && tiled_src && tiled_dst;
        let (n_pad, m_pad) = (padded::<K::In>(n, width), padded::<K::Out>(m, width));
        let a_len = if tiled_src && !direct_in_place || self.in_place { width * n_pad } else { 0 };
        let b_len = if tiled_dst && !shared_tile { width * m_pad } else { 0 };
        let c_len = self.kernel.scratch_len();
        let bytes = carved::<K::In>(a_len) + carved::<K::Out>(b_len) + carved::<Complex<K::Real>>(c_len);
        let mut block = Scratch::local(bytes);
        let mut bytes = block.bytes();
        let a = carve::<K::In>(&mut bytes, a_len);
        let b = carve::<K::Out>(&mut bytes, b_len);
        let c = carve::<Complex<K::Real>>(&mut bytes, c_len);

        if direct_in_place {
            // SAFETY: the caller's promise; output lanes are contiguous.
            self.lanes.runs(from, to, |run| unsafe { self.in_place_run(run, width, c) });
            return;
        }
        if !tiled_src && !tiled_dst && !self.in_place {
            // SAFETY: the caller's promise; lanes are contiguous on both sides.
            self.lanes.runs(from, to, |run| unsafe { self.direct_run(run, width, c) });
            return;
        }
        let tiled_src = tiled_src || self.in_place;
        for start in (from..to).step_by(width) {
            let stop = (start + width).min(to);
            if tiled_src {
                // SAFETY: the caller's promise; `a` holds `width` lanes.
                unsafe { self.gather(start, stop, a, n_pad) };
            }
            let mut lane = 0;
            self.lanes.runs(start, stop, |run| {
                for i in 0..run.count as isize {
                    let (at_a, at_b) = (lane * n_pad, lane * m_pad);
                    lane += 1;
                    if shared_tile {
                        let tile: &mut [K::Out] = bytemuck::cast_slice_mut(&mut a[at_a..at_a + n]);
                        self.kernel.run_in_place(tile, c);
                        continue;
                    }
                    let x = if tiled_src {
                        &a[at_a..at_a + n]
                    } else {
                        // SAFETY: a contiguous input lane, by the caller's promise readable.
                        unsafe { std::slice::from_raw_parts(self.src.offset(run.src + i * run.src_step), n) }
                    };
                    let out = if tiled_dst {
                        &mut b[at_b..at_b + m]
                    } else {
                        // SAFETY: a contiguous output lane, by the caller's promise ours to write.
                        unsafe {
                            let first = self.dst.offset(run.dst + i * run.dst_step);
                            std::slice::from_raw_parts_mut(first, m)
                        }
                    };
                    self.kernel.run(x, out, c);
                }
            });
            if tiled_dst {
                let tile: &[K::Out] = if shared_tile { bytemuck::cast_slice(a) } else { b };
                let pad = if shared_tile { n_pad } else { m_pad };
                // SAFETY: the caller's promise; the tile holds these lanes.
                unsafe { self.scatter(start, stop, tile, pad) };
            }
        }
    }

    /// # Safety
    /// As for [`run`]; lanes are contiguous on both sides and do not overlap.
    unsafe fn direct_run(&self, run: Run, width: usize, c: &mut [Complex<K::Real>]) {
        let (n, m) = (self.kernel.in_len(), self.kernel.out_len());
        let dense = run.src_step == n as isize && run.dst_step == m as isize;
        let group = if dense { width } else { 1 };
        for i in (0..run.count).step_by(group) {
            let lanes = group.min(run.count - i);
            let (src, dst) = (run.src + i as isize * run.src_step, run.dst + i as isize * run.dst_step);
            // SAFETY: `lanes` contiguous lanes that follow each other on both sides.
            let (x, out) = unsafe {
                (std::slice::from_raw_parts(self.src.offset(src), lanes * n), std::slice::from_raw_parts_mut(self.dst.offset(dst), lanes * m))
            };
            self.kernel.run(x, out, c);
        }
    }

    /// # Safety
    /// As for [`run`] with `in_place`; lanes are contiguous.
    unsafe fn in_place_run(&self, run: Run, width: usize, c: &mut [Complex<K::Real>]) {
        let n = self.kernel.out_len();
        let whole = self.lanes.src_len >= n;
        let group = if whole && run.dst_step == n as isize { width } else { 1 };
        for i in (0..run.count).step_by(group) {
            let lanes = group.min(run.count - i);
            // SAFETY: `lanes` contiguous lanes that follow each other.
            let data = unsafe {
                let first = self.dst.offset(run.dst + i as isize * run.dst_step);
                std::slice::from_raw_parts_mut(first, lanes * n)
            };
            if !whole {
                data[self.lanes.src_len..].fill(K::Out::zeroed());
            }
            self.kernel.run_in_place(data, c);
        }
    }

    /// Copies lanes `from..to` side by side into `tile`, `pad` elements apart, zeros after their end.
    ///
    /// # Safety
    /// As for [`run`].
    unsafe fn gather(&self, from: usize, to: usize, tile: &mut [K::In], pad: usize) {
        let n = self.kernel.in_len();
        let present = self.lanes.src_len.min(n);
        let step = self.lanes.src_step;
        let mut first = 0;
        self.lanes.runs(from, to, |run| {
            let tile = &mut tile[first * pad..][..(run.count - 1) * pad + n];
            // SAFETY: the lanes of this run are readable up to `present`; the tile holds `count`
            // lanes `pad` apart.
            unsafe {
                let src = self.src.offset(run.src);
                let three = run.count == 3 && run.src_step == 1 && step == 3;
                if !(three && stockham::split_three(src, tile.as_mut_ptr(), pad, present)) {
                    transpose(src, step, run.src_step, tile.as_mut_ptr(), 1, pad as isize, present, run.count);
                }
            }
            if present < n {
                tile.chunks_mut(pad).for_each(|lane| lane[present..n].fill(K::In::zeroed()));
            }
            first += run.count;
        });
    }

    /// Copies the lanes of `tile`, `pad` elements apart, to the output lanes `from..to`.
    ///
    /// # Safety
    /// As for [`run`].
    unsafe fn scatter(&self, from: usize, to: usize, tile: &[K::Out], pad: usize) {
        let m = self.kernel.out_len();
        let step = self.lanes.dst_step;
        let mut first = 0;
        self.lanes.runs(from, to, |run| {
            let tile = &tile[first * pad..][..(run.count - 1) * pad + m];
            // SAFETY: the output lanes of this run are ours to write; the tile holds `count` lanes.
            unsafe {
                let dst = self.dst.offset(run.dst);
                let three = run.count == 3 && run.dst_step == 1 && step == 3;
                if !(three && stockham::merge_three(tile.as_ptr(), pad, dst, m)) {
                    transpose(tile.as_ptr(), 1, pad as isize, dst, step, run.dst_step, m, run.count);
                }
            }
            first += run.count;
        });
    }
}

/// Copies the element at `i * step + j * lane` for `i < n`, `j < lanes` from one layout to another.
///
/// # Safety
/// All these elements are readable at `src` and writable at `dst`, and the two do not overlap.
#[allow(clippy::too_many_arguments)]
#[inline]
unsafe fn transpose<T: Copy>(src: *const T, src_step: isize, src_lane: isize, dst: *mut T, dst_step: isize, dst_lane: isize, n: usize, lanes: usize) {
    if src_step == 1 && dst_step == 1 {
        for j in 0..lanes as isize {
            // SAFETY: the caller's promise; both lanes are contiguous.
            unsafe {
                let (from, to) = (src.offset(j * src_lane), dst.offset(j * dst_lane));
                std::ptr::copy_nonoverlapping(from, to, n);
            }
        }
        return;
    }
    // Strides known to be 1 make faster loops.
    match (src_step, src_lane, dst_step, dst_lane) {
        (_, 1, 1, _) => blocks(n, lanes, |i, j| {
            // SAFETY: the caller's promise; a prefetch may look past the end.
            unsafe {
                if j % LINE == 0 {
                    prefetch(src.wrapping_offset((i + AHEAD) * src_step + j));
                }
                *dst.offset(i + j * dst_lane) = *src.offset(i * src_step + j);
            }
        }),
        (1, _, _, 1) => blocks(n, lanes, |i, j| {
            // SAFETY: as above.
            unsafe {
                if j % LINE == 0 {
                    prefetch(dst.wrapping_offset((i + AHEAD) * dst_step + j));
                }
                *dst.offset(i * dst_step + j) = *src.offset(i + j * src_lane);
            }
        }),
        _ => blocks(n, lanes, |i, j| {
            // SAFETY: the caller's promise.
            unsafe {
                *dst.offset(i * dst_step + j * dst_lane) = *src.offset(i * src_step + j * src_lane);
            }
        }),
    }
}

/// Rows between a prefetch and its use.
const AHEAD: isize = 8;
/// Elements between prefetches.
const LINE: isize = 4;

/// Calls `f(i, j)` for `i < n`, `j < lanes`, by rows `i` of blocks of lanes: a block's lines stay in
/// the first-level cache on the side where lanes are not neighbours.
#[inline(always)]
fn blocks(n: usize, lanes: usize, f: impl Fn(isize, isize)) {
    const BLOCK: isize = 64;
    const UNROLL: isize = 8;
    let (n, lanes) = (n as isize, lanes as isize);
    for first in (0..lanes).step_by(BLOCK as usize) {
        let end = (first + BLOCK).min(lanes);
        let whole = end - (end - first) % UNROLL;
        for i in 0..n {
            let mut j = first;
            while j < whole {
                for u in 0..UNROLL {
                    f(i, j + u);
                }
                j += UNROLL;
            }
            for j in whole..end {
                f(i, j);
            }
        }
    }
}

/// The distance of lanes in a tile: lanes of a large power-of-two size would all fall into the same
/// cache sets.
fn padded<T>(n: usize, width: usize) -> usize {
    let line = 64 / size_of::<T>();
    if width > 1 && (n * size_of::<T>()).is_multiple_of(1024) { n + line } else { n }
}
