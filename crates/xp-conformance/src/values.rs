//! Values that NumPy found for products, statistics, cumulative functions and branch cuts: `golden/values.json`, written by
//! `scripts/golden/values.py`.

use serde_json::Value;
use xp_core::functions::*;
use xp_core::{Backend, Dim, Float, Floating, Num};

use crate::linalg::golden::numbers;
use crate::linalg::host::{Z, eps, number, wide};
use crate::support::{Any, array};

fn file() -> Value {
    serde_json::from_str(include_str!("../golden/values.json")).unwrap()
}

fn is_complex<T: Floating>() -> bool {
    matches!(T::DTYPE.kind(), xp_core::dtype::Kind::ComplexFloating)
}

/// Runs `compute` on the inputs of every case whose dtype has the kind of `T`, and compares what it finds.
fn each<B: Backend, T: Floating>(device: &B, least: usize, compute: impl Fn(&Value, &str, &[Any<B, T>]) -> Option<Vec<Z>>) {
    let file = file();
    let kind = if is_complex::<T>() { "complex128" } else { "float64" };
    let mut checked = 0;
    for case in file["cases"].as_array().unwrap() {
        let names: Vec<&str> = case["inputs"].as_array().unwrap().iter().map(|n| n.as_str().unwrap()).collect();
        // The variance of numbers far from zero is lost when they are rounded to a narrow dtype.
        let lost = eps::<T>() > 1e-10 && names[0].starts_with("shifted");
        if !names[0].ends_with(kind) || lost {
            continue;
        }
        let inputs: Vec<(Vec<usize>, Vec<Z>)> = names.iter().map(|n| numbers(&file["inputs"][n])).collect();
        let arrays: Vec<Any<B, T>> =
            inputs.iter().map(|(shape, z)| array(device, &z.iter().map(|&z| number(z)).collect::<Vec<T>>(), shape)).collect();
        let name = case["function"].as_str().unwrap();
        let Some(got) = compute(&case["params"], name, &arrays) else { continue };
        let what = format!("{name} of {names:?}, {}", case["params"]);
        let (_, exact) = numbers(&case["expected"]);
        assert_eq!(got.len(), exact.len(), "{what}");
        // A sum is as accurate as its largest summand.
        let largest = inputs.iter().flat_map(|(_, z)| z).map(|z| z.norm()).fold(0.0, f64::max);
        let summand = if name.ends_with("prod") { 0.0 } else { largest };
        for (g, e) in got.iter().zip(&exact) {
            assert!((g - e).norm() <= 500.0 * eps::<T>() * (e.norm() + summand), "{what}: {g} for {e}");
            checked += 1;
        }
    }
    assert!(checked > least, "only {checked} values checked");
}

fn flat<B: Backend, T: Num, D: Dim>(x: &xp_core::Array<B, T, D>) -> Vec<Z> {
    x.to_vec().into_iter().map(wide).collect()
}

/// `matmul`, `sum`, `prod`, `mean`, `cumulative_sum`, `cumulative_prod`.
pub fn golden<B: Backend, T: Floating>(device: &B) {
    each::<B, T>(device, 600, |params, name, x| {
        let axis = params["axis"].as_i64().unwrap_or(0) as isize;
        let (keepdims, initial) = (params["keepdims"] == true, params["initial"] == true);
        Some(match name {
            "matmul" => flat(&x[0].matmul(&x[1]).unwrap()),
            "sum" if keepdims => flat(&x[0].sum(KeepDims(axis))),
            "sum" => flat(&x[0].sum(axis)),
            "prod" if keepdims => flat(&x[0].prod(KeepDims(axis))),
            "prod" => flat(&x[0].prod(axis)),
            "mean" if keepdims => flat(&x[0].mean(KeepDims(axis))),
            "mean" => flat(&x[0].mean(axis)),
            "cumulative_sum" if initial => flat(&cumulative_sum(&x[0], WithInitial(axis)).unwrap()),
            "cumulative_sum" => flat(&cumulative_sum(&x[0], axis).unwrap()),
            "cumulative_prod" if initial => flat(&cumulative_prod(&x[0], WithInitial(axis)).unwrap()),
            "cumulative_prod" => flat(&cumulative_prod(&x[0], axis).unwrap()),
            _ => return None,
        })
    });
}

/// `var` and `std`.
pub fn deviations<B: Backend, T: Float>(device: &B) {
    each::<B, T>(device, 300, |params, name, x| {
        let axis = params["axis"].as_i64().unwrap_or(0) as isize;
        let correction = params["correction"].as_f64().unwrap_or(0.0);
        let keepdims = params["keepdims"] == true;
        Some(match name {
            "var" if keepdims => flat(&var(&x[0], KeepDims(axis), correction)),
            "var" => flat(&var(&x[0], axis, correction)),
            "std" if keepdims => flat(&std(&x[0], KeepDims(axis), correction)),
            "std" => flat(&std(&x[0], axis, correction)),
            _ => return None,
        })
    });
}

/// Complex functions on both sides of their branch cuts: the sign of a zero part decides, and the parts that are zero have
/// the right sign.
pub fn branch_cuts<B: Backend, T: Floating>(device: &B) {
    let file = file();
    let functions: [(&str, fn(&Any<B, T>) -> Any<B, T>); 11] = [
        ("sqrt", |x| sqrt(x)),
        ("log", |x| log(x)),
        ("log2", |x| log2(x)),
        ("log10", |x| log10(x)),
        ("log1p", |x| log1p(x)),
        ("acos", |x| acos(x)),
        ("asin", |x| asin(x)),
        ("acosh", |x| acosh(x)),
        ("atanh", |x| atanh(x)),
        ("asinh", |x| asinh(x)),
        ("atan", |x| atan(x)),
    ];
    for (name, function) in functions {
        let case = file["cases"].as_array().unwrap().iter().find(|c| c["inputs"][0] == format!("cut_{name}")).unwrap();
        let ((shape, z), (_, expected)) = (numbers(&file["inputs"][format!("cut_{name}")]), numbers(&case["expected"]));
        let x: Any<B, T> = array(device, &z.iter().map(|&z| number(z)).collect::<Vec<T>>(), &shape);
        for ((z, got), exact) in z.iter().zip(function(&x).to_vec()).zip(expected) {
            let got = wide(got);
            let near = |g: f64, e: f64| (g - e).abs() <= 16.0 * eps::<T>() * exact.norm();
            let side = |g: f64, e: f64| e.abs() > 1e-15 || g.is_sign_negative() == e.is_sign_negative();
            let right = near(got.re, exact.re) && near(got.im, exact.im) && side(got.re, exact.re) && side(got.im, exact.im);
            assert!(right, "{name}({z:?}) is {got:?}, not {exact:?}");
        }
    }
}
