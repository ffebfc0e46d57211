//! Probabilities that are what they say: calibration of classifiers.

use core::marker::PhantomData;

use xp_core::functions::{concat, full, unique_values, zeros};
use xp_core::{Array, Backend, Dim, Dyn, Float, Ix1, Ix2, KeepDims, Num, Real, s};

use crate::isotonic::{IsotonicRegression, OutOfBounds};
use crate::labels::{Label, check_classes, index_in};
use crate::linear_model::scores::probabilities;
use crate::metrics;
use crate::model::{Check, Contents, Field, Model, child, named};
use crate::model_selection::{Fold, Split, StratifiedKFold, test_places};
use crate::optimize::Bounded;
use crate::traits::{Classifier, DecisionFunction, Estimator, Fit, FitWeighted, Predict, PredictProba, Samples, Score, ScoreWeighted};
use crate::{Error, Result, check};

/// How [`CalibratedClassifierCV`] makes probabilities of what a classifier says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CalibrationMethod {
    /// A logistic function of it, for each class (J. Platt, 1999).
    Sigmoid,
    /// A monotone function of it, for each class: [`IsotonicRegression`].
    Isotonic,
    /// The softmax of its logarithms, or scores, times one number (C. Guo, G. Pleiss, Y. Sun and K. Weinberger, 2017).
    Temperature,
}

named!(CalibrationMethod, "method": Sigmoid = "sigmoid", Isotonic = "isotonic", Temperature = "temperature");

/// What of a classifier is calibrated: [`Scores`] or [`Probabilities`].
pub trait Response<M, X, B: Backend, T: Float>: Clone {
    /// Whether it is probabilities.
    const PROBABILITIES: bool;

    /// One column for each class, or one for the second of two.
    ///
    /// # Errors
    /// As for the method of the model.
    fn of(model: &M, x: &X) -> Result<Array<B, T, Ix2>>;
}

/// The [scores](DecisionFunction) of a classifier.
#[derive(Clone, Copy, Debug)]
pub struct Scores;

impl<M: DecisionFunction<X, Output = Array<B, T, Dyn>>, X, B: Backend, T: Float> Response<M, X, B, T> for Scores {
    const PROBABILITIES: bool = false;

    fn of(model: &M, x: &X) -> Result<Array<B, T, Ix2>> {
        let scores = model.decision_function(x)?;
        Ok(if scores.ndim() == 1 { scores.expand_dims(1)?.into_rank()? } else { scores.into_rank()? })
    }
}

/// The [probabilities](PredictProba) that a classifier gives.
#[derive(Clone, Copy, Debug)]
pub struct Probabilities;

impl<M: PredictProba<X, Output = Array<B, T, Ix2>>, X, B: Backend, T: Float> Response<M, X, B, T> for Probabilities {
    const PROBABILITIES: bool = true;

    fn of(model: &M, x: &X) -> Result<Array<B, T, Ix2>> {
        let all = model.predict_proba(x)?;
        Ok(if all.dims()[1] == 2 { all.slice(s![.., 1..])?.contiguous()? } else { all })
    }
}

/// What makes probabilities of the columns of a response.
#[derive(Clone, Debug)]
enum Calibrator<B: Backend, T: Float> {
    /// Slope and intercept for each column.
    Sigmoid(Vec<(f64, f64)>),
    /// A function for each column.
    Isotonic(Vec<IsotonicRegression<B, T>>),
    /// The inverse temperature.
    Temperature(f64),
}

/// A classifier whose probabilities were calibrated on samples it was not fitted to, after scikit-learn.
///
/// With `ensemble`, it is as many classifiers as folds, each calibrated on its fold, and their probabilities are averaged; without, one
/// classifier of all samples, calibrated on what those of the folds say of the others. `R` is what is calibrated, [`Scores`] or
/// [`Probabilities`]; `M` is the model of the classifier.
///
/// ```
/// use xp::models::calibration::{CalibratedClassifierCVParams, CalibrationMethod};
/// use xp::models::datasets::load_iris;
/// use xp::models::metrics::log_loss;
/// use xp::models::naive_bayes::GaussianNB;
/// use xp::models::traits::{Fit, PredictProba};
/// use xp::prelude::*;
///
/// let (x, y) = load_iris::<_, f64>(&Cpu)?;
/// let params = CalibratedClassifierCVParams::of_probabilities(GaussianNB::params()).method(CalibrationMethod::Temperature);
/// let calibrated = params.fit(&x, &y)?;
/// // Naive Bayes is too sure of itself.
/// let plain = log_loss(&y, &GaussianNB::params().fit(&x, &y)?.predict_proba(&x)?)?;
/// assert!(log_loss(&y, &calibrated.predict_proba(&x)?)? < plain);
/// # Ok::<(), xp::models::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CalibratedClassifierCV<B: Backend, T: Float, L: Label, M, R> {
    classes: Array<B, L, Ix1>,
    estimators: Vec<M>,
    calibrators: Vec<Calibrator<B, T>>,
    response: PhantomData<fn() -> R>,
}

/// Parameters of [`CalibratedClassifierCV`].
#[derive(Clone, Debug)]
pub struct CalibratedClassifierCVParams<E, R, S = StratifiedKFold> {
    estimator: E,
    method: CalibrationMethod,
    cv: S,
    ensemble: bool,
    response: PhantomData<fn() -> R>,
}

impl<E: Estimator> CalibratedClassifierCVParams<E, Scores> {
    /// A classifier whose scores are calibrated: by [`CalibrationMethod::Sigmoid`], in 5 folds, as an ensemble.
    #[must_use]
    pub fn of_scores(estimator: E) -> Self {
        CalibratedClassifierCVParams::new(estimator)
    }
}

impl<E: Estimator> CalibratedClassifierCVParams<E, Probabilities> {
    /// A classifier whose probabilities are calibrated: by [`CalibrationMethod::Sigmoid`], in 5 folds, as an ensemble.
    #[must_use]
    pub fn of_probabilities(estimator: E) -> Self {
        CalibratedClassifierCVParams::new(estimator)
    }
}

impl<E: Estimator, R> CalibratedClassifierCVParams<E, R> {
    fn new(estimator: E) -> Self {
        CalibratedClassifierCVParams {
            estimator,
            method: CalibrationMethod::Sigmoid,
            cv: StratifiedKFold::new(5),
            ensemble: true,
            response: PhantomData,
        }
    }
}

impl<E: Estimator, R, S> CalibratedClassifierCVParams<E, R, S> {
    /// How probabilities are made.
    #[must_use]
    pub fn method(mut self, method: CalibrationMethod) -> Self {
        self.method = method;
        self
    }

    /// The folds, by any way to [split](Split) samples. Each class must be in every part for training; without `ensemble` each sample
    /// must be for testing once.
    #[must_use]
    pub fn cv<C>(self, cv: C) -> CalibratedClassifierCVParams<E, R, C> {
        let CalibratedClassifierCVParams { estimator, method, ensemble, response, .. } = self;
        CalibratedClassifierCVParams { estimator, method, cv, ensemble, response }
    }

    /// Whether there is a classifier for each fold, or one.
    #[must_use]
    pub fn ensemble(mut self, yes: bool) -> Self {
        self.ensemble = yes;
        self
    }

    /// Fits classifiers by `fit`, which is given rows and makes a model of them, or of all.
    fn fit_by<B, T, L, D>(
        &self,
        x: &Array<B, T, D>,
        y: &Array<B, L, Ix1>,
        weights: Option<&Array<B, T, Ix1>>,
        fit: impl Fn(Option<&[i64]>) -> Result<E::Model>,
    ) -> Result<CalibratedClassifierCV<B, T, L, E::Model, R>>
    where
        B: Backend,
        T: Float,
        L: Label,
        D: Dim,
        E: Fit<Array<B, T, D>, Array<B, L, Ix1>>,
        R: Response<E::Model, Array<B, T, D>, B, T>,
        S: Split<Array<B, L, Ix1>>,
    {
        check::samples("y", y.dims(), "x", x.dims())?;
        let folds = self.cv.folds(y.size(), y)?;
        let classes = unique_values(y)?;
        let k = classes.size();
        if k < 2 {
            return Err(Error::OneClass { label: classes.get([0])?.number() });
        }
        let codes = index_in("y", y, &classes)?;
        let counts = xp_core::extra::bincount(&codes, k)?.to_host()?;
        if let Some(few) = (0..k).find(|&class| counts[class] < folds.len() as i64) {
            let given = format!("{} samples of class {}", counts[few], classes.get([few])?.number());
            return Err(Error::value("y", given, format!("at least {}, one for each fold", folds.len())));
        }
        let own = codes.to_host()?;
        for (i, fold) in folds.iter().enumerate() {
            let mut seen = vec![false; k];
            fold.train.iter().for_each(|&row| seen[own[row as usize] as usize] = true);
            if let Some(absent) = seen.iter().position(|seen| !seen) {
                let given = format!("split {i} without class {} in its part for training", classes.get([absent])?.number());
                return Err(Error::value("cv", given, "all classes in each part for training"));
            }
        }
        if !self.ensemble {
            test_places(&folds, y.size())?;
        }
        let calibrator = |response: &Array<B, T, Ix2>, rows: &[i64]| {
            let weights = weights.map(|w| w.rows(rows)).transpose()?;
            Calibrator::fit(self.method, R::PROBABILITIES, response, &codes.rows(rows)?, weights.as_ref(), k)
        };
        let heard = |fold: &Fold| -> Result<_> {
            let model = fit(Some(&fold.train[..]))?;
            let response = R::of(&model, &x.rows(&fold.test)?)?;
            Ok((model, response))
        };
        let (mut estimators, mut calibrators) = (vec![], vec![]);
        if self.ensemble {
            for fold in &folds {
                let (model, response) = heard(fold)?;
                calibrators.push(calibrator(&response, &fold.test)?);
                estimators.push(model);
            }
        } else {
            let responses = folds.iter().map(|fold| Ok(heard(fold)?.1)).collect::<Result<Vec<_>>>()?;
            let rows: Vec<i64> = folds.iter().flat_map(|fold| fold.test.clone()).collect();
            calibrators.push(calibrator(&concat(&responses, 0)?, &rows)?);
            estimators.push(fit(None)?);
        }
        Ok(CalibratedClassifierCV { classes, estimators, calibrators, response: PhantomData })
    }
}

impl<E: Estimator, R: Clone, S: Clone> Estimator for CalibratedClassifierCVParams<E, R, S> {}

impl<B, T, L, D, E, R, S> Fit<Array<B, T, D>, Array<B, L, Ix1>> for CalibratedClassifierCVParams<E, R, S>
where
    B: Backend,
    T: Float,
    L: Label,
    D: Dim,
    E: Fit<Array<B, T, D>, Array<B, L, Ix1>>,
    R: Response<E::Model, Array<B, T, D>, B, T>,
    S: Split<Array<B, L, Ix1>> + Clone,
{
    type Model = CalibratedClassifierCV<B, T, L, E::Model, R>;

    fn fit(&self, x: &Array<B, T, D>, y: &Array<B, L, Ix1>) -> Result<Self::Model> {
        self.fit_by(x, y, None, |rows| match rows {
            Some(rows) => self.estimator.fit(&x.rows(rows)?, &y.rows(rows)?),
            None => self.estimator.fit(x, y),
        })
    }
}

/// The weights go to the classifiers and to their calibration.
impl<B, T, L, D, E, R, S> FitWeighted<Array<B, T, D>, Array<B, L, Ix1>> for CalibratedClassifierCVParams<E, R, S>
where
    B: Backend,
    T: Float,
    L: Label,
    D: Dim,
    E: FitWeighted<Array<B, T, D>, Array<B, L, Ix1>>,
    R: Response<E::Model, Array<B, T, D>, B, T>,
    S: Split<Array<B, L, Ix1>> + Clone,
{
    fn fit_weighted(&self, x: &Array<B, T, D>, y: &Array<B, L, Ix1>, sample_weight: &Array<B, T, Ix1>) -> Result<Self::Model> {
        check::weights(sample_weight, x.dims())?;
        self.fit_by(x, y, Some(sample_weight), |rows| match rows {
            Some(rows) => self.estimator.fit_weighted(&x.rows(rows)?, &y.rows(rows)?, &sample_weight.rows(rows)?),
            None => self.estimator.fit_weighted(x, y, sample_weight),
        })
    }
}

/// A column of the widest float.
type Column<B> = Array<B, <B as Backend>::MaxFloat, Ix1>;

impl<B: Backend, T: Float> Calibrator<B, T> {
    /// Fits a calibrator to the response of a classifier to some samples and the positions of their classes.
    fn fit(
        method: CalibrationMethod,
        probabilities: bool,
        response: &Array<B, T, Ix2>,
        codes: &Array<B, i64, Ix1>,
        weights: Option<&Array<B, T, Ix1>>,
        k: usize,
    ) -> Result<Self> {
        let columns = response.dims()[1];
        let ones: Array<B, T, Ix1> = full(response.device(), [response.dims()[0]], T::ONE)?;
        let weights = weights.unwrap_or(&ones);
        // Of two classes the only column is that of the second one.
        let class = |j: usize| (if columns == 1 { 1 } else { j }) as i64;
        let column = |j: usize| -> Result<Array<B, T, Ix1>> { Ok(response.index_axis(1, j)?.contiguous()?) };
        let member = |j: usize| codes.lazy().equal(class(j)).astype::<T>().try_eval();
        Ok(match method {
            CalibrationMethod::Sigmoid => {
                let fit = |j| sigmoid(&column(j)?.astype(), &member(j)?.astype(), &weights.astype());
                Calibrator::Sigmoid((0..columns).map(fit).collect::<Result<_>>()?)
            }
            CalibrationMethod::Isotonic => {
                let params = IsotonicRegression::params().out_of_bounds(OutOfBounds::Clip);
                let fit = |j| params.fit_weighted(&column(j)?, &member(j)?, weights);
                Calibrator::Isotonic((0..columns).map(fit).collect::<Result<_>>()?)
            }
            CalibrationMethod::Temperature => Calibrator::Temperature(temperature(&logits(response, probabilities)?, codes, &weights.astype(), k)?),
        })
    }

    /// The probabilities of `k` classes.
    fn apply(&self, response: &Array<B, T, Ix2>, probabilities_given: bool, k: usize) -> Result<Array<B, T, Ix2>> {
        let c = B::MaxFloat::from_f64;
        let [n, columns] = response.shape();
        let mut out: Array<B, T, Ix2> = zeros(response.device(), [n, columns])?;
        match self {
            Calibrator::Temperature(beta) => return softmax(&logits(response, probabilities_given)?, *beta),
            Calibrator::Sigmoid(lines) => {
                for (j, &(a, b)) in lines.iter().enumerate().take(columns) {
                    let column = response.index_axis(1, j)?;
                    out.set(s![.., j], (column.lazy().astype::<B::MaxFloat>() * c(-a) - c(b)).expit().astype::<T>())?;
                }
            }
            Calibrator::Isotonic(functions) => {
                for (j, function) in functions.iter().enumerate().take(columns) {
                    out.set(s![.., j], &function.predict(&response.index_axis(1, j)?.contiguous()?)?)?;
                }
            }
        }
        if columns == 1 {
            return Ok(concat(&[&(-out.lazy() + T::ONE).try_eval()?, &out], 1)?);
        }
        let sums = out.lazy().sum(KeepDims(1)).try_eval()?;
        Ok(sums.lazy().equal(T::ZERO).where_(T::from_f64(1.0 / k as f64), out.lazy() / &sums).try_eval()?)
    }

    /// Fails unless there is a part for each of the columns of `k` classes.
    fn check(&self, k: usize) -> Result<()> {
        let columns = if k == 2 { 1 } else { k };
        let parts = match self {
            Calibrator::Temperature(beta) if *beta > 0.0 && beta.is_finite() => return Ok(()),
            Calibrator::Temperature(beta) => return Err(Error::value("beta", beta, "a positive number")),
            Calibrator::Sigmoid(lines) => lines.len(),
            Calibrator::Isotonic(functions) => {
                functions.iter().try_for_each(Check::check)?;
                functions.len()
            }
        };
        if parts == columns {
            return Ok(());
        }
        Err(Error::value("calibrators", parts, format!("{columns} for {k} classes")))
    }
}

/// Slope and intercept of the logistic function `1 / (1 + exp(a f + b))` that fits best: Newton's method with a line search (H.-T. Lin,
/// C.-J. Lin and R. Weng, A note on Platt's probabilistic outputs for support vector machines, 2007).
fn sigmoid<B: Backend>(f: &Column<B>, member: &Column<B>, weights: &Column<B>) -> Result<(f64, f64)> {
    let (c, zero) = (B::MaxFloat::from_f64, B::MaxFloat::ZERO);
    let number = |x: Array<B, B::MaxFloat, xp_core::Ix0>| -> Result<f64> { Ok(x.item()?.to_f64()) };
    // Large scores are made small, so that slope and intercept are of one size.
    let largest = number(f.lazy().abs().max(..).try_eval()?)?;
    let scale = if largest >= 30.0 { largest } else { 1.0 };
    let f = (f.lazy() / c(scale)).try_eval()?;
    let total = number(weights.sum(..))?;
    let positive = number((weights.lazy() * member).sum(..).try_eval()?)?;
    let negative = total - positive;
    let (high, low) = ((positive + 1.0) / (positive + 2.0), 1.0 / (negative + 2.0));
    let target = member.lazy().greater(zero).where_(c(high), c(low)).try_eval()?;
    let loss = |a: f64, b: f64| -> Result<f64> {
        let z = (f.lazy() * c(a) + c(b)).try_eval()?;
        number((((-z.lazy()).softplus() + target.lazy() * &z) * weights).sum(..).try_eval()?)
    };
    let (mut a, mut b) = (0.0, ((negative + 1.0) / (positive + 1.0)).ln());
    let (mut best, mut near) = (loss(a, b)?, 0);
    for _ in 0..100 {
        let p = (-(f.lazy() * c(a) + c(b))).expit().try_eval()?;
        let slope = ((target.lazy() - &p) * weights).try_eval()?;
        let curve = ((-p.lazy() + c(1.0)) * &p * weights).try_eval()?;
        let (ga, gb) = (number((slope.lazy() * &f).sum(..).try_eval()?)?, number(slope.sum(..))?);
        let hab = number((curve.lazy() * &f).sum(..).try_eval()?)?;
        let (haa, hbb) = (number((curve.lazy() * &f * &f).sum(..).try_eval()?)?, number(curve.sum(..))?);
        // A multiple of the identity, for scores that are all the same.
        let ridge = 1e-12 * (haa + hbb);
        let (haa, hbb) = (haa + ridge, hbb + ridge);
        let determinant = haa * hbb - hab * hab;
        let (da, db) = (-(hbb * ga - hab * gb) / determinant, -(haa * gb - hab * ga) / determinant);
        let descent = ga * da + gb * db;
        if descent.is_nan() || descent >= 0.0 {
            break;
        }
        // Near the minimum the loss shows no difference any more; whole steps double the digits.
        if descent > -1e-8 * (1.0 + best.abs()) {
            (a, b, near) = (a + da, b + db, near + 1);
            if near == 3 {
                break;
            }
            continue;
        }
        let mut step = 1.0;
        loop {
            let found = loss(a + step * da, b + step * db)?;
            if found < best + 1e-4 * step * descent {
                (a, b, best) = (a + step * da, b + step * db, found);
                break;
            }
            step *= 0.5;
            if step < 1e-10 {
                return Ok((a / scale, b));
            }
        }
    }
    Ok((a / scale, b))
}

/// Scores of all classes, or the logarithms of their probabilities.
fn logits<B: Backend, T: Float>(response: &Array<B, T, Ix2>, probabilities: bool) -> Result<Array<B, B::MaxFloat, Ix2>> {
    let c = B::MaxFloat::from_f64;
    let wide = response.astype::<B::MaxFloat>();
    let all = match (wide.dims()[1], probabilities) {
        (1, true) => concat(&[&(-wide.lazy() + c(1.0)).try_eval()?, &wide], 1)?,
        (1, false) => concat(&[&-&wide, &wide], 1)?,
        _ => wide,
    };
    Ok(if probabilities { (all.lazy() + c(1e-12)).log().try_eval()? } else { all })
}

/// The inverse temperature between `e^-10` and `e^10` at which the softmax fits best.
fn temperature<B: Backend>(logits: &Array<B, B::MaxFloat, Ix2>, codes: &Array<B, i64, Ix1>, weights: &Column<B>, k: usize) -> Result<f64> {
    let c = B::MaxFloat::from_f64;
    let largest = logits.lazy().max(KeepDims(1)).try_eval()?;
    let below = (logits.lazy() - &largest).try_eval()?;
    let numbers = xp_core::functions::arange(logits.device(), 0, k as i64, 1)?;
    let column = codes.expand_dims(1)?;
    let own = column.lazy().equal(&numbers).where_(&below, c(0.0)).sum(1).try_eval()?;
    let eps = B::MaxFloat::EPSILON.to_f64();
    let mut search = Bounded::new(-10.0, 10.0, 64.0 * eps, eps);
    while !search.is_done() {
        let beta = c(search.at().exp());
        let sums = (below.lazy() * beta).exp().sum(1).try_eval()?;
        let loss = ((sums.lazy().log() - own.lazy() * beta) * weights).sum(..).try_eval()?.item()?;
        search.tell(loss.to_f64());
    }
    Ok(search.at().exp())
}

fn softmax<B: Backend, T: Float>(logits: &Array<B, B::MaxFloat, Ix2>, beta: f64) -> Result<Array<B, T, Ix2>> {
    Ok(probabilities(&(logits.lazy() * B::MaxFloat::from_f64(beta)).try_eval()?)?.astype())
}

impl<B: Backend, T: Float, L: Label, M, R> CalibratedClassifierCV<B, T, L, M, R> {
    /// The distinct labels in ascending order.
    #[must_use]
    pub fn classes(&self) -> &Array<B, L, Ix1> {
        &self.classes
    }

    /// The classifiers: one for each fold, or one.
    #[must_use]
    pub fn estimators(&self) -> &[M] {
        &self.estimators
    }

    /// What the logarithms or scores are multiplied by in each classifier, by [`CalibrationMethod::Temperature`].
    #[must_use]
    pub fn betas(&self) -> Option<Vec<f64>> {
        let beta = |calibrator: &Calibrator<B, T>| if let Calibrator::Temperature(beta) = calibrator { Some(*beta) } else { None };
        self.calibrators.iter().map(beta).collect()
    }

    /// The probability of each class, of shape `(n_samples, n_classes)`.
    ///
    /// # Errors
    /// As for the classifiers.
    pub fn predict_proba<X>(&self, x: &X) -> Result<Array<B, T, Ix2>>
    where
        R: Response<M, X, B, T>,
    {
        let k = self.classes.size();
        let mut mean: Option<Array<B, T, Ix2>> = None;
        for (model, calibrator) in self.estimators.iter().zip(&self.calibrators) {
            let response = R::of(model, x)?;
            let columns = if k == 2 { 1 } else { k };
            if response.dims()[1] != columns {
                return Err(Error::shape("response", response.dims(), format!("{columns} columns for {k} classes")));
            }
            let found = calibrator.apply(&response, R::PROBABILITIES, k)?;
            mean = Some(match mean {
                None => found,
                Some(sum) => (sum.lazy() + &found).try_eval()?,
            });
        }
        let sum = mean.ok_or_else(|| Error::value("estimators", "none", "at least one"))?;
        Ok(if self.estimators.len() == 1 { sum } else { sum / T::from_f64(self.estimators.len() as f64) })
    }

    /// The class of each sample with the largest probability.
    ///
    /// # Errors
    /// As for the classifiers.
    pub fn predict<X>(&self, x: &X) -> Result<Array<B, L, Ix1>>
    where
        R: Response<M, X, B, T>,
    {
        let best = self.predict_proba(x)?.lazy().argmax(1).try_eval()?;
        Ok(self.classes.take(&best, 0)?)
    }
}

impl<B: Backend, T: Float, L: Label, M, R> Classifier for CalibratedClassifierCV<B, T, L, M, R> {
    type Labels = Array<B, L, Ix1>;

    fn classes(&self) -> &Array<B, L, Ix1> {
        &self.classes
    }
}

impl<X, B: Backend, T: Float, L: Label, M, R: Response<M, X, B, T>> Predict<X> for CalibratedClassifierCV<B, T, L, M, R> {
    type Output = Array<B, L, Ix1>;

    fn predict(&self, x: &X) -> Result<Array<B, L, Ix1>> {
        CalibratedClassifierCV::predict(self, x)
    }
}

impl<X, B: Backend, T: Float, L: Label, M, R: Response<M, X, B, T>> PredictProba<X> for CalibratedClassifierCV<B, T, L, M, R> {
    type Output = Array<B, T, Ix2>;

    fn predict_proba(&self, x: &X) -> Result<Array<B, T, Ix2>> {
        CalibratedClassifierCV::predict_proba(self, x)
    }

    fn predict_log_proba(&self, x: &X) -> Result<Array<B, T, Ix2>> {
        Ok(self.predict_proba(x)?.lazy().log().try_eval()?)
    }
}

impl<X, B: Backend, T: Float, L: Label, M, R: Response<M, X, B, T>> Score<X, Array<B, L, Ix1>> for CalibratedClassifierCV<B, T, L, M, R> {
    fn score(&self, x: &X, y: &Array<B, L, Ix1>) -> Result<f64> {
        metrics::accuracy_score(y, &self.predict(x)?)
    }
}

impl<B, T, L, D, M, R> ScoreWeighted<Array<B, T, D>, Array<B, L, Ix1>> for CalibratedClassifierCV<B, T, L, M, R>
where
    B: Backend,
    T: Float,
    L: Label,
    D: Dim,
    R: Response<M, Array<B, T, D>, B, T>,
{
    fn score_weighted(&self, x: &Array<B, T, D>, y: &Array<B, L, Ix1>, sample_weight: &Array<B, T, Ix1>) -> Result<f64> {
        metrics::accuracy_score_weighted(y, &self.predict(x)?, sample_weight)
    }
}

impl<B: Backend, T: Float> Field<B> for Calibrator<B, T> {
    type On<C: Backend> = Calibrator<C, T>;

    fn to_backend<C: Backend>(&self, device: &C) -> Result<Calibrator<C, T>> {
        Ok(match self {
            Calibrator::Sigmoid(lines) => Calibrator::Sigmoid(lines.clone()),
            Calibrator::Isotonic(functions) => Calibrator::Isotonic(Field::<B>::to_backend(functions, device)?),
            Calibrator::Temperature(beta) => Calibrator::Temperature(*beta),
        })
    }

    fn write(&self, name: &str, to: &mut Contents) -> Result<()> {
        let (method, parts) = (child(name, "method"), child(name, "parts"));
        match self {
            Calibrator::Sigmoid(lines) => {
                to.put_text(&method, CalibrationMethod::Sigmoid.to_string());
                let (slopes, intercepts): (Vec<f64>, Vec<f64>) = lines.iter().copied().unzip();
                Field::<B>::write(&slopes, &child(name, "a"), to)?;
                Field::<B>::write(&intercepts, &child(name, "b"), to)
            }
            Calibrator::Isotonic(functions) => {
                to.put_text(&method, CalibrationMethod::Isotonic.to_string());
                functions.write(&parts, to)
            }
            Calibrator::Temperature(beta) => {
                to.put_text(&method, CalibrationMethod::Temperature.to_string());
                Field::<B>::write(beta, &child(name, "beta"), to)
            }
        }
    }

    fn read(name: &str, from: &Contents, device: &B) -> Result<Self> {
        let method = from.text(&child(name, "method"))?.parse().map_err(|e: Error| from.error(e.to_string()))?;
        Ok(match method {
            CalibrationMethod::Sigmoid => {
                let read = |part| Vec::<f64>::read(&child(name, part), from, device);
                let (slopes, intercepts) = (read("a")?, read("b")?);
                if slopes.len() != intercepts.len() {
                    return Err(from.error(format!("{name} has {} slopes and {} intercepts", slopes.len(), intercepts.len())));
                }
                Calibrator::Sigmoid(slopes.into_iter().zip(intercepts).collect())
            }
            CalibrationMethod::Isotonic => Calibrator::Isotonic(Field::read(&child(name, "parts"), from, device)?),
            CalibrationMethod::Temperature => Calibrator::Temperature(Field::<B>::read(&child(name, "beta"), from, device)?),
        })
    }
}

impl<B: Backend, T: Float, L: Label, M: Model<B>, R> Field<B> for CalibratedClassifierCV<B, T, L, M, R> {
    type On<C: Backend> = CalibratedClassifierCV<C, T, L, M::On<C>, R>;

    fn to_backend<C: Backend>(&self, device: &C) -> Result<Self::On<C>> {
        Ok(CalibratedClassifierCV {
            classes: Field::<B>::to_backend(&self.classes, device)?,
            estimators: Field::<B>::to_backend(&self.estimators, device)?,
            calibrators: Field::<B>::to_backend(&self.calibrators, device)?,
            response: PhantomData,
        })
    }

    fn write(&self, name: &str, to: &mut Contents) -> Result<()> {
        to.put_model(name, "CalibratedClassifierCV", 1);
        self.classes.write(&child(name, "classes"), to)?;
        self.estimators.write(&child(name, "estimators"), to)?;
        self.calibrators.write(&child(name, "calibrators"), to)
    }

    fn read(name: &str, from: &Contents, device: &B) -> Result<Self> {
        from.expect_model(name, "CalibratedClassifierCV", 1)?;
        let (estimators, calibrators) = (child(name, "estimators"), child(name, "calibrators"));
        from.checked(CalibratedClassifierCV {
            classes: Field::<B>::read(&child(name, "classes"), from, device)?,
            estimators: Field::<B>::read(&estimators, from, device)?,
            calibrators: Field::<B>::read(&calibrators, from, device)?,
            response: PhantomData,
        })
    }
}

impl<B: Backend, T: Float, L: Label, M: Check, R> Check for CalibratedClassifierCV<B, T, L, M, R> {
    fn check(&self) -> Result<()> {
        let k = self.classes.size();
        check_classes(&self.classes, 2)?;
        if self.estimators.is_empty() || self.estimators.len() != self.calibrators.len() {
            return Err(Error::value(
                "calibrators",
                self.calibrators.len(),
                format!("{}, one for each classifier, and at least one", self.estimators.len()),
            ));
        }
        self.estimators.iter().try_for_each(Check::check)?;
        self.calibrators.iter().try_for_each(|calibrator| calibrator.check(k))
    }
}

impl<B: Backend, T: Float, L: Label, M: Model<B>, R> Model<B> for CalibratedClassifierCV<B, T, L, M, R> {}
