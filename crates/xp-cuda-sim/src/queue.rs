//! Streams: queues of work that run when something waits for them.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use crate::{
    arena,
    state::{DEVICES, lock},
};

/// A queued operation; its result is a driver code, and an error is sticky. Those of graphs run more than once.
pub(crate) type Operation = Arc<dyn Fn() -> u32 + Send + Sync>;

/// What a stream records instead of running it.
#[derive(Default)]
pub(crate) struct Capture {
    pub operations: Vec<Operation>,
    /// Something was asked for that cannot be recorded.
    pub invalid: bool,
}

pub(crate) struct Stream {
    pub device: u32,
    pub flags: u32,
    pub priority: i32,
    queue: Mutex<VecDeque<(u64, Operation)>>,
    /// What is recorded, while a recording goes on.
    pub capture: Mutex<Option<Capture>>,
    issued: AtomicU64,
    done: AtomicU64,
}

/// All work of the process runs under this lock, one operation at a time.
static EXECUTION: Mutex<()> = Mutex::new(());

/// The streams of all devices, for operations that wait for a whole context.
static STREAMS: Mutex<Vec<Arc<Stream>>> = Mutex::new(Vec::new());

/// `CUDA_ERROR_INVALID_HANDLE`.
const INVALID_HANDLE: u32 = 400;

/// `CU_STREAM_NON_BLOCKING`.
pub(crate) const NON_BLOCKING: u32 = 1;

/// The stream of a handle; `None` for the driver's default streams, whose handles are 0, 1 (that of all threads) and 2 (that of the calling
/// one), and which run at once. What is no live stream is the code of an invalid handle.
pub(crate) fn find(handle: *const Stream) -> Result<Option<Arc<Stream>>, u32> {
    if handle.addr() <= 2 {
        return Ok(None);
    }
    lock(&STREAMS).iter().find(|s| Arc::as_ptr(s) == handle).cloned().map(Some).ok_or(INVALID_HANDLE)
}

impl Stream {
    pub(crate) fn create(device: u32, flags: u32, priority: i32) -> Arc<Self> {
        let (queue, capture) = (Mutex::default(), Mutex::default());
        let stream = Arc::new(Self { device, flags, priority, queue, capture, issued: AtomicU64::new(0), done: AtomicU64::new(0) });
        lock(&STREAMS).push(stream.clone());
        stream
    }

    pub(crate) fn destroy(self: &Arc<Self>) {
        self.wait();
        lock(&STREAMS).retain(|s| !Arc::ptr_eq(s, self));
    }

    /// Appends an operation and returns its number; one that is recorded has that of the last before it.
    pub(crate) fn push(&self, operation: impl Fn() -> u32 + Send + Sync + 'static) -> u64 {
        if let Some(capture) = &mut *lock(&self.capture) {
            capture.operations.push(Arc::new(operation));
            return self.issued();
        }
        let mut queue = lock(&self.queue);
        let number = self.issued.fetch_add(1, SeqCst) + 1;
        queue.push_back((number, Arc::new(operation)));
        number
    }

    /// Ends the use of what is recorded, and returns true, while a recording goes on: for what cannot be recorded.
    pub(crate) fn breaks_capture(&self) -> bool {
        let mut capture = lock(&self.capture);
        capture.as_mut().map(|capture| capture.invalid = true).is_some()
    }

    pub(crate) fn issued(&self) -> u64 {
        self.issued.load(SeqCst)
    }

    pub(crate) fn done(&self) -> u64 {
        self.done.load(SeqCst)
    }

    /// Runs everything that is queued now.
    pub(crate) fn wait(&self) {
        let _running = lock(&EXECUTION);
        if self.done() < self.issued() {
            let _access = arena::access();
            self.run_until(self.issued());
        }
    }

    /// Runs the queue up to an operation. Called under `EXECUTION`, also from a queued operation of another stream.
    pub(crate) fn run_until(&self, number: u64) {
        while self.done() < number {
            let Some((n, operation)) = lock(&self.queue).pop_front() else {
                return;
            };
            let code = operation();
            if code != 0 {
                let _ = DEVICES[self.device as usize].sticky.compare_exchange(0, code, SeqCst, SeqCst);
            }
            self.done.store(n, SeqCst);
        }
    }
}

/// Runs the queue of a stream up to an operation.
pub(crate) fn wait_for(stream: &Stream, number: u64) {
    let _running = lock(&EXECUTION);
    if stream.done() < number {
        let _access = arena::access();
        stream.run_until(number);
    }
}

/// Runs the work of all streams of a device; with `blocking_only`, of those that the default stream waits for.
pub(crate) fn wait_for_device(device: u32, blocking_only: bool) {
    let streams: Vec<_> = lock(&STREAMS).iter().filter(|s| s.device == device).cloned().collect();
    for stream in streams {
        if !blocking_only || stream.flags & NON_BLOCKING == 0 {
            stream.wait();
        }
    }
}
