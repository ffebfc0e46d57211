//! Bad input is a typed error whose message names what was given.

use xp_core::{Ix2, Linalg};
use xp_models::cluster::{Kmeans2Params, Start, kmeans2, vq, whiten};
use xp_models::decomposition::{Components, PCA, SvdSolver};
use xp_models::discriminant_analysis::LinearDiscriminantAnalysis as Lda;
use xp_models::linear_model::Ridge;
use xp_models::metrics::{accuracy_score, confusion_matrix_of, r2_score};
use xp_models::model_selection::TrainTestSplit;
use xp_models::preprocessing::{Binarizer, MaxAbsScaler, MinMaxScaler, Normalizer, StandardScaler};
use xp_models::{Error, Result};

use super::golden::*;

/// The message of the error that must come.
fn message<T>(result: Result<T>) -> String {
    match result {
        Ok(_) => panic!("an error expected"),
        Err(e) => e.to_string(),
    }
}

fn says<T>(result: Result<T>, parts: &[&str]) {
    let message = message(result);
    for part in parts {
        assert!(message.contains(part), "`{message}` does not say `{part}`");
    }
}

pub fn nan_and_infinity_are_located<B: Linalg<f64>>(device: &B) {
    let good: Vec<f64> = (0..40).map(|i| ((i * 7) % 11) as f64).collect();
    let y = labels(device, &[0, 1, 0, 1, 1, 0, 1, 0, 1, 0]);
    for (bad, text) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (f64::NEG_INFINITY, "-inf")] {
        let mut data = good.clone();
        data[5 * 4 + 2] = bad;
        data[8 * 4 + 1] = f64::NAN;
        let x = array(device, &data, [10, 4]);
        let at = &["x holds", text, "row 5", "column 2"][..];
        says(Lda::params().fit(&x, &y), at);
        says(PCA::params().fit(&x), at);
        says(StandardScaler::params().fit(&x), at);
        says(MinMaxScaler::params().fit(&x), at);
        says(MaxAbsScaler::params().fit(&x), at);
        says(Normalizer::params().fit(&x), at);
        says(Binarizer::params().fit(&x), at);
        says(StandardScaler::params().fit_weighted(&x, &array(device, &[0.0; 10], [10])), &["sample_weight"]);
        let target = array(device, &good[..10], [10]);
        says(Ridge::params().fit(&x, &target), at);
        says(Ridge::params().fit_intercept(false).fit(&x, &target), at);
        let at = &["obs holds", text, "row 5", "column 2"][..];
        says(whiten(&x), at);
        says(kmeans2(&x, &Start::Points(2), &Kmeans2Params::new()), at);
        says(vq(&x, &array(device, &good[..8], [2, 4])), at);

        let fine = array(device, &good, [10, 4]);
        let at = &["x holds", text, "row 5", "column 2"][..];
        let lda = Lda::params().fit(&fine, &y).unwrap();
        says(lda.predict(&x), at);
        says(lda.transform(&x), at);
        says(lda.predict_proba(&x), at);
        says(PCA::params().fit(&fine).unwrap().transform(&x), at);
        says(StandardScaler::params().fit(&fine).unwrap().transform(&x), at);
        says(Ridge::params().fit(&fine, &target).unwrap().predict(&x), at);
        says(MinMaxScaler::params().clip(true).fit(&fine).unwrap().transform(&x), at);
        says(MaxAbsScaler::params().clip(true).fit(&fine).unwrap().transform(&x), at);
        says(Normalizer::params().fit(&fine).unwrap().transform(&x), at);
        says(Binarizer::params().fit(&fine).unwrap().transform(&x), at);
        let mut bad_target = good[..10].to_vec();
        bad_target[3] = bad;
        says(Ridge::params().fit(&fine, &array(device, &bad_target, [10])), &["y holds", text, "row 3"]);
        says(r2_score(&target, &array(device, &bad_target, [10])), &["y_pred holds", text, "row 3"]);
    }
    // Overflow is not the data's fault, and a large number is no infinity.
    let large: Vec<f64> = good.iter().map(|v| v * 1e307).collect();
    assert!(!matches!(StandardScaler::params().fit(&array(device, &large, [10, 4])), Err(Error::NonFinite { .. })));
}

pub fn lda_refuses<B: Linalg<f64>>(device: &B) {
    let x = array(device, &(0..12).map(|i| ((i * 5) % 7) as f64).collect::<Vec<_>>(), [6, 2]);
    let y = labels(device, &[0, 1, 0, 1, 2, 2]);
    says(Lda::params().fit(&x, &labels(device, &[0, 1])), &["y", "[2]", "[6, 2]"]);
    says(Lda::params().fit(&x, &labels(device, &[4; 6])), &["class 4", "two"]);
    says(Lda::params().fit(&x, &labels(device, &[0, 1, 2, 3, 4, 5])), &["6 samples", "6 classes"]);
    says(Lda::params().n_components(3).fit(&x, &y), &["n_components", "3 given", "at most 2"]);
    says(Lda::params().n_components(0).fit(&x, &y), &["n_components", "0 given"]);
    says(Lda::params().tol(-1.0).fit(&x, &y), &["tol", "-1"]);
    says(Lda::params().tol(f64::NAN).fit(&x, &y), &["tol", "NaN"]);
    says(Lda::params().priors(&[0.5, 0.5]).fit(&x, &y), &["priors", "3 numbers"]);
    says(Lda::params().priors(&[0.5, -0.5, 1.0]).fit(&x, &y), &["priors", "-0.5"]);
    says(Lda::params().priors(&[0.0; 3]).fit(&x, &y), &["priors", "not all zero"]);
    let lda = Lda::params().fit(&x, &y).unwrap();
    says(lda.predict(&array(device, &[1.0, 2.0, 3.0], [1, 3])), &["x", "[1, 3]", "3 columns", "fitted on 2"]);
    says(lda.score(&x, &labels(device, &[0])), &["y", "[1]", "[6, 2]"]);
    // The same points in every class: nothing separates them. No spread within the classes: nothing to scale by.
    let same = array(device, &[1.0, 2.0, 1.0, 2.0], [4, 1]);
    says(Lda::params().fit(&same, &labels(device, &[0, 0, 1, 1])), &["same mean"]);
    let flat = array(device, &[1.0, 1.0, 2.0, 2.0], [4, 1]);
    says(Lda::params().fit(&flat, &labels(device, &[0, 0, 1, 1])), &["no variance within"]);
    let empty = array::<B, f64, _>(device, &[], [0, 2]);
    says(Lda::params().fit(&empty, &labels(device, &[])), &["[0, 2]"]);
    let thin = array::<B, f64, _>(device, &[], [3, 0]);
    says(Lda::params().fit(&thin, &labels(device, &[0, 1, 1])), &["[3, 0]"]);
    assert_eq!(lda.predict(&empty).unwrap().size(), 0);
}

pub fn the_others_refuse<B: Linalg<f64>>(device: &B) {
    let x = array(device, &(0..12).map(|i| ((i * 5) % 7) as f64).collect::<Vec<_>>(), [6, 2]);
    let empty = array::<B, f64, _>(device, &[], [0, 2]);

    says(PCA::params().n_components(3).fit(&x), &["n_components", "3 given", "at most 2"]);
    says(PCA::params().n_components(0).fit(&x), &["n_components"]);
    says(PCA::params().n_components(1.5).fit(&x), &["n_components", "1.5"]);
    says(PCA::params().n_components(Components::Mle).fit(&x.t().contiguous().unwrap()), &["Mle", "2 samples and 6 features"]);
    let randomized = SvdSolver::Randomized { n_oversamples: 2, iterated_power: None, seed: 0 };
    says(PCA::params().n_components(0.5).svd_solver(randomized).fit(&x), &["n_components", "randomized"]);
    says(PCA::params().fit(&empty), &["x", "[0, 2]"]);
    let pca = PCA::params().n_components(1).fit(&x).unwrap();
    says(pca.transform(&x.t()), &["[2, 6]", "fitted on 2"]);
    says(pca.inverse_transform(&x), &["[6, 2]", "1 columns"]);

    let y = array(device, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [6]);
    says(Ridge::params().alpha(-1.0).fit(&x, &y), &["alpha", "-1"]);
    says(Ridge::params().alphas(&[1.0, 2.0]).fit(&x, &y), &["alpha", "2 penalties", "1 targets"]);
    says(Ridge::params().fit(&x, &array(device, &[1.0], [1])), &["y", "[1]", "[6, 2]"]);
    says(Ridge::params().fit(&x, &array::<B, f64, _>(device, &[], [6, 0])), &["y", "[6, 0]"]);
    says(Ridge::params().fit(&x, &y.reshape([6, 1, 1]).unwrap()), &["y", "[6, 1, 1]"]);
    says(Ridge::params().fit_weighted(&x, &y, &array(device, &[1.0; 5], [5])), &["sample_weight", "[5]", "[6, 2]"]);
    says(Ridge::params().fit_weighted(&x, &y, &array(device, &[-1.0; 6], [6])), &["sample_weight", "-1"]);
    says(Ridge::params().fit(&x, &y).unwrap().predict(&x.t()), &["fitted on 2"]);

    let mut scaler = StandardScaler::params().fit(&x).unwrap();
    says(StandardScaler::params().fit(&empty), &["x", "[0, 2]"]);
    says(scaler.partial_fit(&x.t()), &["[2, 6]", "fitted on 2"]);
    let before = scaler.mean().unwrap().to_vec();
    says(scaler.partial_fit(&array(device, &[f64::NAN, 0.0], [1, 2])), &["row 0", "column 0"]);
    assert_eq!(scaler.mean().unwrap().to_vec(), before);

    says(MinMaxScaler::params().feature_range(1.0, 1.0).fit(&x), &["feature_range", "1 to 1"]);
    says(MinMaxScaler::params().fit(&empty), &["x", "[0, 2]"]);
    says(MinMaxScaler::params().fit(&x).unwrap().partial_fit(&x.t()), &["[2, 6]", "fitted on 2"]);
    says(MaxAbsScaler::params().fit(&x).unwrap().transform(&x.t()), &["[2, 6]", "fitted on 2"]);
    says(Normalizer::params().fit(&x).unwrap().transform(&x.t()), &["[2, 6]", "fitted on 2"]);
    says(Binarizer::params().fit(&empty), &["x", "[0, 2]"]);

    says(whiten(&empty), &["obs", "[0, 2]"]);
    says(vq(&x, &x.t().contiguous().unwrap()), &["code_book", "[2, 6]", "[6, 2]"]);
    let start = |k: usize| Start::<B, f64, Ix2>::Points(k);
    says(kmeans2(&x, &start(0), &Kmeans2Params::new()), &["k", "0"]);
    says(kmeans2(&x, &start(7), &Kmeans2Params::new()), &["k", "7", "at most 6"]);
    says(kmeans2(&x, &start(2), &Kmeans2Params::new().iter(0)), &["iter", "0"]);
    assert!(kmeans2(&x, &Start::Random(1 << 60), &Kmeans2Params::new()).is_err());

    let (a, b) = (labels(device, &[0, 1]), labels(device, &[0, 1, 2]));
    says(accuracy_score(&a, &b), &["y_pred", "[3]", "[2]"]);
    says(accuracy_score(&labels(device, &[]), &labels(device, &[])), &["at least one sample"]);
    says(confusion_matrix_of(&b, &b, &a), &["y_true", "label 2", "row 2", "[0, 1]"]);
    says(r2_score(&y, &array(device, &[1.0], [1])), &["y_pred", "[1]", "[6]"]);

    says(TrainTestSplit::new().test_size(0.0).indices(10), &["test_size", "0"]);
    says(TrainTestSplit::new().test_size(10_usize).indices(10), &["0 samples for training"]);
    says(TrainTestSplit::new().split(&x, &a), &["y", "[2]", "[6, 2]"]);
    says(TrainTestSplit::new().stratified_indices(&[0, 0, 0, 1]), &["1 sample of class 1"]);
}
