//! cuSOLVER's batched Jacobi methods.

use std::ffi::{c_int, c_void};

use xp_core::DType;

use super::{
    Matrix, Triangle, by_type, check,
    cusolver::{CuSolver, int},
    solver::Gesvd,
    triangle_code,
};
use crate::{device::Device, error::Result, loader::Library};

// SAFETY of all calls below: a live handle, workspaces of the sizes that cuSOLVER asked for, and matrices by the contract of
// the methods.
#[allow(clippy::undocumented_unsafe_blocks, clippy::too_many_arguments)]
impl CuSolver {
    /// # Safety
    /// As [`Solver::syevj_batched`](super::Solver::syevj_batched).
    pub(super) unsafe fn eigenvalues_batched(
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
    ) -> Result<()> {
        let (t, operation) = (&self.table, "batched eigenvalue decomposition");
        let (n, lda, batch, jobz, uplo) =
            (int(n, operation)?, int(a.ld, operation)?, int(batch, operation)?, c_int::from(vectors), triangle_code(triangle));
        let options = Options::new(t.cusolverDnCreateSyevjInfo, t.cusolverDnDestroySyevjInfo, operation)?;
        let mut len = 0;
        by_type!(
            dtype,
            operation,
            [
                t.cusolverDnSsyevjBatched_bufferSize,
                t.cusolverDnDsyevjBatched_bufferSize,
                t.cusolverDnCheevjBatched_bufferSize,
                t.cusolverDnZheevjBatched_bufferSize
            ],
            |f, T| {
                self.run(device, operation, |h| unsafe {
                    f(h, jobz, uplo, n, a.pointer as *const T, lda, w as *const _, &mut len, options.raw, batch)
                })
            }
        )?;
        let work = device.alloc(len.max(0) as usize * dtype.size(), operation)?;
        by_type!(
            dtype,
            operation,
            [t.cusolverDnSsyevjBatched, t.cusolverDnDsyevjBatched, t.cusolverDnCheevjBatched, t.cusolverDnZheevjBatched],
            |f, T| {
                self.run(device, operation, |h| unsafe {
                    f(h, jobz, uplo, n, a.pointer as *mut T, lda, w as *mut _, work.pointer() as *mut T, len, info as *mut _, options.raw, batch)
                })
            }
        )
    }

    /// # Safety
    /// As [`Solver::gesvdj_batched`](super::Solver::gesvdj_batched).
    pub(super) unsafe fn singular_values_batched(&self, device: &Device, s: &Gesvd, info: u64, batch: i64) -> Result<()> {
        let (t, operation) = (&self.table, "batched singular value decomposition");
        let (m, n, batch, jobz) = (int(s.m, operation)?, int(s.n, operation)?, int(batch, operation)?, c_int::from(s.vectors.is_some()));
        let (lda, ldu, ldv) = (int(s.a.ld, operation)?, int(s.u.ld, operation)?, int(s.v.ld, operation)?);
        let options = Options::new(t.cusolverDnCreateGesvdjInfo, t.cusolverDnDestroyGesvdjInfo, operation)?;
        let mut len = 0;
        by_type!(
            s.dtype,
            operation,
            [
                t.cusolverDnSgesvdjBatched_bufferSize,
                t.cusolverDnDgesvdjBatched_bufferSize,
                t.cusolverDnCgesvdjBatched_bufferSize,
                t.cusolverDnZgesvdjBatched_bufferSize
            ],
            |f, T| {
                self.run(device, operation, |h| unsafe {
                    f(
                        h,
                        jobz,
                        m,
                        n,
                        s.a.pointer as *const T,
                        lda,
                        s.s as *const _,
                        s.u.pointer as *const T,
                        ldu,
                        s.v.pointer as *const T,
                        ldv,
                        &mut len,
                        options.raw,
                        batch,
                    )
                })
            }
        )?;
        let work = device.alloc(len.max(0) as usize * s.dtype.size(), operation)?;
        by_type!(
            s.dtype,
            operation,
            [t.cusolverDnSgesvdjBatched, t.cusolverDnDgesvdjBatched, t.cusolverDnCgesvdjBatched, t.cusolverDnZgesvdjBatched],
            |f, T| {
                self.run(device, operation, |h| unsafe {
                    f(
                        h,
                        jobz,
                        m,
                        n,
                        s.a.pointer as *mut T,
                        lda,
                        s.s as *mut _,
                        s.u.pointer as *mut T,
                        ldu,
                        s.v.pointer as *mut T,
                        ldv,
                        work.pointer() as *mut T,
                        len,
                        info as *mut _,
                        options.raw,
                        batch,
                    )
                })
            }
        )
    }
}

/// Options of a Jacobi method, with cuSOLVER's defaults: machine precision, 100 sweeps.
struct Options {
    raw: *mut c_void,
    destroy: unsafe extern "C" fn(*mut c_void) -> c_int,
}

impl Options {
    fn new(
        create: unsafe extern "C" fn(*mut *mut c_void) -> c_int,
        destroy: unsafe extern "C" fn(*mut c_void) -> c_int,
        operation: &str,
    ) -> Result<Self> {
        let mut raw = std::ptr::null_mut();
        // SAFETY: an output pointer.
        check(Library::Cusolver, unsafe { create(&mut raw) }, operation)?;
        Ok(Self { raw, destroy })
    }
}

impl Drop for Options {
    fn drop(&mut self) {
        // SAFETY: created by `new`, destroyed once.
        unsafe { (self.destroy)(self.raw) };
    }
}
