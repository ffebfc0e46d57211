//! Copies between page-locked memory of the host and arrays, which run beside everything else.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    ptr::{NonNull, null_mut},
};

use cust::{stream::Stream, sys};
use xp_core::{Array, Dim, Dyn, Element};

use crate::{
    backend::{Cuda, CudaBuffer},
    device::Device,
    driver::OrFail,
    error::{DriverCode, Error, Result},
    streams::{Beside, Mark},
};

/// Elements in page-locked memory of the host, from and to which a device copies while the program and the device go on.
/// [`Cuda::pinned`] makes it. There is not much of such memory: make it once, and use it again.
pub struct Pinned<T> {
    start: NonNull<T>,
    len: usize,
    device: Device,
}

// SAFETY: it owns its elements, as a `Vec` does.
unsafe impl<T: Send> Send for Pinned<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Pinned<T> {}

impl<T: Element> Pinned<T> {
    fn new(device: &Device, len: usize) -> Result<Self> {
        let operation = || format!("page-locked memory for {len} elements of {}", T::DTYPE);
        if len == 0 {
            return Ok(Self { start: NonNull::dangling(), len, device: device.clone() });
        }
        let bytes = len.checked_mul(size_of::<T>()).ok_or_else(|| Error::InvalidArgument { operation: operation(), reason: "too many".into() })?;
        let mut start = null_mut();
        // SAFETY: an output pointer.
        device.call(operation, |_| unsafe { sys::cuMemAllocHost_v2(&mut start, bytes) }.code())?;
        let start = NonNull::new(start.cast::<T>()).expect("the driver gave memory");
        // SAFETY: new memory of that size, aligned to pages; zeros are valid elements.
        unsafe { start.cast::<u8>().write_bytes(0, bytes) };
        Ok(Self { start, len, device: device.clone() })
    }
}

impl<T> Deref for Pinned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: written elements of its own; none is copied while this is not part of a transfer.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl<T> DerefMut for Pinned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl<T> Drop for Pinned<T> {
    fn drop(&mut self) {
        if self.len > 0 {
            // SAFETY: allocated by `cuMemAllocHost`, freed once.
            let _ = self.device.call(|| "return of page-locked memory".into(), |_| unsafe { sys::cuMemFreeHost(self.start.as_ptr().cast()) }.code());
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Pinned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// A copy that is under way, with the memory of the host that it reads or writes.
///
/// Dropping it waits for its end.
#[must_use = "dropping it waits for the end of the copy"]
pub struct Transfer<T> {
    memory: Option<Pinned<T>>,
    ended: Mark,
    /// What is copied from, so that nobody writes or frees it meanwhile.
    _source: Option<CudaBuffer<T>>,
}

impl<T: Element> Transfer<T> {
    /// True once the copy has ended. It does not wait.
    ///
    /// # Errors
    /// Those of the device.
    pub fn is_done(&self) -> xp_core::Result<bool> {
        self.with(|device| device.call(|| "query of a copy".into(), |_| self.ended.has_passed()))
    }

    /// Waits for the end of the copy, and gives the memory back: of a download, with the elements.
    ///
    /// # Errors
    /// Those of the device, also an index out of range that an earlier operation met.
    pub fn wait(mut self) -> xp_core::Result<Pinned<T>> {
        self.with(|device| {
            device.check_not_recording("wait for a copy")?;
            device.call(|| "wait for a copy".into(), |_| self.ended.wait())?;
            device.check_indices()
        })?;
        Ok(self.memory.take().expect("it is there until now"))
    }

    fn with<R>(&self, f: impl FnOnce(&Device) -> Result<R>) -> xp_core::Result<R> {
        let device = &self.memory.as_ref().expect("it is there").device;
        Cuda::from(device.clone()).run("copy", f)
    }
}

impl<T> Drop for Transfer<T> {
    fn drop(&mut self) {
        if let Some(memory) = &self.memory {
            let _ = memory.device.call(|| "end of a copy".into(), |_| self.ended.wait());
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Transfer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transfer({} elements)", self.memory.as_ref().map_or(0, |memory| memory.len))
    }
}

impl Cuda {
    /// Page-locked memory for `len` elements, which are zeros at first.
    ///
    /// # Errors
    /// When the host has no such memory left.
    pub fn pinned<T: Element>(&self, len: usize) -> xp_core::Result<Pinned<T>> {
        self.run("page-locked memory", |device| Pinned::new(device, len))
    }

    /// A new array with the elements of page-locked memory, in row-major order. The copy runs beside what the device was asked for before;
    /// what the array is asked for comes after it. The memory comes back from [`Transfer::wait`].
    ///
    /// # Errors
    /// [`xp_core::Error::Shape`] when the memory has another number of elements than the shape, and when memory runs out.
    pub fn upload_async<T: Element>(&self, from: Pinned<T>, shape: &[usize]) -> xp_core::Result<(Array<Self, T, Dyn>, Transfer<T>)> {
        let size = xp_core::size_of_shape(shape)?;
        if size != from.len {
            return Err(xp_core::Error::value("upload_async", format!("{} elements given for shape {shape:?}", from.len)));
        }
        let (buffer, ended) = self.run("upload_async", |device| {
            device.check_not_recording("upload_async")?;
            let stream = Beside::uploads(device)?;
            let bytes = size * size_of::<T>();
            let memory = if size == 0 { device.alloc(0, "upload_async")? } else { device.alloc_on(stream, bytes, "upload_async")? };
            let ended = device.call(
                || "upload_async".into(),
                |_| {
                    ended_or_waited(stream, || {
                        if size > 0 {
                            // SAFETY: memory of that size on both sides. That of the host is kept by the transfer until the event has passed;
                            // that of the device is the copy's alone, and freed in the order of the device's stream, which waits for it.
                            unsafe { sys::cuMemcpyHtoDAsync_v2(memory.pointer(), from.start.as_ptr().cast(), bytes, stream.as_inner()) }.code()?;
                        }
                        Mark::behind(stream)
                    })
                },
            )?;
            device.wait_mark(&ended)?;
            Ok((CudaBuffer::new(memory, size), ended))
        })?;
        // SAFETY: the buffer was made for this shape; what reads it is queued after the copy.
        let array = unsafe { Array::from_buffer(self, buffer, shape)? };
        Ok((array, Transfer { memory: Some(from), ended, _source: None }))
    }

    /// Copies the elements of an array, in row-major order, to page-locked memory, beside what the device is asked for from now on.
    /// [`Transfer::wait`] gives the memory with the elements that the array has now: who writes to it meanwhile writes to a copy.
    ///
    /// # Errors
    /// [`xp_core::Error::Value`] when the memory has another number of elements than the array.
    pub fn download_async<T: Element, D: Dim>(x: &Array<Self, T, D>, into: Pinned<T>) -> xp_core::Result<Transfer<T>> {
        if x.size() != into.len {
            return Err(xp_core::Error::value("download_async", format!("memory for {} elements given, the array has {}", into.len, x.size())));
        }
        let x = x.contiguous()?;
        let (from, bytes) = (x.buffer().at(x.offset()), x.size() * size_of::<T>());
        let ended = x.device().run("download_async", |device| {
            device.check_not_recording("download_async")?;
            let stream = Beside::downloads(device)?;
            device.precede(stream)?;
            device.call(
                || "download_async".into(),
                |_| {
                    ended_or_waited(stream, || {
                        if bytes > 0 {
                            // SAFETY: memory of that size on both sides, which the transfer keeps until the event has passed.
                            unsafe { sys::cuMemcpyDtoHAsync_v2(into.start.as_ptr().cast(), from, bytes, stream.as_inner()) }.code()?;
                        }
                        Mark::behind(stream)
                    })
                },
            )
        })?;
        Ok(Transfer { memory: Some(into), ended, _source: Some(x.buffer().clone()) })
    }
}

/// After a failure nothing may be under way: the memory goes.
fn ended_or_waited<R>(stream: &Stream, f: impl FnOnce() -> Result<R, DriverCode>) -> Result<R, DriverCode> {
    f().inspect_err(|_| {
        let _ = stream.synchronize();
    })
}
