//! Trains linear discriminant analysis on the handwritten digits, and draws them in two dimensions.
//!
//!     cargo run --release --example lda [OUTPUT.svg]
//!
//! The features of the crate choose the device; with `wgpu` it is any GPU with Vulkan. What is done there names none, and computes in the
//! widest dtype that the device has.

use std::time::Instant;

use plotters::prelude::*;
use xp::models::datasets::load_digits;
use xp::models::discriminant_analysis::LinearDiscriminantAnalysis;
use xp::models::metrics::confusion_matrix;
use xp::models::model_selection::TrainTestSplit;
use xp::prelude::*;

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    #[cfg(feature = "wgpu")]
    let device = Wgpu::default_device()?;
    #[cfg(not(feature = "wgpu"))]
    let device = DefaultBackend::default_device()?;
    train(&device)
}

fn train<B: Backend + Linalg<<B as Backend>::MaxFloat>>(device: &B) -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "lda.svg".into());
    let (x, y) = load_digits::<_, B::MaxFloat>(device)?;
    let [n, p] = x.shape();
    println!("{n} handwritten digits of {p} pixels on {device}");

    let split = TrainTestSplit::new().test_size(0.25).seed(0).split(&x, &y)?;
    let (x_train, x_test, y_train, y_test) = split;

    let start = Instant::now();
    let lda = LinearDiscriminantAnalysis::params().n_components(2).fit(&x_train, &y_train)?;
    let fitted = start.elapsed();
    let start = Instant::now();
    let predicted = lda.predict(&x_test)?;
    let predictions = predicted.to_host()?.len();
    let served = start.elapsed();

    println!("fit on {} digits       {:8.2} ms", x_train.dims()[0], 1e3 * fitted.as_secs_f64());
    println!("predict {predictions} digits      {:8.2} ms", 1e3 * served.as_secs_f64());
    println!("accuracy on test data   {:8.3}", lda.score(&x_test, &y_test)?);
    println!("confusion matrix (rows: digit, columns: prediction)\n{}", confusion_matrix(&y_test, &predicted)?);

    let plane = lda.transform(&x)?;
    let points: Vec<f64> = plane.to_host()?.into_iter().map(Real::to_f64).collect();
    scatter(&path, &points, &y.to_host()?)?;
    println!("the digits in two dimensions: {path}");
    Ok(())
}

/// Draws points, two coordinates each, coloured by label.
fn scatter(path: &str, points: &[f64], labels: &[i64]) -> Result<(), Box<dyn std::error::Error>> {
    let range = |k: usize| {
        let values = points.iter().skip(k).step_by(2);
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
        let margin = 0.05 * (high - low);
        low - margin..high + margin
    };
    let root = SVGBackend::new(path, (800, 640)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption("Handwritten digits, LDA projection", ("sans-serif", 22))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(48)
        .build_cartesian_2d(range(0), range(1))?;
    chart.configure_mesh().x_desc("first component").y_desc("second component").draw()?;
    for digit in 0..10 {
        let color = HSLColor(digit as f64 / 10.0, 0.75, 0.45);
        let cloud = points.chunks_exact(2).zip(labels).filter(|(_, label)| **label == digit);
        let marks = cloud.map(|(p, _)| Circle::new((p[0], p[1]), 2, color.mix(0.7).filled()));
        chart.draw_series(marks)?.label(digit.to_string()).legend(move |(x, y)| Circle::new((x, y), 4, color.filled()));
    }
    chart.configure_series_labels().background_style(WHITE.mix(0.8)).border_style(BLACK.mix(0.3)).draw()?;
    root.present()?;
    Ok(())
}
