//! Reductions, along every axis, over every layout, against naive sums in the order of the elements.

use half::{bf16, f16};
use num_complex::Complex;
use xp_core::math::Isa;
use xp_core::ops::{DeviceSource, Language};
use xp_core::reduction::{All, ArgMax, ArgMin, CountNonzero, Max, Mean, Min, Ptp, Reduction, Std, Sum, Var};
use xp_core::{Array, Backend, DType, Element, Float, Floating, Integer, KeepDims, Real};

use crate::support::{Any, Sequence, array, assert_same, layouts as samples, panic_message, vector};

/// Shapes whose reductions take every path: short and long rows, few and many outputs.
const SHAPES: [[usize; 3]; 6] = [[2, 3, 4], [1, 65, 1], [70, 3, 66], [3, 1, 5000], [5000, 2, 3], [1, 1, 1]];

/// The elements that are reduced to each output along `axis`.
fn lanes<T: Copy>(values: &[T], shape: &[usize], axis: usize) -> Vec<Vec<T>> {
    let (outer, len, inner) = (shape[..axis].iter().product::<usize>(), shape[axis], shape[axis + 1..].iter().product::<usize>());
    (0..outer * inner).map(|o| (0..len).map(|k| values[(o / inner * len + k) * inner + o % inner]).collect()).collect()
}

/// Sums and products of floats, within the error of a blocked sum.
pub fn sums<B: Backend, T: Float>(device: &B) {
    let eps = T::EPSILON.to_f64();
    for shape in SHAPES {
        let n: usize = shape.iter().product();
        let values = Sequence::new(11).numbers::<T>(n);
        let x = array(device, &values, &shape);
        let close = |got: T, lane: &[T], what: &str| {
            let exact: f64 = lane.iter().map(|v| v.to_f64()).sum();
            let size: f64 = lane.iter().map(|v| v.to_f64().abs()).sum();
            // A blocked sum: far less than one rounding per element.
            let bound = eps * size * 16.0;
            assert!((got.to_f64() - exact).abs() <= bound, "{what} of {shape:?}: {got} for {exact}");
        };
        for axis in 0..3 {
            let expected = lanes(&values, &shape, axis);
            for (got, lane) in x.sum(axis).to_vec().into_iter().zip(&expected) {
                close(got, lane, "sum");
            }
            let turned = x.permute_dims(&[2, 0, 1]).unwrap().copy().unwrap().permute_dims(&[1, 2, 0]).unwrap();
            for (got, lane) in turned.sum(axis as isize - 3).to_vec().into_iter().zip(&expected) {
                close(got, lane, "sum of a view");
            }
            let kept = x.sum(KeepDims(axis));
            let mut expected_shape = shape.to_vec();
            expected_shape[axis] = 1;
            assert_eq!((kept.shape().to_vec(), kept.to_vec()), (expected_shape, x.sum(axis).to_vec()));
        }
        close(x.sum(..).item().unwrap(), &values, "sum of all");
        close(x.sum([0, -1, 1]).item().unwrap(), &values, "sum over all axes");
        let two = x.sum(KeepDims([0, 2]));
        assert_eq!(two.shape(), vec![1, shape[1], 1]);
        for (j, got) in two.to_vec().into_iter().enumerate() {
            let lane: Vec<T> = (0..n).filter(|i| i / shape[2] % shape[1] == j).map(|i| values[i]).collect();
            close(got, &lane, "sum over two axes");
        }
    }
    let x = vector(device, &[T::from_f64(1.5), T::from_f64(-2.0), T::from_f64(4.0)]);
    assert_eq!(x.prod(0).item().unwrap(), T::from_f64(-12.0));
    assert_eq!((x.prod(..).item().unwrap(), x.prod(KeepDims(0)).shape()), (T::from_f64(-12.0), [1]));
    // A million tenths: one rounding per element would show.
    let tenth = T::from_f64(0.1);
    let many = xp_core::functions::full(device, [1_000_000], tenth).unwrap().sum(..).item().unwrap().to_f64();
    assert!((many / (1e6 * tenth.to_f64()) - 1.0).abs() < 600.0 * eps, "{many}");
    // Infinities and NaN.
    let (inf, nan) = (T::INFINITY, T::NAN);
    assert_eq!(vector(device, &[inf, T::ONE]).sum(..).item().unwrap(), inf);
    assert!(vector(device, &[inf, -inf]).sum(..).item().unwrap().is_nan() && vector(device, &[nan, T::ONE]).prod(..).item().unwrap().is_nan());
}

/// Sums and products of integers are 64 bits wide and wrap around.
pub fn sums_of_integers<B: Backend>(device: &B) {
    fn check<B: Backend, T: Integer>(device: &B, accum: DType) {
        let values: Vec<T> = (0..777).map(|i| T::wrap_i64(i64::wrapping_mul(i, 0x0123_4567_89AB_CDEF))).collect();
        let wide = |x: T| if T::SIGNED { x.to_i64() } else { x.to_i64() & if T::BITS == 64 { -1 } else { (1 << T::BITS) - 1 } };
        let x = vector(device, &values);
        let (sum, product) = (x.sum(..), x.prod(..));
        assert_eq!((sum.dtype(), product.dtype()), (accum, accum));
        let expected = values.iter().fold(0i64, |s, &v| s.wrapping_add(wide(v)));
        assert_eq!(sum.item().unwrap().cast::<i64>(), expected, "sum of {}", T::DTYPE);
        let odd: Vec<T> = values.iter().map(|&v| v | T::ONE).collect();
        let expected = odd.iter().fold(1i64, |s, &v| s.wrapping_mul(wide(v)));
        assert_eq!(vector(device, &odd).prod(..).item().unwrap().cast::<i64>(), expected, "product of {}", T::DTYPE);
        let matrix = array(device, &values, &[21, 37]);
        let columns = matrix.sum(0).to_vec();
        for (j, got) in columns.into_iter().enumerate() {
            assert_eq!(got.cast::<i64>(), (0..21).fold(0i64, |s, i| s.wrapping_add(wide(values[i * 37 + j]))));
        }
    }
    check::<B, i8>(device, DType::I64);
    check::<B, i16>(device, DType::I64);
    check::<B, i32>(device, DType::I64);
    check::<B, i64>(device, DType::I64);
    check::<B, u8>(device, DType::U64);
    check::<B, u16>(device, DType::U64);
    check::<B, u32>(device, DType::U64);
    check::<B, u64>(device, DType::U64);
}

/// Sums of halves are carried in `f32` and rounded once.
pub fn sums_of_halves<B: Backend>(device: &B) {
    let n = 5000;
    assert_eq!(vector(device, &vec![f16::ONE; n]).sum(..).item().unwrap(), f16::from_f32(5000.0));
    assert_eq!(vector(device, &vec![bf16::ONE; n]).sum(..).item().unwrap(), bf16::from_f32(5000.0));
    assert_eq!(vector(device, &vec![f16::from_f32(0.1); n]).mean(0).item().unwrap(), f16::from_f32(0.1));
    assert_eq!(vector(device, &[f16::from_f32(2.0), f16::NAN]).max(0).item().unwrap().to_f32().to_bits() & 0x7F80_0000, 0x7F80_0000);
    assert_eq!(array(device, &[bf16::from_f32(3.0), bf16::ONE], &[2, 1]).min(0).to_vec(), [bf16::ONE]);
}

/// Sums, products, means and variances of complex numbers.
pub fn sums_of_complex<B: Backend, T: Floating>(device: &B) {
    let wide = |z: T| Complex::new(z.re().to_f64(), z.im().to_f64());
    let values = Sequence::new(12).numbers::<T>(60 * 7);
    let x = array(device, &values, &[60, 7]);
    let near = |got: Complex<f64>, exact: Complex<f64>| (got - exact).norm() <= 64.0 * <T::Part as Float>::EPSILON.to_f64() * (1.0 + exact.norm());
    for axis in [0usize, 1] {
        let lanes = lanes(&values, &[60, 7], axis);
        let (sum, mean, var) = (x.sum(axis).to_vec(), x.mean(axis).to_vec(), x.var(axis, 0.0).to_vec());
        for (k, lane) in lanes.iter().enumerate() {
            let total: Complex<f64> = lane.iter().map(|&z| wide(z)).sum();
            let average = total / lane.len() as f64;
            let spread = lane.iter().map(|&z| (wide(z) - average).norm_sqr()).sum::<f64>() / lane.len() as f64;
            assert!(near(wide(sum[k]), total) && near(wide(mean[k]), average));
            assert!(near(Complex::new(var[k].to_f64(), 0.0), Complex::new(spread, 0.0)));
        }
    }
    let product: Complex<f64> = values[..5].iter().map(|&z| wide(z)).product();
    assert!(near(wide(vector(device, &values[..5]).prod(..).item().unwrap()), product));
    assert_eq!(x.count_nonzero(..).item().unwrap(), 420);
}

/// Extremes and their positions; NaN wins, and the first of equal ones.
pub fn extremes<B: Backend, T: Float>(device: &B) {
    let better = |a: T, b: T, largest: bool| if largest { a > b } else { a < b };
    for shape in SHAPES {
        let n: usize = shape.iter().product();
        for with_nan in [false, true] {
            // Few different values, so that there are ties.
            let mut values: Vec<T> = Sequence::new(13).integers(n, -9, 9);
            if with_nan {
                (0..n).filter(|i| i % 997 == 7).for_each(|i| values[i] = T::NAN);
            }
            let x = array(device, &values, &shape);
            for axis in 0..3isize {
                let lanes = lanes(&values, &shape, axis as usize);
                for largest in [true, false] {
                    let (extreme, at) = if largest { (x.max(axis), x.argmax(axis)) } else { (x.min(axis), x.argmin(axis)) };
                    let expected: Vec<usize> =
                        lanes.iter().map(|lane| first(lane, |a, b| a.is_nan() && !b.is_nan() || !b.is_nan() && better(a, b, largest))).collect();
                    assert_eq!(at.to_vec(), expected.iter().map(|&i| i as i64).collect::<Vec<_>>(), "{shape:?} axis {axis}");
                    let values: Vec<T> = lanes.iter().zip(&expected).map(|(lane, &i)| lane[i]).collect();
                    assert_same("extreme", &extreme.to_vec(), &values);
                }
            }
            let all = first(&values, |a, b| a.is_nan() && !b.is_nan() || !b.is_nan() && a > b);
            assert_eq!(x.argmax(..).item().unwrap(), all as i64);
            assert_same("max of all", &[x.max(..).item().unwrap()], &[values[all]]);
            assert_eq!(x.argmin(KeepDims(1)).shape(), vec![shape[0], 1, shape[2]]);
        }
    }
    let infinite = vector(device, &[-T::INFINITY, -T::INFINITY]);
    assert_eq!((infinite.max(..).item().unwrap(), infinite.argmax(..).item().unwrap()), (-T::INFINITY, 0));
    let turned = array(device, &Sequence::new(14).numbers::<T>(300), &[3, 100]).t();
    assert_eq!(turned.argmax(0).to_vec(), turned.copy().unwrap().argmax(0).to_vec());
    assert_eq!(turned.argmin(..).item().unwrap(), turned.copy().unwrap().argmin(..).item().unwrap());
}

/// The position of the first element that no other is better than.
fn first<T: Copy>(lane: &[T], better: impl Fn(T, T) -> bool) -> usize {
    (1..lane.len()).fold(0, |best, i| if better(lane[i], lane[best]) { i } else { best })
}

/// Extremes of integers, limits included.
pub fn extremes_of_integers<B: Backend>(device: &B) {
    macro_rules! check {
        ($($t:ty)*) => {$(
            let values = [3, <$t>::MIN, 7, <$t>::MAX, <$t>::MIN, 1];
            let x = vector(device, &values);
            assert_eq!((x.max(..).item().unwrap(), x.min(..).item().unwrap()), (<$t>::MAX, <$t>::MIN));
            assert_eq!((x.argmax(..).item().unwrap(), x.argmin(..).item().unwrap()), (3, 1));
            assert_eq!(vector(device, &[<$t>::MIN; 70]).argmax(0).item().unwrap(), 0);
        )*};
    }
    check!(i8 i16 i32 i64 u8 u16 u32 u64);
}

/// `all`, `any`, `count_nonzero` of booleans and numbers.
pub fn logical<B: Backend>(device: &B) {
    let x = array(device, &[true, true, false, true, true, true], &[2, 3]);
    assert_eq!((x.all(1).to_vec(), x.any(0).to_vec(), x.count_nonzero(0).to_vec()), (vec![false, true], vec![true; 3], vec![2, 2, 1]));
    assert!(!x.all(..).item().unwrap() && x.any(..).item().unwrap());
    assert_eq!(x.count_nonzero(KeepDims(1)).to_vec(), [2, 3]);
    assert_eq!(x.all(KeepDims([0, 1])).shape(), vec![1, 1]);
    let n = vector(device, &[0.0f32, -0.0, f32::NAN, 2.0]);
    assert_eq!((n.count_nonzero(..).item().unwrap(), n.all(..).item().unwrap(), n.any(..).item().unwrap()), (2, false, true));
    assert!(vector(device, &[0u8, 5]).any(0).item().unwrap());
    let none = array::<_, i32>(device, &[], &[0, 2]);
    assert_eq!((none.all(0).to_vec(), none.any(0).to_vec(), none.count_nonzero(0).to_vec()), (vec![true; 2], vec![false; 2], vec![0; 2]));
    assert!(none.all(..).item().unwrap());
    let long = xp_core::functions::arange(device, 0i64, 100_000, 1).unwrap();
    assert_eq!(long.remainder(3).count_nonzero(..).item().unwrap(), 66_666);
}

/// `mean`, `var`, `std`, with corrections, around a large mean.
pub fn means_and_variances<B: Backend, T: Float>(device: &B) {
    let eps = T::EPSILON.to_f64();
    let offset = 1000.0;
    let values: Vec<T> = Sequence::new(15).numbers::<T>(5000 * 3).into_iter().map(|v| T::from_f64(v.to_f64() + offset)).collect();
    let x = array(device, &values, &[5000, 3]);
    for axis in [0usize, 1] {
        for correction in [0.0, 1.0, 1.5] {
            let (mean, var, std) = (x.mean(axis).to_vec(), x.var(axis, correction).to_vec(), x.std(axis, correction).to_vec());
            for (k, lane) in lanes(&values, &[5000, 3], axis).iter().enumerate() {
                let n = lane.len() as f64;
                let exact = lane.iter().map(|v| v.to_f64()).sum::<f64>() / n;
                let spread = lane.iter().map(|v| (v.to_f64() - exact).powi(2)).sum::<f64>() / (n - correction);
                assert!((mean[k].to_f64() - exact).abs() <= 16.0 * eps * exact.abs());
                // Two passes: the error does not grow with the square of the mean, only with the rounding of it.
                let bound = 64.0 * eps * spread + (4.0 * eps * offset).powi(2) * n / (n - correction);
                assert!((var[k].to_f64() - spread).abs() <= bound, "var along {axis}: {} for {spread}", var[k]);
                assert!((std[k].to_f64() - spread.sqrt()).abs() <= bound / spread.sqrt() + eps * spread);
            }
        }
    }
    assert_eq!(x.var(KeepDims(0), 0.0).shape(), vec![1, 3]);
    assert_eq!(x.std(KeepDims(1), 0.0).shape(), vec![5000, 1]);
    let few = vector(device, &[T::from_f64(1.0), T::from_f64(3.0)]);
    assert_eq!(
        (few.var(.., 0.0).item().unwrap(), few.std(.., 0.0).item().unwrap(), few.mean(..).item().unwrap()),
        (T::ONE, T::ONE, T::from_f64(2.0))
    );
    // As many elements as the correction takes away, or fewer.
    assert!(few.var(.., 2.0).item().unwrap().is_nan() && few.var(0, 5.0).item().unwrap().is_nan());
    assert!(few.slice_axis(0, ..0).unwrap().mean(..).item().unwrap().is_nan());
}

/// Reductions of no elements: the identity where there is one, a panic that names the shape where there is none.
pub fn empty<B: Backend, T: Float>(device: &B) {
    let x: Any<B, T> = array(device, &[], &[2, 0, 3]);
    assert_eq!((x.sum(1).to_vec(), x.prod(1).to_vec()), (vec![T::ZERO; 6], vec![T::ONE; 6]));
    assert_eq!((x.sum(..).item().unwrap(), x.prod(..).item().unwrap()), (T::ZERO, T::ONE));
    assert_eq!((x.sum(0).shape().to_vec(), x.max(0).shape().to_vec(), x.argmin(-1).shape().to_vec()), (vec![0, 3], vec![0, 3], vec![2, 0]));
    assert!(x.mean(1).to_vec().iter().all(|v| v.is_nan()) && x.var(1, 0.0).to_vec().iter().all(|v| v.is_nan()));
    assert!(x.mean(..).item().unwrap().is_nan());
    for message in [panic_message(|| x.max(1)), panic_message(|| x.argmax(1)), panic_message(|| x.min(..)), panic_message(|| x.argmin(..))] {
        assert!(message.contains("[2, 0, 3]") && message.contains("at least one element"), "{message}");
    }
    assert!(x.lazy().max(1).try_eval().is_err());
}

/// Every layout gives the same sums.
pub fn layouts<B: Backend, T: Float>(device: &B) {
    // Integers, whose sums are exact in any order.
    for sample in samples(device, &Sequence::new(16).integers::<T>(150, -9, 9)) {
        let total: f64 = sample.values.iter().map(|v| v.to_f64()).sum();
        assert_eq!(sample.array.sum(..).item().unwrap().to_f64(), total, "{}", sample.layout);
        if !sample.values.is_empty() {
            let dense = array(device, &sample.values, sample.array.dims());
            assert_eq!(sample.array.max(..).item().unwrap(), dense.max(..).item().unwrap(), "{}", sample.layout);
            assert_eq!(sample.array.argmin(..).item().unwrap(), dense.argmin(..).item().unwrap(), "{}", sample.layout);
        }
        for axis in 0..sample.array.ndim() as isize {
            let dense = array(device, &sample.values, sample.array.dims());
            assert_eq!(sample.array.sum(axis).to_vec(), dense.sum(axis).to_vec(), "{}", sample.layout);
        }
    }
}

/// The same shape gives the same bits, every time and whatever the elements' place in memory.
pub fn reproducible<B: Backend, T: Float>(device: &B) {
    let n = 300_001;
    let values = Sequence::new(17).numbers::<T>(n);
    let x = vector(device, &values);
    let first = x.sum(..).item().unwrap();
    let shifted = vector(device, &[&[T::ONE], &values[..]].concat()).slice_axis(0, 1..).unwrap();
    for _ in 0..5 {
        assert_same("sum", &[x.sum(..).item().unwrap()], &[first]);
        assert_same("sum of a view", &[shifted.sum(..).item().unwrap()], &[first]);
    }
    let m: Array<B, T, _> = x.slice_axis(0, ..300_000).unwrap().reshape([1000, 300]).unwrap();
    let (rows, columns) = (m.sum(1).to_vec(), m.sum(0).to_vec());
    for _ in 0..3 {
        assert_same("rows", &m.sum(1).to_vec(), &rows);
        assert_same("columns", &m.sum(0).to_vec(), &columns);
    }
}

/// What a reduction of the table makes of some numbers, in double precision.
fn oracle(name: &str, x: &[f64]) -> f64 {
    let (low, high) = (x.iter().copied().fold(f64::INFINITY, f64::min), x.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    let first = |value: f64| x.iter().position(|&v| v == value).expect("one of the elements") as f64;
    match name {
        "all" => f64::from(x.iter().all(|&v| v != 0.0)),
        "any" => f64::from(x.iter().any(|&v| v != 0.0)),
        "argmax" => first(high),
        "argmin" => first(low),
        "count_nonzero" => x.iter().filter(|&&v| v != 0.0).count() as f64,
        "max" => high,
        "mean" => x.iter().sum::<f64>() / x.len() as f64,
        "min" => low,
        "prod" => x.iter().product(),
        "ptp" => high - low,
        "sum" => x.iter().sum(),
        _ => panic!("`{name}` has no oracle here"),
    }
}

/// Every reduction of the table, along an axis and of all, for floats and, where it takes them, integers.
pub fn every_reduction<B: Backend>(device: &B) {
    const SHAPE: [usize; 3] = [3, 70, 5];
    // Small integers, so that sums are exact in `f32`; few of them differ from 1, so that products nearly are too.
    let numbers = Sequence::new(21).integers::<i64>(3 * 70 * 5, 0, 60);
    let plain: Vec<f32> = numbers.into_iter().map(|v| if v > 55 { v - 54 } else { i64::from(v > 2) } as f32).collect();
    let host: Vec<f64> = plain.iter().map(|&v| f64::from(v)).collect();
    macro_rules! each {
        ($(
            #[doc = $doc:literal]
            $(#[doc = $more:literal])*
            $name:ident $R:ident $bound:ident $formula:literal $place:ident $exact:ident [$($alias:literal)*];
        )*) => {$(each!(@ $bound $name);)*};
        (@ Floating $name:ident) => { each!(@@ f32 $name); };
        (@ $bound:ident $name:ident) => { each!(@@ f32 $name); each!(@@ i32 $name); each!(@@ u8 $name); };
        (@@ $t:ident $name:ident) => {{
            let x = array(device, &plain, &SHAPE).astype::<$t>();
            let turned = x.permute_dims(&[1, 2, 0]).unwrap().copy().unwrap().permute_dims(&[2, 0, 1]).unwrap();
            for x in [&x, &turned] {
                for axis in 0..3 {
                    let expected: Vec<f64> = lanes(&host, &SHAPE, axis).iter().map(|lane| oracle(stringify!($name), lane)).collect();
                    check(stringify!($name), &x.$name(axis as isize).astype::<f32>().to_vec(), &expected);
                }
                check(stringify!($name), &x.$name(..).astype::<f32>().to_vec(), &[oracle(stringify!($name), &host)]);
            }
        }};
    }
    fn check(name: &str, got: &[f32], expected: &[f64]) {
        assert_eq!(got.len(), expected.len(), "{name}");
        for (got, expected) in got.iter().zip(expected) {
            assert!((f64::from(*got) - expected).abs() <= 1e-6 * expected.abs(), "{name}: {got} for {expected}");
        }
    }
    xp_core::reduction_operations!(each);
}

/// The Euclidean length: a user's reduction.
#[derive(Clone, Copy)]
struct Length;
impl<T: Float> Reduction<T> for Length {
    type Acc = f64;
    type Out = T;
    type Partial = f64;
    const NAME: &'static str = "length";
    // SAFETY: the functions touch nothing but their arguments.
    const DEVICE: DeviceSource = unsafe {
        DeviceSource::own(&[
            (
                Language::Cuda,
                "template <class T> struct reduce_length {
                   typedef f64 Acc;
                   typedef T Out;
                   DEVICE f64 identity() { return 0; }
                   DEVICE f64 push(f64 a, T x, i64) { return a + convert<f64>(x) * convert<f64>(x); }
                   DEVICE f64 merge(f64 a, f64 b) { return a + b; }
                   DEVICE T finish(f64 a, i64) { return convert<T>(sqrt(a)); }
                   DEVICE void partial(f64 a, i64 i, f64* to) { to[i] = a; }
                 };",
            ),
            (
                Language::Wgsl,
                "alias length_acc = f32;
                 fn length_identity() -> length_acc { return 0.0; }
                 fn length_push(a: length_acc, x: f32, i: u32) -> length_acc { return a + x * x; }
                 fn length_merge(a: length_acc, b: length_acc) -> length_acc { return a + b; }
                 fn length_finish(a: length_acc, count: u32) -> f32 { return op_sqrt_f32(a); }",
            ),
        ])
    };
    const HAS_IDENTITY: bool = true;
    fn identity() -> f64 {
        0.0
    }
    fn push<I: Isa>(acc: f64, x: T, _: usize) -> f64 {
        acc + x.to_f64() * x.to_f64()
    }
    fn merge(a: f64, b: f64) -> f64 {
        a + b
    }
    fn finish(self, acc: f64, _: usize) -> T {
        T::from_f64(acc.sqrt())
    }
    fn to_partial(acc: f64) -> f64 {
        acc
    }
    fn from_partial(partial: f64, _: usize) -> f64 {
        partial
    }
}

/// A user's own reduction at the end of an expression.
pub fn own_reductions<B: Backend, T: Float>(device: &B) {
    let (n, p) = (700, 30);
    let values = Sequence::new(22).numbers::<T>(n * p);
    let x = array(device, &values, &[n, p]);
    for axis in [0, 1] {
        let lengths = (x.lazy() + &x).reduce(Length, axis as isize).eval().to_vec();
        for (got, lane) in lengths.iter().zip(lanes(&values, &[n, p], axis)) {
            let exact = lane.iter().map(|v| 4.0 * v.to_f64() * v.to_f64()).sum::<f64>().sqrt();
            assert!((got.to_f64() - exact).abs() <= 4.0 * T::EPSILON.to_f64() * exact, "{got} for {exact}");
        }
    }
}

/// Mean and sum of squared deviations from it.
fn moments(lane: &[f64]) -> (f64, f64) {
    let mean = lane.iter().sum::<f64>() / lane.len() as f64;
    (mean, lane.iter().map(|v| (v - mean).powi(2)).sum())
}

/// Several reductions at once, along every axis and over every layout, against loops.
pub fn several<B: Backend, T: Float>(device: &B) {
    let eps = T::EPSILON.to_f64();
    for shape in SHAPES {
        let n: usize = shape.iter().product();
        let values = Sequence::new(23).numbers::<T>(n);
        let host: Vec<f64> = values.iter().map(|v| v.to_f64()).collect();
        let x = array(device, &values, &shape);
        let turned = x.permute_dims(&[2, 0, 1]).unwrap().copy().unwrap().permute_dims(&[1, 2, 0]).unwrap();
        for x in [&x, &turned] {
            for axis in 0..3 {
                let lanes = lanes(&host, &shape, axis);
                let (sum, max, at) = x.lazy().negative().reduce((Sum, Max, ArgMax), axis).eval();
                let (mean, ptp) = x.reduce((Mean, Ptp), KeepDims(axis));
                let mut kept = shape.to_vec();
                kept[axis] = 1;
                assert_eq!((mean.shape().to_vec(), ptp.shape().to_vec()), (kept.clone(), kept));
                let (results, at) = ([sum.to_vec(), max.to_vec(), mean.to_vec(), ptp.to_vec()], at.to_vec());
                for (k, lane) in lanes.iter().enumerate() {
                    let [sum, max, mean, ptp] = [0, 1, 2, 3].map(|r| results[r][k].to_f64());
                    let (low, high) = (oracle("min", lane), oracle("max", lane));
                    let size: f64 = lane.iter().map(|v| v.abs()).sum();
                    assert!((sum + oracle("sum", lane)).abs() <= 16.0 * eps * size, "sum of {shape:?} along {axis}");
                    assert!((mean - oracle("mean", lane)).abs() * lane.len() as f64 <= 16.0 * eps * size, "mean of {shape:?} along {axis}");
                    assert_eq!((max, ptp), (-low, T::from_f64(high - low).to_f64()), "{shape:?} along {axis}");
                    assert_eq!(at[k], oracle("argmin", lane) as i64, "{shape:?} along {axis}");
                }
            }
            let (low, (high, count), place) = x.reduce((Min, (Max, CountNonzero), ArgMin), ..);
            assert_eq!((low.item().unwrap().to_f64(), high.item().unwrap().to_f64()), (oracle("min", &host), oracle("max", &host)));
            assert_eq!((count.item().unwrap(), place.item().unwrap()), (oracle("count_nonzero", &host) as i64, oracle("argmin", &host) as i64));
            let (all, length) = x.reduce((All, Length), [0, -1]);
            assert_eq!((all.dims(), length.dims()), (&shape[1..2], &shape[1..2]));
            for (j, (all, length)) in all.to_vec().into_iter().zip(length.to_vec()).enumerate() {
                let lane: Vec<f64> = (0..n).filter(|i| i / shape[2] % shape[1] == j).map(|i| host[i]).collect();
                let exact = lane.iter().map(|v| v * v).sum::<f64>().sqrt();
                assert!(all == lane.iter().all(|&v| v != 0.0) && (length.to_f64() - exact).abs() <= 4.0 * eps * exact, "{length} for {exact}");
            }
        }
    }
    for sample in samples(device, &Sequence::new(24).integers::<T>(150, -9, 9)) {
        if sample.values.is_empty() {
            continue;
        }
        let (sum, least) = sample.array.reduce((Sum, ArgMin), ..);
        let host: Vec<f64> = sample.values.iter().map(|v| v.to_f64()).collect();
        assert_eq!(sum.item().unwrap().to_f64(), oracle("sum", &host), "{}", sample.layout);
        assert_eq!(least.item().unwrap(), oracle("argmin", &host) as i64, "{}", sample.layout);
    }
    // No elements: identities, and an error that names the reduction that has none.
    let none: Any<B, T> = array(device, &[], &[2, 0, 3]);
    let (sum, mean) = none.reduce((Sum, Mean), 1);
    assert!(sum.to_vec() == vec![T::ZERO; 6] && mean.to_vec().iter().all(|v| v.is_nan()));
    let (sum, max) = none.reduce((Sum, Max), 0);
    assert_eq!((sum.shape().to_vec(), max.shape().to_vec()), (vec![0, 3], vec![0, 3]));
    let message = panic_message(|| none.reduce((Sum, Min, Mean), 1));
    assert!(message.contains("min") && message.contains("[2, 0, 3]"), "{message}");
    let message = panic_message(|| array(device, &[T::ONE; 6], &[1, 2, 3]).reduce((Sum, ArgMax), [0, 1]));
    assert!(message.contains("argmax") && message.contains("2 axes"), "{message}");
}

/// Variances in one pass, whatever the mean; with what runs beside them.
pub fn one_pass_variances<B: Backend, T: Float>(device: &B) {
    let eps = T::EPSILON.to_f64();
    for offset in [0.0, 1000.0, -1e6] {
        let values: Vec<T> = Sequence::new(25).numbers::<T>(5000 * 3).into_iter().map(|v| T::from_f64(v.to_f64() + offset)).collect();
        let x = array(device, &values, &[5000, 3]);
        let turned = array(device, &x.t().copy().unwrap().to_vec(), &[3, 5000]).t();
        for axis in [0usize, 1] {
            for x in [&x, &turned] {
                let (var, max, std) = x.reduce((Var(1.0), Max, Std(0.5)), axis);
                let (var, max, std) = (var.to_vec(), max.to_vec(), std.to_vec());
                for (k, lane) in lanes(&values, &[5000, 3], axis).iter().enumerate() {
                    let host: Vec<f64> = lane.iter().map(|v| v.to_f64()).collect();
                    let (n, (_, squares)) = (host.len() as f64, moments(&host));
                    let near = |got: T, exact: f64| (got.to_f64() - exact).abs() <= 4.0 * n.sqrt() * eps * exact;
                    assert!(near(var[k], squares / (n - 1.0)), "variance {} for {} at {offset}", var[k], squares / (n - 1.0));
                    assert!(near(std[k], (squares / (n - 0.5)).sqrt()), "deviation at {offset}");
                    assert_eq!(max[k].to_f64(), oracle("max", &host));
                }
            }
        }
    }
    // One element far away, and what has no variance.
    let far: Vec<T> = (0..3000).map(|i| if i == 0 { T::from_f64(1e6) } else { T::from_f64(f64::from(i % 7)) }).collect();
    let (_, squares) = moments(&far.iter().map(|v| v.to_f64()).collect::<Vec<_>>());
    let got = vector(device, &far).reduce((Var(0.0), Mean), 0).0.item().unwrap().to_f64();
    assert!((got * 3000.0 - squares).abs() <= 200.0 * eps * squares, "{got} for {}", squares / 3000.0);
    let few = vector(device, &[T::ONE, T::from_f64(3.0)]);
    assert_eq!(few.reduce(Var(0.0), ..).item().unwrap(), T::ONE);
    assert!(few.reduce(Var(2.0), ..).item().unwrap().is_nan() && few.reduce(Std(5.0), 0).item().unwrap().is_nan());
    assert!(few.slice_axis(0, ..0).unwrap().reduce(Var(0.0), ..).item().unwrap().is_nan());
    let z = [Complex::new(1.0f32, 2.0), Complex::new(-3.0, 0.5), Complex::new(0.0, 4.0)];
    let (mean, var) = vector(device, &z).reduce((Mean, Var(0.0)), 0);
    let (mean, var) = (mean.item().unwrap(), var.item().unwrap());
    let exact = z.iter().map(|v| (v - mean).norm_sqr()).sum::<f32>() / 3.0;
    assert!((var - exact).abs() <= 8.0 * f32::EPSILON * exact, "{var} for {exact}");
    let halves = vector(device, &[1.0f32, 2.0, 4.0, 9.0].map(f16::from_f32));
    assert_eq!(halves.reduce((Var(0.0), Sum), 0).0.item().unwrap(), f16::from_f32(9.5));
}

/// A lazy reduction as an operand of another expression.
pub fn operands_of_expressions<B: Backend, T: Float>(device: &B) {
    let (n, p) = (70, 5);
    let values = Sequence::new(26).numbers::<T>(n * p);
    let x = array(device, &values, &[n, p]);
    let columns = lanes(&values.iter().map(|v| v.to_f64()).collect::<Vec<_>>(), &[n, p], 0);
    let eps = T::EPSILON.to_f64();
    let centred = (x.lazy() - x.lazy().mean(KeepDims(0))) / x.lazy().reduce(Std(0.0), KeepDims(0));
    let eager = &x - x.lazy().mean(0);
    for (i, (z, c)) in centred.eval().to_vec().into_iter().zip(eager.to_vec()).enumerate() {
        let column = &columns[i % p];
        let (mean, squares) = moments(column);
        let deviation = (squares / n as f64).sqrt();
        let exact = values[i].to_f64() - mean;
        assert!((c.to_f64() - exact).abs() <= 8.0 * eps * column.iter().map(|v| v.abs()).fold(0.0, f64::max));
        assert!((z.to_f64() - exact / deviation).abs() <= 64.0 * eps * (1.0 + exact.abs() / deviation), "{z}");
    }
    let sum = x.sum(0);
    let two = T::from_f64(2.0);
    let halves = [
        (x.lazy().sum(0) * T::from_f64(0.5)).eval(),
        (x.lazy().sum(0) / two).eval(),
        (xp_core::expr::c(0.5) * x.lazy().sum(0)).eval(),
        (-(x.lazy().sum(0) / -two)).eval(),
        x.lazy().sum(0).lazy().multiply(T::from_f64(0.5)).eval(),
    ];
    for half in halves {
        assert_same("half of a sum", &half.to_vec(), &sum.to_vec().iter().map(|v| T::from_f64(v.to_f64() / 2.0)).collect::<Vec<_>>());
    }
    assert_eq!((x.lazy().max(..) - x.lazy().min(..)).eval().item().unwrap(), x.ptp(..).item().unwrap());
    let chosen = x.lazy().greater(x.lazy().mean(KeepDims(0))).where_(x.lazy().max(KeepDims(0)), T::ZERO).eval();
    let plain = xp_core::functions::where_(&x.greater(x.mean(KeepDims(0))), x.max(KeepDims(0)), T::ZERO);
    assert_same("where", &chosen.to_vec(), &plain.to_vec());
    let mut owned = x.clone();
    owned -= x.lazy().mean(KeepDims(0));
    assert_same("in place", &owned.to_vec(), &eager.to_vec());
    // An error comes out where the outer expression runs.
    let e = (x.lazy() - x.lazy().sum(7)).try_eval().unwrap_err();
    assert_eq!(e, xp_core::Error::Axis { axis: 7, ndim: 2 });
    assert!((x.lazy().max(KeepDims(0)) + x.lazy().sum(7)).sum(0).try_eval().is_err());
    assert!(array::<B, T>(device, &[], &[0, 3]).lazy().max(0).lazy().sqrt().try_eval().is_err());
}
