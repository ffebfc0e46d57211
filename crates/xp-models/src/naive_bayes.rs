//! Bayes' rule for features that are independent within each class.

use core::marker::PhantomData;
use core::ops::Range;

use xp_core::functions::{unique_values, zeros};
use xp_core::{Array, Backend, Float, Ix1, Ix2, KeepDims, Linalg, Num, s};

use crate::blocks::{fold_rows, mergeable};
use crate::labels::{Label, check_classes, index_in};
use crate::model::{Check, Wide, fits, model};
use crate::preprocessing::Moments;
use crate::tall_svd::{device, host};
use crate::traits::{Estimator, Fit, FitWeighted, Merge, PartialFit, classifier, probabilistic_classifier};
use crate::{Error, Result, check};

model! {
    /// Classification by normal distributions of the features, independent within each class.
    ///
    /// The probability of a class is proportional to its prior and to the product over the features of
    /// `exp(-(x - theta)^2 / 2 var) / sqrt(2 pi var)`. It is scikit-learn's estimator of the same name. Deviations are from the
    /// means of the classes, in the widest float of the backend, and several calls of `partial_fit` are merged by the rule of Chan,
    /// Golub and LeVeque (1983). (What variances were raised by is taken away before exactly; scikit-learn takes the amount of the
    /// later call.)
    ///
    /// ```
    /// use xp::models::naive_bayes::GaussianNB;
    /// use xp::prelude::*;
    ///
    /// let x = array![[-1.0_f64], [1.0], [9.0], [11.0]];
    /// let model = GaussianNB::params().fit(&x, &array![3, 3, 5, 5])?;
    /// assert_eq!(model.theta().to_vec(), [0.0, 10.0]);
    /// assert_eq!(model.predict(&array![[2.0], [6.0]])?.to_vec(), [3, 5]);
    /// assert!((model.predict_proba(&array![[5.0]])?.get([0, 0])? - 0.5).abs() < 1e-12);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct GaussianNB<B: Backend, T: Float, L: Label = i64> {
        /// The distinct labels in ascending order.
        pub classes: Array<B, L, Ix1>,
        /// The mean of each feature, by column, of each class, by row.
        pub theta: Array<B, T, Ix2>,
        /// The variance of each feature of each class, raised by `epsilon`.
        pub var: Array<B, T, Ix2>,
        /// The probability of each class.
        pub class_prior: Array<B, T, Ix1>,
        /// What variances are raised by.
        pub epsilon: f64,
        counts: Wide<B, Ix1>,
        means: Wide<B, Ix2>,
        squares: Wide<B, Ix2>,
        priors: Option<Array<B, T, Ix1>>,
        var_smoothing: f64,
    }
}

impl<B: Backend, T: Float, L: Label> Check for GaussianNB<B, T, L> {
    fn check(&self) -> Result<()> {
        let shape = [self.classes.size(), self.theta.dims()[1]];
        fits("theta", self.theta.dims(), &shape)?;
        fits("var", self.var.dims(), &shape)?;
        fits("class_prior", self.class_prior.dims(), &shape[..1])?;
        fits("counts", self.counts.0.dims(), &shape[..1])?;
        fits("means", self.means.0.dims(), &shape)?;
        fits("squares", self.squares.0.dims(), &shape)?;
        check_classes(&self.classes, 1)?;
        self.priors.as_ref().map_or(Ok(()), |priors| fits("priors", priors.dims(), &shape[..1]))
    }
}

/// Parameters of [`GaussianNB`].
#[derive(Clone, Debug)]
pub struct GaussianNBParams<B, T> {
    priors: Option<Vec<f64>>,
    var_smoothing: f64,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Linalg<T>, T: Float> GaussianNB<B, T> {
    /// The default parameters: priors from the data, and variances raised by 1e-9 of the largest variance of a feature.
    #[must_use]
    pub fn params() -> GaussianNBParams<B, T> {
        GaussianNBParams { priors: None, var_smoothing: 1e-9, kind: PhantomData }
    }
}

impl<B: Linalg<T>, T: Float> GaussianNBParams<B, T> {
    /// The probability of each class, in ascending order of the labels.
    #[must_use]
    pub fn priors(mut self, priors: &[f64]) -> Self {
        self.priors = Some(priors.to_vec());
        self
    }

    /// The fraction of the largest variance of a feature that all variances are raised by.
    #[must_use]
    pub fn var_smoothing(mut self, fraction: f64) -> Self {
        self.var_smoothing = fraction;
        self
    }

    /// A model that has seen nothing, of these classes, for [`GaussianNB::partial_fit`].
    ///
    /// # Errors
    /// [`Error::Value`] for no classes, and for parameters out of range.
    pub fn start<L: Label>(&self, classes: &Array<B, L, Ix1>, n_features: usize) -> Result<GaussianNB<B, T, L>> {
        let classes = unique_values(classes)?;
        let k = classes.size();
        if k == 0 {
            return Err(Error::value("classes", "none", "at least one"));
        }
        if !(self.var_smoothing >= 0.0 && self.var_smoothing.is_finite()) {
            return Err(Error::value("var_smoothing", self.var_smoothing, "0 or more"));
        }
        let at = classes.device().clone();
        if let Some(priors) = &self.priors {
            let sum: f64 = priors.iter().sum();
            if priors.len() != k || (sum - 1.0).abs() > 1e-5 || priors.iter().any(|&p| p.is_nan() || p < 0.0) {
                return Err(Error::value("priors", format!("{priors:?}"), format!("{k} numbers that are not negative and whose sum is 1")));
            }
        }
        let priors = self.priors.as_ref().map(|priors| device(&at, priors)).transpose()?;
        let nothing = zeros(&at, [k, n_features])?;
        Ok(GaussianNB {
            classes,
            theta: zeros(&at, [k, n_features])?,
            var: zeros(&at, [k, n_features])?,
            class_prior: priors.clone().map_or_else(|| zeros(&at, [k]), Ok)?,
            epsilon: 0.0,
            counts: Wide(zeros(&at, [k])?),
            squares: Wide(nothing.clone()),
            means: Wide(nothing),
            priors,
            var_smoothing: self.var_smoothing,
        })
    }

    /// Fits the model to samples `x`, of shape `(n_samples, n_features)`, and their labels `y`, of shape `(n_samples,)`.
    ///
    /// # Errors
    /// [`Error::Samples`] when the numbers of samples differ, [`Error::Shape`] for no samples or features, [`Error::NonFinite`],
    /// [`Error::Value`] for parameters out of range.
    pub fn fit<L: Label>(&self, x: &Array<B, T, Ix2>, y: &Array<B, L, Ix1>) -> Result<GaussianNB<B, T, L>> {
        check::samples("y", y.dims(), "x", x.dims())?;
        let mut model = self.start(y, x.dims()[1])?;
        model.partial_fit(x, y)?;
        Ok(model)
    }

    /// [`fit`](Self::fit) with a weight for every sample.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit), and for weights that are negative, all zero, or not one per sample.
    pub fn fit_weighted<L: Label>(
        &self,
        x: &Array<B, T, Ix2>,
        y: &Array<B, L, Ix1>,
        sample_weight: &Array<B, T, Ix1>,
    ) -> Result<GaussianNB<B, T, L>> {
        check::samples("y", y.dims(), "x", x.dims())?;
        let mut model = self.start(y, x.dims()[1])?;
        model.partial_fit_weighted(x, y, sample_weight)?;
        Ok(model)
    }
}

impl<B: Linalg<T>, T: Float, L: Label> GaussianNB<B, T, L> {
    /// Updates the model with further samples of the same classes, as if it had been fitted to all of them; variances are raised
    /// by a fraction of the largest one of these samples.
    ///
    /// # Errors
    /// As for [`GaussianNBParams::fit`], [`Error::Features`], [`Error::UnknownLabel`] for a label that is not among the classes; the
    /// model is then as before.
    pub fn partial_fit(&mut self, x: &Array<B, T, Ix2>, y: &Array<B, L, Ix1>) -> Result<()> {
        self.update(x, y, None)
    }

    /// [`partial_fit`](Self::partial_fit) with a weight for every sample.
    ///
    /// # Errors
    /// As for [`partial_fit`](Self::partial_fit), and for weights that are negative, all zero, or not one per sample.
    pub fn partial_fit_weighted(&mut self, x: &Array<B, T, Ix2>, y: &Array<B, L, Ix1>, sample_weight: &Array<B, T, Ix1>) -> Result<()> {
        check::weights(sample_weight, x.dims())?;
        self.update(x, y, Some(sample_weight))
    }

    fn update(&mut self, x: &Array<B, T, Ix2>, y: &Array<B, L, Ix1>, weights: Option<&Array<B, T, Ix1>>) -> Result<()> {
        check::at_least(x, 1)?;
        check::features("x", x, self.theta.dims()[1])?;
        check::samples("y", y.dims(), "x", x.dims())?;
        let index = index_in("y", y, &self.classes)?;
        let part = |rows: Range<usize>| {
            let weights = weights.map(|w| w.slice(s![rows.clone()])).transpose()?;
            let (x, index) = (x.slice(s![rows.clone()])?, index.slice(s![rows])?);
            Ok((Moments::<B, T>::of(&x, None, true)?, Sums::of(&x, &index, weights.as_ref(), self.classes.size())?))
        };
        let join = |(all, sums): (Moments<B, T>, Sums<B>), (more, other)| Ok((Moments::merge_all(&[all, more])?, sums.merge(&other)?));
        let (all, sums) = fold_rows(x, part, join)?;
        check::finite_by("x", x, &all.squares)?;
        self.take(&sums, self.var_smoothing * all.squares.max(..).item()?.to_f64() / x.dims()[0] as f64)
    }

    /// Takes in what another model has learnt from other samples of the same classes; variances are raised as in that one.
    ///
    /// # Errors
    /// [`Error::Shape`] when the features differ, [`Error::Value`] when the classes or parameters do.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        fits("other", other.theta.dims(), self.theta.dims())?;
        let priors = |model: &Self| model.priors.as_ref().map(|priors| priors.to_host()).transpose();
        if other.classes.to_host()? != self.classes.to_host()? || other.var_smoothing != self.var_smoothing || priors(other)? != priors(self)? {
            return Err(Error::value("other", "other classes or parameters", "the same classes, priors and var_smoothing"));
        }
        let Wide(counts) = &other.counts;
        if counts.sum(..).item()? == B::MaxFloat::ZERO {
            return Ok(());
        }
        let new = Sums { counts: counts.clone(), means: other.means.0.clone(), squares: other.squares.0.clone() };
        self.take(&new, other.epsilon)
    }

    /// Takes further samples, and raises variances.
    fn take(&mut self, new: &Sums<B>, epsilon: f64) -> Result<()> {
        let all = Sums { counts: self.counts.0.clone(), means: self.means.0.clone(), squares: self.squares.0.clone() }.merge(new)?;
        let one = B::MaxFloat::ONE;
        let weight = all.counts.lazy().equal(B::MaxFloat::ZERO).where_(one, &all.counts).try_eval()?.expand_dims(1)?;
        self.var = (all.squares.lazy() / &weight + B::MaxFloat::from_f64(epsilon)).astype::<T>().try_eval()?;
        self.theta = all.means.astype();
        if self.priors.is_none() {
            self.class_prior = (all.counts.lazy() / all.counts.sum(..).item()?).astype::<T>().try_eval()?;
        }
        self.epsilon = epsilon;
        (self.counts, self.means, self.squares) = (Wide(all.counts), Wide(all.means), Wide(all.squares));
        Ok(())
    }

    /// The number of samples of each class, or their weight.
    #[must_use]
    pub fn class_count(&self) -> &Array<B, B::MaxFloat, Ix1> {
        &self.counts.0
    }

    /// The label of each sample: of the class with the largest probability.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    pub fn predict(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, L, Ix1>> {
        let best = self.predict_joint_log_proba(x)?.argmax(1);
        Ok(self.classes.take(&best, 0)?)
    }

    /// The logarithm of the probability density of each sample together with each class, of shape `(n_samples, n_classes)`.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    pub fn predict_joint_log_proba(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.theta.dims()[1])?;
        check::finite("x", x)?;
        let [n, p] = x.shape();
        let k = self.classes.size();
        let turn = T::from_f64(2.0 * core::f64::consts::PI);
        let logs = host(&(self.var.lazy() * turn).log().sum(1).try_eval()?)?;
        let priors = host(&self.class_prior)?;
        let mut out = zeros(x.device(), [n, k])?;
        let (theta, var): (Vec<_>, Vec<_>) = (self.rows(&self.theta)?, self.rows(&self.var)?);
        // A block of rows is read once for each class, from a cache.
        for block in x.lazy().row_blocks(B::block_rows(p))? {
            let rows = block.expr().range();
            for class in 0..k {
                let distances = ((block - &theta[class]).square() / &var[class]).sum(1).try_eval()?;
                let constant = T::from_f64(priors[class].ln() - 0.5 * logs[class]);
                let density = distances.into_lazy() * T::from_f64(-0.5) + constant;
                out.set(s![rows.start..rows.end, class], density)?;
            }
        }
        Ok(out)
    }

    fn rows(&self, x: &Array<B, T, Ix2>) -> Result<Vec<Array<B, T, Ix1>>> {
        (0..x.dims()[0]).map(|k| Ok(x.index_axis(0, k)?.contiguous()?)).collect()
    }

    /// The logarithm of the probability of each class, of shape `(n_samples, n_classes)`.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    pub fn predict_log_proba(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        let joint = self.predict_joint_log_proba(x)?;
        let all = xp_core::extra::logsumexp(&joint, KeepDims(1))?;
        Ok((joint.into_lazy() - &all).try_eval()?)
    }

    /// The probability of each class, of shape `(n_samples, n_classes)`.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    pub fn predict_proba(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        Ok(self.predict_log_proba(x)?.into_lazy().exp().try_eval()?)
    }
}

/// Weight, mean and sum of squared deviations of each class.
struct Sums<B: Backend> {
    counts: Array<B, B::MaxFloat, Ix1>,
    means: Array<B, B::MaxFloat, Ix2>,
    squares: Array<B, B::MaxFloat, Ix2>,
}

mergeable!(Sums<B> { counts, means, squares });

impl<B: Backend> Sums<B> {
    fn of<T: Float>(x: &Array<B, T, Ix2>, index: &Array<B, i64, Ix1>, weights: Option<&Array<B, T, Ix1>>, k: usize) -> Result<Self>
    where
        B: Linalg<T>,
    {
        let numbers = xp_core::functions::arange(x.device(), 0, k as i64, 1)?;
        let column = index.expand_dims(1)?;
        let indicator = column.lazy().equal(&numbers).astype::<T>();
        let member = match weights {
            None => indicator.try_eval()?,
            Some(w) => (indicator * &w.expand_dims(1)?).try_eval()?,
        };
        let counts = member.lazy().astype::<B::MaxFloat>().sum(0).try_eval()?;
        let (zero, one) = (B::MaxFloat::ZERO, B::MaxFloat::ONE);
        let divisor = counts.lazy().equal(zero).where_(one, &counts).try_eval()?.expand_dims(1)?;
        let means = (B::cross(&member.lazy(), &x.lazy())?.into_lazy().astype::<B::MaxFloat>() / &divisor).try_eval()?;
        // Deviations from the rounded means of the dtype of the samples, and what the rounding leaves of their sum.
        let centres = means.astype::<T>();
        let deviations = || -> Result<_> { Ok(x.lazy() - centres.lazy_rows(index)?) };
        let rest = (B::cross(&member.lazy(), &deviations()?)?.into_lazy().astype::<B::MaxFloat>() / &divisor).try_eval()?;
        let squares = B::cross(&member.lazy(), &deviations()?.square())?;
        let shift = rest.lazy().square() * counts.expand_dims(1)?;
        let squares = (squares.into_lazy().astype::<B::MaxFloat>() - shift).maximum(zero).try_eval()?;
        let means = (centres.lazy().astype::<B::MaxFloat>() + &rest).try_eval()?;
        Ok(Sums { counts, means, squares })
    }

    /// Those of the samples of both.
    fn merge(&self, other: &Self) -> Result<Self> {
        let counts = (self.counts.lazy() + &other.counts).try_eval()?;
        let (zero, one) = (B::MaxFloat::ZERO, B::MaxFloat::ONE);
        let divisor = counts.lazy().equal(zero).where_(one, &counts).try_eval()?;
        let share = (other.counts.lazy() / &divisor).try_eval()?.expand_dims(1)?;
        let apart = (other.means.lazy() - &self.means).try_eval()?;
        let means = (self.means.lazy() + apart.lazy() * &share).try_eval()?;
        let between = apart.lazy().square() * &share * self.counts.expand_dims(1)?;
        let squares = (self.squares.lazy() + &other.squares + between).try_eval()?;
        Ok(Sums { counts, means, squares })
    }
}

impl<B: Linalg<T>, T: Float> Estimator for GaussianNBParams<B, T> {}

impl<B: Linalg<T>, T: Float, L: Label> Fit<Array<B, T, Ix2>, Array<B, L, Ix1>> for GaussianNBParams<B, T> {
    type Model = GaussianNB<B, T, L>;

    fn fit(&self, x: &Array<B, T, Ix2>, y: &Array<B, L, Ix1>) -> Result<Self::Model> {
        GaussianNBParams::fit(self, x, y)
    }
}

impl<B: Linalg<T>, T: Float, L: Label> FitWeighted<Array<B, T, Ix2>, Array<B, L, Ix1>> for GaussianNBParams<B, T> {
    fn fit_weighted(&self, x: &Array<B, T, Ix2>, y: &Array<B, L, Ix1>, sample_weight: &Array<B, T, Ix1>) -> Result<Self::Model> {
        GaussianNBParams::fit_weighted(self, x, y, sample_weight)
    }
}

impl<B: Linalg<T>, T: Float, L: Label> PartialFit<Array<B, T, Ix2>, Array<B, L, Ix1>> for GaussianNB<B, T, L> {
    fn partial_fit(&mut self, x: &Array<B, T, Ix2>, y: &Array<B, L, Ix1>) -> Result<()> {
        GaussianNB::partial_fit(self, x, y)
    }
}

impl<B: Linalg<T>, T: Float, L: Label> Merge for GaussianNB<B, T, L> {
    fn merge(&mut self, other: &Self) -> Result<()> {
        GaussianNB::merge(self, other)
    }
}

classifier!(GaussianNB, Linalg<T>);
probabilistic_classifier!(GaussianNB, Linalg<T>);
