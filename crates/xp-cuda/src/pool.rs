//! The memory pool: freed blocks are kept by size class and handed out again without a driver call.
//!
//! All work of a device runs on one stream, so a block can be reused at once: what used it was queued before what will.
//!
//! A graph reads and writes blocks whenever it is launched. So what is freed while one exists, and was allocated before the end of its
//! recording, is kept for it until it ends. Within the recording itself, blocks that it allocated and freed are used again.

use std::{any::Any, collections::BTreeMap, sync::Mutex, thread::ThreadId};

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
    /// Freed, and kept for graphs.
    pub held: usize,
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
    /// The most that is kept for reuse.
    limit: usize,
    /// The most that is asked of the driver.
    most: usize,
}

#[derive(Default)]
struct State {
    free: Free,
    /// Grows at the begin and at the end of a recording.
    epoch: u64,
    recording: Option<Recording>,
    /// What is kept for each graph, by the epoch of its recording.
    graphs: BTreeMap<u64, Vec<Block>>,
    /// Memory of other libraries that graphs may use: kept while there are any.
    foreign: Vec<Foreign>,
    /// What a recording allocated that has ended, until it is known whether it will run.
    recorded: Vec<Block>,
    stats: PoolStats,
}

/// Addresses by size.
type Free = BTreeMap<usize, Vec<u64>>;

/// What keeps memory of another library.
pub(crate) type Foreign = Box<dyn Any + Send + Sync>;

/// Memory of the driver.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    pub(crate) pointer: u64,
    /// Its size.
    pub(crate) class: usize,
    /// The epoch in which it was handed out.
    born: u64,
}

struct Recording {
    thread: ThreadId,
    /// By which memory comes.
    stream: Stream,
    free: Free,
    allocated: Vec<Block>,
}

impl Pool {
    pub(crate) fn new(stream_ordered: bool, limit: usize, most: usize) -> Self {
        Self { state: Mutex::default(), stream_ordered, limit, most }
    }

    /// A block of at least `size` bytes. `size` must not be 0.
    pub(crate) fn alloc(&self, device: &Device, size: usize, operation: &str) -> Result<Block> {
        let class = self.class(device, size, operation)?;
        if let Some(block) = lock(&self.state).reuse(class) {
            return Ok(block);
        }
        self.alloc_new(device, device.stream(), size, class, operation)
    }

    /// As [`alloc`](Self::alloc), for a first use by another stream, which then does not wait for that of the device.
    pub(crate) fn alloc_on(&self, device: &Device, stream: &Stream, size: usize, operation: &str) -> Result<Block> {
        let class = self.class(device, size, operation)?;
        self.alloc_new(device, stream, size, class, operation)
    }

    fn class(&self, device: &Device, size: usize, operation: &str) -> Result<usize> {
        let class = if self.limit == 0 { Some(size) } else { size_class(size) };
        // A size beyond every class fails like any other that the device cannot hold.
        class.filter(|&c| c <= isize::MAX as usize).ok_or_else(|| self.out_of_memory(device, size, 0, operation))
    }

    fn alloc_new(&self, device: &Device, stream: &Stream, size: usize, class: usize, operation: &str) -> Result<Block> {
        let (pointer, class) = match self.ask_driver(device, stream, class, operation)? {
            Some(pointer) => (pointer, class),
            None if device.check_not_recording(operation).is_err() => return Err(self.out_of_memory(device, size, 0, operation)),
            None => {
                // Everything that is kept goes back; queued frees take effect at the synchronisation. Then the last bytes count.
                let returned = self.stats().cached;
                self.trim(device)?;
                device.synchronize(operation)?;
                let exact = size.next_multiple_of(SMALLEST).min(class);
                let found = self.ask_driver(device, stream, exact, operation)?;
                (found.ok_or_else(|| self.out_of_memory(device, size, returned, operation))?, exact)
            }
        };
        let mut state = lock(&self.state);
        state.stats.driver_allocations += 1;
        Ok(state.hand_out(pointer, class))
    }

    /// Takes a block back. Never fails: a lost device gives its memory back with its context.
    pub(crate) fn free(&self, device: &Device, block: Block) {
        let mut state = lock(&self.state);
        state.stats.live -= block.class;
        if state.hold(block) || state.keep(block, self.limit) {
            return;
        }
        drop(state);
        let _ = device.call(|| "return of memory".into(), |stream| self.tell_driver(stream, block.pointer));
    }

    /// Ends the use of memory of another library, whose owner knows nothing of the work that is under way here: it is waited for.
    pub(crate) fn free_foreign(&self, device: &Device, memory: Foreign) {
        let mut state = lock(&self.state);
        if state.recording.is_some() || !state.graphs.is_empty() {
            return state.foreign.push(memory);
        }
        drop(state);
        let _ = device.call(|| "return of foreign memory".into(), |stream| stream.synchronize().code());
    }

    /// Gives all kept blocks back to the driver.
    pub(crate) fn trim(&self, device: &Device) -> Result<()> {
        device.check_not_recording("return of cached memory")?;
        device.call(|| "return of cached memory".into(), |stream| self.give_back(stream))
    }

    /// As [`trim`](Self::trim), for the end of a device; the context must be current.
    pub(crate) fn release_all(&self, stream: &Stream) {
        let _ = self.give_back(stream);
    }

    pub(crate) fn stats(&self) -> PoolStats {
        lock(&self.state).stats
    }

    /// From here on this thread records what it asks for; `stream` is one beside that of the device.
    pub(crate) fn begin_recording(&self, stream: Stream) {
        let mut state = lock(&self.state);
        state.epoch += 1;
        state.recording = Some(Recording { thread: std::thread::current().id(), stream, free: Free::new(), allocated: vec![] });
    }

    /// Ends the recording, and returns its number.
    pub(crate) fn end_recording(&self) -> u64 {
        let mut state = lock(&self.state);
        let number = state.epoch;
        state.epoch += 1;
        if let Some(recording) = state.recording.take() {
            let free =
                recording.free.iter().flat_map(|(&class, pointers)| pointers.iter().map(move |&pointer| Block { pointer, class, born: number }));
            state.graphs.entry(number).or_default().extend(free);
            state.recorded = recording.allocated;
        }
        number
    }

    /// Sets what the last recording allocated to zero, because that did not run.
    pub(crate) fn clear_recorded(&self, device: &Device) -> Result<()> {
        let blocks = std::mem::take(&mut lock(&self.state).recorded);
        blocks.into_iter().try_for_each(|block| {
            device.call(
                || "end of a capture that failed".into(),
                // SAFETY: the block is kept for the graph, or in use.
                |stream| unsafe { sys::cuMemsetD8Async(block.pointer, 0, block.class, stream.as_inner()) }.code(),
            )
        })
    }

    /// Ends what is kept for a graph.
    pub(crate) fn forget(&self, device: &Device, number: u64) {
        let (blocks, foreign) = {
            let mut state = lock(&self.state);
            let blocks = state.graphs.remove(&number).unwrap_or_default();
            let last = state.recording.is_none() && state.graphs.is_empty();
            (blocks, if last { std::mem::take(&mut state.foreign) } else { vec![] })
        };
        foreign.into_iter().for_each(|memory| self.free_foreign(device, memory));
        for block in blocks {
            let mut state = lock(&self.state);
            state.stats.held -= block.class;
            if state.hold(block) || state.keep(block, self.limit) {
                continue;
            }
            drop(state);
            let _ = device.call(|| "return of memory".into(), |stream| self.tell_driver(stream, block.pointer));
        }
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

    fn out_of_memory(&self, device: &Device, requested: usize, returned: usize, operation: &str) -> Error {
        let (free, total) = device.memory_info().unwrap_or((0, device.total_memory()));
        let PoolStats { live, held, .. } = self.stats();
        let free = free.min(self.most.saturating_sub(live + held));
        Error::OutOfMemory { operation: operation.into(), device: device.to_string(), requested, free, total, returned }
    }

    /// `None` when the driver has no memory left, or none may be asked for.
    fn ask_driver(&self, device: &Device, stream: &Stream, size: usize, operation: &str) -> Result<Option<u64>> {
        let PoolStats { live, cached, held, .. } = self.stats();
        if live.saturating_add(cached).saturating_add(held).saturating_add(size) > self.most {
            return Ok(None);
        }
        let mut pointer = 0;
        let mut allocate = |stream: &Stream| {
            // SAFETY: an output pointer, and a stream of the current context.
            let code = unsafe {
                if self.stream_ordered { sys::cuMemAllocAsync(&mut pointer, size, stream.as_inner()) } else { sys::cuMemAlloc_v2(&mut pointer, size) }
            };
            match code.code() {
                Err(DriverCode::OUT_OF_MEMORY) => Ok(false),
                other => other.map(|()| true),
            }
        };
        let result = device.call(
            || format!("{operation}: allocation of {size} bytes"),
            |_| match &lock(&self.state).recording {
                // The stream of the device records: what it would allocate would be the graph's alone.
                Some(recording) if recording.is_here() => {
                    let made = allocate(&recording.stream)?;
                    recording.stream.synchronize().code().map(|()| made)
                }
                _ => allocate(stream),
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

impl Recording {
    fn is_here(&self) -> bool {
        self.thread == std::thread::current().id()
    }
}

impl State {
    /// A block for a class: one that the recording has freed, or one that is kept.
    fn reuse(&mut self, class: usize) -> Option<Block> {
        if let Some(recording) = self.recording.as_mut().filter(|recording| recording.is_here())
            && let Some((pointer, class)) = take(&mut recording.free, class)
        {
            self.stats.held -= class;
            self.stats.reused += 1;
            return Some(self.hand_out(pointer, class));
        }
        let (pointer, class) = take(&mut self.free, class)?;
        self.stats.cached -= class;
        self.stats.reused += 1;
        Some(self.hand_out(pointer, class))
    }

    fn hand_out(&mut self, pointer: u64, class: usize) -> Block {
        self.stats.live += class;
        self.stats.peak = self.stats.peak.max(self.stats.live);
        let block = Block { pointer, class, born: self.epoch };
        if let Some(recording) = self.recording.as_mut().filter(|recording| recording.is_here()) {
            recording.allocated.push(block);
        }
        block
    }

    /// Keeps a block for a graph that may use it; false when there is none.
    fn hold(&mut self, block: Block) -> bool {
        let epoch = self.epoch;
        let graphs = &mut self.graphs;
        if let Some(recording) = &mut self.recording {
            if block.born == epoch && recording.is_here() {
                recording.free.entry(block.class).or_default().push(block.pointer);
            } else {
                graphs.entry(epoch).or_default().push(block);
            }
        } else {
            match graphs.range_mut(block.born..).next() {
                Some((_, blocks)) => blocks.push(block),
                None => return false,
            }
        }
        self.stats.held += block.class;
        true
    }

    /// Keeps a block for reuse, unless too much is kept.
    fn keep(&mut self, block: Block, limit: usize) -> bool {
        if self.stats.cached + block.class > limit {
            return false;
        }
        self.stats.cached += block.class;
        self.free.entry(block.class).or_default().push(block.pointer);
        true
    }
}

/// The smallest of these blocks for a class: of that class, or, of those above which classes are many, at most a quarter larger.
fn take(free: &mut Free, class: usize) -> Option<(u64, usize)> {
    let most = if class > LARGE { class + class / 4 } else { class };
    let (&found, blocks) = free.range_mut(class..=most).find(|(_, blocks)| !blocks.is_empty())?;
    let pointer = blocks.pop()?;
    // There are few small classes, whose lists stay where they are: what frees a block allocates nothing.
    if blocks.is_empty() && found > LARGE {
        free.remove(&found);
    }
    Some((pointer, found))
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
