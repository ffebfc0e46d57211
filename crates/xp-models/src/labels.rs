//! Class labels: which there are, which each sample has, and sums over the samples of each.

use xp_core::functions::{Side, arange, full, searchsorted, unique_all, unique_values, zeros};
use xp_core::{Array, Backend, Bits, Float, Integer, Ix1, Ix2, Linalg, Num};

use crate::{Error, Result};

/// A dtype of class labels: an integer, or `bool`.
pub trait Label: Bits {
    /// An integer with the same order.
    type Key: Integer;
    /// The label as a number.
    fn number(self) -> i128;
    /// The label that is this number, if the dtype has it.
    fn from_number(number: i128) -> Option<Self>;
}
macro_rules! labels {
    ($($T:ty => $Key:ty: $from:expr),*) => {$(
        impl Label for $T {
            type Key = $Key;
            fn number(self) -> i128 {
                i128::from(self)
            }
            fn from_number(number: i128) -> Option<Self> {
                $from(number)
            }
        }
    )*};
}
labels! {
    bool => u8: |n| (n == 0 || n == 1).then_some(n == 1),
    i8 => i8: |n| Self::try_from(n).ok(),
    i16 => i16: |n| Self::try_from(n).ok(),
    i32 => i32: |n| Self::try_from(n).ok(),
    i64 => i64: |n| Self::try_from(n).ok(),
    u8 => u8: |n| Self::try_from(n).ok(),
    u16 => u16: |n| Self::try_from(n).ok(),
    u32 => u32: |n| Self::try_from(n).ok(),
    u64 => u64: |n| Self::try_from(n).ok()
}

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

/// Fails unless the classes of a model are at least so many distinct labels in ascending order, as [`index_in`] expects them.
pub(crate) fn check_classes<B: Backend, L: Label>(classes: &Array<B, L, Ix1>, least: usize) -> Result<()> {
    if classes.size() < least {
        return Err(Error::shape("classes", classes.dims(), format!("at least {least} labels")));
    }
    if !classes.to_host()?.is_sorted_by(|a, b| a < b) {
        return Err(Error::value("classes", "labels out of order", "labels in ascending order, each once"));
    }
    Ok(())
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

/// The positions of `labels` in `known`, in its order; the number of known labels for those that are not among them.
///
/// # Errors
/// [`Error::Value`] for a label that is known twice.
pub(crate) fn positions<B: Backend, L: Label>(labels: &Array<B, L, Ix1>, known: &[i128]) -> Result<Array<B, i64, Ix1>> {
    let mut order: Vec<usize> = (0..known.len()).collect();
    order.sort_by_key(|&i| known[i]);
    if let Some(twice) = order.windows(2).find(|pair| known[pair[0]] == known[pair[1]]) {
        return Err(Error::value("labels", format!("{} twice", known[twice[0]]), "distinct labels"));
    }
    let in_order = order.iter().enumerate().all(|(i, &k)| i == k);
    let (sorted, places): (Vec<L>, Vec<i64>) = order.iter().filter_map(|&i| Some((L::from_number(known[i])?, i as i64))).unzip();
    let (device, missing) = (labels.device(), known.len() as i64);
    let Some(last) = sorted.len().checked_sub(1) else {
        return Ok(full(device, labels.shape(), missing)?);
    };
    let whole = sorted.len() == known.len();
    let sorted = Array::from_vec(device, sorted, [last + 1])?;
    let keys = |x: &Array<B, L, Ix1>| x.lazy().astype::<L::Key>().try_eval();
    let at = searchsorted(&keys(&sorted)?, &keys(labels)?, Side::Left)?.into_lazy().minimum(last as i64).try_eval()?;
    let found = sorted.take(&at, 0)?.into_lazy().equal(labels);
    let place = if in_order && whole { at } else { Array::from_vec(device, places, [last + 1])?.take(&at, 0)? };
    Ok(found.where_(&place, missing).try_eval()?)
}

/// The distinct labels of a vector, in ascending order, on the host.
pub(crate) fn distinct<B: Backend, L: Label>(labels: &Array<B, L, Ix1>) -> Result<Vec<i128>> {
    Ok(unique_values(labels)?.to_host()?.into_iter().map(Label::number).collect())
}

/// [`group_sums`] where no product with the indicator is to be had.
pub(crate) fn group_sums_by_row<B: Backend, T: Num>(x: &Array<B, T, Ix2>, index: &Array<B, i64, Ix1>, groups: usize) -> Result<Array<B, T, Ix2>> {
    let mut sums = zeros(x.device(), [groups, x.dims()[1]])?;
    sums.put_add(index, x, 0)?;
    Ok(sums)
}

/// The sums of the rows of `x` with each index `0..groups`.
pub(crate) fn group_sums<B: Linalg<T>, T: Float>(x: &Array<B, T, Ix2>, index: &Array<B, i64, Ix1>, groups: usize) -> Result<Array<B, T, Ix2>> {
    if groups <= FEW_CLASSES {
        let numbers = arange(x.device(), 0, groups as i64, 1)?;
        let column = index.expand_dims(1)?;
        let indicator = column.lazy().equal(&numbers).astype::<T>();
        return Ok(B::cross(&indicator, &x.lazy())?);
    }
    group_sums_by_row(x, index, groups)
}
