//! The standard's type promotion table, at compile time.

use half::{bf16, f16};
use num_complex::Complex;

use super::{Cast, DType, Element, Kind};

/// The dtype of an operation on `Self` and `U`, which exists exactly for the pairs of the standard's promotion table
/// (and for `f16` and `bf16`, which promote to the wider float and, with each other, to `f32`).
///
/// `T: Promote<T, Output = T>` holds for every dtype, so generic code on one dtype needs no extra bound.
#[diagnostic::on_unimplemented(message = "the standard leaves `{Self}` with `{U}` undefined", note = "convert one side with `astype`")]
pub trait Promote<U>: Copy {
    /// The dtype of the result.
    type Output: Element;
    /// Converts a left operand.
    fn promote_left(self) -> Self::Output;
    /// Converts a right operand.
    fn promote_right(u: U) -> Self::Output;
}

macro_rules! same {
    ($($t:ty)*) => {$(
        impl Promote<$t> for $t {
            type Output = $t;
            #[inline(always)]
            fn promote_left(self) -> $t { self }
            #[inline(always)]
            fn promote_right(u: $t) -> $t { u }
        }
    )*};
}
macro_rules! pairs {
    ($($a:ty, $b:ty => $c:ty;)*) => {$(
        pairs!(@one $a, $b => $c);
        pairs!(@one $b, $a => $c);
    )*};
    (@one $a:ty, $b:ty => $c:ty) => {
        impl Promote<$b> for $a {
            type Output = $c;
            #[inline(always)]
            fn promote_left(self) -> $c { Cast::<$c>::cast(self) }
            #[inline(always)]
            fn promote_right(u: $b) -> $c { Cast::<$c>::cast(u) }
        }
    };
}
same!(bool i8 i16 i32 i64 u8 u16 u32 u64 f16 bf16 f32 f64 Complex<f32> Complex<f64>);
pairs! {
    i8, i16 => i16; i8, i32 => i32; i8, i64 => i64; i16, i32 => i32; i16, i64 => i64; i32, i64 => i64;
    u8, u16 => u16; u8, u32 => u32; u8, u64 => u64; u16, u32 => u32; u16, u64 => u64; u32, u64 => u64;
    i8, u8 => i16; i8, u16 => i32; i8, u32 => i64;
    i16, u8 => i16; i16, u16 => i32; i16, u32 => i64;
    i32, u8 => i32; i32, u16 => i32; i32, u32 => i64;
    i64, u8 => i64; i64, u16 => i64; i64, u32 => i64;
    f32, f64 => f64; f16, f32 => f32; f16, f64 => f64; bf16, f32 => f32; bf16, f64 => f64; f16, bf16 => f32;
    f32, Complex<f32> => Complex<f32>; f32, Complex<f64> => Complex<f64>;
    f64, Complex<f32> => Complex<f64>; f64, Complex<f64> => Complex<f64>;
    Complex<f32>, Complex<f64> => Complex<f64>;
}

/// The dtype that `a` and `b` promote to, where the standard defines it: [`Promote`] for dtypes known at run time.
///
/// ```
/// use xp_core::dtype::{DType, result_type};
/// assert_eq!(result_type(DType::I8, DType::U8), Some(DType::I16));
/// assert_eq!(result_type(DType::I8, DType::F32), None);
/// ```
#[must_use]
pub fn result_type(a: DType, b: DType) -> Option<DType> {
    use DType::*;
    if a == b {
        return Some(a);
    }
    let (a, b) = if a as u8 <= b as u8 { (a, b) } else { (b, a) };
    match (a.kind(), b.kind()) {
        (Kind::SignedInteger, Kind::SignedInteger) | (Kind::UnsignedInteger, Kind::UnsignedInteger) => Some(b),
        (Kind::SignedInteger, Kind::UnsignedInteger) => match (a, b) {
            (_, U64) => None,
            (I64, _) | (_, U32) => Some(I64),
            (I32, _) | (_, U16) => Some(I32),
            _ => Some(I16),
        },
        (Kind::RealFloating, Kind::RealFloating) => Some(if (a, b) == (F16, BF16) { F32 } else { b }),
        (Kind::RealFloating, Kind::ComplexFloating) => match a {
            F16 | BF16 => None,
            F64 => Some(C128),
            _ => Some(b),
        },
        (Kind::ComplexFloating, Kind::ComplexFloating) => Some(b),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The run-time table says what the compile-time table says, for the pairs both know.
    #[test]
    fn tables_agree() {
        fn check<A: Element + Promote<B>, B: Element>() {
            assert_eq!(result_type(A::DTYPE, B::DTYPE), Some(<A as Promote<B>>::Output::DTYPE));
        }
        check::<i8, u8>();
        check::<u8, i8>();
        check::<i8, u32>();
        check::<u16, i16>();
        check::<i64, u32>();
        check::<f32, f64>();
        check::<f16, bf16>();
        check::<f64, Complex<f32>>();
        check::<Complex<f32>, Complex<f64>>();
        check::<bool, bool>();
        assert_eq!(result_type(DType::U64, DType::I8), None);
        assert_eq!(result_type(DType::Bool, DType::I8), None);
        assert_eq!(result_type(DType::F32, DType::I8), None);
    }
}
