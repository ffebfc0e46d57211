//! Fault injection: makes the n-th next call of a kind fail, once.
//!
//! The counters belong to the whole process; tests that use them must not run beside others.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering::SeqCst};

/// A kind of call that can be made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A device allocation reports that memory is exhausted.
    Allocation,
    /// A pinned host allocation reports that memory is exhausted.
    HostAllocation,
    /// A launch is refused with `CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES`.
    Launch,
    /// A launch is accepted and fails while it runs: the context is lost with `CUDA_ERROR_LAUNCH_FAILED`.
    Execution,
    /// NVRTC reports a compilation error.
    Compile,
    /// A stream synchronisation returns a code that CUDA 11.4 did not know.
    UnknownCode,
}

struct Counter {
    remaining: AtomicI64,
    repeat: AtomicI64,
    seen: AtomicU32,
}

static COUNTERS: [Counter; 6] = [const { Counter { remaining: AtomicI64::new(0), repeat: AtomicI64::new(0), seen: AtomicU32::new(0) } }; 6];

/// Makes the `n`-th next call of this kind fail (1 is the very next), once.
pub fn fail_nth(fault: Fault, n: u32) {
    fail_range(fault, n, 1);
}

/// Makes `count` calls in a row fail, beginning with the `n`-th next.
pub fn fail_range(fault: Fault, n: u32, count: u32) {
    let c = &COUNTERS[fault as usize];
    c.repeat.store(i64::from(count), SeqCst);
    c.remaining.store(i64::from(n), SeqCst);
}

/// Withdraws every fault that has not happened yet.
pub fn clear() {
    for c in &COUNTERS {
        c.remaining.store(0, SeqCst);
        c.repeat.store(0, SeqCst);
    }
}

/// How many calls of this kind there have been, failed ones included.
pub fn calls(fault: Fault) -> u32 {
    COUNTERS[fault as usize].seen.load(SeqCst)
}

/// Counts a call and says whether it has to fail.
pub(crate) fn strikes(fault: Fault) -> bool {
    let c = &COUNTERS[fault as usize];
    c.seen.fetch_add(1, SeqCst);
    if c.repeat.load(SeqCst) <= 0 {
        return false;
    }
    if c.remaining.fetch_sub(1, SeqCst) <= 1 {
        return c.repeat.fetch_sub(1, SeqCst) >= 1;
    }
    false
}
