//! Convolutions and short-time transforms against SciPy: `golden/signal.json`, written by `scripts/golden/signals.py`.

use num_complex::Complex;
use serde_json::Value;
use xp_core::{Array, Dim, Dyn, Float, Floating, Result};
use xp_fft::*;

use crate::linalg::golden::numbers;
use crate::linalg::host::{Z, number, wide};
use crate::support::array;

/// Every case of the golden file.
pub fn golden<B: Fft<T>, T: Float>(device: &B) {
    let file: Value = serde_json::from_str(include_str!("../golden/signal.json")).unwrap();
    let mut seen = 0;
    for case in file["cases"].as_array().unwrap() {
        let (function, params) = (case["function"].as_str().unwrap(), &case["params"]);
        let what = format!("{function} of {} with {params}", case["inputs"]);
        let inputs: Vec<&Value> = case["inputs"].as_array().unwrap().iter().map(|n| &file["inputs"][n.as_str().unwrap()]).collect();
        let whole = |name: &str| params[name].as_u64().unwrap() as usize;
        match function {
            "stft" => {
                let (f, t, z) = stft(load::<B, T>(device, inputs[0]), T::from_f64(params["fs"].as_f64().unwrap()), segments(params)).unwrap();
                let expected = &case["expected"];
                check::<T>(&what, dims_and_values(&f), &expected["f"]);
                check::<T>(&what, dims_and_values(&t), &expected["t"]);
                check::<T>(&what, dims_and_values(&z), &expected["z"]);
                assert_eq!(whole("nperseg") / 2 + 1, f.size(), "{what}");
            }
            "istft" => {
                check::<T>(&what, dims_and_values(&istft(load::<B, B::Complex>(device, inputs[0]), segments(params)).unwrap()), &case["expected"])
            }
            _ if inputs[0]["dtype"] == "complex128" => {
                let own = convolve::<B, B::Complex>(function, &load(device, inputs[0]), &load(device, inputs[1]), params);
                check::<T>(&what, dims_and_values(&own.unwrap_or_else(|e| panic!("{what}: {e}"))), &case["expected"]);
            }
            _ => {
                let own = convolve::<B, T>(function, &load(device, inputs[0]), &load(device, inputs[1]), params);
                check::<T>(&what, dims_and_values(&own.unwrap_or_else(|e| panic!("{what}: {e}"))), &case["expected"]);
            }
        }
        seen += 1;
    }
    assert!(seen > 180, "only {seen} cases");
}

fn convolve<B: Fft<C::Part>, C: Floating>(function: &str, a: &Array<B, C, Dyn>, b: &Array<B, C, Dyn>, params: &Value) -> Result<Array<B, C, Dyn>> {
    let mode = match params["mode"].as_str().unwrap() {
        "full" => Mode::Full,
        "same" => Mode::Same,
        _ => Mode::Valid,
    };
    let axes: Option<Vec<isize>> = params["axes"].as_array().map(|a| a.iter().map(|k| k.as_i64().unwrap() as isize).collect());
    match (function, &axes) {
        ("fftconvolve", None) => fftconvolve(a, b, mode),
        ("fftconvolve", Some(axes)) => fftconvolve_with(a, b, mode, axes),
        (_, None) => oaconvolve(a, b, mode),
        (_, Some(axes)) => oaconvolve_with(a, b, mode, axes),
    }
}

fn segments(params: &Value) -> Segments {
    let whole = |name: &str| params[name].as_u64().unwrap() as usize;
    let window = match params["window"].as_str().unwrap() {
        "boxcar" => Window::Boxcar,
        "hann" => Window::Hann,
        "hamming" => Window::Hamming,
        _ => Window::Blackman,
    };
    Segments::new(whole("nperseg")).overlap(whole("noverlap")).window(window)
}

fn load<B: Fft<C::Part>, C: Floating>(device: &B, value: &Value) -> Array<B, C, Dyn> {
    let (shape, z) = numbers(value);
    array(device, &z.iter().map(|&z| number(z)).collect::<Vec<C>>(), &shape)
}

fn dims_and_values<B: xp_core::Backend, C: Floating, D: Dim>(x: &Array<B, C, D>) -> (Vec<usize>, Vec<Z>) {
    (x.dims().to_vec(), x.to_vec().into_iter().map(wide).collect())
}

/// The error is relative to the norm of all, of which a part may be small.
fn check<T: Float>(what: &str, (dims, values): (Vec<usize>, Vec<Z>), expected: &Value) {
    let (shape, exact) = numbers(expected);
    assert_eq!(dims, shape, "{what}");
    let norm = |z: &mut dyn Iterator<Item = Complex<f64>>| z.map(|z| z.norm_sqr()).sum::<f64>().sqrt();
    let error = norm(&mut values.iter().zip(&exact).map(|(a, b)| a - b));
    // Inputs have two decimals, which narrow dtypes round.
    let bound = 64.0 * T::EPSILON.to_f64() * norm(&mut exact.iter().copied()).max(T::EPSILON.to_f64());
    assert!(error <= bound, "{what}: error {error:e}, bound {bound:e}");
}
