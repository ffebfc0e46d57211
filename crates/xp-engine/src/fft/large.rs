//! Large one-dimensional transforms in parallel.
//!
//! A transform of length `n1 n2` is `n2` transforms of length `n1` over the columns of the data seen
//! as an `n1 x n2` matrix, a multiplication by roots of unity, `n1` transforms of length `n2` over
//! the rows, and a transposition (the four-step method: Gentleman & Sande 1966; Bailey 1990). `n1` is
//! about 16: every pass then reads and writes a few long streams, and the rows go to the threads.
//! Reading the input, the roots of unity and storing the result are fused into the passes.
//! Lengths without such a factor, large primes for example, become a cyclic convolution (Bluestein 1970)
//! that is carried out in the same way, without the transpositions.

use std::sync::Arc;

use num_complex::Complex;
use rustfft::Fft;

use super::Direction;
use super::float::{FftFloat, Roots, unit_root};
use super::kernels::{join, separate};
use super::plan::{self, Plan};
use super::scratch::{Scratch, SharedArray, carve, carved};
use super::stockham::{self, LongLine};
use crate::level::at_most_avx2;
use crate::threads::{self, Shared};

/// The preferred number of rows, `n1`, and its limits.
const ROWS: usize = 16;
const ROWS_RANGE: std::ops::RangeInclusive<usize> = 8..=64;
/// Bytes of a row that a pass reads or writes at a time.
const PIECE_BYTES: usize = 1024;

/// Where a large transform reads.
pub(super) enum Input<'a, T> {
    /// All points in a row.
    Row(Shared<*const Complex<T>>),
    /// A function that fills a buffer with the points from an index on.
    Load(&'a (dyn Fn(usize, &mut [Complex<T>]) + Sync)),
}

impl<T: FftFloat> Input<'_, T> {
    fn load(&self, start: usize, piece: &mut [Complex<T>]) {
        match self {
            // SAFETY: a row has all points, and `piece` is other memory.
            Self::Row(from) => unsafe { std::ptr::copy_nonoverlapping(from.get().add(start), piece.as_mut_ptr(), piece.len()) },
            Self::Load(load) => load(start, piece),
        }
    }
}

/// Where it writes, from several threads, after all of the input has been read.
pub(super) enum Output<'a, T> {
    /// All bins in a row, times a factor.
    Row(Shared<*mut Complex<T>>, T),
    /// A function that takes the bins from an index on. A thread may pass some twice; no two threads pass the same.
    Store(&'a (dyn Fn(usize, &[Complex<T>]) + Sync)),
}

impl<T: FftFloat> Output<'_, T> {
    fn store(&self, start: usize, values: &[Complex<T>]) {
        match self {
            // SAFETY: there is room for all bins, and one thread writes each.
            Self::Row(to, scale) => (start..).zip(values).for_each(|(k, z)| unsafe { *to.get().add(k) = z * *scale }),
            Self::Store(store) => store(start, values),
        }
    }
}

/// A complex transform of a large length.
pub(super) enum Large<T: FftFloat> {
    /// The processor and the length suit the kernels of this crate.
    Wide(Arc<dyn LongLine<T>>),
    /// The length has balanced factors.
    FourStep(FourStep<T>),
    /// It has none.
    Bluestein(Bluestein<T>),
}

/// Bytes of tables and work memory that a transform of a large length takes, about.
pub(super) fn bytes<T: FftFloat>(n: usize) -> usize {
    // For a convolution the chirp, and its spectrum, the roots and the points, of up to 8/3 n each.
    let arrays = if split(n).is_some() { 3 } else { 10 };
    n.saturating_mul(arrays * size_of::<Complex<T>>())
}

impl<T: FftFloat> Plan for Large<T> {
    fn make(n: usize, direction: Direction) -> Self {
        stockham::long_plan(n, direction).map_or_else(|| Self::portable(n, direction), Self::Wide)
    }

    fn bytes(&self) -> usize {
        let numbers = match self {
            Self::Wide(w) => w.numbers(),
            Self::FourStep(f) => f.roots.len() + f.fine.len(),
            Self::Bluestein(b) => b.chirp.len() + b.spectrum.len(),
        };
        numbers * size_of::<Complex<T>>()
    }
}

impl<T: FftFloat> Large<T> {
    /// A transform for any length and processor.
    pub(super) fn portable(n: usize, direction: Direction) -> Self {
        match split(n) {
            Some((n1, n2)) => Self::FourStep(FourStep::new(n1, n2, direction)),
            None => Self::Bluestein(Bluestein::new(n, direction)),
        }
    }

    /// Transforms the input.
    ///
    /// # Safety
    /// A row of the input has all points; one of the output has room for all bins, and nobody else reads or writes it. It may
    /// be the input's.
    pub(super) unsafe fn run(&self, input: Input<'_, T>, output: Output<'_, T>) {
        match self {
            // SAFETY: the caller's promise.
            Self::Wide(w) => unsafe { w.run(input, output) },
            Self::FourStep(f) => f.store(&f.transform(|start, piece| input.load(start, piece)), |start, values| output.store(start, values)),
            Self::Bluestein(b) => b.run(|start, piece| input.load(start, piece), |start, values| output.store(start, values)),
        }
    }

    /// Transforms the `n` points that `load(start, buffer)` reads from `start` on; `store(k, x[k], x[n - k])` (indices modulo `n`) gets every pair of opposite bins
    /// once, from several threads.
    pub(super) fn run_pairs(&self, n: usize, load: &(dyn Fn(usize, &mut [Complex<T>]) + Sync), store: impl Fn(usize, Complex<T>, Complex<T>) + Sync) {
        if let Self::FourStep(f) = self {
            return f.store_pairs(&f.transform(load), store);
        }
        let mut whole = SharedArray::<Complex<T>>::new(n);
        // SAFETY: `whole` has room for `n` bins.
        unsafe { self.run(Input::Load(load), Output::Row(Shared::new(whole.as_mut_ptr()), T::ONE)) };
        let whole = &*whole;
        store(0, whole[0], whole[0]);
        threads::parallel(n / 2, |pairs| pairs.for_each(|k| store(k + 1, whole[k + 1], whole[n - k - 1])));
    }
}

/// The transform of a large real sequence. `get(j)` reads it; `bin(k, x[k])` gets the first half of
/// the spectrum, times `scale`, from several threads, after all of the input has been read.
pub(super) fn real_forward<T: FftFloat>(n: usize, scale: T, get: impl Fn(usize) -> T + Sync, bin: impl Fn(usize, Complex<T>) + Sync) {
    if !n.is_multiple_of(2) {
        let plan = plan::get::<Large<T>>(n, Direction::Forward);
        let load = |start: usize, piece: &mut [Complex<T>]| {
            (start..).zip(piece).for_each(|(j, z)| *z = Complex::new(get(j), T::ZERO));
        };
        let store = |start: usize, piece: &[Complex<T>]| {
            let wanted = (start..n / 2 + 1).zip(piece);
            wanted.for_each(|(k, z)| bin(k, *z * scale));
        };
        // SAFETY: functions read and write.
        return unsafe { plan.run(Input::Load(&load), Output::Store(&store)) };
    }
    let h = n / 2;
    let plan = plan::get::<LargeReal<T>>(n, Direction::Forward);
    let half = T::HALF * scale;
    let load = |start: usize, piece: &mut [Complex<T>]| {
        (start..).zip(piece).for_each(|(j, z)| *z = Complex::new(get(2 * j), get(2 * j + 1)));
    };
    plan.packed.run_pairs(h, &load, |k, a, b| {
        if k == 0 {
            bin(0, Complex::new((a.re + a.im) * scale, T::ZERO));
            bin(h, Complex::new((a.re - a.im) * scale, T::ZERO));
            return;
        }
        let (near, far) = separate(a, b, plan.roots.get(k), half);
        bin(k, near);
        bin(h - k, far);
    });
}

/// The large real sequence with the half spectrum that `bin(k)` reads, times `scale`. `put(j, x[j])`
/// gets each element, from several threads, after all of the spectrum has been read.
pub(super) fn real_backward<T: FftFloat>(n: usize, scale: T, bin: impl Fn(usize) -> Complex<T> + Sync, put: impl Fn(usize, T) + Sync) {
    if !n.is_multiple_of(2) {
        let plan = plan::get::<Large<T>>(n, Direction::Backward);
        let whole = |k: usize| match k {
            0 => Complex::new(bin(0).re, T::ZERO),
            k if k <= n / 2 => bin(k),
            k => bin(n - k).conj(),
        };
        let load = |start: usize, piece: &mut [Complex<T>]| {
            (start..).zip(piece).for_each(|(k, z)| *z = whole(k) * scale);
        };
        let store = |start: usize, piece: &[Complex<T>]| (start..).zip(piece).for_each(|(j, z)| put(j, z.re));
        // SAFETY: functions read and write.
        return unsafe { plan.run(Input::Load(&load), Output::Store(&store)) };
    }
    let h = n / 2;
    let plan = plan::get::<LargeReal<T>>(n, Direction::Backward);
    let packed = |k: usize| {
        if k == 0 {
            let (first, last) = (bin(0).re * scale, bin(h).re * scale);
            return Complex::new(first + last, first - last);
        }
        join(bin(k), bin(h - k), plan.roots.get(k), scale).0
    };
    let load = |start: usize, piece: &mut [Complex<T>]| (start..).zip(piece).for_each(|(k, z)| *z = packed(k));
    let store = |start: usize, piece: &[Complex<T>]| {
        for (j, z) in (start..).zip(piece) {
            put(2 * j, z.re);
            put(2 * j + 1, z.im);
        }
    };
    // SAFETY: functions read and write.
    unsafe { plan.packed.run(Input::Load(&load), Output::Store(&store)) };
}

/// Tables of a large real transform of even length.
struct LargeReal<T: FftFloat> {
    packed: Arc<Large<T>>,
    roots: Roots<T>,
}

impl<T: FftFloat> Plan for LargeReal<T> {
    fn make(n: usize, direction: Direction) -> Self {
        Self { packed: plan::get(n / 2, direction), roots: Roots::new(n, false) }
    }

    fn bytes(&self) -> usize {
        self.packed.bytes() + self.roots.len() * size_of::<Complex<T>>()
    }
}

/// A factor of `n` near [`ROWS`], and the other factor.
fn split(n: usize) -> Option<(usize, usize)> {
    let off = |d: usize| d.max(ROWS) as f64 / d.min(ROWS) as f64;
    let divisors = ROWS_RANGE.filter(|d| n.is_multiple_of(*d));
    let n1 = divisors.min_by(|&a, &b| off(a).total_cmp(&off(b)))?;
    Some((n1, n / n1))
}

pub(super) struct FourStep<T: FftFloat> {
    n1: usize,
    n2: usize,
    /// The distance of rows in work memory: not a large power of two.
    pitch: usize,
    column: Arc<dyn Fft<T>>,
    row: Arc<dyn Fft<T>>,
    roots: Roots<T>,
    /// The roots of unity of the first columns: of row `k1` and column `j` at `j * n1 + k1`.
    fine: Vec<Complex<T>>,
}

impl<T: FftFloat> FourStep<T> {
    fn new(n1: usize, n2: usize, direction: Direction) -> Self {
        let roots = Roots::new(n1 * n2, direction == Direction::Backward);
        let width = Self::WIDTH.min(n2);
        let fine = (0..width * n1).map(|i| roots.get((i / n1) * (i % n1))).collect();
        let pitch = n2.next_multiple_of(8) + 8;
        let (column, row) = (plan::complex(n1, direction), plan::complex(n2, direction));
        Self { n1, n2, pitch, column, row, roots, fine }
    }

    /// Columns processed together.
    const WIDTH: usize = PIECE_BYTES / size_of::<Complex<T>>();

    /// Rows of bins: bin `k1 + n1 k2` at `k1 * pitch + k2`.
    fn transform(&self, load: impl Fn(usize, &mut [Complex<T>]) + Sync) -> SharedArray<Complex<T>> {
        let mut middle = SharedArray::new(self.n1 * self.pitch);
        self.columns(load, &mut middle);
        let scratch = self.row.get_inplace_scratch_len();
        threads::for_chunks(&mut middle, self.pitch, |_, row| {
            with_tile(scratch, |scratch| self.row.process_with_scratch(&mut row[..self.n2], scratch));
        });
        middle
    }

    /// Calls `f` for every group of columns, in parallel: the first, the number of columns, and the
    /// factors `coarse` that take the roots in `fine` to those of the group.
    fn groups(&self, f: impl Fn(usize, usize, &[Complex<T>]) + Sync) {
        let zero = Complex::new(T::ZERO, T::ZERO);
        let groups = self.n2.div_ceil(Self::WIDTH);
        threads::for_each_part(groups, &|group| {
            let first = group * Self::WIDTH;
            let mut coarse = [zero; *ROWS_RANGE.end()];
            let coarse = &mut coarse[..self.n1];
            coarse.iter_mut().enumerate().for_each(|(k1, w)| *w = self.roots.get(k1 * first));
            f(first, Self::WIDTH.min(self.n2 - first), coarse);
        });
    }

    /// Transforms the columns of the input and multiplies them by their roots of unity.
    fn columns(&self, load: impl Fn(usize, &mut [Complex<T>]) + Sync, middle: &mut [Complex<T>]) {
        let n1 = self.n1;
        let middle = Shared::new(middle.as_mut_ptr());
        let scratch = self.column.get_inplace_scratch_len();
        self.groups(|first, count, coarse| {
            with_tile(2 * n1 * count + scratch, |tile| {
                let (rows, rest) = tile.split_at_mut(n1 * count);
                let (columns, scratch) = rest.split_at_mut(n1 * count);
                at_most_avx2(|| {
                    for (j1, row) in rows.chunks_exact_mut(count).enumerate() {
                        load(j1 * self.n2 + first, row);
                    }
                    transpose(rows, count, columns, n1);
                });
                self.column.process_with_scratch(columns, scratch);
                at_most_avx2(|| {
                    let fine = self.fine.chunks_exact(n1);
                    for (column, fine) in columns.chunks_exact_mut(n1).zip(fine) {
                        for ((z, w), c) in column.iter_mut().zip(fine).zip(coarse) {
                            *z = *z * (w * c);
                        }
                    }
                    transpose(columns, n1, rows, count);
                });
                for (k1, row) in rows.chunks_exact(count).enumerate() {
                    // SAFETY: inside `middle`; each group has its own columns.
                    unsafe {
                        let to = middle.get().add(k1 * self.pitch + first);
                        std::ptr::copy_nonoverlapping(row.as_ptr(), to, count);
                    }
                }
            });
        });
    }

    /// Passes on the bins in `middle` in their natural order.
    fn store(&self, middle: &[Complex<T>], store: impl Fn(usize, &[Complex<T>]) + Sync) {
        let n1 = self.n1;
        self.groups(|first, count, _| {
            with_tile(n1 * count, |tile| {
                at_most_avx2(|| {
                    transpose_from(&middle[first..], self.pitch, tile, n1);
                    store(first * n1, tile);
                });
            });
        });
    }

    /// Passes on the bins in `middle` with their opposites.
    fn store_pairs(&self, middle: &[Complex<T>], store: impl Fn(usize, Complex<T>, Complex<T>) + Sync) {
        let (n1, n2, pitch) = (self.n1, self.n2, self.pitch);
        self.groups(|first, count, _| {
            at_most_avx2(|| {
                for k2 in first..first + count {
                    // Row 0 is opposite to itself.
                    if k2 <= n2 / 2 {
                        let opposite = if k2 == 0 { 0 } else { n2 - k2 };
                        store(k2 * n1, middle[k2], middle[opposite]);
                    }
                    // So is row `n1 / 2` for even `n1`.
                    let last = if k2 <= n2 - 1 - k2 { n1 / 2 } else { (n1 - 1) / 2 };
                    for k1 in 1..last + 1 {
                        let far = (n1 - k1) * pitch + n2 - 1 - k2;
                        store(k2 * n1 + k1, middle[k1 * pitch + k2], middle[far]);
                    }
                }
            });
        });
    }
}

/// Bluestein's method: with `c[j] = exp(-pi i j^2 / n)`, the transform of `x` is `c` times the
/// convolution of `c x` with the conjugate of `c`, which is cyclic for any length `m >= 2 n - 1`.
pub(super) struct Bluestein<T: FftFloat> {
    chirp: Vec<Complex<T>>,
    /// The transform of the conjugate chirp over `m`, with rows and columns swapped.
    spectrum: Vec<Complex<T>>,
    forward: FourStep<T>,
    column: Arc<dyn Fft<T>>,
    row: Arc<dyn Fft<T>>,
}

impl<T: FftFloat> Bluestein<T> {
    fn new(n: usize, direction: Direction) -> Self {
        let root = |j: usize| {
            let square = (j as u128 * j as u128 % (2 * n as u128)) as u64;
            let w = unit_root::<T>(square, 2 * n as u64);
            if direction == Direction::Forward { w } else { w.conj() }
        };
        let mut chirp = vec![Complex::new(T::ZERO, T::ZERO); n];
        threads::for_chunks(&mut chirp, 4096, |i, chunk| chunk.iter_mut().enumerate().for_each(|(j, z)| *z = root(4096 * i + j)));
        let (n1, n2) = (ROWS, convenient((2 * n - 1).div_ceil(ROWS)));
        let m = n1 * n2;
        let forward = FourStep::new(n1, n2, Direction::Forward);
        let zero = Complex::new(T::ZERO, T::ZERO);
        let cyclic = |start: usize, piece: &mut [Complex<T>]| {
            for (j, z) in (start..).zip(piece) {
                *z = chirp.get(j.min(m - j)).map_or(zero, Complex::conj);
            }
        };
        let scale = T::of_f64(1.0 / m as f64);
        let spectrum = forward.transform(cyclic).iter().map(|z| z * scale).collect();
        let column = plan::complex(n1, Direction::Backward);
        let row = plan::complex(n2, Direction::Backward);
        Self { chirp, spectrum, forward, column, row }
    }

    fn run(&self, load: impl Fn(usize, &mut [Complex<T>]) + Sync, store: impl Fn(usize, &[Complex<T>]) + Sync) {
        let n = self.chirp.len();
        let zero = Complex::new(T::ZERO, T::ZERO);
        let mut middle = SharedArray::new(self.spectrum.len());
        let padded = |start: usize, piece: &mut [Complex<T>]| {
            let present = n.saturating_sub(start).min(piece.len());
            let (front, rest) = piece.split_at_mut(present);
            rest.fill(zero);
            if present > 0 {
                load(start, front);
                front.iter_mut().zip(&self.chirp[start..]).for_each(|(z, c)| *z = *z * c);
            }
        };
        self.forward.columns(padded, &mut middle);
        self.multiply(&mut middle);
        self.columns_back(&middle, |start, piece| {
            if start < n {
                let present = piece.len().min(n - start);
                let piece = &mut piece[..present];
                piece.iter_mut().zip(&self.chirp[start..]).for_each(|(z, c)| *z = *z * c);
                store(start, piece);
            }
        });
    }

    /// Rows of `middle`: finishes the forward transform, multiplies, starts the inverse transform.
    fn multiply(&self, middle: &mut [Complex<T>]) {
        let (n2, pitch) = (self.forward.n2, self.forward.pitch);
        let scratch = self.row.get_inplace_scratch_len();
        let scratch = scratch.max(self.forward.row.get_inplace_scratch_len());
        threads::for_chunks(middle, pitch, |i, row| {
            let (row, spectrum) = (&mut row[..n2], &self.spectrum[i * pitch..]);
            with_tile(scratch, |scratch| {
                self.forward.row.process_with_scratch(row, scratch);
                at_most_avx2(|| row.iter_mut().zip(spectrum).for_each(|(z, s)| *z = *z * s));
                self.row.process_with_scratch(row, scratch);
            });
        });
    }

    /// Finishes the inverse transform over the columns of `middle`.
    fn columns_back(&self, middle: &[Complex<T>], store: impl Fn(usize, &mut [Complex<T>]) + Sync) {
        let FourStep { n1, n2, pitch, ref fine, .. } = self.forward;
        let scratch = self.column.get_inplace_scratch_len();
        self.forward.groups(|first, count, coarse| {
            with_tile(2 * n1 * count + scratch, |tile| {
                let (rows, rest) = tile.split_at_mut(n1 * count);
                let (columns, scratch) = rest.split_at_mut(n1 * count);
                at_most_avx2(|| {
                    transpose_from(&middle[first..], pitch, columns, n1);
                    for (column, fine) in columns.chunks_exact_mut(n1).zip(fine.chunks_exact(n1)) {
                        for ((z, w), c) in column.iter_mut().zip(fine).zip(coarse) {
                            *z = *z * (w * c).conj();
                        }
                    }
                });
                self.column.process_with_scratch(columns, scratch);
                at_most_avx2(|| {
                    transpose(columns, n1, rows, count);
                    for (j1, row) in rows.chunks_exact_mut(count).enumerate() {
                        store(j1 * n2 + first, row);
                    }
                });
            });
        });
    }
}

/// The smallest product of powers of 2 and 3 that is at least `n`.
fn convenient(n: usize) -> usize {
    let threes = (0..40).map(|p| 3usize.saturating_pow(p)).take_while(|&t| t < 2 * n);
    let products = threes.map(|t| t * n.div_ceil(t).next_power_of_two());
    products.min().unwrap_or_else(|| n.next_power_of_two())
}

/// Transposes the rows of length `width` in `from` into rows of length `height` in `to`.
#[inline(always)]
fn transpose<C: Copy>(from: &[C], width: usize, to: &mut [C], height: usize) {
    assert_eq!(from.len(), to.len());
    transpose_from(from, width, to, height);
}

/// Transposes the first columns of a matrix with `height` rows, `pitch` apart, into the rows of `to`.
#[inline(always)]
fn transpose_from<C: Copy>(from: &[C], pitch: usize, to: &mut [C], height: usize) {
    let width = to.len() / height;
    assert!(width > 0 && (height - 1) * pitch + width <= from.len());
    const UNROLL: usize = 8;
    let (source, target) = (from.as_ptr(), to.as_mut_ptr());
    // SAFETY: the largest indices are `(height - 1) * pitch + width - 1` and `width * height - 1`,
    // inside their slices by the assertion and the definition of `width`.
    let copy = |row: usize, column: usize| unsafe {
        *target.add(column * height + row) = *source.add(row * pitch + column);
    };
    let whole = height - height % UNROLL;
    for column in 0..width {
        for first in (0..whole).step_by(UNROLL) {
            for row in first..first + UNROLL {
                copy(row, column);
            }
        }
        for row in whole..height {
            copy(row, column);
        }
    }
}

/// Calls `f` with an array of this thread's work memory.
fn with_tile<T: FftFloat>(len: usize, f: impl FnOnce(&mut [Complex<T>])) {
    let mut block = Scratch::local(carved::<Complex<T>>(len));
    f(carve(&mut block.bytes(), len));
}
