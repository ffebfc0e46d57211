//! The instruction-set level: one decision for all loops of a process.

use std::fmt;
use std::sync::OnceLock;

/// What loops are compiled for. A level has what the ones before it have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Level {
    /// Whatever the target guarantees.
    Baseline,
    /// SSE4.1: rustfft has transforms for it; everything else is as at the baseline.
    Sse41,
    /// AVX2, FMA, BMI1, BMI2, LZCNT, POPCNT.
    Avx2,
    /// AVX-512 F, BW, CD, DQ, VL. Elementwise loops and reductions of debug builds are those of [`Level::Avx2`]: each is
    /// compiled once per level.
    Avx512,
}

/// All levels, from the lowest.
const LEVELS: [Level; 4] = [Level::Baseline, Level::Sse41, Level::Avx2, Level::Avx512];

/// The level of this process: the highest that the machine has, or the one that the environment variable `XP_CPU_LEVEL`
/// names (`baseline`, `sse4.1`, `avx2`, `avx512`), which is read once.
///
/// Every loop follows it: elementwise operations, reductions, linear algebra, sorting, selection, transposition and
/// transforms. The exceptions are faer's routines, which find out for themselves what the machine has.
///
/// ```
/// use xp_engine::level::{Level, level};
///
/// assert!(level() >= Level::Baseline);
/// println!("loops for {}", level());
/// ```
///
/// # Panics
/// If the variable names no level, or one that the machine does not have.
#[inline]
pub fn level() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(find)
}

impl Level {
    /// The name that `XP_CPU_LEVEL` takes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Level::Baseline => "baseline",
            Level::Sse41 => "sse4.1",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

fn find() -> Level {
    let asked = std::env::var_os("XP_CPU_LEVEL");
    let asked = asked.as_ref().map(|name| name.to_string_lossy());
    chosen(asked.as_deref(), highest()).unwrap_or_else(|message| panic!("{message}"))
}

/// The level that is asked for, on a machine whose highest is given.
fn chosen(asked: Option<&str>, highest: Level) -> Result<Level, String> {
    let Some(asked) = asked.filter(|name| !name.is_empty()) else { return Ok(highest) };
    let names = |levels: &[Level]| levels.iter().map(|level| format!("`{level}`")).collect::<Vec<_>>().join(", ");
    let Some(&level) = LEVELS.iter().find(|level| level.name() == asked) else {
        return Err(format!("the environment variable XP_CPU_LEVEL is `{asked}`; it may be one of {}", names(&LEVELS)));
    };
    if level > highest {
        let available: Vec<Level> = LEVELS.into_iter().filter(|&level| level <= highest).collect();
        return Err(format!("the environment variable XP_CPU_LEVEL is `{asked}`; this machine has {} only", names(&available)));
    }
    Ok(level)
}

/// The highest level of this machine.
#[cfg(target_arch = "x86_64")]
fn highest() -> Level {
    use std::arch::is_x86_feature_detected as has;
    if !has!("sse4.1") {
        return Level::Baseline;
    }
    if !(has!("avx2") && has!("fma") && has!("bmi1") && has!("bmi2") && has!("lzcnt") && has!("popcnt")) {
        return Level::Sse41;
    }
    if !(has!("avx512f") && has!("avx512bw") && has!("avx512cd") && has!("avx512dq") && has!("avx512vl")) {
        return Level::Avx2;
    }
    Level::Avx512
}

#[cfg(not(target_arch = "x86_64"))]
fn highest() -> Level {
    Level::Baseline
}

/// Runs a loop compiled for the level. `f` must be inlined to profit: keep it small, and mark what it calls
/// `#[inline(always)]`.
#[inline]
pub(crate) fn at_level<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512cd,bmi1,bmi2,lzcnt,popcnt,fma")]
        unsafe fn avx512<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        if level() >= Level::Avx512 {
            // SAFETY: the level has the features.
            return unsafe { avx512(f) };
        }
    }
    at_most_avx2(f)
}

/// [`at_level`] without AVX-512, for loops that gain nothing from it.
#[inline(always)]
pub(crate) fn at_most_avx2<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,fma")]
        unsafe fn avx2<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        if level() >= Level::Avx2 {
            // SAFETY: the level has the features.
            return unsafe { avx2(f) };
        }
    }
    f()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_pins_its_level() {
        for highest in LEVELS {
            assert_eq!(chosen(None, highest), Ok(highest));
            assert_eq!(chosen(Some(""), highest), Ok(highest));
            for level in LEVELS {
                let pinned = chosen(Some(level.name()), highest);
                assert_eq!(pinned.is_ok(), level <= highest);
                assert!(pinned.is_err() || pinned == Ok(level));
            }
        }
    }

    #[test]
    fn other_names_are_errors_that_list_the_levels() {
        let message = chosen(Some("AVX3"), Level::Avx512).unwrap_err();
        assert_eq!(message, "the environment variable XP_CPU_LEVEL is `AVX3`; it may be one of `baseline`, `sse4.1`, `avx2`, `avx512`");
        let message = chosen(Some("avx512"), Level::Sse41).unwrap_err();
        assert_eq!(message, "the environment variable XP_CPU_LEVEL is `avx512`; this machine has `baseline`, `sse4.1` only");
    }

    #[test]
    fn the_environment_pins_this_process() {
        let asked = std::env::var("XP_CPU_LEVEL").unwrap_or_default();
        assert!(asked.is_empty() || level().to_string() == asked);
        assert_eq!(at_level(|| at_most_avx2(|| 3)), 3);
    }
}
