//! Transforms as compositions of the complex one: what [`Fft`]'s provided methods do.
//!
//! The arguments are those of the methods. Cosine and sine transforms of types II and III are real Fourier transforms of
//! the same length of the reordered operand (Makhoul, "A fast cosine transform in one and two dimensions", 1980); type I
//! is that of the even or odd extension, type IV a complex transform of twice the length.

use num_complex::Complex as C64;
use xp_core::functions::{concat, stack, zeros};
use xp_core::{Array, Backend, Dim, Dyn, Element, Float, Floating, Ix1, Num, Result, Stepped};

use crate::backend::Fft;
use crate::{Direction, Trig, TrigFamily, TrigType};

type Any<B, T> = Array<B, T, Dyn>;

/// [`Fft::r2c`] as the first half of [`Fft::c2c`].
///
/// # Errors
/// As for [`Fft::c2c`].
pub fn r2c<B: Fft<T>, T: Float, D: Dim>(
    x: Array<B, T, D>,
    axes: &[usize],
    lens: &[usize],
    direction: Direction,
    scale: T,
) -> Result<Array<B, B::Complex, D>> {
    let (&last, &n) = axes.iter().zip(lens).next_back().expect("a real transform has an axis");
    part(&B::c2c(x, axes, lens, direction, scale)?, last, 0, n / 2 + 1)
}

/// [`Fft::c2r`] as the real part of [`Fft::c2c`] of the whole spectrum.
///
/// # Errors
/// As for [`Fft::c2c`].
pub fn c2r<B: Fft<C::Part>, C: Floating, D: Dim>(
    x: Array<B, C, D>,
    axes: &[usize],
    lens: &[usize],
    direction: Direction,
    scale: C::Part,
) -> Result<Array<B, C::Part, D>> {
    let (k, outer) = (axes.len() - 1, &axes[..axes.len() - 1]);
    let (last, n) = (axes[k], lens[k]);
    let half = fit(&x, last, n / 2 + 1)?;
    let half = B::c2c(half, outer, &lens[..k], direction, <C::Part as Num>::ONE)?;
    let mirrored = part(&half, last, 1, n.div_ceil(2))?.flip(last)?.into_lazy().conj().try_eval()?;
    let whole = concat(&[&half, &mirrored], last)?;
    B::c2c(whole, &[last], &[n], direction, scale)?.into_lazy().real().try_eval()
}

/// [`Fft::r2r`] by one transform per axis.
///
/// # Errors
/// As for [`Fft::c2c`].
pub fn r2r<B: Fft<C::Part>, C: Floating, D: Dim>(
    x: Array<B, C, D>,
    axes: &[usize],
    lens: &[usize],
    trig: Trig,
    scale: C::Part,
) -> Result<Array<B, C, D>> {
    let x = x.into_dyn();
    let transform = |part: Any<B, C::Part>| {
        let mut out = part;
        for (&axis, &n) in axes.iter().zip(lens) {
            let turned = fit(&out, axis, n)?.moveaxis(&[axis], &[-1])?;
            out = trigonometric(&turned, trig)?.moveaxis(&[-1], &[axis])?;
        }
        (out.into_lazy() * scale).try_eval()
    };
    let real = transform(x.lazy().real().try_eval()?)?;
    if C::DTYPE == <C::Part as Element>::DTYPE {
        return real.into_lazy().astype::<C>().try_eval()?.into_rank();
    }
    let imaginary = transform(x.lazy().imag().try_eval()?)?;
    let i = C::from_parts(<C::Part as Num>::ZERO, <C::Part as Num>::ONE);
    (real.lazy().astype::<C>() + imaginary.lazy().astype::<C>() * i).try_eval()?.into_rank()
}

/// Along the last axis, at its length.
fn trigonometric<B: Fft<T>, T: Float>(x: &Any<B, T>, trig: Trig) -> Result<Any<B, T>> {
    // The weights below are as long as the axis, however few lanes there are.
    if x.is_empty() {
        return Ok(x.clone());
    }
    let n = x.dims()[x.ndim() - 1];
    let x = if trig.orthogonalize { weigh(x, &ends_before(trig, n))? } else { x.clone() };
    let cosine = trig.family == TrigFamily::Cosine;
    let y = match trig.kind {
        TrigType::I if cosine => cosine_1(&x, n)?,
        TrigType::I => sine_1(&x, n)?,
        TrigType::II if cosine => cosine_2(&x, n)?,
        TrigType::II => reversed(&cosine_2(&alternate(&x, n)?, n)?)?,
        TrigType::III if cosine => cosine_3(&x, n)?,
        TrigType::III => alternate(&cosine_3(&reversed(&x)?, n)?, n)?,
        TrigType::IV if cosine => cosine_4(&x, n)?,
        TrigType::IV => alternate(&cosine_4(&reversed(&x)?, n)?, n)?,
    };
    if trig.orthogonalize { weigh(&y, &ends_after(trig, n)) } else { Ok(y) }
}

/// The factor of the constant (and, for type I, the highest) basis vector of an input that is orthogonalized.
fn ends_before(trig: Trig, n: usize) -> Vec<(usize, f64)> {
    let root = std::f64::consts::SQRT_2;
    match (trig.kind, trig.family) {
        (TrigType::I, TrigFamily::Cosine) => vec![(0, root), (n - 1, root)],
        (TrigType::III, TrigFamily::Cosine) => vec![(0, root)],
        (TrigType::III, TrigFamily::Sine) => vec![(n - 1, root)],
        _ => vec![],
    }
}

/// [`ends_before`] of an output.
fn ends_after(trig: Trig, n: usize) -> Vec<(usize, f64)> {
    let root = std::f64::consts::FRAC_1_SQRT_2;
    match (trig.kind, trig.family) {
        (TrigType::I, TrigFamily::Cosine) => vec![(0, root), (n - 1, root)],
        (TrigType::II, TrigFamily::Cosine) => vec![(0, root)],
        (TrigType::II, TrigFamily::Sine) => vec![(n - 1, root)],
        _ => vec![],
    }
}

fn cosine_1<B: Fft<T>, T: Float>(x: &Any<B, T>, n: usize) -> Result<Any<B, T>> {
    let back = reversed(&part(x, last(x), 1, n - 1)?)?;
    spectrum(concat(&[x, &back], -1)?)?.into_lazy().real().try_eval()
}

fn sine_1<B: Fft<T>, T: Float>(x: &Any<B, T>, n: usize) -> Result<Any<B, T>> {
    let zero = zeros_along(x, 1)?;
    let back = reversed(x)?.into_lazy().negative().try_eval()?;
    let y = spectrum(concat(&[&zero, x, &zero, &back], -1)?)?;
    part(&y, last(x), 1, n + 1)?.into_lazy().imag().negative().try_eval()
}

fn cosine_2<B: Fft<T>, T: Float>(x: &Any<B, T>, n: usize) -> Result<Any<B, T>> {
    let odd = reversed(&x.slice_axis(-1, Stepped(1.., 2))?)?;
    let reordered = concat(&[&x.slice_axis(-1, Stepped(.., 2))?, &odd], -1)?;
    let bins = spectrum(reordered)?;
    let turned = (bins.into_lazy() * &roots::<B, T>(x.device(), 0..n / 2 + 1, |k| -(k as f64) / (4 * n) as f64)?).try_eval()?;
    let two = T::from_f64(2.0);
    let low = (turned.lazy().real() * two).try_eval()?;
    let high = part(&turned, last(x), 1, n.div_ceil(2))?;
    let high = (reversed(&high)?.into_lazy().imag() * -two).try_eval()?;
    concat(&[&low, &high], -1)
}

fn cosine_3<B: Fft<T>, T: Float>(x: &Any<B, T>, n: usize) -> Result<Any<B, T>> {
    let low = part(x, last(x), 0, n / 2 + 1)?;
    // x[n - k] for k of `low`, where x[n] counts as zero; for n = 1 there is only that.
    let high = concat(&[&zeros_along(x, 1)?, &reversed(&part(x, last(x), n - n / 2, n)?)?], -1)?;
    let low = fit(&low, last(x), n / 2 + 1)?;
    let minus_i = <B::Complex as Floating>::from_parts(T::ZERO, -T::ONE);
    let both = low.lazy().astype::<B::Complex>() + high.lazy().astype::<B::Complex>() * minus_i;
    let bins = (both * &roots::<B, T>(x.device(), 0..n / 2 + 1, |k| k as f64 / (4 * n) as f64)?).try_eval()?;
    let reordered = B::c2r(bins, &[last(x)], &[n], Direction::Backward, T::ONE)?;
    let even = part(&reordered, last(x), 0, n.div_ceil(2))?;
    let odd = fit(&reversed(&part(&reordered, last(x), n.div_ceil(2), n)?)?, last(x), n.div_ceil(2))?;
    let mut shape = x.dims().to_vec();
    shape[last(x)] = 2 * n.div_ceil(2);
    part(&stack(&[&even, &odd], -1)?.reshape(shape)?, last(x), 0, n)
}

fn cosine_4<B: Fft<T>, T: Float>(x: &Any<B, T>, n: usize) -> Result<Any<B, T>> {
    let turned = (x.lazy().astype::<B::Complex>() * &roots::<B, T>(x.device(), 0..n, |j| -(j as f64) / (4 * n) as f64)?).try_eval()?;
    let bins = B::c2c(turned, &[last(x)], &[2 * n], Direction::Forward, T::from_f64(2.0))?;
    let bins = part(&bins, last(x), 0, n)?;
    (bins.lazy() * &roots::<B, T>(x.device(), 0..n, |k| -((2 * k + 1) as f64) / (8 * n) as f64)?).real().try_eval()
}

/// The real transform along the last axis, at its length.
fn spectrum<B: Fft<T>, T: Float>(x: Any<B, T>) -> Result<Any<B, B::Complex>> {
    let (axis, n) = (last(&x), x.dims()[last(&x)]);
    B::r2c(x, &[axis], &[n], Direction::Forward, T::ONE)
}

/// `exp(2 pi i turns(k))`.
fn roots<B: Fft<T>, T: Float>(device: &B, range: std::ops::Range<usize>, turns: impl Fn(usize) -> f64) -> Result<Array<B, B::Complex, Ix1>> {
    let values: Vec<_> = range
        .map(|k| {
            let z = C64::cis(std::f64::consts::TAU * turns(k));
            <B::Complex as Floating>::from_parts(T::from_f64(z.re), T::from_f64(z.im))
        })
        .collect();
    let n = values.len();
    Array::from_vec(device, values, [n])
}

/// Every second element negated.
fn alternate<B: Backend, T: Float>(x: &Any<B, T>, n: usize) -> Result<Any<B, T>> {
    let signs = (0..n).map(|k| if k % 2 == 0 { T::ONE } else { -T::ONE }).collect();
    (x.lazy() * &Array::from_vec(x.device(), signs, [n])?).try_eval()
}

/// Elements at some positions multiplied.
fn weigh<B: Backend, T: Float>(x: &Any<B, T>, factors: &[(usize, f64)]) -> Result<Any<B, T>> {
    let n = x.dims()[last(x)];
    let mut weights = vec![T::ONE; n];
    factors.iter().for_each(|&(k, f)| weights[k] = T::from_f64(f));
    (x.lazy() * &Array::from_vec(x.device(), weights, [n])?).try_eval()
}

fn last<B: Backend, T: Element>(x: &Any<B, T>) -> usize {
    x.ndim() - 1
}

fn reversed<B: Backend, T: Element>(x: &Any<B, T>) -> Result<Any<B, T>> {
    x.flip(-1)
}

fn zeros_along<B: Backend, T: Element>(x: &Any<B, T>, n: usize) -> Result<Any<B, T>> {
    let mut shape = x.dims().to_vec();
    shape[last(x)] = n;
    zeros(x.device(), shape)
}

/// The elements `start..stop` of an axis, none where `stop < start`.
fn part<B: Backend, T: Element, D: Dim>(x: &Array<B, T, D>, axis: usize, start: usize, stop: usize) -> Result<Array<B, T, D>> {
    x.slice_axis(axis, start..stop.max(start))
}

/// An axis cut or padded with zeros to length `n`.
///
/// # Errors
/// When memory runs out or the device fails.
pub fn fit<B: Backend, T: Element, D: Dim>(x: &Array<B, T, D>, axis: usize, n: usize) -> Result<Array<B, T, D>> {
    let present = x.dims()[axis];
    if n <= present {
        return part(x, axis, 0, n);
    }
    let mut shape = x.dims().to_vec();
    shape[axis] = n - present;
    concat(&[x, &zeros(x.device(), shape)?.into_rank()?], axis)
}
