//! NVTX, names of parts of a profile.

use std::ffi::{c_char, c_int};

use crate::loader::function_table;

function_table! {
    /// The functions of NVTX that are used here.
    pub struct NvtxTable;
    fn nvtxRangePushA(message: *const c_char) -> c_int;
    fn nvtxRangePop() -> c_int;
}
