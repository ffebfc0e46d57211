//! Work memory: one retained block per thread for the serial kernels, and a small shared pool for
//! the array-sized intermediates of large transforms.

use std::alloc::{self, Layout};
use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

use bytemuck::Zeroable;

use crate::pages::ask_for_huge_pages;

/// Blocks larger than this are not kept by a thread.
const THREAD_KEEPS: usize = 8 << 20;
/// The shared pool keeps at most this many bytes.
const POOL_KEEPS: usize = 64 << 20;

/// The unit of allocation: a cache line, which also aligns every element type.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

// SAFETY: an array of bytes; all zeros is a value.
unsafe impl Zeroable for Line {}
// SAFETY: an array of bytes without padding.
unsafe impl bytemuck::Pod for Line {}

thread_local! {
    static BLOCK: Cell<Vec<Line>> = const { Cell::new(Vec::new()) };
}

static POOL: Mutex<Vec<Vec<Line>>> = Mutex::new(Vec::new());

/// Work memory that returns to where it came from when dropped. Its content is arbitrary.
pub(super) struct Scratch {
    lines: Vec<Line>,
    shared: bool,
}

impl Scratch {
    /// At least `bytes` bytes from this thread's block. A second block taken while the first is
    /// held is allocated.
    pub(super) fn local(bytes: usize) -> Self {
        let mut lines = BLOCK.take();
        grow(&mut lines, bytes.div_ceil(64));
        Self { lines, shared: false }
    }

    /// At least `bytes` bytes from the shared pool.
    pub(super) fn shared(bytes: usize) -> Self {
        let need = bytes.div_ceil(64);
        let mut pool = POOL.lock().unwrap_or_else(|e| e.into_inner());
        let fits = |lines: &Vec<Line>| lines.len() >= need && lines.len() <= 2 * need;
        let found = pool.iter().position(fits).map(|i| pool.swap_remove(i));
        drop(pool);
        let lines = found.unwrap_or_else(|| zeroed(need));
        Self { lines, shared: true }
    }

    /// The memory, to be [carved](carve).
    pub(super) fn bytes(&mut self) -> &mut [u8] {
        bytemuck::cast_slice_mut(&mut self.lines)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        let size = lines.len() * 64;
        if !self.shared {
            if size <= THREAD_KEEPS {
                BLOCK.set(lines);
            }
            return;
        }
        let mut pool = POOL.lock().unwrap_or_else(|e| e.into_inner());
        pool.push(lines);
        let mut held: usize = pool.iter().map(|b| b.len() * 64).sum();
        while held > POOL_KEEPS {
            held -= pool.remove(0).len() * 64;
        }
    }
}

/// An array of `len` elements in memory from the shared pool. Its content is arbitrary.
pub(super) struct SharedArray<T> {
    scratch: Scratch,
    len: usize,
    marker: std::marker::PhantomData<T>,
}

impl<T: bytemuck::Pod> SharedArray<T> {
    pub(super) fn new(len: usize) -> Self {
        let scratch = Scratch::shared(len * size_of::<T>());
        Self { scratch, len, marker: std::marker::PhantomData }
    }
}

impl<T: bytemuck::Pod> Deref for SharedArray<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        let bytes: &[u8] = bytemuck::cast_slice(&self.scratch.lines);
        bytemuck::cast_slice(&bytes[..self.len * size_of::<T>()])
    }
}

impl<T: bytemuck::Pod> DerefMut for SharedArray<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        let size = self.len * size_of::<T>();
        bytemuck::cast_slice_mut(&mut self.scratch.bytes()[..size])
    }
}

/// Bytes that `len` elements take when carved.
pub(super) const fn carved<T>(len: usize) -> usize {
    (len * size_of::<T>()).next_multiple_of(64)
}

/// Splits `len` elements off the front of `bytes`.
pub(super) fn carve<'a, T: bytemuck::Pod>(bytes: &mut &'a mut [u8], len: usize) -> &'a mut [T] {
    let (front, rest) = std::mem::take(bytes).split_at_mut(carved::<T>(len));
    *bytes = rest;
    bytemuck::cast_slice_mut(&mut front[..len * size_of::<T>()])
}

fn grow(lines: &mut Vec<Line>, need: usize) {
    if lines.len() < need {
        *lines = zeroed(need);
    }
}

/// `len` lines of zeros, without touching them where the allocator knows them to be zero.
fn zeroed(len: usize) -> Vec<Line> {
    if len == 0 {
        return Vec::new();
    }
    let layout = Layout::array::<Line>(len).expect("work memory larger than the address space");
    // SAFETY: the layout has a size, since `len > 0`; the memory holds `len` values of zero bytes,
    // from the allocator and with the layout that `Vec` uses.
    let lines: Vec<Line> = unsafe {
        let first = alloc::alloc_zeroed(layout);
        if first.is_null() {
            alloc::handle_alloc_error(layout);
        }
        Vec::from_raw_parts(first.cast(), len, len)
    };
    ask_for_huge_pages(&lines);
    lines
}
