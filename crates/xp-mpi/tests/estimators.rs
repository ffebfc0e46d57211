//! Every estimator, from its existing source, on sharded rows: the same bits of attributes and outputs for any number of
//! ranks, and outputs as of the inner backend up to rounding. Ranks are threads here; `ranks.rs` runs them under MPI.

#[path = "estimators/suite.rs"]
mod suite;

use suite::{Outcome, RANKS, all};
use xp_core::Error;
use xp_cpu::Cpu;
use xp_mpi::{Mpi, simulate};

/// Fits that compare every sample with every other one: the error says what they would have to move.
const REFUSED: &[&str] = &["KernelRidge_sharded", "KernelPCA_sharded", "KNeighborsRegressor_sharded", "GaussianProcessRegressor_sharded"];

#[test]
fn every_number_of_ranks() {
    let expected = all(&Cpu);
    let mut first: Option<Vec<Outcome>> = None;
    let mut wrong = vec![];
    for size in RANKS {
        for (rank, found) in simulate(size, &Cpu, |device: &Mpi<Cpu>| all(device)).unwrap().into_iter().enumerate() {
            let first = first.get_or_insert_with(|| found.clone());
            for ((one, same), cpu) in found.iter().zip(&*first).zip(&expected) {
                let name = one.name;
                match (&one.found, &same.found, &cpu.found) {
                    (Err(xp_models::Error::Array(Error::Sharded { .. })), ..) if REFUSED.contains(&name) => {}
                    _ if REFUSED.contains(&name) => wrong.push(format!("{name}: {size} ranks, rank {rank}: not refused as sharded: {:?}", one.found)),
                    (Err(e), ..) => wrong.push(format!("{name}: {size} ranks, rank {rank}: {e}")),
                    (_, _, Err(e)) => wrong.push(format!("{name}: {e}")),
                    (Ok(_), Err(_), _) => wrong.push(format!("{name}: {size} ranks, rank {rank}: only here")),
                    (Ok((attributes, output)), Ok((same, equal)), Ok((_, near))) => {
                        let bits = |x: &[f64]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                        if attributes != same || bits(output) != bits(equal) {
                            wrong.push(format!("{name}: {size} ranks, rank {rank}: other bits than of one rank"));
                        }
                        let scale = near.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
                        let far = output.iter().zip(near).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / scale;
                        if output.len() != near.len() || far.is_nan() || far > cpu.tolerance {
                            wrong.push(format!("{name}: {size} ranks, rank {rank}: {far:e} from the inner backend"));
                        }
                    }
                }
            }
        }
    }
    wrong.sort();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
