//! Work shared among threads.
//!
//! The threads are those of the current rayon pool. What differs from rayon's loops is how they start and end. The thread
//! that asks works too, at once, and does not sleep and wake while others work. Threads that helped it look for the next
//! region for a while before they go back to the pool. A region that follows soon then starts within a microsecond, where
//! waking up a thread takes tens, and hundreds where the system puts it on the core of the thread that woke it.
//!
//! The environment variable `XP_CPU_LINGER`, which is read once, is the number of microseconds that they look, 500 if it is not
//! set; with 0 they go back at once, which leaves the processor to others where there are more threads than cores.

use std::any::Any;
use std::cell::Cell;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::PoisonError;

use crate::sync::{self, Arc, AtomicBool, AtomicUsize, Mutex, MutexGuard, Ordering, Patience, Thread, global, local};

/// Calls `run` for every part below `parts`, each once, in any order, on this and other threads.
///
/// # Panics
/// When a part panics, after the others have ended.
pub fn for_each_part(parts: usize, run: &(dyn Fn(usize) + Sync)) {
    let helpers = sync::threads().min(parts).saturating_sub(1);
    if helpers == 0 {
        return (0..parts).for_each(run);
    }
    if sync::in_pool() {
        // A thread of a pool shares with its own pool alone.
        return sync::for_each_in_pool(parts, run);
    }
    let lingers = sync::lingers();
    let run: *const (dyn Fn(usize) + Sync + '_) = run;
    // SAFETY: the lifetime in the type of a pointer alone changes; who follows the pointer says why it may.
    let run = unsafe { std::mem::transmute::<*const (dyn Fn(usize) + Sync + '_), *const (dyn Fn(usize) + Sync)>(run) };
    let region = Arc::new(Region {
        run,
        parts,
        shares: shares(parts, helpers + 1),
        joined: AtomicUsize::new(1),
        done: AtomicUsize::new(0),
        panic: Mutex::new(None),
        caller: sync::current(),
        caller_sleeps: AtomicBool::new(false),
    });
    for _ in offer(&region, helpers)..helpers {
        let region = region.clone();
        sync::spawn(move || {
            region.join();
            drop(region);
            if lingers {
                linger();
            }
        });
    }
    region.work(0);
    region.wait();
    if let Some(panic) = locked(&region.panic).take() {
        resume_unwind(panic);
    }
}

/// How many threads share work at most.
pub fn count() -> usize {
    sync::threads()
}

/// Calls `run` on ranges that cover `0..tasks`, by [`for_each_part`].
pub fn parallel(tasks: usize, run: impl Fn(Range<usize>) + Sync) {
    // Few tasks do not even ask how many threads there are, which takes as long as a short one.
    if tasks < 8 {
        return run(0..tasks);
    }
    let threads = count();
    if threads == 1 {
        return run(0..tasks);
    }
    // A few parts per thread even out what the machine does besides.
    let parts = tasks.min(4 * threads);
    for_each_part(parts, &|p| run(p * tasks / parts..(p + 1) * tasks / parts));
}

/// The values of `f` for every part below `parts`, in order, by [`for_each_part`].
pub fn map<R: Send>(parts: usize, f: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let mut values: Vec<MaybeUninit<R>> = (0..parts).map(|_| MaybeUninit::uninit()).collect();
    let to = Shared::new(values.as_mut_ptr());
    for_each_part(parts, &|part| {
        // SAFETY: every part writes its own value, once. Should another one panic, the values are not dropped.
        unsafe { to.get().add(part).write(MaybeUninit::new(f(part))) };
    });
    // SAFETY: every part has written its value.
    values.into_iter().map(|value| unsafe { value.assume_init() }).collect()
}

/// Calls `f(i, chunk)` for the chunks of `size` elements (the last one may be shorter), by [`for_each_part`].
///
/// # Panics
/// If `size` is 0.
pub fn for_chunks<T: Send>(slice: &mut [T], size: usize, f: impl Fn(usize, &mut [T]) + Sync) {
    let len = slice.len();
    let start = Shared::new(slice.as_mut_ptr());
    for_each_part(len.div_ceil(size), &|i| {
        let first = i * size;
        // SAFETY: the chunks are disjoint parts of the slice, which is borrowed mutably.
        f(i, unsafe { std::slice::from_raw_parts_mut(start.get().add(first), size.min(len - first)) });
    });
}

/// A pointer that several threads use, each for elements of its own.
#[derive(Clone, Copy, Debug)]
pub struct Shared<P>(P);
// SAFETY: a raw pointer alone does nothing. Whoever follows it promises that threads write disjoint elements, and read none
// that another one writes; every use states why.
unsafe impl<T> Send for Shared<*mut T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Shared<*mut T> {}
// SAFETY: as above.
unsafe impl<T> Send for Shared<*const T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Shared<*const T> {}
impl<P: Copy> Shared<P> {
    /// Says that the pointer is for several threads.
    pub fn new(pointer: P) -> Self {
        Shared(pointer)
    }

    /// The pointer. A method, so that closures capture the whole, which may go to other threads.
    #[inline(always)]
    pub fn get(&self) -> P {
        self.0
    }
}

/// Parts of work, and who is done with them.
struct Region {
    /// Valid while `done < parts`: the function that made the region waits for all parts.
    run: *const (dyn Fn(usize) + Sync),
    parts: usize,
    shares: Vec<Share>,
    /// Number of threads that work, or have worked.
    joined: AtomicUsize,
    done: AtomicUsize,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    caller: Thread,
    caller_sleeps: AtomicBool,
}

// SAFETY: all fields but `run` are, and that is a pointer to a `Sync` closure.
unsafe impl Send for Region {}
// SAFETY: as above.
unsafe impl Sync for Region {}

/// Parts that follow each other, of which one thread takes what it can: neighbours mostly share cache lines and pages.
#[repr(align(128))]
struct Share {
    next: AtomicUsize,
    end: usize,
}

fn shares(parts: usize, threads: usize) -> Vec<Share> {
    let first = |thread: usize| thread * parts / threads;
    (0..threads).map(|i| Share { next: AtomicUsize::new(first(i)), end: first(i + 1) }).collect()
}

impl Region {
    /// Works as one more thread.
    fn join(&self) {
        self.work(self.joined.fetch_add(1, Ordering::Relaxed));
    }

    /// Takes the parts of a share, then what is left of the others.
    fn work(&self, thread: usize) {
        let (before, from) = self.shares.split_at(thread);
        from.iter().chain(before).for_each(|share| self.work_on(share));
    }

    fn work_on(&self, share: &Share) {
        loop {
            let part = share.next.fetch_add(1, Ordering::Relaxed);
            if part >= share.end {
                return;
            }
            // SAFETY: this part is not done.
            let run = unsafe { &*self.run };
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(part))) {
                locked(&self.panic).get_or_insert(panic);
            }
            // Of the last addition here and the one in `wait`, the later one sees what was before the earlier one: this thread
            // that the caller sleeps, or the caller that all is done.
            if self.done.fetch_add(1, Ordering::AcqRel) + 1 == self.parts && self.caller_sleeps.load(Ordering::Relaxed) {
                self.caller.unpark();
            }
        }
    }

    /// Waits until all parts are done.
    fn wait(&self) {
        for _ in 0..sync::LOOKS {
            if self.done.load(Ordering::Acquire) == self.parts {
                return;
            }
            sync::spin_loop();
        }
        self.caller_sleeps.store(true, Ordering::Relaxed);
        while self.done.fetch_add(0, Ordering::AcqRel) < self.parts {
            sync::park();
        }
    }
}

/// The threads that look for a region, and the regions offered to them: never more than there are threads.
struct Lingering {
    threads: usize,
    offers: Vec<Arc<Region>>,
}
global!(LINGERING: Mutex<Lingering> = Mutex::new(Lingering { threads: 0, offers: Vec::new() }));
global! {
    /// The number of offers, to be looked at without the lock.
    OFFERS: AtomicUsize = AtomicUsize::new(0)
}

/// Offers the region to up to `helpers` lingering threads. The number of those that will take it.
fn offer(region: &Arc<Region>, helpers: usize) -> usize {
    let mut lingering = locked(&LINGERING);
    let count = helpers.min(lingering.threads - lingering.offers.len());
    lingering.offers.extend((0..count).map(|_| region.clone()));
    OFFERS.store(lingering.offers.len(), Ordering::Release);
    count
}

local! {
    /// Whether this thread lingers, and is busy with a job of the pool at most.
    LINGERS: Cell<bool> = Cell::new(false)
}

/// Helps with one region after the other until none is offered for a while. Jobs of the pool are done meanwhile.
fn linger() {
    if LINGERS.with(|lingers| lingers.replace(true)) {
        return;
    }
    locked(&LINGERING).threads += 1;
    let mut patience = Patience::new();
    loop {
        let late = patience.is_over();
        if late || OFFERS.load(Ordering::Acquire) > 0 {
            let mut lingering = locked(&LINGERING);
            if let Some(region) = lingering.offers.pop() {
                OFFERS.store(lingering.offers.len(), Ordering::Release);
                // Busy threads are not counted.
                lingering.threads -= 1;
                drop(lingering);
                region.join();
                drop(region);
                locked(&LINGERING).threads += 1;
                patience = Patience::new();
                continue;
            }
            if late {
                lingering.threads -= 1;
                LINGERS.with(|lingers| lingers.set(false));
                return;
            }
        }
        if sync::do_a_job() {
            patience = Patience::new();
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;

    #[test]
    fn every_part_runs_once() {
        for parts in [0, 1, 2, 3, 64, 1000] {
            let counts: Vec<AtomicUsize> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
            let squares = map(parts, |i| {
                counts[i].fetch_add(1, Ordering::Relaxed);
                i * i
            });
            assert!(counts.iter().all(|c| c.load(Ordering::Relaxed) == 1));
            assert!(squares.iter().enumerate().all(|(i, &s)| s == i * i));
        }
    }

    #[test]
    fn chunks_cover_the_slice() {
        let mut x = vec![0; 1003];
        for_chunks(&mut x, 10, |i, chunk| chunk.iter_mut().enumerate().for_each(|(j, x)| *x = 10 * i + j + 1));
        assert!(x.iter().enumerate().all(|(i, &x)| x == i + 1));
    }

    #[test]
    fn regions_nest_and_meet_jobs_of_the_pool() {
        let sum = |n: usize| map(n, |i| i).into_iter().sum::<usize>();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                std::thread::spawn(move || {
                    for _ in 0..200 {
                        assert_eq!(map(8, |_| sum(20)), [190; 8]);
                        assert_eq!(rayon::join(|| sum(30), || sum(40)), (435, 780));
                        assert_eq!((0..8).into_par_iter().map(|_| sum(10)).sum::<usize>(), 360);
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|t| t.join().unwrap());
    }

    #[test]
    fn a_panic_comes_after_the_other_parts() {
        let done = AtomicUsize::new(0);
        let run = |part: usize| {
            assert!(part != 3, "part three");
            done.fetch_add(1, Ordering::Relaxed);
        };
        let panic = catch_unwind(AssertUnwindSafe(|| for_each_part(50, &run))).unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"part three"));
        assert_eq!(done.load(Ordering::Relaxed), 49);
        // The threads still help.
        assert_eq!(map(3, |i| i), [0, 1, 2]);
    }
}
