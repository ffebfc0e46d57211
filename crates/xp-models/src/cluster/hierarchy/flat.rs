//! Flat clusters of trees.

use xp_core::{Array, Backend, Float, Ix1, Ix2, Linalg};

use super::linkage::{Method, linkage};
use super::statistics::inconsistency_of;
use super::tree::{Tree, indices, numbers};
use crate::spatial::Metric;
use crate::{Error, Result};

/// Where [`fcluster`] cuts a tree. A cluster is the largest subtree in which no merge has a number above the threshold; observations
/// of no such subtree are alone.
#[derive(Clone, Debug)]
pub enum Criterion<'a, B: Backend, T: Float> {
    /// The inconsistency coefficients of merges.
    Inconsistent {
        /// The threshold.
        t: f64,
        /// How deep [`inconsistent`](super::inconsistent) looks: 2 is SciPy's default.
        depth: usize,
    },
    /// The distances of merges, so that cophenetic distances in a cluster are at most this.
    Distance(f64),
    /// The smallest distance that gives at most so many clusters.
    MaxClust(usize),
    /// Numbers that do not fall from a merge to one above it.
    Monocrit {
        /// The threshold.
        t: f64,
        /// One for each merge.
        values: &'a Array<B, T, Ix1>,
    },
    /// The smallest of such numbers that gives at most so many clusters.
    MaxClustMonocrit {
        /// The largest number of clusters.
        t: usize,
        /// One for each merge.
        values: &'a Array<B, T, Ix1>,
    },
}

/// The cluster of each observation, counted from 1, when the tree of a linkage matrix is cut.
///
/// # Errors
/// [`Error::Shape`] and [`Error::Value`] for what is no linkage matrix, numbers of merges that are not as many, no clusters, or a
/// threshold that is NaN.
///
/// ```
/// use xp::models::cluster::hierarchy::{Criterion, fcluster, maxdists, single};
/// use xp::prelude::*;
///
/// let z = single(&array![[0.0], [1.0], [5.0], [6.0], [20.0]])?;
/// assert_eq!(fcluster(&z, &Criterion::Distance(1.0))?.to_vec(), [1, 1, 2, 2, 3]);
/// assert_eq!(fcluster(&z, &Criterion::MaxClust(2))?.to_vec(), [1, 1, 1, 1, 2]);
/// let values = maxdists(&z)?;
/// assert_eq!(fcluster(&z, &Criterion::Monocrit { t: 4.5, values: &values })?.to_vec(), [1, 1, 1, 1, 2]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn fcluster<B: Backend, T: Float>(z: &Array<B, T, Ix2>, criterion: &Criterion<'_, B, T>) -> Result<Array<B, i64, Ix1>> {
    let tree = Tree::of(z)?;
    let given = |values: &Array<B, T, Ix1>| match values.size() == tree.merges.len() {
        true => numbers(values),
        false => Err(Error::shape("values", values.dims(), format!("a number for each of the {} merges", tree.merges.len()))),
    };
    let distances = || tree.largest_below(|row| tree.merges[row].distance);
    indices(
        z.device(),
        match criterion {
            Criterion::Inconsistent { t, depth } => {
                let coefficients = inconsistency_of(&tree, *depth);
                cut(&tree, &tree.largest_below(|row| coefficients[row][3]), threshold(*t)?)
            }
            Criterion::Distance(t) => cut(&tree, &distances(), threshold(*t)?),
            Criterion::MaxClust(most) => cut_to(&tree, &distances(), *most)?,
            Criterion::Monocrit { t, values } => cut(&tree, &given(values)?, threshold(*t)?),
            Criterion::MaxClustMonocrit { t, values } => cut_to(&tree, &given(values)?, *t)?,
        },
    )
}

fn threshold(t: f64) -> Result<f64> {
    if t.is_nan() { Err(Error::value("t", t, "a number")) } else { Ok(t) }
}

/// Clusters in the order in which a walk ends with their observations: below a merge, those of a child that is a merge come before
/// an observation.
fn cut(tree: &Tree, values: &[f64], threshold: f64) -> Vec<usize> {
    let mut labels = vec![0; tree.n()];
    let mut clusters = 0;
    let mut stack = vec![tree.root()];
    while let Some(cluster) = stack.pop() {
        match tree.row(cluster) {
            Some(row) if values[row] <= threshold => {
                clusters += 1;
                tree.leaves(cluster).into_iter().for_each(|i| labels[i] = clusters);
            }
            Some(row) => {
                let [left, right] = tree.merges[row].children;
                // Last in, first out: merges come first.
                let (single, merged): (Vec<usize>, Vec<usize>) = [right, left].into_iter().partition(|&c| tree.row(c).is_none());
                stack.extend(single);
                stack.extend(merged);
            }
            None => {
                clusters += 1;
                labels[cluster] = clusters;
            }
        }
    }
    labels
}

/// The cut with at most so many clusters whose threshold is the smallest of the values.
fn cut_to(tree: &Tree, values: &[f64], most: usize) -> Result<Vec<usize>> {
    if most == 0 {
        return Err(Error::value("t", 0, "at least 1 cluster"));
    }
    if most >= tree.n() {
        return Ok((1..=tree.n()).collect());
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = sorted.partition_point(|&threshold| count(tree, values, threshold) > most);
    Ok(cut(tree, values, sorted[at.min(sorted.len() - 1)]))
}

/// How many clusters a cut leaves.
fn count(tree: &Tree, values: &[f64], threshold: f64) -> usize {
    let (mut clusters, mut stack) = (0, vec![tree.root()]);
    while let Some(cluster) = stack.pop() {
        match tree.row(cluster) {
            Some(row) if values[row] > threshold => stack.extend(tree.merges[row].children),
            _ => clusters += 1,
        }
    }
    clusters
}

/// The cluster of each row of `x`: [`linkage`] and [`fcluster`] in one.
///
/// # Errors
/// As for both.
///
/// ```
/// use xp::models::cluster::hierarchy::{Criterion, Method, fclusterdata};
/// use xp::models::spatial::Metric;
/// use xp::prelude::*;
///
/// let x = array![[0.0, 0.0], [0.0, 1.0], [7.0, 7.0]];
/// let t = fclusterdata(&x, &Criterion::MaxClust(2), Method::Single, &Metric::CityBlock)?;
/// assert_eq!(t.to_vec(), [1, 1, 2]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn fclusterdata<B: Linalg<T>, T: Float>(
    x: &Array<B, T, Ix2>,
    criterion: &Criterion<'_, B, T>,
    method: Method,
    metric: &Metric<B, T>,
) -> Result<Array<B, i64, Ix1>> {
    fcluster(&linkage(x, method, metric)?, criterion)
}

/// The columns of [`cut_tree`].
#[derive(Clone, Copy, Debug)]
pub enum Cut<'a> {
    /// From all observations alone to all together: `n` columns.
    All,
    /// A column for each of these numbers of clusters.
    Clusters(&'a [usize]),
    /// A column for each of these heights: merges of smaller distances are made.
    Heights(&'a [f64]),
}

/// The clusters of observations at several cuts through a tree, counted from 0: shape `(n, cuts)`. Merges are made one by one in the
/// order of their distances, so that each number of clusters is reached exactly, where [`fcluster`] makes equal ones together.
///
/// (SciPy 1.18 returns zeros for `n` clusters beside other numbers, and for numbers that cannot be.)
///
/// # Errors
/// [`Error::Shape`] and [`Error::Value`] for what is no linkage matrix; [`Error::Value`] for numbers of clusters outside `1..=n`.
///
/// ```
/// use xp::models::cluster::hierarchy::{Cut, cut_tree, single};
/// use xp::prelude::*;
///
/// let z = single(&array![[0.0], [1.0], [5.0]])?;
/// assert_eq!(cut_tree(&z, Cut::Clusters(&[2, 1]))?, array![[0, 0], [0, 0], [1, 0]]);
/// assert_eq!(cut_tree(&z, Cut::Heights(&[0.5, 2.0]))?, array![[0, 0], [1, 0], [2, 1]]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn cut_tree<B: Backend, T: Float>(z: &Array<B, T, Ix2>, cut: Cut<'_>) -> Result<Array<B, i64, Ix2>> {
    let tree = Tree::of(z)?;
    let n = tree.n();
    let order = by_distance(&tree);
    let merged: Vec<usize> = match cut {
        Cut::All => (0..n).collect(),
        Cut::Clusters(counts) => match counts.iter().find(|&&k| k == 0 || k > n) {
            Some(k) => return Err(Error::value("cut", format!("{k} clusters"), format!("1 to {n}"))),
            None => counts.iter().map(|k| n - k).collect(),
        },
        Cut::Heights(heights) => heights.iter().map(|&height| order.partition_point(|&row| tree.merges[row].distance < height)).collect(),
    };
    let mut out = vec![0; n * merged.len()];
    let mut groups: Vec<i64> = (0..n as i64).collect();
    for made in 0..n {
        for (column, _) in merged.iter().enumerate().filter(|&(_, &wanted)| wanted == made) {
            groups.iter().enumerate().for_each(|(i, &group)| out[i * merged.len() + column] = group);
        }
        let Some(&row) = order.get(made) else { break };
        let leaves = tree.leaves(n + row);
        let joined = leaves.iter().map(|&i| groups[i]).fold((i64::MAX, -1), |(low, high), g| (low.min(g), high.max(g)));
        leaves.iter().for_each(|&i| groups[i] = joined.0);
        groups.iter_mut().filter(|group| **group > joined.1).for_each(|group| *group -= 1);
    }
    Ok(Array::from_vec(z.device(), out, [n, merged.len()])?)
}

/// The rows of merges in the order of their distances; of equal ones those deeper in the tree first.
fn by_distance(tree: &Tree) -> Vec<usize> {
    let mut order = Vec::with_capacity(tree.merges.len());
    order.push(tree.merges.len() - 1);
    let mut seen = 0;
    while seen < order.len() {
        let children = tree.merges[order[seen]].children;
        order.extend(children.iter().rev().filter_map(|&c| tree.row(c)));
        seen += 1;
    }
    order.reverse();
    order.sort_by(|&a, &b| tree.merges[a].distance.total_cmp(&tree.merges[b].distance));
    order
}

/// The root of each flat cluster in the tree, and the label of each: the nodes highest up whose observations all have that label.
///
/// # Errors
/// [`Error::Shape`] and [`Error::Value`] for what is no linkage matrix, [`Error::Samples`] unless each observation has a label,
/// [`Error::Value`] for labels that are not of whole subtrees.
///
/// ```
/// use xp::models::cluster::hierarchy::{leaders, single};
/// use xp::prelude::*;
///
/// let z = single(&array![[0.0], [1.0], [5.0]])?;
/// let (nodes, labels) = leaders(&z, &array![7_i64, 7, 2])?;
/// assert_eq!((nodes.to_vec(), labels.to_vec()), (vec![2, 3], vec![2, 7]));
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn leaders<B: Backend, T: Float>(z: &Array<B, T, Ix2>, labels: &Array<B, i64, Ix1>) -> Result<(Array<B, i64, Ix1>, Array<B, i64, Ix1>)> {
    let tree = Tree::of(z)?;
    if labels.size() != tree.n() {
        return Err(Error::Samples { argument: "labels", given: labels.dims().to_vec(), other: "the observations of z", expected: vec![tree.n()] });
    }
    let mut of_cluster: Vec<Option<i64>> = labels.to_host()?.into_iter().map(Some).collect();
    for merge in &tree.merges {
        let [left, right] = merge.children.map(|c| of_cluster[c]);
        of_cluster.push(if left == right { left } else { None });
    }
    let (mut nodes, mut found, mut seen) = (vec![], vec![], std::collections::HashSet::new());
    // Children are done before their merge: a walk from the root, in the opposite order.
    let mut stack = vec![tree.root()];
    let mut walk = vec![];
    while let Some(cluster) = stack.pop() {
        walk.push(cluster);
        if let (None, Some(row)) = (of_cluster[cluster], tree.row(cluster)) {
            stack.extend(tree.merges[row].children);
        }
    }
    if let Some(label) = of_cluster[tree.root()] {
        return Ok((indices(z.device(), vec![tree.root()])?, Array::from_vec(z.device(), vec![label], [1])?));
    }
    for cluster in walk.into_iter().rev() {
        let Some(row) = tree.row(cluster).filter(|_| of_cluster[cluster].is_none()) else { continue };
        for child in tree.merges[row].children {
            let Some(label) = of_cluster[child] else { continue };
            if !seen.insert(label) {
                return Err(Error::value(
                    "labels",
                    format!("the label {label} apart in the tree, found at node {cluster}"),
                    "labels of whole subtrees",
                ));
            }
            nodes.push(child);
            found.push(label);
        }
    }
    let n = found.len();
    Ok((indices(z.device(), nodes)?, Array::from_vec(z.device(), found, [n])?))
}
