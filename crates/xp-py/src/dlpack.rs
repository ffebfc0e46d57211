//! DLPack's capsules, versions 0 and 1: memory handed to and taken from other libraries. The structs in them are
//! [`xp_cpu::interop::dlpack`]'s.

use pyo3::exceptions::{PyAttributeError, PyBufferError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use xp_any::AnyDevice;
use xp_core::DType;
#[cfg(feature = "cuda")]
use xp_core::Dyn;
use xp_cpu::interop::dlpack::{self, DataType, Device as Place, IS_COPIED, Managed, READ_ONLY, Tensor, VERSION};

use crate::any::{Any, HOST};
use crate::array::PyArray;
use crate::error::Named;
use crate::info::Device;
use crate::memory::NO_BFLOAT16;
use crate::threads::locked;

/// The CPU as a DLPack device.
const CPU: (i32, i32) = (Place::CPU.kind, Place::CPU.id);

/// A device as DLPack numbers it.
pub fn place(device: &AnyDevice) -> (i32, i32) {
    let Place { kind, id } = device.place();
    (kind, id)
}

/// The device at a place.
pub fn device_at(function: &str, (kind, id): (i32, i32)) -> PyResult<AnyDevice> {
    AnyDevice::at(Place { kind, id }).map_err(|e| wrong(function, &e))
}

const PLAIN: &std::ffi::CStr = c"dltensor";
const PLAIN_USED: &std::ffi::CStr = c"used_dltensor";
const VERSIONED: &std::ffi::CStr = c"dltensor_versioned";
const VERSIONED_USED: &std::ffi::CStr = c"used_dltensor_versioned";

/// What keeps an exported tensor's memory: the array, which knows that somebody holds its address.
struct Export(Option<Py<PyArray>>);
impl Drop for Export {
    /// Gives the array back. When the interpreter has ended, the memory ends with the process.
    fn drop(&mut self) {
        let mut kept = self.0.take();
        locked(|py| {
            if let Some(array) = kept.take() {
                if let Ok(x) = array.try_borrow(py) {
                    x.release();
                }
                array.drop_ref(py);
            }
        });
        std::mem::forget(kept);
    }
}

/// A capsule of an array's memory, or of a copy on another device when one is asked for.
pub fn export<'py>(
    x: &Bound<'py, PyArray>,
    stream: Option<&Bound<'py, PyAny>>,
    max_version: Option<(u32, u32)>,
    device: Option<(i32, i32)>,
    copy: Option<bool>,
) -> PyResult<Bound<'py, PyAny>> {
    let target = match device {
        Some(there) if there != place(x.try_borrow()?.any.device()) => Some(device_at("__dlpack__", there)?),
        _ => None,
    };
    let stream = stream_of(stream, target.as_ref().unwrap_or(x.try_borrow()?.any.device()))?;
    let managed = lent(x, stream, max_version.is_some_and(|(major, _)| major >= 1), target, copy)?;
    // SAFETY: the capsules own their tensors until a consumer renames them.
    unsafe {
        let capsule = match managed {
            Managed::Versioned(m) => ffi::PyCapsule_New(m.into_raw().cast(), VERSIONED.as_ptr(), Some(drop_versioned)),
            Managed::Plain(m) => ffi::PyCapsule_New(m.into_raw().cast(), PLAIN.as_ptr(), Some(drop_plain)),
        };
        Bound::from_owned_ptr_or_err(x.py(), capsule)
    }
}

/// A tensor over an array's memory, or a copy of it on another device when one is asked for.
pub fn lent(x: &Bound<'_, PyArray>, stream: Option<i64>, versioned: bool, device: Option<AnyDevice>, copy: Option<bool>) -> PyResult<Managed> {
    let py = x.py();
    let any = x.try_borrow()?.any.clone();
    let target = device.unwrap_or_else(|| any.device().clone());
    let moves = target != *any.device();
    let (boolean, writable) = (any.dtype() == DType::Bool, any.is_writable());
    if moves && copy == Some(false) {
        return Err(PyBufferError::new_err(format!("__dlpack__(): copy=False, but an array on {} gets to {target} by a copy only", any.device())));
    }
    // A consumer of the old protocol cannot be told not to write, and some of the new one do not listen: booleans, of which
    // they could make bytes that are none, stay here.
    let must_copy = boolean || !writable && !versioned;
    if must_copy && copy == Some(false) {
        let why = match boolean {
            true => "others could write bytes to the memory that are no booleans",
            false => "the memory must not be written, and a consumer below version 1 cannot be told",
        };
        return Err(PyBufferError::new_err(format!("__dlpack__(): copy=False, but {why}")));
    }
    let copied = copy == Some(true) || must_copy || moves;
    let array = match (copied, moves) {
        (false, _) => x.clone(),
        (true, false) => Bound::new(py, PyArray::new(any.copy().named("__dlpack__")?))?,
        (true, true) => Bound::new(py, PyArray::new(any.to_device(&target).named("__dlpack__")?))?,
    };
    drop(any);
    let held = array.try_borrow()?;
    held.retain();
    let owner = Box::new(Export(Some(array.clone().unbind())));
    let flags = if copied { IS_COPIED } else { 0 } | if writable || copied { 0 } else { READ_ONLY };
    // SAFETY: the elements are those of the array, which the owner keeps; the stream is one that the protocol allows.
    unsafe { lend(&held.any, stream, versioned.then_some(flags), owner) }
}

/// The number that asks for no order among streams; none on the CPU, which has no streams.
pub fn unsynchronised(device: &AnyDevice) -> Option<i64> {
    (place(device) != CPU).then_some(-1)
}

/// The stream of a consumer, as the protocol numbers it: only arrays on a GPU are used on one.
fn stream_of(stream: Option<&Bound<'_, PyAny>>, device: &AnyDevice) -> PyResult<Option<i64>> {
    let Some(stream) = stream.filter(|s| !s.is_none()) else { return Ok(None) };
    if place(device) == CPU {
        return Err(PyBufferError::new_err("__dlpack__(): stream must be None on the CPU"));
    }
    match stream.extract::<i64>() {
        Ok(number) if number != 0 && number >= -1 => Ok(Some(number)),
        _ => Err(PyBufferError::new_err(format!(
            "__dlpack__(): stream is None, -1, 1, 2 or the handle of a stream; {} given",
            crate::dtype::describe(stream)
        ))),
    }
}

/// A tensor over the memory of an array; without flags one of a version before 1.
///
/// # Safety
/// The owner must keep the memory, what the flags say must be true, and the stream must be one of the protocol's.
pub unsafe fn lend(x: &Any, stream: Option<i64>, flags: Option<u64>, owner: Box<dyn std::any::Any + Send>) -> PyResult<Managed> {
    #[cfg(feature = "cuda")]
    if !x.is_on_host() {
        let managed = crate::any::dispatch!(x, |v| match AnyDevice::array_of::<xp_cuda::Cuda, _, _>(v) {
            // SAFETY: passed on.
            Some(v) => unsafe { xp_cuda::dlpack::lend(&v, stream, flags, owner) },
            None => unreachable!("there are two backends"),
        });
        return managed.named("__dlpack__");
    }
    let _ = stream;
    let Some(start) = x.host_address() else { return Err(PyBufferError::new_err(crate::error::not_read("a tensor", x.device()))) };
    let start = (Place::CPU, start.cast());
    // SAFETY: passed on.
    Ok(unsafe {
        match flags {
            Some(flags) => Managed::new(start, x.dtype(), x.dims(), x.strides(), flags, owner),
            None => Managed::new_plain(start, x.dtype(), x.dims(), x.strides(), owner),
        }
    })
}

/// What the CUDA Array Interface says of an array.
pub fn cuda_array_interface<'py>(x: &Bound<'py, PyArray>) -> PyResult<Bound<'py, PyDict>> {
    #[cfg(feature = "cuda")]
    {
        let array = x.try_borrow()?;
        let any = &array.any;
        let found =
            crate::any::dispatch!(any, |v| AnyDevice::array_of::<xp_cuda::Cuda, _, _>(v).map(|v| xp_cuda::dlpack::CudaArrayInterface::of(&v)));
        if let Some(found) = found {
            let found = found.named("__cuda_array_interface__")?;
            let out = PyDict::new(x.py());
            out.set_item("shape", pyo3::types::PyTuple::new(x.py(), found.shape)?)?;
            out.set_item("typestr", found.typestr)?;
            out.set_item("data", (found.data.0, !any.is_lent_for_writing()))?;
            out.set_item("strides", found.strides.map(|s| pyo3::types::PyTuple::new(x.py(), s)).transpose()?)?;
            out.set_item("stream", found.stream)?;
            out.set_item("version", found.version)?;
            // The protocol has no end: memory that the array gets rid of lives as long as the array.
            array.retain();
            return Ok(out);
        }
    }
    let device = x.try_borrow()?.any.device().to_string();
    Err(PyAttributeError::new_err(format!("__cuda_array_interface__: the array is on {device}, which is no CUDA device")))
}

unsafe extern "C" fn drop_plain(capsule: *mut ffi::PyObject) {
    // SAFETY: a capsule that was not consumed still has its first name and its tensor.
    unsafe {
        if ffi::PyCapsule_IsValid(capsule, PLAIN.as_ptr()) != 0 {
            drop(Managed::from_raw_plain(ffi::PyCapsule_GetPointer(capsule, PLAIN.as_ptr()).cast()));
        }
    }
}
unsafe extern "C" fn drop_versioned(capsule: *mut ffi::PyObject) {
    // SAFETY: as above.
    unsafe {
        if ffi::PyCapsule_IsValid(capsule, VERSIONED.as_ptr()) != 0 {
            drop(Managed::from_raw(ffi::PyCapsule_GetPointer(capsule, VERSIONED.as_ptr()).cast()));
        }
    }
}

/// An array over the memory of an object with `__dlpack__`.
pub fn import(function: &str, obj: &Bound<'_, PyAny>, device: Option<Device>, copy: Option<bool>) -> PyResult<Any> {
    let py = obj.py();
    let there: (i32, i32) = obj.call_method0("__dlpack_device__")?.extract::<(i32, i32)>()?;
    // Memory of the host, and that of a device without a backend, is asked for on the host.
    let source = match &device {
        Some(d) if d.0 == HOST => HOST,
        _ => device_at(function, there).map_err(|e| {
            PyBufferError::new_err(format!("{}: x lives on DLPack device {there:?}; pass device=\"cpu\" to copy it to the CPU", e.value(py)))
        })?,
    };
    let options = PyDict::new(py);
    if let Some(stream) = stream_number(&source) {
        options.set_item("stream", stream)?;
    }
    // What producers from before the other keywords take.
    let least = options.copy()?;
    options.set_item("max_version", (VERSION.major, VERSION.minor))?;
    if there.0 != CPU.0 && source == HOST {
        options.set_item("dl_device", CPU)?;
    }
    if let Some(copy) = copy {
        options.set_item("copy", copy)?;
    }
    let capsule = match obj.call_method("__dlpack__", (), Some(&options)) {
        Err(e) if e.is_instance_of::<PyTypeError>(py) => obj.call_method("__dlpack__", (), Some(&least))?,
        other => other?,
    };
    // SAFETY: a capsule of that name holds a tensor of that protocol; renaming it makes the tensor ours.
    unsafe {
        let raw = capsule.as_ptr();
        let managed = if ffi::PyCapsule_IsValid(raw, VERSIONED.as_ptr()) != 0 {
            let tensor: *mut dlpack::ManagedTensorVersioned = ffi::PyCapsule_GetPointer(raw, VERSIONED.as_ptr()).cast();
            ffi::PyCapsule_SetName(raw, VERSIONED_USED.as_ptr());
            Managed::from_raw(tensor)
        } else if ffi::PyCapsule_IsValid(raw, PLAIN.as_ptr()) != 0 {
            let tensor: *mut dlpack::ManagedTensor = ffi::PyCapsule_GetPointer(raw, PLAIN.as_ptr()).cast();
            ffi::PyCapsule_SetName(raw, PLAIN_USED.as_ptr());
            Managed::from_raw_plain(tensor)
        } else {
            return Err(PyBufferError::new_err(format!(
                "{function}(): x.__dlpack__() gave {}, which is no DLPack capsule, or one that was consumed",
                crate::dtype::describe(&capsule)
            )));
        };
        let x = foreign(function, managed.map_err(|e| wrong(function, &e))?, &source, copy)?;
        let target = device.map_or(source, |d| d.0);
        if target != *x.device() && copy == Some(false) {
            return Err(PyBufferError::new_err(format!("{function}(): copy=False, but an array on {} gets to {target} by a copy only", x.device())));
        }
        x.to_device(&target).named(function)
    }
}

/// The number of the stream on which arrays of a device are used; none on the CPU.
pub fn stream_number(device: &AnyDevice) -> Option<i64> {
    #[cfg(feature = "cuda")]
    if let Some(device) = <xp_cuda::Cuda as xp_any::Variant>::of(device) {
        return Some(xp_cuda::dlpack::stream(device));
    }
    let _ = device;
    None
}

fn wrong(function: &str, e: &xp_core::Error) -> PyErr {
    PyBufferError::new_err(format!("{function}(): {e}"))
}

/// # Safety
/// The tensor must describe memory of the device, which that may read.
pub unsafe fn foreign(function: &str, managed: Managed, device: &AnyDevice, copy: Option<bool>) -> PyResult<Any> {
    let t = managed.tensor();
    let (expected, Place { kind, id }) = (place(device), t.device);
    if kind != expected.0 || kind != CPU.0 && id != expected.1 {
        return Err(PyBufferError::new_err(format!("{function}(): the capsule is of device {:?}, {device}, {expected:?}, expected", (kind, id))));
    }
    let dtype = dtype_of(function, t)?;
    #[cfg(feature = "cuda")]
    if let Some(device) = <xp_cuda::Cuda as xp_any::Variant>::of(device) {
        if dtype == DType::Bool && copy == Some(false) {
            let why = "copy=False, but booleans are copied: others could write bytes to the memory that are none";
            return Err(PyBufferError::new_err(format!("{function}(): {why}")));
        }
        let own = managed.flags() & IS_COPIED != 0 || dtype == DType::Bool;
        let x: crate::any::XpResult = crate::any::with_dtype!(dtype, |T| {
            // SAFETY: passed on.
            let x = unsafe { xp_cuda::dlpack::import::<T, Dyn>(device, managed) };
            x.map(|x| AnyDevice::array(x).into())
        });
        let x = x.map_err(|e| import_error(function, e))?;
        return if copy == Some(true) && !own { x.copy().named(function) } else { Ok(x) };
    }
    let copy = if managed.flags() & IS_COPIED != 0 { None } else { copy };
    let memory = dlpack::memory(managed).map_err(|e| import_error(function, e))?;
    if memory.start.is_null() && !memory.shape.contains(&0) {
        return Err(PyBufferError::new_err(format!("{function}(): the capsule is of a tensor without memory, shape {:?}", memory.shape)));
    }
    // SAFETY: passed on.
    unsafe { crate::memory::array(memory, dtype, function, copy) }
}

fn import_error(function: &str, e: xp_core::Error) -> PyErr {
    match e {
        e @ (xp_core::Error::TooLarge { .. } | xp_core::Error::Rank { .. } | xp_core::Error::OutOfMemory { .. }) => {
            crate::error::to_python(function, e)
        }
        e => wrong(function, &e),
    }
}

pub fn dtype_of(function: &str, t: &Tensor) -> PyResult<DType> {
    match t.dtype.dtype() {
        Some(d) if crate::dtype::ALL.contains(&d) => Ok(d),
        found => {
            let DataType { code, bits, lanes } = t.dtype;
            let half = if found.is_some() { format!("; {NO_BFLOAT16}") } else { String::new() };
            Err(PyTypeError::new_err(format!(
                "{function}(): x has DLPack dtype (code {code}, {bits} bits, {lanes} lanes), which is not a dtype of the module{half}"
            )))
        }
    }
}
