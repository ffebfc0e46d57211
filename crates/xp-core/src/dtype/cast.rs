//! Conversions between dtypes: what `astype` does to one element.

use half::{bf16, f16};
use num_complex::Complex;

/// The conversion of one dtype to another. Implemented for every pair; generic code calls [`Element::cast`], which needs
/// no bound.
///
/// Floats become integers by truncation (saturating, NaN becomes 0), wide integers narrow ones modulo their width,
/// numbers booleans by "is not zero", booleans 0 and 1, real numbers complex ones with a zero imaginary part.
pub(crate) trait Cast<U>: Copy {
    fn cast(self) -> U;
}

macro_rules! cast_target {
    ($($name:ident $t:ty),*) => {
        /// What every dtype can be made from: every dtype. The double dispatch behind [`Element::cast`].
        #[doc(hidden)]
        pub trait CastTarget: Sized {
            $(fn $name(x: $t) -> Self;)*
        }
        cast_target!(@targets [$($t),*] [$($name $t),*]);
        $(impl CastSource for $t {
            #[inline(always)]
            fn cast_into<U: CastTarget>(self) -> U { U::$name(self) }
        })*
    };
    (@targets [$($u:ty),*] $sources:tt) => { $(cast_target!(@target $u, $sources);)* };
    (@target $u:ty, [$($name:ident $t:ty),*]) => {
        impl CastTarget for $u {
            $(#[inline(always)] fn $name(x: $t) -> $u { Cast::<$u>::cast(x) })*
        }
    };
}
/// The other half of the double dispatch.
#[doc(hidden)]
pub trait CastSource: Sized {
    fn cast_into<U: CastTarget>(self) -> U;
}
cast_target! {
    cast_bool bool, cast_i8 i8, cast_i16 i16, cast_i32 i32, cast_i64 i64, cast_u8 u8, cast_u16 u16, cast_u32 u32,
    cast_u64 u64, cast_f16 f16, cast_bf16 bf16, cast_f32 f32, cast_f64 f64, cast_c64 Complex<f32>, cast_c128 Complex<f64>
}

/// A number rounded to odd: to the one of its two neighbours whose last bit is 1, if it is not exact. Rounding that to a narrower format gives what
/// rounding once does, where rounding to the nearest twice may not.
#[inline(always)]
fn to_odd(x: f64) -> f32 {
    let near = x as f32;
    let (bits, back) = (near.to_bits(), f64::from(near));
    let exact = back == x || x.is_nan() || near.is_infinite() || bits & 1 == 1;
    let other = if back.abs() < x.abs() { bits.wrapping_add(1) } else { bits.wrapping_sub(1) };
    f32::from_bits(if exact { bits } else { other })
}

macro_rules! from_primitives {
    ($($a:ident)*) => {$(
        primitives!($a);
        impl Cast<bool> for $a {
            #[inline(always)]
            fn cast(self) -> bool { self != 0 as $a }
        }
        impl Cast<f16> for $a {
            #[inline(always)]
            fn cast(self) -> f16 { f16::from_f32(to_odd(self as f64)) }
        }
        impl Cast<bf16> for $a {
            #[inline(always)]
            fn cast(self) -> bf16 { bf16::from_f32(to_odd(self as f64)) }
        }
        complex_from!($a, |x| x as f32, x as f64);
    )*};
}
macro_rules! primitives {
    ($a:ident) => { primitives!(@ $a, [i8 i16 i32 i64 u8 u16 u32 u64 f32 f64]); };
    (@ $a:ident, [$($b:ident)*]) => {$(
        impl Cast<$b> for $a {
            #[inline(always)]
            fn cast(self) -> $b { self as $b }
        }
    )*};
}
macro_rules! complex_from {
    ($a:ty, |$x:ident| $s:expr, $d:expr) => {
        impl Cast<Complex<f32>> for $a {
            #[inline(always)]
            fn cast(self) -> Complex<f32> {
                let $x = self;
                Complex::new($s, 0.0)
            }
        }
        impl Cast<Complex<f64>> for $a {
            #[inline(always)]
            fn cast(self) -> Complex<f64> {
                let $x = self;
                Complex::new($d, 0.0)
            }
        }
    };
}
from_primitives!(i8 i16 i32 i64 u8 u16 u32 u64 f32 f64);

// Everything else goes through one of the above.
macro_rules! through {
    ($($a:ty, |$x:ident| $e:expr => [$($b:ty)*];)*) => {$($(
        impl Cast<$b> for $a {
            #[inline(always)]
            fn cast(self) -> $b { let $x = self; Cast::<$b>::cast($e) }
        }
    )*)*};
}
through! {
    bool, |x| x as u8 => [i8 i16 i32 i64 u8 u16 u32 u64 f16 bf16 f32 f64 Complex<f32> Complex<f64>];
    f16, |x| x.to_f64() => [bool i8 i16 i32 i64 u8 u16 u32 u64 bf16 f32 f64 Complex<f32> Complex<f64>];
    bf16, |x| x.to_f64() => [bool i8 i16 i32 i64 u8 u16 u32 u64 f16 f32 f64 Complex<f32> Complex<f64>];
}
macro_rules! identity {
    ($($t:ty)*) => {$(
        impl Cast<$t> for $t {
            #[inline(always)]
            fn cast(self) -> $t { self }
        }
    )*};
}
identity!(bool f16 bf16 Complex<f32> Complex<f64>);
impl Cast<Complex<f64>> for Complex<f32> {
    #[inline(always)]
    fn cast(self) -> Complex<f64> {
        Complex::new(self.re as f64, self.im as f64)
    }
}
impl Cast<Complex<f32>> for Complex<f64> {
    #[inline(always)]
    fn cast(self) -> Complex<f32> {
        Complex::new(self.re as f32, self.im as f32)
    }
}
// Complex to real keeps the real part; `astype` refuses it at compile time, so only explicit code gets here.
macro_rules! complex_to_real {
    ($r:ty => [$($b:ty)*]) => {
        impl Cast<bool> for Complex<$r> {
            #[inline(always)]
            fn cast(self) -> bool { self.re != 0.0 || self.im != 0.0 }
        }
        $(impl Cast<$b> for Complex<$r> {
            #[inline(always)]
            fn cast(self) -> $b { Cast::<$b>::cast(self.re) }
        })*
    };
}
complex_to_real!(f32 => [i8 i16 i32 i64 u8 u16 u32 u64 f16 bf16 f32 f64]);
complex_to_real!(f64 => [i8 i16 i32 i64 u8 u16 u32 u64 f16 bf16 f32 f64]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions_follow_the_rules() {
        assert_eq!(Cast::<i8>::cast(300i32), 44);
        assert_eq!(Cast::<u8>::cast(-1i8), 255);
        assert_eq!(Cast::<i32>::cast(-2.9f64), -2);
        assert_eq!(Cast::<i32>::cast(f64::NAN), 0);
        assert_eq!(Cast::<f64>::cast(true), 1.0);
        assert!(Cast::<bool>::cast(f64::NAN));
        assert!(Cast::<bool>::cast(Complex::new(0.0f32, 2.0)));
        assert_eq!(Cast::<Complex<f64>>::cast(3u8), Complex::new(3.0, 0.0));
        assert_eq!(Cast::<f32>::cast(f16::from_f32(1.5)), 1.5);
    }

    #[test]
    fn doubles_are_rounded_once() {
        /// The midpoint of two neighbours goes to the even one, and what is a little beside it to the nearer one.
        fn check<H: Cast<f64> + Copy + PartialEq + core::fmt::Debug>(bits: impl Fn(u16) -> H, finite: u16)
        where
            f64: Cast<H>,
        {
            for low in 0..finite {
                let (a, b): (f64, f64) = (bits(low).cast(), bits(low + 1).cast());
                let middle = 0.5 * (a + b);
                let even = if low & 1 == 0 { low } else { low + 1 };
                assert_eq!(Cast::<H>::cast(middle), bits(even), "{middle:e}");
                assert_eq!(Cast::<H>::cast(middle.next_up()), bits(low + 1), "above {middle:e}");
                assert_eq!(Cast::<H>::cast(middle.next_down()), bits(low), "below {middle:e}");
                assert_eq!(Cast::<H>::cast(-middle.next_down()), bits(low | 0x8000), "below {:e}", -middle);
            }
        }
        check(f16::from_bits, f16::MAX.to_bits());
        check(bf16::from_bits, bf16::MAX.to_bits());
        assert_eq!(Cast::<f16>::cast(65520.0_f64), f16::INFINITY);
        assert_eq!(Cast::<f16>::cast(65520.0_f64.next_down()), f16::MAX);
        assert_eq!(Cast::<bf16>::cast(f64::MAX), bf16::INFINITY);
        assert_eq!(Cast::<bf16>::cast(f64::NEG_INFINITY), bf16::NEG_INFINITY);
        assert!(Cast::<f16>::cast(f64::NAN).is_nan());
        assert_eq!(Cast::<f16>::cast(-f64::from_bits(1)).to_bits(), 0x8000);
    }
}
