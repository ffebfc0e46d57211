//! Linear algebra on lazy matrices, whose blocks of rows are computed where they are used.
//!
//! What fills the rows is compiled for every expression; what is done with them is compiled once, for each dtype.

use std::ops::Range;

use num_complex::Complex;
use xp_core::expr::{CHUNK, Expr, Kernel, Lazy, Leaves, Plan};
use xp_core::math::Isa;
use xp_core::{Array, Error, Ix2, Result};
use xp_engine::linalg::{self, Threads};
use xp_engine::threads::Shared;

use crate::Cpu;
use crate::backend::dispatch::at_level;
use crate::backend::dispatch::compiled_here;
use crate::backend::linalg::Elem;
use crate::backend::stack::{Results, Views, error};

pub(crate) fn gram<T: Blockwise, E: Expr<Backend = Cpu, Elem = T, Dim = Ix2>>(e: &Lazy<E>) -> Result<Array<Cpu, T, Ix2>> {
    with_rows(e, T::gram)
}

pub(crate) fn tall_r<T: Blockwise, E: Expr<Backend = Cpu, Elem = T, Dim = Ix2>>(e: &Lazy<E>) -> Result<Array<Cpu, T, Ix2>> {
    with_rows(e, T::tall_r)
}

pub(crate) fn cross<T: Blockwise, E, F>(a: &Lazy<E>, b: &Lazy<F>) -> Result<Array<Cpu, T, Ix2>>
where
    E: Expr<Backend = Cpu, Elem = T, Dim = Ix2>,
    F: Expr<Backend = Cpu, Elem = T, Dim = Ix2>,
{
    with_rows(a, |left| with_rows(b, |right| T::cross(left, right)))
}

pub(crate) fn project<T: Blockwise, E>(e: &Lazy<E>, b: &Array<Cpu, T, Ix2>) -> Result<Array<Cpu, T, Ix2>>
where
    E: Expr<Backend = Cpu, Elem = T, Dim = Ix2>,
{
    with_rows(e, |rows| T::project(rows, b))
}

/// A matrix that is known by blocks of its rows.
pub(crate) struct Rows<'a, T> {
    shape: [usize; 2],
    /// Writes a range of rows one after the other.
    fill: &'a (dyn Fn(Range<usize>, &mut [T]) + Sync),
}

/// Calls `run` with a lazy matrix by its rows.
fn with_rows<E: Expr<Dim = Ix2>, R>(e: &Lazy<E>, run: impl FnOnce(&Rows<'_, E::Elem>) -> Result<R>) -> Result<R> {
    let shape @ [n, p] = e.expr().shape()?;
    e.expr().device()?;
    let mut leaves = Leaves::default();
    e.expr().leaves(&shape, &mut leaves)?;
    let plan = Plan::elementwise(&[n, p], &[p as isize, 1], leaves.irregular());
    let kernel = e.expr().lower(&plan, &mut 0);
    let fill = |rows: Range<usize>, block: &mut [E::Elem]| {
        assert_eq!(block.len(), rows.len() * p);
        // SAFETY: the kernel was lowered for the plan, whose operands live as long as `e`; `block` has room.
        unsafe { fill_rows(kernel.clone(), p, rows, Shared::new(block.as_mut_ptr())) }
    };
    run(&Rows { shape, fill: &fill })
}

unsafe fn fill_rows<K: Kernel>(kernel: K, cols: usize, rows: Range<usize>, to: Shared<*mut K::Elem>) {
    at_level!(fill_rows_at<K: Kernel>(kernel: K, cols: usize, rows: Range<usize>, to: Shared<*mut K::Elem>))
}

#[inline(always)]
unsafe fn fill_rows_at<I: Isa, K: Kernel>(mut kernel: K, cols: usize, rows: Range<usize>, to: Shared<*mut K::Elem>) {
    let mut to = to.get();
    for row in rows {
        // SAFETY: the row is inside the plan, chunks are inside the row, and there is room for all rows.
        unsafe {
            kernel.seek(&[row]);
            let mut at = 0;
            while at < cols {
                let len = CHUNK.min(cols - at);
                kernel.fill::<I>(at, len);
                let mut chunk = [K::Elem::default(); CHUNK];
                for (j, slot) in chunk.iter_mut().enumerate() {
                    *slot = kernel.get::<I>(j);
                }
                std::ptr::copy_nonoverlapping(chunk.as_ptr(), to, len);
                to = to.add(len);
                at += len;
            }
        }
    }
}

compiled_here! {
    /// What is done with rows.
    trait Blockwise: Elem, for [f32, f64, Complex<f32>, Complex<f64>] {
        gram(x: &Rows<'_, Self>) -> Result<Array<Cpu, Self, Ix2>> = gram_of;
        tall_r(x: &Rows<'_, Self>) -> Result<Array<Cpu, Self, Ix2>> = tall_r_of;
        cross(x: &Rows<'_, Self>, y: &Rows<'_, Self>) -> Result<Array<Cpu, Self, Ix2>> = cross_of;
        project(x: &Rows<'_, Self>, b: &Array<Cpu, Self, Ix2>) -> Result<Array<Cpu, Self, Ix2>> = project_of;
    }
}

fn gram_of<T: Elem>(x: &Rows<'_, T>) -> Result<Array<Cpu, T, Ix2>> {
    let [n, p] = x.shape;
    let out = Results::new(&[], p, Some(p))?;
    // SAFETY: the only view.
    linalg::gram_blocks(unsafe { out.matrix(0) }, n, x.fill, Threads::All).map_err(|e| error(0, e))?;
    out.finish(&[])?.into_rank()
}

fn tall_r_of<T: Elem>(x: &Rows<'_, T>) -> Result<Array<Cpu, T, Ix2>> {
    let [n, p] = x.shape;
    let out = Results::new(&[], p, Some(p))?;
    // SAFETY: the only view.
    linalg::tsqr_r(unsafe { out.matrix(0) }, n, x.fill, Threads::All).map_err(|e| error(0, e))?;
    out.finish(&[])?.into_rank()
}

fn cross_of<T: Elem>(x: &Rows<'_, T>, y: &Rows<'_, T>) -> Result<Array<Cpu, T, Ix2>> {
    let ([n, p], [m, q]) = (x.shape, y.shape);
    if m != n {
        return Err(Error::shape("cross", &[m, q], format!("{n} rows")));
    }
    let out = Results::new(&[], p, Some(q))?;
    // SAFETY: the only view.
    linalg::cross_blocks(unsafe { out.matrix(0) }, n, x.fill, y.fill, Threads::All).map_err(|e| error(0, e))?;
    out.finish(&[])?.into_rank()
}

fn project_of<T: Elem>(x: &Rows<'_, T>, b: &Array<Cpu, T, Ix2>) -> Result<Array<Cpu, T, Ix2>> {
    let ([n, p], [inner, q]) = (x.shape, b.shape());
    if inner != p {
        return Err(Error::shape("project", b.dims(), format!("{p} rows")));
    }
    let b = b.contiguous()?.into_dyn();
    let b = Views::new(&b)?;
    let out = Results::new(&[], n, Some(q))?;
    // SAFETY: the only view.
    linalg::project_blocks(unsafe { out.matrix(0) }, x.fill, b.get(0), Threads::All).map_err(|e| error(0, e))?;
    out.finish(&[])?.into_rank()
}
