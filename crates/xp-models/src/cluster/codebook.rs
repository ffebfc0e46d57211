//! `scipy.cluster.vq.kmeans`: a code book of least distortion.

use xp_core::functions::zeros;
use xp_core::random::Generator;
use xp_core::{Array, Backend, Dim, Float, Ix2, Linalg};

use super::vq::{as_rows, first_centroids};
use super::{Start, vq};
use crate::{Error, Result, check};

/// Settings of [`kmeans`].
#[derive(Clone, Debug)]
pub struct KmeansParams {
    iter: usize,
    thresh: f64,
    seed: u64,
}

impl Default for KmeansParams {
    fn default() -> Self {
        KmeansParams { iter: 20, thresh: 1e-5, seed: 0 }
    }
}

impl KmeansParams {
    /// The defaults: 20 starts, a threshold of 1e-5, seed 0.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of starts, of which the best counts. A start from given codes is one.
    #[must_use]
    pub fn iter(mut self, n: usize) -> Self {
        self.iter = n;
        self
    }

    /// A run ends when the mean distance changes by no more than this.
    #[must_use]
    pub fn thresh(mut self, thresh: f64) -> Self {
        self.thresh = thresh;
        self
    }

    /// Where the random numbers of the starts begin.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
}

/// What [`kmeans`] finds.
#[derive(Clone, Debug)]
pub struct Kmeans<B: Backend, T: Float, D: Dim> {
    /// The codes: at most as many as were asked for, as those without observations are dropped.
    pub code_book: Array<B, T, D>,
    /// The mean distance of the observations from their nearest codes, before the last update of the codes.
    pub distortion: f64,
}

/// A code book by k-means: runs of Lloyd's algorithm until the mean distance settles, the best of several starts. A code that no
/// observation is nearest to is dropped. (SciPy's starts are [`Start::Points`] and [`Start::Matrix`].)
///
/// # Errors
/// [`Error::Shape`] for no observations or codes, a rank other than 1 and 2, or numbers of features that differ;
/// [`Error::Value`] for no starts, no clusters, more clusters than observations to draw, or a threshold that is negative or NaN;
/// [`Error::NonFinite`].
///
/// ```
/// use xp::prelude::*;
/// use xp::models::cluster::{KmeansParams, Start, kmeans};
///
/// let x = array![0.0, 1.0, 9.0, 10.0, 11.0];
/// let found = kmeans(&x, &Start::Points(2), &KmeansParams::new())?;
/// assert_eq!(found.code_book.sort(0, Ascending)?.to_vec(), [0.5, 10.0]);
/// assert!((found.distortion - 0.6_f64).abs() < 1e-15);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn kmeans<B: Linalg<T>, T: Float, D: Dim>(obs: &Array<B, T, D>, start: &Start<B, T, D>, params: &KmeansParams) -> Result<Kmeans<B, T, D>> {
    if params.iter == 0 {
        return Err(Error::value("iter", 0, "at least 1"));
    }
    if params.thresh.is_nan() || params.thresh < 0.0 {
        return Err(Error::value("thresh", params.thresh, "a number that is not negative"));
    }
    let x = as_rows("obs", obs)?;
    check::finite("obs", obs)?;
    let mut random = Generator::new(params.seed);
    let starts = if matches!(start, Start::Matrix(_)) { 1 } else { params.iter };
    let mut best: Option<(Array<B, T, Ix2>, f64)> = None;
    for _ in 0..starts {
        let found = settle(&x, first_centroids(&x, obs.dims(), start, &mut random)?, params.thresh)?;
        if best.as_ref().is_none_or(|best| found.1 < best.1) {
            best = Some(found);
        }
    }
    let (codes, distortion) = best.expect("at least one start");
    let mut shape = obs.dims().to_vec();
    shape[0] = codes.dims()[0];
    Ok(Kmeans { code_book: codes.reshape(shape)?.into_rank()?, distortion })
}

/// One run: the codes after it, and the mean distance from those before the last update.
fn settle<B: Linalg<T>, T: Float>(x: &Array<B, T, Ix2>, mut codes: Array<B, T, Ix2>, thresh: f64) -> Result<(Array<B, T, Ix2>, f64)> {
    let ones = zeros::<B, T, _>(x.device(), [x.dims()[0]])?.ones_like()?;
    let mut before = f64::INFINITY;
    loop {
        let (nearest, distances) = vq(x, &codes)?;
        let (mut sums, mut counts) = (codes.zeros_like()?, zeros::<B, T, _>(x.device(), [codes.dims()[0]])?);
        sums.put_add(&nearest, x, 0)?;
        counts.put_add(&nearest, &ones, 0)?;
        let used = counts.greater(T::ZERO);
        codes = (sums / counts.expand_dims(1)?).select_rows(&used)?.into_rank()?;
        let distortion = distances.mean(..).item()?.to_f64();
        if (before - distortion).abs() <= thresh {
            return Ok((codes, distortion));
        }
        before = distortion;
    }
}
