//! Elementwise loops: one pass over the operands, in chunks, on all threads.

use xp_core::expr::{CHUNK, Kernel, Plan};
use xp_core::math::Isa;
use xp_core::{Element, MAX_NDIM};

use crate::level::at_level;

/// Elements of a row that one task works on at least.
const SEGMENT: usize = 4096;
/// Rows of a tile where operands jump along the row.
const TILE_ROWS: usize = 64;

/// Where results go.
#[derive(Clone, Copy)]
pub(crate) struct Out<T>(*mut T);
// SAFETY: the tasks write disjoint parts.
unsafe impl<T> Send for Out<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Out<T> {}

impl<T> Out<T> {
    pub(crate) fn new(ptr: *mut T) -> Self {
        Out(ptr)
    }

    /// The pointer. A method, so that closures capture the whole `Out`, which may go to other threads.
    #[inline(always)]
    pub(crate) fn ptr(self) -> *mut T {
        self.0
    }
}

/// Runs a kernel over a plan.
///
/// # Safety
/// As for [`xp_core::Backend::eval`].
pub(crate) unsafe fn eval<K: Kernel>(kernel: K, plan: &Plan, out: *mut K::Elem) {
    let work = Work::new(plan);
    let out = Out::new(out);
    crate::dispatch::parallel(work.tasks, |tasks| {
        // SAFETY: passed on; the tasks cover disjoint parts of the output.
        unsafe { run_tasks(kernel.clone(), plan, work, out, tasks.start, tasks.end) }
    });
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
}

impl Work {
    fn new(plan: &Plan) -> Work {
        let shape = plan.shape();
        let (rows, len) = if plan.is_flat() { (1, plan.size()) } else { (plan.size() / shape[shape.len() - 1], shape[shape.len() - 1]) };
        let (task_rows, segment) = if plan.wants_tiles() {
            (TILE_ROWS, CHUNK)
        } else {
            ((SEGMENT / len.max(1)).max(1), SEGMENT)
        };
        let segments = len.div_ceil(segment);
        Work { rows, len, task_rows, segment, segments, tasks: rows.div_ceil(task_rows) * segments }
    }
}

unsafe fn run_tasks<K: Kernel>(kernel: K, plan: &Plan, work: Work, out: Out<K::Elem>, first: usize, end: usize) {
    at_level!(run<K: Kernel>(kernel: K, plan: &Plan, work: Work, out: Out<K::Elem>, first: usize, end: usize))
}

#[inline(always)]
unsafe fn run<I: Isa, K: Kernel>(mut kernel: K, plan: &Plan, work: Work, out: Out<K::Elem>, first: usize, end: usize) {
    let outer = plan.shape().len() - 1;
    let (step, walk) = if plan.is_flat() { (1, &[][..]) } else { (plan.out()[outer], &plan.out()[..outer]) };
    let mut index = [0usize; MAX_NDIM];
    for task in first..end {
        let (block, segment) = (task / work.segments, task % work.segments);
        let columns = segment * work.segment..((segment + 1) * work.segment).min(work.len);
        for row in block * work.task_rows..((block + 1) * work.task_rows).min(work.rows) {
            let mut offset = 0;
            if !plan.is_flat() {
                let mut rest = row;
                for k in (0..outer).rev() {
                    index[k] = rest % plan.shape()[k];
                    rest /= plan.shape()[k];
                    offset += index[k] as isize * walk[k];
                }
                // SAFETY: the index is inside the plan.
                unsafe { kernel.seek(&index[..outer]) };
            }
            let mut at = columns.start;
            while at < columns.end {
                let len = CHUNK.min(columns.end - at);
                // SAFETY: `at + len` is inside the row, and the output has room at these positions.
                unsafe {
                    kernel.fill::<I>(at, len);
                    let mut chunk = [K::Elem::default(); CHUNK];
                    for (j, slot) in chunk.iter_mut().enumerate() {
                        *slot = kernel.get::<I>(j);
                    }
                    store(&chunk, len, out.ptr().wrapping_offset(offset + at as isize * step), step);
                }
                at += len;
            }
        }
    }
}

/// Writes the first `len` elements of a chunk.
///
/// # Safety
/// `to` must have room for them at distance `step`.
#[inline(always)]
unsafe fn store<T: Element>(chunk: &[T; CHUNK], len: usize, to: *mut T, step: isize) {
    // SAFETY: by the caller.
    unsafe {
        if step == 1 && len == CHUNK {
            to.cast::<[T; CHUNK]>().write_unaligned(*chunk);
        } else if step == 1 {
            std::ptr::copy_nonoverlapping(chunk.as_ptr(), to, len);
        } else {
            for (j, &x) in chunk[..len].iter().enumerate() {
                *to.offset(j as isize * step) = x;
            }
        }
    }
}
