//! The models on the simulated device.

mod common;
// `serde` is a feature of that package.
#[allow(unexpected_cfgs)]
#[macro_use]
#[path = "../../xp-models/tests/suites/mod.rs"]
mod suites;

use common::cuda;

models_suite!(cuda());

#[test]
fn models_move_between_devices() {
    suites::moves::models_move(&cuda(), &xp_cpu::Cpu);
    suites::moves::models_move(&xp_cpu::Cpu, &cuda());
}
