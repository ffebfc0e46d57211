//! A test backend over the kernels of [`Cpu`](xp_cpu::Cpu) whose memory the host cannot read by accident: code that passes here does not
//! rely on arrays being in host memory.
//!
//! * Its buffers have no slices, no `Deref` and no public handle to the memory inside.
//! * [`address`](xp_core::Backend::address) returns an address that no program can dereference; only [`eval`](xp_core::Backend::eval) and
//!   [`reduce`](xp_core::Backend::reduce) know the way back. An operation that reads through it ends with a fault instead of a value.
//! * [`to_host`](xp_core::Array::to_host) and its kin are the only ways to read elements.
//! * A device has an identity, so that arrays of two devices of one backend can be mixed up, and the error tested.
//!
//! [`StrictF32`] has neither `float64` nor `complex128`, as some accelerators; code that must run there accumulates in
//! [`MaxFloat`](xp_core::Backend::MaxFloat).
//!
//! What the memory holds cannot be had without a transfer. This does not compile:
//!
//! ```compile_fail
//! use xp_core::Array;
//! use xp_strict::Strict;
//! let x = Array::from_vec(&Strict::new(0), vec![1.0, 2.0], [2]).unwrap();
//! let values: &[f64] = x.buffer();
//! ```
//!
//! Nor does this, for the memory inside is private:
//!
//! ```compile_fail
//! use xp_core::Array;
//! use xp_strict::Strict;
//! let x = Array::from_vec(&Strict::new(0), vec![1.0, 2.0], [2]).unwrap();
//! let memory = x.buffer().memory.clone();
//! ```
//!
//! And linear algebra in `float64` on a backend without it does not:
//!
//! ```compile_fail
//! use xp_core::{Array, linalg};
//! use xp_strict::StrictF32;
//! let x = Array::from_vec(&StrictF32::new(0), vec![1.0_f64], [1, 1]).unwrap();
//! let _ = linalg::inv(&x); // backend `StrictF32` has no linear algebra for `f64`
//! ```
//!
//! ```
//! use xp_core::{Array, DType, Error, linalg};
//! use xp_strict::{Strict, StrictF32};
//! let x = Array::from_vec(&Strict::new(0), vec![2.0_f64], [1, 1])?;
//! assert_eq!(linalg::inv(&x)?.to_vec(), [0.5]);
//! assert_eq!((&x + &x).item()?, 4.0);
//! let error = Array::from_vec(&StrictF32::new(0), vec![2.0_f64], [1, 1]).unwrap_err();
//! assert_eq!(error, Error::UnsupportedDType { backend: "strict-f32", dtype: DType::F64 });
//! # Ok::<(), xp_core::Error>(())
//! ```

mod backend;
mod linalg;
mod transforms;

pub use backend::{Flavour, NoFloat64, StrictBackend, StrictBuffer, WithFloat64};

/// The test backend with every dtype.
pub type Strict = StrictBackend<WithFloat64>;
/// The test backend without `float64` and `complex128`.
pub type StrictF32 = StrictBackend<NoFloat64>;
