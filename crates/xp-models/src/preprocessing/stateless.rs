//! Preprocessing that learns nothing but the number of features.

use core::marker::PhantomData;

use xp_core::linalg::vector_norm;
use xp_core::{Array, Backend, Float, Ix2, KeepDims};

use super::range::nonzero;
use crate::model::{Check, Data, model, named, text_fields};
use crate::traits::transformer;
use crate::{Result, check};

/// Which length of a sample [`Normalizer`] makes 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Norm {
    /// The sum of magnitudes.
    L1,
    /// The root of the sum of squares.
    L2,
    /// The largest magnitude.
    Max,
}

named!(Norm, "norm": L1 = "l1", L2 = "l2", Max = "max");
text_fields!(Norm);

model! {
    /// Divides each sample by its norm.
    ///
    /// It is scikit-learn's estimator of the same name. A sample whose norm is below 10 eps stays as it is.
    ///
    /// ```
    /// use xp::models::preprocessing::{Norm, Normalizer};
    /// use xp::prelude::*;
    ///
    /// let x = array![[3.0, -4.0], [0.0, 0.0]];
    /// assert_eq!(Normalizer::params().fit(&x)?.transform(&x)?.to_vec(), [0.6, -0.8, 0.0, 0.0]);
    /// assert_eq!(Normalizer::params().norm(Norm::Max).fit(&x)?.transform(&x)?.to_vec(), [0.75, -1.0, 0.0, 0.0]);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct Normalizer<B: Backend, T: Float> {
        norm: Norm,
        n_features: usize,
        data: Data<B, T>,
    }
}

/// Nothing of the model can contradict anything else of it.
impl<B: Backend, T: Float> Check for Normalizer<B, T> {
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// Parameters of [`Normalizer`].
#[derive(Clone, Debug)]
pub struct NormalizerParams<B, T> {
    norm: Norm,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Backend, T: Float> Normalizer<B, T> {
    /// The default parameters: [`Norm::L2`].
    #[must_use]
    pub fn params() -> NormalizerParams<B, T> {
        NormalizerParams { norm: Norm::L2, kind: PhantomData }
    }

    /// The samples, divided by their norms.
    ///
    /// # Errors
    /// [`Error::Features`](crate::Error::Features), [`Error::NonFinite`](crate::Error::NonFinite).
    pub fn transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.n_features)?;
        check::finite("x", x)?;
        of_norm_one(x, self.norm)
    }
}

/// The rows divided by their norms; those whose norm is below 10 eps stay.
pub(crate) fn of_norm_one<B: Backend, T: Float>(x: &Array<B, T, Ix2>, norm: Norm) -> Result<Array<B, T, Ix2>> {
    if x.is_empty() {
        return Ok(x.clone());
    }
    let p = match norm {
        Norm::L1 => 1.0,
        Norm::L2 => 2.0,
        Norm::Max => f64::INFINITY,
    };
    let norms = vector_norm(x, KeepDims(1), p)?;
    Ok((x.lazy() / &nonzero(&norms)?).try_eval()?)
}

impl<B: Backend, T: Float> NormalizerParams<B, T> {
    /// Which length becomes 1.
    #[must_use]
    pub fn norm(mut self, norm: Norm) -> Self {
        self.norm = norm;
        self
    }

    /// Checks samples of shape `(n_samples, n_features)`, and keeps the number of features.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for no samples or no features, [`Error::NonFinite`](crate::Error::NonFinite).
    pub fn fit(&self, x: &Array<B, T, Ix2>) -> Result<Normalizer<B, T>> {
        check::at_least(x, 1)?;
        check::finite("x", x)?;
        Ok(Normalizer { norm: self.norm, n_features: x.dims()[1], data: Data::default() })
    }
}

model! {
    /// 1 where a feature is above a threshold, otherwise 0.
    ///
    /// It is scikit-learn's estimator of the same name.
    ///
    /// ```
    /// use xp::models::preprocessing::Binarizer;
    /// use xp::prelude::*;
    ///
    /// let x = array![[1.0, -1.0], [2.0, 1.5]];
    /// assert_eq!(Binarizer::params().threshold(1.0).fit(&x)?.transform(&x)?.to_vec(), [0.0, 0.0, 1.0, 1.0]);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct Binarizer<B: Backend, T: Float> {
        threshold: f64,
        n_features: usize,
        data: Data<B, T>,
    }
}

/// Nothing of the model can contradict anything else of it.
impl<B: Backend, T: Float> Check for Binarizer<B, T> {
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// Parameters of [`Binarizer`].
#[derive(Clone, Debug)]
pub struct BinarizerParams<B, T> {
    threshold: f64,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Backend, T: Float> Binarizer<B, T> {
    /// The default parameters: the threshold 0.
    #[must_use]
    pub fn params() -> BinarizerParams<B, T> {
        BinarizerParams { threshold: 0.0, kind: PhantomData }
    }

    /// 1 where a feature is above the threshold, otherwise 0.
    ///
    /// # Errors
    /// [`Error::Features`](crate::Error::Features), [`Error::NonFinite`](crate::Error::NonFinite).
    pub fn transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.n_features)?;
        check::finite("x", x)?;
        Ok(x.lazy().greater(T::from_f64(self.threshold)).astype::<T>().try_eval()?)
    }
}

impl<B: Backend, T: Float> BinarizerParams<B, T> {
    /// The threshold.
    #[must_use]
    pub fn threshold(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }

    /// Checks samples of shape `(n_samples, n_features)`, and keeps the number of features.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for no samples or no features, [`Error::NonFinite`](crate::Error::NonFinite).
    pub fn fit(&self, x: &Array<B, T, Ix2>) -> Result<Binarizer<B, T>> {
        check::at_least(x, 1)?;
        check::finite("x", x)?;
        Ok(Binarizer { threshold: self.threshold, n_features: x.dims()[1], data: Data::default() })
    }
}

transformer!(NormalizerParams, Normalizer, Backend);
transformer!(BinarizerParams, Binarizer, Backend);
