//! The test suite of all backends on the CPU. It stands here and not in `xp-cpu` because the test profile compiles this
//! package, whose tests are some thousand instances of generic code, without optimisation.

xp_conformance::backend_suite!(xp_cpu::Cpu);
xp_conformance::float64_suite!(xp_cpu::Cpu);
xp_conformance::dtypes_suite!(xp_cpu::Cpu);
xp_conformance::host_suite!(xp_cpu::Cpu);
mod linalg_f32 {
    xp_conformance::linalg_suite!(xp_cpu::Cpu, f32);
    xp_conformance::scales_suite!(xp_cpu::Cpu, f32);
    xp_conformance::real_linalg_suite!(xp_cpu::Cpu, f32);
    xp_conformance::eig_suite!(xp_cpu::Cpu, f32);
}
mod linalg_f64 {
    xp_conformance::linalg_suite!(xp_cpu::Cpu, f64);
    xp_conformance::scales_suite!(xp_cpu::Cpu, f64);
    xp_conformance::real_linalg_suite!(xp_cpu::Cpu, f64);
    xp_conformance::eig_suite!(xp_cpu::Cpu, f64);
}
mod linalg_c64 {
    xp_conformance::linalg_suite!(xp_cpu::Cpu, xp_conformance::C64);
    xp_conformance::scales_suite!(xp_cpu::Cpu, xp_conformance::C64);
    xp_conformance::eig_suite!(xp_cpu::Cpu, xp_conformance::C64);
}
mod linalg_c128 {
    xp_conformance::linalg_suite!(xp_cpu::Cpu, xp_conformance::C128);
    xp_conformance::scales_suite!(xp_cpu::Cpu, xp_conformance::C128);
    xp_conformance::eig_suite!(xp_cpu::Cpu, xp_conformance::C128);
}
