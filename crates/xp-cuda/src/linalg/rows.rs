//! Products of lazy matrices with many rows, block of rows by block of rows.
//!
//! What is an array already is read where it is, and in one piece. Other matrices are evaluated a block at a time. All blocks are
//! summed in the memory of the result, by the products themselves.

use std::ops::Range;

use num_complex::Complex;
use xp_core::backend::Stack;
use xp_core::dtype::Kind;
use xp_core::expr::Iota;
use xp_core::{Array, Backend, Error, Expr, Ix2, Lazy, Result, functions::zeros, s};

use super::{Lapack, decompositions::qr_r_of, stack::run};
use crate::{
    backend::Cuda,
    device::Device,
    error,
    libraries::{
        Trans, Triangle,
        blas::{Gemm, Syrk},
    },
    products::Factor,
};

type Matrix<T> = Array<Cuda, T, Ix2>;

/// Rows and columns of the tiles that products are computed in.
const TILE: usize = 128;

/// `E^H E`, exactly Hermitian.
pub(super) fn gram<T: Lapack, E: Expr<Backend = Cuda, Elem = T, Dim = Ix2>>(e: &Lazy<E>) -> Result<Matrix<T>> {
    let ([n, p], device) = (e.expr().shape()?, e.device()?);
    let (rows, splits) = (Rows::new(e), splits_sums(device.device(), n, p));
    let step = if rows.stored.is_some() { n } else { Cuda::block_rows(p) };
    let sum = summed(&device, n, [p, p], step, |range, out, beta| {
        let x = rows.get(range)?;
        run(&device, "product with the own transpose", |d| if splits { gemm(d, &x, &x, out, beta) } else { syrk(d, &x, out, beta) })
    })?;
    if n == 0 { Ok(sum) } else { hermitian(&sum) }
}

/// `A^H B`.
pub(super) fn cross<T, E, F>(a: &Lazy<E>, b: &Lazy<F>) -> Result<Matrix<T>>
where
    T: Lapack,
    E: Expr<Backend = Cuda, Elem = T, Dim = Ix2>,
    F: Expr<Backend = Cuda, Elem = T, Dim = Ix2>,
{
    let ([n, p], [m, q], device) = (a.expr().shape()?, b.expr().shape()?, a.device()?);
    if m != n {
        return Err(Error::shape("cross", &[m, q], format!("{n} rows")));
    }
    let (left, right) = (Rows::new(a), Rows::new(b));
    let step = if left.stored.is_some() && right.stored.is_some() { n } else { Cuda::block_rows(p.max(q)) };
    summed(&device, n, [p, q], step, |range, out, beta| {
        let (a, b) = (left.get(range.clone())?, right.get(range)?);
        a.device().device().check_same(b.device().device(), "cross").map_err(|e| crate::backend::translate(device.to_string(), "cross", e))?;
        run(&device, "matmul", |d| gemm(d, &a, &b, out, beta))
    })
}

/// `E b`.
pub(super) fn project<T: Lapack, E: Expr<Backend = Cuda, Elem = T, Dim = Ix2>>(e: &Lazy<E>, b: &Matrix<T>) -> Result<Matrix<T>> {
    let ([n, p], [inner, q], device) = (e.expr().shape()?, b.shape(), e.device()?);
    if inner != p {
        return Err(Error::shape("project", b.dims(), format!("{p} rows")));
    }
    let (rows, step) = (Rows::new(e), Cuda::block_rows(p));
    if rows.stored.is_some() || n <= step {
        return rows.get(0..n)?.matmul(b);
    }
    let mut out = xp_core::Tiles::new(&device, [n, q])?;
    for start in (0..n).step_by(step) {
        let block = rows.get(start..(start + step).min(n))?;
        out.push([block.dims()[0], q], &block.matmul(b)?)?;
    }
    out.finish()
}

/// The triangular factor of the QR decomposition of `E`. Blocks of rows are evaluated where they are factored, below the factor of those
/// before them.
pub(super) fn tall_r<T: Lapack, E: Expr<Backend = Cuda, Elem = T, Dim = Ix2>>(e: &Lazy<E>) -> Result<Matrix<T>> {
    let ([n, p], device) = (e.expr().shape()?, e.device()?);
    let mut r = zeros(&device, [p, p])?;
    if p == 0 {
        return Ok(r);
    }
    let step = Cuda::block_rows(p);
    for start in (0..n).step_by(step) {
        let range = start..(start + step).min(n);
        // Column-major, as the factorisation wants it.
        let mut stacked = device.array::<T>(&[p, p + range.len()], "QR factorisation")?.into_rank::<Ix2>()?.t();
        stacked.set(s![..p as isize], &r)?;
        stacked.set(s![p as isize..], e.row_block(range)?)?;
        let transpose = stacked.t();
        drop(stacked);
        r = qr_r_of(transpose.into_dyn())?.into_rank()?;
    }
    Ok(r)
}

/// The rows of a lazy matrix.
struct Rows<'a, E: Expr> {
    lazy: &'a Lazy<E>,
    /// The matrix, where nothing needs to be computed.
    stored: Option<Array<Cuda, E::Elem, Ix2>>,
}

impl<'a, E: Expr<Backend = Cuda, Dim = Ix2>> Rows<'a, E> {
    fn new(lazy: &'a Lazy<E>) -> Self {
        Rows { lazy, stored: lazy.expr().stored() }
    }

    fn get(&self, range: Range<usize>) -> Result<Array<Cuda, E::Elem, Ix2>> {
        match &self.stored {
            Some(x) => x.slice_axis(0, range.start as isize..range.end as isize),
            None => self.lazy.row_block(range)?.try_eval(),
        }
    }
}

/// The sum of what `add` makes of the blocks of `n` rows: it is given their rows, the address of the sum, and the factor of what is there.
fn summed<T: Lapack>(
    device: &Cuda,
    n: usize,
    shape: [usize; 2],
    step: usize,
    mut add: impl FnMut(Range<usize>, u64, f64) -> Result<()>,
) -> Result<Matrix<T>> {
    if n == 0 || shape.contains(&0) {
        return zeros(device, shape);
    }
    let out = device.array::<T>(&shape, "matmul")?.into_rank()?;
    for start in (0..n).step_by(step) {
        add(start..(start + step).min(n), out.buffer().at(0), if start == 0 { 0.0 } else { 1.0 })?;
    }
    Ok(out)
}

/// Whether a product `E^H E` of so many rows and columns is one for `gemm`, which shares long sums out to blocks, though it computes
/// both triangles: where the tiles of one triangle leave multiprocessors without work.
fn splits_sums(device: &Device, rows: usize, columns: usize) -> bool {
    let tiles = columns.div_ceil(TILE);
    rows > 4 * columns && tiles * (tiles + 1) / 2 < device.limits().multiprocessors as usize
}

fn is_complex<T: Lapack>() -> bool {
    T::DTYPE.kind() == Kind::ComplexFloating
}

/// A matrix as cuBLAS takes it. Complex ones are row-major, so that the conjugate of the matrix that is stored can be asked for.
fn factor<T: Lapack>(x: &Matrix<T>) -> error::Result<Factor> {
    let stack = Stack::<Cuda, T> { buffer: x.buffer(), strides: [x.strides()[0], x.strides()[1]] };
    // SAFETY: a matrix of this shape is there.
    let found = unsafe { Factor::new(&stack, x.shape(), &[[x.offset(), 0]], 0) }?;
    // SAFETY: as above.
    if found.row_major || !is_complex::<T>() { Ok(found) } else { unsafe { Factor::row_major_copy(&stack, x.shape(), x.offset()) } }
}

/// Adds the row-major product `A^H B` to `beta` times what is at `out`.
fn gemm<T: Lapack>(device: &Device, a: &Matrix<T>, b: &Matrix<T>, out: u64, beta: f64) -> error::Result<()> {
    let ([k, p], [_, q], left, right) = (a.shape(), b.shape(), factor(a)?, factor(b)?);
    let adjoint = if is_complex::<T>() { Trans::Adjoint } else { Trans::Transpose };
    // Column-major C^T = B^T conj(A), where the memory of a row-major matrix is that of its transpose.
    let call = Gemm {
        dtype: T::DTYPE,
        transa: right.transpose(),
        transb: if left.row_major { adjoint } else { Trans::No },
        m: q as i64,
        n: p as i64,
        k: k as i64,
        alpha: Complex::new(1.0, 0.0),
        a: right.matrix,
        stride_a: 0,
        b: left.matrix,
        stride_b: 0,
        beta: Complex::new(beta, 0.0),
        c: crate::libraries::Matrix { pointer: out, ld: q as i64 },
        stride_c: 0,
        batch: 1,
    };
    // SAFETY: the matrices have these sizes, and the sum is written by nothing else.
    unsafe { device.blas()?.gemm(device, &call) }
}

/// Adds the upper triangle of the row-major product `A^H A` to `beta` times what is at `out`.
fn syrk<T: Lapack>(device: &Device, a: &Matrix<T>, out: u64, beta: f64) -> error::Result<()> {
    let ([k, p], factor) = (a.shape(), factor(a)?);
    // The memory of a row-major matrix is A^T, column-major: A^T conj(A) is the conjugate of the result, that is its transpose, whose
    // lower triangle is the upper one of the row-major result.
    let call = Syrk {
        dtype: T::DTYPE,
        triangle: Triangle::Lower,
        trans: !factor.row_major,
        n: p as i64,
        k: k as i64,
        alpha: 1.0,
        a: factor.matrix,
        beta,
        c: crate::libraries::Matrix { pointer: out, ld: p as i64 },
    };
    // SAFETY: as for `gemm`.
    unsafe { device.blas()?.syrk(device, &call) }
}

/// The Hermitian matrix of an upper triangle.
fn hermitian<T: Lapack>(x: &Matrix<T>) -> Result<Matrix<T>> {
    let (n, adjoint) = (x.dims()[0], x.t());
    // The number of the row less that of the column.
    let below = || -> Result<_> { Ok(Lazy::new(Iota::<Cuda, Ix2>::new(x.device(), [n, n], 0, [1, -1])?)) };
    let whole = below()?.greater(0i64).where_(adjoint.lazy().conj(), x);
    if is_complex::<T>() { below()?.equal(0i64).where_(x.lazy().real().astype::<T>(), whole).try_eval() } else { whole.try_eval() }
}
