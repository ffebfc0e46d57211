use super::*;

#[test]
fn qr_reconstructs_with_orthonormal_columns() {
    fn check<T: Scalar>() {
        let mut rng = numbers();
        for (m, n) in SHAPES {
            let a = rng.matrix::<T>(m, n);
            let k = m.min(n);
            layouts(&a, |a| {
                for (q_cols, par) in [(k, Threads::One), (m, Threads::All)] {
                    let (mut q, mut r) = (Mat::<T>::zeros(m, q_cols), Mat::<T>::zeros(q_cols, n));
                    qr(a, q.as_mut(), r.as_mut(), par).unwrap();
                    assert_orthonormal(q.as_ref(), "q");
                    let units = 8.0 * (m + n) as f64;
                    let product = wide(q.as_ref()) * wide(r.as_ref());
                    assert_close::<T>(product.as_ref(), wide(a).as_ref(), units, 1.0, "q r");
                    assert!((0..n).all(|j| (j + 1..q_cols).all(|i| r[(i, j)] == T::ZERO)), "r is triangular");
                    let mut alone = Mat::<T>::zeros(k, n);
                    qr_r(a, alone.as_mut(), par).unwrap();
                    assert_eq!(alone.as_ref(), r.as_ref().subrows(0, k));
                    let mut row_major = Mat::<T>::zeros(q_cols, m);
                    qr(a, row_major.as_mut().transpose_mut(), r.as_mut(), par).unwrap();
                    assert_eq!(row_major.transpose(), q);
                }
            });
        }
    }
    for_all_types!(check);
}

/// `r^H r = x^H x` does not see small columns, so compare with the factor of a QR up to the sign of its rows.
fn assert_same_factor<T: Scalar>(r: &Mat<T>, want: &Mat<T>, units: f64) {
    let n = r.ncols();
    let (r, want) = (wide(r.as_ref()), wide(want.as_ref()));
    let aligned = Mat::<C64>::from_fn(n, n, |i, j| {
        let (p, q) = (r[(i, i)], want[(i, i)]);
        r[(i, j)] * (q / q.norm()) / (p / p.norm())
    });
    assert_close::<T>(aligned.as_ref(), want.as_ref(), units, largest(want.as_ref()), "r");
}

#[test]
fn tall_factors_agree_with_householder_qr() {
    fn check<T: Scalar>() {
        let mut rng = numbers();
        for (m, n) in [(1, 1), (30, 30), (255, 3), (1000, 7), (3001, 12), (700, 40)] {
            let x = rng.matrix::<T>(m, n);
            let fill = |rows: std::ops::Range<usize>, block: &mut [T]| {
                for (i, row) in rows.zip(block.chunks_exact_mut(n)) {
                    (0..n).for_each(|j| row[j] = x[(i, j)]);
                }
            };
            let mut want = Mat::<T>::zeros(n, n);
            qr_r(x.as_ref(), want.as_mut(), Threads::One).unwrap();
            let (mut a, mut b) = (Mat::<T>::zeros(n, n), Mat::<T>::zeros(n, n));
            tsqr_r(a.as_mut(), m, &fill, Threads::One).unwrap();
            tsqr_r(b.as_mut(), m, &fill, Threads::All).unwrap();
            assert_eq!(a, b, "the same on any number of threads");
            assert_same_factor(&a, &want, 200.0 * (m as f64).sqrt());
        }
    }
    for_all_types!(check);
}

#[test]
fn tsqr_keeps_small_singular_values() {
    let s: Vec<f64> = (0..6).map(|i| 10f64.powi(-2 * i)).collect();
    let x = with_singular_values::<f64>(2000, 6, &s);
    let fill = |rows: std::ops::Range<usize>, block: &mut [f64]| {
        for (i, row) in rows.zip(block.chunks_exact_mut(6)) {
            (0..6).for_each(|j| row[j] = x[(i, j)]);
        }
    };
    let mut r = Mat::<f64>::zeros(6, 6);
    tsqr_r(r.as_mut(), 2000, &fill, Threads::All).unwrap();
    let mut got = [0.0; 6];
    svdvals(r.as_ref(), &mut got, Threads::One).unwrap();
    for (g, w) in got.iter().zip(&s) {
        assert!((g - w).abs() < 1e-14, "{g:e} {w:e}");
    }
    let fewer = 4;
    let mut r = Mat::<f64>::zeros(6, 6);
    tsqr_r(r.as_mut(), fewer, &fill, Threads::One).unwrap();
    assert!((0..6).all(|j| r[(4, j)] == 0.0 && r[(5, j)] == 0.0));
}

fn positive_definite<T: Scalar>(n: usize) -> Mat<T> {
    let x = numbers().matrix::<T>(2 * n + 2, n);
    let mut g = Mat::<T>::zeros(n, n);
    gram(g.as_mut(), x.as_ref(), Threads::One).unwrap();
    g
}

#[test]
fn cholesky_reconstructs_and_reads_the_lower_triangle() {
    fn check<T: Scalar>() {
        for n in [0, 1, 2, 3, 4, 7, 12, 16, 17, 33, 150] {
            let a = positive_definite::<T>(n);
            let dirty = Mat::from_fn(n, n, |i, j| if i < j { T::from_re(T::R::from_f64(f64::NAN)) } else { a[(i, j)] });
            layouts(&dirty, |dirty| {
                for (triangle, row_major) in [Triangle::Lower, Triangle::Upper].into_iter().flat_map(|t| [(t, false), (t, true)]) {
                    let mut f = Mat::<T>::zeros(n, n);
                    let mut view = if row_major { f.as_mut().transpose_mut() } else { f.as_mut() };
                    cholesky(dirty, triangle, view.as_mut(), Threads::All).unwrap();
                    let w = wide(view.as_ref());
                    let product = match triangle {
                        Triangle::Lower => &w * w.adjoint(),
                        Triangle::Upper => w.adjoint() * &w,
                    };
                    let scale = largest(wide(a.as_ref()).as_ref());
                    assert_close::<T>(product.as_ref(), wide(a.as_ref()).as_ref(), 8.0 * (n as f64 + 4.0), scale, "l l^H");
                    for j in 0..n {
                        for i in 0..j {
                            let (i, j) = if triangle == Triangle::Lower { (i, j) } else { (j, i) };
                            assert_eq!(w[(i, j)], C64::ZERO);
                        }
                    }
                }
            });
        }
    }
    for_all_types!(check);
}

#[test]
fn cholesky_names_the_failing_minor() {
    for n in [4, 5, 16, 17, 150] {
        let mut out = Mat::<f64>::zeros(n, n);
        let mut a = Mat::<f64>::identity(n, n);
        a[(3, 3)] = -1.0;
        let failed = cholesky(a.as_ref(), Triangle::Lower, out.as_mut(), Threads::One);
        assert_eq!(failed, Err(Error::NotPositiveDefinite { index: 3 }));
        assert_eq!(failed.unwrap_err().to_string(), "the leading minor of order 4 is not positive definite");
        a[(3, 3)] = f64::NAN;
        let failed = cholesky(a.as_ref(), Triangle::Upper, out.as_mut(), Threads::One);
        assert_eq!(failed, Err(Error::NotPositiveDefinite { index: 3 }));
        a[(3, 3)] = 0.0;
        let failed = cholesky(a.as_ref(), Triangle::Lower, out.as_mut(), Threads::One);
        assert_eq!(failed, Err(Error::NotPositiveDefinite { index: 3 }));
    }
}

#[test]
fn lu_reconstructs_with_bounded_multipliers() {
    fn check<T: Scalar>() {
        let mut rng = numbers();
        for (m, n) in SHAPES {
            let a = rng.matrix::<T>(m, n);
            layouts(&a, |a| {
                let k = m.min(n);
                let (mut p, mut l, mut u) = (vec![-1; m], Mat::<T>::zeros(m, k), Mat::<T>::zeros(k, n));
                lu(of(a), &mut p, to(l.as_mut()), to(u.as_mut()), Threads::All).unwrap();
                let product = wide(l.as_ref()) * wide(u.as_ref());
                let wide_a = wide(a);
                let permuted = Mat::from_fn(m, n, |i, j| wide_a[(p[i] as usize, j)]);
                assert_close::<T>(product.as_ref(), permuted.as_ref(), 8.0 * (k as f64 + 2.0), 1.0, "l u");
                assert!(largest(wide(l.as_ref()).as_ref()) <= if T::IS_COMPLEX { 1.5 } else { 1.0 }, "pivoted");
            });
        }
    }
    for_all_types!(check);
}

#[test]
fn solve_and_inv_have_small_backward_error() {
    fn check<T: Scalar>() {
        let mut rng = numbers();
        for n in [0, 1, 2, 3, 4, 5, 8, 11, 16, 17, 33, 150] {
            let a = rng.matrix::<T>(n, n);
            for c in [0, 1, 7] {
                let b = rng.matrix::<T>(n, c);
                layouts(&a, |a| {
                    let mut x = b.clone();
                    solve(a, x.as_mut(), Threads::All).unwrap();
                    let back = wide(a) * wide(x.as_ref());
                    let scale = (n as f64).max(1.0) * largest(wide(x.as_ref()).as_ref()).max(1.0);
                    assert_close::<T>(back.as_ref(), wide(b.as_ref()).as_ref(), 16.0, scale, "solve");
                    let mut row_major = b.transpose().to_owned();
                    solve(a, row_major.as_mut().transpose_mut(), Threads::One).unwrap();
                    let back = wide(a) * wide(row_major.transpose());
                    assert_close::<T>(back.as_ref(), wide(b.as_ref()).as_ref(), 16.0, scale, "solve row major");
                });
            }
            layouts(&a, |a| {
                for row_major in [false, true] {
                    let mut out = Mat::<T>::zeros(n, n);
                    let mut view = if row_major { out.as_mut().transpose_mut() } else { out.as_mut() };
                    inv(a, view.as_mut(), Threads::All).unwrap();
                    let left = wide(view.as_ref()) * wide(a);
                    let norms = (n as f64).max(1.0) * largest(wide(view.as_ref()).as_ref()).max(1.0);
                    let kappa = norms * (n as f64).max(1.0);
                    assert_close::<T>(left.as_ref(), Mat::identity(n, n).as_ref(), 16.0, kappa, "inv");
                }
            });
        }
    }
    for_all_types!(check);
}

#[test]
fn exactly_singular_matrices_are_named() {
    let a = Mat::<f64>::from_fn(4, 4, |i, j| if j == 2 { 0.0 } else { (i * i + 3 * j) as f64 + if i == j { 9.0 } else { 0.0 } });
    let mut x = Mat::<f64>::zeros(4, 1);
    assert_eq!(solve(a.as_ref(), x.as_mut(), Threads::One), Err(Error::Singular { index: 2 }));
    let mut out = Mat::<f64>::zeros(4, 4);
    assert_eq!(inv(a.as_ref(), out.as_mut(), Threads::One), Err(Error::Singular { index: 2 }));
    assert_eq!(det(a.as_ref(), Threads::One), Ok(0.0));
    assert_eq!(slogdet(a.as_ref(), Threads::One), Ok((0.0, f64::NEG_INFINITY)));
    let zero = Mat::<f64>::zeros(200, 200);
    let mut x = Mat::<f64>::zeros(200, 1);
    assert_eq!(solve(zero.as_ref(), x.as_mut(), Threads::All), Err(Error::Singular { index: 0 }));
    let t = Mat::<f64>::from_fn(3, 3, |i, j| if i == 1 && j == 1 { 0.0 } else { 1.0 });
    let mut x = Mat::<f64>::zeros(3, 1);
    let failed = solve_triangular(t.as_ref(), Triangle::Lower, false, Trans::No, x.as_mut(), Threads::One);
    assert_eq!(failed, Err(Error::Singular { index: 1 }));
    assert_eq!(solve_triangular(t.as_ref(), Triangle::Lower, true, Trans::No, x.as_mut(), Threads::One), Ok(()));
}

#[test]
fn determinants_do_not_overflow() {
    fn check<T: Scalar>() {
        let two = |e: i32| T::from_re(T::R::ONE.ldexp(e));
        // Pivots 2^e and 2^-e by turns: the running product would overflow, the determinant is -2.
        let e = if size_of::<T::R>() == 8 { 900 } else { 100 };
        let n = 40;
        let mut a = Mat::<T>::zeros(n, n);
        for i in 0..n {
            a[(i, i)] = two(if i < n / 2 { e } else { -e });
        }
        a[(0, 0)] = -a[(0, 0)] * two(1);
        assert_eq!(det(a.as_ref(), Threads::One).unwrap(), -two(1));
        let (sign, log) = slogdet(a.as_ref(), Threads::One).unwrap();
        assert_eq!(sign, -T::ONE);
        assert!((log.to_f64() - 2f64.ln()).abs() < 1e4 * eps::<T>(), "{log:?}");
        let empty = Mat::<T>::zeros(0, 0);
        assert_eq!(det(empty.as_ref(), Threads::One).unwrap(), T::ONE);
        // A permutation of odd order.
        let p = Mat::<T>::from_fn(3, 3, |i, j| if [1, 0, 2][i] == j { T::ONE } else { T::ZERO });
        assert_eq!(det(p.as_ref(), Threads::One).unwrap(), -T::ONE);
        let nan = Mat::<T>::from_fn(3, 3, |_, _| T::from_re(T::R::from_f64(f64::NAN)));
        assert!(!det(nan.as_ref(), Threads::One).unwrap().finite());
        // The determinant of the product is the product of the determinants.
        let mut rng = numbers();
        let (x, y) = (rng.matrix::<T>(6, 6), rng.matrix::<T>(6, 6));
        let xy = &x * &y;
        let [dx, dy, dxy] = [&x, &y, &xy].map(|m| det(m.as_ref(), Threads::One).unwrap());
        assert!((dx * dy - dxy).modulus().to_f64() < 1e3 * eps::<T>());
        let (sign, log) = slogdet(xy.as_ref(), Threads::One).unwrap();
        let back = sign.scale(T::R::from_f64(log.to_f64().exp()));
        assert!((back - dxy).modulus().to_f64() < 1e3 * eps::<T>());
    }
    for_all_types!(check);
}

#[test]
fn triangular_systems_in_all_forms() {
    fn check<T: Scalar>() {
        let mut rng = numbers();
        for n in [0, 1, 3, 40, 130] {
            let mut a = rng.matrix::<T>(n, n);
            for i in 0..n {
                a[(i, i)] += T::from_re(T::R::from_f64(n as f64));
            }
            let (b, wide_a) = (rng.matrix::<T>(n, 5), wide(a.as_ref()));
            for triangle in [Triangle::Lower, Triangle::Upper] {
                for op in [Trans::No, Trans::Transpose, Trans::Adjoint] {
                    let unit = false;
                    let mut x = b.clone();
                    solve_triangular(a.as_ref(), triangle, unit, op, x.as_mut(), Threads::All).unwrap();
                    let t = Mat::from_fn(n, n, |i, j| {
                        let inside = if triangle == Triangle::Lower { i >= j } else { i <= j };
                        if inside { wide_a[(i, j)] } else { C64::ZERO }
                    });
                    let t = match op {
                        Trans::No => t,
                        Trans::Transpose => t.transpose().to_owned(),
                        Trans::Adjoint => t.adjoint().to_owned(),
                    };
                    let back = t * wide(x.as_ref());
                    assert_close::<T>(back.as_ref(), wide(b.as_ref()).as_ref(), 4.0 * (n as f64 + 2.0), 1.0, "triangular");
                }
            }
            let small = Mat::from_fn(n, n, |i, j| a[(i, j)].scale(T::R::from_f64(1.0 / (4.0 * n as f64))));
            let mut x = b.clone();
            solve_triangular(small.as_ref(), Triangle::Lower, true, Trans::No, x.as_mut(), Threads::One).unwrap();
            let wide_small = wide(small.as_ref());
            let t = Mat::from_fn(n, n, |i, j| match i.cmp(&j) {
                std::cmp::Ordering::Greater => wide_small[(i, j)],
                std::cmp::Ordering::Equal => C64::ONE,
                std::cmp::Ordering::Less => C64::ZERO,
            });
            let back = t * wide(x.as_ref());
            assert_close::<T>(back.as_ref(), wide(b.as_ref()).as_ref(), 8.0 * (n as f64 + 2.0), 1.0, "unit triangular");
        }
    }
    for_all_types!(check);
}

#[test]
fn small_singular_values_of_tall_matrices_survive() {
    fn check<T: Scalar>() {
        // Walsh functions are orthogonal; the second column is the first and a bit, of 4 m eps, of another.
        let (m, n) = (512, 2);
        let bit = 4.0 * m as f64 * T::R::EPS.to_f64();
        let sign = |i: usize, j: u32| if (i as u32 & j).count_ones().is_multiple_of(2) { 1.0 } else { -1.0 };
        let x = Mat::<T>::from_fn(m, n, |i, j| T::from_re(T::R::from_f64(sign(i, 1) + j as f64 * bit * sign(i, 2))));
        // The Gram matrix is m [1, 1; 1, 1 + bit^2]: the product of the singular values is m bit.
        let exact = m as f64 * bit / (2.0 * m as f64).sqrt();
        let assert_near = |s: T::R, what: &str| assert!((s.to_f64() / exact - 1.0).abs() < 0.05, "{what}: {s:?} for {exact}");
        let mut r = Mat::<T>::zeros(n, n);
        qr_r(x.as_ref(), r.as_mut(), Threads::One).unwrap();
        assert_near(T::R::from_f64(r[(1, 1)].modulus().to_f64() / 2f64.sqrt()), "r");
        let mut s = vec![T::R::ZERO; n];
        svdvals(x.as_ref(), &mut s, Threads::One).unwrap();
        assert_near(s[1], "values");
        let (mut u, mut vh) = (Mat::<T>::zeros(m, n), Mat::<T>::zeros(n, n));
        svd(x.as_ref(), &mut s, Some(u.as_mut()), Some(vh.as_mut()), Threads::One).unwrap();
        assert_near(s[1], "values with vectors");
        assert_orthonormal(u.as_ref(), "u");
    }
    for_all_types!(check);
}
