//! Products and factors of lazy matrices with many rows, block of rows by block of rows: the portable forms.

use super::Linalg;
use crate::array::Array;
use crate::backend::Backend;
use crate::dim::{DimBase, Ix2};
use crate::dtype::Floating;
use crate::error::{Error, Result};
use crate::expr::source::{LeafKind, Source, Value};
use crate::expr::{Expr, Kernel, Lazy, Leaves, Plan};
use crate::math::Isa;

/// Some rows of an expression.
#[derive(Clone, Debug)]
pub struct RowBlock<'a, E> {
    expr: &'a E,
    start: usize,
    len: usize,
}
impl<'a, E: Expr> RowBlock<'a, E> {
    /// The rows `start..start + len`.
    ///
    /// # Panics
    /// When the expression has no such rows.
    pub fn new(expr: &'a E, start: usize, len: usize) -> Self {
        let rows = expr.shape().ok().and_then(|s| s.as_ref().first().copied()).unwrap_or(0);
        assert!(start.checked_add(len).is_some_and(|end| end <= rows), "rows {start}..{start} + {len} of {rows}");
        RowBlock { expr, start, len }
    }
}
// SAFETY: the rows exist, as `RowBlock::new` checks.
unsafe impl<E: Expr> Expr for RowBlock<'_, E> {
    type Backend = E::Backend;
    type Elem = E::Elem;
    type Dim = E::Dim;
    type Kernel = RowBlockKernel<E::Kernel>;
    fn shape(&self) -> Result<<E::Dim as DimBase>::Shape> {
        let mut shape = self.expr.shape()?;
        shape.as_mut()[0] = self.len;
        Ok(shape)
    }
    fn device(&self) -> Result<Option<&E::Backend>> {
        self.expr.device()
    }
    fn leaves(&self, out: &[usize], leaves: &mut Leaves) {
        // The operands are walked over all rows; the kernel starts at row `start`.
        let mut all = out.to_vec();
        all[0] = self.expr.shape().map_or(out[0], |s| s.as_ref()[0]);
        let mut inner = Leaves::default();
        self.expr.leaves(&all, &mut inner);
        leaves.extend(inner.irregular());
    }
    fn lower(&self, plan: &Plan, next: &mut usize) -> Self::Kernel {
        RowBlockKernel { inner: self.expr.lower(plan, next), start: self.start }
    }
}

/// A kernel that starts at a later row.
#[derive(Clone, Debug)]
pub struct RowBlockKernel<K> {
    inner: K,
    start: usize,
}
// SAFETY: the rows are inside the inner expression's shape, as `RowBlock::new` requires.
unsafe impl<K: Kernel> Kernel for RowBlockKernel<K> {
    type Elem = K::Elem;
    unsafe fn seek(&mut self, index: &[usize]) {
        let mut shifted = [0usize; crate::dim::MAX_NDIM];
        shifted[..index.len()].copy_from_slice(index);
        shifted[0] += self.start;
        // SAFETY: passed on.
        unsafe { self.inner.seek(&shifted[..index.len()]) }
    }
    #[inline(always)]
    unsafe fn fill<I: Isa>(&mut self, start: usize, len: usize) {
        // SAFETY: passed on.
        unsafe { self.inner.fill::<I>(start, len) }
    }
    #[inline(always)]
    unsafe fn fill_part<I: Isa>(&mut self, start: usize, len: usize) {
        // SAFETY: passed on.
        unsafe { self.inner.fill_part::<I>(start, len) }
    }
    #[inline(always)]
    unsafe fn get<I: Isa>(&self, j: usize) -> K::Elem {
        // SAFETY: passed on.
        unsafe { self.inner.get::<I>(j) }
    }
    fn rebase(&mut self, map: &dyn Fn(*const u8) -> *const u8) {
        self.inner.rebase(map);
    }
    fn emit(&self, to: &mut Source) -> Value {
        let outside = to.leaves().len();
        let value = self.inner.emit(to);
        for leaf in &mut to.leaves_mut()[outside..] {
            let size = leaf.dtype.size() as isize;
            match &mut leaf.kind {
                LeafKind::Array(address, walk) => *address = address.wrapping_offset(self.start as isize * walk[0] * size),
                LeafKind::Counter(first, walk) => *first += self.start as i64 * walk[0] as i64,
                LeafKind::Rows { start, .. } => *start += self.start,
                LeafKind::Scalar(_) => {}
            }
        }
        value
    }
}

/// The shape of a lazy matrix, and the starts and lengths of its blocks of rows.
fn blocks<B: Linalg<T>, T: Floating, E: Expr<Backend = B, Elem = T, Dim = Ix2>>(e: &Lazy<E>) -> Result<([usize; 2], Vec<(usize, usize)>)> {
    let [n, p] = e.expr().shape()?;
    let step = (B::ROW_BLOCK / p.max(1)).max(64);
    Ok(([n, p], (0..n).step_by(step).map(|at| (at, step.min(n - at))).collect()))
}

fn eval_rows<E: Expr>(e: &Lazy<E>, (start, len): (usize, usize)) -> Result<Array<E::Backend, E::Elem, E::Dim>> {
    Lazy::new(RowBlock::new(e.expr(), start, len)).try_eval()
}

pub(super) fn cross<B: Linalg<T>, T: Floating, E, F>(a: &Lazy<E>, b: &Lazy<F>) -> Result<Array<B, T, Ix2>>
where
    E: Expr<Backend = B, Elem = T, Dim = Ix2>,
    F: Expr<Backend = B, Elem = T, Dim = Ix2>,
{
    let ([n, p], parts) = blocks(a)?;
    let [m, q] = b.expr().shape()?;
    if m != n {
        return Err(Error::shape("cross", &[m, q], format!("{n} rows")));
    }
    let device = device_of(a)?;
    let mut sum = crate::array::zeros::<B, T, _>(&device, [p, q])?;
    for part in parts {
        sum += eval_rows(a, part)?.t().conj().matmul(&eval_rows(b, part)?)?;
    }
    Ok(sum)
}

pub(super) fn project<B: Linalg<T>, T: Floating, E>(e: &Lazy<E>, b: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>>
where
    E: Expr<Backend = B, Elem = T, Dim = Ix2>,
{
    let ([n, p], parts) = blocks(e)?;
    let [inner, q] = b.shape();
    if inner != p {
        return Err(Error::shape("project", b.dims(), format!("{p} rows")));
    }
    let mut out = crate::array::zeros::<B, T, _>(&device_of(e)?, [n, q])?;
    for (start, len) in parts {
        let rows = start as isize..(start + len) as isize;
        out.set(crate::s![rows], eval_rows(e, (start, len))?.matmul(b)?)?;
    }
    Ok(out)
}

pub(super) fn tall_r<B: Linalg<T>, T: Floating, E>(e: &Lazy<E>) -> Result<Array<B, T, Ix2>>
where
    E: Expr<Backend = B, Elem = T, Dim = Ix2>,
{
    let ([_, p], parts) = blocks(e)?;
    let mut r = crate::array::zeros::<B, T, _>(&device_of(e)?, [p, p])?;
    for part in parts {
        let stacked = crate::array::concat(&[&r, &eval_rows(e, part)?], 0)?;
        r = B::qr_r(&stacked.into_dyn())?.into_rank()?;
    }
    Ok(r)
}

fn device_of<E: Expr>(e: &Lazy<E>) -> Result<E::Backend> {
    match e.expr().device()? {
        Some(d) => Ok(d.clone()),
        None => E::Backend::default_device(),
    }
}
