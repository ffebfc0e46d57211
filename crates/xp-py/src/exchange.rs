//! DLPack's exchange API: its functions as a table that C extensions find on the class, `Array.__dlpack_c_exchange_api__`, and call
//! without a detour through Python's attributes.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::{null, null_mut};

use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use xp_cpu::interop::dlpack::{IS_COPIED, Managed, ManagedTensorVersioned, Tensor, Version};

use crate::any::{Any, with_dtype};
use crate::array::PyArray;
use crate::dlpack::{device_at, dtype_of, foreign, lend, lent, place, stream_number, unsynchronised};
use crate::error::{Named, guard};
use xp_core::DType;

/// What errors name.
const NAME: &str = "__dlpack_c_exchange_api__";

/// What every version of the table begins with.
#[repr(C)]
struct Header {
    version: Version,
    older: *const Header,
}

/// How an allocation that failed is told: the caller's context, the name of an exception, a message.
type SetError = unsafe extern "C" fn(*mut c_void, *const c_char, *const c_char);

/// `DLPackExchangeAPI` of dlpack.h.
#[repr(C)]
struct Table {
    header: Header,
    managed_tensor_allocator: unsafe extern "C" fn(*const Tensor, *mut *mut ManagedTensorVersioned, *mut c_void, SetError) -> c_int,
    managed_tensor_from_py_object_no_sync: unsafe extern "C" fn(*mut c_void, *mut *mut ManagedTensorVersioned) -> c_int,
    managed_tensor_to_py_object_no_sync: unsafe extern "C" fn(*mut ManagedTensorVersioned, *mut *mut c_void) -> c_int,
    dltensor_from_py_object_no_sync: Option<unsafe extern "C" fn(*mut c_void, *mut Tensor) -> c_int>,
    current_work_stream: unsafe extern "C" fn(c_int, i32, *mut *mut c_void) -> c_int,
}
// SAFETY: nothing in it ever changes.
unsafe impl Sync for Table {}

static TABLE: Table = Table {
    header: Header { version: Version { major: 1, minor: 3 }, older: null() },
    managed_tensor_allocator: allocate,
    managed_tensor_from_py_object_no_sync: managed_of,
    managed_tensor_to_py_object_no_sync: array_of,
    // A view points to the array's own lengths and strides, which are as wide as addresses.
    dltensor_from_py_object_no_sync: if cfg!(target_pointer_width = "64") { Some(view_of) } else { None },
    current_work_stream: stream_of,
};

/// The table in a capsule.
pub fn capsule(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: table and name live as long as the process.
    unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyCapsule_New((&raw const TABLE).cast_mut().cast(), c"dlpack_exchange_api".as_ptr(), None)) }
}

/// Runs a function of the table: 0, or -1 with a Python exception.
///
/// # Safety
/// The calling thread must be attached to the interpreter.
unsafe fn status(f: impl FnOnce(Python<'_>) -> PyResult<()>) -> c_int {
    // SAFETY: by the caller.
    let py = unsafe { Python::assume_attached() };
    match guard(NAME, || f(py)) {
        Ok(()) => 0,
        Err(e) => {
            e.restore(py);
            -1
        }
    }
}

/// The array that an object is.
///
/// # Safety
/// The pointer must be that of a living Python object.
unsafe fn array(py: Python<'_>, object: *mut c_void) -> PyResult<Bound<'_, PyArray>> {
    // SAFETY: by the caller.
    let object = unsafe { Bound::from_borrowed_ptr(py, object.cast()) };
    object.cast_into::<PyArray>().map_err(|e| {
        let given = crate::dtype::describe(&e.into_inner());
        PyTypeError::new_err(format!("{NAME}: an array of xparray expected; {given} given"))
    })
}

/// An array as a tensor that keeps it.
unsafe extern "C" fn managed_of(object: *mut c_void, out: *mut *mut ManagedTensorVersioned) -> c_int {
    // SAFETY: the table's contract: an object, room for the pointer, and an attached thread.
    unsafe {
        status(|py| {
            let x = array(py, object)?;
            let stream = unsynchronised(x.try_borrow()?.any.device());
            *out = match lent(&x, stream, true, None, None)? {
                Managed::Versioned(tensor) => tensor.into_raw(),
                Managed::Plain(_) => unreachable!("one of version 1 was asked for"),
            };
            Ok(())
        })
    }
}

/// A tensor, which is taken over, as an array.
unsafe extern "C" fn array_of(tensor: *mut ManagedTensorVersioned, out: *mut *mut c_void) -> c_int {
    // SAFETY: the table's contract: a tensor that is given away, room for the pointer, and an attached thread.
    unsafe {
        status(|py| {
            let managed = Managed::from_raw(tensor).map_err(|e| PyBufferError::new_err(format!("{NAME}: {e}")))?;
            let there = managed.tensor().device;
            let source = device_at(NAME, (there.kind, there.id))?;
            let x = foreign(NAME, managed, &source, None)?;
            *out = Bound::new(py, PyArray::new(x))?.into_ptr().cast();
            Ok(())
        })
    }
}

/// An array as a tensor that lives as long as the call in which it is asked for.
unsafe extern "C" fn view_of(object: *mut c_void, out: *mut Tensor) -> c_int {
    // SAFETY: the table's contract: an object, room for the tensor, and an attached thread.
    unsafe {
        status(|py| {
            let x = array(py, object)?;
            let x = x.try_borrow()?;
            let any = &x.any;
            if !any.is_lent_for_writing() {
                return Err(PyBufferError::new_err(format!(
                    "{NAME}: a plain tensor cannot say that it must not be written, as booleans and read-only memory must not: take a managed one"
                )));
            }
            let Some(data) = any.host_address() else {
                return Err(PyBufferError::new_err(format!("{NAME}: the array is on {}: take a managed tensor", any.device())));
            };
            let (kind, id) = place(any.device());
            *out = Tensor {
                data: data.cast(),
                device: xp_cpu::interop::dlpack::Device { kind, id },
                ndim: any.ndim() as i32,
                dtype: any.dtype().into(),
                shape: any.dims().as_ptr().cast_mut().cast(),
                strides: any.strides().as_ptr().cast_mut().cast(),
                byte_offset: 0,
            };
            Ok(())
        })
    }
}

/// The stream on which arrays of a device are used; null on the CPU.
unsafe extern "C" fn stream_of(kind: c_int, id: i32, out: *mut *mut c_void) -> c_int {
    // SAFETY: the table's contract: room for the pointer, and an attached thread.
    unsafe {
        status(|_| {
            let device = device_at(NAME, (kind, id))?;
            *out = stream_number(&device).map_or(null_mut(), |stream| stream as usize as *mut c_void);
            Ok(())
        })
    }
}

/// New memory for the shape and dtype of a prototype, of whose fields no others are looked at. No thread has to be attached.
unsafe extern "C" fn allocate(prototype: *const Tensor, out: *mut *mut ManagedTensorVersioned, context: *mut c_void, set_error: SetError) -> c_int {
    // SAFETY: the table's contract: a prototype with as many lengths as axes, room for the pointer, a function that takes texts.
    unsafe {
        match guard(NAME, || zeros(&*prototype)) {
            Ok(Managed::Versioned(tensor)) => {
                *out = tensor.into_raw();
                0
            }
            Ok(Managed::Plain(_)) => unreachable!("one of version 1 was asked for"),
            Err(e) => {
                let (kind, message) = Python::attach(|py| (e.get_type(py).name().map(|n| n.to_string()), e.value(py).to_string()));
                let [kind, message] = [kind.unwrap_or_default(), message].map(|text| CString::new(text).unwrap_or_default());
                let kind: &CStr = &kind;
                set_error(context, kind.as_ptr(), message.as_ptr());
                -1
            }
        }
    }
}

/// # Safety
/// The shape must have as many lengths as there are axes.
unsafe fn zeros(prototype: &Tensor) -> PyResult<Managed> {
    let wrong = |why: String| PyBufferError::new_err(format!("{NAME}: {why}"));
    let ndim = usize::try_from(prototype.ndim).map_err(|_| wrong(format!("a prototype of {} axes given", prototype.ndim)))?;
    // SAFETY: by the caller.
    let lengths = (0..ndim).map(|k| unsafe { *prototype.shape.add(k) });
    let shape: Vec<usize> =
        lengths.map(|n| usize::try_from(n).map_err(|_| wrong(format!("a prototype with an axis of length {n} given")))).collect::<PyResult<_>>()?;
    xp_core::size_of_shape(&shape).named(NAME)?;
    let device = device_at(NAME, (prototype.device.kind, prototype.device.id))?;
    let dtype: DType = dtype_of(NAME, prototype)?;
    let x = with_dtype!(dtype, |T| xp_core::functions::zeros::<_, T, _>(&device, &shape[..]).map(Any::from)).named(NAME)?;
    // SAFETY: the elements are the array's, which goes along and which nobody else has.
    unsafe { lend(&x, unsynchronised(&device), Some(IS_COPIED), Box::new(x.clone())) }
}
