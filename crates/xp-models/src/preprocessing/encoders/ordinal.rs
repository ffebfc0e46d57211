//! Categories as their positions.

use core::marker::PhantomData;

use xp_core::functions::zeros;
use xp_core::{Array, Backend, Float, Ix1, Ix2, s};

use super::categories::{Categories, Feature, Given, Numbers, numbers};
use super::one_hot::labels_of;
use super::{category_parameters, encoder};
use crate::labels::{Label, positions};
use crate::model::{Check, Data, fits, model};
use crate::{Error, Result, check};

model! {
    /// Categories as their positions among those of the feature.
    ///
    /// Categories are integers of any dtype, or `bool`; [`TextCategories`](super::TextCategories) makes them of text. Categories with few
    /// samples can be taken together, as the last one. It is scikit-learn's estimator of the same name; since integers have no NaN, one
    /// label may be named as what stands for missing.
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
    ///
    /// let encoder = OrdinalEncoder::<Cpu, f64>::params().missing_value(0).fit(&array![[4], [0], [2]])?;
    /// assert!(encoder.transform(&array![[0]])?.item()?.is_nan());
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(2)]
    pub struct OrdinalEncoder<B: Backend, T: Float, L: Label = i64> {
        categories: Categories<B, L>,
        missing: Numbers,
        missing_value: Option<i64>,
        encoded_missing_value: f64,
        unknown_value: Option<f64>,
        data: Data<B, T>,
    }
}

impl<B: Backend, T: Float, L: Label> Check for OrdinalEncoder<B, T, L> {
    fn check(&self) -> Result<()> {
        fits("missing", &[self.missing.0.len()], &[self.categories.len()])
    }
}

/// Parameters of [`OrdinalEncoder`].
#[derive(Clone, Debug)]
pub struct OrdinalEncoderParams<B, T> {
    given: Given,
    unknown_value: Option<f64>,
    missing_value: Option<i64>,
    encoded_missing_value: f64,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Backend, T: Float> OrdinalEncoder<B, T> {
    /// The default parameters: the categories of the samples, unknown ones are errors, no label stands for missing.
    #[must_use]
    pub fn params() -> OrdinalEncoderParams<B, T> {
        let (unknown_value, missing_value) = (None, None);
        OrdinalEncoderParams { given: Given::default(), unknown_value, missing_value, encoded_missing_value: f64::NAN, kind: PhantomData }
    }
}

category_parameters!(OrdinalEncoderParams);

impl<B: Backend, T: Float> OrdinalEncoderParams<B, T> {
    /// The number of a category that is not known, NaN for one; without it such a category is an error.
    #[must_use]
    pub fn unknown_value(mut self, number: impl Into<Option<f64>>) -> Self {
        self.unknown_value = number.into();
        self
    }

    /// The label that stands for what is missing, which is no category.
    #[must_use]
    pub fn missing_value(mut self, label: impl Into<Option<i64>>) -> Self {
        self.missing_value = label.into();
        self
    }

    /// The number for what is missing, NaN by default. In a feature of which nothing was missing when the categories were learnt, what is
    /// missing is an unknown category.
    #[must_use]
    pub fn encoded_missing_value(mut self, number: f64) -> Self {
        self.encoded_missing_value = number;
        self
    }

    /// Learns the categories of samples of shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for no samples or no features, [`Error::Value`] for given categories that are not one list for each feature, in
    /// ascending order, for frequencies out of range, for an `unknown_value` or `encoded_missing_value` that is the position of a
    /// category, [`Error::UnknownLabel`] for a sample of another category than those given.
    pub fn fit<L: Label>(&self, x: &Array<B, L, Ix2>) -> Result<OrdinalEncoder<B, T, L>> {
        let categories = Categories::learn(x, &self.given, self.missing_value.map(i128::from))?;
        let missing = match self.missing_value.and_then(|label| L::from_number(label.into())) {
            Some(label) => x.lazy().equal(label).any(0).try_eval()?.to_host()?.into_iter().map(i64::from).collect(),
            None => vec![0; categories.len()],
        };
        let widths = &categories.widths.0;
        let some_missing = widths.iter().zip(&missing).filter(|(_, missing)| **missing > 0).map(|(width, _)| *width);
        for (name, number, most) in [
            ("unknown_value", self.unknown_value, widths.iter().max().copied()),
            ("encoded_missing_value", Some(self.encoded_missing_value), some_missing.max()),
        ] {
            let most = most.unwrap_or(0);
            if let Some(number) = number.filter(|&number| number.fract() == 0.0 && number >= 0.0 && number < most as f64) {
                return Err(Error::value(name, number, format!("a number that is no position of {most} categories")));
            }
        }
        let OrdinalEncoderParams { unknown_value, missing_value, encoded_missing_value, .. } = *self;
        let (missing, data) = (Numbers(missing), Data::default());
        let model = OrdinalEncoder { categories, missing, missing_value, encoded_missing_value, unknown_value, data };
        if self.given.categories.is_some() && self.unknown_value.is_none() {
            model.transform(x)?;
        }
        Ok(model)
    }
}

impl<B: Backend, T: Float, L: Label> OrdinalEncoder<B, T, L> {
    /// The categories of each feature in ascending order, without what stands for missing.
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

    /// The label that stands for missing in a feature.
    fn missing_label(&self, feature: usize) -> Option<L> {
        self.missing_value.filter(|_| self.missing.0[feature] > 0).and_then(|label| L::from_number(label.into()))
    }

    /// The position of each category among those of its feature.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::UnknownLabel`].
    pub fn transform(&self, x: &Array<B, L, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.categories.len())?;
        let mut out = zeros(x.device(), x.shape())?;
        for (j, feature) in self.categories.features()?.iter().enumerate() {
            let column = x.index_axis(1, j)?.contiguous()?;
            out.set(s![.., j], self.encode(&column, feature, self.missing_label(j))?)?;
        }
        Ok(out)
    }

    fn encode(&self, column: &Array<B, L, Ix1>, feature: &Feature<B, L>, missing: Option<L>) -> Result<Array<B, T, Ix1>> {
        let known = numbers(&feature.values)?;
        let at = positions(column, &known)?;
        let mut unknown = at.equal(known.len() as i64);
        let absent = missing.map(|label| column.equal(label));
        if let Some(absent) = &absent {
            unknown = unknown.lazy().logical_and(absent.lazy().logical_not()).try_eval()?;
        }
        if self.unknown_value.is_none() && unknown.any(..).item()? {
            let row = unknown.astype::<i8>().argmax(..).item()? as usize;
            return Err(Error::UnknownLabel { argument: "x", label: column.get([row])?.number(), row, known });
        }
        let groups = xp_core::functions::concat(&[&feature.groups, &zeros(column.device(), [1])?], 0)?.take(&at, 0)?;
        let codes = unknown.lazy().where_(T::from_f64(self.unknown_value.unwrap_or(f64::NAN)), groups.lazy().astype::<T>()).try_eval()?;
        Ok(match absent {
            Some(absent) => absent.lazy().where_(T::from_f64(self.encoded_missing_value), &codes).try_eval()?,
            None => codes,
        })
    }

    /// The categories at the positions.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::Value`] for a number that is no position, such as that of an unknown category, and for the position
    /// of the infrequent categories of a feature, of which it is not known which: [`inverse_transform_or`](Self::inverse_transform_or)
    /// gives them a label.
    pub fn inverse_transform(&self, z: &Array<B, T, Ix2>) -> Result<Array<B, L, Ix2>> {
        self.invert(z, None)
    }

    /// [`inverse_transform`](Self::inverse_transform) with a label for infrequent categories, and one for the number of unknown ones.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::Value`] for a number that is neither a position nor that of unknown categories.
    pub fn inverse_transform_or(&self, z: &Array<B, T, Ix2>, infrequent: L, unknown: L) -> Result<Array<B, L, Ix2>> {
        self.invert(z, Some((infrequent, unknown)))
    }

    fn invert(&self, z: &Array<B, T, Ix2>, others: Option<(L, L)>) -> Result<Array<B, L, Ix2>> {
        check::features("z", z, self.categories.len())?;
        let mut out = zeros(z.device(), z.shape())?;
        for (j, feature) in self.categories.features()?.iter().enumerate() {
            let column = z.index_axis(1, j)?.contiguous()?;
            let missing = self.missing_label(j);
            let absent = missing.map(|_| is(&column, self.encoded_missing_value)).transpose()?;
            // What is missing is replaced below, what is unknown is group -1.
            let unknown = others.and(self.unknown_value).map(|number| is(&column, number)).transpose()?;
            let mut position = column.lazy().floor().equal(&column).logical_and(column.lazy().greater_equal(T::ZERO)).try_eval()?;
            position = position.lazy().logical_and(column.lazy().less(T::from_f64(feature.width as f64))).try_eval()?;
            let mut good = position.clone();
            for also in [&absent, &unknown].into_iter().flatten() {
                good = good.lazy().logical_or(also).try_eval()?;
            }
            if !good.all(..).item()? {
                let row = good.astype::<i8>().argmin(..).item()?;
                let given = format!("{} in row {row}, column {j}", column.get([row as usize])?.to_f64());
                return Err(Error::value("z", given, format!("positions of {} categories, from 0", feature.width)));
            }
            let mut groups = position.lazy().where_(&column, T::ZERO).astype::<i64>().try_eval()?;
            if let Some(unknown) = &unknown {
                groups = unknown.lazy().where_(-1, &groups).try_eval()?;
            }
            let labels = match (missing, &absent) {
                // A feature that has nothing but missing values has no groups.
                (Some(label), _) if feature.width == 0 => xp_core::functions::full(z.device(), [z.dims()[0]], label)?,
                (Some(label), Some(absent)) => {
                    let common = feature.firsts()?.len() as i64;
                    let spare = (0..common).find(|&group| Some(group) != feature.infrequent);
                    // Any group that can be named, for the rows that are replaced.
                    let named = absent.lazy().where_(spare.unwrap_or(0), &groups).try_eval()?;
                    let labels = labels_of("z", j, &named, feature, others)?;
                    absent.lazy().where_(label, &labels).try_eval()?
                }
                _ => labels_of("z", j, &groups, feature, others)?,
            };
            out.set(s![.., j], labels)?;
        }
        Ok(out)
    }
}

/// Where a column is this number, or NaN.
fn is<B: Backend, T: Float>(column: &Array<B, T, Ix1>, number: f64) -> Result<Array<B, bool, Ix1>> {
    Ok(if number.is_nan() { column.lazy().isnan().try_eval()? } else { column.lazy().equal(T::from_f64(number)).try_eval()? })
}

encoder!(OrdinalEncoderParams, OrdinalEncoder);
