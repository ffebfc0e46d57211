//! Linear algebra on a Vulkan device: residuals and orthogonality.

mod common;

use num_complex::Complex;
use xp_core::linalg::{self, Full, Linalg, LinalgError, Lower, Thin};
use xp_core::{Array, Element, Error, Floating, Ix2, Ix3, Num};
use xp_wgpu::Wgpu;

type Matrix<T> = Array<Wgpu, T, Ix2>;

/// Numbers between -1 and 1 that do not repeat.
fn matrix<T: Floating>(device: &Wgpu, m: usize, n: usize) -> Matrix<T> {
    let mut state = 12_345u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        <T::Real as Num>::from_f64((state >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
    };
    Array::from_vec(device, (0..m * n).map(|_| T::from_parts(next(), next())).collect(), [m, n]).unwrap()
}

/// The largest magnitude of an element of the difference of two matrices.
fn apart<T: Floating>(x: &Matrix<T>, y: &Matrix<T>) -> f64 {
    assert_eq!(x.shape(), y.shape());
    (x.lazy() - y).abs().eval().to_vec().into_iter().map(|v| v.cast::<f64>()).fold(0.0, f64::max)
}

fn identity<T: Floating>(device: &Wgpu, n: usize) -> Matrix<T> {
    xp_core::functions::eye(device, n, n, 0).unwrap()
}

fn adjoint<T: Floating>(x: &Matrix<T>) -> Matrix<T> {
    linalg::adjoint(x).unwrap()
}

fn diagonal<T: Floating>(device: &Wgpu, values: &[f64], m: usize, n: usize) -> Matrix<T> {
    let mut all = vec![T::ZERO; m * n];
    for (k, &v) in values.iter().enumerate() {
        all[k * n + k] = T::from_f64(v);
    }
    Array::from_vec(device, all, [m, n]).unwrap()
}

fn decompositions<T: Floating>(device: &Wgpu)
where
    Wgpu: Linalg<T>,
{
    for (m, n) in [(1, 1), (3, 2), (2, 3), (20, 20), (40, 7), (7, 40), (66, 66), (90, 20), (33, 140), (1100, 3)] {
        let x = matrix::<T>(device, m, n);
        let bound = 1e-5 * (m + n) as f64;
        // A whole basis of many rows takes a software driver long to check.
        for basis in if m > 500 { &[Thin][..] } else { &[Thin, Full] } {
            let basis = *basis;
            let (q, r) = linalg::qr(&x, basis).unwrap();
            assert!(apart(&q.matmul(&r).unwrap(), &x) < bound, "qr of {m} x {n}");
            assert!(apart(&adjoint(&q).matmul(&q).unwrap(), &identity(device, q.shape()[1])) < bound, "q of {m} x {n}");
            let (u, s, vh) = linalg::svd(&x, basis).unwrap();
            let values: Vec<f64> = s.to_vec().into_iter().map(|v| v.cast::<f64>()).collect();
            assert!(values.windows(2).all(|w| w[0] >= w[1]), "{values:?}");
            let middle = diagonal::<T>(device, &values, u.shape()[1], vh.shape()[0]);
            assert!(apart(&u.matmul(&middle).unwrap().matmul(&vh).unwrap(), &x) < bound, "svd of {m} x {n}");
            assert!(apart(&adjoint(&u).matmul(&u).unwrap(), &identity(device, u.shape()[1])) < bound, "u of {m} x {n}");
            assert!(apart(&vh.matmul(&adjoint(&vh)).unwrap(), &identity(device, vh.shape()[0])) < bound, "v of {m} x {n}");
        }
    }
    for n in [1, 2, 5, 33, 70] {
        let x = matrix::<T>(device, n, n);
        let bound = 1e-5 * n as f64;
        let hermitian = (x.lazy() + &adjoint(&x)).eval();
        let (values, vectors) = linalg::eigh(&hermitian).unwrap();
        let values: Vec<f64> = values.to_vec().into_iter().map(|v| v.cast::<f64>()).collect();
        assert!(values.windows(2).all(|w| w[0] <= w[1]), "{values:?}");
        let scaled = vectors.matmul(&diagonal::<T>(device, &values, n, n)).unwrap();
        assert!(apart(&hermitian.matmul(&vectors).unwrap(), &scaled) < 4.0 * bound, "eigh of {n}");
        assert!(apart(&adjoint(&vectors).matmul(&vectors).unwrap(), &identity(device, n)) < bound, "vectors of {n}");
        let positive = (adjoint(&x).matmul(&x).unwrap().lazy() + &identity(device, n)).eval();
        let l = linalg::cholesky(&positive, Lower).unwrap();
        assert!(apart(&l.matmul(&adjoint(&l)).unwrap(), &positive) < bound * n as f64, "cholesky of {n}");
        let b = matrix::<T>(device, n, 3);
        let y = linalg::solve(&positive, &b).unwrap();
        assert!(apart(&positive.matmul(&y).unwrap(), &b) < bound * n as f64, "solve of {n}");
        let z = linalg::solve_triangular(&l, &b, Lower).unwrap();
        assert!(apart(&l.matmul(&z).unwrap(), &b) < bound, "solve_triangular of {n}");
    }
}

#[test]
fn decompositions_of_float32() {
    decompositions::<f32>(&device!());
}

#[test]
fn decompositions_of_complex64() {
    decompositions::<Complex<f32>>(&device!());
}

/// Products of a matrix with its own adjoint: fewer columns than a tile, several tiles, long sums, operands that are turned, computed, empty.
fn symmetric<T: Floating>(device: &Wgpu)
where
    Wgpu: Linalg<T>,
{
    for (m, n) in [(5, 3), (40_000, 2), (300, 70), (20_000, 6), (9, 130), (0, 4), (4, 0)] {
        let x = matrix::<T>(device, m, n);
        let shifted = (x.lazy() + T::ONE).try_eval().unwrap();
        for (gram, x) in [
            (linalg::gram(&x.lazy()).unwrap(), &x),
            (linalg::gram(&x.t().copy().unwrap().t().lazy()).unwrap(), &x),
            (linalg::gram(&(x.lazy() + T::ONE)).unwrap(), &shifted),
        ] {
            let exact = adjoint(x).matmul(x).unwrap();
            let largest = exact.size().min(1) as f64 * 1e-6 * (m as f64).max(1.0);
            assert!(apart(&gram, &exact) <= largest, "{m} x {n}: {}", apart(&gram, &exact));
            assert_eq!(apart(&gram, &adjoint(&gram)), 0.0, "{m} x {n} is Hermitian");
            assert_eq!(apart(&<Wgpu as Linalg<T>>::cross(&x.lazy(), &x.lazy()).unwrap(), &exact), 0.0);
        }
    }
}

#[test]
fn symmetric_products() {
    let device = device!();
    symmetric::<f32>(&device);
    symmetric::<Complex<f32>>(&device);
}

/// A failure is that of the first matrix of the stack that has one, at the place where it is in the whole matrix.
#[test]
fn failures_of_large_matrices_say_where() {
    let device = device!();
    let n = 150;
    let stack = |bad: [(usize, f32); 2]| {
        let one = |k: usize, v: f32| {
            let mut x: Vec<f32> = (0..n * n).map(|e| f32::from(u8::from(e / n == e % n))).collect();
            x[k * n + k] = v;
            x
        };
        Array::<_, f32, Ix3>::from_vec(&device, bad.map(|(k, v)| one(k, v)).concat(), [2, n, n]).unwrap()
    };
    let error = linalg::cholesky(&stack([(120, -1.0), (3, -1.0)]), Lower).unwrap_err();
    assert_eq!(error, Error::Linalg(LinalgError::NotPositiveDefinite { matrix: Some(0), order: 121 }));
    let singular = stack([(0, 1.0), (140, 0.0)]);
    assert_eq!(linalg::solve(&singular, &singular).unwrap_err(), Error::Linalg(LinalgError::Singular { matrix: Some(1), pivot: 140 }));
    let (sign, _) = linalg::slogdet(&stack([(77, -2.0), (1, 1.0)])).unwrap();
    assert_eq!(sign.to_vec(), [-1.0, 1.0]);
}

#[test]
fn factors_of_exchanged_rows() {
    let device = device!();
    for (m, n) in [(150, 150), (200, 70), (70, 200), (5, 3)] {
        let x = matrix::<Complex<f32>>(&device, m, n);
        let lu = linalg::lu(&x).unwrap();
        let product = lu.lower.matmul(&lu.upper).unwrap();
        assert!(apart(&product, &x.take(&lu.permutation, 0).unwrap()) < 1e-5 * (m + n) as f64, "lu of {m} x {n}");
        let largest = lu.lower.abs().max(..).item().unwrap();
        assert!(largest <= 1.0001, "pivots are the largest of their columns: {largest}");
    }
}

#[test]
fn what_cannot_be_done_is_an_error() {
    let device = device!();
    let matrix = |values: [f32; 4]| Array::<_, f32, Ix2>::from_vec(&device, values.to_vec(), [2, 2]).unwrap();
    let ones = matrix([1.0; 4]);
    let linear = |error: Error| match error {
        Error::Linalg(error) => error,
        other => panic!("{other}"),
    };
    assert_eq!(linear(linalg::solve(&ones, &ones).unwrap_err()), LinalgError::Singular { matrix: None, pivot: 1 });
    assert_eq!(
        linear(linalg::cholesky(&matrix([1.0, 2.0, 2.0, 1.0]), Lower).unwrap_err()),
        LinalgError::NotPositiveDefinite { matrix: None, order: 2 }
    );
    assert_eq!(linear(linalg::svd(&matrix([f32::NAN, 0.0, 0.0, 1.0]), Thin).unwrap_err()), LinalgError::NonFinite { matrix: None });
    assert_eq!(linalg::det(&matrix([1.0, 2.0, 3.0, 4.0])).unwrap().item().unwrap(), -2.0);
    // Of a matrix without a direction the vectors are made.
    let (u, s, _) = linalg::svd(&matrix([0.0; 4]), Full).unwrap();
    assert_eq!(s.to_vec(), [0.0, 0.0]);
    assert_eq!(u.matmul(&u.matrix_transpose().unwrap()).unwrap().to_vec(), [1.0, 0.0, 0.0, 1.0]);
}

mod float32 {
    xp_conformance::linalg_suite!(crate::device!(), f32);
    xp_conformance::scales_suite!(crate::device!(), f32);
    xp_conformance::real_linalg_suite!(crate::device!(), f32);
}
mod complex64 {
    xp_conformance::linalg_suite!(crate::device!(), xp_conformance::C64);
    xp_conformance::scales_suite!(crate::device!(), xp_conformance::C64);
}
