use super::{LENGTHS, Random, Sample, arrays, filled, for_all_dtypes};
use xp_engine::kernels::SortKey;
use xp_engine::kernels::search::{Side, searchsorted};
use xp_engine::kernels::select::top_k;
use xp_engine::kernels::sort::{argsort, sort};

/// A stable sort by comparison of the values themselves.
fn naive_order<T: Sample>(x: &[T], descending: bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..x.len()).collect();
    let key = |&i: &usize| x[i].to_ordered_bits();
    if descending {
        order.sort_by_key(|i| std::cmp::Reverse(key(i)));
    } else {
        order.sort_by_key(key);
    }
    order
}

fn bits<T: Sample>(x: &[T]) -> Vec<u128> {
    x.iter().map(|x| x.bits()).collect()
}

#[test]
fn keys_order_floats_as_comparison_does() {
    let values = [f64::NEG_INFINITY, f64::MIN, -1.0, -f64::MIN_POSITIVE, -5e-324, 0.0, 5e-324, 1.0, f64::INFINITY];
    for a in values {
        for b in values {
            assert_eq!(a.partial_cmp(&b), Some(SortKeyOrd(a).cmp(&SortKeyOrd(b))), "{a} {b}");
            let (a, b) = (a as f32, b as f32);
            assert_eq!(a.partial_cmp(&b), Some(SortKeyOrd(a).cmp(&SortKeyOrd(b))), "{a} {b}");
        }
        assert!(SortKeyOrd(a).cmp(&SortKeyOrd(-f64::NAN)).is_lt(), "NaN of either sign is last");
        assert!(SortKeyOrd(a).cmp(&SortKeyOrd(f64::NAN)).is_lt(), "NaN of either sign is last");
    }
    assert!(SortKeyOrd(0.0f64).cmp(&SortKeyOrd(-0.0)).is_eq());
    assert!(SortKeyOrd(-1i8).cmp(&SortKeyOrd(1)).is_lt());
}

struct SortKeyOrd<T>(T);
impl<T: SortKey> SortKeyOrd<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.to_ordered_bits().cmp(&other.0.to_ordered_bits())
    }
}

#[test]
fn sort_and_argsort_match_a_stable_comparison_sort() {
    fn check<T: Sample>() {
        let mut random = Random::new(1);
        for &n in LENGTHS {
            for x in arrays::<T>(n, &mut random) {
                for descending in [false, true] {
                    let order = naive_order(&x, descending);
                    let values: Vec<T> = order.iter().map(|&i| x[i]).collect();
                    let sorted = filled(n, |out| sort(&x, n.max(1), descending, out));
                    assert_eq!(bits(&sorted), bits(&values), "{} values", n);
                    let index = filled(n, |out| argsort(&x, n.max(1), descending, out));
                    assert!(index.iter().zip(&order).all(|(&a, &b)| a == b as i64), "{n} indices");
                }
            }
        }
    }
    for_all_dtypes!(check);
}

#[test]
fn lanes_are_sorted_independently() {
    fn check<T: Sample>() {
        let mut random = Random::new(2);
        for (lanes, lane) in [(1, 5), (7, 1), (1000, 13), (3, 40_000), (50, 129), (9, 257)] {
            let x: Vec<T> = (0..lanes * lane).map(|_| T::any(&mut random)).collect();
            let sorted = filled(x.len(), |out| sort(&x, lane, true, out));
            let index = filled(x.len(), |out| argsort(&x, lane, true, out));
            for k in 0..lanes {
                let range = k * lane..(k + 1) * lane;
                let order = naive_order(&x[range.clone()], true);
                let values: Vec<T> = order.iter().map(|&i| x[range.clone()][i]).collect();
                assert_eq!(bits(&sorted[range.clone()]), bits(&values));
                assert!(index[range].iter().zip(&order).all(|(&a, &b)| a == b as i64));
            }
        }
    }
    for_all_dtypes!(check);
}

#[test]
fn argsort_tells_keys_apart_that_differ_in_low_bits_only() {
    // So wide a range that the packed keys lose their low bits, with large and small groups that need them.
    let mut random = Random::new(3);
    for groups in [1, 2, 300, 20_000] {
        let x: Vec<u64> = (0..100_000)
            .map(|_| match random.below(1000) {
                0 => random.next(),
                _ => (random.below(groups) as u64) << 45 | (random.next() & 0xff),
            })
            .collect();
        for descending in [false, true] {
            let index = filled(x.len(), |out| argsort(&x, x.len(), descending, out));
            assert!(index.iter().zip(naive_order(&x, descending)).all(|(&a, b)| a == b as i64), "{groups}");
        }
    }
}

#[test]
fn patterns_that_trouble_quicksort() {
    let n = 200_000u64;
    let patterns: [Box<dyn Fn(u64) -> u64>; 6] = [
        Box::new(|i| i % 2),
        Box::new(move |i| i.min(n - i)),
        Box::new(|i| i * i % 1009),
        Box::new(|i| i.trailing_zeros() as u64),
        Box::new(|i| u64::MAX - i % 100_000),
        Box::new(|i| if i % 1000 == 0 { i } else { u64::MAX }),
    ];
    for (k, pattern) in patterns.iter().enumerate() {
        // Spread out, so that counting is not chosen.
        let x: Vec<u64> = (0..n).map(|i| pattern(i).wrapping_mul(1 << 40)).collect();
        let mut expected = x.clone();
        expected.sort_unstable();
        assert!(filled(x.len(), |out| sort(&x, x.len(), false, out)) == expected, "pattern {k}, 64 bits");
        let x: Vec<u32> = (0..n).map(|i| (pattern(i) as u32).wrapping_mul(0x0101_0101)).collect();
        let mut expected = x.clone();
        expected.sort_unstable();
        assert!(filled(x.len(), |out| sort(&x, x.len(), false, out)) == expected, "pattern {k}, 32 bits");
    }
}

#[test]
fn searchsorted_counts_what_comes_before() {
    fn check<T: Sample>() {
        let mut random = Random::new(5);
        for n in [0, 1, 2, 3, 10, 64, 1000] {
            for mut sorted in arrays::<T>(n, &mut random) {
                sorted.sort_by_key(|x| x.to_ordered_bits());
                for queries in arrays::<T>(75, &mut random) {
                    for side in [Side::Left, Side::Right] {
                        let found = filled(75, |out| searchsorted(&sorted, &queries, side, out));
                        for (&f, q) in found.iter().zip(&queries) {
                            let q = q.to_ordered_bits();
                            let before = |x: &&T| match side {
                                Side::Left => x.to_ordered_bits() < q,
                                Side::Right => x.to_ordered_bits() <= q,
                            };
                            assert_eq!(f as usize, sorted.iter().filter(before).count());
                        }
                    }
                }
            }
        }
    }
    for_all_dtypes!(check);
}

#[test]
fn top_k_agrees_with_sorting() {
    fn check<T: Sample>() {
        let mut random = Random::new(6);
        for n in [1, 2, 10, 1000, 30_000] {
            for x in arrays::<T>(n, &mut random) {
                let k = random.below(n);
                for descending in [false, true] {
                    let order = naive_order(&x, descending);
                    for k in [k, n / 100] {
                        let index = filled(k, |out| top_k(&x, descending, out));
                        assert!(index.iter().zip(&order[..k]).all(|(&a, &b)| a == b as i64), "{k} of {n}");
                    }
                }
            }
        }
    }
    for_all_dtypes!(check);
}
