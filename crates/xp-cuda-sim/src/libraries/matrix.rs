//! Column-major matrices in the memory of the simulated device.

use std::marker::PhantomData;

use half::{bf16, f16};
use num_complex::Complex;
use xp_core::{Element, Floating, Num};
use xp_cuda::libraries::{Matrix, Trans};

/// A view of a matrix of `T`.
#[derive(Clone, Copy)]
pub(super) struct View<T> {
    start: *mut T,
    ld: isize,
    elements: PhantomData<T>,
}

impl<T: Copy> View<T> {
    /// # Safety
    /// The elements that are accessed must be live memory of the simulated device, which nothing else accesses meanwhile.
    pub(super) unsafe fn new(matrix: Matrix) -> Self {
        Self { start: matrix.pointer as *mut T, ld: matrix.ld as isize, elements: PhantomData }
    }

    /// # Safety
    /// As for [`View::new`].
    pub(super) unsafe fn at_step(matrix: Matrix, elements: i64) -> Self {
        // SAFETY: passed on.
        let first = unsafe { Self::new(matrix) };
        Self { start: first.start.wrapping_offset(elements as isize), ..first }
    }

    pub(super) fn get(self, row: usize, column: usize) -> T {
        // SAFETY: by the contract of `new`.
        unsafe { self.start.offset(row as isize + column as isize * self.ld).read_unaligned() }
    }

    pub(super) fn set(self, row: usize, column: usize, value: T) {
        // SAFETY: by the contract of `new`.
        unsafe { self.start.offset(row as isize + column as isize * self.ld).write_unaligned(value) }
    }

    /// The part from this element on.
    pub(super) fn from(self, row: usize, column: usize) -> Self {
        Self { start: self.start.wrapping_offset(row as isize + column as isize * self.ld), ..self }
    }
}

impl<T: Floating> View<T> {
    /// An element of the matrix, transposed as told.
    pub(super) fn get_op(self, op: Trans, row: usize, column: usize) -> T {
        match op {
            Trans::No => self.get(row, column),
            Trans::Transpose => self.get(column, row),
            Trans::Adjoint => self.get(column, row).conj(),
        }
    }
}

/// An element type of the libraries, and the type its products are summed in.
pub(super) trait Scalar: Floating {
    type Sum: Floating;
}
impl Scalar for f16 {
    type Sum = f32;
}
impl Scalar for bf16 {
    type Sum = f32;
}
impl Scalar for f32 {
    type Sum = f32;
}
impl Scalar for f64 {
    type Sum = f64;
}
impl Scalar for Complex<f32> {
    type Sum = Self;
}
impl Scalar for Complex<f64> {
    type Sum = Self;
}

/// A number in the type of a matrix.
pub(super) fn scalar<T: Floating>(x: Complex<f64>) -> T {
    let part = <T::Real as Num>::from_f64;
    T::from_parts(part(x.re), part(x.im))
}

/// The number in the type of sums, or back.
pub(super) fn convert<T: Element, U: Element>(x: T) -> U {
    x.cast()
}

/// Runs a function that is generic over the element type for a type known at run time.
macro_rules! with_type {
    ($dtype:expr, |$T:ident| $body:expr) => {
        match $dtype {
            xp_core::DType::F16 => {
                type $T = half::f16;
                $body
            }
            xp_core::DType::BF16 => {
                type $T = half::bf16;
                $body
            }
            xp_core::DType::F32 => {
                type $T = f32;
                $body
            }
            xp_core::DType::F64 => {
                type $T = f64;
                $body
            }
            xp_core::DType::C64 => {
                type $T = num_complex::Complex<f32>;
                $body
            }
            xp_core::DType::C128 => {
                type $T = num_complex::Complex<f64>;
                $body
            }
            other => {
                return Err(xp_cuda::Error::UnsupportedDtype { operation: "a product".into(), dtype: other.name().into() });
            }
        }
    };
}
pub(super) use with_type;
