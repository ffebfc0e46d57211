//! What is beside the standard: against NumPy and SciPy (`golden/extra.json`, written by `scripts/golden/extra.py`), and
//! against loops.

use num_complex::Complex;
use serde_json::Value;
use xp_core::extra::*;
use xp_core::functions::*;
use xp_core::linalg::{self, LinalgError, Structure};
use xp_core::{Array, Backend, Error, Float, Floating, Ix1, Linalg, Num, Real, s};

use crate::linalg::host::{Host, eps};
use crate::support::{Any, Sequence, array, vector};

/// Every case of the golden file.
pub fn golden<B: Backend, T: Float>(device: &B) {
    let file: Value = serde_json::from_str(include_str!("../golden/extra.json")).unwrap();
    let mut checked = 0;
    for case in file["cases"].as_array().unwrap() {
        let names: Vec<&str> = case["inputs"].as_array().unwrap().iter().map(|n| n.as_str().unwrap()).collect();
        let inputs: Vec<Any<B, T>> = names.iter().map(|n| read(device, &file["inputs"][n])).collect();
        let what = format!("{} of {names:?}, {}", case["function"], case["params"]);
        let got = run(case, &inputs).unwrap_or_else(|e| panic!("{what}: {e}"));
        let (shape, exact) = numbers(&case["expected"]);
        assert_eq!(got.dims(), shape, "{what}");
        let size = exact.iter().filter(|v| v.is_finite()).fold(1.0, |m: f64, v| m.max(v.abs()));
        for (g, e) in got.to_vec().iter().map(|v| v.to_f64()).zip(exact) {
            let near = (g - e).abs() <= 60.0 * T::EPSILON.to_f64() * size || g == e || g.is_nan() && e.is_nan();
            assert!(near, "{what}: {g} for {e}");
        }
        checked += 1;
    }
    assert!(checked > 200, "only {checked} cases");
}

fn run<B: Backend, T: Float>(case: &Value, x: &[Any<B, T>]) -> xp_core::Result<Any<B, T>> {
    let params = &case["params"];
    let list = |name: &str| params[name].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect::<Vec<_>>();
    let axes: Vec<isize> = params["axes"].as_array().map_or(vec![], |a| a.iter().map(|v| v.as_i64().unwrap() as isize).collect());
    let axes = &axes[..];
    let first = &x[0];
    Ok(match case["function"].as_str().unwrap() {
        "quantile" if params["columns"].is_u64() => {
            let some = first.slice_axis(1, ..params["columns"].as_u64().unwrap() as usize)?;
            quantile(&some, &list("q"), 0, method(params["method"].as_str().unwrap()))?
        }
        "quantile" => quantile(first, &list("q"), 0, method(params["method"].as_str().unwrap()))?,
        "weighted_quantile" => weighted_quantile(first, &x[1], &list("q"), 0)?,
        "nansum" => nansum(first, axes)?.lazy().astype::<T>().try_eval()?,
        "nanmean" => nanmean(first, axes)?,
        "nanmax" => nanmax(first, axes)?,
        "nanmin" => nanmin(first, axes)?,
        "nanmedian" => nanmedian(first, axes)?,
        "nanvar" => nanvar(first, axes, params["correction"].as_f64().unwrap())?,
        "median" => median(first, axes)?,
        "logsumexp" => logsumexp(first, axes)?,
        "cov" => {
            let at = |name: &str| params[name].as_u64().map(|k| x[k as usize].clone().into_rank::<Ix1>().unwrap());
            let (f, a) = (at("fweights").map(|f| f.astype::<i64>()), at("aweights"));
            cov(first, Cov { correction: params["correction"].as_f64().unwrap(), fweights: f.as_ref(), aweights: a.as_ref() })?
        }
        "cdist" => cdist(first, &x[1], metric(params["metric"].as_str().unwrap()))?,
        "kron" => kron(first, &x[1])?,
        "einsum" => einsum(params["subscripts"].as_str().unwrap(), &x.iter().collect::<Vec<_>>())?,
        other => panic!("{other} has no test"),
    })
}

fn method(name: &str) -> QuantileMethod {
    use QuantileMethod::*;
    match name {
        "inverted_cdf" => InvertedCdf,
        "averaged_inverted_cdf" => AveragedInvertedCdf,
        "closest_observation" => ClosestObservation,
        "interpolated_inverted_cdf" => InterpolatedInvertedCdf,
        "hazen" => Hazen,
        "weibull" => Weibull,
        "linear" => Linear,
        "median_unbiased" => MedianUnbiased,
        "normal_unbiased" => NormalUnbiased,
        "lower" => Lower,
        "higher" => Higher,
        "midpoint" => Midpoint,
        "nearest" => Nearest,
        other => panic!("{other} is no method"),
    }
}

fn metric(name: &str) -> Metric {
    match name {
        "euclidean" => Metric::Euclidean,
        "sqeuclidean" => Metric::SqEuclidean,
        "cityblock" => Metric::CityBlock,
        "chebyshev" => Metric::Chebyshev,
        "cosine" => Metric::Cosine,
        "minkowski" => Metric::Minkowski(3.0),
        other => panic!("{other} is no metric"),
    }
}

fn numbers(value: &Value) -> (Vec<usize>, Vec<f64>) {
    let number = |v: &Value| v.as_f64().unwrap_or_else(|| v.as_str().unwrap().parse().unwrap());
    let shape = value["shape"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect();
    (shape, value["data"].as_array().unwrap().iter().map(number).collect())
}

fn read<B: Backend, T: Float>(device: &B, value: &Value) -> Any<B, T> {
    let (shape, values) = numbers(value);
    array(device, &values.iter().map(|&v| T::from_f64(v)).collect::<Vec<_>>(), &shape)
}

/// What quantiles and weighted ones refuse, along other axes, with NaN and infinities.
pub fn quantile_forms<B: Backend, T: Float>(device: &B) {
    let t = T::from_f64;
    let x = array(device, &[3.0, 9.0, 1.0, f64::NAN, 2.0, 0.0].map(t), &[3, 2]);
    let q = quantile(&x, &[0.0, 0.5], 0, QuantileMethod::Linear).unwrap().to_vec();
    assert!(q[0] == t(1.0) && q[2] == t(2.0) && q[1].is_nan() && q[3].is_nan());
    assert_eq!(quantile(&x, &[], 0, QuantileMethod::Linear).unwrap().dims(), [0, 2]);
    let infinite = vector(device, &[t(1.0), T::INFINITY, -T::INFINITY, T::INFINITY]);
    assert_eq!(quantile(&infinite, &[0.0, 1.0, 0.9], 0, QuantileMethod::Linear).unwrap().to_vec(), [-T::INFINITY, T::INFINITY, T::INFINITY]);
    let (one, inf) = (t(1.0), T::INFINITY);
    for (pair, between) in [([one, inf], inf), ([-inf, one], -inf), ([inf, inf], inf), ([T::MAX, -T::MAX], t(0.0))] {
        let q = quantile(&vector(device, &pair), &[0.0, 0.25, 0.5, 0.75, 1.0], 0, QuantileMethod::Linear).unwrap().to_vec();
        let half = t(T::MAX.to_f64() / 2.0);
        let inner = if between == t(0.0) { [-half, between, half] } else { [between; 3] };
        assert_eq!((q[0], q[4]), (pair[0].min(pair[1]), pair[0].max(pair[1])), "{pair:?}");
        let close = |a: T, b: T| a == b || (a - b).abs() <= b.abs() * T::EPSILON * t(2.0);
        assert!(q[1..4].iter().zip(inner).all(|(&a, b)| close(a, b)), "{pair:?}: {q:?}");
        assert_eq!(median(&vector(device, &pair), ..).unwrap().item().unwrap(), between);
    }
    let opposite = quantile(&vector(device, &[-inf, inf]), &[0.0, 0.5, 1.0], 0, QuantileMethod::Linear).unwrap().to_vec();
    assert!(opposite[0] == -inf && opposite[1].is_nan() && opposite[2] == inf);
    assert!(quantile(&x, &[1.1], 0, QuantileMethod::Linear).unwrap_err().to_string().contains("1.1"));
    assert!(quantile(&x, &[f64::NAN], 0, QuantileMethod::Linear).is_err());
    assert!(matches!(quantile(&array::<_, T>(device, &[], &[0, 2]), &[0.5], 0, QuantileMethod::Linear), Err(Error::Shape { .. })));
    let w = vector(device, &[1.0, 0.0, 1.0].map(t));
    let column = weighted_quantile(&x, &w, &[0.5, 0.6], 0).unwrap().to_vec();
    assert!(column[0] == t(2.0) && column[2] == t(3.0) && column[1].is_nan() && column[3].is_nan(), "{column:?}");
    let lanes = array(device, &[1.0, 0.0, 5.0, 0.0, 1.0, 2.0].map(t), &[3, 2]);
    let y = array(device, &[3.0, 9.0, 1.0, 7.0, 2.0, 0.0].map(t), &[3, 2]);
    assert_eq!(weighted_quantile(&y, &lanes, &[0.5], 0).unwrap().to_vec(), [1.0, 0.0].map(t));
    for bad in [[-1.0, 1.0, 1.0], [0.0; 3], [f64::NAN, 1.0, 1.0]] {
        assert!(weighted_quantile(&y, &vector(device, &bad.map(t)), &[0.5], 0).is_err(), "{bad:?}");
    }
    assert!(weighted_quantile(&y, &vector(device, &[t(1.0); 2]), &[0.5], 0).is_err());
}

/// The modes of `pad` that repeat the array, with NumPy's results.
fn borders<B: Backend>(device: &B) {
    let x = vector(device, &[1, 2, 3]);
    let padded = |mode| pad(&x, &[(5, 4)], mode).unwrap().to_vec();
    assert_eq!(padded(PadMode::Edge), [1, 1, 1, 1, 1, 1, 2, 3, 3, 3, 3, 3]);
    assert_eq!(padded(PadMode::Reflect), [2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3]);
    assert_eq!(padded(PadMode::Symmetric), [2, 3, 3, 2, 1, 1, 2, 3, 3, 2, 1, 1]);
    assert_eq!(padded(PadMode::Wrap), [2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1]);
    let m = array(device, &[1u8, 2, 3, 4], &[2, 2]).t();
    let corners = pad(&m, &[(1, 0), (0, 1)], PadMode::Reflect).unwrap();
    assert_eq!((corners.dims(), corners.to_vec()), (&[3, 3][..], vec![2, 4, 2, 1, 3, 1, 2, 4, 2]));
    for mode in [PadMode::Edge, PadMode::Reflect, PadMode::Symmetric, PadMode::Wrap] {
        assert_eq!(pad(&vector(device, &[true]), &[(1, 2)], mode).unwrap().to_vec(), [true; 4]);
        let empty = array(device, &[], &[0, 2]);
        assert!(pad(&empty, &[(1, 1)], mode).unwrap_err().to_string().contains("along axis 0"));
        assert_eq!(pad(&empty, &[(0, 0), (1, 1)], mode).unwrap().dims(), [0, 4]);
    }
}

/// `bincount`, `one_hot`, `pad`, diagonals, index helpers, and what they refuse.
pub fn counting_and_shaping<B: Backend>(device: &B) {
    let x = vector(device, &[3i64, 0, 3, 1]);
    assert_eq!(bincount(&x, 0).unwrap().to_vec(), [1, 1, 0, 2]);
    assert_eq!(bincount(&x, 6).unwrap().to_vec(), [1, 1, 0, 2, 0, 0]);
    assert_eq!(bincount(&vector(device, &[]), 2).unwrap().to_vec(), [0, 0]);
    assert_eq!(bincount_weighted(&x, &vector(device, &[1.5f32, 2.0, 0.25, -1.0]), 0).unwrap().to_vec(), [2.0, -1.0, 0.0, 1.75]);
    assert!(bincount(&vector(device, &[1i64, -2]), 0).unwrap_err().to_string().contains("-2"));
    assert!(bincount_weighted(&x, &vector(device, &[1.0f32]), 0).is_err());
    let classes = array(device, &[1i64, 0, 2, 2], &[2, 2]);
    let last = one_hot::<_, u8, _>(&classes, 3, -1).unwrap();
    assert_eq!((last.dims(), last.to_vec()), (&[2, 2, 3][..], vec![0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1]));
    let first = one_hot::<_, f32, _>(&classes, 3, 0).unwrap();
    assert_eq!(first.permute_dims(&[1, 2, 0]).unwrap().astype::<u8>().to_vec(), last.to_vec());
    assert!(one_hot::<_, u8, _>(&classes, 2, -1).is_err() && one_hot::<_, u8, _>(&vector(device, &[-1i64]), 2, -1).is_err());
    let m = array(device, &[1, 2, 3, 4], &[2, 2]);
    assert_eq!(pad(&m, &[(1, 0), (0, 2)], PadMode::Constant(9)).unwrap().to_vec(), [9, 9, 9, 9, 1, 2, 9, 9, 3, 4, 9, 9]);
    assert_eq!(pad(&m.t(), &[(0, 1)], PadMode::Constant(0)).unwrap().to_vec(), [1, 3, 0, 2, 4, 0, 0, 0, 0]);
    assert_eq!(pad(&array(device, &[], &[0]), &[(2, 1)], PadMode::Constant(true)).unwrap().to_vec(), [true; 3]);
    let zero = PadMode::Constant(0);
    assert!(pad(&m, &[(1, 1), (1, 1), (1, 1)], zero).is_err() && matches!(pad(&m, &[(usize::MAX, 1)], zero), Err(Error::TooLarge { .. })));
    borders(device);
    let d = create_diagonal(&m, -1).unwrap();
    assert_eq!((d.dims(), d.to_vec()), (&[2, 3, 3][..], vec![0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 4, 0]));
    for k in [-2isize, 0, 3] {
        assert_eq!(create_diagonal(&m, k).unwrap().diagonal(k).unwrap().to_vec(), m.to_vec(), "offset {k}");
    }
    assert_eq!(create_diagonal(&vector(device, &[f32::INFINITY, 1.0]), 0).unwrap().to_vec(), [f32::INFINITY, 0.0, 0.0, 1.0]);
    let at = unravel_index(&array(device, &[0i64, 23, 7], &[3]), &[2, 3, 4]).unwrap();
    assert_eq!(at.iter().map(|a| a.to_vec()).collect::<Vec<_>>(), [[0, 1, 0], [0, 2, 1], [0, 3, 3]]);
    assert_eq!(ravel_multi_index(&at.iter().collect::<Vec<_>>(), &[2, 3, 4]).unwrap().to_vec(), [0, 23, 7]);
    assert!(unravel_index(&vector(device, &[24i64]), &[2, 3, 4]).is_err() && unravel_index(&vector(device, &[-1i64]), &[2]).is_err());
    let [i, j] = tril_indices(device, 3, 2, -1).unwrap();
    assert_eq!((i.to_vec(), j.to_vec()), (vec![1, 2, 2], vec![0, 0, 1]));
    let [i, j] = triu_indices(device, 2, 3, 1).unwrap();
    assert_eq!((i.to_vec(), j.to_vec()), (vec![0, 0, 1], vec![1, 2, 2]));
    assert_eq!(diag_indices(device, 3, 2).unwrap()[1].to_vec(), [0, 1, 2]);
    assert_eq!(at_least_nd(&m.t(), 4).unwrap().dims(), [1, 1, 2, 2]);
    assert!(at_least_nd(&m, 99).is_err());
}

/// Sets, of vectors with repetitions.
pub fn sets<B: Backend>(device: &B) {
    let (a, b) = (array(device, &[5, 1, 3, 1], &[2, 2]), vector(device, &[3, 7, 3]));
    assert_eq!(union1d(&a, &b).unwrap().to_vec(), [1, 3, 5, 7]);
    assert_eq!(intersect1d(&a, &b).unwrap().to_vec(), [3]);
    assert_eq!(setdiff1d(&a, &b).unwrap().to_vec(), [1, 5]);
    assert_eq!(setxor1d(&a, &b).unwrap().to_vec(), [1, 5, 7]);
    assert_eq!(nunique(&a).unwrap(), 3);
    let none = array::<_, i32>(device, &[], &[0]);
    assert_eq!(setdiff1d(&a, &none).unwrap().to_vec(), [1, 3, 5]);
    assert_eq!(intersect1d(&none, &a).unwrap().size(), 0);
    assert_eq!(union1d(&vector(device, &[true]), &vector(device, &[false, true])).unwrap().to_vec(), [false, true]);
    let gaps = vector(device, &[f32::NAN, 1.0, f32::NAN]);
    assert_eq!(setdiff1d(&gaps, &gaps).unwrap().size(), 2, "NaN is in no set");
}

/// `top_k` along every axis is the start of `argsort`; `partition` and `argpartition` put an element in its place.
pub fn first_elements<B: Backend, T: Float>(device: &B) {
    let mut sequence = Sequence::new(51);
    let mut values: Vec<T> = sequence.integers(2 * 37 * 3, -9, 9);
    values[5] = T::NAN;
    values[100] = T::NAN;
    values[101] = -T::INFINITY;
    let x = array(device, &values, &[2, 37, 3]);
    for x in [x.clone(), x.permute_dims(&[2, 0, 1]).unwrap()] {
        for axis in 0..3 {
            let n = x.dims()[axis as usize];
            for k in [0, 1, 2, n / 2, n] {
                for order in [Descending, Ascending] {
                    let (top, at) = top_k(&x, k, axis, order).unwrap();
                    let expected = x.argsort(axis, order).unwrap().slice_axis(axis, ..k).unwrap();
                    assert_eq!((at.dims(), at.to_vec()), (expected.dims(), expected.to_vec()), "the first {k} along {axis}, {order:?}");
                    crate::support::assert_same("values", &top.to_vec(), &x.take_along_axis(&at, axis).unwrap().to_vec());
                }
            }
            assert!(top_k(&x, n + 1, axis, Descending).is_err());
        }
    }
    let row = x.index_axis(0, 1).unwrap().index_axis(1, 0).unwrap();
    let sorted = row.sort(0, Ascending).unwrap().to_vec();
    for kth in [0, 20, -1] {
        let got = partition(&row, kth, 0).unwrap().to_vec();
        let at = kth.rem_euclid(37) as usize;
        assert!(got[at] == sorted[at] || got[at].is_nan() && sorted[at].is_nan());
        assert!(got[..at].iter().all(|v| *v <= got[at] || got[at].is_nan()) && got[at..].iter().all(|v| *v >= got[at] || v.is_nan()));
        let order = argpartition(&row, kth, 0).unwrap();
        crate::support::assert_same("argpartition", &row.take(&order, 0).unwrap().to_vec()[at..=at], &sorted[at..=at]);
    }
    assert!(matches!(partition(&row, 37, 0), Err(Error::Index { index: 37, .. })));
    // Few of many, with many ties.
    let many = vector(device, &sequence.integers::<T>(20_000, -50, 50));
    for (k, order) in [(1, Descending), (3, Ascending), (150, Descending), (300, Ascending)] {
        let expected = many.argsort(0, order).unwrap().slice(s![..k]).unwrap();
        assert_eq!(top_k(&many, k, 0, order).unwrap().1.to_vec(), expected.to_vec(), "{k} of 20000");
    }
    assert_eq!(top_k(&vector(device, &[7u8, 200, 7]), 2, 0, Descending).unwrap().1.to_vec(), [1, 0]);
}

/// `isclose`, `nan_to_num`, `angle`, `sinc`, degrees.
pub fn values<B: Backend, T: Float>(device: &B) {
    let t = T::from_f64;
    let (inf, nan) = (T::INFINITY, T::NAN);
    let a = vector(device, &[t(1.0), inf, inf, nan, t(100.0), t(0.0)]);
    let b = vector(device, &[t(1.5), inf, -inf, nan, t(101.0), inf]);
    assert_eq!(isclose_with(&a, &b, rtol(0.02).atol(0.0)).to_vec(), [false, true, false, false, true, false]);
    assert_eq!(isclose_with(&a, &b, atol(0.5).rtol(0.0).equal_nan()).to_vec(), [true, true, false, true, false, false]);
    assert_eq!(isclose_with(&a, &vector(device, &[t(1.0)]), rtol(0.0).atol(0.0)).to_vec(), [true, false, false, false, false, false]);
    assert!(allclose_with(&a.slice(s![..2]).unwrap(), &b.slice(s![..2]).unwrap(), atol(0.5).rtol(0.0)).unwrap());
    assert!(!allclose_with(&a, &b, rtol(1.0).atol(1.0).equal_nan()).unwrap());
    assert!(allclose(&a, &vector(device, &[t(1.0), t(2.0)])).is_err());
    let x = vector(device, &[nan, inf, -inf, t(2.0)]);
    assert_eq!(nan_to_num(&x, t(7.0), None, None).to_vec(), [t(7.0), T::MAX, -T::MAX, t(2.0)]);
    assert_eq!(nan_to_num(&x, t(7.0), Some(t(3.0)), Some(t(-3.0))).to_vec(), [7.0, 3.0, -3.0, 2.0].map(t));
    assert_eq!(nan_to_num(&x, t(7.0), Some(-inf), Some(t(5.0))).to_vec()[1..3], [t(5.0), t(5.0)], "as NumPy: one after the other");
    let near = |x: T, want: f64| (x.to_f64() - want).abs() <= 4.0 * T::EPSILON.to_f64() * want.abs().max(1.0);
    let pi = std::f64::consts::PI;
    let sincs = sinc(&vector(device, &[t(0.0), t(0.5), t(-1.5)])).to_vec();
    assert!(near(sincs[0], 1.0) && near(sincs[1], 2.0 / pi) && near(sincs[2], -2.0 / (3.0 * pi)));
    assert!(near(deg2rad(&vector(device, &[t(90.0)])).to_vec()[0], pi / 2.0) && near(rad2deg(&vector(device, &[t(pi)])).to_vec()[0], 180.0));
    let z = vector(device, &[Complex::new(-1.0f32, -0.0), Complex::new(0.0, 3.0)]);
    assert_eq!(angle(&z).to_vec(), [-std::f32::consts::PI, std::f32::consts::FRAC_PI_2]);
    let w = array(device, &[1.0, 2.0, 3.0, 4.0].map(t), &[2, 2]);
    assert_eq!(average(&w, &vector(device, &[t(1.0), t(3.0)]), 1).unwrap().to_vec(), [1.75, 3.75].map(t));
    assert_eq!(average(&w, &w, 0).unwrap().to_vec(), [2.5, 20.0 / 6.0].map(t));
    assert!(average(&w, &vector(device, &[t(1.0), t(-1.0)]), 1).is_err() && average(&w, &vector(device, &[t(1.0)]), 1).is_err());
}

/// Distances of stacks; of equal and near vectors; what is refused.
pub fn distances<B: Backend, T: Float>(device: &B) {
    let t = T::from_f64;
    let near = t(1.0) + T::EPSILON;
    let a = array(device, &[t(1.0), t(3.0), near, t(3.0)], &[2, 2]);
    let d = cdist(&a, &a, Metric::Euclidean).unwrap().to_vec();
    assert_eq!(d, [T::ZERO, T::EPSILON, T::EPSILON, T::ZERO], "no cancellation");
    let stacked = cdist(&a.reshape([1, 2, 2]).unwrap(), &array(device, &[t(1.0); 12], &[3, 2, 2]), Metric::CityBlock).unwrap();
    assert_eq!(stacked.shape(), [3, 2, 2]);
    assert_eq!(cdist(&a, &array::<_, T>(device, &[], &[0, 2]), Metric::Cosine).unwrap().dims(), [2, 0]);
    for metric in [Metric::Euclidean, Metric::Chebyshev, Metric::Minkowski(1.5)] {
        let none = array::<_, T>(device, &[], &[2, 0]);
        assert_eq!(cdist(&none, &none, metric).unwrap().to_vec(), [T::ZERO; 4]);
    }
    assert!(cdist(&a, &array(device, &[t(1.0); 3], &[1, 3]), Metric::Euclidean).is_err());
    assert!(cdist(&a, &a, Metric::Minkowski(0.0)).is_err() && cdist(&a, &vector(device, &[t(1.0)]), Metric::Euclidean).is_err());
}

/// `einsum` of integers and complex numbers; broadcast letters; subscripts that are refused.
pub fn einsum_forms<B: Backend>(device: &B) {
    let a = array(device, &(0..6i64).collect::<Vec<_>>(), &[2, 3]);
    let v = array(device, &[1i64, 2, 3], &[3]);
    assert_eq!(einsum("ij,j->i", &[&a, &v]).unwrap().to_vec(), [8, 26]);
    assert_eq!(einsum("ij , j", &[&a, &v]).unwrap().to_vec(), [8, 26]);
    assert_eq!(einsum("BA->AB", &[&a]).unwrap().to_vec(), [0, 3, 1, 4, 2, 5]);
    assert_eq!(einsum("ba", &[&a]).unwrap().to_vec(), [0, 3, 1, 4, 2, 5], "letters of an implicit result are sorted");
    let one = array(device, &[10i64], &[1]);
    assert_eq!(einsum("ij,j->ij", &[&a, &one]).unwrap().to_vec(), [0, 10, 20, 30, 40, 50]);
    let column = array(device, &[1i64, 2], &[2, 1]);
    assert_eq!(einsum("...,...->...", &[&a, &column]).unwrap().to_vec(), [0, 1, 2, 6, 8, 10]);
    assert!(einsum("...i,...->i", &[&a, &v]).is_err(), "2 and 3 do not broadcast");
    assert_eq!(einsum("i,i,i->", &[&v, &v, &v]).unwrap().item().unwrap(), 36);
    let z = array(device, &[Complex::new(0.0f32, 1.0), Complex::new(2.0, 0.0)], &[2]);
    assert_eq!(einsum("i,i", &[&z, &z]).unwrap().item().unwrap(), Complex::new(3.0, 0.0), "nothing is conjugated");
    let empty = array::<_, i64>(device, &[], &[0, 3]);
    assert_eq!(einsum("ij->j", &[&empty]).unwrap().to_vec(), [0, 0, 0]);
    assert_eq!(einsum("ij,ik->jk", &[&empty, &empty]).unwrap().to_vec(), [0; 9]);
    for bad in ["ij,j->k", "ij,j->ii", "ij->i", "i,j", "i1,j", "ij,jk->ik", "......ij,j", "ij,j->i->", "ij,i"] {
        assert!(einsum(bad, &[&a, &v]).is_err(), "{bad}");
    }
    assert!(einsum::<B, i64>("", &[]).is_err());
}

/// `lu` and solutions by structure, of every shape and of stacks.
pub fn lu<B: Linalg<T>, T: Floating>(device: &B) {
    for (m, n) in [(1, 1), (3, 3), (7, 4), (4, 7), (20, 20), (0, 3), (3, 0)] {
        let x = Host::random(71 + (m * n) as u64, m, n).on::<B, T>(device);
        let f = linalg::lu(&x).unwrap();
        let k = m.min(n);
        assert_eq!((f.lower.dims(), f.upper.dims(), f.permutation.dims()), (&[m, k][..], &[k, n][..], &[m][..]));
        let order: Array<B, i64, Ix1> = f.permutation.clone().into_rank().unwrap();
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..m as i64).collect::<Vec<_>>());
        let product = f.lower.matmul(&f.upper).unwrap();
        let (got, exact) = (Host::of(&product), Host::of(&x.take(&order, 0).unwrap()));
        assert!(got.minus(&exact).norm() <= 20.0 * (k + 1) as f64 * eps::<T>() * (exact.norm() + 1.0), "{m} x {n}");
        for (i, j) in (0..m).flat_map(|i| (0..k).map(move |j| (i, j))) {
            let l = f.lower.get([i, j]).unwrap();
            assert!(
                if i == j { l == T::ONE } else { (j < i && l.magnitude::<xp_core::math::Baseline>().to_f64() <= 1.4143) || l == T::ZERO },
                "pivots are largest, by some norm of complex numbers"
            );
        }
        assert_eq!(f.upper.tril(-1).unwrap().to_vec(), vec![T::ZERO; k * n]);
    }
    let zero = linalg::lu(&array(device, &[T::ZERO; 4], &[2, 2])).unwrap();
    assert_eq!((zero.lower.to_vec(), zero.upper.to_vec()), (vec![T::ONE, T::ZERO, T::ZERO, T::ONE], vec![T::ZERO; 4]));
    let stack = Host::random(72, 12, 3).on::<B, T>(device).reshape(vec![2, 2, 3, 3]).unwrap();
    let f = linalg::lu(&stack).unwrap();
    assert_eq!(f.permutation.dims(), [2, 2, 3]);
    let picked = stack.take_along_axis(&f.permutation.expand_dims(-1).unwrap(), -2).unwrap();
    let error = Host::of(&(f.lower.matmul(&f.upper).unwrap() - &picked).reshape(vec![12, 3]).unwrap()).norm();
    assert!(error < 100.0 * eps::<T>(), "{error}");
    // Solutions by structure agree with the general one.
    let a = Host::random(73, 5, 5);
    let definite = Host::of(&a.mul(&a.adjoint()).on::<B, T>(device)).on::<B, T>(device);
    let definite = definite + eye(device, 5, 5, 0).unwrap();
    let b = Host::random(74, 5, 2).on::<B, T>(device);
    let shifted = a.on::<B, T>(device) + eye::<_, T>(device, 5, 5, 0).unwrap() * T::from_f64(4.0);
    let cases = [
        (Structure::General, shifted.clone(), shifted.clone()),
        (Structure::PositiveDefinite, definite.clone(), definite),
        (Structure::LowerTriangular, shifted.clone(), shifted.tril(0).unwrap()),
        (Structure::UpperTriangular, shifted.clone(), shifted.triu(0).unwrap()),
        (Structure::Diagonal, shifted.clone(), shifted.tril(0).unwrap().triu(0).unwrap()),
    ];
    for (structure, given, meant) in cases {
        let x = linalg::solve_structured(&given, &b, structure).unwrap();
        let residual = Host::of(&(meant.matmul(&x).unwrap() - &b)).norm();
        assert!(residual < 1e3 * eps::<T>() * Host::of(&meant).norm(), "{structure:?}: {residual:e}");
    }
    let singular = array(device, &[T::ONE, T::ZERO, T::ZERO, T::ZERO], &[2, 2]);
    let error = linalg::solve_structured(&singular, &array(device, &[T::ONE; 2], &[2]), Structure::Diagonal).unwrap_err();
    assert_eq!(error, Error::Linalg(LinalgError::Singular { matrix: None, pivot: 1 }));
    // A tolerance for each matrix of a stack.
    let two = stack_of_diagonals::<B, T>(device);
    let rtol = vector(device, &[<T::Real as Num>::from_f64(0.0), <T::Real as Num>::from_f64(0.6)]);
    assert_eq!(linalg::matrix_rank_rtol(&two, &rtol).unwrap().to_vec(), [2, 1]);
    let p = linalg::pinv_rtol(&two, &rtol).unwrap().to_vec();
    let expected = [0.5, 0.0, 0.0, 1.0, 0.5, 0.0, 0.0, 0.0].map(T::from_f64);
    assert!(p.iter().zip(expected).all(|(p, e)| crate::support::re(*p - e).abs() < 10.0 * eps::<T>()));
    assert!(linalg::pinv_rtol(&two, &vector(device, &[<T::Real as Num>::ONE; 3])).is_err());
}

fn stack_of_diagonals<B: Linalg<T>, T: Floating>(device: &B) -> Any<B, T> {
    array(device, &[2.0, 0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 1.0].map(T::from_f64), &[2, 2, 2])
}
