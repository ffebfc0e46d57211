//! Registers of single-precision numbers.

use std::arch::x86_64::*;

use super::vector::{Vector, arithmetic};

impl Vector for __m512 {
    type Index = __m512i;
    arithmetic!(f32, 16, _mm512_loadu_ps _mm512_storeu_ps _mm512_set1_ps _mm512_add_ps _mm512_sub_ps _mm512_mul_ps
        _mm512_fmadd_ps _mm512_fmsub_ps _mm512_fnmadd_ps);

    #[inline(always)]
    unsafe fn unzip(a: Self, b: Self) -> (Self, Self) {
        // SAFETY: the caller's promise.
        unsafe {
            let even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
            let odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
            (_mm512_permutex2var_ps(a, even, b), _mm512_permutex2var_ps(a, odd, b))
        }
    }

    #[inline(always)]
    unsafe fn zip(even: Self, odd: Self) -> (Self, Self) {
        // SAFETY: the caller's promise.
        unsafe {
            let low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            let high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
            (_mm512_permutex2var_ps(even, low, odd), _mm512_permutex2var_ps(even, high, odd))
        }
    }

    #[inline(always)]
    unsafe fn unzip_reversed(a: Self, b: Self) -> (Self, Self) {
        // SAFETY: the caller's promise.
        unsafe {
            let even = _mm512_setr_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
            let odd = _mm512_setr_epi32(31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
            (_mm512_permutex2var_ps(a, even, b), _mm512_permutex2var_ps(a, odd, b))
        }
    }

    #[inline(always)]
    unsafe fn zip_reversed(even: Self, odd: Self) -> (Self, Self) {
        // SAFETY: the caller's promise.
        unsafe {
            let low = _mm512_setr_epi32(15, 31, 14, 30, 13, 29, 12, 28, 11, 27, 10, 26, 9, 25, 8, 24);
            let high = _mm512_setr_epi32(7, 23, 6, 22, 5, 21, 4, 20, 3, 19, 2, 18, 1, 17, 0, 16);
            (_mm512_permutex2var_ps(even, low, odd), _mm512_permutex2var_ps(even, high, odd))
        }
    }

    #[inline(always)]
    unsafe fn turn(first: Self, rest: Self) -> Self {
        // SAFETY: the caller's promise.
        unsafe { _mm512_permutex2var_ps(first, _mm512_setr_epi32(0, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17), rest) }
    }

    #[inline(always)]
    unsafe fn index(of: impl Fn(usize) -> usize) -> __m512i {
        let mut all = [0i32; 16];
        for (l, index) in all.iter_mut().enumerate() {
            *index = of(l) as i32;
        }
        // SAFETY: a register's worth of numbers.
        unsafe { _mm512_loadu_si512(all.as_ptr().cast()) }
    }

    #[inline(always)]
    unsafe fn pick(a: Self, b: Self, index: __m512i) -> Self {
        // SAFETY: the caller's promise.
        unsafe { _mm512_permutex2var_ps(a, index, b) }
    }

    #[inline(always)]
    unsafe fn halves(a: Self, b: Self) -> (Self, Self) {
        // SAFETY: the caller's promise.
        unsafe { (_mm512_shuffle_f32x4::<0x44>(a, b), _mm512_shuffle_f32x4::<0xEE>(a, b)) }
    }

    #[inline(always)]
    unsafe fn transpose8(r: [Self; 8]) -> [Self; 8] {
        // SAFETY: the caller's promise.
        unsafe {
            // Columns `c` of every 128 bits, of the rows 0 to 3 and 4 to 7; then 128-bit blocks.
            let (upper, lower) = (quads(r[0], r[1], r[2], r[3]), quads(r[4], r[5], r[6], r[7]));
            let mut out = r;
            for c in [0, 2] {
                let (a, b, e, f) = (upper[c], lower[c], upper[c + 1], lower[c + 1]);
                let [p, q] = [_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0x88>(e, f)];
                let [s, t] = [_mm512_shuffle_f32x4::<0xDD>(a, b), _mm512_shuffle_f32x4::<0xDD>(e, f)];
                out[c / 2] = _mm512_shuffle_f32x4::<0x88>(p, q);
                out[4 + c / 2] = _mm512_shuffle_f32x4::<0xDD>(p, q);
                out[2 + c / 2] = _mm512_shuffle_f32x4::<0x88>(s, t);
                out[6 + c / 2] = _mm512_shuffle_f32x4::<0xDD>(s, t);
            }
            out
        }
    }

    #[inline(always)]
    unsafe fn transpose(rows: &mut [Self]) {
        let r: &mut [Self; 16] = rows.try_into().expect("sixteen rows");
        // SAFETY: the caller's promise.
        unsafe {
            let groups =
                [quads(r[0], r[1], r[2], r[3]), quads(r[4], r[5], r[6], r[7]), quads(r[8], r[9], r[10], r[11]), quads(r[12], r[13], r[14], r[15])];
            for c in 0..4 {
                let [a, b, e, f] = [groups[0][c], groups[1][c], groups[2][c], groups[3][c]];
                let [p, q] = [_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0x88>(e, f)];
                let [s, t] = [_mm512_shuffle_f32x4::<0xDD>(a, b), _mm512_shuffle_f32x4::<0xDD>(e, f)];
                r[c] = _mm512_shuffle_f32x4::<0x88>(p, q);
                r[8 + c] = _mm512_shuffle_f32x4::<0xDD>(p, q);
                r[4 + c] = _mm512_shuffle_f32x4::<0x88>(s, t);
                r[12 + c] = _mm512_shuffle_f32x4::<0xDD>(s, t);
            }
        }
    }
}

/// Transposes the 4 x 4 blocks that four rows have in each of their 128 bits.
#[inline(always)]
unsafe fn quads(a: __m512, b: __m512, c: __m512, d: __m512) -> [__m512; 4] {
    // SAFETY: the caller has the instruction set.
    unsafe {
        let (p, q) = (_mm512_castps_pd(_mm512_unpacklo_ps(a, b)), _mm512_castps_pd(_mm512_unpackhi_ps(a, b)));
        let (s, t) = (_mm512_castps_pd(_mm512_unpacklo_ps(c, d)), _mm512_castps_pd(_mm512_unpackhi_ps(c, d)));
        let all = [_mm512_unpacklo_pd(p, s), _mm512_unpackhi_pd(p, s), _mm512_unpacklo_pd(q, t), _mm512_unpackhi_pd(q, t)];
        [_mm512_castpd_ps(all[0]), _mm512_castpd_ps(all[1]), _mm512_castpd_ps(all[2]), _mm512_castpd_ps(all[3])]
    }
}

impl Vector for __m256 {
    type Index = __m256i;
    arithmetic!(f32, 8, _mm256_loadu_ps _mm256_storeu_ps _mm256_set1_ps _mm256_add_ps _mm256_sub_ps _mm256_mul_ps
        _mm256_fmadd_ps _mm256_fmsub_ps _mm256_fnmadd_ps);

    #[inline(always)]
    unsafe fn unzip(a: Self, b: Self) -> (Self, Self) {
        // SAFETY: the caller's promise.
        unsafe {
            let even = _mm256_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14);
            let odd = _mm256_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15);
            (_mm256_permutex2var_ps(a, even, b), _mm256_permutex2var_ps(a, odd, b))
        }
    }

    #[inline(always)]
    unsafe fn zip(even: Self, odd: Self) -> (Self, Self) {
        // SAFETY: the caller's promise.
        unsafe {
            let low = _mm256_setr_epi32(0, 8, 1, 9, 2, 10, 3, 11);
            let high = _mm256_setr_epi32(4, 12, 5, 13, 6, 14, 7, 15);
            (_mm256_permutex2var_ps(even, low, odd), _mm256_permutex2var_ps(even, high, odd))
        }
    }

    #[inline(always)]
    unsafe fn unzip_reversed(a: Self, b: Self) -> (Self, Self) {
        // SAFETY: the caller's promise.
        unsafe {
            let even = _mm256_setr_epi32(14, 12, 10, 8, 6, 4, 2, 0);
            let odd = _mm256_setr_epi32(15, 13, 11, 9, 7, 5, 3, 1);
            (_mm256_permutex2var_ps(a, even, b), _mm256_permutex2var_ps(a, odd, b))
        }
    }

    #[inline(always)]
    unsafe fn zip_reversed(even: Self, odd: Self) -> (Self, Self) {
        // SAFETY: the caller's promise.
        unsafe {
            let low = _mm256_setr_epi32(7, 15, 6, 14, 5, 13, 4, 12);
            let high = _mm256_setr_epi32(3, 11, 2, 10, 1, 9, 0, 8);
            (_mm256_permutex2var_ps(even, low, odd), _mm256_permutex2var_ps(even, high, odd))
        }
    }

    #[inline(always)]
    unsafe fn turn(first: Self, rest: Self) -> Self {
        // SAFETY: the caller's promise.
        unsafe { _mm256_permutex2var_ps(first, _mm256_setr_epi32(0, 15, 14, 13, 12, 11, 10, 9), rest) }
    }

    #[inline(always)]
    unsafe fn index(of: impl Fn(usize) -> usize) -> __m256i {
        let mut all = [0i32; 8];
        for (l, index) in all.iter_mut().enumerate() {
            *index = of(l) as i32;
        }
        // SAFETY: a register's worth of numbers.
        unsafe { _mm256_loadu_si256(all.as_ptr().cast()) }
    }

    #[inline(always)]
    unsafe fn pick(a: Self, b: Self, index: __m256i) -> Self {
        // SAFETY: the caller's promise.
        unsafe { _mm256_permutex2var_ps(a, index, b) }
    }

    #[inline(always)]
    unsafe fn halves(a: Self, b: Self) -> (Self, Self) {
        // SAFETY: the caller's promise.
        unsafe { (_mm256_permute2f128_ps::<0x20>(a, b), _mm256_permute2f128_ps::<0x31>(a, b)) }
    }

    #[inline(always)]
    unsafe fn transpose8(r: [Self; 8]) -> [Self; 8] {
        // SAFETY: the caller's promise.
        unsafe {
            let (upper, lower) = (narrow_quads(r[0], r[1], r[2], r[3]), narrow_quads(r[4], r[5], r[6], r[7]));
            let mut out = r;
            for c in 0..4 {
                (out[c], out[4 + c]) = Self::halves(upper[c], lower[c]);
            }
            out
        }
    }

    #[inline(always)]
    unsafe fn transpose(rows: &mut [Self]) {
        let all: &mut [Self; 8] = rows.try_into().expect("eight rows");
        // SAFETY: the caller's promise.
        *all = unsafe { Self::transpose8(*all) };
    }
}

/// As [`quads`].
#[inline(always)]
unsafe fn narrow_quads(a: __m256, b: __m256, c: __m256, d: __m256) -> [__m256; 4] {
    // SAFETY: the caller has the instruction set.
    unsafe {
        let (p, q) = (_mm256_castps_pd(_mm256_unpacklo_ps(a, b)), _mm256_castps_pd(_mm256_unpackhi_ps(a, b)));
        let (s, t) = (_mm256_castps_pd(_mm256_unpacklo_ps(c, d)), _mm256_castps_pd(_mm256_unpackhi_ps(c, d)));
        let all = [_mm256_unpacklo_pd(p, s), _mm256_unpackhi_pd(p, s), _mm256_unpacklo_pd(q, t), _mm256_unpackhi_pd(q, t)];
        [_mm256_castpd_ps(all[0]), _mm256_castpd_ps(all[1]), _mm256_castpd_ps(all[2]), _mm256_castpd_ps(all[3])]
    }
}
