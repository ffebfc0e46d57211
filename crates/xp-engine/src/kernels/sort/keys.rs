//! The choice of algorithm for each width of key.

use super::super::key::Done;
use super::{count, radix};

/// Below this length the standard library sorts best, where there are no vector instructions.
const SHORT: usize = 1 << 12;

pub(in super::super) fn sort_u8(keys: &mut [u8], _: u32, done: Done<'_, u8>) {
    count::sort_dense(keys, 256, |k| k as usize, |k| k as u8);
    done(0, keys);
}

pub(in super::super) fn sort_u16(keys: &mut [u16], _: u32, done: Done<'_, u16>) {
    if keys.len() < SHORT {
        keys.sort_unstable();
    } else {
        count::sort_dense(keys, 1 << 16, |k| k as usize, |k| k as u16);
    }
    done(0, keys);
}

pub(in super::super) fn sort_u128(keys: &mut [u128], _: u32, done: Done<'_, u128>) {
    crate::pool::sort_unstable(keys);
    done(0, keys);
}

macro_rules! sort_wide {
    ($name:ident, $u:ty, $lanes:ident) => {
        /// Sorts keys whose low `ordered` bits are in order already wherever the other bits are equal.
        pub(in super::super) fn $name(keys: &mut [$u], ordered: u32, done: Done<'_, $u>) {
            if let Some((min, max)) = count::small_range(keys) {
                count::sort_dense(keys, (max - min) as usize + 1, |k| k as usize - min as usize, |k| (k as u64 + min) as $u);
                return done(0, keys);
            }
            #[cfg(target_arch = "x86_64")]
            if super::super::simd::x86::available() {
                // SAFETY: the CPU has the instructions.
                return unsafe { super::quick::sort::<super::super::simd::x86::$lanes>(keys, done) };
            }
            if keys.len() < SHORT {
                keys.sort_unstable();
            } else {
                radix::sort(keys, ordered);
            }
            done(0, keys);
        }
    };
}
sort_wide!(sort_u32, u32, U32x16);
sort_wide!(sort_u64, u64, U64x8);
