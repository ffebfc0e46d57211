//! Linear algebra by the libraries of the device: arrays and lazy matrices go to it as those of its own backend.

use num_complex::Complex;
use xp_core::backend::Slot;
use xp_core::dim::DimBase;
use xp_core::expr::{Expr, Lazy, Leaves, Plan};
use xp_core::functions::Order;
use xp_core::linalg::{Basis, Eig, Triangle, Triangular};
use xp_core::{Array, Backend, Dyn, Error, Ix1, Ix2, Linalg, Num, Result};

use crate::buffer::{Variant, each, inner, own};
use crate::device::AnyDevice;

type Matrices<T> = Array<AnyDevice, T, Dyn>;
type Matrix<T> = Array<AnyDevice, T, Ix2>;
type Real<T> = <T as Num>::Real;

/// An expression over arrays of a device as one of the device's own backend: with the same leaves, and the same kernel.
struct Inner<'a, E, B> {
    expr: &'a E,
    device: &'a B,
}

impl<'a, E: Expr<Backend = AnyDevice>, B: Variant> Inner<'a, E, B> {
    /// The device must be that of the expression, where that has one.
    fn lazy(e: &'a Lazy<E>, device: &'a B) -> Lazy<Self> {
        Lazy::new(Inner { expr: e.expr(), device })
    }
}

// SAFETY: as the expression, of which only the device goes by another name.
unsafe impl<E: Expr<Backend = AnyDevice>, B: Variant> Expr for Inner<'_, E, B> {
    type Backend = B;
    type Elem = E::Elem;
    type Dim = E::Dim;
    type Kernel = E::Kernel;

    fn shape(&self) -> Result<<E::Dim as DimBase>::Shape> {
        self.expr.shape()
    }
    fn device(&self) -> Result<Option<&B>> {
        Ok(Some(self.device))
    }
    fn leaves(&self, out: &[usize], leaves: &mut Leaves) -> Result<()> {
        self.expr.leaves(out, leaves)
    }
    fn is_dense(&self, shape: &[usize]) -> bool {
        self.expr.is_dense(shape)
    }
    fn lower(&self, plan: &Plan, next: &mut usize) -> E::Kernel {
        self.expr.lower(plan, next)
    }
    fn stored(&self) -> Option<Array<B, E::Elem, E::Dim>> {
        inner(self.device, &self.expr.stored()?).ok()
    }
}

/// The device of two operands, of which either may have none.
fn device_of(a: Option<&AnyDevice>, b: Option<&AnyDevice>) -> Result<AnyDevice> {
    match (a, b) {
        (Some(a), Some(b)) if a != b => Err(Error::Device { left: a.to_string(), right: b.to_string() }),
        _ => a.or(b).map_or_else(AnyDevice::default_device, |d| Ok(d.clone())),
    }
}

/// A call of a method of the device's own backend, by the device of an array: the results are arrays of any device.
macro_rules! on {
    ($x:expr, $d:ident => two $call:expr) => {
        each!(AnyDevice, $x.device(), |$d| $call.map(|(a, b)| (AnyDevice::array(a), AnyDevice::array(b))))
    };
    ($x:expr, $d:ident => three $call:expr) => {
        each!(AnyDevice, $x.device(), |$d| $call.map(|(a, b, c)| (AnyDevice::array(a), AnyDevice::array(b), AnyDevice::array(c))))
    };
    ($x:expr, $d:ident => $call:expr) => {
        each!(AnyDevice, $x.device(), |$d| $call.map(AnyDevice::array))
    };
}

/// Methods for real dtypes alone.
macro_rules! real {
    ($t:ty) => {
        fn matmul_top_k<E: Expr<Backend = Self, Elem = $t, Dim = Ix2>>(
            e: &Lazy<E>,
            x: &Matrix<$t>,
            bias: Option<&Array<Self, $t, Ix1>>,
            k: usize,
            order: Order,
        ) -> Result<(Matrix<$t>, Matrix<i64>)> {
            device_of(e.expr().device()?, Some(x.device()))?;
            on!(x, d => two {
                let bias = bias.map(|bias| inner(d, bias)).transpose()?;
                Linalg::<$t>::matmul_top_k(&Inner::lazy(e, d), &inner(d, x)?, bias.as_ref(), k, order)
            })
        }
    };
}

macro_rules! linalg_for {
    ($($t:ty $(, $methods:ident)?);* $(;)?) => {$(
        impl Linalg<$t> for AnyDevice {
            fn svd(x: &Matrices<$t>, basis: Basis) -> Result<(Matrices<$t>, Matrices<Real<$t>>, Matrices<$t>)> {
                on!(x, d => three Linalg::<$t>::svd(&inner(d, x)?, basis))
            }
            fn svdvals(x: &Matrices<$t>) -> Result<Matrices<Real<$t>>> {
                on!(x, d => Linalg::<$t>::svdvals(&inner(d, x)?))
            }
            fn eigh(x: &Matrices<$t>) -> Result<(Matrices<Real<$t>>, Matrices<$t>)> {
                on!(x, d => two Linalg::<$t>::eigh(&inner(d, x)?))
            }
            fn eigvalsh(x: &Matrices<$t>) -> Result<Matrices<Real<$t>>> {
                on!(x, d => Linalg::<$t>::eigvalsh(&inner(d, x)?))
            }
            fn qr(x: &Matrices<$t>, basis: Basis) -> Result<(Matrices<$t>, Matrices<$t>)> {
                on!(x, d => two Linalg::<$t>::qr(&inner(d, x)?, basis))
            }
            fn qr_r(x: &Matrices<$t>) -> Result<Matrices<$t>> {
                on!(x, d => Linalg::<$t>::qr_r(&inner(d, x)?))
            }
            fn cholesky(x: &Matrices<$t>, factor: Triangle) -> Result<Matrices<$t>> {
                on!(x, d => Linalg::<$t>::cholesky(&inner(d, x)?, factor))
            }
            fn solve(a: &Matrices<$t>, b: &Matrices<$t>) -> Result<Matrices<$t>> {
                on!(a, d => Linalg::<$t>::solve(&inner(d, a)?, &inner(d, b)?))
            }
            unsafe fn solve_in_place(a: &Matrices<$t>, x: Slot<'_, Self, $t>, columns: usize) -> Result<()> {
                each!(AnyDevice, a.device(), |d| {
                    let slot = Slot { buffer: own(d, x.buffer)?, offset: x.offset };
                    // SAFETY: passed on.
                    unsafe { Linalg::<$t>::solve_in_place(&inner(d, a)?, slot, columns) }
                })
            }
            fn solve_triangular(a: &Matrices<$t>, b: &Matrices<$t>, form: Triangular) -> Result<Matrices<$t>> {
                on!(a, d => Linalg::<$t>::solve_triangular(&inner(d, a)?, &inner(d, b)?, form))
            }
            fn inv(x: &Matrices<$t>) -> Result<Matrices<$t>> {
                on!(x, d => Linalg::<$t>::inv(&inner(d, x)?))
            }
            fn slogdet(x: &Matrices<$t>) -> Result<(Matrices<$t>, Matrices<Real<$t>>)> {
                on!(x, d => two Linalg::<$t>::slogdet(&inner(d, x)?))
            }
            fn lu(x: &Matrices<$t>) -> Result<(Matrices<i64>, Matrices<$t>, Matrices<$t>)> {
                on!(x, d => three Linalg::<$t>::lu(&inner(d, x)?))
            }
            fn det(x: &Matrices<$t>) -> Result<Matrices<$t>> {
                on!(x, d => Linalg::<$t>::det(&inner(d, x)?))
            }
            fn gram<E: Expr<Backend = Self, Elem = $t, Dim = Ix2>>(e: &Lazy<E>) -> Result<Matrix<$t>> {
                let device = e.device()?;
                each!(AnyDevice, &device, |d| Linalg::<$t>::gram(&Inner::lazy(e, d)).map(AnyDevice::array))
            }
            fn cross<E, F>(a: &Lazy<E>, b: &Lazy<F>) -> Result<Matrix<$t>>
            where
                E: Expr<Backend = Self, Elem = $t, Dim = Ix2>,
                F: Expr<Backend = Self, Elem = $t, Dim = Ix2>,
            {
                let device = device_of(a.expr().device()?, b.expr().device()?)?;
                each!(AnyDevice, &device, |d| Linalg::<$t>::cross(&Inner::lazy(a, d), &Inner::lazy(b, d)).map(AnyDevice::array))
            }
            fn project<E: Expr<Backend = Self, Elem = $t, Dim = Ix2>>(e: &Lazy<E>, b: &Matrix<$t>) -> Result<Matrix<$t>> {
                device_of(e.expr().device()?, Some(b.device()))?;
                on!(b, d => Linalg::<$t>::project(&Inner::lazy(e, d), &inner(d, b)?))
            }
            fn tall_r<E: Expr<Backend = Self, Elem = $t, Dim = Ix2>>(e: &Lazy<E>) -> Result<Matrix<$t>> {
                let device = e.device()?;
                each!(AnyDevice, &device, |d| Linalg::<$t>::tall_r(&Inner::lazy(e, d)).map(AnyDevice::array))
            }
            $($methods!($t);)?
        }
        impl Eig<$t> for AnyDevice {
            type Complex = Complex<Real<$t>>;
            fn eig(x: &Matrices<$t>) -> Result<(Matrices<Self::Complex>, Matrices<Self::Complex>)> {
                on!(x, d => two Eig::<$t>::eig(&inner(d, x)?))
            }
            fn eigvals(x: &Matrices<$t>) -> Result<Matrices<Self::Complex>> {
                on!(x, d => Eig::<$t>::eigvals(&inner(d, x)?))
            }
        }
    )*};
}
linalg_for!(f32, real; f64, real; Complex<f32>; Complex<f64>);
