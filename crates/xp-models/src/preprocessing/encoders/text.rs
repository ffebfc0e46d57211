//! Tables of text as codes.

use xp_core::{Array, Backend, Ix2};

use crate::{Error, Result};

/// Text, which is on the host, as its positions among the distinct texts of its column, which are on a device: what
/// [`OneHotEncoder`](super::OneHotEncoder) and [`OrdinalEncoder`](super::OrdinalEncoder) take.
///
/// A row is a list with one text for each feature. What is missing has the code [`MISSING`](Self::MISSING), which comes after all others, and
/// a text that is not known [`UNKNOWN`](Self::UNKNOWN).
///
/// ```
/// use xp::models::preprocessing::{HandleUnknown, OneHotEncoder, OrdinalEncoder, TextCategories};
/// use xp::prelude::*;
///
/// let rows = [["red", "small"], ["blue", "large"], ["red", ""]];
/// let texts = TextCategories::fit(&rows, Some(""))?;
/// assert_eq!(texts.classes()[0], ["blue", "red"]);
/// let codes = texts.transform(&Cpu, &rows)?;
/// assert_eq!(codes.to_vec(), [1, 1, 0, 0, 1, TextCategories::MISSING]);
///
/// let encoder = OneHotEncoder::<Cpu, f64>::params().handle_unknown(HandleUnknown::Ignore).fit(&codes)?;
/// let columns = encoder.transform(&texts.transform(&Cpu, &[["green", "large"]])?)?;
/// assert_eq!(columns.to_vec(), [0.0, 0.0, 1.0, 0.0, 0.0]);
///
/// let encoder = OrdinalEncoder::<Cpu, f64>::params().missing_value(TextCategories::MISSING).encoded_missing_value(-1.0).fit(&codes)?;
/// assert_eq!(encoder.transform(&codes)?.to_vec(), [1.0, 1.0, 0.0, 0.0, 1.0, -1.0]);
/// let back = texts.inverse_transform(&encoder.inverse_transform(&array![[0.0, -1.0]])?)?;
/// assert_eq!(back, [[Some("blue"), None]]);
/// # Ok::<(), xp::models::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextCategories {
    classes: Vec<Vec<String>>,
    missing: Option<String>,
}

impl TextCategories {
    /// The code of what is missing.
    pub const MISSING: i64 = i64::MAX;
    /// The code of a text that is not known.
    pub const UNKNOWN: i64 = -1;

    /// Learns the distinct texts of each column; `missing` is the text that stands for what is missing, if there is one.
    ///
    /// # Errors
    /// [`Error::Shape`] for no rows, and rows of different lengths.
    pub fn fit<S: AsRef<str>, R: AsRef<[S]>>(rows: &[R], missing: Option<&str>) -> Result<Self> {
        let p = rows.first().map_or(0, |row| row.as_ref().len());
        if p == 0 {
            return Err(Error::shape("x", &[rows.len(), 0], "at least 1 row and 1 column"));
        }
        let mut classes = vec![std::collections::BTreeSet::new(); p];
        for row in rows {
            for (class, text) in classes.iter_mut().zip(in_row(row.as_ref(), p)?) {
                if missing != Some(text.as_ref()) && !class.contains(text.as_ref()) {
                    class.insert(text.as_ref().to_owned());
                }
            }
        }
        Ok(TextCategories { classes: classes.into_iter().map(|class| class.into_iter().collect()).collect(), missing: missing.map(str::to_owned) })
    }

    /// The distinct texts of each column in ascending order.
    #[must_use]
    pub fn classes(&self) -> &[Vec<String>] {
        &self.classes
    }

    /// The code of each text, on a device.
    ///
    /// # Errors
    /// [`Error::Shape`] for a row of another length.
    pub fn transform<B: Backend, S: AsRef<str>, R: AsRef<[S]>>(&self, device: &B, rows: &[R]) -> Result<Array<B, i64, Ix2>> {
        let p = self.classes.len();
        let mut codes = Vec::with_capacity(rows.len() * p);
        for row in rows {
            for (class, text) in self.classes.iter().zip(in_row(row.as_ref(), p)?) {
                let text = text.as_ref();
                codes.push(match class.binary_search_by(|known| known.as_str().cmp(text)) {
                    Ok(at) => at as i64,
                    Err(_) if self.missing.as_deref() == Some(text) => Self::MISSING,
                    Err(_) => Self::UNKNOWN,
                });
            }
        }
        Ok(Array::from_vec(device, codes, [rows.len(), p])?)
    }

    /// The texts of codes; `None` for what is missing or not known.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::Value`] for a number that is no code.
    pub fn inverse_transform<B: Backend>(&self, codes: &Array<B, i64, Ix2>) -> Result<Vec<Vec<Option<&str>>>> {
        let p = self.classes.len();
        crate::check::features("codes", codes, p)?;
        let text = |(j, code): (usize, &i64)| match *code {
            Self::MISSING | Self::UNKNOWN => Ok(None),
            code => match usize::try_from(code).ok().and_then(|at| self.classes[j].get(at)) {
                Some(text) => Ok(Some(text.as_str())),
                None => Err(Error::value("codes", format!("{code} in column {j}"), format!("positions of {} texts, from 0", self.classes[j].len()))),
            },
        };
        codes.to_host()?.chunks(p).map(|row| row.iter().enumerate().map(text).collect()).collect()
    }
}

/// A row, if it has the right length.
fn in_row<S>(row: &[S], p: usize) -> Result<&[S]> {
    if row.len() == p { Ok(row) } else { Err(Error::shape("x", &[row.len()], format!("{p} texts in each row"))) }
}
