//! Memory: aligned, shared, and kept for reuse when it is freed.
//!
//! A fresh page costs more than the arithmetic on it. Freed blocks go to a bounded cache of size classes and come back
//! warm; large blocks ask for huge pages.

use std::alloc::{Layout, alloc, dealloc};
use std::collections::HashMap;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use xp_core::{Element, Error, Result};

/// Memory of the CPU backend. A clone is another handle to the same memory.
#[derive(Clone, Debug)]
pub struct CpuBuffer<T> {
    block: Arc<Block>,
    len: usize,
    elem: PhantomData<T>,
}

impl<T: Element> CpuBuffer<T> {
    /// Memory for `len` elements of arbitrary value.
    pub(crate) fn new(len: usize) -> Result<Self> {
        let bytes = len.checked_mul(size_of::<T>()).filter(|&b| b <= isize::MAX as usize / 2);
        let bytes = bytes.ok_or(Error::TooLarge { shape: vec![len] })?;
        Ok(CpuBuffer { block: Arc::new(Block::new(bytes)?), len, elem: PhantomData })
    }

    /// Memory with these values.
    pub(crate) fn from_slice(values: &[T]) -> Result<Self> {
        let buffer = Self::new(values.len())?;
        // SAFETY: the block is new and has room for `values`.
        unsafe { std::ptr::copy_nonoverlapping(values.as_ptr(), buffer.ptr(), values.len()) };
        Ok(buffer)
    }

    /// Memory that belongs to `owner`, which is dropped when the last handle is gone. If `readonly`, the memory counts as
    /// shared, so that whoever writes copies it first.
    ///
    /// # Safety
    /// `start` must be aligned and point to `len` written elements that live as long as `owner`; they must be writable
    /// unless `readonly`, and nobody else may write to them while an operation runs.
    #[doc(hidden)]
    pub unsafe fn from_foreign(start: *mut T, len: usize, readonly: bool, owner: Box<dyn std::any::Any + Send + Sync>) -> Self {
        let start = NonNull::new(start.cast()).unwrap_or(NonNull::<T>::dangling().cast());
        let block = Block { start, layout: Layout::new::<()>(), owner: Some(Owner { readonly, _keep: owner }) };
        CpuBuffer { block: Arc::new(block), len, elem: PhantomData }
    }

    /// The first element.
    pub(crate) fn ptr(&self) -> *mut T {
        self.block.start.as_ptr().cast()
    }

    /// Number of elements.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether this is the only handle.
    pub(crate) fn is_unique(&self) -> bool {
        Arc::strong_count(&self.block) == 1 && !self.is_readonly()
    }

    /// Whether the memory belongs to somebody who does not allow writing to it.
    #[doc(hidden)]
    #[must_use]
    pub fn is_readonly(&self) -> bool {
        self.block.owner.as_ref().is_some_and(|o| o.readonly)
    }

    /// The elements.
    ///
    /// # Safety
    /// All elements must have been written, and nobody may write to them meanwhile.
    pub(crate) unsafe fn as_slice(&self) -> &[T] {
        // SAFETY: the block has room for `len` elements, which the caller says are written.
        unsafe { std::slice::from_raw_parts(self.ptr(), self.len) }
    }

    /// The elements, to be written.
    ///
    /// # Safety
    /// Nobody else may read or write them meanwhile.
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn as_uninit(&self) -> &mut [std::mem::MaybeUninit<T>] {
        // SAFETY: the block has room for `len` elements, and the caller has it alone.
        unsafe { std::slice::from_raw_parts_mut(self.ptr().cast(), self.len) }
    }
}

/// Drops everything the cache holds.
pub fn clear_cache() {
    cache().trim(0);
}

/// Limits the memory that the cache may hold. What is over the limit is freed. At the start the limit is an eighth of the
/// memory that the process may use, and at least 1 GiB.
pub fn set_cache_limit(bytes: usize) {
    let mut cache = cache();
    cache.limit = bytes;
    cache.trim(bytes);
}

/// The number of bytes that the cache holds now.
#[must_use]
pub fn cached_bytes() -> usize {
    cache().held
}

/// Blocks below this size come from the system allocator, which keeps small ones itself.
const SMALL: usize = 1 << 15;
/// Blocks below this size have the allocator's own alignment: a stricter one costs more than it gains.
const TINY: usize = 1 << 10;
/// Blocks from this size on are aligned to huge pages.
const HUGE: usize = 1 << 21;

#[derive(Debug)]
struct Block {
    start: NonNull<u8>,
    layout: Layout,
    /// Whose memory it is, when it is not the allocator's.
    owner: Option<Owner>,
}
/// The owner of foreign memory.
struct Owner {
    readonly: bool,
    _keep: Box<dyn std::any::Any + Send + Sync>,
}
impl std::fmt::Debug for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Owner").field("readonly", &self.readonly).finish_non_exhaustive()
    }
}
// SAFETY: a block is plain memory; who may touch it when is decided by its users.
unsafe impl Send for Block {}
// SAFETY: as above.
unsafe impl Sync for Block {}
// An owner is only dropped, never looked at.
impl std::panic::RefUnwindSafe for Block {}

impl Block {
    fn new(bytes: usize) -> Result<Block> {
        let layout = class(bytes);
        if layout.size() >= SMALL
            && let Some(start) = cache().take(layout)
        {
            return Ok(Block { start, layout, owner: None });
        }
        // SAFETY: the layout has at least 64 bytes.
        let start = NonNull::new(unsafe { alloc(layout) });
        let start = start.or_else(|| {
            // What the cache holds may be what is missing.
            clear_cache();
            // SAFETY: as above.
            NonNull::new(unsafe { alloc(layout) })
        });
        let Some(start) = start else {
            return Err(Error::OutOfMemory { device: "cpu".into(), bytes });
        };
        if layout.size() >= HUGE {
            ask_for_huge_pages(start, layout.size());
        }
        Ok(Block { start, layout, owner: None })
    }
}
impl Drop for Block {
    fn drop(&mut self) {
        if self.owner.is_some() {
            return;
        }
        if self.layout.size() >= SMALL && cache().put(self.start, self.layout) {
            return;
        }
        // SAFETY: the block came from `alloc` with this layout, and this was the last handle.
        unsafe { dealloc(self.start.as_ptr(), self.layout) };
    }
}

/// The size class: eight steps per power of two, so that at most an eighth is lost.
fn class(bytes: usize) -> Layout {
    let bytes = bytes.max(64);
    let (size, align) = if bytes < SMALL {
        (bytes.next_multiple_of(64), if bytes < TINY { 16 } else { 64 })
    } else {
        let step = (bytes.next_power_of_two() / 16).max(64);
        (bytes.next_multiple_of(step), if bytes >= HUGE { HUGE } else { 4096 })
    };
    // The sizes were checked to be far below `isize::MAX`.
    Layout::from_size_align(size, align).unwrap_or(Layout::new::<[u64; 8]>())
}

#[cfg(target_os = "linux")]
fn ask_for_huge_pages(start: NonNull<u8>, bytes: usize) {
    // SAFETY: the range belongs to one allocation, aligned to 2 MiB; the advice changes no contents.
    unsafe { libc::madvise(start.as_ptr().cast(), bytes, libc::MADV_HUGEPAGE) };
}
#[cfg(not(target_os = "linux"))]
fn ask_for_huge_pages(_: NonNull<u8>, _: usize) {}

struct Cache {
    free: HashMap<Layout, Vec<NonNull<u8>>>,
    held: usize,
    limit: usize,
}
// SAFETY: the pointers are owned, free memory.
unsafe impl Send for Cache {}

fn cache() -> MutexGuard<'static, Cache> {
    static CACHE: OnceLock<Mutex<Cache>> = OnceLock::new();
    let cache = CACHE.get_or_init(|| Mutex::new(Cache { free: HashMap::new(), held: 0, limit: first_limit() }));
    // The cache is consistent at every point where a panic could happen.
    cache.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An eighth of the machine's memory, or of what the control group allows; at least 1 GiB.
fn first_limit() -> usize {
    (memory() / 8).max(1 << 30)
}

#[cfg(target_os = "linux")]
fn memory() -> usize {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let total = read("/proc/meminfo").and_then(|text| text.split_whitespace().nth(1)?.parse::<usize>().ok()).map_or(0, |kib| kib << 10);
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    limits.iter().filter_map(|path| read(path)?.trim().parse().ok()).fold(total, usize::min)
}
#[cfg(not(target_os = "linux"))]
fn memory() -> usize {
    0
}

impl Cache {
    fn take(&mut self, layout: Layout) -> Option<NonNull<u8>> {
        let block = self.free.get_mut(&layout)?.pop()?;
        self.held -= layout.size();
        Some(block)
    }

    fn put(&mut self, block: NonNull<u8>, layout: Layout) -> bool {
        if layout.size() > self.limit {
            return false;
        }
        self.trim(self.limit - layout.size());
        self.free.entry(layout).or_default().push(block);
        self.held += layout.size();
        true
    }

    /// Frees blocks until at most `bytes` are held.
    fn trim(&mut self, bytes: usize) {
        while self.held > bytes {
            let Some((&layout, blocks)) = self.free.iter_mut().find(|(_, b)| !b.is_empty()) else { break };
            while self.held > bytes {
                let Some(block) = blocks.pop() else { break };
                self.held -= layout.size();
                // SAFETY: the block came from `alloc` with this layout, and nobody uses it.
                unsafe { dealloc(block.as_ptr(), layout) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_hold_their_requests() {
        for bytes in [0, 1, 64, 65, 4095, SMALL - 1, SMALL, SMALL + 1, 100_000, HUGE - 1, HUGE, HUGE + 1, 123_456_789] {
            let layout = class(bytes);
            assert!(layout.size() >= bytes && (bytes < SMALL || layout.size() <= bytes + bytes / 8 + 64), "{bytes} {layout:?}");
        }
    }

    #[test]
    fn a_freed_block_comes_back() {
        // A size that no other test uses.
        let len = 7_654_321;
        let first = CpuBuffer::<u8>::new(len).unwrap();
        let address = first.ptr();
        drop(first);
        assert_eq!(CpuBuffer::<u8>::new(len).unwrap().ptr(), address);
    }

    #[test]
    fn impossible_sizes_are_errors() {
        assert!(matches!(CpuBuffer::<f64>::new(usize::MAX / 2), Err(Error::TooLarge { .. })));
        assert!(matches!(CpuBuffer::<u8>::new(isize::MAX as usize / 4), Err(Error::OutOfMemory { .. })));
    }
}
