//! The plan cache: tables and algorithms, made once per (kind, dtype, length, direction).
//!
//! One least-recently-used cache serves the process. Each thread keeps a few recent small plans in
//! front of it, so that finding one takes no lock.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use rustfft::Fft;

use super::float::FftFloat;
use super::stockham::{self, ColumnLine};
use super::{Direction, planner};

/// At most this many plans are kept.
const MAX_PLANS: usize = 512;
/// Their tables hold at most this many bytes together.
const MAX_BYTES: usize = 256 << 20;
/// Plans larger than this are not kept per thread.
const FRONT_BYTES: usize = 1 << 20;
const FRONT_SLOTS: usize = 16;

/// Something worth making once per length and direction.
pub(super) trait Plan: Send + Sync + Sized + 'static {
    /// Makes the plan.
    fn make(n: usize, direction: Direction) -> Self;
    /// About how many bytes it holds.
    fn bytes(&self) -> usize;
}

/// The plan of this kind for length `n`, made if need be.
pub(super) fn get<P: Plan>(n: usize, direction: Direction) -> Arc<P> {
    let key = Key { kind: TypeId::of::<P>(), n, forward: direction == Direction::Forward };
    let found = FRONT.with_borrow(|front| front.find(&key));
    if let Some(plan) = found.and_then(|plan| plan.downcast().ok()) {
        return plan;
    }
    let plan = lookup(key).and_then(|plan| plan.downcast().ok()).unwrap_or_else(|| {
        let plan = Arc::new(P::make(n, direction)); // outside the lock: planning may take long
        insert(key, plan.clone(), plan.bytes());
        plan
    });
    if plan.bytes() <= FRONT_BYTES {
        FRONT.with_borrow_mut(|front| front.slots[key.slot()] = Some((key, plan.clone())));
    }
    plan
}

/// How many plans the shared cache holds, and about how many bytes.
#[cfg(test)]
pub(super) fn plan_cache_size() -> (usize, usize) {
    let cache = CACHE.lock().unwrap_or_else(|e| e.into_inner());
    cache.as_ref().map_or((0, 0), |c| (c.plans.len(), c.bytes))
}

/// A complex transform.
pub(super) struct Complete<T: FftFloat>(pub(super) Arc<dyn Fft<T>>);

impl<T: FftFloat> Plan for Complete<T> {
    fn make(n: usize, direction: Direction) -> Self {
        Self(stockham::plan(n, direction).unwrap_or_else(|| planner::plan(n, direction)))
    }

    fn bytes(&self) -> usize {
        2 * self.0.len() * size_of::<T>()
    }
}

/// The complex transform of length `n`.
pub(super) fn complex<T: FftFloat>(n: usize, direction: Direction) -> Arc<dyn Fft<T>> {
    get::<Complete<T>>(n, direction).0.clone()
}

/// Transforms of sequences side by side, if length and processor allow.
pub(super) struct SideBySide<T: FftFloat>(pub(super) Option<Arc<dyn ColumnLine<T>>>);

impl<T: FftFloat> Plan for SideBySide<T> {
    fn make(n: usize, direction: Direction) -> Self {
        Self(stockham::column_plan(n, direction))
    }

    fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |c| c.work_len() / c.lanes() * size_of::<T>())
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    kind: TypeId,
    n: usize,
    forward: bool,
}

impl Key {
    fn slot(&self) -> usize {
        let mixed = (self.n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 59;
        (mixed as usize ^ usize::from(self.forward)) % FRONT_SLOTS
    }
}

type AnyPlan = Arc<dyn Any + Send + Sync>;

struct Entry {
    plan: AnyPlan,
    bytes: usize,
    used: u64,
}

#[derive(Default)]
struct Cache {
    plans: HashMap<Key, Entry>,
    bytes: usize,
    clock: u64,
}

static CACHE: Mutex<Option<Cache>> = Mutex::new(None);

fn lookup(key: Key) -> Option<AnyPlan> {
    let mut cache = CACHE.lock().unwrap_or_else(|e| e.into_inner());
    let cache = cache.as_mut()?;
    cache.clock += 1;
    let entry = cache.plans.get_mut(&key)?;
    entry.used = cache.clock;
    Some(entry.plan.clone())
}

fn insert(key: Key, plan: AnyPlan, bytes: usize) {
    let mut cache = CACHE.lock().unwrap_or_else(|e| e.into_inner());
    let cache = cache.get_or_insert_default();
    cache.clock += 1;
    let used = cache.clock;
    cache.bytes += bytes;
    if let Some(old) = cache.plans.insert(key, Entry { plan, bytes, used }) {
        cache.bytes -= old.bytes;
    }
    while cache.plans.len() > 1 && (cache.plans.len() > MAX_PLANS || cache.bytes > MAX_BYTES) {
        let Some((&oldest, _)) = cache.plans.iter().min_by_key(|(_, e)| e.used) else { return };
        if let Some(old) = cache.plans.remove(&oldest) {
            cache.bytes -= old.bytes;
        }
    }
}

/// A thread's recent plans: a direct-mapped table.
#[derive(Default)]
struct Front {
    slots: [Option<(Key, AnyPlan)>; FRONT_SLOTS],
}

thread_local! {
    static FRONT: RefCell<Front> = RefCell::default();
}

impl Front {
    fn find(&self, key: &Key) -> Option<AnyPlan> {
        let (held, plan) = self.slots[key.slot()].as_ref()?;
        (held == key).then(|| plan.clone())
    }
}
