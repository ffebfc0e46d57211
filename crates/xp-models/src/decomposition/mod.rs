//! Principal component analysis, and decompositions like it.

mod affine;
mod dimension;
mod incremental;
mod kernel;
mod randomized;
mod truncated;

use core::marker::PhantomData;

use xp_core::linalg::Linalg;
use xp_core::{Array, Backend, Float, Ix1, Ix2, s};

use affine::Affine;
pub use incremental::{IncrementalPCA, IncrementalPCAParams};
pub use kernel::{KernelPCA, KernelPCAParams};
pub use truncated::{TruncatedSVD, TruncatedSVDParams};

use crate::model::{Check, fits, model};
use crate::tall_svd::{self, Spectrum, device, fix_signs, tall_svd};
use crate::traits::{inverse_transformer, transformer};
use crate::{Error, Result, check};

model! {
    /// Projects data onto the directions of largest variance.
    ///
    /// It is scikit-learn's estimator of the same name, signs included. The data are read once for the mean and once or
    /// twice for the decomposition, and never copied.
    ///
    /// ```
    /// use xp::prelude::*;
    /// use xp::models::decomposition::PCA;
    ///
    /// // Points on a line: one component explains everything.
    /// let x = Array::from_vec(&Cpu, vec![0.0_f64, 1.0, 3.0, 5.0, 6.0, 9.0, 9.0, 13.0], [4, 2])?;
    /// let pca = PCA::params().n_components(1).fit(&x)?;
    /// assert!((pca.explained_variance_ratio().get([0])? - 1.0).abs() < 1e-14);
    /// assert!((pca.components().get([0, 1])? - 0.8).abs() < 1e-14);
    /// let back = pca.inverse_transform(&pca.transform(&x)?)?;
    /// assert!((back - &x).abs().max(..).item()? < 1e-13);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct PCA<B: Backend, T: Float> {
        /// The directions, as rows of length 1, by descending variance.
        pub components: Array<B, T, Ix2>,
        /// The variance along each component, with `n_samples - 1` degrees of freedom.
        pub explained_variance: Array<B, T, Ix1>,
        /// The part of the whole variance along each component.
        pub explained_variance_ratio: Array<B, T, Ix1>,
        /// The singular values of the centred data.
        pub singular_values: Array<B, T, Ix1>,
        /// The mean of each feature.
        pub mean: Array<B, T, Ix1>,
        /// The mean variance along the directions that are not kept; 0 when all are.
        pub noise_variance: f64,
        /// The number of samples the model was fitted to.
        pub n_samples: usize,
        whiten: bool,
    }
}

impl<B: Backend, T: Float> Check for PCA<B, T> {
    fn check(&self) -> Result<()> {
        let ([k, _], [p]) = (self.components.shape(), self.mean.shape());
        if !(1..=p).contains(&k) {
            return Err(Error::shape("components", self.components.dims(), format!("1 to {p} rows")));
        }
        fits("components", self.components.dims(), &[k, p])?;
        fits("explained_variance", self.explained_variance.dims(), &[k])?;
        fits("explained_variance_ratio", self.explained_variance_ratio.dims(), &[k])?;
        fits("singular_values", self.singular_values.dims(), &[k])
    }
}

/// How many components are kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Components {
    /// All: the smaller of the numbers of samples and features.
    All,
    /// This number.
    Count(usize),
    /// As few as explain more than this fraction, between 0 and 1, of the variance.
    Fraction(f64),
    /// The number that Minka's maximum likelihood estimate finds (NIPS 2000).
    Mle,
}
impl From<usize> for Components {
    fn from(n: usize) -> Self {
        Components::Count(n)
    }
}
impl From<f64> for Components {
    fn from(fraction: f64) -> Self {
        Components::Fraction(fraction)
    }
}

/// How the decomposition is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SvdSolver {
    /// scikit-learn's choice: `CovarianceEigh` for at most 1000 features and ten times as many samples, `Full` for at most
    /// 500 samples and features, `Randomized` for less than 80 % of the components, otherwise `Full`.
    Auto,
    /// As accurate as the singular value decomposition of the centred data.
    Full,
    /// The eigenvectors of the covariance matrix; components of relative size below the root of the rounding unit are lost.
    CovarianceEigh,
    /// An approximation by random projections (Halko, Martinsson and Tropp, 2011), normalised by QR decompositions.
    Randomized {
        /// Additional random vectors.
        n_oversamples: usize,
        /// The number of power iterations; `None` is 7 for less than 10 % of the components, otherwise 4.
        iterated_power: Option<usize>,
        /// Where the random numbers start.
        seed: u64,
    },
}

/// Parameters of [`PCA`].
#[derive(Clone, Debug)]
pub struct PCAParams<B, T> {
    n_components: Components,
    svd_solver: SvdSolver,
    whiten: bool,
    kind: PhantomData<fn() -> (B, T)>,
}

/// What a solver finds: all it knows of the spectrum, and how large the whole variance is.
struct Decomposition<B: Backend, T: Float> {
    singular_values: Vec<f64>,
    vt: Array<B, T, Ix2>,
    total_variance: f64,
}

impl<B: Linalg<T>, T: Float> PCA<B, T> {
    /// The default parameters: all components, `SvdSolver::Auto`, no whitening.
    #[must_use]
    pub fn params() -> PCAParams<B, T> {
        PCAParams { n_components: Components::All, svd_solver: SvdSolver::Auto, whiten: false, kind: PhantomData }
    }
}

impl<B: Linalg<T>, T: Float> PCAParams<B, T> {
    /// How many components are kept: a number, a fraction of the variance, or [`Components`].
    #[must_use]
    pub fn n_components(mut self, n: impl Into<Components>) -> Self {
        self.n_components = n.into();
        self
    }

    /// How the decomposition is computed.
    #[must_use]
    pub fn svd_solver(mut self, solver: SvdSolver) -> Self {
        self.svd_solver = solver;
        self
    }

    /// Whether transformed data are scaled to unit variance.
    #[must_use]
    pub fn whiten(mut self, whiten: bool) -> Self {
        self.whiten = whiten;
        self
    }

    /// Fits the model to samples of shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for fewer than 2 samples, [`Error::NonFinite`], [`Error::Components`], [`Error::Value`].
    pub fn fit(&self, x: &Array<B, T, Ix2>) -> Result<PCA<B, T>> {
        check::at_least(x, 2)?;
        let [n, p] = x.shape();
        self.validate(n, p)?;
        let mean = x.lazy().mean(0).try_eval()?;
        check::finite_by("x", x, &mean)?;
        let solver = self.solver(n, p);
        let most = n.min(p);
        let found = match solver {
            SvdSolver::Randomized { n_oversamples, iterated_power, seed } => {
                let Components::Count(k) = self.count_or_all(most) else {
                    return Err(Error::value(
                        "n_components",
                        format!("{:?}", self.n_components),
                        "a number of components with the randomized solver",
                    ));
                };
                randomized::decompose(x, &mean, randomized::Settings { k, n_oversamples, iterated_power, seed })?
            }
            solver => self.decompose(x, &mean, solver == SvdSolver::CovarianceEigh)?,
        };
        // As in scikit-learn, components without variance count for the noise of the covariance, but not of the singular values.
        let counted = if solver == SvdSolver::CovarianceEigh { p } else { most };
        self.finish(found, mean, n, most, counted)
    }

    /// Full decomposition. The Gram route is taken when it is accurate for what is kept, or in any case if `covariance`.
    fn decompose(&self, x: &Array<B, T, Ix2>, mean: &Array<B, T, Ix1>, covariance: bool) -> Result<Decomposition<B, T>> {
        let n = x.dims()[0];
        let most = n.min(x.dims()[1]);
        let certified = |spectrum: &Spectrum<'_>| {
            let kept = self.kept(spectrum.squares, n);
            let noise = mean_of(&spectrum.squares[kept..most]);
            covariance || (kept > 0 && spectrum.is_accurate(spectrum.squares[kept - 1]) && noise.is_none_or(|x| spectrum.is_accurate(x)))
        };
        let svd = tall_svd(&(x.lazy() - mean), tall_svd::unscaled, certified)?;
        let total_variance = svd.s.iter().map(|s| s * s).sum::<f64>() / (n as f64 - 1.0);
        Ok(Decomposition { singular_values: svd.s, vt: svd.vt, total_variance })
    }

    fn finish(&self, found: Decomposition<B, T>, mean: Array<B, T, Ix1>, n: usize, most: usize, counted: usize) -> Result<PCA<B, T>> {
        let squares: Vec<f64> = found.singular_values.iter().map(|s| s * s).collect();
        let kept = self.kept(&squares, n);
        let variances: Vec<f64> = squares.iter().map(|s| s / (n as f64 - 1.0)).collect();
        // The mean of the variances that are not kept, of which an approximate solver knows only the sum.
        let left_out: f64 = match variances.len() {
            known if known == most => variances[kept..].iter().sum(),
            _ => found.total_variance - variances[..kept].iter().sum::<f64>(),
        };
        let noise_variance = if kept < most { left_out / (counted - kept) as f64 } else { 0.0 };
        let ratios: Vec<f64> = variances[..kept].iter().map(|v| v / found.total_variance).collect();
        let on_device = |values: &[f64]| device::<B, T>(mean.device(), values);
        Ok(PCA {
            components: fix_signs(&found.vt.slice(s![..kept])?)?,
            explained_variance: on_device(&variances[..kept])?,
            explained_variance_ratio: on_device(&ratios)?,
            singular_values: on_device(&found.singular_values[..kept])?,
            noise_variance,
            n_samples: n,
            whiten: self.whiten,
            mean,
        })
    }

    fn validate(&self, n: usize, p: usize) -> Result<()> {
        match self.n_components {
            Components::Count(0) => Err(Error::value("n_components", 0, "at least 1")),
            Components::Count(given) if given > n.min(p) => {
                Err(Error::Components { given, most: n.min(p), why: format!("{n} samples and {p} features: min(n_samples, n_features)") })
            }
            Components::Fraction(f) if !(f > 0.0 && f < 1.0) => Err(Error::value("n_components", f, "a fraction between 0 and 1")),
            Components::Mle if n < p => {
                Err(Error::value("n_components", "Mle", format!("at least as many samples as features: {n} samples and {p} features given")))
            }
            _ => Ok(()),
        }
    }

    fn solver(&self, n: usize, p: usize) -> SvdSolver {
        if self.svd_solver != SvdSolver::Auto {
            return self.svd_solver;
        }
        let most = n.min(p);
        match self.count_or_all(most) {
            _ if p <= 1000 && n >= 10 * p => SvdSolver::CovarianceEigh,
            _ if n.max(p) <= 500 => SvdSolver::Full,
            Components::Count(k) if (k as f64) < 0.8 * most as f64 => SvdSolver::Randomized { n_oversamples: 10, iterated_power: None, seed: 0 },
            _ => SvdSolver::Full,
        }
    }

    fn count_or_all(&self, most: usize) -> Components {
        if self.n_components == Components::All { Components::Count(most) } else { self.n_components }
    }

    /// How many components of a spectrum, given by the squares of its singular values, are kept.
    fn kept(&self, squares: &[f64], n: usize) -> usize {
        match self.n_components {
            Components::All => squares.len(),
            Components::Count(k) => k,
            Components::Fraction(fraction) => {
                let total: f64 = squares.iter().sum();
                let mut sum = 0.0;
                let below = squares.iter().take_while(|s| {
                    sum += **s / total;
                    sum <= fraction
                });
                (below.count() + 1).min(squares.len())
            }
            Components::Mle => dimension::infer(&squares.iter().map(|s| s / (n as f64 - 1.0)).collect::<Vec<_>>(), n),
        }
    }
}

impl<B: Linalg<T>, T: Float> PCA<B, T> {
    /// The samples in the coordinates of the components, of shape `(n_samples, n_components)`.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    pub fn transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        self.affine().transform(x)
    }

    /// The points whose transform is `z`, of shape `(n_samples, n_components)`.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NonFinite`].
    pub fn inverse_transform(&self, z: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        self.affine().inverse_transform(z)
    }

    fn affine(&self) -> Affine<'_, B, T> {
        Affine { components: &self.components, mean: &self.mean, whiten: self.whiten.then_some(&self.explained_variance) }
    }
}

impl<B: Backend, T: Float> PCA<B, T> {
    /// The number of components.
    #[must_use]
    pub fn n_components(&self) -> usize {
        self.components.dims()[0]
    }
}

transformer!(PCAParams, PCA, Linalg<T>);
inverse_transformer!(PCA, Linalg<T>);

fn mean_of(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
