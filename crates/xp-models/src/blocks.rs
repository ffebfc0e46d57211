//! Passes over arrays that take some rows at a time.

use core::ops::Range;
use std::sync::Mutex;

use xp_core::{Array, Backend, Dim, Element, Ix1, Mergeable, RowTiles, Tiles};

use crate::{Error, Result};

/// The rows `0..step`, `step..2 * step`, ... of `n`: the last ones may be fewer.
pub(crate) fn blocks(n: usize, step: usize) -> impl Iterator<Item = Range<usize>> {
    (0..n).step_by(step.max(1)).map(move |start| start..start.saturating_add(step).min(n))
}

/// The [`blocks`] of some rows.
pub(crate) fn blocks_of(rows: Range<usize>, step: usize) -> impl Iterator<Item = Range<usize>> {
    blocks(rows.len(), step).map(move |block| rows.start + block.start..rows.start + block.end)
}

/// Parts that blocks are shared out in, at most: so many results are kept at a time.
const PARTS: usize = 64;

/// What is made of the blocks of some rows, `step` at a time, joined in the order of the rows. Parts of consecutive blocks may be done
/// side by side, each from `start` on, with a sum of their own: which parts depends on the numbers alone.
///
/// `None` without rows.
pub(crate) fn fold_blocks<B: Backend, S: Send>(
    device: &B,
    rows: Range<usize>,
    step: usize,
    start: impl Fn() -> Result<S> + Sync,
    each: impl Fn(&mut S, Range<usize>) -> Result<()> + Sync,
    mut join: impl FnMut(&mut S, S) -> Result<()>,
) -> Result<Option<S>> {
    let step = step.max(1);
    let part = rows.len().div_ceil(step).div_ceil(PARTS).max(1) * step;
    let of = |rows: Range<usize>| {
        let mut sum = start()?;
        for block in blocks_of(rows, step) {
            each(&mut sum, block)?;
        }
        Ok::<S, Error>(sum)
    };
    let parts: Vec<_> = blocks_of(rows, part).collect();
    let mut found = device.map_parts(parts.len(), |i| of(parts[i].clone())).into_iter();
    let Some(first) = found.next() else { return Ok(None) };
    let mut sum = first?;
    for next in found {
        join(&mut sum, next?)?;
    }
    Ok(Some(sum))
}

/// What `part` makes of ranges of the rows of `x`, and of arrays that have a row for each of them, joined in their order: of all rows at
/// once, but where the backend has them in several places, and then each in its own ([`Backend::fold_rows`]).
pub(crate) fn fold_rows<B: Backend, T: Element, D: Dim, S: Mergeable<B>>(
    x: &Array<B, T, D>,
    part: impl Fn(Range<usize>) -> Result<S> + Sync,
    mut join: impl FnMut(S, S) -> Result<S>,
) -> Result<S> {
    let told = Told::default();
    let rows = x.dims().first().copied().unwrap_or(0);
    told.of(x.device().fold_rows(x.buffer(), rows, |rows| told.pass(part(rows)), |a, b| told.pass(join(a, b))))
}

/// [`fold_rows`] that makes an element for each row as well.
pub(crate) fn fold_and_map_rows<B: Backend, T: Element, U: Element, D: Dim, S: Mergeable<B>>(
    x: &Array<B, T, D>,
    part: impl for<'r> Fn(Range<usize>, &mut RowTiles<'r, B, U>) -> Result<S> + Sync,
    mut join: impl FnMut(S, S) -> Result<S>,
) -> Result<(Array<B, U, Ix1>, S)> {
    let told = Told::default();
    let made = Tiles::fold_rows(x, 1, |rows, tiles| told.pass(part(rows, tiles)), |a, b| told.pass(join(a, b)));
    let (column, sum) = told.of(made)?;
    Ok((column.squeeze(1)?, sum))
}

/// The first error that the backend has no word for.
#[derive(Default)]
struct Told(Mutex<Option<Error>>);

impl Told {
    fn pass<S>(&self, made: Result<S>) -> xp_core::Result<S> {
        made.map_err(|e| match e {
            Error::Array(e) => e,
            e => {
                let words = xp_core::Error::value("a pass over rows", e.to_string());
                self.0.lock().unwrap_or_else(|e| e.into_inner()).get_or_insert(e);
                words
            }
        })
    }

    fn of<S>(&self, found: xp_core::Result<S>) -> Result<S> {
        found.map_err(|e| self.0.lock().unwrap_or_else(|e| e.into_inner()).take().unwrap_or(Error::Array(e)))
    }
}

/// Makes a struct of arrays [`Mergeable`].
macro_rules! mergeable {
    ($name:ident<B $(, $T:ident: $bound:ident)*> { $($field:ident),* }) => {
        impl<B: xp_core::Backend $(, $T: $bound)*> xp_core::Mergeable<B> for $name<B $(, $T)*> {
            fn write(&self, to: &mut Vec<u8>) -> xp_core::Result<()> {
                $(self.$field.write(to)?;)*
                Ok(())
            }
            fn read(device: &B, from: &mut &[u8]) -> xp_core::Result<Self> {
                Ok($name { $($field: xp_core::Mergeable::read(device, from)?),* })
            }
        }
    };
}
pub(crate) use mergeable;
