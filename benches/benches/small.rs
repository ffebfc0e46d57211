//! Small arrays and tiny matrices beside ndarray, nalgebra and faer, in one process: `cargo bench -p benches --bench small`.
//!
//! Nanoseconds per call, the minimum of many batches; freeing the result is part of a call. The arguments are words of which a name
//! must hold one, such as `add` or `inv`. Large arrays (`large ...`) are there to show that what helps small ones costs those nothing.

use std::hint::black_box;
use std::time::Instant;

use faer::linalg::solvers::{DenseSolveCore, Solve};
use faer::{Mat, Side};
use nalgebra::{DMatrix, DVector};
use ndarray::{Array1, Array2};
use xp::linalg::{Lower, Thin, cholesky, det, eigh, inv, solve, svd};
use xp::prelude::*;

/// Rounds in which every candidate gets a batch, and the nanoseconds that a batch takes at least.
const ROUNDS: usize = 40;
const BATCH: f64 = 50_000.0;

type Call<'a> = (&'static str, Box<dyn FnMut(usize) + 'a>);

/// Something to call, with the name of whose it is.
fn of<'a, R>(library: &'static str, mut f: impl FnMut() -> R + 'a) -> Call<'a> {
    let call = move |times: usize| {
        for _ in 0..times {
            black_box(f());
        }
    };
    (library, Box::new(call))
}

struct Table {
    words: Vec<String>,
}

impl Table {
    fn row(&self, name: &str, calls: &mut [Call<'_>]) {
        if !self.words.is_empty() && !self.words.iter().any(|word| name.contains(word)) {
            return;
        }
        let mut times: Vec<usize> = vec![1; calls.len()];
        let mut best = vec![f64::INFINITY; calls.len()];
        for round in 0..ROUNDS {
            for (k, (_, call)) in calls.iter_mut().enumerate() {
                loop {
                    let start = Instant::now();
                    call(times[k]);
                    let spent = start.elapsed().as_secs_f64() * 1e9;
                    best[k] = best[k].min(spent / times[k] as f64);
                    if spent >= BATCH || round > 0 {
                        break;
                    }
                    times[k] *= 2;
                }
            }
        }
        let columns: Vec<String> = calls.iter().zip(&best).map(|((library, _), ns)| format!("{library} {ns:.1}")).collect();
        let peers = best[1..].iter().copied().fold(f64::INFINITY, f64::min);
        let ratio = if peers.is_finite() { format!("{:.2}", best[0] / peers) } else { String::new() };
        println!("{name:<24}{ratio:>7}  {}", columns.join("  "));
    }
}

fn values(n: usize) -> Vec<f64> {
    (0..n).map(|k| ((k * 7919 + 13) % 1009) as f64 / 1009.0 - 0.4).collect()
}

fn elementwise(table: &Table) {
    for n in [1, 4, 16, 64, 256, 1024, 4096] {
        let (x, y) = (values(n), values(n + 1)[1..].to_vec());
        let (a, b) = (Array::from_slice(&Cpu, &x, [n]).unwrap(), Array::from_slice(&Cpu, &y, [n]).unwrap());
        let (na, nb) = (Array1::from(x.clone()), Array1::from(y.clone()));
        let (da, db) = (DVector::from(x.clone()), DVector::from(y.clone()));
        table.row(&format!("add {n}"), &mut [of("xp", || &a + &b), of("ndarray", || &na + &nb), of("nalgebra", || &da + &db)]);
        table.row(&format!("scale {n}"), &mut [of("xp", || &a * 2.5), of("ndarray", || &na * 2.5), of("nalgebra", || &da * 2.5)]);
        table.row(
            &format!("lazy x*y+x {n}"),
            &mut [
                of("xp", || (a.lazy() * &b + &a).eval()),
                of("ndarray", || ndarray::Zip::from(&na).and(&nb).map_collect(|x, y| x * y + x)),
                of("nalgebra", || da.zip_map(&db, |x, y| x * y + x)),
            ],
        );
        table.row(
            &format!("in place {n}"),
            &mut [
                of("xp", {
                    let mut a = a.copy().unwrap();
                    move || a += &b
                }),
                of("ndarray", {
                    let mut na = na.clone();
                    move || na += &nb
                }),
                of("nalgebra", {
                    let mut da = da.clone();
                    move || da += &db
                }),
            ],
        );
        table.row(&format!("exp {n}"), &mut [of("xp", || a.exp()), of("ndarray", || na.mapv(f64::exp)), of("nalgebra", || da.map(f64::exp))]);
    }
    let x = values(64);
    let (a, na) = (Array::from_slice(&Cpu, &x, [8, 8]).unwrap(), Array2::from_shape_vec((8, 8), x.clone()).unwrap());
    let (at, nt) = (a.t(), na.t());
    table.row("add transposed 8x8", &mut [of("xp", || &a + &at), of("ndarray", || &na + &nt)]);
    let (row, nrow) = (a.slice(s![0]).unwrap(), na.row(0));
    table.row("add row 8x8", &mut [of("xp", || &a + &row), of("ndarray", || &na + &nrow)]);
    table.row("slice", &mut [of("xp", || row.slice(s![..;-1]).unwrap()), of("ndarray", || nrow.slice(ndarray::s![..;-1]))]);
    table.row("slice 2", &mut [of("xp", || a.slice(s![1..3, ..;-1]).unwrap()), of("ndarray", || na.slice(ndarray::s![1..3, ..;-1]))]);
    table.row("transpose", &mut [of("xp", || a.t()), of("ndarray", || na.t())]);
    table.row("clone 8x8", &mut [of("xp", || a.copy().unwrap()), of("ndarray", || na.clone())]);
    table.row("get", &mut [of("xp", || a.get([3, 4]).unwrap()), of("ndarray", || *na.get((3, 4)).unwrap())]);
    table.row("zeros 4", &mut [of("xp", || zeros::<_, f64, _>(&Cpu, [4]).unwrap()), of("ndarray", || Array1::<f64>::zeros(4))]);
}

fn reductions(table: &Table) {
    for n in [1, 4, 16, 64, 256, 1024, 4096] {
        let x = values(n);
        let (a, na, da) = (Array::from_slice(&Cpu, &x, [n]).unwrap(), Array1::from(x.clone()), DVector::from(x.clone()));
        table.row(&format!("sum {n}"), &mut [of("xp", || a.sum(..).item().unwrap()), of("ndarray", || na.sum()), of("nalgebra", || da.sum())]);
        table.row(
            &format!("max {n}"),
            &mut [of("xp", || a.max(..).item().unwrap()), of("ndarray", || na.fold(f64::MIN, |a, &b| a.max(b))), of("nalgebra", || da.max())],
        );
        table.row(
            &format!("lazy dot {n}"),
            &mut [of("xp", || (a.lazy() * &a).sum(..).eval().item().unwrap()), of("ndarray", || na.dot(&na)), of("nalgebra", || da.dot(&da))],
        );
    }
    let x = values(64);
    let (a, na) = (Array::from_slice(&Cpu, &x, [8, 8]).unwrap(), Array2::from_shape_vec((8, 8), x.clone()).unwrap());
    let da = DMatrix::from_row_slice(8, 8, &x);
    for axis in [0, 1] {
        let name = format!("sum axis{axis} 8x8");
        let sum = |x: &DMatrix<f64>| if axis == 0 { x.row_sum().transpose() } else { x.column_sum() };
        table.row(&name, &mut [of("xp", || a.sum(axis)), of("ndarray", || na.sum_axis(ndarray::Axis(axis as usize))), of("nalgebra", || sum(&da))]);
    }
    table.row("sum all 8x8", &mut [of("xp", || a.sum(..)), of("ndarray", || na.sum()), of("nalgebra", || da.sum())]);
}

fn matrices(table: &Table) {
    for n in [2, 3, 4, 6, 8, 12, 16, 32] {
        let x: Vec<f64> = (0..n * n).map(|k| values(n * n)[k] + if k % (n + 1) == 0 { 2.0 } else { 0.0 }).collect();
        let a = Array::from_slice(&Cpu, &x, [n, n]).unwrap();
        let v = Array::from_slice(&Cpu, &values(n), [n]).unwrap();
        let spd = a.matmul(&a.t()).unwrap();
        let (na, nv) = (Array2::from_shape_vec((n, n), x.clone()).unwrap(), Array1::from(values(n)));
        let (da, dv) = (DMatrix::from_row_slice(n, n, &x), DVector::from(values(n)));
        let dspd = &da * da.transpose();
        let fa = Mat::from_fn(n, n, |i, j| x[i * n + j]);
        let fv = Mat::from_fn(n, 1, |i, _| values(n)[i]);
        let fspd = &fa * fa.transpose();
        table.row(
            &format!("matmul {n}"),
            &mut [of("xp", || a.matmul(&a).unwrap()), of("ndarray", || na.dot(&na)), of("nalgebra", || &da * &da), of("faer", || &fa * &fa)],
        );
        table.row(
            &format!("matvec {n}"),
            &mut [of("xp", || a.matmul(&v).unwrap()), of("ndarray", || na.dot(&nv)), of("nalgebra", || &da * &dv), of("faer", || &fa * &fv)],
        );
        table.row(
            &format!("inv {n}"),
            &mut [of("xp", || inv(&a).unwrap()), of("nalgebra", || da.clone().try_inverse().unwrap()), of("faer", || fa.partial_piv_lu().inverse())],
        );
        table.row(&format!("det {n}"), &mut [of("xp", || det(&a).unwrap()), of("nalgebra", || da.determinant()), of("faer", || fa.determinant())]);
        table.row(
            &format!("solve {n}"),
            &mut [
                of("xp", || solve(&a, &v).unwrap()),
                of("nalgebra", || da.clone().lu().solve(&dv).unwrap()),
                of("faer", || fa.partial_piv_lu().solve(&fv)),
            ],
        );
        table.row(
            &format!("cholesky {n}"),
            &mut [
                of("xp", || cholesky(&spd, Lower).unwrap()),
                of("nalgebra", || dspd.clone().cholesky().unwrap().l()),
                of("faer", || fspd.llt(Side::Lower).unwrap()),
            ],
        );
        table.row(
            &format!("eigh {n}"),
            &mut [
                of("xp", || eigh(&spd).unwrap()),
                of("nalgebra", || dspd.clone().symmetric_eigen()),
                of("faer", || fspd.self_adjoint_eigen(Side::Lower).unwrap()),
            ],
        );
        table.row(
            &format!("svd {n}"),
            &mut [of("xp", || svd(&a, Thin).unwrap()), of("nalgebra", || da.clone().svd(true, true)), of("faer", || fa.thin_svd().unwrap())],
        );
    }
}

fn large(table: &Table) {
    for (n, name) in [(100_000, "1e5"), (1_000_000, "1e6"), (10_000_000, "1e7")] {
        let a = Array::from_vec(&Cpu, values(n), [n]).unwrap();
        let b = a.copy().unwrap();
        let m = a.reshape([n / 100, 100]).unwrap();
        let wide = a.reshape([100, n / 100]).unwrap();
        table.row(&format!("large add {name}"), &mut [of("xp", || &a + &b)]);
        table.row(&format!("large gauss {name}"), &mut [of("xp", || ((a.lazy() - &b).square() * -0.5).exp().eval())]);
        table.row(&format!("large sum {name}"), &mut [of("xp", || a.sum(..))]);
        table.row(&format!("large sum axis0 {name}"), &mut [of("xp", || m.sum(0)), of("xp wide", || wide.sum(0))]);
        table.row(&format!("large sum axis1 {name}"), &mut [of("xp", || m.sum(1)), of("xp wide", || wide.sum(1))]);
    }
}

fn main() {
    let table = Table { words: std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect() };
    println!("{:<24}{:>7}  nanoseconds", "", "ratio");
    elementwise(&table);
    reductions(&table);
    matrices(&table);
    large(&table);
}
