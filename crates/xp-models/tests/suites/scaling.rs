//! MinMaxScaler, MaxAbsScaler, Normalizer and Binarizer.

use serde_json::Value;
use xp_core::{Array, Backend, Float, Ix1, Ix2};
use xp_models::preprocessing::{Binarizer, MaxAbsScaler, MinMaxScaler, Norm, Normalizer};

use super::golden::*;

pub fn agree_with_scikit_learn<T: Float, B: Backend>(device: &B) {
    let golden = Golden::open("scaling");
    for case in golden.cases() {
        let (x, query) = (golden.table(case, "x"), golden.table(case, "xq"));
        let all = x.shape[0];
        let first = case["first"].as_u64().unwrap() as usize;
        let rows = |from: usize, to: usize| x.rows(&(from..to).collect::<Vec<_>>()).array::<B, T, Ix2>(device);
        let (x, rest, query) = (rows(0, first), (first < all).then(|| rows(first, all)), query.array::<B, T, Ix2>(device));
        let params = &case["params"];
        let clip = params["clip"].as_bool().unwrap_or(false);
        let found = match case["name"].as_str().unwrap() {
            "MinMaxScaler" => {
                let range = params["feature_range"].as_array().map_or([0.0, 1.0], |r| [number(&r[0]), number(&r[1])]);
                let mut model = MinMaxScaler::params().feature_range(range[0], range[1]).clip(clip).fit(&x).unwrap();
                rest.iter().for_each(|rest| model.partial_fit(rest).unwrap());
                attribute(case, "data_min_", model.data_min());
                attribute(case, "data_max_", model.data_max());
                attribute(case, "data_range_", model.data_range());
                attribute(case, "scale_", model.scale());
                attribute(case, "min_", model.min());
                assert_eq!(model.n_samples_seen() as u64, case["expected"]["n_samples_seen_"].as_u64().unwrap());
                let transformed = model.transform(&query).unwrap();
                (Some(model.inverse_transform(&transformed).unwrap()), transformed)
            }
            "MaxAbsScaler" => {
                let mut model = MaxAbsScaler::params().clip(clip).fit(&x).unwrap();
                rest.iter().for_each(|rest| model.partial_fit(rest).unwrap());
                attribute(case, "max_abs_", model.max_abs());
                attribute(case, "scale_", model.scale());
                assert_eq!(model.n_samples_seen() as u64, case["expected"]["n_samples_seen_"].as_u64().unwrap());
                let transformed = model.transform(&query).unwrap();
                (Some(model.inverse_transform(&transformed).unwrap()), transformed)
            }
            "Normalizer" => {
                let norm: Norm = params["norm"].as_str().unwrap_or("l2").parse().unwrap();
                (None, Normalizer::params().norm(norm).fit(&x).unwrap().transform(&query).unwrap())
            }
            "Binarizer" => {
                let threshold = params["threshold"].as_f64().unwrap_or(0.0);
                (None, Binarizer::params().threshold(threshold).fit(&x).unwrap().transform(&query).unwrap())
            }
            other => panic!("{other}"),
        };
        assert_matches(&found.1, &case["expected"]["transform"], &name(case));
        if let Some(back) = found.0 {
            assert_matches(&back, &case["expected"]["inverse_transform"], &name(case));
        }
    }
}

fn attribute<B: Backend, T: Float>(case: &Value, attribute: &str, actual: &Array<B, T, Ix1>) {
    assert_matches(actual, &case["expected"][attribute], &format!("{}: {attribute}", name(case)));
}

pub fn lengths_do_not_overflow<T: Float, B: Backend>(device: &B) {
    let huge = T::MAX.to_f64() / 8.0;
    let x: Array<B, T, Ix2> = Table { shape: vec![1, 2], data: vec![3.0 * huge, -4.0 * huge] }.array(device);
    assert_close::<T>(&values(&Normalizer::params().fit(&x).unwrap().transform(&x).unwrap()), &[0.6, -0.8], "normalizer");
    let empty: Array<B, T, Ix2> = Table { shape: vec![0, 2], data: vec![] }.array(device);
    assert_eq!(Normalizer::params().fit(&x).unwrap().transform(&empty).unwrap().shape(), [0, 2]);
    assert_eq!(MinMaxScaler::params().fit(&x).unwrap().transform(&empty).unwrap().shape(), [0, 2]);
}
