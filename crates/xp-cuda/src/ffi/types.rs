//! Types that NVIDIA's libraries share.

#![allow(non_camel_case_types)]

use std::ffi::c_int;

use cust::sys::CUstream;
use num_complex::Complex;

/// A stream; the driver's handle.
pub type cudaStream_t = CUstream;
/// The type of matrix elements.
pub type cudaDataType = c_int;
/// A complex number of two `float`.
pub type cuComplex = Complex<f32>;
/// A complex number of two `double`.
pub type cuDoubleComplex = Complex<f64>;
