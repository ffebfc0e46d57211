//! Fourier, cosine and sine transforms on strided views.
//!
//! Every function transforms a [`View`] along some of its axes into a row-major output, or a
//! row-major array in place. Each axis of the transform has a length, to which the input is cut or
//! padded with zeros. The factor `scale` multiplies the result.
//!
//! How it works: plans come from a bounded cache shared by the process; lanes are transformed by
//! kernels of this crate or by rustfft, side by side or in tiles where they are not contiguous; long
//! lanes are split in two passes that fit in cache and use all threads; real data takes half the work
//! of complex data throughout.

mod axes;
mod float;
mod functions;
mod kernels;
mod lanes;
mod large;
mod plan;
mod planner;
mod scratch;
mod stockham;
#[cfg(test)]
mod tests;
mod trig;
mod view;

pub use float::FftFloat;
pub use functions::{c2c, c2c_in_place, c2r, c2r_consuming, check_memory, r2c, r2c_full, r2r, r2r_in_place};
pub use view::{View, row_major};
pub use xp_terms::{Direction, Trig, TrigFamily, TrigType};

/// Lanes of at least this length are split into two passes.
const LARGE: usize = 1 << 16;
