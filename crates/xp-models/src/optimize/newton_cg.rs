//! Newton's method with conjugate gradients.

use core::ops::ControlFlow;

use xp_core::{Array, Backend, Float, Ix1};

use super::line_search::{Conditions, LineSearch, Task};
use super::{OptimizeResult, Point, dot, moved, tolerance};
use crate::progress::{Callback, Outcome, Progress};
use crate::{Error, Result};

/// Options of [`minimize_newton_cg`], with the names and defaults of SciPy's `Newton-CG`.
#[derive(Clone, Debug)]
pub struct NewtonCg {
    xtol: f64,
    gtol: f64,
    maxiter: Option<usize>,
    callback: Callback,
}

impl Default for NewtonCg {
    fn default() -> Self {
        NewtonCg { xtol: 1e-5, gtol: 0.0, maxiter: None, callback: Callback::default() }
    }
}

impl NewtonCg {
    /// SciPy's defaults: the options below say which.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// It has converged when an iteration moves the variables by no more than this on average; `1e-5` by default.
    #[must_use]
    pub fn xtol(mut self, xtol: f64) -> Self {
        self.xtol = xtol;
        self
    }

    /// It has also converged when no element of the gradient is larger; 0 by default.
    #[must_use]
    pub fn gtol(mut self, gtol: f64) -> Self {
        self.gtol = gtol;
        self
    }

    /// The largest number of iterations; 200 for each variable by default.
    #[must_use]
    pub fn maxiter(mut self, iterations: usize) -> Self {
        self.maxiter = Some(iterations);
        self
    }

    /// A function that is told of every iteration, and may stop.
    #[must_use]
    pub fn callback(mut self, callback: impl Fn(&Progress) -> ControlFlow<()> + Send + Sync + 'static) -> Self {
        self.callback = Callback::new(callback);
        self
    }
}

/// The line search of SciPy's `line_search_wolfe1`, with its constants for this method.
fn conditions(eps: f64) -> Conditions {
    Conditions { decrease: 1e-4, curvature: 0.9, width: 1e-14, longest: 1e10, rounding: 8.0 * eps }
}

/// The most evaluations along one direction, as in SciPy.
const MAXLS: usize = 100;

/// Finds a minimum of a smooth function by Newton's method, from `x0` on, without its Hessian matrix: the equations for the
/// step are solved by conjugate gradients, as far as is worth it. `fun` gives the value and the gradient, `hessp` the product
/// of the Hessian at its first argument and the vector that is its second.
///
/// It is SciPy's `minimize(fun, x0, jac=True, hessp=hessp, method="Newton-CG")` (Nocedal and Wright, "Numerical optimization",
/// chapter 7.1): the conjugate gradients end at `min(1/2, sqrt |g|) |g|`, in the 1-norm, or where the curvature is negative, and
/// the step is that of a line search by Moré and Thuente.
///
/// # Errors
/// As for [`minimize`](super::minimize); what `hessp` fails with.
///
/// ```
/// use xp::models::Result;
/// use xp::models::optimize::{NewtonCg, minimize_newton_cg};
/// use xp::prelude::*;
///
/// // A convex function, the sum of cosh(x_i) - b_i x_i, whose minimum is at asinh(b_i).
/// let b = array![0.5, -3.0, 100.0];
/// let fun = |x: &Array<Cpu, f64, Ix1>| -> Result<_> {
///     let value: f64 = (x.cosh() - x * &b).sum(..).item()?;
///     Ok((value, (x.lazy().sinh() - &b).eval()))
/// };
/// let hessp = |x: &Array<Cpu, f64, Ix1>, p: &Array<Cpu, f64, Ix1>| -> Result<_> { Ok((x.lazy().cosh() * p).eval()) };
/// let found = minimize_newton_cg(fun, hessp, &array![0.0, 0.0, 0.0], &NewtonCg::new().xtol(1e-10))?;
/// assert!(found.success());
/// assert!(found.x.to_vec().iter().zip(b.asinh().to_vec()).all(|(x, b)| (x - b).abs() < 1e-9));
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn minimize_newton_cg<B: Backend, T: Float>(
    mut fun: impl FnMut(&Array<B, T, Ix1>) -> Result<(f64, Array<B, T, Ix1>)>,
    mut hessp: impl FnMut(&Array<B, T, Ix1>, &Array<B, T, Ix1>) -> Result<Array<B, T, Ix1>>,
    x0: &Array<B, T, Ix1>,
    options: &NewtonCg,
) -> Result<OptimizeResult<B, T>> {
    tolerance("xtol", options.xtol)?;
    tolerance("gtol", options.gtol)?;
    let watch = options.callback.start();
    let n = x0.size();
    let maxiter = options.maxiter.unwrap_or(200 * n);
    let mut now = Point::start(&mut fun, x0)?;
    let (mut nit, mut nfev) = (0, 1);
    loop {
        if now.steepest()? <= options.gtol {
            return Ok(now.result(nit, nfev, Outcome::Converged));
        }
        if nit >= maxiter {
            return Ok(now.result(nit, nfev, Outcome::Limit));
        }
        let d = newton_step(&now, &mut hessp)?;
        let slope = dot(&now.g, &d)?;
        let mut search = LineSearch::new(conditions(T::EPSILON.to_f64()), now.f, slope, 1.0);
        let mut taken = None;
        for _ in 0..if slope < 0.0 { MAXLS } else { 0 } {
            let next = Point::at(&mut fun, moved(&now.x, search.step(), &d)?)?;
            nfev += 1;
            let left = dot(&next.g, &d)?;
            if search.next(next.f, left) == Task::Take {
                taken = (search.step() > 0.0).then_some(next);
                break;
            }
        }
        let Some(next) = taken else {
            return Ok(now.result(nit, nfev, Outcome::Stalled));
        };
        nit += 1;
        now = next;
        let moved = d.lazy().abs().sum(..).try_eval()?.item()?.to_f64() * search.step();
        let stopped = watch.stops(nit, now.f);
        if moved <= options.xtol * n as f64 {
            return Ok(now.result(nit, nfev, Outcome::Converged));
        }
        if stopped {
            return Ok(now.result(nit, nfev, Outcome::Stopped));
        }
    }
}

/// A solution of `H d = -g` by conjugate gradients, to a tolerance that follows the gradient.
fn newton_step<B: Backend, T: Float>(
    now: &Point<B, T>,
    hessp: &mut impl FnMut(&Array<B, T, Ix1>, &Array<B, T, Ix1>) -> Result<Array<B, T, Ix1>>,
) -> Result<Array<B, T, Ix1>> {
    let size = |v: &Array<B, T, Ix1>| -> Result<f64> { Ok(v.lazy().abs().sum(..).try_eval()?.item()?.to_f64()) };
    let steep = size(&now.g)?;
    let enough = steep.sqrt().min(0.5) * steep;
    let mut d = now.g.zeros_like()?;
    let mut r = now.g.clone();
    let mut p = -&now.g;
    let mut rr = dot(&r, &r)?;
    for i in 0..20 * now.g.size() {
        if size(&r)? <= enough {
            break;
        }
        let hp = hessp(&now.x, &p)?;
        if hp.dims() != p.dims() {
            return Err(Error::shape("hessp", hp.dims(), format!("the shape of the variables, {:?}", p.dims())));
        }
        let curvature = dot(&p, &hp)?;
        // Relative to the direction, so that it does not matter how near the minimum is.
        if curvature.abs() <= 3.0 * f64::EPSILON * dot(&p, &p)? || !curvature.is_finite() {
            if i == 0 {
                d = p;
            }
            break;
        }
        if curvature < 0.0 {
            if i == 0 {
                d = moved(&d, rr / -curvature, &p)?;
            }
            break;
        }
        let step = rr / curvature;
        d = moved(&d, step, &p)?;
        r = moved(&r, step, &hp)?;
        let left = dot(&r, &r)?;
        p = (p.into_lazy() * T::from_f64(left / rr) - &r).try_eval()?;
        rr = left;
    }
    Ok(d)
}
