//! Principal components in the space of a kernel: B. Schölkopf, A. Smola and K.-R. Müller, Nonlinear component analysis as a kernel
//! eigenvalue problem, Neural Computation 10 (1998).

use core::marker::PhantomData;

use xp_core::linalg::eigh;
use xp_core::{Array, Backend, Float, Ix1, Ix2, Linalg, s};

use crate::kernel_ridge::dual_coefficients;
use crate::metrics::pairwise::{Kernel, pairwise_kernels};
use crate::model::{Check, fits, model};
use crate::preprocessing::KernelCenterer;
use crate::tall_svd::{device, fix_signs, host};
use crate::traits::{inverse_transformer, transformer};
use crate::{Error, Result, check};

model! {
    /// Principal components of the features that a kernel is the product of.
    ///
    /// The kernel of the samples is centred, as centring those features would, and its eigenvectors of the largest eigenvalues are
    /// the components: a sample becomes `k(x, samples) v / sqrt(lambda)`. It is scikit-learn's estimator of the same name, signs
    /// included, with its solver `"dense"`. The model holds the samples it was fitted to.
    ///
    /// ```
    /// use xp::models::decomposition::{KernelPCA, PCA};
    /// use xp::models::metrics::pairwise::Kernel;
    /// use xp::prelude::*;
    ///
    /// let x = array![[0.0_f64, 1.0], [1.0, 2.0], [2.0, 0.5], [4.0, 4.0]];
    /// // Of the linear kernel they are principal components.
    /// let kernel = KernelPCA::params().n_components(1).fit(&x)?.transform(&x)?;
    /// let linear = PCA::params().n_components(1).fit(&x)?.transform(&x)?;
    /// assert!((kernel.abs() - linear.abs()).abs().max(..).item()? < 1e-13);
    /// let model = KernelPCA::params().kernel(Kernel::Rbf { gamma: None }).fit_inverse_transform(true).alpha(1e-6).fit(&x)?;
    /// assert!((model.inverse_transform(&model.transform(&x)?)? - &x).abs().max(..).item()? < 1e-3);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct KernelPCA<B: Backend, T: Float> {
        /// The eigenvalues of the centred kernel in descending order.
        pub eigenvalues: Array<B, T, Ix1>,
        /// Its eigenvectors, as columns.
        pub eigenvectors: Array<B, T, Ix2>,
        /// The samples the model was fitted to.
        pub x_fit: Array<B, T, Ix2>,
        /// The coefficients of the inverse transformation, if it was asked for.
        pub dual_coef: Option<Array<B, T, Ix2>>,
        /// The transformed samples, if the inverse transformation was asked for.
        pub x_transformed_fit: Option<Array<B, T, Ix2>>,
        centerer: KernelCenterer<B, T>,
        kernel: Kernel,
    }
}

impl<B: Backend, T: Float> Check for KernelPCA<B, T> {
    fn check(&self) -> Result<()> {
        let ([n, p], [m]) = (self.x_fit.shape(), self.eigenvalues.shape());
        fits("eigenvectors", self.eigenvectors.dims(), &[n, m])?;
        fits("centerer.k_fit_rows", self.centerer.k_fit_rows().dims(), &[n])?;
        if self.dual_coef.is_some() != self.x_transformed_fit.is_some() {
            return Err(Error::value("dual_coef", "one of dual_coef and x_transformed_fit", "both or none"));
        }
        let fitting = |name, x: &Option<Array<B, T, Ix2>>, columns| x.as_ref().map_or(Ok(()), |x| fits(name, x.dims(), &[n, columns]));
        fitting("dual_coef", &self.dual_coef, p)?;
        fitting("x_transformed_fit", &self.x_transformed_fit, m)
    }
}

/// Parameters of [`KernelPCA`].
#[derive(Clone, Debug)]
pub struct KernelPCAParams<B, T> {
    n_components: Option<usize>,
    kernel: Kernel,
    alpha: f64,
    fit_inverse_transform: bool,
    remove_zero_eig: bool,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Linalg<T>, T: Float> KernelPCA<B, T> {
    /// The default parameters: all components that are not zero, the linear kernel, no inverse transformation.
    #[must_use]
    pub fn params() -> KernelPCAParams<B, T> {
        KernelPCAParams {
            n_components: None,
            kernel: Kernel::Linear,
            alpha: 1.0,
            fit_inverse_transform: false,
            remove_zero_eig: false,
            kind: PhantomData,
        }
    }
}

impl<B: Linalg<T>, T: Float> KernelPCAParams<B, T> {
    /// How many components are kept, at most one for each sample; `None` keeps all whose eigenvalue is not zero.
    #[must_use]
    pub fn n_components(mut self, n: impl Into<Option<usize>>) -> Self {
        self.n_components = n.into();
        self
    }

    /// The kernel.
    #[must_use]
    pub fn kernel(mut self, kernel: Kernel) -> Self {
        self.kernel = kernel;
        self
    }

    /// The penalty of the kernel ridge regression that the inverse transformation is.
    #[must_use]
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    /// Whether the inverse transformation is learnt: by kernel ridge regression from the transformed samples to the samples (Bakır,
    /// Weston and Schölkopf, 2004).
    #[must_use]
    pub fn fit_inverse_transform(mut self, yes: bool) -> Self {
        self.fit_inverse_transform = yes;
        self
    }

    /// Whether components whose eigenvalue is zero are left out when their number is given.
    #[must_use]
    pub fn remove_zero_eig(mut self, yes: bool) -> Self {
        self.remove_zero_eig = yes;
        self
    }

    /// Fits the model to samples of shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for no samples or features, [`Error::NonFinite`], [`Error::Value`] for no components, a negative `alpha`, or
    /// samples that the kernel does not take, [`Error::Degenerate`] for a kernel with a clearly negative eigenvalue.
    pub fn fit(&self, x: &Array<B, T, Ix2>) -> Result<KernelPCA<B, T>> {
        if self.n_components == Some(0) {
            return Err(Error::value("n_components", 0, "at least 1"));
        }
        if !(self.alpha >= 0.0 && self.alpha.is_finite()) {
            return Err(Error::value("alpha", self.alpha, "a number that is not negative"));
        }
        check::at_least(x, 1)?;
        let (n, kernel) = (x.dims()[0], resolved(self.kernel, x.dims()[1]));
        let k = pairwise_kernels(x, None, kernel)?;
        let centerer = KernelCenterer::params().fit(&k)?;
        let (w, v) = eigh(&centerer.transform(&k)?)?;
        let values = not_negative(&host(&w)?, T::EPSILON.to_f64())?;
        // In descending order; eigenvalues of zero do not count unless they are asked for.
        let mut m = self.n_components.unwrap_or(n).min(n);
        if self.remove_zero_eig || self.n_components.is_none() {
            m = m.min(values.iter().filter(|&&w| w > 0.0).count());
        }
        let values: Vec<f64> = values.into_iter().rev().take(m).collect();
        let rows = fix_signs(&v.t().flip(0)?.slice(s![..m])?.contiguous()?)?;
        let (eigenvalues, eigenvectors) = (device::<B, T>(x.device(), &values)?, rows.t().contiguous()?);
        let (mut dual_coef, mut x_transformed_fit) = (None, None);
        if self.fit_inverse_transform {
            let z = (eigenvectors.lazy() * &eigenvalues.lazy().sqrt().try_eval()?).try_eval()?;
            dual_coef = Some(dual_coefficients(&pairwise_kernels(&z, None, kernel)?, x, &[self.alpha])?);
            x_transformed_fit = Some(z);
        }
        Ok(KernelPCA { eigenvalues, eigenvectors, x_fit: x.clone(), dual_coef, x_transformed_fit, centerer, kernel })
    }
}

/// The kernel with its factor for this number of features.
fn resolved(kernel: Kernel, p: usize) -> Kernel {
    let or = |gamma: Option<f64>| Some(gamma.unwrap_or(1.0 / p as f64));
    match kernel {
        Kernel::Polynomial { gamma, degree, coef0 } => Kernel::Polynomial { gamma: or(gamma), degree, coef0 },
        Kernel::Rbf { gamma } => Kernel::Rbf { gamma: or(gamma) },
        Kernel::Laplacian { gamma } => Kernel::Laplacian { gamma: or(gamma) },
        Kernel::Sigmoid { gamma, coef0 } => Kernel::Sigmoid { gamma: or(gamma), coef0 },
        other => other,
    }
}

/// Eigenvalues with 0 for those that are small or negative to rounding, as scikit-learn has it.
fn not_negative(values: &[f64], eps: f64) -> Result<Vec<f64>> {
    let (relative, absolute, small) = if eps < 1e-10 { (1e-5, 1e-10, 1e-12) } else { (5e-3, 1e-6, 2e-7) };
    let largest = values.iter().copied().fold(0.0, f64::max);
    let smallest = values.iter().copied().fold(0.0, f64::min);
    if -smallest > relative * largest && -smallest > absolute {
        return Err(Error::Degenerate(format!("the kernel is not positive semi-definite: it has the eigenvalues {smallest} and {largest}")));
    }
    Ok(values.iter().map(|&w| if w > small * largest { w } else { 0.0 }).collect())
}

impl<B: Linalg<T>, T: Float> KernelPCA<B, T> {
    /// The samples in the coordinates of the components, of shape `(n_samples, n_components)`.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`], and as for [`KernelPCAParams::fit`].
    pub fn transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.x_fit.dims()[1])?;
        let k = self.centerer.transform(&pairwise_kernels(x, &self.x_fit, self.kernel)?)?;
        let roots = self.eigenvalues.lazy().sqrt().try_eval()?;
        let inverse = roots.lazy().equal(T::ZERO).where_(T::ZERO, roots.lazy().reciprocal()).try_eval()?;
        Ok(k.matmul(&(self.eigenvectors.lazy() * &inverse).try_eval()?)?)
    }

    /// Samples whose transform is about `z`, of shape `(n_samples, n_components)`.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NonFinite`], [`Error::Value`] when the model was not fitted with
    /// [`fit_inverse_transform`](KernelPCAParams::fit_inverse_transform).
    pub fn inverse_transform(&self, z: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        let (Some(dual_coef), Some(known)) = (&self.dual_coef, &self.x_transformed_fit) else {
            return Err(Error::value("fit_inverse_transform", false, "true, before the model was fitted"));
        };
        if z.dims()[1] != known.dims()[1] {
            return Err(Error::shape("z", z.dims(), format!("{} columns, one per component", known.dims()[1])));
        }
        check::finite("z", z)?;
        Ok(pairwise_kernels(z, known, self.kernel)?.matmul(dual_coef)?)
    }
}

transformer!(KernelPCAParams, KernelPCA, Linalg<T>);
inverse_transformer!(KernelPCA, Linalg<T>);
