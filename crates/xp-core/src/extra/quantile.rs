//! Quantiles and medians, after Hyndman and Fan, "Sample quantiles in statistical packages" (1996).

use super::statistics::lane_weights;
use crate::array::{Array, concat};
use crate::axes::{Axes, KeepDims};
use crate::backend::Backend;
use crate::dim::{Dim, Dyn};
use crate::dtype::{Float, Num};
use crate::error::{Error, Result};
use crate::expr::{Lazy, Scalar};
use crate::indexing::Position;
use crate::shape::normalize_axis;
use crate::sorting::Ascending;
use crate::wide::{converted, widened};

/// How a quantile between two sorted elements is chosen: the discontinuous and the continuous definitions 1 to 9 of
/// Hyndman and Fan, and four practical ones, under NumPy's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuantileMethod {
    /// Definition 1: the inverse of the distribution function.
    InvertedCdf,
    /// Definition 2: the mean of both elements at a step.
    AveragedInvertedCdf,
    /// Definition 3: the nearest order statistic, the even one of two.
    ClosestObservation,
    /// Definition 4.
    InterpolatedInvertedCdf,
    /// Definition 5.
    Hazen,
    /// Definition 6.
    Weibull,
    /// Definition 7, the default elsewhere.
    Linear,
    /// Definition 8.
    MedianUnbiased,
    /// Definition 9.
    NormalUnbiased,
    /// The lower of the two elements that definition 7 interpolates.
    Lower,
    /// The higher of the two.
    Higher,
    /// Their midpoint.
    Midpoint,
    /// The nearer of the two, the one with an even position at a tie.
    Nearest,
}

/// The `q`-quantiles of the elements along an axis, which has one element for each of them in the result. NaN where an
/// element is NaN; between a number and an infinity lies an infinity.
///
/// # Errors
/// [`Error::Axis`], [`Error::Value`] when a `q` is not in `[0, 1]`, [`Error::Shape`] for no elements.
///
/// ```
/// use xp::prelude::*;
/// use xp::extra::{QuantileMethod, quantile};
/// let q = quantile(&array![4.0, 1.0, 2.0, 3.0], &[0.0, 0.5, 1.0], 0, QuantileMethod::Linear)?;
/// assert_eq!(q.to_vec(), [1.0, 2.5, 4.0]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn quantile<B: Backend, T: Float, D: Dim>(x: &Array<B, T, D>, q: &[f64], axis: impl Position, method: QuantileMethod) -> Result<Array<B, T, D>> {
    let axis = axis.position();
    let k = check(x, q, axis, "quantile")?;
    let n = x.dims()[k];
    let places: Vec<(usize, usize, f64)> = q.iter().map(|&q| place(n, q, method)).collect();
    let sorted = x.sort(axis, Ascending)?;
    let at = |f: fn(&(usize, usize, f64)) -> usize| -> Result<Array<B, T, D>> {
        let indices = places.iter().map(|p| f(p) as i64).collect();
        sorted.take(&Array::from_vec(x.device(), indices, [q.len()])?, axis)
    };
    let (low, high) = (at(|p| p.0)?, at(|p| p.1)?);
    let mut shape = vec![1; x.ndim()];
    shape[k] = q.len();
    let weight = Array::from_vec(x.device(), places.iter().map(|p| T::Wide::from_f64(p.2)).collect(), shape)?.into_rank::<D>()?;
    let between = interpolate(&low, &high, &weight)?;
    // NaN is sorted to the end.
    let last = sorted.slice_axis(axis, -1..)?;
    last.lazy().isnan().where_(&last, &between).try_eval()
}

/// The quantiles of elements with weights (an array of the same shape, or a vector along the axis): the smallest element
/// at which the weights up to it, of the sorted elements, reach `q` times their sum.
///
/// # Errors
/// As for [`quantile`], [`Error::Shape`] for weights of a wrong shape, [`Error::Value`] when one is negative or NaN, or when
/// those of a lane sum to zero.
///
/// ```
/// use xp::prelude::*;
/// use xp::extra::weighted_quantile;
/// let q = weighted_quantile(&array![3.0, 1.0, 2.0], &array![1.0, 1.0, 4.0], &[0.1, 0.5, 0.9], 0)?;
/// assert_eq!(q.to_vec(), [1.0, 2.0, 3.0]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn weighted_quantile<B: Backend, T: Float, D: Dim, E: Dim>(
    x: &Array<B, T, D>,
    weights: &Array<B, T, E>,
    q: &[f64],
    axis: impl Position,
) -> Result<Array<B, T, D>> {
    let axis = axis.position();
    let k = check(x, q, axis, "weighted_quantile")?;
    let n = x.dims()[k];
    let w = lane_weights("weighted_quantile: weights", x, weights, axis)?;
    if !w.lazy().greater_equal(T::ZERO).logical_and(w.lazy().isfinite()).all(..).try_eval()?.item()? {
        return Err(Error::value("weighted_quantile: weights", "a weight that is negative, infinite or NaN given"));
    }
    let order = x.argsort(axis, Ascending)?;
    let sorted = x.take_along_axis(&order, axis)?;
    let reached: Array<B, T::Wide, D> = converted::<B, T, T::Wide, D>(&w.take_along_axis(&order, axis)?)?.cumulative_sum(axis)?;
    let total = reached.slice_axis(axis, -1..)?;
    if total.lazy().equal(T::Wide::ZERO).any(..).try_eval()?.item()? {
        return Err(Error::value("weighted_quantile: weights", "those of a lane sum to zero"));
    }
    let share = (reached.lazy() / &total).try_eval()?;
    let mut parts = vec![];
    for &q in q {
        // Elements of weight 0 at the start are below every quantile.
        let below = share.lazy().less(T::Wide::from_f64(q)).logical_or(share.lazy().less_equal(T::Wide::ZERO));
        let at = below.count_nonzero(KeepDims(axis)).try_eval()?.lazy().minimum(n as i64 - 1).try_eval()?;
        parts.push(sorted.take_along_axis(&at.into_rank()?, axis)?);
    }
    if parts.is_empty() {
        return x.slice_axis(axis, 0..0);
    }
    let out = concat(&parts, axis)?;
    let last = sorted.slice_axis(axis, -1..)?;
    last.lazy().isnan().where_(&last, &out).try_eval()
}

/// The middle of the sorted elements, or the mean of the two middle ones, over one axis, several, or all. NaN where an
/// element is NaN.
///
/// # Errors
/// [`Error::Axis`], [`Error::RepeatedAxis`], [`Error::Shape`] for no elements.
///
/// ```
/// use xp::prelude::*;
/// let x = array![[5.0, 1.0], [4.0, 2.0]];
/// assert_eq!(xp::extra::median(&x, 0)?.to_vec(), [4.5, 1.5]);
/// assert_eq!(xp::extra::median(&x, ..)?.item()?, 3.0);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn median<B: Backend, T: Float, D: Dim, A: Axes>(x: &Array<B, T, D>, axes: A) -> Result<Array<B, T, A::Out<D>>> {
    let (lanes, shape) = gathered(x, &axes)?;
    quantile(&lanes, &[0.5], -1, QuantileMethod::Linear)?.reshape(shape)?.into_rank()
}

/// The [`median`] of the elements that are not NaN; NaN of none.
///
/// # Errors
/// As for [`median`].
///
/// ```
/// use xp::prelude::*;
/// let x = array![[5.0, f64::NAN, 1.0], [f64::NAN, 7.0, f64::NAN]];
/// assert_eq!(xp::extra::nanmedian(&x, 1)?.to_vec(), [3.0, 7.0]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn nanmedian<B: Backend, T: Float, D: Dim, A: Axes>(x: &Array<B, T, D>, axes: A) -> Result<Array<B, T, A::Out<D>>> {
    let (lanes, shape) = gathered(x, &axes)?;
    check(&lanes, &[], -1, "nanmedian")?;
    let sorted = lanes.sort(-1, Ascending)?;
    // The numbers come first: the middle of `count` of them.
    let count = sorted.lazy().isnan().logical_not().count_nonzero(KeepDims(-1)).try_eval()?;
    let at = |shift: i64| -> Result<Array<B, T, Dyn>> {
        let index = (count.lazy() - shift).floor_divide(2).maximum(0).try_eval()?;
        sorted.take_along_axis(&index, -1)
    };
    let (low, high) = (at(1)?, at(0)?);
    let half = Array::from_vec(x.device(), vec![T::Wide::from_f64(0.5)], vec![])?;
    interpolate(&low, &high, &half)?.reshape(shape)?.into_rank()
}

/// `low + weight * (high - low)`, from the nearer end, and exactly `low` or `high` where they are equal or the weight is 0
/// or 1, and an infinity next to one. In the wide dtype, in which the difference of two halves is finite.
fn interpolate<B: Backend, T: Float, D: Dim>(low: &Array<B, T, D>, high: &Array<B, T, D>, weight: &Array<B, T::Wide, D>) -> Result<Array<B, T, D>> {
    let span = (widened(high) - widened(low)).try_eval()?;
    let from_low = widened(low) + span.lazy() * weight;
    let rest = || Lazy::new(Scalar::<B, T::Wide, D>::new(T::Wide::ONE)) - weight;
    let from_high = widened(high) - span.lazy() * rest();
    let near = weight.lazy().less(T::Wide::from_f64(0.5)).where_(from_low, from_high).try_eval()?;
    // Beside an infinity, or where the difference overflows, each for itself.
    let apart = widened(low) * rest() + widened(high) * weight;
    let near = span.lazy().isfinite().where_(&near, apart).try_eval()?;
    let exact = high.lazy().equal(low).logical_or(weight.lazy().equal(T::Wide::ZERO));
    exact.where_(low, &converted::<B, T::Wide, T, D>(&near)?).try_eval()
}

/// The axis, after checking that there are elements along it and that the probabilities are probabilities.
fn check<B: Backend, T: Float, D: Dim>(x: &Array<B, T, D>, q: &[f64], axis: isize, what: &'static str) -> Result<usize> {
    let k = normalize_axis(axis, x.ndim())?;
    if x.dims()[k] == 0 {
        return Err(Error::shape(what, x.dims(), format!("at least one element along axis {k}")));
    }
    match q.iter().find(|q| !(0.0..=1.0).contains(*q)) {
        Some(q) => Err(Error::value(what, format!("q = {q} given: it must be in 0..=1"))),
        None => Ok(k),
    }
}

/// The two positions of `n` sorted elements between which the quantile lies, and the weight of the second.
fn place(n: usize, q: f64, method: QuantileMethod) -> (usize, usize, f64) {
    use QuantileMethod::*;
    let len = n as f64;
    // The position, from 0, of definitions with the parameters alpha and beta.
    let virtual_index = |alpha: f64, beta: f64| len * q + (alpha + q * (1.0 - alpha - beta)) - 1.0;
    let clamp = |i: f64| i.clamp(0.0, len - 1.0);
    let single = |i: f64| (clamp(i) as usize, clamp(i) as usize, 0.0);
    let linear = |at: f64| {
        let low = at.floor();
        let weight = if at < 0.0 || at >= len - 1.0 { 0.0 } else { at - low };
        (clamp(low) as usize, clamp(low + 1.0) as usize, if clamp(at) == at { weight } else { 0.0 })
    };
    let seven = (len - 1.0) * q;
    match method {
        InvertedCdf => single((len * q).ceil() - 1.0),
        AveragedInvertedCdf => {
            let at = len * q - 1.0;
            if at.fract() == 0.0 && at >= 0.0 { (at as usize, clamp(at + 1.0) as usize, 0.5) } else { single(at.floor() + 1.0) }
        }
        ClosestObservation => {
            let at = len * q - 1.5;
            let low = at.floor();
            single(if at == low && low.rem_euclid(2.0) == 1.0 { low } else { low + 1.0 })
        }
        InterpolatedInvertedCdf => linear(virtual_index(0.0, 1.0)),
        Hazen => linear(virtual_index(0.5, 0.5)),
        Weibull => linear(virtual_index(0.0, 0.0)),
        Linear => linear(seven),
        MedianUnbiased => linear(virtual_index(1.0 / 3.0, 1.0 / 3.0)),
        NormalUnbiased => linear(virtual_index(3.0 / 8.0, 3.0 / 8.0)),
        Lower => single(seven.floor()),
        Higher => single(seven.ceil()),
        Midpoint => (clamp(seven.floor()) as usize, clamp(seven.ceil()) as usize, 0.5),
        Nearest => {
            let low = seven.floor();
            let up = seven - low > 0.5 || (seven - low == 0.5 && low % 2.0 == 1.0);
            single(if up { low + 1.0 } else { low })
        }
    }
}

/// The array with some axes moved to the end and merged, and the shape of a result that reduces them.
fn gathered<B: Backend, T: Num, D: Dim, A: Axes>(x: &Array<B, T, D>, axes: &A) -> Result<(Array<B, T, Dyn>, Vec<usize>)> {
    let over = axes.axes(x.ndim())?;
    let kept: Vec<usize> = (0..x.ndim()).filter(|k| !over.contains(k)).collect();
    let order: Vec<usize> = kept.iter().chain(&over).copied().collect();
    let mut shape: Vec<usize> = kept.iter().map(|&k| x.dims()[k]).collect();
    let result = if A::KEEP { (0..x.ndim()).map(|k| if over.contains(&k) { 1 } else { x.dims()[k] }).collect() } else { shape.clone() };
    shape.push(over.iter().map(|&k| x.dims()[k]).product());
    Ok((x.clone().into_dyn().permute_dims(&order)?.reshape(shape)?, result))
}
