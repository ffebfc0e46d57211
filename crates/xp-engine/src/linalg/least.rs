//! The least elements of the rows of a product that is never stored.
//!
//! Panels of rows go through the columns: a tile of the product is made in the nearest cache and looked through there. Every element
//! that is before the worst of the best so far is kept; when there are twice too many, they are cut down. What a row gets does not
//! depend on the rows beside it, nor on the number of threads.
//!
//! Doubles are looked through in single precision first, with some more elements than wanted. Those are computed again, and where a
//! bound of the rounding shows that no other element can be among the least, they are the result; other rows are done in double
//! precision.

mod candidates;
mod filter;

use std::ops::Range;

use self::candidates::{Candidates, order};
use self::filter::Filter;
use super::gemm::pack;
use super::matmul::matmul;
use super::simd::{Kernels, Tile};
use super::workspace::{numbers, par_for, with_workspace, zeros};
use super::{Error, RealScalar, Result, Rows};
use crate::threads::{Shared, map};
use faer::dyn_stack::StackReq;
use faer::{Accum, MatMut, MatRef, Par};

/// Columns of a tile, at most.
const COLUMNS: usize = 64;
/// Bytes of the columns of a tile: they stay in the nearest cache, with the tile and a panel.
const COLUMN_BYTES: usize = 8 << 10;
/// Rows of a panel where no kernel says how many.
const PORTABLE_ROWS: usize = 32;
/// Panels that go through the columns together, at most.
const PANELS: usize = 8;
/// Bytes of those, at most.
const PANEL_BYTES: usize = 256 << 10;
/// Parts of which there shall be as many, if columns have to be cut for it.
const PARTS: usize = 16;
/// Columns of a part, at least.
const PART_COLUMNS: usize = 4096;
/// Columns that every float can count.
const COUNTABLE: usize = 1 << 24;

/// [`super::least_blocks`].
pub(super) fn least_blocks<T: RealScalar>(
    fill: Rows<'_, T>,
    b: MatRef<'_, T>,
    bias: Option<&[T]>,
    nan_first: bool,
    values: MatMut<'_, T>,
    indices: MatMut<'_, i64>,
    par: Par,
) -> Result<()> {
    let (m, k, p, n) = (values.nrows(), values.ncols(), b.nrows(), b.ncols());
    assert_eq!((indices.nrows(), indices.ncols()), (m, k), "a column for each value");
    assert!(k <= n && bias.is_none_or(|bias| bias.len() == n), "the {k} least of {n} elements, and one number added to each column");
    if m == 0 || k == 0 {
        return Ok(());
    }
    let nothing;
    let bias = match bias {
        Some(bias) => bias,
        None => {
            nothing = zeros(n)?;
            &nothing[..]
        }
    };
    let product = Product { b, bias, kernels: T::kernels() };
    let width = product.width();
    let search = Search { fill, k, nan_first, filter: Filter::new(&product, m, k)?, product };
    let height = width * (PANEL_BYTES / (size_of::<T>() * width * p.max(1))).clamp(1, PANELS);
    let down = m.div_ceil(height);
    let across = if down >= PARTS { 1 } else { (n / PART_COLUMNS.max(16 * k)).clamp(1, PARTS) };
    let length = n.div_ceil(across).next_multiple_of(COLUMNS);
    let across = n.div_ceil(length);
    let rows = |i: usize| i * height..((i + 1) * height).min(m);
    let columns = |j: usize| j * length..((j + 1) * length).min(n);
    let par = par_for(par, m.saturating_mul(n).saturating_mul(p + 4));
    let out = Out::new(values, indices);
    if across == 1 {
        // SAFETY: every part writes the elements of its own rows, which lie within the results.
        return for_each_part(down, par, |i| search.part(rows(i), 0..n, |row, rank, value, at| unsafe { out.write(row, rank, value, at) }));
    }
    let count = across.checked_mul(m * k).ok_or(Error::OutOfMemory { bytes: usize::MAX })?;
    let mut found: Vec<(T, usize)> = Vec::new();
    found.try_reserve_exact(count).map_err(|_| Error::OutOfMemory { bytes: count.saturating_mul(size_of::<(T, usize)>()) })?;
    // Where a part has fewer than wanted, what comes after everything.
    let last = if nan_first { T::INFINITY } else { T::from_f64(f64::NAN) };
    found.resize(count, (last, usize::MAX));
    let all = Shared::new(found.as_mut_ptr());
    for_each_part(down * across, par, |part| {
        let (i, j) = (part % down, part / down);
        search.part(rows(i), columns(j), |row, rank, value, at| {
            let place = (row * across + j) * k + rank;
            // SAFETY: row < m, j < across and rank < k, so the place is in `found`, and no other part has it.
            unsafe { all.get().add(place).write((value, at)) };
        })
    })?;
    for (row, found) in found.chunks_exact_mut(across * k).enumerate() {
        found.sort_unstable_by(order(nan_first));
        for (rank, &(value, at)) in found[..k].iter().enumerate() {
            // SAFETY: row < m and rank < k; nothing else runs.
            unsafe { out.write(row, rank, value, at) };
        }
    }
    Ok(())
}

fn for_each_part(parts: usize, par: Par, run: impl Fn(usize) -> Result<()> + Sync) -> Result<()> {
    match par {
        Par::Seq => (0..parts).try_for_each(run),
        Par::Rayon(_) => map(parts, run).into_iter().collect(),
    }
}

/// Where values and indices go.
struct Out<T> {
    values: Shared<*mut T>,
    indices: Shared<*mut i64>,
    strides: [[isize; 2]; 2],
}

impl<T: Copy> Out<T> {
    fn new(values: MatMut<'_, T>, indices: MatMut<'_, i64>) -> Self {
        let strides = [[values.row_stride(), values.col_stride()], [indices.row_stride(), indices.col_stride()]];
        Out { values: Shared::new(values.as_ptr_mut()), indices: Shared::new(indices.as_ptr_mut()), strides }
    }

    /// # Safety
    /// The element exists, is still borrowed, and nobody else uses it.
    unsafe fn write(&self, row: usize, rank: usize, value: T, at: usize) {
        let [v, i] = self.strides.map(|[down, across]| row as isize * down + rank as isize * across);
        // SAFETY: the caller's promise.
        unsafe {
            self.values.get().offset(v).write(value);
            self.indices.get().offset(i).write(at as i64);
        }
    }
}

struct Search<'a, T: 'static> {
    fill: Rows<'a, T>,
    k: usize,
    nan_first: bool,
    filter: Option<Filter>,
    product: Product<'a, T>,
}

impl<T: RealScalar> Search<'_, T> {
    /// Calls `found` with row, rank, value and column of the least elements of some rows among some columns.
    fn part(&self, rows: Range<usize>, columns: Range<usize>, mut found: impl FnMut(usize, usize, T, usize)) -> Result<()> {
        let p = self.product.b.nrows();
        let size = StackReq::new_aligned::<T>(rows.len() * p, 64);
        with_workspace(size.and(size), |stack| {
            let (block, stack) = numbers::<T>(rows.len() * p, stack);
            (self.fill)(rows.clone(), block);
            let (matrix, block) = (MatRef::from_row_major_slice(&block[..], rows.len(), p), &block[..]);
            let Some(filter) = self.filter.as_ref().filter(|filter| filter.pays()) else {
                return self.exact(matrix, columns, |row, rank, value, at| found(rows.start + row, rank, value, at));
            };
            let left = filter.part(&self.product, block, columns.clone(), self.k, |row, rank, value, at| found(rows.start + row, rank, value, at))?;
            if left.is_empty() {
                return Ok(());
            }
            let (again, _) = numbers::<T>(left.len() * p, stack);
            for (&row, to) in left.iter().zip(again.chunks_exact_mut(p.max(1))) {
                to.copy_from_slice(&block[row * p..(row + 1) * p]);
            }
            let again = MatRef::from_row_major_slice(&again[..], left.len(), p);
            self.exact(again, columns, |row, rank, value, at| found(rows.start + left[row], rank, value, at))
        })?
    }

    /// The least elements of the rows of a block.
    fn exact(&self, block: MatRef<'_, T>, columns: Range<usize>, mut found: impl FnMut(usize, usize, T, usize)) -> Result<()> {
        if self.k == 1 && !self.nan_first && columns.end <= COUNTABLE {
            let (values, places) = self.product.least(block, columns.clone())?;
            if values.iter().all(|&value| value < T::INFINITY) {
                for (row, (value, at)) in values.into_iter().zip(places).enumerate() {
                    found(row, 0, value, at.to_f64() as usize);
                }
                return Ok(());
            }
            // Rows without a finite element: NaN and infinities have an order as well.
        }
        let mut best = self.product.candidates(block, columns, self.k, self.nan_first)?;
        for row in 0..block.nrows() {
            for (rank, &(value, at)) in best.of(row).iter().enumerate() {
                found(row, rank, value, at);
            }
        }
        Ok(())
    }
}

/// What rows are multiplied by, and what is added.
struct Product<'a, T: 'static> {
    b: MatRef<'a, T>,
    bias: &'a [T],
    kernels: Option<&'static Kernels<T>>,
}

impl<T: RealScalar> Product<'_, T> {
    /// Rows of a panel.
    fn width(&self) -> usize {
        self.kernels.map_or(PORTABLE_ROWS, |kernels| kernels.tile_rows)
    }

    /// The best elements of each row of a block.
    fn candidates(&self, block: MatRef<'_, T>, columns: Range<usize>, k: usize, nan_first: bool) -> Result<Candidates<T>> {
        let width = self.width();
        let mut best = Candidates::new([block.nrows(), block.nrows().next_multiple_of(width)], [k, columns.len()], nan_first)?;
        let mut hits = vec![0_u32; width * COLUMNS];
        self.for_each_tile(block, columns, |panel, j, tile, n| {
            let (first, bias) = (panel * width, &self.bias[j..j + n]);
            let limits = best.limits(first, width);
            let count = match self.kernels {
                // SAFETY: the tile has `width` rows and n columns, as many as `bias`; there is a limit for each row, and room for
                // as many hits as elements.
                Some(kernels) => unsafe { (kernels.below)(n, tile.as_ptr(), bias.as_ptr(), limits.as_ptr(), hits.as_mut_ptr()) },
                None => below(tile, bias, limits, &mut hits),
            };
            for &hit in &hits[..count] {
                let (column, row) = (hit as usize / width, hit as usize % width);
                best.push(first + row, tile[hit as usize] + bias[column], j + column);
            }
        })?;
        Ok(best)
    }

    /// The least element of each row below infinity, and its column; where there is none, infinity.
    fn least(&self, block: MatRef<'_, T>, columns: Range<usize>) -> Result<(Vec<T>, Vec<T>)> {
        let (width, len) = (self.width(), block.nrows());
        let padded = len.next_multiple_of(width);
        let (mut values, mut places) = (vec![T::INFINITY; padded], vec![T::ZERO; padded]);
        self.for_each_tile(block, columns, |panel, j, tile, n| {
            let own = panel * width..(panel + 1) * width;
            let bias = &self.bias[j..j + n];
            let (values, places) = (&mut values[own.clone()], &mut places[own]);
            match self.kernels {
                // SAFETY: the tile has `width` rows and n columns, as many as `bias`; there is a value and a place for each row.
                Some(kernels) => unsafe {
                    (kernels.least)(n, tile.as_ptr(), bias.as_ptr(), T::from_f64(j as f64), values.as_mut_ptr(), places.as_mut_ptr());
                },
                None => least(tile, bias, j, values, places),
            }
        })?;
        values.truncate(len);
        places.truncate(len);
        Ok((values, places))
    }

    /// Calls a function with the tiles of a block of rows and some columns: the number of the panel, the first column, the elements
    /// column by column, those of a panel each, and the number of columns. Rows that do not exist are zeros times `b`.
    fn for_each_tile(&self, block: MatRef<'_, T>, columns: Range<usize>, mut each: impl FnMut(usize, usize, &[T], usize)) -> Result<()> {
        let (width, p) = (self.width(), self.b.nrows());
        let panels = block.nrows().div_ceil(width);
        let size = width * p;
        let of = |len| StackReq::new_aligned::<T>(len, 64);
        with_workspace(of(panels * size).and(of(width * COLUMNS)), |stack| {
            let (packed, stack) = numbers::<T>(panels * size, stack);
            let (tile, _) = numbers::<T>(width * COLUMNS, stack);
            for panel in 0..panels {
                pack(block, panel * width, width, &mut packed[panel * size..(panel + 1) * size]);
            }
            let step = (COLUMN_BYTES / (size_of::<T>() * p.max(1))).clamp(16, COLUMNS) / 8 * 8;
            for j in columns.clone().step_by(step) {
                let n = step.min(columns.end - j);
                for panel in 0..panels {
                    let tile = &mut tile[..width * n];
                    self.tile(&packed[panel * size..(panel + 1) * size], j, tile);
                    each(panel, j, tile, n);
                }
            }
        })
    }

    /// The product of a panel and the columns from `j` on.
    fn tile(&self, panel: &[T], j: usize, tile: &mut [T]) {
        let (width, p) = (self.width(), self.b.nrows());
        let n = tile.len() / width;
        let b = self.b.subcols(j, n);
        let Some(kernels) = self.kernels else {
            let (tile, panel) = (MatMut::from_column_major_slice_mut(tile, width, n), MatRef::from_column_major_slice(panel, width, p));
            return matmul(tile, Accum::Replace, T::ONE, panel, b, Par::Seq);
        };
        let tile = Tile {
            m: width,
            n,
            k: p,
            alpha: T::ONE,
            a: panel.as_ptr(),
            a_k: width as isize,
            b: b.as_ptr(),
            b_k: b.row_stride(),
            b_j: b.col_stride(),
            c: tile.as_mut_ptr(),
            c_j: width as isize,
            add: false,
        };
        // SAFETY: the panel has p steps of `width` elements, the view covers `b`, and the tile is borrowed mutably.
        unsafe { (kernels.product)(&tile) };
    }
}

/// As [`Kernels::below`].
fn below<T: RealScalar>(tile: &[T], bias: &[T], limits: &[T], hits: &mut [u32]) -> usize {
    let mut count = 0;
    for (j, (column, &add)) in tile.chunks_exact(limits.len()).zip(bias).enumerate() {
        for (i, (&x, &limit)) in column.iter().zip(limits).enumerate() {
            let stops = x + add >= limit;
            if !stops {
                hits[count] = (j * limits.len() + i) as u32;
                count += 1;
            }
        }
    }
    count
}

/// As [`Kernels::least`].
fn least<T: RealScalar>(tile: &[T], bias: &[T], first: usize, values: &mut [T], places: &mut [T]) {
    for ((j, column), &add) in tile.chunks_exact(values.len()).enumerate().zip(bias) {
        let at = T::from_f64((first + j) as f64);
        for ((&x, value), place) in column.iter().zip(values.iter_mut()).zip(places.iter_mut()) {
            let x = x + add;
            if x < *value {
                (*value, *place) = (x, at);
            }
        }
    }
}
