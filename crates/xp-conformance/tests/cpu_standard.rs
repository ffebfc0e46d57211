//! The functions that are composed of a backend's methods, on the CPU.

mod f32 {
    xp_conformance::standard_suite!(xp_cpu::Cpu, f32);
}
mod f64 {
    xp_conformance::standard_suite!(xp_cpu::Cpu, f64);
}
mod complex {
    xp_conformance::tests! { xp_cpu::Cpu;
        extra { lu<xp_conformance::C64> }
    }
}
