//! Long transforms by two passes over memory.
//!
//! A sequence of length `n1 n2` is a matrix with rows of length `n2`. Its columns are transformed, the numbers are
//! multiplied by roots of unity, and the rows are transformed; the result is the transpose (Bailey, "FFTs in external or
//! hierarchical memory", 1990). Columns that are neighbours in memory share registers; on the way between the passes
//! blocks of numbers are transposed, so that rows do the same in the second one.

use num_complex::Complex;

use super::LongLine;
use super::butterfly::Z;
use super::columns::Columns;
use super::make::{Roots, ahead};
use super::passes::{Blocks, Plain, load, store};
use super::vector::{Vector, wide};
use crate::fft::Direction;
use crate::fft::float::{FftFloat, Roots as Powers};
use crate::fft::large::{Input, Output};
use crate::fft::scratch::{Scratch, SharedArray, carve, carved};
use crate::threads::{Shared, for_each_part};

/// A transform of `n1 n2` points.
pub(super) struct Square<V: Vector> {
    n1: usize,
    n2: usize,
    inverse: bool,
    columns: Columns<V>,
    rows: Columns<V>,
    powers: Powers<V::Real>,
    /// The roots of unity of the first `LANES` columns, by column.
    fine: Roots<V::Real>,
    /// Those of every `LANES`-th column of the first few, and of those that are as many apart.
    near: Vec<Vec<Complex<V::Real>>>,
    far: Vec<Vec<Complex<V::Real>>>,
}

impl<V: Vector> Square<V> {
    pub(super) fn new(n: usize, direction: Direction) -> Option<Self> {
        let (n1, n2) = split(n, V::LANES)?;
        let (columns, rows) = (Columns::new(n1)?, Columns::new(n2)?);
        let powers = Powers::new(n, false);
        let of_column = |j: usize| (0..n1).map(|k| powers.get(j * k)).collect::<Vec<_>>();
        let fine = (0..V::LANES).map(|j| blocks(&of_column(j), V::LANES)).collect::<Vec<_>>();
        let groups = n2 / V::LANES;
        let step = groups.isqrt();
        let near = (0..step).map(|g| of_column(g * V::LANES)).collect();
        let far = (0..groups.div_ceil(step)).map(|g| of_column(g * step * V::LANES)).collect();
        let inverse = direction == Direction::Backward;
        Some(Self { n1, n2, inverse, columns, rows, powers, fine: Roots::new(&fine), near, far })
    }

    /// Runs `f(first)` for blocks of `LANES` out of `n`, in parallel; where `LANES` does not divide `n`, the last block
    /// overlaps the one before it and follows it on the same thread.
    fn blocks(n: usize, f: impl Fn(usize) + Sync) {
        let whole = n / V::LANES;
        let parts = whole.min(64);
        for_each_part(parts, &|part| {
            for block in part * whole / parts..(part + 1) * whole / parts {
                f(block * V::LANES);
                if block == whole - 1 && !n.is_multiple_of(V::LANES) {
                    f(n - V::LANES);
                }
            }
        });
    }

    /// The roots of unity of the column `first`, one for every row.
    fn coarse(&self, first: usize, to: &mut [Complex<V::Real>]) {
        if !first.is_multiple_of(V::LANES) {
            return to.iter_mut().enumerate().for_each(|(k, w)| *w = self.powers.get(first * k));
        }
        let (group, step) = (first / V::LANES, self.near.len());
        let (near, far) = (&self.near[group % step], &self.far[group / step]);
        // SAFETY: a plan exists only on able processors.
        unsafe { products::<V>(near, far, to) };
    }

    /// Transforms the columns: `LANES` rows at a time, of all columns, in blocks.
    fn first_pass<const SWAP: bool>(&self, input: &Input<'_, V::Real>, between: *mut V::Real) {
        let (n1, n2) = (self.n1, self.n2);
        let between = Shared::new(between);
        let work = self.columns.work_len();
        let loaded = if let Input::Load(_) = input { n1 * V::LANES } else { 0 };
        Self::blocks(n2, |first| {
            let bytes = 2 * carved::<V::Real>(work) + carved::<Complex<V::Real>>(n1) + carved::<Complex<V::Real>>(loaded);
            let mut block = Scratch::local(bytes);
            let mut bytes = block.bytes();
            let a = carve::<V::Real>(&mut bytes, work).as_mut_ptr();
            let b = carve::<V::Real>(&mut bytes, work).as_mut_ptr();
            let coarse = carve::<Complex<V::Real>>(&mut bytes, n1);
            let tile = carve::<Complex<V::Real>>(&mut bytes, loaded);
            let (start, stride) = match input {
                Input::Row(from) => (from.get().wrapping_add(first), n2),
                Input::Load(load) => {
                    tile.chunks_exact_mut(V::LANES).enumerate().for_each(|(j1, row)| load(j1 * n2 + first, row));
                    (tile.as_ptr(), V::LANES)
                }
            };
            self.coarse(first, coarse);
            let from = Plain::<V::Real, SWAP> { start: start.cast_mut().cast(), stride: stride as isize, scale: V::Real::ONE, ahead: ahead::<V>(n2) };
            // SAFETY: `n1` rows of `LANES` numbers at `start`; the work areas are as long as they must be. The result has the
            // work area for which the parity of the number of steps has no use: see `Columns::run`.
            unsafe {
                let result = self.columns.free_area(a, b);
                self.columns.run(from, Blocks { start: result, s: V::LANES }, a, b);
                turn::<V>(result, n1, n2, first, coarse.as_ptr().cast(), self.fine.at(0), between.get());
            }
        });
    }

    /// Transforms the rows and stores the result in its natural order.
    fn second_pass<const SWAP: bool>(&self, between: *mut V::Real, output: &Output<'_, V::Real>) {
        let (n1, n2) = (self.n1, self.n2);
        let between = Shared::new(between);
        let work = self.rows.work_len();
        let stored = if let Output::Store(_) = output { n2 * V::LANES } else { 0 };
        Self::blocks(n1, |first| {
            let mut block = Scratch::local(2 * carved::<V::Real>(work) + carved::<Complex<V::Real>>(stored));
            let mut bytes = block.bytes();
            let a = carve::<V::Real>(&mut bytes, work).as_mut_ptr();
            let b = carve::<V::Real>(&mut bytes, work).as_mut_ptr();
            let tile = carve::<Complex<V::Real>>(&mut bytes, stored);
            let (start, stride, scale) = match output {
                Output::Row(to, scale) => (to.get().wrapping_add(first), n1, *scale),
                Output::Store(_) => (tile.as_mut_ptr(), V::LANES, V::Real::ONE),
            };
            let to = Plain::<V::Real, SWAP> { start: start.cast(), stride: stride as isize, scale, ahead: ahead::<V>(n1) };
            // SAFETY: `n2` rows of `LANES` numbers in `between`, and room for as many at `start`.
            unsafe {
                let from = Blocks { start: between.get().add(2 * first.div_ceil(V::LANES) * V::LANES * n2), s: V::LANES };
                self.rows.run(from, to, a, b);
            }
            if let Output::Store(store) = output {
                tile.chunks_exact(V::LANES).enumerate().for_each(|(k2, row)| store(k2 * n1 + first, row));
            }
        });
    }
}

impl<V: Vector> LongLine<V::Real> for Square<V> {
    unsafe fn run(&self, input: Input<'_, V::Real>, output: Output<'_, V::Real>) {
        let rows = self.n1.next_multiple_of(V::LANES);
        let mut between = SharedArray::<Complex<V::Real>>::new(rows * self.n2);
        let between = between.as_mut_ptr().cast();
        if self.inverse {
            self.first_pass::<true>(&input, between);
            self.second_pass::<true>(between, &output);
        } else {
            self.first_pass::<false>(&input, between);
            self.second_pass::<false>(between, &output);
        }
    }

    fn numbers(&self) -> usize {
        self.n1 * (V::LANES + self.near.len() + self.far.len()) + self.powers.len() + 2 * (self.n1 + self.n2)
    }
}

wide! {
    /// `to[k] = a[k] b[k]`, at least `LANES` of them.
    ///
    /// # Safety
    /// The processor is able.
    unsafe fn products<V: Vector>(a: &[Complex<V::Real>], b: &[Complex<V::Real>], to: &mut [Complex<V::Real>]) {
        let n = to.len();
        assert!(a.len() == n && b.len() == n && n >= V::LANES, "tables of the wrong length");
        let (a, b, to) = (a.as_ptr().cast::<V::Real>(), b.as_ptr().cast::<V::Real>(), to.as_mut_ptr().cast::<V::Real>());
        let mut k = 0;
        // SAFETY: `k + LANES` is at most `n`, the number of elements of all three.
        unsafe {
            while k < n {
                k = k.min(n - V::LANES);
                store(to.add(2 * k), load::<V>(a.add(2 * k)).mul(load(b.add(2 * k))));
                k += V::LANES;
            }
        }
    }

    /// Takes the transformed columns `first..` from `tile`, where each row has a block, multiplies them by the roots of unity
    /// `coarse * fine`, and puts them into `between`, where every `LANES` rows have blocks for all columns.
    ///
    /// # Safety
    /// `tile` holds `n1` blocks, `coarse` `n1` numbers, `fine` the roots of `LANES` columns in blocks, the last of which
    /// ends with row `n1 - 1`; `between` has room for `n1.div_ceil(LANES)` times `n2` blocks. The processor is able.
    unsafe fn turn<V: Vector>(
        tile: *const V::Real,
        n1: usize,
        n2: usize,
        first: usize,
        coarse: *const V::Real,
        fine: *const V::Real,
        between: *mut V::Real,
    ) {
        let block = 2 * V::LANES;
        let groups = n1.div_ceil(V::LANES);
        // SAFETY: the caller's promise.
        unsafe {
            for group in 0..groups {
                let row = (group * V::LANES).min(n1 - V::LANES);
                let mut re = [V::splat(V::Real::ZERO); 16];
                let mut im = re;
                let (re, im) = (&mut re[..V::LANES], &mut im[..V::LANES]);
                for i in 0..V::LANES {
                    re[i] = V::load(tile.add((row + i) * block));
                    im[i] = V::load(tile.add((row + i) * block + V::LANES));
                }
                V::transpose(re);
                V::transpose(im);
                let rough: Z<V> = load(coarse.add(2 * row));
                let to = between.add((group * n2 + first) * block);
                for j in 0..V::LANES {
                    let fine = fine.add((j * groups + group) * block);
                    let root = rough.mul(Z { re: V::load(fine), im: V::load(fine.add(V::LANES)) });
                    let z = Z { re: re[j], im: im[j] }.mul(root);
                    z.re.store(to.add(j * block));
                    z.im.store(to.add(j * block + V::LANES));
                }
            }
        }
    }
}

/// The numbers in blocks of `lanes` real parts and as many imaginary parts. The last block overlaps the one before it where
/// it must.
fn blocks<T: FftFloat>(numbers: &[Complex<T>], lanes: usize) -> Vec<T> {
    let groups = numbers.len().div_ceil(lanes);
    let starts = (0..groups).map(|g| (g * lanes).min(numbers.len() - lanes));
    starts
        .flat_map(|start| {
            let block = &numbers[start..start + lanes];
            block.iter().map(|z| z.re).chain(block.iter().map(|z| z.im))
        })
        .collect()
}

/// Two factors of `n`, products of radices and not far from each other, rather multiples of `lanes`.
fn split(n: usize, lanes: usize) -> Option<(usize, usize)> {
    super::make::factors(n)?;
    let waste = |d: usize| d.next_multiple_of(lanes) as f64 / d as f64;
    let cost = |d: usize| {
        let ratio = d as f64 / (n / d) as f64;
        ratio.max(1.0 / ratio).powf(0.25) * (waste(d) + waste(n / d))
    };
    let largest = 8 * n.isqrt();
    let divisors = (2 * lanes..largest.min(n / (2 * lanes)) + 1).filter(|d| n.is_multiple_of(*d));
    let n1 = divisors.min_by(|&a, &b| cost(a).total_cmp(&cost(b)))?;
    Some((n1, n / n1))
}
