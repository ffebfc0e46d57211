//! What is the device's own: choice, limits, errors, memory, launches.

mod common;

use xp_core::functions::{Ascending, concat, full, zeros};
use xp_core::{Array, Backend, DType, Element, Error, Float, Ix1, Real, s};
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
    assert_eq!(zeros::<_, u8, _>(&device, [1 << 20]).unwrap().max(0).item().unwrap(), 0);
    let error = zeros::<_, u8, _>(&device, [(1 << 20) + 1]).unwrap_err().to_string();
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

/// What is written leaves the other elements of its words alone, wherever it begins and ends.
fn elements_share_words<T: Real>(device: &Wgpu) {
    let n = 1003;
    let values: Vec<T> = (0..n).map(|k| ((k * 7 % 101) as u8).cast()).collect();
    let vector = |values: &[T]| Array::<_, T, Ix1>::from_vec(device, values.to_vec(), [values.len()]).unwrap();
    let x = vector(&values);
    for (start, end) in [(0, 1), (1, 2), (3, 10), (2, n), (5, 5), (997, 1002), (4, 8)] {
        let mut part = x.clone();
        part.set(s![start as isize..end as isize], T::ONE).unwrap();
        let mut expected = values.clone();
        expected[start..end].fill(T::ONE);
        assert_eq!(part.to_vec(), expected, "{start}..{end}");
        assert_eq!(x.slice(s![start as isize..end as isize]).unwrap().to_vec(), values[start..end], "{start}..{end}");
    }
    let of = |indices: &mut dyn Iterator<Item = usize>| indices.map(|k| values[k]).collect::<Vec<_>>();
    // Elements that are not dense where they are written, or read.
    let matrix = x.slice(s![..1001]).unwrap().reshape([91, 11]).unwrap();
    assert_eq!(matrix.t().copy().unwrap().to_vec(), of(&mut (0..1001).map(|k| k % 91 * 11 + k / 91)));
    let joined = concat(&[&matrix.slice(s![.., 3..]).unwrap(), &matrix.slice(s![.., ..2]).unwrap()], 1).unwrap();
    assert_eq!(joined.to_vec(), of(&mut (0..910).map(|k| k / 10 * 11 + [3, 4, 5, 6, 7, 8, 9, 10, 0, 1][k % 10])));
    assert_eq!(x.slice(s![..;-1]).unwrap().copy().unwrap().to_vec(), of(&mut (0..n).rev()));
    // Moved one by one.
    let places: Vec<usize> = (0..n).map(|k| k * 5 % n).collect();
    let at = Array::<_, i64, Ix1>::from_vec(device, places.iter().map(|&k| k as i64).collect(), [n]).unwrap();
    assert_eq!(x.take(&at, 0).unwrap().to_vec(), of(&mut places.iter().copied()));
    let mut put = vector(&vec![T::ZERO; n]);
    put.put(&at, &x, 0).unwrap();
    let mut expected = vec![T::ZERO; n];
    places.iter().zip(&values).for_each(|(&k, &v)| expected[k] = v);
    assert_eq!(put.to_vec(), expected);
    let limit: T = 50u8.cast();
    let selected = x.select(&x.greater(limit)).unwrap();
    assert_eq!(selected.to_vec(), values.iter().copied().filter(|&v| v > limit).collect::<Vec<_>>());
    let mut sorted = values.clone();
    sorted.sort_by(|a, b| a.partial_cmp(b).unwrap());
    assert_eq!(x.sort(0, Ascending).unwrap().to_vec(), sorted);
    // Results of reductions along both axes, and products.
    let largest = |k: &mut dyn Iterator<Item = usize>| k.map(|k| values[k]).reduce(|a, b| if b > a { b } else { a }).unwrap();
    assert_eq!(matrix.max(0).to_vec(), (0..11).map(|j| largest(&mut (0..91).map(|i| i * 11 + j))).collect::<Vec<_>>());
    assert_eq!(matrix.max(1).to_vec(), (0..91).map(|i| largest(&mut (0..11).map(|j| i * 11 + j))).collect::<Vec<_>>());
    let one = full(device, [11, 3], T::ONE).unwrap();
    let ones = full(device, [91, 11], T::ONE).unwrap();
    assert_eq!(ones.matmul(&one).unwrap().to_vec(), vec![11u8.cast::<T>(); 273]);
}

#[test]
fn narrow_elements_share_words() {
    let device = device!();
    elements_share_words::<u8>(&device);
    elements_share_words::<i16>(&device);
    elements_share_words::<half::f16>(&device);
    // Of booleans, four to a word.
    let n = 1003;
    let x = vector(&device, n);
    let (low, high) = (x.less(500.0f32), x.greater_equal(7.0f32));
    let mut both = (low.lazy() & &high).try_eval().unwrap();
    both.set(s![9..11], false).unwrap();
    assert_eq!(both.to_vec(), (0..n).map(|k| (7..500).contains(&k) && !(9..11).contains(&k)).collect::<Vec<_>>());
    assert_eq!(x.select(&both).unwrap().size(), 491);
}

/// Two bytes to a half, in both directions and in memory; arithmetic in `float32`, rounded after every operation.
#[test]
fn every_half_is_its_bits() {
    let device = device!();
    halves(&device, half::f16::from_bits, half::f16::to_bits, half::f16::from_f32);
    halves(&device, half::bf16::from_bits, half::bf16::to_bits, half::bf16::from_f32);
}

fn halves<T: Float>(device: &Wgpu, of_bits: fn(u16) -> T, bits: fn(T) -> u16, rounded: fn(f32) -> T) {
    let n = 1usize << 16;
    let all: Vec<T> = (0..=u16::MAX).map(of_bits).collect();
    let before = device.counts();
    let x = Array::<_, T, Ix1>::from_vec(device, all.clone(), [n]).unwrap();
    // With the bits of NaN.
    assert!(x.to_vec().iter().zip(&all).all(|(&a, &b)| bits(a) == bits(b)));
    let after = device.counts();
    assert_eq!((after.bytes_up - before.bytes_up, after.bytes_down - before.bytes_down), (2 << 16, 2 << 16));
    let same = |what: &str, got: Vec<T>, exact: &dyn Fn(T) -> T| {
        for (&x, got) in all.iter().zip(got) {
            let exact = exact(x);
            assert!(bits(got) == bits(exact) || (got.is_nan() && exact.is_nan()), "{what} of {x}: {got} for {exact}");
        }
    };
    same("a copy", x.slice(s![..;-1]).unwrap().copy().unwrap().slice(s![..;-1]).unwrap().to_vec(), &|x| x);
    let wide = x.astype::<f32>();
    assert!(wide.to_vec().iter().zip(&all).all(|(a, b)| a.to_bits() == b.cast::<f32>().to_bits() || (a.is_nan() && b.is_nan())));
    same("a third", (x.lazy() * rounded(1.0 / 3.0)).try_eval().unwrap().to_vec(), &|x| rounded(x.cast::<f32>() * rounded(1.0 / 3.0).cast::<f32>()));
    let twice = |x: T| rounded(rounded(x.cast::<f32>() * x.cast::<f32>()).cast::<f32>() + x.cast::<f32>());
    same("x * x + x", (x.lazy() * &x + &x).try_eval().unwrap().to_vec(), &twice);
    // Numbers between two halves, ties among them.
    let between = (wide.lazy() * 1.000_244_1f32).astype::<T>().try_eval().unwrap();
    same("a number beside", between.to_vec(), &|x| rounded(x.cast::<f32>() * 1.000_244_1));
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
