//! Bad input is a typed error whose message names what was given.

use xp_core::{Ix2, Linalg};
use xp_models::ClassWeight;
use xp_models::cluster::{Init, KMeans, Kmeans2Params, MiniBatchKMeans, Start, kmeans2, vq, whiten};
use xp_models::covariance::{EmpiricalCovariance, LedoitWolf};
use xp_models::decomposition::{Components, IncrementalPCA, KernelPCA, PCA, SvdSolver, TruncatedSVD};
use xp_models::discriminant_analysis::LinearDiscriminantAnalysis as Lda;
use xp_models::feature_extraction::TfidfTransformer;
use xp_models::impute::SimpleImputer;
use xp_models::kernel_approximation::Nystroem;
use xp_models::kernel_ridge::KernelRidge;
use xp_models::linear_model::{
    ElasticNet, GammaRegressor, Lasso, LinearRegression, LogisticRegression, PoissonRegressor, Ridge, RidgeCV, RidgeClassifier, RidgeClassifierCV,
    TweedieRegressor,
};
use xp_models::metrics::*;
use xp_models::mixture::{CovarianceType, GaussianMixture};
use xp_models::model_selection::{HalvingGridSearchCV, TrainTestSplit};
use xp_models::naive_bayes::GaussianNB;
use xp_models::neighbors::{KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors, NeighborMetric};
use xp_models::preprocessing::*;
use xp_models::traits::Fit;
use xp_models::utils::{Resample, check_consistent_length};
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
        let scalers = [StandardScaler::params().fit(&x).err(), MinMaxScaler::params().fit(&x).err(), MaxAbsScaler::params().fit(&x).err()];
        for scaler in scalers {
            // NaN stands for what is missing.
            assert_eq!(scaler.is_some(), bad.is_infinite());
            scaler.into_iter().for_each(|error| says::<()>(Err(error), at));
        }
        says(Normalizer::params().fit(&x), at);
        says(Binarizer::params().fit(&x), at);
        says(StandardScaler::params().fit_weighted(&x, &array(device, &[0.0; 10], [10])), &["sample_weight"]);
        let target = array(device, &good[..10], [10]);
        says(Ridge::params().fit(&x, &target), at);
        says(Ridge::params().fit_intercept(false).fit(&x, &target), at);
        says(LinearRegression::params().fit(&x, &target), at);
        says(RidgeCV::params().fit(&x, &target), at);
        says(Lasso::params().fit(&x, &target), at);
        says(PoissonRegressor::params().fit(&x, &target), at);
        says(LogisticRegression::params().fit(&x, &y), at);
        says(RidgeClassifier::params().fit(&x, &y), at);
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
        says(Ridge::params().fit(&fine, &target).unwrap().predict(&x), at);
        if bad.is_infinite() {
            says(StandardScaler::params().fit(&fine).unwrap().transform(&x), at);
            says(MinMaxScaler::params().clip(true).fit(&fine).unwrap().transform(&x), at);
            says(MaxAbsScaler::params().clip(true).fit(&fine).unwrap().inverse_transform(&x), at);
        }
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

pub fn linear_models_refuse<B: Linalg<f64>>(device: &B) {
    let x = array(device, &(0..12).map(|i| ((i * 5) % 7) as f64).collect::<Vec<_>>(), [6, 2]);
    let y = array(device, &[1.0, 2.0, 0.0, 4.0, 5.0, 6.0], [6]);
    let classes = labels(device, &[0, 1, 0, 1, 2, 2]);
    let weights = |w: f64| array(device, &[w; 6], [6]);

    says(LinearRegression::params().tol(-1.0).fit(&x, &y), &["tol", "-1"]);
    says(LinearRegression::params().fit(&x, &array(device, &[1.0], [1])), &["y", "[1]", "[6, 2]"]);
    says(LinearRegression::params().fit_weighted(&x, &y, &weights(-1.0)), &["sample_weight", "-1"]);
    says(LinearRegression::params().fit(&x, &y).unwrap().predict(&x.t()), &["[2, 6]", "fitted on 2"]);
    says(RidgeCV::params().alphas(&[]).fit(&x, &y), &["alphas", "none"]);
    says(RidgeCV::params().alphas(&[1.0, 0.0]).fit(&x, &y), &["alphas", "0 given", "positive"]);
    says(RidgeClassifierCV::params().alphas(&[f64::NAN]).fit(&x, &classes), &["alphas", "NaN"]);
    says(RidgeClassifier::params().alpha(-2.0).fit(&x, &classes), &["alpha", "-2"]);
    says(RidgeClassifier::params().fit(&x, &labels(device, &[3; 6])), &["class 3", "two"]);
    let weight = |label: i128, weight: f64| ClassWeight::Given(vec![(label, weight)]);
    says(RidgeClassifier::params().class_weight(weight(9, 1.0)).fit(&x, &classes), &["class_weight", "label 9", "[0, 1, 2]"]);
    says(LogisticRegression::params().class_weight(weight(1, -1.0)).fit(&x, &classes), &["class_weight", "-1", "label 1"]);

    says(LogisticRegression::params().fit(&x, &labels(device, &[3; 6])), &["class 3", "two"]);
    says(LogisticRegression::params().fit(&x, &labels(device, &[0, 1])), &["y", "[2]", "[6, 2]"]);
    says(LogisticRegression::params().c(0.0).fit(&x, &classes), &["C: 0 given"]);
    says(LogisticRegression::params().c(f64::NAN).fit(&x, &classes), &["C: NaN given"]);
    says(LogisticRegression::params().tol(-1.0).fit(&x, &classes), &["tol: -1 given"]);
    says(LogisticRegression::params().max_iter(0).fit(&x, &classes), &["max_iter: 0 given"]);
    says(LogisticRegression::params().fit_weighted(&x, &classes, &weights(0.0)), &["sample_weight", "0 to 0"]);
    let empty = array::<B, f64, _>(device, &[], [0, 2]);
    says(LogisticRegression::params().fit(&empty, &labels(device, &[])), &["x", "[0, 2]"]);
    let model = LogisticRegression::params().fit(&x, &classes).unwrap();
    says(model.predict(&x.t()), &["[2, 6]", "fitted on 2"]);
    says(model.score(&x, &labels(device, &[0])), &["y", "[1]", "[6, 2]"]);
    assert_eq!(model.predict_proba(&empty).unwrap().dims(), [0, 3]);

    says(PoissonRegressor::params().fit(&x, &-&y), &["y", "-6", "not negative"]);
    says(PoissonRegressor::params().fit(&x, &(&y * 0.0)), &["mean 0"]);
    says(PoissonRegressor::params().alpha(-1.0).fit(&x, &y), &["alpha: -1 given"]);
    says(GammaRegressor::params().fit(&x, &y), &["y: 0 given", "positive"]);
    says(TweedieRegressor::params().power(0.5).fit(&x, &y), &["power: 0.5 given", "between 0 and 1"]);
    says(TweedieRegressor::params().power(2.5).fit(&x, &y), &["y: 0 given", "positive"]);
    says(PoissonRegressor::params().fit(&x, &y).unwrap().score(&x, &-&y), &["y", "-6"]);

    says(Lasso::params().alpha(-1.0).fit(&x, &y), &["alpha: -1 given"]);
    says(Lasso::params().max_iter(0).fit(&x, &y), &["max_iter: 0 given"]);
    says(ElasticNet::params().l1_ratio(1.5).fit(&x, &y), &["l1_ratio: 1.5 given"]);
    says(ElasticNet::params().fit(&x, &y.reshape([6, 1, 1]).unwrap()), &["y", "[6, 1, 1]"]);
}

pub fn decompositions_refuse<B: Linalg<f64>>(device: &B) {
    let x = array(device, &(0..12).map(|i| ((i * 5) % 7) as f64).collect::<Vec<_>>(), [6, 2]);
    let empty = array::<B, f64, _>(device, &[], [0, 2]);
    let bad = array(device, &[1.0, 2.0, 3.0, f64::NAN], [2, 2]);
    let at = &["x holds NaN", "row 1", "column 1"][..];
    says(TruncatedSVD::params().fit(&bad), at);
    says(IncrementalPCA::params().fit(&bad), at);
    says(KernelPCA::params().fit(&bad), at);
    says(LedoitWolf::params().fit(&bad), at);
    says(EmpiricalCovariance::params().fit(&x).unwrap().mahalanobis(&bad), at);
    says(TruncatedSVD::params().fit(&empty), &["x", "[0, 2]"]);
    says(IncrementalPCA::params().fit(&empty), &["x", "[0, 2]"]);
    says(KernelPCA::params().fit(&empty), &["x", "[0, 2]"]);
    says(LedoitWolf::params().fit(&empty), &["x", "[0, 2]"]);
    says(TruncatedSVD::params().n_components(3).fit(&x), &["n_components", "3 given", "at most 2"]);
    says(TruncatedSVD::params().n_components(0).fit(&x), &["n_components: 0"]);
    says(IncrementalPCA::params().n_components(3).fit(&x), &["n_components", "3 given", "at most 2"]);
    says(IncrementalPCA::params().batch_size(0).fit(&x), &["batch_size: 0"]);
    let mut model = IncrementalPCA::params().n_components(2).start(device, 2).unwrap();
    says(model.partial_fit(&array(device, &[1.0, 2.0], [1, 2])), &["n_components", "2 given", "1 samples in the first batch"]);
    says(model.partial_fit(&x.t()), &["[2, 6]", "fitted on 2"]);
    says(model.merge(&IncrementalPCA::params().n_components(2).start(device, 3).unwrap()), &["other", "[0, 3]", "2 columns"]);
    says(KernelPCA::params().n_components(0).fit(&x), &["n_components: 0"]);
    says(KernelPCA::params().alpha(-1.0).fit(&x), &["alpha: -1"]);
    let model = KernelPCA::params().fit(&x).unwrap();
    says(model.transform(&x.t()), &["[2, 6]", "fitted on 2"]);
    says(model.inverse_transform(&x), &["fit_inverse_transform", "false"]);
    // Not a product of any features.
    let sigmoid = xp_models::metrics::pairwise::Kernel::Sigmoid { gamma: Some(5.0), coef0: -3.0 };
    says(KernelPCA::params().kernel(sigmoid).fit(&x), &["not positive semi-definite"]);
    says(EmpiricalCovariance::params().fit(&x).unwrap().score(&x.t()), &["[2, 6]", "fitted on 2"]);
    says(EmpiricalCovariance::params().fit(&x).unwrap().error_norm(&x), &["comp_cov", "[6, 2]", "[2, 2]"]);
    let y = array(device, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [6]);
    says(KernelRidge::params().alpha(-1.0).fit(&x, &y), &["alpha", "-1"]);
    says(KernelRidge::params().alphas(&[1.0, 2.0]).fit(&x, &y), &["alpha", "2 penalties", "1 targets"]);
    says(KernelRidge::params().fit(&x, &array(device, &[1.0], [1])), &["y", "[1]", "[6, 2]"]);
    says(KernelRidge::params().fit_weighted(&x, &y, &array(device, &[0.0; 6], [6])), &["sample_weight", "0 to 0"]);
    says(KernelRidge::params().fit(&x, &y).unwrap().predict(&x.t()), &["[2, 6]", "fitted on 2"]);
}

pub fn preprocessing_refuses<B: Linalg<f64>>(device: &B) {
    let x = array(device, &[1.0, 2.0, f64::NAN, 3.0, 5.0, 4.0], [3, 2]);
    let empty = array::<B, f64, _>(device, &[], [0, 2]);
    let infinite = array(device, &[1.0, 2.0, f64::NAN, f64::INFINITY], [2, 2]);
    let at = &["x holds inf", "row 1", "column 1"][..];
    says(RobustScaler::params().fit(&infinite), at);
    says(QuantileTransformer::params().fit(&infinite), at);
    says(PowerTransformer::params().fit(&infinite), at);
    says(SimpleImputer::params().fit(&infinite), at);
    says(SimpleImputer::params().missing_values(2.0).fit(&x), &["x holds NaN", "row 1", "column 0"]);
    says(TfidfTransformer::params().fit(&x), &["x holds NaN", "row 1", "column 0"]);
    says(RobustScaler::params().fit(&empty), &["x", "[0, 2]"]);
    says(QuantileTransformer::params().fit(&empty), &["x", "[0, 2]"]);
    says(PowerTransformer::params().fit(&empty), &["x", "[0, 2]"]);
    says(SimpleImputer::params().fit(&empty), &["x", "[0, 2]"]);
    says(TfidfTransformer::params().fit(&empty), &["x", "[0, 2]"]);
    says(OneHotEncoder::<B, f64>::params().fit(&empty.astype::<i64>()), &["x", "[0, 2]"]);
    says(RobustScaler::params().fit(&x).unwrap().transform(&x.t()), &["[2, 3]", "fitted on 2"]);
    says(QuantileTransformer::params().fit(&x).unwrap().inverse_transform(&x.t()), &["[2, 3]", "fitted on 2"]);

    says(RobustScaler::params().quantile_range(75.0, 25.0).fit(&x), &["quantile_range", "75 to 25", "in order"]);
    says(RobustScaler::params().quantile_range(0.0, 50.0).unit_variance(true).fit(&x), &["quantile_range", "0 to 50", "above 0"]);
    says(QuantileTransformer::params().n_quantiles(0).fit(&x), &["n_quantiles: 0"]);
    says(QuantileTransformer::params().subsample(10).fit(&x), &["n_quantiles: 1000", "1 to 10"]);
    let box_cox = PowerTransformer::params().method(PowerMethod::BoxCox);
    says(box_cox.fit(&(&x - 1.0)), &["x", "0 in column 0", "positive"]);
    says(box_cox.fit(&array(device, &[1.0, 2.0, 1.0, 3.0], [2, 2])), &["the same number everywhere in column 0"]);
    says(box_cox.fit(&x).unwrap().transform(&(&x - 1.0)), &["not positive"]);
    says(PowerTransformer::params().fit(&array(device, &[f64::NAN, 1.0], [1, 2])), &["no number in column 0"]);
    let tfidf = TfidfTransformer::params().sublinear_tf(true).fit(&array(device, &[1.0, 2.0], [1, 2])).unwrap();
    says(tfidf.transform(&array(device, &[1.0, -2.0], [1, 2])), &["negative count"]);

    let codes = array(device, &[1_i64, 5, 2, 5], [2, 2]);
    let one_hot = OneHotEncoder::<B, f64>::params();
    says(one_hot.clone().categories(&[&[1, 2]]).fit(&codes), &["categories", "1 features", "each of 2"]);
    says(one_hot.clone().categories(&[&[2, 1], &[5]]).fit(&codes), &["categories", "[2, 1]", "ascending"]);
    says(one_hot.clone().categories(&[&[1, 2], &[1 << 70]]).fit(&codes), &["categories", "int64"]);
    says(one_hot.clone().categories(&[&[1], &[5]]).fit(&codes), &["label 2", "row 1", "[1]"]);
    says(one_hot.clone().min_frequency(0_usize).fit(&codes), &["min_frequency: 0"]);
    says(one_hot.clone().min_frequency(1.0).fit(&codes), &["min_frequency: 1", "between 0 and 1"]);
    says(one_hot.clone().max_categories(0).fit(&codes), &["max_categories: 0"]);
    says(one_hot.clone().drop(DropCategory::Each(vec![1])).fit(&codes), &["drop: 1 categories", "each of 2"]);
    says(one_hot.clone().drop(DropCategory::Each(vec![1, 4])).fit(&codes), &["drop: the category 4 of feature 1", "[5]"]);
    let rare = one_hot.clone().min_frequency(2_usize);
    says(rare.clone().drop(DropCategory::Each(vec![1, 5])).fit(&codes), &["drop: the category 1 of feature 0", "not infrequent"]);
    says(rare.fit(&codes).unwrap().inverse_transform(&array(device, &[1.0, 1.0], [1, 2])), &["an infrequent category of feature 0 in row 0"]);
    says(TextCategories::fit::<&str, [&str; 0]>(&[], None).map(drop), &["at least 1 row"]);
    says(TextCategories::fit(&[vec!["a"], vec!["a", "b"]], None).map(drop), &["[2]", "1 texts"]);
    let texts = TextCategories::fit(&[["a"], ["b"]], None).unwrap();
    says(texts.inverse_transform(&array(device, &[2_i64], [1, 1])).map(drop), &["codes: 2 in column 0", "2 texts"]);
    let model = one_hot.fit(&codes).unwrap();
    says(model.transform(&codes.slice_axis(1, ..1).unwrap()), &["[2, 1]", "fitted on 2"]);
    says(model.inverse_transform(&array(device, &[0.0; 2], [1, 2])), &["z", "[1, 2]", "3 columns"]);
    says(model.inverse_transform(&array(device, &[0.0, 0.0, 1.0], [1, 3])), &["feature 0 in row 0"]);
    let ordinal = OrdinalEncoder::<B, f64>::params();
    says(ordinal.clone().unknown_value(1.0).fit(&codes), &["unknown_value: 1", "2 categories"]);
    says(ordinal.clone().missing_value(1).encoded_missing_value(0.0).fit(&codes), &["encoded_missing_value: 0", "1 categories"]);
    let model = ordinal.fit(&codes).unwrap();
    says(model.transform(&(&codes + 1)), &["label 3", "row 1"]);
    says(model.inverse_transform(&array(device, &[1.0, 1.0], [1, 2])), &["z: 1 in row 0, column 1", "1 categories"]);
    says(model.inverse_transform(&array(device, &[0.5, 0.0], [1, 2])), &["z: 0.5 in row 0, column 0"]);
}

pub fn clusters_refuse<B: Linalg<f64>>(device: &B) {
    let x = array(device, &(0..12).map(|i| ((i * 5) % 7) as f64).collect::<Vec<_>>(), [6, 2]);
    let empty = array::<B, f64, _>(device, &[], [0, 2]);
    let bad = array(device, &[1.0, f64::NAN, 2.0, 3.0], [2, 2]);
    let params = KMeans::params().n_clusters(2);
    says(params.clone().n_clusters(0).fit(&x), &["n_clusters", "0"]);
    says(params.clone().n_clusters(7).fit(&x), &["n_clusters", "7", "at most 6"]);
    says(params.clone().n_init(0).fit(&x), &["n_init", "0"]);
    says(params.clone().max_iter(0).fit(&x), &["max_iter", "0"]);
    says(params.clone().tol(-1.0).fit(&x), &["tol", "-1"]);
    says(params.clone().fit(&empty), &["x", "[0, 2]"]);
    says(params.clone().fit(&bad), &["x holds NaN", "row 0", "column 1"]);
    says(params.clone().init(Init::Centers(x.clone())).fit(&x), &["init", "[6, 2]", "[2, 2]"]);
    says(params.clone().init(Init::Centers(bad.clone())).fit(&x), &["init holds NaN"]);
    says(params.fit_weighted(&x, &array(device, &[0.0; 6], [6])), &["sample_weight"]);
    let model = params.fit(&x).unwrap();
    says(model.predict(&x.t()), &["[2, 6]", "fitted on 2"]);
    says(model.transform(&bad), &["NaN"]);

    let params = MiniBatchKMeans::params().n_clusters(2);
    says(params.clone().batch_size(0).fit(&x), &["batch_size", "0"]);
    says(params.clone().init_size(0).fit(&x), &["init_size", "0"]);
    says(params.clone().reassignment_ratio(-0.5).fit(&x), &["reassignment_ratio", "-0.5"]);
    says(params.clone().n_clusters(7).start(&x), &["n_clusters", "7"]);
    let mut model = params.fit(&x).unwrap();
    let before = model.cluster_centers().to_vec();
    says(model.partial_fit(&bad), &["NaN", "row 0"]);
    says(model.partial_fit(&empty), &["[0, 2]"]);
    assert_eq!(model.cluster_centers().to_vec(), before);

    let params = GaussianMixture::params().n_components(2);
    says(params.clone().n_components(0).fit(&x), &["n_components", "0 given"]);
    says(params.clone().n_components(7).fit(&x), &["n_components", "7 given", "1 to 6"]);
    says(params.clone().fit(&x.slice_axis(0, ..1).unwrap()), &["x", "[1, 2]", "2 rows"]);
    says(params.clone().fit(&bad), &["x holds NaN", "row 0", "column 1"]);
    says(params.clone().tol(f64::NAN).fit(&x), &["tol", "NaN"]);
    says(params.clone().reg_covar(-1.0).fit(&x), &["reg_covar", "-1"]);
    says(params.clone().n_init(0).fit(&x), &["n_init", "0"]);
    says(params.clone().weights_init(&[0.5, 0.6]).fit(&x), &["weights_init", "0.6", "sum is 1"]);
    says(params.clone().weights_init(&[1.0]).fit(&x), &["weights_init", "2 numbers"]);
    says(params.clone().means_init(&x).fit(&x), &["means_init", "[6, 2]", "[2, 2]"]);
    let tied = params.clone().covariance_type(CovarianceType::Tied);
    says(tied.clone().precisions_init(&x).fit(&x), &["precisions_init", "[6, 2]", "[2, 2]", "tied"]);
    says(tied.clone().precisions_init(&array(device, &[1.0, 2.0, 2.0, 1.0], [2, 2])).fit(&x), &["precisions_init", "positive definite"]);
    says(tied.precisions_init(&array(device, &[2.0, 1.0, 0.0, 2.0], [2, 2])).fit(&x), &["precisions_init", "symmetric"]);
    let diag = params.clone().covariance_type(CovarianceType::Diag);
    says(diag.clone().precisions_init(&array(device, &[1.0, 0.0, 1.0, 1.0], [2, 2])).fit(&x), &["precisions_init", "positive"]);
    says(params.clone().reg_covar(0.0).fit(&x.slice_axis(0, ..2).unwrap()), &["not positive definite", "reg_covar"]);
    let model = params.fit(&x).unwrap();
    says(diag.fit_from(&x, &model), &["model", "full", "diag"]);
    says(model.predict(&x.t()), &["[2, 6]", "fitted on 2"]);
    says(model.score_samples(&bad), &["NaN"]);
    says(model.score(&empty), &["[0, 2]"]);
    says(model.sample(0, 0), &["n_samples", "0"]);
}

pub fn neighbors_refuse<B: Linalg<f64>>(device: &B) {
    let x = array(device, &(0..12).map(|i| ((i * 5) % 7) as f64).collect::<Vec<_>>(), [6, 2]);
    let empty = array::<B, f64, _>(device, &[], [0, 2]);
    let bad = array(device, &[1.0, f64::NAN, 2.0, 3.0], [2, 2]);
    let params = NearestNeighbors::params();
    says(params.clone().n_neighbors(0).fit(&x), &["n_neighbors", "0"]);
    says(params.clone().metric(NeighborMetric::Minkowski(0.5)).fit(&x), &["metric", "order 0.5", "at least 1"]);
    says(params.clone().fit(&empty), &["x", "[0, 2]"]);
    says(params.clone().fit(&bad), &["x holds NaN", "row 0", "column 1"]);
    let model = params.fit(&x).unwrap();
    says(model.kneighbors(&x, 7), &["n_neighbors", "7 given", "1 to 6"]);
    says(model.kneighbors(None, 6), &["n_neighbors", "6 given", "1 to 5"]);
    says(model.kneighbors(&x, 0), &["n_neighbors", "0 given"]);
    says(model.kneighbors(&x.t(), None), &["[2, 6]", "fitted on 2"]);
    says(model.kneighbors(&bad, None), &["NaN"]);
    says(model.radius_neighbors(&x, f64::NAN), &["radius", "NaN"]);
    says("cosinus".parse::<NeighborMetric>(), &["metric", "cosinus"]);
    let y = labels(device, &[0, 1, 0, 1, 1, 0]);
    says(KNeighborsClassifier::params().fit(&x, &labels(device, &[0, 1])), &["y", "[2]", "[6, 2]"]);
    let model = KNeighborsClassifier::params().n_neighbors(7).fit(&x, &y).unwrap();
    says(model.predict(&x), &["n_neighbors", "7 given", "1 to 6"]);
    let model = KNeighborsClassifier::params().fit(&x, &y).unwrap();
    says(model.predict_by(&x, |d| Ok(d.t())), &["weights", "[5, 6]", "[6, 5]"]);
    let t = array(device, &[1.0, 2.0, 3.0, 4.0, 5.0, f64::INFINITY], [6]);
    says(KNeighborsRegressor::params().fit(&x, &t), &["y holds inf", "row 5"]);
    says(KNeighborsRegressor::params().fit(&x, &array::<B, f64, _>(device, &[], [6, 0])), &["y", "[6, 0]"]);
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
    says(scaler.partial_fit(&array(device, &[f64::INFINITY, 0.0], [1, 2])), &["row 0", "column 0"]);
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
    says(ConfusionMatrix::new().labels(&[7]).of(&b, &b), &["labels", "[7]", "y_true"]);
    says(ConfusionMatrix::new().labels(&[1, 0, 1]).of(&b, &b), &["labels", "1 twice"]);
    says(f1_score(&b, &b), &["average", "3 labels", "macro"]);
    says(ClassScore::f1().pos_label(5_i64).score(&a, &a), &["pos_label", "5", "[0, 1]"]);
    says(ClassScore::fbeta(-1.0).score(&a, &a), &["beta", "-1"]);
    says(ClassScore::f1().average(Averaging::Samples).score(&a, &a), &["average", "samples"]);
    let pair = array(device, &[0, 1, 2, 1], [2, 2]);
    says(hamming_loss(&pair, &pair.t().slice_axis(0, ..1).unwrap()), &["y_pred", "[1, 2]", "[2, 2]"]);
    says(precision_recall_fscore_support(&pair, &pair), &["y_true", "zeros and ones"]);
    says(accuracy_score_weighted(&a, &a, &array(device, &[1.0, -1.0], [2])), &["sample_weight", "zero"]);
    says(accuracy_score_weighted(&a, &a, &array(device, &[1.0, f64::NAN], [2])), &["sample_weight", "NaN", "row 1"]);
    says(accuracy_score_weighted(&a, &a, &array(device, &[1.0], [1])), &["sample_weight", "[1]", "[2]"]);
    says(log_loss(&a, &array(device, &[0.5, 1.5], [2])), &["y_proba", "1.5", "between 0 and 1"]);
    says(log_loss(&labels(device, &[1, 1]), &array(device, &[0.5, 0.5], [2])), &["[1]", "two classes"]);
    says(log_loss(&b, &array(device, &[0.5; 6], [3, 2])), &["y_proba", "[3, 2]", "3 classes"]);
    says(roc_curve(&b, &array(device, &[0.5; 3], [3])), &["pos_label", "[0, 1, 2]"]);
    says(roc_curve(&a, &array(device, &[0.5, f64::NAN], [2])), &["y_score", "NaN", "row 1"]);
    says(det_curve(&labels(device, &[1, 1]), &array(device, &[0.5; 2], [2])), &["only the class 1"]);
    says(RocAuc::new().max_fpr(0.0).score(&a, &array(device, &[0.5; 2], [2])), &["max_fpr", "0"]);
    says(roc_auc_score(&b, &array(device, &[0.5; 9], [3, 3])), &["y_score", "sums"]);
    says(top_k_accuracy_score(&b, &array(device, &[0.5; 9], [3, 3]), 0), &["k", "0"]);
    says(MeanTweedieDeviance::new().power(0.5).score(&y, &y), &["power", "0.5"]);
    says(mean_gamma_deviance(&y, &array(device, &[-1.0; 6], [6])), &["y_pred", "-1", "above 0"]);
    says(mean_squared_log_error(&array(device, &[-1.0; 6], [6]), &y), &["y_true", "-1"]);
    says(max_error(&x, &x), &["y_true", "[6, 2]", "one target"]);
    says(MeanPinballLoss::new().alpha(2.0).score(&y, &y), &["alpha", "2"]);
    says(R2Score::new().average(Average::Weights(vec![1.0; 3])).score(&x, &x), &["average", "3 weights", "2 targets"]);
    says(MeanSquaredError::new().average(Average::Variance).score(&x, &x), &["average", "variance"]);
    says(pairwise::euclidean_distances(&x, &x.t().contiguous().unwrap()), &["y", "[2, 6]", "2 columns"]);
    says(pairwise::additive_chi2_kernel(&array(device, &[-1.0], [1, 1]), None), &["x", "negative"]);
    says(pairwise::paired_euclidean_distances(&x, &x.t().contiguous().unwrap()), &["y", "[2, 6]", "[6, 2]"]);
    says(silhouette_score(&x, &labels(device, &[1; 6])), &["labels", "1 clusters of 6 samples"]);
    says(ndcg_score(&array(device, &[-1.0, 0.0], [1, 2]), &array(device, &[1.0, 0.0], [1, 2])), &["y_true", "-1", "not negative"]);
    says(r2_score(&y, &array(device, &[1.0], [1])), &["y_pred", "[1]", "[6]"]);

    says(LabelEncoder::fit(&a).unwrap().transform(&b), &["y", "label 2", "row 2", "[0, 1]"]);
    says(LabelEncoder::fit(&a).unwrap().inverse_transform(&b), &["y", "2", "2 classes"]);
    says(TextLabelEncoder::fit(&["a"]).transform(device, &["a", "b"]), &["y", "\"b\"", "row 1"]);
    says(label_binarize(&a, &[0, 1], 1, 1), &["neg_label", "1"]);
    says(LabelBinarizer::params().fit(&a).unwrap().inverse_transform(&x.t()), &["y", "[2, 6]", "2 classes"]);
    says(PolynomialFeatures::params().degrees(3, 2).fit(&x), &["degree", "3 to 2"]);
    says(PolynomialFeatures::params().degree(9_000).fit(&x.t()), &["degree", "9000 of 6 features"]);
    says(KernelCenterer::params().fit(&x), &["k", "[6, 2]", "square"]);
    says(Nystroem::params().n_components(0).fit(&x), &["n_components", "0"]);
    let six = labels(device, &[0, 1, 0, 1, 1, 0]);
    says(GaussianNB::params().priors(&[0.5, 0.4]).fit(&x, &six), &["priors", "[0.5, 0.4]", "sum is 1"]);
    says(GaussianNB::params().var_smoothing(-1.0).fit(&x, &six), &["var_smoothing", "-1"]);
    says(GaussianNB::params().fit(&x, &a), &["y", "[2]", "[6, 2]"]);
    let mut bayes = GaussianNB::params().fit(&x, &six).unwrap();
    says(bayes.partial_fit(&x, &labels(device, &[0, 1, 7, 0, 0, 0])), &["y", "label 7", "row 2"]);
    says(bayes.predict(&x.t()), &["[2, 6]", "fitted on 2"]);
    says(check_consistent_length(&[x.dims(), y.dims(), a.dims()]), &["[2]", "[6]"]);
    says(Resample::new().replace(false).n_samples(7).rows(6), &["n_samples", "7", "at most 6"]);
    says(HalvingGridSearchCV::params([Ridge::params()]).factor(1).fit(&x, &y), &["factor", "1"]);

    says(TrainTestSplit::new().test_size(0.0).indices(10), &["test_size", "0"]);
    says(TrainTestSplit::new().test_size(10_usize).indices(10), &["0 samples for training"]);
    says(TrainTestSplit::new().split(&x, &a), &["y", "[2]", "[6, 2]"]);
    says(TrainTestSplit::new().stratified_indices(&[0, 0, 0, 1]), &["1 sample of class 1"]);
}
