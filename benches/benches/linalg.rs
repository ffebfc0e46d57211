//! Products, decompositions, solutions.

use criterion::{Criterion, criterion_group, criterion_main};
use xp::linalg::{Lower, Thin, cholesky, eigh, inv, qr, solve, svd, svdvals};
use xp::prelude::*;

use benches::data::{Matrix, Source, Stack, Vector};

fn matrices(c: &mut Criterion) {
    let mut group = c.benchmark_group("linalg");
    for n in [8, 200] {
        let mut from = Source::new(1).unwrap();
        let a: Matrix<f64> = from.normal([n, n]).unwrap();
        let symmetric: Matrix<f64> = from.symmetric([n, n]).unwrap();
        let v: Vector<f64> = from.normal([n]).unwrap();
        let definite = a.matmul(&a.t()).unwrap() + eye::<_, f64>(&Cpu, n, n, 0).unwrap();
        group.bench_function(format!("matmul {n}"), |b| b.iter(|| a.matmul(&a).unwrap()));
        group.bench_function(format!("svd {n}"), |b| b.iter(|| svd(&a, Thin).unwrap()));
        group.bench_function(format!("svdvals {n}"), |b| b.iter(|| svdvals(&a).unwrap()));
        group.bench_function(format!("eigh {n}"), |b| b.iter(|| eigh(&symmetric).unwrap()));
        group.bench_function(format!("qr {n}"), |b| b.iter(|| qr(&a, Thin).unwrap()));
        group.bench_function(format!("cholesky {n}"), |b| b.iter(|| cholesky(&definite, Lower).unwrap()));
        group.bench_function(format!("solve {n}"), |b| b.iter(|| solve(&a, &v).unwrap()));
        group.bench_function(format!("inv {n}"), |b| b.iter(|| inv(&a).unwrap()));
    }
    group.finish();
}

fn stacks(c: &mut Criterion) {
    let mut group = c.benchmark_group("stacks");
    let mut from = Source::new(2).unwrap();
    let a: Stack<f64> = from.normal([100, 8, 8]).unwrap();
    let symmetric: Stack<f64> = from.symmetric([100, 8, 8]).unwrap();
    group.bench_function("matmul 100x8x8", |b| b.iter(|| a.matmul(&a).unwrap()));
    group.bench_function("solve 100x8x8", |b| b.iter(|| solve(&a, &a).unwrap()));
    group.bench_function("eigh 100x8x8", |b| b.iter(|| eigh(&symmetric).unwrap()));
    group.finish();
}

criterion_group!(all, matrices, stacks);
criterion_main!(all);
