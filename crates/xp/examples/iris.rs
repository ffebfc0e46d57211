//! A classifier in a few lines.

use xp::models::datasets::load_iris;
use xp::models::discriminant_analysis::LinearDiscriminantAnalysis;
use xp::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let device = DefaultBackend::default_device()?;
    let (x, y) = load_iris::<_, f64>(&device)?;
    let lda = LinearDiscriminantAnalysis::params().fit(&x, &y)?;
    println!("accuracy {:.3}", lda.score(&x, &y)?);
    println!("probabilities of the first flower {}", lda.predict_proba(&x.slice(s![..1])?)?);
    Ok(())
}
