//! Splitting work into ranges, and views of memory shared by its tasks.

use std::mem::MaybeUninit;
use std::ops::Range;

use crate::threads::{for_each_part, map};

/// Below this many bytes of traffic a kernel stays on the calling thread.
pub(super) const MIN_BYTES: usize = 1 << 17;

/// Number of elements of `T` that make a task worth its scheduling.
pub(super) const fn grain<T>() -> usize {
    let size = if size_of::<T>() == 0 { 1 } else { size_of::<T>() };
    MIN_BYTES / size
}

/// Calls `f` on consecutive ranges of at most `grain` indices that cover `0..n`.
///
/// The ranges depend on `n` and `grain` only.
pub(super) fn for_ranges(n: usize, grain: usize, f: impl Fn(Range<usize>) + Sync) {
    let grain = grain.max(1);
    let range = |i: usize| i * grain..((i + 1) * grain).min(n);
    for_each_part(n.div_ceil(grain), &|i| f(range(i)));
}

/// As [`for_ranges`], collecting one value per range, in order.
pub(super) fn map_ranges<R: Send>(n: usize, grain: usize, f: impl Fn(Range<usize>) -> R + Sync) -> Vec<R> {
    let grain = grain.max(1);
    let range = |i: usize| i * grain..((i + 1) * grain).min(n);
    map(n.div_ceil(grain), |i| f(range(i)))
}

/// A pointer that several tasks write through, each to its own elements.
pub(super) struct SharedMut<T>(*mut T);

impl<T> Clone for SharedMut<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for SharedMut<T> {}

// SAFETY: the pointer itself is plain data; every dereference goes through an unsafe method whose contract demands
// that no two tasks touch the same element.
unsafe impl<T: Send> Send for SharedMut<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for SharedMut<T> {}

impl<T> SharedMut<T> {
    pub(super) fn new(slice: &mut [T]) -> Self {
        Self(slice.as_mut_ptr())
    }

    /// The elements of `range`.
    ///
    /// # Safety
    /// `range` lies in the slice this was made from, which is still borrowed, and no other task accesses it meanwhile.
    pub(super) unsafe fn slice<'a>(self, range: Range<usize>) -> &'a mut [T] {
        // SAFETY: the caller guarantees bounds, lifetime and exclusive access.
        unsafe { std::slice::from_raw_parts_mut(self.0.add(range.start), range.len()) }
    }

    /// Writes element `i`.
    ///
    /// # Safety
    /// As for [`slice`](Self::slice), for the one element.
    #[inline(always)]
    pub(super) unsafe fn write(self, i: usize, value: T) {
        // SAFETY: the caller guarantees bounds and exclusive access.
        unsafe { self.0.add(i).write(value) }
    }
}

/// Views a completely written output as initialised.
///
/// # Safety
/// Every element has been written.
pub(super) unsafe fn assume_init<T>(slice: &mut [MaybeUninit<T>]) -> &mut [T] {
    // SAFETY: same layout, and the caller guarantees initialisation.
    unsafe { &mut *(std::ptr::from_mut(slice) as *mut [T]) }
}

/// A vector of `n` uninitialised elements, to be filled completely and passed to [`finish`].
pub(super) fn scratch<T>(n: usize) -> Vec<MaybeUninit<T>> {
    let mut v = Vec::with_capacity(n);
    // SAFETY: `MaybeUninit` needs no initialisation and the capacity is n.
    unsafe { v.set_len(n) };
    v
}

/// Turns a completely written scratch vector into its values.
///
/// # Safety
/// Every element has been written.
pub(super) unsafe fn finish<T>(v: Vec<MaybeUninit<T>>) -> Vec<T> {
    let mut v = std::mem::ManuallyDrop::new(v);
    // SAFETY: the allocation is taken over unchanged, the element layout is the same, and the caller guarantees
    // initialisation.
    unsafe { Vec::from_raw_parts(v.as_mut_ptr().cast::<T>(), v.len(), v.capacity()) }
}
