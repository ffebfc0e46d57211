//! The common checks of every estimator on a Vulkan device.

mod common;
#[allow(dead_code, unused_macros)]
#[path = "../../xp-models/tests/suites/mod.rs"]
mod suites;

#[test]
fn every_estimator() {
    let device = device!();
    suites::estimators::every_estimator::<f32, _>(&device, "Wgpu, on Mesa's software driver");
}
