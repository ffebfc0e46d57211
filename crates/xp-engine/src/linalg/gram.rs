//! Gram matrices `X^H X` by one pass over the rows of `X`.

use super::gemm::symmetric;
use super::simd::{Kernels, Tile};
use super::workspace::{copy_into, for_chunks, for_parts, is_row_major, mirror_lower, zeros};
use super::{Result, Rows, Scalar};
use crate::threads::{Shared, map};
use faer::linalg::matmul::triangular::{BlockStructure, matmul as triangular_matmul};
use faer::{Accum, MatMut, MatRef, Par};
use std::ops::Range;

/// From this many columns on, threads share each block of rows; below, each has blocks of its own.
const WIDE: usize = 640;

/// [`super::gram`].
pub(super) fn gram<T: Scalar>(out: MatMut<'_, T>, x: MatRef<'_, T>, par: Par) -> Result<()> {
    let mut out = out;
    if let (Some(kernels), true, true) = (T::kernels(), x.ncols() >= WIDE, x.nrows() > 0) {
        assert_eq!(out.shape(), (x.ncols(), x.ncols()), "shape of the Gram matrix");
        // The matrix is real and symmetric, so either triangle of it may be computed.
        let target = if out.row_stride() == 1 { out.as_mut() } else { out.as_mut().transpose_mut() };
        if target.row_stride() == 1 && symmetric(target, x, kernels, par).is_ok() {
            mirror_lower(if out.row_stride() == 1 { out } else { out.transpose_mut() });
            return Ok(());
        }
    }
    gram_blocks(out, x.nrows(), &|rows, block| copy_rows(x.subrows(rows.start, rows.len()), block), par)
}

/// [`super::gram_blocks`].
pub(super) fn gram_blocks<T: Scalar>(out: MatMut<'_, T>, nrows: usize, fill: Rows<'_, T>, par: Par) -> Result<()> {
    let n = out.ncols();
    assert_eq!(out.nrows(), n, "the Gram matrix is square");
    let mut out = out;
    if n == 0 {
        return Ok(());
    }
    if nrows == 0 {
        out.fill(T::ZERO);
        return Ok(());
    }
    let plan = Plan::new(nrows, n, T::kernels().map_or(1, |k| k.tile_rows));
    let sum = if n >= WIDE { wide(&plan, fill, par)? } else { narrow(&plan, fill, par)? };
    let lower = MatRef::from_column_major_slice(&sum, n, n);
    // A row-major result takes the conjugate transpose of the lower triangle first; both copies are contiguous.
    copy_into(out.as_mut(), lower, par);
    mirror_lower(out);
    Ok(())
}

/// Writes the rows of `x` one after the other.
fn copy_rows<T: Scalar>(x: MatRef<'_, T>, block: &mut [T]) {
    let (m, n) = (x.nrows(), x.ncols());
    if is_row_major(x) && x.col_stride() == 1 {
        for (i, row) in block.chunks_exact_mut(n).enumerate() {
            let source = x.row(i).transpose();
            row.copy_from_slice(source.try_as_col_major().expect("unit stride").as_slice());
        }
    } else {
        copy_into(MatMut::from_row_major_slice_mut(block, m, n), x, Par::Seq);
    }
}

/// How the rows are cut up: a function of the dimensions alone.
struct Plan {
    nrows: usize,
    ncols: usize,
    /// Rows of a block.
    block: usize,
    /// Consecutive blocks that one accumulator sums.
    blocks_per_group: usize,
    /// Number of accumulators.
    groups: usize,
    /// Columns of a packed panel.
    panel: usize,
}

impl Plan {
    fn new(nrows: usize, ncols: usize, panel: usize) -> Self {
        let block = if ncols >= WIDE { 192 } else { (96 * 1024 / ncols.max(1)).clamp(64, 192) / 8 * 8 }.min(nrows);
        let blocks = nrows.div_ceil(block);
        // Accumulators take at most an eighth of the memory of the whole matrix.
        let groups = (nrows / (8 * ncols)).clamp(1, 64).min(blocks);
        let blocks_per_group = blocks.div_ceil(groups);
        Plan { nrows, ncols, block, blocks_per_group, groups: blocks.div_ceil(blocks_per_group), panel }
    }

    /// Elements of all packed panels of a block.
    fn packed(&self) -> usize {
        self.block * self.ncols.next_multiple_of(self.panel)
    }

    fn rows(&self, block: usize) -> Range<usize> {
        block * self.block..((block + 1) * self.block).min(self.nrows)
    }

    fn blocks(&self, group: usize) -> Range<usize> {
        let end = ((group + 1) * self.blocks_per_group).min(self.nrows.div_ceil(self.block));
        group * self.blocks_per_group..end
    }
}

/// One accumulator per group of blocks, summed in the order of the groups.
fn narrow<T: Scalar>(plan: &Plan, fill: Rows<'_, T>, par: Par) -> Result<Vec<T>> {
    let n = plan.ncols;
    let one_group = |group: usize| {
        let mut sum = zeros::<T>(n * n)?;
        let mut block = zeros::<T>(plan.block * n)?;
        let mut packed = Aligned::new(if T::kernels().is_some() { plan.packed() } else { 0 })?;
        for b in plan.blocks(group) {
            let rows = plan.rows(b);
            let block = &mut block[..rows.len() * n];
            let k = rows.len();
            fill(rows, block);
            match T::kernels() {
                Some(kernels) => {
                    let packed = packed.as_mut();
                    for p in 0..n.div_ceil(plan.panel) {
                        let size = k * plan.panel;
                        pack_panel(block, k, n, p * plan.panel, &mut packed[p * size..(p + 1) * size], plan.panel);
                    }
                    let sum = Shared::new(sum.as_mut_ptr());
                    // SAFETY: this thread alone uses the accumulator, which holds n x n elements.
                    unsafe { add_stripe(kernels, packed, k, n, plan.panel, 0..n, sum) };
                }
                None => add_portable(&mut sum, block, k, n, Par::Seq),
            }
        }
        Ok(sum)
    };
    let work = plan.nrows.saturating_mul(n * n);
    let mut total = Vec::new();
    let mut add = |part: Result<Vec<T>>| {
        let part = part?;
        if total.is_empty() {
            total = part;
        } else {
            add_assign(&mut total, &part);
        }
        Ok(())
    };
    if plan.groups == 1 || work < 1 << 18 || matches!(par, Par::Seq) {
        (0..plan.groups).map(one_group).try_for_each(&mut add)?;
    } else {
        map(plan.groups, one_group).into_iter().try_for_each(&mut add)?;
    }
    Ok(total)
}

fn add_assign<T: Scalar>(total: &mut [T], part: &[T]) {
    for (t, &p) in total.iter_mut().zip(part) {
        *t += p;
    }
}

/// One accumulator; the threads share the filling and the columns of the result of every block.
fn wide<T: Scalar>(plan: &Plan, fill: Rows<'_, T>, par: Par) -> Result<Vec<T>> {
    const SUB: usize = 24;
    let n = plan.ncols;
    let mut sum = zeros::<T>(n * n)?;
    let mut block = zeros::<T>(plan.block * n)?;
    let mut packed = Aligned::new(if T::kernels().is_some() { plan.packed() } else { 0 })?;
    let packed = packed.as_mut();
    let stripe = 4 * plan.panel;
    for b in 0..plan.nrows.div_ceil(plan.block) {
        let rows = plan.rows(b);
        let k = rows.len();
        let block = &mut block[..k * n];
        let fill_part = |i: usize, part: &mut [T]| {
            let start = rows.start + i * SUB;
            fill(start..(start + SUB).min(rows.end), part);
        };
        let Some(kernels) = T::kernels() else {
            for_chunks(block, SUB * n, Par::Seq, fill_part);
            add_portable(&mut sum, block, k, n, par);
            continue;
        };
        let size = k * plan.panel;
        let total = Shared::new(sum.as_mut_ptr());
        let stripes = n.div_ceil(stripe);
        let run = |s: usize, packed: &[T]| {
            // SAFETY: stripes are disjoint columns of the n x n accumulator.
            unsafe { add_stripe(kernels, packed, k, n, plan.panel, s * stripe..((s + 1) * stripe).min(n), total) };
        };
        let pack = |p: usize, block: &[T], panel: &mut [T]| pack_panel(block, k, n, p * plan.panel, panel, plan.panel);
        let panels = n.div_ceil(plan.panel);
        for_chunks(block, SUB * n, par, fill_part);
        for_chunks(&mut packed[..panels * size], size, par, |p, panel| pack(p, block, panel));
        for_parts(stripes, par, &|s| run(s, packed));
    }
    Ok(sum)
}

/// Columns `j0..j0 + width` of a row-major block, `width` elements per row, padded with zeros.
fn pack_panel<T: Scalar>(block: &[T], k: usize, n: usize, j0: usize, panel: &mut [T], width: usize) {
    let w = width.min(n - j0);
    for (row, out) in block.chunks_exact(n).zip(panel.chunks_exact_mut(width)).take(k) {
        out[..w].copy_from_slice(&row[j0..j0 + w]);
        out[w..].fill(T::ZERO);
    }
}

/// Zeros that start on a cache line, so that no vector straddles two.
struct Aligned<T> {
    memory: Vec<T>,
    start: usize,
}

impl<T: Scalar> Aligned<T> {
    fn new(len: usize) -> Result<Self> {
        let memory = zeros::<T>(len + 64 / size_of::<T>())?;
        let start = memory.as_ptr().align_offset(64);
        Ok(Aligned { start: if start < 64 / size_of::<T>() { start } else { 0 }, memory })
    }

    fn as_mut(&mut self) -> &mut [T] {
        &mut self.memory[self.start..]
    }
}

/// Adds the products of the packed panels to the lower part of the columns `js` of the accumulator.
///
/// # Safety
/// `sum` holds `n x n` elements in column-major order, and no other thread uses the columns `js`.
unsafe fn add_stripe<T: Scalar>(kernels: &Kernels<T>, packed: &[T], k: usize, n: usize, panel: usize, js: Range<usize>, sum: Shared<*mut T>) {
    let at = |column: usize| packed[column / panel * panel * k + column % panel..].as_ptr();
    for i in (js.start / panel * panel..n).step_by(panel) {
        let m = panel.min(n - i);
        // Column groups do not straddle panels, so that a group is one strided operand.
        for j0 in (js.start..js.end.min(i + m)).step_by(panel) {
            let j1 = (j0 / panel + 1) * panel;
            let j1 = j1.min(js.end).min(i + m);
            let tile = Tile {
                m,
                n: j1 - j0,
                k,
                alpha: T::ONE,
                a: at(i),
                a_k: panel as isize,
                b: at(j0),
                b_k: panel as isize,
                b_j: 1,
                // SAFETY: i < n and j0 < n.
                c: unsafe { sum.get().add(j0 * n + i) },
                c_j: n as isize,
                add: true,
            };
            // SAFETY: rows i..i + m and columns j0..j1 lie in the accumulator and in the packed panels.
            unsafe { (kernels.product)(&tile) };
        }
    }
}

/// Adds `B^H B` of a row-major block to the lower triangle.
fn add_portable<T: Scalar>(sum: &mut [T], block: &[T], k: usize, n: usize, par: Par) {
    let b = MatRef::from_row_major_slice(block, k, n);
    triangular_matmul(
        MatMut::from_column_major_slice_mut(sum, n, n),
        BlockStructure::TriangularLower,
        Accum::Add,
        b.adjoint(),
        BlockStructure::Rectangular,
        b,
        BlockStructure::Rectangular,
        T::ONE,
        par,
    );
}
