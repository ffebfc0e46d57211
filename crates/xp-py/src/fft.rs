//! The extension `fft`.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use xp_core::DType;
use xp_fft::{self as ft, AxesOptions, AxisOptions, Norm};

use crate::any::{Any, compute, dispatch};
use crate::args::Ints;
use crate::array::{PyArray, X};
use crate::dtype::DTypeArg;
use crate::error::{Named, guard, wrong_dtype};
use crate::info::Device;
use crate::promotion::{takes, widened};

fn norm_of(function: &str, name: &str) -> PyResult<Norm> {
    match name {
        "backward" => Ok(Norm::Backward),
        "ortho" => Ok(Norm::Ortho),
        "forward" => Ok(Norm::Forward),
        other => Err(PyValueError::new_err(format!("{function}(): norm is \"backward\", \"ortho\" or \"forward\"; {other:?} given"))),
    }
}

fn length(function: &str, argument: &str, n: isize) -> PyResult<usize> {
    match usize::try_from(n) {
        Ok(n) if n > 0 => Ok(n),
        _ => Err(PyValueError::new_err(format!("{function}(): {argument} has a length of {n}: a transform has at least one point"))),
    }
}

fn along_one(function: &str, n: Option<isize>, axis: isize, norm: &str) -> PyResult<AxisOptions> {
    let out = ft::axis(axis).norm(norm_of(function, norm)?);
    Ok(match n {
        Some(n) => out.n(length(function, "n", n)?),
        None => out,
    })
}

fn along_many(function: &str, s: Option<Ints>, axes: Option<Ints>, norm: &str) -> PyResult<AxesOptions> {
    let mut out = match axes {
        Some(axes) => ft::axes(axes.list()),
        None => AxesOptions::default(),
    };
    if let Some(s) = s {
        out = out.s(s.list().iter().map(|&n| length(function, "s", n)).collect::<PyResult<Vec<_>>>()?);
    }
    Ok(out.norm(norm_of(function, norm)?))
}

macro_rules! transforms {
    (one: $($name:ident $with:ident $kind:ident $doc:literal;)*; many: $($names:ident $withs:ident $kinds:ident $docs:literal;)*) => {
        $(
            #[doc = $doc]
            #[pyfunction]
            #[pyo3(signature = (x, /, *, n=None, axis=-1, norm="backward"))]
            fn $name(x: X<'_>, n: Option<isize>, axis: isize, norm: &str) -> PyResult<PyArray> {
                guard(stringify!($name), || {
                    let options = along_one(stringify!($name), n, axis, norm)?;
                    let x = widened(stringify!($name), "x", takes!($kind), &x.any)?;
                    compute!(&*x, $kind, |v| ft::$with(v, options).map(PyArray::new).named(stringify!($name)), else unreachable!("a dtype that is taken"))
                })
            }
        )*
        $(
            #[doc = $docs]
            #[pyfunction]
            #[pyo3(signature = (x, /, *, s=None, axes=None, norm="backward"))]
            fn $names(x: X<'_>, s: Option<Ints>, axes: Option<Ints>, norm: &str) -> PyResult<PyArray> {
                guard(stringify!($names), || {
                    let options = along_many(stringify!($names), s, axes, norm)?;
                    let x = widened(stringify!($names), "x", takes!($kinds), &x.any)?;
                    compute!(&*x, $kinds, |v| ft::$withs(v, options).map(PyArray::new).named(stringify!($names)), else unreachable!("a dtype that is taken"))
                })
            }
        )*
        fn register_transforms(m: &Bound<'_, PyModule>) -> PyResult<()> {
            $(m.add_function(wrap_pyfunction!($name, m)?)?;)*
            $(m.add_function(wrap_pyfunction!($names, m)?)?;)*
            Ok(())
        }
    };
}
transforms! {
    one:
    fft fft_with floating "The discrete Fourier transform along an axis.";
    ifft ifft_with floating "The inverse of fft.";
    rfft rfft_with float "The discrete Fourier transform of real elements: the first n // 2 + 1 bins.";
    irfft irfft_with floating "The inverse of rfft.";
    hfft hfft_with floating "The discrete Fourier transform, which is real, of a Hermitian-symmetric signal.";
    ihfft ihfft_with float "The inverse of hfft.";
    ;
    many:
    fftn fftn_with floating "The discrete Fourier transform along several axes.";
    ifftn ifftn_with floating "The inverse of fftn.";
    rfftn rfftn_with float "The discrete Fourier transform of real elements along several axes.";
    irfftn irfftn_with floating "The inverse of rfftn.";
    hfftn hfftn_with floating "The discrete Fourier transform, which is real, of a Hermitian-symmetric signal of several axes.";
    ihfftn ihfftn_with float "The inverse of hfftn.";
}

/// The type of a cosine or sine transform, from 1 to 4.
fn type_of(function: &str, number: usize) -> PyResult<ft::Type> {
    match number {
        1 => Ok(ft::Type::I),
        2 => Ok(ft::Type::II),
        3 => Ok(ft::Type::III),
        4 => Ok(ft::Type::IV),
        other => Err(PyValueError::new_err(format!("{function}(): type is 1, 2, 3 or 4; {other} given"))),
    }
}

macro_rules! trigonometric {
    ($($name:ident $with:ident $names:ident $withs:ident $doc:literal;)*) => {
        $(
            #[doc = concat!($doc, " along an axis.")]
            #[pyfunction]
            #[pyo3(signature = (x, /, r#type=2, n=None, axis=-1, norm=None))]
            fn $name(x: X<'_>, r#type: usize, n: Option<isize>, axis: isize, norm: Option<&str>) -> PyResult<PyArray> {
                guard(stringify!($name), || {
                    let kind = type_of(stringify!($name), r#type)?;
                    let options = along_one(stringify!($name), n, axis, norm.unwrap_or("backward"))?;
                    let x = widened(stringify!($name), "x", takes!(floating), &x.any)?;
                    compute!(&*x, floating, |v| ft::$with(v, kind, options).map(PyArray::new).named(stringify!($name)), else unreachable!("a dtype that is taken"))
                })
            }
            #[doc = concat!($doc, " along several axes.")]
            #[pyfunction]
            #[pyo3(signature = (x, /, r#type=2, s=None, axes=None, norm=None))]
            fn $names(x: X<'_>, r#type: usize, s: Option<Ints>, axes: Option<Ints>, norm: Option<&str>) -> PyResult<PyArray> {
                guard(stringify!($names), || {
                    let kind = type_of(stringify!($names), r#type)?;
                    let options = along_many(stringify!($names), s, axes, norm.unwrap_or("backward"))?;
                    let x = widened(stringify!($names), "x", takes!(floating), &x.any)?;
                    compute!(&*x, floating, |v| ft::$withs(v, kind, options).map(PyArray::new).named(stringify!($names)), else unreachable!("a dtype that is taken"))
                })
            }
        )*
        fn register_trigonometric(m: &Bound<'_, PyModule>) -> PyResult<()> {
            $(
                m.add_function(wrap_pyfunction!($name, m)?)?;
                m.add_function(wrap_pyfunction!($names, m)?)?;
            )*
            Ok(())
        }
    };
}
trigonometric! {
    dct dct_with dctn dctn_with "The discrete cosine transform";
    idct idct_with idctn idctn_with "The inverse of the discrete cosine transform of the same type";
    dst dst_with dstn dstn_with "The discrete sine transform";
    idst idst_with idstn idstn_with "The inverse of the discrete sine transform of the same type";
}

macro_rules! hankel {
    ($($name:ident $with:ident $argument:ident $doc:literal;)*) => {$(
        #[doc = $doc]
        #[pyfunction]
        #[pyo3(signature = ($argument, dln, mu, offset=0.0, bias=0.0))]
        #[allow(non_snake_case)]
        fn $name($argument: X<'_>, dln: f64, mu: f64, offset: f64, bias: f64) -> PyResult<PyArray> {
            guard(stringify!($name), || {
                let options = ft::Hankel::default().offset(offset).bias(bias);
                let x = widened(stringify!($name), stringify!($argument), takes!(float), &$argument.any)?;
                compute!(&*x, float, |v| ft::$with(v, dln, mu, options).map(PyArray::new).named(stringify!($name)), else unreachable!("a dtype that is taken"))
            })
        }
    )*};
}
hankel! {
    fht fht_with a "The fast Hankel transform of order mu of samples at distance dln of the logarithm, along the last axis.";
    ifht ifht_with A "The inverse of fht.";
}

/// The offset next to initial for which the Hankel transform is exact for the discrete grid.
#[pyfunction]
#[pyo3(signature = (dln, mu, initial=0.0, bias=0.0))]
fn fhtoffset(dln: f64, mu: f64, initial: f64, bias: f64) -> PyResult<f64> {
    guard("fhtoffset", || ft::fhtoffset(dln, mu, initial, bias).named("fhtoffset"))
}

/// The smallest length of at least target whose transform is fast.
#[pyfunction]
#[pyo3(signature = (target, real=false))]
fn next_fast_len(target: usize, real: bool) -> PyResult<usize> {
    guard("next_fast_len", || if real { ft::next_fast_len_real(target) } else { ft::next_fast_len(target) }.named("next_fast_len"))
}

/// The largest length of at most target whose transform is fast.
#[pyfunction]
#[pyo3(signature = (target, real=false))]
fn prev_fast_len(target: usize, real: bool) -> PyResult<usize> {
    guard("prev_fast_len", || if real { ft::prev_fast_len_real(target) } else { ft::prev_fast_len(target) }.named("prev_fast_len"))
}

macro_rules! convolutions {
    ($($name:ident $with:ident $doc:literal;)*) => {$(
        #[doc = $doc]
        #[pyfunction]
        #[pyo3(signature = (in1, in2, mode="full", axes=None))]
        fn $name(in1: X<'_>, in2: X<'_>, mode: &str, axes: Option<Ints>) -> PyResult<PyArray> {
            const NAME: &str = stringify!($name);
            guard(NAME, || {
                let mode = match mode {
                    "full" => ft::Mode::Full,
                    "same" => ft::Mode::Same,
                    "valid" => ft::Mode::Valid,
                    other => return Err(PyValueError::new_err(format!("{NAME}(): mode is \"full\", \"same\" or \"valid\"; {other:?} given"))),
                };
                let axes = crate::args::axes(NAME, &axes, in1.any.ndim())?;
                let d = crate::scalar::result_dtype(NAME, &[in1.any.dtype(), in2.any.dtype()], &[])?;
                let (a, b) = (in1.any.cast(d).named(NAME)?, in2.any.cast(d).named(NAME)?);
                let (a, b) = (widened(NAME, "in1", takes!(floating), &a)?, widened(NAME, "in2", takes!(floating), &b)?);
                crate::threads::detached(&[&*a, &*b], || dispatch!(&*a, floating, |v| match <T as crate::any::Typed>::peek(&b) {
                    Some(w) => ft::$with(v, w, mode, &axes[..]).map(PyArray::new).named(NAME),
                    None => unreachable!("operands are promoted"),
                }, else unreachable!("a dtype that is taken")))
            })
        }
    )*};
}
convolutions! {
    fftconvolve fftconvolve_with "The convolution of two arrays by Fourier transforms.";
    oaconvolve oaconvolve_with "The convolution of two arrays of very different lengths by Fourier transforms of parts.";
}

macro_rules! frequencies {
    ($($name:ident $doc:literal;)*) => {$(
        #[doc = $doc]
        #[pyfunction]
        #[pyo3(signature = (n, /, *, d=1.0, dtype=None, device=None))]
        fn $name(n: isize, d: f64, dtype: Option<DTypeArg>, device: Option<Device>) -> PyResult<PyArray> {
            guard(stringify!($name), || {
                let device = &Device::or_host(device);
                let n = length(stringify!($name), "n", n)?;
                match dtype.map_or(DType::F64, |d| d.0) {
                    DType::F64 => ft::$name::<_, f64>(device, n, d).map(|x| PyArray::new(x.into_dyn())).named(stringify!($name)),
                    // In double precision, rounded once.
                    DType::F32 => {
                        let wide = ft::$name::<_, f64>(device, n, d).named(stringify!($name))?;
                        Any::from(wide.into_dyn()).cast(DType::F32).map(PyArray::new).named(stringify!($name))
                    }
                    other => Err(wrong_dtype(stringify!($name), "dtype", other, "a real floating-point dtype")),
                }
            })
        }
    )*};
}
frequencies! {
    fftfreq "The frequencies of the bins of fft.";
    rfftfreq "The frequencies of the bins of rfft.";
}

macro_rules! shifts {
    ($($name:ident $with:ident $doc:literal;)*) => {$(
        #[doc = $doc]
        #[pyfunction]
        #[pyo3(signature = (x, /, *, axes=None))]
        fn $name(x: X<'_>, axes: Option<Ints>) -> PyResult<PyArray> {
            guard(stringify!($name), || dispatch!(&x.any, |v| match &axes {
                Some(axes) => ft::$with(v, axes.list()).map(Any::from),
                None => ft::$name(v).map(Any::from),
            }).and_then(|y| y.apart_from(&x.any)).map(PyArray::new).named(stringify!($name)))
        }
    )*};
}
shifts! {
    fftshift fftshift_with "The bins with frequency zero in the middle.";
    ifftshift ifftshift_with "The inverse of fftshift.";
}

/// Registers the functions.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    register_transforms(m)?;
    register_trigonometric(m)?;
    m.add_function(wrap_pyfunction!(fht, m)?)?;
    m.add_function(wrap_pyfunction!(ifht, m)?)?;
    m.add_function(wrap_pyfunction!(fhtoffset, m)?)?;
    m.add_function(wrap_pyfunction!(next_fast_len, m)?)?;
    m.add_function(wrap_pyfunction!(prev_fast_len, m)?)?;
    m.add_function(wrap_pyfunction!(fftconvolve, m)?)?;
    m.add_function(wrap_pyfunction!(oaconvolve, m)?)?;
    m.add_function(wrap_pyfunction!(fftfreq, m)?)?;
    m.add_function(wrap_pyfunction!(rfftfreq, m)?)?;
    m.add_function(wrap_pyfunction!(fftshift, m)?)?;
    m.add_function(wrap_pyfunction!(ifftshift, m)?)
}
