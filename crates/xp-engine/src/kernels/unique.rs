//! Distinct values, with the index of their first occurrence, their counts, and where each element went.

use std::mem::MaybeUninit;

use super::key::{KeyBits, SortKey};
use super::par::{self, SharedMut};
use super::sort::{dense_range, histogram};

/// The distinct integers of an array with a small range, in ascending order, counted, so that outputs can be allocated.
/// Others are found as fast from the sorted array.
pub struct Unique<'a, T: SortKey> {
    src: &'a [T],
    /// The smallest key.
    min: u64,
    /// The present keys, ascending, less `min`, with their counts.
    present: Vec<(usize, i64)>,
}

impl<'a, T: SortKey> Unique<'a, T> {
    /// Finds the distinct values; `None` if they are no integers, or not of a small range.
    pub fn new(src: &'a [T]) -> Option<Self> {
        let (min, range) = dense_range(src)?;
        let counts = histogram(src, range, &|x: T| (x.to_ordered_bits().shifted(0) - min) as usize);
        let present = counts.into_iter().enumerate().filter(|&(_, c)| c > 0).map(|(k, c)| (k, c as i64)).collect();
        Some(Self { src, min, present })
    }

    /// The number of distinct values.
    pub fn count(&self) -> usize {
        self.present.len()
    }

    /// Writes the values.
    ///
    /// # Panics
    /// If `dst` does not have one element per value.
    pub fn values(&self, dst: &mut [MaybeUninit<T>]) {
        self.write(dst, |&(k, _)| T::from_ordered_bits(T::Bits::truncate(self.min + k as u64)));
    }

    /// Writes how often each value occurs.
    ///
    /// # Panics
    /// If `dst` does not have one element per value.
    pub fn counts(&self, dst: &mut [MaybeUninit<i64>]) {
        self.write(dst, |&(_, count)| count);
    }

    /// Writes the index at which each value occurs first.
    ///
    /// # Panics
    /// If `dst` does not have one element per value.
    pub fn first_indices(&self, dst: &mut [MaybeUninit<i64>]) {
        // Until every value has been met: early, in general.
        let mut first = vec![i64::MAX; self.range()];
        let mut missing = self.present.len();
        for (i, &x) in self.src.iter().enumerate() {
            let at = &mut first[self.place(x)];
            if *at == i64::MAX {
                *at = i as i64;
                missing -= 1;
                if missing == 0 {
                    break;
                }
            }
        }
        self.write(dst, |&(k, _)| first[k]);
    }

    /// Writes, for each element of the array, the position of its value among the distinct values.
    ///
    /// # Panics
    /// If `dst` does not have one element per element.
    pub fn inverse(&self, dst: &mut [MaybeUninit<i64>]) {
        let n = self.src.len();
        assert_eq!(dst.len(), n, "inverse of {n} elements");
        let mut rank = vec![0i64; self.range()];
        self.present.iter().zip(0..).for_each(|(&(k, _), r)| rank[k] = r);
        let out = SharedMut::new(dst);
        par::for_ranges(n, par::grain::<i64>(), |r| {
            // SAFETY: ranges are disjoint.
            let dst = unsafe { out.slice(r.clone()) };
            for (to, &x) in dst.iter_mut().zip(&self.src[r]) {
                to.write(rank[self.place(x)]);
            }
        });
    }

    /// The key of an element, less the smallest.
    #[inline(always)]
    fn place(&self, x: T) -> usize {
        (x.to_ordered_bits().shifted(0) - self.min) as usize
    }

    /// One more than the largest key less the smallest.
    fn range(&self) -> usize {
        self.present.last().map_or(0, |k| k.0 + 1)
    }

    fn write<U: Copy>(&self, dst: &mut [MaybeUninit<U>], value: impl Fn(&(usize, i64)) -> U) {
        assert_eq!(dst.len(), self.present.len(), "one output per distinct value");
        dst.iter_mut().zip(&self.present).for_each(|(to, p)| _ = to.write(value(p)));
    }
}
