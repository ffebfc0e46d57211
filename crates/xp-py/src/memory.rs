//! Memory that belongs to somebody else, described by an address, a shape and strides.

use std::any::Any as StdAny;

use pyo3::exceptions::{PyBufferError, PyValueError};
use pyo3::prelude::*;
use xp_core::{Array, DType, Dyn};
use xp_cpu::{Cpu, CpuBuffer};

use crate::any::{Any, with_dtype};
use crate::error::Named;

/// Elements in foreign memory.
pub struct Foreign {
    /// The first element.
    pub start: *mut u8,
    /// The dtype.
    pub dtype: DType,
    /// The lengths of the axes.
    pub shape: Vec<usize>,
    /// The distances between neighbours, in bytes.
    pub strides: Vec<isize>,
    /// Whether the memory must not be written.
    pub readonly: bool,
    /// Keeps the memory alive.
    pub owner: Box<dyn StdAny + Send + Sync>,
}

impl Foreign {
    /// The array over this memory, or over a copy where the memory cannot be shared: with `copy` true, when it is not
    /// aligned, and for booleans, of which only the bytes 0 and 1 are values, unless `copy` is false and all are.
    ///
    /// # Safety
    /// The memory must hold the elements described, readable while the owner lives.
    pub unsafe fn into_array(self, function: &str, copy: Option<bool>) -> PyResult<Any> {
        let size = xp_core::size_of_shape(&self.shape).named(function)?;
        if self.shape.len() > xp_core::MAX_NDIM {
            return Err(PyValueError::new_err(format!("{function}(): {} axes given, at most {} are possible", self.shape.len(), xp_core::MAX_NDIM)));
        }
        let item = self.dtype.size() as isize;
        let aligned =
            self.start.addr().is_multiple_of(self.dtype.size().min(8)) && self.strides.iter().zip(&self.shape).all(|(s, &n)| n <= 1 || s % item == 0);
        // SAFETY: passed on; a byte is a byte.
        let booleans = self.dtype != DType::Bool || copy == Some(false) && unsafe { self.gather::<u8>(size) }.iter().all(|&b| b <= 1);
        if size == 0 || copy == Some(true) || !aligned || !booleans {
            if copy == Some(false) && size > 0 {
                let why = if aligned { "there are bytes that are no booleans" } else { "the elements are not aligned" };
                return Err(PyBufferError::new_err(format!("{function}(): copy=False, but the memory cannot be shared: {why}")));
            }
            // SAFETY: passed on.
            return unsafe { self.copied(function, size) };
        }
        // The lowest and highest element reached, counted from the first.
        let (mut low, mut high) = (0isize, 0isize);
        for (&s, &n) in self.strides.iter().zip(&self.shape) {
            let reach = s / item * (n as isize - 1);
            if reach < 0 { low += reach } else { high += reach }
        }
        let strides: Vec<isize> = self.strides.iter().zip(&self.shape).map(|(s, &n)| if n > 1 { s / item } else { 0 }).collect();
        let (start, shape, readonly, owner) = (self.start, self.shape, self.readonly, self.owner);
        with_dtype!(self.dtype, |T| {
            let first = start.cast::<T>().wrapping_offset(low);
            // SAFETY: the elements from the lowest to the highest are inside the owner's allocation; every pattern of bits
            // is a value of a numeric dtype, and booleans were checked.
            let buffer = unsafe { CpuBuffer::<T>::from_foreign(first, (high - low) as usize + 1, readonly, owner) };
            // SAFETY: shape and strides stay between the lowest and the highest element.
            let x: Array<Cpu, T, Dyn> = unsafe { Array::from_strided_buffer(&Cpu, buffer, shape.into(), strides.into(), low.unsigned_abs()) };
            Ok(x.into())
        })
    }

    /// # Safety
    /// As for [`Foreign::into_array`].
    unsafe fn copied(self, function: &str, size: usize) -> PyResult<Any> {
        if self.dtype == DType::Bool {
            // SAFETY: passed on; a byte is a byte.
            let bytes: Vec<u8> = unsafe { self.gather(size) };
            return Array::<Cpu, bool, Dyn>::from_vec(&Cpu, bytes.into_iter().map(|b| b != 0).collect(), self.shape).map(Any::from).named(function);
        }
        with_dtype!(self.dtype, |T| {
            // SAFETY: passed on.
            let values: Vec<T> = unsafe { self.gather(size) };
            Array::<Cpu, T, Dyn>::from_vec(&Cpu, values, self.shape).map(Any::from).named(function)
        })
    }

    /// The elements in row-major order.
    ///
    /// # Safety
    /// As for [`Foreign::into_array`]; every pattern of bits must be a `T`.
    unsafe fn gather<T: Copy>(&self, size: usize) -> Vec<T> {
        let mut out = Vec::with_capacity(size);
        let mut index = vec![0usize; self.shape.len()];
        let mut at = 0isize;
        for _ in 0..size {
            // SAFETY: `at` is the distance of the element at `index`.
            out.push(unsafe { self.start.offset(at).cast::<T>().read_unaligned() });
            for k in (0..index.len()).rev() {
                index[k] += 1;
                at += self.strides[k];
                if index[k] < self.shape[k] {
                    break;
                }
                at -= self.strides[k] * self.shape[k] as isize;
                index[k] = 0;
            }
        }
        out
    }
}

/// Row-major strides in bytes.
pub fn row_major(shape: &[usize], item: usize) -> Vec<isize> {
    let mut out = vec![0; shape.len()];
    let mut step = item as isize;
    for (slot, &n) in out.iter_mut().zip(shape).rev() {
        *slot = step;
        step = step.saturating_mul(n.max(1) as isize);
    }
    out
}

/// Half-precision floats are no dtype of the standard.
pub const NO_HALF: &str = "float16 and bfloat16 are not dtypes of the standard: convert to float32 first";
