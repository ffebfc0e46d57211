//! The traits of [`crate::dtype`] for each dtype, one table per kind.

use half::{bf16, f16};
use num_complex::Complex;

use super::*;
use crate::math::complex as cmath;

impl Element for bool {
    const DTYPE: DType = DType::Bool;
    fn is_truthy(self) -> bool {
        self
    }
    fn seal(_: sealed::Token) {}
}
impl Bits for bool {}

macro_rules! elements {
    ($($t:ty: $d:ident),*) => {$(
        impl Element for $t {
            const DTYPE: DType = DType::$d;
            #[inline(always)]
            fn is_truthy(self) -> bool { self != <$t as Num>::ZERO }
            fn seal(_: sealed::Token) {}
        }
    )*};
}
elements!(i8: I8, i16: I16, i32: I32, i64: I64, u8: U8, u16: U16, u32: U32, u64: U64);
elements!(f16: F16, bf16: BF16, f32: F32, f64: F64, Complex<f32>: C64, Complex<f64>: C128);

macro_rules! integers {
    ($($t:ty, $accum:ty, signed $signed:literal, |$x:ident| $mag:expr;)*) => {$(
        impl Bits for $t {}
        impl Num for $t {
            type Real = $t;
            type Accum = $accum;
            type Wide = $accum;
            const ZERO: $t = 0;
            const ONE: $t = 1;
            fn from_f64(x: f64) -> $t { x as $t }
            fn from_usize(n: usize) -> $t { n as $t }
            #[inline(always)]
            fn re(self) -> $t { self }
            #[inline(always)]
            fn im(self) -> $t { 0 }
            #[inline(always)]
            fn from_real(re: $t) -> $t { re }
            #[inline(always)]
            fn conj(self) -> $t { self }
            #[inline(always)]
            fn magnitude<I: Isa>(self) -> $t { let $x = self; $mag }
            #[inline(always)]
            fn num1<I: Isa, F: IntFn1 + RealFn1 + ComplexFn1>(x: $t) -> $t { F::int(x) }
            #[inline(always)]
            fn num2<I: Isa, F: IntFn2 + RealFn2 + ComplexFn2>(x: $t, y: $t) -> $t { F::int(x, y) }
        }
        impl Real for $t {
            type Widest = $accum;
            #[inline(always)]
            fn is_nan(self) -> bool { false }
            const LOWEST: $t = <$t>::MIN;
            const HIGHEST: $t = <$t>::MAX;
            fn to_f64(self) -> f64 { self as f64 }
            #[inline(always)]
            fn real1<I: Isa, F: IntFn1 + RealFn1>(x: $t) -> $t { F::int(x) }
            #[inline(always)]
            fn real2<I: Isa, F: IntFn2 + RealFn2>(x: $t, y: $t) -> $t { F::int(x, y) }
        }
        impl Integer for $t {
            const SIGNED: bool = $signed;
            const BITS: u32 = <$t>::BITS;
            #[inline(always)]
            fn wrapping_add(self, o: $t) -> $t { <$t>::wrapping_add(self, o) }
            #[inline(always)]
            fn wrapping_sub(self, o: $t) -> $t { <$t>::wrapping_sub(self, o) }
            #[inline(always)]
            fn wrapping_mul(self, o: $t) -> $t { <$t>::wrapping_mul(self, o) }
            #[inline(always)]
            fn wrapping_neg(self) -> $t { <$t>::wrapping_neg(self) }
            #[inline(always)]
            fn div_or_zero(self, o: $t) -> $t { if o == 0 { 0 } else { <$t>::wrapping_div(self, o) } }
            #[inline(always)]
            fn rem_or_zero(self, o: $t) -> $t { if o == 0 { 0 } else { <$t>::wrapping_rem(self, o) } }
            #[inline(always)]
            fn shift_left(self, n: $t) -> $t { if (n as u64) < <$t>::BITS as u64 { self << n } else { 0 } }
            #[inline(always)]
            fn shift_right(self, n: $t) -> $t {
                let n = if (n as u64) < <$t>::BITS as u64 { n as u32 } else { <$t>::BITS };
                if n < <$t>::BITS { self >> n } else { (self >> (<$t>::BITS - 1)) >> 1 }
            }
            fn power(self, n: $t) -> $t {
                #[allow(unused_comparisons)]
                if n < 0 {
                    return match self {
                        1 => 1,
                        x if x == (0 as $t).wrapping_sub(1) => if n & 1 == 0 { 1 } else { x },
                        _ => 0,
                    };
                }
                let (mut base, mut n, mut acc) = (self, n as u64, 1 as $t);
                while n > 0 {
                    if n & 1 == 1 { acc = acc.wrapping_mul(base) }
                    base = base.wrapping_mul(base);
                    n >>= 1;
                }
                acc
            }
            #[inline(always)]
            fn to_i64(self) -> i64 { self as i64 }
            #[inline(always)]
            fn wrap_i64(x: i64) -> $t { x as $t }
        }
    )*};
}
integers! {
    i8, i64, signed true, |x| x.wrapping_abs();
    i16, i64, signed true, |x| x.wrapping_abs();
    i32, i64, signed true, |x| x.wrapping_abs();
    i64, i64, signed true, |x| x.wrapping_abs();
    u8, u64, signed false, |x| x;
    u16, u64, signed false, |x| x;
    u32, u64, signed false, |x| x;
    u64, u64, signed false, |x| x;
}

macro_rules! floats {
    // `$via` is the type that functions are computed in: `$w` widens to it, `$n` narrows from it.
    ($($t:ty, via $via:ty, |$w:ident| $widen:expr, |$n:ident| $narrow:expr, bits $u:ty, zero $zero:expr, one $one:expr;)*) => {$(
        impl Num for $t {
            type Real = $t;
            type Accum = $t;
            type Wide = $via;
            const ZERO: $t = $zero;
            const ONE: $t = $one;
            #[inline(always)]
            fn from_f64(x: f64) -> $t { Cast::<$t>::cast(x) }
            #[inline(always)]
            fn re(self) -> $t { self }
            #[inline(always)]
            fn im(self) -> $t { <$t as Num>::ZERO }
            #[inline(always)]
            fn from_real(re: $t) -> $t { re }
            #[inline(always)]
            fn conj(self) -> $t { self }
            #[inline(always)]
            fn magnitude<I: Isa>(self) -> $t { <$t>::from_bits(self.to_bits() & (<$u>::MAX >> 1)) }
            #[inline(always)]
            fn num1<I: Isa, F: IntFn1 + RealFn1 + ComplexFn1>(x: $t) -> $t { Self::float1::<I, F>(x) }
            #[inline(always)]
            fn num2<I: Isa, F: IntFn2 + RealFn2 + ComplexFn2>(x: $t, y: $t) -> $t { Self::float2::<I, F>(x, y) }
        }
        impl Real for $t {
            type Widest = f64;
            #[inline(always)]
            fn is_nan(self) -> bool { <$t>::is_nan(self) }
            const LOWEST: $t = <$t>::NEG_INFINITY;
            const HIGHEST: $t = <$t>::INFINITY;
            #[inline(always)]
            fn to_f64(self) -> f64 { Cast::<f64>::cast(self) }
            #[inline(always)]
            fn real1<I: Isa, F: IntFn1 + RealFn1>(x: $t) -> $t { Self::float1::<I, F>(x) }
            #[inline(always)]
            fn real2<I: Isa, F: IntFn2 + RealFn2>(x: $t, y: $t) -> $t { Self::float2::<I, F>(x, y) }
        }
        impl Floating for $t {
            type Part = $t;
            type Carrier = $via;
            #[inline(always)]
            fn floating1<I: Isa, F: RealFn1 + ComplexFn1>(x: $t) -> $t { Self::float1::<I, F>(x) }
            #[inline(always)]
            fn floating2<I: Isa, F: RealFn2 + ComplexFn2>(x: $t, y: $t) -> $t { Self::float2::<I, F>(x, y) }
            #[inline(always)]
            fn needs_repair1<F: RealFn1>($w: $t) -> bool { F::needs_repair::<$via>($widen) }
            fn repair1<F: RealFn1>($w: $t, fast: $t) -> $t {
                if F::needs_repair::<$via>($widen) { let $n = F::repair::<$via>($widen); $narrow } else { fast }
            }
            #[inline(always)]
            fn is_finite(self) -> bool { <$t>::is_finite(self) }
            fn from_parts(re: $t, _: $t) -> $t { re }
        }
        impl Float for $t {
            type CarrierFloat = $via;
            const EPSILON: $t = <$t>::EPSILON;
            const MIN_POSITIVE: $t = <$t>::MIN_POSITIVE;
            const MAX: $t = <$t>::MAX;
            const INFINITY: $t = <$t>::INFINITY;
            const NAN: $t = <$t>::NAN;
            #[inline(always)]
            fn float1<I: Isa, F: RealFn1>($w: $t) -> $t { let $n = F::real::<I, $via>($widen); $narrow }
            #[inline(always)]
            fn float2<I: Isa, F: RealFn2>(x: $t, y: $t) -> $t {
                let x = { let $w = x; $widen };
                let y = { let $w = y; $widen };
                let $n = F::real::<I, $via>(x, y);
                $narrow
            }
            fn next_after(self, towards: $t) -> $t {
                const SIGN: $u = !(<$u>::MAX >> 1);
                if self.is_nan() || towards.is_nan() { return <$t>::NAN }
                if self == towards { return towards }
                if self == <$t as Num>::ZERO { return <$t>::from_bits((towards.to_bits() & SIGN) | 1) }
                let bits = self.to_bits();
                let away = (self < towards) == (bits & SIGN == 0);
                <$t>::from_bits(if away { bits + 1 } else { bits - 1 })
            }
        }
    )*};
}
floats! {
    f32, via f32, |x| x, |y| y, bits u32, zero 0.0, one 1.0;
    f64, via f64, |x| x, |y| y, bits u64, zero 0.0, one 1.0;
    f16, via f32, |x| x.to_f32(), |y| f16::from_f32(y), bits u16, zero f16::ZERO, one f16::ONE;
    bf16, via f32, |x| x.to_f32(), |y| bf16::from_f32(y), bits u16, zero bf16::ZERO, one bf16::ONE;
}

macro_rules! complexes {
    ($($r:ty),*) => {$(
        impl Num for Complex<$r> {
            type Real = $r;
            type Accum = Self;
            type Wide = Self;
            const ZERO: Self = Complex::new(0.0, 0.0);
            const ONE: Self = Complex::new(1.0, 0.0);
            fn from_f64(x: f64) -> Self { Complex::new(x as $r, 0.0) }
            #[inline(always)]
            fn re(self) -> $r { self.re }
            #[inline(always)]
            fn im(self) -> $r { self.im }
            #[inline(always)]
            fn from_real(re: $r) -> Self { Complex::new(re, 0.0) }
            #[inline(always)]
            fn conj(self) -> Self { Complex::new(self.re, -self.im) }
            #[inline(always)]
            fn magnitude<I: Isa>(self) -> $r { cmath::abs(self) }
            #[inline(always)]
            fn num1<I: Isa, F: IntFn1 + RealFn1 + ComplexFn1>(x: Self) -> Self { F::complex::<I, $r>(x) }
            #[inline(always)]
            fn num2<I: Isa, F: IntFn2 + RealFn2 + ComplexFn2>(x: Self, y: Self) -> Self { F::complex::<I, $r>(x, y) }
        }
        impl Floating for Complex<$r> {
            type Part = $r;
            type Carrier = Self;
            #[inline(always)]
            fn floating1<I: Isa, F: RealFn1 + ComplexFn1>(x: Self) -> Self { F::complex::<I, $r>(x) }
            #[inline(always)]
            fn floating2<I: Isa, F: RealFn2 + ComplexFn2>(x: Self, y: Self) -> Self { F::complex::<I, $r>(x, y) }
            fn needs_repair1<F: RealFn1>(_: Self) -> bool { false }
            fn repair1<F: RealFn1>(_: Self, fast: Self) -> Self { fast }
            #[inline(always)]
            fn is_finite(self) -> bool { self.re.is_finite() && self.im.is_finite() }
            fn from_parts(re: $r, im: $r) -> Self { Complex::new(re, im) }
        }
    )*};
}
complexes!(f32, f64);
