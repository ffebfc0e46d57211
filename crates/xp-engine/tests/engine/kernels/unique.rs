use super::{LENGTHS, Random, Sample, arrays, filled, for_all_dtypes};
use xp_engine::kernels::unique::Unique;

#[test]
fn unique_values_places_and_counts() {
    fn check<T: Sample>() {
        let mut random = Random::new(17);
        for &n in LENGTHS {
            for x in arrays::<T>(n, &mut random) {
                check_one(&x);
            }
        }
    }
    for_all_dtypes!(check);
}

#[test]
fn integers_of_a_small_range() {
    let mut random = Random::new(18);
    for (low, range) in [(-5i64, 10), (i64::MIN, 1000), (i64::MAX - 999, 1000), (0, 1), (-70_000, 65_000)] {
        assert!(check_one(&(0..300_000).map(|_| low + random.below(range) as i64).collect::<Vec<i64>>()));
    }
}

/// Whether the elements are integers of a small range.
fn check_one<T: Sample>(x: &[T]) -> bool {
    // Runs of a stable order; every NaN by itself.
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by_key(|&i| x[i].to_ordered_bits());
    let mut runs: Vec<Vec<usize>> = Vec::new();
    for i in order {
        match runs.last_mut() {
            Some(run) if x[run[0]].to_ordered_bits() == x[i].to_ordered_bits() && !x[i].is_nan() => run.push(i),
            _ => runs.push(vec![i]),
        }
    }
    let Some(unique) = Unique::new(x) else { return false };
    assert_eq!(unique.count(), runs.len());
    let values = filled(runs.len(), |out| unique.values(out));
    assert!(values.iter().zip(&runs).all(|(v, run)| v.bits() == x[run[0]].bits()), "values");
    let counts = filled(runs.len(), |out| unique.counts(out));
    assert!(counts.iter().zip(&runs).all(|(&c, run)| c as usize == run.len()), "counts");
    let first = filled(runs.len(), |out| unique.first_indices(out));
    assert!(first.iter().zip(&runs).all(|(&f, run)| f as usize == run[0]), "first indices");
    let inverse = filled(x.len(), |out| unique.inverse(out));
    for (k, run) in runs.iter().enumerate() {
        assert!(run.iter().all(|&i| inverse[i] as usize == k), "inverse");
    }
    true
}
