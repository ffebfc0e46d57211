//! Fits a model where the features of the crate say, and serves it on the CPU.
//!
//!     cargo run --release --features cuda --example to_cpu

use xp::models::datasets::load_digits;
use xp::models::discriminant_analysis::LinearDiscriminantAnalysis;
use xp::prelude::*;

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let device = DefaultBackend::default_device()?;
    let (x, y) = load_digits::<_, f64>(&device)?;
    let model = LinearDiscriminantAnalysis::params().fit(&x, &y)?;
    println!("fitted on {device}: accuracy {:.3}", model.score(&x, &y)?);

    let served = model.to_backend(&Cpu)?;
    let (x, y) = load_digits::<_, f64>(&Cpu)?;
    println!("served on {Cpu}: accuracy {:.3}", served.score(&x, &y)?);
    assert_eq!(served.predict(&x)?.to_host()?, model.predict(&x.to_backend(&device)?)?.to_host()?);
    Ok(())
}
