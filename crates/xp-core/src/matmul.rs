//! Products: `matmul`, `tensordot`, `vecdot`, `outer`.

use smallvec::SmallVec;

use crate::array::Array;
use crate::axes::Axes;
use crate::axis_vec::AxisVec;
use crate::backend::{Backend, Slot, Stack};
use crate::dim::{Dim, DimBase, Dyn, Ix1, Ix2};
use crate::dtype::Num;
use crate::error::{Error, Result};
use crate::indexing::Position;
use crate::shape::{broadcast_shapes, broadcast_strides, contiguous_strides, normalize_axis, size_of_shape};

impl<B: Backend, T: Num, D: Dim> Array<B, T, D> {
    /// The matrix product. A vector on the left is a row, on the right a column, and that axis is dropped from the
    /// result; axes before the last two are stacks of matrices, which broadcast.
    ///
    /// # Errors
    /// [`Error::Rank`] for a scalar array, [`Error::Value`] when the inner lengths differ, [`Error::Broadcast`],
    /// [`Error::Device`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// let (a, v) = (array![[1, 2], [3, 4]], array![1, 10]);
    /// assert_eq!(a.matmul(&a)?.to_vec(), [7, 10, 15, 22]);
    /// assert_eq!(a.matmul(&v)?.to_vec(), [21, 43]);
    /// assert_eq!(v.matmul(&v)?.item()?, 101);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn matmul<E: Dim>(&self, other: &Array<B, T, E>) -> Result<Array<B, T, D::MatMul<E>>> {
        let product = Product::new(self, other)?;
        let size = size_of_shape(&product.shape)?;
        // SAFETY: every element is written by the product.
        let buffer = unsafe { self.device().alloc(size)? };
        let shape = <D::MatMul<E>>::shape_from(&product.shape)?;
        let strides = contiguous_strides::<D::MatMul<E>>(&shape);
        // SAFETY: the memory is new.
        unsafe { product.run(Slot { buffer: &buffer, offset: 0 })? };
        Ok(Array::from_parts(self.device().clone(), buffer, shape, strides, 0))
    }

    /// [`Array::matmul`] into an array that exists. No memory is allocated, unless `out` shares its memory with another array
    /// or does not lie in row-major order: then it is replaced.
    ///
    /// # Errors
    /// As for [`Array::matmul`], and [`Error::Shape`] when `out` has not the shape of the product.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let (a, mut v, mut next) = (array![[0.0, 1.0], [1.0, 1.0]], array![0.0, 1.0], array![0.0, 0.0]);
    /// for _ in 0..10 {
    ///     a.matmul_into(&v, &mut next)?;
    ///     std::mem::swap(&mut v, &mut next);
    /// }
    /// assert_eq!(v.to_vec(), [55.0, 89.0]); // Fibonacci's numbers
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn matmul_into<E: Dim, F: Dim>(&self, other: &Array<B, T, E>, out: &mut Array<B, T, F>) -> Result<()> {
        let product = Product::new(self, other)?;
        if product.shape[..] != *out.dims() {
            return Err(Error::shape("matmul_into: out", out.dims(), format!("the shape of the product, {:?}", product.shape)));
        }
        crate::expr::check_devices(Some(self.device()), Some(out.device()))?;
        out.make_writable()?;
        // SAFETY: `out` is alone on its memory, so no operand lies there, and has the shape of the product in row-major order.
        unsafe { product.run(Slot { buffer: out.buffer(), offset: out.offset() }) }
    }
}

/// A product whose operands were checked: stacks of matrices, and where each pair of them starts.
struct Product<'a, B: Backend, T: Num> {
    device: &'a B,
    a: Stack<'a, B, T>,
    b: Stack<'a, B, T>,
    dims: [usize; 3],
    offsets: Offsets,
    /// The shape of the result, without the axes of operands that are vectors.
    shape: AxisVec<usize>,
}

/// The offsets of pairs of matrices; of one pair without an allocation.
type Offsets = SmallVec<[[usize; 2]; 1]>;

impl<'a, B: Backend, T: Num> Product<'a, B, T> {
    fn new<D: Dim, E: Dim>(x1: &'a Array<B, T, D>, x2: &'a Array<B, T, E>) -> Result<Self> {
        let (d1, d2, s1, s2) = (x1.dims(), x2.dims(), x1.strides(), x2.strides());
        if d1.is_empty() || d2.is_empty() {
            return Err(Error::Rank { expected: 1, given: 0 });
        }
        crate::expr::check_devices(Some(x1.device()), Some(x2.device()))?;
        // A vector is one row on the left, one column on the right.
        let (stack1, m, k, a) = match (d1, s1) {
            (&[k], &[s]) => (0, None, k, [0, s]),
            _ => (d1.len() - 2, Some(d1[d1.len() - 2]), d1[d1.len() - 1], [s1[d1.len() - 2], s1[d1.len() - 1]]),
        };
        let (stack2, inner, n, b) = match (d2, s2) {
            (&[k], &[s]) => (0, k, None, [s, 0]),
            _ => (d2.len() - 2, d2[d2.len() - 2], Some(d2[d2.len() - 1]), [s2[d2.len() - 2], s2[d2.len() - 1]]),
        };
        if inner != k {
            return Err(inner_lengths(d1, d2));
        }
        let batch = broadcast_shapes(&d1[..stack1], &d2[..stack2])?;
        let shape: AxisVec<usize> = batch.iter().copied().chain(m).chain(n).collect();
        let size = size_of_shape(&shape)?;
        let walks = [broadcast_strides(&d1[..stack1], &s1[..stack1], &batch)?, broadcast_strides(&d2[..stack2], &s2[..stack2], &batch)?];
        // An empty result may have more matrices than can be listed.
        let offsets = if size == 0 { Offsets::new() } else { batch_offsets(&batch, &walks, [x1.offset(), x2.offset()])? };
        let (a, b) = (Stack { buffer: x1.buffer(), strides: a }, Stack { buffer: x2.buffer(), strides: b });
        Ok(Product { device: x1.device(), a, b, dims: [m.unwrap_or(1), k, n.unwrap_or(1)], offsets, shape })
    }

    /// # Safety
    /// `out` must have room for the elements of the result; nobody else may use that memory, the operands included.
    unsafe fn run(self, out: Slot<'_, B, T>) -> Result<()> {
        if self.offsets.is_empty() {
            return Ok(());
        }
        // SAFETY: strides and offsets are those of the arrays; the caller vouches for the output.
        let done = unsafe { self.device.matmul(self.a, self.b, self.dims, &self.offsets, out) };
        done.map_err(|e| e.of_operand(T::DTYPE, &self.shape))
    }
}

/// The error of a product for a person who sees vectors as they are given, not as matrices.
fn inner_lengths(left: &[usize], right: &[usize]) -> Error {
    let columns = left[left.len() - 1];
    let has = if left.len() == 1 { "elements" } else { "columns" };
    let (rows, needs) = if right.len() == 1 { (right[0], "elements") } else { (right[right.len() - 2], "rows") };
    Error::value(
        "matmul",
        format!("the left operand, of shape {left:?}, has {columns} {has}, and the right one, of shape {right:?}, has {rows} {needs}"),
    )
}

/// The offsets of both operands for every matrix of a stack, in row-major order.
///
/// # Errors
/// [`Error::OutOfMemory`].
fn batch_offsets(batch: &[usize], walks: &[AxisVec<isize>; 2], start: [usize; 2]) -> Result<Offsets> {
    let mut offsets = Offsets::from_elem(start, 1);
    // Axis by axis, the offsets so far are repeated along the next one.
    for (k, &n) in batch.iter().enumerate() {
        let steps = [walks[0][k], walks[1][k]];
        let count = offsets.len() * n;
        let mut next = Offsets::new();
        next.try_reserve_exact(count).map_err(|_| Error::out_of_memory("the host", count.saturating_mul(size_of::<[usize; 2]>())))?;
        for at in offsets {
            next.extend((0..n as isize).map(|i| [0, 1].map(|x| at[x].wrapping_add_signed(i * steps[x]))));
        }
        offsets = next;
    }
    Ok(offsets)
}

/// The sum over `conj(x1) * x2` along one axis, after broadcasting the others.
///
/// # Errors
/// [`Error::Axis`] when `axis` is not negative or not in both arrays, [`Error::Shape`] when the lengths along it differ.
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(vecdot(&array![1, 2, 3], &array![4, 5, 6], -1)?.item()?, 32);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn vecdot<B: Backend, T: Num, D: Dim, E: Dim>(
    x1: &Array<B, T, D>,
    x2: &Array<B, T, E>,
    axis: impl Position,
) -> Result<Array<B, T, <D::Max<E> as DimBase>::Smaller>> {
    let axis = axis.position();
    let ndim = x1.ndim().max(x2.ndim());
    if axis >= 0 {
        return Err(Error::Axis { axis, ndim });
    }
    let (i, j) = (normalize_axis(axis, x1.ndim())?, normalize_axis(axis, x2.ndim())?);
    if x1.dims()[i] != x2.dims()[j] {
        return Err(Error::shape("vecdot", x2.dims(), format!("length {} along axis {axis}", x1.dims()[i])));
    }
    // The narrow result of wide sums: `vecdot` keeps the dtype, unlike `sum`.
    let sums = x1.lazy().conj().multiply(x2).sum(axis).try_eval()?;
    sums.lazy().astype::<T>().try_eval()
}

/// Which axes [`tensordot`] sums over: the last `n` of the first array with the first `n` of the second, or two lists that
/// are matched one by one, `([0, 1], [1, 0])`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which axes are contracted",
    note = "give a number of axes, or two lists: `([1], [0])`"
)]
pub trait Contraction {
    /// The axes of both arrays, whose ranks are given.
    ///
    /// # Errors
    /// [`Error::Rank`], [`Error::Value`] when the lists differ in length, [`Error::Axis`], [`Error::RepeatedAxis`].
    fn axes(&self, ndim1: usize, ndim2: usize) -> Result<[AxisVec<usize>; 2]>;
}
impl<P: Position> Contraction for P {
    fn axes(&self, ndim1: usize, ndim2: usize) -> Result<[AxisVec<usize>; 2]> {
        let n = self.position();
        let Ok(n) = usize::try_from(n) else {
            return Err(Error::value("tensordot: axes", format!("{n} given: a number of axes is not negative")));
        };
        if let Some(&ndim) = [ndim1, ndim2].iter().find(|&&ndim| ndim < n) {
            return Err(Error::Rank { expected: n, given: ndim });
        }
        Ok([(ndim1 - n..ndim1).collect(), (0..n).collect()])
    }
}
impl<A: Axes, Z: Axes> Contraction for (A, Z) {
    fn axes(&self, ndim1: usize, ndim2: usize) -> Result<[AxisVec<usize>; 2]> {
        let (first, second) = (self.0.axes(ndim1)?, self.1.axes(ndim2)?);
        if first.len() != second.len() {
            let why = format!("{} axes of the first array and {} of the second given", first.len(), second.len());
            return Err(Error::value("tensordot: axes", why));
        }
        Ok([first, second])
    }
}

/// The sum of products over some axes of both arrays: see [`Contraction`].
///
/// # Errors
/// [`Error::Rank`] when an array has fewer axes, [`Error::Value`] when lists of axes differ in length, [`Error::Axis`],
/// [`Error::RepeatedAxis`], [`Error::Shape`] when the lengths of matched axes differ.
///
/// ```
/// use xp::prelude::*;
/// let a = array![[1, 2], [3, 4]];
/// assert_eq!(tensordot(&a, &a, 1)?.to_vec(), a.matmul(&a)?.to_vec());
/// assert_eq!(tensordot(&a, &a, ([0], [0]))?.to_vec(), a.t().matmul(&a)?.to_vec());
/// # Ok::<(), xp::Error>(())
/// ```
pub fn tensordot<B: Backend, T: Num, D: Dim, E: Dim>(x1: &Array<B, T, D>, x2: &Array<B, T, E>, axes: impl Contraction) -> Result<Array<B, T, Dyn>> {
    let [a1, a2] = axes.axes(x1.ndim(), x2.ndim())?;
    if a1.iter().zip(&a2).any(|(&i, &j)| x1.dims()[i] != x2.dims()[j]) {
        return Err(Error::shape("tensordot", x2.dims(), format!("lengths along {a2:?} equal to those of {:?} along {a1:?}", x1.dims())));
    }
    let free = |ndim: usize, used: &[usize]| (0..ndim).filter(|k| !used.contains(k)).collect::<Vec<_>>();
    let (f1, f2) = (free(x1.ndim(), &a1), free(x2.ndim(), &a2));
    let mut shape: Vec<usize> = f1.iter().map(|&k| x1.dims()[k]).collect();
    let rows = shape.iter().product();
    shape.extend(f2.iter().map(|&k| x2.dims()[k]));
    let inner: usize = a1.iter().map(|&k| x1.dims()[k]).product();
    let columns = f2.iter().map(|&k| x2.dims()[k]).product();
    let left: Array<B, T, Ix2> = x1.permute_dims(&[&f1, &a1[..]].concat())?.reshape([rows, inner])?;
    let right: Array<B, T, Ix2> = x2.permute_dims(&[&a2[..], &f2].concat())?.reshape([inner, columns])?;
    left.matmul(&right)?.reshape(shape)
}

/// The products of all pairs of elements of two vectors.
///
/// # Errors
/// When memory runs out or the device fails.
///
/// ```
/// use xp::prelude::*;
/// assert_eq!(outer(&array![1, 2], &array![3, 4, 5])?.to_vec(), [3, 4, 5, 6, 8, 10]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn outer<B: Backend, T: Num>(x1: &Array<B, T, Ix1>, x2: &Array<B, T, Ix1>) -> Result<Array<B, T, Ix2>> {
    x1.expand_dims(1)?.lazy().multiply(x2).try_eval()
}
