//! Expectation and maximisation, in one pass over the samples for both.
//!
//! Samples and means of components are taken less the mean of all samples, so that little cancels. Of a block of samples the
//! logarithms of their densities are one product, the shares of the components follow, and from those what the next parameters need of
//! the block. Matrices with a row for each component have the components of a sample side by side in memory, as it has its features:
//! samples that are spread over devices stay where they are.

use core::ops::Range;

use xp_core::functions::{concat, eye};
use xp_core::linalg::gram;
use xp_core::{Array, Backend, Dyn, Expr, Float, Ix1, Ix2, Ix3, KeepDims, Lazy, Linalg, Num, Real, Tiles, s};

use super::parameters::{CovarianceType, Parameters, regularised, root, whitening};
use super::start::Start;
use crate::Result;
use crate::blocks::blocks;

/// A matrix in the widest float of its backend.
type Wide<B> = Array<B, <B as Backend>::MaxFloat, Ix2>;

/// What gives the logarithms of weighted densities, with a constant for each component.
enum Density<B: Linalg<T>, T: Float> {
    Full(Whitening<B, T>),
    /// The only factor, and the means multiplied by it.
    Tied {
        factor: Array<B, T, Ix2>,
        means: Array<B, T, Ix2>,
    },
    /// The coefficients of the features and of their squares, a column for each component.
    Diag {
        linear: Array<B, T, Ix2>,
        square: Array<B, T, Ix2>,
    },
}

/// What makes `Pᵀ (x - mean)` of each component: the factors side by side, and those of the means, as a column.
struct Whitening<B: Linalg<T>, T: Float> {
    factors: Array<B, T, Ix2>,
    shifts: Array<B, T, Ix2>,
}

impl<B: Linalg<T>, T: Float> Whitening<B, T> {
    /// From the factors with the means in the last column, one below the other.
    fn new(whitening: &Array<B, T, Ix2>) -> Result<Self> {
        let p = whitening.dims()[1] - 1;
        Ok(Whitening { factors: whitening.slice(s![.., ..p])?.t().contiguous()?, shifts: whitening.slice(s![.., p..])?.contiguous()? })
    }

    /// Of samples, for all components, of shape `(n, n_components * n_features)`.
    fn of<E: Expr<Backend = B, Elem = T, Dim = Ix2>>(&self, x: &Lazy<E>) -> Result<Array<B, T, Ix2>> {
        let mut white = B::project(x, &self.factors)?.t();
        white += &self.shifts;
        Ok(white.t())
    }
}

/// Weighted densities of components, for samples that are moved by an origin.
pub(super) struct Densities<B: Linalg<T>, T: Float> {
    density: Density<B, T>,
    constants: Array<B, T, Ix2>,
    origin: Array<B, T, Ix1>,
    k: usize,
}

impl<B: Linalg<T>, T: Float> Densities<B, T> {
    /// Of parameters whose means are those of samples less an origin.
    pub fn new(parameters: &Parameters<B, T>, origin: &Array<B, T, Ix1>) -> Result<Self> {
        let ([k, p], kind) = (parameters.means.shape(), parameters.kind);
        let mut constants = parameters.constants()?;
        let factor = &parameters.precisions_cholesky;
        let means = &parameters.means;
        let density = match kind {
            CovarianceType::Full => Density::Full(Whitening::new(&parameters.whitening()?)?),
            CovarianceType::Tied => {
                let factor: Array<B, T, Ix2> = factor.reshape([p, p])?;
                let means = means.matmul(&factor)?;
                Density::Tied { factor, means }
            }
            CovarianceType::Diag | CovarianceType::Spherical => {
                let columns = if kind == CovarianceType::Diag { p } else { 1 };
                let precisions = factor.lazy().square().try_eval()?.reshape([k, columns])?.broadcast_to([k, p])?;
                let half = T::from_f64(-0.5);
                let squares = (means.lazy().square() * &precisions).sum(KeepDims(1)).try_eval()?;
                constants = (squares.lazy() * half + &constants).try_eval()?;
                let linear = (means.lazy() * &precisions).try_eval()?.t().contiguous()?;
                Density::Diag { linear, square: (precisions.t().lazy() * half).try_eval()? }
            }
        };
        Ok(Densities { density, constants, origin: origin.clone(), k })
    }

    /// The logarithms for samples: a row for each component. Of the full kind also what they were computed from, `Pᵀ (x - mean)` of
    /// each component, of shape `(n, n_components * n_features)`.
    fn of(&self, x: &Array<B, T, Ix2>) -> Result<(Array<B, T, Ix2>, Option<Array<B, T, Ix2>>)> {
        let (half, moved) = (T::from_f64(-0.5), || x.lazy() - &self.origin);
        let (by_sample, white) = match &self.density {
            Density::Full(whitening) => {
                let (white, [n, p]) = (whitening.of(&moved())?, x.shape());
                let parts: Array<B, T, Ix3> = white.reshape([n, self.k, p])?;
                (parts.lazy().square().sum(2).try_eval()?.into_lazy() * half).try_eval().map(|logs| (logs, Some(white)))?
            }
            Density::Tied { factor, means } => {
                let (white, n) = (B::project(&moved(), factor)?, x.dims()[0]);
                let mut logs = Tiles::new(x.device(), [n, self.k])?;
                for component in 0..self.k {
                    let squares = (white.lazy() - means.index_axis(0, component)?).square().sum(KeepDims(1)).try_eval()?;
                    logs.push([n, 1], squares.into_lazy() * half)?;
                }
                (logs.finish()?, None)
            }
            Density::Diag { linear, square } => {
                let (first, second) = (B::project(&moved(), linear)?, B::project(&moved().square(), square)?);
                ((first.into_lazy() + &second).try_eval()?, None)
            }
        };
        let mut logs = by_sample.t();
        drop(by_sample);
        logs += &self.constants;
        Ok((logs, white))
    }

    /// Calls a function with the range of each block of samples and the logarithms of their weighted densities, a row for each component.
    pub fn for_each(&self, x: &Array<B, T, Ix2>, mut each: impl FnMut(Range<usize>, Array<B, T, Ix2>) -> Result<()>) -> Result<()> {
        let p = x.dims()[1];
        let elements = if matches!(self.density, Density::Full(_)) { self.k * (p + 1) } else { self.k + 2 * p + 1 };
        for rows in blocks(x.dims()[0], B::block_rows(elements)) {
            each(rows.clone(), self.of(&x.slice(s![rows])?)?.0)?;
        }
        Ok(())
    }
}

/// The shares of the components, and the logarithms of the densities, for logarithms of weighted densities.
pub(super) fn shares<B: Backend, T: Float>(mut logs: Array<B, T, Ix2>) -> Result<(Array<B, T, Ix2>, Array<B, T, Ix2>)> {
    let largest = logs.lazy().max(KeepDims(0)).try_eval()?;
    logs -= &largest;
    let powers = logs.t();
    drop(logs);
    let mut powers = powers.into_lazy().exp().try_eval()?.t();
    let sums = powers.lazy().sum(KeepDims(0)).try_eval()?;
    powers /= &sums;
    Ok((powers, (sums.lazy().log() + &largest).try_eval()?))
}

/// What the next parameters need of all samples.
pub(super) struct Statistics<B: Backend> {
    /// The mean of the logarithms of the densities.
    pub lower_bound: f64,
    /// Of each component, by row, the sums of shares times features, then, where variances are wanted, times their squares, then of shares.
    moments: Wide<B>,
    /// Of the full kind, the sums of shares times `Pᵀ (x - mean)` times features, then without, of shape
    /// `(n_components * n_features, n_features + 1)`.
    scatter: Option<Wide<B>>,
}

/// Adds to a sum that may not have begun.
fn add<B: Backend, T: Float>(sum: Option<Wide<B>>, part: &Array<B, T, Ix2>) -> Result<Option<Wide<B>>> {
    let part = part.lazy().astype::<B::MaxFloat>();
    Ok(Some(match sum {
        None => part.try_eval()?,
        Some(sum) => (sum.into_lazy() + part).try_eval()?,
    }))
}

/// The samples of a fit, and their mean.
pub(super) struct Samples<'a, B: Linalg<T>, T: Float> {
    x: &'a Array<B, T, Ix2>,
    kind: CovarianceType,
    k: usize,
    reg_covar: f64,
    pub origin: Array<B, T, Ix1>,
    /// Of the tied kind, the sum of products of deviations from the mean.
    total: Option<Wide<B>>,
}

impl<'a, B: Linalg<T>, T: Float> Samples<'a, B, T> {
    pub fn new(kind: CovarianceType, x: &'a Array<B, T, Ix2>, origin: Array<B, T, Ix1>, k: usize, reg_covar: f64) -> Result<Self> {
        let total = match kind {
            CovarianceType::Tied => Some(gram(&(x.lazy() - &origin))?.astype()),
            _ => None,
        };
        Ok(Samples { x, kind, k, reg_covar, origin, total })
    }

    fn n(&self) -> f64 {
        self.x.dims()[0] as f64
    }

    /// Blocks of samples whose densities stay in a cache.
    fn blocks(&self) -> impl Iterator<Item = Range<usize>> + use<B, T> {
        let [n, p] = self.x.shape();
        let elements = if self.kind == CovarianceType::Full { self.k * (p + 1) } else { self.k + 2 * p + 1 };
        blocks(n, B::block_rows(elements))
    }

    /// What a block adds to the [moments](Statistics::moments).
    fn moments(&self, x: &Array<B, T, Ix2>, shares: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        let (by_sample, moved) = (shares.t(), || x.lazy() - &self.origin);
        let (first, count) = (B::cross(&by_sample.lazy(), &moved())?, shares.sum(KeepDims(1)));
        Ok(match self.kind {
            CovarianceType::Full | CovarianceType::Tied => concat(&[&first, &count], 1)?,
            _ => concat(&[&first, &B::cross(&by_sample.lazy(), &moved().square())?, &count], 1)?,
        })
    }

    /// What a block adds to the [scatter](Statistics::scatter).
    fn scatter(&self, x: &Array<B, T, Ix2>, white: Array<B, T, Ix2>, shares: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        let [n, p] = x.shape();
        // Of each sample and component a column.
        let mut parts: Array<B, T, Ix2> = white.reshape([n * self.k, p])?.t();
        drop(white);
        parts *= shares.t().reshape([n * self.k])?;
        let weighted: Array<B, T, Ix2> = parts.t().reshape([n, self.k * p])?;
        let sums = weighted.sum(KeepDims(0)).t();
        Ok(concat(&[&B::cross(&weighted.lazy(), &(x.lazy() - &self.origin))?, &sums], 1)?)
    }

    /// One pass: what the components share of each sample, and what follows from it.
    pub fn expect(&self, parameters: &Parameters<B, T>) -> Result<Statistics<B>> {
        let densities = Densities::new(parameters, &self.origin)?;
        let (mut moments, mut scatter, mut bound) = (None, None, None);
        for rows in self.blocks() {
            let x = self.x.slice(s![rows])?;
            let (logs, white) = densities.of(&x)?;
            let (shares, all) = shares(logs)?;
            let sum = all.lazy().astype::<B::MaxFloat>().sum(KeepDims(1)).try_eval()?;
            bound = add(bound, &sum)?;
            moments = add(moments, &self.moments(&x, &shares)?)?;
            if let Some(white) = white {
                scatter = add(scatter, &self.scatter(&x, white, &shares)?)?;
            }
        }
        let (moments, bound) = (moments.expect("at least one sample"), bound.expect("at least one sample"));
        Ok(Statistics { lower_bound: bound.get([0, 0])?.to_f64() / self.n(), moments, scatter })
    }

    /// The parameters, with means less the origin, for which those shares make the samples most probable.
    pub fn maximise(&self, before: &Parameters<B, T>, of: &Statistics<B>) -> Result<Parameters<B, T>> {
        let counts = self.counts(&of.moments)?;
        let weights = (counts.lazy() / counts.lazy().sum(KeepDims(0))).astype::<T>().try_eval()?.squeeze(1)?;
        let (means, covariances) = match &of.scatter {
            None => self.by_moments(&of.moments, &counts)?,
            Some(scatter) => {
                let root = root(self.kind, &before.covariances)?.into_rank()?;
                self.by_scatter(scatter, &counts, &before.means, Some(&root))?
            }
        };
        Parameters::new(self.kind, weights, means, regularised(self.kind, covariances, self.reg_covar)?)
    }

    /// Weights, means less the origin, and covariances of shares that are given.
    pub fn share(&self, start: &Start<B, T>) -> Result<(Array<B, T, Ix1>, Array<B, T, Ix2>, Array<B, T, Dyn>)> {
        let mut moments = None;
        for rows in self.blocks() {
            moments = add(moments, &self.moments(&self.x.slice(s![rows.clone()])?, &start.block(rows, self.k)?)?)?;
        }
        let moments = moments.expect("at least one sample");
        let counts = self.counts(&moments)?;
        let weights = (counts.lazy() / B::MaxFloat::from_f64(self.n())).astype::<T>().try_eval()?.squeeze(1)?;
        let (means, covariances) = if self.kind == CovarianceType::Full {
            // Deviations from the means, which are known only now.
            let means = self.means(&moments, &counts)?;
            let ([_, p], device) = (means.shape(), means.device());
            let same = eye::<B, T>(device, p, p, 0)?.broadcast_to([self.k, p, p])?;
            let whitening = Whitening::new(&whitening(&same, &means)?)?;
            let mut scatter = None;
            for rows in self.blocks() {
                let x = self.x.slice(s![rows.clone()])?;
                let apart = whitening.of(&(x.lazy() - &self.origin))?;
                scatter = add(scatter, &self.scatter(&x, apart, &start.block(rows, self.k)?)?)?;
            }
            self.by_scatter(&scatter.expect("at least one sample"), &counts, &means, None)?
        } else {
            self.by_moments(&moments, &counts)?
        };
        Ok((weights, means, regularised(self.kind, covariances, self.reg_covar)?))
    }

    /// The number of samples of each component, in a column: never quite 0.
    fn counts(&self, moments: &Wide<B>) -> Result<Wide<B>> {
        let last = moments.slice_axis(1, -1..)?;
        Ok((last.lazy() + B::MaxFloat::from_f64(10.0 * T::EPSILON.to_f64())).try_eval()?)
    }

    fn means(&self, moments: &Wide<B>, counts: &Wide<B>) -> Result<Array<B, T, Ix2>> {
        let p = self.origin.size();
        Ok((moments.slice(s![.., ..p])?.into_lazy() / counts).astype::<T>().try_eval()?)
    }

    /// Means and covariances from sums of features, and of their squares or products.
    fn by_moments(&self, moments: &Wide<B>, counts: &Wide<B>) -> Result<(Array<B, T, Ix2>, Array<B, T, Dyn>)> {
        let p = self.origin.size();
        let means = (moments.slice(s![.., ..p])?.lazy() / counts).try_eval()?;
        let covariances = match &self.total {
            Some(total) => {
                let between = (means.lazy() * counts).try_eval()?.t().matmul(&means)?;
                let count = counts.lazy().sum(..).try_eval()?;
                ((total.lazy() - &between) / &count).astype::<T>().try_eval()?.into_dyn()
            }
            None => {
                let variances = moments.slice(s![.., p..2 * p])?.into_lazy() / counts - means.lazy().square();
                match self.kind {
                    CovarianceType::Spherical => variances.mean(1).try_eval()?.astype::<T>().into_dyn(),
                    _ => variances.astype::<T>().try_eval()?.into_dyn(),
                }
            }
        };
        Ok((self.means(moments, counts)?, covariances))
    }

    /// Means and covariances from the sums `G` of shares times `L⁻¹ (x - mean)` times `(x, 1)`, for the means before: `L G`
    /// holds the sums about those, from which it is not far to the new ones.
    fn by_scatter(
        &self,
        scatter: &Wide<B>,
        counts: &Wide<B>,
        before: &Array<B, T, Ix2>,
        root: Option<&Array<B, T, Ix3>>,
    ) -> Result<(Array<B, T, Ix2>, Array<B, T, Dyn>)> {
        let [k, p] = before.shape();
        let scatter = scatter.reshape([k, p, p + 1])?;
        let sums = match root {
            None => scatter,
            Some(root) => root.astype::<B::MaxFloat>().matmul(&scatter)?,
        };
        let (products, counts) = (sums.slice(s![.., .., ..p])?, counts.expand_dims(2)?);
        let (rests, wide) = (sums.slice(s![.., .., p..])?, before.astype::<B::MaxFloat>());
        let moved = wide.expand_dims(1)?;
        let way = (rests.lazy() / &counts).try_eval()?;
        let across = way.matrix_transpose()?;
        let covariances = ((products.lazy() - rests.lazy() * &moved) / &counts - way.lazy() * &across).try_eval()?;
        let half = B::MaxFloat::from_f64(0.5);
        let covariances = ((covariances.lazy() + covariances.matrix_transpose()?) * half).astype::<T>().try_eval()?;
        let means = (wide.lazy() + way.squeeze(2)?).astype::<T>().try_eval()?;
        Ok((means, covariances.into_dyn()))
    }
}
