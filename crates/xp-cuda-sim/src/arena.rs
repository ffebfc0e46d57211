//! The memory of the simulated devices: mapped without access for anybody, but while an operation of a device runs.
//!
//! So a program that reads or writes device memory on the host ends at once, as it would with a GPU. Where much memory is in use,
//! changing its protection takes long; it then stays open after some of the operations, so that this costs a tenth of the time.

use std::{
    collections::BTreeMap,
    ffi::{c_int, c_void},
    ptr::null_mut,
    sync::Mutex,
    time::{Duration, Instant},
};

use libc::{MADV_DONTNEED, MAP_ANONYMOUS, MAP_FAILED, MAP_NORESERVE, MAP_PRIVATE, PROT_NONE, PROT_READ, PROT_WRITE, madvise, mmap, mprotect};

use crate::{DEVICE_COUNT, DEVICE_MEMORY, state::lock};

/// Addresses for a device: more than its memory, because blocks leave gaps.
const ROOM: usize = 2 * DEVICE_MEMORY;
/// Blocks begin at multiples of this.
const ALIGNMENT: usize = 256;
const PAGE: usize = 4096;
/// Blocks of this size give their pages back to the system.
const LARGE: usize = 1 << 20;
/// So much memory is closed after every operation.
const SMALL: usize = 4 << 20;

/// A range of addresses, and what of it is free.
pub(crate) struct Arena {
    /// Where it begins; 0 before the first block.
    base: usize,
    /// Free ranges by their first addresses, with their lengths.
    free: BTreeMap<usize, usize>,
}

impl Arena {
    pub(crate) const fn new() -> Self {
        Self { base: 0, free: BTreeMap::new() }
    }

    /// Where it begins, and how long it is.
    pub(crate) fn addresses(&self) -> [usize; 2] {
        [self.base, ROOM]
    }

    /// A block of memory, or `None` when no free range is large enough.
    pub(crate) fn take(&mut self, size: usize) -> Option<*mut u8> {
        let size = size.next_multiple_of(ALIGNMENT);
        let mut access = lock(&ACCESS);
        if self.base == 0 {
            // SAFETY: new addresses; pages come when they are written.
            let mapped = unsafe { mmap(null_mut(), ROOM, access.protection(), MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) };
            assert!(mapped != MAP_FAILED, "no addresses for the memory of a simulated device");
            self.base = mapped as usize;
            self.free.insert(self.base, ROOM);
            access.ranges.push([self.base, self.base]);
        }
        let (&start, &len) = self.free.iter().find(|range| *range.1 >= size)?;
        self.free.remove(&start);
        if len > size {
            self.free.insert(start + size, len - size);
        }
        access.reach(self.base, (start + size).next_multiple_of(PAGE));
        Some(start as *mut u8)
    }

    /// Takes a block back.
    pub(crate) fn give_back(&mut self, start: usize, size: usize) {
        let (mut from, mut to) = (start, start + size.next_multiple_of(ALIGNMENT));
        let (first, last) = (from.next_multiple_of(PAGE), to / PAGE * PAGE);
        if last > first && last - first >= LARGE {
            // SAFETY: whole pages of the block, which nobody refers to any more.
            unsafe { madvise(first as *mut c_void, last - first, MADV_DONTNEED) };
        }
        if let Some(len) = self.free.remove(&to) {
            to += len;
        }
        if let Some((&before, &len)) = self.free.range(..from).next_back()
            && before + len == from
        {
            self.free.remove(&before);
            from = before;
        }
        self.free.insert(from, to - from);
    }
}

/// Who may touch device memory now.
struct Access {
    /// Operations that run.
    depth: usize,
    /// Whether the memory can be touched.
    open: bool,
    /// When it was closed last, and how long that took.
    closed: Option<(Instant, Duration)>,
    /// The addresses of each device that have been in use.
    ranges: Vec<[usize; 2]>,
}

static ACCESS: Mutex<Access> = Mutex::new(Access { depth: 0, open: false, closed: None, ranges: Vec::new() });

impl Access {
    fn protection(&self) -> c_int {
        if self.open { PROT_READ | PROT_WRITE } else { PROT_NONE }
    }

    /// Widens the range of a device.
    fn reach(&mut self, base: usize, end: usize) {
        let protection = self.protection();
        let range = self.ranges.iter_mut().find(|range| range[0] == base).expect("added with its base");
        if end > range[1] {
            protect([range[1], end], protection);
            range[1] = end;
        }
    }

    fn set(&mut self, open: bool) {
        self.open = open;
        self.ranges.iter().for_each(|&range| protect(range, self.protection()));
    }
}

fn protect([start, end]: [usize; 2], protection: c_int) {
    if end > start {
        // SAFETY: whole pages of a mapping of this module.
        let result = unsafe { mprotect(start as *mut c_void, end - start, protection) };
        assert_eq!(result, 0, "the protection of simulated memory cannot be changed");
    }
}

/// Device memory can be touched while this lives.
pub(crate) struct Open(());

/// Allows access to device memory, for what the device itself does.
pub(crate) fn access() -> Open {
    let mut access = lock(&ACCESS);
    access.depth += 1;
    if !access.open {
        access.set(true);
    }
    Open(())
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut access = lock(&ACCESS);
        access.depth -= 1;
        let small = access.ranges.iter().map(|range| range[1] - range[0]).sum::<usize>() <= SMALL;
        if access.depth == 0 && (small || access.closed.is_none_or(|(at, cost)| at.elapsed() > 10 * cost)) {
            let start = Instant::now();
            access.set(false);
            access.closed = Some((start, start.elapsed()));
        }
    }
}

const _: () = assert!(DEVICE_COUNT as usize * ROOM < 1 << 40);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_do_not_overlap_and_their_room_is_used_again() {
        let mut arena = Arena::new();
        let blocks: Vec<usize> = [1, 300, 5000, 256, 3 << 20].map(|size| arena.take(size).unwrap() as usize).into();
        assert!(blocks.windows(2).all(|w| w[0] < w[1]) && blocks.iter().all(|b| b.is_multiple_of(ALIGNMENT)));
        assert_eq!([blocks[1] - blocks[0], blocks[2] - blocks[1], blocks[3] - blocks[2]], [256, 512, 5120]);
        for (block, size) in [(blocks[1], 300), (blocks[3], 256), (blocks[2], 5000)] {
            arena.give_back(block, size);
        }
        assert_eq!(arena.take(512 + 5120 + 256).unwrap() as usize, blocks[1], "neighbours join");
        assert!(arena.take(ROOM).is_none());
    }
}
