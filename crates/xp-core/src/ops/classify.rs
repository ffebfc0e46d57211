//! NaN, infinities, signs of zeros, neighbouring numbers.

use super::{BinaryOp, DeviceSource, UnaryOp};
use crate::dtype::{Float, Num, Real};
use crate::math::Isa;

macro_rules! predicates {
    ($($(#[$doc:meta])* $Op:ident $name:literal: |$x:ident| $e:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $Op;
        impl<T: Num> UnaryOp<T> for $Op {
            type Out = bool;
            const NAME: &'static str = $name;
            const DEVICE: DeviceSource = DeviceSource::LIBRARY;
            #[inline(always)]
            fn apply<I: Isa>(self, $x: T) -> bool { $e }
        }
    )*};
}
predicates! {
    /// Whether a part is NaN; never for integers.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![f64::NAN, f64::INFINITY, 1.0].isnan().to_vec(), [true, false, false]);
    /// ```
    IsNan "isnan": |x| x.re().is_nan() | x.im().is_nan();
    /// Whether a part is infinite; never for integers.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![f64::NAN, f64::INFINITY, 1.0].isinf().to_vec(), [false, true, false]);
    /// ```
    IsInf "isinf": |x| is_infinite(x.re()) | is_infinite(x.im());
    /// Whether no part is NaN or infinite; always for integers.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![f64::NAN, f64::INFINITY, 1.0].isfinite().to_vec(), [false, false, true]);
    /// ```
    IsFinite "isfinite": |x| !(x.re().is_nan() | x.im().is_nan() | is_infinite(x.re()) | is_infinite(x.im()));
}

#[inline(always)]
fn is_infinite<R: Real>(x: R) -> bool {
    // The limits of integers are not infinite: their dtypes have no NaN and no fraction, told apart by the constant.
    matches!(R::DTYPE.kind(), crate::dtype::Kind::RealFloating) && (x == R::LOWEST || x == R::HIGHEST)
}

/// Whether the sign bit is set: negative numbers, -0 and NaNs with the sign bit.
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(array![-0.0, 0.0, -1.0].signbit().to_vec(), [true, false, true]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Signbit;
impl<T: Float> UnaryOp<T> for Signbit {
    type Out = bool;
    const NAME: &'static str = "signbit";
    const DEVICE: DeviceSource = DeviceSource::LIBRARY;
    #[inline(always)]
    fn apply<I: Isa>(self, x: T) -> bool {
        x.to_f64().is_sign_negative()
    }
}

/// The next number after `x1` towards `x2`.
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(array![1.0].nextafter(array![2.0]).to_vec(), [1.0 + f64::EPSILON]);
/// assert_eq!(array![0.0_f32].nextafter(array![-1.0_f32]).to_vec(), [-f32::from_bits(1)]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Nextafter;
impl<T: Float> BinaryOp<T> for Nextafter {
    type Out = T;
    const NAME: &'static str = "nextafter";
    const DEVICE: DeviceSource = DeviceSource::LIBRARY;
    #[inline(always)]
    fn apply<I: Isa>(self, x: T, y: T) -> T {
        x.next_after(y)
    }
}

super::float_ops2! {
    /// The magnitude of `x1` with the sign of `x2`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![3.0, -3.0].copysign(array![-0.0, 1.0]).to_vec(), [-3.0, 3.0]);
    /// ```
    Copysign "copysign": |x, y| x.copysign(y);
}
