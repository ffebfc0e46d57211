//! The manipulation functions.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use xp_core::dtype::Kind;
use xp_core::functions as f;

use crate::any::{Any, Arr, Typed, XpResult, dispatch};
use crate::args::{Ints, Shape, axes};
use crate::array::{PyArray, X};
use crate::dtype::describe;
use crate::error::{Named, guard, wrong_dtype};
use crate::scalar::result_dtype;

/// Views of the arrays under the shape that all of them broadcast to.
#[pyfunction]
#[pyo3(signature = (*arrays))]
fn broadcast_arrays<'py>(py: Python<'py>, arrays: Vec<X<'py>>) -> PyResult<Py<PyAny>> {
    guard("broadcast_arrays", || {
        let shapes: Vec<&[usize]> = arrays.iter().map(|x| x.any.dims()).collect();
        let shape = f::broadcast_all_shapes(&shapes).named("broadcast_arrays")?;
        let out = arrays.iter().map(|x| x.any.broadcast_to(&shape).map(PyArray::new)).collect::<XpResult<Vec<_>>>().named("broadcast_arrays")?;
        Ok(PyTuple::new(py, out)?.into_any().unbind())
    })
}

/// The shape that shapes broadcast to.
#[pyfunction]
#[pyo3(signature = (*shapes))]
fn broadcast_shapes<'py>(py: Python<'py>, shapes: Vec<Shape>) -> PyResult<Bound<'py, PyTuple>> {
    guard("broadcast_shapes", || {
        let lengths = shapes.iter().map(|s| s.lengths("broadcast_shapes")).collect::<PyResult<Vec<_>>>()?;
        let borrowed: Vec<&[usize]> = lengths.iter().map(|n| &n[..]).collect();
        PyTuple::new(py, f::broadcast_all_shapes(&borrowed).named("broadcast_shapes")?)
    })
}

/// The array repeated to a shape, without a copy.
#[pyfunction]
#[pyo3(signature = (x, /, shape))]
fn broadcast_to(x: X<'_>, shape: Shape) -> PyResult<PyArray> {
    guard("broadcast_to", || x.any.broadcast_to(&shape.lengths("broadcast_to")?).map(PyArray::new).named("broadcast_to"))
}

/// A list or tuple of arrays in the dtype they promote to.
struct Arrays(Vec<Any>);
impl<'a, 'py> FromPyObject<'a, 'py> for Arrays {
    type Error = PyErr;
    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if !obj.is_instance_of::<PyList>() && !obj.is_instance_of::<PyTuple>() {
            return Err(PyTypeError::new_err(format!("a list or tuple of arrays expected; {} given", describe(&obj))));
        }
        let mut items = Vec::with_capacity(obj.len()?);
        for x in obj.try_iter()? {
            items.push(x?.extract::<X<'_>>()?.any);
        }
        if items.is_empty() {
            return Err(PyValueError::new_err("at least one array is needed"));
        }
        Ok(Arrays(items))
    }
}
impl Arrays {
    fn promoted(self, function: &str) -> PyResult<Vec<Any>> {
        let first = self.0[0].dtype();
        if self.0.iter().all(|x| x.dtype() == first) {
            return Ok(self.0);
        }
        let d = result_dtype(function, &self.0.iter().map(Any::dtype).collect::<Vec<_>>(), &[])?;
        self.0.into_iter().map(|x| x.cast(d)).collect::<XpResult<_>>().named(function)
    }
}

/// The arrays as arrays of the first one's dtype.
fn typed<T: Typed>(arrays: &[Any]) -> Vec<&Arr<T>> {
    arrays.iter().filter_map(T::peek).collect()
}

/// Arrays joined along an axis; flattened first when axis is None.
#[pyfunction]
#[pyo3(signature = (arrays, /, *, axis=0))]
fn concat(arrays: Arrays, axis: Option<isize>) -> PyResult<PyArray> {
    guard("concat", || {
        let arrays = arrays.promoted("concat")?;
        dispatch!(&arrays[0], |_v| match axis {
            Some(axis) => f::concat(&typed::<T>(&arrays), axis).map(PyArray::new),
            None => f::concat_flat(&typed::<T>(&arrays)).map(|x| PyArray::new(x.into_dyn())),
        })
        .named("concat")
    })
}

/// Arrays of one shape joined along a new axis.
#[pyfunction]
#[pyo3(signature = (arrays, /, *, axis=0))]
fn stack(arrays: Arrays, axis: isize) -> PyResult<PyArray> {
    guard("stack", || {
        let arrays = arrays.promoted("stack")?;
        dispatch!(&arrays[0], |_v| f::stack(&typed::<T>(&arrays), axis).map(PyArray::new)).named("stack")
    })
}

/// The array with new axes of length 1.
#[pyfunction]
#[pyo3(signature = (x, /, axis))]
fn expand_dims(x: X<'_>, axis: Ints) -> PyResult<PyArray> {
    guard("expand_dims", || dispatch!(&x.any, |v| v.expand_dims(axis.list()).map(PyArray::new)).named("expand_dims"))
}

/// The elements in reverse order along some axes, or all.
#[pyfunction]
#[pyo3(signature = (x, /, *, axis=None))]
fn flip(x: X<'_>, axis: Option<Ints>) -> PyResult<PyArray> {
    guard("flip", || {
        let axes = axes("flip", &axis, x.any.ndim())?;
        dispatch!(&x.any, |v| v.flip(&axes[..]).map(PyArray::new)).named("flip")
    })
}

/// The array with axes moved to other positions.
#[pyfunction]
#[pyo3(signature = (x, source, destination, /))]
fn moveaxis(x: X<'_>, source: Ints, destination: Ints) -> PyResult<PyArray> {
    guard("moveaxis", || dispatch!(&x.any, |v| v.moveaxis(source.list(), destination.list()).map(PyArray::new)).named("moveaxis"))
}

/// The array with its axes in another order.
#[pyfunction]
#[pyo3(signature = (x, /, axes))]
fn permute_dims(x: X<'_>, axes: Ints) -> PyResult<PyArray> {
    guard("permute_dims", || x.any.permute(axes.list()).map(PyArray::new).named("permute_dims"))
}

/// Every element repeated, the same number of times or each its own.
#[pyfunction]
#[pyo3(signature = (x, repeats, /, *, axis=None))]
fn repeat(x: X<'_>, repeats: &Bound<'_, PyAny>, axis: Option<isize>) -> PyResult<PyArray> {
    guard("repeat", || {
        let (any, axis) = match axis {
            Some(axis) => (x.any.clone(), axis),
            None => (x.any.reshape(&[x.any.size()]).named("repeat")?, 0),
        };
        if let Ok(r) = repeats.cast::<PyArray>() {
            let r = &r.try_borrow()?.any;
            if !matches!(r.dtype().kind(), Kind::SignedInteger | Kind::UnsignedInteger) {
                return Err(wrong_dtype("repeat", "repeats", r.dtype(), "an integer dtype"));
            }
            let r = r.cast_to::<i64>().named("repeat")?;
            let r = if r.ndim() == 0 { r.reshape(vec![1]).named("repeat")? } else { r };
            let r = r.into_rank::<xp_core::Ix1>().named("repeat")?;
            let out = dispatch!(&any, |v| f::repeat(v, &r, axis).map(Any::from));
            return out.and_then(|y| y.apart_from(&x.any)).map(PyArray::new).named("repeat");
        }
        let n: isize = repeats
            .extract()
            .map_err(|_| PyTypeError::new_err(format!("repeat(): repeats is an integer or an array of integers; {} given", describe(repeats))))?;
        let n = usize::try_from(n).map_err(|_| PyValueError::new_err(format!("repeat(): repeats must not be negative, {n} given")))?;
        let out = dispatch!(&any, |v| f::repeat(v, n, axis).map(Any::from));
        out.and_then(|y| y.apart_from(&x.any)).map(PyArray::new).named("repeat")
    })
}

/// The elements in row-major order under another shape, of which one length can be -1 to be inferred. With copy=False a
/// view or an error, with copy=True never a view.
#[pyfunction]
#[pyo3(signature = (x, /, shape, *, copy=None))]
fn reshape(x: X<'_>, shape: Shape, copy: Option<bool>) -> PyResult<PyArray> {
    guard("reshape", || {
        if shape.signed().len() > xp_core::MAX_NDIM {
            crate::args::lengths("reshape", shape.signed())?;
        }
        let out = match copy {
            Some(false) => dispatch!(&x.any, |v| {
                let shape = v.reshape_infer(shape.signed()).named("reshape")?.dims().to_vec();
                v.reshape_view(shape).map(Any::from)
            }),
            Some(true) => dispatch!(&x.any, |v| v.reshape_infer(shape.signed()).and_then(|v| v.copy()).map(Any::from)),
            None => dispatch!(&x.any, |v| v.reshape_infer(shape.signed()).map(Any::from)),
        };
        out.map(PyArray::new).named("reshape")
    })
}

/// The elements moved along axes; those that leave one end come in at the other.
#[pyfunction]
#[pyo3(signature = (x, /, shift, *, axis=None))]
fn roll(x: X<'_>, shift: Ints, axis: Option<Ints>) -> PyResult<PyArray> {
    guard("roll", || {
        dispatch!(&x.any, |v| match &axis {
            Some(axes) => v.roll(shift.list(), axes.list()),
            None => v.roll(shift.list(), ..),
        }
        .map(Any::from))
        .and_then(|y| y.apart_from(&x.any))
        .map(PyArray::new)
        .named("roll")
    })
}

/// The array without some axes of length 1.
#[pyfunction]
#[pyo3(signature = (x, /, axis))]
fn squeeze(x: X<'_>, axis: Ints) -> PyResult<PyArray> {
    guard("squeeze", || dispatch!(&x.any, |v| v.squeeze(axis.list()).map(PyArray::new)).named("squeeze"))
}

/// The array laid out several times along its axes.
#[pyfunction]
#[pyo3(signature = (x, repetitions, /))]
fn tile(x: X<'_>, repetitions: Shape) -> PyResult<PyArray> {
    guard("tile", || {
        let n = repetitions.lengths("tile")?;
        dispatch!(&x.any, |v| v.tile(&n).map(Any::from)).and_then(|y| y.apart_from(&x.any)).map(PyArray::new).named("tile")
    })
}

/// The arrays along an axis.
#[pyfunction]
#[pyo3(signature = (x, /, *, axis=0))]
fn unstack<'py>(py: Python<'py>, x: X<'py>, axis: isize) -> PyResult<Py<PyAny>> {
    guard("unstack", || {
        let parts = dispatch!(&x.any, |v| f::unstack(v, axis).map(|p| p.into_iter().map(PyArray::new).collect::<Vec<_>>())).named("unstack")?;
        Ok(PyTuple::new(py, parts)?.into_any().unbind())
    })
}

/// Registers the functions.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(broadcast_arrays, m)?)?;
    m.add_function(wrap_pyfunction!(broadcast_shapes, m)?)?;
    m.add_function(wrap_pyfunction!(broadcast_to, m)?)?;
    m.add_function(wrap_pyfunction!(concat, m)?)?;
    m.add_function(wrap_pyfunction!(expand_dims, m)?)?;
    m.add_function(wrap_pyfunction!(flip, m)?)?;
    m.add_function(wrap_pyfunction!(moveaxis, m)?)?;
    m.add_function(wrap_pyfunction!(permute_dims, m)?)?;
    m.add_function(wrap_pyfunction!(repeat, m)?)?;
    m.add_function(wrap_pyfunction!(reshape, m)?)?;
    m.add_function(wrap_pyfunction!(roll, m)?)?;
    m.add_function(wrap_pyfunction!(squeeze, m)?)?;
    m.add_function(wrap_pyfunction!(stack, m)?)?;
    m.add_function(wrap_pyfunction!(tile, m)?)?;
    m.add_function(wrap_pyfunction!(unstack, m)?)
}
