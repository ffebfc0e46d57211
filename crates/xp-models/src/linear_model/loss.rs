//! Means over samples of functions of `x w + b`, with a penalty on `w`: their gradients and Hessians, in two products each.
//!
//! Values and gradients go through the samples by blocks of rows that stay in a cache between the two products.

use core::ops::Range;

use xp_core::functions::{concat, zeros};
use xp_core::{Array, Backend, Dim, Float, Ix0, Ix1, Ix2, KeepDims, Linalg, Real, s};

use super::newton::{Stop, newton_cholesky};
use crate::Result;
use crate::blocks::{fold_blocks, fold_rows, mergeable};
use crate::optimize::{OptimizeResult, minimize};

type Vector<B, T> = Array<B, T, Ix1>;

/// A sum over samples, on the device.
pub(super) type Total<B> = Array<B, <B as Backend>::MaxFloat, Ix0>;

/// A loss of each sample, times its weight, as a function of `raw + shift`, where `shift` has shape `(1,)`.
pub(super) trait Loss<B: Linalg<T>, T: Float>: Sized + Sync {
    /// The loss of some of the samples.
    fn rows(&self, rows: Range<usize>) -> Result<Self>;

    /// The sum over the samples, and the derivative of each.
    fn value_and_gradient(&self, raw: &Vector<B, T>, shift: &Vector<B, T>) -> Result<(Total<B>, Vector<B, T>)>;

    /// The second derivative of each, not below zero.
    fn curvature(&self, raw: &Vector<B, T>, shift: &Vector<B, T>) -> Result<Vector<B, T>>;
}

/// How a linear model with a smooth loss is fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinearSolver {
    /// L-BFGS: an iteration costs two products of the samples with a vector for each class.
    Lbfgs,
    /// Newton's method with the Hessian and its Cholesky factor: few iterations, each of which costs a Gram matrix of the samples
    /// for each pair of classes. It goes on by L-BFGS where the Hessian is not positive definite.
    NewtonCholesky,
}

/// The mean of a loss over samples, and half of `penalty` times the squared 2-norm of the coefficients. The variables are the
/// coefficients, and the intercept after them if there is one.
pub(super) struct Objective<'a, B: Linalg<T>, T: Float, L> {
    pub x: &'a Array<B, T, Ix2>,
    pub loss: L,
    pub penalty: f64,
    /// The sum of the weights.
    pub total: f64,
    pub fit_intercept: bool,
}

impl<B: Linalg<T>, T: Float, L: Loss<B, T>> Objective<'_, B, T, L> {
    /// Coefficients and intercept of the variables; the latter has shape `(1,)`, and is zero where there is none.
    fn parts(&self, v: &Vector<B, T>) -> Result<(Vector<B, T>, Vector<B, T>)> {
        let p = self.x.dims()[1];
        let intercept = if self.fit_intercept { v.slice(s![p..])? } else { zeros(self.x.device(), [1])? };
        Ok((v.slice(s![..p])?, intercept))
    }

    /// The value and the gradient.
    pub fn evaluate(&self, v: &Vector<B, T>) -> Result<(f64, Vector<B, T>)> {
        let (w, b) = self.parts(v)?;
        let each = |sums: &mut Sums<B, T, Ix1>, rows: Range<usize>| {
            let x = self.x.slice(s![rows.clone()])?;
            let (value, residual) = self.loss.rows(rows)?.value_and_gradient(&x.matmul(&w)?, &b)?;
            let constant = self.fit_intercept.then(|| residual.sum(KeepDims(0)));
            sums.add(value, residual.matmul(&x)?, constant)
        };
        Sums::over(self.x, each)?.mean(&w, self.penalty, self.total)
    }

    /// The Hessian.
    fn hessian(&self, v: &Vector<B, T>) -> Result<Array<B, T, Ix2>> {
        let (w, b) = self.parts(v)?;
        let mean = T::from_f64(1.0 / self.total);
        let curvature = (self.loss.curvature(&self.x.matmul(&w)?, &b)?.into_lazy() * mean).try_eval()?;
        bordered(self.x, &curvature, self.fit_intercept, self.penalty)
    }

    /// Minimises it, from `start` on.
    pub fn minimize(&self, start: &Vector<B, T>, solver: LinearSolver, stop: &Stop) -> Result<OptimizeResult<B, T>> {
        match solver {
            LinearSolver::Lbfgs => minimize(|v| self.evaluate(v), start, &stop.lbfgs(0)),
            LinearSolver::NewtonCholesky => newton_cholesky(|v| self.evaluate(v), |v| self.hessian(v), start, stop),
        }
    }
}

/// The weights of some samples, or the one weight of all.
pub(super) fn own<B: Backend, T: Float>(weights: &Vector<B, T>, rows: Range<usize>) -> Result<Vector<B, T>> {
    if weights.size() == 1 { Ok(weights.clone()) } else { Ok(weights.slice(s![rows])?) }
}

/// Sums over the samples of blocks: of losses, and of their derivatives by coefficients and intercepts. `None` before the first.
struct Sums<B: Backend, T: Float, D: Dim> {
    loss: Option<Total<B>>,
    gradient: Option<Array<B, T, D>>,
    constant: Option<Array<B, T, D>>,
}

mergeable!(Sums<B, T: Float, D: Dim> { loss, gradient, constant });

impl<B: Backend, T: Float, D: Dim> Default for Sums<B, T, D> {
    fn default() -> Self {
        Sums { loss: None, gradient: None, constant: None }
    }
}

impl<B: Backend, T: Float, D: Dim> Sums<B, T, D> {
    fn add(&mut self, loss: Total<B>, gradient: Array<B, T, D>, constant: Option<Array<B, T, D>>) -> Result<()> {
        fn sum<B: Backend, T: Float, D: Dim>(sum: Option<Array<B, T, D>>, term: Array<B, T, D>) -> Result<Option<Array<B, T, D>>> {
            Ok(Some(match sum {
                Some(sum) => (sum.into_lazy() + term).try_eval()?,
                None => term,
            }))
        }
        self.loss = sum(self.loss.take(), loss)?;
        self.gradient = sum(self.gradient.take(), gradient)?;
        if let Some(constant) = constant {
            self.constant = sum(self.constant.take(), constant)?;
        }
        Ok(())
    }

    /// The sums that `each` adds up, block by block of the rows of `x`.
    fn over(x: &Array<B, T, Ix2>, each: impl Fn(&mut Self, Range<usize>) -> Result<()> + Sync) -> Result<Self> {
        let step = B::part_rows(x.dims()[1]);
        let part = |rows: Range<usize>| Ok(fold_blocks(x.device(), rows, step, || Ok(Sums::default()), &each, Sums::join)?.unwrap_or_default());
        fold_rows(x, part, |mut sums, more| Sums::join(&mut sums, more).map(|()| sums))
    }

    /// Adds the sums of other rows.
    fn join(&mut self, other: Self) -> Result<()> {
        match other.loss.zip(other.gradient) {
            Some((loss, gradient)) => self.add(loss, gradient, other.constant),
            None => Ok(()),
        }
    }

    /// The mean with the penalty on the coefficients `w`, and its derivatives: those by the intercepts follow along the last axis.
    fn mean(self, w: &Array<B, T, D>, penalty: f64, total: f64) -> Result<(f64, Vector<B, T>)> {
        let (loss, gradient) = self.loss.zip(self.gradient).expect("a fit has at least one sample");
        let square = w.lazy().square().sum(..).try_eval()?.item()?.to_f64();
        let value = loss.item()?.to_f64() / total + 0.5 * penalty * square;
        let mean = T::from_f64(1.0 / total);
        let gradient = (gradient.into_lazy() * mean + w.lazy() * T::from_f64(penalty)).try_eval()?;
        match self.constant {
            Some(constant) => Ok((value, concat(&[&gradient, &(constant.into_lazy() * mean).try_eval()?], -1)?.ravel()?)),
            None => Ok((value, gradient.ravel()?)),
        }
    }
}

/// `xᵀ diag(weights) x + penalty I`, and the row and the column of the intercept.
fn bordered<B: Linalg<T>, T: Float>(x: &Array<B, T, Ix2>, weights: &Vector<B, T>, fit_intercept: bool, penalty: f64) -> Result<Array<B, T, Ix2>> {
    let p = x.dims()[1];
    let root = weights.lazy().sqrt().try_eval()?.expand_dims(1)?;
    let eye = xp_core::functions::eye::<B, T>(x.device(), p, p, 0)?;
    let inner = (B::gram(&(x.lazy() * &root))?.into_lazy() + eye.lazy() * T::from_f64(penalty)).try_eval()?;
    if !fit_intercept {
        return Ok(inner);
    }
    let edge = weights.matmul(x)?.reshape([p, 1])?;
    let corner = weights.lazy().sum(..).try_eval()?.reshape([1, 1])?;
    let upper = concat(&[&inner, &edge], 1)?;
    Ok(concat(&[&upper, &concat(&[&edge.t(), &corner], 1)?], 0)?)
}

/// The mean of `log sum_j exp(r_ij) - r_iy` over samples of `K` classes, `r = x Wᵀ + b`, and half of `penalty` times the
/// squares of `W`. The variables are the rows of `W`, each with its intercept after it if there is one.
pub(super) struct Multinomial<'a, B: Linalg<T>, T: Float> {
    pub x: &'a Array<B, T, Ix2>,
    /// The class of each sample.
    pub index: &'a Array<B, i64, Ix1>,
    pub classes: usize,
    /// A weight for each sample, or one of shape `(1,)`.
    pub weights: Vector<B, T>,
    pub penalty: f64,
    pub total: f64,
    pub fit_intercept: bool,
}

/// Scores of samples, with classes as rows, less the largest of each sample; their exponentials, and the sums of these.
struct Powers<B: Linalg<T>, T: Float> {
    raw: Array<B, T, Ix2>,
    powers: Array<B, T, Ix2>,
    sums: Vector<B, T>,
}

impl<B: Linalg<T>, T: Float> Multinomial<'_, B, T> {
    /// The columns of the variables as a matrix of one row per class.
    pub fn width(&self) -> usize {
        self.x.dims()[1] + usize::from(self.fit_intercept)
    }

    /// Coefficients of shape `(K, n_features)`, and intercepts of shape `(K, 1)`.
    fn parts(&self, v: &Vector<B, T>) -> Result<(Array<B, T, Ix2>, Array<B, T, Ix2>)> {
        let p = self.x.dims()[1];
        let v: Array<B, T, Ix2> = v.reshape([self.classes, self.width()])?;
        let intercept = if self.fit_intercept { v.slice(s![.., p..])? } else { zeros(self.x.device(), [self.classes, 1])? };
        Ok((v.slice(s![.., ..p])?, intercept))
    }

    /// The number of each class, as a column.
    fn numbers(&self) -> Result<Array<B, i64, Ix2>> {
        Ok(xp_core::functions::arange(self.x.device(), 0, self.classes as i64, 1)?.expand_dims(1)?)
    }

    /// The scores of samples and what follows from them. What is done to the classes of a sample is done to many samples side by side.
    fn powers(x: &Array<B, T, Ix2>, w: &Array<B, T, Ix2>, b: &Array<B, T, Ix2>) -> Result<Powers<B, T>> {
        let raw = w.matmul(&x.t())?;
        let largest = (raw.lazy() + b).max(0).try_eval()?;
        let raw = (raw.into_lazy() + b - &largest).try_eval()?;
        let powers = raw.lazy().exp().try_eval()?;
        let sums = powers.lazy().sum(0).try_eval()?;
        Ok(Powers { raw, powers, sums })
    }

    /// The value and the gradient.
    pub fn evaluate(&self, v: &Vector<B, T>) -> Result<(f64, Vector<B, T>)> {
        let (w, b) = self.parts(v)?;
        let numbers = self.numbers()?;
        let each = |all: &mut Sums<B, T, Ix2>, rows: Range<usize>| {
            let (x, index) = (self.x.slice(s![rows.clone()])?, self.index.slice(s![rows.clone()])?);
            let weights = own(&self.weights, rows)?;
            let Powers { raw, powers, sums } = Self::powers(&x, &w, &b)?;
            let scores = raw.take_along_axis(&index.expand_dims(0)?, 0)?.squeeze(0)?;
            let losses = (sums.lazy().log() - &scores) * &weights;
            let residual = (powers.into_lazy() / &sums - index.lazy().equal(&numbers).astype::<T>()) * &weights;
            let residual = residual.try_eval()?;
            let constants = self.fit_intercept.then(|| residual.sum(KeepDims(1)));
            all.add(losses.astype::<B::MaxFloat>().sum(..).try_eval()?, residual.matmul(&x)?, constants)
        };
        Sums::over(self.x, each)?.mean(&w, self.penalty, self.total)
    }

    /// The Hessian, and the directions that change nothing, which all classes together make, filled up.
    fn hessian(&self, v: &Vector<B, T>) -> Result<Array<B, T, Ix2>> {
        let (w, b) = self.parts(v)?;
        let Powers { powers, sums, .. } = Self::powers(self.x, &w, &b)?;
        let shares = (powers.into_lazy() / &sums).try_eval()?;
        let weights = (self.weights.lazy() * T::from_f64(1.0 / self.total)).try_eval()?;
        let (p, width) = (self.x.dims()[1], self.width());
        let mut out = zeros::<B, T, _>(self.x.device(), [self.classes * width; 2])?;
        for k in 0..self.classes {
            let own = shares.slice(s![k])?;
            for l in 0..=k {
                let other = shares.slice(s![l])?;
                // p_k (1 - p_k) on the diagonal, and -p_k p_l elsewhere, whose sign is taken out for the root.
                let rest = if k == l { (-other.lazy() + T::ONE).try_eval()? } else { other };
                let pairs = (own.lazy() * &rest * &weights).try_eval()?;
                let block = bordered(self.x, &pairs, self.fit_intercept, if k == l { self.penalty } else { 0.0 })?;
                let block = if k == l { block } else { -block };
                let (rows, columns) = (k * width, l * width);
                out.set(s![rows..rows + width, columns..columns + width], &block)?;
                out.set(s![columns..columns + width, rows..rows + width], &block.t())?;
            }
        }
        // Adding the same to a coefficient of every class changes no probability, so without a penalty nothing.
        let free: Vec<usize> = (0..width).filter(|&j| j >= p || self.penalty == 0.0).collect();
        let diagonal = crate::tall_svd::host(&out.diagonal(0)?)?;
        for j in free {
            let of_class = |k: usize| k * width + j;
            let scale = (0..self.classes).map(|k| diagonal[of_class(k)]).sum::<f64>() / self.classes as f64;
            let step = width as isize;
            let mut part = out.slice(s![j as isize..;step, j as isize..;step])?.contiguous()?;
            part = (part.into_lazy() + T::from_f64(scale / self.classes as f64)).try_eval()?;
            out.set(s![j as isize..;step, j as isize..;step], part)?;
        }
        Ok(out)
    }

    /// Minimises it, from `start` on.
    pub fn minimize(&self, start: &Vector<B, T>, solver: LinearSolver, stop: &Stop) -> Result<OptimizeResult<B, T>> {
        match solver {
            LinearSolver::Lbfgs => minimize(|v| self.evaluate(v), start, &stop.lbfgs(0)),
            LinearSolver::NewtonCholesky => newton_cholesky(|v| self.evaluate(v), |v| self.hessian(v), start, stop),
        }
    }
}
