//! Complex transforms by [`Cpu`]'s kernels; all others stay the portable compositions of them, so that they are tested here.

use num_complex::Complex;
use xp_core::{Array, Dim, Floating, Result};
use xp_cpu::Cpu;
use xp_fft::{Direction, Fft};

use crate::backend::{Flavour, StrictBackend, StrictBuffer, WithFloat64};

macro_rules! fft_for {
    (@impl ($($F:ident: $Flavour:ident)?) $flavour:ty, $t:ty) => {
        impl$(<$F: $Flavour>)? Fft<$t> for StrictBackend<$flavour> {
            type Complex = Complex<$t>;
            fn c2c<C: Floating<Part = $t>, D: Dim>(
                x: Array<Self, C, D>,
                axes: &[usize],
                lens: &[usize],
                direction: Direction,
                scale: $t,
            ) -> Result<Array<Self, Complex<$t>, D>> {
                let bare = x.rewrap(&Cpu, |buffer| buffer.memory.clone());
                let out = <Cpu as Fft<$t>>::c2c(bare, axes, lens, direction, scale)?;
                Ok(out.rewrap(x.device(), |buffer| StrictBuffer { memory: buffer.clone() }))
            }
        }
    };
    ($($generics:tt $flavour:ty: $t:ty;)*) => {$(fft_for!(@impl $generics $flavour, $t);)*};
}
fft_for! {
    (F: Flavour) F: f32;
    () WithFloat64: f64;
}
