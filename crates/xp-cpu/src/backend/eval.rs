//! Elementwise loops: one pass over the operands, in chunks, on all threads.

use std::mem::MaybeUninit;
use std::ops::Range;

use xp_core::expr::{CHUNK, Kernel, Plan};
use xp_core::math::Isa;
use xp_core::{Element, MAX_NDIM};
use xp_engine::kernels::transpose::copy_strided;
use xp_engine::threads::{Shared, parallel};

use crate::backend::dispatch::at_level;

/// Elements of a row that one task works on at least.
const SEGMENT: usize = 4096;
/// Outputs of this many bytes are written past the caches: they would not be there any more when they are read.
const STREAM: usize = 3 << 22;
/// How many elements ahead the memory is asked for what will be read.
pub(super) const AHEAD: usize = 8 * CHUNK;
/// Positions of a chunk that is not whole that are done together.
const GROUP: usize = 8;
/// Rows of a tile where operands jump along the row.
const TILE_ROWS: usize = 64;

/// Runs a kernel over a plan.
///
/// # Safety
/// As for [`xp_core::Backend::eval`].
pub(crate) unsafe fn eval<K: Kernel>(kernel: K, plan: &Plan, out: *mut K::Elem) {
    if let Some((from, walk)) = kernel.as_copy()
        && (plan.is_flat() || plan.wants_tiles())
        && !std::ptr::eq(from, out)
    {
        // SAFETY: the operand is read over the plan and the output written; they are different memory, as the operand
        // does not start where the output does.
        return unsafe { copy_strided(from, walk, out, plan.out(), plan.shape()) };
    }
    let work = Work::new(plan, is_large::<K::Elem>(plan) && !reads(&kernel, out));
    let out = Shared::new(out);
    if work.tasks == 1 {
        // SAFETY: passed on; the only task covers the output.
        return unsafe { run_tasks(kernel, plan, work, out, 0, 1) };
    }
    parallel(work.tasks, |tasks| {
        // SAFETY: passed on; the tasks cover disjoint parts of the output.
        unsafe { run_tasks(kernel.clone(), plan, work, out, tasks.start, tasks.end) }
    });
}

fn is_large<T>(plan: &Plan) -> bool {
    plan.size() * size_of::<T>() >= STREAM
}

/// Whether the output takes the place of an operand. Its memory is then in the caches when it is written.
fn reads<K: Kernel>(kernel: &K, out: *const K::Elem) -> bool {
    let found = std::cell::Cell::new(false);
    kernel.clone().rebase(&|address| {
        found.set(found.get() || std::ptr::eq(address, out.cast()));
        address
    });
    found.get()
}

/// How a plan is cut into tasks.
#[derive(Clone, Copy)]
struct Work {
    /// Rows of the plan, and elements of each.
    rows: usize,
    len: usize,
    /// Rows and elements of a row that one task takes.
    task_rows: usize,
    segment: usize,
    /// Number of segments of a row, and of tasks.
    segments: usize,
    tasks: usize,
    /// Whether the output goes past the caches.
    stream: bool,
}

impl Work {
    fn new(plan: &Plan, stream: bool) -> Work {
        let shape = plan.shape();
        if let &[len @ ..=SEGMENT] = shape {
            return Work { rows: 1, len, task_rows: 1, segment: len, segments: 1, tasks: 1, stream: false };
        }
        let (rows, len) = if plan.is_flat() { (1, plan.size()) } else { (plan.size() / shape[shape.len() - 1], shape[shape.len() - 1]) };
        let (task_rows, segment) = if plan.wants_tiles() { (TILE_ROWS, CHUNK) } else { ((SEGMENT / len.max(1)).max(1), SEGMENT) };
        let segments = len.div_ceil(segment);
        Work { rows, len, task_rows, segment, segments, tasks: rows.div_ceil(task_rows) * segments, stream }
    }
}

unsafe fn run_tasks<K: Kernel>(kernel: K, plan: &Plan, work: Work, out: Shared<*mut K::Elem>, first: usize, end: usize) {
    at_level!(run<K: Kernel>(kernel: K, plan: &Plan, work: Work, out: Shared<*mut K::Elem>, first: usize, end: usize))
}

#[inline(always)]
unsafe fn run<I: Isa, K: Kernel>(mut kernel: K, plan: &Plan, work: Work, out: Shared<*mut K::Elem>, first: usize, end: usize) {
    let outer = plan.shape().len() - 1;
    let (step, walk) = if plan.is_flat() { (1, &[][..]) } else { (plan.out()[outer], &plan.out()[..outer]) };
    if work.stream && work.len >= 2 * AHEAD && !plan.wants_tiles() {
        kernel.look_ahead(outer, AHEAD);
    }
    let mut index = [0usize; MAX_NDIM];
    for task in first..end {
        let (block, segment) = if work.segments == 1 { (task, 0) } else { (task / work.segments, task % work.segments) };
        let columns = segment * work.segment..((segment + 1) * work.segment).min(work.len);
        let first = block * work.task_rows;
        let mut offset = 0;
        for row in first..((block + 1) * work.task_rows).min(work.rows) {
            if !plan.is_flat() {
                if row == first {
                    offset = place(row, &plan.shape()[..outer], walk, &mut index);
                } else {
                    offset += next(&plan.shape()[..outer], walk, &mut index);
                }
                // SAFETY: the index is inside the plan.
                unsafe { kernel.seek(&index[..outer]) };
            }
            let mut at = columns.start;
            while at < columns.end {
                let len = CHUNK.min(columns.end - at);
                // SAFETY: `at + len` is inside the row, and the output has room at these positions.
                unsafe {
                    let mut chunk = [MaybeUninit::<K::Elem>::uninit(); CHUNK];
                    if len == CHUNK {
                        kernel.fill::<I>(at, len);
                        for (j, slot) in chunk.iter_mut().enumerate() {
                            slot.write(kernel.get::<I>(j));
                        }
                    } else {
                        kernel.fill_part::<I>(at, len);
                        by_groups(len, |group| {
                            for j in group {
                                chunk[j].write(kernel.get::<I>(j));
                            }
                        });
                    }
                    store(&chunk, len, out.get().wrapping_offset(offset + at as isize * step), step, work.stream);
                }
                at += len;
            }
        }
    }
    if work.stream {
        streaming_done();
    }
}

/// Calls `f` for ranges of [`GROUP`] positions that cover those below `len`, the last one reaching back into the one before; of one
/// position each, if there are fewer. The length is known to the compiler, which leaves nothing over for a loop over elements.
#[inline(always)]
fn by_groups(len: usize, mut f: impl FnMut(Range<usize>)) {
    if len < GROUP {
        return (0..len).for_each(|j| f(j..j + 1));
    }
    for first in (0..=len - GROUP).step_by(GROUP) {
        f(first..first + GROUP);
    }
    if !len.is_multiple_of(GROUP) {
        f(len - GROUP..len);
    }
}

/// The index of a row, and the offset of its first element.
fn place(row: usize, shape: &[usize], walk: &[isize], index: &mut [usize; MAX_NDIM]) -> isize {
    let (mut rest, mut offset) = (row, 0);
    for k in (0..shape.len()).rev() {
        index[k] = rest % shape[k];
        rest /= shape[k];
        offset += index[k] as isize * walk[k];
    }
    offset
}

/// Goes on to the index of the next row; how far its first element is from the one before. (Divisions take as long as a short row.)
#[inline(always)]
fn next(shape: &[usize], walk: &[isize], index: &mut [usize; MAX_NDIM]) -> isize {
    let mut way = 0;
    for k in (0..shape.len()).rev() {
        index[k] += 1;
        way += walk[k];
        if index[k] < shape[k] {
            break;
        }
        way -= walk[k] * shape[k] as isize;
        index[k] = 0;
    }
    way
}

/// Writes the first `len` elements of a chunk, past the caches if `stream`.
///
/// # Safety
/// They must be written, and `to` must have room for them at distance `step`.
#[inline(always)]
unsafe fn store<T: Element>(chunk: &[MaybeUninit<T>; CHUNK], len: usize, to: *mut T, step: isize, stream: bool) {
    // SAFETY: by the caller.
    unsafe {
        if step == 1 && stream && to.addr().is_multiple_of(VECTOR) {
            store_streaming(chunk, len, to);
        } else if step == 1 && len == CHUNK {
            to.cast::<[MaybeUninit<T>; CHUNK]>().write_unaligned(*chunk);
        } else if step == 1 {
            by_groups(len, |group| std::ptr::copy_nonoverlapping(chunk[group.start..].as_ptr().cast(), to.add(group.start), group.len()));
        } else {
            for (j, &x) in chunk[..len].iter().enumerate() {
                *to.offset(j as isize * step) = x.assume_init();
            }
        }
    }
}

/// Bytes of a streaming store.
const VECTOR: usize = 16;

/// Writes the first `len` elements of a chunk with stores that do not first read the memory they overwrite.
///
/// # Safety
/// They must be written, and `to` must have room for them and be a multiple of [`VECTOR`].
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn store_streaming<T: Element>(chunk: &[MaybeUninit<T>; CHUNK], len: usize, to: *mut T) {
    use std::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_stream_si128};
    let bytes = len * size_of::<T>();
    let whole = bytes / VECTOR;
    let (from, to) = (chunk.as_ptr().cast::<__m128i>(), to.cast::<__m128i>());
    // SAFETY: both have `bytes` bytes, and `to` is aligned by the caller.
    unsafe {
        for k in 0..whole {
            _mm_stream_si128(to.add(k), _mm_loadu_si128(from.add(k)));
        }
        std::ptr::copy_nonoverlapping(from.add(whole).cast::<u8>(), to.add(whole).cast::<u8>(), bytes % VECTOR);
    }
}

/// Orders streaming stores before everything that follows.
#[cfg(target_arch = "x86_64")]
fn streaming_done() {
    // SAFETY: SSE is part of the target.
    unsafe { std::arch::x86_64::_mm_sfence() };
}

/// As above, for machines without such stores.
///
/// # Safety
/// `to` must have room for `len` elements.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
unsafe fn store_streaming<T: Element>(chunk: &[MaybeUninit<T>; CHUNK], len: usize, to: *mut T) {
    // SAFETY: by the caller.
    unsafe { std::ptr::copy_nonoverlapping(chunk.as_ptr().cast(), to, len) };
}

#[cfg(not(target_arch = "x86_64"))]
fn streaming_done() {}
