//! Runs one block: its threads are fibers that meet at barriers and warp exchanges.

use std::{
    alloc::{Layout, alloc, dealloc},
    cell::{Cell, RefCell},
    ffi::{c_int, c_uint, c_void},
    ptr,
};

use crate::fiber;

/// What the translated kernel sees of its thread; the layout is that of `XpSimThread` in device.h.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct ThreadView {
    pub thread: [u32; 3],
    pub block: [u32; 3],
    pub block_dim: [u32; 3],
    pub grid_dim: [u32; 3],
    pub dynamic: *mut u8,
    pub linear: u32,
    pub count: u32,
    /// Where the device's memory begins, and how long it is.
    pub memory: [usize; 2],
    /// Bytes of it that were read and written, where that is counted.
    pub moved: [usize; 2],
}

/// Services for the kernel; the layout is that of `XpSimServices` in device.h.
#[repr(C)]
pub(crate) struct Services {
    barrier: extern "C" fn(c_int, c_int) -> c_int,
    exchange: extern "C" fn(c_uint, *const c_void, c_uint, *mut c_void),
    pause: extern "C" fn(),
    shared: extern "C" fn(usize, usize) -> *mut u8,
}

pub(crate) static SERVICES: Services = Services { barrier, exchange, pause, shared };

/// Calls the kernel for one thread (or, for kernels without barriers, for the whole block).
pub(crate) type Entry = unsafe extern "C" fn(*const u8, *mut ThreadView);

/// What is wrong with a block.
pub(crate) enum Failure {
    /// A barrier or warp operation that not all threads reach.
    Deadlock,
    /// A write outside an array in shared memory.
    SharedOverrun,
}

/// Runs all threads of a block on fibers, in an order that depends on `seed`. Returns how many bytes they read and wrote.
pub(crate) fn run(entry: Entry, arguments: *const u8, view: ThreadView, seed: u64) -> Result<[usize; 2], Failure> {
    let count = view.count as usize;
    STACKS.with_borrow_mut(|stacks| stacks.reserve(count));
    let mut block = Block {
        entry,
        arguments,
        view,
        fibers: vec![Fiber { stack: ptr::null_mut(), done: false }; count],
        scheduler: ptr::null_mut(),
        alive: view.count,
        barrier: Barrier::default(),
        warps: vec![Warp::default(); count.div_ceil(32)],
        shared: Vec::new(),
        progress: 0,
    };
    for (i, f) in block.fibers.iter_mut().enumerate() {
        let top = STACKS.with_borrow(|stacks| stacks.top(i));
        // SAFETY: `top` is the aligned end of the i-th stack, which no other fiber uses.
        f.stack = unsafe { fiber::prepare(top, thread_main) };
    }
    for (w, warp) in block.warps.iter_mut().enumerate() {
        let lanes = (count - w * 32).min(32);
        warp.exited = if lanes == 32 { 0 } else { u32::MAX << lanes };
    }
    let order = shuffled(count, seed);
    let outer = CURRENT.replace(&raw mut block);
    let result = schedule(&order);
    CURRENT.set(outer);
    result?;
    if block.shared.iter().all(SharedArray::is_intact) { Ok(block.view.moved) } else { Err(Failure::SharedOverrun) }
}

fn schedule(order: &[u32]) -> Result<(), Failure> {
    loop {
        let before = with(|b| b.progress);
        for &i in order {
            let (from, to) = with(|b| {
                b.set_thread(i);
                let fiber = b.fibers[i as usize];
                (&raw mut b.scheduler, if fiber.done { ptr::null_mut() } else { fiber.stack })
            });
            if !to.is_null() {
                // SAFETY: `to` is the saved stack of a thread that has not ended.
                unsafe { fiber::switch(from, to) };
            }
        }
        match with(|b| (b.alive, b.progress)) {
            (0, _) => return Ok(()),
            (_, after) if after == before => return Err(Failure::Deadlock),
            _ => {}
        }
    }
}

/// Runs `f` on the block whose thread is running. `f` never switches, so no two borrows overlap.
fn with<R>(f: impl FnOnce(&mut Block) -> R) -> R {
    let block = CURRENT.get();
    assert!(!block.is_null(), "a kernel that was taken to be free of barriers reached one");
    // SAFETY: the pointer is to the block in `run`, live while its threads run; one thread runs at a time.
    unsafe { f(&mut *block) }
}

#[derive(Clone, Copy)]
struct Fiber {
    stack: *mut u8,
    done: bool,
}

#[derive(Default)]
struct Barrier {
    arrived: u32,
    generation: u32,
    any: bool,
    some_false: bool,
    count: c_int,
    result: [c_int; 3],
}

#[derive(Clone)]
struct Warp {
    arrived: u32,
    leaving: u32,
    exited: u32,
    slots: [[u8; 64]; 32],
}

impl Default for Warp {
    fn default() -> Self {
        Self { arrived: 0, leaving: 0, exited: 0, slots: [[0xCD; 64]; 32] }
    }
}

struct Block {
    entry: Entry,
    arguments: *const u8,
    view: ThreadView,
    fibers: Vec<Fiber>,
    scheduler: *mut u8,
    alive: u32,
    barrier: Barrier,
    warps: Vec<Warp>,
    shared: Vec<SharedArray>,
    /// Counts arrivals, completions and exits; a round of all fibers without any is a deadlock.
    progress: u64,
}

impl Block {
    fn set_thread(&mut self, linear: u32) {
        let [x, y, _] = self.view.block_dim;
        self.view.linear = linear;
        self.view.thread = [linear % x, linear / x % y, linear / (x * y)];
    }

    /// True once the lanes of `mask` have met; the last to arrive lets them leave.
    fn complete_exchange(&mut self, index: usize, mask: u32, bit: u32) -> bool {
        let warp = &mut self.warps[index];
        if warp.arrived & bit == 0 {
            return true;
        }
        let met = (warp.arrived | warp.exited) & mask == mask;
        if met {
            warp.leaving |= warp.arrived & mask;
            warp.arrived &= !mask;
            self.progress += 1;
        }
        met
    }

    fn release_barrier_if_complete(&mut self) {
        if self.alive > 0 && self.barrier.arrived == self.alive {
            let b = &mut self.barrier;
            b.result = [c_int::from(b.any), c_int::from(!b.some_false), b.count];
            *b = Barrier { generation: b.generation.wrapping_add(1), result: b.result, ..Barrier::default() };
        }
    }
}

thread_local! {
    static CURRENT: Cell<*mut Block> = const { Cell::new(ptr::null_mut()) };
    static STACKS: RefCell<Stacks> = const { RefCell::new(Stacks { base: ptr::null_mut(), count: 0 }) };
}

/// First function of every fiber.
unsafe extern "C" fn thread_main() {
    let (entry, arguments, view) = with(|b| (b.entry, b.arguments, &raw mut b.view));
    // SAFETY: the entry belongs to the kernel whose packed arguments these are.
    unsafe { entry(arguments, view) };
    with(|b| {
        let me = b.view.linear as usize;
        b.fibers[me].done = true;
        b.alive -= 1;
        b.progress += 1;
        b.warps[me / 32].exited |= 1 << (me % 32);
        b.release_barrier_if_complete();
    });
    pause();
    unreachable!("an ended thread is not scheduled again");
}

/// Lets the other threads of the block run.
extern "C" fn pause() {
    if CURRENT.get().is_null() {
        return;
    }
    let (from, to) = with(|b| {
        let me = b.view.linear as usize;
        (&raw mut b.fibers[me].stack, b.scheduler)
    });
    // SAFETY: the scheduler's stack was saved by the switch that let this thread run.
    unsafe { fiber::switch(from, to) };
}

/// A barrier of the block; `kind` chooses the result: 0 none, 1 any, 2 all, 3 count.
extern "C" fn barrier(kind: c_int, predicate: c_int) -> c_int {
    let arrived_in = with(|b| {
        let bar = &mut b.barrier;
        bar.any |= predicate != 0;
        bar.some_false |= predicate == 0;
        bar.count += c_int::from(predicate != 0);
        bar.arrived += 1;
        let generation = bar.generation;
        b.progress += 1;
        b.release_barrier_if_complete();
        generation
    });
    // The result stays until the next barrier is complete, which needs this thread.
    while with(|b| b.barrier.generation == arrived_in) {
        pause();
    }
    if kind == 0 { 0 } else { with(|b| b.barrier.result[kind as usize - 1]) }
}

/// The lanes named in `mask` meet; each then reads what all of them brought. Lanes that have exited do not count.
extern "C" fn exchange(mask: c_uint, mine: *const c_void, size: c_uint, all: *mut c_void) {
    let size = size as usize;
    assert!(size <= 64, "a warp operation on a type of {size} bytes");
    let (index, lane) = with(|b| (b.view.linear as usize / 32, b.view.linear as usize % 32));
    let bit = 1u32 << lane;
    while with(|b| b.warps[index].leaving & mask != 0) {
        pause();
    }
    with(|b| {
        let slot = &mut b.warps[index].slots[lane];
        // SAFETY: `mine` is the kernel's own variable of `size` bytes, at most those of a slot.
        unsafe { ptr::copy_nonoverlapping(mine.cast::<u8>(), slot.as_mut_ptr(), size) };
        b.warps[index].arrived |= bit;
        b.progress += 1;
    });
    while with(|b| !b.complete_exchange(index, mask, bit)) {
        pause();
    }
    with(|b| {
        for (i, slot) in b.warps[index].slots.iter().enumerate() {
            // SAFETY: `all` is the kernel's own array of 32 times `size` bytes.
            unsafe { ptr::copy_nonoverlapping(slot.as_ptr(), all.cast::<u8>().add(i * size), size) };
        }
        b.warps[index].leaving &= !bit;
        b.progress += 1;
    });
}

/// The block's array for a declaration of shared memory; the first thread that asks creates it.
extern "C" fn shared(key: usize, size: usize) -> *mut u8 {
    with(|b| {
        if let Some(array) = b.shared.iter_mut().find(|a| a.key == key) {
            return array.start();
        }
        b.shared.push(SharedArray::new(key, size));
        b.shared.last_mut().expect("just pushed").start()
    })
}

/// An array in shared memory between two guards.
struct SharedArray {
    key: usize,
    size: usize,
    words: Vec<u128>,
}

/// Guard bytes before and after a shared array.
const SHARED_GUARD: usize = 64;
const SHARED_BYTE: u8 = 0xCD;

impl SharedArray {
    fn new(key: usize, size: usize) -> Self {
        let words = vec![u128::from_ne_bytes([SHARED_BYTE; 16]); (size + 2 * SHARED_GUARD).div_ceil(16)];
        Self { key, size, words }
    }

    fn start(&mut self) -> *mut u8 {
        // SAFETY: the words hold the array and both guards.
        unsafe { self.words.as_mut_ptr().cast::<u8>().add(SHARED_GUARD) }
    }

    fn is_intact(&self) -> bool {
        // SAFETY: the words are initialised, and bytes have no alignment.
        let bytes = unsafe { std::slice::from_raw_parts(self.words.as_ptr().cast::<u8>(), self.words.len() * 16) };
        let guards = bytes[..SHARED_GUARD].iter().chain(&bytes[SHARED_GUARD + self.size..]);
        guards.into_iter().all(|&b| b == SHARED_BYTE)
    }
}

/// The stacks of the fibers of one OS thread, kept for the next block.
struct Stacks {
    base: *mut u8,
    count: usize,
}

const STACK: usize = 64 << 10;

impl Stacks {
    fn layout(count: usize) -> Layout {
        Layout::from_size_align(count * STACK, 4096).expect("at most 1024 stacks")
    }

    fn reserve(&mut self, count: usize) {
        if count > self.count {
            self.release();
            // SAFETY: the layout is not empty.
            self.base = unsafe { alloc(Self::layout(count)) };
            assert!(!self.base.is_null(), "no memory for {count} fiber stacks");
            self.count = count;
        }
    }

    fn top(&self, index: usize) -> *mut u8 {
        // SAFETY: index < count, so the end of the stack is within or one past the block.
        unsafe { self.base.add((index + 1) * STACK) }
    }

    fn release(&mut self) {
        if !self.base.is_null() {
            // SAFETY: allocated with this layout by `reserve`.
            unsafe { dealloc(self.base, Self::layout(self.count)) };
            self.base = ptr::null_mut();
        }
    }
}

impl Drop for Stacks {
    fn drop(&mut self) {
        self.release();
    }
}

/// A permutation of 0..count by Fisher and Yates, driven by a linear congruential generator (Knuth's MMIX constants).
fn shuffled(count: usize, seed: u64) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count as u32).collect();
    let mut state = seed;
    for i in (1..count).rev() {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        order.swap(i, (state >> 33) as usize % (i + 1));
    }
    order
}
