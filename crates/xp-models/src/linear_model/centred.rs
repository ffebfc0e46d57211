//! Samples and targets less their means, which is how an intercept is fitted.

use xp_core::functions::{ones, zeros};
use xp_core::{Array, Dim, Expr, Float, Ix1, Ix2, Lazy, Linalg};

use crate::{Error, Result, check};

/// What makes centred and weighted samples and targets of given ones, which are not copied.
pub(super) struct Centred<B: Linalg<T>, T: Float> {
    /// The targets as a matrix.
    pub targets: Array<B, T, Ix2>,
    /// The weighted means of the features, zeros without an intercept.
    pub x_mean: Array<B, T, Ix1>,
    /// The weighted means of the targets, zeros without an intercept.
    pub y_mean: Array<B, T, Ix1>,
    /// The roots of the weights, as a column.
    pub root: Option<Array<B, T, Ix2>>,
    fit_intercept: bool,
}

impl<B: Linalg<T>, T: Float> Centred<B, T> {
    /// Checks samples and targets, and finds their means. Weights are checked already.
    pub fn new<D: Dim>(x: &Array<B, T, Ix2>, y: &Array<B, T, D>, weights: Option<&Array<B, T, Ix1>>, fit_intercept: bool) -> Result<Self> {
        check::samples("y", y.dims(), "x", x.dims())?;
        check::at_least(x, 1)?;
        if y.ndim() > 2 || y.is_empty() {
            return Err(Error::shape("y", y.dims(), "rank 1, or rank 2 with at least 1 column"));
        }
        let [n, p] = x.shape();
        let targets: Array<B, T, Ix2> = y.reshape([n, y.size() / n])?;
        let t = targets.dims()[1];
        let (x_mean, y_mean) =
            if fit_intercept { (mean(x, weights)?, mean(&targets, weights)?) } else { (zeros(x.device(), [p])?, zeros(x.device(), [t])?) };
        if fit_intercept {
            check::finite_by("x", x, &x_mean)?;
            check::finite_by("y", y, &y_mean)?;
        } else {
            check::finite("x", x)?;
            check::finite("y", y)?;
        }
        let root = match weights {
            None => None,
            Some(w) => Some(w.lazy().sqrt().try_eval()?.expand_dims(1)?),
        };
        Ok(Centred { targets, x_mean, y_mean, root, fit_intercept })
    }

    /// The roots of the weights, as a column, which may be a single 1.
    pub fn roots(&self) -> Result<Array<B, T, Ix2>> {
        match &self.root {
            Some(root) => Ok(root.clone()),
            None => Ok(ones(self.x_mean.device(), [1, 1])?),
        }
    }

    /// Coefficients and intercept, of the shapes that fit targets like `y`, for coefficients of shape `(n_targets, n_features)`.
    pub fn finish<D: Dim>(&self, coef: &Array<B, T, Ix2>, y: &Array<B, T, D>) -> Result<(Array<B, T, D>, Array<B, T, D::Smaller>)> {
        let intercept = &self.y_mean - coef.matmul(&self.x_mean)?;
        let intercept = if self.fit_intercept { intercept } else { intercept.zeros_like()? };
        let mut shape = y.dims()[1..].to_vec();
        let intercept = intercept.reshape(shape.clone())?.into_rank()?;
        shape.push(coef.dims()[1]);
        Ok((coef.contiguous()?.reshape(shape)?.into_rank()?, intercept))
    }
}

/// The rows of `x`, less `mean`, times `roots`: a lazy matrix.
pub(super) fn scaled<'a, B: Linalg<T>, T: Float>(
    x: &'a Array<B, T, Ix2>,
    mean: &'a Array<B, T, Ix1>,
    roots: &'a Array<B, T, Ix2>,
) -> Lazy<impl Expr<Backend = B, Elem = T, Dim = Ix2> + Clone + use<'a, B, T>> {
    (x.lazy() - mean) * roots
}

/// Weighted or plain means of the columns.
pub(super) fn mean<B: Linalg<T>, T: Float>(x: &Array<B, T, Ix2>, weights: Option<&Array<B, T, Ix1>>) -> Result<Array<B, T, Ix1>> {
    Ok(match weights {
        None => x.lazy().mean(0).try_eval()?,
        Some(w) => {
            let sums = (x.lazy() * &w.expand_dims(1)?).sum(0).try_eval()?;
            let total = w.lazy().sum(..).try_eval()?.item()?;
            sums / total
        }
    })
}
