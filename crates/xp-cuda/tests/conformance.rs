//! The test suite of all backends on the simulated device.

mod common;

xp_conformance::backend_suite!(crate::common::cuda());
xp_conformance::float64_suite!(crate::common::cuda());
xp_conformance::dtypes_suite!(crate::common::cuda());
