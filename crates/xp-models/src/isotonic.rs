//! Regression by a monotone function.

use core::marker::PhantomData;

use xp_core::functions::{Ascending, Side, searchsorted};
use xp_core::{Array, Backend, Dim, Float, Ix1};

use crate::metrics::{R2Score, r2_score};
use crate::model::{Check, fits, model, named, text_fields};
use crate::tall_svd::{device, host};
use crate::traits::{Estimator, Fit, FitWeighted, Predict, Score, ScoreWeighted, Transform};
use crate::{Error, Result, check};

/// The increasing, or decreasing, sequence that is nearest to `y` by the weighted sum of squares: pool adjacent violators (M. Best and
/// N. Chakravarti, 1990).
///
/// # Errors
/// [`Error::NonFinite`], and as for weights that are negative, all zero or not one for each element.
///
/// The pools are made one after the other, on the host.
///
/// ```
/// use xp::models::isotonic::isotonic_regression;
/// use xp::prelude::*;
///
/// let y = array![1.0, 3.0, 2.0, 5.0, 3.5, 3.5];
/// assert_eq!(isotonic_regression(&y, None, true)?.to_vec(), [1.0, 2.5, 2.5, 4.0, 4.0, 4.0]);
/// assert_eq!(isotonic_regression(&y, &array![1.0, 1.0, 0.0, 3.0, 1.0, 1.0], false)?.to_vec(), [3.8, 3.8, 3.8, 3.8, 3.5, 3.5]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn isotonic_regression<'a, B: Backend, T: Float>(
    y: &'a Array<B, T, Ix1>,
    sample_weight: impl Into<Option<&'a Array<B, T, Ix1>>>,
    increasing: bool,
) -> Result<Array<B, T, Ix1>> {
    check::finite("y", y)?;
    let weights = match sample_weight.into() {
        Some(weights) => {
            check::weights(weights, y.dims())?;
            host(weights)?
        }
        None => vec![1.0; y.size()],
    };
    device(y.device(), &pooled(&host(y)?, &weights, increasing))
}

/// [`isotonic_regression`] of numbers on the host.
fn pooled(y: &[f64], weights: &[f64], increasing: bool) -> Vec<f64> {
    let sign = if increasing { 1.0 } else { -1.0 };
    // Pools: their mean, weight and length. A weight of zero takes part, but moves nothing.
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    for (&y, &weight) in y.iter().zip(weights) {
        pools.push((sign * y, weight, 1));
        while let [.., left, right] = pools[..] {
            if left.0 < right.0 {
                break;
            }
            let weight = left.1 + right.1;
            let mean = if weight > 0.0 { (left.0 * left.1 + right.0 * right.1) / weight } else { 0.5 * (left.0 + right.0) };
            pools.truncate(pools.len() - 2);
            pools.push((mean, weight, left.2 + right.2));
        }
    }
    pools.into_iter().flat_map(|(mean, _, length)| core::iter::repeat_n(sign * mean, length)).collect()
}

/// What [`IsotonicRegression`] predicts outside the range it was fitted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutOfBounds {
    /// NaN.
    Nan,
    /// What it predicts at the nearer end of the range.
    Clip,
    /// Nothing: it is an error.
    Raise,
}

named!(OutOfBounds, "out_of_bounds": Nan = "nan", Clip = "clip", Raise = "raise");
text_fields!(OutOfBounds);

model! {
    /// The monotone function of one feature that is nearest to the targets by the sum of squares, linear between the samples.
    ///
    /// It is scikit-learn's estimator of the same name. Samples have shape `(n_samples,)` or `(n_samples, 1)`. They are sorted where they
    /// live; the function is found on the host, and applied where the samples are.
    ///
    /// ```
    /// use xp::models::isotonic::{IsotonicRegression, OutOfBounds};
    /// use xp::prelude::*;
    ///
    /// let (x, y) = (array![4.0, 1.0, 2.0, 3.0], array![9.0, 1.0, 4.0, 2.0]);
    /// let model = IsotonicRegression::params().out_of_bounds(OutOfBounds::Clip).fit(&x, &y)?;
    /// assert_eq!(model.predict(&array![0.0, 1.5, 2.5, 3.5])?.to_vec(), [1.0, 2.0, 3.0, 6.0]);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct IsotonicRegression<B: Backend, T: Float> {
        /// Where the function bends, in ascending order.
        pub x_thresholds: Array<B, T, Ix1>,
        /// What it is there.
        pub y_thresholds: Array<B, T, Ix1>,
        /// Whether it increases.
        pub increasing: bool,
        out_of_bounds: OutOfBounds,
    }
}

impl<B: Backend, T: Float> Check for IsotonicRegression<B, T> {
    fn check(&self) -> Result<()> {
        if self.x_thresholds.is_empty() {
            return Err(Error::shape("x_thresholds", self.x_thresholds.dims(), "at least 1 element"));
        }
        fits("y_thresholds", self.y_thresholds.dims(), self.x_thresholds.dims())
    }
}

/// Parameters of [`IsotonicRegression`].
#[derive(Clone, Debug)]
pub struct IsotonicRegressionParams<B, T> {
    y_min: f64,
    y_max: f64,
    increasing: Option<bool>,
    out_of_bounds: OutOfBounds,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Backend, T: Float> IsotonicRegression<B, T> {
    /// The default parameters: an increasing function, NaN outside the range.
    #[must_use]
    pub fn params() -> IsotonicRegressionParams<B, T> {
        IsotonicRegressionParams {
            y_min: f64::NEG_INFINITY,
            y_max: f64::INFINITY,
            increasing: Some(true),
            out_of_bounds: OutOfBounds::Nan,
            kind: PhantomData,
        }
    }
}

impl<B: Backend, T: Float> IsotonicRegressionParams<B, T> {
    /// The smallest value of the function.
    #[must_use]
    pub fn y_min(mut self, y: f64) -> Self {
        self.y_min = y;
        self
    }

    /// The largest value of the function.
    #[must_use]
    pub fn y_max(mut self, y: f64) -> Self {
        self.y_max = y;
        self
    }

    /// Whether the function increases; `None` goes by the sign of Spearman's rank correlation.
    #[must_use]
    pub fn increasing(mut self, increasing: impl Into<Option<bool>>) -> Self {
        self.increasing = increasing.into();
        self
    }

    /// What is predicted outside the range of the samples.
    #[must_use]
    pub fn out_of_bounds(mut self, out_of_bounds: OutOfBounds) -> Self {
        self.out_of_bounds = out_of_bounds;
        self
    }

    /// Fits the model to samples and targets.
    ///
    /// # Errors
    /// [`Error::Shape`] for samples of another shape, or none, [`Error::Samples`], [`Error::NonFinite`].
    pub fn fit<D: Dim>(&self, x: &Array<B, T, D>, y: &Array<B, T, Ix1>) -> Result<IsotonicRegression<B, T>> {
        self.fit_any(x, y, None)
    }

    /// [`fit`](Self::fit) with a weight for every sample. Samples of weight zero count for nothing, not even the range.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit), and for weights that are negative, all zero, or not one per sample.
    pub fn fit_weighted<D: Dim>(
        &self,
        x: &Array<B, T, D>,
        y: &Array<B, T, Ix1>,
        sample_weight: &Array<B, T, Ix1>,
    ) -> Result<IsotonicRegression<B, T>> {
        check::weights(sample_weight, x.dims())?;
        self.fit_any(x, y, Some(sample_weight))
    }

    fn fit_any<D: Dim>(&self, x: &Array<B, T, D>, y: &Array<B, T, Ix1>, weights: Option<&Array<B, T, Ix1>>) -> Result<IsotonicRegression<B, T>> {
        let x = column(x)?;
        check::samples("y", y.dims(), "x", x.dims())?;
        if x.is_empty() {
            return Err(Error::shape("x", x.dims(), "at least one sample"));
        }
        check::finite("x", &x)?;
        check::finite("y", y)?;
        let order = x.argsort(0, Ascending)?;
        let sorted = |a: &Array<B, T, Ix1>| host(&a.take(&order, 0)?);
        let (xs, ys) = (sorted(&x)?, sorted(y)?);
        let ws = weights.map_or_else(|| Ok(vec![1.0; xs.len()]), sorted)?;
        let increasing = self.increasing.unwrap_or_else(|| rank_correlation(&xs, &ys) >= 0.0);
        // Samples that are the same to the decimal digits of the dtype are one.
        let resolution = 10f64.powi(-((-T::EPSILON.to_f64().log10()) as i32));
        let mut unique: Vec<(f64, f64, f64)> = Vec::new();
        for ((x, y), w) in xs.into_iter().zip(ys).zip(ws).filter(|(_, w)| *w > 0.0) {
            match unique.last_mut() {
                Some(last) if x - last.0 < resolution => (last.1, last.2) = (last.1 + y * w, last.2 + w),
                _ => unique.push((x, y * w, w)),
            }
        }
        let means: Vec<f64> = unique.iter().map(|(_, sum, w)| sum / w).collect();
        let weights: Vec<f64> = unique.iter().map(|(.., w)| *w).collect();
        let values: Vec<f64> = pooled(&means, &weights, increasing).into_iter().map(|y| y.max(self.y_min).min(self.y_max)).collect();
        // Within a pool the function is flat: only its ends matter.
        let last = values.len() - 1;
        let bends = |i: &usize| *i == 0 || *i == last || values[*i] != values[i - 1] || values[*i] != values[i + 1];
        let kept: Vec<usize> = (0..=last).filter(bends).collect();
        let on_device = |f: &dyn Fn(usize) -> f64| device::<B, T>(y.device(), &kept.iter().map(|&i| f(i)).collect::<Vec<_>>());
        let (x_thresholds, y_thresholds) = (on_device(&|i| unique[i].0)?, on_device(&|i| values[i])?);
        Ok(IsotonicRegression { x_thresholds, y_thresholds, increasing, out_of_bounds: self.out_of_bounds })
    }
}

/// The samples as a vector.
fn column<B: Backend, T: Float, D: Dim>(x: &Array<B, T, D>) -> Result<Array<B, T, Ix1>> {
    match *x.dims() {
        [_] | [_, 1] => Ok(x.reshape([x.size()])?),
        _ => Err(Error::shape("x", x.dims(), "one feature: (n_samples,) or (n_samples, 1)")),
    }
}

/// Spearman's rank correlation, of `x` in ascending order, but for a positive factor.
fn rank_correlation(x: &[f64], y: &[f64]) -> f64 {
    let (x, y) = (ranks(x), ranks(y));
    let middle = (x.len() as f64 - 1.0) / 2.0;
    x.iter().zip(&y).map(|(x, y)| (x - middle) * (y - middle)).sum()
}

/// The place of each number among all in ascending order, from 0; equal ones share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let (mut ranks, mut start) = (vec![0.0; values.len()], 0);
    for equal in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = start as f64 + (equal.len() as f64 - 1.0) / 2.0;
        equal.iter().for_each(|&i| ranks[i] = rank);
        start += equal.len();
    }
    ranks
}

impl<B: Backend, T: Float> IsotonicRegression<B, T> {
    /// The value of the function for each sample, of shape `(n_samples,)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for samples of more than one feature, [`Error::NonFinite`], [`Error::Value`] for a sample outside the range,
    /// with [`OutOfBounds::Raise`].
    pub fn predict<D: Dim>(&self, x: &Array<B, T, D>) -> Result<Array<B, T, Ix1>> {
        let x = column(x)?;
        check::finite("x", &x)?;
        let (last, knots) = (self.x_thresholds.size() - 1, &self.x_thresholds);
        if last == 0 {
            return Ok(x.full_like(self.y_thresholds.get([0])?)?);
        }
        let (low, high) = (knots.get([0])?, knots.get([last])?);
        let outside = x.lazy().less(low).logical_or(x.lazy().greater(high)).try_eval()?;
        if self.out_of_bounds == OutOfBounds::Raise && outside.any(..).item()? {
            let row = outside.astype::<i8>().argmax(..).item()? as usize;
            let given = format!("{} in row {row}", x.get([row])?.to_f64());
            return Err(Error::value("x", given, format!("numbers between {} and {}", low.to_f64(), high.to_f64())));
        }
        let inside = x.lazy().maximum(low).minimum(high).try_eval()?;
        let to = searchsorted(knots, &inside, Side::Left)?.into_lazy().maximum(1).minimum(last as i64).try_eval()?;
        let from = (to.lazy() - 1).try_eval()?;
        let at = |of: &Array<B, T, Ix1>, places| -> Result<_> { Ok(of.take(places, 0)?.astype::<B::MaxFloat>()) };
        let (x0, x1, y0, y1) = (at(knots, &from)?, at(knots, &to)?, at(&self.y_thresholds, &from)?, at(&self.y_thresholds, &to)?);
        let way = (inside.lazy().astype::<B::MaxFloat>() - &x0) / (x1.lazy() - &x0);
        let values = (y0.lazy() + (y1.lazy() - &y0) * way).astype::<T>().try_eval()?;
        match self.out_of_bounds {
            OutOfBounds::Nan => Ok(outside.lazy().where_(T::NAN, &values).try_eval()?),
            _ => Ok(values),
        }
    }

    /// The values of the function: [`predict`](Self::predict).
    ///
    /// # Errors
    /// As for [`predict`](Self::predict).
    pub fn transform<D: Dim>(&self, x: &Array<B, T, D>) -> Result<Array<B, T, Ix1>> {
        self.predict(x)
    }

    /// The coefficient of determination of the prediction.
    ///
    /// # Errors
    /// As for [`predict`](Self::predict), and [`Error::Shape`].
    pub fn score<D: Dim>(&self, x: &Array<B, T, D>, y: &Array<B, T, Ix1>) -> Result<f64> {
        r2_score(y, &self.predict(x)?)
    }

    /// [`score`](Self::score) with a weight for every sample.
    ///
    /// # Errors
    /// As for [`score`](Self::score), and for weights that are negative, all zero, or not one per sample.
    pub fn score_weighted<D: Dim>(&self, x: &Array<B, T, D>, y: &Array<B, T, Ix1>, sample_weight: &Array<B, T, Ix1>) -> Result<f64> {
        R2Score::new().score_weighted(y, &self.predict(x)?, sample_weight)
    }
}

impl<B: Backend, T: Float> Estimator for IsotonicRegressionParams<B, T> {}

impl<B: Backend, T: Float, D: Dim> Fit<Array<B, T, D>, Array<B, T, Ix1>> for IsotonicRegressionParams<B, T> {
    type Model = IsotonicRegression<B, T>;

    fn fit(&self, x: &Array<B, T, D>, y: &Array<B, T, Ix1>) -> Result<IsotonicRegression<B, T>> {
        IsotonicRegressionParams::fit(self, x, y)
    }
}

impl<B: Backend, T: Float, D: Dim> FitWeighted<Array<B, T, D>, Array<B, T, Ix1>> for IsotonicRegressionParams<B, T> {
    fn fit_weighted(&self, x: &Array<B, T, D>, y: &Array<B, T, Ix1>, w: &Array<B, T, Ix1>) -> Result<IsotonicRegression<B, T>> {
        IsotonicRegressionParams::fit_weighted(self, x, y, w)
    }
}

impl<B: Backend, T: Float, D: Dim> Predict<Array<B, T, D>> for IsotonicRegression<B, T> {
    type Output = Array<B, T, Ix1>;

    fn predict(&self, x: &Array<B, T, D>) -> Result<Array<B, T, Ix1>> {
        IsotonicRegression::predict(self, x)
    }
}

impl<B: Backend, T: Float, D: Dim> Transform<Array<B, T, D>> for IsotonicRegression<B, T> {
    type Output = Array<B, T, Ix1>;

    fn transform(&self, x: &Array<B, T, D>) -> Result<Array<B, T, Ix1>> {
        IsotonicRegression::predict(self, x)
    }
}

impl<B: Backend, T: Float, D: Dim> Score<Array<B, T, D>, Array<B, T, Ix1>> for IsotonicRegression<B, T> {
    fn score(&self, x: &Array<B, T, D>, y: &Array<B, T, Ix1>) -> Result<f64> {
        IsotonicRegression::score(self, x, y)
    }
}

impl<B: Backend, T: Float, D: Dim> ScoreWeighted<Array<B, T, D>, Array<B, T, Ix1>> for IsotonicRegression<B, T> {
    fn score_weighted(&self, x: &Array<B, T, D>, y: &Array<B, T, Ix1>, w: &Array<B, T, Ix1>) -> Result<f64> {
        IsotonicRegression::score_weighted(self, x, y, w)
    }
}
