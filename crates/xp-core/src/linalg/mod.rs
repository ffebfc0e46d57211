//! Linear algebra: the extension trait [`Linalg`] and the functions of the standard's `linalg`, for stacks of matrices.
//!
//! The functions take arrays of any rank whose last two axes are matrices. A backend without linear algebra for a dtype
//! does not implement the trait, and the functions then do not compile for it.

mod functions;
mod least;
mod lu;
mod norms;
mod rows;

pub use functions::*;
pub use least::matmul_top_k;
pub use lu::{Lu, Structure, lu, solve_structured};
pub use norms::{MatrixNorm, MatrixOrder, matrix_norm, vector_norm};

pub use crate::error::LinalgError;

use crate::array::Array;
use crate::backend::{Backend, Slot};
use crate::dim::{Dyn, Ix1, Ix2};
use crate::dtype::{Float, Floating, Num};
use crate::error::Result;
use crate::expr::{Expr, Lazy};
use crate::sorting::Order;

/// How many orthonormal vectors a decomposition gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// As many as the smaller side of the matrix is long.
    Thin,
    /// A whole basis: `Q`, `U` and `Vh` are square.
    Full,
}
pub use Basis::{Full, Thin};

pub use xp_terms::Triangle::{Lower, Upper};
pub use xp_terms::{Trans, Triangle, Triangular};

/// Linear algebra of a backend for one dtype: what the functions of this module call.
///
/// Methods take stacks of matrices, `(..., M, N)`, already checked to have rank 2 or more, and to be square where the
/// decomposition needs it. A backend implements the required ones with its libraries; the provided ones are portable.
#[diagnostic::on_unimplemented(
    message = "backend `{Self}` has no linear algebra for `{T}`",
    note = "`Cpu` and `Cuda` have it for f32, f64, Complex<f32> and Complex<f64>"
)]
pub trait Linalg<T: Floating>: Backend {
    /// Singular value decomposition: `U`, `S` in descending order, `Vh`.
    ///
    /// # Errors
    /// [`LinalgError::NonFinite`], [`LinalgError::NoConvergence`].
    fn svd(x: &Array<Self, T, Dyn>, basis: Basis) -> Result<(Array<Self, T, Dyn>, Array<Self, T::Real, Dyn>, Array<Self, T, Dyn>)>;

    /// Singular values in descending order.
    ///
    /// # Errors
    /// As for [`Linalg::svd`].
    fn svdvals(x: &Array<Self, T, Dyn>) -> Result<Array<Self, T::Real, Dyn>> {
        Ok(Self::svd(x, Thin)?.1)
    }

    /// Eigenvalues in ascending order and eigenvectors of Hermitian matrices, of which the lower triangle is read.
    ///
    /// # Errors
    /// [`LinalgError::NonFinite`], [`LinalgError::NoConvergence`].
    fn eigh(x: &Array<Self, T, Dyn>) -> Result<(Array<Self, T::Real, Dyn>, Array<Self, T, Dyn>)>;

    /// Eigenvalues in ascending order of Hermitian matrices.
    ///
    /// # Errors
    /// As for [`Linalg::eigh`].
    fn eigvalsh(x: &Array<Self, T, Dyn>) -> Result<Array<Self, T::Real, Dyn>> {
        Ok(Self::eigh(x)?.0)
    }

    /// QR decomposition.
    ///
    /// # Errors
    /// When the device fails.
    fn qr(x: &Array<Self, T, Dyn>, basis: Basis) -> Result<(Array<Self, T, Dyn>, Array<Self, T, Dyn>)>;

    /// The factor `R` alone.
    ///
    /// # Errors
    /// When the device fails.
    fn qr_r(x: &Array<Self, T, Dyn>) -> Result<Array<Self, T, Dyn>> {
        Ok(Self::qr(x, Thin)?.1)
    }

    /// The lower or the upper Cholesky factor of Hermitian positive definite matrices, of which the lower triangle is read.
    ///
    /// # Errors
    /// [`LinalgError::NotPositiveDefinite`].
    fn cholesky(x: &Array<Self, T, Dyn>, factor: Triangle) -> Result<Array<Self, T, Dyn>>;

    /// Solves `a x = b` for stacks of equal batch shapes.
    ///
    /// # Errors
    /// [`LinalgError::Singular`].
    fn solve(a: &Array<Self, T, Dyn>, b: &Array<Self, T, Dyn>) -> Result<Array<Self, T, Dyn>>;

    /// [`Linalg::solve`] where `b` lies and the solution goes: row-major matrices of `columns` columns, one after the other.
    ///
    /// # Errors
    /// [`LinalgError::Singular`]; then the elements hold anything.
    ///
    /// # Safety
    /// `x` must hold as many elements, all written; nobody else may use that memory.
    unsafe fn solve_in_place(a: &Array<Self, T, Dyn>, x: Slot<'_, Self, T>, columns: usize) -> Result<()> {
        let mut shape = a.shape();
        shape[a.ndim() - 1] = columns;
        let strides = crate::shape::contiguous_strides::<Dyn>(&shape);
        let x = Array::from_parts(a.device().clone(), x.buffer.clone(), shape, strides, x.offset);
        let solution = Self::solve(a, &x)?;
        // SAFETY: the caller vouches for the memory, which the solution does not share.
        unsafe { crate::expr::eval_onto(&solution, &x) }
    }

    /// Solves `op(a) x = b` for triangular `a`, and stacks of equal batch shapes.
    ///
    /// # Errors
    /// [`LinalgError::Singular`].
    fn solve_triangular(a: &Array<Self, T, Dyn>, b: &Array<Self, T, Dyn>, form: Triangular) -> Result<Array<Self, T, Dyn>>;

    /// Inverses.
    ///
    /// # Errors
    /// [`LinalgError::Singular`].
    fn inv(x: &Array<Self, T, Dyn>) -> Result<Array<Self, T, Dyn>> {
        let n = x.dims()[x.ndim() - 1];
        let eye = crate::array::eye::<Self, T>(x.device(), n, n, 0)?.broadcast_to(x.dims())?;
        Self::solve(x, &eye)
    }

    /// Sign (or phase) and logarithm of the magnitude of determinants.
    ///
    /// # Errors
    /// When the device fails.
    fn slogdet(x: &Array<Self, T, Dyn>) -> Result<(Array<Self, T, Dyn>, Array<Self, T::Real, Dyn>)>;

    /// LU decomposition with partial pivoting: the order of the rows, the unit lower and the upper trapezoidal factor.
    ///
    /// # Errors
    /// When the device fails.
    fn lu(x: &Array<Self, T, Dyn>) -> Result<(Array<Self, i64, Dyn>, Array<Self, T, Dyn>, Array<Self, T, Dyn>)> {
        lu::portable(x)
    }

    /// Determinants.
    ///
    /// # Errors
    /// When the device fails.
    fn det(x: &Array<Self, T, Dyn>) -> Result<Array<Self, T, Dyn>> {
        let (sign, log) = Self::slogdet(x)?;
        (sign.into_lazy() * log.lazy().exp().astype::<T>()).try_eval()?.into_rank()
    }

    /// The Gram matrix `E^H E` of a lazy matrix `E` with many rows, which is evaluated block of rows by block of rows.
    ///
    /// # Errors
    /// As for [`Lazy::try_eval`].
    fn gram<E: Expr<Backend = Self, Elem = T, Dim = Ix2>>(e: &Lazy<E>) -> Result<Array<Self, T, Ix2>> {
        let product = Self::cross(e, e)?;
        // Exactly Hermitian, however the product was summed.
        ((product.lazy() + product.t().lazy().conj()) * T::from_f64(0.5)).try_eval()
    }

    /// The product `A^H B` of two lazy matrices with equally many rows, evaluated block of rows by block of rows.
    ///
    /// # Errors
    /// As for [`Lazy::try_eval`]; [`Error::Shape`](crate::Error::Shape) when the numbers of rows differ.
    fn cross<E, F>(a: &Lazy<E>, b: &Lazy<F>) -> Result<Array<Self, T, Ix2>>
    where
        E: Expr<Backend = Self, Elem = T, Dim = Ix2>,
        F: Expr<Backend = Self, Elem = T, Dim = Ix2>,
    {
        rows::cross(a, b)
    }

    /// The product `E b` of a lazy matrix with many rows, evaluated block of rows by block of rows.
    ///
    /// # Errors
    /// As for [`Lazy::try_eval`]; [`Error::Shape`](crate::Error::Shape) when the inner lengths differ.
    fn project<E: Expr<Backend = Self, Elem = T, Dim = Ix2>>(e: &Lazy<E>, b: &Array<Self, T, Ix2>) -> Result<Array<Self, T, Ix2>> {
        rows::project(e, b)
    }

    /// The factor `R`, square, of the QR decomposition of a lazy matrix with many rows, which is never stored.
    ///
    /// # Errors
    /// As for [`Lazy::try_eval`].
    fn tall_r<E: Expr<Backend = Self, Elem = T, Dim = Ix2>>(e: &Lazy<E>) -> Result<Array<Self, T, Ix2>> {
        rows::tall_r(e)
    }

    /// The first `k` elements of the rows of `e x + bias`, and their columns: [`matmul_top_k`], for operands that fit.
    ///
    /// # Errors
    /// As for [`Lazy::try_eval`].
    fn matmul_top_k<E: Expr<Backend = Self, Elem = T, Dim = Ix2>>(
        e: &Lazy<E>,
        x: &Array<Self, T, Ix2>,
        bias: Option<&Array<Self, T, Ix1>>,
        k: usize,
        order: Order,
    ) -> Result<(Array<Self, T, Ix2>, Array<Self, i64, Ix2>)>
    where
        T: Float,
    {
        least::portable(e, x, bias, k, order)
    }
}

/// Eigenvalues of general matrices, which are complex even when the matrix is real.
#[diagnostic::on_unimplemented(message = "backend `{Self}` has no general eigenvalues for `{T}`")]
pub trait Eig<T: Floating>: Linalg<T> {
    /// The complex dtype of the same precision.
    type Complex: Floating;
    /// Eigenvalues and right eigenvectors, in no particular order.
    ///
    /// # Errors
    /// [`LinalgError::NonFinite`], [`LinalgError::NoConvergence`].
    fn eig(x: &Array<Self, T, Dyn>) -> Result<(Array<Self, Self::Complex, Dyn>, Array<Self, Self::Complex, Dyn>)>;
    /// Eigenvalues, in no particular order.
    ///
    /// # Errors
    /// As for [`Eig::eig`].
    fn eigvals(x: &Array<Self, T, Dyn>) -> Result<Array<Self, Self::Complex, Dyn>> {
        Ok(Self::eig(x)?.0)
    }
}

/// The tolerance below which a singular value of an `m x n` matrix counts as zero, relative to the largest.
pub fn default_rtol<T: Floating>(m: usize, n: usize) -> T::Real {
    <T::Real as Num>::from_usize(m.max(n)) * <T::Real as Float>::EPSILON
}
