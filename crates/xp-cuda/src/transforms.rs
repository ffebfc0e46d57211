//! Fourier transforms by cuFFT.
//!
//! A transform works on a contiguous copy of its operand in which the axes come last: cut or padded, converted and scaled on
//! the way. An operand that needs none of this is read where it is; so are whole axes next to each other before the last ones, by cuFFT's
//! strides. Other results are views of what cuFFT wrote, their axes back in their places. Cosine and sine transforms are the portable
//! compositions of these.

use std::sync::Arc;

use num_complex::Complex;
use xp_core::ops::AsType;
use xp_core::{Array, Backend, DType, Dim, Dyn, Element, Float, Floating, Num, Result};
use xp_fft::{Direction, Fft, portable};

use crate::{
    backend::Cuda,
    device::{Device, lock},
    error, kernels,
    libraries::fft::{FftPlan, Kind, PlanKey},
};

type Any<T> = Array<Cuda, T, Dyn>;

/// Axes of one plan, at most.
const MOST_AXES: usize = 3;
/// Plans that a device keeps; the one that was not used for longest goes first.
const MOST_PLANS: usize = 16;

macro_rules! fft_for {
    ($($t:ty),*) => {$(
        impl Fft<$t> for Cuda {
            type Complex = Complex<$t>;

            fn c2c<C: Floating<Part = $t>, D: Dim>(
                x: Array<Self, C, D>,
                axes: &[usize],
                lens: &[usize],
                direction: Direction,
                scale: $t,
            ) -> Result<Array<Self, Complex<$t>, D>> {
                let shape = x.shape();
                let done = c2c::<$t, C>(x.into_dyn(), axes, lens, direction, scale);
                done.map_err(|e| e.of_operand(C::DTYPE, shape.as_ref()))?.into_rank()
            }

            fn r2c<D: Dim>(x: Array<Self, $t, D>, axes: &[usize], lens: &[usize], direction: Direction, scale: $t) -> Result<Array<Self, Complex<$t>, D>> {
                let shape = x.shape();
                let done = r2c::<$t>(x.into_dyn(), axes, lens, direction, scale);
                done.map_err(|e| e.of_operand(<$t>::DTYPE, shape.as_ref()))?.into_rank()
            }

            fn c2r<C: Floating<Part = $t>, D: Dim>(
                x: Array<Self, C, D>,
                axes: &[usize],
                lens: &[usize],
                direction: Direction,
                scale: $t,
            ) -> Result<Array<Self, $t, D>> {
                let shape = x.shape();
                let done = c2r::<$t, C>(x.into_dyn(), axes, lens, direction, scale);
                done.map_err(|e| e.of_operand(C::DTYPE, shape.as_ref()))?.into_rank()
            }
        }
    )*};
}
fft_for!(f32, f64);

/// What the transforms need of a precision.
trait Precision: Float {
    type Spectrum: Floating<Part = Self>;
}
impl Precision for f32 {
    type Spectrum = Complex<f32>;
}
impl Precision for f64 {
    type Spectrum = Complex<f64>;
}

fn c2c<T: Precision, C: Floating<Part = T>>(x: Any<C>, axes: &[usize], lens: &[usize], direction: Direction, scale: T) -> Result<Any<T::Spectrum>> {
    let is_plain = C::DTYPE == T::Spectrum::DTYPE && scale == T::ONE;
    if let Some(first) = walked_in_place(&x, axes, lens) {
        if is_plain && is_ready(&x) {
            let out = x.device().array::<T::Spectrum>(x.dims(), "Fourier transform")?;
            return execute(&x, out, Kind::Complex, first, lens, direction);
        }
        let work = converted::<C, T::Spectrum>(x, T::Spectrum::from_real(scale))?;
        return execute(&work, work.clone(), Kind::Complex, first, lens, direction);
    }
    let order = Order::new(x.ndim(), axes);
    let x = fitted(x, &order, lens)?;
    if is_plain && !axes.is_empty() && is_ready(&x) {
        let together = axes.len().min(MOST_AXES);
        let out = x.device().array::<T::Spectrum>(x.dims(), "Fourier transform")?;
        let first = x.ndim() - together;
        let out = execute(&x, out, Kind::Complex, first, &x.dims()[first..], direction)?;
        return order.undo(&transform_before_with(out, axes.len(), together, direction)?);
    }
    let work = converted::<C, T::Spectrum>(x, T::Spectrum::from_real(scale))?;
    order.undo(&transform_last(work, axes.len(), direction)?)
}

/// Executions of a plan by which axes in the middle of an array are transformed where they are.
const MOST_EXECUTIONS: usize = 8;

/// The first axis of a transform that needs no other order of axes: of neighbouring axes in order, whole, in the middle of an array. cuFFT
/// walks them with the stride of the axes behind them, once for every position along the axes before them.
fn walked_in_place<T: Floating>(x: &Any<T>, axes: &[usize], lens: &[usize]) -> Option<usize> {
    let first = *axes.first()?;
    let (outer, inner) = (&x.dims()[..first], x.dims().get(first + axes.len()..)?);
    let are_neighbours = axes.iter().enumerate().all(|(k, &axis)| axis == first + k);
    let is_worth_it = inner.iter().product::<usize>() > 1 && outer.iter().product::<usize>() <= MOST_EXECUTIONS;
    (are_neighbours && axes.len() <= MOST_AXES && is_worth_it && x.dims()[first..first + axes.len()] == *lens && !x.is_empty()).then_some(first)
}

/// Whether cuFFT can read an array where it is.
fn is_ready<T: Floating>(x: &Any<T>) -> bool {
    x.is_contiguous() && x.buffer().at(x.offset()).is_multiple_of(2 * size_of::<T::Part>() as u64)
}

fn r2c<T: Precision>(x: Any<T>, axes: &[usize], lens: &[usize], direction: Direction, scale: T) -> Result<Any<T::Spectrum>> {
    let Some(&n) = lens.last() else {
        return converted::<T, T::Spectrum>(x, T::Spectrum::from_real(scale));
    };
    // Every execution begins at an address of complex numbers.
    if let Some(first) = walked_in_place(&x, axes, lens)
        && (x.dims()[..first].iter().all(|&len| len == 1) || x.dims()[first..].iter().any(|len| len.is_multiple_of(2)))
    {
        let work = if scale == T::ONE && is_ready(&x) { x } else { converted::<T, T>(x, scale)? };
        let mut shape = work.dims().to_vec();
        shape[first + axes.len() - 1] = n / 2 + 1;
        let out =
            execute(&work, work.device().array::<T::Spectrum>(&shape, "Fourier transform")?, Kind::RealToComplex, first, lens, Direction::Forward)?;
        return if direction == Direction::Forward { Ok(out) } else { out.lazy().conj().try_eval() };
    }
    let order = Order::new(x.ndim(), axes);
    let x = fitted(x, &order, lens)?;
    // Real elements are only read.
    let work = if scale == T::ONE && is_ready(&x) { x } else { converted::<T, T>(x, scale)? };
    let mut shape = work.dims().to_vec();
    *shape.last_mut().expect("a transform has an axis") = n / 2 + 1;
    let together = axes.len().min(MOST_AXES);
    let out = work.device().array::<T::Spectrum>(&shape, "Fourier transform")?;
    let first = work.ndim() - together;
    let out = execute(&work, out, Kind::RealToComplex, first, &work.dims()[first..], Direction::Forward)?;
    // Along the axes that did not fit into the plan.
    let out = transform_before(out, axes.len(), together)?;
    // The transform of real elements with the other sign is the conjugate.
    order.undo(&if direction == Direction::Forward { out } else { out.lazy().conj().try_eval()? })
}

fn c2r<T: Precision, C: Floating<Part = T>>(x: Any<C>, axes: &[usize], lens: &[usize], direction: Direction, scale: T) -> Result<Any<T>> {
    let order = Order::new(x.ndim(), axes);
    let n = *lens.last().expect("a real transform has an axis");
    let half: Vec<usize> = lens[..lens.len() - 1].iter().copied().chain([n / 2 + 1]).collect();
    let x = fitted(x, &order, &half)?;
    // cuFFT overwrites what it reads, which may be an operand that nobody else has.
    let factor = T::Spectrum::from_real(scale);
    let work = if direction == Direction::Forward { conjugated::<C, T::Spectrum>(x, factor) } else { converted::<C, T::Spectrum>(x, factor) }?;
    let together = axes.len().min(MOST_AXES);
    let work = transform_before_with(work, axes.len(), together, Direction::Backward)?;
    keep_hermitian_part(&work, together, n)?;
    let mut shape = work.dims().to_vec();
    *shape.last_mut().expect("a transform has an axis") = n;
    let out = work.device().array::<T>(&shape, "Fourier transform")?;
    let first = shape.len() - together;
    order.undo(&execute(&work, out, Kind::ComplexToReal, first, &shape[first..], Direction::Backward)?)
}

/// Makes the last `count` axes, at most three, of an array that nobody else has what the transform of real elements would be: the real
/// part of an inverse transform depends on that alone, and what cuFFT does with the rest is not documented.
fn keep_hermitian_part<S: Floating>(x: &Any<S>, count: usize, n: usize) -> Result<()> {
    let (before, axes) = x.dims().split_at(x.ndim() - count);
    let mut shape = [before.iter().product(), 1, 1, 1];
    shape[4 - count..].copy_from_slice(axes);
    // SAFETY: the caller's array has no other handle.
    x.device().run("Fourier transform", |_| unsafe { kernels::hermitian(S::Part::DTYPE, shape, n, x.buffer().memory(), x.offset()) })
}

/// Transforms the last `count` axes of a contiguous array that nobody else has, in place where they fit into one plan.
fn transform_last<S: Floating>(x: Any<S>, count: usize, direction: Direction) -> Result<Any<S>> {
    let together = count.min(MOST_AXES);
    if together == 0 {
        return Ok(x);
    }
    let first = x.ndim() - together;
    let out = execute(&x, x.clone(), Kind::Complex, first, &x.dims()[first..], direction)?;
    transform_before_with(out, count, together, direction)
}

fn transform_before<S: Floating>(x: Any<S>, count: usize, done: usize) -> Result<Any<S>> {
    transform_before_with(x, count, done, Direction::Forward)
}

/// Transforms those of the last `count` axes that come before the last `done`.
fn transform_before_with<S: Floating>(x: Any<S>, count: usize, done: usize, direction: Direction) -> Result<Any<S>> {
    if count <= done {
        return Ok(x);
    }
    let axes: Vec<usize> = (x.ndim() - count..x.ndim() - done).collect();
    let order = Order::new(x.ndim(), &axes);
    let turned = order.apply(&x)?.copy()?;
    order.undo(&transform_last(turned, axes.len(), direction)?)?.contiguous()
}

/// Runs a plan over neighbouring axes of a contiguous array, from the axis `first` on; `out` may be the array itself.
fn execute<I: Element, O: Element>(x: &Any<I>, out: Any<O>, kind: Kind, first: usize, lengths: &[usize], direction: Direction) -> Result<Any<O>> {
    let device = x.device();
    if x.is_empty() || out.is_empty() {
        return Ok(out);
    }
    let (outer, inner): (usize, usize) = (x.dims()[..first].iter().product(), x.dims()[first + lengths.len()..].iter().product());
    // The elements of a transform, and of those between two positions along the axes before it.
    let parts = [x.size() / outer, out.size() / outer];
    // Transforms of the last axes follow each other; others begin side by side, and are as many as there is room between two elements.
    let (executions, batch, distance) = if inner == 1 { (1, outer, parts) } else { (outer, inner, [1, 1]) };
    let key = PlanKey {
        kind,
        double: matches!(I::DTYPE, DType::F64 | DType::C128),
        lengths: lengths.iter().map(|&n| n as i64).collect(),
        stride: inner as i64,
        distance: (distance[0] as i64, distance[1] as i64),
        batch: batch as i64,
    };
    device.run("Fourier transform", |device| {
        let plans = &device.libraries().plans;
        let plan = plans.get(device, &key)?;
        let _one_at_a_time = lock(&plans.running);
        (0..executions).try_for_each(|i| {
            let (input, output) = (x.buffer().at(x.offset() + i * parts[0]), out.buffer().at(out.offset() + i * parts[1]));
            // SAFETY: the arrays have the sizes of the plan, and no other handle.
            unsafe { plan.execute(device, input, output, direction == Direction::Backward) }
        })
    })?;
    Ok(out)
}

/// The plans of a device that were used last.
#[derive(Default)]
pub(crate) struct Plans {
    kept: std::sync::Mutex<Vec<(PlanKey, Arc<dyn FftPlan>)>>,
    /// A plan has one workspace.
    running: std::sync::Mutex<()>,
}

impl Plans {
    fn get(&self, device: &Device, key: &PlanKey) -> error::Result<Arc<dyn FftPlan>> {
        let mut kept = lock(&self.kept);
        let found = match kept.iter().position(|(k, _)| k == key) {
            Some(i) => kept.remove(i),
            None => (key.clone(), Arc::from(device.fft()?.plan(device, key)?)),
        };
        if kept.len() >= MOST_PLANS && !device.turns().has_recorded() {
            // The work of the plan that goes may not have run yet.
            let operation = "end of a Fourier transform's plan";
            device.synchronize(operation)?;
            let (_current, _turn) = (device.enter(operation)?, device.turn());
            kept.remove(0);
        }
        let plan = found.1.clone();
        kept.push(found);
        Ok(plan)
    }
}

/// The conjugate of [`converted`].
fn conjugated<C: Floating, S: Floating>(x: Any<C>, scale: S) -> Result<Any<S>> {
    let (device, x) = (x.device().clone(), x.into_lazy().apply(AsType::<S>::new()).conj());
    if scale == S::ONE { device.contiguous(x, "Fourier transform") } else { device.contiguous(x * scale, "Fourier transform") }
}

/// A contiguous array of its own in another dtype, times a factor: the array itself where nothing has to change and nobody else has it.
fn converted<C: Floating, S: Floating>(x: Any<C>, scale: S) -> Result<Any<S>> {
    if scale == S::ONE
        && is_ready(&x)
        && Cuda::is_unique(x.buffer())
        && let Some(same) = (&x as &dyn std::any::Any).downcast_ref::<Any<S>>()
    {
        return Ok(same.clone());
    }
    let (device, x) = (x.device().clone(), x.into_lazy().apply(AsType::<S>::new()));
    if scale == S::ONE { device.contiguous(x, "Fourier transform") } else { device.contiguous(x * scale, "Fourier transform") }
}

/// The array with the axes of a transform last, cut to the lengths or padded with zeros. It has no other handle if `x` has none and nothing
/// has to change.
fn fitted<C: Floating>(x: Any<C>, order: &Order, lens: &[usize]) -> Result<Any<C>> {
    let turned = order.apply(&x)?;
    drop(x);
    (turned.ndim() - lens.len()..turned.ndim())
        .zip(lens)
        .try_fold(turned, |x, (axis, &n)| if x.dims()[axis] == n { Ok(x) } else { portable::fit(&x, axis, n) })
}

/// The order of axes in which those of a transform come last.
struct Order {
    to: Vec<isize>,
    back: Vec<isize>,
}

impl Order {
    fn new(ndim: usize, axes: &[usize]) -> Self {
        let to: Vec<usize> = (0..ndim).filter(|k| !axes.contains(k)).chain(axes.iter().copied()).collect();
        let mut back = vec![0; ndim];
        for (place, &axis) in to.iter().enumerate() {
            back[axis] = place as isize;
        }
        Order { to: to.into_iter().map(|k| k as isize).collect(), back }
    }

    fn apply<T: Element>(&self, x: &Any<T>) -> Result<Any<T>> {
        x.permute_dims(&self.to)
    }

    fn undo<T: Element>(&self, x: &Any<T>) -> Result<Any<T>> {
        x.permute_dims(&self.back)
    }
}
