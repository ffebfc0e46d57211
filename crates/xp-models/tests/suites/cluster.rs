//! whiten, vq, kmeans2.

use serde_json::Value;
use xp_core::{Dim, Float, Ix1, Ix2, Linalg};
use xp_models::Error;
use xp_models::cluster::{Kmeans2Params, Missing, Start, kmeans2, vq, whiten};

use super::golden::*;

pub fn agrees_with_scipy<B: Linalg<f64> + Linalg<f32>>(device: &B) {
    let golden = Golden::open("vq");
    for case in golden.cases() {
        let single = case["dtype"] == "float32";
        match (single, golden.table(case, "x").shape.len()) {
            (true, 1) => check::<B, f32, Ix1>(device, &golden, case),
            (true, _) => check::<B, f32, Ix2>(device, &golden, case),
            (false, 1) => check::<B, f64, Ix1>(device, &golden, case),
            (false, _) => check::<B, f64, Ix2>(device, &golden, case),
        }
    }
}

fn check<B: Linalg<T>, T: Float, D: Dim>(device: &B, golden: &Golden, case: &Value) {
    let what = name(case);
    let x = golden.table(case, "x").array::<B, T, D>(device);
    let expected = &case["expected"];
    let book = || golden.table(case, "code_book").array::<B, T, D>(device);
    let same_labels = |labels: &xp_core::Array<B, i64, Ix1>, key: &str| {
        let labels: Vec<f64> = labels.to_vec().into_iter().map(|v| v as f64).collect();
        assert_eq!(labels, table(&expected[key]).data, "{what}");
    };
    match case["function"].as_str().unwrap() {
        "whiten" => assert_matches(&whiten(&x).unwrap(), expected, &what),
        "vq" => {
            let (codes, distances) = vq(&x, &book()).unwrap();
            same_labels(&codes, "codes");
            // SciPy's distances lose half the digits of what cancels: compare the squares with that of the data.
            let scale = values(&x).iter().fold(0.0f64, |m, v| m.max(v.abs()));
            for (a, e) in values(&distances).iter().zip(&table(&expected["distances"]).data) {
                assert!((a * a - e * e).abs() <= 1000.0 * T::EPSILON.to_f64() * scale * scale, "{what}: {a}, expected {e}");
            }
        }
        _ => {
            let missing = if case["missing"] == "raise" { Missing::Raise } else { Missing::Warn };
            let params = Kmeans2Params::new().iter(case["iter"].as_u64().unwrap() as usize).missing(missing);
            match kmeans2(&x, &Start::Matrix(book()), &params) {
                Ok(found) => {
                    assert_matches(&found.centroids, &expected["centroids"], &what);
                    same_labels(&found.labels, "labels");
                    assert_eq!(found.has_empty, expected["warns"].as_bool().unwrap(), "{what}");
                }
                Err(Error::EmptyCluster { .. }) => assert!(expected["error"].is_string(), "{what}"),
                Err(e) => panic!("{what}: {e}"),
            }
        }
    }
}

/// Three groups far apart are found from every start, and a seed always gives the same.
pub fn every_start_finds_separated_clusters<B: Linalg<f64>>(device: &B) {
    let data: Vec<f64> = (0..90).flat_map(|i| [(i % 3) as f64 * 100.0 + (i as f64).sin(), (i % 3) as f64 * -50.0 + (i as f64).cos()]).collect();
    let x = array(device, &data, [90, 2]);
    let cost = |start: &Start<B, f64, Ix2>, seed: u64| {
        let params = Kmeans2Params::new().iter(6).seed(seed);
        let found = kmeans2(&x, start, &params).unwrap();
        if seed == 0 {
            assert_eq!(found.centroids.to_vec(), kmeans2(&x, start, &params).unwrap().centroids.to_vec());
        }
        let (_, distance) = vq(&x, &found.centroids).unwrap();
        distance.max(..).item().unwrap()
    };
    // k-means++ from any seed; the others may start in one group, so from some seed.
    for seed in 0..4 {
        assert!(cost(&Start::PlusPlus(3), seed) < 3.0, "seed {seed}");
    }
    for start in [Start::Points(3), Start::Random(3)] {
        let best = (0..6).map(|seed| cost(&start, seed)).fold(f64::INFINITY, f64::min);
        assert!(best < 3.0, "{start:?}");
    }
}

/// Far from the origin nothing cancels.
pub fn offsets_do_not_change_labels<B: Linalg<f64>>(device: &B) {
    let data: Vec<f64> = (0..400).map(|i| ((i * 37) % 101) as f64 / 8.0).collect();
    let book = &data[..12];
    let labels_at = |offset: f64| {
        let moved = |v: &[f64]| v.iter().map(|x| x + offset).collect::<Vec<_>>();
        vq(&array(device, &moved(&data), [100, 4]), &array(device, &moved(book), [3, 4])).unwrap().0.to_vec()
    };
    assert_eq!(labels_at(0.0), labels_at(1e9));
}

/// More random centroids than observations are an error, however many, and say so.
pub fn too_many_centroids_are_refused<B: Linalg<f64>>(device: &B) {
    let x = array(device, &[0.0, 1.0, 9.0, 10.0, 11.0, 12.0], [3, 2]);
    for k in [4, 1 << 60, usize::MAX] {
        for start in [Start::Random(k), Start::Points(k), Start::PlusPlus(k)] {
            let error = kmeans2(&x, &start, &Kmeans2Params::new()).unwrap_err().to_string();
            assert!(error.contains(&k.to_string()) && error.contains("at most 3"), "{error}");
        }
    }
    assert_eq!(kmeans2(&x, &Start::Random(3), &Kmeans2Params::new()).unwrap().centroids.dims(), [3, 2]);
}
