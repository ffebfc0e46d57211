//! The same generic jobs on the CPU and on a CUDA device, side by side, over growing sizes: where a GPU starts to pay.
//!
//!     cargo bench -p benches --bench backends --features cuda
//!
//! Without the feature, or without a device, the CPU is measured alone.

use std::hint::black_box;

use criterion::{BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main, measurement::WallTime};
use xp::fft::Fft;
use xp::models::{decomposition::PCA, discriminant_analysis::LinearDiscriminantAnalysis};
use xp::prelude::*;

/// A backend that does every job.
trait Able: Linalg<f64> + Fft<f64> {}
impl<B: Linalg<f64> + Fft<f64>> Able for B {}

#[cfg(feature = "cuda")]
type Gpu = xp::Cuda;
/// Stands for the missing device.
#[cfg(not(feature = "cuda"))]
type Gpu = Cpu;

type Group<'a> = BenchmarkGroup<'a, WallTime>;

/// A job over growing sizes.
trait Job {
    const TITLE: &'static str;
    const SIZES: [usize; 4];

    fn run<B: Able>(group: &mut Group<'_>, device: &B, n: usize);
}

struct Elementwise;
impl Job for Elementwise {
    const TITLE: &'static str = "gauss, fused";
    const SIZES: [usize; 4] = [1_000, 100_000, 1_000_000, 10_000_000];

    fn run<B: Able>(group: &mut Group<'_>, device: &B, n: usize) {
        let x = numbers(device, [n, 1]);
        time(group, device, n, || (x.lazy().square() * -0.5).exp().eval());
    }
}

struct Reductions;
impl Job for Reductions {
    const TITLE: &'static str = "squared deviations along axis 0, fused";
    const SIZES: [usize; 4] = [1_000, 100_000, 1_000_000, 10_000_000];

    fn run<B: Able>(group: &mut Group<'_>, device: &B, n: usize) {
        let x = numbers(device, [n / 10, 10]);
        let mean = x.mean(0);
        time(group, device, n, || (x.lazy() - &mean).square().sum(0).eval());
    }
}

struct Matmul;
impl Job for Matmul {
    const TITLE: &'static str = "matmul";
    const SIZES: [usize; 4] = [64, 256, 1024, 2048];

    fn run<B: Able>(group: &mut Group<'_>, device: &B, n: usize) {
        let (a, b) = (numbers(device, [n, n]), numbers(device, [n, n]));
        time(group, device, n, || a.matmul(&b).expect("the shapes fit"));
    }
}

struct Svd;
impl Job for Svd {
    const TITLE: &'static str = "svd";
    const SIZES: [usize; 4] = [16, 64, 256, 512];

    fn run<B: Able>(group: &mut Group<'_>, device: &B, n: usize) {
        let x = numbers(device, [n, n]);
        time(group, device, n, || linalg::svd(&x, linalg::Thin).expect("it converges"));
    }
}

struct Transforms;
impl Job for Transforms {
    const TITLE: &'static str = "rfft2";
    const SIZES: [usize; 4] = [64, 256, 1024, 2048];

    fn run<B: Able>(group: &mut Group<'_>, device: &B, n: usize) {
        let x = numbers(device, [n, n]);
        time(group, device, n, || xp::fft::rfft2(&x).expect("a matrix has two axes"));
    }
}

struct Lda;
impl Job for Lda {
    const TITLE: &'static str = "LDA fit, 50 features";
    const SIZES: [usize; 4] = [300, 3_000, 30_000, 300_000];

    fn run<B: Able>(group: &mut Group<'_>, device: &B, n: usize) {
        let y: Array<B, i64, Ix1> = (xp::arange(device, 0, n as i64, 1).expect("room").lazy() % 3).eval();
        let x = numbers(device, [n, 50]) + y.astype::<f64>().expand_dims(1).expect("a vector");
        time(group, device, n, || LinearDiscriminantAnalysis::params().fit(&x, &y).expect("it fits"));
    }
}

struct Pca;
impl Job for Pca {
    const TITLE: &'static str = "PCA fit, 50 features";
    const SIZES: [usize; 4] = [300, 3_000, 30_000, 300_000];

    fn run<B: Able>(group: &mut Group<'_>, device: &B, n: usize) {
        let x = numbers(device, [n, 50]);
        time(group, device, n, || PCA::params().n_components(5).fit(&x).expect("it fits"));
    }
}

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
fn time<B: Backend, R>(group: &mut Group<'_>, device: &B, size: usize, job: impl Fn() -> R) {
    group.bench_function(BenchmarkId::new(B::NAME, size), |b| {
        b.iter(|| {
            let result = black_box(job());
            device.synchronize().expect("the device works");
            result
        });
    });
}

/// Both devices for every size, one after the other.
fn compare<J: Job>(c: &mut Criterion, gpu: &Option<Gpu>, sizes: usize) {
    let mut group = c.benchmark_group(J::TITLE);
    group.sample_size(10);
    for n in J::SIZES.into_iter().take(sizes) {
        J::run(&mut group, &Cpu, n);
        if let Some(gpu) = gpu {
            J::run(&mut group, gpu, n);
        }
    }
    group.finish();
}

/// The CUDA device, or why there is none.
#[cfg(feature = "cuda")]
fn gpu() -> std::result::Result<Gpu, String> {
    xp::Cuda::default_device().map_err(|e| e.to_string())
}
#[cfg(not(feature = "cuda"))]
fn gpu() -> std::result::Result<Gpu, String> {
    Err("the feature `cuda` is off".into())
}

fn backends(c: &mut Criterion) {
    let simulated = benches::simulates_if_asked();
    let gpu = match gpu() {
        Ok(gpu) => {
            println!("Cpu beside {gpu:?}{}", if simulated { ", which is SIMULATED: its times say nothing about a GPU" } else { "" });
            Some(gpu)
        }
        Err(why) => {
            println!("NO CUDA DEVICE, only the CPU is measured: {why}");
            None
        }
    };
    let sizes = if simulated { 1 } else { 4 };
    compare::<Elementwise>(c, &gpu, sizes);
    compare::<Reductions>(c, &gpu, sizes);
    compare::<Matmul>(c, &gpu, sizes);
    compare::<Svd>(c, &gpu, sizes);
    compare::<Transforms>(c, &gpu, sizes);
    compare::<Lda>(c, &gpu, sizes);
    compare::<Pca>(c, &gpu, sizes);
}

criterion_group!(all, backends);
criterion_main!(all);
