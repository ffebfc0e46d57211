//! Linear algebra of [`Cuda`]: decompositions by cuSOLVER, triangular solutions and products by cuBLAS, small matrices by kernels
//! of this crate.
//!
//! The libraries work on column-major matrices. The memory of a row-major matrix is that of its transpose, column-major:
//! so a factorisation's copy of its operand is made in the order that is needed, and results are views of what the library
//! wrote, transposed where necessary. A stack of matrices of moderate size is one call where the libraries have one, and a call for
//! each matrix otherwise, queued on the device's stream; whether one failed is read once, after the last. Small matrices are all done in
//! one launch (`small.rs`), and `Q` is formed by products of all matrices (`reflectors.rs`).

mod decompositions;
mod reflectors;
mod rows;
mod scale;
mod singular;
mod small;
mod solutions;
mod stack;

use num_complex::Complex;
use xp_core::linalg::{Basis, Eig, Triangle, Triangular};
use xp_core::{Array, Dyn, Expr, Floating, Ix2, Lazy, Linalg, Num, Result};

use crate::backend::Cuda;

type Matrices<T> = Array<Cuda, T, Dyn>;
type Real<T> = <T as Num>::Real;

/// A dtype of the libraries.
pub(crate) trait Lapack: Floating {
    /// The complex dtype of the same precision.
    type Complex: Floating;
}

macro_rules! linalg_for {
    ($($t:ty),*) => {$(
        impl Lapack for $t {
            type Complex = Complex<Real<$t>>;
        }
        impl Eig<$t> for Cuda {
            type Complex = Complex<Real<$t>>;

            fn eig(x: &Matrices<$t>) -> Result<(Matrices<Self::Complex>, Matrices<Self::Complex>)> {
                decompositions::eig(x, true)
            }
            fn eigvals(x: &Matrices<$t>) -> Result<Matrices<Self::Complex>> {
                Ok(decompositions::eig(x, false)?.0)
            }
        }
        impl Linalg<$t> for Cuda {
            fn svd(x: &Matrices<$t>, basis: Basis) -> Result<(Matrices<$t>, Matrices<Real<$t>>, Matrices<$t>)> {
                let (u, s, vh) = singular::svd(x, Some(basis))?;
                Ok((u, s, vh))
            }
            fn svdvals(x: &Matrices<$t>) -> Result<Matrices<Real<$t>>> {
                Ok(singular::svd(x, None)?.1)
            }
            fn eigh(x: &Matrices<$t>) -> Result<(Matrices<Real<$t>>, Matrices<$t>)> {
                decompositions::eigh(x, true)
            }
            fn eigvalsh(x: &Matrices<$t>) -> Result<Matrices<Real<$t>>> {
                Ok(decompositions::eigh(x, false)?.0)
            }
            fn qr(x: &Matrices<$t>, basis: Basis) -> Result<(Matrices<$t>, Matrices<$t>)> {
                decompositions::qr(x, basis == Basis::Full)
            }
            fn qr_r(x: &Matrices<$t>) -> Result<Matrices<$t>> {
                decompositions::qr_r(x)
            }
            fn cholesky(x: &Matrices<$t>, factor: Triangle) -> Result<Matrices<$t>> {
                decompositions::cholesky(x, factor == Triangle::Upper)
            }
            fn solve(a: &Matrices<$t>, b: &Matrices<$t>) -> Result<Matrices<$t>> {
                solutions::solve(a, b)
            }
            fn solve_triangular(a: &Matrices<$t>, b: &Matrices<$t>, form: Triangular) -> Result<Matrices<$t>> {
                solutions::solve_triangular(a, b, form)
            }
            fn inv(x: &Matrices<$t>) -> Result<Matrices<$t>> {
                solutions::inv(x)
            }
            fn slogdet(x: &Matrices<$t>) -> Result<(Matrices<$t>, Matrices<Real<$t>>)> {
                solutions::slogdet(x)
            }
            fn det(x: &Matrices<$t>) -> Result<Matrices<$t>> {
                solutions::det(x)
            }
            fn gram<E: Expr<Backend = Self, Elem = $t, Dim = Ix2>>(e: &Lazy<E>) -> Result<Array<Self, $t, Ix2>> {
                rows::gram(e)
            }
            fn cross<E, F>(a: &Lazy<E>, b: &Lazy<F>) -> Result<Array<Self, $t, Ix2>>
            where
                E: Expr<Backend = Self, Elem = $t, Dim = Ix2>,
                F: Expr<Backend = Self, Elem = $t, Dim = Ix2>,
            {
                rows::cross(a, b)
            }
            fn project<E: Expr<Backend = Self, Elem = $t, Dim = Ix2>>(e: &Lazy<E>, b: &Array<Self, $t, Ix2>) -> Result<Array<Self, $t, Ix2>> {
                rows::project(e, b)
            }
            fn tall_r<E: Expr<Backend = Self, Elem = $t, Dim = Ix2>>(e: &Lazy<E>) -> Result<Array<Self, $t, Ix2>> {
                rows::tall_r(e)
            }
        }
    )*};
}
linalg_for!(f32, f64, Complex<f32>, Complex<f64>);
