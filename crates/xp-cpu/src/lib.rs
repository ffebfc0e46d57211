//! The CPU backend of xp: fused multi-threaded loops with run-time dispatched SIMD, a cache of freed memory, and
//! [faer](https://docs.rs/faer) and [rustfft](https://docs.rs/rustfft) for linear algebra and transforms.
//!
//! [`Cpu`] is what arrays need. The modules [`kernels`], [`linalg`] and [`fft`] are the layer below it, on slices and
//! strided views, for code that has no arrays.

mod backend;
mod buffer;
mod dispatch;
mod eval;
pub mod fft;
#[cfg(any(feature = "interop-dlpack", feature = "interop-faer", feature = "interop-nalgebra", feature = "interop-ndarray"))]
pub mod interop;
pub mod kernels;
mod level;
pub mod linalg;
mod matrices;
mod ordered;
mod products;
mod reduce;
mod rows;
mod threads;
mod transforms;

pub use backend::Cpu;
#[doc(hidden)]
pub use buffer::Reading;
pub use buffer::{CpuBuffer, cached_bytes, clear_cache, set_cache_limit};
