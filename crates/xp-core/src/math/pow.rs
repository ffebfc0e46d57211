//! Powers and the hypotenuse.

use super::exp::exp_sum;
use super::kernel::{Kernel, at_least, at_most, fast_two_sum, fma, polynomial, round_magic, select, two_product};
use super::log::decompose;
use super::tables::{Double, Tables};
use super::{Isa, MathFloat};

#[inline(always)]
pub(super) fn pow<I: Isa, F: MathFloat>(x: F, y: F) -> F {
    let a = x.abs();
    let integer = is_integer(y);
    let odd = integer & !is_integer(y * F::HALF);
    let value = F::pow_positive::<I>(a, y);
    let at_limit = select((y < F::ZERO) == (a == F::ZERO), F::INFINITY, F::ZERO);
    let value = select((a == F::ZERO) | (a == F::INFINITY), at_limit, value);
    let undefined = (x < F::ZERO) & (a < F::INFINITY) & !integer;
    let value = select(undefined, F::NAN, value);
    let value = select(odd, value.copysign(x), value);
    let value = select(x.is_nan() | y.is_nan(), F::NAN, value);
    select((y == F::ZERO) | (x == F::ONE), F::ONE, value)
}

#[inline(always)]
pub(super) fn hypot<I: Isa, F: MathFloat>(x: F, y: F) -> F {
    let a = x.abs();
    let b = y.abs();
    let larger = select(a > b, a, b);
    // Powers of two keep the squares in range; where the smaller one then vanishes it did not matter.
    let huge = larger > F::SQUARE_MAX;
    let tiny = larger < F::ONE / F::SQUARE_MAX;
    let factor = select(huge, F::SQUARE_SCALE_DOWN, select(tiny, F::SQUARE_SCALE_UP, F::ONE));
    let inverse = select(huge, F::SQUARE_SCALE_UP, select(tiny, F::SQUARE_SCALE_DOWN, F::ONE));
    let a_scaled = a * factor;
    let b_scaled = b * factor;
    let result = fma::<I, F>(a_scaled, a_scaled, b_scaled * b_scaled).sqrt() * inverse;
    select((a == F::INFINITY) | (b == F::INFINITY), F::INFINITY, result)
}

/// Whether `y` has no fractional part; true for infinities.
#[inline(always)]
fn is_integer<F: MathFloat>(y: F) -> bool {
    let a = y.abs();
    // Adding 2^p leaves no room for a fraction.
    (a >= F::INTEGERS) | ((a + F::INTEGERS) - F::INTEGERS == a)
}

/// The part of `pow` that depends on the precision.
pub trait PowPositive: Sized {
    /// `self` to the power of `y` for positive finite `self`, any value for others.
    fn pow_positive<I: Isa>(self, y: Self) -> Self;
}

impl PowPositive for f64 {
    #[inline(always)]
    fn pow_positive<I: Isa>(self, y: f64) -> f64 {
        // Where |y| is larger the result is 1, zero or infinite.
        const LARGEST: f64 = 1e25;
        let y = at_most(at_least(y, -LARGEST), LARGEST);
        let (hi, lo) = ln_double::<I>(self);
        let (p, e) = two_product::<I, f64>(y, hi);
        let overflow = p.abs() > 1000.0;
        exp_sum::<I, f64>(p, select(overflow, 0.0, fma::<I, f64>(y, lo, e)))
    }
}

impl PowPositive for f32 {
    /// In double precision with short polynomials.
    #[inline(always)]
    fn pow_positive<I: Isa>(self, y: f32) -> f32 {
        // Every single-precision number is a normal double-precision one.
        let (k, m) = f64::split_exponent(f64::from(self));
        let f = m - 1.0;
        let s = f / (2.0 + f);
        let z = s * s;
        let ln = fma::<I, f64>(s * z, polynomial::<I, f64>(z, Double::LOG_SHORT), 2.0 * s);
        let log2 = fma::<I, f64>(ln, f64::LOG2_E, k);
        // An infinite exponent must not meet a zero logarithm.
        let y = at_most(at_least(f64::from(y), -1e38), 1e38);
        let p = at_most(at_least(log2 * y, -200.0), 200.0);
        let (n, t) = round_magic(p);
        let r = (p - n) * core::f64::consts::LN_2;
        let e = fma::<I, f64>(r * r, polynomial::<I, f64>(r, Double::EXP_SHORT), 1.0 + r);
        (e * f64::exp2_magic(t)) as f32
    }
}

/// ln(x) as a sum of two numbers, to about 2^-65 of its value.
#[inline(always)]
fn ln_double<I: Isa>(x: f64) -> (f64, f64) {
    let (k, f) = decompose(x);
    // s = f / (2 + f) in two numbers. 2 + f = 1 + m may have one bit too many.
    let (d, d_low) = fast_two_sum(2.0, f);
    let inverse = 1.0 / d;
    let s = f * inverse;
    let (sd, sd_low) = two_product::<I, f64>(s, d);
    let s_low = inverse * (((f - sd) - sd_low) - s * d_low);
    // ln(1 + f) = 2 s + s z (2/3 + z tail), with s z 2/3 in two numbers.
    let (z, z_low) = two_product::<I, f64>(s, s);
    let z_low = fma::<I, f64>(2.0 * s, s_low, z_low);
    let tail = z * polynomial::<I, f64>(z, f64::LOG_TAIL);
    let (c, c_low) = fast_two_sum(2.0 / 3.0, tail);
    let c_low = c_low + TWO_THIRDS_LOW;
    let (u, u_low) = two_product::<I, f64>(z, c);
    let u_low = u_low + fma::<I, f64>(z, c_low, z_low * c);
    let (v, v_low) = two_product::<I, f64>(s, u);
    let v_low = v_low + fma::<I, f64>(s, u_low, s_low * u);

    let (a, a_low) = fast_two_sum(k * f64::LN2_HI, 2.0 * s);
    let (b, b_low) = fast_two_sum(a, v);
    let low = fma::<I, f64>(k, f64::LN2_LO, 2.0 * s_low) + v_low + a_low + b_low;
    fast_two_sum(b, low)
}

/// 2/3 minus the nearest `f64`.
const TWO_THIRDS_LOW: f64 = 3.700_743_415_417_188e-17;
