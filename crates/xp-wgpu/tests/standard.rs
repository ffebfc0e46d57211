//! Functions that are composed of a backend's methods, on a Vulkan device.

mod common;

xp_conformance::standard_suite!(crate::device!(), f32);
