//! The buffer protocol, both ways.

use std::ffi::{CStr, CString, c_int};

use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use xp_core::DType;

use crate::any::Any;
use crate::array::PyArray;
use crate::memory::{Foreign, NO_HALF};

/// What a view of an array points into.
struct Layout {
    shape: Vec<ffi::Py_ssize_t>,
    strides: Vec<ffi::Py_ssize_t>,
    format: CString,
}

/// Fills a view of an array's memory.
///
/// # Safety
/// As the buffer protocol says.
pub unsafe fn fill(slf: &Bound<'_, PyArray>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
    if view.is_null() {
        return Err(PyBufferError::new_err("the view is null"));
    }
    let x = slf.try_borrow()?;
    let writable = x.any.owns_memory();
    if flags & ffi::PyBUF_WRITABLE != 0 && !writable {
        return Err(PyBufferError::new_err("a writable buffer was asked for, but other arrays share the memory"));
    }
    let contiguous = xp_core::is_contiguous(x.any.dims(), x.any.strides());
    let wants_strides = flags & ffi::PyBUF_STRIDES == ffi::PyBUF_STRIDES;
    if !contiguous && (!wants_strides || flags & ffi::PyBUF_C_CONTIGUOUS == ffi::PyBUF_C_CONTIGUOUS) {
        return Err(PyBufferError::new_err("a contiguous buffer was asked for, but the array is strided"));
    }
    let item = x.any.dtype().size();
    let layout = Box::new(Layout {
        shape: x.any.dims().iter().map(|&n| n as ffi::Py_ssize_t).collect(),
        strides: x.any.strides().iter().map(|&s| s * item as isize).collect(),
        format: CString::new(format_of(x.any.dtype())).unwrap_or_default(),
    });
    let layout = Box::into_raw(layout);
    x.retain();
    // SAFETY: the view is the caller's to fill; the layout lives until `release`, the memory as long as the array.
    unsafe {
        (*view).obj = slf.clone().into_any().into_ptr();
        (*view).buf = x.any.address().cast();
        (*view).len = (x.any.size() * item) as ffi::Py_ssize_t;
        (*view).readonly = c_int::from(!writable);
        (*view).itemsize = item as ffi::Py_ssize_t;
        (*view).format = if flags & ffi::PyBUF_FORMAT != 0 { (*layout).format.as_ptr().cast_mut() } else { std::ptr::null_mut() };
        (*view).ndim = x.any.ndim() as c_int;
        (*view).shape = if flags & ffi::PyBUF_ND != 0 { (*layout).shape.as_mut_ptr() } else { std::ptr::null_mut() };
        (*view).strides = if wants_strides { (*layout).strides.as_mut_ptr() } else { std::ptr::null_mut() };
        (*view).suboffsets = std::ptr::null_mut();
        (*view).internal = layout.cast();
    }
    Ok(())
}

/// Ends a view.
///
/// # Safety
/// The view must come from [`fill`].
pub unsafe fn release(slf: &Bound<'_, PyArray>, view: *mut ffi::Py_buffer) {
    // SAFETY: `fill` put the layout there.
    unsafe { drop(Box::from_raw((*view).internal.cast::<Layout>())) };
    if let Ok(x) = slf.try_borrow() {
        x.release();
    }
}

/// An array over the memory of an object with a buffer; `None` when it has none.
pub fn import(obj: &Bound<'_, PyAny>, copy: Option<bool>) -> PyResult<Option<Any>> {
    // SAFETY: asks whether the type has the protocol.
    if unsafe { ffi::PyObject_CheckBuffer(obj.as_ptr()) } == 0 {
        return Ok(None);
    }
    let buffer = PyUntypedBuffer::get(obj)?;
    let dtype = dtype_of(buffer.format(), buffer.item_size())?;
    let foreign = Foreign {
        start: buffer.buf_ptr().cast(),
        dtype,
        shape: buffer.shape().to_vec(),
        strides: buffer.strides().to_vec(),
        readonly: buffer.readonly(),
        owner: Box::new(buffer),
    };
    // SAFETY: the exporter keeps the memory as described while the buffer is held.
    unsafe { foreign.into_array("asarray", copy).map(Some) }
}

fn format_of(d: DType) -> &'static str {
    match d {
        DType::Bool => "?",
        DType::I8 => "b",
        DType::I16 => "h",
        DType::I32 => "i",
        DType::I64 => "q",
        DType::U8 => "B",
        DType::U16 => "H",
        DType::U32 => "I",
        DType::U64 => "Q",
        DType::F32 => "f",
        DType::F64 => "d",
        DType::C64 => "Zf",
        DType::C128 => "Zd",
        DType::F16 | DType::BF16 => "e",
    }
}

fn dtype_of(format: &CStr, item: usize) -> PyResult<DType> {
    let text = format.to_str().unwrap_or("");
    let unknown = || {
        let half = if text.ends_with('e') { format!("; {NO_HALF}") } else { String::new() };
        PyTypeError::new_err(format!("asarray(): a buffer of format {text:?} is not of a dtype of the standard{half}"))
    };
    let native = if cfg!(target_endian = "little") { ['@', '=', '<'] } else { ['@', '=', '>'] };
    let code = text.strip_prefix(native).unwrap_or(text);
    let d = match (code, item) {
        ("?", 1) => DType::Bool,
        ("b", 1) => DType::I8,
        ("B" | "", 1) => DType::U8,
        ("h", 2) => DType::I16,
        ("H", 2) => DType::U16,
        ("i" | "l", 4) => DType::I32,
        ("I" | "L", 4) => DType::U32,
        ("l" | "q" | "n", 8) => DType::I64,
        ("L" | "Q" | "N", 8) => DType::U64,
        ("f", 4) => DType::F32,
        ("d", 8) => DType::F64,
        ("Zf", 8) => DType::C64,
        ("Zd", 16) => DType::C128,
        _ => return Err(unknown()),
    };
    Ok(d)
}
