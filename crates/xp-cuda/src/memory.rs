//! Device memory.

use std::fmt;

use cust::{stream::Stream, sys};

use crate::{
    device::Device,
    driver::OrFail,
    error::{Error, Result},
    pool::{Block, Foreign},
};

/// A block of device memory; dropping it returns it to the device's pool.
pub struct DeviceBuffer {
    device: Device,
    pointer: u64,
    len: usize,
    owner: Owner,
}

/// Whom the memory of a buffer belongs to.
enum Owner {
    Nobody,
    Pool(Block),
    /// Another library.
    Foreign {
        tensor: Option<Foreign>,
        access: Access,
    },
}

/// Who else uses memory of another library.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nobody: it was made for this buffer, and may be written.
    Alone,
    /// The library, and whoever it shares the memory with. It may be written, and they see it.
    Shared,
    /// As `Shared`, and it must not be written.
    ReadOnly,
}

impl Device {
    /// Allocates `len` bytes. Their content is arbitrary.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] names `operation`; the device stays usable.
    pub fn alloc(&self, len: usize, operation: &str) -> Result<DeviceBuffer> {
        if len == 0 {
            return Ok(DeviceBuffer { device: self.clone(), pointer: 0, len, owner: Owner::Nobody });
        }
        let block = self.pool().alloc(self, len, operation)?;
        Ok(DeviceBuffer { device: self.clone(), pointer: block.pointer, len, owner: Owner::Pool(block) })
    }

    /// As [`alloc`](Self::alloc) of at least one byte, for a first use by another stream: it does not wait for that of the device.
    pub(crate) fn alloc_on(&self, stream: &Stream, len: usize, operation: &str) -> Result<DeviceBuffer> {
        let block = self.pool().alloc_on(self, stream, len, operation)?;
        Ok(DeviceBuffer { device: self.clone(), pointer: block.pointer, len, owner: Owner::Pool(block) })
    }

    /// Memory of another library, which is kept until the buffer ends.
    ///
    /// # Safety
    /// `len` bytes at `pointer` must be memory of this device that lives as long as `tensor`; what `access` says must be true.
    pub(crate) unsafe fn adopt(&self, pointer: u64, len: usize, tensor: Foreign, access: Access) -> DeviceBuffer {
        DeviceBuffer { device: self.clone(), pointer, len, owner: Owner::Foreign { tensor: Some(tensor), access } }
    }

    /// Allocates `len` bytes and sets them to zero.
    ///
    /// # Errors
    /// As [`Device::alloc`].
    pub fn alloc_zeroed(&self, len: usize, operation: &str) -> Result<DeviceBuffer> {
        let mut buffer = self.alloc(len, operation)?;
        buffer.fill(0, operation)?;
        Ok(buffer)
    }
}

impl DeviceBuffer {
    /// The device that holds the memory.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The device address; 0 for an empty buffer.
    pub fn pointer(&self) -> u64 {
        self.pointer
    }

    /// The size in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True when the size is 0.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// False where another library may read or write the memory.
    pub(crate) fn is_own(&self) -> bool {
        !matches!(self.owner, Owner::Foreign { access: Access::Shared | Access::ReadOnly, .. })
    }

    /// True where another library has the memory and does not allow writing to it.
    pub(crate) fn is_readonly(&self) -> bool {
        matches!(self.owner, Owner::Foreign { access: Access::ReadOnly, .. })
    }

    /// Forgets what is behind the first `len` bytes; the memory stays with the buffer.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// The device address of a range, after checking that the buffer holds it.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    pub fn range(&self, offset: usize, len: usize, operation: &str) -> Result<u64> {
        if offset.checked_add(len).is_some_and(|end| end <= self.len) {
            return Ok(self.pointer + offset as u64);
        }
        Err(Error::OutOfRange { operation: operation.into(), offset, requested: len, len: self.len })
    }

    /// Sets every byte.
    ///
    /// # Errors
    /// Those of the driver.
    pub fn fill(&mut self, value: u8, operation: &str) -> Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        self.device.call(
            || operation.into(),
            |stream| {
                // SAFETY: the buffer is live and `len` bytes long, and work that frees it is queued later on the same stream.
                unsafe { sys::cuMemsetD8Async(self.pointer, value, self.len, stream.as_inner()) }.code()
            },
        )
    }

    /// Copies `len` bytes from another buffer of the same device.
    ///
    /// # Errors
    /// [`Error::OutOfRange`], [`Error::DeviceMismatch`], and those of the driver.
    pub fn copy_from(&mut self, offset: usize, source: &Self, source_offset: usize, len: usize, operation: &str) -> Result<()> {
        self.device.check_same(&source.device, operation)?;
        let to = self.range(offset, len, operation)?;
        let from = source.range(source_offset, len, operation)?;
        if len == 0 {
            return Ok(());
        }
        self.device.call(
            || operation.into(),
            // SAFETY: both ranges were checked, and both buffers are freed in stream order.
            |stream| unsafe { sys::cuMemcpyDtoDAsync_v2(to, from, len, stream.as_inner()) }.code(),
        )
    }
}

impl DeviceBuffer {
    /// A copy of `len` bytes on a device, which may be another one: then from device to device, in the order of both streams.
    ///
    /// # Errors
    /// [`Error::OutOfRange`], [`Error::OutOfMemory`] on the other device, and those of the driver.
    pub fn copy_to(&self, device: &Device, offset: usize, len: usize, operation: &str) -> Result<Self> {
        let from = self.range(offset, len, operation)?;
        let mut copy = device.alloc(len, operation)?;
        if len == 0 {
            return Ok(copy);
        }
        if self.device == *device {
            copy.copy_from(0, self, offset, len, operation)?;
            return Ok(copy);
        }
        self.device.check_not_recording(operation)?;
        // What used the copy's memory before comes before the copy, and what will read it comes after.
        device.precede(self.device.stream())?;
        let (to, from_context, to_context) = (copy.pointer, self.device.context(), device.context());
        self.device.call(
            || operation.to_owned(),
            |stream| {
                // SAFETY: both ranges are live: the copy's memory is freed in the order of its stream, which waits below, and that of
                // this buffer in the order of the stream that copies.
                unsafe { sys::cuMemcpyPeerAsync(to, to_context, from, from_context, len, stream.as_inner()) }.code()
            },
        )?;
        match self.device.precede(device.stream()) {
            Ok(()) => Ok(copy),
            Err(error) => {
                // Nothing orders the end of the copy's memory after the copy: the host does.
                let _ = self.device.synchronize(operation);
                Err(error)
            }
        }
    }
}

impl Drop for DeviceBuffer {
    fn drop(&mut self) {
        match &mut self.owner {
            Owner::Nobody => {}
            Owner::Pool(block) => self.device.pool().free(&self.device, *block),
            Owner::Foreign { tensor, .. } => {
                if let Some(tensor) = tensor.take() {
                    self.device.pool().free_foreign(&self.device, tensor);
                }
            }
        }
    }
}

impl fmt::Debug for DeviceBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceBuffer({} bytes at {:#x} of {})", self.len, self.pointer, self.device)
    }
}
