//! Lanes of three interleaved sequences, as the colours of an image are.

// Registers are indexed by constants so that the loops unroll over them.
#![allow(clippy::needless_range_loop)]

use super::vector::{Vector, wide};

/// A register index for each of the three results, for each pair of sources.
struct Tables<V: Vector> {
    first: [V::Index; 3],
    second: [V::Index; 3],
}

wide! {
    /// `to[c * pitch + i] = from[3 i + c]` for elements of `width` reals (1 or 2), `i < n`, `c < 3`.
    ///
    /// # Safety
    /// All elements can be read and written, and the memory is not the same. The processor is able.
    pub(super) unsafe fn split<V: Vector>(from: *const V::Real, to: *mut V::Real, pitch: usize, n: usize, width: usize) {
        // Register `c` of the result has the reals `3 (l - l % width) + c width + l % width` of the three sources in a row.
        // SAFETY: the processor is able.
        let tables = unsafe { Tables::<V>::new(|c, l| 3 * (l - l % width) + c * width + l % width) };
        let step = V::LANES / width;
        // SAFETY: the caller's promise.
        unsafe {
            let mut i = 0;
            while i + step <= n {
                let at = from.add(3 * i * width);
                // The next lanes follow these.
                for v in 0..3 {
                    V::prefetch::<false>(at.wrapping_add(3 * n * width + v * V::LANES));
                }
                let rows = tables.apply([V::load(at), V::load(at.add(V::LANES)), V::load(at.add(2 * V::LANES))]);
                for (c, row) in rows.into_iter().enumerate() {
                    row.store(to.add((c * pitch + i) * width));
                }
                i += step;
            }
            for k in i * width..n * width {
                for c in 0..3 {
                    *to.add(c * pitch * width + k) = *from.add(3 * (k - k % width) + c * width + k % width);
                }
            }
        }
    }

    /// The inverse of [`split`]: `to[3 i + c] = from[c * pitch + i]`.
    ///
    /// # Safety
    /// As there.
    pub(super) unsafe fn merge<V: Vector>(from: *const V::Real, pitch: usize, to: *mut V::Real, n: usize, width: usize) {
        // Real `k` of the result is real `l` of source `c`.
        let place = |v: usize, l: usize| {
            let k = v * V::LANES + l;
            let (element, part) = (k / width, k % width);
            (element % 3) * V::LANES + element / 3 * width + part
        };
        // SAFETY: the processor is able.
        let tables = unsafe { Tables::<V>::new(place) };
        let step = V::LANES / width;
        // SAFETY: the caller's promise.
        unsafe {
            let mut i = 0;
            while i + step <= n {
                let row = |c: usize| from.add((c * pitch + i) * width);
                let all = tables.apply([V::load(row(0)), V::load(row(1)), V::load(row(2))]);
                for (v, all) in all.into_iter().enumerate() {
                    V::prefetch::<true>(to.wrapping_add(3 * (n + i) * width + v * V::LANES));
                    all.store(to.add(3 * i * width + v * V::LANES));
                }
                i += step;
            }
            for k in i * width..n * width {
                for c in 0..3 {
                    *to.add(3 * (k - k % width) + c * width + k % width) = *from.add(c * pitch * width + k);
                }
            }
        }
    }
}

impl<V: Vector> Tables<V> {
    /// For results whose element `l` of register `v` is element `index(v, l)` of three registers in a row.
    #[inline(always)]
    unsafe fn new(index: impl Fn(usize, usize) -> usize) -> Self {
        // The first step takes what lies in the first two registers; the second step keeps that and adds the third.
        // SAFETY: the caller has the instruction set.
        unsafe {
            let first = [0, 1, 2].map(|v| V::index(|l| index(v, l).min(2 * V::LANES - 1)));
            let second = [0, 1, 2].map(|v| {
                V::index(|l| {
                    let at = index(v, l);
                    if at < 2 * V::LANES { l } else { at - V::LANES }
                })
            });
            Self { first, second }
        }
    }

    #[inline(always)]
    unsafe fn apply(&self, x: [V; 3]) -> [V; 3] {
        // SAFETY: the caller has the instruction set.
        unsafe {
            let mut y = x;
            for v in 0..3 {
                y[v] = V::pick(V::pick(x[0], x[1], self.first[v]), x[2], self.second[v]);
            }
            y
        }
    }
}
