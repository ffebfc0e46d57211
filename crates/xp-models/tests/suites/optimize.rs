//! Minimisation.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use xp_core::{Array, Backend, Float, Ix1, s};
use xp_models::Result;
use xp_models::optimize::{Lbfgs, NewtonCg, minimize, minimize_newton_cg};
use xp_models::progress::Outcome;

use super::golden::*;

type Vector<B, T> = Array<B, T, Ix1>;

/// A function of the golden file and its gradient.
fn function<B: Backend, T: Float>(name: &str, x: &Vector<B, T>) -> Result<(f64, Vector<B, T>)> {
    let (n, c) = (x.size(), T::from_f64);
    let numbers = |f: fn(i32) -> f64| array(x.device(), &(0..n as i32).map(|i| c(f(i))).collect::<Vec<_>>(), [n]);
    let (value, gradient) = match name {
        "rosenbrock" => {
            let (left, right) = (x.slice(s![..n as isize - 1])?, x.slice(s![1..])?);
            let e = (right.lazy() - left.lazy().square()).try_eval()?;
            let value = (e.lazy().square() * c(100.0) + (left.lazy() - c(1.0)).square()).sum(..).try_eval()?;
            let mut gradient = x.zeros_like()?;
            gradient.set(s![..n as isize - 1], (e.lazy() * &left * c(-400.0) + (left.lazy() - c(1.0)) * c(2.0)).try_eval()?)?;
            let right = (gradient.slice(s![1..])?.lazy() + e.lazy() * c(200.0)).try_eval()?;
            gradient.set(s![1..], right)?;
            (value, gradient)
        }
        "cosh" => {
            let b = numbers(|i| f64::from(i) - 1.5);
            ((x.lazy().cosh() - x.lazy() * &b).sum(..).try_eval()?, (x.lazy().sinh() - &b).try_eval()?)
        }
        "quartic" => {
            // x0^4 / 4 and 10^i xi^2 / 2.
            let (scales, first) = (numbers(|i| if i == 0 { 0.0 } else { 10f64.powi(i) }), numbers(|i| f64::from(i == 0)));
            let value = ((x.lazy().square() * &scales) * c(0.5) + (x.lazy().square() * &first).square() * c(0.25)).sum(..).try_eval()?;
            (value, (x.lazy() * &scales + x.lazy().square() * x * &first).try_eval()?)
        }
        _ => panic!("{name}"),
    };
    Ok((value.item()?.to_f64(), gradient))
}

/// The Hessian of Rosenbrock's function or of the sum of hyperbolic cosines, times a vector.
fn product<B: Backend, T: Float>(name: &str, x: &Vector<B, T>, p: &Vector<B, T>) -> Result<Vector<B, T>> {
    if name == "cosh" {
        return Ok((x.lazy().cosh() * p).try_eval()?);
    }
    let (n, c) = (x.size() as isize, T::from_f64);
    let (left, right) = (x.slice(s![..n - 1])?, x.slice(s![1..])?);
    let (before, after) = (p.slice(s![..n - 1])?, p.slice(s![1..])?);
    let mut out = p.zeros_like()?;
    let diagonal = left.lazy().square() * c(1200.0) - right.lazy() * c(400.0) + c(2.0);
    out.set(s![..n - 1], (diagonal * &before - left.lazy() * &after * c(400.0)).try_eval()?)?;
    let rest = (out.slice(s![1..])?.lazy() + after.lazy() * c(200.0) - left.lazy() * &before * c(400.0)).try_eval()?;
    out.set(s![1..], rest)?;
    Ok(out)
}

/// The same minima as SciPy's, in about as many steps, since the rules are the same.
pub fn agrees_with_scipy<B: Backend>(device: &B) {
    let golden = Golden::open("optimize");
    for case in golden.cases() {
        let (what, function_name) = (name(case), case["function"].as_str().unwrap());
        let start = table(&case["start"]).array::<B, f64, Ix1>(device);
        let option = |key: &str| case["params"].get(key).map(number);
        let fun = |x: &Vector<B, f64>| function(function_name, x);
        let found = if case["name"] == "lbfgs" {
            let mut options = Lbfgs::new();
            options = option("ftol").map_or(options.clone(), |v| options.ftol(v));
            options = option("gtol").map_or(options.clone(), |v| options.gtol(v));
            options = option("maxcor").map_or(options.clone(), |v| options.maxcor(v as usize));
            options = option("maxiter").map_or(options.clone(), |v| options.maxiter(v as usize));
            minimize(fun, &start, &options).unwrap()
        } else {
            let options = NewtonCg::new().xtol(option("xtol").unwrap());
            minimize_newton_cg(fun, |x, p| product(function_name, x, p), &start, &options).unwrap()
        };
        let expected = &case["expected"];
        println!("{what}: {} {} {}, SciPy {} {} {}", found.nit, found.nfev, found.outcome, expected["nit"], expected["nfev"], expected["success"]);
        // Newton's last step may be lost in the rounding of the function, where its gradient is rounding too.
        let stalled = case["name"] == "newton_cg" && found.outcome == Outcome::Stalled && values(&found.jac).iter().all(|g| g.abs() < 1e-6);
        assert_eq!(Value::from(found.success() || stalled), expected["success"], "{what}: {}", found.outcome);
        let (nit, nfev) = (number(&expected["nit"]), number(&expected["nfev"]));
        assert!((found.nit as f64 - nit).abs() <= 2.0 + 0.15 * nit, "{what}: {} iterations, SciPy {nit}", found.nit);
        assert!((found.nfev as f64 - nfev).abs() <= 4.0 + 0.2 * nfev, "{what}: {} evaluations, SciPy {nfev}", found.nfev);
        if !found.success() && !stalled {
            assert_eq!((found.outcome, found.nit), (Outcome::Limit, 4));
        }
        // At the same number of steps the same point; after many steps both are at the minimum, within the tolerance.
        let few = nit <= 12.0 && found.nit as f64 == nit;
        let tolerance = if few { 1e-9 } else { 1e-3 };
        if few || function_name != "quartic" {
            assert_near::<f64>(&values(&found.x), &table(&expected["x"]).data, tolerance / f64::EPSILON, &what);
        } else {
            // The fourth power is flat about its minimum.
            assert!(values(&found.x).iter().all(|x| x.abs() < 0.05), "{what}: {:?}", values(&found.x));
        }
        assert_eq!(values(&found.jac), values(&function(function_name, &found.x).unwrap().1), "{what}: the gradient at the end");
    }
}

/// The gradient vanishes at the minimum, to what the dtype can show.
pub fn minima_are_found<T: Float, B: Backend>(device: &B) {
    let eps = T::EPSILON.to_f64();
    let gradient = |name: &str, x: &Vector<B, T>| values(&function(name, x).unwrap().1).iter().fold(0.0f64, |m, g| m.max(g.abs()));
    let start = array(device, &[-1.2, 1.0, -1.2, 1.0].map(T::from_f64), [4]);
    let found = minimize(|x| function("rosenbrock", x), &start, &Lbfgs::new().ftol(0.0).gtol(1e4 * eps)).unwrap();
    assert!(found.success() || found.outcome == Outcome::Stalled, "{}", found.outcome);
    assert!(gradient("rosenbrock", &found.x) <= 1e5 * eps, "{:e}", gradient("rosenbrock", &found.x));
    assert_near::<T>(&values(&found.x), &[1.0; 4], 1e5, "Rosenbrock's minimum");

    let start = array(device, &[0.0; 5].map(T::from_f64), [5]);
    let minimum: Vec<f64> = (0..5).map(|i| (f64::from(i) - 1.5).asinh()).collect();
    let found = minimize(|x| function("cosh", x), &start, &Lbfgs::new().ftol(0.0).gtol(50.0 * eps)).unwrap();
    let ended = |outcome: Outcome| matches!(outcome, Outcome::Converged | Outcome::Stalled);
    assert!(ended(found.outcome), "{}", found.outcome);
    // Where the decrease is lost in rounding, the variables are known to its root.
    let units = 4.0 / eps.sqrt();
    assert_near::<T>(&values(&found.x), &minimum, units, "cosh by L-BFGS");
    let newton = NewtonCg::new().xtol(0.0).gtol(50.0 * eps);
    let found = minimize_newton_cg(|x| function("cosh", x), |x, p| product("cosh", x, p), &start, &newton).unwrap();
    assert!(ended(found.outcome) && found.nit < 30, "{} after {}", found.outcome, found.nit);
    assert_near::<T>(&values(&found.x), &minimum, units, "cosh by Newton-CG");

    // Where it starts at the minimum, there is nothing to do; nor is there without variables.
    let found = minimize(|x| function("cosh", x), &found.x, &Lbfgs::new().gtol(1e-3)).unwrap();
    assert_eq!((found.nit, found.nfev, found.outcome), (0, 1, Outcome::Converged));
    let none = array::<B, T, _>(device, &[], [0]);
    let found = minimize(|x| Ok((3.0, x.clone())), &none, &Lbfgs::new()).unwrap();
    assert_eq!((found.fun, found.nit, found.outcome), (3.0, 0, Outcome::Converged));
}

/// A callback sees every step, and ends the work.
pub fn callbacks_watch_and_stop<T: Float, B: Backend>(device: &B) {
    let start = array(device, &[-1.2, 1.0].map(T::from_f64), [2]);
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    let options = Lbfgs::new().callback(move |progress| {
        assert_eq!(progress.step, counter.fetch_add(1, Ordering::Relaxed) + 1);
        assert!(progress.score.is_finite());
        if progress.step == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let found = minimize(|x| function("rosenbrock", x), &start, &options).unwrap();
    assert_eq!((found.nit, found.outcome, seen.load(Ordering::Relaxed)), (5, Outcome::Stopped, 5));
    let before = function("rosenbrock", &start).unwrap().0;
    assert!(found.fun < before && found.fun == function("rosenbrock", &found.x).unwrap().0);
}

/// Functions that are no good are errors, or end the work with a reason.
pub fn bad_functions_are_refused<T: Float, B: Backend>(device: &B) {
    let start = array(device, &[1.0, 2.0].map(T::from_f64), [2]);
    let says = |result: Result<xp_models::optimize::OptimizeResult<B, T>>, part: &str| {
        let message = result.map(|_| ()).unwrap_err().to_string();
        assert!(message.contains(part), "`{message}` does not say `{part}`");
    };
    says(minimize(|x| Ok((0.0, x.slice(s![..1])?)), &start, &Lbfgs::new()), "[1] given");
    says(minimize(|x| Ok((f64::NAN, x.clone())), &start, &Lbfgs::new()), "NaN at the start");
    says(minimize(|x| Ok((0.0, x * T::INFINITY)), &start, &Lbfgs::new()), "gradient holds inf in row 0");
    says(minimize(|x| Ok((0.0, x.clone())), &(&start * T::NAN), &Lbfgs::new()), "x0 holds NaN");
    says(minimize(|x| function("cosh", x), &start, &Lbfgs::new().gtol(-1.0)), "gtol: -1 given");
    says(minimize(|x| function("cosh", x), &start, &Lbfgs::new().maxcor(0)), "maxcor: 0 given");
    says(minimize(|_| Err(xp_models::Error::Degenerate("no".into())), &start, &Lbfgs::new()), "no");
    // A gradient of the wrong sign: nothing gets better.
    let found = minimize(|x| function("cosh", x).map(|(f, g)| (f, -g)), &start, &Lbfgs::new()).unwrap();
    assert_eq!((found.outcome, found.nit), (Outcome::Stalled, 0));
    // A function that is infinite beyond a wall is minimised before it: x - log(1 - x) from -1 on has its minimum at 0.
    let wall = |x: &Vector<B, T>| {
        let x = x.lazy().try_eval()?;
        let rest = (-x.lazy() + T::ONE).try_eval()?;
        let value = (x.lazy().square() - rest.lazy().log()).sum(..).try_eval()?.item()?.to_f64();
        Ok((value, (x.lazy() * T::from_f64(2.0) + rest.lazy().reciprocal()).try_eval()?))
    };
    let found = minimize(wall, &array(device, &[T::from_f64(-50.0)], [1]), &Lbfgs::new().gtol(1e-4)).unwrap();
    // 2x (1 - x) + 1 = 0.
    assert!(found.success() && (values(&found.x)[0] - (1.0 - 3f64.sqrt()) / 2.0).abs() < 1e-3, "{:?}", values(&found.x));
}
