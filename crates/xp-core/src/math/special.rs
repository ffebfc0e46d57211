//! Error functions, the normal distribution, logistic functions and the logarithm of the gamma function.

use super::exp::{exp, exp_unscaled};
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

/// By polynomials in `w = -ln(1 - x²)` below 6.25, then in its root (after M. Giles, "Approximating the erfinv function").
#[inline(always)]
pub(super) fn erfinv<I: Isa, F: MathFloat>(x: F) -> F {
    let a = x.abs();
    let w = -ln::<I, F>((F::ONE - a) * (F::ONE + a));
    let root = at_most(w, F::ERFINV_MAX).sqrt();
    let center = polynomial::<I, F>(at_most(w, F::ERFINV_CENTER + F::ERFINV_CENTER) - F::ERFINV_CENTER, F::ERFINV);
    let middle = polynomial::<I, F>(root - F::ERFINV_MIDDLE_CENTER, F::ERFINV_MIDDLE);
    let tail = polynomial::<I, F>(root - F::ERFINV_TAIL_CENTER, F::ERFINV_TAIL);
    let outer = select(w < F::ERFINV_TAIL_START, middle, tail);
    let value = x * select(w < F::ERFINV_CENTER + F::ERFINV_CENTER, center, outer);
    select(a == F::ONE, F::INFINITY.copysign(x), select(a > F::ONE, F::NAN, value))
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
    for k in [7.0, 5.0, 3.0, 1.0] {
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
fn gammaln_positive<I: Isa>(x: f64) -> f64 {
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
