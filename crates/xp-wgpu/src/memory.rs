//! Memory of a device, and the addresses that arrays know it by.
//!
//! A driver gives no addresses, so every piece of memory has a number, and its addresses begin at that number times 2^40. A
//! kernel that gets one finds the memory and the place in it. An address counts the bytes that elements have, on the
//! host and in the device's memory.

use std::collections::HashMap;

use xp_core::{Error, Result};

use crate::device::{Device, lock};

/// Bits of an address that say where in the memory it is.
const ROOM: u32 = 40;

/// Bytes that are kept for later arrays, at most.
const KEPT: u64 = 1 << 29;

/// The memory of a device that is in use, by number, and what is kept for later.
#[derive(Default)]
pub(crate) struct Slots {
    used: Vec<Option<wgpu::Buffer>>,
    free: Vec<usize>,
    kept: HashMap<u64, Vec<wgpu::Buffer>>,
    kept_bytes: u64,
    /// How many of the next pieces of memory are refused, as a driver would.
    #[cfg(test)]
    pub(crate) refusals: usize,
}

impl Slots {
    fn create(&mut self, device: &Device, size: u64) -> Option<wgpu::Buffer> {
        #[cfg(test)]
        if self.refusals > 0 {
            self.refusals -= 1;
            return None;
        }
        create(device, size)
    }
}

/// A piece of memory. It goes back to the pool when it is dropped: what is queued later runs later.
pub(crate) struct Memory {
    device: Device,
    number: usize,
    buffer: wgpu::Buffer,
}

/// Where an address is.
pub(crate) struct Found {
    pub(crate) buffer: wgpu::Buffer,
    /// The number of elements before it.
    pub(crate) offset: usize,
}

/// The size of the piece of memory that is taken for this many bytes: four sizes for every power of two.
fn size_class(bytes: u64) -> u64 {
    let step = (bytes.max(256).next_power_of_two() / 8).max(64);
    bytes.max(256).next_multiple_of(step)
}

impl Memory {
    /// Memory for this many words, which hold anything.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`], and an error that says what the device's limit is.
    pub(crate) fn new(device: &Device, words: usize, operation: &str) -> Result<Self> {
        let bytes = (words as u64).checked_mul(4).filter(|&b| b < 1 << ROOM);
        let bytes = bytes.ok_or_else(|| Error::out_of_memory(device, words.saturating_mul(4)))?;
        let most = device.most_bytes();
        if bytes > most {
            let why = format!("{bytes} bytes were asked for, but a kernel of this adapter reaches {most} bytes of one array: split the array");
            return Err(device.fail(operation, why));
        }
        device.check_alive(operation)?;
        let size = size_class(bytes).min(most);
        let mut slots = lock(&device.0.slots);
        let kept = slots.kept.get_mut(&size).and_then(Vec::pop);
        let buffer = match kept {
            Some(buffer) => {
                slots.kept_bytes -= size;
                buffer
            }
            None => {
                let made = slots.create(device, size).or_else(|| {
                    // What is kept may be what is missing.
                    slots.kept.clear();
                    slots.kept_bytes = 0;
                    slots.create(device, size)
                });
                made.ok_or_else(|| Error::out_of_memory(device, bytes as usize))?
            }
        };
        let number = slots.free.pop().unwrap_or_else(|| {
            slots.used.push(None);
            slots.used.len() - 1
        });
        slots.used[number] = Some(buffer.clone());
        drop(slots);
        Ok(Memory { device: device.clone(), number, buffer })
    }

    pub(crate) fn device(&self) -> &Device {
        &self.device
    }

    pub(crate) fn buffer(&self) -> &wgpu::Buffer {
        &self.buffer
    }

    /// The address of the first element.
    pub(crate) fn address(&self) -> usize {
        (self.number + 1) << ROOM
    }
}

/// Memory that no array has; `None` when there is no more.
pub(crate) fn create(device: &Device, size: u64) -> Option<wgpu::Buffer> {
    let scope = device.0.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
    let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
    let buffer = device.0.device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false });
    pollster::block_on(scope.pop()).is_none().then_some(buffer)
}

impl Drop for Memory {
    fn drop(&mut self) {
        let mut slots = lock(&self.device.0.slots);
        slots.used[self.number] = None;
        slots.free.push(self.number);
        let size = self.buffer.size();
        if slots.kept_bytes + size <= KEPT {
            slots.kept_bytes += size;
            slots.kept.entry(size).or_default().push(self.buffer.clone());
        }
    }
}

impl Device {
    /// The memory of an address of an element of `size` bytes.
    pub(crate) fn find(&self, address: usize, size: usize, operation: &str) -> Result<Found> {
        let number = (address >> ROOM).checked_sub(1);
        let slots = lock(&self.0.slots);
        let buffer = number.and_then(|n| slots.used.get(n)).and_then(Option::clone);
        let buffer = buffer.ok_or_else(|| self.fail(operation, format!("{address:#x} is no address of an array of this device")))?;
        Ok(Found { buffer, offset: (address & ((1 << ROOM) - 1)) / size })
    }

    /// Arrays that are alive, and bytes that the pool keeps.
    pub(crate) fn memory_in_use(&self) -> (usize, u64) {
        let slots = lock(&self.0.slots);
        (slots.used.iter().flatten().count(), slots.kept_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::size_class;

    #[test]
    fn pieces_are_hardly_larger_than_what_was_asked_for() {
        let mut last = 0;
        for bytes in (0..100_000).chain((1..1000).map(|k| k * 999_999)) {
            let size = size_class(bytes);
            assert!(size >= bytes.max(256) && size.is_multiple_of(4) && size <= bytes.max(256) * 5 / 4 + 64, "{bytes}: {size}");
            assert!(bytes < 100_000 || size >= last || bytes == 999_999, "{bytes}");
            last = size;
        }
    }
}
