//! SIMD kernels for real matrices: outer-product tiles, and fused matrix-vector passes.
//!
//! The tile kernel keeps a block of the result in registers and adds one outer product per step of the inner
//! dimension, after Goto & van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008).

// Register tiles are indexed by constants so that the loops unroll over them.
#![allow(clippy::needless_range_loop)]

use super::{RealScalar, Scalar};
#[cfg(target_arch = "x86_64")]
use crate::level::{Level, level};

/// Operands of one call of the tile kernel: `c[i, j] = alpha * sum_k a[i, k] * b[k, j]`, added to `c` if `add`.
///
/// `a` and `c` have unit stride along `i`; the other strides are free.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tile<T> {
    pub m: usize,
    pub n: usize,
    pub k: usize,
    pub alpha: T,
    pub a: *const T,
    pub a_k: isize,
    pub b: *const T,
    pub b_k: isize,
    pub b_j: isize,
    pub c: *mut T,
    pub c_j: isize,
    pub add: bool,
}

/// The kernels of a type for one level.
#[derive(Debug)]
pub struct Kernels<T: 'static> {
    /// Rows of a register tile; panels of this many rows run at full speed.
    pub(super) tile_rows: usize,
    /// Columns of a register tile.
    pub(super) tile_cols: usize,
    /// The product of [`Tile`]. All addresses it names must be valid, and `c` must not overlap `a` or `b`.
    pub(super) product: unsafe fn(&Tile<T>),
    /// The product of [`Tile`] for each pair of offsets: `b` is moved by the first, `a` by the second, and `c` by `m * n`
    /// from one product to the next. All addresses must be valid, and `c` must not overlap `a` or `b`.
    pub(super) products: unsafe fn(&Tile<T>, &[[usize; 2]]),
    /// `y += A x` for the `m x n` matrix `A` whose columns are contiguous and `ld` apart.
    pub(super) gemv: unsafe fn(m: usize, n: usize, a: *const T, ld: isize, x: *const T, y: *mut T),
    /// `y[j] += A[:, j] . x` for that matrix.
    pub(super) gemv_transposed: unsafe fn(m: usize, n: usize, a: *const T, ld: isize, x: *const T, y: *mut T),
    /// One pass over the columns of `A` (`ld` apart): `z[j] = alpha (A[:, j] . u) + z[j]`, then `w += A[:, j] z[j]`.
    pub(super) gemv_both: unsafe fn(m: usize, n: usize, a: *const T, ld: isize, u: *const T, alpha: T, z: *mut T, w: *mut T),
    /// Adds to `y` what the columns `j0..j1` of the lower triangle of a symmetric `n x n` matrix contribute to `A x`.
    pub(super) symv_lower: unsafe fn(n: usize, j0: usize, j1: usize, a: *const T, ld: isize, x: *const T, y: *mut T),
    /// Plane rotations of neighbouring columns of an `m x (count + 1)` matrix `z`, whose columns are `ld` apart: for `j` from
    /// `count - 1` down to 0, columns `j` and `j + 1` become `c z_j - s z_(j+1)` and `s z_j + c z_(j+1)`, where `c` and `s` are
    /// elements `2 j` and `2 j + 1` of `rotations`.
    pub(super) rotate: unsafe fn(m: usize, count: usize, z: *mut T, ld: isize, rotations: *const T),
    /// Forward substitution in [`Packed`] right-hand sides.
    pub(super) substitute: unsafe fn(&Packed<T>),
    /// For each pair of addresses of `k` elements, those of the second `step` apart, the sum of their products, rounded as an element of
    /// `product` is.
    pub(super) dots: unsafe fn(k: usize, pairs: &[[*const T; 2]], step: isize, out: *mut T),
    /// Looks through `n` columns of `tile_rows` elements, one after the other, to each of which a number of `bias` is added: where an
    /// element is below the one in `values`, it takes its place, and `first` plus its column that in `places`. Both have `tile_rows`
    /// elements.
    pub(super) least: unsafe fn(n: usize, tile: *const T, bias: *const T, first: T, values: *mut T, places: *mut T),
    /// As `least`, and the least but one goes to `seconds`.
    pub(super) least_two: unsafe fn(n: usize, tile: *const T, bias: *const T, first: T, values: *mut T, seconds: *mut T, places: *mut T),
    /// Looks through such columns for elements that are not at least the number in `limits`, of which there are `tile_rows`: writes
    /// their positions in the tile to `hits`, column by column, and returns how many they are.
    pub(super) below: unsafe fn(n: usize, tile: *const T, bias: *const T, limits: *const T, hits: *mut u32) -> usize,
}

/// A lower triangular system `t x = x` of order `k`, whose right-hand sides are a panel: row `i` of `x` is the `tile_rows`
/// elements from `i * tile_rows` on. Element `(i, p)` of `t` is `i * t_i + p * t_p` elements from `t`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packed<T> {
    pub k: usize,
    pub t: *const T,
    pub t_i: isize,
    pub t_p: isize,
    /// The diagonal counts as ones and is not read.
    pub unit: bool,
    pub x: *mut T,
}

/// How many steps of the inner dimension the left operand is fetched ahead.
const PREFETCH_STEPS: isize = 12;

/// Vector operations of one instruction set on one type.
///
/// # Safety
/// The functions may be called only where the instruction set is enabled; addresses must be valid for the lanes read or written.
trait Vector: Copy {
    type T: RealScalar;
    type V: Copy;
    const LANES: usize;
    unsafe fn splat(x: Self::T) -> Self::V;
    unsafe fn load(p: *const Self::T) -> Self::V;
    unsafe fn store(p: *mut Self::T, v: Self::V);
    unsafe fn load_first(p: *const Self::T, n: usize) -> Self::V;
    unsafe fn store_first(p: *mut Self::T, n: usize, v: Self::V);
    /// `a * b + c`
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    unsafe fn sum(v: Self::V) -> Self::T;
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V;
    /// Where `a < b`: `yes`, else `no`.
    unsafe fn where_less(a: Self::V, b: Self::V, yes: Self::V, no: Self::V) -> Self::V;
    /// A bit for each lane, the first one the lowest: whether `a` is not at least `b`, as when either is NaN.
    unsafe fn below(a: Self::V, b: Self::V) -> u32;
    /// A hint that this address will be used; any address will do.
    unsafe fn prefetch(p: *const Self::T);
}

/// One register tile of `MV` vectors by `NR` columns; the last vector has `last` lanes.
///
/// # Safety
/// As [`Kernels::product`].
#[inline(always)]
unsafe fn register_tile<S: Vector, const MV: usize, const NR: usize, const FULL: bool>(
    t: &Tile<S::T>,
    a: *const S::T,
    b: *const S::T,
    c: *mut S::T,
    last: usize,
) {
    // SAFETY: the caller vouches for the addresses of the tile and for the instruction set.
    unsafe {
        // The tile of the result is wanted last, and the left operand comes from the second-level cache.
        for j in 0..NR {
            for v in 0..MV {
                S::prefetch(c.wrapping_offset(j as isize * t.c_j).wrapping_add(v * S::LANES));
            }
        }
        let ahead = PREFETCH_STEPS * t.a_k;
        let mut acc = [[S::splat(S::T::ZERO); MV]; NR];
        let (mut pa, mut pb) = (a, b);
        for _ in 0..t.k {
            for v in 0..MV {
                S::prefetch(pa.wrapping_offset(ahead).wrapping_add(v * S::LANES));
            }
            let mut av = [S::splat(S::T::ZERO); MV];
            for v in 0..MV {
                let p = pa.add(v * S::LANES);
                av[v] = if FULL || v + 1 < MV { S::load(p) } else { S::load_first(p, last) };
            }
            for j in 0..NR {
                let x = S::splat(*pb.offset(j as isize * t.b_j));
                for v in 0..MV {
                    acc[j][v] = S::fma(av[v], x, acc[j][v]);
                }
            }
            pa = pa.offset(t.a_k);
            pb = pb.offset(t.b_k);
        }
        let alpha = S::splat(t.alpha);
        for j in 0..NR {
            for v in 0..MV {
                let p = c.offset(j as isize * t.c_j).add(v * S::LANES);
                let whole = FULL || v + 1 < MV;
                let old = if !t.add {
                    S::splat(S::T::ZERO)
                } else if whole {
                    S::load(p)
                } else {
                    S::load_first(p, last)
                };
                let new = S::fma(acc[j][v], alpha, old);
                if whole { S::store(p, new) } else { S::store_first(p, last, new) }
            }
        }
    }
}

/// # Safety
/// As [`Kernels::product`].
#[inline(always)]
unsafe fn columns<S: Vector, const MV: usize, const NR: usize>(t: &Tile<S::T>, i: usize, j: usize, last: usize) {
    // SAFETY: i < m and j + NR <= n, so all offsets stay in the operands.
    unsafe {
        let (a, b) = (t.a.add(i), t.b.offset(j as isize * t.b_j));
        let c = t.c.offset(j as isize * t.c_j).add(i);
        if last == S::LANES {
            register_tile::<S, MV, NR, true>(t, a, b, c, last);
        } else {
            register_tile::<S, MV, NR, false>(t, a, b, c, last);
        }
    }
}

/// # Safety
/// As [`Kernels::product`].
#[inline(always)]
unsafe fn panel<S: Vector, const MV: usize, const NR: usize>(t: &Tile<S::T>, i: usize, last: usize) {
    let mut j = 0;
    // SAFETY: every call has j + width <= n.
    unsafe {
        while j + NR <= t.n {
            columns::<S, MV, NR>(t, i, j, last);
            j += NR;
        }
        if j + 4 <= t.n {
            columns::<S, MV, 4>(t, i, j, last);
            j += 4;
        }
        if j + 2 <= t.n {
            columns::<S, MV, 2>(t, i, j, last);
            j += 2;
        }
        if j < t.n {
            columns::<S, MV, 1>(t, i, j, last);
        }
    }
}

/// # Safety
/// As [`Kernels::product`].
#[inline(always)]
unsafe fn product<S: Vector, const NR: usize>(t: &Tile<S::T>) {
    let mut i = 0;
    // SAFETY: every panel lies within the m rows.
    unsafe {
        while i + 3 * S::LANES <= t.m {
            panel::<S, 3, NR>(t, i, S::LANES);
            i += 3 * S::LANES;
        }
        let rest = t.m - i;
        if rest > 0 {
            let last = (rest - 1) % S::LANES + 1;
            match rest.div_ceil(S::LANES) {
                1 => panel::<S, 1, NR>(t, i, last),
                2 => panel::<S, 2, NR>(t, i, last),
                _ => panel::<S, 3, NR>(t, i, last),
            }
        }
    }
}

/// # Safety
/// As [`Kernels::products`].
#[inline(always)]
unsafe fn products<S: Vector, const NR: usize>(t: &Tile<S::T>, offsets: &[[usize; 2]]) {
    for (i, &[b, a]) in offsets.iter().enumerate() {
        // SAFETY: the caller vouches for the operands of every product.
        unsafe { product::<S, NR>(&Tile { a: t.a.wrapping_add(a), b: t.b.wrapping_add(b), c: t.c.wrapping_add(i * t.m * t.n), ..*t }) };
    }
}

/// Rows of a panel that are substituted together.
const STEP: usize = 4;

/// # Safety
/// The addresses of the system are valid, and `x` does not overlap `t`.
#[inline(always)]
unsafe fn substitute<S: Vector>(s: &Packed<S::T>) {
    let mut i = 0;
    // SAFETY: rows i..i + R lie in the panel.
    unsafe {
        while i + STEP <= s.k {
            substitute_rows::<S, STEP>(s, i);
            i += STEP;
        }
        while i < s.k {
            substitute_rows::<S, 1>(s, i);
            i += 1;
        }
    }
}

/// # Safety
/// As [`substitute`], for the rows `i..i + R`, those before which are done.
#[inline(always)]
unsafe fn substitute_rows<S: Vector, const R: usize>(s: &Packed<S::T>, i: usize) {
    // SAFETY: i + R <= k, so all offsets stay in the operands.
    unsafe {
        let row = |p: usize, v: usize| s.x.add((3 * p + v) * S::LANES);
        let t = |r: usize, p: usize| *s.t.offset((i + r) as isize * s.t_i + p as isize * s.t_p);
        let mut acc = [[S::splat(S::T::ZERO); 3]; R];
        for r in 0..R {
            for v in 0..3 {
                acc[r][v] = S::load(row(i + r, v));
            }
        }
        for p in 0..i {
            let x = [S::load(row(p, 0)), S::load(row(p, 1)), S::load(row(p, 2))];
            for r in 0..R {
                let c = S::splat(-t(r, p));
                for v in 0..3 {
                    acc[r][v] = S::fma(x[v], c, acc[r][v]);
                }
            }
        }
        for r in 0..R {
            for q in 0..r {
                let c = S::splat(-t(r, i + q));
                for v in 0..3 {
                    acc[r][v] = S::fma(acc[q][v], c, acc[r][v]);
                }
            }
            if !s.unit {
                let inverse = S::splat(S::T::ONE / t(r, i + r));
                for v in 0..3 {
                    acc[r][v] = S::fma(acc[r][v], inverse, S::splat(S::T::ZERO));
                }
            }
            for v in 0..3 {
                S::store(row(i + r, v), acc[r][v]);
            }
        }
    }
}

/// `y += sum of x[j] a[j]` over four columns at once.
///
/// # Safety
/// As [`Kernels::gemv`].
#[inline(always)]
unsafe fn gemv<S: Vector>(m: usize, n: usize, a: *const S::T, ld: isize, x: *const S::T, y: *mut S::T) {
    // SAFETY: j < n and i < m throughout.
    unsafe {
        let mut j = 0;
        while j + 4 <= n {
            let c = |q: usize| a.offset((j + q) as isize * ld);
            let s = |q: usize| S::splat(*x.add(j + q));
            let (c0, c1, c2, c3) = (c(0), c(1), c(2), c(3));
            let (s0, s1, s2, s3) = (s(0), s(1), s(2), s(3));
            let mut i = 0;
            while i + S::LANES <= m {
                let mut v = S::load(y.add(i));
                v = S::fma(S::load(c0.add(i)), s0, v);
                v = S::fma(S::load(c1.add(i)), s1, v);
                v = S::fma(S::load(c2.add(i)), s2, v);
                v = S::fma(S::load(c3.add(i)), s3, v);
                S::store(y.add(i), v);
                i += S::LANES;
            }
            if i < m {
                let r = m - i;
                let mut v = S::load_first(y.add(i), r);
                v = S::fma(S::load_first(c0.add(i), r), s0, v);
                v = S::fma(S::load_first(c1.add(i), r), s1, v);
                v = S::fma(S::load_first(c2.add(i), r), s2, v);
                v = S::fma(S::load_first(c3.add(i), r), s3, v);
                S::store_first(y.add(i), r, v);
            }
            j += 4;
        }
        while j < n {
            axpy::<S>(m, *x.add(j), a.offset(j as isize * ld), y);
            j += 1;
        }
    }
}

/// # Safety
/// `x` and `y` are valid for `m` elements.
#[inline(always)]
unsafe fn axpy<S: Vector>(m: usize, s: S::T, x: *const S::T, y: *mut S::T) {
    // SAFETY: i < m throughout.
    unsafe {
        let s = S::splat(s);
        let mut i = 0;
        while i + S::LANES <= m {
            S::store(y.add(i), S::fma(S::load(x.add(i)), s, S::load(y.add(i))));
            i += S::LANES;
        }
        if i < m {
            let r = m - i;
            S::store_first(y.add(i), r, S::fma(S::load_first(x.add(i), r), s, S::load_first(y.add(i), r)));
        }
    }
}

/// # Safety
/// As [`Kernels::gemv_transposed`].
#[inline(always)]
unsafe fn gemv_transposed<S: Vector>(m: usize, n: usize, a: *const S::T, ld: isize, x: *const S::T, y: *mut S::T) {
    // SAFETY: j < n and i < m throughout.
    unsafe {
        let zero = S::splat(S::T::ZERO);
        let mut j = 0;
        while j + 4 <= n {
            let c = [0, 1, 2, 3].map(|q| a.offset((j + q) as isize * ld));
            let mut acc = [zero; 4];
            let mut i = 0;
            while i + S::LANES <= m {
                let x = S::load(x.add(i));
                for q in 0..4 {
                    acc[q] = S::fma(S::load(c[q].add(i)), x, acc[q]);
                }
                i += S::LANES;
            }
            if i < m {
                let x = S::load_first(x.add(i), m - i);
                for q in 0..4 {
                    acc[q] = S::fma(S::load_first(c[q].add(i), m - i), x, acc[q]);
                }
            }
            for q in 0..4 {
                *y.add(j + q) += S::sum(acc[q]);
            }
            j += 4;
        }
        while j < n {
            *y.add(j) += dot::<S>(m, a.offset(j as isize * ld), x);
            j += 1;
        }
    }
}

/// # Safety
/// As [`Kernels::gemv_both`].
#[inline(always)]
#[allow(clippy::too_many_arguments)]
unsafe fn gemv_both<S: Vector>(m: usize, n: usize, a: *const S::T, ld: isize, u: *const S::T, alpha: S::T, z: *mut S::T, w: *mut S::T) {
    // SAFETY: j < n and i < m throughout.
    unsafe {
        for j in (0..n).step_by(4) {
            let (columns, width) = (a.offset(j as isize * ld), (n - j).min(4));
            let mut dots = [S::T::ZERO; 4];
            gemv_transposed::<S>(m, width, columns, ld, u, dots.as_mut_ptr());
            for (q, &dot) in dots[..width].iter().enumerate() {
                *z.add(j + q) += alpha * dot;
            }
            gemv::<S>(m, width, columns, ld, z.add(j), w);
        }
    }
}

/// # Safety
/// `x` and `y` are valid for `m` elements.
#[inline(always)]
unsafe fn dot<S: Vector>(m: usize, x: *const S::T, y: *const S::T) -> S::T {
    // SAFETY: i < m throughout.
    unsafe {
        let mut acc = S::splat(S::T::ZERO);
        let mut i = 0;
        while i + S::LANES <= m {
            acc = S::fma(S::load(x.add(i)), S::load(y.add(i)), acc);
            i += S::LANES;
        }
        if i < m {
            acc = S::fma(S::load_first(x.add(i), m - i), S::load_first(y.add(i), m - i), acc);
        }
        S::sum(acc)
    }
}

/// # Safety
/// As [`Kernels::symv_lower`].
#[inline(always)]
unsafe fn symv_lower<S: Vector>(n: usize, j0: usize, j1: usize, a: *const S::T, ld: isize, x: *const S::T, y: *mut S::T) {
    // SAFETY: all columns lie in j0..j1, all rows in j..n.
    unsafe {
        let mut j = j0;
        while j + 4 <= j1 {
            let c = [0, 1, 2, 3].map(|q| a.offset((j + q) as isize * ld));
            let xs = [0, 1, 2, 3].map(|q| *x.add(j + q));
            // The 4 x 4 triangle on the diagonal.
            for q in 0..4 {
                *y.add(j + q) += *c[q].add(j + q) * xs[q];
                for r in q + 1..4 {
                    let e = *c[q].add(j + r);
                    *y.add(j + r) += e * xs[q];
                    *y.add(j + q) += e * xs[r];
                }
            }
            let s = xs.map(|e| S::splat(e));
            let mut acc = [S::splat(S::T::ZERO); 4];
            let mut i = j + 4;
            while i + S::LANES <= n {
                let xv = S::load(x.add(i));
                let mut yv = S::load(y.add(i));
                for q in 0..4 {
                    let e = S::load(c[q].add(i));
                    acc[q] = S::fma(e, xv, acc[q]);
                    yv = S::fma(e, s[q], yv);
                }
                S::store(y.add(i), yv);
                i += S::LANES;
            }
            if i < n {
                let r = n - i;
                let xv = S::load_first(x.add(i), r);
                let mut yv = S::load_first(y.add(i), r);
                for q in 0..4 {
                    let e = S::load_first(c[q].add(i), r);
                    acc[q] = S::fma(e, xv, acc[q]);
                    yv = S::fma(e, s[q], yv);
                }
                S::store_first(y.add(i), r, yv);
            }
            for q in 0..4 {
                *y.add(j + q) += S::sum(acc[q]);
            }
            j += 4;
        }
        while j < j1 {
            let c = a.offset(j as isize * ld);
            *y.add(j) += *c.add(j) * *x.add(j);
            let r = n - j - 1;
            axpy::<S>(r, *x.add(j), c.add(j + 1), y.add(j + 1));
            *y.add(j) += dot::<S>(r, c.add(j + 1), x.add(j + 1));
            j += 1;
        }
    }
}

/// # Safety
/// As [`Kernels::rotate`].
#[inline(always)]
unsafe fn rotate<S: Vector>(m: usize, count: usize, z: *mut S::T, ld: isize, rotations: *const S::T) {
    let mut i = 0;
    // SAFETY: rows i.. of as many vectors as are named lie in the matrix.
    unsafe {
        while i + 4 * S::LANES <= m {
            rotate_rows::<S, 4, true>(count, z.add(i), ld, rotations, S::LANES);
            i += 4 * S::LANES;
        }
        while i + S::LANES <= m {
            rotate_rows::<S, 1, true>(count, z.add(i), ld, rotations, S::LANES);
            i += S::LANES;
        }
        if i < m {
            rotate_rows::<S, 1, false>(count, z.add(i), ld, rotations, m - i);
        }
    }
}

/// [`rotate`] for `R` vectors of rows, which carry the column that the next rotation meets; the last has `last` lanes.
///
/// # Safety
/// As [`Kernels::rotate`].
#[inline(always)]
unsafe fn rotate_rows<S: Vector, const R: usize, const FULL: bool>(count: usize, z: *mut S::T, ld: isize, rotations: *const S::T, last: usize) {
    // SAFETY: the caller vouches for count + 1 columns and for the instruction set.
    unsafe {
        let load = |p: *mut S::T| if FULL { S::load(p) } else { S::load_first(p, last) };
        let store = |p: *mut S::T, v: S::V| if FULL { S::store(p, v) } else { S::store_first(p, last, v) };
        let zero = S::splat(S::T::ZERO);
        let mut y = [zero; R];
        for r in 0..R {
            y[r] = load(z.offset(count as isize * ld).add(r * S::LANES));
        }
        for j in (0..count).rev() {
            let column = z.offset(j as isize * ld);
            let (c, s) = (*rotations.add(2 * j), *rotations.add(2 * j + 1));
            let (c, s, minus) = (S::splat(c), S::splat(s), S::splat(-s));
            for r in 0..R {
                let x = load(column.add(r * S::LANES));
                store(column.offset(ld).add(r * S::LANES), S::fma(x, s, S::fma(y[r], c, zero)));
                y[r] = S::fma(x, c, S::fma(y[r], minus, zero));
            }
        }
        for r in 0..R {
            store(z.add(r * S::LANES), y[r]);
        }
    }
}

/// Pairs whose sums are computed side by side.
const SIDE_BY_SIDE: usize = 8;

/// # Safety
/// As [`Kernels::dots`].
#[inline(always)]
unsafe fn dots<T: RealScalar>(k: usize, pairs: &[[*const T; 2]], step: isize, out: *mut T) {
    for (first, some) in (0..).step_by(SIDE_BY_SIDE).zip(pairs.chunks(SIDE_BY_SIDE)) {
        let pairs: [_; SIDE_BY_SIDE] = std::array::from_fn(|i| some[i.min(some.len() - 1)]);
        let mut sums = [T::ZERO; SIDE_BY_SIDE];
        for l in 0..k {
            for i in 0..SIDE_BY_SIDE {
                // SAFETY: l < k.
                let (a, b) = unsafe { (*pairs[i][0].add(l), *pairs[i][1].offset(l as isize * step)) };
                sums[i] = a.fused_mul_add(b, sums[i]);
            }
        }
        for (i, &sum) in sums[..some.len()].iter().enumerate() {
            // SAFETY: there is room for a number for each pair.
            unsafe { out.add(first + i).write(sum) };
        }
    }
}

/// [`Kernels::least`], and with `SECOND` [`Kernels::least_two`]; without, `seconds` is not touched.
///
/// # Safety
/// As for those.
#[inline(always)]
unsafe fn least<S: Vector, const SECOND: bool>(
    n: usize,
    tile: *const S::T,
    bias: *const S::T,
    first: S::T,
    values: *mut S::T,
    seconds: *mut S::T,
    places: *mut S::T,
) {
    // SAFETY: j < n and v < 3, and a column has the lanes of three vectors, as have values and places.
    unsafe {
        let mut place = S::splat(first);
        let (mut best, mut second, mut at) = ([place; 3], [place; 3], [place; 3]);
        for v in 0..3 {
            best[v] = S::load(values.add(v * S::LANES));
            at[v] = S::load(places.add(v * S::LANES));
            if SECOND {
                second[v] = S::load(seconds.add(v * S::LANES));
            }
        }
        let one = S::splat(S::T::ONE);
        for j in 0..n {
            let (column, add) = (tile.add(3 * j * S::LANES), S::splat(*bias.add(j)));
            for v in 0..3 {
                let x = S::add(S::load(column.add(v * S::LANES)), add);
                if SECOND {
                    second[v] = S::where_less(x, second[v], S::where_less(x, best[v], best[v], x), second[v]);
                }
                at[v] = S::where_less(x, best[v], place, at[v]);
                best[v] = S::where_less(x, best[v], x, best[v]);
            }
            place = S::add(place, one);
        }
        for v in 0..3 {
            S::store(values.add(v * S::LANES), best[v]);
            S::store(places.add(v * S::LANES), at[v]);
            if SECOND {
                S::store(seconds.add(v * S::LANES), second[v]);
            }
        }
    }
}

/// # Safety
/// As [`Kernels::below`].
#[inline(always)]
unsafe fn below<S: Vector>(n: usize, tile: *const S::T, bias: *const S::T, limits: *const S::T, hits: *mut u32) -> usize {
    let mut count = 0;
    // SAFETY: j < n and v < 3, and a column has the lanes of three vectors, as have the limits; there is room for all positions.
    unsafe {
        let limits = [0, 1, 2].map(|v| S::load(limits.add(v * S::LANES)));
        for j in 0..n {
            let (start, add) = (3 * j * S::LANES, S::splat(*bias.add(j)));
            for v in 0..3 {
                let at = start + v * S::LANES;
                let mut lanes = S::below(S::add(S::load(tile.add(at)), add), limits[v]);
                while lanes != 0 {
                    *hits.add(count) = at as u32 + lanes.trailing_zeros();
                    count += 1;
                    lanes &= lanes - 1;
                }
            }
        }
    }
    count
}

/// The kernels of `T` at the level of this process; none below AVX2.
pub(super) fn kernels<T: RealScalar>() -> Option<&'static Kernels<T>> {
    #[cfg(target_arch = "x86_64")]
    {
        let tables: [&'static dyn std::any::Any; 2] = match level() {
            level if level >= Level::Avx512 => [&x86::AVX512_F64, &x86::AVX512_F32],
            level if level >= Level::Avx2 => [&x86::AVX2_F64, &x86::AVX2_F32],
            _ => return None,
        };
        tables.into_iter().find_map(|table| table.downcast_ref())
    }
    #[cfg(not(target_arch = "x86_64"))]
    None
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Kernels, Packed, Tile, Vector};
    use std::arch::x86_64::*;

    macro_rules! instruction_set {
        ($table:ident, $vector:ident, $features:literal, $t:ty, $v:ty, $lanes:expr, $nr:expr,
         $splat:path, $load:path, $store:path, $fma:path,
         load_first($p:ident, $n:ident) $load_first:expr, store_first($q:ident, $l:ident, $w:ident) $store_first:expr,
         sum($s:ident) $sum:expr, add($add:path), where_less($a:ident, $b:ident, $yes:ident, $no:ident) $where_less:expr,
         below($c:ident, $d:ident) $below:expr) => {
            #[derive(Clone, Copy)]
            struct $vector;
            impl Vector for $vector {
                type T = $t;
                type V = $v;
                const LANES: usize = $lanes;
                #[inline(always)]
                unsafe fn splat(x: $t) -> $v {
                    // SAFETY: the instruction set is enabled in every caller.
                    unsafe { $splat(x) }
                }
                #[inline(always)]
                unsafe fn load(p: *const $t) -> $v {
                    // SAFETY: as above; the caller vouches for the address.
                    unsafe { $load(p) }
                }
                #[inline(always)]
                unsafe fn store(p: *mut $t, v: $v) {
                    // SAFETY: as above.
                    unsafe { $store(p, v) }
                }
                #[inline(always)]
                unsafe fn load_first($p: *const $t, $n: usize) -> $v {
                    // SAFETY: as above; lanes from n on are not touched.
                    unsafe { $load_first }
                }
                #[inline(always)]
                unsafe fn store_first($q: *mut $t, $l: usize, $w: $v) {
                    // SAFETY: as above; lanes from n on are not touched.
                    unsafe { $store_first }
                }
                #[inline(always)]
                unsafe fn fma(a: $v, b: $v, c: $v) -> $v {
                    // SAFETY: as above.
                    unsafe { $fma(a, b, c) }
                }
                #[inline(always)]
                unsafe fn prefetch(p: *const $t) {
                    // SAFETY: a prefetch never faults.
                    unsafe { _mm_prefetch::<_MM_HINT_T0>(p.cast()) }
                }
                #[inline(always)]
                unsafe fn sum($s: $v) -> $t {
                    // SAFETY: as above.
                    unsafe { $sum }
                }
                #[inline(always)]
                unsafe fn add(a: $v, b: $v) -> $v {
                    // SAFETY: as above.
                    unsafe { $add(a, b) }
                }
                #[inline(always)]
                unsafe fn where_less($a: $v, $b: $v, $yes: $v, $no: $v) -> $v {
                    // SAFETY: as above.
                    unsafe { $where_less }
                }
                #[inline(always)]
                unsafe fn below($c: $v, $d: $v) -> u32 {
                    // SAFETY: as above.
                    unsafe { $below as u32 }
                }
            }
            pub(super) static $table: Kernels<$t> = {
                #[target_feature(enable = $features)]
                unsafe fn product(t: &Tile<$t>) {
                    // SAFETY: the caller of the table vouches for the operands.
                    unsafe { super::product::<$vector, $nr>(t) }
                }
                #[target_feature(enable = $features)]
                unsafe fn products(t: &Tile<$t>, offsets: &[[usize; 2]]) {
                    // SAFETY: as above.
                    unsafe { super::products::<$vector, $nr>(t, offsets) }
                }
                #[target_feature(enable = $features)]
                unsafe fn gemv(m: usize, n: usize, a: *const $t, ld: isize, x: *const $t, y: *mut $t) {
                    // SAFETY: as above.
                    unsafe { super::gemv::<$vector>(m, n, a, ld, x, y) }
                }
                #[target_feature(enable = $features)]
                unsafe fn gemv_transposed(m: usize, n: usize, a: *const $t, ld: isize, x: *const $t, y: *mut $t) {
                    // SAFETY: as above.
                    unsafe { super::gemv_transposed::<$vector>(m, n, a, ld, x, y) }
                }
                #[target_feature(enable = $features)]
                #[allow(clippy::too_many_arguments)]
                unsafe fn gemv_both(m: usize, n: usize, a: *const $t, ld: isize, u: *const $t, alpha: $t, z: *mut $t, w: *mut $t) {
                    // SAFETY: as above.
                    unsafe { super::gemv_both::<$vector>(m, n, a, ld, u, alpha, z, w) }
                }
                #[target_feature(enable = $features)]
                unsafe fn symv_lower(n: usize, j0: usize, j1: usize, a: *const $t, ld: isize, x: *const $t, y: *mut $t) {
                    // SAFETY: as above.
                    unsafe { super::symv_lower::<$vector>(n, j0, j1, a, ld, x, y) }
                }
                #[target_feature(enable = $features)]
                unsafe fn rotate(m: usize, count: usize, z: *mut $t, ld: isize, rotations: *const $t) {
                    // SAFETY: as above.
                    unsafe { super::rotate::<$vector>(m, count, z, ld, rotations) }
                }
                #[target_feature(enable = $features)]
                unsafe fn substitute(s: &Packed<$t>) {
                    // SAFETY: as above.
                    unsafe { super::substitute::<$vector>(s) }
                }
                #[target_feature(enable = $features)]
                unsafe fn least(n: usize, tile: *const $t, bias: *const $t, first: $t, values: *mut $t, places: *mut $t) {
                    // SAFETY: as above.
                    unsafe { super::least::<$vector, false>(n, tile, bias, first, values, std::ptr::null_mut(), places) }
                }
                #[target_feature(enable = $features)]
                unsafe fn dots(k: usize, pairs: &[[*const $t; 2]], step: isize, out: *mut $t) {
                    // SAFETY: as above.
                    unsafe { super::dots::<$t>(k, pairs, step, out) }
                }
                #[target_feature(enable = $features)]
                unsafe fn least_two(n: usize, tile: *const $t, bias: *const $t, first: $t, values: *mut $t, seconds: *mut $t, places: *mut $t) {
                    // SAFETY: as above.
                    unsafe { super::least::<$vector, true>(n, tile, bias, first, values, seconds, places) }
                }
                #[target_feature(enable = $features)]
                unsafe fn below(n: usize, tile: *const $t, bias: *const $t, limits: *const $t, hits: *mut u32) -> usize {
                    // SAFETY: as above.
                    unsafe { super::below::<$vector>(n, tile, bias, limits, hits) }
                }
                Kernels {
                    tile_rows: 3 * $lanes,
                    tile_cols: $nr,
                    product,
                    products,
                    gemv,
                    gemv_transposed,
                    gemv_both,
                    symv_lower,
                    rotate,
                    substitute,
                    dots,
                    least,
                    least_two,
                    below,
                }
            };
        };
    }

    /// Lane mask of the first `n` of the lanes of an AVX2 vector.
    #[inline(always)]
    unsafe fn mask64(n: usize) -> __m256i {
        const M: [i64; 8] = [-1, -1, -1, -1, 0, 0, 0, 0];
        // SAFETY: n <= 4, so four lanes from 4 - n on lie in the table; AVX is enabled in every caller.
        unsafe { _mm256_loadu_si256(M.as_ptr().add(4 - n).cast()) }
    }
    #[inline(always)]
    unsafe fn mask32(n: usize) -> __m256i {
        const M: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
        // SAFETY: n <= 8, so eight lanes from 8 - n on lie in the table; AVX is enabled in every caller.
        unsafe { _mm256_loadu_si256(M.as_ptr().add(8 - n).cast()) }
    }

    instruction_set!(
        AVX512_F64, Avx512F64, "avx512f,avx2,fma", f64, __m512d, 8, 8,
        _mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_fmadd_pd,
        load_first(p, n) _mm512_maskz_loadu_pd((1u32 << n).wrapping_sub(1) as u8, p),
        store_first(p, n, v) _mm512_mask_storeu_pd(p, (1u32 << n).wrapping_sub(1) as u8, v),
        sum(v) _mm512_reduce_add_pd(v), add(_mm512_add_pd),
        where_less(a, b, yes, no) _mm512_mask_blend_pd(_mm512_cmp_pd_mask::<_CMP_LT_OQ>(a, b), no, yes),
        below(a, b) _mm512_cmp_pd_mask::<_CMP_NGE_UQ>(a, b)
    );
    instruction_set!(
        AVX512_F32, Avx512F32, "avx512f,avx2,fma", f32, __m512, 16, 8,
        _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_fmadd_ps,
        load_first(p, n) _mm512_maskz_loadu_ps((1u32 << n).wrapping_sub(1) as u16, p),
        store_first(p, n, v) _mm512_mask_storeu_ps(p, (1u32 << n).wrapping_sub(1) as u16, v),
        sum(v) _mm512_reduce_add_ps(v), add(_mm512_add_ps),
        where_less(a, b, yes, no) _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b), no, yes),
        below(a, b) _mm512_cmp_ps_mask::<_CMP_NGE_UQ>(a, b)
    );
    instruction_set!(
        AVX2_F64, Avx2F64, "avx2,fma", f64, __m256d, 4, 4,
        _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_fmadd_pd,
        load_first(p, n) _mm256_maskload_pd(p, mask64(n)),
        store_first(p, n, v) _mm256_maskstore_pd(p, mask64(n), v),
        sum(v) {
            let s = _mm_add_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1));
            _mm_cvtsd_f64(_mm_add_pd(s, _mm_unpackhi_pd(s, s)))
        },
        add(_mm256_add_pd), where_less(a, b, yes, no) _mm256_blendv_pd(no, yes, _mm256_cmp_pd::<_CMP_LT_OQ>(a, b)),
        below(a, b) _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_NGE_UQ>(a, b))
    );
    instruction_set!(
        AVX2_F32, Avx2F32, "avx2,fma", f32, __m256, 8, 4,
        _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_fmadd_ps,
        load_first(p, n) _mm256_maskload_ps(p, mask32(n)),
        store_first(p, n, v) _mm256_maskstore_ps(p, mask32(n), v),
        sum(v) {
            let s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
            let s = _mm_add_ps(s, _mm_movehl_ps(s, s));
            _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)))
        },
        add(_mm256_add_ps), where_less(a, b, yes, no) _mm256_blendv_ps(no, yes, _mm256_cmp_ps::<_CMP_LT_OQ>(a, b)),
        below(a, b) _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_NGE_UQ>(a, b))
    );
}
