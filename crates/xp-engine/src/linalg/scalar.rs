//! The element types of the matrix routines.

use super::functions::{Routines, Selections};
use super::simd::Kernels;
use crate::kernels::SortKey;
use num_complex::Complex;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

mod sealed {
    /// What faer knows of an element.
    pub trait Field<R>: faer::traits::ComplexField<Real = R> {}
    impl Field<f32> for f32 {}
    impl Field<f64> for f64 {}
    impl Field<f32> for num_complex::Complex<f32> {}
    impl Field<f64> for num_complex::Complex<f64> {}
}

/// Element of a matrix: `f32`, `f64`, `Complex<f32>` or `Complex<f64>`.
///
/// Unsafe code trusts that any bits are a number, and that the kernels are right: the trait is sealed.
pub trait Scalar:
    sealed::Field<<Self as Scalar>::R>
    + Copy
    + Send
    + Sync
    + 'static
    + Default
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
{
    /// The real type of the same precision.
    type R: RealScalar;
    /// The complex type of the same precision.
    type C: Scalar<R = Self::R>;

    /// `true` for `Complex`.
    const IS_COMPLEX: bool;
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;

    /// The number `re + i im`; the imaginary part is dropped by a real type.
    fn from_parts(re: Self::R, im: Self::R) -> Self;
    /// Real part.
    fn re(self) -> Self::R;
    /// Imaginary part, zero for a real type.
    fn im(self) -> Self::R;
    /// Complex conjugate.
    fn conjugate(self) -> Self;
    /// Absolute value.
    fn modulus(self) -> Self::R;
    /// Product with a real number.
    fn scale(self, by: Self::R) -> Self;
    /// Neither NaN nor infinite.
    fn finite(self) -> bool;
    #[doc(hidden)]
    fn kernels() -> Option<&'static Kernels<Self>>;
    #[doc(hidden)]
    fn routines() -> &'static Routines<Self>;

    /// The number `re + 0i`.
    fn from_re(re: Self::R) -> Self {
        Self::from_parts(re, Self::R::ZERO)
    }
    /// The larger of the magnitudes of the two parts.
    fn max_part(self) -> Self::R {
        let (a, b) = (self.re().modulus(), self.im().modulus());
        if a > b { a } else { b }
    }
}

/// A real element: `f32` or `f64`. Sealed, as [`Scalar`] is.
pub trait RealScalar: Scalar<R = Self> + PartialOrd + SortKey {
    /// Distance from 1 to the next larger number.
    const EPS: Self;
    /// Exponents of two within which squares and products of matrix elements neither overflow nor lose bits.
    const SAFE_EXPONENT: i32;
    /// Positive infinity.
    const INFINITY: Self;
    /// Smallest positive normal number.
    const MIN_POSITIVE: Self;

    /// Rounds a double to this type.
    fn from_f64(x: f64) -> Self;
    /// Widens to a double.
    fn to_f64(self) -> f64;
    /// Square root.
    fn root(self) -> Self;
    /// Natural logarithm.
    fn log(self) -> Self;
    /// `sqrt(self^2 + other^2)` without overflow.
    fn hypotenuse(self, other: Self) -> Self;
    /// `self * a + b`, rounded once.
    fn fused_mul_add(self, a: Self, b: Self) -> Self;
    #[doc(hidden)]
    fn selections() -> &'static Selections<Self>;

    /// The larger of two numbers.
    fn larger(self, other: Self) -> Self {
        if self > other { self } else { other }
    }

    /// `self * 2^exponent`, also where the power itself is not representable.
    fn ldexp(self, exponent: i32) -> Self {
        let half = exponent / 2;
        let pow = |e: i32| Self::from_f64(2f64.powi(e));
        if exponent.abs() <= Self::SAFE_EXPONENT {
            return self * pow(exponent);
        }
        let quarter = half / 2;
        self * pow(quarter) * pow(half - quarter) * pow((exponent - half) / 2) * pow(exponent - half - (exponent - half) / 2)
    }
}

macro_rules! real_scalar {
    ($t:ty, $safe:expr) => {
        impl Scalar for $t {
            type R = $t;
            type C = Complex<$t>;
            const IS_COMPLEX: bool = false;
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            #[inline(always)]
            fn from_parts(re: $t, _: $t) -> Self {
                re
            }
            #[inline(always)]
            fn re(self) -> $t {
                self
            }
            #[inline(always)]
            fn im(self) -> $t {
                0.0
            }
            #[inline(always)]
            fn conjugate(self) -> Self {
                self
            }
            #[inline(always)]
            fn modulus(self) -> $t {
                self.abs()
            }
            #[inline(always)]
            fn scale(self, by: $t) -> Self {
                self * by
            }
            #[inline(always)]
            fn finite(self) -> bool {
                self.is_finite()
            }
            fn kernels() -> Option<&'static Kernels<Self>> {
                super::simd::kernels::<$t>()
            }
            fn routines() -> &'static Routines<Self> {
                static TABLE: Routines<$t> = Routines::HERE;
                &TABLE
            }
        }
        impl RealScalar for $t {
            const EPS: Self = <$t>::EPSILON;
            const SAFE_EXPONENT: i32 = $safe;
            const INFINITY: Self = <$t>::INFINITY;
            const MIN_POSITIVE: Self = <$t>::MIN_POSITIVE;
            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as $t
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn root(self) -> Self {
                self.sqrt()
            }
            fn log(self) -> Self {
                self.ln()
            }
            #[inline(always)]
            fn hypotenuse(self, other: Self) -> Self {
                self.hypot(other)
            }
            #[inline(always)]
            fn fused_mul_add(self, a: Self, b: Self) -> Self {
                self.mul_add(a, b)
            }
            fn selections() -> &'static Selections<Self> {
                static TABLE: Selections<$t> = Selections::HERE;
                &TABLE
            }
        }
        impl Scalar for Complex<$t> {
            type R = $t;
            type C = Complex<$t>;
            const IS_COMPLEX: bool = true;
            const ZERO: Self = Complex::new(0.0, 0.0);
            const ONE: Self = Complex::new(1.0, 0.0);
            #[inline(always)]
            fn from_parts(re: $t, im: $t) -> Self {
                Complex::new(re, im)
            }
            #[inline(always)]
            fn re(self) -> $t {
                self.re
            }
            #[inline(always)]
            fn im(self) -> $t {
                self.im
            }
            #[inline(always)]
            fn conjugate(self) -> Self {
                self.conj()
            }
            #[inline(always)]
            fn modulus(self) -> $t {
                self.re.hypot(self.im)
            }
            #[inline(always)]
            fn scale(self, by: $t) -> Self {
                Complex::new(self.re * by, self.im * by)
            }
            #[inline(always)]
            fn finite(self) -> bool {
                self.re.is_finite() && self.im.is_finite()
            }
            fn kernels() -> Option<&'static Kernels<Self>> {
                None
            }
            fn routines() -> &'static Routines<Self> {
                static TABLE: Routines<Complex<$t>> = Routines::HERE;
                &TABLE
            }
        }
    };
}
real_scalar!(f64, 120);
real_scalar!(f32, 20);
