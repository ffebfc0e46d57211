//! Allocation and copies.

use std::{
    alloc::{Layout, alloc, dealloc},
    collections::HashMap,
    ffi::c_void,
    ptr::slice_from_raw_parts,
    sync::{Mutex, atomic::Ordering::SeqCst},
};

use super::{Address, CURRENT, Code, check_range, code, current, device_of, enqueue, finish, put, streams::cuStreamSynchronize};
use crate::{
    DEVICE_MEMORY,
    faults::{self, Fault},
    queue::{self, Stream},
    state::{Count, DEVICES, HOST_ALLOCATIONS, lock},
};

pub(super) extern "C" fn cuMemAlloc_v2(address: *mut Address, size: usize) -> Code {
    finish(current().and_then(|d| {
        DEVICES[d as usize].count(Count::Allocations, 1);
        let a = DEVICES[d as usize].memory().alloc(size)?;
        put(address, a);
        Ok(())
    }))
}

pub(super) extern "C" fn cuMemFree_v2(address: Address) -> Code {
    finish(current().and_then(|d| {
        queue::wait_for_device(d, false);
        if DEVICES[d as usize].memory().free(address) { Ok(()) } else { Err(code::INVALID_VALUE) }
    }))
}

pub(super) extern "C" fn cuMemAllocAsync(address: *mut Address, size: usize, stream: *const Stream) -> Code {
    match queue::find(stream) {
        Ok(Some(stream)) if stream.breaks_capture() => code::CAPTURE_UNSUPPORTED,
        Ok(_) => cuMemAlloc_v2(address, size),
        Err(code) => code,
    }
}

pub(super) extern "C" fn cuMemFreeAsync(address: Address, stream: *const Stream) -> Code {
    match queue::find(stream) {
        Ok(Some(stream)) if stream.breaks_capture() => return code::CAPTURE_UNSUPPORTED,
        Ok(_) => {}
        Err(code) => return code,
    }
    enqueue(stream, move |device| {
        check_range(device, address, 1)?;
        Ok(move || if DEVICES[device as usize].memory().free(address) { 0 } else { code::INVALID_VALUE })
    })
}

static PINNED: Mutex<Option<HashMap<usize, Layout>>> = Mutex::new(None);

pub(super) extern "C" fn cuMemAllocHost_v2(pointer: *mut *mut c_void, size: usize) -> Code {
    if let Err(code) = current() {
        return code;
    }
    if size == 0 {
        return code::INVALID_VALUE;
    }
    let Ok(layout) = Layout::from_size_align(size, 4096) else {
        return code::INVALID_VALUE;
    };
    if faults::strikes(Fault::HostAllocation) {
        return code::OUT_OF_MEMORY;
    }
    // SAFETY: the layout is not empty.
    let memory = unsafe { alloc(layout) };
    if memory.is_null() {
        return code::OUT_OF_MEMORY;
    }
    lock(&PINNED).get_or_insert_default().insert(memory as usize, layout);
    HOST_ALLOCATIONS.fetch_add(1, SeqCst);
    put(pointer, memory.cast());
    0
}

pub(super) extern "C" fn cuMemFreeHost(pointer: *mut c_void) -> Code {
    if let Some(device) = CURRENT.get() {
        queue::wait_for_device(device, false);
    }
    match lock(&PINNED).get_or_insert_default().remove(&(pointer as usize)) {
        Some(layout) => {
            // SAFETY: allocated by `cuMemAllocHost_v2` with this layout.
            unsafe { dealloc(pointer.cast(), layout) };
            HOST_ALLOCATIONS.fetch_sub(1, SeqCst);
            0
        }
        None => code::INVALID_VALUE,
    }
}

pub(super) extern "C" fn cuMemGetInfo_v2(free: *mut usize, total: *mut usize) -> Code {
    finish(current().map(|d| {
        put(free, DEVICES[d as usize].memory().free_bytes());
        put(total, DEVICE_MEMORY);
    }))
}

pub(super) extern "C" fn cuMemcpyHtoD_v2(target: Address, source: *const c_void, len: usize) -> Code {
    cuMemcpyHtoDAsync_v2(target, source, len, std::ptr::null())
}

pub(super) extern "C" fn cuMemcpyDtoH_v2(target: *mut c_void, source: Address, len: usize) -> Code {
    cuMemcpyDtoHAsync_v2(target, source, len, std::ptr::null())
}

pub(super) extern "C" fn cuMemcpyDtoD_v2(target: Address, source: Address, len: usize) -> Code {
    cuMemcpyDtoDAsync_v2(target, source, len, std::ptr::null())
}

/// True when the whole range is pinned host memory, so that a copy really is asynchronous.
fn is_pinned(address: usize, len: usize) -> bool {
    let pinned = lock(&PINNED);
    pinned.iter().flatten().any(|(&start, layout)| address >= start && address + len <= start + layout.size())
}

pub(super) extern "C" fn cuMemcpyHtoDAsync_v2(target: Address, source: *const c_void, len: usize, stream: *const Stream) -> Code {
    let source = source as usize;
    // The driver stages pageable memory before it returns; pinned memory is read when the copy runs.
    let staged = (!is_pinned(source, len)).then(|| {
        // SAFETY: the caller passes `len` readable bytes.
        unsafe { &*slice_from_raw_parts(source as *const u8, len) }.to_vec()
    });
    enqueue(stream, move |device| {
        check_range(device, target, len)?;
        DEVICES[device as usize].count(Count::Uploaded, len);
        Ok(move || {
            let from = staged.as_ref().map_or(source as *const u8, |s| s.as_ptr());
            // SAFETY: the device range was checked; pinned memory stays valid until the copy has run, by the driver's contract.
            unsafe { std::ptr::copy(from, target as *mut u8, len) };
            0
        })
    })
}

pub(super) extern "C" fn cuMemcpyDtoHAsync_v2(target: *mut c_void, source: Address, len: usize, stream: *const Stream) -> Code {
    let target = target as usize;
    let code = enqueue(stream, move |device| {
        check_range(device, source, len)?;
        DEVICES[device as usize].count(Count::Downloaded, len);
        Ok(move || {
            // SAFETY: the device range was checked; the host range is valid until the copy has run.
            unsafe { std::ptr::copy(source as *const u8, target as *mut u8, len) };
            0
        })
    });
    // A copy to pageable memory returns when it is done.
    if code == 0 && !is_pinned(target, len) { cuStreamSynchronize(stream) } else { code }
}

pub(super) extern "C" fn cuMemcpyDtoDAsync_v2(target: Address, source: Address, len: usize, stream: *const Stream) -> Code {
    enqueue(stream, move |device| {
        check_range(device, source, len)?;
        check_range(device, target, len)?;
        DEVICES[device as usize].count(Count::Copied, len);
        DEVICES[device as usize].note("copy", [target, source]);
        Ok(copy_operation(target, source, len))
    })
}

pub(super) extern "C" fn cuMemcpyPeerAsync(
    target: Address,
    target_context: *mut c_void,
    source: Address,
    source_context: *mut c_void,
    len: usize,
    stream: *const Stream,
) -> Code {
    enqueue(stream, move |device| {
        DEVICES[device as usize].count(Count::Copied, len);
        check_range(device_of(source_context).ok_or(code::INVALID_CONTEXT)?, source, len)?;
        check_range(device_of(target_context).ok_or(code::INVALID_CONTEXT)?, target, len)?;
        Ok(copy_operation(target, source, len))
    })
}

fn copy_operation(target: Address, source: Address, len: usize) -> impl Fn() -> Code {
    move || {
        // SAFETY: both ranges were checked against live allocations, which are freed in stream order.
        unsafe { std::ptr::copy(source as *const u8, target as *mut u8, len) };
        0
    }
}

pub(super) extern "C" fn cuMemsetD8Async(target: Address, value: u8, len: usize, stream: *const Stream) -> Code {
    enqueue(stream, move |device| {
        check_range(device, target, len)?;
        DEVICES[device as usize].count(Count::Filled, len);
        Ok(move || {
            // SAFETY: the range was checked.
            unsafe { (target as *mut u8).write_bytes(value, len) };
            0
        })
    })
}

pub(super) extern "C" fn cuMemsetD32Async(target: Address, value: u32, count: usize, stream: *const Stream) -> Code {
    enqueue(stream, move |device| {
        check_range(device, target, count * 4)?;
        DEVICES[device as usize].count(Count::Filled, count * 4);
        Ok(move || {
            // SAFETY: the range was checked; the driver wants `target` aligned to 4.
            unsafe { std::slice::from_raw_parts_mut(target as *mut u32, count) }.fill(value);
            0
        })
    })
}
