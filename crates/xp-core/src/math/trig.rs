//! Trigonometric functions: reduction by multiples of π/2 after Cody and Waite, then FDLIBM's kernels.

use super::kernel::{Kernel, fma, polynomial, round_magic, select};
use super::tables::{Double, Tables};
use super::{Isa, MathFloat};

#[inline(always)]
pub(super) fn sin<I: Isa, F: MathFloat>(x: F) -> F {
    let r = x.reduced::<I>();
    F::from_f64(r.at_quadrant(r.quadrant))
}

#[inline(always)]
pub(super) fn cos<I: Isa, F: MathFloat>(x: F) -> F {
    let r = x.reduced::<I>();
    F::from_f64(r.at_quadrant(r.quadrant + 1.0))
}

#[inline(always)]
pub(super) fn tan<I: Isa, F: MathFloat>(x: F) -> F {
    let r = x.reduced::<I>();
    let odd = f64::is_odd(r.quadrant);
    F::from_f64(select(odd, -r.cos, r.sin) / select(odd, r.sin, r.cos))
}

/// Sine and cosine of an angle minus a multiple of π/2.
pub struct Reduced {
    sin: f64,
    cos: f64,
    /// The multiple, plus `f64::MAGIC`.
    quadrant: f64,
}

impl Reduced {
    /// The sine of the reduced angle plus `quadrant` right angles.
    #[inline(always)]
    fn at_quadrant(&self, quadrant: f64) -> f64 {
        let value = select(f64::is_odd(quadrant), self.cos, self.sin);
        f64::from_bits(value.to_bits() ^ ((quadrant.to_bits() & 2) << 62))
    }
}

/// Reduction of an angle. In double precision for both types: a single-precision reduction would lose the result near
/// the multiples of π.
pub trait Trig: Sized {
    /// Largest angle that the reduction is made for.
    const TRIG_LIMIT: Self;
    /// Sine, cosine and quadrant of the reduced angle.
    fn reduced<I: Isa>(self) -> Reduced;
}

impl Trig for f64 {
    const TRIG_LIMIT: f64 = 1_048_576.0;

    #[inline(always)]
    fn reduced<I: Isa>(self) -> Reduced {
        let x = self;
        let (n, quadrant) = round_magic(x * core::f64::consts::FRAC_2_PI);
        // The parts have 33 bits and n has 20: the products are exact. So are the first difference and, because each
        // minuend is a multiple of the subtrahend's last bit, the errors of the next two.
        let first = fma::<I, f64>(n, -Double::PIO2_1, x);
        let second = fma::<I, f64>(n, -Double::PIO2_2, first);
        let second_error = fma::<I, f64>(n, -Double::PIO2_2, first - second);
        let r = fma::<I, f64>(n, -Double::PIO2_3, second);
        let r_error = fma::<I, f64>(n, -Double::PIO2_3, second - r);
        let c = fma::<I, f64>(n, -Double::PIO2_4, second_error + r_error);

        let z = r * r;
        let sin = r + fma::<I, f64>(z, fma::<I, f64>(r, polynomial::<I, f64>(z, f64::SIN), -0.5 * c), c);
        let half = 0.5 * z;
        let w = 1.0 - half;
        let cos = w + ((1.0 - w) - half + fma::<I, f64>(z * z, polynomial::<I, f64>(z, f64::COS), -(r * c)));
        Reduced { sin: select(x == 0.0, x, sin), cos, quadrant }
    }
}

impl Trig for f32 {
    const TRIG_LIMIT: f32 = 67_108_864.0;

    #[inline(always)]
    fn reduced<I: Isa>(self) -> Reduced {
        let x = f64::from(self);
        let (n, quadrant) = round_magic(x * core::f64::consts::FRAC_2_PI);
        let first = fma::<I, f64>(n, -Double::PIO2_SHORT_HI, x);
        let r = fma::<I, f64>(n, -Double::PIO2_SHORT_LO, first);
        let z = r * r;
        let sin = fma::<I, f64>(r * z, polynomial::<I, f64>(z, Double::SIN_SHORT), r);
        let cos = fma::<I, f64>(z * z, polynomial::<I, f64>(z, Double::COS_SHORT), fma::<I, f64>(z, -0.5, 1.0));
        Reduced { sin: select(x == 0.0, x, sin), cos, quadrant }
    }
}
