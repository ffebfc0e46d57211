//! Every estimator, from its existing source, on sharded rows: the same bits of attributes and outputs for any number of
//! ranks, and outputs as of the inner backend up to rounding. Ranks are threads here; `ranks.rs` runs them under MPI.

#[path = "estimators/suite.rs"]
mod suite;

use suite::all;
use xp_cpu::Cpu;

/// Fits that compare every sample with every other one: the error says what they would have to move.
const REFUSED: &[&str] = &["KernelRidge_sharded", "KernelPCA_sharded", "KNeighborsRegressor_sharded", "GaussianProcessRegressor_sharded"];

#[test]
fn every_number_of_ranks() {
    suite::compare(REFUSED, |_| Ok(Cpu), all, all);
}
