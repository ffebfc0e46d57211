//! Dtypes as values: names, kinds, limits.

use super::{Float, Integer, Real};

/// A dtype as a value, in the order of the standard's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum DType {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F16,
    BF16,
    F32,
    F64,
    C64,
    C128,
}

/// The standard's kinds of dtypes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `bool`.
    Bool,
    /// `int8` to `int64`.
    SignedInteger,
    /// `uint8` to `uint64`.
    UnsignedInteger,
    /// `float16`, `bfloat16`, `float32`, `float64`.
    RealFloating,
    /// `complex64`, `complex128`.
    ComplexFloating,
}

impl DType {
    /// Every dtype.
    pub const ALL: [DType; 15] = {
        use DType::*;
        [Bool, I8, I16, I32, I64, U8, U16, U32, U64, F16, BF16, F32, F64, C64, C128]
    };

    /// The standard's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            DType::Bool => "bool",
            DType::I8 => "int8",
            DType::I16 => "int16",
            DType::I32 => "int32",
            DType::I64 => "int64",
            DType::U8 => "uint8",
            DType::U16 => "uint16",
            DType::U32 => "uint32",
            DType::U64 => "uint64",
            DType::F16 => "float16",
            DType::BF16 => "bfloat16",
            DType::F32 => "float32",
            DType::F64 => "float64",
            DType::C64 => "complex64",
            DType::C128 => "complex128",
        }
    }

    /// The kind it belongs to.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            DType::Bool => Kind::Bool,
            DType::I8 | DType::I16 | DType::I32 | DType::I64 => Kind::SignedInteger,
            DType::U8 | DType::U16 | DType::U32 | DType::U64 => Kind::UnsignedInteger,
            DType::F16 | DType::BF16 | DType::F32 | DType::F64 => Kind::RealFloating,
            DType::C64 | DType::C128 => Kind::ComplexFloating,
        }
    }

    /// Size of an element in bytes.
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            DType::Bool | DType::I8 | DType::U8 => 1,
            DType::I16 | DType::U16 | DType::F16 | DType::BF16 => 2,
            DType::I32 | DType::U32 | DType::F32 => 4,
            DType::I64 | DType::U64 | DType::F64 | DType::C64 => 8,
            DType::C128 => 16,
        }
    }
}

impl core::fmt::Display for DType {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether `dtype` is of one of the `kinds`.
#[must_use]
pub fn isdtype(dtype: DType, kinds: &[Kind]) -> bool {
    kinds.contains(&dtype.kind())
}

/// Whether the promotion rules allow casting `from` to `to` without loss of kind or range.
///
/// ```
/// use xp_core::dtype::{DType, can_cast};
/// assert!(can_cast(DType::F32, DType::F64) && !can_cast(DType::F64, DType::F32));
/// ```
#[must_use]
pub fn can_cast(from: DType, to: DType) -> bool {
    super::result_type(from, to) == Some(to)
}

/// Limits of a real floating-point dtype.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FInfo<T> {
    /// Number of bits.
    pub bits: u32,
    /// Difference between 1 and the next larger number.
    pub eps: T,
    /// Largest finite number.
    pub max: T,
    /// Smallest finite number, `-max`.
    pub min: T,
    /// Smallest positive normal number.
    pub smallest_normal: T,
    /// The dtype.
    pub dtype: DType,
}

/// Limits of an integer dtype.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IInfo<T> {
    /// Number of bits.
    pub bits: u32,
    /// Largest value.
    pub max: T,
    /// Smallest value.
    pub min: T,
    /// The dtype.
    pub dtype: DType,
}

/// The limits of a real floating-point dtype.
#[must_use]
pub fn finfo<T: Float>() -> FInfo<T> {
    FInfo { bits: 8 * T::DTYPE.size() as u32, eps: T::EPSILON, max: T::MAX, min: -T::MAX, smallest_normal: T::MIN_POSITIVE, dtype: T::DTYPE }
}

/// The limits of an integer dtype.
#[must_use]
pub fn iinfo<T: Integer>() -> IInfo<T> {
    IInfo { bits: T::BITS, max: <T as Real>::HIGHEST, min: <T as Real>::LOWEST, dtype: T::DTYPE }
}
