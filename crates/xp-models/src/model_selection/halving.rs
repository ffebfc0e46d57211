//! Searches among candidates that are drawn, and searches that give more samples to fewer and fewer candidates.

use xp_core::random::Generator;

use super::compare::{Comparison, Evaluated, comparison_setters};
use super::search::{GridSearchCV, GridSearchCVParams, Round};
use super::split::{AutoFold, Fold, Split};
use super::validation::{OwnScore, Scorer};
use crate::traits::{Estimator, Fit, Samples, n_samples};
use crate::{Error, Result};

/// A [`GridSearchCV`] among candidates that are drawn.
///
/// ```
/// use xp::models::linear_model::Ridge;
/// use xp::models::model_selection::{KFold, ParameterGrid, RandomizedSearchCV};
/// use xp::models::traits::Fit;
/// use xp::prelude::*;
///
/// let (x, y) = (array![[0.0], [1.0], [2.0], [3.0]], array![1.0, 3.0, 5.0, 7.0]);
/// // Any number of candidates from a distribution: here a penalty between 0.001 and 1000, uniform in its logarithm.
/// let search = RandomizedSearchCV::drawn(8, 1, |random| {
///     let exponent = random.uniform::<_, f64, _>(&Cpu, [1])?.item()? * 6.0 - 3.0;
///     Ok(Ridge::params().alpha(10.0_f64.powf(exponent)))
/// })?;
/// assert_eq!(search.cv(KFold::new(2)).fit(&x, &y)?.cv_results().mean_test_score.len(), 8);
/// // Some of a grid, all different.
/// let grid = ParameterGrid::new(Ridge::params()).vary([0.0, 1.0, 2.0, 3.0], |ridge, alpha| ridge.alpha(alpha));
/// assert_eq!(RandomizedSearchCV::params(grid, 3, 1).cv(KFold::new(2)).fit(&x, &y)?.cv_results().errors.len(), 3);
/// # Ok::<(), xp::models::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RandomizedSearchCV;

impl RandomizedSearchCV {
    /// `n_iter` of some candidates, all different; all of them if there are fewer.
    #[must_use]
    pub fn params<E: Estimator>(candidates: impl IntoIterator<Item = E>, n_iter: usize, seed: u64) -> GridSearchCVParams<E> {
        GridSearchCV::params(some_of(candidates, n_iter, seed))
    }

    /// `n_iter` candidates that a function draws.
    ///
    /// # Errors
    /// Those of the function.
    pub fn drawn<E: Estimator>(n_iter: usize, seed: u64, mut draw: impl FnMut(&mut Generator) -> Result<E>) -> Result<GridSearchCVParams<E>> {
        let mut random = Generator::new(seed);
        Ok(GridSearchCV::params((0..n_iter).map(|_| draw(&mut random)).collect::<Result<Vec<E>>>()?))
    }
}

fn some_of<E>(candidates: impl IntoIterator<Item = E>, n: usize, seed: u64) -> Vec<E> {
    let mut candidates: Vec<Option<E>> = candidates.into_iter().map(Some).collect();
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    Generator::new(seed).shuffle(&mut order);
    order.into_iter().take(n).filter_map(|i| candidates[i].take()).collect()
}

/// How many samples the first round of a search that halves has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resources {
    /// So many that the last round has as many as possible.
    Exhaust,
    /// Two for each part of the splits.
    Smallest,
    /// This number.
    Count(usize),
}

/// A search in rounds: the best third of the candidates, compared with few samples, goes on to be compared with three times as many, and
/// so on (Jamieson and Talwalkar, 2016).
///
/// The model is a [`GridSearchCV`], whose candidates and results are those of all rounds, one after the other, and whose best candidate
/// is that of the last round.
///
/// ```
/// use xp::models::datasets::load_iris;
/// use xp::models::discriminant_analysis::LinearDiscriminantAnalysis;
/// use xp::models::model_selection::{HalvingGridSearchCV, ParameterGrid, StratifiedKFold};
/// use xp::models::traits::Fit;
/// use xp::prelude::*;
///
/// let (x, y) = load_iris::<_, f64>(&Cpu)?;
/// let grid = ParameterGrid::new(LinearDiscriminantAnalysis::params()).vary([1e-4, 1e-3, 1e-2, 1e-1], |lda, tol| lda.tol(tol));
/// let search = HalvingGridSearchCV::params(grid).cv(StratifiedKFold::new(3)).fit(&x, &y)?;
/// let rounds: Vec<_> = search.rounds().iter().map(|round| (round.n_candidates, round.n_resources)).collect();
/// assert_eq!(rounds, [(4, 50), (2, 150)]);
/// assert!(search.best_score() > 0.95);
/// # Ok::<(), xp::models::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct HalvingGridSearchCV;

/// A [`HalvingGridSearchCV`] among candidates that are drawn: as many as the last round can end with one of.
#[derive(Clone, Copy, Debug)]
pub struct HalvingRandomSearchCV;

/// Parameters of [`HalvingGridSearchCV`].
#[derive(Clone, Debug)]
pub struct HalvingGridSearchCVParams<E, C = AutoFold, S = OwnScore> {
    comparison: Comparison<E, C, S>,
    rules: Rules,
}

/// How many candidates and samples the rounds have.
#[derive(Clone, Debug)]
struct Rules {
    factor: usize,
    min_resources: Resources,
    max_resources: Option<usize>,
    aggressive_elimination: bool,
    /// Draw as many candidates as there are resources for.
    exhaust_candidates: bool,
    seed: u64,
}

impl HalvingGridSearchCV {
    /// A search among these candidates: a [`ParameterGrid`](super::ParameterGrid), or any list of parameters. By default with the five
    /// folds of [`AutoFold`], the score of the model, and a third that goes on.
    #[must_use]
    pub fn params<E: Estimator>(candidates: impl IntoIterator<Item = E>) -> HalvingGridSearchCVParams<E> {
        let rules = Rules {
            factor: 3,
            min_resources: Resources::Exhaust,
            max_resources: None,
            aggressive_elimination: false,
            exhaust_candidates: false,
            seed: 0,
        };
        HalvingGridSearchCVParams { comparison: Comparison::new(candidates), rules }
    }
}

impl HalvingRandomSearchCV {
    /// A search among some of these candidates, drawn without replacement: as many as go into the number of samples that the first round
    /// has, which by default is the smallest.
    #[must_use]
    pub fn params<E: Estimator>(candidates: impl IntoIterator<Item = E>, seed: u64) -> HalvingGridSearchCVParams<E> {
        let candidates = some_of(candidates, usize::MAX, seed);
        let mut params = HalvingGridSearchCV::params(candidates).min_resources(Resources::Smallest).seed(seed);
        params.rules.exhaust_candidates = true;
        params
    }
}

comparison_setters!(HalvingGridSearchCVParams { rules });

impl<E, C, S> HalvingGridSearchCVParams<E, C, S> {
    /// One candidate of this many goes on, with this many times the samples.
    #[must_use]
    pub fn factor(mut self, factor: usize) -> Self {
        self.rules.factor = factor;
        self
    }

    /// How many samples the first round has.
    #[must_use]
    pub fn min_resources(mut self, resources: Resources) -> Self {
        self.rules.min_resources = resources;
        self
    }

    /// How many samples a round has at most, otherwise all.
    #[must_use]
    pub fn max_resources(mut self, samples: usize) -> Self {
        self.rules.max_resources = Some(samples);
        self
    }

    /// Whether rounds with the first number of samples are repeated until so few candidates are left that the last round ends with one.
    #[must_use]
    pub fn aggressive_elimination(mut self, yes: bool) -> Self {
        self.rules.aggressive_elimination = yes;
        self
    }

    /// Where the random numbers that choose the samples of a round start.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.rules.seed = seed;
        self
    }
}

impl Rules {
    /// The number of candidates of the first round, of those that there are, and the numbers of samples of the rounds.
    fn schedule(&self, mut candidates: usize, n: usize, n_splits: usize) -> Result<(usize, Vec<usize>)> {
        if self.factor < 2 {
            return Err(Error::value("factor", self.factor, "2 or more"));
        }
        let max = self.max_resources.unwrap_or(n).min(n);
        let smallest = 2 * n_splits;
        let levels = |ratio: usize| 1 + (1..).take_while(|&i| self.factor.checked_pow(i).is_some_and(|power| power <= ratio)).count();
        let first = |candidates: usize| match self.min_resources {
            Resources::Count(count) => count,
            Resources::Smallest => smallest,
            Resources::Exhaust => smallest.max(max / self.factor.pow(levels(candidates) as u32 - 1)),
        };
        if self.exhaust_candidates {
            candidates = candidates.min(max / first(1).max(1)).max(1);
        }
        let min = first(candidates);
        if min == 0 || min > max {
            return Err(Error::value("min_resources", min, format!("1 to {max} samples")));
        }
        let (required, possible) = (levels(candidates), levels(max / min));
        let rounds = if self.aggressive_elimination { required } else { required.min(possible) };
        let power = |i: usize| if self.aggressive_elimination { (i + possible).saturating_sub(required) } else { i };
        let resources = |i: usize| self.factor.checked_pow(power(i) as u32).and_then(|f| f.checked_mul(min)).unwrap_or(max).min(max);
        Ok((candidates, (0..rounds).map(resources).collect()))
    }
}

impl<E: Estimator, C: Clone, S: Clone> Estimator for HalvingGridSearchCVParams<E, C, S> {}

/// # Errors
/// As for [`GridSearchCV`], and [`Error::Value`] for resources out of range.
impl<X, Y, E, C, S> Fit<X, Y> for HalvingGridSearchCVParams<E, C, S>
where
    X: Samples,
    Y: Samples,
    E: Fit<X, Y>,
    C: Split<Y> + Clone,
    S: Scorer<E::Model, X, Y> + Clone,
{
    type Model = GridSearchCV<E, E::Model>;

    fn fit(&self, x: &X, y: &Y) -> Result<Self::Model> {
        let n = n_samples(x, y)?;
        let folds = self.comparison.folds(x, y)?;
        let (count, schedule) = self.rules.schedule(self.comparison.candidates.len(), n, folds.len())?;
        let mut left: Vec<E> = self.comparison.candidates[..count].to_vec();
        let fits = schedule.iter().scan(count, |left, _| Some(core::mem::replace(left, left.div_ceil(self.rules.factor))));
        let watch = self.comparison.callback.start_of(fits.sum::<usize>() * folds.len());
        let (mut tried, mut rounds) = (vec![], vec![]);
        let mut all = Evaluated::default();
        let mut from = 0;
        for n_resources in schedule {
            let share = |rows: &[i64]| {
                let mut rows = rows.to_vec();
                let size = (n_resources as f64 / n as f64 * rows.len() as f64) as usize;
                if size < rows.len() {
                    Generator::new(self.rules.seed).shuffle(&mut rows);
                    rows.truncate(size);
                }
                rows
            };
            let some: Vec<Fold> = folds.iter().map(|fold| Fold { train: share(&fold.train), test: share(&fold.test) }).collect();
            let found = self.comparison.evaluate(&left, &some, &watch, tried.len() * folds.len(), x, y)?;
            let means = found.means();
            from = tried.len();
            rounds.push(Round { n_candidates: left.len(), n_resources });
            tried.extend(left.iter().cloned());
            all.split_test_score.extend(found.split_test_score);
            all.errors.extend(found.errors);
            all.stopped = found.stopped;
            if all.stopped {
                break;
            }
            // In ascending order of the scores, NaN first; the last ones go on.
            let mut order: Vec<usize> = (0..left.len()).collect();
            order.sort_by(|&a, &b| {
                (!means[a].is_nan()).cmp(&!means[b].is_nan()).then(means[a].partial_cmp(&means[b]).unwrap_or(core::cmp::Ordering::Equal))
            });
            let keep = left.len().div_ceil(self.rules.factor);
            left = order[order.len() - keep..].iter().map(|&i| left[i].clone()).collect();
        }
        GridSearchCV::of_best(tried, all, from, rounds, x, y)
    }
}
