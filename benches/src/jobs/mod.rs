//! The table of jobs: name, dtype, and how to make the input and what to run on it.

mod arrays;
mod bare;
mod fft;
mod linalg;
mod models;

pub use bare::rustfft;

use std::any::Any;
use std::error::Error;

use xp::Float;

use crate::data::Source;

/// What goes wrong in a job.
pub type Failure = Box<dyn Error + Send + Sync>;
/// A prepared job. Every call is one run, and returns the result for the caller to free.
pub type Run = Box<dyn FnMut() -> Result<Box<dyn Any>, Failure>>;

/// An operation at one size for one dtype.
#[expect(missing_debug_implementations, reason = "holds a closure")]
pub struct Job {
    /// The name in `compare/jobs.py`.
    pub name: &'static str,
    /// `f64`, `f32`, ...
    pub dtype: &'static str,
    /// Makes the input for a seed.
    pub make: Box<dyn Fn(u64) -> Result<Run, Failure>>,
}

/// All jobs.
#[must_use]
pub fn table() -> Vec<Job> {
    let mut all = vec![];
    all.extend(arrays::jobs::<f64>());
    all.extend(arrays::jobs::<f32>());
    all.extend(arrays::integers());
    all.extend(linalg::jobs::<f64>());
    all.extend(linalg::jobs::<f32>());
    all.extend(linalg::double());
    all.extend(models::jobs::<f64>());
    all.extend(models::jobs::<f32>());
    all.extend(models::double());
    all.extend(fft::jobs::<f64>());
    all.extend(fft::jobs::<f32>());
    all
}

/// A job of dtype `T`: `input` draws what `run` works on.
fn job<T: Float, I: 'static, O: 'static, E: Into<Failure> + 'static, F: Into<Failure> + 'static>(
    name: &'static str,
    input: impl Fn(&mut Source) -> Result<I, E> + 'static,
    run: impl Fn(&mut I) -> Result<O, F> + Copy + 'static,
) -> Job {
    named(dtype::<T>(), name, input, run)
}

/// A job of the dtype with that name.
fn named<I: 'static, O: 'static, E: Into<Failure> + 'static, F: Into<Failure> + 'static>(
    dtype: &'static str,
    name: &'static str,
    input: impl Fn(&mut Source) -> Result<I, E> + 'static,
    run: impl Fn(&mut I) -> Result<O, F> + Copy + 'static,
) -> Job {
    let make = move |seed| {
        let mut given = input(&mut Source::new(seed)?).map_err(Into::into)?;
        Ok(Box::new(move || Ok(Box::new(run(&mut given).map_err(Into::into)?) as Box<dyn Any>)) as Run)
    };
    Job { name, dtype, make: Box::new(make) }
}

fn complex_dtype<T: Float>() -> &'static str {
    if dtype::<T>() == "f64" { "c128" } else { "c64" }
}

fn dtype<T: Float>() -> &'static str {
    match T::DTYPE {
        xp::DType::F32 => "f32",
        xp::DType::F64 => "f64",
        _ => unreachable!("the jobs are instantiated for f32 and f64"),
    }
}
