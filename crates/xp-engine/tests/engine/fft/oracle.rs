//! The definitions of the transforms, and tools to compare with them.

use std::f64::consts::PI;
use std::mem::MaybeUninit;

use num_complex::Complex;

use xp_engine::fft::{FftFloat, Trig, TrigFamily, TrigType};

pub type C64 = Complex<f64>;

/// The dtypes under test.
pub trait TestFloat: FftFloat {
    const EPS: f64;
    const NAME: &'static str;
    fn wide(self) -> f64;
}

impl TestFloat for f32 {
    const EPS: f64 = f32::EPSILON as f64;
    const NAME: &'static str = "f32";
    fn wide(self) -> f64 {
        f64::from(self)
    }
}

impl TestFloat for f64 {
    const EPS: f64 = f64::EPSILON;
    const NAME: &'static str = "f64";
    fn wide(self) -> f64 {
        self
    }
}

/// A sum that keeps the rounding errors of its additions (Neumaier).
#[derive(Default)]
struct Sum {
    sum: f64,
    rest: f64,
}

impl Sum {
    fn add(&mut self, x: f64) {
        let t = self.sum + x;
        self.rest += if self.sum.abs() >= x.abs() { (self.sum - t) + x } else { (x - t) + self.sum };
        self.sum = t;
    }

    fn value(&self) -> f64 {
        self.sum + self.rest
    }
}

/// Bin `k` of the transform of `x`; `sign` is that of the exponent.
pub fn bin(x: &[C64], k: usize, sign: f64) -> C64 {
    let n = x.len();
    let (mut re, mut im) = (Sum::default(), Sum::default());
    for (j, z) in x.iter().enumerate() {
        let turn = (j as u128 * k as u128 % n as u128) as f64 / n as f64;
        let (sin, cos) = (2.0 * PI * turn).sin_cos();
        let sin = sign * sin;
        re.add(z.re * cos);
        re.add(-z.im * sin);
        im.add(z.re * sin);
        im.add(z.im * cos);
    }
    C64::new(re.value(), im.value())
}

/// The transform of `x`.
pub fn dft(x: &[C64], sign: f64) -> Vec<C64> {
    (0..x.len()).map(|k| bin(x, k, sign)).collect()
}

/// Element `k` of an unnormalised cosine or sine transform, from its definition.
pub fn trig_bin(x: &[f64], k: usize, trig: Trig) -> f64 {
    let (n, one) = (x.len(), trig.family == TrigFamily::Cosine);
    // The kernel is cos or sin of (pi / 4 n') * a * b with integers a and b.
    let (period, a): (usize, usize) = match (trig.kind, one) {
        (TrigType::I, true) => (n - 1, 2 * k),
        (TrigType::I, false) => (n + 1, 2 * (k + 1)),
        (TrigType::II, true) => (n, 2 * k),
        (TrigType::II, false) => (n, 2 * (k + 1)),
        (TrigType::III | TrigType::IV, _) => (n, 2 * k + 1),
    };
    let mut sum = Sum::default();
    for (j, &v) in x.iter().enumerate() {
        let b = match (trig.kind, one) {
            (TrigType::I | TrigType::III, true) => 2 * j,
            (TrigType::I | TrigType::III, false) => 2 * (j + 1),
            (TrigType::II | TrigType::IV, _) => 2 * j + 1,
        };
        let turn = (a as u128 * b as u128 % (8 * period as u128)) as f64 / (8 * period) as f64;
        let kernel = if one { (2.0 * PI * turn).cos() } else { (2.0 * PI * turn).sin() };
        let single = match (trig.kind, one) {
            (TrigType::I, true) => j == 0 || j == n - 1,
            (TrigType::III, true) => j == 0,
            (TrigType::III, false) => j == n - 1,
            _ => false,
        };
        sum.add(if single { v * kernel } else { 2.0 * v * kernel });
    }
    sum.value()
}

/// The whole transform, with SciPy's `orthogonalize`.
pub fn trig(x: &[f64], trig: Trig) -> Vec<f64> {
    let (n, mut x) = (x.len(), x.to_vec());
    let last = n - 1;
    let root = std::f64::consts::SQRT_2;
    let (mut before, mut after): (Vec<usize>, Vec<usize>) = (vec![], vec![]);
    if trig.orthogonalize {
        match (trig.kind, trig.family) {
            (TrigType::I, TrigFamily::Cosine) => (before, after) = (vec![0, last], vec![0, last]),
            (TrigType::II, TrigFamily::Cosine) => after = vec![0],
            (TrigType::II, TrigFamily::Sine) => after = vec![last],
            (TrigType::III, TrigFamily::Cosine) => before = vec![0],
            (TrigType::III, TrigFamily::Sine) => before = vec![last],
            _ => {}
        }
    }
    before.into_iter().for_each(|i| x[i] *= root);
    let mut y: Vec<f64> = (0..n).map(|k| trig_bin(&x, k, trig)).collect();
    after.into_iter().for_each(|i| y[i] /= root);
    y
}

/// Relative distance in the Euclidean norm.
pub fn distance(got: &[C64], want: &[C64]) -> f64 {
    assert_eq!(got.len(), want.len());
    let far: f64 = got.iter().zip(want).map(|(a, b)| (a - b).norm_sqr()).sum();
    let size: f64 = want.iter().map(C64::norm_sqr).sum();
    if size == 0.0 { far.sqrt() } else { (far / size).sqrt() }
}

/// The bound of the tests: `3 log2(n) eps`.
pub fn bound<T: TestFloat>(n: usize) -> f64 {
    3.0 * (n.max(2) as f64).log2() * T::EPS
}

/// Reproducible numbers in `-1..1` (xorshift), exact in `f32`.
pub fn noise<T: TestFloat>(n: usize, seed: u64) -> Vec<T> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        T::of_f64((state >> 40) as f64 / (1u64 << 23) as f64 - 1.0)
    };
    (0..n).map(|_| next()).collect()
}

pub fn complex_noise<T: TestFloat>(n: usize, seed: u64) -> Vec<Complex<T>> {
    let values = noise::<T>(2 * n, seed);
    values.chunks(2).map(|c| Complex::new(c[0], c[1])).collect()
}

pub fn widen<T: TestFloat>(x: &[Complex<T>]) -> Vec<C64> {
    x.iter().map(|z| C64::new(z.re.wide(), z.im.wide())).collect()
}

pub fn widen_real<T: TestFloat>(x: &[T]) -> Vec<C64> {
    x.iter().map(|v| C64::new(v.wide(), 0.0)).collect()
}

/// What a kernel writes to an uninitialised output of `n` elements.
pub fn output<T: Copy>(n: usize, f: impl FnOnce(&mut [MaybeUninit<T>])) -> Vec<T> {
    let mut out: Vec<T> = Vec::with_capacity(n);
    f(&mut out.spare_capacity_mut()[..n]);
    // SAFETY: the kernels initialise all of their output; the values are compared with expected ones.
    unsafe { out.set_len(n) };
    out
}
