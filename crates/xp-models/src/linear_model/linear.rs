//! Ordinary least squares.

use core::marker::PhantomData;

use xp_core::linalg::{Thin, svd};
use xp_core::{Array, Backend, Dim, Float, Ix1, Ix2, Linalg, s};

use super::centred::{Centred, scaled};
use super::statistics::{GramStatistics, least_norm};
use super::{check_linear, linear_regressor};
use crate::model::{Check, model};
use crate::tall_svd::{device, gram_svd, host, triangular_beside};
use crate::{Error, Result};

model! {
    /// Least squares without a penalty.
    ///
    /// It is scikit-learn's estimator of the same name: the coefficients of least 2-norm among those that minimise the weighted
    /// sum of squared residuals. Singular values of the centred samples that are not above [`tol`](LinearRegressionParams::tol)
    /// times the largest are left out. The targets have shape `(n_samples,)` or `(n_samples, n_targets)`; `D` is their rank. The
    /// samples are not copied when there are at least as many as features: an error bound chooses between the Gram matrix and a
    /// QR decomposition block by block.
    ///
    /// ```
    /// use xp::models::linear_model::LinearRegression;
    /// use xp::prelude::*;
    ///
    /// let x = array![[1.0, 1.0], [1.0, 2.0], [2.0, 2.0], [2.0, 3.0]];
    /// let y = array![6.0, 8.0, 9.0, 11.0]; // 1 x0 + 2 x1 + 3
    /// let model = LinearRegression::params().fit(&x, &y)?;
    /// let close = |a: f64, b: f64| (a - b).abs() < 1e-12;
    /// assert!(close(model.coef()[[0]], 1.0) && close(model.coef()[[1]], 2.0) && close(model.intercept().item()?, 3.0));
    /// assert_eq!(model.rank(), 2);
    /// assert!(close(model.predict(&array![[3.0, 5.0]])?[[0]], 16.0));
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct LinearRegression<B: Backend, T: Float, D: Dim> {
        /// The coefficients, of shape `(n_features,)` or `(n_targets, n_features)`.
        pub coef: Array<B, T, D>,
        /// The intercept: a scalar array, or one for each target.
        pub intercept: Array<B, T, D::Smaller>,
        /// The number of singular values that count.
        pub rank: usize,
        /// The singular values of the centred samples, in descending order.
        pub singular: Array<B, T, Ix1>,
    }
}

impl<B: Backend, T: Float, D: Dim> Check for LinearRegression<B, T, D> {
    fn check(&self) -> Result<()> {
        check_linear(&self.coef, &self.intercept)?;
        let most = self.coef.dims()[self.coef.ndim() - 1];
        if self.singular.size() > most || self.rank > self.singular.size() {
            return Err(Error::shape("singular", self.singular.dims(), format!("{} to {most} elements", self.rank)));
        }
        Ok(())
    }
}

/// Parameters of [`LinearRegression`].
#[derive(Clone, Debug)]
pub struct LinearRegressionParams<B, T, D> {
    fit_intercept: bool,
    tol: f64,
    kind: PhantomData<fn() -> (B, T, D)>,
}

impl<B: Linalg<T>, T: Float, D: Dim> LinearRegression<B, T, D> {
    /// The default parameters: with an intercept, `tol` 1e-6.
    #[must_use]
    pub fn params() -> LinearRegressionParams<B, T, D> {
        LinearRegressionParams { fit_intercept: true, tol: 1e-6, kind: PhantomData }
    }
}

impl<B: Linalg<T>, T: Float, D: Dim> LinearRegressionParams<B, T, D> {
    /// Whether there is an intercept.
    #[must_use]
    pub fn fit_intercept(mut self, yes: bool) -> Self {
        self.fit_intercept = yes;
        self
    }

    /// Which part of the largest singular value one must exceed to count.
    #[must_use]
    pub fn tol(mut self, tol: f64) -> Self {
        self.tol = tol;
        self
    }

    fn fit_any(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>, weights: Option<&Array<B, T, Ix1>>) -> Result<LinearRegression<B, T, D>> {
        self.validate()?;
        let data = Centred::new(x, y, weights, self.fit_intercept)?;
        let roots = data.roots()?;
        let (e, f) = (scaled(x, &data.x_mean, &roots), scaled(&data.targets, &data.y_mean, &roots));
        let [n, p] = x.shape();
        let (s, coef) = if n < p {
            self.solve(&e.try_eval()?, &f.try_eval()?, n.max(p))?
        } else {
            // Through the Gram matrix where it certifies every singular value, none of which is near the limit then.
            let certified = gram_svd(&B::gram(&e)?, |spectrum| {
                let largest = spectrum.squares.first().copied().unwrap_or(0.0);
                spectrum.squares.iter().all(|&s| spectrum.is_accurate(s) && s > self.tol * self.tol * largest)
            })?;
            match certified {
                Some((s, vt)) => {
                    let inverse: Vec<f64> = s.iter().map(|s| 1.0 / (s * s)).collect();
                    let inverse = device::<B, T>(x.device(), &inverse)?.expand_dims(1)?;
                    (s, vt.t().matmul(&(vt.matmul(&B::cross(&e, &f)?)? * &inverse))?)
                }
                None => {
                    let r = triangular_beside(&e, &f)?;
                    let p = p as isize;
                    self.solve(&r.slice(s![..p, ..p])?, &r.slice(s![..p, p..])?, n)?
                }
            }
        };
        let rank = self.rank(&s, n.max(p));
        let singular = device(x.device(), &s)?;
        let (coef, intercept) = data.finish(&coef.t(), y)?;
        Ok(LinearRegression { coef, intercept, rank, singular })
    }

    fn validate(&self) -> Result<()> {
        if self.tol >= 0.0 && self.tol.is_finite() {
            return Ok(());
        }
        Err(Error::value("tol", self.tol, "a number that is not negative"))
    }

    /// How many singular values count: those that are not zero to rounding either.
    fn rank(&self, s: &[f64], longest: usize) -> usize {
        let limit = s.first().copied().unwrap_or(0.0) * self.tol.max(T::EPSILON.to_f64() * longest as f64);
        s.iter().take_while(|&&s| s > limit).count()
    }

    /// The singular values, and the coefficients of least norm, of shape `(n_features, n_targets)`.
    fn solve(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, Ix2>, longest: usize) -> Result<(Vec<f64>, Array<B, T, Ix2>)> {
        let (u, s, vt) = svd(x, Thin)?;
        let s = host(&s)?;
        let rank = self.rank(&s, longest);
        let inverse: Vec<f64> = s.iter().enumerate().map(|(i, s)| if i < rank { 1.0 / s } else { 0.0 }).collect();
        let inverse = device::<B, T>(x.device(), &inverse)?.expand_dims(1)?;
        Ok((s, vt.t().matmul(&(u.t().matmul(y)? * &inverse))?))
    }
}

impl<B: Linalg<T>, T: Float, D: Dim> LinearRegressionParams<B, T, D> {
    /// Fits the model to the samples that statistics were taken of: by the eigenvalues of the products, whose rounding hides singular
    /// values below the root of the rounding unit times the largest.
    ///
    /// # Errors
    /// [`Error::Value`] for a negative `tol`, [`Error::Degenerate`] for no samples.
    pub fn fit_statistics(&self, statistics: &GramStatistics<B, T, D>) -> Result<LinearRegression<B, T, D>> {
        self.validate()?;
        let (gram, cross) = statistics.products(self.fit_intercept)?;
        let (squares, rank, coef) = least_norm(&gram, &cross, self.tol)?;
        let (coef, intercept) = statistics.finish(&coef, self.fit_intercept)?;
        let singular = device(coef.device(), &squares.into_iter().map(f64::sqrt).collect::<Vec<_>>())?;
        Ok(LinearRegression { coef, intercept, rank, singular })
    }
}

linear_regressor!(
    LinearRegression,
    LinearRegressionParams,
    "[`Error::Samples`] when the numbers of samples differ, [`Error::Shape`] for no samples, features or targets, or targets of rank above 2, [`Error::NonFinite`], [`Error::Value`] for a negative `tol`."
);
