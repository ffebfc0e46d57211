//! Stacks of many matrices of different kinds: each is treated as if it were alone.

use xp_core::linalg::{self, Full, LinalgError, Thin};
use xp_core::{Error, Floating, Linalg, Real};

use super::host::{Host, Z, eps, number, wide};
use crate::support::Any;

/// Shapes on both sides of the orders up to which libraries have special methods.
const SHAPES: [[usize; 2]; 9] = [[1, 1], [2, 2], [5, 3], [3, 5], [16, 16], [32, 32], [33, 20], [20, 33], [48, 48]];

/// Matrices of full rank, of lower rank, of zeros, and of sizes that lie far apart.
fn kinds(m: usize, n: usize) -> Vec<Host> {
    let random = |seed| Host::random(seed, m, n);
    let scaled = |seed, exponent: i32| Host::from_fn(m, n, |i, j| random(seed).at(i, j) * 2f64.powi(exponent));
    let steps = random(403);
    vec![
        random(401),
        Host::from_fn(m, n, |_, _| 1.0.into()),
        Host::from_fn(m, n, |_, _| 0.0.into()),
        Host::from_fn(m, n, |i, j| Z::from(f64::from(u8::from(i == j)))),
        scaled(402, 25),
        scaled(402, -25),
        Host::from_fn(m, n, |i, j| steps.at(i, j) * 2f64.powi(-(j as i32) / 2)),
        random(404).mul(&Host::from_fn(n, n, |i, j| Z::from(f64::from(u8::from(i == 0) + u8::from(i == j && j < n / 2))))),
        Host::from_fn(m, n, |i, j| if j % 2 == 0 { random(405).at(i, j) } else { 0.0.into() }),
        random(406),
        random(407),
    ]
}

fn stacked<B: Linalg<T>, T: Floating>(device: &B, layers: &[Host]) -> Any<B, T> {
    let layers: Vec<Any<B, T>> = layers.iter().map(|x| x.on::<B, T>(device)).collect();
    xp_core::functions::stack(&layers.iter().collect::<Vec<_>>(), 0).unwrap()
}

fn layer<B: Linalg<T>, T: Floating, U: xp_core::Num>(x: &Any<B, U>, i: usize) -> Host {
    Host::of(&x.index_axis(0, i as isize).unwrap())
}

fn tolerance<T: Floating>(m: usize, n: usize) -> f64 {
    16.0 * (m + n).max(2) as f64 * eps::<T>()
}

/// Factors of rectangular matrices.
pub fn stacks_of_many<B: Linalg<T>, T: Floating>(device: &B) {
    for [m, n] in SHAPES {
        let x = stacked::<B, T>(device, &kinds(m, n));
        let limit = tolerance::<T>(m, n);
        let alone = linalg::svdvals(&x).unwrap();
        for basis in [Thin, Full] {
            let (u, s, vh) = linalg::svd(&x, basis).unwrap();
            let (q, r) = linalg::qr(&x, basis).unwrap();
            for i in 0..x.dims()[0] {
                let (what, a) = (format!("{basis:?} factors of matrix {i} of {m}x{n}"), layer::<B, T, T>(&x, i));
                let (u, vh, k) = (layer::<B, T, T>(&u, i), layer::<B, T, T>(&vh, i), m.min(n));
                let s: Vec<f64> = layer::<B, T, T::Real>(&s, i).data.iter().map(|s| s.re).collect();
                assert!(s.windows(2).all(|s| s[0] >= s[1]) && s.iter().all(|&s| s >= 0.0), "{what}: {s:?}");
                u.assert_orthonormal(&what, limit);
                vh.adjoint().assert_orthonormal(&what, limit);
                u.times_columns(&s).mul(&Host::from_fn(k, n, |i, j| vh.at(i, j))).assert_near(&what, &a, limit);
                let values = layer::<B, T, T::Real>(&alone, i);
                assert!(values.data.iter().zip(&s).all(|(x, y)| (x.re - y).abs() <= limit * s[0]), "{what}: {values:?} and {s:?}");
                let (q, r) = (layer::<B, T, T>(&q, i), layer::<B, T, T>(&r, i));
                q.assert_orthonormal(&what, limit);
                q.mul(&r).assert_near(&what, &a, limit);
                assert!((0..r.rows).all(|i| (0..i.min(n)).all(|j| r.at(i, j) == 0.0.into())), "{what}: R is not triangular");
            }
        }
        let r = linalg::qr_r(&x).unwrap();
        for i in 0..x.dims()[0] {
            let (a, r) = (layer::<B, T, T>(&x, i), layer::<B, T, T>(&r, i));
            r.adjoint().mul(&r).assert_near("R^H R", &a.adjoint().mul(&a), 4.0 * limit);
        }
    }
}

/// Eigenvalues, Cholesky factors, solutions, inverses and determinants of square ones.
pub fn square_stacks_of_many<B: Linalg<T>, T: Floating>(device: &B) {
    for n in SHAPES.iter().filter(|[m, n]| m == n).map(|[n, _]| *n) {
        let limit = tolerance::<T>(n, n);
        let rounded: Vec<Host> = kinds(n, n).iter().map(|a| Host::of(&a.on::<B, T>(device))).collect();
        let hermitian: Vec<Host> = rounded.iter().map(|a| Host::from_fn(n, n, |i, j| (a.at(i, j) + a.at(j, i).conj()) / 2.0)).collect();
        let x = stacked::<B, T>(device, &hermitian);
        let ((w, v), alone) = (linalg::eigh(&x).unwrap(), linalg::eigvalsh(&x).unwrap());
        // Definite by the diagonal, and regular.
        let definite: Vec<Host> = rounded
            .iter()
            .map(|a| {
                let (square, shift) = (a.mul(&a.adjoint()), 0.1 * a.norm() * a.norm() + f64::MIN_POSITIVE.sqrt());
                Host::from_fn(n, n, |i, j| square.at(i, j) + if i == j { shift } else { 0.0 })
            })
            .map(|a| if a.norm() < 1e-30 { Host::eye(n) } else { a })
            .collect();
        let p = stacked::<B, T>(device, &definite);
        let (lower, upper, inverse) =
            (linalg::cholesky(&p, linalg::Lower).unwrap(), linalg::cholesky(&p, linalg::Upper).unwrap(), linalg::inv(&p).unwrap());
        let (det, (sign, log)) = (linalg::det(&p).unwrap(), linalg::slogdet(&p).unwrap());
        let right: Vec<Host> = (0..definite.len()).map(|i| Host::random(410 + i as u64, n, 37)).collect();
        let b = stacked::<B, T>(device, &right);
        let solution = linalg::solve(&p, &b).unwrap();
        let half = linalg::solve_triangular(&lower, &b, linalg::Lower).unwrap();
        let whole = linalg::solve_triangular(&lower, &half, linalg::Lower.adjoint()).unwrap();
        for i in 0..definite.len() {
            let (what, a) = (format!("matrix {i} of order {n}"), layer::<B, T, T>(&x, i));
            let (w, v): (Vec<f64>, _) = (layer::<B, T, T::Real>(&w, i).data.iter().map(|w| w.re).collect(), layer::<B, T, T>(&v, i));
            assert!(w.windows(2).all(|p| p[0] <= p[1]), "{what}: {w:?}");
            v.assert_orthonormal(&what, limit);
            v.times_columns(&w).mul(&v.adjoint()).assert_near(&what, &a, limit);
            let values = layer::<B, T, T::Real>(&alone, i);
            assert!(values.data.iter().zip(&w).all(|(x, y)| (x.re - y).abs() <= limit * a.norm()), "{what}: {values:?} and {w:?}");
            let (a, l, u) = (layer::<B, T, T>(&p, i), layer::<B, T, T>(&lower, i), layer::<B, T, T>(&upper, i));
            l.mul(&l.adjoint()).assert_near(&what, &a, limit);
            u.adjoint().mul(&u).assert_near(&what, &a, limit);
            let product = (0..n).map(|k| l.at(k, k).re * l.at(k, k).re).product::<f64>();
            let logarithm = (0..n).map(|k| 2.0 * l.at(k, k).re.ln()).sum::<f64>();
            // The determinants of large matrices are beyond the range of the dtype.
            if (1e-30..1e30).contains(&product) {
                let det = wide(det.get([i]).unwrap());
                assert!((det - product).norm() <= limit * 100.0 * product, "{what}: det {det}, by its factor {product}");
            }
            let (sign, log) = (wide(sign.get([i]).unwrap()), log.get([i]).unwrap().to_f64());
            assert!((sign - 1.0).norm() <= limit, "{what}: sign {sign}");
            assert!((log - logarithm).abs() <= limit * 100.0 * logarithm.abs().max(1.0), "{what}: {log}, by its factor {logarithm}");
            let inverse = layer::<B, T, T>(&inverse, i);
            a.mul(&inverse).assert_near(&what, &Host::eye(n), limit * a.norm() * inverse.norm());
            let b = layer::<B, T, T>(&b, i);
            for (name, x) in [("solve", &solution), ("by the factor", &whole)] {
                let x = layer::<B, T, T>(x, i);
                let error = a.mul(&x).minus(&b).norm();
                assert!(error <= limit * (a.norm() * x.norm() + b.norm()), "{what}: {name} leaves {error:e}");
            }
        }
    }
}

/// The first matrix that fails is named, and what is wrong with it.
pub fn first_failure<B: Linalg<T>, T: Floating>(device: &B) {
    for n in [3, 40] {
        let eye = |bad: &[(usize, usize, f64)]| {
            Host::from_fn(n, n, |i, j| bad.iter().find(|b| (b.0, b.1) == (i, j)).map_or(f64::from(u8::from(i == j)), |b| b.2).into())
        };
        let with = |bad: [Host; 2]| {
            let mut layers = vec![eye(&[]); 12];
            let [first, second] = bad;
            (layers[7], layers[5]) = (second, first);
            stacked::<B, T>(device, &layers)
        };
        let is = |e: Error, expected: LinalgError| assert_eq!(e, Error::Linalg(expected), "order {n}");
        let singular = with([eye(&[(1, 1, 0.0)]), eye(&[(0, 0, 0.0)])]);
        is(linalg::inv(&singular).unwrap_err(), LinalgError::Singular { matrix: Some(5), pivot: 1 });
        is(linalg::solve(&singular, &singular).unwrap_err(), LinalgError::Singular { matrix: Some(5), pivot: 1 });
        let twice = with([eye(&[(2, 2, 0.0), (1, 1, 0.0)]), eye(&[(0, 0, 0.0)])]);
        is(linalg::solve_triangular(&twice, &twice, linalg::Lower).unwrap_err(), LinalgError::Singular { matrix: Some(5), pivot: 1 });
        let unit = linalg::Lower.unit();
        assert!(linalg::solve_triangular(&twice, &twice, unit).is_ok());
        let det = linalg::det(&singular).unwrap();
        let (sign, log) = linalg::slogdet(&singular).unwrap();
        for i in 0..12 {
            let (det, sign, log) = (wide(det.get([i]).unwrap()), wide(sign.get([i]).unwrap()), log.get([i]).unwrap().to_f64());
            let expected = if [5, 7].contains(&i) { (0.0, 0.0, f64::NEG_INFINITY) } else { (1.0, 1.0, 0.0) };
            assert_eq!((det.re, sign.re, log), expected, "matrix {i} of order {n}");
        }
        let indefinite = with([eye(&[(2, 2, -1.0)]), eye(&[(0, 0, 0.0)])]);
        is(linalg::cholesky(&indefinite, linalg::Upper).unwrap_err(), LinalgError::NotPositiveDefinite { matrix: Some(5), order: 3 });
        for bad in [f64::NAN, f64::INFINITY] {
            let x = with([eye(&[(2, 0, bad)]), eye(&[(1, 1, bad)])]);
            is(linalg::svd(&x, Thin).unwrap_err(), LinalgError::NonFinite { matrix: Some(5) });
            is(linalg::svdvals(&x).unwrap_err(), LinalgError::NonFinite { matrix: Some(5) });
            is(linalg::eigh(&x).unwrap_err(), LinalgError::NonFinite { matrix: Some(5) });
            // Above the diagonal nothing is read.
            let x = with([eye(&[(0, 2, bad)]), eye(&[(1, 1, bad)])]);
            is(linalg::eigvalsh(&x).unwrap_err(), LinalgError::NonFinite { matrix: Some(7) });
            assert!(matches!(linalg::cholesky(&x, linalg::Lower), Err(Error::Linalg(LinalgError::NotPositiveDefinite { matrix: Some(7), .. }))));
        }
        let exchanged = number::<T>((-1.0).into());
        let turned = stacked::<B, T>(device, &[eye(&[(0, 0, 0.0), (0, 1, 1.0), (1, 0, 1.0), (1, 1, 0.0)]), eye(&[])]);
        assert_eq!(linalg::det(&turned).unwrap().to_vec(), [exchanged, T::ONE], "order {n}");
    }
}
