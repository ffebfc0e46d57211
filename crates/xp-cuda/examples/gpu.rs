//! Times jobs on the CUDA device, one JSON object a line: what `scripts/gpu/run.sh` compares with other libraries.
//!
//! Every job is warmed up, then repeated; the medians of the time on the host and of the time between two events are printed,
//! with the bytes and floating-point operations that the job needs at least. `peers.py` has the same jobs under the same names,
//! on operands of the same bits: a hash of each element's position. `input` is the exact sum of those integers, `result` an average
//! of what came out: times of different work cannot pass for a comparison.
//!
//! With the argument `floors` only these needs are printed, which takes no device. With `XP_CUDA_SIMULATED=1` the simulated
//! device of the tests takes the place of a real one, sizes are tiny, and the output says so: that shows that the program
//! works, and nothing about speed.

use std::{error::Error, time::Instant};

use cust::event::{Event, EventFlags};
use xp_conformance::measured::{Operands, smooth};
use xp_core::functions::{Ascending, eye};
use xp_core::{Array, Backend, Dim, Floating, linalg, s};
use xp_cuda::{Cuda, driver, loader};
use xp_fft::{Direction, Fft};
use xp_models::discriminant_analysis::LinearDiscriminantAnalysis;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

fn main() {
    if let Err(error) = measure() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn measure() -> Result<()> {
    let simulated = std::env::var_os("XP_CUDA_SIMULATED").is_some_and(|v| v == "1");
    let sizes = if simulated { TINY } else { REAL };
    if std::env::args().nth(1).is_some_and(|a| a == "floors") {
        JOBS.iter().for_each(|job| println!("{{\"job\": \"{}\", \"dtype\": \"{}\", {}}}", job.name, job.dtype, job.needs(&REAL)));
        return Ok(());
    }
    if simulated {
        // SAFETY: the simulation returns functions with the signatures of the driver and of NVRTC.
        let installed = unsafe { loader::install(loader::Provider { name: "simulation", symbol: xp_cuda_sim::symbol }) };
        assert!(installed && xp_cuda::libraries::install(xp_cuda_sim::libraries::factories()), "another driver is in use");
    }
    let device = Cuda::default_device()?;
    assert_eq!(device.device().is_simulated(), simulated);
    let (major, minor) = driver::version()?;
    let origins =
        loader::found(Some(major)).map(|(library, found)| format!("\"{library}\": {:?}", found.unwrap_or_else(|missing| missing))).join(", ");
    println!(
        "{{\"library\": \"xp\", \"version\": \"{}\", \"device\": \"{}\", \"simulated\": {simulated}, \"driver\": \"{major}.{minor}\", \"products\": \"{:?}\", \"origins\": {{{origins}}}}}",
        env!("CARGO_PKG_VERSION"),
        device.device().name(),
        device.device().products()
    );
    let clock = Clock { operands: Operands::new(device), sizes };
    clock.run()?;
    let polar = clock.operands.device.device().polar_stats();
    println!("{{\"polar\": {{\"accepted\": {}, \"refused\": {}}}}}", polar.accepted, polar.refused);
    Ok(())
}

/// How large the operands are.
struct Sizes {
    /// Elements of vectors, a multiple of 1000.
    n: usize,
    /// The order of the matrices that are multiplied and transformed, and of those that are decomposed.
    order: usize,
    small: usize,
    /// Samples and features.
    samples: usize,
    features: usize,
    /// Rows and columns.
    image: [usize; 2],
}

const REAL: Sizes = Sizes { n: 100_000_000, order: 8192, small: 1024, samples: 500_000, features: 300, image: [768, 1024] };
const TINY: Sizes = Sizes { n: 10_000, order: 64, small: 24, samples: 300, features: 8, image: [24, 32] };

/// A job, its dtype, and the bytes and floating-point operations that it needs at least.
struct Job {
    name: &'static str,
    dtype: &'static str,
    bytes: fn(&Sizes) -> usize,
    flops: fn(&Sizes) -> f64,
}

impl Job {
    fn needs(&self, sizes: &Sizes) -> String {
        format!("\"bytes\": {}, \"flops\": {:e}", (self.bytes)(sizes), (self.flops)(sizes))
    }
}

const fn job(name: &'static str, dtype: &'static str, bytes: fn(&Sizes) -> usize, flops: fn(&Sizes) -> f64) -> Job {
    Job { name, dtype, bytes, flops }
}

fn cube(x: usize) -> f64 {
    (x as f64).powi(3)
}

/// Operations of a complex transform of `n` elements over axes whose lengths multiply to `len`.
fn transform(n: usize, len: usize) -> f64 {
    5.0 * n as f64 * (len as f64).log2()
}

const JOBS: &[Job] = &[
    job("copy", "f32", |s| 8 * s.n, |_| 0.0),
    job("chain of three", "f32", |s| 12 * s.n, |s| 3.0 * s.n as f64),
    job("gauss", "f32", |s| 8 * s.n, |s| 2.0 * s.n as f64),
    job("transposed sum", "f32", |s| 12 * s.n, |s| s.n as f64),
    job("sum of squares", "f32", |s| 4 * s.n, |s| 2.0 * s.n as f64),
    job("mean of columns", "f32", |s| 4 * s.n, |s| s.n as f64),
    // Keys and positions of 4 bytes each, in four passes that read them twice and write them once.
    job("sort of a tenth", "f32", |s| 4 * 24 * (s.n / 10), |_| 0.0),
    job("small add", "f32", |_| 0, |_| 0.0),
    job("small add, queued", "f32", |_| 0, |_| 0.0),
    job("gemm", "f32", |s| 12 * s.order * s.order, |s| 2.0 * cube(s.order)),
    job("gemm of doubles", "f64", |s| 24 * s.order * s.order / 4, |s| 2.0 * cube(s.order / 2)),
    job("fft2", "f32", |s| 8 * s.order * s.order, |s| transform(s.order * s.order, s.order * s.order) / 2.0),
    job("singular values", "f64", |_| 0, |s| 8.0 / 3.0 * cube(s.small)),
    job("svd", "f64", |_| 0, |s| 20.0 / 3.0 * cube(s.small)),
    job("svd of 1000 matrices of 16", "f64", |_| 0, |s| 1000.0 * 20.0 / 3.0 * cube(s.small.min(16))),
    job("cholesky", "f64", |_| 0, |s| cube(s.small) / 3.0),
    job("eigh", "f64", |_| 0, |s| 10.0 / 3.0 * cube(s.small)),
    job("qr", "f64", |_| 0, |s| 8.0 / 3.0 * cube(s.small)),
    // Means and the Gram matrix read the samples once each.
    job("LDA fit", "f64", |s| 16 * s.samples * s.features, |s| (s.samples * s.features * s.features) as f64),
    job("smoothing", "f32", |s| 8 * 3 * s.image[0] * s.image[1], |s| 3.0 * transform(s.image[0] * s.image[1], s.image[0] * s.image[1])),
];

struct Clock {
    operands: Operands<Cuda>,
    sizes: Sizes,
}

impl Clock {
    fn run(&self) -> Result<()> {
        self.vectors()?;
        self.matrices()?;
        self.discriminants()?;
        self.smoothing()
    }

    fn vectors(&self) -> Result<()> {
        let n = self.sizes.n;
        self.operands.begin();
        let (x, y) = (self.operands.noise::<f32, _>(1, [n])?, self.operands.noise::<f32, _>(2, [n])?);
        self.time("copy", || x.copy())?;
        self.time("chain of three", || ((x.lazy() + &y) * 0.5 - &x).try_eval())?;
        self.time("gauss", || (x.lazy().square() * -0.5).exp().try_eval())?;
        self.time("sum of squares", || x.lazy().square().sum(..).try_eval())?;
        let table = x.reshape([n / 100, 100])?;
        self.time("mean of columns", || table.lazy().mean(0).try_eval())?;
        let (square, other) = (x.reshape([1000, n / 1000])?, y.reshape([n / 1000, 1000])?);
        let turned = other.t();
        self.time("transposed sum", || (square.lazy() + &turned).try_eval())?;
        let part = y.slice(s![..n / 10])?;
        self.time("sort of a tenth", || part.sort(0, Ascending))?;
        let tiny = x.slice(s![..16])?.copy()?;
        self.time("small add", || (tiny.lazy() + &tiny).try_eval())?;
        // The host alone: a thousand operations before anybody waits.
        self.repeat("small add, queued", 1000, || (0..1000).try_fold(tiny.clone(), |_, _| (tiny.lazy() + &tiny).try_eval()), |x| x)
    }

    fn matrices(&self) -> Result<()> {
        let (device, k) = (&self.operands.device, self.sizes.order);
        self.operands.begin();
        let a = self.operands.noise::<f32, _>(3, [k, k])?;
        self.time("gemm", || a.matmul(&a))?;
        self.time("fft2", || Cuda::r2c(a.clone(), &[0, 1], &[k, k], Direction::Forward, 1.0))?;
        drop(a);
        self.operands.begin();
        let a = self.operands.noise::<f64, _>(4, [k / 2, k / 2])?;
        self.time("gemm of doubles", || a.matmul(&a))?;
        drop(a);
        let k = self.sizes.small;
        self.operands.begin();
        let b = self.operands.noise::<f64, _>(5, [k, k])?;
        self.time("singular values", || linalg::svdvals(&b))?;
        self.repeat("svd", 1, || linalg::svd(&b, linalg::Thin), |factors| &factors.1)?;
        let gram = (linalg::gram(&b.lazy())?.lazy() + &eye::<_, f64>(device, k, k, 0)?).try_eval()?;
        self.time("cholesky", || linalg::cholesky(&gram, linalg::Lower))?;
        self.repeat("eigh", 1, || linalg::eigh(&gram), |pairs| &pairs.0)?;
        self.repeat("qr", 1, || linalg::qr(&b, linalg::Thin), |factors| &factors.1)?;
        self.operands.begin();
        let stack = self.operands.noise::<f64, _>(6, [1000, k.min(16), k.min(16)])?;
        self.repeat("svd of 1000 matrices of 16", 1, || linalg::svd(&stack, linalg::Thin), |factors| &factors.1)
    }

    fn discriminants(&self) -> Result<()> {
        let (n, p) = (self.sizes.samples, self.sizes.features);
        self.operands.begin();
        let y = ((self.operands.hash(7, n)?.lazy() >> 40u64) % 10u64).astype::<i64>().try_eval()?;
        let means = self.operands.noise::<f64, _>(8, [10, p])?;
        let x = (self.operands.noise::<f64, _>(9, [n, p])?.lazy() + &(means.take(&y, 0)?.lazy() * 0.5).try_eval()?).try_eval()?;
        self.repeat("LDA fit", 1, || LinearDiscriminantAnalysis::params().fit(&x, &y), |model| model.coef())
    }

    fn smoothing(&self) -> Result<()> {
        let [rows, cols] = self.sizes.image;
        self.operands.begin();
        let image = self.operands.noise::<f32, _>(10, [rows, cols, 3])?;
        self.time("smoothing", || smooth(&image, 0.06))
    }

    /// The time of a job whose result is an array.
    fn time<T: Floating, D: Dim>(&self, job: &str, run: impl Fn() -> xp_core::Result<Array<Cuda, T, D>>) -> Result<()> {
        self.repeat(job, 1, run, |result| result)
    }

    /// Prints the median times of a job that does `count` equal things, and the average of an array of its result.
    fn repeat<R, T: Floating, D: Dim, E: Error + 'static>(
        &self,
        name: &str,
        count: usize,
        run: impl Fn() -> Result<R, E>,
        result: impl Fn(&R) -> &Array<Cuda, T, D>,
    ) -> Result<()> {
        let job = JOBS.iter().find(|job| job.name == name).expect("a job of the table");
        let _current = self.operands.device.device().enter("timing")?;
        let event = || Event::new(EventFlags::DEFAULT).expect("the driver makes events");
        let (first, last, stream) = (event(), event(), self.operands.device.device().stream());
        let once = || -> Result<[f64; 2]> {
            let start = Instant::now();
            first.record(stream).expect("the stream takes events");
            let result = run()?;
            last.record(stream).expect("the stream takes events");
            self.operands.device.synchronize()?;
            let host = start.elapsed().as_secs_f64();
            drop(result);
            let between = last.elapsed_time_f32(&first).expect("both events have passed");
            Ok([host, f64::from(between) * 1e-3].map(|t| t / count as f64))
        };
        // The first call compiles.
        let average = self.operands.average(result(&run()?))?;
        (0..3).try_for_each(|_| once().map(drop))?;
        let (mut times, begin) = (Vec::new(), Instant::now());
        let (most, seconds) = if self.operands.device.device().is_simulated() { (5, 0.2) } else { (50, 1.0) };
        while times.len() < 3 || (times.len() < most && begin.elapsed().as_secs_f64() < seconds) {
            times.push(once()?);
        }
        let median = |k: usize| {
            let mut all: Vec<f64> = times.iter().map(|t| t[k]).collect();
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        let (host, events, runs) = (median(0), median(1), times.len());
        println!(
            "{{\"job\": \"{name}\", \"dtype\": \"{}\", \"seconds\": {host:e}, \"events\": {events:e}, \"runs\": {runs}, \"input\": \"{:016x}\", \"result\": {average:e}, {}}}",
            job.dtype,
            self.operands.input(),
            job.needs(&self.sizes)
        );
        Ok(())
    }
}
