//! Products and factors of lazy matrices with many rows, block of rows by block of rows: the portable forms.

use super::Linalg;
use crate::array::{Array, Tiles};
use crate::dim::Ix2;
use crate::dtype::Floating;
use crate::error::{Error, Result};
use crate::expr::{Expr, Lazy};

pub(super) fn cross<B: Linalg<T>, T: Floating, E, F>(a: &Lazy<E>, b: &Lazy<F>) -> Result<Array<B, T, Ix2>>
where
    E: Expr<Backend = B, Elem = T, Dim = Ix2>,
    F: Expr<Backend = B, Elem = T, Dim = Ix2>,
{
    let [n, p] = a.expr().shape()?;
    let [m, q] = b.expr().shape()?;
    if m != n {
        return Err(Error::shape("cross", &[m, q], format!("{n} rows")));
    }
    let device = a.device()?;
    let mut sum = crate::array::zeros::<B, T, _>(&device, [p, q])?;
    let step = B::block_rows(p);
    for (a, b) in a.row_blocks(step)?.zip(b.row_blocks(step)?) {
        let product = a.try_eval()?.t().conj().matmul(&b.try_eval()?)?;
        sum = (sum.into_lazy() + product).try_eval()?;
    }
    Ok(sum)
}

pub(super) fn project<B: Linalg<T>, T: Floating, E>(e: &Lazy<E>, b: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>>
where
    E: Expr<Backend = B, Elem = T, Dim = Ix2>,
{
    let [n, p] = e.expr().shape()?;
    let [inner, q] = b.shape();
    if inner != p {
        return Err(Error::shape("project", b.dims(), format!("{p} rows")));
    }
    let mut out = Tiles::new(&e.device()?, [n, q])?;
    for block in e.row_blocks(B::block_rows(p))? {
        out.push([block.expr().range().len(), q], &block.try_eval()?.matmul(b)?)?;
    }
    out.finish()
}

pub(super) fn tall_r<B: Linalg<T>, T: Floating, E>(e: &Lazy<E>) -> Result<Array<B, T, Ix2>>
where
    E: Expr<Backend = B, Elem = T, Dim = Ix2>,
{
    let [_, p] = e.expr().shape()?;
    let mut r = crate::array::zeros::<B, T, _>(&e.device()?, [p, p])?;
    for block in e.row_blocks(B::block_rows(p))? {
        let stacked = crate::array::concat(&[&r, &block.try_eval()?], 0)?;
        r = B::qr_r(&stacked.into_dyn())?.into_rank()?;
    }
    Ok(r)
}
