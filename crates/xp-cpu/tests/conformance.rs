//! The test suite of all backends on the CPU.

xp_conformance::backend_suite!(xp_cpu::Cpu);
xp_conformance::float64_suite!(xp_cpu::Cpu);
