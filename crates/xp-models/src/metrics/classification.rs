//! Scores of predicted labels.

use xp_core::{Array, Backend, Dim, Float, Ix1};

use super::counts::{Averaging, Share, kappa};
use super::targets::{Codes, Targets, sum};
use super::{same_shape, sample_mean, weights, wide};
use crate::labels::Label;
use crate::{Error, Result};

/// The fraction of labels that are predicted right; of multilabel samples, those of which all labels are.
///
/// # Errors
/// [`Error::Samples`] when the numbers of samples differ, [`Error::Shape`] for none.
///
/// ```
/// use xp::prelude::*;
/// use xp::models::metrics::accuracy_score;
///
/// let y_true = Array::from_vec(&Cpu, vec![0, 1, 2, 3], [4])?;
/// let y_pred = Array::from_vec(&Cpu, vec![0, 2, 2, 3], [4])?;
/// assert_eq!(accuracy_score(&y_true, &y_pred)?, 0.75);
/// assert_eq!(accuracy_score(&array![[0, 1], [1, 1]], &array![[1, 1], [1, 1]])?, 0.5);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn accuracy_score<B: Backend, L: Label, D: Dim>(y_true: &Array<B, L, D>, y_pred: &Array<B, L, D>) -> Result<f64> {
    Ok(count_correct(y_true, y_pred)? as f64 / y_true.dims()[0] as f64)
}

/// [`accuracy_score`] with a weight for every sample: the weight of the samples that are predicted right, as a fraction of
/// all weight.
///
/// # Errors
/// As for [`accuracy_score`], and [`Error::Value`] for weights whose sum is zero, [`Error::NonFinite`].
pub fn accuracy_score_weighted<B: Backend, L: Label, T: Float, D: Dim>(
    y_true: &Array<B, L, D>,
    y_pred: &Array<B, L, D>,
    sample_weight: &Array<B, T, Ix1>,
) -> Result<f64> {
    let right = right(y_true, y_pred)?;
    sample_mean(&right.astype(), weights(sample_weight, y_true.dims())?.as_ref())
}

/// The number of samples that are predicted right: scikit-learn's `accuracy_score(normalize=False)`.
///
/// # Errors
/// As for [`accuracy_score`].
pub fn count_correct<B: Backend, L: Label, D: Dim>(y_true: &Array<B, L, D>, y_pred: &Array<B, L, D>) -> Result<i64> {
    Ok(right(y_true, y_pred)?.count_nonzero(..).item()?)
}

/// Whether each sample is predicted right.
fn right<B: Backend, L: Label, D: Dim>(y_true: &Array<B, L, D>, y_pred: &Array<B, L, D>) -> Result<Array<B, bool, Ix1>> {
    same_shape(y_true.dims(), y_pred.dims())?;
    let n = y_true.dims()[0];
    let equal = y_true.lazy().equal(y_pred).try_eval()?.reshape([n, y_true.size() / n])?;
    Ok(if equal.dims()[1] == 1 { equal.reshape([n])? } else { equal.all(1) })
}

/// The fraction of samples that are not predicted right: 1 less [`accuracy_score`].
///
/// # Errors
/// As for [`accuracy_score`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::zero_one_loss;
/// assert_eq!(zero_one_loss(&array![0, 1, 2, 3], &array![0, 2, 2, 3])?, 0.25);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn zero_one_loss<B: Backend, L: Label, D: Dim>(y_true: &Array<B, L, D>, y_pred: &Array<B, L, D>) -> Result<f64> {
    Ok(1.0 - accuracy_score(y_true, y_pred)?)
}

/// [`zero_one_loss`] with a weight for every sample.
///
/// # Errors
/// As for [`accuracy_score_weighted`].
pub fn zero_one_loss_weighted<B: Backend, L: Label, T: Float, D: Dim>(
    y_true: &Array<B, L, D>,
    y_pred: &Array<B, L, D>,
    sample_weight: &Array<B, T, Ix1>,
) -> Result<f64> {
    Ok(1.0 - accuracy_score_weighted(y_true, y_pred, sample_weight)?)
}

/// The fraction of labels that are predicted wrong: of multilabel targets, that of all labels of all samples.
///
/// # Errors
/// As for [`accuracy_score`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::hamming_loss;
/// assert_eq!(hamming_loss(&array![[0, 1], [1, 1]], &array![[0, 0], [1, 1]])?, 0.25);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn hamming_loss<B: Backend, L: Label, D: Dim>(y_true: &Array<B, L, D>, y_pred: &Array<B, L, D>) -> Result<f64> {
    same_shape(y_true.dims(), y_pred.dims())?;
    Ok(y_true.lazy().not_equal(y_pred).count_nonzero(..).try_eval()?.item()? as f64 / y_true.size() as f64)
}

/// [`hamming_loss`] with a weight for every sample.
///
/// # Errors
/// As for [`accuracy_score_weighted`].
pub fn hamming_loss_weighted<B: Backend, L: Label, T: Float, D: Dim>(
    y_true: &Array<B, L, D>,
    y_pred: &Array<B, L, D>,
    sample_weight: &Array<B, T, Ix1>,
) -> Result<f64> {
    same_shape(y_true.dims(), y_pred.dims())?;
    let w = weights(sample_weight, y_true.dims())?;
    let (n, labels) = (y_true.dims()[0], y_true.size() / y_true.dims()[0]);
    let wrong = y_true.lazy().not_equal(y_pred).try_eval()?.reshape([n, labels])?.count_nonzero(1);
    Ok(sample_mean(&wrong.astype(), w.as_ref())? / labels as f64)
}

/// The methods `score` and `score_weighted` of a metric of labels, which is `measure` of [`Targets`], and its function.
macro_rules! label_metric {
    ($Metric:ident, $labels:ident, $($(#[$doc:meta])* fn $function:ident = $start:ident;)*) => {
        impl $Metric {
            /// The score.
            ///
            /// # Errors
            /// [`Error::Samples`] when the numbers of samples differ, [`Error::Shape`] for none, [`Error::Value`] for targets of a
            /// kind that the metric is not defined for.
            pub fn score<B: Backend, L: Label, D: Dim>(&self, y_true: &Array<B, L, D>, y_pred: &Array<B, L, D>) -> Result<f64> {
                self.measure(&Targets::of(y_true, y_pred, None, self.$labels())?)
            }

            /// The score with a weight for every sample.
            ///
            /// # Errors
            /// As for [`score`](Self::score), and for weights that are not one per sample, not finite, or whose sum is zero.
            pub fn score_weighted<B: Backend, L: Label, T: Float, D: Dim>(
                &self,
                y_true: &Array<B, L, D>,
                y_pred: &Array<B, L, D>,
                sample_weight: &Array<B, T, Ix1>,
            ) -> Result<f64> {
                let w = weights(sample_weight, y_true.dims())?;
                self.measure(&Targets::of(y_true, y_pred, w, self.$labels())?)
            }
        }

        $(
            $(#[$doc])*
            ///
            /// # Errors
            #[doc = concat!("As for [`", stringify!($Metric), "::score`].")]
            pub fn $function<B: Backend, L: Label, D: Dim>(y_true: &Array<B, L, D>, y_pred: &Array<B, L, D>) -> Result<f64> {
                $Metric::$start().score(y_true, y_pred)
            }
        )*
    };
}

/// Precision, recall, their harmonic mean, or Jaccard's index of classes, with all options.
///
/// With the numbers of samples that are of a class (`true`), are predicted to be (`pred`) and both (`tp`): the precision is
/// `tp / pred`, the recall `tp / true`, F is `(1 + beta^2) tp / (beta^2 true + pred)`, Jaccard's index
/// `tp / (true + pred - tp)`.
///
/// ```
/// use xp::models::metrics::{Averaging, ClassScore};
/// use xp::prelude::*;
///
/// let (y_true, y_pred) = (array![0, 1, 2, 2, 2], array![0, 0, 2, 2, 1]);
/// let f1 = ClassScore::f1().average(Averaging::Weighted);
/// assert!((f1.score(&y_true, &y_pred)? - 0.6133333333333334).abs() < 1e-15);
/// assert_eq!(ClassScore::precision().per_class(&y_true, &y_pred)?, [0.5, 0.0, 1.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClassScore {
    share: Share,
    average: Averaging,
    labels: Option<Vec<i128>>,
    pos_label: i128,
    zero_division: f64,
}

impl ClassScore {
    fn of(share: Share) -> Self {
        ClassScore { share, average: Averaging::Binary, labels: None, pos_label: 1, zero_division: 0.0 }
    }

    /// The precision, with [`Averaging::Binary`].
    #[must_use]
    pub fn precision() -> Self {
        ClassScore::of(Share::Precision)
    }

    /// The recall, with [`Averaging::Binary`].
    #[must_use]
    pub fn recall() -> Self {
        ClassScore::of(Share::Recall)
    }

    /// The harmonic mean of precision and recall, with [`Averaging::Binary`].
    #[must_use]
    pub fn f1() -> Self {
        ClassScore::fbeta(1.0)
    }

    /// The harmonic mean of precision and recall, of which recall is `beta` times as important, with [`Averaging::Binary`].
    #[must_use]
    pub fn fbeta(beta: f64) -> Self {
        ClassScore::of(Share::Fbeta(beta))
    }

    /// Jaccard's index, with [`Averaging::Binary`].
    #[must_use]
    pub fn jaccard() -> Self {
        ClassScore::of(Share::Jaccard)
    }

    /// How the scores of several classes become one.
    #[must_use]
    pub fn average(mut self, average: Averaging) -> Self {
        self.average = average;
        self
    }

    labels_setter!("Which classes, in which order, unless the average is binary; otherwise all that occur.");

    /// The class that a binary average looks at: otherwise 1, or `true`.
    #[must_use]
    pub fn pos_label<L: Label>(mut self, label: L) -> Self {
        self.pos_label = label.number();
        self
    }

    /// The score where there are no samples to be a fraction of, otherwise 0. Where it is NaN, averages leave the class out.
    #[must_use]
    pub fn zero_division(mut self, value: f64) -> Self {
        self.zero_division = value;
        self
    }

    /// The score of each class: scikit-learn's `average=None`.
    ///
    /// # Errors
    /// As for [`score`](Self::score).
    pub fn per_class<B: Backend, L: Label, D: Dim>(&self, y_true: &Array<B, L, D>, y_pred: &Array<B, L, D>) -> Result<Vec<f64>> {
        self.check()?;
        Ok(Targets::of(y_true, y_pred, None, self.labels.as_deref())?.counts()?.shares(self.share, self.zero_division))
    }

    /// [`per_class`](Self::per_class) with a weight for every sample.
    ///
    /// # Errors
    /// As for [`score_weighted`](Self::score_weighted).
    pub fn per_class_weighted<B: Backend, L: Label, T: Float, D: Dim>(
        &self,
        y_true: &Array<B, L, D>,
        y_pred: &Array<B, L, D>,
        sample_weight: &Array<B, T, Ix1>,
    ) -> Result<Vec<f64>> {
        self.check()?;
        let w = weights(sample_weight, y_true.dims())?;
        Ok(Targets::of(y_true, y_pred, w, self.labels.as_deref())?.counts()?.shares(self.share, self.zero_division))
    }

    fn check(&self) -> Result<()> {
        match self.share {
            Share::Fbeta(beta) if beta.is_nan() || beta < 0.0 => Err(Error::value("beta", beta, "0 or more")),
            _ => Ok(()),
        }
    }

    /// The labels to look at; a binary average needs all of them, to know whether they are two.
    fn wanted(&self) -> Option<&[i128]> {
        if self.average == Averaging::Binary { None } else { self.labels.as_deref() }
    }

    fn measure<B: Backend>(&self, targets: &Targets<B>) -> Result<f64> {
        self.check()?;
        match self.average {
            Averaging::Binary => {
                let labels = &targets.labels;
                if matches!(targets.codes, Codes::Multilabel { .. }) || labels.len() > 2 {
                    let given =
                        if labels.len() > 2 { format!("binary, for {} labels", labels.len()) } else { "binary, for multilabel targets".into() };
                    return Err(Error::value("average", given, "another one: micro, macro or weighted"));
                }
                let at = labels.iter().position(|&label| label == self.pos_label);
                match at {
                    Some(at) => Ok(targets.counts()?.shares(self.share, self.zero_division)[at]),
                    None if labels.len() == 2 => Err(Error::value("pos_label", self.pos_label, format!("one of the labels {labels:?}"))),
                    // One label, which is the negative one.
                    None => Ok(self.zero_division),
                }
            }
            Averaging::Samples => self.sample_mean(targets),
            average => Ok(targets.counts()?.average(self.share, average, self.zero_division)),
        }
    }

    /// The mean of the scores of the samples, on the device.
    fn sample_mean<B: Backend>(&self, targets: &Targets<B>) -> Result<f64> {
        let [both, predicted, true_] = targets.sample_counts()?;
        let [a, b, c, d] = self.share.factors().map(wide::<B>);
        let all = (both.lazy() * b + predicted.lazy() * c + true_.lazy() * d).try_eval()?;
        let nothing = all.lazy().equal(wide::<B>(0.0)).try_eval()?;
        let scores = nothing.lazy().where_(wide::<B>(self.zero_division), both.lazy() * a / &all).try_eval()?;
        if !self.zero_division.is_nan() {
            return sample_mean(&scores, targets.weights.as_ref());
        }
        // Samples that are left out have no weight.
        let left = nothing.lazy().logical_not().astype::<B::MaxFloat>().try_eval()?;
        let scores = nothing.lazy().where_(wide::<B>(0.0), &scores).try_eval()?;
        let w = targets.weights.as_ref().map_or(Ok(left.clone()), |w| (w.lazy() * &left).try_eval())?;
        Ok(sum(&(&scores * &w))? / sum(&w)?)
    }
}

label_metric! { ClassScore, wanted,
    /// The fraction of the samples predicted to be positive that are: `tp / pred`. Labels are binary, and 1 or `true` is the
    /// positive one; [`ClassScore`] has options for others.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::precision_score;
    /// assert_eq!(precision_score(&array![0, 1, 1, 1], &array![1, 1, 1, 0])?, 2.0 / 3.0);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn precision_score = precision;
    /// The fraction of the positive samples that are predicted to be: `tp / true`. Labels are binary, as for
    /// [`precision_score`].
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::recall_score;
    /// assert_eq!(recall_score(&array![0, 1, 1, 1, 1], &array![1, 1, 1, 0, 1])?, 0.75);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn recall_score = recall;
    /// The harmonic mean of precision and recall, `2 tp / (true + pred)`. Labels are binary, as for [`precision_score`].
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::f1_score;
    /// assert_eq!(f1_score(&array![0, 1, 1, 1, 1], &array![1, 1, 1, 0, 0])?, 4.0 / 7.0);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn f1_score = f1;
    /// The positive samples that are predicted to be, as a fraction of all that are or are predicted to be:
    /// `tp / (true + pred - tp)`. Labels are binary, as for [`precision_score`].
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::jaccard_score;
    /// assert_eq!(jaccard_score(&array![0, 1, 1, 1, 1], &array![1, 1, 1, 0, 0])?, 0.4);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn jaccard_score = jaccard;
}

/// The harmonic mean of precision and recall, of which recall is `beta` times as important. Labels are binary, as for
/// [`precision_score`].
///
/// # Errors
/// As for [`ClassScore::score`], and [`Error::Value`] for a negative `beta`.
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::fbeta_score;
/// assert_eq!(fbeta_score(&array![0, 1, 1, 1, 1], &array![1, 1, 1, 0, 0], 2.0)?, 10.0 / 19.0);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn fbeta_score<B: Backend, L: Label, D: Dim>(y_true: &Array<B, L, D>, y_pred: &Array<B, L, D>, beta: f64) -> Result<f64> {
    ClassScore::fbeta(beta).score(y_true, y_pred)
}

/// Precision, recall, F1 and number of samples of each class: what [`precision_recall_fscore_support`] finds.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassReport {
    /// The classes as numbers: all labels that occur, in ascending order, or the columns of multilabel targets.
    pub labels: Vec<i128>,
    /// The precision of each class, 0 for one that is never predicted.
    pub precision: Vec<f64>,
    /// The recall of each class, 0 for one that no sample is of.
    pub recall: Vec<f64>,
    /// F1 of each class.
    pub fscore: Vec<f64>,
    /// How many samples are of each class, or their weight.
    pub support: Vec<f64>,
}

impl ClassReport {
    fn new<B: Backend>(targets: Targets<B>) -> Result<Self> {
        let counts = targets.counts()?;
        let of = |share| counts.shares(share, 0.0);
        let (precision, recall, fscore) = (of(Share::Precision), of(Share::Recall), of(Share::Fbeta(1.0)));
        Ok(ClassReport { precision, recall, fscore, labels: targets.labels, support: counts.true_ })
    }
}

/// Precision, recall, F1 and number of samples of each class. [`ClassScore`] has other scores, averages and options.
///
/// # Errors
/// [`Error::Samples`] when the numbers of samples differ, [`Error::Shape`] for none.
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::precision_recall_fscore_support;
/// let report = precision_recall_fscore_support(&array![0, 1, 2, 2, 2], &array![0, 0, 2, 2, 1])?;
/// assert_eq!(report.precision, [0.5, 0.0, 1.0]);
/// assert_eq!(report.recall, [1.0, 0.0, 2.0 / 3.0]);
/// assert_eq!(report.support, [1.0, 1.0, 3.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn precision_recall_fscore_support<B: Backend, L: Label, D: Dim>(y_true: &Array<B, L, D>, y_pred: &Array<B, L, D>) -> Result<ClassReport> {
    ClassReport::new(Targets::of(y_true, y_pred, None, None)?)
}

/// [`precision_recall_fscore_support`] with a weight for every sample.
///
/// # Errors
/// As for [`precision_recall_fscore_support`], and for weights that are not one per sample, not finite, or whose sum is zero.
pub fn precision_recall_fscore_support_weighted<B: Backend, L: Label, T: Float, D: Dim>(
    y_true: &Array<B, L, D>,
    y_pred: &Array<B, L, D>,
    sample_weight: &Array<B, T, Ix1>,
) -> Result<ClassReport> {
    ClassReport::new(Targets::of(y_true, y_pred, weights(sample_weight, y_true.dims())?, None)?)
}

/// The mean of the recalls of the classes that occur: [`balanced_accuracy_score`] with options.
#[derive(Clone, Debug, Default)]
pub struct BalancedAccuracy {
    adjusted: bool,
}

impl BalancedAccuracy {
    /// Not adjusted for chance.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether guessing scores 0: `(score - 1/k) / (1 - 1/k)` for `k` classes.
    #[must_use]
    pub fn adjusted(mut self, yes: bool) -> Self {
        self.adjusted = yes;
        self
    }

    fn all(&self) -> Option<&[i128]> {
        None
    }

    fn measure<B: Backend>(&self, targets: &Targets<B>) -> Result<f64> {
        single(targets)?;
        Ok(targets.counts()?.balanced_accuracy(self.adjusted))
    }
}

label_metric! { BalancedAccuracy, all,
    /// The mean of the recalls of the classes that occur.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::balanced_accuracy_score;
    /// let score: f64 = balanced_accuracy_score(&array![0, 1, 2, 2, 2], &array![0, 0, 2, 2, 1])?;
    /// assert!((score - 5.0 / 9.0).abs() < 1e-15);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn balanced_accuracy_score = new;
}

/// How much more two people, or a model, agree on labels than by chance: [`cohen_kappa_score`] with options.
///
/// It is `1 - sum(W C) / sum(W E)` for the confusion matrix `C`, the one `E` that is expected of independent labels, and
/// weights `W` of disagreements (Cohen, 1960, 1968).
///
/// ```
/// use xp::models::metrics::{CohenKappa, Disagreement};
/// use xp::prelude::*;
///
/// let kappa = CohenKappa::new().weights(Disagreement::Quadratic).score(&array![0, 1, 2, 2, 2], &array![0, 0, 2, 2, 1])?;
/// assert!((kappa - 0.75).abs() < 1e-15);
/// # Ok::<(), xp::models::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CohenKappa {
    weights: Disagreement,
    labels: Option<Vec<i128>>,
    replace_undefined_by: f64,
}

/// How much a disagreement on two classes counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disagreement {
    /// The same for any two.
    Equal,
    /// The distance of their positions among the labels.
    Linear,
    /// The square of that distance.
    Quadratic,
}

impl Default for CohenKappa {
    fn default() -> Self {
        CohenKappa { weights: Disagreement::Equal, labels: None, replace_undefined_by: f64::NAN }
    }
}

impl CohenKappa {
    /// The defaults: every disagreement counts the same, all labels, NaN where the score is undefined.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How much disagreements count.
    #[must_use]
    pub fn weights(mut self, weights: Disagreement) -> Self {
        self.weights = weights;
        self
    }

    labels_setter!("Which classes, in which order; samples of others are left out.");

    /// The score where no disagreement is to be expected, otherwise NaN.
    #[must_use]
    pub fn replace_undefined_by(mut self, value: f64) -> Self {
        self.replace_undefined_by = value;
        self
    }

    fn wanted(&self) -> Option<&[i128]> {
        self.labels.as_deref()
    }

    fn measure<B: Backend>(&self, targets: &Targets<B>) -> Result<f64> {
        let power = match self.weights {
            Disagreement::Equal => 0,
            Disagreement::Linear => 1,
            Disagreement::Quadratic => 2,
        };
        Ok(kappa(&targets.confusion_on_host()?, targets.labels.len(), power, self.replace_undefined_by))
    }
}

label_metric! { CohenKappa, wanted,
    /// How much more two people, or a model, agree on labels than by chance (Cohen, 1960). [`CohenKappa`] has options.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::cohen_kappa_score;
    /// assert!((cohen_kappa_score(&array![0, 1, 2, 2, 2], &array![0, 0, 2, 2, 1])? - 0.375).abs() < 1e-15);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn cohen_kappa_score = new;
}

/// The correlation of true and predicted classes: [`matthews_corrcoef`].
#[derive(Clone, Debug, Default)]
pub struct MatthewsCorrcoef;

impl MatthewsCorrcoef {
    /// It has no options.
    #[must_use]
    pub fn new() -> Self {
        MatthewsCorrcoef
    }

    fn all(&self) -> Option<&[i128]> {
        None
    }

    fn measure<B: Backend>(&self, targets: &Targets<B>) -> Result<f64> {
        single(targets)?;
        Ok(targets.counts()?.matthews())
    }
}

label_metric! { MatthewsCorrcoef, all,
    /// The correlation of true and predicted classes (Matthews, 1975; Gorodkin, 2004): 1 for a perfect prediction, 0 for
    /// guessing, and where one of the two holds one class only.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::matthews_corrcoef;
    /// assert!((matthews_corrcoef(&array![1, 1, 1, 0], &array![1, 0, 1, 1])? + 1.0 / 3.0).abs() < 1e-15);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn matthews_corrcoef = new;
}

/// Fails for multilabel targets.
fn single<B: Backend>(targets: &Targets<B>) -> Result<()> {
    match targets.codes {
        Codes::Classes { .. } => Ok(()),
        Codes::Multilabel { .. } => Err(Error::value("y_true", "multilabel targets", "one label for each sample")),
    }
}
