//! The named tuples of functions with several results.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};

use crate::any::Any;
use crate::array::PyArray;

/// The classes: name and fields.
const CLASSES: [(&str, &[&str]); 10] = [
    ("UniqueAllResult", &["values", "indices", "inverse_indices", "counts"]),
    ("UniqueCountsResult", &["values", "counts"]),
    ("UniqueInverseResult", &["values", "inverse_indices"]),
    ("EigResult", &["eigenvalues", "eigenvectors"]),
    ("EighResult", &["eigenvalues", "eigenvectors"]),
    ("LstsqResult", &["x", "rank", "singular_values"]),
    ("LUResult", &["permutation", "lower", "upper"]),
    ("QRResult", &["Q", "R"]),
    ("SlogdetResult", &["sign", "logabsdet"]),
    ("SVDResult", &["U", "S", "Vh"]),
];

static MADE: PyOnceLock<Vec<Py<PyAny>>> = PyOnceLock::new();

fn classes(py: Python<'_>) -> PyResult<&Vec<Py<PyAny>>> {
    MADE.get_or_try_init(py, || {
        let make = py.import("collections")?.getattr("namedtuple")?;
        let options = PyDict::new(py);
        options.set_item("module", "xparray")?;
        CLASSES.iter().map(|(name, fields)| Ok(make.call((*name, PyTuple::new(py, *fields)?), Some(&options))?.unbind())).collect()
    })
}

/// A named tuple of arrays.
pub fn named_tuple<'py, const N: usize>(py: Python<'py>, name: &str, parts: [Any; N]) -> PyResult<Bound<'py, PyAny>> {
    let Some(k) = CLASSES.iter().position(|(n, _)| *n == name) else { unreachable!("a class of the table") };
    classes(py)?[k].bind(py).call1(PyTuple::new(py, parts.map(PyArray::new))?)
}

/// Registers the classes.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    for ((name, _), class) in CLASSES.iter().zip(classes(m.py())?) {
        m.add(*name, class)?;
    }
    Ok(())
}
