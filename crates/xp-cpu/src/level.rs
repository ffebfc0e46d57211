//! The instruction-set level of this machine, found once.

use std::sync::OnceLock;

/// What loops are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Whatever the target guarantees.
    Baseline,
    /// AVX2, FMA, BMI.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 F, BW, CD, DQ, VL. Not in debug builds: every loop is compiled once per level.
    #[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
    Avx512,
}

/// The highest level that this machine has, unless `XP_CPU_LEVEL` (`baseline`, `avx2`, `avx512`) names a lower one.
pub(crate) fn level() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(detect)
}

#[cfg(target_arch = "x86_64")]
fn detect() -> Level {
    let limit = std::env::var("XP_CPU_LEVEL").unwrap_or_default();
    let avx2 =
        is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("bmi2");
    #[cfg(not(debug_assertions))]
    let avx512 = avx2
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512cd")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl");
    match limit.as_str() {
        "baseline" => Level::Baseline,
        "avx2" if avx2 => Level::Avx2,
        #[cfg(not(debug_assertions))]
        _ if avx512 => Level::Avx512,
        _ if avx2 => Level::Avx2,
        _ => Level::Baseline,
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn detect() -> Level {
    Level::Baseline
}

/// Calls `$run::<Level, ...>($args)` compiled for the level of this machine. `$run` must be `#[inline(always)]`.
macro_rules! at_level {
    ($run:ident<$($g:ident: $bound:path),*>($($arg:ident: $ty:ty),*) $(-> $ret:ty)?) => {{
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma,bmi1,bmi2")]
        unsafe fn avx2<$($g: $bound),*>($($arg: $ty),*) $(-> $ret)? {
            // SAFETY: passed on.
            unsafe { $run::<xp_core::math::Avx2, $($g),*>($($arg),*) }
        }
        #[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
        #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma,bmi1,bmi2")]
        unsafe fn avx512<$($g: $bound),*>($($arg: $ty),*) $(-> $ret)? {
            // SAFETY: passed on.
            unsafe { $run::<xp_core::math::Avx512, $($g),*>($($arg),*) }
        }
        match $crate::level::level() {
            // SAFETY: the level was detected; the rest is passed on.
            #[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
            $crate::level::Level::Avx512 => unsafe { avx512::<$($g),*>($($arg),*) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            $crate::level::Level::Avx2 => unsafe { avx2::<$($g),*>($($arg),*) },
            // SAFETY: passed on.
            $crate::level::Level::Baseline => unsafe { $run::<xp_core::math::Baseline, $($g),*>($($arg),*) },
        }
    }};
}
pub(crate) use at_level;
