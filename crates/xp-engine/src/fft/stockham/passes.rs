//! The passes of a transform over memory.
//!
//! Between passes the numbers lie in blocks: `LANES` real parts, then their `LANES` imaginary parts. A pass of radix `R`
//! takes sequences of length `m R`, of which there are `s` side by side, to `R` times as many of length `m`:
//! `y[q + s (R p + j)] = w^(j p) sum_k x[q + s (p + m k)] exp(-2 pi i j k / R)`, where `w = exp(-2 pi i / (m R))`.

// Registers are indexed by constants so that the loops unroll over them.
#![allow(clippy::needless_range_loop)]

use super::butterfly::{Z, transform};
use super::vector::{Vector, wide};
use crate::fft::float::FftFloat;

/// One pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pass<T> {
    pub(super) radix: usize,
    pub(super) m: usize,
    pub(super) s: usize,
    /// The powers `w^(j p)` for `j > 0`, in an order that the kind of pass defines.
    pub(super) roots: *const T,
}

/// Where a pass reads. Row `i`, column `q` is element `q + s i`.
///
/// # Safety
/// The functions of this trait and the next need the instruction sets of the register, and memory that is valid.
pub(super) trait Source<V: Vector>: Copy {
    unsafe fn get(self, row: usize, column: usize) -> Z<V>;
}

/// Where it writes.
pub(super) trait Target<V: Vector>: Copy {
    unsafe fn put(self, row: usize, column: usize, z: Z<V>);
}

/// Blocks; rows are `s` numbers apart.
#[derive(Clone, Copy)]
pub(super) struct Blocks<T> {
    pub(super) start: *mut T,
    pub(super) s: usize,
}

impl<V: Vector> Source<V> for Blocks<V::Real> {
    #[inline(always)]
    unsafe fn get(self, row: usize, column: usize) -> Z<V> {
        // SAFETY: the caller's promise.
        unsafe {
            let at = self.start.add(2 * (row * self.s + column));
            Z { re: V::load(at), im: V::load(at.add(V::LANES)) }
        }
    }
}

impl<V: Vector> Target<V> for Blocks<V::Real> {
    #[inline(always)]
    unsafe fn put(self, row: usize, column: usize, z: Z<V>) {
        // SAFETY: the caller's promise.
        unsafe {
            let at = self.start.add(2 * (row * self.s + column));
            z.re.store(at);
            z.im.store(at.add(V::LANES));
        }
    }
}

/// Complex numbers; rows are `stride` apart. With `SWAP`, real and imaginary parts change places on their way: an inverse
/// transform is a forward one between two such swaps.
#[derive(Clone, Copy)]
pub(super) struct Plain<T, const SWAP: bool> {
    pub(super) start: *mut T,
    pub(super) stride: isize,
    /// Multiplies what is written.
    pub(super) scale: T,
    /// So many numbers further on, memory is asked for: what will be read or written next.
    pub(super) ahead: usize,
}

impl<V: Vector, const SWAP: bool> Source<V> for Plain<V::Real, SWAP> {
    #[inline(always)]
    unsafe fn get(self, row: usize, column: usize) -> Z<V> {
        // SAFETY: the caller's promise.
        let z = unsafe {
            let at = self.start.offset(2 * (row as isize * self.stride + column as isize));
            let next = at.wrapping_add(2 * self.ahead);
            V::prefetch::<false>(next);
            V::prefetch::<false>(next.wrapping_add(V::LANES));
            load(at)
        };
        if SWAP { Z { re: z.im, im: z.re } } else { z }
    }
}

impl<V: Vector, const SWAP: bool> Target<V> for Plain<V::Real, SWAP> {
    #[inline(always)]
    unsafe fn put(self, row: usize, column: usize, z: Z<V>) {
        // SAFETY: the caller's promise.
        unsafe {
            let at = self.start.offset(2 * (row as isize * self.stride + column as isize));
            let next = at.wrapping_add(2 * self.ahead);
            V::prefetch::<true>(next);
            V::prefetch::<true>(next.wrapping_add(V::LANES));
            let z = z.scale(V::splat(self.scale));
            store(at, if SWAP { Z { re: z.im, im: z.re } } else { z });
        }
    }
}

/// `LANES` complex numbers in a row.
#[inline(always)]
pub(super) unsafe fn load<V: Vector>(at: *const V::Real) -> Z<V> {
    // SAFETY: the caller's promise.
    let (re, im) = unsafe { V::unzip(V::load(at), V::load(at.add(V::LANES))) };
    Z { re, im }
}

/// As [`load`], in the opposite order.
#[inline(always)]
pub(super) unsafe fn load_reversed<V: Vector>(at: *const V::Real) -> Z<V> {
    // SAFETY: the caller's promise.
    let (re, im) = unsafe { V::unzip_reversed(V::load(at), V::load(at.add(V::LANES))) };
    Z { re, im }
}

/// The inverse of [`load`].
#[inline(always)]
pub(super) unsafe fn store<V: Vector>(at: *mut V::Real, z: Z<V>) {
    // SAFETY: the caller's promise.
    unsafe {
        let (low, high) = V::zip(z.re, z.im);
        low.store(at);
        high.store(at.add(V::LANES));
    }
}

/// The inverse of [`load_reversed`].
#[inline(always)]
pub(super) unsafe fn store_reversed<V: Vector>(at: *mut V::Real, z: Z<V>) {
    // SAFETY: the caller's promise.
    unsafe {
        let (low, high) = V::zip_reversed(z.re, z.im);
        low.store(at);
        high.store(at.add(V::LANES));
    }
}

wide! {
    /// A pass in general; `s` is a multiple of `LANES`. Roots: by `p`, then `j`.
    ///
    /// # Safety
    /// `from` holds the `s m R` elements, `to` has room for as many and is other memory; the processor is
    /// [able](super::vector::available).
    pub(super) unsafe fn middle<V: Vector, S: Source<V>>(pass: &Pass<V::Real>, from: S, to: Blocks<V::Real>) {
        // SAFETY: the caller's promise.
        unsafe {
            match pass.radix {
                2 => middle_of::<V, S, 2>(pass, from, to),
                3 => middle_of::<V, S, 3>(pass, from, to),
                4 => middle_of::<V, S, 4>(pass, from, to),
                5 => middle_of::<V, S, 5>(pass, from, to),
                8 => middle_of::<V, S, 8>(pass, from, to),
                _ => middle_of::<V, S, 16>(pass, from, to),
            }
        }
    }

    /// The last pass, for which `m` is 1: there are no roots. Of every `width` columns that follow each other, column
    /// `width kk + q` becomes elements `kk + s / width * j` of sequence `q`.
    ///
    /// # Safety
    /// As for [`middle`]; `width` is a multiple of `LANES`. If `width` is `s`, `to` may be the memory of `from`.
    pub(super) unsafe fn last<V: Vector, S: Source<V>, D: Target<V>>(pass: &Pass<V::Real>, width: usize, from: S, to: D) {
        // SAFETY: the caller's promise.
        unsafe {
            match pass.radix {
                1 => last_of::<V, S, D, 1>(pass, width, from, to),
                2 => last_of::<V, S, D, 2>(pass, width, from, to),
                3 => last_of::<V, S, D, 3>(pass, width, from, to),
                4 => last_of::<V, S, D, 4>(pass, width, from, to),
                5 => last_of::<V, S, D, 5>(pass, width, from, to),
                8 => last_of::<V, S, D, 8>(pass, width, from, to),
                _ => last_of::<V, S, D, 16>(pass, width, from, to),
            }
        }
    }

    /// The first pass over one sequence: radix 8, `s` is 1, neighbours in `p` side by side in registers. Roots: by `j`,
    /// of each all real parts by `p`, then all imaginary ones.
    ///
    /// # Safety
    /// As for [`middle`]; `m >= LANES`, and `8 m` is a multiple of `2 LANES` or `LANES` is 8.
    pub(super) unsafe fn first<V: Vector, S: Source<V>>(pass: &Pass<V::Real>, from: S, to: *mut V::Real) {
        let m = pass.m;
        let mut p = 0;
        // SAFETY: the caller's promise.
        unsafe {
            while p < m {
                // The last step may overlap the one before it.
                p = p.min(m - V::LANES);
                let mut x = [from.get(0, p); 8];
                for k in 1..8 {
                    x[k] = from.get(0, p + m * k);
                }
                let y = transform(x);
                let (mut re, mut im) = ([y[0].re; 8], [y[0].im; 8]);
                for j in 1..8 {
                    let roots = pass.roots.add(2 * m * (j - 1) + p);
                    let z = y[j].mul(Z { re: V::load(roots), im: V::load(roots.add(m)) });
                    (re[j], im[j]) = (z.re, z.im);
                }
                let (re, im) = (V::transpose8(re), V::transpose8(im));
                let to = to.add(2 * 8 * p);
                for v in 0..8 {
                    re[v].store(to.add(2 * v * V::LANES));
                    im[v].store(to.add((2 * v + 1) * V::LANES));
                }
                p += V::LANES;
            }
        }
    }

    /// A pass for which `s` is 8, half of `LANES`: a register holds two neighbours in `p`. Radix and `m` are even. Roots:
    /// by `j`, of each all real parts by `p`, eight times each, then all imaginary ones.
    ///
    /// # Safety
    /// As for [`middle`].
    pub(super) unsafe fn half<V: Vector>(pass: &Pass<V::Real>, from: *mut V::Real, to: *mut V::Real) {
        // SAFETY: the caller's promise.
        unsafe {
            match pass.radix {
                2 => half_of::<V, 2>(pass, from, to),
                4 => half_of::<V, 4>(pass, from, to),
                8 => half_of::<V, 8>(pass, from, to),
                _ => half_of::<V, 16>(pass, from, to),
            }
        }
    }
}

#[inline(always)]
unsafe fn middle_of<V: Vector, S: Source<V>, const R: usize>(pass: &Pass<V::Real>, from: S, to: Blocks<V::Real>) {
    let Pass { m, s, .. } = *pass;
    // SAFETY: the caller's promise.
    unsafe {
        let mut roots = pass.roots;
        for p in 0..m {
            let mut q = 0;
            while q < s {
                let mut x = [from.get(p, q); R];
                for k in 1..R {
                    x[k] = from.get(p + m * k, q);
                }
                let y = transform(x);
                to.put(R * p, q, y[0]);
                for j in 1..R {
                    let (re, im) = (*roots.add(2 * j - 2), *roots.add(2 * j - 1));
                    to.put(R * p + j, q, y[j].mul(Z { re: V::splat(re), im: V::splat(im) }));
                }
                q += V::LANES;
            }
            roots = roots.add(2 * (R - 1));
        }
    }
}

#[inline(always)]
unsafe fn last_of<V: Vector, S: Source<V>, D: Target<V>, const R: usize>(pass: &Pass<V::Real>, width: usize, from: S, to: D) {
    let rows = pass.s / width;
    // SAFETY: the caller's promise.
    unsafe {
        for row in 0..rows {
            let mut q = 0;
            while q < width {
                let mut x = [from.get(0, row * width + q); R];
                for k in 1..R {
                    x[k] = from.get(k, row * width + q);
                }
                let y = transform(x);
                for j in 0..R {
                    to.put(row + rows * j, q, y[j]);
                }
                q += V::LANES;
            }
        }
    }
}

#[inline(always)]
unsafe fn half_of<V: Vector, const R: usize>(pass: &Pass<V::Real>, from: *mut V::Real, to: *mut V::Real) {
    let m = pass.m;
    let from = Blocks { start: from, s: 8 };
    let to = Blocks { start: to, s: 8 };
    // SAFETY: the caller's promise.
    unsafe {
        let mut p = 0;
        while p < m {
            let mut x: [Z<V>; R] = [from.get(p, 0); R];
            for k in 1..R {
                x[k] = from.get(p + m * k, 0);
            }
            let mut y = transform(x);
            for j in 1..R {
                let roots = pass.roots.add(8 * (2 * m * (j - 1) + p));
                y[j] = y[j].mul(Z { re: V::load(roots), im: V::load(roots.add(8 * m)) });
            }
            let mut j = 0;
            while j < R {
                let ((low_re, high_re), (low_im, high_im)) = (V::halves(y[j].re, y[j + 1].re), V::halves(y[j].im, y[j + 1].im));
                to.put(R * p + j, 0, Z { re: low_re, im: low_im });
                to.put(R * (p + 1) + j, 0, Z { re: high_re, im: high_im });
                j += 2;
            }
            p += 2;
        }
    }
}

/// The roots of a pass in the order of [`middle`].
pub(super) fn middle_roots<T: FftFloat>(radix: usize, m: usize, root: impl Fn(usize) -> (T, T)) -> Vec<T> {
    (0..m).flat_map(|p| (1..radix).map(move |j| j * p)).map(root).flat_map(|(re, im)| [re, im]).collect()
}

/// The roots of a pass in the orders of [`first`] (`repeat` is 1) and [`half`] (8).
pub(super) fn planar_roots<T: FftFloat>(radix: usize, m: usize, repeat: usize, root: impl Fn(usize) -> (T, T)) -> Vec<T> {
    let mut all = Vec::with_capacity(2 * (radix - 1) * m * repeat);
    for j in 1..radix {
        let roots: Vec<(T, T)> = (0..m).map(|p| root(j * p)).collect();
        all.extend(roots.iter().flat_map(|r| std::iter::repeat_n(r.0, repeat)));
        all.extend(roots.iter().flat_map(|r| std::iter::repeat_n(r.1, repeat)));
    }
    all
}
