//! Inclusive scans: cumulative sum, product and other associative operations.
//!
//! A contiguous lane is cut into blocks of fixed length. A block is scanned from its first element on, and what it
//! yields is combined with the result of all blocks before it. Neither depends on the number of threads, and a block
//! ends with the very value that the next one builds on, so a scan of a monotone operation is monotone in spite of
//! rounding. Scans along an outer axis run over whole rows, one row after the other.

use std::mem::MaybeUninit;

use super::par::{self, SharedMut};
use crate::sizes::product;

/// Elements of a block; not a power of two, so that neighbouring blocks use different cache sets.
const BLOCK: usize = 1040;

/// Blocks that are scanned together to hide the latency of the operation.
const TOGETHER: usize = 8;

/// An associative operation and how it takes its operands.
#[derive(Clone, Copy)]
pub struct Scan<T, L, F> {
    /// The neutral element; it is only written (see `initial`), never combined.
    pub identity: T,
    /// Converts an input element.
    pub load: L,
    /// Combines what came before (first) with an element.
    pub op: F,
    /// Whether the output has the identity before everything else along the axis.
    pub initial: bool,
}

impl<T, L, F> Scan<T, L, F> {
    /// Scans the middle axis of a row-major array of shape `[outer, n, inner]`.
    ///
    /// The output has the same shape, with `n + 1` for `n` if `initial` is set.
    ///
    /// # Panics
    /// If the slices do not have these lengths.
    pub fn run<S>(&self, src: &[S], shape: [usize; 3], dst: &mut [MaybeUninit<T>])
    where
        S: Copy + Sync,
        T: Copy + Send + Sync,
        L: Fn(S) -> T + Sync,
        F: Fn(T, T) -> T + Sync,
    {
        let [outer, n, inner] = shape;
        let rows = n + self.initial as usize;
        assert_eq!(Some(src.len()), product(&shape), "source of a scan of shape {shape:?}");
        assert_eq!(Some(dst.len()), product(&[outer, rows, inner]), "destination of a scan of shape {shape:?}");
        if dst.is_empty() {
            return;
        }
        if inner > 1 {
            self.rows(src, shape, dst);
        } else if n > TOGETHER * BLOCK {
            for (src, dst) in src.chunks_exact(n).zip(dst.chunks_exact_mut(rows)) {
                self.long_lane(src, self.skip_initial(dst));
            }
        } else {
            let out = SharedMut::new(dst);
            par::for_ranges(outer, par::grain::<T>() / rows, |lanes| {
                for k in lanes {
                    // SAFETY: lanes are disjoint.
                    let lane = unsafe { out.slice(k * rows..(k + 1) * rows) };
                    self.short_lane(&src[k * n..(k + 1) * n], self.skip_initial(lane));
                }
            });
        }
    }

    /// Writes the identity, if asked for, and returns the rest.
    fn skip_initial<'a>(&self, lane: &'a mut [MaybeUninit<T>]) -> &'a mut [MaybeUninit<T>]
    where
        T: Copy,
    {
        if !self.initial {
            return lane;
        }
        lane[0].write(self.identity);
        &mut lane[1..]
    }

    /// Totals of all blocks first, then every block again with what precedes it.
    fn long_lane<S>(&self, src: &[S], dst: &mut [MaybeUninit<T>])
    where
        S: Copy + Sync,
        T: Copy + Send + Sync,
        L: Fn(S) -> T + Sync,
        F: Fn(T, T) -> T + Sync,
    {
        const GROUP: usize = TOGETHER * BLOCK;
        let n = src.len();
        let totals: Vec<T> = par::map_ranges(n.div_ceil(GROUP), 4, |groups| {
            let mut totals = Vec::with_capacity(groups.len() * TOGETHER);
            for g in groups {
                self.totals(&src[g * GROUP..((g + 1) * GROUP).min(n)], &mut totals);
            }
            totals
        })
        .concat();
        let before = self.before(&totals);
        let out = SharedMut::new(dst);
        par::for_ranges(n.div_ceil(GROUP), 4, |groups| {
            for g in groups {
                let range = g * GROUP..((g + 1) * GROUP).min(n);
                // SAFETY: groups are disjoint.
                let dst = unsafe { out.slice(range.clone()) };
                self.group(&src[range], &before[g * TOGETHER..], dst);
            }
        });
    }

    fn short_lane<S>(&self, src: &[S], dst: &mut [MaybeUninit<T>])
    where
        S: Copy,
        T: Copy,
        L: Fn(S) -> T,
        F: Fn(T, T) -> T,
    {
        if src.len() <= BLOCK {
            return self.block(src, None, dst);
        }
        let mut totals = Vec::with_capacity(TOGETHER);
        self.totals(src, &mut totals);
        self.group(src, &self.before(&totals), dst);
    }

    /// What precedes each block: nothing, then the running combination of the totals.
    fn before(&self, totals: &[T]) -> Vec<Option<T>>
    where
        T: Copy,
        F: Fn(T, T) -> T,
    {
        let mut sum = None;
        totals
            .iter()
            .map(|&total| {
                let before = sum;
                sum = Some(sum.map_or(total, |s| (self.op)(s, total)));
                before
            })
            .collect()
    }

    /// Appends the total of each block of a group.
    fn totals<S>(&self, src: &[S], totals: &mut Vec<T>)
    where
        S: Copy,
        T: Copy,
        L: Fn(S) -> T,
        F: Fn(T, T) -> T,
    {
        if let Ok(src) = <&[S; TOGETHER * BLOCK]>::try_from(src) {
            let mut sums: [T; TOGETHER] = std::array::from_fn(|b| (self.load)(src[b * BLOCK]));
            for k in 1..BLOCK {
                for b in 0..TOGETHER {
                    sums[b] = (self.op)(sums[b], (self.load)(src[b * BLOCK + k]));
                }
            }
            totals.extend(sums);
        } else {
            totals.extend(src.chunks(BLOCK).map(|block| {
                let first = (self.load)(block[0]);
                block[1..].iter().fold(first, |sum, &x| (self.op)(sum, (self.load)(x)))
            }));
        }
    }

    /// Scans the blocks of a group, given what precedes each.
    fn group<S>(&self, src: &[S], before: &[Option<T>], dst: &mut [MaybeUninit<T>])
    where
        S: Copy,
        T: Copy,
        L: Fn(S) -> T,
        F: Fn(T, T) -> T,
    {
        let offsets: Option<Vec<T>> = before.iter().take(TOGETHER).copied().collect();
        let (Ok(src), Some(offsets)) = (<&[S; TOGETHER * BLOCK]>::try_from(src), offsets) else {
            for ((src, dst), &before) in src.chunks(BLOCK).zip(dst.chunks_mut(BLOCK)).zip(before) {
                self.block(src, before, dst);
            }
            return;
        };
        let dst = &mut dst[..TOGETHER * BLOCK];
        let offsets = &offsets[..TOGETHER];
        let mut sums: [T; TOGETHER] = std::array::from_fn(|b| (self.load)(src[b * BLOCK]));
        for b in 0..TOGETHER {
            dst[b * BLOCK].write((self.op)(offsets[b], sums[b]));
        }
        for k in 1..BLOCK {
            for b in 0..TOGETHER {
                sums[b] = (self.op)(sums[b], (self.load)(src[b * BLOCK + k]));
                dst[b * BLOCK + k].write((self.op)(offsets[b], sums[b]));
            }
        }
    }

    /// Scans one block.
    fn block<S>(&self, src: &[S], before: Option<T>, dst: &mut [MaybeUninit<T>])
    where
        S: Copy,
        T: Copy,
        L: Fn(S) -> T,
        F: Fn(T, T) -> T,
    {
        let mut sum = None;
        for (to, &x) in dst.iter_mut().zip(src) {
            let x = (self.load)(x);
            let local = sum.map_or(x, |s| (self.op)(s, x));
            sum = Some(local);
            to.write(before.map_or(local, |b| (self.op)(b, local)));
        }
    }

    /// Scans over rows, in strips of columns.
    fn rows<S>(&self, src: &[S], [outer, n, inner]: [usize; 3], dst: &mut [MaybeUninit<T>])
    where
        S: Copy + Sync,
        T: Copy + Send + Sync,
        L: Fn(S) -> T + Sync,
        F: Fn(T, T) -> T + Sync,
    {
        let strip = (16384 / size_of::<T>().max(1)).max(1).min(inner);
        let strips = inner.div_ceil(strip);
        let rows = n + self.initial as usize;
        let out = SharedMut::new(dst);
        par::for_ranges(outer * strips, par::grain::<T>() / (strip * rows).max(1), |tasks| {
            for task in tasks {
                let (o, first) = (task / strips, task % strips * strip);
                let width = strip.min(inner - first);
                // SAFETY: strips are disjoint.
                let row = |r: usize| unsafe {
                    let at = (o * rows + r) * inner + first;
                    out.slice(at..at + width)
                };
                if self.initial {
                    row(0).fill(MaybeUninit::new(self.identity));
                }
                for r in 0..n {
                    let at = (o * n + r) * inner + first;
                    let from = &src[at..at + width];
                    let to = row(r + self.initial as usize);
                    if r == 0 {
                        to.iter_mut().zip(from).for_each(|(to, &x)| _ = to.write((self.load)(x)));
                        continue;
                    }
                    // SAFETY: the previous row has been written.
                    let previous = unsafe { par::assume_init(row(r + self.initial as usize - 1)) };
                    for ((to, &p), &x) in to.iter_mut().zip(&*previous).zip(from) {
                        to.write((self.op)(p, (self.load)(x)));
                    }
                }
            }
        });
    }
}
