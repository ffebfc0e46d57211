//! Error functions, the normal distribution, logistic functions, relative entropies and the logarithm of the gamma function.

use super::exp::{exp, exp_sum, exp_unscaled};
use super::kernel::{at_least, at_most, fma, polynomial, scale, select};
use super::log::{ln, ln_1p};
use super::tables::Double;
use super::{Isa, MathFloat};

#[inline(always)]
pub(super) fn erf<I: Isa, F: MathFloat>(x: F) -> F {
    let a = x.abs();
    let small = erf_small::<I, F>(x, a);
    let (value, n) = erfc_unscaled::<I, F>(at_most(a, F::SATURATED));
    let large = (F::ONE - scale(value, n)).copysign(x);
    select(a > F::ONE, large, small)
}

#[inline(always)]
pub(super) fn erfc<I: Isa, F: MathFloat>(x: F) -> F {
    let a = x.abs();
    let (value, n) = erfc_unscaled::<I, F>(at_most(a, F::ERFC_MAX));
    let positive = scale(value, n);
    let large = select(x < F::ZERO, F::TWO - positive, positive);
    select(a < F::HALF, F::ONE - erf_small::<I, F>(x, a), large)
}

/// erf(x) for `a = |x| <= 1`.
#[inline(always)]
fn erf_small<I: Isa, F: MathFloat>(x: F, a: F) -> F {
    let z = at_most(a * a, F::ONE);
    fma::<I, F>(x, polynomial::<I, F>(z, F::ERF), x)
}

#[inline(always)]
pub(super) fn erfcx<I: Isa, F: MathFloat>(x: F) -> F {
    let a = x.abs();
    let positive = mills::<I, F>(a);
    // From twice `exp(x²)` where x is negative: without the rounding of the square, which is infinite long before the limit.
    let limited = at_most(a, F::ERFC_MAX);
    let hi = F::clear_low(limited);
    let square = exp_sum::<I, F>(hi * hi, (limited - hi) * (limited + hi));
    select(x < F::ZERO, square + square - positive, positive)
}

#[inline(always)]
pub(super) fn erfinv<I: Isa, F: MathFloat>(x: F) -> F {
    let a = x.abs();
    let value = x * erfinv_ratio::<I, F>(-ln::<I, F>((F::ONE - a) * (F::ONE + a)));
    select(a == F::ONE, F::INFINITY.copysign(x), select(a > F::ONE, F::NAN, value))
}

/// `erfinv(x) / x` by polynomials in `w = -ln(1 - x²)` at first, then in its root (after M. Giles, "Approximating the erfinv
/// function"). For all `w` that a number `x` has.
#[inline(always)]
fn erfinv_ratio<I: Isa, F: MathFloat>(w: F) -> F {
    let root = at_most(w, F::ERFINV_MAX).sqrt();
    let center = polynomial::<I, F>(at_most(w, F::ERFINV_CENTER + F::ERFINV_CENTER) - F::ERFINV_CENTER, F::ERFINV);
    let middle = polynomial::<I, F>(root - F::ERFINV_MIDDLE_CENTER, F::ERFINV_MIDDLE);
    let tail = polynomial::<I, F>(root - F::ERFINV_TAIL_CENTER, F::ERFINV_TAIL);
    let outer = select(w < F::ERFINV_TAIL_START, middle, tail);
    select(w < F::ERFINV_CENTER + F::ERFINV_CENTER, center, outer)
}

/// By the inverse error function of `2 p - 1`, whose distance from -1 and 1 is known from `p`; so its tails need one more
/// polynomial, where `2 p - 1` is nearer to them than any number.
#[inline(always)]
pub(super) fn ndtri<I: Isa, F: MathFloat>(p: F) -> F {
    let upper = p > F::HALF;
    let tail = select(upper, F::ONE - p, p);
    let w = at_least(-ln::<I, F>(tail * (F::ONE - tail) * (F::TWO + F::TWO)), F::ZERO);
    let root = w.sqrt();
    let far = root * polynomial::<I, F>((root - F::ERFINV_FAR_CENTER) / (root + F::ERFINV_FAR_CENTER), F::ERFINV_FAR);
    let ratio = select(root < F::ERFINV_FAR_START, erfinv_ratio::<I, F>(w), far);
    // Root of 2 is twice its inverse.
    let value = (F::ONE - F::TWO * tail) * ratio * (F::TWO * F::FRAC_1_SQRT_2);
    let value = select(tail == F::ZERO, F::INFINITY, select(tail < F::ZERO, F::NAN, value));
    select(upper, value, -value)
}

#[inline(always)]
pub(super) fn ndtr<I: Isa, F: MathFloat>(x: F) -> F {
    let tail = normal_tail::<I, F>(x.abs());
    select(x < F::ZERO, tail, F::ONE - tail)
}

#[inline(always)]
pub(super) fn log_ndtr<I: Isa, F: MathFloat>(x: F) -> F {
    let a = x.abs();
    // Both are negative: nothing cancels.
    let below = ln::<I, F>(F::HALF * mills::<I, F>(a * F::FRAC_1_SQRT_2)) - F::HALF * (x * x);
    let above = ln_1p::<I, F>(-normal_tail::<I, F>(a));
    select(x < F::ZERO, below, above)
}

/// The normal probability of more than `a`, for `a >= 0`: half of `erfc(a / sqrt(2))`, whose exponential is that of `-a² / 2`
/// without rounding.
#[inline(always)]
fn normal_tail<I: Isa, F: MathFloat>(a: F) -> F {
    let a = at_most(a, F::TWO * F::ERFC_MAX);
    let hi = F::clear_low(a);
    let (e, n) = exp_unscaled::<I, F>(-(F::HALF * (hi * hi)), F::HALF * ((hi - a) * (hi + a)));
    scale(F::HALF * (e * mills::<I, F>(a * F::FRAC_1_SQRT_2)), n)
}

/// `exp(a²) erfc(a)` for `a >= 0`: as in [`erfc_unscaled`], and by the asymptotic series where `erfc` is zero.
#[inline(always)]
fn mills<I: Isa, F: MathFloat>(a: F) -> F {
    let (p, q) = erfc_parts::<I, F>(at_most(a, F::ERFC_MAX));
    let z = F::HALF / (a * a);
    let mut series = F::ONE;
    for k in [13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
        series = F::ONE - F::from_f64(k) * z * series;
    }
    select(a > F::ERFC_MAX, series * F::FRAC_1_SQRT_PI / a, p / q)
}

#[inline(always)]
pub(super) fn softplus<I: Isa, F: MathFloat>(x: F) -> F {
    at_least(x, F::ZERO) + ln_1p::<I, F>(exp::<I, F>(-x.abs()))
}

#[inline(always)]
pub(super) fn log_expit<I: Isa, F: MathFloat>(x: F) -> F {
    -softplus::<I, F>(-x)
}

#[inline(always)]
pub(super) fn entr<I: Isa, F: MathFloat>(x: F) -> F {
    let value = -x * ln::<I, F>(x);
    select(x == F::ZERO, F::ZERO, select(x < F::ZERO, -F::INFINITY, value))
}

/// `x ln(x / y)`
#[inline(always)]
pub(super) fn rel_entr<I: Isa, F: MathFloat>(x: F, y: F) -> F {
    let (s, tail, near) = log_ratio_parts::<I, F>(x, y);
    let value = x * select(near, fma::<I, F>(s, tail, s + s), log_ratio::<I, F>(x, y));
    let value = select((x > F::ZERO) & (y > F::ZERO), value, select((x == F::ZERO) & (y >= F::ZERO), F::ZERO, F::INFINITY));
    select(x.is_nan() | y.is_nan(), F::NAN, value)
}

/// `x ln(x / y) - x + y`, from `(x - y) s + x (ln(x / y) - 2 s)` with `s = (x - y) / (x + y)`.
#[inline(always)]
pub(super) fn kl_div<I: Isa, F: MathFloat>(x: F, y: F) -> F {
    let (s, tail, near) = log_ratio_parts::<I, F>(x, y);
    let close = (x - y) * s + x * (s * tail);
    let value = select(near, close, x * log_ratio::<I, F>(x, y) - x + y);
    let value = select((x > F::ZERO) & (y > F::ZERO), value, select((x == F::ZERO) & (y >= F::ZERO), y, F::INFINITY));
    select(x.is_nan() | y.is_nan(), F::NAN, value)
}

/// `s` and `t` with `ln(x / y) = 2 s + s t`, where the last result says that the numbers are near.
#[inline(always)]
fn log_ratio_parts<I: Isa, F: MathFloat>(x: F, y: F) -> (F, F, bool) {
    let d = (x - y) / y;
    let s = d / (F::TWO + d);
    let z = s * s;
    let limit = F::from_f64(0.029);
    (s, at_most(z, limit) * polynomial::<I, F>(at_most(z, limit), F::LOG), z < limit)
}

/// `ln(x / y)` of positive numbers, whose quotient may be no number.
#[inline(always)]
fn log_ratio<I: Isa, F: MathFloat>(x: F, y: F) -> F {
    let ratio = x / y;
    let one = (ratio > F::MIN_POSITIVE) & (ratio < F::INFINITY);
    ln::<I, F>(select(one, ratio, x)) - select(one, F::ZERO, ln::<I, F>(y))
}

/// erfc(a) as `value * 2^n` for `0 <= a <= ERFC_MAX`: `exp(-a²) / (1 + 2 a)` times a polynomial in
/// `(a - c) / (a + c)` (after Shepherd and Laframboise).
#[inline(always)]
fn erfc_unscaled<I: Isa, F: MathFloat>(a: F) -> (F, F) {
    let (p, q) = erfc_parts::<I, F>(a);
    let hi = F::clear_low(a);
    let (e, n) = exp_unscaled::<I, F>(-(hi * hi), (hi - a) * (hi + a));
    (e * p / q, n)
}

/// `p` and `q` with `erfc(a) = exp(-a²) p / q`.
#[inline(always)]
fn erfc_parts<I: Isa, F: MathFloat>(a: F) -> (F, F) {
    let t = (a - F::ERFC_CENTER) / (a + F::ERFC_CENTER);
    (polynomial::<I, F>(t, F::ERFC), fma::<I, F>(F::TWO, a, F::ONE))
}

/// In double precision for both types.
#[inline(always)]
pub(super) fn gammaln<I: Isa, F: MathFloat>(x: F) -> F {
    F::from_f64(gammaln_positive::<I>(x.to_f64()))
}

/// By the reflection formula for negative arguments.
pub(super) fn gammaln_reflected<F: MathFloat>(x: F) -> F {
    use super::Baseline;
    let x = x.to_f64();
    let a = x.abs();
    let direct = gammaln_positive::<Baseline>(a);
    if x.is_nan() || x >= 0.0 || a == f64::INFINITY {
        return F::from_f64(direct);
    }
    let fraction = a - a.floor();
    if fraction == 0.0 {
        return F::INFINITY;
    }
    if a < f64::EPSILON * f64::EPSILON {
        return F::from_f64(-a.ln());
    }
    let sine = (core::f64::consts::PI * fraction.min(1.0 - fraction)).sin();
    F::from_f64((core::f64::consts::PI / (a * sine)).ln() - direct)
}

/// ln Γ(x) for `x >= 0`: Stirling's series from 8 on; below, a rational function on [0.5, 2.5] that has the zeros at 1 and
/// 2 as factors, and the recurrence.
#[inline(always)]
pub(super) fn gammaln_positive<I: Isa>(x: f64) -> f64 {
    let tiny = x < 0.5;
    let large = x >= 8.0;
    let mut y = select(tiny, x + 1.0, x);
    let mut product = 1.0;
    for _ in 0..6 {
        let above = y > 2.5;
        y = select(above, y - 1.0, y);
        product = select(above, product * y, product);
    }
    let u = at_most(y - 0.5, 2.0);
    let q = polynomial::<I, f64>(u, Double::GAMMALN_Q);
    let inverse = 1.0 / select(large, x, q);
    let middle = (y - 1.0) * (y - 2.0) * (polynomial::<I, f64>(u, Double::GAMMALN_P) * inverse);

    let log = ln::<I, f64>(select(tiny | large, x, product));
    let below = select(tiny, middle - log, middle + log);
    let series = inverse * polynomial::<I, f64>(inverse * inverse, Double::STIRLING);
    let stirling = fma::<I, f64>(x - 0.5, log - 1.0, series + HALF_LN_TAU_MINUS_HALF);
    let value = select(large, stirling, below);
    select(x < f64::INFINITY, value, x)
}

/// (ln(2π) - 1) / 2
const HALF_LN_TAU_MINUS_HALF: f64 = 0.418_938_533_204_672_7;
