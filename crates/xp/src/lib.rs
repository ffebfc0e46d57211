//! The Array API standard for Rust, with the backend chosen at compile time.
//!
//! A generic function names one bound, and runs on the CPU or on a GPU, whichever the application's Cargo features pick:
//!
//! ```
//! use xp::prelude::*;
//!
//! /// Exponentials that sum to 1 along the last axis.
//! pub fn softmax<B: Backend, T: Float, D: Dim>(x: &Array<B, T, D>) -> Array<B, T, D> {
//!     let e = (x.lazy() - x.max(KeepDims(-1))).exp().eval(); // one pass, no temporary
//!     &e / e.sum(KeepDims(-1))
//! }
//!
//! let p = softmax(&array![[0.0, 0.0], [1000.0, 0.0]]);
//! assert_eq!(p.to_vec(), [0.5, 0.5, 1.0, 0.0]);
//! ```
//!
//! What must not compile does not, and says why. Arrays of two backends:
//!
//! ```compile_fail
//! # use xp::prelude::*;
//! fn mixed<A: Backend, B: Backend>(x: &Array<A, f64, Ix1>, y: &Array<B, f64, Ix1>) {
//!     let _ = x + y; // `&Array<B, f64, Rank<1>>` cannot be combined with an array of dtype `f64` on backend `A`
//! }
//! ```
//!
//! Dtypes whose sum the standard leaves undefined:
//!
//! ```compile_fail
//! # use xp::prelude::*;
//! let _ = array![1, 2] + array![1.0, 2.0]; // the standard leaves `i32` with `f64` undefined
//! ```
//!
//! Ranks that do not fit:
//!
//! ```compile_fail
//! # use xp::prelude::*;
//! let [n, p] = array![1.0, 2.0].shape(); // expected `[usize; 1]`, found an array of two elements
//! ```
//!
//! Linear algebra for a dtype that has none:
//!
//! ```compile_fail
//! # use xp::prelude::*;
//! let _ = xp::linalg::inv(&array![[1, 2], [3, 4]]); // `i32` is not a floating-point dtype
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "cpu", feature = "cuda"))]
mod device32;
#[cfg(feature = "cpu")]
pub mod guide;

#[cfg(any(feature = "cpu", feature = "cuda"))]
pub use device32::Device32;

pub use xp_core::*;

pub use num_complex::Complex;
#[cfg(any(feature = "cpu", feature = "cuda"))]
pub use xp_any::{AnyDevice, with_device};
pub use xp_core::functions::*;

#[cfg(feature = "cpu")]
pub use xp_cpu as cpu;
#[cfg(feature = "cpu")]
pub use xp_cpu::Cpu;
#[cfg(feature = "cuda")]
pub use xp_cuda as cuda;
#[cfg(feature = "cuda")]
pub use xp_cuda::Cuda;
#[cfg(feature = "fft")]
pub use xp_fft as fft;
#[cfg(feature = "models")]
pub use xp_models as models;
#[cfg(feature = "mpi")]
pub use xp_mpi as mpi;
#[cfg(feature = "mpi")]
pub use xp_mpi::Mpi;
#[cfg(feature = "wgpu")]
pub use xp_wgpu as wgpu;
#[cfg(feature = "wgpu")]
pub use xp_wgpu::Wgpu;

/// The backend that the features pick: `Cuda` with the feature `cuda`, otherwise `Cpu`.
#[cfg(feature = "cuda")]
pub type DefaultBackend = Cuda;
/// The backend that the features pick: `Cuda` with the feature `cuda`, otherwise `Cpu`.
#[cfg(all(feature = "cpu", not(feature = "cuda")))]
pub type DefaultBackend = Cpu;

/// Euler's number.
pub const E: f64 = std::f64::consts::E;
/// The ratio of a circle's circumference to its diameter.
pub const PI: f64 = std::f64::consts::PI;
/// Positive infinity: the standard's `inf`.
pub const INF: f64 = f64::INFINITY;
/// Not a number: the standard's `nan`.
pub const NAN: f64 = f64::NAN;

/// An array on the default backend from nested values: `array![[1.0, 2.0], [3.0, 4.0]]`.
///
/// # Panics
/// When there is no default device.
///
/// ```
/// use xp::prelude::*;
/// let x = array![[1.0, 2.0], [3.0, 4.0]];
/// assert_eq!(x.shape(), [2, 2]);
/// println!("{x}");
/// ```
#[cfg(any(feature = "cpu", feature = "cuda"))]
#[macro_export]
macro_rules! array {
    ($($values:expr),* $(,)?) => {
        $crate::__array([$($crate::array!(@value $values)),*])
    };
    (@value [$($values:expr),* $(,)?]) => { [$($crate::array!(@value $values)),*] };
    (@value $value:expr) => { $value };
}

#[cfg(any(feature = "cpu", feature = "cuda"))]
#[doc(hidden)]
#[must_use]
#[track_caller]
pub fn __array<T: Element, V: xp_core::array::NestedValues<T>>(values: V) -> Array<DefaultBackend, T, V::Dim> {
    let device = DefaultBackend::default_device().unwrap_or_else(|e| panic!("{e}"));
    xp_core::array::from_nested(&device, values).unwrap_or_else(|e| panic!("{e}"))
}

/// What programs import: `use xp::prelude::*`.
pub mod prelude {
    #[cfg(feature = "cpu")]
    pub use crate::Cpu;
    #[cfg(feature = "cuda")]
    pub use crate::Cuda;
    #[cfg(feature = "mpi")]
    pub use crate::Mpi;
    #[cfg(feature = "wgpu")]
    pub use crate::Wgpu;
    #[cfg(any(feature = "cpu", feature = "cuda"))]
    pub use crate::{DefaultBackend, array};
    pub use num_complex::Complex;
    pub use xp_core::functions::*;
    pub use xp_core::{
        Array, AxisVec, Backend, Dim, Dyn, Element, Ellipsis, Float, Floating, Integer, IntoShape, Ix0, Ix1, Ix2, Ix3, Ix4, Ix5, Ix6, Lazy, Linalg,
        NewAxis, Num, Rank, Real, extra, linalg, s,
    };
}
