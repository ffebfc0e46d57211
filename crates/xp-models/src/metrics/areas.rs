//! Areas under the curves of a classifier, of two classes or several.

use xp_core::functions::arange;
use xp_core::{Array, Backend, Dim, Float, Ix1, Ix2, Real};

use super::counts::{Averaging, mean_of_defined, positive};
use super::curves::{Steps, is_positive};
use super::probabilities::known_codes;
use super::targets::{column, indicator, is_multilabel};
use super::{Weights, same_shape, weights, wide};
use crate::labels::{Label, distinct};
use crate::{Error, Result, check};

/// Binary targets and scores, one pair for each class or label, of which scores are averaged.
struct Columns<B: Backend, T: Float> {
    /// Which samples are of each class.
    positive: Array<B, bool, Ix2>,
    score: Array<B, T, Ix2>,
    /// Whether the classes exclude each other.
    exclusive: bool,
    weights: Option<Weights<B>>,
}

impl<B: Backend, T: Float> Columns<B, T> {
    fn of<L: Label, D: Dim, E: Dim>(
        y_true: &Array<B, L, D>,
        y_score: &Array<B, T, E>,
        weights: Option<Weights<B>>,
        pos_label: Option<i128>,
        labels: Option<&[i128]>,
    ) -> Result<Self> {
        check::samples("y_score", y_score.dims(), "y_true", y_true.dims())?;
        same_shape(y_true.dims(), y_true.dims())?;
        if is_multilabel(y_true) {
            same_shape(y_true.dims(), y_score.dims())?;
            let score = y_score.clone().into_rank()?;
            return Ok(Columns { positive: indicator("y_true", y_true)?, score, exclusive: false, weights });
        }
        let y_true = column(y_true)?;
        if let &[_] | &[_, 1] = y_score.dims() {
            let known = distinct(&y_true)?;
            if known.len() > 2 {
                return Err(Error::shape("y_score", y_score.dims(), format!("one column for each of the {} classes", known.len())));
            }
            // The larger of two labels, unless another one is named.
            let label = pos_label.unwrap_or_else(|| positive(&known, None).unwrap_or(known[known.len() - 1]));
            if known.len() == 2 && !known.contains(&label) {
                return Err(Error::value("pos_label", label, format!("one of the labels {known:?}")));
            }
            let positive = is_positive(&y_true, Some(label))?.expand_dims(1)?;
            return Ok(Columns { positive, score: column(y_score)?.expand_dims(1)?, exclusive: false, weights });
        }
        let score = y_score.clone().into_rank::<Ix2>()?;
        let classes = match labels {
            Some(labels) => labels.to_vec(),
            None => distinct(&y_true)?,
        };
        if classes.len() != score.dims()[1] {
            return Err(Error::shape("y_score", score.dims(), format!("one column for each of the {} classes {classes:?}", classes.len())));
        }
        let codes = known_codes(&y_true, &classes)?.expand_dims(1)?;
        let numbers = arange(codes.device(), 0, classes.len() as i64, 1)?;
        Ok(Columns { positive: codes.lazy().equal(&numbers).try_eval()?, score, exclusive: true, weights })
    }

    fn len(&self) -> usize {
        self.score.dims()[1]
    }

    /// The score of each class.
    fn per_class(&self, score: impl Fn(Steps<B, T>) -> Result<f64>) -> Result<Vec<f64>> {
        let of = |k: usize| {
            let (positive, scores) = (self.positive.index_axis(1, k)?, self.score.index_axis(1, k)?);
            score(Steps::of(&positive, &scores, self.weights.as_ref())?)
        };
        (0..self.len()).map(of).collect()
    }

    /// How much each class weighs in a weighted average: its samples.
    fn support(&self) -> Result<Vec<f64>> {
        let sum = |k: isize| -> Result<f64> {
            let positive = self.positive.index_axis(1, k)?;
            Ok(match &self.weights {
                None => positive.count_nonzero(..).item()? as f64,
                Some(w) => positive.lazy().where_(w, wide::<B>(0.0)).sum(..).try_eval()?.item()?.to_f64(),
            })
        };
        (0..self.len() as isize).map(sum).collect()
    }

    fn average(&self, average: Averaging, score: impl Fn(Steps<B, T>) -> Result<f64>) -> Result<f64> {
        let [n, k] = self.score.shape();
        match average {
            _ if k == 1 => Ok(self.per_class(score)?[0]),
            Averaging::Macro => Ok(mean_of_defined_or_nan(&self.per_class(score)?, &vec![1.0; k])),
            Averaging::Weighted => {
                let weights = self.support()?;
                if weights.iter().all(|&w| w == 0.0) { Ok(0.0) } else { Ok(mean_of_defined_or_nan(&self.per_class(score)?, &weights)) }
            }
            Averaging::Micro => {
                let weights = match &self.weights {
                    Some(w) => Some(w.expand_dims(1)?.broadcast_to([n, k])?.reshape([n * k])?),
                    None => None,
                };
                score(Steps::of(&self.positive.reshape([n * k])?, &self.score.reshape([n * k])?, weights.as_ref())?)
            }
            Averaging::Samples if !self.exclusive => {
                let row = |i: usize| score(Steps::of(&self.positive.index_axis(0, i)?, &self.score.index_axis(0, i)?, None)?);
                let scores = (0..n).map(row).collect::<Result<Vec<f64>>>()?;
                let weights = self.weights.as_ref().map_or_else(|| Ok(vec![1.0; n]), crate::tall_svd::host)?;
                Ok(mean_of_defined_or_nan(&scores, &weights))
            }
            Averaging::Samples => Err(Error::value("average", "samples, of classes that exclude each other", "macro, micro or weighted")),
            Averaging::Binary => Err(Error::value("average", "binary, of several classes", "macro, micro or weighted")),
        }
    }
}

/// The weighted mean, which NaN makes NaN.
fn mean_of_defined_or_nan(values: &[f64], weights: &[f64]) -> f64 {
    if values.iter().any(|v| v.is_nan()) { f64::NAN } else { mean_of_defined(values, weights) }
}

/// What [`average_precision_score`] and [`roc_auc_score`] have in common: options, and methods by way of `measure`.
macro_rules! ranking_metric {
    ($Metric:ident, $(#[$doc:meta])* fn $function:ident) => {
        impl $Metric {
            /// How the scores of several classes become one; [`Averaging::Macro`] by default.
            #[must_use]
            pub fn average(mut self, average: Averaging) -> Self {
                self.average = average;
                self
            }

            /// The score.
            ///
            /// `y_true` are labels and `y_score` one number for each sample; or labels of several classes and a column for each
            /// class; or multilabel targets and a column for each label.
            ///
            /// # Errors
            /// [`Error::Samples`] when the numbers of samples differ, [`Error::Shape`] when there is not one column for each class,
            /// [`Error::NonFinite`], [`Error::Value`] for labels of which no one is known to be positive, and for averages that the
            /// targets do not have.
            pub fn score<B: Backend, L: Label, T: Float, D: Dim, E: Dim>(&self, y_true: &Array<B, L, D>, y_score: &Array<B, T, E>) -> Result<f64> {
                self.measure(&Columns::of(y_true, y_score, None, self.pos_label, self.labels.as_deref())?)
            }

            /// The score with a weight for every sample.
            ///
            /// # Errors
            /// As for [`score`](Self::score), and for weights that are not one per sample, not finite, or whose sum is zero.
            pub fn score_weighted<B: Backend, L: Label, T: Float, D: Dim, E: Dim>(
                &self,
                y_true: &Array<B, L, D>,
                y_score: &Array<B, T, E>,
                sample_weight: &Array<B, T, Ix1>,
            ) -> Result<f64> {
                let w = weights(sample_weight, y_true.dims())?;
                self.measure(&Columns::of(y_true, y_score, w, self.pos_label, self.labels.as_deref())?)
            }

            /// The score of each class: scikit-learn's `average=None`.
            ///
            /// # Errors
            /// As for [`score`](Self::score).
            pub fn per_class<B: Backend, L: Label, T: Float, D: Dim, E: Dim>(
                &self,
                y_true: &Array<B, L, D>,
                y_score: &Array<B, T, E>,
            ) -> Result<Vec<f64>> {
                let columns = Columns::of(y_true, y_score, None, self.pos_label, self.labels.as_deref())?;
                columns.per_class(|steps| self.of_steps(steps))
            }
        }

        $(#[$doc])*
        ///
        /// # Errors
        #[doc = concat!("As for [`", stringify!($Metric), "::score`].")]
        pub fn $function<B: Backend, L: Label, T: Float, D: Dim, E: Dim>(y_true: &Array<B, L, D>, y_score: &Array<B, T, E>) -> Result<f64> {
            $Metric::new().score(y_true, y_score)
        }
    };
}

/// [`average_precision_score`] with all its options.
#[derive(Clone, Debug)]
pub struct AveragePrecision {
    average: Averaging,
    pos_label: Option<i128>,
    labels: Option<Vec<i128>>,
}

impl Default for AveragePrecision {
    fn default() -> Self {
        AveragePrecision { average: Averaging::Macro, pos_label: Some(1), labels: None }
    }
}

impl AveragePrecision {
    /// The defaults: the positive label 1, the mean over classes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The positive label of binary targets; all others are negative.
    #[must_use]
    pub fn pos_label<L: Label>(mut self, label: L) -> Self {
        self.pos_label = Some(label.number());
        self
    }

    fn of_steps<B: Backend, T: Float>(&self, steps: Steps<B, T>) -> Result<f64> {
        steps.average_precision()
    }

    fn measure<B: Backend, T: Float>(&self, columns: &Columns<B, T>) -> Result<f64> {
        columns.average(self.average, |steps| self.of_steps(steps))
    }
}

ranking_metric! { AveragePrecision,
    /// The mean of the precisions at each threshold, weighted by the gain of recall: the area under the precision-recall curve
    /// as steps. [`AveragePrecision`] has options.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::average_precision_score;
    /// let found = average_precision_score(&array![0, 0, 1, 1], &array![0.1, 0.4, 0.35, 0.8])?;
    /// assert!((found - 0.8333333333333334).abs() < 1e-15);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn average_precision_score
}

/// How the area under the curve of several classes is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MultiClass {
    /// Each class against all others.
    OneVsRest,
    /// Each pair of classes, among the samples of the two (Hand and Till, 2001).
    OneVsOne,
}

/// [`roc_auc_score`] with all its options.
///
/// ```
/// use xp::models::metrics::{MultiClass, RocAuc};
/// use xp::prelude::*;
///
/// let y = array![0, 1, 2, 2];
/// let p = array![[0.8, 0.1, 0.1], [0.3, 0.4, 0.3], [0.1, 0.5, 0.4], [0.0, 0.2, 0.8]];
/// let found = RocAuc::new().multi_class(MultiClass::OneVsOne).score(&y, &p)?;
/// assert!((found - 11.0 / 12.0).abs() < 1e-15);
/// # Ok::<(), xp::models::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RocAuc {
    average: Averaging,
    pos_label: Option<i128>,
    labels: Option<Vec<i128>>,
    max_fpr: f64,
    multi_class: MultiClass,
}

impl Default for RocAuc {
    fn default() -> Self {
        RocAuc { average: Averaging::Macro, pos_label: None, labels: None, max_fpr: 1.0, multi_class: MultiClass::OneVsRest }
    }
}

impl RocAuc {
    /// The defaults: the whole curve, the mean over classes, each against all others.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    labels_setter!("All classes, in ascending order, if some do not occur.");

    /// Up to which false positive rate the area is taken, for binary targets; it is then scaled to be 0.5 for guessing and 1
    /// for a perfect classifier (McClish, 1989).
    #[must_use]
    pub fn max_fpr(mut self, rate: f64) -> Self {
        self.max_fpr = rate;
        self
    }

    /// How the area of several classes is found.
    #[must_use]
    pub fn multi_class(mut self, how: MultiClass) -> Self {
        self.multi_class = how;
        self
    }

    fn of_steps<B: Backend, T: Float>(&self, steps: Steps<B, T>) -> Result<f64> {
        steps.roc_auc(self.max_fpr)
    }

    fn measure<B: Backend, T: Float>(&self, columns: &Columns<B, T>) -> Result<f64> {
        if !(self.max_fpr > 0.0 && self.max_fpr <= 1.0) {
            return Err(Error::value("max_fpr", self.max_fpr, "a number above 0, and at most 1"));
        }
        if !columns.exclusive {
            return columns.average(self.average, |steps| self.of_steps(steps));
        }
        if self.max_fpr != 1.0 {
            return Err(Error::value("max_fpr", self.max_fpr, "1, the whole curve, for several classes"));
        }
        // Scores far from probabilities differ more than their rounding.
        let off = (columns.score.lazy().astype::<B::MaxFloat>().sum(1).try_eval()?.into_lazy() - wide::<B>(1.0)).abs().max(..).try_eval()?.item()?;
        if off.to_f64() > 1e-5 + 1e-8 {
            return Err(Error::value("y_score", format!("rows whose sums are up to {off} from 1"), "probabilities of the classes"));
        }
        match self.multi_class {
            MultiClass::OneVsRest => columns.average(self.average, |steps| self.of_steps(steps)),
            MultiClass::OneVsOne => self.one_vs_one(columns),
        }
    }

    fn one_vs_one<B: Backend, T: Float>(&self, columns: &Columns<B, T>) -> Result<f64> {
        let weighted = match self.average {
            Averaging::Macro => false,
            Averaging::Weighted => true,
            other => return Err(Error::value("average", format!("{other:?}"), "macro or weighted, for pairs of classes")),
        };
        if columns.weights.is_some() {
            return Err(Error::value("sample_weight", "weights", "none, for pairs of classes"));
        }
        let of = |k: usize| -> Result<(Array<B, bool, Ix1>, Array<B, T, Ix1>)> {
            Ok((columns.positive.index_axis(1, k)?, columns.score.index_axis(1, k)?))
        };
        let support = columns.support()?;
        let (mut scores, mut weights) = (vec![], vec![]);
        for a in 0..columns.len() {
            for b in a + 1..columns.len() {
                let ((is_a, score_a), (is_b, score_b)) = (of(a)?, of(b)?);
                let either = is_a.lazy().logical_or(&is_b).try_eval()?;
                let area = |is: &Array<B, bool, Ix1>, score: &Array<B, T, Ix1>| {
                    self.of_steps(Steps::of(&is.select(&either)?, &score.select(&either)?, None)?)
                };
                scores.push((area(&is_a, &score_a)? + area(&is_b, &score_b)?) / 2.0);
                weights.push(if weighted { support[a] + support[b] } else { 1.0 });
            }
        }
        Ok(mean_of_defined_or_nan(&scores, &weights))
    }
}

ranking_metric! { RocAuc,
    /// The area under the receiver operating characteristic: the probability that a positive sample scores above a negative one.
    /// NaN for targets of one class. [`RocAuc`] has options.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::roc_auc_score;
    /// assert_eq!(roc_auc_score(&array![0, 0, 1, 1], &array![0.1, 0.4, 0.35, 0.8])?, 0.75);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn roc_auc_score
}
