//! Scores of predictions.
//!
//! A score is a number on the host. Sums are carried in the widest float of the backend.

use xp_core::functions::{unique_values, zeros};
use xp_core::{Array, Backend, Dim, Float, Ix1, Ix2, Num, Real};

use crate::labels::{Label, index_in};
use crate::tall_svd::host;
use crate::{Error, Result, check};

/// The fraction of labels that are predicted right.
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
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn accuracy_score<B: Backend, L: Label>(y_true: &Array<B, L, Ix1>, y_pred: &Array<B, L, Ix1>) -> Result<f64> {
    Ok(count_correct(y_true, y_pred)? as f64 / y_true.size() as f64)
}

/// [`accuracy_score`] with a weight for every sample: the weight of the labels that are predicted right, as a fraction of
/// all weight.
///
/// # Errors
/// As for [`accuracy_score`], and [`Error::Value`] for weights that are negative or all zero, [`Error::NonFinite`].
pub fn accuracy_score_weighted<B: Backend, L: Label, T: Float>(
    y_true: &Array<B, L, Ix1>,
    y_pred: &Array<B, L, Ix1>,
    sample_weight: &Array<B, T, Ix1>,
) -> Result<f64> {
    same_shape(y_true.dims(), y_pred.dims())?;
    check::weights(sample_weight, y_true.dims())?;
    let right = y_true.lazy().equal(y_pred).astype::<T>();
    let right = (right * sample_weight).astype::<B::MaxFloat>().sum(..).try_eval()?.item()?.to_f64();
    Ok(right / sample_weight.lazy().astype::<B::MaxFloat>().sum(..).try_eval()?.item()?.to_f64())
}

/// The number of labels that are predicted right: scikit-learn's `accuracy_score(normalize=False)`.
///
/// # Errors
/// As for [`accuracy_score`].
pub fn count_correct<B: Backend, L: Label>(y_true: &Array<B, L, Ix1>, y_pred: &Array<B, L, Ix1>) -> Result<i64> {
    same_shape(y_true.dims(), y_pred.dims())?;
    Ok(y_true.lazy().equal(y_pred).count_nonzero(..).try_eval()?.item()?)
}

/// How often each class, by row, is predicted to be each class, by column. The classes are all labels of both, sorted.
///
/// # Errors
/// As for [`accuracy_score`].
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
    same_shape(y_true.dims(), y_pred.dims())?;
    let labels = unique_values(&xp_core::functions::concat(&[&unique_values(y_true)?, &unique_values(y_pred)?], 0)?)?;
    confusion_matrix_of(y_true, y_pred, &labels)
}

/// [`confusion_matrix`] for given classes, in ascending order.
///
/// # Errors
/// As for [`accuracy_score`], and [`Error::UnknownLabel`] for a label that is not among `labels`.
pub fn confusion_matrix_of<B: Backend, L: Label>(
    y_true: &Array<B, L, Ix1>,
    y_pred: &Array<B, L, Ix1>,
    labels: &Array<B, L, Ix1>,
) -> Result<Array<B, i64, Ix2>> {
    same_shape(y_true.dims(), y_pred.dims())?;
    let k = labels.size();
    let (rows, columns) = (index_in("y_true", y_true, labels)?, index_in("y_pred", y_pred, labels)?);
    let mut counts = zeros(y_true.device(), [k * k])?;
    let places = rows * k as i64 + columns;
    counts.put_add(&places, &places.ones_like()?, 0)?;
    Ok(counts.reshape([k, k])?)
}

/// The coefficient of determination, averaged over the targets: 1 minus the squared error as a fraction of the variance.
///
/// For a target without variance it is 1 when the prediction is exact, otherwise 0; for a single sample it is NaN.
///
/// # Errors
/// [`Error::Shape`] when the shapes differ, are not of rank 1 or 2, or are empty; [`Error::NonFinite`].
///
/// ```
/// use xp::prelude::*;
/// use xp::models::metrics::r2_score;
///
/// let y_true = Array::from_vec(&Cpu, vec![3.0, -0.5, 2.0, 7.0], [4])?;
/// let y_pred = Array::from_vec(&Cpu, vec![2.5, 0.0, 2.0, 8.0], [4])?;
/// assert!((r2_score(&y_true, &y_pred)? - 0.9486081370449679).abs() < 1e-15);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn r2_score<B: Backend, T: Float, D: Dim>(y_true: &Array<B, T, D>, y_pred: &Array<B, T, D>) -> Result<f64> {
    R2Score::new().score(y_true, y_pred)
}

/// How the scores of several targets become one.
#[derive(Clone, Debug, PartialEq)]
pub enum Average {
    /// The mean.
    Uniform,
    /// The mean, weighted by the variances of the targets.
    Variance,
    /// The mean with these weights.
    Weights(Vec<f64>),
}

/// [`r2_score`] with all its options.
#[derive(Clone, Debug)]
pub struct R2Score {
    average: Average,
    force_finite: bool,
}

impl Default for R2Score {
    fn default() -> Self {
        R2Score { average: Average::Uniform, force_finite: true }
    }
}

impl R2Score {
    /// The defaults: the uniform average, and finite scores for targets without variance.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How the scores of several targets become one.
    #[must_use]
    pub fn average(mut self, average: Average) -> Self {
        self.average = average;
        self
    }

    /// Whether a target without variance scores 1 or 0, instead of NaN or minus infinity.
    #[must_use]
    pub fn force_finite(mut self, yes: bool) -> Self {
        self.force_finite = yes;
        self
    }

    /// The average score.
    ///
    /// # Errors
    /// As for [`r2_score`], and [`Error::Value`] for not one weight per target.
    pub fn score<B: Backend, T: Float, D: Dim>(&self, y_true: &Array<B, T, D>, y_pred: &Array<B, T, D>) -> Result<f64> {
        self.combine(&errors(y_true, y_pred, None)?)
    }

    /// The average score with a weight for every sample.
    ///
    /// # Errors
    /// As for [`score`](Self::score), and for weights that are negative, all zero, or not one per sample.
    pub fn score_weighted<B: Backend, T: Float, D: Dim>(
        &self,
        y_true: &Array<B, T, D>,
        y_pred: &Array<B, T, D>,
        sample_weight: &Array<B, T, Ix1>,
    ) -> Result<f64> {
        self.combine(&errors(y_true, y_pred, Some(sample_weight))?)
    }

    /// The score of each target.
    ///
    /// # Errors
    /// As for [`r2_score`].
    pub fn raw_values<B: Backend, T: Float, D: Dim>(&self, y_true: &Array<B, T, D>, y_pred: &Array<B, T, D>) -> Result<Vec<f64>> {
        Ok(self.scores(&errors(y_true, y_pred, None)?))
    }

    /// The score of each target with a weight for every sample.
    ///
    /// # Errors
    /// As for [`score_weighted`](Self::score_weighted).
    pub fn raw_values_weighted<B: Backend, T: Float, D: Dim>(
        &self,
        y_true: &Array<B, T, D>,
        y_pred: &Array<B, T, D>,
        sample_weight: &Array<B, T, Ix1>,
    ) -> Result<Vec<f64>> {
        Ok(self.scores(&errors(y_true, y_pred, Some(sample_weight))?))
    }

    /// The score of each target, from its squared error and its variance.
    fn scores(&self, sums: &Errors) -> Vec<f64> {
        if sums.samples < 2 {
            return vec![f64::NAN; sums.error.len()];
        }
        let score = |(&error, &variance): (&f64, &f64)| match (error == 0.0, variance == 0.0) {
            (true, true) if self.force_finite => 1.0,
            (false, true) if self.force_finite => 0.0,
            // NaN, or minus infinity.
            _ => 1.0 - error / variance,
        };
        sums.error.iter().zip(&sums.variance).map(score).collect()
    }

    fn combine(&self, sums: &Errors) -> Result<f64> {
        let scores = self.scores(sums);
        let uniform = vec![1.0; scores.len()];
        let weights = match &self.average {
            Average::Uniform => &uniform,
            // All constant: nothing to weight by.
            Average::Variance if sums.variance.iter().all(|&v| v == 0.0) => &uniform,
            Average::Variance => &sums.variance,
            Average::Weights(w) if w.len() == scores.len() => w,
            Average::Weights(w) => {
                return Err(Error::value("average", format!("{} weights", w.len()), format!("one for each of {} targets", scores.len())));
            }
        };
        let total: f64 = weights.iter().sum();
        Ok(scores.iter().zip(weights).map(|(s, w)| s * w).sum::<f64>() / total)
    }
}

/// Weighted sums of squares of each target.
struct Errors {
    samples: usize,
    error: Vec<f64>,
    variance: Vec<f64>,
}

fn errors<B: Backend, T: Float, D: Dim>(y_true: &Array<B, T, D>, y_pred: &Array<B, T, D>, weights: Option<&Array<B, T, Ix1>>) -> Result<Errors> {
    same_shape(y_true.dims(), y_pred.dims())?;
    if y_true.ndim() > 2 || y_true.is_empty() {
        return Err(Error::shape("y_true", y_true.dims(), "rank 1 or 2, not empty"));
    }
    let n = y_true.dims()[0];
    let matrix = |y: &Array<B, T, D>| -> Result<Array<B, T, Ix2>> { Ok(y.reshape([n, y.size() / n])?) };
    let (t, q) = (matrix(y_true)?, matrix(y_pred)?);
    // Deviations from the first sample: those of a constant target are exactly zero, and so is its variance.
    let first = t.slice_axis(0, None, Some(1), 1)?.astype::<B::MaxFloat>();
    let (t, q) = (t.lazy().astype::<B::MaxFloat>(), q.lazy().astype::<B::MaxFloat>());
    let deviation = t - &first;
    let (error, variance) = match weights {
        None => {
            let mean = deviation.mean(0).try_eval()?;
            ((t - q).square().sum(0).try_eval()?, (deviation - &mean).square().sum(0).try_eval()?)
        }
        Some(w) => {
            check::weights(w, y_true.dims())?;
            let w = w.expand_dims(1)?.astype::<B::MaxFloat>();
            let mean = (deviation * &w).sum(0).try_eval()? / B::MaxFloat::from_f64(w.sum(..).item()?.to_f64());
            (((t - q).square() * &w).sum(0).try_eval()?, ((deviation - &mean).square() * &w).sum(0).try_eval()?)
        }
    };
    check::finite_by("y_true", y_true, &error)?;
    check::finite_by("y_pred", y_pred, &error)?;
    Ok(Errors { samples: n, error: host(&error)?, variance: host(&variance)? })
}

fn same_shape(y_true: &[usize], y_pred: &[usize]) -> Result<()> {
    if y_true != y_pred {
        return Err(Error::Samples { argument: "y_pred", given: y_pred.to_vec(), other: "y_true", expected: y_true.to_vec() });
    }
    if y_true.is_empty() || y_true.contains(&0) {
        return Err(Error::shape("y_true", y_true, "at least one sample"));
    }
    Ok(())
}
