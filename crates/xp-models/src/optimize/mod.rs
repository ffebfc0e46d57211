//! Minima of smooth functions of many variables, where the arrays live: after `scipy.optimize`.
//!
//! | | |
//! |---|---|
//! | [`minimize`] | L-BFGS, from values and gradients |
//! | [`minimize_bounded`] | L-BFGS-B: each variable between two bounds |
//! | [`minimize_newton_cg`] | Newton's method, from products with the Hessian too |
//!
//! The function and its gradient are array code on any backend. The variables, the gradient and what a method remembers stay
//! on the device; the host gets the value of the function and the lengths and products of vectors that it decides by.
//!
//! Rosenbrock's function of ten variables, whose minimum is where all are 1:
//!
//! ```
//! use xp::models::optimize::{Lbfgs, minimize};
//! use xp::prelude::*;
//!
//! fn rosenbrock<B: Backend, T: Float>(x: &Array<B, T, Ix1>) -> xp::models::Result<(f64, Array<B, T, Ix1>)> {
//!     let (n, c) = (x.size(), T::from_f64);
//!     let (left, right) = (x.slice(s![..n - 1])?, x.slice(s![1..])?);
//!     let e = (right.lazy() - left.lazy().square()).try_eval()?;
//!     let value = (e.lazy().square() * c(100.0) + (left.lazy() - c(1.0)).square()).sum(..).try_eval()?.item()?;
//!     // What x[i] is to the left of x[i + 1], and to the right of x[i - 1].
//!     let mut gradient = x.zeros_like()?;
//!     gradient.set(s![..n - 1], (e.lazy() * &left * c(-400.0) + (left.lazy() - c(1.0)) * c(2.0)).try_eval()?)?;
//!     let right = (gradient.slice(s![1..])?.lazy() + e.lazy() * c(200.0)).try_eval()?;
//!     gradient.set(s![1..], right)?;
//!     Ok((value.to_f64(), gradient))
//! }
//!
//! let start = Array::from_vec(&Cpu, [-1.2, 1.0].repeat(5), [10])?;
//! let found = minimize(rosenbrock, &start, &Lbfgs::new().gtol(1e-9).ftol(0.0))?;
//! assert!(found.success() && found.nit < 100);
//! assert!(found.x.to_vec().iter().all(|x| (x - 1.0).abs() < 1e-9));
//! # Ok::<(), xp::models::Error>(())
//! ```

mod bounded;
mod lbfgs;
mod lbfgsb;
mod line_search;
mod newton_cg;

use xp_core::{Array, Backend, Float, Ix1};

use crate::progress::Outcome;
use crate::{Error, Result};

pub(crate) use bounded::Bounded;
pub use lbfgs::{Lbfgs, minimize};
pub use lbfgsb::minimize_bounded;
pub(crate) use lbfgsb::{BoundedMinimum, minimize_few};
pub use newton_cg::{NewtonCg, minimize_newton_cg};

/// What a minimisation has found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OptimizeResult<B: Backend, T: Float> {
    /// The variables.
    pub x: Array<B, T, Ix1>,
    /// The value of the function there.
    pub fun: f64,
    /// Its gradient there.
    pub jac: Array<B, T, Ix1>,
    /// The number of iterations.
    pub nit: usize,
    /// How often the function and its gradient were evaluated.
    pub nfev: usize,
    /// How it ended.
    pub outcome: Outcome,
}

impl<B: Backend, T: Float> OptimizeResult<B, T> {
    /// Whether the tolerance that was asked for is reached.
    #[must_use]
    pub fn success(&self) -> bool {
        self.outcome == Outcome::Converged
    }
}

/// The variables, and the function and its gradient there.
struct Point<B: Backend, T: Float> {
    x: Array<B, T, Ix1>,
    f: f64,
    g: Array<B, T, Ix1>,
}

impl<B: Backend, T: Float> Point<B, T> {
    /// Evaluates the function.
    fn at(fun: &mut impl FnMut(&Array<B, T, Ix1>) -> Result<(f64, Array<B, T, Ix1>)>, x: Array<B, T, Ix1>) -> Result<Self> {
        let (f, g) = fun(&x)?;
        if g.dims() != x.dims() {
            return Err(Error::shape("gradient", g.dims(), format!("the shape of the variables, {:?}", x.dims())));
        }
        Ok(Point { x, f, g })
    }

    /// Evaluates the function at the start, where it must have a value.
    fn start(fun: &mut impl FnMut(&Array<B, T, Ix1>) -> Result<(f64, Array<B, T, Ix1>)>, x0: &Array<B, T, Ix1>) -> Result<Self> {
        crate::check::finite("x0", x0)?;
        let start = Point::at(fun, x0.clone())?;
        if !start.f.is_finite() {
            return Err(Error::value("fun", format!("{} at the start", start.f), "a finite number"));
        }
        crate::check::finite("gradient", &start.g)?;
        Ok(start)
    }

    /// The largest magnitude in the gradient.
    fn steepest(&self) -> Result<f64> {
        if self.g.is_empty() {
            return Ok(0.0);
        }
        Ok(self.g.lazy().abs().max(..).try_eval()?.item()?.to_f64())
    }

    fn result(self, nit: usize, nfev: usize, outcome: Outcome) -> OptimizeResult<B, T> {
        OptimizeResult { x: self.x, fun: self.f, jac: self.g, nit, nfev, outcome }
    }
}

/// The sum of products of two vectors, on the host.
fn dot<B: Backend, T: Float>(a: &Array<B, T, Ix1>, b: &Array<B, T, Ix1>) -> Result<f64> {
    Ok((a.lazy() * b).sum(..).try_eval()?.item()?.to_f64())
}

/// `a + t b`.
fn moved<B: Backend, T: Float>(a: &Array<B, T, Ix1>, t: f64, b: &Array<B, T, Ix1>) -> Result<Array<B, T, Ix1>> {
    Ok((a.lazy() + b.lazy() * T::from_f64(t)).try_eval()?)
}

/// Fails for a tolerance that is negative or NaN.
pub(crate) fn tolerance(name: &'static str, value: f64) -> Result<()> {
    if value >= 0.0 { Ok(()) } else { Err(Error::value(name, value, "a number that is not negative")) }
}
