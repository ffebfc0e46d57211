//! What [`threads`](crate::threads) is made of: atomics, locks, and the threads of the rayon pool. The model in `model/` has
//! them under the same names from a checker, which runs the same code in every order that threads may take.

pub use std::hint::spin_loop;
pub use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
pub use std::sync::{Arc, Mutex, MutexGuard};
pub use std::thread::{Thread, current, park};

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rayon::prelude::*;

/// How often the caller of a region looks whether its helpers are done before it sleeps: some tens of microseconds.
pub const LOOKS: usize = 2000;

/// How long a thread looks for the next region, in microseconds, unless `XP_CPU_LINGER` says otherwise.
const LINGER: u64 = 500;

/// Whether threads look for the next region at all.
pub fn lingers() -> bool {
    !linger().is_zero()
}

/// The time at which a thread stops to look for the next region.
pub struct Patience(Instant);
impl Patience {
    pub fn new() -> Self {
        Patience(Instant::now() + linger())
    }

    pub fn is_over(&mut self) -> bool {
        Instant::now() > self.0
    }
}

fn linger() -> Duration {
    static TIME: OnceLock<Duration> = OnceLock::new();
    *TIME.get_or_init(|| {
        let asked = std::env::var_os("XP_CPU_LINGER");
        let asked = asked.as_ref().map(|text| text.to_string_lossy());
        Duration::from_micros(microseconds(asked.as_deref()).unwrap_or_else(|message| panic!("{message}")))
    })
}

fn microseconds(asked: Option<&str>) -> Result<u64, String> {
    let Some(asked) = asked.filter(|text| !text.is_empty()) else { return Ok(LINGER) };
    asked.parse().map_err(|_| format!("the environment variable XP_CPU_LINGER is `{asked}`; it may be a number of microseconds, or 0"))
}

/// The number of threads of the pool.
pub fn threads() -> usize {
    crate::pool::count()
}

/// Whether this is a thread of a pool.
pub fn in_pool() -> bool {
    rayon::current_thread_index().is_some()
}

/// Calls `run` for every part below `parts`, on threads of the pool that this thread belongs to.
pub fn for_each_in_pool(parts: usize, run: &(dyn Fn(usize) + Sync)) {
    (0..parts).into_par_iter().for_each(run);
}

/// Gives a job to the pool.
pub fn spawn(job: impl FnOnce() + Send + 'static) {
    rayon::spawn(job);
}

/// Does a job of the pool that waits, or lets other threads have the processor. Whether there was a job.
pub fn do_a_job() -> bool {
    let found = matches!(rayon::yield_now(), Some(rayon::Yield::Executed));
    if !found {
        std::thread::yield_now();
    }
    found
}

/// A value of the process.
macro_rules! global {
    ($(#[$doc:meta])* $name:ident: $t:ty = $value:expr) => {
        $(#[$doc])*
        static $name: $t = $value;
    };
}
/// A value of every thread.
macro_rules! local {
    ($(#[$doc:meta])* $name:ident: $t:ty = $value:expr) => {
        thread_local! {
            $(#[$doc])*
            static $name: $t = const { $value };
        }
    };
}
pub(crate) use {global, local};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_to_linger_is_a_number() {
        assert_eq!([None, Some(""), Some("0"), Some("20")].map(microseconds), [Ok(LINGER), Ok(LINGER), Ok(0), Ok(20)]);
        let message = microseconds(Some("off")).unwrap_err();
        assert_eq!(message, "the environment variable XP_CPU_LINGER is `off`; it may be a number of microseconds, or 0");
    }
}
