//! Parts of complex numbers. Real numbers count as complex ones with imaginary part zero.

use super::{DeviceSource, UnaryOp};
use crate::dtype::Num;
use crate::math::Isa;

macro_rules! parts {
    ($($(#[$doc:meta])* $Op:ident $name:literal -> $out:ty: |$x:ident| $e:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $Op;
        impl<T: Num> UnaryOp<T> for $Op {
            type Out = $out;
            const NAME: &'static str = $name;
            const DEVICE: DeviceSource = DeviceSource::LIBRARY;
            #[inline(always)]
            fn apply<I: Isa>(self, $x: T) -> $out { $e }
        }
    )*};
}
parts! {
    /// Complex conjugate.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![Complex::new(1.0, 2.0)].conj().to_vec(), [Complex::new(1.0, -2.0)]);
    /// ```
    Conj "conj" -> T: |x| x.conj();
    /// Real part.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![Complex::new(1.0, 2.0)].real().to_vec(), [1.0]);
    /// ```
    RealPart "real" -> T::Real: |x| x.re();
    /// Imaginary part.
    ///
    /// ```
    /// use xp::prelude::*;
    /// assert_eq!(array![Complex::new(1.0, 2.0)].imag().to_vec(), [2.0]);
    /// ```
    ImagPart "imag" -> T::Real: |x| x.im();
}
