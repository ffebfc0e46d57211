//! Python numbers as weak scalars, and the promotion of arrays with them.

use std::borrow::Cow;

use num_complex::Complex;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyComplex, PyFloat, PyInt};
use xp_any::AnyDevice;
use xp_core::dtype::Kind;
use xp_core::{DType, Element};

use crate::any::{Any, C64, C128, Typed, f16, rank0, with_dtype};
use crate::array::PyArray;
use crate::dtype::describe;
use crate::promotion;

/// A Python number.
#[derive(Clone, Copy, Debug)]
pub enum Scalar {
    /// A `bool`.
    Bool(bool),
    /// An `int`.
    Int(i128),
    /// An `int` of more than 128 bits: only its nearest double is of use.
    Huge(f64),
    /// A `float`.
    Float(f64),
    /// A `complex`.
    Complex(C128),
}

impl Scalar {
    /// The number, when the object is one: a Python number, or a number of NumPy.
    pub fn extract(obj: &Bound<'_, PyAny>) -> PyResult<Option<Scalar>> {
        if obj.is_exact_instance_of::<PyFloat>() {
            return Ok(Some(Scalar::Float(obj.extract()?)));
        }
        if obj.is_instance_of::<PyBool>() {
            return Ok(Some(Scalar::Bool(obj.extract()?)));
        }
        if obj.is_instance_of::<PyInt>() {
            return Self::int(obj).map(Some);
        }
        if obj.is_instance_of::<PyFloat>() {
            return Ok(Some(Scalar::Float(obj.extract()?)));
        }
        if obj.is_instance_of::<PyComplex>() {
            return Ok(Some(Scalar::Complex(complex(obj)?)));
        }
        Ok(None)
    }

    /// [`Scalar::extract`] for operands, among which NumPy's scalars count as the Python numbers they stand for.
    pub fn operand(obj: &Bound<'_, PyAny>) -> PyResult<Option<Scalar>> {
        if let Some(s) = Self::extract(obj)? {
            return Ok(Some(s));
        }
        // NumPy's scalars have `item` and `dtype`, and unlike its arrays no `__dlpack__`.
        if obj.hasattr("dtype")? && !obj.hasattr("__dlpack__")? && obj.hasattr("item")? {
            return Self::extract(&obj.call_method0("item")?);
        }
        Ok(None)
    }

    fn int(obj: &Bound<'_, PyAny>) -> PyResult<Scalar> {
        if let Ok(small) = obj.extract::<i64>() {
            return Ok(Scalar::Int(small.into()));
        }
        match obj.extract::<i128>() {
            Ok(wide) => Ok(Scalar::Int(wide)),
            // Raises an OverflowError when it is beyond the doubles.
            Err(_) => Ok(Scalar::Huge(obj.extract()?)),
        }
    }

    /// The dtype that an array of nothing but such scalars has.
    pub fn default_dtype(self) -> DType {
        match self {
            Scalar::Bool(_) => DType::Bool,
            Scalar::Int(_) | Scalar::Huge(_) => DType::I64,
            Scalar::Float(_) => DType::F64,
            Scalar::Complex(_) => DType::C128,
        }
    }

    fn kind_name(self) -> &'static str {
        match self {
            Scalar::Bool(_) => "bool",
            Scalar::Int(_) | Scalar::Huge(_) => "int",
            Scalar::Float(_) => "float",
            Scalar::Complex(_) => "complex",
        }
    }

    /// The dtype of an operation on an array of dtype `d` and this scalar, which never widens the array; `None` where the
    /// standard leaves the mix undefined.
    pub fn with_array(self, d: DType) -> Option<DType> {
        match (self, d.kind()) {
            (Scalar::Bool(_), Kind::Bool) => Some(d),
            (Scalar::Bool(_), _) | (_, Kind::Bool) => None,
            (Scalar::Int(_) | Scalar::Huge(_), _) => Some(d),
            (Scalar::Float(_), Kind::RealFloating | Kind::ComplexFloating) | (Scalar::Complex(_), Kind::ComplexFloating) => Some(d),
            (Scalar::Complex(_), Kind::RealFloating) => Some(if d == DType::F64 { DType::C128 } else { DType::C64 }),
            _ => None,
        }
    }

    /// The scalar in a dtype. Integers must be in range, as in NumPy; floats become integers by truncation.
    pub fn to<T: FromScalar>(self) -> PyResult<T> {
        T::from_scalar(self)
    }

    /// The scalar as an array of rank 0 on a device.
    pub fn array(self, d: DType, device: &AnyDevice) -> PyResult<Any> {
        with_dtype!(d, |T| {
            let value: T = self.to()?;
            Ok(rank0(device, value).map_err(|e| crate::error::to_python("scalar", e))?.into())
        })
    }
}

fn complex(obj: &Bound<'_, PyAny>) -> PyResult<C128> {
    let part = |name: &str| obj.getattr(name)?.extract::<f64>();
    Ok(Complex::new(part("real")?, part("imag")?))
}

/// A dtype that Python numbers are converted to.
pub trait FromScalar: Typed {
    /// The conversion.
    fn from_scalar(s: Scalar) -> PyResult<Self>;
}
impl FromScalar for bool {
    fn from_scalar(s: Scalar) -> PyResult<bool> {
        Ok(match s {
            Scalar::Bool(b) => b,
            Scalar::Int(i) => i != 0,
            Scalar::Huge(_) => true,
            Scalar::Float(f) => f != 0.0,
            Scalar::Complex(z) => z != Complex::new(0.0, 0.0),
        })
    }
}
macro_rules! integers {
    ($($t:ty)*) => {$(
        impl FromScalar for $t {
            fn from_scalar(s: Scalar) -> PyResult<$t> {
                let out_of_range = |v: &dyn core::fmt::Display| PyOverflowError::new_err(format!("Python integer {v} is out of bounds for {}", <$t>::DTYPE));
                match s {
                    Scalar::Bool(b) => Ok(b.into()),
                    Scalar::Int(i) => <$t>::try_from(i).map_err(|_| out_of_range(&i)),
                    Scalar::Huge(f) => Err(out_of_range(&f)),
                    Scalar::Float(f) if f.is_nan() => Err(PyValueError::new_err(format!("NaN cannot be converted to {}", <$t>::DTYPE))),
                    Scalar::Float(f) if f.is_infinite() => Err(PyOverflowError::new_err(format!("{f} cannot be converted to {}", <$t>::DTYPE))),
                    Scalar::Float(f) => <$t>::try_from(f.trunc() as i128).map_err(|_| out_of_range(&f)),
                    Scalar::Complex(_) => Err(PyTypeError::new_err(format!("a complex number cannot be converted to {}", <$t>::DTYPE))),
                }
            }
        }
    )*};
}
integers!(i8 i16 i32 i64 u8 u16 u32 u64);
macro_rules! floats {
    ($($t:ty)*) => {$(
        impl FromScalar for $t {
            fn from_scalar(s: Scalar) -> PyResult<$t> {
                Ok(match s {
                    Scalar::Bool(b) => u8::from(b).into(),
                    Scalar::Int(i) => i as $t,
                    Scalar::Huge(f) | Scalar::Float(f) => f as $t,
                    Scalar::Complex(_) => return Err(PyTypeError::new_err(format!("a complex number cannot be converted to {}", <$t>::DTYPE))),
                })
            }
        }
    )*};
}
floats!(f32 f64);
impl FromScalar for f16 {
    /// From the nearest double.
    fn from_scalar(s: Scalar) -> PyResult<f16> {
        match s {
            Scalar::Complex(_) => Err(PyTypeError::new_err(format!("a complex number cannot be converted to {}", f16::DTYPE))),
            other => f64::from_scalar(other).map(|x| x.cast()),
        }
    }
}
impl FromScalar for C64 {
    fn from_scalar(s: Scalar) -> PyResult<C64> {
        Ok(match s {
            Scalar::Complex(z) => Complex::new(z.re as f32, z.im as f32),
            other => Complex::new(f32::from_scalar(other)?, 0.0),
        })
    }
}
impl FromScalar for C128 {
    fn from_scalar(s: Scalar) -> PyResult<C128> {
        Ok(match s {
            Scalar::Complex(z) => z,
            other => Complex::new(f64::from_scalar(other)?, 0.0),
        })
    }
}

/// An operand of an elementwise function.
pub enum Operand<'a> {
    /// An array.
    Array(Cow<'a, Any>),
    /// A Python number.
    Scalar(Scalar),
}
impl Operand<'_> {
    /// The operand, when the object can be one.
    #[inline]
    pub fn extract(obj: &Bound<'_, PyAny>) -> PyResult<Option<Self>> {
        if let Ok(x) = obj.cast::<PyArray>() {
            return Ok(Some(Operand::Array(Cow::Owned(x.try_borrow()?.any.clone()))));
        }
        Ok(Scalar::operand(obj)?.map(Operand::Scalar))
    }

    /// The operand, or a `TypeError` that names the argument.
    #[inline]
    pub fn required(function: &str, argument: &str, obj: &Bound<'_, PyAny>) -> PyResult<Self> {
        Self::extract(obj)?.ok_or_else(|| no_operand(function, argument, obj))
    }
}

/// The error for what is neither an array nor a number.
pub fn no_operand(function: &str, argument: &str, obj: &Bound<'_, PyAny>) -> PyErr {
    PyTypeError::new_err(format!("{function}(): {argument} is an array or a Python number; {} given", describe(obj)))
}

/// The dtype that dtypes and scalars promote to.
pub fn result_dtype(function: &str, dtypes: &[DType], scalars: &[Scalar]) -> PyResult<DType> {
    let Some(mut d) = promotion::several(dtypes) else { return Err(promotion::undefined(function, dtypes)) };
    for s in scalars {
        d = beside(function, *s, d)?;
    }
    Ok(d)
}

/// The dtype of an array of dtype `d` and a scalar.
fn beside(function: &str, s: Scalar, d: DType) -> PyResult<DType> {
    promotion::with_scalar(s, d).ok_or_else(|| {
        PyTypeError::new_err(format!("{function}(): the standard leaves a {d} array with a Python {} undefined: convert with astype", s.kind_name()))
    })
}

/// Both operands in the dtype they promote to, for `f`.
#[inline]
pub fn promoted<R>(function: &str, x1: &Operand<'_>, x2: &Operand<'_>, f: impl FnOnce(&Any, &Any) -> PyResult<R>) -> PyResult<R> {
    match (x1, x2) {
        (Operand::Array(a), Operand::Array(b)) => {
            let (da, db) = (a.dtype(), b.dtype());
            if da == db {
                return f(a, b);
            }
            let d = promotion::pair(da, db).ok_or_else(|| promotion::undefined(function, &[da, db]))?;
            f(&*cast(function, a, d)?, &*cast(function, b, d)?)
        }
        (Operand::Array(a), Operand::Scalar(s)) => {
            let d = beside(function, *s, a.dtype())?;
            f(&*cast(function, a, d)?, &s.array(d, a.device())?)
        }
        (Operand::Scalar(s), Operand::Array(b)) => {
            let d = beside(function, *s, b.dtype())?;
            f(&s.array(d, b.device())?, &*cast(function, b, d)?)
        }
        (Operand::Scalar(_), Operand::Scalar(_)) => Err(PyTypeError::new_err(format!("{function}(): at least one of x1 and x2 must be an array"))),
    }
}

fn cast<'a>(function: &str, x: &'a Any, d: DType) -> PyResult<Cow<'a, Any>> {
    if x.dtype() == d {
        return Ok(Cow::Borrowed(x));
    }
    x.cast(d).map(Cow::Owned).map_err(|e| crate::error::to_python(function, e))
}
