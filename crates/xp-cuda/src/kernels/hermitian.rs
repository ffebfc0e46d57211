//! The Hermitian part of what inverse real transforms read.

use xp_core::DType;

use super::{Source, c_name, launch_items};
use crate::{error::Result, kernel::Arguments, memory::DeviceBuffer};

pub(crate) const SOURCE: Source = Source::plain("hermitian", include_str!("hermitian.cu"));

/// Makes spectra of `[rows, columns, bins]` from `start` on, in the complex numbers of a real dtype, those of real elements of
/// which `n` are along the last axis, in place: only bins that are their own conjugates along the last axis can fail to be.
///
/// # Errors
/// [`Error::OutOfRange`](crate::Error::OutOfRange) for a buffer that is too small, and those of the driver.
///
/// # Safety
/// Nobody else may use the memory.
pub unsafe fn hermitian(real: DType, shape: [usize; 4], n: usize, x: &DeviceBuffer, start: usize) -> Result<()> {
    let operation = "Hermitian part";
    let ([batch, rows, columns, bins], size) = (shape, 2 * real.size());
    let pointer = x.range(start * size, shape.iter().product::<usize>() * size, operation)?;
    let middle = if n.is_multiple_of(2) { n / 2 } else { 0 };
    let pairs = batch * rows * columns * if middle > 0 { 2 } else { 1 };
    if bins == 0 {
        return Ok(());
    }
    let kernel = SOURCE.kernel(x.device(), "hermitian", real, || header(real))?;
    let arguments = shape.iter().fold(Arguments::new(), |arguments, &len| arguments.with(len as i64)).with(middle as i64).with(pointer);
    // SAFETY: the parameters of hermitian.cu in order; the range was checked, and every element has one writer.
    unsafe { launch_items(&kernel, pairs, &arguments) }
}

pub(crate) fn header(real: DType) -> String {
    format!("typedef {} T;", c_name(real))
}
