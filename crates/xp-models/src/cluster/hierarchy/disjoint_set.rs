//! Sets that are joined: the forest of union-find, and SciPy's class on it.

use std::collections::HashMap;
use std::hash::Hash;

/// Trees of numbers; each tree is a set, named by its root.
#[derive(Clone, Debug, Default)]
pub(super) struct Forest {
    parents: Vec<usize>,
    sizes: Vec<usize>,
}

impl Forest {
    pub fn new(n: usize) -> Self {
        Forest { parents: (0..n).collect(), sizes: vec![1; n] }
    }

    fn push(&mut self) {
        self.parents.push(self.parents.len());
        self.sizes.push(1);
    }

    /// The root of the set of `x`; paths are halved on the way.
    pub fn find(&mut self, mut x: usize) -> usize {
        while self.parents[x] != x {
            self.parents[x] = self.parents[self.parents[x]];
            x = self.parents[x];
        }
        x
    }

    fn root(&self, mut x: usize) -> usize {
        while self.parents[x] != x {
            x = self.parents[x];
        }
        x
    }

    /// Joins the sets of two roots below that of the larger one, of equal ones below the first; which is returned.
    pub fn join(&mut self, a: usize, b: usize) -> usize {
        let (small, large) = if (self.sizes[a], b) < (self.sizes[b], a) { (a, b) } else { (b, a) };
        self.parents[small] = large;
        self.sizes[large] += self.sizes[small];
        large
    }

    pub fn size(&self, root: usize) -> usize {
        self.sizes[root]
    }
}

/// Disjoint sets of values, which can be joined: SciPy's `DisjointSet`, on the host.
///
/// Joining and finding take nearly constant time (union by size, paths halved). A set is named by one of its elements, its root:
/// that of the larger set survives a merge, of equal ones the one that was added first.
///
/// ```
/// use xp::models::cluster::hierarchy::DisjointSet;
///
/// let mut sets = DisjointSet::new([1, 2, 3, 4, 5]);
/// assert!(sets.merge(&1, &2) && sets.merge(&3, &5) && sets.merge(&1, &5));
/// assert!(!sets.merge(&2, &3)); // they are one set already
/// assert_eq!((sets.n_subsets(), sets.connected(&2, &5)), (2, Some(true)));
/// assert_eq!(sets.subset(&3).unwrap(), [&1, &2, &3, &5]);
/// assert_eq!(sets.subset_size(&4), Some(1));
/// ```
#[derive(Clone, Debug, Default)]
pub struct DisjointSet<T> {
    places: HashMap<T, usize>,
    values: Vec<T>,
    forest: Forest,
    n_subsets: usize,
}

impl<T: Clone + Eq + Hash> DisjointSet<T> {
    /// A set for each of the values; equal ones count once.
    #[must_use]
    pub fn new(values: impl IntoIterator<Item = T>) -> Self {
        let mut sets = DisjointSet { places: HashMap::new(), values: vec![], forest: Forest::default(), n_subsets: 0 };
        values.into_iter().for_each(|value| {
            sets.add(value);
        });
        sets
    }

    /// Adds a value as a set of its own; `false` when it is there already.
    pub fn add(&mut self, value: T) -> bool {
        if self.places.contains_key(&value) {
            return false;
        }
        self.places.insert(value.clone(), self.values.len());
        self.values.push(value);
        self.forest.push();
        self.n_subsets += 1;
        true
    }

    /// Joins the sets of two values; `false` when they are one already, or a value is unknown.
    pub fn merge(&mut self, x: &T, y: &T) -> bool {
        let (Some(&x), Some(&y)) = (self.places.get(x), self.places.get(y)) else { return false };
        let (x, y) = (self.forest.find(x), self.forest.find(y));
        if x == y {
            return false;
        }
        self.forest.join(x, y);
        self.n_subsets -= 1;
        true
    }

    /// Whether two values are in one set; `None` when one is unknown.
    #[must_use]
    pub fn connected(&self, x: &T, y: &T) -> Option<bool> {
        Some(self.root_place(x)? == self.root_place(y)?)
    }

    /// The root of the set of a value: SciPy's `sets[x]`.
    #[must_use]
    pub fn root(&self, x: &T) -> Option<&T> {
        Some(&self.values[self.root_place(x)?])
    }

    /// The set of a value, in the order in which its elements were added.
    #[must_use]
    pub fn subset(&self, x: &T) -> Option<Vec<&T>> {
        let root = self.root_place(x)?;
        Some((0..self.values.len()).filter(|&i| self.forest.root(i) == root).map(|i| &self.values[i]).collect())
    }

    /// The number of elements of the set of a value.
    #[must_use]
    pub fn subset_size(&self, x: &T) -> Option<usize> {
        Some(self.forest.size(self.root_place(x)?))
    }

    /// All sets, in the order of their first elements.
    #[must_use]
    pub fn subsets(&self) -> Vec<Vec<&T>> {
        let (mut places, mut out): (HashMap<usize, usize>, Vec<Vec<&T>>) = (HashMap::new(), vec![]);
        for (i, value) in self.values.iter().enumerate() {
            let at = *places.entry(self.forest.root(i)).or_insert(out.len());
            if at == out.len() {
                out.push(vec![]);
            }
            out[at].push(value);
        }
        out
    }

    /// The number of sets.
    #[must_use]
    pub fn n_subsets(&self) -> usize {
        self.n_subsets
    }

    /// The values, in the order in which they were added.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &T> {
        self.values.iter()
    }

    /// The number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are no values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    fn root_place(&self, x: &T) -> Option<usize> {
        self.places.get(x).map(|&place| self.forest.root(place))
    }
}
