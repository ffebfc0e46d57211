//! Smooths a photograph by leaving out its high spatial frequencies, and saves it before and after.
//!
//!     cargo run --release --example smooth [OUTPUT_FOLDER]
//!
//! `smooth` names no device: the features of the crate choose it; with `wgpu` it is any GPU with Vulkan.

use std::fs::File;
use std::io::{BufWriter, Cursor};
use std::path::Path;
use std::time::Instant;

use xp::fft::{self, Fft, fftfreq, irfft2_with, rfft2_with, rfftfreq};
use xp::prelude::*;

/// The image without frequencies above `cutoff` cycles per pixel. The last axis holds colours.
fn smooth<B: Fft<T>, T: Float>(image: &Array<B, T, Ix3>, cutoff: T) -> xp::Result<Array<B, T, Ix3>> {
    let [rows, cols, _] = image.shape();
    let plane = fft::axes([0, 1]);
    let spectrum = rfft2_with(image, plane.clone())?;
    let down = fftfreq(image.device(), rows, T::ONE)?.reshape([rows, 1, 1])?;
    let across = rfftfreq(image.device(), cols, T::ONE)?.reshape([cols / 2 + 1, 1])?;
    let low = (down.lazy().square() + across.lazy().square()).less_equal(cutoff * cutoff);
    let kept = (spectrum.into_lazy() * low.astype::<T>()).try_eval()?; // one pass, in the memory of the spectrum
    irfft2_with(kept, plane.s([rows, cols]))
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    #[cfg(feature = "wgpu")]
    let device = Wgpu::default_device()?;
    #[cfg(not(feature = "wgpu"))]
    let device = DefaultBackend::default_device()?;
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    let photograph = read(&device, include_bytes!("data/china.png"))?;
    let image = photograph.astype::<f32>();
    let start = Instant::now();
    let smoothed = smooth(&image, 0.06)?;
    smoothed.device().synchronize()?;
    println!("{:?} pixels and colours smoothed on {device} in {:.2} ms", image.shape(), 1e3 * start.elapsed().as_secs_f64());
    println!("mean {:.3} before, {:.3} after", image.mean(..).item()?, smoothed.mean(..).item()?);
    println!("standard deviation {:.3} before, {:.3} after", image.std(.., 0.0).item()?, smoothed.std(.., 0.0).item()?);
    let smoothed = smoothed.into_lazy().round().maximum(0.0).minimum(255.0).astype::<u8>().try_eval()?;
    for (name, image) in [("smooth-before.png", &photograph), ("smooth-after.png", &smoothed)] {
        let path = Path::new(&folder).join(name);
        write(&path, image)?;
        println!("{}", path.display());
    }
    Ok(())
}

/// An RGB image of 8 bits per colour: rows, columns, colours.
fn read<B: Backend>(device: &B, file: &[u8]) -> Result<Array<B, u8, Ix3>, Box<dyn std::error::Error>> {
    let mut reader = png::Decoder::new(Cursor::new(file)).read_info()?;
    let mut pixels = vec![0; reader.output_buffer_size().ok_or("the image is too large")?];
    let frame = reader.next_frame(&mut pixels)?;
    if (frame.color_type, frame.bit_depth) != (png::ColorType::Rgb, png::BitDepth::Eight) {
        return Err("an RGB image of 8 bits per colour is expected".into());
    }
    pixels.truncate(frame.buffer_size());
    Ok(Array::from_vec(device, pixels, [frame.height as usize, frame.width as usize, 3])?)
}

/// Writes such an image.
fn write<B: Backend>(path: &Path, image: &Array<B, u8, Ix3>) -> Result<(), Box<dyn std::error::Error>> {
    let [rows, cols, _] = image.shape();
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(path)?), u32::try_from(cols)?, u32::try_from(rows)?);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(&image.to_host()?)?;
    Ok(())
}
