//! The example `lda` of xp on the simulated CUDA device: `XP_CUDA_SIMULATED=1`, arguments as there.

#[path = "../../crates/xp/examples/lda.rs"]
mod lda;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    assert!(benches::simulates_if_asked(), "XP_CUDA_SIMULATED=1 is not set");
    println!("SIMULATED DEVICE: no time below is one of a GPU");
    lda::main()
}
