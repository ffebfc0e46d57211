//! Memory: aligned, shared, and kept for reuse when it is freed.
//!
//! A fresh page costs more than the arithmetic on it. Freed blocks go to a bounded cache of size classes and come back
//! warm; large blocks ask for huge pages.

use std::alloc::{Layout, alloc, dealloc};
use std::cell::UnsafeCell;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use xp_core::{DType, Element, Error, Result};
use xp_engine::pages::{HUGE, ask_for_huge_pages};

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
        Ok(CpuBuffer { block: Block::new(bytes)?, len, elem: PhantomData })
    }

    /// Memory with these values.
    ///
    /// # Errors
    /// When memory runs out.
    #[doc(hidden)]
    pub fn from_slice(values: &[T]) -> Result<Self> {
        let buffer = Self::new(values.len())?;
        // SAFETY: the block is new and has room for `values`.
        unsafe { std::ptr::copy_nonoverlapping(values.as_ptr(), buffer.ptr(), values.len()) };
        Ok(buffer)
    }

    /// The memory of a vector, adopted where a copy would cost more than the allocation it saves.
    ///
    /// # Errors
    /// When memory runs out.
    pub(crate) fn from_vec(values: Vec<T>) -> Result<Self> {
        if size_of_val(&values[..]) < ADOPTED {
            return Self::from_slice(&values);
        }
        let mut values = std::mem::ManuallyDrop::new(values);
        let (len, layout) = (values.len(), Layout::array::<T>(values.capacity()));
        let (Some(start), Ok(layout)) = (NonNull::new(values.as_mut_ptr()), layout) else {
            unreachable!("a vector has memory of a valid layout");
        };
        // SAFETY: the vector's memory, which this function has alone.
        ask_for_huge_pages(unsafe { std::slice::from_raw_parts(start.as_ptr().cast_const(), len) });
        // What a vector allocated, `dealloc` takes back with this layout.
        Ok(CpuBuffer { block: Block::at(start.cast(), layout, None), len, elem: PhantomData })
    }

    /// Memory that belongs to `owner`, which is dropped when the last handle is gone. Unless this handle has it alone it counts
    /// as shared, so that whoever writes copies it first, and no result goes there.
    ///
    /// # Panics
    /// For memory of booleans that others may write: they could write bytes that are none.
    ///
    /// # Safety
    /// `start` must be aligned and point to `len` written elements that live as long as `owner`; what `access` says must be
    /// true, and nobody else may write to them while an operation runs.
    #[doc(hidden)]
    pub unsafe fn from_foreign(start: *mut T, len: usize, access: Access, owner: Box<dyn std::any::Any + Send + Sync>) -> Self {
        assert!(T::DTYPE != DType::Bool || access == Access::Alone, "booleans that others may write are copied");
        let start = NonNull::new(start.cast()).unwrap_or(NonNull::<T>::dangling().cast());
        let block = Block::at(start, Layout::new::<()>(), Some(Owner { access, _keep: owner }));
        CpuBuffer { block, len, elem: PhantomData }
    }

    /// The first element.
    pub(crate) fn ptr(&self) -> *mut T {
        self.block.start.as_ptr().cast()
    }

    /// Number of elements.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether this is the only handle, and nobody else uses the memory.
    pub(crate) fn is_unique(&self) -> bool {
        // The count alone orders nothing: what others did with the memory before they dropped their handles came before.
        let alone = Arc::strong_count(&self.block) == 1;
        if alone {
            fence(Ordering::Acquire);
        }
        alone && self.block.owner.as_ref().is_none_or(|o| o.access == Access::Alone)
    }

    /// Whether the memory belongs to somebody who does not allow writing to it.
    #[doc(hidden)]
    #[must_use]
    pub fn is_readonly(&self) -> bool {
        self.block.owner.as_ref().is_some_and(|o| o.access == Access::ReadOnly)
    }

    /// Marks the memory as being read by somebody who does not exclude writers in another way, until the mark is dropped:
    /// for bindings, whose writers look at [`CpuBuffer::is_read`].
    #[doc(hidden)]
    #[must_use]
    pub fn reading(&self) -> Reading {
        self.block.readers.fetch_add(1, Ordering::Relaxed);
        Reading(self.block.clone())
    }

    /// Whether a mark of [`CpuBuffer::reading`] is alive.
    #[doc(hidden)]
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.block.readers.load(Ordering::Acquire) > 0
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
    pub(crate) unsafe fn as_uninit(&self) -> &mut [MaybeUninit<T>] {
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
/// The alignment of blocks that the cache keeps.
const PAGE: usize = 4096;
/// Blocks below this size have the allocator's own alignment: a stricter one costs more than it gains.
const TINY: usize = 1 << 10;

/// The memory of a vector of so many bytes is adopted; that of a smaller one is copied.
const ADOPTED: usize = 1 << 14;

/// Blocks up to this size live beside their reference count: a small array is one allocation.
const INLINE: usize = 128;

#[derive(Debug)]
struct Block {
    start: NonNull<u8>,
    /// What was allocated: nothing for foreign memory and for blocks that live here.
    layout: Layout,
    /// Whose memory it is, when it is not the allocator's.
    owner: Option<Owner>,
    readers: AtomicUsize,
    inline: Inline,
}
#[repr(align(16))]
struct Inline(UnsafeCell<MaybeUninit<[u8; INLINE]>>);
impl std::fmt::Debug for Inline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inline")
    }
}
/// Says that memory is being read.
#[doc(hidden)]
#[derive(Debug)]
pub struct Reading(Arc<Block>);
impl Drop for Reading {
    fn drop(&mut self) {
        self.0.readers.fetch_sub(1, Ordering::Release);
    }
}
/// Who else uses memory that was not allocated here.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nobody: it was given away with its owner, and may be written.
    Alone,
    /// The owner, and whoever it shares the memory with. It may be written, and they see it.
    Shared,
    /// As `Shared`, and it must not be written.
    ReadOnly,
}
/// The owner of foreign memory.
struct Owner {
    access: Access,
    _keep: Box<dyn std::any::Any + Send + Sync>,
}
impl std::fmt::Debug for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Owner").field("access", &self.access).finish_non_exhaustive()
    }
}
// SAFETY: a block is plain memory; who may touch it when is decided by its users.
unsafe impl Send for Block {}
// SAFETY: as above.
unsafe impl Sync for Block {}
// An owner is only dropped, never looked at.
impl std::panic::RefUnwindSafe for Block {}

impl Block {
    /// A block over memory from elsewhere.
    fn at(start: NonNull<u8>, layout: Layout, owner: Option<Owner>) -> Arc<Block> {
        let inline = Inline(UnsafeCell::new(MaybeUninit::uninit()));
        Arc::new(Block { start, layout, owner, readers: AtomicUsize::new(0), inline })
    }

    /// A block whose memory lies in itself.
    fn inline() -> Arc<Block> {
        let block = Arc::<Block>::new_uninit();
        let slot: *mut Block = Arc::as_ptr(&block).cast_mut().cast();
        // SAFETY: this is the only handle, and the fields are written where the block lies. Its own memory is an `UnsafeCell`
        // and stays unwritten; it is not null, as the block is not.
        unsafe {
            (&raw mut (*slot).start).write(NonNull::new_unchecked(UnsafeCell::raw_get(&raw const (*slot).inline.0).cast()));
            (&raw mut (*slot).layout).write(Layout::new::<()>());
            (&raw mut (*slot).owner).write(None);
            (&raw mut (*slot).readers).write(AtomicUsize::new(0));
        }
        // SAFETY: every field that has to be is written.
        unsafe { block.assume_init() }
    }

    fn new(bytes: usize) -> Result<Arc<Block>> {
        if bytes <= INLINE {
            return Ok(Block::inline());
        }
        let layout = class(bytes);
        if layout.size() >= SMALL
            && let Some(start) = cache().take(layout)
        {
            return Ok(Block::at(start, layout, None));
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
        // SAFETY: the block has so many bytes, which need not be initialised.
        ask_for_huge_pages(unsafe { std::slice::from_raw_parts(start.as_ptr().cast::<std::mem::MaybeUninit<u8>>(), layout.size()) });
        Ok(Block::at(start, layout, None))
    }
}
impl Drop for Block {
    fn drop(&mut self) {
        if self.layout.size() == 0 {
            return;
        }
        // Memory that was a vector's is no size class.
        let cached = self.layout.size() >= SMALL && self.layout.align() >= PAGE;
        if cached && cache().put(self.start, self.layout) {
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
        (bytes.next_multiple_of(step), if bytes >= HUGE { HUGE } else { PAGE })
    };
    // The sizes were checked to be far below `isize::MAX`.
    Layout::from_size_align(size, align).unwrap_or(Layout::new::<[u64; 8]>())
}

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
