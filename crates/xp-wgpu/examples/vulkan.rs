//! Times jobs of `xp-cuda/examples/gpu.rs` in `float32` on the default adapter, one JSON object a line, for the table of `scripts/gpu`:
//!
//!     cargo run --release -p xp-wgpu --example vulkan [tiny]
//!
//! Jobs have the same names and operands of the same bits there. Every job is warmed up, then repeated; the median is printed. With `tiny`
//! sizes are those of a trial run.

use std::error::Error;
use std::time::Instant;

use xp_conformance::measured::{Operands, smooth};
use xp_core::functions::Ascending;
use xp_core::{Array, Backend, Dim, Floating, s};
use xp_fft::{Direction, Fft};
use xp_wgpu::Wgpu;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How large the operands are: elements of vectors, a multiple of 1000, the order of matrices, rows and columns.
struct Sizes {
    n: usize,
    order: usize,
    image: [usize; 2],
}

const REAL: Sizes = Sizes { n: 100_000_000, order: 8192, image: [768, 1024] };
const TINY: Sizes = Sizes { n: 10_000, order: 64, image: [24, 32] };

fn main() -> Result<()> {
    let tiny = std::env::args().nth(1).is_some_and(|a| a == "tiny");
    let device = Wgpu::default_device()?;
    println!("{{\"library\": \"xp on Vulkan\", \"version\": {:?}, \"device\": {:?}}}", device.driver(), device.adapter());
    let clock = Clock { operands: Operands::new(device), seconds: if tiny { 0.1 } else { 0.7 } };
    clock.run(if tiny { &TINY } else { &REAL })
}

struct Clock {
    operands: Operands<Wgpu>,
    /// For the repetitions of a job.
    seconds: f64,
}

impl Clock {
    fn run(&self, sizes: &Sizes) -> Result<()> {
        let (o, n, k) = (&self.operands, sizes.n, sizes.order);
        o.begin();
        let (x, y) = (o.noise::<f32, _>(1, [n])?, o.noise::<f32, _>(2, [n])?);
        self.time("copy", 1, || x.copy());
        self.time("chain of three", 1, || ((x.lazy() + &y) * 0.5 - &x).try_eval());
        self.time("gauss", 1, || (x.lazy().square() * -0.5).exp().try_eval());
        self.time("sum of squares", 1, || x.lazy().square().sum(..).try_eval());
        let table = x.reshape([n / 100, 100])?;
        self.time("mean of columns", 1, || table.lazy().mean(0).try_eval());
        let (square, other) = (x.reshape([1000, n / 1000])?, y.reshape([n / 1000, 1000])?);
        let turned = other.t();
        self.time("transposed sum", 1, || (square.lazy() + &turned).try_eval());
        let part = y.slice(s![..n / 10])?;
        self.time("sort of a tenth", 1, || part.sort(0, Ascending));
        let tiny = x.slice(s![..16])?.copy()?;
        self.time("small add", 1, || (tiny.lazy() + &tiny).try_eval());
        self.time("small add, queued", 1000, || (0..1000).try_fold(tiny.clone(), |_, _| (tiny.lazy() + &tiny).try_eval()));
        drop((x, y, table, square, other, turned, part));
        o.begin();
        let a = o.noise::<f32, _>(3, [k, k])?;
        self.time("gemm", 1, || a.matmul(&a));
        self.time("fft2", 1, || Wgpu::r2c(a.clone(), &[0, 1], &[k, k], Direction::Forward, 1.0));
        drop(a);
        o.begin();
        let [rows, cols] = sizes.image;
        let image = o.noise::<f32, _>(10, [rows, cols, 3])?;
        self.time("smoothing", 1, || smooth(&image, 0.06));
        Ok(())
    }

    /// Prints the median time of a job that does `count` equal things; one that fails is left out, with a line on the error stream.
    fn time<T: Floating, D: Dim>(&self, job: &str, count: usize, run: impl Fn() -> xp_core::Result<Array<Wgpu, T, D>>) {
        if let Err(error) = self.try_time(job, count, run) {
            eprintln!("{job}: {error}");
        }
    }

    fn try_time<T: Floating, D: Dim>(&self, job: &str, count: usize, run: impl Fn() -> xp_core::Result<Array<Wgpu, T, D>>) -> xp_core::Result<()> {
        let once = || -> xp_core::Result<f64> {
            let start = Instant::now();
            let result = run()?;
            self.operands.device.synchronize()?;
            let seconds = start.elapsed().as_secs_f64() / count as f64;
            drop(result);
            Ok(seconds)
        };
        // The first call compiles.
        let average = self.operands.average(&run()?)?;
        (0..3).try_for_each(|_| once().map(drop))?;
        let (mut times, begin) = (vec![], Instant::now());
        while times.len() < 3 || (times.len() < 50 && begin.elapsed().as_secs_f64() < self.seconds) {
            times.push(once()?);
        }
        times.sort_by(f64::total_cmp);
        let (seconds, runs, input) = (times[times.len() / 2], times.len(), self.operands.input());
        println!(
            "{{\"job\": {job:?}, \"dtype\": \"f32\", \"seconds\": {seconds:e}, \"runs\": {runs}, \"input\": \"{input:016x}\", \"result\": {average:e}}}"
        );
        Ok(())
    }
}
