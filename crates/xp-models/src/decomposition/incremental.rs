//! Principal component analysis of samples that come in batches: D. Ross, J. Lim, R. Lin and M. Yang, Incremental learning for
//! robust visual tracking, IJCV 77 (2008).

use core::marker::PhantomData;

use xp_core::functions::{concat, zeros};
use xp_core::linalg::{Thin, svd};
use xp_core::{Array, Backend, Float, Ix1, Ix2, Linalg, Num, s};

use super::affine::Affine;
use super::mean_of;
use crate::model::{Check, Wide, fits, model};
use crate::preprocessing::Moments;
use crate::tall_svd::{device, fix_signs, host};
use crate::traits::{inverse_transformer, partial_fitter, transformer};
use crate::{Error, Result, check};

model! {
    /// Projects data onto the directions of largest variance, which are updated batch by batch: memory is that of a batch.
    ///
    /// It is scikit-learn's estimator of the same name, signs included. What is kept of the samples seen are their mean, the components
    /// and the singular values: with all components the result is that of [`PCA`](super::PCA), otherwise what lies along the others
    /// is forgotten after each batch. Models of different samples can be [merged](Self::merge).
    ///
    /// ```
    /// use xp::models::decomposition::IncrementalPCA;
    /// use xp::prelude::*;
    ///
    /// let x = array![[0.0_f64, 1.0], [3.0, 5.0], [6.0, 9.0], [9.0, 13.0]]; // on a line
    /// let mut pca = IncrementalPCA::params().n_components(1).start(&Cpu, 2)?;
    /// pca.partial_fit(&x.slice(s![..2])?)?;
    /// pca.partial_fit(&x.slice(s![2..])?)?;
    /// assert!((pca.components().get([0, 1])? - 0.8).abs() < 1e-14);
    /// assert!((pca.explained_variance_ratio().get([0])? - 1.0).abs() < 1e-14);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct IncrementalPCA<B: Backend, T: Float> {
        /// The directions, as rows of length 1, by descending variance.
        pub components: Array<B, T, Ix2>,
        /// The variance along each component, with `n_samples_seen - 1` degrees of freedom.
        pub explained_variance: Array<B, T, Ix1>,
        /// The part of the whole variance along each component.
        pub explained_variance_ratio: Array<B, T, Ix1>,
        /// The singular values of the centred data.
        pub singular_values: Array<B, T, Ix1>,
        /// The mean variance along the directions that the last batch left out; 0 when it left out none.
        pub noise_variance: f64,
        /// The number of samples.
        pub n_samples_seen: usize,
        mean: Wide<B, Ix1>,
        squares: Wide<B, Ix1>,
        n_components: Option<usize>,
        whiten: bool,
    }
}

impl<B: Backend, T: Float> Check for IncrementalPCA<B, T> {
    fn check(&self) -> Result<()> {
        let ([k, p], [features]) = (self.components.shape(), self.mean.0.shape());
        fits("components", &[p], &[features])?;
        if k > p || self.n_components.is_some_and(|n| !(1..=p).contains(&n) || (self.n_samples_seen > 0 && n != k)) {
            return Err(Error::shape("components", self.components.dims(), format!("as many rows as n_components, at most {p}")));
        }
        fits("squares", self.squares.0.dims(), &[p])?;
        fits("explained_variance", self.explained_variance.dims(), &[k])?;
        fits("explained_variance_ratio", self.explained_variance_ratio.dims(), &[k])?;
        fits("singular_values", self.singular_values.dims(), &[k])
    }
}

/// Parameters of [`IncrementalPCA`].
#[derive(Clone, Debug)]
pub struct IncrementalPCAParams<B, T> {
    n_components: Option<usize>,
    whiten: bool,
    batch_size: Option<usize>,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Linalg<T>, T: Float> IncrementalPCA<B, T> {
    /// The default parameters: as many components as the first batch has samples or features, no whitening, batches of five times as
    /// many samples as features.
    #[must_use]
    pub fn params() -> IncrementalPCAParams<B, T> {
        IncrementalPCAParams { n_components: None, whiten: false, batch_size: None, kind: PhantomData }
    }
}

impl<B: Linalg<T>, T: Float> IncrementalPCAParams<B, T> {
    /// How many components are kept.
    #[must_use]
    pub fn n_components(mut self, n: impl Into<Option<usize>>) -> Self {
        self.n_components = n.into();
        self
    }

    /// Whether transformed data are scaled to unit variance.
    #[must_use]
    pub fn whiten(mut self, whiten: bool) -> Self {
        self.whiten = whiten;
        self
    }

    /// How many samples [`fit`](Self::fit) takes at a time.
    #[must_use]
    pub fn batch_size(mut self, n: impl Into<Option<usize>>) -> Self {
        self.batch_size = n.into();
        self
    }

    /// A model that has seen nothing, on a device, for [`IncrementalPCA::partial_fit`].
    ///
    /// # Errors
    /// [`Error::Value`] for no components, [`Error::Components`] for more than features; when memory runs out or the device fails.
    pub fn start(&self, device: &B, n_features: usize) -> Result<IncrementalPCA<B, T>> {
        match self.n_components {
            Some(0) => return Err(Error::value("n_components", 0, "at least 1")),
            Some(given) if given > n_features => {
                return Err(Error::Components { given, most: n_features, why: format!("{n_features} features") });
            }
            _ => {}
        }
        let nothing: Array<B, T, Ix1> = zeros(device, [0])?;
        Ok(IncrementalPCA {
            components: zeros(device, [0, n_features])?,
            explained_variance: nothing.clone(),
            explained_variance_ratio: nothing.clone(),
            singular_values: nothing,
            noise_variance: 0.0,
            n_samples_seen: 0,
            mean: Wide(zeros(device, [n_features])?),
            squares: Wide(zeros(device, [n_features])?),
            n_components: self.n_components,
            whiten: self.whiten,
        })
    }

    /// Fits the model to samples of shape `(n_samples, n_features)`, batch by batch. A last batch of fewer samples than components
    /// joins the one before.
    ///
    /// # Errors
    /// As for [`start`](Self::start) and [`IncrementalPCA::partial_fit`], and [`Error::Value`] for batches of no samples.
    pub fn fit(&self, x: &Array<B, T, Ix2>) -> Result<IncrementalPCA<B, T>> {
        check::at_least(x, 1)?;
        let [n, p] = x.shape();
        let mut model = self.start(x.device(), p)?;
        let size = self.batch_size.unwrap_or(p.saturating_mul(5));
        if size == 0 {
            return Err(Error::value("batch_size", 0, "at least 1"));
        }
        let mut start = 0;
        while start < n {
            let end = start.saturating_add(size);
            let end = if end.saturating_add(self.n_components.unwrap_or(0)) > n { n } else { end };
            model.partial_fit(&x.slice(s![start..end])?)?;
            start = end;
        }
        Ok(model)
    }
}

impl<B: Linalg<T>, T: Float> IncrementalPCA<B, T> {
    /// Updates the model with further samples.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::Shape`] for no samples, [`Error::NonFinite`], [`Error::Components`] when the first samples are fewer
    /// than the components; the model is then as before.
    pub fn partial_fit(&mut self, x: &Array<B, T, Ix2>) -> Result<()> {
        check::at_least(x, 1)?;
        let [n, p] = x.shape();
        check::features("x", x, self.mean.0.size())?;
        let first = self.n_samples_seen == 0;
        let k = match self.n_components {
            Some(given) if first && given > n => {
                return Err(Error::Components { given, most: n, why: format!("{n} samples in the first batch") });
            }
            Some(given) => given,
            None if first => n.min(p),
            None => self.components.dims()[0],
        };
        let new = Moments::of(x, None, true)?;
        check::finite_by("x", x, &new.mean)?;
        let mean = new.mean.astype::<T>();
        let centred = x.lazy() - &mean;
        // The triangular factor has the singular values and right vectors of the rows.
        let rows = if n > 2 * p { B::tall_r(&centred)? } else { centred.try_eval()? };
        self.update(k, &new, &rows, n)
    }

    /// Updates the model with what another one has seen, of other samples: exactly as if it had seen them itself when both keep all
    /// components, otherwise as far as the other one remembers.
    ///
    /// # Errors
    /// [`Error::Shape`] when the features differ, [`Error::Value`] when the numbers of components do.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        let p = self.mean.0.size();
        if other.mean.0.size() != p {
            return Err(Error::shape("other", other.components.dims(), format!("{p} columns")));
        }
        if self.n_components != other.n_components {
            let said = |n: Option<usize>| n.map_or_else(|| "all components".to_owned(), |n| format!("{n} components"));
            return Err(Error::value("other", said(other.n_components), said(self.n_components)));
        }
        if other.n_samples_seen == 0 {
            return Ok(());
        }
        let k = self.n_components.unwrap_or(self.components.dims()[0].max(other.components.dims()[0]));
        let new = Moments::with_count(other.n_samples_seen as f64, other.mean.0.clone(), other.squares.0.clone())?;
        self.update(k, &new, &other.rows()?, other.n_samples_seen)
    }

    /// The components times their singular values: rows with the same products as the centred samples.
    fn rows(&self) -> Result<Array<B, T, Ix2>> {
        Ok((self.components.lazy() * &self.singular_values.expand_dims(1)?).try_eval()?)
    }

    /// Takes `n` samples, of which `rows` have the products after centring.
    fn update(&mut self, k: usize, new: &Moments<B, B::MaxFloat>, rows: &Array<B, T, Ix2>, n: usize) -> Result<()> {
        let p = self.mean.0.size();
        let seen = self.n_samples_seen;
        let (all, stacked) = if seen == 0 {
            (new.clone(), rows.clone())
        } else {
            let old = Moments::with_count(seen as f64, self.mean.0.clone(), self.squares.0.clone())?;
            let apart = (seen as f64 / (seen as f64 + n as f64) * n as f64).sqrt();
            let apart = ((old.mean.lazy() - &new.mean) * B::MaxFloat::from_f64(apart)).astype::<T>().try_eval()?.expand_dims(0)?;
            let stacked = concat(&[&self.rows()?, rows, &apart], 0)?;
            (Moments::merge_all(&[old, new.clone()])?, stacked)
        };
        let (_, s, vt) = svd(&stacked, Thin)?;
        let s = host(&s)?;
        let k = k.min(s.len());
        let components = fix_signs(&vt.slice(s![..k])?)?;
        let variances: Vec<f64> = s.iter().map(|s| s * s / (seen as f64 + n as f64 - 1.0)).collect();
        let total: f64 = host(&all.squares)?.iter().sum();
        let ratios: Vec<f64> = s[..k].iter().map(|s| s * s / total).collect();
        let on_device = |values: &[f64]| device::<B, T>(self.mean.0.device(), values);
        let (explained_variance, explained_variance_ratio) = (on_device(&variances[..k])?, on_device(&ratios)?);
        self.singular_values = on_device(&s[..k])?;
        (self.components, self.explained_variance, self.explained_variance_ratio) = (components, explained_variance, explained_variance_ratio);
        self.noise_variance = if k == n || k == p { 0.0 } else { mean_of(&variances[k..]).unwrap_or(0.0) };
        self.n_samples_seen = seen.saturating_add(n);
        (self.mean, self.squares) = (Wide(all.mean), Wide(all.squares));
        Ok(())
    }

    /// The samples in the coordinates of the components, of shape `(n_samples, n_components)`.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    pub fn transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        self.affine(&self.mean.0.astype()).transform(x)
    }

    /// The points whose transform is `z`, of shape `(n_samples, n_components)`.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NonFinite`].
    pub fn inverse_transform(&self, z: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        self.affine(&self.mean.0.astype()).inverse_transform(z)
    }

    fn affine<'a>(&'a self, mean: &'a Array<B, T, Ix1>) -> Affine<'a, B, T> {
        Affine { components: &self.components, mean, whiten: self.whiten.then_some(&self.explained_variance) }
    }
}

impl<B: Backend, T: Float> IncrementalPCA<B, T> {
    /// The mean of each feature.
    #[must_use]
    pub fn mean(&self) -> &Array<B, B::MaxFloat, Ix1> {
        &self.mean.0
    }

    /// The variance of each feature.
    #[must_use]
    pub fn var(&self) -> Array<B, B::MaxFloat, Ix1> {
        &self.squares.0 / B::MaxFloat::from_f64((self.n_samples_seen as f64).max(1.0))
    }
}

transformer!(IncrementalPCAParams, IncrementalPCA, Linalg<T>);
inverse_transformer!(IncrementalPCA, Linalg<T>);
partial_fitter!(IncrementalPCA, Linalg<T>);
