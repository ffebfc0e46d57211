//! Stable indices in sorted order.

use std::mem::MaybeUninit;

use super::super::key::{KeyBits, SortKey};
use super::super::par::{self, SharedMut};
use super::{count, for_lanes, key, sort_u64};
use crate::level::at_level;
use crate::pool;

/// Writes, lane by lane, the indices (within the lane) that sort it; equal elements keep their order.
///
/// # Panics
/// If the slices differ in length or are not whole lanes.
pub fn argsort<T: SortKey>(src: &[T], lane: usize, descending: bool, dst: &mut [MaybeUninit<i64>]) {
    for_lanes(src, lane, dst, |src, dst| {
        if descending {
            argsort_lane::<T, true>(src, dst);
        } else {
            argsort_lane::<T, false>(src, dst);
        }
    });
}

fn argsort_lane<T: SortKey, const DOWN: bool>(src: &[T], dst: &mut [MaybeUninit<i64>]) {
    let n = src.len();
    if T::Bits::BITS == 8 && n > 64 {
        return by_counting::<T, DOWN>(src, dst);
    }
    if T::Bits::BITS > 64 || n as u64 > 1 << 32 {
        return by_comparing::<T, DOWN>(src, dst);
    }
    let packing = Packing::find::<T, DOWN>(src);
    // The output holds key and index packed into 64 bits, until the indices alone are left.
    // SAFETY: same layout.
    let packed = unsafe { &mut *(std::ptr::from_mut(dst) as *mut [MaybeUninit<u64>]) };
    let out = SharedMut::new(packed);
    par::for_ranges(n, par::grain::<u64>(), |r| {
        // SAFETY: ranges are disjoint.
        let packed = unsafe { out.slice(r.clone()) };
        at_level(|| {
            for ((to, &x), i) in packed.iter_mut().zip(&src[r.clone()]).zip(r.start as u64..) {
                to.write(packing.pack(key::<T, DOWN>(x).shifted(0), i));
            }
        });
    });
    // SAFETY: written completely just now.
    let packed = unsafe { par::assume_init(packed) };
    let unpack = |_: usize, piece: &mut [u64]| piece.iter_mut().for_each(|k| *k &= packing.index_mask());
    if packing.exact() {
        return sort_u64(packed, packing.index_bits, &unpack);
    }
    sort_u64(packed, packing.index_bits, &|_, _: &mut [u64]| ());
    sort_ties(packed, &packing, |i| key::<T, DOWN>(src[i as usize]).shifted(0));
    let n = packed.len();
    let out = SharedMut::new(packed);
    // SAFETY: ranges are disjoint.
    par::for_ranges(n, par::grain::<u64>(), |r| unpack(r.start, unsafe { out.slice(r) }));
}

/// How a key (less the smallest one) and an index share 64 bits, the key on top.
struct Packing {
    min: u64,
    /// Low bits of the key that are dropped.
    shift: u32,
    /// Low bits of the key that are zero everywhere.
    zeros: u32,
    index_bits: u32,
}

impl Packing {
    fn find<T: SortKey, const DOWN: bool>(src: &[T]) -> Self {
        let index_bits = u64::BITS - (src.len().max(2) as u64 - 1).leading_zeros();
        if T::Bits::BITS + index_bits <= 64 {
            return Self { min: 0, shift: 0, zeros: 0, index_bits };
        }
        let first = key::<T, DOWN>(src[0]).shifted(0);
        let (min, max, odd) = par::map_ranges(src.len(), par::grain::<T>(), |r| {
            at_level(|| {
                let (mut min, mut max, mut odd) = (first, first, 0);
                for &x in &src[r] {
                    let k = key::<T, DOWN>(x).shifted(0);
                    (min, max, odd) = (min.min(k), max.max(k), odd | (k ^ first));
                }
                (min, max, odd)
            })
        })
        .into_iter()
        .fold((first, first, 0), |a, b| (a.0.min(b.0), a.1.max(b.1), a.2 | b.2));
        let zeros = odd.trailing_zeros().min(63);
        let width = u64::BITS - ((max - min) >> zeros).leading_zeros();
        Self { min, zeros, shift: zeros + (width + index_bits).saturating_sub(64), index_bits }
    }

    /// Whether the packed keys tell all different keys apart.
    fn exact(&self) -> bool {
        self.shift == self.zeros
    }

    fn index_mask(&self) -> u64 {
        (1 << self.index_bits) - 1
    }

    #[inline(always)]
    fn pack(&self, key: u64, index: u64) -> u64 {
        (((key - self.min) >> self.shift) << self.index_bits) | index
    }

    /// The part of the key that [`pack`](Self::pack) drops, with the index.
    #[inline(always)]
    fn pack_rest(&self, key: u64, index: u64) -> u64 {
        let dropped = (key - self.min) & ((1 << self.shift) - 1);
        // At most `index_bits` bits are dropped, beyond the zeros.
        ((dropped >> self.zeros) << self.index_bits) | index
    }
}

/// Sorts each run of equal packed keys by the rest of the key. Afterwards only the index bits are meaningful.
fn sort_ties(packed: &mut [u64], packing: &Packing, key: impl Fn(u64) -> u64 + Sync) {
    let top = |k: u64| k >> packing.index_bits;
    let n = packed.len();
    let view: &[u64] = packed;
    let runs: Vec<_> = par::map_ranges(n, par::grain::<u64>(), |r| {
        let mut runs = Vec::new();
        let mut at = r.start;
        // A run belongs to the range it starts in.
        while at > 0 && at < r.end && top(view[at]) == top(view[at - 1]) {
            at += 1;
        }
        while at < r.end {
            let start = at;
            at += 1;
            while at < n && top(view[at]) == top(view[start]) {
                at += 1;
            }
            if at - start > 1 {
                runs.push(start..at);
            }
        }
        runs
    })
    .into_iter()
    .flatten()
    .collect();
    let out = SharedMut::new(packed);
    let mask = packing.index_mask();
    par::for_ranges(runs.len(), 256, |r| {
        for run in &runs[r] {
            // SAFETY: runs are disjoint.
            let run = unsafe { out.slice(run.clone()) };
            for k in run.iter_mut() {
                let index = *k & mask;
                *k = packing.pack_rest(key(index), index);
            }
            match run {
                [a, b] => (*a, *b) = ((*a).min(*b), (*a).max(*b)),
                run => sort_u64(run, packing.index_bits, &|_, _: &mut [u64]| ()),
            }
        }
    });
}

/// Indices by 8-bit keys: one distribution.
fn by_counting<T: SortKey, const DOWN: bool>(src: &[T], dst: &mut [MaybeUninit<i64>]) {
    let place = |x: T| key::<T, DOWN>(x).shifted(0) as usize;
    let block = par::grain::<T>().max(src.len().div_ceil(2 * pool::count()));
    let mut starts = par::map_ranges(src.len(), block, |r| count::histogram(&src[r], 256, &place));
    let mut total = 0;
    for d in 0..256 {
        for counts in &mut starts {
            let count = counts[d];
            counts[d] = total;
            total += count;
        }
    }
    let n = src.len();
    let out = SharedMut::new(dst);
    par::for_ranges(n, block, |r| {
        let mut next = starts[r.start / block].clone();
        for i in r {
            let at = &mut next[place(src[i])];
            // Elements may change after they were counted, where memory is shared with other software.
            if *at < n {
                // SAFETY: every block counts up through its own places, which make a permutation.
                unsafe { out.write(*at, MaybeUninit::new(i as i64)) };
            }
            *at += 1;
        }
    });
}

/// Indices by keys that do not fit into 64 bits together with an index.
fn by_comparing<T: SortKey, const DOWN: bool>(src: &[T], dst: &mut [MaybeUninit<i64>]) {
    for (i, to) in dst.iter_mut().enumerate() {
        to.write(i as i64);
    }
    // SAFETY: written completely just now.
    let index = unsafe { par::assume_init(dst) };
    pool::sort_by_key(index, |&i| key::<T, DOWN>(src[i as usize]));
}
