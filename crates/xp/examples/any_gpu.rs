//! A classifier, a mixture of normal densities and a smoothed picture on any GPU with Vulkan, beside the same ones on the CPU:
//!
//!     cargo run --release --features wgpu --example any_gpu
//!
//! `XP_WGPU_ADAPTER` names another adapter than the first. These devices have no `float64`: the program works in `float32`.

use xp::fft::{self, Fft, fftfreq, irfft2_with, rfft2_with, rfftfreq};
use xp::models::datasets::load_iris;
use xp::models::discriminant_analysis::LinearDiscriminantAnalysis;
use xp::models::mixture::GaussianMixture;
use xp::prelude::*;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    println!("adapters: {:?}", Wgpu::adapters());
    let gpu = Wgpu::default_device()?;
    println!("on {}, the largest differences from the CPU's:", gpu.adapter());
    for (what, there, here) in [
        ("probabilities of the classifier", probabilities(&gpu)?, probabilities(&Cpu)?),
        ("means of the mixture", means(&gpu)?, means(&Cpu)?),
        ("pixels of the picture", smoothed(&gpu)?, smoothed(&Cpu)?),
    ] {
        let difference = there.iter().zip(&here).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        println!("{what:32} {difference:.1e}");
    }
    Ok(())
}

/// The probabilities of all flowers, fitted on a device; the same source for every backend.
fn probabilities<B: Linalg<f32>>(device: &B) -> Result<Vec<f32>, Failure> {
    let (x, y) = load_iris::<_, f32>(device)?;
    let lda = LinearDiscriminantAnalysis::params().fit(&x, &y)?;
    println!("accuracy {:.3} on `{}`", lda.score(&x, &y)?, B::NAME);
    Ok(lda.predict_proba(&x)?.to_host()?)
}

/// The means of three normal densities, in the order of their first features.
fn means<B: Linalg<f32>>(device: &B) -> Result<Vec<f32>, Failure> {
    let (x, _) = load_iris::<_, f32>(device)?;
    let mixture = GaussianMixture::params().n_components(3).seed(1).fit(&x)?;
    let means = mixture.means();
    let order = means.slice(s![.., 0])?.argsort(0, Ascending)?;
    Ok(means.take(&order, 0)?.to_host()?)
}

/// A chequered picture without its high frequencies.
fn smoothed<B: Fft<f32>>(device: &B) -> Result<Vec<f32>, Failure> {
    let [rows, cols] = [96, 144];
    let squares: Vec<f32> = (0..rows * cols).map(|k| ((k / cols / 8 + k % cols / 8) % 2) as f32).collect();
    let spectrum = rfft2_with(Array::from_vec(device, squares, [rows, cols])?, fft::axes([0, 1]))?;
    let down = fftfreq(device, rows, 1.0f32)?.reshape([rows, 1])?;
    let across = rfftfreq(device, cols, 1.0f32)?;
    let low = (down.lazy().square() + across.lazy().square()).less_equal(0.01f32);
    let kept = (spectrum.into_lazy() * low.astype::<f32>()).try_eval()?;
    Ok(irfft2_with(kept, fft::axes([0, 1]).s([rows, cols]))?.to_host()?)
}
