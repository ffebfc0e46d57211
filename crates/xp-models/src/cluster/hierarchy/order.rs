//! Orders of leaves.

use xp_core::{Array, Backend, Dim, Float, Ix1, Ix2, Linalg};

use super::agglomerate::place;
use super::linkage::distances;
use super::tree::{Tree, indices, numbers, to_array};
use crate::spatial::Metric;
use crate::{Error, Result};

/// The observations from left to right, as the tree has them.
///
/// # Errors
/// [`Error::Shape`] and [`Error::Value`] for what is no linkage matrix.
///
/// ```
/// use xp::models::cluster::hierarchy::{leaves_list, single};
/// use xp::prelude::*;
///
/// assert_eq!(leaves_list(&single(&array![[5.0], [0.0], [1.0]])?)?.to_vec(), [0, 1, 2]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn leaves_list<B: Backend, T: Float>(z: &Array<B, T, Ix2>) -> Result<Array<B, i64, Ix1>> {
    let tree = Tree::of(z)?;
    indices(z.device(), tree.leaves(tree.root()))
}

/// The same tree with its children in the order in which neighbouring leaves are nearest: of all orders that the tree allows, one
/// with the least sum of distances of neighbours (Bar-Joseph, Gifford and Jaakkola, 2001).
///
/// `y` is what the tree was made of: observations in rows, whose distances are computed by `metric`, or the distances of all pairs.
/// The order is found on the host, in a time that may grow as `n³` and with `n²` numbers. (SciPy 1.18's is often a longer one.)
///
/// # Errors
/// [`Error::Shape`] and [`Error::Value`] for what is no linkage matrix, or other numbers of observations; as for
/// [`linkage`](super::linkage) of `y`.
///
/// ```
/// use xp::models::cluster::hierarchy::{leaves_list, optimal_leaf_ordering, single};
/// use xp::models::spatial::Metric;
/// use xp::prelude::*;
///
/// let x = array![[2.0], [0.0], [3.0], [5.5]];
/// let z = optimal_leaf_ordering(&single(&x)?, &x, &Metric::Euclidean)?;
/// assert_eq!(leaves_list(&z)?.to_vec(), [3, 2, 0, 1]); // 5.5, 3, 2, 0
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn optimal_leaf_ordering<B: Linalg<T>, T: Float, D: Dim>(
    z: &Array<B, T, Ix2>,
    y: &Array<B, T, D>,
    metric: &Metric<B, T>,
) -> Result<Array<B, T, Ix2>> {
    let mut tree = Tree::of(z)?;
    let n = tree.n();
    let distances = distances("y", y, metric)?;
    if distances.size() != n * (n - 1) / 2 {
        return Err(Error::shape("y", y.dims(), format!("the {n} observations of z, or the distances of all pairs of them")));
    }
    order(&mut tree, &numbers(&distances)?);
    to_array(z.device(), &tree.merges)
}

/// The least sums of distances of neighbours in orders of a cluster that begin and end with given leaves. Two leaves have one
/// smallest cluster that holds both, and are ends of orders of that one only: so one matrix has all of them.
struct Sums<'a> {
    n: usize,
    distances: &'a [f64],
    least: Vec<f64>,
}

impl Sums<'_> {
    fn distance(&self, i: usize, j: usize) -> f64 {
        self.distances[place(self.n, i, j)]
    }

    /// The least sum in orders between two leaves; that of a leaf alone is 0.
    fn of(&self, i: usize, j: usize) -> f64 {
        self.least[i * self.n + j]
    }

    /// The leaf of the other end that gives the least `sum(end) + distance(end, to)`, and that sum.
    fn best_end(&self, from: usize, ends: &[usize], to: usize) -> (usize, f64) {
        let sums = ends.iter().map(|&end| (end, self.of(from, end) + self.distance(end, to)));
        sums.fold((ends[0], f64::INFINITY), |best, this| if this.1 < best.1 { this } else { best })
    }
}

fn order(tree: &mut Tree, distances: &[f64]) {
    let n = tree.n();
    let mut sums = Sums { n, distances, least: vec![0.0; n * n] };
    let mut leaves: Vec<Vec<usize>> = (0..n).map(|i| vec![i]).collect();
    for row in 0..tree.merges.len() {
        let [left, right] = tree.merges[row].children;
        for &u in &leaves[left] {
            let inner = opposite(tree, &leaves, left, u);
            // From `u` over a last leaf of the left side to each first leaf of the right one.
            let over: Vec<f64> = leaves[right].iter().map(|&k| sums.best_end(u, inner, k).1).collect();
            let halves = halves(tree, &leaves, right);
            let offset = halves[0].len();
            for (side, ends) in halves.iter().enumerate() {
                // The right side begins in the half that does not hold its end `w`; alone, it is its own end.
                let (firsts, start) = match halves.len() {
                    1 => (halves[0], 0),
                    _ => (halves[1 - side], if side == 0 { offset } else { 0 }),
                };
                for &w in *ends {
                    let costs = firsts.iter().zip(&over[start..]).map(|(&k, over)| over + sums.of(k, w));
                    let least = costs.fold(f64::INFINITY, f64::min);
                    sums.least[u * n + w] = least;
                    sums.least[w * n + u] = least;
                }
            }
        }
        let joined = [leaves[left].as_slice(), &leaves[right]].concat();
        leaves.push(joined);
    }
    turn(tree, &leaves, &sums);
}

/// The leaves of the children of a cluster; of an observation itself.
fn halves<'a>(tree: &Tree, leaves: &'a [Vec<usize>], cluster: usize) -> Vec<&'a [usize]> {
    match tree.row(cluster) {
        Some(row) => tree.merges[row].children.iter().map(|&c| leaves[c].as_slice()).collect(),
        None => vec![&leaves[cluster]],
    }
}

/// The leaves at which an order of a cluster may end that begins with `u`: those of the child that does not hold `u`.
fn opposite<'a>(tree: &Tree, leaves: &'a [Vec<usize>], cluster: usize, u: usize) -> &'a [usize] {
    let halves = halves(tree, leaves, cluster);
    match halves[..] {
        [first, second] if first.contains(&u) => second,
        [first, _] => first,
        _ => halves[0],
    }
}

/// Turns children to where the best order has them: from the root, whose own children stay.
fn turn(tree: &mut Tree, leaves: &[Vec<usize>], sums: &Sums<'_>) {
    let root = tree.root();
    let [left, right] = tree.merges[tree.merges.len() - 1].children;
    let pairs = leaves[left].iter().flat_map(|&u| leaves[right].iter().map(move |&w| (u, w)));
    let ends =
        pairs.fold((leaves[left][0], leaves[right][0]), |best, this| if sums.of(this.0, this.1) < sums.of(best.0, best.1) { this } else { best });
    let mut stack = vec![(root, ends)];
    while let Some((cluster, (u, w))) = stack.pop() {
        let Some(row) = tree.row(cluster) else { continue };
        let [mut left, mut right] = tree.merges[row].children;
        if !leaves[left].contains(&u) {
            (left, right) = (right, left);
        }
        let (lasts, firsts) = (opposite(tree, leaves, left, u), opposite(tree, leaves, right, w));
        let mut best = (lasts[0], firsts[0], f64::INFINITY);
        for &k in firsts {
            let (m, sum) = sums.best_end(u, lasts, k);
            let sum = sum + sums.of(k, w);
            if sum < best.2 {
                best = (m, k, sum);
            }
        }
        tree.merges[row].children = [left, right];
        stack.push((left, (u, best.0)));
        stack.push((right, (best.1, w)));
    }
}
