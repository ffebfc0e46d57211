//! Writing by index: `put`, scatter-add and counting.
//!
//! Every element of the destination receives its contributions in the order of the indices, whatever the number of
//! threads: the tasks divide the destination, not the indices.

use super::gather::{IndexOutOfBounds, check, place};
use super::par::{self, SharedMut};
use crate::sizes::product;

/// Writes `values` to the given indices along the middle axis of a row-major array of shape `[outer, n, inner]`.
///
/// `values` has shape `[outer, indices.len(), inner]`. Of values for the same index the last one stays. Negative
/// indices count from the end.
///
/// # Errors
/// If an index is out of bounds; nothing is written then.
///
/// # Panics
/// If the slices do not have these lengths.
pub fn put<T: Copy + Send + Sync>(dst: &mut [T], shape: [usize; 3], indices: &[i64], values: &[T]) -> Result<(), IndexOutOfBounds> {
    scatter_with(dst, shape, indices, values, |to, from| *to = from)
}

/// Combines `values` into the given indices along the middle axis: `combine(&mut element, value)` for each value in
/// order, for instance addition. Shapes are those of [`put`].
///
/// # Errors
/// If an index is out of bounds; nothing is written then.
///
/// # Panics
/// If the slices do not have these lengths.
pub fn scatter_with<T: Send + Sync, V: Copy + Send + Sync>(
    dst: &mut [T],
    shape: [usize; 3],
    indices: &[i64],
    values: &[V],
    combine: impl Fn(&mut T, V) + Sync,
) -> Result<(), IndexOutOfBounds> {
    let [outer, n, inner] = shape;
    let m = indices.len();
    assert_eq!(Some(dst.len()), product(&shape), "destination of a scatter of shape {shape:?}");
    assert_eq!(Some(values.len()), product(&[outer, m, inner]), "values of a scatter of {m} indices into shape {shape:?}");
    check(indices, n)?;
    if values.is_empty() {
        return Ok(());
    }
    // Each task owns a range of places of one outer index. More tasks mean more passes over the indices, with a branch
    // nobody can predict: that pays for long rows only.
    let worth = m * inner * outer * size_of::<V>().max(8) > 2 * par::MIN_BYTES;
    let parts = if worth && inner >= 16 { crate::pool::count().div_ceil(outer).min(n) } else { 1 };
    let part = n.div_ceil(parts);
    let out = SharedMut::new(dst);
    let grain = if worth { 1 } else { outer };
    par::for_ranges(outer * parts, grain, |tasks| {
        for task in tasks {
            let (o, p) = (task / parts, task % parts);
            let start = (p * part).min(n);
            let own = start..(start + part).min(n);
            // SAFETY: the ranges of places are disjoint.
            let dst = unsafe { out.slice((o * n + own.start) * inner..(o * n + own.end) * inner) };
            let values = &values[o * m * inner..(o + 1) * m * inner];
            for (k, &i) in indices.iter().enumerate() {
                let at = place(i, n).wrapping_sub(own.start);
                if at >= own.len() {
                    continue;
                }
                if inner == 1 {
                    combine(&mut dst[at], values[k]);
                } else {
                    let row = &mut dst[at * inner..(at + 1) * inner];
                    row.iter_mut().zip(&values[k * inner..]).for_each(|(to, &v)| combine(to, v));
                }
            }
        }
    });
    Ok(())
}
