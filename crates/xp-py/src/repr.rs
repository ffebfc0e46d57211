//! Arrays as text and as Python numbers.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyComplex, PyList};
use xp_core::dtype::Kind;

use crate::any::{Any, dispatch};
use crate::convert::ToScalar;
use crate::scalar::Scalar;

/// `Array([1, 2], dtype=int64)`.
pub fn array(x: &Any) -> String {
    let complex = x.dtype().kind() == Kind::ComplexFloating;
    let body = separated(&elements(x), complex).replace('\n', "\n      ").replace("\n      \n", "\n\n");
    if x.size() == 0 {
        let lengths: Vec<String> = x.dims().iter().map(usize::to_string).collect();
        let comma = if lengths.len() == 1 { "," } else { "" };
        return format!("Array({body}, shape=({}{comma}), dtype={})", lengths.join(", "), x.dtype());
    }
    format!("Array({body}, dtype={})", x.dtype())
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
    Ok(match s {
        Scalar::Bool(b) => PyBool::new(py, b).to_owned().into_any(),
        Scalar::Int(i) => match i64::try_from(i) {
            Ok(small) => small.into_pyobject(py)?.into_any(),
            Err(_) => i.into_pyobject(py)?.into_any(),
        },
        Scalar::Huge(f) | Scalar::Float(f) => f.into_pyobject(py)?.into_any(),
        Scalar::Complex(z) => PyComplex::from_doubles(py, z.re, z.im).into_any(),
    })
}

/// A Python number, or nested lists of numbers.
pub fn nested<'py>(py: Python<'py>, x: &Any) -> PyResult<Bound<'py, PyAny>> {
    let values = dispatch!(x, |v| v.to_host().map(|h| h.into_iter().map(ToScalar::to_scalar).collect::<Vec<_>>()))
        .map_err(|e| crate::error::to_python("tolist", e))?;
    level(py, x.dims(), &mut values.into_iter())
}

fn level<'py>(py: Python<'py>, dims: &[usize], values: &mut std::vec::IntoIter<Scalar>) -> PyResult<Bound<'py, PyAny>> {
    let Some((&n, rest)) = dims.split_first() else {
        return match values.next() {
            Some(s) => number(py, s),
            None => unreachable!("as many values as the shape has elements"),
        };
    };
    let list = PyList::empty(py);
    for _ in 0..n {
        list.append(level(py, rest, values)?)?;
    }
    Ok(list.into_any())
}
