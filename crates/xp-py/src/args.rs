//! Arguments that many functions share: axes, shapes.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyTuple};
use xp_core::AxisVec;

use crate::dtype::describe;
use crate::error::Named;

/// One integer, or several: `axis=1`, `axis=(0, 2)`.
#[derive(Clone)]
pub enum Ints {
    /// One.
    One(isize),
    /// Several.
    Many(AxisVec<isize>),
}
impl<'a, 'py> FromPyObject<'a, 'py> for Ints {
    type Error = PyErr;
    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(tuple) = obj.cast::<PyTuple>() {
            let wrong = |item: &Bound<'_, PyAny>| PyTypeError::new_err(format!("integers expected in the tuple; {} given", describe(item)));
            return tuple.iter().map(|item| int(&item)?.ok_or_else(|| wrong(&item))).collect::<PyResult<_>>().map(Ints::Many);
        }
        if let Some(i) = int(&obj)? {
            return Ok(Ints::One(i));
        }
        let wrong = || PyTypeError::new_err(format!("an integer or a sequence of integers expected; {} given", describe(&obj)));
        let items = obj.try_iter().map_err(|_| wrong())?;
        let mut out = AxisVec::default();
        for item in items {
            out.push(int(&item?)?.ok_or_else(wrong)?);
        }
        Ok(Ints::Many(out))
    }
}
impl Ints {
    /// The integers as a list.
    pub fn list(&self) -> &[isize] {
        match self {
            Ints::One(i) => std::slice::from_ref(i),
            Ints::Many(v) => v,
        }
    }
}

/// An object that is an integer.
fn int(obj: &Bound<'_, PyAny>) -> PyResult<Option<isize>> {
    if let Ok(i) = obj.extract::<isize>() {
        return Ok((!obj.is_instance_of::<PyBool>()).then_some(i));
    }
    // Too large an integer.
    if obj.is_instance_of::<pyo3::types::PyInt>() {
        return Err(PyValueError::new_err(format!("{} is too large", describe(obj))));
    }
    Ok(None)
}

/// The number of a diagonal. Integers that are too large stand for the last one that can be counted, which no matrix has.
pub fn diagonal(obj: &Bound<'_, PyAny>) -> PyResult<isize> {
    obj.extract::<isize>().or_else(|e| match obj.cast::<pyo3::types::PyInt>() {
        Ok(_) => Ok(if obj.lt(0)? { -isize::MAX } else { isize::MAX }),
        Err(_) => Err(e),
    })
}

/// A shape: a length or a sequence of lengths.
pub struct Shape(Ints);
impl<'a, 'py> FromPyObject<'a, 'py> for Shape {
    type Error = PyErr;
    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        Ints::extract(obj).map(Shape)
    }
}
impl Shape {
    /// The lengths, none of them negative.
    pub fn lengths(&self, function: &str) -> PyResult<AxisVec<usize>> {
        lengths(function, self.0.list())
    }
    /// The lengths as given.
    pub fn signed(&self) -> &[isize] {
        self.0.list()
    }
}

/// Lengths that are not negative.
pub fn lengths(function: &str, given: &[isize]) -> PyResult<AxisVec<usize>> {
    if given.len() > xp_core::MAX_NDIM {
        return Err(PyValueError::new_err(format!("{function}(): shape has {} axes, at most {} are possible", given.len(), xp_core::MAX_NDIM)));
    }
    let negative = |n: isize| PyValueError::new_err(format!("{function}(): negative lengths are not allowed: {n} in shape {given:?}"));
    given.iter().map(|&n| usize::try_from(n).map_err(|_| negative(n))).collect()
}

/// The axes of a reduction: `None` is all.
pub fn axes(function: &str, axis: &Option<Ints>, ndim: usize) -> PyResult<AxisVec<usize>> {
    match axis {
        None => Ok((0..ndim).collect()),
        Some(given) => xp_core::normalize_axes(given.list(), ndim).named(function),
    }
}
