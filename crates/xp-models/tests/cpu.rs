//! The models on the CPU backend.

#[macro_use]
mod suites;

use xp_cpu::Cpu;

models_suite!(Cpu);

#[test]
fn models_move() {
    suites::moves::models_move(&Cpu, &Cpu);
}

#[cfg(feature = "serde")]
#[test]
fn files_keep_every_bit() {
    suites::moves::files_keep_every_bit(&Cpu);
}
