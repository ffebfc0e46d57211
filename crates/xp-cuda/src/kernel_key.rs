//! What kernels are found by.

use std::hash::{BuildHasherDefault, Hash, Hasher};

/// 128 bits that stand for all that the code of a kernel depends on.
///
/// They are computed while the parts are visited, without a copy of them. Every word is mixed in by a reversible step, so that two
/// keys of equally many words that differ in one of them are never equal; others are with a probability of 2^-128.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(u128);

/// A hasher for maps of keys, which are hashes already.
pub(crate) type Taken = BuildHasherDefault<Half>;

impl Key {
    pub(crate) fn of(parts: &impl Hash) -> Self {
        let mut state = Mixer(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        parts.hash(&mut state);
        state.mix(0);
        Key(state.0)
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0 as u64);
    }
}

/// The state after the words so far.
struct Mixer(u128);

impl Mixer {
    #[inline]
    fn mix(&mut self, word: u64) {
        // An odd factor and a shift to the right can be undone. The factor is that of a 128-bit congruential generator (L'Ecuyer,
        // "Tables of linear congruential generators of different sizes and good lattice structure", 1999).
        let product = (self.0 ^ u128::from(word)).wrapping_mul(0x0fc9_4e3b_f4e9_ab32_8664_58cd_56f5_e605);
        self.0 = product ^ product >> 61;
    }
}

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0 as u64
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|&word| self.mix(u64::from_le_bytes(word)));
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.mix(u64::from_le_bytes(last));
        }
    }

    fn write_u8(&mut self, x: u8) {
        self.mix(x.into());
    }

    fn write_u32(&mut self, x: u32) {
        self.mix(x.into());
    }

    fn write_u64(&mut self, x: u64) {
        self.mix(x);
    }

    fn write_usize(&mut self, x: usize) {
        self.mix(x as u64);
    }
}

/// Takes a key's lower half as it is.
#[derive(Default)]
pub(crate) struct Half(u64);

impl Hasher for Half {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("a key is hashed as one word")
    }

    fn write_u64(&mut self, x: u64) {
        self.0 = x;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn parts_that_differ_have_different_keys() {
        let names = ["", "add", "adds", "multiply", "a name of more than sixteen bytes", "a name of more than sixteen byte?"];
        let keys: HashSet<u128> =
            names.iter().flat_map(|name| (0..1000usize).flat_map(move |n| [false, true].map(|wide| Key::of(&(name, n, wide)).0))).collect();
        assert_eq!(keys.len(), names.len() * 2000);
        // Every half of the bits tells them apart, and about half of the bits change with one of the input.
        for shift in [0, 32, 64, 96] {
            assert_eq!(keys.iter().map(|key| (key >> shift) as u32).collect::<HashSet<_>>().len(), keys.len(), "bits from {shift} on");
        }
        let changed: u32 = (0..64).map(|bit| (Key::of(&(1u64 << bit)).0 ^ Key::of(&0u64).0).count_ones()).sum();
        assert!((56 * 64..72 * 64).contains(&changed), "{changed} bits of {}", 128 * 64);
    }

    #[test]
    fn ends_of_parts_count() {
        assert_ne!(Key::of(&("ab", "c")), Key::of(&("a", "bc")));
        assert_ne!(Key::of(&[1u32, 2].as_slice()), Key::of(&[1u32, 2, 0].as_slice()));
        assert_eq!(Key::of(&("ab", 1u32)), Key::of(&(String::from("ab"), 1u32)));
    }
}
