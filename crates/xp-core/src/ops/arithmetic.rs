//! Arithmetic: `+ - * /`, powers, remainders, signs.

use num_complex::Complex;

use super::{BinaryOp, DeviceSource, UnaryOp};
use crate::dtype::{ComplexFn1, ComplexFn2, Floating, IntFn1, IntFn2, Integer, Num, Real, RealFn1, RealFn2};
use crate::math::complex as cmath;
use crate::math::{Isa, MathFloat};

/// Declares an operation on two numbers: what it does to integers, to reals, and to complex numbers.
macro_rules! num_ops2 {
    ($($(#[$doc:meta])* $Op:ident $name:literal: |$x:ident, $y:ident| int $int:expr, real $real:expr, complex $complex:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $Op;
        impl IntFn2 for $Op {
            #[inline(always)]
            fn int<T: Integer>($x: T, $y: T) -> T { $int }
        }
        impl RealFn2 for $Op {
            #[inline(always)]
            fn real<I: Isa, R: MathFloat>($x: R, $y: R) -> R { $real }
        }
        impl ComplexFn2 for $Op {
            #[inline(always)]
            fn complex<I: Isa, R: MathFloat>($x: Complex<R>, $y: Complex<R>) -> Complex<R> { $complex }
        }
        impl<T: Num> BinaryOp<T> for $Op {
            type Out = T;
            const NAME: &'static str = $name;
            const DEVICE: DeviceSource = DeviceSource::LIBRARY;
            #[inline(always)]
            fn apply<I: Isa>(self, x: T, y: T) -> T { T::num2::<I, Self>(x, y) }
        }
    )*};
}

num_ops2! {
    /// `x1 + x2`; integers wrap around.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!((array![1_u8, 250] + array![2_u8, 10]).to_vec(), [3, 4]);
    /// ```
    Add "add": |x, y| int x.wrapping_add(y), real x + y, complex Complex::new(x.re + y.re, x.im + y.im);
    /// `x1 - x2`; integers wrap around.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!((2.0 - array![0.5_f64, 3.0]).to_vec(), [1.5, -1.0]);
    /// ```
    Subtract "subtract": |x, y| int x.wrapping_sub(y), real x - y, complex Complex::new(x.re - y.re, x.im - y.im);
    /// `x1 * x2`; integers wrap around.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!((array![2, 3] * array![[1], [10]]).to_vec(), [2, 3, 20, 30]);
    /// ```
    Multiply "multiply": |x, y| int x.wrapping_mul(y), real x * y, complex cmath::mul(x, y);
    /// `x1` to the power of `x2`. An integer to a negative power is the integer part of the real result.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![2.0, 9.0].pow(array![10.0, 0.5]).to_vec(), [1024.0, 3.0]);
    /// assert_eq!(array![2, -1].pow(array![-1, -3]).to_vec(), [0, -1]);
    /// ```
    Pow "pow": |x, y| int x.power(y), real x.pow::<I>(y), complex cmath::pow(x, y);
}

/// Declares an operation on two real numbers.
macro_rules! real_ops2 {
    ($($(#[$doc:meta])* $Op:ident $name:literal: |$x:ident, $y:ident| int $int:expr, real $real:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $Op;
        impl IntFn2 for $Op {
            #[inline(always)]
            fn int<T: Integer>($x: T, $y: T) -> T { $int }
        }
        impl RealFn2 for $Op {
            #[inline(always)]
            fn real<I: Isa, R: MathFloat>($x: R, $y: R) -> R { $real }
        }
        impl<T: Real> BinaryOp<T> for $Op {
            type Out = T;
            const NAME: &'static str = $name;
            const DEVICE: DeviceSource = DeviceSource::LIBRARY;
            #[inline(always)]
            fn apply<I: Isa>(self, x: T, y: T) -> T { T::real2::<I, Self>(x, y) }
        }
    )*};
}

real_ops2! {
    /// The larger of two numbers; NaN when one is NaN.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![1.0, 5.0].maximum(array![3.0, 2.0]).to_vec(), [3.0, 5.0]);
    /// assert!(array![f64::NAN].maximum(array![3.0_f64]).item().unwrap().is_nan());
    /// ```
    Maximum "maximum": |x, y| int if y > x { y } else { x },
        real if x > y || x.is_nan() || (x == y && !x.is_sign_negative()) { x } else { y };
    /// The smaller of two numbers; NaN when one is NaN.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![1.0, 5.0].minimum(array![3.0, 2.0]).to_vec(), [1.0, 2.0]);
    /// ```
    Minimum "minimum": |x, y| int if y < x { y } else { x },
        real if x < y || x.is_nan() || (x == y && x.is_sign_negative()) { x } else { y };
    /// The largest integer not greater than `x1 / x2`. Division of integers by zero gives 0.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![7, -7].floor_divide(array![2, 2]).to_vec(), [3, -4]);
    /// assert_eq!(array![-7.5].floor_divide(array![2.0]).to_vec(), [-4.0]);
    /// ```
    FloorDivide "floor_divide": |x, y| int int_floor_divide(x, y), real real_floor_divide(x, y);
    /// `x1 - floor_divide(x1, x2) * x2`, which has the sign of `x2`. The remainder by an integer zero is 0.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![7, -7].remainder(array![-3, 3]).to_vec(), [-2, 2]);
    /// assert_eq!((array![5.5] % array![-2.0]).to_vec(), [-0.5]);
    /// ```
    Remainder "remainder": |x, y| int int_remainder(x, y), real real_remainder(x, y);
}

#[inline(always)]
fn int_floor_divide<T: Integer>(x: T, y: T) -> T {
    let q = x.div_or_zero(y);
    let r = x.rem_or_zero(y);
    if r != T::ZERO && (r < T::ZERO) != (y < T::ZERO) { q.wrapping_sub(T::ONE) } else { q }
}

#[inline(always)]
fn int_remainder<T: Integer>(x: T, y: T) -> T {
    let r = x.rem_or_zero(y);
    if r != T::ZERO && (r < T::ZERO) != (y < T::ZERO) { r.wrapping_add(y) } else { r }
}

/// The exact remainder with the sign of `y` decides the floor where both are finite: the rounded quotient may have
/// reached the next integer.
fn real_floor_divide<R: MathFloat>(x: R, y: R) -> R {
    let q = x / y;
    if !x.is_finite() || !y.is_finite() || y == R::ZERO {
        return q.floor();
    }
    if !q.is_finite() {
        return q;
    }
    let r = real_remainder(x, y);
    let q = (x - r) / y;
    // (x - r) / y is within rounding of an integer.
    let f = (q.abs() + R::HALF).floor();
    if f == R::ZERO {
        R::ZERO.copysign(x / y)
    } else if q.abs() < R::ONE / R::EPSILON {
        f.copysign(q)
    } else {
        q
    }
}

fn real_remainder<R: MathFloat>(x: R, y: R) -> R {
    let r = R::from_f64(x.to_f64() % y.to_f64());
    if r == R::ZERO {
        R::ZERO.copysign(y)
    } else if (r < R::ZERO) != (y < R::ZERO) {
        r + y
    } else {
        r
    }
}

/// `x1 / x2` of floating-point numbers.
///
/// ```
/// use xp::prelude::*;
/// assert_eq!((array![1.0, -3.0] / array![4.0, 0.0]).to_vec(), [0.25, f64::NEG_INFINITY]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Divide;
impl RealFn2 for Divide {
    #[inline(always)]
    fn real<I: Isa, R: MathFloat>(x: R, y: R) -> R {
        x / y
    }
}
impl ComplexFn2 for Divide {
    #[inline(always)]
    fn complex<I: Isa, R: MathFloat>(x: Complex<R>, y: Complex<R>) -> Complex<R> {
        cmath::div(x, y)
    }
}
impl<T: Floating> BinaryOp<T> for Divide {
    type Out = T;
    const NAME: &'static str = "divide";
    const DEVICE: DeviceSource = DeviceSource::LIBRARY;
    #[inline(always)]
    fn apply<I: Isa>(self, x: T, y: T) -> T {
        T::floating2::<I, Self>(x, y)
    }
}

/// Declares an operation on one number.
macro_rules! num_ops1 {
    ($($(#[$doc:meta])* $Op:ident $name:literal: |$x:ident| int $int:expr, real $real:expr, complex $complex:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $Op;
        impl IntFn1 for $Op {
            #[inline(always)]
            fn int<T: Integer>($x: T) -> T { $int }
        }
        impl RealFn1 for $Op {
            #[inline(always)]
            fn real<I: Isa, R: MathFloat>($x: R) -> R { $real }
        }
        impl ComplexFn1 for $Op {
            #[inline(always)]
            fn complex<I: Isa, R: MathFloat>($x: Complex<R>) -> Complex<R> { $complex }
        }
        impl<T: Num> UnaryOp<T> for $Op {
            type Out = T;
            const NAME: &'static str = $name;
            const DEVICE: DeviceSource = DeviceSource::LIBRARY;
            #[inline(always)]
            fn apply<I: Isa>(self, x: T) -> T { T::num1::<I, Self>(x) }
        }
    )*};
}

num_ops1! {
    /// `-x`; of an unsigned integer modulo its width.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!((-array![1, -2]).to_vec(), [-1, 2]);
    /// ```
    Negative "negative": |x| int x.wrapping_neg(), real -x, complex Complex::new(-x.re, -x.im);
    /// `x` itself.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![1, -2].positive().to_vec(), [1, -2]);
    /// ```
    Positive "positive": |x| int x, real x, complex x;
    /// `x * x`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![3, -2].square().to_vec(), [9, 4]);
    /// ```
    Square "square": |x| int x.wrapping_mul(x), real x * x, complex cmath::mul(x, x);
    /// -1, 0 or 1 by the sign; NaN of NaN; of a complex number `x / abs(x)`, or 0.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![-2.5, 0.0, 7.0].sign().to_vec(), [-1.0, 0.0, 1.0]);
    /// ```
    Sign "sign": |x| int if x > T::ZERO { T::ONE } else if x < T::ZERO { T::ZERO.wrapping_sub(T::ONE) } else { T::ZERO },
        real if x > R::ZERO { R::ONE } else if x < R::ZERO { -R::ONE } else { x.abs() },
        complex cmath::sign(x);
}

floating_ops! {
    /// `1 / x`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![4.0, -0.5].reciprocal().to_vec(), [0.25, -2.0]);
    /// ```
    Reciprocal "reciprocal": |x| R::ONE / x, |z| cmath::reciprocal(z);
    /// Square root; of a complex number the one with non-negative real part.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![4.0, 2.25].sqrt().to_vec(), [2.0, 1.5]);
    /// ```
    Sqrt "sqrt": |x| x.sqrt(), |z| cmath::sqrt(z);
}

/// Absolute value; of a complex number its magnitude, a real number.
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(array![-3.5, 2.0].abs().to_vec(), [3.5, 2.0]);
/// assert_eq!(array![Complex::new(3.0, -4.0)].abs().to_vec(), [5.0]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Abs;
impl<T: Num> UnaryOp<T> for Abs {
    type Out = T::Real;
    const NAME: &'static str = "abs";
    const DEVICE: DeviceSource = DeviceSource::LIBRARY;
    #[inline(always)]
    fn apply<I: Isa>(self, x: T) -> T::Real {
        x.magnitude::<I>()
    }
}

/// The squared magnitude, `real(x)^2 + imag(x)^2`, a real number.
#[derive(Clone, Copy, Debug)]
pub struct AbsSquare;
impl<T: Num> UnaryOp<T> for AbsSquare {
    type Out = T::Real;
    const NAME: &'static str = "abs_square";
    const DEVICE: DeviceSource = DeviceSource::LIBRARY;
    #[inline(always)]
    fn apply<I: Isa>(self, x: T) -> T::Real {
        let (re, im) = (x.re(), x.im());
        // The imaginary part of a real number is the constant 0: the compiler drops it.
        Add.apply::<I>(Multiply.apply::<I>(re, re), Multiply.apply::<I>(im, im))
    }
}
