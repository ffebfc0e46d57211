//! NVTX: names of parts of a program.

use std::ffi::{CStr, c_char, c_int};

use crate::trace;

pub(super) extern "C" fn nvtxRangePushA(name: *const c_char) -> c_int {
    // SAFETY: a C string.
    trace::range(Some(unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned()))
}

pub(super) extern "C" fn nvtxRangePop() -> c_int {
    trace::range(None)
}
