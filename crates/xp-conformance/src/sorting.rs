//! Sorting, searching, sets and cumulative functions, against the standard library's sort.

use std::cmp::Ordering;

use half::{bf16, f16};
use xp_core::functions::{Ascending, Descending, Side, searchsorted as search, unique_all, unique_counts, unique_inverse, unique_values};
use xp_core::{Array, Backend, Error, Float, Real, Stepped, s};

use crate::support::{Sequence, array, assert_same, vector};

/// Lengths around those at which sorts change their method.
const LENGTHS: [usize; 10] = [0, 1, 2, 7, 16, 33, 64, 257, 1000, 20_000];

fn order<T: Real>(a: T, b: T) -> Ordering {
    a.is_nan().cmp(&b.is_nan()).then(a.partial_cmp(&b).unwrap_or(Ordering::Equal))
}

/// Numbers with ties, infinities, zeros of both signs and NaN.
fn values<T: Float>(n: usize) -> Vec<T> {
    let special = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0];
    let mut sequence = Sequence::new(21);
    (0..n).map(|i| if i % 11 == 5 { special[i / 11 % 5] } else { (sequence.between(-50.0, 50.0) * 4.0).round() / 4.0 }).map(T::from_f64).collect()
}

/// `sort` along every axis in both directions.
pub fn sort<B: Backend, T: Float>(device: &B) {
    for n in LENGTHS {
        let mut expected = values::<T>(n);
        let x = vector(device, &expected);
        expected.sort_by(|a, b| order(*a, *b));
        let up = x.sort(0, Ascending).unwrap().to_vec();
        assert!(up.iter().zip(&expected).all(|(a, b)| order(*a, *b).is_eq()) && up.len() == n, "{n}");
        let down = x.sort(-1, Descending).unwrap().to_vec();
        assert!(down.iter().zip(expected.iter().rev()).all(|(a, b)| order(*a, *b).is_eq()), "{n} descending");
    }
    let m = array(device, &values::<T>(60 * 7), &[60, 7]);
    for x in [m.clone(), m.slice_axis(0, Stepped(.., -1)).unwrap()] {
        let columns = x.sort(0, Ascending).unwrap();
        assert_same("columns are rows of the transpose", &columns.to_vec(), &x.t().sort(1, Ascending).unwrap().t().to_vec());
        assert_same(
            "a row",
            &x.sort(1, Ascending).unwrap().index_axis(0, 3).unwrap().to_vec(),
            &x.index_axis(0, 3).unwrap().sort(0, Ascending).unwrap().to_vec(),
        );
    }
    assert!(matches!(m.sort(2, Ascending), Err(Error::Axis { axis: 2, ndim: 2 })));
    assert_eq!(array::<_, T>(device, &[], &[3, 0]).sort(0, Ascending).unwrap().shape(), vec![3, 0]);
}

/// `sort` and `argsort` of every integer dtype and of halves.
pub fn sort_integers<B: Backend>(device: &B) {
    fn check<B: Backend, T: Real>(device: &B, values: Vec<T>) {
        let mut expected: Vec<(T, i64)> = values.iter().enumerate().map(|(i, &v)| (v, i as i64)).collect();
        let x = vector(device, &values);
        expected.sort_by(|a, b| order(a.0, b.0));
        assert_eq!(x.sort(0, Ascending).unwrap().to_vec(), expected.iter().map(|e| e.0).collect::<Vec<_>>(), "{}", T::DTYPE);
        assert_eq!(x.argsort(0, Ascending).unwrap().to_vec(), expected.iter().map(|e| e.1).collect::<Vec<_>>(), "{}", T::DTYPE);
        expected.sort_by(|a, b| order(b.0, a.0));
        expected.sort_by(|a, b| order(b.0, a.0).then(a.1.cmp(&b.1)));
        assert_eq!(x.sort(0, Descending).unwrap().to_vec(), expected.iter().map(|e| e.0).collect::<Vec<_>>(), "{} descending", T::DTYPE);
        assert_eq!(x.argsort(0, Descending).unwrap().to_vec(), expected.iter().map(|e| e.1).collect::<Vec<_>>(), "{} descending", T::DTYPE);
    }
    macro_rules! each {
        ($($t:ty)*) => {$(
            let mut sequence = Sequence::new(22);
            let mut values: Vec<$t> = (0..1500).map(|_| sequence.bits() as $t).collect();
            values.extend([<$t>::MIN, <$t>::MAX, 0, <$t>::MIN]);
            check(device, values.clone());
            check(device, values.into_iter().take(50).map(|v| v % 4).collect::<Vec<$t>>());
        )*};
    }
    each!(i8 i16 i32 i64 u8 u16 u32 u64);
    check(device, Sequence::new(23).integers::<f16>(500, -40, 40));
    check(device, Sequence::new(24).integers::<bf16>(500, -40, 40));
}

/// `argsort` is stable, in both directions, and sorts as `sort` does.
pub fn argsort<B: Backend, T: Float>(device: &B) {
    for n in LENGTHS {
        let values = values::<T>(n);
        let x = vector(device, &values);
        for along in [Ascending, Descending] {
            let mut expected: Vec<i64> = (0..n as i64).collect();
            let key = |i: &i64| values[*i as usize];
            expected.sort_by(|a, b| if along == Descending { order(key(b), key(a)) } else { order(key(a), key(b)) });
            assert_eq!(x.argsort(0, along).unwrap().to_vec(), expected, "{n}, {along:?}");
        }
    }
    let m = array(device, &values::<T>(30 * 20), &[30, 20]);
    let sorted = m.take_along_axis(&m.argsort(0, Ascending).unwrap(), 0).unwrap();
    assert!(sorted.to_vec().iter().zip(m.sort(0, Ascending).unwrap().to_vec()).all(|(a, b)| order(*a, b).is_eq()));
}

/// `searchsorted` on both sides.
pub fn searchsorted<B: Backend, T: Float>(device: &B) {
    for n in [0usize, 1, 5, 100, 3000] {
        let mut sorted = Sequence::new(25).integers::<T>(n, -20, 20);
        sorted.sort_by(|a, b| order(*a, *b));
        let queries: Vec<T> = (-44..=44).map(|k| T::from_f64(f64::from(k) / 2.0)).chain([T::INFINITY, -T::INFINITY]).collect();
        let (x, q) = (vector(device, &sorted), vector(device, &queries));
        let left: Vec<i64> = queries.iter().map(|&v| sorted.iter().filter(|&&s| s < v).count() as i64).collect();
        let right: Vec<i64> = queries.iter().map(|&v| sorted.iter().filter(|&&s| s <= v).count() as i64).collect();
        assert_eq!(search(&x, &q, Side::Left).unwrap().to_vec(), left, "{n}");
        assert_eq!(search(&x, &q, Side::Right).unwrap().to_vec(), right, "{n}");
        let turned = q.slice(s![..90]).unwrap().reshape([9, 10]).unwrap().t();
        assert_eq!(search(&x, &turned, Side::Left).unwrap().t().to_vec(), left[..90]);
    }
    let reversed = vector(device, &[3i32, 2, 1]).slice(s![..;-1]).unwrap();
    assert_eq!(search(&reversed, &vector(device, &[2]), Side::Left).unwrap().to_vec(), [1]);
}

/// The four functions of sets; NaNs are distinct, zeros are one value.
pub fn unique<B: Backend, T: Float>(device: &B) {
    for n in [0usize, 1, 50, 5000] {
        let values = Sequence::new(26).integers::<T>(n, -30, 30);
        let x = array(device, &values, &[n]);
        let mut distinct = values.clone();
        distinct.sort_by(|a, b| order(*a, *b));
        distinct.dedup();
        let u = unique_all(&x).unwrap();
        assert_eq!(u.values.to_vec(), distinct);
        let place = |v: &T| distinct.iter().position(|d| d == v).unwrap() as i64;
        assert_eq!(u.inverse_indices.to_vec(), values.iter().map(place).collect::<Vec<_>>());
        assert_eq!(u.indices.to_vec(), distinct.iter().map(|d| values.iter().position(|v| v == d).unwrap() as i64).collect::<Vec<_>>());
        assert_eq!(u.counts.to_vec(), distinct.iter().map(|d| values.iter().filter(|v| *v == d).count() as i64).collect::<Vec<_>>());
        assert_eq!(unique_values(&x).unwrap().to_vec(), distinct);
        assert_eq!(unique_counts(&x).unwrap().1.to_vec(), u.counts.to_vec());
        assert_eq!(unique_inverse(&x).unwrap().1.to_vec(), u.inverse_indices.to_vec());
    }
    let odd = vector(device, &[T::NAN, T::ZERO, T::NAN, T::from_f64(-0.0), T::ONE]);
    let u = unique_all(&odd).unwrap();
    assert_eq!((u.values.size(), u.counts.to_vec()), (4, vec![2, 1, 1, 1]));
    assert!(u.values.to_vec()[2..].iter().all(|v| v.is_nan()));
    assert_eq!(u.inverse_indices.to_vec(), [2, 0, 3, 0, 1]);
    let matrix = array(device, &[T::ONE, T::ZERO, T::ZERO, T::ONE], &[2, 2]).t();
    assert_eq!(
        (unique_all(&matrix).unwrap().inverse_indices.shape().to_vec(), unique_values(&matrix).unwrap().to_vec()),
        (vec![2, 2], vec![T::ZERO, T::ONE])
    );
}

/// `nonzero` of any rank.
pub fn nonzero<B: Backend>(device: &B) {
    let x = Array::from_vec(device, vec![0, 3, 0, 4, 5, 0, 0, 0, 0, 0, 0, 6], [2, 3, 2]).unwrap();
    let at: Vec<Vec<i64>> = x.nonzero().unwrap().iter().map(Array::to_vec).collect();
    assert_eq!(at, [[0, 0, 0, 1], [0, 1, 2, 2], [1, 1, 0, 1]]);
    let turned: Vec<Vec<i64>> = x.t().nonzero().unwrap().iter().map(Array::to_vec).collect();
    assert_eq!(turned, [[0, 1, 1, 1], [2, 0, 1, 2], [0, 0, 0, 1]]);
    assert_eq!(vector(device, &[false, true]).nonzero().unwrap()[0].to_vec(), [1]);
    assert!(Array::<B, u8, _>::from_vec(device, vec![], [0, 3]).unwrap().nonzero().unwrap().iter().all(Array::is_empty));
    assert!(matches!(xp_core::functions::full(device, [], 1).unwrap().nonzero(), Err(Error::Rank { expected: 1, given: 0 })));
}

/// `isin`, NaN included.
pub fn isin<B: Backend>(device: &B) {
    let x = Array::from_vec(device, vec![1, 2, 3, 4], [2, 2]).unwrap();
    assert_eq!(xp_core::functions::isin(&x, &vector(device, &[4, 1, 9, 1])).unwrap().to_vec(), [true, false, false, true]);
    let y = vector(device, &[f32::NAN, 0.0]);
    assert_eq!(xp_core::functions::isin(&y, &vector(device, &[f32::NAN, -0.0])).unwrap().to_vec(), [false, true]);
    assert_eq!(xp_core::functions::isin(&x, &vector::<_, i32>(device, &[])).unwrap().to_vec(), [false; 4]);
}

/// Cumulative sums and products of floats.
pub fn cumulative<B: Backend, T: Float>(device: &B) {
    for (n, p) in [(1, 1), (0, 3), (5, 70), (3000, 2), (2, 3000)] {
        // Small integers: exact in any order.
        let values = Sequence::new(27).integers::<T>(n * p, -3, 4);
        let x = array(device, &values, &[n, p]);
        let (down, along) = (x.cumulative_sum(0).unwrap().to_vec(), x.cumulative_sum(-1).unwrap().to_vec());
        for i in 0..n {
            for j in 0..p {
                assert_eq!(down[i * p + j].to_f64(), (0..=i).map(|k| values[k * p + j].to_f64()).sum::<f64>());
                assert_eq!(along[i * p + j].to_f64(), (0..=j).map(|k| values[i * p + k].to_f64()).sum::<f64>());
            }
        }
        assert_eq!(x.t().cumulative_sum(0).unwrap().t().to_vec(), along);
    }
    let x = vector(device, &[T::from_f64(2.0), T::from_f64(-0.5), T::from_f64(4.0)]);
    assert_eq!(x.cumulative_prod(0).unwrap().to_vec(), [2.0, -1.0, -4.0].map(T::from_f64));
    assert_eq!(x.slice(s![..;-1]).unwrap().cumulative_prod(0).unwrap().to_vec(), [4.0, -2.0, -4.0].map(T::from_f64));
    assert!(matches!(x.cumulative_sum(1), Err(Error::Axis { axis: 1, ndim: 1 })));
    // The error of a long sum stays small.
    let many = xp_core::functions::full(device, [200_000], T::from_f64(0.1)).unwrap().cumulative_sum(0).unwrap();
    let last = many.get([-1]).unwrap().to_f64();
    assert!((last / (200_000.0 * T::from_f64(0.1).to_f64()) - 1.0).abs() < 2000.0 * T::EPSILON.to_f64(), "{last}");
}

/// Cumulative sums and products of integers are 64 bits wide.
pub fn cumulative_integers<B: Backend>(device: &B) {
    let x = vector(device, &[100i8, 100, -128]);
    assert_eq!(
        (x.cumulative_sum(0).unwrap().to_vec(), x.cumulative_prod(0).unwrap().to_vec()),
        (vec![100i64, 200, 72], vec![100, 10_000, -1_280_000])
    );
    assert_eq!(vector(device, &[u32::MAX, 1]).cumulative_sum(0).unwrap().to_vec(), [u64::from(u32::MAX), 1 << 32]);
    assert_eq!(vector(device, &[i64::MAX, 1]).cumulative_sum(0).unwrap().to_vec(), [i64::MAX, i64::MIN]);
    assert_eq!(vector(device, &[2u64; 65]).cumulative_prod(0).unwrap().get([-1]).unwrap(), 0);
}
