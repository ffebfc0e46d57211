//! Decompositions by [`Cpu`]'s libraries; products and factors of lazy matrices stay the portable ones, so that they are
//! tested here.

use xp_core::linalg::{Basis, Eig, Triangle, Triangular};
use xp_core::{Array, Dyn, Element, Linalg, Num, Result};
use xp_cpu::Cpu;

use crate::backend::{Flavour, StrictBackend, StrictBuffer, WithFloat64};

type On<B, T> = Array<B, T, Dyn>;
type Complex<T> = <Cpu as Eig<T>>::Complex;

/// The same memory as an array of `Cpu`.
fn bare<F: Flavour, T: Element>(x: &On<StrictBackend<F>, T>) -> On<Cpu, T> {
    x.rewrap(&Cpu, |buffer| buffer.memory.clone())
}

/// A result of `Cpu` as an array of the device of `like`.
fn veiled<F: Flavour, T: Element, U: Element>(like: &On<StrictBackend<F>, U>, x: On<Cpu, T>) -> On<StrictBackend<F>, T> {
    x.rewrap(like.device(), |buffer| StrictBuffer { memory: buffer.clone() })
}

macro_rules! linalg_for {
    (@each $generics:tt $flavour:ty: $($t:ty)*) => {$(linalg_for!(@one $generics $flavour, $t);)*};
    (@one ($($F:ident: $Flavour:ident)?) $flavour:ty, $t:ty) => {
        impl$(<$F: $Flavour>)? Linalg<$t> for StrictBackend<$flavour> {
            fn svd(x: &On<Self, $t>, basis: Basis) -> Result<(On<Self, $t>, On<Self, <$t as Num>::Real>, On<Self, $t>)> {
                let (u, s, vh) = <Cpu as Linalg<$t>>::svd(&bare(x), basis)?;
                Ok((veiled(x, u), veiled(x, s), veiled(x, vh)))
            }
            fn svdvals(x: &On<Self, $t>) -> Result<On<Self, <$t as Num>::Real>> {
                Ok(veiled(x, <Cpu as Linalg<$t>>::svdvals(&bare(x))?))
            }
            fn eigh(x: &On<Self, $t>) -> Result<(On<Self, <$t as Num>::Real>, On<Self, $t>)> {
                let (w, v) = <Cpu as Linalg<$t>>::eigh(&bare(x))?;
                Ok((veiled(x, w), veiled(x, v)))
            }
            fn eigvalsh(x: &On<Self, $t>) -> Result<On<Self, <$t as Num>::Real>> {
                Ok(veiled(x, <Cpu as Linalg<$t>>::eigvalsh(&bare(x))?))
            }
            fn qr(x: &On<Self, $t>, basis: Basis) -> Result<(On<Self, $t>, On<Self, $t>)> {
                let (q, r) = <Cpu as Linalg<$t>>::qr(&bare(x), basis)?;
                Ok((veiled(x, q), veiled(x, r)))
            }
            fn cholesky(x: &On<Self, $t>, factor: Triangle) -> Result<On<Self, $t>> {
                Ok(veiled(x, <Cpu as Linalg<$t>>::cholesky(&bare(x), factor)?))
            }
            fn solve(a: &On<Self, $t>, b: &On<Self, $t>) -> Result<On<Self, $t>> {
                Ok(veiled(a, <Cpu as Linalg<$t>>::solve(&bare(a), &bare(b))?))
            }
            fn solve_triangular(a: &On<Self, $t>, b: &On<Self, $t>, form: Triangular) -> Result<On<Self, $t>> {
                Ok(veiled(a, <Cpu as Linalg<$t>>::solve_triangular(&bare(a), &bare(b), form)?))
            }
            fn slogdet(x: &On<Self, $t>) -> Result<(On<Self, $t>, On<Self, <$t as Num>::Real>)> {
                let (sign, log) = <Cpu as Linalg<$t>>::slogdet(&bare(x))?;
                Ok((veiled(x, sign), veiled(x, log)))
            }
        }
        impl$(<$F: $Flavour>)? Eig<$t> for StrictBackend<$flavour> {
            type Complex = Complex<$t>;
            fn eig(x: &On<Self, $t>) -> Result<(On<Self, Complex<$t>>, On<Self, Complex<$t>>)> {
                let (w, v) = <Cpu as Eig<$t>>::eig(&bare(x))?;
                Ok((veiled(x, w), veiled(x, v)))
            }
        }
    };
    ($($generics:tt $flavour:ty: $($t:ty)*;)*) => {$(linalg_for!(@each $generics $flavour: $($t)*);)*};
}
linalg_for! {
    (F: Flavour) F: f32 num_complex::Complex<f32>;
    () WithFloat64: f64 num_complex::Complex<f64>;
}
