//! Elementary and special functions that the compiler vectorises.
//!
//! Every real function but those of the beta and the incomplete gamma function is branch-free scalar Rust, generic over the
//! instruction-set level [`Isa`]. Called in a loop inside a function with matching `#[target_feature]`s it becomes SIMD code;
//! called alone it is an ordinary scalar function. [`MathFloat`] has the functions as methods, [`complex`] the functions of
//! complex arguments.
//!
//! Special values follow C99 Annex F and G and the Array API standard. The error bound stated at each method holds at
//! every level, with and without fused multiply-add.
//!
//! # Where things are
//!
//! One file per family: `exp`, `log`, `trig`, `inverse_trig`, `hyperbolic`, `pow`, `special`, `gamma`, `incomplete`. An
//! algorithm is written once for both types, or in `f64` for both; `tables` has the polynomials of each, `kernel` the bit
//! operations and the arithmetic they share.
//!
//! # Repair
//!
//! A few functions are too costly to evaluate without branches on their whole domain. Each of them, `f`, comes with a
//! predicate `f_needs_repair`, cheap and vectorisable, and an exact `f_repair`. Where the predicate is true, the value
//! of `f` is unspecified and a caller takes the one of `f_repair` instead.

pub mod complex;
mod exp;
mod float;
mod gamma;
mod hyperbolic;
mod incomplete;
mod inverse_trig;
mod isa;
/// What nobody outside can name, so that nobody outside can implement [`MathFloat`].
///
/// ```
/// use xp_core::math::MathFloat;
/// ```
/// ```compile_fail,E0603
/// use xp_core::math::kernel::Kernel;
/// ```
mod kernel;
mod log;
mod pow;
mod special;
mod tables;
mod trig;

pub use float::MathFloat;
pub use isa::{Avx2, Avx512, Baseline, Isa};

#[cfg(test)]
mod tests;
