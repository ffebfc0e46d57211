//! Tables of roots of unity and of chirps, computed in `f64` and rounded once, which a device keeps.

use std::sync::Mutex;

use num_complex::Complex;
use xp_core::{Error, Result};

use crate::device::{Device, lock};
use crate::memory;

/// Tables that a device keeps; the one that was not used for longest goes first.
const MOST: usize = 16;

/// What a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    /// `exp(2 pi i k / n)` for `k` below `count`.
    Roots { n: usize, count: usize },
    /// `exp(pi i k^2 / n)` for `k` below `n`.
    Chirp { n: usize },
    /// The transform of length `m` of that chirp, continued to both sides of zero.
    Filter { n: usize, m: usize },
}

/// The tables of a device that were used last. They are no [`memory::Memory`], which holds the device.
#[derive(Default)]
pub(crate) struct Tables(Mutex<Vec<(Table, wgpu::Buffer)>>);

/// `exp(pi i k^2 / n)`; the square is reduced before it is rounded.
pub(super) fn chirp(k: usize, n: usize) -> Complex<f64> {
    let square = (k as u128 * k as u128 % (2 * n as u128)) as f64;
    Complex::cis(std::f64::consts::PI * square / n as f64)
}

/// The words of complex numbers in `float32`.
pub(super) fn words(values: impl Iterator<Item = Complex<f64>>) -> Vec<u32> {
    values.flat_map(|z| [(z.re as f32).to_bits(), (z.im as f32).to_bits()]).collect()
}

impl Device {
    /// A table, which `fill` fills when it is not there: it gets memory for this many numbers.
    pub(super) fn table(&self, table: Table, numbers: usize, fill: impl FnOnce(&wgpu::Buffer) -> Result<()>) -> Result<wgpu::Buffer> {
        let kept = &self.0.tables.0;
        {
            let mut kept = lock(kept);
            if let Some(place) = kept.iter().position(|(k, _)| *k == table) {
                let found = kept.remove(place);
                let buffer = found.1.clone();
                kept.push(found);
                return Ok(buffer);
            }
        }
        let bytes = numbers as u64 * 8;
        let buffer = memory::create(self, bytes).ok_or_else(|| {
            lock(kept).clear();
            Error::out_of_memory(self, bytes as usize)
        })?;
        fill(&buffer)?;
        let mut kept = lock(kept);
        if kept.len() == MOST {
            kept.remove(0);
        }
        kept.push((table, buffer.clone()));
        Ok(buffer)
    }

    /// Roots of unity.
    pub(super) fn roots(&self, n: usize, count: usize) -> Result<wgpu::Buffer> {
        self.table(Table::Roots { n, count }, count, |to| {
            let root = |k: usize| Complex::cis(std::f64::consts::TAU * k as f64 / n as f64);
            self.write(bytemuck::cast_slice(&words((0..count).map(root))), to);
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::chirp;

    #[test]
    fn chirps_are_exact_for_long_lanes() {
        // k^2 = 2 n + 1 for k = n + 1 where n is even: exp(pi i (n + 2 + 1 / n)).
        let n = 1 << 24;
        let expected = num_complex::Complex::cis(std::f64::consts::PI / n as f64);
        assert!((chirp(n + 1, n) - expected).norm() < 1e-15);
        assert!((chirp(3, 5) - num_complex::Complex::cis(std::f64::consts::PI * 9.0 / 5.0)).norm() < 1e-15);
    }
}
