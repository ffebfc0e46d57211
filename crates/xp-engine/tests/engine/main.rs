//! The engine through its public functions, against definitions and residuals. A program of its own, so that the routines are
//! compiled once, by the crate.

mod fft;
mod kernels;
mod linalg;
