//! Estimators on small data.

use criterion::{Criterion, criterion_group, criterion_main};
use xp::models::cluster::{Kmeans2Params, Start, kmeans2};
use xp::models::decomposition::PCA;
use xp::models::discriminant_analysis::LinearDiscriminantAnalysis;
use xp::models::linear_model::Ridge;
use xp::models::preprocessing::StandardScaler;
use xp::prelude::*;

use benches::data::{Matrix, Source, Vector};

fn models(c: &mut Criterion) {
    let mut group = c.benchmark_group("models 2000x20");
    let mut from = Source::new(1).unwrap();
    let (x, y) = from.classes::<f64>(2000, 20, 5).unwrap();
    let target: Vector<f64> = from.normal([2000]).unwrap();
    let codes: Matrix<f64> = x.slice(s![..8]).unwrap().copy().unwrap();
    let lda = LinearDiscriminantAnalysis::params().fit(&x, &y).unwrap();
    group.bench_function("LDA fit", |b| b.iter(|| LinearDiscriminantAnalysis::params().fit(&x, &y).unwrap()));
    group.bench_function("LDA predict", |b| b.iter(|| lda.predict(&x).unwrap()));
    group.bench_function("PCA fit", |b| b.iter(|| PCA::params().n_components(5).fit(&x).unwrap()));
    group.bench_function("Ridge fit", |b| b.iter(|| Ridge::params().fit(&x, &target).unwrap()));
    group.bench_function("StandardScaler fit_transform", |b| b.iter(|| StandardScaler::params().fit_transform(&x).unwrap()));
    group.bench_function("kmeans2", |b| b.iter(|| kmeans2(&x, &Start::Matrix(codes.clone()), &Kmeans2Params::new()).unwrap()));
    group.finish();
}

criterion_group!(all, models);
criterion_main!(all);
