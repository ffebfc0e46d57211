//! Fourier, cosine and sine transforms on arrays: views of arrays for the kernels, and memory that is reused.

use std::any::Any;
use std::mem::MaybeUninit;

use num_complex::Complex;
use xp_core::expr::Lazy;
use xp_core::{Array, Dim, Element, Error, Float, Floating, Result, size_of_shape};
use xp_engine::fft::{self, FftFloat, View};
use xp_fft::{Direction, Fft, Trig};

use crate::Cpu;
use crate::backend::dispatch::compiled_here;
use crate::buffer::CpuBuffer;

/// A real dtype of transforms.
pub(crate) trait Real: FftFloat + Float {}
impl<T: FftFloat + Float> Real for T {}

compiled_here! {
    /// The transforms on views, in the precisions of this backend.
    trait Precision: Real, for [f32, f64] {
        c2c(x: View<'_, Complex<Self>>, axes: &[usize], lens: &[usize], direction: Direction, scale: Self, out: &mut [MaybeUninit<Complex<Self>>]) = fft::c2c;
        c2c_in_place(data: &mut [Complex<Self>], shape: &[usize], axes: &[usize], direction: Direction, scale: Self) = fft::c2c_in_place;
        r2c(x: View<'_, Self>, axes: &[usize], lens: &[usize], direction: Direction, scale: Self, out: &mut [MaybeUninit<Complex<Self>>]) = fft::r2c;
        r2c_full(x: View<'_, Self>, axes: &[usize], lens: &[usize], direction: Direction, scale: Self, out: &mut [MaybeUninit<Complex<Self>>]) = fft::r2c_full;
        c2r(x: View<'_, Complex<Self>>, axes: &[usize], lens: &[usize], direction: Direction, scale: Self, out: &mut [MaybeUninit<Self>]) = fft::c2r;
        c2r_consuming(data: &mut [Complex<Self>], shape: &[usize], axes: &[usize], n: usize, direction: Direction, scale: Self, out: &mut [MaybeUninit<Self>]) = fft::c2r_consuming;
        r2r(x: View<'_, Self>, axes: &[usize], lens: &[usize], trig: Trig, scale: Self, out: &mut [MaybeUninit<Self>]) = fft::r2r;
        r2r_in_place(data: &mut [Self], shape: &[usize], axes: &[usize], trig: Trig, scale: Self) = fft::r2r_in_place;
    }
}

macro_rules! fft_for {
    ($($t:ty),*) => {$(
        impl Fft<$t> for Cpu {
            type Complex = Complex<$t>;
            fn c2c<C: Floating<Part = $t>, D: Dim>(
                x: Array<Self, C, D>,
                axes: &[usize],
                lens: &[usize],
                direction: Direction,
                scale: $t,
            ) -> Result<Array<Self, Complex<$t>, D>> {
                c2c(x, axes, lens, direction, scale)
            }
            fn r2c<D: Dim>(x: Array<Self, $t, D>, axes: &[usize], lens: &[usize], direction: Direction, scale: $t) -> Result<Array<Self, Complex<$t>, D>> {
                r2c(x, axes, lens, direction, scale)
            }
            fn c2r<C: Floating<Part = $t>, D: Dim>(
                x: Array<Self, C, D>,
                axes: &[usize],
                lens: &[usize],
                direction: Direction,
                scale: $t,
            ) -> Result<Array<Self, $t, D>> {
                c2r(x, axes, lens, direction, scale)
            }
            fn r2r<C: Floating<Part = $t>, D: Dim>(x: Array<Self, C, D>, axes: &[usize], lens: &[usize], trig: Trig, scale: $t) -> Result<Array<Self, C, D>> {
                r2r(x, axes, lens, trig, scale)
            }
        }
    )*};
}
fft_for!(f32, f64);

fn c2c<T: Precision, C: Floating<Part = T>, D: Dim>(
    x: Array<Cpu, C, D>,
    axes: &[usize],
    lens: &[usize],
    direction: Direction,
    scale: T,
) -> Result<Array<Cpu, Complex<T>, D>>
where
    Complex<T>: Floating<Part = T>,
{
    let shape = shape_of(x.dims(), axes, lens);
    if let Some(mut own) = owned::<C, Complex<T>, D>(&x, &shape) {
        check_memory::<T>(lens)?;
        drop(x);
        // SAFETY: this is the only handle to the memory, whose elements are written.
        T::c2c_in_place(unsafe { own.elements(&shape) }, &shape, axes, direction, scale);
        // SAFETY: the buffer is the operand's, of this shape.
        return unsafe { Array::from_buffer(&Cpu, own.0, &shape) };
    }
    match view::<C, Complex<T>, D>(&x) {
        Some(x) => filled::<T, _, _>(&shape, lens, |out| T::c2c(x, axes, lens, direction, scale, out)),
        None if axes.is_empty() => (Lazy::new(x).astype::<Complex<T>>() * Complex::new(scale, <T as FftFloat>::ZERO)).try_eval(),
        None => filled::<T, _, _>(&shape, lens, |out| T::r2c_full(real_view(&x), axes, lens, direction, scale, out)),
    }
}

fn r2c<T: Precision, D: Dim>(x: Array<Cpu, T, D>, axes: &[usize], lens: &[usize], direction: Direction, scale: T) -> Result<Array<Cpu, Complex<T>, D>>
where
    Complex<T>: Floating<Part = T>,
{
    let mut shape = shape_of(x.dims(), axes, lens);
    if let Some(&last) = axes.last() {
        shape[last] = shape[last] / 2 + 1;
    }
    filled::<T, _, _>(&shape, lens, |out| T::r2c(real_view(&x), axes, lens, direction, scale, out))
}

fn c2r<T: Precision, C: Floating<Part = T>, D: Dim>(
    x: Array<Cpu, C, D>,
    axes: &[usize],
    lens: &[usize],
    direction: Direction,
    scale: T,
) -> Result<Array<Cpu, T, D>>
where
    Complex<T>: Floating<Part = T>,
{
    let shape = shape_of(x.dims(), axes, lens);
    let (&last, &n) = axes.iter().zip(lens).next_back().expect("a real transform has an axis");
    let mut half = shape.clone();
    half[last] = n / 2 + 1;
    if axes.len() > 1
        && let Some(mut own) = owned::<C, Complex<T>, D>(&x, &half)
    {
        drop(x);
        return filled::<T, _, _>(&shape, lens, |out| {
            // SAFETY: this is the only handle to the memory, whose elements are written.
            let work = unsafe { own.elements(&half) };
            T::c2r_consuming(work, &half, axes, n, direction, scale, out);
        });
    }
    match view::<C, Complex<T>, D>(&x) {
        Some(x) => filled::<T, _, _>(&shape, lens, |out| T::c2r(x, axes, lens, direction, scale, out)),
        None => c2r(Lazy::new(x).astype::<Complex<T>>().try_eval()?, axes, lens, direction, scale),
    }
}

fn r2r<T: Precision, C: Floating<Part = T>, D: Dim>(
    x: Array<Cpu, C, D>,
    axes: &[usize],
    lens: &[usize],
    trig: Trig,
    scale: T,
) -> Result<Array<Cpu, C, D>> {
    let shape = shape_of(x.dims(), axes, lens);
    // Complex elements are pairs of real ones: one more axis, of length 2, along which nothing is transformed.
    let parts = size_of::<C>() / size_of::<T>();
    let mut paired = shape.clone();
    paired.push(parts);
    if let Some(own) = owned::<C, C, D>(&x, &shape) {
        check_memory::<T>(lens)?;
        drop(x);
        // SAFETY: this is the only handle to the memory, whose elements are written; they are `parts` real numbers each.
        let data = unsafe { std::slice::from_raw_parts_mut(own.0.ptr().cast::<T>(), paired.iter().product()) };
        T::r2r_in_place(data, &paired, axes, trig, scale);
        // SAFETY: the buffer is the operand's, of this shape.
        return unsafe { Array::from_buffer(&Cpu, own.0, &shape) };
    }
    let mut dims = x.dims().to_vec();
    dims.push(parts);
    let mut strides: Vec<isize> = x.strides().iter().map(|s| s * parts as isize).collect();
    strides.push(1);
    // SAFETY: shape and strides describe the parts of elements of the array, which are written and borrowed.
    let view = unsafe { View::from_raw_parts(first(&x).cast::<T>(), &dims, &strides) };
    filled::<T, _, _>(&shape, lens, |out| {
        // SAFETY: an element is `parts` real numbers.
        let out = unsafe { std::slice::from_raw_parts_mut(out.as_mut_ptr().cast::<MaybeUninit<T>>(), out.len() * parts) };
        T::r2r(view, axes, lens, trig, scale, out);
    })
}

/// The shape of a result.
fn shape_of(dims: &[usize], axes: &[usize], lens: &[usize]) -> Vec<usize> {
    let mut shape = dims.to_vec();
    axes.iter().zip(lens).for_each(|(&k, &n)| shape[k] = n);
    shape
}

/// A new array whose elements `write` writes, by transforms of these lengths.
fn filled<R: FftFloat, T: Element, D: Dim>(shape: &[usize], lens: &[usize], write: impl FnOnce(&mut [MaybeUninit<T>])) -> Result<Array<Cpu, T, D>> {
    let buffer = CpuBuffer::new(size_of_shape(shape)?)?;
    if buffer.len() > 0 {
        check_memory::<R>(lens)?;
    }
    // SAFETY: the memory is new.
    write(unsafe { buffer.as_uninit() });
    // SAFETY: the transform filled the buffer, which was made for this shape.
    unsafe { Array::from_buffer(&Cpu, buffer, shape) }
}

fn check_memory<R: FftFloat>(lens: &[usize]) -> Result<()> {
    fft::check_memory::<R>(lens).map_err(|bytes| Error::out_of_memory(Cpu, bytes))
}

/// Memory that was an operand's, and that nobody else uses.
struct Owned<T: Element>(CpuBuffer<T>);

impl<T: Element> Owned<T> {
    /// # Safety
    /// The operand must have been dropped.
    unsafe fn elements(&mut self, shape: &[usize]) -> &mut [T] {
        // SAFETY: the elements of the operand were written, and this is the only handle to them.
        unsafe { std::slice::from_raw_parts_mut(self.0.ptr(), shape.iter().product()) }
    }
}

/// The memory of an operand of dtype `U` that has it alone and fills it in row-major order, when it has the result's shape.
fn owned<C: Element, U: Element, D: Dim>(x: &Array<Cpu, C, D>, shape: &[usize]) -> Option<Owned<U>> {
    let buffer = (x.buffer() as &dyn Any).downcast_ref::<CpuBuffer<U>>()?;
    let whole = !x.is_empty() && x.dims() == shape && x.offset() == 0 && x.is_contiguous() && buffer.len() == x.size();
    (whole && buffer.is_unique()).then(|| Owned(buffer.clone()))
}

/// The first element.
fn first<C: Element, D: Dim>(x: &Array<Cpu, C, D>) -> *const C {
    x.buffer().ptr().wrapping_add(x.offset())
}

/// The elements, when their dtype is `U`.
fn view<'a, C: Element, U: Element, D: Dim>(x: &'a Array<Cpu, C, D>) -> Option<View<'a, U>> {
    (x.buffer() as &dyn Any).downcast_ref::<CpuBuffer<U>>()?;
    // SAFETY: the dtypes are the same; shape and strides describe elements of the array, which are written and borrowed.
    Some(unsafe { View::from_raw_parts(first(x).cast(), x.dims(), x.strides()) })
}

/// The elements of an array that is not complex.
fn real_view<C: Floating, D: Dim>(x: &Array<Cpu, C, D>) -> View<'_, C::Part> {
    view(x).expect("a real array")
}
