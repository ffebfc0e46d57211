//! The test suite of all backends on the simulated device.

mod common;

xp_conformance::backend_suite!(crate::common::cuda());
xp_conformance::float64_suite!(crate::common::cuda());
xp_conformance::dtypes_suite!(crate::common::cuda());
mod linalg_f32 {
    xp_conformance::linalg_suite!(crate::common::cuda(), f32);
    xp_conformance::scales_suite!(crate::common::cuda(), f32);
    xp_conformance::real_linalg_suite!(crate::common::cuda(), f32);
    xp_conformance::eig_suite!(crate::common::cuda(), f32);
}
mod linalg_f64 {
    xp_conformance::linalg_suite!(crate::common::cuda(), f64);
    xp_conformance::scales_suite!(crate::common::cuda(), f64);
    xp_conformance::real_linalg_suite!(crate::common::cuda(), f64);
    xp_conformance::eig_suite!(crate::common::cuda(), f64);
}
mod linalg_c64 {
    xp_conformance::linalg_suite!(crate::common::cuda(), xp_conformance::C64);
    xp_conformance::scales_suite!(crate::common::cuda(), xp_conformance::C64);
    xp_conformance::eig_suite!(crate::common::cuda(), xp_conformance::C64);
}
mod linalg_c128 {
    xp_conformance::linalg_suite!(crate::common::cuda(), xp_conformance::C128);
    xp_conformance::scales_suite!(crate::common::cuda(), xp_conformance::C128);
    xp_conformance::eig_suite!(crate::common::cuda(), xp_conformance::C128);
}
