//! Modules and launches.

use std::{
    ffi::{CStr, c_char, c_int, c_uint, c_void},
    sync::{
        Arc, Mutex,
        atomic::{
            AtomicBool,
            Ordering::{Relaxed, SeqCst},
        },
    },
};

use super::{Address, CURRENT, Code, code, current, enqueue, finish, put};
use crate::{
    faults::{self, Fault},
    module::{Function, Module, Shape},
    queue::{self, Stream},
    state::{Count, DEVICES, OBJECTS, lock},
};

/// Whether launches do nothing.
static EMPTY: AtomicBool = AtomicBool::new(false);

/// From here on launches return at once and compute nothing, or do again: so that the time of a host is its own.
pub fn empty_kernels(empty: bool) {
    EMPTY.store(empty, Relaxed);
}

pub(super) struct ModuleHandle {
    module: Arc<Module>,
    functions: Mutex<Vec<Arc<Function>>>,
}

pub(super) extern "C" fn cuModuleLoadData(module: *mut *mut ModuleHandle, image: *const c_void) -> Code {
    finish(current().and_then(|_| {
        // SAFETY: images come from the simulated NVRTC.
        let loaded = unsafe { Module::load(image.cast()) }?;
        OBJECTS.fetch_add(1, SeqCst);
        put(module, Box::into_raw(Box::new(ModuleHandle { module: loaded, functions: Mutex::default() })));
        Ok(())
    }))
}

pub(super) extern "C" fn cuModuleLoadDataEx(
    module: *mut *mut ModuleHandle,
    image: *const c_void,
    _count: c_uint,
    _options: *mut c_int,
    _values: *mut *mut c_void,
) -> Code {
    cuModuleLoadData(module, image)
}

pub(super) extern "C" fn cuModuleUnload(module: *mut ModuleHandle) -> Code {
    if let Some(device) = CURRENT.get() {
        queue::wait_for_device(device, false);
    }
    // SAFETY: the handle comes from `Box::into_raw` and is unloaded once.
    drop(unsafe { Box::from_raw(module) });
    OBJECTS.fetch_sub(1, SeqCst);
    0
}

pub(super) extern "C" fn cuModuleGetFunction(function: *mut *const Function, module: *mut ModuleHandle, name: *const c_char) -> Code {
    // SAFETY: a live handle and a C string.
    let (handle, name) = unsafe { (&*module, CStr::from_ptr(name)) };
    finish(handle.module.function(name).map(|f| {
        let f = Arc::new(f);
        put(function, Arc::as_ptr(&f));
        lock(&handle.functions).push(f);
    }))
}

pub(super) extern "C" fn cuModuleGetGlobal_v2(address: *mut Address, size: *mut usize, module: *mut ModuleHandle, name: *const c_char) -> Code {
    // SAFETY: a live handle and a C string.
    let (handle, name) = unsafe { (&*module, CStr::from_ptr(name)) };
    finish(handle.module.global(name).ok_or(code::NOT_FOUND).map(|a| {
        put(address, a);
        if !size.is_null() {
            put(size, 0);
        }
    }))
}

pub(super) extern "C" fn cuFuncGetAttribute(value: *mut c_int, attribute: c_uint, _function: *const Function) -> Code {
    put(value, if attribute == 0 { 1024 } else { 0 });
    0
}

pub(super) extern "C" fn cuFuncSetAttribute(_function: *const Function, _attribute: c_uint, value: c_int) -> Code {
    if value > 227 << 10 { code::INVALID_VALUE } else { 0 }
}

pub(super) extern "C" fn cuOccupancyMaxActiveBlocksPerMultiprocessor(
    blocks: *mut c_int,
    _function: *const Function,
    block_size: c_int,
    shared: usize,
) -> Code {
    put(blocks, (2048 / block_size.max(1)).min(((228 << 10) / shared.max(1)) as c_int));
    0
}

#[allow(clippy::too_many_arguments)]
pub(super) extern "C" fn cuLaunchKernel(
    function: *const Function,
    gx: c_uint,
    gy: c_uint,
    gz: c_uint,
    bx: c_uint,
    by: c_uint,
    bz: c_uint,
    shared: c_uint,
    stream: *const Stream,
    pointers: *mut *mut c_void,
    extra: *mut *mut c_void,
) -> Code {
    let shape = Shape { grid: [gx, gy, gz], block: [bx, by, bz], shared };
    let threads = bx as u64 * by as u64 * bz as u64;
    let grid_fits = gx > 0 && gy > 0 && gz > 0 && gx <= c_int::MAX as u32 && gy <= 65535 && gz <= 65535;
    if !grid_fits || threads == 0 || threads > 1024 || bz > 64 || shared > 227 << 10 {
        return code::INVALID_VALUE;
    }
    if faults::strikes(Fault::Launch) {
        return code::LAUNCH_OUT_OF_RESOURCES;
    }
    if EMPTY.load(Relaxed) {
        return 0;
    }
    // SAFETY: function handles are owned by their module, which is unloaded only after all work has run.
    let function = unsafe {
        Arc::increment_strong_count(function);
        Arc::from_raw(function)
    };
    // SAFETY: the arguments follow the driver's contract for `kernelParams` and `extra`.
    let Some(arguments) = (unsafe { pack(&function, pointers.cast(), extra) }) else {
        return code::INVALID_VALUE;
    };
    enqueue(stream, move |device| {
        DEVICES[device as usize].count(Count::Launches, 1);
        let words = arguments.chunks_exact(8).map(|word| u64::from_ne_bytes(word.try_into().expect("eight bytes")));
        DEVICES[device as usize].note(&function.name, words);
        Ok(move || function.run(device, shape, &arguments))
    })
}

/// The packed arguments; `None` when a packed buffer has not the size of the kernel's parameters.
unsafe fn pack(function: &Function, pointers: *const *const u8, extra: *mut *mut c_void) -> Option<Vec<u8>> {
    if extra.is_null() {
        // SAFETY: `kernelParams` holds one pointer per parameter.
        return Some(unsafe { function.pack(pointers) });
    }
    // CU_LAUNCH_PARAM_BUFFER_POINTER = 1, CU_LAUNCH_PARAM_BUFFER_SIZE = 2, CU_LAUNCH_PARAM_END = 0.
    // SAFETY: `extra` is a list of key and value pairs that ends with CU_LAUNCH_PARAM_END.
    unsafe {
        let (mut buffer, mut size, mut at) = (std::ptr::null::<u8>(), 0usize, extra);
        while !(*at).is_null() {
            match *at as usize {
                1 => buffer = (*at.add(1)).cast(),
                2 => size = *(*at.add(1)).cast::<usize>(),
                _ => return None,
            }
            at = at.add(2);
        }
        if size != function.argument_size() {
            crate::state::report(format!("kernel `{}` takes {} argument bytes, {size} given", function.name, function.argument_size()));
            return None;
        }
        Some(std::slice::from_raw_parts(buffer, size).to_vec())
    }
}
