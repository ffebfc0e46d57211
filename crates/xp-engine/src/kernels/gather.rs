//! Reading by index: `take` and `take_along_axis`.

use std::fmt;
use std::mem::MaybeUninit;

use super::par::{self, SharedMut};

/// An index that no element has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexOutOfBounds {
    /// Where it stands among the indices: the first such place.
    pub position: usize,
    /// The index.
    pub index: i64,
    /// The length of the axis: indices from `-len` to `len - 1` exist.
    pub len: usize,
}

impl fmt::Display for IndexOutOfBounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, index, len } = self;
        write!(f, "index {index} at position {position} is out of bounds for an axis of length {len}")
    }
}

impl std::error::Error for IndexOutOfBounds {}

/// The place an index means: negative ones count from the end. Indices out of bounds give a place `>= len`.
#[inline(always)]
pub(super) fn place(index: i64, len: usize) -> usize {
    (index + if index < 0 { len as i64 } else { 0 }) as usize
}

/// Checks all indices, and finds the first bad one.
pub(super) fn check(indices: &[i64], len: usize) -> Result<(), IndexOutOfBounds> {
    let bad = par::map_ranges(indices.len(), par::grain::<i64>(), |r| {
        let indices = &indices[r.clone()];
        // Without a branch per index, and then, rarely, with one.
        let any = indices.iter().fold(false, |any, &i| any | (place(i, len) >= len));
        any.then(|| indices.iter().position(|&i| place(i, len) >= len).map(|k| r.start + k))
    });
    match bad.into_iter().flatten().flatten().next() {
        None => Ok(()),
        Some(position) => Err(IndexOutOfBounds { position, index: indices[position], len }),
    }
}

/// Takes the given indices along the middle axis of a row-major array of shape `[outer, n, inner]`.
///
/// The output has shape `[outer, indices.len(), inner]`. Negative indices count from the end.
///
/// # Errors
/// If an index is out of bounds; the output is then partly unwritten.
///
/// # Panics
/// If the slices do not have these lengths.
pub fn take<T: Copy + Send + Sync>(src: &[T], shape: [usize; 3], indices: &[i64], dst: &mut [MaybeUninit<T>]) -> Result<(), IndexOutOfBounds> {
    let [outer, n, inner] = shape;
    assert_eq!(src.len(), outer * n * inner, "source of a take of shape {shape:?}");
    let m = indices.len();
    assert_eq!(dst.len(), outer * m * inner, "destination of a take of {m} indices from shape {shape:?}");
    if dst.is_empty() {
        return check(indices, n);
    }
    let out = SharedMut::new(dst);
    // Random reads cost more than their bytes.
    let bad = par::map_ranges(outer * m, par::grain::<T>() / inner / 4, |rows| {
        let mut o = rows.start / m;
        let mut k = rows.start % m;
        let mut left = rows.len();
        let mut at = rows.start;
        while left > 0 {
            let here = left.min(m - k);
            // SAFETY: ranges of rows are disjoint.
            let dst = unsafe { out.slice(at * inner..(at + here) * inner) };
            if let Some(bad) = take_rows(&src[o * n * inner..(o + 1) * n * inner], [n, inner], &indices[k..k + here], dst) {
                return Some(k + bad);
            }
            (o, k, at, left) = (o + 1, 0, at + here, left - here);
        }
        None
    });
    match bad.into_iter().flatten().min() {
        None => Ok(()),
        Some(position) => Err(IndexOutOfBounds { position, index: indices[position], len: n }),
    }
}

/// Indices that are checked, and whose elements are asked for, at a time: while those of one group are read, those of the
/// next are on their way from memory.
const GROUP: usize = 32;

/// Writes the rows of `inner` elements at `indices`. The position of the first bad index, before whose group all is written.
fn take_rows<T: Copy>(src: &[T], [n, inner]: [usize; 2], indices: &[i64], dst: &mut [MaybeUninit<T>]) -> Option<usize> {
    // What lies in the nearest caches need not be asked for.
    let far = std::mem::size_of_val(src) > 1 << 18;
    for (g, (group, dst)) in indices.chunks(GROUP).zip(dst.chunks_mut(GROUP * inner)).enumerate() {
        // Without a branch per index, and then, rarely, with one.
        if group.iter().fold(false, |any, &i| any | (place(i, n) >= n)) {
            return group.iter().position(|&i| place(i, n) >= n).map(|k| g * GROUP + k);
        }
        if far && let Some(next) = indices.get((g + 1) * GROUP..) {
            for &i in &next[..next.len().min(GROUP)] {
                // The index was not checked yet: an address that is asked for need not exist.
                prefetch(src.as_ptr().wrapping_add(place(i, n).wrapping_mul(inner)));
            }
        }
        if inner == 1 {
            for (to, &i) in dst.iter_mut().zip(group) {
                // SAFETY: the group was checked and `src` has n elements.
                to.write(unsafe { *src.get_unchecked(place(i, n)) });
            }
        } else {
            for (to, &i) in dst.chunks_exact_mut(inner).zip(group) {
                let from = place(i, n) * inner;
                to.write_copy_of_slice(&src[from..from + inner]);
            }
        }
    }
    None
}

/// Asks for a cache line that will be read soon.
#[inline(always)]
fn prefetch<T>(at: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, which accesses no memory.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(at.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// Takes, for each lane along the middle axis, the indices that stand in the same lane of `indices`.
///
/// `src` has shape `[outer, n, inner]`, `indices` and the output `[outer, m, inner]`.
///
/// # Errors
/// If an index is out of bounds; the output is then unwritten.
///
/// # Panics
/// If the slices do not have these lengths.
pub fn take_along_axis<T: Copy + Send + Sync>(
    src: &[T],
    shape: [usize; 3],
    indices: &[i64],
    m: usize,
    dst: &mut [MaybeUninit<T>],
) -> Result<(), IndexOutOfBounds> {
    let [outer, n, inner] = shape;
    assert_eq!(src.len(), outer * n * inner, "source of a take of shape {shape:?}");
    assert_eq!(indices.len(), outer * m * inner, "indices into shape {shape:?}");
    assert_eq!(dst.len(), indices.len(), "destination of a take by {} indices", indices.len());
    check(indices, n)?;
    let out = SharedMut::new(dst);
    par::for_ranges(outer * m, par::grain::<T>() / inner.max(1) / 2, |rows| {
        for row in rows {
            let from = row / m * n * inner;
            let at = row * inner..(row + 1) * inner;
            // SAFETY: rows are disjoint.
            let to = unsafe { out.slice(at.clone()) };
            for ((c, to), &i) in to.iter_mut().enumerate().zip(&indices[at]) {
                // SAFETY: `check` has passed, so the place lies in the lane.
                to.write(unsafe { *src.get_unchecked(from + place(i, n) * inner + c) });
            }
        }
    });
    Ok(())
}
