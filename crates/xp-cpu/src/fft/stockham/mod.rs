//! Transforms of smooth lengths with AVX-512, for the lengths and processors that have it; rustfft has the others.
//!
//! The algorithm is Stockham's self-sorting transform (Cochran et al., "What is the fast Fourier transform?", 1967) in
//! mixed radices: every pass reads one block of memory and writes another, and the numbers come out in their natural
//! order. Real and imaginary parts lie apart in registers and between passes, so that only the first and the last pass
//! rearrange anything.

mod butterfly;
mod columns;
mod passes;
mod real;
mod rows;
mod square;
mod three;
mod vector;

use std::any::TypeId;
use std::arch::x86_64::{__m512, __m512d};
use std::sync::Arc;

use rustfft::{Fft, FftDirection};

use super::float::FftFloat;
use super::large::{Input, Output};
use num_complex::Complex;
use columns::ArrayColumns;
use real::RealRows;
use rows::Rows;
use square::Square;
pub use vector::Vector;
use vector::available;

/// A transform of `n` points, for lengths and processors for which it is faster than rustfft's.
pub(super) fn plan<T: FftFloat>(n: usize, direction: FftDirection) -> Option<Arc<dyn Fft<T>>> {
    if !available() || n < T::Wide::LANES * LEAST {
        return None;
    }
    if let Some(rows) = Rows::<T::Wide>::new(n, direction) {
        return Some(Arc::new(rows));
    }
    Some(Arc::new(Rows::<T::Narrow>::new(n, direction)?))
}

/// Registers that a transform has, at least: shorter ones are no faster than rustfft's.
const LEAST: usize = 16;

/// A transform of a real sequence to the first half of its spectrum, and back.
pub(super) trait RealLine<T>: Send + Sync {
    /// Complex numbers of work memory.
    fn scratch_len(&self) -> usize;
    /// The first half of the spectrum of `x`, times `scale`; its complex conjugate if `conj`.
    fn forward(&self, x: &[T], out: &mut [Complex<T>], scratch: &mut [Complex<T>], scale: T, conj: bool);
    /// The real sequence with the half spectrum `x`, or its complex conjugate if `conj`, times `scale`.
    fn backward(&self, x: &[Complex<T>], out: &mut [T], scratch: &mut [Complex<T>], scale: T, conj: bool);
}

/// A transform of `n` reals, as [`plan`].
pub(super) fn real_plan<T: FftFloat>(n: usize, direction: FftDirection) -> Option<Arc<dyn RealLine<T>>> {
    if !available() {
        return None;
    }
    if let Some(rows) = RealRows::<T::Wide>::new(n, direction) {
        return Some(Arc::new(rows));
    }
    Some(Arc::new(RealRows::<T::Narrow>::new(n, direction)?))
}

/// A transform of a sequence too long for one processor.
pub(super) trait LongLine<T>: Send + Sync {
    /// Transforms.
    ///
    /// # Safety
    /// As for [`Large::run`](super::large::Large::run).
    unsafe fn run(&self, input: Input<'_, T>, output: Output<'_, T>);
    /// Numbers in its tables.
    fn numbers(&self) -> usize;
}

/// A transform of `n` points by all threads, as [`plan`].
pub(super) fn long_plan<T: FftFloat>(n: usize, direction: FftDirection) -> Option<Arc<dyn LongLine<T>>> {
    if !available() {
        return None;
    }
    Some(Arc::new(Square::<T::Wide>::new(n, direction)?))
}

/// Transforms of sequences side by side.
pub(super) trait ColumnLine<T>: Send + Sync {
    /// How many it transforms at a time.
    fn lanes(&self) -> usize;
    /// Complex numbers of work memory.
    fn work_len(&self) -> usize;
    /// Transforms `count` columns and multiplies them by `scale`. Columns follow each other in memory; the rows of input and
    /// output begin at the pointers and lie the second numbers apart.
    ///
    /// # Safety
    /// The input can be read and the output written; they are the same or do not overlap.
    unsafe fn run(&self, from: (*const Complex<T>, isize), to: (*mut Complex<T>, isize), count: usize, scale: T, work: &mut [Complex<T>]);
}

/// Transforms of `n` points side by side, as [`plan`].
pub(super) fn column_plan<T: FftFloat>(n: usize, direction: FftDirection) -> Option<Arc<dyn ColumnLine<T>>> {
    if !available() || n < 2 {
        return None;
    }
    Some(Arc::new(ArrayColumns::<T::Wide>::new(n, direction)?))
}

/// `to[c * pitch + i] = from[3 i + c]` for `i < n`, `c < 3`, if element type and processor allow: false if not.
///
/// # Safety
/// All elements can be read and written, and the memory is not the same.
pub(super) unsafe fn split_three<E: 'static>(from: *const E, to: *mut E, pitch: usize, n: usize) -> bool {
    // SAFETY: the caller's promise; elements are one or two of the reals.
    unsafe { three(|width| three::split::<__m512>(from.cast(), to.cast(), pitch, n, width), |width| three::split::<__m512d>(from.cast(), to.cast(), pitch, n, width), TypeId::of::<E>()) }
}

/// The inverse: `to[3 i + c] = from[c * pitch + i]`.
///
/// # Safety
/// As there.
pub(super) unsafe fn merge_three<E: 'static>(from: *const E, pitch: usize, to: *mut E, n: usize) -> bool {
    // SAFETY: as above.
    unsafe { three(|width| three::merge::<__m512>(from.cast(), pitch, to.cast(), n, width), |width| three::merge::<__m512d>(from.cast(), pitch, to.cast(), n, width), TypeId::of::<E>()) }
}

/// Calls the function for an element type with the number of reals it has.
fn three(single: impl FnOnce(usize), double: impl FnOnce(usize), element: TypeId) -> bool {
    if !available() {
        return false;
    }
    match element {
        e if e == TypeId::of::<f32>() => single(1),
        e if e == TypeId::of::<Complex<f32>>() => single(2),
        e if e == TypeId::of::<f64>() => double(1),
        e if e == TypeId::of::<Complex<f64>>() => double(2),
        _ => return false,
    }
    true
}

/// How far ahead to ask for memory whose rows are `stride` numbers apart: for the next block of columns, but not where the
/// rows share so few cache sets that it would be gone when its time comes.
fn ahead<V: Vector>(stride: usize) -> usize {
    if (stride * size_of::<Complex<V::Real>>()).is_multiple_of(2048) { 0 } else { V::LANES }
}

/// `n` as a product of radices, few of them.
fn factors(n: usize) -> Option<Vec<usize>> {
    let mut rest = n;
    let mut odd = vec![];
    for radix in [5, 3] {
        while rest.is_multiple_of(radix) {
            odd.push(radix);
            rest /= radix;
        }
    }
    if !rest.is_power_of_two() {
        return None;
    }
    let mut bits = rest.trailing_zeros();
    let mut all = vec![];
    while bits > 0 {
        let take = match bits {
            1 | 2 | 4 => bits,
            6 if all.is_empty() => 2,
            _ if bits % 3 == 1 => 2,
            _ => 3,
        };
        all.push(1 << take);
        bits -= take;
    }
    all.extend(odd);
    Some(all)
}

/// The roots of unity of all passes: parts that start at cache lines.
struct Roots<T> {
    numbers: Vec<T>,
    /// The first number at the start of a cache line.
    start: usize,
}

impl<T: FftFloat> Roots<T> {
    const LINE: usize = 64 / size_of::<T>();

    fn new(parts: &[Vec<T>]) -> Self {
        let total: usize = parts.iter().map(|p| p.len().next_multiple_of(Self::LINE)).sum();
        let mut numbers: Vec<T> = Vec::with_capacity(total + Self::LINE);
        let start = numbers.as_ptr().align_offset(64).min(Self::LINE);
        numbers.resize(start, T::ZERO);
        for part in parts {
            numbers.extend_from_slice(part);
            numbers.resize(start + (numbers.len() - start).next_multiple_of(Self::LINE), T::ZERO);
        }
        Self { numbers, start }
    }

    /// The part that begins after `index` numbers.
    fn at(&self, index: usize) -> *const T {
        self.numbers[self.start + index..].as_ptr()
    }
}
