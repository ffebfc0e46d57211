//! Class labels: which there are, which each sample has, and sums over the samples of each.

use xp_core::functions::{arange, unique_all, zeros};
use xp_core::{Array, Backend, Float, Ix1, Ix2, Linalg};

use crate::{Error, Result};

/// Up to this number of classes a product with the indicator matrix is faster than adding row by row.
const FEW_CLASSES: usize = 32;

/// The classes of a vector of labels.
pub(crate) struct Labels<B: Backend> {
    /// The distinct labels in ascending order.
    pub classes: Array<B, i64, Ix1>,
    /// The position in `classes` of every label.
    pub index: Array<B, i64, Ix1>,
    /// How many samples each class has.
    pub counts: Array<B, i64, Ix1>,
}

impl<B: Backend> Labels<B> {
    /// Sorts out the classes.
    pub fn of(y: &Array<B, i64, Ix1>) -> Result<Self> {
        let u = unique_all(y)?;
        Ok(Labels { classes: u.values, index: u.inverse_indices, counts: u.counts })
    }

    /// The number of classes.
    pub fn len(&self) -> usize {
        self.classes.size()
    }
}

/// The positions of `labels` in the sorted vector `classes`.
///
/// # Errors
/// [`Error::UnknownLabel`].
pub(crate) fn index_in<B: Backend>(argument: &'static str, labels: &Array<B, i64, Ix1>, classes: &Array<B, i64, Ix1>) -> Result<Array<B, i64, Ix1>> {
    let unknown =
        |row: usize| -> Result<Error> { Ok(Error::UnknownLabel { argument, label: labels.get([row as isize])?, row, known: classes.to_host()? }) };
    if classes.is_empty() {
        return if labels.is_empty() { Ok(labels.clone()) } else { Err(unknown(0)?) };
    }
    let last = classes.size() as i64 - 1;
    let index = xp_core::functions::searchsorted(classes, labels, xp_core::functions::Side::Left)?.lazy().minimum(last).try_eval()?;
    let found = classes.take(&index, 0)?.equal(labels);
    if !found.is_empty() && !found.all(..).item()? {
        return Err(unknown(found.astype::<i8>().argmin(..).item()? as usize)?);
    }
    Ok(index)
}

/// The sums of the rows of `x` with each index `0..groups`.
pub(crate) fn group_sums<B: Linalg<T>, T: Float>(x: &Array<B, T, Ix2>, index: &Array<B, i64, Ix1>, groups: usize) -> Result<Array<B, T, Ix2>> {
    if groups <= FEW_CLASSES {
        let numbers = arange(x.device(), 0, groups as i64, 1)?;
        let column = index.expand_dims(1)?;
        let indicator = column.lazy().equal(&numbers).astype::<T>();
        return Ok(B::cross(&indicator, &x.lazy())?);
    }
    let mut sums = zeros(x.device(), [groups, x.dims()[1]])?;
    sums.put_add(index, x, 0)?;
    Ok(sums)
}
