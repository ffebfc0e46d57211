//! PCA.

use serde_json::Value;
use xp_core::{Float, Linalg};
use xp_models::decomposition::{Components, PCA, SvdSolver};

use super::golden::*;

pub fn agrees_with_scikit_learn<B: Linalg<f64> + Linalg<f32>>(device: &B) {
    let golden = Golden::open("pca");
    for case in golden.cases() {
        match case["dtype"].as_str() {
            Some("float32") => check::<B, f32>(device, &golden, case),
            _ => check::<B, f64>(device, &golden, case),
        }
    }
}

fn check<B: Linalg<T>, T: Float>(device: &B, golden: &Golden, case: &Value) {
    let what = |part: &str| format!("{}: {part}", name(case));
    let data = golden.table(case, "x");
    let x = data.array::<B, T, _>(device);
    let (given, expected) = (&case["params"], &case["expected"]);
    let mut params = PCA::params().whiten(given.get("whiten").is_some());
    params = match given.get("n_components") {
        None => params,
        Some(Value::String(_)) => params.n_components(Components::Mle),
        Some(n) if n.is_u64() => params.n_components(n.as_u64().unwrap() as usize),
        Some(n) => params.n_components(number(n)),
    };
    let pca = params
        .svd_solver(match case["svd_solver"].as_str() {
            Some("full") => SvdSolver::Full,
            Some("covariance_eigh") => SvdSolver::CovarianceEigh,
            _ => SvdSolver::Randomized { n_oversamples: 10, iterated_power: None, seed: 5 },
        })
        .fit(&x)
        .unwrap_or_else(|e| panic!("{}", what(&e.to_string())));

    assert_eq!(pca.n_components() as u64, expected["n_components_"].as_u64().unwrap(), "{}", what("n_components"));
    assert_eq!(pca.n_samples() as u64, expected["n_samples_"].as_u64().unwrap());
    assert_matches(pca.mean(), &expected["mean_"], &what("mean"));
    assert_matches(pca.components(), &expected["components_"], &what("components"));
    assert_matches(pca.explained_variance(), &expected["explained_variance_"], &what("explained_variance"));
    assert_matches(pca.explained_variance_ratio(), &expected["explained_variance_ratio_"], &what("explained_variance_ratio"));
    assert_matches(pca.singular_values(), &expected["singular_values_"], &what("singular_values"));
    // scikit-learn's own error is relative to the whole variance, but for the full solver.
    let whole = table(&expected["explained_variance_"]).data[0];
    let noise = number(&expected["noise_variance_"]);
    let scale = if case["svd_solver"] == "full" { noise } else { whole };
    assert!(
        (pca.noise_variance() - noise).abs() <= 1000.0 * T::EPSILON.to_f64() * scale,
        "{} for {noise}, {}",
        pca.noise_variance(),
        what("noise_variance")
    );
    let rows: Vec<usize> = case["rows"].as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as usize).collect();
    let transformed = pca.transform(&data.rows(&rows).array(device)).unwrap();
    assert_matches(&transformed, &expected["transform"], &what("transform"));
    assert_matches(&pca.inverse_transform(&transformed).unwrap(), &expected["inverse_transform"], &what("inverse_transform"));
}

/// Singular values from 1 down to 1e-10 come out as an SVD gives them: with errors of a few units relative to the largest.
pub fn ill_conditioned_singular_values_are_accurate<B: Linalg<f64>>(device: &B) {
    // Walsh functions are orthogonal, of mean zero and exact: the singular values are known.
    let (n, p) = (256usize, 6usize);
    let scales: Vec<f64> = (0..p).map(|j| 10f64.powi(-2 * j as i32)).collect();
    let walsh = |i: usize, j: usize| if (i & j).count_ones().is_multiple_of(2) { 1.0 } else { -1.0 };
    let angle = 0.3f64;
    let data: Vec<f64> = (0..n)
        .flat_map(|i| {
            let mut row: Vec<f64> = (0..p).map(|j| walsh(i, j + 1) * scales[j]).collect();
            for j in 0..p - 1 {
                let (a, b) = (row[j], row[j + 1]);
                row[j] = angle.cos() * a - angle.sin() * b;
                row[j + 1] = angle.sin() * a + angle.cos() * b;
            }
            row
        })
        .collect();
    let pca = PCA::params().svd_solver(SvdSolver::Full).fit(&array(device, &data, [n, p])).unwrap();
    let expected: Vec<f64> = scales.iter().map(|s| s * (n as f64).sqrt()).collect();
    assert_near::<f64>(&values(pca.singular_values()), &expected, 20.0, "singular values");
    // The smallest has 5 good digits, which no Gram matrix could give.
    let smallest = values(pca.singular_values())[p - 1];
    assert!((smallest / expected[p - 1] - 1.0).abs() < 1e-5, "{smallest}");
}

/// Redundant columns leave singular values that are zero to rounding, not to the root of rounding.
pub fn redundant_columns_have_no_variance<B: Linalg<f64>>(device: &B) {
    let n = 200usize;
    let data: Vec<f64> = (0..n)
        .flat_map(|i| {
            let (a, b) = ((i as f64 * 0.7).sin(), (i as f64 * 1.3).cos());
            [a, b, a + b, 3.0 * a, 5.0]
        })
        .collect();
    let pca = PCA::params().svd_solver(SvdSolver::Full).fit(&array(device, &data, [n, 5])).unwrap();
    let s = values(pca.singular_values());
    assert!(s[1] > 1.0 && s[2] < 1e-14 * s[0] * 10.0, "{s:?}");
}

/// Data whose squares overflow or underflow are decomposed without the Gram matrix.
pub fn extreme_scales_are_harmless<B: Linalg<f64>>(device: &B) {
    for scale in [1e-170, 1e170] {
        let data: Vec<f64> = [1.0, 2.0, -3.0, 1.0, 0.5, 4.0, 2.0, 2.0, -1.0, 0.0].iter().map(|v| v * scale).collect();
        let pca = PCA::params().svd_solver(SvdSolver::Full).n_components(1).fit(&array(device, &data, [5, 2])).unwrap();
        let plain: Vec<f64> = data.iter().map(|v| v / scale).collect();
        let expected = PCA::params().svd_solver(SvdSolver::Full).n_components(1).fit(&array(device, &plain, [5, 2])).unwrap();
        assert_close::<f64>(&values(pca.components()), &values(expected.components()), "components");
        let s = values(pca.singular_values())[0] / scale;
        assert_close::<f64>(&[s], &values(expected.singular_values()), "singular values");
    }
}

/// The solver that `Auto` chooses gives what the full one gives.
pub fn auto_agrees_with_full<B: Linalg<f64>>(device: &B) {
    let (x, _) = dataset("iris.csv");
    let x = x.array(device);
    let auto = PCA::params().n_components(2).fit(&x).unwrap();
    let full = PCA::params().n_components(2).svd_solver(SvdSolver::Full).fit(&x).unwrap();
    assert_close::<f64>(&values(auto.components()), &values(full.components()), "components");
}
