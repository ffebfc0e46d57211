//! Indices out of range, which are found by kernels: nothing waits for them.
//!
//! A kernel keeps the first one in pinned memory of the host, with the operation it belongs to. The next wait of the host, such as
//! that of a read, finds it there and fails.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use cust::memory::LockedBuffer;

use crate::{
    device::{Device, lock},
    driver::OrFail,
    error::{Error, Result},
};

/// The operations that take indices, in the order of their numbers, from 1 on.
const OPERATIONS: [&str; 3] = ["take", "take_along_axis", "put"];

/// The number that a kernel keeps for an operation.
pub(crate) fn number(operation: &str) -> u64 {
    1 + OPERATIONS.iter().position(|name| *name == operation).expect("an operation of the list") as u64
}

/// Room for one index out of range: the number of its operation (0 for none), the index, the length of the axis.
#[derive(Default)]
pub(crate) struct IndexFault {
    memory: Mutex<Option<LockedBuffer<u64>>>,
    address: AtomicUsize,
}

impl Device {
    /// The address where kernels keep an index out of range.
    pub(crate) fn index_fault(&self, operation: &str) -> Result<u64> {
        let (fault, _turn) = (self.index_faults(), self.turn());
        let mut memory = lock(&fault.memory);
        if memory.is_none() {
            let new = self.call(|| format!("{operation}: pinned memory"), |_| LockedBuffer::new(&0u64, 3).code())?;
            fault.address.store(new.as_ptr() as usize, SeqCst);
            *memory = Some(new);
        }
        Ok(fault.address.load(SeqCst) as u64)
    }

    /// Fails when a kernel that has ended met an index out of range. To be called after a wait.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`], once.
    pub(crate) fn check_indices(&self) -> Result<()> {
        let place = self.index_faults().address.load(SeqCst) as *mut u64;
        if place.is_null() {
            return Ok(());
        }
        // SAFETY: three words of pinned memory that live as long as the device. Kernels write them while the first is 0, and have
        // ended, or find the first one taken.
        let [operation, index, len] = [0, 1, 2].map(|k| unsafe { place.add(k).read_volatile() });
        if operation == 0 {
            return Ok(());
        }
        // SAFETY: as above.
        unsafe { place.write_volatile(0) };
        let name = OPERATIONS.get(operation as usize - 1).copied().unwrap_or("an operation");
        Err(Error::IndexOutOfRange { operation: name, index: index as i64, len: len as usize })
    }
}
