//! What array-api-extra and NumPy have beside the standard and needs a loop of its own: the rest is Python's (`xparray/extra.py`).

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use xp_core::Ix1;
use xp_core::extra::{self, QuantileMethod};
use xp_core::functions::{KeepDims, Order};

use crate::any::{Any, Typed, compute, dispatch};
use crate::args::{Ints, axes};
use crate::array::{PyArray, X};
use crate::error::{Named, guard};
use crate::promotion::{Takes, given_back, widened};
use crate::scalar::result_dtype;
use crate::threads::detached;

/// A reordering along an axis with element kth where sorting puts it.
#[pyfunction]
#[pyo3(signature = (a, kth, /, axis=-1))]
fn partition(a: X<'_>, kth: isize, axis: isize) -> PyResult<PyArray> {
    guard("partition", || {
        let x = widened("partition", "a", Takes::Real, &a.any)?;
        let out =
            compute!(&*x, real, |v| extra::partition(v, kth, axis).map(Any::from).named("partition"), else unreachable!("a dtype that is taken"))?;
        given_back("partition", a.any.dtype(), out).map(PyArray::new)
    })
}

/// Positions that reorder an axis with element kth where sorting puts it.
#[pyfunction]
#[pyo3(signature = (a, kth, /, axis=-1))]
fn argpartition(a: X<'_>, kth: isize, axis: isize) -> PyResult<PyArray> {
    guard("argpartition", || {
        let x = widened("argpartition", "a", Takes::Real, &a.any)?;
        compute!(&*x, real, |v| extra::argpartition(v, kth, axis).map(PyArray::new).named("argpartition"), else unreachable!("a dtype that is taken"))
    })
}

/// The k largest elements along an axis, or the smallest, and their positions.
#[pyfunction]
#[pyo3(signature = (x, k, /, *, axis=-1, largest=true))]
fn top_k<'py>(py: Python<'py>, x: X<'py>, k: usize, axis: isize, largest: bool) -> PyResult<Bound<'py, PyTuple>> {
    let (values, at) = guard("top_k", || {
        let order = if largest { Order::Descending } else { Order::Ascending };
        let given = x.any.dtype();
        let x = widened("top_k", "x", Takes::Real, &x.any)?;
        let (values, at) = compute!(&*x, real, |v| extra::top_k(v, k, axis, order).map(|(v, at)| (Any::from(v), Any::from(at))).named("top_k"), else unreachable!("a dtype that is taken"))?;
        Ok((given_back("top_k", given, values)?, at))
    })?;
    PyTuple::new(py, [PyArray::new(values), PyArray::new(at)])
}

fn method_of(name: &str) -> PyResult<QuantileMethod> {
    use QuantileMethod::*;
    let known = [
        ("inverted_cdf", InvertedCdf),
        ("averaged_inverted_cdf", AveragedInvertedCdf),
        ("closest_observation", ClosestObservation),
        ("interpolated_inverted_cdf", InterpolatedInvertedCdf),
        ("hazen", Hazen),
        ("weibull", Weibull),
        ("linear", Linear),
        ("median_unbiased", MedianUnbiased),
        ("normal_unbiased", NormalUnbiased),
        ("lower", Lower),
        ("higher", Higher),
        ("midpoint", Midpoint),
        ("nearest", Nearest),
    ];
    known.into_iter().find(|(n, _)| *n == name).map(|(_, m)| m).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(n, _)| *n).collect();
        PyValueError::new_err(format!("quantile(): method is one of {}; {name:?} given", names.join(", ")))
    })
}

/// The q-quantiles along an axis, which has one element for each q in the result.
#[pyfunction]
#[pyo3(signature = (x, q, /, *, axis=-1, method="linear"))]
fn quantiles(x: X<'_>, q: Vec<f64>, axis: isize, method: &str) -> PyResult<PyArray> {
    guard("quantile", || {
        let method = method_of(method)?;
        let values = widened("quantile", "x", Takes::Float, &x.any)?;
        let out = compute!(&*values, float, |v| extra::quantile(v, &q, axis, method).map(Any::from).named("quantile"), else unreachable!("a dtype that is taken"))?;
        given_back("quantile", x.any.dtype(), out).map(PyArray::new)
    })
}

macro_rules! reductions {
    ($($name:ident $kind:ident $takes:ident $doc:literal;)*) => {
        $(
            #[doc = $doc]
            #[pyfunction]
            #[pyo3(signature = (a, /, *, axis=None, keepdims=false))]
            fn $name(a: X<'_>, axis: Option<Ints>, keepdims: bool) -> PyResult<PyArray> {
                guard(stringify!($name), || {
                    let axes = axes(stringify!($name), &axis, a.any.ndim())?;
                    let x = widened(stringify!($name), "a", Takes::$takes, &a.any)?;
                    let out = compute!(&*x, $kind, |v| if keepdims { extra::$name(v, KeepDims(&axes[..])) } else { extra::$name(v, &axes[..]) }.map(Any::from).named(stringify!($name)),
                        else unreachable!("a dtype that is taken"))?;
                    given_back(stringify!($name), a.any.dtype(), out).map(PyArray::new)
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
    logsumexp float Float "The logarithm of the sum of the exponentials.";
    median float Float "The median; NaN when there is a NaN.";
    nanmedian float Float "The median of the elements that are not NaN.";
    nanmean floating Floating "The mean of the elements that are not NaN.";
    nansum floating Floating "The sum of the elements that are not NaN.";
    nanmax float Float "The largest of the elements that are not NaN.";
    nanmin float Float "The smallest of the elements that are not NaN.";
}

/// The sum of products that subscripts describe.
#[pyfunction]
#[pyo3(signature = (subscripts, /, *operands))]
fn einsum(subscripts: &str, operands: Vec<X<'_>>) -> PyResult<PyArray> {
    guard("einsum", || {
        let d = result_dtype("einsum", &operands.iter().map(|x| x.any.dtype()).collect::<Vec<_>>(), &[])?;
        let cast = operands.iter().map(|x| x.any.cast(d)).collect::<Result<Vec<_>, _>>().named("einsum")?;
        let cast = cast.iter().map(|x| widened("einsum", "operands", Takes::Floating, x)).collect::<PyResult<Vec<_>>>()?;
        let all: Vec<&Any> = cast.iter().map(|x| &**x).collect();
        let Some(first) = all.first() else { return Err(PyValueError::new_err("einsum(): at least one operand is needed")) };
        let out = detached(&all, || {
            dispatch!(first, floating, |_v| {
                let typed: Vec<_> = all.iter().filter_map(|x| <T as Typed>::peek(x)).collect();
                extra::einsum(subscripts, &typed).map(Any::from).named("einsum")
            }, else unreachable!("a dtype that is taken"))
        })?;
        given_back("einsum", d, out).map(PyArray::new)
    })
}

/// How often each number occurs, or the sums of its weights.
#[pyfunction]
#[pyo3(signature = (x, /, weights=None, minlength=0))]
fn bincount(x: X<'_>, weights: Option<X<'_>>, minlength: usize) -> PyResult<PyArray> {
    guard("bincount", || {
        let x = x.any.cast_to::<i64>().and_then(|x| x.into_rank::<Ix1>()).named("bincount")?;
        match weights {
            None => extra::bincount(&x, minlength).map(|c| PyArray::new(c.into_dyn())).named("bincount"),
            Some(w) => {
                let w = w.any.cast_to::<f64>().and_then(|w| w.into_rank::<Ix1>()).named("bincount")?;
                extra::bincount_weighted(&x, &w, minlength).map(|c| PyArray::new(c.into_dyn())).named("bincount")
            }
        }
    })
}

/// Registers the functions.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    register_reductions(m)?;
    m.add_function(wrap_pyfunction!(partition, m)?)?;
    m.add_function(wrap_pyfunction!(argpartition, m)?)?;
    m.add_function(wrap_pyfunction!(top_k, m)?)?;
    m.add_function(wrap_pyfunction!(quantiles, m)?)?;
    m.add_function(wrap_pyfunction!(einsum, m)?)?;
    m.add_function(wrap_pyfunction!(bincount, m)?)
}
