//! Passes over arrays that take some rows at a time.

use core::ops::Range;

/// The rows `0..step`, `step..2 * step`, ... of `n`: the last ones may be fewer.
pub(crate) fn blocks(n: usize, step: usize) -> impl Iterator<Item = Range<usize>> {
    (0..n).step_by(step.max(1)).map(move |start| start..start.saturating_add(step).min(n))
}
