//! Scores of predicted targets.

use xp_core::expr::Map;
use xp_core::extra::median;
use xp_core::functions::Ascending;
use xp_core::ops::AsType;
use xp_core::{Array, Backend, Dim, Expr, Float, Ix1, Ix2, KeepDims, Lazy};

use super::{Weights, mean, same_shape, total, weights, wide};
use crate::tall_svd::{device, host};
use crate::{Error, Result, check};

/// How the scores of several targets become one.
#[derive(Clone, Debug, PartialEq)]
pub enum Average {
    /// The mean.
    Uniform,
    /// The mean, weighted by the variances of the targets, or what else the score compares errors with; for scores that do.
    Variance,
    /// The mean with these weights.
    Weights(Vec<f64>),
}

/// Targets and predictions as matrices with one column for each target, and weights as a column.
struct Outputs<B: Backend, T: Float> {
    y_true: Array<B, T, Ix2>,
    y_pred: Array<B, T, Ix2>,
    weights: Option<Weights<B>>,
    total: f64,
}

/// A matrix in the widest float of its backend.
type Wide<B, T> = Lazy<Map<AsType<<B as Backend>::MaxFloat>, Array<B, T, Ix2>>>;

impl<B: Backend, T: Float> Outputs<B, T> {
    fn of<D: Dim>(y_true: &Array<B, T, D>, y_pred: &Array<B, T, D>, weights: Option<Weights<B>>) -> Result<Self> {
        same_shape(y_true.dims(), y_pred.dims())?;
        if y_true.ndim() > 2 {
            return Err(Error::shape("y_true", y_true.dims(), "rank 1 or 2, not empty"));
        }
        let n = y_true.dims()[0];
        let matrix = |y: &Array<B, T, D>| y.reshape([n, y.size() / n]);
        let total = total(weights.as_ref(), n)?;
        Ok(Outputs { y_true: matrix(y_true)?, y_pred: matrix(y_pred)?, weights, total })
    }

    fn samples(&self) -> usize {
        self.y_true.dims()[0]
    }

    fn targets(&self) -> usize {
        self.y_true.dims()[1]
    }

    /// Fails unless there is one target.
    fn single(&self, what: &str) -> Result<()> {
        if self.targets() == 1 {
            return Ok(());
        }
        Err(Error::shape("y_true", self.y_true.dims(), format!("one target: {what} is not defined for several")))
    }

    fn true_(&self) -> Wide<B, T> {
        self.y_true.clone().into_lazy().astype()
    }

    fn pred(&self) -> Wide<B, T> {
        self.y_pred.clone().into_lazy().astype()
    }

    /// The weighted mean of an expression over the samples, for each target. An expression that every element of targets and
    /// predictions goes into shows whether one is not finite.
    fn mean<E: Expr<Backend = B, Elem = B::MaxFloat, Dim = Ix2>>(&self, of: Lazy<E>) -> Result<Vec<f64>> {
        let sums = match &self.weights {
            None => of.sum(0).try_eval()?,
            Some(w) => (of * w.expand_dims(1)?).sum(0).try_eval()?,
        };
        check::finite_by("y_true", &self.y_true, &sums)?;
        check::finite_by("y_pred", &self.y_pred, &sums)?;
        Ok(host(&sums)?.into_iter().map(|sum| sum / self.total).collect())
    }

    /// The weighted mean of the squared deviations from the weighted mean.
    fn variance<E: Expr<Backend = B, Elem = B::MaxFloat, Dim = Ix2> + Copy>(&self, of: Lazy<E>) -> Result<Vec<f64>> {
        let means = device::<B, B::MaxFloat>(self.y_true.device(), &self.mean(of)?)?;
        self.mean((of - &means).square())
    }

    /// The same with the same weighted quantile of each target as its prediction.
    fn predicted_by(&self, constants: &[f64]) -> Result<Self> {
        let values = constants.iter().map(|&c| T::from_f64(c)).collect();
        let row = Array::from_vec(self.y_true.device(), values, [1, constants.len()])?;
        let y_pred = row.broadcast_to(self.y_true.shape())?;
        Ok(Outputs { y_true: self.y_true.clone(), y_pred, weights: self.weights.clone(), total: self.total })
    }
}

/// Scores of targets, and what they are compared with.
struct Scored {
    values: Vec<f64>,
    compared: Option<Vec<f64>>,
}

impl From<Vec<f64>> for Scored {
    fn from(values: Vec<f64>) -> Self {
        Scored { values, compared: None }
    }
}

impl Scored {
    /// How much of what constants leave unexplained is explained: `1 - error / compared`.
    fn explained(error: &[f64], compared: Vec<f64>, force_finite: bool) -> Self {
        let score = |(&error, &all): (&f64, &f64)| match (error == 0.0, all == 0.0) {
            (true, _) if force_finite => 1.0,
            (false, true) if force_finite => 0.0,
            // NaN, or minus infinity.
            _ => 1.0 - error / all,
        };
        Scored { values: error.iter().zip(&compared).map(score).collect(), compared: Some(compared) }
    }

    /// Scores of too few samples.
    fn undefined(targets: usize) -> Self {
        Scored { values: vec![f64::NAN; targets], compared: Some(vec![1.0; targets]) }
    }

    fn average(&self, average: &Average) -> Result<f64> {
        let targets = self.values.len();
        let uniform = vec![1.0; targets];
        let weights = match (average, &self.compared) {
            (Average::Uniform, _) => &uniform,
            // All constant: nothing to weight by.
            (Average::Variance, Some(compared)) if compared.iter().all(|&v| v == 0.0) => &uniform,
            (Average::Variance, Some(compared)) => compared,
            (Average::Variance, None) => {
                return Err(Error::value("average", "variance", "uniform or weights, for a score that is no share of a variance"));
            }
            (Average::Weights(_), _) if targets == 1 => return Err(Error::value("average", "weights", "none, for one target")),
            (Average::Weights(w), _) if w.len() == targets && w.iter().sum::<f64>() != 0.0 => w,
            (Average::Weights(w), _) => {
                let given = format!("{} weights with the sum {}", w.len(), w.iter().sum::<f64>());
                return Err(Error::value("average", given, format!("one for each of {targets} targets, and not the sum 0")));
            }
        };
        Ok(mean(&self.values, weights))
    }
}

/// A metric of targets: a structure with its options, whose method `measure` scores [`Outputs`], and a function with the
/// defaults.
macro_rules! target_metric {
    (
        $(#[$doc:meta])*
        fn $function:ident;
        struct $Metric:ident { $($(#[$about:meta])* $field:ident: $Field:ty = $default:expr,)* }
        |$this:ident, $y:ident| $measure:expr
    ) => {
        #[doc = concat!("[`", stringify!($function), "`] with all its options.")]
        #[derive(Clone, Debug)]
        pub struct $Metric {
            average: Average,
            $($field: $Field,)*
        }

        impl Default for $Metric {
            fn default() -> Self {
                $Metric { average: Average::Uniform, $($field: $default,)* }
            }
        }

        impl $Metric {
            /// The defaults.
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

            $(
                $(#[$about])*
                #[must_use]
                pub fn $field(mut self, $field: $Field) -> Self {
                    self.$field = $field;
                    self
                }
            )*

            /// The average score.
            ///
            /// # Errors
            /// [`Error::Samples`], [`Error::Shape`] when the shapes differ, are not of rank 1 or 2, or are empty;
            /// [`Error::NonFinite`]; [`Error::Value`] for options or targets that the score is not defined for.
            pub fn score<B: Backend, T: Float, D: Dim>(&self, y_true: &Array<B, T, D>, y_pred: &Array<B, T, D>) -> Result<f64> {
                self.measure(&Outputs::of(y_true, y_pred, None)?)?.average(&self.average)
            }

            /// The average score with a weight for every sample.
            ///
            /// # Errors
            /// As for [`score`](Self::score), and for weights that are not one per sample, not finite, or whose sum is zero.
            pub fn score_weighted<B: Backend, T: Float, D: Dim>(
                &self,
                y_true: &Array<B, T, D>,
                y_pred: &Array<B, T, D>,
                sample_weight: &Array<B, T, Ix1>,
            ) -> Result<f64> {
                self.measure(&Outputs::of(y_true, y_pred, weights(sample_weight, y_true.dims())?)?)?.average(&self.average)
            }

            /// The score of each target.
            ///
            /// # Errors
            /// As for [`score`](Self::score).
            pub fn raw_values<B: Backend, T: Float, D: Dim>(&self, y_true: &Array<B, T, D>, y_pred: &Array<B, T, D>) -> Result<Vec<f64>> {
                Ok(self.measure(&Outputs::of(y_true, y_pred, None)?)?.values)
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
                Ok(self.measure(&Outputs::of(y_true, y_pred, weights(sample_weight, y_true.dims())?)?)?.values)
            }

            fn measure<B: Backend, T: Float>(&self, $y: &Outputs<B, T>) -> Result<Scored> {
                let $this = self;
                $measure
            }
        }

        $(#[$doc])*
        ///
        /// # Errors
        #[doc = concat!("As for [`", stringify!($Metric), "::score`].")]
        pub fn $function<B: Backend, T: Float, D: Dim>(y_true: &Array<B, T, D>, y_pred: &Array<B, T, D>) -> Result<f64> {
            $Metric::new().score(y_true, y_pred)
        }
    };
}

target_metric! {
    /// The mean of the magnitudes of the errors.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::mean_absolute_error;
    /// assert_eq!(mean_absolute_error(&array![3.0, -0.5, 2.0, 7.0], &array![2.5, 0.0, 2.0, 8.0])?, 0.5);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn mean_absolute_error;
    struct MeanAbsoluteError {}
    |_this, y| Ok(y.mean((y.pred() - y.true_()).abs())?.into())
}

target_metric! {
    /// The mean of the squares of the errors.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::mean_squared_error;
    /// assert_eq!(mean_squared_error(&array![3.0, -0.5, 2.0, 7.0], &array![2.5, 0.0, 2.0, 8.0])?, 0.375);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn mean_squared_error;
    struct MeanSquaredError {}
    |_this, y| Ok(y.mean((y.pred() - y.true_()).square())?.into())
}

target_metric! {
    /// The root of the mean of the squares of the errors; of several targets the mean of their roots.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::root_mean_squared_error;
    /// assert_eq!(root_mean_squared_error(&array![1.0, 2.0], &array![4.0, 5.0])?, 3.0);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn root_mean_squared_error;
    struct RootMeanSquaredError {}
    |_this, y| Ok(roots(y.mean((y.pred() - y.true_()).square())?).into())
}

target_metric! {
    /// The mean of the squares of the errors of `log(1 + y)`.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::mean_squared_log_error;
    /// let found = mean_squared_log_error(&array![1.0, 2.0, 3.0, 4.0], &array![1.5, 1.5, 3.5, 3.0])?;
    /// assert!((found - 0.036675020636609726).abs() < 1e-15);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn mean_squared_log_error;
    struct MeanSquaredLogError {}
    |_this, y| Ok(squared_log_error(y)?.into())
}

target_metric! {
    /// The root of [`mean_squared_log_error`]; of several targets the mean of their roots.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::root_mean_squared_log_error;
    /// let found = root_mean_squared_log_error(&array![1.0, 2.0, 3.0, 4.0], &array![1.5, 1.5, 3.5, 3.0])?;
    /// assert!((found * found - 0.036675020636609726).abs() < 1e-15);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn root_mean_squared_log_error;
    struct RootMeanSquaredLogError {}
    |_this, y| Ok(roots(squared_log_error(y)?).into())
}

target_metric! {
    /// The mean of the errors as fractions of the targets, whose magnitude counts as 2.2e-16 at least. It is a fraction, not
    /// in percent, as in scikit-learn.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::mean_absolute_percentage_error;
    /// let found = mean_absolute_percentage_error(&array![3.0, -0.5, 2.0, 7.0], &array![2.5, 0.0, 2.0, 8.0])?;
    /// assert!((found - 0.3273809523809524).abs() < 1e-15);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn mean_absolute_percentage_error;
    struct MeanAbsolutePercentageError {}
    |_this, y| Ok(y.mean((y.pred() - y.true_()).abs() / y.true_().abs().maximum(wide::<B>(f64::EPSILON)))?.into())
}

target_metric! {
    /// The mean of the pinball losses `alpha max(y - p, 0) + (1 - alpha) max(p - y, 0)` of predictions `p` of a quantile; with
    /// the default of a half, half the mean of the magnitudes of the errors.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::MeanPinballLoss;
    /// let loss = MeanPinballLoss::new().alpha(0.1).score(&array![3.0, -0.5, 2.0, 7.0], &array![2.5, 0.0, 2.0, 8.0])?;
    /// assert!((loss - 0.35).abs() < 1e-15);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn mean_pinball_loss;
    struct MeanPinballLoss {
        /// Which quantile is predicted, between 0 and 1.
        alpha: f64 = 0.5,
    }
    |this, y| Ok(pinball(y, this.alpha)?.into())
}

target_metric! {
    /// The median of the magnitudes of the errors; with weights the weighted one, which is the mean of two elements where the
    /// weights up to one are exactly half of all.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::MedianAbsoluteError;
    /// let (y_true, y_pred) = (array![3.0, -0.5, 2.0, 7.0], array![2.5, 0.0, 2.0, 8.0]);
    /// assert_eq!(MedianAbsoluteError::new().score(&y_true, &y_pred)?, 0.5);
    /// assert_eq!(MedianAbsoluteError::new().score_weighted(&y_true, &y_pred, &array![1.0, 1.0, 3.0, 1.0])?, 0.25);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn median_absolute_error;
    struct MedianAbsoluteError {}
    |_this, y| {
        check::finite("y_true", &y.y_true)?;
        check::finite("y_pred", &y.y_pred)?;
        let errors = (y.pred() - y.true_()).abs().try_eval()?;
        Ok(match &y.weights {
            None => host(&median(&errors, 0)?)?,
            Some(w) => weighted_quantile(&errors, w, 0.5)?,
        }.into())
    }
}

target_metric! {
    /// The largest magnitude of an error, of one target; weights mean nothing to it.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::max_error;
    /// assert_eq!(max_error(&array![3.0, 2.0, 7.0, 1.0], &array![4.0, 2.0, 7.0, 1.0])?, 1.0);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn max_error;
    struct MaxError {}
    |_this, y| {
        y.single("max_error")?;
        let largest = (y.pred() - y.true_()).abs().max(0).try_eval()?;
        check::finite_by("y_true", &y.y_true, &largest)?;
        check::finite_by("y_pred", &y.y_pred, &largest)?;
        Ok(host(&largest)?.into())
    }
}

target_metric! {
    /// The coefficient of determination, averaged over the targets: 1 minus the squared error as a fraction of the variance.
    ///
    /// For a target without variance it is 1 when the prediction is exact, otherwise 0; for a single sample it is NaN.
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
    fn r2_score;
    struct R2Score {
        /// Whether a target without variance scores 1 or 0, instead of NaN or minus infinity.
        force_finite: bool = true,
    }
    |this, y| {
        let error = y.mean((y.pred() - y.true_()).square())?;
        if y.samples() < 2 {
            return Ok(Scored::undefined(y.targets()));
        }
        Ok(Scored::explained(&error, target_variance(y)?, this.force_finite))
    }
}

target_metric! {
    /// 1 minus the variance of the errors as a fraction of that of the targets: [`r2_score`], but for a constant error.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::explained_variance_score;
    /// let found = explained_variance_score(&array![3.0, -0.5, 2.0, 7.0], &array![2.5, 0.0, 2.0, 8.0])?;
    /// assert!((found - 0.9571734475374732).abs() < 1e-15);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn explained_variance_score;
    struct ExplainedVarianceScore {
        /// Whether a target without variance scores 1 or 0, instead of NaN or minus infinity.
        force_finite: bool = true,
    }
    |this, y| {
        let errors = (y.pred() - y.true_()).try_eval()?;
        Ok(Scored::explained(&y.variance(errors.lazy())?, target_variance(y)?, this.force_finite))
    }
}

target_metric! {
    /// The mean deviance of a Tweedie distribution of some power, of one target: the power 0 is the squared error, 1
    /// [`mean_poisson_deviance`], 2 [`mean_gamma_deviance`].
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::MeanTweedieDeviance;
    /// let (y_true, y_pred) = (array![1.0, 2.0, 3.0, 4.0], array![1.5, 1.5, 3.5, 3.0]);
    /// let of = |power| MeanTweedieDeviance::new().power(power).score(&y_true, &y_pred);
    /// assert!((of(1.5)? - 0.12229877487130847).abs() < 1e-15);
    /// assert!((of(-1.0)? - 1.229166666666666).abs() < 1e-14);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn mean_tweedie_deviance;
    struct MeanTweedieDeviance {
        /// The power of the mean that the variance grows with: 0, or not between 0 and 1.
        power: f64 = 0.0,
    }
    |this, y| Ok(deviance(y, this.power)?.into())
}

target_metric! {
    /// The fraction of a Tweedie deviance that is explained: 1 minus the deviance as a fraction of that of the mean of the
    /// targets.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::D2TweedieScore;
    /// let (y_true, y_pred) = (array![1.0, 2.0, 3.0, 4.0], array![1.5, 1.5, 3.5, 3.0]);
    /// assert!((D2TweedieScore::new().power(1.0).score(&y_true, &y_pred)? - 0.6634960241664548).abs() < 1e-14);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn d2_tweedie_score;
    struct D2TweedieScore {
        /// The power of the mean that the variance grows with: 0, or not between 0 and 1.
        power: f64 = 0.0,
    }
    |this, y| {
        let found = deviance(y, this.power)?;
        if y.samples() < 2 {
            return Ok(Scored::undefined(1));
        }
        let by_mean = deviance(&y.predicted_by(&y.mean(y.true_())?)?, this.power)?;
        Ok(Scored::explained(&found, by_mean, false))
    }
}

target_metric! {
    /// The fraction of the pinball loss that is explained: 1 minus the loss as a fraction of that of the quantile of the
    /// targets.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::D2PinballScore;
    /// let score = D2PinballScore::new().alpha(0.9).score(&array![3.0, -0.5, 2.0, 7.0], &array![2.5, 0.0, 2.0, 8.0])?;
    /// assert!((score - 0.6363636363636362).abs() < 1e-14);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn d2_pinball_score;
    struct D2PinballScore {
        /// Which quantile is predicted, between 0 and 1.
        alpha: f64 = 0.5,
    }
    |this, y| explained_pinball(y, this.alpha)
}

target_metric! {
    /// The fraction of the absolute error that is explained: 1 minus the error as a fraction of that of the median.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::metrics::d2_absolute_error_score;
    /// let score = d2_absolute_error_score(&array![3.0, -0.5, 2.0, 7.0], &array![2.5, 0.0, 2.0, 8.0])?;
    /// assert!((score - 0.7647058823529411).abs() < 1e-14);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    fn d2_absolute_error_score;
    struct D2AbsoluteErrorScore {}
    |_this, y| explained_pinball(y, 0.5)
}

/// The mean Poisson deviance `2 (y log(y / p) - y + p)`: [`mean_tweedie_deviance`] of the power 1.
///
/// # Errors
/// As for [`MeanTweedieDeviance::score`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::mean_poisson_deviance;
/// let found = mean_poisson_deviance(&array![1.0, 2.0, 3.0, 4.0], &array![1.5, 1.5, 3.5, 3.0])?;
/// assert!((found - 0.17908764356037266).abs() < 1e-15);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn mean_poisson_deviance<B: Backend, T: Float, D: Dim>(y_true: &Array<B, T, D>, y_pred: &Array<B, T, D>) -> Result<f64> {
    MeanTweedieDeviance::new().power(1.0).score(y_true, y_pred)
}

/// The mean gamma deviance `2 (log(p / y) + y / p - 1)`: [`mean_tweedie_deviance`] of the power 2.
///
/// # Errors
/// As for [`MeanTweedieDeviance::score`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::mean_gamma_deviance;
/// let found = mean_gamma_deviance(&array![1.0, 2.0, 3.0, 4.0], &array![1.5, 1.5, 3.5, 3.0])?;
/// assert!((found - 0.08736391675402555).abs() < 1e-15);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn mean_gamma_deviance<B: Backend, T: Float, D: Dim>(y_true: &Array<B, T, D>, y_pred: &Array<B, T, D>) -> Result<f64> {
    MeanTweedieDeviance::new().power(2.0).score(y_true, y_pred)
}

fn roots(values: Vec<f64>) -> Vec<f64> {
    values.into_iter().map(f64::sqrt).collect()
}

fn squared_log_error<B: Backend, T: Float>(y: &Outputs<B, T>) -> Result<Vec<f64>> {
    for (argument, values) in [("y_true", &y.y_true), ("y_pred", &y.y_pred)] {
        above(argument, values, -1.0, Bound::Open)?;
    }
    y.mean((y.pred().log1p() - y.true_().log1p()).square())
}

fn pinball<B: Backend, T: Float>(y: &Outputs<B, T>, alpha: f64) -> Result<Vec<f64>> {
    if !(0.0..=1.0).contains(&alpha) {
        return Err(Error::value("alpha", alpha, "a number between 0 and 1"));
    }
    let zero = wide::<B>(0.0);
    let low = (y.true_() - y.pred()).maximum(zero) * wide::<B>(alpha);
    y.mean(low + (y.pred() - y.true_()).maximum(zero) * wide::<B>(1.0 - alpha))
}

fn explained_pinball<B: Backend, T: Float>(y: &Outputs<B, T>, alpha: f64) -> Result<Scored> {
    let loss = pinball(y, alpha)?;
    if y.samples() < 2 {
        return Ok(Scored::undefined(y.targets()));
    }
    let n = y.samples();
    let w = y.weights.clone().map_or_else(|| Array::from_vec(y.y_true.device(), vec![wide::<B>(1.0)], [1])?.broadcast_to([n]), Ok)?;
    let quantiles = weighted_quantile(&y.true_().try_eval()?, &w, alpha)?;
    let by_quantile = pinball(&y.predicted_by(&quantiles)?, alpha)?;
    Ok(Scored::explained(&loss, by_quantile, true))
}

/// The variance of each target. Deviations are from the first sample at first: those of a constant target are exactly zero,
/// and so is its variance.
fn target_variance<B: Backend, T: Float>(y: &Outputs<B, T>) -> Result<Vec<f64>> {
    let first = y.y_true.slice_axis(0, ..1)?.astype::<B::MaxFloat>();
    y.variance(y.y_true.lazy().astype::<B::MaxFloat>() - &first)
}

/// The mean deviance of a Tweedie distribution.
fn deviance<B: Backend, T: Float>(y: &Outputs<B, T>, power: f64) -> Result<Vec<f64>> {
    y.single("a deviance")?;
    if power.is_nan() || (power > 0.0 && power < 1.0) {
        return Err(Error::value("power", power, "0, or a number that is not between 0 and 1"));
    }
    if power == 0.0 {
        return y.mean((y.pred() - y.true_()).square());
    }
    above("y_pred", &y.y_pred, 0.0, Bound::Open)?;
    match power {
        p if p < 0.0 => {}
        p if p < 2.0 => above("y_true", &y.y_true, 0.0, Bound::Closed)?,
        _ => above("y_true", &y.y_true, 0.0, Bound::Open)?,
    }
    let c = wide::<B>;
    if power == 1.0 {
        return y.mean((y.true_().xlogy(y.true_() / y.pred()) - y.true_() + y.pred()) * c(2.0));
    }
    if power == 2.0 {
        return y.mean(((y.pred() / y.true_()).log() + y.true_() / y.pred() - c(1.0)) * c(2.0));
    }
    let (p1, p2) = (1.0 - power, 2.0 - power);
    let own = y.true_().maximum(c(if power < 0.0 { 0.0 } else { f64::NEG_INFINITY })).pow(c(p2)) * c(1.0 / (p1 * p2));
    y.mean((own - y.true_() * y.pred().pow(c(p1)) * c(1.0 / p1) + y.pred().pow(c(p2)) * c(1.0 / p2)) * c(2.0))
}

#[derive(Clone, Copy, PartialEq)]
enum Bound {
    Open,
    Closed,
}

/// Fails when an element is not above a bound.
fn above<B: Backend, T: Float>(argument: &'static str, y: &Array<B, T, Ix2>, bound: f64, kind: Bound) -> Result<()> {
    let smallest = y.min(..).item()?.to_f64();
    if smallest < bound || (smallest == bound && kind == Bound::Open) {
        let expected = if kind == Bound::Open { format!("numbers above {bound}") } else { format!("no number below {bound}") };
        return Err(Error::value(argument, smallest, expected));
    }
    Ok(())
}

/// The weighted quantile of each column after definition 2 of Hyndman and Fan: the smallest element at which the weights up to
/// it reach `q` times their sum, or the mean of it and the next one of positive weight where they reach it exactly.
fn weighted_quantile<B: Backend, F: Float>(x: &Array<B, F, Ix2>, weights: &Array<B, F, Ix1>, q: f64) -> Result<Vec<f64>> {
    let last = x.dims()[0] as i64 - 1;
    let order = x.argsort(0, Ascending)?;
    let sorted = x.take_along_axis(&order, 0)?;
    let reached = weights.expand_dims(1)?.broadcast_to(x.shape())?.take_along_axis(&order, 0)?.cumulative_sum(0)?;
    // Elements of weight 0 at the start are below every quantile.
    let target = (reached.slice_axis(0, -1..)?.lazy() * F::from_f64(q)).maximum(F::ZERO.next_after(F::ONE)).try_eval()?;
    let at = reached.lazy().less(&target).count_nonzero(KeepDims(0)).try_eval()?.into_lazy().minimum(last).try_eval()?;
    let here = reached.take_along_axis(&at, 0)?;
    let next = reached.lazy().less_equal(&here).count_nonzero(KeepDims(0)).try_eval()?;
    let next = next.lazy().greater(last).where_(&at, &next).try_eval()?;
    let (low, high) = (sorted.take_along_axis(&at, 0)?, sorted.take_along_axis(&next, 0)?);
    let above = (here.lazy() - &target).greater(F::EPSILON);
    let values = above.where_(&low, (low.lazy() + &high) * F::from_f64(0.5)).try_eval()?;
    host(&values.ravel()?)
}
