//! Selection by a boolean mask.

use std::mem::MaybeUninit;
use std::ops::Range;

use super::par::{self, SharedMut};
use crate::sizes::product;

/// Mask elements of a block.
const BLOCK: usize = 1 << 14;

/// The true elements of a mask, counted, so that outputs can be allocated.
///
/// A mask in memory that is shared with other software may change after it was counted. What is written never exceeds the count,
/// and places that are missing then hold some element.
pub struct Selection<'a> {
    mask: &'a [bool],
    /// True elements before each block, and in all.
    starts: Vec<usize>,
}

impl<'a> Selection<'a> {
    /// Counts the true elements.
    pub fn new(mask: &'a [bool]) -> Self {
        let counts = par::map_ranges(mask.len().div_ceil(BLOCK), 8, |blocks| blocks.map(|b| count(&mask[block(b, mask.len())])).collect::<Vec<_>>());
        let mut total = 0;
        let mut starts = vec![0];
        for count in counts.into_iter().flatten() {
            total += count;
            starts.push(total);
        }
        Self { mask, starts }
    }

    /// The number of true elements.
    pub fn count(&self) -> usize {
        self.starts[self.starts.len() - 1]
    }

    /// Writes the rows of `inner` elements whose mask element is true.
    ///
    /// # Panics
    /// If `src` is not one row per mask element, or `dst` not one per true element.
    pub fn compress<T: Copy + Send + Sync>(&self, src: &[T], inner: usize, dst: &mut [MaybeUninit<T>]) {
        assert_eq!(Some(src.len()), product(&[self.mask.len(), inner]), "rows to select from");
        assert_eq!(Some(dst.len()), product(&[self.count(), inner]), "rows to select");
        self.for_blocks(dst, inner, |at, mask, dst| {
            let src = &src[at.start * inner..at.end * inner];
            let written = if inner == 1 { compress_block(src, mask, dst) } else { compress_rows(src, inner, mask, dst) };
            if let Some(&value) = src.first() {
                dst[written..].fill(MaybeUninit::new(value));
            }
        });
    }

    /// Calls `f` with the range, the mask and the output of each block.
    fn for_blocks<T: Send>(&self, dst: &mut [MaybeUninit<T>], inner: usize, f: impl Fn(Range<usize>, &[bool], &mut [MaybeUninit<T>]) + Sync) {
        let out = SharedMut::new(dst);
        par::for_ranges(self.starts.len() - 1, 4, |blocks| {
            for b in blocks {
                let at = block(b, self.mask.len());
                // SAFETY: the outputs of the blocks are disjoint.
                let dst = unsafe { out.slice(self.starts[b] * inner..self.starts[b + 1] * inner) };
                f(at.clone(), &self.mask[at], dst);
            }
        });
    }
}

fn block(b: usize, n: usize) -> Range<usize> {
    b * BLOCK..((b + 1) * BLOCK).min(n)
}

fn count(mask: &[bool]) -> usize {
    // Byte counters vectorise; they hold up to 255 blocks.
    mask.chunks(255 * 64)
        .map(|part| {
            let mut counts = [0u8; 64];
            let mut whole = part.chunks_exact(64);
            for bytes in &mut whole {
                counts.iter_mut().zip(bytes).for_each(|(c, &b)| *c += b as u8);
            }
            let rest = whole.remainder().iter().filter(|&&b| b).count();
            counts.iter().map(|&c| c as usize).sum::<usize>() + rest
        })
        .sum()
}

/// Selects single elements of one block, as many as `dst` has room for. How many there were.
fn compress_block<T: Copy>(src: &[T], mask: &[bool], dst: &mut [MaybeUninit<T>]) -> usize {
    #[cfg(target_arch = "x86_64")]
    if super::simd::x86::available() && matches!(size_of::<T>(), 4 | 8) {
        // SAFETY: the CPU has AVX-512F; the slices are valid.
        return unsafe {
            if size_of::<T>() == 8 {
                x86::compress_8(src.as_ptr().cast(), mask, dst.as_mut_ptr().cast(), dst.len())
            } else {
                x86::compress_4(src.as_ptr().cast(), mask, dst.as_mut_ptr().cast(), dst.len())
            }
        };
    }
    // Without a branch on the mask: write always, advance if true. Ends at the last true element.
    let mut k = 0;
    for (&x, &m) in src.iter().zip(mask) {
        if k == dst.len() {
            break;
        }
        dst[k].write(x);
        k += m as usize;
    }
    k
}

/// [`compress_block`] for rows of `inner` elements; the number of elements.
fn compress_rows<T: Copy>(src: &[T], inner: usize, mask: &[bool], dst: &mut [MaybeUninit<T>]) -> usize {
    if inner == 0 {
        return 0;
    }
    let selected = src.chunks_exact(inner).zip(mask).filter(|(_, m)| **m);
    let mut written = 0;
    for (to, (from, _)) in dst.chunks_exact_mut(inner).zip(selected) {
        to.write_copy_of_slice(from);
        written += inner;
    }
    written
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    /// One bit for each of eight mask bytes.
    #[inline(always)]
    fn bits(mask: &[bool; 8]) -> u8 {
        let bytes = u64::from_le_bytes(mask.map(u8::from));
        // Byte k moves to bit 56 + k; no two products meet.
        (bytes.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
    }

    macro_rules! compress {
        ($name:ident, $t:ty, $lanes:literal, $mask:ty, $load_mask:expr, $load:ident, $compress:ident, $store_first:ident) => {
            /// # Safety
            /// Requires AVX-512F; `src` has an element per mask element, `dst` has room for `n`. Neither need be aligned.
            #[target_feature(enable = "avx512f,popcnt")]
            pub(super) unsafe fn $name(src: *const $t, mask: &[bool], dst: *mut $t, n: usize) -> usize {
                let mut k = 0;
                let mut at = 0;
                let (groups, rest) = mask.as_chunks::<$lanes>();
                for group in groups {
                    let m: $mask = $load_mask(group);
                    // SAFETY: `at + lanes <= mask.len()`; a whole vector is stored only where there is room.
                    unsafe {
                        let v = $compress(m, $load(src.add(at).cast()));
                        if k + $lanes <= n {
                            _mm512_storeu_si512(dst.add(k).cast(), v);
                        } else {
                            let room = (n - k).min(m.count_ones() as usize);
                            $store_first(dst.add(k).cast(), ((1u32 << room) - 1) as $mask, v);
                        }
                    }
                    k = n.min(k + m.count_ones() as usize);
                    at += $lanes;
                }
                for (i, &m) in rest.iter().enumerate() {
                    if m && k < n {
                        // SAFETY: there is room.
                        unsafe { dst.add(k).write_unaligned(src.add(at + i).read_unaligned()) };
                        k += 1;
                    }
                }
                k
            }
        };
    }
    compress!(compress_8, u64, 8, __mmask8, bits, _mm512_loadu_si512, _mm512_maskz_compress_epi64, _mm512_mask_storeu_epi64);
    compress!(
        compress_4,
        u32,
        16,
        __mmask16,
        |group: &[bool; 16]| {
            let (low, high) = group.split_at(8);
            bits(low.try_into().unwrap_or(&[false; 8])) as u16 | (bits(high.try_into().unwrap_or(&[false; 8])) as u16) << 8
        },
        _mm512_loadu_si512,
        _mm512_maskz_compress_epi32,
        _mm512_mask_storeu_epi32
    );
}
