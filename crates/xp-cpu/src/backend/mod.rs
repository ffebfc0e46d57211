//! `Cpu` as a backend.

mod dispatch;
mod eval;
mod fft;
mod lazy_rows;
mod linalg;
mod ordered;
mod products;
mod reduce;
mod stack;

use std::fmt;

use xp_core::backend::{Distinct, Lanes, Scan, Slot, Stack};
use xp_core::expr::{Kernel, Plan};
use xp_core::reduction::{Outputs, Reduction};
use xp_core::{Backend, Element, Error, HostMemory, Num, Real, Result};
use xp_engine::kernels::gather::{self, IndexOutOfBounds};
use xp_engine::kernels::mask::Selection;
use xp_engine::kernels::search::Side;
use xp_engine::kernels::{scan, scatter, transpose};

use crate::backend::dispatch::{Elements, Room};
use crate::buffer::CpuBuffer;

/// The CPU, with all threads of the current rayon pool. It is backend and device in one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cpu;

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cpu")
    }
}

// SAFETY: buffers have room for what was asked for, every kernel fills its output, and handles are counted.
unsafe impl Backend for Cpu {
    const NAME: &'static str = "cpu";
    type MaxFloat = f64;
    type Buffer<T: Element> = CpuBuffer<T>;

    fn default_device() -> Result<Self> {
        Ok(Cpu)
    }

    unsafe fn alloc<T: Element>(&self, len: usize) -> Result<CpuBuffer<T>> {
        CpuBuffer::new(len)
    }

    fn upload<T: Element>(&self, values: Vec<T>) -> Result<CpuBuffer<T>> {
        CpuBuffer::from_vec(values)
    }

    fn download<T: Element>(&self, buffer: &CpuBuffer<T>, start: usize, len: usize) -> Result<Vec<T>> {
        if len == 0 {
            return Ok(vec![]);
        }
        let mut values = vec![];
        values.try_reserve_exact(len).map_err(|_| Error::out_of_memory(self, len * size_of::<T>()))?;
        // SAFETY: arrays are written before they are read.
        values.extend_from_slice(&unsafe { buffer.as_slice() }[start..start + len]);
        Ok(values)
    }

    fn read<T: Element>(&self, buffer: &CpuBuffer<T>, at: usize) -> Result<T> {
        // SAFETY: arrays are written before they are read.
        Ok(unsafe { buffer.as_slice() }[at])
    }

    fn address<T: Element>(buffer: &CpuBuffer<T>) -> *const T {
        buffer.ptr()
    }

    fn len<T: Element>(buffer: &CpuBuffer<T>) -> usize {
        buffer.len()
    }

    fn is_unique<T: Element>(buffer: &CpuBuffer<T>) -> bool {
        buffer.is_unique()
    }

    /// A quarter of [`block_rows`](Backend::block_rows): half of the second cache of a core.
    fn part_rows(cols: usize) -> usize {
        Cpu::block_rows(4 * cols)
    }

    fn map_parts<R: Send>(&self, parts: usize, f: impl Fn(usize) -> R + Sync) -> Vec<R> {
        xp_engine::map_parts(parts, f)
    }

    unsafe fn eval<K: Kernel>(&self, kernel: K, plan: &Plan, out: Slot<'_, Self, K::Elem>) -> Result<()> {
        // SAFETY: passed on.
        unsafe { eval::eval(kernel, plan, out.buffer.ptr().wrapping_add(out.offset)) };
        Ok(())
    }

    unsafe fn reduce<R: Reduction<K::Elem>, K: Kernel>(
        &self,
        reduction: R,
        kernel: K,
        plan: &Plan,
        count: usize,
        out: <R::Out as Outputs>::Places,
    ) -> Result<()> {
        // SAFETY: passed on.
        unsafe { reduce::reduce(reduction, kernel, plan, count, out) };
        Ok(())
    }

    fn scan<T: Num>(&self, op: Scan, x: &CpuBuffer<T>, lanes: Lanes) -> Result<CpuBuffer<T>> {
        lanes.check(x.len(), "scan")?;
        let shape = [lanes.outer, lanes.len, lanes.inner];
        fill_from(x, lanes.size(), |src, dst| {
            use xp_core::math::Baseline;
            use xp_core::ops::{Add, BinaryOp, Multiply};
            let load = |x: T| x;
            match op {
                Scan::Sum => scan::Scan { identity: T::ZERO, load, op: |a, b| Add.apply::<Baseline>(a, b), initial: false }.run(src, shape, dst),
                Scan::Prod => scan::Scan { identity: T::ONE, load, op: |a, b| Multiply.apply::<Baseline>(a, b), initial: false }.run(src, shape, dst),
            }
        })
    }

    fn sort<T: Real>(&self, x: &CpuBuffer<T>, lanes: Lanes, descending: bool) -> Result<CpuBuffer<T>> {
        lanes.check(x.len(), "sort")?;
        along_last(x, lanes, |x, lane| fill_from(x, lanes.size(), |src, dst| ordered::sort(Elements::of(src), lane, descending, Room::of(dst))))
    }

    fn argsort<T: Real>(&self, x: &CpuBuffer<T>, lanes: Lanes, descending: bool) -> Result<CpuBuffer<i64>> {
        lanes.check(x.len(), "argsort")?;
        along_last(x, lanes, |x, lane| fill_from(x, lanes.size(), |src, dst| ordered::argsort(Elements::of(src), lane, descending, dst)))
    }

    fn top_k<T: Real>(&self, x: &CpuBuffer<T>, lanes: Lanes, k: usize, descending: bool) -> Result<CpuBuffer<i64>> {
        lanes.check(x.len(), "top_k")?;
        if lanes.first(k, "top_k")? == 0 {
            return CpuBuffer::new(0);
        }
        let turned = if lanes.inner == 1 { x.clone() } else { transpose_each(x, lanes.outer, lanes.len, lanes.inner)? };
        let rows = lanes.outer * lanes.inner;
        let out = CpuBuffer::<i64>::new(rows * k)?;
        // SAFETY: arrays are written before they are read; the output is new.
        let (src, dst) = unsafe { (&turned.as_slice()[..lanes.size()], out.as_uninit()) };
        ordered::top_k(Elements::of(src), lanes.len, k, descending, dst);
        if lanes.inner == 1 { Ok(out) } else { transpose_each(&out, lanes.outer, lanes.inner, k) }
    }

    fn unique<T: Real>(&self, x: &CpuBuffer<T>, places: bool) -> Result<Option<Distinct<Self, T>>> {
        // SAFETY: arrays are written before they are read.
        let src = unsafe { x.as_slice() };
        let Some(found) = ordered::distinct(Elements::of(src)) else { return Ok(None) };
        let len = found.count();
        let (values, counts) = (CpuBuffer::<T>::new(len)?, CpuBuffer::<i64>::new(len)?);
        // SAFETY: the memory is new.
        unsafe {
            found.values(Room::of(values.as_uninit()));
            found.counts(counts.as_uninit());
        }
        let mut at = None;
        if places {
            let (first, inverse) = (CpuBuffer::<i64>::new(len)?, CpuBuffer::<i64>::new(src.len())?);
            // SAFETY: the memory is new.
            unsafe {
                found.first_indices(first.as_uninit());
                found.inverse(inverse.as_uninit());
            }
            at = Some([first, inverse]);
        }
        Ok(Some(Distinct { len, values, counts, places: at }))
    }

    fn searchsorted<T: Real>(&self, x: &CpuBuffer<T>, queries: &CpuBuffer<T>, right: bool) -> Result<CpuBuffer<i64>> {
        let side = if right { Side::Right } else { Side::Left };
        // SAFETY: arrays are written before they are read.
        let sorted = unsafe { x.as_slice() };
        fill_from(queries, queries.len(), |queries, dst| ordered::searchsorted(Elements::of(sorted), Elements::of(queries), side, dst))
    }

    fn take<T: Element>(&self, x: &CpuBuffer<T>, lanes: Lanes, indices: &CpuBuffer<i64>, per_lane: Option<usize>) -> Result<CpuBuffer<T>> {
        lanes.check(x.len(), "take")?;
        if let Some(m) = per_lane {
            Lanes { len: m, ..lanes }.check(indices.len(), "take: indices")?;
        }
        let shape = [lanes.outer, lanes.len, lanes.inner];
        // SAFETY: arrays are written before they are read.
        let (src, at) = unsafe { (x.as_slice(), indices.as_slice()) };
        let out = CpuBuffer::new(lanes.with_len(per_lane.unwrap_or(at.len()))?)?;
        // SAFETY: the memory is new.
        let dst = unsafe { out.as_uninit() };
        match per_lane {
            None => gather::take(src, shape, at, dst),
            Some(m) => gather::take_along_axis(src, shape, at, m, dst),
        }
        .map_err(out_of_bounds)?;
        Ok(out)
    }

    fn compress<T: Element>(&self, x: &CpuBuffer<T>, mask: &CpuBuffer<bool>) -> Result<(CpuBuffer<T>, usize)> {
        Lanes { outer: 1, len: mask.len(), inner: 1 }.check(x.len(), "compress")?;
        // SAFETY: arrays are written before they are read.
        let chosen = Selection::new(unsafe { mask.as_slice() });
        let out = CpuBuffer::new(chosen.count())?;
        // SAFETY: as above; the output is new.
        unsafe { chosen.compress(x.as_slice(), 1, out.as_uninit()) };
        Ok((out, chosen.count()))
    }

    fn put<T: Num>(&self, x: &mut CpuBuffer<T>, lanes: Lanes, indices: &CpuBuffer<i64>, values: &CpuBuffer<T>, add: bool) -> Result<()> {
        use xp_core::math::Baseline;
        use xp_core::ops::{Add, BinaryOp};
        lanes.check(x.len(), "put")?;
        Lanes { len: indices.len(), ..lanes }.check(values.len(), "put: values")?;
        if !x.is_unique() {
            // SAFETY: arrays are written before they are read.
            *x = CpuBuffer::from_slice(unsafe { x.as_slice() })?;
        }
        let shape = [lanes.outer, lanes.len, lanes.inner];
        // SAFETY: `x` is the only handle to its memory, and borrowed; the elements are written.
        let (dst, at, values) = unsafe { (std::slice::from_raw_parts_mut(x.ptr(), x.len()), indices.as_slice(), values.as_slice()) };
        if add {
            scatter::scatter_with(dst, shape, at, values, |to: &mut T, from: T| *to = Add.apply::<Baseline>(*to, from))
        } else {
            scatter::put(dst, shape, at, values)
        }
        .map_err(out_of_bounds)
    }

    unsafe fn matmul<T: Num>(
        &self,
        a: Stack<'_, Self, T>,
        b: Stack<'_, Self, T>,
        dims: [usize; 3],
        batches: &[[usize; 2]],
        out: Slot<'_, Self, T>,
    ) -> Result<()> {
        // SAFETY: passed on.
        unsafe { products::matmul(a, b, dims, batches, out.buffer.ptr().wrapping_add(out.offset)) };
        Ok(())
    }
}

// SAFETY: the memory is the process's, and every method has finished when it returns.
unsafe impl HostMemory for Cpu {}

fn out_of_bounds(e: IndexOutOfBounds) -> Error {
    Error::Index { index: e.index as isize, axis: 0, len: e.len, operation: None }
}

/// A new buffer of `len` elements that `write` fills from the first `len` elements of `x`.
fn fill_from<T: Element, U: Element>(
    x: &CpuBuffer<T>,
    len: usize,
    write: impl FnOnce(&[T], &mut [std::mem::MaybeUninit<U>]),
) -> Result<CpuBuffer<U>> {
    let out = CpuBuffer::new(len)?;
    // SAFETY: arrays are written before they are read; the output is new.
    unsafe { write(&x.as_slice()[..len], out.as_uninit()) };
    Ok(out)
}

/// Runs an operation on contiguous lanes, with transposed copies around it when the lanes are not.
fn along_last<T: Element, U: Element>(
    x: &CpuBuffer<T>,
    lanes: Lanes,
    run: impl Fn(&CpuBuffer<T>, usize) -> Result<CpuBuffer<U>>,
) -> Result<CpuBuffer<U>> {
    if lanes.size() == 0 {
        return CpuBuffer::new(0);
    }
    if lanes.inner == 1 {
        return run(x, lanes.len);
    }
    let turned = transpose_each(x, lanes.outer, lanes.len, lanes.inner)?;
    transpose_each(&run(&turned, lanes.len)?, lanes.outer, lanes.inner, lanes.len)
}

/// Transposes each of `outer` row-major matrices.
fn transpose_each<T: Element>(x: &CpuBuffer<T>, outer: usize, rows: usize, cols: usize) -> Result<CpuBuffer<T>> {
    let strides = [(rows * cols) as isize, 1, cols as isize];
    // SAFETY: shape and strides describe the elements of `x`, which are written.
    fill_from(x, outer * rows * cols, |src, dst| unsafe { transpose::copy_from_strided(src.as_ptr(), &[outer, cols, rows], &strides, dst) })
}
