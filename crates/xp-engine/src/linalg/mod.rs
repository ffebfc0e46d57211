//! Dense linear algebra on strided views, for `f32`, `f64` and their complex numbers.
//!
//! The general eigenproblem, the Hermitian one of complex matrices, the bidiagonal form of complex matrices and the
//! factorisations of small and complex matrices are those of [faer](https://docs.rs/faer). The products of real matrices, LU,
//! Cholesky, QR, the reductions of real matrices to tridiagonal and bidiagonal form, the values and vectors of those forms,
//! and the triangular factors of tall matrices are this module's own, as are scaling and errors.
//!
//! Every routine writes into views of the caller's and takes the threads it may use as a [`Par`]; small problems use one
//! thread whatever it says. Dimensions that do not fit are the caller's mistake and panic; whatever depends on the values
//! is an [`Error`].

mod batch;
mod bidiagonal;
mod cholesky;
mod divide;
mod eig;
mod eigh;
mod error;
mod gemm;
mod gram;
mod householder;
mod integer;
mod lstsq;
mod lu;
mod matmul;
mod qr;
mod scalar;
mod secular;
mod simd;
mod substitution;
mod svd;
mod tall;
mod triangular;
mod tridiagonal;
mod workspace;

#[cfg(test)]
mod tests;

pub use batch::for_each;
pub use cholesky::{cho_solve, cholesky};
pub use eig::{General, eig, eigvals};
pub use eigh::{eigh, eigvalsh};
pub use error::{Error, Result};
pub use faer::{Accum, MatMut, MatRef, Par};
pub use gram::{gram, gram_blocks, gram_outer};
pub use integer::{Integer, matmul_integer};
pub use lstsq::{LstsqInfo, lstsq, pinv};
pub use lu::{Lu, det, inv, slogdet, solve};
pub use matmul::{matmul, short_products};
pub use qr::{qr, qr_r};
pub use scalar::{RealScalar, Scalar};
pub use svd::{svd, svdvals};
pub use tall::{cholesky_qr2_r, tsqr_r};
pub use triangular::{Op, Triangle, solve_triangular};
pub use workspace::copy_into;

/// All threads of the current rayon pool.
pub fn all_threads() -> Par {
    Par::rayon(0)
}
