//! Matrices that are made tile by tile.

use core::fmt;
use core::marker::PhantomData;
use core::ops::Range;

use super::Array;
use crate::backend::Backend;
use crate::dim::{Dim, Ix2};
use crate::dtype::Element;
use crate::error::{Error, Result};
use crate::expr::{Expr, IntoOperand, Lazy, eval_onto};
use crate::mergeable::Mergeable;
use crate::s;
use crate::shape::{contiguous_strides, size_of_shape};

/// A matrix that is made tile by tile, each evaluated to its place: nothing is written twice, where an array of zeros that is
/// assigned to would be.
///
/// Tiles come from left to right, and below each other when a row of tiles is full. Those beside each other have as many rows.
///
/// ```
/// use xp::prelude::*;
/// use xp::Tiles;
///
/// let x = array![[1.0_f64], [2.0], [3.0]];
/// let mut powers = Tiles::new(&Cpu, [3, 3])?;
/// for (start, rows) in [(0, 2), (2, 1)] {
///     let block = x.slice(s![start..start + rows])?;
///     powers.push([rows, 1], 1.0)?;
///     powers.push([rows, 1], &block)?;
///     powers.push([rows, 1], block.lazy().square())?;
/// }
/// assert_eq!(powers.finish()?.to_vec(), [1.0, 1.0, 1.0, 1.0, 2.0, 4.0, 1.0, 3.0, 9.0]);
/// # Ok::<(), xp::Error>(())
/// ```
pub struct Tiles<B: Backend, T: Element> {
    /// Holds arbitrary values from the next tile on.
    out: Array<B, T, Ix2>,
    /// Where the next tile begins.
    at: [usize; 2],
    /// The rows of the tiles of this row of tiles.
    rows: usize,
}

// Without the elements, some of which nobody has written.
impl<B: Backend, T: Element> fmt::Debug for Tiles<B, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tiles").field("shape", &self.out.shape()).field("at", &self.at).field("rows", &self.rows).finish()
    }
}

/// The tiles of a range of rows, in [`Tiles::by_rows`].
///
/// Each is of a type of its own: one cannot take the place of another, whose rows would then not be written.
#[derive(Debug)]
pub struct RowTiles<'r, B: Backend, T: Element> {
    tiles: Tiles<B, T>,
    brand: PhantomData<fn(&'r ()) -> &'r ()>,
}

impl<B: Backend, T: Element> RowTiles<'_, B, T> {
    /// [`Tiles::push`].
    ///
    /// # Errors
    /// As for [`Tiles::push`].
    pub fn push<R>(&mut self, shape: [usize; 2], values: R) -> Result<()>
    where
        R: IntoOperand<B, T, Ix2, Elem = T>,
    {
        self.tiles.push(shape, values)
    }
}

impl<B: Backend, T: Element> Tiles<B, T> {
    /// Memory for a matrix of `shape`, on a device.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::OutOfMemory`], [`Error::UnsupportedDType`] when the device has no such dtype.
    pub fn new(device: &B, shape: [usize; 2]) -> Result<Self> {
        // SAFETY: `finish` gives the array away when all of it is written; until then nothing reads it.
        let buffer = unsafe { device.alloc(size_of_shape(&shape)?)? };
        let strides = contiguous_strides::<Ix2>(&shape);
        Ok(Tiles { out: Array::from_parts(device.clone(), buffer, shape, strides, 0), at: [0, 0], rows: 0 })
    }

    /// A matrix that is made some rows at a time: `make` gets a range of rows, and the tiles of those. Ranges may be made side by side
    /// ([`Backend::map_parts`]).
    ///
    /// # Errors
    /// As for [`Tiles::new`] and [`Tiles::finish`]; of several ranges that fail, the error of the first one.
    ///
    /// ```
    /// use xp::prelude::*;
    /// use xp::Tiles;
    ///
    /// let x = array![[1.0_f64], [2.0], [3.0]];
    /// let powers = Tiles::by_rows(&Cpu, [3, 2], 2, |rows, tiles| {
    ///     let block = x.slice(s![rows.clone()])?;
    ///     tiles.push([rows.len(), 1], &block)?;
    ///     tiles.push([rows.len(), 1], block.lazy().square())
    /// })?;
    /// assert_eq!(powers.to_vec(), [1.0, 1.0, 2.0, 4.0, 3.0, 9.0]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn by_rows<E: From<Error> + Send>(
        device: &B,
        shape @ [n, m]: [usize; 2],
        step: usize,
        make: impl for<'r> Fn(Range<usize>, &mut RowTiles<'r, B, T>) -> Result<(), E> + Sync,
    ) -> Result<Array<B, T, Ix2>, E> {
        let Tiles { out, .. } = Tiles::new(device, shape)?;
        let step = step.max(1);
        let part = |i: usize| {
            let rows = i * step..((i + 1) * step).min(n);
            Tiles::of_rows(&out, rows.clone(), |tiles| make(rows, tiles))
        };
        device.map_parts(n.div_ceil(step), part).into_iter().collect::<Result<(), E>>()?;
        debug_assert_eq!(out.shape(), [n, m]);
        // Every part has written all of its rows.
        Ok(out)
    }

    /// A symmetric matrix with `n` rows: `make` gets a range of rows and one of columns, of at most `step` each, and says what is there. Tiles
    /// below those on the diagonal are not made, but taken from above it; what is made on the diagonal has to be symmetric itself. Tiles may be
    /// made side by side ([`Backend::map_parts`]).
    ///
    /// # Errors
    /// As for [`Tiles::new`]; [`Error::Shape`] when what is made does not broadcast to its place; of several tiles that fail, the error of the
    /// first one.
    ///
    /// ```
    /// use xp::prelude::*;
    /// use xp::Tiles;
    ///
    /// let x = array![1.0_f64, 2.0, 4.0];
    /// let sums = Tiles::symmetric(&Cpu, 3, 2, |rows, columns| {
    ///     Ok::<_, xp::Error>(x.slice(s![rows])?.expand_dims(1)?.into_lazy() + x.slice(s![columns])?.expand_dims(0)?)
    /// })?;
    /// assert_eq!(sums.to_vec(), [2.0, 3.0, 5.0, 3.0, 4.0, 6.0, 5.0, 6.0, 8.0]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn symmetric<E: Expr<Backend = B, Elem = T, Dim = Ix2>, F: From<Error> + Send>(
        device: &B,
        n: usize,
        step: usize,
        make: impl Fn(Range<usize>, Range<usize>) -> Result<Lazy<E>, F> + Sync,
    ) -> Result<Array<B, T, Ix2>, F> {
        let Tiles { out, .. } = Tiles::new(device, [n, n])?;
        let step = step.max(1);
        let blocks = n.div_ceil(step);
        let range = |i: usize| i * step..((i + 1) * step).min(n);
        // On and above the diagonal, the blocks of one row of them after the other.
        let places: Vec<(usize, usize)> = (0..blocks).flat_map(|i| (i..blocks).map(move |j| (i, j))).collect();
        let part = |part: usize| -> Result<(), F> {
            let (i, j) = places[part];
            let (above, below) = (out.slice(s![range(i), range(j)])?, out.slice(s![range(j), range(i)])?);
            let tile = make(range(i), range(j))?;
            // SAFETY: the memory was never given away, so what is made has none of it; nobody else writes these two tiles.
            unsafe {
                if i == j {
                    return Ok(eval_onto(tile.expr(), &above)?);
                }
                let tile = tile.try_eval()?.broadcast_to(above.shape())?;
                eval_onto(&&tile, &above)?;
                Ok(eval_onto(&tile.t(), &below)?)
            }
        };
        device.map_parts(places.len(), part).into_iter().collect::<Result<(), F>>()?;
        Ok(out)
    }

    /// [`Backend::fold_rows`] over the rows of `like`, which makes `columns` elements for each of them as well: `part` gets a range of
    /// rows, and the tiles of those. The matrix lies as `like` does.
    ///
    /// # Errors
    /// As for [`Tiles::new`], [`Tiles::finish`] and [`Backend::fold_rows`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// use xp::Tiles;
    ///
    /// let x = array![[1.0_f64, 2.0], [3.0, 4.0]];
    /// let part = |rows: std::ops::Range<usize>, tiles: &mut xp::RowTiles<Cpu, f64>| {
    ///     let x = x.slice(s![rows.clone()])?;
    ///     tiles.push([rows.len(), 1], x.lazy().sum(KeepDims(1)).try_eval()?)?;
    ///     x.lazy().sum(0).try_eval()
    /// };
    /// let (rows, columns) = Tiles::fold_rows(&x, 1, part, |a, b| (a.lazy() + &b).try_eval())?;
    /// assert_eq!((rows.to_vec(), columns.to_vec()), (vec![3.0, 7.0], vec![4.0, 6.0]));
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn fold_rows<U: Element, D: Dim, S: Mergeable<B>>(
        like: &Array<B, U, D>,
        columns: usize,
        part: impl for<'r> Fn(Range<usize>, &mut RowTiles<'r, B, T>) -> Result<S> + Sync,
        join: impl FnMut(S, S) -> Result<S>,
    ) -> Result<(Array<B, T, Ix2>, S)> {
        let (device, n) = (like.device(), like.dims().first().copied().unwrap_or(1));
        let shape = [n, columns];
        // SAFETY: every part writes its rows, all of them together the whole; until then nothing reads it.
        let buffer = unsafe { device.alloc_rows(like.buffer(), n, size_of_shape(&shape)?)? };
        let out = Array::from_parts(device.clone(), buffer, shape, contiguous_strides::<Ix2>(&shape), 0);
        let rows = |rows: Range<usize>| Tiles::of_rows(&out, rows.clone(), |tiles| part(rows, tiles));
        let sum = device.fold_rows(like.buffer(), n, rows, join)?;
        Ok((out, sum))
    }

    /// Makes some rows of a matrix, which nobody else makes or reads.
    fn of_rows<S, E: From<Error>>(
        out: &Array<B, T, Ix2>,
        rows: Range<usize>,
        make: impl for<'r> FnOnce(&mut RowTiles<'r, B, T>) -> Result<S, E>,
    ) -> Result<S, E> {
        let tiles = Tiles { out: out.slice(s![rows])?, at: [0, 0], rows: 0 };
        let mut tiles = RowTiles { tiles, brand: PhantomData };
        let made = make(&mut tiles)?;
        tiles.tiles.finish()?;
        Ok(made)
    }

    /// Evaluates the next tile, to whose shape `[rows, columns]` the values are broadcast. One without elements changes nothing.
    ///
    /// # Errors
    /// [`Error::Shape`] when the tile is larger than what is left, or has not as many rows as the one before it beside it; as for
    /// [`Array::set`].
    pub fn push<R>(&mut self, [rows, columns]: [usize; 2], values: R) -> Result<()>
    where
        R: IntoOperand<B, T, Ix2, Elem = T>,
    {
        let ([row, column], [n, m]) = (self.at, self.out.shape());
        let fits = if column == 0 { rows <= n - row } else { rows == self.rows };
        if !fits || columns > m - column {
            let left = if column == 0 { format!("at most {} rows", n - row) } else { format!("{} rows", self.rows) };
            return Err(Error::shape("a tile", &[rows, columns], format!("{left} and at most {} columns", m - column)));
        }
        if rows == 0 || columns == 0 {
            return Ok(());
        }
        let target = self.out.slice(s![row..row + rows, column..column + columns])?;
        // SAFETY: the memory was never given away, so `values` has none of it.
        unsafe { eval_onto(&values.into_operand(), &target)? };
        (self.at, self.rows) = if column + columns == m { ([row + rows, 0], 0) } else { ([row, column + columns], rows) };
        Ok(())
    }

    /// The matrix.
    ///
    /// # Errors
    /// [`Error::Value`] when tiles are missing.
    pub fn finish(self) -> Result<Array<B, T, Ix2>> {
        let ([row, column], [n, m]) = (self.at, self.out.shape());
        if row < n && m > 0 {
            return Err(Error::value("finish", format!("the tiles of a matrix of shape [{n}, {m}] end at row {row}, column {column}")));
        }
        Ok(self.out)
    }
}
