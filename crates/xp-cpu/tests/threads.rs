//! Results do not depend on the number of threads, bit for bit.

use xp_conformance::support::Sequence;
use xp_core::functions::*;
use xp_core::linalg::{self, Thin};
use xp_core::{Array, Ix2, Linalg};
use xp_cpu::Cpu;

/// Runs `f` in pools of one to four threads and asserts that the results are the same.
fn same_in_all_pools<R: PartialEq + std::fmt::Debug + Send>(what: &str, f: impl Fn() -> R + Send + Sync) {
    let run = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(&f);
    let one = run(1);
    for threads in [2, 3, 4] {
        assert!(run(threads) == one, "{what} differs between 1 and {threads} threads");
    }
}

fn bits<D: xp_core::Dim>(x: &Array<Cpu, f64, D>) -> Vec<u64> {
    x.to_vec().into_iter().map(f64::to_bits).collect()
}

fn matrix(n: usize, p: usize) -> Array<Cpu, f64, Ix2> {
    Array::from_vec(&Cpu, Sequence::new((n * 1000 + p) as u64).numbers(n * p), [n, p]).unwrap()
}

#[test]
fn elementwise() {
    let (x, y) = (matrix(300, 700), matrix(1, 700));
    same_in_all_pools("chain", || bits(&((x.lazy() - &y).square().exp() * &x).eval()));
    same_in_all_pools("transposed", || bits(&(x.t().lazy() + 1.0).sin().eval()));
    same_in_all_pools("copy", || bits(&x.t().copy().unwrap()));
}

#[test]
fn reductions() {
    for (n, p) in [(1, 300_000), (300_000, 1), (1000, 301), (70, 5000), (5000, 70)] {
        let x = matrix(n, p);
        for (form, x) in [("row-major", x.clone()), ("column-major", x.t().copy().unwrap().t())] {
            let what = |name: &str| format!("{name} of {n}x{p}, {form}");
            same_in_all_pools(&what("sum"), || (bits(&x.sum(0)), bits(&x.sum(1)), bits(&x.sum(..))));
            same_in_all_pools(&what("var"), || (bits(&x.var(0, 1.0)), bits(&x.std(1, 0.0)), bits(&x.var(.., 0.0))));
            same_in_all_pools(&what("argmax"), || (x.argmax(0).to_vec(), x.argmin(1).to_vec(), x.argmax(..).to_vec()));
            same_in_all_pools(&what("fused"), || bits(&(x.lazy() * 2.0).abs().log1p().mean(0).eval()));
        }
    }
}

#[test]
fn sorting_and_scans() {
    let x = Array::from_vec(&Cpu, Sequence::new(5).integers::<f64>(200_000, -1000, 1000), [200_000]).unwrap();
    same_in_all_pools("sort", || bits(&x.sort(0, Ascending).unwrap()));
    same_in_all_pools("argsort", || x.argsort(0, Descending).unwrap().to_vec());
    let y = matrix(400, 500);
    same_in_all_pools("cumulative_sum", || {
        (bits(&y.cumulative_sum(0).unwrap()), bits(&y.cumulative_sum(1).unwrap()), bits(&y.ravel().unwrap().cumulative_sum(0).unwrap()))
    });
    same_in_all_pools("unique", || {
        let u = unique_all(&x).unwrap();
        (bits(&u.values), u.counts.to_vec(), u.indices.to_vec())
    });
    same_in_all_pools("select", || bits(&y.select(&y.greater(0.0)).unwrap()));
}

#[test]
fn products_and_factors() {
    let x = matrix(3000, 40);
    same_in_all_pools("gram", || bits(&linalg::gram(&(x.lazy() - 0.5)).unwrap()));
    same_in_all_pools("cross", || bits(&<Cpu as Linalg<f64>>::cross(&x.lazy(), &(x.lazy() * 2.0)).unwrap()));
    same_in_all_pools("project", || bits(&<Cpu as Linalg<f64>>::project(&x.lazy(), &x.t().slice_axis(1, ..3).unwrap()).unwrap()));
    same_in_all_pools("tall_r", || bits(&<Cpu as Linalg<f64>>::tall_r(&x.lazy()).unwrap()));
}

/// Libraries decide how to cut large products and decompositions: those may differ in the last places, not more.
#[test]
fn large_decompositions_stay_close() {
    let x = matrix(200, 150);
    let run = |threads| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| {
            let (_, s, _) = linalg::svd(&x, Thin).unwrap();
            (s.to_vec(), x.t().matmul(&x).unwrap().to_vec())
        })
    };
    let (one, four) = (run(1), run(4));
    let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-12 * (1.0 + a.abs()));
    assert!(close(&one.0, &four.0) && close(&one.1, &four.1));
}
