//! Linear algebra on lazy matrices, whose blocks of rows are computed where they are used.
//!
//! What fills the rows is compiled for every expression; what is done with them is compiled once, for each dtype.

use std::ops::Range;

use num_complex::Complex;
use xp_core::expr::{CHUNK, Expr, Kernel, Lazy, Leaves, Plan};
use xp_core::functions::Order;
use xp_core::math::Isa;
use xp_core::{Array, Error, Ix1, Ix2, Result};
use xp_engine::linalg::{self, RealScalar, Threads};
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

pub(crate) fn matmul_top_k<T: Selective, E>(
    e: &Lazy<E>,
    x: &Array<Cpu, T, Ix2>,
    bias: Option<&Array<Cpu, T, Ix1>>,
    k: usize,
    order: Order,
) -> Result<Ranked<T>>
where
    E: Expr<Backend = Cpu, Elem = T, Dim = Ix2>,
{
    if order == Order::Ascending {
        return with_rows(e, |rows| T::least(rows, x, bias, false, k));
    }
    // The least ones of the negative product, of which NaN comes before all.
    let (x, bias) = (x.lazy().negative().try_eval()?, bias.map(|bias| bias.lazy().negative().try_eval()).transpose()?);
    let (values, at) = with_rows(e, |rows| T::least(rows, &x, bias.as_ref(), true, k))?;
    Ok((values.into_lazy().negative().try_eval()?, at))
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
    // Rows without gaps are one row.
    let dense = e.expr().is_dense(&shape);
    let plan = if dense {
        Plan::dense(n * p)
    } else {
        let mut leaves = Leaves::default();
        e.expr().leaves(&shape, &mut leaves)?;
        Plan::elementwise(&[n, p], &[p as isize, 1], leaves.irregular())
    };
    let kernel = e.expr().lower(&plan, &mut 0);
    let fill = |rows: Range<usize>, block: &mut [E::Elem]| {
        assert_eq!(block.len(), rows.len() * p);
        let to = Shared::new(block.as_mut_ptr());
        // SAFETY: the kernel was lowered for the plan, whose operands live as long as `e`; `block` has room.
        unsafe { if dense { fill_elements(kernel.clone(), rows.start * p..rows.end * p, to) } else { fill_rows(kernel.clone(), p, rows, to) } }
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
        // SAFETY: the row is inside the plan, its elements are in it, and there is room for all rows.
        unsafe {
            kernel.seek(&[row]);
            fill_part::<I, K>(&mut kernel, 0..cols, to);
            to = to.add(cols);
        }
    }
}

unsafe fn fill_elements<K: Kernel>(kernel: K, elements: Range<usize>, to: Shared<*mut K::Elem>) {
    at_level!(fill_elements_at<K: Kernel>(kernel: K, elements: Range<usize>, to: Shared<*mut K::Elem>))
}

#[inline(always)]
unsafe fn fill_elements_at<I: Isa, K: Kernel>(mut kernel: K, elements: Range<usize>, to: Shared<*mut K::Elem>) {
    // SAFETY: the only row of the plan; the rest is passed on.
    unsafe {
        kernel.seek(&[]);
        fill_part::<I, K>(&mut kernel, elements, to.get());
    }
}

/// Writes some elements of the row that a kernel is at.
#[inline(always)]
unsafe fn fill_part<I: Isa, K: Kernel>(kernel: &mut K, elements: Range<usize>, mut to: *mut K::Elem) {
    let mut at = elements.start;
    while at < elements.end {
        let len = CHUNK.min(elements.end - at);
        // SAFETY: the elements are in the row, and there is room for them.
        unsafe {
            if len == CHUNK {
                kernel.fill::<I>(at, len);
                let mut chunk = [K::Elem::default(); CHUNK];
                for (j, slot) in chunk.iter_mut().enumerate() {
                    *slot = kernel.get::<I>(j);
                }
                std::ptr::copy_nonoverlapping(chunk.as_ptr(), to, len);
            } else {
                kernel.fill_part::<I>(at, len);
                for j in 0..len {
                    to.add(j).write(kernel.get::<I>(j));
                }
            }
            to = to.add(len);
        }
        at += len;
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

/// Elements of a product, and the columns they stand in.
type Ranked<T> = (Array<Cpu, T, Ix2>, Array<Cpu, i64, Ix2>);

compiled_here! {
    /// What is done with rows of real numbers.
    trait Selective: Elem, for [f32, f64] {
        least(x: &Rows<'_, Self>, b: &Array<Cpu, Self, Ix2>, bias: Option<&Array<Cpu, Self, Ix1>>, nan_first: bool, k: usize) -> Result<Ranked<Self>> = least_of;
    }
}

fn least_of<T: Elem + RealScalar>(
    x: &Rows<'_, T>,
    b: &Array<Cpu, T, Ix2>,
    bias: Option<&Array<Cpu, T, Ix1>>,
    nan_first: bool,
    k: usize,
) -> Result<Ranked<T>> {
    let (m, b) = (x.shape[0], b.clone().into_dyn());
    let b = Views::new(&b)?;
    let bias = bias.map(Array::contiguous).transpose()?;
    let bias = bias.as_ref().map(|bias| bias.as_slice().expect("contiguous"));
    let (values, indices) = (Results::new(&[], m, Some(k))?, Results::<i64>::new(&[], m, Some(k))?);
    // SAFETY: the only views.
    let (to, at) = unsafe { (values.matrix(0), indices.matrix(0)) };
    linalg::least_blocks(x.fill, b.get(0), bias, nan_first, to, at, Threads::All).map_err(|e| error(0, e))?;
    Ok((values.finish(&[])?.into_rank()?, indices.finish(&[])?.into_rank()?))
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
