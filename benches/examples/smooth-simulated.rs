//! The example `smooth` of xp on the simulated CUDA device: `XP_CUDA_SIMULATED=1`, arguments as there.

#[path = "../../crates/xp/examples/smooth.rs"]
mod smooth;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    assert!(benches::simulates_if_asked(), "XP_CUDA_SIMULATED=1 is not set");
    println!("SIMULATED DEVICE: no time below is one of a GPU");
    smooth::main()
}
