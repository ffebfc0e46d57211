//! Ridge regression whose penalty is chosen by leaving every sample out once.

use core::marker::PhantomData;

use xp_core::functions::zeros;
use xp_core::linalg::{Thin, svd};
use xp_core::{Array, Backend, Dim, Dyn, Float, Ix1, Ix2, Ix3, Linalg, s};

use super::centred::{Centred, scaled};
use super::{check_linear, linear_regressor};
use crate::model::{Check, model};
use crate::tall_svd::{device, gram_svd, host, triangular_beside};
use crate::{Error, Result};

model! {
    /// [`Ridge`](super::Ridge) with the penalty, among several, that predicts best what is left out.
    ///
    /// It is scikit-learn's estimator of the same name without `cv`: every sample is left out once, in closed form (Rifkin and
    /// Lippert 2007, "Notes on regularized least squares"). With the penalty `alpha`, the matrix `G = X Xᵀ + alpha I` of the
    /// centred and weighted samples and `c = G⁻¹ y`, the residual of sample `i` under the model without it is
    /// `c_i / (G⁻¹)_ii`, less what the intercept takes of the diagonal; the weight of a sample is that of its residual too. One
    /// decomposition serves all penalties, and samples are gone through in blocks of rows; they are copied only where there are no
    /// more samples than features. Sums are in the dtype of the samples, where scikit-learn has the widest of the device.
    ///
    /// ```
    /// use xp::models::linear_model::{Ridge, RidgeCV};
    /// use xp::prelude::*;
    ///
    /// let x = array![[0.0], [1.0], [2.0], [3.0]];
    /// let y = array![0.1, 0.9, 2.1, 2.9];
    /// let model = RidgeCV::params().alphas(&[0.01, 1.0, 100.0]).store_cv_results(true).fit(&x, &y)?;
    /// assert_eq!(model.alpha().to_vec(), [0.01]);
    ///
    /// // The last sample, in the last of four rows of three penalties, is predicted by the others.
    /// let part = Ridge::params().alpha(0.01).fit(&x.slice(s![..3])?, &y.slice(s![..3])?)?;
    /// let error = part.predict(&x)?[[3]] - y[[3]];
    /// assert!((model.cv_results().unwrap().to_vec()[9] - error * error).abs() < 1e-12);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct RidgeCV<B: Backend, T: Float, D: Dim> {
        /// The coefficients, of shape `(n_features,)` or `(n_targets, n_features)`.
        pub coef: Array<B, T, D>,
        /// The intercept: a scalar array, or one for each target.
        pub intercept: Array<B, T, D::Smaller>,
        /// The penalty that was chosen; with `alpha_per_target` one for each target.
        pub alpha: Array<B, T, Ix1>,
        /// The score of each penalty in [`alpha`](Self::alpha): the mean square of the residuals that leave a sample out, below zero.
        pub best_score: Array<B, T, Ix1>,
        /// The squared residuals that leave a sample out, of shape `(n_samples, n_alphas)` or `(n_samples, n_targets, n_alphas)`,
        /// if they were asked for.
        pub cv_results: Option<Array<B, T, Dyn>>,
    }
}

impl<B: Backend, T: Float, D: Dim> Check for RidgeCV<B, T, D> {
    fn check(&self) -> Result<()> {
        check_linear(&self.coef, &self.intercept)
    }
}

/// How [`RidgeCV`] decomposes the samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GcvMode {
    /// By the eigenvalues of the Gram matrix where an error bound certifies them beside the smallest penalty, otherwise as `Svd`.
    Auto,
    /// By the eigenvalues of the Gram matrix: fast.
    Eigen,
    /// By the singular values of the samples, through a QR decomposition when there are more samples than features: accurate.
    Svd,
}

/// Parameters of [`RidgeCV`].
#[derive(Clone, Debug)]
pub struct RidgeCVParams<B, T, D> {
    pub(super) search: LeaveOneOut,
    store_cv_results: bool,
    alpha_per_target: bool,
    kind: PhantomData<fn() -> (B, T, D)>,
}

impl<B: Linalg<T>, T: Float, D: Dim> RidgeCV<B, T, D> {
    /// The default parameters: `alphas` 0.1, 1 and 10, with an intercept, [`GcvMode::Auto`], one penalty for all targets.
    #[must_use]
    pub fn params() -> RidgeCVParams<B, T, D> {
        RidgeCVParams { search: LeaveOneOut::new(), store_cv_results: false, alpha_per_target: false, kind: PhantomData }
    }
}

impl<B: Linalg<T>, T: Float, D: Dim> RidgeCVParams<B, T, D> {
    /// The penalties to choose from, which are positive. The first of equally good ones is chosen.
    #[must_use]
    pub fn alphas(mut self, alphas: &[f64]) -> Self {
        self.search.alphas = alphas.to_vec();
        self
    }

    /// Whether there is an intercept, which is not penalised.
    #[must_use]
    pub fn fit_intercept(mut self, yes: bool) -> Self {
        self.search.fit_intercept = yes;
        self
    }

    /// How the samples are decomposed.
    #[must_use]
    pub fn gcv_mode(mut self, mode: GcvMode) -> Self {
        self.search.mode = mode;
        self
    }

    /// Whether the squared residuals are kept.
    #[must_use]
    pub fn store_cv_results(mut self, yes: bool) -> Self {
        self.store_cv_results = yes;
        self
    }

    /// Whether each target has a penalty of its own.
    #[must_use]
    pub fn alpha_per_target(mut self, yes: bool) -> Self {
        self.alpha_per_target = yes;
        self
    }

    fn fit_any(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>, weights: Option<&Array<B, T, Ix1>>) -> Result<RidgeCV<B, T, D>> {
        self.search.validate()?;
        let data = Centred::new(x, y, weights, self.search.fit_intercept)?;
        let found = self.search.run(x, &data, self.alpha_per_target, self.store_cv_results)?;
        let (coef, intercept) = data.finish(&found.coef, y)?;
        let cv_results = match found.residuals {
            None => None,
            Some(residuals) => {
                // From (samples, alphas, targets) to scikit-learn's order.
                let mut shape = y.dims().to_vec();
                shape.push(self.search.alphas.len());
                Some(residuals.permute_dims(&[0, 2, 1])?.contiguous()?.reshape(shape)?)
            }
        };
        let on_device = |values: &[f64]| device::<B, T>(x.device(), values);
        Ok(RidgeCV { coef, intercept, alpha: on_device(&found.alpha)?, best_score: on_device(&found.score)?, cv_results })
    }
}

linear_regressor!(
    RidgeCV,
    RidgeCVParams,
    "[`Error::Samples`] when the numbers of samples differ, [`Error::Shape`] for no samples, features or targets, or targets of rank above 2, [`Error::NonFinite`], [`Error::Value`] for no `alphas`, or one that is not positive."
);

/// The search over penalties.
#[derive(Clone, Debug)]
pub(super) struct LeaveOneOut {
    pub alphas: Vec<f64>,
    pub fit_intercept: bool,
    pub mode: GcvMode,
}

/// What the search has found.
pub(super) struct Chosen<B: Linalg<T>, T: Float> {
    /// Of shape `(n_targets, n_features)`.
    pub coef: Array<B, T, Ix2>,
    pub alpha: Vec<f64>,
    pub score: Vec<f64>,
    /// Squared, of shape `(n_samples, n_alphas, n_targets)`, if they were asked for.
    pub residuals: Option<Array<B, T, Ix3>>,
}

/// A decomposition of the samples, and what follows from it for every penalty.
struct Rotated<B: Linalg<T>, T: Float> {
    /// The squares of the singular values.
    squares: Vec<f64>,
    /// The right vectors, as columns.
    v: Array<B, T, Ix2>,
    /// The products of these with `Xᵀ y`.
    vxy: Array<B, T, Ix2>,
}

impl LeaveOneOut {
    pub fn new() -> Self {
        LeaveOneOut { alphas: vec![0.1, 1.0, 10.0], fit_intercept: true, mode: GcvMode::Auto }
    }

    pub fn validate(&self) -> Result<()> {
        if self.alphas.is_empty() {
            return Err(Error::value("alphas", "none", "at least one penalty"));
        }
        match self.alphas.iter().find(|alpha| !(**alpha > 0.0 && alpha.is_finite())) {
            Some(bad) => Err(Error::value("alphas", bad, "positive numbers")),
            None => Ok(()),
        }
    }

    /// Finds the penalty whose mean squared residual is smallest, for all targets or for each.
    pub fn run<B: Linalg<T>, T: Float>(&self, x: &Array<B, T, Ix2>, data: &Centred<B, T>, each: bool, store: bool) -> Result<Chosen<B, T>> {
        let [n, p] = x.shape();
        let (k, t) = (self.alphas.len(), data.targets.dims()[1]);
        let mut residuals = Residuals { sums: zeros(x.device(), [k, t])?, all: if store { Some(zeros(x.device(), [n, k, t])?) } else { None } };
        let rotated = if n <= p { self.wide(x, data, &mut residuals)? } else { self.tall(x, data, &mut residuals)? };
        let sums = host(&residuals.sums.ravel()?)?;
        // The scores of all targets together, or of each.
        let groups: Vec<Vec<usize>> = if each { (0..t).map(|j| vec![j]).collect() } else { vec![(0..t).collect()] };
        let mut chosen = vec![];
        let mut score = vec![];
        for group in &groups {
            let scores = (0..k).map(|a| -group.iter().map(|j| sums[a * t + j]).sum::<f64>() / (n * group.len()) as f64);
            let best = scores.enumerate().reduce(|best, next| if next.1 > best.1 { next } else { best });
            let (index, best) = best.unwrap_or_default();
            chosen.push(index);
            score.push(best);
        }
        let alpha: Vec<f64> = chosen.iter().map(|&index| self.alphas[index]).collect();
        let per_target: Vec<f64> = (0..t).map(|j| alpha[if each { j } else { 0 }]).collect();
        let factors = factors(x.device(), &rotated.squares, &per_target, |square, alpha| 1.0 / (square + alpha))?;
        let coef = rotated.v.matmul(&(rotated.vxy * &factors))?.t();
        Ok(Chosen { coef, alpha, score, residuals: residuals.all })
    }

    /// More samples than features, which are gone through block by block.
    fn tall<B: Linalg<T>, T: Float>(&self, x: &Array<B, T, Ix2>, data: &Centred<B, T>, out: &mut Residuals<B, T>) -> Result<Rotated<B, T>> {
        let roots = data.roots()?;
        let (e, f) = (scaled(x, &data.x_mean, &roots), scaled(&data.targets, &data.y_mean, &roots));
        let smallest = self.alphas.iter().copied().fold(f64::INFINITY, f64::min);
        let eigen = match self.mode {
            GcvMode::Svd => None,
            mode => gram_svd(&B::gram(&e)?, |spectrum| mode == GcvMode::Eigen || spectrum.is_accurate_above(smallest))?,
        };
        let rotated = match eigen {
            Some((s, vt)) => {
                let vxy = vt.matmul(&B::cross(&e, &f)?)?;
                Rotated { squares: s.iter().map(|s| s * s).collect(), v: vt.t().contiguous()?, vxy }
            }
            None => {
                let p = x.dims()[1] as isize;
                let r = triangular_beside(&e, &f)?;
                let (u, s, vt) = svd(&r.slice(s![..p, ..p])?, Thin)?;
                let vxy = u.t().matmul(&r.slice(s![..p, p..])?)? * s.expand_dims(1)?;
                Rotated { squares: host(&s)?.iter().map(|s| s * s).collect(), v: vt.t().contiguous()?, vxy }
            }
        };
        let [n, p] = x.shape();
        let (k, t) = (self.alphas.len(), data.targets.dims()[1]);
        // alpha (G⁻¹)_ii = 1 - sum_j z_ij² / (s_j² + alpha) and alpha c = y - z (vᵀXᵀy / (s² + alpha)), where z = X v. The
        // intercept takes its part of the former; the roots of the weights are orthogonal to the centred columns.
        let inverse = factors(x.device(), &rotated.squares, &self.alphas, |square, alpha| 1.0 / (square + alpha))?;
        let columns = (inverse.expand_dims(2)?.lazy() * &rotated.vxy.expand_dims(1)?).try_eval()?.reshape([rotated.squares.len(), k * t])?;
        let total = if self.fit_intercept { n_weights(data, n)? } else { f64::INFINITY };
        let steps = B::block_rows(p);
        for (left, right) in e.row_blocks(steps)?.zip(f.row_blocks(steps)?) {
            let rows = left.expr().range();
            let z = left.try_eval()?.matmul(&rotated.v)?;
            let m = rows.len();
            let explained = z.lazy().square().try_eval()?.matmul(&inverse)?;
            let predicted = z.matmul(&columns)?.reshape([m, k, t])?;
            let root = if data.root.is_some() { roots.slice(s![rows.start..rows.end])? } else { roots.clone() };
            let kept = (-explained.into_lazy() + T::ONE - root.lazy().square() * T::from_f64(1.0 / total)).try_eval()?.expand_dims(2)?;
            let y = right.try_eval()?.expand_dims(1)?;
            out.add(rows.start, (-predicted.into_lazy() + &y).try_eval()?, &kept)?;
        }
        Ok(rotated)
    }

    /// No more samples than features: by the singular values and left vectors of all of them.
    fn wide<B: Linalg<T>, T: Float>(&self, x: &Array<B, T, Ix2>, data: &Centred<B, T>, out: &mut Residuals<B, T>) -> Result<Rotated<B, T>> {
        let roots = data.roots()?;
        let [n, _] = x.shape();
        let (k, t) = (self.alphas.len(), data.targets.dims()[1]);
        let (u, s, vt) = svd(&scaled(x, &data.x_mean, &roots).try_eval()?, Thin)?;
        let y = scaled(&data.targets, &data.y_mean, &roots).try_eval()?;
        let uy = u.t().matmul(&y)?;
        let squares: Vec<f64> = host(&s)?.iter().map(|s| s * s).collect();
        // alpha G⁻¹ = u diag(alpha / (s² + alpha)) uᵀ.
        let shrink = factors(x.device(), &squares, &self.alphas, |square, alpha| alpha / (square + alpha))?;
        let columns = (shrink.expand_dims(2)?.lazy() * &uy.expand_dims(1)?).try_eval()?.reshape([squares.len(), k * t])?;
        let c = u.matmul(&columns)?.reshape([n, k, t])?;
        let mut d = u.lazy().square().try_eval()?.matmul(&shrink)?;
        if self.fit_intercept {
            let roots = roots.broadcast_to([n, 1])?.contiguous()?;
            let part = u.matmul(&(u.t().matmul(&roots)? * &shrink))?;
            d = (d.into_lazy() - part.lazy() * &roots * T::from_f64(1.0 / n_weights(data, n)?)).try_eval()?;
        }
        out.add(0, c, &d.expand_dims(2)?)?;
        Ok(Rotated { squares, v: vt.t().contiguous()?, vxy: uy * s.expand_dims(1)? })
    }
}

/// The sums over samples of squared residuals, and all of them if they are asked for.
struct Residuals<B: Linalg<T>, T: Float> {
    sums: Array<B, T, Ix2>,
    all: Option<Array<B, T, Ix3>>,
}

impl<B: Linalg<T>, T: Float> Residuals<B, T> {
    /// Adds the samples from row `start` on, whose residuals are `c / d`.
    fn add(&mut self, start: usize, c: Array<B, T, Ix3>, d: &Array<B, T, Ix3>) -> Result<()> {
        let rows = c.dims()[0];
        let squares = (c.into_lazy() / d).square().try_eval()?;
        self.sums = (self.sums.lazy() + &squares.sum(0)).try_eval()?;
        if let Some(all) = &mut self.all {
            all.set(s![start..start + rows], squares)?;
        }
        Ok(())
    }
}

/// The sum of the weights.
fn n_weights<B: Linalg<T>, T: Float>(data: &Centred<B, T>, n: usize) -> Result<f64> {
    match &data.root {
        None => Ok(n as f64),
        Some(root) => Ok(root.lazy().square().sum(..).try_eval()?.item()?.to_f64()),
    }
}

/// A matrix with one row per singular value and one column per penalty.
fn factors<B: Backend, T: Float>(on: &B, squares: &[f64], alphas: &[f64], f: impl Fn(f64, f64) -> f64) -> Result<Array<B, T, Ix2>> {
    let values: Vec<f64> = squares.iter().flat_map(|&s| alphas.iter().map(move |&a| (s, a))).map(|(s, a)| f(s, a)).collect();
    Ok(device::<B, T>(on, &values)?.reshape([squares.len(), alphas.len()])?)
}
