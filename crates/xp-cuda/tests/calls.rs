//! Operations that are calls of NVIDIA's libraries: what they give, on a real device too, and how many calls, launches and waits they
//! cost, counted on the simulated device.

mod common;

use std::sync::Mutex;

use num_complex::Complex;
use xp_core::random::Generator;
use xp_core::{Array, Dyn, Float, Floating, Ix2, Ix3, Linalg, Num, Real as _, functions::eye, linalg};
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

    // The forming of Q is a call for each matrix: the libraries have none for a stack.
    let (counts, (q, r)) = counted(|| linalg::qr(&tall, linalg::Thin));
    cost("qr", counts[1], 1 + COUNT);
    close("qr", distance(&q.matmul(&r).unwrap(), &tall), 1e2);
    close("Q", distance(&adjoint(&q).matmul(&q).unwrap(), &identity.broadcast_to([COUNT, ORDER, ORDER]).unwrap().into_rank().unwrap()), 1.0);
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
        let on_host = linalg::slogdet(&a.slice(xp_core::s![k]).unwrap().to_backend(&Cpu).unwrap()).unwrap();
        let sign = found.0.to_backend(&Cpu).unwrap().slice(xp_core::s![k]).unwrap();
        close("sign", (sign.lazy() - &on_host.0).abs().try_eval().unwrap().item().unwrap().to_f64(), 1e2);
        let log = found.1.to_backend(&Cpu).unwrap().slice(xp_core::s![k]).unwrap();
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

#[test]
fn the_matrix_that_fails_is_named() {
    let _alone = ALONE.lock();
    let Some(device) = device() else { return };
    let mut a = Generator::new(2).normal::<_, f64, _>(&device, [COUNT, ORDER, ORDER]).unwrap();
    a.set(xp_core::s![1, .., 4], 0.0).unwrap();
    let message = linalg::solve(&a, &a).unwrap_err().to_string();
    assert!(message.contains("matrix 1") && message.contains("singular"), "{message}");
    assert_eq!(linalg::det(&a).unwrap().to_vec()[1], 0.0);
    let minus = (eye::<_, f64>(&device, ORDER, ORDER, 0).unwrap().lazy() * -1.0).try_eval().unwrap();
    let mut definite = eye::<_, f64>(&device, ORDER, ORDER, 0).unwrap().broadcast_to([COUNT, ORDER, ORDER]).unwrap().copy().unwrap();
    definite.set(xp_core::s![2], &minus).unwrap();
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

/// Whatever the table of budgets says of it.
#[test]
fn fits_read_their_data_at_most_twice() {
    let table = include_str!("budgets.md");
    for name in ["LinearDiscriminantAnalysis fit", "PCA fit", "StandardScaler fit"] {
        let row = table.lines().find(|line| line.starts_with(&format!("| {name} |"))).unwrap_or_else(|| panic!("{name} has no budget"));
        let passes: usize = row.trim_matches(['|', ' ']).rsplit('|').next().and_then(|cell| cell.trim().parse().ok()).expect("a number of passes");
        assert!(passes <= 2, "{name} reads its data {passes} times");
    }
}
