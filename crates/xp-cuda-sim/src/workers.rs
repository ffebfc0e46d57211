//! Threads of the host that run the blocks of a grid at the same time.

use std::{
    sync::{
        Arc, Condvar, Mutex, OnceLock,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use crate::state::lock;

/// Runs `job` on this thread, and at the same time on others that are free; returns when all have ended.
pub(crate) fn beside_each_other(job: &(dyn Fn() + Sync)) {
    let calls: Vec<Arc<Call>> = senders()
        .iter()
        .map(|sender| {
            // SAFETY: only the lifetime changes. A call that has not begun when this function ends is withdrawn, and one that has is waited for.
            let job = unsafe { std::mem::transmute::<*const (dyn Fn() + Sync + '_), *const (dyn Fn() + Sync + 'static)>(&raw const *job) };
            let call = Arc::new(Call { job: Job(job), state: Mutex::new(State::Waits), ended: Condvar::new() });
            let _ = lock(sender).send(call.clone());
            call
        })
        .collect();
    let _calls = Calls(calls);
    job();
}

/// Calls that have ended, or never begin, when this is dropped.
struct Calls(Vec<Arc<Call>>);

impl Drop for Calls {
    fn drop(&mut self) {
        self.0.iter().for_each(|call| call.withdraw_or_wait());
    }
}

struct Call {
    job: Job,
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(PartialEq)]
enum State {
    Waits,
    Runs,
    Ended,
}

struct Job(*const (dyn Fn() + Sync));
// SAFETY: what is behind the pointer may be used by any thread, as its type says.
unsafe impl Send for Job {}
// SAFETY: as above.
unsafe impl Sync for Job {}

impl Call {
    fn run(&self) {
        let mut state = lock(&self.state);
        if *state != State::Waits {
            return;
        }
        *state = State::Runs;
        drop(state);
        // SAFETY: whoever made the call waits until it has ended, because it has begun.
        unsafe { (*self.job.0)() };
        *lock(&self.state) = State::Ended;
        self.ended.notify_one();
    }

    fn withdraw_or_wait(&self) {
        let mut state = lock(&self.state);
        if *state == State::Waits {
            *state = State::Ended;
        }
        while *state != State::Ended {
            state = self.ended.wait(state).unwrap_or_else(|e| e.into_inner());
        }
    }
}

/// The threads beside the one that asks: as many as the machine has, at least one and at most three.
fn senders() -> &'static [Mutex<Sender<Arc<Call>>>] {
    static SENDERS: OnceLock<Vec<Mutex<Sender<Arc<Call>>>>> = OnceLock::new();
    SENDERS.get_or_init(|| {
        let count = thread::available_parallelism().map_or(1, usize::from).saturating_sub(1).clamp(1, 3);
        let start = |_| {
            let (sender, receiver): (_, Receiver<Arc<Call>>) = channel();
            thread::spawn(move || receiver.iter().for_each(|call| call.run()));
            Mutex::new(sender)
        };
        (0..count).map(start).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::beside_each_other;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    #[test]
    fn every_call_has_ended_when_the_function_returns() {
        for _ in 0..200 {
            let (begun, ended) = (AtomicUsize::new(0), AtomicUsize::new(0));
            beside_each_other(&|| {
                begun.fetch_add(1, SeqCst);
                std::thread::yield_now();
                ended.fetch_add(1, SeqCst);
            });
            assert!(begun.load(SeqCst) >= 1);
            assert_eq!(begun.load(SeqCst), ended.load(SeqCst));
        }
    }
}
