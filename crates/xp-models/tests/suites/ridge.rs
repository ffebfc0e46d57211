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

/// A positive penalty makes every column count, whatever its scale: the objective is that of the exact optimum, which is found
/// here in scaled variables.
pub fn scales_of_columns_do_not_matter<B: Linalg<f64> + Linalg<f32>>(device: &B) {
    for (n, p, reach, alpha) in [(200, 7, 12.0, 1.0), (200, 7, 12.0, 1e-6), (60, 25, 8.0, 3.0), (40, 3, 12.0, 1e3)] {
        optimum::<B, f64>(device, n, p, reach, alpha, 1e-9);
        optimum::<B, f32>(device, n, p, reach, alpha, 1e-4);
    }
}

fn optimum<B: Linalg<T>, T: Float>(device: &B, n: usize, p: usize, reach: f64, alpha: f64, tolerance: f64) {
    let scale = |j: usize| 10f64.powf(reach * (2.0 * ((j * 5) % p) as f64 / (p - 1) as f64 - 1.0));
    let round = |v: f64| T::from_f64(v).to_f64();
    let z = |i: usize, j: usize| ((i * 31 + j * 17 + 1) as f64 * 12.9898).sin() + if j > 0 { 0.5 * ((i + 1) as f64 * 78.233).sin() } else { 0.0 };
    let x: Vec<f64> = (0..n * p).map(|k| round(z(k / p, k % p) * scale(k % p))).collect();
    let y: Vec<f64> = (0..n).map(|i| round((0..p).map(|j| z(i, j)).sum::<f64>() + ((i * i) as f64).cos())).collect();
    // (S X^T X S + alpha S^2) v = S X^T y with S = 1 / scale, by Gauss without pivots: the matrix is definite, and w = S v.
    let column = |k: usize, i: usize| x[i * p + k] / scale(k);
    let mut a: Vec<Vec<f64>> = (0..p)
        .map(|k| {
            let row = (0..p).map(|l| (0..n).map(|i| column(k, i) * column(l, i)).sum::<f64>() + if k == l { alpha / scale(k).powi(2) } else { 0.0 });
            row.chain([(0..n).map(|i| column(k, i) * y[i]).sum()]).collect()
        })
        .collect();
    for k in 0..p {
        for l in k + 1..p {
            let factor = a[l][k] / a[k][k];
            (k..=p).for_each(|m| a[l][m] -= factor * a[k][m]);
        }
    }
    let mut w = vec![0.0; p];
    for k in (0..p).rev() {
        w[k] = (a[k][p] - (k + 1..p).map(|l| a[k][l] * w[l]).sum::<f64>()) / a[k][k];
    }
    let w: Vec<f64> = (0..p).map(|k| w[k] / scale(k)).collect();
    let objective = |w: &[f64]| {
        let rest = (0..n).map(|i| (y[i] - (0..p).map(|j| x[i * p + j] * w[j]).sum::<f64>()).powi(2)).sum::<f64>();
        rest + alpha * w.iter().map(|w| w * w).sum::<f64>()
    };
    let best = objective(&w);
    for solver in [RidgeSolver::Svd, RidgeSolver::Cholesky] {
        let (x, y): (Vec<T>, Vec<T>) = (x.iter().map(|&v| T::from_f64(v)).collect(), y.iter().map(|&v| T::from_f64(v)).collect());
        let params = Ridge::params().alpha(alpha).solver(solver).fit_intercept(false);
        let ridge = params.fit(&array(device, &x, [n, p]), &array(device, &y, [n])).unwrap();
        let found = objective(&ridge.coef().to_vec().iter().map(|w| w.to_f64()).collect::<Vec<_>>());
        let excess = found / best - 1.0;
        println!("{n} x {p}, alpha {alpha}, {solver:?}: {excess:e}");
        assert!(excess <= tolerance, "{n} x {p}, alpha {alpha}, {}, {solver:?}: {excess:e} above the optimum", T::DTYPE);
    }
}
