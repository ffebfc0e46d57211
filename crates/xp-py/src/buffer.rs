//! The buffer protocol, both ways.

use std::ffi::{CStr, CString, c_int};

use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use xp_core::DType;

use crate::any::Any;
use crate::array::PyArray;
use crate::memory::{Access, Foreign, row_major};

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
    let Some(address) = x.any.host_address() else { return Err(PyBufferError::new_err(crate::error::not_read("a buffer", x.any.device()))) };
    let writable = x.any.is_lent_for_writing();
    if flags & ffi::PyBUF_WRITABLE != 0 && !writable {
        let why = if x.any.dtype() == DType::Bool { " by others: they could write bytes that are no booleans" } else { "" };
        return Err(PyBufferError::new_err(format!("a writable buffer was asked for, but the memory must not be written{why}")));
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
        (*view).buf = address.cast();
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

/// A view of another object's memory, released when the last array over it is gone.
struct View(Box<ffi::Py_buffer>);
// SAFETY: the fields are only read, and the view is released with the interpreter attached.
unsafe impl Send for View {}
// SAFETY: as above.
unsafe impl Sync for View {}
impl View {
    fn of(obj: &Bound<'_, PyAny>) -> PyResult<View> {
        let mut view = Box::new(ffi::Py_buffer::new());
        // SAFETY: the view is new, and stays in its box; on failure there is nothing to release.
        if unsafe { ffi::PyObject_GetBuffer(obj.as_ptr(), &mut *view, ffi::PyBUF_RECORDS_RO) } != 0 {
            return Err(PyErr::fetch(obj.py()));
        }
        Ok(View(view))
    }

    /// The list at `start`, one entry per axis.
    fn list(&self, start: *const ffi::Py_ssize_t) -> Option<Vec<isize>> {
        // SAFETY: a list that is there has an entry for every axis.
        (!start.is_null()).then(|| (0..self.0.ndim as usize).map(|k| unsafe { *start.add(k) }).collect())
    }
}
impl Drop for View {
    fn drop(&mut self) {
        // When the interpreter has ended there is nobody to give the view back to.
        crate::threads::locked(|_| {
            // SAFETY: the view was filled, and is released once.
            unsafe { ffi::PyBuffer_Release(&mut *self.0) }
        });
    }
}

/// An array over the memory of an object with a buffer; `None` when it has none.
pub fn import(obj: &Bound<'_, PyAny>, copy: Option<bool>) -> PyResult<Option<Any>> {
    // SAFETY: asks whether the type has the protocol.
    if unsafe { ffi::PyObject_CheckBuffer(obj.as_ptr()) } == 0 {
        return Ok(None);
    }
    let view = View::of(obj)?;
    let item = view.0.itemsize.max(0) as usize;
    // SAFETY: a format that is there ends in a null byte; none means bytes.
    let format = if view.0.format.is_null() { c"B" } else { unsafe { CStr::from_ptr(view.0.format) } };
    let dtype = dtype_of(format, item)?;
    if !view.0.suboffsets.is_null() && view.0.ndim > 0 {
        return Err(PyBufferError::new_err("asarray(): a buffer of pointers (with suboffsets) has no strides"));
    }
    let bytes = view.0.len.max(0) as usize;
    let shape = match view.list(view.0.shape) {
        Some(lengths) => lengths.into_iter().map(|n| n.max(0) as usize).collect(),
        None if view.0.ndim == 0 => vec![],
        None => vec![bytes / item.max(1)],
    };
    let strides = view.list(view.0.strides).unwrap_or_else(|| row_major(&shape, item));
    let access = if view.0.readonly != 0 { Access::ReadOnly } else { Access::Shared };
    let foreign = Foreign { start: view.0.buf.cast(), shape, strides, access, owner: Box::new(view) };
    // SAFETY: the exporter keeps the memory as described while the view is held.
    unsafe { crate::memory::array(foreign, dtype, "asarray", copy).map(Some) }
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
    let unknown = || PyTypeError::new_err(format!("asarray(): a buffer of format {text:?} is not of a dtype of the module"));
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
        ("e", 2) => DType::F16,
        ("f", 4) => DType::F32,
        ("d", 8) => DType::F64,
        ("Zf", 8) => DType::C64,
        ("Zd", 16) => DType::C128,
        _ => return Err(unknown()),
    };
    Ok(d)
}
