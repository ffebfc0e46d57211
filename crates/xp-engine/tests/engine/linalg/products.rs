use super::*;

fn naive<T: Scalar>(a: MatRef<'_, T>, b: MatRef<'_, T>) -> Mat<C64> {
    let (a, b) = (wide(a), wide(b));
    Mat::from_fn(a.nrows(), b.ncols(), |i, j| (0..a.ncols()).map(|k| a[(i, k)] * b[(k, j)]).sum())
}

#[test]
fn matmul_matches_the_definition_in_every_layout() {
    fn check<T: Scalar>() {
        let mut rng = numbers();
        for (m, k, n) in [
            (0, 3, 2),
            (2, 0, 3),
            (1, 1, 1),
            (8, 8, 8),
            (1, 40, 30),
            (40, 30, 1),
            (7, 5, 3),
            (37, 16, 25),
            (300, 16, 64),
            (64, 16, 300),
            (33, 100, 65),
            (129, 70, 131),
            (50, 1, 60),
        ] {
            let (a, b) = (rng.matrix::<T>(m, k), rng.matrix::<T>(k, n));
            let want = naive(a.as_ref(), b.as_ref());
            layouts(&a, |a| {
                layouts(&b, |b| {
                    for row_major in [false, true] {
                        for threads in [Threads::One, Threads::All] {
                            let infinite = T::from_re(T::R::INFINITY);
                            let mut c = if row_major { Mat::full(n, m, infinite) } else { Mat::full(m, n, infinite) };
                            let mut view = if row_major { c.as_mut().transpose_mut() } else { c.as_mut() };
                            matmul(view.as_mut(), a, b, threads);
                            let units = 4.0 * (k as f64 + 4.0);
                            assert_close::<T>(wide(view.as_ref()).as_ref(), want.as_ref(), units, 1.0, "matmul");
                        }
                    }
                });
            });
        }
    }
    for_all_types!(check);
}

#[test]
fn products_with_vectors_do_not_depend_on_threads() {
    fn check<T: Scalar>() {
        let mut rng = numbers();
        for (m, k, n) in [(3, 140_000, 1), (1, 140_001, 1), (1, 3001, 100), (2500, 131, 1), (1, 131, 2500), (70_001, 3, 1), (70_001, 1, 1)] {
            let (a, b) = (rng.matrix::<T>(m, k), rng.matrix::<T>(k, n));
            let (want, rows) = (naive(a.as_ref(), b.as_ref()), [a.transpose().to_owned(), b.transpose().to_owned()]);
            for (a, b) in [(a.as_ref(), b.as_ref()), (rows[0].transpose(), b.as_ref()), (a.as_ref(), rows[1].transpose())] {
                let [one, all] = [Threads::One, Threads::All].map(|par| {
                    let mut c = Mat::zeros(m, n);
                    matmul(c.as_mut(), a, b, par);
                    wide(c.as_ref())
                });
                assert!(one == all, "{m}x{k} by {k}x{n}, {}", std::any::type_name::<T>());
                assert_close::<T>(one.as_ref(), want.as_ref(), 4.0 * (k as f64).sqrt() + 16.0, (k as f64).sqrt(), "matvec");
            }
        }
    }
    for_all_types!(check);
}

#[test]
fn matmul_propagates_nan_and_infinity() {
    let mut a = Mat::<f64>::zeros(40, 20);
    a[(3, 4)] = f64::NAN;
    a[(5, 6)] = f64::INFINITY;
    let b = Mat::<f64>::from_fn(20, 30, |_, _| 1.0);
    let mut c = Mat::<f64>::zeros(40, 30);
    matmul(c.as_mut(), a.as_ref(), b.as_ref(), Threads::One);
    assert!((0..30).all(|j| c[(3, j)].is_nan() && c[(5, j)] == f64::INFINITY && c[(4, j)] == 0.0));
}

#[test]
fn integer_products_wrap() {
    fn check<T: Integer + PartialEq + std::fmt::Debug + TryFrom<i64>>(from: impl Fn(i64) -> T) {
        let mut rng = numbers();
        for (m, k, n) in [(0, 2, 3), (2, 0, 3), (1, 1, 1), (5, 7, 3), (33, 300, 150), (70, 20, 40)] {
            let mut draw = |rows, cols| Mat::<f64>::from_fn(rows, cols, |_, _| (rng.next() * 2000.0).round());
            let (fa, fb) = (draw(m, k), draw(k, n));
            let ints = |a: &Mat<f64>| -> Vec<T> {
                (0..a.nrows() * a.ncols()).map(|i| from(a[(i / a.ncols().max(1), i % a.ncols().max(1))] as i64)).collect()
            };
            let (a, b) = (ints(&fa), ints(&fb));
            let mut c = vec![from(7); m * n];
            matmul_integer(
                MatMut::from_row_major_slice_mut(&mut c, m, n),
                MatRef::from_row_major_slice(&a, m, k),
                MatRef::from_row_major_slice(&b, k, n),
                Threads::All,
            );
            for i in 0..m {
                for j in 0..n {
                    let want: i64 = (0..k).map(|l| fa[(i, l)] as i64 * fb[(l, j)] as i64).sum();
                    assert_eq!(c[i * n + j], from(want));
                }
            }
        }
    }
    check(|x| x as i8);
    check(|x| x as i16);
    check(|x| x as i32);
    check(|x| x);
    check(|x| x as u8);
    check(|x| x as u16);
    check(|x| x as u32);
    check(|x| x as u64);
}

#[test]
fn gram_is_the_hermitian_product() {
    fn check<T: Scalar>() {
        let mut rng = numbers();
        for (m, n) in [(0, 3), (3, 0), (1, 1), (1, 5), (5, 1), (9, 17), (500, 3), (700, 30), (1000, 49), (40, 700)] {
            let x = rng.matrix::<T>(m, n);
            let want = naive(x.adjoint().to_owned().as_ref(), x.as_ref());
            layouts(&x, |x| {
                for par in [Threads::One, Threads::All] {
                    let mut g = Mat::<T>::zeros(n, n);
                    gram(g.as_mut(), x, par).unwrap();
                    assert_close::<T>(wide(g.as_ref()).as_ref(), want.as_ref(), 4.0 * (m as f64 + 4.0), 1.0, "gram");
                    let mut row_major = Mat::<T>::zeros(n, n);
                    gram(row_major.as_mut().transpose_mut(), x, par).unwrap();
                    assert_eq!(row_major.transpose().to_owned(), g);
                    assert_eq!(g.adjoint().to_owned(), g, "exactly Hermitian");
                }
            });
        }
    }
    for_all_types!(check);
}

#[test]
fn gram_blocks_asks_for_every_row_once_and_does_not_depend_on_threads() {
    let (m, n) = (5003, 37);
    let x = numbers().matrix::<f64>(m, n);
    let mean: Vec<f64> = (0..n).map(|j| (0..m).map(|i| x[(i, j)]).sum::<f64>() / m as f64).collect();
    let run = |threads: usize| {
        let counts: Vec<std::sync::atomic::AtomicUsize> = (0..m).map(|_| 0.into()).collect();
        let mut g = Mat::<f64>::zeros(n, n);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            gram_blocks(
                g.as_mut(),
                m,
                &|rows: std::ops::Range<usize>, block: &mut [f64]| {
                    for (i, row) in rows.zip(block.chunks_exact_mut(n)) {
                        counts[i].fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        for (j, out) in row.iter_mut().enumerate() {
                            *out = x[(i, j)] - mean[j];
                        }
                    }
                },
                Threads::All,
            )
            .unwrap();
        });
        assert!(counts.iter().all(|c| c.load(std::sync::atomic::Ordering::Relaxed) == 1));
        g
    };
    let g = run(1);
    assert_eq!(g, run(2));
    assert_eq!(g, run(5));
    let centred = Mat::from_fn(m, n, |i, j| x[(i, j)] - mean[j]);
    let want = naive(centred.transpose().to_owned().as_ref(), centred.as_ref());
    assert_close::<f64>(wide(g.as_ref()).as_ref(), want.as_ref(), 4.0 * m as f64, 1.0, "centred gram");
}

#[test]
fn batches_report_the_first_failure() {
    let done = std::sync::atomic::AtomicUsize::new(0);
    for par in [Threads::One, Threads::All] {
        let result = for_each(1000, 4096, par, |i, _| {
            done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            if i == 700 || i == 300 { Err(Error::Singular { index: i }) } else { Ok(()) }
        });
        assert_eq!(result, Err((300, Error::Singular { index: 300 })));
    }
    done.store(0, std::sync::atomic::Ordering::Relaxed);
    for_each(1000, 4096, Threads::All, |_, _| {
        done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    })
    .unwrap();
    assert_eq!(done.into_inner(), 1000);
}
