//! Elements of the host for the device, and back. In memory they are the same bytes; among the arguments of a kernel a scalar is one word of
//! 32 bits, or two: a narrow integer is extended, a boolean is 0 or 1, a half becomes the `f32` of its value.

use half::{bf16, f16};
use xp_core::{DType, Element};

/// Appends the words of scalars, given their bytes.
pub(crate) fn push_words(dtype: DType, bytes: &[u8], to: &mut Vec<u32>) {
    let halves = || bytes.as_chunks::<2>().0.iter().map(|b| u16::from_ne_bytes(*b));
    match dtype {
        DType::Bool | DType::U8 => to.extend(bytes.iter().map(|&b| u32::from(b))),
        DType::I8 => to.extend(bytes.iter().map(|&b| i32::from(b as i8) as u32)),
        DType::U16 => to.extend(halves().map(u32::from)),
        DType::I16 => to.extend(halves().map(|b| i32::from(b as i16) as u32)),
        DType::F16 => to.extend(halves().map(|b| f16::from_bits(b).to_f32().to_bits())),
        DType::BF16 => to.extend(halves().map(|b| bf16::from_bits(b).to_f32().to_bits())),
        _ => {
            let start = to.len();
            to.resize(start + bytes.len() / 4, 0);
            bytemuck::cast_slice_mut::<u32, u8>(&mut to[start..]).copy_from_slice(bytes);
        }
    }
}

/// The elements of bytes that came from the device's memory.
pub(crate) fn of_bytes<T: Element>(bytes: &[u8]) -> Vec<T> {
    let mut values = vec![T::default(); bytes.len() / size_of::<T>()];
    match T::DTYPE {
        // Whatever a byte holds, a boolean is made of it.
        DType::Bool => fill(&mut values, &bytes.iter().map(|&b| u8::from(b != 0)).collect::<Vec<_>>()),
        _ => fill(&mut values, bytes),
    }
    values
}

/// Copies the bytes of elements, in one piece.
fn fill<T: Element>(values: &mut [T], bytes: &[u8]) {
    assert_eq!(bytes.len(), size_of_val(values), "as many bytes as elements have");
    // SAFETY: both have this many bytes, and they are those of elements: any bits are a number, and booleans are 0 or 1.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), values.as_mut_ptr().cast::<u8>(), bytes.len()) };
}

#[cfg(test)]
mod tests {
    use num_complex::Complex;

    use super::*;
    use crate::wgsl;

    fn round_trip<T: Element>(values: &[T]) {
        assert_eq!(of_bytes::<T>(bytemuck::cast_slice(values)), values);
    }

    /// The words of scalars among the arguments of a kernel.
    fn words<T: Element>(values: &[T]) -> Vec<u32> {
        let mut words = vec![];
        push_words(T::DTYPE, bytemuck::cast_slice(values), &mut words);
        assert_eq!(words.len(), values.len() * wgsl::words(T::DTYPE));
        words
    }

    #[test]
    fn elements_come_back_as_they_were() {
        round_trip(&[true, false, true]);
        round_trip(&[-128i8, -1, 0, 127]);
        round_trip(&[u64::MAX, 1 << 32]);
        round_trip(&[1.5f32, -0.0, f32::MIN_POSITIVE / 8.0, f32::INFINITY]);
        round_trip(&[Complex::new(1.0f32, -2.0), Complex::new(0.0, 3.0)]);
        assert_eq!(of_bytes::<bool>(&[0, 1, 2, 255]), [false, true, true, true]);
    }

    #[test]
    fn arguments_are_whole_words() {
        assert_eq!(words(&[true, false]), [1, 0]);
        assert_eq!(words(&[-1i8]), [u32::MAX]);
        assert_eq!(words(&[255u8, 7]), [255, 7]);
        assert_eq!(words(&[-2i16]), [u32::MAX - 1]);
        assert_eq!(words(&[u16::MAX]), [0xffff]);
        assert_eq!(words(&[f16::from_f32(1.5)]), [1.5f32.to_bits()]);
        assert_eq!(words(&[bf16::from_f32(-0.0)]), [0x8000_0000]);
        assert_eq!(words(&[-2i64, 1 << 40]), [u32::MAX - 1, u32::MAX, 0, 1 << 8]);
        assert_eq!(words(&[Complex::new(1.0f32, -2.0)]), [1.0f32.to_bits(), (-2.0f32).to_bits()]);
    }
}
