//! Values in place of missing ones.

use core::fmt;
use core::marker::PhantomData;
use core::str::FromStr;

use xp_core::functions::{concat, unique_counts};
use xp_core::{Array, Backend, Float, Ix1, Ix2};

use crate::model::{Check, model, text_fields};
use crate::preprocessing::{linear, quantiles};
use crate::tall_svd::{device, host};
use crate::traits::transformer;
use crate::{Error, Result, check};

/// What [`SimpleImputer`] puts in place of missing values of a feature.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ImputeStrategy {
    /// The mean of the others.
    Mean,
    /// The median of the others.
    Median,
    /// The most frequent one of the others, the smallest of several.
    MostFrequent,
    /// This number.
    Constant(f64),
}

impl fmt::Display for ImputeStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ImputeStrategy::Mean => f.write_str("mean"),
            ImputeStrategy::Median => f.write_str("median"),
            ImputeStrategy::MostFrequent => f.write_str("most_frequent"),
            ImputeStrategy::Constant(value) => write!(f, "constant {value}"),
        }
    }
}

impl FromStr for ImputeStrategy {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let constant = || name.strip_prefix("constant ")?.parse().ok().map(ImputeStrategy::Constant);
        match name {
            "mean" => Ok(ImputeStrategy::Mean),
            "median" => Ok(ImputeStrategy::Median),
            "most_frequent" => Ok(ImputeStrategy::MostFrequent),
            _ => constant().ok_or_else(|| Error::value("strategy", name, "mean, median, most_frequent, or constant and a number")),
        }
    }
}
text_fields!(ImputeStrategy);

model! {
    /// Puts a statistic of each feature in place of its missing values, which are NaN or some other number.
    ///
    /// It is scikit-learn's estimator of the same name: a feature that is missing in all fitted samples is left out of what comes out,
    /// unless [`keep_empty_features`](SimpleImputerParams::keep_empty_features) says otherwise.
    ///
    /// ```
    /// use xp::models::impute::{ImputeStrategy, SimpleImputer};
    /// use xp::prelude::*;
    ///
    /// let x = array![[1.0, 7.0], [f64::NAN, 7.0], [4.0, f64::NAN], [4.0, 9.0]];
    /// let mean = SimpleImputer::params().fit(&x)?;
    /// assert_eq!(mean.transform(&array![[f64::NAN, 2.0]])?.to_vec(), [3.0, 2.0]);
    /// let common = SimpleImputer::params().strategy(ImputeStrategy::MostFrequent).add_indicator(true).fit(&x)?;
    /// assert_eq!(common.transform(&array![[f64::NAN, 2.0]])?.to_vec(), [4.0, 2.0, 1.0, 0.0]);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct SimpleImputer<B: Backend, T: Float> {
        /// What stands for missing values of each feature; NaN for a feature that is left out.
        pub statistics: Array<B, T, Ix1>,
        /// Which features have a column that says where they were missing, if that was asked for.
        pub indicator_features: Option<Array<B, i64, Ix1>>,
        missing_values: f64,
    }
}

impl<B: Backend, T: Float> Check for SimpleImputer<B, T> {
    fn check(&self) -> Result<()> {
        let p = self.statistics.size();
        let Some(features) = &self.indicator_features else { return Ok(()) };
        match features.to_host()?.into_iter().find(|&j| j < 0 || j >= p as i64) {
            Some(j) => Err(Error::value("indicator_features", j, format!("positions of {p} features, from 0"))),
            None => Ok(()),
        }
    }
}

/// Parameters of [`SimpleImputer`].
#[derive(Clone, Debug)]
pub struct SimpleImputerParams<B, T> {
    missing_values: f64,
    strategy: ImputeStrategy,
    keep_empty_features: bool,
    add_indicator: bool,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Backend, T: Float> SimpleImputer<B, T> {
    /// The default parameters: the mean in place of NaN.
    #[must_use]
    pub fn params() -> SimpleImputerParams<B, T> {
        SimpleImputerParams {
            missing_values: f64::NAN,
            strategy: ImputeStrategy::Mean,
            keep_empty_features: false,
            add_indicator: false,
            kind: PhantomData,
        }
    }
}

impl<B: Backend, T: Float> SimpleImputerParams<B, T> {
    /// Which number stands for a missing value; others, NaN too, are then values.
    #[must_use]
    pub fn missing_values(mut self, number: f64) -> Self {
        self.missing_values = number;
        self
    }

    /// What is put in place of missing values.
    #[must_use]
    pub fn strategy(mut self, strategy: ImputeStrategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Whether a feature that is missing in all samples is kept, and gets 0, or the constant.
    #[must_use]
    pub fn keep_empty_features(mut self, yes: bool) -> Self {
        self.keep_empty_features = yes;
        self
    }

    /// Whether a column for each feature with missing values follows, with 1 where it is missing.
    #[must_use]
    pub fn add_indicator(mut self, yes: bool) -> Self {
        self.add_indicator = yes;
        self
    }

    /// Fits the model to samples of shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for no samples or no features, [`Error::NonFinite`] for infinity, and for NaN when another number stands for a
    /// missing value.
    pub fn fit(&self, x: &Array<B, T, Ix2>) -> Result<SimpleImputer<B, T>> {
        check::at_least(x, 1)?;
        valid(x, self.missing_values)?;
        // What is missing is NaN from here on.
        let x = if self.missing_values.is_nan() { x.clone() } else { missing(x, self.missing_values)?.lazy().where_(T::NAN, x).try_eval()? };
        let absent = x.lazy().isnan().count_nonzero(0).try_eval()?.to_host()?;
        let [n, p] = x.shape();
        let found: Vec<f64> = match self.strategy {
            ImputeStrategy::Mean => host(&xp_core::extra::nanmean(&x, 0)?)?,
            ImputeStrategy::Median => host(&quantiles(&x, linear(&[0.5]))?.index_axis(0, 0)?)?,
            ImputeStrategy::MostFrequent => (0..p).map(|j| most_frequent(&x.index_axis(1, j)?.contiguous()?)).collect::<Result<_>>()?,
            ImputeStrategy::Constant(value) => vec![value; p],
        };
        let empty = if let ImputeStrategy::Constant(value) = self.strategy { value } else { 0.0 };
        let statistic = |(value, &absent): (f64, &i64)| match (absent as usize == n, self.keep_empty_features) {
            (false, _) => value,
            (true, true) => empty,
            (true, false) => f64::NAN,
        };
        let statistics: Vec<f64> = found.into_iter().zip(&absent).map(statistic).collect();
        let indicator_features = if self.add_indicator {
            let features: Vec<i64> = (0..p as i64).filter(|&j| absent[j as usize] > 0).collect();
            let count = features.len();
            Some(Array::from_vec(x.device(), features, [count])?)
        } else {
            None
        };
        Ok(SimpleImputer { statistics: device(x.device(), &statistics)?, indicator_features, missing_values: self.missing_values })
    }
}

/// Fails for infinity, and for NaN unless it is what is missing.
fn valid<B: Backend, T: Float>(x: &Array<B, T, Ix2>, missing_values: f64) -> Result<()> {
    if missing_values.is_nan() { check::finite_or_nan("x", x) } else { check::finite("x", x) }
}

/// Where values are missing.
fn missing<B: Backend, T: Float>(x: &Array<B, T, Ix2>, missing_values: f64) -> Result<Array<B, bool, Ix2>> {
    Ok(if missing_values.is_nan() { x.lazy().isnan().try_eval()? } else { x.lazy().equal(T::from_f64(missing_values)).try_eval()? })
}

/// The most frequent number that is not NaN, the smallest of several; NaN of none.
fn most_frequent<B: Backend, T: Float>(column: &Array<B, T, Ix1>) -> Result<f64> {
    let present = column.select(&column.lazy().isnan().logical_not().try_eval()?)?;
    if present.is_empty() {
        return Ok(f64::NAN);
    }
    let (values, counts) = unique_counts(&present)?;
    let first = counts.lazy().argmax(..).try_eval()?.item()?;
    Ok(values.get([first as usize])?.to_f64())
}

impl<B: Backend, T: Float> SimpleImputer<B, T> {
    /// The samples with their missing values replaced, without the features that have no statistic, and the columns of the indicator.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`] as for [`SimpleImputerParams::fit`].
    pub fn transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.statistics.size())?;
        valid(x, self.missing_values)?;
        let missing = missing(x, self.missing_values)?;
        let filled = missing.lazy().where_(&self.statistics, x).try_eval()?;
        let kept: Vec<i64> = host(&self.statistics)?.iter().enumerate().filter(|(_, s)| !s.is_nan()).map(|(j, _)| j as i64).collect();
        let filled = if kept.len() == self.statistics.size() {
            filled
        } else {
            let count = kept.len();
            filled.take(&Array::from_vec(x.device(), kept, [count])?, 1)?
        };
        match &self.indicator_features {
            Some(features) => Ok(concat(&[&filled, &missing.take(features, 1)?.astype::<T>()], 1)?),
            None => Ok(filled),
        }
    }
}

transformer!(SimpleImputerParams, SimpleImputer, Backend);
