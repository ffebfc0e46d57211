//! Arrays as text and as Python numbers.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBool;
use xp_core::dtype::Kind;

use crate::any::{Any, dispatch};
use crate::convert::ToScalar;
use crate::error::Named;
use crate::scalar::Scalar;

/// `Array([1, 2], dtype=int64)`.
pub fn array(x: &Any) -> String {
    let complex = x.dtype().kind() == Kind::ComplexFloating;
    let device = if x.is_on_host() { String::new() } else { format!(", device={}", x.device()) };
    let body = separated(&elements(x), complex).replace('\n', "\n      ").replace("\n      \n", "\n\n");
    if x.size() == 0 {
        let lengths: Vec<String> = x.dims().iter().map(usize::to_string).collect();
        let comma = if lengths.len() == 1 { "," } else { "" };
        return format!("Array({body}, shape=({}{comma}), dtype={}{device})", lengths.join(", "), x.dtype());
    }
    format!("Array({body}, dtype={}{device})", x.dtype())
}

/// A comma after every element and row but the last ones. Inside a complex number there may be spaces.
fn separated(text: &str, complex: bool) -> String {
    let ends = |c: char| if complex { matches!(c, 'j' | ']') } else { !matches!(c, ' ' | '\n' | '[') };
    let mut out = String::with_capacity(text.len() * 2);
    for (k, c) in text.char_indices() {
        out.push(c);
        let rest = &text[k + c.len_utf8()..];
        if ends(c) && rest.starts_with([' ', '\n']) && !rest.trim_start().starts_with(']') {
            out.push(',');
        }
    }
    out
}

/// The elements as NumPy prints them.
pub fn elements(x: &Any) -> String {
    dispatch!(x, |v| v.to_string())
}

/// A Python number.
pub fn number(py: Python<'_>, s: Scalar) -> PyResult<Bound<'_, PyAny>> {
    // Python's functions instead of conversions, which panic when memory runs out.
    // SAFETY: the interpreter is attached, and the functions give a new object, or null with an exception set.
    let new = |object: *mut ffi::PyObject| unsafe { Bound::from_owned_ptr_or_err(py, object) };
    // SAFETY: as above.
    unsafe {
        match s {
            Scalar::Bool(b) => Ok(PyBool::new(py, b).to_owned().into_any()),
            Scalar::Int(i) => match (i64::try_from(i), u64::try_from(i)) {
                (Ok(small), _) => new(ffi::PyLong_FromLongLong(small)),
                (_, Ok(large)) => new(ffi::PyLong_FromUnsignedLongLong(large)),
                _ => Ok(i.into_pyobject(py)?.into_any()),
            },
            Scalar::Huge(f) | Scalar::Float(f) => new(ffi::PyFloat_FromDouble(f)),
            Scalar::Complex(z) => new(ffi::PyComplex_FromDoubles(z.re, z.im)),
        }
    }
}

/// A Python number, or nested lists of numbers. They are read from any device.
pub fn nested<'py>(py: Python<'py>, x: &Any) -> PyResult<Bound<'py, PyAny>> {
    let x = &x.on_host().named("tolist")?;
    let packed = if xp_core::is_contiguous(x.dims(), x.strides()) { x.clone() } else { x.copy().named("tolist")? };
    dispatch!(&packed, |v| {
        let first: *const T = host_start(&packed).cast_const().cast();
        debug_assert_eq!(v.size(), packed.size());
        // SAFETY: the elements of a contiguous array, which `packed` keeps. They are read one by one: Python's allocator may run
        // Python code, which may write to them.
        let mut values = (0..packed.size()).map(|i| unsafe { first.add(i).read() }.to_scalar());
        level(py, packed.dims(), &mut values)
    })
}

/// The first element of an array that is on the host.
pub fn host_start(x: &Any) -> *mut u8 {
    let Some(start) = x.host_address() else { unreachable!("the array was copied to the host") };
    start
}

fn level<'py>(py: Python<'py>, dims: &[usize], values: &mut dyn Iterator<Item = Scalar>) -> PyResult<Bound<'py, PyAny>> {
    let Some((&n, rest)) = dims.split_first() else {
        return match values.next() {
            Some(s) => number(py, s),
            None => unreachable!("as many values as the shape has elements"),
        };
    };
    // SAFETY: the interpreter is attached; a new list, or null with an exception set.
    let list = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyList_New(n as ffi::Py_ssize_t))? };
    for k in 0..n {
        let item = level(py, rest, values)?;
        // SAFETY: a place of the new list that is still empty, which takes the reference.
        unsafe { ffi::PyList_SetItem(list.as_ptr(), k as ffi::Py_ssize_t, item.into_ptr()) };
    }
    Ok(list)
}
