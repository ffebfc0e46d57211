//! What operations and fits of models cost a device: launches, calls of libraries, waits of the host, allocations, bytes over the
//! bus, passes over the operand, and bytes that kernels and copies read and write, counted on the simulated device and compared with `budgets.md`. A number that grows is a
//! regression, one that shrinks belongs into the table: `XP_WRITE_DOCS=1 cargo test -p xp-cuda --test budgets` writes it, there and
//! in `docs/gpu.md`.

mod common;

use std::sync::Mutex;

use xp_conformance::budgets::{self, Job, Kept, Operands, kept};
use xp_conformance::pages;
use xp_core::functions::arange;
use xp_core::random::Generator;
use xp_core::{Array, Backend, Float, Ix1, Ix2, Result, linalg, s};
use xp_cpu::Cpu;
use xp_cuda::{Cuda, Graph};
use xp_cuda_sim::{stats, trace};
use xp_models::{decomposition::PCA, discriminant_analysis::LinearDiscriminantAnalysis, linear_model::Ridge, preprocessing::StandardScaler};

/// The table, and where the documentation has it too.
const TABLE: &str = include_str!("budgets.md");
const HEAD: &str = "| operation | launches | library calls | waits | allocations | bytes up | bytes down | passes | copies | bytes read | bytes written |\n\
                    |---|---|---|---|---|---|---|---|---|---|---|\n";
/// What only copies arrays, or turns them around.
const COPIES_ONLY: [&str; 3] = ["copy", "copy_strided", "turn"];
/// Columns of the table.
const PASSES: usize = 7;
const COPIES: usize = 8;
const READ: usize = 9;
const WRITTEN: usize = 10;

/// Counts belong to the process.
static ALONE: Mutex<()> = Mutex::new(());

/// What this backend's own jobs work on.
struct Own {
    shared: Operands<Cuda, f64>,
    labels: Array<Cuda, i64, Ix1>,
    /// A recorded step of ten operations.
    step: Graph,
}

impl Own {
    fn new(shared: Operands<Cuda, f64>) -> Result<Self> {
        let step = || (0..10).try_fold(shared.x.clone(), |y, _| (y.lazy() * 0.5).try_eval());
        step()?;
        let (step, _) = shared.device.capture(step)?;
        let labels = (arange(&shared.device, 0, 100, 1i64)?.lazy() * 7i64 % 5i64).try_eval()?;
        Ok(Own { shared, labels, step })
    }
}

/// What only this backend has, and fits of models.
const OWN: &[Job<Own>] = &[
    ("upload_async of 4800", |o| kept(o.shared.device.upload_async(o.shared.device.pinned::<f64>(4800)?, &[4800]))),
    ("download_async of 4800", |o| kept(Cuda::download_async(&o.shared.x, o.shared.device.pinned(4800)?))),
    ("ten recorded operations", |o| kept(o.step.launch().map_err(|e| xp_core::Error::value("launch", e.to_string())))),
    ("to_backend(Cpu)", |o| kept(o.shared.x.to_backend(&Cpu))),
    ("StandardScaler fit", |o| kept(fitted(StandardScaler::params().fit(&o.shared.x)))),
    ("PCA fit", |o| kept(fitted(PCA::params().n_components(3).fit(&o.shared.x)))),
    ("Ridge fit", |o| kept(fitted(Ridge::params().fit(&o.shared.x, &o.shared.x.slice(s![.., 0])?.copy()?)))),
    ("LinearDiscriminantAnalysis fit", |o| kept(fitted(LinearDiscriminantAnalysis::params().fit(&o.shared.x, &o.labels)))),
];

/// The error of arrays that a model passes on.
fn fitted<M>(model: std::result::Result<M, xp_models::Error>) -> Result<M> {
    model.map_err(|error| match error {
        xp_models::Error::Array(error) => error,
        other => panic!("{other}"),
    })
}

/// What a job takes; the passes are those over `x`, or over `vector`, which is the same memory.
fn counts(operands: &Operands<Cuda, f64>, name: &str, run: &dyn Fn() -> Kept) -> [usize; 10] {
    // A read, after which no transfer is under way, and everything has run.
    let read = || operands.row.to_vec();
    read();
    let before = stats(0);
    trace::start(0);
    let result = run();
    let (work, after) = (trace::finish(0), stats(0));
    read();
    let done = stats(0);
    drop(result);
    let start = <Cuda as Backend>::address(operands.x.buffer()) as u64;
    if std::env::var("XP_SHOW").is_ok_and(|shown| name.contains(&shown)) {
        println!("{name}: {work:#?}");
    }
    [
        after.launches - before.launches,
        after.library_calls - before.library_calls,
        after.synchronisations - before.synchronisations,
        after.allocations - before.allocations,
        after.uploaded - before.uploaded,
        after.downloaded - before.downloaded,
        trace::passes(&work, start, operands.x.size() * 8),
        work.iter().filter(|work| COPIES_ONLY.contains(&work.name.as_str())).count(),
        done.read - before.read + after.copied - before.copied,
        done.written - before.written + after.copied - before.copied + after.filled - before.filled,
    ]
}

fn device() -> Option<Cuda> {
    if common::needs_simulation("counts of launches") {
        return None;
    }
    xp_cuda_sim::count_accesses();
    let device = common::device().expect("the simulated device needs a C++ compiler (g++, or set CXX)");
    let _ = xp_cuda::libraries::install(xp_cuda_sim::libraries::factories());
    Some(device.into())
}

#[test]
fn every_operation_keeps_to_its_budget() {
    let _alone = ALONE.lock();
    let Some(device) = device() else { return };
    let operands = Own::new(Operands::new(device).unwrap()).unwrap();
    let shared = &operands.shared;
    let mut table = HEAD.to_owned();
    budgets::count(&mut table, shared, &budgets::jobs(), |name, run| counts(shared, name, run));
    budgets::count(&mut table, &operands, OWN, |name, run| counts(shared, name, run));
    let command = "cargo test -p xp-cuda --test budgets";
    pages::table("docs/gpu.md", HEAD, &table, command);
    pages::file("crates/xp-cuda/tests/budgets.md", &table, command);
}

/// Nothing that is queued waits: these hold whatever the table says.
#[test]
fn what_is_queued_does_not_wait() {
    let cell = |name: &str, column: usize| budgets::cell(TABLE, name, column);
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

/// Bytes that move are those of operands and results: these hold whatever the table says.
#[test]
fn operands_are_read_once_and_results_written_once() {
    let cell = |name: &str, column: usize| budgets::cell(TABLE, name, column);
    let x = 100 * 48 * 8;
    for name in ["copy", "exp(-x^2 / 2), fused", "copy of a transpose"] {
        assert_eq!([cell(name, READ), cell(name, WRITTEN)], [x, x], "{name}: one element read for one written");
    }
    // A chain reads every operand where it stands, two of which are `x`, and no intermediate result is written.
    assert_eq!([cell("(x + row) * 0.5 - x, fused", READ), cell("(x + row) * 0.5 - x, fused", WRITTEN)], [3 * x, x]);
    // Positions and elements, 300 of 8 bytes.
    assert_eq!([cell("take", READ), cell("take", WRITTEN)], [4800, 2400]);
    for (name, operand) in [("sum of 4800", x), ("sum of squares of 100 thousand, fused", 400_000), ("mean along axis 0", x), ("max along axis 1", x)]
    {
        let (read, written) = (cell(name, READ), cell(name, WRITTEN));
        assert!(read < operand + operand / 20 && written < operand / 20, "{name} reads {read} and writes {written} bytes for {operand}");
    }
    for (name, most) in [("StandardScaler fit", 2), ("PCA fit", 2), ("LinearDiscriminantAnalysis fit", 2), ("Ridge fit", 4)] {
        assert!(cell(name, PASSES) <= most, "{name} reads its samples {} times", cell(name, PASSES));
    }
    for name in ["sort of 4800", "sum of 4800", "matmul", "gram", "rfft2", "take", "StandardScaler fit", "PCA fit", "Ridge fit"] {
        assert_eq!(cell(name, COPIES), 0, "{name} copies an array");
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
