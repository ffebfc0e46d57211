//! A first look in single precision.
//!
//! With numbers and sums rounded to `u = 2^-24`, an element of the product is off by at most `(p + 6) u (|a| |b| + |bias|)`, where `|a|`
//! and `|b|` are the lengths of the row and the column (N. Higham, "Accuracy and Stability of Numerical Algorithms", 2002, section
//! 3.1, with the inequality of Cauchy and Schwarz).

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::candidates::order;
use super::{COLUMNS, Product};
use crate::linalg::simd;
use crate::linalg::workspace::zeros;
use crate::linalg::{RealScalar, Result};
use faer::MatRef;

/// Multiplications from which on a first look pays.
const WORK: usize = 1 << 20;
/// Numbers beyond which single precision might overflow.
const LARGEST: f64 = 1e15;

/// A product in single precision, and how far it is from the exact one.
pub(super) struct Filter {
    /// The columns of the right operand, one after the other.
    b: Vec<f32>,
    bias: Vec<f32>,
    rows: usize,
    /// The length of the longest column, and the largest number that is added.
    longest: f64,
    largest: f64,
    /// Rows that were looked at, and those that were left.
    asked: AtomicUsize,
    left: AtomicUsize,
}

impl Filter {
    /// For the `k` least elements of `m` rows; `None` where it would not pay, or numbers are too large for it.
    pub(super) fn new<T: RealScalar>(product: &Product<'_, T>, m: usize, k: usize) -> Result<Option<Self>> {
        let (p, n) = product.b.shape();
        let work = m.saturating_mul(n).saturating_mul(p);
        if size_of::<T>() <= size_of::<f32>()
            || simd::kernels::<f32>().is_none()
            || product.kernels.is_none()
            || work < WORK
            || p < 4
            || n < 4 * more(k)
            || n > super::COUNTABLE
        {
            return Ok(None);
        }
        let (mut b, mut bias) = (zeros::<f32>(n * p)?, zeros::<f32>(n)?);
        let (mut longest, mut largest) = (0.0_f64, 0.0_f64);
        for (j, to) in b.chunks_exact_mut(p).enumerate() {
            let column = product.b.col(j);
            let mut square = 0.0;
            for (l, to) in to.iter_mut().enumerate() {
                let x = column[l].to_f64();
                *to = x as f32;
                square += x * x;
            }
            bias[j] = product.bias[j].to_f64() as f32;
            // NaN, which `max` would drop, is no number that single precision has room for.
            let (length, added) = (square.sqrt(), product.bias[j].to_f64().abs());
            if !(length < LARGEST && added < LARGEST) {
                return Ok(None);
            }
            (longest, largest) = (longest.max(length), largest.max(added));
        }
        Ok(Some(Filter { b, bias, rows: p, longest, largest, asked: AtomicUsize::new(0), left: AtomicUsize::new(0) }))
    }

    /// Whether enough rows were settled so far. What a row gets is the same either way.
    pub(super) fn pays(&self) -> bool {
        self.left.load(Ordering::Relaxed) <= 64 + self.asked.load(Ordering::Relaxed) / 4
    }

    /// Calls `found` with row, rank, value and column for the rows of a block, one after the other, whose `k` least elements are certain; the other rows.
    pub(super) fn part<T: RealScalar>(
        &self,
        exact: &Product<'_, T>,
        block: &[T],
        columns: Range<usize>,
        k: usize,
        mut found: impl FnMut(usize, usize, T, usize),
    ) -> Result<Vec<usize>> {
        let (p, m) = (self.rows, block.len() / self.rows);
        let narrow: Vec<f32> = block.iter().map(|x| x.to_f64() as f32).collect();
        let bounds = block.chunks_exact(p).map(|row| {
            let length = square(row).sqrt();
            // Beside what is rounded, what underflows.
            let off = (p + 6) as f64 * (2f64.powi(-24) * (length * self.longest + self.largest) + 1e-44);
            if length < LARGEST { off } else { f64::NAN }
        });
        let narrow = MatRef::from_row_major_slice(&narrow, m, p);
        let product =
            Product { b: MatRef::from_column_major_slice(&self.b, self.rows, self.bias.len()), bias: &self.bias, kernels: simd::kernels::<f32>() };
        let mut left = vec![];
        let mut again: Vec<(T, usize)> = vec![];
        if k == 1 {
            let (values, seconds, places) = product.two(narrow, columns)?;
            let mut settled = vec![];
            for (row, bound) in bounds.enumerate() {
                if f64::from(seconds[row]) - f64::from(values[row]) > 2.0 * bound {
                    settled.push((row, places[row] as usize));
                } else {
                    left.push(row);
                }
            }
            exact.elements(block, settled.iter().copied(), &mut again);
            for ((row, _), (value, at)) in settled.into_iter().zip(again) {
                found(row, 0, value, at);
            }
        } else {
            let mut best = product.candidates(narrow, columns, more(k), false)?;
            for (row, bound) in bounds.enumerate() {
                let Some(own) = best.unordered(row) else {
                    left.push(row);
                    continue;
                };
                exact.elements(block, own.iter().map(|&(_, at)| (row, at)), &mut again);
                again.sort_unstable_by(order(false));
                // All others are at least as large as the last one, to rounding.
                if again[k - 1].0.to_f64() + bound < f64::from(own[own.len() - 1].0) {
                    again[..k].iter().enumerate().for_each(|(rank, &(value, at))| found(row, rank, value, at));
                } else {
                    left.push(row);
                }
            }
        }
        self.asked.fetch_add(m, Ordering::Relaxed);
        self.left.fetch_add(left.len(), Ordering::Relaxed);
        Ok(left)
    }
}

/// The sum of the squares of some numbers.
fn square<T: RealScalar>(x: &[T]) -> f64 {
    let (chunks, rest) = x.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for chunk in chunks {
        sums.iter_mut().zip(chunk).for_each(|(sum, x)| *sum += x.to_f64() * x.to_f64());
    }
    sums.into_iter().chain(rest.iter().map(|x| x.to_f64() * x.to_f64())).sum()
}

/// How many elements are looked at again for `k`.
fn more(k: usize) -> usize {
    k + (k / 2).max(8)
}

impl<T: RealScalar> Product<'_, T> {
    /// Some elements of the product with a row-major block, by row and column, rounded as a tile of them is, and their columns.
    fn elements(&self, block: &[T], places: impl Iterator<Item = (usize, usize)> + Clone, to: &mut Vec<(T, usize)>) {
        let p = self.b.nrows();
        let kernels = self.kernels.expect("a filter has kernels");
        let pairs: Vec<_> = places.clone().map(|(row, j)| [block[row * p..(row + 1) * p].as_ptr(), self.b.col(j).as_ptr()]).collect();
        let mut sums = vec![T::ZERO; pairs.len()];
        // SAFETY: a row of the block has as many elements as a column of `b`, and there is a sum for each pair.
        unsafe { (kernels.dots)(p, &pairs, self.b.row_stride(), sums.as_mut_ptr()) };
        to.clear();
        to.extend(sums.into_iter().zip(places).map(|(sum, (_, j))| (sum + self.bias[j], j)));
    }
}

impl Product<'_, f32> {
    /// The least two elements of each row, and the column of the first.
    fn two(&self, block: MatRef<'_, f32>, columns: Range<usize>) -> Result<(Vec<f32>, Vec<f32>, Vec<f32>)> {
        let (width, len) = (self.width(), block.nrows());
        let padded = len.next_multiple_of(width);
        let (mut values, mut seconds, mut places) = (vec![f32::INFINITY; padded], vec![f32::INFINITY; padded], vec![0.0; padded]);
        let kernels = self.kernels.expect("a filter has kernels");
        self.for_each_tile(block, columns, |panel, j, tile, n| {
            debug_assert!(n <= COLUMNS);
            let own = panel * width..(panel + 1) * width;
            let (bias, first) = (&self.bias[j..j + n], j as f32);
            let (values, seconds, places) = (&mut values[own.clone()], &mut seconds[own.clone()], &mut places[own]);
            // SAFETY: the tile has `width` rows and n columns, as many as `bias`; there are two values and a place for each row.
            unsafe {
                (kernels.least_two)(n, tile.as_ptr(), bias.as_ptr(), first, values.as_mut_ptr(), seconds.as_mut_ptr(), places.as_mut_ptr());
            }
        })?;
        Ok((values, seconds, places))
    }
}
