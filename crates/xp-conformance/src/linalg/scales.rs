//! Every decomposition at scales up to near the limits of the dtype, and at conditions up to 1e15: reconstruction and backward
//! errors do not depend on either.

use xp_core::linalg::{self, Eig, Thin};
use xp_core::{Array, Floating, Ix1, Ix2, Linalg, Num, Real};

use super::host::{Host, Z, eps};
use crate::support::Any;

/// The scales, as powers of two. Squares of elements at the outer ones are beyond the dtype.
fn exponents<T: Floating>() -> &'static [i32] {
    if eps::<T>() < 1e-10 { &[-500, -301, -100, 100, 301, 500] } else { &[-63, -40, -20, 20, 40, 63] }
}

/// Decimal logarithms of condition numbers.
const CONDITIONS: [f64; 5] = [1.0, 4.0, 8.0, 12.0, 15.0];
const SHAPES: [[usize; 2]; 4] = [[5, 5], [9, 4], [4, 9], [33, 33]];

/// A matrix of the dtype, with what it stands for: the elements as the device has them, divided by `2^exponent`.
struct Case<B: Linalg<T>, T: Floating> {
    what: String,
    x: Any<B, T>,
    a: Host,
    exponent: i32,
    condition: f64,
}

/// Matrices with singular values from 1 down to `1 / condition`, made positive definite if `definite`, at all scales (with
/// moderate conditions) and all conditions (at scale 1).
fn cases<B: Linalg<T>, T: Floating>(device: &B, shapes: &[[usize; 2]], definite: bool) -> Vec<Case<B, T>> {
    let complex = matches!(T::DTYPE.kind(), xp_core::dtype::Kind::ComplexFloating);
    let scales = exponents::<T>().iter().map(|&e| (e, 2.0));
    let mut out = vec![];
    for (exponent, decades) in scales.chain(CONDITIONS.map(|d| (0, d))) {
        for &[m, n] in shapes {
            let k = m.min(n);
            let s: Vec<f64> = (0..k).map(|i| 10f64.powf(-decades * i as f64 / (k - 1).max(1) as f64)).collect();
            let u = Host::orthonormal(301, m, k, complex);
            let v = if definite { u.clone() } else { Host::orthonormal(302, n, k, complex) };
            let mut a = u.times_columns(&s).mul(&v.adjoint());
            if definite {
                let half = a.clone();
                a = Host::from_fn(n, n, |i, j| if i == j { half.at(i, i).re.into() } else { (half.at(i, j) + half.at(j, i).conj()) / 2.0 });
            }
            // In two steps, each of which is exact.
            let (first, second) = (2f64.powi(exponent / 2), 2f64.powi(exponent - exponent / 2));
            let x = Host { data: a.data.iter().map(|z| z * first * second).collect(), ..a }.on::<B, T>(device);
            let (a, what) = (Host::scaled(&x, -exponent), format!("{m}x{n}, scale 2^{exponent}, condition 1e{decades}"));
            out.push(Case { what, x, a, exponent, condition: 10f64.powf(decades) });
        }
    }
    out
}

fn limit<T: Floating>(a: &Host) -> f64 {
    16.0 * (a.rows + a.cols).max(2) as f64 * eps::<T>()
}

fn reals<T: Real>(values: &[T], exponent: i32) -> Vec<f64> {
    values.iter().map(|v| v.to_f64() * 2f64.powi(-exponent / 2) * 2f64.powi(-exponent + exponent / 2)).collect()
}

/// `svd`: reconstruction, orthonormal factors, and singular values as near as the rounding of the matrix allows.
pub fn svd_at_scales<B: Linalg<T>, T: Floating>(device: &B) {
    for Case { what, x, a, exponent, .. } in cases::<B, T>(device, &SHAPES, false) {
        let (u, s, vh) = linalg::svd(&x, Thin).unwrap_or_else(|e| panic!("{what}: {e}"));
        let (u, s, vh) = (Host::of(&u), reals(&s.to_vec(), exponent), Host::of(&vh));
        u.assert_orthonormal(&what, limit::<T>(&a));
        vh.adjoint().assert_orthonormal(&what, limit::<T>(&a));
        u.times_columns(&s).mul(&vh).assert_near(&what, &a, limit::<T>(&a));
        let alone = reals(&linalg::svdvals(&x).unwrap().to_vec(), exponent);
        assert!(alone.iter().zip(&s).all(|(x, y)| (x - y).abs() <= limit::<T>(&a)), "{what}: {alone:?} and {s:?}");
    }
}

/// `eigh`: reconstruction and orthonormal vectors.
pub fn eigh_at_scales<B: Linalg<T>, T: Floating>(device: &B) {
    for Case { what, x, a, exponent, .. } in cases::<B, T>(device, &[[2, 2], [5, 5], [33, 33]], true) {
        let (w, v) = linalg::eigh(&x).unwrap_or_else(|e| panic!("{what}: {e}"));
        let (w, v) = (reals(&w.to_vec(), exponent), Host::of(&v));
        assert!(w.windows(2).all(|p| p[0] <= p[1]), "{what}: {w:?}");
        v.assert_orthonormal(&what, limit::<T>(&a));
        v.times_columns(&w).mul(&v.adjoint()).assert_near(&what, &a, limit::<T>(&a));
        let alone = reals(&linalg::eigvalsh(&x).unwrap().to_vec(), exponent);
        assert!(alone.iter().zip(&w).all(|(x, y)| (x - y).abs() <= limit::<T>(&a)), "{what}: {alone:?} and {w:?}");
    }
}

/// `qr`: reconstruction, orthonormal and triangular factors.
pub fn qr_at_scales<B: Linalg<T>, T: Floating>(device: &B) {
    for Case { what, x, a, exponent, .. } in cases::<B, T>(device, &SHAPES, false) {
        for basis in [linalg::Thin, linalg::Full] {
            let (q, r) = linalg::qr(&x, basis).unwrap_or_else(|e| panic!("{what}: {e}"));
            let (q, r) = (Host::of(&q), Host::scaled(&r, -exponent));
            q.assert_orthonormal(&what, limit::<T>(&a));
            q.mul(&r).assert_near(&what, &a, limit::<T>(&a));
            assert!((0..r.rows).all(|i| (0..i.min(r.cols)).all(|j| r.at(i, j) == 0.0.into())), "{what}: R is not triangular");
        }
    }
}

/// `cholesky`: reconstruction, of matrices whose condition leaves them positive definite in the dtype.
pub fn cholesky_at_scales<B: Linalg<T>, T: Floating>(device: &B) {
    let mut checked = 0;
    for Case { what, x, a, exponent, condition } in cases::<B, T>(device, &[[2, 2], [5, 5], [33, 33]], true) {
        if condition * eps::<T>() * 64.0 * a.rows as f64 > 1.0 {
            continue;
        }
        checked += 1;
        for triangle in [linalg::Lower, linalg::Upper] {
            // The factor has the square root of the scale; the odd ones share a factor of two.
            let l = linalg::cholesky(&x, triangle).unwrap_or_else(|e| panic!("{what}: {e}"));
            let (low, high) = (Host::scaled(&l, -exponent.div_euclid(2)), Host::scaled(&l, -(exponent + 1).div_euclid(2)));
            let product = if triangle == linalg::Upper { low.adjoint().mul(&high) } else { low.mul(&high.adjoint()) };
            product.assert_near(&what, &a, limit::<T>(&a));
        }
    }
    assert!(checked > 18, "{checked} matrices");
}

/// `lu`: reconstruction, with pivots that are largest.
pub fn lu_at_scales<B: Linalg<T>, T: Floating>(device: &B) {
    for Case { what, x, a, exponent, .. } in cases::<B, T>(device, &SHAPES, false) {
        let f = linalg::lu(&x).unwrap_or_else(|e| panic!("{what}: {e}"));
        let order: Array<B, i64, Ix1> = f.permutation.into_rank().unwrap();
        let (lower, upper) = (Host::of(&f.lower), Host::scaled(&f.upper, -exponent));
        assert!(lower.data.iter().all(|z| z.norm() <= 1.4143), "{what}: pivots are largest, by some norm of complex numbers");
        let order = order.to_vec();
        let exchanged = Host::from_fn(a.rows, a.cols, |i, j| a.at(order[i] as usize, j));
        lower.mul(&upper).assert_near(&what, &exchanged, limit::<T>(&a));
    }
}

/// `solve` and `inv`: the backward error is small, and the right-hand side has a scale of its own.
pub fn solve_at_scales<B: Linalg<T>, T: Floating>(device: &B) {
    for Case { what, x: a, a: host, exponent, condition } in cases::<B, T>(device, &[[2, 2], [5, 5], [33, 33]], false) {
        let n = host.rows;
        for extra in [0, exponent / 2] {
            let plain = Host::random(303, n, 3);
            let factor = 2f64.powi(extra);
            let b = Host { data: plain.data.iter().map(|z| z * factor).collect(), ..plain }.on::<B, T>(device);
            let x = match linalg::solve(&a, &b) {
                Ok(x) => x,
                // Rounding to the dtype has made it singular.
                Err(_) if condition * eps::<T>() > 0.1 => continue,
                Err(e) => panic!("{what}: {e}"),
            };
            // a = host 2^exponent and b = right 2^extra make x = solution 2^(extra - exponent).
            let (right, solution) = (Host::scaled(&b, -extra), Host::scaled(&x, exponent - extra));
            let error = host.mul(&solution).minus(&right).norm();
            let size = limit::<T>(&host) * (host.norm() * solution.norm() + right.norm());
            assert!(error <= size, "{what}, right-hand side 2^{extra}: residual {error:e}, limit {size:e}");
        }
        if condition * eps::<T>() * 64.0 * n as f64 > 1.0 {
            continue;
        }
        let inverse = Host::scaled(&linalg::inv(&a).unwrap_or_else(|e| panic!("{what}: {e}")), exponent);
        let error = host.mul(&inverse).minus(&Host::eye(n)).norm();
        let size = limit::<T>(&host) * host.norm() * inverse.norm();
        assert!(error <= size, "{what}: a inv(a) is off by {error:e}, limit {size:e}");
    }
}

/// `lstsq`: the gradient of the squares vanishes up to rounding, and known singular values come back.
pub fn lstsq_at_scales<B: Linalg<T>, T: Floating>(device: &B) {
    for Case { what, x, a, exponent, condition } in cases::<B, T>(device, &SHAPES, false) {
        let b = Host::random(304, a.rows, 2).on::<B, T>(device);
        let x: Array<B, T, Ix2> = x.into_rank().unwrap();
        // All singular values count.
        let fit = linalg::lstsq(&x, &b, Some(<T::Real as Num>::from_f64(0.01 * eps::<T>()))).unwrap_or_else(|e| panic!("{what}: {e}"));
        let (b, solution) = (Host::of(&b), Host::scaled(&fit.solution, exponent));
        let gradient = a.adjoint().mul(&b.minus(&a.mul(&solution))).norm();
        let size = limit::<T>(&a) * a.norm() * (a.norm() * solution.norm() + b.norm());
        assert!(gradient <= size, "{what}: gradient {gradient:e}, limit {size:e}");
        let (values, k) = (reals(&fit.singular_values.to_vec(), exponent), a.rows.min(a.cols));
        let last = (values[0] - 1.0).abs().max((values[k - 1] - 1.0 / condition).abs());
        assert!(last <= limit::<T>(&a), "{what}: singular values {values:?}");
    }
}

/// `pinv`: the Moore-Penrose conditions, up to the condition of the matrix, and the cut at the default tolerance.
pub fn pinv_at_scales<B: Linalg<T>, T: Floating>(device: &B) {
    for Case { what, x, a, exponent, .. } in cases::<B, T>(device, &SHAPES, false) {
        let p = Host::scaled(&linalg::pinv(&x, None).unwrap_or_else(|e| panic!("{what}: {e}")), exponent);
        assert_eq!((p.rows, p.cols), (a.cols, a.rows), "{what}");
        // Singular values below the tolerance are dropped, and what is left has at most the inverse as its condition.
        let limit = limit::<T>(&a) * a.norm() * p.norm();
        let (ap, pa) = (a.mul(&p), p.mul(&a));
        ap.mul(&a).assert_near(&what, &a, limit);
        pa.mul(&p).assert_near(&what, &p, limit);
        ap.adjoint().assert_near(&what, &ap, limit);
        pa.adjoint().assert_near(&what, &pa, limit);
    }
}

/// `eig`: the backward error of every pair, and vectors of length 1.
pub fn eig_at_scales<B: Eig<T>, T: Floating>(device: &B) {
    for Case { what, x, a, exponent, .. } in cases::<B, T>(device, &[[2, 2], [5, 5], [33, 33]], false) {
        let (w, v) = linalg::eig(&x).unwrap_or_else(|e| panic!("{what}: {e}"));
        let (w, v) = (Host::scaled(&w, -exponent), Host::of(&v));
        let residual = a.mul(&v).minus(&Host::from_fn(a.rows, a.rows, |i, j| v.at(i, j) * w.data[j])).norm();
        let size = 4.0 * limit::<T>(&a) * a.norm();
        assert!(residual <= size, "{what}: residual {residual:e}, limit {size:e}");
        let length = |j: usize| (0..a.rows).map(|i| v.at(i, j).norm_sqr()).sum::<f64>().sqrt();
        assert!((0..a.rows).all(|j| (length(j) - 1.0).abs() <= limit::<T>(&a)), "{what}: lengths of eigenvectors");
        let alone = Host::scaled(&linalg::eigvals(&x).unwrap(), -exponent);
        let (sum, trace): (Z, Z) = (alone.data.iter().sum(), (0..a.rows).map(|i| a.at(i, i)).sum());
        assert!((sum - trace).norm() <= size, "{what}: eigenvalues sum to {sum}, the trace is {trace}");
    }
}
