//! Clusters flowers by Ward's method, and draws the tree of the clusters.
//!
//!     cargo run --release --example dendrogram [OUTPUT.svg]
//!
//! The distances of all pairs are computed on the device that the features of the crate choose.

use plotters::prelude::*;
use xp::models::cluster::hierarchy::{Criterion, Dendrogram, DendrogramParams, Truncate, cophenet_correlation, dendrogram, fcluster, ward};
use xp::models::datasets::load_iris;
use xp::models::metrics::adjusted_rand_score;
use xp::models::spatial::{Metric, pdist};
use xp::prelude::*;

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "dendrogram.svg".into());
    let device = DefaultBackend::default_device()?;
    let (x, species) = load_iris::<_, f64>(&device)?;

    let z = ward(&x)?;
    let clusters = fcluster(&z, &Criterion::MaxClust(3))?;
    let (kept, _) = cophenet_correlation(&z, &pdist(&x, &Metric::Euclidean)?)?;
    println!("{} flowers in 3 clusters; agreement with the species {:.3}", x.dims()[0], adjusted_rand_score(&species, &clusters)?);
    println!("correlation of the tree's distances with the flowers' {kept:.3}");

    let picture = dendrogram(&z, &DendrogramParams::new().truncate(Truncate::LastP(24)))?;
    draw(&path, &picture)?;
    println!("the tree: {path}");
    Ok(())
}

/// Draws the lines of a tree, its leaves with their labels.
fn draw(path: &str, tree: &Dendrogram) -> Result<(), Box<dyn std::error::Error>> {
    let top = tree.dcoord.iter().flatten().fold(0.0, |a: f64, &b| a.max(b));
    let root = SVGBackend::new(path, (900, 560)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption("Iris flowers, Ward's method", ("sans-serif", 22))
        .margin(12)
        .x_label_area_size(30)
        .y_label_area_size(48)
        .build_cartesian_2d(0.0..10.0 * tree.leaves.len() as f64, 0.0..1.05 * top)?;
    chart.configure_mesh().disable_x_mesh().disable_x_axis().y_desc("distance").draw()?;
    for ((x, y), color) in tree.icoord.iter().zip(&tree.dcoord).zip(&tree.color_list) {
        // The colours are "C0", "C1" and so on.
        let number: f64 = color[1..].parse()?;
        let line = if number == 0.0 { BLACK.stroke_width(2) } else { HSLColor((0.31 * number).fract(), 0.8, 0.4).stroke_width(2) };
        chart.draw_series([PathElement::new(x.iter().copied().zip(y.iter().copied()).collect::<Vec<_>>(), line)])?;
    }
    let style = ("sans-serif", 13).into_text_style(&root);
    for (i, label) in tree.ivl.iter().enumerate() {
        let (x, y) = chart.backend_coord(&(10.0 * i as f64 + 5.0, 0.0));
        let width = 4 * label.len() as i32;
        root.draw_text(label, &style, (x - width, y + 6))?;
    }
    root.present()?;
    Ok(())
}
