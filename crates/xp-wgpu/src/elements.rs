//! Elements of the host as words of the device, and back: one word of 32 bits for every element, or two. A narrow integer is
//! extended, a boolean is 0 or 1, a half becomes the `f32` of its value.

use half::{bf16, f16};
use xp_core::{DType, Element};

use crate::wgsl;

/// Appends the words of elements, given their bytes.
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

/// The words of elements.
pub(crate) fn to_words<T: Element>(values: &[T]) -> Vec<u32> {
    let mut words = Vec::with_capacity(values.len() * wgsl::words(T::DTYPE));
    push_words(T::DTYPE, bytemuck::cast_slice(values), &mut words);
    words
}

/// The elements of words that were made by uploads or kernels of the dtype.
pub(crate) fn from_words<T: Element>(words: &[u32]) -> Vec<T> {
    let mut values = vec![T::default(); words.len() / wgsl::words(T::DTYPE)];
    match T::DTYPE {
        // Whatever a word holds, a boolean is made of it.
        DType::Bool => fill(&mut values, words.iter().map(|&w| u8::from(w != 0)).collect::<Vec<_>>().as_slice()),
        DType::I8 | DType::U8 => fill(&mut values, words.iter().map(|&w| w as u8).collect::<Vec<_>>().as_slice()),
        DType::I16 | DType::U16 => fill(&mut values, words.iter().map(|&w| w as u16).collect::<Vec<_>>().as_slice()),
        DType::F16 => fill(&mut values, words.iter().map(|&w| f16::from_f32(f32::from_bits(w)).to_bits()).collect::<Vec<_>>().as_slice()),
        DType::BF16 => fill(&mut values, words.iter().map(|&w| bf16::from_f32(f32::from_bits(w)).to_bits()).collect::<Vec<_>>().as_slice()),
        _ => fill(&mut values, words),
    }
    values
}

/// Copies the bytes of elements that the caller made, in one piece.
fn fill<T: Element, P: bytemuck::NoUninit>(values: &mut [T], made: &[P]) {
    let bytes: &[u8] = bytemuck::cast_slice(made);
    assert_eq!(bytes.len(), size_of_val(values), "as many bytes as elements have");
    // SAFETY: both have this many bytes, and they are those of elements: any bits are a number, and booleans are 0 or 1.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), values.as_mut_ptr().cast::<u8>(), bytes.len()) };
}

#[cfg(test)]
mod tests {
    use num_complex::Complex;

    use super::*;

    fn round_trip<T: Element>(values: &[T]) {
        let words = to_words(values);
        assert_eq!(words.len(), values.len() * wgsl::words(T::DTYPE));
        assert_eq!(from_words::<T>(&words), values);
    }

    #[test]
    fn elements_come_back_as_they_were() {
        round_trip(&[true, false, true]);
        round_trip(&[-128i8, -1, 0, 127]);
        round_trip(&[0u8, 255]);
        round_trip(&[i16::MIN, -1, i16::MAX]);
        round_trip(&[0u16, u16::MAX]);
        round_trip(&[i32::MIN, -1, i32::MAX]);
        round_trip(&[i64::MIN, -2, 1 << 40, i64::MAX]);
        round_trip(&[u64::MAX, 1 << 32]);
        round_trip(&[1.5f32, -0.0, f32::MIN_POSITIVE / 8.0, f32::INFINITY]);
        round_trip(&[Complex::new(1.0f32, -2.0), Complex::new(0.0, 3.0)]);
        // Every half.
        round_trip(&(0..=u16::MAX).map(f16::from_bits).filter(|x| !x.is_nan()).collect::<Vec<_>>());
        round_trip(&(0..=u16::MAX).map(bf16::from_bits).filter(|x| !x.is_nan()).collect::<Vec<_>>());
        assert_eq!(to_words(&[-1i8]), [u32::MAX]);
        assert_eq!(to_words(&[f16::from_f32(1.5)]), [1.5f32.to_bits()]);
    }
}
