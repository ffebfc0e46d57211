//! The standard's inspection: what a backend can do, as values.

use crate::backend::Backend;
use crate::dim::MAX_NDIM;
use crate::dtype::{DType, Element, Float, Kind};
use crate::error::Result;

/// What every backend of xp can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Whether masks choose elements, so that shapes depend on data.
    pub boolean_indexing: bool,
    /// Whether functions such as `nonzero` and `unique_values`, whose shapes depend on data, exist.
    pub data_dependent_shapes: bool,
    /// The largest number of axes.
    pub max_dimensions: usize,
}

/// What every backend of xp can do: the standard's `capabilities`.
///
/// ```
/// let can = xp::capabilities();
/// assert!(can.boolean_indexing && can.data_dependent_shapes && can.max_dimensions >= 4);
/// ```
#[must_use]
pub fn capabilities() -> Capabilities {
    Capabilities { boolean_indexing: true, data_dependent_shapes: true, max_dimensions: MAX_NDIM }
}

/// The dtypes of results that no argument determines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultDTypes {
    /// Of real floating-point results.
    pub real_floating: DType,
    /// Of complex results.
    pub complex_floating: DType,
    /// Of integers.
    pub integral: DType,
    /// Of positions.
    pub indexing: DType,
}

/// The standard's `default_dtypes`: the widest float of the backend, the complex dtype of that float, and 64-bit
/// integers.
///
/// ```
/// use xp::DType;
/// let defaults = xp::default_dtypes::<xp::Cpu>();
/// assert_eq!((defaults.real_floating, defaults.complex_floating), (DType::F64, DType::C128));
/// ```
#[must_use]
pub fn default_dtypes<B: Backend>() -> DefaultDTypes {
    let real = <B::MaxFloat as Element>::DTYPE;
    let wide = <B::MaxFloat as Float>::EPSILON.cast::<f64>() < f64::from(f32::EPSILON);
    DefaultDTypes { real_floating: real, complex_floating: if wide { DType::C128 } else { DType::C64 }, integral: DType::I64, indexing: DType::I64 }
}

/// The dtypes of the standard, of some kinds, that a backend has: the standard's `dtypes`. (`float16` and `bfloat16` are
/// beyond the standard, and not reported.)
///
/// ```
/// use xp::DType;
/// use xp::dtype::Kind;
/// assert_eq!(xp::dtypes::<xp::Cpu>(&[Kind::RealFloating]), [DType::F32, DType::F64]);
/// assert_eq!(xp::dtypes::<xp::Cpu>(Kind::NUMERIC).len(), 12);
/// ```
#[must_use]
pub fn dtypes<B: Backend>(kinds: &[Kind]) -> Vec<DType> {
    let chosen = |d: &DType| kinds.contains(&d.kind()) && B::supports(*d) && !matches!(d, DType::F16 | DType::BF16);
    DType::ALL.into_iter().filter(chosen).collect()
}

/// The device to use when none is named.
///
/// # Errors
/// When there is no such device on this machine.
pub fn default_device<B: Backend>() -> Result<B> {
    B::default_device()
}

/// Every device of a backend on this machine: the standard's `devices`.
///
/// ```
/// assert_eq!(xp::devices::<xp::Cpu>(), [xp::Cpu]);
/// ```
#[must_use]
pub fn devices<B: Backend>() -> Vec<B> {
    B::devices()
}

impl Kind {
    /// Every kind.
    pub const ALL: &'static [Kind] = &[Kind::Bool, Kind::SignedInteger, Kind::UnsignedInteger, Kind::RealFloating, Kind::ComplexFloating];
    /// The standard's `"integral"`.
    pub const INTEGRAL: &'static [Kind] = &[Kind::SignedInteger, Kind::UnsignedInteger];
    /// The standard's `"numeric"`.
    pub const NUMERIC: &'static [Kind] = &[Kind::SignedInteger, Kind::UnsignedInteger, Kind::RealFloating, Kind::ComplexFloating];
}

/// The dtype that all of several dtypes promote to, where the standard defines it; `None` of none.
///
/// ```
/// use xp::DType;
/// assert_eq!(xp::result_type_all(&[DType::I8, DType::U8, DType::I32]), Some(DType::I32));
/// assert_eq!(xp::result_type_all(&[DType::I8, DType::F32]), None);
/// ```
#[must_use]
pub fn result_type_all(dtypes: &[DType]) -> Option<DType> {
    let (first, rest) = dtypes.split_first()?;
    rest.iter().try_fold(*first, |acc, d| crate::dtype::result_type(acc, *d))
}
