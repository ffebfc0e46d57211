//! NVIDIA's cuSOLVER behind [`Solver`].

use std::ffi::{c_int, c_schar, c_void};

use xp_core::DType;
use xp_core::linalg::Basis;

use super::{
    Handle, LibraryType, Matrix, Trans, Triangle, by_type, call, check, ints, open_library,
    solver::{Geev, Gesvd, Solver},
    trans_code, triangle_code,
};
use crate::{
    device::Device,
    error::Result,
    ffi::cusolver::{CusolverTable, GeevTable, SyevBatchedTable},
    loader::Library,
};

/// NVIDIA's cuSOLVER.
pub(crate) struct CuSolver {
    table: CusolverTable,
    /// Early releases lack these functions: the error is that of the look-up.
    geev: Result<GeevTable>,
    syev_batched: Result<SyevBatchedTable>,
    handle: Handle,
    params: usize,
}

impl CuSolver {
    pub(crate) fn new(device: &Device) -> Result<Self> {
        let operation = "start of cuSOLVER";
        let library = open_library(Library::Cusolver)?;
        let (table, geev) = (CusolverTable::load(&library)?, GeevTable::load(&library));
        let syev_batched = SyevBatchedTable::load(&library);
        let (_current, _turn) = (device.enter(operation)?, device.turn());
        let (mut handle, mut params) = (std::ptr::null_mut(), std::ptr::null_mut());
        let ok = |status| check(Library::Cusolver, status, operation);
        // SAFETY: an output pointer, with the device's context current.
        ok(unsafe { (table.cusolverDnCreate)(&mut handle) })?;
        // SAFETY: an output pointer.
        let made = ok(unsafe { (table.cusolverDnCreateParams)(&mut params) });
        let this = Self { table, geev, syev_batched, handle: Handle::new(handle), params: params as usize };
        made?;
        // SAFETY: a live handle and the device's stream, which outlives it.
        ok(unsafe { (table.cusolverDnSetStream)(handle, device.stream().as_inner()) })?;
        Ok(this)
    }

    fn run(&self, device: &Device, operation: &str, mut f: impl FnMut(*mut c_void) -> c_int) -> Result<()> {
        let _turn = device.turn();
        self.handle.with(|handle| call(device, Library::Cusolver, operation, || f(handle)))
    }

    fn params(&self) -> *mut c_void {
        self.params as *mut c_void
    }

    /// Asks for the sizes of both workspaces, allocates them, and runs.
    fn with_workspaces(
        &self,
        device: &Device,
        operation: &str,
        mut sizes: impl FnMut(*mut c_void, &mut usize, &mut usize) -> c_int,
        mut run: impl FnMut(*mut c_void, *mut c_void, usize, *mut c_void, usize) -> c_int,
    ) -> Result<()> {
        let (mut on_device, mut on_host) = (0, 0);
        self.run(device, operation, |handle| sizes(handle, &mut on_device, &mut on_host))?;
        let work = device.alloc(on_device, operation)?;
        let mut host = vec![0u64; on_host.div_ceil(8)];
        let done = self.run(device, operation, |handle| run(handle, work.pointer() as *mut _, on_device, host.as_mut_ptr().cast(), on_host));
        // The device workspace is freed in stream order; the host workspace may be in use until the work is done, also that
        // part of it which was queued before a failure.
        let waited = if on_host > 0 { device.synchronize(operation) } else { Ok(()) };
        done.and(waited)
    }
}

impl Drop for CuSolver {
    fn drop(&mut self) {
        // SAFETY: live handles (or null options, which cuSOLVER refuses), destroyed once; the device's context is current
        // when its libraries are dropped.
        self.handle.with(|handle| unsafe {
            (self.table.cusolverDnDestroyParams)(self.params());
            (self.table.cusolverDnDestroy)(handle);
        });
    }
}

// SAFETY of all calls below: a live handle, workspaces of the sizes that cuSOLVER asked for, and matrices by the contract of
// the trait.
#[allow(clippy::undocumented_unsafe_blocks)]
impl Solver for CuSolver {
    unsafe fn geqrf(&self, device: &Device, dtype: DType, m: i64, n: i64, a: Matrix, tau: u64, info: u64) -> Result<()> {
        let (t, p, d) = (&self.table, self.params(), dtype.code()?);
        self.with_workspaces(
            device,
            "QR factorisation",
            |h, device, host| unsafe {
                (t.cusolverDnXgeqrf_bufferSize)(h, p, m, n, d, a.pointer as *const _, a.ld, d, tau as *const _, d, device, host)
            },
            |h, work, len, host, host_len| unsafe {
                (t.cusolverDnXgeqrf)(h, p, m, n, d, a.pointer as *mut _, a.ld, d, tau as *mut _, d, work, len, host, host_len, info as *mut _)
            },
        )
    }

    unsafe fn form_q(&self, device: &Device, dtype: DType, m: i64, n: i64, k: i64, a: Matrix, tau: u64, info: u64) -> Result<()> {
        let (t, operation) = (&self.table, "forming of Q");
        let [m, n, k, lda] = ints([m, n, k, a.ld], operation)?;
        let mut len = 0;
        by_type!(
            dtype,
            operation,
            [t.cusolverDnSorgqr_bufferSize, t.cusolverDnDorgqr_bufferSize, t.cusolverDnCungqr_bufferSize, t.cusolverDnZungqr_bufferSize],
            |f, T| self.run(device, operation, |h| unsafe { f(h, m, n, k, a.pointer as *const T, lda, tau as *const T, &mut len) })
        )?;
        let work = device.alloc(len.max(0) as usize * dtype.size(), operation)?;
        by_type!(dtype, operation, [t.cusolverDnSorgqr, t.cusolverDnDorgqr, t.cusolverDnCungqr, t.cusolverDnZungqr], |f, T| {
            self.run(device, operation, |h| unsafe {
                f(h, m, n, k, a.pointer as *mut T, lda, tau as *const T, work.pointer() as *mut T, len, info as *mut _)
            })
        })
    }

    unsafe fn potrf(&self, device: &Device, dtype: DType, triangle: Triangle, n: i64, a: Matrix, info: u64) -> Result<()> {
        let (t, p, d, uplo) = (&self.table, self.params(), dtype.code()?, triangle_code(triangle));
        self.with_workspaces(
            device,
            "Cholesky factorisation",
            |h, device, host| unsafe { (t.cusolverDnXpotrf_bufferSize)(h, p, uplo, n, d, a.pointer as *const _, a.ld, d, device, host) },
            |h, work, len, host, host_len| unsafe {
                (t.cusolverDnXpotrf)(h, p, uplo, n, d, a.pointer as *mut _, a.ld, d, work, len, host, host_len, info as *mut _)
            },
        )
    }

    unsafe fn getrf(&self, device: &Device, dtype: DType, m: i64, n: i64, a: Matrix, pivots: u64, info: u64) -> Result<()> {
        let (t, p, d) = (&self.table, self.params(), dtype.code()?);
        self.with_workspaces(
            device,
            "LU factorisation",
            |h, device, host| unsafe { (t.cusolverDnXgetrf_bufferSize)(h, p, m, n, d, a.pointer as *const _, a.ld, d, device, host) },
            |h, work, len, host, host_len| unsafe {
                (t.cusolverDnXgetrf)(h, p, m, n, d, a.pointer as *mut _, a.ld, pivots as *mut _, d, work, len, host, host_len, info as *mut _)
            },
        )
    }

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
    ) -> Result<()> {
        let (t, p, d) = (&self.table, self.params(), dtype.code()?);
        self.run(device, "LU solve", |h| unsafe {
            (t.cusolverDnXgetrs)(
                h,
                p,
                trans_code(trans),
                n,
                nrhs,
                d,
                a.pointer as *const _,
                a.ld,
                pivots as *const _,
                d,
                b.pointer as *mut _,
                b.ld,
                info as *mut _,
            )
        })
    }

    unsafe fn syevd(&self, device: &Device, dtype: DType, vectors: bool, triangle: Triangle, n: i64, a: Matrix, w: u64, info: u64) -> Result<()> {
        let (t, p, d, real) = (&self.table, self.params(), dtype.code()?, dtype.real().code()?);
        let (jobz, uplo) = (c_int::from(vectors), triangle_code(triangle));
        self.with_workspaces(
            device,
            "eigenvalue decomposition",
            |h, device, host| unsafe {
                (t.cusolverDnXsyevd_bufferSize)(h, p, jobz, uplo, n, d, a.pointer as *const _, a.ld, real, w as *const _, d, device, host)
            },
            |h, work, len, host, host_len| unsafe {
                (t.cusolverDnXsyevd)(
                    h,
                    p,
                    jobz,
                    uplo,
                    n,
                    d,
                    a.pointer as *mut _,
                    a.ld,
                    real,
                    w as *mut _,
                    d,
                    work,
                    len,
                    host,
                    host_len,
                    info as *mut _,
                )
            },
        )
    }

    unsafe fn potrf_batched(&self, device: &Device, dtype: DType, triangle: Triangle, n: i64, a: Matrix, info: u64, batch: i64) -> Result<()> {
        let (t, operation, uplo) = (&self.table, "Cholesky factorisation", triangle_code(triangle));
        let [n, lda, batch] = ints([n, a.ld, batch], operation)?;
        by_type!(
            dtype,
            operation,
            [t.cusolverDnSpotrfBatched, t.cusolverDnDpotrfBatched, t.cusolverDnCpotrfBatched, t.cusolverDnZpotrfBatched],
            |f, T| self.run(device, operation, |h| unsafe { f(h, uplo, n, a.pointer as *mut *mut T, lda, info as *mut _, batch) })
        )
    }

    fn has_syev_batched(&self) -> bool {
        self.syev_batched.is_ok()
    }

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
    ) -> Result<()> {
        let t = self.syev_batched.as_ref().map_err(Clone::clone)?;
        let (p, d, real) = (self.params(), dtype.code()?, dtype.real().code()?);
        let (jobz, uplo) = (c_int::from(vectors), triangle_code(triangle));
        let (values, elements) = (w as *mut c_void, a.pointer as *mut c_void);
        self.with_workspaces(
            device,
            "eigenvalue decomposition",
            |h, device, host| unsafe {
                (t.cusolverDnXsyevBatched_bufferSize)(h, p, jobz, uplo, n, d, elements, a.ld, real, values, d, device, host, batch)
            },
            |h, work, len, host, host_len| unsafe {
                let info = info as *mut c_int;
                (t.cusolverDnXsyevBatched)(h, p, jobz, uplo, n, d, elements, a.ld, real, values, d, work, len, host, host_len, info, batch)
            },
        )
    }

    unsafe fn gesvd(&self, device: &Device, s: &Gesvd, info: u64) -> Result<()> {
        let (t, p, d, real) = (&self.table, self.params(), s.dtype.code()?, s.dtype.real().code()?);
        let job = match s.vectors {
            None => b'N',
            Some(Basis::Thin) => b'S',
            Some(Basis::Full) => b'A',
        } as c_schar;
        self.with_workspaces(
            device,
            "singular value decomposition",
            |h, device, host| unsafe {
                (t.cusolverDnXgesvd_bufferSize)(
                    h,
                    p,
                    job,
                    job,
                    s.m,
                    s.n,
                    d,
                    s.a.pointer as *const _,
                    s.a.ld,
                    real,
                    s.s as *const _,
                    d,
                    s.u.pointer as *const _,
                    s.u.ld,
                    d,
                    s.v.pointer as *const _,
                    s.v.ld,
                    d,
                    device,
                    host,
                )
            },
            |h, work, len, host, host_len| unsafe {
                (t.cusolverDnXgesvd)(
                    h,
                    p,
                    job,
                    job,
                    s.m,
                    s.n,
                    d,
                    s.a.pointer as *mut _,
                    s.a.ld,
                    real,
                    s.s as *mut _,
                    d,
                    s.u.pointer as *mut _,
                    s.u.ld,
                    d,
                    s.v.pointer as *mut _,
                    s.v.ld,
                    d,
                    work,
                    len,
                    host,
                    host_len,
                    info as *mut _,
                )
            },
        )
    }

    unsafe fn gesvdp(&self, device: &Device, s: &Gesvd, info: u64) -> Result<f64> {
        let (t, p, d, real) = (&self.table, self.params(), s.dtype.code()?, s.dtype.real().code()?);
        let (jobz, econ) = (c_int::from(s.vectors.is_some()), c_int::from(s.vectors != Some(Basis::Full)));
        let mut perturbation = 0.0;
        let done = self.with_workspaces(
            device,
            "singular value decomposition",
            |h, device, host| unsafe {
                (t.cusolverDnXgesvdp_bufferSize)(
                    h,
                    p,
                    jobz,
                    econ,
                    s.m,
                    s.n,
                    d,
                    s.a.pointer as *const _,
                    s.a.ld,
                    real,
                    s.s as *const _,
                    d,
                    s.u.pointer as *const _,
                    s.u.ld,
                    d,
                    s.v.pointer as *const _,
                    s.v.ld,
                    d,
                    device,
                    host,
                )
            },
            |h, work, len, host, host_len| unsafe {
                (t.cusolverDnXgesvdp)(
                    h,
                    p,
                    jobz,
                    econ,
                    s.m,
                    s.n,
                    d,
                    s.a.pointer as *mut _,
                    s.a.ld,
                    real,
                    s.s as *mut _,
                    d,
                    s.u.pointer as *mut _,
                    s.u.ld,
                    d,
                    s.v.pointer as *mut _,
                    s.v.ld,
                    d,
                    work,
                    len,
                    host,
                    host_len,
                    info as *mut _,
                    &mut perturbation,
                )
            },
        );
        // The perturbation is written on the host while the work runs, also by what was queued before a failure.
        device.synchronize("singular value decomposition")?;
        done.map(|()| perturbation)
    }

    unsafe fn geev(&self, device: &Device, e: &Geev, info: u64) -> Result<()> {
        let t = self.geev.as_ref().map_err(Clone::clone)?;
        let (p, d) = (self.params(), e.dtype.code()?);
        let complex = match e.dtype {
            DType::F32 => DType::C64,
            DType::F64 => DType::C128,
            other => other,
        }
        .code()?;
        let (job, v) = (c_int::from(e.v.is_some()), e.v.unwrap_or(Matrix { pointer: 0, ld: e.n.max(1) }));
        self.with_workspaces(
            device,
            "general eigenvalue decomposition",
            |h, device, host| unsafe {
                (t.cusolverDnXgeev_bufferSize)(
                    h,
                    p,
                    0,
                    job,
                    e.n,
                    d,
                    e.a.pointer as *const _,
                    e.a.ld,
                    complex,
                    e.w as *const _,
                    d,
                    std::ptr::null(),
                    e.n.max(1),
                    d,
                    v.pointer as *const _,
                    v.ld,
                    d,
                    device,
                    host,
                )
            },
            |h, work, len, host, host_len| unsafe {
                (t.cusolverDnXgeev)(
                    h,
                    p,
                    0,
                    job,
                    e.n,
                    d,
                    e.a.pointer as *mut _,
                    e.a.ld,
                    complex,
                    e.w as *mut _,
                    d,
                    std::ptr::null_mut(),
                    e.n.max(1),
                    d,
                    v.pointer as *mut _,
                    v.ld,
                    d,
                    work,
                    len,
                    host,
                    host_len,
                    info as *mut _,
                )
            },
        )
    }
}
