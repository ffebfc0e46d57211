//! Labels as numbers and as columns of zeros and ones.

use core::marker::PhantomData;

use xp_core::functions::{arange, full, unique_values};
use xp_core::{Array, Backend, Ix1, Ix2, Num, Real};

use crate::labels::{Label, check_classes, index_in, positions};
use crate::model::{Check, model};
use crate::{Error, Result};

model! {
    /// Labels as their positions among the distinct ones.
    ///
    /// Labels are integers of any dtype, or `bool`; for strings there is [`TextLabelEncoder`].
    ///
    /// ```
    /// use xp::models::preprocessing::LabelEncoder;
    /// use xp::prelude::*;
    ///
    /// let encoder = LabelEncoder::fit(&array![7, 3, 7, -1])?;
    /// assert_eq!(encoder.classes().to_vec(), [-1, 3, 7]);
    /// let codes = encoder.transform(&array![3, 7])?;
    /// assert_eq!(codes.to_vec(), [1, 2]);
    /// assert_eq!(encoder.inverse_transform(&codes)?.to_vec(), [3, 7]);
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct LabelEncoder<B: Backend, L: Label> {
        /// The distinct labels in ascending order.
        pub classes: Array<B, L, Ix1>,
    }
}

impl<B: Backend, L: Label> Check for LabelEncoder<B, L> {
    fn check(&self) -> Result<()> {
        check_classes(&self.classes, 0)
    }
}

impl<B: Backend, L: Label> LabelEncoder<B, L> {
    /// Learns the distinct labels.
    ///
    /// # Errors
    /// When memory runs out or the device fails.
    pub fn fit(y: &Array<B, L, Ix1>) -> Result<Self> {
        Ok(LabelEncoder { classes: unique_values(y)? })
    }

    /// The position of each label among the classes.
    ///
    /// # Errors
    /// [`Error::UnknownLabel`].
    pub fn transform(&self, y: &Array<B, L, Ix1>) -> Result<Array<B, i64, Ix1>> {
        index_in("y", y, &self.classes)
    }

    /// The labels at some positions.
    ///
    /// # Errors
    /// [`Error::Value`] for a position that is not among the classes.
    pub fn inverse_transform(&self, y: &Array<B, i64, Ix1>) -> Result<Array<B, L, Ix1>> {
        in_range(y, self.classes.size())?;
        Ok(self.classes.take(y, 0)?)
    }
}

fn in_range<B: Backend>(y: &Array<B, i64, Ix1>, classes: usize) -> Result<()> {
    if y.is_empty() {
        return Ok(());
    }
    let (low, high) = (y.min(..).item()?, y.max(..).item()?);
    if low < 0 || high >= classes as i64 {
        return Err(Error::value("y", if low < 0 { low } else { high }, format!("positions of {classes} classes, from 0")));
    }
    Ok(())
}

/// Strings, which are on the host, as their positions among the distinct ones, which are on a device.
///
/// ```
/// use xp::models::preprocessing::TextLabelEncoder;
/// use xp::prelude::*;
///
/// let encoder = TextLabelEncoder::fit(&["plum", "fig", "plum"]);
/// assert_eq!(encoder.classes(), ["fig", "plum"]);
/// let y = encoder.transform(&Cpu, &["plum", "fig"])?;
/// assert_eq!(y.to_vec(), [1, 0]);
/// assert_eq!(encoder.inverse_transform(&y)?, ["plum", "fig"]);
/// # Ok::<(), xp::models::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextLabelEncoder {
    classes: Vec<String>,
}

impl TextLabelEncoder {
    /// Learns the distinct strings.
    #[must_use]
    pub fn fit(y: &[impl AsRef<str>]) -> Self {
        let classes: std::collections::BTreeSet<&str> = y.iter().map(AsRef::as_ref).collect();
        TextLabelEncoder { classes: classes.into_iter().map(str::to_owned).collect() }
    }

    /// The distinct strings in ascending order.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The position of each string among the classes, on a device.
    ///
    /// # Errors
    /// [`Error::Value`] for a string that is not among the classes.
    pub fn transform<B: Backend>(&self, device: &B, y: &[impl AsRef<str>]) -> Result<Array<B, i64, Ix1>> {
        let position = |(row, text): (usize, &str)| {
            let found = self.classes.binary_search_by(|class| class.as_str().cmp(text));
            found.map(|at| at as i64).map_err(|_| Error::value("y", format!("{text:?} in row {row}"), format!("one of {:?}", self.classes)))
        };
        let codes = y.iter().map(AsRef::as_ref).enumerate().map(position).collect::<Result<Vec<i64>>>()?;
        let n = codes.len();
        Ok(Array::from_vec(device, codes, [n])?)
    }

    /// The strings at some positions.
    ///
    /// # Errors
    /// [`Error::Value`] for a position that is not among the classes.
    pub fn inverse_transform<B: Backend>(&self, y: &Array<B, i64, Ix1>) -> Result<Vec<String>> {
        in_range(y, self.classes.len())?;
        Ok(y.to_host()?.into_iter().map(|at| self.classes[at as usize].clone()).collect())
    }
}

/// Fails unless the number for "is not of the class" is below that for "is".
fn check_numbers(neg_label: i64, pos_label: i64) -> Result<()> {
    if neg_label < pos_label {
        return Ok(());
    }
    Err(Error::value("neg_label", neg_label, format!("a number below pos_label, which is {pos_label}")))
}

/// Labels as columns, one for each class in the given order: `pos_label` in the column of the class, `neg_label` elsewhere. Of
/// two classes there is one column, of the second; a label that is none of the classes is `neg_label` everywhere.
///
/// # Errors
/// [`Error::Shape`] for no labels, [`Error::Value`] unless `neg_label` is less than `pos_label`, and for classes that are none or not
/// distinct.
///
/// ```
/// use xp::models::preprocessing::label_binarize;
/// use xp::prelude::*;
///
/// let y = array![1, 6, 4];
/// assert_eq!(label_binarize(&y, &[6, 4, 1], 0, 1)?.to_vec(), [0, 0, 1, 1, 0, 0, 0, 1, 0]);
/// assert_eq!(label_binarize(&y, &[1, 6], -1, 1)?.to_vec(), [-1, 1, -1]);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn label_binarize<B: Backend, L: Label>(y: &Array<B, L, Ix1>, classes: &[L], neg_label: i64, pos_label: i64) -> Result<Array<B, i64, Ix2>> {
    check_numbers(neg_label, pos_label)?;
    if y.is_empty() {
        return Err(Error::shape("y", y.dims(), "at least one label"));
    }
    if classes.is_empty() {
        return Err(Error::value("classes", "none", "at least one"));
    }
    let known: Vec<i128> = classes.iter().map(|label| label.number()).collect();
    let codes = positions(y, &known)?.expand_dims(1)?;
    let device = y.device();
    match classes.len() {
        1 => Ok(full(device, [y.size(), 1], neg_label)?),
        2 => Ok(codes.lazy().equal(1_i64).where_(pos_label, neg_label).try_eval()?),
        k => Ok(codes.lazy().equal(&arange(device, 0, k as i64, 1)?).where_(pos_label, neg_label).try_eval()?),
    }
}

model! {
    /// Labels as columns of a number for "is of the class" and one for "is not": one column for each class, or of two classes the
    /// one of the second.
    ///
    /// It is scikit-learn's estimator of the same name, of classes; multilabel targets are such columns already.
    ///
    /// ```
    /// use xp::models::preprocessing::LabelBinarizer;
    /// use xp::prelude::*;
    ///
    /// let y = array![4, 2, 7, 2];
    /// let binarizer = LabelBinarizer::params().neg_label(-1).fit(&y)?;
    /// let columns = binarizer.transform(&y)?;
    /// assert_eq!(columns.to_vec(), [-1, 1, -1, 1, -1, -1, -1, -1, 1, 1, -1, -1]);
    /// assert_eq!(binarizer.inverse_transform(&columns)?.to_vec(), y.to_vec());
    /// # Ok::<(), xp::models::Error>(())
    /// ```
    #[version(1)]
    pub struct LabelBinarizer<B: Backend, L: Label> {
        /// The distinct labels in ascending order.
        pub classes: Array<B, L, Ix1>,
        neg_label: i64,
        pos_label: i64,
    }
}

impl<B: Backend, L: Label> Check for LabelBinarizer<B, L> {
    fn check(&self) -> Result<()> {
        check_numbers(self.neg_label, self.pos_label)?;
        check_classes(&self.classes, 1)
    }
}

/// Parameters of [`LabelBinarizer`].
#[derive(Clone, Debug)]
pub struct LabelBinarizerParams<B, L> {
    neg_label: i64,
    pos_label: i64,
    kind: PhantomData<fn() -> (B, L)>,
}

impl<B: Backend, L: Label> LabelBinarizer<B, L> {
    /// The default parameters: 1 for "is of the class" and 0 for "is not".
    #[must_use]
    pub fn params() -> LabelBinarizerParams<B, L> {
        LabelBinarizerParams { neg_label: 0, pos_label: 1, kind: PhantomData }
    }
}

impl<B: Backend, L: Label> LabelBinarizerParams<B, L> {
    /// The number for "is not of the class".
    #[must_use]
    pub fn neg_label(mut self, number: i64) -> Self {
        self.neg_label = number;
        self
    }

    /// The number for "is of the class".
    #[must_use]
    pub fn pos_label(mut self, number: i64) -> Self {
        self.pos_label = number;
        self
    }

    /// Learns the distinct labels.
    ///
    /// # Errors
    /// [`Error::Shape`] for no labels, [`Error::Value`] unless `neg_label` is less than `pos_label`.
    pub fn fit(&self, y: &Array<B, L, Ix1>) -> Result<LabelBinarizer<B, L>> {
        if y.is_empty() {
            return Err(Error::shape("y", y.dims(), "at least one label"));
        }
        let model = LabelBinarizer { classes: unique_values(y)?, neg_label: self.neg_label, pos_label: self.pos_label };
        check_numbers(self.neg_label, self.pos_label)?;
        Ok(model)
    }
}

impl<B: Backend, L: Label> LabelBinarizer<B, L> {
    /// The columns of the labels: [`label_binarize`].
    ///
    /// # Errors
    /// [`Error::Shape`] for no labels.
    pub fn transform(&self, y: &Array<B, L, Ix1>) -> Result<Array<B, i64, Ix2>> {
        label_binarize(y, &self.classes.to_host()?, self.neg_label, self.pos_label)
    }

    /// The label of each row: of the first largest column; of two classes the second one where the column is above the mean of the
    /// two numbers. Columns may be scores.
    ///
    /// # Errors
    /// [`Error::Shape`] when there is not one column for each class, or one for two.
    pub fn inverse_transform<T: Real>(&self, y: &Array<B, T, Ix2>) -> Result<Array<B, L, Ix1>> {
        self.inverse_transform_at(y, (self.neg_label as f64 + self.pos_label as f64) / 2.0)
    }

    /// [`inverse_transform`](Self::inverse_transform) with another threshold for two classes.
    ///
    /// # Errors
    /// As for [`inverse_transform`](Self::inverse_transform).
    pub fn inverse_transform_at<T: Real>(&self, y: &Array<B, T, Ix2>, threshold: f64) -> Result<Array<B, L, Ix1>> {
        let ([n, columns], k) = (y.shape(), self.classes.size());
        let codes = match (k, columns) {
            (1 | 2, 1) | (2, 2) => {
                let last = y.slice_axis(1, -1..)?.reshape([n])?;
                // As floats: integers are above a fraction, not above what it is rounded to.
                let above = last.lazy().astype::<B::MaxFloat>().greater(B::MaxFloat::from_f64(threshold)).astype::<i64>().try_eval()?;
                above.into_lazy().minimum(k as i64 - 1).try_eval()?
            }
            _ if columns == k => y.argmax(1),
            _ => return Err(Error::shape("y", y.dims(), format!("one column for each of {k} classes"))),
        };
        Ok(self.classes.take(&codes, 0)?)
    }
}
