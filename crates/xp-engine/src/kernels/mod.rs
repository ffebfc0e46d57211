//! Kernels on slices and raw strided memory: sorting, scanning, transposing, gathering, selecting.
//!
//! Nothing here knows about arrays. Inputs are slices (or a pointer with shape and strides), outputs are
//! `&mut [MaybeUninit<T>]` of the exact length, which every kernel fills completely unless it returns an error.
//! Large inputs are split over the current rayon pool. The split points never depend on the number of threads
//! where they could show in the result, so results are bitwise reproducible.
//!
//! | module | kernels |
//! |---|---|
//! | [`mod@sort`] | values and stable indices in order, along contiguous lanes |
//! | [`select`] | partial order: the k-th element, the k largest |
//! | [`scan`] | cumulative sum, product or any associative operation |
//! | [`transpose`] | transposed and general strided copies |
//! | [`gather`] | `take`, `take_along_axis` |
//! | [`scatter`] | `put`, scatter-add, counting |
//! | [`mask`] | selection by a boolean mask, `nonzero`, `where` |
//! | [`unique`] | distinct values with first index, inverse and counts |
//! | [`search`] | `searchsorted` |

pub mod gather;
pub mod key;
pub mod mask;
mod par;
pub mod scan;
pub mod scatter;
pub mod search;
pub mod select;
mod simd;
pub mod sort;
pub mod transpose;
pub mod unique;

pub use gather::IndexOutOfBounds;
pub use key::SortKey;
