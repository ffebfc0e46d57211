//! The functions that are composed of a backend's methods, on the simulated device.

mod common;

xp_conformance::standard_suite!(crate::common::cuda(), f64);
