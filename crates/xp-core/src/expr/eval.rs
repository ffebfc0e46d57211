//! Running expressions: planning, output memory, reductions.

use core::marker::PhantomData;

use super::plan::{Leaves, Plan};
use super::{Expr, Lazy};
use crate::array::Array;
use crate::axes::Axes;
use crate::backend::{Backend, Slot};
use crate::dim::Dim;
use crate::error::{Error, OrMisuse, Result};
use crate::reduction::Reduction;
use crate::shape::{contiguous_strides, is_contiguous, size_of_shape};

/// The device of two operands.
pub(crate) fn check_devices<'a, B: Backend>(a: Option<&'a B>, b: Option<&'a B>) -> Result<Option<&'a B>> {
    match (a, b) {
        (Some(x), Some(y)) if x != y => Err(Error::Device { left: x.to_string(), right: y.to_string() }),
        (a, b) => Ok(a.or(b)),
    }
}

fn device_of<E: Expr>(e: &E) -> Result<E::Backend> {
    match e.device()? {
        Some(d) => Ok(d.clone()),
        None => E::Backend::default_device(),
    }
}

/// Runs an expression into a new array, or into the memory of an operand that is given away.
pub(crate) fn eval_new<E: Expr>(e: E) -> Result<Array<E::Backend, E::Elem, E::Dim>> {
    let device = device_of(&e)?;
    eval_new_on(e, device)
}

/// Runs an expression, such as a scalar alone, which has no device of its own, into a new array of `device`.
pub(crate) fn eval_new_on<E: Expr>(e: E, device: E::Backend) -> Result<Array<E::Backend, E::Elem, E::Dim>> {
    check_devices(Some(&device), e.device()?)?;
    let shape = e.shape()?;
    let size = size_of_shape(shape.as_ref())?;
    let strides = contiguous_strides::<E::Dim>(&shape);
    let buffer = match e.donate(shape.as_ref()) {
        Some(buffer) => buffer,
        // SAFETY: the loop below writes every element.
        None => unsafe { device.alloc::<E::Elem>(size)? },
    };
    // SAFETY: the buffer is new, or an operand's that `e` owns alone and walks as the output is walked.
    unsafe { run(&e, &device, shape.as_ref(), Slot { buffer: &buffer, offset: 0 }, strides.as_ref())? };
    Ok(Array::from_parts(device, buffer, shape, strides, 0))
}

/// [`eval_new_on`] without a copy of an expression that is an array.
pub(crate) fn eval_or_stored<E: Expr>(e: E, device: &E::Backend) -> Result<Array<E::Backend, E::Elem, E::Dim>> {
    match e.stored() {
        Some(x) => check_devices(Some(device), Some(x.device())).map(drop).map(|()| x),
        None => eval_new_on(e, device.clone()),
    }
}

/// Runs an expression into all elements of `out`, to whose shape it must broadcast.
///
/// # Safety
/// The memory of `out` must not be shared, except by operands that `e` walks exactly as `out` is walked.
pub(crate) unsafe fn eval_onto<E: Expr, D: Dim>(e: &E, out: &Array<E::Backend, E::Elem, D>) -> Result<()> {
    let shape = e.shape()?;
    let fits = crate::shape::broadcast_shapes(shape.as_ref(), out.dims())? == out.dims();
    if !fits {
        return Err(Error::shape("assignment", shape.as_ref(), format!("a shape that broadcasts to {:?}", out.dims())));
    }
    check_devices(Some(out.device()), e.device()?)?;
    let slot = Slot { buffer: out.buffer(), offset: out.offset() };
    // SAFETY: passed on.
    unsafe { run(e, out.device(), out.dims(), slot, out.strides()) }
}

/// # Safety
/// As for [`eval_onto`].
unsafe fn run<E: Expr>(e: &E, device: &E::Backend, shape: &[usize], slot: Slot<'_, E::Backend, E::Elem>, strides: &[isize]) -> Result<()> {
    let mut leaves = Leaves::default();
    e.leaves(shape, &mut leaves)?;
    if shape.contains(&0) {
        return Ok(());
    }
    let plan = Plan::elementwise(shape, strides, leaves);
    let kernel = e.lower(&plan, &mut 0);
    // SAFETY: the kernel was lowered for this plan, its operands are alive in `e`, and the caller vouches for the output.
    unsafe { device.eval(kernel, &plan, slot) }
}

/// Runs a reduction over some axes of an expression, in one pass over its operands.
pub(crate) fn eval_reduction<R: Reduction<E::Elem>, E: Expr, D: Dim>(e: &E, axes: &[usize], keepdims: bool) -> Result<Array<E::Backend, R::Out, D>> {
    let shape = e.shape()?;
    let full = shape.as_ref();
    let device = device_of(e)?;
    size_of_shape(full)?;
    let mut reduced = vec![false; full.len()];
    for &k in axes {
        reduced[k] = true;
    }
    let count: usize = (0..full.len()).filter(|&k| reduced[k]).map(|k| full[k]).product();
    if count == 0 && !R::HAS_IDENTITY {
        return Err(Error::shape(R::NAME, full, format!("at least one element along the reduced axes {axes:?}")));
    }
    let kept: Vec<usize> = (0..full.len()).filter(|&k| keepdims || !reduced[k]).map(|k| if reduced[k] { 1 } else { full[k] }).collect();
    let out_shape = D::shape_from(&kept)?;
    let out_strides = contiguous_strides::<D>(&out_shape);
    let mut walk = vec![0isize; full.len()];
    let mut next = 0;
    for k in 0..full.len() {
        if !reduced[k] {
            walk[k] = out_strides.as_ref()[next];
        }
        if keepdims || !reduced[k] {
            next += 1;
        }
    }
    let mut leaves = Leaves::default();
    e.leaves(full, &mut leaves)?;
    // SAFETY: the reduction below writes every element.
    let buffer = unsafe { device.alloc::<R::Out>(size_of_shape(&kept)?)? };
    if !kept.contains(&0) {
        let plan = Plan::reduction(full, &reduced, R::INDEXED, &walk, leaves);
        let kernel = e.lower(&plan, &mut 0);
        // SAFETY: as in `run`; the output is new.
        unsafe { device.reduce::<R, _>(kernel, &plan, count, Slot { buffer: &buffer, offset: 0 })? };
    }
    debug_assert!(is_contiguous(out_shape.as_ref(), out_strides.as_ref()));
    Ok(Array::from_parts(device, buffer, out_shape, out_strides, 0))
}

/// Runs a reduction over the axes that a user named.
pub(crate) fn eval_axes<R: Reduction<E::Elem>, E: Expr, A: Axes>(e: &E, axes: &A) -> Result<Array<E::Backend, R::Out, A::Out<E::Dim>>> {
    let ndim = e.shape()?.as_ref().len();
    let over = axes.axes(ndim)?;
    if R::INDEXED && over.len() != 1 && over.len() != ndim {
        let why = format!("{} axes given for an array of rank {ndim}: one axis, or all, have positions", over.len());
        return Err(Error::value(R::NAME, why));
    }
    eval_reduction::<R, E, A::Out<E::Dim>>(e, &over, A::KEEP)
}

/// A reduction over the axes `A` that has not run yet: the end of a lazy expression.
#[derive(Clone, Debug)]
#[must_use = "nothing is computed before `eval`"]
pub struct LazyReduction<R, E, A> {
    expr: E,
    axes: A,
    kind: PhantomData<R>,
}

impl<R: Reduction<E::Elem>, E: Expr, A: Axes> LazyReduction<R, E, A> {
    /// Runs the expression and its reduction in one pass.
    ///
    /// # Panics
    /// When the operands do not broadcast or an axis does not exist.
    #[must_use]
    #[track_caller]
    pub fn eval(self) -> Array<E::Backend, R::Out, A::Out<E::Dim>> {
        self.try_eval().or_misuse()
    }

    /// [`LazyReduction::eval`] with an error instead of a panic.
    ///
    /// # Errors
    /// When the operands do not broadcast, an axis does not exist, memory runs out, or the device fails.
    pub fn try_eval(self) -> Result<Array<E::Backend, R::Out, A::Out<E::Dim>>> {
        eval_axes::<R, E, A>(&self.expr, &self.axes)
    }
}

impl<E: Expr> Lazy<E> {
    /// Ends the expression with a reduction over one axis, several, or all: `reduce::<Sum, _>(0)` is `sum(0)`.
    pub fn reduce<R: Reduction<E::Elem>, A: Axes>(self, axes: A) -> LazyReduction<R, E, A> {
        LazyReduction { expr: self.into_expr(), axes, kind: PhantomData }
    }

    /// Runs the expression: one loop, one new array.
    ///
    /// # Panics
    /// When the operands do not broadcast.
    #[must_use]
    #[track_caller]
    pub fn eval(self) -> Array<E::Backend, E::Elem, E::Dim> {
        self.try_eval().or_misuse()
    }

    /// [`Lazy::eval`] with an error instead of a panic.
    ///
    /// # Errors
    /// When the operands do not broadcast, live on two devices, memory runs out, or the device fails.
    pub fn try_eval(self) -> Result<Array<E::Backend, E::Elem, E::Dim>> {
        eval_new(self.into_expr())
    }

    /// Runs the expression into an existing array, to whose shape it must broadcast. No memory is allocated unless
    /// `out` shares its memory with another array.
    ///
    /// # Errors
    /// As for [`Lazy::try_eval`], and when the shape does not fit.
    pub fn eval_into<D: Dim>(self, out: &mut Array<E::Backend, E::Elem, D>) -> Result<()> {
        out.make_unique()?;
        // SAFETY: `out` is alone on its memory now.
        unsafe { eval_onto(&self.into_expr(), out) }
    }
}
