//! The test suite of all backends on memory that the host cannot read, with and without `float64`.

mod strict {
    xp_conformance::backend_suite!(xp_strict::Strict::new(0));
    xp_conformance::float64_suite!(xp_strict::Strict::new(0));
}
mod strict_f32 {
    xp_conformance::backend_suite!(xp_strict::StrictF32::new(0));
}
