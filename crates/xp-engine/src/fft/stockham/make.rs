//! Makes plans, where length and processor suit the kernels.

use std::any::TypeId;
use std::arch::x86_64::{__m512, __m512d};
use std::sync::Arc;

use num_complex::Complex;
use rustfft::Fft;

use super::columns::ArrayColumns;
use super::real::RealRows;
use super::rows::Rows;
use super::square::Square;
use super::three;
use super::vector::{Vector, available};
use super::{ColumnLine, LongLine, RealLine};
use crate::fft::Direction;
use crate::fft::float::FftFloat;

/// A transform of `n` points, for lengths and processors for which it is faster than rustfft's.
pub(in crate::fft) fn plan<T: FftFloat>(n: usize, direction: Direction) -> Option<Arc<dyn Fft<T>>> {
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

/// A transform of `n` reals, as [`plan`].
pub(in crate::fft) fn real_plan<T: FftFloat>(n: usize, direction: Direction) -> Option<Arc<dyn RealLine<T>>> {
    if !available() {
        return None;
    }
    if let Some(rows) = RealRows::<T::Wide>::new(n, direction) {
        return Some(Arc::new(rows));
    }
    Some(Arc::new(RealRows::<T::Narrow>::new(n, direction)?))
}

/// A transform of `n` points by all threads, as [`plan`].
pub(in crate::fft) fn long_plan<T: FftFloat>(n: usize, direction: Direction) -> Option<Arc<dyn LongLine<T>>> {
    if !available() {
        return None;
    }
    Some(Arc::new(Square::<T::Wide>::new(n, direction)?))
}

/// Transforms of `n` points side by side, as [`plan`].
pub(in crate::fft) fn column_plan<T: FftFloat>(n: usize, direction: Direction) -> Option<Arc<dyn ColumnLine<T>>> {
    if !available() || n < 2 {
        return None;
    }
    Some(Arc::new(ArrayColumns::<T::Wide>::new(n, direction)?))
}

/// `to[c * pitch + i] = from[3 i + c]` for `i < n`, `c < 3`, if element type and processor allow: false if not.
///
/// # Safety
/// All elements can be read and written, and the memory is not the same.
pub(in crate::fft) unsafe fn split_three<E: 'static>(from: *const E, to: *mut E, pitch: usize, n: usize) -> bool {
    // SAFETY: the caller's promise; elements are one or two of the reals.
    unsafe {
        three(
            |width| three::split::<__m512>(from.cast(), to.cast(), pitch, n, width),
            |width| three::split::<__m512d>(from.cast(), to.cast(), pitch, n, width),
            TypeId::of::<E>(),
        )
    }
}

/// The inverse: `to[3 i + c] = from[c * pitch + i]`.
///
/// # Safety
/// As there.
pub(in crate::fft) unsafe fn merge_three<E: 'static>(from: *const E, pitch: usize, to: *mut E, n: usize) -> bool {
    // SAFETY: as above.
    unsafe {
        three(
            |width| three::merge::<__m512>(from.cast(), pitch, to.cast(), n, width),
            |width| three::merge::<__m512d>(from.cast(), pitch, to.cast(), n, width),
            TypeId::of::<E>(),
        )
    }
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
pub(super) fn ahead<V: Vector>(stride: usize) -> usize {
    if (stride * size_of::<Complex<V::Real>>()).is_multiple_of(2048) { 0 } else { V::LANES }
}

/// `n` as a product of radices, few of them.
pub(super) fn factors(n: usize) -> Option<Vec<usize>> {
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
pub(super) struct Roots<T> {
    numbers: Vec<T>,
    /// The first number at the start of a cache line.
    start: usize,
}

impl<T: FftFloat> Roots<T> {
    const LINE: usize = 64 / size_of::<T>();

    pub(super) fn new(parts: &[Vec<T>]) -> Self {
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
    pub(super) fn at(&self, index: usize) -> *const T {
        self.numbers[self.start + index..].as_ptr()
    }
}
