//! The plans of rustfft, for the level of this process.

use std::sync::Arc;

use rustfft::{Fft, FftDirection, FftNum};

use super::Direction;
#[cfg(target_arch = "x86_64")]
use crate::level::{Level, level};

/// The plan of rustfft for length `n`.
pub(super) fn plan<T: FftNum>(n: usize, direction: Direction) -> Arc<dyn Fft<T>> {
    let sign = sign(direction);
    #[cfg(target_arch = "x86_64")]
    {
        use rustfft::{FftPlannerAvx, FftPlannerScalar, FftPlannerSse};
        if level() >= Level::Avx2
            && let Ok(mut planner) = FftPlannerAvx::new()
        {
            return planner.plan_fft(n, sign);
        }
        if level() >= Level::Sse41
            && let Ok(mut planner) = FftPlannerSse::new()
        {
            return planner.plan_fft(n, sign);
        }
        FftPlannerScalar::new().plan_fft(n, sign)
    }
    // The only level of other processors.
    #[cfg(not(target_arch = "x86_64"))]
    rustfft::FftPlanner::new().plan_fft(n, sign)
}

/// The direction in rustfft's words.
pub(super) fn sign(direction: Direction) -> FftDirection {
    match direction {
        Direction::Forward => FftDirection::Forward,
        Direction::Backward => FftDirection::Inverse,
    }
}
