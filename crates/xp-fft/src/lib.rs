//! Fourier, cosine, sine and Hankel transforms of xp, under the names of
//! [`scipy.fft`](https://docs.scipy.org/doc/scipy/reference/fft.html), for every backend with the extension trait
//! [`Fft`].
//!
//! Every transform has two forms: `fft(&x)` is the simple call, `fft_with(&x, options)` takes what SciPy takes by keyword.
//! The options begin with [`axis()`], [`n()`] or [`Ortho`] for one axis, [`axes()`], [`s()`] or [`Ortho`] for several; cosine and sine transforms also take a [`Type`].
//!
//! | SciPy | xp |
//! |---|---|
//! | `fft(x)` | `fft(&x)?` |
//! | `fft(x, n=16, axis=0, norm="ortho")` | `fft_with(&x, axis(0).n(16).norm(Ortho))?` |
//! | `irfft(x, n=9)` | `irfft_with(&x, n(9))?` |
//! | `fftn(x, s=(4, 3), axes=(0, 2))` | `fftn_with(&x, axes([0, 2]).s([4, 3]))?` |
//! | `dct(x, type=4)` | `dct_with(&x, Type::IV, axis(-1))?` |
//! | `dct(x, norm="ortho", orthogonalize=False)` | `dct_with(&x, Type::II.orthogonalize(false), Ortho)?` |
//! | `fft(x, overwrite_x=True)` | `fft(x)?` |
//!
//! Operands are arrays, owned or borrowed: an owned one whose memory nobody else uses is transformed in place. Generic code
//! needs one bound:
//!
//! ```
//! use xp::prelude::*;
//! use xp::fft::{Fft, irfft_with, rfft};
//!
//! /// The derivative of periodic samples along the last axis, one unit apart.
//! fn derivative<B: Fft<T>, T: Float>(x: &Array<B, T, Ix1>) -> xp::Result<Array<B, T, Ix1>> {
//!     let [n] = x.shape();
//!     let i = B::Complex::from_parts(T::ZERO, T::from_f64(2.0 * xp::PI));
//!     let omega = xp::fft::rfftfreq(x.device(), n, T::ONE)?.astype::<B::Complex>() * i;
//!     irfft_with(rfft(x)? * &omega, xp::fft::n(n))
//! }
//!
//! let x = linspace(&Cpu, 0.0..2.0 * xp::PI, 16)?;
//! let slope = derivative(&x.sin())? * (16.0 / (2.0 * xp::PI));
//! assert!((slope - x.cos()).abs().max(..).item()? < 1e-14);
//! # Ok::<(), xp::Error>(())
//! ```
//!
//! A dtype or backend without transforms does not compile:
//!
//! ```compile_fail
//! # use xp::prelude::*;
//! let _ = xp::fft::fft(&array![1, 2, 3]); // `i32` is not a floating-point dtype
//! ```

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod backend;
mod fourier;
mod hankel;
mod helper;
mod options;
pub mod portable;
mod signal;
mod trigonometric;

pub use backend::Fft;
pub use fourier::*;
pub use hankel::{Hankel, fht, fht_with, fhtoffset, ifht, ifht_with};
pub use helper::*;
pub use options::{AxesOptions, AxisOptions, Input, Norm, Norm::Ortho, Type, axes, axis, n, s};
pub use signal::{Mode, Segments, ShortTime, Window, fftconvolve, fftconvolve_with, istft, oaconvolve, oaconvolve_with, stft};
pub use trigonometric::*;
pub use xp_terms::{Direction, Trig, TrigFamily, TrigType};
