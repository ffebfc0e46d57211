//! Input by the rules of `compare/data.py`. The numbers depend on the seed alone.

use rayon::prelude::*;
use xp::functions::zeros;
use xp::prelude::*;
use xp::{Floating, IntoShape, Num, Result};

/// Vectors, matrices and stacks of xp's default backend.
pub type Vector<T> = Array<Cpu, T, Ix1>;
/// See [`Vector`].
pub type Matrix<T> = Array<Cpu, T, Ix2>;
/// See [`Vector`].
pub type Stack<T> = Array<Cpu, T, Ix3>;

/// Elements that one task draws.
const PART: usize = 1 << 14;

/// A source of arrays; each call draws new numbers.
#[derive(Debug)]
pub struct Source {
    seed: u64,
    device: Cpu,
}

impl Source {
    /// The source for a seed.
    ///
    /// # Errors
    /// When there is no default device.
    pub fn new(seed: u64) -> Result<Self> {
        Ok(Source { seed: mix(seed), device: Cpu::default_device()? })
    }

    /// Independent draws from the standard normal distribution.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn normal<T: Float, S: IntoShape>(&mut self, shape: S) -> Result<Array<Cpu, T, S::Dim>> {
        self.draw(shape, |r| box_muller(r).map(T::from_f64))
    }

    /// Complex numbers with independent standard normal parts.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn complex<C: Floating, S: IntoShape>(&mut self, shape: S) -> Result<Array<Cpu, C, S::Dim>> {
        let one = |r: [u64; 2]| {
            let [re, im] = box_muller(r).map(<C::Real as Num>::from_f64);
            C::from_parts(re, im)
        };
        self.draw(shape, |r| [one(r), one(r.map(mix))])
    }

    /// Independent draws, uniform in `low..high`.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn uniform<T: Float, S: IntoShape>(&mut self, shape: S, low: f64, high: f64) -> Result<Array<Cpu, T, S::Dim>> {
        self.draw(shape, |r| r.map(|bits| T::from_f64(low + (high - low) * unit(bits))))
    }

    /// Integers, uniform in `0..high`.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn integers(&mut self, len: usize, high: usize) -> Result<Vector<i64>> {
        self.draw([len], |r| r.map(|bits| ((u128::from(bits) * high as u128) >> 64) as i64))
    }

    /// `(g + g.T) / 2` of each matrix of a normal stack.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn symmetric<T: Float, S: IntoShape>(&mut self, shape: S) -> Result<Array<Cpu, T, S::Dim>> {
        let g = self.normal::<T, S>(shape)?;
        let turned = g.matrix_transpose()?;
        ((g.lazy() + &turned) * T::from_f64(0.5)).try_eval()?.into_rank()
    }

    /// Labels uniform in `0..classes`, and samples normal around the class's mean, which is normal times 0.5.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn classes<T: Float>(&mut self, n: usize, p: usize, classes: usize) -> Result<(Matrix<T>, Vector<i64>)> {
        let y = self.integers(n, classes)?;
        let means = self.normal::<T, _>([classes, p])? * T::from_f64(0.5);
        Ok((self.around(&means, &y)?, y))
    }

    /// Normal samples, and targets that depend on them linearly, plus 3 and normal noise.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn regression<T: Float>(&mut self, n: usize, p: usize) -> Result<(Matrix<T>, Vector<T>)> {
        let x: Matrix<T> = self.normal([n, p])?;
        let w: Vector<T> = self.normal([p])?;
        let noise: Vector<T> = self.normal([n])?;
        let y = (x.matmul(&w)?.into_lazy() + T::from_f64(3.0) + &noise).try_eval()?;
        Ok((x, y))
    }

    /// Samples normal around one of `centres`, chosen uniformly.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn clusters<T: Float>(&mut self, n: usize, centres: &Matrix<T>) -> Result<Matrix<T>> {
        let which = self.integers(n, centres.dims()[0])?;
        self.around(centres, &which)
    }

    fn around<T: Float>(&mut self, means: &Matrix<T>, which: &Vector<i64>) -> Result<Matrix<T>> {
        let x = self.normal::<T, _>([which.size(), means.dims()[1]])?;
        (x.into_lazy() + means.lazy_rows(which)?).try_eval()
    }

    /// Values made in pairs from two random words each.
    fn draw<T: Element, S: IntoShape>(&mut self, shape: S, pair: impl Fn([u64; 2]) -> [T; 2] + Sync) -> Result<Array<Cpu, T, S::Dim>> {
        self.seed = mix(self.seed);
        let stream = self.seed;
        // In the backend's own memory, as results of other operations are: vectors that arrays adopt lie on small pages.
        let mut x: Array<Cpu, T, S::Dim> = zeros(&self.device, shape)?;
        let values = x.as_mut_slice()?;
        values.par_chunks_mut(PART).enumerate().for_each(|(part, chunk)| {
            for (k, slots) in chunk.chunks_mut(2).enumerate() {
                let counter = 2 * (part * PART / 2 + k) as u64;
                let drawn = pair([mix(stream ^ mix(counter)), mix(stream ^ mix(counter + 1))]);
                slots.copy_from_slice(&drawn[..slots.len()]);
            }
        });
        Ok(x)
    }
}

/// Two independent normal numbers from two uniform ones (Box and Muller 1958).
fn box_muller(r: [u64; 2]) -> [f64; 2] {
    let (radius, angle) = ((-2.0 * (1.0 - unit(r[0])).ln()).sqrt(), std::f64::consts::TAU * unit(r[1]));
    [radius * angle.cos(), radius * angle.sin()]
}

/// A number of `[0, 1)`.
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood 2014): counters go in, random words come out.
fn mix(x: u64) -> u64 {
    let mut z = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_their_moments_and_depend_on_the_seed() -> Result<()> {
        let x = Source::new(7)?.normal::<f64, _>([100_001])?;
        assert!(x.mean(..).item()?.abs() < 0.015 && (x.var(.., 0.0).item()? - 1.0).abs() < 0.03);
        assert_eq!(x.to_vec(), Source::new(7)?.normal::<f64, _>([100_001])?.to_vec());
        assert_ne!(x.to_vec(), Source::new(8)?.normal::<f64, _>([100_001])?.to_vec());
        let u = Source::new(1)?.uniform::<f32, _>([10_000], 0.5, 2.0)?;
        assert!(u.min(..).item()? >= 0.5 && u.max(..).item()? < 2.0 && (u.mean(..).item()? - 1.25).abs() < 0.02);
        let i = Source::new(1)?.integers(10_000, 10)?;
        assert_eq!((i.min(..).item()?, i.max(..).item()?), (0, 9));
        Ok(())
    }

    #[test]
    fn classes_lie_around_their_means() -> Result<()> {
        let (x, y) = Source::new(3)?.classes::<f64>(20_000, 4, 2)?;
        let first = y.equal(0).astype::<f64>();
        let mean = x.t().matmul(&first)? / first.sum(..).item()?;
        let spread = (x.t().matmul(&(1.0 - &first))? / (20_000.0 - first.sum(..).item()?) - &mean).abs().max(..).item()?;
        assert!(spread > 0.1, "{spread}");
        Ok(())
    }
}
