//! The linear models but Ridge.

use std::ops::ControlFlow;

use serde_json::Value;
use xp_core::{Array, Dim, Float, Ix1, Ix2, Linalg};
use xp_models::ClassWeight;
use xp_models::linear_model::{
    ElasticNet, GammaRegressor, GcvMode, Lasso, LinearRegression, LinearSolver, Link, LogisticRegression, LogisticRegressionCV, PoissonRegressor,
    RidgeCV, RidgeClassifier, RidgeClassifierCV, TweedieRegressor,
};
use xp_models::model_selection::StratifiedKFold;
use xp_models::progress::Outcome;
use xp_models::traits::{FitWeighted, Predict, Score, ScoreWeighted};

use super::golden::*;

/// A case of the golden file.
struct Case<'a> {
    golden: &'a Golden,
    case: &'a Value,
}

impl Case<'_> {
    fn what(&self, part: &str) -> String {
        format!("{}, weights {}: {part}", name(self.case), self.case["sample_weight"])
    }

    fn x<B: Linalg<f64>>(&self, device: &B) -> Array<B, f64, Ix2> {
        self.golden.table(self.case, "x").array(device)
    }

    fn y<B: Linalg<f64>, T: xp_core::Element, D: Dim>(&self, device: &B) -> Array<B, T, D> {
        self.golden.table(self.case, "y").array(device)
    }

    fn expected(&self, key: &str) -> &Value {
        &self.case["expected"][key]
    }

    fn option<T>(&self, key: &str, read: impl Fn(&Value) -> T) -> Option<T> {
        self.case["params"].get(key).map(read)
    }

    fn numbers(&self, key: &str) -> Vec<f64> {
        self.case["params"][key].as_array().unwrap().iter().map(number).collect()
    }

    /// Fits with or without weights, and compares what models of targets and of labels have in common. Within `units`.
    fn fit<B, Y, E>(&self, device: &B, params: &E, y: &Y, units: f64) -> E::Model
    where
        B: Linalg<f64>,
        E: FitWeighted<Array<B, f64, Ix2>, Y>,
        E::Model: Predict<Array<B, f64, Ix2>> + ScoreWeighted<Array<B, f64, Ix2>, Y>,
    {
        let x = self.x(device);
        let weights: Array<B, f64, Ix1> = self.golden.table(self.case, "weights").array(device);
        let weighted = self.case["sample_weight"] == true;
        let model = if weighted { params.fit_weighted(&x, y, &weights) } else { params.fit(&x, y) };
        let model = model.unwrap_or_else(|e| panic!("{}", self.what(&e.to_string())));
        let score = if weighted { model.score_weighted(&x, y, &weights) } else { model.score(&x, y) }.unwrap();
        assert_near::<f64>(&[score], &[number(self.expected("score"))], units, &self.what("score"));
        model
    }

    fn compare<B: Linalg<f64>, D: Dim>(&self, actual: &Array<B, f64, D>, key: &str, units: f64) {
        let expected = table(self.expected(key));
        assert_eq!(actual.size(), expected.data.len(), "{}", self.what(key));
        if actual.ndim() == expected.shape.len() {
            assert_eq!(actual.dims(), expected.shape, "{}", self.what(key));
        }
        assert_near::<f64>(&values(actual), &expected.data, units, &self.what(key));
    }

    /// The intercept, of which scikit-learn has one zero where there is none.
    fn intercept<B: Linalg<f64>, D: Dim>(&self, actual: &Array<B, f64, D>, units: f64) {
        let expected = table(self.expected("intercept_")).data;
        if expected == [0.0] {
            assert!(values(actual).iter().all(|&v| v == 0.0), "{}", self.what("intercept"));
        } else {
            assert_near::<f64>(&values(actual), &expected, units, &self.what("intercept"));
        }
    }
}

/// Attributes and predictions of a model of targets of rank `D`.
macro_rules! targets {
    ($case:expr, $device:expr, $D:ty, $params:expr, $units:expr) => {{
        let y = $case.y::<_, f64, $D>($device);
        let model = $case.fit($device, &$params, &y, $units);
        $case.compare(model.coef(), "coef_", $units);
        $case.intercept(model.intercept(), $units);
        let query = $case.golden.table($case.case, "xq").array($device);
        $case.compare(&model.predict(&query).unwrap(), "predict", $units);
        model
    }};
}

/// Attributes and predictions of a classifier.
macro_rules! classes {
    ($case:expr, $device:expr, $params:expr, $units:expr) => {{
        let y = $case.y::<_, i64, Ix1>($device);
        let model = $case.fit($device, &$params, &y, $units);
        $case.compare(model.coef(), "coef_", $units);
        $case.intercept(model.intercept(), $units);
        let query: Array<_, f64, Ix2> = $case.golden.table($case.case, "xq").array($device);
        $case.compare(&model.decision_function(&query).unwrap(), "decision_function", $units);
        let numbers = |labels: Array<_, i64, Ix1>| labels.to_vec().into_iter().map(|v| v as f64).collect::<Vec<_>>();
        assert_eq!(numbers(model.predict(&query).unwrap()), table($case.expected("predict")).data, "{}", $case.what("predict"));
        assert_eq!(numbers(model.classes().clone()), table($case.expected("classes_")).data, "{}", $case.what("classes"));
        (model, query)
    }};
}

fn class_weight(value: &Value) -> ClassWeight {
    match value {
        Value::Object(given) => ClassWeight::Given(given.iter().map(|(label, weight)| (label.parse().unwrap(), number(weight))).collect()),
        _ => ClassWeight::Balanced,
    }
}

/// Units of rounding that minima found by Newton's method may differ by.
const NEWTON: f64 = 1e8;
/// Those that L-BFGS may leave: the function is flat to its rounding there.
const FLAT: f64 = 1e-5 / f64::EPSILON;

pub fn agrees_with_scikit_learn<B: Linalg<f64>>(device: &B) {
    let golden = Golden::open("linear_model");
    for case in golden.cases() {
        let one = golden.table(case, "y").shape.len() == 1;
        let case = Case { golden: &golden, case };
        let boolean = |v: &Value| v.as_bool().unwrap();
        let intercept = case.option("fit_intercept", boolean).unwrap_or(true);
        let alpha = case.option("alpha", number).unwrap_or(1.0);
        // The same parameters for both ranks of targets, which are types.
        macro_rules! both {
            ($params:expr, $units:expr, $more:expr) => {
                if one { $more(&targets!(case, device, Ix1, $params, $units)) } else { $more(&targets!(case, device, Ix2, $params, $units)) }
            };
        }
        match case.case["name"].as_str().unwrap() {
            "LinearRegression" => {
                macro_rules! check {
                    ($D:ty) => {{
                        let model = targets!(case, device, $D, LinearRegression::params().fit_intercept(intercept), 1e4);
                        assert_eq!(model.rank() as f64, number(case.expected("rank_")), "{}", case.what("rank"));
                        case.compare(model.singular(), "singular_", 1e3);
                    }};
                }
                if one { check!(Ix1) } else { check!(Ix2) }
            }
            "RidgeCV" => {
                let mode = match case.option("gcv_mode", |v| v.as_str().unwrap().to_string()).as_deref() {
                    Some("svd") => GcvMode::Svd,
                    Some("eigen") => GcvMode::Eigen,
                    _ => GcvMode::Auto,
                };
                let (store, each) = (case.option("store_cv_results", boolean) == Some(true), case.option("alpha_per_target", boolean) == Some(true));
                macro_rules! check {
                    ($D:ty) => {{
                        let params = RidgeCV::params().alphas(&case.numbers("alphas")).fit_intercept(intercept).gcv_mode(mode);
                        let model = targets!(case, device, $D, params.store_cv_results(store).alpha_per_target(each), 1e4);
                        case.compare(model.alpha(), "alpha_", 0.0);
                        case.compare(model.best_score(), "best_score_", 1e4);
                        assert_eq!(model.cv_results().is_some(), store);
                        if let Some(results) = model.cv_results() {
                            case.compare(results, "cv_results_", 1e4);
                        }
                    }};
                }
                if one { check!(Ix1) } else { check!(Ix2) }
            }
            "RidgeClassifier" => {
                let mut params = RidgeClassifier::params().alpha(alpha).fit_intercept(intercept);
                if let Some(weight) = case.option("class_weight", class_weight) {
                    params = params.class_weight(weight);
                }
                classes!(case, device, params, 1e3);
            }
            "RidgeClassifierCV" => {
                let (model, _) = classes!(case, device, RidgeClassifierCV::params().alphas(&case.numbers("alphas")), 1e4);
                assert_eq!(model.alpha(), table(case.expected("alpha_")).data[0]);
                assert_near::<f64>(&[model.best_score()], &table(case.expected("best_score_")).data, 1e4, &case.what("best_score"));
            }
            "LogisticRegression" => {
                for (solver, units) in [(LinearSolver::NewtonCholesky, NEWTON), (LinearSolver::Lbfgs, FLAT)] {
                    let mut params = LogisticRegression::params().solver(solver).tol(1e-10).max_iter(1000).fit_intercept(intercept);
                    params = params.c(case.option("C", number).unwrap_or(1.0));
                    if let Some(weight) = case.option("class_weight", class_weight) {
                        params = params.class_weight(weight);
                    }
                    let (model, query) = classes!(case, device, params, units);
                    assert!(model.converged(), "{}", case.what("not converged"));
                    case.compare(&model.predict_proba(&query).unwrap(), "predict_proba", units);
                    case.compare(&model.predict_log_proba(&query).unwrap(), "predict_log_proba", units);
                }
            }
            "LogisticRegressionCV" => {
                let estimator = LogisticRegression::params().solver(LinearSolver::NewtonCholesky).tol(1e-10).max_iter(1000);
                let params = LogisticRegressionCV::params().cs(&case.numbers("Cs")).cv(StratifiedKFold::new(3)).estimator(estimator);
                let (model, query) = classes!(case, device, params, NEWTON);
                assert_eq!(model.c(), table(case.expected("C_")).data[0], "{}", case.what("C"));
                case.compare(model.scores(), "scores_", 1e3);
                case.compare(&model.predict_proba(&query).unwrap(), "predict_proba", NEWTON);
            }
            "PoissonRegressor" | "GammaRegressor" | "TweedieRegressor" => {
                for (solver, units) in [(LinearSolver::NewtonCholesky, NEWTON), (LinearSolver::Lbfgs, FLAT)] {
                    let units = if case.case["loose"] == true { FLAT } else { units };
                    macro_rules! check {
                        ($params:expr) => {{
                            let params = $params.alpha(alpha).fit_intercept(intercept).solver(solver).tol(1e-10).max_iter(1000);
                            let model = targets!(case, device, Ix1, params, units);
                            assert!(model.converged(), "{}", case.what("not converged"));
                        }};
                    }
                    match case.case["name"].as_str().unwrap() {
                        "PoissonRegressor" => check!(PoissonRegressor::params()),
                        "GammaRegressor" => check!(GammaRegressor::params()),
                        _ => {
                            let link = if case.case["params"].get("link").is_some() { Link::Log } else { Link::Auto };
                            check!(TweedieRegressor::params().power(number(&case.case["params"]["power"])).link(link));
                        }
                    }
                }
            }
            "Lasso" => {
                let positive = case.option("positive", boolean) == Some(true);
                both!(Lasso::params().alpha(alpha).positive(positive).tol(1e-14).max_iter(100_000), NEWTON, |_: &_| ());
            }
            "ElasticNet" => {
                let ratio = case.option("l1_ratio", number).unwrap_or(0.5);
                both!(ElasticNet::params().alpha(alpha).l1_ratio(ratio).fit_intercept(intercept).tol(1e-14).max_iter(100_000), NEWTON, |_: &_| ());
            }
            other => panic!("{other}"),
        }
    }
}

/// Iris, and what scikit-learn's documentation of the solvers says of it.
pub fn known_answers<B: Linalg<f64>>(device: &B) {
    let (x, y) = dataset("iris.csv");
    let (features, labels) = (x.array::<B, f64, Ix2>(device), y.array::<B, i64, Ix1>(device));
    let model = LogisticRegression::params().tol(1e-10).max_iter(10_000).fit(&features, &labels).unwrap();
    assert_near::<f64>(&values(model.coef())[..4], &[-0.4235055381, 0.9673498593, -2.5171537412, -1.0793360614], FLAT, "coef");
    assert_near::<f64>(&values(model.intercept()), &[9.8495498777, 2.2372166943, -12.086766572], FLAT, "intercept");
    // A hundred iterations are not enough here, and the model says so.
    let model = LogisticRegression::params().fit(&features, &labels).unwrap();
    assert_eq!((model.n_iter(), model.outcome(), model.converged()), (100, Outcome::Limit, false));
}

/// At the minimum the gradient vanishes: it is computed here by a loop.
pub fn gradients_vanish<T: Float, B: Linalg<T>>(device: &B) {
    let (n, p) = (60usize, 3usize);
    let round = |v: f64| T::from_f64(v).to_f64();
    let x: Vec<f64> = (0..n * p).map(|k| round(((k * 37 + 11) as f64 * 0.618).sin() * (1 + k % p) as f64)).collect();
    let raw = |i: usize, w: &[f64], b: f64| (0..p).map(|j| x[i * p + j] * w[j]).sum::<f64>() + b;
    let array_of = |v: &[f64]| v.iter().map(|&v| T::from_f64(v)).collect::<Vec<T>>();
    let samples = array(device, &array_of(&x), [n, p]);
    let tol = 200.0 * T::EPSILON.to_f64();
    // L-BFGS ends where the function no longer changes, which shows the root of that in the gradient.
    let limit = |solver| if solver == LinearSolver::Lbfgs { 4.0 * T::EPSILON.to_f64().max(64.0 * f64::EPSILON).sqrt() } else { 40.0 * tol };
    let largest = |g: Vec<f64>| g.into_iter().fold(0.0f64, |m, g| m.max(g.abs()));

    for k in [2usize, 3] {
        let y: Vec<usize> = (0..n).map(|i| ((raw(i, &[1.0, -0.5, 0.3], (i % 5) as f64 - 2.0) > 0.5) as usize + i % 7 % (k - 1)) % k).collect();
        let labels = labels(device, &y.iter().map(|&v| v as i64).collect::<Vec<_>>());
        for solver in [LinearSolver::Lbfgs, LinearSolver::NewtonCholesky] {
            let model = LogisticRegression::params().c(2.0).solver(solver).tol(tol).max_iter(500).fit(&samples, &labels).unwrap();
            let (w, b) = (values(model.coef()), values(model.intercept()));
            let share = |i: usize, c: usize| {
                let scores: Vec<f64> = if k == 2 { vec![0.0, raw(i, &w, b[0])] } else { (0..k).map(|c| raw(i, &w[c * p..][..p], b[c])).collect() };
                scores[c].exp() / scores.iter().map(|s| s.exp()).sum::<f64>()
            };
            let rows: Vec<usize> = if k == 2 { vec![1] } else { (0..k).collect() };
            let mut gradient = vec![];
            for (row, &class) in rows.iter().enumerate() {
                let residual = |i: usize| share(i, class) - f64::from(u8::from(y[i] == class));
                gradient.push((0..n).map(residual).sum::<f64>() / n as f64);
                gradient
                    .extend((0..p).map(|j| (0..n).map(|i| residual(i) * x[i * p + j]).sum::<f64>() / n as f64 + w[row * p + j] / (2.0 * n as f64)));
            }
            assert!(largest(gradient.clone()) <= limit(solver), "{k} classes, {solver:?}, {}: {gradient:?}", model.outcome());
            if k > 2 {
                assert!(b.iter().sum::<f64>().abs() < 1e3 * T::EPSILON.to_f64() * largest(b.clone()), "{b:?}");
            }
        }
    }

    let y: Vec<f64> = (0..n).map(|i| round((raw(i, &[0.4, 0.2, -0.1], 0.5) + ((i * i) as f64).sin()).exp())).collect();
    let targets = array(device, &array_of(&y), [n]);
    for solver in [LinearSolver::Lbfgs, LinearSolver::NewtonCholesky] {
        let check = |what: &str, w: Vec<f64>, b: f64, slope: &dyn Fn(f64, f64) -> f64| {
            let mut gradient: Vec<f64> =
                (0..p).map(|j| (0..n).map(|i| slope(raw(i, &w, b), y[i]) * x[i * p + j]).sum::<f64>() / n as f64 + 0.5 * w[j]).collect();
            gradient.push((0..n).map(|i| slope(raw(i, &w, b), y[i])).sum::<f64>() / n as f64);
            assert!(largest(gradient.clone()) <= limit(solver), "{what}, {solver:?}: {gradient:?}");
        };
        let model = PoissonRegressor::params().alpha(0.5).solver(solver).tol(tol).max_iter(500).fit(&samples, &targets).unwrap();
        check("Poisson", values(model.coef()), values(model.intercept())[0], &|r, y| r.exp() - y);
        let model = GammaRegressor::params().alpha(0.5).solver(solver).tol(tol).max_iter(500).fit(&samples, &targets).unwrap();
        check("Gamma", values(model.coef()), values(model.intercept())[0], &|r, y| 1.0 - y * (-r).exp());
    }

    // The duality gap bounds what is left: no coefficient can be moved to gain more.
    let model = Lasso::params().alpha(0.2).tol(1e3 * T::EPSILON.to_f64()).max_iter(10_000).fit(&samples, &targets).unwrap();
    assert!(model.converged());
    let objective = |w: &[f64], b: f64| {
        (0..n).map(|i| (y[i] - raw(i, w, b)).powi(2)).sum::<f64>() / (2 * n) as f64 + 0.2 * w.iter().map(|w| w.abs()).sum::<f64>()
    };
    let (w, b) = (values(model.coef()), values(model.intercept())[0]);
    let (here, gap) = (objective(&w, b), values(model.dual_gap())[0].max(0.0) + 100.0 * T::EPSILON.to_f64() * objective(&w, b));
    for j in 0..p {
        for step in [-0.1, -1e-3, -1e-5, 1e-5, 1e-3, 0.1] {
            let mut other = w.clone();
            other[j] += step;
            assert!(objective(&other, b) >= here - gap, "{j} by {step}");
        }
    }
}

/// Weights are repetitions, and a weight of zero is no sample.
pub fn weights_repeat_samples<T: Float, B: Linalg<T>>(device: &B) {
    let (n, p) = (24usize, 2usize);
    let x: Vec<T> = (0..n * p).map(|k| T::from_f64(((k * 29 + 5) as f64 * 0.77).sin())).collect();
    let y: Vec<T> = (0..n).map(|i| T::from_f64(2.0 + (i as f64 * 1.3).cos() + x[i * p].to_f64())).collect();
    let classes: Vec<i64> = (0..n).map(|i| (y[i].to_f64() > 2.0) as i64 + (y[i].to_f64() > 2.7) as i64).collect();
    let repetitions: Vec<usize> = (0..n).map(|i| i % 4).collect();
    let rows: Vec<i64> = (0..n).flat_map(|i| vec![i as i64; repetitions[i]]).collect();
    let (x, y, classes) = (array(device, &x, [n, p]), array(device, &y, [n]), labels(device, &classes));
    let weights = array(device, &repetitions.iter().map(|&r| T::from_f64(r as f64)).collect::<Vec<_>>(), [n]);
    let rows = labels(device, &rows);
    let (xr, yr, cr) = (x.take(&rows, 0).unwrap(), y.take(&rows, 0).unwrap(), classes.take(&rows, 0).unwrap());
    let units = 1e3;
    let tol = 50.0 * T::EPSILON.to_f64();
    macro_rules! same {
        ($params:expr, $y:expr, $yr:expr) => {{
            let params = $params;
            let (weighted, repeated) = (params.fit_weighted(&x, $y, &weights).unwrap(), params.fit(&xr, $yr).unwrap());
            assert_near::<T>(&values(weighted.coef()), &values(repeated.coef()), units, stringify!($params));
            assert_near::<T>(&values(weighted.intercept()), &values(repeated.intercept()), units, stringify!($params));
        }};
    }
    same!(LinearRegression::params(), &y, &yr);
    same!(RidgeClassifier::params(), &classes, &cr);
    same!(RidgeClassifier::params().class_weight(ClassWeight::Given(vec![(1, 2.5)])), &classes, &cr);
    same!(LogisticRegression::params().solver(LinearSolver::NewtonCholesky).tol(tol), &classes, &cr);
    same!(LogisticRegression::params().class_weight(ClassWeight::Balanced).solver(LinearSolver::NewtonCholesky).tol(tol), &classes, &cr);
    same!(PoissonRegressor::params().solver(LinearSolver::NewtonCholesky).tol(tol), &y, &yr);
    same!(GammaRegressor::params().solver(LinearSolver::NewtonCholesky).tol(tol), &y, &yr);
    same!(Lasso::params().alpha(0.01).tol(tol), &y, &yr);
    same!(ElasticNet::params().alpha(0.01).tol(tol), &y, &yr);
    // RidgeCV leaves a sample out with its weight: one is as good as none of several, so only the coefficients agree.
    same!(RidgeCV::params().alphas(&[0.7]), &y, &yr);
}

/// Callbacks stop the fits, which return what they have.
pub fn fits_can_be_stopped<T: Float, B: Linalg<T>>(device: &B) {
    let n = 40usize;
    let x: Vec<T> = (0..n * 2).map(|k| T::from_f64(((k * 29 + 5) as f64 * 0.77).sin())).collect();
    let y: Vec<T> = (0..n).map(|i| T::from_f64(3.0 + x[2 * i].to_f64() + (i as f64).cos())).collect();
    let classes = labels(device, &(0..n as i64).map(|i| i * i % 3).collect::<Vec<_>>());
    let (x, y) = (array(device, &x, [n, 2]), array(device, &y, [n]));
    let twice = |progress: &xp_models::progress::Progress| if progress.step >= 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    for solver in [LinearSolver::Lbfgs, LinearSolver::NewtonCholesky] {
        let model = LogisticRegression::params().solver(solver).tol(0.0).callback(twice).fit(&x, &classes).unwrap();
        assert_eq!((model.n_iter(), model.outcome(), model.converged()), (2, Outcome::Stopped, false), "{solver:?}");
        let model = PoissonRegressor::params().solver(solver).tol(0.0).callback(twice).fit(&x, &y).unwrap();
        assert_eq!((model.n_iter(), model.outcome()), (2, Outcome::Stopped), "{solver:?}");
        let model = PoissonRegressor::params().solver(solver).tol(0.0).max_iter(1).fit(&x, &y).unwrap();
        assert_eq!((model.n_iter(), model.outcome()), (1, Outcome::Limit), "{solver:?}");
    }
    // Columns that are almost the same take many sweeps.
    let x = x.matmul(&array(device, &[1.0, 1.0, 0.0, 0.1].map(T::from_f64), [2, 2])).unwrap();
    let once = |_: &xp_models::progress::Progress| ControlFlow::Break(());
    let model = Lasso::params().alpha(1e-3).tol(0.0).callback(once).fit(&x, &y).unwrap();
    assert_eq!((model.n_iter(), model.outcome(), model.converged()), (1, Outcome::Stopped, false));
    assert!(values(model.coef())[0] > 0.3);
}
