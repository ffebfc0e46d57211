//! Newton's method with the exact Hessian and its Cholesky factor: scikit-learn's `newton-cholesky`.

use xp_core::linalg::{LinalgError, Lower, cho_solve, cholesky};
use xp_core::{Array, Float, Ix1, Ix2, Linalg};

use crate::Result;
use crate::optimize::{OptimizeResult, minimize};
use crate::progress::Outcome;
pub(super) use crate::progress::{Stop, stop_setters};

type Vector<B, T> = Array<B, T, Ix1>;

/// Minimises a function by Newton's method: its value and gradient, and its Hessian. It has converged when no element of the
/// gradient is above `tol` and half the square of Newton's decrement is not either. Where the Hessian is not positive definite or
/// no step along the direction makes the function smaller, it goes on by L-BFGS, as in scikit-learn.
pub(super) fn newton_cholesky<B: Linalg<T>, T: Float>(
    mut fun: impl FnMut(&Vector<B, T>) -> Result<(f64, Vector<B, T>)>,
    mut hessian: impl FnMut(&Vector<B, T>) -> Result<Array<B, T, Ix2>>,
    x0: &Vector<B, T>,
    stop: &Stop,
) -> Result<OptimizeResult<B, T>> {
    let watch = stop.callback.start();
    let size = |g: &Vector<B, T>| -> Result<(f64, f64)> {
        let number = |x: T| x.to_f64();
        Ok((number(g.lazy().abs().max(..).try_eval()?.item()?), number(g.lazy().abs().sum(..).try_eval()?.item()?)))
    };
    let mut x = x0.clone();
    let (mut f, mut g) = fun(&x)?;
    let mut nfev = 1;
    for nit in 1..=stop.max_iter {
        let mut better = None;
        if let Some(d) = step(&hessian(&x)?, &g)? {
            let slope = (g.lazy() * &d).sum(..).try_eval()?.item()?.to_f64();
            let before = size(&g)?.1;
            // Halving until the function is smaller, or, where that is lost in rounding, its gradient.
            let mut t = 1.0;
            for _ in 0..if slope <= 0.0 { 21 } else { 0 } {
                let next = (x.lazy() + d.lazy() * T::from_f64(t)).try_eval()?;
                let (value, gradient) = fun(&next)?;
                nfev += 1;
                let level = (value - f).abs() <= 16.0 * T::EPSILON.to_f64() * f.abs();
                if value - f <= t * slope / 2048.0 || (level && size(&gradient)?.1 < before) {
                    better = Some((next, value, gradient, -0.5 * slope));
                    break;
                }
                t *= 0.5;
            }
            if better.is_none() && slope <= 0.0 && 0.5 * -slope <= stop.tol && size(&g)?.0 <= stop.tol {
                return Ok(OptimizeResult { x, fun: f, jac: g, nit, nfev, outcome: Outcome::Converged });
            }
        }
        let Some((next, value, gradient, decrement)) = better else {
            let rest = minimize(fun, &x, &stop.lbfgs(nit - 1))?;
            return Ok(OptimizeResult { nit: nit - 1 + rest.nit, nfev: nfev + rest.nfev, ..rest });
        };
        (x, f, g) = (next, value, gradient);
        let stopped = watch.stops(nit, f);
        let outcome = match () {
            () if size(&g)?.0 <= stop.tol && decrement <= stop.tol => Outcome::Converged,
            () if stopped => Outcome::Stopped,
            () if nit == stop.max_iter => Outcome::Limit,
            () => continue,
        };
        return Ok(OptimizeResult { x, fun: f, jac: g, nit, nfev, outcome });
    }
    Ok(OptimizeResult { x, fun: f, jac: g, nit: 0, nfev, outcome: Outcome::Limit })
}

/// The solution of `hessian d = -g`, if the matrix is positive definite beyond rounding.
fn step<B: Linalg<T>, T: Float>(hessian: &Array<B, T, Ix2>, g: &Vector<B, T>) -> Result<Option<Vector<B, T>>> {
    match cholesky(hessian, Lower) {
        Ok(factor) => {
            // What is left of each variable beside those before it.
            let (pivots, diagonal) = (factor.diagonal(0)?, hessian.diagonal(0)?);
            let left = pivots.lazy().square() - diagonal.lazy() * (T::EPSILON * T::from_f64(4.0));
            let definite = left.greater(T::ZERO).all(..).try_eval()?.item()?;
            Ok(if definite { Some(cho_solve(&factor, &-g)?) } else { None })
        }
        Err(xp_core::Error::Linalg(LinalgError::NotPositiveDefinite { .. })) => Ok(None),
        Err(e) => Err(e.into()),
    }
}
