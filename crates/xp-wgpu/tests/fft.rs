//! The transforms on a Vulkan device.

mod common;

xp_conformance::fft_suite!(crate::device!(), f32);
