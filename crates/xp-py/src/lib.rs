//! The Python module `xparray`: the array API standard on xp.
//!
//! A thin layer. What a function does is said in the crates below; here stand the dispatch over dtypes known at run time
//! (`any`), Python's arguments, and the exceptions that NumPy's users expect.

mod any;
mod args;
mod array;
mod buffer;
mod convert;
mod creation;
mod dlpack;
mod dtype;
mod elementwise;
mod error;
mod estimators;
mod exchange;
mod extra;
mod fft;
mod index;
mod info;
mod linalg;
mod manipulate;
mod memory;
mod promotion;
mod random;
mod reduce;
mod repr;
mod results;
mod scalar;
mod search;
mod threads;

use pyo3::prelude::*;

/// The array API standard on xp: the native part of the package `xparray`.
#[pymodule(gil_used = true)]
fn _xparray(m: &Bound<'_, PyModule>) -> PyResult<()> {
    #[cfg(feature = "simulated")]
    simulate_if_asked();
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    m.add_class::<array::PyArray>()?;
    dtype::register(m)?;
    error::register(m)?;
    results::register(m)?;
    info::register(m)?;
    promotion::register(m)?;
    convert::register(m)?;
    creation::register(m)?;
    elementwise::register(m)?;
    linalg::register(m)?;
    manipulate::register(m)?;
    reduce::register(m)?;
    search::register(m)?;
    threads::register(m)?;
    let linear = PyModule::new(m.py(), "xparray.linalg")?;
    linalg::register_extension(&linear)?;
    m.add("_linalg", linear)?;
    let fourier = PyModule::new(m.py(), "xparray.fft")?;
    fft::register(&fourier)?;
    m.add("_fft", fourier)?;
    let models = PyModule::new(m.py(), "xparray._xparray._models")?;
    estimators::register(&models)?;
    // Pickles of models name its function `read`.
    m.py().import("sys")?.getattr("modules")?.set_item("xparray._xparray._models", &models)?;
    m.add("_models", models)?;
    let random = PyModule::new(m.py(), "xparray._xparray._random")?;
    random::register(&random)?;
    m.add("_random", random)?;
    let extra = PyModule::new(m.py(), "xparray._xparray._extra")?;
    extra::register(&extra)?;
    m.add("_extra", extra)
}

/// Puts the simulated device of the tests in the place of the CUDA driver, where the environment asks for it.
#[cfg(feature = "simulated")]
fn simulate_if_asked() {
    if std::env::var_os("XP_CUDA_SIMULATED").is_some_and(|v| v == "1") {
        let provider = xp_cuda::loader::Provider { name: "simulation", symbol: xp_cuda_sim::symbol };
        // SAFETY: the simulation returns functions with the signatures of the driver and of NVRTC.
        let installed = unsafe { xp_cuda::loader::install(provider) };
        assert!(installed && xp_cuda::libraries::install(xp_cuda_sim::libraries::factories()), "nothing else opens a driver");
    }
}
