//! Sizes of shapes, without overflow.

/// The number of elements of a shape; `None` if its lengths but those that are zero do not fit into a `usize` together: parts of
/// such a shape cannot be addressed, even though it may have no elements.
pub(crate) fn product(shape: &[usize]) -> Option<usize> {
    let size = shape.iter().filter(|&&n| n != 0).try_fold(1usize, |size, &n| size.checked_mul(n))?;
    Some(if shape.contains(&0) { 0 } else { size })
}
