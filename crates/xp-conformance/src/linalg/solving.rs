//! Solutions, inverses, determinants, ranks; what cannot be solved.

use xp_core::linalg::{self, LinalgError, Thin, Trans, Triangular};
use xp_core::{Error, Floating, Linalg, Num, Real};

use super::host::{Host, Z, eps, forms, number};
use super::{ORDERS, SHAPES};
use crate::support::{Any, array, vector};

/// `solve` with vectors, matrices and stacks; the residual is small, whatever the condition.
pub fn solve<B: Linalg<T>, T: Floating>(device: &B) {
    for n in ORDERS {
        for (form, a) in forms(&Host::random(61, n, n).on::<B, T>(device)) {
            for p in [0, 1, 4, 33] {
                let (_, b) = forms(&Host::random(62, n, p).on::<B, T>(device)).swap_remove(n % 4);
                check(&format!("solve of order {n} for {p}, {form}"), &a, &b, &linalg::solve(&a, &b).unwrap());
            }
            let b = vector(device, &Host::random(63, n, 1).data.iter().map(|&z| number::<T>(z)).collect::<Vec<_>>());
            let x = linalg::solve(&a.clone().into_rank::<xp_core::Ix2>().unwrap(), &b).unwrap();
            assert_eq!(x.shape(), [n]);
            check(
                &format!("solve of order {n} for a vector, {form}"),
                &a,
                &b.expand_dims(1).unwrap().into_dyn(),
                &x.expand_dims(1).unwrap().into_dyn(),
            );
        }
    }
    // Rows of very different size need pivots.
    let tiny = <T as Num>::from_f64(eps::<T>() / 4.0);
    let a = array(device, &[tiny, T::ONE, T::ONE, T::ONE], &[2, 2]);
    let x = Host::of(&linalg::solve(&a, &array(device, &[T::ONE, T::from_f64(2.0)], &[2, 1])).unwrap());
    assert!(x.data.iter().all(|z| (z - 1.0).norm() < 10.0 * eps::<T>()), "{x:?}");
    // Stacks broadcast, and the standard's rule: a vector only when the rank is 1.
    let (a, b) = (Host::random(64, 12, 4), Host::random(65, 24, 2));
    let (a, b) = (a.on::<B, T>(device).reshape(vec![3, 4, 4]).unwrap(), b.on::<B, T>(device).reshape(vec![2, 3, 4, 2]).unwrap());
    let x = linalg::solve(&a, &b).unwrap();
    assert_eq!(x.shape(), vec![2, 3, 4, 2]);
    for i in 0..2 {
        for j in 0..3 {
            let pick = |x: &Any<B, T>| x.index_axis(0, i).unwrap().index_axis(0, j).unwrap();
            check("a stack", &a.index_axis(0, j).unwrap(), &pick(&b), &pick(&x));
        }
    }
    assert_eq!(linalg::solve(&a, &vector(device, &[T::ONE; 4]).into_dyn()).unwrap().shape(), vec![3, 4]);
}

/// `solve_into` gives what `solve` gives, whatever `out` shares, and refuses other shapes.
pub fn solve_into<B: Linalg<T>, T: Floating>(device: &B) {
    let host = |seed, rows, columns, shape: &[usize]| Host::random(seed, rows, columns).on::<B, T>(device).reshape(shape).unwrap();
    for (a, b) in [
        (host(161, 7, 7, &[7, 7]), host(162, 7, 3, &[7, 3])),
        (host(163, 50, 50, &[50, 50]).t(), host(164, 50, 1, &[50])),
        (host(165, 12, 4, &[3, 4, 4]), host(166, 24, 2, &[2, 3, 4, 2])),
        (host(167, 12, 4, &[3, 4, 4]), host(168, 4, 1, &[4])),
        (host(169, 3, 3, &[3, 3]), host(170, 6, 2, &[2, 3, 2])),
        (host(171, 0, 0, &[0, 0]), host(172, 0, 2, &[0, 2])),
    ] {
        let expected = linalg::solve(&a, &b).unwrap();
        let mut out = expected.zeros_like().unwrap();
        let shared = out.clone();
        linalg::solve_into(&a, &b, &mut out).unwrap();
        assert_eq!((out.dims(), out.to_vec()), (expected.dims(), expected.to_vec()));
        assert!(shared.to_vec().iter().all(|v| *v == T::ZERO), "another array in the same memory");
        // Over the right-hand side itself.
        if b.dims() == expected.dims() {
            let mut out = b.clone();
            linalg::solve_into(&a, &b, &mut out).unwrap();
            assert_eq!(out.to_vec(), expected.to_vec());
        }
        let mut wrong = array(device, &[T::ONE; 5], &[5, 1, 1, 1, 1]);
        assert!(linalg::solve_into(&a, &b, &mut wrong).unwrap_err().to_string().contains("out"));
    }
    let (singular, b) = (array(device, &[T::ZERO; 4], &[2, 2]), vector(device, &[T::ONE; 2]));
    assert!(matches!(linalg::solve_into(&singular, &b, &mut b.clone()), Err(Error::Linalg(LinalgError::Singular { .. }))));
    assert!(linalg::solve_into(&singular, &vector(device, &[T::ONE; 3]), &mut b.clone()).unwrap_err().to_string().contains("2 rows"));
}

/// Asserts that `a x` is `b` up to the rounding of `a` and `b`.
#[track_caller]
fn check<B: Linalg<T>, T: Floating>(what: &str, a: &Any<B, T>, b: &Any<B, T>, x: &Any<B, T>) {
    assert_eq!(x.shape(), b.shape(), "{what}");
    let (a, b, x) = (Host::of(a), Host::of(b), Host::of(x));
    let limit = 16.0 * (a.rows + 1) as f64 * eps::<T>() * (a.norm() * x.norm() + b.norm());
    let error = a.mul(&x).minus(&b).norm();
    assert!(error <= limit, "{what}: residual {error:e}, limit {limit:e}");
}

/// `solve_triangular` reads one triangle only, and applies the transpose or the adjoint.
pub fn triangular<B: Linalg<T>, T: Floating>(device: &B) {
    for n in ORDERS {
        for (upper, unit) in [(false, false), (true, false), (false, true), (true, true)] {
            let mut values = Host::random(66, n, n);
            (0..n).for_each(|i| values.data[i * n + i] += 3.0);
            if unit {
                values.data.iter_mut().for_each(|z| *z *= 0.3);
            }
            let rounded = values.on::<B, T>(device);
            let stored = Host::of(&rounded);
            let used = |i: usize, j: usize| if upper { i <= j } else { i >= j };
            let a = Host::from_fn(n, n, |i, j| {
                if i == j && unit {
                    1.0.into()
                } else if used(i, j) {
                    stored.at(i, j)
                } else {
                    0.0.into()
                }
            });
            let garbage = Host::from_fn(n, n, |i, j| if used(i, j) && !(unit && i == j) { stored.at(i, j) } else { 7777.0.into() });
            for (form, x) in forms(&garbage.on::<B, T>(device)) {
                let b = Host::random(67, n, 3).on::<B, T>(device);
                for op in [Trans::No, Trans::Transpose, Trans::Adjoint] {
                    let applied = match op {
                        Trans::No => a.clone(),
                        Trans::Transpose => Host::from_fn(n, n, |i, j| a.at(j, i)),
                        Trans::Adjoint => a.adjoint(),
                    };
                    let triangle = if upper { linalg::Upper } else { linalg::Lower };
                    let y = linalg::solve_triangular(&x, &b, Triangular { triangle, unit, op }).unwrap();
                    let (got, b) = (Host::of(&y), Host::of(&b));
                    let limit = 16.0 * (n + 1) as f64 * eps::<T>() * (a.norm() * got.norm() + b.norm());
                    let error = applied.mul(&got).minus(&b).norm();
                    assert!(error <= limit, "order {n}, upper {upper}, unit {unit}, {op:?}, {form}: residual {error:e}, limit {limit:e}");
                }
            }
        }
    }
    let l = array(device, &[T::from_f64(2.0), T::ZERO, T::ONE, T::from_f64(4.0)], &[2, 2]);
    let b = vector(device, &[T::from_f64(6.0), T::from_f64(23.0)]).into_dyn();
    // The forms by name.
    let solved = |form: Triangular| linalg::solve_triangular(&l, &b, form).unwrap().to_vec();
    let t = |v: [f64; 2]| v.map(T::from_f64);
    assert_eq!(solved(linalg::Lower.into()), t([3.0, 5.0]));
    assert_eq!(solved(linalg::Lower.unit()), t([6.0, 17.0]));
    assert_eq!(solved(linalg::Lower.transposed().unit()), t([-17.0, 23.0]));
    assert_eq!(solved(linalg::Upper.adjoint()), t([3.0, 5.75]));
    // l l^T x = b for x = (-0.125, 1.375).
    let x = Host::of(&linalg::cho_solve(&l, &b).unwrap());
    Host { rows: 2, cols: 1, data: vec![Z::from(0.875), Z::from(1.25)] }.assert_near("cho_solve", &x, 10.0 * eps::<T>());
}

/// `inv`, `det` and `slogdet`.
pub fn inverse_and_determinant<B: Linalg<T>, T: Floating>(device: &B) {
    for n in ORDERS {
        for (form, x) in forms(&Host::random(68, n, n).on::<B, T>(device)) {
            let what = format!("order {n}, {form}");
            let (a, inverse) = (Host::of(&x), Host::of(&linalg::inv(&x).unwrap()));
            let error = a.mul(&inverse).minus(&Host::eye(n)).norm();
            assert!(error <= 16.0 * (n + 1) as f64 * eps::<T>() * a.norm() * inverse.norm(), "{what}: A inv(A) is off by {error:e}");
            let exact = determinant(&a);
            let (det, (sign, log)) = (linalg::det(&x).unwrap(), linalg::slogdet(&x).unwrap());
            assert_eq!((det.ndim(), sign.ndim(), log.ndim()), (0, 0, 0));
            let det = super::host::wide(det.item().unwrap());
            let from_log = super::host::wide(sign.item().unwrap()) * log.item().unwrap().to_f64().exp();
            let limit = 64.0 * (n + 1) as f64 * eps::<T>() * exact.norm() * (1.0 + a.norm() * inverse.norm());
            assert!((det - exact).norm() <= limit, "{what}: det {det} for {exact}");
            assert!((from_log - exact).norm() <= limit, "{what}: slogdet {from_log} for {exact}");
        }
    }
    let zero = array(device, &[T::ONE, T::from_f64(2.0), T::from_f64(2.0), T::from_f64(4.0)], &[2, 2]);
    assert_eq!(linalg::det(&zero).unwrap().item().unwrap(), T::ZERO);
    let (sign, log) = linalg::slogdet(&zero).unwrap();
    assert!(sign.item().unwrap() == T::ZERO && log.item().unwrap().to_f64() == f64::NEG_INFINITY);
    // The logarithm reaches where the determinant does not.
    let large = Host::from_fn(40, 40, |i, j| if i == j { 1e20.into() } else { 0.0.into() }).on::<B, T>(device);
    let (sign, log) = linalg::slogdet(&large).unwrap();
    assert!(sign.item().unwrap() == T::ONE && (log.item().unwrap().to_f64() / (800.0 * 10f64.ln()) - 1.0).abs() < 100.0 * eps::<T>());
    let power = linalg::matrix_power(&zero, 3).unwrap();
    assert_eq!(power.to_vec(), [25.0, 50.0, 50.0, 100.0].map(T::from_f64));
    assert_eq!(linalg::matrix_power(&zero, 0).unwrap().to_vec(), [1.0, 0.0, 0.0, 1.0].map(T::from_f64));
}

/// By elimination with the largest pivot.
fn determinant(a: &Host) -> Z {
    let (n, mut a) = (a.rows, a.clone());
    let mut det = Z::from(1.0);
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a.at(i, k).norm().total_cmp(&a.at(j, k).norm())).unwrap_or(k);
        if pivot != k {
            det = -det;
            (0..n).for_each(|j| a.data.swap(k * n + j, pivot * n + j));
        }
        det *= a.at(k, k);
        for i in k + 1..n {
            let factor = a.at(i, k) / a.at(k, k);
            for j in k..n {
                let above = a.at(k, j);
                a.data[i * n + j] -= factor * above;
            }
        }
    }
    det
}

/// `pinv` satisfies the Moore-Penrose conditions, and `matrix_rank` counts.
pub fn pinv_and_rank<B: Linalg<T>, T: Floating>(device: &B) {
    for [m, n] in SHAPES {
        for rank in [usize::MAX, 1, 2] {
            let k = m.min(n).min(rank);
            // Products of orthonormal factors: the non-zero singular values are 1 to k.
            let complex = eps::<T>() > 0.0 && matches!(T::DTYPE.kind(), xp_core::dtype::Kind::ComplexFloating);
            let (u, v) = (Host::orthonormal(69, m, k, complex), Host::orthonormal(70, n, k, complex));
            let s: Vec<f64> = (1..=k).map(|i| i as f64).collect();
            let x = u.times_columns(&s).mul(&v.adjoint()).on::<B, T>(device);
            let what = format!("pinv of {m}x{n} of rank {k}");
            let tolerance = <T::Real as Num>::from_f64(100.0 * eps::<T>());
            assert_eq!(linalg::matrix_rank(&x, Some(tolerance)).unwrap().item().unwrap(), k as i64, "{what}");
            let (a, p) = (Host::of(&x), Host::of(&linalg::pinv(&x, Some(tolerance)).unwrap()));
            assert_eq!((p.rows, p.cols), (n, m), "{what}");
            let limit = 64.0 * (m + n) as f64 * eps::<T>() * (k + 1) as f64;
            let (ap, pa) = (a.mul(&p), p.mul(&a));
            ap.mul(&a).assert_near(&what, &a, limit);
            pa.mul(&p).assert_near(&what, &p, limit);
            ap.adjoint().assert_near(&what, &ap, limit);
            pa.adjoint().assert_near(&what, &pa, limit);
        }
    }
    let stack = array(device, &[T::ONE, T::ZERO, T::ZERO, T::ZERO, T::ONE, T::ZERO, T::ZERO, T::ONE], &[2, 2, 2]);
    assert_eq!(linalg::matrix_rank(&stack, None).unwrap().to_vec(), [1, 2]);
    assert_eq!(linalg::pinv(&stack, None).unwrap().to_vec(), stack.to_vec());
    assert_eq!(linalg::matrix_rank(&array::<_, T>(device, &[], &[3, 0]), None).unwrap().item().unwrap(), 0);
}

/// `lstsq`: the residual is orthogonal to the columns, and the solution to the null space.
pub fn lstsq<B: Linalg<T>, T: Floating>(device: &B) {
    for ([m, n], k) in [([9, 4], 4), ([4, 9], 4), ([6, 6], 6), ([9, 4], 2), ([4, 9], 2), ([50, 20], 20), ([1, 1], 1)] {
        let complex = matches!(T::DTYPE.kind(), xp_core::dtype::Kind::ComplexFloating);
        let (u, v) = (Host::orthonormal(71, m, k, complex), Host::orthonormal(72, n, k, complex));
        let s: Vec<f64> = (1..=k).rev().map(|i| i as f64).collect();
        let x = u.times_columns(&s).mul(&v.adjoint()).on::<B, T>(device).into_rank::<xp_core::Ix2>().unwrap();
        let b = Host::random(73, m, 3).on::<B, T>(device);
        let rtol = Some(<T::Real as Num>::from_f64(100.0 * eps::<T>()));
        let fit = linalg::lstsq(&x, &b, rtol).unwrap();
        let what = format!("lstsq of {m}x{n} of rank {k}");
        assert_eq!((fit.rank, fit.solution.shape().to_vec(), fit.singular_values.shape()), (k, vec![n, 3], [m.min(n)]), "{what}");
        for (got, exact) in fit.singular_values.to_vec().iter().zip(&s) {
            assert!((got.to_f64() - exact).abs() <= 100.0 * eps::<T>() * k as f64, "{what}: singular value {got} for {exact}");
        }
        let (a, b, solution) = (Host::of(&x), Host::of(&b), Host::of(&fit.solution));
        let limit = 64.0 * (m + n) as f64 * eps::<T>() * k as f64 * (b.norm() + solution.norm());
        let gradient = a.adjoint().mul(&b.minus(&a.mul(&solution))).norm();
        assert!(gradient <= limit, "{what}: gradient {gradient:e}");
        let rest = solution.minus(&v.mul(&v.adjoint().mul(&solution))).norm();
        assert!(rest <= limit, "{what}: {rest:e} outside the row space");
        let vector = linalg::lstsq(&x, &fit_column(device, &b), rtol).unwrap().solution;
        assert_eq!(vector.shape(), [n]);
    }
    let x = array(device, &[T::ONE; 6], &[3, 2]).into_rank::<xp_core::Ix2>().unwrap();
    let message = linalg::lstsq(&x, &vector(device, &[T::ONE; 2]), None).unwrap_err().to_string();
    assert!(message.contains("[2]") && message.contains("[3, 2]"), "{message}");
}

fn fit_column<B: Linalg<T>, T: Floating>(device: &B, b: &Host) -> xp_core::Array<B, T, xp_core::Ix1> {
    vector(device, &(0..b.rows).map(|i| number::<T>(b.at(i, 0))).collect::<Vec<_>>())
}

/// Stacks of matrices give what the matrices give one by one; empty stacks give empty results.
pub fn stacks<B: Linalg<T>, T: Floating>(device: &B) {
    let x = Host::random(74, 2 * 3 * 5, 4).on::<B, T>(device).reshape(vec![2, 3, 5, 4]).unwrap();
    for view in [x.clone(), x.flip(..).unwrap(), x.permute_dims(&[1, 0, 2, 3]).unwrap(), x.matrix_transpose().unwrap()] {
        let shape = view.shape();
        let (u, s, vh) = linalg::svd(&view, Thin).unwrap();
        let (q, r) = linalg::qr(&view, linalg::Thin).unwrap();
        let gram = linalg::adjoint(&view).unwrap().matmul(&view).unwrap() + xp_core::functions::eye::<_, T>(device, shape[3], shape[3], 0).unwrap();
        let (l, inverse, det, w) = (
            linalg::cholesky(&gram, linalg::Lower).unwrap(),
            linalg::inv(&gram).unwrap(),
            linalg::det(&gram).unwrap(),
            linalg::eigvalsh(&gram).unwrap(),
        );
        assert_eq!(
            (s.shape().to_vec(), det.shape().to_vec(), w.shape().to_vec()),
            (vec![shape[0], shape[1], 4], vec![shape[0], shape[1]], vec![shape[0], shape[1], shape[3]])
        );
        let limit = 200.0 * eps::<T>();
        for i in 0..shape[0] as isize {
            for j in 0..shape[1] as isize {
                let pick = |x: &Any<B, T>| Host::of(&x.index_axis(0, i).unwrap().index_axis(0, j).unwrap());
                let values: Vec<f64> = s.index_axis(0, i).unwrap().index_axis(0, j).unwrap().to_vec().iter().map(|s| s.to_f64()).collect();
                let (a, g) = (pick(&view), pick(&gram));
                pick(&u).times_columns(&values).mul(&pick(&vh)).assert_near("svd", &a, limit);
                pick(&q).mul(&pick(&r)).assert_near("qr", &a, limit);
                pick(&l).mul(&pick(&l).adjoint()).assert_near("cholesky", &g, limit);
                let condition = g.norm() * pick(&inverse).norm();
                pick(&inverse).mul(&g).assert_near("inv", &Host::eye(g.rows), limit * condition);
                let product: f64 = w.index_axis(0, i).unwrap().index_axis(0, j).unwrap().to_vec().iter().map(|w| w.to_f64()).product();
                let det = super::host::wide(det.get([i, j]).unwrap());
                assert!((det - product).norm() <= limit * condition * product, "det {det}, product of the eigenvalues {product}");
            }
        }
    }
    let none = array::<_, T>(device, &[], &[0, 3, 3]);
    assert_eq!(linalg::svdvals(&none).unwrap().shape(), vec![0, 3]);
    assert_eq!(linalg::inv(&none).unwrap().shape(), vec![0, 3, 3]);
    assert_eq!(linalg::det(&none).unwrap().shape(), vec![0]);
    assert_eq!(linalg::eigh(&none).unwrap().1.shape(), vec![0, 3, 3]);
}

/// What has no solution is a typed error; shapes and values are named.
pub fn failures<B: Linalg<T>, T: Floating>(device: &B) {
    let singular = array(device, &[T::ONE, T::ONE, T::ONE, T::ONE], &[2, 2]);
    let b = array(device, &[T::ONE, T::ZERO], &[2, 1]);
    let is = |e: Error, expected: LinalgError| assert_eq!(e, Error::Linalg(expected));
    is(linalg::solve(&singular, &b).unwrap_err(), LinalgError::Singular { matrix: None, pivot: 1 });
    is(linalg::inv(&singular).unwrap_err(), LinalgError::Singular { matrix: None, pivot: 1 });
    is(linalg::matrix_power(&singular, -1).unwrap_err(), LinalgError::Singular { matrix: None, pivot: 1 });
    let zero_pivot = array(device, &[T::ONE, T::ZERO, T::ONE, T::ZERO], &[2, 2]);
    is(linalg::solve_triangular(&zero_pivot, &b, linalg::Lower).unwrap_err(), LinalgError::Singular { matrix: None, pivot: 1 });
    let indefinite = array(device, &[T::ONE, T::ZERO, T::from_f64(2.0), T::ONE], &[2, 2]);
    is(linalg::cholesky(&indefinite, linalg::Lower).unwrap_err(), LinalgError::NotPositiveDefinite { matrix: None, order: 2 });
    // The position in the stack.
    let good = array(device, &[T::from_f64(2.0), T::ZERO, T::ZERO, T::ONE], &[2, 2]);
    let stack = xp_core::functions::stack(&[&good, &good, &singular], 0).unwrap();
    is(linalg::inv(&stack).unwrap_err(), LinalgError::Singular { matrix: Some(2), pivot: 1 });
    is(
        linalg::cholesky(&xp_core::functions::stack(&[&good, &indefinite], 0).unwrap(), linalg::Lower).unwrap_err(),
        LinalgError::NotPositiveDefinite { matrix: Some(1), order: 2 },
    );
    for bad in [f64::NAN, f64::INFINITY] {
        let mut x = good.clone();
        x.set(xp_core::s![0, 0], number::<T>(bad.into())).unwrap();
        is(linalg::svd(&x, Thin).unwrap_err(), LinalgError::NonFinite { matrix: None });
        is(linalg::svdvals(&x).unwrap_err(), LinalgError::NonFinite { matrix: None });
        is(linalg::eigh(&x).unwrap_err(), LinalgError::NonFinite { matrix: None });
        is(linalg::eigvalsh(&x).unwrap_err(), LinalgError::NonFinite { matrix: None });
        assert!(linalg::cholesky(&x, linalg::Lower).is_err() && linalg::pinv(&x, None).is_err(), "{bad}");
    }
    let wide = array(device, &[T::ONE; 6], &[2, 3]);
    for (function, error) in [
        ("inv", linalg::inv(&wide).unwrap_err()),
        ("det", linalg::det(&wide).unwrap_err()),
        ("slogdet", linalg::slogdet(&wide).unwrap_err()),
        ("eigh", linalg::eigh(&wide).unwrap_err()),
        ("eigvalsh", linalg::eigvalsh(&wide).unwrap_err()),
        ("cholesky", linalg::cholesky(&wide, linalg::Lower).unwrap_err()),
        ("solve", linalg::solve(&wide, &b).unwrap_err()),
        ("matrix_power", linalg::matrix_power(&wide, 2).unwrap_err()),
    ] {
        assert_eq!(error.to_string(), format!("{function} needs square matrices: shape [2, 3] given"));
    }
    let message = linalg::solve(&good, &array(device, &[T::ONE; 3], &[3, 1])).unwrap_err().to_string();
    assert!(message.contains("[3, 1]") && message.contains("[2, 2]"), "{message}");
    assert!(linalg::solve(&stack, &array(device, &[T::ONE; 4], &[2, 2, 1])).is_err(), "stacks of 3 and 2");
    let line = vector(device, &[T::ONE; 2]).into_dyn();
    let says = |e: Error, text: &str| assert_eq!(e.to_string(), text);
    says(linalg::svd(&line, Thin).unwrap_err(), "svd: shape [2] given, a matrix or a stack of matrices expected");
    says(linalg::inv(&line).unwrap_err(), "inv: shape [2] given, a matrix or a stack of matrices expected");
    says(linalg::qr(&line, linalg::Thin).unwrap_err(), "qr: shape [2] given, a matrix or a stack of matrices expected");
    says(linalg::pinv(&line, None).unwrap_err(), "pinv: shape [2] given, a matrix or a stack of matrices expected");
    // A single matrix is no stack.
    says(linalg::solve(&singular, &b).unwrap_err(), "the matrix is singular: pivot 1 is exactly zero");
    says(linalg::inv(&stack).unwrap_err(), "matrix 2 of the stack is singular: pivot 1 is exactly zero");
    says(linalg::cholesky(&indefinite, linalg::Lower).unwrap_err(), "the leading minor of order 2 of the matrix is not positive definite");
}
