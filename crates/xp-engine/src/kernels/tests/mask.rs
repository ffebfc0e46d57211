use super::super::mask::{Selection, choose, count_true};
use super::{LENGTHS, Random, filled};
use num_complex::Complex;

fn masks(n: usize, random: &mut Random) -> Vec<Vec<bool>> {
    let mut masks = vec![vec![false; n], vec![true; n], (0..n).map(|i| i % 16384 > 16000).collect()];
    for one_in in [2, 3, 50] {
        masks.push((0..n).map(|_| random.below(one_in) == 0).collect());
        masks.push((0..n).map(|_| random.below(one_in) != 0).collect());
    }
    masks
}

fn check_compress<T: Copy + Send + Sync + PartialEq>(value: impl Fn(usize) -> T) {
    let mut random = Random::new(14);
    for &n in LENGTHS {
        let x: Vec<T> = (0..3 * n).map(&value).collect();
        for mask in masks(n, &mut random) {
            let selection = Selection::new(&mask);
            let places: Vec<usize> = (0..n).filter(|&i| mask[i]).collect();
            assert_eq!(selection.len(), places.len());
            for inner in [1, 3] {
                let out = filled(places.len() * inner, |out| selection.compress(&x[..n * inner], inner, out));
                let want: Vec<T> = places.iter().flat_map(|&i| x[i * inner..(i + 1) * inner].to_vec()).collect();
                assert!(out == want, "{n} elements of {} bytes", size_of::<T>());
            }
        }
    }
}

#[test]
fn compress_keeps_selected_rows() {
    check_compress(|i| i as u8);
    check_compress(|i| i as i16);
    check_compress(|i| i as f32);
    check_compress(|i| i as f64);
    check_compress(|i| Complex::new(i as f32, 1.0));
    check_compress(|i| Complex::new(i as f64, 1.0));
}

#[test]
fn positions_and_indices_of_true_elements() {
    let mut random = Random::new(15);
    for &n in LENGTHS {
        for mask in masks(n, &mut random) {
            let selection = Selection::new(&mask);
            let want: Vec<i64> = (0..n as i64).filter(|&i| mask[i as usize]).collect();
            assert_eq!(count_true(&mask), want.len());
            assert_eq!(selection.is_empty(), want.is_empty());
            assert_eq!(filled(want.len(), |out| selection.positions(out)), want);
        }
    }
    for shape in [vec![], vec![12], vec![30, 40], vec![7, 11, 13], vec![3, 1, 5, 50], vec![4, 0, 3], vec![200, 300]] {
        let n: usize = shape.iter().product();
        let mask: Vec<bool> = (0..n).map(|_| random.below(3) > 0).collect();
        let selection = Selection::new(&mask);
        let count = selection.len();
        let all = filled(count * shape.len(), |out| {
            let mut parts: Vec<_> = if count == 0 { shape.iter().map(|_| Default::default()).collect() } else { out.chunks_mut(count).collect() };
            selection.indices(&shape, &mut parts);
        });
        for (k, i) in (0..n).filter(|&i| mask[i]).enumerate() {
            let linear = (0..shape.len()).fold(0, |linear, axis| linear * shape[axis] + all[axis * count + k] as usize);
            assert_eq!(linear, i, "{shape:?}");
            assert!((0..shape.len()).all(|axis| (all[axis * count + k] as usize) < shape[axis]));
        }
    }
}

#[test]
fn choose_takes_either() {
    let mut random = Random::new(16);
    for &n in LENGTHS {
        let condition: Vec<bool> = (0..n).map(|_| random.below(2) == 0).collect();
        let (a, b): (Vec<i32>, Vec<i32>) = (0..n as i32).map(|i| (i, -i - 1)).unzip();
        let out = filled(n, |out| choose(&condition, &a, &b, out));
        assert!((0..n).all(|i| out[i] == if condition[i] { i as i32 } else { -(i as i32) - 1 }));
    }
}
