//! Ridge regression.

use core::marker::PhantomData;

use xp_core::functions::concat;
use xp_core::linalg::{LinalgError, Lower, Thin, cho_solve, cholesky, solve_triangular, svd, vector_norm};
use xp_core::{Array, Backend, Dim, Expr, Float, Ix1, Ix2, Lazy, Linalg, s};

use super::centred::Centred;
use super::statistics::{GramStatistics, least_norm};
use super::{check_linear, linear_regressor};
use crate::model::{Check, model};
use crate::tall_svd::{device, gram_svd, host, triangular_beside};
use crate::{Error, Result};

model! {
    /// Least squares with a penalty on the 2-norm of the coefficients.
    ///
    /// It is scikit-learn's estimator of the same name with the solvers `"svd"` and `"cholesky"`. The targets have shape
    /// `(n_samples,)` or `(n_samples, n_targets)`; `D` is their rank, and that of the coefficients, whose shape is
    /// `(n_features,)` or `(n_targets, n_features)`. The data are not copied when there are at least as many samples as
    /// features.
    ///
    /// ```
    /// use xp::prelude::*;
    /// use xp::models::linear_model::Ridge;
    ///
    /// let x = Array::from_vec(&Cpu, vec![0.0_f64, 1.0, 2.0], [3, 1])?;
    /// let y = Array::from_vec(&Cpu, vec![1.0, 3.0, 5.0], [3])?;
    /// let ridge = Ridge::params().alpha(2.0).fit(&x, &y)?;
    /// // The slope of the least squares line is 2; the penalty halves it.
    /// assert!((ridge.coef().get([0])? - 1.0).abs() < 1e-15);
    /// assert!((ridge.predict(&x)?.get([1])? - 3.0).abs() < 1e-14);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct Ridge<B: Backend, T: Float, D: Dim> {
        /// The coefficients, of shape `(n_features,)` or `(n_targets, n_features)`.
        pub coef: Array<B, T, D>,
        /// The intercept: a scalar array, or one for each target.
        pub intercept: Array<B, T, D::Smaller>,
    }
}

impl<B: Backend, T: Float, D: Dim> Check for Ridge<B, T, D> {
    fn check(&self) -> Result<()> {
        check_linear(&self.coef, &self.intercept)
    }
}

/// How [`Ridge`] is solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RidgeSolver {
    /// `Cholesky`, as scikit-learn chooses for NumPy's arrays.
    Auto,
    /// Through the singular values of the data, or, for columns of very different scales, a QR decomposition of the data
    /// with the penalty below: accurate for any data and any penalty, zero included. Without penalty, singular values that
    /// are zero to rounding are left out.
    Svd,
    /// Through the Cholesky decomposition of the normal equations, or of the kernel matrix when there are fewer samples than
    /// features; as `Svd` when the matrix is singular.
    Cholesky,
}

/// The penalties of a model of one target or several.
macro_rules! penalty_setters {
    () => {
        /// The penalty.
        #[must_use]
        pub fn alpha(mut self, alpha: f64) -> Self {
            self.alpha = vec![alpha];
            self
        }

        /// A penalty for each target.
        #[must_use]
        pub fn alphas(mut self, alphas: &[f64]) -> Self {
            self.alpha = alphas.to_vec();
            self
        }
    };
}
pub(crate) use penalty_setters;

/// Parameters of [`Ridge`].
#[derive(Clone, Debug)]
pub struct RidgeParams<B, T, D> {
    alpha: Vec<f64>,
    fit_intercept: bool,
    solver: RidgeSolver,
    kind: PhantomData<fn() -> (B, T, D)>,
}

impl<B: Linalg<T>, T: Float, D: Dim> Ridge<B, T, D> {
    /// The default parameters: `alpha` 1, with an intercept, `RidgeSolver::Auto`.
    #[must_use]
    pub fn params() -> RidgeParams<B, T, D> {
        RidgeParams { alpha: vec![1.0], fit_intercept: true, solver: RidgeSolver::Auto, kind: PhantomData }
    }
}

impl<B: Linalg<T>, T: Float, D: Dim> RidgeParams<B, T, D> {
    penalty_setters!();

    /// Whether there is an intercept, which is not penalised.
    #[must_use]
    pub fn fit_intercept(mut self, yes: bool) -> Self {
        self.fit_intercept = yes;
        self
    }

    /// How the equations are solved.
    #[must_use]
    pub fn solver(mut self, solver: RidgeSolver) -> Self {
        self.solver = solver;
        self
    }

    pub(super) fn fit_any(&self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>, weights: Option<&Array<B, T, Ix1>>) -> Result<Ridge<B, T, D>> {
        let data = Centred::new(x, y, weights, self.fit_intercept)?;
        let alpha = penalties(&self.alpha, data.targets.dims()[1])?;
        let (e, f) = (x.lazy() - &data.x_mean, data.targets.lazy() - &data.y_mean);
        let coef = match &data.root {
            None => self.solve(e, f, &alpha)?,
            Some(root) => self.solve(e * root, f * root, &alpha)?,
        };
        let (coef, intercept) = data.finish(&coef, y)?;
        Ok(Ridge { coef, intercept })
    }

    /// The coefficients, of shape `(n_targets, n_features)`, for centred and weighted data.
    fn solve<E, F>(&self, e: Lazy<E>, f: Lazy<F>, alpha: &[f64]) -> Result<Array<B, T, Ix2>>
    where
        E: Expr<Backend = B, Elem = T, Dim = Ix2> + Clone,
        F: Expr<Backend = B, Elem = T, Dim = Ix2> + Clone,
    {
        let [n, p] = e.expr().shape()?;
        let coef = if n < p {
            let (x, y) = (e.try_eval()?, f.try_eval()?);
            match self.solver {
                RidgeSolver::Auto | RidgeSolver::Cholesky => match solve_definite(&x.matmul(&x.t())?, &y, alpha)? {
                    Some(dual) => x.t().matmul(&dual)?,
                    None => solve_values(&x, &y, alpha, n.max(p))?,
                },
                RidgeSolver::Svd => solve_values(&x, &y, alpha, n.max(p))?,
            }
        } else {
            let (gram, cross) = (B::gram(&e)?, B::cross(&e, &f)?);
            let found = match self.solver {
                RidgeSolver::Auto | RidgeSolver::Cholesky => solve_definite(&gram, &cross, alpha)?,
                RidgeSolver::Svd => solve_certified(&gram, &cross, alpha)?,
            };
            match found {
                Some(coef) => coef,
                None => {
                    let r = triangular_beside(&e, &f)?;
                    let (left, right) = (r.slice(s![..p, ..p])?, r.slice(s![..p, p..])?);
                    match solve_augmented(&left, &right, alpha)? {
                        Some(coef) => coef,
                        None => solve_values(&left, &right, alpha, n)?,
                    }
                }
            }
        };
        Ok(coef.t())
    }
}

impl<B: Linalg<T>, T: Float, D: Dim> RidgeParams<B, T, D> {
    /// Fits the model to the samples that statistics were taken of: by the Cholesky decomposition of the normal equations, or, when they
    /// are singular, by the eigenvalues that are not zero to rounding.
    ///
    /// # Errors
    /// [`Error::Value`] for a negative `alpha`, or not one per target, [`Error::Degenerate`] for no samples.
    pub fn fit_statistics(&self, statistics: &GramStatistics<B, T, D>) -> Result<Ridge<B, T, D>> {
        let alpha = penalties(&self.alpha, statistics.n_targets())?;
        let (gram, cross) = statistics.products(self.fit_intercept)?;
        let coef = match solve_definite(&gram, &cross, &alpha)? {
            Some(coef) => coef,
            None => for_each_penalty(&cross, &alpha, |cross, alpha| {
                let p = gram.dims()[0];
                let shifted = (gram.lazy() + &(xp_core::functions::eye::<B, T>(gram.device(), p, p, 0)? * T::from_f64(alpha))).try_eval()?;
                Ok(Some(least_norm(&shifted, cross, 0.0)?.2))
            })?
            .expect("every penalty has a solution"),
        };
        let (coef, intercept) = statistics.finish(&coef, self.fit_intercept)?;
        Ok(Ridge { coef, intercept })
    }
}

/// A penalty for each target, of one for all or one for each.
pub(crate) fn penalties(alpha: &[f64], targets: usize) -> Result<Vec<f64>> {
    if let Some(bad) = alpha.iter().find(|a| !(**a >= 0.0 && a.is_finite())) {
        return Err(Error::value("alpha", bad, "a number that is not negative"));
    }
    match alpha.len() {
        1 => Ok(vec![alpha[0]; targets]),
        given if given == targets => Ok(alpha.to_vec()),
        given => Err(Error::value("alpha", format!("{given} penalties"), format!("1, or one for each of {targets} targets"))),
    }
}

/// Solves through the eigenvalues of the Gram matrix, when an error bound certifies them for every penalty.
fn solve_certified<B: Linalg<T>, T: Float>(gram: &Array<B, T, Ix2>, cross: &Array<B, T, Ix2>, alpha: &[f64]) -> Result<Option<Array<B, T, Ix2>>> {
    let smallest = alpha.iter().copied().fold(f64::INFINITY, f64::min);
    let Some((s, vt)) = gram_svd(gram, |spectrum| spectrum.is_accurate_above(smallest))? else {
        return Ok(None);
    };
    let factors = per_target(gram.device(), &s, alpha, |s, alpha| 1.0 / (s * s + alpha))?;
    Ok(Some(vt.t().matmul(&(vt.matmul(cross)? * &factors))?))
}

/// Solves as least squares with `sqrt(alpha) I` below `x`, the triangular factor of the data, for each penalty, by a QR
/// decomposition: columns may have any scale. `None` where a penalty is zero or so small that columns are dependent to
/// rounding.
fn solve_augmented<B: Linalg<T>, T: Float>(x: &Array<B, T, Ix2>, y: &Array<B, T, Ix2>, alpha: &[f64]) -> Result<Option<Array<B, T, Ix2>>> {
    let p = x.dims()[1];
    for_each_penalty(y, alpha, |y, alpha| {
        if alpha == 0.0 {
            return Ok(None);
        }
        let identity = xp_core::functions::eye::<B, T>(x.device(), p, p, 0)?;
        let r = triangular_beside(
            &concat(&[x, &(identity * T::from_f64(alpha.sqrt()))], 0)?.lazy(),
            &concat(&[y, &xp_core::functions::zeros(x.device(), [p, y.dims()[1]])?], 0)?.lazy(),
        )?;
        let (left, right) = (r.slice(s![..p as isize, ..p as isize])?, r.slice(s![..p as isize, p as isize..])?);
        let lengths = host(&vector_norm(&left, 0, 2.0)?)?;
        let dependent = host(&left.diagonal(0)?)?.iter().zip(&lengths).any(|(r, length)| r.abs() <= length * T::EPSILON.to_f64() * p as f64);
        if dependent { Ok(None) } else { Ok(Some(solve_triangular(&left, &right, xp_core::linalg::Upper)?)) }
    })
}

/// Solves by the singular value decomposition of `x`: all of the data, or the triangular factor of many rows. Singular
/// values that are zero to rounding are left out, unless the penalty is larger.
fn solve_values<B: Linalg<T>, T: Float>(x: &Array<B, T, Ix2>, y: &Array<B, T, Ix2>, alpha: &[f64], longest: usize) -> Result<Array<B, T, Ix2>> {
    let (u, s, vt) = svd(x, Thin)?;
    let s = host(&s)?;
    let zero = s.first().copied().unwrap_or(0.0) * T::EPSILON.to_f64() * longest as f64;
    let factors = per_target(x.device(), &s, alpha, |s, alpha| if s > zero || alpha > zero * zero { s / (s * s + alpha) } else { 0.0 })?;
    Ok(vt.t().matmul(&(u.t().matmul(y)? * &factors))?)
}

/// Solves `(a + alpha I) w = b` for each column of `b` and its penalty, if `a + alpha I` is positive definite beyond rounding.
pub(crate) fn solve_definite<B: Linalg<T>, T: Float>(a: &Array<B, T, Ix2>, b: &Array<B, T, Ix2>, alpha: &[f64]) -> Result<Option<Array<B, T, Ix2>>> {
    let p = a.dims()[0];
    for_each_penalty(b, alpha, |b, alpha| {
        let shifted = a + xp_core::functions::eye::<B, T>(a.device(), p, p, 0)? * T::from_f64(alpha);
        match cholesky(&shifted, Lower) {
            Ok(factor) => {
                // What is left of each column besides those before it, whatever their scales.
                let (pivots, columns) = (host(&factor.diagonal(0)?)?, host(&shifted.diagonal(0)?)?);
                let singular = pivots.iter().zip(&columns).any(|(&pivot, &column)| pivot * pivot <= column * T::EPSILON.to_f64() * p as f64);
                if singular { Ok(None) } else { Ok(Some(cho_solve(&factor, b)?)) }
            }
            Err(xp_core::Error::Linalg(LinalgError::NotPositiveDefinite { .. })) => Ok(None),
            Err(e) => Err(e.into()),
        }
    })
}

/// Solves for all targets at once when they have one penalty, otherwise for the targets of each in turn.
fn for_each_penalty<B: Linalg<T>, T: Float>(
    y: &Array<B, T, Ix2>,
    alpha: &[f64],
    solve: impl Fn(&Array<B, T, Ix2>, f64) -> Result<Option<Array<B, T, Ix2>>>,
) -> Result<Option<Array<B, T, Ix2>>> {
    if alpha.iter().all(|&x| x == alpha[0]) {
        return solve(y, alpha[0]);
    }
    let mut columns = vec![];
    for (j, &alpha) in alpha.iter().enumerate() {
        let j = j as isize;
        match solve(&y.slice(s![.., j..j + 1])?.contiguous()?, alpha)? {
            Some(column) => columns.push(column),
            None => return Ok(None),
        }
    }
    Ok(Some(concat(&columns, 1)?))
}

/// A matrix with one row per singular value and one column per target.
fn per_target<B: Backend, T: Float>(on: &B, s: &[f64], alpha: &[f64], f: impl Fn(f64, f64) -> f64) -> Result<Array<B, T, Ix2>> {
    let values: Vec<f64> = s.iter().flat_map(|&s| alpha.iter().map(move |&a| (s, a))).map(|(s, a)| f(s, a)).collect();
    Ok(device::<B, T>(on, &values)?.reshape([s.len(), alpha.len()])?)
}

linear_regressor!(
    Ridge,
    RidgeParams,
    "[`Error::Samples`] when the numbers of samples differ, [`Error::Shape`] for no samples, features or targets, or targets of rank above 2, [`Error::NonFinite`], [`Error::Value`] for a negative `alpha` or not one per target."
);
