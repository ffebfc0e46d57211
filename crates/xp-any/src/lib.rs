//! [`AnyDevice`]: a device of a backend that is known at run time only, and itself a backend.
//!
//! Rust programs have the backend in the type of an array, and enter a generic function for the one that was chosen
//! ([`with_device!`]). A program whose arrays are themselves made at run time, such as a module of another language, has no type to put it
//! in: its arrays are `Array<AnyDevice, T, D>`. Each method is a `match` over the variants, with the device's own buffers and addresses
//! inside: nothing is converted or copied on the way, and operands of two devices are an error as they are within one backend. A build with
//! one backend has one variant, which needs no memory and no branch.
//!
//! ```
//! use xp::{AnyDevice, prelude::*};
//! let device: AnyDevice = "cpu".parse()?;
//! let x: Array<AnyDevice, f64, Ix1> = arange(&device, 0.0, 4.0, 1.0)?;
//! assert_eq!((&x * &x).sum(..).item()?, 14.0);
//! # Ok::<(), xp::Error>(())
//! ```

#![cfg(any(feature = "cpu", feature = "cuda"))]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod backend;
mod buffer;
mod device;
mod linalg;
mod transforms;

pub use buffer::{AnyBuffer, Variant};
pub use device::AnyDevice;
