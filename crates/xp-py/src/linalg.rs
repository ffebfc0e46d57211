//! Linear algebra: the four functions of the main namespace, and the extension `linalg`.

use std::borrow::Cow;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyString;
use xp_core::dtype::Kind;
use xp_core::functions::{self as f, KeepDims};
use xp_core::linalg::{self as la, MatrixNorm};
use xp_core::{DType, Ix1};

use crate::any::{Any, Arr, Typed, XpResult, compute, dispatch};
use crate::args::{Ints, axes};
use crate::array::{PyArray, X};
use crate::dtype::{DTypeArg, describe};
use crate::error::{Named, guard, wrong_dtype};
use crate::promotion::{Takes, given_back, taken, takes, widened};
use crate::results::named_tuple;
use crate::scalar::{Scalar, result_dtype};
use crate::threads::detached;

/// Both arrays in the dtype they promote to.
fn pair<'a>(function: &str, a: &'a Any, b: &'a Any) -> PyResult<(Cow<'a, Any>, Cow<'a, Any>)> {
    if a.dtype() == b.dtype() {
        return Ok((Cow::Borrowed(a), Cow::Borrowed(b)));
    }
    let d = result_dtype(function, &[a.dtype(), b.dtype()], &[])?;
    Ok((Cow::Owned(a.cast(d).named(function)?), Cow::Owned(b.cast(d).named(function)?)))
}

/// A function of two arrays of one numeric dtype.
macro_rules! products {
    ($name:expr, $a:expr, $b:expr, $kind:ident, |$x:ident, $y:ident| $e:expr) => {{
        let (a, b) = pair($name, $a, $b)?;
        let given = a.dtype();
        // Sums of products are rounded once; decompositions are for who chose a wider dtype.
        let read = if takes!($kind) == Takes::Num { widened } else { taken };
        let (a, b) = (read($name, "x1", takes!($kind), &a)?, read($name, "x2", takes!($kind), &b)?);
        let out = detached(&[&*a, &*b], || dispatch!(&*a, $kind, |$x| match <T as Typed>::peek(&b) {
            Some($y) => $e.map(Any::from).named($name),
            None => unreachable!("operands are promoted"),
        }, else unreachable!("a dtype that is taken")))?;
        given_back($name, given, out)
    }};
}

/// The matrix product.
pub fn product(name: &str, x1: &Any, x2: &Any) -> PyResult<Any> {
    products!(name, x1, x2, num, |a, b| a.matmul(b))
}

/// The matrix product; axes before the last two are stacks, which broadcast.
#[pyfunction]
#[pyo3(signature = (x1, x2, /))]
fn matmul(x1: X<'_>, x2: X<'_>) -> PyResult<PyArray> {
    guard("matmul", || product("matmul", &x1.any, &x2.any).map(PyArray::new))
}

/// The array with its last two axes swapped.
#[pyfunction]
#[pyo3(signature = (x, /))]
fn matrix_transpose(x: X<'_>) -> PyResult<PyArray> {
    guard("matrix_transpose", || dispatch!(&x.any, |v| v.matrix_transpose().map(PyArray::new)).named("matrix_transpose"))
}

/// The axes of tensordot: a number, or a sequence for each array.
enum Contraction {
    Count(isize),
    Axes(Ints, Ints),
}
impl<'a, 'py> FromPyObject<'a, 'py> for Contraction {
    type Error = PyErr;
    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(n) = obj.extract::<isize>() {
            return Ok(Contraction::Count(n));
        }
        match obj.extract::<(Ints, Ints)>() {
            Ok((a, b)) => Ok(Contraction::Axes(a, b)),
            Err(_) => {
                let two = obj.len().is_ok_and(|n| n == 2);
                if two {
                    let parts = (obj.get_item(0)?.extract::<Ints>(), obj.get_item(1)?.extract::<Ints>());
                    if let (Ok(a), Ok(b)) = parts {
                        return Ok(Contraction::Axes(a, b));
                    }
                }
                Err(PyTypeError::new_err(format!("axes is an integer or two sequences of integers; {} given", describe(&obj))))
            }
        }
    }
}

/// The sum of products over some axes of both arrays.
#[pyfunction]
#[pyo3(signature = (x1, x2, /, *, axes=Contraction::Count(2)), text_signature = "(x1, x2, /, *, axes=2)")]
fn tensordot(x1: X<'_>, x2: X<'_>, axes: Contraction) -> PyResult<PyArray> {
    guard("tensordot", || {
        let out = match &axes {
            Contraction::Count(n) => {
                let n = usize::try_from(*n).map_err(|_| PyValueError::new_err(format!("tensordot(): axes must not be negative, {n} given")))?;
                products!("tensordot", &x1.any, &x2.any, num, |a, b| f::tensordot(a, b, n))
            }
            Contraction::Axes(p, q) => products!("tensordot", &x1.any, &x2.any, num, |a, b| f::tensordot(a, b, (p.list(), q.list()))),
        };
        out.map(PyArray::new)
    })
}

/// The sum over conj(x1) * x2 along an axis.
#[pyfunction]
#[pyo3(signature = (x1, x2, /, *, axis=-1))]
fn vecdot(x1: X<'_>, x2: X<'_>, axis: isize) -> PyResult<PyArray> {
    guard("vecdot", || products!("vecdot", &x1.any, &x2.any, num, |a, b| f::vecdot(a, b, axis)).map(PyArray::new))
}

/// The cross product of vectors of 3 elements along an axis.
#[pyfunction]
#[pyo3(signature = (x1, x2, /, *, axis=-1))]
fn cross(x1: X<'_>, x2: X<'_>, axis: isize) -> PyResult<PyArray> {
    guard("cross", || products!("cross", &x1.any, &x2.any, num, |a, b| la::cross(a, b, axis)).map(PyArray::new))
}

/// The products of all pairs of elements of two vectors.
#[pyfunction]
#[pyo3(signature = (x1, x2, /))]
fn outer(x1: X<'_>, x2: X<'_>) -> PyResult<PyArray> {
    guard("outer", || {
        let vector = |x: &Any, name: &str| {
            if x.ndim() == 1 { Ok(()) } else { Err(PyValueError::new_err(format!("outer(): {name} must have one axis, shape {:?} given", x.dims()))) }
        };
        vector(&x1.any, "x1")?;
        vector(&x2.any, "x2")?;
        products!("outer", &x1.any, &x2.any, num, |a, b| vectors(a, b).and_then(|(a, b)| f::outer(&a, &b)).map(|x| x.into_dyn())).map(PyArray::new)
    })
}

type Vector<T> = xp_core::Array<xp_any::AnyDevice, T, Ix1>;

fn vectors<T: Typed>(a: &Arr<T>, b: &Arr<T>) -> XpResult<(Vector<T>, Vector<T>)> {
    Ok((a.clone().into_rank()?, b.clone().into_rank()?))
}

/// The solution of x1 @ x = x2.
#[pyfunction]
#[pyo3(signature = (x1, x2, /))]
fn solve(x1: X<'_>, x2: X<'_>) -> PyResult<PyArray> {
    guard("solve", || products!("solve", &x1.any, &x2.any, floating, |a, b| la::solve(a, b)).map(PyArray::new))
}

macro_rules! matrices {
    ($($name:ident $kind:ident ($($arg:ident: $ty:ty = $default:expr),*) |$v:ident| $e:expr, $doc:literal;)*) => {
        $(
            #[doc = $doc]
            #[pyfunction]
            #[pyo3(signature = (x, /, *, $($arg = $default),*))]
            fn $name(x: X<'_>, $($arg: $ty),*) -> PyResult<PyArray> {
                guard(stringify!($name), || {
                    let x = taken(stringify!($name), "x", takes!($kind), &x.any)?;
                    compute!(&*x, $kind, |$v| $e.map(PyArray::new).named(stringify!($name)), else unreachable!("a dtype that is taken"))
                })
            }
        )*
        fn register_matrices(m: &Bound<'_, PyModule>) -> PyResult<()> {
            $(m.add_function(wrap_pyfunction!($name, m)?)?;)*
            Ok(())
        }
    };
}
matrices! {
    cholesky floating (upper: bool = false) |v| la::cholesky(v, if upper { la::Upper } else { la::Lower }), "The Cholesky factor of Hermitian positive definite matrices.";
    diagonal any (offset: isize = 0) |v| la::diagonal(v, offset), "The diagonal of the last two axes.";
}

macro_rules! square {
    ($($name:ident |$v:ident| $e:expr, $doc:literal;)*) => {
        $(
            #[doc = $doc]
            #[pyfunction]
            #[pyo3(signature = (x, /))]
            fn $name(x: X<'_>) -> PyResult<PyArray> {
                guard(stringify!($name), || {
                    let x = taken(stringify!($name), "x", Takes::Floating, &x.any)?;
                    compute!(&*x, floating, |$v| $e.map(PyArray::new).named(stringify!($name)), else unreachable!("a dtype that is taken"))
                })
            }
        )*
        fn register_square(m: &Bound<'_, PyModule>) -> PyResult<()> {
            $(m.add_function(wrap_pyfunction!($name, m)?)?;)*
            Ok(())
        }
    };
}
square! {
    det |v| la::det(v), "The determinants of square matrices.";
    eigvals |v| la::eigvals(v), "The eigenvalues of square matrices, complex numbers.";
    eigvalsh |v| la::eigvalsh(v), "The eigenvalues of Hermitian matrices, in ascending order.";
    inv |v| la::inv(v), "The inverses of square matrices.";
    svdvals |v| la::svdvals(v), "The singular values of matrices, in descending order.";
}

fn two<T: Typed, U: Typed>(name: &str, r: XpResult<(Arr<T>, Arr<U>)>) -> PyResult<[Any; 2]> {
    r.map(|(a, b)| [a.into(), b.into()]).named(name)
}

/// The eigenvalues and eigenvectors, as columns, of square matrices, complex numbers.
#[pyfunction]
#[pyo3(signature = (x, /))]
fn eig<'py>(py: Python<'py>, x: X<'py>) -> PyResult<Bound<'py, PyAny>> {
    let parts = guard("eig", || {
        let x = taken("eig", "x", Takes::Floating, &x.any)?;
        compute!(&*x, floating, |v| two("eig", la::eig(v)), else unreachable!("a dtype that is taken"))
    })?;
    named_tuple(py, "EigResult", parts)
}

/// The eigenvalues, in ascending order, and eigenvectors, as columns, of Hermitian matrices.
#[pyfunction]
#[pyo3(signature = (x, /))]
fn eigh<'py>(py: Python<'py>, x: X<'py>) -> PyResult<Bound<'py, PyAny>> {
    let parts = guard("eigh", || {
        let x = taken("eigh", "x", Takes::Floating, &x.any)?;
        compute!(&*x, floating, |v| two("eigh", la::eigh(v)), else unreachable!("a dtype that is taken"))
    })?;
    named_tuple(py, "EighResult", parts)
}

/// The QR decomposition of matrices; Q is square with mode="complete".
#[pyfunction]
#[pyo3(signature = (x, /, *, mode="reduced"))]
fn qr<'py>(py: Python<'py>, x: X<'py>, mode: &str) -> PyResult<Bound<'py, PyAny>> {
    let parts = guard("qr", || {
        let basis = match mode {
            "reduced" => la::Thin,
            "complete" => la::Full,
            other => return Err(PyValueError::new_err(format!("qr(): mode is \"reduced\" or \"complete\"; {other:?} given"))),
        };
        let x = taken("qr", "x", Takes::Floating, &x.any)?;
        compute!(&*x, floating, |v| two("qr", la::qr(v, basis)), else unreachable!("a dtype that is taken"))
    })?;
    named_tuple(py, "QRResult", parts)
}

/// The sign and the logarithm of the magnitude of the determinants of square matrices.
#[pyfunction]
#[pyo3(signature = (x, /))]
fn slogdet<'py>(py: Python<'py>, x: X<'py>) -> PyResult<Bound<'py, PyAny>> {
    let parts = guard("slogdet", || {
        let x = taken("slogdet", "x", Takes::Floating, &x.any)?;
        compute!(&*x, floating, |v| two("slogdet", la::slogdet(v)), else unreachable!("a dtype that is taken"))
    })?;
    named_tuple(py, "SlogdetResult", parts)
}

/// The singular value decomposition of matrices; U and Vh are square with full_matrices.
#[pyfunction]
#[pyo3(signature = (x, /, *, full_matrices=true))]
fn svd<'py>(py: Python<'py>, x: X<'py>, full_matrices: bool) -> PyResult<Bound<'py, PyAny>> {
    let parts = guard("svd", || {
        let x = taken("svd", "x", Takes::Floating, &x.any)?;
        let vectors = if full_matrices { la::Full } else { la::Thin };
        compute!(&*x, floating, |v| la::svd(v, vectors).map(|(u, s, vh)| [Any::from(u), s.into(), vh.into()]).named("svd"),
            else unreachable!("a dtype that is taken"))
    })?;
    named_tuple(py, "SVDResult", parts)
}

/// The n-th power of square matrices, of their inverses for negative n.
#[pyfunction]
#[pyo3(signature = (x, n, /))]
fn matrix_power(x: X<'_>, n: i64) -> PyResult<PyArray> {
    guard("matrix_power", || {
        let x = taken("matrix_power", "x", Takes::Floating, &x.any)?;
        compute!(&*x, floating, |v| la::matrix_power(v, n).map(PyArray::new).named("matrix_power"), else unreachable!("a dtype that is taken"))
    })
}

/// A relative tolerance: a number, or an array with one per matrix.
fn tolerance(function: &str, x: &Any, rtol: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Any>> {
    let d = match x.dtype() {
        DType::F32 | DType::C64 => DType::F32,
        _ => DType::F64,
    };
    match rtol {
        None => Ok(None),
        Some(r) => match Scalar::extract(r)? {
            Some(s) => s.array(d, x.device()).map(Some),
            None => {
                let r = crate::convert::convert(function, r, None, None)?;
                if r.dtype().kind() == Kind::ComplexFloating {
                    return Err(wrong_dtype(function, "rtol", r.dtype(), "a real-valued dtype"));
                }
                r.cast(d).named(function).map(Some)
            }
        },
    }
}

macro_rules! ranked {
    ($($name:ident $with:ident $doc:literal;)*) => {$(
        #[doc = $doc]
        #[pyfunction]
        #[pyo3(signature = (x, /, *, rtol=None))]
        fn $name(x: X<'_>, rtol: Option<&Bound<'_, PyAny>>) -> PyResult<PyArray> {
            guard(stringify!($name), || {
                let x = &*taken(stringify!($name), "x", Takes::Floating, &x.any)?;
                let rtol = tolerance(stringify!($name), x, rtol)?;
                detached(&[x, rtol.as_ref().unwrap_or(x)], || dispatch!(x, floating, |v| match &rtol {
                    None => la::$name(v, None),
                    Some(r) => match <<T as xp_core::Num>::Real as Typed>::peek(r) {
                        Some(r) => la::$with(v, r),
                        None => unreachable!("the tolerance was cast"),
                    },
                }.map(PyArray::new).named(stringify!($name)), else unreachable!("a dtype that is taken")))
            })
        }
    )*};
}
ranked! {
    matrix_rank matrix_rank_rtol "The number of singular values above rtol times the largest.";
    pinv pinv_rtol "The Moore-Penrose pseudo-inverses of matrices.";
}

/// The sums of the diagonals of the last two axes.
#[pyfunction]
#[pyo3(signature = (x, /, *, offset=0, dtype=None))]
fn trace(x: X<'_>, offset: isize, dtype: Option<DTypeArg>) -> PyResult<PyArray> {
    guard("trace", || {
        let x = match dtype {
            Some(d) => crate::convert::astype_checked("trace", &x.any, d.0)?,
            None => x.any.clone(),
        };
        let (given, x) = (x.dtype(), &*widened("trace", "x", Takes::Num, &x)?);
        let out = dispatch!(x, num, |v| la::trace(v, offset).map(Any::from).named("trace"), else unreachable!("a dtype that is taken"))?;
        let out = if given == DType::F16 { given_back("trace", given, out)? } else { out };
        out.cast(dtype.map_or(out.dtype(), |d| d.0)).map(PyArray::new).named("trace")
    })
}

/// The norms of matrices: "fro", "nuc", 1, -1, 2, -2, inf or -inf.
#[pyfunction]
#[pyo3(signature = (x, /, *, keepdims=false, ord=None), text_signature = "(x, /, *, keepdims=False, ord='fro')")]
fn matrix_norm(x: X<'_>, keepdims: bool, ord: Option<&Bound<'_, PyAny>>) -> PyResult<PyArray> {
    guard("matrix_norm", || {
        let ord = match ord {
            None => MatrixNorm::Fro,
            Some(o) => matrix_order(o)?,
        };
        let x = taken("matrix_norm", "x", Takes::Floating, &x.any)?;
        compute!(&*x, floating, |v| {
            if keepdims { la::matrix_norm(v, KeepDims(ord)).map(PyArray::new) } else { la::matrix_norm(v, ord).map(PyArray::new) }.named("matrix_norm")
        }, else unreachable!("a dtype that is taken"))
    })
}

fn matrix_order(ord: &Bound<'_, PyAny>) -> PyResult<MatrixNorm> {
    let wrong = || PyValueError::new_err(format!("matrix_norm(): ord is \"fro\", \"nuc\", 1, -1, 2, -2, inf or -inf; {} given", describe(ord)));
    if let Ok(name) = ord.cast::<PyString>() {
        return match name.to_str()? {
            "fro" => Ok(MatrixNorm::Fro),
            "nuc" => Ok(MatrixNorm::Nuc),
            _ => Err(wrong()),
        };
    }
    let p = Scalar::extract(ord)?.ok_or_else(wrong)?.to::<f64>()?;
    match p {
        1.0 => Ok(MatrixNorm::One),
        -1.0 => Ok(MatrixNorm::NegOne),
        2.0 => Ok(MatrixNorm::Two),
        -2.0 => Ok(MatrixNorm::NegTwo),
        f64::INFINITY => Ok(MatrixNorm::Inf),
        f64::NEG_INFINITY => Ok(MatrixNorm::NegInf),
        _ => Err(wrong()),
    }
}

/// The norms of vectors along some axes, or of all elements.
#[pyfunction]
#[pyo3(signature = (x, /, *, axis=None, keepdims=false, ord=2.0), text_signature = "(x, /, *, axis=None, keepdims=False, ord=2)")]
fn vector_norm(x: X<'_>, axis: Option<Ints>, keepdims: bool, ord: f64) -> PyResult<PyArray> {
    guard("vector_norm", || {
        if ord.is_nan() {
            return Err(PyValueError::new_err("vector_norm(): ord is NaN"));
        }
        let x = &*taken("vector_norm", "x", Takes::Floating, &x.any)?;
        let axes = axes("vector_norm", &axis, x.ndim())?;
        compute!(x, floating, |v| {
            if keepdims { la::vector_norm(v, KeepDims(&axes[..]), ord).map(PyArray::new) } else { la::vector_norm(v, &axes[..], ord).map(PyArray::new) }.named("vector_norm")
        }, else unreachable!("a dtype that is taken"))
    })
}

/// A system of equations with what is known of its matrix.
macro_rules! systems {
    ($name:expr, $a:expr, $b:expr, |$x:ident, $y:ident| $e:expr) => {
        products!($name, $a, $b, floating, |$x, $y| $e)
    };
}

/// The solution of a @ x = b for a triangular matrix, of which the other triangle is not read: trans is 0 or "N", 1 or "T" for its
/// transpose, 2 or "C" for its adjoint.
#[pyfunction]
#[pyo3(signature = (a, b, /, *, trans=None, lower=false, unit_diagonal=false), text_signature = "(a, b, /, *, trans=0, lower=False, unit_diagonal=False)")]
fn solve_triangular(a: X<'_>, b: X<'_>, trans: Option<&Bound<'_, PyAny>>, lower: bool, unit_diagonal: bool) -> PyResult<PyArray> {
    guard("solve_triangular", || {
        let mut form: la::Triangular = if lower { la::Lower.into() } else { la::Upper.into() };
        if unit_diagonal {
            form = form.unit();
        }
        if let Some(trans) = trans {
            let text = trans.str()?.to_string();
            form = match &*text {
                "0" | "N" => form,
                "1" | "T" => form.transposed(),
                "2" | "C" => form.adjoint(),
                _ => {
                    return Err(PyValueError::new_err(format!(
                        "solve_triangular(): trans is 0, 1, 2, \"N\", \"T\" or \"C\"; {} given",
                        describe(trans)
                    )));
                }
            };
        }
        systems!("solve_triangular", &a.any, &b.any, |a, b| la::solve_triangular(a, b, form)).map(PyArray::new)
    })
}

/// The solution of a @ x = b by the lower Cholesky factor of a.
#[pyfunction]
#[pyo3(signature = (factor, b, /))]
fn cho_solve(factor: X<'_>, b: X<'_>) -> PyResult<PyArray> {
    guard("cho_solve", || systems!("cho_solve", &factor.any, &b.any, |a, b| la::cho_solve(a, b)).map(PyArray::new))
}

/// The LU decomposition of matrices with exchanges of rows: x[permutation] is lower @ upper.
#[pyfunction]
#[pyo3(signature = (x, /))]
fn lu<'py>(py: Python<'py>, x: X<'py>) -> PyResult<Bound<'py, PyAny>> {
    let parts = guard("lu", || {
        let x = taken("lu", "x", Takes::Floating, &x.any)?;
        compute!(&*x, floating, |v| la::lu(v).map(|f| [Any::from(f.permutation), f.lower.into(), f.upper.into()]).named("lu"),
            else unreachable!("a dtype that is taken"))
    })?;
    named_tuple(py, "LUResult", parts)
}

/// The x of least norm among those that minimise the norm of b - a @ x, the rank of a, and its singular values.
#[pyfunction]
#[pyo3(signature = (a, b, /, *, rtol=None))]
fn lstsq<'py>(py: Python<'py>, a: X<'py>, b: X<'py>, rtol: Option<f64>) -> PyResult<Bound<'py, PyAny>> {
    let (solution, rank, s) = guard("lstsq", || {
        let (p, q) = pair("lstsq", &a.any, &b.any)?;
        let (p, q) = (taken("lstsq", "a", Takes::Floating, &p)?, taken("lstsq", "b", Takes::Floating, &q)?);
        detached(&[&*p, &*q], || {
            dispatch!(&*p, floating, |v| {
            let Some(w) = <T as Typed>::peek(&q) else { unreachable!("operands are promoted") };
            let rtol = rtol.map(|r| Scalar::Float(r).to::<<T as xp_core::Num>::Real>()).transpose()?;
            let matrix = v.clone().into_rank::<xp_core::Ix2>().named("lstsq")?;
            let found = la::lstsq(&matrix, w, rtol).named("lstsq")?;
            Ok((Any::from(found.solution), found.rank, Any::from(found.singular_values.into_dyn())))
        }, else unreachable!("a dtype that is taken"))
        })
    })?;
    let rank = crate::any::rank0(solution.device(), rank as i64).named("lstsq")?.into();
    named_tuple(py, "LstsqResult", [solution, rank, s])
}

/// Registers the functions of the main namespace.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(matmul, m)?)?;
    m.add_function(wrap_pyfunction!(matrix_transpose, m)?)?;
    m.add_function(wrap_pyfunction!(tensordot, m)?)?;
    m.add_function(wrap_pyfunction!(vecdot, m)?)
}

/// Registers the functions of the extension.
pub fn register_extension(m: &Bound<'_, PyModule>) -> PyResult<()> {
    register(m)?;
    register_matrices(m)?;
    register_square(m)?;
    m.add_function(wrap_pyfunction!(cho_solve, m)?)?;
    m.add_function(wrap_pyfunction!(cross, m)?)?;
    m.add_function(wrap_pyfunction!(lstsq, m)?)?;
    m.add_function(wrap_pyfunction!(lu, m)?)?;
    m.add_function(wrap_pyfunction!(solve_triangular, m)?)?;
    m.add_function(wrap_pyfunction!(eig, m)?)?;
    m.add_function(wrap_pyfunction!(eigh, m)?)?;
    m.add_function(wrap_pyfunction!(matrix_norm, m)?)?;
    m.add_function(wrap_pyfunction!(matrix_power, m)?)?;
    m.add_function(wrap_pyfunction!(matrix_rank, m)?)?;
    m.add_function(wrap_pyfunction!(outer, m)?)?;
    m.add_function(wrap_pyfunction!(pinv, m)?)?;
    m.add_function(wrap_pyfunction!(qr, m)?)?;
    m.add_function(wrap_pyfunction!(slogdet, m)?)?;
    m.add_function(wrap_pyfunction!(solve, m)?)?;
    m.add_function(wrap_pyfunction!(svd, m)?)?;
    m.add_function(wrap_pyfunction!(trace, m)?)?;
    m.add_function(wrap_pyfunction!(vector_norm, m)?)
}
