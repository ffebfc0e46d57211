//! Sorting by counting.

use super::super::key::{KeyBits, SortKey};
use super::super::par::{self, SharedMut};

/// Sorts keys that `place` maps to `0..range` in order; `value` is the inverse.
pub(super) fn sort_dense<B: Copy + Send + Sync>(keys: &mut [B], range: usize, place: impl Fn(B) -> usize + Sync, value: impl Fn(usize) -> B + Sync) {
    let counts = histogram(keys, range, &place);
    let mut ends = counts;
    let mut total = 0;
    for c in &mut ends {
        total += *c;
        *c = total;
    }
    let n = keys.len();
    let out = SharedMut::new(keys);
    par::for_ranges(n, par::grain::<B>(), |r| {
        // The value at the first position, then run after run.
        let mut k = ends.partition_point(|&end| end <= r.start);
        let mut at = r.start;
        while at < r.end {
            let end = ends[k].min(r.end);
            // SAFETY: ranges are disjoint.
            unsafe { out.slice(at..end) }.fill(value(k));
            at = end;
            k += 1;
        }
    });
}

/// How often each place of `0..range` occurs.
pub(in super::super) fn histogram<B: Copy + Send + Sync>(keys: &[B], range: usize, place: &(impl Fn(B) -> usize + Sync)) -> Vec<usize> {
    // Few large tasks: each needs its own counters.
    let grain = par::grain::<B>().max(4 * range).max(keys.len().div_ceil(16));
    let mut parts = par::map_ranges(keys.len(), grain, |r| {
        // Two interleaved tables, so that a run of equal keys does not wait for its own counter.
        let mut even = vec![0usize; range];
        let mut odd = vec![0usize; range];
        let mut pairs = keys[r].chunks_exact(2);
        for pair in &mut pairs {
            even[place(pair[0])] += 1;
            odd[place(pair[1])] += 1;
        }
        for &key in pairs.remainder() {
            even[place(key)] += 1;
        }
        even.iter_mut().zip(odd).for_each(|(a, b)| *a += b);
        even
    })
    .into_iter();
    let mut counts = parts.next().unwrap_or_else(|| vec![0; range]);
    for part in parts {
        counts.iter_mut().zip(part).for_each(|(a, b)| *a += b);
    }
    counts
}

/// The least and the greatest key, if there are so many keys in so small a range that counting is worth while.
pub(super) fn small_range<T: SortKey>(values: &[T]) -> Option<(u64, u64)> {
    const MIN_KEYS: usize = 1 << 12;
    const MAX_RANGE: u64 = 1 << 16;
    if values.len() < MIN_KEYS {
        return None;
    }
    let limit = MAX_RANGE.min(values.len() as u64 / 4);
    // A sample excludes most arrays at once.
    let (min, max) = extremes(values.iter().step_by(values.len() / 64));
    if max - min >= limit {
        return None;
    }
    let (min, max) = par::map_ranges(values.len(), par::grain::<T>(), |r| extremes(values[r].iter()))
        .into_iter()
        .fold((min, max), |(a, b), (c, d)| (a.min(c), b.max(d)));
    (max - min < limit).then_some((min, max))
}

fn extremes<'a, T: SortKey>(values: impl Iterator<Item = &'a T>) -> (u64, u64) {
    values.map(|x| x.to_ordered_bits().shifted(0)).fold((u64::MAX, 0), |(min, max), k| (min.min(k), max.max(k)))
}

/// The smallest key of integers, and the size of their range, if counting is worth while.
pub(in super::super) fn dense_range<T: SortKey>(values: &[T]) -> Option<(u64, usize)> {
    if !T::EXACT {
        return None;
    }
    if T::Bits::BITS == 8 {
        return Some((0, 256));
    }
    let (min, max) = small_range(values)?;
    Some((min, (max - min) as usize + 1))
}
