//! cuBLAS, cuSOLVER and cuFFT behind traits, so that a simulated device can bring implementations of its own.
//!
//! Matrices are column-major, as the libraries want them; addresses are device addresses. Calls are queued on the device's
//! stream. Sizes, leading dimensions and addresses are the caller's responsibility: the calls are `unsafe`.

pub mod blas;
mod cusolver;
pub mod fft;
pub mod solver;

use std::{
    ffi::c_int,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use num_complex::Complex;
use xp_core::DType;

pub use self::{blas::Blas, fft::FftLib, solver::Solver};
use crate::{
    device::{Device, lock},
    driver,
    error::{Error, Result},
    loader::{Library, Opened},
};

/// What the libraries know of a dtype.
pub trait LibraryType: Copy {
    /// The dtype of absolute values.
    fn real(self) -> DType;

    /// Its `cudaDataType`.
    ///
    /// # Errors
    /// [`Error::UnsupportedDtype`] for booleans and integers.
    fn code(self) -> Result<c_int>;
}

impl LibraryType for DType {
    fn real(self) -> DType {
        match self {
            DType::C64 => DType::F32,
            DType::C128 => DType::F64,
            other => other,
        }
    }

    fn code(self) -> Result<c_int> {
        match self {
            DType::F32 => Ok(0),
            DType::F64 => Ok(1),
            DType::F16 => Ok(2),
            DType::C64 => Ok(4),
            DType::C128 => Ok(5),
            DType::BF16 => Ok(14),
            other => Err(Error::UnsupportedDtype { operation: "a call of NVIDIA's libraries".into(), dtype: other.name().into() }),
        }
    }
}

pub use xp_core::linalg::{Trans, Triangle};

/// The number of an operation on an operand, in cuBLAS and cuSOLVER.
pub(crate) fn trans_code(trans: Trans) -> c_int {
    match trans {
        Trans::No => 0,
        Trans::Transpose => 1,
        Trans::Adjoint => 2,
    }
}

/// The number of a stored triangle, in cuBLAS and cuSOLVER.
pub(crate) fn triangle_code(triangle: Triangle) -> c_int {
    match triangle {
        Triangle::Lower => 0,
        Triangle::Upper => 1,
    }
}

/// Which side of a product a matrix stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Side {
    Left,
    Right,
}

/// A column-major matrix on the device: address and leading dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matrix {
    /// Device address of the first element.
    pub pointer: u64,
    /// Elements between two columns.
    pub ld: i64,
}

/// Constructors of the three libraries for a device.
#[derive(Clone, Copy)]
pub struct Factories {
    /// Opens cuBLAS or what stands in for it.
    pub blas: fn(&Device) -> Result<Box<dyn Blas>>,
    /// Opens cuSOLVER or what stands in for it.
    pub solver: fn(&Device) -> Result<Box<dyn Solver>>,
    /// Opens cuFFT or what stands in for it.
    pub fft: fn(&Device) -> Result<Box<dyn FftLib>>,
}

/// NVIDIA's libraries.
pub const NVIDIA: Factories = Factories {
    blas: |device| Ok(Box::new(with_room(device, || blas::CuBlas::new(device))?)),
    solver: |device| Ok(Box::new(with_room(device, || cusolver::CuSolver::new(device))?)),
    fft: |_| Ok(Box::new(fft::CuFft::new()?)),
};

static FACTORIES: OnceLock<Factories> = OnceLock::new();

/// Replaces NVIDIA's libraries for the rest of the process. Returns false, without effect, once a library is in use.
#[must_use = "the factories are ignored once a library is in use"]
pub fn install(factories: Factories) -> bool {
    FACTORIES.set(factories).is_ok()
}

impl Device {
    /// cuBLAS on this device, opened at the first call.
    ///
    /// # Errors
    /// [`Error::LibraryNotFound`] lists everything that was tried.
    pub fn blas(&self) -> Result<&dyn Blas> {
        open(&self.libraries().blas, || (factories().blas)(self))
    }

    /// cuSOLVER on this device, opened at the first call.
    ///
    /// # Errors
    /// As [`Device::blas`].
    pub fn solver(&self) -> Result<&dyn Solver> {
        open(&self.libraries().solver, || (factories().solver)(self))
    }

    /// What became of the polar decompositions by which singular vectors of larger matrices are computed. Where many are refused,
    /// the results are right, and slow.
    pub fn polar_stats(&self) -> PolarStats {
        let counts = &self.libraries().polar;
        PolarStats { accepted: counts.accepted.load(Relaxed), refused: counts.refused.load(Relaxed) }
    }

    /// cuFFT on this device, opened at the first call.
    ///
    /// # Errors
    /// As [`Device::blas`].
    pub fn fft(&self) -> Result<&dyn FftLib> {
        open(&self.libraries().fft, || (factories().fft)(self))
    }
}

fn factories() -> &'static Factories {
    FACTORIES.get_or_init(|| NVIDIA)
}

/// The libraries of a device.
#[derive(Default)]
pub(crate) struct Libraries {
    blas: OnceLock<Box<dyn Blas>>,
    solver: OnceLock<Box<dyn Solver>>,
    /// Plans come before the library that made them.
    pub(crate) plans: crate::transforms::Plans,
    pub(crate) polar: PolarCounts,
    fft: OnceLock<Box<dyn FftLib>>,
}

/// How often the result of a polar decomposition passed the check of its accuracy; see [`Device::polar_stats`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PolarStats {
    /// Stacks of matrices whose singular vectors came from it.
    pub accepted: u64,
    /// Stacks that QR iteration decomposed a second time.
    pub refused: u64,
}

#[derive(Default)]
pub(crate) struct PolarCounts {
    accepted: AtomicU64,
    refused: AtomicU64,
}

impl PolarCounts {
    pub(crate) fn count(&self, accepted: bool) {
        if accepted { &self.accepted } else { &self.refused }.fetch_add(1, Relaxed);
    }
}

/// A library that failed to open is tried again at the next call. Two threads may open one at once; one result is kept.
fn open<T: ?Sized>(slot: &OnceLock<Box<T>>, make: impl FnOnce() -> Result<Box<T>>) -> Result<&T> {
    if slot.get().is_none() {
        let made = make()?;
        let _ = slot.set(made);
    }
    Ok(slot.get().expect("set above"))
}

/// Opens a library for the driver's CUDA version.
pub(crate) fn open_library(library: Library) -> Result<Opened> {
    Opened::open(library, driver::version().ok().map(|(major, _)| major))
}

/// Fails for a status other than 0.
pub(crate) fn check(library: Library, status: c_int, operation: &str) -> Result<()> {
    if status == 0 {
        return Ok(());
    }
    Err(Error::Status { operation: operation.into(), library, status, name: status_name(library, status).into() })
}

fn status_name(library: Library, status: c_int) -> &'static str {
    match (library, status) {
        (Library::Cublas, 1) => "CUBLAS_STATUS_NOT_INITIALIZED",
        (Library::Cublas, 3) => "CUBLAS_STATUS_ALLOC_FAILED",
        (Library::Cublas, 7) => "CUBLAS_STATUS_INVALID_VALUE",
        (Library::Cublas, 8) => "CUBLAS_STATUS_ARCH_MISMATCH",
        (Library::Cublas, 13) => "CUBLAS_STATUS_EXECUTION_FAILED",
        (Library::Cublas, 15) => "CUBLAS_STATUS_NOT_SUPPORTED",
        (Library::Cusolver, 1) => "CUSOLVER_STATUS_NOT_INITIALIZED",
        (Library::Cusolver, 2) => "CUSOLVER_STATUS_ALLOC_FAILED",
        (Library::Cusolver, 3) => "CUSOLVER_STATUS_INVALID_VALUE",
        (Library::Cusolver, 6) => "CUSOLVER_STATUS_EXECUTION_FAILED",
        (Library::Cusolver, 7) => "CUSOLVER_STATUS_INTERNAL_ERROR",
        (Library::Cusolver, 9) => "CUSOLVER_STATUS_NOT_SUPPORTED",
        (Library::Cufft, 1) => "CUFFT_INVALID_PLAN",
        (Library::Cufft, 2) => "CUFFT_ALLOC_FAILED",
        (Library::Cufft, 4) => "CUFFT_INVALID_VALUE",
        (Library::Cufft, 5) => "CUFFT_INTERNAL_ERROR",
        (Library::Cufft, 6) => "CUFFT_EXEC_FAILED",
        (Library::Cufft, 7) => "CUFFT_SETUP_FAILED",
        (Library::Cufft, 8) => "CUFFT_INVALID_SIZE",
        _ => "status",
    }
}

/// Calls a library with the device's context current.
pub(crate) fn call(device: &Device, library: Library, operation: &str, mut f: impl FnMut() -> c_int) -> Result<()> {
    let (_current, _turn) = (device.enter(operation)?, device.turn());
    with_room(device, || check(library, f(), operation))
}

/// The libraries take memory of their own, beside the device's pool: where one finds none, the pool gives back what it keeps,
/// and the call is made again. A library allocates before it queues any work.
pub(crate) fn with_room<T>(device: &Device, mut f: impl FnMut() -> Result<T>) -> Result<T> {
    match f() {
        Err(
            Error::Status { library: Library::Cublas, status: 3, .. } | Error::Status { library: Library::Cusolver | Library::Cufft, status: 2, .. },
        ) => {
            device.trim_pool()?;
            f()
        }
        other => other,
    }
}

/// A scalar in the form that a library expects behind a pointer.
#[repr(C, align(16))]
pub(crate) union Scalar {
    f32: f32,
    f64: f64,
    c32: Complex<f32>,
    c64: Complex<f64>,
}

impl Scalar {
    /// `value` in the type that products of `dtype` are accumulated in.
    pub(crate) fn new(dtype: DType, value: Complex<f64>) -> Self {
        match dtype {
            DType::F64 => Self { f64: value.re },
            DType::C64 => Self { c32: Complex::new(value.re as f32, value.im as f32) },
            DType::C128 => Self { c64: value },
            _ => Self { f32: value.re as f32 },
        }
    }

    pub(crate) fn pointer<T>(&self) -> *const T {
        (&raw const *self).cast()
    }
}

/// A library handle, used by one thread at a time.
pub(crate) struct Handle(Mutex<usize>);

impl Handle {
    pub(crate) fn new(handle: *mut std::ffi::c_void) -> Self {
        Self(Mutex::new(handle as usize))
    }

    pub(crate) fn with<R>(&self, f: impl FnOnce(*mut std::ffi::c_void) -> R) -> R {
        let handle = lock(&self.0);
        f(*handle as *mut _)
    }
}

/// Dimensions for the functions that take 32-bit integers.
pub(crate) fn ints<const N: usize>(values: [i64; N], operation: &str) -> Result<[c_int; N]> {
    let mut found = [0; N];
    for (place, value) in found.iter_mut().zip(values) {
        *place = c_int::try_from(value).map_err(|_| Error::InvalidArgument {
            operation: operation.into(),
            reason: format!("the library takes dimensions up to {}, not {value}", c_int::MAX),
        })?;
    }
    Ok(found)
}

/// Runs `$body` with `$function` and `$type` for a dtype of the four LAPACK types.
macro_rules! by_type {
    ($dtype:expr, $operation:expr, [$s:expr, $d:expr, $c:expr, $z:expr], |$function:ident, $type:ident| $body:expr) => {
        match $dtype {
            xp_core::DType::F32 => {
                type $type = f32;
                let $function = $s;
                $body
            }
            xp_core::DType::F64 => {
                type $type = f64;
                let $function = $d;
                $body
            }
            xp_core::DType::C64 => {
                type $type = num_complex::Complex<f32>;
                let $function = $c;
                $body
            }
            xp_core::DType::C128 => {
                type $type = num_complex::Complex<f64>;
                let $function = $z;
                $body
            }
            other => {
                return Err($crate::Error::UnsupportedDtype { operation: $operation.into(), dtype: format!("{other:?}") });
            }
        }
    };
}
pub(crate) use by_type;
