//! What least squares need to know of samples: sums that can be taken batch by batch, and added.

use xp_core::functions::zeros;
use xp_core::linalg::eigh;
use xp_core::{Array, Backend, Dim, Float, Ix1, Ix2, Linalg, Num};

use super::centred::{Centred, scaled};
use super::total_weight;
use crate::model::{Check, Data, Wide, fits, model};
use crate::tall_svd::{device, host};
use crate::traits::{Merge, PartialFit};
use crate::{Error, Result, check};

model! {
    /// The weights, means and centred products of samples and targets: all that [`Ridge`](super::Ridge) and
    /// [`LinearRegression`](super::LinearRegression) need of them.
    ///
    /// It learns from samples batch by batch, in the memory of a batch, and those of different samples can be [merged](Merge): then
    /// [`RidgeParams::fit_statistics`](super::RidgeParams::fit_statistics) and
    /// [`LinearRegressionParams::fit_statistics`](super::LinearRegressionParams::fit_statistics) give the models that all the samples
    /// would. Products are those of deviations from the means of each batch, summed in the widest float of the backend. `D` is the
    /// rank of the targets.
    ///
    /// ```
    /// use xp::models::linear_model::{GramStatistics, Ridge};
    /// use xp::prelude::*;
    ///
    /// let x = array![[0.0_f64, 1.0], [1.0, 3.0], [2.0, 1.0], [4.0, 5.0]];
    /// let y = array![1.0, 2.0, 2.0, 7.0];
    /// let mut sums = GramStatistics::start(&Cpu, 2, 1)?;
    /// for at in [0, 2] {
    ///     sums.partial_fit(&x.slice(s![at..at + 2])?, &y.slice(s![at..at + 2])?)?;
    /// }
    /// let (parts, whole) = (Ridge::params().fit_statistics(&sums)?, Ridge::params().fit(&x, &y)?);
    /// assert!((parts.coef() - whole.coef()).abs().max(..).item()? < 1e-14);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct GramStatistics<B: Backend, T: Float, D: Dim> {
        /// The number of samples, or the sum of their weights.
        pub count: f64,
        x_mean: Wide<B, Ix1>,
        y_mean: Wide<B, Ix1>,
        gram: Wide<B, Ix2>,
        cross: Wide<B, Ix2>,
        data: Data<B, (T, D)>,
    }
}

impl<B: Backend, T: Float, D: Dim> Check for GramStatistics<B, T, D> {
    fn check(&self) -> Result<()> {
        if !(self.count >= 0.0 && self.count.is_finite()) {
            return Err(Error::value("count", self.count, "a number that is not negative"));
        }
        let ([p], [t]) = (self.x_mean.0.shape(), self.y_mean.0.shape());
        sizes::<D>(p, t)?;
        fits("gram", self.gram.0.dims(), &[p, p])?;
        fits("cross", self.cross.0.dims(), &[p, t])
    }
}

/// Fails for no features or targets, and unless there is one target when targets have rank 1.
fn sizes<D: Dim>(p: usize, t: usize) -> Result<()> {
    let ranks = D::NDIM.is_none_or(|rank| rank == 2 || (rank == 1 && t == 1));
    if p > 0 && t > 0 && ranks {
        return Ok(());
    }
    let expected = "at least one of each, and one target for targets of rank 1";
    Err(Error::value("n_targets", format!("{t} of {p} features"), expected))
}

impl<B: Linalg<T>, T: Float, D: Dim> GramStatistics<B, T, D> {
    /// Those of no samples, on a device.
    ///
    /// # Errors
    /// [`Error::Value`] for no features or targets, and for several targets of rank 1; when memory runs out or the device fails.
    pub fn start(device: &B, n_features: usize, n_targets: usize) -> Result<Self> {
        sizes::<D>(n_features, n_targets)?;
        Ok(GramStatistics {
            count: 0.0,
            x_mean: Wide(zeros(device, [n_features])?),
            y_mean: Wide(zeros(device, [n_targets])?),
            gram: Wide(zeros(device, [n_features, n_features])?),
            cross: Wide(zeros(device, [n_features, n_targets])?),
            data: Data::default(),
        })
    }

    /// Takes further samples, of shape `(n_samples, n_features)`, and their targets.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::Samples`], [`Error::Shape`] for no samples, or another number of targets, [`Error::NonFinite`]; the sums
    /// are then as before.
    pub fn partial_fit(&mut self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>) -> Result<()> {
        self.update(x, y, None)
    }

    /// [`partial_fit`](Self::partial_fit) with a weight for every sample.
    ///
    /// # Errors
    /// As for [`partial_fit`](Self::partial_fit), and for weights that are negative, all zero, or not one per sample.
    pub fn partial_fit_weighted(&mut self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>, sample_weight: &Array<B, T, Ix1>) -> Result<()> {
        check::weights(sample_weight, x.dims())?;
        self.update(x, y, Some(sample_weight))
    }

    fn update(&mut self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>, weights: Option<&Array<B, T, Ix1>>) -> Result<()> {
        check::features("x", x, self.x_mean.0.size())?;
        let data = Centred::new(x, y, weights, true)?;
        let t = self.y_mean.0.size();
        if data.targets.dims()[1] != t {
            return Err(Error::shape("y", y.dims(), format!("{t} targets, as before")));
        }
        let roots = data.roots()?;
        let (e, f) = (scaled(x, &data.x_mean, &roots), scaled(&data.targets, &data.y_mean, &roots));
        let count = total_weight(weights, x.dims()[0])?;
        let new = GramStatistics {
            count,
            gram: Wide(B::gram(&e)?.astype()),
            cross: Wide(B::cross(&e, &f)?.astype()),
            x_mean: Wide(data.x_mean.astype()),
            y_mean: Wide(data.y_mean.astype()),
            data: Data::default(),
        };
        self.merge(&new)
    }

    /// Takes the samples of others.
    ///
    /// # Errors
    /// [`Error::Shape`] when the numbers of features or targets differ.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if other.cross.0.dims() != self.cross.0.dims() {
            return Err(Error::shape("other", other.cross.0.dims(), format!("features and targets {:?}", self.cross.0.dims())));
        }
        let count = self.count + other.count;
        if other.count == 0.0 {
            return Ok(());
        }
        let c = B::MaxFloat::from_f64;
        let share = other.count / count;
        let between = c(share * self.count);
        let (dx, dy) = ((other.x_mean.0.lazy() - &self.x_mean.0).try_eval()?, (other.y_mean.0.lazy() - &self.y_mean.0).try_eval()?);
        let column = dx.expand_dims(1)?;
        self.gram = Wide((self.gram.0.lazy() + &other.gram.0 + column.lazy() * &dx * between).try_eval()?);
        self.cross = Wide((self.cross.0.lazy() + &other.cross.0 + column.lazy() * &dy * between).try_eval()?);
        self.x_mean = Wide((self.x_mean.0.lazy() + dx.lazy() * c(share)).try_eval()?);
        self.y_mean = Wide((self.y_mean.0.lazy() + dy.lazy() * c(share)).try_eval()?);
        self.count = count;
        Ok(())
    }

    /// The number of targets.
    pub(super) fn n_targets(&self) -> usize {
        self.y_mean.0.size()
    }

    /// The products that coefficients are solved from: about the means with an intercept, otherwise about zero.
    pub(super) fn products(&self, fit_intercept: bool) -> Result<(Array<B, T, Ix2>, Array<B, T, Ix2>)> {
        if self.count == 0.0 {
            return Err(Error::Degenerate("the statistics are those of no samples".into()));
        }
        if fit_intercept {
            return Ok((self.gram.0.astype(), self.cross.0.astype()));
        }
        let (column, n) = (self.x_mean.0.expand_dims(1)?, B::MaxFloat::from_f64(self.count));
        let gram = (self.gram.0.lazy() + column.lazy() * &self.x_mean.0 * n).astype::<T>().try_eval()?;
        Ok((gram, (self.cross.0.lazy() + column.lazy() * &self.y_mean.0 * n).astype::<T>().try_eval()?))
    }

    /// Coefficients and intercept of the rank of the targets, for coefficients of shape `(n_features, n_targets)`.
    pub(super) fn finish(&self, coef: &Array<B, T, Ix2>, fit_intercept: bool) -> Result<(Array<B, T, D>, Array<B, T, D::Smaller>)> {
        let wide = coef.t().astype::<B::MaxFloat>();
        let moved = (wide.lazy() * &self.x_mean.0).sum(1).try_eval()?;
        let intercept = (self.y_mean.0.lazy() - &moved).astype::<T>().try_eval()?;
        let intercept = if fit_intercept { intercept } else { intercept.zeros_like()? };
        let [p, t] = coef.shape();
        // Targets of unknown rank are those of a matrix.
        let (shape, outer) = if D::NDIM == Some(1) { (vec![p], vec![]) } else { (vec![t, p], vec![t]) };
        Ok((coef.t().contiguous()?.reshape(shape)?.into_rank()?, intercept.reshape(outer)?.into_rank()?))
    }
}

impl<B: Linalg<T>, T: Float, D: Dim> PartialFit<Array<B, T, Ix2>, Array<B, T, D>> for GramStatistics<B, T, D> {
    fn partial_fit(&mut self, x: &Array<B, T, Ix2>, y: &Array<B, T, D>) -> Result<()> {
        GramStatistics::partial_fit(self, x, y)
    }
}

impl<B: Linalg<T>, T: Float, D: Dim> Merge for GramStatistics<B, T, D> {
    fn merge(&mut self, other: &Self) -> Result<()> {
        GramStatistics::merge(self, other)
    }
}

/// The squares of the singular values of samples in descending order, how many of them count, and the solution of least norm, of
/// `gram x = cross`. A square counts when it is above `tol^2` times the largest, and above what rounding leaves of one.
pub(super) fn least_norm<B: Linalg<T>, T: Float>(
    gram: &Array<B, T, Ix2>,
    cross: &Array<B, T, Ix2>,
    tol: f64,
) -> Result<(Vec<f64>, usize, Array<B, T, Ix2>)> {
    let (w, v) = eigh(gram)?;
    let squares: Vec<f64> = host(&w)?.into_iter().map(|w| w.max(0.0)).collect();
    let largest = squares.last().copied().unwrap_or(0.0);
    let limit = largest * (tol * tol).max(T::EPSILON.to_f64() * squares.len() as f64);
    let inverse: Vec<f64> = squares.iter().map(|&s| if s > limit { 1.0 / s } else { 0.0 }).collect();
    let rank = inverse.iter().filter(|&&i| i > 0.0).count();
    let inverse = device::<B, T>(gram.device(), &inverse)?.expand_dims(1)?;
    let solution = v.matmul(&(v.t().matmul(cross)? * &inverse))?;
    Ok((squares.into_iter().rev().collect(), rank, solution))
}
