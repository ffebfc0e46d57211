//! What operations cost a device: the jobs that backends count the costs of, and the table of them. A backend's test says what it
//! counts, and keeps the table as its budget ([`pages`](crate::pages)).

use std::any::Any;
use std::fmt::{Display, Write};

use xp_core::extra::top_k;
use xp_core::functions::{Ascending, Descending, Side, arange, concat, eye, searchsorted, unique_values};
use xp_core::linalg::{self, Linalg};
use xp_core::random::Generator;
use xp_core::{Array, Float, Ix1, Ix2, Ix3, Result, s};
use xp_fft::{Direction, Fft};

/// What the jobs work on.
pub struct Operands<B: Fft<T>, T: Float> {
    /// Where they are.
    pub device: B,
    /// A hundred rows of 48 numbers.
    pub x: Array<B, T, Ix2>,
    /// The same, in the same memory, as a vector.
    pub vector: Array<B, T, Ix1>,
    /// The first row.
    pub row: Array<B, T, Ix2>,
    /// A hundred thousand numbers.
    pub long: Array<B, f32, Ix1>,
    /// Whole numbers, all of them positions in `vector`.
    pub places: Array<B, i64, Ix1>,
    /// The same with few different ones.
    pub few: Array<B, i64, Ix1>,
    /// A small matrix.
    pub square: Array<B, T, Ix2>,
    /// One that is positive definite.
    pub positive: Array<B, T, Ix2>,
    /// One with more rows than columns.
    pub tall: Array<B, T, Ix2>,
    /// Ten matrices.
    pub stack: Array<B, T, Ix3>,
    /// Ten that are positive definite.
    pub definite: Array<B, T, Ix3>,
    /// A matrix that is not small, symmetric.
    pub large: Array<B, T, Ix2>,
    /// A spectrum of 64 rows and 32 columns.
    pub complex: Array<B, B::Complex, Ix2>,
}

impl<B: Linalg<T> + Fft<T>, T: Float> Operands<B, T> {
    /// The operands on a device.
    ///
    /// # Errors
    /// Those of the device.
    pub fn new(device: B) -> Result<Self> {
        let mut random = Generator::new(3);
        let x = random.normal::<_, T, _>(&device, [100, 48])?;
        let square = random.normal::<_, T, _>(&device, [20, 20])?;
        let stack = random.normal::<_, T, _>(&device, [10, 8, 8])?;
        let large = random.normal::<_, T, _>(&device, [70, 70])?;
        let n = x.size() as i64;
        Ok(Operands {
            large: (large.lazy() + &large.t()).try_eval()?,
            definite: (stack.matmul(&stack.matrix_transpose()?)?.lazy() + &eye::<_, T>(&device, 8, 8, 0)?).try_eval()?,
            stack,
            vector: x.reshape([x.size()])?,
            row: x.slice(s![..1])?.copy()?,
            long: random.normal::<_, f32, _>(&device, [100_000])?,
            places: (arange(&device, 0, 300, 1i64)?.lazy() * 7919i64 % n).try_eval()?,
            few: (arange(&device, 0, 300, 1i64)?.lazy() % 10i64).try_eval()?,
            positive: (linalg::gram(&square.lazy())?.lazy() + &eye::<_, T>(&device, 20, 20, 0)?).try_eval()?,
            tall: random.normal::<_, T, _>(&device, [60, 40])?,
            complex: x.slice(s![..64, ..32])?.lazy().astype::<B::Complex>().try_eval()?,
            square,
            x,
            device,
        })
    }
}

/// What a job leaves behind; it is dropped after the counting.
pub type Kept = Box<dyn Any>;
/// The name of an operation, and the operation on some operands.
pub type Job<O> = (&'static str, fn(&O) -> Result<Kept>);

/// A result that a job leaves behind.
///
/// # Errors
/// The given one.
pub fn kept<T: 'static>(x: Result<T>) -> Result<Kept> {
    Ok(Box::new(x?))
}

/// The operations that every backend counts, by families: arrays, linear algebra, transforms, what goes between host and device.
#[must_use]
pub fn jobs<B: Linalg<T> + Fft<T>, T: Float>() -> Vec<Job<Operands<B, T>>> {
    vec![
        ("copy", |o| kept(o.x.copy())),
        ("x + x", |o| kept((o.x.lazy() + &o.x).try_eval())),
        ("(x + row) * 0.5 - x, fused", |o| kept(((o.x.lazy() + &o.row) * T::from_f64(0.5) - &o.x).try_eval())),
        ("exp(-x^2 / 2), fused", |o| kept((o.x.lazy().square() * T::from_f64(-0.5)).exp().try_eval())),
        ("where", |o| kept(o.x.lazy().greater(T::ZERO).where_(&o.x, T::ZERO).try_eval())),
        ("astype", |o| kept(o.x.lazy().astype::<i32>().try_eval())),
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
            x.put(&o.places, T::ZERO, 0)?;
            kept(Ok(x))
        }),
        ("put_add into 10 places", |o| {
            let mut x = o.vector.clone();
            x.put_add(&o.few, T::ONE, 0)?;
            kept(Ok(x))
        }),
        ("select by a mask", |o| {
            let mask = o.vector.greater(T::ZERO);
            kept(o.vector.select(&mask))
        }),
        ("nonzero", |o| kept(o.vector.nonzero())),
        ("set of a slice", |o| {
            let mut x = o.x.clone();
            x.set(s![..10], T::ZERO)?;
            kept(Ok(x))
        }),
        ("concat of two", |o| kept(concat(&[&o.x, &o.x], 0))),
        ("roll", |o| kept(o.x.roll(3, 0))),
        ("matmul", |o| kept(o.x.t().matmul(&o.x))),
        ("matmul of a stack", |o| kept(o.stack.matmul(&o.stack))),
        ("matmul of integers", |o| {
            let x = o.places.slice(s![..100])?.reshape([10, 10])?;
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
        ("fft2", |o| kept(B::c2c(o.complex.clone(), &[0, 1], &[64, 32], Direction::Forward, T::ONE))),
        ("rfft2", |o| kept(B::r2c(o.x.clone(), &[0, 1], &[100, 48], Direction::Forward, T::ONE))),
        ("irfft2", |o| kept(B::c2r(o.complex.clone(), &[0, 1], &[64, 62], Direction::Backward, T::ONE))),
        ("uniform", |o| kept(Generator::new(1).uniform::<_, T, _>(&o.device, [4800]))),
        ("normal", |o| kept(Generator::new(1).normal::<_, T, _>(&o.device, [4800]))),
        ("from_vec of 4800", |o| kept(Array::from_vec(&o.device, vec![T::ZERO; 4800], [4800]))),
        ("to_vec of 4800", |o| kept(o.x.to_host())),
        ("item", |o| kept(o.row.slice(s![.., ..1])?.item())),
    ]
}

/// Writes the row of every job into a table. A job runs once before it is counted, so that its kernels are compiled; `count` runs it
/// again, and says what that took.
///
/// # Panics
/// When a job fails.
pub fn count<O, N: Display, const COLUMNS: usize>(
    table: &mut String,
    operands: &O,
    jobs: &[Job<O>],
    count: impl Fn(&str, &dyn Fn() -> Kept) -> [N; COLUMNS],
) {
    for (name, job) in jobs {
        let run = || job(operands).unwrap_or_else(|e| panic!("{name}: {e}"));
        drop(run());
        let cells = count(name, &run).map(|n| n.to_string());
        writeln!(table, "| {name} | {} |", cells.join(" | ")).expect("a string takes all");
    }
}

/// The number in a column of a table, in the row of an operation.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn cell(table: &str, name: &str, column: usize) -> usize {
    let mut rows = table.lines().map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    rows.find(|row| row[0] == name).unwrap_or_else(|| panic!("{name} has no budget"))[column].parse().expect("a number")
}
