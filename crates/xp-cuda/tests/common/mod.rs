//! Opens the simulated device for tests.

#![allow(dead_code)]

use std::{path::PathBuf, sync::OnceLock};

use xp_cuda::{
    Arguments, Cuda, Device, DeviceBuffer, DeviceOptions, Kernel, ModuleSource, Shape,
    loader::{Provider, install},
};

/// A simulated device of its own, without pool, so that every overrun of a buffer is seen. Compiled kernels are kept in
/// Cargo's folder for test files.
///
/// `None`, with a message, where there is no C++ compiler: then no kernel can run.
pub fn device() -> Option<Device> {
    device_with(0, options().pool_limit(0))
}

pub fn device_with(ordinal: u32, options: DeviceOptions) -> Option<Device> {
    if xp_cuda_sim::compiler_version().is_none() {
        eprintln!("skipped: the simulated device needs a C++ compiler (g++, or set CXX)");
        return None;
    }
    Some(open(ordinal, options))
}

/// The simulated device as a backend, shared by the tests of a process; the real device of the number in
/// `XP_CUDA_TEST_DEVICE` where that is set.
pub fn cuda() -> Cuda {
    if let Some(number) = std::env::var_os("XP_CUDA_TEST_DEVICE") {
        let number = number.to_str().and_then(|n| n.parse().ok()).expect("XP_CUDA_TEST_DEVICE is the number of a device");
        let device = Cuda::new(number).unwrap_or_else(|e| panic!("{e}"));
        assert!(!device.device().is_simulated(), "a real device was asked for");
        return device;
    }
    static SHARED: OnceLock<Device> = OnceLock::new();
    let _ = xp_cuda::libraries::install(xp_cuda_sim::libraries::factories());
    let open = || device().expect("the conformance suite needs a C++ compiler (g++, or set CXX)");
    SHARED.get_or_init(open).clone().into()
}

/// A device for tests that launch nothing.
pub fn open(ordinal: u32, options: DeviceOptions) -> Device {
    simulate();
    Device::create(ordinal, options).expect("the simulated device opens")
}

pub fn options() -> DeviceOptions {
    DeviceOptions::from_env().cache_folder(Some(cache_folder()))
}

pub fn cache_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("kernels")
}

/// Installs the simulation.
pub fn simulate() {
    assert!(
        // SAFETY: the simulation returns functions with the signatures of the driver and of NVRTC.
        unsafe { install(Provider { name: "simulation", symbol: xp_cuda_sim::symbol }) },
        "another driver is in use"
    );
}

/// A kernel from a source without options.
pub fn kernel(device: &Device, source: &str, name: &str) -> Kernel {
    let source = ModuleSource { name: "test", source, options: &["--fmad=false"] };
    device.kernel(&source, name).unwrap_or_else(|e| panic!("{e}"))
}

/// Launches a kernel of a test.
pub fn launch(kernel: &Kernel, shape: Shape, arguments: &Arguments) -> xp_cuda::Result<()> {
    // SAFETY: tests pass arguments that match their kernels; the simulation checks the total size.
    unsafe { kernel.launch(shape, arguments) }
}

pub fn upload<T: bytemuck::NoUninit>(device: &Device, values: &[T]) -> DeviceBuffer {
    device.upload(bytemuck::cast_slice(values), "upload").unwrap()
}

pub fn download<T: bytemuck::Pod>(buffer: &DeviceBuffer) -> Vec<T> {
    let mut values = vec![T::zeroed(); buffer.len() / size_of::<T>()];
    buffer.download(0, bytemuck::cast_slice_mut(&mut values), "download").unwrap();
    values
}
