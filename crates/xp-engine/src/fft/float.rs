//! The real dtypes a transform runs in, and accurate roots of unity for them.

use num_complex::Complex;

use super::functions::Transforms;

/// A real dtype with transforms: `f32` or `f64`.
pub trait FftFloat: bytemuck::Pod + sealed::Sealed {
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// One half.
    const HALF: Self;
    /// Rounds a double to this dtype.
    fn of_f64(x: f64) -> Self;
    #[doc(hidden)]
    fn transforms() -> &'static Transforms<Self>;
}

mod sealed {
    #[cfg(target_arch = "x86_64")]
    use {super::super::stockham::Vector, std::arch::x86_64::*};

    pub trait Sealed: rustfft::FftNum {
        /// The widest register, and one of eight reals.
        #[cfg(target_arch = "x86_64")]
        type Wide: Vector<Real = Self>;
        #[cfg(target_arch = "x86_64")]
        type Narrow: Vector<Real = Self>;
    }

    impl Sealed for f32 {
        #[cfg(target_arch = "x86_64")]
        type Wide = __m512;
        #[cfg(target_arch = "x86_64")]
        type Narrow = __m256;
    }

    impl Sealed for f64 {
        #[cfg(target_arch = "x86_64")]
        type Wide = __m512d;
        #[cfg(target_arch = "x86_64")]
        type Narrow = __m512d;
    }
}

impl FftFloat for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const HALF: Self = 0.5;
    fn of_f64(x: f64) -> Self {
        x as f32
    }
    fn transforms() -> &'static Transforms<Self> {
        static TABLE: Transforms<f32> = Transforms::HERE;
        &TABLE
    }
}

impl FftFloat for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const HALF: Self = 0.5;
    fn of_f64(x: f64) -> Self {
        x
    }
    fn transforms() -> &'static Transforms<Self> {
        static TABLE: Transforms<f64> = Transforms::HERE;
        &TABLE
    }
}

/// `exp(-2 pi i k / n)`. The angle is first reduced to an octant in integers, so that it is
/// rounded once, at a magnitude of at most `pi / 4`.
pub(super) fn unit_root<T: FftFloat>(k: u64, n: u64) -> Complex<T> {
    let mut a = 8 * u128::from(k % n);
    let n = u128::from(n);
    let (mut sin_sign, mut cos_sign, mut swap) = (-1.0, 1.0, false);
    if a > 4 * n {
        a = 8 * n - a;
        sin_sign = 1.0;
    }
    if a > 2 * n {
        a = 4 * n - a;
        cos_sign = -1.0;
    }
    if a > n {
        a = 2 * n - a;
        swap = true;
    }
    let theta = std::f64::consts::PI * (a as f64) / ((4 * n) as f64);
    let (mut sin, mut cos) = theta.sin_cos();
    if swap {
        std::mem::swap(&mut sin, &mut cos);
    }
    Complex::new(T::of_f64(cos_sign * cos), T::of_f64(sin_sign * sin))
}

/// The `n`-th roots of unity as products of two entries of short tables: `2 sqrt(n)` numbers
/// instead of `n`, one extra rounding.
pub(super) struct Roots<T> {
    low: Vec<Complex<T>>,
    high: Vec<Complex<T>>,
    shift: u32,
}

impl<T: FftFloat> Roots<T> {
    /// Tables for `exp(-2 pi i k / n)`, `k < n`; conjugated when `conj`.
    pub(super) fn new(n: usize, conj: bool) -> Self {
        let shift = n.max(2).ilog2().div_ceil(2);
        let entry = |k: usize| {
            let w = unit_root(k as u64, n as u64);
            if conj { w.conj() } else { w }
        };
        let step = 1usize << shift;
        Self { low: (0..step).map(entry).collect(), high: (0..=n / step).map(|hi| entry(hi * step)).collect(), shift }
    }

    /// The `k`-th root, `k < n`.
    #[inline(always)]
    pub(super) fn get(&self, k: usize) -> Complex<T> {
        self.high[k >> self.shift] * self.low[k & ((1 << self.shift) - 1)]
    }

    /// Numbers held.
    pub(super) fn len(&self) -> usize {
        self.low.len() + self.high.len()
    }
}
