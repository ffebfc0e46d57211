//! Features whose products approximate a kernel.

use core::marker::PhantomData;

use xp_core::linalg::eigh;
use xp_core::random::Generator;
use xp_core::{Array, Backend, Float, Ix1, Ix2, Linalg, Tiles, s};

use crate::metrics::pairwise::{Kernel, pairwise_kernels};
use crate::model::{Check, fits, model};
use crate::tall_svd::{device, host};
use crate::traits::transformer;
use crate::{Error, Result, check};

model! {
    /// Features whose products approximate a kernel, from its values on some of the samples (Williams and Seeger, 2001).
    ///
    /// With the kernel `K` of `n_components` samples that are drawn without replacement, a sample becomes `k(x, samples) K^(-1/2)`.
    /// It is scikit-learn's estimator of the same name; the samples drawn are others.
    ///
    /// ```
    /// use xp::models::kernel_approximation::Nystroem;
    /// use xp::models::metrics::pairwise::rbf_kernel;
    /// use xp::prelude::*;
    ///
    /// let x = array![[0.0_f64, 1.0], [1.0, 2.0], [2.0, 0.5]];
    /// let z = Nystroem::params().fit(&x)?.transform(&x)?;
    /// // Of all samples, the products are the kernel.
    /// let apart = (z.matmul(&z.t())? - rbf_kernel(&x, None, None)?).abs().max(..).item()?;
    /// assert!(apart < 1e-12);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct Nystroem<B: Backend, T: Float> {
        /// The samples that were drawn.
        pub components: Array<B, T, Ix2>,
        /// Their positions.
        pub component_indices: Array<B, i64, Ix1>,
        /// The inverse of the root of their kernel.
        pub normalization: Array<B, T, Ix2>,
        kernel: Kernel,
    }
}

impl<B: Backend, T: Float> Check for Nystroem<B, T> {
    fn check(&self) -> Result<()> {
        let m = self.components.dims()[0];
        fits("normalization", self.normalization.dims(), &[m, m])?;
        fits("component_indices", self.component_indices.dims(), &[m])
    }
}

/// Parameters of [`Nystroem`].
#[derive(Clone, Debug)]
pub struct NystroemParams<B, T> {
    kernel: Kernel,
    n_components: usize,
    seed: u64,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Linalg<T>, T: Float> Nystroem<B, T> {
    /// The default parameters: the rbf kernel with 1 over the number of features, 100 components, seed 0.
    #[must_use]
    pub fn params() -> NystroemParams<B, T> {
        NystroemParams { kernel: Kernel::Rbf { gamma: None }, n_components: 100, seed: 0, kind: PhantomData }
    }

    /// The features that approximate the kernel, of shape `(n_samples, n_components)`.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    pub fn transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.components.dims()[1])?;
        let ([n, p], m) = (x.shape(), self.components.dims()[0]);
        let normalization = self.normalization.t();
        // The kernel of a block of samples is in a cache when it is multiplied.
        Tiles::by_rows(x.device(), [n, m], B::part_rows(p.max(m)), |rows, tiles| {
            // An error names the row of the block: the check of all samples names that of the sample.
            let kernel =
                pairwise_kernels(&x.slice(s![rows.clone()])?, &self.components, self.kernel).map_err(|e| check::finite("x", x).err().unwrap_or(e))?;
            Ok(tiles.push([rows.len(), m], &kernel.matmul(&normalization)?)?)
        })
    }
}

impl<B: Linalg<T>, T: Float> NystroemParams<B, T> {
    /// The kernel.
    #[must_use]
    pub fn kernel(mut self, kernel: Kernel) -> Self {
        self.kernel = kernel;
        self
    }

    /// The number of samples to draw; all, if there are not so many.
    #[must_use]
    pub fn n_components(mut self, n: usize) -> Self {
        self.n_components = n;
        self
    }

    /// Where the random numbers start.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Fits the model to samples of shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for no samples or no features, [`Error::NonFinite`], [`Error::Value`] for no components.
    pub fn fit(&self, x: &Array<B, T, Ix2>) -> Result<Nystroem<B, T>> {
        check::at_least(x, 1)?;
        if self.n_components == 0 {
            return Err(Error::value("n_components", 0, "at least 1"));
        }
        check::finite("x", x)?;
        let (n, m) = (x.dims()[0], self.n_components.min(x.dims()[0]));
        let mut order: Vec<i64> = (0..n as i64).collect();
        Generator::new(self.seed).shuffle(&mut order);
        let component_indices = Array::from_vec(x.device(), order[..m].to_vec(), [m])?;
        let components = x.take(&component_indices, 0)?;
        let (w, v) = eigh(&pairwise_kernels(&components, None, self.kernel)?)?;
        // The kernel of many samples has eigenvalues that are zero to rounding.
        let roots: Vec<f64> = host(&w)?.into_iter().map(|w| w.signum() / w.abs().max(1e-12).sqrt()).collect();
        let scaled = (v.lazy() * &device::<B, T>(x.device(), &roots)?).try_eval()?;
        Ok(Nystroem { components, component_indices, normalization: scaled.matmul(&v.t())?, kernel: self.kernel })
    }
}

transformer!(NystroemParams, Nystroem, Linalg<T>);
