//! Workspaces, threads, scaling and copies shared by the routines.

use super::{Error, RealScalar, Result, Scalar};
use crate::pages::available;
use crate::pool;
use crate::threads::{self, Shared};
use faer::dyn_stack::{MemStack, StackReq};
use faer::{Mat, MatMut, MatRef, Par};
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::cell::RefCell;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::sync::{Mutex, PoisonError};

/// Larger workspaces are returned to the allocator after use.
const KEPT_BYTES: usize = 64 << 20;

/// Alignment of workspaces and of their matrices.
const ALIGN: usize = 64;

/// Zeroed memory, so that what a workspace hands out is always initialised.
struct Buffer {
    address: NonNull<u8>,
    layout: Layout,
}

impl Buffer {
    fn new(bytes: usize) -> Result<Self> {
        let failed = Error::OutOfMemory { bytes };
        let layout = Layout::from_size_align(bytes.max(ALIGN), ALIGN).map_err(|_| failed)?;
        // SAFETY: the layout has a positive size.
        let address = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or(failed)?;
        Ok(Buffer { address, layout })
    }

    fn as_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        // SAFETY: the allocation has this size and is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.address.as_ptr().cast(), self.layout.size()) }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout.
        unsafe { dealloc(self.address.as_ptr(), self.layout) };
    }
}

thread_local! {
    static KEPT: RefCell<Vec<Buffer>> = const { RefCell::new(Vec::new()) };
}

/// Runs `f` with a workspace of at least `req`, which a thread keeps for its next call.
pub(super) fn with_workspace<O>(req: StackReq, f: impl FnOnce(&mut MemStack) -> O) -> Result<O> {
    let bytes = req.unaligned_bytes_required();
    // Nested calls find the buffers of their own depth: the outermost takes the last.
    let mut buffer = match KEPT.with_borrow_mut(Vec::pop) {
        Some(buffer) if buffer.layout.size() >= bytes => buffer,
        _ => Buffer::new(bytes)?,
    };
    let out = f(MemStack::new(buffer.as_mut()));
    if buffer.layout.size() <= KEPT_BYTES {
        KEPT.with_borrow_mut(|kept| {
            if kept.len() < 3 {
                kept.push(buffer);
            }
        });
    }
    Ok(out)
}

/// Distance of the columns of a workspace matrix: aligned, and off the powers of two that crowd one cache set.
fn leading_dimension<T>(nrows: usize) -> usize {
    let per_line = (ALIGN / size_of::<T>()).max(1);
    let ld = nrows.next_multiple_of(per_line);
    if ld > per_line && (ld * size_of::<T>()).is_multiple_of(1024) { ld + per_line } else { ld }
}

/// Workspace of [`matrix`].
pub(super) fn matrix_req<T>(nrows: usize, ncols: usize) -> StackReq {
    StackReq::new_aligned::<T>(leading_dimension::<T>(nrows).saturating_mul(ncols), ALIGN)
}

/// A column-major matrix in the workspace; its elements are leftovers.
pub(super) fn matrix<T: Scalar>(nrows: usize, ncols: usize, stack: &mut MemStack) -> (MatMut<'_, T>, &mut MemStack) {
    let ld = leading_dimension::<T>(nrows);
    let (memory, stack) = stack.make_aligned_uninit::<T>(ld * ncols, ALIGN);
    let address = memory.as_mut_ptr().cast::<T>();
    // SAFETY: the memory holds ld x ncols elements, is borrowed for this lifetime and is initialised: it was zeroed when
    // it was allocated, and any bits are a number.
    (unsafe { MatMut::from_raw_parts_mut(address, nrows, ncols, 1, ld as isize) }, stack)
}

/// `len` numbers in the workspace, which are leftovers.
pub(super) fn numbers<T: Scalar>(len: usize, stack: &mut MemStack) -> (&mut [T], &mut MemStack) {
    let (memory, stack) = stack.make_aligned_uninit::<T>(len, ALIGN);
    // SAFETY: the memory is initialised, as in `matrix`.
    (unsafe { memory.assume_init_mut() }, stack)
}

/// `len` zeros.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub(super) fn zeros<T: Scalar>(len: usize) -> Result<Vec<T>> {
    let failed = Error::OutOfMemory { bytes: len.saturating_mul(size_of::<T>()) };
    let layout = Layout::array::<T>(len).map_err(|_| failed)?;
    if layout.size() == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: the layout has a positive size.
    let start = NonNull::new(unsafe { alloc_zeroed(layout) }.cast::<T>()).ok_or(failed)?;
    // SAFETY: the memory is the allocator's, for `len` numbers with the layout that `Vec` uses; zero bits are a number.
    Ok(unsafe { Vec::from_raw_parts(start.as_ptr(), len, len) })
}

/// A matrix of zeros.
///
/// # Errors
/// As [`zeros`].
pub(super) fn zero_matrix<T: Scalar>(nrows: usize, ncols: usize) -> Result<Mat<T>> {
    // faer ends the process without memory, so it is asked for first. Columns are padded to cache lines.
    let len = nrows.checked_next_multiple_of(ALIGN).and_then(|rows| rows.checked_mul(ncols)).unwrap_or(usize::MAX);
    let bytes = len.saturating_mul(size_of::<T>());
    if bytes >= KEPT_BYTES / 64 && !available(bytes) {
        return Err(Error::OutOfMemory { bytes });
    }
    Ok(Mat::zeros(nrows, ncols))
}

/// `par` if the work (in multiply-adds) pays for starting threads, else one thread.
pub(super) fn par_for(par: Par, work: usize) -> Par {
    if work < 1 << 18 { Par::Seq } else { par }
}

/// Whether the leading dimension of a view is its rows: consecutive elements of a row are closer than those of a column.
pub(super) fn is_row_major<T>(a: MatRef<'_, T>) -> bool {
    a.col_stride().unsigned_abs() < a.row_stride().unsigned_abs() || (a.nrows() == 1 && a.ncols() > 1)
}

/// Elements of which one task finds the largest.
const SEARCHED: usize = 1 << 17;

/// Largest magnitude of the parts of the elements; an error if one is NaN or infinite.
pub(super) fn max_magnitude<T: Scalar>(a: MatRef<'_, T>, par: Par) -> Result<T::R> {
    let a = if is_row_major(a) { a.transpose() } else { a };
    let (m, n) = a.shape();
    if par == Par::Seq || m * n <= SEARCHED {
        return magnitude_of(a);
    }
    let width = (SEARCHED / m).max(1);
    let part = |i: usize| magnitude_of(a.subcols(i * width, width.min(n - i * width)));
    threads::map(n.div_ceil(width), part).into_iter().try_fold(T::R::ZERO, |max, part| Ok(max.larger(part?)))
}

fn magnitude_of<T: Scalar>(a: MatRef<'_, T>) -> Result<T::R> {
    let (mut max, mut finite) = (T::R::ZERO, true);
    for j in 0..a.ncols() {
        let column = a.col(j);
        if let Some(column) = column.try_as_col_major() {
            // Sums of x * 0 find NaN and infinities without a branch.
            let (m, z) = max_and_poison(column.as_slice());
            max = max.larger(m);
            finite &= z == T::R::ZERO;
        } else {
            for i in 0..a.nrows() {
                let x = column[i];
                finite &= x.finite();
                max = max.larger(x.max_part());
            }
        }
    }
    if finite { Ok(max) } else { Err(Error::NonFinite) }
}

fn max_and_poison<T: Scalar>(column: &[T]) -> (T::R, T::R) {
    const L: usize = 16;
    let (mut max, mut poison) = ([T::R::ZERO; L], [T::R::ZERO; L]);
    let (chunks, rest) = column.as_chunks::<L>();
    let mut step = |lane: usize, x: T| {
        let (a, b) = (x.re().modulus(), x.im().modulus());
        let part = if a > b { a } else { b };
        poison[lane] += a * T::R::ZERO + b * T::R::ZERO;
        max[lane] = if part > max[lane] { part } else { max[lane] };
    };
    for chunk in chunks {
        for (lane, &x) in chunk.iter().enumerate() {
            step(lane, x);
        }
    }
    for (lane, &x) in rest.iter().enumerate() {
        step(lane, x);
    }
    let (mut m, mut p) = (T::R::ZERO, T::R::ZERO);
    for lane in 0..L {
        m = if max[lane] > m { max[lane] } else { m };
        p += poison[lane];
    }
    (m, p)
}

/// Exponent `e` such that `a * 2^-e` is safe to square and multiply; zero if it already is.
pub(super) fn scale_exponent<T: Scalar>(a: MatRef<'_, T>, par: Par) -> Result<i32> {
    let exponent = exponent_of(max_magnitude(a, par)?);
    Ok(if exponent.abs() <= T::R::SAFE_EXPONENT { 0 } else { exponent })
}

/// The exponent of two of a magnitude; zero for zero.
pub(super) fn exponent_of<R: RealScalar>(magnitude: R) -> i32 {
    let magnitude = magnitude.to_f64();
    if magnitude == 0.0 { 0 } else { magnitude.log2().floor() as i32 }
}

/// `dst = src * 2^exponent`, element by element.
pub(super) fn copy_scaled<T: Scalar>(dst: MatMut<'_, T>, src: MatRef<'_, T>, exponent: i32, par: Par) {
    if exponent == 0 {
        return copy_into(dst, src, par);
    }
    let mut dst = dst;
    for j in 0..src.ncols() {
        for i in 0..src.nrows() {
            let x = src[(i, j)];
            dst[(i, j)] = T::from_parts(x.re().ldexp(exponent), x.im().ldexp(exponent));
        }
    }
}

/// Calls `f` on a thread of the pool, unless one thread is enough: the many short parallel steps of faer's factorisations
/// then start without a hand-over each.
pub(super) fn in_pool<R: Send>(par: Par, f: impl FnOnce() -> R + Send) -> R {
    match par {
        Par::Seq => f(),
        Par::Rayon(_) => pool::run(f),
    }
}

/// Calls `run` for every part below `parts`, side by side if `par` says so.
pub(super) fn for_parts(parts: usize, par: Par, run: &(dyn Fn(usize) + Sync)) {
    match par {
        Par::Seq => (0..parts).for_each(run),
        Par::Rayon(_) => threads::for_each_part(parts, run),
    }
}

/// Calls `f(i, chunk)` for the chunks of `size` elements (the last one may be shorter), side by side if `par` says so.
pub(super) fn for_chunks<T: Send>(slice: &mut [T], size: usize, par: Par, f: impl Fn(usize, &mut [T]) + Sync) {
    match par {
        Par::Seq => slice.chunks_mut(size).enumerate().for_each(|(i, chunk)| f(i, chunk)),
        Par::Rayon(_) => threads::for_chunks(slice, size, f),
    }
}

/// Calls `f(i, j, tile)` for the tiles of `height x width` elements of `a` (the last ones may be smaller), whose first
/// element is `a[(i, j)]`, side by side if `par` says so.
pub(super) fn for_tiles<T: Send>(a: MatMut<'_, T>, [height, width]: [usize; 2], par: Par, f: impl Fn(usize, usize, MatMut<'_, T>) + Sync) {
    let ([m, n], [row, column]) = ([a.nrows(), a.ncols()], [a.row_stride(), a.col_stride()]);
    let (down, across) = (m.div_ceil(height), n.div_ceil(width));
    let start = Shared::new(a.as_ptr_mut());
    for_parts(down * across, par, &|part| {
        let (i, j) = (part % down * height, part / down * width);
        let first = start.get().wrapping_offset(i as isize * row + j as isize * column);
        // SAFETY: the tiles are disjoint parts of `a`, which is borrowed mutably.
        f(i, j, unsafe { MatMut::from_raw_parts_mut(first, height.min(m - i), width.min(n - j), row, column) });
    });
}

/// As [`for_columns`], and `first` beside them, which starts first.
pub(super) fn for_columns_and<T: Send>(
    a: MatMut<'_, T>,
    width: usize,
    par: Par,
    f: impl Fn(usize, MatMut<'_, T>) + Sync,
    first: impl FnOnce() + Send,
) {
    let (m, n, row, column) = (a.nrows(), a.ncols(), a.row_stride(), a.col_stride());
    let start = Shared::new(a.as_ptr_mut());
    let first = Mutex::new(Some(first));
    for_parts(1 + n.div_ceil(width), par, &|part| {
        let Some(group) = part.checked_sub(1) else {
            let first = first.lock().unwrap_or_else(PoisonError::into_inner).take();
            return first.into_iter().for_each(|first| first());
        };
        let j = group * width;
        // SAFETY: the groups are disjoint columns of `a`, which is borrowed mutably.
        f(j, unsafe { MatMut::from_raw_parts_mut(start.get().wrapping_offset(j as isize * column), m, width.min(n - j), row, column) });
    });
}

/// Calls `f(j, columns)` for groups of `width` columns from column `j` on, by [`for_tiles`].
pub(super) fn for_columns<T: Send>(a: MatMut<'_, T>, width: usize, par: Par, f: impl Fn(usize, MatMut<'_, T>) + Sync) {
    let height = a.nrows().max(1);
    for_tiles(a, [height, width], par, |_, j, columns| f(j, columns));
}

/// `dst = src` for views of any strides, in tiles so that a transposed copy stays in cache.
pub fn copy_into<T: Scalar>(dst: MatMut<'_, T>, src: MatRef<'_, T>, par: Par) {
    assert_eq!((dst.nrows(), dst.ncols()), (src.nrows(), src.ncols()));
    let (dst, src) = if is_row_major(dst.as_ref()) { (dst.transpose_mut(), src.transpose()) } else { (dst, src) };
    let par = par_for(par, src.nrows() * src.ncols());
    for_columns(dst, 64, par, |j, dst| {
        let width = dst.ncols();
        copy_stripe(dst, src.subcols(j, width));
    });
}

fn copy_stripe<T: Scalar>(mut dst: MatMut<'_, T>, src: MatRef<'_, T>) {
    let (m, n) = (src.nrows(), src.ncols());
    if let (1, 1) = (dst.row_stride(), src.row_stride()) {
        for j in 0..n {
            let d = dst.as_mut().col_mut(j).try_as_col_major_mut().expect("unit stride");
            let s = src.col(j).try_as_col_major().expect("unit stride");
            d.as_slice_mut().copy_from_slice(s.as_slice());
        }
        return;
    }
    const TILE: usize = 16;
    for j0 in (0..n).step_by(TILE) {
        for i0 in (0..m).step_by(TILE) {
            let (nj, ni) = (TILE.min(n - j0), TILE.min(m - i0));
            let s = src.submatrix(i0, j0, ni, nj);
            let mut d = dst.as_mut().submatrix_mut(i0, j0, ni, nj);
            for j in 0..nj {
                for i in 0..ni {
                    // SAFETY: i < ni and j < nj, the dimensions of both tiles.
                    unsafe { *d.as_mut().ptr_inbounds_at_mut(i, j) = *s.ptr_inbounds_at(i, j) };
                }
            }
        }
    }
}

/// Conjugates every element of a complex matrix; nothing for a real one.
pub(super) fn conjugate_in_place<T: Scalar>(mut a: MatMut<'_, T>) {
    if T::IS_COMPLEX {
        for j in 0..a.ncols() {
            for i in 0..a.nrows() {
                a[(i, j)] = a[(i, j)].conjugate();
            }
        }
    }
}

/// `x` as a modulus and a factor of modulus one.
pub(super) fn polar<T: Scalar>(x: T) -> (T::R, T) {
    let part = x.max_part();
    if part == T::R::ZERO {
        return (part, T::ONE);
    }
    // By the larger part first: a subnormal modulus has few digits, and its reciprocal may be infinite.
    let unit = T::from_parts(x.re() / part, x.im() / part);
    (x.modulus(), unit.scale(T::R::ONE / unit.modulus()))
}

/// Fills the strict upper triangle with zeros.
pub(super) fn zero_strict_upper<T: Scalar>(mut a: MatMut<'_, T>) {
    for j in 1..a.ncols() {
        let rows = j.min(a.nrows());
        a.as_mut().col_mut(j).subrows_mut(0, rows).fill(T::ZERO);
    }
}

/// Mirrors the lower triangle: `a[i, j] = conj(a[j, i])` for `i < j`, and drops the imaginary part of the diagonal.
pub(super) fn mirror_lower<T: Scalar>(a: MatMut<'_, T>) {
    const TILE: usize = 16;
    let n = a.nrows();
    let mut a = a;
    for j0 in (0..n).step_by(TILE) {
        for i0 in (j0..n).step_by(TILE) {
            for j in j0..(j0 + TILE).min(n) {
                if i0 == j0 {
                    a[(j, j)] = T::from_re(a[(j, j)].re());
                }
                for i in i0.max(j + 1)..(i0 + TILE).min(n) {
                    a[(j, i)] = a[(i, j)].conjugate();
                }
            }
        }
    }
}
