//! Copies between host and device, through pinned host memory.
//!
//! A transfer is cut into chunks that go through a ring of pinned buffers, so that the copy on the host and the copy over the bus
//! overlap, and an upload does not wait for the one before it. An upload returns when the last chunk is queued; a download returns when the data are there.

use std::sync::Mutex;

use cust::{
    event::{Event, EventFlags},
    memory::LockedBuffer,
    stream::Stream,
    sys,
};

use crate::{
    device::{Device, lock},
    driver::OrFail,
    error::{DriverCode, Result},
    memory::DeviceBuffer,
};

/// Bytes per pinned buffer.
const CHUNK: usize = 2 << 20;
const SLOTS: usize = 6;

/// Threads that copy into pinned buffers, one each: a bus is faster than one of them. The other buffers are on their way meanwhile.
const COPIERS: usize = SLOTS / 2;

impl DeviceBuffer {
    /// Copies host memory into the buffer; the host memory may be reused at once.
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange), and those of the driver.
    pub fn upload(&mut self, offset: usize, data: &[u8], operation: &str) -> Result<()> {
        let to = self.range(offset, data.len(), operation)?;
        if data.is_empty() {
            return Ok(());
        }
        let device = self.device();
        device.check_not_recording(operation)?;
        let _turn = device.turn();
        let mut slots = lock(&device.staging().slots);
        device.call(
            || operation.into(),
            |stream| {
                if !slots.prepare() {
                    return upload_pageable(stream, to, data);
                }
                for (part, address) in data.chunks(COPIERS * CHUNK).zip((to..).step_by(COPIERS * CHUNK)) {
                    let taken: Vec<usize> = part.chunks(CHUNK).map(|_| slots.turn()).collect();
                    taken.iter().try_for_each(|&index| slots.ring[index].wait())?;
                    slots.fill(&taken, part);
                    for ((index, chunk), address) in taken.into_iter().zip(part.chunks(CHUNK)).zip((address..).step_by(CHUNK)) {
                        let slot = &mut slots.ring[index];
                        // SAFETY: the device range was checked; the pinned memory is not written before the event has passed.
                        unsafe { sys::cuMemcpyHtoDAsync_v2(address, slot.memory.as_ptr().cast(), chunk.len(), stream.as_inner()) }.code()?;
                        slot.mark(stream)?;
                    }
                }
                Ok(())
            },
        )
    }

    /// Waits for the work that is queued, and copies from the buffer into host memory.
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange), those of the driver, and those of kernels queued before: also
    /// [`Error::IndexOutOfRange`](crate::Error::IndexOutOfRange) of an earlier operation.
    pub fn download(&self, offset: usize, data: &mut [u8], operation: &str) -> Result<()> {
        let from = self.range(offset, data.len(), operation)?;
        if data.is_empty() {
            return Ok(());
        }
        let device = self.device();
        device.check_not_recording(operation)?;
        let _turn = device.turn();
        let mut slots = lock(&device.staging().slots);
        device.call(
            || operation.into(),
            |stream| {
                if !slots.prepare() {
                    return download_pageable(stream, from, data);
                }
                // Chunk i is queued before chunk i - 1 is read.
                let mut queued: Option<(usize, &mut [u8])> = None;
                let chunks = data.chunks_mut(CHUNK).zip((from..).step_by(CHUNK));
                for (chunk, address) in chunks {
                    let index = slots.turn();
                    let slot = &mut slots.ring[index];
                    slot.wait()?;
                    // SAFETY: the device range was checked; the pinned memory is not read before the event has passed.
                    unsafe { sys::cuMemcpyDtoHAsync_v2(slot.memory.as_mut_ptr().cast(), address, chunk.len(), stream.as_inner()) }.code()?;
                    slot.mark(stream)?;
                    if let Some((index, target)) = queued.replace((index, chunk)) {
                        slots.ring[index].read(target)?;
                    }
                }
                if let Some((index, target)) = queued {
                    slots.ring[index].read(target)?;
                }
                // It was the last in the stream's order: the copies of all other slots are done too.
                slots.ring.iter_mut().for_each(|slot| slot.busy = false);
                Ok(())
            },
        )?;
        device.check_indices()
    }
}

impl Device {
    /// Allocates a buffer with this content.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory), and those of the driver.
    pub fn upload(&self, data: &[u8], operation: &str) -> Result<DeviceBuffer> {
        let mut buffer = self.alloc(data.len(), operation)?;
        buffer.upload(0, data, operation)?;
        Ok(buffer)
    }
}

/// The pinned memory of a device, allocated at the first transfer.
#[derive(Default)]
pub(crate) struct Staging {
    slots: Mutex<Slots>,
}

#[derive(Default)]
struct Slots {
    ring: Vec<Slot>,
    /// The one whose turn it is: its last copy was the longest ago.
    next: usize,
}

struct Slot {
    memory: LockedBuffer<u8>,
    passed: Event,
    busy: bool,
}

impl Slots {
    /// Allocates the pinned memory if it is not there; false when the host has none to give. The context must be current.
    fn prepare(&mut self) -> bool {
        while self.ring.len() < SLOTS {
            let Ok(memory) = LockedBuffer::new(&0, CHUNK) else {
                return false;
            };
            let Ok(passed) = Event::new(EventFlags::DISABLE_TIMING) else {
                return false;
            };
            self.ring.push(Slot { memory, passed, busy: false });
        }
        true
    }

    /// Copies a chunk into each of these slots, by a thread for each.
    fn fill(&mut self, taken: &[usize], data: &[u8]) {
        let chunks = self.ring.iter_mut().enumerate().filter_map(|(index, slot)| {
            let place = taken.iter().position(|&other| other == index)?;
            Some((slot, data.chunks(CHUNK).nth(place)?))
        });
        std::thread::scope(|scope| {
            let mut rest = chunks.map(|(slot, chunk)| (&mut slot.memory[..chunk.len()], chunk));
            let own = rest.next();
            rest.for_each(|(memory, chunk)| drop(scope.spawn(|| memory.copy_from_slice(chunk))));
            own.into_iter().for_each(|(memory, chunk)| memory.copy_from_slice(chunk));
        });
    }

    fn turn(&mut self) -> usize {
        let index = self.next;
        self.next = (index + 1) % SLOTS;
        index
    }
}

impl Slot {
    /// Waits until the last copy from or to this slot is done.
    fn wait(&mut self) -> Result<(), DriverCode> {
        if self.busy {
            self.busy = false;
            return self.passed.synchronize().code();
        }
        Ok(())
    }

    fn mark(&mut self, stream: &Stream) -> Result<(), DriverCode> {
        self.busy = true;
        self.passed.record(stream).code()
    }

    fn read(&mut self, target: &mut [u8]) -> Result<(), DriverCode> {
        self.wait()?;
        target.copy_from_slice(&self.memory[..target.len()]);
        Ok(())
    }
}

fn upload_pageable(stream: &Stream, to: u64, data: &[u8]) -> Result<(), DriverCode> {
    // SAFETY: the device range was checked; the host memory outlives the copy because the stream is waited for.
    unsafe { sys::cuMemcpyHtoDAsync_v2(to, data.as_ptr().cast(), data.len(), stream.as_inner()) }.code()?;
    stream.synchronize().code()
}

fn download_pageable(stream: &Stream, from: u64, data: &mut [u8]) -> Result<(), DriverCode> {
    // SAFETY: as above.
    unsafe { sys::cuMemcpyDtoHAsync_v2(data.as_mut_ptr().cast(), from, data.len(), stream.as_inner()) }.code()?;
    stream.synchronize().code()
}
