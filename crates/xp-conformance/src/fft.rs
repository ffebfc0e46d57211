//! Fourier, cosine, sine and Hankel transforms: golden files, the definitions as oracle, properties, layouts, bad input.

use num_complex::Complex;
use serde_json::Value;
use xp_core::functions::zeros;
use xp_core::{Array, Dyn, Error, Float, Floating, Ix1, Num, Result, Stepped};
use xp_fft::*;

type Z = Complex<f64>;
type Any<B, T> = Array<B, T, Dyn>;

/// Every case of the golden file, which SciPy wrote.
pub fn golden<B: Fft<T>, T: Float>(device: &B) {
    let file: Value = serde_json::from_str(include_str!("../golden/fft.json")).unwrap();
    let mut seen = 0;
    for case in file["cases"].as_array().unwrap() {
        let (function, params) = (case["function"].as_str().unwrap(), &case["params"]);
        let context = || format!("{function} of {} with {params}", case["input"]);
        if let Some(input) = case["input"].as_str() {
            let (shape, values) = host(&file["inputs"][input]);
            let complex = file["inputs"][input]["dtype"] == "complex128";
            let result = if complex {
                any_dtype(function, &upload::<B, B::Complex>(device, &values, &shape), params)
            } else {
                let x = upload::<B, T>(device, &values, &shape);
                real_dtype(function, &x, params).unwrap_or_else(|| any_dtype(function, &x, params))
            };
            let (shape, values) = result.unwrap_or_else(|e| panic!("{}: {e}", context()));
            let (expected_shape, expected) = host(&case["expected"]);
            assert_eq!(shape, expected_shape, "{}", context());
            // Coefficients of the Hankel transform have phases of tens of radians, each rounded relative to its size.
            let factor = if function.ends_with("fht") { 64.0 } else { 16.0 };
            close::<T>(&values, &expected, factor, &context);
        } else {
            scalars::<B, T>(device, function, params, &case["expected"], &context);
        }
        seen += 1;
    }
    assert_eq!(seen, 865);
}

/// The definitions, for every length up to 128 and some longer ones.
///
/// Prints the largest error of every function in units of `log2(n) eps`, `--nocapture` shows it.
pub fn definitions<B: Fft<T>, T: Float>(device: &B) {
    let mut largest: std::collections::BTreeMap<String, f64> = std::collections::BTreeMap::new();
    for n in (1..=128).chain([169, 243, 256, 257, 480, 509, 1000]) {
        let x: Vec<Z> = numbers::<T>(n, n);
        let re: Vec<Z> = x.iter().map(|z| Z::new(z.re, 0.0)).collect();
        let (complex, real) = (upload::<B, B::Complex>(device, &x, &[n]), upload::<B, T>(device, &re, &[n]));
        let mut check = |what: &str, values: (Vec<usize>, Vec<Z>), expected: &[Z]| {
            let error = close::<T>(&values.1, expected, 3.0, &|| format!("{what} of length {n}"));
            let entry = largest.entry(what.into()).or_default();
            *entry = entry.max(error);
        };
        let (forward, real_forward) = (dft(&x, -1.0), dft(&re, -1.0));
        let inverse: Vec<Z> = dft(&x, 1.0).iter().map(|z| z / n as f64).collect();
        check("fft", down(fft(&complex)).unwrap(), &forward);
        check("ifft", down(ifft(&complex)).unwrap(), &inverse);
        check("fft of real elements", down(fft(&real)).unwrap(), &real_forward);
        check("rfft", down(rfft(&real)).unwrap(), &real_forward[..n / 2 + 1]);
        let half = upload::<B, B::Complex>(device, &real_forward[..n / 2 + 1], &[n / 2 + 1]);
        check("irfft", down(irfft_with(&half, xp_fft::n(n))).unwrap(), &re);
        let scaled: Vec<Z> = re.iter().rev().cycle().skip(n - 1).take(n).map(|z| z * n as f64).collect();
        check("hfft", down(hfft_with(&half, xp_fft::n(n))).unwrap(), &scaled);
        for (number, kind) in [Type::I, Type::II, Type::III, Type::IV].into_iter().enumerate() {
            if number > 0 || n > 1 {
                check(&format!("dct {}", number + 1), down(dct_with(&real, kind, AxisOptions::default())).unwrap(), &trig(&re, number + 1, true));
            }
            check(&format!("dst {}", number + 1), down(dst_with(&real, kind, AxisOptions::default())).unwrap(), &trig(&re, number + 1, false));
        }
    }
    for (what, error) in largest {
        println!("{}: {what:22} {error:.2}", T::DTYPE);
    }
}

/// All choices and orders of axes of an array of rank 4, all norms, with lengths cut and padded.
pub fn axes<B: Fft<T>, T: Float>(device: &B) {
    let shape = [3, 4, 1, 5];
    let x: Vec<Z> = numbers::<T>(60, 7);
    let re: Vec<Z> = x.iter().map(|z| Z::new(z.re, 0.0)).collect();
    let (complex, real) = (upload::<B, B::Complex>(device, &x, &shape), upload::<B, T>(device, &re, &shape));
    for choice in orders(4) {
        for (norm, lens) in [(Norm::Backward, None), (Norm::Ortho, Some(4)), (Norm::Forward, Some(3))] {
            let named: Vec<isize> = choice.iter().map(|&k| if k % 2 == 0 { k as isize } else { k as isize - 4 }).collect();
            let s: Vec<usize> = choice.iter().map(|&k| lens.unwrap_or(shape[k])).collect();
            let mut options = xp_fft::axes(named.clone()).norm(norm);
            if lens.is_some() {
                options = options.s(s.clone());
            }
            let what = || format!("axes {named:?}, lengths {s:?}, {norm:?}");
            let points: usize = s.iter().product();
            let scale = |direction| norm.scale(direction, points as f64);
            for (data, direction, sign) in [(&x, Direction::Forward, -1.0), (&x, Direction::Backward, 1.0), (&re, Direction::Forward, -1.0)] {
                let (dims, mut expected) = dft_along(data, &shape, &choice, &s, sign);
                expected.iter_mut().for_each(|z| *z *= scale(direction));
                let result = match (std::ptr::eq(data, &re), direction) {
                    (true, _) => down(fftn_with(&real, options.clone())),
                    (_, Direction::Forward) => down(fftn_with(&complex, options.clone())),
                    (_, Direction::Backward) => down(ifftn_with(&complex, options.clone())),
                };
                let result = result.unwrap();
                assert_eq!(result.0, dims, "{}", what());
                close::<T>(&result.1, &expected, 6.0, &what);
            }
            let Some(&last) = choice.last() else { continue };
            // A real transform is the first half of the complex one, and its inverse gives the operand.
            let whole = fftn_with(&real, options.clone()).unwrap();
            let half = rfftn_with(&real, options.clone()).unwrap();
            let bins = half.dims()[last] as isize;
            same::<B, T>(&half, &whole.slice_axis(last, 0..bins).unwrap(), &what);
            let back = irfftn_with(&half, xp_fft::axes(named.clone()).s(s.clone()).norm(norm)).unwrap();
            let (_, cut) = dft_along(&re, &shape, &choice, &s, 0.0);
            close::<T>(&down(Ok(back)).unwrap().1, &cut, 6.0, &what);
            // The cosine transform along axes is one after the other.
            let one_by_one = choice.iter().zip(&s).fold(real.clone(), |y, (&k, &n)| dct_with(y, Type::II, xp_fft::axis(k).n(n).norm(norm)).unwrap());
            let together = dctn_with(&real, Type::II, xp_fft::axes(named.clone()).s(s.clone()).norm(norm)).unwrap();
            close::<T>(&down(Ok(together)).unwrap().1, &down(Ok(one_by_one)).unwrap().1, 6.0, &what);
        }
    }
}

/// Parseval's theorem, shifts, linearity, inverses.
pub fn properties<B: Fft<T>, T: Float>(device: &B) {
    for n in [2, 60, 1000, 1021, 4096] {
        let (x, y): (Vec<Z>, Vec<Z>) = (numbers::<T>(n, 1), numbers::<T>(n, 2));
        let (a, b) = (upload::<B, B::Complex>(device, &x, &[n]), upload::<B, B::Complex>(device, &y, &[n]));
        let energy = |v: &[Z]| v.iter().map(|z| z.norm_sqr()).sum::<f64>();
        let spectrum = fft_with(&a, Ortho).unwrap();
        let ratio = energy(&down(Ok(spectrum)).unwrap().1) / energy(&x);
        assert!((ratio - 1.0).abs() <= 3.0 * (n as f64).log2() * T::EPSILON.to_f64(), "Parseval, length {n}: {ratio}");

        let shifted = down(fft(a.roll(3, 0).unwrap())).unwrap().1;
        let turned = down(fft(&a)).unwrap().1;
        let turned: Vec<Z> = turned.iter().enumerate().map(|(k, z)| z * root(3 * k, n, -1.0)).collect();
        close::<T>(&shifted, &turned, 6.0, &|| format!("shift, length {n}"));

        let sum = down(fft((&a + &b).lazy().multiply(B::Complex::from_f64(0.5)).eval())).unwrap().1;
        let parts = [down(fft(&a)).unwrap().1, down(fft(&b)).unwrap().1];
        let parts: Vec<Z> = parts[0].iter().zip(&parts[1]).map(|(p, q)| (p + q) * 0.5).collect();
        close::<T>(&sum, &parts, 6.0, &|| format!("linearity, length {n}"));

        for norm in [Norm::Backward, Norm::Ortho, Norm::Forward] {
            let options = || AxisOptions::from(norm);
            let what = || format!("inverse, length {n}, {norm:?}");
            close::<T>(&down(ifft_with(fft_with(&a, options()).unwrap(), options())).unwrap().1, &x, 6.0, &what);
            for kind in [Type::I, Type::II, Type::III, Type::IV] {
                for kind in [kind, kind.orthogonalize(true), kind.orthogonalize(false)] {
                    close::<T>(&down(idct_with(dct_with(&a, kind, options()).unwrap(), kind, options())).unwrap().1, &x, 6.0, &what);
                    close::<T>(&down(idst_with(dst_with(&a, kind, options()).unwrap(), kind, options())).unwrap().1, &x, 6.0, &what);
                }
            }
        }
    }
}

/// Operands of every layout, borrowed and owned, and that a borrowed one keeps its elements.
pub fn layouts<B: Fft<T>, T: Float>(device: &B) {
    let x: Vec<Z> = numbers::<T>(6 * 8 * 10, 3);
    let cube = upload::<B, B::Complex>(device, &x, &[6, 8, 10]);
    let views = [
        cube.clone(),
        cube.t(),
        cube.permute_dims(&[1, 2, 0]).unwrap(),
        cube.flip(..).unwrap(),
        cube.slice_axis(2, Stepped(1.., 3)).unwrap(),
        cube.slice_axis(0, 2..5).unwrap(),
        cube.slice_axis(1, 2..3).unwrap().broadcast_to(vec![6, 7, 10]).unwrap(),
    ];
    for (i, view) in views.iter().enumerate() {
        let before = view.to_vec();
        let real = view.real();
        for axis in 0..3 {
            let what = || format!("view {i}, axis {axis}");
            let along = || xp_fft::axis(axis);
            let copy = || view.copy().unwrap();
            let expected = fft_with(&copy(), along()).unwrap();
            same::<B, T>(&fft_with(view, along()).unwrap(), &expected, &what);
            same::<B, T>(&fft_with(view.clone(), along()).unwrap(), &expected, &what);
            same::<B, T>(&fft_with(copy(), along()).unwrap(), &expected, &what);
            let expected = dct_with(&copy(), Type::II, along()).unwrap();
            same::<B, T>(&dct_with(view, Type::II, along()).unwrap(), &expected, &what);
            same::<B, T>(&dct_with(copy(), Type::II, along()).unwrap(), &expected, &what);
            let expected = irfft_with(&copy(), along().n(9)).unwrap();
            same_real::<B, T>(&irfft_with(view, along().n(9)).unwrap(), &expected, &what);
            same_real::<B, T>(&irfft_with(copy(), along().n(9)).unwrap(), &expected, &what);
            same::<B, T>(&rfft_with(real.t().t(), along()).unwrap(), &rfft_with(real.copy().unwrap(), along()).unwrap(), &what);
            same_real::<B, T>(&dct_with(real.copy().unwrap(), Type::II, along()).unwrap(), &dct_with(&real, Type::II, along()).unwrap(), &what);
        }
        let expected = irfftn(&view.copy().unwrap()).unwrap();
        same_real::<B, T>(&irfftn(view).unwrap(), &expected, &|| format!("view {i}"));
        same_real::<B, T>(&irfftn(view.copy().unwrap()).unwrap(), &expected, &|| format!("view {i}, owned"));
        assert_eq!(view.to_vec(), before, "view {i} was written to");
    }
}

/// Axes without elements and of length 1.
pub fn empty_axes<B: Fft<T>, T: Float>(device: &B) {
    let x: Any<B, T> = zeros(device, vec![0, 4]).unwrap();
    assert_eq!(fft(&x).unwrap().dims(), [0, 4]);
    assert_eq!(rfft(&x).unwrap().dims(), [0, 3]);
    assert_eq!(irfft(&rfft(&x).unwrap()).unwrap().dims(), [0, 4]);
    assert_eq!(dct(&x).unwrap().dims(), [0, 4]);
    assert_eq!(fft_with(&x, xp_fft::axis(0).n(3)).unwrap().dims(), [3, 4]);
    assert!(fft_with(&x, xp_fft::axis(0).n(3)).unwrap().to_vec().iter().all(|z| *z == B::Complex::ZERO));
    assert!(dct_with(&x, Type::II, xp_fft::axis(0).n(3)).unwrap().to_vec().iter().all(|z| *z == T::ZERO));
    // Nothing is planned where there is nothing to transform.
    let long = (1 << 33) + 1;
    assert_eq!(fft_with(&x, xp_fft::n(long)).unwrap().dims(), [0, long]);
    assert_eq!(rfft_with(&x, xp_fft::n(long)).unwrap().dims(), [0, long / 2 + 1]);
    assert_eq!(dct_with(&x, Type::II, xp_fft::n(long)).unwrap().dims(), [0, long]);
    let one = upload::<B, T>(device, &[Z::new(2.5, 0.0)], &[1, 1]);
    assert_eq!(down(fftn(&one)).unwrap().1, [Z::new(2.5, 0.0)]);
    assert_eq!(down(rfftn(&one)).unwrap().1, [Z::new(2.5, 0.0)]);
    assert_eq!(down(dct(&one)).unwrap().1, [Z::new(5.0, 0.0)]);
    assert_eq!(down(fftn_with(&one, xp_fft::axes([0; 0]))).unwrap().1, [Z::new(2.5, 0.0)]);
    assert_eq!(down(dctn_with(&one, Type::II, xp_fft::axes([0; 0]))).unwrap().1, [Z::new(2.5, 0.0)]);
}

/// What must be an error is a typed one that names the argument.
pub fn bad_input<B: Fft<T>, T: Float>(device: &B) {
    let x: Any<B, T> = zeros(device, vec![2, 3]).unwrap();
    let none: Any<B, T> = zeros(device, vec![3, 0]).unwrap();
    let scalar: Any<B, T> = zeros(device, vec![]).unwrap();
    let named = |result: Result<()>, argument: &str| match result {
        Err(e @ Error::Value { .. }) => assert!(e.to_string().contains(argument), "{e}: no {argument}"),
        other => panic!("{argument}: {other:?}"),
    };
    named(fft_with(&x, xp_fft::n(0)).map(drop), "fft: n is 0");
    named(fft(&none).map(drop), "n is 0");
    named(ifft(&none).map(drop), "n is 0");
    named(rfft_with(&x, xp_fft::n(0)).map(drop), "rfft: n is 0");
    named(ihfft(&none).map(drop), "n is 0");
    named(irfft_with(&x, xp_fft::axis(0).n(0)).map(drop), "irfft: n is 0");
    named(irfft(&x.slice_axis(1, 0..1).unwrap()).map(drop), "irfft: n is 0");
    named(hfft(&none).map(drop), "n is 0");
    named(dct(&none).map(drop), "n is 0");
    named(dst_with(&x, Type::I, xp_fft::n(0)).map(drop), "n is 0");
    named(fftn_with(&x, xp_fft::s([2, 0])).map(drop), "s is 0");
    named(fftn_with(&x, xp_fft::s([2, 3, 4])).map(drop), "s = [2, 3, 4]");
    named(fftn_with(&x, xp_fft::axes([0]).s([2, 3])).map(drop), "s = [2, 3]");
    named(rfft2_with(&x, xp_fft::s([2])).map(drop), "s = [2]");
    named(rfftn_with(&x, xp_fft::axes([0; 0])).map(drop), "axes is empty");
    named(irfftn(&scalar).map(drop), "axes is empty");
    named(dct_with(&x, Type::I, xp_fft::n(1)).map(drop), "length n = 1");
    named(idctn_with(&x, Type::I, xp_fft::s([1, 4])).map(drop), "length n = 1");
    named(fft_with(&x, xp_fft::n(usize::MAX)).map(drop), "n = [");
    named(rfft_with(&x, xp_fft::n(usize::MAX / 2)).map(drop), "n = [");
    named(fftn_with(&x, xp_fft::s([1 << 40, 1 << 40])).map(drop), "s = [");
    named(irfft2_with(&x, xp_fft::s([1 << 40, 1 << 40])).map(drop), "s = [");
    named(dctn_with(&x, Type::II, xp_fft::s([1 << 40, 1 << 40])).map(drop), "s = [");
    named(fht(&none, 0.1, 0.0).map(drop), "a has shape");
    named(fht(&x, 0.0, 0.0).map(drop), "dln");
    named(ifht(&x, 0.1, f64::NAN).map(drop), "mu");
    named(fftfreq(device, 0, T::ONE).map(drop), "n is 0");
    named(rfftfreq(device, 4, T::ZERO).map(drop), "d is 0");
    named(next_fast_len(0).map(drop), "target");
    named(next_fast_len(usize::MAX).map(drop), "target");
    named(prev_fast_len_real(0).map(drop), "target");
    for axis in [-3, 2, isize::MAX, isize::MIN] {
        let out_of_range = Error::Axis { axis, ndim: 2 };
        assert_eq!(fft_with(&x, xp_fft::axis(axis)).unwrap_err(), out_of_range);
        assert_eq!(irfftn_with(&x, xp_fft::axes([0, axis])).unwrap_err(), out_of_range);
        assert_eq!(dst_with(&x, Type::II, xp_fft::axis(axis)).unwrap_err(), out_of_range);
        assert_eq!(fftshift_with(&x, axis).unwrap_err(), out_of_range);
    }
    assert_eq!(rfft2(upload::<B, T>(device, &[Z::new(1.0, 0.0)], &[1])).unwrap_err(), Error::Axis { axis: -2, ndim: 1 });
    assert_eq!(fft(&scalar).unwrap_err(), Error::Axis { axis: -1, ndim: 0 });
    assert!(matches!(fftn_with(&x, xp_fft::axes([0, -2])), Err(Error::RepeatedAxis { axis: -2, .. })));
    assert!(matches!(dctn_with(&x, Type::II, xp_fft::axes([1, 1])), Err(Error::RepeatedAxis { axis: 1, .. })));
}

/// Convolutions in every mode against the definition.
pub fn convolutions<B: Fft<T>, T: Float>(device: &B) {
    for (m, n) in [(1, 1), (7, 3), (3, 8), (40, 40), (101, 17), (700, 5), (5, 700)] {
        let (x, y) = (numbers::<T>(2 * m, 1), numbers::<T>(n, 2));
        let a = upload::<B, B::Complex>(device, &x, &[2, m]);
        let b = upload::<B, B::Complex>(device, &y, &[1, n]);
        let full = |x: &[Z], y: &[Z]| -> Vec<Z> {
            let term = |i: usize, k: usize| if k >= i && k - i < n { x[i] * y[k - i] } else { Z::default() };
            (0..m + n - 1).map(|k| sum((0..m).map(|i| term(i, k)))).collect()
        };
        let whole = |f: &dyn Fn(&Z) -> Z| -> Vec<Z> {
            let (x, y): (Vec<Z>, Vec<Z>) = (x.iter().map(f).collect(), y.iter().map(f).collect());
            x.chunks(m).flat_map(|row| full(row, &y)).collect()
        };
        let (complex, real) = (whole(&|z| *z), whole(&|z| Z::new(z.re, 0.0)));
        for (mode, start, len) in [(Mode::Full, 0, m + n - 1), (Mode::Same, (n - 1) / 2, m), (Mode::Valid, m.min(n) - 1, m.abs_diff(n) + 1)] {
            let check = |own: Result<Any<B, B::Complex>>, expected: &[Z]| {
                let (shape, values) = down(own).unwrap();
                assert_eq!(shape.last(), Some(&len), "{m} with {n}, {mode:?}");
                // The error is relative to the whole convolution, of which a part may be small.
                let norm = expected.iter().map(|z| z.norm_sqr()).sum::<f64>().sqrt();
                let parts = expected.chunks(m + n - 1).flat_map(|row| &row[start..start + len]);
                let error = values.iter().zip(parts).map(|(a, b)| (a - b).norm_sqr()).sum::<f64>().sqrt();
                let bound = 6.0 * ((m + n) as f64).log2() * T::EPSILON.to_f64() * norm;
                assert!(error <= bound, "{m} with {n}, {mode:?}: error {error:e}, bound {bound:e}");
            };
            check(fftconvolve_with(&a, &b, mode, &[1]), &complex);
            check(fftconvolve_with(&a.real(), &b.real(), mode, &[-1]).map(|y| y.astype::<B::Complex>()), &real);
            check(fftconvolve(&a.index_axis(0, 1).unwrap(), &b.index_axis(0, 0).unwrap(), mode), &complex[m + n - 1..]);
            check(oaconvolve_with(&a, &b, mode, &[1]), &complex);
            check(oaconvolve_with(&a.real(), &b.real(), mode, &[-1]).map(|y| y.astype::<B::Complex>()), &real);
            check(oaconvolve(&a.index_axis(0, 1).unwrap(), &b.index_axis(0, 0).unwrap(), mode), &complex[m + n - 1..]);
        }
    }
    // Along two axes, of which one is cut into blocks.
    let (x, y) = (numbers::<T>(5 * 300, 3), numbers::<T>(3 * 4, 4));
    let (a, b) = (upload::<B, B::Complex>(device, &x, &[5, 300]), upload::<B, B::Complex>(device, &y, &[3, 4]));
    for mode in [Mode::Full, Mode::Same, Mode::Valid] {
        let (shape, values) = down(oaconvolve(&a, &b, mode)).unwrap();
        let (expected_shape, expected) = down(fftconvolve(&a, &b, mode)).unwrap();
        assert_eq!(shape, expected_shape);
        close::<T>(&values, &expected, 16.0, &|| format!("oaconvolve, {mode:?}"));
    }
    let (a, b): (Any<B, T>, Any<B, T>) = (zeros(device, vec![2, 5]).unwrap(), zeros(device, vec![3, 4]).unwrap());
    assert!(matches!(fftconvolve(&a, &b, Mode::Valid), Err(Error::Value { .. })));
    assert!(matches!(fftconvolve_with(&a, &b, Mode::Full, &[1]), Err(Error::Broadcast { .. })));
    assert!(matches!(fftconvolve(&a, &zeros(device, vec![5]).unwrap(), Mode::Full), Err(Error::Rank { .. })));
    assert!(fftconvolve(&a, &zeros(device, vec![0, 1]).unwrap(), Mode::Full).is_err());
}

/// Short-time transforms against the definition, and back.
pub fn short_time<B: Fft<T>, T: Float>(device: &B) {
    let n = 90;
    let x: Vec<Z> = numbers::<T>(2 * n, 5).iter().map(|z| Z::new(z.re, 0.0)).collect();
    let signal = upload::<B, T>(device, &x, &[2, n]);
    let tau = std::f64::consts::TAU;
    for (len, overlap, kind) in [(16, 8, Window::Hann), (15, 11, Window::Hamming), (20, 15, Window::Blackman), (9, 0, Window::Boxcar)] {
        let segments = Segments::new(len).overlap(overlap).window(kind);
        let (f, t, z) = stft(&signal, T::from_f64(4.0), segments).unwrap();
        let weight = |j: usize| {
            let angle = tau * j as f64 / len as f64;
            match kind {
                Window::Boxcar => 1.0,
                Window::Hann => 0.5 - 0.5 * angle.cos(),
                Window::Hamming => 0.54 - 0.46 * angle.cos(),
                Window::Blackman => 0.42 - 0.5 * angle.cos() + 0.08 * (2.0 * angle).cos(),
            }
        };
        let total: f64 = (0..len).map(weight).sum();
        let (bins, times) = (len / 2 + 1, t.size());
        assert_eq!(z.dims(), [2, bins, times]);
        assert!((times - 1) * (len - overlap) + len >= n + 2 * (len / 2), "the segments cover the signal");
        assert_eq!((f.size(), down(Ok(t)).unwrap().1[1].re), (bins, (len - overlap) as f64 / 4.0));
        let mut expected = vec![];
        for row in x.chunks(n) {
            let at = |k: isize| if (0..n as isize).contains(&k) { row[k as usize] } else { Z::default() };
            let segment =
                |i: usize| (0..len).map(|j| at((i * (len - overlap) + j) as isize - (len / 2) as isize) * weight(j) / total).collect::<Vec<_>>();
            let columns: Vec<Vec<Z>> = (0..times).map(|i| dft(&segment(i), -1.0)).collect();
            expected.extend((0..bins).flat_map(|k| columns.iter().map(move |c| c[k]).collect::<Vec<_>>()));
        }
        let what = || format!("{segments:?}");
        close::<T>(&down(Ok(z.clone())).unwrap().1, &expected, 6.0, &what);
        let back = istft(&z, segments).unwrap().slice_axis(-1, 0..n).unwrap();
        close::<T>(&down(Ok(back)).unwrap().1, &x, 12.0, &what);
    }
    let named = |result: Result<()>, argument: &str| assert!(result.unwrap_err().to_string().contains(argument));
    named(stft(&signal, T::ZERO, Segments::new(8)).map(drop), "fs is 0");
    named(stft(&signal, T::ONE, Segments::default()).map(drop), "nperseg is 256");
    named(stft(&signal, T::ONE, Segments::new(8).overlap(8)).map(drop), "noverlap is 8");
    named(stft(&signal, T::ONE, Segments::new(1)).map(drop), "nperseg is 1");
    named(istft(&signal, Segments::new(8)).map(drop), "z has 2 bins");
}

/// The compositions that a backend without transforms of its own gets, against that backend's own.
pub fn portable<B: Fft<T>, T: Float>(device: &B) {
    let one = T::ONE;
    for n in (1..=40).chain([101, 128]) {
        let x = upload::<B, B::Complex>(device, &numbers::<T>(6 * n, n), &[2, n, 3]);
        let real = x.real();
        let what = || format!("length {n}");
        for (axes, lens) in [(&[1][..], &[n][..]), (&[0, 1], &[2, n + 1]), (&[1, 2], &[n, 3])] {
            let own = B::r2c(real.clone(), axes, lens, Direction::Backward, one).unwrap();
            let composed = portable::r2c(real.clone(), axes, lens, Direction::Backward, one).unwrap();
            close::<T>(&down(Ok(composed)).unwrap().1, &down(Ok(own)).unwrap().1, 6.0, &what);
            let own = B::c2r(x.clone(), axes, lens, Direction::Forward, one).unwrap();
            let composed = portable::c2r(x.clone(), axes, lens, Direction::Forward, one).unwrap();
            close::<T>(&down(Ok(composed)).unwrap().1, &down(Ok(own)).unwrap().1, 6.0, &what);
        }
        for family in [TrigFamily::Cosine, TrigFamily::Sine] {
            for kind in [TrigType::I, TrigType::II, TrigType::III, TrigType::IV] {
                for orthogonalize in [false, true] {
                    let trig = Trig { family, kind, orthogonalize };
                    if n < trig.min_len() {
                        continue;
                    }
                    let what = || format!("{trig:?} of length {n}");
                    for (axes, lens) in [(&[1][..], &[n][..]), (&[2, 1], &[4, n + 2])] {
                        let own = B::r2r(x.clone(), axes, lens, trig, one).unwrap();
                        let composed = portable::r2r(x.clone(), axes, lens, trig, one).unwrap();
                        close::<T>(&down(Ok(composed)).unwrap().1, &down(Ok(own)).unwrap().1, 6.0, &what);
                    }
                    let own = B::r2r(real.clone(), &[1], &[n], trig, one).unwrap();
                    let composed = portable::r2r(real.clone(), &[1], &[n], trig, one).unwrap();
                    close::<T>(&down(Ok(composed)).unwrap().1, &down(Ok(own)).unwrap().1, 6.0, &what);
                }
            }
        }
    }
}

/// The functions that take elements of any dtype.
fn any_dtype<B: Fft<C::Part>, C: Floating>(function: &str, x: &Any<B, C>, params: &Value) -> Result<(Vec<usize>, Vec<Z>)> {
    let (one, many) = (axis_options(params), axes_options(params));
    let mut kind = [Type::I, Type::II, Type::III, Type::IV][params["type"].as_u64().unwrap_or(2) as usize - 1];
    if let Some(yes) = params["orthogonalize"].as_bool() {
        kind = kind.orthogonalize(yes);
    }
    let shift_axes: Option<Vec<isize>> = params.get("axes").map(integers);
    match function {
        "fft" => down(fft_with(x, one)),
        "ifft" => down(ifft_with(x, one)),
        "irfft" => down(irfft_with(x, one)),
        "hfft" => down(hfft_with(x, one)),
        "fftn" => down(fftn_with(x, many)),
        "ifftn" => down(ifftn_with(x, many)),
        "irfftn" => down(irfftn_with(x, many)),
        "hfftn" => down(hfftn_with(x, many)),
        "fft2" => down(fft2_with(x, many)),
        "ifft2" => down(ifft2_with(x, many)),
        "irfft2" => down(irfft2_with(x, many)),
        "hfft2" => down(hfft2_with(x, many)),
        "dct" => down(dct_with(x, kind, one)),
        "idct" => down(idct_with(x, kind, one)),
        "dst" => down(dst_with(x, kind, one)),
        "idst" => down(idst_with(x, kind, one)),
        "dctn" => down(dctn_with(x, kind, many)),
        "idctn" => down(idctn_with(x, kind, many)),
        "dstn" => down(dstn_with(x, kind, many)),
        "idstn" => down(idstn_with(x, kind, many)),
        "fftshift" => down(shift_axes.map_or_else(|| fftshift(x), |axes| fftshift_with(x, &axes))),
        "ifftshift" => down(shift_axes.map_or_else(|| ifftshift(x), |axes| ifftshift_with(x, &axes))),
        other => panic!("no function {other}"),
    }
}

/// The functions that take real elements.
fn real_dtype<B: Fft<T>, T: Float>(function: &str, x: &Any<B, T>, params: &Value) -> Option<Result<(Vec<usize>, Vec<Z>)>> {
    let (one, many) = (axis_options(params), axes_options(params));
    let number = |name: &str| params[name].as_f64().unwrap_or(0.0);
    let hankel = Hankel::default().offset(number("offset")).bias(number("bias"));
    Some(match function {
        "rfft" => down(rfft_with(x, one)),
        "ihfft" => down(ihfft_with(x, one)),
        "rfftn" => down(rfftn_with(x, many)),
        "ihfftn" => down(ihfftn_with(x, many)),
        "rfft2" => down(rfft2_with(x, many)),
        "ihfft2" => down(ihfft2_with(x, many)),
        "fht" => down(fht_with(x, number("dln"), number("mu"), hankel)),
        "ifht" => down(ifht_with(x, number("dln"), number("mu"), hankel)),
        _ => return None,
    })
}

/// The functions without an operand.
fn scalars<B: Fft<T>, T: Float>(device: &B, function: &str, params: &Value, expected: &Value, context: &dyn Fn() -> String) {
    let number = |name: &str| params[name].as_f64().unwrap_or(0.0);
    let n = params["n"].as_u64().unwrap_or(0) as usize;
    match function {
        "fftfreq" | "rfftfreq" => {
            let d = T::from_f64(number("d"));
            let own = if function == "fftfreq" { fftfreq(device, n, d) } else { rfftfreq(device, n, d) };
            close::<T>(&down(own).unwrap().1, &host(expected).1, 3.0, context);
        }
        "fhtoffset" => {
            let offset = fhtoffset(number("dln"), number("mu"), number("initial"), number("bias")).unwrap();
            assert!((offset - host(expected).1[0].re).abs() < 1e-14, "{}: {offset} here", context());
        }
        "next_fast_len" | "prev_fast_len" => {
            let real = params["real"].as_bool().unwrap();
            let targets: Vec<usize> = params["targets"].as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as usize).collect();
            for (&target, length) in targets.iter().zip(expected.as_array().unwrap()) {
                let own = match (function == "next_fast_len", real) {
                    (true, false) => next_fast_len(target),
                    (true, true) => next_fast_len_real(target),
                    (false, false) => prev_fast_len(target),
                    (false, true) => prev_fast_len_real(target),
                };
                assert_eq!(own.unwrap() as u64, length.as_u64().unwrap(), "{}: target {target}", context());
            }
        }
        other => panic!("no function {other}"),
    }
}

fn norm_of(params: &Value) -> Norm {
    match params["norm"].as_str() {
        None | Some("backward") => Norm::Backward,
        Some("ortho") => Norm::Ortho,
        Some("forward") => Norm::Forward,
        Some(other) => panic!("no norm {other}"),
    }
}

fn axis_options(params: &Value) -> AxisOptions {
    let options = xp_fft::axis(params["axis"].as_i64().unwrap_or(-1) as isize).norm(norm_of(params));
    params["n"].as_u64().map_or(options.clone(), |n| options.n(n as usize))
}

fn axes_options(params: &Value) -> AxesOptions {
    let options = params.get("axes").map_or_else(AxesOptions::default, |axes| xp_fft::axes(integers(axes))).norm(norm_of(params));
    params.get("s").map_or(options.clone(), |s| options.s(integers(s).into_iter().map(|n| n as usize).collect::<Vec<_>>()))
}

fn integers(value: &Value) -> Vec<isize> {
    let one = |v: &Value| v.as_i64().unwrap() as isize;
    value.as_array().map_or_else(|| vec![one(value)], |list| list.iter().map(one).collect())
}

/// Shape and values of an array of the golden file.
fn host(value: &Value) -> (Vec<usize>, Vec<Z>) {
    let numbers: Vec<f64> = value["data"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    let shape = value["shape"].as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as usize).collect();
    let values = if value["dtype"].as_str().unwrap().starts_with("complex") {
        numbers.chunks(2).map(|z| Z::new(z[0], z[1])).collect()
    } else {
        numbers.iter().map(|&x| Z::new(x, 0.0)).collect()
    };
    (shape, values)
}

fn upload<B: Fft<C::Part>, C: Floating>(device: &B, values: &[Z], shape: &[usize]) -> Any<B, C> {
    let part = <C::Real as Num>::from_f64;
    Array::from_vec(device, values.iter().map(|z| C::from_parts(part(z.re), part(z.im))).collect(), shape).unwrap()
}

fn down<B: Fft<C::Part>, C: Floating, D: xp_core::Dim>(x: Result<Array<B, C, D>>) -> Result<(Vec<usize>, Vec<Z>)> {
    use xp_core::Real;
    let x = x?;
    Ok((x.dims().to_vec(), x.to_host()?.into_iter().map(|z| Z::new(z.re().to_f64(), z.im().to_f64())).collect()))
}

/// Asserts that the error is at most `factor log2(n) eps` relative to the norm, `n` being the number of elements; gives it
/// in units of `log2(n) eps`.
#[track_caller]
fn close<T: Float>(values: &[Z], expected: &[Z], factor: f64, context: &dyn Fn() -> String) -> f64 {
    assert_eq!(values.len(), expected.len(), "{}", context());
    let norm = |v: &mut dyn Iterator<Item = Z>| v.map(|z| z.norm_sqr()).sum::<f64>().sqrt();
    let error = norm(&mut values.iter().zip(expected).map(|(a, b)| a - b));
    let size = norm(&mut expected.iter().copied());
    let unit = (expected.len() as f64).log2().max(1.0) * T::EPSILON.to_f64() * size;
    assert!(error <= factor * unit, "{}: error {error:e}, norm {size:e}, bound {:e}", context(), factor * unit);
    if error == 0.0 { 0.0 } else { error / unit }
}

#[track_caller]
fn same<B: Fft<T>, T: Float>(x: &Any<B, B::Complex>, y: &Any<B, B::Complex>, context: &dyn Fn() -> String) {
    assert_eq!(x.dims(), y.dims(), "{}", context());
    close::<T>(&down(Ok(x.clone())).unwrap().1, &down(Ok(y.clone())).unwrap().1, 3.0, context);
}

#[track_caller]
fn same_real<B: Fft<T>, T: Float>(x: &Any<B, T>, y: &Any<B, T>, context: &dyn Fn() -> String) {
    assert_eq!(x.dims(), y.dims(), "{}", context());
    close::<T>(&down(Ok(x.clone())).unwrap().1, &down(Ok(y.clone())).unwrap().1, 3.0, context);
}

/// Deterministic complex numbers with parts in -1..1 that the dtype has exactly.
fn numbers<T: Float>(n: usize, seed: usize) -> Vec<Z> {
    let mut sequence = crate::support::Sequence::new(seed as u64 + 1);
    let mut part = || T::from_f64(sequence.between(-1.0, 1.0)).to_f64();
    (0..n).map(|_| Z::new(part(), part())).collect()
}

/// All ordered choices of distinct numbers below `n`.
fn orders(n: usize) -> Vec<Vec<usize>> {
    let mut all = vec![vec![]];
    let mut at = 0;
    while at < all.len() {
        let longer: Vec<Vec<usize>> = (0..n).filter(|k| !all[at].contains(k)).map(|k| [&all[at][..], &[k]].concat()).collect();
        all.extend(longer);
        at += 1;
    }
    all
}

/// `exp(sign 2 pi i k / n)`, with the angle reduced before it is rounded.
fn root(k: usize, n: usize, sign: f64) -> Z {
    let eighth = 8 * (k % n);
    let (octant, rest) = (eighth / n, eighth % n);
    let angle = |part: usize| std::f64::consts::FRAC_PI_4 * part as f64 / n as f64;
    let (low, high) = (angle(rest), angle(n - rest));
    let (re, im) = match octant {
        0 => (low.cos(), low.sin()),
        1 => (high.sin(), high.cos()),
        2 => (-low.sin(), low.cos()),
        3 => (-high.cos(), high.sin()),
        4 => (-low.cos(), -low.sin()),
        5 => (-high.sin(), -high.cos()),
        6 => (low.sin(), -low.cos()),
        _ => (high.cos(), -high.sin()),
    };
    Z::new(re, sign * im)
}

/// The definition.
fn dft(x: &[Z], sign: f64) -> Vec<Z> {
    let n = x.len();
    (0..n).map(|k| sum((0..n).map(|j| x[j] * root(j * k, n, sign)))).collect()
}

/// A sum with a compensation for what rounding loses.
fn sum(terms: impl Iterator<Item = Z>) -> Z {
    let (mut total, mut lost) = (Z::default(), Z::default());
    let add = |total: &mut f64, lost: &mut f64, x: f64| {
        let new = *total + x;
        *lost += if total.abs() >= x.abs() { (*total - new) + x } else { (x - new) + *total };
        *total = new;
    };
    for z in terms {
        add(&mut total.re, &mut lost.re, z.re);
        add(&mut total.im, &mut lost.im, z.im);
    }
    total + lost
}

/// [`dft`] along axes, cut or padded to lengths; `sign` 0 only cuts and pads.
fn dft_along(x: &[Z], shape: &[usize], axes: &[usize], lens: &[usize], sign: f64) -> (Vec<usize>, Vec<Z>) {
    let (mut shape, mut x) = (shape.to_vec(), x.to_vec());
    for (&axis, &n) in axes.iter().zip(lens) {
        let inner: usize = shape[axis + 1..].iter().product();
        let (outer, len) = (shape[..axis].iter().product::<usize>(), shape[axis]);
        let mut out = vec![Z::default(); outer * n * inner];
        for o in 0..outer {
            for i in 0..inner {
                let lane: Vec<Z> = (0..n).map(|j| if j < len { x[(o * len + j) * inner + i] } else { Z::default() }).collect();
                let lane = if sign == 0.0 { lane } else { dft(&lane, sign) };
                lane.into_iter().enumerate().for_each(|(j, z)| out[(o * n + j) * inner + i] = z);
            }
        }
        shape[axis] = n;
        x = out;
    }
    (shape, x)
}

/// The definition of the cosine or sine transform of a type.
fn trig(x: &[Z], kind: usize, cosine: bool) -> Vec<Z> {
    let n = x.len();
    // The angle is `a b / period` turns, in halves of positions so that everything is an integer.
    let (half_in, half_out, period) = match (kind, cosine) {
        (1, true) => (0, 0, 2 * (n - 1)),
        (1, false) => (2, 2, 2 * (n + 1)),
        (2, true) => (1, 0, 2 * n),
        (2, false) => (1, 2, 2 * n),
        (3, true) => (0, 1, 2 * n),
        (3, false) => (2, 1, 2 * n),
        _ => (1, 1, 2 * n),
    };
    let weight = |j: usize| match (kind, cosine) {
        (1, true) if j == 0 || j == n - 1 => 1.0,
        (3, true) if j == 0 => 1.0,
        (3, false) if j == n - 1 => 1.0,
        _ => 2.0,
    };
    let term = |j: usize, k: usize| {
        let z = root((2 * j + half_in) * (2 * k + half_out), 4 * period, 1.0);
        x[j] * (weight(j) * if cosine { z.re } else { z.im })
    };
    (0..n).map(|k| sum((0..n).map(|j| term(j, k)))).collect()
}

/// [`Ix1`] keeps its rank through every function.
#[allow(dead_code)]
fn ranks_are_kept<B: Fft<T>, T: Float>(x: &Array<B, T, Ix1>) -> Result<Array<B, T, Ix1>> {
    irfft(fft(ifft(rfft(dct(x)?)?)?)?)
}
