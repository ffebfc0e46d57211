//! The CUDA backend, [`Cuda`], and the layers below it: the driver, devices, memory, kernels, and NVIDIA's libraries.
//!
//! Nothing of CUDA is needed to build, link or start a program with this crate. The driver and the libraries are opened
//! when the first device is created; without them that returns an error which lists everything that was tried.
//!
//! All work of a [`Device`] runs on one stream, in the order in which it was queued. Only a read by the host waits. Copies between arrays
//! and page-locked memory ([`Cuda::upload_async`], [`Cuda::download_async`]) run beside it, streams of one's own are ordered with it
//! by [`Device::precede`] and [`Device::follow`], and [`Cuda::capture`] records what is launched over and over.

pub mod device;
pub mod dlpack;
pub mod driver;
pub mod error;
pub mod ffi;
pub mod kernel;
mod kernel_key;
pub mod kernels;
pub mod libraries;
pub mod loader;
pub mod memory;

mod axes;
mod backend;
mod expression;
mod graph;
mod index_fault;
mod linalg;
mod nvrtc;
mod pinned;
mod pool;
mod products;
mod range;
mod render;
mod samples;
mod streams;
mod transfer;
mod transforms;
mod turns;

pub use backend::{Cuda, CudaBuffer};
pub use device::{Current, Device, DeviceOptions, Limits, Products};
pub use error::{DriverCode, Error, Result};
pub use graph::Graph;
pub use kernel::{Arguments, Kernel, ModuleSource, ModuleStats, Shape};
pub use libraries::PolarStats;
pub use memory::DeviceBuffer;
pub use pinned::{Pinned, Transfer};
pub use pool::PoolStats;
pub use range::{Range, can_name_ranges, range};
pub use streams::Event;
