//! The same generic jobs on every backend that is built in and has a device, side by side, over growing sizes: where a GPU
//! starts to pay. With `--features cuda` and a CUDA device the groups have a second column.

use std::hint::black_box;

use criterion::{BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main, measurement::WallTime};
use xp::fft::Fft;
use xp::models::{decomposition::PCA, discriminant_analysis::LinearDiscriminantAnalysis};
use xp::prelude::*;

/// A backend that does every job.
trait Able: Linalg<f64> + Fft<f64> {}
impl<B: Linalg<f64> + Fft<f64>> Able for B {}

/// Numbers in 0..1 that look random: products of a linear congruence (Knuth's MMIX constants).
fn numbers<B: Backend>(device: &B, shape: [usize; 2]) -> Array<B, f64, Ix2> {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let values = (0..shape[0] * shape[1]).map(|_| next()).collect();
    Array::from_vec(device, values, shape).expect("the device has room")
}

/// Times a job that is over when the device is idle.
fn time<B: Backend, R>(group: &mut BenchmarkGroup<'_, WallTime>, device: &B, size: impl std::fmt::Display, job: impl Fn() -> R) {
    group.bench_function(BenchmarkId::new(B::NAME, size), |b| {
        b.iter(|| {
            let result = black_box(job());
            device.synchronize().expect("the device works");
            result
        });
    });
}

fn elementwise<B: Able>(c: &mut Criterion, device: &B) {
    let mut group = c.benchmark_group("gauss, fused");
    for n in [1_000, 100_000, 10_000_000] {
        let x = numbers(device, [n, 1]);
        time(&mut group, device, n, || (x.lazy().square() * -0.5).exp().eval());
    }
    group.finish();
}

fn reductions<B: Able>(c: &mut Criterion, device: &B) {
    let mut group = c.benchmark_group("squared deviations along axis 0, fused");
    for n in [100, 10_000, 1_000_000] {
        let x = numbers(device, [n, 10]);
        let mean = x.mean(0);
        time(&mut group, device, n * 10, || (x.lazy() - &mean).square().sum(0).eval());
    }
    group.finish();
}

fn products<B: Able>(c: &mut Criterion, device: &B) {
    let mut group = c.benchmark_group("matmul");
    for n in [64, 256, 1024] {
        let (a, b) = (numbers(device, [n, n]), numbers(device, [n, n]));
        time(&mut group, device, n, || a.matmul(&b).expect("the shapes fit"));
    }
    group.finish();
}

fn decompositions<B: Able>(c: &mut Criterion, device: &B) {
    let mut group = c.benchmark_group("svd");
    group.sample_size(10);
    for n in [32, 128, 512] {
        let x = numbers(device, [n, n]);
        time(&mut group, device, n, || linalg::svd(&x, linalg::Thin).expect("it converges"));
    }
    group.finish();
}

fn transforms<B: Able>(c: &mut Criterion, device: &B) {
    let mut group = c.benchmark_group("fft2");
    for n in [64, 512, 2048] {
        let x = numbers(device, [n, n]);
        time(&mut group, device, n, || xp::fft::rfft2(&x).expect("a matrix has two axes"));
    }
    group.finish();
}

fn models<B: Able>(c: &mut Criterion, device: &B) {
    let data = |n: usize| {
        let y: Array<B, i64, Ix1> = (xp::arange(device, 0, n as i64, 1).expect("room").lazy() % 3).eval();
        let x = numbers(device, [n, 50]) + y.astype::<f64>().expand_dims(1).expect("a vector");
        (x, y)
    };
    let mut group = c.benchmark_group("LDA, 50 features");
    group.sample_size(10);
    for n in [1_000, 10_000, 100_000] {
        let (x, y) = data(n);
        time(&mut group, device, n, || LinearDiscriminantAnalysis::params().fit(&x, &y).expect("it fits"));
    }
    group.finish();
    let mut group = c.benchmark_group("PCA, 50 features");
    group.sample_size(10);
    for n in [1_000, 10_000, 100_000] {
        let (x, _) = data(n);
        time(&mut group, device, n, || PCA::params().n_components(5).fit(&x).expect("it fits"));
    }
    group.finish();
}

fn on<B: Able>(c: &mut Criterion, device: &B) {
    elementwise(c, device);
    reductions(c, device);
    products(c, device);
    decompositions(c, device);
    transforms(c, device);
    models(c, device);
}

fn backends(c: &mut Criterion) {
    on(c, &Cpu);
    #[cfg(feature = "cuda")]
    match xp::Cuda::default_device() {
        Ok(device) => on(c, &device),
        Err(e) => eprintln!("no CUDA device, so only the CPU is measured: {e}"),
    }
}

criterion_group!(all, backends);
criterion_main!(all);
