//! The CPU backend of xp: fused multi-threaded loops with run-time dispatched SIMD, a cache of freed memory, and
//! [`xp_engine`] for linear algebra, transforms and sorting.
//!
//! Three environment variables are read, each once:
//!
//! | variable | says | otherwise |
//! |---|---|---|
//! | `XP_CPU_LEVEL` | the instruction set of all loops: `baseline`, `sse4.1`, `avx2` or `avx512` ([`level`]) | the highest of the machine |
//! | `XP_CPU_LINGER` | how many microseconds a thread looks for more work before it sleeps; 0: not at all | 500 |
//! | `RAYON_NUM_THREADS` | the number of threads of rayon's global pool | one per core |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod backend;
mod buffer;
#[cfg(any(feature = "interop-dlpack", feature = "interop-faer", feature = "interop-nalgebra", feature = "interop-ndarray"))]
pub mod interop;

pub use backend::Cpu;
#[doc(hidden)]
pub use buffer::Reading;
pub use buffer::{CpuBuffer, cached_bytes, clear_cache, set_cache_limit};
pub use xp_engine::level::{Level, level};
