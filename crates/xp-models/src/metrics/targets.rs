//! Labels and predicted labels on the device, as numbers of classes, and what is counted of them. Everything that metrics of
//! labels do with arrays is here.

use xp_core::extra::{bincount, bincount_weighted};
use xp_core::functions::{concat, unique_values};
use xp_core::{Array, Backend, Dim, Ix1, Ix2, Num, Real};

use super::counts::Counts;
use super::{Weights, same_shape, total};
use crate::labels::{Label, distinct, positions};
use crate::tall_svd::host;
use crate::{Error, Result};

/// True and predicted labels.
pub(super) struct Targets<B: Backend> {
    /// The labels that are looked at; the numbers of columns for multilabel targets.
    pub labels: Vec<i128>,
    pub codes: Codes<B>,
    pub weights: Option<Weights<B>>,
    pub samples: usize,
}

/// Which labels each sample has.
pub(super) enum Codes<B: Backend> {
    /// Positions in `labels`, or its length where the label is not there.
    Classes { y_true: Array<B, i64, Ix1>, y_pred: Array<B, i64, Ix1> },
    /// Whether it has each one.
    Multilabel { y_true: Array<B, bool, Ix2>, y_pred: Array<B, bool, Ix2> },
}

impl<B: Backend> Targets<B> {
    /// Looks at `labels`, or else at all that occur, in ascending order.
    pub fn of<L: Label, D: Dim>(
        y_true: &Array<B, L, D>,
        y_pred: &Array<B, L, D>,
        weights: Option<Weights<B>>,
        labels: Option<&[i128]>,
    ) -> Result<Self> {
        same_shape(y_true.dims(), y_pred.dims())?;
        let samples = y_true.dims()[0];
        if is_multilabel(y_true) {
            let (mut t, mut p) = (indicator("y_true", y_true)?, indicator("y_pred", y_pred)?);
            let columns = t.dims()[1];
            let labels: Vec<i128> = labels.map_or_else(|| (0..columns as i128).collect(), <[i128]>::to_vec);
            if let Some(label) = labels.iter().find(|&&label| !(0..columns as i128).contains(&label)) {
                return Err(Error::value("labels", label, format!("columns of {columns}, from 0")));
            }
            if labels.len() != columns || labels.iter().enumerate().any(|(i, &label)| label != i as i128) {
                let at = Array::from_vec(y_true.device(), labels.iter().map(|&label| label as i64).collect(), [labels.len()])?;
                (t, p) = (t.take(&at, 1)?, p.take(&at, 1)?);
            }
            return Ok(Targets { labels, codes: Codes::Multilabel { y_true: t, y_pred: p }, weights, samples });
        }
        let (t, p) = (column(y_true)?, column(y_pred)?);
        let labels = match labels {
            Some(labels) => labels.to_vec(),
            None => distinct(&concat(&[&unique_values(&t)?, &unique_values(&p)?], 0)?)?,
        };
        let codes = Codes::Classes { y_true: positions(&t, &labels)?, y_pred: positions(&p, &labels)? };
        Ok(Targets { labels, codes, weights, samples })
    }

    /// Counts of each label.
    pub fn counts(&self) -> Result<Counts> {
        let total = total(self.weights.as_ref(), self.samples)?;
        let k = self.labels.len();
        let (both, predicted, true_) = match &self.codes {
            Codes::Classes { y_true, y_pred } => {
                let both = y_true.lazy().equal(y_pred).where_(y_true, k as i64).try_eval()?;
                (self.frequencies(&both)?, self.frequencies(y_pred)?, self.frequencies(y_true)?)
            }
            Codes::Multilabel { y_true, y_pred } => {
                let both = y_true.lazy().logical_and(y_pred).try_eval()?;
                (self.column_sums(&both)?, self.column_sums(y_pred)?, self.column_sums(y_true)?)
            }
        };
        Ok(Counts { both, predicted, true_, total })
    }

    /// The weight of each label.
    fn frequencies(&self, codes: &Array<B, i64, Ix1>) -> Result<Vec<f64>> {
        let mut sums = frequencies(codes, self.weights.as_ref(), self.labels.len() + 1)?;
        sums.truncate(self.labels.len());
        Ok(sums)
    }

    fn column_sums(&self, indicator: &Array<B, bool, Ix2>) -> Result<Vec<f64>> {
        let Some(w) = &self.weights else {
            return counts(&indicator.count_nonzero(0));
        };
        host(&(indicator.lazy().astype::<B::MaxFloat>() * &w.expand_dims(1)?).sum(0).try_eval()?)
    }

    /// How often each label, by row, is predicted to be each label, by column: of numbers that the samples count for.
    pub fn confusion<N: Num>(&self, worth: &Array<B, N, Ix1>) -> Result<Array<B, N, Ix2>> {
        let Codes::Classes { y_true, y_pred } = &self.codes else {
            return Err(Error::value("y_true", "multilabel targets", "one label for each sample"));
        };
        let k = self.labels.len();
        let places = (y_true.lazy() * (k as i64 + 1) + y_pred).try_eval()?;
        let side = k + 1;
        let all = bincount_weighted(&places, worth, side.saturating_mul(side))?.reshape([side, side])?;
        Ok(all.slice_axis(0, ..k)?.slice_axis(1, ..k)?.contiguous()?)
    }

    /// [`confusion`](Self::confusion) of the weights, row by row on the host.
    pub fn confusion_on_host(&self) -> Result<Vec<f64>> {
        match &self.weights {
            Some(w) => host(&self.confusion(w)?.ravel()?),
            None => counts(&self.confusion(&ones(self)?)?.ravel()?),
        }
    }

    /// Of each sample how many labels are predicted right, are predicted, are true; for multilabel targets.
    pub fn sample_counts(&self) -> Result<[Weights<B>; 3]> {
        let Codes::Multilabel { y_true, y_pred } = &self.codes else {
            return Err(Error::value("average", "samples, of targets with one label for each sample", "another one, or multilabel targets"));
        };
        let both = y_true.lazy().logical_and(y_pred).count_nonzero(1).try_eval()?;
        Ok([both.astype(), y_pred.count_nonzero(1).astype(), y_true.count_nonzero(1).astype()])
    }
}

/// A one for each sample.
pub(super) fn ones<B: Backend>(targets: &Targets<B>) -> Result<Array<B, i64, Ix1>> {
    let device = match &targets.codes {
        Codes::Classes { y_true, .. } => y_true.device(),
        Codes::Multilabel { y_true, .. } => y_true.device(),
    };
    Ok(Array::from_vec(device, vec![1], [1])?.broadcast_to([targets.samples])?)
}

/// The weight of each code of `0..k`.
pub(super) fn frequencies<B: Backend>(codes: &Array<B, i64, Ix1>, weights: Option<&Weights<B>>, k: usize) -> Result<Vec<f64>> {
    match weights {
        None => counts(&bincount(codes, k)?),
        Some(w) => host(&bincount_weighted(codes, w, k)?),
    }
}

/// Counts as numbers on the host.
fn counts<B: Backend>(counts: &Array<B, i64, Ix1>) -> Result<Vec<f64>> {
    Ok(counts.to_host()?.into_iter().map(|n| n as f64).collect())
}

/// Whether an array of labels says which of several each sample has.
pub(super) fn is_multilabel<B: Backend, L: Label, D: Dim>(y: &Array<B, L, D>) -> bool {
    matches!(y.dims(), &[_, columns] if columns > 1)
}

/// Labels as a vector: of rank 1, or of one column.
pub(super) fn column<B: Backend, T: xp_core::Element, D: Dim>(y: &Array<B, T, D>) -> Result<Array<B, T, Ix1>> {
    match y.dims() {
        &[n] | &[n, 1] => Ok(y.reshape([n])?),
        dims => Err(Error::shape("y", dims, "one label or target for each sample")),
    }
}

/// Which labels each sample has, from zeros and ones.
pub(super) fn indicator<B: Backend, L: Label, D: Dim>(argument: &'static str, y: &Array<B, L, D>) -> Result<Array<B, bool, Ix2>> {
    let y = y.clone().into_rank::<Ix2>()?;
    let whole = y.lazy().astype::<i64>();
    // Modulo 2^64 only 0 and 1 are their own squares.
    if !whole.square().equal(whole).all(..).try_eval()?.item()? {
        return Err(Error::value(argument, "several columns of classes", "zeros and ones in the columns, which say which labels a sample has"));
    }
    Ok(y.astype())
}

/// Numbers of classes on the host as an array of floats or integers.
pub(super) fn upload<B: Backend, N: Num, S: xp_core::IntoShape>(device: &B, values: &[f64], shape: S) -> Result<Array<B, N, S::Dim>> {
    Ok(Array::from_vec(device, values.iter().map(|&v| N::from_f64(v)).collect(), shape)?)
}

/// The sum of a vector.
pub(super) fn sum<B: Backend>(x: &Weights<B>) -> Result<f64> {
    Ok(x.sum(..).item()?.to_f64())
}
