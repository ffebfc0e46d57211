//! DLPack, versions 0 and 1: memory handed to and taken from other libraries.

use std::ffi::{c_char, c_void};

use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use xp_core::DType;

use crate::any::Any;
use crate::array::PyArray;
use crate::error::Named;
use crate::info::Device;
use crate::memory::{Foreign, NO_HALF, row_major};

/// The CPU as a DLPack device.
pub const CPU: (i32, i32) = (1, 0);
/// The version that is spoken.
const VERSION: Version = Version { major: 1, minor: 1 };
const READ_ONLY: u64 = 1;
const IS_COPIED: u64 = 2;

const PLAIN: &std::ffi::CStr = c"dltensor";
const PLAIN_USED: &std::ffi::CStr = c"used_dltensor";
const VERSIONED: &std::ffi::CStr = c"dltensor_versioned";
const VERSIONED_USED: &std::ffi::CStr = c"used_dltensor_versioned";

#[repr(C)]
struct Tensor {
    data: *mut c_void,
    device: (i32, i32),
    ndim: i32,
    code: u8,
    bits: u8,
    lanes: u16,
    shape: *mut i64,
    strides: *mut i64,
    byte_offset: u64,
}
#[repr(C)]
struct Managed {
    tensor: Tensor,
    context: *mut c_void,
    deleter: Option<unsafe extern "C" fn(*mut Managed)>,
}
#[repr(C)]
struct Version {
    major: u32,
    minor: u32,
}
#[repr(C)]
struct ManagedVersioned {
    version: Version,
    context: *mut c_void,
    deleter: Option<unsafe extern "C" fn(*mut ManagedVersioned)>,
    flags: u64,
    tensor: Tensor,
}

/// What an exported tensor points into.
struct Context {
    array: Py<PyArray>,
    shape: Vec<i64>,
    strides: Vec<i64>,
}
impl Context {
    fn new(array: &Bound<'_, PyArray>) -> Box<Context> {
        let x = array.borrow();
        x.retain();
        let shape = x.any.dims().iter().map(|&n| n as i64).collect();
        let strides = x.any.strides().iter().map(|&s| s as i64).collect();
        Box::new(Context { array: array.clone().unbind(), shape, strides })
    }

    fn tensor(&mut self, any: &Any) -> Tensor {
        let (code, bits) = code(any.dtype());
        Tensor {
            data: any.address().cast(),
            device: CPU,
            ndim: self.shape.len() as i32,
            code,
            bits,
            lanes: 1,
            shape: self.shape.as_mut_ptr(),
            strides: self.strides.as_mut_ptr(),
            byte_offset: 0,
        }
    }

    /// Gives the array back. When the interpreter has ended, the memory ends with the process.
    fn end(self: Box<Self>) {
        let mut this = Some(self);
        Python::try_attach(|py| {
            if let Some(context) = this.take() {
                if let Ok(x) = context.array.try_borrow(py) {
                    x.release();
                }
                drop(context);
            }
        });
        std::mem::forget(this);
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
    let writable = x.try_borrow()?.any.is_writable();
    // A consumer of the old protocol cannot be told not to write.
    let must_copy = !writable && !versioned;
    if must_copy && copy == Some(false) {
        return Err(PyBufferError::new_err(
            "__dlpack__(): copy=False, but the memory must not be written, and a consumer below version 1 cannot be told",
        ));
    }
    let copied = copy == Some(true) || must_copy;
    let array = if copied { Bound::new(py, PyArray::new(x.try_borrow()?.any.copy().named("__dlpack__")?))? } else { x.clone() };
    let mut context = Context::new(&array);
    let tensor = context.tensor(&array.try_borrow()?.any);
    let context = Box::into_raw(context).cast();
    // SAFETY: the capsules own their tensors until a consumer renames them; both deleters free what is made here.
    unsafe {
        let capsule = if versioned {
            let flags = if copied { IS_COPIED } else { 0 } | if writable || copied { 0 } else { READ_ONLY };
            let managed = Box::into_raw(Box::new(ManagedVersioned { version: VERSION, context, deleter: Some(delete_versioned), flags, tensor }));
            ffi::PyCapsule_New(managed.cast(), VERSIONED.as_ptr(), Some(drop_versioned))
        } else {
            let managed = Box::into_raw(Box::new(Managed { tensor, context, deleter: Some(delete_plain) }));
            ffi::PyCapsule_New(managed.cast(), PLAIN.as_ptr(), Some(drop_plain))
        };
        Bound::from_owned_ptr_or_err(py, capsule)
    }
}

unsafe extern "C" fn delete_plain(managed: *mut Managed) {
    // SAFETY: consumers call the deleter once, with the pointer they were given.
    unsafe { Box::from_raw(Box::from_raw(managed).context.cast::<Context>()).end() };
}
unsafe extern "C" fn delete_versioned(managed: *mut ManagedVersioned) {
    // SAFETY: as above.
    unsafe { Box::from_raw(Box::from_raw(managed).context.cast::<Context>()).end() };
}
unsafe extern "C" fn drop_plain(capsule: *mut ffi::PyObject) {
    // SAFETY: a capsule that was not consumed still has its first name and its tensor.
    unsafe {
        if ffi::PyCapsule_IsValid(capsule, PLAIN.as_ptr()) != 0 {
            delete_plain(ffi::PyCapsule_GetPointer(capsule, PLAIN.as_ptr()).cast());
        }
    }
}
unsafe extern "C" fn drop_versioned(capsule: *mut ffi::PyObject) {
    // SAFETY: as above.
    unsafe {
        if ffi::PyCapsule_IsValid(capsule, VERSIONED.as_ptr()) != 0 {
            delete_versioned(ffi::PyCapsule_GetPointer(capsule, VERSIONED.as_ptr()).cast());
        }
    }
}

/// Calls the producer's deleter when the last array over its memory is gone.
enum Owner {
    Plain(*mut Managed),
    Versioned(*mut ManagedVersioned),
}
// SAFETY: the tensor is only read, and DLPack's deleters may be called on any thread.
unsafe impl Send for Owner {}
// SAFETY: as above.
unsafe impl Sync for Owner {}
impl Drop for Owner {
    fn drop(&mut self) {
        // SAFETY: the capsule was consumed, so this is the only call.
        unsafe {
            match *self {
                Owner::Plain(m) => {
                    if let Some(deleter) = (*m).deleter {
                        deleter(m);
                    }
                }
                Owner::Versioned(m) => {
                    if let Some(deleter) = (*m).deleter {
                        deleter(m);
                    }
                }
            }
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
    // SAFETY: a capsule of that name holds a tensor of that protocol; renaming it makes its memory ours.
    unsafe {
        let raw = capsule.as_ptr();
        if ffi::PyCapsule_IsValid(raw, VERSIONED.as_ptr()) != 0 {
            let managed: *mut ManagedVersioned = ffi::PyCapsule_GetPointer(raw, VERSIONED.as_ptr()).cast();
            if (*managed).version.major != VERSION.major {
                let Version { major, minor } = (*managed).version;
                return Err(PyBufferError::new_err(format!("{function}(): x gives DLPack version {major}.{minor}, version 1 expected")));
            }
            ffi::PyCapsule_SetName(raw, VERSIONED_USED.as_ptr());
            let owner = Owner::Versioned(managed);
            let flags = (*managed).flags;
            foreign(function, &(*managed).tensor, flags & READ_ONLY != 0, owner, if flags & IS_COPIED != 0 { None } else { copy })
        } else if ffi::PyCapsule_IsValid(raw, PLAIN.as_ptr()) != 0 {
            let managed: *mut Managed = ffi::PyCapsule_GetPointer(raw, PLAIN.as_ptr()).cast();
            ffi::PyCapsule_SetName(raw, PLAIN_USED.as_ptr());
            foreign(function, &(*managed).tensor, false, Owner::Plain(managed), copy)
        } else {
            Err(PyBufferError::new_err(format!(
                "{function}(): x.__dlpack__() gave {}, which is no DLPack capsule, or one that was consumed",
                crate::dtype::describe(&capsule)
            )))
        }
    }
}

/// # Safety
/// The tensor must describe readable memory, alive while the owner lives.
unsafe fn foreign(function: &str, t: &Tensor, readonly: bool, owner: Owner, copy: Option<bool>) -> PyResult<Any> {
    if t.device.0 != CPU.0 {
        return Err(PyBufferError::new_err(format!("{function}(): the capsule is of device {:?}, the CPU expected", t.device)));
    }
    let dtype = dtype_of(function, t)?;
    let ndim = usize::try_from(t.ndim).unwrap_or(0);
    // SAFETY: a tensor has `ndim` lengths, and as many strides unless the pointer is null.
    let shape: Vec<usize> = (0..ndim).map(|k| unsafe { *t.shape.add(k) }.max(0) as usize).collect();
    let strides = if t.strides.is_null() {
        row_major(&shape, dtype.size())
    } else {
        // SAFETY: as above.
        (0..ndim).map(|k| unsafe { *t.strides.add(k) } as isize * dtype.size() as isize).collect()
    };
    let start = t.data.cast::<u8>().wrapping_add(t.byte_offset as usize);
    let foreign = Foreign { start, dtype, shape, strides, readonly, owner: Box::new(owner) };
    // SAFETY: passed on.
    unsafe { foreign.into_array(function, copy) }
}

fn code(d: DType) -> (u8, u8) {
    use xp_core::dtype::Kind;
    let code = match d.kind() {
        Kind::SignedInteger => 0,
        Kind::UnsignedInteger => 1,
        Kind::RealFloating => 2,
        Kind::ComplexFloating => 5,
        Kind::Bool => 6,
    };
    (code, 8 * d.size() as u8)
}

fn dtype_of(function: &str, t: &Tensor) -> PyResult<DType> {
    if let Some(&d) = crate::dtype::ALL.iter().find(|&&d| code(d) == (t.code, t.bits) && t.lanes == 1) {
        return Ok(d);
    }
    let (code, bits, lanes) = (t.code, t.bits, t.lanes);
    let half = if bits == 16 && matches!(code, 2 | 4) { format!("; {NO_HALF}") } else { String::new() };
    Err(PyTypeError::new_err(format!(
        "{function}(): x has DLPack dtype (code {code}, {bits} bits, {lanes} lanes), which is not a dtype of the standard{half}"
    )))
}

const _: () = assert!(size_of::<Tensor>() == 48 && size_of::<ManagedVersioned>() == 80 && size_of::<c_char>() == 1);
