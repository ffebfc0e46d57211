//! Which dtype operands of several dtypes are computed in.
//!
//! The standard says it for dtypes of one kind and leaves the rest open. There the module does what NumPy, PyTorch, JAX and CuPy
//! do where they agree, and what PyTorch does where they differ, unless it is strict: then what the standard leaves open is an
//! error, for people who test their code against the standard.
//!
//! | operands | dtype |
//! |---|---|
//! | `bool` and another dtype | the other one |
//! | an integer and a floating-point dtype, real or complex | the floating-point one |
//! | real and complex floating-point | complex, of the wider precision (so says the standard) |
//! | `uint64` and a signed integer | none: no integer dtype holds both |
//! | a Python number and an array | the array's; the default dtype of the number's kind where that kind is beyond the array's |
//! | `float16` or `float32` and a Python `complex` | `complex64` |
//! | `float16` in a function of numbers | it is computed in `float32`, and what comes of it is rounded |
//! | integers or `bool` in a function of floating-point numbers | `float64` |
//! | anything in a logical function | `bool`: whether it is nonzero |

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use xp_core::DType;
use xp_core::dtype::Kind;

use crate::any::Any;
use crate::error::{Named, wrong_dtype};
use crate::scalar::Scalar;

static STRICT: AtomicBool = AtomicBool::new(false);

/// Whether what the standard leaves open is an error.
#[inline]
pub fn is_strict() -> bool {
    STRICT.load(Ordering::Relaxed)
}

/// The dtype of two.
pub fn pair(a: DType, b: DType) -> Option<DType> {
    if let Some(d) = xp_core::dtype::result_type(a, b) {
        return Some(d);
    }
    if is_strict() {
        return None;
    }
    match (rank(a.kind()), rank(b.kind())) {
        (i, j) if i < j => Some(b),
        (i, j) if i > j => Some(a),
        _ => None,
    }
}

/// The dtype of several.
pub fn several(dtypes: &[DType]) -> Option<DType> {
    // Integers first: what they have in common is known before a floating-point dtype takes them all.
    let mut sorted = dtypes.to_vec();
    sorted.sort_by_key(|d| rank(d.kind()));
    let (first, rest) = sorted.split_first()?;
    let one_by_one = rest.iter().try_fold(*first, |d, &e| pair(d, e));
    // uint64 beside signed integers is of no matter when something else decides.
    one_by_one.or_else(|| {
        let last = rank(sorted.last()?.kind());
        if is_strict() || last == rank(Kind::SignedInteger) {
            return None;
        }
        let deciding: Vec<DType> = sorted.iter().copied().filter(|d| rank(d.kind()) > rank(Kind::SignedInteger)).collect();
        several(&deciding)
    })
}

/// The dtype of an array of dtype `d` and a Python number.
pub fn with_scalar(s: Scalar, d: DType) -> Option<DType> {
    if let Some(out) = s.with_array(d) {
        return Some(out);
    }
    if is_strict() {
        return None;
    }
    Some(if rank(s.default_dtype().kind()) > rank(d.kind()) { s.default_dtype() } else { d })
}

/// Whether an array of dtype `to` takes results of dtype `from` by `+=` and its kin: those of its kind, and of kinds below.
pub fn holds(to: DType, from: DType) -> bool {
    from == to || !is_strict() && rank(from.kind()) <= rank(to.kind())
}

/// The kinds in their order: each holds, up to rounding, what is below.
fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::Bool => 0,
        Kind::SignedInteger | Kind::UnsignedInteger => 1,
        Kind::RealFloating => 2,
        Kind::ComplexFloating => 3,
    }
}

/// What dtypes a function is computed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Any.
    Element,
    /// Numbers.
    Num,
    /// Real numbers.
    Real,
    /// Integers.
    Integer,
    /// Integers and booleans.
    Bits,
    /// Real and complex floating-point numbers.
    Floating,
    /// Real floating-point numbers.
    Float,
    /// Booleans.
    Bool,
}

impl Takes {
    /// Whether a dtype is one of them.
    #[inline]
    pub const fn admits(self, d: DType) -> bool {
        let kind = rank_of(d);
        match self {
            Takes::Element => true,
            _ if matches!(d, DType::F16) => false,
            Takes::Num => kind >= 1,
            Takes::Real => kind == 1 || kind == 2,
            Takes::Integer => kind == 1,
            Takes::Bits => kind <= 1,
            Takes::Floating => kind >= 2,
            Takes::Float => kind == 2,
            Takes::Bool => kind == 0,
        }
    }

    /// Whether floating-point numbers are among them, and not everything is.
    const fn is_of_floats(self) -> bool {
        matches!(self, Takes::Num | Takes::Real | Takes::Floating | Takes::Float)
    }

    /// What these dtypes are called in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Takes::Element => "any dtype",
            Takes::Num => "a numeric dtype",
            Takes::Real => "a real-valued dtype",
            Takes::Integer => "an integer dtype",
            Takes::Bits => "a boolean or integer dtype",
            Takes::Floating => "a floating-point dtype",
            Takes::Float => "a real floating-point dtype",
            Takes::Bool => "dtype bool",
        }
    }

    /// The dtype in which a function computes what has dtype `d`, which it does not take as it is.
    fn instead_of(self, function: &str, d: DType) -> Option<DType> {
        if is_strict() {
            return None;
        }
        match (self, rank(d.kind())) {
            (Takes::Floating | Takes::Float, 0 | 1) => Some(DType::F64),
            (Takes::Bool, _) => Some(DType::Bool),
            (Takes::Num | Takes::Real, 0) if ON_BOOLEANS.contains(&function) => Some(DType::U8),
            (Takes::Num, 0) if SUMS_OF_BOOLEANS.contains(&function) => Some(DType::I64),
            _ => None,
        }
    }
}

/// [`rank`], for constants.
const fn rank_of(d: DType) -> u8 {
    match d {
        DType::Bool => 0,
        DType::F16 | DType::BF16 | DType::F32 | DType::F64 => 2,
        DType::C64 | DType::C128 => 3,
        _ => 1,
    }
}

/// Functions of numbers that take booleans as 0 and 1, and whose result, where it is one of these again, is a boolean: `+` is
/// "or", `*` is "and". The others (`-`, unary `-` and `+`, powers, quotients) have no agreed meaning and stay errors.
const ON_BOOLEANS: [&str; 25] = [
    "abs",
    "add",
    "argmax",
    "argmin",
    "ceil",
    "conj",
    "floor",
    "greater",
    "greater_equal",
    "imag",
    "isfinite",
    "isin",
    "isinf",
    "isnan",
    "less",
    "less_equal",
    "max",
    "maximum",
    "min",
    "minimum",
    "multiply",
    "real",
    "round",
    "sign",
    "trunc",
];
/// Functions that add booleans up, as integers.
const SUMS_OF_BOOLEANS: [&str; 4] = ["sum", "prod", "cumulative_sum", "cumulative_prod"];

/// The token of a bound, of xp's tables or of [`dispatch!`](crate::any::dispatch), as a value of [`Takes`].
macro_rules! takes {
    (Element) => {
        $crate::promotion::Takes::Element
    };
    (any) => {
        $crate::promotion::Takes::Element
    };
    (Num) => {
        $crate::promotion::Takes::Num
    };
    (num) => {
        $crate::promotion::Takes::Num
    };
    (Real) => {
        $crate::promotion::Takes::Real
    };
    (real) => {
        $crate::promotion::Takes::Real
    };
    (Integer) => {
        $crate::promotion::Takes::Integer
    };
    (Bits) => {
        $crate::promotion::Takes::Bits
    };
    (Floating) => {
        $crate::promotion::Takes::Floating
    };
    (floating) => {
        $crate::promotion::Takes::Floating
    };
    (Float) => {
        $crate::promotion::Takes::Float
    };
    (float) => {
        $crate::promotion::Takes::Float
    };
    (bool) => {
        $crate::promotion::Takes::Bool
    };
}
pub(crate) use takes;

/// The argument of a function in a dtype that it is computed in.
pub fn taken<'a>(function: &str, argument: &str, takes: Takes, x: &'a Any) -> PyResult<Cow<'a, Any>> {
    let d = x.dtype();
    if takes.admits(d) {
        return Ok(Cow::Borrowed(x));
    }
    match takes.instead_of(function, d) {
        Some(e) => x.cast(e).map(Cow::Owned).named(function),
        None if d == DType::F16 && takes.is_of_floats() => Err(wrong_dtype(function, argument, d, "a wider dtype (by astype(x, float32))")),
        None => Err(wrong_dtype(function, argument, d, takes.name())),
    }
}

/// [`taken`], where `float16` is computed in `float32`: all functions that round what comes of it ([`given_back`]), or where that changes nothing.
pub fn widened<'a>(function: &str, argument: &str, takes: Takes, x: &'a Any) -> PyResult<Cow<'a, Any>> {
    // The neighbours in float32 are others.
    if x.dtype() == DType::F16 && !is_strict() && function != "nextafter" && takes.is_of_floats() {
        return x.cast(DType::F32).map(Cow::Owned).named(function);
    }
    taken(function, argument, takes, x)
}

/// The result of a function that has computed booleans as 0 and 1, or `float16` in `float32`.
pub fn given_back(function: &str, given: DType, out: Any) -> PyResult<Any> {
    match (given, out.dtype()) {
        (DType::Bool, DType::U8) | (DType::F16, DType::F32) => out.cast(given).named(function),
        _ => Ok(out),
    }
}

/// The error for dtypes that do not mix.
pub fn undefined(function: &str, dtypes: &[DType]) -> PyErr {
    let names: Vec<_> = dtypes.iter().map(|d| d.name()).collect();
    let why = if is_strict() {
        format!("the standard leaves the promotion of {} undefined: convert with astype", names.join(" with "))
    } else {
        format!("no integer dtype holds both {}: convert one with astype", names.join(" and "))
    };
    PyTypeError::new_err(format!("{function}(): {why}"))
}

/// Makes what the standard leaves open an error, or not: dtypes of several kinds in one operation, integers in functions of
/// floating-point numbers, assignments that change the kind. The environment variable XPARRAY_STRICT=1 does the same at the start.
#[pyfunction]
#[pyo3(signature = (strict, /))]
fn set_strict(strict: bool) {
    STRICT.store(strict, Ordering::Relaxed);
}

/// Whether what the standard leaves open is an error.
#[pyfunction(name = "is_strict")]
#[pyo3(signature = ())]
fn asked_strict() -> bool {
    is_strict()
}

/// Registers the functions, and reads the environment.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    STRICT.store(std::env::var("XPARRAY_STRICT").is_ok_and(|v| !matches!(&*v, "" | "0")), Ordering::Relaxed);
    m.add_function(wrap_pyfunction!(set_strict, m)?)?;
    m.add_function(wrap_pyfunction!(asked_strict, m)?)
}
