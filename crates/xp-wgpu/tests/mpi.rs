//! `Mpi<Wgpu>`: sums, places and variances over sharded rows, products, and a fit, in `float32`, with the same bits on 1, 2 and 3 ranks.

mod common;

use xp_core::reduction::{ArgMax, Mean, Sum, Var};
use xp_core::{Array, Ix2, linalg};
use xp_models::preprocessing::StandardScaler;
use xp_mpi::{Mpi, simulate};
use xp_wgpu::Wgpu;

const N: usize = 1003;
const P: usize = 5;

fn value(i: usize) -> f32 {
    ((i * 37) % 101) as f32 / 4.0 - 12.0
}

fn found(device: &Mpi<Wgpu>) -> xp_models::Result<Vec<Vec<f32>>> {
    let x: Array<_, f32, Ix2> = device.from_rows([N, P], |rows| (rows.start * P..rows.end * P).map(value).collect())?;
    let (sum, place, mean, var) = x.lazy().reduce((Sum, ArgMax, Mean, Var(1.0)), 0).try_eval()?;
    let scaled = StandardScaler::params().fit(&x)?.transform(&x)?;
    Ok(vec![
        sum.to_host()?,
        place.astype::<f32>().to_host()?,
        mean.to_host()?,
        var.to_host()?,
        linalg::gram(&(x.lazy() - &mean))?.to_host()?,
        device.gather(&scaled)?.slice(xp_core::s![..10])?.to_host()?,
    ])
}

#[test]
fn every_number_of_ranks() {
    let device = device!();
    let all: Vec<_> = [1, 2, 3].into_iter().flat_map(|size| simulate(size, &device, found).unwrap()).map(|found| found.unwrap()).collect();
    let bits = |found: &[Vec<f32>]| found.concat().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert!(all.iter().all(|found| bits(found) == bits(&all[0])));

    // Loops in float64 over the columns.
    for j in 0..P {
        let column: Vec<f64> = (0..N).map(|i| f64::from(value(i * P + j))).collect();
        let sum: f64 = column.iter().sum();
        let mean = sum / N as f64;
        let squares: f64 = column.iter().map(|x| (x - mean).powi(2)).sum();
        let largest = column.iter().copied().fold(f64::MIN, f64::max);
        let near = |got: f32, exact: f64| (f64::from(got) - exact).abs() <= 1e-5 * exact.abs().max(1.0);
        assert!(near(all[0][0][j], sum) && near(all[0][2][j], mean), "{} for {sum}", all[0][0][j]);
        assert_eq!(all[0][1][j] as usize, column.iter().position(|&x| x == largest).unwrap());
        assert!(near(all[0][3][j], squares / (N - 1) as f64), "{} for {}", all[0][3][j], squares / (N - 1) as f64);
        assert!(near(all[0][4][j * P + j], squares), "{} for {squares}", all[0][4][j * P + j]);
        assert!(near(all[0][5][j], (column[0] - mean) / (squares / N as f64).sqrt()));
    }
}
