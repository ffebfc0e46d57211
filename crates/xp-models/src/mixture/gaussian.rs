//! Mixtures of normal densities.

mod fit;

use core::ops::Range;

use xp_core::functions::{arange, zeros};
use xp_core::random::{Generator, Replacement};
use xp_core::{Array, Backend, Dyn, Float, Ix1, Ix2, Ix3, Linalg, Real, s};

pub use fit::GaussianMixtureParams;

use super::em::{Densities, shares};
use super::parameters::{CovarianceType, Parameters, root};
use crate::model::{Check, fits, model};
use crate::progress::Outcome;
use crate::traits::{Predict, PredictProba, Score};
use crate::{Error, Result, check};

model! {
    /// A density that is a weighted sum of normal densities, the components, fitted by expectation and maximisation (Dempster, Laird and
    /// Rubin, 1977).
    ///
    /// It is scikit-learn's estimator of the same name. Each iteration asks how far each sample belongs to each component, and takes the
    /// means and covariances of those shares: in one pass over the samples, block by block, without a copy of them. The lower bound,
    /// the mean logarithm of the density, never falls but for rounding and `reg_covar`. Features are taken less their means, and
    /// the sums are in the widest float of the backend; covariances of the full kind are summed about the means of the iteration
    /// before. (Of the tied kind, a start from single samples has the scatter of all samples about their mean, where
    /// scikit-learn takes it about zero.)
    ///
    /// ```
    /// use xp::models::mixture::GaussianMixture;
    /// use xp::prelude::*;
    ///
    /// let x = array![[1.0_f64, 2.0], [1.0, 4.0], [1.0, 0.0], [10.0, 2.0], [10.0, 4.0], [10.0, 0.0]];
    /// let model = GaussianMixture::params().n_components(2).fit(&x)?;
    /// assert!(model.converged());
    /// let which = model.predict(&array![[0.0, 0.0], [12.0, 3.0]])?;
    /// let means = model.means().take(&which, 0)?;
    /// assert!((&means - &array![[1.0_f64, 2.0], [10.0, 2.0]]).abs().max(..).item()? < 1e-9);
    /// assert!((model.weights() - 0.5).abs().max(..).item()? < 1e-9);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct GaussianMixture<B: Backend, T: Float> {
        /// The weight of each component.
        pub weights: Array<B, T, Ix1>,
        /// The mean of each component, by row.
        pub means: Array<B, T, Ix2>,
        /// The covariances, of the shape that [`CovarianceType`] says.
        pub covariances: Array<B, T, Dyn>,
        /// Their inverses.
        pub precisions: Array<B, T, Dyn>,
        /// The upper triangular factors `P` of the inverses `P Pᵀ`; of variances, one over their roots.
        pub precisions_cholesky: Array<B, T, Dyn>,
        /// What the covariances have in common.
        pub covariance_type: CovarianceType,
        /// The mean logarithm of the density of the samples of the fit, before the last step of the best start.
        pub lower_bound: f64,
        /// The same for each iteration of the best start.
        pub lower_bounds: Vec<f64>,
        /// The number of iterations of the best start.
        pub n_iter: usize,
        /// How the best start ended.
        pub outcome: Outcome,
    }
}

impl<B: Backend, T: Float> Check for GaussianMixture<B, T> {
    fn check(&self) -> Result<()> {
        let [k, p] = self.means.shape();
        if k == 0 || p == 0 {
            return Err(Error::shape("means", self.means.dims(), "at least 1 row and 1 column"));
        }
        let shape = self.covariance_type.shape(k, p);
        fits("weights", self.weights.dims(), &[k])?;
        fits("covariances", self.covariances.dims(), &shape)?;
        fits("precisions", self.precisions.dims(), &shape)?;
        fits("precisions_cholesky", self.precisions_cholesky.dims(), &shape)
    }
}

impl<B: Backend, T: Float> GaussianMixture<B, T> {
    /// Whether the tolerance was reached.
    #[must_use]
    pub fn converged(&self) -> bool {
        self.outcome == Outcome::Converged
    }
}

impl<B: Linalg<T>, T: Float> GaussianMixture<B, T> {
    fn parameters(&self, origin: &Array<B, T, Ix1>) -> Result<Parameters<B, T>> {
        Ok(Parameters {
            kind: self.covariance_type,
            weights: self.weights.clone(),
            means: (self.means.lazy() - origin).try_eval()?,
            covariances: self.covariances.clone(),
            precisions_cholesky: self.precisions_cholesky.clone(),
        })
    }

    /// Calls a function with the range of each block of samples and the logarithms of their weighted densities.
    fn for_each(&self, x: &Array<B, T, Ix2>, each: impl FnMut(Range<usize>, Array<B, T, Ix2>) -> Result<()>) -> Result<()> {
        check::features("x", x, self.means.dims()[1])?;
        check::finite("x", x)?;
        let origin = self.means.lazy().mean(0).try_eval()?;
        Densities::new(&self.parameters(&origin)?, &origin)?.for_each(x, each)
    }

    /// The component of each sample: that one which it belongs to most.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    pub fn predict(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, i64, Ix1>> {
        let mut out = zeros(x.device(), [x.dims()[0]])?;
        self.for_each(x, |rows, logs| Ok(out.set(s![rows], logs.argmax(0))?))?;
        Ok(out)
    }

    /// How far each sample belongs to each component, of shape `(n_samples, n_components)`.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    pub fn predict_proba(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        let mut out = zeros(x.device(), [x.dims()[0], self.means.dims()[0]])?;
        self.for_each(x, |rows, logs| Ok(out.set(s![rows], shares(logs)?.0.t())?))?;
        Ok(out)
    }

    /// The logarithm of the density at each sample.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    pub fn score_samples(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix1>> {
        let mut out = zeros(x.device(), [x.dims()[0]])?;
        self.for_each(x, |rows, logs| Ok(out.set(s![rows], shares(logs)?.1.squeeze(0)?)?))?;
        Ok(out)
    }

    /// The mean logarithm of the density at the samples.
    ///
    /// # Errors
    /// As for [`score_samples`](Self::score_samples), and [`Error::Shape`] for no samples.
    pub fn score(&self, x: &Array<B, T, Ix2>) -> Result<f64> {
        check::at_least(x, 1)?;
        Ok(self.score_samples(x)?.lazy().astype::<B::MaxFloat>().mean(..).try_eval()?.item()?.to_f64())
    }

    /// How many numbers the model has that are free.
    fn n_parameters(&self) -> f64 {
        let [k, p] = self.means.shape();
        self.covariance_type.n_parameters(k, p) + (k * p + k - 1) as f64
    }

    /// Schwarz's criterion: the logarithm of the number of samples for each number of the model, less twice the logarithm of the density of
    /// all samples. The lower, the better.
    ///
    /// # Errors
    /// As for [`score`](Self::score).
    pub fn bic(&self, x: &Array<B, T, Ix2>) -> Result<f64> {
        let n = x.dims()[0] as f64;
        Ok(-2.0 * n * self.score(x)? + self.n_parameters() * n.ln())
    }

    /// Akaike's criterion: 2 for each number of the model, less twice the logarithm of the density of all samples. The lower, the better.
    ///
    /// # Errors
    /// As for [`score`](Self::score).
    pub fn aic(&self, x: &Array<B, T, Ix2>) -> Result<f64> {
        Ok(-2.0 * x.dims()[0] as f64 * self.score(x)? + 2.0 * self.n_parameters())
    }

    /// Draws samples from the density, and their components, in ascending order of those. The number for each component is counted on
    /// the host.
    ///
    /// # Errors
    /// [`Error::Value`] for no samples; when the parameters of a file are no mixture.
    pub fn sample(&self, n_samples: usize, seed: u64) -> Result<(Array<B, T, Ix2>, Array<B, i64, Ix1>)> {
        if n_samples == 0 {
            return Err(Error::value("n_samples", 0, "at least 1"));
        }
        let ([k, p], at) = (self.means.shape(), self.weights.device());
        let mut random = Generator::new(seed);
        let drawn = random.choice_weighted(&self.weights, n_samples, Replacement::With)?;
        let numbers = arange(at, 0, k as i64, 1)?.expand_dims(1)?;
        let counts = numbers.lazy().equal(&drawn.expand_dims(0)?).count_nonzero(1).try_eval()?.to_host()?;
        let mut out: Array<B, T, Ix2> = random.normal(at, [n_samples, p])?;
        let mut labels = zeros(at, [n_samples])?;
        let root = root(self.covariance_type, &self.covariances)?;
        let mut start = 0;
        for (component, count) in counts.into_iter().enumerate() {
            let (stop, mean) = (start + count as isize, self.means.index_axis(0, component)?);
            let draws = out.slice(s![start..stop])?.contiguous()?;
            let one = |from: &Array<B, T, Dyn>| from.index_axis(0, component);
            let moved = match self.covariance_type {
                CovarianceType::Full => draws.matmul(&root.reshape([k, p, p])?.into_rank::<Ix3>()?.index_axis(0, component)?.t())?,
                CovarianceType::Tied => draws.matmul(&root.reshape([p, p])?.t())?,
                CovarianceType::Diag => draws * one(&root)?.reshape([p])?,
                CovarianceType::Spherical => draws * one(&root)?.reshape([1])?,
            };
            out.set(s![start..stop], moved.lazy() + &mean)?;
            labels.set(s![start..stop], component as i64)?;
            start = stop;
        }
        Ok((out, labels))
    }
}

impl<B: Linalg<T>, T: Float> Predict<Array<B, T, Ix2>> for GaussianMixture<B, T> {
    type Output = Array<B, i64, Ix1>;

    fn predict(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, i64, Ix1>> {
        GaussianMixture::predict(self, x)
    }
}

impl<B: Linalg<T>, T: Float> PredictProba<Array<B, T, Ix2>> for GaussianMixture<B, T> {
    type Output = Array<B, T, Ix2>;

    fn predict_proba(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        GaussianMixture::predict_proba(self, x)
    }

    fn predict_log_proba(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        Ok(GaussianMixture::predict_proba(self, x)?.into_lazy().log().try_eval()?)
    }
}

impl<B: Linalg<T>, T: Float, Y> Score<Array<B, T, Ix2>, Y> for GaussianMixture<B, T> {
    fn score(&self, x: &Array<B, T, Ix2>, _: &Y) -> Result<f64> {
        GaussianMixture::score(self, x)
    }
}
