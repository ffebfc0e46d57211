//! The binary tree over the parts of the rows, which is the same for any number of ranks: values of parts are joined on the way
//! up, and what the top gives goes back down.

use std::ops::Range;

use xp_core::{Error, Result};

use crate::world::{Collective, Part, World, error};

/// How values of parts are made, joined and sent.
pub(crate) trait Join {
    type Value;
    /// The value of a part that this rank holds; `None` of one without rows.
    fn part(&mut self, part: usize) -> Result<Option<Self::Value>>;
    /// The value of two neighbours.
    fn join(&mut self, a: Self::Value, b: Self::Value) -> Result<Self::Value>;
    fn encode(&self, value: &Self::Value) -> Result<Vec<u8>>;
    fn decode(&self, bytes: &[u8]) -> Result<Self::Value>;
}

/// What goes back down the tree, from values that were joined on the way up.
pub(crate) trait Unfold: Join {
    /// Whether no part of a node has rows.
    fn is_empty(&self, node: &Range<usize>) -> bool;
    /// What the halves of a node get of what it gets: of the node that was joined last, of those that were not asked for yet.
    fn split(&mut self, value: Self::Value) -> Result<(Self::Value, Self::Value)>;
    /// What the last part, of those that got nothing yet, gets.
    fn settle(&mut self, value: Self::Value) -> Result<()>;
}

impl World {
    /// Values of parts, joined along the tree.
    pub(crate) fn tree<J: Join>(&self, operation: &'static str, signature: u64, join: &mut J, parts: usize) -> Result<Option<J::Value>> {
        self.begin(operation, signature)?.tree(join, parts)
    }

    /// Takes `top` apart along the tree that [`World::tree`] has joined, down to the parts of each rank.
    pub(crate) fn unfold<J: Unfold>(&self, operation: &'static str, signature: u64, join: &mut J, parts: usize, top: J::Value) -> Result<()> {
        let mut local = None;
        let mut collective = self.begin(operation, signature)?;
        // Every rank has the top; the one that has the first part hands it on.
        let top = if self.rank == self.owner(0, parts) { Some(top) } else { None };
        collective.down(0..parts, parts, join, Ok(top), &mut local)?;
        drop(collective);
        let status = local.as_ref().map_or(Ok(vec![]), |e: &Error| Err(e.clone()));
        self.gather(operation, signature, status).map(drop)
    }
}

impl Collective<'_> {
    fn tree<J: Join>(mut self, join: &mut J, parts: usize) -> Result<Option<J::Value>> {
        let owner = self.world.owner(0, parts);
        let mut local = None;
        let top = self.up(0..parts, parts, join, &mut local)?;
        let top = if self.world.rank == owner { Some(self.encoded(join, top.unwrap_or(Ok(None)), &mut local)) } else { None };
        let shared = self.broadcast(owner, top)?;
        match (local, shared) {
            (Some(e), _) => Err(e),
            (None, Err(why)) => Err(error(self.operation, why)),
            (None, Ok(bytes)) => decoded(join, &bytes),
        }
    }

    /// The value of a node of the tree, on the rank that holds its first part; what other ranks have for it is sent there.
    /// An error of this rank stays in `local`.
    fn up<J: Join>(&mut self, node: Range<usize>, parts: usize, join: &mut J, local: &mut Option<Error>) -> Result<Option<Value<J>>> {
        let mine = self.world.my_parts(parts);
        if node.end <= mine.start || mine.end <= node.start {
            return Ok(None);
        }
        if mine.start <= node.start && node.end <= mine.end {
            return Ok(Some(kept(fold(node, join), self.world.rank, local)));
        }
        let mid = node.start + node.len() / 2;
        let (left, right) = (self.world.owner(node.start, parts), self.world.owner(mid, parts));
        let a = self.up(node.start..mid, parts, join, local)?;
        let mut b = self.up(mid..node.end, parts, join, local)?;
        let rank = self.world.rank;
        if left != right && rank == right {
            let part = self.encoded(join, b.unwrap_or(Ok(None)), local);
            self.exchange(vec![(left, part)], &[])?;
            return Ok(None);
        }
        if rank != left {
            return Ok(None);
        }
        if left != right {
            let part = self.exchange(vec![], &[right])?.pop().unwrap_or_else(|| Ok(vec![]));
            b = Some(part.and_then(|bytes| kept(decoded(join, &bytes), rank, local)));
        }
        Ok(Some(match (a.unwrap_or(Ok(None)), b.unwrap_or(Ok(None))) {
            (Err(why), _) | (_, Err(why)) => Err(why),
            (Ok(a), Ok(b)) => kept(both(a, b, join), rank, local),
        }))
    }

    /// Hands on what a node of the tree gets, which the rank that holds its first part has. An error of this rank stays in `local`,
    /// and goes down in its place.
    fn down<J: Unfold>(&mut self, node: Range<usize>, parts: usize, join: &mut J, value: Value<J>, local: &mut Option<Error>) -> Result<()> {
        let (mine, rank) = (self.world.my_parts(parts), self.world.rank);
        if node.end <= mine.start || mine.end <= node.start || join.is_empty(&node) {
            return Ok(());
        }
        if mine.start <= node.start && node.end <= mine.end {
            let spread = value.map_err(|why| error(self.operation, why)).and_then(|value| value.map_or(Ok(()), |value| spread(node, join, value)));
            kept(spread, rank, local).unwrap_or_default();
            return Ok(());
        }
        let mid = node.start + node.len() / 2;
        let (left, right) = (self.world.owner(node.start, parts), self.world.owner(mid, parts));
        let (a, mut b) = match value {
            Ok(Some(value)) => match kept(halves(&node, mid, join, value), rank, local) {
                Ok((a, b)) => (Ok(a), Ok(b)),
                Err(why) => (Err(why.clone()), Err(why)),
            },
            Ok(None) => (Ok(None), Ok(None)),
            Err(why) => (Err(why.clone()), Err(why)),
        };
        if left != right && !join.is_empty(&(mid..node.end)) {
            if rank == left {
                let part = self.encoded(join, std::mem::replace(&mut b, Ok(None)), local);
                self.exchange(vec![(right, part)], &[])?;
            } else if rank == right {
                let part = self.exchange(vec![], &[left])?.pop().unwrap_or_else(|| Ok(vec![]));
                b = part.and_then(|bytes| kept(decoded(join, &bytes), rank, local));
            }
        }
        // The other way round than up.
        self.down(mid..node.end, parts, join, b, local)?;
        self.down(node.start..mid, parts, join, a, local)
    }

    /// A value that may be missing, with a first byte that says so.
    fn encoded<J: Join>(&self, join: &J, value: Value<J>, local: &mut Option<Error>) -> Part {
        match value? {
            Some(value) => kept(join.encode(&value), self.world.rank, local).map(|bytes| [&[1], &bytes[..]].concat()),
            None => Ok(vec![0]),
        }
    }
}

type Value<J> = std::result::Result<Option<<J as Join>::Value>, String>;

/// A result whose error is kept here, and goes on as words.
fn kept<T>(result: Result<T>, rank: usize, local: &mut Option<Error>) -> std::result::Result<T, String> {
    result.map_err(|e| {
        let why = format!("rank {rank}: {e}");
        local.get_or_insert(e);
        why
    })
}

fn both<J: Join>(a: Option<J::Value>, b: Option<J::Value>, join: &mut J) -> Result<Option<J::Value>> {
    match (a, b) {
        (Some(a), Some(b)) => join.join(a, b).map(Some),
        (a, b) => Ok(a.or(b)),
    }
}

/// The value of a node all of whose parts are here.
fn fold<J: Join>(node: Range<usize>, join: &mut J) -> Result<Option<J::Value>> {
    if node.len() == 1 {
        return join.part(node.start);
    }
    let mid = node.start + node.len() / 2;
    let a = fold(node.start..mid, join)?;
    let b = fold(mid..node.end, join)?;
    both(a, b, join)
}

/// What the halves of a node get of what it gets, where they have rows.
fn halves<J: Unfold>(node: &Range<usize>, mid: usize, join: &mut J, value: J::Value) -> Result<(Option<J::Value>, Option<J::Value>)> {
    Ok(match (join.is_empty(&(node.start..mid)), join.is_empty(&(mid..node.end))) {
        (false, false) => join.split(value).map(|(a, b)| (Some(a), Some(b)))?,
        (true, _) => (None, Some(value)),
        (_, true) => (Some(value), None),
    })
}

/// Takes apart what a node gets, all of whose parts are here.
fn spread<J: Unfold>(node: Range<usize>, join: &mut J, value: J::Value) -> Result<()> {
    if node.len() == 1 {
        return join.settle(value);
    }
    let mid = node.start + node.len() / 2;
    let (a, b) = halves(&node, mid, join, value)?;
    b.map_or(Ok(()), |b| spread(mid..node.end, join, b))?;
    a.map_or(Ok(()), |a| spread(node.start..mid, join, a))
}

fn decoded<J: Join>(join: &J, bytes: &[u8]) -> Result<Option<J::Value>> {
    match bytes.split_first() {
        Some((1, bytes)) => join.decode(bytes).map(Some),
        _ => Ok(None),
    }
}
