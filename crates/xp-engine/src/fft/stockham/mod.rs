//! Transforms of smooth lengths with AVX-512, for the lengths and processors that have it; rustfft has the others.
//!
//! The algorithm is Stockham's self-sorting transform (Cochran et al., "What is the fast Fourier transform?", 1967) in
//! mixed radices: every pass reads one block of memory and writes another, and the numbers come out in their natural
//! order. Real and imaginary parts lie apart in registers and between passes, so that only the first and the last pass
//! rearrange anything.

#[cfg(target_arch = "x86_64")]
mod butterfly;
#[cfg(target_arch = "x86_64")]
mod columns;
#[cfg(target_arch = "x86_64")]
mod make;
#[cfg(not(target_arch = "x86_64"))]
#[path = "none.rs"]
mod make;
#[cfg(target_arch = "x86_64")]
mod passes;
#[cfg(target_arch = "x86_64")]
mod real;
#[cfg(target_arch = "x86_64")]
mod rows;
#[cfg(target_arch = "x86_64")]
mod single;
#[cfg(target_arch = "x86_64")]
mod square;
#[cfg(target_arch = "x86_64")]
mod three;
#[cfg(target_arch = "x86_64")]
mod vector;

use num_complex::Complex;

use super::large::{Input, Output};
pub(super) use make::{column_plan, long_plan, merge_three, plan, real_plan, split_three};
#[cfg(target_arch = "x86_64")]
pub use vector::Vector;

/// A transform of a real sequence to the first half of its spectrum, and back.
pub(super) trait RealLine<T>: Send + Sync {
    /// Complex numbers of work memory.
    fn scratch_len(&self) -> usize;
    /// The first half of the spectrum of `x`, times `scale`; its complex conjugate if `conj`.
    fn forward(&self, x: &[T], out: &mut [Complex<T>], scratch: &mut [Complex<T>], scale: T, conj: bool);
    /// The real sequence with the half spectrum `x`, or its complex conjugate if `conj`, times `scale`.
    fn backward(&self, x: &[Complex<T>], out: &mut [T], scratch: &mut [Complex<T>], scale: T, conj: bool);
}

/// A transform of a sequence too long for one processor.
pub(super) trait LongLine<T>: Send + Sync {
    /// Transforms.
    ///
    /// # Safety
    /// As for [`Large::run`](super::large::Large::run).
    unsafe fn run(&self, input: Input<'_, T>, output: Output<'_, T>);
    /// Numbers in its tables.
    fn numbers(&self) -> usize;
}

/// Transforms of sequences side by side.
pub(super) trait ColumnLine<T>: Send + Sync {
    /// How many it transforms at a time.
    fn lanes(&self) -> usize;
    /// Complex numbers of work memory.
    fn work_len(&self) -> usize;
    /// Transforms `count` columns and multiplies them by `scale`. Columns follow each other in memory; the rows of input and
    /// output begin at the pointers and lie the second numbers apart.
    ///
    /// # Safety
    /// The input can be read and the output written; they are the same or do not overlap.
    unsafe fn run(&self, from: (*const Complex<T>, isize), to: (*mut Complex<T>, isize), count: usize, scale: T, work: &mut [Complex<T>]);
}
