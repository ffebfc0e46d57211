//! Random bits as a function of a position: the operations behind [`Generator`](crate::random::Generator).

use super::{BinaryOp, DeviceSource, TernaryOp};
use crate::math::Isa;

/// Ten rounds of Philox 4x32 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011): four
/// words that look random, from a counter of four words and a key of two.
///
/// ```
/// // The reference's known answer.
/// let zero = xp_core::ops::philox4x32([0; 4], [0; 2]);
/// assert_eq!(zero, [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
/// ```
#[must_use]
#[inline(always)]
pub fn philox4x32(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let ([mut a, mut b, mut c, mut d], [mut k, mut l]) = (counter, key);
    for _ in 0..10 {
        let (p, q) = (u64::from(a) * 0xD251_1F53, u64::from(c) * 0xCD9E_8D57);
        (a, b, c, d) = ((q >> 32) as u32 ^ b ^ k, q as u32, (p >> 32) as u32 ^ d ^ l, p as u32);
        k = k.wrapping_add(0x9E37_79B9);
        l = l.wrapping_add(0xBB67_AE85);
    }
    [a, b, c, d]
}

#[inline(always)]
fn block(position: i64, key: u64, stream: u64) -> [u32; 4] {
    philox4x32([position as u32, (position >> 32) as u32, stream as u32, (stream >> 32) as u32], [key as u32, (key >> 32) as u32])
}

/// The first 64 of the 128 bits that [`philox4x32`] gives for a position, a key and a stream: the counter is the position,
/// then the stream, lower words first.
#[derive(Clone, Copy, Debug)]
pub struct RandomBits;
impl TernaryOp<i64, u64> for RandomBits {
    const NAME: &'static str = "random_bits";
    const DEVICE: DeviceSource = DeviceSource::LIBRARY;
    #[inline(always)]
    fn apply<I: Isa>(self, position: i64, key: u64, stream: u64) -> u64 {
        let [a, b, _, _] = block(position, key, stream);
        u64::from(b) << 32 | u64::from(a)
    }
}

/// The other 64 bits: see [`RandomBits`].
#[derive(Clone, Copy, Debug)]
pub struct RandomBitsHigh;
impl TernaryOp<i64, u64> for RandomBitsHigh {
    const NAME: &'static str = "random_bits_high";
    const DEVICE: DeviceSource = DeviceSource::LIBRARY;
    #[inline(always)]
    fn apply<I: Isa>(self, position: i64, key: u64, stream: u64) -> u64 {
        let [_, _, c, d] = block(position, key, stream);
        u64::from(d) << 32 | u64::from(c)
    }
}

/// The upper 64 bits of the product of two 64-bit numbers.
#[derive(Clone, Copy, Debug)]
pub struct MultiplyHigh;
impl BinaryOp<u64> for MultiplyHigh {
    type Out = u64;
    const NAME: &'static str = "multiply_high";
    const DEVICE: DeviceSource = DeviceSource::LIBRARY;
    #[inline(always)]
    fn apply<I: Isa>(self, x: u64, y: u64) -> u64 {
        ((u128::from(x) * u128::from(y)) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::Baseline;

    /// `kat_vectors` of the reference.
    #[test]
    fn known_answers() {
        let ones = [u32::MAX; 4];
        assert_eq!(philox4x32(ones, [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        assert_eq!(philox4x32(pi, [0xa409_3822, 0x299f_31d0]), [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
        assert_eq!(RandomBits.apply::<Baseline>(0, 0, 0), 0xe169_c58d_6627_e8d5);
        assert_eq!(RandomBitsHigh.apply::<Baseline>(0, 0, 0), 0x9b00_dbd8_bc57_ac4c);
        assert_eq!(
            RandomBits.apply::<Baseline>(0x85a3_08d3_243f_6a88u64 as i64, 0x299f_31d0_a409_3822, 0x0370_7344_1319_8a2e),
            0x94fd_cceb_d16c_fe09
        );
    }
}
