//! Distances and kernels of all pairs of samples, and of samples in pairs.
//!
//! `x` has the shape `(n_x, n_features)` and `y` `(n_y, n_features)`, and the result is `(n_x, n_y)`; `None` for `y` means `x`
//! again. What is made of products of samples (everything but manhattan, chebyshev and chi-squared) is computed in the widest
//! float of the backend, block by block of rows.
//!
//! ```
//! use xp::models::metrics::pairwise::{euclidean_distances, rbf_kernel};
//! use xp::prelude::*;
//!
//! let (x, y) = (array![[0.0_f64, 0.0], [3.0, 0.0]], array![[3.0, 4.0]]);
//! assert_eq!(euclidean_distances(&x, &y)?.to_vec(), [5.0, 4.0]);
//! let similar = rbf_kernel(&x, None, 0.1)?;
//! assert!((similar.get([0, 1])? - (-0.9_f64).exp()).abs() < 1e-15);
//! # Ok::<(), xp::models::Error>(())
//! ```

use core::fmt;
use core::ops::Range;
use core::str::FromStr;

use xp_core::extra::{Metric, cdist, diag_indices};
use xp_core::functions::zeros;
use xp_core::linalg::vector_norm;
use xp_core::{Array, Backend, Expr, Float, Ix1, Ix2, KeepDims, Lazy, Tiles, s};

use super::wide;
use crate::model::text_fields;
use crate::{Error, Result, check};

/// Elements of a block of products that are searched row by row: few enough to stay in a cache.
const BLOCK: usize = 1 << 18;
/// Columns of a tile of the result, at most.
const COLUMNS: usize = 256;

/// A matrix in the widest float of its backend.
type Matrix<B> = Array<B, <B as Backend>::MaxFloat, Ix2>;

/// The euclidean distances of all pairs of samples, from products: `sqrt(|x|^2 - 2 x y + |y|^2)`.
///
/// The square of a distance is exact to the rounding of `|x|^2 + |y|^2`, so that near samples far from zero have inaccurate
/// distances; [`cdist`] sums differences instead, accurately, and takes longer.
///
/// # Errors
/// [`Error::Shape`] unless both have as many columns, [`Error::NonFinite`].
pub fn euclidean_distances<'a, B: Backend, T: Float>(
    x: &'a Array<B, T, Ix2>,
    y: impl Into<Option<&'a Array<B, T, Ix2>>>,
) -> Result<Array<B, T, Ix2>> {
    let y = y.into();
    let out = products(x, y, Scale::None, |xy, xx, yy| squares(xy, xx, yy).astype::<T>().sqrt())?;
    with_diagonal(out, y.is_none(), 0.0)
}

/// The squares of [`euclidean_distances`], without the roots: scikit-learn's `euclidean_distances(squared=True)`.
///
/// # Errors
/// As for [`euclidean_distances`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::pairwise::squared_euclidean_distances;
/// assert_eq!(squared_euclidean_distances(&array![[0.0, 0.0], [3.0, 4.0]], None)?.to_vec(), [0.0, 25.0, 25.0, 0.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn squared_euclidean_distances<'a, B: Backend, T: Float>(
    x: &'a Array<B, T, Ix2>,
    y: impl Into<Option<&'a Array<B, T, Ix2>>>,
) -> Result<Array<B, T, Ix2>> {
    let y = y.into();
    with_diagonal(products(x, y, Scale::None, |xy, xx, yy| squares(xy, xx, yy).astype())?, y.is_none(), 0.0)
}

/// The sums of the magnitudes of the differences of all pairs of samples.
///
/// # Errors
/// As for [`euclidean_distances`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::pairwise::manhattan_distances;
/// assert_eq!(manhattan_distances(&array![[0.0, 1.0]], &array![[2.0, 4.0], [0.0, 1.0]])?.to_vec(), [5.0, 0.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn manhattan_distances<'a, B: Backend, T: Float>(
    x: &'a Array<B, T, Ix2>,
    y: impl Into<Option<&'a Array<B, T, Ix2>>>,
) -> Result<Array<B, T, Ix2>> {
    let y = checked(x, y.into())?;
    Ok(cdist(x, y, Metric::CityBlock)?)
}

/// The largest differences of all pairs of samples.
///
/// # Errors
/// As for [`euclidean_distances`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::pairwise::chebyshev_distances;
/// assert_eq!(chebyshev_distances(&array![[0.0, 1.0]], &array![[2.0, 4.0], [0.0, 1.0]])?.to_vec(), [3.0, 0.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn chebyshev_distances<'a, B: Backend, T: Float>(
    x: &'a Array<B, T, Ix2>,
    y: impl Into<Option<&'a Array<B, T, Ix2>>>,
) -> Result<Array<B, T, Ix2>> {
    let y = checked(x, y.into())?;
    Ok(cdist(x, y, Metric::Chebyshev)?)
}

/// The cosines of the angles between all pairs of samples; 0 for a sample of zeros.
///
/// # Errors
/// As for [`euclidean_distances`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::pairwise::cosine_similarity;
/// let found = cosine_similarity(&array![[3.0_f64, 4.0]], &array![[3.0, 0.0], [0.0, 0.0]])?.to_vec();
/// assert!((found[0] - 0.6).abs() < 1e-15 && found[1] == 0.0);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn cosine_similarity<'a, B: Backend, T: Float>(x: &'a Array<B, T, Ix2>, y: impl Into<Option<&'a Array<B, T, Ix2>>>) -> Result<Array<B, T, Ix2>> {
    products(x, y.into(), Scale::Unit, |xy, _, _| xy.astype())
}

/// 1 less [`cosine_similarity`], between 0 and 2.
///
/// # Errors
/// As for [`euclidean_distances`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::pairwise::cosine_distances;
/// assert_eq!(cosine_distances(&array![[2.0, 0.0], [0.0, 5.0]], None)?.to_vec(), [0.0, 1.0, 1.0, 0.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn cosine_distances<'a, B: Backend, T: Float>(x: &'a Array<B, T, Ix2>, y: impl Into<Option<&'a Array<B, T, Ix2>>>) -> Result<Array<B, T, Ix2>> {
    let y = y.into();
    let (zero, one, two) = (wide::<B>(0.0), wide::<B>(1.0), wide::<B>(2.0));
    with_diagonal(products(x, y, Scale::Unit, |xy, _, _| (-xy + one).maximum(zero).minimum(two).astype())?, y.is_none(), 0.0)
}

/// The euclidean distance of each row of `x` to the same row of `y`.
///
/// # Errors
/// [`Error::Shape`] unless the shapes are equal, [`Error::NonFinite`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::pairwise::paired_euclidean_distances;
/// assert_eq!(paired_euclidean_distances(&array![[0.0, 0.0], [1.0, 1.0]], &array![[3.0, 4.0], [1.0, 1.0]])?.to_vec(), [5.0, 0.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn paired_euclidean_distances<B: Backend, T: Float>(x: &Array<B, T, Ix2>, y: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix1>> {
    paired(x, y)?;
    Ok(vector_norm(&(x.lazy() - y).try_eval()?, 1, 2.0)?)
}

/// The manhattan distance of each row of `x` to the same row of `y`.
///
/// # Errors
/// As for [`paired_euclidean_distances`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::pairwise::paired_manhattan_distances;
/// assert_eq!(paired_manhattan_distances(&array![[0.0, 0.0]], &array![[3.0, -4.0]])?.to_vec(), [7.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn paired_manhattan_distances<B: Backend, T: Float>(x: &Array<B, T, Ix2>, y: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix1>> {
    paired(x, y)?;
    Ok((x.lazy() - y).abs().sum(1).try_eval()?)
}

/// The cosine distance of each row of `x` to the same row of `y`: half the squared distance of the rows divided by their
/// lengths.
///
/// # Errors
/// As for [`paired_euclidean_distances`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::pairwise::paired_cosine_distances;
/// assert_eq!(paired_cosine_distances(&array![[2.0, 0.0], [0.0, 1.0]], &array![[3.0, 0.0], [4.0, 0.0]])?.to_vec(), [0.0, 1.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn paired_cosine_distances<B: Backend, T: Float>(x: &Array<B, T, Ix2>, y: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix1>> {
    paired(x, y)?;
    let (nx, ny) = (lengths(&x.astype::<B::MaxFloat>())?, lengths(&y.astype::<B::MaxFloat>())?);
    let apart = x.lazy().astype::<B::MaxFloat>() / &nx - y.lazy().astype::<B::MaxFloat>() / &ny;
    let half = apart.square().sum(1).try_eval()?;
    Ok((half.into_lazy() * wide::<B>(0.5)).astype::<T>().try_eval()?)
}

/// The products of all pairs of samples.
///
/// # Errors
/// As for [`euclidean_distances`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::pairwise::linear_kernel;
/// assert_eq!(linear_kernel(&array![[1.0, 2.0]], &array![[3.0, 4.0], [0.0, 1.0]])?.to_vec(), [11.0, 2.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn linear_kernel<'a, B: Backend, T: Float>(x: &'a Array<B, T, Ix2>, y: impl Into<Option<&'a Array<B, T, Ix2>>>) -> Result<Array<B, T, Ix2>> {
    products(x, y.into(), Scale::None, |xy, _, _| xy.astype())
}

/// `(gamma x y + coef0)^degree` of all pairs of samples; `None` for `gamma` is 1 over the number of features.
///
/// # Errors
/// As for [`euclidean_distances`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::pairwise::polynomial_kernel;
/// assert_eq!(polynomial_kernel(&array![[1.0, 2.0]], &array![[3.0, 4.0]], None, 2.0, 0.5)?.to_vec(), [36.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn polynomial_kernel<'a, B: Backend, T: Float>(
    x: &'a Array<B, T, Ix2>,
    y: impl Into<Option<&'a Array<B, T, Ix2>>>,
    gamma: impl Into<Option<f64>>,
    degree: f64,
    coef0: f64,
) -> Result<Array<B, T, Ix2>> {
    let (gamma, coef0, degree) = (wide::<B>(gamma_or(x, gamma.into())), wide::<B>(coef0), wide::<B>(degree));
    products(x, y.into(), Scale::None, |xy, _, _| (xy * gamma + coef0).pow(degree).astype())
}

/// `tanh(gamma x y + coef0)` of all pairs of samples; `None` for `gamma` is 1 over the number of features.
///
/// # Errors
/// As for [`euclidean_distances`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::pairwise::sigmoid_kernel;
/// assert_eq!(sigmoid_kernel(&array![[1.0, 2.0]], &array![[3.0, -1.0]], None, 1.0)?.to_vec(), [1.5_f64.tanh()]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn sigmoid_kernel<'a, B: Backend, T: Float>(
    x: &'a Array<B, T, Ix2>,
    y: impl Into<Option<&'a Array<B, T, Ix2>>>,
    gamma: impl Into<Option<f64>>,
    coef0: f64,
) -> Result<Array<B, T, Ix2>> {
    let (gamma, coef0) = (wide::<B>(gamma_or(x, gamma.into())), wide::<B>(coef0));
    products(x, y.into(), Scale::None, |xy, _, _| (xy * gamma + coef0).tanh().astype())
}

/// `exp(-gamma |x - y|^2)` of all pairs of samples; `None` for `gamma` is 1 over the number of features.
///
/// # Errors
/// As for [`euclidean_distances`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::pairwise::rbf_kernel;
/// let found = rbf_kernel(&array![[1.0_f64, 2.0]], &array![[3.0, 2.0]], None)?;
/// assert!((found.item()? - (-2.0_f64).exp()).abs() < 1e-15);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn rbf_kernel<'a, B: Backend, T: Float>(
    x: &'a Array<B, T, Ix2>,
    y: impl Into<Option<&'a Array<B, T, Ix2>>>,
    gamma: impl Into<Option<f64>>,
) -> Result<Array<B, T, Ix2>> {
    let (y, gamma) = (y.into(), wide::<B>(-gamma_or(x, gamma.into())));
    with_diagonal(products(x, y, Scale::None, |xy, xx, yy| (squares(xy, xx, yy) * gamma).astype::<T>().exp())?, y.is_none(), 1.0)
}

/// `exp(-gamma |x - y|_1)` of all pairs of samples; `None` for `gamma` is 1 over the number of features.
///
/// # Errors
/// As for [`euclidean_distances`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::pairwise::laplacian_kernel;
/// let found = laplacian_kernel(&array![[1.0_f64, 2.0]], &array![[3.0, 1.0]], None)?;
/// assert!((found.item()? - (-1.5_f64).exp()).abs() < 1e-15);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn laplacian_kernel<'a, B: Backend, T: Float>(
    x: &'a Array<B, T, Ix2>,
    y: impl Into<Option<&'a Array<B, T, Ix2>>>,
    gamma: impl Into<Option<f64>>,
) -> Result<Array<B, T, Ix2>> {
    let gamma = wide::<B>(-gamma_or(x, gamma.into()));
    let distances = manhattan_distances(x, y)?;
    Ok((distances.into_lazy().astype::<B::MaxFloat>() * gamma).exp().astype::<T>().try_eval()?)
}

/// `-sum((x - y)^2 / (x + y))` of all pairs of samples without negative numbers, where 0 / 0 counts as 0.
///
/// # Errors
/// As for [`euclidean_distances`], and [`Error::Value`] for negative numbers.
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::pairwise::additive_chi2_kernel;
/// assert_eq!(additive_chi2_kernel(&array![[1.0, 0.0, 2.0]], &array![[3.0, 0.0, 2.0]])?.to_vec(), [-1.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn additive_chi2_kernel<'a, B: Backend, T: Float>(
    x: &'a Array<B, T, Ix2>,
    y: impl Into<Option<&'a Array<B, T, Ix2>>>,
) -> Result<Array<B, T, Ix2>> {
    Ok(chi2(x, y.into())?.into_lazy().astype::<T>().try_eval()?)
}

/// `exp(-gamma sum((x - y)^2 / (x + y)))` of all pairs of samples without negative numbers, where 0 / 0 counts as 0;
/// scikit-learn's default for `gamma` is 1.
///
/// # Errors
/// As for [`additive_chi2_kernel`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::pairwise::chi2_kernel;
/// let found = chi2_kernel(&array![[1.0_f64, 0.0, 2.0]], &array![[3.0, 0.0, 2.0]], 0.5)?;
/// assert!((found.item()? - (-0.5_f64).exp()).abs() < 1e-15);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn chi2_kernel<'a, B: Backend, T: Float>(
    x: &'a Array<B, T, Ix2>,
    y: impl Into<Option<&'a Array<B, T, Ix2>>>,
    gamma: f64,
) -> Result<Array<B, T, Ix2>> {
    Ok((chi2(x, y.into())?.into_lazy() * wide::<B>(gamma)).exp().astype::<T>().try_eval()?)
}

/// A distance that [`pairwise_distances`] computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Distance {
    /// [`euclidean_distances`].
    Euclidean,
    /// [`squared_euclidean_distances`].
    SqEuclidean,
    /// [`manhattan_distances`].
    Manhattan,
    /// [`chebyshev_distances`].
    Chebyshev,
    /// [`cosine_distances`].
    Cosine,
}

/// The distances of all pairs of samples.
///
/// # Errors
/// As for [`euclidean_distances`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::{pairwise_distances, pairwise::Distance};
/// let x = array![[0.0, 0.0], [3.0, 4.0]];
/// assert_eq!(pairwise_distances(&x, None, Distance::Manhattan)?.to_vec(), [0.0, 7.0, 7.0, 0.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn pairwise_distances<'a, B: Backend, T: Float>(
    x: &'a Array<B, T, Ix2>,
    y: impl Into<Option<&'a Array<B, T, Ix2>>>,
    metric: Distance,
) -> Result<Array<B, T, Ix2>> {
    match metric {
        Distance::Euclidean => euclidean_distances(x, y),
        Distance::SqEuclidean => squared_euclidean_distances(x, y),
        Distance::Manhattan => manhattan_distances(x, y),
        Distance::Chebyshev => chebyshev_distances(x, y),
        Distance::Cosine => cosine_distances(x, y),
    }
}

/// A kernel with its parameters; `None` for `gamma` is 1 over the number of features.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Kernel {
    /// [`linear_kernel`].
    Linear,
    /// [`polynomial_kernel`].
    Polynomial {
        /// The factor of products.
        gamma: Option<f64>,
        /// The power; scikit-learn's default is 3.
        degree: f64,
        /// What is added to products; scikit-learn's default is 1.
        coef0: f64,
    },
    /// [`rbf_kernel`].
    Rbf {
        /// The factor of squared distances.
        gamma: Option<f64>,
    },
    /// [`laplacian_kernel`].
    Laplacian {
        /// The factor of distances.
        gamma: Option<f64>,
    },
    /// [`sigmoid_kernel`].
    Sigmoid {
        /// The factor of products.
        gamma: Option<f64>,
        /// What is added to products; scikit-learn's default is 1.
        coef0: f64,
    },
    /// [`cosine_similarity`].
    Cosine,
    /// [`additive_chi2_kernel`].
    AdditiveChi2,
    /// [`chi2_kernel`].
    Chi2 {
        /// The factor of distances; scikit-learn's default is 1.
        gamma: f64,
    },
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_none = |gamma: Option<f64>| gamma.map_or_else(|| "none".to_owned(), |gamma| gamma.to_string());
        match *self {
            Kernel::Linear => f.write_str("linear"),
            Kernel::Polynomial { gamma, degree, coef0 } => write!(f, "polynomial {} {degree} {coef0}", or_none(gamma)),
            Kernel::Rbf { gamma } => write!(f, "rbf {}", or_none(gamma)),
            Kernel::Laplacian { gamma } => write!(f, "laplacian {}", or_none(gamma)),
            Kernel::Sigmoid { gamma, coef0 } => write!(f, "sigmoid {} {coef0}", or_none(gamma)),
            Kernel::Cosine => f.write_str("cosine"),
            Kernel::AdditiveChi2 => f.write_str("additive_chi2"),
            Kernel::Chi2 { gamma } => write!(f, "chi2 {gamma}"),
        }
    }
}

impl FromStr for Kernel {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let words: Vec<&str> = text.split(' ').collect();
        let unknown = || Error::value("kernel", text, "the name of a kernel and its parameters");
        let number = |i: usize| words[i].parse::<f64>().map_err(|_| unknown());
        let gamma = |i: usize| if words[i] == "none" { Ok(None) } else { number(i).map(Some) };
        Ok(match (words[0], words.len()) {
            ("linear", 1) => Kernel::Linear,
            ("polynomial", 4) => Kernel::Polynomial { gamma: gamma(1)?, degree: number(2)?, coef0: number(3)? },
            ("rbf", 2) => Kernel::Rbf { gamma: gamma(1)? },
            ("laplacian", 2) => Kernel::Laplacian { gamma: gamma(1)? },
            ("sigmoid", 3) => Kernel::Sigmoid { gamma: gamma(1)?, coef0: number(2)? },
            ("cosine", 1) => Kernel::Cosine,
            ("additive_chi2", 1) => Kernel::AdditiveChi2,
            ("chi2", 2) => Kernel::Chi2 { gamma: number(1)? },
            _ => return Err(unknown()),
        })
    }
}
text_fields!(Kernel);

/// The kernel of all pairs of samples.
///
/// # Errors
/// As for [`euclidean_distances`].
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::{pairwise_kernels, pairwise::Kernel};
/// let x = array![[1.0, 2.0], [0.0, 1.0]];
/// assert_eq!(pairwise_kernels(&x, None, Kernel::Linear)?.to_vec(), [5.0, 2.0, 2.0, 1.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn pairwise_kernels<'a, B: Backend, T: Float>(
    x: &'a Array<B, T, Ix2>,
    y: impl Into<Option<&'a Array<B, T, Ix2>>>,
    kernel: Kernel,
) -> Result<Array<B, T, Ix2>> {
    match kernel {
        Kernel::Linear => linear_kernel(x, y),
        Kernel::Polynomial { gamma, degree, coef0 } => polynomial_kernel(x, y, gamma, degree, coef0),
        Kernel::Rbf { gamma } => rbf_kernel(x, y, gamma),
        Kernel::Laplacian { gamma } => laplacian_kernel(x, y, gamma),
        Kernel::Sigmoid { gamma, coef0 } => sigmoid_kernel(x, y, gamma, coef0),
        Kernel::Cosine => cosine_similarity(x, y),
        Kernel::AdditiveChi2 => additive_chi2_kernel(x, y),
        Kernel::Chi2 { gamma } => chi2_kernel(x, y, gamma),
    }
}

/// The row of `y` that is nearest to each row of `x` by the euclidean distance, the first one of several. The distances are never
/// stored all at once.
///
/// # Errors
/// As for [`euclidean_distances`], and [`Error::Shape`] for a `y` without rows.
///
/// ```
/// # use xp::prelude::*;
/// # use xp::models::metrics::pairwise_distances_argmin;
/// let found = pairwise_distances_argmin(&array![[0.0], [4.0]], &array![[9.0], [1.0], [5.0]])?;
/// assert_eq!(found.to_vec(), [1, 2]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn pairwise_distances_argmin<B: Backend, T: Float>(x: &Array<B, T, Ix2>, y: &Array<B, T, Ix2>) -> Result<Array<B, i64, Ix1>> {
    checked(x, Some(y))?;
    check::at_least(y, 1)?;
    let n = x.dims()[0];
    let mut nearest = zeros(x.device(), [n])?;
    let pairs = Pairs::new(x, Some(y), Scale::None)?;
    let step = (BLOCK / y.dims()[0]).clamp(64, 1 << 14);
    for start in (0..n).step_by(step) {
        let rows = pairs.rows(start..(start + step).min(n))?;
        // The row's own square changes nothing.
        let at = (rows.matmul(&pairs.other.t())?.into_lazy() * wide::<B>(-2.0) + &pairs.across).argmin(1).try_eval()?;
        nearest.set(s![start..start + at.size()], &at)?;
    }
    Ok(nearest)
}

/// Whether rows are divided by their lengths before products.
#[derive(Clone, Copy, PartialEq)]
enum Scale {
    None,
    Unit,
}

/// What the products of all pairs of rows are made of.
struct Pairs<'a, B: Backend, T: Float> {
    x: &'a Array<B, T, Ix2>,
    /// The rows of the other side, and their squared lengths as a row.
    other: Matrix<B>,
    across: Matrix<B>,
    scale: Scale,
}

impl<'a, B: Backend, T: Float> Pairs<'a, B, T> {
    fn new(x: &'a Array<B, T, Ix2>, y: Option<&Array<B, T, Ix2>>, scale: Scale) -> Result<Self> {
        let other = scaled::<B>(y.unwrap_or(x).astype(), scale)?;
        let across = squared_lengths::<B>(&other)?.t();
        Ok(Pairs { x, other, across, scale })
    }

    /// Some rows of `x`.
    fn rows(&self, rows: Range<usize>) -> Result<Matrix<B>> {
        scaled::<B>(self.x.slice(s![rows])?.astype(), self.scale)
    }
}

/// The squared lengths of rows as a column.
fn squared_lengths<B: Backend>(rows: &Matrix<B>) -> Result<Matrix<B>> {
    Ok(rows.lazy().square().sum(KeepDims(1)).try_eval()?)
}

/// Rows as they are multiplied.
fn scaled<B: Backend>(rows: Matrix<B>, scale: Scale) -> Result<Matrix<B>> {
    if scale == Scale::None {
        return Ok(rows);
    }
    let lengths = lengths(&rows)?;
    Ok((rows.into_lazy() / &lengths).try_eval()?)
}

/// What is made of the products of all pairs, and of their squared lengths as a column and a row: tile by tile, which a core keeps in its
/// cache until it is finished.
fn products<B: Backend, T: Float, E: Expr<Backend = B, Elem = T, Dim = Ix2>>(
    x: &Array<B, T, Ix2>,
    y: Option<&Array<B, T, Ix2>>,
    scale: Scale,
    finish: impl Fn(Lazy<Matrix<B>>, Lazy<Matrix<B>>, Lazy<Matrix<B>>) -> Lazy<E> + Sync,
) -> Result<Array<B, T, Ix2>> {
    let columns = checked(x, y)?.dims()[0];
    let pairs = Pairs::new(x, y, scale)?;
    let rows = 2 * B::part_rows(columns.min(COLUMNS));
    if y.is_none() {
        return Tiles::symmetric(x.device(), columns, rows, |rows, columns| {
            let (left, right) = (pairs.other.slice(s![rows.clone()])?, pairs.other.slice(s![columns.clone()])?);
            let (xx, yy) = (pairs.across.slice_axis(1, rows)?.t(), pairs.across.slice_axis(1, columns)?);
            Ok(finish(left.matmul(&right.t())?.into_lazy(), xx.into_lazy(), yy.into_lazy()))
        });
    }
    Tiles::by_rows(x.device(), [x.dims()[0], columns], rows, |rows, out| {
        let rows = pairs.rows(rows)?;
        let xx = squared_lengths::<B>(&rows)?;
        for start in (0..columns).step_by(COLUMNS) {
            let part = start..(start + COLUMNS).min(columns);
            let (other, yy) = (pairs.other.slice(s![part.clone()])?, pairs.across.slice_axis(1, part.clone())?);
            let xy = rows.matmul(&other.t())?;
            out.push([rows.dims()[0], part.len()], finish(xy.into_lazy(), xx.clone().into_lazy(), yy.into_lazy()))?;
        }
        Ok(())
    })
}

/// Squared distances, from products and squared lengths: the same with the sides exchanged.
#[allow(clippy::type_complexity)]
fn squares<B: Backend>(xy: Lazy<Matrix<B>>, xx: Lazy<Matrix<B>>, yy: Lazy<Matrix<B>>) -> Lazy<impl Expr<Backend = B, Elem = B::MaxFloat, Dim = Ix2>> {
    (xx + yy + xy * wide::<B>(-2.0)).maximum(wide::<B>(0.0))
}

/// The lengths of rows as a column, 1 for those below 10 eps.
fn lengths<B: Backend, F: Float>(rows: &Array<B, F, Ix2>) -> Result<Array<B, F, Ix2>> {
    let lengths = vector_norm(rows, KeepDims(1), 2.0)?;
    let small = lengths.lazy().less(F::EPSILON * F::from_f64(10.0));
    Ok(small.where_(F::ONE, &lengths).try_eval()?)
}

/// The square matrix with all of its diagonal one value, if so.
fn with_diagonal<B: Backend, T: Float>(mut out: Array<B, T, Ix2>, yes: bool, value: f64) -> Result<Array<B, T, Ix2>> {
    if yes && !out.is_empty() {
        let indices = diag_indices(out.device(), out.dims()[0], 2)?;
        out.put_at(&indices, T::from_f64(value))?;
    }
    Ok(out)
}

/// `-sum((x - y)^2 / (x + y))` of all pairs.
fn chi2<B: Backend, T: Float>(x: &Array<B, T, Ix2>, y: Option<&Array<B, T, Ix2>>) -> Result<Matrix<B>> {
    let y = checked(x, y)?;
    for (argument, values) in [("x", x), ("y", y)] {
        if values.lazy().less(T::ZERO).any(..).try_eval()?.item()? {
            return Err(Error::value(argument, "a negative number", "numbers that are not negative"));
        }
    }
    let (rows, columns) = (x.expand_dims(1)?.astype::<B::MaxFloat>(), y.expand_dims(0)?.astype::<B::MaxFloat>());
    let sums = || rows.lazy() + &columns;
    let zero = wide::<B>(0.0);
    let terms = sums().equal(zero).where_(zero, (rows.lazy() - &columns).square() / sums());
    Ok((-terms.sum(2).try_eval()?.into_lazy()).try_eval()?)
}

/// `gamma`, or 1 over the number of features.
fn gamma_or<B: Backend, T: Float>(x: &Array<B, T, Ix2>, gamma: Option<f64>) -> f64 {
    gamma.unwrap_or(1.0 / x.dims()[1] as f64)
}

/// `y`, or `x` where there is none, after checking both.
fn checked<'a, B: Backend, T: Float>(x: &'a Array<B, T, Ix2>, y: Option<&'a Array<B, T, Ix2>>) -> Result<&'a Array<B, T, Ix2>> {
    check::finite("x", x)?;
    let Some(y) = y else { return Ok(x) };
    if y.dims()[1] != x.dims()[1] {
        return Err(Error::shape("y", y.dims(), format!("{} columns, as in x, whose shape is {:?}", x.dims()[1], x.dims())));
    }
    check::finite("y", y)?;
    Ok(y)
}

fn paired<B: Backend, T: Float>(x: &Array<B, T, Ix2>, y: &Array<B, T, Ix2>) -> Result<()> {
    if x.shape() != y.shape() {
        return Err(Error::shape("y", y.dims(), format!("the shape of x, {:?}", x.dims())));
    }
    check::finite("x", x)?;
    check::finite("y", y)
}
