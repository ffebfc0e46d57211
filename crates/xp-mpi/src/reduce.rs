//! Reductions over sharded rows: parts of the rows, each reduced alone, joined along the tree of parts.

use std::collections::VecDeque;

use xp_core::expr::{Kernel, Plan};
use xp_core::reduction::{Outputs, Partial, Reduction};
use xp_core::{Backend, Result};

use crate::backend::Mpi;
use crate::layout::{GATHER, Split, refused};
use crate::memory::find;
use crate::tree::Join;
use crate::world::signature;

/// From the address of an output to where it is on this rank: of a new one, whose first element is at its start.
pub(crate) fn placed(address: *const u8) -> *const u8 {
    let entry = find(address.addr());
    let (start, ..) = entry.extent();
    let (local, _) = entry.place().expect("an output has memory");
    std::ptr::with_exposed_provenance(local.wrapping_add(address.addr() - start))
}

/// The bytes of the elements of each result, column by column.
pub(crate) fn columns<O: Outputs>(results: &[O], places: O::Places) -> Vec<Vec<u8>> {
    let addresses: Vec<usize> = O::addresses(places).into_iter().map(|address| address.addr()).collect();
    let sizes: Vec<usize> = addresses.iter().map(|&address| find(address).extent().2).collect();
    let mut memory: Vec<Vec<u128>> = sizes.iter().map(|size| vec![0; (results.len() * size).div_ceil(16)]).collect();
    let starts: Vec<*mut u128> = memory.iter_mut().map(Vec::as_mut_ptr).collect();
    let here = O::rebased(places, &|address| {
        let k = addresses.iter().position(|&a| a == address.addr()).expect("an address of an output");
        starts[k].cast::<u8>().cast_const()
    });
    for (i, &result) in results.iter().enumerate() {
        // SAFETY: the memory has room for as many elements of each result, aligned, and is this function's.
        unsafe { result.write(here, i as isize) };
    }
    let bytes = |(start, size): (&*mut u128, &usize)| {
        // SAFETY: so many bytes were written, or are zeros.
        unsafe { std::slice::from_raw_parts(start.cast::<u8>().cast_const(), results.len() * size) }.to_vec()
    };
    starts.iter().zip(&sizes).map(bytes).collect()
}

/// Reduces the rows of all ranks to `len` results.
///
/// # Safety
/// As for [`Backend::reduce`]; the kernel has the addresses of this rank.
pub(crate) unsafe fn across<B: Backend, R: Reduction<K::Elem>, K: Kernel>(
    mpi: &Mpi<B>,
    reduction: R,
    kernel: K,
    plan: &Plan,
    split: &Split,
    count: usize,
    len: usize,
) -> Result<Vec<R::Out>> {
    let others = |axes: std::ops::Range<usize>| axes.filter(|&k| plan.reduced()[k]).map(|k| plan.shape()[k]).product::<usize>();
    if R::INDEXED && others(0..split.axis) > 1 {
        return Err(refused(R::NAME, "positions in another order than that of its rows", GATHER));
    }
    // Elements of the reduction from one position along the axis to the next.
    let step = others(split.axis + 1..plan.shape().len());
    let mut join = Accumulators { mpi, reduction, kernel, plan, split, count, len, step, made: VecDeque::new() };
    let sign = signature(&[len, plan.size(), R::Partial::bytes(), split.layout.rows()]);
    let total = mpi.world.tree(R::NAME, sign, &mut join, split.layout.parts())?.unwrap_or_else(|| vec![R::identity(); len]);
    Ok(total.into_iter().map(|acc| reduction.finish(acc, count)).collect())
}

/// Accumulators of parts that are made together, at most: a device is then asked for many at once.
const TOGETHER: usize = 1 << 16;

/// The accumulators of all results.
struct Accumulators<'a, B, R: Reduction<K::Elem>, K: Kernel> {
    mpi: &'a Mpi<B>,
    reduction: R,
    kernel: K,
    plan: &'a Plan,
    split: &'a Split,
    count: usize,
    len: usize,
    step: usize,
    /// Those of the next parts that have rows.
    made: VecDeque<Vec<R::Acc>>,
}

impl<B: Backend, R: Reduction<K::Elem>, K: Kernel> Accumulators<'_, B, R, K> {
    /// Those of the parts from this one on, of this rank.
    fn make(&self, part: usize) -> Result<VecDeque<Vec<R::Acc>>> {
        let (layout, device) = (&self.split.layout, &self.mpi.device);
        let last = self.mpi.world.my_parts(layout.parts()).end.min(part + (TOGETHER / self.len.max(1)).max(1));
        let parts: Vec<_> = (part..last).map(|k| self.split.positions(layout.part(k))).filter(|positions| !positions.is_empty()).collect();
        // SAFETY: the reductions below write every element.
        let buffers = unsafe { R::Partial::alloc(device, parts.len() * self.len)? };
        let places = R::Partial::places::<B>(&buffers);
        let starts = R::Partial::addresses(places);
        let sizes: Vec<usize> = R::Partial::dtypes().into_iter().map(|dtype| dtype.size()).collect();
        for (k, positions) in parts.iter().enumerate() {
            let mut kernel = self.kernel.clone();
            kernel.advance(self.split.axis, positions.start);
            let plan = self.plan.clone().narrowed(self.split.axis, positions.len());
            let out = R::Partial::rebased(places, &|address| {
                let j = starts.iter().position(|start| start.addr() == address.addr()).expect("an address of an output");
                address.wrapping_add(k * self.len * sizes[j])
            });
            // SAFETY: whoever made this vouches for the kernel; the positions are of this rank, and the memory is new.
            unsafe { device.reduce(Partial(self.reduction), kernel, &plan, self.count, out)? };
        }
        let partials = R::Partial::download(device, &buffers, parts.len() * self.len)?;
        let of_part = |(k, positions): (usize, &std::ops::Range<usize>)| {
            let partials = &partials[k * self.len..(k + 1) * self.len];
            partials.iter().map(|&partial| R::from_partial(partial, positions.start * self.step)).collect()
        };
        Ok(parts.iter().enumerate().map(of_part).collect())
    }
}

impl<B: Backend, R: Reduction<K::Elem>, K: Kernel> Join for Accumulators<'_, B, R, K> {
    type Value = Vec<R::Acc>;
    fn part(&mut self, part: usize) -> Result<Option<Vec<R::Acc>>> {
        if self.split.layout.part(part).is_empty() {
            return Ok(None);
        }
        if self.made.is_empty() {
            self.made = self.make(part)?;
        }
        // Parts come in their order.
        Ok(self.made.pop_front())
    }
    fn join(&mut self, a: Vec<R::Acc>, b: Vec<R::Acc>) -> Result<Vec<R::Acc>> {
        Ok(a.into_iter().zip(b).map(|(a, b)| R::merge(a, b)).collect())
    }
    fn encode(&self, value: &Vec<R::Acc>) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(value.len() * R::Partial::bytes());
        value.iter().for_each(|&acc| R::to_partial(acc).write_bytes(&mut bytes));
        Ok(bytes)
    }
    fn decode(&self, bytes: &[u8]) -> Result<Vec<R::Acc>> {
        // SAFETY: ranks check that they are in the same operation on the same dtypes: the bytes are from `encode`.
        Ok(bytes.chunks_exact(R::Partial::bytes()).map(|bytes| R::from_partial(unsafe { R::Partial::read_bytes(bytes) }, 0)).collect())
    }
}
