//! Scaling by medians and quantiles.

use core::marker::PhantomData;

use xp_core::{Array, Backend, Float, Ix1, Ix2, Num, Real};

use super::columns::{linear, quantiles};
use super::range::nonzero;
use crate::model::{Check, fits, model};
use crate::traits::{inverse_transformer, transformer};
use crate::{Error, Result, check};

model! {
    /// Removes the median of each feature and divides it by the range between two of its quantiles, which outliers do not move.
    ///
    /// `(x - median) / (q_high - q_low)`, where the quantiles interpolate between order statistics. It is scikit-learn's estimator of
    /// the same name: a range below 10 eps counts as 1, and NaN is left out of the statistics and stays NaN.
    ///
    /// ```
    /// use xp::models::preprocessing::RobustScaler;
    /// use xp::prelude::*;
    ///
    /// let x = array![[1.0], [2.0], [3.0], [4.0], [1000.0]];
    /// let scaler = RobustScaler::params().fit(&x)?;
    /// assert_eq!((scaler.center().unwrap().to_vec(), scaler.scale().unwrap().to_vec()), (vec![3.0], vec![2.0]));
    /// assert_eq!(scaler.transform(&x)?.to_vec(), [-1.0, -0.5, 0.0, 0.5, 498.5]);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct RobustScaler<B: Backend, T: Float> {
        /// The median of each feature; `None` without centring.
        pub center: Option<Array<B, T, Ix1>>,
        /// What each feature is divided by; `None` without scaling.
        pub scale: Option<Array<B, T, Ix1>>,
        n_features: usize,
    }
}

impl<B: Backend, T: Float> Check for RobustScaler<B, T> {
    fn check(&self) -> Result<()> {
        let fitting = |name, x: &Option<Array<B, T, Ix1>>| x.as_ref().map_or(Ok(()), |x| fits(name, x.dims(), &[self.n_features]));
        fitting("center", &self.center)?;
        fitting("scale", &self.scale)
    }
}

/// Parameters of [`RobustScaler`].
#[derive(Clone, Debug)]
pub struct RobustScalerParams<B, T> {
    with_centering: bool,
    with_scaling: bool,
    low: f64,
    high: f64,
    unit_variance: bool,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Backend, T: Float> RobustScaler<B, T> {
    /// The default parameters: centring, and scaling by the range between the quartiles.
    #[must_use]
    pub fn params() -> RobustScalerParams<B, T> {
        RobustScalerParams { with_centering: true, with_scaling: true, low: 25.0, high: 75.0, unit_variance: false, kind: PhantomData }
    }
}

impl<B: Backend, T: Float> RobustScalerParams<B, T> {
    /// Whether the median is removed.
    #[must_use]
    pub fn with_centering(mut self, yes: bool) -> Self {
        self.with_centering = yes;
        self
    }

    /// Whether features are divided by the range between the quantiles.
    #[must_use]
    pub fn with_scaling(mut self, yes: bool) -> Self {
        self.with_scaling = yes;
        self
    }

    /// Between which quantiles, in per cent, the range lies.
    #[must_use]
    pub fn quantile_range(mut self, low: f64, high: f64) -> Self {
        (self.low, self.high) = (low, high);
        self
    }

    /// Whether the range is divided by that of a standard normal variable, so that normal features come out with variance 1.
    #[must_use]
    pub fn unit_variance(mut self, yes: bool) -> Self {
        self.unit_variance = yes;
        self
    }

    /// Fits the model to samples of shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for no samples or no features, [`Error::NonFinite`] for infinity, [`Error::Value`] for quantiles that are not
    /// between 0 and 100 or out of order, or, with `unit_variance`, that are 0, 100, or equal.
    pub fn fit(&self, x: &Array<B, T, Ix2>) -> Result<RobustScaler<B, T>> {
        let (low, high) = (self.low / 100.0, self.high / 100.0);
        let proper = if self.unit_variance { 0.0 < low && low < high && high < 1.0 } else { (0.0..=high).contains(&low) && high <= 1.0 };
        if !proper {
            let expected = if self.unit_variance { "two percentages in ascending order, above 0 and below 100" } else { "two percentages in order" };
            return Err(Error::value("quantile_range", format!("{} to {}", self.low, self.high), expected));
        }
        check::at_least(x, 1)?;
        check::finite_or_nan("x", x)?;
        let found = quantiles(x, linear(&[0.5, low, high]))?;
        let center = if self.with_centering { Some(found.index_axis(0, 0)?.contiguous()?) } else { None };
        let scale = if self.with_scaling {
            let range = nonzero(&(found.index_axis(0, 2)?.lazy() - &found.index_axis(0, 1)?).try_eval()?)?;
            Some(range * T::from_f64(1.0 / self.normal_range(x.device())?))
        } else {
            None
        };
        Ok(RobustScaler { center, scale, n_features: x.dims()[1] })
    }

    /// The range between the quantiles of a standard normal variable, if it is to be 1, otherwise 1.
    fn normal_range(&self, device: &B) -> Result<f64> {
        if !self.unit_variance {
            return Ok(1.0);
        }
        let ends = [self.low, self.high].map(|q| B::MaxFloat::from_f64(q / 100.0)).to_vec();
        let ends = Array::<B, B::MaxFloat, Ix1>::from_vec(device, ends, [2])?.ndtri().to_host()?;
        Ok(ends[1].to_f64() - ends[0].to_f64())
    }
}

impl<B: Backend, T: Float> RobustScaler<B, T> {
    /// The samples, centred and scaled.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`] for infinity.
    pub fn transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.n_features)?;
        check::finite_or_nan("x", x)?;
        Ok(match (&self.center, &self.scale) {
            (Some(center), Some(scale)) => ((x.lazy() - center) / scale).try_eval()?,
            (Some(center), None) => (x.lazy() - center).try_eval()?,
            (None, Some(scale)) => (x.lazy() / scale).try_eval()?,
            (None, None) => x.clone(),
        })
    }

    /// The samples whose transform is `x`.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`] for infinity.
    pub fn inverse_transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.n_features)?;
        check::finite_or_nan("x", x)?;
        Ok(match (&self.center, &self.scale) {
            (Some(center), Some(scale)) => (x.lazy() * scale + center).try_eval()?,
            (Some(center), None) => (x.lazy() + center).try_eval()?,
            (None, Some(scale)) => (x.lazy() * scale).try_eval()?,
            (None, None) => x.clone(),
        })
    }
}

transformer!(RobustScalerParams, RobustScaler, Backend);
inverse_transformer!(RobustScaler, Backend);
