//! What is computed of counts of classes: host code that knows no array, compiled once.

use crate::{Error, Result};

/// How the scores of several classes become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Averaging {
    /// The score of one class, the positive one; labels must be binary.
    Binary,
    /// The score of the sums of the counts of all classes.
    Micro,
    /// The mean of the scores.
    Macro,
    /// The mean, weighted by how many samples each class has.
    Weighted,
    /// The mean of the scores of each sample; for multilabel targets.
    Samples,
}

/// Which share of which counts a score of a class is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Share {
    Precision,
    Recall,
    Fbeta(f64),
    Jaccard,
}

impl Share {
    /// Factors of true positives, predicted and true samples: the score is `a * both / (b * both + c * pred + d * true)`.
    pub fn factors(self) -> [f64; 4] {
        match self {
            Share::Precision | Share::Fbeta(0.0) => [1.0, 0.0, 1.0, 0.0],
            Share::Recall | Share::Fbeta(f64::INFINITY) => [1.0, 0.0, 0.0, 1.0],
            Share::Fbeta(beta) => [1.0 + beta * beta, 0.0, 1.0, beta * beta],
            Share::Jaccard => [1.0, -1.0, 1.0, 1.0],
        }
    }

    fn of(self, both: f64, predicted: f64, true_: f64, zero_division: f64) -> f64 {
        let [a, b, c, d] = self.factors();
        let all = b * both + c * predicted + d * true_;
        if all == 0.0 { zero_division } else { a * both / all }
    }
}

/// Weighted counts of the samples of each class: predicted right, predicted, true; and of all.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    pub both: Vec<f64>,
    pub predicted: Vec<f64>,
    pub true_: Vec<f64>,
    pub total: f64,
}

impl Counts {
    pub fn shares(&self, share: Share, zero_division: f64) -> Vec<f64> {
        (0..self.both.len()).map(|k| share.of(self.both[k], self.predicted[k], self.true_[k], zero_division)).collect()
    }

    /// The average of the shares; `Binary` and `Samples` are not averages of classes.
    pub fn average(&self, share: Share, averaging: Averaging, zero_division: f64) -> f64 {
        let sum = |of: &[f64]| of.iter().sum::<f64>();
        if averaging == Averaging::Micro {
            return share.of(sum(&self.both), sum(&self.predicted), sum(&self.true_), zero_division);
        }
        let weights = if averaging == Averaging::Weighted { self.true_.clone() } else { vec![1.0; self.true_.len()] };
        mean_of_defined(&self.shares(share, zero_division), &weights)
    }

    /// `[[tn, fp], [fn, tp]]` of each class, one after the other.
    pub fn confusion(&self) -> Vec<f64> {
        let of = |k: usize| {
            let (false_positive, false_negative) = (self.predicted[k] - self.both[k], self.true_[k] - self.both[k]);
            [self.total - self.both[k] - false_positive - false_negative, false_positive, false_negative, self.both[k]]
        };
        (0..self.both.len()).flat_map(of).collect()
    }

    /// The correlation coefficient of Matthews for any number of classes (Gorodkin, 2004).
    pub fn matthews(&self) -> f64 {
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
        let right: f64 = self.both.iter().sum();
        let covariance = |same: f64, a: &[f64], b: &[f64]| same * self.total - product(a, b);
        let true_pred = covariance(right, &self.true_, &self.predicted);
        let (pred, true_) = (covariance(self.total, &self.predicted, &self.predicted), covariance(self.total, &self.true_, &self.true_));
        if pred * true_ == 0.0 { 0.0 } else { true_pred / (pred * true_).sqrt() }
    }

    /// The mean of the recalls of the classes that occur.
    pub fn balanced_accuracy(&self, adjusted: bool) -> f64 {
        let recalls: Vec<f64> = self.shares(Share::Recall, f64::NAN).into_iter().filter(|r| !r.is_nan()).collect();
        let (score, chance) = (recalls.iter().sum::<f64>() / recalls.len() as f64, 1.0 / recalls.len() as f64);
        if adjusted { (score - chance) / (1.0 - chance) } else { score }
    }
}

/// The weighted mean of the values that are not NaN; the mean of them where their weights sum to zero; NaN of none.
pub(super) fn mean_of_defined(values: &[f64], weights: &[f64]) -> f64 {
    let (mut sum, mut total, mut plain, mut count) = (0.0, 0.0, 0.0, 0.0);
    for (&value, &weight) in values.iter().zip(weights).filter(|(value, _)| !value.is_nan()) {
        sum += value * weight;
        total += weight;
        plain += value;
        count += 1.0;
    }
    if total == 0.0 { plain / count } else { sum / total }
}

/// Cohen's kappa of a confusion matrix of `k` classes, whose disagreements are weighted by a power of the distance of the
/// classes; 0 for none.
pub(super) fn kappa(confusion: &[f64], k: usize, power: i32, undefined: f64) -> f64 {
    let at = |i: usize, j: usize| confusion[i * k + j];
    let rows: Vec<f64> = (0..k).map(|i| (0..k).map(|j| at(i, j)).sum()).collect();
    let columns: Vec<f64> = (0..k).map(|j| (0..k).map(|i| at(i, j)).sum()).collect();
    let total: f64 = rows.iter().sum();
    let (mut seen, mut expected) = (0.0, 0.0);
    for (i, row) in rows.iter().enumerate() {
        for (j, column) in columns.iter().enumerate().filter(|&(j, _)| j != i) {
            let weight = (i.abs_diff(j) as f64).powi(power);
            seen += weight * at(i, j);
            expected += weight * row * column / total;
        }
    }
    if expected == 0.0 || total == 0.0 { undefined } else { 1.0 - seen / expected }
}

/// The label that counts as positive: 1 for labels of 0 and 1 or of -1 and 1, otherwise it has to be named.
pub(super) fn positive(labels: &[i128], named: Option<i128>) -> Result<i128> {
    if let Some(label) = named {
        return Ok(label);
    }
    let within = |of: [i128; 2]| labels.iter().all(|label| of.contains(label));
    if within([0, 1]) || within([-1, 1]) {
        return Ok(1);
    }
    Err(Error::value("pos_label", format!("none, for the labels {labels:?}"), "one, unless labels are 0 and 1 or -1 and 1"))
}
