//! Norms, and products and factors of lazy matrices, which are never stored.

use xp_core::linalg::{self, MatrixNorm};
use xp_core::{Array, Error, Expr, Floating, Ix2, Lazy, Linalg, Real};

use super::SHAPES;
use super::host::{Host, eps};
use crate::support::{Sequence, vector};

/// All orders of `matrix_norm` and `vector_norm`.
pub fn norms<B: Linalg<T>, T: Floating>(device: &B) {
    for [m, n] in SHAPES {
        if m * n == 0 {
            continue;
        }
        let x = Host::random(81, m, n).on::<B, T>(device);
        let a = Host::of(&x);
        let s: Vec<f64> = linalg::svdvals(&x).unwrap().to_vec().iter().map(|s| s.to_f64()).collect();
        let columns: Vec<f64> = (0..n).map(|j| (0..m).map(|i| a.at(i, j).norm()).sum()).collect();
        let rows: Vec<f64> = (0..m).map(|i| (0..n).map(|j| a.at(i, j).norm()).sum()).collect();
        let (largest, smallest) = (|v: &[f64]| v.iter().copied().fold(0.0, f64::max), |v: &[f64]| v.iter().copied().fold(f64::INFINITY, f64::min));
        for (ord, exact) in [
            (MatrixNorm::Fro, a.norm()),
            (MatrixNorm::Nuc, s.iter().sum()),
            (MatrixNorm::One, largest(&columns)),
            (MatrixNorm::NegOne, smallest(&columns)),
            (MatrixNorm::Inf, largest(&rows)),
            (MatrixNorm::NegInf, smallest(&rows)),
            (MatrixNorm::Two, largest(&s)),
            (MatrixNorm::NegTwo, smallest(&s)),
        ] {
            let got = linalg::matrix_norm(&x, ord).unwrap().item().unwrap().to_f64();
            assert!((got - exact).abs() <= 100.0 * eps::<T>() * largest(&s), "{ord:?} of {m}x{n}: {got} for {exact}");
        }
        for p in [0.0, 0.5, 1.0, 2.0, 3.0, -1.0, -2.0, f64::INFINITY, f64::NEG_INFINITY] {
            for (axis, len) in [(0usize, m), (1, n)] {
                let got = linalg::vector_norm(&x, axis, p).unwrap().to_vec();
                for (k, got) in got.iter().enumerate() {
                    let lane: Vec<f64> = (0..len).map(|i| if axis == 0 { a.at(i, k) } else { a.at(k, i) }.norm()).collect();
                    let exact = match p {
                        0.0 => lane.iter().filter(|v| **v != 0.0).count() as f64,
                        p if p == f64::INFINITY => largest(&lane),
                        p if p == f64::NEG_INFINITY => smallest(&lane),
                        p => lane.iter().map(|v| v.powf(p)).sum::<f64>().powf(1.0 / p),
                    };
                    assert!((got.to_f64() - exact).abs() <= 100.0 * eps::<T>() * exact, "{p}-norm along {axis} of {m}x{n}: {got} for {exact}");
                }
            }
        }
    }
}

/// Lazy matrices of a few kinds, with what they stand for.
fn each_lazy<B: Linalg<T>, T: Floating>(device: &B, mut run: impl Run<B, T>) {
    for [n, p] in [[0, 3], [1, 1], [3, 5], [70, 3], [300, 40], [5000, 7]] {
        let x = matrix::<B, T>(device, 82, n, p);
        let mean = vector(device, &Sequence::new(83).numbers::<T>(p));
        run.call(&format!("{n}x{p}"), &x.lazy(), &x);
        run.call(&format!("{n}x{p}, centred"), &(x.lazy() - &mean), &(&x - &mean));
        let weights = matrix::<B, T>(device, 84, n, 1);
        run.call(&format!("{n}x{p}, weighted"), &((x.lazy() - &mean) * &weights), &(&(&x - &mean) * &weights));
        let turned = matrix::<B, T>(device, 85, p, n).t();
        run.call(&format!("{n}x{p}, transposed"), &(turned.lazy() + &x), &(&turned + &x));
        if n > 0 {
            let picks: Vec<i64> = (0..2 * n as i64 / 3 + 1).map(|i| (i * 7) % n as i64).collect();
            let at = vector(device, &picks);
            run.call(&format!("rows of {n}x{p}"), &(x.lazy_rows(&at).unwrap() - &mean), &(&x.take(&at, 0).unwrap() - &mean));
        }
    }
}

trait Run<B: Linalg<T>, T: Floating> {
    fn call<E: Expr<Backend = B, Elem = T, Dim = Ix2>>(&mut self, what: &str, lazy: &Lazy<E>, stored: &Array<B, T, Ix2>);
}

fn matrix<B: Linalg<T>, T: Floating>(device: &B, seed: u64, n: usize, p: usize) -> Array<B, T, Ix2> {
    Host::random(seed, n, p).on::<B, T>(device).into_rank().unwrap()
}

/// `gram`, `cross`, `project` of expressions against products of stored matrices.
pub fn lazy_products<B: Linalg<T>, T: Floating>(device: &B) {
    struct Products;
    impl<B: Linalg<T>, T: Floating> Run<B, T> for Products {
        fn call<E: Expr<Backend = B, Elem = T, Dim = Ix2>>(&mut self, what: &str, lazy: &Lazy<E>, stored: &Array<B, T, Ix2>) {
            let (device, [n, p]) = (stored.device(), stored.shape());
            let a = Host::of(stored);
            let limit = 16.0 * eps::<T>() * (1.0 + (n.min(64)) as f64);
            let gram = Host::of(&linalg::gram(lazy).unwrap());
            let size = a.norm() * a.norm();
            assert!(gram.minus(&a.adjoint().mul(&a)).norm() <= limit * size, "gram of {what}");
            assert!((0..p).all(|i| (0..i).all(|j| gram.at(i, j) == gram.at(j, i).conj())), "gram of {what} is not Hermitian");
            let other = matrix::<B, T>(device, 86, n, 4);
            let b = Host::of(&other);
            let cross = Host::of(&B::cross(lazy, &(other.lazy() * T::from_f64(2.0))).unwrap());
            assert_eq!((cross.rows, cross.cols), (p, 4));
            assert!(cross.minus(&a.adjoint().mul(&b).times_columns(&[2.0; 4])).norm() <= limit * 2.0 * a.norm() * b.norm(), "cross of {what}");
            let onto = matrix::<B, T>(device, 87, 3, p).t();
            let c = Host::of(&onto);
            let projected = Host::of(&B::project(lazy, &onto).unwrap());
            assert_eq!((projected.rows, projected.cols), (n, 3));
            assert!(projected.minus(&a.mul(&c)).norm() <= limit * a.norm() * c.norm(), "project of {what}");
            let short = matrix::<B, T>(device, 88, n + 1, 2);
            let message = B::cross(lazy, &short.lazy()).unwrap_err().to_string();
            assert!(message.contains(&format!("[{}, 2]", n + 1)) && message.contains(&format!("{n} rows")), "{message}");
            assert!(B::project(lazy, &matrix(device, 89, p + 1, 2)).is_err());
        }
    }
    each_lazy::<B, T>(device, Products);
}

/// Products and factors of a lazy matrix that would stretch looked-up rows are refused.
pub fn lazy_products_of_stretched_rows<B: Linalg<T>, T: Floating>(device: &B) {
    let (x, big, b) = (matrix::<B, T>(device, 90, 2, 3), matrix::<B, T>(device, 91, 1000, 3), matrix::<B, T>(device, 92, 3, 4));
    let bad = big.lazy() - x.lazy_rows(&vector(device, &[1i64])).unwrap();
    let expected = Error::Stretch { rows: vec![1, 3], out: vec![1000, 3] };
    assert_eq!(linalg::gram(&bad).unwrap_err(), expected);
    assert_eq!(B::cross(&bad, &big.lazy()).unwrap_err(), expected);
    assert_eq!(B::cross(&big.lazy(), &bad).unwrap_err(), expected);
    assert_eq!(B::project(&bad, &b).unwrap_err(), expected);
    assert_eq!(B::tall_r(&bad).unwrap_err(), expected);
}

/// `tall_r` of expressions: `R^H R` is the Gram matrix, and small singular values are those of the matrix.
pub fn tall_r<B: Linalg<T>, T: Floating>(device: &B) {
    struct Factor;
    impl<B: Linalg<T>, T: Floating> Run<B, T> for Factor {
        fn call<E: Expr<Backend = B, Elem = T, Dim = Ix2>>(&mut self, what: &str, lazy: &Lazy<E>, stored: &Array<B, T, Ix2>) {
            let [n, p] = stored.shape();
            let (a, r) = (Host::of(stored), Host::of(&B::tall_r(lazy).unwrap()));
            assert_eq!((r.rows, r.cols), (p, p), "{what}");
            assert!((0..p).all(|i| (0..i).all(|j| r.at(i, j) == 0.0.into())), "{what}: R has elements below its diagonal");
            let limit = 16.0 * eps::<T>() * (n + p).min(200) as f64 * a.norm() * a.norm();
            assert!(r.adjoint().mul(&r).minus(&a.adjoint().mul(&a)).norm() <= limit, "R^H R of {what}");
        }
    }
    each_lazy::<B, T>(device, Factor);
    // Condition 1 / eps: the Gram matrix would lose all small singular values.
    let (n, p) = (400, 6);
    let complex = matches!(T::DTYPE.kind(), xp_core::dtype::Kind::ComplexFloating);
    let s: Vec<f64> = (0..p).map(|i| eps::<T>().powf(i as f64 / p as f64)).collect();
    let (u, v) = (Host::orthonormal(90, n, p, complex), Host::orthonormal(91, p, p, complex));
    let x = u.times_columns(&s).mul(&v.adjoint()).on::<B, T>(device).into_rank::<Ix2>().unwrap();
    let got = linalg::svdvals(&B::tall_r(&x.lazy()).unwrap()).unwrap().to_vec();
    for (got, exact) in got.iter().zip(&s) {
        assert!((got.to_f64() - exact).abs() <= 100.0 * eps::<T>(), "{got} for {exact}");
    }
}
