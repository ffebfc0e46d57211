//! Sums, extremes, variances.

use criterion::{Criterion, criterion_group, criterion_main};

use benches::data::{Matrix, Source};

fn reductions(c: &mut Criterion) {
    for (n, m) in [(2, 5), (1000, 1000), (100_000, 10)] {
        let x: Matrix<f64> = Source::new(1).unwrap().normal([n, m]).unwrap();
        let mut group = c.benchmark_group(format!("reductions {n}x{m}"));
        group.bench_function("sum axis0", |b| b.iter(|| x.sum(0)));
        group.bench_function("sum axis1", |b| b.iter(|| x.sum(1)));
        group.bench_function("sum all", |b| b.iter(|| x.sum(..)));
        group.bench_function("max axis1", |b| b.iter(|| x.max(1)));
        group.bench_function("argmax axis1", |b| b.iter(|| x.argmax(1)));
        group.bench_function("var axis0", |b| b.iter(|| x.var(0, 0.0)));
        group.bench_function("fused sum of squares", |b| b.iter(|| x.lazy().square().sum(0).eval()));
        group.finish();
    }
}

criterion_group!(all, reductions);
criterion_main!(all);
