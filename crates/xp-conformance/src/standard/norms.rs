//! `cross` and norms of vectors, over any axes, at any scale.

use xp_core::functions::*;
use xp_core::linalg::{cross, vector_norm};
use xp_core::{Array, Backend, Error, Float, Num};

use crate::support::{array, vector};

/// `cross` along any axis, with broadcasting.
pub fn cross_products<B: Backend>(device: &B) {
    let a = Array::from_vec(device, vec![1i64, 2, 3, 4, 5, 6], [2, 3]).unwrap();
    let b = vector(device, &[7i64, -8, 9]);
    let naive = |a: &[i64], b: &[i64]| vec![a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    let expected = [naive(&[1, 2, 3], &[7, -8, 9]), naive(&[4, 5, 6], &[7, -8, 9])].concat();
    assert_eq!(cross(&a, &b, -1).unwrap().to_vec(), expected);
    let columns = cross(&a.t(), &b.expand_dims(1).unwrap(), -2).unwrap();
    assert_eq!(columns.t().to_vec(), expected);
    assert!(matches!(cross(&a, &b, 1), Err(Error::Axis { axis: 1, .. })));
    assert!(matches!(cross(&a.t(), &b, -1), Err(Error::Shape { .. })));
    assert!(cross(&a, &array(device, &[1i64; 9], &[3, 3]), -1).is_err());
}

/// `vector_norm` of every order over every kind of axes, against loops.
pub fn vector_norms<B: Backend, T: Float>(device: &B) {
    let values: Vec<f64> = (0..24).map(|i| f64::from((i * 5 + 2) % 7) - 3.0).collect();
    let x = array(device, &values.iter().map(|&v| T::from_f64(v)).collect::<Vec<_>>(), &[2, 3, 4]);
    let naive = |v: &[f64], p: f64| match p {
        p if p == f64::INFINITY => v.iter().fold(0.0, |m: f64, x| m.max(x.abs())),
        p if p == f64::NEG_INFINITY => v.iter().fold(f64::INFINITY, |m: f64, x| m.min(x.abs())),
        0.0 => v.iter().filter(|x| **x != 0.0).count() as f64,
        p => v.iter().map(|x| x.abs().powf(p)).sum::<f64>().powf(1.0 / p),
    };
    let close = |got: T, want: f64| (got.to_f64() - want).abs() <= 30.0 * T::EPSILON.to_f64() * want.abs();
    for p in [2.0, 1.0, 0.0, 3.0, 0.5, -1.0, -2.0, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(close(vector_norm(&x, .., p).unwrap().item().unwrap(), naive(&values, p)), "{p}");
        let rows = vector_norm(&x, -1, p).unwrap().to_vec();
        for (i, row) in rows.iter().enumerate() {
            assert!(close(*row, naive(&values[4 * i..4 * i + 4], p)), "row {i}, order {p}: {row}");
        }
        let outer = vector_norm(&x, KeepDims([0, 2]), p).unwrap();
        assert_eq!(outer.dims(), [1, 3, 1]);
        for (j, norm) in outer.to_vec().iter().enumerate() {
            let part: Vec<f64> = (0..24).filter(|i| i / 4 % 3 == j).map(|i| values[i]).collect();
            assert!(close(*norm, naive(&part, p)), "part {j}, order {p}: {norm}");
        }
    }
    assert_eq!(vector_norm(&array::<_, T>(device, &[], &[2, 0]), 1, 2.0).unwrap().to_vec(), [T::ZERO; 2]);
    assert!(matches!(vector_norm(&x, 3, 2.0), Err(Error::Axis { .. })));
    assert!(matches!(vector_norm(&x, [0, -3], 2.0), Err(Error::RepeatedAxis { .. })));
}

/// Norms of numbers whose powers overflow or underflow, beside zeros, infinities and NaN.
pub fn norms_at_any_scale<B: Backend, T: Float>(device: &B) {
    let (max, tiny) = (T::MAX.to_f64(), T::MIN_POSITIVE.to_f64());
    for scale in [1.0, max / 1e3, tiny, tiny * 1e3, max.sqrt(), tiny.sqrt()] {
        let at = |v: f64| T::from_f64(v * scale);
        let x = Array::from_vec(device, vec![at(3.0), at(-4.0), T::ZERO, T::ZERO, at(12.0), at(5.0)], [3, 2]).unwrap();
        let got = vector_norm(&x, 1, 2.0).unwrap().to_vec();
        for (g, want) in got.iter().zip([5.0, 0.0, 13.0]) {
            assert!((g.to_f64() / scale - want).abs() <= 8.0 * T::EPSILON.to_f64() * want, "{} times {scale}", g.to_f64() / scale);
        }
        let cubes = vector_norm(&x, .., 3.0).unwrap().item().unwrap().to_f64() / scale;
        assert!((cubes - (27.0 + 64.0 + 1728.0 + 125.0f64).cbrt()).abs() < 40.0 * T::EPSILON.to_f64() * 13.0, "{cubes}");
    }
    let x = Array::from_vec(device, vec![T::INFINITY, T::ONE, T::NAN, T::ONE, T::MAX, T::ONE], [3, 2]).unwrap();
    let got = vector_norm(&x, 1, 2.0).unwrap().to_vec();
    assert!(got[0] == T::INFINITY && got[1].is_nan() && got[2] == T::MAX, "{got:?}");
}

/// Magnitudes of complex numbers.
pub fn complex_norms<B: Backend>(device: &B) {
    let z = vector(device, &[num_complex::Complex::new(3e30f32, 4e30), num_complex::Complex::new(0.0, -12e30)]);
    let got = vector_norm(&z, 0, 2.0).unwrap().item().unwrap();
    assert!((got / 13e30 - 1.0).abs() < 1e-6, "{got}");
    assert_eq!(vector_norm(&z, 0, 1.0).unwrap().dtype(), <f32 as xp_core::Element>::DTYPE);
    assert_eq!(vector_norm(&z, 0, 0.0).unwrap().item().unwrap(), f32::from_f64(2.0));
}
