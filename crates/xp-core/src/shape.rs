//! Arithmetic on shapes and strides: sizes, broadcasting, axes.

use crate::axis_vec::AxisVec;
use crate::dim::{Dim, DimBase, MAX_NDIM};
use crate::error::{Error, Result};
use crate::indexing::Position;

/// The number of elements of a shape.
///
/// # Errors
/// [`Error::TooLarge`] when it does not fit into `isize`.
#[inline]
pub fn size_of_shape(shape: &[usize]) -> Result<usize> {
    // A zero anywhere makes the array empty, but the other lengths must still be addressable as strides.
    let product = shape.iter().filter(|&&n| n != 0).try_fold(1usize, |acc, &n| acc.checked_mul(n));
    match product {
        Some(n) if n <= isize::MAX as usize / 16 => Ok(if shape.contains(&0) { 0 } else { n }),
        _ => Err(Error::TooLarge { shape: shape.to_vec() }),
    }
}

/// Writes the row-major (C order) strides of `shape`.
pub fn contiguous_strides<D: Dim>(shape: &D::Shape) -> D::Strides {
    let dims = shape.as_ref();
    let mut strides = D::zero_strides(dims.len());
    let mut step = 1isize;
    for (s, &n) in strides.as_mut().iter_mut().zip(dims).rev() {
        *s = step;
        step *= n.max(1) as isize;
    }
    strides
}

/// Whether `strides` walk `shape` in row-major order without gaps.
#[inline]
pub fn is_contiguous(shape: &[usize], strides: &[isize]) -> bool {
    let mut step = 1isize;
    for (&n, &s) in shape.iter().zip(strides).rev() {
        if n == 0 {
            return true;
        }
        if n != 1 {
            if s != step {
                return false;
            }
            step *= n as isize;
        }
    }
    true
}

/// The shape that `a` and `b` broadcast to: trailing axes are aligned, and an axis of length 1 stretches.
///
/// # Errors
/// [`Error::Broadcast`] when two aligned lengths differ and neither is 1.
///
/// ```
/// use xp_core::broadcast_shapes;
/// assert_eq!(broadcast_shapes(&[3, 1], &[4]).unwrap(), [3, 4]);
/// assert!(broadcast_shapes(&[3], &[4]).is_err());
/// ```
pub fn broadcast_shapes(a: &[usize], b: &[usize]) -> Result<Vec<usize>> {
    let ndim = a.len().max(b.len());
    let mut out = vec![0; ndim];
    broadcast_into(a, b, &mut out)?;
    Ok(out)
}

/// [`broadcast_shapes`] for ranks known at compile time.
pub(crate) fn broadcast<D: Dim, E: Dim>(a: &D::Shape, b: &E::Shape) -> Result<<D::Max<E> as DimBase>::Shape> {
    let (a, b) = (a.as_ref(), b.as_ref());
    let mut out = <D::Max<E>>::zero_shape(a.len().max(b.len()));
    broadcast_into(a, b, out.as_mut())?;
    Ok(out)
}

#[inline]
fn broadcast_into(a: &[usize], b: &[usize], out: &mut [usize]) -> Result<()> {
    let ndim = out.len();
    for k in 1..=ndim {
        let x = if k <= a.len() { a[a.len() - k] } else { 1 };
        let y = if k <= b.len() { b[b.len() - k] } else { 1 };
        out[ndim - k] = match (x, y) {
            (x, y) if x == y => x,
            (1, y) => y,
            (x, 1) => x,
            _ => return Err(Error::Broadcast { left: a.to_vec(), right: b.to_vec(), axis: k }),
        };
    }
    Ok(())
}

/// Strides of an operand of `shape` and `strides` when it is walked as `out`: 0 along stretched axes.
///
/// # Errors
/// [`Error::Broadcast`] when `shape` does not broadcast to `out`; [`Error::Rank`] when `out` has more axes than there can be.
pub(crate) fn broadcast_strides(shape: &[usize], strides: &[isize], out: &[usize]) -> Result<AxisVec<isize>> {
    let refuse = |axis| Error::Broadcast { left: shape.to_vec(), right: out.to_vec(), axis };
    if out.len() > MAX_NDIM {
        return Err(Error::Rank { expected: MAX_NDIM, given: out.len() });
    }
    let pad = out.len().checked_sub(shape.len()).ok_or_else(|| refuse(1))?;
    let mut walk = AxisVec::zeros(out.len());
    for (k, (&n, &s)) in shape.iter().zip(strides).enumerate() {
        walk[k + pad] = match out[k + pad] {
            wanted if wanted == n => s,
            _ if n == 1 => 0,
            _ => return Err(refuse(shape.len() - k)),
        };
    }
    Ok(walk)
}

/// Counts a negative axis from the end.
///
/// # Errors
/// [`Error::Axis`] when it does not exist.
pub fn normalize_axis(axis: isize, ndim: usize) -> Result<usize> {
    let k = if axis < 0 { axis + ndim as isize } else { axis };
    if (0..ndim as isize).contains(&k) { Ok(k as usize) } else { Err(Error::Axis { axis, ndim }) }
}

/// [`normalize_axis`] for several axes, which must be distinct.
///
/// # Errors
/// [`Error::Axis`] when one does not exist, [`Error::RepeatedAxis`] when one is named twice.
pub fn normalize_axes<P: Position>(axes: &[P], ndim: usize) -> Result<AxisVec<usize>> {
    let mut out = AxisVec::default();
    for axis in axes.iter().map(|axis| axis.position()) {
        let k = normalize_axis(axis, ndim)?;
        if out.contains(&k) {
            return Err(Error::RepeatedAxis { axis, axes: axes.iter().map(|axis| axis.position()).collect() });
        }
        out.push(k);
    }
    Ok(out)
}

/// The position of an index along an axis of length `len`; negative ones count from the end.
///
/// # Errors
/// [`Error::Index`] when it is out of bounds.
///
/// ```
/// assert_eq!(xp::normalize_index(-1, 0, 3)?, 2);
/// assert!(xp::normalize_index(3, 0, 3).is_err());
/// # Ok::<(), xp::Error>(())
/// ```
pub fn normalize_index(index: isize, axis: usize, len: usize) -> Result<usize> {
    let k = if index < 0 { index + len as isize } else { index };
    if (0..len as isize).contains(&k) { Ok(k as usize) } else { Err(Error::Index { index, axis, len, operation: None }) }
}
