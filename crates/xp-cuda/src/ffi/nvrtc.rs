//! NVRTC.

#![allow(non_camel_case_types)]

use std::ffi::{c_char, c_int, c_void};

use crate::loader::function_table;

/// A program handle.
pub type nvrtcProgram = *mut c_void;
/// A status; 0 is success.
pub type nvrtcResult = c_int;

function_table! {
    /// The functions of NVRTC that this crate calls.
    pub struct NvrtcTable;
    fn nvrtcVersion(major: *mut c_int, minor: *mut c_int) -> nvrtcResult;
    fn nvrtcGetErrorString(result: nvrtcResult) -> *const c_char;
    fn nvrtcCreateProgram(
        program: *mut nvrtcProgram, source: *const c_char, name: *const c_char, headers: c_int,
        contents: *const *const c_char, names: *const *const c_char,
    ) -> nvrtcResult;
    fn nvrtcDestroyProgram(program: *mut nvrtcProgram) -> nvrtcResult;
    fn nvrtcCompileProgram(program: nvrtcProgram, count: c_int, options: *const *const c_char) -> nvrtcResult;
    fn nvrtcGetProgramLogSize(program: nvrtcProgram, size: *mut usize) -> nvrtcResult;
    fn nvrtcGetProgramLog(program: nvrtcProgram, log: *mut c_char) -> nvrtcResult;
    fn nvrtcGetPTXSize(program: nvrtcProgram, size: *mut usize) -> nvrtcResult;
    fn nvrtcGetPTX(program: nvrtcProgram, ptx: *mut c_char) -> nvrtcResult;
    fn nvrtcGetCUBINSize(program: nvrtcProgram, size: *mut usize) -> nvrtcResult;
    fn nvrtcGetCUBIN(program: nvrtcProgram, cubin: *mut c_char) -> nvrtcResult;
    fn nvrtcGetNumSupportedArchs(count: *mut c_int) -> nvrtcResult;
    fn nvrtcGetSupportedArchs(list: *mut c_int) -> nvrtcResult;
}
