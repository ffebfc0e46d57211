//! Discrete Fourier transforms along one axis, two axes and many.

use xp_core::{Array, Dim, Error, Float, Floating, Num, Result};

use crate::Direction;
use crate::backend::Fft;
use crate::options::{Along, AxesOptions, AxisOptions, Input, Options};

/// A complex array of the backend and precision of an array with dtype `C`.
pub type Spectrum<B, C, D> = Array<B, <B as Fft<<C as Floating>::Part>>::Complex, D>;
/// A real array of the precision of an array with dtype `C`.
pub type Signal<B, C, D> = Array<B, <C as Floating>::Part, D>;

// One row per function: its name, the name of its form with options, what dtypes it takes, the dtype of its result, and
// the kind of transform: elements from complex (c) or real (r) to complex or real, with the sign of the exponent.
macro_rules! transforms {
    ($Options:ident: $($(#[$doc:meta])* $name:ident, $with:ident: $Bound:ident -> $Out:ident, $kind:ident $direction:ident $(, $default:ident)?;)*) => {$(
        $(#[$doc])*
        pub fn $name<B: Fft<<C as Floating>::Part>, C: $Bound, D: Dim>(x: impl Input<B, C, D>) -> Result<$Out<B, C, D>> {
            $kind(stringify!($name), x.into_array(), $Options::default()$(.$default())?, Direction::$direction)
        }
        #[doc = concat!("[`", stringify!($name), "`] with options.")]
        ///
        /// # Errors
        #[doc = concat!("As for [`", stringify!($name), "`].")]
        pub fn $with<B: Fft<<C as Floating>::Part>, C: $Bound, D: Dim>(x: impl Input<B, C, D>, options: impl Into<$Options>) -> Result<$Out<B, C, D>> {
            $kind(stringify!($name), x.into_array(), options.into()$(.$default())?, Direction::$direction)
        }
    )*};
}

transforms! { AxisOptions:
    /// Discrete Fourier transform along the last axis: `sum_j x[j] exp(-2 pi i j k / n)`. A real operand is not widened
    /// to complex first.
    ///
    /// # Errors
    /// [`Error::Axis`] when the axis does not exist; [`Error::Value`], which names `n`, when the axis has no elements and
    /// no length is given.
    ///
    /// ```
    /// use xp::prelude::*;
    /// use xp::fft::{Norm, axis, fft, fft_with};
    /// let x = array![1.0, 0.0, 0.0, 0.0];
    /// assert_eq!(fft(&x)?.to_vec(), [Complex::new(1.0, 0.0); 4]);
    /// assert_eq!(fft_with(&x, axis(0).n(2).norm(Norm::Forward))?.to_vec(), [Complex::new(0.5, 0.0); 2]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    fft, fft_with: Floating -> Spectrum, c2c Forward;
    /// Inverse discrete Fourier transform along the last axis: `sum_k x[k] exp(2 pi i j k / n) / n`.
    ///
    /// # Errors
    /// As for [`fft`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// use xp::fft::{fft, ifft};
    /// let x = array![Complex::new(1.0_f64, 2.0), Complex::new(-3.0, 0.5), Complex::new(0.0, 1.0)];
    /// let back = ifft(fft(&x)?)?; // the spectrum is not named again: its memory is reused
    /// assert!((back - &x).abs().max(..).item()? < 1e-15);
    /// # Ok::<(), xp::Error>(())
    /// ```
    ifft, ifft_with: Floating -> Spectrum, c2c Backward;
    /// Discrete Fourier transform of real elements along the last axis: the first `n / 2 + 1` bins, of which the others
    /// are complex conjugates.
    ///
    /// # Errors
    /// As for [`fft`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// let bins = xp::fft::rfft(&array![1.0, 2.0, 3.0, 4.0])?;
    /// assert_eq!(bins.to_vec(), [Complex::new(10.0, 0.0), Complex::new(-2.0, 2.0), Complex::new(-2.0, 0.0)]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    rfft, rfft_with: Float -> Spectrum, r2c Forward;
    /// The inverse of [`rfft`](fn@rfft): real elements from the first `n / 2 + 1` bins. Without options `n` is even,
    /// `2 (m - 1)` for `m` bins.
    ///
    /// # Errors
    /// As for [`fft`]; one bin without a given length has no default `n`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// use xp::fft::{irfft_with, n, rfft};
    /// let x = array![1.0_f64, 2.0, 3.0];
    /// let back = irfft_with(rfft(&x)?, n(3))?; // the length is odd, so it is given
    /// assert!((back - &x).abs().max(..).item()? < 1e-15);
    /// # Ok::<(), xp::Error>(())
    /// ```
    irfft, irfft_with: Floating -> Signal, c2r Backward;
    /// Discrete Fourier transform, which is real, of a Hermitian-symmetric signal of which the operand holds the first
    /// `n / 2 + 1` elements of the last axis. Without options `n` is `2 (m - 1)` for `m` elements.
    ///
    /// # Errors
    /// As for [`irfft`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// let y = xp::fft::hfft(&array![Complex::new(1.0, 0.0), Complex::new(0.0, 1.0), Complex::new(0.0, 0.0)])?;
    /// assert_eq!(y.to_vec(), [1.0, 3.0, 1.0, -1.0]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    hfft, hfft_with: Floating -> Signal, c2r Forward;
    /// The inverse of [`hfft`](fn@hfft): the first `n / 2 + 1` elements of a Hermitian-symmetric signal.
    ///
    /// # Errors
    /// As for [`fft`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = xp::fft::ihfft(&array![1.0, 3.0, 1.0, -1.0])?;
    /// assert_eq!(x.to_vec(), [Complex::new(1.0, 0.0), Complex::new(0.0, 1.0), Complex::new(0.0, 0.0)]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    ihfft, ihfft_with: Float -> Spectrum, r2c Backward;
}

transforms! { AxesOptions:
    /// [`fft`](fn@fft) along all axes.
    ///
    /// # Errors
    /// [`Error::Axis`], [`Error::RepeatedAxis`]; [`Error::Value`], which names `s`, when a length is zero, their number is
    /// not that of the axes, or their product is too large.
    ///
    /// ```
    /// use xp::prelude::*;
    /// use xp::fft::{axes, fftn, fftn_with};
    /// let x = array![[1.0, 0.0], [0.0, 0.0]];
    /// assert_eq!(fftn(&x)?.to_vec(), [Complex::new(1.0, 0.0); 4]);
    /// assert_eq!(fftn_with(&x, axes([0]).s([3]))?.shape(), [3, 2]);
    /// assert!(fftn_with(&x, axes([0, 0])).is_err());
    /// # Ok::<(), xp::Error>(())
    /// ```
    fftn, fftn_with: Floating -> Spectrum, c2c Forward;
    /// [`ifft`](fn@ifft) along all axes.
    ///
    /// # Errors
    /// As for [`fftn`].
    ifftn, ifftn_with: Floating -> Spectrum, c2c Backward;
    /// [`fft`](fn@fft) of real elements along all axes: the first `n / 2 + 1` bins along the last one.
    ///
    /// # Errors
    /// As for [`fftn`]; [`Error::Value`], which names `axes`, when there is none.
    ///
    /// ```
    /// use xp::prelude::*;
    /// use xp::fft::{irfftn, rfftn};
    /// let x = array![[1.0_f64, 2.0, 0.0, -1.0], [0.5, 0.0, 3.0, 4.0]];
    /// let bins = rfftn(&x)?;
    /// assert_eq!(bins.shape(), [2, 3]);
    /// assert!((irfftn(bins)? - &x).abs().max(..).item()? < 1e-15);
    /// # Ok::<(), xp::Error>(())
    /// ```
    rfftn, rfftn_with: Float -> Spectrum, r2c Forward;
    /// The inverse of [`rfftn`](fn@rfftn). Without options the last axis of the result has length `2 (m - 1)` for `m`
    /// bins.
    ///
    /// # Errors
    /// As for [`rfftn`].
    irfftn, irfftn_with: Floating -> Signal, c2r Backward;
    /// [`hfft`](fn@hfft) along the last axis after [`fft`](fn@fft) along the others.
    ///
    /// # Errors
    /// As for [`rfftn`].
    hfftn, hfftn_with: Floating -> Signal, c2r Forward;
    /// The inverse of [`hfftn`](fn@hfftn).
    ///
    /// # Errors
    /// As for [`rfftn`].
    ihfftn, ihfftn_with: Float -> Spectrum, r2c Backward;
    /// [`fftn`](fn@fftn) along the last two axes.
    ///
    /// # Errors
    /// As for [`fftn`].
    fft2, fft2_with: Floating -> Spectrum, c2c Forward, or_last_two;
    /// [`ifftn`](fn@ifftn) along the last two axes.
    ///
    /// # Errors
    /// As for [`fftn`].
    ifft2, ifft2_with: Floating -> Spectrum, c2c Backward, or_last_two;
    /// [`rfftn`](fn@rfftn) along the last two axes.
    ///
    /// # Errors
    /// As for [`rfftn`].
    rfft2, rfft2_with: Float -> Spectrum, r2c Forward, or_last_two;
    /// [`irfftn`](fn@irfftn) along the last two axes.
    ///
    /// # Errors
    /// As for [`rfftn`].
    irfft2, irfft2_with: Floating -> Signal, c2r Backward, or_last_two;
    /// [`hfftn`](fn@hfftn) along the last two axes.
    ///
    /// # Errors
    /// As for [`rfftn`].
    hfft2, hfft2_with: Floating -> Signal, c2r Forward, or_last_two;
    /// [`ihfftn`](fn@ihfftn) along the last two axes.
    ///
    /// # Errors
    /// As for [`rfftn`].
    ihfft2, ihfft2_with: Float -> Spectrum, r2c Backward, or_last_two;
}

fn c2c<B: Fft<C::Part>, C: Floating, D: Dim>(
    function: &'static str,
    x: Array<B, C, D>,
    options: impl Options,
    direction: Direction,
) -> Result<Spectrum<B, C, D>> {
    let along = options.along(function, x.dims(), |n| n)?;
    B::c2c(x, &along.axes, &along.lens, direction, scale(&along, direction))
}

fn r2c<B: Fft<T>, T: Float, D: Dim>(
    function: &'static str,
    x: Array<B, T, D>,
    options: impl Options,
    direction: Direction,
) -> Result<Array<B, B::Complex, D>> {
    let along = options.along(function, x.dims(), |n| n)?;
    has_axes(function, &along)?;
    B::r2c(x, &along.axes, &along.lens, direction, scale(&along, direction))
}

fn c2r<B: Fft<C::Part>, C: Floating, D: Dim>(
    function: &'static str,
    x: Array<B, C, D>,
    options: impl Options,
    direction: Direction,
) -> Result<Signal<B, C, D>> {
    let along = options.along(function, x.dims(), |m| 2 * m.saturating_sub(1))?;
    has_axes(function, &along)?;
    B::c2r(x, &along.axes, &along.lens, direction, scale(&along, direction))
}

fn has_axes(function: &'static str, along: &Along) -> Result<()> {
    if along.axes.is_empty() { Err(Error::value(function, "axes is empty: a real transform needs one")) } else { Ok(()) }
}

fn scale<T: Num>(along: &Along, direction: Direction) -> T {
    T::from_f64(along.norm.scale(direction, along.points()))
}
