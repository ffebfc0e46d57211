//! A backend of plain loops on one thread, with nothing beside `xp-core`: what an interpreter such as miri can run in
//! reasonable time, and the shortest example of a backend.
//!
//! Its memory is not initialised before it is written, so that a read of what nobody wrote is found.

mod memory;
mod walk;

use core::cmp::Ordering;
use core::fmt;

pub use memory::HostBuffer;
use xp_core::backend::{Lanes, Scan, Slot, Stack};
use xp_core::expr::{Kernel, Plan};
use xp_core::math::Baseline;
use xp_core::ops::{Add, BinaryOp, Multiply};
use xp_core::reduction::{Outputs, Reduction};
use xp_core::{Backend, Element, Error, HostMemory, Num, Real, Result};

/// The host, one thread of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Host;

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("host")
    }
}

// SAFETY: buffers have room for what was asked for, every loop fills its output, and handles are counted.
unsafe impl Backend for Host {
    const NAME: &'static str = "host";
    type MaxFloat = f64;
    type Buffer<T: Element> = HostBuffer<T>;

    fn default_device() -> Result<Self> {
        Ok(Host)
    }

    unsafe fn alloc<T: Element>(&self, len: usize) -> Result<HostBuffer<T>> {
        HostBuffer::uninit(len)
    }

    fn upload<T: Element>(&self, values: Vec<T>) -> Result<HostBuffer<T>> {
        HostBuffer::from_values(&values)
    }

    fn download<T: Element>(&self, buffer: &HostBuffer<T>, start: usize, len: usize) -> Result<Vec<T>> {
        Ok(buffer.values(start, len))
    }

    fn address<T: Element>(buffer: &HostBuffer<T>) -> *const T {
        buffer.pointer()
    }

    fn len<T: Element>(buffer: &HostBuffer<T>) -> usize {
        buffer.len()
    }

    fn is_unique<T: Element>(buffer: &HostBuffer<T>) -> bool {
        buffer.is_unique()
    }

    unsafe fn eval<K: Kernel>(&self, kernel: K, plan: &Plan, out: Slot<'_, Self, K::Elem>) -> Result<()> {
        // SAFETY: passed on.
        unsafe { walk::eval(kernel, plan, out.buffer.pointer().add(out.offset)) };
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
        unsafe { walk::reduce(reduction, kernel, plan, count, out) };
        Ok(())
    }

    fn scan<T: Num>(&self, op: Scan, x: &HostBuffer<T>, lanes: Lanes) -> Result<HostBuffer<T>> {
        lanes.check(x.len(), "scan")?;
        each_lane(x, lanes, lanes.len, |mut lane| {
            for k in 1..lane.len() {
                lane[k] = match op {
                    Scan::Sum => add(lane[k - 1], lane[k]),
                    Scan::Prod => multiply(lane[k - 1], lane[k]),
                };
            }
            Ok(lane)
        })
    }

    fn sort<T: Real>(&self, x: &HostBuffer<T>, lanes: Lanes, descending: bool) -> Result<HostBuffer<T>> {
        lanes.check(x.len(), "sort")?;
        each_lane(x, lanes, lanes.len, |mut lane| {
            lane.sort_by(|a, b| order(a, b, descending));
            Ok(lane)
        })
    }

    fn argsort<T: Real>(&self, x: &HostBuffer<T>, lanes: Lanes, descending: bool) -> Result<HostBuffer<i64>> {
        lanes.check(x.len(), "argsort")?;
        each_lane(x, lanes, lanes.len, |lane| {
            let mut at: Vec<i64> = (0..lane.len() as i64).collect();
            at.sort_by(|&a, &b| order(&lane[a as usize], &lane[b as usize], descending));
            Ok(at)
        })
    }

    fn searchsorted<T: Real>(&self, x: &HostBuffer<T>, queries: &HostBuffer<T>, right: bool) -> Result<HostBuffer<i64>> {
        let sorted = x.values(0, x.len());
        let before = |x: &T, query: &T| match order(x, query, false) {
            Ordering::Less => true,
            Ordering::Equal => right,
            Ordering::Greater => false,
        };
        let at: Vec<i64> = queries.values(0, queries.len()).iter().map(|q| sorted.partition_point(|x| before(x, q)) as i64).collect();
        HostBuffer::from_values(&at)
    }

    fn take<T: Element>(&self, x: &HostBuffer<T>, lanes: Lanes, indices: &HostBuffer<i64>, per_lane: Option<usize>) -> Result<HostBuffer<T>> {
        lanes.check(x.len(), "take")?;
        if let Some(m) = per_lane {
            Lanes { len: m, ..lanes }.check(indices.len(), "take: indices")?;
        }
        let indices = indices.values(0, indices.len());
        let m = per_lane.unwrap_or(indices.len());
        lanes.with_len(m)?;
        let places = indices.iter().map(|&i| place(i, lanes.len)).collect::<Result<Vec<_>>>()?;
        let mut number = 0;
        each_lane(x, lanes, m, |lane| {
            let (outer, inner) = (number / lanes.inner, number % lanes.inner);
            number += 1;
            let at = |j: usize| if per_lane.is_some() { places[(outer * m + j) * lanes.inner + inner] } else { places[j] };
            Ok((0..m).map(|j| lane[at(j)]).collect())
        })
    }

    fn compress<T: Element>(&self, x: &HostBuffer<T>, mask: &HostBuffer<bool>) -> Result<(HostBuffer<T>, usize)> {
        Lanes { outer: 1, len: mask.len(), inner: 1 }.check(x.len(), "compress")?;
        let both = x.values(0, x.len()).into_iter().zip(mask.values(0, mask.len()));
        let chosen: Vec<T> = both.filter(|(_, m)| *m).map(|(x, _)| x).collect();
        Ok((HostBuffer::from_values(&chosen)?, chosen.len()))
    }

    fn put<T: Num>(&self, x: &mut HostBuffer<T>, lanes: Lanes, indices: &HostBuffer<i64>, values: &HostBuffer<T>, add_to: bool) -> Result<()> {
        lanes.check(x.len(), "put")?;
        let m = indices.len();
        Lanes { len: m, ..lanes }.check(values.len(), "put: values")?;
        let places = indices.values(0, m).into_iter().map(|i| place(i, lanes.len)).collect::<Result<Vec<_>>>()?;
        let (mut to, values) = (x.values(0, x.len()), values.values(0, values.len()));
        for outer in 0..lanes.outer {
            for (j, &at) in places.iter().enumerate() {
                for inner in 0..lanes.inner {
                    let (to, from) = (&mut to[(outer * lanes.len + at) * lanes.inner + inner], values[(outer * m + j) * lanes.inner + inner]);
                    *to = if add_to { add(*to, from) } else { from };
                }
            }
        }
        *x = HostBuffer::from_values(&to)?;
        Ok(())
    }

    unsafe fn matmul<T: Num>(
        &self,
        a: Stack<'_, Self, T>,
        b: Stack<'_, Self, T>,
        [m, k, n]: [usize; 3],
        batches: &[[usize; 2]],
        out: Slot<'_, Self, T>,
    ) -> Result<()> {
        // SAFETY: the caller vouches for strides and offsets.
        let at = |x: &Stack<'_, Self, T>, start: usize, row: usize, column: usize| unsafe {
            *x.buffer.pointer().add(start).offset(row as isize * x.strides[0] + column as isize * x.strides[1])
        };
        let mut next = out.offset;
        for &[left, right] in batches {
            for i in 0..m {
                for j in 0..n {
                    let sum = (0..k).fold(T::ZERO, |sum, l| add(sum, multiply(at(&a, left, i, l), at(&b, right, l, j))));
                    // SAFETY: the caller vouches for room for all products.
                    unsafe { out.buffer.pointer().add(next).write(sum) };
                    next += 1;
                }
            }
        }
        Ok(())
    }
}

// SAFETY: the memory is the process's, and every method has finished when it returns.
unsafe impl HostMemory for Host {}

fn add<T: Num>(x: T, y: T) -> T {
    <Add as BinaryOp<T>>::apply::<Baseline>(Add, x, y)
}

fn multiply<T: Num>(x: T, y: T) -> T {
    <Multiply as BinaryOp<T>>::apply::<Baseline>(Multiply, x, y)
}

/// The order of sorted lanes: NaNs last, or first if `descending`.
fn order<T: Real>(a: &T, b: &T, descending: bool) -> Ordering {
    let ascending = a.partial_cmp(b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()));
    if descending { ascending.reverse() } else { ascending }
}

/// The place that an index means in an axis of `len` elements.
fn place(index: i64, len: usize) -> Result<usize> {
    let at = if index < 0 { index.checked_add_unsigned(len as u64) } else { Some(index) };
    let at = at.and_then(|at| usize::try_from(at).ok()).filter(|&at| at < len);
    at.ok_or(Error::Index { index: index as isize, axis: 0, len, operation: None })
}

/// The lanes of a contiguous array, each replaced by one of `len` elements.
fn each_lane<T: Element, U: Element>(
    x: &HostBuffer<T>,
    lanes: Lanes,
    len: usize,
    mut run: impl FnMut(Vec<T>) -> Result<Vec<U>>,
) -> Result<HostBuffer<U>> {
    let x = x.values(0, x.len());
    let mut out = vec![U::default(); lanes.with_len(len)?];
    for outer in 0..lanes.outer {
        for inner in 0..lanes.inner {
            let lane = run((0..lanes.len).map(|k| x[(outer * lanes.len + k) * lanes.inner + inner]).collect())?;
            for (k, y) in lane.into_iter().enumerate() {
                out[(outer * len + k) * lanes.inner + inner] = y;
            }
        }
    }
    HostBuffer::from_values(&out)
}
