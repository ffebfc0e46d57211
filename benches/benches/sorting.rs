//! Sorting, cumulative sums, selection, indexing.

use criterion::{Criterion, criterion_group, criterion_main};
use xp::prelude::*;

use benches::data::{Source, Vector};

fn sorting(c: &mut Criterion) {
    let mut group = c.benchmark_group("sorting");
    for n in [100, 100_000] {
        let mut from = Source::new(1).unwrap();
        let x: Vector<f64> = from.normal([n]).unwrap();
        let small = from.integers(n, 100).unwrap();
        let at = from.integers(n, n).unwrap();
        group.bench_function(format!("sort {n}"), |b| b.iter(|| x.sort(0, Ascending).unwrap()));
        group.bench_function(format!("argsort {n}"), |b| b.iter(|| x.argsort(0, Ascending).unwrap()));
        group.bench_function(format!("unique_counts of 100 {n}"), |b| b.iter(|| unique_counts(&small).unwrap()));
        group.bench_function(format!("cumulative_sum {n}"), |b| b.iter(|| x.cumulative_sum(0).unwrap()));
        group.bench_function(format!("select {n}"), |b| b.iter(|| x.select(&x.greater(0.0)).unwrap()));
        group.bench_function(format!("take {n}"), |b| b.iter(|| x.take(&at, 0).unwrap()));
    }
    group.finish();
}

criterion_group!(all, sorting);
criterion_main!(all);
