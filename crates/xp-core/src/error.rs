//! What can go wrong, said for a person: what was given, what was expected, and where.

use crate::dtype::DType;

/// The result of an operation that can fail.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// Why an array operation failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two shapes cannot be broadcast together.
    #[error("shapes {left:?} and {right:?} cannot be broadcast together: axis {axis} (counted from the last) has lengths {} and {}, and neither is 1",
        left[left.len() - axis], right[right.len() - axis])]
    Broadcast {
        /// Shape of the first operand.
        left: Vec<usize>,
        /// Shape of the second operand.
        right: Vec<usize>,
        /// The offending axis, counted from the last one, which is 1.
        axis: usize,
    },
    /// Looked-up rows, or a block of rows, would have to be stretched along their first axis, or repeated along a new one.
    #[error("lazy rows of shape {rows:?} cannot be stretched to {out:?}: evaluate them first")]
    Stretch {
        /// Shape of the rows.
        rows: Vec<usize>,
        /// Shape of the result.
        out: Vec<usize>,
    },
    /// A shape is not the one that is needed.
    #[error("{what}: shape {given:?} given, {expected} expected")]
    Shape {
        /// The operation and its argument.
        what: &'static str,
        /// The shape that was given.
        given: Vec<usize>,
        /// The shape that was expected, in words or numbers.
        expected: String,
    },
    /// The number of values is not the number of elements of the shape.
    #[error("{given} values given for shape {shape:?}, which has {expected} elements")]
    Length {
        /// Number of values.
        given: usize,
        /// The shape asked for.
        shape: Vec<usize>,
        /// Its number of elements.
        expected: usize,
    },
    /// The rank is not the static rank of the type, or above the largest one.
    #[error("an array of rank {given} was given where rank {expected} is expected")]
    Rank {
        /// The rank that was expected.
        expected: usize,
        /// The rank that was given.
        given: usize,
    },
    /// An axis does not exist.
    #[error("axis {axis} is out of range for an array of rank {ndim}")]
    Axis {
        /// The axis as given, counted from the end when negative.
        axis: isize,
        /// The rank of the array.
        ndim: usize,
    },
    /// An axis was named twice.
    #[error("axis {axis} is given more than once in {axes:?}")]
    RepeatedAxis {
        /// The axis named twice.
        axis: isize,
        /// All axes as given.
        axes: Vec<isize>,
    },
    /// An index is outside its axis.
    #[error("{}index {index} is out of bounds for axis {axis} of length {len}", Later(*operation))]
    Index {
        /// The index as given, counted from the end when negative.
        index: isize,
        /// The axis it indexes.
        axis: usize,
        /// The length of that axis.
        len: usize,
        /// The operation that was given the index, where it is a later one that fails: on a device that finds it while the program goes on.
        operation: Option<&'static str>,
    },
    /// An argument has a value that the operation does not take.
    #[error("{what}: {why}")]
    Value {
        /// The operation and its argument.
        what: &'static str,
        /// What was given and what is allowed.
        why: String,
    },
    /// A shape has more elements than can be addressed.
    #[error("shape {shape:?} has more elements than can be addressed")]
    TooLarge {
        /// The shape asked for.
        shape: Vec<usize>,
    },
    /// The device has no memory left.
    #[error("out of memory on {device}: {bytes} bytes were asked for{details}")]
    OutOfMemory {
        /// The device.
        device: String,
        /// Size of the request.
        bytes: usize,
        /// What the device says of its memory, to follow these words; empty where it says nothing.
        details: String,
    },
    /// The backend has no such dtype.
    #[error("backend `{backend}` has no dtype {dtype}")]
    UnsupportedDType {
        /// The backend.
        backend: &'static str,
        /// The dtype asked for.
        dtype: DType,
    },
    /// Operands live on different devices of one backend.
    #[error("operands live on different devices, {left} and {right}: move one with `to_backend`")]
    Device {
        /// Device of the first operand.
        left: String,
        /// Device of the second operand.
        right: String,
    },
    /// The device or its driver failed.
    #[error("{device}: {operation} failed: {why}")]
    Backend {
        /// The device.
        device: String,
        /// What was being done.
        operation: String,
        /// What the driver or library said.
        why: String,
    },
    /// An array that is spread over several machines would have to be moved between them for this, which no operation does unasked.
    #[error("{operation} of a sharded array: {why}; {remedy}")]
    Sharded {
        /// The operation.
        operation: &'static str,
        /// What about the operands it does not do.
        why: String,
        /// What to do instead.
        remedy: &'static str,
    },
    /// A file could not be read or written, or does not hold what was asked for.
    #[error("{what}: {why}")]
    Io {
        /// The file or stream.
        what: String,
        /// What the system said, or what the file holds.
        why: String,
    },
    /// A linear algebra operation failed on its data.
    #[error(transparent)]
    Linalg(#[from] LinalgError),
}

impl Error {
    /// An [`Error::Value`] in one line.
    pub fn value(what: &'static str, why: impl Into<String>) -> Self {
        Error::Value { what, why: why.into() }
    }

    /// An [`Error::Shape`] in one line.
    pub fn shape(what: &'static str, given: &[usize], expected: impl Into<String>) -> Self {
        Error::Shape { what, given: given.to_vec(), expected: expected.into() }
    }

    /// An [`Error::OutOfMemory`] of a device that says nothing of its memory.
    pub fn out_of_memory(device: impl std::fmt::Display, bytes: usize) -> Self {
        Error::OutOfMemory { device: device.to_string(), bytes, details: String::new() }
    }

    /// The same error, which says what a failing device was given, unless a part of the operation has said so: for backends.
    #[doc(hidden)]
    #[must_use]
    pub fn of_operand(self, dtype: DType, shape: &[usize]) -> Self {
        match self {
            Error::Backend { device, operation, why } if !operation.ends_with(']') => {
                Error::Backend { device, operation: format!("{operation} of {dtype} {shape:?}"), why }
            }
            other => other,
        }
    }
}

/// An operation that ended before its error came, in front of that.
struct Later(Option<&'static str>);
impl core::fmt::Display for Later {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.map_or(Ok(()), |operation| write!(f, "{operation}: "))
    }
}

/// Why a decomposition or solution does not exist or was not found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinalgError {
    /// Cholesky decomposition of a matrix that is not positive definite.
    #[error("the leading minor of order {order} of {} is not positive definite", of(*.matrix))]
    NotPositiveDefinite {
        /// Position of the matrix in the stack; `None` when it is the only one.
        matrix: Option<usize>,
        /// Order of the first leading minor that is not positive definite.
        order: usize,
    },
    /// Solution or inverse of a singular matrix.
    #[error("{} is singular: pivot {pivot} is exactly zero", of(*.matrix))]
    Singular {
        /// Position of the matrix in the stack; `None` when it is the only one.
        matrix: Option<usize>,
        /// The pivot.
        pivot: usize,
    },
    /// An iteration did not converge.
    #[error("the iteration for {} did not converge", of(*.matrix))]
    NoConvergence {
        /// Position of the matrix in the stack; `None` when it is the only one.
        matrix: Option<usize>,
    },
    /// The matrix holds NaN or infinity.
    #[error("{} holds NaN or infinity", of(*.matrix))]
    NonFinite {
        /// Position of the matrix in the stack; `None` when it is the only one.
        matrix: Option<usize>,
    },
    /// The matrix is not square.
    #[error("{function} needs square matrices: shape {shape:?} given")]
    NotSquare {
        /// The function.
        function: &'static str,
        /// The shape of the array.
        shape: Vec<usize>,
    },
}

impl LinalgError {
    /// The error of a matrix that stands alone.
    pub(crate) fn of_only_matrix(mut self) -> Self {
        match &mut self {
            LinalgError::NotPositiveDefinite { matrix, .. }
            | LinalgError::Singular { matrix, .. }
            | LinalgError::NoConvergence { matrix }
            | LinalgError::NonFinite { matrix } => *matrix = None,
            LinalgError::NotSquare { .. } => {}
        }
        self
    }
}

fn of(matrix: Option<usize>) -> String {
    matrix.map_or_else(|| "the matrix".into(), |k| format!("matrix {k} of the stack"))
}

/// Turns an error into the documented panic of an operator or elementwise function.
#[track_caller]
#[cold]
#[inline(never)]
pub(crate) fn misuse(e: Error) -> ! {
    panic!("{e}")
}

/// Unwraps the result of an operation whose misuse is a documented panic.
pub(crate) trait OrMisuse<T> {
    #[track_caller]
    fn or_misuse(self) -> T;
}
impl<T> OrMisuse<T> for Result<T> {
    #[track_caller]
    fn or_misuse(self) -> T {
        match self {
            Ok(x) => x,
            Err(e) => misuse(e),
        }
    }
}
