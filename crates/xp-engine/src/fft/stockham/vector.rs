//! Registers of numbers: AVX-512 behind one trait, and those of doubles.

use std::arch::x86_64::*;

use crate::fft::float::FftFloat;
use crate::level::{Level, level};

/// The instruction sets that this file's registers need, as one list for `target_feature`.
macro_rules! wide {
    ($($item:item)*) => {$(
        #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")]
        $item
    )*};
}
pub(super) use wide;

/// Whether the level has them.
pub(super) fn available() -> bool {
    level() >= Level::Avx512
}

/// A register of `LANES` reals.
///
/// # Safety
/// All functions need the instruction sets of [`wide!`]. Pointers need not be aligned; what is read or written through
/// them must be valid for it.
pub trait Vector: Copy + Send + Sync + 'static {
    type Real: FftFloat;
    /// Numbers of elements.
    type Index: Copy;
    const LANES: usize;

    unsafe fn load(from: *const Self::Real) -> Self;
    /// Asks for the cache line at an address, which need not be valid, to read or to write.
    #[inline(always)]
    unsafe fn prefetch<const WRITE: bool>(at: *const Self::Real) {
        // SAFETY: a hint; it does not access memory.
        unsafe {
            if WRITE {
                _mm_prefetch::<_MM_HINT_ET0>(at.cast());
            } else {
                _mm_prefetch::<_MM_HINT_T1>(at.cast());
            }
        }
    }
    unsafe fn store(self, to: *mut Self::Real);
    unsafe fn splat(x: Self::Real) -> Self;
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    /// `self * a + b`, rounded once.
    unsafe fn mul_add(self, a: Self, b: Self) -> Self;
    /// `self * a - b`, rounded once.
    unsafe fn mul_sub(self, a: Self, b: Self) -> Self;
    /// `b - self * a`, rounded once.
    unsafe fn neg_mul_add(self, a: Self, b: Self) -> Self;
    /// The elements of even and of odd index of two registers in a row.
    unsafe fn unzip(a: Self, b: Self) -> (Self, Self);
    /// The inverse of `unzip`.
    unsafe fn zip(even: Self, odd: Self) -> (Self, Self);
    /// As `unzip`, the elements in the opposite order.
    unsafe fn unzip_reversed(a: Self, b: Self) -> (Self, Self);
    /// As `zip`, for elements in the opposite order.
    unsafe fn zip_reversed(even: Self, odd: Self) -> (Self, Self);
    /// The first element of `first`, then those of `rest` from the last to the second.
    unsafe fn turn(first: Self, rest: Self) -> Self;
    /// An index with the values of a function of the lane, all below `2 LANES`.
    unsafe fn index(of: impl Fn(usize) -> usize) -> Self::Index;
    /// The elements of `a` and `b` in a row that an index names.
    unsafe fn pick(a: Self, b: Self, index: Self::Index) -> Self;
    /// `[lower half of a, lower half of b]` and `[upper half of a, upper half of b]`.
    unsafe fn halves(a: Self, b: Self) -> (Self, Self);
    /// The transpose of the 8 rows: element `(row, lane)` goes to `8 lane + row` of the registers in a row.
    unsafe fn transpose8(rows: [Self; 8]) -> [Self; 8];
    /// The transpose of `LANES` rows, in place.
    unsafe fn transpose(rows: &mut [Self]);
}

/// The functions of a register that are one instruction each.
macro_rules! arithmetic {
    ($real:ty, $lanes:literal, $load:ident $store:ident $splat:ident $add:ident $sub:ident $mul:ident $fmadd:ident $fmsub:ident $fnmadd:ident) => {
        type Real = $real;
        const LANES: usize = $lanes;
        #[inline(always)]
        unsafe fn load(from: *const $real) -> Self {
            // SAFETY: the caller's promise.
            unsafe { $load(from) }
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut $real) {
            // SAFETY: the caller's promise.
            unsafe { $store(to, self) }
        }
        #[inline(always)]
        unsafe fn splat(x: $real) -> Self {
            // SAFETY: the caller's promise.
            unsafe { $splat(x) }
        }
        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            // SAFETY: the caller's promise.
            unsafe { $add(self, other) }
        }
        #[inline(always)]
        unsafe fn sub(self, other: Self) -> Self {
            // SAFETY: the caller's promise.
            unsafe { $sub(self, other) }
        }
        #[inline(always)]
        unsafe fn mul(self, other: Self) -> Self {
            // SAFETY: the caller's promise.
            unsafe { $mul(self, other) }
        }
        #[inline(always)]
        unsafe fn mul_add(self, a: Self, b: Self) -> Self {
            // SAFETY: the caller's promise.
            unsafe { $fmadd(self, a, b) }
        }
        #[inline(always)]
        unsafe fn mul_sub(self, a: Self, b: Self) -> Self {
            // SAFETY: the caller's promise.
            unsafe { $fmsub(self, a, b) }
        }
        #[inline(always)]
        unsafe fn neg_mul_add(self, a: Self, b: Self) -> Self {
            // SAFETY: the caller's promise.
            unsafe { $fnmadd(self, a, b) }
        }
    };
}

pub(super) use arithmetic;

impl Vector for __m512d {
    type Index = __m512i;
    arithmetic!(f64, 8, _mm512_loadu_pd _mm512_storeu_pd _mm512_set1_pd _mm512_add_pd _mm512_sub_pd _mm512_mul_pd
        _mm512_fmadd_pd _mm512_fmsub_pd _mm512_fnmadd_pd);

    #[inline(always)]
    unsafe fn unzip(a: Self, b: Self) -> (Self, Self) {
        // SAFETY: the caller's promise.
        unsafe {
            let even = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
            let odd = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);
            (_mm512_permutex2var_pd(a, even, b), _mm512_permutex2var_pd(a, odd, b))
        }
    }

    #[inline(always)]
    unsafe fn zip(even: Self, odd: Self) -> (Self, Self) {
        // SAFETY: the caller's promise.
        unsafe {
            let low = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
            let high = _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
            (_mm512_permutex2var_pd(even, low, odd), _mm512_permutex2var_pd(even, high, odd))
        }
    }

    #[inline(always)]
    unsafe fn unzip_reversed(a: Self, b: Self) -> (Self, Self) {
        // SAFETY: the caller's promise.
        unsafe {
            let even = _mm512_setr_epi64(14, 12, 10, 8, 6, 4, 2, 0);
            let odd = _mm512_setr_epi64(15, 13, 11, 9, 7, 5, 3, 1);
            (_mm512_permutex2var_pd(a, even, b), _mm512_permutex2var_pd(a, odd, b))
        }
    }

    #[inline(always)]
    unsafe fn zip_reversed(even: Self, odd: Self) -> (Self, Self) {
        // SAFETY: the caller's promise.
        unsafe {
            let low = _mm512_setr_epi64(7, 15, 6, 14, 5, 13, 4, 12);
            let high = _mm512_setr_epi64(3, 11, 2, 10, 1, 9, 0, 8);
            (_mm512_permutex2var_pd(even, low, odd), _mm512_permutex2var_pd(even, high, odd))
        }
    }

    #[inline(always)]
    unsafe fn turn(first: Self, rest: Self) -> Self {
        // SAFETY: the caller's promise.
        unsafe { _mm512_permutex2var_pd(first, _mm512_setr_epi64(0, 15, 14, 13, 12, 11, 10, 9), rest) }
    }

    #[inline(always)]
    unsafe fn index(of: impl Fn(usize) -> usize) -> __m512i {
        let mut all = [0i64; 8];
        for (l, index) in all.iter_mut().enumerate() {
            *index = of(l) as i64;
        }
        // SAFETY: a register's worth of numbers.
        unsafe { _mm512_loadu_si512(all.as_ptr().cast()) }
    }

    #[inline(always)]
    unsafe fn pick(a: Self, b: Self, index: __m512i) -> Self {
        // SAFETY: the caller's promise.
        unsafe { _mm512_permutex2var_pd(a, index, b) }
    }

    #[inline(always)]
    unsafe fn halves(a: Self, b: Self) -> (Self, Self) {
        // SAFETY: the caller's promise.
        unsafe { (_mm512_shuffle_f64x2::<0x44>(a, b), _mm512_shuffle_f64x2::<0xEE>(a, b)) }
    }

    #[inline(always)]
    unsafe fn transpose8(r: [Self; 8]) -> [Self; 8] {
        // SAFETY: the caller's promise.
        unsafe {
            // Pairs of rows within each 128 bits, then 128-bit blocks.
            let mut out = r;
            let low =
                [_mm512_unpacklo_pd(r[0], r[1]), _mm512_unpacklo_pd(r[2], r[3]), _mm512_unpacklo_pd(r[4], r[5]), _mm512_unpacklo_pd(r[6], r[7])];
            let high =
                [_mm512_unpackhi_pd(r[0], r[1]), _mm512_unpackhi_pd(r[2], r[3]), _mm512_unpackhi_pd(r[4], r[5]), _mm512_unpackhi_pd(r[6], r[7])];
            for (odd, [a, b, c, d]) in [low, high].into_iter().enumerate() {
                let [p, q] = [_mm512_shuffle_f64x2::<0x88>(a, b), _mm512_shuffle_f64x2::<0x88>(c, d)];
                let [s, t] = [_mm512_shuffle_f64x2::<0xDD>(a, b), _mm512_shuffle_f64x2::<0xDD>(c, d)];
                out[odd] = _mm512_shuffle_f64x2::<0x88>(p, q);
                out[4 + odd] = _mm512_shuffle_f64x2::<0xDD>(p, q);
                out[2 + odd] = _mm512_shuffle_f64x2::<0x88>(s, t);
                out[6 + odd] = _mm512_shuffle_f64x2::<0xDD>(s, t);
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
