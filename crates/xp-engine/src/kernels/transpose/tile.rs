//! Transposition of blocks in square register tiles.

/// Strides of the matrix view of a copy: element `(i, j)` moves from `i * src_row + j * src_col` to
/// `j * dst_row + i * dst_col`. Tiles need `src_col == 1 && dst_col == 1`.
pub(super) struct Layout {
    pub(super) src_row: isize,
    pub(super) src_col: isize,
    pub(super) dst_row: isize,
    pub(super) dst_col: isize,
}

/// How the blocks of one copy are moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kernel {
    /// Element by element.
    Scalar,
    /// Tiles in 128-bit registers.
    #[cfg(target_arch = "x86_64")]
    Sse2,
    /// Tiles in 512-bit registers.
    #[cfg(target_arch = "x86_64")]
    Avx512(Store),
}

/// How the tiles of a block reach the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Store {
    /// By ordinary stores.
    Cached,
    /// As whole cache lines written past the caches: the rows of the destination are equally aligned.
    Stream,
    /// Through a buffer, of which the whole cache lines are written past the caches.
    Staged,
}

/// Copies of at least this size do not stay in the caches, so writing past these saves reading the destination.
const STREAM_BYTES: usize = 4 << 20;

/// Elements of a block along either axis.
const BLOCK: usize = 64;

/// Bytes of a staged block along the fast axes of destination and source.
const STAGED: (usize, usize) = (1024, 256);

/// Cache lines of the buffer for a staged block of the smallest elements that are staged, 4 bytes.
const STAGE_LINES: usize = STAGED.0 * STAGED.1 / 4 / 64;

impl Kernel {
    pub(super) fn choose<T>(dst: *const T, layout: &Layout, bytes: usize) -> Self {
        #[cfg(target_arch = "x86_64")]
        if layout.src_col == 1 && layout.dst_col == 1 && size_of::<T>().is_power_of_two() && size_of::<T>() <= 16 {
            if size_of::<T>() >= 4 && super::super::simd::x86::available() {
                return Self::Avx512(match layout.dst_row % (64 / size_of::<T>()) as isize {
                    _ if bytes < STREAM_BYTES || !dst.addr().is_multiple_of(size_of::<T>()) => Store::Cached,
                    0 => Store::Stream,
                    _ => Store::Staged,
                });
            }
            if size_of::<T>() <= 8 {
                return Self::Sse2;
            }
        }
        let _ = (dst, layout, bytes);
        Self::Scalar
    }

    /// Indices along the fast destination axis before its first cache line boundary, where that matters.
    pub(super) fn lead<T>(self, dst: *const T, single_matrix: bool) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(Store::Stream) if single_matrix => (dst.addr().wrapping_neg() % 64) / size_of::<T>(),
            _ => {
                let _ = (dst, single_matrix);
                0
            }
        }
    }

    /// Block size along the fast axes of destination and source.
    pub(super) fn block<T>(self) -> (usize, usize) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(Store::Staged) => (STAGED.0 / size_of::<T>(), STAGED.1 / size_of::<T>()),
            _ => (BLOCK, BLOCK),
        }
    }

    /// Orders streaming stores before whatever the task does next.
    pub(super) fn fence(self) {
        #[cfg(target_arch = "x86_64")]
        if matches!(self, Self::Avx512(Store::Stream | Store::Staged)) {
            // SAFETY: SSE is part of x86-64.
            unsafe { std::arch::x86_64::_mm_sfence() };
        }
    }

    /// Moves a block of `m` x `n` elements.
    ///
    /// # Safety
    /// The block is valid in both layouts; the kernel was chosen for `T` and this layout.
    pub(super) unsafe fn run<T: Copy>(self, src: *const T, dst: *mut T, layout: &Layout, m: usize, n: usize) {
        // SAFETY: the caller's promise; `choose` has checked the features.
        unsafe {
            match self {
                Self::Scalar => scalar(src, dst, layout, 0..m, 0..n),
                #[cfg(target_arch = "x86_64")]
                Self::Sse2 => match size_of::<T>() {
                    1 => tiles::<x86::Sse2<1>>(src.cast(), dst.cast(), layout, m, n, false),
                    2 => tiles::<x86::Sse2<2>>(src.cast(), dst.cast(), layout, m, n, false),
                    4 => tiles::<x86::Sse2<4>>(src.cast(), dst.cast(), layout, m, n, false),
                    _ => tiles::<x86::Sse2<8>>(src.cast(), dst.cast(), layout, m, n, false),
                },
                #[cfg(target_arch = "x86_64")]
                Self::Avx512(store) => match size_of::<T>() {
                    4 => x86::block_avx512::<x86::Avx512<4>>(src.cast(), dst.cast(), layout, m, n, store),
                    8 => x86::block_avx512::<x86::Avx512<8>>(src.cast(), dst.cast(), layout, m, n, store),
                    _ => x86::block_avx512::<x86::Avx512<16>>(src.cast(), dst.cast(), layout, m, n, store),
                },
            }
        }
    }
}

/// A square tile transposed in registers.
trait Tile {
    /// An element, as bytes.
    type Unit: Copy;
    const SIDE: usize;

    /// Transposes one tile; the row distances are in bytes.
    ///
    /// # Safety
    /// The tile is valid on both sides; if `stream`, its destination rows are aligned to their length.
    unsafe fn transpose(src: *const u8, src_row: isize, dst: *mut u8, dst_row: isize, stream: bool);
}

/// Covers a block with tiles and moves the rest element by element.
///
/// # Safety
/// As for [`Kernel::run`].
#[inline(always)]
unsafe fn tiles<K: Tile>(src: *const K::Unit, dst: *mut K::Unit, layout: &Layout, m: usize, n: usize, stream: bool) {
    let (whole_m, whole_n) = (m - m % K::SIDE, n - n % K::SIDE);
    let bytes = size_of::<K::Unit>() as isize;
    // SAFETY: tiles and rests lie in the block.
    unsafe {
        for i in (0..whole_m).step_by(K::SIDE) {
            let src = src.offset(i as isize * layout.src_row);
            let dst = dst.add(i);
            let stream = stream && dst.addr() % 64 == 0;
            for j in (0..whole_n).step_by(K::SIDE) {
                K::transpose(
                    src.add(j).cast::<u8>(),
                    layout.src_row * bytes,
                    dst.offset(j as isize * layout.dst_row).cast::<u8>(),
                    layout.dst_row * bytes,
                    stream,
                );
            }
        }
        scalar(src, dst, layout, 0..whole_m, whole_n..n);
        scalar(src, dst, layout, whole_m..m, 0..n);
    }
}

/// Moves a part of a block element by element.
///
/// # Safety
/// As for [`Kernel::run`].
unsafe fn scalar<T: Copy>(src: *const T, dst: *mut T, layout: &Layout, rows: std::ops::Range<usize>, cols: std::ops::Range<usize>) {
    for j in cols {
        let j = j as isize;
        for i in rows.clone() {
            let i = i as isize;
            // SAFETY: the indices lie in the block.
            unsafe {
                *dst.offset(j * layout.dst_row + i * layout.dst_col) = *src.offset(i * layout.src_row + j * layout.src_col);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::super::super::simd::x86 as simd;
    use super::{Layout, STAGE_LINES, STAGED, Store, Tile, tiles};
    use std::arch::x86_64::*;
    use std::mem::MaybeUninit;

    /// 16 / SIZE elements a side. Interleaving row `k` with row `k + side/2`, `log2(side)` times, transposes.
    pub(super) struct Sse2<const SIZE: usize>;

    macro_rules! sse2_tile {
        ($size:literal, $side:literal, $stages:literal, $lo:ident, $hi:ident) => {
            impl Tile for Sse2<$size> {
                type Unit = [u8; $size];
                const SIDE: usize = $side;
                #[inline(always)]
                unsafe fn transpose(src: *const u8, src_row: isize, dst: *mut u8, dst_row: isize, _: bool) {
                    // SAFETY: SSE2 is part of x86-64; the caller guarantees the tile.
                    unsafe {
                        let mut v = [_mm_setzero_si128(); $side];
                        for (k, v) in v.iter_mut().enumerate() {
                            *v = _mm_loadu_si128(src.offset(k as isize * src_row).cast());
                        }
                        for _ in 0..$stages {
                            let u = v;
                            for k in 0..$side / 2 {
                                v[2 * k] = $lo(u[k], u[k + $side / 2]);
                                v[2 * k + 1] = $hi(u[k], u[k + $side / 2]);
                            }
                        }
                        for (k, v) in v.into_iter().enumerate() {
                            _mm_storeu_si128(dst.offset(k as isize * dst_row).cast(), v);
                        }
                    }
                }
            }
        };
    }
    sse2_tile!(1, 16, 4, _mm_unpacklo_epi8, _mm_unpackhi_epi8);
    sse2_tile!(2, 8, 3, _mm_unpacklo_epi16, _mm_unpackhi_epi16);
    sse2_tile!(4, 4, 2, _mm_unpacklo_epi32, _mm_unpackhi_epi32);
    sse2_tile!(8, 2, 1, _mm_unpacklo_epi64, _mm_unpackhi_epi64);

    /// 64 / SIZE elements a side.
    pub(super) struct Avx512<const SIZE: usize>;

    macro_rules! avx512_tile {
        ($size:literal, $side:literal, $transpose:path) => {
            impl Tile for Avx512<$size> {
                type Unit = [u8; $size];
                const SIDE: usize = $side;
                #[inline(always)]
                unsafe fn transpose(src: *const u8, src_row: isize, dst: *mut u8, dst_row: isize, stream: bool) {
                    // SAFETY: called from `tiles_avx512` only; the caller guarantees the tile and its alignment.
                    unsafe {
                        let mut rows = [_mm512_setzero_si512(); $side];
                        for (k, row) in rows.iter_mut().enumerate() {
                            *row = _mm512_loadu_si512(src.offset(k as isize * src_row).cast());
                        }
                        for (k, v) in $transpose(rows).into_iter().enumerate() {
                            let to = dst.offset(k as isize * dst_row).cast();
                            if stream {
                                _mm512_stream_si512(to, v);
                            } else {
                                _mm512_storeu_si512(to, v);
                            }
                        }
                    }
                }
            }
        };
    }
    avx512_tile!(4, 16, simd::transpose_16x16);
    avx512_tile!(8, 8, simd::transpose_8x8);
    avx512_tile!(16, 4, simd::transpose_4x4);

    /// # Safety
    /// As for [`super::Kernel::run`], on a CPU with AVX-512F; a staged block is at most [`STAGED`] large.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn block_avx512<K: Tile>(src: *const K::Unit, dst: *mut K::Unit, layout: &Layout, m: usize, n: usize, store: Store) {
        if store != Store::Staged {
            // SAFETY: the caller's promise.
            return unsafe { tiles::<K>(src, dst, layout, m, n, store == Store::Stream) };
        }
        let mut stage = Stage([MaybeUninit::uninit(); STAGE_LINES]);
        let stage = stage.0.as_mut_ptr().cast::<K::Unit>();
        // The row distance of the stage is its largest row, whole cache lines.
        let row = STAGED.0 / size_of::<K::Unit>();
        let staged = Layout { dst_row: row as isize, ..*layout };
        // SAFETY: `m` elements are at most STAGED.0 bytes and `n` at most STAGED.1 bytes, so the stage holds n rows of STAGED.0 bytes.
        unsafe {
            tiles::<K>(src, stage, &staged, m, n, false);
            for j in 0..n {
                stream_row(stage.add(j * row), dst.offset(j as isize * layout.dst_row), m);
            }
        }
    }

    #[derive(Clone, Copy)]
    #[repr(align(64))]
    struct Line(#[allow(dead_code)] [u8; 64]);

    struct Stage([MaybeUninit<Line>; STAGE_LINES]);

    /// Copies `n` elements, whole cache lines of the destination past the caches.
    ///
    /// # Safety
    /// Requires AVX-512F, valid runs that do not overlap, and a destination aligned to `T`'s size.
    #[inline(always)]
    unsafe fn stream_row<T: Copy>(src: *const T, dst: *mut T, n: usize) {
        let lane = 64 / size_of::<T>();
        let head = ((dst.addr().wrapping_neg() % 64) / size_of::<T>()).min(n);
        let lines = (n - head) / lane;
        let tail = head + lines * lane;
        // SAFETY: all offsets are below n; the streamed lines are aligned.
        unsafe {
            std::ptr::copy_nonoverlapping(src, dst, head);
            for k in 0..lines {
                let at = head + k * lane;
                _mm512_stream_si512(dst.add(at).cast(), _mm512_loadu_si512(src.add(at).cast()));
            }
            std::ptr::copy_nonoverlapping(src.add(tail), dst.add(tail), n - tail);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kernel, Layout};

    fn check<T: Copy + PartialEq + Default + std::fmt::Debug>(kernel: Kernel, value: impl Fn(usize) -> T) {
        for (m, n) in [(1, 1), (2, 2), (3, 5), (16, 16), (17, 33), (64, 64), (63, 50)] {
            let src: Vec<T> = (0..m * n).map(&value).collect();
            let mut dst = vec![T::default(); m * n];
            let layout = Layout { src_row: n as isize, src_col: 1, dst_row: m as isize, dst_col: 1 };
            // SAFETY: both buffers hold an m x n matrix.
            unsafe { kernel.run(src.as_ptr(), dst.as_mut_ptr(), &layout, m, n) };
            for i in 0..m {
                for j in 0..n {
                    assert_eq!(dst[j * m + i], src[i * n + j], "{kernel:?} {m}x{n} at ({i}, {j})");
                }
            }
        }
    }

    #[test]
    fn every_kernel_transposes_every_size_it_serves() {
        let kernels = [
            Kernel::Scalar,
            #[cfg(target_arch = "x86_64")]
            Kernel::Sse2,
        ];
        for kernel in kernels {
            check(kernel, |i| i as u8);
            check(kernel, |i| i as u16);
            check(kernel, |i| i as u32);
            check(kernel, |i| i as u64);
        }
    }
}
