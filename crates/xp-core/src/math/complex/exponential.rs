//! Exponentials, logarithms and powers.

use num_complex::Complex;

use super::super::kernel::{two_product, two_sum};
use super::super::{Baseline, MathFloat};
use super::arithmetic::{abs, mul, reciprocal};
use super::{sin_cos, sorted_magnitudes};

/// e to the power of `z`.
pub fn exp<R: MathFloat>(z: Complex<R>) -> Complex<R> {
    let (x, y) = (z.re, z.im);
    if y == R::ZERO {
        return Complex::new(x.exp::<Baseline>(), y);
    }
    if !y.is_finite() {
        return match (x.is_infinite(), x.is_sign_negative()) {
            (true, true) => Complex::new(R::ZERO, R::ZERO),
            (true, false) => Complex::new(x, R::NAN),
            _ => Complex::new(R::NAN, R::NAN),
        };
    }
    let (s, c) = sin_cos(y);
    if x.abs() < R::EXP_MAX - R::TWO {
        let e = x.exp::<Baseline>();
        return Complex::new(e * c, e * s);
    }
    // In two factors, because exp(x) may overflow where the result does not.
    let e = (x * R::HALF).exp::<Baseline>();
    Complex::new(e * c * e, e * s * e)
}

/// `exp(z) - 1` without cancellation near zero.
pub fn expm1<R: MathFloat>(z: Complex<R>) -> Complex<R> {
    let (x, y) = (z.re, z.im);
    if y == R::ZERO {
        // The array API wants +0 of a real part of -0; a sum with +0 is that.
        return Complex::new(x.exp_m1::<Baseline>() + R::ZERO, y);
    }
    let moderate = x.abs() < R::EXP_MAX - R::TWO;
    if !y.is_finite() || !moderate {
        let e = exp(z);
        return Complex::new(e.re - R::ONE, e.im);
    }
    let (s, c) = sin_cos(y);
    let (half, _) = sin_cos(y * R::HALF);
    Complex::new(x.exp_m1::<Baseline>() * c - R::TWO * half * half, x.exp::<Baseline>() * s)
}

/// Natural logarithm; branch cut along the negative real axis.
pub fn log<R: MathFloat>(z: Complex<R>) -> Complex<R> {
    Complex::new(ln_abs(z), z.im.atan2::<Baseline>(z.re))
}

/// Logarithm to base 2; branch cut along the negative real axis.
pub fn log2<R: MathFloat>(z: Complex<R>) -> Complex<R> {
    let re = if z.im == R::ZERO { z.re.abs().log2::<Baseline>() } else { ln_abs(z) / R::LN_2 };
    Complex::new(re, z.im.atan2::<Baseline>(z.re) / R::LN_2)
}

/// Logarithm to base 10; branch cut along the negative real axis.
pub fn log10<R: MathFloat>(z: Complex<R>) -> Complex<R> {
    let re = if z.im == R::ZERO { z.re.abs().log10::<Baseline>() } else { ln_abs(z) / R::LN_10 };
    Complex::new(re, z.im.atan2::<Baseline>(z.re) / R::LN_10)
}

/// `log(1 + z)` without cancellation near zero; branch cut along the real axis below -1.
pub fn log1p<R: MathFloat>(z: Complex<R>) -> Complex<R> {
    let (x, y) = (z.re, z.im);
    let shifted = Complex::new(R::ONE + x, y);
    if !(x.abs() < R::HALF && y.abs() < R::TWO) {
        return log(shifted);
    }
    // |1 + z|² - 1 = 2 x + x² + y² in double length.
    let re = R::HALF * sum_of_squares(x, y, x + x).ln_1p::<Baseline>();
    Complex::new(re, y.atan2::<Baseline>(shifted.re))
}

/// Square root in the right half-plane; branch cut along the negative real axis.
pub fn sqrt<R: MathFloat>(z: Complex<R>) -> Complex<R> {
    let (x, y) = (z.re, z.im);
    if y.is_infinite() {
        return Complex::new(R::INFINITY, y);
    }
    if x == R::ZERO && y == R::ZERO {
        return Complex::new(R::ZERO, y);
    }
    if x.is_infinite() {
        let vanishing = if y.is_nan() { y } else { R::ZERO };
        return if x > R::ZERO { Complex::new(x, vanishing.copysign(y)) } else { Complex::new(vanishing, R::INFINITY.copysign(y)) };
    }
    if y == R::ZERO && !x.is_nan() {
        let root = x.abs().sqrt();
        return if x < R::ZERO { Complex::new(R::ZERO, root.copysign(y)) } else { Complex::new(root, y) };
    }
    // Powers of four keep |x| + |z| in the range of normal numbers.
    let (larger, _) = sorted_magnitudes(x, y);
    let (factor, root_factor) = if larger > R::SQUARE_MAX {
        (R::SQUARE_SCALE_DOWN, R::SQUARE_MAX)
    } else if larger < R::ONE / R::SQUARE_MAX {
        (R::SQUARE_SCALE_UP, R::ONE / R::SQUARE_MAX)
    } else {
        (R::ONE, R::ONE)
    };
    let (x, y) = (x * factor, y * factor);
    let t = ((x.abs() + x.hypot::<Baseline>(y)) * R::HALF).sqrt();
    let other = y / (t + t);
    if x < R::ZERO {
        Complex::new(other.abs() * root_factor, t.copysign(y) * root_factor)
    } else {
        Complex::new(t * root_factor, other * root_factor)
    }
}

/// `z` to the power of `w`; branch cut along the negative real axis of `z`.
///
/// Small integer exponents are products, so that exact results are exact. Otherwise the computation is in double
/// precision for both types; the relative error of a double-precision result grows with `|w log(z)|`, to that many ulp.
pub fn pow<R: MathFloat>(z: Complex<R>, w: Complex<R>) -> Complex<R> {
    let wide = |z: Complex<R>| Complex::new(z.re.to_f64(), z.im.to_f64());
    let value = pow_double(wide(z), wide(w));
    Complex::new(R::from_f64(value.re), R::from_f64(value.im))
}

fn pow_double(z: Complex<f64>, w: Complex<f64>) -> Complex<f64> {
    if w.re == 0.0 && w.im == 0.0 {
        return Complex::new(1.0, 0.0);
    }
    if z.re == 0.0 && z.im == 0.0 {
        return if w.re > 0.0 {
            Complex::new(0.0, 0.0)
        } else if w.re < 0.0 && w.im == 0.0 {
            Complex::new(f64::INFINITY, f64::NAN)
        } else {
            Complex::new(f64::NAN, f64::NAN)
        };
    }
    if w.im != 0.0 {
        return exp(mul(w, log(z)));
    }
    if z.im == 0.0 && z.re > 0.0 {
        return Complex::new(MathFloat::pow::<Baseline>(z.re, w.re), 0.0);
    }
    let count = w.re.abs();
    if count <= 32.0 && count == count.floor() {
        let product = power(z, count as u32);
        if product.re.is_finite() && product.im.is_finite() && abs(product) >= f64::MIN_POSITIVE {
            return if w.re < 0.0 { reciprocal(product) } else { product };
        }
    }
    let (s, c) = sin_cos(w.re * MathFloat::atan2::<Baseline>(z.im, z.re));
    let magnitude = MathFloat::pow::<Baseline>(abs(z), w.re);
    Complex::new(magnitude * c, magnitude * s)
}

/// `z` to the power of `n > 0` by repeated squaring.
fn power<R: MathFloat>(z: Complex<R>, mut n: u32) -> Complex<R> {
    let mut base = z;
    let mut result: Option<Complex<R>> = None;
    loop {
        if n & 1 == 1 {
            result = Some(result.map_or(base, |r| mul(r, base)));
        }
        n >>= 1;
        if n == 0 {
            return result.unwrap_or(base);
        }
        base = mul(base, base);
    }
}

/// ln|z|, accurate near the unit circle.
fn ln_abs<R: MathFloat>(z: Complex<R>) -> R {
    let (x, y) = (z.re, z.im);
    let (a, b) = sorted_magnitudes(x, y);
    let near = a * a + b * b;
    if near > R::HALF && near < R::ONE + R::TWO {
        return R::HALF * sum_of_squares(a, b, -R::ONE).ln_1p::<Baseline>();
    }
    if a < R::INFINITY && a > R::MAX * R::HALF {
        return (x * R::HALF).hypot::<Baseline>(y * R::HALF).ln::<Baseline>() + R::LN_2;
    }
    if a > R::ZERO && a < R::MIN_POSITIVE / R::EPSILON {
        let up = R::NORMALIZE * R::NORMALIZE;
        let scaled = (x * up).hypot::<Baseline>(y * up).ln::<Baseline>();
        return scaled - R::TWO * R::NORMALIZE_EXPONENT * R::LN_2;
    }
    x.hypot::<Baseline>(y).ln::<Baseline>()
}

/// `a² + b² + c` with one rounding's error, also where the terms cancel.
fn sum_of_squares<R: MathFloat>(a: R, b: R, c: R) -> R {
    let (p, p_low) = two_product::<Baseline, R>(a, a);
    let (q, q_low) = two_product::<Baseline, R>(b, b);
    let (s, s_low) = two_sum(p, c);
    let (t, t_low) = two_sum(s, q);
    t + (t_low + s_low + (p_low + q_low))
}
