//! Curves of a binary classifier over the thresholds of its score, and the areas under them.

use xp_core::functions::{Descending, concat, diff, zeros};
use xp_core::{Array, Backend, Float, Ix1, Real};

use super::counts::positive;
use super::{Weights, same_shape, weights, wide};
use crate::labels::{Label, distinct};
use crate::{Error, Result, check};

/// How often a classifier is right and wrong on negative and positive samples, at each threshold of its score: what
/// [`roc_curve`] finds. The arrays are of one length, thresholds descend, and the first is infinite.
#[derive(Clone, Debug)]
pub struct RocCurve<B: Backend, T: Float> {
    /// The fraction of the negative samples whose score is not below the threshold; NaN if there are none.
    pub fpr: Array<B, B::MaxFloat, Ix1>,
    /// The fraction of the positive samples whose score is not below the threshold; NaN if there are none.
    pub tpr: Array<B, B::MaxFloat, Ix1>,
    /// The thresholds.
    pub thresholds: Array<B, T, Ix1>,
}

/// Precision and recall of a classifier at each threshold of its score: what [`precision_recall_curve`] finds. Thresholds
/// ascend.
#[derive(Clone, Debug)]
pub struct PrecisionRecallCurve<B: Backend, T: Float> {
    /// The precision of predicting what is not below each threshold, and a last 1.
    pub precision: Array<B, B::MaxFloat, Ix1>,
    /// The recall at each threshold, and a last 0; 1 if there are no positive samples.
    pub recall: Array<B, B::MaxFloat, Ix1>,
    /// The thresholds.
    pub thresholds: Array<B, T, Ix1>,
}

/// The two errors of a classifier at each threshold of its score: what [`det_curve`] finds. Thresholds ascend.
#[derive(Clone, Debug)]
pub struct DetCurve<B: Backend, T: Float> {
    /// The fraction of the negative samples whose score is not below the threshold.
    pub fpr: Array<B, B::MaxFloat, Ix1>,
    /// The fraction of the positive samples whose score is below the threshold.
    pub fnr: Array<B, B::MaxFloat, Ix1>,
    /// The thresholds.
    pub thresholds: Array<B, T, Ix1>,
}

/// [`roc_curve`], [`precision_recall_curve`] and [`det_curve`] with all their options.
///
/// ```
/// use xp::models::metrics::Curve;
/// use xp::prelude::*;
///
/// let (y, score) = (array![1, 1, 2, 2], array![0.1, 0.4, 0.35, 0.8]);
/// let roc = Curve::new().pos_label(2).roc(&y, &score)?;
/// assert_eq!(roc.tpr.to_vec(), [0.0, 0.5, 0.5, 1.0, 1.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Curve {
    pos_label: Option<i128>,
    drop_intermediate: Option<bool>,
}

impl Curve {
    /// The defaults: 1 is the positive one of labels 0 and 1 or -1 and 1, and points on straight lines are left out of
    /// [`roc`](Self::roc) only.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The positive label; all others are negative.
    #[must_use]
    pub fn pos_label<L: Label>(mut self, label: L) -> Self {
        self.pos_label = Some(label.number());
        self
    }

    /// Whether points between others on a straight line are left out.
    #[must_use]
    pub fn drop_intermediate(mut self, yes: bool) -> Self {
        self.drop_intermediate = Some(yes);
        self
    }

    /// The receiver operating characteristic.
    ///
    /// # Errors
    /// [`Error::Samples`] when the numbers of samples differ, [`Error::Shape`] for none, [`Error::NonFinite`], [`Error::Value`] for
    /// labels of which no one is known to be positive.
    pub fn roc<B: Backend, L: Label, T: Float>(&self, y_true: &Array<B, L, Ix1>, y_score: &Array<B, T, Ix1>) -> Result<RocCurve<B, T>> {
        Steps::of(&self.positive(y_true)?, y_score, None)?.roc(self.drop_intermediate.unwrap_or(true))
    }

    /// [`roc`](Self::roc) with a weight for every sample.
    ///
    /// # Errors
    /// As for [`roc`](Self::roc), and for weights that are not one per sample, not finite, or whose sum is zero.
    pub fn roc_weighted<B: Backend, L: Label, T: Float>(
        &self,
        y_true: &Array<B, L, Ix1>,
        y_score: &Array<B, T, Ix1>,
        sample_weight: &Array<B, T, Ix1>,
    ) -> Result<RocCurve<B, T>> {
        let w = weights(sample_weight, y_true.dims())?;
        Steps::of(&self.positive(y_true)?, y_score, w.as_ref())?.roc(self.drop_intermediate.unwrap_or(true))
    }

    /// Precision and recall.
    ///
    /// # Errors
    /// As for [`roc`](Self::roc).
    pub fn precision_recall<B: Backend, L: Label, T: Float>(
        &self,
        y_true: &Array<B, L, Ix1>,
        y_score: &Array<B, T, Ix1>,
    ) -> Result<PrecisionRecallCurve<B, T>> {
        Steps::of(&self.positive(y_true)?, y_score, None)?.precision_recall(self.drop_intermediate.unwrap_or(false))
    }

    /// [`precision_recall`](Self::precision_recall) with a weight for every sample.
    ///
    /// # Errors
    /// As for [`roc_weighted`](Self::roc_weighted).
    pub fn precision_recall_weighted<B: Backend, L: Label, T: Float>(
        &self,
        y_true: &Array<B, L, Ix1>,
        y_score: &Array<B, T, Ix1>,
        sample_weight: &Array<B, T, Ix1>,
    ) -> Result<PrecisionRecallCurve<B, T>> {
        let w = weights(sample_weight, y_true.dims())?;
        Steps::of(&self.positive(y_true)?, y_score, w.as_ref())?.precision_recall(self.drop_intermediate.unwrap_or(false))
    }

    /// The detection error tradeoff.
    ///
    /// # Errors
    /// As for [`roc`](Self::roc), and [`Error::OneClass`] unless there are positive and negative samples.
    pub fn det<B: Backend, L: Label, T: Float>(&self, y_true: &Array<B, L, Ix1>, y_score: &Array<B, T, Ix1>) -> Result<DetCurve<B, T>> {
        let positive = self.positive(y_true)?;
        two_classes(y_true, &positive)?;
        Steps::of(&positive, y_score, None)?.det(self.drop_intermediate.unwrap_or(false))
    }

    /// [`det`](Self::det) with a weight for every sample.
    ///
    /// # Errors
    /// As for [`det`](Self::det), and [`roc_weighted`](Self::roc_weighted).
    pub fn det_weighted<B: Backend, L: Label, T: Float>(
        &self,
        y_true: &Array<B, L, Ix1>,
        y_score: &Array<B, T, Ix1>,
        sample_weight: &Array<B, T, Ix1>,
    ) -> Result<DetCurve<B, T>> {
        let w = weights(sample_weight, y_true.dims())?;
        let positive = self.positive(y_true)?;
        two_classes(y_true, &positive)?;
        Steps::of(&positive, y_score, w.as_ref())?.det(self.drop_intermediate.unwrap_or(false))
    }

    /// Which samples are positive.
    fn positive<B: Backend, L: Label>(&self, y_true: &Array<B, L, Ix1>) -> Result<Array<B, bool, Ix1>> {
        is_positive(y_true, self.pos_label)
    }
}

/// The fractions of negative and of positive samples whose score is not below each threshold: the receiver operating
/// characteristic. [`Curve`] has options.
///
/// # Errors
/// As for [`Curve::roc`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::roc_curve;
/// let roc = roc_curve(&array![0, 0, 1, 1], &array![0.1, 0.4, 0.35, 0.8])?;
/// assert_eq!(roc.fpr.to_vec(), [0.0, 0.0, 0.5, 0.5, 1.0]);
/// assert_eq!(roc.tpr.to_vec(), [0.0, 0.5, 0.5, 1.0, 1.0]);
/// assert_eq!(roc.thresholds.to_vec(), [f64::INFINITY, 0.8, 0.4, 0.35, 0.1]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn roc_curve<B: Backend, L: Label, T: Float>(y_true: &Array<B, L, Ix1>, y_score: &Array<B, T, Ix1>) -> Result<RocCurve<B, T>> {
    Curve::new().roc(y_true, y_score)
}

/// Precision and recall of predicting what is not below each threshold. [`Curve`] has options.
///
/// # Errors
/// As for [`Curve::precision_recall`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::precision_recall_curve;
/// let curve = precision_recall_curve(&array![0, 0, 1, 1], &array![0.1, 0.4, 0.35, 0.8])?;
/// assert_eq!(curve.precision.to_vec(), [0.5, 2.0 / 3.0, 0.5, 1.0, 1.0]);
/// assert_eq!(curve.recall.to_vec(), [1.0, 1.0, 0.5, 0.5, 0.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn precision_recall_curve<B: Backend, L: Label, T: Float>(
    y_true: &Array<B, L, Ix1>,
    y_score: &Array<B, T, Ix1>,
) -> Result<PrecisionRecallCurve<B, T>> {
    Curve::new().precision_recall(y_true, y_score)
}

/// The fractions of negative samples that are taken for positive and the reverse, at each threshold: the detection error
/// tradeoff. [`Curve`] has options.
///
/// # Errors
/// As for [`Curve::det`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::det_curve;
/// let det = det_curve(&array![0, 0, 1, 1], &array![0.1, 0.4, 0.35, 0.8])?;
/// assert_eq!(det.fpr.to_vec(), [0.5, 0.5, 0.0]);
/// assert_eq!(det.fnr.to_vec(), [0.0, 0.5, 0.5]);
/// assert_eq!(det.thresholds.to_vec(), [0.35, 0.4, 0.8]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn det_curve<B: Backend, L: Label, T: Float>(y_true: &Array<B, L, Ix1>, y_score: &Array<B, T, Ix1>) -> Result<DetCurve<B, T>> {
    Curve::new().det(y_true, y_score)
}

/// The area under a curve by the trapezoidal rule, of points whose `x` do not change direction.
///
/// # Errors
/// [`Error::Shape`] for vectors of different lengths, or fewer than two points; [`Error::Value`] for an `x` that goes up and down.
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::auc;
/// assert_eq!(auc(&array![0.0, 0.5, 1.0], &array![0.0, 1.0, 1.0])?, 0.75);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn auc<B: Backend, T: Float>(x: &Array<B, T, Ix1>, y: &Array<B, T, Ix1>) -> Result<f64> {
    if x.size() < 2 || x.shape() != y.shape() {
        return Err(Error::shape("y", y.dims(), format!("as many elements as x, whose shape is {:?}, and at least 2", x.dims())));
    }
    let steps = diff(x, 0, 1, None, None)?;
    let (down, up) = (steps.lazy().less(T::ZERO).any(..).try_eval()?.item()?, steps.lazy().greater(T::ZERO).any(..).try_eval()?.item()?);
    if down && up {
        return Err(Error::value("x", "numbers that go up and down", "numbers in ascending or descending order"));
    }
    let (low, high) = (y.slice_axis(0, ..-1)?, y.slice_axis(0, 1..)?);
    let twice = (steps.lazy().astype::<B::MaxFloat>() * (low.lazy().astype::<B::MaxFloat>() + high.lazy().astype::<B::MaxFloat>())).sum(..);
    let area = twice.try_eval()?.item()?.to_f64() / 2.0;
    Ok(if down { -area } else { area })
}

/// Weighted counts of the positive and negative samples whose score is not below each of the distinct scores, which descend.
pub(super) struct Steps<B: Backend, T: Float> {
    positive: Weights<B>,
    negative: Weights<B>,
    thresholds: Array<B, T, Ix1>,
}

impl<B: Backend, T: Float> Steps<B, T> {
    pub fn of(positive: &Array<B, bool, Ix1>, score: &Array<B, T, Ix1>, weights: Option<&Weights<B>>) -> Result<Self> {
        same_shape(positive.dims(), score.dims())?;
        check::finite("y_score", score)?;
        // Samples without weight have no threshold.
        if let Some(w) = weights {
            let some = w.lazy().not_equal(wide::<B>(0.0)).try_eval()?;
            if !some.all(..).item()? {
                return Steps::of(&positive.select(&some)?, &score.select(&some)?, Some(&w.select(&some)?));
            }
        }
        let order = score.argsort(0, Descending)?;
        let (score, positive) = (score.take(&order, 0)?, positive.take(&order, 0)?);
        let (before, after) = (score.slice_axis(0, ..-1)?, score.slice_axis(0, 1..)?);
        let changes = before.lazy().not_equal(&after).try_eval()?.nonzero()?.remove(0);
        let last = Array::from_vec(score.device(), vec![score.size() as i64 - 1], [1])?;
        let ends = concat(&[&changes, &last], 0)?;
        let (yes, no) = match weights {
            None => {
                let yes = positive.lazy().astype::<i64>().try_eval()?.cumulative_sum(0)?.take(&ends, 0)?;
                let no = (ends.lazy() - &yes + 1_i64).astype::<B::MaxFloat>().try_eval()?;
                (yes.astype(), no)
            }
            Some(w) => {
                let w = w.take(&order, 0)?;
                let sums = |which: Array<B, B::MaxFloat, Ix1>| -> Result<Weights<B>> { Ok(which.cumulative_sum(0)?.take(&ends, 0)?) };
                let zero = wide::<B>(0.0);
                (sums(positive.lazy().where_(&w, zero).try_eval()?)?, sums(positive.lazy().where_(zero, &w).try_eval()?)?)
            }
        };
        Ok(Steps { positive: yes, negative: no, thresholds: score.take(&ends, 0)? })
    }

    /// The same with a first step of no samples, at an infinite threshold.
    fn after_nothing(&self) -> Result<Self> {
        let device = self.thresholds.device();
        let nothing = zeros(device, [1])?;
        let infinity = Array::from_vec(device, vec![T::INFINITY], [1])?;
        Ok(Steps {
            positive: concat(&[&nothing, &self.positive], 0)?,
            negative: concat(&[&nothing, &self.negative], 0)?,
            thresholds: concat(&[&infinity, &self.thresholds], 0)?,
        })
    }

    fn len(&self) -> usize {
        self.thresholds.size()
    }

    /// The first and last step, and those between for which `keep` of their inner ones holds.
    fn kept(&self, keep: &Array<B, bool, Ix1>) -> Result<Self> {
        let end = Array::from_vec(self.thresholds.device(), vec![true], [1])?;
        let mask = concat(&[&end, keep, &end], 0)?;
        Ok(Steps { positive: self.positive.select(&mask)?, negative: self.negative.select(&mask)?, thresholds: self.thresholds.select(&mask)? })
    }

    /// Without the steps around which the count of positive samples does not change.
    fn without_level(&self) -> Result<Self> {
        let rises = diff(&self.positive, 0, 1, None, None)?.lazy().not_equal(wide::<B>(0.0)).try_eval()?;
        let keep = rises.slice_axis(0, ..-1)?.lazy().logical_or(&rises.slice_axis(0, 1..)?).try_eval()?;
        self.kept(&keep)
    }

    fn roc(mut self, drop: bool) -> Result<RocCurve<B, T>> {
        if drop && self.len() > 2 {
            let zero = wide::<B>(0.0);
            let bends = |counts: &Weights<B>| diff(counts, 0, 2, None, None);
            let (yes, no) = (bends(&self.positive)?, bends(&self.negative)?);
            let keep = yes.lazy().not_equal(zero).logical_or(no.lazy().not_equal(zero)).try_eval()?;
            self = self.kept(&keep)?;
        }
        let all = self.after_nothing()?;
        Ok(RocCurve { fpr: all.fractions(&all.negative, f64::NAN)?, tpr: all.fractions(&all.positive, f64::NAN)?, thresholds: all.thresholds })
    }

    fn precision_recall(mut self, drop: bool) -> Result<PrecisionRecallCurve<B, T>> {
        if drop && self.len() > 2 {
            self = self.without_level()?;
        }
        let ends = |of: Weights<B>, last: f64| -> Result<Weights<B>> {
            let last = Array::from_vec(of.device(), vec![wide::<B>(last)], [1])?;
            Ok(concat(&[&of.flip(0)?, &last], 0)?)
        };
        let (precision, recall) = (self.precision()?, self.fractions(&self.positive, 1.0)?);
        Ok(PrecisionRecallCurve { precision: ends(precision, 1.0)?, recall: ends(recall, 0.0)?, thresholds: self.thresholds.flip(0)?.contiguous()? })
    }

    fn det(self, drop: bool) -> Result<DetCurve<B, T>> {
        let mut all = self.after_nothing()?;
        if drop && all.len() > 2 {
            all = all.without_level()?;
        }
        // From the last step without false positives to the first with all positive samples.
        let none = all.negative.lazy().equal(wide::<B>(0.0)).count_nonzero(..).try_eval()?.item()? as isize - 1;
        let most = last(&all.positive)?;
        let before = all.positive.lazy().less(most).count_nonzero(..).try_eval()?.item()? as isize;
        let missed = ((-all.positive.lazy() + most) / most).try_eval()?;
        let part = |of: &Weights<B>| -> Result<Weights<B>> { Ok(of.slice_axis(0, none..before + 1)?.flip(0)?.contiguous()?) };
        let thresholds = all.thresholds.slice_axis(0, none..before + 1)?.flip(0)?.contiguous()?;
        Ok(DetCurve { fpr: part(&all.fractions(&all.negative, f64::NAN)?)?, fnr: part(&missed)?, thresholds })
    }

    /// Counts as fractions of the last one; `nothing` everywhere when that is zero.
    fn fractions(&self, counts: &Weights<B>, nothing: f64) -> Result<Weights<B>> {
        let all = last(counts)?;
        if all.to_f64() <= 0.0 {
            return Ok(counts.full_like(wide::<B>(nothing))?);
        }
        Ok((counts.lazy() / all).try_eval()?)
    }

    /// The precision at each step, 0 of no samples.
    fn precision(&self) -> Result<Weights<B>> {
        let all = (self.positive.lazy() + &self.negative).try_eval()?;
        let zero = wide::<B>(0.0);
        Ok(all.lazy().equal(zero).where_(zero, self.positive.lazy() / &all).try_eval()?)
    }

    /// `sum((recall[i] - recall[i - 1]) precision[i])` over the descending thresholds.
    pub fn average_precision(&self) -> Result<f64> {
        let most = last(&self.positive)?.to_f64();
        if most <= 0.0 {
            return Ok(0.0);
        }
        let nothing = zeros::<B, B::MaxFloat, _>(self.thresholds.device(), [1])?;
        let gains = diff(&self.positive, 0, 1, Some(&nothing), None)?;
        Ok(((gains.lazy() * &self.precision()?).sum(..).try_eval()?.item()?.to_f64() / most).max(0.0))
    }

    /// The area under the receiver operating characteristic, up to a false positive rate; NaN for one class.
    pub fn roc_auc(self, max_fpr: f64) -> Result<f64> {
        let roc = self.roc(true)?;
        if max_fpr == 1.0 || last(&roc.fpr)?.is_nan() || last(&roc.tpr)?.is_nan() {
            return auc(&roc.fpr, &roc.tpr);
        }
        // The curve up to the bound, on which a point is interpolated.
        let most = wide::<B>(max_fpr);
        let inside = roc.fpr.lazy().less_equal(most).count_nonzero(..).try_eval()?.item()? as usize;
        let at = |of: &Weights<B>, i: usize| -> Result<f64> { Ok(of.get([i])?.to_f64()) };
        let (x0, x1) = (at(&roc.fpr, inside - 1)?, at(&roc.fpr, inside)?);
        let (y0, y1) = (at(&roc.tpr, inside - 1)?, at(&roc.tpr, inside)?);
        let end = y0 + (y1 - y0) * (max_fpr - x0) / (x1 - x0);
        let joined = |of: &Weights<B>, end: f64| -> Result<Weights<B>> {
            let end = Array::from_vec(of.device(), vec![wide::<B>(end)], [1])?;
            Ok(concat(&[&of.slice_axis(0, ..inside)?, &end], 0)?)
        };
        let area = auc(&joined(&roc.fpr, max_fpr)?, &joined(&roc.tpr, end)?)?;
        // McClish's correction: 0.5 for guessing, 1 for a perfect classifier.
        let least = 0.5 * max_fpr * max_fpr;
        Ok(0.5 * (1.0 + (area - least) / (max_fpr - least)))
    }
}

/// The last element of a vector.
fn last<B: Backend, T: Float>(x: &Array<B, T, Ix1>) -> Result<T> {
    Ok(x.get([-1_isize])?)
}

/// Which samples are positive.
pub(super) fn is_positive<B: Backend, L: Label>(y_true: &Array<B, L, Ix1>, pos_label: Option<i128>) -> Result<Array<B, bool, Ix1>> {
    same_shape(y_true.dims(), y_true.dims())?;
    let label = match pos_label {
        Some(label) => label,
        None => positive(&distinct(y_true)?, None)?,
    };
    Ok(match L::from_number(label) {
        Some(label) => y_true.lazy().equal(label).try_eval()?,
        None => y_true.full_like(false)?,
    })
}

/// Fails unless some samples are positive and some are not.
fn two_classes<B: Backend, L: Label>(y_true: &Array<B, L, Ix1>, positive: &Array<B, bool, Ix1>) -> Result<()> {
    let count = positive.count_nonzero(..).item()? as usize;
    if count == 0 || count == positive.size() {
        return Err(Error::OneClass { label: y_true.get([0])?.number() });
    }
    Ok(())
}
