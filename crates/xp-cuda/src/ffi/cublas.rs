//! cuBLAS, with 64-bit dimensions.

#![allow(non_camel_case_types)]

use std::ffi::{c_int, c_longlong, c_void};

use crate::loader::function_table;

pub use super::types::{cuComplex, cuDoubleComplex, cudaDataType, cudaStream_t};

/// A library handle.
pub type cublasHandle_t = *mut c_void;
/// A status; 0 is success.
pub type cublasStatus_t = c_int;
/// Whether an operand is transposed: 0 no, 1 transposed, 2 conjugate transposed.
pub type cublasOperation_t = c_int;
/// Which triangle is stored: 0 lower, 1 upper.
pub type cublasFillMode_t = c_int;
/// Which side a triangular matrix stands on: 0 left, 1 right.
pub type cublasSideMode_t = c_int;
/// Whether a triangular matrix has a unit diagonal: 0 no, 1 yes.
pub type cublasDiagType_t = c_int;
/// The type that a product is accumulated in.
pub type cublasComputeType_t = c_int;
/// The algorithm; -1 lets cuBLAS choose.
pub type cublasGemmAlgo_t = c_int;

function_table! {
    /// The functions of cuBLAS that this crate calls.
    pub struct CublasTable;
    fn cublasCreate_v2(handle: *mut cublasHandle_t) -> cublasStatus_t;
    fn cublasDestroy_v2(handle: cublasHandle_t) -> cublasStatus_t;
    fn cublasGetVersion_v2(handle: cublasHandle_t, version: *mut c_int) -> cublasStatus_t;
    fn cublasSetStream_v2(handle: cublasHandle_t, stream: cudaStream_t) -> cublasStatus_t;
    fn cublasGemmEx_64(
        handle: cublasHandle_t, transa: cublasOperation_t, transb: cublasOperation_t, m: i64, n: i64, k: i64,
        alpha: *const c_void, a: *const c_void, atype: cudaDataType, lda: i64, b: *const c_void, btype: cudaDataType, ldb: i64,
        beta: *const c_void, c: *mut c_void, ctype: cudaDataType, ldc: i64, compute: cublasComputeType_t, algo: cublasGemmAlgo_t,
    ) -> cublasStatus_t;
    fn cublasGemmStridedBatchedEx_64(
        handle: cublasHandle_t, transa: cublasOperation_t, transb: cublasOperation_t, m: i64, n: i64, k: i64,
        alpha: *const c_void, a: *const c_void, atype: cudaDataType, lda: i64, stridea: c_longlong, b: *const c_void,
        btype: cudaDataType, ldb: i64, strideb: c_longlong, beta: *const c_void, c: *mut c_void, ctype: cudaDataType,
        ldc: i64, stridec: c_longlong, batch: i64, compute: cublasComputeType_t, algo: cublasGemmAlgo_t,
    ) -> cublasStatus_t;
    fn cublasSsyrk_v2_64(
        handle: cublasHandle_t, uplo: cublasFillMode_t, trans: cublasOperation_t, n: i64, k: i64, alpha: *const f32,
        a: *const f32, lda: i64, beta: *const f32, c: *mut f32, ldc: i64,
    ) -> cublasStatus_t;
    fn cublasDsyrk_v2_64(
        handle: cublasHandle_t, uplo: cublasFillMode_t, trans: cublasOperation_t, n: i64, k: i64, alpha: *const f64,
        a: *const f64, lda: i64, beta: *const f64, c: *mut f64, ldc: i64,
    ) -> cublasStatus_t;
    fn cublasCherk_v2_64(
        handle: cublasHandle_t, uplo: cublasFillMode_t, trans: cublasOperation_t, n: i64, k: i64, alpha: *const f32,
        a: *const cuComplex, lda: i64, beta: *const f32, c: *mut cuComplex, ldc: i64,
    ) -> cublasStatus_t;
    fn cublasZherk_v2_64(
        handle: cublasHandle_t, uplo: cublasFillMode_t, trans: cublasOperation_t, n: i64, k: i64, alpha: *const f64,
        a: *const cuDoubleComplex, lda: i64, beta: *const f64, c: *mut cuDoubleComplex, ldc: i64,
    ) -> cublasStatus_t;
    fn cublasStrsm_v2_64(
        handle: cublasHandle_t, side: cublasSideMode_t, uplo: cublasFillMode_t, trans: cublasOperation_t,
        diag: cublasDiagType_t, m: i64, n: i64, alpha: *const f32, a: *const f32, lda: i64, b: *mut f32, ldb: i64,
    ) -> cublasStatus_t;
    fn cublasDtrsm_v2_64(
        handle: cublasHandle_t, side: cublasSideMode_t, uplo: cublasFillMode_t, trans: cublasOperation_t,
        diag: cublasDiagType_t, m: i64, n: i64, alpha: *const f64, a: *const f64, lda: i64, b: *mut f64, ldb: i64,
    ) -> cublasStatus_t;
    fn cublasCtrsm_v2_64(
        handle: cublasHandle_t, side: cublasSideMode_t, uplo: cublasFillMode_t, trans: cublasOperation_t,
        diag: cublasDiagType_t, m: i64, n: i64, alpha: *const cuComplex, a: *const cuComplex, lda: i64, b: *mut cuComplex, ldb: i64,
    ) -> cublasStatus_t;
    fn cublasZtrsm_v2_64(
        handle: cublasHandle_t, side: cublasSideMode_t, uplo: cublasFillMode_t, trans: cublasOperation_t,
        diag: cublasDiagType_t, m: i64, n: i64, alpha: *const cuDoubleComplex, a: *const cuDoubleComplex, lda: i64, b: *mut cuDoubleComplex, ldb: i64,
    ) -> cublasStatus_t;
    fn cublasSgetrfBatched(
        handle: cublasHandle_t, n: c_int, a: *const *mut f32, lda: c_int, pivots: *mut c_int, info: *mut c_int, batch: c_int,
    ) -> cublasStatus_t;
    fn cublasSgetrsBatched(
        handle: cublasHandle_t, trans: cublasOperation_t, n: c_int, nrhs: c_int, a: *const *const f32, lda: c_int, pivots: *const c_int,
        b: *const *mut f32, ldb: c_int, info: *mut c_int, batch: c_int,
    ) -> cublasStatus_t;
    fn cublasSgeqrfBatched(
        handle: cublasHandle_t, m: c_int, n: c_int, a: *const *mut f32, lda: c_int, tau: *const *mut f32, info: *mut c_int, batch: c_int,
    ) -> cublasStatus_t;
    fn cublasStrsmBatched(
        handle: cublasHandle_t, side: cublasSideMode_t, uplo: cublasFillMode_t, trans: cublasOperation_t, diag: cublasDiagType_t,
        m: c_int, n: c_int, alpha: *const f32, a: *const *const f32, lda: c_int, b: *const *mut f32, ldb: c_int, batch: c_int,
    ) -> cublasStatus_t;
    fn cublasDgetrfBatched(
        handle: cublasHandle_t, n: c_int, a: *const *mut f64, lda: c_int, pivots: *mut c_int, info: *mut c_int, batch: c_int,
    ) -> cublasStatus_t;
    fn cublasDgetrsBatched(
        handle: cublasHandle_t, trans: cublasOperation_t, n: c_int, nrhs: c_int, a: *const *const f64, lda: c_int, pivots: *const c_int,
        b: *const *mut f64, ldb: c_int, info: *mut c_int, batch: c_int,
    ) -> cublasStatus_t;
    fn cublasDgeqrfBatched(
        handle: cublasHandle_t, m: c_int, n: c_int, a: *const *mut f64, lda: c_int, tau: *const *mut f64, info: *mut c_int, batch: c_int,
    ) -> cublasStatus_t;
    fn cublasDtrsmBatched(
        handle: cublasHandle_t, side: cublasSideMode_t, uplo: cublasFillMode_t, trans: cublasOperation_t, diag: cublasDiagType_t,
        m: c_int, n: c_int, alpha: *const f64, a: *const *const f64, lda: c_int, b: *const *mut f64, ldb: c_int, batch: c_int,
    ) -> cublasStatus_t;
    fn cublasCgetrfBatched(
        handle: cublasHandle_t, n: c_int, a: *const *mut cuComplex, lda: c_int, pivots: *mut c_int, info: *mut c_int, batch: c_int,
    ) -> cublasStatus_t;
    fn cublasCgetrsBatched(
        handle: cublasHandle_t, trans: cublasOperation_t, n: c_int, nrhs: c_int, a: *const *const cuComplex, lda: c_int, pivots: *const c_int,
        b: *const *mut cuComplex, ldb: c_int, info: *mut c_int, batch: c_int,
    ) -> cublasStatus_t;
    fn cublasCgeqrfBatched(
        handle: cublasHandle_t, m: c_int, n: c_int, a: *const *mut cuComplex, lda: c_int, tau: *const *mut cuComplex, info: *mut c_int, batch: c_int,
    ) -> cublasStatus_t;
    fn cublasCtrsmBatched(
        handle: cublasHandle_t, side: cublasSideMode_t, uplo: cublasFillMode_t, trans: cublasOperation_t, diag: cublasDiagType_t,
        m: c_int, n: c_int, alpha: *const cuComplex, a: *const *const cuComplex, lda: c_int, b: *const *mut cuComplex, ldb: c_int, batch: c_int,
    ) -> cublasStatus_t;
    fn cublasZgetrfBatched(
        handle: cublasHandle_t, n: c_int, a: *const *mut cuDoubleComplex, lda: c_int, pivots: *mut c_int, info: *mut c_int, batch: c_int,
    ) -> cublasStatus_t;
    fn cublasZgetrsBatched(
        handle: cublasHandle_t, trans: cublasOperation_t, n: c_int, nrhs: c_int, a: *const *const cuDoubleComplex, lda: c_int, pivots: *const c_int,
        b: *const *mut cuDoubleComplex, ldb: c_int, info: *mut c_int, batch: c_int,
    ) -> cublasStatus_t;
    fn cublasZgeqrfBatched(
        handle: cublasHandle_t, m: c_int, n: c_int, a: *const *mut cuDoubleComplex, lda: c_int, tau: *const *mut cuDoubleComplex, info: *mut c_int, batch: c_int,
    ) -> cublasStatus_t;
    fn cublasZtrsmBatched(
        handle: cublasHandle_t, side: cublasSideMode_t, uplo: cublasFillMode_t, trans: cublasOperation_t, diag: cublasDiagType_t,
        m: c_int, n: c_int, alpha: *const cuDoubleComplex, a: *const *const cuDoubleComplex, lda: c_int, b: *const *mut cuDoubleComplex, ldb: c_int, batch: c_int,
    ) -> cublasStatus_t;
}
