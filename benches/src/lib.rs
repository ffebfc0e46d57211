//! What is measured: input by the rules of `compare/data.py`, and the jobs of `compare/jobs.py` as a user of xp would
//! write them.

pub mod data;
pub mod jobs;
pub mod memory;

/// Whether the simulated device of the tests stands in for a CUDA device: with the feature `simulated`, where
/// `XP_CUDA_SIMULATED=1` asks for it. To be called before a device is opened.
///
/// # Panics
/// If a CUDA device is in use.
pub fn simulates_if_asked() -> bool {
    #[cfg(feature = "simulated")]
    if std::env::var_os("XP_CUDA_SIMULATED").is_some_and(|v| v == "1") {
        let provider = xp_cuda::loader::Provider { name: "simulation", symbol: xp_cuda_sim::symbol };
        // SAFETY: the simulation returns functions with the signatures of the driver and of NVRTC.
        let installed = unsafe { xp_cuda::loader::install(provider) };
        assert!(installed && xp_cuda::libraries::install(xp_cuda_sim::libraries::factories()), "a CUDA device is in use");
        return true;
    }
    false
}
