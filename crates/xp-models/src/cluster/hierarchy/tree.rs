//! Linkage matrices on the host, and the tree that one describes.

use xp_core::{Array, Backend, Float, Ix1, Ix2};

use crate::{Error, Result};

/// A row of a linkage matrix: two clusters that became one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Merge {
    /// The numbers of the two.
    pub children: [usize; 2],
    /// How far apart they were.
    pub distance: f64,
    /// The observations that the row says they have together.
    pub count: f64,
}

/// A linkage matrix that has been checked: every cluster but the last is merged once, after it was formed.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub merges: Vec<Merge>,
    /// The observations below each merge, counted.
    pub sizes: Vec<usize>,
}

impl Tree {
    /// Brings a linkage matrix to the host.
    pub fn of<B: Backend, T: Float>(z: &Array<B, T, Ix2>) -> Result<Self> {
        let [rows, columns] = z.shape();
        if rows == 0 || columns != 4 {
            return Err(Error::shape("z", z.dims(), "a row for each merge of two observations or more, and 4 columns"));
        }
        let values: Vec<f64> = numbers(z)?;
        let merges = values.chunks_exact(4).map(|row| Merge { children: [id(row[0]), id(row[1])], distance: row[2], count: row[3] });
        Tree { merges: merges.collect(), sizes: vec![] }.checked()
    }

    fn checked(mut self) -> Result<Self> {
        let n = self.n();
        let mut used = vec![false; 2 * n - 1];
        for (i, merge) in self.merges.iter().enumerate() {
            let refuse = |given: String, expected: &str| Err(Error::value("z", format!("{given} in row {i}"), expected));
            for &child in &merge.children {
                if child >= n + i {
                    let given = if child == usize::MAX { "a number that names no cluster".into() } else { format!("cluster {child}") };
                    return refuse(given, "clusters that exist: observations and those of rows above");
                }
                if std::mem::replace(&mut used[child], true) {
                    return refuse(format!("cluster {child}, which has been merged before,"), "each cluster merged once");
                }
            }
            if merge.distance.is_nan() || merge.distance < 0.0 {
                return refuse(format!("the distance {}", merge.distance), "no negative distance");
            }
            if merge.count.is_nan() || merge.count < 0.0 || merge.count > n as f64 {
                return refuse(format!("a cluster of {} observations", merge.count), "no more than there are");
            }
            let size = merge.children.iter().map(|&c| c.checked_sub(n).map_or(1, |row| self.sizes[row])).sum();
            self.sizes.push(size);
        }
        Ok(self)
    }

    /// The number of observations.
    pub fn n(&self) -> usize {
        self.merges.len() + 1
    }

    /// The cluster of all observations.
    pub fn root(&self) -> usize {
        2 * self.n() - 2
    }

    /// The row that formed a cluster; `None` for an observation.
    pub fn row(&self, cluster: usize) -> Option<usize> {
        cluster.checked_sub(self.n())
    }

    /// The number of observations of a cluster.
    pub fn size(&self, cluster: usize) -> usize {
        self.row(cluster).map_or(1, |row| self.sizes[row])
    }

    /// The largest of `value(row)` over the row itself and all below it, for each row.
    pub fn largest_below(&self, value: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut out: Vec<f64> = Vec::with_capacity(self.merges.len());
        for (i, merge) in self.merges.iter().enumerate() {
            let below = merge.children.iter().filter_map(|&c| self.row(c)).map(|row| out[row]);
            out.push(below.fold(value(i), f64::max));
        }
        out
    }

    /// The observations below a cluster, those of its first child first.
    pub fn leaves(&self, cluster: usize) -> Vec<usize> {
        let (mut out, mut stack) = (Vec::with_capacity(self.size(cluster)), vec![cluster]);
        while let Some(cluster) = stack.pop() {
            match self.row(cluster) {
                None => out.push(cluster),
                Some(row) => stack.extend(self.merges[row].children.iter().rev()),
            }
        }
        out
    }
}

/// The elements of an array as numbers of the host, in row-major order.
pub(super) fn numbers<B: Backend, T: Float, D: xp_core::Dim>(x: &Array<B, T, D>) -> Result<Vec<f64>> {
    Ok(x.to_host()?.into_iter().map(T::to_f64).collect())
}

/// A vector of numbers of the host on a device.
pub(super) fn vector<B: Backend, T: Float>(device: &B, values: Vec<f64>) -> Result<Array<B, T, Ix1>> {
    let n = values.len();
    Ok(Array::from_vec(device, values.into_iter().map(T::from_f64).collect(), [n])?)
}

/// Counts and numbers of clusters on a device.
pub(super) fn indices<B: Backend>(device: &B, values: Vec<usize>) -> Result<Array<B, i64, Ix1>> {
    let n = values.len();
    Ok(Array::from_vec(device, values.into_iter().map(|v| v as i64).collect(), [n])?)
}

/// Rows of four numbers on a device.
pub(super) fn rows_of_four<B: Backend, T: Float>(device: &B, rows: impl ExactSizeIterator<Item = [f64; 4]>) -> Result<Array<B, T, Ix2>> {
    let n = rows.len();
    Ok(Array::from_vec(device, rows.flatten().map(T::from_f64).collect(), [n, 4])?)
}

/// A linkage matrix of these merges.
pub(super) fn to_array<B: Backend, T: Float>(device: &B, merges: &[Merge]) -> Result<Array<B, T, Ix2>> {
    rows_of_four(device, merges.iter().map(|m| [m.children[0] as f64, m.children[1] as f64, m.distance, m.count]))
}

/// A cluster's number; one that is none becomes the largest.
fn id(value: f64) -> usize {
    if value >= 0.0 && value.fract() == 0.0 && value < u32::MAX as f64 * 1024.0 { value as usize } else { usize::MAX }
}

/// The tree that a linkage matrix describes, on the host: [`to_tree`].
///
/// Its nodes lie in one vector, so that trees of any depth are walked and dropped without recursion.
#[derive(Clone, Debug)]
pub struct ClusterTree(Tree);

/// A node of a [`ClusterTree`]: an observation, or a cluster of two other nodes.
#[derive(Clone, Copy, Debug)]
pub struct ClusterNode<'a> {
    tree: &'a Tree,
    id: usize,
}

/// The tree that a linkage matrix describes, with a node for each observation and each merge.
///
/// # Errors
/// [`Error::Shape`] and [`Error::Value`] for what is no linkage matrix.
///
/// ```
/// use xp::models::cluster::hierarchy::{single, to_tree};
/// use xp::prelude::*;
///
/// let tree = to_tree(&single(&array![[0.0], [1.0], [10.0]])?)?;
/// let root = tree.root();
/// assert_eq!((root.id(), root.count(), root.dist()), (4, 3, 9.0));
/// assert_eq!(root.left().map(|node| node.id()), Some(2));
/// assert_eq!(root.pre_order(), [2, 0, 1]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn to_tree<B: Backend, T: Float>(z: &Array<B, T, Ix2>) -> Result<ClusterTree> {
    Ok(ClusterTree(Tree::of(z)?))
}

impl ClusterTree {
    /// The node of all observations.
    #[must_use]
    pub fn root(&self) -> ClusterNode<'_> {
        ClusterNode { tree: &self.0, id: self.0.root() }
    }

    /// The node of this number: an observation below `n`, the merge of row `id - n` from there on.
    #[must_use]
    pub fn node(&self, id: usize) -> Option<ClusterNode<'_>> {
        (id <= self.0.root()).then_some(ClusterNode { tree: &self.0, id })
    }

    /// The nodes in the order of their numbers.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = ClusterNode<'_>> {
        (0..2 * self.0.n() - 1).map(|id| ClusterNode { tree: &self.0, id })
    }
}

impl<'a> ClusterNode<'a> {
    /// Its number.
    #[must_use]
    pub fn id(self) -> usize {
        self.id
    }

    /// The distance of its two children; 0 for an observation.
    #[must_use]
    pub fn dist(self) -> f64 {
        self.tree.row(self.id).map_or(0.0, |row| self.tree.merges[row].distance)
    }

    /// The number of observations below it, or 1.
    #[must_use]
    pub fn count(self) -> usize {
        self.tree.size(self.id)
    }

    /// Whether it is an observation.
    #[must_use]
    pub fn is_leaf(self) -> bool {
        self.tree.row(self.id).is_none()
    }

    /// Its first child.
    #[must_use]
    pub fn left(self) -> Option<ClusterNode<'a>> {
        self.child(0)
    }

    /// Its second child.
    #[must_use]
    pub fn right(self) -> Option<ClusterNode<'a>> {
        self.child(1)
    }

    fn child(self, which: usize) -> Option<ClusterNode<'a>> {
        let row = self.tree.row(self.id)?;
        Some(ClusterNode { tree: self.tree, id: self.tree.merges[row].children[which] })
    }

    /// The observations below it, those of the first child first.
    #[must_use]
    pub fn pre_order(self) -> Vec<usize> {
        self.tree.leaves(self.id)
    }
}
