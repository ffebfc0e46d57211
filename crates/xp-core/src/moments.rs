//! Variances: sums of squared deviations from the mean.

use crate::array::Array;
use crate::backend::Backend;
use crate::dim::Dim;
use crate::dtype::{Element, Float, Floating, Num, Real};
use crate::error::Result;
use crate::expr::eval_reduction;
use crate::math::{Baseline, Isa};
use crate::ops::{AbsSquare, Add, BinaryOp, DeviceSource, Parameters, UnaryOp};
use crate::reduction::{Mean, Reduction, Sum};
use crate::wide::widened;

/// Sum of the squared magnitudes of the deviations from the mean, of elements from which a number near the mean has been
/// subtracted. With the sum `s` of the `n` elements it is `sum |x|^2 - |s|^2 / n`: what the subtracted number is off by does
/// not matter, where it enters a plain sum of squares `n` times squared.
/// The elements must be wide enough for both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SquaredDeviations;
impl<T: Floating> Reduction<T> for SquaredDeviations {
    /// The sum, and the sum of squared magnitudes.
    type Acc = (T, T::Real);
    type Out = T::Real;
    type Partial = (T, T::Real);
    const NAME: &'static str = "squared_deviations";
    const DEVICE: DeviceSource = DeviceSource::LIBRARY;
    const HAS_IDENTITY: bool = true;
    #[inline(always)]
    fn identity() -> Self::Acc {
        (T::ZERO, T::Real::ZERO)
    }
    #[inline(always)]
    fn push<I: Isa>((sum, squares): Self::Acc, x: T, _: usize) -> Self::Acc {
        (add::<I, T>(sum, x), add::<I, T::Real>(squares, <AbsSquare as UnaryOp<T>>::apply::<I>(AbsSquare, x)))
    }
    #[inline(always)]
    fn merge(a: Self::Acc, b: Self::Acc) -> Self::Acc {
        (add::<Baseline, T>(a.0, b.0), add::<Baseline, T::Real>(a.1, b.1))
    }
    fn finish(self, (sum, squares): Self::Acc, count: usize) -> T::Real {
        let n = T::Real::from_usize(count.max(1));
        let (re, im) = (sum.re(), sum.im());
        let corrected = squares - (re * (re / n) + im * (im / n));
        // Rounding may leave less than nothing; an infinite sum of squares stays.
        if corrected < T::Real::ZERO {
            T::Real::ZERO
        } else if corrected.is_nan() {
            squares
        } else {
            corrected
        }
    }
    fn to_partial(acc: Self::Acc) -> Self::Acc {
        acc
    }
    fn from_partial(partial: Self::Acc, _: usize) -> Self::Acc {
        partial
    }
}

#[inline(always)]
fn add<I: Isa, T: Num>(a: T, b: T) -> T {
    <Add as BinaryOp<T>>::apply::<I>(Add, a, b)
}

/// Variance in one pass, with the correction that is subtracted from the number of elements: as a part of a tuple of
/// reductions, or at the end of an expression that costs more than a second look at its elements.
///
/// An accumulator carries the number of elements, the first of them, the mean of the differences from that one, and the sum of
/// the squared magnitudes of the deviations from the mean: B. P. Welford's recurrence, and the formula of T. F. Chan,
/// G. H. Golub and R. J. LeVeque for joining two, on differences, so that the size of the mean does not matter. The error is a
/// few times `sqrt(n)` units in the last place at most. [`Array::var`] reads the array twice, and is as accurate.
///
/// ```
/// use xp::prelude::*;
/// use xp::reduction::{Max, Std, Var};
/// let x = array![1e9_f64, 1e9 + 1.0, 1e9 + 5.0];
/// let (var, max) = x.reduce((Var(1.0), Max), 0);
/// assert_eq!((var.item()?, max.item()?), (7.0, 1e9 + 5.0));
/// assert_eq!((x.lazy() * 2.0).reduce(Std(1.0), 0).eval().item()?, 28.0_f64.sqrt());
/// # Ok::<(), xp::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Var(pub f64);

/// Standard deviation in one pass: the square root of [`Var`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Std(pub f64);

macro_rules! one_pass {
    ($($R:ident $name:literal |$wide:ident| $value:expr;)*) => {$(
        impl<T: Floating> Reduction<T> for $R {
            type Acc = Moments<T>;
            type Out = T::Real;
            type Partial = (WideReal<T>, T::Wide, T::Wide, WideReal<T>);
            const NAME: &'static str = $name;
            const DEVICE: DeviceSource = DeviceSource::LIBRARY;
            const HAS_IDENTITY: bool = true;
            #[inline(always)]
            fn identity() -> Moments<T> {
                Moments { n: WideReal::<T>::ZERO, first: T::Wide::ZERO, mean: T::Wide::ZERO, squares: WideReal::<T>::ZERO }
            }
            #[inline(always)]
            fn push<I: Isa>(acc: Moments<T>, x: T, _: usize) -> Moments<T> {
                acc.push(x.cast())
            }
            #[inline(always)]
            fn merge(a: Moments<T>, b: Moments<T>) -> Moments<T> {
                a.merge(b)
            }
            fn finish(self, acc: Moments<T>, count: usize) -> T::Real {
                let $wide = acc.squares / degrees_of_freedom::<WideReal<T>>(count, self.0);
                $value.cast()
            }
            fn to_partial(acc: Moments<T>) -> Self::Partial {
                (acc.n, acc.first, acc.mean, acc.squares)
            }
            fn from_partial((n, first, mean, squares): Self::Partial, _: usize) -> Moments<T> {
                Moments { n, first, mean, squares }
            }
            fn parameters(self) -> Parameters {
                Parameters::new().with(self.0)
            }
        }
    )*};
}
one_pass! {
    Var "var" |v| v;
    Std "std" |v| v.sqrt();
}

/// The accumulator of [`Var`].
#[derive(Clone, Copy, Debug)]
pub struct Moments<T: Floating> {
    /// The number of elements.
    n: WideReal<T>,
    /// The first of them.
    first: T::Wide,
    /// The mean, less the first.
    mean: T::Wide,
    /// The sum of the squared magnitudes of the deviations from the mean.
    squares: WideReal<T>,
}

impl<T: Floating> Moments<T> {
    #[inline(always)]
    fn push(self, x: T::Wide) -> Self {
        let n = self.n + WideReal::<T>::ONE;
        let first = if self.n == WideReal::<T>::ZERO { x } else { self.first };
        let before = x - first - self.mean;
        let mean = self.mean + scaled(before, WideReal::<T>::ONE / n);
        Moments { n, first, mean, squares: self.squares + product(before, x - first - mean) }
    }

    #[inline(always)]
    fn merge(self, other: Self) -> Self {
        let apart = (other.first - self.first) + (other.mean - self.mean);
        let n = self.n + other.n;
        let share = other.n / n;
        let joined = Moments {
            n,
            first: self.first,
            mean: self.mean + scaled(apart, share),
            squares: self.squares + other.squares + product(apart, apart) * (self.n * share),
        };
        if self.n == WideReal::<T>::ZERO {
            other
        } else if other.n == WideReal::<T>::ZERO {
            self
        } else {
            joined
        }
    }
}

/// A number times a real one.
#[inline(always)]
fn scaled<T: Floating>(x: T, by: T::Real) -> T {
    T::from_parts(x.re() * by, x.im() * by)
}

/// The real part of `x` times the conjugate of `y`.
#[inline(always)]
fn product<T: Num>(x: T, y: T) -> T::Real {
    x.re() * y.re() + x.im() * y.im()
}

/// What the sum of squares is divided by; NaN when that is not positive.
fn degrees_of_freedom<T: Num>(count: usize, correction: f64) -> T {
    let dof = count as f64 - correction;
    T::from_f64(if dof > 0.0 { dof } else { f64::NAN })
}

/// Real part of the dtype in which variances of `T` are computed.
pub(crate) type WideReal<T> = <<T as Num>::Wide as Num>::Real;

/// Arrays up to this size get their variance with the correction at once.
const SMALL: usize = 1 << 12;
/// Bound of the error of a mean in units of half an epsilon of the mean: that of a blocked sum of less than 2^40 numbers.
const MEAN_ERROR: f64 = 300.0;
/// Relative error of a variance, in epsilons, that the rounding of the mean may cause before it is corrected.
const TOLERATED: f64 = 16.0;

/// The variance over some axes, in [`Num::Wide`]: two passes, the mean and the squared deviations from it. Where the mean is
/// so large beside them that its rounding could show, the squares are summed once more with a correction for it.
pub(crate) fn variance<B: Backend, T: Floating, D: Dim, E: Dim>(
    x: &Array<B, T, D>,
    axes: &[usize],
    keepdims: bool,
    correction: f64,
) -> Result<Array<B, WideReal<T>, E>> {
    let n: usize = axes.iter().map(|&k| x.dims()[k]).product();
    let mean = eval_reduction::<_, _, D>(Mean, widened(x).expr(), axes, true)?;
    let corrected = || eval_reduction::<_, _, E>(SquaredDeviations, (widened(x) - &mean).expr(), axes, keepdims);
    let sums = if x.size() <= SMALL {
        corrected()?
    } else {
        let plain = eval_reduction::<_, _, D>(Sum, (widened(x) - &mean).abs_square().expr(), axes, true)?;
        let eps = <WideReal<T> as Float>::EPSILON.to_f64();
        let factor = WideReal::<T>::from_f64(n as f64 * (MEAN_ERROR / 2.0).powi(2) * eps / TOLERATED);
        if (mean.lazy().abs_square() * factor).greater(&plain).any(..).try_eval()?.item()? {
            corrected()?
        } else {
            let kept: Vec<usize> = (0..x.ndim()).filter(|k| keepdims || !axes.contains(k)).map(|k| plain.dims()[k]).collect();
            plain.reshape(kept)?.into_rank()?
        }
    };
    (sums.into_lazy() / degrees_of_freedom::<WideReal<T>>(n, correction)).try_eval()
}
