//! What the functions need of a floating-point type, and arithmetic they share.

use super::pow::PowPositive;
use super::tables::Tables;
use super::trig::Trig;
use super::{Isa, MathFloat};

/// Bit-level access and ranges; sealed, an implementation detail of [`MathFloat`].
pub trait Kernel: Tables + Trig + PowPositive + Sized {
    /// `1.5 * 2^p` for `p` explicit mantissa bits: adding it rounds to an integer and leaves that integer in the low bits.
    const MAGIC: Self;
    /// `MAGIC` plus twice the exponent bias, for `exp2_halves`.
    const MAGIC_TWICE_BIASED: Self;
    /// `2^p`: numbers from here on are integers.
    const INTEGERS: Self;
    /// 1/ln(2)
    const LOG2_E: Self;
    /// Below, `exp` is zero. Larger than -1.1 times the exponent range, so that scaling stays simple.
    const EXP_MIN: Self;
    /// Above, `exp` is infinite.
    const EXP_MAX: Self;
    /// As `EXP_MIN` for `exp2`.
    const EXP2_MIN: Self;
    /// As `EXP_MAX` for `exp2`.
    const EXP2_MAX: Self;
    /// An exponent `n` such that `2^-n` is normal and negligible next to `2^n`.
    const BIG_EXPONENT: Self;
    /// `2^BIG_EXPONENT`
    const BIG: Self;
    /// `2^-BIG_EXPONENT`
    const SMALL: Self;
    /// Squares of numbers between its reciprocal and this one keep their precision, sums of two of them are finite.
    const SQUARE_MAX: Self;
    /// Square of `SQUARE_MAX`, which takes smaller numbers into that range.
    const SQUARE_SCALE_UP: Self;
    /// Its reciprocal, which takes larger numbers there.
    const SQUARE_SCALE_DOWN: Self;
    /// Above, `tanh` and `erf` are 1.
    const SATURATED: Self;
    /// Center of the map that `Tables::ERFC` is a polynomial of.
    const ERFC_CENTER: Self;
    /// Above, `erfc` is zero.
    const ERFC_MAX: Self;
    /// 1/sqrt(2)
    const FRAC_1_SQRT_2: Self;
    /// 1/sqrt(pi)
    const FRAC_1_SQRT_PI: Self;
    /// Half of the largest `-ln(1 - x²)` at which `Tables::ERFINV` is `erfinv`; the argument is what is above it.
    const ERFINV_CENTER: Self;
    /// What `Tables::ERFINV_MIDDLE` has subtracted from the root of `-ln(1 - x²)`.
    const ERFINV_MIDDLE_CENTER: Self;
    /// From here on `Tables::ERFINV_TAIL` is `erfinv`.
    const ERFINV_TAIL_START: Self;
    /// As `ERFINV_MIDDLE_CENTER` for `Tables::ERFINV_TAIL`.
    const ERFINV_TAIL_CENTER: Self;
    /// The largest finite `-ln(1 - x²)`, and a little more.
    const ERFINV_MAX: Self;
    /// From this root of `-ln(1 - x²)` on `Tables::ERFINV_FAR` is needed.
    const ERFINV_FAR_START: Self;
    /// Center of the map that `Tables::ERFINV_FAR` is a polynomial of.
    const ERFINV_FAR_CENTER: Self;
    /// `2^(p + 1)`; factor that makes a subnormal number normal.
    const NORMALIZE: Self;
    /// Base-2 logarithm of `NORMALIZE`.
    const NORMALIZE_EXPONENT: Self;
    /// Veltkamp's constant, `2^ceil((p + 1) / 2) + 1`.
    const VELTKAMP: Self;

    /// `2^n` for `t = MAGIC + n`, where `n` is the exponent of a normal number.
    fn exp2_magic(t: Self) -> Self;
    /// Two factors whose product is `2^n` for `t = MAGIC_TWICE_BIASED + n`, where `2^n` may be subnormal or just above
    /// the range.
    fn exp2_halves(t: Self) -> (Self, Self);
    /// Whether the integer `n` in `t = MAGIC + n` is odd; for `t >= INTEGERS`, whether its last bit is set.
    fn is_odd(t: Self) -> bool;
    /// Exponent `k` and mantissa `m` with `x = m 2^k`, `sqrt(1/2) <= m < sqrt(2)`, for positive normal `x`.
    fn split_exponent(x: Self) -> (Self, Self);
    /// `x` with the lower half of its mantissa cleared.
    fn clear_low(x: Self) -> Self;
}

macro_rules! impl_kernel {
    ($t:ident, $bits:ident, $low:literal, {$($name:ident = $value:expr;)*}) => {
        impl Kernel for $t {
            $(const $name: Self = $value;)*
            const LOG2_E: Self = core::$t::consts::LOG2_E;
            const FRAC_1_SQRT_2: Self = core::$t::consts::FRAC_1_SQRT_2;
            const FRAC_1_SQRT_PI: Self = 0.5 * core::$t::consts::FRAC_2_SQRT_PI;

            #[inline(always)]
            fn exp2_magic(t: Self) -> Self {
                const BIAS: $bits = $t::MAX_EXP as $bits - 1;
                $t::from_bits(t.to_bits().wrapping_add(BIAS) << ($t::MANTISSA_DIGITS - 1))
            }
            #[inline(always)]
            fn exp2_halves(t: Self) -> (Self, Self) {
                const SHIFT: u32 = $t::MANTISSA_DIGITS - 1;
                let bits = t.to_bits();
                let half = bits >> 1;
                ($t::from_bits(half << SHIFT), $t::from_bits(bits.wrapping_sub(half) << SHIFT))
            }
            #[inline(always)]
            fn is_odd(t: Self) -> bool {
                t.to_bits() & 1 != 0
            }
            #[inline(always)]
            fn split_exponent(x: Self) -> (Self, Self) {
                const SHIFT: u32 = $t::MANTISSA_DIGITS - 1;
                const MANTISSA: $bits = (1 << SHIFT) - 1;
                const ONE: $bits = (1.0 as $t).to_bits();
                const LOWEST: $bits = core::$t::consts::FRAC_1_SQRT_2.to_bits();
                const INTEGERS: $bits = <$t as Kernel>::INTEGERS.to_bits();
                // Now the field changes where the mantissa passes sqrt(2); its value is written into the mantissa of
                // 2^p, because AVX2 cannot convert 64-bit integers.
                let shifted = x.to_bits().wrapping_add(ONE - LOWEST);
                let biased = $t::from_bits((shifted >> SHIFT) | INTEGERS);
                let k = biased - (<$t as Kernel>::INTEGERS + ($t::MAX_EXP - 1) as $t);
                (k, $t::from_bits((shifted & MANTISSA).wrapping_add(LOWEST)))
            }
            #[inline(always)]
            fn clear_low(x: Self) -> Self {
                $t::from_bits(x.to_bits() & ($bits::MAX << $low))
            }
        }
    };
}
impl_kernel!(f64, u64, 27, {
    MAGIC = 6_755_399_441_055_744.0;
    MAGIC_TWICE_BIASED = 6_755_399_441_055_744.0 + 2046.0;
    INTEGERS = 4_503_599_627_370_496.0;
    EXP_MIN = -746.0;
    EXP_MAX = 710.0;
    EXP2_MIN = -1076.0;
    EXP2_MAX = 1024.0;
    BIG_EXPONENT = 512.0;
    BIG = f64::from_bits((1023 + 512) << 52);
    SMALL = f64::from_bits((1023 - 512) << 52);
    SQUARE_MAX = f64::from_bits((1023 + 384) << 52);
    SQUARE_SCALE_UP = f64::from_bits((1023 + 768) << 52);
    SQUARE_SCALE_DOWN = f64::from_bits((1023 - 768) << 52);
    SATURATED = 20.0;
    ERFC_CENTER = 4.0;
    ERFC_MAX = 28.0;
    ERFINV_CENTER = 3.125;
    ERFINV_MIDDLE_CENTER = 3.25;
    ERFINV_TAIL_START = 16.0;
    ERFINV_TAIL_CENTER = 5.0;
    ERFINV_MAX = 37.0;
    ERFINV_FAR_START = 6.0625;
    ERFINV_FAR_CENTER = 12.0;
    NORMALIZE = 9_007_199_254_740_992.0;
    NORMALIZE_EXPONENT = 53.0;
    VELTKAMP = 134_217_729.0;
});
impl_kernel!(f32, u32, 12, {
    MAGIC = 12_582_912.0;
    MAGIC_TWICE_BIASED = 12_582_912.0 + 254.0;
    INTEGERS = 8_388_608.0;
    EXP_MIN = -104.0;
    EXP_MAX = 89.0;
    EXP2_MIN = -151.0;
    EXP2_MAX = 128.0;
    BIG_EXPONENT = 64.0;
    BIG = f32::from_bits((127 + 64) << 23);
    SMALL = f32::from_bits((127 - 64) << 23);
    SQUARE_MAX = f32::from_bits((127 + 48) << 23);
    SQUARE_SCALE_UP = f32::from_bits((127 + 96) << 23);
    SQUARE_SCALE_DOWN = f32::from_bits((127 - 96) << 23);
    SATURATED = 10.0;
    ERFC_CENTER = 2.0;
    ERFC_MAX = 10.2;
    ERFINV_CENTER = 2.5;
    ERFINV_MIDDLE_CENTER = 3.0;
    ERFINV_TAIL_START = 17.0;
    ERFINV_TAIL_CENTER = 3.0;
    ERFINV_MAX = 17.0;
    ERFINV_FAR_START = 4.0625;
    ERFINV_FAR_CENTER = 6.0;
    NORMALIZE = 16_777_216.0;
    NORMALIZE_EXPONENT = 24.0;
    VELTKAMP = 4097.0;
});

/// `a` if `condition`, else `b`. Both are evaluated: `if` would be a branch that the optimizer may move, and then copy
/// the code behind it into both arms.
#[inline(always)]
pub(super) fn select<F>(condition: bool, a: F, b: F) -> F {
    core::hint::select_unpredictable(condition, a, b)
}

/// `a * b + c`, fused where that is one instruction.
#[inline(always)]
pub(super) fn fma<I: Isa, F: MathFloat>(a: F, b: F, c: F) -> F {
    if I::FMA { a.mul_add(b, c) } else { a * b + c }
}

/// The polynomial with coefficients `c`, constant term first; even and odd terms apart, which halves the chain of
/// dependent operations that Horner's rule has.
#[inline(always)]
pub(super) fn polynomial<I: Isa, F: MathFloat>(x: F, c: &[F]) -> F {
    let square = x * x;
    let even = horner::<I, F>(square, c, 0);
    let odd = horner::<I, F>(square, c, 1);
    fma::<I, F>(x, odd, even)
}

/// The polynomial with every second coefficient of `c` from `start` on, by Horner's rule.
#[inline(always)]
fn horner<I: Isa, F: MathFloat>(x: F, c: &[F], start: usize) -> F {
    let mut i = c.len() - 1 - (c.len() - 1 - start) % 2;
    let mut p = c[i];
    while i > start {
        i -= 2;
        p = fma::<I, F>(p, x, c[i]);
    }
    p
}

/// `a + b` as a rounded sum and its error, for `|a| >= |b|` (Dekker).
#[inline(always)]
pub(super) fn fast_two_sum<F: MathFloat>(a: F, b: F) -> (F, F) {
    let s = a + b;
    (s, (a - s) + b)
}

/// `a + b` as a rounded sum and its error (Knuth).
#[inline(always)]
pub(super) fn two_sum<F: MathFloat>(a: F, b: F) -> (F, F) {
    let s = a + b;
    let t = s - a;
    (s, (a - (s - t)) + (b - t))
}

/// `a * b` as a rounded product and its error; without fused multiply-add after Dekker and Veltkamp.
#[inline(always)]
pub(super) fn two_product<I: Isa, F: MathFloat>(a: F, b: F) -> (F, F) {
    let p = a * b;
    if I::FMA {
        return (p, a.mul_add(b, -p));
    }
    let (ah, al) = veltkamp(a);
    let (bh, bl) = veltkamp(b);
    (p, ((ah * bh - p) + ah * bl + al * bh) + al * bl)
}

/// `a` as a sum of two numbers of half the length.
#[inline(always)]
fn veltkamp<F: MathFloat>(a: F) -> (F, F) {
    let c = a * F::VELTKAMP;
    let hi = c - (c - a);
    (hi, a - hi)
}

/// The smaller limit of a range that keeps NaN.
#[inline(always)]
pub(super) fn at_least<F: MathFloat>(x: F, low: F) -> F {
    select(x < low, low, x)
}

/// The larger limit of a range that keeps NaN.
#[inline(always)]
pub(super) fn at_most<F: MathFloat>(x: F, high: F) -> F {
    select(x > high, high, x)
}

/// The nearest integer, for `|x| < 2^(p - 1)`, and the same plus `MAGIC`.
#[inline(always)]
pub(super) fn round_magic<F: MathFloat>(x: F) -> (F, F) {
    let t = x + F::MAGIC;
    (t - F::MAGIC, t)
}

/// `value * 2^n` for an integer `n`, in two steps, so that the result may be subnormal or infinite.
#[inline(always)]
pub(super) fn scale<F: MathFloat>(value: F, n: F) -> F {
    let (low, high) = F::exp2_halves(n + F::MAGIC_TWICE_BIASED);
    value * low * high
}
