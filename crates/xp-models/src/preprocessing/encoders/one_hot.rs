//! A column of zeros and ones for each category.

use core::marker::PhantomData;

use xp_core::functions::{full, zeros};
use xp_core::{Array, Backend, Float, Ix1, Ix2, s};

use super::categories::{Categories, Feature, Given, Numbers, numbers};
use super::{category_parameters, encoder};
use crate::labels::{Label, index_in, positions};
use crate::model::{Check, Data, fits, model, named, text_fields};
use crate::{Error, Result, check};

/// Which category of a feature gets no column from [`OneHotEncoder`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DropCategory {
    /// The first one of each feature.
    First,
    /// The first one of each feature that has two.
    IfBinary,
    /// This one of each feature.
    Each(Vec<i128>),
}

/// What [`OneHotEncoder`] makes of a category that it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandleUnknown {
    /// An error.
    Error,
    /// 0 in all columns of the feature.
    Ignore,
    /// The infrequent category of the feature, and 0 in all columns where there is none.
    InfrequentIfExist,
    /// As [`HandleUnknown::InfrequentIfExist`]; scikit-learn warns. Which features hold such categories, say
    /// [`OneHotEncoder::unknown_features`].
    Warn,
}
named!(HandleUnknown, "handle_unknown": Error = "error", Ignore = "ignore", InfrequentIfExist = "infrequent_if_exist", Warn = "warn");
text_fields!(HandleUnknown);

model! {
    /// A column for each category of each feature, with 1 where a sample is of the category and 0 elsewhere.
    ///
    /// Categories are integers of any dtype, or `bool`; [`TextCategories`](super::TextCategories) makes them of text. Categories with few
    /// samples can be taken together. It is scikit-learn's estimator of the same name, with an array that is not sparse.
    ///
    /// ```
    /// use xp::models::preprocessing::OneHotEncoder;
    /// use xp::prelude::*;
    ///
    /// let x = array![[1, 7], [3, 7], [3, 9]];
    /// let encoder = OneHotEncoder::<Cpu, f64>::params().fit(&x)?;
    /// let columns = encoder.transform(&x)?;
    /// assert_eq!(columns.to_vec(), [1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0]);
    /// assert_eq!(encoder.inverse_transform(&columns)?.to_vec(), x.to_vec());
    /// assert_eq!(encoder.categories()?[1].to_vec(), [7, 9]);
    ///
    /// // Two of three categories are seen once.
    /// let rare = OneHotEncoder::<Cpu, f64>::params().min_frequency(2_usize).fit(&array![[4], [5], [5], [6]])?;
    /// assert_eq!(rare.transform(&array![[5], [6]])?.to_vec(), [1.0, 0.0, 0.0, 1.0]);
    /// assert_eq!(rare.infrequent_categories()?[0].as_ref().unwrap().to_vec(), [4, 6]);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(2)]
    pub struct OneHotEncoder<B: Backend, T: Float, L: Label = i64> {
        categories: Categories<B, L>,
        dropped: Numbers,
        handle_unknown: HandleUnknown,
        data: Data<B, T>,
    }
}

impl<B: Backend, T: Float, L: Label> Check for OneHotEncoder<B, T, L> {
    fn check(&self) -> Result<()> {
        fits("dropped", &[self.dropped.0.len()], &[self.categories.len()])?;
        match self.dropped.0.iter().zip(&self.categories.widths.0).find(|&(&dropped, &width)| !(-1..width).contains(&dropped)) {
            Some((dropped, width)) => Err(Error::value("dropped", dropped, format!("a position of {width} categories, or -1"))),
            None => Ok(()),
        }
    }
}

/// Parameters of [`OneHotEncoder`].
#[derive(Clone, Debug)]
pub struct OneHotEncoderParams<B, T> {
    given: Given,
    drop: Option<DropCategory>,
    handle_unknown: HandleUnknown,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Backend, T: Float> OneHotEncoder<B, T> {
    /// The default parameters: the categories of the samples, a column for each, unknown ones are errors.
    #[must_use]
    pub fn params() -> OneHotEncoderParams<B, T> {
        OneHotEncoderParams { given: Given::default(), drop: None, handle_unknown: HandleUnknown::Error, kind: PhantomData }
    }
}

category_parameters!(OneHotEncoderParams);

impl<B: Backend, T: Float> OneHotEncoderParams<B, T> {
    /// Which category of each feature gets no column.
    #[must_use]
    pub fn drop(mut self, drop: impl Into<Option<DropCategory>>) -> Self {
        self.drop = drop.into();
        self
    }

    /// What becomes of a category that is not known.
    #[must_use]
    pub fn handle_unknown(mut self, how: HandleUnknown) -> Self {
        self.handle_unknown = how;
        self
    }

    /// Learns the categories of samples of shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for no samples or no features, [`Error::Value`] for given categories that are not one list for each feature, in
    /// ascending order, for frequencies out of range, and for a category to drop that does not exist or is infrequent,
    /// [`Error::UnknownLabel`] for a sample of another category than those given.
    pub fn fit<L: Label>(&self, x: &Array<B, L, Ix2>) -> Result<OneHotEncoder<B, T, L>> {
        let categories = Categories::learn(x, &self.given, None)?;
        let features = categories.features()?;
        if self.given.categories.is_some() && self.handle_unknown == HandleUnknown::Error {
            for (j, feature) in features.iter().enumerate() {
                index_in("x", &x.index_axis(1, j)?.contiguous()?, &feature.values)?;
            }
        }
        let dropped = match &self.drop {
            None => vec![-1; features.len()],
            Some(DropCategory::First) => vec![0; features.len()],
            Some(DropCategory::IfBinary) => features.iter().map(|feature| if feature.width == 2 { 0 } else { -1 }).collect(),
            Some(DropCategory::Each(labels)) if labels.len() != features.len() => {
                return Err(Error::value("drop", format!("{} categories", labels.len()), format!("one for each of {} features", features.len())));
            }
            Some(DropCategory::Each(labels)) => {
                features.iter().zip(labels).enumerate().map(|(j, (feature, &label))| group_of(j, feature, label)).collect::<Result<_>>()?
            }
        };
        Ok(OneHotEncoder { categories, dropped: Numbers(dropped), handle_unknown: self.handle_unknown, data: Data::default() })
    }
}

/// The group of a category that is to be dropped.
fn group_of<B: Backend, L: Label>(j: usize, feature: &Feature<B, L>, label: i128) -> Result<i64> {
    let known = numbers(&feature.values)?;
    let Some(at) = known.iter().position(|&number| number == label) else {
        return Err(Error::value("drop", format!("the category {label} of feature {j}"), format!("one of {known:?}")));
    };
    let group = feature.groups.get([at])?;
    if feature.infrequent == Some(group) {
        return Err(Error::value("drop", format!("the category {label} of feature {j}"), "one that is not infrequent"));
    }
    Ok(group)
}

impl<B: Backend, T: Float, L: Label> OneHotEncoder<B, T, L> {
    /// The categories of each feature in ascending order.
    ///
    /// # Errors
    /// When the device fails.
    pub fn categories(&self) -> Result<Vec<Array<B, L, Ix1>>> {
        Ok(self.categories.features()?.into_iter().map(|feature| feature.values).collect())
    }

    /// The infrequent categories of each feature, which are taken together; `None` for a feature that has none.
    ///
    /// # Errors
    /// When the device fails.
    pub fn infrequent_categories(&self) -> Result<Vec<Option<Array<B, L, Ix1>>>> {
        self.categories.infrequent_categories()
    }

    /// The positions of the categories without a column, the first of the infrequent ones for all of them; `None` for a feature where
    /// all have one.
    ///
    /// # Errors
    /// When the device fails.
    pub fn drop_idx(&self) -> Result<Vec<Option<usize>>> {
        let first = |(feature, &dropped): (&Feature<B, L>, &i64)| match usize::try_from(dropped) {
            Ok(group) => Ok(Some(feature.firsts()?[group] as usize)),
            Err(_) => Ok(None),
        };
        self.categories.features()?.iter().zip(&self.dropped.0).map(first).collect()
    }

    /// The number of columns that come out.
    #[must_use]
    pub fn n_output_features(&self) -> usize {
        (0..self.categories.len()).map(|j| self.kept(j).len()).sum()
    }

    /// The groups of a feature that have a column.
    fn kept(&self, feature: usize) -> Vec<i64> {
        (0..self.categories.widths.0[feature]).filter(|&group| group != self.dropped.0[feature]).collect()
    }

    /// The columns of the categories, of shape `(n_samples, n_output_features)`.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::UnknownLabel`].
    pub fn transform(&self, x: &Array<B, L, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.categories.len())?;
        let mut out = zeros(x.device(), [x.dims()[0], self.n_output_features()])?;
        let mut at = 0;
        for (j, feature) in self.categories.features()?.iter().enumerate() {
            let groups = self.groups(&x.index_axis(1, j)?.contiguous()?, feature)?.expand_dims(1)?;
            let kept = self.kept(j);
            let width = kept.len();
            let kept = Array::from_vec(x.device(), kept, [1, width])?;
            out.set(s![.., at..at + width], groups.lazy().equal(&kept).astype::<T>())?;
            at += width;
        }
        Ok(out)
    }

    /// The group of each sample, -1 for one of no group.
    fn groups(&self, column: &Array<B, L, Ix1>, feature: &Feature<B, L>) -> Result<Array<B, i64, Ix1>> {
        if self.handle_unknown == HandleUnknown::Error {
            return Ok(feature.groups.take(&index_in("x", column, &feature.values)?, 0)?);
        }
        let other = match self.handle_unknown {
            HandleUnknown::Ignore => -1,
            _ => feature.infrequent.unwrap_or(-1),
        };
        let with_other = xp_core::functions::concat(&[&feature.groups, &full(column.device(), [1], other)?], 0)?;
        Ok(with_other.take(&positions(column, &numbers(&feature.values)?)?, 0)?)
    }

    /// The features in which a sample has a category that is not known.
    ///
    /// # Errors
    /// [`Error::Features`].
    pub fn unknown_features(&self, x: &Array<B, L, Ix2>) -> Result<Vec<usize>> {
        check::features("x", x, self.categories.len())?;
        let mut unknown = vec![];
        for (j, feature) in self.categories.features()?.iter().enumerate() {
            let known = numbers(&feature.values)?;
            let at = positions(&x.index_axis(1, j)?.contiguous()?, &known)?;
            if at.lazy().equal(known.len() as i64).any(..).try_eval()?.item()? {
                unknown.push(j);
            }
        }
        Ok(unknown)
    }

    /// The categories whose columns are largest; where all columns of a feature are 0, the one without a column.
    ///
    /// # Errors
    /// [`Error::Shape`] for a wrong number of columns, [`Error::NonFinite`], [`Error::Value`] for a row of zeros of a feature whose
    /// categories all have a column, and for one of the infrequent categories of a feature, of which it is not known which:
    /// [`inverse_transform_or`](Self::inverse_transform_or) gives them a label.
    pub fn inverse_transform(&self, z: &Array<B, T, Ix2>) -> Result<Array<B, L, Ix2>> {
        self.invert(z, None)
    }

    /// [`inverse_transform`](Self::inverse_transform) with a label for infrequent categories, and one for unknown ones, whose columns
    /// are all 0.
    ///
    /// # Errors
    /// [`Error::Shape`] for a wrong number of columns, [`Error::NonFinite`].
    pub fn inverse_transform_or(&self, z: &Array<B, T, Ix2>, infrequent: L, unknown: L) -> Result<Array<B, L, Ix2>> {
        self.invert(z, Some((infrequent, unknown)))
    }

    fn invert(&self, z: &Array<B, T, Ix2>, others: Option<(L, L)>) -> Result<Array<B, L, Ix2>> {
        let n = z.dims()[0];
        if z.dims()[1] != self.n_output_features() {
            return Err(Error::shape("z", z.dims(), format!("{} columns, one per category", self.n_output_features())));
        }
        check::finite("z", z)?;
        let mut out = zeros(z.device(), [n, self.categories.len()])?;
        let mut at = 0;
        for (j, feature) in self.categories.features()?.iter().enumerate() {
            let kept = self.kept(j);
            let (width, dropped) = (kept.len(), self.dropped.0[j]);
            let groups = if width == 0 {
                full(z.device(), [n], dropped)?
            } else {
                let block = z.slice(s![.., at..at + width])?;
                let largest = Array::from_vec(z.device(), kept, [width])?.take(&block.lazy().argmax(1).try_eval()?, 0)?;
                let none = block.lazy().equal(T::ZERO).all(1).try_eval()?;
                none.lazy().where_(dropped, &largest).try_eval()?
            };
            out.set(s![.., j], labels_of("z", j, &groups, feature, others)?)?;
            at += width;
        }
        Ok(out)
    }
}

/// The labels of groups of a feature, where -1 is an unknown one. `others` are the labels for infrequent and unknown categories, which are
/// errors without.
pub(super) fn labels_of<B: Backend, L: Label>(
    argument: &'static str,
    j: usize,
    groups: &Array<B, i64, Ix1>,
    feature: &Feature<B, L>,
    others: Option<(L, L)>,
) -> Result<Array<B, L, Ix1>> {
    let (device, firsts) = (groups.device(), feature.firsts()?);
    let mut labels: Vec<L> = vec![];
    for &first in &firsts {
        labels.push(feature.values.get([first as usize])?);
    }
    let rare = feature.infrequent.unwrap_or(-2);
    if let Some((infrequent, unknown)) = others {
        if let Ok(group) = usize::try_from(rare) {
            labels[group] = infrequent;
        }
        labels.push(unknown);
    } else {
        let lost = groups.lazy().less(0).logical_or(groups.lazy().equal(rare)).try_eval()?;
        if lost.any(..).item()? {
            let row = lost.astype::<i8>().argmax(..).item()? as usize;
            let what = if groups.get([row])? < 0 { "only zeros for" } else { "an infrequent category of" };
            return Err(Error::value(argument, format!("{what} feature {j} in row {row}"), "a category of each feature"));
        }
    }
    let size = labels.len();
    if size == 0 {
        return Ok(zeros(device, [0])?);
    }
    // -1 is the last label.
    let at = groups.lazy().less(0).where_(size as i64 - 1, groups).try_eval()?;
    Ok(Array::from_vec(device, labels, [size])?.take(&at, 0)?)
}

encoder!(OneHotEncoderParams, OneHotEncoder);
