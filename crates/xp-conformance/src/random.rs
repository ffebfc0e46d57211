//! Random numbers: the same everywhere, and distributed as they should be.

use xp_core::functions::*;
use xp_core::random::{Generator, Replacement};
use xp_core::{Array, Backend, Float, Integer, s};

use crate::support::{Any, vector};

const SEED: u64 = 0x0123_4567_89AB_CDEF;

/// Numbers that a program of its own found from the definition of Philox 4x32-10, with integers of any length.
pub fn streams<B: Backend>(device: &B) {
    let mut rng = Generator::new(SEED);
    let first = [0xc58c_b04b_b850_222eu64, 0x523e_0d85_adca_1466, 0x823c_cb40_f7ce_299f, 0x7fbe_88a2_ac30_78f0];
    let second = [0x6c10_844b_fa9d_ff5eu64, 0x8e9e_98b3_f11f_c46f, 0x557f_46d7_8175_b911, 0x88d7_e3d6_d20f_49ea];
    assert_eq!(rng.lazy_bits(device, [4]).unwrap().eval().to_vec(), first);
    assert_eq!(rng.lazy_bits(device, [2, 2]).unwrap().eval().to_vec(), second, "numbers depend on positions, not on shapes");
    assert_eq!(rng.integers(device, -10i32, 20, [6]).unwrap().to_vec(), [-2, 2, 4, -10, 12, 0]);
    let wide = [-4_509_923_179_407_605_087i64, 3_925_200_263_997_636_943, -364_573_640_569_772_263];
    assert_eq!(rng.integers(device, i64::MIN, i64::MAX, [3]).unwrap().to_vec(), wide);
    let normal = [0.902_222_213_151_808_1f64, 1.100_230_460_080_459_3, 0.042_849_549_375_325_73, 0.833_076_244_741_319_2];
    for (got, want) in rng.normal::<B, f32, _>(device, [4]).unwrap().to_vec().into_iter().zip(normal) {
        assert!((f64::from(got) - want).abs() < 1e-5, "{got} {want}");
    }
    assert_eq!(rng.spawn().lazy_bits(device, [1]).unwrap().eval().to_vec(), [0x89f6_192f_c32a_1b5e]);
    // Every position of a long draw, by the scalar function.
    let long = Generator::new(SEED).lazy_bits(device, [100_003]).unwrap().eval().to_vec();
    for i in (0..100_003u32).step_by(997).chain([100_002]) {
        let [a, b, ..] = xp_core::ops::philox4x32([i, 0, 0, 0], [SEED as u32, (SEED >> 32) as u32]);
        assert_eq!(long[i as usize], u64::from(b) << 32 | u64::from(a), "position {i}");
    }
    assert!(rng.lazy_bits(device, vec![1; 99]).is_err() && rng.uniform::<B, f32, _>(device, [usize::MAX, 2]).is_err());
}

/// Uniform and normal numbers of every float: moments, limits, digits.
pub fn floats<B: Backend, T: Float>(device: &B) {
    let n = 40_000;
    let mut rng = Generator::new(1);
    let u: Array<B, T, _> = rng.uniform(device, [n]).unwrap();
    let values: Vec<f64> = u.to_vec().iter().map(|x| x.to_f64()).collect();
    assert!(values.iter().all(|x| (0.0..1.0).contains(x)));
    let moment = |v: &[f64], k: i32| v.iter().map(|x| x.powi(k)).sum::<f64>() / v.len() as f64;
    // Six standard deviations of the estimates.
    for k in 1..4 {
        let (mean, spread) = (1.0 / f64::from(k + 1), (1.0 / f64::from(2 * k + 1) - f64::from(k + 1).powi(-2)).sqrt());
        let step = T::EPSILON.to_f64();
        assert!((moment(&values, k) - mean).abs() < 6.0 * spread / (n as f64).sqrt() + step, "moment {k}: {}", moment(&values, k));
    }
    let neighbours = values.windows(2).map(|w| (w[0] - 0.5) * (w[1] - 0.5)).sum::<f64>() / n as f64;
    assert!(neighbours.abs() < 6.0 / 12.0 / (n as f64).sqrt(), "correlation {neighbours}");
    let z: Any<B, T> = rng.normal(device, vec![n]).unwrap();
    let values: Vec<f64> = z.to_vec().iter().map(|x| x.to_f64()).collect();
    assert!(values.iter().all(|x| x.is_finite()));
    for (k, mean, variance) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)] {
        let step = 4.0 * T::EPSILON.to_f64();
        assert!((moment(&values, k) - mean).abs() < 6.0 * f64::sqrt(variance / n as f64) + step, "moment {k}: {}", moment(&values, k));
    }
    let below = values.iter().filter(|x| **x < 1.0).count() as f64 / n as f64;
    assert!((below - 0.841_344_7).abs() < 0.012, "{below}");
    let x = rng.uniform_between(device, T::from_f64(-3.0), T::from_f64(-1.0), [1000]).unwrap();
    assert!(x.min(..).item().unwrap() >= T::from_f64(-3.0) && x.max(..).item().unwrap() <= T::from_f64(-1.0));
    assert!(rng.uniform_between(device, T::ONE, T::ZERO, [1]).is_err() && rng.uniform_between(device, T::ZERO, T::INFINITY, [1]).is_err());
    assert!(rng.uniform_between(device, -T::MAX, T::MAX, [1]).is_err());
}

/// Integers: every value of small ranges equally often, ranges of every width and sign.
pub fn integers<B: Backend>(device: &B) {
    fn check<B: Backend, T: Integer>(device: &B, low: T, high: T) {
        let n = 6000;
        let x = Generator::new(2).integers(device, low, high, [n]).unwrap();
        let (least, most) = (x.min(..).item().unwrap(), x.max(..).item().unwrap());
        assert!(least >= low && most < high, "{least} to {most} of {low}..{high}");
        let distance = |a: T, b: T| (b.to_i64() as u64).wrapping_sub(a.to_i64() as u64) as f64;
        let range = distance(low, high);
        assert!(distance(low, least).max(distance(most, high)) <= range / 100.0 + 1.0, "{low}..{high}");
        if range < 20.0 {
            let counts = unique_counts(&x).unwrap().1.to_vec();
            let expected = n as f64 / range;
            let square: f64 = counts.iter().map(|&c| (c as f64 - expected).powi(2) / expected).sum();
            assert!(counts.len() == range as usize && square < range + 6.0 * (2.0 * range).sqrt(), "{counts:?}");
        }
    }
    check(device, 0i64, 7);
    check(device, -3i8, 4);
    check(device, i8::MIN, i8::MAX);
    check(device, 250u8, 255);
    check(device, i32::MIN, i32::MAX);
    check(device, 0u64, u64::MAX);
    check(device, u64::MAX - 5, u64::MAX);
    check(device, i64::MIN, i64::MAX);
    check(device, -5i64, 1 << 40);
    let mut rng = Generator::new(3);
    assert_eq!(rng.integers(device, 4i16, 5, [3]).unwrap().to_vec(), [4; 3]);
    assert_eq!(rng.integers(device, 4i16, 5, [0, 3]).unwrap().shape(), [0, 3]);
    assert!(rng.integers(device, 5, 5, [1]).is_err() && rng.integers(device, 5u8, 4, [1]).is_err());
}

/// Permutations and choices, with and without replacement and weights.
pub fn choices<B: Backend, T: Float>(device: &B) {
    let mut rng = Generator::new(4);
    for n in [0usize, 1, 2, 1000] {
        let p = rng.permutation(device, n).unwrap();
        assert_eq!(p.sort(0, Ascending).unwrap().to_vec(), (0..n as i64).collect::<Vec<_>>());
    }
    // Each of the orders of three comes up about equally often.
    let mut orders = std::collections::BTreeMap::new();
    for _ in 0..600 {
        *orders.entry(rng.permutation(device, 3).unwrap().to_vec()).or_insert(0) += 1;
    }
    assert!(orders.len() == 6 && orders.values().all(|c| (50..160).contains(c)), "{orders:?}");
    let some = rng.choice(device, 50, 20, Replacement::Without).unwrap();
    assert!(unique_values(&some).unwrap().size() == 20 && some.max(..).item().unwrap() < 50);
    assert!(unique_values(&rng.choice(device, 5, 400, Replacement::With).unwrap()).unwrap().size() == 5);
    assert_eq!(rng.choice(device, 0, 0, Replacement::With).unwrap().size(), 0);
    assert!(rng.choice(device, 3, 4, Replacement::Without).is_err() && rng.choice(device, 0, 1, Replacement::With).is_err());
    let weights = vector(device, &[1.0, 0.0, 3.0, 4.0].map(T::from_f64));
    let drawn = rng.choice_weighted(&weights, 8000, Replacement::With).unwrap();
    let counts = xp_core::extra::bincount(&drawn, 4).unwrap().to_vec();
    for (count, share) in counts.iter().zip([0.125, 0.0, 0.375, 0.5]) {
        assert!((*count as f64 - 8000.0 * share).abs() < 300.0 * f64::from(u8::from(share > 0.0)) + 0.5, "{counts:?}");
    }
    let mut first = [0; 4];
    for _ in 0..400 {
        let picked = rng.choice_weighted(&weights, 3, Replacement::Without).unwrap();
        assert_eq!(picked.sort(0, Ascending).unwrap().to_vec(), [0, 2, 3]);
        first[picked.get([0]).unwrap() as usize] += 1;
    }
    assert!((20..90).contains(&first[0]) && (100..200).contains(&first[2]) && (150..250).contains(&first[3]), "{first:?}");
    assert!(rng.choice_weighted(&weights, 4, Replacement::Without).is_err());
    let bad = vector(device, &[T::ONE, -T::ONE]);
    assert!(rng.choice_weighted(&bad, 1, Replacement::With).is_err());
    assert!(rng.choice_weighted(&weights.slice(s![1..2]).unwrap(), 1, Replacement::With).is_err());
}
