//! The error type of this crate.

use std::fmt;

use crate::loader::{Attempt, Library};

/// The result type of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong between this crate, the CUDA driver and NVIDIA's libraries.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No file of a library could be opened.
    #[error("{library} could not be opened; {}", Attempts(tried))]
    LibraryNotFound {
        /// The library that was looked for.
        library: Library,
        /// Every name and folder that was tried, in order, with the reason.
        tried: Vec<Attempt>,
    },

    /// A library was opened but lacks a function, because it is too old or too new.
    #[error("{library} ({origin}) has no function `{symbol}`")]
    SymbolMissing {
        /// The library that was opened.
        library: Library,
        /// The file or provider it came from.
        origin: String,
        /// The missing function.
        symbol: String,
    },

    /// The machine has a driver but no device of this number.
    #[error("no CUDA device {ordinal}: the driver reports {count} device(s)")]
    NoDevice {
        /// The number asked for.
        ordinal: u32,
        /// How many devices there are.
        count: u32,
    },

    /// The device has no room for an allocation, even after its cache was emptied.
    #[error("{operation}: out of memory on {device}: {requested} bytes requested, {free} of {total} bytes free after the cache gave back {returned}")]
    OutOfMemory {
        /// What the memory was for.
        operation: String,
        /// The device, as `cuda:0`.
        device: String,
        /// The size of the allocation in bytes.
        requested: usize,
        /// Device memory in bytes that could be asked for when the allocation failed: what was free, within the limit of the pool.
        free: usize,
        /// Device memory in bytes.
        total: usize,
        /// Bytes that the memory pool had kept, and gave back to the driver first.
        returned: usize,
    },

    /// A driver call failed.
    #[error("{operation}: {code}")]
    Driver {
        /// What was being done, e.g. ``launch of `exp_f64` ``.
        operation: String,
        /// The driver's result code.
        code: DriverCode,
    },

    /// An earlier error left the device's context unusable; the process has to create it anew.
    #[error("{operation}: {device} was lost by an earlier error: {cause}")]
    DeviceLost {
        /// What was being done.
        operation: String,
        /// The device, as `cuda:0`.
        device: String,
        /// The first error, with the operation that reported it.
        cause: String,
    },

    /// Within [`capture`](crate::Cuda::capture), what waits for the device or copies from or to the host.
    #[error("{operation}: not within a capture, which records what the device does alone")]
    Capturing {
        /// What was being done.
        operation: String,
    },

    /// NVRTC rejected a kernel.
    #[error("kernel `{kernel}` does not compile ({options}):\n{log}")]
    Compile {
        /// The name of the kernel or module.
        kernel: String,
        /// The compiler options.
        options: String,
        /// NVRTC's log.
        log: String,
    },

    /// A launch was refused before it reached the driver.
    #[error("launch of `{kernel}`: {reason}")]
    InvalidLaunch {
        /// The kernel.
        kernel: String,
        /// The violated limit.
        reason: String,
    },

    /// A call into NVRTC, cuBLAS, cuSOLVER or cuFFT failed.
    #[error("{operation}: {library} returned {name} ({status})")]
    Status {
        /// What was being done.
        operation: String,
        /// The library.
        library: Library,
        /// The status code.
        status: i32,
        /// The name of the status.
        name: String,
    },

    /// An operation does not exist for a dtype.
    #[error("{operation} does not support {dtype}")]
    UnsupportedDtype {
        /// The operation.
        operation: String,
        /// The dtype.
        dtype: String,
    },

    /// Operands live on different devices.
    #[error("{operation}: operands are on {left} and {right}")]
    DeviceMismatch {
        /// The operation.
        operation: String,
        /// The device of the first operand.
        left: String,
        /// The device of the second operand.
        right: String,
    },

    /// A copy or view does not fit into its buffer.
    #[error("{operation}: {requested} bytes at offset {offset} exceed a buffer of {len} bytes")]
    OutOfRange {
        /// The operation.
        operation: String,
        /// First byte.
        offset: usize,
        /// Number of bytes.
        requested: usize,
        /// Size of the buffer in bytes.
        len: usize,
    },

    /// An index is outside its axis. It is found by the device while the program goes on, so a later read reports it.
    #[error("{operation}: index {index} is out of range for an axis of length {len}")]
    IndexOutOfRange {
        /// The operation that was given the index.
        operation: &'static str,
        /// The index as given, counted from the end when negative.
        index: i64,
        /// The length of the axis.
        len: usize,
    },

    /// An argument cannot be passed to a library, e.g. a dimension that exceeds its integer type.
    #[error("{operation}: {reason}")]
    InvalidArgument {
        /// The operation.
        operation: String,
        /// The reason.
        reason: String,
    },
}

/// A result code of the CUDA driver, also one that is newer than the bindings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DriverCode(pub u32);

impl DriverCode {
    /// `CUDA_ERROR_OUT_OF_MEMORY`.
    pub const OUT_OF_MEMORY: Self = Self(2);
    /// `CUDA_ERROR_NO_DEVICE`.
    pub const NO_DEVICE: Self = Self(100);
    /// `CUDA_ERROR_NOT_FOUND`.
    pub const NOT_FOUND: Self = Self(500);
    /// `CUDA_ERROR_UNKNOWN`.
    pub const UNKNOWN: Self = Self(999);

    /// True for the codes after which the driver refuses every further call on the context.
    pub fn is_sticky(self) -> bool {
        matches!(self.0, 214 | 220 | 226 | 227 | 700 | 702 | 709 | 710 | 714..=719 | 721)
    }

    /// The name of the code in `cuda.h`: of those that the bindings know, and of newer ones that callers meet.
    pub fn name(self) -> &'static str {
        crate::driver::known_name(self.0).unwrap_or(match self.0 {
            46 => "CUDA_ERROR_DEVICE_UNAVAILABLE",
            225 => "CUDA_ERROR_UNSUPPORTED_DEVSIDE_SYNC",
            226 => "CUDA_ERROR_CONTAINED",
            721 => "CUDA_ERROR_TENSOR_MEMORY_LEAK",
            810 => "CUDA_ERROR_MPS_CLIENT_TERMINATED",
            812 => "CUDA_ERROR_CDP_VERSION_MISMATCH",
            912 => "CUDA_ERROR_INVALID_CLUSTER_SIZE",
            913 => "CUDA_ERROR_FUNCTION_NOT_LOADED",
            _ => "CUDA_ERROR",
        })
    }
}

impl fmt::Display for DriverCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name(), self.0)
    }
}

struct Attempts<'a>(&'a [Attempt]);

impl fmt::Display for Attempts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "set XP_CUDA_PATH to the folder that holds it. Tried:")?;
        self.0.iter().try_for_each(|a| write!(f, "\n  {a}"))
    }
}
