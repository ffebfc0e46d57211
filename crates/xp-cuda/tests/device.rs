//! Devices, memory and transfers.

mod common;

use common::{download, needs_simulation, open, options, upload};
use xp_cuda::{Device, Error};
use xp_cuda_sim::stats;

/// Held by tests that need memory on the second device, one of which fills it.
static SECOND_DEVICE: std::sync::Mutex<()> = std::sync::Mutex::new(());

#[test]
fn the_simulation_names_itself() {
    if needs_simulation("its name") {
        return;
    }
    let device = open(0, options());
    assert!(device.is_simulated());
    assert!(device.name().contains("Simulated"), "{}", device.name());
    assert_eq!(device.limits().compute_capability, (9, 0));
    assert_eq!(device.to_string(), "cuda:0");
}

#[test]
fn a_device_that_does_not_exist_is_an_error() {
    if needs_simulation("a known number of devices") {
        return;
    }
    common::simulate();
    let error = Device::new(7).unwrap_err();
    assert!(matches!(error, Error::NoDevice { ordinal: 7, count: 2 }), "{error}");
}

#[test]
fn one_number_is_one_device_while_it_is_in_use() {
    if needs_simulation("two devices") {
        return;
    }
    common::simulate();
    let (a, b, other) = (Device::new(0).unwrap(), Device::new(0).unwrap(), Device::new(1).unwrap());
    assert_eq!(a, b);
    assert_ne!(a, other);
    let message = a.check_same(&other, "add").unwrap_err().to_string();
    assert_eq!(message, "add: operands are on cuda:0 and cuda:1");
}

#[test]
fn transfers_of_every_size_return_what_was_sent() {
    let device = open(0, options());
    for len in [0, 1, 511, 4096, (4 << 20) - 1, 4 << 20, (4 << 20) + 1, 13 << 20] {
        let sent: Vec<u8> = (0..len).map(|i: usize| (i * 31 + i / 251) as u8).collect();
        let buffer = device.upload(&sent, "upload").unwrap();
        assert_eq!(buffer.len(), len);
        let mut received = vec![0; len];
        buffer.download(0, &mut received, "download").unwrap();
        assert!(sent == received, "{len} bytes");
    }
}

#[test]
fn host_memory_can_be_reused_right_after_an_upload() {
    let device = open(0, options());
    let mut data = vec![1u8; 9 << 20];
    let buffer = device.upload(&data, "upload").unwrap();
    data.fill(2);
    assert!(download::<u8>(&buffer).iter().all(|&b| b == 1));
}

#[test]
fn parts_of_buffers_are_copied_and_bounds_are_kept() {
    let device = open(0, options());
    let source = upload(&device, &[1u8, 2, 3, 4, 5]);
    let mut target = device.alloc_zeroed(4, "zeros").unwrap();
    target.copy_from(1, &source, 2, 3, "copy").unwrap();
    assert_eq!(download::<u8>(&target), [0, 3, 4, 5]);
    assert!(matches!(target.copy_from(2, &source, 0, 3, "paste"), Err(Error::OutOfRange { .. })));
    let mut part = [0; 2];
    target.download(1, &mut part, "part").unwrap();
    assert_eq!(part, [3, 4]);
    let error = target.upload(2, &[1, 2, 3], "paste").unwrap_err();
    assert_eq!(error.to_string(), "paste: 3 bytes at offset 2 exceed a buffer of 4 bytes");
    assert!(matches!(target.download(usize::MAX, &mut [0; 2], "read"), Err(Error::OutOfRange { .. })));
}

#[test]
fn the_pool_reuses_blocks_and_gives_them_back() {
    let device = open(0, options().pool_limit(1 << 20));
    let first = device.alloc(1000, "a").unwrap().pointer();
    let again = device.alloc(900, "b").unwrap();
    assert_eq!(again.pointer(), first, "a block of the same class is reused");
    drop(again);
    let used = device.pool_stats();
    assert_eq!((used.live, used.driver_allocations, used.reused), (0, 1, 1));
    assert!(used.cached >= 1000);
    drop(device.alloc(2 << 20, "large").unwrap());
    assert_eq!(device.pool_stats().cached, used.cached, "a block beyond the bound is not kept");
    device.trim_pool().unwrap();
    assert_eq!(device.pool_stats().cached, 0);
}

#[test]
fn several_threads_share_a_device() {
    let device = open(0, options());
    std::thread::scope(|scope| {
        for t in 0..8u64 {
            let device = &device;
            scope.spawn(move || {
                for i in 0..50u64 {
                    let values: Vec<u64> = (0..200).map(|k| t * 1_000_000 + i * 1000 + k).collect();
                    let a = upload(device, &values);
                    let mut b = device.alloc(1600, "copy").unwrap();
                    b.copy_from(0, &a, 0, 1600, "copy").unwrap();
                    drop(a);
                    assert_eq!(download::<u64>(&b), values);
                }
            });
        }
    });
}

#[test]
fn too_much_memory_is_a_typed_error_and_the_device_stays_usable() {
    if needs_simulation("a known amount of memory") {
        return;
    }
    let device = open(0, options());
    let error = device.alloc(3 << 30, "matmul").unwrap_err();
    let Error::OutOfMemory { operation, requested, total, .. } = &error else { panic!("{error}") };
    assert_eq!((operation.as_str(), *requested, *total), ("matmul", 3 << 30, 2 << 30));
    assert!(matches!(device.alloc(usize::MAX, "overflow"), Err(Error::OutOfMemory { .. })));
    assert_eq!(download::<u8>(&upload(&device, &[5u8])), [5]);
}

#[test]
fn memory_can_be_filled_up_again_after_the_cache_was_full() {
    if needs_simulation("a known amount of memory") {
        return;
    }
    let _alone = SECOND_DEVICE.lock();
    let device = open(1, options());
    for size in [300 << 20, 700 << 20, 500 << 20] {
        // The cached block of the last round and the new one do not fit together twice: the cache has to give way.
        let blocks: Vec<_> = (0..2).map(|_| device.alloc(size, "block").unwrap()).collect();
        drop(blocks);
    }
    drop(device);
    assert_eq!(stats(1).leaked_allocations, 0);
}

#[test]
fn arrays_that_fit_are_held_to_the_last_megabytes() {
    if needs_simulation("a known amount of memory") {
        return;
    }
    let _alone = SECOND_DEVICE.lock();
    let device = open(1, options().pool_limit(1 << 30));
    // Classes of a quarter of a power of two would make 1280 and 1024 MiB of these, of 2048.
    let blocks = [1100, 900].map(|mib: usize| device.alloc(mib << 20, "half").unwrap());
    drop(blocks);
    device.trim_pool().unwrap();
    let large = device.alloc(2003 << 20, "most").unwrap();
    // Its class is 48 MiB: the exact size is what fits.
    let rest = device.alloc((43 << 20) - 4096, "rest").unwrap();
    assert_eq!(device.pool_stats().live, (2004 << 20) + (43 << 20) - 4096);
    drop((large, rest));
    // A kept block serves requests that are a little smaller.
    let kept = device.alloc(100 << 20, "kept").unwrap().pointer();
    assert_eq!(device.alloc(90 << 20, "smaller").unwrap().pointer(), kept);
}

/// The number of the context that is current on this thread.
fn current() -> usize {
    let mut context = std::ptr::null_mut();
    // SAFETY: an output pointer.
    unsafe { cust::sys::cuCtxGetCurrent(&mut context) };
    context as usize
}

#[test]
fn the_current_context_is_that_of_the_caller_again() {
    if needs_simulation("two devices") {
        return;
    }
    let first = open(0, options());
    assert_eq!(current(), 0, "opening leaves none current that was not");
    assert_eq!(download::<u8>(&upload(&first, &[7u8])), [7]);
    assert_eq!(current(), 0);
    let second = open(1, options());
    {
        let _second = second.enter("test").unwrap();
        let own = current();
        assert_ne!(own, 0);
        upload(&first, &[1u8]);
        assert_eq!(current(), own);
        drop(first);
        assert_eq!(current(), own);
        let _again = second.enter("test").unwrap();
        assert_eq!(current(), own);
    }
    assert_eq!(current(), 0);
    let guard = second.enter("test").unwrap();
    drop(second);
    assert_eq!(current(), 0, "a context does not stay current after its device");
    drop(guard);
    assert_eq!(current(), 0);
}

#[test]
fn the_host_cannot_read_device_memory() {
    use std::os::unix::process::ExitStatusExt;
    if needs_simulation("a device whose memory has addresses of the host") {
        return;
    }
    for (child, signal) in [("child_reads_device_memory", Some(11)), ("child_copies_device_memory", None)] {
        let status = std::process::Command::new(std::env::current_exe().unwrap()).args(["--ignored", "--exact", child]).output().unwrap().status;
        assert_eq!(status.signal(), signal, "{child}: {status}");
    }
}

#[test]
#[ignore = "run by the_host_cannot_read_device_memory"]
fn child_reads_device_memory() {
    let device = open(0, options());
    let buffer = upload(&device, &[1u8]);
    device.synchronize("upload").unwrap();
    // SAFETY: none; the simulation ends the process here.
    let value = unsafe { std::ptr::read_volatile(buffer.pointer() as *const u8) };
    println!("{value}");
}

#[test]
fn the_environment_names_the_precision_of_products() {
    for (value, expected) in [
        ("tf32", "Tf32"),
        ("fixed64", "FixedPoint64"),
        ("full", "Full"),
        ("tf23", "XP_CUDA_PRODUCTS is \"tf23\": full, tf32, bf16, bf16x9 or fixed64 expected"),
    ] {
        let mut program = std::process::Command::new(std::env::current_exe().unwrap());
        let program = program.args(["--ignored", "--exact", "child_names_its_products", "--nocapture"]).env("XP_CUDA_PRODUCTS", value);
        let text = String::from_utf8_lossy(&program.output().unwrap().stdout).into_owned();
        assert!(text.contains(expected), "{value}: {text}");
    }
}

#[test]
#[ignore = "run by the_environment_names_the_precision_of_products"]
fn child_names_its_products() {
    if common::real().is_none() {
        common::simulate();
    }
    match Device::create(common::real().unwrap_or(0), options()) {
        Ok(device) => println!("{:?}", device.products()),
        Err(error) => println!("{error}"),
    }
}

#[test]
#[ignore = "run by the_host_cannot_read_device_memory"]
fn child_copies_device_memory() {
    let device = open(0, options());
    assert_eq!(download::<u8>(&upload(&device, &[1u8])), [1]);
}

#[test]
fn a_library_that_the_simulation_lacks_is_named() {
    if needs_simulation("a device without libraries") {
        return;
    }
    let device = open(0, options());
    let missing = [
        (device.blas().err(), "cuBLAS (simulation) has no function `cublasCreate_v2`"),
        (device.solver().err(), "cuSOLVER (simulation) has no function `cusolverDnCreate`"),
        (device.fft().err(), "cuFFT (simulation) has no function `cufftGetVersion`"),
    ];
    for (error, text) in missing {
        assert_eq!(error.map(|e| e.to_string()).as_deref(), Some(text));
    }
}
