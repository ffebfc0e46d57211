//! L-BFGS.

use core::ops::ControlFlow;
use std::collections::VecDeque;

use xp_core::{Array, Backend, Float, Ix0, Ix1};

use super::line_search::{Conditions, LineSearch, Task};
use super::{OptimizeResult, Point, dot, moved, tolerance};
use crate::progress::{Callback, Outcome, Progress};
use crate::{Error, Result};

/// Options of [`minimize`] and [`minimize_bounded`](super::minimize_bounded), with the names and defaults of SciPy's `L-BFGS-B`.
#[derive(Clone, Debug)]
pub struct Lbfgs {
    pub(super) maxcor: usize,
    ftol: f64,
    pub(super) gtol: f64,
    maxiter: usize,
    maxfun: usize,
    pub(super) maxls: usize,
    pub(super) callback: Callback,
}

impl Default for Lbfgs {
    fn default() -> Self {
        Lbfgs { maxcor: 10, ftol: 1e7 * f64::EPSILON, gtol: 1e-5, maxiter: 15_000, maxfun: 15_000, maxls: 20, callback: Callback::default() }
    }
}

impl Lbfgs {
    /// SciPy's defaults: the options below say which.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many steps are remembered; 10 by default.
    #[must_use]
    pub fn maxcor(mut self, steps: usize) -> Self {
        self.maxcor = steps;
        self
    }

    /// It has converged when an iteration makes the function smaller by no more than this part of the larger of its values and
    /// 1; `2.22e-9` by default.
    #[must_use]
    pub fn ftol(mut self, ftol: f64) -> Self {
        self.ftol = ftol;
        self
    }

    /// It has converged when no element of the gradient is larger; `1e-5` by default.
    #[must_use]
    pub fn gtol(mut self, gtol: f64) -> Self {
        self.gtol = gtol;
        self
    }

    /// The largest number of iterations; 15000 by default.
    #[must_use]
    pub fn maxiter(mut self, iterations: usize) -> Self {
        self.maxiter = iterations;
        self
    }

    /// No iteration begins after more evaluations of the function; 15000 by default.
    #[must_use]
    pub fn maxfun(mut self, evaluations: usize) -> Self {
        self.maxfun = evaluations;
        self
    }

    /// The largest number of evaluations along one direction; 20 by default.
    #[must_use]
    pub fn maxls(mut self, evaluations: usize) -> Self {
        self.maxls = evaluations;
        self
    }

    /// A function that is told of every iteration, and may stop.
    #[must_use]
    pub fn callback(self, callback: impl Fn(&Progress) -> ControlFlow<()> + Send + Sync + 'static) -> Self {
        self.watched_by(Callback::new(callback))
    }

    pub(crate) fn watched_by(mut self, callback: Callback) -> Self {
        self.callback = callback;
        self
    }

    pub(super) fn validate(&self) -> Result<()> {
        tolerance("ftol", self.ftol)?;
        tolerance("gtol", self.gtol)?;
        for (name, value) in [("maxcor", self.maxcor), ("maxls", self.maxls)] {
            if value == 0 {
                return Err(Error::value(name, 0, "at least 1"));
            }
        }
        Ok(())
    }

    pub(super) fn conditions(&self, eps: f64) -> Conditions {
        Conditions { decrease: 1e-3, curvature: 0.9, width: 0.1, longest: 1e10, rounding: 8.0 * eps }
    }

    /// Whether it ends after an iteration, in the order of SciPy's tests.
    pub(super) fn ends(&self, nit: usize, nfev: usize, steepest: f64, before: f64, after: f64) -> Option<Outcome> {
        match () {
            () if nit >= self.maxiter || nfev > self.maxfun => Some(Outcome::Limit),
            () if steepest <= self.gtol => Some(Outcome::Converged),
            () if before - after <= self.ftol * before.abs().max(after.abs()).max(1.0) => Some(Outcome::Converged),
            () => None,
        }
    }
}

/// A step, the change of the gradient along it, and the inverse of their product.
struct Pair<B: Backend, T: Float> {
    s: Array<B, T, Ix1>,
    y: Array<B, T, Ix1>,
    rho: f64,
}

/// Finds a minimum of a smooth function by L-BFGS, from `x0` on. `fun` gives the value and the gradient.
///
/// It is SciPy's `minimize(fun, x0, jac=True, method="L-BFGS-B")` without bounds: the direction is `-H g`, where `H` is the
/// approximation of the inverse Hessian that the last `maxcor` steps give (Nocedal 1980, "Updating quasi-Newton matrices with
/// limited storage"), and the step is that of a line search by Moré and Thuente, with the sufficient decrease `1e-3` and the
/// curvature `0.9`. Where the line search fails, the steps are forgotten and it goes on along the gradient. Beyond SciPy, a step
/// that no longer changes the function by more than rounding is judged by its slope (Hager and Zhang 2005).
///
/// An iteration costs, beside evaluations, `4 maxcor` passes over vectors as long as `x0`.
///
/// # Errors
/// [`Error::Value`] for options out of range and for a function that is not finite at the start, [`Error::NonFinite`] for its
/// gradient, [`Error::Shape`] for a gradient of another shape; what `fun` fails with.
///
/// ```
/// use xp::models::optimize::{Lbfgs, minimize};
/// use xp::prelude::*;
///
/// // (x - 3)^2 + (y + 1)^4, far from its minimum.
/// let fun = |v: &Array<Cpu, f64, Ix1>| {
///     let (x, y) = (v[[0]] - 3.0, v[[1]] + 1.0);
///     Ok((x * x + y.powi(4), array![2.0 * x, 4.0 * y.powi(3)]))
/// };
/// let found = minimize(fun, &array![50.0, 20.0], &Lbfgs::new())?;
/// assert!(found.success() && found.fun < 1e-6);
/// assert!((found.x[[0]] - 3.0).abs() < 1e-5 && (found.x[[1]] + 1.0).abs() < 0.03);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn minimize<B: Backend, T: Float>(
    mut fun: impl FnMut(&Array<B, T, Ix1>) -> Result<(f64, Array<B, T, Ix1>)>,
    x0: &Array<B, T, Ix1>,
    options: &Lbfgs,
) -> Result<OptimizeResult<B, T>> {
    options.validate()?;
    let watch = options.callback.start();
    let mut now = Point::start(&mut fun, x0)?;
    let (mut nit, mut nfev) = (0, 1);
    if now.steepest()? <= options.gtol {
        return Ok(now.result(nit, nfev, Outcome::Converged));
    }
    let mut memory: VecDeque<Pair<B, T>> = VecDeque::new();
    loop {
        let d = direction(&memory, &now.g)?;
        let slope = dot(&now.g, &d)?;
        let step = if nit == 0 { (1.0 / dot(&d, &d)?.sqrt()).min(1e10) } else { 1.0 };
        let mut search = LineSearch::new(options.conditions(T::EPSILON.to_f64()), now.f, slope, step);
        let mut taken = None;
        for _ in 0..if slope < 0.0 { options.maxls } else { 0 } {
            let next = Point::at(&mut fun, moved(&now.x, search.step(), &d)?)?;
            nfev += 1;
            let left = dot(&next.g, &d)?;
            if search.next(next.f, left) == Task::Take {
                taken = (search.step() > 0.0).then_some((next, left));
                break;
            }
        }
        let Some((next, left)) = taken else {
            if memory.is_empty() {
                return Ok(now.result(nit, nfev, Outcome::Stalled));
            }
            memory.clear();
            continue;
        };
        nit += 1;
        // The curvature along the step must show beside rounding.
        let step = search.step();
        let curvature = (left - slope) * step;
        if curvature > f64::EPSILON * -slope * step {
            if memory.len() == options.maxcor {
                memory.pop_front();
            }
            let (s, y) = ((d.into_lazy() * T::from_f64(step)).try_eval()?, (next.g.lazy() - &now.g).try_eval()?);
            memory.push_back(Pair { s, y, rho: 1.0 / curvature });
        }
        let before = core::mem::replace(&mut now, next).f;
        let stopped = watch.stops(nit, now.f);
        if let Some(outcome) = options.ends(nit, nfev, now.steepest()?, before, now.f) {
            return Ok(now.result(nit, nfev, outcome));
        }
        if stopped {
            return Ok(now.result(nit, nfev, Outcome::Stopped));
        }
    }
}

/// `-H g` by the two loops over the pairs. Their products stay on the device.
fn direction<B: Backend, T: Float>(memory: &VecDeque<Pair<B, T>>, g: &Array<B, T, Ix1>) -> Result<Array<B, T, Ix1>> {
    let product = |a: &Array<B, T, Ix1>, b: &Array<B, T, Ix1>, rho: f64| -> Result<Array<B, T, Ix0>> {
        Ok(((a.lazy() * b).sum(..).try_eval()?.into_lazy() * T::from_f64(rho)).try_eval()?)
    };
    let mut q = -g;
    let mut parts = Vec::with_capacity(memory.len());
    for pair in memory.iter().rev() {
        let part = product(&pair.s, &q, pair.rho)?;
        q = (q.into_lazy() - pair.y.lazy() * &part).try_eval()?;
        parts.push(part);
    }
    if let Some(newest) = memory.back() {
        // sᵀy / yᵀy of the newest pair.
        q = (q.into_lazy() * T::from_f64(1.0 / (newest.rho * dot(&newest.y, &newest.y)?))).try_eval()?;
    }
    for (pair, part) in memory.iter().zip(parts.iter().rev()) {
        let other = product(&pair.y, &q, pair.rho)?;
        q = (q.into_lazy() + pair.s.lazy() * (part.lazy() - &other)).try_eval()?;
    }
    Ok(q)
}
