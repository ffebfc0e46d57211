//! CalibratedClassifierCV and IsotonicRegression.

use serde_json::Value;
use xp_core::{Array, Backend, Float, Ix1, Ix2, Linalg};
use xp_models::calibration::{CalibratedClassifierCV, CalibratedClassifierCVParams as Calibrated, CalibrationMethod, Probabilities};
use xp_models::discriminant_analysis::LinearDiscriminantAnalysis as Lda;
use xp_models::isotonic::{IsotonicRegression, OutOfBounds, isotonic_regression};
use xp_models::model::{Field, Model};
use xp_models::model_selection::{KFold, ShuffleSplit, StratifiedKFold, TimeSeriesSplit};
use xp_models::naive_bayes::GaussianNB;
use xp_models::traits::{Fit, FitWeighted, Score};

use super::golden::*;

pub fn agrees_with_scikit_learn<T: Float, B: Linalg<T>>(device: &B) {
    let golden = Golden::open("calibration");
    for case in golden.cases() {
        match case["name"].as_str().unwrap() {
            "IsotonicRegression" => isotonic::<T, B>(device, &golden, case),
            _ => calibrated::<T, B>(device, &golden, case),
        }
    }
}

fn isotonic<T: Float, B: Backend>(device: &B, golden: &Golden, case: &Value) {
    let [x, y, weights, query] = ["x", "y", "weights", "xq"].map(|key| golden.table(case, key).array::<B, T, Ix1>(device));
    let given = &case["params"];
    let mut params = IsotonicRegression::params().increasing(match given["increasing"].as_str() {
        Some(_) => None,
        None => Some(given["increasing"].as_bool().unwrap_or(true)),
    });
    if let Some(low) = given["y_min"].as_f64() {
        params = params.y_min(low).y_max(number(&given["y_max"]));
    }
    params = params.out_of_bounds(given["out_of_bounds"].as_str().unwrap_or("nan").parse().unwrap());
    let weighted = given["weighted"].as_bool().unwrap();
    let model = if weighted { params.fit_weighted(&x, &y, &weights) } else { params.fit(&x, &y) }.unwrap();
    assert_matches(model.x_thresholds(), &case["expected"]["x_thresholds"], &name(case));
    assert_matches(model.y_thresholds(), &case["expected"]["y_thresholds"], &name(case));
    assert_matches(&model.predict(&query).unwrap(), &case["expected"]["predict"], &name(case));
    assert_eq!(model.increasing(), case["expected"]["increasing"].as_bool().unwrap());
    // A column is a vector.
    let columns = params.fit(&x.expand_dims(1).unwrap(), &y).unwrap().predict(&query.expand_dims(1).unwrap()).unwrap();
    assert_eq!(values(&columns).len(), query.size());
}

fn calibrated<T: Float, B: Linalg<T>>(device: &B, golden: &Golden, case: &Value) {
    let (x, query) = (golden.table(case, "x").array::<B, T, Ix2>(device), golden.table(case, "xq").array::<B, T, Ix2>(device));
    let (y, weights) = (golden.table(case, "y").array::<B, i16, Ix1>(device), golden.table(case, "weights").array::<B, T, Ix1>(device));
    let params = &case["params"];
    let method: CalibrationMethod = params["method"].as_str().unwrap().parse().unwrap();
    let (ensemble, cv) = (params["ensemble"].as_bool().unwrap(), StratifiedKFold::new(3));
    let weights = params["weighted"].as_bool().unwrap().then_some(weights);
    // Probabilities close to 0 and 1 are the same in float32; the search for a temperature ends where rounding hides what is better.
    if method == CalibrationMethod::Isotonic && T::EPSILON.to_f64() > 1e-10 {
        return;
    }
    let units = if method == CalibrationMethod::Temperature { 10.0 / T::EPSILON.to_f64().sqrt() } else { 1e4 };
    let near = |proba: &Array<B, T, Ix2>| {
        let expected = table(&case["expected"]["proba"]);
        assert_eq!(proba.dims(), expected.shape);
        assert_near::<T>(&values(proba), &expected.data, units, &name(case));
    };
    if params["model"] == "GaussianNB" {
        let params = Calibrated::of_probabilities(GaussianNB::params()).method(method).ensemble(ensemble);
        let params = match splits_of(case) {
            "KFold" => return near(&params.cv(KFold::new(5)).fit(&x, &y).unwrap().predict_proba(&query).unwrap()),
            "TimeSeriesSplit" => return near(&params.cv(TimeSeriesSplit::new(4)).fit(&x, &y).unwrap().predict_proba(&query).unwrap()),
            _ => params.cv(cv),
        };
        let model = match weights {
            None => params.fit(&x, &y).unwrap(),
            Some(weights) => params.fit_weighted(&x, &y, &weights).unwrap(),
        };
        near(&model.predict_proba(&query).unwrap());
    } else {
        let model = Calibrated::of_scores(Lda::params()).method(method).ensemble(ensemble).cv(cv).fit(&x, &y).unwrap();
        near(&model.predict_proba(&query).unwrap());
        assert_eq!(model.estimators().len(), if ensemble { 3 } else { 1 });
        assert_eq!(model.betas().is_some(), method == CalibrationMethod::Temperature);
        let best = values(&model.predict_proba(&query).unwrap());
        let k = model.classes().size();
        let classes = model.classes().to_host().unwrap();
        let expected: Vec<i16> =
            best.chunks(k).map(|row| classes[row.iter().enumerate().fold(0, |best, (j, p)| if *p > row[best] { j } else { best })]).collect();
        assert_eq!(model.predict(&query).unwrap().to_vec(), expected);
        assert!(model.score(&x, &y).unwrap() > 0.7);
    }
}

/// The splits of a case.
fn splits_of(case: &Value) -> &str {
    case["params"]["cv"].as_str().unwrap()
}

/// What is saved and moved predicts the same.
pub fn models_move_and_are_saved<T: Float, B: Linalg<T>, C: Linalg<T>>(device: &B, other: &C) {
    let (x, y) = (dataset("iris.csv").0.array::<B, T, Ix2>(device), dataset("iris.csv").1.array::<B, i8, Ix1>(device));
    for method in [CalibrationMethod::Sigmoid, CalibrationMethod::Isotonic, CalibrationMethod::Temperature] {
        let model = Calibrated::of_probabilities(GaussianNB::params()).method(method).cv(StratifiedKFold::new(2)).fit(&x, &y).unwrap();
        let mut bytes = vec![];
        model.write_to(&mut bytes).unwrap();
        type Whole<B, T> = CalibratedClassifierCV<B, T, i8, GaussianNB<B, T, i8>, Probabilities>;
        let back = Whole::<C, T>::read_from(&mut &bytes[..], other).unwrap();
        let there: Whole<C, T> = model.to_backend(other).unwrap();
        let moved = x.to_backend(other).unwrap();
        assert_eq!(back.predict_proba(&moved).unwrap().to_vec(), there.predict_proba(&moved).unwrap().to_vec());
        assert_close::<T>(&values(&there.predict_proba(&moved).unwrap()), &values(&model.predict_proba(&x).unwrap()), "probabilities");
    }
}

pub fn calibration_refuses<B: Linalg<f64>>(device: &B) {
    let says = |message: String, part: &str| assert!(message.contains(part), "`{message}` does not say `{part}`");
    let x = array(device, &(0..12).map(|i| ((i * 5) % 7) as f64).collect::<Vec<_>>(), [6, 2]);
    let params = Calibrated::of_probabilities(GaussianNB::params()).cv(StratifiedKFold::new(2));
    says(params.fit(&x, &labels(device, &[0, 0, 0, 0, 0, 1])).unwrap_err().to_string(), "1 samples of class 1 given, at least 2");
    says(params.fit(&x, &labels(device, &[3; 6])).unwrap_err().to_string(), "class 3");
    says(params.fit(&x, &labels(device, &[0, 1])).unwrap_err().to_string(), "[2]");
    let (one, mixed) = (labels(device, &[0, 0, 0, 1, 1, 1]), labels(device, &[0, 1, 0, 1, 0, 1]));
    says(params.clone().cv(KFold::new(2)).fit(&x, &one).unwrap_err().to_string(), "cv: split 0 without class 0");
    says(params.clone().cv(ShuffleSplit::new(2).test_size(2)).ensemble(false).fit(&x, &mixed).unwrap_err().to_string(), "cv: splits that overlap");
    let (line, y) = (array(device, &[1.0, 2.0, 3.0], [3]), array(device, &[1.0, f64::NAN, 3.0], [3]));
    says(isotonic_regression(&y, None, true).unwrap_err().to_string(), "y holds NaN in row 1");
    let iso = IsotonicRegression::params().out_of_bounds(OutOfBounds::Raise);
    says(iso.fit(&x, &line).unwrap_err().to_string(), "x: shape [6, 2]");
    says(iso.fit(&line, &y).unwrap_err().to_string(), "y holds NaN in row 1");
    says(iso.fit(&array::<B, f64, _>(device, &[], [0]), &array(device, &[], [0])).unwrap_err().to_string(), "at least one sample");
    let model = iso.fit(&line, &line).unwrap();
    says(model.predict(&array(device, &[2.0, 4.5], [2])).unwrap_err().to_string(), "4.5 in row 1 given, numbers between 1 and 3");
}
