//! The elementwise functions: one row per function, one loop per function and dtype.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use xp_core::Backend;
use xp_core::math::Baseline;
use xp_core::ops::{self, BinaryOp, UnaryOp};
use xp_cpu::Cpu;

use crate::any::{Any, Arr, Typed, XpResult, compute, dispatch, rank0};
use crate::array::{PyArray, X};
use crate::error::{Named, guard, wrong_dtype};
use crate::scalar::{Operand, promoted};
use crate::threads::detached;

/// What the kinds of [`dispatch!`] are called in messages.
macro_rules! kind_name {
    (any) => {
        "any dtype"
    };
    (num) => {
        "a numeric dtype"
    };
    (real) => {
        "a real-valued dtype"
    };
    (integer) => {
        "an integer dtype"
    };
    (bits) => {
        "a boolean or integer dtype"
    };
    (floating) => {
        "a floating-point dtype"
    };
    (float) => {
        "a real floating-point dtype"
    };
    (boolean) => {
        "dtype bool"
    };
}

/// An operation on arrays of rank 0 needs no loop: `exact` ones, which give the same result at every level of instruction
/// sets, are applied to the elements.
macro_rules! one_by_one {
    (exact $fast:expr, $loop:expr) => {
        match $fast {
            Some(out) => out,
            None => $loop,
        }
    };
    (level $fast:expr, $loop:expr) => {
        $loop
    };
}

fn map1<Op: UnaryOp<T, Out: Typed>, T: Typed>(x: &Arr<T>) -> Option<XpResult<Arr<Op::Out>>> {
    (x.ndim() == 0).then(|| rank0(Op::apply::<Baseline>(element(x))))
}

fn map2<Op: BinaryOp<T, Out: Typed>, T: Typed>(x: &Arr<T>, y: &Arr<T>) -> Option<XpResult<Arr<Op::Out>>> {
    (x.ndim() == 0 && y.ndim() == 0).then(|| rank0(Op::apply::<Baseline>(element(x), element(y))))
}

/// The element of an array of rank 0.
fn element<T: Typed>(x: &Arr<T>) -> T {
    // SAFETY: an array of rank 0 has one element, at its offset.
    unsafe { *Cpu::address(x.buffer()).add(x.offset()) }
}

macro_rules! unary {
    ($($name:ident $Op:ident $kind:ident $exact:ident $doc:literal;)*) => {
        /// The functions of one array, on arrays.
        pub mod unary {
            use super::*;
            $(
                #[doc = $doc]
                pub fn $name(x: &Any) -> PyResult<Any> {
                    compute!(x, $kind, |v| one_by_one!($exact map1::<ops::$Op, _>(v), v.lazy().apply::<ops::$Op>().try_eval()).map(Any::from).named(stringify!($name)),
                        else Err(wrong_dtype(stringify!($name), "x", x.dtype(), kind_name!($kind))))
                }
            )*
        }
        mod unary_py {
            use super::*;
            $(
                #[doc = $doc]
                #[pyfunction]
                #[pyo3(signature = (x, /))]
                fn $name(x: X<'_>) -> PyResult<PyArray> {
                    guard(stringify!($name), || unary::$name(&x.any).map(PyArray::new))
                }
            )*
            pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
                $(m.add_function(wrap_pyfunction!($name, m)?)?;)*
                Ok(())
            }
        }
    };
}
unary! {
    abs Abs num level "The absolute value of every element.";
    acos Acos floating level "The principal value of the inverse cosine of every element.";
    acosh Acosh floating level "The inverse hyperbolic cosine of every element.";
    asin Asin floating level "The principal value of the inverse sine of every element.";
    asinh Asinh floating level "The inverse hyperbolic sine of every element.";
    atan Atan floating level "The principal value of the inverse tangent of every element.";
    atanh Atanh floating level "The inverse hyperbolic tangent of every element.";
    bitwise_invert BitwiseInvert bits exact "Every bit inverted.";
    ceil Ceil real exact "Every element rounded up.";
    conj Conj num exact "The complex conjugate of every element.";
    cos Cos floating level "The cosine of every element.";
    cosh Cosh floating level "The hyperbolic cosine of every element.";
    exp Exp floating level "The exponential of every element.";
    expm1 Expm1 floating level "exp(x) - 1, accurate near 0.";
    floor Floor real exact "Every element rounded down.";
    imag ImagPart num exact "The imaginary part of every element.";
    isfinite IsFinite num exact "Whether every element is neither infinite nor NaN.";
    isinf IsInf num exact "Whether every element is infinite.";
    isnan IsNan num exact "Whether every element is NaN.";
    log Log floating level "The natural logarithm of every element.";
    log10 Log10 floating level "The logarithm to base 10 of every element.";
    log1p Log1p floating level "log(1 + x), accurate near 0.";
    log2 Log2 floating level "The logarithm to base 2 of every element.";
    logical_not LogicalNot boolean exact "The logical negation of every element.";
    negative Negative num exact "Every element with the opposite sign.";
    positive Positive num exact "Every element itself.";
    real RealPart num exact "The real part of every element.";
    reciprocal Reciprocal floating level "1 / x for every element.";
    round Round num exact "Every element rounded to the nearest integer, halves to even.";
    sign Sign num level "-1, 0 or 1 by the sign of every element; x / abs(x) for complex numbers.";
    signbit Signbit float exact "Whether the sign bit of every element is set.";
    sin Sin floating level "The sine of every element.";
    sinh Sinh floating level "The hyperbolic sine of every element.";
    sqrt Sqrt floating level "The principal square root of every element.";
    square Square num exact "Every element times itself.";
    tan Tan floating level "The tangent of every element.";
    tanh Tanh floating level "The hyperbolic tangent of every element.";
    trunc Trunc real exact "Every element rounded towards zero.";
}

macro_rules! binary {
    ($($name:ident $Op:ident $kind:ident $exact:ident $doc:literal;)*) => {
        /// The functions of two arrays of one dtype.
        pub mod binary {
            use super::*;
            $(
                #[doc = $doc]
                pub fn $name(x1: &Any, x2: &Any) -> PyResult<Any> {
                    detached(&[x1, x2], || dispatch!(x1, $kind, |a| match <T as crate::any::Typed>::peek(x2) {
                        Some(b) => one_by_one!($exact map2::<ops::$Op, _>(a, b), a.lazy().zip::<ops::$Op, _>(b).try_eval()).map(Any::from).named(stringify!($name)),
                        None => unreachable!("operands are promoted"),
                    }, else Err(wrong_dtype(stringify!($name), "x1", x1.dtype(), kind_name!($kind)))))
                }
            )*
        }
        mod binary_py {
            use super::*;
            $(
                #[doc = $doc]
                #[pyfunction]
                #[pyo3(signature = (x1, x2, /))]
                fn $name(x1: &Bound<'_, PyAny>, x2: &Bound<'_, PyAny>) -> PyResult<PyArray> {
                    two(stringify!($name), x1, x2, binary::$name)
                }
            )*
            pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
                $(m.add_function(wrap_pyfunction!($name, m)?)?;)*
                Ok(())
            }
        }
    };
}
binary! {
    add Add num exact "The sum of the elements.";
    atan2 Atan2 float level "The angle of the points (x2, x1).";
    bitwise_and BitwiseAnd bits exact "The bits that are set in both elements.";
    bitwise_left_shift BitwiseLeftShift integer exact "The bits of x1 shifted left by x2.";
    bitwise_or BitwiseOr bits exact "The bits that are set in at least one element.";
    bitwise_right_shift BitwiseRightShift integer exact "The bits of x1 shifted right by x2, filled with the sign.";
    bitwise_xor BitwiseXor bits exact "The bits that are set in exactly one element.";
    copysign Copysign float exact "The magnitudes of x1 with the signs of x2.";
    divide Divide floating exact "The quotient of the elements.";
    equal Equal any exact "Whether the elements are equal.";
    floor_divide FloorDivide real exact "The quotient of the elements, rounded down.";
    greater Greater real exact "Whether x1 > x2.";
    greater_equal GreaterEqual real exact "Whether x1 >= x2.";
    hypot Hypot float level "sqrt(x1**2 + x2**2) without overflow on the way.";
    less Less real exact "Whether x1 < x2.";
    less_equal LessEqual real exact "Whether x1 <= x2.";
    logaddexp Logaddexp float level "log(exp(x1) + exp(x2)).";
    logical_and LogicalAnd boolean exact "Whether both elements are true.";
    logical_or LogicalOr boolean exact "Whether at least one element is true.";
    logical_xor LogicalXor boolean exact "Whether exactly one element is true.";
    maximum Maximum real exact "The larger of the elements; NaN when one is NaN.";
    minimum Minimum real exact "The smaller of the elements; NaN when one is NaN.";
    multiply Multiply num exact "The product of the elements.";
    nextafter Nextafter float exact "The next number after x1 towards x2.";
    not_equal NotEqual any exact "Whether the elements differ.";
    pow Pow num level "x1 to the power of x2.";
    remainder Remainder real exact "The remainder of x1 / x2, with the sign of x2.";
    subtract Subtract num exact "The difference of the elements.";
}

/// A function of two arrays or scalars.
#[inline]
pub fn two(name: &'static str, x1: &Bound<'_, PyAny>, x2: &Bound<'_, PyAny>, f: fn(&Any, &Any) -> PyResult<Any>) -> PyResult<PyArray> {
    guard(name, || {
        let (a, b) = (Operand::required(name, "x1", x1)?, Operand::required(name, "x2", x2)?);
        promoted(name, &a, &b, f).map(PyArray::new)
    })
}

/// Every element limited to the range from min to max, in the dtype of x.
#[pyfunction]
#[pyo3(signature = (x, /, min=None, max=None))]
fn clip(x: X<'_>, min: Option<&Bound<'_, PyAny>>, max: Option<&Bound<'_, PyAny>>) -> PyResult<PyArray> {
    guard("clip", || {
        let mut out = x.any.clone();
        for (argument, bound, f) in [("min", min, binary::maximum as fn(&Any, &Any) -> PyResult<Any>), ("max", max, binary::minimum)] {
            let Some(bound) = bound else { continue };
            let limit = match Operand::required("clip", argument, bound)? {
                Operand::Array(b) if b.dtype().kind() == out.dtype().kind() => b.cast(out.dtype()).named("clip")?,
                Operand::Scalar(s) if s.with_array(out.dtype()) == Some(out.dtype()) => s.array(out.dtype())?,
                _ => {
                    let why =
                        format!("clip(): {argument} must be of the kind of x, which is {}; {} given", out.dtype(), crate::dtype::describe(bound));
                    return Err(PyTypeError::new_err(why));
                }
            };
            out = f(&out, &limit)?;
        }
        if min.is_none() && max.is_none() {
            out = unary::positive(&out)?;
        }
        Ok(PyArray::new(out))
    })
}

/// Registers the functions.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    unary_py::register(m)?;
    binary_py::register(m)?;
    m.add_function(wrap_pyfunction!(clip, m)?)
}
