//! NearestNeighbors, KNeighborsClassifier, KNeighborsRegressor.

use serde_json::Value;
use xp_core::{Array, Dim, Float, Ix1, Ix2, Linalg};
use xp_models::neighbors::{KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors, NeighborMetric, Weights};

use super::golden::*;

fn ints<B: Linalg<T>, T: Float, D: Dim>(x: &Array<B, i64, D>, _: &Array<B, T, Ix2>) -> Vec<f64> {
    x.to_vec().into_iter().map(|v| v as f64).collect()
}

pub fn agree_with_scikit_learn<T: Float, B: Linalg<T>>(device: &B) {
    let golden = Golden::open("neighbors");
    for case in golden.cases() {
        let what = format!("{} {} {}", name(case), case["metric"], case["k"]);
        let (x, query): (Array<B, T, Ix2>, Array<B, T, Ix2>) = (golden.table(case, "x").array(device), golden.table(case, "xq").array(device));
        let (expected, k) = (&case["expected"], case["k"].as_u64().unwrap() as usize);
        let weights = case["params"]["weights"].as_str().map_or(Weights::Uniform, |name| name.parse().unwrap());
        match case["name"].as_str().unwrap() {
            "NearestNeighbors" => searched(case, &x, &query),
            "KNeighborsClassifier" => {
                let y: Array<B, i8, Ix1> = golden.table(case, "y").array(device);
                let model = KNeighborsClassifier::params().n_neighbors(k).weights(weights).fit(&x, &y).unwrap();
                let predicted: Vec<f64> = model.predict(&query).unwrap().to_vec().into_iter().map(f64::from).collect();
                assert_eq!(predicted, table(&expected["predict"]).data, "{what}");
                assert_matches(&model.predict_proba(&query).unwrap(), &expected["proba"], &what);
                assert_eq!(model.score(&x, &y).unwrap(), number(&expected["score"]), "{what}");
                let by = model.predict_proba_by(&query, |d| Ok((d.lazy() * T::ZERO + T::from_f64(2.0)).try_eval()?)).unwrap();
                if weights == Weights::Uniform {
                    assert_matches(&by, &expected["proba"], &what);
                }
            }
            _ => match case["targets"].as_str().unwrap() {
                "t1" => regressed::<T, B, Ix1>(&x, &query, &golden.table(case, "t1").array(device), weights, &expected["predict"], &what),
                targets => regressed::<T, B, Ix2>(&x, &query, &golden.table(case, targets).array(device), weights, &expected["predict"], &what),
            },
        }
    }
}

fn regressed<T: Float, B: Linalg<T>, D: Dim>(
    x: &Array<B, T, Ix2>,
    query: &Array<B, T, Ix2>,
    y: &Array<B, T, D>,
    weights: Weights,
    expected: &Value,
    what: &str,
) {
    let model = KNeighborsRegressor::params().n_neighbors(4).weights(weights).fit(x, y).unwrap();
    assert_matches(&model.predict(query).unwrap(), expected, what);
}

fn searched<T: Float, B: Linalg<T>>(case: &Value, x: &Array<B, T, Ix2>, query: &Array<B, T, Ix2>) {
    let what = format!("{} {}", case["metric"], case["k"]);
    let (expected, k) = (&case["expected"], case["k"].as_u64().unwrap() as usize);
    let metric: NeighborMetric = case["metric"].as_str().unwrap().parse().unwrap();
    let model = NearestNeighbors::params().metric(metric).n_neighbors(k).fit(x).unwrap();
    let (distances, indices) = model.kneighbors(query, None).unwrap();
    assert_eq!(ints(&indices, x), table(&expected["indices"]).data, "{what}");
    let near = |actual: Vec<f64>, key: &str| {
        let wanted = table(&expected[key]);
        assert_eq!(actual.len(), wanted.data.len(), "{what}: {key}");
        // What is 1 less a cosine has an error of the order of 1; scikit-learn's zeros are from products, and not quite 0.
        let least = if metric == NeighborMetric::Cosine { 1.0 } else { 1e-3 };
        for (a, e) in actual.iter().zip(&wanted.data) {
            assert!(
                (a - e).abs() <= 1000.0 * T::EPSILON.to_f64() * e.max(least) + 1e-7 * f64::from(u8::from(*e < 1e-6)),
                "{what}: {a}, expected {e}"
            );
        }
    };
    assert_eq!(distances.dims(), table(&expected["distances"]).shape);
    near(values(&distances), "distances");
    let (among, others) = model.kneighbors(None, k).unwrap();
    near(values(&among), "among");
    assert_eq!(ints(&others, x), table(&expected["others"]).data, "{what}");
    let radius = T::from_f64(number(&case["radius"]));
    let found = model.radius_neighbors(query, radius).unwrap();
    let counts: Vec<f64> = found.offsets.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
    assert_eq!(counts, table(&expected["counts"]).data, "{what}");
    assert_eq!(ints(&found.indices, x), table(&expected["places"]).data, "{what}");
    near(values(&found.distances), "near");
    let own = model.radius_neighbors(None, radius).unwrap();
    let counts: Vec<f64> = own.offsets.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
    assert_eq!(counts, table(&expected["own"]).data, "{what}");
}

/// Against a loop, over several blocks of samples and with many ties: the lowest index comes first, whatever the metric; and where the
/// samples lie changes nothing.
pub fn ties_go_to_the_lowest_index<T: Float, B: Linalg<T>>(device: &B) {
    let (n, m, p, k) = (4500, 5, 3, 9);
    let data: Vec<f64> = (0..n * p).map(|i| ((i * i * 31 + i * 7) % 11) as f64).collect();
    let queries: Vec<f64> = (0..m * p).map(|i| ((i * 5) % 11) as f64).collect();
    type Loop = fn(f64, f64) -> f64;
    let metrics: [(NeighborMetric, Loop); 4] = [
        (NeighborMetric::SqEuclidean, |a, b| (a - b) * (a - b)),
        (NeighborMetric::Manhattan, |a, b| (a - b).abs()),
        (NeighborMetric::InnerProduct, |a, b| -a * b),
        (NeighborMetric::Euclidean, |a, b| (a - b) * (a - b)),
    ];
    for offset in [0.0, 1000.0] {
        let moved = |v: &[f64]| v.iter().map(|a| a + offset).collect::<Vec<_>>();
        let (data, queries) = (moved(&data), moved(&queries));
        let x: Array<B, T, Ix2> = Table { shape: vec![n, p], data: data.clone() }.array(device);
        let q: Array<B, T, Ix2> = Table { shape: vec![m, p], data: queries.clone() }.array(device);
        for (metric, term) in metrics {
            if metric == NeighborMetric::InnerProduct && offset > 0.0 {
                continue; // More than float32 holds.
            }
            let (distances, indices) = NearestNeighbors::params().metric(metric).fit(&x).unwrap().kneighbors(&q, k).unwrap();
            let (distances, indices) = (values(&distances), indices.to_vec());
            for i in 0..m {
                let row = &queries[i * p..(i + 1) * p];
                let mut all: Vec<(f64, i64)> =
                    (0..n).map(|j| (row.iter().zip(&data[j * p..(j + 1) * p]).map(|(&a, &b)| term(a, b)).sum(), j as i64)).collect();
                all.sort_by(|a, b| a.partial_cmp(b).unwrap());
                for (j, &(distance, at)) in all[..k].iter().enumerate() {
                    assert_eq!(indices[i * k + j], at, "{metric} {offset}: neighbour {j} of {i}");
                    let distance = if metric == NeighborMetric::Euclidean { T::from_f64(distance).sqrt().to_f64() } else { distance };
                    assert_eq!(distances[i * k + j], distance, "{metric} {offset}: neighbour {j} of {i}");
                }
            }
        }
    }
    // A sample among more equal ones than are asked for is left out all the same.
    let same: Array<B, T, Ix2> = Table { shape: vec![6, 1], data: vec![1.0; 6] }.array(device);
    let model = NearestNeighbors::params().fit(&same).unwrap();
    assert_eq!(model.kneighbors(None, 2).unwrap().1.to_vec(), [1, 2, 0, 2, 0, 1, 1, 2, 1, 2, 1, 2]);
    assert_eq!(model.radius_neighbors(None, T::ZERO).unwrap().indices.to_vec().len(), 30);
    assert_eq!(model.radius_neighbors(None, -T::ONE).unwrap().offsets, [0; 7]);
    // No queries have no neighbours.
    let none: Array<B, T, Ix2> = Table { shape: vec![0, 1], data: vec![] }.array(device);
    assert_eq!(model.kneighbors(&none, 3).unwrap().0.shape(), [0, 3]);
    assert_eq!(model.radius_neighbors(&none, T::ONE).unwrap().offsets, [0]);
}
