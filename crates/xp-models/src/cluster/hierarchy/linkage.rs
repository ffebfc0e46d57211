//! `linkage` and its methods.

use core::fmt;
use core::str::FromStr;

use xp_core::{Array, Dim, Float, Ix1, Ix2, Linalg};

use super::agglomerate::{Condensed, agglomerate};
use super::tree::{numbers, to_array};
use crate::spatial::{Metric, num_obs_y, pdist};
use crate::{Error, Result, check};

/// How far a cluster is from the union of two others: what [`linkage`] joins by.
///
/// The formulas are those of Lance and Williams (1967): the distance to the union of `x` and `y`, of `nx` and `ny` observations,
/// from `d(x)` and `d(y)` to each and their own distance `d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// The nearest observations of the two clusters: `min(d(x), d(y))`.
    Single,
    /// The farthest observations: `max(d(x), d(y))`.
    Complete,
    /// The mean of all pairs (UPGMA): `(nx d(x) + ny d(y)) / (nx + ny)`.
    Average,
    /// The mean of the two distances (WPGMA): `(d(x) + d(y)) / 2`.
    Weighted,
    /// The means of the clusters (UPGMC): euclidean only; distances of merges may fall.
    Centroid,
    /// As the centroids, where that of a union is the middle of the two (WPGMC): euclidean only; distances of merges may fall.
    Median,
    /// The increase of the sum of squares (Ward, 1963): euclidean only.
    Ward,
}

/// The methods and their names.
const METHODS: [(Method, &str); 7] = [
    (Method::Single, "single"),
    (Method::Complete, "complete"),
    (Method::Average, "average"),
    (Method::Weighted, "weighted"),
    (Method::Centroid, "centroid"),
    (Method::Median, "median"),
    (Method::Ward, "ward"),
];

impl Method {
    /// Whether the formula is one of squares of euclidean distances.
    pub(super) fn squares(self) -> bool {
        matches!(self, Method::Centroid | Method::Median | Method::Ward)
    }

    /// The distance of a cluster of `sizes[2]` observations to the union of clusters of `sizes[0]` and `sizes[1]`.
    pub(super) fn joined(self, to_x: f64, to_y: f64, between: f64, sizes: [f64; 3]) -> f64 {
        let [nx, ny, ni] = sizes;
        match self {
            Method::Single => to_x.min(to_y),
            Method::Complete => to_x.max(to_y),
            Method::Average => (nx * to_x + ny * to_y) / (nx + ny),
            Method::Weighted => 0.5 * (to_x + to_y),
            Method::Centroid => {
                let n = nx + ny;
                ((nx * to_x * to_x + ny * to_y * to_y - nx * ny * between * between / n) / n).max(0.0).sqrt()
            }
            Method::Median => (0.5 * (to_x * to_x + to_y * to_y) - 0.25 * between * between).max(0.0).sqrt(),
            Method::Ward => {
                let t = 1.0 / (nx + ny + ni);
                ((ni + nx) * t * to_x * to_x + (ni + ny) * t * to_y * to_y - ni * t * between * between).max(0.0).sqrt()
            }
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(METHODS[*self as usize].1)
    }
}

impl FromStr for Method {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = METHODS.iter().find(|(_, known)| *known == name);
        found.map(|&(method, _)| method).ok_or_else(|| Error::value("method", name, METHODS.map(|(_, known)| known).join(", ")))
    }
}

/// Clusters observations by joining the two nearest clusters until one is left.
///
/// `y` is a matrix of observations, one a row, whose distances are computed by `metric`; or the distances of all pairs themselves
/// (`pdist`'s vector), and then the metric is not looked at. The result is SciPy's linkage matrix, of shape `(n - 1, 4)`: each row
/// has the numbers of two clusters, the smaller first, their distance, and how many observations they have together. Observations
/// are the clusters below `n`, and row `i` forms the cluster `n + i`.
///
/// The distances are computed on the device. They come to the host, where the tree is made in double precision from `n (n - 1) / 2`
/// numbers, in a time proportional to `n²`: a minimum spanning tree for [`Method::Single`], chains of nearest neighbours for
/// complete, average, weighted and ward, a priority list for centroid and median, whose time may grow as `n² log n`. Of equal
/// distances SciPy's order is kept but for the last two.
///
/// # Errors
/// [`Error::Shape`] for a rank other than 1 and 2, fewer than two observations, or a vector that has not one number for each pair;
/// [`Error::NonFinite`]; [`Error::Value`] for observations with a method that needs euclidean distances and another metric, for
/// negative distances, and for more observations than `T` can number.
///
/// ```
/// use xp::models::cluster::hierarchy::{Method, fcluster, Criterion, linkage};
/// use xp::models::spatial::Metric;
/// use xp::prelude::*;
///
/// let x = array![[0.0], [1.0], [10.0], [12.0]];
/// let z = linkage(&x, Method::Complete, &Metric::Euclidean)?;
/// assert_eq!(z.to_vec(), [0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 2.0, 2.0, 4.0, 5.0, 12.0, 4.0]);
/// assert_eq!(fcluster(&z, &Criterion::MaxClust(2))?.to_vec(), [1, 1, 2, 2]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn linkage<B: Linalg<T>, T: Float, D: Dim>(y: &Array<B, T, D>, method: Method, metric: &Metric<B, T>) -> Result<Array<B, T, Ix2>> {
    if method.squares() && y.ndim() == 2 && !matches!(metric, Metric::Euclidean) {
        return Err(Error::value("metric", metric, format!("euclidean: the method {method} is defined for it only")));
    }
    let distances = distances("y", y, metric)?;
    let (n, device) = (num_obs_y(&distances)?, y.device());
    if (2 * n) as f64 * T::EPSILON.to_f64() > 2.0 {
        return Err(Error::value("y", format!("{n} observations"), "no more than the dtype can number"));
    }
    let values = numbers(&distances)?;
    drop(distances);
    to_array(device, &agglomerate(Condensed { n, values }, method))
}

/// The distances of all pairs of at least two observations: given, or computed.
pub(super) fn distances<B: Linalg<T>, T: Float, D: Dim>(
    argument: &'static str,
    y: &Array<B, T, D>,
    metric: &Metric<B, T>,
) -> Result<Array<B, T, Ix1>> {
    let at_least_two = |n: usize| match n {
        0 | 1 => Err(Error::shape(argument, y.dims(), "two observations or more, or the distances of all pairs of them")),
        _ => Ok(()),
    };
    let distances = match y.ndim() {
        1 => {
            let given: Array<B, T, Ix1> = y.clone().into_rank()?;
            at_least_two(given.size() + 1)?;
            num_obs_y(&given)?;
            given
        }
        2 => {
            at_least_two(y.dims()[0])?;
            check::finite(argument, y)?;
            pdist(&y.clone().into_rank::<Ix2>()?, metric)?
        }
        _ => return Err(Error::shape(argument, y.dims(), "observations in rows, or a vector of distances")),
    };
    check::finite(if y.ndim() == 1 { argument } else { "the distances" }, &distances)?;
    if distances.min(..).item()? < T::ZERO {
        return Err(Error::value(argument, "negative distances", "distances that are not negative"));
    }
    Ok(distances)
}

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident $Method:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// As for [`linkage`].
        pub fn $name<B: Linalg<T>, T: Float, D: Dim>(y: &Array<B, T, D>) -> Result<Array<B, T, Ix2>> {
            linkage(y, Method::$Method, &Metric::Euclidean)
        }
    )*};
}
methods! {
    /// [`linkage`] by [`Method::Single`] on euclidean distances.
    single Single;
    /// [`linkage`] by [`Method::Complete`] on euclidean distances.
    complete Complete;
    /// [`linkage`] by [`Method::Average`] on euclidean distances.
    average Average;
    /// [`linkage`] by [`Method::Weighted`] on euclidean distances.
    weighted Weighted;
    /// [`linkage`] by [`Method::Centroid`] on euclidean distances.
    centroid Centroid;
    /// [`linkage`] by [`Method::Median`] on euclidean distances.
    median Median;
    /// [`linkage`] by [`Method::Ward`] on euclidean distances.
    ward Ward;
}
