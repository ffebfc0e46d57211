//! Tools for samples.

use xp_core::math::Baseline;
use xp_core::ops::{RandomBits, TernaryOp};
use xp_core::random::Generator;

use crate::traits::{Samples, n_samples};
use crate::{Error, Result};

/// Fails unless all arrays have the same number of samples, which is the length of their first axis.
///
/// # Errors
/// [`Error::Samples`] for the first array that differs from the one before, [`Error::Shape`] for an array of rank 0.
///
/// ```
/// use xp::models::utils::check_consistent_length;
/// use xp::prelude::*;
///
/// let (x, y) = (array![[1.0, 2.0], [3.0, 4.0]], array![0, 1, 1]);
/// assert!(check_consistent_length(&[x.dims(), x.dims()]).is_ok());
/// assert!(check_consistent_length(&[x.dims(), y.dims()]).is_err());
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn check_consistent_length(shapes: &[&[usize]]) -> Result<()> {
    if shapes.iter().any(|shape| shape.is_empty()) {
        return Err(Error::shape("array", &[], "an axis of samples"));
    }
    match shapes.windows(2).find(|pair| pair[0][0] != pair[1][0]) {
        Some(pair) => Err(Error::Samples { argument: "array", given: pair[1].to_vec(), other: "the array before it", expected: pair[0].to_vec() }),
        None => Ok(()),
    }
}

/// Draws samples, with all options: scikit-learn's `resample`.
///
/// ```
/// use xp::models::utils::Resample;
/// use xp::prelude::*;
///
/// let (x, y) = (array![[1.0], [2.0], [3.0]], array![1, 2, 3]);
/// let (x, y) = Resample::new().n_samples(7).seed(4).both(&x, &y)?;
/// assert_eq!(x.shape(), [7, 1]);
/// assert_eq!(x.astype::<i32>().to_vec(), y.to_vec());
/// let order = Resample::new().replace(false).rows(5)?;
/// assert_eq!(order.iter().sum::<i64>(), 10);
/// # Ok::<(), xp::models::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Resample {
    replace: bool,
    n_samples: Option<usize>,
    seed: u64,
}

impl Default for Resample {
    fn default() -> Self {
        Resample { replace: true, n_samples: None, seed: 0 }
    }
}

impl Resample {
    /// The defaults: with replacement, as many as there are, seed 0.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a sample may be drawn several times.
    #[must_use]
    pub fn replace(mut self, yes: bool) -> Self {
        self.replace = yes;
        self
    }

    /// How many samples are drawn.
    #[must_use]
    pub fn n_samples(mut self, n: usize) -> Self {
        self.n_samples = Some(n);
        self
    }

    /// Where the random numbers start.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The rows that are drawn of `n`.
    ///
    /// # Errors
    /// [`Error::Value`] for more samples than there are, without replacement, and for any of none.
    pub fn rows(&self, n: usize) -> Result<Vec<i64>> {
        let size = self.n_samples.unwrap_or(n);
        if (size > n && !self.replace) || (n == 0 && size > 0) {
            return Err(Error::value("n_samples", size, format!("at most {n}, unless samples are drawn with replacement")));
        }
        if self.replace {
            // The integer part of a random fraction of `n`.
            let bits = |i: i64| u128::from(RandomBits.apply::<Baseline>(i, self.seed, u64::MAX));
            return Ok((0..size as i64).map(|i| ((bits(i) * n as u128) >> 64) as i64).collect());
        }
        let mut random = Generator::new(self.seed);
        let mut order: Vec<i64> = (0..n as i64).collect();
        random.shuffle(&mut order);
        order.truncate(size);
        Ok(order)
    }

    /// Draws samples.
    ///
    /// # Errors
    /// As for [`rows`](Self::rows), and [`Error::Shape`] for an array without samples.
    pub fn of<X: Samples>(&self, x: &X) -> Result<X> {
        x.rows(&self.rows(n_samples(x, &())?)?)
    }

    /// Draws samples and what is known of them.
    ///
    /// # Errors
    /// As for [`of`](Self::of), and [`Error::Samples`] when the numbers differ.
    pub fn both<X: Samples, Y: Samples>(&self, x: &X, y: &Y) -> Result<(X, Y)> {
        let rows = self.rows(n_samples(x, y)?)?;
        Ok((x.rows(&rows)?, y.rows(&rows)?))
    }
}

/// Draws as many samples as there are, with replacement: a sample of the bootstrap. [`Resample`] has options.
///
/// # Errors
/// [`Error::Shape`] for an array without samples.
///
/// ```
/// use xp::models::utils::resample;
/// use xp::prelude::*;
///
/// let x = array![1, 2, 3];
/// let drawn = resample(&x, 7)?;
/// assert_eq!(drawn.size(), 3);
/// assert!(isin(&drawn, &x)?.all(..).item()?);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn resample<X: Samples>(x: &X, seed: u64) -> Result<X> {
    Resample::new().seed(seed).of(x)
}
