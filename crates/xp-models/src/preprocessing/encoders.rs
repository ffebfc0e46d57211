//! Categories of several features as numbers and as columns of zeros and ones.

use core::fmt;
use core::marker::PhantomData;
use core::str::FromStr;

use xp_core::functions::{full, unique_values, zeros};
use xp_core::{Array, Backend, Float, Ix1, Ix2, s};

use crate::labels::{Label, index_in, positions};
use crate::model::{Check, Data, fits, model, text_fields};
use crate::traits::{Estimator, Fit, InverseTransform, Transform};
use crate::{Error, Result, check};

/// A few whole numbers, which a file holds as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Numbers(Vec<i64>);

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(i64::to_string).collect();
        f.write_str(&words.join(" "))
    }
}

impl FromStr for Numbers {
    type Err = core::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split_whitespace().map(str::parse).collect::<Result<_, _>>().map(Numbers)
    }
}
text_fields!(Numbers);

/// The categories of feature after feature, of which there are `counts`: a list of categories for each.
fn split<B: Backend, L: Label>(values: &Array<B, L, Ix1>, counts: &Numbers) -> Result<Vec<Array<B, L, Ix1>>> {
    let mut at = 0;
    let part = |&count: &i64| {
        at += count as isize;
        Ok(values.slice_axis(0, Some(at - count as isize), Some(at), 1)?)
    };
    counts.0.iter().map(part).collect()
}

/// Which categories the features have: those given, or those of the samples.
fn learn<B: Backend, L: Label>(x: &Array<B, L, Ix2>, given: Option<&Vec<Vec<i128>>>) -> Result<(Array<B, L, Ix1>, Numbers)> {
    check::at_least(x, 1)?;
    let p = x.dims()[1];
    let lists: Vec<Array<B, L, Ix1>> = match given {
        None => (0..p).map(|j| Ok(unique_values(&x.index_axis(1, j)?)?)).collect::<Result<_>>()?,
        Some(lists) => {
            let said = |given: String, expected: String| Err(Error::value("categories", given, expected));
            if lists.len() != p {
                return said(format!("lists for {} features", lists.len()), format!("one for each of {p}, the columns of x"));
            }
            if let Some(bad) = lists.iter().find(|list| list.is_empty() || list.windows(2).any(|pair| pair[0] >= pair[1])) {
                return said(format!("{bad:?}"), "distinct labels in ascending order, at least one".into());
            }
            let label = |&number: &i128| {
                let given = || Error::value("categories", number, format!("numbers that {} can hold", L::DTYPE));
                L::from_number(number).ok_or_else(given)
            };
            let list = |list: &Vec<i128>| {
                let labels = list.iter().map(label).collect::<Result<Vec<L>>>()?;
                let count = labels.len();
                Ok(Array::from_vec(x.device(), labels, [count])?)
            };
            lists.iter().map(list).collect::<Result<_>>()?
        }
    };
    let counts = Numbers(lists.iter().map(|list| list.size() as i64).collect());
    Ok((xp_core::functions::concat(&lists, 0)?, counts))
}

/// Fails unless `values` are `counts` categories in ascending order, of each feature.
fn check_categories<B: Backend, L: Label>(values: &Array<B, L, Ix1>, counts: &Numbers) -> Result<()> {
    let mut rest = &values.to_host()?[..];
    for &count in &counts.0 {
        let Some((list, after)) = usize::try_from(count).ok().filter(|&n| n > 0).and_then(|n| rest.split_at_checked(n)) else {
            return Err(Error::value("counts", count, format!("1 to {}, as many as there are values left", rest.len())));
        };
        if list.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(Error::value("values", "labels in another order", "distinct labels in ascending order for each feature"));
        }
        rest = after;
    }
    if counts.0.is_empty() || !rest.is_empty() {
        return Err(Error::value("counts", counts, format!("numbers whose sum is {}, the number of values", values.size())));
    }
    Ok(())
}

/// The positions of the categories of a feature; where they are not known, the number of categories if so, otherwise an error.
fn codes<B: Backend, L: Label>(column: &Array<B, L, Ix1>, categories: &Array<B, L, Ix1>, let_through: bool) -> Result<Array<B, i64, Ix1>> {
    if !let_through {
        return index_in("x", column, categories);
    }
    let known: Vec<i128> = categories.to_host()?.into_iter().map(Label::number).collect();
    positions(column, &known)
}

/// Which category of a feature gets no column from [`OneHotEncoder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DropCategory {
    /// The first one of each feature.
    First,
    /// The first one of each feature that has two.
    IfBinary,
}

model! {
    /// A column for each category of each feature, with 1 where a sample is of the category and 0 elsewhere.
    ///
    /// Categories are integers of any dtype, or `bool`. It is scikit-learn's estimator of the same name, with an array that is not sparse.
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
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct OneHotEncoder<B: Backend, T: Float, L: Label = i64> {
        values: Array<B, L, Ix1>,
        counts: Numbers,
        dropped: Numbers,
        ignore_unknown: bool,
        data: Data<B, T>,
    }
}

impl<B: Backend, T: Float, L: Label> Check for OneHotEncoder<B, T, L> {
    fn check(&self) -> Result<()> {
        check_categories(&self.values, &self.counts)?;
        fits("dropped", &[self.dropped.0.len()], &[self.counts.0.len()])?;
        match self.dropped.0.iter().zip(&self.counts.0).find(|&(&dropped, &count)| !(-1..count).contains(&dropped)) {
            Some((dropped, count)) => Err(Error::value("dropped", dropped, format!("a position of {count} categories, or -1"))),
            None => Ok(()),
        }
    }
}

/// Parameters of [`OneHotEncoder`].
#[derive(Clone, Debug)]
pub struct OneHotEncoderParams<B, T> {
    categories: Option<Vec<Vec<i128>>>,
    drop: Option<DropCategory>,
    ignore_unknown: bool,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Backend, T: Float> OneHotEncoder<B, T> {
    /// The default parameters: the categories of the samples, a column for each, unknown ones are errors.
    #[must_use]
    pub fn params() -> OneHotEncoderParams<B, T> {
        OneHotEncoderParams { categories: None, drop: None, ignore_unknown: false, kind: PhantomData }
    }
}

impl<B: Backend, T: Float> OneHotEncoderParams<B, T> {
    /// The categories of each feature, in ascending order.
    #[must_use]
    pub fn categories(mut self, categories: &[&[i128]]) -> Self {
        self.categories = Some(categories.iter().map(|list| list.to_vec()).collect());
        self
    }

    /// Which category of each feature gets no column.
    #[must_use]
    pub fn drop(mut self, drop: impl Into<Option<DropCategory>>) -> Self {
        self.drop = drop.into();
        self
    }

    /// Whether a category that is not known is 0 in all columns of its feature, instead of an error.
    #[must_use]
    pub fn ignore_unknown(mut self, yes: bool) -> Self {
        self.ignore_unknown = yes;
        self
    }

    /// Learns the categories of samples of shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for no samples or no features, [`Error::Value`] for given categories that are not one list for each feature, in
    /// ascending order, [`Error::UnknownLabel`] for a sample of another category.
    pub fn fit<L: Label>(&self, x: &Array<B, L, Ix2>) -> Result<OneHotEncoder<B, T, L>> {
        let (values, counts) = learn(x, self.categories.as_ref())?;
        let drops = |&count: &i64| match self.drop {
            Some(DropCategory::First) => 0,
            Some(DropCategory::IfBinary) if count == 2 => 0,
            _ => -1,
        };
        let dropped = Numbers(counts.0.iter().map(drops).collect());
        let model = OneHotEncoder { values, counts, dropped, ignore_unknown: self.ignore_unknown, data: Data::default() };
        if self.categories.is_some() && !self.ignore_unknown {
            for (j, categories) in model.categories()?.iter().enumerate() {
                index_in("x", &x.index_axis(1, j)?.contiguous()?, categories)?;
            }
        }
        Ok(model)
    }
}

impl<B: Backend, T: Float, L: Label> OneHotEncoder<B, T, L> {
    /// The categories of each feature in ascending order.
    ///
    /// # Errors
    /// When the device fails.
    pub fn categories(&self) -> Result<Vec<Array<B, L, Ix1>>> {
        split(&self.values, &self.counts)
    }

    /// The positions of the categories without a column; `None` for a feature where all have one.
    #[must_use]
    pub fn drop_idx(&self) -> Vec<Option<usize>> {
        self.dropped.0.iter().map(|&at| usize::try_from(at).ok()).collect()
    }

    /// The number of columns that come out.
    #[must_use]
    pub fn n_output_features(&self) -> usize {
        (0..self.counts.0.len()).map(|j| self.kept(j).len()).sum()
    }

    /// The positions of the categories of a feature that have a column.
    fn kept(&self, feature: usize) -> Vec<i64> {
        (0..self.counts.0[feature]).filter(|&at| at != self.dropped.0[feature]).collect()
    }

    /// The columns of the categories, of shape `(n_samples, n_output_features)`.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::UnknownLabel`].
    pub fn transform(&self, x: &Array<B, L, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.counts.0.len())?;
        let mut out = zeros(x.device(), [x.dims()[0], self.n_output_features()])?;
        let mut at = 0;
        for (j, categories) in self.categories()?.iter().enumerate() {
            let codes = codes(&x.index_axis(1, j)?.contiguous()?, categories, self.ignore_unknown)?.expand_dims(1)?;
            let kept = self.kept(j);
            let width = kept.len();
            let kept = Array::from_vec(x.device(), kept, [1, width])?;
            out.set(s![.., at..at + width], codes.lazy().equal(&kept).astype::<T>())?;
            at += width;
        }
        Ok(out)
    }

    /// The categories whose columns are largest; where all columns of a feature are 0, the one without a column.
    ///
    /// # Errors
    /// [`Error::Shape`] for a wrong number of columns, [`Error::NonFinite`], [`Error::Value`] for a row of zeros of a feature whose
    /// categories all have a column.
    pub fn inverse_transform(&self, z: &Array<B, T, Ix2>) -> Result<Array<B, L, Ix2>> {
        let n = z.dims()[0];
        if z.dims()[1] != self.n_output_features() {
            return Err(Error::shape("z", z.dims(), format!("{} columns, one per category", self.n_output_features())));
        }
        check::finite("z", z)?;
        let mut out = zeros(z.device(), [n, self.counts.0.len()])?;
        let mut at = 0;
        for (j, categories) in self.categories()?.iter().enumerate() {
            let kept = self.kept(j);
            let (width, dropped) = (kept.len(), self.dropped.0[j]);
            let codes = if width == 0 {
                full(z.device(), [n], dropped)?
            } else {
                let block = z.slice(s![.., at..at + width])?;
                let largest = Array::from_vec(z.device(), kept, [width])?.take(&block.lazy().argmax(1).try_eval()?, 0)?;
                let none = block.lazy().equal(T::ZERO).all(1).try_eval()?;
                if dropped < 0 && none.any(..).item()? {
                    let row = none.astype::<i8>().argmax(..).item()?;
                    return Err(Error::value("z", format!("only zeros for feature {j} in row {row}"), "a category of each feature"));
                }
                none.lazy().where_(dropped, &largest).try_eval()?
            };
            out.set(s![.., j], categories.take(&codes, 0)?)?;
            at += width;
        }
        Ok(out)
    }
}

model! {
    /// Categories as their positions among those of the feature.
    ///
    /// Categories are integers of any dtype, or `bool`. It is scikit-learn's estimator of the same name.
    ///
    /// ```
    /// use xp::models::preprocessing::OrdinalEncoder;
    /// use xp::prelude::*;
    ///
    /// let x = array![[10, 7], [30, 7], [20, 9]];
    /// let encoder = OrdinalEncoder::<Cpu, f32>::params().unknown_value(-1.0).fit(&x)?;
    /// assert_eq!(encoder.transform(&x)?.to_vec(), [0.0, 0.0, 2.0, 0.0, 1.0, 1.0]);
    /// assert_eq!(encoder.transform(&array![[20, 20]])?.to_vec(), [1.0, -1.0]);
    /// assert_eq!(encoder.inverse_transform(&array![[2.0, 1.0]])?.to_vec(), [30, 9]);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct OrdinalEncoder<B: Backend, T: Float, L: Label = i64> {
        values: Array<B, L, Ix1>,
        counts: Numbers,
        unknown_value: Option<f64>,
        data: Data<B, T>,
    }
}

impl<B: Backend, T: Float, L: Label> Check for OrdinalEncoder<B, T, L> {
    fn check(&self) -> Result<()> {
        check_categories(&self.values, &self.counts)
    }
}

/// Parameters of [`OrdinalEncoder`].
#[derive(Clone, Debug)]
pub struct OrdinalEncoderParams<B, T> {
    categories: Option<Vec<Vec<i128>>>,
    unknown_value: Option<f64>,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Backend, T: Float> OrdinalEncoder<B, T> {
    /// The default parameters: the categories of the samples, unknown ones are errors.
    #[must_use]
    pub fn params() -> OrdinalEncoderParams<B, T> {
        OrdinalEncoderParams { categories: None, unknown_value: None, kind: PhantomData }
    }
}

impl<B: Backend, T: Float> OrdinalEncoderParams<B, T> {
    /// The categories of each feature, in ascending order.
    #[must_use]
    pub fn categories(mut self, categories: &[&[i128]]) -> Self {
        self.categories = Some(categories.iter().map(|list| list.to_vec()).collect());
        self
    }

    /// The number of a category that is not known, NaN for one; without it such a category is an error.
    #[must_use]
    pub fn unknown_value(mut self, number: impl Into<Option<f64>>) -> Self {
        self.unknown_value = number.into();
        self
    }

    /// Learns the categories of samples of shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// As for [`OneHotEncoderParams::fit`], and [`Error::Value`] for an `unknown_value` that is the position of a category.
    pub fn fit<L: Label>(&self, x: &Array<B, L, Ix2>) -> Result<OrdinalEncoder<B, T, L>> {
        let (values, counts) = learn(x, self.categories.as_ref())?;
        let most = counts.0.iter().max().copied().unwrap_or(0);
        if let Some(number) = self.unknown_value.filter(|&number| number.fract() == 0.0 && number >= 0.0 && number < most as f64) {
            return Err(Error::value("unknown_value", number, format!("a number that is no position of {most} categories")));
        }
        let model = OrdinalEncoder { values, counts, unknown_value: self.unknown_value, data: Data::default() };
        if self.categories.is_some() && self.unknown_value.is_none() {
            model.transform(x)?;
        }
        Ok(model)
    }
}

impl<B: Backend, T: Float, L: Label> OrdinalEncoder<B, T, L> {
    /// The categories of each feature in ascending order.
    ///
    /// # Errors
    /// When the device fails.
    pub fn categories(&self) -> Result<Vec<Array<B, L, Ix1>>> {
        split(&self.values, &self.counts)
    }

    /// The position of each category among those of its feature.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::UnknownLabel`].
    pub fn transform(&self, x: &Array<B, L, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.counts.0.len())?;
        let mut out = zeros(x.device(), x.shape())?;
        for (j, categories) in self.categories()?.iter().enumerate() {
            let codes = codes(&x.index_axis(1, j)?.contiguous()?, categories, self.unknown_value.is_some())?;
            let unknown = T::from_f64(self.unknown_value.unwrap_or(f64::NAN));
            let known = codes.lazy().less(categories.size() as i64);
            out.set(s![.., j], known.where_(codes.lazy().astype::<T>(), unknown))?;
        }
        Ok(out)
    }

    /// The categories at the positions.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::Value`] for a number that is no position, such as that of an unknown category.
    pub fn inverse_transform(&self, z: &Array<B, T, Ix2>) -> Result<Array<B, L, Ix2>> {
        check::features("z", z, self.counts.0.len())?;
        let mut out = zeros(z.device(), z.shape())?;
        for (j, categories) in self.categories()?.iter().enumerate() {
            let (column, count) = (z.index_axis(1, j)?.contiguous()?, categories.size());
            let position = column.lazy().floor().equal(&column).logical_and(column.lazy().greater_equal(T::ZERO));
            let position = position.logical_and(column.lazy().less(T::from_f64(count as f64))).try_eval()?;
            if !position.all(..).item()? {
                let row = position.astype::<i8>().argmin(..).item()?;
                let given = format!("{} in row {row}, column {j}", column.get([row as usize])?.to_f64());
                return Err(Error::value("z", given, format!("positions of {count} categories, from 0")));
            }
            out.set(s![.., j], categories.take(&column.astype::<i64>(), 0)?)?;
        }
        Ok(out)
    }
}

/// The traits of an encoder go to the methods of the same names.
macro_rules! encoder {
    ($Params:ident, $Model:ident) => {
        impl<B: Backend, T: Float> Estimator for $Params<B, T> {}

        impl<B: Backend, T: Float, L: Label, Y> Fit<Array<B, L, Ix2>, Y> for $Params<B, T> {
            type Model = $Model<B, T, L>;

            fn fit(&self, x: &Array<B, L, Ix2>, _: &Y) -> Result<$Model<B, T, L>> {
                $Params::fit(self, x)
            }
        }

        impl<B: Backend, T: Float, L: Label> Transform<Array<B, L, Ix2>> for $Model<B, T, L> {
            type Output = Array<B, T, Ix2>;

            fn transform(&self, x: &Array<B, L, Ix2>) -> Result<Array<B, T, Ix2>> {
                $Model::transform(self, x)
            }
        }

        impl<B: Backend, T: Float, L: Label> InverseTransform<Array<B, T, Ix2>> for $Model<B, T, L> {
            type Output = Array<B, L, Ix2>;

            fn inverse_transform(&self, z: &Array<B, T, Ix2>) -> Result<Array<B, L, Ix2>> {
                $Model::inverse_transform(self, z)
            }
        }
    };
}
encoder!(OneHotEncoderParams, OneHotEncoder);
encoder!(OrdinalEncoderParams, OrdinalEncoder);
