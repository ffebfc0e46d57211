//! Elementwise operations, eager and fused, and copies.

use criterion::{Criterion, criterion_group, criterion_main};
use xp::prelude::*;

use benches::data::{Matrix, Source, Vector};

/// Small arrays show what a call costs, large ones what memory allows.
const LENGTHS: [usize; 3] = [10, 10_000, 1_000_000];

fn vectors(c: &mut Criterion) {
    let mut group = c.benchmark_group("elementwise");
    for n in LENGTHS {
        let mut from = Source::new(1).unwrap();
        let [x, y]: [Vector<f64>; 2] = [from.normal([n]).unwrap(), from.normal([n]).unwrap()];
        let mut out = x.copy().unwrap();
        group.bench_function(format!("add {n}"), |b| b.iter(|| &x + &y));
        group.bench_function(format!("exp {n}"), |b| b.iter(|| x.exp()));
        group.bench_function(format!("gauss fused {n}"), |b| b.iter(|| (x.lazy().square() * -0.5).exp().eval()));
        group.bench_function(format!("gauss fused into {n}"), |b| b.iter(|| (x.lazy().square() * -0.5).exp().eval_into(&mut out)));
        group.bench_function(format!("where {n}"), |b| b.iter(|| where_(&x.greater(0.0), &x, &y)));
    }
    group.finish();
}

fn matrices(c: &mut Criterion) {
    let mut group = c.benchmark_group("layout");
    let mut from = Source::new(2).unwrap();
    let x: Matrix<f64> = from.normal([1000, 1000]).unwrap();
    let row: Vector<f64> = from.normal([1000]).unwrap();
    let column = row.expand_dims(1).unwrap();
    group.bench_function("row and column 1000x1000", |b| b.iter(|| ((x.lazy() - &row) * &column).eval()));
    group.bench_function("transposed copy 1000x1000", |b| b.iter(|| x.t().copy().unwrap()));
    group.bench_function("x + x.T 1000x1000", |b| b.iter(|| &x + x.t()));
    group.bench_function("concat 2x 1000x1000", |b| b.iter(|| concat(&[&x, &x], 0).unwrap()));
    group.finish();
}

criterion_group!(elementwise, vectors, matrices);
criterion_main!(elementwise);
