//! The instruction-set level of this machine, found once.

use std::sync::OnceLock;

/// What loops are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
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
pub fn level() -> Level {
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
