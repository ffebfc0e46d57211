//! Vector quantisation and k-means, after `scipy.cluster.vq`.
//!
//! Observations have shape `(n, features)`, or `(n,)` for one feature; `D` is their rank, and that of code books.

use xp_core::functions::{where_, zeros};
use xp_core::linalg::eigh;
use xp_core::random::Generator;
use xp_core::{Array, Backend, Dim, Float, Ix1, Ix2, Linalg, s};

use super::nearest::Nearest;
use super::plus_plus;
use crate::{Error, Result, check};

/// The observations, with each feature divided by its standard deviation. A feature without variance stays as it is.
///
/// # Errors
/// [`Error::Shape`] for no observations or a rank other than 1 and 2, [`Error::NonFinite`].
///
/// ```
/// use xp::prelude::*;
/// use xp::models::cluster::whiten;
///
/// let x = Array::from_vec(&Cpu, vec![0.0, 3.0, 8.0, 3.0], [2, 2])?;
/// assert_eq!(whiten(&x)?.to_vec(), [0.0, 3.0, 2.0, 3.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn whiten<B: Backend, T: Float, D: Dim>(obs: &Array<B, T, D>) -> Result<Array<B, T, D>> {
    let x = as_rows("obs", obs)?;
    let mean = x.lazy().mean(0).try_eval()?;
    check::finite_by("obs", obs, &mean)?;
    let squares = (x.lazy() - &mean).square().mean(0).try_eval()?;
    let std = squares.into_lazy().sqrt().try_eval()?;
    let divisor = where_(&std.equal(T::ZERO), &std.ones_like()?, &std);
    Ok((x.lazy() / &divisor).try_eval()?.reshape(obs.dims())?.into_rank()?)
}

/// The nearest code of each observation, and the distance to it. Of equally near codes the first one counts.
///
/// # Errors
/// [`Error::Shape`] for no observations or codes, a rank other than 1 and 2, or numbers of features that differ;
/// [`Error::NonFinite`].
///
/// ```
/// use xp::prelude::*;
/// use xp::models::cluster::vq;
///
/// let codes = Array::from_vec(&Cpu, vec![0.0, 10.0], [2])?;
/// let (code, distance) = vq(&Array::from_vec(&Cpu, vec![1.0, 7.0, 12.0], [3])?, &codes)?;
/// assert_eq!((code.to_vec(), distance.to_vec()), (vec![0, 1, 1], vec![1.0, 3.0, 2.0]));
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn vq<B: Linalg<T>, T: Float, D: Dim>(obs: &Array<B, T, D>, code_book: &Array<B, T, D>) -> Result<(Array<B, i64, Ix1>, Array<B, T, Ix1>)> {
    let (x, codes) = (as_rows("obs", obs)?, as_rows("code_book", code_book)?);
    same_features(&x, obs.dims(), &codes, code_book.dims())?;
    check::finite("code_book", code_book)?;
    let nearest = Nearest::new(&codes, &codes.index_axis(0, 0)?)?.of(&x)?;
    // From the differences, which lose nothing where an observation is close to its code.
    let squares = (x.lazy() - codes.lazy_rows(&nearest)?).square().sum(1).try_eval()?;
    check::finite_by("obs", obs, &squares)?;
    Ok((nearest, squares.into_lazy().sqrt().try_eval()?))
}

/// The centroids that [`kmeans2`] starts from.
#[derive(Clone, Debug)]
pub enum Start<B: Backend, T: Float, D: Dim> {
    /// This number of draws from a normal distribution with the mean and covariance of the data.
    Random(usize),
    /// This number of observations, drawn without repetition.
    Points(usize),
    /// This number of observations by k-means++ (Arthur and Vassilvitskii, 2007).
    PlusPlus(usize),
    /// These.
    Matrix(Array<B, T, D>),
}

/// What [`kmeans2`] does about a cluster that loses all its observations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Its centroid stays where it was, and [`Kmeans2::has_empty`] tells.
    Warn,
    /// It fails.
    Raise,
}

/// Settings of [`kmeans2`].
#[derive(Clone, Debug)]
pub struct Kmeans2Params {
    iter: usize,
    missing: Missing,
    seed: u64,
}

impl Default for Kmeans2Params {
    fn default() -> Self {
        Kmeans2Params { iter: 10, missing: Missing::Warn, seed: 0 }
    }
}

impl Kmeans2Params {
    /// The defaults: 10 iterations, `Missing::Warn`, seed 0.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of iterations.
    #[must_use]
    pub fn iter(mut self, n: usize) -> Self {
        self.iter = n;
        self
    }

    /// What is done about empty clusters.
    #[must_use]
    pub fn missing(mut self, missing: Missing) -> Self {
        self.missing = missing;
        self
    }

    /// Where the random numbers of the start begin.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
}

/// What [`kmeans2`] finds.
#[derive(Clone, Debug)]
pub struct Kmeans2<B: Backend, T: Float, D: Dim> {
    /// The centroids after the last iteration.
    pub centroids: Array<B, T, D>,
    /// The cluster of each observation, by the centroids before the last update.
    pub labels: Array<B, i64, Ix1>,
    /// Whether some cluster was empty in some iteration.
    pub has_empty: bool,
}

/// Clusters observations by k-means: a fixed number of iterations of Lloyd's algorithm.
///
/// # Errors
/// [`Error::Shape`] for no observations or codes, a rank other than 1 and 2, or numbers of features that differ;
/// [`Error::Value`] for no iterations, no clusters, or more clusters than observations to draw; [`Error::NonFinite`];
/// [`Error::EmptyCluster`] under `Missing::Raise`.
///
/// ```
/// use xp::prelude::*;
/// use xp::models::cluster::{Kmeans2Params, Start, kmeans2};
///
/// let x = Array::from_vec(&Cpu, vec![0.0, 1.0, 9.0, 10.0, 11.0], [5])?;
/// let found = kmeans2(&x, &Start::PlusPlus(2), &Kmeans2Params::new().seed(1))?;
/// let near = found.centroids.sort(0, Ascending)?;
/// assert_eq!(near.to_vec(), [0.5, 10.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn kmeans2<B: Linalg<T>, T: Float, D: Dim>(obs: &Array<B, T, D>, start: &Start<B, T, D>, params: &Kmeans2Params) -> Result<Kmeans2<B, T, D>> {
    if params.iter == 0 {
        return Err(Error::value("iter", 0, "at least 1"));
    }
    let x = as_rows("obs", obs)?;
    check::finite("obs", obs)?;
    let mut centroids = first_centroids(&x, obs.dims(), start, &mut Generator::new(params.seed))?;
    let k = centroids.dims()[0];
    let mut labels = None;
    let mut has_empty = false;
    let ones = zeros::<B, T, _>(x.device(), [x.dims()[0]])?.ones_like()?;
    let origin = centroids.index_axis(0, 0)?.contiguous()?;
    for iteration in 1..=params.iter {
        let nearest = Nearest::new(&centroids, &origin)?.of(&x)?;
        let (mut sums, mut counts) = (centroids.zeros_like()?, zeros::<B, T, _>(x.device(), [k])?);
        sums.put_add(&nearest, &x, 0)?;
        counts.put_add(&nearest, &ones, 0)?;
        let empty = counts.equal(T::ZERO);
        if empty.any(..).item()? {
            if params.missing == Missing::Raise {
                let cluster = empty.astype::<i8>().argmax(..).item()? as usize;
                return Err(Error::EmptyCluster { cluster, iteration });
            }
            has_empty = true;
            let means = sums / counts.lazy().maximum(T::ONE).try_eval()?.expand_dims(1)?;
            centroids = where_(&empty.expand_dims(1)?, &centroids, &means);
        } else {
            centroids = sums / counts.expand_dims(1)?;
        }
        labels = Some(nearest);
    }
    let mut shape = obs.dims().to_vec();
    shape[0] = k;
    let labels = labels.expect("at least one iteration");
    Ok(Kmeans2 { centroids: centroids.reshape(shape)?.into_rank()?, labels, has_empty })
}

pub(super) fn first_centroids<B: Linalg<T>, T: Float, D: Dim>(
    x: &Array<B, T, Ix2>,
    given: &[usize],
    start: &Start<B, T, D>,
    random: &mut Generator,
) -> Result<Array<B, T, Ix2>> {
    let n = x.dims()[0];
    let at_most = |k: usize, most: usize, why: &str| match k {
        0 => Err(Error::value("k", 0, "at least 1 cluster")),
        k if k > most => Err(Error::value("k", k, format!("at most {most} clusters: {why}"))),
        _ => Ok(()),
    };
    match start {
        Start::Matrix(code_book) => {
            let codes = as_rows("code_book", code_book)?;
            same_features(x, given, &codes, code_book.dims())?;
            check::finite("code_book", code_book)?;
            Ok(codes)
        }
        &Start::Points(k) => {
            at_most(k, n, "there are no more observations to draw")?;
            let order = random.permutation(x.device(), n)?;
            Ok(x.take(&order.slice(s![..k as isize])?, 0)?)
        }
        &Start::Random(k) => {
            at_most(k, n, "more than observations cannot all have one")?;
            normal_like(x, k, random)
        }
        &Start::PlusPlus(k) => {
            at_most(k, n, "there are no more observations to draw")?;
            let mean = x.lazy().mean(0).try_eval()?;
            Ok(x.take(&plus_plus(x, &mean, None, k, 1, random)?, 0)?)
        }
    }
}

/// `k` draws from the normal distribution with the mean and covariance of the rows.
fn normal_like<B: Linalg<T>, T: Float>(x: &Array<B, T, Ix2>, k: usize, random: &mut Generator) -> Result<Array<B, T, Ix2>> {
    let [n, p] = x.shape();
    let mean = x.lazy().mean(0).try_eval()?;
    let degrees = T::from_usize(n.saturating_sub(1).max(1));
    let (variances, axes) = eigh(&(B::gram(&(x.lazy() - &mean))? / degrees))?;
    let deviations = variances.lazy().maximum(T::ZERO).sqrt().try_eval()?;
    let draws: Array<B, T, Ix2> = random.normal(x.device(), [k, p])?;
    Ok((draws * &deviations).matmul(&axes.t())? + &mean)
}

/// Observations as a matrix; a vector is one feature.
pub(super) fn as_rows<B: Backend, T: Float, D: Dim>(argument: &'static str, x: &Array<B, T, D>) -> Result<Array<B, T, Ix2>> {
    if x.is_empty() || !(1..=2).contains(&x.ndim()) {
        return Err(Error::shape(argument, x.dims(), "rank 1 or 2, not empty"));
    }
    let n = x.dims()[0];
    Ok(x.reshape([n, x.size() / n])?)
}

fn same_features<B: Backend, T: Float>(x: &Array<B, T, Ix2>, given: &[usize], codes: &Array<B, T, Ix2>, book: &[usize]) -> Result<()> {
    if x.dims()[1] == codes.dims()[1] {
        return Ok(());
    }
    Err(Error::shape("code_book", book, format!("as many features as obs of shape {given:?} has")))
}
