//! Memory: aligned, shared, and kept for reuse when it is freed.
//!
//! A fresh page costs more than the arithmetic on it. Freed blocks go to a bounded cache of size classes and come back
//! warm; large blocks ask for huge pages.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::collections::HashMap;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering, fence};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use xp_core::{DType, Element, Error, Result};
use xp_engine::pages::{HUGE, ask_for_huge_pages};

/// Memory of the CPU backend. A clone is another handle to the same memory.
#[derive(Clone, Debug)]
pub struct CpuBuffer<T> {
    block: Handle,
    len: usize,
    elem: PhantomData<T>,
}

impl<T: Element> CpuBuffer<T> {
    /// Memory for `len` elements of arbitrary value.
    #[inline]
    pub(crate) fn new(len: usize) -> Result<Self> {
        let bytes = len.checked_mul(size_of::<T>()).filter(|&b| b <= isize::MAX as usize / 2);
        let Some(bytes) = bytes else { return Err(Error::TooLarge { shape: vec![len] }) };
        Ok(CpuBuffer { block: Block::room(bytes)?, len, elem: PhantomData })
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
    #[inline]
    pub(crate) fn ptr(&self) -> *mut T {
        self.block.start.as_ptr().cast()
    }

    /// Number of elements.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether this is the only handle, and nobody else uses the memory.
    #[inline]
    pub(crate) fn is_unique(&self) -> bool {
        self.block.is_only() && self.block.owner.as_ref().is_none_or(|o| o.access == Access::Alone)
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
/// The allocator's own alignment, which divides the size of a [`Block`]; and that of larger ones.
const ALIGN: usize = 16;
const LINE: usize = 64;

/// The memory of a vector of so many bytes is adopted; that of a smaller one is copied.
const ADOPTED: usize = 1 << 14;

/// What is known of some memory. Memory of less than [`SMALL`] bytes lies right behind it, so that an array is one allocation.
#[derive(Debug)]
#[repr(align(16))]
struct Block {
    /// The number of handles.
    count: AtomicUsize,
    readers: AtomicUsize,
    start: NonNull<u8>,
    /// What was allocated for the elements: nothing for foreign memory and for elements that lie behind the block.
    layout: Layout,
    /// What was allocated for the block itself and what lies behind it.
    own: Layout,
    /// Whose memory it is, when it is not the allocator's.
    owner: Option<Owner>,
}

/// A counted reference to a block: an `Arc` of something that has bytes behind it.
#[derive(Debug)]
struct Handle(NonNull<Block>);
// SAFETY: a block is plain memory; who may touch it when is decided by its users. The counts are atomic, owners may go to other
// threads, and the last handle, on whatever thread, frees the block.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Handle {
    /// Writes a block to where it was allocated, as its own layout says.
    ///
    /// # Safety
    /// There must be room for it, and `own` must be what was allocated.
    #[inline]
    unsafe fn write(at: NonNull<Block>, own: Layout, start: NonNull<u8>, layout: Layout, owner: Option<Owner>) -> Handle {
        // SAFETY: by the caller.
        unsafe { at.write(Block { count: AtomicUsize::new(1), readers: AtomicUsize::new(0), start, layout, own, owner }) };
        Handle(at)
    }

    /// Whether there is no other handle. What was done with the memory through others came before.
    #[inline]
    fn is_only(&self) -> bool {
        self.count.load(Ordering::Acquire) == 1
    }
}
impl Deref for Handle {
    type Target = Block;
    #[inline]
    fn deref(&self) -> &Block {
        // SAFETY: the block lives as long as there are handles.
        unsafe { self.0.as_ref() }
    }
}
impl Clone for Handle {
    #[inline]
    fn clone(&self) -> Handle {
        // A new handle comes from one that is there, so nothing has to be ordered. As `Arc`, this ends where forgotten handles
        // would make the count overflow.
        if self.count.fetch_add(1, Ordering::Relaxed) > isize::MAX as usize {
            std::process::abort();
        }
        Handle(self.0)
    }
}
impl Drop for Handle {
    #[inline]
    fn drop(&mut self) {
        // Nobody can make a second handle of the only one meanwhile; a load costs less than a subtraction.
        if !self.is_only() {
            if self.count.fetch_sub(1, Ordering::Release) != 1 {
                return;
            }
            fence(Ordering::Acquire);
        }
        let own = self.own;
        // SAFETY: this was the last handle, and the block was allocated with this layout.
        unsafe {
            self.0.drop_in_place();
            dealloc(self.0.as_ptr().cast(), own);
        }
    }
}

/// Says that memory is being read.
#[doc(hidden)]
#[derive(Debug)]
pub struct Reading(Handle);
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
// An owner is only dropped, never looked at.
impl std::panic::RefUnwindSafe for Block {}

impl Block {
    /// A block over memory from elsewhere.
    fn at(start: NonNull<u8>, layout: Layout, owner: Option<Owner>) -> Handle {
        let own = Layout::new::<Block>();
        // SAFETY: a block is not empty.
        let Some(at) = NonNull::new(unsafe { alloc(own) }) else { handle_alloc_error(own) };
        // SAFETY: there is room for one.
        unsafe { Handle::write(at.cast(), own, start, layout, owner) }
    }

    #[inline]
    fn room(bytes: usize) -> Result<Handle> {
        if bytes < SMALL { Block::before(bytes) } else { Block::beside(bytes) }
    }

    /// A block with its memory behind it.
    #[inline]
    fn before(bytes: usize) -> Result<Handle> {
        // What is read in vectors starts where a cache line does, unless that costs more than it gains.
        let align = if bytes < TINY { ALIGN } else { LINE };
        let Ok(own) = Layout::from_size_align(size_of::<Block>() + bytes + (align - ALIGN), ALIGN) else {
            unreachable!("the size is small");
        };
        let at = allocate(own, bytes)?;
        // SAFETY: both are inside what was allocated: `ALIGN` divides the address and the size of a block, so that at most
        // `align - ALIGN` bytes are left out.
        unsafe {
            let behind = at.add(size_of::<Block>());
            let start = behind.add(behind.addr().get().wrapping_neg() & (align - 1));
            Ok(Handle::write(at.cast(), own, start, Layout::new::<()>(), None))
        }
    }

    /// A block with memory of its own, which the cache keeps when it is freed.
    fn beside(bytes: usize) -> Result<Handle> {
        let layout = class(bytes);
        if let Some(start) = cache().take(layout) {
            return Ok(Block::at(start, layout, None));
        }
        let start = allocate(layout, bytes)?;
        // SAFETY: the block has so many bytes, which need not be initialised.
        ask_for_huge_pages(unsafe { std::slice::from_raw_parts(start.as_ptr().cast::<std::mem::MaybeUninit<u8>>(), layout.size()) });
        Ok(Block::at(start, layout, None))
    }
}

/// Memory from the allocator, for a layout that is not empty, of which a user asked for some bytes.
#[inline]
fn allocate(layout: Layout, bytes: usize) -> Result<NonNull<u8>> {
    debug_assert!(layout.size() > 0);
    // SAFETY: no layout here is empty.
    let start = NonNull::new(unsafe { alloc(layout) }).or_else(|| {
        // What the cache holds may be what is missing.
        clear_cache();
        // SAFETY: as above.
        NonNull::new(unsafe { alloc(layout) })
    });
    start.ok_or_else(|| Error::out_of_memory("cpu", bytes))
}

impl Drop for Block {
    #[inline]
    fn drop(&mut self) {
        if self.layout.size() > 0 {
            // SAFETY: this was the last handle.
            unsafe { free(self.start, self.layout) };
        }
    }
}

/// Gives memory that lies beside its block to the cache, or back to the allocator.
///
/// # Safety
/// It must have come from `alloc` with this layout, and nobody may use it any more.
unsafe fn free(start: NonNull<u8>, layout: Layout) {
    // Memory that was a vector's is no size class.
    let cached = layout.size() >= SMALL && layout.align() >= PAGE;
    if !(cached && cache().put(start, layout)) {
        // SAFETY: by the caller.
        unsafe { dealloc(start.as_ptr(), layout) };
    }
}

/// The size class of at least [`SMALL`] bytes: eight steps per power of two, so that at most an eighth is lost.
fn class(bytes: usize) -> Layout {
    let step = bytes.next_power_of_two() / 16;
    let (size, align) = (bytes.next_multiple_of(step), if bytes >= HUGE { HUGE } else { PAGE });
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
