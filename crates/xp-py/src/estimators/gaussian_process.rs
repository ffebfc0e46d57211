//! Gaussian processes.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use xp_any::AnyDevice;
use xp_core::{Array, Dyn, Ix2};
use xp_models::Error;
use xp_models::gaussian_process::{GaussianProcessRegressor, Hyperparameter, Kernel};
use xp_models::progress::Outcome;

use super::Number;
use super::table::estimators;
use super::value::Value;
use crate::any::{Any, Arr, HOST, rank0};

/// A kernel: a tuple of its name and its parts, which are kernels, numbers, or numbers with bounds.
fn kernel(v: &Value<'_>) -> PyResult<Kernel> {
    let parts = v.parts()?;
    let Some(name) = parts.first() else { return Err(v.wrong("a kernel")) };
    let name: String = name.extract("the name of a kernel")?;
    let part = |at: usize| parts.get(at).ok_or_else(|| v.wrong("a kernel with its parts"));
    let number = |at: usize| part(at)?.float();
    let inner = |at: usize| kernel(part(at)?);
    let hyper = |at: usize| -> PyResult<Hyperparameter> {
        let (values, bounds): (Vec<f64>, Option<Vec<(f64, f64)>>) = part(at)?.extract("numbers and their bounds")?;
        let parameter = Hyperparameter::from(values);
        Ok(bounds.map_or_else(|| parameter.clone().fixed(), |bounds| parameter.clone().bounds_each(&bounds)))
    };
    Ok(match &*name {
        "constant" => Kernel::constant(hyper(1)?),
        "white" => Kernel::white(hyper(1)?),
        "rbf" => Kernel::rbf(hyper(1)?),
        "matern" => Kernel::matern(hyper(1)?, number(2)?),
        "rational_quadratic" => Kernel::rational_quadratic(hyper(1)?, hyper(2)?),
        "exp_sine_squared" => Kernel::exp_sine_squared(hyper(1)?, hyper(2)?),
        "dot_product" => Kernel::dot_product(hyper(1)?),
        "sum" => inner(1)? + inner(2)?,
        "product" => inner(1)? * inner(2)?,
        "power" => inner(1)?.pow(number(2)?),
        _ => return Err(PyValueError::new_err(format!("xp has no kernel {name:?} of Gaussian processes"))),
    })
}

/// What is asked for.
fn query<T: Number>(x: Option<Array<AnyDevice, T, Ix2>>) -> xp_models::Result<Array<AnyDevice, T, Ix2>> {
    x.ok_or_else(|| Error::Degenerate("samples are needed".into()))
}

/// Means, and how sure they are.
fn both<T: Number>((mean, more): (Arr<T>, Arr<T>)) -> Vec<Any> {
    vec![mean.into(), more.into()]
}

estimators! {
    GaussianProcessRegressor: GaussianProcessRegressor<AnyDevice, T, Dyn>, targets => {
        params {
            "kernel": |p, v| if v.is_none() { p } else { p.kernel(kernel(v)?) };
            "alpha": |p, v| match v.floats()?[..] { [alpha] => p.alpha(alpha), _ => p.alphas(&v.array("one number for each sample")?) };
            "optimizer": |p, v| p.optimize(v.flag()?);
            "n_restarts_optimizer": |p, v| p.n_restarts_optimizer(v.count()?);
            "normalize_y": |p, v| p.normalize_y(v.flag()?);
            "random_state": |p, v| p.seed(v.extract("a seed")?);
            "copy_X_train": |p, _| p;
            "n_targets": |p, _| p;
        }
        attributes {
            X_train |m| m.x_train();
            y_train |m| m.y_train();
            L |m| m.l();
            alpha |m| m.alpha();
            log_marginal_likelihood_value |m| m.log_marginal_likelihood();
            theta |m| m.kernel().theta();
            converged |m| m.outcome() == Outcome::Converged;
        }
        methods { predict }
        answers {
            predict_std |m, x, a| Ok(both(m.predict_std(&query(x)?)?));
            predict_cov |m, x, a| Ok(both(m.predict_cov(&query(x)?)?));
            log_marginal_likelihood |m, x, a| {
                let (value, gradient) = m.log_marginal_likelihood_gradient(a.all())?;
                let gradient = Arr::from_vec(&HOST, gradient, vec![a.all().len()])?;
                Ok(vec![rank0(&HOST, value)?.into(), gradient.into()])
            };
        }
    }
}
