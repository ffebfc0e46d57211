//! Products and triangular solves.

use std::ffi::c_int;

use num_complex::Complex;

use xp_core::DType;

use super::{Handle, LibraryType, Matrix, Scalar, Side, Trans, Triangle, by_type, call, check, ints, open_library, trans_code, triangle_code};
use crate::{
    device::{Device, Products},
    error::Result,
    ffi::cublas::CublasTable,
    loader::Library,
};

/// `C = alpha op(A) op(B) + beta C`, for a batch of matrices at constant strides.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct Gemm {
    pub dtype: DType,
    pub transa: Trans,
    pub transb: Trans,
    pub m: i64,
    pub n: i64,
    pub k: i64,
    pub alpha: Complex<f64>,
    pub a: Matrix,
    pub stride_a: i64,
    pub b: Matrix,
    pub stride_b: i64,
    pub beta: Complex<f64>,
    pub c: Matrix,
    pub stride_c: i64,
    pub batch: i64,
}

/// `C = alpha A A^H + beta C` (or `A^H A` when `trans` says so) for one triangle of `C`; `A^T` for real types.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct Syrk {
    pub dtype: DType,
    pub triangle: Triangle,
    pub trans: bool,
    pub n: i64,
    pub k: i64,
    pub alpha: f64,
    pub a: Matrix,
    pub beta: f64,
    pub c: Matrix,
}

/// `B = alpha op(A)^-1 B` or `B = alpha B op(A)^-1` for a triangular `A`.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct Trsm {
    pub dtype: DType,
    pub side: Side,
    pub triangle: Triangle,
    pub trans: Trans,
    pub unit_diagonal: bool,
    pub m: i64,
    pub n: i64,
    pub alpha: Complex<f64>,
    pub a: Matrix,
    pub b: Matrix,
}

/// The part of BLAS that the backend uses.
pub trait Blas: Send + Sync {
    /// A product, or a batch of them.
    ///
    /// # Errors
    /// Those of the library.
    ///
    /// # Safety
    /// Addresses, sizes and strides must describe live memory of this device.
    unsafe fn gemm(&self, device: &Device, call: &Gemm) -> Result<()>;

    /// A product of a matrix with its own (conjugate) transpose.
    ///
    /// # Errors
    /// Those of the library.
    ///
    /// # Safety
    /// As [`Blas::gemm`].
    unsafe fn syrk(&self, device: &Device, call: &Syrk) -> Result<()>;

    /// A triangular solve in place.
    ///
    /// # Errors
    /// Those of the library.
    ///
    /// # Safety
    /// As [`Blas::gemm`].
    unsafe fn trsm(&self, device: &Device, call: &Trsm) -> Result<()>;

    /// Triangular solves of a batch in place: the addresses of `a` and `b` are those of lists of `batch` addresses on the device.
    ///
    /// # Errors
    /// Those of the library.
    ///
    /// # Safety
    /// As [`Blas::gemm`].
    unsafe fn trsm_batched(&self, device: &Device, call: &Trsm, batch: i64) -> Result<()>;

    /// LU factorisations of a batch of matrices of order `n` with partial pivoting. The address of `a` is that of a list of addresses,
    /// pivots are 32-bit and count from 1; `info` is the address of a 32-bit integer for each matrix: 0, or the first pivot that is zero,
    /// counted from 1.
    ///
    /// # Errors
    /// Those of the library.
    ///
    /// # Safety
    /// As [`Blas::gemm`].
    #[allow(clippy::too_many_arguments)]
    unsafe fn getrf_batched(&self, device: &Device, dtype: DType, n: i64, a: Matrix, pivots: u64, info: u64, batch: i64) -> Result<()>;

    /// Solves with the factors of [`getrf_batched`](Self::getrf_batched), in place: the addresses of `a` and `b` are those of lists.
    ///
    /// # Errors
    /// Those of the library.
    ///
    /// # Safety
    /// As [`Blas::gemm`].
    #[allow(clippy::too_many_arguments)]
    unsafe fn getrs_batched(&self, device: &Device, dtype: DType, sizes: [i64; 2], a: Matrix, pivots: u64, b: Matrix, batch: i64) -> Result<()>;

    /// QR factorisations of a batch, as LAPACK's `geqrf`: the addresses of `a` and `tau` are those of lists.
    ///
    /// # Errors
    /// Those of the library.
    ///
    /// # Safety
    /// As [`Blas::gemm`].
    unsafe fn geqrf_batched(&self, device: &Device, dtype: DType, shape: [i64; 2], a: Matrix, tau: u64, batch: i64) -> Result<()>;
}

/// NVIDIA's cuBLAS.
pub(crate) struct CuBlas {
    table: CublasTable,
    handle: Handle,
}

impl CuBlas {
    pub(crate) fn new(device: &Device) -> Result<Self> {
        let table = CublasTable::load(&open_library(Library::Cublas)?)?;
        let _current = device.enter("start of cuBLAS")?;
        let mut handle = std::ptr::null_mut();
        check(
            Library::Cublas,
            // SAFETY: an output pointer, with the device's context current.
            unsafe { (table.cublasCreate_v2)(&mut handle) },
            "start of cuBLAS",
        )?;
        let this = Self { table, handle: Handle::new(handle) };
        check(
            Library::Cublas,
            // SAFETY: a live handle and the device's stream, which outlives it.
            unsafe { (table.cublasSetStream_v2)(handle, device.stream().as_inner()) },
            "start of cuBLAS",
        )?;
        Ok(this)
    }

    fn run(&self, device: &Device, operation: &str, mut f: impl FnMut(*mut std::ffi::c_void) -> c_int) -> Result<()> {
        let _turn = device.turn();
        self.handle.with(|handle| call(device, Library::Cublas, operation, || f(handle)))
    }
}

impl Drop for CuBlas {
    fn drop(&mut self) {
        // SAFETY: a live handle, destroyed once; the device's context is current when its libraries are dropped.
        self.handle.with(|handle| unsafe { (self.table.cublasDestroy_v2)(handle) });
    }
}

/// `CUBLAS_GEMM_DEFAULT`.
const DEFAULT_ALGORITHM: c_int = -1;

impl Products {
    /// The `cublasComputeType_t` of products of a dtype.
    fn compute_type(self, dtype: DType) -> c_int {
        match (dtype, self) {
            (DType::F64 | DType::C128, Products::FixedPoint64) => 79,
            (DType::F64 | DType::C128, _) => 70,
            (DType::F32 | DType::C64, Products::Tf32) => 77,
            (DType::F32 | DType::C64, Products::Bf16) => 75,
            (DType::F32 | DType::C64, Products::Bf16x9) => 78,
            _ => 68,
        }
    }
}

#[allow(clippy::undocumented_unsafe_blocks)]
impl Blas for CuBlas {
    unsafe fn gemm(&self, device: &Device, g: &Gemm) -> Result<()> {
        let compute = device.products().compute_type(g.dtype);
        let (alpha, beta, code) = (Scalar::new(g.dtype, g.alpha), Scalar::new(g.dtype, g.beta), g.dtype.code()?);
        let (transa, transb) = (trans_code(g.transa), trans_code(g.transb));
        let (a, b, c) = (g.a.pointer as *const _, g.b.pointer as *const _, g.c.pointer as *mut _);
        let (alpha, beta) = (alpha.pointer(), beta.pointer());
        // SAFETY of both calls: a live handle, scalars of the compute type, and matrices by the contract of this method.
        self.run(device, "gemm", |handle| {
            if g.batch == 1 {
                // This entry knows algorithms that split the sums.
                return unsafe {
                    (self.table.cublasGemmEx_64)(
                        handle,
                        transa,
                        transb,
                        g.m,
                        g.n,
                        g.k,
                        alpha,
                        a,
                        code,
                        g.a.ld,
                        b,
                        code,
                        g.b.ld,
                        beta,
                        c,
                        code,
                        g.c.ld,
                        compute,
                        DEFAULT_ALGORITHM,
                    )
                };
            }
            unsafe {
                (self.table.cublasGemmStridedBatchedEx_64)(
                    handle,
                    transa,
                    transb,
                    g.m,
                    g.n,
                    g.k,
                    alpha,
                    a,
                    code,
                    g.a.ld,
                    g.stride_a,
                    b,
                    code,
                    g.b.ld,
                    g.stride_b,
                    beta,
                    c,
                    code,
                    g.c.ld,
                    g.stride_c,
                    g.batch,
                    compute,
                    DEFAULT_ALGORITHM,
                )
            }
        })
    }

    unsafe fn syrk(&self, device: &Device, s: &Syrk) -> Result<()> {
        let t = &self.table;
        let scalar = |v: f64| Scalar::new(s.dtype.real(), Complex::new(v, 0.0));
        let (alpha, beta) = (scalar(s.alpha), scalar(s.beta));
        let is_complex = matches!(s.dtype, DType::C64 | DType::C128);
        let trans = match (s.trans, is_complex) {
            (false, _) => Trans::No,
            (true, false) => Trans::Transpose,
            (true, true) => Trans::Adjoint,
        };
        by_type!(s.dtype, "syrk", [t.cublasSsyrk_v2_64, t.cublasDsyrk_v2_64, t.cublasCherk_v2_64, t.cublasZherk_v2_64], |f, T| {
            self.run(device, "syrk", |handle| {
                // SAFETY: as in `gemm`; the scalars are real.
                unsafe {
                    f(
                        handle,
                        triangle_code(s.triangle),
                        trans_code(trans),
                        s.n,
                        s.k,
                        alpha.pointer(),
                        s.a.pointer as *const T,
                        s.a.ld,
                        beta.pointer(),
                        s.c.pointer as *mut T,
                        s.c.ld,
                    )
                }
            })
        })
    }

    unsafe fn trsm(&self, device: &Device, s: &Trsm) -> Result<()> {
        let t = &self.table;
        let alpha = Scalar::new(s.dtype, s.alpha);
        by_type!(s.dtype, "trsm", [t.cublasStrsm_v2_64, t.cublasDtrsm_v2_64, t.cublasCtrsm_v2_64, t.cublasZtrsm_v2_64], |f, T| {
            self.run(device, "trsm", |handle| {
                // SAFETY: as in `gemm`.
                unsafe {
                    f(
                        handle,
                        s.side as c_int,
                        triangle_code(s.triangle),
                        trans_code(s.trans),
                        c_int::from(s.unit_diagonal),
                        s.m,
                        s.n,
                        alpha.pointer(),
                        s.a.pointer as *const T,
                        s.a.ld,
                        s.b.pointer as *mut T,
                        s.b.ld,
                    )
                }
            })
        })
    }

    unsafe fn trsm_batched(&self, device: &Device, s: &Trsm, batch: i64) -> Result<()> {
        let (t, alpha, name) = (&self.table, Scalar::new(s.dtype, s.alpha), "trsmBatched");
        let [m, n, lda, ldb, batch] = ints([s.m, s.n, s.a.ld, s.b.ld, batch], name)?;
        let (side, uplo, trans, diag) = (s.side as c_int, triangle_code(s.triangle), trans_code(s.trans), c_int::from(s.unit_diagonal));
        by_type!(s.dtype, name, [t.cublasStrsmBatched, t.cublasDtrsmBatched, t.cublasCtrsmBatched, t.cublasZtrsmBatched], |f, T| {
            let (a, b) = (s.a.pointer as *const *const T, s.b.pointer as *const *mut T);
            // SAFETY: as in `gemm`.
            self.run(device, name, |handle| unsafe { f(handle, side, uplo, trans, diag, m, n, alpha.pointer(), a, lda, b, ldb, batch) })
        })
    }

    unsafe fn getrf_batched(&self, device: &Device, dtype: DType, n: i64, a: Matrix, pivots: u64, info: u64, batch: i64) -> Result<()> {
        let (t, name) = (&self.table, "getrfBatched");
        let [n, lda, batch] = ints([n, a.ld, batch], name)?;
        by_type!(dtype, name, [t.cublasSgetrfBatched, t.cublasDgetrfBatched, t.cublasCgetrfBatched, t.cublasZgetrfBatched], |f, T| {
            let a = a.pointer as *const *mut T;
            // SAFETY: as in `gemm`.
            self.run(device, name, |handle| unsafe { f(handle, n, a, lda, pivots as *mut c_int, info as *mut c_int, batch) })
        })
    }

    unsafe fn getrs_batched(&self, device: &Device, dtype: DType, sizes: [i64; 2], a: Matrix, pivots: u64, b: Matrix, batch: i64) -> Result<()> {
        let (t, name) = (&self.table, "getrsBatched");
        let [n, nrhs, lda, ldb, batch] = ints([sizes[0], sizes[1], a.ld, b.ld, batch], name)?;
        // On the host: which argument is wrong, and the status says so too.
        let mut wrong = 0;
        by_type!(dtype, name, [t.cublasSgetrsBatched, t.cublasDgetrsBatched, t.cublasCgetrsBatched, t.cublasZgetrsBatched], |f, T| {
            let (a, b) = (a.pointer as *const *const T, b.pointer as *const *mut T);
            let trans = trans_code(Trans::No);
            // SAFETY: as in `gemm`.
            self.run(device, name, |handle| unsafe { f(handle, trans, n, nrhs, a, lda, pivots as *const c_int, b, ldb, &mut wrong, batch) })
        })
    }

    unsafe fn geqrf_batched(&self, device: &Device, dtype: DType, shape: [i64; 2], a: Matrix, tau: u64, batch: i64) -> Result<()> {
        let (t, name) = (&self.table, "geqrfBatched");
        let [m, n, lda, batch] = ints([shape[0], shape[1], a.ld, batch], name)?;
        let mut wrong = 0;
        by_type!(dtype, name, [t.cublasSgeqrfBatched, t.cublasDgeqrfBatched, t.cublasCgeqrfBatched, t.cublasZgeqrfBatched], |f, T| {
            let (a, tau) = (a.pointer as *const *mut T, tau as *const *mut T);
            // SAFETY: as in `gemm`.
            self.run(device, name, |handle| unsafe { f(handle, m, n, a, lda, tau, &mut wrong, batch) })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_of_products_are_other_ones_only_when_told() {
        let codes = |products: Products| [DType::F16, DType::F32, DType::C64, DType::F64, DType::C128].map(|dtype| products.compute_type(dtype));
        assert_eq!(codes(Products::Full), [68, 68, 68, 70, 70]);
        assert_eq!(codes(Products::Tf32), [68, 77, 77, 70, 70]);
        assert_eq!(codes(Products::Bf16), [68, 75, 75, 70, 70]);
        assert_eq!(codes(Products::Bf16x9), [68, 78, 78, 70, 70]);
        assert_eq!(codes(Products::FixedPoint64), [68, 68, 68, 79, 79]);
    }
}
