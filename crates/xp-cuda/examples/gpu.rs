//! Times jobs on the CUDA device, one JSON object a line: what `scripts/gpu/run.sh` compares with other libraries.
//!
//! Every job is warmed up, then repeated; the median is printed, with the bytes and floating-point operations that it needs
//! at least. `peers.py` has the same jobs under the same names.

use std::time::Instant;

use xp_core::functions::arange;
use xp_core::{Array, Backend, Ix1, Ix2, Result, linalg};
use xp_cuda::Cuda;
use xp_fft::{Direction, Fft};

fn main() -> Result<()> {
    let device = Cuda::default_device()?;
    println!("{{\"library\": \"xp\", \"device\": \"{}\", \"simulated\": {}}}", device.device().name(), device.device().is_simulated());
    let n = 100_000_000;
    let vector = |scale: f64| -> Result<Array<Cuda, f32, Ix1>> { (arange(&device, 0, n, 1i64)?.lazy().astype::<f32>() * scale as f32).try_eval() };
    let (x, y) = (vector(1e-8)?, vector(-3e-8)?);
    let bytes = n as f64 * 4.0;
    time(&device, "copy", 2.0 * bytes, 0.0, || x.copy())?;
    time(&device, "chain of three", 3.0 * bytes, 3.0 * n as f64, || ((x.lazy() + &y) * 0.5 - &x).try_eval())?;
    time(&device, "gauss", 2.0 * bytes, 2.0 * n as f64, || (x.lazy().square() * -0.5).exp().try_eval())?;
    time(&device, "sum of squares", bytes, 2.0 * n as f64, || x.lazy().square().sum_all().try_eval())?;
    let table = x.reshape([1_000_000, 100])?;
    time(&device, "mean of columns", bytes, n as f64, || table.lazy().mean(0).try_eval())?;
    time(&device, "sort", 2.0 * bytes / 10.0, 0.0, || y.slice(xp_core::s![..10_000_000])?.sort(0, false))?;
    let tiny = x.slice(xp_core::s![..16])?.copy()?;
    time(&device, "small add", 0.0, 0.0, || (tiny.lazy() + &tiny).try_eval())?;
    drop((x, y, table));

    let square = |k: usize| -> Result<Array<Cuda, f32, Ix2>> {
        let i = arange(&device, 0, (k * k) as i64, 1i64)?.reshape([k, k])?;
        ((i.lazy() * 7919i64 % 1000i64).astype::<f32>() * 1e-3f32).try_eval()
    };
    let k = 8192;
    let a = square(k)?;
    time(&device, "gemm", 0.0, 2.0 * (k as f64).powi(3), || a.matmul(&a))?;
    time(&device, "fft2", 0.0, 5.0 * (k as f64).powi(2) * (2.0 * (k as f64).log2()), || {
        Cuda::r2c(a.clone(), &[0, 1], &[k, k], Direction::Forward, 1.0)
    })?;
    drop(a);
    let b = square(1024)?.astype::<f64>();
    time(&device, "svd", 0.0, 0.0, || linalg::svdvals(&b))?;
    let gram = (linalg::gram(&b.lazy())?.lazy() + &xp_core::functions::eye::<_, f64>(&device, 1024, 1024, 0)?).try_eval()?;
    time(&device, "cholesky", 0.0, 1024f64.powi(3) / 3.0, || linalg::cholesky(&gram, false))?;
    time(&device, "eigh", 0.0, 0.0, || linalg::eigh(&gram))?;
    time(&device, "qr", 0.0, 4.0 / 3.0 * 1024f64.powi(3), || linalg::qr(&b, false))
}

/// Prints the median time of a job in seconds.
fn time<R>(device: &Cuda, job: &str, bytes: f64, flops: f64, run: impl Fn() -> Result<R>) -> Result<()> {
    let once = || -> Result<f64> {
        let start = Instant::now();
        let result = run()?;
        device.synchronize()?;
        drop(result);
        Ok(start.elapsed().as_secs_f64())
    };
    // The first call compiles.
    (0..3).try_for_each(|_| once().map(drop))?;
    let mut times = Vec::new();
    let begin = Instant::now();
    while times.len() < 5 || (times.len() < 50 && begin.elapsed().as_secs_f64() < 2.0) {
        times.push(once()?);
    }
    times.sort_by(f64::total_cmp);
    println!("{{\"job\": \"{job}\", \"seconds\": {:e}, \"runs\": {}, \"bytes\": {bytes}, \"flops\": {flops}}}", times[times.len() / 2], times.len());
    Ok(())
}
