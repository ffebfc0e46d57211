//! Comparing candidates by cross validation: what all searches share.

use super::search::CvResults;
use super::split::{AutoFold, Fold, Split, parts};
use super::validation::{OwnScore, Scorer};
use crate::progress::{Callback, Watch};
use crate::traits::{Fit, Samples, n_samples};
use crate::{Error, Result};

/// Which candidates are compared, on which parts of the samples, by which score.
#[derive(Clone, Debug)]
pub(super) struct Comparison<E, C, S> {
    pub candidates: Vec<E>,
    pub cv: C,
    pub scoring: S,
    pub callback: Callback,
}

/// Scores of candidates on each part, their first errors, and whether a callback has stopped the work.
#[derive(Default)]
pub(super) struct Evaluated {
    pub split_test_score: Vec<Vec<f64>>,
    pub errors: Vec<Option<Error>>,
    pub stopped: bool,
}

impl<E> Comparison<E, AutoFold, OwnScore> {
    pub fn new(candidates: impl IntoIterator<Item = E>) -> Self {
        Comparison { candidates: candidates.into_iter().collect(), cv: AutoFold::default(), scoring: OwnScore, callback: Callback::default() }
    }
}

impl<E, C, S> Comparison<E, C, S> {
    /// The parts of the samples; an error for no candidates.
    pub fn folds<X: Samples, Y: Samples>(&self, x: &X, y: &Y) -> Result<Vec<Fold>>
    where
        C: Split<Y>,
    {
        if self.candidates.is_empty() {
            return Err(Error::value("candidates", "none", "at least 1"));
        }
        self.cv.folds(n_samples(x, y)?, y)
    }

    /// Fits each of some candidates without each part, and scores it there. `before` models have been fitted in earlier rounds.
    pub fn evaluate<X, Y>(&self, candidates: &[E], folds: &[Fold], watch: &Watch, before: usize, x: &X, y: &Y) -> Result<Evaluated>
    where
        X: Samples,
        Y: Samples,
        E: Fit<X, Y>,
        S: Scorer<E::Model, X, Y>,
    {
        let mut found = Evaluated { split_test_score: vec![vec![]; candidates.len()], errors: vec![None; candidates.len()], stopped: false };
        let mut step = before;
        for fold in folds {
            let ((x_train, y_train), (x_test, y_test)) = (parts(x, y, &fold.train)?, parts(x, y, &fold.test)?);
            let score = |i: usize| candidates[i].fit(&x_train, &y_train).and_then(|model| self.scoring.score(&model, &x_test, &y_test));
            // Who may stop the search is asked after every candidate; otherwise the backend may share them out.
            let shared =
                if self.callback.is_set() { vec![None; candidates.len()] } else { x_train.share_tasks(candidates.len(), &mut |i| score(i).ok())? };
            for (i, shared) in shared.into_iter().enumerate() {
                // What has failed says why.
                let score = shared.map_or_else(|| score(i), Ok);
                let number = *score.as_ref().unwrap_or(&f64::NAN);
                found.split_test_score[i].push(number);
                found.errors[i] = found.errors[i].take().or(score.err());
                step += 1;
                if watch.stops(step, number) {
                    found.stopped = true;
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }
}

impl Evaluated {
    pub fn means(&self) -> Vec<f64> {
        self.split_test_score.iter().map(|scores| scores.iter().sum::<f64>() / scores.len() as f64).collect()
    }

    pub fn into_results(self) -> CvResults {
        let mean_test_score = self.means();
        let deviation = |(scores, mean): (&Vec<f64>, &f64)| (scores.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / scores.len() as f64).sqrt();
        let std_test_score = self.split_test_score.iter().zip(&mean_test_score).map(deviation).collect();
        let above = |score: f64| mean_test_score.iter().filter(|&&other| other > score || (score.is_nan() && !other.is_nan())).count();
        let rank_test_score = mean_test_score.iter().map(|&score| 1 + above(score)).collect();
        CvResults { split_test_score: self.split_test_score, mean_test_score, std_test_score, rank_test_score, errors: self.errors }
    }
}

/// The parameters of a search that say what is compared and how; `$rest` are its other fields.
macro_rules! comparison_setters {
    ($Params:ident { $($rest:ident),* }) => {
        impl<E, C, S> $Params<E, C, S> {
            /// How the samples are split.
            #[must_use]
            pub fn cv<D>(self, cv: D) -> $Params<E, D, S> {
                let $crate::model_selection::compare::Comparison { candidates, scoring, callback, .. } = self.comparison;
                let comparison = $crate::model_selection::compare::Comparison { candidates, cv, scoring, callback };
                $Params { comparison, $($rest: self.$rest),* }
            }

            /// How models are scored: a function of the model, the samples and what is known of them.
            #[must_use]
            pub fn scoring<R>(self, scoring: R) -> $Params<E, C, R> {
                let $crate::model_selection::compare::Comparison { candidates, cv, callback, .. } = self.comparison;
                let comparison = $crate::model_selection::compare::Comparison { candidates, cv, scoring, callback };
                $Params { comparison, $($rest: self.$rest),* }
            }

            /// A function that is told of every model that was fitted and scored, and may stop the search.
            #[must_use]
            pub fn callback(mut self, callback: impl Fn(&$crate::progress::Progress) -> core::ops::ControlFlow<()> + Send + Sync + 'static) -> Self {
                self.comparison.callback = $crate::progress::Callback::new(callback);
                self
            }
        }
    };
}
pub(super) use comparison_setters;
