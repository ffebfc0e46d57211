//! Expectation and maximisation, in one pass over the samples for both.
//!
//! Samples and means of components are taken less the mean of all samples, so that little cancels. The samples of a block are the
//! columns of a matrix: the logarithms of their densities are one product, the shares of the components follow, and from those what
//! the next parameters need of the block.

use core::ops::Range;

use xp_core::functions::{eye, ones};
use xp_core::linalg::gram;
use xp_core::{Array, Backend, Dyn, Float, Ix1, Ix2, Ix3, KeepDims, Linalg, Num, Real, s};

use super::parameters::{CovarianceType, Parameters, regularised, root, whitening};
use super::start::Start;
use crate::Result;
use crate::blocks::{blocks, fold_blocks, fold_rows, mergeable};

/// A matrix in the widest float of its backend.
type Wide<B> = Array<B, <B as Backend>::MaxFloat, Ix2>;

/// What gives the logarithms of weighted densities.
enum Density<B: Linalg<T>, T: Float> {
    /// The factors of the inverses of the covariances, with the means in the last column, and a constant for each component.
    Full { whitening: Array<B, T, Ix2>, constants: Array<B, T, Ix2> },
    /// The only factor, the means multiplied by it, of shape `(n_components, n_features, 1)`, and a constant for each component.
    Tied { factor: Array<B, T, Ix2>, means: Array<B, T, Ix3>, constants: Array<B, T, Ix2> },
    /// The coefficients of the features, their squares, and 1.
    Diag { coefficients: Array<B, T, Ix2> },
}

/// Weighted densities of components, for samples that are moved by an origin.
pub(super) struct Densities<B: Linalg<T>, T: Float> {
    density: Density<B, T>,
    kind: CovarianceType,
    origin: Array<B, T, Ix1>,
    k: usize,
}

impl<B: Linalg<T>, T: Float> Densities<B, T> {
    /// Of parameters whose means are those of samples less an origin.
    pub fn new(parameters: &Parameters<B, T>, origin: &Array<B, T, Ix1>) -> Result<Self> {
        let ([k, p], kind) = (parameters.means.shape(), parameters.kind);
        let constants = parameters.constants()?;
        let factor = &parameters.precisions_cholesky;
        let means = &parameters.means;
        let density = match kind {
            CovarianceType::Full => Density::Full { whitening: parameters.whitening()?, constants },
            CovarianceType::Tied => {
                let factor: Array<B, T, Ix2> = factor.reshape([p, p])?;
                let means = means.matmul(&factor)?.expand_dims(2)?;
                Density::Tied { factor: factor.t(), means, constants }
            }
            CovarianceType::Diag | CovarianceType::Spherical => {
                let columns = if kind == CovarianceType::Diag { p } else { 1 };
                let precisions = factor.lazy().square().try_eval()?.reshape([k, columns])?.broadcast_to([k, p])?;
                let mut coefficients = ones(means.device(), [k, 2 * p + 1])?;
                let half = T::from_f64(-0.5);
                coefficients.set(s![.., ..p], means.lazy() * &precisions)?;
                coefficients.set(s![.., p..2 * p], precisions.lazy() * half)?;
                let squares = (means.lazy().square() * &precisions).sum(KeepDims(1)).try_eval()?;
                coefficients.set(s![.., 2 * p..], squares.lazy() * half + &constants)?;
                Density::Diag { coefficients }
            }
        };
        Ok(Densities { density, kind, origin: origin.clone(), k })
    }

    /// The logarithms for samples that stand in columns: a row for each component. Of the full kind also what they were computed
    /// from, `Pᵀ (x - mean)` of each component, of shape `(n_components, n_features, n)`.
    fn of(&self, columns: &Array<B, T, Ix2>) -> Result<(Array<B, T, Ix2>, Option<Array<B, T, Ix3>>)> {
        let ([rows, n], half) = (columns.shape(), T::from_f64(-0.5));
        match &self.density {
            Density::Full { whitening, constants } => {
                let white = whitening.matmul(columns)?.reshape([self.k, rows - 1, n])?;
                let lengths = white.lazy().square().sum(1).try_eval()?;
                Ok(((lengths.into_lazy() * half + constants).try_eval()?, Some(white)))
            }
            Density::Tied { factor, means, constants } => {
                let white = factor.matmul(&columns.slice(s![..rows - 1])?)?.expand_dims(0)?;
                let lengths = (white.lazy() - means).square().sum(1).try_eval()?;
                Ok(((lengths.into_lazy() * half + constants).try_eval()?, None))
            }
            Density::Diag { coefficients } => Ok((coefficients.matmul(columns)?, None)),
        }
    }

    /// Calls a function with the range of each block of samples and the logarithms of their weighted densities, a row for each component.
    pub fn for_each(&self, x: &Array<B, T, Ix2>, mut each: impl FnMut(Range<usize>, Array<B, T, Ix2>) -> Result<()>) -> Result<()> {
        let columns = Columns::new(self.kind, x, &self.origin, self.k)?;
        for rows in columns.blocks() {
            each(rows.clone(), self.of(&columns.of(rows)?)?.0)?;
        }
        Ok(())
    }
}

/// The shares of the components, and the logarithms of the densities, for logarithms of weighted densities.
pub(super) fn shares<B: Backend, T: Float>(logs: Array<B, T, Ix2>) -> Result<(Array<B, T, Ix2>, Array<B, T, Ix2>)> {
    let largest = logs.lazy().max(KeepDims(0)).try_eval()?;
    let parts = (logs.into_lazy() - &largest).exp().try_eval()?;
    let sums = parts.lazy().sum(KeepDims(0)).try_eval()?;
    let all = (sums.lazy().log() + &largest).try_eval()?;
    Ok(((parts.into_lazy() / &sums).try_eval()?, all))
}

/// Samples by blocks of columns: the features less their means, then, where variances are wanted, the squares of those, then 1.
struct Columns<'a, B: Linalg<T>, T: Float> {
    x: &'a Array<B, T, Ix2>,
    origin: Array<B, T, Ix2>,
    squares: bool,
    /// Elements of a sample in a block.
    width: usize,
}

impl<'a, B: Linalg<T>, T: Float> Columns<'a, B, T> {
    fn new(kind: CovarianceType, x: &'a Array<B, T, Ix2>, origin: &Array<B, T, Ix1>, k: usize) -> Result<Self> {
        let p = x.dims()[1];
        let elements = if kind == CovarianceType::Full { k * (p + 1) } else { k + 2 * p + 1 };
        let squares = matches!(kind, CovarianceType::Diag | CovarianceType::Spherical);
        Ok(Columns { x, origin: origin.expand_dims(1)?, squares, width: elements })
    }

    /// Samples of a block.
    fn step(&self) -> usize {
        B::part_rows(self.width)
    }

    fn blocks(&self) -> impl Iterator<Item = Range<usize>> + use<B, T> {
        blocks(self.x.dims()[0], self.step())
    }

    fn of(&self, rows: Range<usize>) -> Result<Array<B, T, Ix2>> {
        let p = self.x.dims()[1];
        let rows = self.x.slice(s![rows])?;
        let mut out = ones(rows.device(), [if self.squares { 2 * p + 1 } else { p + 1 }, rows.dims()[0]])?;
        out.set(s![..p], rows.t().lazy() - &self.origin)?;
        if self.squares {
            out.set(s![p..2 * p], (rows.t().lazy() - &self.origin).square())?;
        }
        Ok(out)
    }
}

/// What the next parameters need of all samples.
pub(super) struct Statistics<B: Backend> {
    /// The mean of the logarithms of the densities.
    pub lower_bound: f64,
    /// Of each component, by row, the sums of shares times columns.
    moments: Wide<B>,
    /// Of the full kind, the sums of shares times `Pᵀ (x - mean)` times columns, of shape `(n_components * n_features, n_features + 1)`.
    scatter: Option<Wide<B>>,
}

/// [`Statistics`] of some samples.
struct Sums<B: Backend> {
    bound: Option<Wide<B>>,
    moments: Option<Wide<B>>,
    scatter: Option<Wide<B>>,
}

mergeable!(Sums<B> { bound, moments, scatter });

impl<B: Backend> Default for Sums<B> {
    fn default() -> Self {
        Sums { bound: None, moments: None, scatter: None }
    }
}

/// Adds to a sum that may not have begun.
fn add<B: Backend, T: Float>(sum: &mut Option<Wide<B>>, part: &Array<B, T, Ix2>) -> Result<()> {
    let part = part.lazy().astype::<B::MaxFloat>();
    *sum = Some(match sum.take() {
        None => part.try_eval()?,
        Some(sum) => (sum.into_lazy() + part).try_eval()?,
    });
    Ok(())
}

/// The sums of shares times what was made of a block, times its columns.
fn scattered<B: Backend, T: Float>(white: Array<B, T, Ix3>, shares: &Array<B, T, Ix2>, columns: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
    let [k, p, n] = white.shape();
    let weighted = (white.into_lazy() * shares.expand_dims(1)?).try_eval()?.reshape([k * p, n])?;
    Ok(weighted.matmul(&columns.t())?)
}

/// The samples of a fit, and their mean.
pub(super) struct Samples<'a, B: Linalg<T>, T: Float> {
    columns: Columns<'a, B, T>,
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
        Ok(Samples { columns: Columns::new(kind, x, &origin, k)?, kind, k, reg_covar, origin, total })
    }

    fn n(&self) -> f64 {
        self.columns.x.dims()[0] as f64
    }

    /// One pass: what the components share of each sample, and what follows from it.
    pub fn expect(&self, parameters: &Parameters<B, T>) -> Result<Statistics<B>> {
        let densities = Densities::new(parameters, &self.origin)?;
        let each = |sums: &mut Sums<B>, rows: Range<usize>| {
            let columns = self.columns.of(rows)?;
            let (logs, white) = densities.of(&columns)?;
            let (shares, all) = shares(logs)?;
            let bound = all.lazy().astype::<B::MaxFloat>().sum(KeepDims(1)).try_eval()?;
            add(&mut sums.bound, &bound)?;
            add(&mut sums.moments, &shares.matmul(&columns.t())?)?;
            if let Some(white) = white {
                add(&mut sums.scatter, &scattered(white, &shares, &columns)?)?;
            }
            Ok(())
        };
        let join = |sums: &mut Sums<B>, more: Sums<B>| {
            for (sum, part) in [(&mut sums.bound, more.bound), (&mut sums.moments, more.moments), (&mut sums.scatter, more.scatter)] {
                part.map(|part| add(sum, &part)).transpose()?;
            }
            Ok(())
        };
        let x = self.columns.x;
        let part = |all: Range<usize>| Ok(fold_blocks(x.device(), all, self.columns.step(), || Ok(Sums::default()), each, join)?.unwrap_or_default());
        let both = |mut sums: Sums<B>, more: Sums<B>| join(&mut sums, more).map(|()| sums);
        let sums = fold_rows(x, part, both)?;
        let (moments, bound) = (sums.moments.expect("at least one sample"), sums.bound.expect("at least one sample"));
        Ok(Statistics { lower_bound: bound.get([0, 0])?.to_f64() / self.n(), moments, scatter: sums.scatter })
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
        for rows in self.columns.blocks() {
            add(&mut moments, &start.block(rows.clone(), self.k)?.matmul(&self.columns.of(rows)?.t())?)?;
        }
        let moments = moments.expect("at least one sample");
        let counts = self.counts(&moments)?;
        let weights = (counts.lazy() / B::MaxFloat::from_f64(self.n())).astype::<T>().try_eval()?.squeeze(1)?;
        let (means, covariances) = if self.kind == CovarianceType::Full {
            // Deviations from the means, which are known only now.
            let means = self.means(&moments, &counts)?;
            let ([_, p], device) = (means.shape(), means.device());
            let same = eye::<B, T>(device, p, p, 0)?.broadcast_to([self.k, p, p])?;
            let whitening = whitening(&same, &means)?;
            let mut scatter = None;
            for rows in self.columns.blocks() {
                let columns = self.columns.of(rows.clone())?;
                let apart = whitening.matmul(&columns)?.reshape([self.k, p, columns.dims()[1]])?;
                add(&mut scatter, &scattered(apart, &start.block(rows, self.k)?, &columns)?)?;
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
