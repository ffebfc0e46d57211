//! Norms of vectors and matrices, on_matrices, without overflow or underflow on the way.

use super::Linalg;
use super::functions::{matrices, on_matrices};
use crate::array::Array;
use crate::axes::{Axes, KeepDims};
use crate::backend::Backend;
use crate::dim::{Dim, DimBase, Dyn};
use crate::dtype::{Float, Floating, Num};
use crate::error::Result;
use crate::expr::eval_reduction;
use crate::moments::WideReal;
use crate::ops::Pow;
use crate::reduction::{CountNonzero, Max, Min, Sum};
use crate::wide::{converted, widened};

/// Which norm of a matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MatrixNorm {
    /// Square root of the sum of squared magnitudes.
    Fro,
    /// Sum of the singular values.
    Nuc,
    /// Largest sum of magnitudes of a column: the order 1.
    One,
    /// Smallest sum of magnitudes of a column: the order -1.
    NegOne,
    /// Largest singular value: the order 2.
    Two,
    /// Smallest singular value: the order -2.
    NegTwo,
    /// Largest sum of magnitudes of a row: the order infinity.
    Inf,
    /// Smallest sum of magnitudes of a row: the order minus infinity.
    NegInf,
}

/// What [`matrix_norm`] takes: a [`MatrixNorm`], or one in [`KeepDims`], which keeps the last two axes with length 1.
pub trait MatrixOrder {
    /// The rank of the result, given that of the array.
    type Out<D: Dim>: Dim;
    /// Whether the axes stay.
    const KEEP: bool;
    /// Which norm.
    fn norm(self) -> MatrixNorm;
}
impl MatrixOrder for MatrixNorm {
    type Out<D: Dim> = <D::Smaller as DimBase>::Smaller;
    const KEEP: bool = false;
    fn norm(self) -> MatrixNorm {
        self
    }
}
impl MatrixOrder for KeepDims<MatrixNorm> {
    type Out<D: Dim> = D;
    const KEEP: bool = true;
    fn norm(self) -> MatrixNorm {
        self.0
    }
}

/// A norm of every matrix. [`KeepDims`] keeps the last two axes, with length 1.
///
/// # Errors
/// As for [`svd`](super::svd()); [`Error::Shape`](crate::Error::Shape) for the largest or smallest of nothing.
///
/// ```
/// use xp::prelude::*;
/// use xp::linalg::{MatrixNorm, matrix_norm};
/// let x = array![[3.0_f64, 0.0], [0.0, -4.0]];
/// assert_eq!(matrix_norm(&x, MatrixNorm::Fro)?.item()?, 5.0);
/// assert_eq!(matrix_norm(&x, MatrixNorm::Inf)?.item()?, 4.0);
/// assert_eq!(matrix_norm(&x, KeepDims(MatrixNorm::NegOne))?.shape(), [1, 1]);
/// assert!((matrix_norm(&(x * 1e200), MatrixNorm::Fro)?.item()? / 5e200 - 1.0).abs() < 1e-15);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn matrix_norm<B: Linalg<T>, T: Floating, D: Dim, O: MatrixOrder>(x: &Array<B, T, D>, ord: O) -> Result<Array<B, T::Real, O::Out<D>>> {
    let a = matrices(x, "matrix_norm")?;
    let svdvals = || on_matrices(&a, "matrix_norm", B::svdvals);
    let largest = |v: Array<B, T::Real, Dyn>| v.lazy().max(-1).try_eval();
    let smallest = |v: Array<B, T::Real, Dyn>| v.lazy().min(-1).try_eval();
    let columns = || a.lazy().abs().sum(-2).try_eval();
    let rows = || a.lazy().abs().sum(-1).try_eval();
    let norm = match ord.norm() {
        MatrixNorm::Fro => vector_norm(&a, &[-2, -1][..], 2.0)?,
        MatrixNorm::Nuc => svdvals()?.lazy().sum(-1).try_eval()?,
        MatrixNorm::One => largest(columns()?)?,
        MatrixNorm::NegOne => smallest(columns()?)?,
        MatrixNorm::Two => largest(svdvals()?)?,
        MatrixNorm::NegTwo => smallest(svdvals()?)?,
        MatrixNorm::Inf => largest(rows()?)?,
        MatrixNorm::NegInf => smallest(rows()?)?,
    };
    if O::KEEP { norm.expand_dims([-2, -1])?.into_rank() } else { norm.into_rank() }
}

/// The `p`-norm of the vectors along an axis, of all elements of several axes, or of the whole array (`..`): any real
/// `p`, infinities, and 0, which counts the non-zero elements.
///
/// The sum of powers is computed as it stands, and once more with scaled elements where it comes near to overflow or
/// underflow, so that the result is accurate whenever it is a normal number. The norm of no elements is 0.
///
/// # Errors
/// [`Error::Axis`](crate::Error::Axis), [`Error::RepeatedAxis`](crate::Error::RepeatedAxis);
/// [`Error::Shape`](crate::Error::Shape) for infinite `p` and no elements.
///
/// ```
/// use xp::prelude::*;
/// use xp::linalg::vector_norm;
/// let x = array![[3.0_f64, -4.0], [0.0, 0.0]];
/// assert_eq!(vector_norm(&x, -1, 2.0)?.to_vec(), [5.0, 0.0]);
/// assert_eq!(vector_norm(&x, .., f64::INFINITY)?.item()?, 4.0);
/// assert_eq!(vector_norm(&x, KeepDims([0, 1]), 0.0)?.to_vec(), [2.0]);
/// assert!((vector_norm(&(x * 1e200), .., 2.0)?.item()? / 5e200 - 1.0).abs() < 1e-15);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn vector_norm<B: Backend, T: Floating, D: Dim, A: Axes>(x: &Array<B, T, D>, axes: A, p: f64) -> Result<Array<B, T::Real, A::Out<D>>> {
    let over = axes.axes(x.ndim())?;
    let magnitudes = x.lazy().abs().into_expr();
    if p == 1.0 {
        eval_reduction::<_, _, A::Out<D>>(Sum, &magnitudes, &over, A::KEEP)
    } else if p == f64::INFINITY {
        eval_reduction::<_, _, A::Out<D>>(Max, &magnitudes, &over, A::KEEP)
    } else if p == f64::NEG_INFINITY {
        eval_reduction::<_, _, A::Out<D>>(Min, &magnitudes, &over, A::KEEP)
    } else if p == 0.0 {
        eval_reduction::<_, _, A::Out<D>>(CountNonzero, &x, &over, A::KEEP)?.lazy().astype::<T::Real>().try_eval()
    } else {
        power_norm::<B, T, D, A>(x, &over, p)
    }
}

/// `sum(|x|^p)^(1/p)`: the plain sum where it is safe, otherwise that of elements divided by the largest magnitude (the
/// smallest, for negative `p`).
fn power_norm<B: Backend, T: Floating, D: Dim, A: Axes>(x: &Array<B, T, D>, over: &[usize], p: f64) -> Result<Array<B, T::Real, A::Out<D>>> {
    let real = WideReal::<T>::from_f64;
    let root = |sums: Array<B, WideReal<T>, A::Out<D>>| {
        if p == 2.0 { sums.into_lazy().sqrt().try_eval() } else { sums.into_lazy().apply2(Pow, real(1.0 / p)).try_eval() }
    };
    let sums = if p == 2.0 {
        eval_reduction::<_, _, A::Out<D>>(Sum, &widened(x).abs_square().into_expr(), over, A::KEEP)?
    } else {
        eval_reduction::<_, _, A::Out<D>>(Sum, &widened(x).abs().apply2(Pow, real(p)).into_expr(), over, A::KEEP)?
    };
    // Above the first bound the rounding errors of powers that underflow do not matter.
    let (low, high) = (WideReal::<T>::MIN_POSITIVE / WideReal::<T>::EPSILON, WideReal::<T>::MAX);
    let safe = sums.lazy().greater_equal(low).logical_and(sums.lazy().less_equal(high));
    if over.iter().any(|&k| x.dims()[k] == 0) || safe.all(..).try_eval()?.item()? {
        return converted(&root(sums)?);
    }
    let magnitudes = widened(x).abs().into_expr();
    let extreme: Array<B, WideReal<T>, D> =
        if p > 0.0 { eval_reduction::<_, _, D>(Max, &magnitudes, over, true)? } else { eval_reduction::<_, _, D>(Min, &magnitudes, over, true)? };
    let usable = extreme.lazy().greater(WideReal::<T>::ZERO).logical_and(extreme.lazy().less_equal(high));
    let scale = usable.where_(&extreme, WideReal::<T>::ONE).try_eval()?;
    let scaled = widened(x).abs() / &scale;
    let sums = if p == 2.0 {
        eval_reduction::<_, _, A::Out<D>>(Sum, &scaled.square().into_expr(), over, A::KEEP)?
    } else {
        eval_reduction::<_, _, A::Out<D>>(Sum, &scaled.apply2(Pow, real(p)).into_expr(), over, A::KEEP)?
    };
    let norm = root(sums)?;
    let scale: Array<B, WideReal<T>, A::Out<D>> = scale.reshape(norm.dims())?.into_rank()?;
    converted(&(norm.lazy() * &scale).try_eval()?.into_rank::<A::Out<D>>()?)
}
