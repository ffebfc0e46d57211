//! Arrays of a device shared with other libraries, without a copy: [DLPack](https://dmlc.github.io/dlpack/latest/), and what the
//! [CUDA Array Interface](https://numba.readthedocs.io/en/stable/cuda/cuda_array_interface.html) of Python says of an array.
//!
//! The structs are those of [`xp_core::dlpack`]. Streams are handed over as Python's protocol numbers them: the handle of a stream, or 1
//! and 2 for the default stream of all threads and that of the own one, or -1 where nobody has to wait.

use cust::sys::CUstream;
use xp_core::dlpack::{DataType, Device as Place, IS_COPIED, Managed, READ_ONLY};
use xp_core::{Array, Backend, DType, Dim, Dyn, Element, Error, Result};

use crate::{
    backend::{Cuda, CudaBuffer},
    device::Device,
    driver::OrFail,
    memory::Access,
};

/// Hands an array out as a tensor of version 1, over the same memory, whatever its strides. It is [`READ_ONLY`] when another array
/// shares the memory, since arrays are values, or another library, of which it was imported.
///
/// What the consumer queues on `stream` from now on comes after what wrote the array; `None` is the default stream of all threads,
/// as in Python. The end of the tensor waits for all work of the device, also of other libraries.
///
/// # Errors
/// [`Error::Value`] for a number that is no stream, and those of the driver.
///
/// # Safety
/// `stream` must be the handle of a live stream of this process, or one of the numbers above.
pub unsafe fn export<T: Element, D: Dim>(x: Array<Cuda, T, D>, stream: Option<i64>) -> Result<Managed> {
    let flags = if is_writable(&x) { 0 } else { READ_ONLY };
    // SAFETY: passed on; the array is its own owner.
    unsafe { lend(&x, stream, Some(flags), Box::new(x.clone())) }
}

/// [`export`] for consumers of a version before 1. They cannot be told not to write: memory that somebody shares is copied.
///
/// # Errors
/// As for [`export`], and when memory runs out.
///
/// # Safety
/// As for [`export`].
pub unsafe fn export_plain<T: Element, D: Dim>(x: Array<Cuda, T, D>, stream: Option<i64>) -> Result<Managed> {
    let x = if is_writable(&x) { x } else { x.copy()? };
    // SAFETY: as in `export`; the array is alone on its memory.
    unsafe { lend(&x, stream, None, Box::new(x.clone())) }
}

/// [`export`] for bindings to languages whose arrays share memory and write to it: the caller says by `flags` whether the consumer may,
/// and what else lives as long as the tensor. Without flags the tensor is one of a version before 1.
///
/// # Errors
/// As for [`export`].
///
/// # Safety
/// As for [`export`]; `owner` must keep the memory of the array, what the flags say must be true, and without them the consumer may write.
pub unsafe fn lend<T: Element, D: Dim>(
    x: &Array<Cuda, T, D>,
    stream: Option<i64>,
    flags: Option<u64>,
    owner: Box<dyn std::any::Any + Send>,
) -> Result<Managed> {
    // SAFETY: passed on.
    let (place, device) = unsafe { ready(x, stream)? };
    let owner = Box::new((Ended(device), owner));
    // SAFETY: the elements are those of the array, whose memory the owner keeps; the rest is the caller's word.
    Ok(unsafe {
        match flags {
            Some(flags) => Managed::new(place, T::DTYPE, x.dims(), x.strides(), flags, owner),
            None => Managed::new_plain(place, T::DTYPE, x.dims(), x.strides(), owner),
        }
    })
}

/// A tensor as an array of this device, in the same memory, which goes back to its producer with the last array over it: the end of that
/// one waits for the device. The array is a value as any other: it sees what the producer writes, but whoever writes to the array copies
/// it first. A tensor that [`IS_COPIED`] is the array's own, and is written in place.
///
/// Booleans are copied: the producer could write bytes that are none. Every byte but 0 is true.
///
/// The producer has to be asked for the tensor with the number of the device's stream, [`stream`].
///
/// # Errors
/// [`Error::Value`] when the tensor is on another device, of another dtype than `T`, not aligned, or without memory; [`Error::Rank`]; what
/// [`Managed::layout`] refuses.
///
/// # Safety
/// Shape, strides and offset must describe memory of the device, written by what the device's stream comes after; nobody else may write
/// to it while an operation runs, nor have it at all when the tensor [`IS_COPIED`] and may be written.
pub unsafe fn import<T: Element, D: Dim>(device: &Cuda, tensor: Managed) -> Result<Array<Cuda, T, D>> {
    let (t, place) = (tensor.tensor(), Place::cuda(device.device().ordinal() as i32));
    if t.device != place {
        return Err(Error::value("DLPack", format!("a tensor on device {:?} given: {device}, {place:?}, expected", t.device)));
    }
    if t.dtype.dtype() != Some(T::DTYPE) {
        let DataType { code, bits, lanes } = t.dtype;
        let why = format!("a tensor of dtype (code {code}, {bits} bits, {lanes} lanes) given: {} expected", T::DTYPE);
        return Err(Error::value("DLPack", why));
    }
    if T::DTYPE == DType::Bool {
        // SAFETY: passed on; a byte is a byte.
        let bytes: Array<Cuda, u8, D> = unsafe { shared(device, tensor)? };
        return (bytes.lazy().not_equal(0u8)).astype::<T>().try_eval();
    }
    // SAFETY: passed on; every pattern of bits is a value of a numeric dtype.
    unsafe { shared(device, tensor) }
}

/// The number of the stream on which arrays of a device are used, for producers of tensors.
#[must_use]
pub fn stream(device: &Cuda) -> i64 {
    device.device().stream().as_inner() as i64
}

/// What Python's `__cuda_array_interface__` says of an array, in version 3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CudaArrayInterface {
    /// The lengths of the axes.
    pub shape: Vec<usize>,
    /// NumPy's name of the dtype, as `<f8`.
    pub typestr: &'static str,
    /// The address of the first element, 0 where there is none, and whether the memory must not be written.
    pub data: (u64, bool),
    /// The distances between neighbours along each axis in bytes; `None` for row-major order.
    pub strides: Option<Vec<isize>>,
    /// The stream after which the elements are written; a consumer has to wait for it.
    pub stream: i64,
    /// 3.
    pub version: u32,
}

impl CudaArrayInterface {
    /// Of an array, which has to live as long as the result is used.
    ///
    /// # Errors
    /// [`Error::Value`] for `bfloat16`, which NumPy has no name for.
    pub fn of<T: Element, D: Dim>(x: &Array<Cuda, T, D>) -> Result<Self> {
        let typestr = match T::DTYPE {
            DType::Bool => "|b1",
            DType::I8 => "|i1",
            DType::U8 => "|u1",
            DType::I16 => "<i2",
            DType::I32 => "<i4",
            DType::I64 => "<i8",
            DType::U16 => "<u2",
            DType::U32 => "<u4",
            DType::U64 => "<u8",
            DType::F16 => "<f2",
            DType::F32 => "<f4",
            DType::F64 => "<f8",
            DType::C64 => "<c8",
            DType::C128 => "<c16",
            DType::BF16 => return Err(Error::value("__cuda_array_interface__", "bfloat16 has no name there: use DLPack")),
        };
        let bytes = |&steps: &isize| steps * size_of::<T>() as isize;
        Ok(CudaArrayInterface {
            shape: x.dims().to_vec(),
            typestr,
            data: (if x.size() == 0 { 0 } else { x.buffer().at(x.offset()) }, !is_writable(x)),
            strides: (!x.is_contiguous()).then(|| x.strides().iter().map(bytes).collect()),
            stream: stream(x.device()),
            version: 3,
        })
    }
}

fn is_writable<T: Element, D: Dim>(x: &Array<Cuda, T, D>) -> bool {
    let overlaps = x.dims().iter().zip(x.strides()).any(|(&n, &s)| n > 1 && s == 0);
    !overlaps && Cuda::is_unique(x.buffer())
}

/// Where the first element is, once the stream of a consumer comes after what wrote the array.
///
/// # Safety
/// As for [`export`].
unsafe fn ready<T: Element, D: Dim>(x: &Array<Cuda, T, D>, stream: Option<i64>) -> Result<(xp_core::dlpack::Start, Device)> {
    let device = x.device().device().clone();
    let handle = match stream.unwrap_or(1) {
        -1 => None,
        // The driver's functions take null for the first one.
        1 => Some(0),
        number if number >= 2 => Some(number as usize),
        number => return Err(Error::value("DLPack", format!("stream {number} given: a handle, 1, 2 or -1 expected"))),
    };
    if let Some(handle) = handle {
        // SAFETY: a live stream or a default one, by the caller.
        x.device().run("DLPack", |device| unsafe { device.precede_raw(handle as CUstream) })?;
    }
    let start = if x.size() == 0 { 0 } else { x.buffer().at(x.offset()) };
    Ok(((Place::cuda(device.ordinal() as i32), start as usize as *mut _), device))
}

/// What a tensor ends with: its consumer may still use the memory on a stream that nobody here knows.
struct Ended(Device);

impl Drop for Ended {
    fn drop(&mut self) {
        // SAFETY: no precondition. An error is that of the next call too.
        let _ = self.0.call(|| "end of a DLPack tensor".into(), |_| unsafe { cust::sys::cuCtxSynchronize() }.code());
    }
}

/// An array over the memory of a tensor, whose bytes are elements of `T`.
///
/// # Safety
/// As for [`import`], and the elements must have the size of `T`.
unsafe fn shared<T: Element, D: Dim>(device: &Cuda, tensor: Managed) -> Result<Array<Cuda, T, D>> {
    let (shape, strides) = tensor.layout()?;
    if shape.contains(&0) {
        return Array::<Cuda, T, Dyn>::from_vec(device, vec![], shape)?.into_rank();
    }
    let t = tensor.tensor();
    let first = (t.data as u64).wrapping_add(t.byte_offset);
    if t.data.is_null() || !first.is_multiple_of(align_of::<T>() as u64) {
        let what = if t.data.is_null() { "without memory" } else { "that is not aligned" };
        return Err(Error::value("DLPack", format!("a tensor {what} given, shape {shape:?} of {}", T::DTYPE)));
    }
    // The elements before and behind the first one.
    let (mut before, mut behind) = (0isize, 0isize);
    for (&n, &step) in shape.iter().zip(&strides) {
        let reach = step.checked_mul(n as isize - 1).filter(|r| r.checked_mul(size_of::<T>() as isize).is_some());
        let reach = reach.ok_or_else(|| Error::TooLarge { shape: shape.clone() })?;
        if reach < 0 { before -= reach } else { behind += reach }
    }
    let (start, len) = (first - (before as usize * size_of::<T>()) as u64, (before + behind) as usize + 1);
    let access = match (tensor.flags() & READ_ONLY != 0, tensor.flags() & IS_COPIED != 0) {
        (true, _) => Access::ReadOnly,
        (false, true) => Access::Alone,
        (false, false) => Access::Shared,
    };
    let (shape, strides) = (D::shape_from(&shape)?, D::strides_from(&strides)?);
    // SAFETY: as the caller says; the buffer has all positions that shape and strides describe.
    unsafe {
        let memory = device.device().adopt(start, len * size_of::<T>(), Box::new(tensor), access);
        Ok(Array::from_strided_buffer(device, CudaBuffer::new(memory, len), shape, strides, before as usize))
    }
}
