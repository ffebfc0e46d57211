//! Between arrays and Python objects: numbers, nested sequences, buffers, pickles.

use num_complex::Complex;
use pyo3::exceptions::{PyBufferError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};
use xp_core::DType;

use crate::any::{Any, Arr, C64, C128, HOST, Typed, XpResult, dispatch, f16, with_dtype};
use crate::array::PyArray;
use crate::dtype::{DTypeArg, describe, object};
use crate::error::{Named, reserve};
use crate::info::Device;
use crate::memory::{Access, Foreign, row_major};
use crate::scalar::{FromScalar, Scalar, result_dtype};

/// A dtype whose elements are Python numbers.
pub trait ToScalar: Typed {
    /// The element as a Python number.
    fn to_scalar(self) -> Scalar;
}
macro_rules! to_scalar {
    ($($t:ty, |$x:ident| $e:expr;)*) => {$(
        impl ToScalar for $t {
            fn to_scalar(self) -> Scalar { let $x = self; $e }
        }
    )*};
}
to_scalar! {
    bool, |x| Scalar::Bool(x);
    i8, |x| Scalar::Int(x.into());
    i16, |x| Scalar::Int(x.into());
    i32, |x| Scalar::Int(x.into());
    i64, |x| Scalar::Int(x.into());
    u8, |x| Scalar::Int(x.into());
    u16, |x| Scalar::Int(x.into());
    u32, |x| Scalar::Int(x.into());
    u64, |x| Scalar::Int(x.into());
    f16, |x| Scalar::Float(x.into());
    f32, |x| Scalar::Float(x.into());
    f64, |x| Scalar::Float(x);
    C64, |x| Scalar::Complex(Complex::new(x.re.into(), x.im.into()));
    C128, |x| Scalar::Complex(x);
}

/// The only element of an array.
pub fn scalar(x: &Any) -> XpResult<Scalar> {
    dispatch!(x, |v| v.item().map(ToScalar::to_scalar))
}

/// An array from an array, a number, nested sequences of these, or an object with DLPack or a buffer, on a device: without one where
/// the object's memory is, and otherwise on the CPU. With copy=False the
/// memory is shared or an error raised, with copy=True it never is, and otherwise it is shared where that is possible: not for
/// booleans, since others could write bytes that are none.
#[pyfunction]
#[pyo3(signature = (obj, /, *, dtype=None, device=None, copy=None))]
fn asarray(py: Python<'_>, obj: &Bound<'_, PyAny>, dtype: Option<DTypeArg>, device: Option<Device>, copy: Option<bool>) -> PyResult<Py<PyAny>> {
    crate::error::guard("asarray", || {
        let wanted = dtype.map(|d| d.0);
        if let Ok(x) = obj.cast::<PyArray>() {
            let any = &x.try_borrow()?.any;
            let moves = device.as_ref().is_some_and(|d| d.0 != *any.device());
            let same = !moves && wanted.is_none_or(|d| d == any.dtype());
            if same && copy != Some(true) {
                return Ok(obj.clone().unbind());
            }
            let out = if same { any.copy().named("asarray")? } else { on_device(with_wanted(any.clone(), wanted, copy)?, device, copy)? };
            return Ok(Py::new(py, PyArray::new(out))?.into_any());
        }
        let out = on_device(convert("asarray", obj, wanted, copy)?, device, copy)?;
        Ok(Py::new(py, PyArray::new(out))?.into_any())
    })
}

/// The array on the device asked for.
fn on_device(x: Any, device: Option<Device>, copy: Option<bool>) -> PyResult<Any> {
    match device {
        Some(Device(device)) if device != *x.device() => {
            if copy == Some(false) {
                return Err(PyValueError::new_err(format!("asarray(): copy=False, but an array on {} gets to {device} by a copy only", x.device())));
            }
            x.to_device(&device).named("asarray")
        }
        _ => Ok(x),
    }
}

/// Any object as an array: what [`asarray`] does.
pub fn convert(function: &str, obj: &Bound<'_, PyAny>, dtype: Option<DType>, copy: Option<bool>) -> PyResult<Any> {
    if let Ok(x) = obj.cast::<PyArray>() {
        return with_wanted(x.try_borrow()?.any.clone(), dtype, copy);
    }
    if let Some(s) = Scalar::extract(obj)? {
        refuse_sharing(function, copy)?;
        return s.array(dtype.unwrap_or(s.default_dtype()), &HOST);
    }
    if let Some(shared) = memory(obj, copy)? {
        return with_wanted(shared, dtype, copy);
    }
    refuse_sharing(function, copy)?;
    let mut nested = Nested::default();
    nested.walk(function, obj, 0)?;
    nested.build(function, dtype)
}

fn refuse_sharing(function: &str, copy: Option<bool>) -> PyResult<()> {
    if copy == Some(false) {
        return Err(PyValueError::new_err(format!("{function}(): copy=False, but Python numbers and sequences have no memory to share")));
    }
    Ok(())
}

/// The array in the dtype asked for.
fn with_wanted(x: Any, dtype: Option<DType>, copy: Option<bool>) -> PyResult<Any> {
    match dtype {
        Some(d) if d != x.dtype() => {
            if copy == Some(false) {
                return Err(PyValueError::new_err(format!("asarray(): copy=False, but dtype {} becomes {d} by a copy only", x.dtype())));
            }
            astype_checked("asarray", &x, d)
        }
        _ => Ok(x),
    }
}

/// A cast that does not drop imaginary parts.
pub fn astype_checked(function: &str, x: &Any, d: DType) -> PyResult<Any> {
    use xp_core::dtype::Kind;
    if x.dtype().kind() == Kind::ComplexFloating && !matches!(d.kind(), Kind::ComplexFloating | Kind::Bool) {
        return Err(PyTypeError::new_err(format!("{function}(): {} cannot become {d}: take real(), imag() or abs() first", x.dtype())));
    }
    x.cast(d).named(function)
}

/// The array over the memory of an object with DLPack or a buffer; `None` when it has neither.
fn memory(obj: &Bound<'_, PyAny>, copy: Option<bool>) -> PyResult<Option<Any>> {
    if obj.is_instance_of::<PyList>() || obj.is_instance_of::<PyTuple>() || obj.is_instance_of::<PyString>() {
        return Ok(None);
    }
    if obj.hasattr(pyo3::intern!(obj.py(), "__dlpack__"))? {
        return crate::dlpack::import("asarray", obj, None, copy).map(Some);
    }
    crate::buffer::import(obj, copy)
}

/// What was found in nested sequences.
#[derive(Default)]
struct Nested {
    shape: Vec<usize>,
    /// Whether a number or array was reached, after which the depth is known.
    complete: bool,
    values: Vec<Scalar>,
    dtypes: Vec<DType>,
    kinds: [Option<Scalar>; 4],
}

impl Nested {
    fn walk(&mut self, function: &str, obj: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
        if let Some(s) = Scalar::extract(obj)? {
            self.leaf(function, depth, &[])?;
            self.kinds[match s {
                Scalar::Bool(_) => 0,
                Scalar::Int(_) | Scalar::Huge(_) => 1,
                Scalar::Float(_) => 2,
                Scalar::Complex(_) => 3,
            }] = Some(s);
            reserve(function, &mut self.values, 1)?;
            self.values.push(s);
            return Ok(());
        }
        let array = match obj.cast::<PyArray>() {
            Ok(x) => Some(x.try_borrow()?.any.clone()),
            Err(_) => memory(obj, None)?,
        };
        if let Some(x) = array {
            if !x.is_on_host() {
                return Err(PyTypeError::new_err(format!("{function}(): {}", crate::error::not_read("an element of a sequence", x.device()))));
            }
            self.leaf(function, depth, x.dims())?;
            if !self.dtypes.contains(&x.dtype()) {
                self.dtypes.push(x.dtype());
            }
            reserve(function, &mut self.values, x.size())?;
            dispatch!(&x, |v| self.values.extend(v.to_host().named(function)?.into_iter().map(ToScalar::to_scalar)));
            return Ok(());
        }
        if obj.is_instance_of::<PyString>() || obj.is_instance_of::<PyBytes>() || !is_sequence(obj)? {
            return Err(PyTypeError::new_err(format!("{function}(): an array, a number or a sequence of these expected; {} given", describe(obj))));
        }
        let n = obj.len()?;
        if depth >= xp_core::MAX_NDIM {
            return Err(PyValueError::new_err(format!("{function}(): more than {} levels of sequences", xp_core::MAX_NDIM)));
        }
        if depth == self.shape.len() && !self.complete {
            self.shape.push(n);
        } else if self.shape.get(depth) != Some(&n) {
            return Err(self.ragged(function, depth));
        }
        for i in 0..n {
            self.walk(function, &obj.get_item(i)?, depth + 1)?;
        }
        if n == 0 {
            self.complete = true;
        }
        Ok(())
    }

    /// Checks that a leaf with axes of its own fits the shape.
    fn leaf(&mut self, function: &str, depth: usize, dims: &[usize]) -> PyResult<()> {
        if !self.complete && self.shape.len() == depth {
            self.shape.extend(dims);
            self.complete = true;
        }
        if self.shape.len() != depth + dims.len() || &self.shape[depth..] != dims {
            return Err(self.ragged(function, depth));
        }
        Ok(())
    }

    fn ragged(&self, function: &str, depth: usize) -> PyErr {
        PyValueError::new_err(format!(
            "{function}(): the nested sequences have no common shape: they differ at depth {depth}, before it {:?}",
            &self.shape[..depth.min(self.shape.len())]
        ))
    }

    fn build(self, function: &str, dtype: Option<DType>) -> PyResult<Any> {
        let d = match dtype {
            Some(d) => d,
            None if self.dtypes.is_empty() => self.kinds.iter().flatten().last().map_or(DType::F64, |s| s.default_dtype()),
            None => {
                let scalars: Vec<_> = self.kinds.iter().flatten().copied().collect();
                result_dtype(function, &self.dtypes, &scalars)?
            }
        };
        with_dtype!(d, |T| {
            let mut values: Vec<T> = vec![];
            reserve(function, &mut values, self.values.len())?;
            for s in self.values {
                values.push(T::from_scalar(s)?);
            }
            Arr::from_vec(&HOST, values, self.shape).map(Any::from).named(function)
        })
    }
}

fn is_sequence(obj: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(obj.is_instance_of::<PyList>()
        || obj.is_instance_of::<PyTuple>()
        || (obj.hasattr("__len__")? && obj.hasattr("__getitem__")? && !obj.hasattr("keys")?))
}

/// A copy of an array with another dtype; the array itself when copy is False and the dtype is the same.
#[pyfunction]
#[pyo3(signature = (x, dtype, /, *, copy=true, device=None))]
fn astype(py: Python<'_>, x: &Bound<'_, PyArray>, dtype: DTypeArg, copy: bool, device: Option<Device>) -> PyResult<Py<PyAny>> {
    crate::error::guard("astype", || {
        let any = &x.try_borrow()?.any;
        if let Some(Device(device)) = device.filter(|d| d.0 != *any.device()) {
            let moved = astype_checked("astype", any, dtype.0)?.to_device(&device).named("astype")?;
            return Ok(Py::new(py, PyArray::new(moved))?.into_any());
        }
        let out = match dtype.0 {
            d if d != any.dtype() => astype_checked("astype", any, d)?,
            _ if copy => any.copy().named("astype")?,
            _ => return Ok(x.clone().into_any().unbind()),
        };
        Ok(Py::new(py, PyArray::new(out))?.into_any())
    })
}

/// An array over the memory of an object with `__dlpack__`.
#[pyfunction]
#[pyo3(signature = (x, /, *, device=None, copy=None))]
fn from_dlpack(x: &Bound<'_, PyAny>, device: Option<Device>, copy: Option<bool>) -> PyResult<PyArray> {
    crate::error::guard("from_dlpack", || {
        if !x.hasattr("__dlpack__")? {
            return Err(PyTypeError::new_err(format!("from_dlpack(): x has no __dlpack__: {} given", describe(x))));
        }
        if let Ok(own) = x.cast::<PyArray>() {
            let any = own.try_borrow()?.any.clone();
            let device = device.map_or_else(|| any.device().clone(), |d| d.0);
            if device != *any.device() && copy == Some(false) {
                let why = format!("from_dlpack(): copy=False, but an array on {} gets to {device} by a copy only", any.device());
                return Err(PyBufferError::new_err(why));
            }
            let moved = any.to_device(&device).named("from_dlpack")?;
            return if copy == Some(true) { moved.apart_from(&any).named("from_dlpack") } else { Ok(moved) }.map(PyArray::new);
        }
        crate::dlpack::import("from_dlpack", x, device, copy).map(PyArray::new)
    })
}

/// What [`restore`] takes.
pub fn pickle<'py>(py: Python<'py>, x: &Any) -> PyResult<Bound<'py, PyTuple>> {
    let device = x.device().to_string();
    let x = x.on_host().and_then(|x| x.copy()).named("__reduce__")?;
    let len = x.size() * x.dtype().size();
    let bytes = PyBytes::new_with(py, len, |to| {
        // SAFETY: the copy is contiguous, its elements have no padding, and nobody else has it.
        to.copy_from_slice(unsafe { std::slice::from_raw_parts(crate::repr::host_start(&x), len) });
        Ok(())
    })?;
    let restore = py.import("xparray")?.getattr("_restore")?;
    let arguments = (object(py, x.dtype())?, PyTuple::new(py, x.dims())?, bytes, device);
    (restore, arguments).into_pyobject(py)
}

/// The array that was pickled, on the device that it was on.
#[pyfunction]
#[pyo3(signature = (dtype, shape, data, device=None, /))]
fn _restore(dtype: DTypeArg, shape: Vec<usize>, data: &Bound<'_, PyBytes>, device: Option<Device>) -> PyResult<PyArray> {
    crate::error::guard("_restore", || {
        let size = xp_core::size_of_shape(&shape).named("_restore")?;
        if size.checked_mul(dtype.0.size()) != Some(data.len()?) {
            return Err(PyValueError::new_err(format!("_restore(): {} bytes given for shape {shape:?} of dtype {}", data.len()?, dtype.0)));
        }
        let start = data.as_bytes().as_ptr().cast_mut();
        let strides = row_major(&shape, dtype.0.size());
        let elements = Foreign { start, shape, strides, access: Access::ReadOnly, owner: Box::new(()) };
        // SAFETY: there are as many bytes as the elements have, which are copied before the call ends.
        let restored = unsafe { crate::memory::array(elements, dtype.0, "_restore", Some(true)) }?;
        restored.to_device(&Device::or_host(device)).map(PyArray::new).named("_restore")
    })
}

/// Registers the functions.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(asarray, m)?)?;
    m.add_function(wrap_pyfunction!(astype, m)?)?;
    m.add_function(wrap_pyfunction!(from_dlpack, m)?)?;
    m.add_function(wrap_pyfunction!(_restore, m)?)
}
