//! Streams of one's own beside that of a device, and events between them.

use std::sync::OnceLock;

use cust::{
    event::EventFlags,
    stream::{Stream, StreamFlags},
    sys,
};

use crate::{
    device::Device,
    driver::OrFail,
    error::{DriverCode, Result},
};

/// A moment in what a device was asked for; [`Device::record_event`] makes one.
#[derive(Debug)]
pub struct Event {
    mark: Mark,
    device: Device,
}

impl Event {
    /// True once the device has done what it was asked for before. It does not wait.
    ///
    /// # Errors
    /// Those of the driver.
    pub fn is_done(&self) -> Result<bool> {
        self.device.check_not_recording("query of an event")?;
        self.device.call(|| "query of an event".into(), |_| self.mark.has_passed())
    }

    /// Waits until the device has done what it was asked for before.
    ///
    /// # Errors
    /// Those of the driver, and of kernels queued before.
    pub fn wait(&self) -> Result<()> {
        self.device.check_not_recording("wait for an event")?;
        self.device.call(|| "wait for an event".into(), |_| self.mark.wait())
    }

    /// Waits until both have passed, and returns the milliseconds between them.
    ///
    /// # Errors
    /// As for [`wait`](Self::wait).
    pub fn milliseconds_since(&self, earlier: &Self) -> Result<f32> {
        earlier.wait()?;
        self.wait()?;
        let mut milliseconds = 0.0;
        self.device.call(
            || "time between events".into(),
            // SAFETY: an output pointer and live events.
            |_| unsafe { sys::cuEventElapsedTime(&mut milliseconds, earlier.mark.0, self.mark.0) }.code(),
        )?;
        Ok(milliseconds)
    }
}

impl Device {
    /// An event behind all that the device was asked for, with its time.
    ///
    /// ```no_run
    /// let device = xp_cuda::Device::new(0)?;
    /// let begin = device.record_event()?;
    /// // Work of the device.
    /// println!("{} ms", device.record_event()?.milliseconds_since(&begin)?);
    /// # Ok::<(), xp_cuda::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Capturing`](crate::Error::Capturing), and those of the driver.
    pub fn record_event(&self) -> Result<Event> {
        self.check_not_recording("event")?;
        let mark = self.call(|| "event".into(), Mark::timed)?;
        Ok(Event { mark, device: self.clone() })
    }

    /// What the device is asked for from now on comes after an event, which may be that of another device.
    ///
    /// # Errors
    /// [`Error::Capturing`](crate::Error::Capturing), and those of the driver.
    pub fn wait_event(&self, event: &Event) -> Result<()> {
        self.wait_mark(&event.mark)
    }

    pub(crate) fn wait_mark(&self, mark: &Mark) -> Result<()> {
        self.check_not_recording("wait for an event")?;
        self.call(|| "wait for an event".into(), |stream| mark.comes_before(stream.as_inner()))
    }

    /// What is queued on `stream` from now on comes after all that the device was asked for. The host does not wait.
    ///
    /// # Errors
    /// [`Error::Capturing`](crate::Error::Capturing), and those of the driver.
    pub fn precede(&self, stream: &Stream) -> Result<()> {
        self.check_not_recording("order of streams")?;
        self.call(|| "order of streams".into(), |own| order(own.as_inner(), stream.as_inner()))
    }

    /// What the device is asked for from now on comes after all that is queued on `stream`. The host does not wait.
    ///
    /// # Errors
    /// As [`precede`](Self::precede).
    pub fn follow(&self, stream: &Stream) -> Result<()> {
        self.check_not_recording("order of streams")?;
        self.call(|| "order of streams".into(), |own| order(stream.as_inner(), own.as_inner()))
    }

    /// As [`precede`](Self::precede), for the handle of a stream of another library.
    ///
    /// # Safety
    /// A live stream of this process, or one of the driver's two default streams.
    pub(crate) unsafe fn precede_raw(&self, stream: sys::CUstream) -> Result<()> {
        self.check_not_recording("order of streams")?;
        self.call(|| "order of streams".into(), |own| order(own.as_inner(), stream))
    }
}

/// What is queued on `then` from now on comes after what is queued on `first`.
fn order(first: sys::CUstream, then: sys::CUstream) -> Result<(), DriverCode> {
    Mark::record(first, EventFlags::DISABLE_TIMING)?.comes_before(then)
}

/// An event of the driver behind what was queued on a stream.
#[derive(Debug)]
pub(crate) struct Mark(sys::CUevent);

// SAFETY: events may be used by any thread.
unsafe impl Send for Mark {}
// SAFETY: as above.
unsafe impl Sync for Mark {}

impl Mark {
    /// One without a time.
    pub(crate) fn behind(stream: &Stream) -> Result<Self, DriverCode> {
        Self::record(stream.as_inner(), EventFlags::DISABLE_TIMING)
    }

    fn timed(stream: &Stream) -> Result<Self, DriverCode> {
        Self::record(stream.as_inner(), EventFlags::DEFAULT)
    }

    fn record(stream: sys::CUstream, flags: EventFlags) -> Result<Self, DriverCode> {
        let mut event = std::ptr::null_mut();
        // SAFETY: an output pointer; then a live event and a live stream.
        unsafe {
            sys::cuEventCreate(&mut event, flags.bits()).code()?;
            let mark = Self(event);
            sys::cuEventRecord(event, stream).code()?;
            Ok(mark)
        }
    }

    fn comes_before(&self, stream: sys::CUstream) -> Result<(), DriverCode> {
        // SAFETY: a live event and a live stream.
        unsafe { sys::cuStreamWaitEvent(stream, self.0, 0) }.code()
    }

    pub(crate) fn has_passed(&self) -> Result<bool, DriverCode> {
        const NOT_READY: DriverCode = DriverCode(600);
        // SAFETY: a live event.
        match unsafe { sys::cuEventQuery(self.0) }.code() {
            Ok(()) => Ok(true),
            Err(NOT_READY) => Ok(false),
            Err(other) => Err(other),
        }
    }

    pub(crate) fn wait(&self) -> Result<(), DriverCode> {
        // SAFETY: a live event.
        unsafe { sys::cuEventSynchronize(self.0) }.code()
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        // SAFETY: destroyed once; the driver keeps one that others wait for until it has passed.
        unsafe { sys::cuEventDestroy_v2(self.0) };
    }
}

/// The streams of copies from and to the host that run beside the work of a device.
#[derive(Default)]
pub(crate) struct Beside {
    uploads: OnceLock<Stream>,
    downloads: OnceLock<Stream>,
}

impl Beside {
    /// The stream of copies to the device.
    pub(crate) fn uploads(device: &Device) -> Result<&Stream> {
        stream_of(device, &device.beside().uploads)
    }

    /// The stream of copies from the device.
    pub(crate) fn downloads(device: &Device) -> Result<&Stream> {
        stream_of(device, &device.beside().downloads)
    }
}

/// Two threads may make a stream at once; one is kept.
fn stream_of<'a>(device: &Device, slot: &'a OnceLock<Stream>) -> Result<&'a Stream> {
    if slot.get().is_none() {
        device.call(
            || "stream of copies".into(),
            |_| {
                let _ = slot.set(Stream::new(StreamFlags::NON_BLOCKING, None).code()?);
                Ok(())
            },
        )?;
    }
    Ok(slot.get().expect("set above"))
}
