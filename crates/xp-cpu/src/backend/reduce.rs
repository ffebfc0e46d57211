//! Reductions in fixed blocks: the order of the operations depends on the shape alone, never on the threads.

use xp_core::expr::{CHUNK, Kernel, Plan};
use xp_core::math::Isa;
use xp_core::reduction::{Outputs, Reduction};
use xp_core::{AxisVec, Element, MAX_NDIM};
use xp_engine::threads::{self, Shared, parallel};

use crate::backend::dispatch::at_level;
use crate::backend::eval::AHEAD;

/// Elements that an accumulator takes one after the other, at most. Blocks are then joined pairwise: the error of a sum of
/// `n` numbers is at most `(RUN + log2 n) eps / 2` of the sum of their magnitudes.
const RUN: usize = 256;
/// Accumulators side by side along a row. As many as a chunk has elements: the compiler then vectorises the loop over
/// them and keeps them in registers, where it makes scalars of fewer.
const LANES: usize = CHUNK;
/// Rows that are accumulated together, so that accumulators in memory are read and written less often.
const ROWS: usize = 4;
/// So many partial results need no memory beside the stack.
const FEW: usize = 32;
/// Columns of a block where the row is kept, the widest first: the longer the pieces of rows, the better the memory foresees what
/// is read. They change no result.
const WIDTHS: [usize; 3] = [4096, 2048, 1024];
/// Columns below which rows are too short for the loops over them: rows that follow each other are then taken for one.
const NARROW: usize = CHUNK / 2;
/// So many elements each accumulator of narrow rows takes, in a block: joining them costs little beside that.
const NARROW_RUN: usize = 64;
/// Elements from which on the memory is asked early for what comes next: the caches do not hold so many.
const LARGE: usize = 1 << 18;

/// Runs a kernel over a plan and reduces it.
///
/// # Safety
/// As for [`xp_core::Backend::reduce`].
pub(crate) unsafe fn reduce<R: Reduction<K::Elem>, K: Kernel>(reduction: R, kernel: K, plan: &Plan, count: usize, out: <R::Out as Outputs>::Places) {
    let mut work = Work::new(plan, R::INDEXED);
    let mut kernel = kernel;
    if let Some(flat) = work.in_turns(plan, R::INDEXED) {
        kernel.replan(&flat, &mut 0);
    }
    let units = work.outputs() * work.blocks;
    if units == 1 && work.width == 1 {
        let mut total = R::identity();
        // SAFETY: passed on; there is one partial result, and one output.
        unsafe {
            run_units::<K, R>(kernel, plan, &work, Shared::new(&raw mut total), 0, 1);
            reduction.finish(total, count).write(out, 0);
        }
        return;
    }
    let (mut few, mut many) = ([R::identity(); FEW], vec![]);
    let partials = if units * work.width <= FEW {
        &mut few[..]
    } else {
        many.resize(units * work.width, R::identity());
        &mut many[..]
    };
    let acc = Shared::new(partials.as_mut_ptr());
    parallel(units, |units| {
        // SAFETY: passed on; the units write disjoint partial results.
        unsafe { run_units::<K, R>(kernel.clone(), plan, &work, acc, units.start, units.end) }
    });
    let width = work.width;
    parallel(work.outputs(), |outputs| {
        for o in outputs {
            let size = work.blocks * width;
            // SAFETY: the partial results of this output, which were written above, and that nobody else uses now.
            let blocks = unsafe { std::slice::from_raw_parts_mut(acc.get().add(o * size), size) };
            merge::<R, K>(blocks, width);
            let (offset, columns, step) = work.target(plan, o);
            for c in 0..columns {
                // Without reduced elements there are no blocks.
                let total = blocks.get(c).copied().unwrap_or_else(R::identity);
                // SAFETY: the output has room at the positions of the plan.
                unsafe { reduction.finish(total, count).write(out, offset + c as isize * step) };
            }
        }
    });
}

/// Columns of a block, of rows of `len` that make `blocks` blocks of rows: as many as leave every thread some blocks.
fn width_for(len: usize, blocks: usize) -> usize {
    let narrowest = WIDTHS[WIDTHS.len() - 1];
    if len <= narrowest {
        return narrowest;
    }
    let wanted = 4 * threads::count();
    WIDTHS.into_iter().find(|&width| blocks * len.div_ceil(width) >= wanted).unwrap_or(narrowest)
}

/// Merges blocks of `width` partial results pairwise, into the first one.
fn merge<R: Reduction<K::Elem>, K: Kernel>(blocks: &mut [R::Acc], width: usize) {
    let n = blocks.len() / width;
    if n < 2 {
        return;
    }
    let (left, right) = blocks.split_at_mut(n / 2 * width);
    merge::<R, K>(left, width);
    merge::<R, K>(right, width);
    for (a, &b) in left.iter_mut().zip(&right[..width]) {
        *a = R::merge(*a, b);
    }
}

/// How a reduction is cut into units: a block of reduced elements of one output (row reduced), or of `width` outputs
/// side by side (row kept).
struct Work {
    /// Whether the row is reduced.
    row_reduced: bool,
    /// Axes of the plan, but the row, that are kept and reduced.
    kept: AxisVec<usize>,
    reduced: AxisVec<usize>,
    kept_size: usize,
    /// Rows to reduce for each output, and length of a row.
    rows: usize,
    len: usize,
    /// Outputs side by side, and how many such groups a row has.
    width: usize,
    groups: usize,
    /// Blocks of reduced elements: of whole rows, or of pieces of one row.
    blocks: usize,
    /// Blocks that a row is cut into.
    pieces: usize,
    block_rows: usize,
    block_len: usize,
    /// Accumulators of a column, where the row is kept: each takes a row in turn. More than one where the plan is walked as one row.
    turns: usize,
}

impl Work {
    /// `indexed` says whether the reduction asks for positions.
    fn new(plan: &Plan, indexed: bool) -> Work {
        let (shape, last) = (plan.shape(), plan.shape().len() - 1);
        // The number of elements that an accumulator takes at most: a search for a position rounds nothing.
        let run = if indexed { 2 * RUN } else { RUN };
        if let (&[len], &[true]) = (shape, plan.reduced())
            && (1..run * LANES).contains(&len)
        {
            let (kept, reduced) = (AxisVec::default(), AxisVec::default());
            return Work {
                row_reduced: true,
                kept,
                reduced,
                kept_size: 1,
                rows: 1,
                len,
                width: 1,
                groups: 1,
                blocks: 1,
                pieces: 1,
                block_rows: 1,
                block_len: len,
                turns: 1,
            };
        }
        let axes = |reduced: bool| (0..last).filter(|&k| plan.reduced()[k] == reduced).collect::<AxisVec<_>>();
        let (kept, reduced) = (axes(false), axes(true));
        let size = |axes: &[usize]| axes.iter().map(|&k| shape[k]).product::<usize>();
        let (kept_size, rows, len) = (size(&kept), size(&reduced), shape[last]);
        let row_reduced = plan.reduced()[last];
        // No elements to reduce make no blocks.
        let width = if row_reduced { 1 } else { len.clamp(1, width_for(len, kept_size * rows.div_ceil(run))) };
        let groups = if row_reduced { 1 } else { len.div_ceil(width) };
        let (block_rows, block_len) = if !row_reduced {
            (run, len)
        } else if len >= run * LANES {
            (1, run * LANES)
        } else {
            (run / len.div_ceil(LANES).max(1), len.max(1))
        };
        let pieces = if row_reduced { len.div_ceil(block_len) } else { 1 };
        let blocks = rows.div_ceil(block_rows) * pieces;
        Work { row_reduced, kept, reduced, kept_size, rows, len, width, groups, blocks, pieces, block_rows, block_len, turns: 1 }
    }

    /// Lets the accumulators of a few columns take turns, if there are many rows of these that follow each other: the plan that walks all of
    /// them as one row.
    fn in_turns(&mut self, plan: &Plan, indexed: bool) -> Option<Plan> {
        if self.row_reduced || indexed || !(2..NARROW).contains(&self.len) || self.reduced[..] != [plan.shape().len().wrapping_sub(2)] {
            return None;
        }
        // So many rows fill whole chunks.
        let turns = CHUNK >> self.len.trailing_zeros();
        if self.rows < 16 * turns {
            return None;
        }
        let flat = plan.in_one_row()?;
        (self.turns, self.block_rows) = (turns, turns * NARROW_RUN);
        self.blocks = self.rows.div_ceil(self.block_rows);
        Some(flat)
    }

    fn outputs(&self) -> usize {
        self.kept_size * self.groups
    }

    /// Puts the place of reduced row `row` into `index`.
    #[inline(always)]
    fn locate(&self, plan: &Plan, row: usize, index: &mut [usize; MAX_NDIM]) {
        let mut rest = row;
        for &k in self.reduced.iter().rev() {
            index[k] = rest % plan.shape()[k];
            rest /= plan.shape()[k];
        }
    }

    /// Where output group `o` goes: offset, number of outputs, distance between them.
    fn target(&self, plan: &Plan, o: usize) -> (isize, usize, isize) {
        let mut rest = o / self.groups;
        let mut offset = 0;
        for &k in self.kept.iter().rev() {
            offset += (rest % plan.shape()[k]) as isize * plan.out()[k];
            rest /= plan.shape()[k];
        }
        if self.row_reduced {
            return (offset, 1, 0);
        }
        let (start, step) = ((o % self.groups) * self.width, plan.out()[plan.shape().len() - 1]);
        (offset + start as isize * step, self.width.min(self.len - start), step)
    }
}

unsafe fn run_units<K: Kernel, R: Reduction<K::Elem>>(kernel: K, plan: &Plan, work: &Work, acc: Shared<*mut R::Acc>, first: usize, end: usize) {
    at_level!(run<K: Kernel, R: Reduction<K::Elem>>(kernel: K, plan: &Plan, work: &Work, acc: Shared<*mut R::Acc>, first: usize, end: usize))
}

#[inline(always)]
unsafe fn run<I: Isa, K: Kernel, R: Reduction<K::Elem>>(kernel: K, plan: &Plan, work: &Work, acc: Shared<*mut R::Acc>, first: usize, end: usize) {
    let mut index = [0usize; MAX_NDIM];
    let outer = plan.shape().len() - 1;
    let mut kernel = kernel;
    if plan.size() >= LARGE && work.turns == 1 {
        if !work.row_reduced {
            if let Some(&axis) = work.reduced.last() {
                kernel.look_ahead(axis, ROWS);
            }
        } else if work.len >= 2 * AHEAD {
            kernel.look_ahead(outer, AHEAD);
        }
    }
    let mut narrow = if work.turns > 1 { vec![R::identity(); work.turns * work.len] } else { vec![] };
    // Rows are accumulated together where they are kept.
    let mut side_by_side = (!work.row_reduced).then(|| [kernel.clone(), kernel.clone(), kernel.clone(), kernel.clone()]);
    for unit in first..end {
        // Divisions cost as much as a short row.
        let (output, block) = if work.blocks == 1 { (unit, 0) } else { (unit / work.blocks, unit % work.blocks) };
        let mut rest = if work.groups == 1 { output } else { output / work.groups };
        for &k in work.kept.iter().rev() {
            index[k] = rest % plan.shape()[k];
            rest /= plan.shape()[k];
        }
        let (row_block, piece) = if work.pieces == 1 { (block, 0) } else { (block / work.pieces, block % work.pieces) };
        let rows = row_block * work.block_rows..((row_block + 1) * work.block_rows).min(work.rows);
        let columns = if work.row_reduced {
            piece * work.block_len..((piece + 1) * work.block_len).min(work.len)
        } else {
            let start = (output % work.groups) * work.width;
            start..(start + work.width).min(work.len)
        };
        let target = acc.get().wrapping_add(unit * work.width);
        if let Some(kernels) = &mut side_by_side
            && work.turns > 1
        {
            narrow.fill(R::identity());
            let before = output * work.rows;
            // SAFETY: the elements of all rows lie one after the other in the row of the plan; those of a unit are inside.
            unsafe { take_turns::<I, K, R>(kernels, (before + rows.start) * work.len..(before + rows.end) * work.len, &mut narrow) };
            merge::<R, K>(&mut narrow, work.len);
            // SAFETY: one partial result per unit and column.
            unsafe { target.copy_from_nonoverlapping(narrow.as_ptr(), work.len) };
        } else if let Some(kernels) = &mut side_by_side {
            for first in rows.clone().step_by(ROWS) {
                let count = ROWS.min(rows.end - first);
                for (k, kernel) in kernels[..count].iter_mut().enumerate() {
                    work.locate(plan, first + k, &mut index);
                    // SAFETY: the index is inside the plan.
                    unsafe { kernel.seek(&index[..outer]) };
                }
                // SAFETY: chunks stay inside the row, and partial results inside `acc`.
                unsafe {
                    if let [a, b, c, d] = kernels
                        && count == ROWS
                    {
                        accumulate::<I, K, R, ROWS>([a, b, c, d], [columns.start; ROWS], columns.len(), first, target);
                    } else {
                        for (k, kernel) in kernels[..count].iter_mut().enumerate() {
                            accumulate::<I, K, R, 1>([kernel], [columns.start], columns.len(), first + k, target);
                        }
                    }
                }
            }
        } else {
            let mut lanes = [R::identity(); LANES];
            for row in rows {
                work.locate(plan, row, &mut index);
                // SAFETY: the index is inside the plan, and chunks stay inside the row.
                unsafe {
                    kernel.seek(&index[..outer]);
                    reduce_row::<I, K, R>(&mut kernel, columns.clone(), row * work.len, &mut lanes);
                }
            }
            // Lanes that no row reaches are left alone.
            let mut n = LANES.min(work.len.next_power_of_two());
            while n > 1 {
                n /= 2;
                for j in 0..n {
                    lanes[j] = R::merge(lanes[j], lanes[j + n]);
                }
            }
            // SAFETY: one partial result per unit.
            unsafe { *target = lanes[0] };
        }
    }
}

/// Pushes part of a row into the lanes; its first element is number `first` among the reduced ones.
///
/// # Safety
/// `columns` must be inside the row the kernel is at.
#[inline(always)]
unsafe fn reduce_row<I: Isa, K: Kernel, R: Reduction<K::Elem>>(
    kernel: &mut K,
    columns: std::ops::Range<usize>,
    first: usize,
    lanes: &mut [R::Acc; LANES],
) {
    let mut at = columns.start;
    // The lanes live in registers meanwhile: at places that are known, or they would not.
    let mut acc = *lanes;
    if let Some(row) = kernel.as_row() {
        while at + CHUNK <= columns.end {
            // SAFETY: by the caller; the position is inside the chunk.
            R::push_chunk::<I>(&mut acc, |j| unsafe { *row.add(at + j.get()) }, first + at);
            at += CHUNK;
        }
    }
    while at + CHUNK <= columns.end {
        // SAFETY: by the caller.
        unsafe { kernel.fill::<I>(at, CHUNK) };
        // SAFETY: the chunk is filled, and the position inside it.
        R::push_chunk::<I>(&mut acc, |j| unsafe { kernel.get::<I>(j.get()) }, first + at);
        at += CHUNK;
    }
    *lanes = acc;
    if at < columns.end {
        // SAFETY: by the caller.
        unsafe { kernel.fill::<I>(at, columns.end - at) };
        for (j, a) in lanes.iter_mut().enumerate().take(columns.end - at) {
            // SAFETY: the chunk is filled up to there.
            *a = R::push::<I>(*a, unsafe { kernel.get::<I>(j) }, first + at + j);
        }
    }
}

/// Pushes the elements of rows of a few columns, which follow each other in the row that the kernels walk, into accumulators that take
/// turns: `acc` has one of each column for every turn.
///
/// # Safety
/// The elements must be inside that row.
#[inline(always)]
unsafe fn take_turns<I: Isa, K: Kernel, R: Reduction<K::Elem>>(kernels: &mut [K; ROWS], elements: std::ops::Range<usize>, acc: &mut [R::Acc]) {
    let (mut at, wide) = (elements.start, acc.len());
    while at < elements.end {
        let left = elements.end - at;
        // SAFETY: by the caller; there are as many accumulators.
        unsafe {
            if left >= ROWS * wide {
                let [a, b, c, d] = kernels;
                accumulate::<I, K, R, ROWS>([a, b, c, d], [at, at + wide, at + 2 * wide, at + 3 * wide], wide, 0, acc.as_mut_ptr());
                at += ROWS * wide;
            } else {
                accumulate::<I, K, R, 1>([&mut kernels[0]], [at], wide.min(left), 0, acc.as_mut_ptr());
                at += wide.min(left);
            }
        }
    }
}

/// Pushes `len` elements of `N` rows, of each from its place in `starts` on, into one accumulator per column, in the order of the rows, of
/// which the first is number `row` among the reduced ones.
///
/// # Safety
/// The elements must be inside the rows the kernels are at, and `target` have room for them.
#[inline(always)]
unsafe fn accumulate<I: Isa, K: Kernel, R: Reduction<K::Elem>, const N: usize>(
    mut kernels: [&mut K; N],
    starts: [usize; N],
    len: usize,
    row: usize,
    target: *mut R::Acc,
) {
    let mut at = 0;
    let direct = kernels.each_ref().map(|kernel| kernel.as_row());
    if direct.iter().all(Option::is_some) {
        let direct = direct.map(|row| row.expect("looked at above"));
        while at + CHUNK <= len {
            // SAFETY: by the caller.
            unsafe {
                let x = |k: usize, j: usize| *direct[k].add(starts[k] + at + j);
                push_rows::<I, _, R, N>(target.add(at), CHUNK, row, x);
            }
            at += CHUNK;
        }
    }
    while at < len {
        let some = CHUNK.min(len - at);
        // SAFETY: by the caller.
        unsafe {
            for (kernel, start) in kernels.iter_mut().zip(starts) {
                kernel.fill::<I>(start + at, some);
            }
            push_rows::<I, _, R, N>(target.add(at), some, row, |k, j| kernels[k].get::<I>(j));
        }
        at += some;
    }
}

/// Pushes the elements `x(k, j)`, `j` below `len`, of `N` rows into the accumulators of their columns.
///
/// # Safety
/// `to` must have room for `len` accumulators, at most a chunk.
#[inline(always)]
unsafe fn push_rows<I: Isa, T: Element, R: Reduction<T>, const N: usize>(to: *mut R::Acc, len: usize, row: usize, x: impl Fn(usize, usize) -> T) {
    let push = |acc: R::Acc, j: usize| (0..N).fold(acc, |acc, k| R::push::<I>(acc, x(k, j), row + k));
    // SAFETY: by the caller.
    unsafe {
        if len == CHUNK {
            let mut acc = to.cast::<[R::Acc; CHUNK]>().read();
            for (j, a) in acc.iter_mut().enumerate() {
                *a = push(*a, j);
            }
            to.cast::<[R::Acc; CHUNK]>().write(acc);
        } else {
            for j in 0..len {
                *to.add(j) = push(*to.add(j), j);
            }
        }
    }
}
