//! A classifier on any GPU with Vulkan, beside the same one on the CPU:
//!
//!     cargo run --release --features wgpu --example any_gpu
//!
//! `XP_WGPU_ADAPTER` names another adapter than the first. These devices have no `float64`: the program works in `float32`.

use xp::models::datasets::load_iris;
use xp::models::discriminant_analysis::LinearDiscriminantAnalysis;
use xp::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("adapters: {:?}", Wgpu::adapters());
    let gpu = Wgpu::default_device()?;
    let there = probabilities(&gpu)?;
    let here = probabilities(&Cpu)?;
    let difference = there.iter().zip(&here).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    println!("on {}: largest difference of a probability from the CPU's {difference:.1e}", gpu.adapter());
    Ok(())
}

/// The probabilities of all flowers, fitted on a device; the same source for every backend.
fn probabilities<B: Linalg<f32>>(device: &B) -> Result<Vec<f32>, Box<dyn std::error::Error>> {
    let (x, y) = load_iris::<_, f32>(device)?;
    let lda = LinearDiscriminantAnalysis::params().fit(&x, &y)?;
    println!("accuracy {:.3} on `{}`", lda.score(&x, &y)?, B::NAME);
    Ok(lda.predict_proba(&x)?.to_host()?)
}
