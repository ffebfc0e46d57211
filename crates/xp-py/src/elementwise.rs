//! The elementwise functions of the standard, made of the rows of xp's table: one loop per function and dtype.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use xp_any::Variant;
use xp_core::Backend;
use xp_core::math::Baseline;
use xp_core::ops::{self, BinaryOp, UnaryOp};
use xp_cpu::Cpu;

use crate::any::{Any, Arr, HOST, Typed, XpResult, compute, dispatch, rank0};
use crate::array::{PyArray, X};
use crate::error::{Named, guard};
use crate::promotion::{Takes, given_back, is_strict, takes, widened};
use crate::scalar::{Operand, promoted, result_dtype};
use crate::threads::detached;

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
    Some(rank0(&HOST, op.apply::<Baseline>(element(x)?)))
}

fn map2<Op: BinaryOp<T, Out: Typed>, T: Typed>(op: Op, x: &Arr<T>, y: &Arr<T>) -> Option<XpResult<Arr<Op::Out>>> {
    Some(rank0(&HOST, op.apply::<Baseline>(element(x)?, element(y)?)))
}

/// The element of an array of rank 0 in the host's memory.
#[inline]
fn element<T: Typed>(x: &Arr<T>) -> Option<T> {
    let buffer = Cpu::peek(x.buffer()).filter(|_| x.ndim() == 0)?;
    // SAFETY: an array of rank 0 has one element, at its offset.
    Some(unsafe { *Cpu::address(buffer).add(x.offset()) })
}

/// A function in another dtype than that of its argument.
#[cold]
fn converted(name: &str, takes: Takes, x: &Any, f: fn(&Any) -> PyResult<Any>) -> PyResult<Any> {
    given_back(name, x.dtype(), f(&*widened(name, "x", takes, x)?)?)
}

/// A function in another dtype than that of its arguments, which have the same.
#[cold]
fn converted2(name: &str, takes: Takes, x1: &Any, x2: &Any, f: fn(&Any, &Any) -> PyResult<Any>) -> PyResult<Any> {
    given_back(name, x1.dtype(), f(&*widened(name, "x1", takes, x1)?, &*widened(name, "x2", takes, x2)?)?)
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
                    if !takes!($bound).admits(x.dtype()) {
                        return converted(stringify!($name), takes!($bound), x, $name);
                    }
                    compute!(x, $bound, |v| one_by_one!($exact map1(ops::$Op, v), v.lazy().apply(ops::$Op).try_eval()).map(Any::from).named(stringify!($name)),
                        else unreachable!("a dtype that is taken"))
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
                    if !takes!($bound).admits(x1.dtype()) {
                        return converted2(stringify!($name), takes!($bound), x1, x2, $name);
                    }
                    detached(&[x1, x2], || dispatch!(x1, $bound, |a| match <T as crate::any::Typed>::peek(x2) {
                        Some(b) => one_by_one!($exact map2(ops::$Op, a, b), a.lazy().apply2(ops::$Op, b).try_eval()).map(Any::from).named(stringify!($name)),
                        None => unreachable!("operands are promoted"),
                    }, else unreachable!("a dtype that is taken")))
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

/// Every element limited to the range from min to max.
#[pyfunction]
#[pyo3(signature = (x, /, min=None, max=None))]
fn clip(x: X<'_>, min: Option<&Bound<'_, PyAny>>, max: Option<&Bound<'_, PyAny>>) -> PyResult<PyArray> {
    guard("clip", || {
        let limit = |name, obj: Option<_>| obj.map(|obj| Operand::required("clip", name, obj).map(|l| (name, obj, l))).transpose();
        let limits: Vec<_> = [limit("min", min)?, limit("max", max)?].into_iter().flatten().collect();
        let d = clipped(&x.any, &limits)?;
        let mut out = x.any.cast(d).named("clip")?;
        for (name, _, limit) in &limits {
            let limit = match limit {
                Operand::Array(b) => b.cast(d).named("clip")?,
                Operand::Scalar(s) => s.array(d, out.device())?,
            };
            out = if *name == "min" { binary::maximum(&out, &limit)? } else { binary::minimum(&out, &limit)? };
        }
        if limits.is_empty() {
            out = unary::positive(&out)?;
        }
        Ok(PyArray::new(out))
    })
}

/// The dtype of clip: that of the array when the limits are of its kind, as the standard wants it, and otherwise the common one.
fn clipped(x: &Any, limits: &[(&str, &Bound<'_, PyAny>, Operand<'_>)]) -> PyResult<xp_core::DType> {
    let d = x.dtype();
    let (mut dtypes, mut scalars) = (vec![d], vec![]);
    for (name, given, limit) in limits {
        match limit {
            Operand::Array(b) if b.dtype().kind() == d.kind() => {}
            Operand::Scalar(s) if s.with_array(d) == Some(d) => {}
            _ if is_strict() => {
                let why = format!("clip(): {name} must be of the kind of x, which is {d}; {} given", crate::dtype::describe(given));
                return Err(PyTypeError::new_err(why));
            }
            Operand::Array(b) => dtypes.push(b.dtype()),
            Operand::Scalar(s) => scalars.push(*s),
        }
    }
    result_dtype("clip", &dtypes, &scalars)
}

/// Registers the functions.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    unary_py::register(m)?;
    binary_py::register(m)?;
    m.add_function(wrap_pyfunction!(clip, m)?)
}
