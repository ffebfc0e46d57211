//! The kernel library on the simulated device, against plain host code.

mod common;

use bytemuck::Pod;
use common::{device, download, upload};
use half::{bf16, f16};
use num_complex::Complex;
use xp_cuda::{
    Device, DeviceBuffer, Error,
    kernels::{self, ElementType as E, Fold},
};

/// A linear congruential generator: the same numbers on every machine.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        self.0 >> 33
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

#[test]
fn fill_sets_every_element_and_no_other() {
    let Some(device) = device() else { return };
    fn check<T: Pod + PartialEq + std::fmt::Debug>(device: &Device, value: T, zero: T) {
        let mut out = device.alloc_zeroed(70 * size_of::<T>(), "out").unwrap();
        kernels::fill(&mut out, 64, value).unwrap();
        let values = download::<T>(&out);
        assert!(values[..64].iter().all(|v| *v == value) && values[64..].iter().all(|v| *v == zero), "{value:?}");
        assert!(matches!(kernels::fill(&mut out, 71, value), Err(Error::OutOfRange { .. })));
    }
    check(&device, 7u8, 0);
    check(&device, -3i16, 0);
    check(&device, 1.5f32, 0.0);
    check(&device, -2.5f64, 0.0);
    check(&device, Complex::new(1f32, -2.0), Complex::new(0.0, 0.0));
    check(&device, Complex::new(1f64, -2.0), Complex::new(0.0, 0.0));
}

#[test]
fn strided_copies_follow_both_layouts() {
    let Some(device) = device() else { return };
    let values: Vec<u32> = (0..1000).collect();
    let input = upload(&device, &values);
    type Case = (&'static [usize], isize, &'static [isize], &'static [isize]);
    let cases: [Case; 7] = [
        (&[], 5, &[], &[]),
        (&[10], 9, &[-1], &[1]),
        (&[4, 5], 0, &[1, 4], &[5, 1]),
        (&[3, 4, 5], 17, &[0, 100, -2], &[20, 5, 1]),
        (&[2, 3, 2, 3, 2], 1, &[500, 100, 30, 7, 2], &[1, 2, 6, 12, 36]),
        (&[2, 2, 2, 2, 2, 2, 2, 2], 0, &[3, 6, 12, 24, 48, 96, 192, 384], &[128, 64, 32, 16, 8, 4, 2, 1]),
        (&[0, 3], 0, &[1, 1], &[1, 1]),
    ];
    for (extents, offset, from, to) in cases {
        let n: usize = extents.iter().product();
        let mut out = device.alloc_zeroed(n * 4, "out").unwrap();
        kernels::copy_strided(4, extents, (&input, offset, from), (&mut out, 0, to)).unwrap();
        let mut expected = vec![0u32; n];
        for flat in 0..n {
            let (mut rest, mut source, mut target) = (flat, offset, 0);
            for axis in (0..extents.len()).rev() {
                let index = (rest % extents[axis]) as isize;
                (rest, source, target) = (rest / extents[axis], source + index * from[axis], target + index * to[axis]);
            }
            expected[target as usize] = values[source as usize];
        }
        assert_eq!(download::<u32>(&out), expected, "{extents:?}");
    }
    let mut out = device.alloc(400, "out").unwrap();
    let beyond = kernels::copy_strided(4, &[10, 10], (&input, 2, &[110, 1]), (&mut out, 0, &[10, 1]));
    assert!(matches!(beyond, Err(Error::OutOfRange { .. })));
    let below = kernels::copy_strided(4, &[10], (&input, 8, &[-1]), (&mut out, 0, &[1]));
    assert!(matches!(below, Err(Error::OutOfRange { .. })));
}

/// Reduces or scans on the device and returns the result.
fn fold<T: Pod, U: Pod>(device: &Device, fold: &Fold, shape: [usize; 3], values: &[T], whole: bool) -> Vec<U> {
    let input = upload(device, values);
    let n = if whole { shape[0] * shape[1] * shape[2] } else { shape[0] * shape[2] };
    let mut out = device.alloc(n * size_of::<U>(), "out").unwrap();
    // SAFETY: the input holds the shape's elements and the output as many as the operation writes.
    unsafe { if whole { kernels::scan(fold, shape, &input, &out) } else { kernels::reduce(fold, shape, &input, &mut out) } }.unwrap();
    download(&out)
}

/// The same, one row after the other on the host.
fn naive<T: Copy, U: Copy>([outer, len, inner]: [usize; 3], values: &[T], start: U, step: impl Fn(U, T) -> U, whole: bool) -> Vec<U> {
    let mut out = vec![start; if whole { outer * len * inner } else { outer * inner }];
    for o in 0..outer {
        for i in 0..inner {
            let mut acc = start;
            for j in 0..len {
                acc = step(acc, values[(o * len + j) * inner + i]);
                if whole {
                    out[(o * len + j) * inner + i] = acc;
                }
            }
            if !whole {
                out[o * inner + i] = acc;
            }
        }
    }
    out
}

const SHAPES: [[usize; 3]; 14] = [
    [1, 1, 1],
    [1, 0, 3],
    [1, 255, 1],
    [3, 257, 1],
    [1, 1025, 1],
    [1, 40_000, 1],
    [2, 33_000, 1],
    [2, 5, 7],
    [1, 600, 33],
    [3, 1500, 2],
    [40, 3, 1],
    [2, 65, 5000],
    [2, 1_100_000, 1],
    [0, 3, 1],
];

#[test]
fn integer_sums_are_exact_in_every_shape() {
    let Some(device) = device() else { return };
    let mut numbers = Numbers(1);
    for shape in SHAPES {
        let values: Vec<i32> = (0..shape.iter().product()).map(|_| numbers.next() as i32).collect();
        let sum = Fold::sum(E::I32).unwrap();
        for whole in [false, true] {
            let expected = naive(shape, &values, 0i64, |a, x| a + i64::from(x), whole);
            assert_eq!(fold::<_, i64>(&device, &sum, shape, &values, whole), expected, "{shape:?}");
        }
    }
}

#[test]
fn extrema_and_products_of_every_kind() {
    let Some(device) = device() else { return };
    let mut numbers = Numbers(2);
    let shape = [3, 700, 1];
    let bytes: Vec<i8> = (0..2100).map(|_| numbers.next() as i8).collect();
    assert_eq!(fold::<_, i8>(&device, &Fold::min(E::I8).unwrap(), shape, &bytes, true), naive(shape, &bytes, i8::MAX, |a, x| a.min(x), true));
    let longs: Vec<u64> = bytes.iter().map(|&b| (b as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
    assert_eq!(fold::<_, u64>(&device, &Fold::max(E::U64).unwrap(), shape, &longs, false), naive(shape, &longs, 0, |a, x| a.max(x), false));
    assert_eq!(fold::<_, u64>(&device, &Fold::product(E::U64).unwrap(), shape, &longs, true), naive(shape, &longs, 1, u64::wrapping_mul, true));
    let flags: Vec<u8> = bytes.iter().map(|b| u8::from(b % 3 == 0)).collect();
    assert_eq!(fold::<_, i64>(&device, &Fold::sum(E::Bool).unwrap(), shape, &flags, false), naive(shape, &flags, 0, |a, x| a + i64::from(x), false));

    let mut floats: Vec<f64> = bytes.iter().map(|&b| f64::from(b) / 3.0).collect();
    floats[900] = f64::NAN;
    let max = fold::<_, f64>(&device, &Fold::max(E::F64).unwrap(), shape, &floats, false);
    let expected = naive(
        shape,
        &floats,
        f64::NEG_INFINITY,
        |a, x| {
            if a.is_nan() || x.is_nan() { f64::NAN } else { a.max(x) }
        },
        false,
    );
    assert!(max[1].is_nan() && expected[1].is_nan() && max[0] == expected[0] && max[2] == expected[2], "{max:?}");
}

#[test]
fn float_sums_are_accurate_and_the_same_every_time() {
    let Some(device) = device() else { return };
    let mut numbers = Numbers(3);
    for shape in [[1, 50_000, 1], [2, 3000, 40]] {
        let values: Vec<f64> = (0..shape.iter().product()).map(|_| numbers.below(1 << 30) as f64 / 1e6 - 500.0).collect();
        let sum = Fold::sum(E::F64).unwrap();
        let first = fold::<_, f64>(&device, &sum, shape, &values, false);
        assert_eq!(first, fold::<_, f64>(&device, &sum, shape, &values, false));
        let size = naive(shape, &values, 0.0, |a, x: f64| a + x.abs(), false);
        for ((got, want), size) in first.iter().zip(naive(shape, &values, 0.0, |a, x| a + x, false)).zip(size) {
            assert!((got - want).abs() <= 1e-13 * size, "{got} {want}");
        }
        let halves: Vec<f16> = values.iter().map(|v| f16::from_f64(v / 500.0)).collect();
        let got = fold::<_, f16>(&device, &Fold::sum(E::F16).unwrap(), shape, &halves, false);
        let want = naive(shape, &halves, 0f64, |a, x| a + x.to_f64(), false);
        assert!(got.iter().zip(&want).all(|(g, w)| (g.to_f64() - w).abs() <= 1e-3 * w.abs().max(1.0)), "{got:?} {want:?}");
    }
    let complex: Vec<Complex<f32>> = (0..5000).map(|i| Complex::new(i as f32, -1.0)).collect();
    let sum = fold::<_, Complex<f32>>(&device, &Fold::sum(E::C32).unwrap(), [1, 5000, 1], &complex, false);
    assert_eq!(sum, [Complex::new(12_497_500.0, -5000.0)]);
}

#[test]
fn a_fold_may_carry_a_position_and_finish_with_a_quotient() {
    let Some(device) = device() else { return };
    let argmax = Fold {
        input: "f32".into(),
        accumulator: "complex<f64>".into(), // value and position
        accumulator_size: 16,
        output: "i64".into(),
        identity: "Acc(bit_cast<f64>(0xfff0000000000000ull), 9e18)".into(),
        load: "Acc(x, (f64)i)".into(),
        combine: "a.re > b.re || (a.re == b.re && a.im < b.im) ? a : b".into(),
        store: "(i64)a.im".into(),
    };
    let mut numbers = Numbers(4);
    for shape in [[2, 20_000, 1], [1, 300, 9]] {
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| numbers.below(100) as f32).collect();
        let expected: Vec<i64> = naive(
            shape,
            &values,
            (f32::NEG_INFINITY, -1i64, 0i64),
            |(best, at, i), x| {
                if x > best { (x, i, i + 1) } else { (best, at, i + 1) }
            },
            false,
        )
        .into_iter()
        .map(|(_, at, _)| at)
        .collect();
        assert_eq!(fold::<_, i64>(&device, &argmax, shape, &values, false), expected, "{shape:?}");
    }
    let mean = Fold { store: "Out(a / n)".into(), ..Fold::sum(E::F64).unwrap() };
    assert_eq!(fold::<_, f64>(&device, &mean, [2, 4, 1], &[1f64, 2., 3., 4., 0., 0., 0., 2.], false), [2.5, 0.5]);
}

#[test]
fn half_precision_converts_as_the_standard_says() {
    let Some(device) = device() else { return };
    // Every 16-bit pattern through a cumulative sum of rows of one element: half to float and back.
    let all: Vec<u16> = (0..=u16::MAX).collect();
    let scan = |e| fold::<u16, u16>(&device, &Fold { identity: "Acc(-0.0f)".into(), ..Fold::max(e).unwrap() }, [1 << 16, 1, 1], &all, true);
    for (i, v) in scan(E::F16).into_iter().enumerate() {
        let (x, y) = (f16::from_bits(i as u16), f16::from_bits(v));
        assert!(x.to_bits() == y.to_bits() || x.is_nan() && y.is_nan(), "{i:#x} {v:#x}");
    }
    for (i, v) in scan(E::BF16).into_iter().enumerate() {
        let (x, y) = (bf16::from_bits(i as u16), bf16::from_bits(v));
        assert!(x.to_bits() == y.to_bits() || x.is_nan() && y.is_nan(), "{i:#x} {v:#x}");
    }
    // Rounding of floats, ties and subnormals included.
    let mut floats: Vec<f32> = [
        0.0f32,
        -0.0,
        65504.0,
        65519.9,
        65520.0,
        1e9,
        2f32.powi(-25),
        2f32.powi(-25) * 1.0001,
        2f32.powi(-24) * 1.5,
        6.1e-5,
        1.0 + 2f32.powi(-11),
        1.0 + 3.0 * 2f32.powi(-11),
        f32::INFINITY,
        f32::NAN,
    ]
    .to_vec();
    let mut numbers = Numbers(5);
    floats.extend((0..20_000).map(|_| f32::from_bits(numbers.next() as u32 ^ (numbers.next() as u32) << 16)));
    let convert = |output: &str| Fold { output: output.into(), ..Fold::max(E::F32).unwrap() };
    let shape = [floats.len(), 1, 1];
    for (got, x) in fold::<_, f16>(&device, &convert("f16"), shape, &floats, false).into_iter().zip(&floats) {
        let want = f16::from_f32(*x);
        assert!(got.to_bits() == want.to_bits() || got.is_nan() && want.is_nan(), "{x:e}: {got:?} {want:?}");
    }
    for (got, x) in fold::<_, bf16>(&device, &convert("bf16"), shape, &floats, false).into_iter().zip(&floats) {
        let want = bf16::from_f32(*x);
        assert!(got.to_bits() == want.to_bits() || got.is_nan() && want.is_nan(), "{x:e}: {got:?} {want:?}");
    }
}

#[test]
fn gather_and_scatter_follow_their_indices() {
    let Some(device) = device() else { return };
    let (outer, extent, inner) = (3usize, 11usize, 4usize);
    let values: Vec<u64> = (0..(outer * extent * inner) as u64).collect();
    let index: Vec<i64> = vec![3, -1, 0, 10, -11, 3];
    let (input, at) = (upload(&device, &values), upload(&device, &index));
    let mut out = device.alloc(outer * index.len() * inner * 8, "out").unwrap();
    kernels::gather(8, [outer, extent, inner], &input, &at, &mut out).unwrap();
    let wrap = |j: i64| (if j < 0 { j + extent as i64 } else { j }) as usize;
    let gathered = download::<u64>(&out);
    for (k, v) in gathered.iter().enumerate() {
        let (o, j, i) = (k / inner / index.len(), k / inner % index.len(), k % inner);
        assert_eq!(*v, values[(o * extent + wrap(index[j])) * inner + i]);
    }
    let back = device.alloc_zeroed(values.len() * 8, "back").unwrap();
    kernels::scatter(kernels::ElementType::U64, [outer, extent, inner], &out, &at, &back, false).unwrap();
    for (k, v) in download::<u64>(&back).into_iter().enumerate() {
        let row = k / inner % extent;
        assert_eq!(v, if [0, 3, 10].contains(&row) { values[k] } else { 0 }, "{k}");
    }
    let bad = upload(&device, &[11i64]);
    let error = kernels::gather(8, [outer, extent, inner], &input, &bad, &mut out).unwrap_err();
    assert_eq!(error.to_string(), "index 11 is out of range for an axis of length 11");
}

#[test]
fn masks_compact_in_order() {
    let Some(device) = device() else { return };
    let mut numbers = Numbers(6);
    for n in [1usize, 1000, 5000] {
        let mask: Vec<u8> = (0..n).map(|_| u8::from(numbers.below(3) == 0)).collect();
        let values: Vec<u16> = (0..n).map(|_| numbers.next() as u16).collect();
        let set = mask.iter().filter(|&&m| m != 0).count();
        let (m, v) = (upload(&device, &mask), upload(&device, &values));
        let position = device.alloc(n * 8, "position").unwrap();
        // SAFETY: the mask holds n bytes of 0 or 1 and the result n 64-bit integers.
        unsafe { kernels::scan(&Fold::sum(E::Bool).unwrap(), [1, n, 1], &m, &position) }.unwrap();
        let (mut out, mut at) = (device.alloc(set * 2, "out").unwrap(), device.alloc(set * 8, "at").unwrap());
        // SAFETY: `position` is the scan of the masks, and both results have room for every set mask.
        unsafe {
            kernels::compact(2, &m, &position, &v, &mut out).unwrap();
            kernels::compact_indices(&m, &position, &mut at).unwrap();
        }
        let expected: Vec<i64> = (0..n as i64).filter(|&i| mask[i as usize] != 0).collect();
        assert_eq!(download::<i64>(&at), expected);
        assert_eq!(download::<u16>(&out), expected.iter().map(|&i| values[i as usize]).collect::<Vec<_>>());
    }
}

/// The positions that a stable sort of each row gives, nan last, or first when descending.
fn naive_argsort<T: Copy + PartialOrd>(len: usize, values: &[T], descending: bool) -> Vec<i64> {
    let is_nan = |v: T| v.partial_cmp(&v).is_none();
    let rows = values.chunks(len).map(|row| {
        let mut order: Vec<i64> = (0..len as i64).collect();
        order.sort_by(|&a, &b| {
            let (x, y) = (row[a as usize], row[b as usize]);
            match (is_nan(x), is_nan(y)) {
                (false, false) if descending => y.partial_cmp(&x).unwrap(),
                (false, false) => x.partial_cmp(&y).unwrap(),
                (x, y) if descending => y.cmp(&x),
                (x, y) => x.cmp(&y),
            }
        });
        order
    });
    rows.flatten().collect()
}

fn check_sort<T: Pod + PartialOrd + std::fmt::Debug>(device: &Device, element: E, rows: usize, values: &[T]) {
    let input: DeviceBuffer = upload(device, values);
    let len = values.len() / rows;
    for descending in [false, true] {
        let order = kernels::argsort(element, rows, len, descending, &input).unwrap();
        assert!(download::<i64>(&order) == naive_argsort(len, values, descending), "{element:?} {rows} x {len}");
    }
}

#[test]
fn sorting_is_stable_for_every_type() {
    let Some(device) = device() else { return };
    let mut numbers = Numbers(7);
    let small: Vec<u64> = (0..5000).map(|_| numbers.below(50)).collect();
    let raw: Vec<u64> = (0..3000).map(|_| numbers.next() ^ numbers.next() << 31 ^ numbers.next() << 62).collect();
    check_sort(&device, E::U8, 1, &raw.iter().map(|&v| v as u8).collect::<Vec<_>>());
    check_sort(&device, E::I8, 1, &raw.iter().map(|&v| v as i8).collect::<Vec<_>>());
    check_sort(&device, E::I16, 3, &raw.iter().map(|&v| v as i16).collect::<Vec<_>>());
    check_sort(&device, E::U32, 1, &raw.iter().map(|&v| v as u32).collect::<Vec<_>>());
    check_sort(&device, E::I64, 1, &raw.iter().map(|&v| v as i64).collect::<Vec<_>>());
    check_sort(&device, E::U64, 1, &small);
    check_sort(&device, E::I32, 1000, &raw.iter().map(|&v| (v % 4) as i32 - 2).collect::<Vec<_>>());
    check_sort(&device, E::F16, 2, &raw.iter().map(|&v| f16::from_bits(v as u16)).collect::<Vec<_>>());
    check_sort(&device, E::BF16, 1, &raw.iter().map(|&v| bf16::from_bits(v as u16)).collect::<Vec<_>>());
    let mut floats: Vec<f32> = raw.iter().map(|&v| f32::from_bits(v as u32)).collect();
    floats[..6].copy_from_slice(&[0.0, -0.0, f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY]);
    check_sort(&device, E::F32, 1, &floats);
    check_sort(
        &device,
        E::F64,
        1,
        &small
            .iter()
            .map(|&v| {
                if v % 7 == 0 {
                    -0.0
                } else if v % 7 == 1 {
                    0.0
                } else {
                    v as f64 - 25.0
                }
            })
            .collect::<Vec<_>>(),
    );
    check_sort(&device, E::F64, 1, &[1.0f64]);
    assert!(matches!(kernels::argsort(E::C32, 1, 0, false, &device.alloc(0, "x").unwrap()), Err(Error::UnsupportedDtype { .. })));
}
