//! Scores of rankings.

use xp_core::functions::{Descending, arange};
use xp_core::{Array, Backend, Dim, Float, Ix1, Ix2};

use super::probabilities::known_codes;
use super::targets::column;
use super::{Weights, same_shape, sample_mean, total, weights, wide};
use crate::labels::{Label, distinct};
use crate::{Error, Result, check};

/// [`top_k_accuracy_score`] with all its options.
#[derive(Clone, Debug)]
pub struct TopKAccuracy {
    k: usize,
    normalize: bool,
    labels: Option<Vec<i128>>,
}

impl Default for TopKAccuracy {
    fn default() -> Self {
        TopKAccuracy { k: 2, normalize: true, labels: None }
    }
}

impl TopKAccuracy {
    /// The defaults: among the two classes of the largest scores, as a fraction of the samples.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Among how many classes the true one has to be.
    #[must_use]
    pub fn k(mut self, k: usize) -> Self {
        self.k = k;
        self
    }

    /// Whether the score is a fraction of the samples, otherwise their number or weight.
    #[must_use]
    pub fn normalize(mut self, yes: bool) -> Self {
        self.normalize = yes;
        self
    }

    labels_setter!("All classes, in ascending order, if some do not occur.");

    /// The score of labels, and of scores of shape `(n_samples, n_classes)`, or `(n_samples,)` for the larger of two labels.
    ///
    /// # Errors
    /// [`Error::Samples`] when the numbers of samples differ, [`Error::Shape`] when there is not one column for each class,
    /// [`Error::NonFinite`], [`Error::Value`] for labels that are unknown, and for `k` of 0.
    pub fn score<B: Backend, L: Label, T: Float, D: Dim>(&self, y_true: &Array<B, L, Ix1>, y_score: &Array<B, T, D>) -> Result<f64> {
        self.apply(y_true, y_score, None)
    }

    /// The score with a weight for every sample.
    ///
    /// # Errors
    /// As for [`score`](Self::score), and for weights that are not one per sample, not finite, or whose sum is zero.
    pub fn score_weighted<B: Backend, L: Label, T: Float, D: Dim>(
        &self,
        y_true: &Array<B, L, Ix1>,
        y_score: &Array<B, T, D>,
        sample_weight: &Array<B, T, Ix1>,
    ) -> Result<f64> {
        self.apply(y_true, y_score, weights(sample_weight, y_true.dims())?)
    }

    fn apply<B: Backend, L: Label, T: Float, D: Dim>(
        &self,
        y_true: &Array<B, L, Ix1>,
        y_score: &Array<B, T, D>,
        weights: Option<Weights<B>>,
    ) -> Result<f64> {
        check::samples("y_score", y_score.dims(), "y_true", y_true.dims())?;
        same_shape(y_true.dims(), y_true.dims())?;
        check::finite("y_score", y_score)?;
        if self.k == 0 {
            return Err(Error::value("k", 0, "1 or more"));
        }
        let classes = match &self.labels {
            Some(labels) => labels.clone(),
            None => distinct(y_true)?,
        };
        let codes = known_codes(y_true, &classes)?;
        let hits = if matches!(y_score.dims(), [_] | [_, 1]) && classes.len() <= 2 {
            let score = column(y_score)?;
            let (low, high) = (score.min(..).item()?.to_f64(), score.max(..).item()?.to_f64());
            let threshold = if low >= 0.0 && high <= 1.0 { 0.5 } else { 0.0 };
            if self.k > 1 { codes.full_like(true)? } else { score.lazy().greater(T::from_f64(threshold)).astype::<i64>().equal(&codes).try_eval()? }
        } else {
            let score = y_score.clone().into_rank::<Ix2>()?;
            if score.dims()[1] != classes.len() {
                return Err(Error::shape("y_score", score.dims(), format!("one column for each of the {} classes {classes:?}", classes.len())));
            }
            // The position of the true class: classes of larger scores, and later ones of the same score, come first.
            let column = codes.expand_dims(1)?;
            let own = score.take_along_axis(&column, 1)?;
            let numbers = arange(codes.device(), 0, classes.len() as i64, 1)?;
            let numbers = numbers.expand_dims(0)?;
            let later = score.lazy().equal(&own).logical_and(numbers.lazy().greater(&column));
            let before = score.lazy().greater(&own).logical_or(later).count_nonzero(1).try_eval()?;
            before.lazy().less(self.k as i64).try_eval()?
        };
        let fraction = sample_mean(&hits.astype(), weights.as_ref())?;
        Ok(if self.normalize { fraction } else { fraction * total(weights.as_ref(), y_true.size())? })
    }
}

/// The fraction of samples whose class is among the `k` of the largest scores. [`TopKAccuracy`] has options.
///
/// # Errors
/// As for [`TopKAccuracy::score`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::top_k_accuracy_score;
/// let score = array![[0.5, 0.2, 0.2], [0.3, 0.4, 0.2], [0.2, 0.4, 0.3], [0.7, 0.2, 0.1]];
/// assert_eq!(top_k_accuracy_score(&array![0, 1, 2, 2], &score, 2)?, 0.75);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn top_k_accuracy_score<B: Backend, L: Label, T: Float, D: Dim>(y_true: &Array<B, L, Ix1>, y_score: &Array<B, T, D>, k: usize) -> Result<f64> {
    TopKAccuracy::new().k(k).score(y_true, y_score)
}

/// [`dcg_score`] and [`ndcg_score`] with all their options.
#[derive(Clone, Debug)]
pub struct CumulativeGain {
    k: Option<usize>,
    log_base: f64,
    ignore_ties: bool,
}

impl Default for CumulativeGain {
    fn default() -> Self {
        CumulativeGain { k: None, log_base: 2.0, ignore_ties: false }
    }
}

impl CumulativeGain {
    /// The defaults: all ranks, discounts with the binary logarithm, the mean over the orders of equal scores.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many of the highest ranks count.
    #[must_use]
    pub fn k(mut self, k: usize) -> Self {
        self.k = Some(k);
        self
    }

    /// The base of the logarithm of discounts, of [`dcg`](Self::dcg).
    #[must_use]
    pub fn log_base(mut self, base: f64) -> Self {
        self.log_base = base;
        self
    }

    /// Whether there are no equal scores, which is faster.
    #[must_use]
    pub fn ignore_ties(mut self, yes: bool) -> Self {
        self.ignore_ties = yes;
        self
    }

    /// The mean over the samples of the discounted cumulative gain.
    ///
    /// # Errors
    /// [`Error::Samples`] when the shapes differ, [`Error::Shape`] for no samples, [`Error::NonFinite`], [`Error::Value`] for options
    /// out of range.
    pub fn dcg<B: Backend, T: Float>(&self, y_true: &Array<B, T, Ix2>, y_score: &Array<B, T, Ix2>) -> Result<f64> {
        sample_mean(&self.gains(y_true, y_score, self.log_base, self.ignore_ties)?, None)
    }

    /// [`dcg`](Self::dcg) with a weight for every sample.
    ///
    /// # Errors
    /// As for [`dcg`](Self::dcg), and for weights that are not one per sample, not finite, or whose sum is zero.
    pub fn dcg_weighted<B: Backend, T: Float>(
        &self,
        y_true: &Array<B, T, Ix2>,
        y_score: &Array<B, T, Ix2>,
        sample_weight: &Array<B, T, Ix1>,
    ) -> Result<f64> {
        sample_mean(&self.gains(y_true, y_score, self.log_base, self.ignore_ties)?, weights(sample_weight, y_true.dims())?.as_ref())
    }

    /// The mean over the samples of the gain as a fraction of the best one; 0 for a sample without gain.
    ///
    /// # Errors
    /// As for [`dcg`](Self::dcg), and [`Error::Value`] for negative relevances, [`Error::Shape`] for one column.
    pub fn ndcg<B: Backend, T: Float>(&self, y_true: &Array<B, T, Ix2>, y_score: &Array<B, T, Ix2>) -> Result<f64> {
        sample_mean(&self.normalized(y_true, y_score)?, None)
    }

    /// [`ndcg`](Self::ndcg) with a weight for every sample.
    ///
    /// # Errors
    /// As for [`ndcg`](Self::ndcg), and for weights that are not one per sample, not finite, or whose sum is zero.
    pub fn ndcg_weighted<B: Backend, T: Float>(
        &self,
        y_true: &Array<B, T, Ix2>,
        y_score: &Array<B, T, Ix2>,
        sample_weight: &Array<B, T, Ix1>,
    ) -> Result<f64> {
        sample_mean(&self.normalized(y_true, y_score)?, weights(sample_weight, y_true.dims())?.as_ref())
    }

    fn normalized<B: Backend, T: Float>(&self, y_true: &Array<B, T, Ix2>, y_score: &Array<B, T, Ix2>) -> Result<Weights<B>> {
        same_shape(y_true.dims(), y_score.dims())?;
        if y_true.dims()[1] < 2 {
            return Err(Error::shape("y_true", y_true.dims(), "2 columns or more: one alone has but one rank"));
        }
        let least = y_true.min(..).item()?.to_f64();
        if least < 0.0 {
            return Err(Error::value("y_true", least, "relevances that are not negative"));
        }
        let gains = self.gains(y_true, y_score, 2.0, self.ignore_ties)?;
        let best = self.gains(y_true, y_true, 2.0, true)?;
        let zero = wide::<B>(0.0);
        Ok(best.lazy().equal(zero).where_(zero, gains.lazy() / &best).try_eval()?)
    }

    /// The gain of each sample.
    fn gains<B: Backend, T: Float>(&self, y_true: &Array<B, T, Ix2>, y_score: &Array<B, T, Ix2>, base: f64, ignore_ties: bool) -> Result<Weights<B>> {
        same_shape(y_true.dims(), y_score.dims())?;
        check::finite("y_true", y_true)?;
        check::finite("y_score", y_score)?;
        if base.is_nan() || base <= 0.0 {
            return Err(Error::value("log_base", base, "a positive number"));
        }
        if self.k == Some(0) {
            return Err(Error::value("k", 0, "1 or more"));
        }
        let [_, p] = y_true.shape();
        let discount = |rank: usize| if self.k.is_some_and(|k| rank >= k) { 0.0 } else { base.ln() / (rank as f64 + 2.0).ln() };
        let discounts: Vec<B::MaxFloat> = (0..p).map(|rank| wide::<B>(discount(rank))).collect();
        let discounts = Array::from_vec(y_true.device(), discounts, [1, p])?;
        let order = y_score.argsort(1, Descending)?;
        let ranked = y_true.take_along_axis(&order, 1)?.astype::<B::MaxFloat>();
        if ignore_ties {
            return Ok((ranked.lazy() * &discounts).sum(1).try_eval()?);
        }
        // Equal scores share the mean of their discounts: that of the ranks from the first to the last of them.
        let score = y_score.take_along_axis(&order, 1)?;
        let changes = if p > 1 {
            let (before, after) = (score.slice_axis(1, ..-1)?, score.slice_axis(1, 1..)?);
            let first = before.slice_axis(1, ..1)?.full_like(true)?;
            xp_core::functions::concat(&[&first, &before.lazy().not_equal(&after).try_eval()?], 1)?
        } else {
            score.full_like(true)?
        };
        let groups = (changes.astype::<i64>().cumulative_sum(1)?.into_lazy() - 1_i64).try_eval()?;
        let [n, _] = y_true.shape();
        // A place for each group of each sample.
        let offsets = (arange(y_true.device(), 0, n as i64, 1)?.expand_dims(1)?.into_lazy() * p as i64).try_eval()?;
        let places = (groups.lazy() + &offsets).try_eval()?.reshape([n * p])?;
        let sums = |values: &Array<B, B::MaxFloat, Ix2>| -> Result<Array<B, B::MaxFloat, Ix2>> {
            let values = values.broadcast_to([n, p])?.reshape([n * p])?;
            Ok(xp_core::extra::bincount_weighted(&places, &values, n * p)?.reshape([n, p])?)
        };
        let ones = discounts.full_like(wide::<B>(1.0))?;
        let (gain, discount, count) = (sums(&ranked)?, sums(&discounts)?, sums(&ones)?);
        Ok((gain.lazy() * &discount / count.lazy().maximum(wide::<B>(1.0))).sum(1).try_eval()?)
    }
}

/// The discounted cumulative gain of rankings: `sum(y_true[rank] / log2(rank + 2))`, of ranks from 0 in the order of descending
/// scores, as a mean over the samples, which are rows (Järvelin and Kekäläinen, 2002). [`CumulativeGain`] has options.
///
/// # Errors
/// As for [`CumulativeGain::dcg`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::dcg_score;
/// let found = dcg_score(&array![[10.0_f64, 0.0, 0.0, 1.0, 5.0]], &array![[0.1, 0.2, 0.3, 4.0, 70.0]])?;
/// assert!((found - 9.499457825916874).abs() < 1e-12);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn dcg_score<B: Backend, T: Float>(y_true: &Array<B, T, Ix2>, y_score: &Array<B, T, Ix2>) -> Result<f64> {
    CumulativeGain::new().dcg(y_true, y_score)
}

/// The discounted cumulative gain as a fraction of that of the best ranking. [`CumulativeGain`] has options.
///
/// # Errors
/// As for [`CumulativeGain::ndcg`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::ndcg_score;
/// let found = ndcg_score(&array![[10.0_f64, 0.0, 0.0, 1.0, 5.0]], &array![[0.1, 0.2, 0.3, 4.0, 70.0]])?;
/// assert!((found - 0.6956940443813076).abs() < 1e-12);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn ndcg_score<B: Backend, T: Float>(y_true: &Array<B, T, Ix2>, y_score: &Array<B, T, Ix2>) -> Result<f64> {
    CumulativeGain::new().ndcg(y_true, y_score)
}
