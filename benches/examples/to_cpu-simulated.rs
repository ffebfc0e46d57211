//! The example `to_cpu` of xp on the simulated CUDA device: `XP_CUDA_SIMULATED=1`, arguments as there.

#[path = "../../crates/xp/examples/to_cpu.rs"]
mod to_cpu;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    assert!(benches::simulates_if_asked(), "XP_CUDA_SIMULATED=1 is not set");
    println!("SIMULATED DEVICE: no time below is one of a GPU");
    to_cpu::main()
}
