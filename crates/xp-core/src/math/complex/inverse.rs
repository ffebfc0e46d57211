//! Inverse trigonometric and hyperbolic functions.
//!
//! `asinh` and `acos` follow Hull, Fairgrieve and Tang, "Implementing the complex arcsine and arccosine functions using
//! exception handling" (1997); `atanh` follows Kahan, "Branch cuts for complex elementary functions" (1987).

use num_complex::Complex;

use super::super::{Baseline, MathFloat};
use super::{log, over_i, sorted_magnitudes, times_i};

/// Inverse sine; branch cuts along the real axis outside [-1, 1].
pub fn asin<R: MathFloat>(z: Complex<R>) -> Complex<R> {
    over_i(asinh(times_i(z)))
}

/// Inverse tangent; branch cuts along the imaginary axis outside [-i, i].
pub fn atan<R: MathFloat>(z: Complex<R>) -> Complex<R> {
    over_i(atanh(times_i(z)))
}

/// Inverse hyperbolic sine; branch cuts along the imaginary axis outside [-i, i].
pub fn asinh<R: MathFloat>(z: Complex<R>) -> Complex<R> {
    let (x, y) = (z.re, z.im);
    if x.is_nan() || y.is_nan() {
        return if x.is_infinite() {
            z
        } else if y.is_infinite() {
            Complex::new(y, x)
        } else if y == R::ZERO {
            Complex::new(R::NAN, y)
        } else {
            Complex::new(R::NAN, R::NAN)
        };
    }
    let (larger, _) = sorted_magnitudes(x, y);
    let (re, im) = if larger > R::ONE / R::EPSILON {
        let w = log(Complex::new(x.abs(), y.abs()));
        (w.re + R::LN_2, w.im)
    } else if larger * larger < R::EPSILON * R::HALF {
        (x.abs(), y.abs())
    } else {
        let parts = Parts::new(y.abs(), x.abs());
        (parts.log, parts.asin())
    };
    Complex::new(re.copysign(x), im.copysign(y))
}

/// Inverse cosine; branch cuts along the real axis outside [-1, 1].
pub fn acos<R: MathFloat>(z: Complex<R>) -> Complex<R> {
    let (x, y) = (z.re, z.im);
    if x.is_nan() || y.is_nan() {
        return if x.is_infinite() {
            Complex::new(R::NAN, -R::INFINITY)
        } else if y.is_infinite() {
            Complex::new(R::NAN, -y)
        } else if x == R::ZERO {
            Complex::new(R::FRAC_PI_2, R::NAN)
        } else {
            Complex::new(R::NAN, R::NAN)
        };
    }
    let (larger, _) = sorted_magnitudes(x, y);
    let (re, im) = if larger > R::ONE / R::EPSILON {
        let w = log(z);
        (w.im.abs(), w.re + R::LN_2)
    } else {
        let parts = Parts::new(x.abs(), y.abs());
        (parts.acos(x), parts.log)
    };
    Complex::new(re, -im.copysign(y))
}

/// Inverse hyperbolic cosine, in the right half-plane; branch cut along the real axis below 1.
pub fn acosh<R: MathFloat>(z: Complex<R>) -> Complex<R> {
    let w = acos(z);
    if w.re.is_nan() && w.im.is_nan() {
        return w;
    }
    if w.im.is_nan() {
        // NaN beside a zero real part: the angle is known, the magnitude is not.
        return Complex::new(w.im, w.re);
    }
    Complex::new(w.im.abs(), w.re.copysign(z.im))
}

/// Inverse hyperbolic tangent; branch cuts along the real axis outside [-1, 1].
pub fn atanh<R: MathFloat>(z: Complex<R>) -> Complex<R> {
    let (x, y) = (z.re, z.im);
    let (ax, ay) = (x.abs(), y.abs());
    if y == R::ZERO && ax <= R::ONE {
        return Complex::new(x.atanh::<Baseline>(), y);
    }
    if x == R::ZERO {
        return Complex::new(x, y.atan::<Baseline>());
    }
    if ax.is_infinite() || ay.is_infinite() {
        let angle = if y.is_nan() { y } else { R::FRAC_PI_2.copysign(y) };
        return Complex::new(R::ZERO.copysign(x), angle);
    }
    if ax.is_nan() || ay.is_nan() {
        return Complex::new(R::NAN, R::NAN);
    }
    let four = R::TWO * R::TWO;
    if ax > R::ONE / R::EPSILON || ay > R::ONE / R::EPSILON {
        let re = super::reciprocal(z).re;
        return Complex::new(re, R::FRAC_PI_2.copysign(y));
    }
    // re = ln(|1 + z|² / |1 - z|²) / 4, im = arg of (1 + z) / (1 - z), halved.
    let re = if ax == R::ONE && ay < R::EPSILON {
        R::HALF * (R::LN_2 - ay.ln::<Baseline>())
    } else {
        let near = R::ONE - ax;
        let square = if ay * ay >= R::MIN_POSITIVE { near * near + ay * ay } else { near * near };
        (four * ax / square).ln_1p::<Baseline>() / four
    };
    let difference = (R::ONE - ax) * (R::ONE + ax);
    let im = R::HALF * (ay + ay).atan2::<Baseline>(difference - ay * ay);
    Complex::new(re.copysign(x), im.copysign(y))
}

/// What the inverse sine and cosine of `x + i y` in the first quadrant are made of.
///
/// With `r` and `s` the distances to -1 and 1, `a = (r + s) / 2 >= 1`: the inverse sine is
/// `asin(x / a) + i ln(a + sqrt(a² - 1))`.
struct Parts<R> {
    /// ln(a + sqrt(a² - 1))
    log: R,
    /// `x` and `sqrt(a² - x²)`, possibly scaled: opposite and adjacent side of the real part.
    opposite: R,
    adjacent: R,
}

impl<R: MathFloat> Parts<R> {
    fn new(x: R, y: R) -> Self {
        let r = (x + R::ONE).hypot::<Baseline>(y);
        let s = (x - R::ONE).hypot::<Baseline>(y);
        let a = (r + s) * R::HALF;
        let a = if a < R::ONE { R::ONE } else { a };
        // Where y is negligible beside |x - 1|, its square may not even be representable.
        let off_axis = y >= R::EPSILON * (x - R::ONE).abs();

        let ten = R::from_f64(10.0);
        let log = if a >= ten {
            (a + (a * a - R::ONE).sqrt()).ln::<Baseline>()
        } else if x == R::ONE && y < R::EPSILON * R::EPSILON {
            y.sqrt()
        } else if off_axis {
            let excess = excess(y, R::ONE + x, r) + excess(y, R::ONE - x, s);
            (excess + (excess * (a + R::ONE)).sqrt()).ln_1p::<Baseline>()
        } else if x < R::ONE {
            y / ((R::ONE - x) * (R::ONE + x)).sqrt()
        } else {
            ((x - R::ONE) + ((x - R::ONE) * (x + R::ONE)).sqrt()).ln_1p::<Baseline>()
        };

        let (opposite, adjacent) = if x == R::ONE && y < R::EPSILON * R::EPSILON {
            (x, y.sqrt())
        } else if off_axis {
            let distance = excess(y, x + R::ONE, r) + excess(y, x - R::ONE, s);
            (x, (distance * (a + x)).sqrt())
        } else if x > R::ONE {
            // Scaled, because the adjacent side may underflow.
            let up = R::ONE / (R::EPSILON * R::EPSILON);
            (x * up, y * up * x / ((x + R::ONE) * (x - R::ONE)).sqrt())
        } else {
            (x, ((R::ONE - x) * (R::ONE + x)).sqrt())
        };
        Self { log, opposite, adjacent }
    }

    fn asin(&self) -> R {
        self.opposite.atan2::<Baseline>(self.adjacent)
    }

    /// For a real part with the sign of `x`.
    fn acos(&self, x: R) -> R {
        self.adjacent.atan2::<Baseline>(self.opposite.copysign(x))
    }
}

/// (hypot(y, b) - b) / 2 without cancellation, given the hypotenuse.
fn excess<R: MathFloat>(y: R, b: R, hypotenuse: R) -> R {
    if b < R::ZERO {
        (hypotenuse - b) * R::HALF
    } else if b == R::ZERO {
        y * R::HALF
    } else {
        y * y / (hypotenuse + b) * R::HALF
    }
}
