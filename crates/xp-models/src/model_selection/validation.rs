//! Cross validation.

use std::time::{Duration, Instant};

use xp_core::functions::{unique_values, zeros};
use xp_core::{Array, Backend, Float, Ix1, Ix2};

use super::split::{Fold, Split, parts};
use crate::labels::{Label, index_in};
use crate::progress::{Callback, Outcome};
use crate::traits::{Classifier, Fit, Predict, PredictProba, Samples, Score, n_samples};
use crate::{Error, Result};

/// A way to score a model: [`OwnScore`], or a function of the model, the samples and what is known of them. Larger is better.
pub trait Scorer<M, X, Y> {
    /// The score.
    ///
    /// # Errors
    /// When the model cannot be applied to the samples.
    fn score(&self, model: &M, x: &X, y: &Y) -> Result<f64>;
}

/// The score of the model itself: [`Score`].
#[derive(Clone, Copy, Debug)]
pub struct OwnScore;

impl<X, Y, M: Score<X, Y>> Scorer<M, X, Y> for OwnScore {
    fn score(&self, model: &M, x: &X, y: &Y) -> Result<f64> {
        model.score(x, y)
    }
}

impl<X, Y, M, F: Fn(&M, &X, &Y) -> Result<f64>> Scorer<M, X, Y> for F {
    fn score(&self, model: &M, x: &X, y: &Y) -> Result<f64> {
        self(model, x, y)
    }
}

/// The score of an estimator on each part of some samples after it has been fitted to the others.
///
/// # Errors
/// As for the splits, fitting and scoring.
///
/// ```
/// use xp::models::datasets::load_iris;
/// use xp::models::discriminant_analysis::LinearDiscriminantAnalysis;
/// use xp::models::model_selection::{StratifiedKFold, cross_val_score};
/// use xp::prelude::*;
///
/// let (x, y) = load_iris::<_, f64>(&Cpu)?;
/// let scores = cross_val_score(&LinearDiscriminantAnalysis::params(), &x, &y, &StratifiedKFold::new(5))?;
/// assert_eq!(scores, [1.0, 1.0, 29.0 / 30.0, 28.0 / 30.0, 1.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn cross_val_score<X, Y, E>(estimator: &E, x: &X, y: &Y, cv: &impl Split<Y>) -> Result<Vec<f64>>
where
    X: Samples,
    Y: Samples,
    E: Fit<X, Y>,
    E::Model: Score<X, Y>,
{
    Ok(cross_validate(estimator, x, y, cv, &OwnScore)?.test_score)
}

/// What [`cross_validate`] finds; each list has one element for each fold.
#[derive(Clone, Debug)]
pub struct CrossValidation<M> {
    /// The splits.
    pub folds: Vec<Fold>,
    /// The models.
    pub estimators: Vec<M>,
    /// Their scores on the parts for testing.
    pub test_score: Vec<f64>,
    /// How long each took to fit.
    pub fit_time: Vec<Duration>,
    /// How long each took to score.
    pub score_time: Vec<Duration>,
    /// Whether all parts were tried, or a callback stopped the work: then the lists but `folds` are shorter.
    pub outcome: Outcome,
}

impl<M> CrossValidation<M> {
    /// The scores on the parts for training.
    ///
    /// # Errors
    /// When a model cannot be applied to the samples.
    pub fn train_score<X: Samples, Y: Samples>(&self, x: &X, y: &Y, scoring: &impl Scorer<M, X, Y>) -> Result<Vec<f64>> {
        let score = |(fold, model): (&Fold, &M)| {
            let (x, y) = parts(x, y, &fold.train)?;
            scoring.score(model, &x, &y)
        };
        self.folds.iter().zip(&self.estimators).map(score).collect()
    }
}

/// Fits an estimator to some samples without each of their parts, and scores it on that part.
///
/// # Errors
/// As for the splits, fitting and scoring.
///
/// ```
/// use xp::models::linear_model::Ridge;
/// use xp::models::metrics::r2_score;
/// use xp::models::model_selection::{KFold, cross_validate};
/// use xp::prelude::*;
///
/// let x = array![[0.0], [1.0], [2.0], [3.0]];
/// let y = array![1.0, 3.0, 5.0, 7.0];
/// let r2 = |model: &Ridge<_, _, _>, x: &_, y: &_| r2_score(y, &model.predict(x)?);
/// let found = cross_validate(&Ridge::params().alpha(0.0), &x, &y, &KFold::new(2), &r2)?;
/// assert!(found.test_score.iter().all(|score| (score - 1.0).abs() < 1e-12));
/// assert!((found.estimators[0].coef().get([0])? - 2.0).abs() < 1e-12);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn cross_validate<X, Y, E>(
    estimator: &E,
    x: &X,
    y: &Y,
    cv: &impl Split<Y>,
    scoring: &impl Scorer<E::Model, X, Y>,
) -> Result<CrossValidation<E::Model>>
where
    X: Samples,
    Y: Samples,
    E: Fit<X, Y>,
{
    cross_validate_watched(estimator, x, y, cv, scoring, &Callback::default())
}

/// [`cross_validate`] with a function that is told of every model that was fitted and scored, and may stop.
///
/// # Errors
/// As for [`cross_validate`].
///
/// ```
/// use std::ops::ControlFlow;
///
/// use xp::models::linear_model::Ridge;
/// use xp::models::model_selection::{KFold, OwnScore, cross_validate_watched};
/// use xp::models::progress::{Callback, Outcome, Progress};
/// use xp::prelude::*;
///
/// let (x, y) = (array![[0.0], [1.0], [2.0], [3.0]], array![1.0, 3.0, 5.0, 7.0]);
/// let once = Callback::new(|progress: &Progress| {
///     println!("{} of {:?}: {}", progress.step, progress.total, progress.score);
///     ControlFlow::Break(())
/// });
/// let found = cross_validate_watched(&Ridge::params(), &x, &y, &KFold::new(4), &|_: &_, _: &_, _: &_| Ok(0.5), &once)?;
/// assert_eq!((found.test_score, found.outcome), (vec![0.5], Outcome::Stopped));
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn cross_validate_watched<X, Y, E>(
    estimator: &E,
    x: &X,
    y: &Y,
    cv: &impl Split<Y>,
    scoring: &impl Scorer<E::Model, X, Y>,
    callback: &Callback,
) -> Result<CrossValidation<E::Model>>
where
    X: Samples,
    Y: Samples,
    E: Fit<X, Y>,
{
    let folds = cv.folds(n_samples(x, y)?, y)?;
    let watch = callback.start_of(folds.len());
    let (estimators, test_score, outcome) = (vec![], vec![], Outcome::Converged);
    let mut found = CrossValidation { folds, estimators, test_score, fit_time: vec![], score_time: vec![], outcome };
    for (i, fold) in found.folds.iter().enumerate() {
        let start = Instant::now();
        let (x_train, y_train) = parts(x, y, &fold.train)?;
        let model = estimator.fit(&x_train, &y_train)?;
        found.fit_time.push(start.elapsed());
        let start = Instant::now();
        let (x_test, y_test) = parts(x, y, &fold.test)?;
        let score = scoring.score(&model, &x_test, &y_test)?;
        found.score_time.push(start.elapsed());
        found.estimators.push(model);
        found.test_score.push(score);
        if watch.stops(i + 1, score) {
            found.outcome = Outcome::Stopped;
            break;
        }
    }
    Ok(found)
}

/// The prediction for each sample by a model that was fitted without it.
///
/// # Errors
/// As for the splits, fitting and predicting, and [`Error::Value`] unless each sample is for testing once.
///
/// ```
/// use xp::models::linear_model::Ridge;
/// use xp::models::model_selection::{KFold, cross_val_predict};
/// use xp::prelude::*;
///
/// let (x, y) = (array![[0.0_f64], [1.0], [2.0], [3.0]], array![1.0_f64, 3.0, 5.0, 7.0]);
/// let predicted = cross_val_predict(&Ridge::params().alpha(0.0), &x, &y, &KFold::new(2))?;
/// assert!((predicted - &y).abs().max(0).item()? < 1e-12);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn cross_val_predict<X, Y, E>(estimator: &E, x: &X, y: &Y, cv: &impl Split<Y>) -> Result<<E::Model as Predict<X>>::Output>
where
    X: Samples,
    Y: Samples,
    E: Fit<X, Y>,
    E::Model: Predict<X>,
    <E::Model as Predict<X>>::Output: Samples,
{
    out_of_fold(estimator, x, y, cv, |model, x| model.predict(x))
}

/// The probability of each class for each sample by a model that was fitted without it, of shape `(n_samples, n_classes)`.
/// A class that the model has not seen has the probability 0.
///
/// # Errors
/// As for [`cross_val_predict`].
pub fn cross_val_predict_proba<B, T, L, X, E>(
    estimator: &E,
    x: &X,
    y: &Array<B, L, Ix1>,
    cv: &impl Split<Array<B, L, Ix1>>,
) -> Result<Array<B, T, Ix2>>
where
    B: Backend,
    T: Float,
    L: Label,
    X: Samples,
    E: Fit<X, Array<B, L, Ix1>>,
    E::Model: PredictProba<X, Output = Array<B, T, Ix2>> + Classifier<Labels = Array<B, L, Ix1>>,
{
    let classes = unique_values(y)?;
    out_of_fold(estimator, x, y, cv, |model, x| {
        let known = model.predict_proba(x)?;
        if model.classes().size() == classes.size() {
            return Ok(known);
        }
        let mut all = zeros(known.device(), [known.dims()[0], classes.size()])?;
        all.put(&index_in("y", model.classes(), &classes)?, &known, 1)?;
        Ok(all)
    })
}

/// What each model makes of the samples it was fitted without, in the order of the samples.
fn out_of_fold<X, Y, E, Z>(estimator: &E, x: &X, y: &Y, cv: &impl Split<Y>, apply: impl Fn(&E::Model, &X) -> Result<Z>) -> Result<Z>
where
    X: Samples,
    Y: Samples,
    E: Fit<X, Y>,
    Z: Samples,
{
    let n = n_samples(x, y)?;
    let folds = cv.folds(n, y)?;
    let place = test_places(&folds, n)?;
    let predict = |fold: &Fold| {
        let (x_train, y_train) = parts(x, y, &fold.train)?;
        apply(&estimator.fit(&x_train, &y_train)?, &x.rows(&fold.test)?)
    };
    let predicted = folds.iter().map(predict).collect::<Result<Vec<Z>>>()?;
    Z::join(&predicted)?.rows(&place)
}

/// Where each of `n` samples is among those for testing, split after split.
///
/// # Errors
/// [`Error::Value`] unless each sample is for testing once.
pub(crate) fn test_places(folds: &[Fold], n: usize) -> Result<Vec<i64>> {
    let mut place = vec![None; n];
    for (i, &row) in folds.iter().flat_map(|fold| &fold.test).enumerate() {
        place[row as usize] = Some(i as i64);
    }
    let tested: usize = folds.iter().map(|fold| fold.test.len()).sum();
    let place = place.into_iter().collect::<Option<Vec<i64>>>().filter(|_| tested == n);
    place.ok_or_else(|| Error::value("cv", "splits that overlap or leave samples out", "each sample for testing once"))
}
