//! Ways to split samples into parts, several times.

use std::collections::BTreeMap;

use xp_core::random::Generator;
use xp_core::{Array, Backend, DType, Dim, Element, Ix1};

use super::{Size, sizes};
use crate::labels::Label;
use crate::traits::Samples;
use crate::{Error, Result, check};

/// One split: the rows for training and the rows for testing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fold {
    /// The rows for training.
    pub train: Vec<i64>,
    /// The rows for testing.
    pub test: Vec<i64>,
}

/// A way to split samples several times, by what is known of them, of type `Y`.
pub trait Split<Y> {
    /// The splits of `n` samples.
    ///
    /// # Errors
    /// [`Error::Value`] when there are too few samples, [`Error::Samples`] when there is not one `y` for each sample.
    fn folds(&self, n: usize, y: &Y) -> Result<Vec<Fold>>;
}

/// Consecutive parts of equal size, up to 1, each once for testing.
///
/// ```
/// use xp::models::model_selection::KFold;
/// let folds = KFold::new(2).split(5)?;
/// assert_eq!((folds[0].test.as_slice(), folds[1].test.as_slice()), (&[0, 1, 2][..], &[3, 4][..]));
/// assert_eq!(folds[1].train, [0, 1, 2]);
/// # Ok::<(), xp::models::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct KFold {
    n_splits: usize,
    shuffle: Option<u64>,
}

impl KFold {
    /// This number of parts, in the order of the samples.
    #[must_use]
    pub fn new(n_splits: usize) -> Self {
        KFold { n_splits, shuffle: None }
    }

    /// Shuffles the samples first, with this seed.
    #[must_use]
    pub fn shuffle(mut self, seed: u64) -> Self {
        self.shuffle = Some(seed);
        self
    }

    /// The splits of `n` samples.
    ///
    /// # Errors
    /// [`Error::Value`] for fewer than 2 parts, or more than samples.
    pub fn split(&self, n: usize) -> Result<Vec<Fold>> {
        at_most(self.n_splits, n, "samples")?;
        let mut order: Vec<usize> = (0..n).collect();
        if let Some(seed) = self.shuffle {
            Generator::new(seed).shuffle(&mut order);
        }
        let mut fold_of = vec![0; n];
        let (size, larger) = (n / self.n_splits, n % self.n_splits);
        let mut rows = order.into_iter();
        for fold in 0..self.n_splits {
            rows.by_ref().take(size + usize::from(fold < larger)).for_each(|row| fold_of[row] = fold);
        }
        Ok(by_number(&fold_of, self.n_splits))
    }
}

impl<Y> Split<Y> for KFold {
    fn folds(&self, n: usize, _: &Y) -> Result<Vec<Fold>> {
        self.split(n)
    }
}

/// Parts with the same share of every class, up to 1, each once for testing.
///
/// ```
/// use xp::models::model_selection::StratifiedKFold;
/// use xp::prelude::*;
/// let folds = StratifiedKFold::new(3).split(&array![2, 2, 2, 0, 0, 1, 1, 1, 1, 0])?;
/// let tests: Vec<_> = folds.into_iter().map(|fold| fold.test).collect();
/// assert_eq!(tests, [vec![0, 3, 5, 6], vec![1, 4, 7], vec![2, 8, 9]]);
/// # Ok::<(), xp::models::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct StratifiedKFold {
    n_splits: usize,
    shuffle: Option<u64>,
}

impl StratifiedKFold {
    /// This number of parts; within a class, in the order of the samples.
    #[must_use]
    pub fn new(n_splits: usize) -> Self {
        StratifiedKFold { n_splits, shuffle: None }
    }

    /// Shuffles the samples of each class first, with this seed.
    #[must_use]
    pub fn shuffle(mut self, seed: u64) -> Self {
        self.shuffle = Some(seed);
        self
    }

    /// The splits of samples with these labels.
    ///
    /// # Errors
    /// [`Error::Value`] for fewer than 2 parts, or more than every class has samples.
    pub fn split<B: Backend, L: Label>(&self, y: &Array<B, L, Ix1>) -> Result<Vec<Fold>> {
        self.by_labels(&y.to_host()?)
    }

    fn by_labels<L: Ord>(&self, labels: &[L]) -> Result<Vec<Fold>> {
        // Classes are numbered by their first sample.
        let mut numbers = BTreeMap::new();
        let classes: Vec<usize> = labels
            .iter()
            .map(|label| {
                let next = numbers.len();
                *numbers.entry(label).or_insert(next)
            })
            .collect();
        let mut counts = vec![0; numbers.len()];
        classes.iter().for_each(|&class| counts[class] += 1);
        at_most(self.n_splits, counts.iter().copied().max().unwrap_or(0), "samples in any class")?;
        let mut random = self.shuffle.map(Generator::new);
        // The samples, sorted by class, are dealt to the folds one by one: that is how many each fold gets of each class.
        let mut first = 0;
        let mut folds_of_class = vec![];
        for count in counts {
            let mut shares = vec![0; self.n_splits];
            (first..first + count).for_each(|i| shares[i % self.n_splits] += 1);
            first += count;
            let mut folds: Vec<usize> = shares.iter().enumerate().flat_map(|(fold, &n)| std::iter::repeat_n(fold, n)).collect();
            if let Some(random) = &mut random {
                random.shuffle(&mut folds);
            }
            folds_of_class.push(folds.into_iter());
        }
        let fold_of: Vec<usize> = classes.iter().map(|&class| folds_of_class[class].next().expect("one for each sample")).collect();
        Ok(by_number(&fold_of, self.n_splits))
    }
}

impl<B: Backend, L: Label> Split<Array<B, L, Ix1>> for StratifiedKFold {
    fn folds(&self, n: usize, y: &Array<B, L, Ix1>) -> Result<Vec<Fold>> {
        check::samples("y", y.dims(), "x", &[n])?;
        self.split(y)
    }
}

/// Parts of about equal size that leave groups of samples together, each once for testing.
///
/// ```
/// use xp::models::model_selection::GroupKFold;
/// let folds = GroupKFold::new(2, &[7, 7, 3, 3, 3]).split(5)?;
/// assert_eq!((folds[0].test.as_slice(), folds[1].test.as_slice()), (&[2, 3, 4][..], &[0, 1][..]));
/// # Ok::<(), xp::models::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct GroupKFold {
    n_splits: usize,
    groups: Vec<i64>,
}

impl GroupKFold {
    /// This number of parts, for samples of these groups.
    #[must_use]
    pub fn new(n_splits: usize, groups: &[i64]) -> Self {
        GroupKFold { n_splits, groups: groups.to_vec() }
    }

    /// The splits of `n` samples.
    ///
    /// # Errors
    /// [`Error::Value`] for fewer than 2 parts, or more than groups; [`Error::Samples`] when there is not one group for each
    /// sample.
    pub fn split(&self, n: usize) -> Result<Vec<Fold>> {
        check::samples("groups", &[self.groups.len()], "x", &[n])?;
        let mut sizes = BTreeMap::new();
        self.groups.iter().for_each(|&group| *sizes.entry(group).or_insert(0) += 1);
        at_most(self.n_splits, sizes.len(), "groups")?;
        // The largest group goes to the fold that has least; of equally large groups the last one first.
        let mut groups: Vec<(i64, usize)> = sizes.into_iter().collect();
        groups.sort_by_key(|&(_, size)| size);
        let mut filled = vec![0; self.n_splits];
        let mut fold_of_group = BTreeMap::new();
        for (group, size) in groups.into_iter().rev() {
            let lightest = (0..self.n_splits).min_by_key(|&fold| filled[fold]).expect("at least two folds");
            filled[lightest] += size;
            fold_of_group.insert(group, lightest);
        }
        let fold_of: Vec<usize> = self.groups.iter().map(|group| fold_of_group[group]).collect();
        Ok(by_number(&fold_of, self.n_splits))
    }
}

impl<Y> Split<Y> for GroupKFold {
    fn folds(&self, n: usize, _: &Y) -> Result<Vec<Fold>> {
        self.split(n)
    }
}

/// Random splits that are independent of each other: a sample may be for testing several times, or never.
///
/// ```
/// use xp::models::model_selection::ShuffleSplit;
/// let folds = ShuffleSplit::new(3).test_size(0.2).seed(1).split(10)?;
/// assert!(folds.iter().all(|fold| fold.train.len() == 8 && fold.test.len() == 2));
/// # Ok::<(), xp::models::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ShuffleSplit {
    n_splits: usize,
    test_size: Option<Size>,
    train_size: Option<Size>,
    seed: u64,
}

impl ShuffleSplit {
    /// This number of splits, a tenth for testing, seed 0.
    #[must_use]
    pub fn new(n_splits: usize) -> Self {
        ShuffleSplit { n_splits, test_size: None, train_size: None, seed: 0 }
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

    /// Where the random numbers start.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The splits of `n` samples.
    ///
    /// # Errors
    /// [`Error::Value`] for no splits, and for sizes that leave a part empty.
    pub fn split(&self, n: usize) -> Result<Vec<Fold>> {
        if self.n_splits == 0 {
            return Err(Error::value("n_splits", 0, "at least 1"));
        }
        let (train, test) = sizes(n, self.train_size, self.test_size, 0.1)?;
        let mut random = Generator::new(self.seed);
        let folds = (0..self.n_splits).map(|_| {
            let mut order: Vec<i64> = (0..n as i64).collect();
            random.shuffle(&mut order);
            Fold { train: order[test..test + train].to_vec(), test: order[..test].to_vec() }
        });
        Ok(folds.collect())
    }
}

impl<Y> Split<Y> for ShuffleSplit {
    fn folds(&self, n: usize, _: &Y) -> Result<Vec<Fold>> {
        self.split(n)
    }
}

/// Consecutive parts of samples in the order of time, each for testing after training with those before it.
///
/// ```
/// use xp::models::model_selection::TimeSeriesSplit;
/// let folds = TimeSeriesSplit::new(2).gap(1).split(6)?;
/// assert_eq!((folds[0].train.as_slice(), folds[0].test.as_slice()), (&[0][..], &[2, 3][..]));
/// assert_eq!((folds[1].train.as_slice(), folds[1].test.as_slice()), (&[0, 1, 2][..], &[4, 5][..]));
/// # Ok::<(), xp::models::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TimeSeriesSplit {
    n_splits: usize,
    max_train_size: Option<usize>,
    test_size: Option<usize>,
    gap: usize,
}

impl TimeSeriesSplit {
    /// This number of splits.
    #[must_use]
    pub fn new(n_splits: usize) -> Self {
        TimeSeriesSplit { n_splits, max_train_size: None, test_size: None, gap: 0 }
    }

    /// The largest number of samples for training: the last ones.
    #[must_use]
    pub fn max_train_size(mut self, n: usize) -> Self {
        self.max_train_size = Some(n);
        self
    }

    /// The number of samples for testing; otherwise that of all samples, divided by one more than the number of splits.
    #[must_use]
    pub fn test_size(mut self, n: usize) -> Self {
        self.test_size = Some(n);
        self
    }

    /// How many samples are left out between training and testing.
    #[must_use]
    pub fn gap(mut self, n: usize) -> Self {
        self.gap = n;
        self
    }

    /// The splits of `n` samples.
    ///
    /// # Errors
    /// [`Error::Value`] for fewer than 2 splits, and for too few samples.
    pub fn split(&self, n: usize) -> Result<Vec<Fold>> {
        at_most(self.n_splits, n.saturating_sub(1), "samples before the last")?;
        let test = self.test_size.unwrap_or(n / (self.n_splits + 1));
        let needed = test.checked_mul(self.n_splits).and_then(|tests| tests.checked_add(self.gap));
        if test == 0 || needed.is_none_or(|needed| needed >= n) {
            let given = format!("{} splits with {test} samples for testing and a gap of {}", self.n_splits, self.gap);
            return Err(Error::value("test_size", given, format!("at least 1 for testing, and fewer than the {n} samples together")));
        }
        let rows = |from: usize, to: usize| (from as i64..to as i64).collect();
        let folds = (0..self.n_splits).map(|i| {
            let start = n - (self.n_splits - i) * test;
            let end = start - self.gap;
            let first = self.max_train_size.filter(|&most| most > 0).map_or(0, |most| end.saturating_sub(most));
            Fold { train: rows(first, end), test: rows(start, start + test) }
        });
        Ok(folds.collect())
    }
}

impl<Y> Split<Y> for TimeSeriesSplit {
    fn folds(&self, n: usize, _: &Y) -> Result<Vec<Fold>> {
        self.split(n)
    }
}

/// What a number of folds means: [`StratifiedKFold`] for labels, that is a vector of integers or booleans, otherwise
/// [`KFold`]; both without shuffling. It is what cross validation and searches do by default, with 5 folds.
#[derive(Clone, Copy, Debug)]
pub struct AutoFold(
    /// The number of folds.
    pub usize,
);

impl Default for AutoFold {
    fn default() -> Self {
        AutoFold(5)
    }
}

impl Split<()> for AutoFold {
    fn folds(&self, n: usize, _: &()) -> Result<Vec<Fold>> {
        KFold::new(self.0).split(n)
    }
}

impl<B: Backend, T: Element, D: Dim> Split<Array<B, T, D>> for AutoFold {
    fn folds(&self, n: usize, y: &Array<B, T, D>) -> Result<Vec<Fold>> {
        check::samples("y", y.dims(), "x", &[n])?;
        let is_label = !matches!(T::DTYPE, DType::F16 | DType::BF16 | DType::F32 | DType::F64 | DType::C64 | DType::C128);
        if !is_label || y.ndim() != 1 {
            return KFold::new(self.0).split(n);
        }
        // The conversion keeps labels apart, and their order does not matter.
        let labels: Vec<i64> = y.to_host()?.into_iter().map(Element::cast).collect();
        StratifiedKFold::new(self.0).by_labels(&labels)
    }
}

/// The rows of a fold of some samples.
pub(super) fn parts<X: Samples, Y: Samples>(x: &X, y: &Y, rows: &[i64]) -> Result<(X, Y)> {
    Ok((x.rows(rows)?, y.rows(rows)?))
}

fn at_most(n_splits: usize, most: usize, what: &str) -> Result<()> {
    if (2..=most).contains(&n_splits) {
        return Ok(());
    }
    Err(Error::value("n_splits", n_splits, format!("2 to {most}, the number of {what}")))
}

/// Folds by the number of the fold that each sample is for testing in.
fn by_number(fold_of: &[usize], n_splits: usize) -> Vec<Fold> {
    let rows = |keep: &dyn Fn(usize) -> bool| (0..fold_of.len() as i64).filter(|&row| keep(fold_of[row as usize])).collect();
    (0..n_splits).map(|fold| Fold { train: rows(&|f| f != fold), test: rows(&|f| f == fold) }).collect()
}
