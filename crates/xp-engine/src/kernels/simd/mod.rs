//! Vector building blocks shared by the kernels.

#[cfg(target_arch = "x86_64")]
pub(super) mod x86;
