//! Trigonometric functions: reduction by multiples of π/2 after Cody and Waite, then FDLIBM's kernels.

use super::kernel::{Kernel, fast_two_sum, fma, polynomial, round_magic, select, two_product};
use super::tables::{Double, Tables};
use super::{Baseline, Isa, MathFloat};

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
    /// Sine of any angle.
    fn sin_any(self) -> Self;
    /// Cosine of any angle.
    fn cos_any(self) -> Self;
    /// Tangent of any angle.
    fn tan_any(self) -> Self;
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

        let (sin, cos) = sin_cos::<I>(r, c);
        Reduced { sin: select(x == 0.0, x, sin), cos, quadrant }
    }

    fn sin_any(self) -> f64 {
        let r = reduced_any(self);
        r.at_quadrant(r.quadrant)
    }

    fn cos_any(self) -> f64 {
        let r = reduced_any(self);
        r.at_quadrant(r.quadrant + 1.0)
    }

    fn tan_any(self) -> f64 {
        let r = reduced_any(self);
        if f64::is_odd(r.quadrant) { -r.cos / r.sin } else { r.sin / r.cos }
    }
}

/// [`Trig::reduced`] for any angle, NaN for one that is not finite. The C libraries' reduction of huge doubles is off by up
/// to 14 units in the last place near the multiples of π/2.
fn reduced_any(x: f64) -> Reduced {
    if !x.is_finite() {
        return Reduced { sin: f64::NAN, cos: f64::NAN, quadrant: f64::MAGIC };
    }
    if x.abs() <= f64::TRIG_LIMIT {
        return x.reduced::<Baseline>();
    }
    let (n, r, c) = reduce_large(x.abs());
    let sign = 1f64.copysign(x);
    let (sin, cos) = sin_cos::<Baseline>(sign * r, sign * c);
    Reduced { sin, cos, quadrant: f64::MAGIC + sign * n }
}

/// Sine and cosine of `r + c`, where `|r|` is at most π/4 and `c` is less than a unit in the last place of it.
#[inline(always)]
fn sin_cos<I: Isa>(r: f64, c: f64) -> (f64, f64) {
    let z = r * r;
    let sin = r + fma::<I, f64>(z, fma::<I, f64>(r, polynomial::<I, f64>(z, f64::SIN), -0.5 * c), c);
    let half = 0.5 * z;
    let w = 1.0 - half;
    let cos = w + ((1.0 - w) - half + fma::<I, f64>(z * z, polynomial::<I, f64>(z, f64::COS), -(r * c)));
    (sin, cos)
}

/// The multiple of π/2 nearest to `x`, modulo 4, and what is left of `x`, as a number and a correction, for `x` above
/// [`Trig::TRIG_LIMIT`].
///
/// After Payne and Hanek: of the product of `x` and 2/π only the bits from 2 on downwards matter, and only 192 bits of 2/π
/// make them. The product then has an error below 2^-137, and no double is nearer than 2^-62 to a multiple of π/2, so that
/// more bits are left than two doubles hold.
fn reduce_large(x: f64) -> (f64, f64, f64) {
    // x = mantissa * 2^exponent
    let mantissa = (x.to_bits() & ((1 << 52) - 1)) | (1 << 52);
    let exponent = (x.to_bits() >> 52) as i64 - 1075;
    // The first bit whose product with x is not a multiple of 4 has the weight 2^-(exponent - 1).
    let first = (exponent - 1 + 63) as usize;
    let (word, shift) = (first / 64, first % 64);
    let bits = |k: usize| {
        let (high, low) = (TWO_OVER_PI[word + k], TWO_OVER_PI[word + k + 1]);
        if shift == 0 { high } else { high << shift | low >> (64 - shift) }
    };
    // The product modulo 4, in units of 2^-190.
    let low = u128::from(bits(2)) * u128::from(mantissa);
    let middle = u128::from(bits(1)) * u128::from(mantissa) + (low >> 64);
    let high = bits(0).wrapping_mul(mantissa).wrapping_add((middle >> 64) as u64);
    let rest = u128::from(middle as u64) << 64 | u128::from(low as u64);
    // Whole quarter turns, and the fraction in units of 2^-192, to the nearest whole one.
    let quarter = high >> 62;
    let mut fraction = (high << 2 | (rest >> 126) as u64, rest << 2);
    let negative = fraction.0 >> 63 == 1;
    if negative {
        let (low, borrow) = 0u128.overflowing_sub(fraction.1);
        fraction = (0u64.wrapping_sub(fraction.0).wrapping_sub(u64::from(borrow)), low);
    }
    // The first 106 bits that are not zero, as two numbers.
    let zeros = if fraction.0 != 0 { fraction.0.leading_zeros() } else { 64 + fraction.1.leading_zeros() };
    let top = u128::from(fraction.0) << 64 | fraction.1 >> 64;
    let top = if zeros == 0 { top } else { top << zeros | u128::from(fraction.1 as u64) >> (64 - zeros.min(63)) };
    let scale = f64::from_bits(((1023 - 53 - i64::from(zeros)) as u64) << 52);
    let a = (top >> 75) as f64 * scale;
    let b = ((top >> 22) as u64 & ((1 << 53) - 1)) as f64 * scale * f64::EPSILON * 0.5;
    // Times π/2, whose second part is FRAC_PI_2_LOW.
    let (product, error) = two_product::<Baseline, f64>(a, core::f64::consts::FRAC_PI_2);
    let (r, c) = fast_two_sum(product, error + (a * FRAC_PI_2_LOW + b * core::f64::consts::FRAC_PI_2));
    let sign = if negative { -1.0 } else { 1.0 };
    ((quarter + u64::from(negative)) as f64, sign * r, sign * c)
}

/// π/2 less the double nearest to it.
const FRAC_PI_2_LOW: f64 = 6.123233995736766e-17;

/// The binary digits of 2/π, after 64 zeros.
const TWO_OVER_PI: [u64; 20] = [
    0,
    0xA2F9_836E_4E44_1529,
    0xFC27_57D1_F534_DDC0,
    0xDB62_9599_3C43_9041,
    0xFE51_63AB_DEBB_C561,
    0xB724_6E3A_424D_D2E0,
    0x0649_2EEA_09D1_921C,
    0xFE1D_EB1C_B129_A73E,
    0xE882_35F5_2EBB_4484,
    0xE99C_7026_B45F_7E41,
    0x3991_D639_8353_39F4,
    0x9C84_5F8B_BDF9_283B,
    0x1FF8_97FF_DE05_980F,
    0xEF2F_118B_5A0A_6D1F,
    0x6D36_7ECF_27CB_09B7,
    0x4F46_3F66_9E5F_EA2D,
    0x7527_BAC7_EBE5_F17B,
    0x3D07_39F7_8A52_92EA,
    0x6BFB_5FB1_1F8D_5D08,
    0x5603_3046_FC7B_6BAB,
];

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

    /// The C libraries' single precision is right to the last place, and fast.
    fn sin_any(self) -> f32 {
        self.sin()
    }

    fn cos_any(self) -> f32 {
        self.cos()
    }

    fn tan_any(self) -> f32 {
        self.tan()
    }
}
