//! Backward errors and orthogonality of decompositions.

use xp_core::linalg::{self, Basis, Eig, Full, Thin};
use xp_core::{Array, Element, Floating, Linalg, Real};

use super::host::{Host, Z, eps, forms};
use super::{ORDERS, SHAPES};
use crate::support::Any;

fn tolerance<T: Floating>(m: usize, n: usize) -> f64 {
    16.0 * (m + n).max(2) as f64 * eps::<T>()
}

fn is_complex<T: Element>() -> bool {
    matches!(T::DTYPE.kind(), xp_core::dtype::Kind::ComplexFloating)
}

/// Checks `x = u diag(s) vh` after a division by `2^exponent`.
#[track_caller]
fn check_svd<B: Linalg<T>, T: Floating>(what: &str, x: &Any<B, T>, exponent: i32) {
    check_svd_with(what, x, exponent, &[Thin, Full]);
}

/// The same, with these vectors alone.
#[track_caller]
fn check_svd_with<B: Linalg<T>, T: Floating>(what: &str, x: &Any<B, T>, exponent: i32, bases: &[Basis]) {
    let (m, n) = (x.dims()[0], x.dims()[1]);
    let (k, a, limit) = (m.min(n), Host::scaled(x, -exponent), tolerance::<T>(m, n));
    for &vectors in bases {
        let (u, s, vh) = linalg::svd(x, vectors).unwrap_or_else(|e| panic!("{what}: {e}"));
        let (um, vn) = if vectors == Full { (m, n) } else { (k, k) };
        assert_eq!((u.shape().to_vec(), s.shape().to_vec(), vh.shape().to_vec()), (vec![m, um], vec![k], vec![vn, n]), "{what}");
        let values: Vec<f64> = Host::scaled(&s, -exponent).data.iter().map(|z| z.re).collect();
        assert!(values.windows(2).all(|w| w[0] >= w[1]) && values.iter().all(|&s| s >= 0.0), "{what}: {values:?}");
        let (u, vh) = (Host::of(&u), Host::of(&vh));
        u.assert_orthonormal(what, limit);
        vh.adjoint().assert_orthonormal(what, limit);
        let thin = Host::from_fn(k, n, |i, j| vh.at(i, j));
        u.times_columns(&values).mul(&thin).assert_near(what, &a, limit);
        let alone: Vec<f64> = Host::scaled(&linalg::svdvals(x).unwrap(), -exponent).data.iter().map(|z| z.re).collect();
        let largest = values.first().copied().unwrap_or(0.0);
        assert!(alone.iter().zip(&values).all(|(a, b)| (a - b).abs() <= limit * largest), "{what}: svdvals {alone:?}, svd {values:?}");
    }
}

/// `svd` and `svdvals` of all shapes and layouts.
pub fn svd<B: Linalg<T>, T: Floating>(device: &B) {
    for [m, n] in SHAPES {
        for (form, x) in forms(&Host::random(51, m, n).on::<B, T>(device)) {
            check_svd(&format!("svd of {m}x{n}, {form}"), &x, 0);
        }
    }
    check_svd("zeros", &Host::from_fn(4, 3, |_, _| 0.0.into()).on::<B, T>(device), 0);
    check_svd("ones", &Host::from_fn(6, 6, |_, _| 1.0.into()).on::<B, T>(device), 0);
    check_svd("identity", &Host::eye(5).on::<B, T>(device), 0);
}

/// `svd` of matrices above the order up to which libraries have special methods: of full rank, of less, of zeros, and stacks.
pub fn svd_larger<B: Linalg<T>, T: Floating>(device: &B) {
    for [m, n] in [[33, 33], [64, 40], [200, 64], [64, 200]] {
        check_svd_with(&format!("svd of {m}x{n}"), &Host::random(61, m, n).on::<B, T>(device), 0, &[Thin]);
    }
    check_svd_with("full svd of 64x40", &Host::random(61, 64, 40).on::<B, T>(device), 0, &[Full]);
    for [m, n] in [[33, 33], [64, 40]] {
        let deficient = Host::random(62, m, n - 5).mul(&Host::random(63, n - 5, n));
        check_svd_with(&format!("svd of {m}x{n} of rank {}", n - 5), &deficient.on::<B, T>(device), 0, &[Thin]);
        check_svd_with(&format!("svd of {m}x{n} zeros"), &Host::from_fn(m, n, |_, _| 0.0.into()).on::<B, T>(device), 0, &[Thin]);
    }
    let layers = [Host::random(64, 40, 33), Host::random(65, 40, 30).mul(&Host::random(66, 30, 33)), Host::random(67, 40, 33)];
    let layers = layers.map(|x| x.on::<B, T>(device));
    let stack = xp_core::functions::stack(&layers.each_ref(), 0).unwrap();
    let (u, s, vh) = linalg::svd(&stack.into_dyn(), Thin).unwrap();
    for (i, x) in layers.iter().enumerate() {
        let layer = |y: &Any<B, T>| Host::of(&y.take(&Array::from_vec(device, vec![i as i64], [1]).unwrap(), 0).unwrap().squeeze(0).unwrap());
        let values: Vec<f64> = s.to_vec()[i * 33..(i + 1) * 33].iter().map(|s| s.to_f64()).collect();
        layer(&u).times_columns(&values).mul(&layer(&vh)).assert_near(&format!("layer {i} of a stack"), &Host::of(x), tolerance::<T>(40, 33));
    }
}

/// `svd` and `eigh` are indifferent to the scale: powers of two up to near the limits of the dtype.
pub fn svd_scaled<B: Linalg<T>, T: Floating>(device: &B) {
    let exponents: &[i32] = if eps::<T>() < 1e-10 { &[-500, -300, -100, 100, 300, 500] } else { &[-100, -60, -30, 30, 60, 100] };
    for &exponent in exponents {
        let factor = 2f64.powi(exponent);
        for [m, n] in [[6, 6], [9, 4], [4, 9], [30, 30]] {
            let x = Host::random(52, m, n);
            check_svd(
                &format!("2^{exponent} times {m}x{n}"),
                &Host { data: x.data.iter().map(|z| z * factor).collect(), ..x }.on::<B, T>(device),
                exponent,
            );
        }
        let constant = Host::from_fn(6, 6, |_, _| factor.into()).on::<B, T>(device);
        check_svd(&format!("constant 2^{exponent}"), &constant, exponent);
        let w = linalg::eigvalsh(&constant).unwrap().to_vec();
        assert!((w[5].to_f64() / factor - 6.0).abs() <= 100.0 * eps::<T>(), "eigvalsh of a constant 2^{exponent}: {w:?}");
        let (q, r) = linalg::qr(&constant, linalg::Thin).unwrap();
        Host::of(&q).mul(&Host::scaled(&r, -exponent)).assert_near("qr", &Host::scaled(&constant, -exponent), tolerance::<T>(6, 6));
    }
}

/// Singular values of known matrices of condition numbers up to 1 / eps.
pub fn svd_ill_conditioned<B: Linalg<T>, T: Floating>(device: &B) {
    let [m, n] = [30, 12];
    for decades in [3.0, 7.0, 10.0, 15.0] {
        let s: Vec<f64> = (0..n).map(|i| 10f64.powf(-decades * i as f64 / (n - 1) as f64)).collect();
        let (u, v) = (Host::orthonormal(53, m, n, is_complex::<T>()), Host::orthonormal(54, n, n, is_complex::<T>()));
        let x = u.times_columns(&s).mul(&v.adjoint()).on::<B, T>(device);
        check_svd(&format!("condition 1e{decades}"), &x, 0);
        let got = linalg::svdvals(&x).unwrap().to_vec();
        for (got, exact) in got.iter().zip(&s) {
            // The rounding of the matrix moves its singular values by as much.
            assert!((got.to_f64() - exact).abs() <= 8.0 * n as f64 * eps::<T>(), "condition 1e{decades}: {got} for {exact}");
        }
    }
}

/// `eigh` and `eigvalsh`, which read the lower triangle only.
pub fn eigh<B: Linalg<T>, T: Floating>(device: &B) {
    for n in ORDERS {
        let x = Host::random(55, n, n).on::<B, T>(device);
        let whole = Host::of(&x);
        let a = Host::from_fn(n, n, |i, j| {
            if i == j {
                whole.at(i, i).re.into()
            } else if i > j {
                whole.at(i, j)
            } else {
                whole.at(j, i).conj()
            }
        });
        let lower = Host::from_fn(n, n, |i, j| if i >= j { a.at(i, j) } else { 7777.0.into() }).on::<B, T>(device);
        for (form, x) in forms(&lower) {
            let what = format!("eigh of order {n}, {form}");
            let (w, v) = linalg::eigh(&x).unwrap_or_else(|e| panic!("{what}: {e}"));
            let (w, v): (Vec<f64>, _) = (w.to_vec().iter().map(|w| w.to_f64()).collect(), Host::of(&v));
            assert!(w.windows(2).all(|p| p[0] <= p[1]), "{what}: {w:?}");
            v.assert_orthonormal(&what, tolerance::<T>(n, n));
            v.times_columns(&w).mul(&v.adjoint()).assert_near(&what, &a, tolerance::<T>(n, n));
            let alone = linalg::eigvalsh(&x).unwrap().to_vec();
            assert!(alone.iter().zip(&w).all(|(x, y)| (x.to_f64() - y).abs() <= tolerance::<T>(n, n) * a.norm()), "{what}");
        }
    }
}

/// `qr`, reduced and complete, and `qr_r`.
pub fn qr<B: Linalg<T>, T: Floating>(device: &B) {
    for [m, n] in SHAPES {
        for (form, x) in forms(&Host::random(56, m, n).on::<B, T>(device)) {
            let (a, limit) = (Host::of(&x), tolerance::<T>(m, n));
            for basis in [linalg::Thin, linalg::Full] {
                let what = format!("qr of {m}x{n}, {form}, {basis:?}");
                let (q, r) = linalg::qr(&x, basis).unwrap_or_else(|e| panic!("{what}: {e}"));
                let k = if basis == linalg::Full { m } else { m.min(n) };
                assert_eq!((q.shape().to_vec(), r.shape().to_vec()), (vec![m, k], vec![k, n]), "{what}");
                let (q, r) = (Host::of(&q), Host::of(&r));
                q.assert_orthonormal(&what, limit);
                q.mul(&r).assert_near(&what, &a, limit);
                assert!((0..k).all(|i| (0..n.min(i)).all(|j| r.at(i, j) == 0.0.into())), "{what}: R has elements below its diagonal");
            }
            let r = Host::of(&linalg::qr_r(&x).unwrap());
            assert_eq!((r.rows, r.cols), (m.min(n), n));
            r.adjoint().mul(&r).assert_near("R^H R", &a.adjoint().mul(&a), 4.0 * limit);
        }
    }
}

/// `cholesky`, lower and upper, which reads the lower triangle only.
pub fn cholesky<B: Linalg<T>, T: Floating>(device: &B) {
    for n in ORDERS {
        let x = Host::random(57, n, n + 2);
        let mut a = x.mul(&x.adjoint());
        if !is_complex::<T>() {
            a.data.iter_mut().for_each(|z| z.im = 0.0);
        }
        let lower = Host::from_fn(n, n, |i, j| if i >= j { a.at(i, j) } else { 7777.0.into() }).on::<B, T>(device);
        let a = {
            let l = Host::of(&lower);
            Host::from_fn(n, n, |i, j| if i >= j { l.at(i, j) } else { l.at(j, i).conj() })
        };
        for (form, x) in forms(&lower) {
            let what = format!("cholesky of order {n}, {form}");
            let l = Host::of(&linalg::cholesky(&x, linalg::Lower).unwrap_or_else(|e| panic!("{what}: {e}")));
            let u = Host::of(&linalg::cholesky(&x, linalg::Upper).unwrap());
            l.mul(&l.adjoint()).assert_near(&what, &a, tolerance::<T>(n, n));
            u.adjoint().mul(&u).assert_near(&what, &a, tolerance::<T>(n, n));
            assert!((0..n).all(|i| (0..i).all(|j| l.at(j, i) == 0.0.into() && u.at(i, j) == 0.0.into())), "{what}: the other triangle");
        }
    }
}

/// `eig` and `eigvals` of general matrices.
pub fn eig<B: Eig<T>, T: Floating>(device: &B) {
    for n in ORDERS {
        for (form, x) in forms(&Host::random(58, n, n).on::<B, T>(device)) {
            let what = format!("eig of order {n}, {form}");
            let (w, v) = linalg::eig(&x).unwrap_or_else(|e| panic!("{what}: {e}"));
            let (a, w, v) = (Host::of(&x), Host::of(&w), Host::of(&v));
            let limit = 4.0 * tolerance::<T>(n, n) * a.norm();
            let residual = a.mul(&v).minus(&Host::from_fn(n, n, |i, j| v.at(i, j) * w.data[j]));
            assert!(residual.norm() <= limit, "{what}: residual {:e}", residual.norm());
            assert!((0..n).all(|j| (0..n).map(|i| v.at(i, j).norm_sqr()).sum::<f64>() > 0.5), "{what}: eigenvectors are not normalised");
            // The same values, in any order: their sums of powers agree with traces.
            let alone = Host::of(&linalg::eigvals(&x).unwrap());
            let trace: Z = (0..n).map(|i| a.at(i, i)).sum();
            for values in [&w, &alone] {
                let sum: Z = values.data.iter().sum();
                assert!((sum - trace).norm() <= limit, "{what}: eigenvalues sum to {sum}, the trace is {trace}");
            }
        }
    }
    // A rotation by a quarter has the eigenvalues i and -i.
    let turn = Host::from_fn(2, 2, |i, j| (f64::from(i as u8) - f64::from(j as u8)).into()).on::<B, T>(device);
    let w = Host::of(&linalg::eigvals(&turn).unwrap());
    assert!(w.data.iter().all(|z| (z.im.abs() - 1.0).abs() < 10.0 * eps::<T>() && z.re.abs() < 10.0 * eps::<T>()), "{w:?}");
}
