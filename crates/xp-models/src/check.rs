//! Checks of what users pass in.
//!
//! NaN and infinity survive sums and products, so most models test a small result that depends on every element instead
//! of reading the data once more; the position is looked for only when that test fails.

use xp_core::{Array, Backend, Dim, Element, Float, Ix2};

use crate::{Error, Result};

/// Fails when `x` holds NaN or infinity.
pub(crate) fn finite<B: Backend, T: Float, D: Dim>(argument: &'static str, x: &Array<B, T, D>) -> Result<()> {
    if all_finite(x)? {
        return Ok(());
    }
    locate(argument, x, x.lazy().isfinite().astype::<i8>().argmin(..).try_eval()?.item()?)
}

/// Fails when `x` holds infinity; NaN, which stands for what is missing, is let through.
pub(crate) fn finite_or_nan<B: Backend, T: Float, D: Dim>(argument: &'static str, x: &Array<B, T, D>) -> Result<()> {
    if !x.lazy().isinf().any(..).try_eval()?.item()? {
        return Ok(());
    }
    locate(argument, x, x.lazy().isinf().astype::<i8>().argmax(..).try_eval()?.item()?)
}

/// [`finite`] for an array that has gone into every element of `witness`.
pub(crate) fn finite_by<B: Backend, T: Float, D: Dim, U: Float, E: Dim>(
    argument: &'static str,
    x: &Array<B, T, D>,
    witness: &Array<B, U, E>,
) -> Result<()> {
    // An empty witness has seen nothing; a witness that overflowed does not accuse the data.
    if !witness.is_empty() && all_finite(witness)? { Ok(()) } else { finite(argument, x) }
}

/// Whether no element is NaN or infinite.
pub(crate) fn all_finite<B: Backend, T: Float, D: Dim>(x: &Array<B, T, D>) -> Result<bool> {
    Ok(x.lazy().isfinite().all(..).try_eval()?.item()?)
}

/// The error for the element at this place in row-major order.
fn locate<B: Backend, T: Float, D: Dim>(argument: &'static str, x: &Array<B, T, D>, place: i64) -> Result<()> {
    let first = place as usize;
    let columns = if x.ndim() < 2 { 1 } else { x.dims()[1..].iter().product() };
    let (row, column) = (first / columns, first % columns);
    let value = x.reshape([x.size() / columns, columns])?.get([row, column])?;
    Err(Error::NonFinite { argument, row, column, value: value.to_f64() })
}

/// Fails when `y` does not have one row for each row of `x`.
pub(crate) fn samples(argument: &'static str, given: &[usize], other: &'static str, expected: &[usize]) -> Result<()> {
    if !given.is_empty() && given.first() == expected.first() {
        return Ok(());
    }
    Err(Error::Samples { argument, given: given.to_vec(), other, expected: expected.to_vec() })
}

/// Fails when `x` has fewer than `rows` rows, or no columns.
pub(crate) fn at_least<B: Backend, T: Element>(x: &Array<B, T, Ix2>, rows: usize) -> Result<()> {
    let [n, p] = x.shape();
    if n >= rows && p >= 1 {
        return Ok(());
    }
    Err(Error::shape("x", x.dims(), format!("at least {rows} row{} and 1 column", if rows == 1 { "" } else { "s" })))
}

/// Fails when `x` does not have `fitted` columns.
pub(crate) fn features<B: Backend, T: Element>(argument: &'static str, x: &Array<B, T, Ix2>, fitted: usize) -> Result<()> {
    if x.dims()[1] == fitted {
        return Ok(());
    }
    Err(Error::Features { argument, given: x.dims().to_vec(), fitted })
}

/// Checks sample weights: one per row, finite, not negative, not all zero.
pub(crate) fn weights<B: Backend, T: Float>(weights: &Array<B, T, xp_core::Ix1>, x_shape: &[usize]) -> Result<()> {
    samples("sample_weight", weights.dims(), "x", x_shape)?;
    finite("sample_weight", weights)?;
    let (low, high) = (weights.min(..).item()?.to_f64(), weights.max(..).item()?.to_f64());
    if low < 0.0 || high == 0.0 {
        return Err(Error::value("sample_weight", format!("{low} to {high}"), "no negative weight, and one that is not zero"));
    }
    Ok(())
}
