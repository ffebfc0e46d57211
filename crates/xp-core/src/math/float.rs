//! The trait that carries the real functions.

use core::fmt::Debug;
use core::ops::{Add, Div, Mul, Neg, Sub};

use super::kernel::Kernel;
use super::{Isa, exp, gamma, hyperbolic, incomplete, inverse_trig, log, pow, special, trig};

/// A floating-point type with the functions of this module: `f32` and `f64`.
///
/// The generic parameter `I` of the functions is the instruction-set level of the loop they are called in. Take
/// [`Baseline`](super::Baseline) for a call outside such a loop: a level with fused multiply-add is slow, though
/// correct, where the target features are not enabled.
///
/// Bounds are in units in the last place (ulp) of the exact result.
pub trait MathFloat:
    Kernel
    + Copy
    + PartialOrd
    + Debug
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + 'static
{
    /// 0
    const ZERO: Self;
    /// 1
    const ONE: Self;
    /// 2
    const TWO: Self;
    /// 1/2
    const HALF: Self;
    /// Not a number.
    const NAN: Self;
    /// Positive infinity.
    const INFINITY: Self;
    /// Difference between 1 and the next larger number.
    const EPSILON: Self;
    /// Smallest positive normal number.
    const MIN_POSITIVE: Self;
    /// Largest finite number.
    const MAX: Self;
    /// The circle constant π.
    const PI: Self;
    /// π/2
    const FRAC_PI_2: Self;
    /// π/4
    const FRAC_PI_4: Self;
    /// Natural logarithm of 2.
    const LN_2: Self;
    /// Natural logarithm of 10.
    const LN_10: Self;

    /// The number nearest to `value`.
    fn from_f64(value: f64) -> Self;
    /// The same number as `f64`.
    fn to_f64(self) -> f64;
    /// Absolute value.
    fn abs(self) -> Self;
    /// The magnitude of `self` with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;
    /// Largest integer that is not greater.
    fn floor(self) -> Self;
    /// `self * a + b`, rounded once.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// Square root, correctly rounded.
    fn sqrt(self) -> Self;
    /// Whether this is not a number.
    fn is_nan(self) -> bool;
    /// Whether this is neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// Whether this is positive or negative infinity.
    fn is_infinite(self) -> bool;
    /// Whether the sign bit is set, that of a zero or NaN included.
    fn is_sign_negative(self) -> bool;

    /// e to the power of `self`; 1 ulp.
    #[inline(always)]
    fn exp<I: Isa>(self) -> Self {
        exp::exp::<I, Self>(self)
    }
    /// 2 to the power of `self`; 1 ulp.
    #[inline(always)]
    fn exp2<I: Isa>(self) -> Self {
        exp::exp2::<I, Self>(self)
    }
    /// `exp(self) - 1` without cancellation; 2 ulp.
    #[inline(always)]
    fn exp_m1<I: Isa>(self) -> Self {
        exp::exp_m1::<I, Self>(self)
    }
    /// Natural logarithm; 1 ulp.
    #[inline(always)]
    fn ln<I: Isa>(self) -> Self {
        log::ln::<I, Self>(self)
    }
    /// `ln(1 + self)` without cancellation; 2 ulp.
    #[inline(always)]
    fn ln_1p<I: Isa>(self) -> Self {
        log::ln_1p::<I, Self>(self)
    }
    /// Logarithm to base 2; 1 ulp.
    #[inline(always)]
    fn log2<I: Isa>(self) -> Self {
        log::log2::<I, Self>(self)
    }
    /// Logarithm to base 10; 2 ulp.
    #[inline(always)]
    fn log10<I: Isa>(self) -> Self {
        log::log10::<I, Self>(self)
    }
    /// `ln(exp(self) + exp(other))` without overflow; 3 ulp, near zero too, where the exponentials add up to nearly one: to
    /// 2^-95 absolute, and for `f32` to 2^-50.
    #[inline(always)]
    fn logaddexp<I: Isa>(self, other: Self) -> Self {
        log::logaddexp::<I, Self>(self, other)
    }

    /// Sine of an angle in radians; 1 ulp. Valid unless [`sin_needs_repair`](Self::sin_needs_repair).
    #[inline(always)]
    fn sin<I: Isa>(self) -> Self {
        trig::sin::<I, Self>(self)
    }
    /// Cosine of an angle in radians; 1 ulp. Valid unless [`cos_needs_repair`](Self::cos_needs_repair).
    #[inline(always)]
    fn cos<I: Isa>(self) -> Self {
        trig::cos::<I, Self>(self)
    }
    /// Tangent of an angle in radians; 3 ulp. Valid unless [`tan_needs_repair`](Self::tan_needs_repair).
    #[inline(always)]
    fn tan<I: Isa>(self) -> Self {
        trig::tan::<I, Self>(self)
    }
    /// Whether the angle is too large for the reduction in [`sin`](Self::sin): above 2^20, for `f32` above 2^26.
    #[inline(always)]
    fn sin_needs_repair(self) -> bool {
        self.abs() > Self::TRIG_LIMIT
    }
    /// Whether the angle is too large for the reduction in [`cos`](Self::cos): above 2^20, for `f32` above 2^26.
    #[inline(always)]
    fn cos_needs_repair(self) -> bool {
        self.abs() > Self::TRIG_LIMIT
    }
    /// Whether the angle is too large for the reduction in [`tan`](Self::tan): above 2^20, for `f32` above 2^26.
    #[inline(always)]
    fn tan_needs_repair(self) -> bool {
        self.abs() > Self::TRIG_LIMIT
    }
    /// Sine on the whole domain; 1 ulp.
    fn sin_repair(self) -> Self;
    /// Cosine on the whole domain; 1 ulp.
    fn cos_repair(self) -> Self;
    /// Tangent on the whole domain; 3 ulp.
    fn tan_repair(self) -> Self;

    /// Inverse sine, in `[-π/2, π/2]`; 2 ulp.
    #[inline(always)]
    fn asin<I: Isa>(self) -> Self {
        inverse_trig::asin::<I, Self>(self)
    }
    /// Inverse cosine, in `[0, π]`; 2 ulp.
    #[inline(always)]
    fn acos<I: Isa>(self) -> Self {
        inverse_trig::acos::<I, Self>(self)
    }
    /// Inverse tangent, in `[-π/2, π/2]`; 2 ulp.
    #[inline(always)]
    fn atan<I: Isa>(self) -> Self {
        inverse_trig::atan::<I, Self>(self)
    }
    /// Angle of the point (`x`, `self`), in `[-π, π]`; 2 ulp.
    #[inline(always)]
    fn atan2<I: Isa>(self, x: Self) -> Self {
        inverse_trig::atan2::<I, Self>(self, x)
    }

    /// Hyperbolic sine; 2 ulp.
    #[inline(always)]
    fn sinh<I: Isa>(self) -> Self {
        hyperbolic::sinh::<I, Self>(self)
    }
    /// Hyperbolic cosine; 2 ulp.
    #[inline(always)]
    fn cosh<I: Isa>(self) -> Self {
        hyperbolic::cosh::<I, Self>(self)
    }
    /// Hyperbolic tangent; 3 ulp.
    #[inline(always)]
    fn tanh<I: Isa>(self) -> Self {
        hyperbolic::tanh::<I, Self>(self)
    }
    /// Inverse hyperbolic sine; 2 ulp.
    #[inline(always)]
    fn asinh<I: Isa>(self) -> Self {
        hyperbolic::asinh::<I, Self>(self)
    }
    /// Inverse hyperbolic cosine; 3 ulp.
    #[inline(always)]
    fn acosh<I: Isa>(self) -> Self {
        hyperbolic::acosh::<I, Self>(self)
    }
    /// Inverse hyperbolic tangent; 2 ulp.
    #[inline(always)]
    fn atanh<I: Isa>(self) -> Self {
        hyperbolic::atanh::<I, Self>(self)
    }

    /// `self` to the power of `exponent`; 1 ulp.
    #[inline(always)]
    fn pow<I: Isa>(self, exponent: Self) -> Self {
        pow::pow::<I, Self>(self, exponent)
    }
    /// `sqrt(self² + other²)` without intermediate overflow or underflow; 2 ulp.
    #[inline(always)]
    fn hypot<I: Isa>(self, other: Self) -> Self {
        pow::hypot::<I, Self>(self, other)
    }

    /// Error function; 2 ulp.
    #[inline(always)]
    fn erf<I: Isa>(self) -> Self {
        special::erf::<I, Self>(self)
    }
    /// Complementary error function; 4 ulp.
    #[inline(always)]
    fn erfc<I: Isa>(self) -> Self {
        special::erfc::<I, Self>(self)
    }
    /// `exp(self²) erfc(self)` without overflow of the factors; 6 ulp.
    #[inline(always)]
    fn erfcx<I: Isa>(self) -> Self {
        special::erfcx::<I, Self>(self)
    }
    /// Inverse of the error function: infinite at -1 and 1, NaN beyond; 4 ulp.
    #[inline(always)]
    fn erfinv<I: Isa>(self) -> Self {
        special::erfinv::<I, Self>(self)
    }
    /// Probability that a standard normal number is at most `self`; 5 ulp.
    #[inline(always)]
    fn ndtr<I: Isa>(self) -> Self {
        special::ndtr::<I, Self>(self)
    }
    /// Inverse of [`ndtr`](Self::ndtr): infinite at 0 and 1, NaN beyond; 5 ulp.
    #[inline(always)]
    fn ndtri<I: Isa>(self) -> Self {
        special::ndtri::<I, Self>(self)
    }
    /// Natural logarithm of [`ndtr`](Self::ndtr), without underflow and accurate near 0; 5 ulp.
    #[inline(always)]
    fn log_ndtr<I: Isa>(self) -> Self {
        special::log_ndtr::<I, Self>(self)
    }
    /// `ln(1 + exp(self))` without overflow; 3 ulp.
    #[inline(always)]
    fn softplus<I: Isa>(self) -> Self {
        special::softplus::<I, Self>(self)
    }
    /// `ln(1 / (1 + exp(-self)))` without overflow; 3 ulp.
    #[inline(always)]
    fn log_expit<I: Isa>(self) -> Self {
        special::log_expit::<I, Self>(self)
    }
    /// `-self ln(self)`, 0 at 0 and minus infinity below; 2 ulp.
    #[inline(always)]
    fn entr<I: Isa>(self) -> Self {
        special::entr::<I, Self>(self)
    }
    /// `self ln(self / other)` of positive numbers, 0 for 0 and what is not negative, infinite otherwise; 4 ulp.
    #[inline(always)]
    fn rel_entr<I: Isa>(self, other: Self) -> Self {
        special::rel_entr::<I, Self>(self, other)
    }
    /// `self ln(self / other) - self + other` of positive numbers, `other` for 0 and what is not negative, infinite otherwise;
    /// 32 ulp.
    #[inline(always)]
    fn kl_div<I: Isa>(self, other: Self) -> Self {
        special::kl_div::<I, Self>(self, other)
    }
    /// Natural logarithm of the absolute value of the gamma function; 8 ulp, or 8 epsilon absolute near the zeros on
    /// the negative axis. Valid unless [`gammaln_needs_repair`](Self::gammaln_needs_repair).
    #[inline(always)]
    fn gammaln<I: Isa>(self) -> Self {
        special::gammaln::<I, Self>(self)
    }
    /// Whether the argument is negative, where [`gammaln`](Self::gammaln) needs the reflection formula.
    #[inline(always)]
    fn gammaln_needs_repair(self) -> bool {
        self < Self::ZERO
    }
    /// [`gammaln`](Self::gammaln) on the whole domain.
    #[inline]
    fn gammaln_repair(self) -> Self {
        special::gammaln_reflected(self)
    }
    /// Logarithmic derivative of the gamma function; 6 ulp, or 16 epsilon absolute for negative arguments. Valid unless
    /// [`digamma_needs_repair`](Self::digamma_needs_repair).
    #[inline(always)]
    fn digamma<I: Isa>(self) -> Self {
        gamma::digamma::<I, Self>(self)
    }
    /// Whether the argument is negative, where [`digamma`](Self::digamma) needs the reflection formula.
    #[inline(always)]
    fn digamma_needs_repair(self) -> bool {
        self < Self::ZERO
    }
    /// [`digamma`](Self::digamma) on the whole domain.
    #[inline]
    fn digamma_repair(self) -> Self {
        gamma::digamma_reflected(self)
    }
    /// Natural logarithm of the absolute value of the beta function; 16 ulp, or 16 epsilon absolute where that is more.
    #[inline(always)]
    fn betaln<I: Isa>(self, other: Self) -> Self {
        gamma::betaln::<I, Self>(self, other)
    }
    /// Regularised lower incomplete gamma function of the parameter `self`. The error is 64 ulp, and 4 more for each unit of the
    /// logarithm of the result; as for all functions from here on, a rounding more for `f32`, which is computed in `f64`.
    fn gammainc<I: Isa>(self, x: Self) -> Self {
        Self::from_f64(incomplete::gamma::<I>(self.to_f64(), x.to_f64()).0)
    }
    /// Regularised upper incomplete gamma function, accurate where it is small; as [`gammainc`](Self::gammainc).
    fn gammaincc<I: Isa>(self, x: Self) -> Self {
        Self::from_f64(incomplete::gamma::<I>(self.to_f64(), x.to_f64()).1)
    }
    /// The `x` with `gammainc(self, x) = p`; NaN for a `p` outside of 0 to 1. The error is that of `p`, or of `1 - p` if that
    /// is smaller, where `gammainc` is inexact by 64 ulp.
    fn gammaincinv<I: Isa>(self, p: Self) -> Self {
        let p = p.to_f64();
        Self::from_f64(incomplete::gamma_inverse::<I>(self.to_f64(), p, 1.0 - p))
    }
    /// The `x` with `gammaincc(self, x) = q`; as [`gammaincinv`](Self::gammaincinv).
    fn gammainccinv<I: Isa>(self, q: Self) -> Self {
        let q = q.to_f64();
        Self::from_f64(incomplete::gamma_inverse::<I>(self.to_f64(), 1.0 - q, q))
    }
    /// Regularised incomplete beta function of the parameters `self` and `b`; as [`gammainc`](Self::gammainc).
    fn betainc<I: Isa>(self, b: Self, x: Self) -> Self {
        let x = x.to_f64();
        Self::from_f64(incomplete::beta::<I>(self.to_f64(), b.to_f64(), x, 1.0 - x).0)
    }
    /// Complement of [`betainc`](Self::betainc), accurate where it is small unless `self` is.
    fn betaincc<I: Isa>(self, b: Self, x: Self) -> Self {
        let x = x.to_f64();
        Self::from_f64(incomplete::beta::<I>(self.to_f64(), b.to_f64(), x, 1.0 - x).1)
    }
    /// The `x` with `betainc(self, b, x) = p`; NaN for a `p` outside of 0 to 1. As [`gammaincinv`](Self::gammaincinv).
    fn betaincinv<I: Isa>(self, b: Self, p: Self) -> Self {
        Self::from_f64(incomplete::beta_inverse::<I>(self.to_f64(), b.to_f64(), p.to_f64()))
    }
}

macro_rules! impl_math_float {
    ($t:ident) => {
        impl MathFloat for $t {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const TWO: Self = 2.0;
            const HALF: Self = 0.5;
            const NAN: Self = $t::NAN;
            const INFINITY: Self = $t::INFINITY;
            const EPSILON: Self = $t::EPSILON;
            const MIN_POSITIVE: Self = $t::MIN_POSITIVE;
            const MAX: Self = $t::MAX;
            const PI: Self = core::$t::consts::PI;
            const FRAC_PI_2: Self = core::$t::consts::FRAC_PI_2;
            const FRAC_PI_4: Self = core::$t::consts::FRAC_PI_4;
            const LN_2: Self = core::$t::consts::LN_2;
            const LN_10: Self = core::$t::consts::LN_10;

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $t
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self.into()
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $t::abs(self)
            }
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                $t::copysign(self, sign)
            }
            #[inline(always)]
            fn floor(self) -> Self {
                $t::floor(self)
            }
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                $t::mul_add(self, a, b)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $t::sqrt(self)
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                $t::is_nan(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $t::is_finite(self)
            }
            #[inline(always)]
            fn is_infinite(self) -> bool {
                $t::is_infinite(self)
            }
            #[inline(always)]
            fn is_sign_negative(self) -> bool {
                $t::is_sign_negative(self)
            }
            #[inline]
            fn sin_repair(self) -> Self {
                trig::Trig::sin_any(self)
            }
            #[inline]
            fn cos_repair(self) -> Self {
                trig::Trig::cos_any(self)
            }
            #[inline]
            fn tan_repair(self) -> Self {
                trig::Trig::tan_any(self)
            }
        }
    };
}
impl_math_float!(f32);
impl_math_float!(f64);
