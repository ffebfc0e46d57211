//! Operations that are calls of NVIDIA's libraries: what they give, on a real device too, and how many calls, launches and waits they
//! cost, counted on the simulated device.

mod common;

use std::sync::Mutex;

use num_complex::Complex;
use xp_core::expr::Iota;
use xp_core::random::Generator;
use xp_core::{Array, Dyn, Float, Floating, Ix2, Ix3, Lazy, Linalg, Num, Real as _, functions::eye, linalg, s};
use xp_cpu::Cpu;
use xp_cuda::Cuda;
use xp_cuda_sim::stats;
use xp_fft::{Direction, Fft};

/// Counts belong to the process.
static ALONE: Mutex<()> = Mutex::new(());

/// Matrices of a stack that are too large for the kernels of this crate, and small enough for calls that take a whole stack.
const COUNT: usize = 3;
const ORDER: usize = 70;

/// Launches, calls of libraries, waits, and what an operation gives.
fn counted<R>(operation: impl Fn() -> xp_core::Result<R>) -> ([usize; 3], R) {
    drop(operation().unwrap());
    let before = stats(0);
    let result = operation().unwrap();
    let after = stats(0);
    let counts = [after.launches - before.launches, after.library_calls - before.library_calls, after.synchronisations - before.synchronisations];
    (counts, result)
}

/// The largest magnitude of the elements of `x - y`.
fn distance<T: Floating>(x: &Array<Cuda, T, Ix3>, y: &Array<Cuda, T, Ix3>) -> f64 {
    (x.lazy() - y).abs().max(..).try_eval().unwrap().item().unwrap().to_f64()
}

fn check<T: Floating>(device: &Cuda)
where
    Cuda: Linalg<T>,
    Cpu: Linalg<T>,
{
    let mut random = Generator::new(11);
    let mut matrices = |rows: usize, columns: usize| -> Array<Cuda, T, Ix3> {
        let part = |random: &mut Generator| random.normal::<_, f64, _>(device, [COUNT, rows, columns]).unwrap();
        let (re, im) = (part(&mut random), part(&mut random));
        // A real number has no imaginary unit: of `im` nothing is left.
        let part = <T::Real as Num>::from_f64;
        (re.lazy().astype::<T>() + im.lazy().astype::<T>() * T::from_parts(part(0.0), part(1.0))).try_eval().unwrap()
    };
    let eps = <<T as Num>::Real as Float>::EPSILON.to_f64();
    let close = |what: &str, error: f64, size: f64| assert!(error <= 200.0 * ORDER as f64 * eps * size, "{what} of {}: {error}", T::DTYPE);
    let (a, b, tall) = (matrices(ORDER, ORDER), matrices(ORDER, 2), matrices(ORDER + 20, ORDER));
    let adjoint = |x: &Array<Cuda, T, Ix3>| x.lazy().conj().try_eval().unwrap().matrix_transpose().unwrap();
    let identity: Array<Cuda, T, Ix2> = eye(device, ORDER, ORDER, 0).unwrap();
    let definite = (a.matmul(&adjoint(&a)).unwrap().lazy() + &identity).try_eval().unwrap();

    let (counts, x) = counted(|| linalg::solve(&a, &b));
    cost("solve: a factorisation and a solution for the whole stack, one wait", [counts[1], counts[2]], [2, 1]);
    close("solve", distance(&a.matmul(&x).unwrap(), &b), 1e3);

    let (counts, l) = counted(|| linalg::cholesky(&definite, linalg::Lower));
    cost("cholesky", counts[1], 1);
    close("cholesky", distance(&l.matmul(&adjoint(&l)).unwrap(), &definite), 1e3);

    for (what, triangular, form) in [("lower", l.clone(), linalg::Lower), ("upper", adjoint(&l), linalg::Upper)] {
        let (counts, x) = counted(|| linalg::solve_triangular(&triangular, &b, form));
        cost("solve_triangular", counts[1], 1);
        close(what, distance(&triangular.matmul(&x).unwrap(), &b), 1e2);
    }

    // Q is formed by three products for every 32 reflectors: the libraries have no call for a stack.
    let calls = 1 + 3 * ORDER.div_ceil(32);
    let unit = |n: usize| eye::<_, T>(device, n, n, 0).unwrap().broadcast_to([COUNT, n, n]).unwrap().into_rank::<Ix3>().unwrap();
    let orthonormal = |what: &str, q: &Array<Cuda, T, Ix3>| close(what, distance(&adjoint(q).matmul(q).unwrap(), &unit(q.dims()[2])), 1.0);
    let mut deficient = tall.clone();
    deficient.set(s![1, .., 3..40], T::ZERO).unwrap();
    deficient.set(s![2], T::ZERO).unwrap();
    for (what, x) in [("qr", tall.clone()), ("qr of a wide matrix", adjoint(&tall)), ("qr of fewer dimensions", deficient)] {
        let (counts, (q, r)) = counted(|| linalg::qr(&x, linalg::Thin));
        cost(what, [counts[1], counts[2]], [calls, 1]);
        close(what, distance(&q.matmul(&r).unwrap(), &x), 1e2);
        orthonormal(what, &q);
        let (q, r) = linalg::qr(&x, linalg::Full).unwrap();
        assert_eq!(q.dims(), [COUNT, x.dims()[1], x.dims()[1]]);
        close(what, distance(&q.matmul(&r).unwrap(), &x), 1e2);
        orthonormal(what, &q);
    }
    let (counts, _) = counted(|| linalg::qr_r(&tall));
    cost("qr_r", counts[1], 1);

    let (counts, (w, v)) = counted(|| linalg::eigh(&definite));
    cost("eigh", counts[1], 1);
    let w = w.lazy().astype::<T>().try_eval().unwrap().expand_dims(1).unwrap();
    let scaled = (v.lazy() * &w).try_eval().unwrap();
    close("eigh", distance(&definite.matmul(&v).unwrap(), &scaled), 1e3);

    let (counts, found) = counted(|| linalg::slogdet(&a));
    cost("slogdet", counts[1], 1);
    for k in 0..COUNT as isize {
        let on_host = linalg::slogdet(&a.slice(s![k]).unwrap().to_backend(&Cpu).unwrap()).unwrap();
        let sign = found.0.to_backend(&Cpu).unwrap().slice(s![k]).unwrap();
        close("sign", (sign.lazy() - &on_host.0).abs().try_eval().unwrap().item().unwrap().to_f64(), 1e2);
        let log = found.1.to_backend(&Cpu).unwrap().slice(s![k]).unwrap();
        close("logarithm", (log.lazy() - &on_host.1).abs().try_eval().unwrap().item().unwrap().to_f64(), 1e2);
    }
}

/// The simulated device counts; a real one has to give the same results.
fn cost<C: PartialEq + std::fmt::Debug>(what: &str, counted: C, expected: C) {
    assert!(common::real().is_some() || counted == expected, "{what}: {counted:?} counted, {expected:?} in the budget");
}

fn device() -> Option<Cuda> {
    if common::real().is_some() {
        return Some(common::cuda());
    }
    let device = common::device()?;
    let _ = xp_cuda::libraries::install(xp_cuda_sim::libraries::factories());
    Some(device.into())
}

#[test]
fn a_stack_of_moderate_matrices_is_one_call() {
    let _alone = ALONE.lock();
    let Some(device) = device() else { return };
    check::<f64>(&device);
    check::<Complex<f32>>(&device);
}

/// Rows and columns up to 256, in shared memory where they fit.
#[test]
fn singular_values_of_a_stack_are_one_launch() {
    let _alone = ALONE.lock();
    let Some(device) = device() else { return };
    fn check<T: Floating>(device: &Cuda, rows: usize, columns: usize)
    where
        Cuda: Linalg<T>,
    {
        let part = |seed| Generator::new(seed).normal::<_, f64, _>(device, [4, rows, columns]).unwrap().lazy().astype::<T>().try_eval().unwrap();
        let i = T::from_parts(<T::Real as Num>::from_f64(0.0), <T::Real as Num>::from_f64(1.0));
        let mut x = (part(5).lazy() + part(6).lazy() * i).try_eval().unwrap();
        // One of a lower rank, and one of none.
        x.set(s![1, .., 1..], T::ZERO).unwrap();
        x.set(s![3], T::ZERO).unwrap();
        let before = stats(0);
        let (u, s, vh) = linalg::svd(&x, linalg::Thin).unwrap();
        let after = stats(0);
        let counts = [after.launches - before.launches, after.library_calls - before.library_calls, after.synchronisations - before.synchronisations];
        cost("svd: one launch for the whole stack, one wait", counts, [1, 0, 1]);
        let eps = <<T as Num>::Real as Float>::EPSILON.to_f64();
        let scaled = (u.lazy() * s.expand_dims(1).unwrap().lazy().astype::<T>()).try_eval().unwrap();
        let error = distance(&scaled.matmul(&vh).unwrap(), &x);
        assert!(error < 500.0 * eps, "{rows} x {columns} of {}: {error}", T::DTYPE);
        for q in [u.clone(), vh.lazy().conj().try_eval().unwrap().matrix_transpose().unwrap()] {
            let n = q.dims()[2];
            let product = q.lazy().conj().try_eval().unwrap().matrix_transpose().unwrap().matmul(&q).unwrap();
            let error = (product.lazy() - &eye::<_, T>(device, n, n, 0).unwrap()).abs().max(..).try_eval().unwrap().item().unwrap().to_f64();
            assert!(error < 500.0 * eps, "vectors of {rows} x {columns} of {}: {error}", T::DTYPE);
        }
        assert_eq!(s.to_vec(), s.sort(1, xp_core::functions::Descending).unwrap().to_vec());
    }
    check::<f64>(&device, 70, 3);
    check::<Complex<f32>>(&device, 3, 66);
    // Too many elements for shared memory: a number in every fourth row.
    let place = |step| Lazy::new(Iota::<Cuda, Ix3>::new(&device, [8, 256, 56], 0, step).unwrap());
    let x = (place([0, 1, -4]).equal(0i64).astype::<Complex<f64>>() * (place([1, 0, 1]) + 1i64).astype::<Complex<f64>>()).try_eval().unwrap();
    let s = linalg::svdvals(&x).unwrap().to_vec();
    let expected = (0..8).flat_map(|k| (1..=56).rev().map(move |j| f64::from(k + j)));
    assert!(s.iter().zip(expected).all(|(s, e)| (s - e).abs() < 1e-12), "{s:?}");
    let mut bad = Generator::new(2).normal::<_, f64, _>(&device, [9, 65, 3]).unwrap();
    bad.set(s![7, 2, 1], f64::NAN).unwrap();
    let message = linalg::svdvals(&bad).unwrap_err().to_string();
    assert!(message.contains("matrix 7"), "{message}");
}

#[test]
fn the_matrix_that_fails_is_named() {
    let _alone = ALONE.lock();
    let Some(device) = device() else { return };
    let mut a = Generator::new(2).normal::<_, f64, _>(&device, [COUNT, ORDER, ORDER]).unwrap();
    a.set(s![1, .., 4], 0.0).unwrap();
    let message = linalg::solve(&a, &a).unwrap_err().to_string();
    assert!(message.contains("matrix 1") && message.contains("singular"), "{message}");
    assert_eq!(linalg::det(&a).unwrap().to_vec()[1], 0.0);
    let minus = (eye::<_, f64>(&device, ORDER, ORDER, 0).unwrap().lazy() * -1.0).try_eval().unwrap();
    let mut definite = eye::<_, f64>(&device, ORDER, ORDER, 0).unwrap().broadcast_to([COUNT, ORDER, ORDER]).unwrap().copy().unwrap();
    definite.set(s![2], &minus).unwrap();
    let message = linalg::cholesky(&definite, linalg::Lower).unwrap_err().to_string();
    assert!(message.contains("matrix 2"), "{message}");
}

#[test]
fn axes_in_the_middle_are_transformed_where_they_are() {
    let _alone = ALONE.lock();
    let Some(device) = device() else { return };
    // The shape, the axes, and how often the plan is executed.
    for (shape, axes, calls) in
        [(&[6, 10][..], &[0][..], 1), (&[3, 8, 5], &[1], 3), (&[4, 6, 5], &[0, 1], 1), (&[2, 4, 3, 6, 5], &[1, 2, 3], 2), (&[7, 3], &[0], 1)]
    {
        let x: Array<Cuda, f64, Dyn> = Generator::new(4).normal(&device, shape.to_vec()).unwrap();
        let z = (x.lazy().astype::<Complex<f64>>() * Complex::new(0.5, 2.0)).try_eval().unwrap();
        let lens: Vec<usize> = axes.iter().map(|&axis| shape[axis]).collect();
        let (on_host, spectrum) = (x.to_backend(&Cpu).unwrap(), z.to_backend(&Cpu).unwrap());
        let near = |what: &str, found: &Array<Cuda, Complex<f64>, Dyn>, expected: &Array<Cpu, Complex<f64>, Dyn>| {
            assert!(found.is_contiguous(), "{what} of {shape:?}");
            let error = (found.to_backend(&Cpu).unwrap().lazy() - expected).abs().max(..).try_eval().unwrap().item().unwrap();
            assert!(error < 1e-12, "{what} of {shape:?} along {axes:?}: {error}");
        };
        for direction in [Direction::Forward, Direction::Backward] {
            let (counts, found) = counted(|| Cuda::c2c(z.clone(), axes, &lens, direction, 1.0));
            cost(&format!("complex {shape:?}: no copy"), counts, [0, calls, 0]);
            near("c2c", &found, &Cpu::c2c(spectrum.clone(), axes, &lens, direction, 1.0).unwrap());
            let (counts, found) = counted(|| Cuda::c2c(z.clone(), axes, &lens, direction, 0.25));
            cost(&format!("scaled {shape:?}: one copy"), counts, [1, calls, 0]);
            near("scaled c2c", &found, &Cpu::c2c(spectrum.clone(), axes, &lens, direction, 0.25).unwrap());
        }
        let (counts, found) = counted(|| Cuda::r2c(x.clone(), axes, &lens, Direction::Forward, 1.0));
        cost(&format!("real {shape:?}: no copy"), counts, [0, calls, 0]);
        near("r2c", &found, &Cpu::r2c(on_host.clone(), axes, &lens, Direction::Forward, 1.0).unwrap());
    }
}

/// cuFFT overwrites what an inverse real transform reads: an operand that its caller keeps is copied, one that is given away is not.
#[test]
fn an_inverse_real_transform_overwrites_what_is_given_away() {
    let _alone = ALONE.lock();
    let Some(device) = device() else { return };
    let x: Array<Cuda, f64, Ix2> = Generator::new(4).normal(&device, [6, 10]).unwrap();
    let spectrum = Cuda::r2c(x.clone(), &[0, 1], &[6, 10], Direction::Forward, 1.0).unwrap();
    let expected = Cuda::c2r(spectrum.clone(), &[0, 1], &[6, 10], Direction::Backward, 1.0).unwrap();
    let mut copies: Vec<_> = (0..2).map(|_| spectrum.copy().unwrap()).collect();
    for (scale, launches) in [(1.0, 1), (0.5, 2)] {
        let given = copies.pop().unwrap();
        let before = stats(0);
        let found = Cuda::c2r(given, &[0, 1], &[6, 10], Direction::Backward, scale).unwrap();
        let after = stats(0);
        let counts = [after.launches - before.launches, after.library_calls - before.library_calls, after.allocations - before.allocations];
        cost("an operand that is given away", counts, [launches, 1, 1]);
        let error = (found.lazy() - (expected.lazy() * scale)).abs().max(..).try_eval().unwrap().item().unwrap();
        assert!(error < 1e-12, "{error}");
    }
    let kept = spectrum.to_vec();
    let (counts, _) = counted(|| Cuda::c2r(spectrum.clone(), &[0, 1], &[6, 10], Direction::Backward, 1.0));
    cost("an operand that is kept", counts, [2, 1, 0]);
    assert_eq!(spectrum.to_vec(), kept);
}

/// A tall matrix is evaluated where it is factored: one launch for its rows, one for what is above them, one for their magnitude.
#[test]
fn a_tall_factor_copies_nothing() {
    let _alone = ALONE.lock();
    let Some(device) = device() else { return };
    let x: Array<Cuda, f64, Ix2> = Generator::new(6).normal(&device, [600, 40]).unwrap();
    let (counts, r) = counted(|| Cuda::tall_r(&(x.lazy() * 2.0)));
    cost("tall_r", counts, [5, 1, 1]);
    let error = (r.t().matmul(&r).unwrap().lazy() - (x.t().matmul(&x).unwrap().lazy() * 4.0)).abs().max(..).try_eval().unwrap().item().unwrap();
    assert!(error < 1e-9, "{error}");
    // Elements whose squares overflow are scaled.
    let r = Cuda::tall_r(&(x.lazy() * 1e200)).unwrap();
    let expected = linalg::qr_r(&x.to_backend(&Cpu).unwrap()).unwrap();
    let error = ((r.lazy() * 1e-200).abs().try_eval().unwrap().to_backend(&Cpu).unwrap().lazy() - expected.lazy().abs()).abs().max(..).try_eval();
    assert!(error.unwrap().item().unwrap() < 1e-10);
}

/// Products of arrays that are there read them once, where they are, and what is missing of a symmetric one comes in one launch.
#[test]
fn products_with_the_transpose_copy_nothing() {
    let _alone = ALONE.lock();
    let Some(device) = device() else { return };
    // The triangle of the second one fills the simulated device.
    for shape in [[600, 5], [600, 300], [3, 40]] {
        let x: Array<Cuda, f64, Ix2> = Generator::new(6).normal(&device, shape).unwrap();
        let turned = x.t().copy().unwrap();
        let on_host = x.to_backend(&Cpu).unwrap();
        let expected = on_host.t().matmul(&on_host).unwrap();
        for x in [&x, &turned.t()] {
            let (counts, gram) = counted(|| linalg::gram(&x.lazy()));
            cost(&format!("gram of {shape:?}"), counts, [1, 1, 0]);
            let error = (gram.to_backend(&Cpu).unwrap().lazy() - &expected).abs().max(..).try_eval().unwrap().item().unwrap();
            assert!(error < 1e-10, "gram of {shape:?}: {error}");
            let (counts, cross) = counted(|| Cuda::cross(&x.lazy(), &x.lazy()));
            cost(&format!("cross of {shape:?}"), counts, [0, 1, 0]);
            let error = (cross.to_backend(&Cpu).unwrap().lazy() - &expected).abs().max(..).try_eval().unwrap().item().unwrap();
            assert!(error < 1e-10, "cross of {shape:?}: {error}");
        }
        let (counts, _) = counted(|| linalg::gram(&(x.lazy() - 1.0)));
        cost(&format!("gram of a lazy matrix of {shape:?}: it is evaluated once"), counts, [2, 1, 0]);
    }
}
