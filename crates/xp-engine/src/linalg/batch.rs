//! Many small problems at once.

use super::{Error, Result};
use crate::threads::map;
use faer::Par;

/// [`super::for_each`].
pub(super) fn for_each(
    count: usize,
    work: usize,
    par: Par,
    solve: impl Fn(usize, Par) -> Result<()> + Sync,
) -> std::result::Result<(), (usize, Error)> {
    let one = |i: usize, par: Par| solve(i, par).map_err(|error| (i, error));
    let threads = match par {
        Par::Seq => 1,
        Par::Rayon(n) => n.get(),
    };
    let large = work > 1 << 24 && count < 4 * threads;
    if threads == 1 || large || count < 2 || count.saturating_mul(work) < 1 << 15 {
        let inner = if large || count < 2 { par } else { Par::Seq };
        return (0..count).try_for_each(|i| one(i, inner));
    }
    // About sixteen tasks for every thread, each with enough work to pay for its start.
    let least = (1usize << 14).div_ceil(work.max(1));
    let task = count.div_ceil(16 * threads).max(least);
    let failures = map(count.div_ceil(task), |t| (t * task..((t + 1) * task).min(count)).find_map(|i| one(i, Par::Seq).err()));
    failures.into_iter().flatten().next().map_or(Ok(()), Err)
}
