//! Incomplete beta functions of arrays; the logarithm of a sum of exponentials, and `softmax`.

use crate::array::Array;
use crate::axes::Axes;
use crate::backend::Backend;
use crate::dim::{Dim, DimBase};
use crate::dtype::{Float, Num};
use crate::error::Result;
use crate::expr::eval_reduction;
use crate::ops::{Betainc, Betaincc, Betaincinv};
use crate::reduction::{Max, Sum};
use crate::wide::{converted, widened};

/// The rank of three operands together.
type Joined<D, E, G> = <<D as DimBase>::Max<E> as DimBase>::Max<G>;

/// Regularised incomplete beta function: the probability that a beta variable of the parameters `a` and `b` is at most `x`. The
/// arrays broadcast.
///
/// It is computed in double precision, by a continued fraction whose length grows as the root of the parameters; the error is 64
/// units in the last place, and 4 more for each unit of the logarithm of the result.
///
/// # Errors
/// [`Error::Broadcast`](crate::Error::Broadcast).
///
/// ```
/// use xp::prelude::*;
/// let y = xp::extra::betainc(&array![2.0_f64], &array![3.0], &array![0.4, 1.0, 1.5])?.to_vec();
/// assert!((y[0] - 0.5248).abs() < 1e-14 && y[1] == 1.0 && y[2].is_nan());
/// # Ok::<(), xp::Error>(())
/// ```
pub fn betainc<B: Backend, T: Float, D: Dim, E: Dim, G: Dim>(
    a: &Array<B, T, D>,
    b: &Array<B, T, E>,
    x: &Array<B, T, G>,
) -> Result<Array<B, T, Joined<D, E, G>>> {
    a.lazy().apply3(Betainc, b, x).try_eval()
}

/// The complement of [`betainc`], `1 - betainc(a, b, x)`, accurate where it is small.
///
/// # Errors
/// As for [`betainc`].
///
/// ```
/// use xp::prelude::*;
/// let y = xp::extra::betaincc(&array![1.0_f64], &array![50.0], &array![0.9])?.item()?;
/// assert!((y / 1e-50 - 1.0).abs() < 1e-12);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn betaincc<B: Backend, T: Float, D: Dim, E: Dim, G: Dim>(
    a: &Array<B, T, D>,
    b: &Array<B, T, E>,
    x: &Array<B, T, G>,
) -> Result<Array<B, T, Joined<D, E, G>>> {
    a.lazy().apply3(Betaincc, b, x).try_eval()
}

/// The number at which [`betainc`] of the parameters `a` and `b` is `p`, NaN for a `p` outside of 0 to 1.
///
/// # Errors
/// As for [`betainc`].
///
/// ```
/// use xp::prelude::*;
/// let x = xp::extra::betaincinv(&array![2.0_f64], &array![3.0], &array![0.2])?.item()?;
/// assert!((x - 0.212_317_128_277_951_27).abs() < 1e-14);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn betaincinv<B: Backend, T: Float, D: Dim, E: Dim, G: Dim>(
    a: &Array<B, T, D>,
    b: &Array<B, T, E>,
    p: &Array<B, T, G>,
) -> Result<Array<B, T, Joined<D, E, G>>> {
    a.lazy().apply3(Betaincinv, b, p).try_eval()
}

/// `log(sum(exp(x)))` without overflow, accurate near 0; minus infinity of no elements.
///
/// # Errors
/// [`Error::Axis`](crate::Error::Axis), [`Error::RepeatedAxis`](crate::Error::RepeatedAxis).
///
/// ```
/// use xp::prelude::*;
/// let y = xp::extra::logsumexp(&array![1000.0_f64, 1000.0], ..)?.item()?;
/// assert!((y - 1000.0 - 2.0_f64.ln()).abs() < 1e-12);
/// assert!((xp::extra::logsumexp(&array![0.0, -50.0], ..)?.item()? / (-50.0_f64).exp() - 1.0).abs() < 1e-14);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn logsumexp<B: Backend, T: Float, D: Dim, A: Axes>(x: &Array<B, T, D>, axes: A) -> Result<Array<B, T, A::Out<D>>> {
    let over = axes.axes(x.ndim())?;
    if over.iter().any(|&k| x.dims()[k] == 0) {
        let sums = eval_reduction::<_, _, A::Out<D>>(Sum, &x, &over, A::KEEP)?;
        return sums.into_lazy().log().try_eval()?.into_rank();
    }
    let Beside { largest, rest } = beside_largest(x, &over)?;
    let sums = (rest.lazy() + &largest).try_eval()?;
    let kept = sums.dims().iter().enumerate().filter(|(axis, _)| A::KEEP || !over.contains(axis));
    let shape: Vec<usize> = kept.map(|(_, &n)| n).collect();
    converted::<B, T::Wide, T, _>(&sums.reshape(shape)?.into_rank::<A::Out<D>>()?)
}

/// The largest elements along axes, and `log(sum(exp(x)))` less these.
struct Beside<B: Backend, W: Float, D: Dim> {
    largest: Array<B, W, D>,
    rest: Array<B, W, D>,
}

/// From the elements that are not the largest, whose exponentials are small beside it: the logarithm of 1 and little is accurate.
fn beside_largest<B: Backend, T: Float, D: Dim>(x: &Array<B, T, D>, over: &[usize]) -> Result<Beside<B, T::Wide, D>> {
    let largest = converted::<B, T, T::Wide, D>(&eval_reduction::<_, _, D>(Max, &x, over, true)?)?;
    let shift = largest.lazy().isfinite().where_(&largest, T::Wide::ZERO).try_eval()?;
    let is_largest = || widened(x).equal(&largest);
    let others = is_largest().where_(T::Wide::ZERO, (widened(x) - &shift).exp());
    let others = eval_reduction::<_, _, D>(Sum, others.expr(), over, true)?;
    let counts = eval_reduction::<_, _, D>(Sum, is_largest().astype::<T::Wide>().expr(), over, true)?;
    let rest = ((others.lazy() / &counts).log1p() + counts.lazy().log()).try_eval()?.into_rank()?;
    Ok(Beside { largest, rest })
}

/// Exponentials divided by their sum along axes, `exp(x) / sum(exp(x))`, without overflow.
///
/// # Errors
/// [`Error::Axis`](crate::Error::Axis), [`Error::RepeatedAxis`](crate::Error::RepeatedAxis).
///
/// ```
/// use xp::prelude::*;
/// let p = xp::extra::softmax(&array![[0.0, 0.0], [1000.0, 0.0]], 1)?;
/// assert_eq!(p.to_vec(), [0.5, 0.5, 1.0, 0.0]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn softmax<B: Backend, T: Float, D: Dim, A: Axes>(x: &Array<B, T, D>, axes: A) -> Result<Array<B, T, D>> {
    let over = axes.axes(x.ndim())?;
    if x.is_empty() {
        return Ok(x.clone());
    }
    let largest = converted::<B, T, T::Wide, D>(&eval_reduction::<_, _, D>(Max, &x, &over, true)?)?;
    let powers = (widened(x) - &largest).exp().try_eval()?;
    let sums = eval_reduction::<_, _, D>(Sum, &powers, &over, true)?;
    converted(&(powers.into_lazy() / &sums).try_eval()?.into_rank::<D>()?)
}

/// The logarithm of [`softmax`], without underflow and accurate near 0: `x - logsumexp(x)` along axes.
///
/// # Errors
/// As for [`softmax`].
///
/// ```
/// use xp::prelude::*;
/// let y = xp::extra::log_softmax(&array![1000.0, 0.0], 0)?;
/// assert_eq!(y.to_vec(), [0.0, -1000.0]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn log_softmax<B: Backend, T: Float, D: Dim, A: Axes>(x: &Array<B, T, D>, axes: A) -> Result<Array<B, T, D>> {
    let over = axes.axes(x.ndim())?;
    if x.is_empty() {
        return Ok(x.clone());
    }
    let Beside { largest, rest } = beside_largest(x, &over)?;
    converted(&(widened(x) - &largest - &rest).try_eval()?.into_rank::<D>()?)
}
