//! Transforms: along other axes than the first each rank transforms its rows; along the sharded axis the columns are brought
//! together by an exchange of all ranks, and go back by another.

use xp_core::{Array, Backend, Dim, Dyn, Element, Float, Floating, Ix2, Result};
use xp_fft::{Direction, Fft, Trig};

use crate::backend::Mpi;
use crate::layout::{GATHER, Shard, refused};
use crate::memory::{MpiBuffer, State};

type Any<B, T> = Array<B, T, Dyn>;

/// Runs a transform of whole lanes. `run` is given an array of the inner backend, the axes and the lengths.
fn along<B: Backend, T: Element, U: Element, D: Dim>(
    operation: &'static str,
    x: &Array<Mpi<B>, T, D>,
    axes: &[usize],
    run: impl Fn(Any<B, T>, &[usize]) -> Result<Any<B, U>>,
    split: impl FnOnce(&Any<Mpi<B>, T>) -> Result<Any<Mpi<B>, U>>,
) -> Result<Array<Mpi<B>, U, D>> {
    let mpi = x.device();
    let x = x.contiguous()?;
    let x = if x.offset() == 0 && x.buffer().len() == x.size() { x } else { x.copy()? };
    match x.buffer().settled(&mpi.device)? {
        State::Replicated(b) => {
            let out = run(x.rewrap(&mpi.device, |_| b).into_dyn(), axes)?.contiguous()?;
            out.rewrap(mpi, |b| MpiBuffer::replicated(b.clone())).into_rank()
        }
        State::Sharded(..) if axes.contains(&0) => split(&x.into_dyn())?.into_rank(),
        State::Sharded(b, shard) => {
            if shard.outer > 1 || shard.layout.rows() != x.dims()[0] {
                return Err(refused(operation, "an array whose first axis is not its rows", GATHER));
            }
            let mut shape = x.dims().to_vec();
            shape[0] = shard.mine.len();
            let out = run(mpi.view(&b, &shape)?, axes)?.contiguous()?;
            let mut shape = out.dims().to_vec();
            shape[0] = shard.layout.rows();
            let inner = shape[1..].iter().product();
            let local = mpi.cut(out.buffer(), out.offset()..out.offset() + out.size())?;
            let buffer = mpi.keep(local, Some(Shard { inner, ..shard }))?;
            // SAFETY: every rank has written its rows.
            unsafe { Array::from_buffer(mpi, buffer, &shape) }
        }
    }
}

/// Runs a transform along the sharded axis on columns; `run` is given them as the rows of a matrix, since how columns that lie side by
/// side are rounded may depend on their number, which is another on every rank.
fn columns<B: Backend, T: Element, U: Element>(
    operation: &'static str,
    x: &Any<Mpi<B>, T>,
    len: usize,
    run: impl Fn(Any<B, T>) -> Result<Any<B, U>>,
) -> Result<Any<Mpi<B>, U>> {
    let mpi = x.device();
    let x = x.contiguous()?;
    let State::Sharded(b, shard) = x.buffer().settled(&mpi.device)? else {
        return Err(refused(operation, "an array that is not", GATHER));
    };
    if shard.outer > 1 || shard.layout.rows() != x.dims()[0] {
        return Err(refused(operation, "an array whose first axis is not its rows", GATHER));
    }
    let out = mpi.by_columns(operation, &b, &shard, len, |x, lanes| {
        let x: Array<B, T, Ix2> = mpi.view(x, &[lanes.len, lanes.inner])?;
        let out = run(x.t().contiguous()?.into_dyn())?.into_rank::<Ix2>()?.t().contiguous()?;
        mpi.cut(out.buffer(), out.offset()..out.offset() + out.size())
    })?;
    let mut shape = x.dims().to_vec();
    shape[0] = len;
    // SAFETY: every rank has written its rows.
    unsafe { Array::from_buffer(mpi, out, &shape) }
}

/// The axes but the first, which are transformed before it, where the rows are; and the length along the first.
fn apart<B: Backend, T: Element>(x: &Any<B, T>, axes: &[usize], lens: &[usize]) -> (Vec<usize>, Vec<usize>, usize) {
    let (rest, rest_lens) = axes.iter().zip(lens).filter(|(axis, _)| **axis != 0).unzip();
    let n = axes.iter().zip(lens).find(|(axis, _)| **axis == 0).map_or(x.dims()[0], |(_, &n)| n);
    (rest, rest_lens, n)
}

impl<B: Fft<T>, T: Float> Fft<T> for Mpi<B> {
    type Complex = B::Complex;

    fn c2c<C: Floating<Part = T>, D: Dim>(
        x: Array<Self, C, D>,
        axes: &[usize],
        lens: &[usize],
        direction: Direction,
        scale: T,
    ) -> Result<Array<Self, B::Complex, D>> {
        let across = |x: &Any<Self, C>| {
            let (rest, rest_lens, n) = apart(x, axes, lens);
            if rest.is_empty() {
                return columns("fft", x, n, |x| B::c2c(x, &[1], &[n], direction, scale));
            }
            columns("fft", &Self::c2c(x.clone(), &rest, &rest_lens, direction, T::ONE)?, n, |x| B::c2c(x, &[1], &[n], direction, scale))
        };
        along("fft", &x, axes, |x, axes| B::c2c(x, axes, lens, direction, scale), across)
    }

    fn r2r<C: Floating<Part = T>, D: Dim>(x: Array<Self, C, D>, axes: &[usize], lens: &[usize], trig: Trig, scale: T) -> Result<Array<Self, C, D>> {
        let across = |x: &Any<Self, C>| {
            let (rest, rest_lens, n) = apart(x, axes, lens);
            let x = if rest.is_empty() { x.clone() } else { Self::r2r(x.clone(), &rest, &rest_lens, trig, T::ONE)? };
            columns("dct", &x, n, |x| B::r2r(x, &[1], &[n], trig, scale))
        };
        along("dct", &x, axes, |x, axes| B::r2r(x, axes, lens, trig, scale), across)
    }
}
