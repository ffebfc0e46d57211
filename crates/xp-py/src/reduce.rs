//! The statistical and utility functions, and the positions of extremes.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use xp_core::dtype::Kind;
use xp_core::functions::{self as f, KeepDims, WithInitial};
use xp_core::reduction::{self, Reduction};
use xp_core::{DType, Element};

use crate::any::{Any, Arr, compute, dispatch};
use crate::args::{Ints, axes};
use crate::array::{PyArray, X};
use crate::convert::astype_checked;
use crate::dtype::DTypeArg;
use crate::elementwise::{binary, unary};
use crate::error::{Named, guard, wrong_dtype};
use crate::promotion::{Takes, given_back, is_strict, takes, widened};

macro_rules! reductions {
    ($($name:ident $R:ident $kind:ident $doc:literal;)*) => {
        $(
            #[doc = $doc]
            #[pyfunction]
            #[pyo3(signature = (x, /, *, axis=None, keepdims=false))]
            fn $name(x: X<'_>, axis: Option<Ints>, keepdims: bool) -> PyResult<PyArray> {
                guard(stringify!($name), || {
                    let axes = axes(stringify!($name), &axis, x.any.ndim())?;
                    let given = x.any.dtype();
                    let x = widened(stringify!($name), "x", takes!($kind), &x.any)?;
                    let out = compute!(&*x, $kind, |v| over(reduction::$R, v, &axes, keepdims).map(Any::from).named(stringify!($name)),
                        else unreachable!("a dtype that is taken"))?;
                    given_back(stringify!($name), given, out).map(PyArray::new)
                })
            }
        )*
        fn register_reductions(m: &Bound<'_, PyModule>) -> PyResult<()> {
            $(m.add_function(wrap_pyfunction!($name, m)?)?;)*
            Ok(())
        }
    };
}
reductions! {
    all All any "Whether no element is zero or False.";
    any Any any "Whether some element is neither zero nor False.";
    count_nonzero CountNonzero any "The number of elements that are neither zero nor False.";
    max Max real "The largest element; NaN when there is one.";
    mean Mean floating "The arithmetic mean.";
    min Min real "The smallest element; NaN when there is one.";
}

macro_rules! sums {
    ($($name:ident $R:ident $cumulative:ident $doc:literal $cumulative_doc:literal;)*) => {
        $(
            #[doc = $doc]
            #[pyfunction]
            #[pyo3(signature = (x, /, *, axis=None, dtype=None, keepdims=false))]
            fn $name(x: X<'_>, axis: Option<Ints>, dtype: Option<DTypeArg>, keepdims: bool) -> PyResult<PyArray> {
                guard(stringify!($name), || {
                    let axes = axes(stringify!($name), &axis, x.any.ndim())?;
                    let x = summand(stringify!($name), &x.any, dtype)?;
                    let given = x.dtype();
                    let x = widened(stringify!($name), "x", Takes::Num, &x)?;
                    let out = compute!(&*x, num, |v| over(reduction::$R, v, &axes, keepdims).map(Any::from).named(stringify!($name)),
                        else unreachable!("a dtype that is taken"))?;
                    narrowed(stringify!($name), given, out, dtype)
                })
            }
            #[doc = $cumulative_doc]
            #[pyfunction]
            #[pyo3(signature = (x, /, *, axis=None, dtype=None, include_initial=false))]
            fn $cumulative(x: X<'_>, axis: Option<isize>, dtype: Option<DTypeArg>, include_initial: bool) -> PyResult<PyArray> {
                guard(stringify!($cumulative), || {
                    let x = summand(stringify!($cumulative), &x.any, dtype)?;
                    let given = x.dtype();
                    let x = widened(stringify!($cumulative), "x", Takes::Num, &x)?;
                    let axis = match axis {
                        Some(axis) => axis,
                        None if x.ndim() == 1 => 0,
                        None => {
                            let why = format!("{}(): axis must be given for an array of rank {}", stringify!($cumulative), x.ndim());
                            return Err(PyValueError::new_err(why));
                        }
                    };
                    let out = compute!(&*x, num, |v| if include_initial { v.$cumulative(WithInitial(axis)) } else { v.$cumulative(axis) }.map(Any::from).named(stringify!($cumulative)),
                        else unreachable!("a dtype that is taken"))?;
                    narrowed(stringify!($cumulative), given, out, dtype)
                })
            }
        )*
        fn register_sums(m: &Bound<'_, PyModule>) -> PyResult<()> {
            $(
                m.add_function(wrap_pyfunction!($name, m)?)?;
                m.add_function(wrap_pyfunction!($cumulative, m)?)?;
            )*
            Ok(())
        }
    };
}
sums! {
    sum Sum cumulative_sum "The sum; of integers in 64 bits, unless dtype says otherwise." "The sums of the elements up to each one.";
    prod Prod cumulative_prod "The product; of integers in 64 bits, unless dtype says otherwise." "The products of the elements up to each one.";
}

/// A reduction over axes that are kept or not, as Python decides at run time.
fn over<T: Element, U: Element>(reduction: impl Reduction<T, Out = U>, x: &Arr<T>, axes: &[usize], keepdims: bool) -> xp_core::Result<Arr<U>> {
    if keepdims { x.lazy().reduce(reduction, KeepDims(axes)).try_eval() } else { x.lazy().reduce(reduction, axes).try_eval() }
}

/// The array in the dtype that was asked for.
fn summand<'a>(function: &str, x: &'a Any, dtype: Option<DTypeArg>) -> PyResult<std::borrow::Cow<'a, Any>> {
    match dtype {
        Some(d) if d.0 != x.dtype() => astype_checked(function, x, d.0).map(std::borrow::Cow::Owned),
        _ => Ok(std::borrow::Cow::Borrowed(x)),
    }
}

/// The result in the dtype that was asked for, when that is narrower than what was summed in.
fn narrowed(function: &str, given: DType, out: Any, dtype: Option<DTypeArg>) -> PyResult<PyArray> {
    let out = if given == DType::F16 { given_back(function, given, out)? } else { out };
    out.cast(dtype.map_or(out.dtype(), |d| d.0)).map(PyArray::new).named(function)
}

macro_rules! deviations {
    ($($rust:ident $name:ident $python:literal $doc:literal;)*) => {$(
        #[doc = $doc]
        #[pyfunction]
        #[pyo3(name = $python, signature = (x, /, *, axis=None, correction=0.0, keepdims=false))]
        fn $rust(x: X<'_>, axis: Option<Ints>, correction: f64, keepdims: bool) -> PyResult<PyArray> {
            guard(stringify!($name), || {
                let axes = axes(stringify!($name), &axis, x.any.ndim())?;
                if x.any.dtype().kind() == Kind::ComplexFloating && !is_strict() {
                    let out = complex_variance(stringify!($name), &x.any, &axes, keepdims, correction)?;
                    return if stringify!($name) == "std" { unary::sqrt(&out) } else { Ok(out) }.map(PyArray::new);
                }
                let given = x.any.dtype();
                let x = widened(stringify!($name), "x", Takes::Float, &x.any)?;
                let out = compute!(&*x, float, |v| {
                    let out: Arr<T> = if keepdims { f::$name(v, KeepDims(&axes[..]), correction) } else { f::$name(v, &axes[..], correction) };
                    Any::from(out)
                }, else unreachable!("a dtype that is taken"));
                given_back(stringify!($name), given, out).map(PyArray::new)
            })
        }
    )*};
}
deviations! {
    deviation std "std" "The standard deviation, with n - correction as the divisor.";
    variance var "var" "The variance, with n - correction as the divisor.";
}

/// The mean square of the distances from the mean: the variance of the real parts and that of the imaginary ones.
fn complex_variance(name: &str, x: &Any, axes: &[usize], keepdims: bool, correction: f64) -> PyResult<Any> {
    let part = |x: Any| {
        compute!(&x, float, |v| {
            let out: Arr<T> = if keepdims { f::var(v, KeepDims(axes), correction) } else { f::var(v, axes, correction) };
            Ok(Any::from(out))
        }, else Err(wrong_dtype(name, "x", x.dtype(), Takes::Floating.name())))
    };
    binary::add(&part(unary::real(x)?)?, &part(unary::imag(x)?)?)
}

macro_rules! positions {
    ($($name:ident $R:ident $doc:literal;)*) => {$(
        #[doc = $doc]
        #[pyfunction]
        #[pyo3(signature = (x, /, *, axis=None, keepdims=false))]
        fn $name(x: X<'_>, axis: Option<isize>, keepdims: bool) -> PyResult<PyArray> {
            guard(stringify!($name), || {
                let axes = axes(stringify!($name), &axis.map(Ints::One), x.any.ndim())?;
                let x = widened(stringify!($name), "x", Takes::Real, &x.any)?;
                compute!(&*x, real, |v| over(reduction::$R, v, &axes, keepdims).map(PyArray::new).named(stringify!($name)),
                    else unreachable!("a dtype that is taken"))
            })
        }
    )*};
}
positions! {
    argmax ArgMax "The position of the first largest element; of the first NaN when there is one.";
    argmin ArgMin "The position of the first smallest element; of the first NaN when there is one.";
}

/// The n-th differences of neighbours along an axis.
#[pyfunction]
#[pyo3(signature = (x, /, *, axis=-1, n=1, prepend=None, append=None))]
fn diff(x: X<'_>, axis: isize, n: isize, prepend: Option<X<'_>>, append: Option<X<'_>>) -> PyResult<PyArray> {
    guard("diff", || {
        let n = usize::try_from(n).map_err(|_| PyValueError::new_err(format!("diff(): n must not be negative, {n} given")))?;
        let mut dtypes = vec![x.any.dtype()];
        dtypes.extend(prepend.iter().chain(&append).map(|p| p.any.dtype()));
        let d = crate::scalar::result_dtype("diff", &dtypes, &[])?;
        if d.kind() == Kind::Bool {
            return Err(wrong_dtype("diff", "x", DType::Bool, "a numeric dtype"));
        }
        // Single differences in float32 are rounded to what they are in float16.
        let (given, d) = (d, if d == DType::F16 && !is_strict() { DType::F32 } else { d });
        let cast = |p: &Option<X<'_>>| p.as_ref().map(|p| p.any.cast(d)).transpose().named("diff");
        let (x, prepend, append) = (x.any.cast(d).named("diff")?, cast(&prepend)?, cast(&append)?);
        dispatch!(&x, num, |v| {
            let part = |p: &Option<Any>| p.as_ref().and_then(|p| <T as crate::any::Typed>::peek(p).cloned());
            let (prepend, append): (Option<Arr<T>>, _) = (part(&prepend), part(&append));
            let out = f::diff(v, axis, n, prepend.as_ref(), append.as_ref()).and_then(|y| Any::from(y).apart_from(&x)).named("diff")?;
            given_back("diff", given, out).map(PyArray::new)
        }, else Err(wrong_dtype("diff", "x", d, "a numeric dtype")))
    })
}

/// Registers the functions.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    register_reductions(m)?;
    register_sums(m)?;
    m.add_function(wrap_pyfunction!(deviation, m)?)?;
    m.add_function(wrap_pyfunction!(variance, m)?)?;
    m.add_function(wrap_pyfunction!(argmax, m)?)?;
    m.add_function(wrap_pyfunction!(argmin, m)?)?;
    m.add_function(wrap_pyfunction!(diff, m)?)
}
