//! Strided views: what an array hands to the kernels.

use std::marker::PhantomData;

/// A read-only strided view of elements in memory. Strides count elements and may be zero or negative.
#[derive(Debug)]
pub struct View<'a, T> {
    pub(super) ptr: *const T,
    pub(super) shape: &'a [usize],
    pub(super) strides: &'a [isize],
    marker: PhantomData<&'a [T]>,
}

impl<T> Clone for View<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for View<'_, T> {}

impl<'a, T> View<'a, T> {
    /// A view of the element at `ptr` and those reached from it by `shape` and `strides`.
    ///
    /// # Safety
    /// Every element so reached is initialised, readable and not written to for `'a`.
    ///
    /// # Panics
    /// When `shape` and `strides` differ in length.
    pub unsafe fn from_raw_parts(ptr: *const T, shape: &'a [usize], strides: &'a [isize]) -> Self {
        assert_eq!(shape.len(), strides.len(), "shape and strides differ in length");
        Self { ptr, shape, strides, marker: PhantomData }
    }

    /// A view of a slice.
    ///
    /// # Panics
    /// When `shape` and `strides` reach outside `data`.
    pub fn new(data: &'a [T], shape: &'a [usize], strides: &'a [isize], offset: usize) -> Self {
        assert_eq!(shape.len(), strides.len(), "shape and strides differ in length");
        let (mut low, mut high) = (offset as i128, offset as i128);
        for (&n, &stride) in shape.iter().zip(strides) {
            let reach = (n as i128 - 1).saturating_mul(stride as i128);
            low = low.saturating_add(reach.min(0));
            high = high.saturating_add(reach.max(0));
        }
        let empty = shape.contains(&0);
        assert!(empty || (low >= 0 && high < data.len() as i128), "a view reaches outside its data");
        let offset = if empty { 0 } else { offset };
        // SAFETY: the smallest and the largest reachable offset lie inside `data`, which is borrowed for `'a`.
        unsafe { Self::from_raw_parts(data.as_ptr().add(offset), shape, strides) }
    }

    /// The shape.
    pub fn shape(&self) -> &'a [usize] {
        self.shape
    }
}

/// Row-major strides of `shape`.
pub fn row_major(shape: &[usize]) -> Vec<isize> {
    let mut strides = vec![1isize; shape.len()];
    for d in (1..shape.len()).rev() {
        strides[d - 1] = strides[d] * shape[d].max(1) as isize;
    }
    strides
}
