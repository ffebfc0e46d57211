//! The engine below xp's CPU backend, on slices and strided views, for code that has no arrays: linear algebra, Fourier
//! and trigonometric transforms, sorting, searching, selection and transposition, the threads that share the work and the
//! instruction-set level that loops are chosen by.

// The oracles of the transforms stand beside the tests of the public functions.
#[cfg(test)]
extern crate self as xp_engine;

mod compiled;
pub mod fft;
pub mod kernels;
pub mod level;
pub mod linalg;
pub mod pages;
mod parts;
mod pool;
mod sizes;
mod sync;
pub mod threads;

pub use parts::map_parts;
