//! The functions that are composed of a backend's methods, on memory that the host cannot read.

mod strict {
    xp_conformance::standard_suite!(xp_strict::Strict::new(0), f64);
    mod complex {
        xp_conformance::tests! { xp_strict::Strict::new(0);
            extra { lu<xp_conformance::C128> }
        }
    }
}
mod strict_f32 {
    xp_conformance::standard_suite!(xp_strict::StrictF32::new(0), f32);
}
