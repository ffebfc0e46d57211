//! The first elements of the rows of a product, against the sorted product.

use core::cmp::Ordering;

use xp_core::functions::{Ascending, Descending, Order};
use xp_core::linalg::matmul_top_k;
use xp_core::{Array, Float, Ix2, Linalg};

use crate::support::{Sequence, vector};

/// Small integers, of which sums of products are exact, and often equal.
fn integers<B: Linalg<T>, T: Float>(device: &B, seed: u64, [m, n]: [usize; 2]) -> Array<B, T, Ix2> {
    let mut s = Sequence::new(seed);
    let values = (0..m * n).map(|_| T::from_f64(s.between(-3.5, 3.5).round())).collect();
    Array::from_vec(device, values, [m, n]).unwrap()
}

/// The first `k` of some numbers in sorted order, and their places; of equal ones the first.
fn first(row: &[f64], k: usize, order: Order) -> Vec<(f64, i64)> {
    let mut all: Vec<(f64, i64)> = row.iter().copied().zip(0..).collect();
    let number = |x: f64, y: f64| match (x.is_nan(), y.is_nan()) {
        (false, false) => x.partial_cmp(&y).unwrap(),
        (a, b) => a.cmp(&b),
    };
    all.sort_by(|x, y| if order == Ascending { number(x.0, y.0) } else { number(y.0, x.0) });
    all.truncate(k);
    all
}

fn check<B: Linalg<T>, T: Float>(what: &str, found: (Array<B, T, Ix2>, Array<B, i64, Ix2>), product: &[Vec<f64>], k: usize, order: Order) {
    let (values, at) = found;
    assert_eq!((values.shape(), at.shape()), ([product.len(), k], [product.len(), k]), "{what}");
    let (values, at) = (values.to_vec(), at.to_vec());
    for (i, row) in product.iter().enumerate() {
        for (rank, (value, place)) in first(row, k, order).into_iter().enumerate() {
            let (got, got_at) = (values[i * k + rank].to_f64(), at[i * k + rank]);
            let same = got == value || (got.is_nan() && value.is_nan());
            assert!(same && got_at == place, "{what}: row {i}, rank {rank}: {got} at {got_at} for {value} at {place}");
        }
    }
}

/// `matmul_top_k` for all shapes, orders and layouts, with ties, infinities and NaN.
pub fn ranked_products<B: Linalg<T>, T: Float>(device: &B) {
    for [m, p, n] in [
        [0, 3, 5],
        [1, 1, 1],
        [3, 0, 4],
        [5, 4, 1],
        [2, 3, 40],
        [30, 7, 70],
        [130, 16, 64],
        [700, 3, 130],
        [3, 5, 9000],
        [40, 2, 2500],
        [300, 8, 700],
    ] {
        let (x, y, shift) = (integers::<B, T>(device, 1, [m, p]), integers::<B, T>(device, 2, [n, p]), integers::<B, T>(device, 3, [1, p]));
        let plain = integers::<B, T>(device, 4, [1, n]).to_vec();
        let mut special = plain.clone();
        for (i, value) in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, f64::INFINITY].into_iter().enumerate() {
            special[i * 7 % n] = T::from_f64(value);
        }
        let nan = vec![T::from_f64(f64::NAN); n];
        let infinite: Vec<T> = (0..n).map(|j| T::from_f64(if j % 3 == 0 { f64::NAN } else { f64::INFINITY })).collect();
        let origin = shift.to_vec();
        let moved: Vec<f64> = x.to_vec().iter().enumerate().map(|(i, v)| 2.0 * (v.to_f64() - origin[i % p].to_f64())).collect();
        let lazy = (x.lazy() - &shift) * T::from_f64(2.0);
        let right: Vec<f64> = y.to_vec().iter().map(|v| v.to_f64()).collect();
        for (name, bias) in
            [("nothing", None), ("numbers", Some(plain)), ("special values", Some(special)), ("NaN", Some(nan)), ("no finite one", Some(infinite))]
        {
            let element = |i: usize, j: usize| {
                let sum: f64 = (0..p).map(|l| moved[i * p + l] * right[j * p + l]).sum();
                sum + bias.as_ref().map_or(0.0, |bias| bias[j].to_f64())
            };
            let product: Vec<Vec<f64>> = (0..m).map(|i| (0..n).map(|j| element(i, j)).collect()).collect();
            let added = bias.as_ref().map(|bias| vector(device, bias));
            let across = y.t().contiguous().unwrap();
            for order in [Ascending, Descending] {
                for k in [0, 1, 2, 5, 17, n].into_iter().filter(|&k| k <= n && k < 200) {
                    let what = format!("the first {k} of {m}x{p} by {p}x{n} and {name}, {order:?}");
                    check(&what, matmul_top_k(&lazy, &y.t(), added.as_ref(), k, order).unwrap(), &product, k, order);
                    check(&what, matmul_top_k(&lazy, &across, added.as_ref(), k, order).unwrap(), &product, k, order);
                }
            }
        }
    }
    let x = integers::<B, T>(device, 5, [4, 3]);
    let message = |k: usize, bias: Option<usize>, rows: usize| {
        let bias = bias.map(|n| vector(device, &vec![T::ONE; n]));
        matmul_top_k(&x.lazy(), &integers(device, 7, [rows, 6]), bias.as_ref(), k, Ascending).unwrap_err().to_string()
    };
    assert!(message(7, None, 3).contains("7 elements wanted of 6"), "{}", message(7, None, 3));
    assert!(message(1, Some(5), 3).contains("[5]"), "{}", message(1, Some(5), 3));
    assert!(message(1, None, 2).contains("3 rows"), "{}", message(1, None, 2));
    rows_alone::<B, T>(device);
}

/// A row alone and rows beside others give the same bits, though many rows may be looked through in another precision first.
fn rows_alone<B: Linalg<T>, T: Float>(device: &B) {
    let number = |seed: u64, [m, n]: [usize; 2]| -> Array<B, T, Ix2> {
        let mut s = Sequence::new(seed);
        Array::from_vec(device, (0..m * n).map(|_| T::from_f64(s.between(-1.0, 1.0))).collect(), [m, n]).unwrap()
    };
    let ([m, p, n], bias) = ([300, 8, 700], number(10, [1, 700]).reshape([700]).unwrap());
    // Some rows are far away, and some columns equal: single precision does not tell them apart.
    let mut x = number(8, [m, p]);
    x.set(xp_core::s![..40], T::from_f64(1e6)).unwrap();
    let mut y = number(9, [p, n]);
    let same = y.slice(xp_core::s![.., 3]).unwrap().expand_dims(1).unwrap().broadcast_to([p, 5]).unwrap();
    y.set(xp_core::s![.., 100..105], &same).unwrap();
    for k in [1, 6] {
        let (values, at) = matmul_top_k(&x.lazy(), &y, &bias, k, Ascending).unwrap();
        let (values, at) = (values.to_vec(), at.to_vec());
        for i in (0..m).step_by(13) {
            let (one, place) = matmul_top_k(&x.lazy().row_block(i..i + 1).unwrap(), &y, &bias, k, Ascending).unwrap();
            let apart = one.to_vec().iter().zip(&values[i * k..(i + 1) * k]).any(|(a, b)| a.partial_cmp(b) != Some(Ordering::Equal));
            assert!(!apart && place.to_vec() == at[i * k..(i + 1) * k], "the first {k} of row {i}");
        }
    }
}
