//! Order statistics of columns, of which NaN is left out.

use xp_core::functions::Ascending;
use xp_core::{Array, Backend, Float, Ix2, Num};

use crate::Result;

/// Quantiles of the numbers of each column: one row for each quantile, NaN for a column without numbers.
///
/// `places` says, for a number of elements in ascending order, below which element each quantile lies, and how far it is on the
/// way to the next one.
pub(crate) fn quantiles<B: Backend, T: Float>(x: &Array<B, T, Ix2>, places: impl Fn(usize) -> Vec<(usize, f64)>) -> Result<Array<B, T, Ix2>> {
    let [rows, p] = x.shape();
    let missing = x.lazy().isnan().count_nonzero(0).try_eval()?.to_host()?;
    let columns: Vec<(usize, Vec<(usize, f64)>)> = missing
        .iter()
        .map(|&nan| rows - nan as usize)
        // NaN is sorted to the end: the first element of a column without numbers is NaN.
        .map(|n| (n, places(n.max(1))))
        .collect();
    let k = columns.first().map_or(0, |(_, places)| places.len());
    let each = |f: &dyn Fn(usize, (usize, f64)) -> (i64, f64)| -> (Vec<i64>, Vec<f64>) {
        (0..k).flat_map(|i| columns.iter().map(move |(n, places)| (*n, places[i]))).map(|(n, place)| f(n, place)).unzip()
    };
    let (low, share) = each(&|_, (at, share)| (at as i64, share));
    let (high, _) = each(&|n, (at, _)| ((at + 1).min(n.saturating_sub(1)) as i64, 0.0));
    let sorted = x.sort(0, Ascending)?;
    let at = |indices: Vec<i64>| sorted.take_along_axis(&Array::from_vec(x.device(), indices, [k, p])?, 0);
    let (low, high) = (at(low)?, at(high)?);
    let share: Array<B, B::MaxFloat, Ix2> = Array::from_vec(x.device(), share.into_iter().map(B::MaxFloat::from_f64).collect(), [k, p])?;
    let wide = low.lazy().astype::<B::MaxFloat>();
    Ok((wide + (high.lazy().astype::<B::MaxFloat>() - wide) * &share).astype::<T>().try_eval()?)
}

/// The places of quantiles that interpolate between order statistics: definition 7 of Hyndman and Fan (1996).
pub(crate) fn linear(quantiles: &[f64]) -> impl Fn(usize) -> Vec<(usize, f64)> + use<'_> {
    move |n| {
        let place = |q: &f64| {
            let at = q * (n - 1) as f64;
            (at as usize, at.fract())
        };
        quantiles.iter().map(place).collect()
    }
}
