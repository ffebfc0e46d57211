//! Dense linear algebra on strided views, for `f32`, `f64` and their complex numbers.
//!
//! The general eigenproblem, the tridiagonal and bidiagonal forms of complex matrices and the factorisations of complex
//! matrices, and of real ones of a middling size, are those of [faer](https://docs.rs/faer). The products of real matrices, LU,
//! Cholesky, QR, the reductions of real matrices to tridiagonal and bidiagonal form, the values and vectors of those forms, and
//! the triangular factors of tall matrices are this module's own, as are scaling and errors.
//!
//! Every routine writes into views of the caller's and takes the [`Threads`] it may use. Dimensions that do not fit are the
//! caller's mistake and panic; whatever depends on the values is an [`Error`].

mod batch;
mod bidiagonal;
mod blocks;
mod cholesky;
mod divide;
mod eig;
mod eigh;
mod error;
mod functions;
mod gemm;
mod gram;
mod half;
mod householder;
mod integer;
mod jacobi;
mod least;
mod lu;
mod matmul;
mod matvec;
mod operands;
mod ql;
mod qr;
mod scalar;
mod secular;
mod simd;
mod substitution;
mod svd;
mod tall;
mod tiny;
mod triangular;
mod tridiagonal;
mod workspace;

pub use eig::General;
pub use error::{Error, Result};
pub use functions::{
    Rows, cholesky, cross_blocks, det, eig, eigh, eigvals, eigvalsh, for_each, gram, gram_blocks, inv, least_blocks, lu, matmul, matmul_half,
    matmul_integer, project_blocks, qr, qr_r, short_products, slogdet, solve, solve_triangular, svd, svdvals, tsqr_r,
};
pub use half::Half;
pub use integer::Integer;
pub use operands::{Matrix, MatrixMut, Threads};
pub use scalar::{RealScalar, Scalar};
pub use xp_terms::{Trans, Triangle};
