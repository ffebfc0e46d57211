//! Which rank has which rows, and how a plan walks over them.

use std::ops::Range;
use std::sync::Arc;

use xp_core::backend::Lanes;
use xp_core::expr::Plan;
use xp_core::{Error, Result};

use crate::world::World;

/// Rows of a part, at least, where there are more parts than [`FEWEST`].
const ROWS: usize = 4096;
/// Bounds of the number of parts, which depends on the number of rows alone.
const FEWEST: usize = 64;
const MOST: usize = 4096;

/// How the rows of an array are spread: they are cut into parts, whose number depends on the number of rows alone, and each
/// rank holds consecutive parts. Sums over rows are sums of parts, so that they do not depend on the number of ranks.
///
/// Layouts are equal when every part has the same rows: then operations on two arrays need no exchange.
#[derive(Clone, Debug, Eq)]
pub struct Layout {
    /// Rows `bounds[k]..bounds[k + 1]` are part `k`.
    bounds: Arc<[usize]>,
}

impl PartialEq for Layout {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.bounds, &other.bounds) || self.bounds == other.bounds
    }
}

impl Layout {
    /// Parts of equal lengths, up to one row.
    #[must_use]
    pub fn even(rows: usize) -> Self {
        let parts = (rows / ROWS).next_power_of_two().clamp(FEWEST, MOST);
        // Without overflow: `k * rows / parts`.
        Layout { bounds: (0..=parts).map(|k| k * (rows / parts) + k * (rows % parts) / parts).collect() }
    }

    pub(crate) fn new(bounds: impl IntoIterator<Item = usize>) -> Self {
        Layout { bounds: bounds.into_iter().collect() }
    }

    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.bounds[self.parts()]
    }

    /// The number of parts.
    #[must_use]
    pub fn parts(&self) -> usize {
        self.bounds.len() - 1
    }

    /// The rows of a part.
    ///
    /// # Panics
    /// When there is no such part.
    #[must_use]
    pub fn part(&self, k: usize) -> Range<usize> {
        self.bounds[k]..self.bounds[k + 1]
    }

    /// The rows of consecutive parts.
    pub(crate) fn rows_of(&self, parts: &Range<usize>) -> Range<usize> {
        self.bounds[parts.start]..self.bounds[parts.end]
    }

    /// The rows of a rank.
    pub(crate) fn of(&self, world: &World, rank: usize) -> Range<usize> {
        self.rows_of(&world.parts_of(rank, self.parts()))
    }

    /// The rows of this rank.
    pub(crate) fn mine(&self, world: &World) -> Range<usize> {
        self.of(world, world.rank)
    }

    /// The rank that has a row.
    pub(crate) fn owner(&self, world: &World, row: usize) -> usize {
        let part = self.bounds.partition_point(|&bound| bound <= row) - 1;
        world.owner(part, self.parts())
    }

    /// The parts of this rank that have rows.
    pub(crate) fn my_parts<'a>(&'a self, world: &World) -> impl Iterator<Item = Range<usize>> + 'a {
        world.my_parts(self.parts()).map(|k| self.part(k)).filter(|part| !part.is_empty())
    }

    /// Rows that `step` apart, from `first` on, make `count` rows of a view: which of them lie in which part.
    fn clipped(&self, first: usize, step: usize, count: usize) -> Layout {
        if (first, step, count) == (0, 1, self.rows()) {
            return self.clone();
        }
        Layout::new(self.bounds.iter().map(|&b| b.saturating_sub(first).div_ceil(step).min(count)))
    }
}

/// What a rank holds of a sharded array: of each of `outer` blocks that follow each other, its rows. There is one block where the
/// rows are the first axis. An array computed from sharded rows that lie along a later axis, such as the scores of samples that are its
/// columns, has a block for each position along the axes before that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    pub(crate) outer: usize,
    pub(crate) layout: Layout,
    /// Elements of a row.
    pub(crate) inner: usize,
    /// The rows of this rank.
    pub(crate) mine: Range<usize>,
}
impl Shard {
    /// Of rows along the first axis.
    pub(crate) fn new(world: &World, layout: Layout, inner: usize) -> Self {
        let mine = layout.mine(world);
        Shard { outer: 1, layout, inner, mine }
    }
    /// The number of elements here.
    pub(crate) fn len(&self) -> usize {
        self.outer * self.mine.len() * self.inner
    }
    /// The number of elements of the whole.
    pub(crate) fn size(&self) -> usize {
        self.outer * self.block()
    }
    /// The number of elements of a block of the whole.
    pub(crate) fn block(&self) -> usize {
        self.layout.rows() * self.inner
    }
    /// The position here of an element of the whole: below zero, or in the wrong row, if its row is not of this rank.
    pub(crate) fn here(&self, at: usize) -> isize {
        let (block, rest) = if self.outer == 1 { (0, at) } else { (at / self.block().max(1), at % self.block().max(1)) };
        (block * self.mine.len() * self.inner + rest) as isize - (self.mine.start * self.inner) as isize
    }
    /// The distance here of elements that lie `step` apart in the whole, in one row or at the same row of different blocks.
    pub(crate) fn step(&self, step: isize) -> isize {
        let block = self.block() as isize;
        if self.outer == 1 || block == 0 || step % block != 0 { step } else { step / block * (self.mine.len() * self.inner) as isize }
    }
    /// The same rows of an array whose lanes, `from` in this one, have `len` elements.
    pub(crate) fn with_lanes(self, from: Lanes, len: usize) -> Shard {
        if self.holds(from) {
            return Shard { inner: self.inner / from.len.max(1) * len, ..self };
        }
        Shard { outer: self.outer / from.len.max(1) * len, ..self }
    }
    /// Whether each row holds whole lanes.
    pub(crate) fn holds(&self, lanes: Lanes) -> bool {
        let len = (lanes.len * lanes.inner).max(1);
        len <= self.inner && self.inner.is_multiple_of(len)
    }
    /// Fails unless rows are the first axis.
    pub(crate) fn first_axis(self, operation: &'static str) -> Result<Shard> {
        if self.outer == 1 { Ok(self) } else { Err(refused(operation, "an array whose sharded rows are not its first axis", FIRST)) }
    }
}

/// How a plan crosses sharded rows: along which axis, how many positions make a row, and which rows of the walk are whose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Split {
    pub(crate) axis: usize,
    pub(crate) unit: usize,
    pub(crate) layout: Layout,
}
impl Split {
    /// Positions of this rank along the axis.
    pub(crate) fn mine(&self, world: &World) -> Range<usize> {
        self.positions(self.layout.mine(world))
    }
    /// Positions of some rows along the axis.
    pub(crate) fn positions(&self, rows: Range<usize>) -> Range<usize> {
        rows.start * self.unit..rows.end * self.unit
    }
    /// What an output of `len` elements, which a plan writes from `offset` on, holds: its rows as they are walked. They are its first
    /// axis if they can be.
    pub(crate) fn output(&self, world: &World, operation: &'static str, plan: &Plan, offset: usize, len: usize) -> Result<Shard> {
        let (rows, step) = (self.layout.rows(), plan.out()[self.axis]);
        let inner = len.checked_div(rows).unwrap_or(1);
        if step == (inner / self.unit.max(1)) as isize && inner * rows == len {
            return Ok(Shard::new(world, self.layout.clone(), inner));
        }
        let refusal = || refused(operation, "the rows of the result would not be one of its axes", TRANSPOSE);
        let inner = usize::try_from(step).ok().filter(|&step| step > 0 && self.unit == 1).ok_or_else(refusal)?;
        let outer = len.checked_div(rows * inner).filter(|outer| outer * rows * inner == len).ok_or_else(refusal)?;
        let shard = Shard { outer, ..Shard::new(world, self.layout.clone(), inner) };
        match crossing(operation, plan.shape(), plan.out(), offset, &shard) {
            Ok(Crossing::Rows(same)) if same == *self => Ok(shard),
            _ => Err(refusal()),
        }
    }
}

/// What an operand's walk does with sharded rows.
#[derive(Debug)]
pub(crate) enum Crossing {
    Rows(Split),
    /// It stays in one row.
    One(usize),
}

/// Which of the sharded rows an operand's walk comes to.
#[derive(Debug)]
pub(crate) enum Reach {
    /// `count` of them, `step` apart, from `first` on, along an axis of the plan, with `unit` positions for each.
    Rows {
        axis: usize,
        unit: usize,
        first: usize,
        step: usize,
        count: usize,
    },
    One(usize),
}

pub(crate) const GATHER: &str = "`gather` it first, if every rank has room for all of it";
pub(crate) const RESHARD: &str = "`reshard` the operands, which moves their rows to equal parts, or `gather` one of them";
pub(crate) const FIRST: &str = "`copy` its transpose, whose first axis they are, or `gather` it";
pub(crate) const TRANSPOSE: &str = "write the expression so that rows stay rows, or `gather` the operand first";

pub(crate) fn refused(operation: &'static str, why: impl Into<String>, remedy: &'static str) -> Error {
    Error::Sharded { operation, why: why.into(), remedy }
}

/// How an operand that starts at element `offset` of a sharded array crosses its rows.
pub(crate) fn crossing(operation: &'static str, shape: &[usize], walk: &[isize], offset: usize, shard: &Shard) -> Result<Crossing> {
    Ok(match reach(operation, shape, walk, offset, shard)? {
        Reach::Rows { axis, unit, first, step, count } => Crossing::Rows(Split { axis, unit, layout: shard.layout.clipped(first, step, count) }),
        Reach::One(row) => Crossing::One(row),
    })
}

/// [`crossing`] without what it says of the ranks.
pub(crate) fn reach(operation: &'static str, shape: &[usize], walk: &[isize], offset: usize, shard: &Shard) -> Result<Reach> {
    let inner = shard.inner.max(1);
    let (row, column) = (offset % shard.block().max(inner) / inner, offset % inner);
    let (row, block) = if shard.outer == 1 { (offset / inner, usize::MAX) } else { (row, shard.block()) };
    let pieces = || refused(operation, "pieces of its rows that are no rows themselves", "`reshape` after `gather`, or keep the first axis");
    let mut found = None;
    let (mut low, mut high) = (column as isize, column as isize);
    for (axis, (&n, &step)) in shape.iter().zip(walk).enumerate() {
        let stride = step.unsigned_abs();
        if n <= 1 || step == 0 || stride.is_multiple_of(block) {
            continue;
        }
        if stride.is_multiple_of(inner) {
            if step < 0 {
                return Err(refused(operation, "its rows in reverse order", GATHER));
            }
            if found.is_some() {
                return Err(refused(operation, "its rows along two axes", GATHER));
            }
            if row * inner + (n - 1) * stride >= block {
                return Err(pieces());
            }
            found = Some(Reach::Rows { axis, unit: 1, first: row, step: stride / inner, count: n });
        } else if column + (n - 1) * stride >= inner && step > 0 && found.is_none() && walk_is_merged(n, stride, column, inner) {
            // Rows merged into one long row.
            let rows = n * stride / inner;
            if (row + rows - 1) * inner >= block {
                return Err(pieces());
            }
            found = Some(Reach::Rows { axis, unit: inner / stride, first: row, step: 1, count: rows });
        } else {
            let reach = step * (n as isize - 1);
            (low, high) = (low + reach.min(0), high + reach.max(0));
            if low < 0 || high >= inner as isize {
                return Err(pieces());
            }
        }
    }
    Ok(found.unwrap_or(Reach::One(row)))
}

/// The first axis along which a walk goes on from one block of a sharded array to the next, and how many steps it has in a block.
pub(crate) fn blocks_along(shape: &[usize], walk: &[isize], offset: usize, shard: &Shard) -> Option<(usize, usize)> {
    let block = shard.block();
    if shard.outer == 1 || block == 0 {
        return None;
    }
    shape.iter().zip(walk).enumerate().find_map(|(axis, (&n, &step))| {
        let stride = usize::try_from(step).ok().filter(|&stride| stride > 0)?;
        let leaves = !stride.is_multiple_of(block) && offset % block + n.saturating_sub(1) * stride >= block;
        let steps = block / stride;
        (leaves && block.is_multiple_of(stride) && n.is_multiple_of(steps) && n > steps).then_some((axis, steps))
    })
}

/// Whether `n` steps of a walk that leaves its row are whole rows.
fn walk_is_merged(n: usize, stride: usize, column: usize, inner: usize) -> bool {
    inner.is_multiple_of(stride) && column < stride && (n * stride).is_multiple_of(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(rows: usize, inner: usize) -> Shard {
        Shard { outer: 1, layout: Layout::even(rows), inner, mine: 0..rows }
    }

    fn rows(shape: &[usize], walk: &[isize], offset: usize, shard: &Shard) -> (usize, usize, usize) {
        match crossing("test", shape, walk, offset, shard).unwrap() {
            Crossing::Rows(split) => (split.axis, split.unit, split.layout.rows()),
            Crossing::One(row) => panic!("row {row}"),
        }
    }

    #[test]
    fn parts_depend_on_the_rows_alone() {
        for rows in [0, 1, 63, 64, 65, 1000, 400_000, 1 << 40] {
            let layout = Layout::even(rows);
            assert_eq!(layout.rows(), rows);
            let lens: Vec<usize> = (0..layout.parts()).map(|k| layout.part(k).len()).collect();
            assert!(lens.iter().max().unwrap() - lens.iter().min().unwrap() <= 1);
            assert!(layout.parts().is_power_of_two());
        }
        assert_eq!((Layout::even(400_000).parts(), Layout::even(1 << 40).parts()), (128, 4096));
    }

    #[test]
    fn walks_over_rows() {
        let x = shard(100, 12);
        assert_eq!(rows(&[100, 12], &[12, 1], 0, &x), (0, 1, 100));
        assert_eq!(rows(&[1200], &[1], 0, &x), (0, 12, 100));
        assert_eq!(rows(&[100, 3, 4], &[12, 4, 1], 0, &x), (0, 1, 100));
        assert_eq!(rows(&[300, 4], &[4, 1], 0, &x), (0, 3, 100));
        // The transpose, every third row from the second on, one column.
        assert_eq!(rows(&[12, 100], &[1, 12], 0, &x), (1, 1, 100));
        assert_eq!(rows(&[33, 12], &[36, 1], 12, &x), (0, 1, 33));
        assert_eq!(rows(&[100], &[12], 7, &x), (0, 1, 100));
        // Every second column, of rows merged into one.
        assert_eq!(rows(&[600], &[2], 1, &x), (0, 6, 100));
        assert!(matches!(crossing("test", &[12], &[1], 36, &x).unwrap(), Crossing::One(3)));
        assert!(matches!(crossing("test", &[12], &[-1], 47, &x).unwrap(), Crossing::One(3)));
        let reversed = crossing("flip", &[100, 12], &[-12, 1], 99 * 12, &x).unwrap_err();
        assert_eq!(reversed.to_string(), format!("flip of a sharded array: its rows in reverse order; {GATHER}"));
        assert!(crossing("test", &[60, 20], &[20, 1], 0, &x).is_err());
    }

    #[test]
    fn rows_along_a_later_axis() {
        // Of an array of shape (3, 100, 2).
        let x = Shard { outer: 3, mine: 10..30, ..shard(100, 2) };
        assert_eq!((x.len(), x.size()), (120, 600));
        assert_eq!(rows(&[3, 100, 2], &[200, 2, 1], 0, &x), (1, 1, 100));
        assert_eq!(rows(&[3, 200], &[200, 1], 0, &x), (1, 2, 100));
        assert_eq!(rows(&[2, 100], &[1, 2], 400, &x), (1, 1, 100));
        assert_eq!((x.here(2 * 200 + 12 * 2 + 1), x.step(-200), x.step(2)), (2 * 40 + 2 * 2 + 1, -40, 2));
        assert!(matches!(crossing("test", &[3], &[200], 7 * 2, &x).unwrap(), Crossing::One(7)));
        // The whole in one walk, which is cut at the blocks; walks that leave a block elsewhere are not.
        assert_eq!(blocks_along(&[600], &[1], 0, &x), Some((0, 200)));
        assert_eq!(blocks_along(&[3, 200], &[200, 1], 0, &x), None);
        assert!(crossing("test", &[600], &[1], 0, &x).is_err() && crossing("test", &[100], &[2], 50, &x).is_err());
    }

    #[test]
    fn slices_keep_rows_where_they_are() {
        let x = shard(1000, 3);
        let split = match crossing("test", &[400, 3], &[6, 1], 3 * 7, &x).unwrap() {
            Crossing::Rows(split) => split,
            Crossing::One(_) => unreachable!(),
        };
        for k in 0..x.layout.parts() {
            let part = x.layout.part(k);
            let expected = (0..400).filter(|i| part.contains(&(7 + 2 * i))).count();
            assert_eq!(split.layout.part(k).len(), expected);
        }
    }
}
