//! Arrays into and out of the ranks.

use std::ops::Range;

use xp_core::{Array, Backend, Dim, Element, Error, IntoShape, Result, size_of_shape};

use crate::backend::Mpi;
use crate::gathering;
use crate::layout::{GATHER, Layout, Shard, refused};
use crate::memory::{MpiBuffer, State, bytes, values};
use crate::world::{Traffic, signature};

impl<B: Backend> Mpi<B> {
    /// The number of this rank.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.world.rank
    }
    /// The number of ranks.
    #[must_use]
    pub fn size(&self) -> usize {
        self.world.size
    }
    /// The device of this rank.
    #[must_use]
    pub fn inner(&self) -> &B {
        &self.device
    }
    /// What carries the messages: the library of MPI and its version.
    #[must_use]
    pub fn transport(&self) -> String {
        self.world.describe()
    }
    /// What this rank has sent so far.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.world.traffic()
    }

    /// A sharded array whose rows each rank makes by itself: `rows(a..b)` are the elements of the rows `a..b` of the whole, in
    /// row-major order. All ranks call it together. An array of at most one row, or without elements, is the same on all ranks.
    ///
    /// # Errors
    /// When a rank makes another number of elements than its rows have, or the shapes of the ranks differ, on all of them.
    pub fn from_rows<T: Element, D: Dim>(
        &self,
        shape: impl IntoShape<Dim = D>,
        rows: impl FnOnce(Range<usize>) -> Vec<T>,
    ) -> Result<Array<Self, T, D>> {
        self.try_from_rows(shape, |range| Ok(rows(range)))
    }

    /// [`Mpi::from_rows`] with rows that can fail, such as those of a file.
    ///
    /// # Errors
    /// As for [`Mpi::from_rows`], and those of `rows`, on all ranks.
    pub fn try_from_rows<T: Element, D: Dim>(
        &self,
        shape: impl IntoShape<Dim = D>,
        rows: impl FnOnce(Range<usize>) -> Result<Vec<T>>,
    ) -> Result<Array<Self, T, D>> {
        let shape = shape.into_shape();
        let dims = shape.as_ref();
        let size = size_of_shape(dims)?;
        let Some(&count) = dims.first() else { return Err(Error::Rank { expected: 1, given: 0 }) };
        let sharded = count > 1 && size > 0;
        let shard = Shard::new(&self.world, Layout::even(count), size / count.max(1));
        let mine = if sharded { shard.mine.clone() } else { 0..count };
        let made = rows(mine.clone()).and_then(|made| {
            let expected = mine.len() * shard.inner;
            if made.len() == expected {
                return self.device.upload(made);
            }
            Err(Error::value("from_rows: rows", format!("{} elements given for the rows {mine:?}, which have {expected}", made.len())))
        });
        let status = made.as_ref().map(|_| vec![]).map_err(Clone::clone);
        let sign: Vec<usize> = dims.iter().copied().chain([size_of::<T>(), T::DTYPE as usize]).collect();
        self.world.gather("from_rows", signature(&sign), status)?;
        let buffer = if sharded { MpiBuffer::sharded(made?, shard) } else { MpiBuffer::replicated(made?) };
        // SAFETY: every rank has written its rows.
        unsafe { Array::from_buffer(self, buffer, dims) }
    }

    /// A sharded array of the rows that the ranks have, one after the other: each gives as many as it likes, of equal shapes
    /// but for their number. They are moved to [equal parts](Layout::even). All ranks call it together.
    ///
    /// # Errors
    /// When the shapes of the rows differ, on all ranks.
    pub fn from_local<T: Element, D: Dim>(&self, rows: &Array<B, T, D>) -> Result<Array<Self, T, D>> {
        let Some(&count) = rows.dims().first() else { return Err(Error::Rank { expected: 1, given: 0 }) };
        let sign: Vec<usize> = rows.dims()[1..].iter().copied().chain([size_of::<T>(), T::DTYPE as usize]).collect();
        let counts = self.world.gather("from_local", signature(&sign), Ok(bytes(&[count as u64])))?;
        let counts: Vec<usize> = values::<u64>(&counts.concat()).into_iter().map(|n| n as usize).collect();
        let mut shape = rows.shape();
        shape.as_mut()[0] = counts.iter().sum();
        let local = rows.copy()?.buffer().clone();
        let parts = Layout::even(shape.as_ref()[0]).parts();
        let mut bounds = vec![0];
        for (rank, &count) in counts.iter().enumerate() {
            let (first, mine) = (bounds[bounds.len() - 1], self.world.parts_of(rank, parts).len());
            if mine == 0 && count > 0 {
                return Err(Error::value("from_local", format!("rows given by rank {rank} of {} for {parts} parts", self.world.size)));
            }
            bounds.extend((1..=mine).map(|k| first + k * count / mine));
        }
        let inner = rows.dims()[1..].iter().product();
        let buffer = self.keep(local, Some(Shard::new(&self.world, Layout::new(bounds), inner)))?;
        // SAFETY: every rank has written its rows.
        self.reshard(&unsafe { Array::from_buffer(self, buffer, shape.as_ref())? })
    }

    /// The same array with its rows on the ranks, each of which keeps its own. Nothing is exchanged; one of at most one row
    /// stays as it is, and so does one that is sharded.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn shard<T: Element, D: Dim>(&self, x: &Array<Self, T, D>) -> Result<Array<Self, T, D>> {
        let x = packed(x)?;
        let count = x.dims().first().copied().unwrap_or(0);
        if count < 2 || x.is_empty() || matches!(x.buffer().known(), Some(State::Sharded(..))) {
            return Ok(x);
        }
        let shard = Shard::new(&self.world, Layout::even(count), x.size() / count);
        let mine = shard.mine.start * shard.inner..shard.mine.end * shard.inner;
        let mine = match x.buffer().recipe() {
            Some(recipe) => recipe(&self.device, mine)?,
            None => {
                let whole = self.view::<T, xp_core::Ix1>(&self.whole(x.buffer(), "shard")?, &[x.size()])?;
                whole.slice(xp_core::s![mine.start..mine.end])?.copy()?.buffer().clone()
            }
        };
        // SAFETY: every rank has its rows.
        unsafe { Array::from_buffer(self, MpiBuffer::sharded(mine, shard), x.dims()) }
    }

    /// The same array with all elements on every rank, which must have room for them. All ranks call it together.
    ///
    /// # Errors
    /// When memory runs out on some rank, on all.
    pub fn gather<T: Element, D: Dim>(&self, x: &Array<Self, T, D>) -> Result<Array<Self, T, D>> {
        let x = packed(x)?;
        let State::Sharded(local, shard) = x.buffer().settled(&self.device)? else { return Ok(x) };
        let buffer = self.device.upload(self.collected("gather", &local, &shard, 0..shard.size())?)?;
        // SAFETY: the elements of all ranks, in their order.
        unsafe { Array::from_buffer(self, MpiBuffer::replicated(buffer), x.dims()) }
    }

    /// Elements of a sharded array, from all ranks.
    pub(crate) fn collected<T: Element>(&self, operation: &'static str, x: &B::Buffer<T>, shard: &Shard, which: Range<usize>) -> Result<Vec<T>> {
        let (width, inner) = (shard.block(), shard.inner);
        let blocks = if which.is_empty() { 0..0 } else { which.start / width..(which.end - 1) / width + 1 };
        // The elements of a rank in a block.
        let run = |rank: usize, block: usize| {
            let rows = shard.layout.of(&self.world, rank);
            let (first, last) = (block * width + rows.start * inner, block * width + rows.end * inner);
            first.max(which.start)..last.min(which.end).max(first.max(which.start))
        };
        let mine = || -> Result<Vec<u8>> {
            let mut all = vec![];
            for block in blocks.clone() {
                let run = run(self.world.rank, block);
                if !run.is_empty() {
                    all.extend(bytes(&self.device.download::<T>(x, shard.here(run.start) as usize, run.len())?));
                }
            }
            Ok(all)
        };
        let sign = signature(&[which.start, which.end, shard.outer, width, size_of::<T>(), T::DTYPE as usize]);
        let parts: Vec<Vec<T>> = self.world.gather(operation, sign, mine())?.iter().map(|part| values(part)).collect();
        let mut next = vec![0; parts.len()];
        let mut all = Vec::with_capacity(which.len());
        for block in blocks {
            for (rank, part) in parts.iter().enumerate() {
                let len = run(rank, block).len();
                all.extend_from_slice(&part[next[rank]..next[rank] + len]);
                next[rank] += len;
            }
        }
        Ok(all)
    }

    /// An array that all ranks have, from the elements of rank `owner`; what the others give does not matter. All ranks call
    /// it together.
    ///
    /// # Errors
    /// When there is no such rank; when the ranks of the arrays differ.
    pub fn replicate<T: Element, D: Dim>(&self, owner: usize, x: &Array<B, T, D>) -> Result<Array<Self, T, D>> {
        if owner >= self.world.size {
            return Err(Error::value("replicate: owner", format!("{owner} given for {} ranks", self.world.size)));
        }
        let mine = if self.rank() == owner {
            x.to_host().map(|elements| {
                let dims: Vec<u64> = x.dims().iter().map(|&n| n as u64).collect();
                [bytes(&dims), bytes(&elements)].concat()
            })
        } else {
            Ok(vec![])
        };
        let all = self.world.share("replicate", signature(&[owner, x.ndim(), T::DTYPE as usize]), owner, mine)?;
        let (dims, elements) = all.split_at(8 * x.ndim());
        let dims: Vec<usize> = values::<u64>(dims).into_iter().map(|n| n as usize).collect();
        let buffer = self.device.upload(values(elements))?;
        // SAFETY: the elements of the owner, as many as its shape has.
        unsafe { Array::from_buffer(self, MpiBuffer::replicated(buffer), &dims) }
    }

    /// The same array with its rows in [equal parts](Layout::even): what a selection of rows is not, before it takes part in an
    /// operation with other arrays. All ranks call it together.
    ///
    /// # Errors
    /// When memory runs out on some rank, on all.
    pub fn reshard<T: Element, D: Dim>(&self, x: &Array<Self, T, D>) -> Result<Array<Self, T, D>> {
        let x = packed(x)?;
        let State::Sharded(local, shard) = x.buffer().settled(&self.device)? else { return Ok(x) };
        let shard = shard.first_axis("reshard")?;
        let layout = Layout::even(shard.layout.rows());
        if layout == shard.layout {
            return Ok(x);
        }
        let buffer = gathering::reshard(self, &local, &shard, layout)?;
        // SAFETY: every rank has written its rows.
        unsafe { Array::from_buffer(self, buffer, x.dims()) }
    }

    /// The rows that this rank has, on its own device: [`Mpi::rows`] of them, or all of an array that is not sharded.
    ///
    /// # Errors
    /// [`Error::Sharded`] when the rows of the array are not its first axis.
    pub fn local<T: Element, D: Dim>(&self, x: &Array<Self, T, D>) -> Result<Array<B, T, D>> {
        let x = packed(x)?;
        match x.buffer().settled(&self.device)? {
            State::Replicated(b) => Ok(x.rewrap(&self.device, |_| b)),
            State::Sharded(b, shard) => {
                if shard.outer > 1 || shard.layout.rows() != x.dims()[0] {
                    return Err(refused("local", "an array whose first axis is not its rows", GATHER));
                }
                let mut shape = x.shape();
                shape.as_mut()[0] = shard.mine.len();
                self.view(&b, shape.as_ref())
            }
        }
    }

    /// Which rows of an array this rank has; of one that was computed from sharded rows along a later axis (such as `w @ x.t()`), which
    /// positions along that.
    #[must_use]
    pub fn rows<T: Element, D: Dim>(&self, x: &Array<Self, T, D>) -> Range<usize> {
        self.layout(x).map_or(0..x.dims().first().copied().unwrap_or(1), |layout| layout.mine(&self.world))
    }

    /// How the rows of an array's memory are spread; `None` when all ranks have all of it.
    #[must_use]
    pub fn layout<T: Element, D: Dim>(&self, x: &Array<Self, T, D>) -> Option<Layout> {
        match x.buffer().known() {
            Some(State::Sharded(_, shard)) => Some(shard.layout),
            _ => None,
        }
    }
}

/// A contiguous array that fills its buffer.
pub(crate) fn packed<B: Backend, T: Element, D: Dim>(x: &Array<Mpi<B>, T, D>) -> Result<Array<Mpi<B>, T, D>> {
    if x.is_contiguous() && x.offset() == 0 && x.size() == x.buffer().len() { Ok(x.clone()) } else { x.copy() }
}
