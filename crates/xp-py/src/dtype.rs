//! Dtypes as Python objects, and the standard's functions on them.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyComplex, PyFloat, PyInt, PyString, PyTuple, PyType};
use xp_core::DType;
use xp_core::dtype::{Kind, finfo as float_limits, iinfo as integer_limits};

use crate::array::PyArray;
use crate::promotion::is_strict;
use crate::scalar::{Operand, result_dtype};

/// The dtypes of the standard, and `float16`.
pub const ALL: [DType; 14] = {
    use DType::*;
    [Bool, I8, I16, I32, I64, U8, U16, U32, U64, F16, F32, F64, C64, C128]
};

/// A data type. There is one object per data type: `x.dtype is xparray.float64`.
#[pyclass(name = "DType", module = "xparray", frozen)]
pub struct PyDType(pub DType);

#[pymethods]
impl PyDType {
    /// The standard's name.
    #[getter]
    fn name(&self) -> &'static str {
        self.0.name()
    }
    /// The size of an element in bytes.
    #[getter]
    fn itemsize(&self) -> usize {
        self.0.size()
    }
    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<PyDType>().is_ok_and(|d| d.get().0 == self.0)
    }
    fn __hash__(&self) -> u64 {
        self.0 as u64 + 0x7870
    }
    fn __repr__(&self) -> String {
        format!("xparray.{}", self.0.name())
    }
    fn __str__(&self) -> &'static str {
        self.0.name()
    }
    fn __reduce__(&self) -> &'static str {
        self.0.name()
    }
}

/// The object of a dtype.
pub fn object(py: Python<'_>, d: DType) -> PyResult<&Bound<'_, PyDType>> {
    static OBJECTS: PyOnceLock<Vec<Py<PyDType>>> = PyOnceLock::new();
    let all = OBJECTS.get_or_try_init(py, || DType::ALL.iter().map(|&d| Py::new(py, PyDType(d))).collect::<PyResult<_>>())?;
    Ok(all[d as usize].bind(py))
}

/// A `dtype` argument.
#[derive(Clone, Copy)]
pub struct DTypeArg(pub DType);
impl<'a, 'py> FromPyObject<'a, 'py> for DTypeArg {
    type Error = PyErr;
    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        match obj.cast::<PyDType>() {
            Ok(d) => Ok(DTypeArg(d.get().0)),
            Err(_) => python_type(&obj)
                .or_else(|| if is_strict() { None } else { named(&obj) })
                .map(DTypeArg)
                .ok_or_else(|| PyTypeError::new_err(format!("a dtype of xparray expected, such as xparray.float64; {} given", describe(&obj)))),
        }
    }
}

/// The default dtype of a type of Python numbers.
fn python_type(obj: &Bound<'_, PyAny>) -> Option<DType> {
    let py = obj.py();
    let types = [
        (py.get_type::<PyBool>(), DType::Bool),
        (py.get_type::<PyInt>(), DType::I64),
        (py.get_type::<PyFloat>(), DType::F64),
        (py.get_type::<PyComplex>(), DType::C128),
    ];
    types.iter().find(|(t, _)| obj.is(t)).map(|(_, d)| *d)
}

/// The dtype with the name that is given: a string, a dtype of NumPy, or one of its types of scalars.
fn named(obj: &Bound<'_, PyAny>) -> Option<DType> {
    let name = if obj.is_instance_of::<PyString>() {
        obj.clone()
    } else if let Ok(class) = obj.cast::<PyType>() {
        class.module().ok().filter(|m| m == "numpy").and_then(|_| class.name().ok())?.into_any()
    } else {
        obj.getattr("name").ok()?
    };
    let name: String = name.extract().ok()?;
    let name = name.strip_suffix('_').unwrap_or(&name);
    ALL.into_iter().find(|d| d.name() == name)
}

/// An object in a message: its repr, or its type when that is long.
pub fn describe(obj: &Bound<'_, PyAny>) -> String {
    let kind = obj.get_type().name().map_or_else(|_| "object".into(), |n| n.to_string());
    match obj.repr() {
        Ok(r) if r.to_string().len() <= 60 => format!("{kind} {r}"),
        _ => format!("an object of type {kind}"),
    }
}

/// A dtype, or an array that has one.
enum Source {
    DType(DType),
    Array(DType),
}
impl<'a, 'py> FromPyObject<'a, 'py> for Source {
    type Error = PyErr;
    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(x) = obj.cast::<PyArray>() {
            return Ok(Source::Array(x.borrow().any.dtype()));
        }
        DTypeArg::extract(obj).map(|d| Source::DType(d.0))
    }
}
impl Source {
    fn dtype(&self) -> DType {
        match *self {
            Source::DType(d) | Source::Array(d) => d,
        }
    }
}

/// Whether an array of one dtype can be cast to another by the promotion rules.
#[pyfunction]
#[pyo3(signature = (from_, to, /))]
fn can_cast(from_: Source, to: DTypeArg) -> bool {
    crate::promotion::pair(from_.dtype(), to.0) == Some(to.0)
}

/// The dtype that arrays, dtypes and Python scalars promote to.
#[pyfunction]
#[pyo3(signature = (*arrays_and_dtypes))]
fn result_type<'py>(py: Python<'py>, arrays_and_dtypes: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyDType>> {
    let (mut dtypes, mut scalars) = (vec![], vec![]);
    for item in arrays_and_dtypes {
        if let Ok(source) = item.extract::<Source>() {
            dtypes.push(source.dtype());
        } else {
            match Operand::extract(&item)? {
                Some(Operand::Scalar(s)) => scalars.push(s),
                _ => return Err(PyTypeError::new_err(format!("result_type(): arrays, dtypes and scalars expected; {} given", describe(&item)))),
            }
        }
    }
    if dtypes.is_empty() {
        return Err(PyValueError::new_err("result_type(): at least one array or dtype is needed"));
    }
    Ok(object(py, result_dtype("result_type", &dtypes, &scalars)?)?.clone())
}

/// Whether a dtype is of a kind: a dtype, a kind's name, or a tuple of these.
#[pyfunction]
#[pyo3(signature = (dtype, kind))]
fn isdtype(dtype: DTypeArg, kind: &Bound<'_, PyAny>) -> PyResult<bool> {
    if let Ok(kinds) = kind.cast::<PyTuple>() {
        for k in kinds {
            if is_kind(dtype.0, &k)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    is_kind(dtype.0, kind)
}

fn is_kind(d: DType, kind: &Bound<'_, PyAny>) -> PyResult<bool> {
    if let Ok(other) = kind.cast::<PyDType>() {
        return Ok(other.get().0 == d);
    }
    let Ok(name) = kind.cast::<PyString>() else {
        return Err(PyTypeError::new_err(format!("isdtype(): kind is a dtype, a string or a tuple of these; {} given", describe(kind))));
    };
    Ok(kinds_of("isdtype", name.to_str()?)?.contains(&d.kind()))
}

/// The kinds that a name of the standard stands for.
pub fn kinds_of(function: &str, name: &str) -> PyResult<&'static [Kind]> {
    Ok(match name {
        "bool" => &[Kind::Bool],
        "signed integer" => &[Kind::SignedInteger],
        "unsigned integer" => &[Kind::UnsignedInteger],
        "integral" => Kind::INTEGRAL,
        "real floating" => &[Kind::RealFloating],
        "complex floating" => &[Kind::ComplexFloating],
        "numeric" => Kind::NUMERIC,
        _ => return Err(PyValueError::new_err(format!("{function}(): kind {name:?} is not a kind of the standard"))),
    })
}

/// The limits of a floating-point dtype.
#[pyclass(name = "finfo_object", module = "xparray", frozen, get_all)]
struct FInfo {
    bits: u32,
    eps: f64,
    max: f64,
    min: f64,
    smallest_normal: f64,
    dtype: Py<PyDType>,
}
#[pymethods]
impl FInfo {
    fn __repr__(&self) -> String {
        let FInfo { bits, eps, max, min, smallest_normal, dtype } = self;
        format!("finfo_object(bits={bits}, eps={eps:e}, max={max:e}, min={min:e}, smallest_normal={smallest_normal:e}, dtype={})", dtype.get().0)
    }
}

/// The limits of an integer dtype.
#[pyclass(name = "iinfo_object", module = "xparray", frozen, get_all)]
struct IInfo {
    bits: u32,
    max: i128,
    min: i128,
    dtype: Py<PyDType>,
}
#[pymethods]
impl IInfo {
    fn __repr__(&self) -> String {
        let IInfo { bits, max, min, dtype } = self;
        format!("iinfo_object(bits={bits}, max={max}, min={min}, dtype={})", dtype.get().0)
    }
}

/// The limits of a floating-point dtype; of the parts, for a complex one.
#[pyfunction]
#[pyo3(signature = (r#type, /))]
fn finfo(py: Python<'_>, r#type: Source) -> PyResult<FInfo> {
    match r#type.dtype() {
        DType::F16 => {
            let i = float_limits::<half::f16>();
            let dtype = object(py, DType::F16)?.clone().unbind();
            Ok(FInfo { bits: 16, eps: i.eps.into(), max: i.max.into(), min: i.min.into(), smallest_normal: i.smallest_normal.into(), dtype })
        }
        DType::F32 | DType::C64 => {
            let i = float_limits::<f32>();
            let dtype = object(py, DType::F32)?.clone().unbind();
            Ok(FInfo { bits: 32, eps: i.eps.into(), max: i.max.into(), min: i.min.into(), smallest_normal: i.smallest_normal.into(), dtype })
        }
        DType::F64 | DType::C128 => {
            let i = float_limits::<f64>();
            let dtype = object(py, DType::F64)?.clone().unbind();
            Ok(FInfo { bits: 64, eps: i.eps, max: i.max, min: i.min, smallest_normal: i.smallest_normal, dtype })
        }
        d => Err(crate::error::wrong_dtype("finfo", "type", d, "a floating-point dtype")),
    }
}

/// The limits of an integer dtype.
#[pyfunction]
#[pyo3(signature = (r#type, /))]
fn iinfo(py: Python<'_>, r#type: Source) -> PyResult<IInfo> {
    macro_rules! limits {
        ($($V:ident $t:ty),*) => {
            match r#type.dtype() {
                $(DType::$V => {
                    let i = integer_limits::<$t>();
                    Ok(IInfo { bits: i.bits, max: i.max.into(), min: i.min.into(), dtype: object(py, i.dtype)?.clone().unbind() })
                })*
                d => Err(crate::error::wrong_dtype("iinfo", "type", d, "an integer dtype")),
            }
        };
    }
    limits!(I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64)
}

/// Registers the dtypes and their functions.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyDType>()?;
    for d in ALL {
        m.add(d.name(), object(m.py(), d)?)?;
    }
    m.add_function(wrap_pyfunction!(can_cast, m)?)?;
    m.add_function(wrap_pyfunction!(result_type, m)?)?;
    m.add_function(wrap_pyfunction!(isdtype, m)?)?;
    m.add_function(wrap_pyfunction!(finfo, m)?)?;
    m.add_function(wrap_pyfunction!(iinfo, m)?)
}
