//! Hierarchical clustering, after `scipy.cluster.hierarchy`.
//!
//! [`linkage`] joins the two nearest clusters until one is left. Its result, SciPy's linkage matrix, is an array like any other, and
//! what the functions here take: [`fcluster`] and [`cut_tree`] give flat clusters, [`cophenet`] and [`inconsistent`] numbers about
//! the tree, [`dendrogram`] the lines of its picture. Distances of observations are computed on their device; the tree, of `n`
//! observations and `n - 1` merges, is worked on by the host in double precision, and results are arrays on the device of the
//! arguments again.
//!
//! Where SciPy warns (a square matrix of observations that looks like distances), nothing is said here: distances are a vector, and
//! observations are a matrix.
//!
//! ```
//! use xp::models::cluster::hierarchy::{Criterion, cophenet, fcluster, ward};
//! use xp::prelude::*;
//!
//! let x = array![[0.0, 0.0], [0.0, 1.0], [4.0, 0.0], [4.0, 1.0]];
//! let z = ward(&x)?;
//! assert_eq!(fcluster(&z, &Criterion::Distance(1.5))?.to_vec(), [1, 1, 2, 2]);
//! let together = cophenet(&z)?.to_vec();
//! assert!(together[0] == 1.0 && (together[1] - 32.0_f64.sqrt()).abs() < 1e-14);
//! # Ok::<(), xp::models::Error>(())
//! ```

mod agglomerate;
mod dendrogram;
mod disjoint_set;
mod flat;
mod linkage;
mod order;
mod predicates;
mod statistics;
mod tree;

pub use dendrogram::{Dendrogram, DendrogramParams, SortBy, Truncate, dendrogram};
pub use disjoint_set::DisjointSet;
pub use flat::{Criterion, Cut, cut_tree, fcluster, fclusterdata, leaders};
pub use linkage::{Method, average, centroid, complete, linkage, median, single, ward, weighted};
pub use order::{leaves_list, optimal_leaf_ordering};
pub use predicates::{correspond, from_mlab_linkage, is_isomorphic, is_monotonic, is_valid_im, is_valid_linkage, num_obs_linkage, to_mlab_linkage};
pub use statistics::{cophenet, cophenet_correlation, inconsistent, max_rstat, maxdists, maxinconsts};
pub use tree::{ClusterNode, ClusterTree, to_tree};
