//! The simulated driver: the functions of `cuda.h` that cust and xp-cuda call.

#![allow(non_snake_case, clippy::missing_safety_doc)]

mod graphs;
mod memory;
mod modules;
mod ranges;
mod streams;

use std::{
    cell::Cell,
    ffi::{c_char, c_int, c_uint, c_void},
    ptr::null_mut,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
};

use self::{graphs::*, memory::*, modules::*, ranges::*, streams::*};
use crate::{
    DEVICE_COUNT, DEVICE_MEMORY, arena,
    queue::{self, Stream},
    state::{Count, DEVICES},
    symbol_table,
};

pub use modules::empty_kernels;

/// Result codes of `cuda.h`.
pub(crate) mod code {
    pub(crate) const INVALID_VALUE: u32 = 1;
    pub(crate) const OUT_OF_MEMORY: u32 = 2;
    pub(crate) const NOT_INITIALIZED: u32 = 3;
    pub(crate) const INVALID_DEVICE: u32 = 101;
    pub(crate) const INVALID_IMAGE: u32 = 200;
    pub(crate) const INVALID_CONTEXT: u32 = 201;
    pub(crate) const OPERATING_SYSTEM: u32 = 304;
    pub(crate) const NOT_FOUND: u32 = 500;
    pub(crate) const NOT_READY: u32 = 600;
    pub(crate) const ILLEGAL_STATE: u32 = 401;
    pub(crate) const ILLEGAL_ADDRESS: u32 = 700;
    pub(crate) const LAUNCH_OUT_OF_RESOURCES: u32 = 701;
    pub(crate) const LAUNCH_FAILED: u32 = 719;
    pub(crate) const CAPTURE_UNSUPPORTED: u32 = 900;
    pub(crate) const CAPTURE_INVALIDATED: u32 = 901;
}

symbol_table!(
    cuInit,
    cuDriverGetVersion,
    cuGetErrorString,
    cuGetErrorName,
    cuDeviceGetCount,
    cuDeviceGet,
    cuDeviceGetName,
    cuDeviceTotalMem_v2,
    cuDeviceGetAttribute,
    cuDevicePrimaryCtxRetain,
    cuDevicePrimaryCtxRelease_v2,
    cuDevicePrimaryCtxReset_v2,
    cuDevicePrimaryCtxSetFlags_v2,
    cuCtxSetCurrent,
    cuCtxGetCurrent,
    cuCtxGetDevice,
    cuCtxSynchronize,
    cuCtxGetApiVersion,
    cuCtxGetStreamPriorityRange,
    cuMemAlloc_v2,
    cuMemFree_v2,
    cuMemAllocAsync,
    cuMemFreeAsync,
    cuMemAllocHost_v2,
    cuMemFreeHost,
    cuMemGetInfo_v2,
    cuMemcpyHtoD_v2,
    cuMemcpyDtoH_v2,
    cuMemcpyDtoD_v2,
    cuMemcpyHtoDAsync_v2,
    cuMemcpyDtoHAsync_v2,
    cuMemcpyDtoDAsync_v2,
    cuMemcpyPeerAsync,
    cuMemsetD8Async,
    cuMemsetD32Async,
    cuStreamCreate,
    cuStreamCreateWithPriority,
    cuStreamSynchronize,
    cuStreamQuery,
    cuStreamDestroy_v2,
    cuStreamGetFlags,
    cuStreamGetPriority,
    cuStreamWaitEvent,
    cuLaunchHostFunc,
    cuEventCreate,
    cuEventRecord,
    cuEventQuery,
    cuEventSynchronize,
    cuEventElapsedTime,
    cuEventDestroy_v2,
    cuStreamBeginCapture_v2,
    cuStreamEndCapture,
    cuStreamIsCapturing,
    cuGraphInstantiateWithFlags,
    cuGraphLaunch,
    cuGraphExecDestroy,
    cuGraphDestroy,
    cuModuleLoadData,
    cuModuleLoadDataEx,
    cuModuleUnload,
    cuModuleGetFunction,
    cuModuleGetGlobal_v2,
    cuFuncGetAttribute,
    cuFuncSetAttribute,
    cuOccupancyMaxActiveBlocksPerMultiprocessor,
    cuLaunchKernel,
    nvtxRangePushA,
    nvtxRangePop,
);

thread_local! {
    static CURRENT: Cell<Option<u32>> = const { Cell::new(None) };
}
static INITIALIZED: AtomicBool = AtomicBool::new(false);

type Code = u32;
type Address = u64;
type Outcome = Result<(), Code>;

fn finish(outcome: Outcome) -> Code {
    outcome.err().unwrap_or(0)
}

/// The device of the current context, provided it is healthy.
fn current() -> Result<u32, Code> {
    let device = CURRENT.get().ok_or(code::INVALID_CONTEXT)?;
    match DEVICES[device as usize].sticky.load(SeqCst) {
        0 => Ok(device),
        sticky => Err(sticky),
    }
}

/// Writes a result through an output pointer.
fn put<T>(out: *mut T, value: T) {
    // SAFETY: callers of the driver pass valid output pointers.
    unsafe { out.write(value) }
}

/// Fails unless the range lies inside one allocation of the device.
fn check_range(device: u32, address: Address, len: usize) -> Outcome {
    if DEVICES[device as usize].memory().contains(address, len) { Ok(()) } else { Err(code::INVALID_VALUE) }
}

extern "C" fn cuInit(_flags: c_uint) -> Code {
    INITIALIZED.store(true, SeqCst);
    0
}

extern "C" fn cuDriverGetVersion(version: *mut c_int) -> Code {
    put(version, 13000);
    0
}

extern "C" fn cuGetErrorString(error: c_uint, text: *mut *const c_char) -> Code {
    put(
        text,
        match error {
            0 => c"no error",
            code::INVALID_VALUE => c"invalid argument",
            code::OUT_OF_MEMORY => c"out of memory",
            code::LAUNCH_FAILED => c"unspecified launch failure",
            code::ILLEGAL_ADDRESS => c"an illegal memory access was encountered",
            _ => c"an error of the simulated device",
        }
        .as_ptr(),
    );
    0
}

extern "C" fn cuGetErrorName(error: c_uint, text: *mut *const c_char) -> Code {
    cuGetErrorString(error, text)
}

// ---- devices and contexts ----

extern "C" fn cuDeviceGetCount(count: *mut c_int) -> Code {
    if !INITIALIZED.load(SeqCst) {
        return code::NOT_INITIALIZED;
    }
    put(count, DEVICE_COUNT as c_int);
    0
}

extern "C" fn cuDeviceGet(device: *mut c_int, ordinal: c_int) -> Code {
    if !INITIALIZED.load(SeqCst) {
        return code::NOT_INITIALIZED;
    }
    if !(0..DEVICE_COUNT as c_int).contains(&ordinal) {
        return code::INVALID_DEVICE;
    }
    put(device, ordinal);
    0
}

extern "C" fn cuDeviceGetName(name: *mut c_char, len: c_int, device: c_int) -> Code {
    let text = format!("Simulated CUDA device {device} (CPU)\0");
    let len = text.len().min(len as usize);
    // SAFETY: `name` has room for `len` bytes.
    unsafe { std::ptr::copy_nonoverlapping(text.as_ptr().cast(), name, len) };
    0
}

extern "C" fn cuDeviceTotalMem_v2(bytes: *mut usize, _device: c_int) -> Code {
    put(bytes, DEVICE_MEMORY);
    0
}

/// The numbers of `CUdevice_attribute` that the backend reads, with the values of an H100 where they matter.
extern "C" fn cuDeviceGetAttribute(value: *mut c_int, attribute: c_uint, _device: c_int) -> Code {
    put(
        value,
        match attribute {
            1..=3 => 1024,     // threads per block, block x, block y
            4 => 64,           // block z
            5 => c_int::MAX,   // grid x
            6 | 7 => 65535,    // grid y, z
            8 => 48 << 10,     // shared memory per block
            10 => 32,          // warp
            12 => 65536,       // registers
            16 => 4,           // multiprocessors: few, so that grid-stride loops are exercised
            39 => 2048,        // threads per multiprocessor
            41 | 31 | 83 => 1, // unified addressing, concurrent kernels, managed memory
            75 => 9,           // compute capability
            76 => 0,
            81 => 228 << 10, // shared memory per multiprocessor
            97 => 227 << 10, // shared memory per block, opt-in
            115 => 1,        // memory pools
            _ => 0,
        },
    );
    0
}

fn context_of(device: c_int) -> *mut c_void {
    (&raw const DEVICES[device as usize]).cast_mut().cast()
}

fn device_of(context: *mut c_void) -> Option<u32> {
    (0..DEVICE_COUNT).find(|&d| context_of(d as c_int) == context)
}

extern "C" fn cuDevicePrimaryCtxRetain(context: *mut *mut c_void, device: c_int) -> Code {
    DEVICES[device as usize].references.fetch_add(1, SeqCst);
    put(context, context_of(device));
    0
}

extern "C" fn cuDevicePrimaryCtxRelease_v2(device: c_int) -> Code {
    if DEVICES[device as usize].references.fetch_sub(1, SeqCst) == 1 {
        queue::wait_for_device(device as u32, false);
        DEVICES[device as usize].teardown();
    }
    0
}

extern "C" fn cuDevicePrimaryCtxReset_v2(device: c_int) -> Code {
    DEVICES[device as usize].teardown();
    0
}

extern "C" fn cuDevicePrimaryCtxSetFlags_v2(_device: c_int, _flags: c_uint) -> Code {
    0
}

extern "C" fn cuCtxSetCurrent(context: *mut c_void) -> Code {
    CURRENT.set(device_of(context));
    if context.is_null() || CURRENT.get().is_some() { 0 } else { code::INVALID_CONTEXT }
}

extern "C" fn cuCtxGetCurrent(context: *mut *mut c_void) -> Code {
    put(context, CURRENT.get().map_or(null_mut(), |d| context_of(d as c_int)));
    0
}

extern "C" fn cuCtxGetDevice(device: *mut c_int) -> Code {
    finish(current().map(|d| put(device, d as c_int)))
}

extern "C" fn cuCtxSynchronize() -> Code {
    finish(current().and_then(|d| {
        DEVICES[d as usize].count(Count::Synchronisations, 1);
        queue::wait_for_device(d, false);
        current().map(drop)
    }))
}

extern "C" fn cuCtxGetApiVersion(_context: *mut c_void, version: *mut c_uint) -> Code {
    put(version, 3020);
    0
}

extern "C" fn cuCtxGetStreamPriorityRange(least: *mut c_int, greatest: *mut c_int) -> Code {
    put(least, 0);
    put(greatest, -5);
    0
}

/// Queues the operation that `prepare` returns for the current device; the default stream runs it at once.
fn enqueue<F, Op>(stream: *const Stream, prepare: F) -> Code
where
    F: FnOnce(u32) -> Result<Op, Code>,
    Op: Fn() -> Code + Send + Sync + 'static,
{
    finish(current().and_then(|device| {
        match queue::find(stream)? {
            Some(s) => {
                let operation = prepare(s.device)?;
                let device = s.device;
                // After a sticky error nothing runs any more.
                s.push(move || if DEVICES[device as usize].sticky.load(SeqCst) == 0 { operation() } else { 0 });
                Ok(())
            }
            None => {
                queue::wait_for_device(device, true);
                current()?;
                let operation = prepare(device)?;
                let _access = arena::access();
                match operation() {
                    0 => Ok(()),
                    error => Err(error),
                }
            }
        }
    }))
}
