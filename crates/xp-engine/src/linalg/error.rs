/// What a matrix routine can report about its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The Cholesky factorisation met a pivot that is not positive.
    #[error("the leading minor of order {} is not positive definite", .index + 1)]
    NotPositiveDefinite {
        /// Zero-based row of the pivot.
        index: usize,
    },
    /// A pivot or a diagonal element is exactly zero.
    #[error("the matrix is singular: pivot {index} is exactly zero")]
    Singular {
        /// Zero-based row of the pivot.
        index: usize,
    },
    /// An iteration did not converge.
    #[error("the iteration for eigenvalues or singular values did not converge")]
    NoConvergence,
    /// The input holds NaN or an infinity.
    #[error("the matrix holds NaN or infinity")]
    NonFinite,
    /// The workspace could not be allocated.
    #[error("not enough memory for a workspace of {bytes} bytes")]
    OutOfMemory {
        /// Size of the workspace.
        bytes: usize,
    },
}

/// Result of a matrix routine.
pub type Result<T> = std::result::Result<T, Error>;
