//! DLPack's capsules, versions 0 and 1: memory handed to and taken from other libraries. The structs in them are
//! [`xp_cpu::interop::dlpack`]'s.

use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use xp_core::DType;
use xp_cpu::interop::dlpack::{self, DataType, Device as Place, IS_COPIED, Managed, READ_ONLY, Tensor, VERSION};

use crate::any::Any;
use crate::array::PyArray;
use crate::error::Named;
use crate::info::Device;
use crate::memory::NO_HALF;
use crate::threads::locked;

/// The CPU as a DLPack device.
pub const CPU: (i32, i32) = (Place::CPU.kind, Place::CPU.id);

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

/// A capsule of an array's memory.
pub fn export<'py>(
    x: &Bound<'py, PyArray>,
    max_version: Option<(u32, u32)>,
    device: Option<(i32, i32)>,
    copy: Option<bool>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = x.py();
    if device.is_some_and(|d| d != CPU) {
        return Err(PyBufferError::new_err(format!(
            "__dlpack__(): dl_device {:?} given: the only device is {CPU:?}, the CPU",
            device.unwrap_or_default()
        )));
    }
    let versioned = max_version.is_some_and(|(major, _)| major >= 1);
    let (boolean, writable) = {
        let any = &x.try_borrow()?.any;
        (any.dtype() == DType::Bool, any.is_writable())
    };
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
    let copied = copy == Some(true) || must_copy;
    let array = if copied { Bound::new(py, PyArray::new(x.try_borrow()?.any.copy().named("__dlpack__")?))? } else { x.clone() };
    let held = array.try_borrow()?;
    held.retain();
    let (owner, any) = (Box::new(Export(Some(array.clone().unbind()))), &held.any);
    let (start, dtype) = (any.address().cast(), any.dtype());
    let flags = if copied { IS_COPIED } else { 0 } | if writable || copied { 0 } else { READ_ONLY };
    // SAFETY: the elements are those of the array, which the owner keeps; the capsules own their tensors until a consumer
    // renames them.
    unsafe {
        let managed = match versioned {
            true => Managed::new((Place::CPU, start), dtype, any.dims(), any.strides(), flags, owner),
            false => Managed::new_plain((Place::CPU, start), dtype, any.dims(), any.strides(), owner),
        };
        let capsule = match managed {
            Managed::Versioned(m) => ffi::PyCapsule_New(m.into_raw().cast(), VERSIONED.as_ptr(), Some(drop_versioned)),
            Managed::Plain(m) => ffi::PyCapsule_New(m.into_raw().cast(), PLAIN.as_ptr(), Some(drop_plain)),
        };
        Bound::from_owned_ptr_or_err(py, capsule)
    }
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
    let place: (i32, i32) = obj.call_method0("__dlpack_device__")?.extract::<(i32, i32)>()?;
    if place.0 != CPU.0 && device.is_none() {
        return Err(PyBufferError::new_err(format!(
            "{function}(): x lives on DLPack device {place:?}, and only the CPU, {CPU:?}, is possible: pass device=\"cpu\" to copy"
        )));
    }
    let options = PyDict::new(py);
    options.set_item("max_version", (VERSION.major, VERSION.minor))?;
    if place.0 != CPU.0 {
        options.set_item("dl_device", CPU)?;
    }
    if let Some(copy) = copy {
        options.set_item("copy", copy)?;
    }
    let capsule = match obj.call_method("__dlpack__", (), Some(&options)) {
        // A producer from before the keywords.
        Err(e) if e.is_instance_of::<PyTypeError>(py) => obj.call_method0("__dlpack__")?,
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
        foreign(function, managed.map_err(|e| wrong(function, &e))?, copy)
    }
}

fn wrong(function: &str, e: &xp_core::Error) -> PyErr {
    PyBufferError::new_err(format!("{function}(): {e}"))
}

/// # Safety
/// The tensor must describe readable memory.
unsafe fn foreign(function: &str, managed: Managed, copy: Option<bool>) -> PyResult<Any> {
    let t = managed.tensor();
    if t.device.kind != Place::CPU.kind {
        return Err(PyBufferError::new_err(format!("{function}(): the capsule is of device {:?}, the CPU expected", t.device)));
    }
    let dtype = dtype_of(function, t)?;
    let copy = if managed.flags() & IS_COPIED != 0 { None } else { copy };
    let memory = dlpack::memory(managed).map_err(|e| match e {
        e @ (xp_core::Error::TooLarge { .. } | xp_core::Error::Rank { .. }) => crate::error::to_python(function, e),
        e => wrong(function, &e),
    })?;
    if memory.start.is_null() && !memory.shape.contains(&0) {
        return Err(PyBufferError::new_err(format!("{function}(): the capsule is of a tensor without memory, shape {:?}", memory.shape)));
    }
    // SAFETY: passed on.
    unsafe { crate::memory::array(memory, dtype, function, copy) }
}

fn dtype_of(function: &str, t: &Tensor) -> PyResult<DType> {
    match t.dtype.dtype() {
        Some(d) if crate::dtype::ALL.contains(&d) => Ok(d),
        found => {
            let DataType { code, bits, lanes } = t.dtype;
            let half = if found.is_some() { format!("; {NO_HALF}") } else { String::new() };
            Err(PyTypeError::new_err(format!(
                "{function}(): x has DLPack dtype (code {code}, {bits} bits, {lanes} lanes), which is not a dtype of the standard{half}"
            )))
        }
    }
}
