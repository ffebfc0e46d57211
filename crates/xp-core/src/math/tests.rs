//! Accuracy and special values, at the levels with and without fused multiply-add.

mod complex;
mod real;

use super::{Avx2, Baseline, MathFloat};

/// Error of `value` in units of the last place of `exact + rest`; zero for equal special values, infinite for unequal.
fn ulps<R: MathFloat>(value: R, exact: f64, rest: f64) -> f64 {
    let value = value.to_f64();
    let rounded = R::from_f64(exact).to_f64();
    if exact.is_nan() || value.is_nan() {
        return if exact.is_nan() && value.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if value == 0.0 && rounded == 0.0 {
        return if value.is_sign_negative() == rounded.is_sign_negative() { 0.0 } else { f64::INFINITY };
    }
    if value.is_infinite() || rounded.is_infinite() {
        return if value == rounded { 0.0 } else { f64::INFINITY };
    }
    ((value - exact) - rest).abs() / spacing::<R>(exact)
}

/// Distance of neighbouring numbers at `x`.
fn spacing<R: MathFloat>(x: f64) -> f64 {
    let magnitude = x.abs().max(R::MIN_POSITIVE.to_f64());
    f64::from_bits(magnitude.to_bits() & f64::INFINITY.to_bits()) * R::EPSILON.to_f64()
}

/// A deterministic sequence of numbers (xorshift).
struct Sequence(u64);

impl Sequence {
    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Uniform in `low..high`.
    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * ((self.bits() >> 11) as f64 / (1_u64 << 53) as f64)
    }
}

/// Zeros, limits of the range, infinities and some plain numbers.
const EDGES: &[f64] = &[
    0.0,
    -0.0,
    0.5,
    -0.5,
    1.0,
    -1.0,
    1.5,
    2.0,
    -2.0,
    3.0,
    -3.0,
    1e20,
    -1e20,
    1e-20,
    -1e-20,
    88.7,
    88.8,
    -103.9,
    -104.1,
    709.78,
    709.79,
    710.4,
    -745.1,
    -745.2,
    1e-45,
    -1e-45,
    1e-40,
    f32::MIN_POSITIVE as f64,
    f32::MAX as f64,
    f32::MIN as f64,
    5e-324,
    -5e-324,
    1e-310,
    f64::MIN_POSITIVE,
    f64::MAX,
    f64::MIN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

/// The edges, numbers uniform in a range, numbers of all magnitudes near 1, and numbers of all bit patterns.
fn arguments(low: f64, high: f64, count: usize) -> Vec<f64> {
    let mut sequence = Sequence(0x9E37_79B9_7F4A_7C15);
    let mut list = EDGES.to_vec();
    for _ in 0..count {
        list.push(sequence.between(low, high));
        let magnitude = sequence.between(-30.0, 30.0).exp2();
        list.push(if sequence.bits() & 1 == 0 { magnitude } else { -magnitude });
        list.push(f64::from_bits(sequence.bits()));
        list.push(f64::from(f32::from_bits(sequence.bits() as u32)));
    }
    list
}
