//! Class labels: which there are, which each sample has, and sums over the samples of each.

use xp_core::functions::{Side, arange, searchsorted, unique_all, zeros};
use xp_core::{Array, Backend, Bits, Float, Integer, Ix1, Ix2, Linalg};

use crate::{Error, Result};

/// A dtype of class labels: an integer, or `bool`.
pub trait Label: Bits {
    /// An integer with the same order.
    type Key: Integer;
    /// The label as a number.
    fn number(self) -> i128;
}
macro_rules! labels {
    ($($T:ty => $Key:ty),*) => {$(
        impl Label for $T {
            type Key = $Key;
            fn number(self) -> i128 {
                i128::from(self)
            }
        }
    )*};
}
labels!(bool => u8, i8 => i8, i16 => i16, i32 => i32, i64 => i64, u8 => u8, u16 => u16, u32 => u32, u64 => u64);

/// Up to this number of classes a product with the indicator matrix is faster than adding row by row.
const FEW_CLASSES: usize = 32;

/// The classes of a vector of labels.
pub(crate) struct Labels<B: Backend, L: Label> {
    /// The distinct labels in ascending order.
    pub classes: Array<B, L, Ix1>,
    /// The position in `classes` of every label.
    pub index: Array<B, i64, Ix1>,
    /// How many samples each class has.
    pub counts: Array<B, i64, Ix1>,
}

impl<B: Backend, L: Label> Labels<B, L> {
    /// Sorts out the classes.
    pub fn of(y: &Array<B, L, Ix1>) -> Result<Self> {
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
pub(crate) fn index_in<B: Backend, L: Label>(
    argument: &'static str,
    labels: &Array<B, L, Ix1>,
    classes: &Array<B, L, Ix1>,
) -> Result<Array<B, i64, Ix1>> {
    let unknown = |row: usize| -> Result<Error> {
        let known = classes.to_host()?.into_iter().map(Label::number).collect();
        Ok(Error::UnknownLabel { argument, label: labels.get([row])?.number(), row, known })
    };
    if classes.is_empty() {
        return if labels.is_empty() { Ok(zeros(labels.device(), [0])?) } else { Err(unknown(0)?) };
    }
    let last = classes.size() as i64 - 1;
    let keys = |x: &Array<B, L, Ix1>| x.lazy().astype::<L::Key>().try_eval();
    let index = searchsorted(&keys(classes)?, &keys(labels)?, Side::Left)?.lazy().minimum(last).try_eval()?;
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
