//! Numbers about trees: cophenetic distances, inconsistency, largest values below each merge.

use xp_core::{Array, Backend, Float, Ix1, Ix2};

use super::agglomerate::place;
use super::predicates::inconsistency;
use super::tree::{Tree, numbers, rows_of_four, vector};
use crate::spatial::num_obs_y;
use crate::{Error, Result};

/// The cophenetic distances of all pairs of observations, in `pdist`'s order: the distance of the merge that first has both.
///
/// # Errors
/// [`Error::Shape`] and [`Error::Value`] for what is no linkage matrix.
///
/// ```
/// use xp::models::cluster::hierarchy::{cophenet, single};
/// use xp::prelude::*;
///
/// let z = single(&array![[0.0], [1.0], [3.0]])?;
/// assert_eq!(cophenet(&z)?.to_vec(), [1.0, 2.0, 2.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn cophenet<B: Backend, T: Float>(z: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix1>> {
    vector(z.device(), cophenetic(&Tree::of(z)?))
}

fn cophenetic(tree: &Tree) -> Vec<f64> {
    let n = tree.n();
    let leaves = tree.leaves(tree.root());
    // In this order the observations of each cluster are neighbours: where those of each begin.
    let mut begins = vec![0; 2 * n - 1];
    for row in (0..n - 1).rev() {
        let [left, right] = tree.merges[row].children;
        begins[left] = begins[n + row];
        begins[right] = begins[left] + tree.size(left);
    }
    let mut out = vec![0.0; n * (n - 1) / 2];
    for merge in &tree.merges {
        let [left, right] = merge.children.map(|child| &leaves[begins[child]..begins[child] + tree.size(child)]);
        for &i in left {
            for &j in right {
                out[place(n, i, j)] = merge.distance;
            }
        }
    }
    out
}

/// How well a tree keeps distances: the correlation of the cophenetic distances with the distances `y` that the tree was made of,
/// and the cophenetic distances.
///
/// # Errors
/// As for [`cophenet`], and [`Error::Shape`] for a vector that has not one number for each pair of the tree's observations.
///
/// ```
/// use xp::models::cluster::hierarchy::{average, cophenet_correlation};
/// use xp::prelude::*;
///
/// let y = array![1.0_f64, 4.0, 3.0];
/// let (c, distances) = cophenet_correlation(&average(&y)?, &y)?;
/// assert!((c - (25.0_f64 / 28.0).sqrt()).abs() < 1e-15);
/// assert_eq!(distances.to_vec(), [1.0, 3.5, 3.5]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn cophenet_correlation<B: Backend, T: Float>(z: &Array<B, T, Ix2>, y: &Array<B, T, Ix1>) -> Result<(f64, Array<B, T, Ix1>)> {
    let tree = Tree::of(z)?;
    if num_obs_y(y)? != tree.n() {
        return Err(Error::shape("y", y.dims(), format!("the distances of all pairs of {} observations", tree.n())));
    }
    let (a, b) = (cophenetic(&tree), numbers(y)?);
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (mean_a, mean_b) = (mean(&a), mean(&b));
    let products =
        a.iter().zip(&b).map(|(a, b)| (a - mean_a, b - mean_b)).fold([0.0; 3], |[ab, aa, bb], (a, b)| [ab + a * b, aa + a * a, bb + b * b]);
    Ok((products[0] / (products[1] * products[2]).sqrt(), vector(z.device(), a)?))
}

/// How much each merge stands out from those up to `depth - 1` levels below it (SciPy's default depth is 2). The four columns are
/// the mean and the standard deviation of the distances of these merges and itself, with one degree of freedom less; how many they
/// are; and the distance less the mean, divided by the deviation, or 0 where that is 0.
///
/// # Errors
/// As for [`cophenet`].
///
/// ```
/// use xp::models::cluster::hierarchy::{inconsistent, single};
/// use xp::prelude::*;
///
/// let r = inconsistent(&single(&array![[0.0_f64], [1.0], [4.0]])?, 2)?.to_vec();
/// assert_eq!(r[..4], [1.0, 0.0, 1.0, 0.0]);
/// let half = 0.5_f64.sqrt();
/// assert!(r[4] == 2.0 && (r[5] - 2.0 * half).abs() < 1e-15 && r[6] == 2.0 && (r[7] - half).abs() < 1e-15);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn inconsistent<B: Backend, T: Float>(z: &Array<B, T, Ix2>, depth: usize) -> Result<Array<B, T, Ix2>> {
    let tree = Tree::of(z)?;
    let rows = inconsistency_of(&tree, depth);
    rows_of_four(z.device(), rows.into_iter())
}

pub(super) fn inconsistency_of(tree: &Tree, depth: usize) -> Vec<[f64; 4]> {
    let (mut links, mut stack) = (vec![], vec![]);
    let mut of_row = |row: usize| {
        links.clear();
        stack.push((row, 1));
        while let Some((row, level)) = stack.pop() {
            links.push(tree.merges[row].distance);
            if level < depth {
                stack.extend(tree.merges[row].children.iter().filter_map(|&c| tree.row(c)).map(|row| (row, level + 1)));
            }
        }
        let count = links.len() as f64;
        let mean = links.iter().sum::<f64>() / count;
        let squares: f64 = links.iter().map(|d| (d - mean) * (d - mean)).sum();
        let deviation = if links.len() > 1 { (squares / (count - 1.0)).sqrt() } else { 0.0 };
        let height = tree.merges[row].distance;
        [mean, deviation, count, if deviation > 0.0 { (height - mean) / deviation } else { 0.0 }]
    };
    (0..tree.merges.len()).map(&mut of_row).collect()
}

/// The largest distance at or below each merge.
///
/// # Errors
/// As for [`cophenet`].
///
/// ```
/// use xp::models::cluster::hierarchy::{maxdists, median};
/// use xp::prelude::*;
///
/// let z = median(&array![[0.0_f64, 0.0], [1.0, 0.0], [0.5, 0.9]])?;
/// assert!(z.get([1, 2])? < z.get([0, 2])?); // the tree is not monotonic
/// assert_eq!(maxdists(&z)?.to_vec(), [1.0, 1.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn maxdists<B: Backend, T: Float>(z: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix1>> {
    let tree = Tree::of(z)?;
    vector(z.device(), tree.largest_below(|row| tree.merges[row].distance))
}

/// The largest inconsistency coefficient at or below each merge, from a matrix that [`inconsistent`] made.
///
/// # Errors
/// As for [`max_rstat`].
pub fn maxinconsts<B: Backend, T: Float>(z: &Array<B, T, Ix2>, r: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix1>> {
    max_rstat(z, r, 3)
}

/// The largest element of a column of an inconsistency matrix at or below each merge: SciPy's `maxRstat`.
///
/// # Errors
/// As for [`cophenet`]; [`Error::Shape`] and [`Error::Value`] for what is no inconsistency matrix of as many merges, or a column
/// other than 0 to 3.
///
/// ```
/// use xp::models::cluster::hierarchy::{inconsistent, max_rstat, single};
/// use xp::prelude::*;
///
/// let z = single(&array![[0.0], [1.0], [4.0], [5.5]])?;
/// assert_eq!(max_rstat(&z, &inconsistent(&z, 2)?, 2)?.to_vec(), [1.0, 1.0, 3.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn max_rstat<B: Backend, T: Float>(z: &Array<B, T, Ix2>, r: &Array<B, T, Ix2>, column: usize) -> Result<Array<B, T, Ix1>> {
    if column > 3 {
        return Err(Error::value("column", column, "0 to 3"));
    }
    let (tree, values) = (Tree::of(z)?, inconsistency(r)?);
    if values.len() != 4 * tree.merges.len() {
        return Err(Error::shape("r", r.dims(), format!("a row for each of the {} merges", tree.merges.len())));
    }
    vector(z.device(), tree.largest_below(|row| values[4 * row + column]))
}
