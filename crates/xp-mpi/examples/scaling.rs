//! Times fits of 400,000 samples with 64 features on the ranks of an MPI program, or, with the argument `inner`, on the inner backend
//! alone. `scripts/scaling.py` runs it and compares. Rank 0 prints a line for each job: its name, and the least of the seconds that
//! several runs took.
//!
//!     RAYON_NUM_THREADS=1 mpirun -n 2 target/release/examples/scaling [inner] [ROWS] [RUNS]

use std::hint::black_box;
use std::time::Instant;

use xp_core::{Array, Backend, Ix1, Ix2, Linalg};
use xp_cpu::Cpu;
use xp_models::Result;
use xp_models::cluster::{Init, KMeans};
use xp_models::decomposition::PCA;
use xp_models::discriminant_analysis::LinearDiscriminantAnalysis;
use xp_models::linear_model::{LogisticRegression, Ridge};
use xp_models::naive_bayes::GaussianNB;
use xp_models::preprocessing::StandardScaler;
use xp_mpi::Session;

const FEATURES: usize = 64;

/// Numbers without a pattern, in -8..8.
fn noise(i: usize) -> f64 {
    let z = (i as u64).wrapping_add(0x9e37_79b9).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z >> 11) as f64 / (1u64 << 49) as f64 - 8.0
}

/// Runs every job `runs` times; `say` is given its name and its least time.
fn measure<B: Linalg<f64> + Backend<MaxFloat = f64>>(
    x: &Array<B, f64, Ix2>,
    classes: &Array<B, i64, Ix1>,
    runs: usize,
    mut say: impl FnMut(&str, f64),
) -> Result<()> {
    let target = x.lazy().sum(1).try_eval()?;
    let two = classes.lazy().minimum(1).try_eval()?;
    let few = Array::from_vec(x.device(), (0..16).collect(), [16])?;
    let centres = x.take(&few, 0)?;
    let one_step = || KMeans::params().n_clusters(16).init(Init::Centers(centres.clone())).max_iter(1).tol(0.0);
    type Job<'a> = (&'a str, Box<dyn Fn() -> Result<()> + 'a>);
    let jobs: [Job<'_>; 7] = [
        ("LDA", Box::new(|| LinearDiscriminantAnalysis::params().fit(x, classes).map(|m| drop(black_box(m))))),
        ("PCA", Box::new(|| PCA::params().n_components(8).fit(x).map(|m| drop(black_box(m))))),
        ("Ridge", Box::new(|| Ridge::params().fit(x, &target).map(|m| drop(black_box(m))))),
        ("StandardScaler", Box::new(|| StandardScaler::params().fit(x).map(|m| drop(black_box(m))))),
        ("GaussianNB", Box::new(|| GaussianNB::params().fit(x, classes).map(|m| drop(black_box(m))))),
        ("k-means, one step", Box::new(|| one_step().fit(x).map(|m| drop(black_box(m))))),
        ("logistic regression, one iteration", Box::new(|| LogisticRegression::params().max_iter(1).fit(x, &two).map(|m| drop(black_box(m))))),
    ];
    for (name, job) in jobs {
        let mut least = f64::INFINITY;
        for _ in 0..runs {
            let start = Instant::now();
            job()?;
            least = least.min(start.elapsed().as_secs_f64());
        }
        say(name, least);
    }
    Ok(())
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let inner = arguments.first().is_some_and(|word| word == "inner");
    let mut numbers = arguments.iter().filter_map(|text| text.parse::<usize>().ok());
    let (n, runs) = (numbers.next().unwrap_or(400_000), numbers.next().unwrap_or(5));
    let row = |i: usize| (0..FEATURES).map(move |j| noise(i * FEATURES + j) + if i % 10 == j { 2.0 } else { 0.0 });
    let class = |i: usize| (i % 10) as i64;
    let say = |name: &str, seconds: f64| println!("{name}\t{seconds:.6}");
    if inner {
        let x = Array::from_vec(&Cpu, (0..n).flat_map(row).collect(), [n, FEATURES])?;
        let y = Array::from_vec(&Cpu, (0..n).map(class).collect(), [n])?;
        return measure(&x, &y, runs, say);
    }
    Session::<Cpu>::start()?.run(|device| {
        let x = device.from_rows::<f64, Ix2>([n, FEATURES], |rows| rows.flat_map(row).collect())?;
        let y = device.from_rows::<i64, Ix1>([n], |rows| rows.map(class).collect())?;
        measure(&x, &y, runs, |name, seconds| {
            if device.rank() == 0 {
                say(name, seconds);
            }
        })
    })
}
