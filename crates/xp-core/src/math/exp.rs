//! Exponentials: reduction by ln(2) after Cody and Waite, then a polynomial on half that interval.

use super::kernel::{at_least, at_most, fma, polynomial, round_magic, scale, select};
use super::{Isa, MathFloat};

#[inline(always)]
pub(super) fn exp<I: Isa, F: MathFloat>(x: F) -> F {
    exp_sum::<I, F>(x, F::ZERO)
}

#[inline(always)]
pub(super) fn exp2<I: Isa, F: MathFloat>(x: F) -> F {
    let x = at_most(at_least(x, F::EXP2_MIN), F::EXP2_MAX);
    let (n, _) = round_magic(x);
    let r = x - n;
    let h = F::clear_low(r);
    let hi = h * F::clear_low(F::LN_2);
    let lo = fma::<I, F>(h, F::LN_2 - F::clear_low(F::LN_2), (r - h) * F::LN_2);
    scale(F::ONE + expm1_reduced::<I, F>(hi + lo, (hi - (hi + lo)) + lo), n)
}

#[inline(always)]
pub(super) fn exp_m1<I: Isa, F: MathFloat>(x: F) -> F {
    // Below, the result is -1 to the last bit.
    let y = at_most(at_least(x, -(F::SATURATED + F::SATURATED)), F::EXP_MAX);
    let (n, r, c) = reduce::<I, F>(y, F::ZERO);
    let p = expm1_reduced::<I, F>(r, c);
    // 2^n p + (2^n - 1), computed at half its size because 2^n may be just above the range.
    let s = F::exp2_magic((n - F::ONE) + F::MAGIC);
    let result = fma::<I, F>(p, s, s - F::HALF) * F::TWO;
    select(x.abs() < F::EPSILON * F::HALF, x, result)
}

/// exp(hi + lo) for `|lo|` much smaller than 1.
#[inline(always)]
pub(super) fn exp_sum<I: Isa, F: MathFloat>(hi: F, lo: F) -> F {
    let (value, n) = exp_unscaled::<I, F>(hi, lo);
    scale(value, n)
}

/// exp(hi + lo) as `value * 2^n`.
#[inline(always)]
pub(super) fn exp_unscaled<I: Isa, F: MathFloat>(hi: F, lo: F) -> (F, F) {
    let (n, r, c) = reduce::<I, F>(at_most(at_least(hi, F::EXP_MIN), F::EXP_MAX), lo);
    (F::ONE + expm1_reduced::<I, F>(r, c), n)
}

/// `x + lo = n ln(2) + r + c` with `|r| <= ln(2)/2` and `c` below the last bit of `r`.
#[inline(always)]
pub(super) fn reduce<I: Isa, F: MathFloat>(x: F, lo: F) -> (F, F, F) {
    let (n, _) = round_magic(x * F::LOG2_E);
    let h = fma::<I, F>(n, -F::LN2_HI, x);
    let l = fma::<I, F>(n, -F::LN2_LO, lo);
    let r = h + l;
    (n, r, (h - r) + l)
}

/// exp(r + c) - 1 for a reduced argument.
#[inline(always)]
fn expm1_reduced<I: Isa, F: MathFloat>(r: F, c: F) -> F {
    r + fma::<I, F>(r * r, polynomial::<I, F>(r, F::EXP), c)
}
