//! Memory that starts out without values.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};

use xp_core::{Element, Error, Result};

/// Memory for elements. A clone is another handle to it.
#[derive(Clone, Debug)]
pub struct HostBuffer<T> {
    memory: Arc<[UnsafeCell<MaybeUninit<T>>]>,
}
// SAFETY: safe code only reads the elements; who writes them, through `pointer`, vouches for being alone.
unsafe impl<T: Send + Sync> Send for HostBuffer<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for HostBuffer<T> {}

impl<T: Element> HostBuffer<T> {
    pub(crate) fn uninit(len: usize) -> Result<Self> {
        let mut memory = vec![];
        memory.try_reserve_exact(len).map_err(|_| Error::out_of_memory(crate::Host, len.saturating_mul(size_of::<T>())))?;
        memory.resize_with(len, || UnsafeCell::new(MaybeUninit::uninit()));
        Ok(HostBuffer { memory: memory.into() })
    }

    pub(crate) fn from_values(values: &[T]) -> Result<Self> {
        let out = Self::uninit(values.len())?;
        // SAFETY: the memory is new, and has this length.
        unsafe { core::ptr::copy_nonoverlapping(values.as_ptr(), out.pointer(), values.len()) };
        Ok(out)
    }

    /// The elements `start..start + len`, which were written: `Backend::alloc` asks that of its caller.
    pub(crate) fn values(&self, start: usize, len: usize) -> Vec<T> {
        // SAFETY: by the contract above, and nobody writes while a handle is read.
        self.memory[start..][..len].iter().map(|x| unsafe { (*x.get()).assume_init() }).collect()
    }

    pub(crate) fn pointer(&self) -> *mut T {
        self.memory.as_ptr().cast_mut().cast()
    }

    pub(crate) fn len(&self) -> usize {
        self.memory.len()
    }

    pub(crate) fn is_unique(&self) -> bool {
        let unique = Arc::strong_count(&self.memory) == 1;
        // What other threads did with handles that they have dropped comes first.
        fence(Ordering::Acquire);
        unique
    }
}
