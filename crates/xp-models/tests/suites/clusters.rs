//! KMeans, MiniBatchKMeans.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use xp_core::{Array, Float, Ix1, Ix2, Linalg};
use xp_models::cluster::{Init, KMeans, MiniBatchKMeans};
use xp_models::progress::Outcome;

use super::golden::*;

pub fn agree_with_scikit_learn<T: Float, B: Linalg<T>>(device: &B) {
    let golden = Golden::open("cluster");
    for case in golden.cases() {
        let what = |part: &str| format!("{} {}: {part}", name(case), case["sample_weight"]);
        let (x, init): (Array<B, T, Ix2>, Array<B, T, Ix2>) = (golden.table(case, "x").array(device), golden.table(case, "init").array(device));
        let weights: Array<B, T, Ix1> = golden.table(case, "weights").array(device);
        let weighted = case["sample_weight"].as_bool().unwrap();
        let query: Array<B, T, Ix2> = golden.table(case, "xq").array(device);
        let expected = &case["expected"];
        let same = |labels: &Array<B, i64, Ix1>, key: &str| {
            let labels: Vec<f64> = labels.to_vec().into_iter().map(|v| v as f64).collect();
            assert_eq!(labels, table(&expected[key]).data, "{}", what(key));
        };
        let k = init.dims()[0];
        if case["name"] == "MiniBatchKMeans" {
            let params = MiniBatchKMeans::params().n_clusters(k).init(Init::Centers(init)).reassignment_ratio(0.0);
            let mut model = params.start(&x).unwrap();
            for batch in case["batches"].as_array().unwrap() {
                let rows = |i: usize| batch[i].as_i64().unwrap() as isize;
                let part = x.slice_axis(0, rows(0)..rows(1)).unwrap();
                let done = if weighted {
                    model.partial_fit_weighted(&part, &weights.slice_axis(0, rows(0)..rows(1)).unwrap())
                } else {
                    model.partial_fit(&part)
                };
                done.unwrap();
            }
            assert_matches(model.cluster_centers(), &expected["cluster_centers_"], &what("cluster_centers_"));
            assert_close::<T>(&values(model.counts()), &table(&expected["counts"]).data, &what("counts"));
            assert_close::<T>(&[model.inertia()], &[number(&expected["inertia_"])], &what("inertia_"));
            assert_eq!(model.n_steps() as f64, number(&expected["n_steps_"]), "{}", what("n_steps_"));
            same(model.labels(), "labels_");
            same(&model.predict(&query).unwrap(), "predict");
            continue;
        }
        let mut params = KMeans::params().n_clusters(k).init(Init::Centers(init));
        if let Some(tol) = case["params"]["tol"].as_f64() {
            params = params.tol(tol);
        }
        if let Some(most) = case["params"]["max_iter"].as_u64() {
            params = params.max_iter(most as usize);
        }
        let model = if weighted { params.fit_weighted(&x, &weights) } else { params.fit(&x) }.unwrap();
        assert_matches(model.cluster_centers(), &expected["cluster_centers_"], &what("cluster_centers_"));
        assert_close::<T>(&[model.inertia()], &[number(&expected["inertia_"])], &what("inertia_"));
        assert_eq!(model.n_iter() as f64, number(&expected["n_iter_"]), "{}", what("n_iter_"));
        same(model.labels(), "labels_");
        same(&model.predict(&query).unwrap(), "predict");
        // Distances are from products.
        let transformed = values(&model.transform(&query).unwrap());
        let scale = values(&query).iter().fold(0.0f64, |m, v| m.max(v.abs()));
        for (a, e) in transformed.iter().zip(&table(&expected["transform"]).data) {
            assert!((a * a - e * e).abs() <= 1000.0 * T::EPSILON.to_f64() * scale * scale, "{}: {a}, expected {e}", what("transform"));
        }
        assert_close::<T>(&[model.score(&query).unwrap()], &[number(&expected["score"])], &what("score"));
    }
    known::<T, B>(device);
}

/// Answers that are known, and what must not change them.
fn known<T: Float, B: Linalg<T>>(device: &B) {
    let table = dataset("iris.csv").0;
    let x: Array<B, T, Ix2> = table.array(device);
    let init = Init::Centers(table.rows(&[0, 50, 100]).array(device));
    let params = KMeans::params().n_clusters(3).init(init);
    let model = params.fit(&x).unwrap();
    assert_near::<T>(&[model.inertia()], &[78.851441426146], 100.0, "inertia");
    assert_eq!((model.n_iter(), model.outcome(), model.n_distinct().unwrap()), (4, Outcome::Converged, 3));
    // A weight is as many samples; rows may lie in any strides.
    let twice: Vec<usize> = (0..150).flat_map(|i| vec![i; 1 + i % 3]).collect();
    let weights: Vec<f64> = (0..150).map(|i| (1 + i % 3) as f64).collect();
    let repeated = params.fit(&table.rows(&twice).array(device)).unwrap();
    let strided = x.t().contiguous().unwrap().t();
    let weighted = params.fit_weighted(&strided, &Table { shape: vec![150], data: weights }.array(device)).unwrap();
    assert_close::<T>(&values(weighted.cluster_centers()), &values(repeated.cluster_centers()), "weights");
    assert_close::<T>(&[weighted.inertia()], &[repeated.inertia()], "weights");
    // Every start and seed ends in a minimum: no step makes it better.
    for init in [Init::PlusPlus, Init::Random] {
        for seed in 0..3 {
            let params = KMeans::params().n_clusters(3).init(init.clone()).seed(seed).tol(0.0);
            let (model, labels) = params.fit_predict(&x).unwrap();
            assert!(model.converged() && model.inertia() < 146.0, "{init:?} {seed}: {}", model.inertia());
            assert_eq!(labels.to_vec(), model.predict(&x).unwrap().to_vec(), "{init:?} {seed}");
            let again = params.fit(&x).unwrap();
            assert_eq!(again.labels().to_vec(), labels.to_vec(), "{init:?} {seed}");
            let next = KMeans::params().n_clusters(3).init(Init::Centers(model.cluster_centers().clone())).max_iter(1).fit(&x).unwrap();
            assert_close::<T>(&[next.inertia()], &[model.inertia()], "a minimum");
        }
    }
    let model = MiniBatchKMeans::params().n_clusters(3).batch_size(50).seed(2).fit(&x).unwrap();
    assert!(model.inertia() < 1.15 * 78.851 && model.n_steps() > 1, "{}", model.inertia());
    assert_eq!(model.labels().to_vec(), model.predict(&x).unwrap().to_vec());
    let weights = Table { shape: vec![150], data: (0..150).map(|i| f64::from(u8::from(i < 100))).collect() }.array(device);
    let model = MiniBatchKMeans::params().n_clusters(2).batch_size(64).init(Init::Random).fit_weighted(&x, &weights).unwrap();
    // Samples without weight draw no centre to them.
    let largest = values(model.cluster_centers()).into_iter().fold(0.0, f64::max);
    assert!(largest < 6.1, "{largest}");
}

/// A callback sees every iteration, and ends the fit.
pub fn fits_can_be_stopped<T: Float, B: Linalg<T>>(device: &B) {
    let table = dataset("iris.csv").0;
    let x: Array<B, T, Ix2> = table.array(device);
    let init = Init::Centers(table.rows(&[0, 1, 2]).array(device));
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = seen.clone();
    let model = KMeans::params().n_clusters(3).init(init).callback(move |progress| {
        counter.store(progress.step, Ordering::SeqCst);
        assert!(progress.score > 78.0);
        if progress.step == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let model = model.fit(&x).unwrap();
    assert_eq!((model.n_iter(), model.outcome(), seen.load(Ordering::SeqCst)), (2, Outcome::Stopped, 2));
    let params = MiniBatchKMeans::params().n_clusters(3).callback(|_| ControlFlow::Break(()));
    assert_eq!(params.fit(&x).unwrap().outcome(), Outcome::Stopped);
}
