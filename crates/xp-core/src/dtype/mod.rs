//! Data types: what an element can be, which kind it belongs to, and how kinds map operations to scalar code.
//!
//! | trait | the standard's kind | dtypes |
//! |---|---|---|
//! | [`Element`] | any | all below |
//! | [`Num`] | numeric | integers, floats, complex |
//! | [`Real`] | real-valued | integers, floats |
//! | [`Integer`] | integral | `i8`..`i64`, `u8`..`u64` |
//! | [`Floating`] | floating-point | floats, complex |
//! | [`Float`] | real floating-point | `f32`, `f64`, [`f16`](half::f16), [`bf16`](half::bf16) |
//! | [`Bits`] | boolean or integral | `bool`, integers |

mod cast;
mod impls;
mod info;
mod promote;

pub(crate) use cast::Cast;
pub use cast::{CastSource, CastTarget};
pub use info::{DType, FInfo, IInfo, Kind, can_cast, finfo, iinfo, isdtype};
pub use promote::{Promote, result_type};

use core::fmt::{Debug, Display};
use core::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Not, Rem, Sub};

use crate::math::{Isa, MathFloat};
use num_complex::Complex;

/// An element of an array. Sealed: the dtypes are those of the standard, plus `f16` and `bf16`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a dtype of xp",
    note = "dtypes: bool, i8, i16, i32, i64, u8, u16, u32, u64, f16, bf16, f32, f64, Complex<f32>, Complex<f64>"
)]
pub trait Element:
    Copy
    + Default
    + PartialEq
    + Debug
    + Display
    + Send
    + Sync
    + bytemuck::NoUninit
    + bytemuck::Zeroable
    + Promote<Self, Output = Self>
    + CastSource
    + CastTarget
    + crate::dispatch::Dispatch
    + 'static
{
    /// The dtype as a value.
    const DTYPE: DType;
    /// Whether the value is neither zero nor `false`.
    fn is_truthy(self) -> bool;
    /// Converts to another dtype: floats to integers by truncation (saturating, NaN to 0), wide integers to narrow ones
    /// modulo their width, numbers to booleans by "is not zero", booleans to 0 and 1, complex numbers to their real part.
    #[inline(always)]
    fn cast<U: Element>(self) -> U {
        self.cast_into::<U>()
    }
    #[doc(hidden)]
    fn seal(_: sealed::Token);
}

/// A numeric dtype.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a numeric dtype",
    note = "arithmetic takes integers, floats and complex numbers; convert booleans with `astype`"
)]
pub trait Num: Element + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> {
    /// The dtype of magnitudes: the component of a complex dtype, otherwise the dtype itself.
    type Real: Real<Real = Self::Real>;
    /// The dtype of sums and products: integers widen to 64 bits, others stay.
    type Accum: Num<Accum = Self::Accum> + Promote<Self, Output = Self::Accum>;
    /// What sums are carried in: [`Num::Accum`], but `f32` for halves.
    type Wide: Num;
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// The nearest value, saturating for integers; a complex dtype gets a zero imaginary part.
    fn from_f64(x: f64) -> Self;
    /// The nearest value of a length or count.
    fn from_usize(n: usize) -> Self {
        Self::from_f64(n as f64)
    }
    /// Real part.
    fn re(self) -> Self::Real;
    /// Imaginary part, zero unless complex.
    fn im(self) -> Self::Real;
    /// The number with real part `re` and imaginary part zero.
    fn from_real(re: Self::Real) -> Self;
    /// Complex conjugate.
    fn conj(self) -> Self;
    /// Magnitude; of a signed integer with wrap-around at its minimum.
    fn magnitude<I: Isa>(self) -> Self::Real;
    /// Applies an operation that is defined for all numbers.
    fn num1<I: Isa, F: IntFn1 + RealFn1 + ComplexFn1>(x: Self) -> Self;
    /// Applies a two-argument operation that is defined for all numbers.
    fn num2<I: Isa, F: IntFn2 + RealFn2 + ComplexFn2>(x: Self, y: Self) -> Self;
}

/// A real-valued (ordered) dtype: integer or float.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a real-valued dtype", note = "complex numbers and booleans have no order")]
pub trait Real: Num<Real = Self> + PartialOrd {
    /// The dtype of 64 bits that has all values of this one, in the same order.
    type Widest: Real;
    /// Whether the value is NaN; `false` for integers.
    fn is_nan(self) -> bool;
    /// The smallest value: minus infinity for floats.
    const LOWEST: Self;
    /// The largest value: infinity for floats.
    const HIGHEST: Self;
    /// The nearest `f64`.
    fn to_f64(self) -> f64;
    /// Applies an operation on real numbers.
    fn real1<I: Isa, F: IntFn1 + RealFn1>(x: Self) -> Self;
    /// Applies a two-argument operation on real numbers.
    fn real2<I: Isa, F: IntFn2 + RealFn2>(x: Self, y: Self) -> Self;
}

/// A boolean or integral dtype: what bitwise operations take.
#[diagnostic::on_unimplemented(message = "`{Self}` is neither boolean nor integral", note = "bitwise operations take bool and integers")]
pub trait Bits: Element + Eq + Ord + BitAnd<Output = Self> + BitOr<Output = Self> + BitXor<Output = Self> + Not<Output = Self> {}

/// An integral dtype.
#[diagnostic::on_unimplemented(message = "`{Self}` is not an integer dtype")]
pub trait Integer: Real + Bits + Rem<Output = Self> {
    /// Whether negative values exist.
    const SIGNED: bool;
    /// Number of bits.
    const BITS: u32;
    /// Sum modulo 2^BITS.
    fn wrapping_add(self, o: Self) -> Self;
    /// Difference modulo 2^BITS.
    fn wrapping_sub(self, o: Self) -> Self;
    /// Product modulo 2^BITS.
    fn wrapping_mul(self, o: Self) -> Self;
    /// Negation modulo 2^BITS.
    fn wrapping_neg(self) -> Self;
    /// Quotient towards zero; 0 for a zero divisor, and wrap-around for `MIN / -1`.
    fn div_or_zero(self, o: Self) -> Self;
    /// Remainder with the sign of the dividend; 0 for a zero divisor.
    fn rem_or_zero(self, o: Self) -> Self;
    /// `self << n`; 0 when `n` is not below BITS or negative.
    fn shift_left(self, n: Self) -> Self;
    /// `self >> n`, sign-filling; all sign bits when `n` is not below BITS or negative.
    fn shift_right(self, n: Self) -> Self;
    /// Power modulo 2^BITS; a negative exponent gives the integer part of the real result.
    fn power(self, n: Self) -> Self;
    /// The value modulo 2^64 (two's complement).
    fn to_i64(self) -> i64;
    /// The low bits of `x` (two's complement).
    fn wrap_i64(x: i64) -> Self;
}

/// A floating-point dtype, real or complex: what linear algebra and transcendental functions take.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a floating-point dtype", note = "convert integers with `astype::<f64>()`")]
pub trait Floating: Num<Accum = Self, Real = <Self as Floating>::Part, Wide = <Self as Floating>::Carrier> + Neg<Output = Self> {
    /// The dtype of the real part, which is [`Num::Real`], known to be a float.
    type Part: Float;
    /// What intermediate results are carried in, which is [`Num::Wide`], known to be floating-point.
    type Carrier: Floating;
    /// Applies an operation on floating-point numbers.
    fn floating1<I: Isa, F: RealFn1 + ComplexFn1>(x: Self) -> Self;
    /// Applies a two-argument operation on floating-point numbers.
    fn floating2<I: Isa, F: RealFn2 + ComplexFn2>(x: Self, y: Self) -> Self;
    /// Whether `F`'s fast form is outside its domain at `x`.
    fn needs_repair1<F: RealFn1>(x: Self) -> bool;
    /// `fast`, or the value of `F`'s slow form where the fast one is outside its domain.
    fn repair1<F: RealFn1>(x: Self, fast: Self) -> Self;
    /// Whether no part is NaN or infinite.
    fn is_finite(self) -> bool;
    /// The number `re + i im`; a real dtype ignores `im`.
    fn from_parts(re: Self::Real, im: Self::Real) -> Self;
}

/// A real floating-point dtype, with the scalar functions that numeric code needs on the way.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a real floating-point dtype")]
pub trait Float: Real + Floating<Part = Self, Carrier = <Self as Float>::CarrierFloat> {
    /// What intermediate results are carried in, which is [`Num::Wide`], known to be a float.
    type CarrierFloat: Float;
    /// The difference between 1 and the next larger number.
    const EPSILON: Self;
    /// The smallest positive normal number.
    const MIN_POSITIVE: Self;
    /// The largest finite number.
    const MAX: Self;
    /// Infinity.
    const INFINITY: Self;
    /// Not a number.
    const NAN: Self;
    /// Applies an operation on real floating-point numbers.
    fn float1<I: Isa, F: RealFn1>(x: Self) -> Self;
    /// Applies a two-argument operation on real floating-point numbers.
    fn float2<I: Isa, F: RealFn2>(x: Self, y: Self) -> Self;
    /// Next number after `self` in the direction of `towards`.
    fn next_after(self, towards: Self) -> Self;

    /// Square root.
    fn sqrt(self) -> Self {
        Self::from_f64(self.to_f64().sqrt())
    }
    /// Exponential function.
    fn exp(self) -> Self {
        Self::from_f64(self.to_f64().exp())
    }
    /// Natural logarithm.
    fn ln(self) -> Self {
        Self::from_f64(self.to_f64().ln())
    }
    /// Absolute value.
    fn abs(self) -> Self {
        Self::from_f64(self.to_f64().abs())
    }
    /// The larger of two numbers; the other one when one is NaN.
    fn max(self, o: Self) -> Self {
        if self.is_nan() || self < o { o } else { self }
    }
    /// The smaller of two numbers; the other one when one is NaN.
    fn min(self, o: Self) -> Self {
        if self.is_nan() || self > o { o } else { self }
    }
}

/// What an operation does to one integer.
pub trait IntFn1 {
    /// The operation.
    fn int<T: Integer>(x: T) -> T;
}
/// What an operation does to two integers.
pub trait IntFn2 {
    /// The operation.
    fn int<T: Integer>(x: T, y: T) -> T;
}
/// What an operation does to one real floating-point number. `f16` and `bf16` go through `f32`.
pub trait RealFn1 {
    /// The operation.
    fn real<I: Isa, R: MathFloat>(x: R) -> R;
    /// Whether there are arguments for which [`RealFn1::real`] is outside its domain.
    const REPAIRS: bool = false;
    /// Whether [`RealFn1::real`] is outside its domain at `x`.
    fn needs_repair<R: MathFloat>(_: R) -> bool {
        false
    }
    /// The slow form that is right everywhere.
    fn repair<R: MathFloat>(x: R) -> R {
        x
    }
}
/// What an operation does to two real floating-point numbers.
pub trait RealFn2 {
    /// The operation.
    fn real<I: Isa, R: MathFloat>(x: R, y: R) -> R;
}
/// What an operation does to one complex number.
pub trait ComplexFn1 {
    /// The operation.
    fn complex<I: Isa, R: MathFloat>(z: Complex<R>) -> Complex<R>;
}
/// What an operation does to two complex numbers.
pub trait ComplexFn2 {
    /// The operation.
    fn complex<I: Isa, R: MathFloat>(z: Complex<R>, w: Complex<R>) -> Complex<R>;
}

/// What nobody outside can name, so that nobody outside can implement [`Element`] and the traits above it.
///
/// ```
/// use xp_core::dtype::Element;
/// ```
/// ```compile_fail,E0603
/// use xp_core::dtype::sealed::Token;
/// ```
mod sealed {
    #[derive(Debug)]
    pub struct Token;
}
