//! LU decomposition, and solutions by the structure of the matrix.

use super::functions::{in_stack, on_matrices, square, with_rhs};
use super::{Linalg, LinalgError, Lower, Upper, cho_solve, cholesky, solve, solve_triangular};
use crate::array::{Array, eye, stack};
use crate::dim::{Dim, Dyn, Ix2};
use crate::dtype::Floating;
use crate::error::Result;
use crate::s;

/// What [`lu`] finds: `x.take(permutation, -2)` is `lower @ upper`, for every matrix of a stack.
#[derive(Clone, Debug)]
pub struct Lu<B: Linalg<T>, T: Floating, D: Dim> {
    /// Row `i` of `lower @ upper` is row `permutation[i]` of the matrix.
    pub permutation: Array<B, i64, D::Smaller>,
    /// Lower trapezoidal, `M x min(M, N)`, with ones on the diagonal.
    pub lower: Array<B, T, D>,
    /// Upper trapezoidal, `min(M, N) x N`.
    pub upper: Array<B, T, D>,
}

/// LU decomposition of every matrix with partial pivoting (exchanges of rows). A singular matrix has zeros on the diagonal of
/// `upper`.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape) for fewer than two axes.
///
/// ```
/// use xp::prelude::*;
/// let x = array![[1.0, 2.0], [4.0, 4.0]];
/// let lu = xp::linalg::lu(&x)?;
/// assert_eq!(lu.permutation.to_vec(), [1, 0]);
/// assert_eq!((lu.lower.to_vec(), lu.upper.to_vec()), (vec![1.0, 0.0, 0.25, 1.0], vec![4.0, 4.0, 0.0, 1.0]));
/// # Ok::<(), xp::Error>(())
/// ```
pub fn lu<B: Linalg<T>, T: Floating, D: Dim>(x: &Array<B, T, D>) -> Result<Lu<B, T, D>> {
    let (permutation, lower, upper) = on_matrices(x, "lu", B::lu)?;
    Ok(Lu { permutation: permutation.into_rank()?, lower: lower.into_rank()?, upper: upper.into_rank()? })
}

/// What is known of the matrix of a system of equations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Structure {
    /// Nothing.
    General,
    /// It is Hermitian and positive definite; only the lower triangle is read.
    PositiveDefinite,
    /// It is lower triangular; the other triangle is not read.
    LowerTriangular,
    /// It is upper triangular; the other triangle is not read.
    UpperTriangular,
    /// It is diagonal; nothing else is read.
    Diagonal,
}

/// [`solve`](super::solve()) by the method that the structure of the matrix allows. The structure is not checked, but for a
/// matrix that is not positive definite.
///
/// # Errors
/// As for [`solve`](super::solve()), and [`LinalgError::NotPositiveDefinite`].
///
/// ```
/// use xp::prelude::*;
/// use xp::linalg::{Structure, solve_structured};
/// let a = array![[4.0, 7.0], [0.0, 2.0]];
/// let b = array![1.0, 4.0];
/// assert_eq!(solve_structured(&a, &b, Structure::Diagonal)?.to_vec(), [0.25, 2.0]);
/// assert_eq!(solve_structured(&a, &b, Structure::UpperTriangular)?.to_vec(), [-3.25, 2.0]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn solve_structured<B: Linalg<T>, T: Floating, D: Dim, E: Dim>(
    a: &Array<B, T, D>,
    b: &Array<B, T, E>,
    structure: Structure,
) -> Result<Array<B, T, D::MatMul<E>>> {
    match structure {
        Structure::General => solve(a, b),
        Structure::PositiveDefinite => cho_solve(&cholesky(a, Lower)?, b),
        Structure::LowerTriangular => solve_triangular(a, b, Lower),
        Structure::UpperTriangular => solve_triangular(a, b, Upper),
        Structure::Diagonal => {
            let diagonal = square(a, "solve_structured")?.diagonal(0)?;
            let zero = diagonal.equal(T::ZERO);
            if zero.any(..).item()? {
                let at = zero.astype::<u8>().ravel()?.argmax(0).item()? as usize;
                let n = diagonal.dims()[diagonal.ndim() - 1];
                let e = LinalgError::Singular { matrix: Some(at / n), pivot: at % n };
                return Err(in_stack(e.into(), a.ndim() > 2));
            }
            with_rhs("solve_structured", &square(a, "solve_structured")?, b, |a, b| (b.lazy() / &a.diagonal(0)?.expand_dims(-1)?).try_eval())
        }
    }
}

type Matrices<B, T> = Array<B, T, Dyn>;

/// The portable form: column by column, with one product for the rest of the matrix.
pub(super) fn portable<B: Linalg<T>, T: Floating>(x: &Matrices<B, T>) -> Result<(Array<B, i64, Dyn>, Matrices<B, T>, Matrices<B, T>)> {
    let n = x.ndim();
    let (rows, cols) = (x.dims()[n - 2], x.dims()[n - 1]);
    let (batch, k) = (&x.dims()[..n - 2], rows.min(cols));
    let count = batch.iter().product();
    let flat: Array<B, T, Dyn> = x.reshape(vec![count, rows, cols])?;
    let (mut permutations, mut lowers, mut uppers) = (vec![], vec![], vec![]);
    for i in 0..count {
        let mut a: Array<B, T, Ix2> = flat.index_axis(0, i)?.copy()?.into_rank()?;
        let permutation = factor(&mut a)?;
        permutations.push(Array::from_vec(x.device(), permutation, [rows])?);
        let below = a.slice(s![.., ..k])?.tril(-1)?;
        lowers.push((below.lazy() + &eye(x.device(), rows, k, 0)?).try_eval()?);
        uppers.push(a.slice(s![..k])?.triu(0)?);
    }
    let shaped = |parts: Vec<Array<B, T, Ix2>>, m: usize, n: usize| -> Result<Matrices<B, T>> {
        let shape = [batch, &[m, n]].concat();
        if parts.is_empty() {
            return crate::array::zeros(x.device(), shape);
        }
        stack(&parts, 0)?.reshape(shape)
    };
    let shape = [batch, &[rows]].concat();
    let permutation = match permutations.is_empty() {
        true => crate::array::zeros(x.device(), shape)?,
        false => stack(&permutations, 0)?.reshape(shape)?,
    };
    Ok((permutation, shaped(lowers, rows, k)?, shaped(uppers, k, cols)?))
}

/// Replaces a matrix by its factors, and returns the order of its rows.
fn factor<B: Linalg<T>, T: Floating>(a: &mut Array<B, T, Ix2>) -> Result<Vec<i64>> {
    let [rows, cols] = a.shape();
    let mut order: Vec<i64> = (0..rows as i64).collect();
    for j in 0..rows.min(cols) {
        let at = j as isize;
        let pivot = j + a.slice(s![at.., at])?.lazy().abs().argmax(0).try_eval()?.item()? as usize;
        if pivot != j {
            let (upper, lower) = (a.slice(s![at])?.copy()?, a.slice(s![pivot])?.copy()?);
            a.set(s![at], &lower)?;
            a.set(s![pivot], &upper)?;
            order.swap(j, pivot);
        }
        if a.get([at, at])? == T::ZERO || j + 1 == rows {
            continue;
        }
        let column = (a.slice(s![at + 1.., at])?.lazy() / &a.slice(s![at, at])?).try_eval()?;
        a.set(s![at + 1.., at], &column)?;
        if j + 1 < cols {
            let row = a.slice(s![at, at + 1..])?.copy()?;
            let rest = (a.slice(s![at + 1.., at + 1..])?.lazy() - column.expand_dims(1)?.lazy() * &row).try_eval()?;
            a.set(s![at + 1.., at + 1..], &rest)?;
        }
    }
    Ok(order)
}
