//! Elements by masks over the leading axes and by several index arrays: reading, writing, adding.

use core::borrow::Borrow;

use crate::array::Array;
use crate::backend::{Backend, Lanes};
use crate::dim::{Dim, Dyn, Ix1};
use crate::dtype::{Element, Num};
use crate::error::{Error, Result};
use crate::expr::{Expr, IntoOperand, Iota, Lazy, eval_or_stored};
use crate::reduction::{Max, Min};
use crate::shape::broadcast_shapes;

impl<B: Backend, T: Element, D: Dim> Array<B, T, D> {
    /// The parts of the array where a mask over its leading axes holds, in row-major order: the standard's `x[mask]`. The
    /// result has one axis in place of those of the mask. A scalar mask adds an axis of length 0 or 1.
    ///
    /// # Errors
    /// [`Error::Shape`] when the mask does not have the lengths of the leading axes, [`Error::Device`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = array![[1, 2], [3, 4], [5, 6]];
    /// let rows = x.select_rows(&array![true, false, true])?;
    /// assert_eq!((rows.dims(), rows.to_vec()), (&[2, 2][..], vec![1, 2, 5, 6]));
    /// assert_eq!(x.select_rows(&x.greater(4))?.to_vec(), [5, 6]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn select_rows<E: Dim>(&self, mask: &Array<B, bool, E>) -> Result<Array<B, T, Dyn>> {
        check_mask(self, mask)?;
        if mask.ndim() == self.ndim() && mask.ndim() > 0 {
            return self.ravel()?.select(&mask.ravel()?)?.into_rank();
        }
        let rows = self.rows(mask.ndim())?;
        rows.take(&positions(mask)?, 0)
    }

    /// Writes a scalar, or an array that broadcasts to the shape of [`Array::select_rows`], where a mask over the leading
    /// axes holds. A view that is alive costs a copy of the whole array: [`Array::set`] says how to avoid it.
    ///
    /// # Errors
    /// As for [`Array::select_rows`], and [`Error::Shape`] when the value does not broadcast to the chosen parts.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let mut x = array![[1, 2], [3, 4], [5, 6]];
    /// x.set_rows(&array![true, false, true], &array![[10, 20], [30, 40]])?;
    /// assert_eq!(x.to_vec(), [10, 20, 3, 4, 30, 40]);
    /// x.set_rows(&x.clone().less(10), 0)?;
    /// assert_eq!(x.to_vec(), [10, 20, 0, 0, 30, 40]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn set_rows<E: Dim, R>(&mut self, mask: &Array<B, bool, E>, value: R) -> Result<()>
    where
        R: IntoOperand<B, T, Dyn, Elem = T>,
    {
        check_mask(self, mask)?;
        let value = value.into_operand();
        if value.shape()?.as_ref().iter().all(|&n| n == 1) && value.shape()?.as_ref().len() <= self.ndim() {
            // One value: no positions are needed.
            let one = eval_or_stored(value, self.device())?.reshape([])?;
            let mut wide = mask.dims().to_vec();
            wide.resize(self.ndim(), 1);
            return self.set_where(&mask.reshape(wide)?, one);
        }
        let at = positions(mask)?;
        let (axes, count) = (mask.ndim(), at.size());
        self.write(axes, &at, &[count], value, T::put)
    }

    /// The parts of the array at the positions that integer arrays give for its leading axes, one array per axis, which
    /// are broadcast together: the standard's `x[i, j]`, where an integer is a scalar array. The result has their common
    /// shape in place of the indexed axes. Negative indices count from the end.
    ///
    /// # Errors
    /// [`Error::Value`] for no array, [`Error::Rank`] for more arrays than axes, [`Error::Broadcast`], [`Error::Index`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = array![[1, 2, 3], [4, 5, 6]];
    /// let (i, j) = (array![[0], [1]], array![[2, -3]]);
    /// assert_eq!(x.take_at(&[&i, &j])?.to_vec(), [3, 1, 6, 4]);
    /// assert_eq!(x.take_at(&[array![-1]])?.dims(), [1, 3]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn take_at<E: Dim, A: Borrow<Array<B, i64, E>>>(&self, indices: &[A]) -> Result<Array<B, T, Dyn>> {
        let (shape, at) = self.positions_of(indices)?;
        let rows = self.rows(indices.len())?;
        let out = rows.take(&at, 0)?;
        let shape = [&shape, &rows.dims()[1..]].concat();
        out.reshape(shape)
    }

    /// Writes a scalar, or an array that broadcasts to the shape of [`Array::take_at`], to the positions that integer
    /// arrays give. Of a position given twice the last value stays. A view that is alive costs a copy of the whole array:
    /// [`Array::set`] says how to avoid it.
    ///
    /// # Errors
    /// As for [`Array::take_at`], and [`Error::Shape`] when the value does not broadcast; nothing is written then.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let mut x = array![[1, 2, 3], [4, 5, 6]];
    /// let (i, j) = (array![0, 1], array![-1, 0]);
    /// x.put_at(&[&i, &j], &array![30, 40])?;
    /// assert_eq!(x.to_vec(), [1, 2, 30, 40, 5, 6]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn put_at<E: Dim, A, R>(&mut self, indices: &[A], value: R) -> Result<()>
    where
        A: Borrow<Array<B, i64, E>>,
        R: IntoOperand<B, T, Dyn, Elem = T>,
    {
        let (shape, at) = self.positions_of(indices)?;
        self.write(indices.len(), &at, &shape, value.into_operand(), T::put)
    }

    /// The array with its first `axes` axes as one; a new one of length 1 for none.
    fn rows(&self, axes: usize) -> Result<Array<B, T, Dyn>> {
        let lead = self.dims()[..axes].iter().product();
        self.reshape([&[lead], &self.dims()[axes..]].concat())
    }

    /// The common shape of index arrays, and where they point to in the flattened leading axes.
    fn positions_of<E: Dim, A: Borrow<Array<B, i64, E>>>(&self, indices: &[A]) -> Result<(Vec<usize>, Array<B, i64, Ix1>)> {
        if indices.is_empty() {
            return Err(Error::value("index arrays", "none given"));
        }
        if indices.len() > self.ndim() {
            return Err(Error::Rank { expected: indices.len(), given: self.ndim() });
        }
        let indices: Vec<&Array<B, i64, E>> = indices.iter().map(Borrow::borrow).collect();
        let shape = indices.iter().try_fold(vec![], |acc, i| broadcast_shapes(&acc, i.dims()))?;
        crate::shape::size_of_shape(&shape)?;
        let mut flat: Option<Array<B, i64, Dyn>> = None;
        for (axis, index) in indices.iter().enumerate() {
            crate::expr::check_devices(Some(self.device()), Some(Array::device(index)))?;
            let len = self.dims()[axis];
            if !shape.contains(&0) {
                check_range(index, axis, len)?;
            }
            let n = len as i64;
            // `i mod n` counts negative indices from the end.
            let here = index.lazy().remainder(n.max(1));
            flat = Some(match flat {
                None => here.try_eval()?.into_dyn(),
                Some(before) => (before.lazy() * n + here).try_eval()?,
            });
        }
        let Some(flat) = flat else { unreachable!("there is at least one index array") };
        Ok((shape.clone(), flat.broadcast_to(shape)?.ravel()?))
    }

    /// Writes a value of shape `shape` and the trailing axes to positions of the flattened first `axes` axes.
    fn write<E, F>(&mut self, axes: usize, at: &Array<B, i64, Ix1>, shape: &[usize], value: E, put: F) -> Result<()>
    where
        E: Expr<Backend = B, Elem = T>,
        F: FnOnce(&B, &mut B::Buffer<T>, Lanes, &B::Buffer<i64>, &B::Buffer<T>) -> Result<()>,
    {
        let full: Vec<usize> = [shape, &self.dims()[axes..]].concat();
        let given = value.shape()?;
        // Leading axes of length 1 that the target lacks are dropped, as in NumPy.
        let extra = given.as_ref().len().saturating_sub(full.len());
        let trimmed = if given.as_ref()[..extra].iter().all(|&n| n == 1) { &given.as_ref()[extra..] } else { given.as_ref() };
        if broadcast_shapes(trimmed, &full).ok().as_deref() != Some(&full[..]) {
            return Err(Error::shape("indexed assignment: value", given.as_ref(), format!("a shape that broadcasts to {full:?}")));
        }
        let trimmed = trimmed.to_vec();
        let values = eval_or_stored(value, self.device())?.reshape(trimmed)?.broadcast_to(full)?.packed()?;
        let at = at.packed()?;
        let lanes = Lanes { outer: 1, len: self.dims()[..axes].iter().product(), inner: self.dims()[axes..].iter().product() };
        self.make_packed()?;
        let (device, buffer) = self.parts_mut();
        put(device, buffer, lanes, at.buffer(), values.buffer()).map_err(|e| e.of_operand(T::DTYPE, self.dims()))
    }
}

impl<B: Backend, T: Num, D: Dim> Array<B, T, D> {
    /// Adds a scalar, or an array that broadcasts to the shape of [`Array::take_at`], at the positions that integer
    /// arrays give. The values of a position given twice all count, in order: `np.add.at`.
    ///
    /// # Errors
    /// As for [`Array::put_at`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// let mut x = array![[0, 0], [0, 0]];
    /// let (i, j) = (array![0, 1, 1], array![1, 0, 0]);
    /// x.put_add_at(&[&i, &j], &array![5, 7, 8])?;
    /// assert_eq!(x.to_vec(), [0, 5, 15, 0]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn put_add_at<E: Dim, A, R>(&mut self, indices: &[A], value: R) -> Result<()>
    where
        A: Borrow<Array<B, i64, E>>,
        R: IntoOperand<B, T, Dyn, Elem = T>,
    {
        let (shape, at) = self.positions_of(indices)?;
        self.write(indices.len(), &at, &shape, value.into_operand(), |device, x, lanes, at, values| device.put(x, lanes, at, values, true))
    }
}

fn check_mask<B: Backend, T: Element, D: Dim, E: Dim>(x: &Array<B, T, D>, mask: &Array<B, bool, E>) -> Result<()> {
    if !x.dims().starts_with(mask.dims()) {
        return Err(Error::shape("mask", mask.dims(), format!("the lengths of leading axes of {:?}", x.dims())));
    }
    crate::expr::check_devices(Some(x.device()), Some(mask.device())).map(drop)
}

/// Where a mask holds, in the flattened array.
fn positions<B: Backend, E: Dim>(mask: &Array<B, bool, E>) -> Result<Array<B, i64, Ix1>> {
    let n = mask.size();
    Lazy::new(Iota::<B, Ix1>::new(mask.device(), [n], 0, [1])?).try_eval()?.select(&mask.reshape([n])?)
}

fn check_range<B: Backend, D: Dim>(index: &Array<B, i64, D>, axis: usize, len: usize) -> Result<()> {
    if index.is_empty() {
        return Ok(());
    }
    let n = len as i64;
    let (low, high) = index.lazy().reduce((Min, Max), ..).try_eval()?;
    for bound in [low.item()?, high.item()?] {
        if bound < -n || bound >= n {
            return Err(Error::Index { index: bound as isize, axis, len, operation: None });
        }
    }
    Ok(())
}
