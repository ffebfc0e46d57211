//! Scaling of features by their smallest and largest values.

use core::marker::PhantomData;

use xp_core::extra::{nanmax, nanmin};
use xp_core::functions::where_;
use xp_core::{Array, Backend, Float, Ix1, Ix2};

use crate::model::{Check, fits, model};
use crate::traits::{inverse_transformer, partial_fitter, transformer};
use crate::{Error, Result, check};

model! {
    /// Scales and moves each feature into a range, by its smallest and largest value.
    ///
    /// With `scale = (high - low) / (data_max - data_min)` a feature `x` becomes `x * scale + min`, where
    /// `min = low - data_min * scale`. A feature whose values do not differ by 10 eps becomes `low`. It is scikit-learn's
    /// estimator of the same name.
    ///
    /// NaN stands for what is missing: it counts neither as smallest nor as largest, and stays where it is. A further batch in which a
    /// feature is missing leaves it as it was (scikit-learn forgets the range of such a feature).
    ///
    /// ```
    /// use xp::models::preprocessing::MinMaxScaler;
    /// use xp::prelude::*;
    ///
    /// let x = array![[-1.0, 2.0], [0.0, 2.0], [1.0, 2.0]];
    /// let scaler = MinMaxScaler::params().fit(&x)?;
    /// assert_eq!(scaler.transform(&x)?.to_vec(), [0.0, 0.0, 0.5, 0.0, 1.0, 0.0]);
    /// assert_eq!(scaler.data_max().to_vec(), [1.0, 2.0]);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct MinMaxScaler<B: Backend, T: Float> {
        /// The smallest value of each feature.
        pub data_min: Array<B, T, Ix1>,
        /// The largest value of each feature.
        pub data_max: Array<B, T, Ix1>,
        /// The difference of the two.
        pub data_range: Array<B, T, Ix1>,
        /// What each feature is multiplied by.
        pub scale: Array<B, T, Ix1>,
        /// What is then added to it.
        pub min: Array<B, T, Ix1>,
        /// The number of samples.
        pub n_samples_seen: usize,
        low: f64,
        high: f64,
        clip: bool,
    }
}

impl<B: Backend, T: Float> Check for MinMaxScaler<B, T> {
    fn check(&self) -> Result<()> {
        in_order(self.low, self.high)?;
        let shape = self.scale.dims();
        fits("data_min", self.data_min.dims(), shape)?;
        fits("data_max", self.data_max.dims(), shape)?;
        fits("data_range", self.data_range.dims(), shape)?;
        fits("min", self.min.dims(), shape)
    }
}

/// Parameters of [`MinMaxScaler`].
#[derive(Clone, Debug)]
pub struct MinMaxScalerParams<B, T> {
    low: f64,
    high: f64,
    clip: bool,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Backend, T: Float> MinMaxScaler<B, T> {
    /// The default parameters: the range 0 to 1, values outside it are not clipped.
    #[must_use]
    pub fn params() -> MinMaxScalerParams<B, T> {
        MinMaxScalerParams { low: 0.0, high: 1.0, clip: false, kind: PhantomData }
    }
}

impl<B: Backend, T: Float> MinMaxScalerParams<B, T> {
    /// The range of the features that come out.
    #[must_use]
    pub fn feature_range(mut self, low: f64, high: f64) -> Self {
        (self.low, self.high) = (low, high);
        self
    }

    /// Whether values outside the range of the fitted data are clipped to the feature range.
    #[must_use]
    pub fn clip(mut self, yes: bool) -> Self {
        self.clip = yes;
        self
    }

    /// Fits the model to samples of shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for no samples or no features, [`Error::NonFinite`] for infinity, [`Error::Value`] for a range out of order.
    pub fn fit(&self, x: &Array<B, T, Ix2>) -> Result<MinMaxScaler<B, T>> {
        in_order(self.low, self.high)?;
        let (data_min, data_max) = extremes(x)?;
        self.finish(data_min, data_max, x.dims()[0])
    }

    fn finish(&self, data_min: Array<B, T, Ix1>, data_max: Array<B, T, Ix1>, n_samples_seen: usize) -> Result<MinMaxScaler<B, T>> {
        let data_range = (data_max.lazy() - &data_min).try_eval()?;
        let scale = (nonzero(&data_range)?.reciprocal().into_lazy() * T::from_f64(self.high - self.low)).try_eval()?;
        let min = (-(data_min.lazy() * &scale) + T::from_f64(self.low)).try_eval()?;
        let MinMaxScalerParams { low, high, clip, .. } = *self;
        Ok(MinMaxScaler { data_min, data_max, data_range, scale, min, n_samples_seen, low, high, clip })
    }
}

impl<B: Backend, T: Float> MinMaxScaler<B, T> {
    /// Updates the model with further samples, as if it had been fitted to all of them.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::Shape`], [`Error::NonFinite`] for infinity; the model is then as before.
    pub fn partial_fit(&mut self, x: &Array<B, T, Ix2>) -> Result<()> {
        check::features("x", x, self.scale.size())?;
        let (low, high) = extremes(x)?;
        self.take(&low, &high, x.dims()[0])
    }

    /// Takes in what another scaler has learnt from other samples.
    ///
    /// # Errors
    /// [`Error::Shape`] when the features differ, [`Error::Value`] when the range or `clip` does.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        fits("other", other.scale.dims(), self.scale.dims())?;
        if (other.low, other.high, other.clip) != (self.low, self.high, self.clip) {
            let given = format!("the range {} to {}, clip {}", other.low, other.high, other.clip);
            return Err(Error::value("other", given, format!("{} to {}, clip {}", self.low, self.high, self.clip)));
        }
        self.take(&other.data_min, &other.data_max, other.n_samples_seen)
    }

    /// Takes the extremes of further samples.
    fn take(&mut self, low: &Array<B, T, Ix1>, high: &Array<B, T, Ix1>, n: usize) -> Result<()> {
        let (low, high) = (known(&self.data_min, low, Bound::Low)?, known(&self.data_max, high, Bound::High)?);
        let params = MinMaxScalerParams { low: self.low, high: self.high, clip: self.clip, kind: PhantomData };
        *self = params.finish(low, high, self.n_samples_seen.saturating_add(n))?;
        Ok(())
    }

    /// The samples with their features in the range.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`] for infinity.
    pub fn transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.scale.size())?;
        check::finite_or_nan("x", x)?;
        let scaled = x.lazy() * &self.scale + &self.min;
        if !self.clip {
            return Ok(scaled.try_eval()?);
        }
        Ok(scaled.maximum(T::from_f64(self.low)).minimum(T::from_f64(self.high)).try_eval()?)
    }

    /// The samples whose transform is `x`.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`] for infinity.
    pub fn inverse_transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.scale.size())?;
        check::finite_or_nan("x", x)?;
        Ok(((x.lazy() - &self.min) / &self.scale).try_eval()?)
    }

    /// The range of the features that come out.
    #[must_use]
    pub fn feature_range(&self) -> (f64, f64) {
        (self.low, self.high)
    }
}

model! {
    /// Divides each feature by its largest magnitude, so that it lies between -1 and 1; zeros stay zeros.
    ///
    /// It is scikit-learn's estimator of the same name. A feature of magnitude below 10 eps stays as it is. NaN is what is missing, as
    /// for [`MinMaxScaler`].
    ///
    /// ```
    /// use xp::models::preprocessing::MaxAbsScaler;
    /// use xp::prelude::*;
    ///
    /// let x = array![[1.0, 0.0], [-4.0, 0.0]];
    /// let scaler = MaxAbsScaler::params().fit(&x)?;
    /// assert_eq!(scaler.transform(&x)?.to_vec(), [0.25, 0.0, -1.0, 0.0]);
    /// assert_eq!(scaler.max_abs().to_vec(), [4.0, 0.0]);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct MaxAbsScaler<B: Backend, T: Float> {
        /// The largest magnitude of each feature.
        pub max_abs: Array<B, T, Ix1>,
        /// What each feature is divided by.
        pub scale: Array<B, T, Ix1>,
        /// The number of samples.
        pub n_samples_seen: usize,
        clip: bool,
    }
}

impl<B: Backend, T: Float> Check for MaxAbsScaler<B, T> {
    fn check(&self) -> Result<()> {
        fits("max_abs", self.max_abs.dims(), self.scale.dims())
    }
}

/// Parameters of [`MaxAbsScaler`].
#[derive(Clone, Debug)]
pub struct MaxAbsScalerParams<B, T> {
    clip: bool,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Backend, T: Float> MaxAbsScaler<B, T> {
    /// The default parameters: nothing is clipped.
    #[must_use]
    pub fn params() -> MaxAbsScalerParams<B, T> {
        MaxAbsScalerParams { clip: false, kind: PhantomData }
    }
}

impl<B: Backend, T: Float> MaxAbsScalerParams<B, T> {
    /// Whether values outside the range of the fitted data are clipped to -1 and 1.
    #[must_use]
    pub fn clip(mut self, yes: bool) -> Self {
        self.clip = yes;
        self
    }

    /// Fits the model to samples of shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for no samples or no features, [`Error::NonFinite`] for infinity.
    pub fn fit(&self, x: &Array<B, T, Ix2>) -> Result<MaxAbsScaler<B, T>> {
        let max_abs = largest_magnitudes(x)?;
        Ok(MaxAbsScaler { scale: nonzero(&max_abs)?, max_abs, n_samples_seen: x.dims()[0], clip: self.clip })
    }
}

impl<B: Backend, T: Float> MaxAbsScaler<B, T> {
    /// Updates the model with further samples, as if it had been fitted to all of them.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::Shape`], [`Error::NonFinite`] for infinity; the model is then as before.
    pub fn partial_fit(&mut self, x: &Array<B, T, Ix2>) -> Result<()> {
        check::features("x", x, self.scale.size())?;
        self.take(&largest_magnitudes(x)?, x.dims()[0])
    }

    /// Takes in what another scaler has learnt from other samples.
    ///
    /// # Errors
    /// [`Error::Shape`] when the features differ, [`Error::Value`] when `clip` does.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        fits("other", other.scale.dims(), self.scale.dims())?;
        if other.clip != self.clip {
            return Err(Error::value("other", format!("clip {}", other.clip), format!("clip {}", self.clip)));
        }
        self.take(&other.max_abs, other.n_samples_seen)
    }

    /// Takes the magnitudes of further samples.
    fn take(&mut self, largest: &Array<B, T, Ix1>, n: usize) -> Result<()> {
        let max_abs = known(&self.max_abs, largest, Bound::High)?;
        (self.scale, self.max_abs) = (nonzero(&max_abs)?, max_abs);
        self.n_samples_seen = self.n_samples_seen.saturating_add(n);
        Ok(())
    }

    /// The samples with their features divided by the largest magnitudes.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`] for infinity.
    pub fn transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.scale.size())?;
        check::finite_or_nan("x", x)?;
        let scaled = x.lazy() / &self.scale;
        Ok(if self.clip { scaled.maximum(-T::ONE).minimum(T::ONE).try_eval()? } else { scaled.try_eval()? })
    }

    /// The samples whose transform is `x`.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`] for infinity.
    pub fn inverse_transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.scale.size())?;
        check::finite_or_nan("x", x)?;
        Ok((x.lazy() * &self.scale).try_eval()?)
    }
}

fn in_order(low: f64, high: f64) -> Result<()> {
    if low < high && low.is_finite() && high.is_finite() {
        return Ok(());
    }
    Err(Error::value("feature_range", format!("{low} to {high}"), "two numbers in ascending order"))
}

/// The smallest and largest value of each feature that are not missing; NaN of a feature that has none.
fn extremes<B: Backend, T: Float>(x: &Array<B, T, Ix2>) -> Result<(Array<B, T, Ix1>, Array<B, T, Ix1>)> {
    check::at_least(x, 1)?;
    let (low, high) = (x.lazy().min(0).try_eval()?, x.lazy().max(0).try_eval()?);
    if check::all_finite(&low)? && check::all_finite(&high)? {
        return Ok((low, high));
    }
    check::finite_or_nan("x", x)?;
    Ok((nanmin(x, 0)?, nanmax(x, 0)?))
}

fn largest_magnitudes<B: Backend, T: Float>(x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix1>> {
    check::at_least(x, 1)?;
    let largest = x.lazy().abs().max(0).try_eval()?;
    if check::all_finite(&largest)? {
        return Ok(largest);
    }
    check::finite_or_nan("x", x)?;
    Ok(nanmax(&x.lazy().abs().try_eval()?, 0)?)
}

#[derive(Clone, Copy, PartialEq)]
enum Bound {
    Low,
    High,
}

/// The smaller or larger one of two numbers, or the one that is not missing.
fn known<B: Backend, T: Float>(a: &Array<B, T, Ix1>, b: &Array<B, T, Ix1>, bound: Bound) -> Result<Array<B, T, Ix1>> {
    let both = match bound {
        Bound::Low => a.lazy().minimum(b).try_eval()?,
        Bound::High => a.lazy().maximum(b).try_eval()?,
    };
    Ok(a.lazy().isnan().where_(b, b.lazy().isnan().where_(a, &both)).try_eval()?)
}

/// Divisors, with 1 for those that are zero to rounding.
pub(crate) fn nonzero<B: Backend, T: Float, D: xp_core::Dim>(x: &Array<B, T, D>) -> Result<Array<B, T, D>> {
    let small = x.lazy().less(T::EPSILON * T::from_f64(10.0)).try_eval()?;
    Ok(where_(&small, &x.ones_like()?, x))
}

transformer!(MinMaxScalerParams, MinMaxScaler, Backend);
inverse_transformer!(MinMaxScaler, Backend);
partial_fitter!(MinMaxScaler, Backend);
transformer!(MaxAbsScalerParams, MaxAbsScaler, Backend);
inverse_transformer!(MaxAbsScaler, Backend);
partial_fitter!(MaxAbsScaler, Backend);
