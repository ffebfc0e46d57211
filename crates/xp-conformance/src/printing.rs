//! Display and Debug, as NumPy prints.

use num_complex::Complex;
use xp_core::functions::{arange, full};
use xp_core::{Array, Backend, s};

use crate::support::vector;

/// Vectors, matrices and stacks of small arrays.
pub fn as_numpy_does<B: Backend>(device: &B) {
    let x = Array::from_vec(device, vec![1.0f32, 2.0, 3.5, -4.25], [2, 2]).unwrap();
    assert_eq!(x.to_string(), "[[ 1.    2.  ]\n [ 3.5  -4.25]]");
    assert_eq!(x.t().to_string(), "[[ 1.    3.5 ]\n [ 2.   -4.25]]");
    assert_eq!(format!("{x:.1}"), "[[ 1.   2. ]\n [ 3.5 -4.2]]");
    assert_eq!(vector(device, &[1, 20, -3]).to_string(), "[ 1 20 -3]");
    assert_eq!(vector(device, &[true, false]).to_string(), "[ True False]");
    assert_eq!(full(device, [], 7).unwrap().to_string(), "7");
    assert_eq!(full(device, [], 2.5f32).unwrap().to_string(), "2.5");
    assert_eq!(vector::<_, f32>(device, &[]).to_string(), "[]");
    assert_eq!(vector(device, &[f32::NAN, f32::INFINITY, -1.0]).to_string(), "[nan inf -1.]");
    assert_eq!(vector(device, &[0.0f32, 1e10]).to_string(), "[0.e+00 1.e+10]");
    let cube = arange(device, 0, 8, 1).unwrap().reshape([2, 2, 2]).unwrap();
    assert_eq!(cube.to_string(), "[[[0 1]\n  [2 3]]\n\n [[4 5]\n  [6 7]]]");
    let long = arange(device, 0, 40, 1).unwrap().to_string();
    assert_eq!(long.lines().next().unwrap(), "[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23");
    assert_eq!(long.lines().nth(1).unwrap(), " 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39]");
    assert_eq!(vector(device, &[Complex::new(1.0f32, -2.0), Complex::new(0.5, 0.0)]).to_string(), "[1. -2.j 0.5+0.j]");
}

/// Large arrays show their corners.
pub fn summarised<B: Backend>(device: &B) {
    let x = arange(device, 0, 1001, 1).unwrap();
    assert_eq!(x.to_string(), "[   0    1    2 ...  998  999 1000]");
    assert_eq!(x.slice(s![..1000]).unwrap().to_string().matches('\n').count(), 55);
    let m = arange(device, 0, 10_000, 1).unwrap().reshape([100, 100]).unwrap();
    let text = m.to_string();
    assert_eq!(text.lines().count(), 7);
    assert_eq!(text.lines().next().unwrap(), "[[   0    1    2 ...   97   98   99]");
    assert_eq!(text.lines().nth(3).unwrap(), " ...");
    assert_eq!(text.lines().last().unwrap(), " [9900 9901 9902 ... 9997 9998 9999]]");
    let thin = arange(device, 0, 2000, 1).unwrap().reshape([1000, 2]).unwrap().to_string();
    assert_eq!(thin.lines().next().unwrap(), "[[   0    1]");
    assert_eq!(thin.lines().count(), 7);
}

/// Debug says shape, dtype and device.
pub fn debug<B: Backend>(device: &B) {
    let x = Array::from_vec(device, vec![1u8, 2, 3, 4], [2, 2]).unwrap();
    assert_eq!(format!("{x:?}"), format!("array([[1 2]\n       [3 4]], shape=[2, 2], dtype=uint8, device={device})"));
}

/// Names of dtypes, kinds, limits.
pub fn dtypes<B: Backend>(_: &B) {
    use xp_core::dtype::{DType, can_cast, finfo, iinfo, isdtype, result_type};
    let names: Vec<&str> = DType::ALL.iter().map(|d| d.name()).collect();
    assert_eq!(
        names,
        [
            "bool",
            "int8",
            "int16",
            "int32",
            "int64",
            "uint8",
            "uint16",
            "uint32",
            "uint64",
            "float16",
            "bfloat16",
            "float32",
            "float64",
            "complex64",
            "complex128"
        ]
    );
    assert_eq!((iinfo::<i8>().min, iinfo::<u16>().max, iinfo::<i64>().bits), (-128, 65535, 64));
    assert_eq!((finfo::<f32>().eps, finfo::<f32>().smallest_normal, finfo::<f32>().min), (f32::EPSILON, f32::MIN_POSITIVE, f32::MIN));
    assert!(isdtype(DType::U8, &[xp_core::dtype::Kind::UnsignedInteger]) && !isdtype(DType::Bool, &[xp_core::dtype::Kind::UnsignedInteger]));
    // The table is symmetric and idempotent.
    for a in DType::ALL {
        assert_eq!(result_type(a, a), Some(a));
        for b in DType::ALL {
            let c = result_type(a, b);
            assert_eq!(c, result_type(b, a), "{a} and {b}");
            assert!(c.is_none_or(|c| can_cast(a, c) && can_cast(b, c)), "{a} and {b}");
        }
    }
    assert_eq!(result_type(DType::U64, DType::I64), None);
    assert_eq!(result_type(DType::I64, DType::F32), None);
    assert_eq!(result_type(DType::I8, DType::U32), Some(DType::I64));
    assert!(B::supports(<B::MaxFloat as xp_core::Element>::DTYPE));
}

/// Double precision: shortest digits up to eight, scientific notation for wide ranges.
pub fn float64<B: Backend>(device: &B) {
    assert_eq!(vector(device, &[0.1 + 0.2, 1.0 / 3.0]).to_string(), "[0.3        0.33333333]");
    assert_eq!(vector(device, &[1e-10, 1.0]).to_string(), "[1.e-10 1.e+00]");
    assert_eq!(vector(device, &[-0.0, 100.5]).to_string(), "[ -0.  100.5]");
    assert_eq!(vector(device, &[1.5e300, -1e-300]).to_string(), "[ 1.5e+300 -1.0e-300]");
}
