use super::{LENGTHS, Random, filled};
use num_complex::Complex;
use xp_engine::kernels::scan::Scan;

fn naive<T: Copy>(x: &[T], [outer, n, inner]: [usize; 3], op: impl Fn(T, T) -> T) -> Vec<T> {
    let mut out = x.to_vec();
    for o in 0..outer {
        for k in 1..n {
            for c in 0..inner {
                let at = (o * n + k) * inner + c;
                out[at] = op(out[at - inner], out[at]);
            }
        }
    }
    out
}

#[test]
fn exact_operations_match_a_running_one() {
    let mut random = Random::new(8);
    let mut shapes: Vec<[usize; 3]> = LENGTHS.iter().map(|&n| [1, n, 1]).collect();
    shapes.extend([[3, 9000, 1], [1000, 7, 1], [0, 4, 1], [2, 5, 0], [4, 100, 3], [1, 50, 9000], [2, 0, 3], [1, 2, 5]]);
    for shape in shapes {
        let len: usize = shape.iter().product();
        let x: Vec<u64> = (0..len).map(|_| random.next()).collect();
        // Affine maps x -> a x + b under composition: associative, not commutative.
        let maps: Vec<[u64; 2]> = x.iter().map(|&x| [x | 1, x >> 7]).collect();
        let compose = |f: [u64; 2], g: [u64; 2]| [f[0].wrapping_mul(g[0]), f[1].wrapping_mul(g[0]).wrapping_add(g[1])];
        let compose_scan = Scan { identity: [1, 0], load: |m| m, op: compose, initial: false };
        assert_eq!(filled(len, |out| compose_scan.run(&maps, shape, out)), naive(&maps, shape, compose), "{shape:?}");
        let sum = Scan { identity: 0, load: |x: u64| x as i64, op: i64::wrapping_add, initial: true };
        let [outer, n, inner] = shape;
        let rows = n + 1;
        let out = filled(outer * rows * inner, |out| sum.run(&x, shape, out));
        let wide: Vec<i64> = x.iter().map(|&x| x as i64).collect();
        let expected = naive(&wide, shape, i64::wrapping_add);
        for o in 0..outer {
            assert!(out[o * rows * inner..][..inner].iter().all(|&x| x == 0));
            assert_eq!(out[(o * rows + 1) * inner..][..n * inner], expected[o * n * inner..][..n * inner], "{shape:?}");
        }
    }
}

#[test]
fn float_sums_are_accurate_monotone_and_independent_of_threads() {
    let mut random = Random::new(9);
    let x: Vec<f64> = (0..300_007).map(|_| (random.next() >> 12) as f64 / 2f64.powi(52)).collect();
    let sum = Scan { identity: 0.0, load: |x: f64| x, op: |a, b| a + b, initial: false };
    let out = filled(x.len(), |out| sum.run(&x, [1, x.len(), 1], out));
    assert!(out.is_sorted(), "sums of non-negative numbers never decrease");
    let mut exact = 0u128;
    for (s, x) in out.iter().zip(&x) {
        exact += (x * 2f64.powi(52)) as u128;
        let exact = exact as f64 / 2f64.powi(52);
        assert!((s - exact).abs() <= 1e-13 * exact, "{s} {exact}");
    }
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let again = pool.install(|| filled(x.len(), |out| sum.run(&x, [1, x.len(), 1], out)));
        assert!(again.iter().zip(&out).all(|(a, b)| a.to_bits() == b.to_bits()), "{threads} threads");
    }
}

#[test]
fn special_values_and_types() {
    let sum = Scan { identity: 0.0, load: |x: f32| x, op: |a, b| a + b, initial: false };
    let out = filled(4, |out| sum.run(&[-0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY], [1, 4, 1], out));
    assert_eq!(out[0].to_bits(), (-0.0f32).to_bits(), "nothing is added to the first element");
    assert_eq!(out[1].to_bits(), (-0.0f32).to_bits());
    assert!(out[2] == f32::INFINITY && out[3].is_nan());
    let z = [Complex::new(0.0, 1.0); 5];
    let product = Scan { identity: Complex::new(1.0, 0.0), load: |x| x, op: |a, b| a * b, initial: true };
    let out: Vec<Complex<f64>> = filled(6, |out| product.run(&z, [1, 5, 1], out));
    let powers = [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0), (1.0, 0.0), (0.0, 1.0)];
    assert!(out.iter().zip(powers).all(|(z, (re, im))| z.re == re && z.im == im));
    let narrow = Scan { identity: 0i64, load: |x: bool| x as i64, op: |a, b| a + b, initial: false };
    assert_eq!(filled(4, |out| narrow.run(&[true, false, true, true], [1, 4, 1], out)), [1, 1, 2, 3]);
}
