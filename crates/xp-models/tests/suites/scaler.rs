//! StandardScaler.

use serde_json::Value;
use xp_core::{Array, Backend, Float, Ix1, Linalg};
use xp_models::preprocessing::StandardScaler;

use super::golden::*;

pub fn agrees_with_scikit_learn<B: Linalg<f64> + Linalg<f32>>(device: &B) {
    let golden = Golden::open("scaler");
    for case in golden.cases() {
        match case["dtype"].as_str() {
            Some("float32") => check::<B, f32>(device, &golden, case),
            _ => check::<B, f64>(device, &golden, case),
        }
    }
}

fn check<B: Backend, T: Float>(device: &B, golden: &Golden, case: &Value) {
    let what = |part: &str| format!("{}: {part}", name(case));
    let (x, weights) = (golden.table(case, "x"), golden.table(case, "weights"));
    let yes = |key: &str| case["params"].get(key).is_none_or(|v| v.as_bool().unwrap());
    let params = StandardScaler::params().with_mean(yes("with_mean")).with_std(yes("with_std"));
    let mut scaler: StandardScaler<B, T> = params.start(device, x.shape[1]).unwrap();
    let expected = &case["expected"];
    for state in expected["steps"].as_array().unwrap() {
        let ends: Vec<usize> = state["rows"].as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as usize).collect();
        let rows: Vec<usize> = (ends[0]..ends[1]).collect();
        let part = x.rows(&rows).array(device);
        if case["sample_weight"].as_bool().unwrap() {
            scaler.partial_fit_weighted(&part, &weights.rows(&rows).array(device)).unwrap();
        } else {
            scaler.partial_fit(&part).unwrap();
        }
        // The magnitude of the data, below which a mean or deviation is only rounding.
        let size = x.data.iter().enumerate().fold(vec![0.0f64; x.shape[1]], |mut m, (i, v)| {
            let j = i % m.len();
            m[j] = m[j].max(v.abs());
            m
        });
        let attribute = |name: &str, actual: Option<&Array<B, B::MaxFloat, Ix1>>, power: i32| match (&state[name], actual) {
            (Value::Null, None) => {}
            (expected, Some(actual)) => {
                let eps = 1000.0 * T::EPSILON.to_f64();
                for ((a, e), size) in values(actual).iter().zip(&table(expected).data).zip(&size) {
                    // What is left of a constant column is the square of its rounding.
                    let floor = (T::EPSILON.to_f64() * size).powi(power) * 1000.0;
                    assert!((a.is_nan() && e.is_nan()) || (a - e).abs() <= eps * e.abs() + floor, "{}: {a}, expected {e}", what(name));
                }
            }
            other => panic!("{}: {other:?}", what(name)),
        };
        attribute("mean_", scaler.mean(), 1);
        attribute("var_", scaler.var(), 2);
        attribute("scale_", scaler.scale(), 1);
        // One number in scikit-learn as long as nothing is missing.
        let seen = &state["n_samples_seen_"];
        let seen = if seen.is_object() { table(seen).data } else { vec![number(seen); x.shape[1]] };
        assert_near::<T>(&values(scaler.n_samples_seen()), &seen, 10.0, &what("n_samples_seen"));
    }
    let query = table(&expected["query"]).array(device);
    let transformed = scaler.transform(&query).unwrap();
    assert_matches(&transformed, &expected["transform"], &what("transform"));
    assert_matches(&scaler.inverse_transform(&transformed).unwrap(), &expected["inverse_transform"], &what("inverse_transform"));
}

/// Many blocks, merged, and far from zero: against two passes in extended steps.
pub fn many_blocks_are_merged<B: Linalg<f64>>(device: &B) {
    let (n, p) = (30_000usize, 13usize);
    let data: Vec<f64> = (0..n * p).map(|i| 1e6 + ((i * 7919) % 10007) as f64 / 10007.0 + (i / p) as f64 / n as f64).collect();
    let (scaler, out) = StandardScaler::params().fit_transform(&array(device, &data, [n, p])).unwrap();
    let (mean, var) = (values(scaler.mean().unwrap()), values(scaler.var().unwrap()));
    for j in 0..p {
        let column: Vec<f64> = data.iter().skip(j).step_by(p).map(|v| v - 1e6).collect();
        let m = column.iter().sum::<f64>() / n as f64;
        let v = column.iter().map(|x| (x - m).powi(2)).sum::<f64>() / n as f64;
        assert!((mean[j] - 1e6 - m).abs() < 1e-8, "{} {m}", mean[j]);
        assert!((var[j] / v - 1.0).abs() < 1e-9, "{} {v}", var[j]);
    }
    assert_eq!(out.to_vec(), scaler.transform(&array(device, &data, [n, p])).unwrap().to_vec());
    let spread: f64 = values(&out).iter().map(|v| v * v).sum::<f64>() / (n * p) as f64;
    assert!((spread - 1.0).abs() < 1e-9);
}
