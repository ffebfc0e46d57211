//! Devices, memory and transfers on the simulated device.

mod common;

use common::{download, open, options, upload};
use xp_cuda::{Device, Error};
use xp_cuda_sim::stats;

/// Held by tests that need memory on the second device, one of which fills it.
static SECOND_DEVICE: std::sync::Mutex<()> = std::sync::Mutex::new(());

#[test]
fn the_simulation_names_itself() {
    let device = open(0, options());
    assert!(device.is_simulated());
    assert!(device.name().contains("Simulated"), "{}", device.name());
    assert_eq!(device.limits().compute_capability, (9, 0));
    assert_eq!(device.to_string(), "cuda:0");
}

#[test]
fn a_device_that_does_not_exist_is_an_error() {
    common::simulate();
    let error = Device::new(7).unwrap_err();
    assert!(matches!(error, Error::NoDevice { ordinal: 7, count: 2 }), "{error}");
}

#[test]
fn one_number_is_one_device_while_it_is_in_use() {
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
    let device = open(0, options());
    let error = device.alloc(3 << 30, "matmul").unwrap_err();
    let Error::OutOfMemory { operation, requested, total, .. } = &error else { panic!("{error}") };
    assert_eq!((operation.as_str(), *requested, *total), ("matmul", 3 << 30, 2 << 30));
    assert!(matches!(device.alloc(usize::MAX, "overflow"), Err(Error::OutOfMemory { .. })));
    assert_eq!(download::<u8>(&upload(&device, &[5u8])), [5]);
}

#[test]
fn memory_can_be_filled_up_again_after_the_cache_was_full() {
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
fn a_library_that_the_simulation_lacks_is_named() {
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
