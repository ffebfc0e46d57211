//! Covariance matrices.

use core::marker::PhantomData;

use xp_core::extra::add_to_diagonal;
use xp_core::functions::zeros;
use xp_core::linalg::{eigh, slogdet};
use xp_core::{Array, Backend, Float, Ix1, Ix2, Linalg, Real};

use crate::model::{Check, fits, model};
use crate::tall_svd::{device, host};
use crate::traits::{Estimator, Fit, Score};
use crate::{Error, Result, check};

model! {
    /// The covariance matrix of samples by maximum likelihood: `(x - mean)ᵀ (x - mean) / n_samples`.
    ///
    /// It is scikit-learn's estimator of the same name. The samples are not copied.
    ///
    /// ```
    /// use xp::models::covariance::EmpiricalCovariance;
    /// use xp::prelude::*;
    ///
    /// let x = array![[1.0_f64, 0.0], [3.0, 0.0], [2.0, 1.0], [2.0, -1.0]];
    /// let model = EmpiricalCovariance::params().fit(&x)?;
    /// assert_eq!(model.covariance().to_vec(), [0.5, 0.0, 0.0, 0.5]);
    /// assert_eq!(model.location().to_vec(), [2.0, 0.0]);
    /// assert!((model.mahalanobis(&array![[4.0, 1.0]])?.item()? - 10.0).abs() < 1e-13);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct EmpiricalCovariance<B: Backend, T: Float> {
        /// The mean of each feature, zeros if the samples are taken as centred.
        pub location: Array<B, T, Ix1>,
        /// The covariance matrix.
        pub covariance: Array<B, T, Ix2>,
        /// Its pseudo-inverse.
        pub precision: Array<B, T, Ix2>,
    }
}

model! {
    /// A covariance matrix that is shrunk towards a multiple of the identity, as much as makes its error least when samples are many: O. Ledoit and
    /// M. Wolf, A well-conditioned estimator for large-dimensional covariance matrices, Journal of Multivariate Analysis 88 (2004).
    ///
    /// `(1 - shrinkage) S + shrinkage tr(S) / n_features I` of the empirical covariance `S`. It is scikit-learn's estimator of the same
    /// name. The samples are not copied.
    ///
    /// ```
    /// use xp::models::covariance::LedoitWolf;
    /// use xp::prelude::*;
    ///
    /// let x = array![[1.0_f64, 2.0], [3.0, 5.0], [2.0, 2.5], [0.0, 1.0]];
    /// let model = LedoitWolf::params().fit(&x)?;
    /// assert!((model.shrinkage() - 0.4946988).abs() < 1e-7);
    /// // The trace stays.
    /// assert!((model.covariance().diagonal(0)?.sum(..).item()? - 3.421875).abs() < 1e-14);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct LedoitWolf<B: Backend, T: Float> {
        /// The mean of each feature, zeros if the samples are taken as centred.
        pub location: Array<B, T, Ix1>,
        /// The covariance matrix.
        pub covariance: Array<B, T, Ix2>,
        /// Its pseudo-inverse.
        pub precision: Array<B, T, Ix2>,
        /// How far the matrix is shrunk, from 0 to 1.
        pub shrinkage: f64,
    }
}

model! {
    /// A covariance matrix that is shrunk towards a multiple of the identity, as much as makes its error least for normal samples: Y. Chen,
    /// A. Wiesel, Y. Eldar and A. Hero, Shrinkage algorithms for MMSE covariance estimation, IEEE Transactions on Signal Processing 58 (2010).
    ///
    /// `(1 - shrinkage) S + shrinkage tr(S) / n_features I` of the empirical covariance `S`. It is scikit-learn's estimator of the same
    /// name (Oracle Approximating Shrinkage). The samples are not copied.
    ///
    /// ```
    /// use xp::models::covariance::OAS;
    /// use xp::prelude::*;
    ///
    /// // What the samples show is too little to tell their covariance from a multiple of the identity.
    /// let x = array![[1.0_f64, 0.0], [3.0, 0.0], [2.0, 1.0], [2.0, -1.1]];
    /// let model = OAS::params().fit(&x)?;
    /// assert_eq!(model.shrinkage(), 1.0);
    /// assert_eq!(model.covariance().get([0, 1])?, 0.0);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct OAS<B: Backend, T: Float> {
        /// The mean of each feature, zeros if the samples are taken as centred.
        pub location: Array<B, T, Ix1>,
        /// The covariance matrix.
        pub covariance: Array<B, T, Ix2>,
        /// Its pseudo-inverse.
        pub precision: Array<B, T, Ix2>,
        /// How far the matrix is shrunk, from 0 to 1.
        pub shrinkage: f64,
    }
}

model! {
    /// A covariance matrix that is shrunk towards a multiple of the identity, as far as one says:
    /// `(1 - shrinkage) S + shrinkage tr(S) / n_features I` of the empirical covariance `S`.
    ///
    /// It is scikit-learn's estimator of the same name. The samples are not copied.
    ///
    /// ```
    /// use xp::models::covariance::ShrunkCovariance;
    /// use xp::prelude::*;
    ///
    /// let x = array![[1.0_f64, 0.0], [3.0, 0.0], [2.0, 1.0], [2.0, 3.0]];
    /// let model = ShrunkCovariance::params().shrinkage(0.5).fit(&x)?;
    /// assert_eq!(model.covariance().to_vec(), [0.75, 0.0, 0.0, 1.25]);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct ShrunkCovariance<B: Backend, T: Float> {
        /// The mean of each feature, zeros if the samples are taken as centred.
        pub location: Array<B, T, Ix1>,
        /// The covariance matrix.
        pub covariance: Array<B, T, Ix2>,
        /// Its pseudo-inverse.
        pub precision: Array<B, T, Ix2>,
        /// How far the matrix is shrunk, from 0 to 1.
        pub shrinkage: f64,
    }
}

/// The mean and the covariance of some samples.
struct Empirical<B: Backend, T: Float> {
    location: Array<B, T, Ix1>,
    covariance: Array<B, T, Ix2>,
}

impl<B: Linalg<T>, T: Float> Empirical<B, T> {
    fn of(x: &Array<B, T, Ix2>, assume_centered: bool) -> Result<Self> {
        check::at_least(x, 1)?;
        let location = if assume_centered { zeros(x.device(), [x.dims()[1]])? } else { x.lazy().mean(0).try_eval()? };
        let covariance = about(x, &location)?;
        check::finite_by("x", x, &covariance)?;
        Ok(Empirical { location, covariance })
    }

    /// The covariance, shrunk.
    fn shrunk(&self, shrinkage: f64) -> Result<Array<B, T, Ix2>> {
        let mu = self.trace()? / self.location.size() as f64;
        let mut out = (self.covariance.lazy() * T::from_f64(1.0 - shrinkage)).try_eval()?;
        add_to_diagonal(&mut out, T::from_f64(shrinkage * mu))?;
        Ok(out)
    }

    fn trace(&self) -> Result<f64> {
        Ok(host(&self.covariance.diagonal(0)?)?.iter().sum())
    }

    /// The sum of squares of all elements.
    fn squares(&self) -> Result<f64> {
        Ok(self.covariance.lazy().astype::<B::MaxFloat>().square().sum(..).try_eval()?.item()?.to_f64())
    }
}

/// The covariance about a point.
fn about<B: Linalg<T>, T: Float>(x: &Array<B, T, Ix2>, location: &Array<B, T, Ix1>) -> Result<Array<B, T, Ix2>> {
    Ok(B::gram(&(x.lazy() - location))? / T::from_f64(x.dims()[0] as f64))
}

/// The pseudo-inverse of a symmetric matrix.
fn pseudo_inverse<B: Linalg<T>, T: Float>(matrix: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
    let (w, v) = eigh(matrix)?;
    let w = host(&w)?;
    let limit = w.iter().fold(0.0, |m: f64, w| m.max(w.abs())) * T::EPSILON.to_f64() * w.len() as f64;
    let inverse: Vec<f64> = w.into_iter().map(|w| if w.abs() > limit { 1.0 / w } else { 0.0 }).collect();
    Ok((v.lazy() * &device::<B, T>(matrix.device(), &inverse)?).try_eval()?.matmul(&v.t())?)
}

/// How far Ledoit and Wolf shrink.
fn ledoit_wolf<B: Linalg<T>, T: Float>(x: &Array<B, T, Ix2>, empirical: &Empirical<B, T>) -> Result<f64> {
    let [n, p] = x.shape();
    if p == 1 {
        return Ok(0.0);
    }
    let (n, p) = (n as f64, p as f64);
    // The sum of the fourth powers of the lengths of the centred samples.
    let lengths = (x.lazy() - &empirical.location).square().sum(1).try_eval()?;
    let fourth = lengths.lazy().astype::<B::MaxFloat>().square().sum(..).try_eval()?.item()?.to_f64();
    let (squares, trace) = (empirical.squares()?, empirical.trace()?);
    let mu = trace / p;
    let delta = (squares - 2.0 * mu * trace + p * mu * mu) / p;
    let beta = ((fourth / n - squares) / (p * n)).min(delta);
    Ok(if beta == 0.0 { 0.0 } else { beta / delta })
}

/// How far the oracle that is approximated shrinks.
fn oracle<B: Linalg<T>, T: Float>(x: &Array<B, T, Ix2>, empirical: &Empirical<B, T>) -> Result<f64> {
    let [n, p] = x.shape();
    if p == 1 {
        return Ok(0.0);
    }
    let (n, p) = (n as f64, p as f64);
    let (mean_square, mu) = (empirical.squares()? / (p * p), empirical.trace()? / p);
    let most = (n + 1.0) * (mean_square - mu * mu / p);
    Ok(if most == 0.0 { 1.0 } else { ((mean_square + mu * mu) / most).min(1.0) })
}

/// Parameters, methods and traits of an estimator of a covariance.
macro_rules! covariance {
    ($Model:ident, $Params:ident, $name:literal, $($field:ident: $Type:ty = $default:literal,)? |$self:ident, $x:ident| $fit:expr) => {
        impl<B: Backend, T: Float> Check for $Model<B, T> {
            fn check(&self) -> Result<()> {
                let p = self.location.size();
                fits("covariance", self.covariance.dims(), &[p, p])?;
                fits("precision", self.precision.dims(), &[p, p])
            }
        }

        #[doc = concat!("Parameters of [`", $name, "`].")]
        #[derive(Clone, Debug)]
        pub struct $Params<B, T> {
            assume_centered: bool,
            $($field: $Type,)?
            kind: PhantomData<fn() -> (B, T)>,
        }

        impl<B: Linalg<T>, T: Float> $Model<B, T> {
            /// The default parameters: the mean is removed.
            #[must_use]
            pub fn params() -> $Params<B, T> {
                $Params { assume_centered: false, $($field: $default,)? kind: PhantomData }
            }
        }

        impl<B: Linalg<T>, T: Float> $Params<B, T> {
            /// Whether the mean is known to be zero.
            #[must_use]
            pub fn assume_centered(mut self, yes: bool) -> Self {
                self.assume_centered = yes;
                self
            }

            /// Fits the model to samples of shape `(n_samples, n_features)`.
            ///
            /// # Errors
            /// [`Error::Shape`] for no samples or features, [`Error::NonFinite`].
            pub fn fit(&$self, $x: &Array<B, T, Ix2>) -> Result<$Model<B, T>> {
                $fit
            }
        }

        impl<B: Linalg<T>, T: Float> $Model<B, T> {
            /// The mean logarithm of the normal density of the samples.
            ///
            /// # Errors
            /// [`Error::Features`], [`Error::Shape`] for no samples, [`Error::NonFinite`].
            pub fn score(&self, x: &Array<B, T, Ix2>) -> Result<f64> {
                log_likelihood(x, &self.location, &self.precision)
            }

            /// The squared Mahalanobis distance of each sample from the location.
            ///
            /// # Errors
            /// [`Error::Features`], [`Error::NonFinite`].
            pub fn mahalanobis(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix1>> {
                check::features("x", x, self.location.size())?;
                let projected = B::project(&(x.lazy() - &self.location), &self.precision)?;
                let out = ((x.lazy() - &self.location) * &projected).sum(1).try_eval()?;
                check::finite_by("x", x, &out)?;
                Ok(out)
            }

            /// The mean of the squared differences of another matrix from the covariance, summed over each row.
            ///
            /// # Errors
            /// [`Error::Shape`] for a matrix of another shape, [`Error::NonFinite`].
            pub fn error_norm(&self, comp_cov: &Array<B, T, Ix2>) -> Result<f64> {
                if comp_cov.dims() != self.covariance.dims() {
                    return Err(Error::shape("comp_cov", comp_cov.dims(), format!("{:?}, as the covariance has", self.covariance.dims())));
                }
                check::finite("comp_cov", comp_cov)?;
                let squares = (comp_cov.lazy() - &self.covariance).astype::<B::MaxFloat>().square().sum(..).try_eval()?.item()?;
                Ok(squares.to_f64() / self.location.size() as f64)
            }
        }

        impl<B: Linalg<T>, T: Float> Estimator for $Params<B, T> {}

        impl<B: Linalg<T>, T: Float, Y> Fit<Array<B, T, Ix2>, Y> for $Params<B, T> {
            type Model = $Model<B, T>;

            fn fit(&self, x: &Array<B, T, Ix2>, _: &Y) -> Result<$Model<B, T>> {
                $Params::fit(self, x)
            }
        }

        impl<B: Linalg<T>, T: Float, Y> Score<Array<B, T, Ix2>, Y> for $Model<B, T> {
            fn score(&self, x: &Array<B, T, Ix2>, _: &Y) -> Result<f64> {
                $Model::score(self, x)
            }
        }
    };
}
covariance!(EmpiricalCovariance, EmpiricalCovarianceParams, "EmpiricalCovariance", |self, x| {
    let Empirical { location, covariance } = Empirical::of(x, self.assume_centered)?;
    Ok(EmpiricalCovariance { location, precision: pseudo_inverse(&covariance)?, covariance })
});
covariance!(LedoitWolf, LedoitWolfParams, "LedoitWolf", |self, x| {
    let empirical = Empirical::of(x, self.assume_centered)?;
    let shrinkage = ledoit_wolf(x, &empirical)?;
    let covariance = empirical.shrunk(shrinkage)?;
    Ok(LedoitWolf { location: empirical.location, precision: pseudo_inverse(&covariance)?, covariance, shrinkage })
});
covariance!(ShrunkCovariance, ShrunkCovarianceParams, "ShrunkCovariance", shrinkage: f64 = 0.1, |self, x| {
    if !(0.0..=1.0).contains(&self.shrinkage) {
        return Err(Error::value("shrinkage", self.shrinkage, "a number from 0 to 1"));
    }
    let empirical = Empirical::of(x, self.assume_centered)?;
    let covariance = empirical.shrunk(self.shrinkage)?;
    Ok(ShrunkCovariance { location: empirical.location, precision: pseudo_inverse(&covariance)?, covariance, shrinkage: self.shrinkage })
});

impl<B: Linalg<T>, T: Float> ShrunkCovarianceParams<B, T> {
    /// How far the matrix is shrunk, from 0 to 1; 0.1 by default.
    #[must_use]
    pub fn shrinkage(mut self, part: f64) -> Self {
        self.shrinkage = part;
        self
    }
}

covariance!(OAS, OASParams, "OAS", |self, x| {
    let empirical = Empirical::of(x, self.assume_centered)?;
    let shrinkage = oracle(x, &empirical)?;
    let covariance = empirical.shrunk(shrinkage)?;
    Ok(OAS { location: empirical.location, precision: pseudo_inverse(&covariance)?, covariance, shrinkage })
});

/// The mean logarithm of the normal density of samples with this mean and inverse covariance.
fn log_likelihood<B: Linalg<T>, T: Float>(x: &Array<B, T, Ix2>, location: &Array<B, T, Ix1>, precision: &Array<B, T, Ix2>) -> Result<f64> {
    check::features("x", x, location.size())?;
    check::at_least(x, 1)?;
    let covariance = about(x, location)?;
    check::finite_by("x", x, &covariance)?;
    let distance = (covariance.lazy() * precision).astype::<B::MaxFloat>().sum(..).try_eval()?.item()?.to_f64();
    let (sign, log_det) = slogdet(precision)?;
    let log_det = if sign.item()?.to_f64() > 0.0 { log_det.item()?.to_f64() } else { f64::NEG_INFINITY };
    Ok((log_det - distance - location.size() as f64 * (2.0 * core::f64::consts::PI).ln()) / 2.0)
}
