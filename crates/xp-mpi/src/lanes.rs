//! Lanes of sharded arrays: those that lie on one rank each, and those that cross ranks, which an all-to-all exchange brings
//! together column by column.

use std::ops::Range;

use xp_core::backend::Lanes;
use xp_core::{Backend, Element, Result};

use crate::backend::Mpi;
use crate::layout::{GATHER, Layout, Shard, refused};
use crate::memory::{MpiBuffer, State, bytes, values};
use crate::world::signature;

/// Where the lanes of an array are.
pub(crate) enum Where<B: Backend, T: Element> {
    /// All on every rank, or each on one: the memory, and the lanes in it.
    Here(B::Buffer<T>, Lanes, Option<Shard>),
    /// They run along the sharded axis.
    Across(B::Buffer<T>, Shard),
}

impl<B: Backend> Mpi<B> {
    pub(crate) fn lanes<T: Element>(&self, operation: &'static str, x: &MpiBuffer<B, T>, lanes: Lanes) -> Result<Where<B, T>> {
        lanes.check(x.len(), operation)?;
        match x.settled(&self.device)? {
            State::Replicated(b) => Ok(Where::Here(b, lanes, None)),
            State::Sharded(b, shard) if shard.holds(lanes) => {
                let outer = shard.outer * shard.mine.len() * (shard.inner / (lanes.len * lanes.inner).max(1));
                Ok(Where::Here(b, Lanes { outer, ..lanes }, Some(shard)))
            }
            // From block to block, at the same row.
            State::Sharded(b, shard) if shard.outer > 1 && lanes.inner.is_multiple_of(shard.block()) => {
                let inner = lanes.inner / shard.block() * shard.mine.len() * shard.inner;
                Ok(Where::Here(b, Lanes { inner, ..lanes }, Some(shard)))
            }
            State::Sharded(b, shard) if lanes.outer == 1 && lanes.len == shard.layout.rows() => Ok(Where::Across(b, shard.first_axis(operation)?)),
            State::Sharded(..) => Err(refused(operation, "lanes that are pieces of its rows", GATHER)),
        }
    }

    /// Runs `run`, which takes whole lanes and gives lanes of `len` elements, on the columns of an array that is sharded along
    /// its lanes: they are brought together by an exchange of all ranks, and their results go back by another.
    pub(crate) fn by_columns<T: Element, U: Element>(
        &self,
        operation: &'static str,
        x: &B::Buffer<T>,
        shard: &Shard,
        len: usize,
        run: impl FnOnce(&B::Buffer<T>, Lanes) -> Result<B::Buffer<U>>,
    ) -> Result<MpiBuffer<B, U>> {
        let columns = self.columns_of(self.world.rank, shard.inner);
        let lanes = Lanes { outer: 1, len: shard.layout.rows(), inner: columns.len() };
        let sign = signature(&[shard.layout.rows(), shard.inner, size_of::<T>()]);
        let mine = self.device.download(x, 0, shard.len()).map(|mine| {
            let of = |rank| block(&mine, shard.inner, self.columns_of(rank, shard.inner));
            (0..self.world.size).map(of).collect()
        });
        // Ranks hold consecutive rows: their blocks follow each other.
        let whole: Vec<T> = values(&self.world.swap(operation, sign, mine)?.concat());
        let results = if columns.is_empty() {
            Ok(vec![])
        } else {
            self.device.upload(whole).and_then(|whole| run(&whole, lanes)).and_then(|out| self.device.download(&out, 0, len * columns.len()))
        };
        let layout = if len == shard.layout.rows() { shard.layout.clone() } else { Layout::even(len) };
        let back = results.map(|results| {
            let rows = |rank| layout.of(&self.world, rank);
            (0..self.world.size).map(|rank| bytes(&results[rows(rank).start * columns.len()..rows(rank).end * columns.len()])).collect()
        });
        let back = self.world.swap(operation, signature(&[len, shard.inner, size_of::<U>()]), back)?;
        let out = Shard::new(&self.world, layout, shard.inner);
        let mut rows = vec![U::default(); out.len()];
        for (rank, bytes) in back.iter().enumerate() {
            let columns = self.columns_of(rank, shard.inner);
            if columns.is_empty() {
                continue;
            }
            for (row, part) in rows.chunks_exact_mut(shard.inner).zip(values::<U>(bytes).chunks_exact(columns.len())) {
                row[columns.clone()].copy_from_slice(part);
            }
        }
        self.keep(self.device.upload(rows)?, Some(out))
    }

    /// The columns that a rank takes.
    fn columns_of(&self, rank: usize, columns: usize) -> Range<usize> {
        rank * columns / self.world.size..(rank + 1) * columns / self.world.size
    }
}

/// The bytes of some columns of rows.
fn block<T: Element>(rows: &[T], inner: usize, columns: Range<usize>) -> Vec<u8> {
    rows.chunks_exact(inner).flat_map(|row| bytes(&row[columns.clone()])).collect()
}
