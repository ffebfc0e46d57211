//! Scores of predictions, distances and kernels of samples.
//!
//! A score is a number on the host; curves, confusion matrices, distances and kernels are arrays where their arguments are.
//! Work on samples is done on the device, in the widest float of the backend, and counts of classes or sums of targets come
//! to the host.
//!
//! What scikit-learn calls by a name has a function of that name, with scikit-learn's defaults. Where there are options, a
//! structure holds them, and its methods score with them: `score`, `score_weighted` with a weight for every sample, and for
//! the scores of each class or target before they are averaged `per_class` and `raw_values`.
//!
//! | `y_true` and `y_pred` | |
//! |---|---|
//! | `Array<B, L, Ix1>`, `L: Label` | classes: integers of any dtype, or `bool` (strings by a [`LabelEncoder`]) |
//! | `Array<B, L, Ix2>` of zeros and ones | multilabel: which of the labels, by column, each sample has |
//! | `Array<B, T, Ix1>`, `T: Float` | targets |
//! | `Array<B, T, Ix2>` | several targets, by column |
//!
//! ```
//! use xp::models::metrics::{ClassScore, Averaging, accuracy_score};
//! use xp::prelude::*;
//!
//! let (y_true, y_pred) = (array![0, 1, 2, 2, 2], array![0, 0, 2, 2, 1]);
//! assert_eq!(accuracy_score(&y_true, &y_pred)?, 0.6);
//! let f1 = ClassScore::f1().average(Averaging::Macro);
//! assert!((f1.score(&y_true, &y_pred)? - 0.48888888888888893).abs() < 1e-15);
//! let weights = array![1.0, 0.0, 1.0, 1.0, 0.0];
//! assert_eq!(f1.score_weighted(&y_true, &y_pred, &weights)?, 2.0 / 3.0);
//! # Ok::<(), xp::models::Error>(())
//! ```
//!
//! [`LabelEncoder`]: crate::preprocessing::LabelEncoder

/// The option which classes there are, and what it means.
macro_rules! labels_setter {
    ($about:literal) => {
        #[doc = $about]
        #[must_use]
        pub fn labels<L: $crate::Label>(mut self, labels: &[L]) -> Self {
            self.labels = Some(labels.iter().map(|label| label.number()).collect());
            self
        }
    };
}

mod areas;
mod classification;
mod cluster;
mod confusion;
mod counts;
mod curves;
pub mod pairwise;
mod probabilities;
mod ranking;
mod regression;
mod targets;

use xp_core::{Array, Backend, Float, Ix1, Num, Real};

use crate::{Error, Result, check};

pub use areas::*;
pub use classification::*;
pub use cluster::*;
pub use confusion::*;
pub use counts::Averaging;
pub use curves::*;
pub use pairwise::{pairwise_distances, pairwise_distances_argmin, pairwise_kernels};
pub use probabilities::*;
pub use ranking::*;
pub use regression::*;

/// Sample weights as metrics use them.
type Weights<B> = Array<B, <B as Backend>::MaxFloat, Ix1>;

/// Sample weights in the widest float: one per sample, finite, of either sign, but with a sum that means can be divided by.
fn weights<B: Backend, T: Float>(sample_weight: &Array<B, T, Ix1>, samples: &[usize]) -> Result<Option<Weights<B>>> {
    check::samples("sample_weight", sample_weight.dims(), "y_true", samples)?;
    let wide = sample_weight.lazy().astype::<B::MaxFloat>().try_eval()?;
    let total = wide.sum(..);
    check::finite_by("sample_weight", sample_weight, &total)?;
    if total.item()?.to_f64() == 0.0 {
        return Err(Error::value("sample_weight", "weights whose sum is zero", "at least one that is not zero, and a sum that is not"));
    }
    Ok(Some(wide))
}

/// The sum of the weights, or the number of samples.
fn total<B: Backend>(weights: Option<&Weights<B>>, samples: usize) -> Result<f64> {
    Ok(weights.map(|w| w.sum(..).item()).transpose()?.map_or(samples as f64, Real::to_f64))
}

/// The weighted mean of a small list.
fn mean(values: &[f64], weights: &[f64]) -> f64 {
    values.iter().zip(weights).map(|(v, w)| v * w).sum::<f64>() / weights.iter().sum::<f64>()
}

/// The mean over the samples of a vector on the device.
fn sample_mean<B: Backend>(values: &Weights<B>, weights: Option<&Weights<B>>) -> Result<f64> {
    Ok(match weights {
        None => values.mean(..).item()?.to_f64(),
        Some(w) => (values.lazy() * w).sum(..).try_eval()?.item()?.to_f64() / w.sum(..).item()?.to_f64(),
    })
}

/// The number as an element of the widest float.
fn wide<B: Backend>(x: f64) -> B::MaxFloat {
    B::MaxFloat::from_f64(x)
}

/// Fails when there is not one prediction for each of at least one sample.
fn same_shape(y_true: &[usize], y_pred: &[usize]) -> Result<()> {
    if y_true != y_pred {
        return Err(Error::Samples { argument: "y_pred", given: y_pred.to_vec(), other: "y_true", expected: y_true.to_vec() });
    }
    if y_true.is_empty() || y_true.contains(&0) {
        return Err(Error::shape("y_true", y_true, "at least one sample"));
    }
    Ok(())
}
