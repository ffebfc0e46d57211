//! The lines of the picture of a tree.

use core::fmt;

use xp_core::{Array, Backend, Float, Ix2};

use super::tree::Tree;
use crate::{Error, Result};

/// Which part of a tree [`dendrogram`] draws; what is below is drawn as a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truncate {
    /// So many leaves: the last merges. More than there are observations, or 0, means all.
    LastP(usize),
    /// So many levels below the last merge; 0 means all.
    Level(usize),
}

/// Which child of a merge [`dendrogram`] draws to the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// That with fewer observations.
    CountAscending,
    /// That with more observations.
    CountDescending,
    /// That whose own children are nearer.
    DistanceAscending,
    /// That whose own children are farther apart.
    DistanceDescending,
}

/// Settings of [`dendrogram`].
#[derive(Clone)]
pub struct DendrogramParams<'a> {
    truncate: Option<Truncate>,
    color_threshold: Option<f64>,
    sort: Option<SortBy>,
    labels: Option<Vec<String>>,
    show_leaf_counts: bool,
    leaf_label: Option<&'a dyn Fn(usize) -> String>,
    link_color: Option<&'a dyn Fn(usize) -> String>,
    above_threshold_color: String,
    palette: Vec<String>,
}

impl Default for DendrogramParams<'_> {
    fn default() -> Self {
        DendrogramParams {
            truncate: None,
            color_threshold: None,
            sort: None,
            labels: None,
            show_leaf_counts: true,
            leaf_label: None,
            link_color: None,
            above_threshold_color: "C0".into(),
            palette: (1..10).map(|i| format!("C{i}")).collect(),
        }
    }
}

impl fmt::Debug for DendrogramParams<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DendrogramParams")
            .field("truncate", &self.truncate)
            .field("color_threshold", &self.color_threshold)
            .field("sort", &self.sort)
            .field("labels", &self.labels)
            .finish_non_exhaustive()
    }
}

impl<'a> DendrogramParams<'a> {
    /// The defaults: the whole tree in the order of its children, coloured below 0.7 of the largest distance.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Draws a part of the tree.
    #[must_use]
    pub fn truncate(mut self, truncate: Truncate) -> Self {
        self.truncate = Some(truncate);
        self
    }

    /// Merges of at least this distance have the colour above the threshold, and each subtree below one of the palette; 0 and
    /// less for one colour.
    #[must_use]
    pub fn color_threshold(mut self, distance: f64) -> Self {
        self.color_threshold = Some(distance);
        self
    }

    /// Which child is drawn to the left, instead of the first.
    #[must_use]
    pub fn sort(mut self, by: SortBy) -> Self {
        self.sort = Some(by);
        self
    }

    /// A label for each observation, instead of its number.
    #[must_use]
    pub fn labels<S: Into<String>>(mut self, labels: impl IntoIterator<Item = S>) -> Self {
        self.labels = Some(labels.into_iter().map(Into::into).collect());
        self
    }

    /// Whether a leaf that is a cluster has the number of its observations in parentheses as its label, or none.
    #[must_use]
    pub fn show_leaf_counts(mut self, yes: bool) -> Self {
        self.show_leaf_counts = yes;
        self
    }

    /// The label of each leaf, by its number: an observation below `n`, a cluster from there on.
    #[must_use]
    pub fn leaf_label(mut self, label: &'a dyn Fn(usize) -> String) -> Self {
        self.leaf_label = Some(label);
        self
    }

    /// The colour of the lines of each cluster, by its number.
    #[must_use]
    pub fn link_color(mut self, color: &'a dyn Fn(usize) -> String) -> Self {
        self.link_color = Some(color);
        self
    }

    /// The colour of merges that are not below the threshold: `C0`.
    #[must_use]
    pub fn above_threshold_color(mut self, color: impl Into<String>) -> Self {
        self.above_threshold_color = color.into();
        self
    }

    /// The colours of subtrees below the threshold, in turn: `C1` to `C9`. (SciPy's `set_link_color_palette`.)
    #[must_use]
    pub fn palette<S: Into<String>>(mut self, colors: impl IntoIterator<Item = S>) -> Self {
        self.palette = colors.into_iter().map(Into::into).collect();
        self
    }
}

/// What [`dendrogram`] finds: one element for each merge that is drawn, or for each leaf. The leaf `i` from the left stands at
/// `10 i + 5`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dendrogram {
    /// The abscissas of the four points of each merge: up the left leg, across, and down the right one.
    pub icoord: Vec<[f64; 4]>,
    /// Their ordinates: the heights of the children at the ends, the distance of the merge between.
    pub dcoord: Vec<[f64; 4]>,
    /// The colour of each merge.
    pub color_list: Vec<String>,
    /// The labels of the leaves from left to right.
    pub ivl: Vec<String>,
    /// The numbers of the leaves: an observation below `n`, a cluster that is drawn as a leaf from there on.
    pub leaves: Vec<usize>,
    /// The colour of the line that each leaf hangs on.
    pub leaves_color_list: Vec<String>,
    /// For each merge that is not drawn but below a leaf, the abscissa of the leaf and the distance of the merge.
    pub contraction_marks: Vec<[f64; 2]>,
}

/// The lines that draw a tree: for each merge, three sides of a rectangle whose upper one is at the distance of the two clusters.
///
/// Everything is a number or a label on the host; any library draws it, as the example `dendrogram` does.
///
/// # Errors
/// [`Error::Shape`] and [`Error::Value`] for what is no linkage matrix, labels that are not as many as observations, or no colours.
///
/// ```
/// use xp::models::cluster::hierarchy::{DendrogramParams, dendrogram, single};
/// use xp::prelude::*;
///
/// let z = single(&array![[0.0], [1.0], [9.0]])?;
/// let picture = dendrogram(&z, &DendrogramParams::new().labels(["a", "b", "c"]))?;
/// assert_eq!(picture.ivl, ["c", "a", "b"]);
/// assert_eq!(picture.icoord, [[15.0, 15.0, 25.0, 25.0], [5.0, 5.0, 20.0, 20.0]]);
/// assert_eq!(picture.dcoord, [[0.0, 1.0, 1.0, 0.0], [0.0, 8.0, 8.0, 1.0]]);
/// assert_eq!(picture.color_list, ["C1", "C0"]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn dendrogram<B: Backend, T: Float>(z: &Array<B, T, Ix2>, params: &DendrogramParams<'_>) -> Result<Dendrogram> {
    let tree = Tree::of(z)?;
    if let Some(labels) = params.labels.as_ref().filter(|labels| labels.len() != tree.n()) {
        return Err(Error::value("labels", format!("{} labels", labels.len()), format!("one for each of {} observations", tree.n())));
    }
    if params.palette.is_empty() {
        return Err(Error::value("palette", "no colours", "one at least"));
    }
    Ok(Drawing::new(&tree, params).draw())
}

/// What is left to do, the next last.
enum Step {
    /// Draws a cluster so many levels below the root.
    Cluster(usize, usize),
    /// Chooses the colour of a row, when its left child is drawn.
    Color(usize),
    /// Joins the two clusters that were drawn last.
    Join(usize, [usize; 2]),
}

struct Drawing<'a> {
    tree: &'a Tree,
    params: &'a DendrogramParams<'a>,
    threshold: f64,
    /// The colour of the next subtree below the threshold, and whether one has begun.
    color: usize,
    below: bool,
    colors: Vec<String>,
    /// The middle and the height of clusters that wait for their sibling.
    tops: Vec<[f64; 2]>,
    out: Dendrogram,
}

impl<'a> Drawing<'a> {
    fn new(tree: &'a Tree, params: &'a DendrogramParams<'a>) -> Self {
        let largest = tree.merges.iter().fold(0.0, |a: f64, merge| a.max(merge.distance));
        let threshold = params.color_threshold.unwrap_or(0.7 * largest);
        Drawing { tree, params, threshold, color: 0, below: false, colors: vec![], tops: vec![], out: Dendrogram::default() }
    }

    fn draw(mut self) -> Dendrogram {
        let mut steps = vec![Step::Cluster(self.tree.root(), 0)];
        while let Some(step) = steps.pop() {
            match step {
                Step::Cluster(cluster, level) => match self.tree.row(cluster).filter(|_| !self.is_leaf(cluster, level)) {
                    None => self.leaf(cluster),
                    Some(row) => {
                        let [left, right] = self.ordered(row);
                        steps.push(Step::Join(row, [left, right]));
                        steps.push(Step::Cluster(right, level + 1));
                        steps.push(Step::Color(row));
                        steps.push(Step::Cluster(left, level + 1));
                    }
                },
                Step::Color(row) => self.choose_color(row),
                Step::Join(row, children) => self.join(row, children),
            }
        }
        self.out
    }

    /// Whether a cluster is drawn as a leaf. (That the first merge of all is never truncated by levels is SciPy's.)
    fn is_leaf(&self, cluster: usize, level: usize) -> bool {
        let n = self.tree.n();
        match self.params.truncate {
            None => cluster < n,
            Some(Truncate::LastP(p)) => cluster < n || cluster < 2 * n - if p == 0 || p > n { n } else { p },
            Some(Truncate::Level(p)) => cluster < n || (p > 0 && cluster > n && level > p),
        }
    }

    fn leaf(&mut self, cluster: usize) {
        let x = 10.0 * self.out.leaves.len() as f64 + 5.0;
        let label = match (self.params.leaf_label, self.tree.row(cluster), &self.params.labels) {
            (Some(label), ..) => label(cluster),
            (None, Some(_), _) if !self.params.show_leaf_counts => String::new(),
            (None, Some(row), _) => format!("({})", self.tree.merges[row].count),
            (None, None, Some(labels)) => labels[cluster].clone(),
            (None, None, None) => cluster.to_string(),
        };
        self.out.ivl.push(label);
        self.out.leaves.push(cluster);
        self.out.leaves_color_list.push(String::new());
        self.tops.push([x, 0.0]);
        let mut below: Vec<usize> = self.tree.row(cluster).map_or(vec![], |row| self.tree.merges[row].children.into_iter().rev().collect());
        while let Some(cluster) = below.pop() {
            if let Some(row) = self.tree.row(cluster) {
                self.out.contraction_marks.push([x, self.tree.merges[row].distance]);
                below.extend(self.tree.merges[row].children.iter().rev());
            }
        }
    }

    /// The children of a row, that to the left first.
    fn ordered(&self, row: usize) -> [usize; 2] {
        let [a, b] = self.tree.merges[row].children;
        let of =
            |value: fn(&super::tree::Merge) -> f64, leaf: f64| [a, b].map(|c| self.tree.row(c).map_or(leaf, |row| value(&self.tree.merges[row])));
        let by_count = of(|merge| merge.count, 1.0);
        let by_distance = of(|merge| merge.distance, 0.0);
        let turned = match self.params.sort {
            None => false,
            Some(SortBy::CountAscending) => by_count[0] > by_count[1],
            Some(SortBy::CountDescending) => by_count[0] <= by_count[1],
            Some(SortBy::DistanceAscending) => by_distance[0] > by_distance[1],
            Some(SortBy::DistanceDescending) => by_distance[0] <= by_distance[1],
        };
        if turned { [b, a] } else { [a, b] }
    }

    /// A subtree below the threshold has one colour; the next one the next of the palette.
    fn choose_color(&mut self, row: usize) {
        let above = self.tree.merges[row].distance >= self.threshold || self.threshold <= 0.0;
        if above && self.below {
            self.color = (self.color + 1) % self.params.palette.len();
        }
        self.below = !above;
        self.colors.push(if above { self.params.above_threshold_color.clone() } else { self.params.palette[self.color].clone() });
    }

    fn join(&mut self, row: usize, children: [usize; 2]) {
        let (right, left) = (self.tops.pop().expect("a right child"), self.tops.pop().expect("a left child"));
        let chosen = self.colors.pop().expect("a colour for each row");
        let color = self.params.link_color.map_or(chosen, |color| color(self.tree.n() + row));
        let height = self.tree.merges[row].distance;
        for ([x, _], child) in [left, right].into_iter().zip(children) {
            let place = ((x - 5.0) / 10.0) as usize;
            if self.out.leaves.get(place) == Some(&child) {
                self.out.leaves_color_list[place] = color.clone();
            }
        }
        self.out.icoord.push([left[0], left[0], right[0], right[0]]);
        self.out.dcoord.push([left[1], height, height, right[1]]);
        self.out.color_list.push(color);
        self.tops.push([0.5 * (left[0] + right[0]), height]);
    }
}
