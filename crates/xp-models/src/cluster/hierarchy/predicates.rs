//! What linkage matrices are, and other forms of them.

use std::collections::HashMap;

use xp_core::{Array, Backend, Float, Ix1, Ix2};

use super::tree::{Merge, Tree, numbers, to_array};
use crate::spatial::num_obs_y;
use crate::{Error, Label, Result};

/// Whether this is a linkage matrix: four columns, no negative numbers, and every cluster but the last merged once, after it was
/// formed. The functions that take one fail with the reason where this is `false`.
///
/// ```
/// use xp::models::cluster::hierarchy::{is_valid_linkage, single};
/// use xp::prelude::*;
///
/// let z = single(&array![[0.0], [1.0], [10.0]])?;
/// assert!(is_valid_linkage(&z) && !is_valid_linkage(&(&z * 2.0)));
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn is_valid_linkage<B: Backend, T: Float>(z: &Array<B, T, Ix2>) -> bool {
    Tree::of(z).is_ok()
}

/// Whether this is an inconsistency matrix, as [`inconsistent`](super::inconsistent) makes it: a row at least, four columns, and no
/// negative means, deviations and counts.
pub fn is_valid_im<B: Backend, T: Float>(r: &Array<B, T, Ix2>) -> bool {
    inconsistency(r).is_ok()
}

/// The rows of an inconsistency matrix.
pub(super) fn inconsistency<B: Backend, T: Float>(r: &Array<B, T, Ix2>) -> Result<Vec<f64>> {
    if r.dims()[0] == 0 || r.dims()[1] != 4 {
        return Err(Error::shape("r", r.dims(), "a row for each merge, and 4 columns"));
    }
    let values = numbers(r)?;
    match values.chunks_exact(4).position(|row| row[..3].iter().any(|&v| v < 0.0)) {
        Some(row) => Err(Error::value("r", format!("{:?} in row {row}", &values[4 * row..4 * row + 3]), "no negative means, deviations and counts")),
        None => Ok(values),
    }
}

/// Whether the distances of the merges never fall.
///
/// # Errors
/// [`Error::Shape`] and [`Error::Value`] for what is no linkage matrix.
pub fn is_monotonic<B: Backend, T: Float>(z: &Array<B, T, Ix2>) -> Result<bool> {
    Ok(Tree::of(z)?.merges.windows(2).all(|pair| pair[0].distance <= pair[1].distance))
}

/// The number of observations of a linkage matrix.
///
/// # Errors
/// As for [`is_monotonic`].
pub fn num_obs_linkage<B: Backend, T: Float>(z: &Array<B, T, Ix2>) -> Result<usize> {
    Ok(Tree::of(z)?.n())
}

/// Whether a linkage matrix and a vector of distances have as many observations.
///
/// # Errors
/// As for [`is_monotonic`], and [`Error::Shape`] for a vector that has not one number for each pair.
pub fn correspond<B: Backend, T: Float>(z: &Array<B, T, Ix2>, y: &Array<B, T, Ix1>) -> Result<bool> {
    Ok(num_obs_linkage(z)? == num_obs_y(y)?)
}

/// Whether two assignments of labels are the same but for the names of the labels. Both come to the host.
///
/// (SciPy 1.18's compares neighbours in the order of the first labels only: it takes `[0, 0, 1, 1, 2, 2]` and `[5, 5, 7, 7, 5, 5]`
/// for the same.)
///
/// # Errors
/// [`Error::Samples`] unless both have as many labels.
///
/// ```
/// use xp::models::cluster::hierarchy::is_isomorphic;
/// use xp::prelude::*;
///
/// assert!(is_isomorphic(&array![1, 1, 2], &array![7, 7, 0])?);
/// assert!(!is_isomorphic(&array![1, 1, 2], &array![7, 7, 7])?);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn is_isomorphic<B: Backend, L: Label, M: Label>(t1: &Array<B, L, Ix1>, t2: &Array<B, M, Ix1>) -> Result<bool> {
    if t1.dims() != t2.dims() {
        return Err(Error::Samples { argument: "t2", given: t2.dims().to_vec(), other: "t1", expected: t1.dims().to_vec() });
    }
    let (mut there, mut back) = (HashMap::new(), HashMap::new());
    let pairs = t1.to_host()?.into_iter().map(Label::number).zip(t2.to_host()?.into_iter().map(Label::number));
    Ok(pairs.fold(true, |same, (a, b)| same & (*there.entry(a).or_insert(b) == b) & (*back.entry(b).or_insert(a) == a)))
}

/// A linkage matrix as MATLAB has it: clusters counted from 1, and no sizes.
///
/// # Errors
/// As for [`is_monotonic`].
///
/// ```
/// use xp::models::cluster::hierarchy::{from_mlab_linkage, single, to_mlab_linkage};
/// use xp::prelude::*;
///
/// let z = single(&array![[0.0], [1.0], [10.0]])?;
/// let matlab = to_mlab_linkage(&z)?;
/// assert_eq!(matlab.to_vec(), [1.0, 2.0, 1.0, 3.0, 4.0, 9.0]);
/// assert_eq!(from_mlab_linkage(&matlab)?.to_vec(), z.to_vec());
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn to_mlab_linkage<B: Backend, T: Float>(z: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
    let rows = Tree::of(z)?.merges.into_iter().flat_map(|m| [m.children[0] as f64 + 1.0, m.children[1] as f64 + 1.0, m.distance]);
    let values: Vec<T> = rows.map(T::from_f64).collect();
    Ok(Array::from_vec(z.device(), values, [z.dims()[0], 3])?)
}

/// The linkage matrix of one that MATLAB made: the inverse of [`to_mlab_linkage`].
///
/// # Errors
/// [`Error::Shape`] unless there are three columns, and as for [`is_monotonic`].
pub fn from_mlab_linkage<B: Backend, T: Float>(z: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
    if z.dims()[0] == 0 || z.dims()[1] != 3 {
        return Err(Error::shape("z", z.dims(), "a row for each merge, and 3 columns"));
    }
    let values = numbers(z)?;
    let four: Vec<T> = values.chunks_exact(3).flat_map(|row| [row[0] - 1.0, row[1] - 1.0, row[2], 0.0]).map(T::from_f64).collect();
    let tree = Tree::of(&Array::from_vec(z.device(), four, [z.dims()[0], 4])?)?;
    let merges: Vec<Merge> = tree.merges.iter().zip(&tree.sizes).map(|(merge, &size)| Merge { count: size as f64, ..*merge }).collect();
    to_array(z.device(), &merges)
}
