//! Scaling of features and samples, transformations to other distributions, products of features, labels and categories as numbers.

mod columns;
mod encoders;
mod label;
mod moments;
mod polynomial;
mod power;
mod quantile;
mod range;
mod robust;
mod stateless;

use core::marker::PhantomData;

use xp_core::functions::{full, zeros};
use xp_core::{Array, Backend, Float, Ix1, Ix2, Num, Real};

use crate::model::{Check, Data, Wide, fits, model};
use crate::tall_svd::{device, host};
use crate::traits::{Estimator, Fit, FitWeighted, Transform, inverse_transformer, partial_fitter};
use crate::{Error, Result, check};

pub(crate) use columns::{linear, quantiles};
pub use encoders::{DropCategory, HandleUnknown, OneHotEncoder, OneHotEncoderParams, OrdinalEncoder, OrdinalEncoderParams, TextCategories};
pub use label::{LabelBinarizer, LabelBinarizerParams, LabelEncoder, TextLabelEncoder, label_binarize};
pub(crate) use moments::Moments;
pub use polynomial::{KernelCenterer, KernelCentererParams, PolynomialFeatures, PolynomialFeaturesParams};
pub use power::{PowerMethod, PowerTransformer, PowerTransformerParams};
pub use quantile::{OutputDistribution, QuantileTransformer, QuantileTransformerParams};
pub(crate) use range::nonzero;
pub use range::{MaxAbsScaler, MaxAbsScalerParams, MinMaxScaler, MinMaxScalerParams};
pub use robust::{RobustScaler, RobustScalerParams};
pub(crate) use stateless::of_norm_one;
pub use stateless::{Binarizer, BinarizerParams, Norm, Normalizer, NormalizerParams};

model! {
    /// Removes the mean of each feature and scales it to unit variance.
    ///
    /// Mean and variance are those of one pass over the data in blocks of rows (two passes over each block, merged by the
    /// rule of Chan, Golub and LeVeque, 1983), in the widest float of the backend. A feature whose variance is within the
    /// rounding error of that computation is constant, and keeps its scale, as in scikit-learn.
    ///
    /// NaN stands for what is missing: it is left out of mean and variance, which are NaN of a feature that has only missing values,
    /// and stays where it is. A further batch in which a feature is missing leaves it as it was (in scikit-learn its variance is lost).
    ///
    /// ```
    /// use xp::prelude::*;
    /// use xp::models::preprocessing::StandardScaler;
    ///
    /// let x = Array::from_vec(&Cpu, vec![0.0, 5.0, 2.0, 5.0], [2, 2])?;
    /// let scaler = StandardScaler::params().fit(&x)?;
    /// assert_eq!(scaler.transform(&x)?.to_vec(), [-1.0, 0.0, 1.0, 0.0]);
    /// assert_eq!(scaler.scale().unwrap().to_vec(), [1.0, 1.0]);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(2)]
    pub struct StandardScaler<B: Backend, T: Float> {
        with_mean: bool,
        with_std: bool,
        fresh: bool,
        n_samples_seen: Wide<B, Ix1>,
        mean: Wide<B, Ix1>,
        var: Wide<B, Ix1>,
        scale: Wide<B, Ix1>,
        data: Data<B, T>,
    }
}

impl<B: Backend, T: Float> Check for StandardScaler<B, T> {
    fn check(&self) -> Result<()> {
        if let Some(bad) = host(&self.n_samples_seen.0)?.into_iter().find(|&n| !(n >= 0.0 && n.is_finite())) {
            return Err(Error::value("n_samples_seen", bad, "numbers that are not negative"));
        }
        fits("n_samples_seen", self.n_samples_seen.0.dims(), self.mean.0.dims())?;
        fits("var", self.var.0.dims(), self.mean.0.dims())?;
        fits("scale", self.scale.0.dims(), self.mean.0.dims())
    }
}

/// Parameters of [`StandardScaler`].
#[derive(Clone, Debug)]
pub struct StandardScalerParams<B, T> {
    with_mean: bool,
    with_std: bool,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Backend, T: Float> StandardScaler<B, T> {
    /// The default parameters: both centring and scaling.
    #[must_use]
    pub fn params() -> StandardScalerParams<B, T> {
        StandardScalerParams { with_mean: true, with_std: true, kind: PhantomData }
    }
}

impl<B: Backend, T: Float> StandardScalerParams<B, T> {
    /// Whether the mean is removed.
    #[must_use]
    pub fn with_mean(mut self, yes: bool) -> Self {
        self.with_mean = yes;
        self
    }

    /// Whether features are scaled to unit variance.
    #[must_use]
    pub fn with_std(mut self, yes: bool) -> Self {
        self.with_std = yes;
        self
    }

    /// A model that has seen nothing, on a device, for [`StandardScaler::partial_fit`].
    ///
    /// # Errors
    /// When memory runs out or the device fails.
    pub fn start(&self, device: &B, n_features: usize) -> Result<StandardScaler<B, T>> {
        let nothing = zeros(device, [n_features])?;
        let unknown = full(device, [n_features], B::MaxFloat::from_f64(f64::NAN))?;
        Ok(StandardScaler {
            with_mean: self.with_mean,
            with_std: self.with_std,
            fresh: true,
            n_samples_seen: Wide(nothing),
            scale: Wide(unknown.clone()),
            var: Wide(unknown.clone()),
            mean: Wide(unknown),
            data: Data::default(),
        })
    }

    /// Fits the model to samples of shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] for no samples or no features, [`crate::Error::NonFinite`] for infinity.
    pub fn fit(&self, x: &Array<B, T, Ix2>) -> Result<StandardScaler<B, T>> {
        let mut model = self.start(x.device(), x.dims()[1])?;
        model.partial_fit(x)?;
        Ok(model)
    }

    /// [`fit`](Self::fit) with a weight for every sample.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit), and [`crate::Error::Samples`], [`crate::Error::Value`] for weights that are negative or all zero.
    pub fn fit_weighted(&self, x: &Array<B, T, Ix2>, sample_weight: &Array<B, T, Ix1>) -> Result<StandardScaler<B, T>> {
        let mut model = self.start(x.device(), x.dims()[1])?;
        model.partial_fit_weighted(x, sample_weight)?;
        Ok(model)
    }

    /// Fits the model and transforms the same samples, which are then read once less than by `fit` and `transform`.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit).
    pub fn fit_transform(&self, x: &Array<B, T, Ix2>) -> Result<(StandardScaler<B, T>, Array<B, T, Ix2>)> {
        let model = self.fit(x)?;
        let out = model.apply(x)?;
        Ok((model, out))
    }
}

impl<B: Backend, T: Float> StandardScaler<B, T> {
    /// Updates the model with further samples, as if it had been fitted to all of them.
    ///
    /// # Errors
    /// [`crate::Error::Features`], [`crate::Error::Shape`], [`crate::Error::NonFinite`] for infinity; the model is then as before.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::preprocessing::StandardScaler;
    /// let (a, b) = (Array::from_vec(&Cpu, vec![1.0], [1, 1])?, Array::from_vec(&Cpu, vec![2.0, 6.0], [2, 1])?);
    /// let mut scaler = StandardScaler::params().fit(&a)?;
    /// scaler.partial_fit(&b)?;
    /// assert_eq!(scaler.mean().unwrap().to_vec(), [3.0]);
    /// assert!((scaler.var().unwrap().get([0])? - 14.0 / 3.0).abs() < 1e-14);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    pub fn partial_fit(&mut self, x: &Array<B, T, Ix2>) -> Result<()> {
        self.update(x, None)
    }

    /// [`partial_fit`](Self::partial_fit) with a weight for every sample.
    ///
    /// # Errors
    /// As for [`partial_fit`](Self::partial_fit), and [`crate::Error::Samples`], [`crate::Error::Value`] for weights that are negative or
    /// all zero.
    pub fn partial_fit_weighted(&mut self, x: &Array<B, T, Ix2>, sample_weight: &Array<B, T, Ix1>) -> Result<()> {
        check::weights(sample_weight, x.dims())?;
        self.update(x, Some(sample_weight))
    }

    fn update(&mut self, x: &Array<B, T, Ix2>, weights: Option<&Array<B, T, Ix1>>) -> Result<()> {
        check::at_least(x, 1)?;
        check::features("x", x, self.mean.0.size())?;
        let mut new = Moments::of(x, weights, self.with_std)?;
        if !check::all_finite(&new.mean)? {
            check::finite_or_nan("x", x)?;
            new = Moments::of_present(x, weights)?;
        }
        self.take(new)
    }

    /// Takes in what another scaler has learnt from other samples.
    ///
    /// # Errors
    /// [`Error::Shape`] when the features differ, [`Error::Value`] when the parameters do.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        fits("other", other.mean.0.dims(), self.mean.0.dims())?;
        if (other.with_mean, other.with_std) != (self.with_mean, self.with_std) {
            return Err(Error::value("other", "other parameters", "the same with_mean and with_std"));
        }
        if other.fresh { Ok(()) } else { self.take(other.moments()?) }
    }

    fn moments(&self) -> Result<Moments<B, B::MaxFloat>> {
        let (counts, zero) = (&self.n_samples_seen.0, B::MaxFloat::ZERO);
        // What has not been seen is NaN, and weighs nothing.
        let seen = |x: &Array<B, B::MaxFloat, Ix1>| counts.lazy().greater(zero).where_(x, zero).try_eval();
        let (mean, var) = (seen(&self.mean.0)?, seen(&self.var.0)?);
        Ok(Moments { counts: counts.clone(), mean, squares: (var.into_lazy() * counts).try_eval()? })
    }

    /// Takes further samples.
    fn take(&mut self, new: Moments<B, B::MaxFloat>) -> Result<()> {
        let all = if self.fresh { new } else { Moments::merge_all(&[self.moments()?, new])? };
        let Moments { counts, mean, squares } = all;
        let none = counts.lazy().equal(B::MaxFloat::ZERO);
        self.mean = Wide(none.where_(B::MaxFloat::from_f64(f64::NAN), &mean).try_eval()?);
        self.var = Wide((squares.lazy() / &counts).try_eval()?);
        self.n_samples_seen = Wide(counts);
        self.scale = Wide(self.fit_scale()?);
        self.fresh = false;
        Ok(())
    }

    /// The standard deviations, with 1 for constant features: those whose variance is not above the error bound of its
    /// computation.
    fn fit_scale(&self) -> Result<Array<B, B::MaxFloat, Ix1>> {
        let eps = B::MaxFloat::EPSILON.to_f64();
        let (counts, means, vars) = (host(&self.n_samples_seen.0)?, host(&self.mean.0)?, host(&self.var.0)?);
        let scale = |((n, mean), var): ((f64, f64), f64)| if var <= n * eps * var + (n * mean * eps).powi(2) { 1.0 } else { var.sqrt() };
        device(self.var.0.device(), &counts.into_iter().zip(means).zip(vars).map(scale).collect::<Vec<_>>())
    }

    /// The samples, centred and scaled.
    ///
    /// # Errors
    /// [`crate::Error::Features`], [`crate::Error::NonFinite`] for infinity.
    pub fn transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.mean.0.size())?;
        check::finite_or_nan("x", x)?;
        self.apply(x)
    }

    fn apply(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        let (mean, scale) = (self.mean.0.astype::<T>(), self.scale.0.astype::<T>());
        Ok(match (self.with_mean, self.with_std) {
            (true, true) => ((x.lazy() - &mean) / &scale).try_eval()?,
            (true, false) => (x.lazy() - &mean).try_eval()?,
            (false, true) => (x.lazy() / &scale).try_eval()?,
            (false, false) => x.clone(),
        })
    }

    /// The samples whose transform is `x`.
    ///
    /// # Errors
    /// [`crate::Error::Features`], [`crate::Error::NonFinite`] for infinity.
    pub fn inverse_transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.mean.0.size())?;
        check::finite_or_nan("x", x)?;
        let (mean, scale) = (self.mean.0.astype::<T>(), self.scale.0.astype::<T>());
        Ok(match (self.with_mean, self.with_std) {
            (true, true) => (x.lazy() * &scale + &mean).try_eval()?,
            (true, false) => (x.lazy() + &mean).try_eval()?,
            (false, true) => (x.lazy() * &scale).try_eval()?,
            (false, false) => x.clone(),
        })
    }

    /// The number of samples of each feature, missing ones left out, or the sum of their weights.
    #[must_use]
    pub fn n_samples_seen(&self) -> &Array<B, B::MaxFloat, Ix1> {
        &self.n_samples_seen.0
    }

    /// The mean of each feature; `None` when neither mean nor variance was asked for.
    #[must_use]
    pub fn mean(&self) -> Option<&Array<B, B::MaxFloat, Ix1>> {
        (self.with_mean || self.with_std).then_some(&self.mean.0)
    }

    /// The variance of each feature; `None` without scaling.
    #[must_use]
    pub fn var(&self) -> Option<&Array<B, B::MaxFloat, Ix1>> {
        self.with_std.then_some(&self.var.0)
    }

    /// What each feature is divided by; `None` without scaling.
    #[must_use]
    pub fn scale(&self) -> Option<&Array<B, B::MaxFloat, Ix1>> {
        self.with_std.then_some(&self.scale.0)
    }
}

impl<B: Backend, T: Float> Estimator for StandardScalerParams<B, T> {}

impl<B: Backend, T: Float, Y> Fit<Array<B, T, Ix2>, Y> for StandardScalerParams<B, T> {
    type Model = StandardScaler<B, T>;

    fn fit(&self, x: &Array<B, T, Ix2>, _: &Y) -> Result<StandardScaler<B, T>> {
        StandardScalerParams::fit(self, x)
    }

    fn fit_transform(&self, x: &Array<B, T, Ix2>, _: &Y) -> Result<(Self::Model, <Self::Model as Transform<Array<B, T, Ix2>>>::Output)> {
        StandardScalerParams::fit_transform(self, x)
    }
}

impl<B: Backend, T: Float, Y> FitWeighted<Array<B, T, Ix2>, Y> for StandardScalerParams<B, T> {
    fn fit_weighted(&self, x: &Array<B, T, Ix2>, _: &Y, sample_weight: &Array<B, T, Ix1>) -> Result<StandardScaler<B, T>> {
        StandardScalerParams::fit_weighted(self, x, sample_weight)
    }
}

impl<B: Backend, T: Float> Transform<Array<B, T, Ix2>> for StandardScaler<B, T> {
    type Output = Array<B, T, Ix2>;

    fn transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        StandardScaler::transform(self, x)
    }
}

inverse_transformer!(StandardScaler, Backend);
partial_fitter!(StandardScaler, Backend);
