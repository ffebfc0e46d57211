//! Weights of classes.

use xp_core::{Array, Float, Ix1, Linalg};

use crate::labels::{Label, Labels, group_sums};
use crate::tall_svd::{device, host};
use crate::{Error, Result};

/// How much the samples of each class count, on top of weights of the samples: scikit-learn's `class_weight`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ClassWeight {
    /// All classes together count as much as their samples, and each as much as any other: class `k` has the weight
    /// `W / (K W_k)` for `K` classes, the number `W` of the samples, and the number `W_k` of those of the class. As in
    /// scikit-learn, logistic regressions take sums of the weights of samples for these numbers.
    Balanced,
    /// The weights of some labels (`true` is 1); other classes have the weight 1. A label that is no class is an error.
    Given(Vec<(i128, f64)>),
}

impl ClassWeight {
    /// The weights of the samples times those of their classes. `by_weight` says that classes are balanced by the weights of their
    /// samples, not by their numbers.
    pub(crate) fn apply<B: Linalg<T>, T: Float, L: Label>(
        &self,
        labels: &Labels<B, L>,
        sample_weight: Option<&Array<B, T, Ix1>>,
        by_weight: bool,
    ) -> Result<Array<B, T, Ix1>> {
        let k = labels.len();
        let of_classes = match self {
            ClassWeight::Balanced => {
                let sums: Vec<f64> = match sample_weight.filter(|_| by_weight) {
                    None => labels.counts.to_host()?.into_iter().map(|count| count as f64).collect(),
                    Some(w) => host(&group_sums(&w.expand_dims(1)?, &labels.index, k)?.squeeze(1)?)?,
                };
                let total: f64 = sums.iter().sum();
                sums.iter().map(|sum| if *sum > 0.0 { total / (k as f64 * sum) } else { 1.0 }).collect()
            }
            ClassWeight::Given(given) => {
                let known: Vec<i128> = labels.classes.to_host()?.into_iter().map(Label::number).collect();
                let mut weights = vec![1.0; k];
                for &(label, weight) in given {
                    if !(weight >= 0.0 && weight.is_finite()) {
                        return Err(Error::value("class_weight", format!("{weight} for the label {label}"), "a number that is not negative"));
                    }
                    let Some(class) = known.iter().position(|&class| class == label) else {
                        return Err(Error::value("class_weight", format!("a weight for the label {label}"), format!("labels among {known:?}")));
                    };
                    weights[class] = weight;
                }
                weights
            }
        };
        let weights = device::<B, T>(labels.index.device(), &of_classes)?.take(&labels.index, 0)?;
        Ok(match sample_weight {
            None => weights,
            Some(w) => weights * w,
        })
    }
}
