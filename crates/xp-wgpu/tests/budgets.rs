//! What operations cost a device: launches of kernels, waits of the host, bytes to and from the device, compared with
//! `budgets.md`. A number that grows is a regression, one that shrinks belongs into the table:
//! `XP_WRITE_DOCS=1 cargo test -p xp-wgpu --test budgets` writes it, there and in `docs/wgpu.md`.

mod common;

use std::any::Any;
use std::fmt::Write;

use num_complex::Complex;
use xp_conformance::pages;
use xp_core::functions::{Ascending, Descending, Side, arange, concat, eye, searchsorted, unique_values};
use xp_core::random::Generator;
use xp_core::{Array, Ix1, Ix2, Ix3, Result, linalg, s};
use xp_fft::{Direction, Fft};
use xp_wgpu::Wgpu;

const HEAD: &str = "| operation | launches | waits | bytes up | bytes down |\n|---|---|---|---|---|\n";

/// What the jobs work on.
struct Operands {
    device: Wgpu,
    /// A hundred rows of 48 numbers, and as a vector.
    x: Array<Wgpu, f32, Ix2>,
    vector: Array<Wgpu, f32, Ix1>,
    row: Array<Wgpu, f32, Ix2>,
    /// A hundred thousand numbers.
    long: Array<Wgpu, f32, Ix1>,
    /// Positions in `vector`, and few different ones.
    places: Array<Wgpu, i64, Ix1>,
    few: Array<Wgpu, i64, Ix1>,
    square: Array<Wgpu, f32, Ix2>,
    positive: Array<Wgpu, f32, Ix2>,
    tall: Array<Wgpu, f32, Ix2>,
    stack: Array<Wgpu, f32, Ix3>,
    definite: Array<Wgpu, f32, Ix3>,
    /// Matrices larger than a block.
    large: Array<Wgpu, f32, Ix2>,
    large_positive: Array<Wgpu, f32, Ix2>,
    complex: Array<Wgpu, Complex<f32>, Ix2>,
}

impl Operands {
    fn new(device: Wgpu) -> Result<Self> {
        let mut random = Generator::new(3);
        let x = random.normal::<_, f32, _>(&device, [100, 48])?;
        let square = random.normal::<_, f32, _>(&device, [20, 20])?;
        let stack = random.normal::<_, f32, _>(&device, [10, 8, 8])?;
        let large = random.normal::<_, f32, _>(&device, [100, 100])?;
        let n = x.size() as i64;
        let identity = |n: usize| eye::<_, f32>(&device, n, n, 0);
        Ok(Operands {
            vector: x.reshape([x.size()])?,
            row: x.slice(s![..1])?.copy()?,
            long: random.normal::<_, f32, _>(&device, [100_000])?,
            places: (arange(&device, 0, 300, 1i64)?.lazy() * 7919i64 % n).try_eval()?,
            few: (arange(&device, 0, 300, 1i64)?.lazy() % 10i64).try_eval()?,
            positive: (linalg::gram(&square.lazy())?.lazy() + &identity(20)?).try_eval()?,
            tall: random.normal::<_, f32, _>(&device, [60, 40])?,
            definite: (stack.matmul(&stack.matrix_transpose()?)?.lazy() + &identity(8)?).try_eval()?,
            large_positive: (linalg::gram(&large.lazy())?.lazy() + &identity(100)?).try_eval()?,
            complex: x.slice(s![..64, ..33])?.lazy().astype::<Complex<f32>>().try_eval()?,
            stack,
            large,
            square,
            x,
            device,
        })
    }
}

/// What a job leaves behind; it is dropped after the counting.
type Kept = Box<dyn Any>;
type Job = (&'static str, fn(&Operands) -> Result<Kept>);

fn kept<T: 'static>(x: Result<T>) -> Result<Kept> {
    Ok(Box::new(x?))
}

const JOBS: &[Job] = &[
    ("copy", |o| kept(o.x.copy())),
    ("x + x", |o| kept((o.x.lazy() + &o.x).try_eval())),
    ("(x + row) * 0.5 - x, fused", |o| kept(((o.x.lazy() + &o.row) * 0.5 - &o.x).try_eval())),
    ("exp(-x^2 / 2), fused", |o| kept((o.x.lazy().square() * -0.5).exp().try_eval())),
    ("where", |o| kept(o.x.lazy().greater(0.0).where_(&o.x, 0.0).try_eval())),
    ("astype", |o| kept(o.x.lazy().astype::<i32>().try_eval())),
    ("copy of a transpose", |o| kept(o.x.t().copy())),
    ("sum of 4800", |o| kept(o.x.lazy().sum(..).try_eval())),
    ("sum of squares of 100 thousand, fused", |o| kept(o.long.lazy().square().sum(..).try_eval())),
    ("mean along axis 0", |o| kept(o.x.lazy().mean(0).try_eval())),
    ("max along axis 1", |o| kept(o.x.lazy().max(1).try_eval())),
    ("argmax along axis 1", |o| kept(o.x.lazy().argmax(1).try_eval())),
    ("cumulative_sum of 4800", |o| kept(o.vector.cumulative_sum(0))),
    ("cumulative_sum along axis 1", |o| kept(o.x.cumulative_sum(1))),
    ("sort of 4800", |o| kept(o.vector.sort(0, Ascending))),
    ("argsort of 4800", |o| kept(o.vector.argsort(0, Descending))),
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
    ("concat of two", |o| kept(concat(&[&o.x, &o.x], 0))),
    ("matmul", |o| kept(o.x.t().matmul(&o.x))),
    ("matmul of a stack", |o| kept(o.stack.matmul(&o.stack))),
    ("gram", |o| kept(linalg::gram(&o.x.lazy()))),
    ("solve", |o| kept(linalg::solve(&o.square, &o.square))),
    ("solve of a stack of 10", |o| kept(linalg::solve(&o.stack, &o.stack))),
    ("solve of order 100", |o| kept(linalg::solve(&o.large, &o.large))),
    ("cholesky", |o| kept(linalg::cholesky(&o.positive, linalg::Lower))),
    ("cholesky of a stack of 10", |o| kept(linalg::cholesky(&o.definite, linalg::Lower))),
    ("cholesky of order 100", |o| kept(linalg::cholesky(&o.large_positive, linalg::Lower))),
    ("solve_triangular of a stack of 10", |o| kept(linalg::solve_triangular(&o.stack, &o.stack, linalg::Upper))),
    ("qr of 60x40", |o| kept(linalg::qr(&o.tall, linalg::Thin))),
    ("qr of a stack of 10", |o| kept(linalg::qr(&o.stack, linalg::Full))),
    ("det of a stack of 10", |o| kept(linalg::det(&o.stack))),
    ("fft of a power of two, axis 0", |o| kept(Wgpu::c2c(o.complex.clone(), &[0], &[64], Direction::Forward, 1.0))),
    ("fft of 33 numbers, by chirps", |o| kept(Wgpu::c2c(o.complex.clone(), &[1], &[33], Direction::Forward, 1.0))),
    ("rfft2 of 100x48", |o| kept(Wgpu::r2c(o.x.clone(), &[0, 1], &[100, 48], Direction::Forward, 1.0))),
    ("irfft2 of 64x64", |o| kept(Wgpu::c2r(o.complex.clone(), &[0, 1], &[64, 64], Direction::Backward, 1.0))),
    ("uniform", |o| kept(Generator::new(1).uniform::<_, f32, _>(&o.device, [4800]))),
    ("from_vec of 4800", |o| kept(Array::from_vec(&o.device, vec![0f32; 4800], [4800]))),
    ("to_vec of 4800", |o| kept(o.x.to_host())),
    ("item", |o| kept(o.row.slice(s![.., ..1])?.item())),
];

/// The counts of a job that has run before, so that its kernels are compiled and its tables are there.
fn counts(operands: &Operands, job: &Job) -> [u64; 4] {
    let run = || job.1(operands).unwrap_or_else(|e| panic!("{}: {e}", job.0));
    drop(run());
    let before = operands.device.counts();
    let result = run();
    let after = operands.device.counts();
    drop(result);
    [after.launches - before.launches, after.reads - before.reads, after.bytes_up - before.bytes_up, after.bytes_down - before.bytes_down]
}

#[test]
fn every_operation_keeps_to_its_budget() {
    let operands = Operands::new(device!()).unwrap();
    let mut table = HEAD.to_owned();
    for job in JOBS {
        let row = counts(&operands, job);
        let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
        writeln!(table, "| {} | {} |", job.0, cells.join(" | ")).unwrap();
    }
    // Nothing that is queued waits: these hold whatever the table says.
    let cell = |name: &str, column: usize| -> usize {
        let row = table.lines().find(|line| line.starts_with(&format!("| {name} |"))).unwrap_or_else(|| panic!("{name} has no budget"));
        row.split('|').nth(column + 1).unwrap().trim().parse().unwrap()
    };
    for name in ["copy", "x + x", "(x + row) * 0.5 - x, fused", "exp(-x^2 / 2), fused", "where", "astype"] {
        assert_eq!([1, 2, 3, 4].map(|k| cell(name, k)), [1, 0, 0, 0], "{name}: one launch, no wait, no transfer");
    }
    for name in ["sum of 4800", "sort of 4800", "cumulative_sum of 4800", "matmul", "gram", "fft of a power of two, axis 0", "qr of 60x40"] {
        assert_eq!(cell(name, 2), 0, "{name} waits");
    }
    // What may fail is asked once, however large the matrix is.
    for name in ["solve of a stack of 10", "solve of order 100", "cholesky of a stack of 10", "cholesky of order 100"] {
        assert_eq!(cell(name, 2), 1, "{name} waits once");
    }
    assert_eq!(cell("fft of a power of two, axis 0", 1), 2, "64 numbers: two passes of radix 8");
    let command = "cargo test -p xp-wgpu --test budgets";
    pages::table("docs/wgpu.md", HEAD, &table, command);
    pages::file("crates/xp-wgpu/tests/budgets.md", &table, command);
}
