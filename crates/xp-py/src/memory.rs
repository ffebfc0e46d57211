//! Memory that belongs to somebody else, as arrays of the module.

use pyo3::exceptions::{PyBufferError, PyValueError};
use pyo3::prelude::*;
use xp_core::{DType, Dyn};
pub use xp_cpu::interop::foreign::{Access, Foreign};

use crate::any::{Any, with_dtype};
use crate::error::Named;

/// The array over this memory, or over a copy where the memory cannot be shared: with `copy` true, when it is not aligned,
/// and for booleans, of which only the bytes 0 and 1 are values, and of which the owner could make others at any time.
///
/// # Safety
/// The memory must hold elements of the dtype as described, readable while the owner lives.
pub unsafe fn array(foreign: Foreign, dtype: DType, function: &str, copy: Option<bool>) -> PyResult<Any> {
    xp_core::size_of_shape(&foreign.shape).named(function)?;
    if foreign.shape.len() > xp_core::MAX_NDIM {
        return Err(PyValueError::new_err(format!("{function}(): {} axes given, at most {} are possible", foreign.shape.len(), xp_core::MAX_NDIM)));
    }
    let empty = foreign.shape.contains(&0);
    let why = with_dtype!(dtype, |T| foreign.why_copied::<T>());
    if copy != Some(true) && (empty || why.is_none()) {
        // SAFETY: passed on; every pattern of bits is a value of a numeric dtype.
        return with_dtype!(dtype, |T| unsafe { foreign.shared::<T, Dyn>() }.map(Any::from)).named(function);
    }
    if let (Some(false), Some(why)) = (copy, why) {
        return Err(PyBufferError::new_err(format!("{function}(): copy=False, but the memory cannot be shared: {why}")));
    }
    // SAFETY: passed on; a byte is a byte, and every pattern of bits is a value of a numeric dtype.
    let copied = unsafe {
        match dtype {
            DType::Bool => foreign.copied::<u8, bool>(|byte| Ok(byte != 0)).map(Any::from),
            _ => with_dtype!(dtype, |T| foreign.copied::<T, T>(Ok).map(Any::from)),
        }
    };
    // Elements that overlap are copied once, but in a copy that was asked for each has a place of its own.
    copied.and_then(|x| if copy == Some(true) && !x.is_writable() { x.copy() } else { Ok(x) }).named(function)
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

/// Why memory of `bfloat16` is not taken.
pub const NO_BFLOAT16: &str = "the module has no bfloat16: convert to float32 first";
