//! The elementwise functions of the standard, made of the rows of xp's table: one loop per function and dtype.

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

/// What the bounds of operations are called in messages.
macro_rules! kind_name {
    (Element) => {
        "any dtype"
    };
    (Num) => {
        "a numeric dtype"
    };
    (Real) => {
        "a real-valued dtype"
    };
    (Integer) => {
        "an integer dtype"
    };
    (Bits) => {
        "a boolean or integer dtype"
    };
    (Floating) => {
        "a floating-point dtype"
    };
    (Float) => {
        "a real floating-point dtype"
    };
    (bool) => {
        "dtype bool"
    };
}

/// The functions of the standard; what xp has beside them is left out.
macro_rules! of_the_standard {
    (standard $($item:tt)*) => { $($item)* };
    (beside $($item:tt)*) => {};
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

fn map1<Op: UnaryOp<T, Out: Typed>, T: Typed>(op: Op, x: &Arr<T>) -> Option<XpResult<Arr<Op::Out>>> {
    (x.ndim() == 0).then(|| rank0(op.apply::<Baseline>(element(x))))
}

fn map2<Op: BinaryOp<T, Out: Typed>, T: Typed>(op: Op, x: &Arr<T>, y: &Arr<T>) -> Option<XpResult<Arr<Op::Out>>> {
    (x.ndim() == 0 && y.ndim() == 0).then(|| rank0(op.apply::<Baseline>(element(x), element(y))))
}

/// The element of an array of rank 0.
fn element<T: Typed>(x: &Arr<T>) -> T {
    // SAFETY: an array of rank 0 has one element, at its offset.
    unsafe { *Cpu::address(x.buffer()).add(x.offset()) }
}

macro_rules! unary {
    ($(
        #[doc = $doc:literal]
        $name:ident $Op:ident $bound:ident $formula:literal $place:ident $exact:ident [$($alias:literal)*];
    )*) => {
        /// The functions of one array, on arrays.
        pub mod unary {
            use super::*;
            $(of_the_standard! { $place
                #[doc = $doc]
                pub fn $name(x: &Any) -> PyResult<Any> {
                    compute!(x, $bound, |v| one_by_one!($exact map1(ops::$Op, v), v.lazy().apply(ops::$Op).try_eval()).map(Any::from).named(stringify!($name)),
                        else Err(wrong_dtype(stringify!($name), "x", x.dtype(), kind_name!($bound))))
                }
            })*
        }
        mod unary_py {
            use super::*;
            $(of_the_standard! { $place
                #[doc = $doc]
                #[doc = ""]
                #[doc = $formula]
                #[pyfunction]
                #[pyo3(signature = (x, /))]
                fn $name(x: X<'_>) -> PyResult<PyArray> {
                    guard(stringify!($name), || unary::$name(&x.any).map(PyArray::new))
                }
            })*
            pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
                $(of_the_standard! { $place m.add_function(wrap_pyfunction!($name, m)?)?; })*
                Ok(())
            }
        }
    };
}
xp_core::unary_operations!(unary);

macro_rules! binary {
    ($(
        #[doc = $doc:literal]
        $name:ident $Op:ident $bound:ident $formula:literal $place:ident $exact:ident [$($alias:literal)*];
    )*) => {
        /// The functions of two arrays of one dtype.
        pub mod binary {
            use super::*;
            $(of_the_standard! { $place
                #[doc = $doc]
                pub fn $name(x1: &Any, x2: &Any) -> PyResult<Any> {
                    detached(&[x1, x2], || dispatch!(x1, $bound, |a| match <T as crate::any::Typed>::peek(x2) {
                        Some(b) => one_by_one!($exact map2(ops::$Op, a, b), a.lazy().apply2(ops::$Op, b).try_eval()).map(Any::from).named(stringify!($name)),
                        None => unreachable!("operands are promoted"),
                    }, else Err(wrong_dtype(stringify!($name), "x1", x1.dtype(), kind_name!($bound)))))
                }
            })*
        }
        mod binary_py {
            use super::*;
            $(of_the_standard! { $place
                #[doc = $doc]
                #[doc = ""]
                #[doc = $formula]
                #[pyfunction]
                #[pyo3(signature = (x1, x2, /))]
                fn $name(x1: &Bound<'_, PyAny>, x2: &Bound<'_, PyAny>) -> PyResult<PyArray> {
                    two(stringify!($name), x1, x2, binary::$name)
                }
            })*
            pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
                $(of_the_standard! { $place m.add_function(wrap_pyfunction!($name, m)?)?; })*
                Ok(())
            }
        }
    };
}
xp_core::binary_operations!(binary);

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
