//! Reading by index: `take` and `take_along_axis`.

use std::fmt;
use std::mem::MaybeUninit;

use xp_terms::prefetch;

use super::par::{self, SharedMut};
use crate::sizes::product;

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
    first_bad(bad.into_iter().map(Option::flatten), indices, len)
}

/// The error for the first of the positions of bad indices.
fn first_bad(bad: impl IntoIterator<Item = Option<usize>>, indices: &[i64], len: usize) -> Result<(), IndexOutOfBounds> {
    match bad.into_iter().flatten().min() {
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
    assert_eq!(Some(src.len()), product(&shape), "source of a take of shape {shape:?}");
    let m = indices.len();
    assert_eq!(Some(dst.len()), product(&[outer, m, inner]), "destination of a take of {m} indices from shape {shape:?}");
    if src.is_empty() || dst.is_empty() {
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
    first_bad(bad, indices, n)
}

/// Indices whose elements are asked for at a time: while those of one group are read, those of the next are on their way from
/// memory.
const GROUP: usize = 96;

/// The places of indices along an axis that has elements.
///
/// Memory that is shared with other software may change between two reads. So an index is read once, and what is used is what
/// was checked: a place that no element has becomes the first one, and is remembered.
struct Places {
    n: usize,
    bad: bool,
}

impl Places {
    #[inline(always)]
    fn of(&mut self, index: i64) -> usize {
        let at = place(index, self.n);
        self.bad |= at >= self.n;
        if at < self.n { at } else { 0 }
    }

    /// The position of the first bad index, if there was one. Should all be good by now, it is the first of all.
    fn bad_one(&self, indices: &[i64]) -> Option<usize> {
        self.bad.then(|| indices.iter().position(|&i| place(i, self.n) >= self.n).unwrap_or(0))
    }
}

/// Writes the rows of `inner` elements at `indices`. The position of the first bad index, if there is one.
fn take_rows<T: Copy>(src: &[T], [n, inner]: [usize; 2], indices: &[i64], dst: &mut [MaybeUninit<T>]) -> Option<usize> {
    // What lies in the nearest caches need not be asked for.
    let far = std::mem::size_of_val(src) > 1 << 18;
    let mut places = Places { n, bad: false };
    for (g, (group, dst)) in indices.chunks(GROUP).zip(dst.chunks_mut(GROUP * inner)).enumerate() {
        if far && let Some(next) = indices.get((g + 1) * GROUP..) {
            for &i in &next[..next.len().min(GROUP)] {
                // The index was not checked yet: an address that is asked for need not exist.
                prefetch(src.as_ptr().wrapping_add(place(i, n).wrapping_mul(inner)));
            }
        }
        if inner == 1 {
            for (to, &i) in dst.iter_mut().zip(group) {
                // SAFETY: `src` has n elements, and the place is below n.
                to.write(unsafe { *src.get_unchecked(places.of(i)) });
            }
        } else {
            for (to, &i) in dst.chunks_exact_mut(inner).zip(group) {
                let from = places.of(i) * inner;
                to.write_copy_of_slice(&src[from..from + inner]);
            }
        }
    }
    places.bad_one(indices)
}

/// Takes, for each lane along the middle axis, the indices that stand in the same lane of `indices`.
///
/// `src` has shape `[outer, n, inner]`, `indices` and the output `[outer, m, inner]`.
///
/// # Errors
/// If an index is out of bounds; the output is then partly unwritten.
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
    assert_eq!(Some(src.len()), product(&shape), "source of a take of shape {shape:?}");
    assert_eq!(Some(indices.len()), product(&[outer, m, inner]), "indices into shape {shape:?}");
    assert_eq!(dst.len(), indices.len(), "destination of a take by {} indices", indices.len());
    if src.is_empty() || indices.is_empty() {
        return check(indices, n);
    }
    // Indices that follow each other lie in one lane, or in neighbouring ones.
    let (run, step) = if inner == 1 { (m, 0) } else { (inner, 1) };
    let out = SharedMut::new(dst);
    let bad = par::map_ranges(indices.len(), par::grain::<T>() / 2, |range| {
        let mut places = Places { n, bad: false };
        let mut at = range.start;
        while at < range.end {
            let (row, first) = (at / inner, at % run);
            let end = range.end.min(at + run - first);
            let from = row / m * n * inner + first * step;
            // SAFETY: ranges are disjoint.
            let to = unsafe { out.slice(at..end) };
            for (c, (to, &i)) in to.iter_mut().zip(&indices[at..end]).enumerate() {
                // SAFETY: the place is below n, so the element lies in the lane.
                to.write(unsafe { *src.get_unchecked(from + places.of(i) * inner + c * step) });
            }
            at = end;
        }
        places.bad_one(&indices[range.clone()]).map(|bad| range.start + bad)
    });
    first_bad(bad, indices, n)
}
