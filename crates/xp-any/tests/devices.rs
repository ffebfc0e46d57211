//! Arrays on the CPU and on the simulated GPU under one type.

use xp_any::AnyDevice;
use xp_core::functions::{Ascending, arange, concat, ones};
use xp_core::linalg::{self, matmul_top_k};
use xp_core::{Array, Backend, Error, Ix1, Ix2, Linalg, s};
use xp_cpu::Cpu;
use xp_cuda::Cuda;

/// The CPU, and two GPUs.
fn devices() -> [AnyDevice; 3] {
    // SAFETY: the simulation returns functions with the signatures of the driver and of NVRTC.
    let installed = unsafe { xp_cuda::loader::install(xp_cuda::loader::Provider { name: "simulation", symbol: xp_cuda_sim::symbol }) };
    assert!(installed, "another driver is in use");
    let _ = xp_cuda::libraries::install(xp_cuda_sim::libraries::factories());
    ["cpu", "cuda:0", "cuda:1"].map(|name| name.parse().unwrap())
}

type Matrix = Array<AnyDevice, f64, Ix2>;

fn matrix(device: &AnyDevice) -> Matrix {
    let x: Matrix = arange(device, 0.0, 12.0, 1.0).unwrap().reshape([4, 3]).unwrap();
    (x.lazy().square() * 0.37 - 1.0).sin().try_eval().unwrap()
}

fn close<T: xp_core::Float>(what: &str, a: &[T], b: &[T]) {
    let (a, b): (Vec<f64>, Vec<f64>) = (a.iter().map(|x| x.to_f64()).collect(), b.iter().map(|x| x.to_f64()).collect());
    assert!(a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| (a - b).abs() <= 1e-12 * (1.0 + b.abs())), "{what}: {a:?} and {b:?}");
}

#[test]
fn every_operation_is_that_of_the_device() {
    let devices = devices();
    let on_cpu = results(&devices[0]);
    for device in &devices[1..] {
        for ((what, found), (_, expected)) in results(device).into_iter().zip(&on_cpu) {
            close(what, &found, expected);
        }
    }
}

/// What each method of the traits gives.
fn results(device: &AnyDevice) -> Vec<(&'static str, Vec<f64>)> {
    let x = matrix(device);
    let (tall, square) = (x.lazy() * 2.0, x.slice(s![..3, ..]).unwrap());
    let spd = linalg::gram(&tall).unwrap();
    let (values, at) = matmul_top_k(&tall, &x.t(), None, 2, Ascending).unwrap();
    let (w, v) = linalg::eigh(&spd).unwrap();
    let unique = xp_core::functions::unique_all(&x).unwrap();
    let mut put = x.clone();
    put.set(s![0, ..], 1.0).unwrap();
    vec![
        ("eval", x.to_vec()),
        ("reduce", x.sum(0).to_vec()),
        ("scan", x.cumulative_sum(0).unwrap().to_vec()),
        ("sort", x.sort(0, Ascending).unwrap().to_vec()),
        ("argsort", x.argsort(0, Ascending).unwrap().lazy().astype::<f64>().try_eval().unwrap().to_vec()),
        ("take", x.take(&Array::from_vec(device, vec![2_i64, 0], [2]).unwrap(), 1).unwrap().to_vec()),
        ("compress", x.select(&x.greater(0.0)).unwrap().to_vec()),
        ("put", put.to_vec()),
        ("unique", unique.values.to_vec()),
        ("matmul", x.matmul(&square).unwrap().to_vec()),
        ("read", vec![x.get([1, 1]).unwrap()]),
        ("gram", spd.to_vec()),
        ("cross", AnyDevice::cross(&tall, &x.lazy()).unwrap().to_vec()),
        ("project", AnyDevice::project(&tall, &square).unwrap().to_vec()),
        ("tall_r", linalg::gram(&AnyDevice::tall_r(&tall).unwrap().lazy()).unwrap().to_vec()),
        ("matmul_top_k", values.to_vec()),
        ("places", at.lazy().astype::<f64>().try_eval().unwrap().to_vec()),
        ("svdvals", linalg::svdvals(&x).unwrap().to_vec()),
        ("eigh", (v.matmul(&(v.t() * &w.expand_dims(1).unwrap())).unwrap()).to_vec()),
        ("cholesky", linalg::cholesky(&spd, linalg::Lower).unwrap().to_vec()),
        ("solve", linalg::solve(&spd, &square).unwrap().to_vec()),
        ("inv", linalg::inv(&spd).unwrap().to_vec()),
        ("det", vec![linalg::det(&spd).unwrap().item().unwrap()]),
        ("fft", xp_fft::fft(&x).unwrap().abs().to_vec()),
        ("rfft", xp_fft::irfft(&xp_fft::rfft(&x.t()).unwrap()).unwrap().to_vec()),
    ]
}

#[test]
fn devices_do_not_mix() {
    let devices = devices();
    for (left, right) in [(0, 1), (1, 0), (1, 2)] {
        let (a, b) = (matrix(&devices[left]), matrix(&devices[right]));
        let expected = Error::Device { left: devices[left].to_string(), right: devices[right].to_string() };
        let indices: Array<AnyDevice, i64, Ix1> = ones(&devices[right], [2]).unwrap();
        let mask = b.greater(0.0);
        let errors = [
            (a.lazy() + b.lazy()).try_eval().unwrap_err(),
            a.matmul(&b.t()).unwrap_err(),
            a.take(&indices, 0).unwrap_err(),
            a.select(&mask).unwrap_err(),
            concat(&[&a, &b], 0).unwrap_err(),
            AnyDevice::cross(&a.lazy(), &b.lazy()).unwrap_err(),
            AnyDevice::project(&a.lazy(), &b.t()).unwrap_err(),
            linalg::solve(&a.slice(s![..3, ..]).unwrap(), &b.slice(s![..3, ..]).unwrap()).unwrap_err(),
            a.lazy().greater(0.0).where_(&a, &b).try_eval().unwrap_err(),
            a.clone().set(s![..], &b).unwrap_err(),
        ];
        for error in errors {
            let Error::Device { left, right } = &error else { panic!("{error}") };
            let mut given = [left.clone(), right.clone()];
            let Error::Device { left, right } = &expected else { unreachable!() };
            let mut named = [left.clone(), right.clone()];
            given.sort();
            named.sort();
            assert_eq!(given, named);
        }
    }
}

#[test]
fn arrays_move_by_their_devices_names() {
    let devices = devices();
    let x = matrix(&devices[0]);
    for from in &devices {
        let there = x.to_backend(from).unwrap();
        assert_eq!(there.device(), from);
        for to in &devices {
            assert_eq!(there.t().to_backend(to).unwrap().to_vec(), x.t().to_vec(), "{from} to {to}");
        }
        assert_eq!(AnyDevice::at(from.place()).unwrap(), *from);
        assert_eq!(AnyDevice::array_of::<Cpu, _, _>(&there).is_some(), from.to_string() == "cpu");
        let own = AnyDevice::array_of::<Cuda, _, _>(&there).map(|own| (own.device().to_string(), own.to_vec()));
        assert_eq!(own, (from.to_string() != "cpu").then(|| (from.to_string(), x.to_vec())));
    }
    assert_eq!(AnyDevice::devices().len(), 3);
    assert_eq!(AnyDevice::default_device().unwrap().to_string(), "cpu");
    let error = AnyDevice::at(xp_core::dlpack::Device { kind: 10, id: 0 }).unwrap_err().to_string();
    assert!(error.contains("(10, 0)"), "{error}");
}
