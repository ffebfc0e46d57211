//! The extension trait [`Fft`]: what a backend does for the functions of this crate.

use xp_core::{Array, Backend, Dim, Float, Floating, Promote, Result};

use crate::portable;

/// Fourier, cosine and sine transforms of a backend for one precision: what the functions of this crate call.
///
/// Methods transform along distinct `axes` of their operand, each to the length of the same place in `lens`, to which the
/// operand is cut or padded with zeros; all were checked. The result is multiplied by `scale`. An operand whose memory
/// nobody else uses may be overwritten. A backend implements [`Fft::c2c`] with its library, and overrides the provided
/// methods, which are compositions of it, where the library does better.
#[diagnostic::on_unimplemented(message = "backend `{Self}` has no Fourier transforms for `{T}`", note = "`Cpu` and `Cuda` have them for f32 and f64")]
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

/// The sign of the exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `exp(-2 pi i j k / n)`.
    Forward,
    /// `exp(+2 pi i j k / n)`.
    Backward,
}

/// The family of a real-to-real transform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrigFamily {
    /// Discrete cosine transform.
    Cosine,
    /// Discrete sine transform.
    Sine,
}

/// The type of a discrete cosine or sine transform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrigType {
    /// Type I.
    I,
    /// Type II, "the" DCT.
    II,
    /// Type III, the inverse of type II up to a factor.
    III,
    /// Type IV.
    IV,
}

impl TrigType {
    /// The type of the inverse transform.
    #[must_use]
    pub fn inverse(self) -> Self {
        match self {
            Self::II => Self::III,
            Self::III => Self::II,
            same => same,
        }
    }
}

/// A discrete cosine or sine transform: family, type and whether its matrix is made orthogonal up to a factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trig {
    /// Cosine or sine.
    pub family: TrigFamily,
    /// The type.
    pub kind: TrigType,
    /// Scales the first (and for type I the last) basis vector so that all have the same norm.
    pub orthogonalize: bool,
}

impl Trig {
    /// The length of the periodic sequence that a transform of length `n` stands for; one over it scales the inverse
    /// transform.
    #[must_use]
    pub fn period(self, n: usize) -> usize {
        match (self.kind, self.family) {
            (TrigType::I, TrigFamily::Cosine) => 2 * (n - 1),
            (TrigType::I, TrigFamily::Sine) => 2 * (n + 1),
            _ => 2 * n,
        }
    }

    /// The smallest length: 2 for a type-I cosine transform, else 1.
    #[must_use]
    pub fn min_len(self) -> usize {
        1 + usize::from(self.kind == TrigType::I && self.family == TrigFamily::Cosine)
    }
}
