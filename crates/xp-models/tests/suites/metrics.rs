//! accuracy_score, r2_score, confusion_matrix.

use serde_json::Value;
use xp_core::{Backend, Dim, Float, Ix1, Ix2, Linalg};
use xp_models::metrics::*;

use super::golden::*;

pub fn agrees_with_scikit_learn<B: Linalg<f64> + Linalg<f32>>(device: &B) {
    let golden = Golden::open("metrics");
    for case in golden.cases() {
        let single = case["dtype"] == "float32";
        match (case["function"].as_str().unwrap(), single, golden.table(case, "y_true").shape.len()) {
            ("accuracy_score", ..) => accuracy(device, &golden, case),
            (_, true, 1) => r2::<B, f32, Ix1>(device, &golden, case),
            (_, true, _) => r2::<B, f32, Ix2>(device, &golden, case),
            (_, false, 1) => r2::<B, f64, Ix1>(device, &golden, case),
            (_, false, _) => r2::<B, f64, Ix2>(device, &golden, case),
        }
    }
}

fn accuracy<B: Backend>(device: &B, golden: &Golden, case: &Value) {
    let (t, p) = (golden.table(case, "y_true").array::<B, i64, _>(device), golden.table(case, "y_pred").array(device));
    let weights = golden.table(case, "weights");
    let actual = match (case["sample_weight"].as_bool().unwrap(), case["params"]["normalize"].as_bool().unwrap()) {
        (false, true) => accuracy_score(&t, &p).unwrap(),
        (false, false) => count_correct(&t, &p).unwrap() as f64,
        (true, normalize) => {
            let fraction = accuracy_score_weighted(&t, &p, &weights.array::<B, f64, _>(device)).unwrap();
            if normalize { fraction } else { fraction * weights.data.iter().sum::<f64>() }
        }
    };
    assert_close::<f64>(&[actual], &[number(&case["expected"])], &name(case));
}

fn r2<B: Backend, T: Float, D: Dim>(device: &B, golden: &Golden, case: &Value) {
    let (t, p) = (golden.table(case, "y_true").array::<B, T, D>(device), golden.table(case, "y_pred").array(device));
    let weights = golden.table(case, "weights").array(device);
    let weighted = case["sample_weight"].as_bool().unwrap();
    let params = &case["params"];
    let mut score = R2Score::new().force_finite(params.get("force_finite").is_none_or(|v| v.as_bool().unwrap()));
    if let Some("raw_values") = params["multioutput"].as_str() {
        let raw = if weighted { score.raw_values_weighted(&t, &p, &weights) } else { score.raw_values(&t, &p) };
        return assert_close::<T>(&raw.unwrap(), &table(&case["expected"]).data, &name(case));
    }
    score = score.average(match &params["multioutput"] {
        Value::String(s) if s == "variance_weighted" => Average::Variance,
        Value::Array(w) => Average::Weights(w.iter().map(number).collect()),
        _ => Average::Uniform,
    });
    let actual = if weighted { score.score_weighted(&t, &p, &weights) } else { score.score(&t, &p) };
    assert_close::<T>(&[actual.unwrap()], &[number(&case["expected"])], &name(case));
}

pub fn confusion_counts_pairs<B: Backend>(device: &B) {
    let (t, p) = (labels(device, &[2, 0, 2, 2, 0, 1]), labels(device, &[0, 0, 2, 2, 0, 2]));
    assert_eq!(confusion_matrix(&t, &p).unwrap().to_vec(), [2, 0, 0, 0, 0, 1, 1, 0, 2]);
    let wide = confusion_matrix_of(&t, &p, &labels(device, &[-5, 0, 1, 2])).unwrap();
    assert_eq!(wide.to_vec(), [0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 0, 1, 0, 2]);
}
