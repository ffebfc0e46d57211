//! What was queued on a device, for tests that count it.

use crate::state::{DEVICES, lock};

/// A launch, a call of a library, or a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// The name of the kernel or the function.
    pub name: String,
    /// The addresses of device memory among its arguments.
    pub addresses: Vec<u64>,
}

/// Begins a recording of what is queued on a device.
pub fn start(device: u32) {
    *lock(&DEVICES[device as usize].trace) = Some(Vec::new());
}

/// Ends the recording, and returns it.
pub fn finish(device: u32) -> Vec<Work> {
    lock(&DEVICES[device as usize].trace).take().unwrap_or_default()
}

/// How many of these have an address of this block of memory among their arguments: the most passes over it that there can be.
pub fn passes(work: &[Work], start: u64, len: usize) -> usize {
    work.iter().filter(|work| work.addresses.iter().any(|&a| (start..start + len as u64).contains(&a))).count()
}
