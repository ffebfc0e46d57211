//! Variances: sums of squared deviations from the mean.

use crate::array::Array;
use crate::backend::Backend;
use crate::dim::Dim;
use crate::dtype::{Float, Floating, Num, Real};
use crate::error::Result;
use crate::expr::eval_reduction;
use crate::math::{Baseline, Isa};
use crate::ops::{AbsSquare, Add, BinaryOp, DeviceSource, UnaryOp};
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
    fn finish((sum, squares): Self::Acc, count: usize) -> T::Real {
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
}

#[inline(always)]
fn add<I: Isa, T: Num>(a: T, b: T) -> T {
    <Add as BinaryOp<T>>::apply::<I>(Add, a, b)
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
    let mean = eval_reduction::<Mean, _, D>(widened(x).expr(), axes, true)?;
    let corrected = || eval_reduction::<SquaredDeviations, _, E>((widened(x) - &mean).expr(), axes, keepdims);
    let sums = if x.size() <= SMALL {
        corrected()?
    } else {
        let plain = eval_reduction::<Sum, _, D>((widened(x) - &mean).abs_square().expr(), axes, true)?;
        let eps = <WideReal<T> as Float>::EPSILON.to_f64();
        let factor = WideReal::<T>::from_f64(n as f64 * (MEAN_ERROR / 2.0).powi(2) * eps / TOLERATED);
        if (mean.lazy().abs_square() * factor).greater(&plain).any(..).try_eval()?.item()? {
            corrected()?
        } else {
            let kept: Vec<usize> = (0..x.ndim()).filter(|k| keepdims || !axes.contains(k)).map(|k| plain.dims()[k]).collect();
            plain.reshape(kept)?.into_rank()?
        }
    };
    let dof = n as f64 - correction;
    let dof = if dof > 0.0 { dof } else { f64::NAN };
    (sums.into_lazy() / WideReal::<T>::from_f64(dof)).try_eval()
}
