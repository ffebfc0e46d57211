//! cuFFT.

#![allow(non_camel_case_types)]

use std::ffi::{c_int, c_longlong, c_void};

use crate::loader::function_table;

pub use super::types::cudaStream_t;

/// A plan.
pub type cufftHandle = c_int;
/// A status; 0 is success.
pub type cufftResult = c_int;
/// The kind of a transform.
pub type cufftType = c_int;
/// A real number.
pub type cufftReal = f32;
/// A real number with double precision.
pub type cufftDoubleReal = f64;
/// A complex number.
pub type cufftComplex = super::types::cuComplex;
/// A complex number with double precision.
pub type cufftDoubleComplex = super::types::cuDoubleComplex;

function_table! {
    /// The functions of cuFFT that this crate calls.
    pub struct CufftTable;
    fn cufftGetVersion(version: *mut c_int) -> cufftResult;
    fn cufftCreate(plan: *mut cufftHandle) -> cufftResult;
    fn cufftDestroy(plan: cufftHandle) -> cufftResult;
    fn cufftSetStream(plan: cufftHandle, stream: cudaStream_t) -> cufftResult;
    fn cufftSetAutoAllocation(plan: cufftHandle, automatic: c_int) -> cufftResult;
    fn cufftSetWorkArea(plan: cufftHandle, area: *mut c_void) -> cufftResult;
    fn cufftMakePlanMany64(
        plan: cufftHandle, rank: c_int, n: *mut c_longlong, inembed: *mut c_longlong, istride: c_longlong,
        idist: c_longlong, onembed: *mut c_longlong, ostride: c_longlong, odist: c_longlong, kind: cufftType,
        batch: c_longlong, work: *mut usize,
    ) -> cufftResult;
    fn cufftExecC2C(plan: cufftHandle, input: *mut cufftComplex, output: *mut cufftComplex, direction: c_int) -> cufftResult;
    fn cufftExecZ2Z(
        plan: cufftHandle, input: *mut cufftDoubleComplex, output: *mut cufftDoubleComplex, direction: c_int,
    ) -> cufftResult;
    fn cufftExecR2C(plan: cufftHandle, input: *mut cufftReal, output: *mut cufftComplex) -> cufftResult;
    fn cufftExecC2R(plan: cufftHandle, input: *mut cufftComplex, output: *mut cufftReal) -> cufftResult;
    fn cufftExecD2Z(plan: cufftHandle, input: *mut cufftDoubleReal, output: *mut cufftDoubleComplex) -> cufftResult;
    fn cufftExecZ2D(plan: cufftHandle, input: *mut cufftDoubleComplex, output: *mut cufftDoubleReal) -> cufftResult;
}
