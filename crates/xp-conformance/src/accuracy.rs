//! Long sums and what is made of them: rounding errors within the bounds of a blocked sum, variances of numbers far from
//! zero, statistics of halves that are carried in a wider dtype.

use half::{bf16, f16};
use xp_core::extra::*;
use xp_core::functions::*;
use xp_core::linalg::vector_norm;
use xp_core::{Backend, Float, KeepDims};

use crate::support::{Any, Sequence, array, vector};

/// Matrices with many rows, many columns, and both.
const SHAPES: [[usize; 2]; 4] = [[100_000, 3], [3, 100_000], [70_000, 1], [1000, 300]];

/// Sums and means of many equal and of many random numbers: at most about 256 additions in a row, the rest pairwise.
pub fn long_sums<B: Backend, T: Float>(device: &B) {
    let half_eps = T::EPSILON.to_f64() / 2.0;
    for [n, m] in SHAPES {
        for random in [false, true] {
            let mut sequence = Sequence::new(91);
            let values: Vec<T> = (0..n * m).map(|_| T::from_f64(if random { sequence.between(-1.0, 2.0) } else { 0.1 })).collect();
            let x = array(device, &values, &[n, m]);
            let check = |got: T, elements: &mut dyn Iterator<Item = f64>, count: usize, what: &str| {
                let (exact, size) = compensated(elements);
                let bound = (256.0 + (count as f64).log2()) * half_eps * size;
                let error = (got.to_f64() - exact).abs();
                assert!(error <= bound, "{what} of {n} x {m}: {got} for {exact}, error {error:e} above {bound:e}");
            };
            let at = |i: usize, j: usize| values[i * m + j].to_f64();
            for (j, got) in sum(&x, 0).to_vec().into_iter().enumerate().take(5) {
                check(got, &mut (0..n).map(|i| at(i, j)), n, "sum along axis 0");
            }
            for (i, got) in sum(&x, 1).to_vec().into_iter().enumerate().take(5) {
                check(got, &mut (0..m).map(|j| at(i, j)), m, "sum along axis 1");
            }
            check(sum(&x, ..).item().unwrap(), &mut values.iter().map(|v| v.to_f64()), n * m, "sum");
            let scaled = &mut values.iter().map(|v| v.to_f64() / (n * m) as f64);
            check(mean(&x, ..).item().unwrap(), scaled, n * m, "mean");
            // Columns that lie apart, in a view of which every row is a part.
            if m > 2 {
                let part = x.slice_axis(1, 1..).unwrap();
                check(
                    sum(&part, ..).item().unwrap(),
                    &mut (0..n * m).filter(|k| k % m > 0).map(|k| values[k].to_f64()),
                    n * (m - 1),
                    "sum of a view",
                );
            }
        }
    }
}

/// The sum after Neumaier, which is right to the last place here, and that of the magnitudes.
fn compensated(elements: &mut dyn Iterator<Item = f64>) -> (f64, f64) {
    let (mut sum, mut lost, mut size) = (0.0f64, 0.0, 0.0);
    for v in elements {
        let next = sum + v;
        lost += if sum.abs() >= v.abs() { (sum - next) + v } else { (v - next) + sum };
        sum = next;
        size += v.abs();
    }
    (sum + lost, size)
}

/// Variances and covariances of numbers whose mean is ten thousand times their deviation.
pub fn shifted_variances<B: Backend, T: Float>(device: &B) {
    let eps = T::EPSILON.to_f64();
    let [n, m] = [100_000, 3];
    let mut sequence = Sequence::new(92);
    let values: Vec<T> = (0..n * m).map(|_| T::from_f64(1e4 + sequence.between(0.0, 1.0))).collect();
    let moments = |j: Option<usize>| {
        let kept: Vec<f64> = (0..n * m).filter(|k| j.is_none_or(|j| k % m == j)).map(|k| values[k].to_f64()).collect();
        let mean = kept.iter().map(|v| v - 1e4).sum::<f64>() / kept.len() as f64;
        kept.iter().map(|v| (v - 1e4 - mean).powi(2)).sum::<f64>() / kept.len() as f64
    };
    // Deviations are exact but for the rounding of the mean, which is corrected; squares and their sum are rounded.
    let check = |got: T, exact: f64, what: &str| {
        let error = (got.to_f64() / exact - 1.0).abs();
        assert!(error <= 150.0 * eps, "{what}: {got} for {exact}, relative error {error:e}");
    };
    let x = array(device, &values, &[n, m]);
    let columns: Vec<f64> = (0..m).map(|j| moments(Some(j))).collect();
    for (j, &exact) in columns.iter().enumerate() {
        check(var(&x, 0, 0.0).to_vec()[j], exact, "var along axis 0");
        check(std(&x, KeepDims(0), 0.0).to_vec()[j], exact.sqrt(), "std along axis 0");
        check(var(&x.t(), 1, 0.0).to_vec()[j], exact, "var of columns");
        check(var(&x.t().copy().unwrap(), 1, 0.0).to_vec()[j], exact, "var along axis 1");
        check(nanvar(&x, 0, 0.0).unwrap().to_vec()[j], exact, "nanvar along axis 0");
        check(nanstd(&x, 0, 0.0).unwrap().to_vec()[j], exact.sqrt(), "nanstd along axis 0");
    }
    check(var(&x, .., 0.0).item().unwrap(), moments(None), "var");
    check(nanvar(&x, .., 0.0).unwrap().item().unwrap(), moments(None), "nanvar");
    let diagonal = cov(&x.t(), Cov { correction: 0.0, ..Cov::default() }).unwrap().diagonal(0).unwrap().to_vec();
    let ones = vector(device, &vec![T::ONE; n]);
    let weighted = cov(&x.t(), Cov { correction: 0.0, aweights: Some(&ones), ..Cov::default() }).unwrap().diagonal(0).unwrap().to_vec();
    for j in 0..m {
        // A matrix product sums in an order of its own.
        assert!((diagonal[j].to_f64() / columns[j] - 1.0).abs() <= 4000.0 * eps, "cov: {} for {}", diagonal[j], columns[j]);
        assert!((weighted[j].to_f64() / columns[j] - 1.0).abs() <= 4000.0 * eps, "weighted cov: {} for {}", weighted[j], columns[j]);
    }
    // Equal numbers have no variance, whatever their mean is rounded to.
    let tenths = full(device, [n, m], T::from_f64(0.1)).unwrap();
    assert!(var(&tenths, 0, 0.0).to_vec().iter().all(|v| v.to_f64() <= (300.0 * eps * 0.1).powi(2)));
    // Infinities and NaN stay what they are, and squares may overflow.
    let (inf, nan, large) = (T::INFINITY, T::NAN, T::from_f64(T::MAX.to_f64() / 4.0));
    assert!(var(&vector(device, &[inf, T::ONE]), 0, 0.0).item().unwrap().is_nan());
    assert!(var(&vector(device, &[nan, T::ONE]), 0, 0.0).item().unwrap().is_nan());
    assert_eq!(var(&vector(device, &[large, -large, large]), 0, 0.0).item().unwrap(), inf);
}

/// Statistics and ranges of halves whose intermediate results are beyond their range or precision.
pub fn halves<B: Backend>(device: &B) {
    half::<B, f16>(device);
    half::<B, bf16>(device);
}

fn half<B: Backend, T: Float>(device: &B) {
    let t = T::from_f64;
    let near = |got: T, exact: f64, what: &str| {
        let error = (got.to_f64() - exact).abs();
        assert!(error <= T::EPSILON.to_f64() * exact.abs() * 0.51, "{what} of {}: {got} for {exact}", T::DTYPE);
    };
    let number = |x: xp_core::Result<Any<B, T>>| x.unwrap().item().unwrap();
    let many = 70_000;
    let coins: Vec<T> = (0..many).map(|i| t((i % 2) as f64)).collect();
    let coins = vector(device, &coins);
    let pair = vector(device, &[t(0.0), t(600.0)]);
    let (constant, ones) = (full(device, [100_000], t(1.5)).unwrap(), full(device, [100_000], t(1.0)).unwrap());
    near(mean(&constant, ..).item().unwrap(), 1.5, "mean");
    near(var(&coins, .., 0.0).item().unwrap(), 0.25, "var");
    near(coins.var(0, 0.0).item().unwrap(), 0.25, "var along an axis");
    near(std(&pair, .., 0.0).item().unwrap(), 300.0, "std");
    near(std(&pair, KeepDims(0), 0.0).to_vec()[0], 300.0, "std with kept axes");
    near(nanmean(&constant, ..).unwrap().item().unwrap(), 1.5, "nanmean");
    near(nanvar(&coins, .., 0.0).unwrap().item().unwrap(), 0.25, "nanvar");
    near(nanstd(&vector(device, &[t(0.0), T::NAN, t(600.0)]), .., 0.0).unwrap().item().unwrap(), 300.0, "nanstd");
    near(average(&constant, &ones, 0).unwrap().item().unwrap(), 1.5, "average");
    near(logsumexp(&zeros::<_, T, _>(device, [100_000]).unwrap(), ..).unwrap().item().unwrap(), 1e5f64.ln(), "logsumexp");
    near(number(cov(&coins, Cov { correction: 0.0, ..Cov::default() })), 0.25, "cov");
    near(number(cov(&coins, Cov { correction: 0.0, aweights: Some(&coins), ..Cov::default() }).map(|c| c + t(1.0))), 1.0, "weighted cov");
    near(vector_norm(&coins, .., 2.0).unwrap().item().unwrap(), 35_000f64.sqrt(), "norm");
    near(vector_norm(&vector(device, &[t(300.0), t(400.0)]), .., 2.0).unwrap().item().unwrap(), 500.0, "norm of two");
    near(vector_norm(&vector(device, &[t(300.0), t(-300.0)]), .., 3.0).unwrap().item().unwrap(), 300.0 * 2f64.cbrt(), "3-norm");
    let (origin, far) = (array(device, &[t(0.0), t(0.0)], &[1, 2]), array(device, &[t(300.0), t(400.0)], &[1, 2]));
    near(number(cdist(&origin, &far, Metric::Euclidean)), 500.0, "distance");
    near(number(cdist(&origin, &far, Metric::Minkowski(3.0))), 91e6f64.cbrt(), "Minkowski distance");
    near(number(cdist(&far, &far, Metric::Cosine).map(|d| d + t(1.0))), 1.0, "cosine distance");
    let ends = vector(device, &[t(-60_000.0), t(60_000.0)]);
    let sixty = t(60_000.0).to_f64();
    near(median(&ends, ..).unwrap().item().unwrap(), 0.0, "median");
    near(nanmedian(&ends, ..).unwrap().item().unwrap(), 0.0, "nanmedian");
    near(quantile(&ends, &[0.75], 0, QuantileMethod::Linear).unwrap().item().unwrap(), sixty / 2.0, "quantile");
    let order: Vec<T> = (0..many).map(|i| t(if i < 30_000 { 0.0 } else { 1.0 })).collect();
    let q = weighted_quantile(&vector(device, &order), &full(device, [many], t(1.0)).unwrap(), &[0.42, 0.44], 0).unwrap().to_vec();
    assert_eq!(q, [t(0.0), t(1.0)], "weighted quantile");
    let sums = cumulative_sum(&full(device, [5000], t(1.0)).unwrap(), 0).unwrap().to_vec();
    assert!(sums.iter().enumerate().all(|(i, &s)| s == t((i + 1) as f64)), "cumulative sum");
    let columns = cumulative_sum(&full(device, [5000, 2], t(1.0)).unwrap(), 0).unwrap().to_vec();
    assert!(columns.iter().enumerate().all(|(i, &s)| s == t((i / 2 + 1) as f64)), "cumulative sum of columns");
    let steps = arange(device, t(-60_000.0), t(60_000.0), t(30_000.0)).unwrap().to_vec();
    let third = t(30_000.0).to_f64();
    assert_eq!(steps, [-sixty, third - sixty, 2.0 * third - sixty, 3.0 * third - sixty].map(t), "arange");
    let line = linspace(device, t(0.0)..=t(1.0), many).unwrap().to_vec();
    assert!(line.iter().enumerate().all(|(i, &v)| (v.to_f64() - i as f64 / (many - 1) as f64).abs() <= T::EPSILON.to_f64() * 0.51), "linspace");
    assert_eq!(linspace(device, t(-60_000.0)..=t(60_000.0), 3).unwrap().to_vec(), [-sixty, 0.0, sixty].map(t), "linspace over all");
    assert!(isclose_with(&ends, &vector(device, &[t(60_000.0); 2]), rtol(1.9).atol(0.0)).to_vec() == [false, true], "isclose");
}
