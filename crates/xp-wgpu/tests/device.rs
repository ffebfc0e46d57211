//! What is the device's own: choice, limits, errors, memory, launches.

mod common;

use xp_core::functions::{Ascending, full, zeros};
use xp_core::{Array, Backend, DType, Error, Ix1};
use xp_wgpu::Wgpu;

fn vector(device: &Wgpu, n: usize) -> Array<Wgpu, f32, Ix1> {
    Array::from_vec(device, (0..n).map(|i| i as f32).collect(), [n]).unwrap()
}

#[test]
fn a_missing_adapter_is_an_error_that_says_what_helps() {
    let error = Wgpu::new(1000).unwrap_err().to_string();
    assert!(error.contains("wgpu:1000"), "{error}");
    assert!(error.contains("adapter"), "{error}");
    if Wgpu::adapters().is_empty() {
        assert!(error.contains("mesa-vulkan-drivers"), "{error}");
        assert!(Wgpu::devices().is_empty());
    }
}

#[test]
fn a_device_knows_its_adapter() {
    let device = device!();
    assert_eq!(device.adapter(), Wgpu::adapters()[Wgpu::default_adapter().unwrap()]);
    assert!(device.most_bytes() >= 1 << 26);
    assert!(format!("{device:?}").contains(device.adapter()));
    assert_ne!(device, Wgpu::separate(0, None).unwrap());
    assert_eq!(Wgpu::default_device().unwrap(), Wgpu::default_device().unwrap());
}

#[test]
fn float64_is_refused() {
    let device = device!();
    let refused = |dtype| Error::UnsupportedDType { backend: "wgpu", dtype };
    assert_eq!(Array::from_vec(&device, vec![1.0f64], [1]).unwrap_err(), refused(DType::F64));
    assert_eq!(vector(&device, 3).lazy().astype::<f64>().try_eval().unwrap_err(), refused(DType::F64));
    // In the middle of an expression too.
    assert_eq!((vector(&device, 3).lazy().astype::<f64>().exp()).astype::<f32>().try_eval().unwrap_err(), refused(DType::F64));
    assert!(!Wgpu::supports(DType::C128) && Wgpu::supports(DType::C64));
}

#[test]
fn arrays_beyond_a_limit_are_errors_that_name_it() {
    let Some(_) = common::wgpu() else { return };
    let device = Wgpu::separate(Wgpu::default_adapter().unwrap(), Some(1 << 20)).unwrap();
    assert_eq!(device.most_bytes(), 1 << 20);
    assert_eq!(zeros::<_, f32, _>(&device, [1 << 18]).unwrap().sum(0).item().unwrap(), 0.0);
    let error = zeros::<_, u8, _>(&device, [(1 << 18) + 1]).unwrap_err().to_string();
    for part in ["wgpu:", device.adapter(), "1048576 bytes", "split the array"] {
        assert!(error.contains(part), "{part}: {error}");
    }
    // Everything else goes on.
    assert_eq!(vector(&device, 1000).sum(0).item().unwrap(), 499_500.0);
}

#[test]
fn work_waits_for_a_read() {
    let device = device!();
    let x = vector(&device, 1000);
    let before = device.counts();
    let mut y = &x + 1.0f32;
    for _ in 0..9 {
        y = &y * 1.0f32;
    }
    let queued = device.counts();
    assert_eq!((queued.launches - before.launches, queued.reads), (10, before.reads));
    assert_eq!(y.sum(0).item().unwrap(), 500_500.0);
    let read = device.counts();
    assert_eq!(read.reads - queued.reads, 1);
    assert_eq!(read.bytes_down - queued.bytes_down, 4);
    // A fused expression is one launch, a large reduction two.
    let large = zeros::<_, f32, _>(&device, [1 << 20]).unwrap();
    let before = device.counts().launches;
    let _ = (large.lazy() * 2.0f32 + 1.0f32).sqrt().eval();
    assert_eq!(device.counts().launches - before, 1);
    let _ = (large.lazy() * 2.0f32 + 1.0f32).sum(0).eval();
    assert_eq!(device.counts().launches - before, 3);
}

#[test]
fn memory_comes_back() {
    let device = device!();
    let (used, _) = device.memory();
    {
        let x = vector(&device, 100_000);
        let _ = (&x + &x).sum(0).item().unwrap();
        assert!(device.memory().0 > used);
    }
    let (after, kept) = device.memory();
    assert_eq!(after, used);
    // The same again takes what was kept.
    {
        let x = vector(&device, 100_000);
        let _ = (&x + &x).sum(0).item().unwrap();
    }
    assert_eq!(device.memory(), (used, kept));
}

#[test]
fn uploads_wait_for_what_still_reads_their_memory() {
    let device = device!();
    let n = 1 << 16;
    let mut sums = vec![];
    for k in 0..20 {
        // The memory of each upload is that of an array which queued work still reads.
        let x = Array::from_vec(&device, vec![k as f32; n], [n]).unwrap();
        sums.push(&x * 2.0f32);
    }
    for (k, sum) in sums.iter().enumerate() {
        assert_eq!(sum.to_vec(), vec![2.0 * k as f32; n]);
    }
}

#[test]
fn an_index_out_of_range_is_the_error_of_the_next_read() {
    let device = device!();
    let x = vector(&device, 5);
    let at = Array::<_, i64, Ix1>::from_vec(&device, vec![1, -6], [2]).unwrap();
    let taken = x.take(&at, 0).unwrap();
    assert_eq!(x.to_host().unwrap_err(), Error::Index { index: -6, axis: 0, len: 5, operation: None });
    assert_eq!(x.to_vec(), [0.0, 1.0, 2.0, 3.0, 4.0]);
    drop(taken);
}

#[test]
fn reductions_cover_every_size() {
    let device = device!();
    for n in [0usize, 1, 2, 63, 64, 65, 255, 256, 257, 4096, 16_385, 100_003, 1_000_001] {
        let ones = full(&device, [n], 1i32).unwrap();
        assert_eq!(ones.sum(0).item().unwrap(), n as i64, "{n}");
    }
    for shape in [[3usize, 100_000], [100_000, 3], [300, 300]] {
        let x = full(&device, shape, 1u8).unwrap();
        for axis in [0, 1] {
            assert_eq!(x.sum(axis).to_vec(), vec![shape[axis as usize] as u64; shape[1 - axis as usize]], "{shape:?} {axis}");
        }
    }
}

#[test]
fn accumulators_of_parts_join() {
    xp_conformance::partials::join::<Wgpu, f32>(&device!());
}

#[test]
fn sorts_cover_every_size() {
    let device = device!();
    for n in [1usize, 2, 3, 255, 256, 257, 1000, 65_536, 100_001] {
        let values: Vec<i32> = (0..n).map(|i| (i as i32).wrapping_mul(7919) % 1000).collect();
        let x = Array::<_, i32, Ix1>::from_vec(&device, values.clone(), [n]).unwrap();
        let mut order: Vec<i64> = (0..n as i64).collect();
        order.sort_by_key(|&i| values[i as usize]);
        assert_eq!(x.argsort(0, Ascending).unwrap().to_vec(), order, "{n}");
    }
}

#[test]
fn integers_become_numbers() {
    let device = device!();
    let values = [i64::MIN, -(1 << 40) - 1, -16_777_217, -128, -1, 0, 1, 127, 16_777_217, 16_777_219, i64::MAX];
    let x = Array::<_, i64, Ix1>::from_vec(&device, values.to_vec(), [values.len()]).unwrap();
    assert_eq!(x.astype::<f32>().to_vec(), values.map(|v| v as f32));
    let narrow: Vec<i8> = vec![-128, -1, 0, 1, 127];
    let y = Array::<_, i8, Ix1>::from_vec(&device, narrow.clone(), [5]).unwrap();
    assert_eq!(y.astype::<i64>().to_vec(), [-128, -1, 0, 1, 127]);
    assert_eq!(y.lazy().astype::<i64>().less(0i64).eval().to_vec(), [true, true, false, false, false]);
    assert_eq!(y.astype::<f32>().to_vec(), [-128.0, -1.0, 0.0, 1.0, 127.0]);
    assert_eq!(y.astype::<half::f16>().astype::<f32>().to_vec(), [-128.0, -1.0, 0.0, 1.0, 127.0]);
}

/// Mesa's software driver ends loops after 65535 iterations: no kernel may have that many.
#[test]
fn long_sums_are_complete() {
    let device = device!();
    let n = 100_000usize;
    let ones = full(&device, [n], 1.0f32).unwrap();
    let row = ones.reshape([1, n]).unwrap();
    assert_eq!(row.matmul(&ones.reshape([n, 1]).unwrap()).unwrap().item().unwrap(), n as f32);
    assert_eq!(full(&device, [n, 3], 1i32).unwrap().sum(0).to_vec(), [n as i64; 3]);
    // Many values for few places, with their order kept.
    let mut x = zeros::<_, i32, _>(&device, [3]).unwrap();
    let places: Vec<i64> = (0..n as i64).map(|i| i * i % 3).collect();
    let at = Array::<_, i64, Ix1>::from_vec(&device, places.clone(), [n]).unwrap();
    x.put_add(&at, &full(&device, [n], 1i32).unwrap(), 0).unwrap();
    let count = |k: i64| places.iter().filter(|&&p| p == k).count() as i32;
    assert_eq!(x.to_vec(), [count(0), count(1), count(2)]);
    let mut last = zeros::<_, i32, _>(&device, [3]).unwrap();
    last.put(&at, &Array::<_, i32, Ix1>::from_vec(&device, (0..n as i32).collect(), [n]).unwrap(), 0).unwrap();
    let latest = |k: i64| places.iter().rposition(|&p| p == k).map_or(0, |i| i as i32);
    assert_eq!(last.to_vec(), [latest(0), latest(1), latest(2)]);
}
