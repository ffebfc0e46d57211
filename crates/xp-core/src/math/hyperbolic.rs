//! Hyperbolic functions and their inverses.

use super::kernel::{at_most, fast_two_sum, fma, polynomial, select};
use super::{Isa, MathFloat, exp, log};

#[inline(always)]
pub(super) fn sinh<I: Isa, F: MathFloat>(x: F) -> F {
    let h = Halves::new::<I>(at_most(x.abs(), F::EXP_MAX + F::TWO));
    (fma::<I, F>(h.sum, h.sinh, fma::<I, F>(h.difference, h.cosh_m1, h.difference_low)) + h.difference).copysign(x) * h.factor
}

#[inline(always)]
pub(super) fn cosh<I: Isa, F: MathFloat>(x: F) -> F {
    let h = Halves::new::<I>(at_most(x.abs(), F::EXP_MAX + F::TWO));
    (fma::<I, F>(h.difference, h.sinh, fma::<I, F>(h.sum, h.cosh_m1, h.sum_low)) + h.sum) * h.factor
}

#[inline(always)]
pub(super) fn tanh<I: Isa, F: MathFloat>(x: F) -> F {
    let a = at_most(x.abs(), F::SATURATED);
    let e = exp::exp_m1::<I, F>(a + a);
    // e / (e + 2), from tanh(a) = 1/2 on as 1 - 2 / (e + 2).
    let large = e > F::TWO;
    let quotient = select(large, F::TWO, e) / (e + F::TWO);
    select(large, F::ONE - quotient, quotient).copysign(x)
}

/// The parts of `cosh(a) = sum (1 + cosh_m1) + difference sinh` and `sinh(a) = difference (1 + cosh_m1) + sum sinh`,
/// to be multiplied by `factor`.
struct Halves<F> {
    /// (2^n + 2^-n) / 2, and what its rounding lost.
    sum: F,
    sum_low: F,
    /// (2^n - 2^-n) / 2, and what its rounding lost.
    difference: F,
    difference_low: F,
    /// sinh(r)
    sinh: F,
    /// cosh(r) - 1
    cosh_m1: F,
    factor: F,
}

impl<F: MathFloat> Halves<F> {
    /// For `a = n ln(2) + r`.
    #[inline(always)]
    fn new<I: Isa>(a: F) -> Self {
        let (n, r, c) = exp::reduce::<I, F>(a, F::ZERO);
        let scaled = n > F::BIG_EXPONENT + F::HALF * F::BIG_EXPONENT;
        let factor = select(scaled, F::BIG, F::ONE);
        let n = select(scaled, n - F::BIG_EXPONENT, n);
        let large = F::exp2_magic((n - F::ONE) + F::MAGIC);
        let small = F::exp2_magic(F::MAGIC - (n + F::ONE));
        let (sum, sum_low) = fast_two_sum(large, small);
        let (difference, difference_low) = fast_two_sum(large, -small);
        let z = r * r;
        Self {
            sum,
            sum_low,
            difference,
            difference_low,
            sinh: r + fma::<I, F>(r * z, polynomial::<I, F>(z, F::SINH), c),
            cosh_m1: fma::<I, F>(z, polynomial::<I, F>(z, F::COSH), r * c),
            factor,
        }
    }
}

#[inline(always)]
pub(super) fn asinh<I: Isa, F: MathFloat>(x: F) -> F {
    let a = x.abs();
    let large = a > F::ONE / F::EPSILON;
    let square = a * a;
    let small = a + square / (F::ONE + (F::ONE + square).sqrt());
    ln_1p_or_ln_2x::<I, F>(a, small, large).copysign(x)
}

#[inline(always)]
pub(super) fn acosh<I: Isa, F: MathFloat>(x: F) -> F {
    let t = x - F::ONE;
    let large = x > F::ONE / F::EPSILON;
    let small = t + (t * (t + F::TWO)).sqrt();
    let value = ln_1p_or_ln_2x::<I, F>(x, small, large);
    select(x < F::ONE, F::NAN, value)
}

#[inline(always)]
pub(super) fn atanh<I: Isa, F: MathFloat>(x: F) -> F {
    let a = x.abs();
    let double = a + a;
    let quotient = select(a < F::HALF, double * a, double) / (F::ONE - a);
    let argument = select(a < F::HALF, double + quotient, quotient);
    (F::HALF * log::ln_1p::<I, F>(argument)).copysign(x)
}

/// ln(2 x) where `large`, else ln(1 + y).
#[inline(always)]
fn ln_1p_or_ln_2x<I: Isa, F: MathFloat>(x: F, y: F, large: bool) -> F {
    let value = log::ln_1p::<I, F>(select(large, x, y));
    select(large, value + F::LN_2, value)
}
