//! Logarithms: `x = 2^k (1 + f)`, then a polynomial in `s = f / (2 + f)` (after FDLIBM).

use super::exp::exp_sum;
use super::kernel::{at_most, fma, polynomial, select, two_sum};
use super::{Isa, MathFloat};

#[inline(always)]
pub(super) fn ln<I: Isa, F: MathFloat>(x: F) -> F {
    let (k, f) = decompose(x);
    limits(x, ln_scaled::<I, F>(k, f, F::ZERO))
}

#[inline(always)]
pub(super) fn ln_1p<I: Isa, F: MathFloat>(x: F) -> F {
    let u = F::ONE + x;
    let (k, m) = F::split_exponent(u);
    // What the rounding of 1 + x lost, relative to m. Where k is large it is negligible.
    let lost = select(x > F::ONE, F::ONE - (u - x), x - (u - F::ONE));
    let lost = lost * F::exp2_magic(F::MAGIC - at_most(k, F::BIG_EXPONENT));
    let f = m - F::ONE;
    let c = lost - lost * f;
    let exact = k == F::ZERO;
    let f = select(exact, x, f);
    let c = select(exact, F::ZERO, c);
    let result = limits(u, ln_scaled::<I, F>(k, f, c));
    // Here also so that a zero keeps its sign and infinity is not an exponent.
    select((x.abs() < F::EPSILON * F::HALF) | (x == F::INFINITY), x, result)
}

#[inline(always)]
pub(super) fn log2<I: Isa, F: MathFloat>(x: F) -> F {
    let (k, f) = decompose(x);
    let (hi, lo) = ln_split::<I, F>(f);
    let high = hi * F::INV_LN2_HI;
    let low = fma::<I, F>(lo + hi, F::INV_LN2_LO, lo * F::INV_LN2_HI);
    let sum = k + high;
    limits(x, sum + (low + ((k - sum) + high)))
}

#[inline(always)]
pub(super) fn log10<I: Isa, F: MathFloat>(x: F) -> F {
    let (k, f) = decompose(x);
    let (hi, lo) = ln_split::<I, F>(f);
    let high = hi * F::INV_LN10_HI;
    let low = fma::<I, F>(lo + hi, F::INV_LN10_LO, fma::<I, F>(lo, F::INV_LN10_HI, k * F::LOG10_2_LO));
    let exponent = k * F::LOG10_2_HI;
    let sum = exponent + high;
    limits(x, sum + (low + ((exponent - sum) + high)))
}

#[inline(always)]
pub(super) fn logaddexp<I: Isa, F: MathFloat>(x: F, y: F) -> F {
    let larger = select(x > y, x, y);
    let smaller = select(x > y, y, x);
    let (difference, low) = two_sum(smaller, -larger);
    // Equal infinities have no difference, and infinite or huge differences no error that matters.
    let difference = select(x == y, F::ZERO, difference);
    let low = select((difference > F::EXP_MIN) & (x != y), low, F::ZERO);
    let result = larger + ln_1p::<I, F>(exp_sum::<I, F>(difference, low));
    // `larger` may have dropped a NaN, the difference has not.
    select(difference.is_nan(), difference, result)
}

/// `k` and `f` with `x = 2^k (1 + f)`, `sqrt(1/2) <= 1 + f < sqrt(2)`, for positive finite `x`.
#[inline(always)]
pub(super) fn decompose<F: MathFloat>(x: F) -> (F, F) {
    let subnormal = x < F::MIN_POSITIVE;
    let (k, m) = F::split_exponent(select(subnormal, x * F::NORMALIZE, x));
    (select(subnormal, k - F::NORMALIZE_EXPONENT, k), m - F::ONE)
}

/// k ln(2) + ln(1 + f) + c
#[inline(always)]
fn ln_scaled<I: Isa, F: MathFloat>(k: F, f: F, c: F) -> F {
    let (s, half_square, tail) = ln_terms::<I, F>(f);
    let low = fma::<I, F>(s, half_square + tail, fma::<I, F>(k, F::LN2_LO, c));
    fma::<I, F>(k, F::LN2_HI, f - (half_square - low))
}

/// ln(1 + f) as a number of half length and a remainder.
#[inline(always)]
fn ln_split<I: Isa, F: MathFloat>(f: F) -> (F, F) {
    let (s, half_square, tail) = ln_terms::<I, F>(f);
    let hi = F::clear_low(f - half_square);
    (hi, fma::<I, F>(s, half_square + tail, (f - hi) - half_square))
}

/// `s`, `h` and `t` with `ln(1 + f) = f - (h - s (h + t))`.
#[inline(always)]
fn ln_terms<I: Isa, F: MathFloat>(f: F) -> (F, F, F) {
    let s = f / (F::TWO + f);
    let z = s * s;
    (s, F::HALF * f * f, z * polynomial::<I, F>(z, F::LOG))
}

/// The values of a logarithm outside the positive finite numbers.
#[inline(always)]
fn limits<F: MathFloat>(x: F, value: F) -> F {
    let value = select(x == F::ZERO, -F::INFINITY, value);
    let value = select(x < F::ZERO, F::NAN, value);
    select(x < F::INFINITY, value, x)
}
