//! On this architecture there are no kernels for wide registers; rustfft has all lengths.

use std::sync::Arc;

use rustfft::Fft;

use super::{ColumnLine, LongLine, RealLine};
use crate::fft::Direction;
use crate::fft::float::FftFloat;

pub(in crate::fft) fn plan<T: FftFloat>(_: usize, _: Direction) -> Option<Arc<dyn Fft<T>>> {
    None
}

pub(in crate::fft) fn real_plan<T: FftFloat>(_: usize, _: Direction) -> Option<Arc<dyn RealLine<T>>> {
    None
}

pub(in crate::fft) fn long_plan<T: FftFloat>(_: usize, _: Direction) -> Option<Arc<dyn LongLine<T>>> {
    None
}

pub(in crate::fft) fn column_plan<T: FftFloat>(_: usize, _: Direction) -> Option<Arc<dyn ColumnLine<T>>> {
    None
}

pub(in crate::fft) unsafe fn split_three<E: 'static>(_: *const E, _: *mut E, _: usize, _: usize) -> bool {
    false
}

pub(in crate::fft) unsafe fn merge_three<E: 'static>(_: *const E, _: usize, _: *mut E, _: usize) -> bool {
    false
}
