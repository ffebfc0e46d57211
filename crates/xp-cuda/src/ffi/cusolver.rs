//! cuSOLVER's dense functions, with 64-bit dimensions where it has them.

#![allow(non_camel_case_types)]

use std::ffi::{c_int, c_schar, c_void};

use crate::loader::function_table;

pub use super::{
    cublas::{cublasFillMode_t, cublasOperation_t, cublasSideMode_t},
    types::{cuComplex, cuDoubleComplex, cudaDataType, cudaStream_t},
};

/// A library handle.
pub type cusolverDnHandle_t = *mut c_void;
/// Options of the functions with 64-bit dimensions.
pub type cusolverDnParams_t = *mut c_void;
/// A status; 0 is success.
pub type cusolverStatus_t = c_int;
/// Whether vectors are wanted: 0 no, 1 yes.
pub type cusolverEigMode_t = c_int;

function_table! {
    /// The functions of cuSOLVER that this crate calls.
    pub struct CusolverTable;
    fn cusolverDnCreate(handle: *mut cusolverDnHandle_t) -> cusolverStatus_t;
    fn cusolverDnDestroy(handle: cusolverDnHandle_t) -> cusolverStatus_t;
    fn cusolverDnSetStream(handle: cusolverDnHandle_t, stream: cudaStream_t) -> cusolverStatus_t;
    fn cusolverDnCreateParams(params: *mut cusolverDnParams_t) -> cusolverStatus_t;
    fn cusolverDnDestroyParams(params: cusolverDnParams_t) -> cusolverStatus_t;
    fn cusolverDnXgeqrf_bufferSize(
        handle: cusolverDnHandle_t, params: cusolverDnParams_t, m: i64, n: i64, atype: cudaDataType, a: *const c_void,
        lda: i64, tautype: cudaDataType, tau: *const c_void,
        compute: cudaDataType, device_bytes: *mut usize, host_bytes: *mut usize,
    ) -> cusolverStatus_t;
    fn cusolverDnXgeqrf(
        handle: cusolverDnHandle_t, params: cusolverDnParams_t, m: i64, n: i64, atype: cudaDataType, a: *mut c_void,
        lda: i64, tautype: cudaDataType, tau: *mut c_void,
        compute: cudaDataType, device: *mut c_void, device_bytes: usize, host: *mut c_void, host_bytes: usize,
        info: *mut c_int,
    ) -> cusolverStatus_t;
    fn cusolverDnXpotrf_bufferSize(
        handle: cusolverDnHandle_t, params: cusolverDnParams_t, uplo: cublasFillMode_t, n: i64, atype: cudaDataType,
        a: *const c_void, lda: i64,
        compute: cudaDataType, device_bytes: *mut usize, host_bytes: *mut usize,
    ) -> cusolverStatus_t;
    fn cusolverDnXpotrf(
        handle: cusolverDnHandle_t, params: cusolverDnParams_t, uplo: cublasFillMode_t, n: i64, atype: cudaDataType,
        a: *mut c_void, lda: i64,
        compute: cudaDataType, device: *mut c_void, device_bytes: usize, host: *mut c_void, host_bytes: usize,
        info: *mut c_int,
    ) -> cusolverStatus_t;
    fn cusolverDnXgetrf_bufferSize(
        handle: cusolverDnHandle_t, params: cusolverDnParams_t, m: i64, n: i64, atype: cudaDataType, a: *const c_void,
        lda: i64,
        compute: cudaDataType, device_bytes: *mut usize, host_bytes: *mut usize,
    ) -> cusolverStatus_t;
    fn cusolverDnXgetrf(
        handle: cusolverDnHandle_t, params: cusolverDnParams_t, m: i64, n: i64, atype: cudaDataType, a: *mut c_void,
        lda: i64, pivots: *mut i64,
        compute: cudaDataType, device: *mut c_void, device_bytes: usize, host: *mut c_void, host_bytes: usize,
        info: *mut c_int,
    ) -> cusolverStatus_t;
    fn cusolverDnXsyevd_bufferSize(
        handle: cusolverDnHandle_t, params: cusolverDnParams_t, jobz: cusolverEigMode_t, uplo: cublasFillMode_t, n: i64,
        atype: cudaDataType, a: *const c_void, lda: i64, wtype: cudaDataType, w: *const c_void,
        compute: cudaDataType, device_bytes: *mut usize, host_bytes: *mut usize,
    ) -> cusolverStatus_t;
    fn cusolverDnXsyevd(
        handle: cusolverDnHandle_t, params: cusolverDnParams_t, jobz: cusolverEigMode_t, uplo: cublasFillMode_t, n: i64,
        atype: cudaDataType, a: *mut c_void, lda: i64, wtype: cudaDataType, w: *mut c_void,
        compute: cudaDataType, device: *mut c_void, device_bytes: usize, host: *mut c_void, host_bytes: usize,
        info: *mut c_int,
    ) -> cusolverStatus_t;
    fn cusolverDnXgesvd_bufferSize(
        handle: cusolverDnHandle_t, params: cusolverDnParams_t, jobu: c_schar, jobvt: c_schar, m: i64, n: i64, atype: cudaDataType,
        a: *const c_void, lda: i64, stype: cudaDataType, s: *const c_void, utype: cudaDataType, u: *const c_void,
        ldu: i64, vttype: cudaDataType, vt: *const c_void, ldvt: i64,
        compute: cudaDataType, device_bytes: *mut usize, host_bytes: *mut usize,
    ) -> cusolverStatus_t;
    fn cusolverDnXgesvd(
        handle: cusolverDnHandle_t, params: cusolverDnParams_t, jobu: c_schar, jobvt: c_schar, m: i64, n: i64, atype: cudaDataType,
        a: *mut c_void, lda: i64, stype: cudaDataType, s: *mut c_void, utype: cudaDataType, u: *mut c_void,
        ldu: i64, vttype: cudaDataType, vt: *mut c_void, ldvt: i64,
        compute: cudaDataType, device: *mut c_void, device_bytes: usize, host: *mut c_void, host_bytes: usize,
        info: *mut c_int,
    ) -> cusolverStatus_t;
    fn cusolverDnXgesvdp_bufferSize(
        handle: cusolverDnHandle_t, params: cusolverDnParams_t, jobz: cusolverEigMode_t, econ: c_int, m: i64, n: i64, atype: cudaDataType,
        a: *const c_void, lda: i64, stype: cudaDataType, s: *const c_void, utype: cudaDataType, u: *const c_void,
        ldu: i64, vttype: cudaDataType, vt: *const c_void, ldvt: i64,
        compute: cudaDataType, device_bytes: *mut usize, host_bytes: *mut usize,
    ) -> cusolverStatus_t;
    fn cusolverDnXgesvdp(
        handle: cusolverDnHandle_t, params: cusolverDnParams_t, jobz: cusolverEigMode_t, econ: c_int, m: i64, n: i64, atype: cudaDataType,
        a: *mut c_void, lda: i64, stype: cudaDataType, s: *mut c_void, utype: cudaDataType, u: *mut c_void,
        ldu: i64, vttype: cudaDataType, vt: *mut c_void, ldvt: i64,
        compute: cudaDataType, device: *mut c_void, device_bytes: usize, host: *mut c_void, host_bytes: usize,
        info: *mut c_int, error: *mut f64,
    ) -> cusolverStatus_t;
    fn cusolverDnXgetrs(
        handle: cusolverDnHandle_t, params: cusolverDnParams_t, trans: cublasOperation_t, n: i64, nrhs: i64,
        atype: cudaDataType, a: *const c_void, lda: i64, pivots: *const i64, btype: cudaDataType, b: *mut c_void, ldb: i64,
        info: *mut c_int,
    ) -> cusolverStatus_t;
    fn cusolverDnSorgqr_bufferSize(
        handle: cusolverDnHandle_t, m: c_int, n: c_int, k: c_int, a: *const f32, lda: c_int, tau: *const f32,
        work: *mut c_int,
    ) -> cusolverStatus_t;
    fn cusolverDnSorgqr(
        handle: cusolverDnHandle_t, m: c_int, n: c_int, k: c_int, a: *mut f32, lda: c_int, tau: *const f32,
        work: *mut f32, lwork: c_int, info: *mut c_int,
    ) -> cusolverStatus_t;
    fn cusolverDnDorgqr_bufferSize(
        handle: cusolverDnHandle_t, m: c_int, n: c_int, k: c_int, a: *const f64, lda: c_int, tau: *const f64,
        work: *mut c_int,
    ) -> cusolverStatus_t;
    fn cusolverDnDorgqr(
        handle: cusolverDnHandle_t, m: c_int, n: c_int, k: c_int, a: *mut f64, lda: c_int, tau: *const f64,
        work: *mut f64, lwork: c_int, info: *mut c_int,
    ) -> cusolverStatus_t;
    fn cusolverDnCungqr_bufferSize(
        handle: cusolverDnHandle_t, m: c_int, n: c_int, k: c_int, a: *const cuComplex, lda: c_int, tau: *const cuComplex,
        work: *mut c_int,
    ) -> cusolverStatus_t;
    fn cusolverDnCungqr(
        handle: cusolverDnHandle_t, m: c_int, n: c_int, k: c_int, a: *mut cuComplex, lda: c_int, tau: *const cuComplex,
        work: *mut cuComplex, lwork: c_int, info: *mut c_int,
    ) -> cusolverStatus_t;
    fn cusolverDnZungqr_bufferSize(
        handle: cusolverDnHandle_t, m: c_int, n: c_int, k: c_int, a: *const cuDoubleComplex, lda: c_int, tau: *const cuDoubleComplex,
        work: *mut c_int,
    ) -> cusolverStatus_t;
    fn cusolverDnZungqr(
        handle: cusolverDnHandle_t, m: c_int, n: c_int, k: c_int, a: *mut cuDoubleComplex, lda: c_int, tau: *const cuDoubleComplex,
        work: *mut cuDoubleComplex, lwork: c_int, info: *mut c_int,
    ) -> cusolverStatus_t;
    fn cusolverDnSpotrfBatched(
        handle: cusolverDnHandle_t, uplo: cublasFillMode_t, n: c_int, a: *mut *mut f32, lda: c_int, info: *mut c_int, batch: c_int,
    ) -> cusolverStatus_t;
    fn cusolverDnDpotrfBatched(
        handle: cusolverDnHandle_t, uplo: cublasFillMode_t, n: c_int, a: *mut *mut f64, lda: c_int, info: *mut c_int, batch: c_int,
    ) -> cusolverStatus_t;
    fn cusolverDnCpotrfBatched(
        handle: cusolverDnHandle_t, uplo: cublasFillMode_t, n: c_int, a: *mut *mut cuComplex, lda: c_int, info: *mut c_int, batch: c_int,
    ) -> cusolverStatus_t;
    fn cusolverDnZpotrfBatched(
        handle: cusolverDnHandle_t, uplo: cublasFillMode_t, n: c_int, a: *mut *mut cuDoubleComplex, lda: c_int, info: *mut c_int, batch: c_int,
    ) -> cusolverStatus_t;
}

function_table! {
    /// The functions of cuSOLVER for eigenvalues of general matrices, which early releases for CUDA 12 lack.
    pub struct GeevTable;
    fn cusolverDnXgeev_bufferSize(
        handle: cusolverDnHandle_t, params: cusolverDnParams_t, jobvl: cusolverEigMode_t, jobvr: cusolverEigMode_t, n: i64,
        atype: cudaDataType, a: *const c_void, lda: i64, wtype: cudaDataType, w: *const c_void, vltype: cudaDataType, vl: *const c_void,
        ldvl: i64, vrtype: cudaDataType, vr: *const c_void, ldvr: i64,
        compute: cudaDataType, device_bytes: *mut usize, host_bytes: *mut usize,
    ) -> cusolverStatus_t;
    fn cusolverDnXgeev(
        handle: cusolverDnHandle_t, params: cusolverDnParams_t, jobvl: cusolverEigMode_t, jobvr: cusolverEigMode_t, n: i64,
        atype: cudaDataType, a: *mut c_void, lda: i64, wtype: cudaDataType, w: *mut c_void, vltype: cudaDataType, vl: *mut c_void,
        ldvl: i64, vrtype: cudaDataType, vr: *mut c_void, ldvr: i64,
        compute: cudaDataType, device: *mut c_void, device_bytes: usize, host: *mut c_void, host_bytes: usize,
        info: *mut c_int,
    ) -> cusolverStatus_t;
}

function_table! {
    /// The functions of cuSOLVER for eigenvalues of stacks of Hermitian matrices, which early releases for CUDA 12 lack.
    pub struct SyevBatchedTable;
    fn cusolverDnXsyevBatched_bufferSize(
        handle: cusolverDnHandle_t, params: cusolverDnParams_t, jobz: cusolverEigMode_t, uplo: cublasFillMode_t, n: i64,
        atype: cudaDataType, a: *const c_void, lda: i64, wtype: cudaDataType, w: *const c_void,
        compute: cudaDataType, device_bytes: *mut usize, host_bytes: *mut usize, batch: i64,
    ) -> cusolverStatus_t;
    fn cusolverDnXsyevBatched(
        handle: cusolverDnHandle_t, params: cusolverDnParams_t, jobz: cusolverEigMode_t, uplo: cublasFillMode_t, n: i64,
        atype: cudaDataType, a: *mut c_void, lda: i64, wtype: cudaDataType, w: *mut c_void,
        compute: cudaDataType, device: *mut c_void, device_bytes: usize, host: *mut c_void, host_bytes: usize,
        info: *mut c_int, batch: i64,
    ) -> cusolverStatus_t;
}
