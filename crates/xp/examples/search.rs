//! The best of many candidates by cross validation, with a progress bar:
//! `cargo run --release --features indicatif --example search`.
//!
//! A Gaussian process is fitted to the petals of irises, with several kernels and amounts of noise; each fit looks for the
//! hyperparameters of its kernel.

use xp::models::datasets::load_iris;
use xp::models::gaussian_process::{GaussianProcessRegressor, Kernel};
use xp::models::model_selection::{GridSearchCV, KFold, ParameterGrid};
use xp::models::progress::bar;
use xp::models::traits::Fit;
use xp::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let device = DefaultBackend::default_device()?;
    let (table, _) = load_iris::<_, f64>(&device)?;
    // How wide a petal is, by how long the other parts of the flower are.
    let (x, y) = (table.slice(s![.., ..3])?.contiguous()?, table.index_axis(1, 3)?.contiguous()?);

    let kernels = [Kernel::rbf(1.0), Kernel::rbf([1.0; 3]), Kernel::matern(1.0, 1.5), Kernel::dot_product(1.0)];
    let grid = ParameterGrid::new(GaussianProcessRegressor::params().normalize_y(true))
        .vary(kernels, |params, kernel| params.kernel(1.0 * kernel + Kernel::white(0.1)))
        .vary([1e-10, 1e-2], |params, alpha| params.alpha(alpha));
    let search = GridSearchCV::params(grid).cv(KFold::new(5).shuffle(1)).callback(bar("kernels")).fit(&x, &y)?;

    let best = search.best_estimator();
    println!("candidate {} of {} has the score {:.3}", search.best_index() + 1, search.cv_results().mean_test_score.len(), search.best_score());
    println!("{}", best.kernel());
    let (mean, std) = best.predict_std(&x.slice(s![..3])?)?;
    println!("widths {:.2?}, give or take {:.2?}, were {:.2?}", mean.to_host()?, std.to_host()?, y.slice(s![..3])?.to_host()?);
    assert!(search.best_score() > 0.9);
    Ok(())
}
