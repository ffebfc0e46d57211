//! Logical operations on booleans and bitwise operations on booleans and integers.

use super::{BinaryOp, DeviceSource, UnaryOp};
use crate::dtype::{Bits, Integer};
use crate::math::Isa;

macro_rules! logical {
    ($($(#[$doc:meta])* $Op:ident $name:literal: |$x:ident, $y:ident| $e:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $Op;
        impl BinaryOp<bool> for $Op {
            type Out = bool;
            const NAME: &'static str = $name;
            const DEVICE: DeviceSource = DeviceSource::LIBRARY;
            #[inline(always)]
            fn apply<I: Isa>(self, $x: bool, $y: bool) -> bool { $e }
        }
    )*};
}
logical! {
    /// Whether both hold.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![true, true].logical_and(array![true, false]).to_vec(), [true, false]);
    /// ```
    LogicalAnd "logical_and": |x, y| x & y;
    /// Whether at least one holds.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![false, false].logical_or(array![true, false]).to_vec(), [true, false]);
    /// ```
    LogicalOr "logical_or": |x, y| x | y;
    /// Whether exactly one holds.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![true, true].logical_xor(array![true, false]).to_vec(), [false, true]);
    /// ```
    LogicalXor "logical_xor": |x, y| x ^ y;
}

/// Whether it does not hold.
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(array![true, false].logical_not().to_vec(), [false, true]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LogicalNot;
impl UnaryOp<bool> for LogicalNot {
    type Out = bool;
    const NAME: &'static str = "logical_not";
    const DEVICE: DeviceSource = DeviceSource::LIBRARY;
    #[inline(always)]
    fn apply<I: Isa>(self, x: bool) -> bool {
        !x
    }
}

macro_rules! bitwise {
    ($($(#[$doc:meta])* $Op:ident $name:literal $bound:ident: |$x:ident, $y:ident| $e:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $Op;
        impl<T: $bound> BinaryOp<T> for $Op {
            type Out = T;
            const NAME: &'static str = $name;
            const DEVICE: DeviceSource = DeviceSource::LIBRARY;
            #[inline(always)]
            fn apply<I: Isa>(self, $x: T, $y: T) -> T { $e }
        }
    )*};
}
bitwise! {
    /// Bits set in both.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!((array![12, 10] & array![10, 3]).to_vec(), [8, 2]);
    /// ```
    BitwiseAnd "bitwise_and" Bits: |x, y| x & y;
    /// Bits set in at least one.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!((array![12, 10] | array![10, 3]).to_vec(), [14, 11]);
    /// ```
    BitwiseOr "bitwise_or" Bits: |x, y| x | y;
    /// Bits set in exactly one.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!((array![12, 10] ^ array![10, 3]).to_vec(), [6, 9]);
    /// ```
    BitwiseXor "bitwise_xor" Bits: |x, y| x ^ y;
    /// `x1` shifted left by `x2` bits; 0 when `x2` is negative or not below the width.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!((array![1, 3] << array![4, 1]).to_vec(), [16, 6]);
    /// ```
    BitwiseLeftShift "bitwise_left_shift" Integer: |x, y| x.shift_left(y);
    /// `x1` shifted right by `x2` bits, filled with the sign; only sign bits when `x2` is negative or not below the width.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!((array![16, -16] >> array![2, 2]).to_vec(), [4, -4]);
    /// ```
    BitwiseRightShift "bitwise_right_shift" Integer: |x, y| x.shift_right(y);
}

/// Every bit inverted.
///
/// ```
/// use xp::prelude::*;
/// assert_eq!((!array![0_u8, 5]).to_vec(), [255, 250]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BitwiseInvert;
impl<T: Bits> UnaryOp<T> for BitwiseInvert {
    type Out = T;
    const NAME: &'static str = "bitwise_invert";
    const DEVICE: DeviceSource = DeviceSource::LIBRARY;
    #[inline(always)]
    fn apply<I: Isa>(self, x: T) -> T {
        !x
    }
}
