//! The CPU backend of xp: fused multi-threaded loops with run-time dispatched SIMD, a cache of freed memory, and
//! [faer](https://docs.rs/faer) and [rustfft](https://docs.rs/rustfft) for linear algebra and transforms.

mod backend;
mod buffer;
mod dispatch;
mod eval;
#[allow(dead_code)]
mod fft;
mod kernels;
mod level;
mod linalg;
mod matrices;
mod reduce;

pub use backend::Cpu;
pub use buffer::{CpuBuffer, cached_bytes, clear_cache, set_cache_limit};
