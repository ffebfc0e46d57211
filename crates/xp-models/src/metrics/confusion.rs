//! Counts of how classes are predicted.

use xp_core::{Array, Backend, Dim, Float, Ix1, Ix2, Ix3};

use super::targets::{Codes, Targets, ones, upload};
use super::{Weights, same_shape, weights, wide};
use crate::labels::Label;
use crate::{Error, Result};

/// How often each class, by row, is predicted to be each class, by column: [`confusion_matrix`] with all its options.
///
/// ```
/// use xp::models::metrics::{ConfusionMatrix, Normalize};
/// use xp::prelude::*;
///
/// let (y_true, y_pred) = (array![2, 0, 2, 2, 0, 1], array![0, 0, 2, 2, 0, 2]);
/// // In an order of one's own; samples of other classes are left out.
/// assert_eq!(ConfusionMatrix::new().labels(&[2, 0]).of(&y_true, &y_pred)?.to_vec(), [2, 1, 0, 2]);
/// let shares = ConfusionMatrix::new().normalized(&y_true, &y_pred, Normalize::True)?;
/// assert_eq!(shares.slice(s![0])?.to_vec(), [1.0, 0.0, 0.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ConfusionMatrix {
    labels: Option<Vec<i128>>,
}

/// What the numbers of a normalised confusion matrix are fractions of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalize {
    /// The true samples of the class of the row.
    True,
    /// The samples that are predicted to be of the class of the column.
    Pred,
    /// All samples.
    All,
}

impl ConfusionMatrix {
    /// All labels that occur, in ascending order.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    labels_setter!("Which classes, in which order. Samples of others, or predicted to be of others, are left out.");

    /// Counts of samples.
    ///
    /// # Errors
    /// [`Error::Samples`] when the numbers of samples differ, [`Error::Shape`] for none, [`Error::Value`] for multilabel
    /// targets, and when none of the labels is among the true ones.
    pub fn of<B: Backend, L: Label>(&self, y_true: &Array<B, L, Ix1>, y_pred: &Array<B, L, Ix1>) -> Result<Array<B, i64, Ix2>> {
        let targets = self.targets(y_true, y_pred, None)?;
        targets.confusion(&ones(&targets)?)
    }

    /// Sums of the weights of samples.
    ///
    /// # Errors
    /// As for [`of`](Self::of), and for weights that are not one per sample, not finite, or whose sum is zero.
    pub fn of_weighted<B: Backend, L: Label, T: Float>(
        &self,
        y_true: &Array<B, L, Ix1>,
        y_pred: &Array<B, L, Ix1>,
        sample_weight: &Array<B, T, Ix1>,
    ) -> Result<Array<B, B::MaxFloat, Ix2>> {
        same_shape(y_true.dims(), y_pred.dims())?;
        let targets = self.targets(y_true, y_pred, weights(sample_weight, y_true.dims())?)?;
        upload(y_true.device(), &targets.confusion_on_host()?, [targets.labels.len(); 2])
    }

    /// Fractions of samples; 0 where there are none to be a fraction of.
    ///
    /// # Errors
    /// As for [`of`](Self::of).
    pub fn normalized<B: Backend, L: Label>(
        &self,
        y_true: &Array<B, L, Ix1>,
        y_pred: &Array<B, L, Ix1>,
        normalize: Normalize,
    ) -> Result<Array<B, B::MaxFloat, Ix2>> {
        let targets = self.targets(y_true, y_pred, None)?;
        fractions(y_true.device(), targets.confusion_on_host()?, targets.labels.len(), normalize)
    }

    /// Fractions of the weights of samples.
    ///
    /// # Errors
    /// As for [`of_weighted`](Self::of_weighted).
    pub fn normalized_weighted<B: Backend, L: Label, T: Float>(
        &self,
        y_true: &Array<B, L, Ix1>,
        y_pred: &Array<B, L, Ix1>,
        sample_weight: &Array<B, T, Ix1>,
        normalize: Normalize,
    ) -> Result<Array<B, B::MaxFloat, Ix2>> {
        same_shape(y_true.dims(), y_pred.dims())?;
        let targets = self.targets(y_true, y_pred, weights(sample_weight, y_true.dims())?)?;
        fractions(y_true.device(), targets.confusion_on_host()?, targets.labels.len(), normalize)
    }

    fn targets<B: Backend, L: Label>(&self, y_true: &Array<B, L, Ix1>, y_pred: &Array<B, L, Ix1>, weights: Option<Weights<B>>) -> Result<Targets<B>> {
        let targets = Targets::of(y_true, y_pred, weights, self.labels.as_deref())?;
        let Codes::Classes { y_true: codes, .. } = &targets.codes else { unreachable!("labels of rank 1 are classes") };
        if self.labels.is_some() && !codes.lazy().less(targets.labels.len() as i64).any(..).try_eval()?.item()? {
            return Err(Error::value("labels", format!("{:?}", targets.labels), "at least one label that is in y_true"));
        }
        Ok(targets)
    }
}

fn fractions<B: Backend>(device: &B, mut counts: Vec<f64>, k: usize, normalize: Normalize) -> Result<Array<B, B::MaxFloat, Ix2>> {
    let sum_of = |i: usize, j: usize| match normalize {
        Normalize::True => counts[i * k..(i + 1) * k].iter().sum::<f64>(),
        Normalize::Pred => counts.iter().skip(j).step_by(k).sum(),
        Normalize::All => counts.iter().sum(),
    };
    let sums: Vec<f64> = (0..k * k).map(|at| sum_of(at / k, at % k)).collect();
    counts.iter_mut().zip(sums).for_each(|(count, sum)| *count = if sum == 0.0 { 0.0 } else { *count / sum });
    upload(device, &counts, [k, k])
}

/// How often each class, by row, is predicted to be each class, by column. The classes are all labels of both, sorted.
/// [`ConfusionMatrix`] has options.
///
/// # Errors
/// [`Error::Samples`] when the numbers of samples differ, [`Error::Shape`] for none.
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::confusion_matrix;
/// let y_true = Array::from_vec(&Cpu, vec![0, 0, 5, 5, 5], [5])?;
/// let y_pred = Array::from_vec(&Cpu, vec![0, 5, 5, 5, 0], [5])?;
/// assert_eq!(confusion_matrix(&y_true, &y_pred)?.to_vec(), [1, 1, 1, 2]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn confusion_matrix<B: Backend, L: Label>(y_true: &Array<B, L, Ix1>, y_pred: &Array<B, L, Ix1>) -> Result<Array<B, i64, Ix2>> {
    ConfusionMatrix::new().of(y_true, y_pred)
}

/// `[[tn, fp], [fn, tp]]` of each class: how many samples are rightly not, wrongly, wrongly not, and rightly predicted to be
/// of it. [`multilabel_confusion_matrix`] with options.
#[derive(Clone, Debug, Default)]
pub struct MultilabelConfusionMatrix {
    labels: Option<Vec<i128>>,
}

impl MultilabelConfusionMatrix {
    /// All labels that occur, in ascending order; the columns of multilabel targets.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    labels_setter!("Which classes, in which order.");

    /// Counts of samples, of shape `(n_classes, 2, 2)`.
    ///
    /// # Errors
    /// [`Error::Samples`] when the numbers of samples differ, [`Error::Shape`] for none.
    pub fn of<B: Backend, L: Label, D: Dim>(&self, y_true: &Array<B, L, D>, y_pred: &Array<B, L, D>) -> Result<Array<B, i64, Ix3>> {
        let targets = Targets::of(y_true, y_pred, None, self.labels.as_deref())?;
        upload(y_true.device(), &targets.counts()?.confusion(), [targets.labels.len(), 2, 2])
    }

    /// Sums of the weights of samples.
    ///
    /// # Errors
    /// As for [`of`](Self::of), and for weights that are not one per sample, not finite, or whose sum is zero.
    pub fn of_weighted<B: Backend, L: Label, T: Float, D: Dim>(
        &self,
        y_true: &Array<B, L, D>,
        y_pred: &Array<B, L, D>,
        sample_weight: &Array<B, T, Ix1>,
    ) -> Result<Array<B, B::MaxFloat, Ix3>> {
        let targets = Targets::of(y_true, y_pred, weights(sample_weight, y_true.dims())?, self.labels.as_deref())?;
        upload(y_true.device(), &targets.counts()?.confusion(), [targets.labels.len(), 2, 2])
    }

    /// Counts of the labels of each sample, of shape `(n_samples, 2, 2)`: scikit-learn's `samplewise=True`.
    ///
    /// # Errors
    /// As for [`of`](Self::of), and [`Error::Value`] unless the targets are multilabel.
    pub fn samplewise<B: Backend, L: Label>(&self, y_true: &Array<B, L, Ix2>, y_pred: &Array<B, L, Ix2>) -> Result<Array<B, i64, Ix3>> {
        let targets = Targets::of(y_true, y_pred, None, self.labels.as_deref())?;
        let [both, predicted, true_] = targets.sample_counts()?;
        let (false_positive, false_negative) = (predicted.lazy() - &both, true_.lazy() - &both);
        let right_negative = -false_positive - &true_ + wide::<B>(targets.labels.len() as f64);
        let cells = [
            right_negative.astype::<i64>().try_eval()?,
            false_positive.astype::<i64>().try_eval()?,
            false_negative.astype::<i64>().try_eval()?,
            both.astype(),
        ];
        Ok(xp_core::functions::stack(&cells, 1)?.reshape([targets.samples, 2, 2])?)
    }
}

/// `[[tn, fp], [fn, tp]]` of each class. [`MultilabelConfusionMatrix`] has options.
///
/// # Errors
/// [`Error::Samples`] when the numbers of samples differ, [`Error::Shape`] for none.
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::multilabel_confusion_matrix;
/// let found = multilabel_confusion_matrix(&array![0, 1, 2, 2, 2], &array![0, 0, 2, 2, 1])?;
/// assert_eq!(found.to_vec(), [3, 1, 0, 1, 3, 1, 1, 0, 2, 0, 1, 2]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn multilabel_confusion_matrix<B: Backend, L: Label, D: Dim>(y_true: &Array<B, L, D>, y_pred: &Array<B, L, D>) -> Result<Array<B, i64, Ix3>> {
    MultilabelConfusionMatrix::new().of(y_true, y_pred)
}
