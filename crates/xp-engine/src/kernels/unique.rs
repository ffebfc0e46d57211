//! Distinct values, with the index of their first occurrence, their counts, and where each element went.

use std::mem::MaybeUninit;
use std::ops::Range;

use super::key::{KeyBits, SortKey};
use super::par::{self, SharedMut};
use super::sort::{argsort, dense_range, histogram, sort};

/// Sorted elements of a block.
const BLOCK: usize = 1 << 14;

/// The distinct values of an array in ascending order, found and counted, so that outputs can be allocated.
///
/// `-0.0` and `0.0` are one value, represented by the first that occurs. Every NaN is a value of its own.
pub struct Unique<'a, T: SortKey> {
    src: &'a [T],
    found: Found<T>,
    /// Runs of equal elements that start before each block of the sorted array, and in all.
    runs: Vec<usize>,
}

/// What is known about the sorted array.
enum Found<T: SortKey> {
    /// The sorted values.
    Values(Vec<T>),
    /// The indices that sort it.
    Order(Vec<i64>),
    /// Integers of a small range, from the key `min`: the present keys, ascending, less `min`, with their counts.
    Dense { min: u64, present: Vec<(usize, i64)> },
}

impl<'a, T: SortKey> Unique<'a, T> {
    /// Finds the distinct values. `places` says whether first indices or the inverse will be asked for.
    pub fn new(src: &'a [T], places: bool) -> Self {
        if let Some(dense) = Self::dense(src) {
            return dense;
        }
        let n = src.len();
        if places || align_of::<T>() < align_of::<T::Bits>() {
            let mut order = par::scratch(n);
            argsort(src, n.max(1), false, &mut order);
            // SAFETY: argsort fills its output.
            let order = unsafe { par::finish(order) };
            let runs = count_runs(n, |i| src[order[i] as usize]);
            return Self { src, found: Found::Order(order), runs };
        }
        let mut values = par::scratch(n);
        sort(src, n.max(1), false, &mut values);
        // SAFETY: sort fills its output.
        let values = unsafe { par::finish(values) };
        let runs = count_runs(n, |i| values[i]);
        Self { src, found: Found::Values(values), runs }
    }

    /// [`Unique::new`] of integers of a small range, which needs no sort; `None` for others.
    pub fn dense(src: &'a [T]) -> Option<Self> {
        let (min, range) = dense_range(src)?;
        let counts = histogram(src, range, &|x: T| (x.to_ordered_bits().shifted(0) - min) as usize);
        let present: Vec<_> = counts.into_iter().enumerate().filter(|&(_, c)| c > 0).map(|(k, c)| (k, c as i64)).collect();
        let runs = vec![present.len()];
        Some(Self { src, found: Found::Dense { min, present }, runs })
    }

    /// The number of distinct values.
    pub fn len(&self) -> usize {
        self.runs[self.runs.len() - 1]
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the values.
    ///
    /// # Panics
    /// If `dst` does not have one element per value.
    pub fn values(&self, dst: &mut [MaybeUninit<T>]) {
        match &self.found {
            Found::Values(sorted) => self.starts(dst, |i| sorted[i], |i| sorted[i]),
            Found::Order(order) => {
                let element = |i: usize| self.src[order[i] as usize];
                self.starts(dst, element, element);
            }
            Found::Dense { min, present } => {
                dense(dst, present, |&(k, _)| T::from_ordered_bits(T::Bits::truncate(min + k as u64)));
            }
        }
    }

    /// Writes how often each value occurs.
    ///
    /// # Panics
    /// If `dst` does not have one element per value.
    pub fn counts(&self, dst: &mut [MaybeUninit<i64>]) {
        match &self.found {
            Found::Values(sorted) => self.starts(dst, |i| sorted[i], |i| i as i64),
            Found::Order(order) => self.starts(dst, |i| self.src[order[i] as usize], |i| i as i64),
            Found::Dense { present, .. } => return dense(dst, present, |&(_, count)| count),
        }
        // SAFETY: the starts of all runs have been written.
        let starts = unsafe { par::assume_init(dst) };
        for k in 0..starts.len() {
            let end = starts.get(k + 1).map_or(self.src.len() as i64, |&next| next);
            starts[k] = end - starts[k];
        }
    }

    /// Writes the index at which each value occurs first.
    ///
    /// # Panics
    /// If `dst` does not have one element per value, or places were not asked for.
    pub fn first_indices(&self, dst: &mut [MaybeUninit<i64>]) {
        match &self.found {
            Found::Values(_) => panic!("places were not asked for"),
            Found::Order(order) => self.starts(dst, |i| self.src[order[i] as usize], |i| order[i]),
            Found::Dense { min, present } => {
                // Until every value has been met: early, in general.
                let mut first = vec![i64::MAX; present.last().map_or(0, |k| k.0 + 1)];
                let mut missing = present.len();
                for (i, &x) in self.src.iter().enumerate() {
                    let at = &mut first[(x.to_ordered_bits().shifted(0) - min) as usize];
                    if *at == i64::MAX {
                        *at = i as i64;
                        missing -= 1;
                        if missing == 0 {
                            break;
                        }
                    }
                }
                dense(dst, present, |&(k, _)| first[k]);
            }
        }
    }

    /// Writes, for each element of the array, the position of its value among the distinct values.
    ///
    /// # Panics
    /// If `dst` does not have one element per element, or places were not asked for.
    pub fn inverse(&self, dst: &mut [MaybeUninit<i64>]) {
        let n = self.src.len();
        assert_eq!(dst.len(), n, "inverse of {n} elements");
        let out = SharedMut::new(dst);
        match &self.found {
            Found::Values(_) => panic!("places were not asked for"),
            Found::Order(order) => par::for_ranges(n, BLOCK, |r| {
                let mut next = self.runs[r.start / BLOCK] as i64;
                for_starts(r, &|i| self.src[order[i] as usize], |i, start| {
                    next += start as i64;
                    // SAFETY: the order is a permutation of 0..n.
                    unsafe { out.write(order[i] as usize, MaybeUninit::new(next - 1)) };
                });
            }),
            Found::Dense { min, present } => {
                let mut rank = vec![0i64; present.last().map_or(0, |k| k.0 + 1)];
                present.iter().zip(0..).for_each(|(&(k, _), r)| rank[k] = r);
                par::for_ranges(n, par::grain::<i64>(), |r| {
                    // SAFETY: ranges are disjoint.
                    let dst = unsafe { out.slice(r.clone()) };
                    for (to, &x) in dst.iter_mut().zip(&self.src[r]) {
                        to.write(rank[(x.to_ordered_bits().shifted(0) - min) as usize]);
                    }
                });
            }
        }
    }

    /// Writes a value for the start of each run of the sorted array.
    fn starts<U: Copy + Send>(&self, dst: &mut [MaybeUninit<U>], element: impl Fn(usize) -> T + Sync, value: impl Fn(usize) -> U + Sync) {
        assert_eq!(dst.len(), self.len(), "one output per distinct value");
        let out = SharedMut::new(dst);
        par::for_ranges(self.src.len(), BLOCK, |r| {
            let b = r.start / BLOCK;
            // SAFETY: the outputs of the blocks are disjoint.
            let dst = unsafe { out.slice(self.runs[b]..self.runs[b + 1]) };
            let mut k = 0;
            for_starts(r, &element, |i, start| {
                if start {
                    dst[k].write(value(i));
                    k += 1;
                }
            });
        });
    }
}

fn dense<U: Copy>(dst: &mut [MaybeUninit<U>], present: &[(usize, i64)], value: impl Fn(&(usize, i64)) -> U) {
    assert_eq!(dst.len(), present.len(), "one output per distinct value");
    dst.iter_mut().zip(present).for_each(|(to, p)| _ = to.write(value(p)));
}

/// Calls `f` with every position of a range of a sorted sequence, and whether a run starts there.
#[inline(always)]
fn for_starts<T: SortKey>(range: Range<usize>, element: &impl Fn(usize) -> T, mut f: impl FnMut(usize, bool)) {
    let mut previous = range.start.checked_sub(1).map(|i| element(i).to_ordered_bits());
    for i in range {
        let x = element(i);
        let bits = x.to_ordered_bits();
        f(i, previous != Some(bits) || x.is_nan());
        previous = Some(bits);
    }
}

/// The number of runs that start before each block, and in all.
fn count_runs<T: SortKey>(n: usize, element: impl Fn(usize) -> T + Sync) -> Vec<usize> {
    let counts = par::map_ranges(n, BLOCK, |r| {
        let mut count = 0;
        for_starts(r, &element, |_, start| count += start as usize);
        count
    });
    let mut total = 0;
    std::iter::once(0)
        .chain(counts.into_iter().map(|count| {
            total += count;
            total
        }))
        .collect()
}
