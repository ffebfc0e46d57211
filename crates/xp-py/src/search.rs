//! The searching, sorting, set and indexing functions.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use xp_core::dtype::Kind;
use xp_core::functions::{self as f, Order, Side};
use xp_core::{DType, Ix1};

use crate::any::{Any, Typed, compute, dispatch};
use crate::array::{PyArray, X};
use crate::error::{Named, guard, wrong_dtype};
use crate::promotion::{Takes, given_back, is_strict, taken, widened};
use crate::results::named_tuple;
use crate::scalar::{Operand, Scalar, promoted};
use crate::threads::detached;

/// x1 where the condition holds, otherwise x2.
#[pyfunction]
#[pyo3(signature = (condition, x1, x2, /))]
fn r#where(condition: X<'_>, x1: &Bound<'_, PyAny>, x2: &Bound<'_, PyAny>) -> PyResult<PyArray> {
    guard("where", || {
        let c = &condition.any;
        let c = &*taken("where", "condition", Takes::Bool, c)?;
        let Some(mask) = bool::peek(c) else { unreachable!("a dtype that is taken") };
        let (a, b) = (Operand::required("where", "x1", x1)?, Operand::required("where", "x2", x2)?);
        // Two numbers: the dtype they have together.
        let (a, b) = match (a, b) {
            (Operand::Scalar(a), Operand::Scalar(b)) => {
                let d = both(a, b).ok_or_else(|| PyTypeError::new_err("where(): the standard leaves a bool with another number undefined"))?;
                (a.array(d, c.device())?, b.array(d, c.device())?)
            }
            (a, b) => promoted("where", &a, &b, |a, b| Ok((a.clone(), b.clone())))?,
        };
        detached(&[c, &a, &b], || {
            dispatch!(&a, |x| match <T as Typed>::peek(&b) {
                Some(y) => mask.lazy().where_(x, y).try_eval().map(PyArray::new).named("where"),
                None => unreachable!("operands are promoted"),
            })
        })
    })
}

fn both(a: Scalar, b: Scalar) -> Option<DType> {
    let (x, y) = (a.default_dtype(), b.default_dtype());
    if x == y {
        return Some(x);
    }
    if is_strict() && (x == DType::Bool || y == DType::Bool) {
        return None;
    }
    Some(x.max(y))
}

/// The positions of the elements that are neither zero nor False: one vector per axis.
#[pyfunction]
#[pyo3(signature = (x, /))]
fn nonzero<'py>(py: Python<'py>, x: X<'py>) -> PyResult<Py<PyAny>> {
    guard("nonzero", || {
        let parts = compute!(&x.any, |v| v.nonzero()).named("nonzero")?;
        Ok(PyTuple::new(py, parts.into_iter().map(|p| PyArray::new(p.into_dyn())))?.into_any().unbind())
    })
}

/// Positions, as an array of int64.
fn integers(function: &str, argument: &str, x: &Any) -> PyResult<crate::any::Arr<i64>> {
    if !matches!(x.dtype().kind(), Kind::SignedInteger | Kind::UnsignedInteger) {
        return Err(wrong_dtype(function, argument, x.dtype(), "an integer dtype"));
    }
    x.cast_to::<i64>().named(function)
}

/// The positions at which x2 goes into the sorted vector x1.
#[pyfunction]
#[pyo3(signature = (x1, x2, /, *, side="left", sorter=None))]
fn searchsorted(x1: &Bound<'_, PyArray>, x2: &Bound<'_, PyAny>, side: &str, sorter: Option<X<'_>>) -> PyResult<PyArray> {
    guard("searchsorted", || {
        let side = match side {
            "left" => Side::Left,
            "right" => Side::Right,
            other => return Err(PyValueError::new_err(format!("searchsorted(): side is \"left\" or \"right\"; {other:?} given"))),
        };
        let ndim = x1.try_borrow()?.any.ndim();
        if ndim != 1 {
            return Err(PyValueError::new_err(format!("searchsorted(): x1 must have one axis, it has {ndim}")));
        }
        let sorter = sorter.map(|s| integers("searchsorted", "sorter", &s.any)).transpose()?;
        let sorter = sorter.map(|s| s.into_rank::<Ix1>()).transpose().named("searchsorted")?;
        let (a, b) = (Operand::Array(std::borrow::Cow::Owned(x1.try_borrow()?.any.clone())), Operand::required("searchsorted", "x2", x2)?);
        promoted("searchsorted", &a, &b, |a, b| {
            let (a, b) = (widened("searchsorted", "x1", Takes::Real, a)?, widened("searchsorted", "x2", Takes::Real, b)?);
            dispatch!(&*a, real, |a| {
                let Some(b) = <T as Typed>::peek(&b) else { unreachable!("operands are promoted") };
                let a = a.clone().into_rank::<Ix1>().named("searchsorted")?;
                match &sorter {
                    Some(s) => f::searchsorted_by(&a, b, side, s),
                    None => f::searchsorted(&a, b, side),
                }
                .map(PyArray::new)
                .named("searchsorted")
            }, else unreachable!("a dtype that is taken"))
        })
    })
}

fn order(descending: bool) -> Order {
    if descending { Order::Descending } else { Order::Ascending }
}

/// The elements in order along an axis. NaNs come last, or first if descending. Stable.
#[pyfunction]
#[pyo3(signature = (x, /, *, axis=-1, descending=false, stable=true))]
fn sort(x: X<'_>, axis: isize, descending: bool, stable: bool) -> PyResult<PyArray> {
    let _ = stable;
    guard("sort", || {
        if let Any::Bool(v) = &x.any {
            let out = v.astype::<u8>().sort(axis, order(descending)).named("sort")?;
            return Ok(PyArray::new(out.astype::<bool>()));
        }
        let values = widened("sort", "x", Takes::Real, &x.any)?;
        let out =
            compute!(&*values, real, |v| v.sort(axis, order(descending)).map(Any::from).named("sort"), else unreachable!("a dtype that is taken"))?;
        given_back("sort", x.any.dtype(), out).map(PyArray::new)
    })
}

/// The positions that put the elements in order along an axis. Equal elements keep their order.
#[pyfunction]
#[pyo3(signature = (x, /, *, axis=-1, descending=false, stable=true))]
fn argsort(x: X<'_>, axis: isize, descending: bool, stable: bool) -> PyResult<PyArray> {
    let _ = stable;
    guard("argsort", || {
        if let Any::Bool(v) = &x.any {
            return v.astype::<u8>().argsort(axis, order(descending)).map(PyArray::new).named("argsort");
        }
        let values = widened("argsort", "x", Takes::Real, &x.any)?;
        compute!(&*values, real, |v| v.argsort(axis, order(descending)).map(PyArray::new).named("argsort"), else unreachable!("a dtype that is taken"))
    })
}

/// The elements at positions along an axis.
#[pyfunction]
#[pyo3(signature = (x, indices, /, *, axis=None))]
fn take(x: X<'_>, indices: X<'_>, axis: Option<isize>) -> PyResult<PyArray> {
    guard("take", || {
        let at = integers("take", "indices", &indices.any)?;
        let axis = match axis {
            Some(axis) => axis,
            None if x.any.ndim() == 1 => 0,
            None => return Err(PyValueError::new_err(format!("take(): axis must be given for an array of rank {}", x.any.ndim()))),
        };
        let out = detached(&[&x.any, &indices.any], || dispatch!(&x.any, |v| v.take(&at, axis).map(Any::from)));
        out.map(PyArray::new).named("take")
    })
}

/// The elements at positions along an axis, with positions for every lane.
#[pyfunction]
#[pyo3(signature = (x, indices, /, *, axis=-1))]
fn take_along_axis(x: X<'_>, indices: X<'_>, axis: isize) -> PyResult<PyArray> {
    guard("take_along_axis", || {
        let at = integers("take_along_axis", "indices", &indices.any)?;
        detached(&[&x.any, &indices.any], || dispatch!(&x.any, |v| v.take_along_axis(&at, axis).map(PyArray::new))).named("take_along_axis")
    })
}

/// Whether each element of x1 is among those of x2.
#[pyfunction]
#[pyo3(signature = (x1, x2, /, *, invert=false))]
fn isin(x1: &Bound<'_, PyAny>, x2: &Bound<'_, PyAny>, invert: bool) -> PyResult<PyArray> {
    guard("isin", || {
        let (a, b) = (Operand::required("isin", "x1", x1)?, Operand::required("isin", "x2", x2)?);
        let found = promoted("isin", &a, &b, |a, b| {
            let bytes = |x: &Any| x.cast(DType::U8).named("isin");
            let (a, b) = if a.dtype() == DType::Bool { (bytes(a)?, bytes(b)?) } else { (a.clone(), b.clone()) };
            let (a, b) = (widened("isin", "x1", Takes::Real, &a)?, widened("isin", "x2", Takes::Real, &b)?);
            dispatch!(&*a, real, |x| match <T as Typed>::peek(&b) {
                Some(y) => f::isin(x, y).named("isin"),
                None => unreachable!("operands are promoted"),
            }, else unreachable!("a dtype that is taken"))
        })?;
        Ok(PyArray::new(if invert { found.logical_not() } else { found }))
    })
}

/// The distinct elements, where they first are, the way back, and how often they occur.
#[pyfunction]
#[pyo3(signature = (x, /))]
fn unique_all<'py>(py: Python<'py>, x: X<'py>) -> PyResult<Bound<'py, PyAny>> {
    let parts = guard("unique_all", || {
        compute!(&x.any, |v| {
            let u = f::unique_all(v).named("unique_all")?;
            Ok([Any::from(u.values.into_dyn()), u.indices.into_dyn().into(), u.inverse_indices.into(), u.counts.into_dyn().into()])
        })
    })?;
    named_tuple(py, "UniqueAllResult", parts)
}

/// The distinct elements and how often they occur.
#[pyfunction]
#[pyo3(signature = (x, /))]
fn unique_counts<'py>(py: Python<'py>, x: X<'py>) -> PyResult<Bound<'py, PyAny>> {
    let parts = guard("unique_counts", || {
        compute!(&x.any, |v| f::unique_counts(v).map(|(u, c)| [Any::from(u.into_dyn()), c.into_dyn().into()])).named("unique_counts")
    })?;
    named_tuple(py, "UniqueCountsResult", parts)
}

/// The distinct elements and, for every element, the position of its value among them.
#[pyfunction]
#[pyo3(signature = (x, /))]
fn unique_inverse<'py>(py: Python<'py>, x: X<'py>) -> PyResult<Bound<'py, PyAny>> {
    let parts = guard("unique_inverse", || {
        compute!(&x.any, |v| f::unique_inverse(v).map(|(u, i)| [Any::from(u.into_dyn()), i.into()])).named("unique_inverse")
    })?;
    named_tuple(py, "UniqueInverseResult", parts)
}

/// The distinct elements, real numbers in ascending order.
#[pyfunction]
#[pyo3(signature = (x, /))]
fn unique_values(x: X<'_>) -> PyResult<PyArray> {
    guard("unique_values", || compute!(&x.any, |v| f::unique_values(v).map(|u| PyArray::new(u.into_dyn()))).named("unique_values"))
}

/// Registers the functions.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(r#where, m)?)?;
    m.add_function(wrap_pyfunction!(nonzero, m)?)?;
    m.add_function(wrap_pyfunction!(searchsorted, m)?)?;
    m.add_function(wrap_pyfunction!(sort, m)?)?;
    m.add_function(wrap_pyfunction!(argsort, m)?)?;
    m.add_function(wrap_pyfunction!(take, m)?)?;
    m.add_function(wrap_pyfunction!(take_along_axis, m)?)?;
    m.add_function(wrap_pyfunction!(isin, m)?)?;
    m.add_function(wrap_pyfunction!(unique_all, m)?)?;
    m.add_function(wrap_pyfunction!(unique_counts, m)?)?;
    m.add_function(wrap_pyfunction!(unique_inverse, m)?)?;
    m.add_function(wrap_pyfunction!(unique_values, m)?)
}
