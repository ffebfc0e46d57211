//! GaussianMixture.

use std::ops::ControlFlow;

use serde_json::Value;
use xp_core::{Array, Dyn, Float, Ix2, Ix3, Linalg};
use xp_models::mixture::{CovarianceType, GaussianMixture, GaussianMixtureParams, InitParams};
use xp_models::progress::Outcome;

use super::golden::*;

const KINDS: [CovarianceType; 4] = [CovarianceType::Full, CovarianceType::Tied, CovarianceType::Diag, CovarianceType::Spherical];

fn params_of<T: Float, B: Linalg<T>>(case: &Value, golden: &Golden, device: &B) -> GaussianMixtureParams<B, T> {
    let mut params = GaussianMixture::params().n_components(case["n_components"].as_u64().unwrap() as usize);
    params = params.covariance_type(case["kind"].as_str().unwrap().parse().unwrap());
    let given = &case["params"];
    if let Some(tol) = given["tol"].as_f64() {
        params = params.tol(tol);
    }
    if let Some(reg) = given["reg_covar"].as_f64() {
        params = params.reg_covar(reg);
    }
    if let Some(most) = given["max_iter"].as_u64() {
        params = params.max_iter(most as usize);
    }
    if !case["given"].as_bool().unwrap() {
        return params.seed(5);
    }
    let precisions: Array<B, T, Dyn> = table(&case["precisions"]).array(device);
    let means = golden.table(case, "means").array(device);
    params.weights_init(&golden.table(case, "weights").data).means_init(&means).precisions_init(&precisions)
}

/// Components in the order of their first means.
fn order<T: Float, B: Linalg<T>>(model: &GaussianMixture<B, T>, given: bool) -> Vec<usize> {
    let (means, p) = (values(model.means()), model.means().dims()[1]);
    let mut order: Vec<usize> = (0..means.len() / p).collect();
    if !given {
        order.sort_by(|&i, &j| means[i * p].total_cmp(&means[j * p]));
    }
    order
}

pub fn agrees_with_scikit_learn<T: Float, B: Linalg<T>>(device: &B) {
    let golden = Golden::open("mixture");
    for case in golden.cases() {
        let what = |part: &str| format!("{} {} {} {}: {part}", name(case), case["kind"], case["given"], case["again"]);
        let (x, query): (Array<B, T, Ix2>, Array<B, T, Ix2>) = (golden.table(case, "x").array(device), golden.table(case, "xq").array(device));
        let params = params_of(case, &golden, device);
        let model = match case["again"].as_u64() {
            None => params.fit(&x).unwrap(),
            Some(few) => params.fit_from(&x, &params.clone().max_iter(few as usize).fit(&x).unwrap()).unwrap(),
        };
        let expected = &case["expected"];
        let order = order(&model, case["given"].as_bool().unwrap());
        let tied = model.covariance_type() == CovarianceType::Tied;
        // Rounding grows with the iterations, and by the condition of the covariances.
        let near = |actual: Vec<f64>, shape: &[usize], key: &str, by_component: bool| {
            let wanted = table(&expected[key]);
            assert_eq!(shape, wanted.shape, "{}", what(key));
            let actual = if by_component { Table { shape: shape.to_vec(), data: actual }.rows(&order).data } else { actual };
            assert_near::<T>(&actual, &wanted.data, 10_000.0, &what(key));
        };
        near(values(model.weights()), model.weights().dims(), "weights_", true);
        near(values(model.means()), model.means().dims(), "means_", true);
        near(values(model.covariances()), model.covariances().dims(), "covariances_", !tied);
        near(values(model.precisions()), model.precisions().dims(), "precisions_", !tied);
        near(values(model.precisions_cholesky()), model.precisions_cholesky().dims(), "precisions_cholesky_", !tied);
        near(model.lower_bounds().clone(), &[model.n_iter()], "lower_bounds_", false);
        assert_eq!(model.n_iter() as f64, number(&expected["n_iter_"]), "{}", what("n_iter_"));
        assert_eq!(model.converged(), expected["converged_"].as_bool().unwrap(), "{}", what("converged_"));
        let scores = [model.lower_bound(), model.score(&x).unwrap(), model.bic(&x).unwrap(), model.aic(&x).unwrap()];
        for (score, key) in scores.into_iter().zip(["lower_bound_", "score", "bic", "aic"]) {
            assert_near::<T>(&[score], &[number(&expected[key])], 10_000.0, &what(key));
        }
        let densities = model.score_samples(&query).unwrap();
        near(values(&densities), densities.dims(), "score_samples", false);
        let shares = model.predict_proba(&query).unwrap().t().contiguous().unwrap();
        let wanted = table(&expected["proba"]);
        let (n, k) = (wanted.shape[0], wanted.shape[1]);
        let shares = Table { shape: vec![k, n], data: values(&shares) }.rows(&order).data;
        for (i, e) in wanted.data.iter().enumerate() {
            let a = shares[(i % k) * n + i / k];
            assert!((a - e).abs() < 10_000.0 * T::EPSILON.to_f64(), "{}: {a}, expected {e}", what("proba"));
        }
        let predicted: Vec<f64> =
            model.predict(&query).unwrap().to_vec().into_iter().map(|i| order.iter().position(|&o| o == i as usize).unwrap() as f64).collect();
        assert_eq!(predicted, table(&expected["predict"]).data, "{}", what("predict"));
    }
}

/// Rows that no start knows: three groups, of which two touch.
fn groups<T: Float, B: Linalg<T>>(device: &B, offset: f64) -> Array<B, T, Ix2> {
    let mut state = 7_u64;
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1 << 24) as f64
    };
    let mut data = vec![];
    for i in 0..300 {
        let [a, b, c] = [(); 3].map(|()| (0..6).map(|_| uniform()).sum::<f64>() - 3.0);
        let (cx, cy) = [(0.0, 0.0), (2.5, 1.0), (9.0, -8.0)][i % 3];
        data.extend([cx + a + offset, cy + 0.5 * b + 0.3 * a + offset, b * 2.0 + c + offset]);
    }
    Table { shape: vec![300, 3], data }.array(device)
}

/// The lower bound never falls, whatever the start; the gradient by each parameter vanishes at the end; and what is drawn from a model
/// has its means and covariances.
pub fn bounds_rise_to_a_maximum<T: Float, B: Linalg<T>>(device: &B) {
    let x: Array<B, T, Ix2> = groups(device, 0.0);
    let eps = T::EPSILON.to_f64();
    for kind in KINDS {
        for init in [InitParams::KMeans, InitParams::PlusPlus, InitParams::Random, InitParams::RandomFromData] {
            let params = GaussianMixture::params().n_components(3).covariance_type(kind).init_params(init).seed(3);
            let model = params.tol(1e-4).max_iter(15).fit(&x).unwrap();
            let bounds = model.lower_bounds();
            for (i, pair) in bounds.windows(2).enumerate() {
                assert!(pair[1] >= pair[0] - (1e-5 + 100.0 * eps) * pair[0].abs().max(1.0), "{kind} {init}: {} then {} after {i}", pair[0], pair[1]);
            }
            assert_eq!(bounds.last(), Some(&model.lower_bound()));
            assert!((values(model.weights()).iter().sum::<f64>() - 1.0).abs() < 100.0 * eps);
        }
        // Of several starts the best.
        let params = GaussianMixture::params().n_components(3).covariance_type(kind).init_params(InitParams::Random).seed(1).max_iter(8);
        let (one, best) = (params.clone().fit(&x).unwrap(), params.n_init(3).fit(&x).unwrap());
        assert!(best.lower_bound() >= one.lower_bound(), "{kind}");
    }
    // At the end each parameter is what the shares say: a maximum of the likelihood.
    let model = GaussianMixture::params().n_components(2).reg_covar(0.0).tol(1e-13).max_iter(300).fit(&x).unwrap();
    let shares = model.predict_proba(&x).unwrap();
    let counts = shares.sum(0);
    let means = shares.t().matmul(&x).unwrap() / &counts.expand_dims(1).unwrap();
    let off = (&means - model.means()).abs().max(..).item().unwrap().to_f64();
    assert!(off < 1e6 * eps, "{off}");
    drawn(device, &model);
}

fn drawn<T: Float, B: Linalg<T>>(_: &B, model: &GaussianMixture<B, T>) {
    let n = 20_000;
    let (x, y) = model.sample(n, 4).unwrap();
    assert_eq!((x.shape(), y.shape()), ([n, 3], [n]));
    let labels = y.to_vec();
    assert!(labels.is_sorted() && labels[0] == 0 && labels[n - 1] == 1);
    let (x, weights, means, covariances) = (values(&x), values(model.weights()), values(model.means()), values(model.covariances()));
    for k in 0..2 {
        let rows: Vec<&[f64]> = (0..n).filter(|&i| labels[i] == k as i64).map(|i| &x[3 * i..3 * i + 3]).collect();
        let count = rows.len() as f64;
        assert!((count / n as f64 - weights[k]).abs() < 0.02);
        let mean: Vec<f64> = (0..3).map(|i| rows.iter().map(|row| row[i]).sum::<f64>() / count).collect();
        for i in 0..3 {
            let scale = covariances[9 * k + 4 * i].sqrt();
            assert!((mean[i] - means[3 * k + i]).abs() < 0.05 * scale, "mean {i} of {k}");
            for j in 0..3 {
                let product = rows.iter().map(|row| (row[i] - mean[i]) * (row[j] - mean[j])).sum::<f64>() / count;
                let scale = scale * covariances[9 * k + 4 * j].sqrt();
                assert!((product - covariances[9 * k + 3 * i + j]).abs() < 0.06 * scale, "covariance {i} {j} of {k}");
            }
        }
    }
}

/// Offsets move the means and nothing else, a factor of the features moves the bound by its logarithm, and the numbers of the reference.
pub fn offsets_move_the_means<T: Float, B: Linalg<T>>(device: &B) {
    let offset = 0.125 / T::EPSILON.to_f64() / 65536.0;
    let (near, far): (Array<B, T, Ix2>, Array<B, T, Ix2>) = (groups(device, 0.0), groups(device, offset));
    // The same numbers in both: those that are left at the offset.
    let near = &far - T::from_f64(offset) + &near * T::ZERO;
    for kind in KINDS {
        let params = GaussianMixture::params().n_components(3).covariance_type(kind).seed(2);
        let (a, b) = (params.fit(&near).unwrap(), params.fit(&far).unwrap());
        assert_near::<T>(&values(b.covariances()), &values(a.covariances()), 1e5, &format!("{kind}"));
        assert_near::<T>(&[b.lower_bound()], &[a.lower_bound()], 1e5, &format!("{kind}"));
    }
    let table = dataset("iris.csv").0;
    let x: Array<B, T, Ix2> = table.array(device);
    let known = [(-1.2014797687, 19), (-1.7122178714, 10), (-2.0482392765, 6), (-2.5622963890, 5)];
    for (kind, (bound, iterations)) in KINDS.into_iter().zip(known) {
        let precisions = match kind {
            CovarianceType::Full => eyes(device, 3).into_dyn(),
            CovarianceType::Tied => eyes(device, 1).reshape([4, 4]).unwrap().into_dyn(),
            CovarianceType::Diag => ones(device, &[3, 4]),
            CovarianceType::Spherical => ones(device, &[3]),
        };
        let params = GaussianMixture::params().n_components(3).covariance_type(kind).precisions_init(&precisions);
        let means = table.rows(&[0, 50, 100]).array(device);
        let model = params.weights_init(&[1.0 / 3.0; 3]).means_init(&means).fit(&x).unwrap();
        assert!((model.lower_bound() - bound).abs() < 1e-9_f64.max(1000.0 * T::EPSILON.to_f64()), "{kind}: {}", model.lower_bound());
        assert_eq!(model.n_iter(), iterations, "{kind}");
    }
}

fn eyes<T: Float, B: Linalg<T>>(device: &B, k: usize) -> Array<B, T, Ix3> {
    let eye: Vec<f64> = (0..16 * k).map(|i| f64::from(u8::from(i % 16 % 5 == 0))).collect();
    Table { shape: vec![k, 4, 4], data: eye }.array(device)
}

fn ones<T: Float, B: Linalg<T>>(device: &B, shape: &[usize]) -> Array<B, T, Dyn> {
    Table { shape: shape.to_vec(), data: vec![1.0; shape.iter().product()] }.array(device)
}

/// A callback sees every iteration, and ends the fit; what was fitted can go on; no iterations leave the start.
pub fn fits_can_be_stopped<T: Float, B: Linalg<T>>(device: &B) {
    let x: Array<B, T, Ix2> = groups(device, 0.0);
    let params = GaussianMixture::params().n_components(3).tol(0.0).max_iter(20);
    let enough = |progress: &xp_models::progress::Progress| if progress.step == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let few = params.clone().callback(enough).fit(&x).unwrap();
    assert_eq!((few.n_iter(), few.outcome(), few.converged()), (3, Outcome::Stopped, false));
    let mut file = vec![];
    few.write_to(&mut file).unwrap();
    let few = GaussianMixture::<B, T>::read_from(&mut &file[..], device).unwrap();
    assert_eq!((few.lower_bounds().len(), few.covariance_type(), few.outcome()), (3, CovarianceType::Full, Outcome::Stopped));
    let (rest, whole) = (params.clone().max_iter(17).fit_from(&x, &few).unwrap(), params.clone().fit(&x).unwrap());
    assert_eq!((whole.n_iter(), whole.outcome()), (20, Outcome::Limit));
    assert_close::<T>(&[rest.lower_bound()], &[whole.lower_bound()], "gone on");
    assert_near::<T>(&values(rest.covariances()), &values(whole.covariances()), 10_000.0, "gone on");

    let precisions: Array<B, T, Ix2> = Table { shape: vec![3, 3], data: vec![4.0, 1.0, 0.0, 1.0, 2.0, 0.5, 0.0, 0.5, 1.0] }.array(device);
    let params = GaussianMixture::params().covariance_type(CovarianceType::Tied).weights_init(&[1.0]).precisions_init(&precisions);
    let mean: Array<B, T, Ix2> = Table { shape: vec![1, 3], data: vec![1.0, 2.0, 3.0] }.array(device);
    let start = params.means_init(&mean).max_iter(0).fit(&x).unwrap();
    assert_eq!((start.n_iter(), start.lower_bound()), (0, f64::NEG_INFINITY));
    assert_close::<T>(&values(start.means()), &[1.0, 2.0, 3.0], "means");
    assert_close::<T>(&values(start.precisions()), &values(&precisions), "precisions");
    let product = start.covariances().matmul(&precisions).unwrap().into_rank::<Ix2>().unwrap();
    assert_close::<T>(&values(&product), &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], "covariances");
    // The upper triangular factor.
    let factor = values(start.precisions_cholesky());
    assert_eq!([factor[3], factor[6], factor[7]], [0.0; 3]);
    assert_eq!(start.covariances().ndim(), 2);
}
