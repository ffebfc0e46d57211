//! Instruction-set levels as types, so that one source compiles to several loops.

/// An instruction-set level that a numeric loop is compiled for.
///
/// A backend picks the level at run time; the loop body is monomorphised once per level inside a function that has the
/// matching target features. `FMA` says whether a fused multiply-add is one instruction at this level: polynomial
/// evaluation uses it, array operations never do (each of them is rounded by itself).
pub trait Isa: Copy + Send + Sync + 'static {
    /// Whether `mul_add` is a single instruction here.
    const FMA: bool;
}

/// What every machine of the target architecture has (SSE2 on x86-64, NEON on AArch64).
#[derive(Clone, Copy, Debug)]
pub struct Baseline;
/// x86-64 with AVX2, FMA and BMI.
#[derive(Clone, Copy, Debug)]
pub struct Avx2;
/// x86-64 with AVX-512 F, BW, CD, DQ and VL.
#[derive(Clone, Copy, Debug)]
pub struct Avx512;

impl Isa for Baseline {
    const FMA: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));
}
impl Isa for Avx2 {
    const FMA: bool = true;
}
impl Isa for Avx512 {
    const FMA: bool = true;
}
