//! Register transposes and lane operations for AVX-512.
//!
//! The functions carry no target feature so that they inline into callers that do; each must only be reached from a
//! function compiled for AVX-512F, on a CPU that has it.

use std::arch::x86_64::*;

use crate::level::{Level, level};

/// Whether the level has AVX-512.
#[inline]
pub(in super::super) fn available() -> bool {
    level() >= Level::Avx512
}

/// Transposes a 4x4 matrix of 128-bit elements.
///
/// # Safety
/// Requires AVX-512F.
#[inline(always)]
pub(in super::super) unsafe fn transpose_4x4([a, b, c, d]: [__m512i; 4]) -> [__m512i; 4] {
    // SAFETY: the caller guarantees AVX-512F.
    unsafe {
        let ab_even = _mm512_shuffle_i32x4::<0x88>(a, b);
        let ab_odd = _mm512_shuffle_i32x4::<0xdd>(a, b);
        let cd_even = _mm512_shuffle_i32x4::<0x88>(c, d);
        let cd_odd = _mm512_shuffle_i32x4::<0xdd>(c, d);
        [
            _mm512_shuffle_i32x4::<0x88>(ab_even, cd_even),
            _mm512_shuffle_i32x4::<0x88>(ab_odd, cd_odd),
            _mm512_shuffle_i32x4::<0xdd>(ab_even, cd_even),
            _mm512_shuffle_i32x4::<0xdd>(ab_odd, cd_odd),
        ]
    }
}

/// Transposes an 8x8 matrix of 64-bit elements.
///
/// # Safety
/// Requires AVX-512F.
#[inline(always)]
pub(in super::super) unsafe fn transpose_8x8(r: [__m512i; 8]) -> [__m512i; 8] {
    // SAFETY: the caller guarantees AVX-512F.
    unsafe {
        let mut even = [_mm512_setzero_si512(); 4];
        let mut odd = even;
        for k in 0..4 {
            even[k] = _mm512_unpacklo_epi64(r[2 * k], r[2 * k + 1]);
            odd[k] = _mm512_unpackhi_epi64(r[2 * k], r[2 * k + 1]);
        }
        let even = transpose_4x4(even);
        let odd = transpose_4x4(odd);
        [even[0], odd[0], even[1], odd[1], even[2], odd[2], even[3], odd[3]]
    }
}

/// Transposes a 16x16 matrix of 32-bit elements.
///
/// # Safety
/// Requires AVX-512F.
#[inline(always)]
pub(in super::super) unsafe fn transpose_16x16(r: [__m512i; 16]) -> [__m512i; 16] {
    // SAFETY: the caller guarantees AVX-512F.
    unsafe {
        // Columns c, c + 4, c + 8, c + 12 of rows 4g..4g + 4, one 128-bit block each.
        let mut by_column = [[_mm512_setzero_si512(); 4]; 4];
        for g in 0..4 {
            let lo01 = _mm512_unpacklo_epi32(r[4 * g], r[4 * g + 1]);
            let hi01 = _mm512_unpackhi_epi32(r[4 * g], r[4 * g + 1]);
            let lo23 = _mm512_unpacklo_epi32(r[4 * g + 2], r[4 * g + 3]);
            let hi23 = _mm512_unpackhi_epi32(r[4 * g + 2], r[4 * g + 3]);
            by_column[0][g] = _mm512_unpacklo_epi64(lo01, lo23);
            by_column[1][g] = _mm512_unpackhi_epi64(lo01, lo23);
            by_column[2][g] = _mm512_unpacklo_epi64(hi01, hi23);
            by_column[3][g] = _mm512_unpackhi_epi64(hi01, hi23);
        }
        let [c0, c1, c2, c3] = by_column;
        let [c0, c1, c2, c3] = [transpose_4x4(c0), transpose_4x4(c1), transpose_4x4(c2), transpose_4x4(c3)];
        [c0[0], c1[0], c2[0], c3[0], c0[1], c1[1], c2[1], c3[1], c0[2], c1[2], c2[2], c3[2], c0[3], c1[3], c2[3], c3[3]]
    }
}

/// Vectors of unsigned integers, as a sorting algorithm sees them.
///
/// # Safety
/// Every method requires AVX-512F, and valid memory where it takes a pointer.
pub(in super::super) trait Lanes: 'static {
    /// The element.
    type T: Copy + Ord + Default + Send + Sync + 'static;
    /// Elements of a vector.
    const N: usize;
    /// The largest element.
    const MAX: Self::T;

    unsafe fn load(p: *const Self::T) -> __m512i;
    /// The first `n <= N` elements; the other lanes hold [`MAX`](Self::MAX).
    unsafe fn load_first(p: *const Self::T, n: usize) -> __m512i;
    unsafe fn store(p: *mut Self::T, v: __m512i);
    /// Stores the first `n <= N` lanes.
    unsafe fn store_first(p: *mut Self::T, n: usize, v: __m512i);
    unsafe fn splat(x: Self::T) -> __m512i;
    unsafe fn min(a: __m512i, b: __m512i) -> __m512i;
    unsafe fn max(a: __m512i, b: __m512i) -> __m512i;
    /// One bit per lane of `a < b`.
    unsafe fn less(a: __m512i, b: __m512i) -> u32;
    /// One bit per lane of `a <= b`.
    unsafe fn less_equal(a: __m512i, b: __m512i) -> u32;
    /// The selected lanes, moved together to the front.
    unsafe fn compress(mask: u32, v: __m512i) -> __m512i;
    /// Stores the selected lanes.
    unsafe fn store_masked(p: *mut Self::T, mask: u32, v: __m512i);
    /// Lane `k` is `v[k ^ X]`.
    unsafe fn swap<const X: usize>(v: __m512i) -> __m512i;
    /// Lane `k` is from `b` where bit `k` of `mask` is set, else from `a`.
    unsafe fn blend(mask: u32, a: __m512i, b: __m512i) -> __m512i;
    /// Transposes `N` vectors, in place.
    unsafe fn transpose(v: &mut [__m512i]);
}

macro_rules! lanes {
    ($name:ident, $t:ty, $n:literal, $mask:ty, $square:path,
     $set1:ident, $mask_load:ident, $mask_store:ident, $min:ident, $max:ident, $lt:ident, $le:ident,
     $compress:ident, $permute:ident, $blend:ident) => {
        #[doc = concat!(stringify!($n), " lanes of `", stringify!($t), "`.")]
        pub(in super::super) struct $name;

        // SAFETY (of all the blocks below): the contract of the trait's methods.
        #[allow(clippy::undocumented_unsafe_blocks)]
        impl Lanes for $name {
            type T = $t;
            const N: usize = $n;
            const MAX: $t = <$t>::MAX;

            #[inline(always)]
            unsafe fn load(p: *const $t) -> __m512i {
                unsafe { _mm512_loadu_si512(p.cast()) }
            }
            #[inline(always)]
            unsafe fn load_first(p: *const $t, n: usize) -> __m512i {
                unsafe { $mask_load($set1(-1), ((1u32 << n) - 1) as $mask, p.cast()) }
            }
            #[inline(always)]
            unsafe fn store(p: *mut $t, v: __m512i) {
                unsafe { _mm512_storeu_si512(p.cast(), v) }
            }
            #[inline(always)]
            unsafe fn store_first(p: *mut $t, n: usize, v: __m512i) {
                unsafe { $mask_store(p.cast(), ((1u32 << n) - 1) as $mask, v) }
            }
            #[inline(always)]
            unsafe fn splat(x: $t) -> __m512i {
                unsafe { $set1(x as _) }
            }
            #[inline(always)]
            unsafe fn min(a: __m512i, b: __m512i) -> __m512i {
                unsafe { $min(a, b) }
            }
            #[inline(always)]
            unsafe fn max(a: __m512i, b: __m512i) -> __m512i {
                unsafe { $max(a, b) }
            }
            #[inline(always)]
            unsafe fn less(a: __m512i, b: __m512i) -> u32 {
                unsafe { $lt(a, b) as u32 }
            }
            #[inline(always)]
            unsafe fn less_equal(a: __m512i, b: __m512i) -> u32 {
                unsafe { $le(a, b) as u32 }
            }
            #[inline(always)]
            unsafe fn compress(mask: u32, v: __m512i) -> __m512i {
                unsafe { $compress(mask as $mask, v) }
            }
            #[inline(always)]
            unsafe fn store_masked(p: *mut $t, mask: u32, v: __m512i) {
                unsafe { $mask_store(p.cast(), mask as $mask, v) }
            }
            #[inline(always)]
            unsafe fn swap<const X: usize>(v: __m512i) -> __m512i {
                unsafe {
                    let mut index = [0 as $t; $n];
                    for k in 0..$n {
                        index[k] = (k ^ X) as $t;
                    }
                    $permute(_mm512_loadu_si512(index.as_ptr().cast()), v)
                }
            }
            #[inline(always)]
            unsafe fn blend(mask: u32, a: __m512i, b: __m512i) -> __m512i {
                unsafe { $blend(mask as $mask, a, b) }
            }
            #[inline(always)]
            unsafe fn transpose(v: &mut [__m512i]) {
                unsafe {
                    let mut square = [_mm512_setzero_si512(); $n];
                    square.copy_from_slice(&v[..$n]);
                    v[..$n].copy_from_slice(&$square(square));
                }
            }
        }
    };
}

lanes!(
    U64x8,
    u64,
    8,
    __mmask8,
    transpose_8x8,
    _mm512_set1_epi64,
    _mm512_mask_loadu_epi64,
    _mm512_mask_storeu_epi64,
    _mm512_min_epu64,
    _mm512_max_epu64,
    _mm512_cmplt_epu64_mask,
    _mm512_cmple_epu64_mask,
    _mm512_maskz_compress_epi64,
    _mm512_permutexvar_epi64,
    _mm512_mask_blend_epi64
);
lanes!(
    U32x16,
    u32,
    16,
    __mmask16,
    transpose_16x16,
    _mm512_set1_epi32,
    _mm512_mask_loadu_epi32,
    _mm512_mask_storeu_epi32,
    _mm512_min_epu32,
    _mm512_max_epu32,
    _mm512_cmplt_epu32_mask,
    _mm512_cmple_epu32_mask,
    _mm512_maskz_compress_epi32,
    _mm512_permutexvar_epi32,
    _mm512_mask_blend_epi32
);
