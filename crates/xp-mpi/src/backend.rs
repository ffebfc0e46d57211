//! The backend: its devices, its memory, and loops over the rows of each rank.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use xp_core::backend::{Distinct, Lanes, Scan, Slot, Stack};
use xp_core::expr::{Kernel, Plan};
use xp_core::reduction::{Outputs, Reduction};
use xp_core::{Array, Backend, DType, Dim, Element, Error, Ix1, Ix2, Mergeable, Num, Real, Result, s};

use crate::layout::{Crossing, GATHER, Layout, Shard, Split, reach, refused};
use crate::memory::{MpiBuffer, State, find};
use crate::operands::{Operands, onto, own_rows, target};
use crate::world::World;
use crate::{fold, gathering, products, reduce, session, sorting};

/// Arrays over the ranks of an MPI program, each with a device of backend `B`.
///
/// An array is the same on all ranks, or sharded along an axis, as a rule the first; its shape is that of the whole either way. All ranks
/// run the same program. A [`Session`](crate::Session) makes the device.
#[derive(Clone)]
pub struct Mpi<B> {
    pub(crate) device: B,
    pub(crate) world: Arc<World>,
}

impl<B: PartialEq> PartialEq for Mpi<B> {
    fn eq(&self, other: &Self) -> bool {
        self.device == other.device && Arc::ptr_eq(&self.world, &other.world)
    }
}
impl<B: fmt::Display> fmt::Display for Mpi<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mpi[{} x {}]", self.world.size, self.device)
    }
}
impl<B: fmt::Display> fmt::Debug for Mpi<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Arrays of zeros and the like from so many bytes on are made where they are needed.
const PROMISED: usize = 1 << 16;

/// Downloads of sharded arrays up to so many bytes collect the elements of all ranks.
pub(crate) const SMALL: usize = 1 << 20;

impl<B: Backend> Mpi<B> {
    /// Result of an operation that keeps the rows where they are.
    pub(crate) fn keep<T: Element>(&self, local: B::Buffer<T>, shard: Option<Shard>) -> Result<MpiBuffer<B, T>> {
        Ok(match shard {
            Some(shard) if shard.size() == 0 => MpiBuffer::replicated(self.device.upload(vec![])?),
            Some(shard) => MpiBuffer::sharded(local, shard),
            None => MpiBuffer::replicated(local),
        })
    }

    /// Elements of a local buffer as an array of the inner backend.
    pub(crate) fn view<T: Element, D: Dim>(&self, buffer: &B::Buffer<T>, shape: &[usize]) -> Result<Array<B, T, D>> {
        // SAFETY: the buffer holds as many elements, written.
        unsafe { Array::from_buffer(&self.device, buffer.clone(), shape) }
    }

    /// Elements `range` of a local buffer in memory of their own.
    pub(crate) fn cut<T: Element>(&self, buffer: &B::Buffer<T>, range: std::ops::Range<usize>) -> Result<B::Buffer<T>> {
        if range == (0..B::len(buffer)) {
            return Ok(buffer.clone());
        }
        Ok(self.view::<T, Ix1>(buffer, &[B::len(buffer)])?.slice(s![range.start..range.end])?.copy()?.buffer().clone())
    }

    /// The memory of an array that is the same on all ranks.
    pub(crate) fn whole<T: Element>(&self, x: &MpiBuffer<B, T>, operation: &'static str) -> Result<B::Buffer<T>> {
        match x.settled(&self.device)? {
            State::Replicated(b) => Ok(b),
            State::Sharded(..) => Err(refused(operation, "an operand of which every rank needs all", GATHER)),
        }
    }

    /// The rows of this rank, of an array that is sharded so or replicated.
    pub(crate) fn rows_of<T: Element>(&self, x: &MpiBuffer<B, T>, shard: &Shard, operation: &'static str) -> Result<B::Buffer<T>> {
        match x.settled(&self.device)? {
            State::Sharded(b, other) if other == *shard => Ok(b),
            State::Sharded(..) => Err(refused(operation, "operands whose rows lie on different ranks", crate::layout::RESHARD)),
            State::Replicated(b) => self.rows_in(&b, shard),
        }
    }

    /// The rows of this rank, in memory of their own, of elements that all ranks have.
    fn rows_in<T: Element>(&self, x: &B::Buffer<T>, shard: &Shard) -> Result<B::Buffer<T>> {
        let rows = shard.mine.start * shard.inner..shard.mine.end * shard.inner;
        if shard.outer == 1 {
            return self.cut(x, rows);
        }
        let blocks = self.view::<T, Ix2>(x, &[shard.outer, shard.block()])?;
        Ok(blocks.slice(s![.., rows.start..rows.end])?.copy()?.buffer().clone())
    }

    /// How an output that is not sharded yet becomes so: as its operands are where all of its rows are written, otherwise in
    /// equal parts, as those of which the operands are some rows.
    fn room<T: Element>(&self, plan: &Plan, split: &Split, out: &Slot<'_, Self, T>) -> Result<Shard> {
        const OPERATION: &str = "evaluation";
        let (len, step) = (out.buffer.len(), plan.out()[split.axis]);
        let whole = split.output(&self.world, OPERATION, plan, out.offset, len);
        let inner = step.unsigned_abs() * split.unit;
        if whole.is_ok() || inner == 0 || !len.is_multiple_of(inner) {
            return whole;
        }
        let even = Shard::new(&self.world, Layout::even(len / inner), inner);
        match target(OPERATION, plan, out.offset, &even) {
            Ok(Crossing::Rows(same)) if same == *split => Ok(even),
            _ => whole,
        }
    }

    /// Leaves it to those who need them to make the elements that a kernel without operands has, if there are so many that it matters.
    fn promise<K: Kernel>(&self, kernel: &K, plan: &Plan, out: &Slot<'_, Self, K::Elem>) -> bool {
        let dense = plan.shape().len() == 1 && plan.out() == [1] && out.offset == 0;
        if !dense || fold::alone() || plan.size() * size_of::<K::Elem>() < PROMISED {
            return false;
        }
        let (kernel, plan) = (kernel.clone(), plan.clone());
        out.buffer.promise(Arc::new(move |device: &B, which: Range<usize>| {
            // SAFETY: the kernel writes every element; it reads none, and its positions are inside its plan.
            unsafe {
                let buffer = device.alloc(which.len())?;
                if !which.is_empty() {
                    let mut kernel = kernel.clone();
                    kernel.advance(0, which.start);
                    device.eval(kernel, &plan.clone().narrowed(0, which.len()), Slot { buffer: &buffer, offset: 0 })?;
                }
                Ok(buffer)
            }
        }));
        true
    }

    /// Runs a kernel over the positions of this rank.
    ///
    /// # Safety
    /// As for [`Backend::eval`]; `out` must have room for these positions.
    unsafe fn eval_rows<K: Kernel>(&self, mut kernel: K, plan: &Plan, split: &Split, out: Slot<'_, B, K::Elem>) -> Result<()> {
        let mine = split.mine(&self.world);
        if mine.is_empty() {
            return Ok(());
        }
        kernel.advance(split.axis, mine.start);
        // SAFETY: passed on; the positions are those of this rank.
        unsafe { self.device.eval(kernel, &plan.clone().narrowed(split.axis, mine.len()), out) }
    }
}

/// Where the first position of this rank lies in its part of an output.
fn first_here(plan: &Plan, split: &Split, world: &World, offset: usize, shard: &Shard) -> usize {
    let first = split.mine(world).start as isize * plan.out()[split.axis];
    (shard.here(offset) + first).max(0) as usize
}

// SAFETY: buffers have room for what was asked for, every kernel fills its output, and handles are counted.
unsafe impl<B: Backend> Backend for Mpi<B> {
    const NAME: &'static str = "mpi";
    type MaxFloat = B::MaxFloat;
    type Buffer<T: Element> = MpiBuffer<B, T>;

    const BLOCK: usize = B::BLOCK;

    /// All rows at once: each rank goes through its own. In a pass over the rows of one, as the inner backend has it.
    fn block_rows(cols: usize) -> usize {
        if fold::alone() { B::block_rows(cols) } else { 1 << 40 }
    }

    /// As for [`block_rows`](Backend::block_rows).
    fn part_rows(cols: usize) -> usize {
        if fold::alone() { B::part_rows(cols) } else { 1 << 40 }
    }

    /// The device of the session of this thread or process; without one, that of a world of one rank.
    fn default_device() -> Result<Self> {
        Ok(Mpi { device: B::default_device()?, world: session::current() })
    }
    /// Parts of the rows of a sharded array, each on its rank, and one exchange for what they give.
    fn fold_rows<T: Element, S: Mergeable<Self>>(
        &self,
        like: &MpiBuffer<B, T>,
        rows: usize,
        part: impl Fn(Range<usize>) -> Result<S> + Sync,
        join: impl FnMut(S, S) -> Result<S>,
    ) -> Result<S> {
        fold::fold_rows(self, like, rows, part, join)
    }
    /// Each rank does some, by itself, if all of them have the array; otherwise all do all of them together.
    fn share_tasks<T: Element>(&self, like: &MpiBuffer<B, T>, tasks: usize, task: &mut dyn FnMut(usize) -> Option<f64>) -> Result<Vec<Option<f64>>> {
        fold::share_tasks(self, like, tasks, task)
    }
    fn supports(dtype: DType) -> bool {
        B::supports(dtype)
    }
    unsafe fn alloc<T: Element>(&self, len: usize) -> Result<MpiBuffer<B, T>> {
        if !B::supports(T::DTYPE) {
            return Err(Error::UnsupportedDType { backend: B::NAME, dtype: T::DTYPE });
        }
        if len == 0 {
            return self.upload(vec![]);
        }
        if len.checked_mul(size_of::<T>()).is_none_or(|bytes| bytes > 1 << (usize::BITS - 14)) {
            return Err(Error::out_of_memory(self, len.saturating_mul(size_of::<T>())));
        }
        Ok(MpiBuffer::undecided(len))
    }
    unsafe fn alloc_rows<T: Element, U: Element>(&self, like: &MpiBuffer<B, T>, rows: usize, len: usize) -> Result<MpiBuffer<B, U>> {
        match fold::layout(like, rows) {
            Some(layout) if len > 0 && len.is_multiple_of(rows) => {
                let shard = Shard::new(&self.world, layout, len / rows);
                // SAFETY: passed on.
                Ok(MpiBuffer::sharded(unsafe { self.device.alloc(shard.len())? }, shard))
            }
            // SAFETY: passed on.
            _ => unsafe { self.alloc(len) },
        }
    }
    fn upload<T: Element>(&self, values: Vec<T>) -> Result<MpiBuffer<B, T>> {
        self.device.upload(values).map(MpiBuffer::replicated)
    }
    /// Elements of a sharded array come from all ranks, which call this together; more than a mebibyte of them is an error.
    fn download<T: Element>(&self, buffer: &MpiBuffer<B, T>, start: usize, len: usize) -> Result<Vec<T>> {
        match buffer.settled(&self.device)? {
            State::Replicated(b) => self.device.download(&b, start, len),
            State::Sharded(b, shard) => {
                if len.saturating_mul(size_of::<T>()) > SMALL {
                    let why = format!("{len} elements to every rank, above {} KiB", SMALL >> 10);
                    return Err(refused("download", why, "`gather` it, if every rank has room for all of it, or use `local`"));
                }
                self.collected("download", &b, &shard, start..start + len)
            }
        }
    }
    fn address<T: Element>(buffer: &MpiBuffer<B, T>) -> *const T {
        buffer.address()
    }
    fn len<T: Element>(buffer: &MpiBuffer<B, T>) -> usize {
        buffer.len()
    }
    fn is_unique<T: Element>(buffer: &MpiBuffer<B, T>) -> bool {
        buffer.is_unique()
    }
    fn synchronize(&self) -> Result<()> {
        self.device.synchronize()
    }

    unsafe fn eval<K: Kernel>(&self, mut kernel: K, plan: &Plan, out: Slot<'_, Self, K::Elem>) -> Result<()> {
        const OPERATION: &str = "evaluation";
        let whole = plan.size() == out.buffer.len();
        // What a part of is written is made first, but by rows where rows are written.
        let recipe = out.buffer.recipe().filter(|_| !whole);
        let state = out.buffer.known();
        let into = match &state {
            Some(State::Sharded(_, shard)) => Some((out.offset, shard)),
            _ => None,
        };
        let mut operands = Operands::of(&self.world, &self.device, OPERATION, &kernel, plan, into)?;
        if state.is_none() && recipe.is_none() && whole && operands.is_empty() && self.promise(&kernel, plan, &out) {
            return Ok(());
        }
        let own = operands.plan.clone();
        let plan = own.as_ref().unwrap_or(plan);
        let mut one = None;
        if let Some(State::Sharded(_, shard)) = &state {
            if fold::alone() {
                own_rows(OPERATION, &reach(OPERATION, plan.shape(), plan.out(), out.offset, shard)?, shard)?;
            } else {
                match target(OPERATION, plan, out.offset, shard)? {
                    Crossing::Rows(split) => operands.agree(OPERATION, split)?,
                    Crossing::One(row) => one = Some(row),
                }
            }
        }
        operands.apply(&mut kernel);
        let split = operands.split.clone();
        match (&state, one, split) {
            (Some(State::Sharded(b, shard)), Some(row), None) => {
                if shard.mine.contains(&row) {
                    let offset = shard.here(out.offset) as usize;
                    // SAFETY: passed on; the row is here.
                    unsafe { self.device.eval(kernel, &onto(plan, shard), Slot { buffer: b, offset })? };
                }
                Ok(())
            }
            (_, Some(_), Some(_)) => Err(refused(OPERATION, "sharded values into a single row of another array", GATHER)),
            (Some(State::Sharded(b, shard)), None, Some(split)) => {
                let offset = first_here(plan, &split, &self.world, out.offset, shard);
                // SAFETY: passed on; the rows of the output are here too.
                unsafe { self.eval_rows(kernel, &onto(plan, shard), &split, Slot { buffer: b, offset }) }
            }
            (Some(State::Sharded(b, shard)), None, None) if fold::alone() => {
                let offset = shard.here(out.offset) as usize;
                // SAFETY: passed on; these rows are here.
                unsafe { self.device.eval(kernel, &onto(plan, shard), Slot { buffer: b, offset }) }
            }
            (Some(State::Sharded(..)), None, None) => Err(refused(OPERATION, "an assignment to it", GATHER)),
            (_, _, Some(split)) => {
                let shard = self.room(plan, &split, &out)?;
                let local = match (&state, recipe) {
                    // What other parts of the output hold stays; the operands keep their memory.
                    (Some(State::Replicated(b)), _) if !whole => self.rows_in(b, &shard)?,
                    (_, Some(recipe)) if shard.outer == 1 => recipe(&self.device, shard.mine.start * shard.inner..shard.mine.end * shard.inner)?,
                    (_, Some(recipe)) => self.rows_in(&recipe(&self.device, 0..shard.size())?, &shard)?,
                    // SAFETY: the loop, or those for the other parts of the output, write every element.
                    _ => unsafe { self.device.alloc(shard.len())? },
                };
                let offset = first_here(plan, &split, &self.world, out.offset, &shard);
                let plan = onto(plan, &shard);
                out.buffer.set(State::Sharded(local.clone(), shard));
                // SAFETY: passed on; the memory is new.
                unsafe { self.eval_rows(kernel, &plan, &split, Slot { buffer: &local, offset }) }
            }
            (state, None, None) => {
                let local = match (state, recipe) {
                    (Some(State::Replicated(b)), _) => b.clone(),
                    (_, Some(_)) => self.whole(out.buffer, OPERATION)?,
                    _ => {
                        // SAFETY: the loop, or those for the other parts of the output, write every element.
                        let b: B::Buffer<K::Elem> = unsafe { self.device.alloc(out.buffer.len())? };
                        out.buffer.set(State::Replicated(b.clone()));
                        b
                    }
                };
                // SAFETY: passed on.
                unsafe { self.device.eval(kernel, plan, Slot { buffer: &local, offset: out.offset }) }
            }
            (_, Some(_), None) => Err(refused(OPERATION, "an assignment to it", GATHER)),
        }
    }

    unsafe fn reduce<R: Reduction<K::Elem>, K: Kernel>(
        &self,
        reduction: R,
        mut kernel: K,
        plan: &Plan,
        count: usize,
        out: <R::Out as Outputs>::Places,
    ) -> Result<()> {
        let operands = Operands::of(&self.world, &self.device, R::NAME, &kernel, plan, None)?;
        operands.apply(&mut kernel);
        let plan = operands.plan.as_ref().unwrap_or(plan);
        let outputs: Vec<_> = R::Out::addresses(out).into_iter().map(|address| find(address.addr())).collect();
        let (_, len, _) = outputs[0].extent();
        let Some(split) = operands.split.clone() else {
            for output in &outputs {
                output.alloc(&self.device, None)?;
            }
            // SAFETY: passed on; the outputs have memory now.
            return unsafe { self.device.reduce(reduction, kernel, plan, count, R::Out::rebased(out, &reduce::placed)) };
        };
        if plan.reduced()[split.axis] {
            // SAFETY: passed on.
            let results = unsafe { reduce::across::<B, R, K>(self, reduction, kernel, plan, &split, count, len)? };
            for (output, bytes) in outputs.iter().zip(reduce::columns(&results, out)) {
                output.fill(&self.device, &bytes)?;
            }
            return Ok(());
        }
        let shard = split.output(&self.world, R::NAME, plan, 0, len)?;
        for output in &outputs {
            output.alloc(&self.device, Some(shard.clone()))?;
        }
        let plan = onto(plan, &shard);
        let mine = split.mine(&self.world);
        if mine.is_empty() {
            return Ok(());
        }
        kernel.advance(split.axis, mine.start);
        // SAFETY: passed on; the positions are those of this rank, and so is the memory of the outputs.
        unsafe { self.device.reduce(reduction, kernel, &plan.narrowed(split.axis, mine.len()), count, R::Out::rebased(out, &reduce::placed)) }
    }

    fn scan<T: Num>(&self, op: Scan, x: &MpiBuffer<B, T>, lanes: Lanes) -> Result<MpiBuffer<B, T>> {
        sorting::scan(self, op, x, lanes)
    }
    fn sort<T: Real>(&self, x: &MpiBuffer<B, T>, lanes: Lanes, descending: bool) -> Result<MpiBuffer<B, T>> {
        sorting::sort(self, x, lanes, descending)
    }
    fn argsort<T: Real>(&self, x: &MpiBuffer<B, T>, lanes: Lanes, descending: bool) -> Result<MpiBuffer<B, i64>> {
        sorting::argsort(self, x, lanes, descending)
    }
    fn top_k<T: Real>(&self, x: &MpiBuffer<B, T>, lanes: Lanes, k: usize, descending: bool) -> Result<MpiBuffer<B, i64>> {
        sorting::top_k(self, x, lanes, k, descending)
    }
    fn searchsorted<T: Real>(&self, x: &MpiBuffer<B, T>, queries: &MpiBuffer<B, T>, right: bool) -> Result<MpiBuffer<B, i64>> {
        sorting::searchsorted(self, x, queries, right)
    }
    fn unique<T: Real>(&self, x: &MpiBuffer<B, T>, places: bool) -> Result<Option<Distinct<Self, T>>> {
        sorting::unique(self, x, places)
    }
    fn take<T: Element>(&self, x: &MpiBuffer<B, T>, lanes: Lanes, indices: &MpiBuffer<B, i64>, per_lane: Option<usize>) -> Result<MpiBuffer<B, T>> {
        gathering::take(self, x, lanes, indices, per_lane)
    }
    fn compress<T: Element>(&self, x: &MpiBuffer<B, T>, mask: &MpiBuffer<B, bool>) -> Result<(MpiBuffer<B, T>, usize)> {
        gathering::compress(self, x, mask)
    }
    fn put<T: Num>(&self, x: &mut MpiBuffer<B, T>, lanes: Lanes, indices: &MpiBuffer<B, i64>, values: &MpiBuffer<B, T>, add: bool) -> Result<()> {
        gathering::put(self, x, lanes, indices, values, add)
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
        unsafe { products::matmul(self, a, b, dims, batches, out) }
    }
}
