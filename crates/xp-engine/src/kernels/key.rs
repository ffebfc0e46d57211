//! Order-preserving integer keys of the element types.

use half::{bf16, f16};
use num_complex::Complex;

use super::sort;

/// Receives pieces of a sorted array as they become final: the position of a piece, and its keys. The pieces may be
/// overwritten.
pub type Done<'a, B> = &'a (dyn Fn(usize, &mut [B]) + Sync);

mod sealed {
    use super::{Complex, bf16, f16};

    pub trait Sealed {}
    macro_rules! seal {
        ($($t:ty),*) => { $(impl Sealed for $t {})* };
    }
    seal!(bool, u8, u16, u32, u64, u128, i8, i16, i32, i64, f16, bf16, f32, f64, Complex<f32>, Complex<f64>);
}

/// An element with an order-preserving map to unsigned integers.
///
/// The order is the numeric one. `-0.0` and `0.0` have the same key, and so have all NaNs, which come after every
/// number. Complex numbers are ordered by their real part, then by their imaginary part, each with NaN last.
///
/// Unsafe code trusts the keys to be consistent, and the sizes of values and keys to be equal: the trait is sealed.
pub trait SortKey: sealed::Sealed + Copy + Send + Sync + 'static {
    /// The unsigned integer type of the key.
    type Bits: KeyBits;

    /// Whether equal keys mean identical values (integers and `bool`), so that a value can be recovered from its key.
    const EXACT: bool;

    /// The key: `a < b` exactly when `a.to_ordered_bits() < b.to_ordered_bits()`.
    fn to_ordered_bits(self) -> Self::Bits;

    /// A value with this key: the inverse of [`to_ordered_bits`](Self::to_ordered_bits) up to the sign of zero and
    /// the payload and sign of NaN.
    fn from_ordered_bits(bits: Self::Bits) -> Self;

    /// Whether the value differs from itself.
    fn is_nan(self) -> bool {
        false
    }
}

/// The unsigned integers that serve as keys. Sealed, as [`SortKey`] is.
pub trait KeyBits:
    sealed::Sealed + Copy + Ord + Send + Sync + Default + std::fmt::Debug + std::ops::Not<Output = Self> + std::ops::BitOr<Output = Self> + 'static
{
    /// Width in bits.
    const BITS: u32;
    /// The largest key.
    const MAX: Self;
    /// The low 64 bits of `self >> shift`, for `shift < BITS`.
    fn shifted(self, shift: u32) -> u64;
    /// The key whose low 64 bits are these.
    fn truncate(bits: u64) -> Self;
    /// Sorts keys, of which the low `ordered` bits are in order already wherever the other bits are equal. `done`
    /// receives the sorted pieces with their positions.
    fn sort_keys(keys: &mut [Self], ordered: u32, done: Done<'_, Self>);
}

macro_rules! key_bits {
    ($($u:ty => $sort:ident),* $(,)?) => {$(
        impl KeyBits for $u {
            const BITS: u32 = <$u>::BITS;
            const MAX: Self = <$u>::MAX;
            #[inline(always)]
            fn shifted(self, shift: u32) -> u64 {
                (self >> shift) as u64
            }
            #[inline(always)]
            fn truncate(bits: u64) -> Self {
                bits as $u
            }
            fn sort_keys(keys: &mut [Self], ordered: u32, done: Done<'_, Self>) {
                sort::$sort(keys, ordered, done)
            }
        }
    )*};
}
key_bits!(u8 => sort_u8, u16 => sort_u16, u32 => sort_u32, u64 => sort_u64, u128 => sort_u128);

macro_rules! unsigned_key {
    ($($u:ty),*) => {$(
        impl SortKey for $u {
            type Bits = $u;
            const EXACT: bool = true;
            #[inline(always)]
            fn to_ordered_bits(self) -> $u {
                self
            }
            #[inline(always)]
            fn from_ordered_bits(bits: $u) -> Self {
                bits
            }
        }
    )*};
}
unsigned_key!(u8, u16, u32, u64);

macro_rules! signed_key {
    ($($i:ty => $u:ty),*) => {$(
        impl SortKey for $i {
            type Bits = $u;
            const EXACT: bool = true;
            #[inline(always)]
            fn to_ordered_bits(self) -> $u {
                (self ^ <$i>::MIN) as $u
            }
            #[inline(always)]
            fn from_ordered_bits(bits: $u) -> Self {
                bits as $i ^ <$i>::MIN
            }
        }
    )*};
}
signed_key!(i8 => u8, i16 => u16, i32 => u32, i64 => u64);

impl SortKey for bool {
    type Bits = u8;
    const EXACT: bool = true;
    #[inline(always)]
    fn to_ordered_bits(self) -> u8 {
        self as u8
    }
    // Only the two keys of `true` and `false` reach this, or their complements when sorting downwards is undone.
    #[inline(always)]
    fn from_ordered_bits(bits: u8) -> Self {
        bits != 0
    }
}

macro_rules! float_key {
    ($($f:ty => $u:ty, $i:ty, $inf:expr);* $(;)?) => {$(
        impl SortKey for $f {
            type Bits = $u;
            const EXACT: bool = false;
            #[inline(always)]
            fn to_ordered_bits(self) -> $u {
                const SIGN: $u = 1 << (<$u>::BITS - 1);
                let bits = self.to_bits();
                let bits = if bits == SIGN { 0 } else { bits };
                // Negative numbers: all bits flipped. Others: only the sign.
                let flip = ((bits as $i) >> (<$u>::BITS - 1)) as $u | SIGN;
                if bits & !SIGN > $inf { <$u>::MAX } else { bits ^ flip }
            }
            #[inline(always)]
            fn from_ordered_bits(bits: $u) -> Self {
                const SIGN: $u = 1 << (<$u>::BITS - 1);
                let flip = (((!bits) as $i) >> (<$u>::BITS - 1)) as $u | SIGN;
                <$f>::from_bits(bits ^ flip)
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                self.to_bits() & !(1 << (<$u>::BITS - 1)) > $inf
            }
        }
    )*};
}
float_key! {
    f16 => u16, i16, 0x7c00;
    bf16 => u16, i16, 0x7f80;
    f32 => u32, i32, 0x7f80_0000;
    f64 => u64, i64, 0x7ff0_0000_0000_0000;
}

macro_rules! complex_key {
    ($($f:ty => $u:ty, $half:ty);* $(;)?) => {$(
        impl SortKey for Complex<$f> {
            type Bits = $u;
            const EXACT: bool = false;
            #[inline(always)]
            fn to_ordered_bits(self) -> $u {
                (self.re.to_ordered_bits() as $u) << <$half>::BITS | self.im.to_ordered_bits() as $u
            }
            #[inline(always)]
            fn from_ordered_bits(bits: $u) -> Self {
                Complex::new(
                    <$f>::from_ordered_bits((bits >> <$half>::BITS) as $half),
                    <$f>::from_ordered_bits(bits as $half),
                )
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                self.re.is_nan() || self.im.is_nan()
            }
        }
    )*};
}
complex_key! {
    f32 => u64, u32;
    f64 => u128, u64;
}
