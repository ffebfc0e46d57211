//! The kernels that order elements, for every real-valued dtype.

use std::mem::MaybeUninit;

use xp_engine::kernels::search::{self, Side};
use xp_engine::kernels::{SortKey, select, sort, unique::Unique};
use xp_engine::threads::for_chunks;

use crate::backend::dispatch::{Elements, Room, with_real};

pub(crate) fn sort(x: Elements<'_>, lane: usize, descending: bool, out: Room<'_>) {
    with_real!(x.dtype(), T => sort::sort::<T>(x.get(), lane, descending, out.get()));
}

pub(crate) fn argsort(x: Elements<'_>, lane: usize, descending: bool, out: &mut [MaybeUninit<i64>]) {
    with_real!(x.dtype(), T => sort::argsort::<T>(x.get(), lane, descending, out));
}

/// The indices of the `k` first elements of every lane.
pub(crate) fn top_k(x: Elements<'_>, lane: usize, k: usize, descending: bool, out: &mut [MaybeUninit<i64>]) {
    with_real!(x.dtype(), T => {
        let x = x.get::<T>();
        for_chunks(out, k, |i, to| select::top_k(&x[i * lane..(i + 1) * lane], descending, to));
    });
}

pub(crate) fn searchsorted(sorted: Elements<'_>, queries: Elements<'_>, side: Side, out: &mut [MaybeUninit<i64>]) {
    with_real!(sorted.dtype(), T => search::searchsorted::<T>(sorted.get(), queries.get(), side, out));
}

/// The distinct elements of an array, found and counted.
pub(crate) trait DistinctElements {
    fn count(&self) -> usize;
    fn values(&self, out: Room<'_>);
    fn counts(&self, out: &mut [MaybeUninit<i64>]);
    fn first_indices(&self, out: &mut [MaybeUninit<i64>]);
    fn inverse(&self, out: &mut [MaybeUninit<i64>]);
}

impl<T: SortKey + xp_core::Element> DistinctElements for Unique<'_, T> {
    fn count(&self) -> usize {
        Unique::count(self)
    }
    fn values(&self, out: Room<'_>) {
        self.values(out.get());
    }
    fn counts(&self, out: &mut [MaybeUninit<i64>]) {
        self.counts(out);
    }
    fn first_indices(&self, out: &mut [MaybeUninit<i64>]) {
        self.first_indices(out);
    }
    fn inverse(&self, out: &mut [MaybeUninit<i64>]) {
        self.inverse(out);
    }
}

/// The distinct elements of integers of a small range; `None` for others, which are found as fast from sorted elements.
pub(crate) fn distinct(x: Elements<'_>) -> Option<Box<dyn DistinctElements + '_>> {
    with_real!(x.dtype(), T => Unique::<T>::new(x.get()).map(|found| Box::new(found) as Box<dyn DistinctElements>))
}
