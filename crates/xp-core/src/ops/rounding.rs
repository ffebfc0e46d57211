//! Rounding to integers. Integers stay as they are.

use num_complex::Complex;

use super::{DeviceSource, UnaryOp};
use crate::dtype::{ComplexFn1, IntFn1, Integer, Num, Real, RealFn1};
use crate::math::{Isa, MathFloat};

macro_rules! rounding {
    ($($(#[$doc:meta])* $Op:ident: |$x:ident| $real:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $Op;
        impl IntFn1 for $Op {
            #[inline(always)]
            fn int<T: Integer>(x: T) -> T { x }
        }
        impl RealFn1 for $Op {
            #[inline(always)]
            fn real<I: Isa, R: MathFloat>($x: R) -> R { $real }
        }
    )*};
}
macro_rules! of_reals {
    ($($Op:ident $name:literal)*) => {$(
        impl<T: Real> UnaryOp<T> for $Op {
            type Out = T;
            const NAME: &'static str = $name;
            const DEVICE: DeviceSource = DeviceSource::LIBRARY;
            #[inline(always)]
            fn apply<I: Isa>(self, x: T) -> T { T::real1::<I, Self>(x) }
        }
    )*};
}
rounding! {
    /// The largest integer not greater than `x`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![1.7, -1.2].floor().to_vec(), [1.0, -2.0]);
    /// ```
    Floor: |x| x.floor();
    /// The smallest integer not less than `x`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![1.2, -1.7].ceil().to_vec(), [2.0, -1.0]);
    /// ```
    Ceil: |x| -(-x).floor();
    /// The integer next to `x` towards zero.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![1.7, -1.7].trunc().to_vec(), [1.0, -1.0]);
    /// ```
    Trunc: |x| x.abs().floor().copysign(x);
    /// The nearest integer, the even one in the middle; of a complex number part by part.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![0.5, 1.5, -2.6].round().to_vec(), [0.0, 2.0, -3.0]);
    /// ```
    Round: |x| round_even(x);
}
of_reals!(Floor "floor" Ceil "ceil" Trunc "trunc");

impl ComplexFn1 for Round {
    #[inline(always)]
    fn complex<I: Isa, R: MathFloat>(z: Complex<R>) -> Complex<R> {
        Complex::new(round_even(z.re), round_even(z.im))
    }
}
impl<T: Num> UnaryOp<T> for Round {
    type Out = T;
    const NAME: &'static str = "round";
    const DEVICE: DeviceSource = DeviceSource::LIBRARY;
    #[inline(always)]
    fn apply<I: Isa>(self, x: T) -> T {
        T::num1::<I, Self>(x)
    }
}

#[inline(always)]
fn round_even<R: MathFloat>(x: R) -> R {
    let a = x.abs();
    let f = a.floor();
    let half = f * R::HALF;
    let odd = half != half.floor();
    let d = a - f;
    let up = d > R::HALF || (d == R::HALF && odd);
    (if up { f + R::ONE } else { f }).copysign(x)
}
