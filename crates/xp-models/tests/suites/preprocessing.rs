//! RobustScaler, QuantileTransformer, PowerTransformer, SimpleImputer, the encoders and TfidfTransformer.

use serde_json::Value;
use xp_core::{Array, Backend, Dim, Float, Ix1, Ix2};
use xp_models::feature_extraction::TfidfTransformer;
use xp_models::impute::{ImputeStrategy, SimpleImputer};
use xp_models::model_selection::Size;
use xp_models::preprocessing::{
    DropCategory, Norm, OneHotEncoder, OrdinalEncoder, OutputDistribution, PowerMethod, PowerTransformer, QuantileTransformer, RobustScaler,
};
use xp_models::traits::{Estimator, Fit, Transform};

use super::golden::*;

pub fn agree_with_scikit_learn<T: Float, B: Backend>(device: &B) {
    let golden = Golden::open("preprocessing");
    for case in golden.cases() {
        let (x, query): (Array<B, T, Ix2>, Array<B, T, Ix2>) = (golden.table(case, "x").array(device), golden.table(case, "xq").array(device));
        match case["name"].as_str().unwrap() {
            "RobustScaler" => robust(case, &x, &query),
            "QuantileTransformer" => quantile(case, &x, &query),
            "PowerTransformer" => power(case, &x, &query),
            "SimpleImputer" => imputer(case, &x, &query),
            "TfidfTransformer" => tfidf(case, &x, &query),
            _ => encoder::<B, T>(case, &golden.table(case, "x").array(device), &golden.table(case, "xq").array(device)),
        }
    }
}

fn matches<B: Backend, T: Float, D: Dim>(case: &Value, key: &str, actual: &Array<B, T, D>) {
    assert_matches(actual, &case["expected"][key], &format!("{}: {key}", name(case)));
}

fn yes(case: &Value, key: &str, default: bool) -> bool {
    case["params"][key].as_bool().unwrap_or(default)
}

fn robust<B: Backend, T: Float>(case: &Value, x: &Array<B, T, Ix2>, query: &Array<B, T, Ix2>) {
    let range = case["params"]["quantile_range"].as_array().map_or([25.0, 75.0], |r| [number(&r[0]), number(&r[1])]);
    let params = RobustScaler::params().with_centering(yes(case, "with_centering", true)).with_scaling(yes(case, "with_scaling", true));
    let model = params.quantile_range(range[0], range[1]).unit_variance(yes(case, "unit_variance", false)).fit(x).unwrap();
    for (key, found) in [("center_", model.center()), ("scale_", model.scale())] {
        match found {
            Some(found) => matches(case, key, found),
            None => assert!(case["expected"][key].is_null(), "{}", name(case)),
        }
    }
    let transformed = model.transform(query).unwrap();
    matches(case, "transform", &transformed);
    matches(case, "inverse_transform", &model.inverse_transform(&transformed).unwrap());
}

fn quantile<B: Backend, T: Float>(case: &Value, x: &Array<B, T, Ix2>, query: &Array<B, T, Ix2>) {
    let output: OutputDistribution = case["params"]["output_distribution"].as_str().unwrap().parse().unwrap();
    let m = case["params"]["n_quantiles"].as_u64().unwrap() as usize;
    let model = QuantileTransformer::params().n_quantiles(m).output_distribution(output).fit(x).unwrap();
    matches(case, "quantiles_", model.quantiles());
    matches(case, "references_", model.references());
    let transformed = model.transform(query).unwrap();
    matches(case, "transform", &transformed);
    matches(case, "inverse_transform", &model.inverse_transform(&transformed).unwrap());
}

/// The search for the power ends where rounding hides what is better.
fn power<B: Backend, T: Float>(case: &Value, x: &Array<B, T, Ix2>, query: &Array<B, T, Ix2>) {
    let method: PowerMethod = case["params"]["method"].as_str().unwrap().parse().unwrap();
    let model = PowerTransformer::params().method(method).standardize(yes(case, "standardize", true)).fit(x).unwrap();
    let units = 30.0 / T::EPSILON.to_f64().sqrt();
    assert_near::<T>(&values(model.lambdas()), &table(&case["expected"]["lambdas_"]).data, units, &name(case));
    let transformed = model.transform(query).unwrap();
    let expected = table(&case["expected"]["transform"]);
    let p = expected.shape[1];
    for j in 0..p {
        let column = |all: &[f64]| all.iter().skip(j).step_by(p).copied().collect::<Vec<_>>();
        assert_near::<T>(&column(&values(&transformed)), &column(&expected.data), 30.0 * units, &name(case));
    }
    let back = values(&model.inverse_transform(&transformed).unwrap());
    for (a, e) in back.iter().zip(values(query)) {
        assert!((a.is_nan() && e.is_nan()) || (a - e).abs() <= 3000.0 * T::EPSILON.to_f64() * (e.abs() + 1.0), "{}: {a}, expected {e}", name(case));
    }
}

fn imputer<B: Backend, T: Float>(case: &Value, x: &Array<B, T, Ix2>, query: &Array<B, T, Ix2>) {
    let params = &case["params"];
    let strategy = match params["strategy"].as_str().unwrap() {
        "constant" => ImputeStrategy::Constant(number(&params["fill_value"])),
        other => other.parse().unwrap(),
    };
    let params = SimpleImputer::params().strategy(strategy).missing_values(params["missing_values"].as_f64().unwrap_or(f64::NAN));
    let params = params.keep_empty_features(yes(case, "keep_empty_features", false)).add_indicator(yes(case, "add_indicator", false));
    let model = params.fit(x).unwrap();
    matches(case, "statistics_", model.statistics());
    matches(case, "transform", &model.transform(query).unwrap());
}

fn tfidf<B: Backend, T: Float>(case: &Value, x: &Array<B, T, Ix2>, query: &Array<B, T, Ix2>) {
    let norm: Option<Norm> = case["params"]["norm"].as_str().map(|norm| norm.parse().unwrap());
    let params = TfidfTransformer::params().norm(norm).use_idf(yes(case, "use_idf", true));
    let smooth = yes(case, "smooth_idf", true);
    let model = params.smooth_idf(smooth).sublinear_tf(yes(case, "sublinear_tf", false)).fit(x).unwrap();
    match model.idf() {
        Some(idf) => matches(case, "idf_", idf),
        None => assert!(case["expected"]["idf_"].is_null()),
    }
    matches(case, "transform", &model.transform(if smooth { query } else { x }).unwrap());
}

/// Labels of infrequent and of unknown categories in the golden file.
const OTHERS: (i32, i32) = (77, 88);

fn encoder<B: Backend, T: Float>(case: &Value, x: &Array<B, i32, Ix2>, query: &Array<B, i32, Ix2>) {
    let (params, expected) = (&case["params"], &case["expected"]);
    let size = &params["min_frequency"];
    let size = size.as_u64().map(|n| Size::Count(n as usize)).or(size.as_f64().map(Size::Fraction));
    let most = params["max_categories"].as_u64().map(|n| n as usize);
    let missing = case["name"] == "OrdinalEncoder missing";
    let list = |list: Array<B, i32, Ix1>| Value::from(list.to_vec());
    let (back, codes, unknown, categories, infrequent) = if case["name"] == "OneHotEncoder" {
        let drop = match &params["drop"] {
            Value::String(drop) => Some(if drop == "first" { DropCategory::First } else { DropCategory::IfBinary }),
            Value::Array(list) => Some(DropCategory::Each(list.iter().map(|label| i128::from(label.as_i64().unwrap())).collect())),
            _ => None,
        };
        let how = params["handle_unknown"].as_str().unwrap_or("error").parse().unwrap();
        let mut encoder = OneHotEncoder::<B, T>::params().drop(drop).handle_unknown(how);
        encoder = size.map_or(encoder.clone(), |size| encoder.min_frequency(size));
        encoder = most.map_or(encoder.clone(), |most| encoder.max_categories(most));
        let model = encoder.fit(x).unwrap();
        let codes = model.transform(x).unwrap();
        assert_eq!(codes.dims()[1], model.n_output_features());
        match expected["drop_idx"].as_array() {
            Some(list) => assert_eq!(model.drop_idx().unwrap(), list.iter().map(|at| at.as_u64().map(|at| at as usize)).collect::<Vec<_>>()),
            None => assert!(model.drop_idx().unwrap().iter().all(Option::is_none)),
        }
        assert_eq!(model.unknown_features(query).unwrap(), [0, 2]);
        let back = model.inverse_transform_or(&codes, OTHERS.0, OTHERS.1).unwrap();
        (back, codes, model.transform(query), model.categories().unwrap(), model.infrequent_categories().unwrap())
    } else {
        let mut encoder = OrdinalEncoder::<B, T>::params().unknown_value(params["unknown_value"].as_f64());
        encoder = size.map_or(encoder.clone(), |size| encoder.min_frequency(size));
        encoder = most.map_or(encoder.clone(), |most| encoder.max_categories(most));
        if missing {
            encoder = encoder.missing_value(3).encoded_missing_value(number(&params["encoded_missing_value"]));
        }
        let model = encoder.fit(x).unwrap();
        let codes = model.transform(x).unwrap();
        let back = model.inverse_transform_or(&codes, OTHERS.0, OTHERS.1).unwrap();
        let query = if missing { query.lazy().equal(9).where_(3, query).eval() } else { query.clone() };
        (back, codes, model.transform(&query), model.categories().unwrap(), model.infrequent_categories().unwrap())
    };
    matches(case, "transform", &codes);
    match expected.get("inverse") {
        Some(inverse) => assert_eq!(values(&back.astype::<T>()), table(inverse).data, "{}", name(case)),
        // Each is what it was, or infrequent: scikit-learn takes those for missing, and the missing ones for infrequent.
        None => {
            assert!(back.lazy().equal(x).logical_or(back.lazy().equal(OTHERS.0).logical_and(x.lazy().not_equal(3))).eval().all(..).item().unwrap())
        }
    }
    match expected.get("unknown") {
        Some(_) => matches(case, "unknown", &unknown.unwrap()),
        None => assert!(unknown.unwrap_err().to_string().contains(if missing { "label 3 in row 1" } else { "label 9 in row 1" })),
    }
    if !missing {
        assert_eq!(Value::from(categories.into_iter().map(list).collect::<Vec<_>>()), expected["categories"], "{}", name(case));
        let infrequent = infrequent.into_iter().map(|labels| labels.map_or(Value::Null, list)).collect::<Vec<_>>();
        let none = Value::from(vec![Value::Null; 3]);
        assert_eq!(&Value::from(infrequent), expected.get("infrequent").unwrap_or(&none), "{}", name(case));
    }
}

pub fn shapes_and_columns_of_any_kind<T: Float, B: Backend>(device: &B) {
    let of = |shape: [usize; 2], data: &[f64]| Table { shape: shape.to_vec(), data: data.to_vec() }.array::<B, T, Ix2>(device);
    // One sample, a column without numbers, no rows to transform, a transposed matrix.
    let one = of([1, 2], &[3.0, f64::NAN]);
    assert_eq!(values(&RobustScaler::params().fit(&one).unwrap().transform(&one).unwrap())[0], 0.0);
    let uniform = QuantileTransformer::params().fit(&one).unwrap();
    assert!(values(&uniform.transform(&one).unwrap())[1].is_nan());
    assert_eq!(values(&uniform.transform(&of([1, 2], &[4.0, 1.0])).unwrap())[0], 0.0);
    let wide = of([2, 3], &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0]).t();
    let same = of([3, 2], &[1.0, 8.0, 2.0, 16.0, 4.0, 32.0]);
    let empty = of([0, 2], &[]);
    macro_rules! checks {
        ($($params:expr),*) => {$({
            let model = $params.fit(&wide).unwrap();
            let units = 30.0 / T::EPSILON.to_f64().sqrt();
            assert_near::<T>(&values(&model.transform(&wide).unwrap()), &values(&$params.fit(&same).unwrap().transform(&same).unwrap()), units, "view");
            assert_eq!(model.transform(&empty).unwrap().dims(), [0, 2]);
        })*};
    }
    checks!(
        RobustScaler::params(),
        QuantileTransformer::params(),
        PowerTransformer::params(),
        PowerTransformer::params().method(PowerMethod::BoxCox)
    );
    checks!(SimpleImputer::params(), TfidfTransformer::params());

    // Rows that are drawn, a middle of many equal values, and both ends.
    let many: Vec<f64> = (0..3000).map(|i| if i % 3 == 0 { 7.0 } else { f64::from(i * 769 % 3001) }).collect();
    let many = of([3000, 1], &many);
    let model = QuantileTransformer::params().n_quantiles(101).subsample(1500).seed(5).fit(&many).unwrap();
    let at = values(&model.transform(&of([4, 1], &[7.0, 1500.0, -1.0, 3001.0])).unwrap());
    assert!((at[0] - 1.0 / 6.0).abs() < 0.03 && (at[1] - 2.0 / 3.0).abs() < 0.04 && at[2..] == [0.0, 1.0], "{at:?}");
    let again = QuantileTransformer::params().n_quantiles(101).subsample(1500).seed(6).fit(&many).unwrap();
    assert_ne!(values(again.quantiles()), values(model.quantiles()));

    // Numbers far from 0 whose power is large do not leave the dtype.
    let far = of([5, 1], &[2003.0, 1950.0, 1997.0, 2000.0, 2009.0]);
    for method in [PowerMethod::YeoJohnson, PowerMethod::BoxCox] {
        let model = PowerTransformer::params().method(method).standardize(false).fit(&far).unwrap();
        assert!(values(&model.transform(&far).unwrap()).iter().all(|v| v.is_finite()), "{:?}", values(model.lambdas()));
        // In float32 their logarithms are too much alike to tell which power.
        assert!(values(model.lambdas())[0] > 10.0 || T::EPSILON.to_f64() > 1e-10);
    }

    // In a pipeline.
    let gaps = of([3, 2], &[1.0, f64::NAN, f64::NAN, 4.0, 3.0, 8.0]);
    let model = SimpleImputer::params().then(RobustScaler::params()).fit(&gaps, &()).unwrap();
    assert_eq!(values(&model.transform(&gaps).unwrap()), [-1.0, 0.0, 0.0, -1.0, 1.0, 1.0]);
}
