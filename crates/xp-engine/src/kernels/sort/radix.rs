//! Parallel radix sort, least significant digit first.

use super::super::key::KeyBits;
use super::super::par::{self, SharedMut};
use crate::pool;

const DIGIT: u32 = 8;
const RADIX: usize = 1 << DIGIT;

/// Sorts by the bits from `low` up, keeping the order of keys that agree in these.
pub(in super::super) fn sort<B: KeyBits>(keys: &mut [B], low: u32) {
    let n = keys.len();
    let block = par::grain::<B>().max(n.div_ceil(2 * pool::count()));
    // Bits in which all keys agree need no pass.
    let (set, clear) = par::map_ranges(n, block, |r| keys[r].iter().fold((B::default(), B::default()), |(set, clear), &k| (set | k, clear | !k)))
        .into_iter()
        .fold((B::default(), B::default()), |a, b| (a.0 | b.0, a.1 | b.1));
    let mut buffer = par::scratch::<B>(n);
    // SAFETY: the first pass writes the buffer completely before anything reads it.
    let buffer = unsafe { par::assume_init(&mut buffer) };
    let mut in_buffer = false;
    let mut shift = low;
    while shift < B::BITS {
        let digit = |k: B| (k.shifted(shift) as usize) & (RADIX - 1);
        // A bit varies when it is set somewhere and clear somewhere.
        let varies = digit(set) & digit(clear) != 0;
        if varies {
            if in_buffer {
                pass(buffer, keys, block, digit)
            } else {
                pass(keys, buffer, block, digit)
            }
            in_buffer = !in_buffer;
        }
        shift += DIGIT;
    }
    if in_buffer {
        keys.copy_from_slice(buffer);
    }
}

/// Distributes `from` into `to` by one digit, keeping the order within a digit.
fn pass<B: KeyBits>(from: &[B], to: &mut [B], block: usize, digit: impl Fn(B) -> usize + Sync) {
    let mut starts = par::map_ranges(from.len(), block, |r| {
        let mut counts = [0usize; RADIX];
        for &k in &from[r] {
            counts[digit(k)] += 1;
        }
        counts
    });
    let mut total = 0;
    for d in 0..RADIX {
        for counts in &mut starts {
            let count = counts[d];
            counts[d] = total;
            total += count;
        }
    }
    let out = SharedMut::new(to);
    par::for_ranges(from.len(), block, |r| {
        let mut next = starts[r.start / block];
        for &k in &from[r] {
            let d = digit(k);
            // SAFETY: every block counts up through its own places, which make a permutation.
            unsafe { out.write(next[d], k) };
            next[d] += 1;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn radix_sort_is_stable_above_the_lowest_bits() {
        for n in [0, 1, 2, 1000, 100_001] {
            let x: Vec<u64> = (0..n).map(|i: u64| ((i + 4).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20 & 0xff00_ffff) << 20 | i).collect();
            let mut keys = x.clone();
            sort(&mut keys, 20);
            let mut expected = x;
            expected.sort_unstable();
            assert!(keys == expected, "{n}");
        }
    }
}
