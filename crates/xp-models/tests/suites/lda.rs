//! LinearDiscriminantAnalysis.

use serde_json::Value;
use xp_core::{Float, Linalg};
use xp_models::discriminant_analysis::LinearDiscriminantAnalysis;

use super::golden::*;

pub fn agrees_with_scikit_learn<B: Linalg<f64> + Linalg<f32>>(device: &B) {
    let golden = Golden::open("lda");
    for case in golden.cases() {
        match case["dtype"].as_str() {
            Some("float32") => check::<B, f32>(device, &golden, case),
            _ => check::<B, f64>(device, &golden, case),
        }
    }
}

fn check<B: Linalg<T>, T: Float>(device: &B, golden: &Golden, case: &Value) {
    let what = |part: &str| format!("{}: {part}", name(case));
    let (x, y) = (golden.table(case, "x").array::<B, T, _>(device), golden.table(case, "y").array::<B, i64, _>(device));
    let query = golden.table(case, "xq").array(device);
    let (given, expected) = (&case["params"], &case["expected"]);
    let mut params = LinearDiscriminantAnalysis::params();
    if let Some(priors) = given.get("priors") {
        params = params.priors(&priors.as_array().unwrap().iter().map(number).collect::<Vec<_>>());
    }
    if let Some(n) = given.get("n_components") {
        params = params.n_components(n.as_u64().unwrap() as usize);
    }
    if let Some(tol) = given.get("tol") {
        params = params.tol(number(tol));
    }
    params = params.store_covariance(given.get("store_covariance").is_some());
    let lda = params.fit(&x, &y).unwrap_or_else(|e| panic!("{}", what(&e.to_string())));

    assert_eq!(lda.classes().to_vec(), table(&expected["classes_"]).array::<B, i64, xp_core::Ix1>(device).to_vec(), "{}", what("classes"));
    assert_matches(lda.priors(), &expected["priors_"], &what("priors"));
    assert_matches(lda.means(), &expected["means_"], &what("means"));
    assert_matches(lda.xbar(), &expected["xbar_"], &what("xbar"));
    assert_columns_match(lda.scalings(), &expected["scalings_"], &what("scalings"));
    assert_matches(lda.coef(), &expected["coef_"], &what("coef"));
    assert_matches(lda.intercept(), &expected["intercept_"], &what("intercept"));
    assert_matches(lda.explained_variance_ratio(), &expected["explained_variance_ratio_"], &what("explained_variance_ratio"));
    match expected.get("covariance_") {
        Some(covariance) => assert_matches(lda.covariance().expect("stored"), covariance, &what("covariance")),
        None => assert!(lda.covariance().is_none()),
    }
    assert_columns_match(&lda.transform(&query).unwrap(), &expected["transform"], &what("transform"));
    let decision = lda.decision_function(&query).unwrap();
    assert_close::<T>(&values(&decision), &table(&expected["decision_function"]).data, &what("decision_function"));
    assert_matches(&lda.predict_proba(&query).unwrap(), &expected["predict_proba"], &what("predict_proba"));
    // A probability that has underflowed has no digits left to compare.
    let log = values(&lda.predict_log_proba(&query).unwrap());
    assert_close::<T>(&log, &table(&expected["predict_log_proba"]).data, &what("predict_log_proba"));
    let predicted: Vec<f64> = lda.predict(&query).unwrap().to_vec().into_iter().map(|v| v as f64).collect();
    assert_eq!(predicted, table(&expected["predict"]).data, "{}", what("predict"));
    assert_eq!(lda.score(&x, &y).unwrap(), number(&expected["score"]), "{}", what("score"));
    let wrong: Vec<u64> = lda.predict(&x).unwrap().not_equal(&y).nonzero().unwrap()[0].to_vec().into_iter().map(|i| i as u64).collect();
    assert_eq!(Value::from(wrong), expected["misclassified_rows"], "{}", what("misclassified rows"));
}

/// Columns `q diag(scales)` for an orthogonal `q` have these singular values whatever the route; the discriminant function
/// does not depend on the scales of the rotated features.
pub fn ill_conditioned_data_are_fitted_as_by_an_svd<B: Linalg<f64>>(device: &B) {
    // Two classes that differ along the direction of least variance only, 1e10 below the largest.
    let (n, p) = (600usize, 4usize);
    let condition = 1e10f64;
    let mut state = 1u64;
    let mut uniform = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    };
    let scales: Vec<f64> = (0..p).map(|j| condition.powf(-(j as f64) / (p as f64 - 1.0))).collect();
    // A rotation by a Householder reflection mixes the scales into all columns.
    let v = [0.5, -0.5, 0.5, 0.5];
    let mut plain = vec![0.0; n * p];
    let mut mixed = vec![0.0; n * p];
    let y: Vec<i64> = (0..n).map(|i| (i % 2) as i64).collect();
    for i in 0..n {
        let mut row: Vec<f64> = (0..p).map(|_| uniform()).collect();
        row[p - 1] += 3.0 * y[i] as f64;
        let scaled: Vec<f64> = row.iter().zip(&scales).map(|(x, s)| x * s).collect();
        let dot: f64 = scaled.iter().zip(&v).map(|(x, v)| x * v).sum();
        for j in 0..p {
            plain[i * p + j] = row[j];
            mixed[i * p + j] = scaled[j] - 2.0 * dot * v[j];
        }
    }
    let fit = |data: &[f64]| {
        let x = array(device, data, [n, p]);
        let lda = LinearDiscriminantAnalysis::params().tol(1e-14).fit(&x, &labels(device, &y)).unwrap();
        assert_eq!(lda.score(&x, &labels(device, &y)).unwrap(), 1.0);
        values(&lda.decision_function(&x).unwrap())
    };
    // The features carry the rounding error eps * condition = 2e-6 from the start; squared it would be gone.
    let (plain, mixed) = (fit(&plain), fit(&mixed));
    let scale = plain.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let worst = plain.iter().zip(&mixed).fold(0.0f64, |m, (a, b)| m.max((a - b).abs()));
    assert!(worst < 2e-5 * scale, "{worst} of {scale}");
}

/// Many classes take another way to the class means.
pub fn many_classes<B: Linalg<f64>>(device: &B) {
    let k = 70usize;
    let x: Vec<f64> = (0..3 * k).flat_map(|i| [(i / 3) as f64 * 10.0 + (i % 3) as f64, ((i * i) % 7) as f64]).collect();
    let y: Vec<i64> = (0..3 * k).map(|i| 1000 - (i / 3) as i64).collect();
    let (x, y) = (array(device, &x, [3 * k, 2]), labels(device, &y));
    let lda = LinearDiscriminantAnalysis::params().fit(&x, &y).unwrap();
    assert_eq!(lda.classes().to_vec(), (1000 - k as i64 + 1..=1000).collect::<Vec<_>>());
    assert_eq!(lda.means().get([0, 0]).unwrap(), (k as f64 - 1.0) * 10.0 + 1.0);
    assert_eq!(lda.score(&x, &y).unwrap(), 1.0);
}
