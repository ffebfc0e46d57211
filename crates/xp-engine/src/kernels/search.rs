//! `searchsorted`: where values belong in a sorted array.

use std::mem::MaybeUninit;

use super::key::SortKey;
use super::par::{self, SharedMut};

/// Which end of a run of equal elements is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Before the first: the number of elements less than the value.
    Left,
    /// Behind the last: the number of elements not greater than the value.
    Right,
}

/// Queries that are searched together, so that their cache misses overlap.
const TOGETHER: usize = 16;

/// Writes, for each query, where it would be inserted into `sorted` (ascending, NaNs last).
///
/// # Panics
/// If queries and output differ in length.
pub fn searchsorted<T: SortKey>(sorted: &[T], queries: &[T], side: Side, dst: &mut [MaybeUninit<i64>]) {
    search(sorted.len(), |i| sorted[i], queries, side, dst);
}

fn search<T: SortKey>(n: usize, element: impl Fn(usize) -> T + Sync, queries: &[T], side: Side, dst: &mut [MaybeUninit<i64>]) {
    assert_eq!(queries.len(), dst.len(), "queries and output of a search");
    let out = SharedMut::new(dst);
    let grain = par::grain::<i64>() / (n.max(2).ilog2() as usize + 1);
    par::for_ranges(queries.len(), grain, |r| {
        // SAFETY: ranges are disjoint.
        let dst = unsafe { out.slice(r.clone()) };
        let queries = &queries[r];
        match side {
            Side::Left => search_range(n, &element, queries, |x: T::Bits, q| x < q, dst),
            Side::Right => search_range(n, &element, queries, |x: T::Bits, q| x <= q, dst),
        }
    });
}

/// Searches some queries: by advancing from one to the next if they ascend, else by interleaved bisections.
fn search_range<T: SortKey>(
    n: usize,
    element: &impl Fn(usize) -> T,
    queries: &[T],
    before: impl Fn(T::Bits, T::Bits) -> bool,
    dst: &mut [MaybeUninit<i64>],
) {
    let key = |i: usize| element(i).to_ordered_bits();
    if queries.is_sorted_by_key(|q| q.to_ordered_bits()) {
        let mut at = 0;
        for (to, q) in dst.iter_mut().zip(queries) {
            at = gallop(at, n, |i| before(key(i), q.to_ordered_bits()));
            to.write(at as i64);
        }
        return;
    }
    for (dst, queries) in dst.chunks_mut(TOGETHER).zip(queries.chunks(TOGETHER)) {
        let mut wanted = [T::Bits::default(); TOGETHER];
        wanted.iter_mut().zip(queries).for_each(|(w, q)| *w = q.to_ordered_bits());
        let mut base = [0usize; TOGETHER];
        let mut length = n;
        // The answer lies in base..=base + length.
        while length > 0 {
            let half = length.div_ceil(2);
            for (base, &q) in base.iter_mut().zip(&wanted) {
                let next = *base + half;
                *base = if before(key(next - 1), q) { next } else { *base };
            }
            length -= half;
        }
        dst.iter_mut().zip(base).for_each(|(to, b)| _ = to.write(b as i64));
    }
}

/// The first place from `at` on that is not before the query.
fn gallop(mut at: usize, n: usize, before: impl Fn(usize) -> bool) -> usize {
    let mut step = 1;
    while at + step <= n && before(at + step - 1) {
        at += step;
        step *= 2;
    }
    // The answer lies in at..at + step, up to n.
    let mut end = (at + step - 1).min(n);
    while at < end {
        let mid = at + (end - at) / 2;
        if before(mid) {
            at = mid + 1;
        } else {
            end = mid;
        }
    }
    at
}
