//! Passes over rows, part by part, each on the rank that has it: what they give is joined along the tree of parts, in one exchange.

use std::cell::Cell;
use std::collections::VecDeque;
use std::ops::Range;

use xp_core::{Backend, Element, Mergeable, Result};

use crate::backend::Mpi;
use crate::layout::Layout;
use crate::memory::{MpiBuffer, State, bytes, values};
use crate::tree::Join;
use crate::world::signature;

/// Parts whose values are made side by side, at most.
const TOGETHER: usize = 64;

thread_local! {
    static ALONE: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread works on rows of its rank by itself, without the other ranks.
pub(crate) fn alone() -> bool {
    ALONE.with(Cell::get)
}

/// Marks this thread until it is dropped.
struct Alone(bool);
impl Alone {
    fn begin() -> Self {
        Alone(ALONE.with(|alone| alone.replace(true)))
    }
}
impl Drop for Alone {
    fn drop(&mut self) {
        ALONE.with(|alone| alone.set(self.0));
    }
}

/// How rows are spread that a pass over them goes through part by part.
pub(crate) fn layout<B: Backend, T: Element>(like: &MpiBuffer<B, T>, rows: usize) -> Option<Layout> {
    let state = like.known()?;
    let shard = state.shard().filter(|shard| shard.outer == 1 && shard.layout.rows() == rows && !alone())?;
    Some(shard.layout.clone())
}

pub(crate) fn fold_rows<B: Backend, T: Element, S: Mergeable<Mpi<B>>>(
    mpi: &Mpi<B>,
    like: &MpiBuffer<B, T>,
    rows: usize,
    part: impl Fn(Range<usize>) -> Result<S> + Sync,
    join: impl FnMut(S, S) -> Result<S>,
) -> Result<S> {
    let Some(layout) = layout(like, rows) else { return part(0..rows) };
    let mut fold = Fold { mpi, layout: &layout, part, join, made: VecDeque::new() };
    let sum = mpi.world.tree("fold_rows", signature(&[rows]), &mut fold, layout.parts())?;
    let part = fold.part;
    sum.map_or_else(|| part(0..0), Ok)
}

/// Tasks of each rank in turn, where all ranks have what they read.
pub(crate) fn share_tasks<B: Backend, T: Element>(
    mpi: &Mpi<B>,
    like: &MpiBuffer<B, T>,
    tasks: usize,
    task: &mut dyn FnMut(usize) -> Option<f64>,
) -> Result<Vec<Option<f64>>> {
    let (rank, size) = (mpi.world.rank, mpi.world.size);
    if alone() || matches!(like.settled(&mpi.device)?, State::Sharded(..)) {
        return Ok((0..tasks).map(task).collect());
    }
    let mine: Vec<Option<f64>> = (rank..tasks)
        .step_by(size)
        .map(|k| {
            let _alone = Alone::begin();
            task(k)
        })
        .collect();
    let packed = [
        bytes(&mine.iter().map(|found| u8::from(found.is_some())).collect::<Vec<_>>()),
        bytes(&mine.iter().map(|found| found.unwrap_or(0.0)).collect::<Vec<_>>()),
    ];
    let all = mpi.world.gather("share_tasks", signature(&[tasks]), Ok(packed.concat()))?;
    let mut found = vec![None; tasks];
    for (rank, part) in all.iter().enumerate() {
        let (good, numbers) = part.split_at(part.len() / 9);
        for ((slot, &good), number) in found.iter_mut().skip(rank).step_by(size).zip(good).zip(values::<f64>(numbers)) {
            *slot = (good == 1).then_some(number);
        }
    }
    Ok(found)
}

struct Fold<'a, B: Backend, S, P, J> {
    mpi: &'a Mpi<B>,
    layout: &'a Layout,
    part: P,
    join: J,
    /// Values of the next parts.
    made: VecDeque<(usize, Result<S>)>,
}

impl<B: Backend, S: Mergeable<Mpi<B>>, P: Fn(Range<usize>) -> Result<S> + Sync, J: FnMut(S, S) -> Result<S>> Join for Fold<'_, B, S, P, J> {
    type Value = S;
    fn part(&mut self, part: usize) -> Result<Option<S>> {
        let rows = |k: usize| self.layout.part(k);
        if rows(part).is_empty() {
            return Ok(None);
        }
        if self.made.is_empty() {
            let last = self.mpi.world.my_parts(self.layout.parts()).end.min(part + TOGETHER);
            let next: Vec<usize> = (part..last).filter(|&k| !rows(k).is_empty()).collect();
            let of = |i: usize| {
                let _alone = Alone::begin();
                (self.part)(rows(next[i]))
            };
            let made = self.mpi.device.map_parts(next.len(), of);
            self.made = next.iter().copied().zip(made).collect();
        }
        match self.made.pop_front() {
            Some((k, value)) if k == part => value.map(Some),
            // Parts come in their order.
            _ => {
                let _alone = Alone::begin();
                (self.part)(rows(part)).map(Some)
            }
        }
    }
    fn join(&mut self, a: S, b: S) -> Result<S> {
        let _alone = Alone::begin();
        (self.join)(a, b)
    }
    fn encode(&self, value: &S) -> Result<Vec<u8>> {
        let mut bytes = vec![];
        value.write(&mut bytes)?;
        Ok(bytes)
    }
    fn decode(&self, mut bytes: &[u8]) -> Result<S> {
        S::read(self.mpi, &mut bytes)
    }
}
