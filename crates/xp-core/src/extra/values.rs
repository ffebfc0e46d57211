//! Elementwise functions beyond the standard that are composed of others.

use crate::array::Array;
use crate::backend::Backend;
use crate::dim::{Dim, DimBase};
use crate::dtype::{Float, Floating, Num};
use crate::error::{OrMisuse, Result};
use crate::moments::WideReal;
use crate::wide::widened;

/// How near elements must be to be [`isclose_with`], made by [`rtol()`] or [`atol()`]: `rtol(1e-9).atol(0.0).equal_nan()`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Tolerance {
    rtol: f64,
    atol: f64,
    equal_nan: bool,
}
impl Default for Tolerance {
    /// NumPy's: `rtol` 1e-5, `atol` 1e-8, and NaN is close to nothing.
    fn default() -> Self {
        Tolerance { rtol: 1e-5, atol: 1e-8, equal_nan: false }
    }
}
impl Tolerance {
    /// How much of the magnitude of the second operand they may differ by.
    pub const fn rtol(mut self, rtol: f64) -> Self {
        self.rtol = rtol;
        self
    }
    /// How much they may differ by beside that.
    pub const fn atol(mut self, atol: f64) -> Self {
        self.atol = atol;
        self
    }
    /// NaN is close to NaN.
    pub const fn equal_nan(mut self) -> Self {
        self.equal_nan = true;
        self
    }
}

/// A [`Tolerance`] relative to the magnitude of the second operand.
pub fn rtol(rtol: f64) -> Tolerance {
    Tolerance::default().rtol(rtol)
}

/// An absolute [`Tolerance`].
pub fn atol(atol: f64) -> Tolerance {
    Tolerance::default().atol(atol)
}

/// Whether elements are equal up to `1e-8 + 1e-5 * abs(b)`. Infinities are close to themselves only, and NaN to nothing.
///
/// # Panics
/// When the shapes do not broadcast.
///
/// ```
/// use xp::prelude::*;
/// let (a, b) = (array![1.0, 1.0, f64::INFINITY], array![1.0 + 1e-9, 1.1, f64::INFINITY]);
/// assert_eq!(xp::extra::isclose(&a, &b).to_vec(), [true, false, true]);
/// ```
#[must_use]
#[track_caller]
pub fn isclose<B: Backend, T: Floating, D: Dim, E: Dim>(a: &Array<B, T, D>, b: &Array<B, T, E>) -> Array<B, bool, <D as DimBase>::Max<E>> {
    isclose_with(a, b, Tolerance::default())
}

/// [`isclose`] up to `atol + rtol * abs(b)`.
///
/// # Panics
/// When the shapes do not broadcast.
///
/// ```
/// use xp::prelude::*;
/// use xp::extra::{isclose_with, rtol};
/// let (a, b) = (array![1.0, 1.0, f64::NAN], array![1.05, 1.2, f64::NAN]);
/// assert_eq!(isclose_with(&a, &b, rtol(0.1).equal_nan()).to_vec(), [true, false, true]);
/// ```
#[must_use]
#[track_caller]
pub fn isclose_with<B: Backend, T: Floating, D: Dim, E: Dim>(
    a: &Array<B, T, D>,
    b: &Array<B, T, E>,
    tolerance: Tolerance,
) -> Array<B, bool, <D as DimBase>::Max<E>> {
    let real = WideReal::<T>::from_f64;
    let bound = widened(b).abs() * real(tolerance.rtol) + real(tolerance.atol);
    let near = (widened(a) - widened(b)).abs().less_equal(bound).logical_and(b.lazy().isfinite());
    let close = near.logical_or(a.lazy().equal(b)).try_eval().or_misuse();
    let both_nan = || a.lazy().isnan().logical_and(b.lazy().isnan());
    let close = if tolerance.equal_nan { close.lazy().logical_or(both_nan()).eval().into_dyn() } else { close.into_dyn() };
    close.into_rank().or_misuse()
}

/// Whether all elements are [`isclose`].
///
/// # Errors
/// [`Error::Broadcast`](crate::Error::Broadcast) when the shapes do not broadcast; when the device fails.
///
/// ```
/// use xp::prelude::*;
/// use xp::extra::allclose;
/// assert!(allclose(&array![1.0, 2.0], &array![1.0 + 1e-9, 2.0])?);
/// assert!(!allclose(&array![1.0, 2.0], &array![1.1, 2.0])?);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn allclose<B: Backend, T: Floating, D: Dim, E: Dim>(a: &Array<B, T, D>, b: &Array<B, T, E>) -> Result<bool> {
    allclose_with(a, b, Tolerance::default())
}

/// Whether all elements are [`isclose_with`].
///
/// # Errors
/// As for [`allclose`].
///
/// ```
/// use xp::prelude::*;
/// use xp::extra::{allclose_with, atol};
/// assert!(allclose_with(&array![1.0, 2.0], &array![1.1, 2.0], atol(0.2))?);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn allclose_with<B: Backend, T: Floating, D: Dim, E: Dim>(a: &Array<B, T, D>, b: &Array<B, T, E>, tolerance: Tolerance) -> Result<bool> {
    crate::shape::broadcast_shapes(a.dims(), b.dims())?;
    crate::expr::check_devices(Some(a.device()), Some(b.device()))?;
    isclose_with(a, b, tolerance).all(..).item()
}

/// NaN, infinity and minus infinity replaced by numbers; `None` is the largest finite number, with its sign.
///
/// ```
/// use xp::prelude::*;
/// use xp::extra::nan_to_num;
/// let x = array![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 2.0];
/// assert_eq!(nan_to_num(&x, 0.0, None, Some(-1.0)).to_vec(), [0.0, f64::MAX, -1.0, 2.0]);
/// ```
#[must_use]
#[track_caller]
pub fn nan_to_num<B: Backend, T: Float, D: Dim>(x: &Array<B, T, D>, nan: T, posinf: Option<T>, neginf: Option<T>) -> Array<B, T, D> {
    let above = x.lazy().equal(T::INFINITY).where_(posinf.unwrap_or(T::MAX), x).eval();
    let below = above.lazy().equal(-T::INFINITY).where_(neginf.unwrap_or(-T::MAX), &above).eval();
    below.lazy().isnan().where_(nan, &below).eval()
}

/// The angle of complex numbers, in radians from `-pi` to `pi`; of real ones 0 or pi.
///
/// ```
/// use xp::prelude::*;
/// let z = array![Complex::new(0.0, 2.0), Complex::new(-1.0, 0.0)];
/// assert_eq!(xp::extra::angle(&z).to_vec(), [xp::PI / 2.0, xp::PI]);
/// ```
#[must_use]
#[track_caller]
pub fn angle<B: Backend, T: Floating, D: Dim>(z: &Array<B, T, D>) -> Array<B, T::Real, D> {
    z.lazy().imag().atan2(z.lazy().real()).eval().into_rank().or_misuse()
}

/// `sin(pi x) / (pi x)`, and 1 at 0.
///
/// ```
/// use xp::prelude::*;
/// let y = xp::extra::sinc(&array![0.0_f64, 0.5, 1.0]).to_vec();
/// assert!(y[0] == 1.0 && (y[1] - 2.0 / xp::PI).abs() < 1e-15 && y[2].abs() < 1e-15);
/// ```
#[must_use]
#[track_caller]
pub fn sinc<B: Backend, T: Float, D: Dim>(x: &Array<B, T, D>) -> Array<B, T, D> {
    let turns = (widened(x) * T::Wide::from_f64(core::f64::consts::PI)).eval();
    let quotient = (turns.lazy().sin() / &turns).astype::<T>();
    x.lazy().equal(T::ZERO).where_(T::ONE, quotient).eval().into_rank().or_misuse()
}

/// Degrees in radians.
///
/// ```
/// use xp::prelude::*;
/// assert!((xp::extra::deg2rad(&array![180.0_f64]).item()? - xp::PI).abs() < 1e-15);
/// # Ok::<(), xp::Error>(())
/// ```
#[must_use]
#[track_caller]
pub fn deg2rad<B: Backend, T: Float, D: Dim>(x: &Array<B, T, D>) -> Array<B, T, D> {
    (widened(x) * T::Wide::from_f64(core::f64::consts::PI / 180.0)).astype::<T>().eval()
}

/// Radians in degrees.
///
/// ```
/// use xp::prelude::*;
/// assert!((xp::extra::rad2deg(&array![xp::PI]).item()? - 180.0_f64).abs() < 1e-13);
/// # Ok::<(), xp::Error>(())
/// ```
#[must_use]
#[track_caller]
pub fn rad2deg<B: Backend, T: Float, D: Dim>(x: &Array<B, T, D>) -> Array<B, T, D> {
    (widened(x) * T::Wide::from_f64(180.0 / core::f64::consts::PI)).astype::<T>().eval()
}

/// A real array as one of a floating dtype.
pub(super) fn from_real<B: Backend, T: Floating, D: Dim>(x: &Array<B, T::Real, D>) -> Result<Array<B, T, D>> {
    x.lazy().astype().try_eval()
}
