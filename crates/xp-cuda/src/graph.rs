//! Graphs: work of a device that is recorded once, and launched as one as often as wanted.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    ptr::null_mut,
};

use cust::{
    stream::{Stream, StreamFlags},
    sys,
};

use crate::{
    device::Device,
    driver::OrFail,
    error::{Error, Result},
};

/// Recorded work, which [`launch`](Self::launch) queues again by one call of the driver; [`Cuda::capture`](crate::Cuda::capture) makes one.
///
/// A launch reads and writes the memory that the arrays had when the work was recorded. That memory stays with the graph: whatever was in
/// use when the recording ended goes back to the pool only after the graph. What one array of the program shares with a graph changes
/// with every launch, in the order of the stream: read what a launch has written before the next one, or copy it.
pub struct Graph {
    executable: usize,
    /// The recording, as the pool counts them.
    number: u64,
    device: Device,
}

impl Graph {
    /// Queues the recorded work.
    ///
    /// # Errors
    /// Those of the driver; [`Error::Capturing`] where this thread records another graph.
    pub fn launch(&self) -> Result<()> {
        self.device.check_not_recording("launch of a graph")?;
        let executable = self.executable as sys::CUgraphExec;
        // SAFETY: a live graph, whose memory is kept.
        self.device.call(|| "launch of a graph".into(), |stream| unsafe { sys::cuGraphLaunch(executable, stream.as_inner()) }.code())?;
        if self.device.is_blocking() { self.device.synchronize("launch of a graph") } else { Ok(()) }
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        let executable = self.executable as sys::CUgraphExec;
        // SAFETY: destroyed once; the driver keeps what is under way.
        let _ = self.device.call(|| "end of a graph".into(), |_| unsafe { sys::cuGraphExecDestroy(executable) }.code());
        self.device.pool().forget(&self.device, self.number);
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Graph({})", self.device)
    }
}

impl Device {
    /// Records the work that `f` asks this device for on this thread; see [`Cuda::capture`](crate::Cuda::capture).
    ///
    /// # Errors
    /// That of `f`, [`Error::Capturing`] within a recording, and those of the driver.
    pub fn capture<R>(&self, f: impl FnOnce() -> Result<R>) -> Result<(Graph, R)> {
        self.record(f, |error| error)
    }

    /// As [`capture`](Self::capture), with errors of another type.
    pub(crate) fn record<R, E>(&self, f: impl FnOnce() -> Result<R, E>, wrap: impl Fn(Error) -> E) -> Result<(Graph, R), E> {
        const NAME: &str = "capture";
        let name = || NAME.to_owned();
        let recorder = self.turns().record().ok_or_else(|| wrap(Error::Capturing { operation: NAME.into() }))?;
        // Memory that is asked for meanwhile comes by another stream, because this one only records.
        let begin = |stream: &Stream| {
            let beside = Stream::new(StreamFlags::NON_BLOCKING, None).code()?;
            // SAFETY: a live stream.
            unsafe { sys::cuStreamBeginCapture_v2(stream.as_inner(), sys::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_RELAXED) }.code()?;
            Ok(beside)
        };
        let beside = self.call(name, begin).map_err(&wrap)?;
        self.pool().begin_recording(beside);
        let result = catch_unwind(AssertUnwindSafe(f));
        let mut graph = null_mut();
        // SAFETY: a live stream and an output pointer.
        let ended = self.call(name, |stream| unsafe { sys::cuStreamEndCapture(stream.as_inner(), &mut graph) }.code());
        let made = ended.and_then(|()| self.call(name, |_| instantiate(graph)));
        let number = {
            let _current = self.enter(NAME);
            self.pool().end_recording()
        };
        let graph = made.map(|executable| Graph { executable: executable as usize, number, device: self.clone() });
        drop(recorder);
        let result = match result {
            Ok(result) => result.map_err(Ok),
            Err(panic) => Err(Err(panic)),
        };
        // The graph lives until what it would have written is cleared.
        let (failure, _graph) = match (result, graph) {
            (Ok(value), Ok(graph)) => match graph.launch() {
                Ok(()) => return Ok((graph, value)),
                Err(error) => (Ok(wrap(error)), Ok(graph)),
            },
            (Ok(_), Err(error)) => (Ok(wrap(error.clone())), Err(error)),
            (Err(failure), graph) => (failure, graph),
        };
        // Nothing has run: arrays that `f` left somewhere have to hold elements nevertheless.
        let _ = self.pool().clear_recorded(self);
        self.pool().forget(self, number);
        match failure {
            Ok(error) => Err(error),
            Err(panic) => resume_unwind(panic),
        }
    }

    /// Fails on a thread that records: for what waits, or copies from or to the host.
    pub(crate) fn check_not_recording(&self, operation: &str) -> Result<()> {
        if self.turns().is_recorded_here() {
            return Err(Error::Capturing { operation: operation.into() });
        }
        Ok(())
    }
}

/// Makes a graph executable; the recording itself is given back.
fn instantiate(graph: sys::CUgraph) -> Result<sys::CUgraphExec, crate::DriverCode> {
    let mut executable = null_mut();
    // SAFETY: a live graph, destroyed once, and an output pointer.
    unsafe {
        let made = sys::cuGraphInstantiateWithFlags(&mut executable, graph, 0).code();
        let _ = sys::cuGraphDestroy(graph);
        made?;
    }
    Ok(executable)
}
