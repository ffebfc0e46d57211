//! The CPU backend of xp: fused multi-threaded loops with run-time dispatched SIMD, a cache of freed memory, and
//! [`xp_engine`] for linear algebra, transforms and sorting.

mod backend;
mod buffer;
#[cfg(any(feature = "interop-dlpack", feature = "interop-faer", feature = "interop-nalgebra", feature = "interop-ndarray"))]
pub mod interop;

pub use backend::Cpu;
#[doc(hidden)]
pub use buffer::Reading;
pub use buffer::{CpuBuffer, cached_bytes, clear_cache, set_cache_limit};
pub use xp_engine::level::{Level, level};
