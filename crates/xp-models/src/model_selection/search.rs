//! Searches for the best parameters.

use super::compare::{Comparison, Evaluated, comparison_setters};
use super::split::{AutoFold, Split};
use super::validation::{OwnScore, Scorer};
use crate::progress::Outcome;
use crate::traits::{Classifier, DecisionFunction, Estimator, Fit, InverseTransform, Predict, PredictProba, Samples, Score, Transform};
use crate::{Error, Result};

/// All combinations of values of several parameters: candidates for [`GridSearchCV`].
///
/// What is varied last changes fastest.
///
/// ```
/// use xp::models::linear_model::Ridge;
/// use xp::models::model_selection::ParameterGrid;
/// use xp::prelude::*;
///
/// let grid = ParameterGrid::new(Ridge::<Cpu, f64, Ix1>::params())
///     .vary([0.1, 1.0, 10.0], |ridge, alpha| ridge.alpha(alpha))
///     .vary([true, false], |ridge, yes| ridge.fit_intercept(yes));
/// assert_eq!(grid.into_iter().count(), 6);
/// ```
#[derive(Clone, Debug)]
pub struct ParameterGrid<E> {
    candidates: Vec<E>,
}

impl<E: Clone> ParameterGrid<E> {
    /// One candidate.
    #[must_use]
    pub fn new(estimator: E) -> Self {
        ParameterGrid { candidates: vec![estimator] }
    }

    /// Each candidate so far with each of these values, which `set` sets.
    #[must_use]
    pub fn vary<V: Clone>(self, values: impl IntoIterator<Item = V>, set: impl Fn(E, V) -> E) -> Self {
        let values: Vec<V> = values.into_iter().collect();
        let candidates = self.candidates.iter().flat_map(|e| values.iter().map(|v| set(e.clone(), v.clone()))).collect();
        ParameterGrid { candidates }
    }

    /// The candidates of this grid, and then those of another.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.candidates.extend(other.candidates);
        self
    }
}

impl<E> IntoIterator for ParameterGrid<E> {
    type Item = E;
    type IntoIter = std::vec::IntoIter<E>;

    fn into_iter(self) -> Self::IntoIter {
        self.candidates.into_iter()
    }
}

/// The best of some candidates by cross validation, fitted to all samples.
///
/// It predicts and transforms as its best model does, through the [traits](crate::traits); its score is that of the model,
/// whatever function the candidates were compared by.
///
/// ```
/// use xp::models::linear_model::Ridge;
/// use xp::models::model_selection::{GridSearchCV, KFold, ParameterGrid};
/// use xp::models::traits::{Fit, Predict};
/// use xp::prelude::*;
///
/// let (x, y) = (array![[0.0], [1.0], [2.0], [3.0]], array![1.0, 3.0, 5.0, 7.0]);
/// let grid = ParameterGrid::new(Ridge::params()).vary([100.0, 0.0], |ridge, alpha| ridge.alpha(alpha));
/// let search = GridSearchCV::params(grid).cv(KFold::new(2)).fit(&x, &y)?;
/// assert_eq!(search.best_index(), 1);
/// assert_eq!(search.cv_results().rank_test_score, [2, 1]);
/// assert!((search.predict(&array![[10.0]])?.item()? - 21.0).abs() < 1e-10);
/// # Ok::<(), xp::models::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct GridSearchCV<E, M> {
    candidates: Vec<E>,
    best_index: usize,
    best_estimator: M,
    cv_results: CvResults,
    rounds: Vec<Round>,
    outcome: Outcome,
}

/// A round of a search that halves: [`HalvingGridSearchCV`](super::HalvingGridSearchCV).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// The number of candidates that were tried.
    pub n_candidates: usize,
    /// The number of samples they were tried with.
    pub n_resources: usize,
}

/// What [`GridSearchCV`] has tried; each list has one element for each candidate.
#[derive(Clone, Debug)]
pub struct CvResults {
    /// The score on each part, as far as the search came; NaN when the candidate could not be fitted or scored there.
    pub split_test_score: Vec<Vec<f64>>,
    /// The mean of the scores.
    pub mean_test_score: Vec<f64>,
    /// Their standard deviation.
    pub std_test_score: Vec<f64>,
    /// The rank of the mean, from 1; equal means have the same rank, and NaN the last one.
    pub rank_test_score: Vec<usize>,
    /// Why candidates failed: the first error of each that did.
    pub errors: Vec<Option<Error>>,
}

/// Parameters of [`GridSearchCV`].
#[derive(Clone, Debug)]
pub struct GridSearchCVParams<E, C = AutoFold, S = OwnScore> {
    comparison: Comparison<E, C, S>,
}

impl<E: Estimator> GridSearchCV<E, ()> {
    /// A search among these candidates: a [`ParameterGrid`], or any list of parameters. By default with the five folds of
    /// [`AutoFold`], and the score of the model.
    #[must_use]
    pub fn params(candidates: impl IntoIterator<Item = E>) -> GridSearchCVParams<E> {
        GridSearchCVParams { comparison: Comparison::new(candidates) }
    }
}

comparison_setters!(GridSearchCVParams {});

impl<E: Estimator, C: Clone, S: Clone> Estimator for GridSearchCVParams<E, C, S> {}

/// # Errors
/// As for the splits and the last fit; the first error of the candidates when all of them fail.
impl<X, Y, E, C, S> Fit<X, Y> for GridSearchCVParams<E, C, S>
where
    X: Samples,
    Y: Samples,
    E: Fit<X, Y>,
    C: Split<Y> + Clone,
    S: Scorer<E::Model, X, Y> + Clone,
{
    type Model = GridSearchCV<E, E::Model>;

    fn fit(&self, x: &X, y: &Y) -> Result<Self::Model> {
        let folds = self.comparison.folds(x, y)?;
        let watch = self.comparison.callback.start_of(folds.len() * self.comparison.candidates.len());
        let found = self.comparison.evaluate(&self.comparison.candidates, &folds, &watch, 0, x, y)?;
        GridSearchCV::of_best(self.comparison.candidates.clone(), found, 0, vec![], x, y)
    }
}

impl<E, C, S> GridSearchCVParams<E, C, S> {
    /// The scores of all candidates: the search without the last fit.
    ///
    /// # Errors
    /// As for the splits, and [`Error::Value`] for no candidates. A candidate that fails has scores of NaN.
    pub fn compare<X, Y>(&self, x: &X, y: &Y) -> Result<CvResults>
    where
        X: Samples,
        Y: Samples,
        E: Fit<X, Y>,
        C: Split<Y>,
        S: Scorer<E::Model, X, Y>,
    {
        let folds = self.comparison.folds(x, y)?;
        let watch = self.comparison.callback.start_of(folds.len() * self.comparison.candidates.len());
        Ok(self.comparison.evaluate(&self.comparison.candidates, &folds, &watch, 0, x, y)?.into_results())
    }
}

impl<E, M> GridSearchCV<E, M> {
    /// The first candidate with the largest mean of those from `from` on, fitted to all samples.
    pub(super) fn of_best<X, Y>(candidates: Vec<E>, found: Evaluated, from: usize, rounds: Vec<Round>, x: &X, y: &Y) -> Result<Self>
    where
        E: Fit<X, Y, Model = M>,
    {
        let outcome = if found.stopped { Outcome::Stopped } else { Outcome::Converged };
        let cv_results = found.into_results();
        let last = &cv_results.mean_test_score[from..];
        let best = last.iter().copied().filter(|score| !score.is_nan()).fold(f64::NEG_INFINITY, f64::max);
        let Some(at) = last.iter().position(|&score| score == best) else {
            let failure = cv_results.errors[from..].iter().flatten().next().cloned();
            return Err(failure.unwrap_or_else(|| Error::value("candidates", "no score but NaN", "a candidate with a score")));
        };
        let best_index = from + at;
        let best_estimator = candidates[best_index].fit(x, y)?;
        Ok(GridSearchCV { candidates, best_index, best_estimator, cv_results, rounds, outcome })
    }

    /// The rounds of a search that halves, with which the lists of [`cv_results`](Self::cv_results) begin and go on; none of others.
    #[must_use]
    pub fn rounds(&self) -> &[Round] {
        &self.rounds
    }

    /// The position of the best candidate: the first of rank 1.
    #[must_use]
    pub fn best_index(&self) -> usize {
        self.best_index
    }

    /// The best candidate.
    #[must_use]
    pub fn best_params(&self) -> &E {
        &self.candidates[self.best_index]
    }

    /// The mean score of the best candidate.
    #[must_use]
    pub fn best_score(&self) -> f64 {
        self.cv_results.mean_test_score[self.best_index]
    }

    /// The model of the best candidate, fitted to all samples.
    #[must_use]
    pub fn best_estimator(&self) -> &M {
        &self.best_estimator
    }

    /// Whether all was tried, or a callback stopped the search: then means are of the parts that a candidate was scored on, and the best one
    /// is the best of them.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// What was tried.
    #[must_use]
    pub fn cv_results(&self) -> &CvResults {
        &self.cv_results
    }
}

impl<X, E, M: Predict<X>> Predict<X> for GridSearchCV<E, M> {
    type Output = M::Output;

    fn predict(&self, x: &X) -> Result<M::Output> {
        self.best_estimator.predict(x)
    }
}

impl<X, E, M: PredictProba<X>> PredictProba<X> for GridSearchCV<E, M> {
    type Output = M::Output;

    fn predict_proba(&self, x: &X) -> Result<M::Output> {
        self.best_estimator.predict_proba(x)
    }

    fn predict_log_proba(&self, x: &X) -> Result<M::Output> {
        self.best_estimator.predict_log_proba(x)
    }
}

impl<X, E, M: DecisionFunction<X>> DecisionFunction<X> for GridSearchCV<E, M> {
    type Output = M::Output;

    fn decision_function(&self, x: &X) -> Result<M::Output> {
        self.best_estimator.decision_function(x)
    }
}

impl<E, M: Classifier> Classifier for GridSearchCV<E, M> {
    type Labels = M::Labels;

    fn classes(&self) -> &M::Labels {
        self.best_estimator.classes()
    }
}

impl<X, E, M: Transform<X>> Transform<X> for GridSearchCV<E, M> {
    type Output = M::Output;

    fn transform(&self, x: &X) -> Result<M::Output> {
        self.best_estimator.transform(x)
    }
}

impl<Z, E, M: InverseTransform<Z>> InverseTransform<Z> for GridSearchCV<E, M> {
    type Output = M::Output;

    fn inverse_transform(&self, z: &Z) -> Result<M::Output> {
        self.best_estimator.inverse_transform(z)
    }
}

impl<X, Y, E, M: Score<X, Y>> Score<X, Y> for GridSearchCV<E, M> {
    fn score(&self, x: &X, y: &Y) -> Result<f64> {
        self.best_estimator.score(x, y)
    }
}
