//! Streams and events.

use std::{
    ffi::{c_int, c_uint, c_void},
    sync::{Arc, Mutex, atomic::Ordering::SeqCst},
    time::Instant,
};

use super::{Code, code, current, enqueue, finish, put};
use crate::{
    faults::{self, Fault},
    queue::{self, Stream},
    state::{Count, DEVICES, OBJECTS, lock},
};

pub(super) extern "C" fn cuStreamCreate(stream: *mut *const Stream, flags: c_uint) -> Code {
    cuStreamCreateWithPriority(stream, flags, 0)
}

pub(super) extern "C" fn cuStreamCreateWithPriority(stream: *mut *const Stream, flags: c_uint, priority: c_int) -> Code {
    finish(current().map(|device| {
        OBJECTS.fetch_add(1, SeqCst);
        put(stream, Arc::into_raw(Stream::create(device, flags, priority)));
    }))
}

pub(super) extern "C" fn cuStreamSynchronize(stream: *const Stream) -> Code {
    finish(current().and_then(|device| {
        DEVICES[device as usize].count(Count::Synchronisations, 1);
        match queue::find(stream)? {
            Some(s) if s.breaks_capture() => return Err(code::CAPTURE_UNSUPPORTED),
            Some(s) => s.wait(),
            None => queue::wait_for_device(device, true),
        }
        if faults::strikes(Fault::UnknownCode) {
            return Err(226);
        }
        current().map(drop)
    }))
}

pub(super) extern "C" fn cuStreamQuery(stream: *const Stream) -> Code {
    finish(current().and_then(|_| {
        let stream = queue::find(stream)?;
        if stream.as_ref().is_some_and(|s| s.breaks_capture()) {
            return Err(code::CAPTURE_UNSUPPORTED);
        }
        let busy = stream.is_some_and(|s| s.done() < s.issued());
        if busy { Err(code::NOT_READY) } else { Ok(()) }
    }))
}

pub(super) extern "C" fn cuStreamDestroy_v2(stream: *const Stream) -> Code {
    match queue::find(stream) {
        Ok(Some(_)) => {}
        Ok(None) => return code::INVALID_VALUE,
        Err(code) => return code,
    }
    // SAFETY: the handle comes from `Arc::into_raw`, and is that of a live stream.
    unsafe { Arc::from_raw(stream) }.destroy();
    OBJECTS.fetch_sub(1, SeqCst);
    0
}

pub(super) extern "C" fn cuStreamGetFlags(stream: *const Stream, flags: *mut c_uint) -> Code {
    finish(queue::find(stream).map(|s| put(flags, s.map_or(0, |s| s.flags))))
}

pub(super) extern "C" fn cuStreamGetPriority(stream: *const Stream, priority: *mut c_int) -> Code {
    finish(queue::find(stream).map(|s| put(priority, s.map_or(0, |s| s.priority))))
}

#[derive(Default)]
pub(super) struct Event {
    /// The stream and the number of the operation that stands for this event.
    recorded: Mutex<Option<(Arc<Stream>, u64)>>,
    reached: Arc<Mutex<Option<Instant>>>,
}

pub(super) extern "C" fn cuEventCreate(event: *mut *mut Event, _flags: c_uint) -> Code {
    finish(current().map(|_| {
        OBJECTS.fetch_add(1, SeqCst);
        put(event, Box::into_raw(Box::default()));
    }))
}

pub(super) extern "C" fn cuEventRecord(event: *mut Event, stream: *const Stream) -> Code {
    finish(current().and_then(|device| {
        // SAFETY: a live handle.
        let event = unsafe { &*event };
        let Some(shared) = queue::find(stream)? else {
            queue::wait_for_device(device, true);
            *lock(&event.reached) = Some(Instant::now());
            return Ok(());
        };
        if shared.breaks_capture() {
            return Err(code::CAPTURE_UNSUPPORTED);
        }
        let reached = event.reached.clone();
        *lock(&reached) = None;
        let number = shared.push(move || {
            *lock(&reached) = Some(Instant::now());
            0
        });
        *lock(&event.recorded) = Some((shared, number));
        Ok(())
    }))
}

pub(super) extern "C" fn cuEventQuery(event: *mut Event) -> Code {
    finish(current().and_then(|_| {
        // SAFETY: a live handle.
        let recorded = lock(&unsafe { &*event }.recorded).clone();
        if recorded.is_some_and(|(stream, number)| stream.done() < number) { Err(code::NOT_READY) } else { Ok(()) }
    }))
}

pub(super) extern "C" fn cuEventSynchronize(event: *mut Event) -> Code {
    finish(current().and_then(|device| {
        DEVICES[device as usize].count(Count::Synchronisations, 1);
        // SAFETY: a live handle.
        if let Some((stream, number)) = lock(&unsafe { &*event }.recorded).clone() {
            queue::wait_for(&stream, number);
        }
        current().map(drop)
    }))
}

pub(super) extern "C" fn cuStreamWaitEvent(stream: *const Stream, event: *mut Event, _flags: c_uint) -> Code {
    // SAFETY: a live handle.
    let recorded = lock(&unsafe { &*event }.recorded).clone();
    enqueue(stream, move |_| {
        Ok(move || {
            if let Some((other, number)) = &recorded {
                other.run_until(*number);
            }
            0
        })
    })
}

pub(super) extern "C" fn cuEventElapsedTime(milliseconds: *mut f32, start: *mut Event, end: *mut Event) -> Code {
    // SAFETY: live handles.
    let (start, end) = unsafe { (*lock(&(*start).reached), *lock(&(*end).reached)) };
    match (start, end) {
        (Some(s), Some(e)) => {
            put(milliseconds, e.saturating_duration_since(s).as_secs_f32() * 1e3);
            0
        }
        _ => code::NOT_READY,
    }
}

pub(super) extern "C" fn cuEventDestroy_v2(event: *mut Event) -> Code {
    // SAFETY: the handle comes from `Box::into_raw` and is destroyed once.
    drop(unsafe { Box::from_raw(event) });
    OBJECTS.fetch_sub(1, SeqCst);
    0
}

pub(super) extern "C" fn cuLaunchHostFunc(stream: *const Stream, function: extern "C" fn(*mut c_void), data: *mut c_void) -> Code {
    let data = data as usize;
    enqueue(stream, move |_| {
        Ok(move || {
            function(data as *mut c_void);
            0
        })
    })
}
