//! The same transforms by rustfft and realfft alone: their plans are made beforehand and run on one thread, as those crates do.

use std::convert::Infallible;

use realfft::RealFftPlanner;
use rustfft::num_complex::Complex;
use rustfft::{FftNum, FftPlanner};
use xp::Float;

use super::{Job, complex_dtype, job, named};
use crate::data::Source;

/// All jobs.
#[must_use]
pub fn rustfft() -> Vec<Job> {
    [lines::<f64>(), lines::<f32>()].into_iter().flatten().collect()
}

fn lines<T: Float + FftNum>() -> Vec<Job> {
    let complex = |name, count: usize, n: usize| {
        named(
            complex_dtype::<T>(),
            name,
            move |from: &mut Source| {
                let values = from.normal::<T, _>([2 * count * n])?.to_vec();
                let values: Vec<_> = values.chunks_exact(2).map(|z| Complex::new(z[0], z[1])).collect();
                let plan = FftPlanner::new().plan_fft_forward(n);
                let scratch = vec![Complex::default(); plan.get_inplace_scratch_len()];
                Ok::<_, xp::Error>((plan, values, scratch))
            },
            |(plan, values, scratch)| {
                let mut out = values.clone();
                plan.process_with_scratch(&mut out, scratch);
                Ok::<_, Infallible>(out)
            },
        )
    };
    let real = |name, count: usize, n: usize| {
        job::<T, _, _, _, _>(
            name,
            move |from: &mut Source| {
                let values = from.normal::<T, _>([count * n])?.to_vec();
                let plan = RealFftPlanner::new().plan_fft_forward(n);
                let scratch = plan.make_scratch_vec();
                Ok::<_, xp::Error>((plan, values, scratch))
            },
            |(plan, values, scratch)| {
                let (n, bins) = (plan.len(), plan.len() / 2 + 1);
                let mut out = vec![Complex::default(); values.len() / n * bins];
                let mut line = vec![T::ZERO; n];
                for (x, y) in values.chunks_exact(n).zip(out.chunks_exact_mut(bins)) {
                    line.copy_from_slice(x);
                    plan.process_with_scratch(&mut line, y, scratch)?;
                }
                Ok::<_, realfft::FftError>(out)
            },
        )
    };
    vec![
        complex("fft 1d 2^20", 1, 1 << 20),
        complex("fft 1d 1000003", 1, 1_000_003),
        complex("fft 1d 1000000", 1, 1_000_000),
        complex("fft batch 1000x1024", 1000, 1024),
        real("fft rfft 2^20", 1, 1 << 20),
        real("fft batch rfft 1000x1024", 1000, 1024),
    ]
}
