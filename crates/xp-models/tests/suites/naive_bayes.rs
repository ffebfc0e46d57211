//! GaussianNB.

use xp_core::{Array, Float, Ix1, Ix2, Linalg};
use xp_models::naive_bayes::GaussianNB;

use super::golden::*;

pub fn agrees_with_scikit_learn<T: Float, B: Linalg<T>>(device: &B) {
    let golden = Golden::open("naive_bayes");
    for case in golden.cases() {
        let what = |part: &str| format!("{}: {part}", name(case));
        let (x, y, weights) = (golden.table(case, "x"), golden.table(case, "y"), golden.table(case, "weights"));
        let weighted = case["sample_weight"].as_bool().unwrap();
        let mut params = GaussianNB::<B, T>::params();
        if let Some(priors) = case["params"]["priors"].as_array() {
            params = params.priors(&priors.iter().map(number).collect::<Vec<_>>());
        }
        if let Some(fraction) = case["params"]["var_smoothing"].as_f64() {
            params = params.var_smoothing(fraction);
        }
        let mut model = params.start(&y.array::<B, u16, Ix1>(device), x.shape[1]).unwrap();
        let first = case["first"].as_u64().unwrap() as usize;
        for rows in [0..first, first..x.shape[0]] {
            let rows: Vec<usize> = rows.collect();
            if rows.is_empty() {
                continue;
            }
            let (x, y): (Array<B, T, Ix2>, Array<B, u16, Ix1>) = (x.rows(&rows).array(device), y.rows(&rows).array(device));
            let done = if weighted { model.partial_fit_weighted(&x, &y, &weights.rows(&rows).array(device)) } else { model.partial_fit(&x, &y) };
            done.unwrap();
        }
        let expected = &case["expected"];
        assert_matches(model.theta(), &expected["theta_"], &what("theta_"));
        assert_matches(model.var(), &expected["var_"], &what("var_"));
        assert_matches(model.class_prior(), &expected["class_prior_"], &what("class_prior_"));
        assert_close::<T>(&values(model.class_count()), &table(&expected["class_count_"]).data, &what("class_count_"));
        assert_near::<T>(&[model.epsilon()], &[number(&expected["epsilon_"])], 10_000.0, &what("epsilon_"));
        let query: Array<B, T, Ix2> = golden.table(case, "xq").array(device);
        assert_matches(&model.predict_joint_log_proba(&query).unwrap(), &expected["joint"], &what("joint"));
        assert_matches(&model.predict_log_proba(&query).unwrap(), &expected["log_proba"], &what("log_proba"));
        let predicted: Vec<f64> = model.predict(&query).unwrap().to_host().unwrap().into_iter().map(f64::from).collect();
        assert_eq!(predicted, table(&expected["predict"]).data, "{}", what("predict"));
    }
    far_from_zero::<T, B>(device);
}

/// Offsets change nothing but the means, and samples without weight nothing at all.
fn far_from_zero<T: Float, B: Linalg<T>>(device: &B) {
    let offset = 0.125 / T::EPSILON.to_f64() / 4096.0;
    let near: Array<B, T, Ix2> = Table { shape: vec![6, 1], data: vec![0.0, 1.0, 2.0, 4.0, 6.0, 9.0] }.array(device);
    let far: Array<B, T, Ix2> = Table { shape: vec![6, 1], data: [0.0, 1.0, 2.0, 4.0, 6.0, 9.0].map(|v| v + offset).to_vec() }.array(device);
    let y = labels(device, &[0, 0, 0, 1, 1, 1]);
    let (a, b) = (GaussianNB::params().fit(&near, &y).unwrap(), GaussianNB::params().fit(&far, &y).unwrap());
    assert_close::<T>(&values(b.var()), &values(a.var()), "variances far from zero");
    let weights: Array<B, T, Ix1> = Table { shape: vec![6], data: vec![1.0, 1.0, 0.0, 1.0, 1.0, 1.0] }.array(device);
    let c = GaussianNB::params().var_smoothing(0.0).fit_weighted(&near, &y, &weights).unwrap();
    assert_close::<T>(&values(c.theta()), &[0.5, 19.0 / 3.0], "weights of zero");
    assert_close::<T>(&values(c.var())[..1], &[0.25], "weights of zero");
}
