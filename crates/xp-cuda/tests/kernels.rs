//! The kernel library, against plain host code.

mod common;

use bytemuck::Pod;
use common::{device, download, upload};
use half::{bf16, f16};
use num_complex::Complex;
use xp_core::functions::{arange, zeros};
use xp_core::random::Generator;
use xp_core::{Array, DType as E, Float, Ix1, Ix2, s};
use xp_cpu::Cpu;
use xp_cuda::{
    Arguments, Cuda, Device, Error, Shape,
    kernels::{self, Fold},
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
fn strided_copies_follow_both_layouts() {
    let Some(device) = device() else { return };
    let values: Vec<u32> = (0..1000).collect();
    let input = upload(&device, &values);
    type Case = (&'static [usize], isize, &'static [isize], &'static [isize]);
    let cases: [Case; 10] = [
        (&[], 5, &[], &[]),
        (&[10], 9, &[-1], &[1]),
        (&[4, 5], 0, &[1, 4], &[5, 1]),
        (&[3, 4, 5], 17, &[0, 100, -2], &[20, 5, 1]),
        (&[2, 3, 2, 3, 2], 1, &[500, 100, 30, 7, 2], &[1, 2, 6, 12, 36]),
        (&[2, 2, 2, 2, 2, 2, 2, 2], 0, &[3, 6, 12, 24, 48, 96, 192, 384], &[128, 64, 32, 16, 8, 4, 2, 1]),
        (&[0, 3], 0, &[1, 1], &[1, 1]),
        // Through tiles: two axes, three, and one that is turned around.
        (&[20, 37], 3, &[1, 20], &[37, 1]),
        (&[17, 2, 16], 5, &[1, 400, 20], &[16, 272, 1]),
        (&[2, 16, 18], 984, &[-450, 1, -17], &[288, 18, 1]),
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

/// Scans on the device and returns the result.
fn scan<T: Pod, U: Pod>(device: &Device, fold: &Fold, shape: [usize; 3], values: &[T]) -> Vec<U> {
    let input = upload(device, values);
    let out = device.alloc(shape.iter().product::<usize>() * size_of::<U>(), "out").unwrap();
    // SAFETY: input and output hold the shape's elements of the fold's types.
    unsafe { kernels::scan(fold, shape, &input, &out) }.unwrap();
    download(&out)
}

/// The same, one row after the other on the host.
fn naive<T: Copy>([outer, len, inner]: [usize; 3], values: &[T], start: T, step: impl Fn(T, T) -> T) -> Vec<T> {
    let mut out = vec![start; outer * len * inner];
    for o in 0..outer {
        for i in 0..inner {
            let mut acc = start;
            for j in 0..len {
                let at = (o * len + j) * inner + i;
                acc = step(acc, values[at]);
                out[at] = acc;
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
fn integer_scans_are_exact_in_every_shape() {
    let Some(device) = device() else { return };
    let mut numbers = Numbers(1);
    let sum = Fold::cumulative(E::I32, "0", "op_add(a, b)");
    for shape in SHAPES {
        let values: Vec<i32> = (0..shape.iter().product()).map(|_| numbers.next() as i32).collect();
        assert_eq!(scan::<_, i32>(&device, &sum, shape, &values), naive(shape, &values, 0, i32::wrapping_add), "{shape:?}");
    }
}

#[test]
fn scans_take_any_operation_and_dtype() {
    let Some(device) = device() else { return };
    let mut numbers = Numbers(2);
    let shape = [3, 700, 1];
    let bytes: Vec<i8> = (0..2100).map(|_| numbers.next() as i8).collect();
    let least = Fold::cumulative(E::I8, "127", "op_minimum(a, b)");
    assert_eq!(scan::<_, i8>(&device, &least, shape, &bytes), naive(shape, &bytes, i8::MAX, i8::min));
    let longs: Vec<u64> = bytes.iter().map(|&b| (b as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
    let product = Fold::cumulative(E::U64, "1", "op_multiply(a, b)");
    assert_eq!(scan::<_, u64>(&device, &product, shape, &longs), naive(shape, &longs, 1, u64::wrapping_mul));

    let mut floats: Vec<f64> = bytes.iter().map(|&b| f64::from(b) / 3.0).collect();
    floats[900] = f64::NAN;
    let largest = Fold::cumulative(E::F64, "bit_cast<f64>(0xfff0000000000000ull)", "op_maximum(a, b)");
    let got = scan::<_, f64>(&device, &largest, shape, &floats);
    let want = naive(shape, &floats, f64::NEG_INFINITY, |a, x| if a.is_nan() || x.is_nan() { f64::NAN } else { a.max(x) });
    assert!(want[1399].is_nan() && !want[1400].is_nan());
    assert!(got.iter().zip(&want).all(|(g, w)| g == w || g.is_nan() && w.is_nan()));
}

#[test]
fn float_scans_are_accurate_and_the_same_every_time() {
    let Some(device) = device() else { return };
    let mut numbers = Numbers(3);
    let sum = Fold::cumulative(E::F64, "0", "op_add(a, b)");
    for shape in [[1, 50_000, 1], [2, 3000, 40]] {
        let values: Vec<f64> = (0..shape.iter().product()).map(|_| numbers.below(1 << 30) as f64 / 1e6 - 500.0).collect();
        let first = scan::<_, f64>(&device, &sum, shape, &values);
        assert_eq!(first, scan::<_, f64>(&device, &sum, shape, &values));
        let magnitudes: Vec<f64> = values.iter().map(|x| x.abs()).collect();
        let sizes = naive(shape, &magnitudes, 0.0, |a, x| a + x);
        for ((got, want), size) in first.iter().zip(naive(shape, &values, 0.0, |a, x| a + x)).zip(sizes) {
            assert!((got - want).abs() <= 1e-13 * size, "{got} {want}");
        }
    }
    let complex: Vec<Complex<f32>> = (0..5000).map(|i| Complex::new(i as f32, -1.0)).collect();
    let sum = scan::<_, Complex<f32>>(&device, &Fold::cumulative(E::C64, "0", "op_add(a, b)"), [1, 5000, 1], &complex);
    assert_eq!(sum[4999], Complex::new(12_497_500.0, -5000.0));
}

/// A source of the kernel library with a kernel of the test's own behind it.
fn source_with(name: &str, own: &str) -> String {
    let (_, source) = kernels::all_sources().into_iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("no source {name}"));
    format!("{source}\n{own}")
}

/// What tiles find when those before them have handed on their own parts alone, as happens where many run at once.
#[test]
fn tiles_look_back_over_parts_to_the_nearest_sum() {
    let Some(device) = device() else { return };
    let scan = source_with(
        "scan op_add f64",
        "extern \"C\" __global__ void look(i64 tile, f64 total, f64* totals, f64* sums, f64* all, u32* tiles, u32* groups, f64* out) {
           Parts parts = {totals, sums, all, tiles, groups};
           f64 before = parts.before(tile, total);
           if (threadIdx.x == 0) *out = before;
         }",
    );
    let look = common::kernel(&device, &scan, "look");
    let (groups, mut numbers) = (100usize, Numbers(11));
    let totals: Vec<f64> = (0..groups * 32).map(|_| numbers.below(1 << 40) as f64 / 3.0).collect();
    let sums: Vec<f64> = (0..groups).map(|_| numbers.below(1 << 40) as f64 / 7.0).collect();
    let all: Vec<f64> = sums
        .iter()
        .scan(0.0, |sum, x| {
            *sum += x;
            Some(*sum)
        })
        .collect();
    let mut found = vec![];
    for complete in [0usize, 1, 37, 66, 98] {
        for tile in [99 * 32, 99 * 32 + 1, 99 * 32 + 31] {
            // Sums of all are there up to one group, and where they are not there is something else.
            let known: Vec<f64> = all.iter().enumerate().map(|(g, &x)| if g <= complete { x } else { f64::NAN }).collect();
            let flags: Vec<u32> = (0..groups).map(|g| if g > 98 { 0 } else { 1 + u32::from(g <= complete) }).collect();
            let buffers = [&totals, &sums, &known].map(|values| upload(&device, values));
            let (tiles, flags, out) = (upload(&device, &vec![1u32; groups * 32]), upload(&device, &flags), upload(&device, &[0f64]));
            let arguments = Arguments::new().with(tile as i64).with(5.0).with(buffers[0].pointer()).with(buffers[1].pointer());
            let arguments = arguments.with(buffers[2].pointer()).with(tiles.pointer()).with(flags.pointer()).with(out.pointer());
            common::launch(&look, Shape::linear(1, 32), &arguments).unwrap();
            found.push((tile, download::<f64>(&out)[0].to_bits(), download::<u32>(&flags)[99]));
        }
    }
    for (k, &(tile, bits, flag)) in found.iter().enumerate() {
        assert_eq!((bits, flag), (found[k % 3].1, if tile % 32 == 31 { 2 } else { 0 }), "tile {tile}");
    }
    assert_eq!(f64::from_bits(found[0].1), all[98]);

    let compact = source_with(
        "compact 4",
        "extern \"C\" __global__ void look(i64 tile, u32 own, u32* words, u32* out) {
           u32 before = counted_before_by_warp<u32>(words, tile, own);
           if (threadIdx.x == 0) { out[0] = before; out[1] = counted_before<u32>(words + tile, 1, tile, own); }
         }",
    );
    let look = common::kernel(&device, &compact, "look");
    for complete in [0usize, 1, 37, 66, 98] {
        let counts: Vec<u32> = (0..99u32).map(|tile| 1000 - tile).collect();
        let sum = |tile: usize| counts[..=tile].iter().sum::<u32>();
        let mut words: Vec<u32> = (0..99).map(|tile| if tile <= complete { 2 << 30 | sum(tile) } else { 1 << 30 | counts[tile] }).collect();
        words.push(0);
        let (words, out) = (upload(&device, &words), upload(&device, &[0u32; 2]));
        let arguments = Arguments::new().with(99i64).with(7u32).with(words.pointer()).with(out.pointer());
        common::launch(&look, Shape::linear(1, 32), &arguments).unwrap();
        assert_eq!(download::<u32>(&out), [sum(98); 2], "after {complete}");
        assert_eq!(download::<u32>(&words)[99], 2 << 30 | (sum(98) + 7));
    }
}

#[test]
fn half_precision_converts_as_the_standard_says() {
    let Some(device) = device() else { return };
    // Every 16-bit pattern through scans of rows of one element: half to float and back.
    let all: Vec<u16> = (0..=u16::MAX).collect();
    let through = |e| scan::<u16, u16>(&device, &Fold::cumulative(e, "-0.0f", "op_add(a, b)"), [1 << 16, 1, 1], &all);
    for (i, v) in through(E::F16).into_iter().enumerate() {
        let (x, y) = (f16::from_bits(i as u16), f16::from_bits(v));
        assert!(x.to_bits() == y.to_bits() || x.is_nan() && y.is_nan(), "{i:#x} {v:#x}");
    }
    for (i, v) in through(E::BF16).into_iter().enumerate() {
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
    let convert = |output: &'static str| Fold { output: output.into(), ..Fold::cumulative(E::F32, "-0.0f", "op_add(a, b)") };
    let shape = [floats.len(), 1, 1];
    for (got, x) in scan::<_, f16>(&device, &convert("f16"), shape, &floats).into_iter().zip(&floats) {
        let want = f16::from_f32(*x);
        assert!(got.to_bits() == want.to_bits() || got.is_nan() && want.is_nan(), "{x:e}: {got:?} {want:?}");
    }
    for (got, x) in scan::<_, bf16>(&device, &convert("bf16"), shape, &floats).into_iter().zip(&floats) {
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
    kernels::scatter(E::U64, [outer, extent, inner], &out, &at, &back, false).unwrap();
    for (k, v) in download::<u64>(&back).into_iter().enumerate() {
        let row = k / inner % extent;
        assert_eq!(v, if [0, 3, 10].contains(&row) { values[k] } else { 0 }, "{k}");
    }
    let bad = upload(&device, &[11i64]);
    kernels::gather(8, [outer, extent, inner], &input, &bad, &mut out).unwrap();
    let error = device.synchronize("wait").unwrap_err();
    assert_eq!(error.to_string(), "take: index 11 is out of range for an axis of length 11");
    assert_eq!(download::<u64>(&out)[..4], [0; 4], "nothing is read, and the error comes once");
    let bad = upload(&device, &[2i64, -12, 1]);
    let values = upload(&device, &(0..outer * 3 * inner).map(|i| 1000 + i as u64).collect::<Vec<_>>());
    for add in [false, true] {
        let before = download::<u64>(&back);
        kernels::scatter(E::U64, [outer, extent, inner], &values, &bad, &back, add).unwrap();
        let mut first = [0; 8];
        let error = back.download(0, &mut first, "read").unwrap_err();
        assert_eq!(error.to_string(), "put: index -12 is out of range for an axis of length 11");
        assert_eq!(download::<u64>(&back), before, "nothing is written");
    }
}

#[test]
fn masks_compact_in_order() {
    let Some(device) = device() else { return };
    let mut numbers = Numbers(6);
    for (n, one_in) in [(1usize, 1u64), (1000, 3), (5000, 3), (4096, 1), (20_000, 2), (9000, 500), (70, u64::MAX)] {
        let mask: Vec<u8> = (0..n).map(|_| u8::from(numbers.below(one_in) == 0 && one_in < u64::MAX)).collect();
        let values: Vec<u16> = (0..n).map(|_| numbers.next() as u16).collect();
        let (m, v) = (upload(&device, &mask), upload(&device, &values));
        let expected: Vec<u16> = (0..n).filter(|&i| mask[i] != 0).map(|i| values[i]).collect();
        assert_eq!(download::<u16>(&kernels::compact(2, &m, &v).unwrap()), expected, "{n}, one in {one_in}");
        let wide: Vec<Complex<f64>> = values.iter().map(|&v| Complex::new(f64::from(v), -1.0)).collect();
        let expected: Vec<Complex<f64>> = (0..n).filter(|&i| mask[i] != 0).map(|i| wide[i]).collect();
        assert_eq!(download::<Complex<f64>>(&kernels::compact(16, &m, &upload(&device, &wide)).unwrap()), expected, "{n}, one in {one_in}");
    }
    let (mask, short) = (upload(&device, &[1u8; 3]), upload(&device, &[1u16; 2]));
    assert!(matches!(kernels::compact(2, &mask, &short), Err(Error::OutOfRange { .. })));
    let none = device.alloc(0, "none").unwrap();
    assert!(kernels::compact(8, &none, &none).unwrap().is_empty());
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
    let len = values.len() / rows;
    let bits = |values: &[T]| bytemuck::cast_slice::<T, u8>(values).to_vec();
    // The same rows one after the other, and side by side.
    let turned: Vec<T> = (0..values.len()).map(|i| values[i % rows * len + i / rows]).collect();
    let (input, beside) = (upload(device, values), upload(device, &turned));
    let back = |i: usize| i % len * rows + i / len;
    for descending in [false, true] {
        let expected = naive_argsort(len, values, descending);
        let order = download::<i64>(&kernels::argsort(element, [rows, len, 1], descending, &input).unwrap());
        assert!(order == expected, "{element:?} {rows} x {len}");
        let order = download::<i64>(&kernels::argsort(element, [1, len, rows], descending, &beside).unwrap());
        assert!((0..values.len()).all(|i| order[back(i)] == expected[i]), "{element:?} {rows} x {len}, side by side");
        // Elements keep their bits.
        let sorted: Vec<T> = expected.iter().enumerate().map(|(i, &at)| values[i / len * len + at as usize]).collect();
        let got = download::<T>(&kernels::sort(element, [rows, len, 1], descending, &input).unwrap());
        assert!(bits(&got) == bits(&sorted), "values of {element:?} {rows} x {len}");
        let got = download::<T>(&kernels::sort(element, [1, len, rows], descending, &beside).unwrap());
        let got: Vec<T> = (0..values.len()).map(|i| got[back(i)]).collect();
        assert!(bits(&got) == bits(&sorted), "values of {element:?} {rows} x {len}, side by side");
        for k in [1, 64, 500, 600].into_iter().filter(|&k| k <= len) {
            let first: Vec<i64> = expected.chunks(len).flat_map(|row| &row[..k]).copied().collect();
            let got = download::<i64>(&kernels::top_k(element, [rows, len, 1], k, descending, &input).unwrap());
            assert!(got == first, "the first {k} of {element:?} {rows} x {len}");
            let got = download::<i64>(&kernels::top_k(element, [1, len, rows], k, descending, &beside).unwrap());
            assert!((0..rows * k).all(|i| got[i % k * rows + i / k] == first[i]), "the first {k} of {element:?} {rows} x {len}, side by side");
        }
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
    // Rows of several tiles, of one element, and of lengths around those of threads and blocks.
    check_sort(&device, E::U16, 3, &(0..13_500).map(|_| numbers.below(1000) as u16).collect::<Vec<_>>());
    check_sort(&device, E::I64, 2, &(0..18_000).map(|_| numbers.next() as i64 - (1 << 30)).collect::<Vec<_>>());
    check_sort(&device, E::Bool, 1, &(0..9000).map(|_| numbers.below(2) as u8).collect::<Vec<_>>());
    for len in [1, 2, 8, 9, 257, 2047, 2048, 2049, 4097] {
        check_sort(
            &device,
            E::F32,
            5,
            &(0..5 * len).map(|_| if numbers.below(9) == 0 { f32::NAN } else { numbers.below(300) as f32 - 150.0 }).collect::<Vec<_>>(),
        );
    }
    let none = device.alloc(0, "x").unwrap();
    assert!(matches!(kernels::argsort(E::C64, [1, 0, 1], false, &none), Err(Error::UnsupportedDtype { .. })));
    assert!(
        kernels::sort(E::F32, [3, 0, 5], false, &none).unwrap().is_empty() && kernels::argsort(E::F32, [0, 5000, 1], true, &none).unwrap().is_empty()
    );
    assert!(kernels::top_k(E::F32, [2, 0, 1], 3, true, &none).unwrap().is_empty());
    assert!(matches!(kernels::sort(E::F32, [1, 5, 1], false, &none), Err(Error::OutOfRange { .. })));
}

/// Every kind of loop over `n` bytes, a multiple of 2000, of which the fourth and the last are not zero.
fn last_elements_are_reached(device: &Cuda, n: usize) {
    let indices = |x: &[usize]| Array::from_vec(device, x.iter().map(|&i| i as i64).collect(), [x.len()]).unwrap();
    let at = |x: &Array<Cuda, u8, Ix1>, i: usize| x.slice_axis(0, i..).unwrap().get([0]).unwrap();
    let mut x = zeros::<_, u8, _>(device, [n]).unwrap();
    x.put(&indices(&[n - 1, 3]), &Array::from_vec(device, vec![7u8, 5], [2]).unwrap(), 0).unwrap();
    let y = (x.lazy() + 1u8).try_eval().unwrap();
    assert_eq!([n - 1, n - 2, 4, 3].map(|i| at(&y, i)), [8, 1, 1, 6], "one after the other");
    let turned = y.slice(s![..;-1]).unwrap().copy().unwrap();
    assert_eq!([0, n - 5, n - 4, n - 1].map(|i| at(&turned, i)), [8, 1, 6, 1], "strided");
    drop(turned);
    assert_eq!(x.lazy().astype::<u64>().sum(..).try_eval().unwrap().item().unwrap(), 12, "reduction");
    assert_eq!(x.lazy().argmax(0).try_eval().unwrap().item().unwrap(), n as i64 - 1, "position");
    assert_eq!(x.take(&indices(&[n - 1, 0, 3]), 0).unwrap().to_vec(), [7, 0, 5], "by index");
    let table = y.reshape([n / 2000, 2000]).unwrap();
    let row = (arange(device, 0, 2000, 1i64).unwrap().lazy() % 100i64).astype::<u8>().try_eval().unwrap().reshape([1, 2000]).unwrap();
    let sum = (table.lazy() + &row).try_eval().unwrap();
    assert_eq!(sum.get([-1, -1]).unwrap(), 8 + 99, "rows");
    assert_eq!(table.t().copy().unwrap().get([-1, -1]).unwrap(), 8, "transpose");
    assert_eq!(table.lazy().max(0).try_eval().unwrap().get([-1]).unwrap(), 8, "reduction of the first axis");
    assert_eq!(x.select(&x.greater(0)).unwrap().to_vec(), [5, 7], "mask");
}

/// With `XP_CUDA_HUGE=1`, on a device with 64 GB, positions do not fit into 32 bits.
#[test]
fn positions_of_any_size() {
    if device().is_none() {
        return;
    }
    let device = common::cuda();
    last_elements_are_reached(&device, 6000);
    if std::env::var_os("XP_CUDA_HUGE").is_some_and(|v| v == "1") {
        last_elements_are_reached(&device, (1usize << 31).next_multiple_of(2000));
        last_elements_are_reached(&device, (1usize << 32).next_multiple_of(2000));
    }
}

#[test]
fn additions_into_few_places_are_sums_of_all() {
    let Some(device) = device() else { return };
    let mut numbers = Numbers(9);
    for ([outer, extent, inner], count) in [([1, 10, 1], 5000usize), ([2, 3, 5], 700), ([1, 1, 1], 4096), ([1, 70_000, 1], 2000), ([3, 4, 2], 1)] {
        let index: Vec<i64> =
            (0..count).map(|_| numbers.below(extent as u64) as i64 - if numbers.below(2) == 0 { extent as i64 } else { 0 }).collect();
        let values: Vec<i64> = (0..outer * count * inner).map(|_| numbers.next() as i64 - (1 << 30)).collect();
        let start: Vec<i64> = (0..outer * extent * inner).map(|i| i as i64).collect();
        let mut expected = start.clone();
        for (k, value) in values.iter().enumerate() {
            let (o, j, i) = (k / inner / count, k / inner % count, k % inner);
            expected[(o * extent + index[j].rem_euclid(extent as i64) as usize) * inner + i] += value;
        }
        let out = upload(&device, &start);
        kernels::scatter(E::I64, [outer, extent, inner], &upload(&device, &values), &upload(&device, &index), &out, true).unwrap();
        assert_eq!(download::<i64>(&out), expected, "{outer} {extent} {inner}, {count} indices");
        // The same sum of floats every time.
        let floats: Vec<f32> = values.iter().map(|&v| v as f32 * 1e-9).collect();
        let sums = [0, 1].map(|_| {
            let out = upload(&device, &vec![0f32; start.len()]);
            kernels::scatter(E::F32, [outer, extent, inner], &upload(&device, &floats), &upload(&device, &index), &out, true).unwrap();
            download::<f32>(&out)
        });
        assert_eq!(sums[0], sums[1]);
    }
}

/// Rows that are read 16 bytes at once, and the same rows where they cannot be: a sum is the same bit for bit.
#[test]
fn sums_of_rows_do_not_depend_on_where_they_lie() {
    fn check<T: Float>(device: &Cuda) {
        for width in [4, 48, 100, 500] {
            let x: Array<Cuda, T, Ix2> = Generator::new(8).normal(device, [9, width]).unwrap();
            let mut wider = zeros::<_, T, _>(device, [9, width + 1]).unwrap();
            wider.set(s![.., 1..], &x).unwrap();
            let shifted = wider.slice(s![.., 1..]).unwrap();
            let sums = [&x, &shifted].map(|x| x.lazy().sum(1).try_eval().unwrap().to_vec());
            assert_eq!(sums[0], sums[1], "rows of {width} {}", T::DTYPE);
            let places = [&x, &shifted].map(|x| x.lazy().argmax(1).try_eval().unwrap().to_vec());
            assert_eq!(places[0], places[1], "rows of {width} {}", T::DTYPE);
            let on_host = x.to_backend(&Cpu).unwrap();
            assert_eq!(places[0], on_host.lazy().argmax(1).try_eval().unwrap().to_vec());
            let expected = on_host.lazy().astype::<f64>().sum(1).try_eval().unwrap().to_vec();
            for (sum, expected) in sums[0].iter().zip(expected) {
                assert!((sum.to_f64() - expected).abs() <= 8.0 * T::EPSILON.to_f64() * width as f64, "{sum} {expected}");
            }
        }
    }
    let Some(device) = device().map(Cuda::from) else { return };
    check::<f32>(&device);
    check::<f64>(&device);
}
