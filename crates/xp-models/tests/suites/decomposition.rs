//! TruncatedSVD, IncrementalPCA, KernelPCA, the covariance estimators and KernelRidge.

use serde_json::Value;
use xp_core::{Array, Backend, Dim, Float, Ix1, Ix2, Linalg, Real};
use xp_models::covariance::{EmpiricalCovariance, LedoitWolf, OAS, ShrunkCovariance};
use xp_models::decomposition::{IncrementalPCA, KernelPCA, PCA, SvdSolver, TruncatedSVD};
use xp_models::kernel_ridge::KernelRidge;
use xp_models::metrics::pairwise::Kernel;

use super::golden::*;

pub fn agree_with_scikit_learn<T: Float, B: Linalg<T>>(device: &B) {
    let golden = Golden::open("decomposition");
    for case in golden.cases() {
        let x: Array<B, T, Ix2> = golden.table(case, "x").array(device);
        let query = golden.table(case, "xq").array(device);
        match case["name"].as_str().unwrap() {
            "TruncatedSVD" => truncated(case, &x, &query),
            "IncrementalPCA" => incremental(case, &x, &query),
            "KernelPCA" => kernel_pca(case, &x, &query),
            "KernelRidge" => kernel_ridge(&golden, case, &x, &query),
            _ => covariance(case, &x, &query),
        }
    }
}

fn matches<B: Backend, T: Float, D: Dim>(case: &Value, key: &str, actual: &Array<B, T, D>) {
    assert_matches(actual, &case["expected"][key], &format!("{}: {key}", name(case)));
}

fn count(case: &Value, key: &str) -> Option<usize> {
    case["params"][key].as_u64().map(|n| n as usize)
}

fn truncated<B: Linalg<T>, T: Float>(case: &Value, x: &Array<B, T, Ix2>, query: &Array<B, T, Ix2>) {
    for solver in [SvdSolver::Auto, SvdSolver::Full] {
        let model = TruncatedSVD::params().n_components(count(case, "n_components").unwrap()).svd_solver(solver).fit(x).unwrap();
        matches(case, "components_", model.components());
        matches(case, "explained_variance_", model.explained_variance());
        matches(case, "explained_variance_ratio_", model.explained_variance_ratio());
        matches(case, "singular_values_", model.singular_values());
        let z = model.transform(query).unwrap();
        matches(case, "transform", &z);
        matches(case, "inverse_transform", &model.inverse_transform(&z).unwrap());
    }
}

fn incremental<B: Linalg<T>, T: Float>(case: &Value, x: &Array<B, T, Ix2>, query: &Array<B, T, Ix2>) {
    let params = IncrementalPCA::params().n_components(count(case, "n_components")).whiten(case["params"]["whiten"].as_bool().unwrap());
    let model = match case["params"]["batches"].as_array() {
        Some(ends) => {
            let mut model = params.start(x.device(), x.dims()[1]).unwrap();
            let mut start = 0;
            for end in ends.iter().map(|end| end.as_i64().unwrap() as isize) {
                model.partial_fit(&x.slice_axis(0, start..end).unwrap()).unwrap();
                start = end;
            }
            assert_close::<T>(&values_of(&model.mean().to_vec()), &table(&case["expected"]["mean_"]).data, "mean");
            assert_close::<T>(&values_of(&model.var().to_vec()), &table(&case["expected"]["var_"]).data, "var");
            assert_close::<T>(&[model.noise_variance()], &[number(&case["expected"]["noise_variance_"])], &name(case));
            assert_eq!(model.n_samples_seen() as f64, number(&case["expected"]["n_samples_seen_"]));
            model
        }
        None => params.batch_size(count(case, "batch_size")).fit(x).unwrap(),
    };
    matches(case, "components_", model.components());
    matches(case, "explained_variance_", model.explained_variance());
    matches(case, "explained_variance_ratio_", model.explained_variance_ratio());
    matches(case, "singular_values_", model.singular_values());
    let z = model.transform(query).unwrap();
    matches(case, "transform", &z);
    matches(case, "inverse_transform", &model.inverse_transform(&z).unwrap());
}

fn values_of<F: Real>(values: &[F]) -> Vec<f64> {
    values.iter().map(|v| v.to_f64()).collect()
}

fn kernel(case: &Value) -> Kernel {
    let (params, gamma) = (&case["params"], case["params"]["gamma"].as_f64());
    match params["kernel"].as_str().unwrap() {
        "rbf" => Kernel::Rbf { gamma },
        "poly" => Kernel::Polynomial { gamma, degree: number(&params["degree"]), coef0: number(&params["coef0"]) },
        "cosine" => Kernel::Cosine,
        _ => Kernel::Linear,
    }
}

fn kernel_pca<B: Linalg<T>, T: Float>(case: &Value, x: &Array<B, T, Ix2>, query: &Array<B, T, Ix2>) {
    let inverse = case["expected"].get("inverse_transform").is_some();
    let params = KernelPCA::params().kernel(kernel(case)).n_components(count(case, "n_components")).alpha(5.0);
    let model = params.fit_inverse_transform(inverse).fit(x).unwrap();
    matches(case, "eigenvalues_", model.eigenvalues());
    matches(case, "eigenvectors_", model.eigenvectors());
    let z = model.transform(query).unwrap();
    matches(case, "transform", &z);
    if inverse {
        matches(case, "inverse_transform", &model.inverse_transform(&z).unwrap());
    }
}

fn kernel_ridge<B: Linalg<T>, T: Float>(golden: &Golden, case: &Value, x: &Array<B, T, Ix2>, query: &Array<B, T, Ix2>) {
    let (target, params) = (case["params"]["target"].as_str().unwrap(), &case["params"]);
    let weights = golden.table(case, "weights").array::<B, T, Ix1>(x.device());
    let weights = params["weighted"].as_bool().unwrap().then_some(&weights);
    let alphas = params["alpha"].as_array().map_or_else(|| vec![number(&params["alpha"])], |list| list.iter().map(number).collect());
    fn check<B: Linalg<T>, T: Float, D: Dim>(
        case: &Value,
        alphas: &[f64],
        x: &Array<B, T, Ix2>,
        y: &Array<B, T, D>,
        weights: Option<&Array<B, T, Ix1>>,
        query: &Array<B, T, Ix2>,
    ) {
        let params = KernelRidge::params().alphas(alphas).kernel(kernel(case));
        let model = weights.map_or_else(|| params.fit(x, y), |w| params.fit_weighted(x, y, w)).unwrap();
        matches(case, "dual_coef_", model.dual_coef());
        matches(case, "predict", &model.predict(query).unwrap());
        assert_close::<T>(&[model.score(x, y).unwrap()], &[number(&case["expected"]["score"])], &name(case));
    }
    let y = golden.table(case, target);
    match target {
        "y" => check(case, &alphas, x, &y.array::<B, T, Ix1>(x.device()), weights, query),
        _ => check(case, &alphas, x, &y.array::<B, T, Ix2>(x.device()), weights, query),
    }
}

fn covariance<B: Linalg<T>, T: Float>(case: &Value, x: &Array<B, T, Ix2>, query: &Array<B, T, Ix2>) {
    let centred = case["params"]["assume_centered"].as_bool().unwrap();
    macro_rules! check {
        ($Model:ident, $shrinkage:expr) => {{
            let model = $Model::params().assume_centered(centred).fit(x).unwrap();
            matches(case, "location_", model.location());
            matches(case, "covariance_", model.covariance());
            matches(case, "precision_", model.precision());
            matches(case, "mahalanobis", &model.mahalanobis(query).unwrap());
            let identity = xp_core::functions::eye(x.device(), x.dims()[1], x.dims()[1], 0).unwrap();
            let near = |actual: f64, key: &str| assert_close::<T>(&[actual], &[number(&case["expected"][key])], &format!("{}: {key}", name(case)));
            near(model.error_norm(&identity).unwrap(), "error_norm");
            near($shrinkage(&model), "shrinkage");
            if !case["expected"]["score"].is_null() {
                near(model.score(query).unwrap(), "score");
            }
        }};
    }
    match case["name"].as_str().unwrap() {
        "EmpiricalCovariance" => check!(EmpiricalCovariance, |_| 0.0),
        "LedoitWolf" => check!(LedoitWolf, |model: &LedoitWolf<B, T>| model.shrinkage()),
        "ShrunkCovariance" => check!(ShrunkCovariance, |model: &ShrunkCovariance<B, T>| model.shrinkage()),
        _ => check!(OAS, |model: &OAS<B, T>| model.shrinkage()),
    }
}

/// Parts that are merged are the whole, when nothing is forgotten; a singular kernel is solved in the sense of least squares.
pub fn parts_are_merged<T: Float, B: Linalg<T>>(device: &B) {
    let x: Array<B, T, Ix2> = dataset("iris.csv").0.array(device);
    let part = |from, to| x.slice_axis(0, from..to).unwrap();
    let fit = |x: &Array<B, T, Ix2>| IncrementalPCA::params().fit(x).unwrap();
    let mut model = IncrementalPCA::params().start(device, 4).unwrap();
    for (from, to) in [(0, 70), (70, 73), (73, 150)] {
        model.merge(&fit(&part(from, to))).unwrap();
    }
    let whole = PCA::params().svd_solver(SvdSolver::Full).fit(&x).unwrap();
    assert_close::<T>(&values(model.components()), &values(whole.components()), "components");
    assert_close::<T>(&values(model.singular_values()), &values(whole.singular_values()), "singular values");
    assert_close::<T>(&values(model.explained_variance_ratio()), &values(whole.explained_variance_ratio()), "ratios");
    assert_close::<T>(&values_of(&model.mean().to_vec()), &values(whole.mean()), "mean");
    assert_eq!(model.n_samples_seen(), 150);
    let two = IncrementalPCA::params().n_components(2).fit(&x).unwrap();
    assert!(model.merge(&two).unwrap_err().to_string().contains("2 components"));

    // Two equal samples, no penalty.
    let twice = Table { shape: vec![3, 1], data: vec![1.0, 1.0, 2.0] }.array::<B, T, Ix2>(device);
    let y = Table { shape: vec![3], data: vec![1.0, 3.0, 4.0] }.array::<B, T, Ix1>(device);
    let model = KernelRidge::params().alpha(0.0).fit(&twice, &y).unwrap();
    assert_close::<T>(&values(&model.predict(&twice).unwrap()), &[2.0, 2.0, 4.0], "least squares");
    let both = Table { shape: vec![3, 2], data: vec![1.0, 1.0, 3.0, 3.0, 4.0, 4.0] }.array::<B, T, Ix2>(device);
    let model = KernelRidge::params().alphas(&[0.0, 6.0]).fit(&twice, &both).unwrap();
    assert_close::<T>(&values(&model.predict(&twice).unwrap()), &[2.0, 1.0, 2.0, 1.0, 4.0, 2.0], "a penalty for each target");
}
