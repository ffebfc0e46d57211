//! What `src/sync.rs` has, from the checker, and a pool of threads.

use std::collections::VecDeque;

pub use loom::hint::spin_loop;
pub use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
pub use loom::sync::{Arc, Mutex, MutexGuard};

use loom::sync::Condvar;

/// As one look may come before and after everything, more looks show nothing new.
pub const LOOKS: usize = 1;

/// Threads look for the next region.
pub fn lingers() -> bool {
    true
}

/// A thread looks for a region once, at whatever time, before it is late.
pub struct Patience {
    looks: usize,
}
impl Patience {
    #[expect(clippy::new_without_default)]
    pub fn new() -> Self {
        Patience { looks: 0 }
    }

    pub fn is_over(&mut self) -> bool {
        self.looks += 1;
        self.looks > 1
    }
}

/// A handle that wakes a thread. The checker's own `unpark` also wakes threads that wait for something else.
#[derive(Clone)]
pub struct Thread(Arc<(Mutex<bool>, Condvar)>);
impl Thread {
    pub fn unpark(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_one();
    }
}
loom::thread_local! {
    static CURRENT: Thread = Thread(Arc::new((Mutex::new(false), Condvar::new())));
}

pub fn current() -> Thread {
    CURRENT.with(Thread::clone)
}

pub fn park() {
    let current = current();
    let mut token = current.0.0.lock().unwrap();
    while !*token {
        token = current.0.1.wait(token).unwrap();
    }
    *token = false;
}

/// The number of threads of the pool in the model that runs.
static THREADS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

/// Runs `scenario` with a pool of so many threads, in every order with up to so many changes of thread where none has to wait.
pub fn check(threads: usize, preemptions: usize, scenario: impl Fn() + Send + Sync + 'static) {
    // One model at a time: they share the number of threads.
    static ONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    THREADS.store(threads, Ordering::Relaxed);
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(preemptions);
    model.max_branches = 10_000;
    model.check(move || {
        scenario();
        // The values of the process end with the thread that began it.
        loop {
            let worker = POOL.lock().unwrap().workers.pop();
            let Some(worker) = worker else { break };
            worker.join().unwrap();
        }
        assert!(POOL.lock().unwrap().jobs.is_empty(), "a job that nobody did");
    });
}

type Job = Box<dyn FnOnce() + Send>;
#[derive(Default)]
struct Pool {
    jobs: VecDeque<Job>,
    busy: usize,
    workers: Vec<loom::thread::JoinHandle<()>>,
}
loom::lazy_static! {
    static ref POOL: Mutex<Pool> = Mutex::new(Pool::default());
}
loom::thread_local! {
    static IN_POOL: std::cell::Cell<bool> = std::cell::Cell::new(false);
}

pub fn threads() -> usize {
    THREADS.load(Ordering::Relaxed)
}

pub fn in_pool() -> bool {
    IN_POOL.with(std::cell::Cell::get)
}

pub fn for_each_in_pool(parts: usize, run: &(dyn Fn(usize) + Sync)) {
    (0..parts).for_each(run);
}

/// Threads of the pool begin when there is a job, and end when there is none.
pub fn spawn(job: impl FnOnce() + Send + 'static) {
    let mut pool = POOL.lock().unwrap();
    pool.jobs.push_back(Box::new(job));
    if pool.busy < threads() {
        pool.busy += 1;
        pool.workers.push(loom::thread::spawn(work));
    }
}

fn work() {
    IN_POOL.with(|in_pool| in_pool.set(true));
    loop {
        let mut pool = POOL.lock().unwrap();
        let Some(job) = pool.jobs.pop_front() else {
            pool.busy -= 1;
            return;
        };
        drop(pool);
        job();
    }
}

pub fn do_a_job() -> bool {
    let job = POOL.lock().unwrap().jobs.pop_front();
    let Some(job) = job else {
        loom::thread::yield_now();
        return false;
    };
    job();
    true
}

macro_rules! global {
    ($(#[$doc:meta])* $name:ident: $t:ty = $value:expr) => {
        loom::lazy_static! {
            $(#[$doc])*
            static ref $name: $t = $value;
        }
    };
}
macro_rules! local {
    ($(#[$doc:meta])* $name:ident: $t:ty = $value:expr) => {
        loom::thread_local! {
            $(#[$doc])*
            static $name: $t = $value;
        }
    };
}
pub(crate) use {global, local};
