//! Elementwise loops and reductions, one chunk of a row after the other.

use xp_core::MAX_NDIM;
use xp_core::expr::{CHUNK, Kernel, Plan};
use xp_core::math::Baseline;
use xp_core::reduction::{Outputs, Reduction};

/// Runs a kernel over a plan.
///
/// # Safety
/// As for [`xp_core::Backend::eval`].
pub(crate) unsafe fn eval<K: Kernel>(mut kernel: K, plan: &Plan, out: *mut K::Elem) {
    let last = plan.shape().len() - 1;
    let outer: Vec<usize> = if plan.is_flat() { vec![] } else { (0..last).collect() };
    let (len, step) = if plan.is_flat() { (plan.size(), 1) } else { (plan.shape()[last], plan.out()[last]) };
    for row in 0..size(plan, &outer) {
        let mut index = [0; MAX_NDIM];
        locate(plan, &outer, row, &mut index);
        let start: isize = outer.iter().map(|&k| index[k] as isize * plan.out()[k]).sum();
        // SAFETY: the index is inside the plan, chunks stay inside the row, and the output has room there.
        unsafe {
            if !plan.is_flat() {
                kernel.seek(&index[..last]);
            }
            for at in (0..len).step_by(CHUNK) {
                let count = CHUNK.min(len - at);
                let chunk = values(&mut kernel, at, count);
                for (j, &x) in chunk[..count].iter().enumerate() {
                    out.offset(start + (at + j) as isize * step).write(x);
                }
            }
        }
    }
}

/// Runs a kernel over a plan and reduces it.
///
/// # Safety
/// As for [`xp_core::Backend::reduce`].
pub(crate) unsafe fn reduce<R: Reduction<K::Elem>, K: Kernel>(
    reduction: R,
    mut kernel: K,
    plan: &Plan,
    count: usize,
    out: <R::Out as Outputs>::Places,
) {
    let (shape, last) = (plan.shape(), plan.shape().len() - 1);
    let (kept, reduced): (Vec<usize>, Vec<usize>) = (0..last).partition(|&k| !plan.reduced()[k]);
    let (len, row_reduced) = (shape[last], plan.reduced()[last]);
    for output in 0..size(plan, &kept) {
        let mut index = [0; MAX_NDIM];
        locate(plan, &kept, output, &mut index);
        let start: isize = kept.iter().map(|&k| index[k] as isize * plan.out()[k]).sum();
        // One accumulator per position in a chunk, or per column.
        let mut lanes = [R::identity(); CHUNK];
        let mut columns = vec![R::identity(); if row_reduced { 0 } else { len }];
        for row in 0..size(plan, &reduced) {
            locate(plan, &reduced, row, &mut index);
            // SAFETY: the index is inside the plan, and chunks stay inside the row.
            unsafe {
                kernel.seek(&index[..last]);
                for at in (0..len).step_by(CHUNK) {
                    let n = CHUNK.min(len - at);
                    if row_reduced && n == CHUNK {
                        kernel.fill::<Baseline>(at, n);
                        R::push_chunk::<Baseline>(&mut lanes, |j| kernel.get::<Baseline>(j.get()), row * len + at);
                        continue;
                    }
                    let chunk = values(&mut kernel, at, n);
                    for (j, &x) in chunk[..n].iter().enumerate() {
                        if row_reduced {
                            lanes[j] = R::push::<Baseline>(lanes[j], x, row * len + at + j);
                        } else {
                            columns[at + j] = R::push::<Baseline>(columns[at + j], x, row);
                        }
                    }
                }
            }
        }
        // SAFETY: the output has room at the positions of the plan.
        unsafe {
            if row_reduced {
                reduction.finish(lanes.into_iter().fold(R::identity(), R::merge), count).write(out, start);
            }
            for (j, acc) in columns.into_iter().enumerate() {
                reduction.finish(acc, count).write(out, start + j as isize * plan.out()[last]);
            }
        }
    }
}

/// The elements `at..at + count` of the row a kernel is at; the others of the chunk mean nothing.
///
/// # Safety
/// The elements must be inside the row.
unsafe fn values<K: Kernel>(kernel: &mut K, at: usize, count: usize) -> [K::Elem; CHUNK] {
    let mut chunk = [K::Elem::default(); CHUNK];
    // SAFETY: by the caller; after `fill_part` only its positions are asked for.
    unsafe {
        if count == CHUNK {
            kernel.fill::<Baseline>(at, count);
        } else {
            kernel.fill_part::<Baseline>(at, count);
        }
        for (j, slot) in chunk[..count].iter_mut().enumerate() {
            *slot = kernel.get::<Baseline>(j);
        }
    }
    chunk
}

/// The number of positions along some axes of a plan.
fn size(plan: &Plan, axes: &[usize]) -> usize {
    axes.iter().map(|&k| plan.shape()[k]).product()
}

/// Puts the place of row-major position `row` along some axes into `index`.
fn locate(plan: &Plan, axes: &[usize], row: usize, index: &mut [usize; MAX_NDIM]) {
    let mut rest = row;
    for &k in axes.iter().rev() {
        index[k] = rest % plan.shape()[k];
        rest /= plan.shape()[k];
    }
}
