//! Scores of predicted probabilities of classes.

use xp_core::functions::arange;
use xp_core::{Array, Backend, Dim, Float, Ix1, Ix2};

use super::counts::positive;
use super::targets::{column, frequencies};
use super::{Weights, same_shape, sample_mean, total, weights, wide};
use crate::labels::{Label, distinct, positions};
use crate::{Error, Result, check};

/// Classes and their predicted probabilities.
struct Forecast<B: Backend> {
    /// The number of the class of each sample.
    codes: Array<B, i64, Ix1>,
    /// The probability of each class, by column.
    proba: Array<B, B::MaxFloat, Ix2>,
    classes: usize,
    weights: Option<Weights<B>>,
    /// The rounding unit of the dtype of the probabilities.
    eps: f64,
}

impl<B: Backend> Forecast<B> {
    /// From the probability of each class, or of one of two: of `pos_label`, or else of the larger label.
    fn of<L: Label, T: Float, D: Dim>(
        y_true: &Array<B, L, Ix1>,
        y_proba: &Array<B, T, D>,
        weights: Option<Weights<B>>,
        labels: Option<&[i128]>,
        pos_label: Option<i128>,
    ) -> Result<Self> {
        check::samples("y_proba", y_proba.dims(), "y_true", y_true.dims())?;
        same_shape(y_true.dims(), y_true.dims())?;
        check::finite("y_proba", y_proba)?;
        let (low, high) = (y_proba.min(..).item()?.to_f64(), y_proba.max(..).item()?.to_f64());
        if low < 0.0 || high > 1.0 {
            return Err(Error::value("y_proba", format!("{low} to {high}"), "probabilities, between 0 and 1"));
        }
        let mut known = match labels {
            Some(labels) => labels.to_vec(),
            None => distinct(y_true)?,
        };
        known.sort_unstable();
        let n = y_true.size();
        let one = matches!(y_proba.dims(), [_] | [_, 1]);
        if one && known.len() <= 2 && (pos_label.is_some() || known.len() == 2) {
            let positive = pos_label.unwrap_or(known[known.len() - 1]);
            let p = column(y_proba)?.astype::<B::MaxFloat>();
            let proba = xp_core::functions::stack(&[(-p.lazy() + wide::<B>(1.0)).try_eval()?, p], 1)?;
            known.retain(|&label| label != positive);
            // One class may be missing: any number but the other will do for it.
            let negative = known.first().copied().unwrap_or(positive - 1);
            let codes = known_codes(y_true, &[negative, positive])?;
            return Ok(Forecast { codes, proba, classes: 2, weights, eps: T::EPSILON.to_f64() });
        }
        if known.len() < 2 {
            return Err(Error::value("y_true", format!("the labels {known:?} alone"), "two classes at least, or all of them in `labels`"));
        }
        let columns = y_proba.size() / n;
        if y_proba.ndim() > 2 || columns != known.len() {
            return Err(Error::shape("y_proba", y_proba.dims(), format!("one column for each of the {} classes {known:?}", known.len())));
        }
        let codes = known_codes(y_true, &known)?;
        let proba = y_proba.reshape([n, columns])?.astype::<B::MaxFloat>();
        Ok(Forecast { codes, proba, classes: columns, weights, eps: T::EPSILON.to_f64() })
    }

    /// The mean of `-log p` of the probabilities of the true classes, which count as `eps` at least and `1 - eps` at most.
    fn log_loss(&self) -> Result<f64> {
        let p = self.proba.take_along_axis(&self.codes.expand_dims(1)?, 1)?.ravel()?;
        let loss = -p.lazy().maximum(wide::<B>(self.eps)).minimum(wide::<B>(1.0 - self.eps)).log();
        sample_mean(&loss.try_eval()?, self.weights.as_ref())
    }

    /// The mean of the squared distances to the true classes.
    fn brier(&self) -> Result<f64> {
        let numbers = arange(self.codes.device(), 0, self.classes as i64, 1)?;
        let column = self.codes.expand_dims(1)?;
        let one_hot = column.lazy().equal(&numbers).astype::<B::MaxFloat>();
        let distances = (one_hot - &self.proba).square().sum(1).try_eval()?;
        sample_mean(&distances, self.weights.as_ref())
    }

    /// The share of each class among the samples.
    fn shares(&self) -> Result<Vec<f64>> {
        let all = total(self.weights.as_ref(), self.codes.size())?;
        Ok(frequencies(&self.codes, self.weights.as_ref(), self.classes)?.into_iter().map(|n| n / all).collect())
    }
}

/// The numbers of the classes of the samples, all of which must be known.
pub(super) fn known_codes<B: Backend, L: Label>(y_true: &Array<B, L, Ix1>, known: &[i128]) -> Result<Array<B, i64, Ix1>> {
    let codes = positions(y_true, known)?;
    if !codes.is_empty() && codes.max(..).item()? as usize == known.len() {
        return Err(Error::value("y_true", "a label that is not among the classes", format!("the labels {known:?}")));
    }
    Ok(codes)
}

/// A metric of probabilities: options, methods, and the function with the defaults.
macro_rules! probability_metric {
    (
        $(#[$doc:meta])*
        fn $function:ident;
        struct $Metric:ident { $($(#[$about:meta])* $field:ident: $Field:ty = $default:expr,)* }
        positive($y:ident, $proba:ident, $named:ident) $positive:expr;
        |$this:ident, $forecast:ident| $measure:expr
    ) => {
        #[doc = concat!("[`", stringify!($function), "`] with all its options.")]
        #[derive(Clone, Debug)]
        pub struct $Metric {
            labels: Option<Vec<i128>>,
            pos_label: Option<i128>,
            $($field: $Field,)*
        }

        impl Default for $Metric {
            fn default() -> Self {
                $Metric { labels: None, pos_label: None, $($field: $default,)* }
            }
        }

        impl $Metric {
            /// The defaults.
            #[must_use]
            pub fn new() -> Self {
                Self::default()
            }

            labels_setter!("All classes, if some do not occur; columns of probabilities are those of the classes in ascending order.");

            $(
                $(#[$about])*
                #[must_use]
                pub fn $field(mut self, $field: $Field) -> Self {
                    self.$field = $field;
                    self
                }
            )*

            /// The score of labels, and of probabilities of shape `(n_samples, n_classes)`, or `(n_samples,)` for the larger of
            /// two labels.
            ///
            /// # Errors
            /// [`Error::Samples`] when the numbers of samples differ, [`Error::Shape`] when there is not one column for each class,
            /// [`Error::NonFinite`], [`Error::Value`] for numbers that are no probabilities, for labels that are unknown, or only one.
            pub fn score<B: Backend, L: Label, T: Float, D: Dim>(&self, y_true: &Array<B, L, Ix1>, y_proba: &Array<B, T, D>) -> Result<f64> {
                self.apply(y_true, y_proba, None)
            }

            /// The score with a weight for every sample.
            ///
            /// # Errors
            /// As for [`score`](Self::score), and for weights that are not one per sample, not finite, or whose sum is zero.
            pub fn score_weighted<B: Backend, L: Label, T: Float, D: Dim>(
                &self,
                y_true: &Array<B, L, Ix1>,
                y_proba: &Array<B, T, D>,
                sample_weight: &Array<B, T, Ix1>,
            ) -> Result<f64> {
                self.apply(y_true, y_proba, weights(sample_weight, y_true.dims())?)
            }

            fn apply<B: Backend, L: Label, T: Float, D: Dim>(
                &self,
                $y: &Array<B, L, Ix1>,
                $proba: &Array<B, T, D>,
                weights: Option<Weights<B>>,
            ) -> Result<f64> {
                let $named = self.pos_label;
                let positive = $positive;
                let ($this, $forecast) = (self, Forecast::of($y, $proba, weights, self.labels.as_deref(), positive)?);
                $measure
            }
        }

        $(#[$doc])*
        ///
        /// # Errors
        #[doc = concat!("As for [`", stringify!($Metric), "::score`].")]
        pub fn $function<B: Backend, L: Label, T: Float, D: Dim>(y_true: &Array<B, L, Ix1>, y_proba: &Array<B, T, D>) -> Result<f64> {
            $Metric::new().score(y_true, y_proba)
        }
    };
}

probability_metric! {
    /// The mean of `-log p` of the probabilities of the true classes: the negative log-likelihood of a classifier.
    ///
    /// Probabilities count as the rounding unit of their dtype at least, so that a certain error is not infinite, and they are not
    /// normalised.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::log_loss;
    /// let p = array![[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [1.0, 0.0]];
    /// assert!((log_loss(&array![0, 1, 1, 0], &p)? - 0.20983242268450675).abs() < 1e-15);
    /// assert!((log_loss(&array![0, 1, 1, 1], &p)? - 9.220745769963795).abs() < 1e-13);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn log_loss;
    struct LogLoss {
        /// Whether the mean is taken, otherwise the sum.
        normalize: bool = true,
    }
    positive(y_true, y_proba, _named) None;
    |this, y| Ok(y.log_loss()? * if this.normalize { 1.0 } else { total(y.weights.as_ref(), y.codes.size())? })
}

probability_metric! {
    /// The mean of the squared distances of probabilities to the true classes, halved for two classes (Brier, 1950).
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::brier_score_loss;
    /// assert!((brier_score_loss(&array![0, 1, 1, 0], &array![0.1, 0.6, 0.8, 0.0])? - 0.0525).abs() < 1e-15);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn brier_score_loss;
    struct BrierScoreLoss {
        /// Whether the mean is halved, so that it is between 0 and 1; otherwise it is for two classes.
        scale_by_half: Option<bool> = None,
    }
    positive(y_true, y_proba, named) positive_of(y_true, y_proba.dims(), named)?;
    |this, y| Ok(y.brier()? * if this.scale_by_half.unwrap_or(y.classes <= 2) { 0.5 } else { 1.0 })
}

probability_metric! {
    /// The fraction of the log loss that is explained: 1 minus [`log_loss`] as a fraction of that of the shares of the classes. NaN
    /// for fewer than 2 samples.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::d2_log_loss_score;
    /// let p = array![[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [1.0, 0.0]];
    /// assert!((d2_log_loss_score(&array![0, 1, 1, 0], &p)? - 0.6972758043753453).abs() < 1e-14);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn d2_log_loss_score;
    struct D2LogLossScore {}
    positive(y_true, y_proba, _named) None;
    |_this, y| {
        let by_shares = -y.shares()?.iter().map(|p| p * p.clamp(y.eps, 1.0 - y.eps).ln()).sum::<f64>();
        Ok(if y.codes.size() < 2 { f64::NAN } else { 1.0 - y.log_loss()? / by_shares })
    }
}

probability_metric! {
    /// The fraction of the Brier score that is explained: 1 minus [`brier_score_loss`] as a fraction of that of the shares of the
    /// classes. NaN for fewer than 2 samples.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::d2_brier_score;
    /// assert!((d2_brier_score(&array![0, 1, 1, 0], &array![0.1, 0.6, 0.8, 0.0])? - 0.79).abs() < 1e-14);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn d2_brier_score;
    struct D2BrierScore {}
    positive(y_true, y_proba, named) positive_of(y_true, y_proba.dims(), named)?;
    |_this, y| {
        let by_shares = 1.0 - y.shares()?.iter().map(|p| p * p).sum::<f64>();
        Ok(if y.codes.size() < 2 { f64::NAN } else { 1.0 - y.brier()? / by_shares })
    }
}

impl BrierScoreLoss {
    /// The class that probabilities of shape `(n_samples,)` are of: otherwise 1 for labels of 0 and 1 or of -1 and 1, and the
    /// larger label for others.
    #[must_use]
    pub fn pos_label<L: Label>(mut self, label: L) -> Self {
        self.pos_label = Some(label.number());
        self
    }
}

impl D2BrierScore {
    /// The class that probabilities of shape `(n_samples,)` are of: otherwise 1 for labels of 0 and 1 or of -1 and 1, and the
    /// larger label for others.
    #[must_use]
    pub fn pos_label<L: Label>(mut self, label: L) -> Self {
        self.pos_label = Some(label.number());
        self
    }
}

/// The class that a vector of probabilities is of.
fn positive_of<B: Backend, L: Label>(y_true: &Array<B, L, Ix1>, proba: &[usize], named: Option<i128>) -> Result<Option<i128>> {
    if named.is_some() || !matches!(proba, [_] | [_, 1]) || y_true.is_empty() {
        return Ok(named);
    }
    let labels = distinct(y_true)?;
    Ok(positive(&labels, None).ok().or(labels.last().copied()))
}
