//! Recordings of streams, and graphs of what was recorded.

use std::{
    ffi::{c_int, c_uint, c_ulonglong},
    sync::{Arc, atomic::Ordering::SeqCst},
};

use super::{Code, code, current, enqueue, finish, put};
use crate::{
    queue::{self, Capture, Operation, Stream},
    state::{Count, DEVICES, OBJECTS, lock},
};

pub(super) extern "C" fn cuStreamBeginCapture_v2(stream: *const Stream, _mode: c_uint) -> Code {
    finish(current().and_then(|_| {
        let stream = queue::find(stream)?.ok_or(code::CAPTURE_UNSUPPORTED)?;
        let mut capture = lock(&stream.capture);
        if capture.is_some() {
            return Err(code::ILLEGAL_STATE);
        }
        *capture = Some(Capture::default());
        Ok(())
    }))
}

pub(super) extern "C" fn cuStreamIsCapturing(stream: *const Stream, status: *mut c_int) -> Code {
    let state = |s: Arc<Stream>| lock(&s.capture).as_ref().map_or(0, |c| 1 + c_int::from(c.invalid));
    finish(queue::find(stream).map(|s| put(status, s.map_or(0, state))))
}

/// Operations in the order in which they were recorded.
pub(super) struct Graph(Arc<Vec<Operation>>);

pub(super) extern "C" fn cuStreamEndCapture(stream: *const Stream, graph: *mut *mut Graph) -> Code {
    finish(current().and_then(|_| {
        let stream = queue::find(stream)?.ok_or(code::ILLEGAL_STATE)?;
        put(graph, std::ptr::null_mut());
        let capture = lock(&stream.capture).take().ok_or(code::ILLEGAL_STATE)?;
        if capture.invalid {
            return Err(code::CAPTURE_INVALIDATED);
        }
        put(graph, new(Graph(Arc::new(capture.operations))));
        Ok(())
    }))
}

pub(super) extern "C" fn cuGraphInstantiateWithFlags(executable: *mut *mut Graph, graph: *const Graph, _flags: c_ulonglong) -> Code {
    // SAFETY: a live handle.
    finish(current().map(|_| put(executable, new(Graph(unsafe { &*graph }.0.clone())))))
}

pub(super) extern "C" fn cuGraphLaunch(executable: *const Graph, stream: *const Stream) -> Code {
    // SAFETY: a live handle.
    let operations = unsafe { &*executable }.0.clone();
    enqueue(stream, move |device| {
        DEVICES[device as usize].count(Count::GraphLaunches, 1);
        Ok(move || operations.iter().map(|operation| operation()).find(|&code| code != 0).unwrap_or(0))
    })
}

pub(super) extern "C" fn cuGraphExecDestroy(executable: *mut Graph) -> Code {
    cuGraphDestroy(executable)
}

pub(super) extern "C" fn cuGraphDestroy(graph: *mut Graph) -> Code {
    // SAFETY: the handle comes from `new` and is destroyed once.
    drop(unsafe { Box::from_raw(graph) });
    OBJECTS.fetch_sub(1, SeqCst);
    0
}

fn new(graph: Graph) -> *mut Graph {
    OBJECTS.fetch_add(1, SeqCst);
    Box::into_raw(Box::new(graph))
}
