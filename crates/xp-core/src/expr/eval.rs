//! Running expressions: planning, output memory, reductions.

use super::plan::{Leaves, Plan};
use super::{Evaluated, Expr, Lazy};
use crate::array::Array;
use crate::axes::Axes;
use crate::axis_vec::AxisVec;
use crate::backend::{Backend, Slot};
use crate::dim::Dim;
use crate::dtype::Element;
use crate::error::{Error, OrMisuse, Result};
use crate::reduction::{Outputs, Reduction};
use crate::shape::{contiguous_strides, is_contiguous, size_of_shape};

/// The device of two operands.
pub(crate) fn check_devices<'a, B: Backend>(a: Option<&'a B>, b: Option<&'a B>) -> Result<Option<&'a B>> {
    match (a, b) {
        (Some(x), Some(y)) if x != y => Err(Error::Device { left: x.to_string(), right: y.to_string() }),
        (a, b) => Ok(a.or(b)),
    }
}

/// The device of an expression, or the default one.
pub(crate) fn device_of<E: Expr>(e: &E) -> Result<E::Backend> {
    e.device()?.map_or_else(E::Backend::default_device, |device| Ok(device.clone()))
}

/// Runs an expression into a new array, or into the memory of an operand that is given away.
pub(crate) fn eval_new<E: Expr>(e: E) -> Result<Array<E::Backend, E::Elem, E::Dim>> {
    let device = device_of(&e)?;
    eval_new_on(e, device)
}

/// Runs an expression, such as a scalar alone, which has no device of its own, into a new array of `device`.
pub(crate) fn eval_new_on<E: Expr>(e: E, device: E::Backend) -> Result<Array<E::Backend, E::Elem, E::Dim>> {
    eval_in_order(e, device, E::Backend::KEEPS_ORDER)
}

/// Runs an expression into a new array in row-major order, or into the memory of an operand that is given away.
pub(crate) fn eval_row_major<E: Expr>(e: E) -> Result<Array<E::Backend, E::Elem, E::Dim>> {
    let device = device_of(&e)?;
    eval_in_order(e, device, false)
}

/// Runs an expression into a new array, in the order in which all operands lie if it `keeps` that, in row-major order otherwise.
fn eval_in_order<E: Expr>(e: E, device: E::Backend, keeps: bool) -> Result<Array<E::Backend, E::Elem, E::Dim>> {
    check_devices(Some(&device), e.device()?)?;
    let shape = e.shape()?;
    let size = size_of_shape(shape.as_ref())?;
    let leaves = if e.is_dense(shape.as_ref()) { None } else { Some(leaves_of(&e, shape.as_ref())?) };
    let order = leaves.as_ref().filter(|_| keeps).and_then(|leaves| leaves.common_order(shape.as_ref()));
    let strides = match &order {
        Some(strides) => E::Dim::strides_from(strides)?,
        None => contiguous_strides::<E::Dim>(&shape),
    };
    let buffer = match e.donate(shape.as_ref(), strides.as_ref()) {
        Some(buffer) => buffer,
        // SAFETY: the loop below writes every element.
        None => unsafe { device.alloc::<E::Elem>(size)? },
    };
    let plan = match leaves {
        None => Plan::dense(size),
        Some(leaves) if order.is_some() => Plan::in_order_of_output(shape.as_ref(), strides.as_ref(), leaves),
        Some(leaves) => Plan::elementwise(shape.as_ref(), strides.as_ref(), leaves),
    };
    // SAFETY: the buffer is new, or an operand's that `e` owns alone and walks as the output is walked.
    unsafe { run(&e, &device, shape.as_ref(), &plan, Slot { buffer: &buffer, offset: 0 })? };
    Ok(Array::from_parts(device, buffer, shape, strides, 0))
}

fn leaves_of<E: Expr>(e: &E, shape: &[usize]) -> Result<Leaves> {
    let mut leaves = Leaves::default();
    e.leaves(shape, &mut leaves)?;
    Ok(leaves)
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
    let (shape, slot) = (out.dims(), Slot { buffer: out.buffer(), offset: out.offset() });
    let plan = if e.is_dense(shape) && out.is_contiguous() {
        Plan::dense(out.size())
    } else if E::Backend::KEEPS_ORDER {
        Plan::in_order_of_output(shape, out.strides(), leaves_of(e, shape)?)
    } else {
        Plan::elementwise(shape, out.strides(), leaves_of(e, shape)?)
    };
    // SAFETY: passed on.
    unsafe { run(e, out.device(), shape, &plan, slot) }
}

/// Runs an expression of this shape over a plan that was made of its leaves.
///
/// # Safety
/// As for [`eval_onto`].
unsafe fn run<E: Expr>(e: &E, device: &E::Backend, shape: &[usize], plan: &Plan, slot: Slot<'_, E::Backend, E::Elem>) -> Result<()> {
    if plan.size() == 0 {
        return Ok(());
    }
    let kernel = e.lower(plan, &mut 0);
    // SAFETY: the kernel was lowered for this plan, its operands are alive in `e`, and the caller vouches for the output.
    unsafe { device.eval(kernel, plan, slot) }.map_err(|e| e.of_operand(E::Elem::DTYPE, shape))
}

/// What a reduction of an expression gives, of rank `D`.
type Reduced<R, E, D> = <<R as Reduction<<E as Expr>::Elem>>::Out as Outputs>::Arrays<<E as Expr>::Backend, D>;

/// Runs a reduction over some axes of an expression, in one pass over its operands.
pub(crate) fn eval_reduction<R: Reduction<E::Elem>, E: Expr, D: Dim>(
    reduction: R,
    e: &E,
    axes: &[usize],
    keepdims: bool,
) -> Result<Reduced<R, E, D>> {
    let shape = e.shape()?;
    let full = shape.as_ref();
    let device = device_of(e)?;
    size_of_shape(full)?;
    let mut reduced = AxisVec::<bool>::zeros(full.len());
    for &k in axes {
        reduced[k] = true;
    }
    let count: usize = (0..full.len()).filter(|&k| reduced[k]).map(|k| full[k]).product();
    if count == 0 && !R::HAS_IDENTITY {
        let name = reduction.parts().iter().find(|part| !part.has_identity).map_or(R::NAME, |part| part.name);
        return Err(Error::shape(name, full, format!("at least one element along the reduced axes {axes:?}")));
    }
    let kept: AxisVec<usize> = (0..full.len()).filter(|&k| keepdims || !reduced[k]).map(|k| if reduced[k] { 1 } else { full[k] }).collect();
    let out_shape = D::shape_from(&kept)?;
    let out_strides = contiguous_strides::<D>(&out_shape);
    // An empty operand has errors to find.
    let dense = !reduced.contains(&false) && count > 0 && e.is_dense(full);
    let plan = if dense {
        Plan::dense_reduction(count)
    } else {
        let mut walk = AxisVec::<isize>::zeros(full.len());
        let mut next = 0;
        for k in 0..full.len() {
            if !reduced[k] {
                walk[k] = out_strides.as_ref()[next];
            }
            if keepdims || !reduced[k] {
                next += 1;
            }
        }
        Plan::reduction(full, &reduced, R::INDEXED, &walk, leaves_of(e, full)?)
    };
    // SAFETY: the reduction below writes every element.
    let buffers = unsafe { R::Out::alloc(&device, size_of_shape(&kept)?)? };
    if !kept.contains(&0) {
        let kernel = e.lower(&plan, &mut 0);
        // SAFETY: as in `run`; the output is new.
        let done = unsafe { device.reduce(reduction, kernel, &plan, count, R::Out::places::<E::Backend>(&buffers)) };
        done.map_err(|e| e.of_operand(E::Elem::DTYPE, full))?;
    }
    debug_assert!(is_contiguous(out_shape.as_ref(), out_strides.as_ref()));
    Ok(R::Out::arrays::<E::Backend, D>(&device, buffers, &out_shape, &out_strides))
}

/// Runs a reduction over the axes that a user named.
pub(crate) fn eval_axes<R: Reduction<E::Elem>, E: Expr, A: Axes>(reduction: R, e: &E, axes: &A) -> Result<Reduced<R, E, A::Out<E::Dim>>> {
    let ndim = e.shape()?.as_ref().len();
    let over = axes.axes(ndim)?;
    if R::INDEXED && over.len() != 1 && over.len() != ndim {
        let why = format!("{} axes given for an array of rank {ndim}: one axis, or all, have positions", over.len());
        let name = reduction.parts().iter().find(|part| part.indexed).map_or(R::NAME, |part| part.name);
        return Err(Error::value(name, why));
    }
    eval_reduction::<R, E, A::Out<E::Dim>>(reduction, e, &over, A::KEEP)
}

/// A reduction over the axes `A` that has not run yet: the end of a lazy expression, or an operand of another one.
///
/// Beside an operator, or as an operand of any method, its result goes on as an array does: it is computed when the outer
/// expression is *written*, in one pass over what it reduces, stays on the device, and is broadcast in the pass of the outer
/// expression. So an expression takes one pass for itself and one for every reduction in it. [`LazyReduction::lazy`] starts an
/// expression of the result, for the methods. An error on the way comes out where the outer expression is evaluated.
///
/// ```
/// use xp::prelude::*;
/// let x = array![[1.0, 2.0], [3.0, 6.0]];
/// // Two passes over `x`, and no array of its size but the result:
/// let centred = (x.lazy() - x.lazy().mean(KeepDims(0))).eval();
/// assert_eq!(centred.to_vec(), [-1.0, -2.0, 1.0, 2.0]);
/// let rms = (x.lazy().square().sum(0) / 2.0).sqrt().eval();
/// assert_eq!(rms.to_vec(), x.lazy().square().mean(0).lazy().sqrt().eval().to_vec());
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is computed before `eval`"]
pub struct LazyReduction<R, E, A> {
    expr: E,
    axes: A,
    reduction: R,
}

impl<R: Reduction<E::Elem>, E: Expr, A: Axes> LazyReduction<R, E, A> {
    /// Runs the expression and its reduction in one pass.
    ///
    /// # Panics
    /// When the operands do not broadcast or an axis does not exist.
    #[must_use]
    #[track_caller]
    pub fn eval(self) -> <R::Out as Outputs>::Arrays<E::Backend, A::Out<E::Dim>> {
        self.try_eval().or_misuse()
    }

    /// [`LazyReduction::eval`] with an error instead of a panic.
    ///
    /// # Errors
    /// When the operands do not broadcast, an axis does not exist, memory runs out, or the device fails.
    pub fn try_eval(self) -> Result<<R::Out as Outputs>::Arrays<E::Backend, A::Out<E::Dim>>> {
        eval_axes(self.reduction, &self.expr, &self.axes)
    }
}

impl<T: Element, R: Reduction<E::Elem, Out = T>, E: Expr, A: Axes> LazyReduction<R, E, A> {
    /// Runs the reduction, and starts a lazy expression of its result.
    pub fn lazy(self) -> Lazy<Evaluated<E::Backend, T, A::Out<E::Dim>>> {
        Lazy::new(self.into_evaluated())
    }

    /// Runs the reduction, whose result or error is an operand.
    pub(crate) fn into_evaluated(self) -> Evaluated<E::Backend, T, A::Out<E::Dim>> {
        Evaluated::new(self.try_eval())
    }
}

impl<E: Expr> Lazy<E> {
    /// Ends the expression with a [reduction](Reduction) over one axis, several, or all: `reduce(Sum, 0)` is `sum(0)`. Several
    /// reductions in a tuple run in one pass.
    ///
    /// # Panics
    /// When a reduction has fields, but names no [parameters](Reduction::parameters): devices would not see them.
    #[track_caller]
    pub fn reduce<R: Reduction<E::Elem>, A: Axes>(self, reduction: R, axes: A) -> LazyReduction<R, E, A> {
        if size_of::<R>() > 0 {
            for part in reduction.parts() {
                let seen = !part.has_fields || !part.parameters.is_empty();
                assert!(seen, "the reduction `{}` has fields, but its `parameters` are empty", part.name);
            }
        }
        LazyReduction { expr: self.into_expr(), axes, reduction }
    }

    /// Runs the expression: one loop, one new array, in row-major order. (On a backend that
    /// [keeps the order](Backend::KEEPS_ORDER) of operands it is in theirs, where they agree on another one.)
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
