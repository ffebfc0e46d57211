//! Splits, cross validation, searches, pipelines.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use xp_core::{Array, Backend, Float, Ix1, Ix2, Linalg};
use xp_models::compose::SelectColumns;
use xp_models::decomposition::{PCA, SvdSolver};
use xp_models::discriminant_analysis::LinearDiscriminantAnalysis as Lda;
use xp_models::impute::SimpleImputer;
use xp_models::linear_model::Ridge;
use xp_models::metrics::accuracy_score;
use xp_models::model::{Field, Model};
use xp_models::model_selection::*;
use xp_models::pipeline::{FeatureUnion, Pipeline};
use xp_models::preprocessing::{MinMaxScaler, StandardScaler};
use xp_models::progress::{Callback, Outcome, Progress};
use xp_models::traits::*;
use xp_models::{Error, Result};

use super::golden::*;

/// The case of the golden file with this function.
fn find<'a>(golden: &'a Golden, function: &str) -> &'a Value {
    golden.cases().iter().find(|case| case["function"] == function).unwrap_or_else(|| panic!("{function}"))
}

pub fn splits_are_those_of_scikit_learn<B: Backend>(device: &B) {
    let golden = Golden::open("model_selection");
    for case in golden.cases().iter().filter(|case| case["input"] == "labels") {
        let labels = golden.table(case, "y").array::<B, i32, Ix1>(device);
        let groups: Vec<i64> = golden.table(case, "groups").data.iter().map(|&v| v as i64).collect();
        let n = labels.size();
        let option = |name: &str| case["params"][name].as_u64().map(|v| v as usize);
        let k = option("n_splits").unwrap();
        let folds = match case["function"].as_str().unwrap() {
            "KFold" => KFold::new(k).split(n),
            "StratifiedKFold" => {
                let auto = AutoFold(k).folds(n, &labels).unwrap();
                assert_eq!(auto, StratifiedKFold::new(k).split(&labels).unwrap());
                assert_eq!(AutoFold(k).folds(n, &labels.astype::<f32>()).unwrap(), KFold::new(k).split(n).unwrap());
                Ok(auto)
            }
            "GroupKFold" => GroupKFold::new(k, &groups).split(n),
            _ => {
                let mut split = TimeSeriesSplit::new(k).gap(option("gap").unwrap());
                split = option("test_size").map_or(split.clone(), |n| split.test_size(n));
                split = option("max_train_size").map_or(split.clone(), |n| split.max_train_size(n));
                split.split(n)
            }
        };
        let folds: Vec<Value> = folds.unwrap().into_iter().map(|fold| json!({"train": fold.train, "test": fold.test})).collect();
        assert_eq!(Value::from(folds), case["expected"], "{}", name(case));
    }
}

pub fn random_splits_are_partitions<B: Backend>(device: &B) {
    let sorted = |mut rows: Vec<i64>| {
        rows.sort_unstable();
        rows
    };
    let all: Vec<i64> = (0..20).collect();
    let y = labels(device, &all.iter().map(|i| i / 8).collect::<Vec<_>>());
    let shuffled = KFold::new(3).shuffle(1).split(20).unwrap();
    assert_ne!(shuffled, KFold::new(3).split(20).unwrap());
    assert_ne!(shuffled, KFold::new(3).shuffle(2).split(20).unwrap());
    assert_eq!(shuffled, KFold::new(3).shuffle(1).split(20).unwrap());
    let strata = StratifiedKFold::new(4).shuffle(1).split(&y).unwrap();
    assert_ne!(strata, StratifiedKFold::new(4).split(&y).unwrap());
    for folds in [&shuffled, &strata] {
        assert_eq!(sorted(folds.iter().flat_map(|fold| fold.test.clone()).collect()), all);
        folds.iter().for_each(|fold| assert_eq!(sorted([&fold.train[..], &fold.test].concat()), all));
    }
    // Each fold has a quarter of each class.
    strata.iter().for_each(|fold| assert_eq!([0, 1, 2].map(|class| fold.test.iter().filter(|&&row| row / 8 == class).count()), [2, 2, 1]));
    let random = ShuffleSplit::new(3).test_size(5_usize).train_size(0.5).seed(4).split(20).unwrap();
    assert_eq!(random.iter().map(|fold| (fold.train.len(), fold.test.len())).collect::<Vec<_>>(), [(10, 5); 3]);
    random.iter().for_each(|fold| assert!(fold.train.iter().all(|row| !fold.test.contains(row))));
    assert_ne!(random[0], random[1]);
    assert_eq!(ShuffleSplit::new(1).train_size(4_usize).split(10).unwrap()[0].test.len(), 6);
}

pub fn splits_refuse<B: Backend>(device: &B) {
    let y = labels(device, &[0, 0, 1, 1, 1]);
    let says = |result: Result<Vec<Fold>>, part: &str| {
        let message = result.unwrap_err().to_string();
        assert!(message.contains(part), "`{message}` does not say `{part}`");
    };
    says(KFold::new(1).split(5), "n_splits: 1 given");
    says(KFold::new(6).split(5), "2 to 5");
    says(StratifiedKFold::new(4).split(&y), "2 to 3, the number of samples in any class");
    says(StratifiedKFold::new(2).folds(4, &y), "y of shape [5]");
    says(AutoFold(2).folds(4, &y), "y of shape [5]");
    says(GroupKFold::new(3, &[1, 1, 2]).split(3), "the number of groups");
    says(GroupKFold::new(2, &[1, 1, 2]).split(4), "groups of shape [3]");
    says(ShuffleSplit::new(0).split(4), "n_splits: 0");
    says(ShuffleSplit::new(2).test_size(4_usize).split(4), "0 samples for training");
    says(ShuffleSplit::new(2).test_size(usize::MAX).train_size(1_usize).split(4), "no more than 4");
    says(TimeSeriesSplit::new(4).split(4), "2 to 3");
    says(TimeSeriesSplit::new(2).test_size(2).split(4), "fewer than the 4 samples");
    says(TimeSeriesSplit::new(2).gap(usize::MAX).split(4), "fewer than the 4 samples");
}

pub fn validation_agrees_with_scikit_learn<T: Float, B: Linalg<T>>(device: &B) {
    let golden = Golden::open("model_selection");
    let x = |case: &Value| golden.table(case, "x").array::<B, T, Ix2>(device);
    let expected = |case: &Value| table(&case["expected"]).data;

    let case = find(&golden, "lda_score");
    let y = golden.table(case, "y").array::<B, u8, Ix1>(device);
    let scores = cross_val_score(&Lda::params(), &x(case), &y, &StratifiedKFold::new(5)).unwrap();
    assert_close::<T>(&scores, &expected(case), "accuracy");
    // A scorer that is a function, and the models themselves.
    let wrong =
        |model: &Lda<B, T, u8>, x: &Array<B, T, Ix2>, y: &Array<B, u8, Ix1>| -> Result<f64> { Ok(accuracy_score(y, &model.predict(x)?)? - 1.0) };
    let found = cross_validate(&Lda::params(), &x(case), &y, &AutoFold::default(), &wrong).unwrap();
    assert_close::<T>(&found.test_score.iter().map(|s| s + 1.0).collect::<Vec<_>>(), &scores, "own scorer");
    assert!(found.train_score(&x(case), &y, &OwnScore).unwrap().iter().all(|&s| s > 0.97));
    assert_eq!((found.estimators.len(), found.fit_time.len(), found.score_time.len(), found.folds[4].test.len()), (5, 5, 5, 30));
    let case = find(&golden, "lda_predict");
    let predicted = cross_val_predict(&Lda::params(), &x(case), &y, &StratifiedKFold::new(5)).unwrap();
    assert_eq!(predicted.to_vec().into_iter().map(f64::from).collect::<Vec<_>>(), expected(case));
    // Classes that a model has not seen have probability 0.
    let case = find(&golden, "lda_predict_proba");
    let proba = cross_val_predict_proba(&Lda::params(), &x(case), &y, &KFold::new(3)).unwrap();
    assert_matches(&proba, &case["expected"], "probabilities");
    assert_eq!(proba.get([0, 0]).unwrap(), T::ZERO);
    let boolean = y.equal(0);
    let proba = cross_val_predict_proba(&Lda::params(), &x(case), &boolean, &StratifiedKFold::new(3)).unwrap();
    assert_eq!(proba.shape(), [150, 2]);
    let overlap = cross_val_predict(&Lda::params(), &x(case), &y, &ShuffleSplit::new(2)).unwrap_err();
    assert!(overlap.to_string().contains("each sample for testing once"), "{overlap}");

    let case = find(&golden, "ridge_score");
    let y = golden.table(case, "y").array::<B, T, Ix1>(device);
    let ridge = Ridge::params().alpha(0.7);
    assert_close::<T>(&cross_val_score(&ridge, &x(case), &y, &KFold::new(4)).unwrap(), &expected(case), "r2");
    let case = find(&golden, "ridge_predict");
    assert_matches(&cross_val_predict(&ridge, &x(case), &y, &KFold::new(4)).unwrap(), &case["expected"], "predictions");
    let two = cross_val_predict(&Ridge::params(), &x(case), &x(case), &KFold::new(4)).unwrap();
    assert_eq!(two.shape(), [40, 3]);
    let short = y.slice_axis(0, ..7).unwrap();
    assert!(matches!(cross_val_score(&ridge, &x(case), &short, &KFold::new(4)), Err(Error::Samples { argument: "y", .. })));
}

pub fn search_agrees_with_scikit_learn<T: Float, B: Linalg<T>>(device: &B) {
    let golden = Golden::open("model_selection");
    let case = find(&golden, "ridge_search");
    let (x, y) = (golden.table(case, "x").array::<B, T, Ix2>(device), golden.table(case, "y").array::<B, T, Ix1>(device));
    let alphas: Vec<f64> = case["params"]["alpha"].as_array().unwrap().iter().map(number).collect();
    let grid = ParameterGrid::new(Ridge::params())
        .vary(alphas.clone(), |ridge, alpha| ridge.alpha(alpha))
        .vary([true, false], |ridge, yes| ridge.fit_intercept(yes));
    let search = GridSearchCV::params(grid.clone()).fit(&x, &y).unwrap();
    let expected = &case["expected"];
    let results = search.cv_results();
    let near = |actual: &[f64], name: &str| assert_close::<T>(actual, &table(&expected[name]).data, name);
    near(&results.mean_test_score, "mean_test_score");
    near(&results.std_test_score, "std_test_score");
    for split in 0..5 {
        let scores: Vec<f64> = results.split_test_score.iter().map(|scores| scores[split]).collect();
        near(&scores, &format!("split{split}_test_score"));
    }
    assert_eq!(results.rank_test_score.iter().map(|&rank| rank as f64).collect::<Vec<_>>(), table(&expected["rank_test_score"]).data);
    assert_eq!(search.best_index() as u64, expected["best_index"].as_u64().unwrap());
    assert_close::<T>(&[search.best_score()], &[number(&expected["best_score"])], "best score");
    assert_matches(search.best_estimator().coef(), &expected["coef"], "coefficients");
    assert_eq!(search.predict(&x).unwrap().to_vec(), search.best_estimator().predict(&x).unwrap().to_vec());
    assert!(search.score(&x, &y).unwrap() > search.best_score());

    // Other folds and another scorer; a candidate that fails is last, and all that fail are an error.
    let error = |model: &Ridge<B, T, Ix1>, x: &Array<B, T, Ix2>, y: &Array<B, T, Ix1>| -> Result<f64> {
        let difference = (model.predict(x)? - y).abs();
        Ok(-values(&difference).into_iter().fold(0.0, f64::max))
    };
    let bad = ParameterGrid::new(Ridge::params().alpha(-1.0));
    let search = GridSearchCV::params(bad.clone().and(grid)).cv(KFold::new(4).shuffle(0)).scoring(error).fit(&x, &y).unwrap();
    let results = search.cv_results();
    assert!(results.mean_test_score[0].is_nan() && results.rank_test_score[0] == 7 && results.split_test_score[1].len() == 4);
    assert!(matches!(results.errors[0], Some(Error::Value { argument: "alpha", .. })) && results.errors[1].is_none());
    assert!(matches!(GridSearchCV::params(bad).fit(&x, &y), Err(Error::Value { argument: "alpha", .. })));
    let none = GridSearchCV::params(Vec::<xp_models::linear_model::RidgeParams<B, T, Ix1>>::new());
    assert!(matches!(none.fit(&x, &y), Err(Error::Value { argument: "candidates", .. })));
}

pub fn pipelines_agree_with_scikit_learn<T: Float, B: Linalg<T>>(device: &B) {
    let golden = Golden::open("model_selection");
    let case = find(&golden, "pipeline");
    let (x, y) = (golden.table(case, "x").array::<B, T, Ix2>(device), golden.table(case, "y").array::<B, i64, Ix1>(device));
    let some = golden.table(case, "x").rows(&(0..150).step_by(10).collect::<Vec<_>>()).array::<B, T, Ix2>(device);
    let expected = &case["expected"];
    let pca = PCA::params().n_components(2).svd_solver(SvdSolver::Full);
    let params = StandardScaler::params().then(pca.clone()).then(Lda::params());
    let pipeline = params.fit(&x, &y).unwrap();
    assert_matches(&pipeline.predict_proba(&some).unwrap(), &expected["proba"], "probabilities");
    assert_close::<T>(&[pipeline.score(&x, &y).unwrap()], &[number(&expected["score"])], "score");
    let scores = cross_val_score(&params, &x, &y, &AutoFold::default()).unwrap();
    assert_close::<T>(&scores, &table(&expected["cross_val_score"]).data, "scores");
    assert_eq!(pipeline.classes().to_vec(), [0, 1, 2]);
    assert_eq!(pipeline.predict(&some).unwrap().to_vec(), pipeline.last.predict(&pipeline.first.transform(&some).unwrap()).unwrap().to_vec());
    assert_eq!(pipeline.decision_function(&some).unwrap().dims(), [15, 3]);
    let ones: Array<B, T, Ix1> = x.index_axis(1, 0).unwrap().ones_like().unwrap();
    assert_close::<T>(&[pipeline.score_weighted(&x, &y, &ones).unwrap()], &[number(&expected["score"])], "weighted score");

    // Parameters of a part are searched for as others are.
    let grid = ParameterGrid::new(params).vary([1, 2, 9], |mut p, n| {
        p.first.last = p.first.last.n_components(n);
        p
    });
    let search = GridSearchCV::params(grid).fit(&x, &y).unwrap();
    assert_eq!((search.best_index(), search.best_estimator().first.last.n_components()), (0, 1));
    assert!(matches!(search.cv_results().errors[2], Some(Error::Components { .. })));

    let case = find(&golden, "union");
    let union = StandardScaler::params().beside(pca).weights(0.5, 10.0).fit(&x, &y).unwrap();
    assert_matches(&union.transform(&some).unwrap(), &case["expected"], "union");
    let chained = MinMaxScaler::params().then(PCA::params()).fit(&x, &()).unwrap();
    let back = chained.inverse_transform(&chained.transform(&x).unwrap()).unwrap();
    assert_close::<T>(&values(&back), &values(&x), "there and back");

    // Weights go to the last part; generic code sees them.
    let target = y.astype::<T>();
    let weights = y.not_equal(0).astype::<T>();
    let weighted = MinMaxScaler::params().then(Ridge::params().alpha(0.0)).fit_weighted(&x, &target, &weights).unwrap();
    let plain = MinMaxScaler::params().then(Ridge::params().alpha(0.0)).fit(&x, &target).unwrap();
    let score = |model: &Pipeline<MinMaxScaler<B, T>, Ridge<B, T, Ix1>>| model.score_weighted(&x, &target, &weights).unwrap();
    assert!(score(&weighted) > score(&plain));
}

pub fn pipelines_move_and_are_saved<T: Float, B: Linalg<T>, C: Linalg<T>>(device: &B, other: &C) {
    let x = dataset("iris.csv").0.array::<B, T, Ix2>(device);
    let y = dataset("iris.csv").1.array::<B, i8, Ix1>(device);
    let left = StandardScaler::params().beside(PCA::params().n_components(1)).weights(1.0, 0.25);
    let model = left.then(Lda::params()).fit(&x, &y).unwrap();
    let mut bytes = vec![];
    model.write_to(&mut bytes).unwrap();
    type Whole<B, T> = Pipeline<FeatureUnion<StandardScaler<B, T>, PCA<B, T>>, Lda<B, T, i8>>;
    let back = Whole::<C, T>::read_from(&mut &bytes[..], other).unwrap();
    let there: Whole<C, T> = model.to_backend(other).unwrap();
    let moved = x.to_backend(other).unwrap();
    assert_eq!(back.predict_proba(&moved).unwrap().to_vec(), there.predict_proba(&moved).unwrap().to_vec());
    assert_close::<T>(&values(&there.predict_proba(&moved).unwrap()), &values(&model.predict_proba(&x).unwrap()), "probabilities");
    let wrong = Pipeline::<StandardScaler<B, T>, Lda<B, T, i8>>::read_from(&mut &bytes[..], device).unwrap_err().to_string();
    assert!(wrong.contains("it holds a FeatureUnion, not a StandardScaler"), "{wrong}");
    let wrong =
        Pipeline::<FeatureUnion<StandardScaler<B, T>, PCA<B, T>>, Lda<B, T, i64>>::read_from(&mut &bytes[..], device).unwrap_err().to_string();
    assert!(wrong.contains("last.classes holds int8, int64 expected"), "{wrong}");
}

pub fn columns_are_transformed_apart<T: Float, B: Linalg<T>>(device: &B) {
    let x = dataset("iris.csv").0.array::<B, T, Ix2>(device);
    let column = |k: isize| x.slice_axis(1, k..k + 1).unwrap();
    // Two columns out of order, one that is dropped, and what remains as it is.
    let scaled = SelectColumns::params().only(&[-1, 0]).then(StandardScaler::params());
    let params = scaled.beside(SelectColumns::params().except(&[0, 1, 3])).weights(1.0, 2.0);
    let model = params.fit(&x, &()).unwrap();
    let out = model.transform(&x).unwrap();
    assert_eq!((out.shape(), model.right.columns().as_slice(), model.right.n_features()), ([150, 3], &[2][..], 4));
    for (k, from) in [(0, 3), (1, 0)] {
        let alone = StandardScaler::params().fit(&column(from)).unwrap().transform(&column(from)).unwrap();
        assert_close::<T>(&values(&out.slice_axis(1, k..k + 1).unwrap()), &values(&alone), "a column");
    }
    assert_eq!(out.slice_axis(1, 2..).unwrap().to_vec(), (column(2) * T::from_f64(2.0)).to_vec());
    // Nothing remains: no column, and no error.
    let all = SelectColumns::params().beside(SelectColumns::params().except(&[0, 1, 2, 3])).fit(&x, &()).unwrap();
    assert_eq!(all.transform(&x).unwrap().to_vec(), x.to_vec());
    // A file of it, and what is refused.
    let mut bytes = vec![];
    model.write_to(&mut bytes).unwrap();
    type Whole<B, T> = FeatureUnion<Pipeline<SelectColumns<B, T>, StandardScaler<B, T>>, SelectColumns<B, T>>;
    let back = Whole::<B, T>::read_from(&mut &bytes[..], device).unwrap();
    assert_eq!(back.transform(&x).unwrap().to_vec(), out.to_vec());
    let says = |e: Error, part: &str| assert!(e.to_string().contains(part), "{e}");
    says(SelectColumns::params().only(&[4]).fit(&x).unwrap_err(), "columns: 4 given, a column of 4 features expected");
    says(SelectColumns::params().except(&[-5]).fit(&x).unwrap_err(), "columns: -5 given");
    says(model.transform(&column(0)).unwrap_err(), "fitted on 4");
    says(SelectColumns::params().fit(&x.slice_axis(0, ..0).unwrap()).unwrap_err(), "at least 1 row");
}

/// A `ColumnTransformer` that was fitted and exported in Python (`xparray`'s `test_columns_are_exported` writes it with `XP_WRITE_GOLDEN=1`).
pub fn columns_fitted_in_python_are_served<B: Linalg<f64>>(device: &B) {
    type Scaled<B> = Pipeline<SelectColumns<B, f64>, StandardScaler<B, f64>>;
    type Filled<B> = Pipeline<SelectColumns<B, f64>, Pipeline<SimpleImputer<B, f64>, MinMaxScaler<B, f64>>>;
    type Served<B> = FeatureUnion<FeatureUnion<Scaled<B>, Filled<B>>, SelectColumns<B, f64>>;
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/columns.safetensors");
    let model = Served::<B>::load(path, device).unwrap();
    let x = [1.0, 5.0, 9.0, 0.5, 8.0, 3.0, f64::NAN, 9.0, 1.5, 4.0, 1.0, 7.0, 9.0, 2.0, 4.0, 3.0, 9.0, 9.0, 4.0, 8.0];
    let out = model.transform(&Array::from_vec(device, x.to_vec(), [4, 5]).unwrap()).unwrap();
    assert_eq!(out.to_vec(), [1.0, -1.0, 0.0, 0.5, -1.0, 1.0, 2.0, 1.5, -1.0, -1.0, 2.0, 2.0, 1.0, 1.0, 4.0, 4.0]);
}

/// Searches and cross validation are told of every model, and a search that is stopped has the best of what it has seen.
pub fn searches_are_watched<B: Linalg<f64>>(device: &B) {
    let (x, y) = (dataset("iris.csv").0.array::<B, f64, Ix2>(device), dataset("iris.csv").1.array::<B, f64, Ix1>(device));
    let grid = || ParameterGrid::new(Ridge::params()).vary([1e6, 1.0, 1e3, 1e9], |ridge, alpha| ridge.alpha(alpha));
    // What a callback has seen, that stops after some steps.
    let seen = Arc::new(Mutex::new(vec![]));
    let watch = |steps: usize| {
        let seen = seen.clone();
        move |progress: &Progress| {
            seen.lock().unwrap().push((progress.step, progress.total, progress.score));
            if progress.step < steps { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        }
    };
    let taken = || std::mem::take(&mut *seen.lock().unwrap());
    let folds = KFold::new(3).shuffle(2);

    let whole = GridSearchCV::params(grid()).cv(folds.clone()).callback(watch(99)).fit(&x, &y).unwrap();
    let steps = taken();
    assert_eq!(steps.iter().map(|step| step.0).collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>());
    assert!(steps.iter().all(|step| step.1 == Some(12)));
    assert_eq!(steps[5].2, whole.cv_results().split_test_score[1][1]);
    assert_eq!((whole.outcome(), whole.best_index()), (Outcome::Converged, 1));

    let part = GridSearchCV::params(grid()).cv(folds.clone()).callback(watch(5)).fit(&x, &y).unwrap();
    assert_eq!((part.outcome(), part.best_index(), taken().len()), (Outcome::Stopped, 1, 5));
    assert_eq!(part.cv_results().split_test_score.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 1, 1]);
    let first = GridSearchCV::params(grid()).cv(folds.clone()).callback(watch(1)).fit(&x, &y).unwrap();
    assert_eq!((first.outcome(), first.best_index()), (Outcome::Stopped, 0));
    assert!(first.cv_results().mean_test_score[1].is_nan());
    taken();

    let halving = HalvingGridSearchCV::params(grid()).cv(folds.clone()).callback(watch(99)).fit(&x, &y).unwrap();
    let steps = taken();
    let models: usize = halving.rounds().iter().map(|round| 3 * round.n_candidates).sum();
    assert_eq!((steps.len(), steps[0].1, steps[models - 1].0), (models, Some(models), models));
    let part = HalvingGridSearchCV::params(grid()).cv(folds.clone()).callback(watch(13)).fit(&x, &y).unwrap();
    assert_eq!((part.outcome(), part.rounds().len()), (Outcome::Stopped, 2));
    taken();

    let random = RandomizedSearchCV::params(grid(), 2, 1).cv(folds.clone()).callback(watch(99)).fit(&x, &y).unwrap();
    assert_eq!((taken().len(), random.outcome()), (6, Outcome::Converged));

    let stop = Callback::new(watch(2));
    let found = cross_validate_watched(&Ridge::params(), &x, &y, &folds, &OwnScore, &stop).unwrap();
    let steps = taken();
    assert_eq!((found.outcome, found.estimators.len(), found.folds.len()), (Outcome::Stopped, 2, 3));
    assert_eq!(steps.iter().map(|step| step.2).collect::<Vec<_>>(), found.test_score);
    assert_eq!(cross_validate(&Ridge::params(), &x, &y, &folds, &OwnScore).unwrap().outcome, Outcome::Converged);
}
