//! The test suite of all backends on memory that the host cannot read, with and without `float64`.

mod strict {
    xp_conformance::backend_suite!(xp_strict::Strict::new(0));
    xp_conformance::float64_suite!(xp_strict::Strict::new(0));
    mod linalg_f64 {
        xp_conformance::linalg_suite!(xp_strict::Strict::new(0), f64);
        xp_conformance::scales_suite!(xp_strict::Strict::new(0), f64);
        xp_conformance::real_linalg_suite!(xp_strict::Strict::new(0), f64);
        xp_conformance::eig_suite!(xp_strict::Strict::new(0), f64);
    }
    mod linalg_c64 {
        xp_conformance::linalg_suite!(xp_strict::Strict::new(0), xp_conformance::C64);
        xp_conformance::scales_suite!(xp_strict::Strict::new(0), xp_conformance::C64);
        xp_conformance::eig_suite!(xp_strict::Strict::new(0), xp_conformance::C64);
    }
}
mod strict_f32 {
    xp_conformance::backend_suite!(xp_strict::StrictF32::new(0));
    mod linalg_f32 {
        xp_conformance::linalg_suite!(xp_strict::StrictF32::new(0), f32);
        xp_conformance::scales_suite!(xp_strict::StrictF32::new(0), f32);
        xp_conformance::real_linalg_suite!(xp_strict::StrictF32::new(0), f32);
        xp_conformance::eig_suite!(xp_strict::StrictF32::new(0), f32);
    }
}
