//! Comparisons. All orderings with NaN are false.

use super::{BinaryOp, DeviceSource};
use crate::dtype::{Element, Real};
use crate::math::Isa;

macro_rules! comparisons {
    ($($(#[$doc:meta])* $Op:ident $name:literal $bound:ident: |$x:ident, $y:ident| $e:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $Op;
        impl<T: $bound> BinaryOp<T> for $Op {
            type Out = bool;
            const NAME: &'static str = $name;
            const DEVICE: DeviceSource = DeviceSource::LIBRARY;
            #[inline(always)]
            fn apply<I: Isa>(self, $x: T, $y: T) -> bool { $e }
        }
    )*};
}
comparisons! {
    /// `x1 == x2`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![1.0, f64::NAN].equal(array![1.0, f64::NAN]).to_vec(), [true, false]);
    /// ```
    Equal "equal" Element: |x, y| x == y;
    /// `x1 != x2`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![1, 2].not_equal(array![1, 3]).to_vec(), [false, true]);
    /// ```
    NotEqual "not_equal" Element: |x, y| x != y;
    /// `x1 < x2`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![1.0, 2.0].less(array![2.0, f64::NAN]).to_vec(), [true, false]);
    /// ```
    Less "less" Real: |x, y| x < y;
    /// `x1 <= x2`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![1, 2].less_equal(array![2, 2]).to_vec(), [true, true]);
    /// ```
    LessEqual "less_equal" Real: |x, y| x <= y;
    /// `x1 > x2`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![3, 2].greater(array![2, 2]).to_vec(), [true, false]);
    /// ```
    Greater "greater" Real: |x, y| x > y;
    /// `x1 >= x2`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![3, 1].greater_equal(array![2, 2]).to_vec(), [true, false]);
    /// ```
    GreaterEqual "greater_equal" Real: |x, y| x >= y;
}
