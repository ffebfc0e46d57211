//! Features of texts.

use core::marker::PhantomData;

use xp_core::{Array, Backend, Float, Ix1, Ix2, Num};

use crate::model::{Check, fits, model};
use crate::preprocessing::{Norm, of_norm_one};
use crate::traits::transformer;
use crate::{Error, Result, check};

model! {
    /// Weighs counts of terms, of shape `(n_documents, n_terms)`, by how rare the terms are among the documents.
    ///
    /// A count is multiplied by `idf = ln(n / df) + 1`, where `df` of `n` documents have the term; with smoothing, as if one more document
    /// had every term: `ln((n + 1) / (df + 1)) + 1`. Then each row is divided by its norm. It is scikit-learn's
    /// `feature_extraction.text.TfidfTransformer` on an array of counts.
    ///
    /// ```
    /// use xp::models::feature_extraction::TfidfTransformer;
    /// use xp::prelude::*;
    ///
    /// let counts = array![[3.0_f64, 0.0], [2.0, 1.0], [1.0, 0.0]];
    /// let model = TfidfTransformer::params().smooth_idf(false).norm(None).fit(&counts)?;
    /// let rare = 3.0_f64.ln() + 1.0;
    /// assert_eq!(model.idf().unwrap().to_vec(), [1.0, rare]);
    /// assert_eq!(model.transform(&counts)?.to_vec(), [3.0, 0.0, 2.0, rare, 1.0, 0.0]);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct TfidfTransformer<B: Backend, T: Float> {
        /// What the counts of each term are multiplied by; `None` if they are not.
        pub idf: Option<Array<B, T, Ix1>>,
        n_features: usize,
        norm: Option<Norm>,
        sublinear_tf: bool,
    }
}

impl<B: Backend, T: Float> Check for TfidfTransformer<B, T> {
    fn check(&self) -> Result<()> {
        self.idf.as_ref().map_or(Ok(()), |idf| fits("idf", idf.dims(), &[self.n_features]))
    }
}

/// Parameters of [`TfidfTransformer`].
#[derive(Clone, Debug)]
pub struct TfidfTransformerParams<B, T> {
    norm: Option<Norm>,
    use_idf: bool,
    smooth_idf: bool,
    sublinear_tf: bool,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Backend, T: Float> TfidfTransformer<B, T> {
    /// The default parameters: [`Norm::L2`], with smoothing, counts as they are.
    #[must_use]
    pub fn params() -> TfidfTransformerParams<B, T> {
        TfidfTransformerParams { norm: Some(Norm::L2), use_idf: true, smooth_idf: true, sublinear_tf: false, kind: PhantomData }
    }
}

impl<B: Backend, T: Float> TfidfTransformerParams<B, T> {
    /// Which norm of a row becomes 1, if any.
    #[must_use]
    pub fn norm(mut self, norm: impl Into<Option<Norm>>) -> Self {
        self.norm = norm.into();
        self
    }

    /// Whether rare terms weigh more.
    #[must_use]
    pub fn use_idf(mut self, yes: bool) -> Self {
        self.use_idf = yes;
        self
    }

    /// Whether one more document with every term is counted.
    #[must_use]
    pub fn smooth_idf(mut self, yes: bool) -> Self {
        self.smooth_idf = yes;
        self
    }

    /// Whether `1 + ln(count)` stands for a count.
    #[must_use]
    pub fn sublinear_tf(mut self, yes: bool) -> Self {
        self.sublinear_tf = yes;
        self
    }

    /// Fits the model to counts of shape `(n_documents, n_terms)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for no documents or no terms, [`Error::NonFinite`].
    pub fn fit(&self, x: &Array<B, T, Ix2>) -> Result<TfidfTransformer<B, T>> {
        check::at_least(x, 1)?;
        check::finite("x", x)?;
        let [n, n_features] = x.shape();
        let idf = if self.use_idf {
            let c = B::MaxFloat::from_f64;
            let one = if self.smooth_idf { 1.0 } else { 0.0 };
            let documents = x.lazy().count_nonzero(0).try_eval()?;
            let frequency = (documents.lazy().astype::<B::MaxFloat>() + c(one)) / c(n as f64 + one);
            Some((-frequency.log() + c(1.0)).astype::<T>().try_eval()?)
        } else {
            None
        };
        Ok(TfidfTransformer { idf, n_features, norm: self.norm, sublinear_tf: self.sublinear_tf })
    }
}

impl<B: Backend, T: Float> TfidfTransformer<B, T> {
    /// The weighted counts. 0 stays 0, even for a term without documents, whose `idf` is infinite.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`], [`Error::Value`] for negative counts with `sublinear_tf`.
    pub fn transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.n_features)?;
        check::finite("x", x)?;
        if self.sublinear_tf && x.lazy().less(T::ZERO).any(..).try_eval()?.item()? {
            return Err(Error::value("x", "a negative count", "counts that are not negative"));
        }
        let absent = x.lazy().equal(T::ZERO);
        let logs = x.lazy().log() + T::ONE;
        let weighted = match (&self.idf, self.sublinear_tf) {
            (Some(idf), true) => absent.where_(T::ZERO, logs * idf).try_eval()?,
            (Some(idf), false) => absent.where_(T::ZERO, x.lazy() * idf).try_eval()?,
            (None, true) => absent.where_(T::ZERO, logs).try_eval()?,
            (None, false) => x.clone(),
        };
        match self.norm {
            Some(norm) => of_norm_one(&weighted, norm),
            None => Ok(weighted),
        }
    }
}

transformer!(TfidfTransformerParams, TfidfTransformer, Backend);
