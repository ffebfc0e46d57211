//! Whose turn it is to queue work on a device: every thread's, but while one of them records what it asks for.

use std::{
    cell::RefCell,
    sync::{
        RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
};

/// The turns of a device.
#[derive(Default)]
pub(crate) struct Turns {
    all: RwLock<()>,
    /// The number of the thread that records, or 0.
    recorder: AtomicU64,
    recorded: AtomicBool,
}

/// The turn of a thread, while it queues something.
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    /// `None` where this thread has a turn already, or records.
    guard: Option<RwLockReadGuard<'a, ()>>,
}

/// The turn of the thread that records: the others wait for its end.
pub(crate) struct Recorder<'a> {
    turns: &'a Turns,
    _alone: RwLockWriteGuard<'a, ()>,
}

thread_local! {
    /// The addresses of those whose turn this thread has: it waits for nobody there.
    static HELD: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    static NUMBER: u64 = {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        NEXT.fetch_add(1, SeqCst)
    };
}

/// 0 in a thread that ends.
fn own_number() -> u64 {
    NUMBER.try_with(|&number| number).unwrap_or(0)
}

impl Turns {
    /// Waits while another thread records.
    pub(crate) fn take(&self) -> Turn<'_> {
        // A thread that ends has no list any more.
        if self.is_recorded_here() || HELD.try_with(|held| held.borrow().contains(&self.address())).unwrap_or(true) {
            return Turn { turns: self, guard: None };
        }
        let guard = self.all.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        HELD.with_borrow_mut(|held| held.push(self.address()));
        Turn { turns: self, guard: Some(guard) }
    }

    fn address(&self) -> usize {
        (&raw const *self).addr()
    }

    /// Waits for those who queue something now; `None` when this thread records already.
    pub(crate) fn record(&self) -> Option<Recorder<'_>> {
        if self.is_recorded_here() {
            return None;
        }
        let alone = self.all.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        self.recorder.store(own_number(), SeqCst);
        self.recorded.store(true, SeqCst);
        Some(Recorder { turns: self, _alone: alone })
    }

    /// True once anything has been recorded: graphs may hold what the device has of libraries.
    pub(crate) fn has_recorded(&self) -> bool {
        self.recorded.load(SeqCst)
    }

    /// True on the thread that records.
    pub(crate) fn is_recorded_here(&self) -> bool {
        let recorder = self.recorder.load(SeqCst);
        recorder != 0 && recorder == own_number()
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.guard.is_some() {
            let address = self.turns.address();
            let _ = HELD.try_with(|held| held.borrow_mut().retain(|&other| other != address));
        }
    }
}

impl Drop for Recorder<'_> {
    fn drop(&mut self) {
        self.turns.recorder.store(0, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_wait_until_a_recording_has_ended() {
        let (turns, done) = (Turns::default(), AtomicU64::new(0));
        std::thread::scope(|scope| {
            let recorder = turns.record().unwrap();
            assert!(turns.is_recorded_here() && turns.record().is_none());
            let other = scope.spawn(|| {
                assert!(!turns.is_recorded_here());
                let _turn = turns.take();
                done.store(1, SeqCst);
            });
            let _own = turns.take();
            std::thread::sleep(std::time::Duration::from_millis(20));
            assert_eq!(done.load(SeqCst), 0);
            drop(recorder);
            other.join().unwrap();
        });
        assert_eq!(done.load(SeqCst), 1);
        let _outer = turns.take();
        let _inner = turns.take();
    }
}
