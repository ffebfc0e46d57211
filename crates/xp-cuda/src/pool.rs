//! The memory pool: freed blocks are kept by size class and handed out again without a driver call.
//!
//! All work of a device runs on one stream, so a block can be reused at once: what used it was queued before what will.

use std::{collections::BTreeMap, sync::Mutex};

use cust::{stream::Stream, sys};

use crate::{
    device::{Device, lock},
    driver::OrFail,
    error::{DriverCode, Error, Result},
};

/// What a memory pool holds, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PoolStats {
    /// In use by buffers.
    pub live: usize,
    /// Kept for reuse.
    pub cached: usize,
    /// The largest `live` so far.
    pub peak: usize,
    /// How often the driver was asked for memory.
    pub driver_allocations: u64,
    /// How often a kept block was reused.
    pub reused: u64,
}

pub(crate) struct Pool {
    state: Mutex<State>,
    /// The device has stream-ordered allocation.
    stream_ordered: bool,
    limit: usize,
}

#[derive(Default)]
struct State {
    /// Addresses by size.
    free: BTreeMap<usize, Vec<u64>>,
    stats: PoolStats,
}

impl Pool {
    pub(crate) fn new(stream_ordered: bool, limit: usize) -> Self {
        Self { state: Mutex::default(), stream_ordered, limit }
    }

    /// A block of at least `size` bytes, and its size. `size` must not be 0.
    pub(crate) fn alloc(&self, device: &Device, size: usize, operation: &str) -> Result<(u64, usize)> {
        let class = if self.limit == 0 { Some(size) } else { size_class(size) };
        // A size beyond every class fails like any other that the device cannot hold.
        let Some(class) = class.filter(|&c| c <= isize::MAX as usize) else {
            return Err(out_of_memory(device, size, operation));
        };
        if let Some(block) = lock(&self.state).reuse(class) {
            return Ok(block);
        }
        let (pointer, class) = match self.ask_driver(device, class, operation)? {
            Some(pointer) => (pointer, class),
            None => {
                // Everything that is kept goes back; queued frees take effect at the synchronisation. Then the last bytes count.
                self.trim(device)?;
                device.synchronize(operation)?;
                let exact = size.next_multiple_of(SMALLEST).min(class);
                (self.ask_driver(device, exact, operation)?.ok_or_else(|| out_of_memory(device, size, operation))?, exact)
            }
        };
        let mut state = lock(&self.state);
        state.stats.driver_allocations += 1;
        state.count_live(class);
        Ok((pointer, class))
    }

    /// Takes a block back. Never fails: a lost device gives its memory back with its context.
    pub(crate) fn free(&self, device: &Device, pointer: u64, class: usize) {
        {
            let mut state = lock(&self.state);
            state.stats.live -= class;
            if state.stats.cached + class <= self.limit {
                state.stats.cached += class;
                state.free.entry(class).or_default().push(pointer);
                return;
            }
        }
        let _ = device.call(|| "return of memory".into(), |stream| self.tell_driver(stream, pointer));
    }

    /// Gives all kept blocks back to the driver.
    pub(crate) fn trim(&self, device: &Device) -> Result<()> {
        device.call(|| "return of cached memory".into(), |stream| self.give_back(stream))
    }

    /// As [`trim`](Self::trim), for the end of a device; the context must be current.
    pub(crate) fn release_all(&self, stream: &Stream) {
        let _ = self.give_back(stream);
    }

    pub(crate) fn stats(&self) -> PoolStats {
        lock(&self.state).stats
    }

    fn give_back(&self, stream: &Stream) -> Result<(), DriverCode> {
        let blocks = {
            let mut state = lock(&self.state);
            state.stats.cached = 0;
            std::mem::take(&mut state.free)
        };
        let results: Vec<_> = blocks.into_values().flatten().map(|pointer| self.tell_driver(stream, pointer)).collect();
        results.into_iter().collect()
    }

    /// `None` when the driver has no memory left.
    fn ask_driver(&self, device: &Device, size: usize, operation: &str) -> Result<Option<u64>> {
        let mut pointer = 0;
        let result = device.call(
            || format!("{operation}: allocation of {size} bytes"),
            |stream| {
                // SAFETY: an output pointer, and the stream of the current context.
                let code = unsafe {
                    if self.stream_ordered {
                        sys::cuMemAllocAsync(&mut pointer, size, stream.as_inner())
                    } else {
                        sys::cuMemAlloc_v2(&mut pointer, size)
                    }
                };
                match code.code() {
                    Err(DriverCode::OUT_OF_MEMORY) => Ok(false),
                    other => other.map(|()| true),
                }
            },
        );
        Ok(result?.then_some(pointer))
    }

    fn tell_driver(&self, stream: &Stream, pointer: u64) -> Result<(), DriverCode> {
        // SAFETY: the pointer came from the matching allocation function and is given back once; with the synchronous
        // function the driver itself waits for work that uses the block.
        unsafe { if self.stream_ordered { sys::cuMemFreeAsync(pointer, stream.as_inner()) } else { sys::cuMemFree_v2(pointer) } }.code()
    }
}

impl State {
    /// The smallest kept block for a class: of that class, or, of those above which classes are many, at most a quarter larger.
    fn reuse(&mut self, class: usize) -> Option<(u64, usize)> {
        let most = if class > LARGE { class + class / 4 } else { class };
        let (&found, blocks) = self.free.range_mut(class..=most).next()?;
        let pointer = blocks.pop()?;
        if blocks.is_empty() {
            self.free.remove(&found);
        }
        self.stats.cached -= found;
        self.stats.reused += 1;
        self.count_live(found);
        Some((pointer, found))
    }

    fn count_live(&mut self, class: usize) {
        self.stats.live += class;
        self.stats.peak = self.stats.peak.max(self.stats.live);
    }
}

const SMALLEST: usize = 512;
/// Blocks beyond this are what decides whether an array fits: they are rounded to the driver's pages alone.
const LARGE: usize = 64 << 20;
const PAGE: usize = 2 << 20;

/// The size that is allocated for a request: four classes per power of two, at least 512 bytes; whole pages of 2 MiB beyond 64 MiB.
/// `None` on overflow.
fn size_class(size: usize) -> Option<usize> {
    if size <= SMALLEST {
        return Some(SMALLEST);
    }
    if size > LARGE {
        return size.checked_next_multiple_of(PAGE);
    }
    let step = size.checked_next_power_of_two()? / 8;
    size.checked_next_multiple_of(step.max(256))
}

fn out_of_memory(device: &Device, requested: usize, operation: &str) -> Error {
    let (free, total) = device.memory_info().unwrap_or((0, device.total_memory()));
    Error::OutOfMemory { operation: operation.into(), device: device.to_string(), requested, free, total }
}

#[cfg(test)]
mod tests {
    use super::size_class;

    #[test]
    fn classes_cover_and_waste_little() {
        let mut classes = std::collections::BTreeSet::new();
        for size in (1..100_000).chain((1 << 30) - 1000..(1 << 30) + 1000) {
            let class = size_class(size).unwrap();
            assert!(class >= size && class.is_multiple_of(256), "{size} -> {class}");
            assert_eq!(size_class(class), Some(class), "a class is its own class");
            assert!(size < 2048 || class - size <= size / 4, "{size} -> {class}");
            classes.insert(class);
        }
        assert!(classes.len() < 55, "{}", classes.len());
        assert_eq!([64 << 20, (64 << 20) + 1, 65 << 30, 33 << 30].map(|s: usize| size_class(s).unwrap()), [64 << 20, 66 << 20, 65 << 30, 33 << 30]);
        assert_eq!(size_class(usize::MAX), None);
    }
}
