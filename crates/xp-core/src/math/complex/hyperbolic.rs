//! Hyperbolic and trigonometric functions.

use num_complex::Complex;

use super::super::{Baseline, MathFloat};
use super::{over_i, sin_cos, times_i};

/// Sine.
pub fn sin<R: MathFloat>(z: Complex<R>) -> Complex<R> {
    over_i(sinh(times_i(z)))
}

/// Cosine.
pub fn cos<R: MathFloat>(z: Complex<R>) -> Complex<R> {
    cosh(times_i(z))
}

/// Tangent.
pub fn tan<R: MathFloat>(z: Complex<R>) -> Complex<R> {
    over_i(tanh(times_i(z)))
}

/// Hyperbolic sine.
pub fn sinh<R: MathFloat>(z: Complex<R>) -> Complex<R> {
    let (x, y) = (z.re, z.im);
    if y == R::ZERO {
        return Complex::new(x.sinh::<Baseline>(), y);
    }
    if !y.is_finite() {
        return if x == R::ZERO || x.is_infinite() { Complex::new(x, R::NAN) } else { Complex::new(R::NAN, R::NAN) };
    }
    let (s, c) = sin_cos(y);
    let (sinh, cosh, factor) = sinh_cosh(x);
    Complex::new(sinh * c * factor, cosh * s * factor)
}

/// Hyperbolic cosine.
pub fn cosh<R: MathFloat>(z: Complex<R>) -> Complex<R> {
    let (x, y) = (z.re, z.im);
    if y == R::ZERO {
        let sign = if x.is_sign_negative() { -y } else { y };
        return Complex::new(x.cosh::<Baseline>(), sign);
    }
    if !y.is_finite() {
        return if x == R::ZERO {
            Complex::new(R::NAN, R::ZERO)
        } else if x.is_infinite() {
            Complex::new(R::INFINITY, R::NAN)
        } else {
            Complex::new(R::NAN, R::NAN)
        };
    }
    let (s, c) = sin_cos(y);
    let (sinh, cosh, factor) = sinh_cosh(x);
    Complex::new(cosh * c * factor, sinh * s * factor)
}

/// Hyperbolic tangent (after Kahan).
pub fn tanh<R: MathFloat>(z: Complex<R>) -> Complex<R> {
    let (x, y) = (z.re, z.im);
    if y == R::ZERO {
        return Complex::new(x.tanh::<Baseline>(), y);
    }
    if x.is_infinite() {
        // The standard gives the zero the sign of y, where C99 has that of sin(2 y).
        return Complex::new(R::ONE.copysign(x), R::ZERO.copysign(y));
    }
    if !y.is_finite() {
        return Complex::new(if x == R::ZERO { x } else { R::NAN }, R::NAN);
    }
    let (s, c) = sin_cos(y);
    if x.abs() > R::SATURATED {
        // 1 - tanh(x) is negligible; the imaginary part is 4 sin(y) cos(y) exp(-2 |x|).
        let e = (-x.abs()).exp::<Baseline>();
        let four = R::TWO * R::TWO;
        return Complex::new(R::ONE.copysign(x), four * s * c * e * e);
    }
    let t = s / c;
    let beta = R::ONE + t * t;
    let sinh = x.sinh::<Baseline>();
    let cosh = x.cosh::<Baseline>();
    let denominator = R::ONE + beta * sinh * sinh;
    Complex::new(beta * cosh * sinh / denominator, t / denominator)
}

/// sinh(x) and cosh(x), to be multiplied by a factor that keeps them from overflowing.
fn sinh_cosh<R: MathFloat>(x: R) -> (R, R, R) {
    if x.abs() < R::EXP_MAX - R::TWO || x.is_nan() {
        return (x.sinh::<Baseline>(), x.cosh::<Baseline>(), R::ONE);
    }
    let e = (x.abs() * R::HALF).exp::<Baseline>();
    ((e * R::HALF).copysign(x), e * R::HALF, e)
}
