//! The extension trait [`Fft`]: what a backend does for the functions of this crate.

use xp_core::{Array, Backend, Dim, Float, Floating, Promote, Result};

use crate::{Direction, Trig, portable};

/// Fourier, cosine and sine transforms of a backend for one precision: what the functions of this crate call.
///
/// Methods transform along distinct `axes` of their operand, each to the length of the same place in `lens`, to which the
/// operand is cut or padded with zeros; all were checked. The result is multiplied by `scale`. An operand whose memory
/// nobody else uses may be overwritten. A backend implements [`Fft::c2c`] with its library, and overrides the provided
/// methods, which are compositions of it, where the library does better.
#[diagnostic::on_unimplemented(
    message = "backend `{Self}` has no Fourier transforms for `{T}`",
    note = "`Cpu` and `Cuda` have them for f32 and f64, `Wgpu` for f32"
)]
pub trait Fft<T: Float>: Backend {
    /// The complex dtype of this precision: that of spectra.
    type Complex: Floating<Part = T> + Promote<T, Output = Self::Complex>;

    /// Complex transform of real or complex elements.
    ///
    /// # Errors
    /// When memory runs out or the device fails.
    fn c2c<C: Floating<Part = T>, D: Dim>(
        x: Array<Self, C, D>,
        axes: &[usize],
        lens: &[usize],
        direction: Direction,
        scale: T,
    ) -> Result<Array<Self, Self::Complex, D>>;

    /// The bins `0..=n / 2` along the last of `axes`, at least one, of the transform of real elements.
    ///
    /// # Errors
    /// As for [`Fft::c2c`].
    fn r2c<D: Dim>(x: Array<Self, T, D>, axes: &[usize], lens: &[usize], direction: Direction, scale: T) -> Result<Array<Self, Self::Complex, D>> {
        portable::r2c(x, axes, lens, direction, scale)
    }

    /// The real transform of a spectrum of which the operand holds the bins `0..=n / 2` along the last of `axes`, at
    /// least one; the other bins are their complex conjugates.
    ///
    /// # Errors
    /// As for [`Fft::c2c`].
    fn c2r<C: Floating<Part = T>, D: Dim>(
        x: Array<Self, C, D>,
        axes: &[usize],
        lens: &[usize],
        direction: Direction,
        scale: T,
    ) -> Result<Array<Self, T, D>> {
        portable::c2r(x, axes, lens, direction, scale)
    }

    /// Cosine or sine transform; of the real and the imaginary parts when the elements are complex.
    ///
    /// # Errors
    /// As for [`Fft::c2c`].
    fn r2r<C: Floating<Part = T>, D: Dim>(x: Array<Self, C, D>, axes: &[usize], lens: &[usize], trig: Trig, scale: T) -> Result<Array<Self, C, D>> {
        portable::r2r(x, axes, lens, trig, scale)
    }
}
