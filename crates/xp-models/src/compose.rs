//! Models of some columns of the samples: scikit-learn's `ColumnTransformer`.
//!
//! A part of one is a [pipeline](crate::pipeline) that begins with [`SelectColumns`], and parts stand side by side:
//!
//! | scikit-learn | here |
//! |---|---|
//! | `("name", transformer, columns)` | `SelectColumns::params().only(columns).then(transformer)` |
//! | another part | `.beside(part)` |
//! | `"passthrough"` | `SelectColumns::params().only(columns)` |
//! | `"drop"` | no part has the columns |
//! | `remainder="passthrough"` | `.beside(SelectColumns::params().except(columns of all parts))` |
//! | `transformer_weights` | `.weights(left, right)` |
//!
//! ```
//! use xp::models::compose::SelectColumns;
//! use xp::models::preprocessing::{MinMaxScaler, StandardScaler};
//! use xp::models::traits::{Estimator, Fit, Transform};
//! use xp::prelude::*;
//!
//! let x = array![[1.0, 7.0, 10.0], [3.0, 8.0, 30.0]];
//! let scaled = SelectColumns::params().only(&[0]).then(StandardScaler::params());
//! let ranged = SelectColumns::params().only(&[2]).then(MinMaxScaler::params());
//! let model = scaled.beside(ranged).beside(SelectColumns::params().except(&[0, 2])).fit(&x, &())?;
//! assert_eq!(model.transform(&x)?.to_vec(), [-1.0, 0.0, 7.0, 1.0, 1.0, 8.0]);
//! # Ok::<(), xp::models::Error>(())
//! ```

use core::marker::PhantomData;

use xp_core::{Array, Backend, Element, Ix2, normalize_index};

use crate::model::{Check, Data, model};
use crate::traits::{Estimator, Fit, Transform};
use crate::{Error, Result, check};

model! {
    /// Some columns of the samples, in the order in which they were named.
    ///
    /// Neighbouring columns are a view, and no copy. What the columns hold is not looked at: NaN goes through.
    ///
    /// ```
    /// use xp::models::compose::SelectColumns;
    /// use xp::prelude::*;
    ///
    /// let x = array![[1, 2, 3], [4, 5, 6]];
    /// let last_and_first = SelectColumns::params().only(&[-1, 0]).fit(&x)?;
    /// assert_eq!(last_and_first.transform(&x)?.to_vec(), [3, 1, 6, 4]);
    /// let others = SelectColumns::params().except(&[1]).fit(&x)?;
    /// assert_eq!(others.columns(), &[0, 2]);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct SelectColumns<B: Backend, T: Element> {
        /// The columns, counted from 0.
        pub columns: Vec<usize>,
        /// The number of features of the samples.
        pub n_features: usize,
        data: Data<B, T>,
    }
}

impl<B: Backend, T: Element> Check for SelectColumns<B, T> {
    fn check(&self) -> Result<()> {
        match self.columns.iter().find(|&&column| column >= self.n_features) {
            None => Ok(()),
            Some(column) => Err(Error::value("columns", column, format!("less than the {} features", self.n_features))),
        }
    }
}

/// Parameters of [`SelectColumns`].
#[derive(Clone, Debug)]
pub struct SelectColumnsParams<B, T> {
    only: Option<Vec<isize>>,
    except: Vec<isize>,
    kind: PhantomData<fn() -> (B, T)>,
}

impl<B: Backend, T: Element> SelectColumns<B, T> {
    /// The default parameters: all columns.
    #[must_use]
    pub fn params() -> SelectColumnsParams<B, T> {
        SelectColumnsParams { only: None, except: vec![], kind: PhantomData }
    }

    /// The columns of the samples.
    ///
    /// # Errors
    /// [`Error::Features`].
    pub fn transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        check::features("x", x, self.n_features)?;
        let first = self.columns.first().copied().unwrap_or_default();
        if self.columns.iter().copied().eq(first..first + self.columns.len()) {
            return Ok(x.slice_axis(1, first..first + self.columns.len())?);
        }
        let columns: Vec<i64> = self.columns.iter().map(|&column| column as i64).collect();
        Ok(x.take(&Array::from_vec(x.device(), columns, [self.columns.len()])?, 1)?)
    }
}

impl<B: Backend, T: Element> SelectColumnsParams<B, T> {
    /// These columns and no others, in this order; negative ones count from the end.
    #[must_use]
    pub fn only(mut self, columns: &[isize]) -> Self {
        self.only = Some(columns.to_vec());
        self
    }

    /// Without these columns; negative ones count from the end.
    #[must_use]
    pub fn except(mut self, columns: &[isize]) -> Self {
        self.except = columns.to_vec();
        self
    }

    /// Looks for the columns in samples of shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for no samples or no features, [`Error::Value`] for a column that is not there.
    pub fn fit(&self, x: &Array<B, T, Ix2>) -> Result<SelectColumns<B, T>> {
        check::at_least(x, 1)?;
        let n_features = x.dims()[1];
        let found = |columns: &[isize]| columns.iter().map(|&column| position(column, n_features)).collect::<Result<Vec<usize>>>();
        let except = found(&self.except)?;
        let mut columns = self.only.as_deref().map_or_else(|| Ok((0..n_features).collect()), found)?;
        columns.retain(|column| !except.contains(column));
        Ok(SelectColumns { columns, n_features, data: Data::default() })
    }
}

/// A column counted from 0.
fn position(column: isize, n_features: usize) -> Result<usize> {
    normalize_index(column, 1, n_features).map_err(|_| Error::value("columns", column, format!("a column of {n_features} features")))
}

impl<B: Backend, T: Element> Estimator for SelectColumnsParams<B, T> {}

impl<B: Backend, T: Element, Y> Fit<Array<B, T, Ix2>, Y> for SelectColumnsParams<B, T> {
    type Model = SelectColumns<B, T>;

    fn fit(&self, x: &Array<B, T, Ix2>, _: &Y) -> Result<SelectColumns<B, T>> {
        SelectColumnsParams::fit(self, x)
    }
}

impl<B: Backend, T: Element> Transform<Array<B, T, Ix2>> for SelectColumns<B, T> {
    type Output = Array<B, T, Ix2>;

    fn transform(&self, x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        SelectColumns::transform(self, x)
    }
}
