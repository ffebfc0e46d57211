//! Kernels of arrays of samples, and how the evidence changes with their hyperparameters.

use std::cell::OnceCell;

use xp_core::extra::{Metric, cdist};
use xp_core::functions::{eye, full, zeros};
use xp_core::linalg::{Lower, cho_solve, cholesky};
use xp_core::{Array, Backend, Float, Ix1, Ix2, Linalg};

use super::kernels::{Hyperparameter, Kernel};
use crate::{Error, Result};

type Matrix<B, T> = Array<B, T, Ix2>;

/// All pairs of samples, or of samples and others, with what several kernels need of them.
pub(super) struct Pairs<'a, B: Backend, T: Float> {
    x: &'a Matrix<B, T>,
    y: Option<&'a Matrix<B, T>>,
    squares: OnceCell<Matrix<B, T>>,
    products: OnceCell<Matrix<B, T>>,
}

/// The kernels that depend on `s`, the squared distance in units of the length scale.
#[derive(Clone, Copy)]
enum Radial {
    /// `exp(-s / 2)`.
    Gauss,
    /// Matérn's with this number and a half.
    Half(u8),
}

impl Kernel {
    /// The kernel as one of the distance alone.
    fn radial(&self) -> Result<Option<(Radial, &Hyperparameter)>> {
        Ok(match self {
            Kernel::Rbf { length_scale } => Some((Radial::Gauss, length_scale)),
            Kernel::Matern { length_scale, nu } => Some(match *nu {
                0.5 => (Radial::Half(0), length_scale),
                1.5 => (Radial::Half(1), length_scale),
                2.5 => (Radial::Half(2), length_scale),
                f64::INFINITY => (Radial::Gauss, length_scale),
                _ => return Err(Error::value("nu", nu, "0.5, 1.5, 2.5 or infinity")),
            }),
            _ => None,
        })
    }
}

impl Radial {
    /// The kernel of `factor s`.
    fn value<B: Backend, T: Float>(self, s: &Matrix<B, T>, factor: f64) -> Result<Matrix<B, T>> {
        let (s, c) = (s.lazy(), T::from_f64);
        Ok(match self {
            Radial::Gauss => (s * c(-0.5 * factor)).exp().try_eval()?,
            Radial::Half(0) => (-(s * c(factor)).sqrt()).exp().try_eval()?,
            Radial::Half(1) => {
                let d = || (s * c(3.0 * factor)).sqrt();
                ((d() + T::ONE) * (-d()).exp()).try_eval()?
            }
            Radial::Half(_) => {
                let d = || (s * c(5.0 * factor)).sqrt();
                ((d().square() * c(1.0 / 3.0) + d() + T::ONE) * (-d()).exp()).try_eval()?
            }
        })
    }

    /// `g` times -2 times the derivative of the kernel by `factor s`.
    fn slope<B: Backend, T: Float>(self, g: &Matrix<B, T>, s: &Matrix<B, T>, factor: f64) -> Result<Matrix<B, T>> {
        let (s, c) = (s.lazy(), T::from_f64);
        Ok(match self {
            Radial::Gauss => ((s * c(-0.5 * factor)).exp() * g).try_eval()?,
            Radial::Half(0) => {
                // Infinite where a sample meets itself, which no length scale changes.
                let d = || (s * c(factor)).sqrt();
                s.equal(T::ZERO).where_(T::ZERO, (-d()).exp() / d() * g).try_eval()?
            }
            Radial::Half(1) => ((-(s * c(3.0 * factor)).sqrt()).exp() * g * c(3.0)).try_eval()?,
            Radial::Half(_) => {
                let d = || (s * c(5.0 * factor)).sqrt();
                ((d() + T::ONE) * (-d()).exp() * g * c(5.0 / 3.0)).try_eval()?
            }
        })
    }
}

impl<'a, B: Linalg<T>, T: Float> Pairs<'a, B, T> {
    /// Samples with themselves.
    pub fn of(x: &'a Matrix<B, T>) -> Self {
        Pairs { x, y: None, squares: OnceCell::new(), products: OnceCell::new() }
    }

    /// Samples with others.
    pub fn between(x: &'a Matrix<B, T>, y: &'a Matrix<B, T>) -> Self {
        Pairs { y: Some(y), ..Pairs::of(x) }
    }

    fn shape(&self) -> [usize; 2] {
        [self.x.dims()[0], self.y.unwrap_or(self.x).dims()[0]]
    }

    /// Squared distances, accurate for near samples, of which Gaussian processes have many.
    fn squares(&self) -> Result<&Matrix<B, T>> {
        once(&self.squares, || Ok(cdist(self.x, self.y.unwrap_or(self.x), Metric::SqEuclidean)?))
    }

    fn products(&self) -> Result<&Matrix<B, T>> {
        once(&self.products, || Ok(self.x.matmul(&self.y.unwrap_or(self.x).t())?))
    }

    /// Calls `f` with squared distances, and the factor that brings them to units of the length scale.
    fn scaled<R>(&self, length_scale: &Hyperparameter, f: impl FnOnce(&Matrix<B, T>, f64) -> Result<R>) -> Result<R> {
        if let [scale] = length_scale.values() {
            return f(self.squares()?, scale.powi(-2));
        }
        let scale = crate::tall_svd::device(self.x.device(), length_scale.values())?;
        let scaled = |x: &Matrix<B, T>| (x.lazy() / &scale).try_eval();
        let x = scaled(self.x)?;
        let y = self.y.map(scaled).transpose()?;
        f(&cdist(&x, y.as_ref().unwrap_or(&x), Metric::SqEuclidean)?, 1.0)
    }

    /// The kernel of all pairs.
    pub fn kernel(&self, kernel: &Kernel) -> Result<Matrix<B, T>> {
        let value = self.value(kernel)?;
        // A number stands for all pairs.
        Ok(if value.shape() == self.shape() { value } else { value.broadcast_to(self.shape())?.copy()? })
    }

    /// The kernel of all pairs, or of shape `(1, 1)` when it is the same for all.
    fn value(&self, kernel: &Kernel) -> Result<Matrix<B, T>> {
        let c = T::from_f64;
        if let Some((radial, length_scale)) = kernel.radial()? {
            return self.scaled(length_scale, |s, factor| radial.value(s, factor));
        }
        Ok(match kernel {
            Kernel::Constant { constant_value } => full(self.x.device(), [1, 1], c(constant_value.one()))?,
            Kernel::White { .. } if self.y.is_some() => zeros(self.x.device(), [1, 1])?,
            Kernel::White { noise_level } => {
                let n = self.x.dims()[0];
                eye::<B, T>(self.x.device(), n, n, 0)? * c(noise_level.one())
            }
            Kernel::RationalQuadratic { length_scale, alpha } => {
                let (alpha, scale) = (alpha.one(), length_scale.one());
                // Not as a power: when alpha is large, the base is 1 to rounding.
                ((self.squares()?.lazy() * c(0.5 / (alpha * scale * scale))).log1p() * c(-alpha)).exp().try_eval()?
            }
            Kernel::ExpSineSquared { length_scale, periodicity } => {
                let half_turns = self.squares()?.lazy().sqrt() * c(core::f64::consts::PI / periodicity.one());
                (half_turns.sin().square() * c(-2.0 * length_scale.one().powi(-2))).exp().try_eval()?
            }
            Kernel::DotProduct { sigma_0 } => (self.products()?.lazy() + c(sigma_0.one().powi(2))).try_eval()?,
            Kernel::Sum(a, b) => self.value(a)? + self.value(b)?,
            Kernel::Product(a, b) => self.value(a)? * self.value(b)?,
            Kernel::Exponentiation(kernel, exponent) => self.value(kernel)?.into_lazy().pow(c(*exponent)).try_eval()?,
            Kernel::Rbf { .. } | Kernel::Matern { .. } => unreachable!("radial"),
        })
    }

    /// Appends the derivatives of the sum of `g` times the kernel of all pairs by the hyperparameters that are not fixed, in the order
    /// of [`Kernel::theta`]. `g` goes down the tree, so that no matrix is kept for each of them.
    pub fn gradient(&self, kernel: &Kernel, g: &Matrix<B, T>, out: &mut Vec<f64>) -> Result<()> {
        if kernel.theta().is_empty() {
            return Ok(());
        }
        let c = T::from_f64;
        if let Some((radial, length_scale)) = kernel.radial()? {
            return self.scaled(length_scale, |s, factor| self.length_gradient(length_scale, &radial.slope(g, s, factor)?, out));
        }
        macro_rules! total {
            ($of:expr) => {
                $of.sum(..).try_eval()?.item()?.to_f64()
            };
        }
        match kernel {
            Kernel::Constant { constant_value } => out.push(total!(g.lazy()) * constant_value.one()),
            Kernel::White { noise_level } => out.push(total!(g.diagonal(0)?.lazy()) * noise_level.one()),
            Kernel::RationalQuadratic { length_scale, alpha } => {
                let (order, scale) = (alpha.one(), length_scale.one());
                let (s, per_square) = (self.squares()?.lazy(), 0.5 / (order * scale * scale));
                let log_base = || (s * c(per_square)).log1p();
                if !alpha.is_fixed() {
                    let change = s * c(order * per_square) / (s * c(per_square) + T::ONE) - log_base() * c(order);
                    out.push(total!((log_base() * c(-order)).exp() * change * g));
                }
                if !length_scale.is_fixed() {
                    out.push(total!((log_base() * c(-order - 1.0)).exp() * s * g) / (scale * scale));
                }
            }
            Kernel::ExpSineSquared { length_scale, periodicity } => {
                let per_square = length_scale.one().powi(-2);
                let squares = self.squares()?;
                let half_turns = || squares.lazy().sqrt() * c(core::f64::consts::PI / periodicity.one());
                let value = || (half_turns().sin().square() * c(-2.0 * per_square)).exp();
                if !length_scale.is_fixed() {
                    out.push(total!(half_turns().sin().square() * value() * g) * 4.0 * per_square);
                }
                if !periodicity.is_fixed() {
                    out.push(total!(half_turns() * half_turns().cos() * half_turns().sin() * value() * g) * 4.0 * per_square);
                }
            }
            Kernel::DotProduct { sigma_0 } => out.push(total!(g.lazy()) * 2.0 * sigma_0.one().powi(2)),
            Kernel::Sum(a, b) => {
                self.gradient(a, g, out)?;
                self.gradient(b, g, out)?;
            }
            Kernel::Product(a, b) => {
                for (of, other) in [(a, b), (b, a)] {
                    if !of.theta().is_empty() {
                        self.gradient(of, &(g.lazy() * &self.value(other)?).try_eval()?, out)?;
                    }
                }
            }
            Kernel::Exponentiation(kernel, exponent) => {
                let value = self.value(kernel)?;
                self.gradient(kernel, &(value.lazy().pow(c(exponent - 1.0)) * g * c(*exponent)).try_eval()?, out)?;
            }
            Kernel::Rbf { .. } | Kernel::Matern { .. } => unreachable!("radial"),
        }
        Ok(())
    }

    /// The derivatives by the length scales of a radial kernel, whose slopes are given: `s` has a part for each feature, and each is the
    /// difference of the samples over the length scale, squared.
    fn length_gradient(&self, length_scale: &Hyperparameter, slopes: &Matrix<B, T>, out: &mut Vec<f64>) -> Result<()> {
        if let [scale] = length_scale.values() {
            out.push((slopes.lazy() * self.squares()?).sum(..).try_eval()?.item()?.to_f64() / (scale * scale));
            return Ok(());
        }
        for (j, scale) in length_scale.values().iter().enumerate() {
            let feature: Array<B, T, Ix1> = self.x.index_axis(1, j)?.contiguous()?;
            let (column, row) = (feature.expand_dims(1)?, feature.expand_dims(0)?);
            out.push(((column.lazy() - &row).square() * slopes).sum(..).try_eval()?.item()?.to_f64() / (scale * scale));
        }
        Ok(())
    }
}

/// What is in the cell, which is computed when it is empty.
fn once<V>(cell: &OnceCell<V>, make: impl FnOnce() -> Result<V>) -> Result<&V> {
    if let Some(value) = cell.get() {
        return Ok(value);
    }
    let value = make()?;
    Ok(cell.get_or_init(|| value))
}

/// The kernel of each sample with itself.
pub(super) fn diagonal<B: Backend, T: Float>(kernel: &Kernel, x: &Matrix<B, T>) -> Result<Array<B, T, Ix1>> {
    let (c, n) = (T::from_f64, x.dims()[0]);
    Ok(match kernel {
        Kernel::Constant { constant_value: one } | Kernel::White { noise_level: one } => full(x.device(), [n], c(one.one()))?,
        Kernel::DotProduct { sigma_0 } => (x.lazy().square().sum(1).try_eval()?.into_lazy() + c(sigma_0.one().powi(2))).try_eval()?,
        Kernel::Sum(a, b) => diagonal(a, x)? + diagonal(b, x)?,
        Kernel::Product(a, b) => diagonal(a, x)? * diagonal(b, x)?,
        Kernel::Exponentiation(kernel, exponent) => diagonal(kernel, x)?.into_lazy().pow(c(*exponent)).try_eval()?,
        _ => full(x.device(), [n], T::ONE)?,
    })
}

/// What a Gaussian process is fitted to: samples, targets of shape `(n_samples, n_targets)`, and what is added to the variance of
/// each sample, or of all.
pub(super) struct Evidence<'a, B: Backend, T: Float> {
    pub pairs: Pairs<'a, B, T>,
    pub targets: &'a Matrix<B, T>,
    pub noise: &'a Array<B, T, Ix1>,
}

/// The lower Cholesky factor of the kernel of the samples, and the solution for the targets.
pub(super) struct Factored<B: Backend, T: Float> {
    pub factor: Matrix<B, T>,
    pub solution: Matrix<B, T>,
}

impl<B: Linalg<T>, T: Float> Evidence<'_, B, T> {
    /// Factors the kernel of the samples; `None` when it is not positive definite.
    pub fn factored(&self, kernel: &Kernel) -> Result<Option<Factored<B, T>>> {
        let mut k = self.pairs.kernel(kernel)?;
        let n = k.dims()[0];
        xp_core::extra::add_to_diagonal(&mut k, &self.noise.broadcast_to([n])?)?;
        match cholesky(&k, Lower) {
            Ok(factor) => {
                let solution = cho_solve(&factor, self.targets)?;
                Ok(Some(Factored { factor, solution }))
            }
            Err(xp_core::Error::Linalg(_)) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// `-½ yᵀ K⁻¹ y - ½ log |K| - ½ n log 2π`, summed over the targets.
    pub fn value(&self, found: &Factored<B, T>) -> Result<f64> {
        let [n, targets] = self.targets.shape();
        let fit = (self.targets.lazy() * &found.solution).sum(..).try_eval()?.item()?.to_f64();
        let half_log_det = found.factor.diagonal(0)?.lazy().log().sum(..).try_eval()?.item()?.to_f64();
        Ok(-0.5 * fit - targets as f64 * (half_log_det + 0.5 * n as f64 * core::f64::consts::TAU.ln()))
    }

    /// The derivatives of [`value`](Self::value) by the hyperparameters: `½ tr((a aᵀ - K⁻¹) dK)`, with the solution `a`.
    pub fn gradient(&self, kernel: &Kernel, found: &Factored<B, T>) -> Result<Vec<f64>> {
        let [n, targets] = self.targets.shape();
        let inverse = cho_solve(&found.factor, &eye::<B, T>(self.targets.device(), n, n, 0)?)?;
        let outer = found.solution.matmul(&found.solution.t())?;
        let g = (outer.into_lazy() * T::from_f64(0.5) - inverse.lazy() * T::from_f64(0.5 * targets as f64)).try_eval()?;
        let mut out = vec![];
        self.pairs.gradient(kernel, &g, &mut out)?;
        Ok(out)
    }

    /// Value and gradient; minus infinity and zeros when the kernel is not positive definite.
    pub fn at(&self, kernel: &Kernel) -> Result<(f64, Vec<f64>)> {
        match self.factored(kernel)? {
            Some(found) => Ok((self.value(&found)?, self.gradient(kernel, &found)?)),
            None => Ok((f64::NEG_INFINITY, vec![0.0; kernel.theta().len()])),
        }
    }
}
