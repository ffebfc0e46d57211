//! What measurements on a device work on: operands of the same bits in every library, and averages of results, so that times of different
//! work cannot pass for a comparison.

use std::cell::Cell;

use xp_core::functions::arange;
use xp_core::{Array, Backend, Dim, Float, Floating, IntoShape, Ix1, Ix3, Real, Result};
use xp_fft::{Fft, axes, fftfreq, irfft2_with, rfft2_with, rfftfreq};

/// Operands on a device, and what they sum to.
pub struct Operands<B> {
    /// Where they are.
    pub device: B,
    input: Cell<u64>,
}

impl<B: Backend> Operands<B> {
    /// Of a device.
    pub fn new(device: B) -> Self {
        Operands { device, input: Cell::new(0) }
    }

    /// Begins the operands of the next job.
    pub fn begin(&self) {
        self.input.set(0);
    }

    /// The exact sum of the integers that the operands of this job are made of.
    pub fn input(&self) -> u64 {
        self.input.get()
    }

    /// Numbers in `[-1, 1)` that look random: multiples of 2^-23 or 2^-52, so that they are the same bits in every library.
    ///
    /// # Errors
    /// Those of the device.
    pub fn noise<T: Float, S: IntoShape>(&self, seed: u64, shape: S) -> Result<Array<B, T, S::Dim>> {
        let shape = shape.into_shape();
        let digits: u64 = if T::DTYPE == xp_core::DType::F32 { 24 } else { 53 };
        let half = 1i64 << (digits - 1);
        let bits = self.hash(seed, shape.as_ref().iter().product())?;
        let k = ((bits.lazy() >> (64 - digits)).astype::<i64>() - half).try_eval()?;
        self.input.set(self.input.get().wrapping_add(k.lazy().sum(..).try_eval()?.item()? as u64));
        (k.lazy().astype::<T>() * T::from_f64(1.0 / half as f64)).try_eval()?.into_dyn().reshape(shape.as_ref().to_vec())?.into_rank()
    }

    /// Steele, Lea and Flood's SplitMix64 of the first positions ("Fast splittable pseudorandom number generators", 2014).
    ///
    /// # Errors
    /// Those of the device.
    pub fn hash(&self, seed: u64, n: usize) -> Result<Array<B, u64, Ix1>> {
        let position = arange(&self.device, 1, 1 + n as i64, 1i64)?;
        let z = ((position.lazy().astype::<u64>() + (seed << 40)) * 0x9e37_79b9_7f4a_7c15u64).try_eval()?;
        let z = ((z.lazy() ^ (z.lazy() >> 30u64)) * 0xbf58_476d_1ce4_e5b9u64).try_eval()?;
        let z = ((z.lazy() ^ (z.lazy() >> 27u64)) * 0x94d0_49bb_1331_11ebu64).try_eval()?;
        (z.lazy() ^ (z.lazy() >> 31u64)).try_eval()
    }

    /// The average of the magnitudes of the first elements, which weigh 1 to 7 by turns, so that their order matters.
    ///
    /// # Errors
    /// Those of the device.
    pub fn average<T: Floating, D: Dim>(&self, x: &Array<B, T, D>) -> Result<f64> {
        let n = x.size().min(1 << 20);
        let first = x.clone().into_dyn().reshape(vec![x.size()])?.slice_axis(0, ..n)?;
        let weights = (arange(&self.device, 0, n as i64, 1i64)?.lazy() % 7i64 + 1i64).astype::<B::MaxFloat>().try_eval()?;
        let mean = (first.lazy().abs().astype::<B::MaxFloat>() * &weights.into_dyn()).mean(..).try_eval()?;
        Ok(mean.item()?.to_f64())
    }
}

/// The image without frequencies above `cutoff` cycles per pixel, as in the example `smooth` of `xp-array`.
///
/// # Errors
/// Those of the device.
pub fn smooth<B: Fft<f32>>(image: &Array<B, f32, Ix3>, cutoff: f32) -> Result<Array<B, f32, Ix3>> {
    let [rows, cols, _] = image.shape();
    let plane = axes([0, 1]);
    let spectrum = rfft2_with(image, plane.clone())?;
    let down = fftfreq(image.device(), rows, 1f32)?.reshape([rows, 1, 1])?;
    let across = rfftfreq(image.device(), cols, 1f32)?.reshape([cols / 2 + 1, 1])?;
    let low = (down.lazy().square() + across.lazy().square()).less_equal(cutoff * cutoff);
    let kept = (spectrum.into_lazy() * low.astype::<f32>()).try_eval()?;
    irfft2_with(kept, plane.s([rows, cols]))
}
