//! Kernels of Gaussian processes, and their hyperparameters.

use core::fmt;
use core::ops::{Add, Mul};

use crate::{Error, Result};

/// How deep a tree of kernels may be.
pub(super) const DEPTH: usize = 64;

/// A hyperparameter of a [`Kernel`]: positive numbers, and the bounds between which a fit looks for better ones, from `1e-5` to `1e5`
/// unless said otherwise.
///
/// A number or a list of them is one too: `Kernel::rbf(0.5)`, `Kernel::rbf([0.5, 2.0])`.
///
/// ```
/// use xp::models::gaussian_process::{Hyperparameter, Kernel};
///
/// let kernel = Kernel::rbf(Hyperparameter::from(2.0).bounds(0.1, 10.0)) + Kernel::white(Hyperparameter::from(0.5).fixed());
/// assert_eq!(kernel.theta(), [2.0_f64.ln()]);
/// assert_eq!(kernel.bounds(), [(0.1_f64.ln(), 10.0_f64.ln())]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Hyperparameter {
    pub(super) values: Vec<f64>,
    /// One pair for each value, or one for all; none when they are fixed.
    pub(super) bounds: Vec<(f64, f64)>,
}

impl Hyperparameter {
    /// The smallest and largest value that a fit tries.
    #[must_use]
    pub fn bounds(mut self, low: f64, high: f64) -> Self {
        self.bounds = vec![(low, high)];
        self
    }

    /// The smallest and largest value of each of its numbers that a fit tries.
    #[must_use]
    pub fn bounds_each(mut self, bounds: &[(f64, f64)]) -> Self {
        self.bounds = bounds.to_vec();
        self
    }

    /// A fit keeps the value.
    #[must_use]
    pub fn fixed(mut self) -> Self {
        self.bounds.clear();
        self
    }

    /// Its numbers.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Whether a fit keeps the value.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        self.bounds.is_empty()
    }

    /// The number, of one that has only one.
    pub(super) fn one(&self) -> f64 {
        self.values[0]
    }
}

impl From<f64> for Hyperparameter {
    fn from(value: f64) -> Self {
        vec![value].into()
    }
}

impl From<Vec<f64>> for Hyperparameter {
    fn from(values: Vec<f64>) -> Self {
        Hyperparameter { values, bounds: vec![(1e-5, 1e5)] }
    }
}

impl<const N: usize> From<[f64; N]> for Hyperparameter {
    fn from(values: [f64; N]) -> Self {
        values.to_vec().into()
    }
}

/// A kernel of a [Gaussian process](super::GaussianProcessRegressor): how alike the function is at two places. Kernels are added and
/// multiplied, with each other and with numbers, which stand for [`Kernel::Constant`]; it is scikit-learn's module
/// `gaussian_process.kernels`.
///
/// Here `d` is the euclidean distance of two samples, and `s` that of the samples divided by the length scale, which is one number or
/// one for each feature.
///
/// ```
/// use xp::models::gaussian_process::Kernel;
///
/// let kernel = 4.0 * Kernel::rbf([1.0, 2.0]) + Kernel::white(0.1);
/// assert_eq!(kernel.to_string(), "2**2 * RBF(length_scale=[1, 2]) + WhiteKernel(noise_level=0.1)");
/// // The logarithms of what a fit changes, from left to right.
/// assert_eq!(kernel.theta(), [4.0_f64, 1.0, 2.0, 0.1].map(f64::ln));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Kernel {
    /// A number: scikit-learn's `ConstantKernel`.
    Constant {
        /// The number.
        constant_value: Hyperparameter,
    },
    /// Noise, which is independent of place: a number for a sample and itself, 0 for two samples, also for equal ones. It adds to the
    /// variance of what is predicted. scikit-learn's `WhiteKernel`.
    White {
        /// The number.
        noise_level: Hyperparameter,
    },
    /// `exp(-s^2 / 2)`, of smooth functions.
    Rbf {
        /// The length scale.
        length_scale: Hyperparameter,
    },
    /// The kernel of Matérn. With `nu` 0.5 it is `exp(-s)`, with 1.5 `(1 + √3 s) exp(-√3 s)`, with 2.5
    /// `(1 + √5 s + 5 s^2 / 3) exp(-√5 s)`, and with infinity [`Kernel::Rbf`]; there are no others.
    Matern {
        /// The length scale.
        length_scale: Hyperparameter,
        /// How smooth the functions are: they have derivatives up to the order below it.
        nu: f64,
    },
    /// `(1 + d^2 / (2 alpha l^2))^-alpha`: a sum of many [`Kernel::Rbf`].
    RationalQuadratic {
        /// The length scale `l`, one number.
        length_scale: Hyperparameter,
        /// How the scales are mixed.
        alpha: Hyperparameter,
    },
    /// `exp(-2 sin^2(π d / p) / l^2)`, of periodic functions.
    ExpSineSquared {
        /// The length scale `l`, one number.
        length_scale: Hyperparameter,
        /// The period `p`.
        periodicity: Hyperparameter,
    },
    /// The product of the two samples, plus `sigma_0^2`: of linear functions.
    DotProduct {
        /// How far they are from the origin; if it is fixed it may be 0.
        sigma_0: Hyperparameter,
    },
    /// The sum of two kernels.
    Sum(Box<Kernel>, Box<Kernel>),
    /// The product of two kernels.
    Product(Box<Kernel>, Box<Kernel>),
    /// The power of a kernel.
    Exponentiation(Box<Kernel>, f64),
}

impl Kernel {
    /// A number.
    #[must_use]
    pub fn constant(constant_value: impl Into<Hyperparameter>) -> Self {
        Kernel::Constant { constant_value: constant_value.into() }
    }

    /// Independent noise of this variance.
    #[must_use]
    pub fn white(noise_level: impl Into<Hyperparameter>) -> Self {
        Kernel::White { noise_level: noise_level.into() }
    }

    /// The squared exponential kernel.
    #[must_use]
    pub fn rbf(length_scale: impl Into<Hyperparameter>) -> Self {
        Kernel::Rbf { length_scale: length_scale.into() }
    }

    /// The kernel of Matérn; scikit-learn's default for `nu` is 1.5.
    #[must_use]
    pub fn matern(length_scale: impl Into<Hyperparameter>, nu: f64) -> Self {
        Kernel::Matern { length_scale: length_scale.into(), nu }
    }

    /// The rational quadratic kernel.
    #[must_use]
    pub fn rational_quadratic(length_scale: impl Into<Hyperparameter>, alpha: impl Into<Hyperparameter>) -> Self {
        Kernel::RationalQuadratic { length_scale: length_scale.into(), alpha: alpha.into() }
    }

    /// The periodic kernel.
    #[must_use]
    pub fn exp_sine_squared(length_scale: impl Into<Hyperparameter>, periodicity: impl Into<Hyperparameter>) -> Self {
        Kernel::ExpSineSquared { length_scale: length_scale.into(), periodicity: periodicity.into() }
    }

    /// The kernel of linear functions.
    #[must_use]
    pub fn dot_product(sigma_0: impl Into<Hyperparameter>) -> Self {
        Kernel::DotProduct { sigma_0: sigma_0.into() }
    }

    /// The kernel to the power of a number.
    #[must_use]
    pub fn pow(self, exponent: f64) -> Self {
        Kernel::Exponentiation(Box::new(self), exponent)
    }

    /// The natural logarithms of all hyperparameters that are not fixed, in scikit-learn's order: from left to right, those of one
    /// kernel in the order of their names.
    #[must_use]
    pub fn theta(&self) -> Vec<f64> {
        let mut theta = vec![];
        self.visit(&mut |_, parameter| theta.extend(parameter.values.iter().filter(|_| !parameter.is_fixed()).map(|value| value.ln())));
        theta
    }

    /// The logarithms of the bounds of [`theta`](Self::theta).
    #[must_use]
    pub fn bounds(&self) -> Vec<(f64, f64)> {
        let mut bounds = vec![];
        self.visit(&mut |_, parameter| {
            let all = parameter.bounds.iter().cycle().take(if parameter.is_fixed() { 0 } else { parameter.values.len() });
            bounds.extend(all.map(|(low, high)| (low.ln(), high.ln())));
        });
        bounds
    }

    /// The kernel with other hyperparameters, given by their logarithms.
    ///
    /// # Errors
    /// [`Error::Value`] unless there are as many as [`theta`](Self::theta) has, all finite.
    pub fn with_theta(&self, theta: &[f64]) -> Result<Kernel> {
        let expected = self.theta().len();
        if theta.len() != expected || theta.iter().any(|t| !t.is_finite()) {
            return Err(Error::value(
                "theta",
                format!("{theta:?}"),
                format!("{expected} finite numbers, one for each hyperparameter that is not fixed"),
            ));
        }
        let (mut kernel, mut rest) = (self.clone(), theta.iter());
        kernel.visit_mut(&mut |parameter| {
            if !parameter.is_fixed() {
                parameter.values.iter_mut().zip(&mut rest).for_each(|(value, log)| *value = log.exp());
            }
        });
        Ok(kernel)
    }

    /// Calls `f` with the name of each hyperparameter and the hyperparameter.
    fn visit<'a>(&'a self, f: &mut impl FnMut(&'static str, &'a Hyperparameter)) {
        match self {
            Kernel::Constant { constant_value } => f("constant_value", constant_value),
            Kernel::White { noise_level } => f("noise_level", noise_level),
            Kernel::Rbf { length_scale } | Kernel::Matern { length_scale, .. } => f("length_scale", length_scale),
            Kernel::RationalQuadratic { length_scale, alpha } => {
                f("alpha", alpha);
                f("length_scale", length_scale);
            }
            Kernel::ExpSineSquared { length_scale, periodicity } => {
                f("length_scale", length_scale);
                f("periodicity", periodicity);
            }
            Kernel::DotProduct { sigma_0 } => f("sigma_0", sigma_0),
            Kernel::Sum(a, b) | Kernel::Product(a, b) => {
                a.visit(f);
                b.visit(f);
            }
            Kernel::Exponentiation(kernel, _) => kernel.visit(f),
        }
    }

    fn visit_mut(&mut self, f: &mut impl FnMut(&mut Hyperparameter)) {
        match self {
            Kernel::Constant { constant_value: one }
            | Kernel::White { noise_level: one }
            | Kernel::Rbf { length_scale: one }
            | Kernel::Matern { length_scale: one, .. }
            | Kernel::DotProduct { sigma_0: one } => f(one),
            Kernel::RationalQuadratic { length_scale: second, alpha: first }
            | Kernel::ExpSineSquared { length_scale: first, periodicity: second } => {
                f(first);
                f(second);
            }
            Kernel::Sum(a, b) | Kernel::Product(a, b) => {
                a.visit_mut(f);
                b.visit_mut(f);
            }
            Kernel::Exponentiation(kernel, _) => kernel.visit_mut(f),
        }
    }

    fn depth(&self) -> usize {
        match self {
            Kernel::Sum(a, b) | Kernel::Product(a, b) => 1 + a.depth().max(b.depth()),
            Kernel::Exponentiation(kernel, _) => 1 + kernel.depth(),
            _ => 1,
        }
    }

    /// Fails unless the kernel takes samples with this number of features.
    pub(super) fn check(&self, n_features: usize) -> Result<()> {
        if self.depth() > DEPTH {
            return Err(Error::value("kernel", format!("a tree of depth {}", self.depth()), format!("at most {DEPTH}")));
        }
        let mut found = Ok(());
        self.visit(&mut |name, parameter| {
            if found.is_ok() {
                found = check_hyperparameter(name, parameter);
            }
        });
        found?;
        self.check_kind(n_features)
    }

    fn check_kind(&self, n_features: usize) -> Result<()> {
        match self {
            Kernel::Rbf { length_scale } | Kernel::Matern { length_scale, .. } if ![1, n_features].contains(&length_scale.values.len()) => {
                Err(Error::value(
                    "length_scale",
                    format!("{} numbers", length_scale.values.len()),
                    format!("1, or one for each of {n_features} features"),
                ))
            }
            Kernel::Matern { nu, .. } if ![0.5, 1.5, 2.5, f64::INFINITY].contains(nu) => {
                Err(Error::value("nu", nu, "0.5, 1.5, 2.5 or infinity: the others need Bessel functions"))
            }
            Kernel::Exponentiation(_, exponent) if !exponent.is_finite() => Err(Error::value("exponent", exponent, "a finite number")),
            Kernel::Sum(a, b) | Kernel::Product(a, b) => a.check_kind(n_features).and_then(|()| b.check_kind(n_features)),
            Kernel::Exponentiation(kernel, _) => kernel.check_kind(n_features),
            _ => Ok(()),
        }
    }
}

fn check_hyperparameter(name: &'static str, parameter: &Hyperparameter) -> Result<()> {
    let Hyperparameter { values, bounds } = parameter;
    let said = |given: String, expected: &str| Err(Error::value(name, given, expected));
    if values.is_empty() || (values.len() > 1 && name != "length_scale") {
        return said(format!("{} numbers", values.len()), "one number");
    }
    let may_vanish = name == "sigma_0" && bounds.is_empty();
    if let Some(bad) = values.iter().find(|&&value| !(value.is_finite() && (value > 0.0 || (may_vanish && value == 0.0)))) {
        return said(bad.to_string(), "a positive number");
    }
    if bounds.len() > 1 && bounds.len() != values.len() {
        return said(format!("{} pairs of bounds", bounds.len()), "one pair, or one for each number");
    }
    match bounds.iter().find(|&&(low, high)| !(low > 0.0 && low <= high)) {
        Some((low, high)) => said(format!("the bounds {low} and {high}"), "a positive lower and an upper bound"),
        None => Ok(()),
    }
}

impl Add for Kernel {
    type Output = Kernel;

    fn add(self, other: Kernel) -> Kernel {
        Kernel::Sum(Box::new(self), Box::new(other))
    }
}

impl Mul for Kernel {
    type Output = Kernel;

    fn mul(self, other: Kernel) -> Kernel {
        Kernel::Product(Box::new(self), Box::new(other))
    }
}

impl Add<f64> for Kernel {
    type Output = Kernel;

    fn add(self, number: f64) -> Kernel {
        self + Kernel::constant(number)
    }
}

impl Mul<f64> for Kernel {
    type Output = Kernel;

    fn mul(self, number: f64) -> Kernel {
        self * Kernel::constant(number)
    }
}

impl Add<Kernel> for f64 {
    type Output = Kernel;

    fn add(self, kernel: Kernel) -> Kernel {
        Kernel::constant(self) + kernel
    }
}

impl Mul<Kernel> for f64 {
    type Output = Kernel;

    fn mul(self, kernel: Kernel) -> Kernel {
        Kernel::constant(self) * kernel
    }
}

/// As scikit-learn shows kernels, with three digits.
impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |number: f64| format!("{number:.2e}").parse().unwrap_or(number).to_string();
        let all = |parameter: &Hyperparameter| match &parameter.values[..] {
            [one] => short(*one),
            several => format!("[{}]", several.iter().map(|&number| short(number)).collect::<Vec<_>>().join(", ")),
        };
        match self {
            Kernel::Constant { constant_value } => match constant_value.values[..] {
                [one] => write!(f, "{}**2", short(one.sqrt())),
                _ => write!(f, "{}", all(constant_value)),
            },
            Kernel::White { noise_level } => write!(f, "WhiteKernel(noise_level={})", all(noise_level)),
            Kernel::Rbf { length_scale } => write!(f, "RBF(length_scale={})", all(length_scale)),
            Kernel::Matern { length_scale, nu } => write!(f, "Matern(length_scale={}, nu={nu})", all(length_scale)),
            Kernel::RationalQuadratic { length_scale, alpha } => {
                write!(f, "RationalQuadratic(alpha={}, length_scale={})", all(alpha), all(length_scale))
            }
            Kernel::ExpSineSquared { length_scale, periodicity } => {
                write!(f, "ExpSineSquared(length_scale={}, periodicity={})", all(length_scale), all(periodicity))
            }
            Kernel::DotProduct { sigma_0 } => write!(f, "DotProduct(sigma_0={})", all(sigma_0)),
            Kernel::Sum(a, b) => write!(f, "{a} + {b}"),
            Kernel::Product(a, b) => {
                // A sum in a product needs the parentheses that scikit-learn leaves out.
                let factor = |kernel: &Kernel| if matches!(kernel, Kernel::Sum(..)) { format!("({kernel})") } else { kernel.to_string() };
                write!(f, "{} * {}", factor(a), factor(b))
            }
            Kernel::Exponentiation(kernel, exponent) if matches!(**kernel, Kernel::Sum(..) | Kernel::Product(..)) => {
                write!(f, "({kernel}) ** {exponent}")
            }
            Kernel::Exponentiation(kernel, exponent) => write!(f, "{kernel} ** {exponent}"),
        }
    }
}
