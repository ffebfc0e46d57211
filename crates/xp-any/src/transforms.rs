//! Transforms by the library of the device.

use num_complex::Complex;
use xp_core::{Array, Dim, Floating, Result};
use xp_fft::{Direction, Fft, Trig};

use crate::buffer::{each, inner};
use crate::device::AnyDevice;

/// Calls a method of the device's own backend with the operand, which it may overwrite: no other handle to the memory is kept.
macro_rules! on {
    ($x:ident, |$own:ident| $call:expr) => {
        each!(AnyDevice, &$x.device().clone(), |d| {
            let $own = inner(d, &$x)?;
            drop($x);
            $call.map(AnyDevice::array)
        })
    };
}

macro_rules! fft_for {
    ($($t:ty),*) => {$(
        impl Fft<$t> for AnyDevice {
            type Complex = Complex<$t>;
            fn c2c<C: Floating<Part = $t>, D: Dim>(
                x: Array<Self, C, D>,
                axes: &[usize],
                lens: &[usize],
                direction: Direction,
                scale: $t,
            ) -> Result<Array<Self, Complex<$t>, D>> {
                on!(x, |own| Fft::<$t>::c2c(own, axes, lens, direction, scale))
            }
            fn r2c<D: Dim>(x: Array<Self, $t, D>, axes: &[usize], lens: &[usize], direction: Direction, scale: $t) -> Result<Array<Self, Complex<$t>, D>> {
                on!(x, |own| Fft::<$t>::r2c(own, axes, lens, direction, scale))
            }
            fn c2r<C: Floating<Part = $t>, D: Dim>(
                x: Array<Self, C, D>,
                axes: &[usize],
                lens: &[usize],
                direction: Direction,
                scale: $t,
            ) -> Result<Array<Self, $t, D>> {
                on!(x, |own| Fft::<$t>::c2r(own, axes, lens, direction, scale))
            }
            fn r2r<C: Floating<Part = $t>, D: Dim>(x: Array<Self, C, D>, axes: &[usize], lens: &[usize], trig: Trig, scale: $t) -> Result<Array<Self, C, D>> {
                on!(x, |own| Fft::<$t>::r2r(own, axes, lens, trig, scale))
            }
        }
    )*};
}
fft_for!(f32, f64);
