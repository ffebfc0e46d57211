//! Frequencies of bins, their order, and lengths whose transforms are fast.

use xp_core::functions::{arange, concat};
use xp_core::{Array, Axes, Backend, Dim, Element, Error, Float, Ix1, Result};

/// The frequencies of the bins of [`fft`](fn@crate::fft), in cycles per unit of the sample spacing `d`.
///
/// # Errors
/// [`Error::Value`], which names the argument, when `n` or `d` is zero.
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(xp::fft::fftfreq(&Cpu, 5, 0.1)?.to_vec(), [0.0, 2.0, 4.0, -4.0, -2.0]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn fftfreq<B: Backend, T: Float>(device: &B, n: usize, d: T) -> Result<Array<B, T, Ix1>> {
    let span = span("fftfreq", n, d)?;
    let up = arange(device, T::ZERO, T::from_usize(n.div_ceil(2)), T::ONE)?;
    let down = arange(device, -T::from_usize(n / 2), T::ZERO, T::ONE)?;
    (concat(&[&up, &down], 0)?.into_lazy() / span).try_eval()
}

/// The frequencies of the bins of [`rfft`](fn@crate::rfft), in cycles per unit of the sample spacing `d`.
///
/// # Errors
/// As for [`fftfreq`].
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(xp::fft::rfftfreq(&Cpu, 5, 0.1)?.to_vec(), [0.0, 2.0, 4.0]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn rfftfreq<B: Backend, T: Float>(device: &B, n: usize, d: T) -> Result<Array<B, T, Ix1>> {
    let span = span("rfftfreq", n, d)?;
    (arange(device, T::ZERO, T::from_usize(n / 2 + 1), T::ONE)?.into_lazy() / span).try_eval()
}

/// The bins along all axes with frequency zero in the middle.
///
/// # Errors
/// When memory runs out or the device fails.
///
/// ```
/// use xp::prelude::*;
/// use xp::fft::{fftshift, ifftshift};
/// let x = array![0, 1, 2, -2, -1];
/// assert_eq!(fftshift(&x)?.to_vec(), [-2, -1, 0, 1, 2]);
/// assert_eq!(ifftshift(&fftshift(&x)?)?.to_vec(), x.to_vec());
/// # Ok::<(), xp::Error>(())
/// ```
pub fn fftshift<B: Backend, T: Element, D: Dim>(x: &Array<B, T, D>) -> Result<Array<B, T, D>> {
    shift(x, .., |n| n / 2)
}

/// [`fftshift`] along some axes.
///
/// # Errors
/// [`Error::Axis`], [`Error::RepeatedAxis`].
pub fn fftshift_with<B: Backend, T: Element, D: Dim>(x: &Array<B, T, D>, axes: impl Axes) -> Result<Array<B, T, D>> {
    shift(x, axes, |n| n / 2)
}

/// The inverse of [`fftshift`]: the bins along all axes with frequency zero first.
///
/// # Errors
/// When memory runs out or the device fails.
pub fn ifftshift<B: Backend, T: Element, D: Dim>(x: &Array<B, T, D>) -> Result<Array<B, T, D>> {
    shift(x, .., |n| n.div_ceil(2))
}

/// [`ifftshift`] along some axes.
///
/// # Errors
/// [`Error::Axis`], [`Error::RepeatedAxis`].
pub fn ifftshift_with<B: Backend, T: Element, D: Dim>(x: &Array<B, T, D>, axes: impl Axes) -> Result<Array<B, T, D>> {
    shift(x, axes, |n| n.div_ceil(2))
}

/// The smallest length of at least `target` whose transform is fast: a product of the primes up to 11. Those of real
/// transforms, products of the primes up to 5, are found by [`next_fast_len_real`].
///
/// # Errors
/// [`Error::Value`], which names `target`, when it is zero or there is no such length.
///
/// ```
/// use xp::fft::next_fast_len;
/// assert_eq!(next_fast_len(1021)?, 1024);
/// assert_eq!((next_fast_len(13)?, xp::fft::next_fast_len_real(13)?), (14, 15));
/// # Ok::<(), xp::Error>(())
/// ```
pub fn next_fast_len(target: usize) -> Result<usize> {
    next_fast(target, false)
}

/// [`next_fast_len`] for real transforms.
///
/// # Errors
/// As for [`next_fast_len`].
pub fn next_fast_len_real(target: usize) -> Result<usize> {
    next_fast(target, true)
}

pub(crate) fn next_fast(target: usize, real: bool) -> Result<usize> {
    positive("next_fast_len", target)?;
    // A power of two is never further away than twice the target.
    let power = target.checked_next_power_of_two();
    fast_lengths(target.saturating_mul(2), real)
        .filter(|&n| n >= target)
        .chain(power)
        .min()
        .ok_or_else(|| Error::value("next_fast_len", format!("target = {target} is too large")))
}

/// The largest length of at most `target` whose transform is fast; see [`next_fast_len`].
///
/// # Errors
/// [`Error::Value`], which names `target`, when it is zero.
///
/// ```
/// assert_eq!((xp::fft::prev_fast_len(1021)?, xp::fft::prev_fast_len_real(1021)?), (1008, 1000));
/// # Ok::<(), xp::Error>(())
/// ```
pub fn prev_fast_len(target: usize) -> Result<usize> {
    prev_fast(target, false)
}

/// [`prev_fast_len`] for real transforms.
///
/// # Errors
/// As for [`prev_fast_len`].
pub fn prev_fast_len_real(target: usize) -> Result<usize> {
    prev_fast(target, true)
}

fn prev_fast(target: usize, real: bool) -> Result<usize> {
    positive("prev_fast_len", target)?;
    Ok(fast_lengths(target, real).max().unwrap_or(1))
}

fn positive(function: &'static str, target: usize) -> Result<()> {
    if target == 0 { Err(Error::value(function, "target is 0: lengths are positive")) } else { Ok(()) }
}

/// For every product of the odd primes, the largest length up to `limit` and half of it.
fn fast_lengths(limit: usize, real: bool) -> impl Iterator<Item = usize> {
    let mut products = vec![1_usize];
    for prime in if real { &[3, 5][..] } else { &[3, 5, 7, 11][..] } {
        let mut at = 0;
        while at < products.len() {
            products.extend(products[at].checked_mul(*prime).filter(|&p| p <= limit));
            at += 1;
        }
    }
    products.into_iter().flat_map(move |p| {
        let largest = p << (limit / p).ilog2();
        [largest, largest / 2].into_iter().filter(move |n| n % p == 0 && *n > 0)
    })
}

fn span<T: Float>(function: &'static str, n: usize, d: T) -> Result<T> {
    if n == 0 {
        return Err(Error::value(function, "n is 0: a transform has at least one point"));
    }
    if d == T::ZERO {
        return Err(Error::value(function, "d is 0: samples are some distance apart"));
    }
    Ok(T::from_usize(n) * d)
}

fn shift<B: Backend, T: Element, D: Dim>(x: &Array<B, T, D>, axes: impl Axes, by: fn(usize) -> usize) -> Result<Array<B, T, D>> {
    axes.axes(x.ndim())?.into_iter().try_fold(x.clone(), |x, axis| x.roll(by(x.dims()[axis]), axis))
}
