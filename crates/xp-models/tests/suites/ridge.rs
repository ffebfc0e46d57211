//! Ridge.

use serde_json::Value;
use xp_core::{Dim, Float, Ix1, Ix2, Linalg};
use xp_models::linear_model::{Ridge, RidgeSolver};

use super::golden::*;

pub fn agrees_with_scikit_learn<B: Linalg<f64> + Linalg<f32>>(device: &B) {
    let golden = Golden::open("ridge");
    for case in golden.cases() {
        let single = case["dtype"] == "float32";
        match (single, golden.table(case, "y").shape.len()) {
            (true, 1) => check::<B, f32, Ix1>(device, &golden, case),
            (true, _) => check::<B, f32, Ix2>(device, &golden, case),
            (false, 1) => check::<B, f64, Ix1>(device, &golden, case),
            (false, _) => check::<B, f64, Ix2>(device, &golden, case),
        }
    }
}

fn check<B: Linalg<T>, T: Float, D: Dim>(device: &B, golden: &Golden, case: &Value) {
    let what = |part: &str| format!("{} {}: {part}", case["solver"], name(case));
    let (x, y) = (golden.table(case, "x").array::<B, T, Ix2>(device), golden.table(case, "y").array::<B, T, D>(device));
    let (given, expected) = (&case["params"], &case["expected"]);
    let mut params = Ridge::params().solver(if case["solver"] == "svd" { RidgeSolver::Svd } else { RidgeSolver::Cholesky });
    params = match &given["alpha"] {
        alpha @ Value::Object(_) => params.alphas(&table(alpha).data),
        Value::Array(alphas) => params.alphas(&alphas.iter().map(number).collect::<Vec<_>>()),
        alpha => params.alpha(number(alpha)),
    };
    if let Some(yes) = given.get("fit_intercept") {
        params = params.fit_intercept(yes.as_bool().unwrap());
    }
    let ridge = match &case["sample_weight"] {
        Value::Null => params.fit(&x, &y),
        Value::String(key) => params.fit_weighted(&x, &y, &golden.table(case, key).array(device)),
        weight => {
            let n = x.dims()[0];
            params.fit_weighted(&x, &y, &array(device, &vec![T::from_f64(number(weight)); n], [n]))
        }
    }
    .unwrap_or_else(|e| panic!("{}", what(&e.to_string())));
    assert_close::<T>(&values(ridge.coef()), &table(&expected["coef_"]).data, &what("coef"));
    let intercept = table(&expected["intercept_"]).data;
    if intercept.len() == ridge.intercept().size() {
        assert_close::<T>(&values(ridge.intercept()), &intercept, &what("intercept"));
    } else {
        // scikit-learn has one zero for all targets when there is no intercept.
        assert!(intercept == [0.0] && values(ridge.intercept()).iter().all(|&v| v == 0.0), "{}", what("intercept"));
    }
    let predicted = ridge.predict(&golden.table(case, "xq").array(device)).unwrap();
    assert_eq!(predicted.ndim(), y.ndim());
    assert_close::<T>(&values(&predicted), &table(&expected["predict"]).data, &what("predict"));
    assert_close::<T>(&[ridge.score(&x, &y).unwrap()], &[number(&expected["score"])], &what("score"));
}

/// With nearly no penalty, coefficients of ill-conditioned data have the errors of a QR decomposition, not of the normal
/// equations, which would lose everything here.
pub fn ill_conditioned_data_are_solved_as_by_an_svd<B: Linalg<f64>>(device: &B) {
    let n = 300usize;
    let rows: Vec<[f64; 3]> = (0..n)
        .map(|i| {
            let t = i as f64 / n as f64;
            let (a, b) = ((7.0 * t).sin(), (11.0 * t).cos());
            [a, b, a + b + 1e-8 * (31.0 * t).sin()]
        })
        .collect();
    let x = array(device, &rows.concat(), [n, 3]);
    let y: Vec<f64> = rows.iter().map(|r| r[0] + 2.0 * r[1] - 3.0 * r[2]).collect();
    let ridge = Ridge::params().alpha(0.0).fit_intercept(false).fit(&x, &array(device, &y, [n])).unwrap();
    let coef = values(ridge.coef());
    for (c, e) in coef.iter().zip([1.0, 2.0, -3.0]) {
        assert!((c - e).abs() < 1e-6, "{coef:?}");
    }
}

/// Without penalty, redundant columns share the coefficient of least norm.
pub fn redundant_columns_share_the_coefficient<B: Linalg<f64>>(device: &B) {
    let n = 50usize;
    let x: Vec<f64> = (0..n).flat_map(|i| [(i as f64).sin(), (i as f64).sin()]).collect();
    let y: Vec<f64> = (0..n).map(|i| 4.0 * (i as f64).sin()).collect();
    for solver in [RidgeSolver::Svd, RidgeSolver::Cholesky] {
        let ridge = Ridge::params().alpha(0.0).solver(solver).fit(&array(device, &x, [n, 2]), &array(device, &y, [n])).unwrap();
        assert_near::<f64>(&values(ridge.coef()), &[2.0, 2.0], 1e4, "coef");
    }
}
