//! Random numbers by position: the same on every backend, whatever the number of threads.
//!
//! A draw is a function of the seed, of how many draws the generator has made before, and of the position of each element,
//! by the counter-based generator Philox 4x32-10 ([`philox4x32`](crate::ops::philox4x32)). Bits, uniform numbers, integers
//! and permutations are the same bit for bit on every backend; normal numbers are, up to the rounding of its functions.

use crate::array::Array;
use crate::backend::Backend;
use crate::dim::{Dim, DimBase, IntoShape, Ix1};
use crate::dtype::{DType, Float, Integer};
use crate::error::{Error, Result};
use crate::expr::{Expr, Iota, Lazy, Scalar};
use crate::extra::top_k;
use crate::ops::{MultiplyHigh, RandomBits, RandomBitsHigh, TernaryOp};
use crate::shape::{contiguous_strides, size_of_shape};
use crate::sorting::{Ascending, Side, searchsorted};

/// Whether what was drawn may be drawn again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// It may.
    With,
    /// It may not: all are different.
    Without,
}

/// A source of random numbers. Two with the same seed give the same numbers to the same calls.
///
/// ```
/// use xp::prelude::*;
/// use xp::random::Generator;
/// let mut rng = Generator::new(7);
/// let x: Array<Cpu, f64, _> = rng.uniform(&Cpu, [1000])?;
/// assert!(x.min(0).item()? >= 0.0 && x.max(0).item()? < 1.0 && (x.mean(0).item()? - 0.5).abs() < 0.05);
/// assert_eq!(Generator::new(7).uniform::<_, f64, _>(&Cpu, [1000])?.to_vec(), x.to_vec());
/// assert_ne!(rng.uniform::<_, f64, _>(&Cpu, [1000])?.to_vec(), x.to_vec());
/// # Ok::<(), xp::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generator {
    key: u64,
    stream: u64,
}

impl Generator {
    /// The generator that belongs to a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Generator { key: seed, stream: 0 }
    }

    /// A generator whose numbers are independent of this one's: for a part of a program that draws by itself.
    #[must_use]
    pub fn spawn(&mut self) -> Generator {
        let [a, b, ..] = crate::ops::philox4x32([self.stream as u32, (self.stream >> 32) as u32, u32::MAX, u32::MAX], self.words());
        self.stream += 1;
        Generator { key: u64::from(b) << 32 | u64::from(a), stream: 0 }
    }

    fn words(&self) -> [u32; 2] {
        [self.key as u32, (self.key >> 32) as u32]
    }

    /// Random 64-bit numbers, as a lazy expression.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Rank`].
    pub fn lazy_bits<B: Backend, S: IntoShape>(
        &mut self,
        device: &B,
        shape: S,
    ) -> Result<Lazy<impl Expr<Backend = B, Elem = u64, Dim = S::Dim> + use<B, S>>> {
        let position = self.positions::<B, S>(device, shape.into_shape())?;
        let draw = self.draw();
        Ok(bits(RandomBits, position, draw))
    }

    /// Uniform numbers in `[0, 1)`, with as many random bits as the dtype has digits, as a lazy expression, which is one
    /// loop with what follows.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Rank`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// let noise = xp::random::Generator::new(1).lazy_uniform::<_, f64, _>(&Cpu, [3])?;
    /// let y = (array![1.0, 2.0, 3.0].lazy() + noise).eval();
    /// assert_eq!(y.floor().to_vec(), [1.0, 2.0, 3.0]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn lazy_uniform<B: Backend, T: Float, S: IntoShape>(
        &mut self,
        device: &B,
        shape: S,
    ) -> Result<Lazy<impl Expr<Backend = B, Elem = T, Dim = S::Dim> + use<B, T, S>>> {
        Ok(unit_interval::<T, _>(self.lazy_bits(device, shape)?))
    }

    /// Uniform numbers in `[0, 1)`.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Rank`], [`Error::OutOfMemory`], [`Error::UnsupportedDType`].
    pub fn uniform<B: Backend, T: Float, S: IntoShape>(&mut self, device: &B, shape: S) -> Result<Array<B, T, S::Dim>> {
        self.lazy_uniform(device, shape)?.try_eval()
    }

    /// Uniform numbers in `[low, high)`; rounding may reach `high`.
    ///
    /// # Errors
    /// As for [`Generator::uniform`], [`Error::Value`] when a limit is not finite, or `high < low`.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = xp::random::Generator::new(3).uniform_between(&Cpu, -2.0_f64, 2.0, [500])?;
    /// assert!(x.min(0).item()? < -1.9 && x.max(0).item()? > 1.9 && x.abs().max(0).item()? <= 2.0);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn uniform_between<B: Backend, T: Float, S: IntoShape>(&mut self, device: &B, low: T, high: T, shape: S) -> Result<Array<B, T, S::Dim>> {
        if !(low.is_finite() && high.is_finite() && low <= high) {
            return Err(Error::value("uniform", format!("low {low} and high {high} given: they must be finite and in order")));
        }
        if !(high - low).is_finite() {
            return Err(Error::value("uniform", format!("low {low} and high {high} given: their difference overflows")));
        }
        (self.lazy_uniform::<B, T, S>(device, shape)? * (high - low) + low).try_eval()
    }

    /// Normal numbers of mean 0 and variance 1, by the transformation of Box and Muller (1958).
    ///
    /// # Errors
    /// As for [`Generator::uniform`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x: Array<Cpu, f64, _> = xp::random::Generator::new(3).normal(&Cpu, [10_000])?;
    /// assert!(x.mean(0).item()?.abs() < 0.05 && (x.std(0, 0.0).item()? - 1.0).abs() < 0.05);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn normal<B: Backend, T: Float, S: IntoShape>(&mut self, device: &B, shape: S) -> Result<Array<B, T, S::Dim>> {
        self.lazy_normal(device, shape)?.try_eval()
    }

    /// [`Generator::normal`] as a lazy expression.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Rank`].
    pub fn lazy_normal<B: Backend, T: Float, S: IntoShape>(
        &mut self,
        device: &B,
        shape: S,
    ) -> Result<Lazy<impl Expr<Backend = B, Elem = T, Dim = S::Dim> + use<B, T, S>>> {
        let shape = shape.into_shape();
        let (first, second) = (self.positions::<B, S>(device, shape.clone())?, self.positions::<B, S>(device, shape)?);
        let draw = self.draw();
        // 1 - u is in (0, 1], where the logarithm is finite.
        let radius = (unit_interval::<T, _>(bits(RandomBits, first, draw)).negative().log1p() * T::from_f64(-2.0)).sqrt();
        let angle = unit_interval::<T, _>(bits(RandomBitsHigh, second, draw)) * T::from_f64(core::f64::consts::TAU);
        Ok(radius * angle.cos())
    }

    /// Integers of `low..high`, all equally probable (to one part in 2^64).
    ///
    /// # Errors
    /// As for [`Generator::uniform`], [`Error::Value`] for an empty range.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let x = xp::random::Generator::new(5).integers(&Cpu, -1_i8, 2, [300])?;
    /// assert_eq!(unique_values(&x)?.to_vec(), [-1, 0, 1]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn integers<B: Backend, T: Integer, S: IntoShape>(&mut self, device: &B, low: T, high: T, shape: S) -> Result<Array<B, T, S::Dim>> {
        if low >= high {
            return Err(Error::value("integers", format!("the range {low}..{high} given: it is empty")));
        }
        let (start, range) = (low.to_i64() as u64, (high.to_i64() as u64).wrapping_sub(low.to_i64() as u64));
        let shape = shape.into_shape();
        let (first, second) = (self.positions::<B, S>(device, shape.clone())?, self.positions::<B, S>(device, shape)?);
        let draw = self.draw();
        // The integer part of a number of 128 random bits below 1, times the range.
        let upper = bits(RandomBits, first, draw).try_eval()?;
        let low_product = (upper.lazy() * range).try_eval()?;
        let below = bits(RandomBitsHigh, second, draw).apply2(MultiplyHigh, range);
        let carry = (below + &low_product).less(&low_product).astype::<u64>();
        (upper.lazy().apply2(MultiplyHigh, range) + carry + start).astype::<T>().try_eval()?.into_dyn().into_rank()
    }

    /// The numbers `0..n` in random order.
    ///
    /// # Errors
    /// As for [`Generator::uniform`].
    ///
    /// ```
    /// use xp::prelude::*;
    /// let order = xp::random::Generator::new(5).permutation(&Cpu, 100)?;
    /// assert_eq!(order.sort(0, Ascending)?.to_vec(), (0..100).collect::<Vec<i64>>());
    /// assert_ne!(order.to_vec(), (0..100).collect::<Vec<i64>>());
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn permutation<B: Backend>(&mut self, device: &B, n: usize) -> Result<Array<B, i64, Ix1>> {
        self.lazy_bits(device, [n])?.try_eval()?.argsort(0, Ascending)
    }

    /// Puts the elements of a slice of the host into random order: element `i` becomes the one at position `i` of the
    /// [`permutation`](Generator::permutation) that the same generator would give.
    ///
    /// ```
    /// use xp::prelude::*;
    /// let mut letters = ['a', 'b', 'c', 'd', 'e'];
    /// xp::random::Generator::new(5).shuffle(&mut letters);
    /// let order = xp::random::Generator::new(5).permutation(&Cpu, 5)?;
    /// assert_eq!(letters.map(|c| c as i64 - 'a' as i64).to_vec(), order.to_vec());
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn shuffle<T: Clone>(&mut self, values: &mut [T]) {
        let [key, stream] = self.draw();
        let mut order: Vec<(u64, usize)> = (0..values.len()).map(|i| (RandomBits.apply::<crate::math::Baseline>(i as i64, key, stream), i)).collect();
        order.sort_unstable();
        let shuffled: Vec<T> = order.into_iter().map(|(_, i)| values[i].clone()).collect();
        values.clone_from_slice(&shuffled);
    }

    /// `size` of the numbers `0..n`: all different, or any of them with replacement.
    ///
    /// # Errors
    /// As for [`Generator::uniform`], [`Error::Value`] when there are too few numbers.
    ///
    /// ```
    /// use xp::prelude::*;
    /// use xp::random::{Generator, Replacement};
    /// let some = Generator::new(5).choice(&Cpu, 10, 4, Replacement::Without)?;
    /// assert_eq!(unique_values(&some)?.size(), 4);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn choice<B: Backend>(&mut self, device: &B, n: usize, size: usize, replacement: Replacement) -> Result<Array<B, i64, Ix1>> {
        let replace = replacement == Replacement::With;
        enough("choice", n, size, replace)?;
        if replace && size > 0 {
            return self.integers(device, 0, n as i64, [size]);
        }
        self.permutation(device, n)?.slice_axis(0, ..size)
    }

    /// `size` positions of `weights`, each chosen with a probability proportional to its weight: with replacement, or else
    /// one after the other among those that are left (Efraimidis and Spirakis, "Weighted random sampling with a reservoir",
    /// 2006).
    ///
    /// # Errors
    /// As for [`Generator::uniform`], [`Error::Value`] when a weight is negative or not finite, or when too few are positive.
    ///
    /// ```
    /// use xp::prelude::*;
    /// use xp::random::{Generator, Replacement};
    /// let some = Generator::new(5).choice_weighted(&array![0.0, 2.0, 1.0], 2, Replacement::Without)?;
    /// assert_eq!(some.sort(0, Ascending)?.to_vec(), [1, 2]);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn choice_weighted<B: Backend, T: Float>(
        &mut self,
        weights: &Array<B, T, Ix1>,
        size: usize,
        replacement: Replacement,
    ) -> Result<Array<B, i64, Ix1>> {
        let replace = replacement == Replacement::With;
        let device = weights.device();
        if !weights.lazy().greater_equal(T::ZERO).logical_and(weights.lazy().isfinite()).all(..).try_eval()?.item()? {
            return Err(Error::value("choice: weights", "a weight that is negative, infinite or NaN given"));
        }
        enough("choice: positive weights", weights.lazy().count_nonzero(..).try_eval()?.item()? as usize, size, replace)?;
        if replace {
            if size == 0 {
                return Array::from_vec(device, vec![], [0]);
            }
            let ends = weights.cumulative_sum(0)?.lazy().astype::<T>().try_eval()?;
            let at = (self.lazy_uniform::<B, T, _>(device, [size])? * ends.get([-1])?).try_eval()?;
            // Rounding may reach the end, behind which there is nothing.
            let found = searchsorted(&ends, &at, Side::Right)?;
            let last = weights.not_equal(T::ZERO).nonzero()?[0].get([-1])?;
            return found.lazy().minimum(last).try_eval();
        }
        // The first `size` arrivals of processes with these rates. A weight of 0 never arrives.
        let times = (self.lazy_uniform::<B, T, _>(device, [weights.size()])?.negative().log1p().negative() / weights).try_eval()?;
        let times = weights.lazy().equal(T::ZERO).where_(T::INFINITY, &times).try_eval()?;
        Ok(top_k(&times, size, 0, Ascending)?.1)
    }

    /// The key and the stream of the next draw.
    fn draw(&mut self) -> [u64; 2] {
        self.stream += 1;
        [self.key, self.stream - 1]
    }

    /// The row-major positions of a shape.
    fn positions<B: Backend, S: IntoShape>(&self, device: &B, shape: <S::Dim as DimBase>::Shape) -> Result<Iota<B, S::Dim>> {
        size_of_shape(shape.as_ref())?;
        let strides = contiguous_strides::<S::Dim>(&shape);
        Iota::new(device, shape, 0, strides)
    }
}

fn enough(what: &'static str, n: usize, size: usize, replace: bool) -> Result<()> {
    if (n == 0 && size > 0) || (!replace && size > n) {
        return Err(Error::value(what, format!("{size} wanted of {n}, {} replacement", if replace { "with" } else { "without" })));
    }
    Ok(())
}

/// Bits of the positions for a key and a stream.
fn bits<Op: TernaryOp<i64, u64>, B: Backend, D: Dim>(
    op: Op,
    positions: Iota<B, D>,
    [key, stream]: [u64; 2],
) -> Lazy<impl Expr<Backend = B, Elem = u64, Dim = D> + use<Op, B, D>> {
    Lazy::new(positions).apply3(op, Scalar::<B, u64, D>::new(key), Scalar::<B, u64, D>::new(stream))
}

/// The leading bits as a number in `[0, 1)`: as many as the dtype has digits, so that none is rounded to 1.
fn unit_interval<T: Float, E: Expr<Elem = u64>>(bits: Lazy<E>) -> Lazy<impl Expr<Backend = E::Backend, Elem = T, Dim = E::Dim>> {
    let digits = match T::DTYPE {
        DType::F64 => 53,
        DType::F32 => 24,
        DType::F16 => 11,
        _ => 8,
    };
    bits.bitwise_right_shift(64 - digits as u64).astype::<T>() * T::from_f64(0.5f64.powi(digits))
}
