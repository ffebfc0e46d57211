//! Logarithms: `x = 2^k (1 + f)`, then a polynomial in `s = f / (2 + f)` (after FDLIBM).

use super::exp::{exp, exp_m1, exp_sum};
use super::kernel::{Kernel, at_least, at_most, fast_two_sum, fma, polynomial, round_magic, select, two_product, two_sum};
use super::tables::{Double, Tables};
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
    // Where the exponentials add up to nearly one, the result is that of what is left beside it.
    let beside_one = sum_beside_one::<I, F>(at_most(larger, F::ZERO), at_least(smaller, F::from_f64(SMALLEST)));
    let near = (larger <= F::ZERO) & (smaller > F::from_f64(SMALLEST)) & (beside_one.abs() < F::HALF);
    let result = select(near, F::ZERO, larger) + ln_1p::<I, F>(select(near, beside_one, exp_sum::<I, F>(difference, low)));
    // `larger` may have dropped a NaN, the difference has not.
    select(difference.is_nan(), difference, result)
}

/// Logarithms of smaller numbers have no part in a sum that is nearly one, but next to zero.
const SMALLEST: f64 = -80.0;

/// `exp(x) + exp(y) - 1` for numbers from `SMALLEST` to 0: in `f64` for `f32`, in twice the precision for `f64`.
#[inline(always)]
fn sum_beside_one<I: Isa, F: MathFloat>(x: F, y: F) -> F {
    let (x, y) = (x.to_f64(), y.to_f64());
    if F::EPSILON.to_f64() > f64::EPSILON {
        return F::from_f64(exp_m1::<I, f64>(x) + exp::<I, f64>(y));
    }
    let ((first, scale), (second, other)) = (expm1_twice::<I>(x), expm1_twice::<I>(y));
    let (sum, e1) = two_sum(scale - 1.0, other);
    let (sum, e2) = two_sum(sum, first.0 * scale);
    let (sum, e3) = two_sum(sum, second.0 * other);
    F::from_f64(sum + (e1 + e2 + e3 + first.1 * scale + second.1 * other))
}

/// `exp(x)` as `(1 + p) s` for a power of two `s`, where `p` is a sum of two numbers.
#[inline(always)]
fn expm1_twice<I: Isa>(x: f64) -> ((f64, f64), f64) {
    let (n, magic) = round_magic(x * <f64 as Kernel>::LOG2_E);
    let (product, lost) = two_product::<I, f64>(n, f64::LN2_LO);
    let (high, low) = two_sum(fma::<I, f64>(n, -f64::LN2_HI, x), -product);
    let r = (high, low - lost);
    let mut sum = (polynomial::<I, f64>(r.0, Double::FACTORIALS_TAIL), 0.0);
    for [high, low] in Double::FACTORIALS.into_iter().rev() {
        sum = add_twice((high, low), multiply_twice::<I>(r, sum));
    }
    let power = multiply_twice::<I>(r, multiply_twice::<I>(r, sum));
    (add_twice(r, power), f64::exp2_magic(magic))
}

/// The product of two sums of two numbers.
#[inline(always)]
fn multiply_twice<I: Isa>(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    let (product, lost) = two_product::<I, f64>(a.0, b.0);
    fast_two_sum(product, lost + (a.0 * b.1 + a.1 * b.0))
}

/// The sum of two sums of two numbers, of which the first is larger.
#[inline(always)]
fn add_twice(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    let (sum, lost) = fast_two_sum(a.0, b.0);
    fast_two_sum(sum, lost + (a.1 + b.1))
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
