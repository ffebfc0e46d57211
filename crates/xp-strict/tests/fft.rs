//! The transforms on memory that the host cannot read, composed of complex ones alone.

mod strict {
    mod float32 {
        xp_conformance::fft_suite!(xp_strict::Strict::new(0), f32);
    }
    mod float64 {
        xp_conformance::fft_suite!(xp_strict::Strict::new(0), f64);
    }
}
mod strict_f32 {
    xp_conformance::fft_suite!(xp_strict::StrictF32::new(0), f32);
}
