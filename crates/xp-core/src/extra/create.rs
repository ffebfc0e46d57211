//! Counting, padding, one-hot encoding, and arrays of indices.

use core::borrow::Borrow;

use crate::array::{Array, full, ones, zeros};
use crate::backend::Backend;
use crate::dim::{Dim, DimBase, Dyn, Ix1, Ix2};
use crate::dtype::{Element, Num};
use crate::error::{Error, Result};
use crate::expr::{IntoOperand, Iota, Lazy, Zip, eval_onto};
use crate::indexing::Position;
use crate::ops::Add;
use crate::shape::{contiguous_strides, normalize_axis, size_of_shape};

/// How often each number from 0 on occurs; at least `minlength` counts.
///
/// # Errors
/// [`Error::Value`] for a negative number.
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(xp::extra::bincount(&array![1_i64, 3, 1], 0)?.to_vec(), [0, 2, 0, 1]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn bincount<B: Backend>(x: &Array<B, i64, Ix1>, minlength: usize) -> Result<Array<B, i64, Ix1>> {
    bincount_weighted(x, &full(x.device(), [], 1i64)?.broadcast_to(x.shape())?, minlength)
}

/// The sum of the weights of each number from 0 on; at least `minlength` sums.
///
/// # Errors
/// [`Error::Value`] for a negative number, [`Error::Shape`] when there is not one weight per number.
///
/// ```
/// use xp::prelude::*;
/// let sums = xp::extra::bincount_weighted(&array![1_i64, 3, 1], &array![0.5, 2.0, 1.0], 5)?;
/// assert_eq!(sums.to_vec(), [0.0, 1.5, 0.0, 2.0, 0.0]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn bincount_weighted<B: Backend, T: Num>(x: &Array<B, i64, Ix1>, weights: &Array<B, T, Ix1>, minlength: usize) -> Result<Array<B, T, Ix1>> {
    if weights.dims() != x.dims() {
        return Err(Error::shape("bincount: weights", weights.dims(), format!("{:?}", x.dims())));
    }
    let mut len = minlength;
    if !x.is_empty() {
        let (low, high) = (x.min(..).item()?, x.max(..).item()?);
        if low < 0 {
            return Err(Error::value("bincount: x", format!("{low} given: only numbers from 0 on have a place")));
        }
        len = len.max(usize::try_from(high).unwrap_or(usize::MAX).saturating_add(1));
    }
    let mut out = zeros::<B, T, _>(x.device(), [len])?;
    out.put_add(x, weights, 0)?;
    Ok(out)
}

/// Class numbers as vectors with a one in their place, along a new axis of length `n`.
///
/// # Errors
/// [`Error::Axis`], [`Error::Index`] for a number that is not below `n`, or negative.
///
/// ```
/// use xp::prelude::*;
/// let y = xp::extra::one_hot::<_, f32, _>(&array![2_i64, 0], 3, -1)?;
/// assert_eq!(y.to_vec(), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn one_hot<B: Backend, T: Num, D: Dim>(x: &Array<B, i64, D>, n: usize, axis: impl Position) -> Result<Array<B, T, D::Larger>> {
    let axis = axis.position();
    let k = normalize_axis(axis, x.ndim() + 1)?;
    crate::indexing::check_indices(&x.ravel()?, k, n)?;
    let wide = x.expand_dims(axis)?.into_dyn();
    let mut shape = wide.shape();
    shape[k] = n;
    let mut steps = Dyn::zero_strides(shape.len());
    steps[k] = 1;
    let class = Lazy::new(Iota::<B, Dyn>::new(x.device(), shape, 0, steps)?);
    class.equal(&wide).astype::<T>().try_eval()?.into_rank()
}

/// What [`pad`] puts beside an array.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum PadMode<T> {
    /// A value.
    Constant(T),
    /// The element at the edge: `a a | a b c | c c`.
    Edge,
    /// The array mirrored at its edge elements, which are not repeated: `c b | a b c | b a`.
    Reflect,
    /// The array mirrored at its edges: `b a | a b c | c b`.
    Symmetric,
    /// The array from its other end: `b c | a b c | a b`.
    Wrap,
}

impl<T> PadMode<T> {
    /// The position in an axis of `n` elements that stands at position `i`, which may lie outside.
    fn position(&self, i: isize, n: isize) -> isize {
        let mirrored = |i: isize, period: isize| {
            let i = i.rem_euclid(period);
            i.min(period - 1 - i)
        };
        match self {
            PadMode::Constant(_) | PadMode::Edge => i.clamp(0, n - 1),
            PadMode::Reflect if n == 1 => 0,
            PadMode::Reflect => {
                let i = i.rem_euclid(2 * (n - 1));
                i.min(2 * (n - 1) - i)
            }
            PadMode::Symmetric => mirrored(i, 2 * n),
            PadMode::Wrap => i.rem_euclid(n),
        }
    }
}

/// The array with `width[k].0` elements before and `width[k].1` behind it along axis `k`; one pair serves all. Elements beside
/// the array are those of the mode, axis by axis, so that corners follow from edges; a wider border than the array repeats it.
///
/// # Errors
/// [`Error::Value`] when the number of pairs is neither 1 nor the rank, [`Error::TooLarge`], [`Error::Shape`] when an axis
/// without elements is padded by anything but a constant.
///
/// ```
/// use xp::prelude::*;
/// use xp::extra::{PadMode, pad};
/// assert_eq!(pad(&array![1, 2], &[(1, 2)], PadMode::Constant(0))?.to_vec(), [0, 1, 2, 0, 0]);
/// assert_eq!(pad(&array![1, 2, 3], &[(2, 1)], PadMode::Reflect)?.to_vec(), [3, 2, 1, 2, 3, 2]);
/// assert_eq!(pad(&array![1, 2, 3], &[(2, 1)], PadMode::Wrap)?.to_vec(), [2, 3, 1, 2, 3, 1]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn pad<B: Backend, T: Element, D: Dim>(x: &Array<B, T, D>, width: &[(usize, usize)], mode: PadMode<T>) -> Result<Array<B, T, D>> {
    if width.len() != x.ndim() && width.len() != 1 {
        return Err(Error::value("pad: width", format!("{} pairs given for an array of rank {}", width.len(), x.ndim())));
    }
    let pair = |k: usize| width[k % width.len()];
    let mut shape = x.dims().to_vec();
    for (k, n) in shape.iter_mut().enumerate() {
        let (before, after) = pair(k);
        *n = n.checked_add(before).and_then(|n| n.checked_add(after)).ok_or_else(|| Error::TooLarge { shape: x.dims().to_vec() })?;
    }
    crate::shape::size_of_shape(&shape)?;
    let PadMode::Constant(value) = mode else { return pad_with_itself(x, &shape, pair, mode) };
    let out: Array<B, T, D> = full(x.device(), shape, value)?.into_rank()?;
    let mut inner = out.clone();
    for k in 0..x.ndim() {
        let before = pair(k).0;
        inner = inner.slice_axis(k, before..before + x.dims()[k])?;
    }
    // SAFETY: the memory is new, and `x` holds none of it.
    unsafe { eval_onto(&x, &inner)? };
    drop(inner);
    Ok(out)
}

/// [`pad`] with elements of the array: each axis is read at the positions that the mode says.
fn pad_with_itself<B: Backend, T: Element, D: Dim>(
    x: &Array<B, T, D>,
    shape: &[usize],
    pair: impl Fn(usize) -> (usize, usize),
    mode: PadMode<T>,
) -> Result<Array<B, T, D>> {
    let mut out = x.clone();
    for (k, &len) in shape.iter().enumerate() {
        let n = x.dims()[k];
        if len == n {
            continue;
        }
        if n == 0 {
            return Err(Error::shape("pad", x.dims(), format!("at least one element along axis {k}, or `PadMode::Constant`")));
        }
        let before = pair(k).0 as isize;
        let positions = (0..len as isize).map(|i| mode.position(i - before, n as isize) as i64).collect();
        out = out.take(&Array::from_vec(x.device(), positions, [len])?, k as isize)?;
    }
    Ok(out)
}

/// Adds a scalar, or an array that is broadcast, to the diagonal of every matrix in place: `x + value * I` without a copy.
///
/// # Errors
/// [`Error::Rank`] for an array of rank below 2, [`Error::Shape`] when the value does not broadcast to the diagonal.
///
/// ```
/// use xp::prelude::*;
/// let mut x = array![[1.0, 2.0], [3.0, 4.0]];
/// xp::extra::add_to_diagonal(&mut x, 0.5)?;
/// assert_eq!(x.to_vec(), [1.5, 2.0, 3.0, 4.5]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn add_to_diagonal<B: Backend, T: Num, D: Dim, R>(x: &mut Array<B, T, D>, value: R) -> Result<()>
where
    R: IntoOperand<B, T, D::Smaller, Elem = T>,
{
    let value = value.into_operand();
    x.make_unique()?;
    let diagonal = x.diagonal(0)?;
    let sum = Zip::new(Add, &diagonal, value);
    // SAFETY: `x` is alone on its memory, `value` was built before that and holds none of it, and each element of the
    // diagonal is read where it is written.
    unsafe { eval_onto(&sum, &diagonal) }
}

/// Matrices with the vectors of the last axis on their diagonal, `offset` above the main one, and zeros elsewhere.
///
/// # Errors
/// [`Error::Rank`] for a scalar array, [`Error::TooLarge`].
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(xp::extra::create_diagonal(&array![1, 2], 0)?.to_vec(), [1, 0, 0, 2]);
/// assert_eq!(xp::extra::create_diagonal(&array![7], -1)?.to_vec(), [0, 0, 7, 0]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn create_diagonal<B: Backend, T: Num, D: Dim>(x: &Array<B, T, D>, offset: isize) -> Result<Array<B, T, D::Larger>> {
    if x.ndim() == 0 {
        return Err(Error::Rank { expected: 1, given: 0 });
    }
    let mut width = vec![(0, 0); x.ndim()];
    let shift = offset.unsigned_abs();
    width[x.ndim() - 1] = if offset >= 0 { (0, shift) } else { (shift, 0) };
    // Row i holds element i, before padding, in column i + offset.
    let rows = pad(x, &width, PadMode::Constant(T::ZERO))?.into_dyn();
    let side = rows.dims()[x.ndim() - 1];
    let mut shape = rows.dims().to_vec();
    shape.push(side);
    size_of_shape(&shape)?;
    let column_minus_row = Lazy::new(Iota::<B, Ix2>::new(x.device(), [side, side], 0, [-1, 1])?);
    let on = column_minus_row.equal(offset as i64);
    on.where_(&rows.expand_dims(-1)?, T::ZERO).try_eval()?.into_rank()
}

/// Row and column numbers of the elements on and below the diagonal, `offset` above the main one, of an `n x m` matrix.
///
/// # Errors
/// When memory runs out or the device fails.
///
/// ```
/// use xp::prelude::*;
/// let [i, j] = xp::extra::tril_indices(&Cpu, 2, 2, 0)?;
/// assert_eq!((i.to_vec(), j.to_vec()), (vec![0, 1, 1], vec![0, 0, 1]));
/// # Ok::<(), xp::Error>(())
/// ```
pub fn tril_indices<B: Backend>(device: &B, n: usize, m: usize, offset: isize) -> Result<[Array<B, i64, Ix1>; 2]> {
    pair(ones::<B, u8, _>(device, [n, m])?.tril(offset)?.nonzero()?)
}

/// Row and column numbers of the elements on and above the diagonal, `offset` above the main one, of an `n x m` matrix.
///
/// # Errors
/// When memory runs out or the device fails.
///
/// ```
/// use xp::prelude::*;
/// let [i, j] = xp::extra::triu_indices(&Cpu, 2, 2, 1)?;
/// assert_eq!((i.to_vec(), j.to_vec()), (vec![0], vec![1]));
/// # Ok::<(), xp::Error>(())
/// ```
pub fn triu_indices<B: Backend>(device: &B, n: usize, m: usize, offset: isize) -> Result<[Array<B, i64, Ix1>; 2]> {
    pair(ones::<B, u8, _>(device, [n, m])?.triu(offset)?.nonzero()?)
}

fn pair<B: Backend>(mut both: Vec<Array<B, i64, Ix1>>) -> Result<[Array<B, i64, Ix1>; 2]> {
    let (second, first) = (both.pop(), both.pop());
    match (first, second) {
        (Some(i), Some(j)) => Ok([i, j]),
        _ => Err(Error::Rank { expected: 2, given: 0 }),
    }
}

/// The indices of the main diagonal of an array of `ndim` axes of length `n`: one vector per axis.
///
/// # Errors
/// When memory runs out or the device fails.
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(xp::extra::diag_indices(&Cpu, 2, 3)?[2].to_vec(), [0, 1]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn diag_indices<B: Backend>(device: &B, n: usize, ndim: usize) -> Result<Vec<Array<B, i64, Ix1>>> {
    let along = Lazy::new(Iota::<B, Ix1>::new(device, [n], 0, [1])?).try_eval()?;
    Ok(vec![along; ndim])
}

/// Positions in the flattened array of `shape` as indices, one array per axis.
///
/// # Errors
/// [`Error::Index`] when a position is negative or not below the number of elements.
///
/// ```
/// use xp::prelude::*;
/// let at = xp::extra::unravel_index(&array![5_i64, 2], &[2, 3])?;
/// assert_eq!((at[0].to_vec(), at[1].to_vec()), (vec![1, 0], vec![2, 2]));
/// # Ok::<(), xp::Error>(())
/// ```
pub fn unravel_index<B: Backend, D: Dim>(positions: &Array<B, i64, D>, shape: &[usize]) -> Result<Vec<Array<B, i64, D>>> {
    let size = size_of_shape(shape)?;
    crate::indexing::check_indices(&positions.ravel()?, 0, size)?;
    let strides = contiguous_strides::<Dyn>(&shape.into());
    let index = |(&n, &s): (&usize, &isize)| positions.lazy().floor_divide(s as i64).remainder(n.max(1) as i64).try_eval();
    shape.iter().zip(&strides).map(index).collect()
}

/// Indices, one array per axis of `shape`, as positions in the flattened array: undoes [`unravel_index`].
///
/// # Errors
/// [`Error::Rank`] when there is not one array per axis, [`Error::Index`], [`Error::Broadcast`].
///
/// ```
/// use xp::prelude::*;
/// let (i, j) = (array![1_i64, 0], array![2_i64, -1]);
/// assert_eq!(xp::extra::ravel_multi_index(&[&i, &j], &[2, 3])?.to_vec(), [5, 2]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn ravel_multi_index<B: Backend, D: Dim, A: Borrow<Array<B, i64, D>>>(indices: &[A], shape: &[usize]) -> Result<Array<B, i64, Dyn>> {
    if indices.len() != shape.len() || indices.is_empty() {
        return Err(Error::Rank { expected: shape.len().max(1), given: indices.len() });
    }
    let all = Lazy::new(Iota::<B, Ix1>::new(indices[0].borrow().device(), [size_of_shape(shape)?], 0, [1])?).try_eval()?.reshape(shape)?;
    all.take_at(indices)
}

/// The array with leading axes of length 1 added until it has `ndim`.
///
/// # Errors
/// [`Error::Rank`] when that is more than an array can have.
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(xp::extra::at_least_nd(&array![1, 2], 3)?.dims(), [1, 1, 2]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn at_least_nd<B: Backend, T: Element, D: Dim>(x: &Array<B, T, D>, ndim: usize) -> Result<Array<B, T, Dyn>> {
    let mut shape = vec![1; ndim.saturating_sub(x.ndim())];
    <Dyn as Dim>::shape_from(&[&shape[..], x.dims()].concat())?;
    shape.extend(x.dims());
    x.clone().into_dyn().reshape(shape)
}
