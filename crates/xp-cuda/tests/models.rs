//! The models on the simulated device.

mod common;
// Damaged files are as damaged on any device.
#[allow(dead_code)]
#[macro_use]
#[path = "../../xp-models/tests/suites/mod.rs"]
mod suites;

use common::cuda;

models_suite!(cuda());
generic_suite!(cuda(), f64);

#[test]
fn models_move_between_devices() {
    suites::moves::models_move(&cuda(), &xp_cpu::Cpu);
    suites::moves::models_move(&xp_cpu::Cpu, &cuda());
}

#[test]
fn every_estimator() {
    suites::estimators::every_estimator::<f64, _>(&cuda(), "Cuda, on the simulated device");
}

#[test]
fn files_keep_every_bit() {
    suites::moves::files_keep_every_bit(&cuda());
}

#[test]
fn pipelines_move_and_are_saved() {
    suites::selection::pipelines_move_and_are_saved::<f64, _, _>(&cuda(), &xp_cpu::Cpu);
    suites::calibration::models_move_and_are_saved::<f64, _, _>(&cuda(), &xp_cpu::Cpu);
}
