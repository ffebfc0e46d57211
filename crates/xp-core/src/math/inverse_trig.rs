//! Inverse trigonometric functions.

use super::kernel::{at_most, fma, polynomial, select};
use super::{Isa, MathFloat};

#[inline(always)]
pub(super) fn asin<I: Isa, F: MathFloat>(x: F) -> F {
    let a = x.abs();
    let (s, tail, large) = asin_parts::<I, F>(a);
    // asin(a) = π/2 - 2 asin(sqrt((1 - a) / 2))
    let far = F::TWO * ((F::FRAC_PI_4 - s) - (tail - F::HALF * F::FRAC_PI_2_LO));
    let result = select(large, far, s + tail);
    result.copysign(x)
}

#[inline(always)]
pub(super) fn acos<I: Isa, F: MathFloat>(x: F) -> F {
    let (s, tail, large) = asin_parts::<I, F>(x.abs());
    let near = F::TWO * (s + tail);
    let far = F::TWO * (F::FRAC_PI_2 - (s + (tail - F::FRAC_PI_2_LO)));
    let tail = tail.copysign(x);
    let middle = F::FRAC_PI_2 - (x - (F::FRAC_PI_2_LO - tail));
    let outer = select(x < F::ZERO, far, near);
    select(large, outer, middle)
}

/// `s` and `asin(s) - s` for `s = a`, or, where the flag says so, for `s = sqrt((1 - a) / 2)`.
#[inline(always)]
fn asin_parts<I: Isa, F: MathFloat>(a: F) -> (F, F, bool) {
    let large = a > F::HALF;
    let half = (F::ONE - a) * F::HALF;
    let z = select(large, half, a * a);
    let s = select(large, half.sqrt(), a);
    (s, s * (z * polynomial::<I, F>(z, F::ASIN)), large)
}

#[inline(always)]
pub(super) fn atan<I: Isa, F: MathFloat>(x: F) -> F {
    let a = x.abs();
    let (numerator, denominator, base, base_low) = octant(a, F::ONE);
    let t = numerator / denominator;
    (base + atan_reduced::<I, F>(t, base_low)).copysign(x)
}

#[inline(always)]
pub(super) fn atan2<I: Isa, F: MathFloat>(y: F, x: F) -> F {
    let a = y.abs();
    let b = x.abs();
    // Equal infinities are the diagonal, equal zeros the positive axis; huge numbers are scaled for the sum in `octant`.
    let diagonal = (a == F::INFINITY) & (b == F::INFINITY);
    let a = select(diagonal, F::ONE, a);
    let b = select(diagonal | ((a == F::ZERO) & (b == F::ZERO)), F::ONE, b);
    let quarter = F::HALF * F::HALF;
    let factor = select((a > F::MAX * quarter) | (b > F::MAX * quarter), quarter, F::ONE);
    let (numerator, denominator, base, base_low) = octant(a * factor, b * factor);
    let t = numerator / denominator;
    // In the left half-plane the angle is π minus the one of the mirrored point.
    let left = x.is_sign_negative();
    let mirrored = F::PI - base;
    let mirrored_low = F::TWO * F::FRAC_PI_2_LO - base_low + ((F::PI - mirrored) - base);
    let base = select(left, mirrored, base);
    let base_low = select(left, mirrored_low, base_low);
    let t = select(left, -t, t);
    let result = (base + atan_reduced::<I, F>(t, base_low)).copysign(y);
    // The sign bit of a NaN decides nothing.
    select(x.is_nan(), x, result)
}

/// `p, q, base, low` with `atan(a / b) = base + low + atan(p / q)` and `|p / q| <= tan(π/8)`, for `a, b >= 0`.
#[inline(always)]
fn octant<F: MathFloat>(a: F, b: F) -> (F, F, F, F) {
    let tangent = F::from_f64(core::f64::consts::SQRT_2 - 1.0);
    let inverse = F::from_f64(core::f64::consts::SQRT_2 + 1.0);
    let first = a <= b * tangent;
    let second = a <= b * inverse;
    let numerator = select(first, a, select(second, a - b, -b));
    let denominator = select(first, b, select(second, a + b, a));
    let base = select(first, F::ZERO, select(second, F::FRAC_PI_4, F::FRAC_PI_2));
    let low = select(first, F::ZERO, select(second, F::HALF * F::FRAC_PI_2_LO, F::FRAC_PI_2_LO));
    (numerator, denominator, base, low)
}

/// atan(t) + low for `|t| <= tan(π/8)`.
#[inline(always)]
fn atan_reduced<I: Isa, F: MathFloat>(t: F, low: F) -> F {
    let z = at_most(t * t, F::ONE);
    t + fma::<I, F>(t * z, polynomial::<I, F>(z, F::ATAN), low)
}
