//! Factorisations.

use xp_core::DType;
use xp_core::linalg::Basis;

use super::{Matrix, Trans, Triangle};
use crate::{device::Device, error::Result};

/// A singular value decomposition of an `m` by `n` matrix, which is overwritten.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct Gesvd {
    pub dtype: DType,
    /// Which vectors, if any.
    pub vectors: Option<Basis>,
    pub m: i64,
    pub n: i64,
    pub a: Matrix,
    pub s: u64,
    pub u: Matrix,
    /// `V^H` for [`Solver::gesvd`], `V` for [`Solver::gesvdp`].
    pub v: Matrix,
}

/// An eigenvalue decomposition of a general matrix of order `n`, which is overwritten.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct Geev {
    pub dtype: DType,
    pub n: i64,
    pub a: Matrix,
    /// The eigenvalues, complex also for a real matrix.
    pub w: u64,
    /// The right eigenvectors, if they are wanted, in the dtype of the matrix: for a conjugate pair of a real matrix, the one
    /// with positive imaginary part first, two columns hold the real and the imaginary part of the first vector.
    pub v: Option<Matrix>,
}

/// The part of LAPACK that the backend uses.
///
/// `info` is the device address of a 32-bit integer: 0 for success, positive for a numerical failure, as in LAPACK. The
/// caller reads it.
///
/// # Safety
/// For every method, addresses and sizes must describe live memory of the device.
#[allow(clippy::missing_safety_doc, clippy::missing_errors_doc, clippy::too_many_arguments)]
pub trait Solver: Send + Sync {
    /// QR factorisation: R above the diagonal, reflectors below, their factors in `tau`.
    unsafe fn geqrf(&self, device: &Device, dtype: DType, m: i64, n: i64, a: Matrix, tau: u64, info: u64) -> Result<()>;
    /// The first `n` columns of Q of [`geqrf`](Self::geqrf), from `k` reflectors, in place.
    unsafe fn form_q(&self, device: &Device, dtype: DType, m: i64, n: i64, k: i64, a: Matrix, tau: u64, info: u64) -> Result<()>;
    /// Cholesky factorisation of one triangle.
    unsafe fn potrf(&self, device: &Device, dtype: DType, triangle: Triangle, n: i64, a: Matrix, info: u64) -> Result<()>;
    /// LU factorisation with partial pivoting; pivots are 64-bit and count from 1.
    unsafe fn getrf(&self, device: &Device, dtype: DType, m: i64, n: i64, a: Matrix, pivots: u64, info: u64) -> Result<()>;
    /// Solves with the factors of [`getrf`](Self::getrf).
    unsafe fn getrs(
        &self,
        device: &Device,
        dtype: DType,
        trans: Trans,
        n: i64,
        nrhs: i64,
        a: Matrix,
        pivots: u64,
        b: Matrix,
        info: u64,
    ) -> Result<()>;
    /// Eigenvalues, ascending, and optionally eigenvectors, of a symmetric or Hermitian matrix.
    unsafe fn syevd(&self, device: &Device, dtype: DType, vectors: bool, triangle: Triangle, n: i64, a: Matrix, w: u64, info: u64) -> Result<()>;
    /// Cholesky factorisations of a batch: the address of `a` is that of a list of addresses on the device, and there is an `info` for
    /// each matrix.
    unsafe fn potrf_batched(&self, device: &Device, dtype: DType, triangle: Triangle, n: i64, a: Matrix, info: u64, batch: i64) -> Result<()>;
    /// Whether the library has [`syev_batched`](Self::syev_batched).
    fn has_syev_batched(&self) -> bool;
    /// [`syevd`](Self::syevd) of a batch of matrices, one after the other in memory, with an `info` for each.
    unsafe fn syev_batched(
        &self,
        device: &Device,
        dtype: DType,
        vectors: bool,
        triangle: Triangle,
        n: i64,
        a: Matrix,
        w: u64,
        info: u64,
        batch: i64,
    ) -> Result<()>;
    /// Singular value decomposition by QR iteration; needs `m >= n`.
    unsafe fn gesvd(&self, device: &Device, svd: &Gesvd, info: u64) -> Result<()>;
    /// Singular value decomposition by polar decomposition. Returns the perturbation that it had to make.
    unsafe fn gesvdp(&self, device: &Device, svd: &Gesvd, info: u64) -> Result<f64>;
    /// Eigenvalues and right eigenvectors of a general matrix.
    unsafe fn geev(&self, device: &Device, eig: &Geev, info: u64) -> Result<()>;
}
