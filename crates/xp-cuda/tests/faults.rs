//! Injected failures and wrong kernels. One test, because faults belong to the process.

mod common;

use common::{device, device_with, download, kernel, launch, options, upload};
use xp_cuda::{Arguments, Device, Error, ModuleSource, Shape};
use xp_cuda_sim::{
    faults::{self, Fault},
    last_report, stats,
};

const KERNELS: &str = r#"
extern "C" __global__ void twice(int n, int* x) { int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < n) x[i] *= 2; }
extern "C" __global__ void overrun(int n, int* x) { int i = blockIdx.x * blockDim.x + threadIdx.x; if (i <= n) x[i] = 1; }
extern "C" __global__ void underrun(int n, int* x) { int i = blockIdx.x * blockDim.x + threadIdx.x; x[i - 1] = n; }
extern "C" __global__ void unequal_barrier(int n, int* x) { if ((int)threadIdx.x < n) __syncthreads(); else __shfl_sync(0xffffffffu, n, 0); x[0] = 1; }
extern "C" __global__ void shared_overrun(int n, int* x) { __shared__ int tmp[64]; tmp[threadIdx.x + n - 63] = 1; x[threadIdx.x] = tmp[threadIdx.x]; }
extern "C" __global__ void missing_barrier(int n, int* x) {
  __shared__ int tmp[64];
  tmp[threadIdx.x] = threadIdx.x;
  if (n) __syncthreads();
  x[threadIdx.x] = tmp[(threadIdx.x + 63) % 64];
}
"#;

#[test]
fn every_failure_is_an_error_that_releases_what_it_holds() {
    if common::needs_simulation("injected failures") {
        return;
    }
    allocations_fail();
    pinned_memory_fails();
    launches_fail();
    compilations_fail();
    unknown_codes_are_reported();
    wrong_kernels_are_caught();
    for ordinal in 0..xp_cuda_sim::DEVICE_COUNT {
        let end = stats(ordinal);
        assert_eq!((end.live_allocations, end.leaked_allocations, end.context_references), (0, 0, 0), "cuda:{ordinal}");
        assert_eq!((end.live_objects, end.live_host_allocations), (0, 0), "cuda:{ordinal}");
    }
}

/// Three buffers and two launches: enough places to fail in the middle.
fn job(device: &Device) -> xp_cuda::Result<Vec<i32>> {
    let twice = device.kernel(&ModuleSource { name: "test", source: KERNELS, options: &[] }, "twice")?;
    let _x = device.upload(bytemuck::cast_slice(&[4i32, 5, 6]), "first")?;
    let y = device.upload(bytemuck::cast_slice(&[1i32, 2, 3]), "second")?;
    let z = device.alloc_zeroed(12, "third")?;
    for buffer in [&y, &z] {
        launch(&twice, Shape::linear(1, 32), &Arguments::new().with(3i32).with(buffer.pointer()))?;
    }
    let mut out = vec![0; 3];
    y.download(0, bytemuck::cast_slice_mut(&mut out), "result")?;
    Ok(out)
}

fn allocations_fail() {
    let Some(device) = device() else { return };
    for (n, name) in [(1, "first"), (2, "second"), (3, "third")] {
        // The pool asks a second time after it has emptied its cache, so both have to fail.
        faults::fail_range(Fault::Allocation, n, 2);
        let error = job(&device).unwrap_err();
        assert!(matches!(&error, Error::OutOfMemory { operation, .. } if operation == name), "{n}: {error}");
        device.synchronize("check").unwrap();
        assert_eq!(stats(0).live_allocations, 0, "everything is released");
        assert_eq!(job(&device).unwrap(), [2, 4, 6]);
    }
    faults::fail_nth(Fault::Allocation, 2);
    assert_eq!(job(&device).unwrap(), [2, 4, 6], "one failure is repaired by emptying the cache");
    faults::clear();
}

fn pinned_memory_fails() {
    let Some(device) = device() else { return };
    faults::fail_range(Fault::HostAllocation, 1, 100);
    assert_eq!(job(&device).unwrap(), [2, 4, 6], "pageable memory takes its place");
    faults::clear();
}

fn launches_fail() {
    let Some(first) = device() else { return };
    for n in 1..=2 {
        faults::fail_nth(Fault::Launch, n);
        let error = job(&first).unwrap_err().to_string();
        assert_eq!(error, "launch of `twice`: CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES (701)");
        first.synchronize("check").unwrap();
        assert_eq!(stats(0).live_allocations, 0);
        assert_eq!(job(&first).unwrap(), [2, 4, 6], "the next operation works");
    }
    // A kernel that fails while it runs costs the context: the wait reports it, and so does everything after.
    faults::fail_nth(Fault::Execution, 1);
    let error = job(&first).unwrap_err().to_string();
    assert_eq!(error, "result: CUDA_ERROR_LAUNCH_FAILED (719)");
    let error = first.alloc(1, "next").unwrap_err();
    assert!(matches!(error, Error::DeviceLost { .. }), "{error}");
    assert!(error.to_string().contains("result: CUDA_ERROR_LAUNCH_FAILED"), "{error}");
    drop(first);
    assert_eq!(job(&device().unwrap()).unwrap(), [2, 4, 6], "a new device works");

    let blocking = device_with(0, options().blocking(true)).unwrap();
    faults::fail_nth(Fault::Execution, 1);
    let error = job(&blocking).unwrap_err().to_string();
    assert_eq!(error, "launch of `twice`: CUDA_ERROR_LAUNCH_FAILED (719)", "a blocking device names the kernel");
    faults::clear();
}

fn compilations_fail() {
    let Some(device) = device_with(0, options().cache_folder(None)) else {
        return;
    };
    faults::fail_nth(Fault::Compile, 1);
    let error = job(&device).unwrap_err();
    assert!(matches!(&error, Error::Compile { log, .. } if log.contains("injected")), "{error}");
    assert_eq!(job(&device).unwrap(), [2, 4, 6], "a failed compilation is tried again");
    faults::clear();
}

fn unknown_codes_are_reported() {
    let Some(device) = device() else { return };
    faults::fail_nth(Fault::UnknownCode, 1);
    let error = device.synchronize("wait").unwrap_err().to_string();
    assert_eq!(error, "wait: CUDA_ERROR_CONTAINED (226)", "a code newer than the bindings keeps its number");
    faults::clear();
}

fn wrong_kernels_are_caught() {
    let run = |name: &str, n: i32| {
        let device = device()?;
        let x = upload(&device, &[0i32; 64]);
        launch(&kernel(&device, KERNELS, name), Shape::linear(2, 64), &Arguments::new().with(n).with(x.pointer())).unwrap();
        let mut out = [0i32; 64];
        Some(x.download(0, bytemuck::cast_slice_mut(&mut out), name).map(|()| out).map_err(|e| e.to_string()))
    };
    for (name, report) in [("overrun", "outside the allocation of 256 bytes"), ("underrun", "outside the allocation of 256 bytes")] {
        let Some(result) = run(name, 64) else { return };
        assert_eq!(result.unwrap_err(), format!("{name}: CUDA_ERROR_ILLEGAL_ADDRESS (700)"));
        let text = last_report().unwrap();
        assert!(text.contains(name) && text.contains(report), "{text}");
    }
    let result = run("unequal_barrier", 40).unwrap();
    assert_eq!(result.unwrap_err(), "unequal_barrier: CUDA_ERROR_LAUNCH_FAILED (719)");
    assert!(last_report().unwrap().contains("not reached by all threads"));

    let result = run("shared_overrun", 64).unwrap();
    assert_eq!(result.unwrap_err(), "shared_overrun: CUDA_ERROR_ILLEGAL_ADDRESS (700)");
    assert!(last_report().unwrap().contains("shared memory"));

    let expected: Vec<i32> = (0..64).map(|i| (i + 63) % 64).collect();
    assert_eq!(run("missing_barrier", 1).unwrap().unwrap()[..], expected, "with its barrier the kernel is right");
    assert_ne!(run("missing_barrier", 0).unwrap().unwrap()[..], expected, "without it the result is wrong here too");
    assert_eq!(download::<i32>(&upload(&device().unwrap(), &[3i32])), [3]);
}
