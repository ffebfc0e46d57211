//! The rayon pool, and what is done where a process has none of its threads.
//!
//! All use of the pool is here and in [`sync`](crate::sync), after a look at [`count`], and in faer, which gets that number as
//! its parallelism.

use std::cell::Cell;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::slice::ParallelSliceMut;

thread_local! {
    /// Whether this thread does a part of work that is shared already.
    static ALONE: Cell<bool> = const { Cell::new(false) };
}

/// The number of threads that share work: those of the current rayon pool. One inside of [`alone`], and in a process that was
/// forked off after the pool had been asked for, because its threads stay behind.
pub(crate) fn count() -> usize {
    if ALONE.get() || forked() { 1 } else { rayon::current_num_threads() }
}

/// Calls `f`, which shares no work with other threads meanwhile.
pub(crate) fn alone<R>(f: impl FnOnce() -> R) -> R {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            ALONE.set(self.0);
        }
    }
    let _restore = Restore(ALONE.replace(true));
    f()
}

/// The results of both functions, which may run at the same time.
pub(crate) fn join<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    if count() == 1 { (a(), b()) } else { rayon::join(a, b) }
}

/// Calls `f` on a thread of the pool. Many short parallel steps then start without a hand-over each.
pub(crate) fn run<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    if count() == 1 { f() } else { rayon::scope(|_| f()) }
}

/// Sorts upwards. Equal elements may change places.
pub(crate) fn sort_unstable<T: Ord + Send>(x: &mut [T]) {
    if count() == 1 { x.sort_unstable() } else { x.par_sort_unstable() }
}

/// Sorts upwards by a key. Elements with equal keys keep their order.
pub(crate) fn sort_by_key<T: Send, K: Ord>(x: &mut [T], key: impl Fn(&T) -> K + Sync) {
    if count() == 1 { x.sort_by_key(key) } else { x.par_sort_by_key(key) }
}

/// Whether this process was forked off after a first call of this function, in the process it comes from.
#[cfg(unix)]
fn forked() -> bool {
    static FORKED: AtomicBool = AtomicBool::new(false);
    static WATCH: Once = Once::new();
    extern "C" fn child() {
        FORKED.store(true, Ordering::Relaxed);
    }
    // SAFETY: the handler does what a handler of a fork may do: it writes one word. Should there be no memory to note it, nothing
    // is watched.
    WATCH.call_once(|| _ = unsafe { libc::pthread_atfork(None, None, Some(child)) });
    FORKED.load(Ordering::Relaxed)
}
#[cfg(not(unix))]
fn forked() -> bool {
    false
}
