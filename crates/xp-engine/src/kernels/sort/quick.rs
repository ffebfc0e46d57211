//! Vectorised quicksort of unsigned integers for CPUs with AVX-512.
//!
//! Partitioning compresses each vector's small and large elements to the two ends of the free space (after Bramas
//! 2017); ranges of a few vectors are sorted in registers ([`super::network`]).

use super::super::key::Done;
use super::super::simd::x86::Lanes;
use super::network::{ROWS, sort_few};
use std::arch::x86_64::*;

/// Vectors read per step of a partition.
const UNROLL: usize = 4;

/// Ranges of more elements than this are sorted by two tasks after partitioning.
const PARALLEL: usize = 1 << 15;

/// Sorts upwards. `done` is called on consecutive pieces that together make the range, as they become final; the
/// first argument is the piece's position.
///
/// # Safety
/// Requires AVX-512F.
pub(super) unsafe fn sort<L: Lanes>(data: &mut [L::T], done: Done<'_, L::T>) {
    let depth = 2 * (data.len() + 2).ilog2();
    // SAFETY: the caller's promise.
    unsafe { sort_parallel::<L>(data, 0, depth, done) }
}

/// # Safety
/// Requires AVX-512F.
unsafe fn sort_parallel<L: Lanes>(data: &mut [L::T], at: usize, depth: u32, done: Done<'_, L::T>) {
    // SAFETY: the caller's promise.
    unsafe {
        if data.len() <= PARALLEL || depth == 0 {
            sort_sequential::<L>(data, depth);
            return done(at, data);
        }
        let (low, high) = split::<L>(data);
        let (left, rest) = data.split_at_mut(low);
        let (equal, right) = rest.split_at_mut(high - low);
        if !equal.is_empty() {
            done(at + low, equal);
        }
        crate::pool::join(|| sort_parallel::<L>(left, at, depth - 1, done), || sort_parallel::<L>(right, at + high, depth - 1, done));
    }
}

/// Sorts on the calling thread.
///
/// # Safety
/// Requires AVX-512F.
#[target_feature(enable = "avx512f,popcnt,bmi1,bmi2")]
pub(super) unsafe fn sort_sequential<L: Lanes>(mut data: &mut [L::T], mut depth: u32) {
    while data.len() > ROWS * L::N {
        if depth == 0 {
            // Pivots were bad again and again: bounded time matters more than speed.
            return data.sort_unstable();
        }
        depth -= 1;
        // SAFETY: the caller's promise.
        let (low, high) = unsafe { split::<L>(data) };
        let (left, rest) = data.split_at_mut(low);
        let right = &mut rest[high - low..];
        let (short, long) = if left.len() < right.len() { (left, right) } else { (right, left) };
        // SAFETY: the caller's promise.
        unsafe { sort_sequential::<L>(short, depth) };
        data = long;
    }
    // SAFETY: the caller's promise; the length has been checked.
    unsafe { sort_few::<L>(data.as_mut_ptr(), data.len()) }
}

/// Partitions by a pivot into `[..low]`, `[low..high]` and `[high..]`: smaller elements, some of the equal ones
/// (all, if there seem to be many), and the others. Both outer parts are shorter than the range.
///
/// # Safety
/// Requires AVX-512F, and more than `ROWS * L::N` elements.
#[target_feature(enable = "avx512f,popcnt,bmi1,bmi2")]
unsafe fn split<L: Lanes>(data: &mut [L::T]) -> (usize, usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let (pivot, frequent) = pivot::<L>(data);
        let low = partition::<L, false>(data, pivot);
        if low == 0 || frequent {
            let high = low + partition::<L, true>(&mut data[low..], pivot);
            return (low, high);
        }
        (low, low)
    }
}

/// The median of a sample, and whether a quarter of the sample equals it.
///
/// # Safety
/// Requires AVX-512F, and more than `ROWS * L::N` elements.
#[inline(always)]
unsafe fn pivot<L: Lanes>(data: &[L::T]) -> (L::T, bool) {
    const SAMPLE: usize = 64;
    let mut sample = [L::T::default(); SAMPLE];
    let n;
    if data.len() < 2048 {
        // Lane by lane the median of three vectors.
        n = L::N;
        let quarter = data.len() / 4;
        // SAFETY: three quarters are followed by a whole vector.
        unsafe {
            let [a, b, c] = [1, 2, 3].map(|k| L::load(data.as_ptr().add(k * quarter)));
            let median = L::max(L::min(a, b), L::min(L::max(a, b), c));
            L::store(sample.as_mut_ptr(), median);
        }
    } else {
        // One position in each of n equal pieces, by a linear congruential generator.
        n = SAMPLE;
        let piece = data.len() / n;
        let mut state = data.len() as u64;
        for (k, s) in sample[..n].iter_mut().enumerate() {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            *s = data[k * piece + (((state >> 33) as usize * piece) >> 31)];
        }
    }
    // SAFETY: the caller's promise; the sample fits.
    unsafe { sort_few::<L>(sample.as_mut_ptr(), n) };
    let pivot = sample[n / 2];
    (pivot, sample[..n].iter().filter(|&&s| s == pivot).count() >= n / 4)
}

/// Moves the elements less than the pivot (or equal to it, with `EQUAL`) before the others, and returns their number.
///
/// # Safety
/// Requires AVX-512F.
#[inline(always)]
unsafe fn partition<L: Lanes, const EQUAL: bool>(data: &mut [L::T], pivot: L::T) -> usize {
    let n = data.len();
    let step = UNROLL * L::N;
    if n < 3 * step {
        return partition_short(data, |x| if EQUAL { x <= pivot } else { x < pivot });
    }
    // SAFETY: see the comments; the caller guarantees AVX-512F.
    unsafe {
        let p = L::splat(pivot);
        let base = data.as_mut_ptr();
        // What does not fill a step, and the outermost steps, wait aside: their space is free for writing.
        let odd = n % step;
        let mut aside = [_mm512_setzero_si512(); UNROLL];
        for (k, a) in aside.iter_mut().enumerate() {
            let at = k * L::N;
            if at < odd {
                *a = L::load_first(base.add(at), (odd - at).min(L::N));
            }
        }
        let first = load_step::<L>(base.add(odd));
        let last = load_step::<L>(base.add(n - step));
        let mut out = Ends::<L> { low: base, high: base.add(n) };
        let mut read_low = base.add(odd + step);
        let mut read_high = base.add(n - 2 * step);
        // One step is read ahead of writing, so that no load waits for the count of what it follows.
        let mut ahead = load_step::<L>(read_high);
        while read_low < read_high {
            // Read where less is free. At least 3 steps are, so then either end has room for one.
            let free_low = read_low.offset_from_unsigned(out.low);
            let free_high = out.high.offset_from_unsigned(read_high);
            let from_low = free_low <= free_high;
            read_high = if from_low { read_high } else { read_high.sub(step) };
            let from = if from_low { read_low } else { read_high };
            read_low = if from_low { read_low.add(step) } else { read_low };
            let current = std::mem::replace(&mut ahead, load_step::<L>(from));
            for v in current {
                out.put::<EQUAL>(v, p);
            }
        }
        for v in ahead {
            out.put::<EQUAL>(v, p);
        }
        // The free space is now contiguous and exactly as large as what is left.
        for v in first {
            out.put::<EQUAL>(v, p);
        }
        for v in last {
            out.put::<EQUAL>(v, p);
        }
        for (k, v) in aside.into_iter().enumerate() {
            let at = k * L::N;
            if at < odd {
                out.put_first::<EQUAL>(v, p, (odd - at).min(L::N));
            }
        }
        out.low.offset_from_unsigned(base)
    }
}

/// # Safety
/// Requires AVX-512F and a whole step of valid memory.
#[inline(always)]
unsafe fn load_step<L: Lanes>(from: *const L::T) -> [__m512i; UNROLL] {
    // SAFETY: the caller's promise.
    unsafe {
        let mut v = [_mm512_setzero_si512(); UNROLL];
        for (k, v) in v.iter_mut().enumerate() {
            *v = L::load(from.add(k * L::N));
        }
        v
    }
}

/// The two ends of the space to be written.
struct Ends<L: Lanes> {
    low: *mut L::T,
    high: *mut L::T,
}

impl<L: Lanes> Ends<L> {
    /// Writes a vector: its small elements to the low end, the others to the high end.
    ///
    /// # Safety
    /// Requires AVX-512F and `N` free elements above the low end, which may be the same as those below the high end.
    #[inline(always)]
    unsafe fn put<const EQUAL: bool>(&mut self, v: __m512i, pivot: __m512i) {
        // SAFETY: the caller's promise. The store at the low end comes first: it may fill what the other overwrites.
        unsafe {
            let small = if EQUAL { L::less_equal(v, pivot) } else { L::less(v, pivot) };
            let count = small.count_ones() as usize;
            L::store(self.low, L::compress(small, v));
            self.low = self.low.add(count);
            self.high = self.high.sub(L::N - count);
            L::store_masked(self.high, (u32::MAX >> (32 - L::N)) >> count, L::compress(!small, v));
        }
    }

    /// Writes the first `n` lanes of a vector.
    ///
    /// # Safety
    /// Requires AVX-512F and `n` free elements between the ends.
    #[inline(always)]
    unsafe fn put_first<const EQUAL: bool>(&mut self, v: __m512i, pivot: __m512i, n: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            let valid = (1u32 << n) - 1;
            let small = valid & if EQUAL { L::less_equal(v, pivot) } else { L::less(v, pivot) };
            let count = small.count_ones() as usize;
            L::store_first(self.low, count, L::compress(small, v));
            self.low = self.low.add(count);
            self.high = self.high.sub(n - count);
            L::store_first(self.high, n - count, L::compress(valid & !small, v));
        }
    }
}

/// Partition of a short range, one element at a time.
fn partition_short<T: Copy>(data: &mut [T], small: impl Fn(T) -> bool) -> usize {
    let mut low = 0;
    for k in 0..data.len() {
        data.swap(k, low);
        low += small(data[low]) as usize;
    }
    low
}
