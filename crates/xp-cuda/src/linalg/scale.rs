//! Matrices of any magnitude: scaled by a power of two before a decomposition whose intermediate squares could overflow or
//! vanish, as LAPACK's drivers do.

use xp_core::linalg::LinalgError;
use xp_core::{Array, DType, Element, Floating, Real, Result};

use super::{
    Lapack, Matrices,
    stack::{count, stack_of, values},
};

/// The powers of two that bring every matrix of a stack into a safe range.
pub(super) struct Scale {
    /// By matrix; empty when none is needed.
    exponents: Vec<i32>,
}

impl Scale {
    /// Reads the largest magnitude of every matrix. With `finite`, a matrix that holds NaN or infinity is an error.
    pub(super) fn new<T: Lapack>(x: &Matrices<T>, finite: bool) -> Result<Self> {
        if x.is_empty() {
            return Ok(Scale { exponents: vec![] });
        }
        let parts = x.lazy().real().abs().maximum(x.lazy().imag().abs());
        let largest: Vec<f64> = values(&parts.max([-2, -1]).try_eval()?)?.into_iter().map(|x| x.to_f64()).collect();
        if finite && let Some(matrix) = largest.iter().position(|x| !x.is_finite()) {
            return Err(LinalgError::NonFinite { matrix: Some(matrix) }.into());
        }
        // Products of four elements of this size are far from both ends of the range.
        let safe = if <T::Real as Element>::DTYPE == DType::F32 { 20 } else { 200 };
        let exponent = |x: f64| if x > 0.0 && x.is_finite() { x.log2().floor() as i32 } else { 0 };
        let exponents: Vec<i32> = largest.into_iter().map(exponent).map(|e: i32| if e.abs() > safe { -e } else { 0 }).collect();
        Ok(Scale { exponents: if exponents.iter().all(|&e| e == 0) { vec![] } else { exponents } })
    }

    /// Whether a matrix has to be scaled.
    pub(super) fn is_needed(&self) -> bool {
        !self.exponents.is_empty()
    }

    /// A new contiguous array of the scaled matrices.
    pub(super) fn apply<T: Lapack>(&self, x: &Matrices<T>) -> Result<Matrices<T>> {
        match self.exponents.is_empty() {
            true => x.copy(),
            // In two steps, because one factor may be out of range.
            false => {
                let (factor, rest) = (self.factors::<T, T>(x, 1, false)?, self.factors::<T, T>(x, 1, true)?);
                x.device().contiguous(x.lazy() * &factor * &rest, "linear algebra")
            }
        }
    }

    /// Undoes the scaling in matrices, or in vectors of real numbers, of the stack of `x`.
    pub(super) fn undo<T: Lapack, U: Floating>(&self, x: &Matrices<T>, scaled: Matrices<U>) -> Result<Matrices<U>> {
        if self.exponents.is_empty() {
            return Ok(scaled);
        }
        let mut factors = [self.factors::<T, U>(x, -1, false)?, self.factors::<T, U>(x, -1, true)?];
        if scaled.ndim() < x.ndim() {
            factors = [factors[0].squeeze(-1)?, factors[1].squeeze(-1)?];
        }
        (scaled.lazy() * &factors[0] * &factors[1]).try_eval()
    }

    /// One half of the factors, or the other, as an array of shape `(..., 1, 1)`.
    fn factors<T: Lapack, U: Floating>(&self, x: &Matrices<T>, sign: i32, rest: bool) -> Result<Matrices<U>> {
        let stack = stack_of(x);
        debug_assert_eq!(self.exponents.len(), count(stack));
        let half = |e: i32| if rest { sign * e - sign * e / 2 } else { sign * e / 2 };
        let values = self.exponents.iter().map(|&e| U::from_f64(2f64.powi(half(e)))).collect();
        let shape: Vec<usize> = stack.iter().copied().chain([1, 1]).collect();
        Array::from_vec(x.device(), values, shape)
    }
}
