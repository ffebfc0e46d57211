//! Features of a uniform or normal distribution, through their quantiles.

use core::marker::PhantomData;

use xp_core::functions::{Side, linspace, searchsorted, zeros};
use xp_core::{Array, Backend, Float, Ix1, Ix2, Num, s};

use super::columns::quantiles;
use crate::model::{Check, fits, model, named, text_fields};
use crate::traits::{inverse_transformer, transformer};
use crate::utils::Resample;
use crate::{Error, Result, check};

/// How close to 0 and 1 probabilities may come before they are taken as the ends of a normal distribution.
const BOUND: f64 = 1e-7;

/// Where a normal distribution ends: at probabilities that the inverse takes for the ends, as double precision has them.
const ENDS: (f64, f64) = (-5.199_337_582_605_575, 5.199_337_582_703_42);

/// Which distribution the features of [`QuantileTransformer`] get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutputDistribution {
    /// Uniform between 0 and 1.
    Uniform,
    /// Standard normal, between about -5.2 and 5.2.
    Normal,
}

named!(OutputDistribution, "output_distribution": Uniform = "uniform", Normal = "normal");
text_fields!(OutputDistribution);

model! {
    /// Maps each feature to where it lies among the fitted samples: to a uniform or a normal distribution.
    ///
    /// Between quantiles the map is linear; a value that several quantiles share goes to the middle of theirs. Values beyond the
    /// fitted ones go to the ends. It is scikit-learn's estimator of the same name, except that the samples that are drawn of many are
    /// others; NaN is left out of the quantiles and stays NaN.
    ///
    /// ```
    /// use xp::models::preprocessing::{OutputDistribution, QuantileTransformer};
    /// use xp::prelude::*;
    ///
    /// let x = array![[1.0_f64], [10.0], [100.0], [1000.0], [9000.0]];
    /// let uniform = QuantileTransformer::params().fit(&x)?;
    /// assert_eq!(uniform.transform(&array![[-7.0], [10.0], [55.0], [9000.0]])?.to_vec(), [0.0, 0.25, 0.375, 1.0]);
    /// assert_eq!(uniform.inverse_transform(&array![[0.375]])?.to_vec(), [55.0]);
    /// let normal = QuantileTransformer::params().output_distribution(OutputDistribution::Normal).fit(&x)?;
    /// let z = normal.transform(&array![[100.0], [1000.0]])?.to_vec();
    /// assert!(z[0] == 0.0 && (z[1] - 0.674489750196082).abs() < 1e-14);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct QuantileTransformer<B: Backend, T: Float> {
        /// The quantiles of each feature, by column.
        pub quantiles: Array<B, T, Ix2>,
        /// The probabilities of the quantiles.
        pub references: Array<B, T, Ix1>,
        output_distribution: OutputDistribution,
    }
}

impl<B: Backend, T: Float> Check for QuantileTransformer<B, T> {
    fn check(&self) -> Result<()> {
        let [m, p] = self.quantiles.shape();
        if m == 0 || p == 0 {
            return Err(Error::shape("quantiles", self.quantiles.dims(), "at least 1 row and 1 column"));
        }
        fits("references", self.references.dims(), &[m])
    }
}

/// Parameters of [`QuantileTransformer`].
#[derive(Clone, Debug)]
pub struct QuantileTransformerParams<B, T> {
    n_quantiles: usize,
    output_distribution: OutputDistribution,
    subsample: Option<usize>,
    seed: u64,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Backend, T: Float> QuantileTransformer<B, T> {
    /// The default parameters: 1000 quantiles of at most 10000 samples, a uniform distribution, seed 0.
    #[must_use]
    pub fn params() -> QuantileTransformerParams<B, T> {
        QuantileTransformerParams {
            n_quantiles: 1000,
            output_distribution: OutputDistribution::Uniform,
            subsample: Some(10_000),
            seed: 0,
            kind: PhantomData,
        }
    }
}

impl<B: Backend, T: Float> QuantileTransformerParams<B, T> {
    /// How many quantiles are kept; as many as there are samples, if there are not so many.
    #[must_use]
    pub fn n_quantiles(mut self, n: usize) -> Self {
        self.n_quantiles = n;
        self
    }

    /// Which distribution the features get.
    #[must_use]
    pub fn output_distribution(mut self, distribution: OutputDistribution) -> Self {
        self.output_distribution = distribution;
        self
    }

    /// Of how many samples, drawn without replacement, the quantiles are; `None` is all.
    #[must_use]
    pub fn subsample(mut self, n: impl Into<Option<usize>>) -> Self {
        self.subsample = n.into();
        self
    }

    /// Where the random numbers start.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Fits the model to samples of shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for no samples or no features, [`Error::NonFinite`] for infinity, [`Error::Value`] for no quantiles, or more than
    /// samples are drawn.
    pub fn fit(&self, x: &Array<B, T, Ix2>) -> Result<QuantileTransformer<B, T>> {
        if self.n_quantiles == 0 || self.subsample.is_some_and(|most| self.n_quantiles > most) {
            let expected = self.subsample.map_or_else(|| "at least 1".into(), |most| format!("1 to {most}, the number of samples that are drawn"));
            return Err(Error::value("n_quantiles", self.n_quantiles, expected));
        }
        check::at_least(x, 1)?;
        check::finite_or_nan("x", x)?;
        let m = self.n_quantiles.min(x.dims()[0]);
        let last = (m - 1).max(1);
        // Whole numbers: a quantile that falls on a sample is that sample.
        let places = |n: usize| (0..m).map(|i| (i * (n - 1) / last, (i * (n - 1) % last) as f64 / last as f64)).collect();
        let found = match self.subsample {
            Some(most) if most < x.dims()[0] => quantiles(&Resample::new().replace(false).n_samples(most).seed(self.seed).of(x)?, places)?,
            _ => quantiles(x, places)?,
        };
        let references = linspace(x.device(), T::ZERO..=T::ONE, m)?;
        Ok(QuantileTransformer { quantiles: found, references, output_distribution: self.output_distribution })
    }
}

impl<B: Backend, T: Float> QuantileTransformer<B, T> {
    /// The samples with their features mapped to the distribution.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`] for infinity.
    pub fn transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        let (m, p) = self.checked(x)?;
        let ends = |row: usize| self.quantiles.index_axis(0, row)?.to_host();
        let (lows, highs) = (ends(0)?, ends(m - 1)?);
        let mut out = zeros(x.device(), x.shape())?;
        for j in 0..p {
            let column = x.index_axis(1, j)?.contiguous()?;
            let share = self.shares(&column, &self.quantiles.index_axis(1, j)?.contiguous()?, lows[j], highs[j])?;
            out.set(s![.., j], share.astype::<T>())?;
        }
        if self.output_distribution == OutputDistribution::Uniform {
            return Ok(out);
        }
        let (c, bound) = (B::MaxFloat::from_f64, BOUND - f64::EPSILON);
        let inside = out.lazy().astype::<B::MaxFloat>().maximum(c(bound)).minimum(c(1.0 - bound)).try_eval()?;
        let z = inside.ndtri();
        let z = inside.lazy().less_equal(c(bound)).where_(c(ENDS.0), &z).try_eval()?;
        Ok(inside.lazy().greater_equal(c(1.0 - bound)).where_(c(ENDS.1), &z).astype::<T>().try_eval()?)
    }

    /// Where the elements of a column lie between quantiles, from 0 to 1: the mean of the first and the last place.
    fn shares(&self, x: &Array<B, T, Ix1>, q: &Array<B, T, Ix1>, low: T, high: T) -> Result<Array<B, B::MaxFloat, Ix1>> {
        let (last, c) = (q.size() as i64 - 1, B::MaxFloat::from_f64);
        let inside = x.lazy().maximum(low).minimum(high).try_eval()?;
        let above = (searchsorted(q, &inside, Side::Right)?.into_lazy() - 1).maximum(0).minimum(last).try_eval()?;
        let next = (above.lazy() + 1).minimum(last).try_eval()?;
        let below = searchsorted(q, &inside, Side::Left)?.into_lazy().minimum(last).try_eval()?;
        let previous = (below.lazy() - 1).maximum(0).try_eval()?;
        // How far an element is from one quantile on the way to another.
        let part = |from: &Array<B, i64, Ix1>, to: &Array<B, i64, Ix1>| -> Result<Array<B, B::MaxFloat, Ix1>> {
            let (from, to) = (q.take(from, 0)?, q.take(to, 0)?);
            let wide = from.lazy().astype::<B::MaxFloat>();
            let gap = (to.lazy().astype::<B::MaxFloat>() - wide).try_eval()?;
            // At an end there is no way to go, except for NaN.
            let gap = gap.lazy().equal(c(0.0)).where_(c(1.0), &gap).try_eval()?;
            Ok(((inside.lazy().astype::<B::MaxFloat>() - wide) / &gap).try_eval()?)
        };
        let (onward, back) = (part(&above, &next)?, part(&below, &previous)?);
        let upper = above.lazy().astype::<B::MaxFloat>() + &onward;
        let lower = below.lazy().astype::<B::MaxFloat>() - &back;
        let share = ((upper + lower) * c(0.5 / (last as f64).max(1.0))).try_eval()?;
        let normal = self.output_distribution == OutputDistribution::Normal;
        let near = if normal { T::from_f64(BOUND) } else { T::ZERO };
        // The lower end is the one of a feature without range, and of a single quantile.
        let top = if normal || last > 0 { 1.0 } else { 0.0 };
        let high_end = (x.lazy() + near).greater_equal(high).where_(c(top), &share).try_eval()?;
        Ok((x.lazy() - near).less_equal(low).where_(c(0.0), &high_end).try_eval()?)
    }

    /// The samples whose transform is `z`: values beyond the distribution go to its ends.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::NonFinite`] for infinity.
    pub fn inverse_transform(&self, z: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        let (m, _) = self.checked(z)?;
        let (last, c) = (m as i64 - 1, B::MaxFloat::from_f64);
        let wide = z.lazy().astype::<B::MaxFloat>();
        let normal = self.output_distribution == OutputDistribution::Normal;
        let share = if normal { wide.ndtr().try_eval()? } else { wide.try_eval()? };
        // Close to the ends are the ends.
        let near = if normal { BOUND } else { 0.0 };
        let share = (share.lazy() - c(near)).less_equal(c(0.0)).where_(c(0.0), &share).try_eval()?;
        let share = (share.lazy() + c(near)).greater_equal(c(1.0)).where_(c(1.0), &share).try_eval()?;
        let place = (share.into_lazy() * c(last as f64)).try_eval()?;
        let low = place.lazy().floor().astype::<i64>().maximum(0).minimum(last).try_eval()?;
        let high = (low.lazy() + 1).minimum(last).try_eval()?;
        let way = place.lazy() - low.lazy().astype::<B::MaxFloat>();
        let (from, to) = (self.quantiles.take_along_axis(&low, 0)?, self.quantiles.take_along_axis(&high, 0)?);
        let wide = from.lazy().astype::<B::MaxFloat>();
        Ok((wide + (to.lazy().astype::<B::MaxFloat>() - wide) * way).astype::<T>().try_eval()?)
    }

    /// The number of quantiles and of features.
    fn checked(&self, x: &Array<B, T, Ix2>) -> Result<(usize, usize)> {
        let [m, p] = self.quantiles.shape();
        check::features("x", x, p)?;
        check::finite_or_nan("x", x)?;
        Ok((m, p))
    }
}

transformer!(QuantileTransformerParams, QuantileTransformer, Backend);
inverse_transformer!(QuantileTransformer, Backend);
