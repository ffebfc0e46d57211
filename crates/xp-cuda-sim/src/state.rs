//! The state of the simulated devices: contexts, memory, statistics.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst},
    },
};

use crate::{
    DEVICE_COUNT, DEVICE_MEMORY,
    arena::{self, Arena},
    driver::code,
    faults,
    trace::Work,
};

/// What one device holds and has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Bytes of live device allocations.
    pub live_bytes: usize,
    /// Number of live device allocations.
    pub live_allocations: usize,
    /// Number of allocations that were still live when a healthy context was destroyed.
    pub leaked_allocations: usize,
    /// Number of references to the primary context.
    pub context_references: u32,
    /// Launches of kernels, and those that were recorded for a graph.
    pub launches: usize,
    /// Launches of graphs.
    pub graph_launches: usize,
    /// Calls into the simulated cuBLAS, cuSOLVER and cuFFT.
    pub library_calls: usize,
    /// How often the host waited for the device.
    pub synchronisations: usize,
    /// How often the driver was asked for device memory.
    pub allocations: usize,
    /// Bytes that were copied from the host to the device.
    pub uploaded: usize,
    /// Bytes that were copied from the device to the host.
    pub downloaded: usize,
    /// Bytes that were copied on the device, or from it to another one.
    pub copied: usize,
    /// Bytes that were set to a value.
    pub filled: usize,
    /// Bytes that kernels have read of the device's memory, once they have run; see [`count_accesses`](crate::count_accesses).
    pub read: usize,
    /// Bytes that kernels have written there.
    pub written: usize,
    /// Live streams and events of all devices.
    pub live_objects: usize,
    /// Live pinned host allocations of all devices.
    pub live_host_allocations: usize,
}

/// Statistics of one device.
pub fn stats(device: u32) -> Stats {
    let d = &DEVICES[device as usize];
    let memory = d.memory();
    let [launches, library_calls, synchronisations, allocations, uploaded, downloaded, copied, filled, graph_launches, read, written] =
        d.counts.each_ref().map(|count| count.load(SeqCst));
    Stats {
        launches,
        graph_launches,
        library_calls,
        synchronisations,
        allocations,
        uploaded,
        downloaded,
        copied,
        filled,
        read,
        written,
        live_bytes: memory.used,
        live_allocations: memory.live.len(),
        leaked_allocations: memory.leaked,
        context_references: d.references.load(SeqCst),
        live_objects: OBJECTS.load(SeqCst),
        live_host_allocations: HOST_ALLOCATIONS.load(SeqCst),
    }
}

/// The last fault that the simulation itself found in a kernel: a write out of bounds, or a barrier not reached by all.
pub fn last_report() -> Option<String> {
    lock(&REPORT).clone()
}

pub(crate) fn report(text: String) {
    *lock(&REPORT) = Some(text);
}

pub(crate) static OBJECTS: AtomicUsize = AtomicUsize::new(0);
pub(crate) static HOST_ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static REPORT: Mutex<Option<String>> = Mutex::new(None);

/// Locks even after a panic of another test thread.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}

pub(crate) struct SimDevice {
    pub references: AtomicU32,
    /// The error after which every call on the context fails; 0 when healthy.
    pub sticky: AtomicU32,
    /// By [`Count`].
    counts: [AtomicUsize; 11],
    /// What was queued since the recording began, if one has begun.
    pub trace: Mutex<Option<Vec<Work>>>,
    memory: Mutex<Memory>,
}

/// What is counted, in the order in which [`stats`] reads it.
#[derive(Clone, Copy)]
pub(crate) enum Count {
    Launches,
    LibraryCalls,
    Synchronisations,
    Allocations,
    Uploaded,
    Downloaded,
    Copied,
    Filled,
    GraphLaunches,
    Read,
    Written,
}

pub(crate) static DEVICES: [SimDevice; DEVICE_COUNT as usize] = [const { SimDevice::new() }; DEVICE_COUNT as usize];

pub(crate) struct Memory {
    used: usize,
    leaked: usize,
    live: BTreeMap<u64, usize>,
    arena: Arena,
}

/// Guard bytes before and after every allocation.
const GUARD: usize = 256;
const GUARD_BYTE: u8 = 0x5C;
const FRESH_BYTE: u8 = 0xA5;
/// Larger allocations are filled up to here only, which keeps tests with large blocks fast.
const FILLED: usize = 16 << 20;

impl SimDevice {
    const fn new() -> Self {
        Self {
            references: AtomicU32::new(0),
            sticky: AtomicU32::new(0),
            counts: [const { AtomicUsize::new(0) }; 11],
            trace: Mutex::new(None),
            memory: Mutex::new(Memory { used: 0, leaked: 0, live: BTreeMap::new(), arena: Arena::new() }),
        }
    }

    pub(crate) fn count(&self, what: Count, by: usize) {
        self.counts[what as usize].fetch_add(by, SeqCst);
    }

    /// Notes work that was queued, with the addresses of device memory among its arguments.
    pub(crate) fn note(&self, name: &str, arguments: impl IntoIterator<Item = u64>) {
        if let Some(trace) = &mut *lock(&self.trace) {
            let memory = self.memory();
            let addresses = arguments.into_iter().filter(|&a| memory.contains(a, 1)).collect();
            trace.push(Work { name: name.into(), addresses });
        }
    }

    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        lock(&self.memory)
    }

    /// Ends the primary context: frees what is left, counts it as leaked if the context was healthy.
    pub(crate) fn teardown(&self) {
        let healthy = self.sticky.swap(0, SeqCst) == 0;
        let mut memory = self.memory();
        if healthy {
            memory.leaked += memory.live.len();
        }
        let addresses: Vec<_> = memory.live.keys().copied().collect();
        addresses.into_iter().for_each(|a| {
            memory.free(a);
        });
    }
}

impl Memory {
    /// Where the memory begins, and how long it is.
    pub(crate) fn addresses(&self) -> [usize; 2] {
        self.arena.addresses()
    }

    pub(crate) fn free_bytes(&self) -> usize {
        DEVICE_MEMORY - self.used
    }

    pub(crate) fn alloc(&mut self, size: usize) -> Result<u64, u32> {
        if size == 0 {
            return Err(code::INVALID_VALUE);
        }
        if faults::strikes(faults::Fault::Allocation) || self.used.saturating_add(size) > DEVICE_MEMORY {
            return Err(code::OUT_OF_MEMORY);
        }
        let Some(base) = self.arena.take(size + 2 * GUARD) else {
            return Err(code::OUT_OF_MEMORY);
        };
        let _access = arena::access();
        // SAFETY: the block is size + 2 * GUARD bytes long, and nothing else refers to it.
        let start = unsafe {
            base.write_bytes(GUARD_BYTE, GUARD);
            base.add(GUARD).write_bytes(FRESH_BYTE, size.min(FILLED));
            base.add(GUARD + size).write_bytes(GUARD_BYTE, GUARD);
            base.add(GUARD) as u64
        };
        self.used += size;
        self.live.insert(start, size);
        Ok(start)
    }

    /// Frees an allocation; false when there is none at this address.
    pub(crate) fn free(&mut self, address: u64) -> bool {
        let Some(size) = self.live.remove(&address) else {
            return false;
        };
        self.used -= size;
        self.arena.give_back(address as usize - GUARD, size + 2 * GUARD);
        true
    }

    /// True when the range lies inside one live allocation.
    pub(crate) fn contains(&self, address: u64, len: usize) -> bool {
        len == 0
            || self
                .live
                .range(..=address)
                .next_back()
                .is_some_and(|(&start, &size)| address.checked_add(len as u64).is_some_and(|end| end <= start + size as u64))
    }

    /// The first allocation whose guard bytes were overwritten; its guards are restored.
    pub(crate) fn broken_guard(&mut self) -> Option<(u64, usize)> {
        let _access = arena::access();
        let found = self.live.iter().map(|(&a, &s)| (a, s)).find(|&(a, s)| !guards(a, s).into_iter().all(intact))?;
        for guard in guards(found.0, found.1) {
            guard.fill(GUARD_BYTE);
        }
        Some(found)
    }
}

fn intact(guard: &mut [u8]) -> bool {
    guard.iter().all(|&b| b == GUARD_BYTE)
}

fn guards(address: u64, size: usize) -> [&'static mut [u8]; 2] {
    let start = address as *mut u8;
    // SAFETY: both ranges belong to a live block of `Memory::alloc`; nothing else refers to guard bytes.
    unsafe { [std::slice::from_raw_parts_mut(start.sub(GUARD), GUARD), std::slice::from_raw_parts_mut(start.add(size), GUARD)] }
}
