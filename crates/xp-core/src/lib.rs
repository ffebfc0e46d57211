//! The core of xp: arrays, ranks, dtypes, lazy expressions, and the [`Backend`] trait.
//!
//! Library authors depend on the facade crate `xp-array` (library name `xp`); this crate holds what is common to all
//! backends and contains no backend itself.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod array;
mod axes;
mod axis_vec;
pub mod backend;
pub mod dim;
pub mod disk_cache;
mod dispatch;
pub mod dlpack;
pub mod dtype;
pub mod elementwise;
mod error;
pub mod expr;
pub mod extra;
mod index_arrays;
pub mod indexing;
mod inspection;
pub mod linalg;
pub mod math;
mod matmul;
mod mergeable;
mod moments;
#[cfg(feature = "npy")]
pub mod npy;
mod operators;
pub mod ops;
mod outputs;
pub mod random;
pub mod reduction;
mod shape;
mod sorting;
mod standard;
mod wide;

pub use array::{Array, RowTiles, Tiles};
pub use axes::{Axes, KeepDims, NewAxes};
pub use axis_vec::AxisVec;
pub use backend::{Backend, HostMemory};
pub use dim::{Dim, Dyn, IntoShape, Ix0, Ix1, Ix2, Ix3, Ix4, Ix5, Ix6, MAX_NDIM, Rank};
pub use dtype::{Bits, DType, Element, Float, Floating, Integer, Num, Promote, Real};
pub use error::{Error, Result};
pub use expr::{Expr, Lazy};
pub use indexing::{Ellipsis, NewAxis, Position, Stepped};
pub use inspection::{Capabilities, DefaultDTypes, capabilities, default_device, default_dtypes, devices, dtypes, result_type_all};
pub use linalg::Linalg;
pub use mergeable::Mergeable;
pub use shape::{broadcast_shapes, contiguous_strides, is_contiguous, normalize_axes, normalize_axis, normalize_index, size_of_shape};

/// The functions of the standard, free: `exp(&x)`, `concat(&[&a, &b], 0)`, `where_(&mask, &a, &b)`.
pub mod functions {
    pub use crate::array::{
        Indexing, Interval, Shifts, arange, broadcast_arrays, concat, empty, eye, full, linspace, meshgrid, ones, repeat_each, stack, unstack, zeros,
    };
    pub use crate::axes::{Axes, KeepDims, NewAxes};
    pub use crate::elementwise::{binary_functions::*, unary_functions::*, where_};
    pub use crate::expr::c;
    pub use crate::matmul::{Contraction, outer, tensordot, vecdot};
    pub use crate::reduction::{reduction_functions::*, std, var};
    pub use crate::sorting::{
        Ascending, Descending, Order, ScanAxis, Side, Unique, WithInitial, isin, searchsorted, unique_all, unique_counts, unique_inverse,
        unique_values,
    };
    pub use crate::standard::*;
}
