//! Products, quotients and magnitudes.

use num_complex::Complex;

use super::super::kernel::scale;
use super::super::log::decompose;
use super::super::{Baseline, MathFloat};
use super::sorted_magnitudes;

/// Magnitude, without intermediate overflow or underflow.
#[inline]
pub fn abs<R: MathFloat>(z: Complex<R>) -> R {
    z.re.hypot::<Baseline>(z.im)
}

/// Product, by the plain formula.
#[inline(always)]
pub fn mul<R: MathFloat>(z: Complex<R>, w: Complex<R>) -> Complex<R> {
    Complex::new(z.re * w.re - z.im * w.im, z.re * w.im + z.im * w.re)
}

/// Product with itself, by the plain formula.
#[inline(always)]
pub fn square<R: MathFloat>(z: Complex<R>) -> Complex<R> {
    mul(z, z)
}

/// Quotient, without intermediate overflow or underflow: both operands are scaled by powers of two first. Infinities
/// are recovered as in C99 Annex G.
#[inline]
pub fn div<R: MathFloat>(z: Complex<R>, w: Complex<R>) -> Complex<R> {
    let n = exponent(z);
    let d = exponent(w);
    let a = scaled(z, -n);
    let b = scaled(w, -d);
    let square = b.re * b.re + b.im * b.im;
    let re = (a.re * b.re + a.im * b.im) / square;
    let im = (a.im * b.re - a.re * b.im) / square;
    if re.is_nan() && im.is_nan() {
        return div_limits(z, w);
    }
    scaled(Complex::new(re, im), n - d)
}

/// `1 / z`, with the care of [`div`].
#[inline]
pub fn reciprocal<R: MathFloat>(z: Complex<R>) -> Complex<R> {
    if z.re.is_infinite() || z.im.is_infinite() {
        return Complex::new(R::ZERO.copysign(z.re), R::ZERO.copysign(-z.im));
    }
    let n = exponent(z);
    let b = scaled(z, -n);
    let square = b.re * b.re + b.im * b.im;
    if square == R::ZERO {
        return div_limits(Complex::new(R::ONE, R::ZERO), z);
    }
    scaled(Complex::new(b.re / square, -(b.im / square)), -n)
}

/// Direction: `z / |z|`, and zero for zero. An infinite component outweighs a finite one; two of them have no direction.
#[inline]
pub fn sign<R: MathFloat>(z: Complex<R>) -> Complex<R> {
    if z.re == R::ZERO && z.im == R::ZERO {
        return Complex::new(R::ZERO, R::ZERO);
    }
    if z.re.is_nan() || z.im.is_nan() || (z.re.is_infinite() && z.im.is_infinite()) {
        return Complex::new(R::NAN, R::NAN);
    }
    if z.re.is_infinite() || z.im.is_infinite() {
        return Complex::new(unit_if_infinite(z.re), unit_if_infinite(z.im));
    }
    let a = scaled(z, -exponent(z));
    let length = abs(a);
    Complex::new(a.re / length, a.im / length)
}

/// Exponent of the larger component, 0 where that is zero or not finite.
fn exponent<R: MathFloat>(z: Complex<R>) -> R {
    let (larger, _) = sorted_magnitudes(z.re, z.im);
    if larger > R::ZERO && larger < R::INFINITY { decompose(larger).0 } else { R::ZERO }
}

/// `z * 2^n`
fn scaled<R: MathFloat>(z: Complex<R>, n: R) -> Complex<R> {
    Complex::new(scale(z.re, n), scale(z.im, n))
}

/// Quotients whose plain formula is NaN in both parts though the operands are zero or infinite.
#[cold]
fn div_limits<R: MathFloat>(z: Complex<R>, w: Complex<R>) -> Complex<R> {
    let (a, b) = (z.re, z.im);
    let (c, d) = (w.re, w.im);
    let infinite = |z: Complex<R>| z.re.is_infinite() || z.im.is_infinite();
    let finite = |z: Complex<R>| z.re.is_finite() && z.im.is_finite();
    if c == R::ZERO && d == R::ZERO && !(a.is_nan() && b.is_nan()) {
        let factor = R::INFINITY.copysign(c);
        Complex::new(factor * a, factor * b)
    } else if infinite(z) && finite(w) {
        let (a, b) = (unit_if_infinite(a), unit_if_infinite(b));
        Complex::new(R::INFINITY * (a * c + b * d), R::INFINITY * (b * c - a * d))
    } else if infinite(w) && finite(z) {
        let (c, d) = (unit_if_infinite(c), unit_if_infinite(d));
        Complex::new(R::ZERO * (a * c + b * d), R::ZERO * (b * c - a * d))
    } else {
        Complex::new(R::NAN, R::NAN)
    }
}

/// 1 for infinity and 0 otherwise, with the sign of `x`.
fn unit_if_infinite<R: MathFloat>(x: R) -> R {
    (if x.is_infinite() { R::ONE } else { R::ZERO }).copysign(x)
}
