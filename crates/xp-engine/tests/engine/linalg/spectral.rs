use super::*;

fn diagonal<R: RealScalar>(s: &[R]) -> Mat<C64> {
    Mat::from_fn(s.len(), s.len(), |i, j| if i == j { C64::from(s[i].to_f64()) } else { C64::ZERO })
}

#[track_caller]
fn check_svd<T: Scalar>(a: MatRef<'_, T>, full: bool, row_major: bool) {
    let (m, n) = a.shape();
    let k = m.min(n);
    let (uc, vr) = if full { (m, n) } else { (k, k) };
    let mut s = vec![T::R::ZERO; k];
    let (mut u, mut vh) = (Mat::<T>::zeros(m, uc), Mat::<T>::zeros(vr, n));
    let (mut ut, mut vht) = (Mat::<T>::zeros(uc, m), Mat::<T>::zeros(n, vr));
    let (mut u, mut vh) = if row_major { (ut.as_mut().transpose_mut(), vht.as_mut().transpose_mut()) } else { (u.as_mut(), vh.as_mut()) };
    svd(a, &mut s, Some(u.as_mut()), Some(vh.as_mut()), Threads::All).unwrap();
    assert_orthonormal(u.as_ref(), "u");
    assert_orthonormal(vh.as_ref().adjoint().to_owned().as_ref(), "v");
    assert!(s.windows(2).all(|w| w[0] >= w[1]) && s.iter().all(|&x| x >= T::R::ZERO), "descending");
    let scale = s.first().map_or(1.0, |x| x.to_f64());
    let product = wide(u.as_ref().subcols(0, k)) * diagonal(&s) * wide(vh.as_ref().subrows(0, k));
    assert_close::<T>(product.as_ref(), wide(a).as_ref(), 8.0 * (m + n) as f64, scale, "u s vh");
    let mut alone = vec![T::R::ZERO; k];
    svdvals(a, &mut alone, Threads::All).unwrap();
    for (x, y) in alone.iter().zip(&s) {
        assert!((x.to_f64() - y.to_f64()).abs() <= 8.0 * (m + n) as f64 * eps::<T>() * scale, "{x:?} {y:?}");
    }
}

#[test]
fn svd_reconstructs() {
    fn check<T: Scalar>() {
        let mut rng = numbers();
        for (m, n) in SHAPES {
            let a = rng.matrix::<T>(m, n);
            layouts(&a, |a| {
                for full in [false, true] {
                    for row_major in [false, true] {
                        check_svd(a, full, row_major);
                    }
                }
            });
        }
        for (m, n) in [(300, 140), (430, 430), (330, 430)] {
            check_svd(rng.matrix::<T>(m, n).as_ref(), false, true);
        }
    }
    for_all_types!(check);
}

#[test]
fn svd_of_special_matrices() {
    fn check<T: Scalar>() {
        for (m, n) in [(1, 1), (2, 2), (4, 3), (6, 6), (9, 16), (40, 7), (7, 40), (140, 140)] {
            check_svd(Mat::<T>::zeros(m, n).as_ref(), true, false);
            check_svd(Mat::<T>::from_fn(m, n, |_, _| T::ONE).as_ref(), true, false);
            check_svd(Mat::<T>::identity(m, n).as_ref(), true, false);
            let r = numbers().matrix::<T>(m, 1);
            let rank_one = Mat::from_fn(m, n, |i, j| r[(i, 0)] * T::from_re(T::R::from_f64(j as f64 / n as f64)));
            check_svd(rank_one.as_ref(), false, false);
        }
        for n in [2, 5, 9, 70, 150, 430] {
            for a in special::<T>(n) {
                check_svd(a.as_ref(), false, true);
                check_svd(a.as_ref().subcols(0, n - n / 6), true, false);
            }
            let bidiagonal = Mat::from_fn(n, n, |i, j| if j == i || j == i + 1 { T::ONE } else { T::ZERO });
            check_svd(bidiagonal.as_ref(), false, false);
            // The phases of subnormal elements are of modulus one, too.
            let least = T::R::MIN_POSITIVE * T::R::EPS;
            let tiny = Mat::from_fn(n, n, |i, j| {
                if i != j {
                    T::ZERO
                } else if i == 0 {
                    T::ONE
                } else {
                    T::from_parts(least, least)
                }
            });
            check_svd(tiny.as_ref(), false, false);
        }
    }
    for_all_types!(check);
}

#[test]
fn svd_is_scale_invariant() {
    fn check<T: Scalar>() {
        let a = numbers().matrix::<T>(12, 9);
        let mut want = [T::R::ZERO; 9];
        svdvals(a.as_ref(), &mut want, Threads::One).unwrap();
        let step = if size_of::<T::R>() == 8 { 50 } else { 6 };
        for e in -10..=10 {
            let e = e * step;
            let scaled = Mat::from_fn(12, 9, |i, j| T::from_parts(a[(i, j)].re().ldexp(e), a[(i, j)].im().ldexp(e)));
            let mut got = [T::R::ZERO; 9];
            svdvals(scaled.as_ref(), &mut got, Threads::One).unwrap();
            for (g, w) in got.iter().zip(&want) {
                let g = g.ldexp(-e).to_f64();
                assert!((g - w.to_f64()).abs() <= 64.0 * eps::<T>() * want[0].to_f64(), "2^{e}: {g:e} {w:?}");
            }
            check_svd(scaled.as_ref(), true, true);
        }
    }
    for_all_types!(check);
}

#[test]
fn svd_finds_given_singular_values() {
    fn check<T: Scalar>() {
        for (m, n) in [(30, 16), (16, 30), (200, 150)] {
            let k = m.min(n);
            let s: Vec<f64> = (0..k).map(|i| 10f64.powf(-15.0 * i as f64 / (k - 1) as f64)).collect();
            let a = with_singular_values::<T>(m, n, &s);
            let mut got = vec![T::R::ZERO; k];
            svdvals(a.as_ref(), &mut got, Threads::All).unwrap();
            for (g, w) in got.iter().zip(&s) {
                assert!((g.to_f64() - w).abs() <= 8.0 * (m + n) as f64 * eps::<T>(), "{g:?} {w:e}");
            }
        }
    }
    for_all_types!(check);
}

/// Symmetric matrices with many equal, vanishing, tiny or nearly equal eigenvalues.
fn special<T: Scalar>(n: usize) -> Vec<Mat<T>> {
    let chain = |i: usize, j: usize| f64::from(i.abs_diff(j) == 1);
    let pairs = |i: usize, j: usize| f64::from(i != j && i / 2 == j / 2);
    let graded = |i: usize, j: usize| 10f64.powf(-12.0 * (i + j) as f64 / n as f64);
    let rising = |i: usize, j: usize| graded(n - 1 - i, n - 1 - j);
    let split = |i: usize, j: usize| if i.abs_diff(j) == 1 { 1e-30 } else { f64::from(i == j && i.is_multiple_of(3)) };
    // Wilkinson's matrix of order 21, again and again, hardly coupled.
    let glued = |i: usize, j: usize| match i.abs_diff(j) {
        0 => (i % 21).abs_diff(10) as f64,
        1 => {
            if i.max(j).is_multiple_of(21) {
                1e-10
            } else {
                1.0
            }
        }
        _ => 0.0,
    };
    let elements: [&dyn Fn(usize, usize) -> f64; 9] =
        [&|_, _| 0.0, &|i, j| f64::from(i == j), &|_, _| 1.0, &chain, &pairs, &graded, &rising, &split, &glued];
    elements.map(|f| Mat::from_fn(n, n, |i, j| T::from_re(T::R::from_f64(f(i, j))))).into()
}

fn hermitian<T: Scalar>(n: usize) -> Mat<T> {
    let a = numbers().matrix::<T>(n, n);
    let mut h = &a + a.adjoint();
    for i in 0..n {
        h[(i, i)] = T::from_re(h[(i, i)].re());
    }
    h
}

#[track_caller]
fn check_eigh<T: Scalar>(given: MatRef<'_, T>, a: MatRef<'_, T>, row_major: bool) {
    let n = a.nrows();
    let mut w = vec![T::R::ZERO; n];
    let mut v = Mat::<T>::zeros(n, n);
    let mut view = if row_major { v.as_mut().transpose_mut() } else { v.as_mut() };
    eigh(given, &mut w, view.as_mut(), Threads::All).unwrap();
    assert_orthonormal(view.as_ref(), "v");
    assert!(w.windows(2).all(|p| p[0] <= p[1]), "ascending");
    let scale = w.iter().fold(0f64, |m, x| m.max(x.to_f64().abs()));
    let product = wide(view.as_ref()) * diagonal(&w) * wide(view.as_ref()).adjoint();
    assert_close::<T>(product.as_ref(), wide(a).as_ref(), 16.0 * (n as f64 + 1.0), scale, "v w v^H");
    let mut alone = vec![T::R::ZERO; n];
    eigvalsh(given, &mut alone, Threads::All).unwrap();
    for (x, y) in alone.iter().zip(&w) {
        assert!((x.to_f64() - y.to_f64()).abs() <= 16.0 * (n as f64 + 1.0) * eps::<T>() * scale, "{x:?} {y:?}");
    }
}

#[test]
fn eigh_reconstructs_and_reads_the_lower_triangle() {
    fn check<T: Scalar>() {
        for n in [0, 1, 2, 3, 4, 5, 8, 11, 16, 17, 20, 33, 95, 140, 430] {
            let a = hermitian::<T>(n);
            let dirty = Mat::from_fn(n, n, |i, j| if i < j { T::from_re(T::R::from_f64(f64::NAN)) } else { a[(i, j)] });
            layouts(&dirty, |dirty| {
                check_eigh(dirty, a.as_ref(), false);
                check_eigh(dirty, a.as_ref(), true);
            });
        }
        for n in [1, 3, 5, 12, 16, 40, 150, 430] {
            for a in special::<T>(n) {
                check_eigh(a.as_ref(), a.as_ref(), false);
            }
        }
    }
    for_all_types!(check);
}

/// Hermitian matrices with what is hard for divide and conquer: products, whose eigenvalues crowd at zero, and clusters.
fn crowded<T: Scalar>(n: usize) -> Vec<(&'static str, Mat<T>)> {
    let mut rng = Numbers(n as u64 + 1);
    let mut product = |inner: usize| {
        let x = rng.matrix::<T>(inner, n);
        let mut h = Mat::zeros(n, n);
        gram(h.as_mut(), x.as_ref(), Threads::All).unwrap();
        h
    };
    let cluster = |i: usize| [1.0, 1.0 + 1e-6, -0.5, 1e-9][i % 4] + 1e-12 * i as f64;
    let with = |value: &dyn Fn(usize) -> f64| {
        let mut q = Mat::<T>::zeros(n, n);
        let mut r = Mat::<T>::zeros(n, n);
        qr(numbers().matrix::<T>(n, n).as_ref(), q.as_mut(), r.as_mut(), Threads::All).unwrap();
        let scaled = Mat::from_fn(n, n, |i, j| q[(i, j)].scale(T::R::from_f64(value(j))));
        let mut h = scaled * q.adjoint();
        for i in 0..n {
            h[(i, i)] = T::from_re(h[(i, i)].re());
        }
        h
    };
    vec![
        ("product of square", product(n)),
        ("product of tall", product(3 * n)),
        ("product of wide", product(n / 2)),
        ("random", hermitian(n)),
        ("clustered", with(&cluster)),
        ("geometric", with(&|i| 0.9f64.powi(i as i32))),
    ]
}

#[test]
fn eigenvectors_of_crowded_values_satisfy_their_definition() {
    fn check<T: Scalar>() {
        for n in [100, 129, 190, 257, 430] {
            for (name, a) in crowded::<T>(n) {
                let mut w = vec![T::R::ZERO; n];
                let mut v = Mat::<T>::zeros(n, n);
                eigh(a.as_ref(), &mut w, v.as_mut(), Threads::All).unwrap();
                let (a, v) = (wide(a.as_ref()), wide(v.as_ref()));
                // The lower triangle is what counts.
                let a = Mat::from_fn(n, n, |i, j| if i >= j { a[(i, j)] } else { a[(j, i)].conj() });
                let norm = w.iter().fold(0f64, |norm, x| norm.max(x.to_f64().abs()));
                let residual = &a * &v - &v * diagonal(&w);
                let unit = n as f64 * eps::<T>();
                let ratio = (0..n).map(|j| residual.col(j).norm_l2()).fold(0f64, f64::max) / (norm * unit);
                let product = v.adjoint() * &v - Mat::<C64>::identity(n, n);
                let loss = (0..n).map(|j| product.col(j).norm_l2()).fold(0f64, f64::max) / unit;
                assert!(ratio < 1.0 && loss < 1.0, "{name} {n} of {}: {ratio} {loss}", std::any::type_name::<T>());
            }
        }
    }
    for_all_types!(check);
}

#[test]
fn eigh_is_scale_invariant() {
    fn check<T: Scalar>() {
        let a = hermitian::<T>(11);
        let step = if size_of::<T::R>() == 8 { 50 } else { 6 };
        for e in -10..=10 {
            let scaled = Mat::from_fn(11, 11, |i, j| T::from_parts(a[(i, j)].re().ldexp(e * step), a[(i, j)].im().ldexp(e * step)));
            check_eigh(scaled.as_ref(), scaled.as_ref(), false);
        }
    }
    for_all_types!(check);
}

#[test]
fn eigvalsh_of_the_second_difference_is_known() {
    for n in [5, 100, 333] {
        let a = Mat::<f64>::from_fn(n, n, |i, j| match i.abs_diff(j) {
            0 => 2.0,
            1 => -1.0,
            _ => 0.0,
        });
        let mut w = vec![0.0; n];
        eigvalsh(a.as_ref(), &mut w, Threads::All).unwrap();
        for (k, x) in w.iter().enumerate() {
            let want = 2.0 - 2.0 * (std::f64::consts::PI * (k + 1) as f64 / (n + 1) as f64).cos();
            assert!((x - want).abs() < 1e-14 * n as f64, "{x} {want}");
        }
    }
}

#[test]
fn eig_satisfies_its_definition() {
    fn check<T: General>() {
        let mut rng = numbers();
        for n in [0, 1, 2, 3, 8, 33, 100] {
            let a = rng.matrix::<T>(n, n);
            for e in [0, if size_of::<T::R>() == 8 { 300 } else { 40 }, if size_of::<T::R>() == 8 { -300 } else { -40 }] {
                let a = Mat::from_fn(n, n, |i, j| T::from_parts(a[(i, j)].re().ldexp(e), a[(i, j)].im().ldexp(e)));
                layouts(&a, |a| {
                    let mut w = vec![T::C::ZERO; n];
                    let mut v = Mat::<T::C>::zeros(n, n);
                    eig(a, &mut w, v.as_mut().transpose_mut(), Threads::All).unwrap();
                    let v = wide(v.transpose());
                    let w: Vec<C64> = w.iter().map(|x| C64::new(x.re().to_f64(), x.im().to_f64())).collect();
                    let left = wide(a) * &v;
                    let right = Mat::from_fn(n, n, |i, j| v[(i, j)] * w[j]);
                    let scale = (n as f64).max(1.0) * 2f64.powi(e);
                    assert_close::<T>(left.as_ref(), right.as_ref(), 8.0, scale, "a v = v w");
                    for j in 0..n {
                        let norm: f64 = (0..n).map(|i| v[(i, j)].norm_sqr()).sum();
                        assert!((norm - 1.0).abs() < 1e3 * eps::<T>());
                    }
                    let mut alone = vec![T::C::ZERO; n];
                    eigvals(a, &mut alone, Threads::One).unwrap();
                    let wide_a = wide(a);
                    let trace: C64 = (0..n).map(|i| wide_a[(i, i)]).sum();
                    let sum: C64 = alone.iter().map(|x| C64::new(x.re().to_f64(), x.im().to_f64())).sum();
                    assert!((trace - sum).norm() <= 16.0 * eps::<T>() * scale * (n as f64 + 1.0));
                });
            }
        }
    }
    for_all_types!(check);
}

#[test]
fn eig_of_a_rotation_is_its_phase() {
    let (s, c) = 0.3f64.sin_cos();
    let a = Mat::<f64>::from_fn(2, 2, |i, j| [[c, -s], [s, c]][i][j]);
    let mut w = [C64::ZERO; 2];
    eigvals(a.as_ref(), &mut w, Threads::One).unwrap();
    w.sort_by(|a, b| a.im.total_cmp(&b.im));
    assert!((w[1] - C64::from_polar(1.0, 0.3)).norm() < 1e-15 && (w[0] - C64::from_polar(1.0, -0.3)).norm() < 1e-15);
}

#[test]
fn non_finite_input_is_an_error() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for (i, j) in [(0, 0), (6, 2), (3, 3)] {
            let mut a = numbers().matrix::<f64>(7, 4);
            a[(i, j)] = bad;
            let mut s = [0.0; 4];
            assert_eq!(svdvals(a.as_ref(), &mut s, Threads::One), Err(Error::NonFinite));
            assert_eq!(svdvals(a.transpose(), &mut s, Threads::One), Err(Error::NonFinite));
        }
        let mut h = hermitian::<f64>(5);
        h[(3, 1)] = bad;
        let mut w = [0.0; 5];
        let mut v = Mat::zeros(5, 5);
        assert_eq!(eigvalsh(h.as_ref(), &mut w, Threads::One), Err(Error::NonFinite));
        assert_eq!(eigh(h.as_ref(), &mut w, v.as_mut(), Threads::One), Err(Error::NonFinite));
        let mut w = [C64::ZERO; 5];
        assert_eq!(eigvals(h.as_ref(), &mut w, Threads::One), Err(Error::NonFinite));
    }
}
