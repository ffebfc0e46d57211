//! Transforms of sequences side by side: as many as a register has lanes, one in each.

use super::super::float::{FftFloat, unit_root};
use super::passes::{Blocks, Pass, Source, Target, last, middle, middle_roots};
use super::vector::Vector;
use super::{Roots, factors};

/// Transforms of `n` points over `LANES` columns, forward.
pub(super) struct Columns<V: Vector> {
    n: usize,
    steps: Vec<(usize, usize, usize, usize)>,
    roots: Roots<V::Real>,
}

impl<V: Vector> Columns<V> {
    /// For lengths that are products of the radices.
    pub(super) fn new(n: usize) -> Option<Self> {
        let mut radices = factors(n)?;
        if radices.is_empty() {
            radices.push(1);
        }
        let (mut steps, mut roots, mut at) = (vec![], vec![], 0);
        let (mut length, mut s) = (n, V::LANES);
        for radix in radices {
            let m = length / radix;
            let root = |k: usize| {
                let w = unit_root::<V::Real>(k as u64, length as u64);
                (w.re, w.im)
            };
            let part = if m > 1 { middle_roots(radix, m, root) } else { vec![] };
            steps.push((radix, m, s, at));
            at += part.len().next_multiple_of(64 / size_of::<V::Real>());
            roots.push(part);
            (length, s) = (m, s * radix);
        }
        Some(Self { n, steps, roots: Roots::new(&roots) })
    }

    /// Points of a sequence.
    pub(super) fn len(&self) -> usize {
        self.n
    }

    /// Reals in each of the two work areas of `run`.
    pub(super) fn work_len(&self) -> usize {
        2 * self.n * V::LANES
    }

    /// That of the work areas of `run` that the last step does not read.
    pub(super) fn free_area<T>(&self, a: *mut T, b: *mut T) -> *mut T {
        if self.steps.len().is_multiple_of(2) { b } else { a }
    }

    /// Rows of `from`, one point of every sequence in each, to rows of `to`.
    ///
    /// # Safety
    /// `n` rows can be read and written; `a` and `b` have room for `work_len` reals each, and `from` is not part of them. `to`
    /// may be the [free area](Self::free_area) of them, or the memory of `from`. The processor is able.
    pub(super) unsafe fn run<S: Source<V>, D: Target<V>>(&self, from: S, to: D, mut a: *mut V::Real, mut b: *mut V::Real) {
        let pass = |&(radix, m, s, at): &(usize, usize, usize, usize)| Pass { radix, m, s, roots: self.roots.at(at) };
        let (last_step, steps) = self.steps.split_last().expect("at least one step");
        // SAFETY: the caller's promise.
        unsafe {
            let Some((first_step, steps)) = steps.split_first() else {
                return last::<V, S, D>(&pass(last_step), V::LANES, from, to);
            };
            middle::<V, S>(&pass(first_step), from, Blocks { start: a, s: first_step.2 });
            for step in steps {
                middle::<V, _>(&pass(step), Blocks { start: a, s: step.2 }, Blocks { start: b, s: step.2 });
                (a, b) = (b, a);
            }
            last::<V, _, D>(&pass(last_step), V::LANES, Blocks { start: a, s: last_step.2 }, to);
        }
    }
}
