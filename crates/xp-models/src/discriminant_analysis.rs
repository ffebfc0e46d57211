//! Linear discriminant analysis.

use core::marker::PhantomData;

use xp_core::functions::{arange, unique_values, where_, zeros};
use xp_core::linalg::{Thin, svd};
use xp_core::{Array, Backend, Dyn, Float, Ix1, Ix2, Linalg, Num, s};

use crate::labels::{Label, Labels, check_classes, group_sums, index_in};
use crate::linear_model::scores;
use crate::model::{Check, Wide, fits, model};
use crate::tall_svd::{TallSvd, device, gram_svd, host, tall_svd};
use crate::traits::{Estimator, Fit, Merge, PartialFit, Transform, classifier, probabilistic_classifier, scored_classifier};
use crate::{Error, Result, check};

model! {
    /// A classifier with a linear decision boundary, from normal class densities with one covariance matrix; it also projects
    /// data onto the directions that separate the classes best.
    ///
    /// It is scikit-learn's estimator of the same name with the solver `"svd"`, and agrees with it to rounding, except that
    /// the signs of the columns of [`scalings`](Self::scalings), and so of [`transform`](Self::transform), are not fixed by
    /// either. The data are read twice, once for the class means and once for the within-class scatter; when an error bound
    /// asks for it, a third time for a QR decomposition. They are never copied.
    ///
    /// ```
    /// use xp::prelude::*;
    /// use xp::models::discriminant_analysis::LinearDiscriminantAnalysis;
    ///
    /// let x = Array::from_vec(&Cpu, vec![-1.0, -1.0, -2.0, -1.0, -3.0, -2.0, 1.0, 1.0, 2.0, 1.0, 3.0, 2.0], [6, 2])?;
    /// let y = Array::from_vec(&Cpu, vec![1, 1, 1, 2, 2, 2], [6])?;
    /// let lda = LinearDiscriminantAnalysis::params().fit(&x, &y)?;
    /// let query = Array::from_vec(&Cpu, vec![-0.8, -1.0, 0.5, 0.25], [2, 2])?;
    /// assert_eq!(lda.predict(&query)?.to_vec(), [1, 2]);
    /// assert_eq!(lda.score(&x, &y)?, 1.0);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct LinearDiscriminantAnalysis<B: Backend, T: Float, L: Label = i64> {
        /// The distinct labels in ascending order.
        pub classes: Array<B, L, Ix1>,
        /// Class probabilities.
        pub priors: Array<B, T, Ix1>,
        /// Class means, one row per class.
        pub means: Array<B, T, Ix2>,
        /// The mean of the class means, weighted by the priors.
        pub xbar: Array<B, T, Ix1>,
        /// Directions, as columns of shape `(n_features, rank)`, in which the within-class covariance is the identity.
        pub scalings: Array<B, T, Ix2>,
        /// Weights of the decision functions, one row per class, or a single row for two classes.
        pub coef: Array<B, T, Ix2>,
        /// Constants of the decision functions.
        pub intercept: Array<B, T, Ix1>,
        /// The part of the variance between classes along each component.
        pub explained_variance_ratio: Array<B, T, Ix1>,
        /// The within-class covariance matrix, weighted by the priors, if it was asked for.
        pub covariance: Option<Array<B, T, Ix2>>,
        n_components: usize,
    }
}

impl<B: Backend, T: Float, L: Label> Check for LinearDiscriminantAnalysis<B, T, L> {
    fn check(&self) -> Result<()> {
        let ([k], [p]) = (self.classes.shape(), self.xbar.shape());
        let most = k.saturating_sub(1).min(p);
        if !(1..=most).contains(&self.n_components) {
            return Err(Error::value("n_components", self.n_components, format!("1 to {most} for {k} classes and {p} features")));
        }
        check_classes(&self.classes, 2)?;
        let rank = self.scalings.dims()[1];
        if !(1..=k.min(p)).contains(&rank) {
            return Err(Error::shape("scalings", self.scalings.dims(), format!("1 to {} columns", k.min(p))));
        }
        let functions = if k == 2 { 1 } else { k };
        fits("priors", self.priors.dims(), &[k])?;
        fits("means", self.means.dims(), &[k, p])?;
        fits("scalings", self.scalings.dims(), &[p, rank])?;
        fits("coef", self.coef.dims(), &[functions, p])?;
        fits("intercept", self.intercept.dims(), &[functions])?;
        fits("explained_variance_ratio", self.explained_variance_ratio.dims(), &[self.explained_variance_ratio.size().min(self.n_components)])?;
        self.covariance.as_ref().map_or(Ok(()), |covariance| fits("covariance", covariance.dims(), &[p, p]))
    }
}

/// Parameters of [`LinearDiscriminantAnalysis`].
#[derive(Clone, Debug)]
pub struct LinearDiscriminantAnalysisParams<B, T> {
    priors: Option<Vec<f64>>,
    n_components: Option<usize>,
    tol: f64,
    store_covariance: bool,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Linalg<T>, T: Float> LinearDiscriminantAnalysis<B, T> {
    /// The default parameters: class priors from the data, as many components as there are, `tol` 1e-4.
    #[must_use]
    pub fn params() -> LinearDiscriminantAnalysisParams<B, T> {
        LinearDiscriminantAnalysisParams { priors: None, n_components: None, tol: 1e-4, store_covariance: false, kind: PhantomData }
    }
}

impl<B: Linalg<T>, T: Float> LinearDiscriminantAnalysisParams<B, T> {
    /// Class probabilities, in the order of the sorted classes. They are divided by their sum.
    #[must_use]
    pub fn priors(mut self, priors: &[f64]) -> Self {
        self.priors = Some(priors.to_vec());
        self
    }

    /// The number of columns of `transform`, at most `min(n_classes - 1, n_features)`.
    #[must_use]
    pub fn n_components(mut self, n: usize) -> Self {
        self.n_components = Some(n);
        self
    }

    /// Singular values of the standardised within-class data that are not above `tol` are dropped, as are those of the class
    /// means that are not above `tol` times the largest.
    #[must_use]
    pub fn tol(mut self, tol: f64) -> Self {
        self.tol = tol;
        self
    }

    /// Whether the within-class covariance matrix is kept.
    #[must_use]
    pub fn store_covariance(mut self, store: bool) -> Self {
        self.store_covariance = store;
        self
    }

    /// Fits the model to samples `x`, of shape `(n_samples, n_features)`, and their labels `y`, of shape `(n_samples,)`.
    ///
    /// # Errors
    /// [`Error::Samples`] when the numbers of samples differ, [`Error::NonFinite`], [`Error::OneClass`],
    /// [`Error::FewSamples`], [`Error::Components`], [`Error::Value`] for `tol` or `priors` that are negative, not finite,
    /// all zero, or not one per class, [`Error::Degenerate`] when no direction is left.
    pub fn fit<L: Label>(&self, x: &Array<B, T, Ix2>, y: &Array<B, L, Ix1>) -> Result<LinearDiscriminantAnalysis<B, T, L>> {
        self.validate()?;
        let [n, p] = x.shape();
        check::samples("y", y.dims(), "x", x.dims())?;
        check::at_least(x, 2)?;
        let labels = Labels::of(y)?;
        let k = labels.len();
        if k == 1 {
            return Err(Error::OneClass { label: labels.classes.get([0])?.number() });
        }
        if n <= k {
            return Err(Error::FewSamples { samples: n, classes: k });
        }
        let counts: Vec<f64> = labels.counts.to_host()?.into_iter().map(|c| c as f64).collect();
        let priors = self.class_priors(&counts, n)?;
        let n_components = self.component_count(k, p)?;

        let on_device = |values: &[f64]| device::<B, T>(x.device(), values);
        let means = group_sums(x, &labels.index, k)? / on_device(&counts)?.expand_dims(1)?;
        check::finite_by("x", x, &means)?;

        // The within-class data, standardised and divided by sqrt(n): its singular values and right vectors.
        let within = x.lazy() - means.lazy_rows(&labels.index)?;
        let factors = |squares: &Array<B, T, Ix1>| standardising_factors(squares, &means, n);
        let limit = self.tol * self.tol;
        let svd_within = tall_svd(&within, factors, |spectrum| {
            let kept = spectrum.squares.iter().take_while(|&&s| s > limit).last();
            spectrum.separates(limit) && kept.is_some_and(|&s| spectrum.is_accurate(s))
        })?;
        let covariance = if self.store_covariance {
            // Class covariances, weighted by the priors.
            let weights: Vec<f64> = priors.iter().zip(&counts).map(|(q, c)| (q / c).sqrt()).collect();
            let weights = on_device(&weights)?.expand_dims(1)?;
            Some(B::gram(&(within * weights.lazy_rows(&labels.index)?))?)
        } else {
            None
        };
        self.finish(svd_within, labels.classes, n, &priors, means, n_components, covariance)
    }

    /// The model, from the singular values and vectors of the standardised deviations from the class means.
    #[allow(clippy::too_many_arguments)]
    fn finish<L: Label>(
        &self,
        svd_within: TallSvd<B, T>,
        classes: Array<B, L, Ix1>,
        n: usize,
        priors: &[f64],
        means: Array<B, T, Ix2>,
        n_components: usize,
        covariance: Option<Array<B, T, Ix2>>,
    ) -> Result<LinearDiscriminantAnalysis<B, T, L>> {
        let (k, at) = (priors.len(), means.device().clone());
        let on_device = |values: &[f64]| device::<B, T>(&at, values);
        let prior = on_device(priors)?;
        let xbar = prior.matmul(&means)?;
        let rank = svd_within.s.iter().take_while(|&&s| s > self.tol).count();
        if rank == 0 {
            return Err(Error::Degenerate(format!("x has no variance within the classes above tol = {}", self.tol)));
        }
        let rows = svd_within.vt.slice(s![..rank])?;
        let root_n = T::from_f64((n as f64).sqrt());
        let unscaled = (rows.lazy() * &svd_within.factors * root_n).try_eval()?.t();
        let scalings = unscaled / on_device(&svd_within.s[..rank])?;

        // The weighted differences of the class means, seen through these scalings.
        let weights: Vec<f64> = priors.iter().map(|q| (n as f64 * q / (k as f64 - 1.0)).sqrt()).collect();
        let centred = &means - &xbar;
        let (_, between, vt) = svd(&(&centred * on_device(&weights)?.expand_dims(1)?).matmul(&scalings)?, Thin)?;
        let between = host(&between)?;
        let largest = between[0];
        if largest == 0.0 {
            return Err(Error::Degenerate("the classes all have the same mean".into()));
        }
        let total: f64 = between.iter().map(|s| s * s).sum();
        let ratios: Vec<f64> = between.iter().take(n_components).map(|s| s * s / total).collect();
        let rank = between.iter().filter(|&&s| s > self.tol * largest).count();
        let scalings = scalings.matmul(&vt.slice(s![..rank])?.t())?;

        let projected = centred.matmul(&scalings)?;
        let constant = projected.lazy().square().sum(1).try_eval()? * T::from_f64(-0.5) + prior.log();
        let coef = projected.matmul(&scalings.t())?;
        let intercept = constant - coef.matmul(&xbar)?;
        // Two classes need one function: the difference of the two.
        let (coef, intercept) = if k == 2 { (last_minus_first(&coef)?, last_minus_first(&intercept)?) } else { (coef, intercept) };

        Ok(LinearDiscriminantAnalysis {
            classes,
            priors: prior,
            means,
            xbar,
            scalings: scalings.contiguous()?,
            coef,
            intercept,
            explained_variance_ratio: on_device(&ratios)?,
            covariance,
            n_components,
        })
    }

    fn validate(&self) -> Result<()> {
        if !(self.tol >= 0.0 && self.tol.is_finite()) {
            return Err(Error::value("tol", self.tol, "a number that is not negative"));
        }
        if self.n_components == Some(0) {
            return Err(Error::value("n_components", 0, "at least 1"));
        }
        Ok(())
    }

    fn class_priors(&self, counts: &[f64], n: usize) -> Result<Vec<f64>> {
        let Some(priors) = &self.priors else {
            return Ok(counts.iter().map(|c| c / n as f64).collect());
        };
        let sum: f64 = priors.iter().sum();
        if priors.len() != counts.len() || priors.iter().any(|q| q.is_nan() || *q < 0.0) || !(sum > 0.0 && sum.is_finite()) {
            let expected = format!("{} numbers, one per class, none negative and not all zero", counts.len());
            return Err(Error::value("priors", format!("{priors:?}"), expected));
        }
        // scikit-learn's rule: a sum that is off by no more than rounding stays.
        let divisor = if (sum - 1.0).abs() > 1e-5 { sum } else { 1.0 };
        Ok(priors.iter().map(|q| q / divisor).collect())
    }

    fn component_count(&self, classes: usize, features: usize) -> Result<usize> {
        let most = (classes - 1).min(features);
        match self.n_components {
            Some(given) if given > most => {
                Err(Error::Components { given, most, why: format!("{classes} classes and {features} features: min(n_classes - 1, n_features)") })
            }
            given => Ok(given.unwrap_or(most)),
        }
    }
}

impl<B: Linalg<T>, T: Float, L: Label> LinearDiscriminantAnalysis<B, T, L> {
    /// The samples in the coordinates that separate the classes best, of shape `(n_samples, n_components)`.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    pub fn transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.xbar.size())?;
        let kept = self.scalings.slice(s![.., ..self.n_components])?.contiguous()?;
        let out = B::project(&(x.lazy() - &self.xbar), &kept)?;
        check::finite_by("x", x, &out)?;
        Ok(out)
    }

    /// The logarithm of the posterior of every class up to a constant, of shape `(n_samples, n_classes)`; for two classes
    /// the difference between the second and the first, of shape `(n_samples,)`.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    pub fn decision_function(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Dyn>> {
        scores::decision(&self.scores(x)?)
    }

    fn scores(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        scores::scores(&self.coef, &self.intercept, x)
    }

    /// The most probable class of every sample.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    pub fn predict(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, L, Ix1>> {
        scores::choose(&self.classes, &self.scores(x)?)
    }

    /// The probability of every class, of shape `(n_samples, n_classes)`.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    ///
    /// ```
    /// # use xp::prelude::*;
    /// # use xp::models::discriminant_analysis::LinearDiscriminantAnalysis;
    /// let x = Array::from_vec(&Cpu, vec![0.0_f64, 1.0, 2.0, 4.0, 5.0, 6.0], [6, 1])?;
    /// let y = Array::from_vec(&Cpu, vec![0, 0, 0, 1, 1, 1], [6])?;
    /// let lda = LinearDiscriminantAnalysis::params().fit(&x, &y)?;
    /// let p = lda.predict_proba(&Array::from_vec(&Cpu, vec![3.0], [1, 1])?)?;
    /// assert!((p.get([0, 0])? - 0.5).abs() < 1e-12 && (p.get([0, 1])? - 0.5).abs() < 1e-12);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    pub fn predict_proba(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        scores::probabilities(&self.scores(x)?)
    }

    /// The logarithm of [`predict_proba`](Self::predict_proba), where a probability of zero counts as the smallest normal
    /// number.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`].
    pub fn predict_log_proba(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        let p = self.predict_proba(x)?;
        let smallest = p.full_like(T::MIN_POSITIVE)?;
        Ok(where_(&p.equal(T::ZERO), &smallest, &p).into_lazy().log().try_eval()?)
    }
}

impl<B: Linalg<T>, T: Float> Estimator for LinearDiscriminantAnalysisParams<B, T> {}

impl<B: Linalg<T>, T: Float, L: Label> Fit<Array<B, T, Ix2>, Array<B, L, Ix1>> for LinearDiscriminantAnalysisParams<B, T> {
    type Model = LinearDiscriminantAnalysis<B, T, L>;

    fn fit(&self, x: &Array<B, T, Ix2>, y: &Array<B, L, Ix1>) -> Result<Self::Model> {
        LinearDiscriminantAnalysisParams::fit(self, x, y)
    }
}

impl<B: Linalg<T>, T: Float, L: Label> Transform<Array<B, T, Ix2>> for LinearDiscriminantAnalysis<B, T, L> {
    type Output = Array<B, T, Ix2>;

    fn transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        LinearDiscriminantAnalysis::transform(self, x)
    }
}

classifier!(LinearDiscriminantAnalysis, Linalg<T>);
probabilistic_classifier!(LinearDiscriminantAnalysis, Linalg<T>);
scored_classifier!(LinearDiscriminantAnalysis, Linalg<T>);

/// The factors that make the columns, given their sums of squared deviations from the class means, have variance `1 / n`.
/// A column whose deviations are not above the rounding of its means is constant, and keeps its scale.
fn standardising_factors<B: Linalg<T>, T: Float>(squares: &Array<B, T, Ix1>, means: &Array<B, T, Ix2>, n: usize) -> Result<Array<B, T, Ix1>> {
    let n = n as f64;
    let rounding = T::EPSILON.to_f64() * 4.0;
    let sizes = host(&means.lazy().abs().max(0).try_eval()?)?;
    let factors: Vec<f64> = host(squares)?
        .into_iter()
        .zip(sizes)
        .map(|(square, size)| {
            let std = (square / n).sqrt();
            1.0 / (if std <= rounding * size { 1.0 } else { std } * n.sqrt())
        })
        .collect();
    device(squares.device(), &factors)
}

/// The second row (or element) minus the first, as an axis of length 1.
fn last_minus_first<B: Backend, T: Float, D: xp_core::Dim>(x: &Array<B, T, D>) -> Result<Array<B, T, D>> {
    Ok(x.slice_axis(0, 1..)? - x.slice_axis(0, ..1)?)
}

model! {
    /// The sizes and means of classes, and the products of deviations from them: all that [`LinearDiscriminantAnalysis`] needs of samples.
    ///
    /// It learns from samples batch by batch, in the memory of a batch, and those of different samples can be [merged](Merge): then
    /// [`fit_statistics`](LinearDiscriminantAnalysisParams::fit_statistics) gives the model that all the samples would. Products are summed in
    /// the widest float of the backend.
    ///
    /// ```
    /// use xp::models::discriminant_analysis::{ClassStatistics, LinearDiscriminantAnalysis};
    /// use xp::prelude::*;
    ///
    /// let x = array![[-1.0_f64, -1.0], [1.0, 1.0], [-2.0, -1.0], [2.0, 1.0], [-3.0, -2.0], [3.0, 2.0]];
    /// let y = array![1, 2, 1, 2, 1, 2];
    /// let mut sums = ClassStatistics::start(&array![1, 2], 2)?;
    /// for at in [0, 2, 4] {
    ///     sums.partial_fit(&x.slice(s![at..at + 2])?, &y.slice(s![at..at + 2])?)?;
    /// }
    /// let lda = LinearDiscriminantAnalysis::params();
    /// let (parts, whole) = (lda.fit_statistics(&sums)?, lda.fit(&x, &y)?);
    /// assert!((parts.coef() - whole.coef()).abs().max(..).item()? < 1e-12);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct ClassStatistics<B: Backend, T: Float, L: Label = i64> {
        /// The distinct labels in ascending order.
        pub classes: Array<B, L, Ix1>,
        counts: Wide<B, Ix1>,
        means: Wide<B, Ix2>,
        within: Wide<B, Ix2>,
        data: crate::model::Data<B, T>,
    }
}

impl<B: Backend, T: Float, L: Label> Check for ClassStatistics<B, T, L> {
    fn check(&self) -> Result<()> {
        let ([k], [_, p]) = (self.classes.shape(), self.means.0.shape());
        check_classes(&self.classes, 1)?;
        fits("counts", self.counts.0.dims(), &[k])?;
        fits("means", self.means.0.dims(), &[k, p])?;
        fits("within", self.within.0.dims(), &[p, p])
    }
}

impl<B: Linalg<T>, T: Float, L: Label> ClassStatistics<B, T, L> {
    /// Those of no samples, of these classes.
    ///
    /// # Errors
    /// [`Error::Value`] for no classes; when memory runs out or the device fails.
    pub fn start(classes: &Array<B, L, Ix1>, n_features: usize) -> Result<Self> {
        let (classes, at) = (unique_values(classes)?, classes.device());
        let k = classes.size();
        if k == 0 {
            return Err(Error::value("classes", "none", "at least one"));
        }
        let (counts, means) = (Wide(zeros(at, [k])?), Wide(zeros(at, [k, n_features])?));
        Ok(ClassStatistics { classes, counts, means, within: Wide(zeros(at, [n_features, n_features])?), data: crate::model::Data::default() })
    }

    /// Takes further samples of the classes, of shape `(n_samples, n_features)`, and their labels.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::Samples`], [`Error::Shape`] for no samples, [`Error::NonFinite`], [`Error::UnknownLabel`]; the sums are then
    /// as before.
    pub fn partial_fit(&mut self, x: &Array<B, T, Ix2>, y: &Array<B, L, Ix1>) -> Result<()> {
        check::at_least(x, 1)?;
        check::features("x", x, self.means.0.dims()[1])?;
        check::samples("y", y.dims(), "x", x.dims())?;
        let (index, k) = (index_in("y", y, &self.classes)?, self.classes.size());
        let sums = group_sums(x, &index, k)?;
        check::finite_by("x", x, &sums)?;
        let column = index.expand_dims(1)?;
        let member = column.lazy().equal(&arange(x.device(), 0, k as i64, 1)?).astype::<B::MaxFloat>().sum(0).try_eval()?;
        let divisor = member.lazy().maximum(B::MaxFloat::ONE).try_eval()?.expand_dims(1)?;
        let means = (sums.lazy().astype::<B::MaxFloat>() / &divisor).try_eval()?;
        let centres = means.astype::<T>();
        let within = B::gram(&(x.lazy() - centres.lazy_rows(&index)?))?;
        let new = ClassStatistics {
            classes: self.classes.clone(),
            counts: Wide(member),
            means: Wide(means),
            within: Wide(within.astype()),
            data: crate::model::Data::default(),
        };
        self.take(&new)
    }

    /// Takes the samples of others.
    ///
    /// # Errors
    /// [`Error::Shape`] when the numbers of features differ, [`Error::Value`] when the classes do.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if other.classes.to_host()? != self.classes.to_host()? {
            let said =
                |of: &Self| Ok::<_, Error>(format!("the classes {:?}", of.classes.to_host()?.into_iter().map(Label::number).collect::<Vec<_>>()));
            return Err(Error::value("other", said(other)?, said(self)?));
        }
        fits("other", other.means.0.dims(), self.means.0.dims())?;
        self.take(other)
    }

    fn take(&mut self, other: &Self) -> Result<()> {
        let (old, new) = (&self.counts.0, &other.counts.0);
        let counts = (old.lazy() + new).try_eval()?;
        let share = (new.lazy() / counts.lazy().maximum(B::MaxFloat::ONE)).try_eval()?;
        let column = share.expand_dims(1)?;
        let apart = (other.means.0.lazy() - &self.means.0).try_eval()?;
        // Two samples' means of a class differ: that is a deviation too.
        let between = (apart.lazy() * (share.lazy() * old).sqrt().try_eval()?.expand_dims(1)?).astype::<T>().try_eval()?;
        let between = B::gram(&between.lazy())?;
        self.within = Wide((self.within.0.lazy() + &other.within.0 + between.lazy().astype::<B::MaxFloat>()).try_eval()?);
        self.means = Wide((self.means.0.lazy() + apart.lazy() * &column).try_eval()?);
        self.counts = Wide(counts);
        Ok(())
    }

    /// The number of samples of each class.
    #[must_use]
    pub fn class_count(&self) -> &Array<B, B::MaxFloat, Ix1> {
        &self.counts.0
    }
}

impl<B: Linalg<T>, T: Float, L: Label> PartialFit<Array<B, T, Ix2>, Array<B, L, Ix1>> for ClassStatistics<B, T, L> {
    fn partial_fit(&mut self, x: &Array<B, T, Ix2>, y: &Array<B, L, Ix1>) -> Result<()> {
        ClassStatistics::partial_fit(self, x, y)
    }
}

impl<B: Linalg<T>, T: Float, L: Label> Merge for ClassStatistics<B, T, L> {
    fn merge(&mut self, other: &Self) -> Result<()> {
        ClassStatistics::merge(self, other)
    }
}

impl<B: Linalg<T>, T: Float> LinearDiscriminantAnalysisParams<B, T> {
    /// Fits the model to the samples that statistics were taken of: by the eigenvalues of the products, whose rounding hides singular values
    /// below the root of the rounding unit times the largest. Classes without samples are left out.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit), and [`Error::Value`] for `store_covariance` with priors other than those of the data, as the covariance of each
    /// class is not known.
    pub fn fit_statistics<L: Label>(&self, statistics: &ClassStatistics<B, T, L>) -> Result<LinearDiscriminantAnalysis<B, T, L>> {
        self.validate()?;
        let counts = host(&statistics.counts.0)?;
        let present: Vec<i64> = (0..counts.len() as i64).filter(|&class| counts[class as usize] > 0.0).collect();
        let counts: Vec<f64> = counts.into_iter().filter(|&count| count > 0.0).collect();
        let (k, p, n) = (present.len(), statistics.means.0.dims()[1], counts.iter().sum::<f64>() as usize);
        let rows = Array::from_vec(statistics.classes.device(), present, [k])?;
        let (classes, means) = (statistics.classes.take(&rows, 0)?, statistics.means.0.take(&rows, 0)?.astype::<T>());
        if k == 1 {
            return Err(Error::OneClass { label: classes.get([0])?.number() });
        }
        if k == 0 || n <= k {
            return Err(Error::FewSamples { samples: n, classes: k });
        }
        if self.store_covariance && self.priors.is_some() {
            return Err(Error::value(
                "store_covariance",
                "true, with priors",
                "priors from the data: only the sum of the class covariances is known",
            ));
        }
        let priors = self.class_priors(&counts, n)?;
        let n_components = self.component_count(k, p)?;
        let within = statistics.within.0.astype::<T>();
        let factors = standardising_factors(&within.diagonal(0)?, &means, n)?;
        let scaled = (within.lazy() * &factors * &factors.expand_dims(1)?).try_eval()?;
        let floor = T::EPSILON.to_f64() * p as f64;
        let found = gram_svd(&scaled, |_| true)?;
        let (s, vt) = found.ok_or_else(|| Error::Degenerate(format!("x has no variance within the classes above tol = {}", self.tol)))?;
        // What rounding leaves of a zero is no direction.
        let limit = s.first().copied().unwrap_or(0.0) * floor.sqrt();
        let s = s.into_iter().map(|s| if s > limit { s } else { 0.0 }).collect();
        let covariance = if self.store_covariance { Some((within.lazy() * T::from_f64(1.0 / n as f64)).try_eval()?) } else { None };
        self.finish(TallSvd { s, vt, factors }, classes, n, &priors, means, n_components, covariance)
    }
}
