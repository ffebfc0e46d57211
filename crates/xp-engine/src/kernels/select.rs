//! Partial order: the k first elements of the sorted order.

use std::mem::MaybeUninit;

use super::key::SortKey;
use super::par::{self, SharedMut};
use super::sort::argsort;

/// Up to one element in so many is found in one pass, without an array of keys.
const FEW: usize = 64;
/// Elements that one task looks at, at least.
const PART: usize = 1 << 18;

/// Writes the indices of the first `indices.len()` elements in sorted order (descending: the largest first).
///
/// These are the first indices that a stable `argsort` gives.
///
/// # Panics
/// If there are fewer elements.
pub fn top_k<T: SortKey>(src: &[T], descending: bool, indices: &mut [MaybeUninit<i64>]) {
    let (n, k) = (src.len(), indices.len());
    assert!(k <= n, "the first {k} of {n} elements");
    if k == 0 {
        return;
    }
    let key = |x: T| if descending { !x.to_ordered_bits() } else { x.to_ordered_bits() };
    if k <= n / FEW {
        return few(src, &key, indices);
    }
    let mut keys = par::scratch::<T::Bits>(n);
    let out = SharedMut::new(&mut keys);
    par::for_ranges(n, par::grain::<T>(), |r| {
        // SAFETY: ranges are disjoint.
        let keys = unsafe { out.slice(r.clone()) };
        keys.iter_mut().zip(&src[r]).for_each(|(to, &x)| _ = to.write(key(x)));
    });
    // SAFETY: written completely just now.
    let mut keys = unsafe { par::finish(keys) };
    let (less, &mut last, _) = keys.select_nth_unstable(k - 1);
    // All elements before the last one's run, and as many of the run as are wanted.
    let mut ties = k - less.iter().filter(|&&x| x < last).count();
    let mut chosen = Vec::with_capacity(k);
    for (i, &x) in src.iter().enumerate() {
        let x = key(x);
        if x < last || (x == last && ties > 0) {
            ties -= (x == last) as usize;
            chosen.push(i);
        }
    }
    let values: Vec<T> = chosen.iter().map(|&i| src[i]).collect();
    argsort(&values, k, descending, indices);
    for to in indices {
        // SAFETY: argsort fills its output.
        let place = unsafe { to.assume_init() };
        to.write(chosen[place as usize] as i64);
    }
}

/// [`top_k`] for few elements: those that are before the worst of the best so far are collected, and cut down to the best
/// when there are twice too many.
fn few<T: SortKey>(src: &[T], key: &(impl Fn(T) -> T::Bits + Sync), indices: &mut [MaybeUninit<i64>]) {
    let k = indices.len();
    let parts = par::map_ranges(src.len(), PART.max(FEW * k), |r| {
        let mut best: Vec<(T::Bits, usize)> = Vec::with_capacity(2 * k);
        let mut limit = None;
        for start in r.clone().step_by(64) {
            let chunk = &src[start..(start + 64).min(r.end)];
            if let Some(limit) = limit
                && !chunk.iter().fold(false, |any, &x| any | (key(x) < limit))
            {
                continue;
            }
            for (j, &x) in chunk.iter().enumerate() {
                let bits = key(x);
                // Of equal elements the earlier ones stay.
                if limit.is_none_or(|limit| bits < limit) {
                    best.push((bits, start + j));
                    if best.len() == 2 * k {
                        limit = Some(best.select_nth_unstable(k - 1).1.0);
                        best.truncate(k);
                    }
                }
            }
        }
        best
    });
    let mut best: Vec<_> = parts.into_iter().flatten().collect();
    best.sort_unstable();
    indices.iter_mut().zip(best).for_each(|(to, (_, at))| _ = to.write(at as i64));
}
