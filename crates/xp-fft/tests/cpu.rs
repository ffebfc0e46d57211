//! The transforms on the CPU.

mod float32 {
    xp_conformance::fft_suite!(xp::Cpu, f32);
}
mod float64 {
    xp_conformance::fft_suite!(xp::Cpu, f64);
}
