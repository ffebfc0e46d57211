//! The creation functions.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use xp_any::AnyDevice;
use xp_core::dtype::Kind;
use xp_core::{DType, functions as f};

use crate::any::{Any, Arr, Typed, dispatch, with_dtype};
use crate::args::{Shape, diagonal};
use crate::array::{PyArray, X};
use crate::dtype::{DTypeArg, describe};
use crate::error::{Named, guard, wrong_dtype};
use crate::info::Device;
use crate::scalar::{FromScalar, Scalar};

/// A Python number as an argument.
struct Number(Scalar);
impl<'a, 'py> FromPyObject<'a, 'py> for Number {
    type Error = PyErr;
    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        match Scalar::extract(&obj)? {
            Some(s) => Ok(Number(s)),
            None => {
                // Arrays of rank 0 and NumPy's numbers stand for the numbers they hold.
                let x = guard("number", || crate::convert::convert("number", &obj, None, None));
                match x {
                    Ok(x) if !x.is_on_host() => Err(PyTypeError::new_err(crate::error::not_read("the number", x.device()))),
                    Ok(x) if x.ndim() == 0 => Ok(Number(crate::convert::scalar(&x).named("number")?)),
                    _ => Err(PyTypeError::new_err(format!("a number expected; {} given", describe(&obj)))),
                }
            }
        }
    }
}

/// Up to this size an array is made faster from a list than by a loop.
const SMALL: usize = 64;

/// An array of a few elements.
fn listed<T: Typed>(name: &str, device: &AnyDevice, shape: &[usize], values: &[T]) -> PyResult<PyArray> {
    debug_assert_eq!(values.len(), shape.iter().product::<usize>());
    let buffer = crate::any::listed(device, values).named(name)?;
    // SAFETY: callers give one value per element.
    unsafe { Arr::<T>::from_buffer(device, buffer, shape) }.map(PyArray::new).named(name)
}

fn filled(name: &str, device: &AnyDevice, shape: &[usize], value: Scalar, d: DType) -> PyResult<PyArray> {
    let size = xp_core::size_of_shape(shape).named(name)?;
    if size <= SMALL {
        return with_dtype!(d, |T| {
            let value = T::from_scalar(value)?;
            listed(name, device, shape, &[value; SMALL][..size])
        });
    }
    with_dtype!(d, |T| f::full(device, shape, T::from_scalar(value)?).map(PyArray::new).named(name))
}

macro_rules! constants {
    ($($name:ident $like:ident $value:literal $doc:literal;)*) => {
        $(
            #[doc = $doc]
            #[pyfunction]
            #[pyo3(signature = (shape, *, dtype=None, device=None))]
            fn $name(shape: Shape, dtype: Option<DTypeArg>, device: Option<Device>) -> PyResult<PyArray> {
                guard(stringify!($name), || filled(stringify!($name), &Device::or_host(device), &shape.lengths(stringify!($name))?, Scalar::Int($value), dtype.map_or(DType::F64, |d| d.0)))
            }
            #[doc = concat!($doc, " Of the shape, dtype and device of x unless others are given.")]
            #[pyfunction]
            #[pyo3(signature = (x, /, *, dtype=None, device=None))]
            fn $like(x: X<'_>, dtype: Option<DTypeArg>, device: Option<Device>) -> PyResult<PyArray> {
                let device = device.map_or_else(|| x.any.device().clone(), |d| d.0);
                guard(stringify!($like), || filled(stringify!($like), &device, x.any.dims(), Scalar::Int($value), dtype.map_or(x.any.dtype(), |d| d.0)))
            }
        )*
        fn register_constants(m: &Bound<'_, PyModule>) -> PyResult<()> {
            $(
                m.add_function(wrap_pyfunction!($name, m)?)?;
                m.add_function(wrap_pyfunction!($like, m)?)?;
            )*
            Ok(())
        }
    };
}
constants! {
    zeros zeros_like 0 "An array of zeros.";
    ones ones_like 1 "An array of ones.";
    empty empty_like 0 "An array whose elements the standard leaves open; here they are zero.";
}

/// An array whose elements are all equal.
#[pyfunction]
#[pyo3(signature = (shape, fill_value, *, dtype=None, device=None))]
fn full(shape: Shape, fill_value: Number, dtype: Option<DTypeArg>, device: Option<Device>) -> PyResult<PyArray> {
    guard("full", || {
        filled("full", &Device::or_host(device), &shape.lengths("full")?, fill_value.0, dtype.map_or(fill_value.0.default_dtype(), |d| d.0))
    })
}

/// An array whose elements are all equal, of the shape, dtype and device of x unless others are given.
#[pyfunction]
#[pyo3(signature = (x, /, fill_value, *, dtype=None, device=None))]
fn full_like(x: X<'_>, fill_value: Number, dtype: Option<DTypeArg>, device: Option<Device>) -> PyResult<PyArray> {
    let device = device.map_or_else(|| x.any.device().clone(), |d| d.0);
    guard("full_like", || filled("full_like", &device, x.any.dims(), fill_value.0, dtype.map_or(x.any.dtype(), |d| d.0)))
}

/// The numbers start, start + step, ... before stop.
#[pyfunction]
#[pyo3(signature = (start, /, stop=None, step=Number(Scalar::Int(1)), *, dtype=None, device=None), text_signature = "(start, /, stop=None, step=1, *, dtype=None, device=None)")]
fn arange(start: Number, stop: Option<Number>, step: Number, dtype: Option<DTypeArg>, device: Option<Device>) -> PyResult<PyArray> {
    let device = &Device::or_host(device);
    guard("arange", || {
        let (start, stop, step) = match stop {
            Some(stop) => (start.0, stop.0, step.0),
            None => (Scalar::Int(0), start.0, step.0),
        };
        let parts = [start, stop, step];
        if parts.iter().any(|s| matches!(s, Scalar::Complex(_) | Scalar::Bool(_) | Scalar::Huge(_))) {
            return Err(PyTypeError::new_err("arange(): start, stop and step are real numbers of at most 64 bits"));
        }
        let whole = parts.iter().all(|s| matches!(s, Scalar::Int(_)));
        let d = dtype.map_or(if whole { DType::I64 } else { DType::F64 }, |d| d.0);
        if whole {
            let [Scalar::Int(a), Scalar::Int(b), Scalar::Int(h)] = parts else { unreachable!("all are integers") };
            return integers(device, a, b, h, d);
        }
        let [a, b, h]: [f64; 3] = [start.to()?, stop.to()?, step.to()?];
        let out = f::arange(device, a, b, h).named("arange")?.into_dyn();
        if matches!(d.kind(), Kind::Bool) {
            return Err(wrong_dtype("arange", "dtype", d, "a numeric dtype"));
        }
        Any::from(out).cast(d).map(PyArray::new).named("arange")
    })
}

/// A range of integers, of which every element must fit into the dtype.
fn integers(device: &AnyDevice, a: i128, b: i128, h: i128, d: DType) -> PyResult<PyArray> {
    if h == 0 {
        return Err(PyValueError::new_err("arange(): step is 0"));
    }
    if d == DType::Bool {
        return Err(wrong_dtype("arange", "dtype", d, "a numeric dtype"));
    }
    let span = b - a;
    // The division of narrow numbers is many times faster.
    let n = match (i64::try_from(span), i64::try_from(h)) {
        (Ok(span), Ok(h)) if h != -1 => i128::from(span / h + i64::from(span % h != 0 && (span > 0) == (h > 0))),
        _ => span / h + i128::from(span % h != 0 && (span > 0) == (h > 0)),
    };
    let n = usize::try_from(n.max(0)).ok().filter(|&n| xp_core::size_of_shape(&[n]).is_ok());
    let Some(n) = n else {
        return Err(PyValueError::new_err(format!("arange(): from {a} to {b} by {h} there are more elements than can be addressed")));
    };
    let last = a + h * (n as i128 - 1);
    if n > 0 && matches!(d.kind(), Kind::SignedInteger | Kind::UnsignedInteger) {
        for end in [a, last] {
            with_dtype!(d, |T| T::from_scalar(Scalar::Int(end)).map(drop))?;
        }
    }
    if n <= SMALL {
        return with_dtype!(d, |T| {
            let mut values = [T::default(); SMALL];
            for (i, slot) in values[..n].iter_mut().enumerate() {
                *slot = T::from_scalar(Scalar::Int(a + h * i as i128))?;
            }
            listed("arange", device, &[n], &values[..n])
        });
    }
    // As differences from the start, which fit into 64 bits.
    let steps: Arr<i64> = f::arange(device, 0i64, n as i64, 1).named("arange")?.into_dyn();
    let out = if d == DType::U64 {
        let h = h as u64;
        (steps.astype::<u64>().lazy() * h + a as u64).try_eval().map(Any::from).named("arange")?
    } else {
        (steps.lazy() * h as i64 + a as i64).try_eval().map(Any::from).named("arange")?
    };
    out.cast(d).map(PyArray::new).named("arange")
}

/// num numbers from start to stop, evenly spaced.
#[pyfunction]
#[pyo3(signature = (start, stop, /, num, *, dtype=None, device=None, endpoint=true))]
fn linspace(start: Number, stop: Number, num: isize, dtype: Option<DTypeArg>, device: Option<Device>, endpoint: bool) -> PyResult<PyArray> {
    let device = &Device::or_host(device);
    guard("linspace", || {
        let num = usize::try_from(num).map_err(|_| PyValueError::new_err(format!("linspace(): num must not be negative, {num} given")))?;
        xp_core::size_of_shape(&[num]).named("linspace")?;
        let complex = matches!(start.0, Scalar::Complex(_)) || matches!(stop.0, Scalar::Complex(_));
        let d = dtype.map_or(if complex { DType::C128 } else { DType::F64 }, |d| d.0);
        macro_rules! spaced {
            ($t:ty) => {{
                let (start, stop) = (start.0.to::<$t>()?, stop.0.to::<$t>()?);
                if endpoint { f::linspace(device, start..=stop, num) } else { f::linspace(device, start..stop, num) }.named("linspace")
            }};
        }
        macro_rules! make {
            ($t:ty) => {
                spaced!($t).map(|x| PyArray::new(x.into_dyn()))
            };
        }
        match d {
            DType::F32 => make!(f32),
            DType::F64 => make!(f64),
            DType::C64 => make!(crate::any::C64),
            DType::C128 => make!(crate::any::C128),
            DType::F16 => Any::from(spaced!(f64)?.into_dyn()).cast(d).map(PyArray::new).named("linspace"),
            DType::Bool => Err(wrong_dtype("linspace", "dtype", d, "a numeric dtype")),
            _ => {
                let x = spaced!(f64)?;
                Any::from(x.floor().into_dyn()).cast(d).map(PyArray::new).named("linspace")
            }
        }
    })
}

/// A matrix with ones on its k-th diagonal and zeros elsewhere.
#[pyfunction]
#[pyo3(signature = (n_rows, n_cols=None, /, *, k=0, dtype=None, device=None))]
fn eye(
    n_rows: isize,
    n_cols: Option<isize>,
    #[pyo3(from_py_with = diagonal)] k: isize,
    dtype: Option<DTypeArg>,
    device: Option<Device>,
) -> PyResult<PyArray> {
    let device = &Device::or_host(device);
    guard("eye", || {
        let shape = crate::args::lengths("eye", &[n_rows, n_cols.unwrap_or(n_rows)])?;
        xp_core::size_of_shape(&shape).named("eye")?;
        let d = dtype.map_or(DType::F64, |d| d.0);
        let out = f::eye::<_, i8>(device, shape[0], shape[1], k).named("eye")?.into_dyn();
        Any::from(out).cast(d).map(PyArray::new).named("eye")
    })
}

macro_rules! triangles {
    ($($name:ident $doc:literal;)*) => {$(
        #[doc = $doc]
        #[pyfunction]
        #[pyo3(signature = (x, /, *, k=0))]
        fn $name(x: X<'_>, #[pyo3(from_py_with = diagonal)] k: isize) -> PyResult<PyArray> {
            guard(stringify!($name), || dispatch!(&x.any, |v| v.$name(k).map(PyArray::new)).named(stringify!($name)))
        }
    )*};
}
triangles! {
    tril "The lower triangle of the last two axes: zeros above the k-th diagonal.";
    triu "The upper triangle of the last two axes: zeros below the k-th diagonal.";
}

/// The coordinates of a grid, one array per vector.
#[pyfunction]
#[pyo3(signature = (*arrays, indexing="xy"))]
fn meshgrid<'py>(py: Python<'py>, arrays: Vec<X<'py>>, indexing: &str) -> PyResult<Py<PyAny>> {
    guard("meshgrid", || {
        if !matches!(indexing, "xy" | "ij") {
            return Err(PyValueError::new_err(format!("meshgrid(): indexing is \"xy\" or \"ij\"; {indexing:?} given")));
        }
        let n = arrays.len();
        let place = |k: usize| if indexing == "xy" && n >= 2 && k < 2 { 1 - k } else { k };
        let mut shape = vec![0; n];
        for (k, x) in arrays.iter().enumerate() {
            if x.any.ndim() > 1 {
                return Err(PyValueError::new_err(format!("meshgrid(): arrays are vectors; array {k} has shape {:?}", x.any.dims())));
            }
            if crate::promotion::is_strict() && x.any.dtype() != arrays[0].any.dtype() {
                return Err(PyValueError::new_err(format!(
                    "meshgrid(): arrays have one dtype; {} and {} given",
                    arrays[0].any.dtype(),
                    x.any.dtype()
                )));
            }
            shape[place(k)] = x.any.size();
        }
        let mut out = vec![];
        for (k, x) in arrays.iter().enumerate() {
            let mut own = vec![1; n];
            own[place(k)] = x.any.size();
            let grid = x.any.reshape(&own).and_then(|v| v.broadcast_to(&shape)).and_then(|v| v.copy());
            out.push(PyArray::new(grid.named("meshgrid")?));
        }
        Ok(PyTuple::new(py, out)?.into_any().unbind())
    })
}

/// Registers the functions.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    register_constants(m)?;
    m.add_function(wrap_pyfunction!(full, m)?)?;
    m.add_function(wrap_pyfunction!(full_like, m)?)?;
    m.add_function(wrap_pyfunction!(arange, m)?)?;
    m.add_function(wrap_pyfunction!(linspace, m)?)?;
    m.add_function(wrap_pyfunction!(eye, m)?)?;
    m.add_function(wrap_pyfunction!(tril, m)?)?;
    m.add_function(wrap_pyfunction!(triu, m)?)?;
    m.add_function(wrap_pyfunction!(meshgrid, m)?)
}
