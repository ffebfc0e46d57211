//! The transforms on the simulated device.

mod common;

mod float32 {
    xp_conformance::fft_suite!(crate::common::cuda(), f32);
}
mod float64 {
    xp_conformance::fft_suite!(crate::common::cuda(), f64);
}
