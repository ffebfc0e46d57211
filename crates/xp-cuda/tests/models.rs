//! The models on the simulated device.

mod common;
// Damaged files are as damaged on any device.
#[allow(dead_code)]
#[macro_use]
#[path = "../../xp-models/tests/suites/mod.rs"]
mod suites;

use std::fmt::Write;

use common::cuda;
use xp_conformance::pages;
use xp_core::Backend;
use xp_cuda::Cuda;
use xp_cuda_sim::{stats, trace};

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

/// What the fit of every estimator takes, and its application: counted on the other simulated device, which no test here shares.
#[test]
fn every_fit_keeps_to_its_budget() {
    if common::needs_simulation("counts of launches") {
        return;
    }
    let Some(device) = common::device_with(1, common::options()) else { return };
    let _ = xp_cuda::libraries::install(xp_cuda_sim::libraries::factories());
    let head = "| estimator | passes over the samples | launches | library calls | waits |\n|---|---|---|---|---|\n";
    let mut table = head.to_owned();
    suites::estimators::each_fit::<f64, Cuda>(&device.into(), |name, x, fit| {
        let before = stats(1);
        trace::start(1);
        fit();
        let (work, after) = (trace::finish(1), stats(1));
        let passes = trace::passes(&work, Cuda::address(x.buffer()) as u64, x.size() * 8);
        let waits = after.synchronisations - before.synchronisations;
        writeln!(table, "| {name} | {passes} | {} | {} | {waits} |", after.launches - before.launches, after.library_calls - before.library_calls)
            .expect("a string takes all");
    });
    pages::table("docs/gpu.md", head, &table, "cargo test --workspace --test models every_fit");
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
