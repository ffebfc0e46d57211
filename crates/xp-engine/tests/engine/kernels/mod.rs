//! The kernels against naive versions.

mod gather;
mod mask;
mod scan;
mod sort;
mod transpose;
mod unique;

use std::mem::MaybeUninit;

use half::{bf16, f16};
use num_complex::Complex;

use xp_engine::kernels::SortKey;

/// Marsaglia's xorshift.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.next() >> 11) as usize % n
    }
}

/// Runs a kernel into a fresh output of `n` elements.
pub(super) fn filled<T: Copy>(n: usize, kernel: impl FnOnce(&mut [MaybeUninit<T>])) -> Vec<T> {
    let mut out = vec![MaybeUninit::uninit(); n];
    kernel(&mut out);
    // SAFETY: every kernel fills its output (the values are then compared with those of a naive version).
    out.into_iter().map(|x| unsafe { x.assume_init() }).collect()
}

/// Lengths around the sizes at which the algorithms change.
pub(super) const LENGTHS: &[usize] = &[
    0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 95, 96, 97, 127, 128, 129, 130, 160, 200, 255, 256, 257, 258, 300, 511, 512, 513,
    1000, 1039, 1040, 1041, 4095, 4096, 4097, 8319, 8320, 8321, 20_001, 70_003,
];

/// Test data of one dtype: from anything at all, including special values, to a few distinct ones.
pub(super) trait Sample: SortKey + std::fmt::Debug {
    fn any(random: &mut Random) -> Self;
    fn few(random: &mut Random) -> Self;
    /// The representation, in which NaNs and zeros are told apart.
    fn bits(self) -> u128;
}

/// Arrays of `n` elements: anything, few values, one value, ascending, descending, almost ascending.
pub(super) fn arrays<T: Sample>(n: usize, random: &mut Random) -> Vec<Vec<T>> {
    let any: Vec<T> = (0..n).map(|_| T::any(random)).collect();
    let few: Vec<T> = (0..n).map(|_| T::few(random)).collect();
    let one = vec![T::any(random); n];
    let mut up = any.clone();
    up.sort_by_key(|x| x.to_ordered_bits());
    let down: Vec<T> = up.iter().rev().copied().collect();
    let mut almost = up.clone();
    if n > 0 {
        almost[n / 2] = T::any(random);
    }
    vec![any, few, one, up, down, almost]
}

macro_rules! integer_sample {
    ($($t:ty),*) => {$(
        impl Sample for $t {
            fn any(random: &mut Random) -> Self {
                match random.below(50) {
                    0 => <$t>::MIN,
                    1 => <$t>::MAX,
                    2 => 0,
                    _ => random.next() as $t,
                }
            }
            fn few(random: &mut Random) -> Self {
                (random.below(10) as $t).wrapping_sub(5)
            }
            fn bits(self) -> u128 {
                self as u128
            }
        }
    )*};
}
integer_sample!(i8, i16, i32, i64, u8, u16, u32, u64);

impl Sample for bool {
    fn any(random: &mut Random) -> Self {
        random.below(2) == 0
    }
    fn few(random: &mut Random) -> Self {
        random.below(20) == 0
    }
    fn bits(self) -> u128 {
        self as u128
    }
}

macro_rules! float_sample {
    ($($t:ty => $u:ty, $make:expr);* $(;)?) => {$(
        impl Sample for $t {
            fn any(random: &mut Random) -> Self {
                let make = $make;
                match random.below(30) {
                    0 => make(f64::INFINITY),
                    1 => make(f64::NEG_INFINITY),
                    // NaNs of either sign and of several payloads.
                    2 => <$t>::from_bits(make(f64::NAN).to_bits() | (random.next() as $u & 0x3)),
                    3 => <$t>::from_bits(make(f64::NAN).to_bits() | 1 << (<$u>::BITS - 1)),
                    4 => make(0.0),
                    5 => make(-0.0),
                    // Subnormal, or differing in the lowest bits only.
                    6 => <$t>::from_bits((random.next() & 0x1f) as $u),
                    7 => <$t>::from_bits(make(1.5).to_bits() | (random.next() & 0x1f) as $u),
                    // Anything but a NaN.
                    8..20 => {
                        let x = <$t>::from_bits(random.next() as $u);
                        if x.is_nan() { make(3.0) } else { x }
                    }
                    _ => make(random.next() as i64 as f64 / 2f64.powi(63)),
                }
            }
            fn few(random: &mut Random) -> Self {
                let make = $make;
                match random.below(6) {
                    0 => make(-0.0),
                    1 => make(f64::NAN),
                    k => make(k as f64 - 2.0),
                }
            }
            fn bits(self) -> u128 {
                self.to_bits() as u128
            }
        }
    )*};
}
float_sample! {
    f16 => u16, f16::from_f64;
    bf16 => u16, bf16::from_f64;
    f32 => u32, |x: f64| x as f32;
    f64 => u64, |x: f64| x;
}

macro_rules! complex_sample {
    ($($t:ty),*) => {$(
        impl Sample for Complex<$t> {
            fn any(random: &mut Random) -> Self {
                Complex::new(if random.below(3) == 0 { 1.0 } else { <$t>::any(random) }, <$t>::any(random))
            }
            fn few(random: &mut Random) -> Self {
                Complex::new(<$t>::few(random), <$t>::few(random))
            }
            fn bits(self) -> u128 {
                self.re.bits() << 64 | self.im.bits()
            }
        }
    )*};
}
complex_sample!(f32, f64);

/// Calls `$f::<T>()` for every dtype.
macro_rules! for_all_dtypes {
    ($f:ident) => {{
        use half::{bf16, f16};
        use num_complex::Complex;
        $f::<bool>();
        $f::<i8>();
        $f::<i16>();
        $f::<i32>();
        $f::<i64>();
        $f::<u8>();
        $f::<u16>();
        $f::<u32>();
        $f::<u64>();
        $f::<f16>();
        $f::<bf16>();
        $f::<f32>();
        $f::<f64>();
        $f::<Complex<f32>>();
        $f::<Complex<f64>>();
    }};
}
pub(super) use for_all_dtypes;
