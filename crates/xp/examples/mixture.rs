//! Finds out how many normal densities the measurements of iris flowers come from, and compares the groups with the species.
//!
//!     cargo run --release --example mixture
//!
//! The features of the crate choose the device; with `wgpu` it is any GPU with Vulkan. `compare` names none, and computes in the widest
//! dtype that the device has.

use xp::models::datasets::load_iris;
use xp::models::metrics::adjusted_rand_score;
use xp::models::mixture::GaussianMixture;
use xp::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    #[cfg(feature = "wgpu")]
    let device = Wgpu::default_device()?;
    #[cfg(not(feature = "wgpu"))]
    let device = DefaultBackend::default_device()?;
    compare(&device)
}

fn compare<B: Backend + Linalg<<B as Backend>::MaxFloat>>(device: &B) -> Result<(), Box<dyn std::error::Error>> {
    let (x, species) = load_iris::<_, B::MaxFloat>(device)?;
    println!("{} flowers on {device}", x.shape()[0]);
    println!("densities  criterion (the lowest is best)  agreement with the species");
    for k in 1..=5 {
        let mixture = GaussianMixture::params().n_components(k).n_init(2).seed(1).fit(&x)?;
        println!("{k:9}  {:30.1}  {:26.3}", mixture.bic(&x)?, adjusted_rand_score(&species, &mixture.predict(&x)?)?);
    }
    Ok(())
}
