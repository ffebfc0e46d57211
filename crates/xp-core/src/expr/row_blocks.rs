//! Blocks of rows of lazy expressions.

use core::ops::Range;

use super::nodes::whole_rows;
use super::plan::{Leaves, Plan};
use super::{Expr, Lazy};
use crate::dim::DimBase;
use crate::error::{Error, Result};

impl<E: Expr> Lazy<E> {
    /// The rows `0..step`, `step..2 * step`, ... of the expression, as expressions: what a pass over a large array that must
    /// not be evaluated whole goes through. The last block may be shorter; no rows make no blocks.
    ///
    /// A block takes part in further expressions as any other, but is not stretched along its first axis.
    ///
    /// # Errors
    /// [`Error::Rank`] for a scalar expression; [`Error::Value`] when `step` is 0; as for [`Lazy::try_eval`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = array![[1.0_f64, 2.0], [3.0, 4.0], [5.0, 6.0]];
    /// let e = x.lazy() * 10.0;
    /// let mut sums = vec![];
    /// for block in e.row_blocks(2)? {
    ///     sums.push((block.expr().range(), block.sum(..).eval().item()?));
    /// }
    /// assert_eq!(sums, [(0..2, 100.0), (2..3, 110.0)]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn row_blocks(&self, step: usize) -> Result<impl ExactSizeIterator<Item = Lazy<RowBlock<'_, E>>>> {
        let rows = self.rows()?;
        if step == 0 {
            return Err(Error::value("row_blocks: step", "0 given: a block has at least one row"));
        }
        let block = move |k: usize| RowBlock { expr: self.expr(), start: k * step, len: step.min(rows - k * step) };
        Ok((0..rows.div_ceil(step)).map(move |k| Lazy::new(block(k))))
    }

    /// Some rows of the expression, as an item of [`Lazy::row_blocks`].
    ///
    /// # Errors
    /// [`Error::Rank`] for a scalar expression; [`Error::Index`] when there are no such rows; as for [`Lazy::try_eval`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = array![[1.0_f64, 2.0], [3.0, 4.0], [5.0, 6.0]];
    /// let e = x.lazy() * 10.0;
    /// assert_eq!(e.row_block(1..3)?.sum(0).eval().to_vec(), [80.0, 100.0]);
    /// assert!(e.row_block(1..4).is_err());
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn row_block(&self, rows: Range<usize>) -> Result<Lazy<RowBlock<'_, E>>> {
        let len = self.rows()?;
        if rows.start > rows.end || rows.end > len {
            return Err(Error::Index { index: rows.start.max(rows.end) as isize, axis: 0, len, operation: None });
        }
        Ok(Lazy::new(RowBlock { expr: self.expr(), start: rows.start, len: rows.len() }))
    }

    /// The number of rows.
    fn rows(&self) -> Result<usize> {
        self.expr().shape()?.as_ref().first().copied().ok_or(Error::Rank { expected: 1, given: 0 })
    }
}

/// Some rows of an expression: an item of [`Lazy::row_blocks`].
#[derive(Debug)]
pub struct RowBlock<'a, E> {
    expr: &'a E,
    start: usize,
    len: usize,
}

impl<E> RowBlock<'_, E> {
    /// Which rows.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.start..self.start + self.len
    }
}

impl<E> Clone for RowBlock<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<E> Copy for RowBlock<'_, E> {}

// SAFETY: the rows exist, as `Lazy::row_blocks` has seen to, and the result has all of them.
unsafe impl<E: Expr> Expr for RowBlock<'_, E> {
    type Backend = E::Backend;
    type Elem = E::Elem;
    type Dim = E::Dim;
    type Kernel = E::Kernel;
    fn shape(&self) -> Result<<E::Dim as DimBase>::Shape> {
        let mut shape = self.expr.shape()?;
        shape.as_mut()[0] = self.len;
        Ok(shape)
    }
    fn device(&self) -> Result<Option<&E::Backend>> {
        self.expr.device()
    }
    fn leaves(&self, out: &[usize], leaves: &mut Leaves) -> Result<()> {
        let mut shape = self.expr.shape()?;
        let rows = core::mem::replace(&mut shape.as_mut()[0], self.len);
        whole_rows(shape.as_ref(), out)?;
        // The leaves are those of all rows, from row `start` on.
        let (first, mut all) = (leaves.count(), out.to_vec());
        all[0] = rows;
        self.expr.leaves(&all, leaves)?;
        leaves.skip_rows(first, self.start);
        Ok(())
    }
    fn lower(&self, plan: &Plan, next: &mut usize) -> E::Kernel {
        self.expr.lower(plan, next)
    }
}
