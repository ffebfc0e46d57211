use super::{LENGTHS, Random, filled};
use num_complex::Complex;
use xp_engine::kernels::mask::Selection;

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
            assert_eq!(selection.count(), places.len());
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
