//! GaussianProcessRegressor and its kernels.

use std::ops::ControlFlow;

use serde_json::Value;
use xp_core::{Array, Dim, Float, Ix1, Ix2, Linalg};
use xp_models::gaussian_process::{GaussianProcessRegressor, Hyperparameter, Kernel};
use xp_models::progress::Outcome;

use super::golden::*;

/// The kernel that a golden file describes.
fn kernel(spec: &Value) -> Kernel {
    let part = |i: usize| kernel(&spec[i]);
    let parameter = |i: usize| match spec[i].as_array() {
        Some(list) => Hyperparameter::from(list.iter().map(number).collect::<Vec<_>>()),
        None => number(&spec[i]).into(),
    };
    match spec[0].as_str().unwrap() {
        "sum" => part(1) + part(2),
        "product" => part(1) * part(2),
        "power" => part(1).pow(number(&spec[2])),
        "fixed" => Kernel::rbf(Hyperparameter::from(number(&spec[1][1])).fixed()),
        "constant" => Kernel::constant(parameter(1)),
        "white" => Kernel::white(parameter(1)),
        "rbf" => Kernel::rbf(parameter(1)),
        "matern" => Kernel::matern(parameter(1), number(&spec[2])),
        "rational_quadratic" => Kernel::rational_quadratic(parameter(1), parameter(2)),
        "exp_sine_squared" => Kernel::exp_sine_squared(parameter(1), parameter(2)),
        "dot_product" => Kernel::dot_product(parameter(1)),
        other => panic!("{other}"),
    }
}

pub fn agrees_with_scikit_learn<T: Float, B: Linalg<T>>(device: &B) {
    let golden = Golden::open("gaussian_process");
    for case in golden.cases() {
        let (x, query) = (golden.table(case, "x").array::<B, T, Ix2>(device), golden.table(case, "xq").array(device));
        let target = case["params"]["target"].as_str().unwrap();
        let y = golden.table(case, target);
        let alphas = golden.table(case, "alphas").array(device);
        match (case["name"].as_str().unwrap(), target) {
            ("fixed", "y") => fixed(case, &x, &y.array::<B, T, Ix1>(device), &query, &alphas),
            ("fixed", _) => fixed(case, &x, &y.array::<B, T, Ix2>(device), &query, &alphas),
            (_, "y") => searched(case, &x, &y.array::<B, T, Ix1>(device), &query),
            _ => searched(case, &x, &y.array::<B, T, Ix2>(device), &query),
        }
    }
}

fn fixed<B: Linalg<T>, T: Float, D: Dim>(
    case: &Value,
    x: &Array<B, T, Ix2>,
    y: &Array<B, T, D>,
    query: &Array<B, T, Ix2>,
    alphas: &Array<B, T, Ix1>,
) {
    let (given, expected, what) = (&case["params"], &case["expected"], name(case));
    let params = GaussianProcessRegressor::params().kernel(kernel(&given["kernel"])).optimize(false);
    let params = match given["alpha"].as_str() {
        Some(_) => params.alphas(alphas),
        None => params.alpha(number(&given["alpha"])),
    };
    let model = params.normalize_y(given["normalize_y"].as_bool().unwrap()).fit(x, y).unwrap();
    let theta = model.kernel().theta();
    assert_close::<f64>(&theta, &table(&expected["theta"]).data, &what);
    let bounds: Vec<f64> = model.kernel().bounds().iter().flat_map(|&(low, high)| [low, high]).collect();
    assert_close::<f64>(&bounds, &table(&expected["bounds"]).data, &what);
    assert_matches(model.alpha(), &expected["alpha"], &what);
    assert_matches(&model.predict(query).unwrap(), &expected["mean"], &what);
    let (mean, std) = model.predict_std(query).unwrap();
    assert_matches(&mean, &expected["mean"], &what);
    assert_matches(&std, &expected["std"], &what);
    let (mean, cov) = model.predict_cov(query).unwrap();
    assert_matches(&mean, &expected["mean"], &what);
    assert_matches(&cov, &expected["cov"], &what);
    let near = |actual: &[f64], key: &str| {
        let expected = expected[key].as_f64().map_or_else(|| table(&expected[key]).data, |one| vec![one]);
        assert_close::<T>(actual, &expected, &format!("{what}: {key}"));
    };
    near(&[model.log_marginal_likelihood()], "value");
    near(&[model.score(x, y).unwrap()], "score");
    let (value, gradient) = model.log_marginal_likelihood_gradient(&theta).unwrap();
    near(&[value], "value");
    near(&gradient, "gradient");
    let shifted: Vec<f64> = theta.iter().map(|t| t + 0.25).collect();
    let (value, gradient) = model.log_marginal_likelihood_gradient(&shifted).unwrap();
    near(&[value], "shifted_value");
    near(&gradient, "shifted_gradient");
    near(&[model.log_marginal_likelihood_at(&shifted).unwrap()], "shifted_value");
}

/// Searches end where no step makes the evidence larger by more than their tolerance.
fn searched<B: Linalg<T>, T: Float, D: Dim>(case: &Value, x: &Array<B, T, Ix2>, y: &Array<B, T, D>, query: &Array<B, T, Ix2>) {
    let (expected, what) = (&case["expected"], name(case));
    let model = GaussianProcessRegressor::params().kernel(kernel(&case["params"]["kernel"])).normalize_y(true).fit(x, y).unwrap();
    let value = number(&expected["value"]);
    let rounding = T::EPSILON.to_f64().max(1e-10);
    assert!((model.log_marginal_likelihood() - value).abs() < 100.0 * rounding * value.abs(), "{what}: {}", model.log_marginal_likelihood());
    // Where the evidence is flat, hyperparameters are known to the root of that.
    assert_near::<f64>(&values(&model.predict(query).unwrap()), &table(&expected["mean"]).data, 30.0 * rounding.sqrt() / f64::EPSILON, &what);
    assert!(rounding > 1e-8 || (model.converged() && model.n_iter() > 2), "{what}: {:?} after {}", model.outcome(), model.n_iter());
    let bounds = model.kernel().bounds();
    assert!(model.kernel().theta().iter().zip(&bounds).all(|(t, (low, high))| *low - 1e-9 <= *t && *t <= *high + 1e-9), "{what}");
}

/// The gradient of the evidence is its slope, by finite differences, for every kernel and a tree of all of them.
pub fn gradients_are_slopes<B: Linalg<f64>>(device: &B) {
    let x: Array<B, f64, Ix2> = dataset("iris.csv").0.rows(&(0..150).step_by(9).collect::<Vec<_>>()).array(device);
    let y = Table { shape: vec![17, 2], data: (0..34).map(|i| (f64::from(i) * 1.3).sin()).collect() }.array::<B, f64, Ix2>(device);
    let radial = Kernel::matern([1.0, 2.0, 0.7, 3.0], 1.5) * Kernel::matern(2.0, 0.5) + Kernel::matern([2.0, 1.0, 1.0, 1.0], 0.5) * 0.3;
    let smooth = Kernel::matern([1.0, 2.0, 0.7, 3.0], 2.5) * (Kernel::rbf([3.0, 1.0, 2.0, 2.0]) + Kernel::matern(1.5, f64::INFINITY)).pow(1.5);
    let others = Kernel::rational_quadratic(1.2, 0.8) * Kernel::dot_product(0.6) + Kernel::rbf(1.0) * Kernel::exp_sine_squared(0.9, 3.0);
    let kernel = radial + smooth + 0.1 * others + Kernel::white(1.1);
    let model = GaussianProcessRegressor::params().kernel(kernel).optimize(false).fit(&x, &y).unwrap();
    let theta = model.kernel().theta();
    let (value, gradient) = model.log_marginal_likelihood_gradient(&theta).unwrap();
    // The logarithms of hyperparameters give these back up to rounding.
    assert!((value - model.log_marginal_likelihood()).abs() < 1e-12 * value.abs(), "{value}, {}", model.log_marginal_likelihood());
    assert_eq!(gradient.len(), 27);
    for (i, slope) in gradient.iter().enumerate() {
        let at = |by: f64| {
            let mut moved = theta.clone();
            moved[i] += by;
            model.log_marginal_likelihood_at(&moved).unwrap()
        };
        let found = (8.0 * (at(1e-3) - at(-1e-3)) - (at(2e-3) - at(-2e-3))) / 12e-3;
        assert!((found - slope).abs() < 1e-8 * value.abs(), "hyperparameter {i}: {slope}, {found} by differences");
    }
}

/// Known answers, restarts, draws, files, and searches that are stopped.
pub fn known_answers<B: Linalg<f64>>(device: &B) {
    let (rows, c) = ((0..150).step_by(5).collect::<Vec<_>>(), |name: usize| dataset("iris.csv").0.data[name]);
    let column = |j: usize| rows.iter().map(|i| c(4 * i + j)).collect::<Vec<_>>();
    let x = Table { shape: vec![30, 3], data: rows.iter().flat_map(|i| [0, 1, 2].map(|j| c(4 * i + j))).collect() }.array::<B, f64, Ix2>(device);
    let y: Array<B, f64, Ix1> = array(device, &column(3), [30]);
    let kernel = 1.0 * Kernel::rbf(1.0) + Kernel::white(1.0);
    let params = GaussianProcessRegressor::params().kernel(kernel);
    let model = params.fit(&x, &y).unwrap();
    assert!((model.log_marginal_likelihood() + 3.790_581_723_5).abs() < 1e-8, "{}", model.log_marginal_likelihood());
    assert_eq!(model.kernel().to_string(), "1.08**2 * RBF(length_scale=2.74) + WhiteKernel(noise_level=0.0323)");

    // From a start where all is noise, restarts find what fits; the same seed finds the same.
    let noise = 1e-5 * Kernel::rbf(1e5) + Kernel::white(1e5);
    let lost = GaussianProcessRegressor::params().kernel(noise.clone()).fit(&x, &y).unwrap();
    let again = |seed| GaussianProcessRegressor::params().kernel(noise.clone()).n_restarts_optimizer(6).seed(seed).fit(&x, &y).unwrap();
    assert!(again(1).log_marginal_likelihood() >= lost.log_marginal_likelihood());
    assert!((again(1).log_marginal_likelihood() + 3.790_581_723_5).abs() < 1e-6, "{}", again(1).log_marginal_likelihood());
    assert_eq!(again(2).kernel().theta(), again(2).kernel().theta());

    let stopped = params.clone().callback(|p| if p.step == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }).fit(&x, &y).unwrap();
    assert_eq!((stopped.n_iter(), stopped.outcome()), (2, Outcome::Stopped));

    // Draws have the mean and the covariance of the process.
    let near = x.slice_axis(0, ..3).unwrap();
    let (mean, cov) = model.predict_cov(&near).unwrap();
    let draws = model.sample_y(&near, 20_000, 5).unwrap();
    assert_eq!(draws.dims(), [3, 20_000]);
    let found =
        xp_core::linalg::matmul(&(draws.lazy() - &mean.expand_dims(1).unwrap()).eval(), &(draws.lazy() - &mean.expand_dims(1).unwrap()).eval().t());
    assert_near::<f64>(&values(&(found.unwrap() / 20_000.0)), &values(&cov), 0.05 / f64::EPSILON, "covariance of draws");
    let both = xp_core::functions::stack(&[&y, &(y.lazy() * 10.0).eval()], 1).unwrap();
    let two = GaussianProcessRegressor::params().kernel(model.kernel().clone()).optimize(false).normalize_y(true).fit(&x, &both).unwrap();
    assert_eq!(two.sample_y(&near, 4, 1).unwrap().dims(), [3, 2, 4]);
    let (_, std) = two.predict_std(&near).unwrap();
    let std = values(&std);
    assert!((std[1] / std[0] - 10.0).abs() < 1e-9, "{std:?}");

    let mut bytes = vec![];
    model.write_to(&mut bytes).unwrap();
    let back = GaussianProcessRegressor::<B, f64, Ix1>::read_from(&mut &bytes[..], device).unwrap();
    assert_eq!(back.kernel(), model.kernel());
    assert_eq!(back.predict(&near).unwrap().to_vec(), model.predict(&near).unwrap().to_vec());
    assert_eq!(back.log_marginal_likelihood_at(&back.kernel().theta()).unwrap(), model.log_marginal_likelihood());
}

pub fn gaussian_processes_refuse<B: Linalg<f64>>(device: &B) {
    let x = array(device, &[0.0, 1.0, 1.0, 2.0, 3.0, 5.0], [3, 2]);
    let y = array(device, &[1.0, 2.0, 3.0], [3]);
    let says = |message: String, part: &str| assert!(message.contains(part), "`{message}` does not say `{part}`");
    let of = |kernel: Kernel| GaussianProcessRegressor::params().kernel(kernel);
    let refused = |kernel: Kernel, part: &str| says(of(kernel).fit(&x, &y).unwrap_err().to_string(), part);
    refused(Kernel::rbf([1.0, 2.0, 3.0]), "length_scale: 3 numbers given, 1, or one for each of 2 features");
    refused(Kernel::matern(1.0, 0.7), "nu: 0.7 given, 0.5, 1.5, 2.5 or infinity");
    refused(Kernel::white(-1.0), "noise_level: -1 given, a positive number");
    refused(Kernel::constant([1.0, 2.0]), "constant_value: 2 numbers given, one number");
    refused(Kernel::rbf(Hyperparameter::from(1.0).bounds(2.0, 1.0)), "the bounds 2 and 1");
    refused(Kernel::rbf(1.0).pow(f64::NAN), "exponent: NaN");
    refused((0..80).fold(Kernel::rbf(1.0), |sum, _| sum + Kernel::rbf(1.0)), "a tree of depth 81 given, at most 64");
    says(
        of(Kernel::rbf(Hyperparameter::from(1.0).bounds(1.0, f64::INFINITY))).n_restarts_optimizer(1).fit(&x, &y).unwrap_err().to_string(),
        "finite bounds",
    );
    let plain = GaussianProcessRegressor::params;
    says(plain().alpha(-1.0).fit(&x, &y).unwrap_err().to_string(), "alpha: -1 given");
    says(plain().alphas(&array(device, &[1.0, 2.0], [2])).fit(&x, &y).unwrap_err().to_string(), "alpha: shape [2]");
    says(plain().fit(&x, &array(device, &[1.0, 2.0], [2])).unwrap_err().to_string(), "[2]");
    says(plain().fit(&x, &array(device, &[1.0, f64::NAN, 3.0], [3])).unwrap_err().to_string(), "y holds NaN in row 1");
    says(
        plain().fit(&array(device, &[0.0, 1.0, 1.0, f64::INFINITY], [2, 2]), &array(device, &[1.0, 2.0], [2])).unwrap_err().to_string(),
        "row 1, column 1",
    );
    let twice = array(device, &[1.0, 2.0, 1.0, 2.0, 1.0, 2.0], [3, 2]);
    says(of(Kernel::rbf(Hyperparameter::from(1.0).fixed())).alpha(0.0).fit(&twice, &y).unwrap_err().to_string(), "a larger alpha than 0 helps");
    let model = plain().fit(&x, &y).unwrap();
    says(model.predict(&array(device, &[1.0], [1, 1])).unwrap_err().to_string(), "fitted on 2");
    says(model.predict_std(&array(device, &[1.0, f64::NAN], [1, 2])).unwrap_err().to_string(), "x holds NaN in row 0, column 1");
    says(model.log_marginal_likelihood_at(&[1.0]).unwrap_err().to_string(), "theta: [1.0] given, 0 finite numbers");
}
