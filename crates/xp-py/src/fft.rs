//! The extension `fft`.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use xp_core::DType;
use xp_cpu::Cpu;
use xp_fft::{self as ft, AxesOptions, AxisOptions, Norm};

use crate::any::{Any, compute, dispatch};
use crate::args::Ints;
use crate::array::{PyArray, X};
use crate::dtype::DTypeArg;
use crate::error::{Named, guard, wrong_dtype};
use crate::info::Device;

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
    (one: $($name:ident $with:ident $kind:ident $expected:literal $doc:literal;)*; many: $($names:ident $withs:ident $kinds:ident $expecteds:literal $docs:literal;)*) => {
        $(
            #[doc = $doc]
            #[pyfunction]
            #[pyo3(signature = (x, /, *, n=None, axis=-1, norm="backward"))]
            fn $name(x: X<'_>, n: Option<isize>, axis: isize, norm: &str) -> PyResult<PyArray> {
                guard(stringify!($name), || {
                    let options = along_one(stringify!($name), n, axis, norm)?;
                    let x = &x.any;
                    compute!(x, $kind, |v| ft::$with(v, options).map(PyArray::new).named(stringify!($name)), else Err(wrong_dtype(stringify!($name), "x", x.dtype(), $expected)))
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
                    let x = &x.any;
                    compute!(x, $kinds, |v| ft::$withs(v, options).map(PyArray::new).named(stringify!($names)), else Err(wrong_dtype(stringify!($names), "x", x.dtype(), $expecteds)))
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
    fft fft_with floating "a floating-point dtype" "The discrete Fourier transform along an axis.";
    ifft ifft_with floating "a floating-point dtype" "The inverse of fft.";
    rfft rfft_with float "a real floating-point dtype" "The discrete Fourier transform of real elements: the first n // 2 + 1 bins.";
    irfft irfft_with floating "a floating-point dtype" "The inverse of rfft.";
    hfft hfft_with floating "a floating-point dtype" "The discrete Fourier transform, which is real, of a Hermitian-symmetric signal.";
    ihfft ihfft_with float "a real floating-point dtype" "The inverse of hfft.";
    ;
    many:
    fftn fftn_with floating "a floating-point dtype" "The discrete Fourier transform along several axes.";
    ifftn ifftn_with floating "a floating-point dtype" "The inverse of fftn.";
    rfftn rfftn_with float "a real floating-point dtype" "The discrete Fourier transform of real elements along several axes.";
    irfftn irfftn_with floating "a floating-point dtype" "The inverse of rfftn.";
}

macro_rules! frequencies {
    ($($name:ident $doc:literal;)*) => {$(
        #[doc = $doc]
        #[pyfunction]
        #[pyo3(signature = (n, /, *, d=1.0, dtype=None, device=None))]
        fn $name(n: isize, d: f64, dtype: Option<DTypeArg>, device: Option<Device>) -> PyResult<PyArray> {
            let _ = device;
            guard(stringify!($name), || {
                let n = length(stringify!($name), "n", n)?;
                match dtype.map_or(DType::F64, |d| d.0) {
                    DType::F64 => ft::$name::<_, f64>(&Cpu, n, d).map(|x| PyArray::new(x.into_dyn())).named(stringify!($name)),
                    // In double precision, rounded once.
                    DType::F32 => {
                        let wide = ft::$name::<_, f64>(&Cpu, n, d).named(stringify!($name))?;
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
    m.add_function(wrap_pyfunction!(fftfreq, m)?)?;
    m.add_function(wrap_pyfunction!(rfftfreq, m)?)?;
    m.add_function(wrap_pyfunction!(fftshift, m)?)?;
    m.add_function(wrap_pyfunction!(ifftshift, m)?)
}
