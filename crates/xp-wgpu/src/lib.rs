//! The backend [`Wgpu`] for any GPU with Vulkan, on [wgpu](https://wgpu.rs): the counterpart of PyTorch on MPS, without `float64`.
//!
//! Nothing of a driver is needed to build, link or start a program with this crate. The driver is opened when the first device is
//! created; without one that is an error which says what to install. `XP_WGPU_ADAPTER` chooses among several adapters, and
//! [`Wgpu::adapters`] lists them.
//!
//! # Arithmetic
//! Expressions become kernels in WGSL, these SPIR-V, and every operation in it is marked so that no driver may contract or
//! reassociate it, or assume that there is no NaN. The elementary functions are xp's own polynomials in `f32`, with the bounds that
//! [`xp_core::math::MathFloat`] states. A device is tested when it is opened: a driver that changes arithmetic is refused, with
//! what it gets wrong.
//!
//! # Dtypes
//! Booleans, integers of 8 to 64 bits, `float16`, `bfloat16`, `float32` and `complex64`. `float64` and `complex128` are
//! [`UnsupportedDType`](xp_core::Error::UnsupportedDType), and what would be computed in them is computed in
//! [`MaxFloat`](xp_core::Backend::MaxFloat), `f32`. An element takes as many bytes of the device's memory as on the host.
//! Halves are computed in `f32` and rounded after every operation, as on the CPU.
//!
//! # Operations
//! Every method of [`Backend`](xp_core::Backend) and all elementwise operations. Functions of parameters (gamma, beta and what is derived
//! from them), which the CPU computes in `float64`, are computed in `f32` within the same stated bounds. `complex64` powers with exponents that are not small whole numbers are computed in `f32`:
//! their relative error grows with `|w log(z)|`. [`Linalg`](xp_core::linalg::Linalg) is there for `f32` and `Complex<f32>`: elimination,
//! Householder's reflections and Jacobi's rotations, a group of threads to a small matrix of a stack, blocks and products of matrices for
//! large ones. [`Fft`](xp_fft::Fft) is there for `f32`: Stockham's passes, and Bluestein's chirps where a length has a prime factor above 7.
//! General eigenvalues are not: functions that need them do not compile for arrays of this backend.
//!
//! # Limits
//! Vulkan with integers of 64 bits in shaders. An array is at most as large as what a kernel can bind ([`Wgpu::most_bytes`]). The
//! software driver of Mesa is what the tests run on.

mod backend;
mod device;
mod elements;
mod expression;
mod kernel;
mod linalg;
mod memory;
mod operations;
mod products;
mod queue;
mod reductions;
mod render;
mod self_test;
mod strict;
#[cfg(test)]
mod targets;
mod transforms;
mod wgsl;

pub use backend::{Wgpu, WgpuBuffer};
pub use queue::Counts;
