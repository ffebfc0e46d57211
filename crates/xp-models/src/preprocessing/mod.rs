//! Scaling of features and samples, transformations to other distributions, products of features, labels and categories as numbers.

mod columns;
mod encoders;
mod label;
mod polynomial;
mod power;
mod quantile;
mod range;
mod robust;
mod stateless;

use core::marker::PhantomData;

use xp_core::functions::{stack, zeros};
use xp_core::{Array, Backend, Expr, Float, Ix1, Ix2, Lazy, Num, Real};

use crate::model::{Check, Data, Wide, fits, model};
use crate::tall_svd::{device, host};
use crate::traits::{Estimator, Fit, FitWeighted, Transform, inverse_transformer, partial_fitter};
use crate::{Error, Result, check};

pub(crate) use columns::{linear, quantiles};
pub use encoders::{DropCategory, OneHotEncoder, OneHotEncoderParams, OrdinalEncoder, OrdinalEncoderParams};
pub use label::{LabelBinarizer, LabelBinarizerParams, LabelEncoder, TextLabelEncoder, label_binarize};
pub use polynomial::{KernelCenterer, KernelCentererParams, PolynomialFeatures, PolynomialFeaturesParams};
pub use power::{PowerMethod, PowerTransformer, PowerTransformerParams};
pub use quantile::{OutputDistribution, QuantileTransformer, QuantileTransformerParams};
pub use range::{MaxAbsScaler, MaxAbsScalerParams, MinMaxScaler, MinMaxScalerParams};
pub use robust::{RobustScaler, RobustScalerParams};
pub(crate) use range::nonzero;
pub(crate) use stateless::of_norm_one;
pub use stateless::{Binarizer, BinarizerParams, Norm, Normalizer, NormalizerParams};

/// Elements of a block of rows that is read twice in a row: it stays in the last cache in between, and is large enough to
/// be shared among threads.
const BLOCK: usize = 1 << 22;

model! {
    /// Removes the mean of each feature and scales it to unit variance.
    ///
    /// Mean and variance are those of one pass over the data in blocks of rows (two passes over each block, merged by the
    /// rule of Chan, Golub and LeVeque, 1983), in the widest float of the backend. A feature whose variance is within the
    /// rounding error of that computation is constant, and keeps its scale, as in scikit-learn. Unlike there, NaN is an error.
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
    #[version(1)]
    pub struct StandardScaler<B: Backend, T: Float> {
        with_mean: bool,
        with_std: bool,
        /// The number of samples, or the sum of their weights.
        pub n_samples_seen: f64,
        mean: Wide<B, Ix1>,
        var: Wide<B, Ix1>,
        scale: Wide<B, Ix1>,
        data: Data<B, T>,
    }
}

impl<B: Backend, T: Float> Check for StandardScaler<B, T> {
    fn check(&self) -> Result<()> {
        if !(self.n_samples_seen >= 0.0 && self.n_samples_seen.is_finite()) {
            return Err(Error::value("n_samples_seen", self.n_samples_seen, "a number that is not negative"));
        }
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
        Ok(StandardScaler {
            with_mean: self.with_mean,
            with_std: self.with_std,
            n_samples_seen: 0.0,
            scale: Wide(nothing.ones_like()?),
            var: Wide(nothing.clone()),
            mean: Wide(nothing),
            data: Data::default(),
        })
    }

    /// Fits the model to samples of shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] for no samples or no features, [`crate::Error::NonFinite`].
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
    /// [`crate::Error::Features`], [`crate::Error::Shape`], [`crate::Error::NonFinite`]; the model is then as before.
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
        let new = Moments::of(x, weights, self.with_std)?;
        check::finite_by("x", x, &new.mean)?;
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
        if other.n_samples_seen > 0.0 {
            self.take(other.moments()?)?;
        }
        Ok(())
    }

    fn moments(&self) -> Result<Moments<B, B::MaxFloat>> {
        let squares = (self.var.0.lazy() * B::MaxFloat::from_f64(self.n_samples_seen)).try_eval()?;
        Ok(Moments { count: self.n_samples_seen, mean: self.mean.0.clone(), squares })
    }

    /// Takes further samples.
    fn take(&mut self, new: Moments<B, B::MaxFloat>) -> Result<()> {
        let all = Moments::merge_all(&[self.moments()?, new])?;
        self.n_samples_seen = all.count;
        self.var = Wide(all.squares / B::MaxFloat::from_f64(all.count));
        self.mean = Wide(all.mean);
        self.scale = Wide(self.fit_scale()?);
        Ok(())
    }

    /// The standard deviations, with 1 for constant features: those whose variance is not above the error bound of its
    /// computation.
    fn fit_scale(&self) -> Result<Array<B, B::MaxFloat, Ix1>> {
        let (n, eps) = (self.n_samples_seen, B::MaxFloat::EPSILON.to_f64());
        let scale: Vec<f64> = host(&self.var.0)?
            .into_iter()
            .zip(host(&self.mean.0)?)
            .map(|(var, mean)| if var <= n * eps * var + (n * mean * eps).powi(2) { 1.0 } else { var.sqrt() })
            .collect();
        device(self.var.0.device(), &scale)
    }

    /// The samples, centred and scaled.
    ///
    /// # Errors
    /// [`crate::Error::Features`], [`crate::Error::NonFinite`].
    pub fn transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.mean.0.size())?;
        check::finite("x", x)?;
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
    /// [`crate::Error::Features`], [`crate::Error::NonFinite`].
    pub fn inverse_transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.mean.0.size())?;
        check::finite("x", x)?;
        let (mean, scale) = (self.mean.0.astype::<T>(), self.scale.0.astype::<T>());
        Ok(match (self.with_mean, self.with_std) {
            (true, true) => (x.lazy() * &scale + &mean).try_eval()?,
            (true, false) => (x.lazy() + &mean).try_eval()?,
            (false, true) => (x.lazy() * &scale).try_eval()?,
            (false, false) => x.clone(),
        })
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

/// Mean and sum of squared deviations of each feature over some samples, whose number or weight is `count`.
#[derive(Clone)]
pub(crate) struct Moments<B: Backend, F: Float> {
    pub count: f64,
    pub mean: Array<B, F, Ix1>,
    pub squares: Array<B, F, Ix1>,
}

impl<B: Backend, F: Float> Moments<B, F> {
    /// Reads `x` in blocks of rows. Without `spread` the sums of squares are left at zero.
    pub fn of<T: Float>(x: &Array<B, T, Ix2>, weights: Option<&Array<B, T, Ix1>>, spread: bool) -> Result<Self> {
        let [_, p] = x.shape();
        let step = (BLOCK / p).max(64);
        let column = weights.map(|w| w.expand_dims(1)).transpose()?;
        let x = x.lazy().astype::<F>();
        let column = column.as_ref().map(|w| w.lazy().astype::<F>());
        let parts: Vec<Self> = match &column {
            None => x.row_blocks(step)?.map(|rows| Moments::of_block(rows, rows.expr().range().len() as f64, spread)).collect::<Result<_>>()?,
            Some(w) => {
                let blocks = x.row_blocks(step)?.zip(w.row_blocks(step)?);
                blocks.map(|(rows, w)| Moments::of_weighted_block(rows, &w.try_eval()?, spread)).collect::<Result<_>>()?
            }
        };
        Moments::merge_all(&parts)
    }

    fn of_block<E: Expr<Backend = B, Elem = F, Dim = Ix2> + Copy>(x: Lazy<E>, count: f64, spread: bool) -> Result<Self> {
        let mean = x.mean(0).try_eval()?;
        let squares = if spread { (x - &mean).square().sum(0).try_eval()? } else { mean.zeros_like()? };
        Ok(Moments { count, mean, squares })
    }

    fn of_weighted_block<E: Expr<Backend = B, Elem = F, Dim = Ix2> + Copy>(x: Lazy<E>, w: &Array<B, F, Ix2>, spread: bool) -> Result<Self> {
        let count = w.sum(..).item()?.to_f64();
        // A block without weight must still show whether it holds NaN.
        let mean = (x * w).sum(0).try_eval()? / F::from_f64(if count > 0.0 { count } else { 1.0 });
        let squares = if spread { ((x - &mean).square() * w).sum(0).try_eval()? } else { mean.zeros_like()? };
        Ok(Moments { count, mean, squares })
    }

    /// The moments of all samples of several parts.
    pub fn merge_all(parts: &[Self]) -> Result<Self> {
        let [one] = parts else {
            let stacked = |pick: fn(&Self) -> &Array<B, F, Ix1>| stack(&parts.iter().map(pick).collect::<Vec<_>>(), 0);
            let (means, squares) = (stacked(|m| &m.mean)?, stacked(|m| &m.squares)?);
            let counts: Vec<f64> = parts.iter().map(|m| m.count).collect();
            let count: f64 = counts.iter().sum();
            let column = device::<B, F>(means.device(), &counts)?.expand_dims(1)?;
            let mean = (means.lazy() * &column).sum(0).try_eval()? / F::from_f64(if count > 0.0 { count } else { 1.0 });
            let between = ((means.lazy() - &mean).square() * &column).sum(0).try_eval()?;
            return Ok(Moments { count, mean, squares: squares.lazy().sum(0).try_eval()? + between });
        };
        Ok(one.clone())
    }
}
