//! Sorting along contiguous lanes.
//!
//! Values become unsigned keys in the same order ([`SortKey`]), which are sorted as integers: by counting (keys of
//! 8 and 16 bits, integers of a small range), by a vectorised quicksort (AVX-512), by radix (other CPUs) or by the
//! standard library (short lanes). Indices are found by sorting the keys with the index in their low bits.
//!
//! Both directions are stable. NaNs come last in ascending and first in descending order (where NumPy's reversed
//! ascending order has them); `-0.0` equals `0.0`. As equal floats can differ in bits (zeros by sign, NaNs by
//! payload), these are restored from the input in its order, so values are what a stable sort gives.

mod argsort;
mod count;
mod keys;
#[cfg(target_arch = "x86_64")]
mod network;
#[cfg(target_arch = "x86_64")]
mod quick;
mod radix;

use std::mem::MaybeUninit;
use std::ops::Range;

use super::key::{KeyBits, SortKey};
use super::par::{self, SharedMut};
use crate::level::at_level;

pub use argsort::argsort;
pub(super) use count::{dense_range, histogram};
pub(super) use keys::{sort_u8, sort_u16, sort_u32, sort_u64, sort_u128};

/// Sorts every lane of `lane` consecutive elements.
///
/// # Panics
/// If the slices differ in length or are not whole lanes.
pub fn sort<T: SortKey>(src: &[T], lane: usize, descending: bool, dst: &mut [MaybeUninit<T>]) {
    for_lanes(src, lane, dst, |src, dst| {
        if align_of::<T>() < align_of::<T::Bits>() {
            sort_by_index(src, descending, dst);
        } else if descending {
            sort_lane::<T, true>(src, dst);
        } else {
            sort_lane::<T, false>(src, dst);
        }
    });
}

/// Calls `f` on each lane of source and destination, short lanes grouped into tasks.
///
/// # Panics
/// If the slices differ in length or are not whole lanes.
fn for_lanes<T: Sync, U: Send>(src: &[T], lane: usize, dst: &mut [MaybeUninit<U>], f: impl Fn(&[T], &mut [MaybeUninit<U>]) + Sync) {
    assert_eq!(src.len(), dst.len(), "source and destination of a sort");
    if src.is_empty() {
        return;
    }
    assert!(lane > 0 && src.len().is_multiple_of(lane), "{} elements are not lanes of {lane}", src.len());
    let out = SharedMut::new(dst);
    par::for_ranges(src.len() / lane, par::grain::<T>() / 8 / lane, |lanes| {
        for k in lanes {
            let range = k * lane..(k + 1) * lane;
            // SAFETY: lanes are disjoint.
            f(&src[range.clone()], unsafe { out.slice(range) });
        }
    });
}

/// The key by which `T` is sorted in one direction.
#[inline(always)]
fn key<T: SortKey, const DOWN: bool>(x: T) -> T::Bits {
    let bits = x.to_ordered_bits();
    if DOWN { !bits } else { bits }
}

/// Sorts one lane, with the destination's memory as keys.
fn sort_lane<T: SortKey, const DOWN: bool>(src: &[T], dst: &mut [MaybeUninit<T>]) {
    let n = src.len();
    const { assert!(size_of::<T>() == size_of::<T::Bits>()) };
    // SAFETY: same size and (checked by the caller) alignment; keys and values are plain data.
    let keys = unsafe { std::slice::from_raw_parts_mut(dst.as_mut_ptr().cast::<MaybeUninit<T::Bits>>(), n) };
    let out = SharedMut::new(keys);
    let special = par::map_ranges(n, par::grain::<T>(), |r| {
        // SAFETY: ranges are disjoint.
        let keys = unsafe { out.slice(r.clone()) };
        at_level(|| encode::<T, DOWN>(&src[r], keys))
    })
    .into_iter()
    .fold(Special::default(), Special::merge);
    // SAFETY: all keys have been written.
    let keys = unsafe { par::assume_init(keys) };
    T::Bits::sort_keys(keys, 0, &|_, piece: &mut [T::Bits]| {
        at_level(|| {
            for k in piece {
                let bits = if DOWN { !*k } else { *k };
                // SAFETY: same size, and the key's alignment suffices.
                unsafe { std::ptr::from_mut(k).cast::<T>().write(T::from_ordered_bits(bits)) };
            }
        });
    });
    // SAFETY: every key has been replaced by its value.
    let values = unsafe { par::assume_init(dst) };
    if special.nan > 0 {
        let nans = if DOWN { 0..special.nan } else { n - special.nan..n };
        restore(src, values, nans, |x| x.is_nan());
    }
    if special.odd_zero {
        let zero = key::<T, DOWN>(T::from_ordered_bits(zero_bits::<T>()));
        let start = values.partition_point(|&x| key::<T, DOWN>(x) < zero);
        let end = values.partition_point(|&x| key::<T, DOWN>(x) <= zero);
        restore(src, values, start..end, |x| key::<T, DOWN>(x) == zero);
    }
}

/// What must be restored after sorting keys.
#[derive(Clone, Copy, Default)]
struct Special {
    nan: usize,
    odd_zero: bool,
}

impl Special {
    fn merge(self, other: Self) -> Self {
        Self { nan: self.nan + other.nan, odd_zero: self.odd_zero | other.odd_zero }
    }
}

/// Writes the keys of the values, and finds what their values cannot be recovered from.
#[inline(always)]
fn encode<T: SortKey, const DOWN: bool>(src: &[T], keys: &mut [MaybeUninit<T::Bits>]) -> Special {
    let zero = zero_bits::<T>();
    let mut nan = 0;
    let mut odd_zero = 0;
    for (k, &x) in keys.iter_mut().zip(src) {
        let bits = x.to_ordered_bits();
        k.write(if DOWN { !bits } else { bits });
        if !T::EXACT {
            nan += (bits == T::Bits::MAX) as usize;
            odd_zero += (bits == zero && raw_bits(x) != T::Bits::default()) as usize;
        }
    }
    Special { nan, odd_zero: odd_zero > 0 }
}

/// The key of a float's zero: the middle of the range.
#[inline(always)]
fn zero_bits<T: SortKey>() -> T::Bits {
    T::Bits::truncate(1 << (T::Bits::BITS.min(64) - 1))
}

/// The representation of a value whose key has the same size; that of `0.0` is zero.
#[inline(always)]
fn raw_bits<T: SortKey>(x: T) -> T::Bits {
    const { assert!(size_of::<T>() == size_of::<T::Bits>()) };
    // SAFETY: both types are plain data of one size.
    unsafe { std::mem::transmute_copy::<T, T::Bits>(&x) }
}

/// Fills a run of equal values with those of the input, in its order.
fn restore<T: Copy>(src: &[T], values: &mut [T], run: Range<usize>, equal: impl Fn(T) -> bool) {
    let found = src.iter().filter(|&&x| equal(x));
    for (to, from) in values[run].iter_mut().zip(found) {
        *to = *from;
    }
}

/// Sorts one lane whose memory cannot hold its keys (complex numbers).
fn sort_by_index<T: SortKey>(src: &[T], descending: bool, dst: &mut [MaybeUninit<T>]) {
    let mut index = par::scratch::<i64>(src.len());
    argsort(src, src.len(), descending, &mut index);
    // SAFETY: argsort fills its output.
    let index = unsafe { par::finish(index) };
    for (to, from) in dst.iter_mut().zip(index) {
        to.write(src[from as usize]);
    }
}
