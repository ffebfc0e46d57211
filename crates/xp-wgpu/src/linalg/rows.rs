//! Products of lazy matrices with many rows, block of rows by block of rows. What is an array already is read where it is, and in one piece.

use std::ops::Range;

use xp_core::functions::zeros;
use xp_core::{Array, Backend, Element, Error, Expr, Floating, Ix2, Lazy, Result};

use crate::Wgpu;
use crate::products::{self, Matrices};

type Matrix<T> = Array<Wgpu, T, Ix2>;

/// `E^H E`, exactly Hermitian.
pub(super) fn gram<T: Floating, E: Expr<Backend = Wgpu, Elem = T, Dim = Ix2>>(e: &Lazy<E>) -> Result<Matrix<T>> {
    let ([n, p], device) = (e.expr().shape()?, e.device()?);
    summed(&device, [n, p, p], is_stored(e), |range| {
        let x = rows(e, range)?;
        let out = device.buffer::<T>(p * p, "gram")?;
        let matrix = Matrices { buffer: x.buffer().words(), strides: [x.strides()[0], x.strides()[1]] };
        products::gram(&device.device, T::DTYPE, &matrix, x.shape(), x.offset(), out.memory())?;
        // SAFETY: a new buffer of this size, all of which the product writes.
        unsafe { Array::from_buffer(&device, out, &[p, p]) }
    })
}

/// `A^H B`.
pub(super) fn cross<T, E, F>(a: &Lazy<E>, b: &Lazy<F>) -> Result<Matrix<T>>
where
    T: Floating,
    E: Expr<Backend = Wgpu, Elem = T, Dim = Ix2>,
    F: Expr<Backend = Wgpu, Elem = T, Dim = Ix2>,
{
    let ([n, p], [m, q], device) = (a.expr().shape()?, b.expr().shape()?, a.device()?);
    if m != n {
        return Err(Error::shape("cross", &[m, q], format!("{n} rows")));
    }
    summed(&device, [n, p, q], is_stored(a) && is_stored(b), |range| {
        let adjoint = rows(a, range.clone())?.t();
        let adjoint = if T::DTYPE == T::Part::DTYPE { adjoint } else { adjoint.lazy().conj().try_eval()? };
        adjoint.matmul(&rows(b, range)?)
    })
}

/// Whether a matrix needs no evaluation.
fn is_stored<E: Expr<Backend = Wgpu>>(e: &Lazy<E>) -> bool {
    e.expr().stored().is_some()
}

/// Some rows of a matrix.
fn rows<E: Expr<Backend = Wgpu, Dim = Ix2>>(e: &Lazy<E>, range: Range<usize>) -> Result<Matrix<E::Elem>> {
    match e.expr().stored() {
        Some(x) => x.slice_axis(0, range),
        None => e.row_block(range)?.try_eval(),
    }
}

/// The sum of the products, of `p` rows and `q` columns, of blocks of `n` rows: one block where nothing is evaluated.
fn summed<T: Floating>(device: &Wgpu, [n, p, q]: [usize; 3], stored: bool, product: impl Fn(Range<usize>) -> Result<Matrix<T>>) -> Result<Matrix<T>> {
    if n == 0 || p * q == 0 {
        return zeros(device, [p, q]);
    }
    let step = if stored { n } else { Wgpu::block_rows(p.max(q)) };
    let mut sum = product(0..step.min(n))?;
    for start in (step..n).step_by(step) {
        sum = (sum.into_lazy() + product(start..(start + step).min(n))?).try_eval()?;
    }
    Ok(sum)
}
