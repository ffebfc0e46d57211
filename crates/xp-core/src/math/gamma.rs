//! Digamma and the logarithm of the beta function, in double precision for both types.

use super::kernel::{at_most, polynomial, select};
use super::log::{ln, ln_1p};
use super::special::gammaln_positive;
use super::tables::Double;
use super::{Baseline, Isa, MathFloat};

/// For arguments that are not negative.
#[inline(always)]
pub(super) fn digamma<I: Isa, F: MathFloat>(x: F) -> F {
    F::from_f64(digamma_positive::<I>(x.to_f64()))
}

/// By the reflection formula for negative arguments.
pub(super) fn digamma_reflected<F: MathFloat>(x: F) -> F {
    let x = x.to_f64();
    if x.is_nan() || x >= 0.0 {
        return F::from_f64(digamma_positive::<Baseline>(x));
    }
    let fraction = x - x.round();
    if fraction == 0.0 || x == -f64::INFINITY {
        return F::NAN;
    }
    let pi = core::f64::consts::PI;
    let cotangent = if fraction.abs() <= 0.25 { 1.0 / (pi * fraction).tan() } else { (pi * (0.5 - fraction.abs())).tan().copysign(fraction) };
    F::from_f64(digamma_positive::<Baseline>(1.0 - x) - pi * cotangent)
}

/// digamma(x) for `x >= 0`: the asymptotic series from 10 on; a rational function on [1, 3] that has the root as a factor; the
/// recurrence below and between, where it adds numbers of one sign.
#[inline(always)]
fn digamma_positive<I: Isa>(x: f64) -> f64 {
    let tiny = x < 1.0;
    let large = x >= 10.0;
    let mut y = select(tiny, x + 1.0, x);
    let mut sum = 0.0;
    for _ in 0..7 {
        let above = y > 3.0;
        y = select(above, y - 1.0, y);
        sum = select(above, sum + 1.0 / y, sum);
    }
    let u = at_most(y - 1.0, 2.0);
    let ratio = polynomial::<I, f64>(u, Double::DIGAMMA_P) / polynomial::<I, f64>(u, Double::DIGAMMA_Q);
    let middle = ((y - Double::DIGAMMA_ROOT_HI) - Double::DIGAMMA_ROOT_LO) * ratio;
    let inverse = 1.0 / x;
    let below = middle + select(tiny, -inverse, sum);
    let w = at_most(inverse * inverse, 0.01);
    let series = ln::<I, f64>(x) - (0.5 * inverse + w * polynomial::<I, f64>(w, Double::DIGAMMA_TAIL));
    select(large, series, below)
}

#[inline(always)]
pub(super) fn betaln<I: Isa, F: MathFloat>(a: F, b: F) -> F {
    let (a, b) = (a.to_f64(), b.to_f64());
    F::from_f64(if a < 0.0 || b < 0.0 { betaln_reflected(a, b) } else { betaln_positive::<I>(a, b) })
}

/// ln B(a, b) for arguments that are not negative.
///
/// With `a <= b`: for `a >= 8` from Stirling's series of all three gamma functions (after DiDonato and Morris); below, from
/// ln Γ(a) and ln Γ(b) - ln Γ(a + b), whose large parts are put together first, and which starts from `b + 8` for a small `b`.
#[inline(always)]
pub(super) fn betaln_positive<I: Isa>(a: f64, b: f64) -> f64 {
    let sum = a + b;
    let (a, b) = (select(a < b, a, b), select(a < b, b, a));
    let large = b >= 8.0;
    let y = select(large, b, b + 8.0);
    let (mut above, mut below) = (1.0, 1.0);
    for j in 1..8 {
        above *= sum + f64::from(j);
        below *= b + f64::from(j);
    }
    let steps = select(large, 1.0, sum / b * (above / below));
    let moved = a + y;
    let quotient = -(y - 0.5) * ln_1p::<I, f64>(a / y) - a * (ln::<I, f64>(moved) - 1.0);
    let near = gammaln_positive::<I>(a) + (quotient + (remainder::<I>(y) - remainder::<I>(moved)) + ln::<I, f64>(steps));

    let h = a / b;
    let rest = remainder::<I>(a) + (remainder::<I>(b) - remainder::<I>(sum));
    let far = (a - 0.5) * ln::<I, f64>(h / (1.0 + h)) - b * ln_1p::<I, f64>(h) + (rest + (HALF_LN_TAU - 0.5 * ln::<I, f64>(b)));

    let value = select(a >= 8.0, far, near);
    let value = select(a == 0.0, f64::INFINITY, value);
    let value = select(b == f64::INFINITY, select(a > 0.0 && a < f64::INFINITY, -f64::INFINITY, f64::NAN), value);
    select(sum.is_nan(), f64::NAN, value)
}

/// What Stirling's formula leaves of ln Γ(x), for `x >= 8`.
#[inline(always)]
pub(super) fn remainder<I: Isa>(x: f64) -> f64 {
    let inverse = 1.0 / x;
    inverse * polynomial::<I, f64>(at_most(inverse * inverse, 1.0 / 64.0), Double::STIRLING)
}

/// ln |B(a, b)| with a negative argument.
#[cold]
#[inline(never)]
fn betaln_reflected(a: f64, b: f64) -> f64 {
    let integer = |x: f64| x <= 0.0 && x == x.floor();
    let (pole, other) = if integer(a) { (a, b) } else { (b, a) };
    if integer(pole) {
        // The poles of Γ(a) and Γ(a + b) cancel for an integer b that does not reach beyond zero, unless Γ(b) has one too.
        let finite = pole > -f64::INFINITY && other >= 0.0 && other == other.floor() && 1.0 - pole - other > 0.0;
        return if finite { betaln_positive::<Baseline>(1.0 - pole - other, other) } else { f64::INFINITY };
    }
    reflected_by_sines(a, b)
}

/// [`betaln_reflected`] without poles: Γ(x) = π / (sin(πx) Γ(1 - x)) for what is negative leaves one beta function of positive
/// arguments, so that nothing large cancels.
fn reflected_by_sines(a: f64, b: f64) -> f64 {
    let beta = betaln_positive::<Baseline>;
    let sum = a + b;
    if a < 0.0 && b < 0.0 {
        let (s, t) = (sine(a), sine(b));
        return (sine(sum) / s.max(t)).ln() - (s.min(t) * (1.0 - sum)).ln() - beta(1.0 - a, 1.0 - b);
    }
    let (negative, other) = if a < 0.0 { (a, b) } else { (b, a) };
    if sum < 1.0 {
        let (s, t) = (sine(sum), sine(negative));
        let quotient = s / t;
        return (if quotient == f64::INFINITY { s.ln() - t.ln() } else { quotient.ln() }) + beta(1.0 - sum, other);
    }
    -(sine(negative) * other).ln() - beta(1.0 - negative, sum)
}

/// |sin(πx)| / π
fn sine(x: f64) -> f64 {
    let fraction = x.abs() - x.abs().floor();
    let near = fraction.min(1.0 - fraction);
    if near < 1e-9 { near } else { (core::f64::consts::PI * near).sin() / core::f64::consts::PI }
}

/// ln(2π) / 2
pub(super) const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;
