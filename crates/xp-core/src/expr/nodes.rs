//! The nodes of expression trees.

use core::marker::PhantomData;

use super::Expr;
use super::eval::check_devices;
use super::kernel::{Constant, Load, LoadRows, MapKernel, Position, Zip3Kernel, ZipKernel};
use super::plan::{Leaves, Plan};
use crate::array::Array;
use crate::backend::Backend;
use crate::dim::{Dim, DimBase};
use crate::dtype::{Element, Promote};
use crate::error::{Error, Result};
use crate::ops::{BinaryOp, TernaryOp, UnaryOp};
use crate::shape::{broadcast, broadcast_strides};

// SAFETY: the leaf is the array itself, inside its own memory.
unsafe impl<B: Backend, T: Element, D: Dim> Expr for &Array<B, T, D> {
    type Backend = B;
    type Elem = T;
    type Dim = D;
    type Kernel = Load<T>;
    fn shape(&self) -> Result<D::Shape> {
        Ok(Array::shape(self))
    }
    fn device(&self) -> Result<Option<&B>> {
        Ok(Some(Array::device(self)))
    }
    fn leaves(&self, out: &[usize], leaves: &mut Leaves) -> Result<()> {
        leaves.push(broadcast_strides(self.dims(), self.strides(), out)?);
        Ok(())
    }
    #[inline]
    fn is_dense(&self, shape: &[usize]) -> bool {
        self.dims() == shape && self.is_contiguous()
    }
    #[inline]
    fn lower(&self, plan: &Plan, next: &mut usize) -> Load<T> {
        *next += 1;
        // SAFETY: the address is that of the array, and the walk comes from its shape and strides.
        unsafe { Load::new(self.address(), plan, *next - 1) }
    }
    fn stored(&self) -> Option<Array<B, T, D>> {
        Some((*self).clone())
    }
}

// SAFETY: as for `&Array`; a buffer is given away only when this array owns it alone.
unsafe impl<B: Backend, T: Element, D: Dim> Expr for Array<B, T, D> {
    type Backend = B;
    type Elem = T;
    type Dim = D;
    type Kernel = Load<T>;
    fn shape(&self) -> Result<D::Shape> {
        Ok(Array::shape(self))
    }
    fn device(&self) -> Result<Option<&B>> {
        Ok(Some(Array::device(self)))
    }
    fn leaves(&self, out: &[usize], leaves: &mut Leaves) -> Result<()> {
        (&self).leaves(out, leaves)
    }
    #[inline]
    fn is_dense(&self, shape: &[usize]) -> bool {
        (&self).is_dense(shape)
    }
    fn lower(&self, plan: &Plan, next: &mut usize) -> Load<T> {
        (&self).lower(plan, next)
    }
    fn donate(&self, shape: &[usize], strides: &[isize]) -> Option<B::Buffer<T>> {
        if self.dims() == shape { self.owned_buffer(strides).cloned() } else { None }
    }
    fn stored(&self) -> Option<Array<B, T, D>> {
        Some(self.clone())
    }
}

/// What ran before the expression that it is an operand of: an array, or the error that came instead, which the expression
/// gives where it is evaluated.
#[derive(Clone)]
pub struct Evaluated<B: Backend, T: Element, D: Dim>(Result<Array<B, T, D>>);
impl<B: Backend, T: Element, D: Dim> Evaluated<B, T, D> {
    pub(crate) fn new(result: Result<Array<B, T, D>>) -> Self {
        Evaluated(result)
    }
    fn array(&self) -> Result<&Array<B, T, D>> {
        self.0.as_ref().map_err(Clone::clone)
    }
}
// SAFETY: the leaf is the array, as for an array; without one there is no shape, so that nothing is lowered.
unsafe impl<B: Backend, T: Element, D: Dim> Expr for Evaluated<B, T, D> {
    type Backend = B;
    type Elem = T;
    type Dim = D;
    type Kernel = Load<T>;
    fn shape(&self) -> Result<D::Shape> {
        Ok(Array::shape(self.array()?))
    }
    fn device(&self) -> Result<Option<&B>> {
        Ok(Some(Array::device(self.array()?)))
    }
    fn leaves(&self, out: &[usize], leaves: &mut Leaves) -> Result<()> {
        self.array()?.leaves(out, leaves)
    }
    fn lower(&self, plan: &Plan, next: &mut usize) -> Load<T> {
        match &self.0 {
            Ok(array) => array.lower(plan, next),
            // `leaves` comes first, by the contract of `Expr`.
            Err(e) => panic!("{e}"),
        }
    }
    fn donate(&self, shape: &[usize], strides: &[isize]) -> Option<B::Buffer<T>> {
        self.0.as_ref().ok()?.donate(shape, strides)
    }
    fn stored(&self) -> Option<Array<B, T, D>> {
        self.0.as_ref().ok().cloned()
    }
}

/// A scalar operand of an expression of rank `D`: every axis that `D` has is of length 1.
#[derive(Clone, Copy, Debug)]
pub struct Scalar<B, T, D>(T, PhantomData<fn() -> (B, D)>);
impl<B, T, D> Scalar<B, T, D> {
    /// The scalar as an operand on backend `B`.
    pub fn new(x: T) -> Self {
        Scalar(x, PhantomData)
    }
}
// SAFETY: reads no memory.
unsafe impl<B: Backend, T: Element, D: Dim> Expr for Scalar<B, T, D> {
    type Backend = B;
    type Elem = T;
    type Dim = D;
    type Kernel = Constant<T>;
    fn shape(&self) -> Result<D::Shape> {
        let mut shape = D::zero_shape(D::NDIM.unwrap_or(0));
        shape.as_mut().fill(1);
        Ok(shape)
    }
    fn device(&self) -> Result<Option<&B>> {
        Ok(None)
    }
    fn leaves(&self, _: &[usize], _: &mut Leaves) -> Result<()> {
        Ok(())
    }
    #[inline]
    fn is_dense(&self, _: &[usize]) -> bool {
        true
    }
    fn lower(&self, _: &Plan, _: &mut usize) -> Constant<T> {
        Constant(self.0)
    }
}

/// Integers that grow by a fixed step along each axis: positions, counters, diagonals.
#[derive(Clone, Debug)]
pub struct Iota<B, D: Dim> {
    device: B,
    shape: D::Shape,
    start: i64,
    steps: D::Strides,
}
impl<B: Backend, D: Dim> Iota<B, D> {
    /// `start + sum_k index[k] * steps[k]` over `shape`, modulo 2^64.
    ///
    /// # Errors
    /// [`Error::Rank`] when there are more axes than an array can have, or not as many steps as axes.
    ///
    /// ```
    /// use xp::{expr::Iota, prelude::*};
    /// let x = Lazy::new(Iota::<_, Ix2>::new(&Cpu, [2, 3], 5, [10, 1])?).eval();
    /// assert_eq!(x.to_vec(), [5, 6, 7, 15, 16, 17]);
    /// assert!(Iota::<_, Dyn>::new(&Cpu, vec![1; 40][..].into(), 0, vec![0; 40][..].into()).is_err());
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn new(device: &B, shape: D::Shape, start: i64, steps: D::Strides) -> Result<Self> {
        let (shape, steps) = (D::shape_from(shape.as_ref())?, D::strides_from(steps.as_ref())?);
        let (expected, given) = (shape.as_ref().len(), steps.as_ref().len());
        if expected != given {
            return Err(Error::Rank { expected, given });
        }
        Ok(Iota { device: device.clone(), shape, start, steps })
    }
}
// SAFETY: reads no memory.
unsafe impl<B: Backend, D: Dim> Expr for Iota<B, D> {
    type Backend = B;
    type Elem = i64;
    type Dim = D;
    type Kernel = Position;
    fn shape(&self) -> Result<D::Shape> {
        Ok(self.shape.clone())
    }
    fn device(&self) -> Result<Option<&B>> {
        Ok(Some(&self.device))
    }
    fn leaves(&self, out: &[usize], leaves: &mut Leaves) -> Result<()> {
        leaves.push(broadcast_strides(self.shape.as_ref(), self.steps.as_ref(), out)?);
        Ok(())
    }
    fn lower(&self, plan: &Plan, next: &mut usize) -> Position {
        *next += 1;
        Position::new(self.start, plan, *next - 1)
    }
}

/// Rows of an array looked up by an index array: `x[indices[i], ...]`, without a copy.
#[derive(Clone, Debug)]
pub struct Rows<B: Backend, T: Element, D: Dim> {
    array: Array<B, T, D>,
    indices: Array<B, i64, crate::dim::Ix1>,
}
impl<B: Backend, T: Element, D: Dim> Rows<B, T, D> {
    /// The caller has checked that the indices are inside the array's first axis, and that it has rank 1 or more.
    pub(crate) fn new(array: Array<B, T, D>, indices: Array<B, i64, crate::dim::Ix1>) -> Self {
        Rows { array, indices }
    }
}
// SAFETY: `Rows::new` was given checked indices, and there is one for every row of the result.
unsafe impl<B: Backend, T: Element, D: Dim> Expr for Rows<B, T, D> {
    type Backend = B;
    type Elem = T;
    type Dim = D;
    type Kernel = LoadRows<T>;
    fn shape(&self) -> Result<D::Shape> {
        let mut shape = self.array.shape();
        shape.as_mut()[0] = self.indices.dims()[0];
        Ok(shape)
    }
    fn device(&self) -> Result<Option<&B>> {
        check_devices(Some(self.array.device()), Some(self.indices.device()))
    }
    fn leaves(&self, out: &[usize], leaves: &mut Leaves) -> Result<()> {
        let shape = self.shape()?;
        whole_rows(shape.as_ref(), out)?;
        leaves.push_irregular(broadcast_strides(shape.as_ref(), self.array.strides(), out)?);
        Ok(())
    }
    fn lower(&self, plan: &Plan, next: &mut usize) -> LoadRows<T> {
        *next += 1;
        // SAFETY: as for an array; the indices were checked.
        unsafe { LoadRows::new(self.array.address(), self.indices.address(), self.indices.strides()[0], plan, *next - 1) }
    }
}

/// An operation on one expression.
#[derive(Clone, Copy, Debug)]
pub struct Map<Op, E>(Op, E);
impl<Op, E> Map<Op, E> {
    pub(crate) fn new(op: Op, e: E) -> Self {
        Map(op, e)
    }
}
// SAFETY: reads what its operand reads; a buffer is given away under the same dtype.
unsafe impl<Op: UnaryOp<E::Elem>, E: Expr> Expr for Map<Op, E> {
    type Backend = E::Backend;
    type Elem = Op::Out;
    type Dim = E::Dim;
    type Kernel = MapKernel<Op, E::Kernel, Op::Out>;
    fn shape(&self) -> Result<<E::Dim as DimBase>::Shape> {
        self.1.shape()
    }
    fn device(&self) -> Result<Option<&E::Backend>> {
        self.1.device()
    }
    fn leaves(&self, out: &[usize], leaves: &mut Leaves) -> Result<()> {
        self.1.leaves(out, leaves)
    }
    #[inline]
    fn is_dense(&self, shape: &[usize]) -> bool {
        self.1.is_dense(shape)
    }
    fn lower(&self, plan: &Plan, next: &mut usize) -> Self::Kernel {
        MapKernel::new(self.0, self.1.lower(plan, next))
    }
    fn donate(&self, shape: &[usize], strides: &[isize]) -> Option<<E::Backend as Backend>::Buffer<Op::Out>> {
        same_dtype::<E::Backend, E::Elem, Op::Out>(self.1.donate(shape, strides)?)
    }
}

/// An operation on two expressions, whose dtypes are promoted.
#[derive(Clone, Copy, Debug)]
pub struct Zip<Op, L, R>(Op, L, R);
impl<Op, L, R> Zip<Op, L, R> {
    pub(crate) fn new(op: Op, l: L, r: R) -> Self {
        Zip(op, l, r)
    }
}
// SAFETY: reads what its operands read; a buffer is given away under the same dtype.
unsafe impl<Op, L: Expr, R: Expr<Backend = L::Backend>> Expr for Zip<Op, L, R>
where
    L::Elem: Promote<R::Elem>,
    Op: BinaryOp<<L::Elem as Promote<R::Elem>>::Output>,
{
    type Backend = L::Backend;
    type Elem = Op::Out;
    type Dim = <L::Dim as DimBase>::Max<R::Dim>;
    type Kernel = ZipKernel<Op, L::Kernel, R::Kernel>;
    fn shape(&self) -> Result<<Self::Dim as DimBase>::Shape> {
        broadcast::<L::Dim, R::Dim>(&self.1.shape()?, &self.2.shape()?)
    }
    fn device(&self) -> Result<Option<&L::Backend>> {
        check_devices(self.1.device()?, self.2.device()?)
    }
    fn leaves(&self, out: &[usize], leaves: &mut Leaves) -> Result<()> {
        self.1.leaves(out, leaves)?;
        self.2.leaves(out, leaves)
    }
    #[inline]
    fn is_dense(&self, shape: &[usize]) -> bool {
        self.1.is_dense(shape) && self.2.is_dense(shape)
    }
    fn lower(&self, plan: &Plan, next: &mut usize) -> Self::Kernel {
        let l = self.1.lower(plan, next);
        ZipKernel(self.0, l, self.2.lower(plan, next))
    }
    fn donate(&self, shape: &[usize], strides: &[isize]) -> Option<<L::Backend as Backend>::Buffer<Op::Out>> {
        let left = self.1.donate(shape, strides).and_then(same_dtype::<L::Backend, L::Elem, Op::Out>);
        left.or_else(|| self.2.donate(shape, strides).and_then(same_dtype::<L::Backend, R::Elem, Op::Out>))
    }
}

/// An operation on three expressions; the dtypes of the last two are promoted.
#[derive(Clone, Copy, Debug)]
pub struct Zip3<Op, C, L, R>(Op, C, L, R);
impl<Op, C, L, R> Zip3<Op, C, L, R> {
    pub(crate) fn new(op: Op, c: C, l: L, r: R) -> Self {
        Zip3(op, c, l, r)
    }
}
// SAFETY: reads what its operands read.
unsafe impl<Op, C: Expr, L: Expr<Backend = C::Backend>, R: Expr<Backend = C::Backend>> Expr for Zip3<Op, C, L, R>
where
    L::Elem: Promote<R::Elem>,
    Op: TernaryOp<C::Elem, <L::Elem as Promote<R::Elem>>::Output>,
{
    type Backend = C::Backend;
    type Elem = <L::Elem as Promote<R::Elem>>::Output;
    type Dim = <<C::Dim as DimBase>::Max<L::Dim> as DimBase>::Max<R::Dim>;
    type Kernel = Zip3Kernel<Op, C::Kernel, L::Kernel, R::Kernel>;
    fn shape(&self) -> Result<<Self::Dim as DimBase>::Shape> {
        let cl = broadcast::<C::Dim, L::Dim>(&self.1.shape()?, &self.2.shape()?)?;
        broadcast::<<C::Dim as DimBase>::Max<L::Dim>, R::Dim>(&cl, &self.3.shape()?)
    }
    fn device(&self) -> Result<Option<&C::Backend>> {
        check_devices(check_devices(self.1.device()?, self.2.device()?)?, self.3.device()?)
    }
    fn leaves(&self, out: &[usize], leaves: &mut Leaves) -> Result<()> {
        self.1.leaves(out, leaves)?;
        self.2.leaves(out, leaves)?;
        self.3.leaves(out, leaves)
    }
    #[inline]
    fn is_dense(&self, shape: &[usize]) -> bool {
        self.1.is_dense(shape) && self.2.is_dense(shape) && self.3.is_dense(shape)
    }
    fn lower(&self, plan: &Plan, next: &mut usize) -> Self::Kernel {
        let c = self.1.lower(plan, next);
        let l = self.2.lower(plan, next);
        Zip3Kernel(self.0, c, l, self.3.lower(plan, next))
    }
}

/// Checks that an expression with rows of its own has as many in a result of shape `out`, as its first axis.
pub(super) fn whole_rows(shape: &[usize], out: &[usize]) -> Result<()> {
    if out.len() == shape.len() && out.first() == shape.first() {
        return Ok(());
    }
    Err(Error::Stretch { rows: shape.to_vec(), out: out.to_vec() })
}

/// The same buffer under another name of its dtype, when the dtypes are the same.
fn same_dtype<B: Backend, T: Element, U: Element>(buffer: B::Buffer<T>) -> Option<B::Buffer<U>> {
    let mut slot = Some(buffer);
    (&mut slot as &mut dyn core::any::Any).downcast_mut::<Option<B::Buffer<U>>>().and_then(Option::take)
}
