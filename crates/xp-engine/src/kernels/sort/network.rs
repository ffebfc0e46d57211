//! Sorting of a few vectors in registers.
//!
//! `R` vectors of `N` lanes are an `R` x `N` matrix whose columns are sorted by a network of whole-vector comparators
//! (Batcher's odd-even merge sort). Neighbouring columns are then merged, twice as many at a time: one comparator
//! across mirrored lanes, after which bitonic sequences remain, first across lanes, then down the columns. The sorted
//! matrix is in column order and is transposed into memory. The layout is that of Blacher, Giesen, Kuehne (2021).

use super::super::simd::x86::Lanes;
use std::arch::x86_64::*;

/// The most elements [`sort_few`] takes, in vectors.
pub(super) const ROWS: usize = 16;

/// Sorts at most `ROWS * L::N` elements.
///
/// # Safety
/// Requires AVX-512F and valid memory.
#[inline(never)]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn sort_few<L: Lanes>(data: *mut L::T, n: usize) {
    debug_assert!(n <= ROWS * L::N);
    // SAFETY: the caller's promise.
    unsafe {
        if n <= 4 * L::N {
            sort_rows::<L, 4>(data, n);
        } else if n <= 8 * L::N {
            sort_rows::<L, 8>(data, n);
        } else {
            sort_rows::<L, 16>(data, n);
        }
    }
}

/// # Safety
/// As for [`sort_few`], with `n <= R * L::N`.
#[inline(always)]
unsafe fn sort_rows<L: Lanes, const R: usize>(data: *mut L::T, n: usize) {
    // SAFETY: the caller's promise; partial vectors are loaded and stored under a mask.
    unsafe {
        let mut v = [L::splat(L::MAX); R];
        for (r, v) in v.iter_mut().enumerate() {
            let at = r * L::N;
            if at + L::N <= n {
                *v = L::load(data.add(at));
            } else if at < n {
                *v = L::load_first(data.add(at), n - at);
            }
        }
        sort_columns::<L, R>(&mut v);
        merge_columns::<L, R, 1>(&mut v);
        merge_columns::<L, R, 3>(&mut v);
        merge_columns::<L, R, 7>(&mut v);
        if L::N == 16 {
            merge_columns::<L, R, 15>(&mut v);
        }
        store_by_column::<L, R>(&v, data, n);
    }
}

/// Orders rows `i` and `j` lane by lane.
///
/// # Safety
/// Requires AVX-512F.
#[inline(always)]
unsafe fn compare<L: Lanes, const R: usize>(v: &mut [__m512i; R], i: usize, j: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let (a, b) = (v[i], v[j]);
        v[i] = L::min(a, b);
        v[j] = L::max(a, b);
    }
}

macro_rules! comparators {
    ($l:ty, $v:ident: $($i:literal $j:literal),* $(,)?) => {
        { $(compare::<$l, R>($v, $i, $j);)* }
    };
}

/// Sorts every column: Batcher's networks for 4, 8 and 16 rows.
///
/// # Safety
/// Requires AVX-512F.
#[inline(always)]
#[rustfmt::skip]
unsafe fn sort_columns<L: Lanes, const R: usize>(v: &mut [__m512i; R]) {
    // SAFETY: the caller's promise.
    unsafe {
        match R {
            4 => comparators!(L, v:
                0 1, 2 3, 0 2, 1 3, 1 2,
            ),
            8 => comparators!(L, v:
                0 1, 2 3, 4 5, 6 7, 0 2, 1 3, 4 6, 5 7, 1 2, 5 6,
                0 4, 1 5, 2 6, 3 7, 2 4, 3 5, 1 2, 3 4, 5 6,
            ),
            16 => comparators!(L, v:
                0 1, 2 3, 4 5, 6 7, 8 9, 10 11, 12 13, 14 15, 0 2, 1 3,
                4 6, 5 7, 8 10, 9 11, 12 14, 13 15, 1 2, 5 6, 9 10, 13 14,
                0 4, 1 5, 2 6, 3 7, 8 12, 9 13, 10 14, 11 15, 2 4, 3 5,
                10 12, 11 13, 1 2, 3 4, 5 6, 9 10, 11 12, 13 14, 0 8, 1 9,
                2 10, 3 11, 4 12, 5 13, 6 14, 7 15, 4 8, 5 9, 6 10, 7 11,
                2 4, 3 5, 6 8, 7 9, 10 12, 11 13, 1 2, 3 4, 5 6, 7 8,
                9 10, 11 12, 13 14,
            ),
            _ => unreachable!("networks exist for 4, 8 and 16 rows"),
        }
    }
}

/// Merges sorted groups of columns pairwise. `MIRROR` is the size of the merged groups less one.
///
/// # Safety
/// Requires AVX-512F.
#[inline(always)]
unsafe fn merge_columns<L: Lanes, const R: usize, const MIRROR: usize>(v: &mut [__m512i; R]) {
    // SAFETY: the caller's promise.
    unsafe {
        // The lanes of the upper half of each merged group keep the maxima.
        let upper = upper_lanes(MIRROR.div_ceil(2));
        for r in 0..R / 2 {
            let a = v[r];
            let b = L::swap::<MIRROR>(v[R - 1 - r]);
            let (min, max) = (L::min(a, b), L::max(a, b));
            v[r] = L::blend(upper, min, max);
            v[R - 1 - r] = L::swap::<MIRROR>(L::blend(upper, max, min));
        }
        if MIRROR >= 15 {
            merge_lanes::<L, R, 4>(v);
        }
        if MIRROR >= 7 {
            merge_lanes::<L, R, 2>(v);
        }
        if MIRROR >= 3 {
            merge_lanes::<L, R, 1>(v);
        }
        let mut distance = R / 2;
        while distance > 0 {
            for r in 0..R {
                if r & distance == 0 {
                    compare::<L, R>(v, r, r + distance);
                }
            }
            distance /= 2;
        }
    }
}

/// A bitonic step between lanes at distance `X`, a power of two.
///
/// # Safety
/// Requires AVX-512F.
#[inline(always)]
unsafe fn merge_lanes<L: Lanes, const R: usize, const X: usize>(v: &mut [__m512i; R]) {
    for v in v {
        // SAFETY: the caller's promise.
        unsafe {
            let w = L::swap::<X>(*v);
            *v = L::blend(upper_lanes(X), L::min(*v, w), L::max(*v, w));
        }
    }
}

/// One bit for each lane whose number has the bit `x` set.
const fn upper_lanes(x: usize) -> u32 {
    let mut mask = 0;
    let mut lane = 0;
    while lane < 16 {
        if lane & x != 0 {
            mask |= 1 << lane;
        }
        lane += 1;
    }
    mask
}

/// Stores the first `n` elements in column order.
///
/// # Safety
/// As for [`sort_few`].
#[inline(always)]
unsafe fn store_by_column<L: Lanes, const R: usize>(v: &[__m512i; R], data: *mut L::T, n: usize) {
    // SAFETY: the caller's promise; the last vectors are stored under a mask.
    unsafe {
        // Blocks of N rows; a column has min(R, N) elements in each.
        let mut block = 0;
        while block < R {
            let height = if R - block < L::N { R - block } else { L::N };
            let mut square = [_mm512_setzero_si512(); 16];
            square[..height].copy_from_slice(&v[block..block + height]);
            L::transpose(&mut square);
            for (column, &part) in square[..L::N].iter().enumerate() {
                let at = column * R + block;
                if at < n {
                    L::store_first(data.add(at), height.min(n - at), part);
                }
            }
            block += L::N;
        }
    }
}
