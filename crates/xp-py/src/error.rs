//! Errors of xp as the exceptions that NumPy's users expect.

use pyo3::exceptions::{PyException, PyIndexError, PyMemoryError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyTuple, PyType};
use xp_any::AnyDevice;
use xp_core::{DType, Error};

pyo3::create_exception!(xparray.linalg, LinAlgError, PyValueError, "A matrix has no such decomposition or solution.");

/// `AxisError`, which is a `ValueError` and an `IndexError`, as in NumPy.
pub fn axis_error(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static TYPE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let make = || -> PyResult<Py<PyType>> {
        let bases = PyTuple::new(py, [py.get_type::<PyValueError>(), py.get_type::<PyIndexError>()])?;
        let doc = c"An axis is out of range, or given twice.";
        new_type(py, c"xparray.AxisError", doc, &bases)
    };
    Ok(TYPE.get_or_try_init(py, make)?.bind(py))
}

/// A new class of exceptions with several bases.
fn new_type(py: Python<'_>, name: &std::ffi::CStr, doc: &std::ffi::CStr, bases: &Bound<'_, PyTuple>) -> PyResult<Py<PyType>> {
    // SAFETY: both strings end in a null byte, and a tuple of bases is what the function takes.
    unsafe {
        let class = ffi::PyErr_NewExceptionWithDoc(name.as_ptr(), doc.as_ptr(), bases.as_ptr(), std::ptr::null_mut());
        Ok(Bound::from_owned_ptr_or_err(py, class)?.cast_into::<PyType>()?.unbind())
    }
}

/// What an error of `function` is in Python.
pub fn to_python(function: &str, e: Error) -> PyErr {
    let text = match &e {
        Error::Device { left, right } => format!("{function}(): operands live on different devices, {left} and {right}: move one with to_device"),
        _ => format!("{function}(): {e}"),
    };
    match e {
        Error::Axis { .. } | Error::RepeatedAxis { .. } => Python::attach(|py| match axis_error(py) {
            Ok(class) => PyErr::from_type(class.clone(), text),
            Err(e) => e,
        }),
        Error::Index { .. } => PyIndexError::new_err(text),
        Error::OutOfMemory { .. } => PyMemoryError::new_err(text),
        Error::UnsupportedDType { .. } => PyTypeError::new_err(text),
        Error::Backend { .. } => PyRuntimeError::new_err(text),
        Error::Linalg(_) => LinAlgError::new_err(text),
        _ => PyValueError::new_err(text),
    }
}

/// Names the function in which an error happened.
pub trait Named<T> {
    /// The result with a Python exception for an error.
    fn named(self, function: &str) -> PyResult<T>;
}
impl<T> Named<T> for Result<T, Error> {
    fn named(self, function: &str) -> PyResult<T> {
        self.map_err(|e| to_python(function, e))
    }
}

/// Room for `more` elements in a list, which a plain `reserve` would end the process for when there is none.
pub fn reserve<T>(function: &str, list: &mut Vec<T>, more: usize) -> PyResult<()> {
    list.try_reserve(more).map_err(|_| {
        let bytes = (list.len().saturating_add(more)).saturating_mul(size_of::<T>());
        to_python(function, Error::out_of_memory("cpu", bytes))
    })
}

/// Why the host is refused to read what was not copied to it.
pub fn not_read(what: &str, device: &AnyDevice) -> String {
    format!("{what} of an array on {device} was asked for, and the host does not read a device in silence: copy it with to_device(\"cpu\")")
}

/// A dtype that a function does not take.
pub fn wrong_dtype(function: &str, argument: &str, given: DType, expected: &str) -> PyErr {
    PyTypeError::new_err(format!("{function}(): {argument} has dtype {given}: {expected} expected"))
}

/// Runs a function of the module; a panic, which would be a bug, becomes a `RuntimeError` instead of taking the
/// interpreter down.
pub fn guard<R>(function: &str, f: impl FnOnce() -> PyResult<R>) -> PyResult<R> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).unwrap_or_else(|payload| Err(internal(function, &*payload)))
}

/// What a panic is in Python.
#[cold]
fn internal(function: &str, payload: &(dyn std::any::Any + Send)) -> PyErr {
    let why = payload.downcast_ref::<String>().map(String::as_str).or_else(|| payload.downcast_ref::<&str>().copied());
    PyRuntimeError::new_err(format!("{function}(): internal error: {}", why.unwrap_or("unknown")))
}

/// Registers the exceptions.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    debug_assert!(m.py().get_type::<LinAlgError>().is_subclass_of::<PyException>()?);
    m.add("AxisError", axis_error(m.py())?)?;
    m.add("LinAlgError", m.py().get_type::<LinAlgError>())
}
