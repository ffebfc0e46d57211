//! Vector building blocks shared by the kernels.

#[cfg(target_arch = "x86_64")]
pub(super) mod x86;

/// Runs a loop compiled for the widest vectors of this CPU. `f` must be inlined to profit: keep it small, and mark what
/// it calls `#[inline(always)]`.
#[inline]
pub(super) fn widest<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512cd,bmi1,bmi2,lzcnt,popcnt,fma")]
        unsafe fn avx512<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,fma")]
        unsafe fn avx2<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        use std::arch::is_x86_feature_detected as has;
        if has!("bmi1") && has!("bmi2") && has!("lzcnt") && has!("popcnt") && has!("fma") {
            if has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl") && has!("avx512cd") {
                // SAFETY: the features have just been found.
                return unsafe { avx512(f) };
            }
            if has!("avx2") {
                // SAFETY: the features have just been found.
                return unsafe { avx2(f) };
            }
        }
    }
    f()
}
