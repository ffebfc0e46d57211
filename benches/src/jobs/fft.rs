//! Fourier transforms.

use xp::fft::{self, Fft, dct, fft, fft2, irfft2_with, rfft, rfft2, rfft2_with};
use xp::prelude::*;
use xp::{IntoShape, Num, Result};

use super::{Job, complex_dtype, job, named};
use crate::data::Source;

pub(super) fn jobs<T: Float>() -> Vec<Job>
where
    Cpu: Fft<T>,
{
    vec![
        named(complex_dtype::<T>(), "fft 1d 2^20", signal::<T, _>([1 << 20]), |x| fft(&*x)),
        named(complex_dtype::<T>(), "fft 1d 1000003", signal::<T, _>([1_000_003]), |x| fft(&*x)),
        named(complex_dtype::<T>(), "fft 1d 1000000", signal::<T, _>([1_000_000]), |x| fft(&*x)),
        named(complex_dtype::<T>(), "fft batch 1000x1024", signal::<T, _>([1000, 1024]), |x| fft(&*x)),
        named(complex_dtype::<T>(), "fft 2d 2048x2048", signal::<T, _>([2048, 2048]), |x| fft2(&*x)),
        job::<T, _, _, _, _>("fft rfft 2^20", normal::<T, _>([1 << 20]), |x| rfft(&*x)),
        job::<T, _, _, _, _>("fft rfft2 2048x2048", normal::<T, _>([2048, 2048]), |x| rfft2(&*x)),
        job::<T, _, _, _, _>("fft dct2 2^20", normal::<T, _>([1 << 20]), |x| dct(&*x)),
        job::<T, _, _, _, _>("fft batch rfft 1000x1024", normal::<T, _>([1000, 1024]), |x| rfft(&*x)),
        job::<T, _, _, _, _>("fft smooth 768x1024x3", |from| from.uniform::<T, _>([768, 1024, 3], 0.0, 1.0), smooth::<T>),
    ]
}

/// Keeps the lowest tenth of the frequencies of an image along both of its axes.
fn smooth<T: Float>(image: &mut Array<Cpu, T, Ix3>) -> Result<Array<Cpu, T, Ix3>>
where
    Cpu: Fft<T>,
{
    let [rows, columns, _] = image.shape();
    let plane = fft::axes([0, 1]);
    let mut f = rfft2_with(&*image, plane.clone())?;
    let zero = <Spectral<T> as Num>::from_f64(0.0);
    let (low, left) = ((rows / 10) as isize, (columns / 10) as isize);
    f.set(s![low + 1..rows as isize - low], zero)?;
    f.set(s![.., left + 1..], zero)?;
    irfft2_with(f, plane.s([rows, columns]))
}

fn normal<T: Float, S: IntoShape + Copy>(shape: S) -> impl Fn(&mut Source) -> Result<Array<Cpu, T, S::Dim>> {
    move |from| from.normal::<T, S>(shape)
}

fn signal<T: Float, S: IntoShape + Copy>(shape: S) -> impl Fn(&mut Source) -> Result<Array<Cpu, Spectral<T>, S::Dim>>
where
    Cpu: Fft<T>,
{
    move |from| from.complex(shape)
}

type Spectral<T> = <Cpu as Fft<T>>::Complex;
