//! Ridge regression in the space of a kernel.

use core::marker::PhantomData;

use xp_core::extra::add_to_diagonal;
use xp_core::functions::concat;
use xp_core::linalg::lstsq;
use xp_core::{Array, Backend, Dim, Float, Ix1, Ix2, Linalg};

use crate::linear_model::{penalties, penalty_setters, regressor_traits, solve_definite};
use crate::metrics::pairwise::{Kernel, pairwise_kernels};
use crate::metrics::{R2Score, r2_score};
use crate::model::{Check, model};
use crate::traits::{Estimator, Fit, FitWeighted};
use crate::{Error, Result, check};

model! {
    /// Least squares with a penalty on the 2-norm, in the features that a kernel is the product of.
    ///
    /// With the kernel `K` of the samples, the dual coefficients solve `(K + alpha I) c = y`, and the prediction is `k(x, samples) c`;
    /// there is no intercept. It is scikit-learn's estimator of the same name. The targets have shape `(n_samples,)` or
    /// `(n_samples, n_targets)`; `D` is their rank. The model holds the samples it was fitted to.
    ///
    /// ```
    /// use xp::models::kernel_ridge::KernelRidge;
    /// use xp::models::metrics::pairwise::Kernel;
    /// use xp::prelude::*;
    ///
    /// let x = array![[1.0_f64], [2.0]];
    /// let y = array![1.0, 2.0];
    /// // The linear kernel is ridge regression through the origin: 5 / (5 + alpha).
    /// let model = KernelRidge::params().alpha(5.0).fit(&x, &y)?;
    /// assert!((model.predict(&array![[4.0]])?.get([0])? - 2.0).abs() < 1e-14);
    /// let curved = KernelRidge::params().kernel(Kernel::Rbf { gamma: Some(1.0) }).alpha(1e-9).fit(&x, &y)?;
    /// assert!((curved.predict(&x)? - &y).abs().max(..).item()? < 1e-8);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct KernelRidge<B: Backend, T: Float, D: Dim> {
        /// The coefficients of the samples, of the shape of the targets.
        pub dual_coef: Array<B, T, D>,
        /// The samples the model was fitted to.
        pub x_fit: Array<B, T, Ix2>,
        kernel: Kernel,
    }
}

impl<B: Backend, T: Float, D: Dim> Check for KernelRidge<B, T, D> {
    fn check(&self) -> Result<()> {
        let (shape, n) = (self.dual_coef.dims(), self.x_fit.dims()[0]);
        if self.dual_coef.is_empty() || !(1..=2).contains(&shape.len()) || shape[0] != n {
            return Err(Error::shape("dual_coef", shape, format!("rank 1 or 2 with {n} rows, not empty")));
        }
        Ok(())
    }
}

/// Parameters of [`KernelRidge`].
#[derive(Clone, Debug)]
pub struct KernelRidgeParams<B, T, D> {
    alpha: Vec<f64>,
    kernel: Kernel,
    kind: PhantomData<fn() -> (B, T, D)>,
}

impl<B: Linalg<T>, T: Float, D: Dim> KernelRidge<B, T, D> {
    /// The default parameters: `alpha` 1, the linear kernel.
    #[must_use]
    pub fn params() -> KernelRidgeParams<B, T, D> {
        KernelRidgeParams { alpha: vec![1.0], kernel: Kernel::Linear, kind: PhantomData }
    }
}

impl<B: Linalg<T>, T: Float, D: Dim> KernelRidgeParams<B, T, D> {
    penalty_setters!();

    /// The kernel.
    #[must_use]
    pub fn kernel(mut self, kernel: Kernel) -> Self {
        self.kernel = kernel;
        self
    }

    /// Fits the model to samples `x`, of shape `(n_samples, n_features)`, and their targets.
    ///
    /// # Errors
    /// [`Error::Samples`] when the numbers of samples differ, [`Error::Shape`] for no samples, features or targets, or targets of rank
    /// above 2, [`Error::NonFinite`], [`Error::Value`] for a negative `alpha`, or not one per target, and for samples that the kernel
    /// does not take.
    pub fn fit(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>) -> Result<KernelRidge<B, T, D>> {
        self.fit_any(x, y, None)
    }

    /// [`fit`](Self::fit) with a weight for every sample.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit), and [`Error::Samples`], [`Error::Value`] for weights that are negative or all zero.
    pub fn fit_weighted(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>, sample_weight: &Array<B, T, Ix1>) -> Result<KernelRidge<B, T, D>> {
        check::weights(sample_weight, x.dims())?;
        self.fit_any(x, y, Some(sample_weight))
    }

    fn fit_any(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>, weights: Option<&Array<B, T, Ix1>>) -> Result<KernelRidge<B, T, D>> {
        check::samples("y", y.dims(), "x", x.dims())?;
        check::at_least(x, 1)?;
        if y.ndim() > 2 || y.is_empty() {
            return Err(Error::shape("y", y.dims(), "rank 1, or rank 2 with at least 1 column"));
        }
        check::finite("y", y)?;
        let n = x.dims()[0];
        let targets: Array<B, T, Ix2> = y.reshape([n, y.size() / n])?;
        let alpha = penalties(&self.alpha, targets.dims()[1])?;
        let k = pairwise_kernels(x, None, self.kernel)?;
        let dual = match weights {
            None => dual_coefficients(&k, &targets, &alpha)?,
            Some(w) => {
                let root = w.lazy().sqrt().try_eval()?;
                let column = root.expand_dims(1)?;
                let scaled = (k.lazy() * &root * &column).try_eval()?;
                dual_coefficients(&scaled, &(targets.lazy() * &column).try_eval()?, &alpha)? * &column
            }
        };
        Ok(KernelRidge { dual_coef: dual.contiguous()?.reshape(y.dims().to_vec())?.into_rank()?, x_fit: x.clone(), kernel: self.kernel })
    }
}

/// Solves `(k + alpha I) c = y` for each column of `y` and its penalty: by a Cholesky decomposition, or in the sense of least squares
/// when the matrix is singular. One penalty is that of all columns.
pub(crate) fn dual_coefficients<B: Linalg<T>, T: Float>(k: &Array<B, T, Ix2>, y: &Array<B, T, Ix2>, alpha: &[f64]) -> Result<Array<B, T, Ix2>> {
    if let Some(found) = solve_definite(k, y, alpha)? {
        return Ok(found);
    }
    let least = |y: &Array<B, T, Ix2>, alpha: f64| -> Result<Array<B, T, Ix2>> {
        let mut shifted = k.copy()?;
        add_to_diagonal(&mut shifted, T::from_f64(alpha))?;
        Ok(lstsq(&shifted, y, None)?.solution)
    };
    if alpha.iter().all(|&a| a == alpha[0]) {
        return least(y, alpha[0]);
    }
    let column = |j: usize| y.slice_axis(1, j..j + 1)?.contiguous();
    let columns = alpha.iter().enumerate().map(|(j, &alpha)| least(&column(j)?, alpha)).collect::<Result<Vec<_>>>()?;
    Ok(concat(&columns, 1)?)
}

impl<B: Linalg<T>, T: Float, D: Dim> KernelRidge<B, T, D> {
    /// The targets that the model predicts, of the rank it was fitted with.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`], and as for the kernel.
    pub fn predict(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, D>> {
        check::features("x", x, self.x_fit.dims()[1])?;
        let n = self.x_fit.dims()[0];
        let dual: Array<B, T, Ix2> = self.dual_coef.reshape([n, self.dual_coef.size() / n])?;
        let out = pairwise_kernels(x, &self.x_fit, self.kernel)?.matmul(&dual)?;
        let mut shape = self.dual_coef.dims().to_vec();
        shape[0] = x.dims()[0];
        Ok(out.reshape(shape)?.into_rank()?)
    }

    /// The coefficient of determination of the prediction, averaged over the targets.
    ///
    /// # Errors
    /// As for [`predict`](Self::predict), and [`Error::Shape`].
    pub fn score(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>) -> Result<f64> {
        r2_score(y, &self.predict(x)?)
    }

    /// [`score`](Self::score) with a weight for every sample.
    ///
    /// # Errors
    /// As for [`score`](Self::score), and for weights that are negative, all zero, or not one per sample.
    pub fn score_weighted(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>, sample_weight: &Array<B, T, Ix1>) -> Result<f64> {
        R2Score::new().score_weighted(y, &self.predict(x)?, sample_weight)
    }
}

impl<B: Linalg<T>, T: Float, D: Dim> Estimator for KernelRidgeParams<B, T, D> {}

impl<B: Linalg<T>, T: Float, D: Dim> Fit<Array<B, T, Ix2>, Array<B, T, D>> for KernelRidgeParams<B, T, D> {
    type Model = KernelRidge<B, T, D>;

    fn fit(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>) -> Result<KernelRidge<B, T, D>> {
        KernelRidgeParams::fit(self, x, y)
    }
}

impl<B: Linalg<T>, T: Float, D: Dim> FitWeighted<Array<B, T, Ix2>, Array<B, T, D>> for KernelRidgeParams<B, T, D> {
    fn fit_weighted(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>, w: &Array<B, T, Ix1>) -> Result<KernelRidge<B, T, D>> {
        KernelRidgeParams::fit_weighted(self, x, y, w)
    }
}

regressor_traits!(KernelRidge<B, T, D>, Array<B, T, D>, D: Dim);
