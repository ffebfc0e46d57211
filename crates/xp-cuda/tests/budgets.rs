//! What operations and fits of models cost a device: launches, calls of libraries, waits of the host, allocations, bytes over the
//! bus, and passes over the operand, counted on the simulated device and compared with `budgets.md`. A number that grows is a
//! regression, one that shrinks belongs into the table: `XP_WRITE_DOCS=1 cargo test -p xp-cuda --test budgets` writes it, there and
//! in `docs/gpu.md`.

mod common;

use std::{fmt::Write, sync::Mutex};

use xp_conformance::pages;
use xp_core::extra::top_k;
use xp_core::functions::{Ascending, Descending, Side, arange, concat, searchsorted, unique_values};
use xp_core::random::Generator;
use xp_core::{Array, Backend, Float, Ix1, Ix2, Ix3, Result, linalg, s};
use xp_cpu::Cpu;
use xp_cuda::{Cuda, Graph};
use xp_cuda_sim::{stats, trace};
use xp_fft::{Direction, Fft};
use xp_models::{decomposition::PCA, discriminant_analysis::LinearDiscriminantAnalysis, linear_model::Ridge, preprocessing::StandardScaler};

/// The table, and where the documentation has it too.
const TABLE: &str = include_str!("budgets.md");
const HEAD: &str =
    "| operation | launches | library calls | waits | allocations | bytes up | bytes down | passes |\n|---|---|---|---|---|---|---|---|\n";

/// Counts belong to the process.
static ALONE: Mutex<()> = Mutex::new(());

/// What the jobs work on.
struct Operands {
    device: Cuda,
    /// A hundred rows of 48 numbers, and as a vector.
    x: Array<Cuda, f64, Ix2>,
    vector: Array<Cuda, f64, Ix1>,
    row: Array<Cuda, f64, Ix2>,
    /// A hundred thousand numbers.
    long: Array<Cuda, f32, Ix1>,
    /// Whole numbers, all of them positions in `vector`, and few different ones.
    places: Array<Cuda, i64, Ix1>,
    few: Array<Cuda, i64, Ix1>,
    /// Small matrices.
    square: Array<Cuda, f64, Ix2>,
    positive: Array<Cuda, f64, Ix2>,
    tall: Array<Cuda, f64, Ix2>,
    stack: Array<Cuda, f64, Ix3>,
    definite: Array<Cuda, f64, Ix3>,
    /// A matrix that is not small, symmetric.
    large: Array<Cuda, f64, Ix2>,
    complex: Array<Cuda, num_complex::Complex<f64>, Ix2>,
    labels: Array<Cuda, i64, Ix1>,
    /// A recorded step of ten operations.
    step: Graph,
}

impl Operands {
    fn new(device: Cuda) -> Result<Self> {
        let mut random = Generator::new(3);
        let x = random.normal::<_, f64, _>(&device, [100, 48])?;
        let square = random.normal::<_, f64, _>(&device, [20, 20])?;
        let positive = (linalg::gram(&square.lazy())?.lazy() + &xp_core::functions::eye::<_, f64>(&device, 20, 20, 0)?).try_eval()?;
        let n = x.size() as i64;
        let stack = random.normal::<_, f64, _>(&device, [10, 8, 8])?;
        let definite = (stack.matmul(&stack.matrix_transpose()?)?.lazy() + &xp_core::functions::eye::<_, f64>(&device, 8, 8, 0)?).try_eval()?;
        let large = random.normal::<_, f64, _>(&device, [70, 70])?;
        let step = || (0..10).try_fold(x.clone(), |y, _| (y.lazy() * 0.5).try_eval());
        step()?;
        Ok(Operands {
            step: device.capture(step)?.0,
            large: (large.lazy() + &large.t()).try_eval()?,
            definite,
            stack,
            vector: x.reshape([x.size()])?,
            row: x.slice(s![..1])?.copy()?,
            long: random.normal::<_, f32, _>(&device, [100_000])?,
            places: (arange(&device, 0, 300, 1i64)?.lazy() * 7919i64 % n).try_eval()?,
            few: (arange(&device, 0, 300, 1i64)?.lazy() % 10i64).try_eval()?,
            positive,
            tall: random.normal::<_, f64, _>(&device, [60, 40])?,
            complex: (x.slice(s![..64, ..32])?.lazy().astype::<num_complex::Complex<f64>>()).try_eval()?,
            labels: (arange(&device, 0, 100, 1i64)?.lazy() * 7i64 % 5i64).try_eval()?,
            square,
            x,
            device,
        })
    }
}

/// What a job leaves behind; it is dropped after the counting.
type Kept = Box<dyn std::any::Any>;
type Job = (&'static str, fn(&Operands) -> Result<Kept>);

fn kept<T: 'static>(x: Result<T>) -> Result<Kept> {
    Ok(Box::new(x?))
}

/// The operations, by families; the passes are those over `x`, or over `vector`, which is the same memory.
const JOBS: &[Job] = &[
    ("copy", |o| kept(o.x.copy())),
    ("x + x", |o| kept((o.x.lazy() + &o.x).try_eval())),
    ("(x + row) * 0.5 - x, fused", |o| kept(((o.x.lazy() + &o.row) * 0.5 - &o.x).try_eval())),
    ("exp(-x^2 / 2), fused", |o| kept((o.x.lazy().square() * -0.5).exp().try_eval())),
    ("where", |o| kept(o.x.lazy().greater(0.0).where_(&o.x, 0.0).try_eval())),
    ("astype", |o| kept(o.x.lazy().astype::<f32>().try_eval())),
    ("copy of a transpose", |o| kept(o.x.t().copy())),
    ("sum of 4800", |o| kept(o.x.lazy().sum(..).try_eval())),
    ("sum of squares of 100 thousand, fused", |o| kept(o.long.lazy().square().sum(..).try_eval())),
    ("mean along axis 0", |o| kept(o.x.lazy().mean(0).try_eval())),
    ("max along axis 1", |o| kept(o.x.lazy().max(1).try_eval())),
    ("var along axis 0", |o| kept(Ok(o.x.var(0, 0.0)))),
    ("argmax along axis 1", |o| kept(o.x.lazy().argmax(1).try_eval())),
    ("cumulative_sum of 4800", |o| kept(o.vector.cumulative_sum(0))),
    ("cumulative_sum along axis 1", |o| kept(o.x.cumulative_sum(1))),
    ("sort of 4800", |o| kept(o.vector.sort(0, Ascending))),
    ("argsort of 4800", |o| kept(o.vector.argsort(0, Descending))),
    ("sort along axis 1", |o| kept(o.x.sort(1, Ascending))),
    ("the first 5 of 4800", |o| kept(top_k(&o.vector, 5, 0, Descending))),
    ("the first 5 along axis 1", |o| kept(top_k(&o.x, 5, 1, Ascending))),
    ("unique_values of 4800", |o| kept(unique_values(&o.vector))),
    ("searchsorted", |o| kept(searchsorted(&o.vector, &o.row.reshape([48])?, Side::Left))),
    ("take", |o| kept(o.vector.take(&o.places, 0))),
    ("put", |o| {
        let mut x = o.vector.clone();
        x.put(&o.places, 0.0, 0)?;
        kept(Ok(x))
    }),
    ("put_add into 10 places", |o| {
        let mut x = o.vector.clone();
        x.put_add(&o.few, 1.0, 0)?;
        kept(Ok(x))
    }),
    ("select by a mask", |o| {
        let mask = o.vector.greater(0.0);
        kept(o.vector.select(&mask))
    }),
    ("nonzero", |o| kept(o.vector.nonzero())),
    ("set of a slice", |o| {
        let mut x = o.x.clone();
        x.set(s![..10], 0.0)?;
        kept(Ok(x))
    }),
    ("concat of two", |o| kept(concat(&[&o.x, &o.x], 0))),
    ("roll", |o| kept(o.x.roll(3, 0))),
    ("matmul", |o| kept(o.x.t().matmul(&o.x))),
    ("matmul of a stack", |o| kept(o.stack.matmul(&o.stack))),
    ("matmul of integers", |o| {
        let x = o.labels.reshape([10, 10])?;
        kept(x.matmul(&x.t()))
    }),
    ("gram", |o| kept(linalg::gram(&o.x.lazy()))),
    ("solve", |o| kept(linalg::solve(&o.square, &o.square))),
    ("solve of a stack of 10", |o| kept(linalg::solve(&o.stack, &o.stack))),
    ("cholesky", |o| kept(linalg::cholesky(&o.positive, linalg::Lower))),
    ("qr", |o| kept(linalg::qr(&o.tall, linalg::Thin))),
    ("svd of 60x40", |o| kept(linalg::svd(&o.tall, linalg::Thin))),
    ("svd of a stack of 10", |o| kept(linalg::svd(&o.stack, linalg::Thin))),
    ("eigh", |o| kept(linalg::eigh(&o.positive))),
    ("det", |o| kept(linalg::det(&o.square))),
    ("inv of a stack of 10", |o| kept(linalg::inv(&o.stack))),
    ("det of a stack of 10", |o| kept(linalg::det(&o.stack))),
    ("slogdet of a stack of 10", |o| kept(linalg::slogdet(&o.stack))),
    ("qr of a stack of 10", |o| kept(linalg::qr(&o.stack, linalg::Full))),
    ("eigh of a stack of 10", |o| kept(linalg::eigh(&o.stack))),
    ("cholesky of a stack of 10", |o| kept(linalg::cholesky(&o.definite, linalg::Lower))),
    ("solve_triangular of a stack of 10", |o| kept(linalg::solve_triangular(&o.stack, &o.stack, linalg::Upper))),
    ("solve of order 70", |o| kept(linalg::solve(&o.large, &o.large))),
    ("eigh of order 70", |o| kept(linalg::eigh(&o.large))),
    ("fft2", |o| kept(Cuda::c2c(o.complex.clone(), &[0, 1], &[64, 32], Direction::Forward, 1.0))),
    ("rfft2", |o| kept(Cuda::r2c(o.x.clone(), &[0, 1], &[100, 48], Direction::Forward, 1.0))),
    ("irfft2", |o| kept(Cuda::c2r(o.complex.clone(), &[0, 1], &[64, 62], Direction::Backward, 1.0))),
    ("uniform", |o| kept(Generator::new(1).uniform::<_, f64, _>(&o.device, [4800]))),
    ("normal", |o| kept(Generator::new(1).normal::<_, f64, _>(&o.device, [4800]))),
    ("from_vec of 4800", |o| kept(Array::from_vec(&o.device, vec![0f64; 4800], [4800]))),
    ("to_vec of 4800", |o| kept(o.x.to_host())),
    ("upload_async of 4800", |o| kept(o.device.upload_async(o.device.pinned::<f64>(4800)?, &[4800]))),
    ("download_async of 4800", |o| kept(Cuda::download_async(&o.x, o.device.pinned(4800)?))),
    ("ten recorded operations", |o| kept(o.step.launch().map_err(|e| xp_core::Error::value("launch", e.to_string())))),
    ("item", |o| kept(o.row.slice(s![.., ..1])?.item())),
    ("to_backend(Cpu)", |o| kept(o.x.to_backend(&Cpu))),
    ("StandardScaler fit", |o| kept(fitted(StandardScaler::params().fit(&o.x)))),
    ("PCA fit", |o| kept(fitted(PCA::params().n_components(3).fit(&o.x)))),
    ("Ridge fit", |o| kept(fitted(Ridge::params().fit(&o.x, &o.x.slice(s![.., 0])?.copy()?)))),
    ("LinearDiscriminantAnalysis fit", |o| kept(fitted(LinearDiscriminantAnalysis::params().fit(&o.x, &o.labels)))),
];

/// The error of arrays that a model passes on.
fn fitted<M>(model: std::result::Result<M, xp_models::Error>) -> Result<M> {
    model.map_err(|error| match error {
        xp_models::Error::Array(error) => error,
        other => panic!("{other}"),
    })
}

/// The counts of a job that has run before, so that its kernels are compiled.
fn counts(operands: &Operands, job: &Job) -> [usize; 7] {
    let run = || job.1(operands).unwrap_or_else(|e| panic!("{}: {e}", job.0));
    drop(run());
    // A read, after which no transfer is under way.
    let _ = operands.row.to_vec();
    let before = stats(0);
    trace::start(0);
    let result = run();
    let (work, after) = (trace::finish(0), stats(0));
    drop(result);
    let start = <Cuda as Backend>::address(operands.x.buffer()) as u64;
    if std::env::var("XP_SHOW").is_ok_and(|name| job.0.contains(&name)) {
        println!("{}: {work:#?}", job.0);
    }
    [
        after.launches - before.launches,
        after.library_calls - before.library_calls,
        after.synchronisations - before.synchronisations,
        after.allocations - before.allocations,
        after.uploaded - before.uploaded,
        after.downloaded - before.downloaded,
        trace::passes(&work, start, operands.x.size() * 8),
    ]
}

fn device() -> Option<Cuda> {
    if common::needs_simulation("counts of launches") {
        return None;
    }
    let device = common::device().expect("the simulated device needs a C++ compiler (g++, or set CXX)");
    let _ = xp_cuda::libraries::install(xp_cuda_sim::libraries::factories());
    Some(device.into())
}

#[test]
fn every_operation_keeps_to_its_budget() {
    let _alone = ALONE.lock();
    let Some(device) = device() else { return };
    let operands = Operands::new(device).unwrap();
    let mut table = HEAD.to_owned();
    for job in JOBS {
        let row = counts(&operands, job);
        let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
        writeln!(table, "| {} | {} |", job.0, cells.join(" | ")).unwrap();
    }
    let command = "cargo test -p xp-cuda --test budgets";
    pages::table("docs/gpu.md", HEAD, &table, command);
    pages::file("crates/xp-cuda/tests/budgets.md", &table, command);
}

/// Nothing that is queued waits: these hold whatever the table says.
#[test]
fn what_is_queued_does_not_wait() {
    let rows = || TABLE.lines().skip(2).map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    let cell = |name: &str, column: usize| -> usize {
        rows().find(|row| row[0] == name).unwrap_or_else(|| panic!("{name} has no budget"))[column].parse().unwrap()
    };
    for name in ["copy", "x + x", "(x + row) * 0.5 - x, fused", "exp(-x^2 / 2), fused", "where", "astype"] {
        assert_eq!([cell(name, 1), cell(name, 3), cell(name, 4)], [1, 0, 1], "{name}: one launch, no wait, one allocation");
    }
    for name in ["sum of 4800", "mean along axis 0", "max along axis 1", "sort of 4800", "cumulative_sum of 4800", "matmul", "gram"] {
        assert_eq!(cell(name, 3), 0, "{name} waits");
    }
    for name in ["solve", "inv", "det", "slogdet", "qr", "svd", "eigh", "cholesky", "solve_triangular"] {
        let of_stack = format!("{name} of a stack of 10");
        // What may fail is asked once for the whole stack, by a word of eight bytes.
        let waits = usize::from(!["det", "slogdet", "qr"].contains(&name));
        assert_eq!(
            [cell(&of_stack, 1), cell(&of_stack, 2), cell(&of_stack, 3), cell(&of_stack, 5), cell(&of_stack, 6)],
            [1, 0, waits, 0, 8 * waits],
            "{of_stack}: one launch, no call of a library, one wait at most"
        );
    }
}

#[test]
fn polar_decompositions_of_regular_matrices_are_accepted() {
    let _alone = ALONE.lock();
    let device: Cuda = if common::real().is_some() { common::cuda() } else { device().expect("the simulation") };
    /// How far columns that should be orthonormal are from that, in units of the roundoff.
    fn defect<T: Float>(u: &Array<Cuda, T, Ix2>) -> f64 {
        let (u, k) = (u.to_backend(&Cpu).unwrap().astype::<f64>(), u.shape()[1]);
        let product = u.t().matmul(&u).unwrap() - xp_core::functions::eye::<_, f64>(&Cpu, k, k, 0).unwrap();
        product.abs().max(..).item().unwrap() / T::EPSILON.to_f64()
    }
    let before = device.device().polar_stats();
    let mut random = Generator::new(5);
    let mut refused = vec![];
    for shape in [[33, 33], [64, 40], [200, 64], [64, 200]] {
        let before = device.device().polar_stats();
        let double = linalg::svd(&random.normal::<_, f64, _>(&device, shape).unwrap(), linalg::Thin).unwrap();
        let between = device.device().polar_stats();
        let single = linalg::svd(&random.normal::<_, f32, _>(&device, shape).unwrap(), linalg::Thin).unwrap();
        let after = device.device().polar_stats();
        for (name, stats, defects) in [
            ("f64", (before, between), [defect(&double.0), defect(&double.2.t())]),
            ("f32", (between, after), [defect(&single.0), defect(&single.2.t())]),
        ] {
            println!("{name} {shape:?}: {defects:?}");
            if stats.1.refused > stats.0.refused {
                refused.push(format!("{name} {shape:?}, whose vectors by QR iteration are orthonormal to {defects:?} roundoffs"));
            }
        }
    }
    let regular = device.device().polar_stats();
    let zeros = xp_core::functions::zeros::<_, f64, _>(&device, [40, 40]).unwrap();
    linalg::svd(&zeros, linalg::Thin).unwrap();
    let all = device.device().polar_stats();
    println!("polar decompositions: {regular:?} of regular matrices, {all:?} with one of zeros");
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert_eq!(regular.accepted - before.accepted, 8);
    assert_eq!((all.accepted + all.refused) - (regular.accepted + regular.refused), 1);
}

#[test]
fn arrays_move_between_devices_without_the_host() {
    let _alone = ALONE.lock();
    let Some(_) = device() else { return };
    let devices = xp_core::devices::<Cuda>();
    assert_eq!(devices.iter().map(ToString::to_string).collect::<Vec<_>>(), ["cuda:0", "cuda:1"]);
    let x = (arange(&devices[0], 0, 24, 1i64).unwrap().lazy() * 3i64).try_eval().unwrap().reshape([4, 6]).unwrap();
    let before = [stats(0), stats(1)];
    let part = x.slice(s![1..3, ..;2]).unwrap().to_backend(&devices[1]).unwrap();
    let doubled = (part.lazy() * 2i64).try_eval().unwrap();
    drop((x, part));
    let after = [stats(0), stats(1)];
    for (before, after) in before.iter().zip(after) {
        assert_eq!(
            (after.downloaded - before.downloaded, after.uploaded - before.uploaded, after.synchronisations - before.synchronisations),
            (0, 0, 0)
        );
    }
    assert_eq!(doubled.device().to_string(), "cuda:1");
    assert_eq!(doubled.to_vec(), [36, 48, 60, 72, 84, 96]);
    assert_eq!(doubled.to_backend(&devices[0]).unwrap().to_vec(), doubled.to_vec());
}
