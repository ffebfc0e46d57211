//! What was queued on a device, for tests that count it.

use std::{cell::RefCell, ffi::c_int};

use crate::state::{DEVICES, lock};

thread_local! {
    static RANGES: RefCell<(Vec<String>, Vec<String>)> = const { RefCell::new((Vec::new(), Vec::new())) };
}

/// The NVTX ranges of this thread that have ended since the last call, in the order of their ends: each by the names of those around it
/// and its own, as `fit/product`.
pub fn ranges() -> Vec<String> {
    RANGES.with_borrow_mut(|(_, ended)| std::mem::take(ended))
}

/// Begins a range of this name, or ends the last one that began. Returns its depth, or -1 where none goes on.
pub(crate) fn range(name: Option<String>) -> c_int {
    RANGES.with_borrow_mut(|(open, ended)| {
        match name {
            Some(name) => open.push(name),
            None if open.is_empty() => {}
            None => {
                ended.push(open.join("/"));
                open.pop();
                return open.len() as c_int;
            }
        }
        open.len() as c_int - 1
    })
}

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
