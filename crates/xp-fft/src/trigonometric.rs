//! Discrete cosine and sine transforms of types I to IV.

use xp_core::{Dim, Error, Floating, Num, Result};

use crate::backend::Fft;
use crate::options::{AxesOptions, AxisOptions, Input, Norm, Options, Type};
use crate::{Direction, Trig, TrigFamily};
use xp_core::Array;

// One row per function: its name, the name of its form with options, the family and the direction.
macro_rules! transforms {
    ($Options:ident: $($(#[$doc:meta])* $name:ident, $with:ident: $family:ident $direction:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name<B: Fft<<C as Floating>::Part>, C: Floating, D: Dim>(x: impl Input<B, C, D>) -> Result<Array<B, C, D>> {
            $with(x, Type::II, $Options::default())
        }
        #[doc = concat!("[`", stringify!($name), "`] of a type from I to IV, with options.")]
        ///
        /// # Errors
        #[doc = concat!("As for [`", stringify!($name), "`]; [`Error::Value`] for a type-I cosine transform of length 1.")]
        pub fn $with<B: Fft<<C as Floating>::Part>, C: Floating, D: Dim>(x: impl Input<B, C, D>, kind: Type, options: impl Into<$Options>) -> Result<Array<B, C, D>> {
            r2r(stringify!($name), x.into_array(), TrigFamily::$family, kind, options.into(), Direction::$direction)
        }
    )*};
}

transforms! { AxisOptions:
    /// Discrete cosine transform, type II, along the last axis: `2 sum_j x[j] cos(pi k (2 j + 1) / 2 n)`. Real and
    /// imaginary parts of complex elements are transformed apart.
    ///
    /// # Errors
    /// [`Error::Axis`] when the axis does not exist; [`Error::Value`], which names `n`, when the axis has no elements and
    /// no length is given.
    ///
    /// ```
    /// use xp::prelude::*;
    /// use xp::fft::{Ortho, Type, axis, dct, dct_with};
    /// let x = array![1.0, 1.0, 1.0, 1.0];
    /// assert_eq!(dct(&x)?.get([0])?, 8.0);
    /// let y = dct_with(&x, Type::II, Ortho)?;
    /// assert!((y.get([0])? - 2.0).abs() < 1e-15);
    /// assert!(dct_with(&array![1.0], Type::I, axis(0)).is_err()); // not defined
    /// # Ok::<(), xp::Error>(())
    /// ```
    dct, dct_with: Cosine Forward;
    /// The inverse of [`dct`](fn@dct) of the same type and norm, along the last axis.
    ///
    /// # Errors
    /// As for [`dct`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// use xp::fft::{dct, idct};
    /// let x = array![1.0_f64, -2.0, 0.5];
    /// assert!((idct(dct(&x)?)? - &x).abs().max(..).item()? < 1e-15);
    /// # Ok::<(), xp::Error>(())
    /// ```
    idct, idct_with: Cosine Backward;
    /// Discrete sine transform, type II, along the last axis: `2 sum_j x[j] sin(pi (k + 1) (2 j + 1) / 2 n)`.
    ///
    /// # Errors
    /// As for [`dct`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// let y = xp::fft::dst(&array![1.0, -1.0])?; // the highest sine of two points
    /// assert!(y.get([0])?.abs() < 1e-15 && (y.get([1])? - 4.0).abs() < 1e-15);
    /// # Ok::<(), xp::Error>(())
    /// ```
    dst, dst_with: Sine Forward;
    /// The inverse of [`dst`](fn@dst) of the same type and norm, along the last axis.
    ///
    /// # Errors
    /// As for [`dct`].
    idst, idst_with: Sine Backward;
}

transforms! { AxesOptions:
    /// [`dct`](fn@dct) along all axes.
    ///
    /// # Errors
    /// [`Error::Axis`], [`Error::RepeatedAxis`]; [`Error::Value`], which names `s`, when a length is zero, their number is
    /// not that of the axes, or their product is too large.
    ///
    /// ```
    /// use xp::prelude::*;
    /// use xp::fft::{dctn, idctn};
    /// let x = array![[1.0_f64, 2.0], [3.0, -4.0], [0.0, 0.5]];
    /// assert!((idctn(dctn(&x)?)? - &x).abs().max(..).item()? < 1e-14);
    /// # Ok::<(), xp::Error>(())
    /// ```
    dctn, dctn_with: Cosine Forward;
    /// The inverse of [`dctn`](fn@dctn) of the same type and norm.
    ///
    /// # Errors
    /// As for [`dctn`].
    idctn, idctn_with: Cosine Backward;
    /// [`dst`](fn@dst) along all axes.
    ///
    /// # Errors
    /// As for [`dctn`].
    dstn, dstn_with: Sine Forward;
    /// The inverse of [`dstn`](fn@dstn) of the same type and norm.
    ///
    /// # Errors
    /// As for [`dctn`].
    idstn, idstn_with: Sine Backward;
}

fn r2r<B: Fft<C::Part>, C: Floating, D: Dim>(
    function: &'static str,
    x: Array<B, C, D>,
    family: TrigFamily,
    Type { kind, orthogonalize }: Type,
    options: impl Options,
    direction: Direction,
) -> Result<Array<B, C, D>> {
    let along = options.along(function, x.dims(), |n| n)?;
    let kind = if direction == Direction::Forward { kind } else { kind.inverse() };
    let trig = Trig { family, kind, orthogonalize: orthogonalize.unwrap_or(along.norm == Norm::Ortho) };
    if let Some(&n) = along.lens.iter().find(|&&n| n < trig.min_len()) {
        return Err(Error::value(function, format!("type I has no transform of length n = {n}: at least {} points are needed", trig.min_len())));
    }
    let points = along.lens.iter().map(|&n| trig.period(n) as f64).product();
    let scale = <C::Part as Num>::from_f64(along.norm.scale(direction, points));
    B::r2r(x, &along.axes, &along.lens, trig, scale)
}
