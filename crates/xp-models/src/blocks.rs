//! Passes over arrays that take some rows at a time.

use core::ops::Range;

use xp_core::Backend;

use crate::{Error, Result};

/// The rows `0..step`, `step..2 * step`, ... of `n`: the last ones may be fewer.
pub(crate) fn blocks(n: usize, step: usize) -> impl Iterator<Item = Range<usize>> {
    (0..n).step_by(step.max(1)).map(move |start| start..start.saturating_add(step).min(n))
}

/// Parts that blocks are shared out in, at most: so many results are kept at a time.
const PARTS: usize = 64;

/// What is made of the blocks of `n` rows, `step` at a time, joined in the order of the rows. Parts of consecutive blocks may be done
/// side by side, each from `start` on, with a sum of their own: which parts depends on the numbers alone.
///
/// `None` without rows.
pub(crate) fn fold_blocks<B: Backend, S: Send>(
    device: &B,
    n: usize,
    step: usize,
    start: impl Fn() -> Result<S> + Sync,
    each: impl Fn(&mut S, Range<usize>) -> Result<()> + Sync,
    mut join: impl FnMut(&mut S, S) -> Result<()>,
) -> Result<Option<S>> {
    let step = step.max(1);
    let part = n.div_ceil(step).div_ceil(PARTS).max(1) * step;
    let of = |rows: Range<usize>| {
        let mut sum = start()?;
        for block in blocks(rows.len(), step) {
            each(&mut sum, rows.start + block.start..rows.start + block.end)?;
        }
        Ok::<S, Error>(sum)
    };
    let parts: Vec<_> = blocks(n, part).collect();
    let mut found = device.map_parts(parts.len(), |i| of(parts[i].clone())).into_iter();
    let Some(first) = found.next() else { return Ok(None) };
    let mut sum = first?;
    for next in found {
        join(&mut sum, next?)?;
    }
    Ok(Some(sum))
}
