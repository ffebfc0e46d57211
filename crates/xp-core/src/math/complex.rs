//! Elementary functions of complex arguments.
//!
//! Special values and branch cuts are those of C99 Annex G and the Array API standard: on its cut, a function is
//! continuous from above where the zero part is positive and from below where it is negative. The error of each
//! component is at most 3 ulp of the larger one, [`pow`] apart, and intermediate results do not overflow. These are scalar
//! functions with branches.

mod arithmetic;
mod exponential;
mod hyperbolic;
mod inverse;

pub use arithmetic::{abs, div, mul, reciprocal, sign, square};
pub use exponential::{exp, expm1, log, log1p, log2, log10, pow, sqrt};
pub use hyperbolic::{cos, cosh, sin, sinh, tan, tanh};
pub use inverse::{acos, acosh, asin, asinh, atan, atanh};

use super::{Baseline, MathFloat};
use num_complex::Complex;

/// Real functions at scalar level, on their whole domain.
fn sin_cos<R: MathFloat>(x: R) -> (R, R) {
    if x.sin_needs_repair() { (x.sin_repair(), x.cos_repair()) } else { (x.sin::<Baseline>(), x.cos::<Baseline>()) }
}

/// i z
fn times_i<R: MathFloat>(z: Complex<R>) -> Complex<R> {
    Complex::new(-z.im, z.re)
}

/// -i z
fn over_i<R: MathFloat>(z: Complex<R>) -> Complex<R> {
    Complex::new(z.im, -z.re)
}

/// The larger and the smaller magnitude of two numbers; NaN where one of them is.
fn sorted_magnitudes<R: MathFloat>(x: R, y: R) -> (R, R) {
    let (a, b) = (x.abs(), y.abs());
    if a.is_nan() || b.is_nan() {
        (R::NAN, R::NAN)
    } else if a < b {
        (b, a)
    } else {
        (a, b)
    }
}
