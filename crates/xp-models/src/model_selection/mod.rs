//! Splitting data into parts for training and testing, cross validation, and searches for the best parameters.
//!
//! The parts are scikit-learn's. Where they are random the order is another one: it comes from
//! [`Generator::shuffle`], depends on the seed alone, and is the same for every backend.

mod compare;
mod halving;
mod search;
mod split;
mod validation;

use xp_core::random::Generator;
use xp_core::{Array, Backend, Dim, Element, Ix1};

use crate::labels::Label;
use crate::{Error, Result, check};

pub use halving::{HalvingGridSearchCV, HalvingGridSearchCVParams, HalvingRandomSearchCV, RandomizedSearchCV, Resources};
pub use search::{CvResults, GridSearchCV, GridSearchCVParams, ParameterGrid, Round};
pub use split::{AutoFold, Fold, GroupKFold, KFold, ShuffleSplit, Split, StratifiedKFold, TimeSeriesSplit};
pub(crate) use validation::test_places;
pub use validation::{
    CrossValidation, OwnScore, Scorer, cross_val_predict, cross_val_predict_proba, cross_val_score, cross_validate, cross_validate_watched,
};

/// How large a part is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Size {
    /// A fraction of the samples, between 0 and 1.
    Fraction(f64),
    /// A number of samples.
    Count(usize),
}
impl From<f64> for Size {
    fn from(fraction: f64) -> Self {
        Size::Fraction(fraction)
    }
}
impl From<usize> for Size {
    fn from(n: usize) -> Self {
        Size::Count(n)
    }
}

/// Splits samples at random into a part for training and a part for testing: [`TrainTestSplit`] with this size and seed.
///
/// Returns `x_train, x_test, y_train, y_test`, on the device of the inputs.
///
/// # Errors
/// [`Error::Samples`] when the numbers of samples differ, [`Error::Value`] for a size that leaves a part empty.
///
/// ```
/// use xp::prelude::*;
/// use xp::models::model_selection::train_test_split;
///
/// let (x, y) = (arange(&Cpu, 0.0, 10.0, 1.0)?.reshape([10, 1])?, arange(&Cpu, 0, 10, 1)?);
/// let (x_train, x_test, y_train, y_test) = train_test_split(&x, &y, 0.3, 7)?;
/// assert_eq!((x_train.shape(), x_test.shape()), ([7, 1], [3, 1]));
/// // Rows stay with their labels.
/// assert_eq!(x_test.astype::<i64>().to_vec(), y_test.to_vec());
/// assert_eq!(y_train.sum(..).item()? + y_test.sum(..).item()?, 45);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn train_test_split<B: Backend, T: Element, D: Dim, U: Element, E: Dim>(
    x: &Array<B, T, D>,
    y: &Array<B, U, E>,
    test_size: impl Into<Size>,
    seed: u64,
) -> Result<(Array<B, T, D>, Array<B, T, D>, Array<B, U, E>, Array<B, U, E>)> {
    TrainTestSplit::new().test_size(test_size).seed(seed).split(x, y)
}

/// A random split with all its options. The order is scikit-learn's only in kind: the random numbers are others.
#[derive(Clone, Debug)]
pub struct TrainTestSplit {
    test_size: Option<Size>,
    train_size: Option<Size>,
    shuffle: bool,
    seed: u64,
}

impl Default for TrainTestSplit {
    fn default() -> Self {
        TrainTestSplit { test_size: None, train_size: None, shuffle: true, seed: 0 }
    }
}

impl TrainTestSplit {
    /// The defaults: a quarter for testing, shuffled, seed 0.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many samples are for testing; a fraction is rounded up. If only `train_size` is given, all others.
    #[must_use]
    pub fn test_size(mut self, size: impl Into<Size>) -> Self {
        self.test_size = Some(size.into());
        self
    }

    /// How many samples are for training, if not all others; a fraction is rounded down.
    #[must_use]
    pub fn train_size(mut self, size: impl Into<Size>) -> Self {
        self.train_size = Some(size.into());
        self
    }

    /// Whether the samples are shuffled first. Otherwise the first ones are for training.
    #[must_use]
    pub fn shuffle(mut self, yes: bool) -> Self {
        self.shuffle = yes;
        self
    }

    /// Where the random numbers start.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Splits samples and their labels or targets: `x_train, x_test, y_train, y_test`.
    ///
    /// # Errors
    /// As for [`train_test_split`].
    pub fn split<B: Backend, T: Element, D: Dim, U: Element, E: Dim>(
        &self,
        x: &Array<B, T, D>,
        y: &Array<B, U, E>,
    ) -> Result<(Array<B, T, D>, Array<B, T, D>, Array<B, U, E>, Array<B, U, E>)> {
        check::samples("y", y.dims(), "x", x.dims())?;
        let (train, test) = self.indices(x.dims()[0])?;
        take_both(x, y, train, test)
    }

    /// [`split`](Self::split), with the same share of every class in both parts, as near as whole samples allow.
    ///
    /// # Errors
    /// As for [`split`](Self::split), and [`Error::Value`] when a class has one sample only, when a part has fewer samples
    /// than there are classes, and when the samples are not shuffled.
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::model_selection::TrainTestSplit;
    /// let y = Array::from_vec(&Cpu, vec![0_i64, 0, 0, 0, 0, 0, 1, 1, 1], [9])?;
    /// let (_, _, _, y_test) = TrainTestSplit::new().test_size(3_usize).split_stratified(&y, &y)?;
    /// assert_eq!(y_test.sum(..).item()?, 1);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    pub fn split_stratified<B: Backend, T: Element, D: Dim, L: Label>(
        &self,
        x: &Array<B, T, D>,
        y: &Array<B, L, Ix1>,
    ) -> Result<(Array<B, T, D>, Array<B, T, D>, Array<B, L, Ix1>, Array<B, L, Ix1>)> {
        check::samples("y", y.dims(), "x", x.dims())?;
        let (train, test) = self.stratified_indices(&y.to_host()?)?;
        take_both(x, y, train, test)
    }

    /// The rows for training and for testing, of `n`.
    ///
    /// # Errors
    /// [`Error::Value`] for a size that leaves a part empty.
    pub fn indices(&self, n: usize) -> Result<(Vec<i64>, Vec<i64>)> {
        let (train, test) = sizes(n, self.train_size, self.test_size, 0.25)?;
        let mut order: Vec<i64> = (0..n as i64).collect();
        if self.shuffle {
            Generator::new(self.seed).shuffle(&mut order);
            return Ok((order[test..test + train].to_vec(), order[..test].to_vec()));
        }
        Ok((order[..train].to_vec(), order[train..train + test].to_vec()))
    }

    /// The rows for training and for testing, with the same share of every label in both.
    ///
    /// # Errors
    /// As for [`split_stratified`](Self::split_stratified).
    pub fn stratified_indices<L: Label>(&self, labels: &[L]) -> Result<(Vec<i64>, Vec<i64>)> {
        if !self.shuffle {
            return Err(Error::value("shuffle", false, "true for a stratified split"));
        }
        let (train, test) = sizes(labels.len(), self.train_size, self.test_size, 0.25)?;
        let mut classes = std::collections::BTreeMap::<L, Vec<i64>>::new();
        labels.iter().enumerate().for_each(|(row, &label)| classes.entry(label).or_default().push(row as i64));
        if let Some((label, _)) = classes.iter().find(|(_, rows)| rows.len() < 2) {
            return Err(Error::value("y", format!("1 sample of class {label}"), "at least 2 of each for a stratified split"));
        }
        for (argument, size) in [("train_size", train), ("test_size", test)] {
            if size < classes.len() {
                return Err(Error::value(argument, format!("{size} samples"), format!("at least one for each of {} classes", classes.len())));
            }
        }
        let mut random = Generator::new(self.seed);
        let counts: Vec<usize> = classes.values().map(Vec::len).collect();
        let for_train = shares(&counts, train, &mut random);
        let left: Vec<usize> = counts.iter().zip(&for_train).map(|(n, t)| n - t).collect();
        let for_test = shares(&left, test, &mut random);
        let (mut train, mut test) = (vec![], vec![]);
        for ((rows, n), m) in classes.values_mut().zip(for_train).zip(for_test) {
            random.shuffle(rows);
            train.extend(&rows[..n]);
            test.extend(&rows[n..n + m]);
        }
        random.shuffle(&mut train);
        random.shuffle(&mut test);
        Ok((train, test))
    }
}

/// The numbers of samples for training and testing: the one that is not given is the rest, and if neither is, testing gets
/// the fraction `default`.
pub(crate) fn sizes(n: usize, train: Option<Size>, test: Option<Size>, default: f64) -> Result<(usize, usize)> {
    let resolve = |argument, size, round: fn(f64) -> f64| match size {
        Size::Fraction(f) if f > 0.0 && f < 1.0 => Ok(round(f * n as f64) as usize),
        Size::Fraction(f) => Err(Error::value(argument, f, "a fraction between 0 and 1")),
        Size::Count(k) => Ok(k),
    };
    let test = if train.is_none() { test.or(Some(Size::Fraction(default))) } else { test };
    let test = test.map(|size| resolve("test_size", size, f64::ceil)).transpose()?;
    let train = train.map(|size| resolve("train_size", size, f64::floor)).transpose()?;
    let rest = |taken: Option<usize>| n.saturating_sub(taken.unwrap_or(0));
    let (train, test) = (train.unwrap_or(rest(test)), test.unwrap_or(rest(train)));
    if test == 0 || train == 0 || test.checked_add(train).is_none_or(|all| all > n) {
        let given = format!("{train} samples for training and {test} for testing");
        return Err(Error::value("test_size", given, format!("at least one each, and no more than {n} together")));
    }
    Ok((train, test))
}

/// How many of `total` draws fall on each class, in proportion to its count: the integer parts, and one more for those
/// with the largest remainders, ties at random.
fn shares(counts: &[usize], total: usize, random: &mut Generator) -> Vec<usize> {
    let all: usize = counts.iter().sum();
    let exact = |n: usize| (n * total / all, n * total % all);
    let mut out: Vec<usize> = counts.iter().map(|&n| exact(n).0).collect();
    let mut order: Vec<usize> = (0..counts.len()).collect();
    random.shuffle(&mut order);
    order.sort_by_key(|&i| core::cmp::Reverse(exact(counts[i]).1));
    let missing = total - out.iter().sum::<usize>();
    order.into_iter().take(missing).for_each(|i| out[i] += 1);
    out
}

fn take_both<B: Backend, T: Element, D: Dim, U: Element, E: Dim>(
    x: &Array<B, T, D>,
    y: &Array<B, U, E>,
    train: Vec<i64>,
    test: Vec<i64>,
) -> Result<(Array<B, T, D>, Array<B, T, D>, Array<B, U, E>, Array<B, U, E>)> {
    let at = |rows: Vec<i64>| {
        let n = rows.len();
        Array::from_vec(x.device(), rows, [n])
    };
    let (train, test) = (at(train)?, at(test)?);
    Ok((x.take(&train, 0)?, x.take(&test, 0)?, y.take(&train, 0)?, y.take(&test, 0)?))
}
