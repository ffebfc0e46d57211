//! Chooses the parameters of a pipeline by cross validation, saves the best one, and predicts with what is loaded again.
//!
//!     cargo run --release --example pipeline [OUTPUT.safetensors]

use xp::models::datasets::load_digits;
use xp::models::decomposition::PCA;
use xp::models::discriminant_analysis::LinearDiscriminantAnalysis;
use xp::models::model::Model;
use xp::models::model_selection::{GridSearchCV, ParameterGrid, StratifiedKFold, train_test_split};
use xp::models::pipeline::Pipeline;
use xp::models::preprocessing::StandardScaler;
use xp::models::traits::{Estimator, Fit, Predict, Score};
use xp::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "pipeline.safetensors".into());
    let device = DefaultBackend::default_device()?;
    let (x, y) = load_digits::<_, f64>(&device)?;
    let (x_train, x_test, y_train, y_test) = train_test_split(&x, &y, 0.25, 0)?;

    let pipeline = StandardScaler::params().then(PCA::params()).then(LinearDiscriminantAnalysis::params());
    let grid = ParameterGrid::new(pipeline).vary([5, 20, 40], |mut candidate, n| {
        candidate.first.last = candidate.first.last.n_components(n);
        candidate
    });
    let search = GridSearchCV::params(grid).cv(StratifiedKFold::new(5)).fit(&x_train, &y_train)?;
    println!("mean accuracies with 5, 20 and 40 components: {:.3?}", search.cv_results().mean_test_score);
    println!("accuracy of the best on other digits: {:.3}", search.score(&x_test, &y_test)?);

    search.best_estimator().save(&path)?;
    type Chain<B> = Pipeline<Pipeline<StandardScaler<B, f64>, PCA<B, f64>>, LinearDiscriminantAnalysis<B, f64>>;
    let loaded = Chain::load(&path, &device)?;
    assert_eq!(loaded.predict(&x_test)?.to_host()?, search.predict(&x_test)?.to_host()?);
    println!("saved to {path}");
    Ok(())
}
